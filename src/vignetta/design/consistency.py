"""What contradicts something else among the sections of a study file, which may be broken in any way."""

from collections.abc import Iterator, Mapping
from typing import Any

from vignetta.declared import Finding, Location
from vignetta.design.layout import layout_findings
from vignetta.design.raw import entries, items, level_names, mapping
from vignetta.design.restrictions import restriction_findings
from vignetta.design.score_sources import score_findings
from vignetta.design.texts.grammar import KEYWORDS, read
from vignetta.design.texts.wording import shown_levels, template_findings
from vignetta.errors import near_miss

RESERVED = frozenset(
    (
        *("row", "response_id", "state", "excluded", "reasons", "vignette", "respondent", "task", "profile", "text"),
        *("probability", "started", "ended", "status", "ip_address", "progress", "duration", "finished", "recorded"),
        *("last_name", "first_name", "email", "external_reference", "latitude", "longitude", "channel", "language"),
        *("consent", "farewell", "attention", "data_source", "design_hash", "sample", "deck", "attribute_order"),
        *("code", "completion_code", "captcha", "introduction", "debriefing"),
    )
)
"""Names that the clean data use themselves."""


def is_taken(name: str) -> bool:
    """Whether the clean data use a name themselves, so that nothing that is declared can have it."""
    return name in RESERVED or name.startswith(("recall_", "timing_", "browser_"))


SAMPLE = "sample"
"""How a condition in the template, and a column of the data, call the sample that a respondent belongs to."""


def study_findings(data: Mapping[str, Any]) -> Iterator[Finding]:
    """Names, sections, blocks, layout, restrictions, and for a study with an instrument the template and its texts."""
    yield from _names(data)
    yield from _empty_sections(data)
    yield from _blocks(data)
    yield from _quotas(data)
    yield from layout_findings(data)
    yield from score_findings(data)
    yield from restriction_findings(data.get("restrictions"), level_names(data))
    source = data.get("data")
    if isinstance(source, dict) and source.get("format") == "table":
        return
    if "vignette" not in data:
        yield (
            (),
            "`vignette` is missing.",
            "Add `vignette:` (the template, with {factor} where a level's text goes).",
        )
    yield from _template(data)
    yield from _above_the_table(data)
    yield from _missing_texts(data)


def _names(data: Mapping[str, Any]) -> Iterator[Finding]:
    sections = ("factors", "covariates", "checks", "outcomes", "scores")
    owner: dict[str, str] = {}
    for section in sections:
        for name, _ in entries(data, section):
            if is_taken(name):
                yield (section, name), f"`{name}` is a name that the clean data use themselves.", "Choose another name."
            if name in owner:
                yield (section, name), f"`{name}` is already a name under {owner[name]}.", "Rename one of them."
            owner[name] = section
    for (name, item), full in _statements(data).items():
        if full in owner:
            what = f"this statement is called `{full}` in the data, which is a name under {owner[full]}."
            yield ("outcomes", name, "items", item), what, "Rename one of them."


def _statements(data: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """The names that the statements of matrices have in the data, by matrix and statement."""
    matrices = [(name, mapping(each, "items")) for name, each in entries(data, "outcomes")]
    return {(name, item): f"{name}_{item}" for name, statements in matrices for item in statements}


def _empty_sections(data: Mapping[str, Any]) -> Iterator[Finding]:
    for section in ("factors", "outcomes"):
        if isinstance(data.get(section), dict) and not data[section]:
            yield (section,), "nothing is declared here.", "Declare at least one."


def _blocks(data: Mapping[str, Any]) -> Iterator[Finding]:
    for key in ("block_size", "strata"):
        if data.get(key) and data.get("mechanism") != "blocked":
            yield (key,), f"only the mechanism `blocked` has {key.replace('_', ' ')}.", "Write `mechanism: blocked`."
    known = dict(entries(data, "covariates"))
    named = data.get("strata") if isinstance(data.get("strata"), list) else []
    for place, name in enumerate(named or ()):
        where: Location = ("strata", place)
        if isinstance(name, str) and name not in known:
            yield where, f"unknown covariate `{name}`.", near_miss(name, known)
        elif isinstance(name, str) and known[name].get("kind") == "number":
            yield where, f"`{name}` is a number, which has no fixed answers.", "Name covariates with `options`."
        if isinstance(name, str) and name in (named or ())[:place]:
            yield where, f"`{name}` stands here a second time.", "Remove it."


def _quotas(data: Mapping[str, Any]) -> Iterator[Finding]:
    known = dict(entries(data, "covariates"))
    for name, quota in entries(data, "quotas"):
        for covariate, answer in mapping(quota, "answers").items():
            where: Location = ("quotas", name, "answers", covariate)
            options = [str(each.get("name")) for _, each in items(known.get(covariate, {}).get("options"))]
            if covariate not in known:
                yield where, f"unknown covariate `{covariate}`.", near_miss(covariate, known)
            elif known[covariate].get("kind") == "number":
                yield where, f"`{covariate}` is a number, which has no fixed answers.", "Name one with `options`."
            elif answer not in options:
                yield where, f"`{covariate}` has no answer `{answer}`.", near_miss(str(answer), options)


def _templates(data: Mapping[str, Any]) -> Iterator[tuple[Location, str, str]]:
    """Each template that can be read: where it stands, its text and its language."""
    languages = data.get("languages")
    main = languages[0] if isinstance(languages, list) and languages and isinstance(languages[0], str) else "en"
    template = data.get("vignette")
    each_language: Mapping[str, Any] = template if isinstance(template, dict) else {"": template}
    for language, text in each_language.items():
        if isinstance(text, str) and text.strip():
            yield ("vignette", language) if language else ("vignette",), text, language or main


def conditionable(data: Mapping[str, Any]) -> dict[str, list[str]]:
    """The names that a condition in the template may ask for, and the levels of each, as far as they can be read."""
    samples = {SAMPLE: list(mapping(data, "samples"))} if mapping(data, "samples") else {}
    return {name: [] for name in mapping(data, "factors")} | level_names(data) | samples


def _template(data: Mapping[str, Any]) -> Iterator[Finding]:
    levels, factors = conditionable(data), mapping(data, "factors")
    for where, text, language in _templates(data):
        found = template_findings(text, language=language, levels=levels, factors=factors, every=not _in_table(data))
        yield from ((where, what, remedy) for _, what, remedy in found)
    for name in factors:
        if name in KEYWORDS:
            yield ("factors", name), f"`{name}` is a word of the template language.", "Choose another name."


def _above_the_table(data: Mapping[str, Any]) -> Iterator[Finding]:
    """Factors that differ between profiles in the words above a table, which are read once for all of them."""
    if not _in_table(data) or str(data.get("profiles", "1")) == "1":
        return
    varies = {name: each.get("varies", "profile") for name, each in entries(data, "factors")}
    for where, text, language in _templates(data):
        used = dict.fromkeys(name for piece in read(text, language).pieces for name in piece.factors)
        for name in (each for each in used if varies.get(each) == "profile"):
            what = f"`{name}` differs between the profiles, and these words stand once above all of them."
            yield where, what, "Leave it out, so that it is a row of the table, or write `varies: task`."


def _in_table(data: Mapping[str, Any]) -> bool:
    return data.get("presentation") == "table"


def _missing_texts(data: Mapping[str, Any]) -> Iterator[Finding]:
    """Levels without a text that a placeholder would show; all levels, while no template can be read."""
    levels = level_names(data)
    shown = [shown_levels(read(text, language).pieces, levels) for _, text, language in _templates(data)]
    for name, factor in entries(data, "factors"):
        for place, level in items(factor.get("levels")):
            in_rows = _in_table(data) and not any(name in each for each in shown)
            needed = not shown or in_rows or any(level.get("name") in each.get(name, ()) for each in shown)
            if "text" not in level and needed:
                what = "the text is missing."
                yield ("factors", name, "levels", place), what, "Every level needs the words a respondent reads."

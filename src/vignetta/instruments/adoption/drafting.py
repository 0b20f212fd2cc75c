"""A draft of study.yaml from a survey that was made elsewhere."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from vignetta.instruments.adoption.measuring import declared, is_scale, measure_of
from vignetta.instruments.adoption.names import free_name, slug
from vignetta.instruments.adoption.phrasing import phrase_of
from vignetta.instruments.adoption.recognising import FoundFactor, FoundLevel, Recognised, recognise
from vignetta.instruments.adoption.roles import FoundOutcome, Roles
from vignetta.instruments.hypertext import FIELD, plain_text
from vignetta.instruments.survey import Choice, Question, Survey
from vignetta.instruments.tracing import PIPE
from vignetta.instruments.writing.translating import languages_of
from vignetta.instruments.written import mapping

_HEAD: Final = """\
# yaml-language-server: $schema=study.schema.json
#
# A draft, read from {source}. The survey does not say everything: check labels, references and the sample size, and
# remove what is no outcome. Quotas, panel, options and pages without questions are not read. `vignetta check` lists
# what is wrong.
"""
_PAGES: Final = re.compile(r"</p>|</div>|<br\s*/?>|</h\d>|</li>", re.IGNORECASE)
_PLACED: Final = re.compile("\ue000[0-9]+\ue001")
"""Where piped text stood, while the words around it are made plain."""
_MARKED: Final = r"\{{{0}\}}|\{{if (?:[^{{}}]* and )?{0} is "
"""Where a template shows a factor, or asks about it."""
_BLANK: Final = r"(?:&#32;|&nbsp;|\s|<br\s*/?>)*"
_BLANKS: Final = re.compile(_BLANK)
_BLANKS_LAST: Final = re.compile(f"{_BLANK}$")
_LONGEST_LABEL: Final = 80
_DEFAULT_SIZE: Final = 1000


def draft(survey: Survey, *, source: str = "the survey") -> str:
    """A draft of `study.yaml`, as far as the survey says.

    Fields to which randomizers give fixed values are factors; weights and forbidden combinations are read from how
    often the flow draws them; choices after the vignette are outcomes, those before it covariates.

    Returns
    -------
    YAML with comments on what is left to decide; empty when the survey draws no field.
    """
    found = recognise(survey)
    if not found.factors:
        return ""
    roles = Roles(found)
    content = _content(found, roles)
    told = (*_remarks(found), *_unworded(str(content.get("vignette", "")), roles))
    remarks = (" ".join(each.split()) for each in told)
    head = _HEAD.format(source=" ".join(source.split())) + "".join(f"#\n# {each}\n" for each in remarks)
    return f"{head}\n{_yaml(content)}"


def _remarks(found: Recognised) -> Iterator[str]:
    others = languages_of(found.trace.survey)[1:]
    if others:
        yield f"Not read: the words in {', '.join(others)}; here are those in {found.trace.survey.language}."
    for each in found.unclear:
        yield f"Not read: {each}."
    for each in (factor.name for factor in found.factors if not factor.ordered):
        yield f"Not read: in which order the levels of {each} are listed, so a recall check about it is left out."
    yield from _arms(found)


def arms_of(survey: Survey) -> list[str]:
    """The randomizers that show one of several blocks and set no field, in words."""
    return [" ".join(each.split()) for each in _arms(recognise(survey))]


def _arms(found: Recognised) -> Iterator[str]:
    for node, names in found.arms:
        yield f"The randomizer {node} shows one of {', '.join(names)}: its viewing order ({node}_DO) can be exported."


def _unworded(template: str, roles: Roles) -> Iterator[str]:
    """Piped text of the vignette of which the survey does not say what it shows."""
    sources = PIPE.findall(roles.reading[0].text) if roles.reading else []
    names = [name[1] if (name := FIELD.fullmatch(each)) else each for each in sources]
    for each in dict.fromkeys(each.replace("{", "(") for each in names):
        if f"[{each}]" in template:
            yield f"Not read: what stands for [{each}] in the vignette. Write words, a factor or a condition there."


def _yaml(content: Mapping[str, Any]) -> str:
    from ruamel.yaml import YAML

    writer = YAML()
    writer.width = 116
    writer.indent(mapping=2, sequence=4, offset=2)
    text = io.StringIO()
    writer.dump(dict(content), text)
    return re.sub(r"^(?=\w)", "\n", text.getvalue(), flags=re.MULTILINE).lstrip("\n")


def _content(found: Recognised, roles: Roles) -> dict[str, Any]:
    survey = found.trace.survey
    several = {"tasks": found.tasks, "profiles": found.profiles}
    labels = _profile_labels(found, roles)
    template, table = _template(found, roles)
    parts = {
        "name": slug(survey.name, "study").lower().replace("__", "_"),
        "title": survey.name or "A study",
        "languages": [survey.language],
        "seed": 1,
        "sample_size": _DEFAULT_SIZE,
        **{key: n for key, n in several.items() if n > 1},
        "profile_labels": labels,
        **table,
        "mechanism": found.mechanism,
        "decks": {"number": found.decks, "search": "random"} if found.decks else {},
        "consent": _consent(roles),
        "covariates": _named(roles.covariates),
        "attention": _attention(roles),
        "factors": {factor_name(each): _factor(each, found, roles) for each in found.factors},
        "restrictions": [_restriction(each, found) for each in found.forbidden],
        "vignette": template,
        "outcomes": _outcomes(roles, labels),
    }
    return {key: each for key, each in parts.items() if each not in ("", [], {}, None)}


# ------------------------------------------------------------------------------------------------------- factors


def factor_name(factor: FoundFactor) -> str:
    return free_name(factor.name, "factor")


def question_name(question: Question) -> str:
    return free_name(question.tag.strip() or question.id, "question")


def level_names(factor: FoundFactor) -> list[str]:
    """The short names of a factor's levels: its codes, without marks that a name cannot have."""
    names: list[str] = []
    for place, code in enumerate(factor.codes, 1):
        name = " ".join(re.sub(r"[;|\n]", " ", plain_text(code)).split())[:60].strip() or f"level {place}"
        names.append(name if name not in names else f"{name} {place}")
    return names


def label_of(level: FoundLevel, name: str) -> str:
    """The words for a level in tables: those of its recall check, its text where that is short, else its name."""
    text = level.text if len(level.text) <= _LONGEST_LABEL else _pretty(name)
    return level.label or text or name


def _factor(factor: FoundFactor, found: Recognised, roles: Roles) -> dict[str, Any]:
    levels = []
    for place, (name, level) in enumerate(zip(level_names(factor), factor.levels, strict=True)):
        told: dict[str, Any] = {"name": name, "label": label_of(level, name)}
        told |= {"text": level.text} if level.text else {}
        told |= {"code": level.code} if level.code != name else {}
        told |= {"weight": level.weight} if len({each.weight for each in factor.levels}) > 1 else {}
        levels.append(told | ({"reference": True} if place == 0 else {}))
    column = {"column": factor.name} if factor.name != factor_name(factor) else {}
    varies = _varies(factor, found)
    asked = next((question for each, question in roles.recall.values() if each is factor), None)
    recall = {"recall": {"question": asked.plain, "unsure": asked.choices[-1].plain}} if asked else {}
    return {"label": factor.label or _pretty(factor.name), **column, **varies, "levels": levels, **recall}


def _varies(factor: FoundFactor, found: Recognised) -> dict[str, str]:
    task, profile = min(factor.fields)
    if found.tasks * found.profiles == 1 or profile or (task and found.profiles == 1):
        return {}
    return {"varies": "task" if task else "respondent"}


def _pretty(name: str) -> str:
    words = " ".join(re.split(r"[\W_]+", name)).strip()
    return words[:1].upper() + words[1:] or name


def _restriction(forbidden: Mapping[str, tuple[str, ...]], found: Recognised) -> dict[str, Any]:
    names = {each.name: dict(zip(each.codes, level_names(each), strict=True)) for each in found.factors}
    known = {each.name: factor_name(each) for each in found.factors}
    boxed = {known[name]: [names[name][code] for code in codes] for name, codes in forbidden.items()}
    return {"forbid": boxed, "reason": "The survey never draws them together."}


# ------------------------------------------------------------------------------------------------------ the words


def _template(found: Recognised, roles: Roles) -> tuple[str, dict[str, str]]:
    """The text of the first vignette with factors in braces; for a table, how it is presented."""
    text = roles.reading[0].text if roles.reading else ""
    before, _, table = text.partition("<table")
    words = _with_factors(before, found)
    if table:
        in_rows = any(f"${{e://Field/{each}}}" in table for each in found.by_field)
        order = {} if in_rows else {"attribute_order": "shuffled"}
        return words or "Please compare.", {"presentation": "table", **order}
    words = _of_one_profile(words, _profile_labels(found, roles))
    unread = [f"{{{each}}}" for each in map(factor_name, found.factors) if not re.search(_MARKED.format(each), words)]
    return "\n\n".join(filter(None, [words, *unread])), {}


def _of_one_profile(words: str, labels: Sequence[str]) -> str:
    """What is read about the first profile, where each stands below its label."""
    paragraphs = words.split("\n\n")
    if len(labels) < 2 or any(paragraphs.count(each) != 1 for each in labels):
        return words
    first, second = paragraphs.index(labels[0]), paragraphs.index(labels[1])
    return "\n\n".join([*paragraphs[:first], *paragraphs[first + 1 : second]])


def _with_factors(hypertext: str, found: Recognised) -> str:
    """HTML as paragraphs of words in which fields of factors are the factors, and other fields stand in brackets."""
    pages = [_one_paragraph(each, found) for each in _PAGES.split(hypertext)]
    return "\n\n".join(each for each in pages if each)


def _one_paragraph(hypertext: str, found: Recognised) -> str:
    parts = PIPE.split(hypertext)
    marks = [f"\ue000{place}\ue001" for place in range(len(parts) // 2)]
    told = "".join(each if place % 2 == 0 else marks[place // 2] for place, each in enumerate(parts))
    words = html.unescape(plain_text(told)).replace("{", "{{").replace("}", "}}")
    sources = dict(zip(marks, parts[1::2], strict=True))
    return _PLACED.sub(lambda each: _mark(sources[each[0]], found) if each[0] in sources else each[0], words)


def _mark(source: str, found: Recognised) -> str:
    name = FIELD.fullmatch(source)
    factor = found.by_field.get(name[1]) if name else None
    if factor or name is None:
        return f"{{{factor_name(factor[0])}}}" if factor else f"[{source}]".replace("{", "(")
    levels = {each.name: dict(zip(each.codes, level_names(each), strict=True)) for each in found.factors}
    return phrase_of(name[1], found, levels, lambda told: _phrase(told, found)) or f"[{name[1]}]".replace("{", "(")


def _phrase(hypertext: str, found: Recognised) -> str:
    """Words that a branch gives to a field, with the blanks around them."""
    start, end = (each[0] for each in (_BLANKS.match(hypertext), _BLANKS_LAST.search(hypertext)) if each)
    words = _one_paragraph(hypertext, found)
    before, after = ("\n\n" if "<br" in each else each and " " for each in (start, end))
    return f"{before}{words}{after}" if words else ""


def _profile_labels(found: Recognised, roles: Roles) -> list[str]:
    if found.profiles < 2:
        return []
    chosen = next((each.first for each in roles.outcomes if each.sides), None)
    labels = [each.plain for each in chosen.choices] if chosen else []
    return labels if len(set(labels)) == found.profiles else [f"Profile {n + 1}" for n in range(found.profiles)]


# ---------------------------------------------------------------------------------------------------- questions


def _consent(roles: Roles) -> dict[str, str]:
    asked = roles.consent
    if asked is None:
        return {}
    texts = {each.id: each.plain for each in asked.question.choices}
    farewell = asked.farewell.plain if asked.farewell else "Thank you."
    return {
        "text": asked.question.plain,
        "agree": texts[asked.agree],
        "decline": texts[asked.decline],
        "farewell": farewell,
    }


def _named(questions: Sequence[Question]) -> dict[str, dict[str, Any]]:
    named: dict[str, dict[str, Any]] = {}
    for each in questions:
        name = question_name(each)
        column = {"column": each.tag.strip()} if each.tag.strip() not in ("", name) else {}
        if name not in named and (each.choices or each.type == "TE"):
            named[name] = {"label": _pretty(name), "question": each.plain or name, **_answers(each), **column}
    return named


def _answers(question: Question) -> dict[str, Any]:
    if question.type == "TE":
        bounds = mapping(question.validation.get("ValidNumber"))
        told = {"minimum": bounds.get("Min"), "maximum": bounds.get("Max")}
        return {"kind": "number"} | {key: each for key, each in told.items() if str(each or "").strip()}
    return {"options": options(question.choices)}


def options(choices: Sequence[Choice]) -> list[dict[str, str]]:
    """Choices as the answers of a question: short names, words, codes that are not their place."""
    made: list[dict[str, str]] = []
    for place, each in enumerate(choices, 1):
        name = slug(each.plain, "answer").lower()
        name = name if name not in [known["name"] for known in made] else f"{name}_{place}"
        code = {"code": each.code} if each.code != str(place) else {}
        made.append({"name": name, "text": each.plain or f"choice {each.id}", **code})
    return made


def _attention(roles: Roles) -> dict[str, Any]:
    if roles.attention is None:
        return {}
    question, right = roles.attention
    listed = options(question.choices)
    correct = listed[[each.id for each in question.choices].index(right)]["name"]
    return {"question": question.plain, "options": listed, "correct": correct}


def _outcomes(roles: Roles, labels: Sequence[str]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for each in roles.outcomes:
        name = free_name(each.name, "outcome")
        column = {"column": each.name} if each.name != name else {}
        if each.sides:
            told[name] = {"label": _pretty(name), "kind": "choice", "question": each.first.plain, **column}
        elif measure_of(each.first) != "rating" or is_scale(each.first.choices):
            asked = {"question": _asked(each, labels), **declared(each.first)}
            told[name] = {"label": _pretty(name), **asked, **column}
    return told


def _asked(outcome: FoundOutcome, labels: Sequence[str]) -> str:
    """The question, without the profile's label in front of it."""
    words = outcome.first.plain
    return next((words.removeprefix(f"{each}: ") for each in labels if words.startswith(f"{each}: ")), words)

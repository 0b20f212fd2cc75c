"""The declared study: `design/study.yaml` as frozen models. Everything else is derived from them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from vignetta.declared import (
    DAY,
    Declared,
    Finding,
    Keyed,
    Languages,
    LevelName,
    Named,
    Text,
    Tree,
    as_number,
    parse,
    read_tree,
    words,
)
from vignetta.design.asked import AttentionCheck, Check, Consent, Covariate, Outcome
from vignetta.design.consistency import SAMPLE, study_findings
from vignetta.design.layout import (
    MOST_PROFILES,
    MOST_TASKS,
    AttributeOrder,
    DeckSet,
    Presentation,
    Sample,
    Varies,
)
from vignetta.design.platform import Panel, Quota, SurveyOptions
from vignetta.design.raw import UNSURE, items, repeated, repeated_codes
from vignetta.design.restrictions import Restriction
from vignetta.design.texts.wording import Template, parse_template
from vignetta.scores import Score

Mechanism = Literal["complete", "simple", "blocked", "decks"]
"""complete: every vignette as often as its probability says, in random order. simple: every respondent drawn
independently. blocked: complete within blocks of respondents as they arrive. decks: each respondent gets one of a fixed
set of decks, all equally often."""
DataFormat = Literal["qualtrics", "table"]
LabelledFormat = Literal["sav", "dta"]
"""Files with labels that cleaning writes besides Parquet and CSV. sav: SPSS. dta: Stata."""

WIDEST = 1e6
"""The largest ratio of two weights of a factor; beyond it the rarer level is never drawn in practice."""


class Level(Declared):
    """One of the values that a factor takes."""

    name: LevelName = Field(description="the level's short name, used in data and formulas")
    label: Text = Field(description="the words for tables, figures and recall checks")
    text: Text | None = Field(None, description="the words that the respondent reads in the vignette")
    reference: bool = Field(False, description="true for the level that others are compared with")
    code: str | None = Field(None, description="how the export writes the level; its name when left out")
    weight: float = Field(
        1, gt=0, allow_inf_nan=False, description="how often it is drawn, relative to the other levels of its factor"
    )

    def words(self, language: str = "") -> str:
        """What the respondent reads in the vignette; empty for a level without a text."""
        return words(self.text, language) if self.text else ""

    @property
    def export_code(self) -> str:
        return self.code if self.code is not None else self.name


class Recall(Declared):
    """A question after the outcomes: which level of the factor did the respondent read?"""

    question: Text = Field(description="the recall question")
    unsure: Text = Field(description="the words for not remembering")


class Factor(Keyed):
    """An attribute of the vignette, varied at random."""

    label: Text = Field(description="the factor's name in tables and figures")
    levels: tuple[Level, ...] = Field(description="a list of at least two levels")
    recall: Recall | None = Field(None, description="a recall check after the outcomes")
    varies: Varies = Field("profile", description="how often it is drawn anew: profile, task, respondent")
    column: str | None = Field(None, description="its column in the export; the factor's name when left out")

    @property
    def level_names(self) -> list[str]:
        return [each.name for each in self.levels]

    @property
    def reference(self) -> Level:
        return next(each for each in self.levels if each.reference)

    def as_recalled(self, name: str) -> "Factor":
        """The answers to the factor's recall check."""
        assert self.recall is not None
        unsure = Level(name=UNSURE, label=self.recall.unsure)
        return self.model_copy(update={"name": name, "levels": (*self.levels, unsure), "recall": None})

    def level(self, name: str) -> Level:
        return next(each for each in self.levels if each.name == name)

    @classmethod
    def inconsistencies(cls, data: Mapping[str, Any], context: Any) -> Iterator[Finding]:
        levels = items(data.get("levels"))
        if isinstance(data.get("levels"), list) and len(levels) < 2:
            yield (
                ("levels",),
                f"a factor needs at least two levels, not {len(levels)}.",
                "Add a level, or leave it out.",
            )
        yield from repeated(levels, "name", "levels")
        yield from repeated_codes(levels, "levels", lambda place, level: str(level.get("name")))
        if "recall" in data and any(level.get("name") == UNSURE for _, level in levels):
            what = f"`{UNSURE}` is the answer to a recall check that does not remember."
            yield ("levels",), what, "Give the level another name."
        marked = [place for place, each in levels if str(each.get("reference")).lower() in ("true", "yes", "on", "1")]
        if len(levels) > 1 and not marked:
            yield ("levels",), "no level is the reference.", "Add `reference: true` to the level to compare with."
        for place in marked[1:]:
            yield ("levels", place, "reference"), "a second level is the reference.", "Keep `reference: true` on one."
        weights = [each for each in (as_number(level.get("weight", 1)) for _, level in levels) if each and each > 0]
        if weights and max(weights) > WIDEST * min(weights):
            what = f"the weights {min(weights):g} and {max(weights):g} are more than a million times apart."
            yield ("levels",), what, "Bring them closer together, or remove the level that is hardly ever drawn."


Day = Annotated[str, Field(pattern=DAY)]
"""A day as 2026-03-01, or empty."""


class Data(Declared):
    """Where the responses are and what they look like."""

    file: str = Field(description="the export as it came, relative to the study's folder")
    format: DataFormat = Field(
        "qualtrics", description="qualtrics, or table for data in hand (CSV, Stata, SPSS, Parquet)"
    )
    first_day: Day = Field("", description="the first day of fielding, such as 2026-03-01")
    last_day: Day = Field("", description="the last day of fielding")
    versions: tuple[str, ...] = Field((), description="design hashes of earlier instruments whose responses count too")
    pseudonyms: bool = Field(False, description="true to replace respondents' ids; the key stays in data/raw/")
    time_zone: str = Field("", description="of times in an export that does not say it, such as America/Denver")
    respondent: str | None = Field(None, description="for a table: the column that identifies respondents")
    formats: tuple[LabelledFormat, ...] = Field(
        (), description="further files of the clean responses, with labels: sav for SPSS, dta for Stata"
    )
    synthetic: bool = Field(False, description="true for made-up data; every page made from them says so")


class Design(Declared):
    """A declared study: factors, texts, outcomes, checks and covariates."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]*$", description="a short name for files, such as `alliance`")
    title: str = Field(min_length=1, description="the study's title")
    note: str = Field("", description="whose the texts are; printed on every page")
    languages: tuple[str, ...] = Field(("en",), min_length=1, description="language codes; the first is the main one")
    seed: int = Field(ge=0, description="the number from which every draw follows")
    sample_size: int = Field(ge=1, description="the number of respondents planned")
    tasks: int = Field(1, ge=1, le=MOST_TASKS, description="how many vignettes, or pairs, a respondent reads in turn")
    profiles: int = Field(1, ge=1, le=MOST_PROFILES, description="how many profiles stand side by side in a task")
    profile_labels: tuple[Text, ...] = Field((), description="the words above each profile")
    presentation: Presentation = Field("text", description="text, or table: factors outside the template are its rows")
    attribute_order: AttributeOrder = Field(
        "fixed", description="for a table, the order of its rows: fixed, shuffled, grouped"
    )
    attribute_groups: tuple[tuple[str, ...], ...] = Field((), description="for grouped: the factors of each group")
    mechanism: Mechanism = Field("complete", description="how vignettes are assigned")
    exact: bool = Field(
        False, description="true to refuse a sample in which vignettes cannot be exactly as frequent as declared"
    )
    decks: DeckSet | None = Field(None, description="for decks: how many there are and how they are made")
    block_size: int | None = Field(
        None, ge=1, description="for blocked: respondents per block; the number of vignettes when left out"
    )
    strata: tuple[str, ...] = Field(
        (), description="for blocked: the covariates whose answers have blocks of their own"
    )
    samples: Annotated[dict[str, Sample], Named] = Field({}, description="people invited apart, such as countries")
    panel: Panel | None = Field(None, description="who sends the respondents, and where they go in the end")
    options: SurveyOptions = Field(
        SurveyOptions(), description="how the survey looks, and what it notes besides the answers"
    )
    quotas: Annotated[dict[str, Quota], Named] = Field(
        {}, description="how many responses with given answers are taken"
    )
    data: Data | None = Field(None, description="the data, once fielded; the simulated sample when left out")
    consent: Consent | None = Field(None, description="the consent page")
    covariates: Annotated[dict[str, Covariate], Named] = Field({}, description="questions about the respondent")
    attention: AttentionCheck | None = Field(None, description="the attention check")
    checks: Annotated[dict[str, Check], Named] = Field({}, description="further checks of attention and comprehension")
    introduction: Text | None = Field(None, description="a page before the vignettes")
    debriefing: Text | None = Field(None, description="a page at the end")
    factors: Annotated[dict[str, Factor], Named] = Field(description="the attributes that vary")
    restrictions: tuple[Restriction, ...] = Field((), description="combinations of levels that are never shown")
    vignette: Text | None = Field(
        None, description="the template: words, {factor} where a level's text goes, lists, conditions"
    )
    outcomes: Annotated[dict[str, Outcome], Named] = Field(description="the questions about the vignette")
    scores: Annotated[dict[str, Score], Named] = Field({}, description="what is computed from the answers")

    @property
    def measures(self) -> dict[str, Outcome]:
        """What is analysed, by the names in the clean data: the statements of a matrix apart, without texts."""
        return {name: each for outcome in self.outcomes.values() for name, each in outcome.measured().items()}

    @property
    def language(self) -> str:
        """The main language."""
        return self.languages[0]

    def template(self, language: str = "", *, sample: str = "") -> Template:
        """The words of a vignette in a language, the main one when left out, as a sample reads them, the first if so.

        In a table, each of its rows is a line of words. Empty for a study without a template.
        """
        lines = [self._row(name, language or self.language) for name in self.rows]
        return self._read("\n\n".join(["", *lines]), language, sample)

    def prose(self, language: str = "", *, sample: str = "") -> Template:
        """As `template`, without the rows of a table."""
        return self._read("", language, sample)

    def whole_template(self, language: str = "") -> Template:
        """As `prose`, with what only some of the samples read."""
        language = language or self.language
        return parse_template(words(self.vignette, language) if self.vignette else "", language=language)

    def _read(self, rows: str, language: str, sample: str) -> Template:
        language = language or self.language
        text = words(self.vignette, language) + rows if self.vignette else ""
        template = parse_template(text, language=language)
        return template.within({SAMPLE: sample or next(iter(self.samples))}) if self.samples else template

    def _row(self, name: str, language: str) -> str:
        label = words(self.factors[name].label, language).replace("{", "{{").replace("}", "}}")
        return f"• {label}: {{{name}}}"

    @property
    def rows(self) -> list[str]:
        """The factors that are rows of the table: those that the template does not name."""
        if self.vignette is None or self.presentation == "text":
            return []
        named = self.whole_template().names
        return [name for name in self.factors if name not in named]

    @property
    def answered(self) -> "dict[str, Factor]":
        """The factors, and what recall checks say of them: `recall_regime`, with the level `unsure`."""
        recalled = {f"recall_{name}": factor for name, factor in self.factors.items() if factor.recall}
        return {**self.factors, **{name: factor.as_recalled(name) for name, factor in recalled.items()}}

    @property
    def responses(self) -> int:
        """How many vignettes a respondent reads: profiles of all tasks."""
        return self.tasks * self.profiles

    @property
    def in_hand(self) -> bool:
        """Whether the study was fielded elsewhere, so that there is no instrument to build."""
        return self.data is not None and self.data.format == "table"

    @property
    def independent(self) -> bool:
        """Whether every level of a factor is drawn equally often, whatever the other factors' levels."""
        weights = [{level.weight for level in factor.levels} for factor in self.factors.values()]
        return not self.restrictions and all(len(each) == 1 for each in weights)

    @classmethod
    def inconsistencies(cls, data: Mapping[str, Any], context: Any) -> Iterator[Finding]:
        yield from study_findings(data)


def design_of(tree: Tree) -> Design:
    """The design that a tree declares. Raises `StudyError` with every problem."""
    declared = tree.data.get("languages") if isinstance(tree.data, dict) else None
    languages = tuple(declared) if isinstance(declared, list) and all(isinstance(e, str) for e in declared) else ("en",)
    return parse(tree, Design, context=Languages(languages))


def read_design(path: Path, *, shown: str = "") -> Design:
    """Read `study.yaml`. Raises `StudyError` with every problem of the file."""
    return design_of(read_tree(path, shown=shown))

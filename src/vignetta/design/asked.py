"""What a declared study asks its respondents: outcomes, covariates, checks, consent."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo

from vignetta.declared import NAME, Declared, Finding, Keyed, LevelName, Named, Text, as_number, words
from vignetta.design.raw import items, repeated, repeated_codes
from vignetta.design.scales import Direction, Ends, Statement, outcome_findings
from vignetta.errors import near_miss

OutcomeKind = Literal["rating", "choice", "slider", "matrix", "text"]
"""rating: a point of a scale. choice: one of the profiles of a task. slider: a number. matrix: several ratings on one
scale. text: words that the respondent writes, which are never analysed."""
CovariateKind = Literal["choice", "ordered", "number"]

_DECIMALS = 9
"""Of the numbers of a slider; steps that are no sums of powers of two would not be whole otherwise."""


class Point(Declared):
    """A point of a scale, in the order shown."""

    text: Text = Field(description="the words shown for the point")
    code: str | None = Field(None, description="how the export writes the point; its place from 1 when left out")


def _short(point: Any, info: ValidationInfo) -> Any:
    languages: tuple[str, ...] = getattr(info.context, "languages", ())
    alone = isinstance(point, str) or (isinstance(point, dict) and point and point.keys() <= set(languages))
    return {"text": point} if alone else point


ShortPoint = BeforeValidator(_short, json_schema_input_type=Text | Point)
"""A point may be written as its words alone, or as these in each language."""


class Outcome(Keyed):
    """A question about the vignette, which the vignette is meant to move."""

    label: Text = Field(description="the outcome's name in tables and figures")
    question: Text = Field(description="the question that the respondent reads")
    kind: OutcomeKind = Field(
        "rating",
        description="rating, on a scale; choice, between the profiles of a task; slider; matrix, of several statements "
        "on one scale; text, in the respondent's words, which is never analysed",
    )
    scale: tuple[Annotated[Point, ShortPoint], ...] = Field(
        (), description="for a rating or matrix: the points, in the order shown"
    )
    direction: Direction = Field("ascending", description="descending when the first point means most")
    minimum: float = Field(0, allow_inf_nan=False, description="for a slider: its lowest number")
    maximum: float = Field(100, allow_inf_nan=False, description="for a slider: its highest number")
    step: float = Field(1, gt=0, allow_inf_nan=False, description="for a slider: from one number to the next")
    ends: Ends | None = Field(None, description="for a slider: the words at its ends")
    items: Annotated[dict[str, Statement], Named] = Field({}, description="for a matrix: the statements, by name")
    column: str | None = Field(None, description="its column in the export; the outcome's name when left out")

    @property
    def codes(self) -> list[str]:
        """The export's code of each point, in the order shown."""
        return [str(place) if each.code is None else each.code for place, each in enumerate(self.scale, 1)]

    @property
    def values(self) -> list[float]:
        """The number of each point in the order shown; a higher number always means more of the label.

        A choice is 1 for the profile that is chosen and 0 for the others.
        """
        if self.kind == "choice":
            return [0.0, 1.0]
        if self.kind == "slider":
            steps = range(round((self.maximum - self.minimum) / self.step) + 1)
            return [round(self.minimum + place * self.step, _DECIMALS) for place in steps]
        numbers = [float(each) for each in self.codes]
        return numbers if self.direction == "ascending" else [min(numbers) + max(numbers) - each for each in numbers]

    @property
    def texts(self) -> list[tuple[float, dict[str, str]]]:
        """The numbers that have words, with these; the points in the order shown, or the ends of a slider."""
        if self.ends is not None:
            return [(self.values[0], self.ends.low), (self.values[-1], self.ends.high)]
        return list(zip(self.values, (each.text for each in self.scale), strict=False))

    def measured(self) -> "dict[str, Outcome]":
        """What it is in the analysis: itself, a rating for each statement of a matrix, nothing for a text."""
        if self.kind == "matrix":
            return {f"{self.name}_{each.name}": self._rated(each) for each in self.items.values()}
        return {} if self.kind == "text" else {self.name: self}

    def _rated(self, statement: Statement) -> "Outcome":
        asked = {language: f"{text} {words(statement.text, language)}" for language, text in self.question.items()}
        own = {"name": f"{self.name}_{statement.name}", "label": statement.label, "question": asked, "column": None}
        direction = statement.direction or self.direction
        return self.model_copy(update={**own, "kind": "rating", "items": {}, "direction": direction})

    @classmethod
    def inconsistencies(cls, data: Mapping[str, Any], context: Any) -> Iterator[Finding]:
        yield from outcome_findings(data)


class Option(Declared):
    """One answer to a choice question."""

    name: LevelName = Field(description="the answer's short name, used in data")
    text: Text = Field(description="the words that the respondent reads")
    code: str | None = Field(None, description="how the export writes the answer; its place from 1 when left out")


class Covariate(Keyed):
    """A question about the respondent, asked before the vignette."""

    label: Text = Field(description="the covariate's name in tables and figures")
    question: Text = Field(description="the question that the respondent reads")
    kind: CovariateKind = Field("choice", description="choice, ordered or number")
    options: tuple[Option, ...] = Field((), description="the answers, in order; the first is the reference")
    minimum: float | None = Field(None, description="the lowest number accepted", allow_inf_nan=False)
    maximum: float | None = Field(None, description="the highest number accepted", allow_inf_nan=False)
    column: str | None = Field(None, description="its column in the export; the covariate's name when left out")

    @classmethod
    def inconsistencies(cls, data: Mapping[str, Any], context: Any) -> Iterator[Finding]:
        options = items(data.get("options"))
        if data.get("kind") == "number" and options:
            yield ("options",), "a number has no options.", "Remove them, or make the kind `choice`."
        if data.get("kind", "choice") in ("choice", "ordered") and len(options) < 2:
            yield (), f"a question of choice needs at least two `options`, not {len(options)}.", "List the answers."
        yield from repeated(options, "name", "options")
        yield from repeated_codes(options, "options")
        low, high = as_number(data.get("minimum")), as_number(data.get("maximum"))
        if low is not None and high is not None and low >= high:
            yield (
                ("maximum",),
                f"the maximum {high:g} is not above the minimum {low:g}.",
                "Exchange them, or correct one.",
            )


class AttentionCheck(Declared):
    """A question with one right answer, asked before the vignettes."""

    question: Text = Field(description="the question, which says what to answer")
    options: tuple[Option, ...] = Field(description="the answers")
    correct: str = Field(description="the name of the right answer")

    @classmethod
    def inconsistencies(cls, data: Mapping[str, Any], context: Any) -> Iterator[Finding]:
        options = items(data.get("options"))
        yield from repeated(options, "name", "options")
        names = [str(each.get("name")) for _, each in options]
        correct = data.get("correct")
        if isinstance(correct, str) and correct not in names:
            yield ("correct",), f"`{correct}` is not one of the options.", near_miss(correct, names)


class Check(AttentionCheck):
    """A further question with one right answer, of attention or comprehension, after the introduction."""

    model_config = Keyed.model_config

    name: str = Field(pattern=NAME)


class Consent(Declared):
    """What a respondent agrees to before anything else; declining ends the survey."""

    text: Text = Field(description="the information about the study")
    agree: Text = Field(description="the words for agreeing")
    decline: Text = Field(description="the words for declining")
    farewell: Text = Field(description="what somebody who declined reads last")

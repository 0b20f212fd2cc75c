"""How the questions after a vignette measure something: as ratings, sliders, matrices or in words."""

from __future__ import annotations

from typing import Any, Final, Literal

from vignetta.declared import as_number
from vignetta.design.scales import MOST_STEPS
from vignetta.instruments.adoption.names import apart, slug
from vignetta.instruments.columns import categories_of
from vignetta.instruments.hypertext import plain_text
from vignetta.instruments.running.visits import form
from vignetta.instruments.sliders import scale_of
from vignetta.instruments.survey import Choice, Question
from vignetta.instruments.written import mapping, numbered

Measure = Literal["rating", "slider", "matrix", "text"]
Piece = dict[str, Any]
_ONE_ANSWER: Final = ("SingleAnswer", "DL", "DND", "")


def measure_of(question: Question) -> Measure | None:
    """How a question measures something; None for what no declared outcome can be."""
    if form(question) == "single":
        return "rating" if len(question.choices) > 1 else None
    if question.type == "Slider" and len(question.choices) == 1:
        return "slider" if slider_range(question) else None
    if question.type == "Matrix" and question.selector == "Likert" and question.sub_selector in _ONE_ANSWER:
        return "matrix" if question.choices and is_scale(question.answers) else None
    return "text" if form(question) == "words" and question.validation.get("ContentType") != "ValidNumber" else None


def is_scale(choices: tuple[Choice, ...]) -> bool:
    """Whether all answers are exported as numbers."""
    return len(choices) > 1 and all(as_number(each.code) is not None for each in choices)


def slider_range(question: Question) -> tuple[float, float, float] | None:
    """The lowest and highest number of a slider, and the step between two; None where they make no slider."""
    found = scale_of(question)
    if found is None:
        return None
    low, high, step = found
    n = (high - low) / step
    return found if 1 <= n <= MOST_STEPS and abs(n - round(n)) < 1e-9 else None


def statements(question: Question) -> dict[str, str]:
    """The names of a matrix's rows, by their ids: their words, as far as a name can hold them."""
    named: dict[str, str] = {}
    for each in question.choices:
        named[each.id] = apart(slug(each.plain, "row").lower(), named)
    return named


# ---------------------------------------------------------------------------------------------- as they are declared


def declared(question: Question) -> Piece:
    """The keys of an outcome that say how it is answered."""
    match measure_of(question):
        case "slider":
            return {"kind": "slider", **_declared_range(question)}
        case "matrix":
            return {"kind": "matrix", "scale": points(question.answers), "items": _items(question)}
        case "text":
            return {"kind": "text"}
    return {"scale": points(question.choices)}


def points(choices: tuple[Choice, ...]) -> list[Any]:
    """The points of a scale, with codes where these are not their places."""
    told = [(each.plain or f"choice {each.id}", each.code) for each in choices]
    if all(code == str(place) for place, (_, code) in enumerate(told, 1)):
        return [text for text, _ in told]
    return [{"text": text, "code": code} for text, code in told]


def _declared_range(question: Question) -> Piece:
    low, high, step = slider_range(question) or (0, 100, 1)
    listed = numbered(question.raw.get("Labels")).values()
    labels = [plain_text(str(mapping(each).get("Display") or "")) for each in listed] or [""]
    numbers = {"minimum": _written(low), "maximum": _written(high), "step": _written(step)}
    return {**numbers, "ends": {"low": labels[0] or f"{low:g}", "high": labels[-1] or f"{high:g}"}}


def _written(number: float) -> float | int:
    return int(number) if number == int(number) else number


def _items(question: Question) -> Piece:
    names = statements(question)
    texts = {each.id: each.plain or f"row {each.id}" for each in question.choices}
    return {names[row]: {"label": text, "text": text} for row, text in texts.items()}


# ------------------------------------------------------------------------------------------- as they are in an export


def measured(question: Question, name: str) -> dict[str, Piece]:
    """What the variables of an outcome's columns are, by their ImportId."""
    match measure_of(question):
        case "slider":
            low, high, _ = slider_range(question) or (None, None, None)
            told = {"name": name, "role": "outcome", "kind": "number", "minimum": low, "maximum": high}
            return {f"{question.id}_{question.choices[0].id}": told}
        case "matrix":
            scale = _scale(question.answers)
            return {f"{question.id}_{row}": {"name": f"{name}_{n}", **scale} for row, n in statements(question).items()}
        case "text":
            return {f"{question.id}_TEXT": {"name": name, "role": "open", "kind": "text"}}
    return {question.id: {"name": name, **(_scale(question.choices) if is_scale(question.choices) else _OUTCOME)}}


_OUTCOME: Final[Piece] = {"role": "outcome"}


def _scale(choices: tuple[Choice, ...]) -> Piece:
    valued = (each.model_copy(update={"value": as_number(each.code)}) for each in categories_of(choices))
    return {**_OUTCOME, "kind": "scale", "categories": tuple(valued)}

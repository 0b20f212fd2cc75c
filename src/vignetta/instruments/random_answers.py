"""Valid answers at random, to any type of question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from vignetta.instruments.survey import Question, Raw, is_true
from vignetta.instruments.visits import Answer, State, form


def random_answer(question: Question, state: State) -> Answer | None:
    """A valid answer to a question of any type, at random; None where there is nothing to answer."""
    return _at_random(question, state.generator)


def _at_random(question: Question, generator: np.random.Generator) -> Answer | None:
    ids = _listed(question)
    match form(question):
        case "single":
            return _one_of(ids, generator)
        case "multiple":
            chosen = [each for each in ids if generator.random() < 0.5]
            return tuple(chosen) or (_one_of(ids, generator),)
        case "words":
            return _words(question.validation, generator)
        case "rows":
            return _rows(question, ids, generator)
        case "parts":
            return {part.id.partition("#")[2]: _rows(part, _listed(part) or ids, generator) for part in question.parts}
        case _:
            return None


def _listed(question: Question) -> list[str]:
    return [each.id for each in question.choices]


def _one_of(ids: Sequence[str], generator: np.random.Generator) -> str:
    return ids[int(len(ids) * generator.random())]


def _rows(question: Question, rows: list[str], generator: np.random.Generator) -> Answer:
    if question.type == "RO":
        return {row: str(rank + 1) for row, rank in zip(rows, generator.permutation(len(rows)), strict=True)}
    if question.type == "Slider":
        low, high, step = _slider(question.raw.get("Configuration"))
        steps = round((high - low) / step) + 1
        return {row: f"{low + step * int(steps * generator.random()):.9g}" for row in rows}
    columns = [each.id for each in question.answers]
    if not columns:
        return dict.fromkeys(rows, "words")
    if question.selector == "TE":
        return {row: dict.fromkeys(columns, "words") for row in rows}
    several = question.sub_selector == "MultipleAnswer"
    drawn = ((row, _one_of(columns, generator)) for row in rows)
    return {row: (column,) if several else column for row, column in drawn}


def _slider(raw: Any) -> tuple[float, float, float]:
    """The lowest number of a slider, the highest, and the step from one to the next: whole, or from line to line."""
    low, high = (_bound(raw, key, each) for key, each in _SLIDER)
    lines = _bound(raw, "GridLines", 0.0) if isinstance(raw, dict) and is_true(raw.get("SnapToGrid")) else 0
    return low, high, (high - low) / lines if lines > 0 and high > low else 1


_SLIDER: Final = (("CSSliderMin", 0.0), ("CSSliderMax", 100.0))


def _words(validation: Raw, generator: np.random.Generator) -> str:
    if validation.get("ContentType") != "ValidNumber":
        return "words"
    bounds = validation.get("ValidNumber")
    low = _bound(bounds, "Min", 0.0)
    high = max(low, _bound(bounds, "Max", low + 100))
    return str(int(low + (high - low + 1) * generator.random()))


def _bound(raw: Any, key: str, default: float) -> float:
    try:
        return float(raw[key])
    except (KeyError, TypeError, ValueError):
        return default

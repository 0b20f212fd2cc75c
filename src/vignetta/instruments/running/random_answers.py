"""Valid answers at random, to any type of question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, floor
from typing import Any, Final

import numpy as np

from vignetta.instruments.columns import answers_to_row, groups_of
from vignetta.instruments.running.ordering import whole
from vignetta.instruments.running.visits import Answer, State, form
from vignetta.instruments.sliders import scale_of
from vignetta.instruments.survey import Choice, Question
from vignetta.instruments.written import Raw, is_true, mapping, numbered

_LARGEST_TOTAL: Final = 10**9
_LONGEST: Final = 10_000
_SCALE: Final = (0.0, 100.0, 1.0)
"""Of a slider that does not say from where to where it goes."""
_HIGHEST: Final = 1e15
"""Bounds of numbers are below it: no survey asks for more, and larger ones are no longer whole."""
_TYPED: Final[Mapping[str, str]] = {
    "ValidEmail": "somebody@example.org",
    "ValidPhone": "202-555-0123",
    "ValidZip": "20001",
    "ValidUSState": "Ohio",
    "ValidDate": "01/15/1980",
    "ValidURL": "https://example.org",
}
"""What is typed where a text has to be of a kind."""


def random_answer(question: Question, state: State) -> Answer | None:
    """A valid answer to a question of any type, at random; None where there is nothing to answer."""
    return _at_random(question, state.generator)


def some_words(question: Question, choice: Choice, state: State) -> str:
    """What somebody who answers at random types beside a choice."""
    return "words"


def _at_random(question: Question, generator: np.random.Generator) -> Answer | None:
    ids = _listed(question)
    match form(question):
        case "single":
            return _one_of(ids, generator)
        case "multiple":
            return _several(question, ids, generator)
        case "words":
            return _words(question.validation, generator)
        case "rows":
            return _rows(question, ids, generator)
        case "parts":
            return {part.id.partition("#")[2]: _rows(part, _listed(part) or ids, generator) for part in question.parts}
        case _:
            return None


def _several(question: Question, ids: list[str], generator: np.random.Generator) -> Answer:
    """Some of the choices, as many as are allowed; a choice that excludes the others stands alone."""
    chosen = [each for each in ids if generator.random() < 0.5] or [_one_of(ids, generator)]
    alone = [each for each in chosen if is_true(mapping(_raw_choices(question).get(each)).get("ExclusiveAnswer"))]
    least, most = (whole(question.validation.get(key)) for key in ("MinChoices", "MaxChoices"))
    if alone and (least or 0) < 2:
        return (alone[0],)
    left = [each for each in ids if each not in chosen]
    more = left[: max(0, (least or 0) - len(chosen))]
    return tuple(each for each in ids if each in (chosen + more)[:most])


def _raw_choices(question: Question) -> Raw:
    return numbered(question.raw.get("Choices"))


def _listed(question: Question) -> list[str]:
    return [each.id for each in question.choices]


def _one_of(ids: Sequence[str], generator: np.random.Generator) -> str:
    return ids[int(len(ids) * generator.random())]


def _rows(question: Question, rows: list[str], generator: np.random.Generator) -> Answer:
    if question.type == "RO":
        return {row: str(rank + 1) for row, rank in zip(rows, generator.permutation(len(rows)), strict=True)}
    if question.type == "CS":
        return _shares(question, rows, generator)
    if question.type == "PGR":
        return _grouped(rows, list(groups_of(question)), generator)
    if question.type == "Slider":
        low, high, step = scale_of(question) or _SCALE
        steps = round((high - low) / step) + 1
        return {row: f"{low + step * int(steps * generator.random()):.9g}" for row in rows}
    columns = [each.id for each in question.answers]
    if question.selector in ("CS", "RO", "MaxDiff"):
        return _table(question, rows, columns, generator)
    if question.selector == "Profile":
        listed = {row: [each.id for each in answers_to_row(question, row)] for row in rows}
        return {row: _one_of(ids, generator) for row, ids in listed.items() if ids}
    if not columns:
        return dict.fromkeys(rows, "words")
    if question.selector == "TE":
        return {row: dict.fromkeys(columns, "words") for row in rows}
    several = question.sub_selector == "MultipleAnswer"
    drawn = ((row, _one_of(columns, generator)) for row in rows)
    return {row: (column,) if several else column for row, column in drawn}


def _grouped(items: list[str], groups: list[str], generator: np.random.Generator) -> Answer:
    """Each item in one of the groups or in none, with its rank there."""
    counts, answer = dict.fromkeys(groups, 0), {}
    for place in generator.permutation(len(items)):
        chosen = int((len(groups) + 1) * generator.random())
        if chosen < len(groups):
            counts[groups[chosen]] += 1
            answer[items[place]] = {groups[chosen]: str(counts[groups[chosen]])}
    return {item: answer[item] for item in items if item in answer}


def _table(question: Question, rows: list[str], columns: list[str], generator: np.random.Generator) -> Answer:
    """Shares of a sum in each row, ranks of the rows in each column, or one row for each column."""
    if question.selector == "CS":
        return {row: _shares(question, columns, generator) for row in rows}
    order = [rows[place] for place in generator.permutation(len(rows))]
    if question.selector == "MaxDiff":
        return dict(zip(order, columns, strict=False))
    ranks = [{row: str(rank) for rank, row in enumerate(generator.permutation(rows).tolist(), 1)} for _ in columns]
    return {row: {column: each[row] for column, each in zip(columns, ranks, strict=True)} for row in rows}


def _shares(question: Question, rows: list[str], generator: np.random.Generator) -> Answer:
    """Whole numbers that sum to what the question asks for, 100 where it does not say."""
    asked = _bound(question.validation, "ChoiceTotal", 100)
    total = int(asked) if 0 <= asked < _LARGEST_TOTAL else 100
    parts = generator.multinomial(total, np.full(len(rows), 1 / len(rows))).tolist() if rows else []
    return {row: str(part) for row, part in zip(rows, parts, strict=True)}


def _words(validation: Raw, generator: np.random.Generator) -> str:
    kind = str(validation.get("ContentType"))
    if kind != "ValidNumber":
        least, most = (whole(validation.get(key)) for key in ("MinChars", "MaxChars"))
        return _TYPED.get(kind, "words".ljust(min(least or 0, _LONGEST), "s"))[:most]
    bounds = validation.get("ValidNumber")
    low = _bound(bounds, "Min", 0.0)
    high = max(low, _bound(bounds, "Max", low + 100))
    first, last = ceil(low), floor(high)
    return str(first + int((last - first + 1) * generator.random())) if first <= last else f"{low:g}"


def _bound(raw: Any, key: str, default: float) -> float:
    try:
        number = float(raw[key])
    except (KeyError, TypeError, ValueError):
        return default
    return number if abs(number) < _HIGHEST else default

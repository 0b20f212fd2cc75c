"""Scores: the points that the survey's author gives for answers, summed by category."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Final

from vignetta.instruments.running.told import selected
from vignetta.instruments.running.visits import Answer
from vignetta.instruments.survey import Question, Survey
from vignetta.instruments.written import entries, mapping

GRADED: Final = ("MC", "Matrix", "TE")
"""Types of questions whose points are counted."""
Points = Mapping[tuple[str, ...], float]
"""The points of a question's answers: by the choice's id, by a row's and a column's, or by the words typed."""


@dataclass(frozen=True)
class Category:
    """A category of scores. `column` is what its column in an export is called, `points` those of each question."""

    id: str
    name: str
    column: str
    points: Mapping[str, Points]

    def score(self, answers: Mapping[str, Answer]) -> str:
        """The sum of the points of somebody's answers; in loops, a number and `_` stand before the question's id."""
        found = ((self.points.get(key.rpartition("_")[2]), answer) for key, answer in answers.items())
        return f"{sum(_scored(points, answer) for points, answer in found if points) + 0.0:.14g}"


def categories_of_scores(survey: Survey) -> list[Category]:
    """The survey's categories of scores, in order."""
    found = [each for element in survey.elements("SCO") for each in _categories(element.get("Payload"))]
    return [
        Category(str(each["ID"]), str(each.get("Name") or ""), f"SC{place}", _points(survey, str(each["ID"])))
        for place, each in enumerate(found)
    ]


def ungraded(question: Question) -> bool:
    """Whether a question has points that are not counted."""
    return bool(question.raw.get("GradingData")) and question.type not in GRADED


def _categories(payload: object) -> Iterator[Mapping[str, object]]:
    return (each for each in entries(mapping(payload).get("ScoringCategories")) if "ID" in each)


def _points(survey: Survey, category: str) -> dict[str, Points]:
    asked = ((each.id, dict(_graded(each, category))) for each in survey.live_questions if each.type in GRADED)
    return {number: points for number, points in asked if points}


def _graded(question: Question, category: str) -> Iterator[tuple[tuple[str, ...], float]]:
    for each in entries(question.raw.get("GradingData")):
        points = _number(mapping(each.get("Grades")).get(category))
        if not points:
            continue
        if question.type == "TE":
            yield (_folded(str(each.get("TextEntry") or "")),), points
        else:
            named = (each.get(key) for key in ("ChoiceID", "AnswerID"))
            yield tuple(_folded(str(name).rpartition("/")[2]) for name in named if name is not None), points


def _scored(points: Points, answer: Answer) -> float:
    if isinstance(answer, Mapping):
        return sum(points.get((row, column), 0) for row, told in answer.items() for column in selected(told))
    return sum(points.get((_folded(each),), 0) for each in selected(answer))


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _number(value: object) -> float:
    try:
        number = float(str(value))
    except ValueError:
        return 0.0
    return number if isfinite(number) else 0.0

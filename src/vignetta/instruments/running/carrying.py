"""Choices of one question that another one, or a loop, takes over."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from vignetta.errors import Problem, StudyError
from vignetta.instruments.survey import Choice, Question, Survey
from vignetta.instruments.written import mapping, numbered

_LOCATOR: Final = re.compile(r"q://(?:(\w+)_)?(QID[^/_]*|[^/]+)/ChoiceGroup/(\w+)(?:\?.*)?")
CHOICES: Final = (
    "SelectedChoices",
    "SelectedChoicesTextEntry",
    "UnselectedChoices",
    "DisplayedChoices",
    "AllChoices",
    "NotDisplayedChoices",
)
"""The choices of a question over which loops run, and which other questions carry forward."""
LONGEST: Final = 50
"""Over no more questions are choices carried forward."""
CARRIED: Final = "x"
"""Stands before the ids and codes of choices that another question hands on."""


def choice_group(locator: object) -> tuple[str, str] | None:
    """The question of a locator such as `q://QID1/ChoiceGroup/SelectedChoices`, and which of its choices."""
    found = _LOCATOR.fullmatch(str(locator))
    return (found[2], found[3]) if found else None


def source_of(survey: Survey, question: Question, key: str = "DynamicChoices") -> tuple[str, str] | None:
    """The question that hands its choices on to this one, and which of them; with `DynamicAnswers` to its columns."""
    found = choice_group(mapping(question.raw.get(key)).get("Locator"))
    return found if found and found[0] in survey.questions and found[1] in CHOICES else None


def with_carried(survey: Survey, question: Question, above: tuple[str, ...] = ()) -> Question:
    """The question with all choices that others may hand on to it, first or where its own order has them.

    Raises `StudyError` when questions hand choices on to each other in a circle.
    """
    choices = _taken_over(survey, question, "DynamicChoices", above)
    answers = _taken_over(survey, question, "DynamicAnswers", above)
    if choices is None and answers is None:
        return question
    return replace(question, choices=choices or question.choices, answers=answers or question.answers)


def _taken_over(survey: Survey, question: Question, key: str, above: tuple[str, ...]) -> tuple[Choice, ...] | None:
    """The choices, or columns, with those of the question that hands its own on; None when none does."""
    source = source_of(survey, question, key)
    if source is None:
        return None
    if question.id in above:
        circle = " → ".join((*above[above.index(question.id) :], question.id))
        what = f"choices are carried forward in a circle: {circle}."
        raise StudyError(Problem(f"SQ {question.id}", what, "Let one of these questions have its own choices."))
    if len(above) == LONGEST:
        what = f"choices are carried forward over more than {LONGEST} questions: no survey does."
        raise StudyError(Problem(f"SQ {question.id}", what, "Let one of these questions have its own choices."))
    given = with_carried(survey, survey.questions[source[0]], (*above, question.id)).choices
    rows = key == "DynamicChoices"
    own = [each for each in (question.choices if rows else question.answers) if not each.id.startswith(CARRIED)]
    every = {each.id: each for each in (*map(_carried, given), *own)}
    written = numbered(question.raw.get("ChoiceOrder" if rows else "AnswerOrder"))
    listed = [str(each) for each in written.values() if str(each) in every]
    order = dict.fromkeys([*listed, *every] if any(each.startswith(CARRIED) for each in listed) else every)
    return tuple(every[each] for each in order)


def _carried(choice: Choice) -> Choice:
    text_entry = choice.text_entry
    return Choice(CARRIED + choice.id, choice.text, CARRIED + choice.code, text_entry, choice.name)

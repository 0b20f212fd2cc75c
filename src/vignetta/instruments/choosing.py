"""Which choices a question offers to a respondent, in which order and words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from vignetta.errors import Problem, StudyError
from vignetta.instruments.logic import condition
from vignetta.instruments.ordering import Order, order_of_choices
from vignetta.instruments.piping import piped, rendered
from vignetta.instruments.reading import LOOPED, Reading, choice_group
from vignetta.instruments.survey import Choice, Question, Survey, mapping, numbered
from vignetta.instruments.told import group
from vignetta.instruments.visits import Render, State, Test

Offer = Callable[[State], Question]
"""The question as a respondent sees it."""
CARRIED: Final = "x"
"""Stands before the ids and codes of choices that another question hands on."""


def source_of(survey: Survey, question: Question) -> tuple[str, str] | None:
    """The question that hands its choices on to this one, and which of them."""
    found = choice_group(mapping(question.raw.get("DynamicChoices")).get("Locator"))
    known = (*LOOPED, "NotDisplayedChoices")
    return found if found and found[0] in survey.questions and found[1] in known else None


def with_carried(survey: Survey, question: Question, above: tuple[str, ...] = ()) -> Question:
    """The question with all choices that others may hand on to it, first or where its own order has them.

    Raises `StudyError` when questions hand choices on to each other in a circle.
    """
    source = source_of(survey, question)
    if source is None:
        return question
    if question.id in above:
        circle = " → ".join((*above[above.index(question.id) :], question.id))
        what = f"choices are carried forward in a circle: {circle}."
        raise StudyError(Problem(f"SQ {question.id}", what, "Let one of these questions have its own choices."))
    given = with_carried(survey, survey.questions[source[0]], (*above, question.id)).choices
    own = [each for each in question.choices if not each.id.startswith(CARRIED)]
    every = {each.id: each for each in (*map(_carried, given), *own)}
    listed = [str(each) for each in numbered(question.raw.get("ChoiceOrder")).values() if str(each) in every]
    order = dict.fromkeys([*listed, *every] if any(each.startswith(CARRIED) for each in listed) else every)
    return replace(question, choices=tuple(every[each] for each in order))


def _carried(choice: Choice) -> Choice:
    text_entry = choice.text_entry
    return Choice(CARRIED + choice.id, choice.text, CARRIED + choice.code, text_entry, choice.name)


def offer(question: Question, where: str, reading: Reading) -> Offer | None:
    """What a question shows to a respondent; None when it is the same for all. `question` has the carried choices."""
    rows = _Listed(question.choices, where, reading)
    columns = _Listed(question.answers, where, reading)
    hand_on = _handing_on(question, reading)
    order = _order(question, where, reading)
    if rows.same and columns.same and hand_on is None and order is None:
        return None
    key = reading.key(question.id) or question.id

    def shown(state: State) -> Question:
        choices = rows.of(state)
        if hand_on is not None:
            given = hand_on(state)
            choices = {each: choice for each, choice in choices.items() if each in given or each[:1] != CARRIED}
        ids = [each for each in (order(state.generator) if order else choices) if each in choices]
        state.offered[key] = tuple(ids)
        return replace(
            question, choices=tuple(choices[each] for each in ids), answers=tuple(columns.of(state).values())
        )

    return shown


class _Listed:
    """Choices with their display logic and piped text."""

    def __init__(self, choices: Sequence[Choice], where: str, reading: Reading) -> None:
        self.choices = choices
        self.tests: dict[str, Test] = {}
        self.texts: dict[str, Render] = {}
        for each in choices:
            if each.display_logic is not None:
                reading.account.ran(where, "display logic of choices")
                self.tests[each.id] = condition(each.display_logic, where, reading, fallback=True)
            text = piped(each.text, where, reading)
            if not isinstance(text, str):
                self.texts[each.id] = text

    @property
    def same(self) -> bool:
        return not self.tests and not self.texts

    def of(self, state: State) -> dict[str, Choice]:
        shown = [each for each in self.choices if each.id not in self.tests or self.tests[each.id](state)]
        return {
            each.id: replace(each, text=rendered(self.texts[each.id], state)) if each.id in self.texts else each
            for each in shown
        }


def _handing_on(question: Question, reading: Reading) -> Callable[[State], Mapping[str, str]] | None:
    found = source_of(reading.survey, question)
    if found is None:
        return None
    source, key = with_carried(reading.survey, reading.survey.questions[found[0]]), reading.key(found[0])
    if key is None:
        where = question.tag.strip() or question.id
        reading.account.stub(where, f"choices are carried forward from the loops of {found[0]}", "all are carried")
        return None
    reading.account.ran(question.id, "choices carried forward")
    return lambda state: {CARRIED + each.id: each.text for each in group(source, key, found[1], state)}


def _order(question: Question, where: str, reading: Reading) -> Order | None:
    try:
        order = order_of_choices([each.id for each in question.choices], question.raw.get("Randomization"))
    except ValueError as error:
        reading.account.stub(where, f"an order of choices called {error} is not known", "they keep their order")
        return None
    if order is not None:
        reading.account.ran(where, "choices in random order")
    return order

"""Which choices a question offers to a respondent, in which order and words."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import replace

from vignetta.instruments.running.carrying import CARRIED, source_of, with_carried
from vignetta.instruments.running.logic import condition
from vignetta.instruments.running.ordering import Order, order_of_choices
from vignetta.instruments.running.piping import piped, rendered
from vignetta.instruments.running.reading import Reading
from vignetta.instruments.running.told import group
from vignetta.instruments.running.visits import Render, State, Test
from vignetta.instruments.survey import Choice, Question

Offer = Callable[[State], Question]
"""The question as a respondent sees it."""


def offer(question: Question, where: str, reading: Reading) -> Offer | None:
    """What a question shows to a respondent; None when it is the same for all. `question` has the carried choices."""
    rows = _Listed(question.choices, where, reading)
    columns = _Listed(question.answers, where, reading)
    hand_on, hand_on_columns = (_handing_on(question, reading, key) for key in ("DynamicChoices", "DynamicAnswers"))
    order = _order(question, where, reading)
    if rows.same and columns.same and hand_on is None and hand_on_columns is None and order is None:
        return None
    key = reading.key(question.id) or question.id

    def shown(state: State) -> Question:
        choices = _handed_on(rows.of(state), hand_on, state)
        answers = _handed_on(columns.of(state), hand_on_columns, state)
        ids = [each for each in (order(state.generator) if order else choices) if each in choices]
        state.offered[key] = tuple(ids)
        return replace(question, choices=tuple(choices[each] for each in ids), answers=tuple(answers.values()))

    return shown


HandOn = Callable[[State], Container[str]]
"""The ids of the choices that another question hands on to a respondent."""


def _handed_on(choices: dict[str, Choice], hand_on: HandOn | None, state: State) -> dict[str, Choice]:
    """The choices without those that could be handed on and are not."""
    if hand_on is None:
        return choices
    given = hand_on(state)
    return {each: choice for each, choice in choices.items() if each in given or each[:1] != CARRIED}


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


def _handing_on(question: Question, reading: Reading, dynamic: str) -> HandOn | None:
    found, where = source_of(reading.survey, question, dynamic), question.tag.strip() or question.id
    if found is None:
        if question.raw.get(dynamic):
            reading.account.stub(where, "choices are carried forward from something that is not known", "none are")
        return None
    source, key = with_carried(reading.survey, reading.survey.questions[found[0]]), reading.key(found[0])
    if key is None:
        reading.account.stub(where, f"choices are carried forward from the loops of {found[0]}", "all are carried")
        return None
    reading.account.ran(question.id, "choices carried forward")
    return lambda state: {CARRIED + each.id for each in group(source, key, found[1], state)}


def _order(question: Question, where: str, reading: Reading) -> Order | None:
    try:
        order = order_of_choices([each.id for each in question.choices], question.raw.get("Randomization"))
    except ValueError as error:
        reading.account.stub(where, f"an order of choices called {error} is not known", "they keep their order")
        return None
    if order is not None:
        reading.account.ran(where, "choices in random order")
    return order

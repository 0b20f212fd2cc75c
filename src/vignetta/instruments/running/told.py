"""What a respondent was shown and answered, as conditions, piped text and carried-forward choices ask about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vignetta.instruments.running.visits import Answer, State
from vignetta.instruments.survey import Choice, Question

NUMBERS: Final = ("SelectedChoicesCount", "SelectedAnswerCount", "ChoiceNumericEntryValue", "TotalSum")


def given(state: State, key: str) -> Answer | None:
    """What was answered to a question; with `#` and its number to a part of one that sets several beside each other."""
    number, _, part = key.partition("#")
    answer = state.answers.get(number)
    return answer.get(part) if part and isinstance(answer, Mapping) else None if part else answer


def is_selected(answer: Answer | None, place: str) -> bool:
    """Whether a choice was chosen; `place` is its id, or a row's id, `/` and a column's."""
    if isinstance(answer, Mapping):
        row, _, column = place.partition("/")
        return is_selected(answer.get(row), column)
    return place == answer or (isinstance(answer, tuple) and place in answer)


def selected(answer: Answer | None) -> tuple[str, ...]:
    """The ids of the choices that were chosen, or of the rows that were answered."""
    if isinstance(answer, Mapping):
        return tuple(each for each, told in answer.items() if told)
    return (answer,) if isinstance(answer, str) else answer or ()


def offered(question: Question, key: str, state: State) -> tuple[str, ...]:
    """The ids of the choices that were shown, in order; none when the question was not."""
    if key.partition("#")[0] not in state.shown:
        return ()
    return state.offered.get(key) or tuple(each.id for each in question.choices)


def group(question: Question, key: str, which: str, state: State) -> list[Choice]:
    """Some of a question's choices: SelectedChoices, UnselectedChoices, DisplayedChoices and the like."""
    chosen, shown = selected(given(state, key)), offered(question, key, state)
    known = {each.id: each for each in question.choices}
    ids: Mapping[str, list[str]] = {
        "Selected": [each for each in shown if each in chosen],
        "Unselected": [each for each in shown if each not in chosen],
        "Displayed": list(shown),
        "NotDisplayed": [each for each in known if each not in shown],
        "All": list(known),
    }
    return [known[each] for each in ids[which.partition("Choices")[0]] if each in known]


def value(what: str, place: str, key: str, state: State) -> str:
    """What was typed or counted: the text of a question, a row or a choice's box; the number of choices."""
    answer = given(state, key)
    if what == "SelectedChoicesCount":
        return str(len(selected(answer)))
    if what == "SelectedAnswerCount":
        rows = answer.values() if isinstance(answer, Mapping) else ()
        return str(sum(is_selected(each, place) for each in rows))
    if what == "TotalSum":
        return _total(answer)
    beside = state.entries.get(f"{key}_{place}_TEXT") if place else None
    return beside if beside is not None else _typed(answer, place)


def _typed(answer: Answer | None, place: str) -> str:
    for each in place.split("/") if place else ():
        answer = answer.get(each) if isinstance(answer, Mapping) else None
    return answer if isinstance(answer, str) else ""


def _total(answer: Answer | None) -> str:
    try:
        return f"{sum(float(str(each)) for each in selected_values(answer)):g}"
    except ValueError:
        return ""


def selected_values(answer: Answer | None) -> list[Answer]:
    return list(answer.values()) if isinstance(answer, Mapping) else []

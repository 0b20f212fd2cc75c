"""Conditions of branches and display logic, as tests of where a respondent stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from vignetta.instruments.survey import Question, Raw, is_true
from vignetta.instruments.visits import Answer, Test

_OPERAND: Final = re.compile(r"q://(QID[^/]+)/(\w+)(?:/(.+))?")


def joined(tests: Iterator[tuple[bool, Test]] | list[tuple[bool, Test]]) -> Test:
    """Tests joined by And (True) and Or (False), of which And binds closer; the first one's joint does not count."""
    groups: list[list[Test]] = []
    for joint, test in tests:
        if joint and groups:
            groups[-1].append(test)
        else:
            groups.append([test])
    if len(groups) == 1 and len(groups[0]) == 1:
        return groups[0][0]
    return lambda state: any(all(test(state) for test in group) for group in groups)


def question_test(raw: Raw) -> Test | None:
    operand = _OPERAND.fullmatch(str(raw.get("LeftOperand", "")))
    if raw.get("LogicType") != "Question" or not operand or is_true(raw.get("QuestionIsInLoop")):
        return None
    (number, what, place), operator = operand.groups(), str(raw.get("Operator"))
    if what == "SelectableChoice" and operator in ("Selected", "NotSelected"):
        wanted = operator == "Selected"
        return lambda state: _selected(state.answers.get(number), place or "") == wanted
    if operator in ("Displayed", "NotDisplayed"):
        return lambda state: (number in state.shown) == (operator == "Displayed")
    if what == "ChoiceTextEntryValue" and operator in COMPARISONS:
        compare, right = COMPARISONS[operator], str(raw.get("RightOperand", ""))
        return lambda state: compare(_typed(state.answers.get(number)), right)
    return None


def _typed(answer: Answer | None) -> str:
    return answer if isinstance(answer, str) else ""


def _selected(answer: Answer | None, place: str) -> bool:
    if isinstance(answer, Mapping):
        row, _, column = place.partition("/")
        return _selected(answer.get(row), column)
    return place == answer or (isinstance(answer, tuple) and place in answer)


def answer_words(question: Question, answer: Answer) -> str:
    texts = {each.id: each.text for each in question.choices}
    chosen = answer if isinstance(answer, tuple) else (answer,)
    return ", ".join(texts.get(each, each) for each in chosen if isinstance(each, str))


def _ordered(test: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    def compare(left: str, right: str) -> bool:
        try:
            return test(float(left), float(right))
        except ValueError:
            return False

    return compare


COMPARISONS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "EqualTo": lambda left, right: left == right,
    "NotEqualTo": lambda left, right: left != right,
    "Contains": lambda left, right: right in left,
    "DoesNotContain": lambda left, right: right not in left,
    "Empty": lambda left, right: not left,
    "NotEmpty": lambda left, right: bool(left),
    "GreaterThan": _ordered(lambda left, right: left > right),
    "GreaterThanOrEqual": _ordered(lambda left, right: left >= right),
    "LessThan": _ordered(lambda left, right: left < right),
    "LessThanOrEqual": _ordered(lambda left, right: left <= right),
}


# ------------------------------------------------------------------------------------------------- answers at random

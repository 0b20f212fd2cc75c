"""Conditions of branches, display and skip logic, quotas and validation, as tests of where a respondent stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from vignetta.instruments.running.piping import field, piped, rendered, told_by
from vignetta.instruments.running.reading import Reading
from vignetta.instruments.running.told import NUMBERS, given, is_selected, offered, value
from vignetta.instruments.running.visits import Render, State, Test
from vignetta.instruments.survey import Question
from vignetta.instruments.written import Raw, is_true, numbered

_OPERAND: Final = re.compile(r"q://(?:(\w+)_)?(QID[^/_]*|[^/_]+)/(\w+)(?:/(.+))?")
_QUOTA: Final = re.compile(r"qo://([^/]+)(?:/.*)?")
_SELECTED: Final = {"Selected": True, "NotSelected": False}
_DISPLAYED: Final = {"Displayed": True, "NotDisplayed": False}
_ENTERED: Final = ("ChoiceTextEntryValue", *NUMBERS)


def condition(logic: object, where: str, reading: Reading, *, fallback: bool) -> Test:
    """Logic as a test; `fallback` is taken for what cannot be tested, and noted."""
    sets = [each for each in numbered(logic).values() if isinstance(each, dict)]
    if not sets:
        reading.account.stub(where, "a condition is empty", f"taken to {'hold' if fallback else 'fail'}")
        return lambda state: fallback
    return joined([(str(each.get("Type", "If")) == "AndIf", _set(each, where, reading, fallback)) for each in sets])


def _set(raw: Raw, where: str, reading: Reading, fallback: bool) -> Test:
    found = [each for each in numbered(raw).values() if isinstance(each, dict)]
    return joined(
        [(str(each.get("Conjuction", "And")) != "Or", expression(each, where, reading, fallback)) for each in found]
    )


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


def expression(raw: Raw, where: str, reading: Reading, fallback: bool) -> Test:
    """One comparison as a test."""
    kind = str(raw.get("LogicType"))
    made = _KINDS.get(kind, _by_source)(raw, where, reading)
    if made is None:
        what = f"the condition {kind} {raw.get('Operator')} cannot be tested"
        reading.account.stub(where, what, f"taken to {'hold' if fallback else 'fail'}")
        return lambda state: fallback
    reading.account.ran(where, f"conditions on {_ABOUT.get(kind, 'other sources')}")
    return made


# ------------------------------------------------------------------------------------------------------ the operands


def _question_test(raw: Raw, where: str, reading: Reading) -> Test | None:
    operand = _OPERAND.fullmatch(str(raw.get("LeftOperand", "")))
    if operand is None:
        return None
    loop, written, what, place = operand.groups(default="")
    number = written.replace("%23", "#")
    question, key, operator = reading.question(number), reading.key(number, loop), str(raw.get("Operator"))
    if question is None:
        reading.account.stub(where, f"a condition asks about {number}, which no question is", "it cannot be tested")
        return None
    if key is None:
        return None
    if operator in _SELECTED:
        return _selection(what, place, key, _SELECTED[operator])
    if operator in _DISPLAYED:
        return _display(question, what, place, key, _DISPLAYED[operator])
    if what not in _ENTERED:
        return None
    return _comparison(raw, lambda state: value(what, place, key, state), where, reading, number=what in NUMBERS)


def _selection(what: str, place: str, key: str, wanted: bool) -> Test | None:
    if what == "SelectableChoice":
        return lambda state: is_selected(given(state, key), place) == wanted
    if what == "SelectableAnswer":
        return lambda state: (value("SelectedAnswerCount", place, key, state) != "0") == wanted
    return None


def _display(question: Question, what: str, place: str, key: str, wanted: bool) -> Test:
    if what in ("ChoiceDisplayed", "SelectableChoice") and place:
        return lambda state: (place.partition("/")[0] in offered(question, key, state)) == wanted
    return lambda state: (key.partition("#")[0] in state.shown) == wanted


def _field_test(raw: Raw, where: str, reading: Reading) -> Test | None:
    return _comparison(raw, field(str(raw.get("LeftOperand", "")), where, reading), where, reading)


def _by_source(raw: Raw, where: str, reading: Reading) -> Test | None:
    """A comparison of what stands in piped text, such as a contact's name, a loop's field or a score."""
    source = str(raw.get("LeftOperand", ""))
    if "://" not in source or str(raw.get("Operator")) not in _OPERATORS:
        return None
    made = told_by(source, where, reading)
    return None if made is None else _comparison(raw, made, where, reading)


def _quota_test(raw: Raw, where: str, reading: Reading) -> Test | None:
    found = _QUOTA.fullmatch(str(raw.get("LeftOperand", "")))
    quota = reading.quotas.get(str(raw.get("QuotaID") or (found[1] if found else "")))
    if quota is None:
        return None
    operator = str(raw.get("Operator"))
    if operator in ("QuotaMet", "QuotaNotMet"):
        return lambda state: (quota.count >= quota.limit) == (operator == "QuotaMet")
    return _comparison(raw, lambda state: str(quota.count), where, reading, number=True)


def _device_test(raw: Raw, where: str, reading: Reading) -> Test | None:
    operator, named = str(raw.get("Operator")), str(raw.get("LeftOperand", "")).lower()
    if operator not in ("Is", "IsNot"):
        return None
    reading.account.stub(where, "a condition asks for the device", "taken to be a desktop computer")
    return lambda state: (state.respondent.device == named) == (operator == "Is")


_KINDS: Final[Mapping[str, Callable[[Raw, str, Reading], Test | None]]] = {
    "Question": _question_test,
    "EmbeddedField": _field_test,
    "Quota": _quota_test,
    "DeviceType": _device_test,
}
_ABOUT: Final = {
    "Question": "answers",
    "EmbeddedField": "embedded fields",
    "Quota": "quotas",
    "DeviceType": "the device",
}


# ------------------------------------------------------------------------------------------------------- comparisons


def _comparison(raw: Raw, left: Render, where: str, reading: Reading, *, number: bool = False) -> Test | None:
    operator = str(raw.get("Operator"))
    compare = _OPERATORS.get(operator)
    right = piped(str(raw.get("RightOperand", "")), where, reading)
    if compare is None or (operator == "MatchesRegex" and _pattern(str(right)) is None):
        return None
    if number and operator in _EQUAL:
        compare = _EQUAL[operator]
    any_case = is_true(raw.get("IgnoreCase"))
    fold = str.casefold if any_case and operator != "MatchesRegex" else str
    if any_case and operator == "MatchesRegex":
        compare = _matches_in_any_case

    def test(state: State) -> bool:
        return compare(fold(left(state)), fold(rendered(right, state)))

    return test


def _ordered(test: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    def compare(left: str, right: str) -> bool:
        try:
            return test(float(left), float(right))
        except ValueError:
            return False

    return compare


_WRAPPED: Final = re.compile(r"/(.*)/([a-z]*)", re.DOTALL)


@dataclass(frozen=True)
class _Pattern:
    """A regular expression for RE2, whose time grows with the text alone; it knows no lookaround, no backreference."""

    text: str
    any_case: bool

    def found_in(self, text: str) -> bool:
        texts = pa.array([text.encode("utf-8", "replace").decode()])
        return bool(pc.match_substring_regex(texts, self.text, ignore_case=self.any_case)[0].as_py())


@lru_cache(maxsize=1024)
def _pattern(text: str, any_case: bool = False) -> _Pattern | None:
    """The expression that a condition writes, perhaps as `/.../i`; None where it cannot be tested."""
    wrapped = _WRAPPED.fullmatch(text)
    pattern = _Pattern(wrapped[1] if wrapped else text, any_case or bool(wrapped and "i" in wrapped[2]))
    try:
        pattern.found_in("")
    except (pa.ArrowInvalid, UnicodeEncodeError):
        return None
    return pattern


def _matches(left: str, right: str) -> bool:
    pattern = _pattern(right)
    return pattern is not None and pattern.found_in(left)


def _matches_in_any_case(left: str, right: str) -> bool:
    pattern = _pattern(right, any_case=True)
    return pattern is not None and pattern.found_in(left)


_EQUAL: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "EqualTo": _ordered(lambda left, right: left == right),
    "NotEqualTo": lambda left, right: not _EQUAL["EqualTo"](left, right),
}
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
_OPERATORS: Final[Mapping[str, Callable[[str, str], bool]]] = {**COMPARISONS, "MatchesRegex": _matches}

"""Conditions of branches and display logic as data that the page evaluates."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from vignetta.instruments.running.logic import COMPARISONS
from vignetta.instruments.written import Raw, entries

Condition = dict[str, Any]
"""Either `any`, alternatives that are lists of conditions which all must hold, or one of the tests:

- `field`, `operator`, `to`: an embedded field compared with a text;
- `typed`, `operator`, `to`: the words typed into a question compared with a text;
- `question`, `choice`, `selected`: a choice, or `row/column` of a matrix, is selected or is not;
- `question`, `displayed`: a question was shown or was not;
- `taken`: what cannot be tested here, and how it is taken; `words` says what it is.
"""

_OPERAND: Final = re.compile(r"q://(QID[^/]+)/(\w+)(?:/(.+))?")


def condition(logic: Raw, *, taken: bool) -> Condition:
    """Logic as written, as a condition; a part that cannot be tested here counts as `taken`."""
    return _joined((str(each.get("Type")) == "AndIf", _set(each, taken)) for each in entries(logic))


def untested(found: Condition) -> list[str]:
    """The words of the tests that cannot be made here."""
    if "any" in found:
        return [words for group in found["any"] for each in group for words in untested(each)]
    return [found["words"]] if "words" in found else []


def _set(raw: Raw, taken: bool) -> Condition:
    return _joined((str(each.get("Conjuction", "And")) != "Or", _test(each, taken)) for each in entries(raw))


def _joined(tests: Iterable[tuple[bool, Condition]]) -> Condition:
    """Tests joined by And (True) and Or (False), of which And binds closer; the first one's joint does not count."""
    groups: list[list[Condition]] = []
    for joint, test in tests:
        if joint and groups:
            groups[-1].append(test)
        else:
            groups.append([test])
    return {"any": groups}


def _test(raw: Raw, taken: bool) -> Condition:
    kind, operator, right = str(raw.get("LogicType")), str(raw.get("Operator")), str(raw.get("RightOperand", ""))
    if kind == "EmbeddedField" and operator in COMPARISONS:
        return {"field": str(raw.get("LeftOperand", "")), "operator": operator, "to": right}
    operand = _OPERAND.fullmatch(str(raw.get("LeftOperand", "")))
    if kind == "Question" and operand:
        written, what, place = operand.groups()
        number = written.replace("%23", "#")
        if what == "SelectableChoice" and operator in ("Selected", "NotSelected"):
            return {"question": number, "choice": place or "", "selected": operator == "Selected"}
        if operator in ("Displayed", "NotDisplayed"):
            return {"question": number, "displayed": operator == "Displayed"}
        if what == "ChoiceTextEntryValue" and operator in COMPARISONS:
            return {"typed": number, "operator": operator, "to": right}
    return {"taken": taken, "words": f"{kind} {operator}"}

"""Findings about logic: what it refers to, when that is known, and whether it can ever hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from vignetta.instruments.hypertext import is_piped
from vignetta.instruments.review.findings import Finding
from vignetta.instruments.review.lint_fields import BUILT_IN
from vignetta.instruments.running.logic import COMPARISONS
from vignetta.instruments.running.visits import form
from vignetta.instruments.survey import Question
from vignetta.instruments.tracing import Condition, Place, Stand, Trace, short
from vignetta.instruments.written import Raw, is_true

_OPERAND: Final = re.compile(r"q://(QID[^/#%]+)((?:#|%23)\w+)?/(\w+)(?:/(.+))?")
"""The question, its part where it sets several beside each other, what is asked about it, and the choice."""
_CHOSEN: Final = ("SelectableChoice", "ChoiceDisplayed", "ChoiceTextEntryValue", "SelectableAnswer", "AnswerDisplayed")
_ENDS: Final = ("ENDOFBLOCK", "ENDOFSURVEY")
_BOUNDS: Final = {
    "GreaterThan": (1, False),
    "GreaterThanOrEqual": (1, True),
    "LessThan": (-1, False),
    "LessThanOrEqual": (-1, True),
}


def logic_findings(trace: Trace) -> Iterator[Finding]:
    """Everything that is wrong with logic on the way of respondents."""
    for each in trace.conditions:
        broken = list(_references(each, trace))
        yield from broken
        if not broken:
            yield from _order(each, trace)
            yield from _impossible(each, trace)
    yield from _skips(trace)


# ---------------------------------------------------------------------------------------------- what it refers to


def _references(condition: Condition, trace: Trace) -> Iterator[Finding]:
    for test in condition.tests:
        found = _OPERAND.fullmatch(str(test.get("LeftOperand", "")))
        if test.get("LogicType") == "Question" and found:
            yield from _question_reference(condition.place, found, trace)
        elif test.get("LogicType") == "Question" and "undefined" in str(test.get("LeftOperand", "")):
            told = "a comparison was begun and asks about nothing."
            yield _error(condition.place, "broken-logic", told, "Finish it, or remove it.")
        elif test.get("LogicType") == "EmbeddedField":
            yield from _field_reference(condition, str(test.get("LeftOperand", "")), trace)


def _question_reference(place: Place, found: re.Match[str], trace: Trace) -> Iterator[Finding]:
    number, _, what, choice = found.groups()
    question = trace.survey.questions.get(number)
    if question is None:
        yield _error(place, "broken-logic", f"the logic asks about {number}, which does not exist.", "Choose another.")
    elif number not in trace.stands:
        told = f"the logic asks about a question that nobody gets: {trace.question(number).name}."
        yield _error(place, "broken-logic", told, "Show that question before, or change the logic.")
    elif choice and what in _CHOSEN and not _has_choice(question, choice):
        told = f"the logic asks about choice {choice} of {number}, which that question does not have."
        yield _error(place, "broken-logic", told, f"Its choices are {_choices(question)}.")


def _has_choice(question: Question, place: str) -> bool:
    if not question.choices or question.type not in ("MC", "Matrix") or _carried(question):
        return True
    ids = {each.id for each in question.choices} | {each.id for each in question.answers}
    return all(each in ids or not each.isdecimal() for each in place.split("/"))


def _carried(question: Question) -> bool:
    """Whether choices are carried forward from another question, so that they are not all written here."""
    return bool(question.raw.get("DynamicChoices") or question.raw.get("DynamicAnswers"))


def _choices(question: Question) -> str:
    return ", ".join(f"{each.id} ({short(each.plain)})" for each in question.choices[:8])


def _field_reference(condition: Condition, name: str, trace: Trace) -> Iterator[Finding]:
    settings = trace.settings.get(name, ())
    if name in BUILT_IN or name.startswith("Q_"):
        return
    if not settings and not trace.is_set_by_script(name) and name not in trace.from_services:
        told = f"the logic tests the field `{name}`, which the survey never sets."
        remedy = "Declare it at the start of the flow, unless a contact list holds it."
        yield Finding("warning", "field-never-set", condition.place.id, condition.place.name, told, remedy)
        return
    places = [each.stand for each in settings] if trace.closed_values(name) is not None else []
    if places and condition.stands and all(_never_before(places, each) for each in condition.stands):
        told = f"the logic tests the field `{name}` before any place that sets it."
        yield _error(condition.place, "field-set-too-late", told, "Move what sets the field before it.")


def _never_before(those: Sequence[Stand], here: Stand) -> bool:
    """Whether nothing of those comes before a place, in whatever order randomizers show things."""
    return all(each.relation(here) in ("after", "same", "apart") for each in those)


def _order(condition: Condition, trace: Trace) -> Iterator[Finding]:
    """Answers that are asked for only after the logic needs them."""
    if condition.kind in ("validation", "quota"):
        return
    for number in dict.fromkeys(_asked(condition, trace)):
        relations = {each.relation(here) for each in trace.stands[number] for here in condition.stands}
        if relations and relations <= {"after", "apart"}:
            asked = trace.question(number).name or number
            how = "is shown only later" if "after" in relations else "is never shown to the same respondent"
            yield _error(
                condition.place,
                "logic-too-early",
                f"the logic asks about a question that {how}: {asked}.",
                "Ask that question before.",
            )


def _asked(condition: Condition, trace: Trace) -> Iterator[str]:
    for test in condition.tests:
        found = _OPERAND.fullmatch(str(test.get("LeftOperand", "")))
        if test.get("LogicType") == "Question" and found and found[1] in trace.stands and found[1] != condition.about:
            yield found[1]


# ------------------------------------------------------------------------------------------- whether it can be true


def _impossible(condition: Condition, trace: Trace) -> Iterator[Finding]:
    if not condition.alternatives:
        return
    why = [contradiction(each, trace) for each in condition.alternatives]
    reasons = "; ".join(dict.fromkeys(each for each in why if each))
    if all(why):
        told = f"the {condition.kind} logic can never be true: {reasons}."
        yield _error(condition.place, "logic-never-true", told, "Correct it, or write Or where And stands.")
    elif reasons:
        told = f"a part of the {condition.kind} logic can never be true: {reasons}."
        yield Finding("warning", "logic-never-true", condition.place.id, condition.place.name, told, "Correct it.")


def contradiction(tests: Sequence[Raw], trace: Trace) -> str:
    """Why tests cannot all hold; empty when nothing is known against it."""
    return _of_choices(tests, trace) or _of_fields(tests, trace)


def _of_choices(tests: Sequence[Raw], trace: Trace) -> str:
    chosen: dict[tuple[str, str], set[str]] = {}
    denied: dict[tuple[str, str], set[str]] = {}
    for test in tests:
        found = _OPERAND.fullmatch(str(test.get("LeftOperand", "")))
        operator = test.get("Operator")
        looped = is_true(test.get("QuestionIsInLoop"))
        if not found or looped or found[3] != "SelectableChoice" or operator not in ("Selected", "NotSelected"):
            continue
        row, _, column = (found[4] or "").rpartition("/")
        (chosen if operator == "Selected" else denied).setdefault((found[1], (found[2] or "") + row), set()).add(column)
    for (number, row), places in chosen.items():
        name = trace.question(number).name or number
        if places & denied.get((number, row), set()):
            return f"a choice of `{name}` would have to be selected and not selected"
        if len(places) > 1 and _one_answer(trace.survey.questions.get(number), row):
            return f"`{name}` takes one answer, not {len(places)}"
    return ""


def _one_answer(question: Question | None, row: str) -> bool:
    if question is None:
        return False
    return form(question) == "single" or (bool(row) and question.sub_selector == "SingleAnswer")


def _of_fields(tests: Sequence[Raw], trace: Trace) -> str:
    fields: dict[str, list[tuple[str, str]]] = {}
    for test in tests:
        right = str(test.get("RightOperand", ""))
        operator = str(test.get("Operator"))
        if test.get("LogicType") == "EmbeddedField" and not is_piped(right) and operator in COMPARISONS:
            fields.setdefault(str(test.get("LeftOperand", "")), []).append((operator, right))
    for name, asked in fields.items():
        reason = _of_field(name, asked, trace)
        if reason:
            return reason
    return ""


def _of_field(name: str, asked: Sequence[tuple[str, str]], trace: Trace) -> str:
    equal = {right.strip().casefold() for operator, right in asked if operator == "EqualTo"}
    unequal = {right.strip().casefold() for operator, right in asked if operator == "NotEqualTo"}
    operators = {operator for operator, _ in asked}
    if len(equal) > 1:
        return f"`{name}` would have to be {' and '.join(sorted(equal))} at once"
    if equal & unequal or {"Empty", "NotEmpty"} <= operators or ("Empty" in operators and equal - {""}):
        return f"two conditions about `{name}` exclude each other"
    if _beyond(asked):
        return f"no number is within the bounds for `{name}`"
    return _unheard_of(name, asked, trace)


def _beyond(asked: Sequence[tuple[str, str]]) -> bool:
    low, high = (float("-inf"), True), (float("inf"), True)
    for operator, right in asked:
        try:
            number = float(right)
        except ValueError:
            continue
        side, included = _BOUNDS.get(operator, (0, True))
        if side > 0 or operator == "EqualTo":
            low = max(low, (number, included), key=lambda each: (each[0], not each[1]))
        if side < 0 or operator == "EqualTo":
            high = min(high, (number, included), key=lambda each: (each[0], each[1]))
    return low[0] > high[0] or (low[0] == high[0] and not (low[1] and high[1]))


def _unheard_of(name: str, asked: Sequence[tuple[str, str]], trace: Trace) -> str:
    values = trace.closed_values(name)
    if values is None:
        return ""
    known = {"", *(each.strip().casefold() for each in values)}
    listed = ", ".join(f"`{short(each)}`" for each in values[:8])
    strange = (right for operator, right in asked if operator == "EqualTo" and right.strip().casefold() not in known)
    return next((f"`{name}` is never `{short(each)}`: the flow sets it to {listed}" for each in strange), "")


# ------------------------------------------------------------------------------------------------------ skip logic


def _skips(trace: Trace) -> Iterator[Finding]:
    for number, skip in trace.skips:
        place, to = trace.question(number), str(skip.get("SkipToDestination", ""))
        found = _OPERAND.fullmatch(str(skip.get("Locator") or skip.get("ChoiceLocator") or ""))
        if found:
            yield from _question_reference(place, found, trace)
        if not to.startswith("QID") or to in _ENDS:
            continue
        home, target = trace.home.get(number), trace.home.get(to)
        if to not in trace.survey.questions or target is None:
            yield _error(place, "broken-skip", f"it skips to {to}, which no block holds.", "Choose another place.")
        elif home is not target:
            told = f"it skips to {to}, which stands in another block."
            yield _error(place, "broken-skip", told, "Skip within the block, and branch in the flow.")
        elif home is not None and home.questions.index(to) <= home.questions.index(number):
            yield _error(place, "broken-skip", f"it skips back to {to}.", "Skip forward only.")


def _error(place: Place, rule: str, what: str, remedy: str) -> Finding:
    return Finding("error", rule, place.id, place.name, what, remedy)

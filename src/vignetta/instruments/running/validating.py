"""What an answer must be for its page to be submitted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from vignetta.instruments.running.logic import condition
from vignetta.instruments.running.ordering import whole
from vignetta.instruments.running.reading import Reading
from vignetta.instruments.running.visits import Answer, Test
from vignetta.instruments.survey import Question
from vignetta.instruments.written import Raw, mapping

Fault = Callable[[Answer], str]
"""What is wrong with an answer; empty when nothing is."""
TRIES: Final = 20
"""So often somebody is asked again whose answer the survey's own condition refuses; then it is let pass."""
CHECKED: Final = ("ValidNumber",)
"""Types of content that are checked."""
_KNOWN: Final = (None, "", "None", "ContentType", "ChoicesTotal")
"""Types of validation that ask for nothing else."""


def fault(question: Question) -> Fault | None:
    """What the question's own rules refuse: numbers out of their range, too few letters or choices, or too many."""
    rules, number = question.validation, question.validation.get("ContentType") == "ValidNumber"
    if question.type == "TE" and question.selector != "FORM":
        if number:
            low, high = limits(rules)
            return lambda answer: _out_of(answer, low, high)
        letters = whole(rules.get("MinChars")) or 0, whole(rules.get("MaxChars"))
        return _between(letters, "characters") if any(letters) else None
    choices = whole(rules.get("MinChoices")) or 0, whole(rules.get("MaxChoices"))
    return _between(choices, "choices") if any(choices) else None


def limits(rules: Raw) -> tuple[float, float]:
    """The lowest and the highest number that is allowed."""
    bounds = mapping(rules.get("ValidNumber"))
    low, high = as_float(bounds.get("Min")), as_float(bounds.get("Max"))
    return float("-inf") if low is None else low, float("inf") if high is None else high


def as_float(value: object) -> float | None:
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None


def _out_of(answer: Answer, low: float, high: float) -> str:
    number = as_float(answer) if isinstance(answer, str) else None
    if number is None:
        return f"{answer!r} is not a number"
    return "" if low <= number <= high else f"{answer} is not between {low:g} and {high:g}"


def _between(allowed: tuple[int, int | None], what: str) -> Fault:
    least, most = allowed

    def found(answer: Answer) -> str:
        if isinstance(answer, Mapping) or (isinstance(answer, str) != (what == "characters")):
            return ""
        bad = len(answer) < least or (most is not None and len(answer) > most)
        return f"{answer!r} has {len(answer)} {what}; {least} to {most or 'any number'} are allowed" if bad else ""

    return found


def own_condition(question: Question, where: str, reading: Reading) -> Test | None:
    """The condition by which the survey's author refuses answers."""
    rules = question.validation
    if rules.get("Type") != "CustomValidation":
        kind = rules.get("ContentType") if rules.get("Type") == "ContentType" else None
        if kind and kind not in CHECKED:
            reading.account.stub(where, f"content of type {kind} is not checked", "any text is let pass")
        elif rules.get("Type") not in _KNOWN and fault(question) is None:
            reading.account.stub(where, f"validation of type {rules['Type']} is not checked", "any answer is let pass")
        return None
    logic = mapping(rules.get("CustomValidation")).get("Logic")
    if not logic:
        reading.account.stub(where, "custom validation without a condition", "any answer is let pass")
        return None
    reading.account.ran(where, f"custom validation (asked up to {TRIES} times, then let pass)")
    return condition(logic, where, reading, fallback=True)

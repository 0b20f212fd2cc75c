"""What exclusion rules read in a codebook, and whether it can be read."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, get_args

from vignetta.codebook import Codebook, Role, Variable
from vignetta.conditions import condition_values
from vignetta.declared import as_number
from vignetta.errors import Problem, StudyError, near_miss
from vignetta.exclusions import Exclusion, Rule

DURATION: Final = "duration"
_AGREEMENT: Final = ("agree", "agreed", "yes", "true", "consent", "i agree")
_AFTER: Final[tuple[Role, ...]] = ("outcome", "recall")
_OF_TASKS: Final[tuple[Rule, ...]] = ("straight_lining",)
"""Rules that judge a respondent by all tasks together."""
_IN_ORDER: Final = ("number", "scale", "ordered", "time")
_FEWEST_ALIKE: Final = 2
_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2})?)?")


def needed(exclusions: Sequence[Exclusion], codebook: Codebook) -> frozenset[str]:
    """Names of the variables that the rules read.

    Raises `StudyError` for each that the codebook lacks, or that is about a task where a rule judges whole rows.
    """
    found = unreadable(exclusions, codebook)
    problems = [Problem(f"exclusions[{number}]", what, remedy) for number, what, remedy in found]
    problems += _unsettled(exclusions, codebook)
    if problems:
        raise StudyError(problems)
    return frozenset(variable.full_name for each in exclusions for variable in reads(each, codebook))


def unreadable(exclusions: Sequence[Exclusion], codebook: Codebook) -> Iterator[tuple[int, str, str]]:
    """What a rule cannot read in a codebook: the rule's place from 0, what is wrong, and the remedy."""
    for number, each in enumerate(exclusions):
        for what, remedy in _faults(each, reads(each, codebook), codebook):
            yield number, what, remedy


def reads(rule: Exclusion, codebook: Codebook) -> list[Variable]:
    """The variables that a rule uses."""
    names = names_of(rule)
    return [each for each in codebook.variables if each.name in names or _by_role(rule, each)]


def names_of(rule: Exclusion) -> tuple[str, ...]:
    """The variables that a rule names, or for which it is made."""
    made_for = {"preview": "status", "incomplete": "finished", "speeding": DURATION, "slowness": DURATION}
    return rule.reads or ((made_for[rule.rule],) if rule.rule in made_for else ())


def _by_role(rule: Exclusion, variable: Variable) -> bool:
    if rule.rule == "recall":
        shown = variable.role == "factor" and variable.name == rule.factor
        return shown or (variable.role == "recall" and variable.about == rule.factor)
    if rule.rule == "attention":
        return variable.role == "attention" and not rule.variables
    return rule.rule == "no_consent" and variable.role == "consent"


def measured_after(codebook: Codebook) -> frozenset[str]:
    """Variables that are measured after a vignette was read: outcomes, recall, and whatever is about a task."""
    return frozenset(
        each.name for each in codebook.variables if each.role in _AFTER or (each.task and each.role != "factor")
    )


# ------------------------------------------------------------------------------------------------ what cannot be read


def _faults(rule: Exclusion, read: Sequence[Variable], codebook: Codebook) -> Iterator[tuple[str, str]]:
    found = {each.name for each in read}
    lacking = [each for each in names_of(rule) if each not in found]
    if not found or lacking or (rule.rule == "recall" and len(found) < 2):
        what = _LACKS[rule.rule](rule, lacking)
        known = near_miss(lacking[0], codebook.names) if lacking and rule.rule in _NAMING else _ADD
        yield f"the rule `{rule.rule}` finds nothing to read: {what}.", known
    names = dict.fromkeys(f"`{each.name}`" for each in read if each.task)
    if names and rule.rule not in _OF_TASKS:
        what = f"the rule `{rule.rule}` would read {', '.join(names)}, which differs from task to task."
        yield what, "A rule leaves out respondents with all their tasks; let it read what is about the respondent."
    if rule.rule == "straight_lining" and read and len(read) < _FEWEST_ALIKE:
        yield "one answer alone is always alike.", "Name at least two variables."
    yield from _unfit(rule, read)


_ADD: Final = "Add it, or drop the rule."
_NAMING: Final[tuple[Rule, ...]] = (
    "duplicate", "straight_lining", "score", "location", "condition", "speeding", "slowness", "attention"
)  # fmt: skip


def _no_variable(rule: Exclusion, lacking: Sequence[str]) -> str:
    return f"the codebook has no variable {', '.join(f'`{each}`' for each in lacking)}"


def _no_role(role: str) -> Callable[[Exclusion, Sequence[str]], str]:
    def told(rule: Exclusion, lacking: Sequence[str]) -> str:
        return _no_variable(rule, lacking) if lacking else f"no variable of the codebook has the role `{role}`"

    return told


def _no_recall(rule: Exclusion, lacking: Sequence[str]) -> str:
    return f"the codebook lacks the factor `{rule.factor}` or a recall check that is `about` it"


_LACKS: Final[Mapping[Rule, Callable[[Exclusion, Sequence[str]], str]]] = {
    **dict.fromkeys(get_args(Rule), _no_variable),
    "no_consent": _no_role("consent"),
    "attention": _no_role("attention"),
    "recall": _no_recall,
}


def _unfit(rule: Exclusion, read: Sequence[Variable]) -> Iterator[tuple[str, str]]:
    """Variables whose values the rule cannot compare."""
    for each in read:
        if rule.rule in ("speeding", "slowness", "score") and each.kind != "number":
            yield f"`{each.name}` is a `{each.kind}` and cannot be compared with a bound.", "Make it a number."
        if rule.rule == "condition" and each.role == "personal":
            yield f"`{each.name}` is personal and not read.", "Use another variable."
    kinds = {each.name: each for each in read}
    for name, value, by_order in condition_values(rule.when) if rule.rule == "condition" and rule.when else ():
        if name in kinds:
            yield from _incomparable(kinds[name], value, by_order)


def _incomparable(variable: Variable, value: object, by_order: bool) -> Iterator[tuple[str, str]]:
    numeric = variable.kind in ("number", "scale")
    if numeric and not isinstance(value, float):
        yield f"`{variable.name}` is a number and cannot be compared with the text `{value}`.", "Write a number."
    elif not numeric and isinstance(value, float) and as_number(value) is not None:
        yield f"`{variable.name}` is a `{variable.kind}` and is compared with texts.", f'Write `"{value:g}"`.'
    elif variable.kind == "time" and not _TIME.fullmatch(str(value)):
        yield f"`{value}` is not a time.", "Write it as `2026-01-31` or `2026-01-31 09:30`."
    elif variable.levels and not numeric and variable.kind != "multiple" and value not in variable.levels:
        yield f"`{variable.name}` has no level `{value}`.", near_miss(str(value), variable.levels)
    if by_order and variable.kind not in _IN_ORDER:
        yield f"`{variable.name}` is a `{variable.kind}`, which has no order.", "Write `==`, `!=` or `in`."


def _unsettled(exclusions: Sequence[Exclusion], codebook: Codebook) -> Iterator[Problem]:
    read = [each for rule in exclusions if rule.rule in ("attention", "no_consent") for each in reads(rule, codebook)]
    for each in (each for each in codebook.variables if each in read):
        if each.role != "consent" and not each.about:
            what = "`about` does not say which answer is right."
            yield Problem(f"codebook {each.full_name}", what, "Write its level.")
        if each.role == "consent" and agreement(each) is None:
            what = f"nothing says which of {', '.join(f'`{level}`' for level in each.levels)} is consent."
            yield Problem(f"codebook {each.full_name}", what, "Write the level into `about`.")


def agreement(consent: Variable) -> str | None:
    """The level that means consent: what `about` says, the only one, or the only one in words of agreement."""
    levels = consent.levels or (["true", "false"] if consent.kind == "flag" else [])
    if consent.about:
        return consent.about
    if len(levels) == 1:
        return levels[0]
    found = [each for each in levels if each.casefold() in _AGREEMENT]
    return found[0] if len(found) == 1 else None

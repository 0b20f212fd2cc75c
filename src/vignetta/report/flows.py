"""The flow of respondents: from raw rows to those analysed, rule by rule and level by level."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import pandas as pd

from vignetta.cleaning.excluding import ledger
from vignetta.cleaning.excluding.screening import ANALYSED, reasons
from vignetta.errors import Problem, StudyError
from vignetta.plan import measured_after
from vignetta.report.inputs import ReportInput
from vignetta.report.labels import Labels


@dataclass(frozen=True)
class Step:
    """One exclusion: why, how many, how many remain, and whether the rule looks past the vignette."""

    reason: str
    n: int
    remaining: int
    after_treatment: bool


@dataclass(frozen=True)
class Arm:
    """A level: how many responses it was assigned to, left out by rules before and after the vignette, and analysed."""

    label: str
    assigned: int
    before: int
    after: int
    analysed: int


@dataclass(frozen=True)
class Flow:
    """The flow of respondents from raw rows to those analysed.

    `arms` holds for each factor its label and its levels; the last of these, without a label, stands for responses to
    which no level was assigned, if there are any.
    """

    raw: int
    steps: tuple[Step, ...]
    analysed: int
    arms: tuple[tuple[str, tuple[Arm, ...]], ...] = ()

    @property
    def excluded(self) -> int:
        """How many were left out in all."""
        return sum(each.n for each in self.steps)

    @property
    def phases(self) -> list[tuple[bool, list[Step]]]:
        """The steps in runs of rules that look past the vignette, or do not."""
        return [(after, list(steps)) for after, steps in groupby(self.steps, key=lambda each: each.after_treatment)]


def flow(given: ReportInput) -> Flow:
    """The flow of respondents.

    Raises `StudyError` when the ledger has a state that is no reason of the plan, or the levels add up to others.
    """
    rules = given.plan.exclusions
    measured = measured_after(given.design)
    past = [each.looks_past_treatment(each.reads, measured) for each in rules]
    try:
        steps = ledger.flow(given.ledger, exclusions=rules, past_treatment=past)
    except ValueError as error:
        raise StudyError(Problem("ledger", f"{error}.", "Run `vignetta clean` again.")) from None
    after = {reason for reason, each in zip(reasons(rules), past, strict=True) if each}
    rows = list(zip(steps["state"], steps["n"], steps["remaining"], strict=True))
    excluded = tuple(Step(state, int(n), int(remaining), state in after) for state, n, remaining in rows[:-1])
    return Flow(len(given.ledger), excluded, int(rows[-1][1]), tuple(_arms(given, after)))


def _arms(given: ReportInput, after: set[str]) -> Iterator[tuple[str, tuple[Arm, ...]]]:
    labels, table = Labels(given.design), given.arms
    responses = len(given.ledger) * given.design.responses
    for name in given.design.factors:
        rows = table[table["factor"] == name]
        if len(rows) and rows["n"].sum() != responses:
            what = f"the levels of `{name}` add up to {rows['n'].sum()}, not to {responses} responses."
            raise StudyError(Problem("arms", what, "Run `vignetta clean` again."))
        levels = dict.fromkeys(rows["level"])
        if levels:
            made = (
                _arm(labels.level(name, each) if each else "", rows[rows["level"] == each], after) for each in levels
            )
            yield labels.factor(name), tuple(made)


def _arm(label: str, rows: pd.DataFrame, after: set[str]) -> Arm:
    analysed = int(rows.loc[rows["state"] == ANALYSED, "n"].sum())
    late = int(rows.loc[rows["state"].isin(after), "n"].sum())
    assigned = int(rows["n"].sum())
    return Arm(label, assigned, assigned - late - analysed, late, analysed)

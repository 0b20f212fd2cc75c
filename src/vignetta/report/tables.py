"""The estimates frame as tables in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from vignetta.plan import Plan
from vignetta.report.labels import Labels
from vignetta.report.numbers import NONE, interval, number, p_value
from vignetta.report.phrases import (
    average_words,
    basis,
    coverage,
    errors_words,
    estimand_words,
    joint_statistic,
    responses,
)

KEY: Final = ["estimand", "model", "factor", "versus", "within_factor", "average_over"]
JOINT_KEY: Final = ["estimand", "model"]
ADJUSTED: Final = {False: (), True: ("Adjusted p",)}
DESCRIBED: Final = ("margin", "conditional_margin")


@dataclass(frozen=True)
class TableRow:
    """A row: what it is about, its numbers, and whether it was registered."""

    header: str
    cells: tuple[str, ...]
    status: str
    is_reference: bool = False


@dataclass(frozen=True)
class Section:
    """Rows under one level of the other factor; without one, the heading is empty."""

    heading: str
    rows: tuple[TableRow, ...]


@dataclass(frozen=True)
class Table:
    """A set of estimates of one kind.

    Attributes
    ----------
    title, about : a heading, and what holds for every row.
    columns : headings of the row header, the cells and the status.
    sections : the rows.
    """

    title: str
    about: str
    columns: tuple[str, ...]
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class Chapter:
    """The tables that bear on one hypothesis; without a hypothesis, the name is empty."""

    name: str
    statement: str
    tables: tuple[Table, ...]


def chapters(estimates: pd.DataFrame, labels: Labels, *, plan: Plan) -> list[Chapter]:
    """Every row of the estimates in words: hypotheses in the plan's order, then what bears on none.

    Raises `StudyError` for a name that the design does not declare.
    """
    names = [
        *plan.hypotheses,
        *(each for each in dict.fromkeys(estimates["hypothesis"]) if each not in plan.hypotheses),
    ]
    found = [(name, estimates[estimates["hypothesis"] == name]) for name in names]
    return [
        Chapter(
            name, plan.hypotheses[name].statement if name in plan.hypotheses else "", tuple(_tables(rows, labels, plan))
        )
        for name, rows in found
        if len(rows)
    ]


def _tables(rows: pd.DataFrame, labels: Labels, plan: Plan) -> Iterator[Table]:
    joint = rows["estimand"] == "joint_test"
    for _, group in rows[~joint].groupby(KEY, sort=False):
        yield _table(group, labels, plan)
    for _, group in rows[joint].groupby(JOINT_KEY, sort=False):
        yield _joint_table(group, labels)


def _table(rows: pd.DataFrame, labels: Labels, plan: Plan) -> Table:
    first = rows.iloc[0]
    described = first.estimand in DESCRIBED
    shown = f"{coverage(plan.alpha)} interval"
    adjusted = bool(rows["p_adjusted"].notna().any())
    tested = () if described else ("t", "p", *ADJUSTED[adjusted])
    note = basis(rows, plan.alpha)
    about = (
        f"{labels.outcome(first.outcome)} ({labels.scale(first.outcome)}); {note}; {average_words(first.average_over)}."
        f"{_told(rows)}"
    )
    return Table(
        title=estimand_words(first, labels),
        about=about,
        columns=(labels.factor(first.factor), "Estimate", shown, "Std. error", *tested, "Status"),
        sections=tuple(
            Section(
                labels.within(first.within_factor, str(within)) if within else "",
                tuple(_row(each, labels, len(tested)) for each in _records(inside)),
            )
            for within, inside in rows.groupby("within_level", sort=False)
        ),
    )


def _row(row: Any, labels: Labels, tested: int) -> TableRow:
    """A row; `tested` counts its columns about the test: none, t and p, or also the adjusted p."""
    header = labels.level(row.factor, row.level)
    digits = labels.digits(row.outcome)
    if row.is_reference:
        cells = (number(0.0, digits), *[NONE] * (2 + tested))
        return TableRow(header, cells, row.registered, is_reference=True)
    cells = (number(row.estimate, digits), interval(row.conf_low, row.conf_high, digits), number(row.std_error, 3))
    test = (number(row.statistic), p_value(row.p_value), p_value(row.p_adjusted))
    return TableRow(header, (*cells, *test[:tested]), row.registered)


def _joint_table(rows: pd.DataFrame, labels: Labels) -> Table:
    first = rows.iloc[0]
    adjusted = bool(rows["p_adjusted"].notna().any())
    lines = tuple(
        TableRow(
            _interaction(row, labels),
            (joint_statistic(row), p_value(row.p_value), p_value(row.p_adjusted))[: 2 + adjusted],
            row.registered,
        )
        for row in _records(rows)
    )
    return Table(
        title=estimand_words(first, labels),
        about=f"{labels.outcome(first.outcome)}; {_tested(rows)}.{_told(rows)}",
        columns=("Interaction", "F", "p", *ADJUSTED[adjusted], "Status"),
        sections=(Section("", lines),),
    )


def _interaction(row: Any, labels: Labels) -> str:
    return " × ".join(labels.factor(each) for each in (row.factor, row.within_factor) if each)


def _records(rows: pd.DataFrame) -> Iterator[Any]:
    yield from rows.itertuples()


def _told(rows: pd.DataFrame) -> str:
    """What a reader of the numbers must know."""
    return "".join(f" Note: {each}." for each in dict.fromkeys(rows["note"]) if each)


def _tested(rows: pd.DataFrame) -> str:
    """The basis of joint tests, which have no intervals."""
    return f"{responses(rows)}; {' and '.join(errors_words(each) for each in dict.fromkeys(rows['errors']))}"


# ------------------------------------------------------------------------------------------- tests of a hypothesis


def hypothesis_tests(estimates: pd.DataFrame, labels: Labels, hypothesis: str) -> list[Section]:
    """The tests that bear on a hypothesis: estimate, interval and adjusted p-value, under what they compare with."""
    tested = estimates[
        (estimates["hypothesis"] == hypothesis) & ~estimates["is_reference"] & ~estimates["estimand"].isin(DESCRIBED)
    ]
    sections: dict[str, list[TableRow]] = {}
    for row in tested.itertuples():
        heading, made = _test(row, labels)
        sections.setdefault(heading, []).append(made)
    return [Section(heading, tuple(rows)) for heading, rows in sections.items()]


def _test(row: Any, labels: Labels) -> tuple[str, TableRow]:
    """What a test compares with, and its row."""
    if row.estimand == "joint_test":
        cells = (joint_statistic(row), NONE, p_value(row.p_adjusted))
        return f"{labels.outcome(row.outcome)}: joint tests", TableRow(_interaction(row, labels), cells, row.registered)
    digits = labels.digits(row.outcome)
    within = f", {labels.within(row.within_factor, row.within_level)}" if row.within_level else ""
    heading = f"{labels.outcome(row.outcome)}: versus {labels.level(row.factor, row.versus)}{within}"
    shown = interval(row.conf_low, row.conf_high, digits)
    cells = (number(row.estimate, digits), shown, p_value(row.p_adjusted))
    return heading, TableRow(labels.level(row.factor, row.level), cells, row.registered)

"""What the figures show: for each factor, and each factor within another, panels of estimates with intervals."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import pandas as pd

from vignetta.plan import EstimandKind, Plan
from vignetta.report.labels import Labels
from vignetta.report.numbers import interval, number
from vignetta.report.phrases import average_words, basis, coverage, joint_words

SIMULATED: Final = "Simulated data: no person answered."
KEY: Final = ["model", "factor", "within_factor", "average_over"]
SPOKEN: Final = 20
"""A panel with more marks than this is summarised, not spelled out, in the text for people who do not see it."""


@dataclass(frozen=True)
class Mark:
    """One estimate with its interval: the point at `level`, and at `within` when there are several in a level.

    `place` counts the levels of the other factor, for the colour. A reference is a mark at zero without interval.
    """

    level: str
    within: str
    estimate: float
    conf_low: float
    conf_high: float
    is_reference: bool
    place: int


@dataclass(frozen=True)
class Panel:
    """One set of axes: estimates of one kind, one outcome and one comparison.

    Attributes
    ----------
    title, axis : words above and below the panel.
    versus : the label of the level that the others are compared with, at zero; empty for margins and differences.
    is_effect : whether zero means no difference, and is drawn.
    digits : decimals of an estimate.
    marks : in the order drawn, grouped by level.
    """

    estimand: EstimandKind
    title: str
    axis: str
    versus: str
    is_effect: bool
    digits: int
    marks: tuple[Mark, ...]

    def at(self, level: str) -> list[Mark]:
        """The marks at a level, from top to bottom."""
        return [each for each in self.marks if each.level == level]

    @property
    def has_rows(self) -> bool:
        """Whether the marks of a level need words of their own."""
        return any(each.within and not each.is_reference for each in self.marks)


@dataclass(frozen=True)
class Drawing:
    """What one figure shows.

    Attributes
    ----------
    name : the stem of its files.
    title, note, caption : words above, in and below the figure.
    alt : the figure in words.
    levels : names of the levels of the factor, from top to bottom, with their labels.
    panels : from left to right.
    simulated : the statement that the data are simulated, or empty.
    """

    name: str
    title: str
    note: str
    caption: str
    alt: str
    levels: dict[str, str]
    panels: tuple[Panel, ...]
    simulated: str


def drawings(estimates: pd.DataFrame, labels: Labels, *, plan: Plan, synthetic: bool) -> list[Drawing]:
    """One drawing for each factor of each model, and one for each other factor that it is set within.

    A factor alone shows margins and contrasts; within another factor, margins and conditional effects; and where the
    plan asks how far the effects differ, conditional effects and their differences. The first drawing is the first
    one that shows margins beside conditional effects, if there is one; the others keep the order of the estimates.
    """
    shown = estimates[estimates["estimand"] != "joint_test"]
    made = [
        _drawing(_chosen(rows, shown), estimates, labels, plan=plan, synthetic=synthetic)
        for _, rows in shown.groupby(KEY, sort=False)
    ]
    return sorted(_named_apart(made), key=lambda each: not _is_main(each))


def _is_main(drawing: Drawing) -> bool:
    kinds = {each.estimand for each in drawing.panels}
    return "conditional_effect" in kinds and bool(kinds & {"margin", "conditional_margin"})


def _named_apart(made: list[Drawing]) -> list[Drawing]:
    names = [each.name for each in made]
    earlier = [names[:place].count(name) for place, name in enumerate(names)]
    return [replace(each, name=f"{each.name}-{n + 1}") if n else each for each, n in zip(made, earlier, strict=True)]


# -------------------------------------------------------------------------------------------------- what belongs in


def _chosen(rows: pd.DataFrame, shown: pd.DataFrame) -> pd.DataFrame:
    """The rows that a drawing shows, in the order of its panels."""
    kinds = set(rows["estimand"])
    if "difference" in kinds:
        order = ["conditional_effect" if "conditional_effect" in kinds else "conditional_margin", "difference"]
    elif "conditional_effect" in kinds:
        overall = _overall(rows, shown)
        order = ["margin" if len(overall) else "conditional_margin", "conditional_effect"]
        rows = pd.concat([overall, rows])
    else:
        order = ["margin", "contrast", "conditional_margin"]
    chosen = pd.concat([rows[rows["estimand"] == each] for each in order])
    return chosen.drop_duplicates(["estimand", "versus", "level", "within_level"])


def _overall(rows: pd.DataFrame, shown: pd.DataFrame) -> pd.DataFrame:
    same = [shown[each] == rows[each].iloc[0] for each in ("model", "factor", "average_over")]
    margins: pd.DataFrame = shown[(shown["estimand"] == "margin") & same[0] & same[1] & same[2]]
    return margins


def _drawing(rows: pd.DataFrame, estimates: pd.DataFrame, labels: Labels, *, plan: Plan, synthetic: bool) -> Drawing:
    last = rows.iloc[-1]
    panels = tuple(_panels(rows, labels))
    declared = labels.design.answered[last.factor].level_names
    found = [each for each in declared if each in set(rows["level"])]
    return Drawing(
        name="-".join(
            filter(None, [last.model, "by", last.factor, last.within_factor and f"within-{last.within_factor}"])
        ),
        title=_title(last, labels),
        note=basis(rows, plan.alpha),
        caption=_caption(rows, estimates, labels, plan=plan),
        alt=_alt(panels, labels, last.factor, plan=plan),
        levels={each: labels.level(last.factor, each) for each in found},
        panels=panels,
        simulated=SIMULATED if synthetic else "",
    )


def _title(row: Any, labels: Labels) -> str:
    within = f", within {labels.factor(row.within_factor)}" if row.within_factor else ""
    return f"{labels.outcome(row.outcome)} by {labels.factor(row.factor)}{within}"


# ---------------------------------------------------------------------------------------------------------- panels


def _panels(rows: pd.DataFrame, labels: Labels) -> Iterator[Panel]:
    for _, compared in rows.groupby(["estimand", "versus"], sort=False):
        first = compared.iloc[0]
        is_effect = "margin" not in first.estimand
        outcome, scale = labels.outcome(first.outcome), labels.scale(first.outcome)
        yield Panel(
            estimand=first.estimand,
            title=_panel_title(compared, labels),
            axis=f"{outcome} ({scale})" + (f": difference in {labels.unit(first.outcome)}" if is_effect else ""),
            versus=labels.level(first.factor, first.versus) if first.versus and first.estimand != "difference" else "",
            is_effect=is_effect,
            digits=labels.digits(first.outcome),
            marks=tuple(_marks(compared, labels)),
        )


def _panel_title(rows: pd.DataFrame, labels: Labels) -> str:
    first = rows.iloc[0]
    by = f", by {labels.factor(first.within_factor)}" if first.within_factor else ""
    if first.estimand == "difference":
        pairs = list(dict.fromkeys(rows["within_level"]))
        between = f": {labels.within(first.within_factor, pairs[0])}" if len(pairs) == 1 else by
        return f"Difference of these effects{between}"
    if first.estimand in ("contrast", "conditional_effect"):
        return f"Effects versus {labels.level(first.factor, first.versus)}{by}"
    return f"Predictive margins{by}"


def _marks(rows: pd.DataFrame, labels: Labels) -> Iterator[Mark]:
    places = {name: place for place, name in enumerate(dict.fromkeys(rows["within_level"]))}
    for level in dict.fromkeys(rows["level"]):
        there = rows[rows["level"] == level]
        for row in there[~there["is_reference"]].itertuples():
            yield _mark(row, labels, place=places[row.within_level], spoken=len(places) > 1)
        if there["is_reference"].any():
            yield Mark(level, "", 0.0, 0.0, 0.0, is_reference=True, place=0)


def _mark(row: Any, labels: Labels, *, place: int, spoken: bool) -> Mark:
    within = labels.within(row.within_factor, row.within_level) if spoken else ""
    return Mark(row.level, within, row.estimate, row.conf_low, row.conf_high, is_reference=False, place=place)


# ----------------------------------------------------------------------------------------------------------- words


def _caption(rows: pd.DataFrame, estimates: pd.DataFrame, labels: Labels, *, plan: Plan) -> str:
    averages = " and ".join(average_words(each) for each in dict.fromkeys(rows["average_over"]))
    note = f"{basis(rows, plan.alpha)}. Estimates are {averages}."
    return " ".join([f"{note[0].lower()}{note[1:]}", *_joint_sentences(rows.iloc[-1], estimates, labels)])


def _joint_sentences(row: Any, estimates: pd.DataFrame, labels: Labels) -> list[str]:
    tests = estimates[
        (estimates["estimand"] == "joint_test")
        & (estimates["model"] == row.model)
        & (estimates["factor"] == row.factor)
        & (estimates["within_factor"] == row.within_factor)
    ]
    kept = tests.drop_duplicates(["factor", "within_factor"])
    return [f"Joint test of the interaction, {joint_words(each, labels)} (not adjusted)." for each in kept.itertuples()]


def _alt(panels: tuple[Panel, ...], labels: Labels, factor: str, *, plan: Plan) -> str:
    said = [f"{each.title}. {each.axis}. {_spoken(each, labels, factor)}" for each in panels]
    return f"Points with {coverage(plan.alpha)} confidence intervals. " + " ".join(said)


def _spoken(panel: Panel, labels: Labels, factor: str) -> str:
    estimates = [each for each in panel.marks if not each.is_reference]
    if len(estimates) > SPOKEN:
        numbers = sorted(each.estimate for each in estimates if each.estimate == each.estimate)
        ends = " to ".join(number(each, panel.digits) for each in (numbers[0], numbers[-1])) if numbers else "none"
        return f"{len(estimates)} estimates from {ends}; all are in the tables."
    return "; ".join(_spoken_mark(each, panel, labels.level(factor, each.level)) for each in estimates) + "."


def _spoken_mark(mark: Mark, panel: Panel, level: str) -> str:
    where = f"{level}, {mark.within}" if mark.within else level
    return f"{where} {number(mark.estimate, panel.digits)} {interval(mark.conf_low, mark.conf_high, panel.digits)}"

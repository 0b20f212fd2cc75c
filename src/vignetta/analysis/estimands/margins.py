"""Predictive margins, contrasts, conditional effects and their differences."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from vignetta.analysis.estimands.averaging import Grid, grid
from vignetta.analysis.estimands.comparing import Compared, compared, comparison_problems, log_ratios
from vignetta.analysis.estimands.situations import At, Situations, Within, label, situations
from vignetta.analysis.inference.simultaneous import with_adjusted
from vignetta.analysis.models.fits import Fit
from vignetta.analysis.options import Conditional, Scale, check_options, raise_all, unknown
from vignetta.analysis.tabulating import Label, tabulate, tabulate_ratios
from vignetta.design.declaration import Design
from vignetta.errors import Problem, StudyError
from vignetta.plan import Adjustment, Average, Comparison

Floats = npt.NDArray[np.float64]
Row = tuple[Label, Floats]

INTERACTION = 1e-10
"""Weights on coefficients below this are rounding of zero."""


def margins(
    fit: Fit,
    factor: str,
    *,
    levels: Sequence[str] | None = None,
    within: Within = None,
    at: At = None,
    average_over: Average | pd.DataFrame = "sample",
    design: Design | None = None,
    predict: str | None = None,
) -> pd.DataFrame:
    """Predictive margins: the mean prediction when `factor` is set to each level.

    Parameters
    ----------
    levels : only these; all when left out.
    within : another factor, or several; one margin for each combination of levels.
    at : for a number its values, for a factor some of its levels: `at={"age": [30, 50]}`; one margin at each.
    average_over : sample sets the factor (and `within`) in every row and leaves the rest as observed, as Stata's
        `margins` does; design averages the other factors as declared; equal and proportional are emmeans' grids, all
        combinations alike or as often as observed, with numbers at their means; a frame with factors and `probability`
        is a target distribution.
    design : the declared design, for average_over="design".
    predict : for a model of categories what is predicted: `mean` (the expected score, when left out), a category, or
        `>=` and a category.

    Returns
    -------
    The estimates frame, estimand `margin` or `conditional_margin`. A pair that the design never shows has no estimate.

    Raises
    ------
    StudyError
        Unknown factors and levels; a factor that is in the model as a number; a design that does not fit the data.

    Examples
    --------
    >>> from vignetta.analysis.models.fitting import fit
    >>> cells = {"arm": ["a", "a", "b", "b"] * 2, "place": ["p", "q"] * 4, "y": [1.0, 2, 4, 6, 2, 3, 7, 5]}
    >>> margins(fit(pd.DataFrame(cells), "y ~ arm * place"), "arm")["estimate"].round(6).tolist()
    [2.0, 5.5]
    """
    there, over = _there(fit, factor, within, at, average_over=average_over, design=design, predict=predict)
    common = labelled(fit, predict, over, "conditional_margin" if there else "margin", factor)
    rows = [
        ({**common, "level": level, **label(inside)}, over.mean({**inside, factor: level}))
        for inside, level in product(there.each, _levels(fit, factor, levels))
    ]
    return tabulate(there.fit, rows)


def contrasts(
    fit: Fit,
    factor: str,
    *,
    versus: str | None = None,
    comparison: Comparison = "reference",
    levels: Sequence[str] | None = None,
    within: Within = None,
    at: At = None,
    average_over: Average | pd.DataFrame = "sample",
    design: Design | None = None,
    predict: str | None = None,
    scale: Scale = "difference",
    adjust: Adjustment = "none",
) -> pd.DataFrame:
    """How far the mean prediction at each level of `factor` is from that at another level.

    Parameters
    ----------
    versus : the level compared with; when left out the design's reference, without a design the first level.
    comparison : what each level is compared with. reference: with `versus`; pairwise: with each level before it;
        sequential: with the one before it; grand_mean: with the mean of the margins of all `levels`, each counting the
        same, as emmeans' `eff`.
    levels, within, at, average_over, design, predict : as for `margins`. In a design in which some combinations never
        occur, the levels that are compared are averaged over the combinations that occur beside all of them.
    scale : difference, or ratio of the two means (the risk ratio of probabilities), or odds_ratio of two mean
        probabilities. Tests and intervals of ratios are made on the logarithmic scale; the standard error is that of
        the ratio.
    adjust : how `p_adjusted` accounts for the number of comparisons; single_step and step_down use their joint
        distribution, and with single_step the intervals hold for all comparisons at once. A plan adjusts over the
        family of a hypothesis instead.

    Returns
    -------
    The estimates frame, estimand `contrast` or `conditional_effect`; the level compared with is a row of zeros. Ratios
    are `ratio`, `odds_ratio`, `conditional_ratio` and `conditional_odds_ratio`, with a row of ones.

    Raises
    ------
    StudyError
        As for `margins`; a mean that has no ratio or odds; fewer than two levels to compare.

    Examples
    --------
    >>> from vignetta.analysis.models.fitting import fit
    >>> cells = {"arm": ["a", "a", "b", "b"] * 2, "place": ["p", "q"] * 4, "y": [1.0, 2, 4, 6, 2, 3, 7, 5]}
    >>> contrasts(fit(pd.DataFrame(cells), "y ~ arm * place"), "arm", within="place")["estimate"].round(6).tolist()
    [0.0, 4.0, 0.0, 3.0]
    """
    check_options(scale=scale, adjust=adjust)
    there, over = _there(fit, factor, within, at, average_over=average_over, design=design, predict=predict)
    found = _compared(fit, factor, there, over, versus=versus, comparison=comparison, levels=levels, design=design)
    common = labelled(fit, predict, over, _contrast_name(scale, there), factor)
    labels = [{**common, **label(inside), **_names(each)} for inside, each in found]
    if scale == "difference":
        rows = _differences(labels, found)
        return with_adjusted(there.fit, tabulate(there.fit, rows), rows, adjust)
    effects = log_ratios(there.fit, [each for _, each in found], scale, predict)
    rows = list(zip(labels, effects, strict=True))
    return with_adjusted(there.fit, tabulate_ratios(there.fit, rows), rows, adjust, is_logarithm=True)


def contrast_rows(
    fit: Fit,
    factor: str,
    *,
    versus: str | None = None,
    comparison: Comparison = "reference",
    levels: Sequence[str] | None = None,
    within: Within = None,
    average_over: Average | pd.DataFrame = "sample",
    design: Design | None = None,
    predict: str | None = None,
) -> list[Row]:
    """The contrasts of `contrasts` as combinations of the coefficients, or effects, with what names each of them."""
    there, over = _there(fit, factor, within, None, average_over=average_over, design=design, predict=predict)
    found = _compared(fit, factor, there, over, versus=versus, comparison=comparison, levels=levels, design=design)
    common = labelled(fit, predict, over, _contrast_name("difference", there), factor)
    return _differences([{**common, **label(inside), **_names(each)} for inside, each in found], found)


def conditional(
    fit: Fit,
    factor: str,
    *,
    within: Within = None,
    at: At = None,
    estimand: Conditional = "conditional_effect",
    **options: Any,
) -> pd.DataFrame:
    """Conditional effects, or conditional margins, of `factor`.

    Parameters
    ----------
    within : a factor or a trait of respondents, or several: one set of estimates for each combination of their levels.
    at : for a number its values, for a factor some of its levels: `at={"age": [30, 50]}`.
    estimand : conditional_effect (contrasts) or conditional_margin.
    options : those of `contrasts`, or of `margins`.

    Returns
    -------
    The estimates frame; `within_factor` and `within_level` say where: `regime × age` and `democracy × 30`.

    Raises
    ------
    StudyError
        As for `contrasts` and `margins`; when neither `within` nor `at` is given.

    Examples
    --------
    >>> from vignetta.analysis.models.fitting import fit
    >>> cells = {"arm": ["a", "a", "b", "b"] * 2, "age": [20.0, 40.0] * 4, "y": [1.0, 2, 4, 6, 2, 3, 7, 5]}
    >>> found = conditional(fit(pd.DataFrame(cells), "y ~ arm * age"), "arm", at={"age": [20, 30]})
    >>> found.loc[~found["is_reference"], ["within_level", "estimate"]].round(6).values.tolist()
    [['20', 4.0], ['30', 3.5]]
    """
    check_options(estimand=estimand)
    if not within and not at:
        remedy = 'Write within="regime" or at={"age": [30, 50]}; without either use `contrasts` or `margins`.'
        raise StudyError(Problem("within", "nothing is conditioned on.", remedy))
    compute = margins if estimand == "conditional_margin" else contrasts
    return compute(fit, factor, within=within, at=at, **options)


def differences(
    fit: Fit,
    factor: str,
    *,
    within: str,
    versus: str | None = None,
    levels: Sequence[str] | None = None,
    at: At = None,
    average_over: Average | pd.DataFrame = "sample",
    design: Design | None = None,
    predict: str | None = None,
) -> pd.DataFrame:
    """How far each contrast of `factor` differs between a level of `within` and the reference level of `within`.

    Parameters
    ----------
    at : levels of further factors, or values of numbers, at which the differences are taken, each apart.

    Returns
    -------
    The estimates frame, estimand `difference`; `within_level` reads `autocracy vs democracy`: the contrast of `level`
    and `versus` under autocracy, minus the same contrast under democracy.

    Raises
    ------
    StudyError
        Also when the model has no interaction of the two factors: every difference would be zero by construction.

    Examples
    --------
    >>> from vignetta.analysis.models.fitting import fit
    >>> cells = {"arm": ["a", "a", "b", "b"] * 2, "place": ["p", "q"] * 4, "y": [1.0, 2, 4, 6, 2, 3, 7, 5]}
    >>> found = differences(fit(pd.DataFrame(cells), "y ~ arm * place"), "arm", within="place")
    >>> found[["level", "versus", "within_level", "estimate"]].round(6).values.tolist()
    [['b', 'a', 'q vs p', -1.0]]
    """
    options: dict[str, Any] = {"average_over": average_over, "design": design, "predict": predict}
    there, rows = difference_rows(fit, factor, within=within, versus=versus, levels=levels, at=at, **options)
    return tabulate(there, rows)


def difference_rows(
    fit: Fit,
    factor: str,
    *,
    within: str,
    versus: str | None = None,
    levels: Sequence[str] | None = None,
    at: At = None,
    average_over: Average | pd.DataFrame = "sample",
    design: Design | None = None,
    predict: str | None = None,
) -> tuple[Fit, list[Row]]:
    """The differences of `differences` as combinations of the coefficients, or effects; and the fit that reads them."""
    there, over = _there(fit, factor, within, at, average_over=average_over, design=design, predict=predict)
    against, base = reference(fit, factor, versus, design), reference(fit, within, None, design)
    shown = [each for each in _levels(fit, factor, levels) if each != against]
    common = {**labelled(fit, predict, over, "difference", factor), "versus": against}
    rows: list[Row] = []
    for inside, level in product(there.each, shown):
        if inside[within] == base:
            continue
        first, second = (over.contrast(factor, (level, against), each) for each in (inside, {**inside, within: base}))
        pair = {**inside, within: f"{inside[within]} vs {base}"}
        rows.append(({**common, "level": level, **label(pair)}, first - second))
    raise_all(_interaction_problems(rows, factor, within))
    return there.fit, rows


# ---------------------------------------------------------------------------------------------------------- levels


def _there(
    fit: Fit,
    factor: str,
    within: Within,
    at: At,
    *,
    average_over: Average | pd.DataFrame,
    design: Design | None,
    predict: str | None,
) -> tuple[Situations, Grid]:
    """The situations, and the grid over which margins are averaged in them."""
    fit.levels(factor)
    there = situations(fit, factor, within, at)
    over = grid(there.fit, [factor, *there.names], average_over=average_over, design=design, outcome=predict)
    return there, over


def _compared(
    fit: Fit,
    factor: str,
    there: Situations,
    over: Grid,
    *,
    versus: str | None,
    comparison: Comparison,
    levels: Sequence[str] | None,
    design: Design | None,
) -> list[tuple[dict[str, str], Compared]]:
    check_options(comparison=comparison)
    shown = _levels(fit, factor, levels)
    raise_all(comparison_problems(comparison, versus, shown))
    against = reference(fit, factor, versus, design)
    shown = _with_reference(shown, against) if comparison == "reference" else shown
    return [
        (inside, each)
        for inside in there.each
        for each in compared(over, factor, shown, comparison=comparison, against=against, within=inside)
    ]


def _levels(fit: Fit, factor: str, levels: Sequence[str] | None) -> list[str]:
    known = list(fit.levels(factor))
    asked = known if levels is None else list(levels)
    raise_all([unknown("levels", f"`{factor}` has no level", each, known) for each in asked if each not in known])
    return [each for each in known if each in asked]


def reference(fit: Fit, factor: str, versus: str | None, design: Design | None) -> str:
    """The level that others are compared with: `versus`, or the design's reference, or the first."""
    known = list(fit.levels(factor))
    if versus is None and design is not None and factor in design.factors:
        versus = design.factors[factor].reference.name
    if versus is not None and versus not in known:
        raise StudyError(unknown("versus", f"`{factor}` has no level", versus, known))
    return known[0] if versus is None else versus


def _with_reference(shown: list[str], against: str) -> list[str]:
    return shown if against in shown else [against, *shown]


# ------------------------------------------------------------------------------------------------------------ rows


def labelled(fit: Fit, predict: str | None, over: Grid, estimand: str, factor: str) -> Label:
    """What the estimates frame says of all rows of an estimand."""
    made = {"estimand": estimand, "factor": factor, "average_over": over.name}
    if predict in (None, "mean"):
        return made
    return {**made, "outcome": f"{fit.outcome} {'' if str(predict).startswith('>=') else '= '}{predict}"}


def _contrast_name(scale: Scale, there: Situations) -> str:
    if scale == "difference":
        return "conditional_effect" if there else "contrast"
    return f"conditional_{scale}" if there else scale


def _names(each: Compared) -> Label:
    return {"level": each.level, "versus": each.versus, "is_reference": each.is_reference}


def _differences(labels: list[Label], found: list[tuple[dict[str, str], Compared]]) -> list[Row]:
    return [(named, each.first - each.second) for named, (_, each) in zip(labels, found, strict=True)]


def _interaction_problems(rows: list[Row], factor: str, within: str) -> list[Problem]:
    size = [np.abs(combination).max() for _, combination in rows]
    if not rows or np.nanmax([*size, 0.0]) > INTERACTION or np.isnan(size).all():
        return []
    what = f"the model has no interaction of `{factor}` and `{within}`: every difference is zero by construction."
    return [Problem("within", what, f"Write `{factor} * {within}` in the formula.")]

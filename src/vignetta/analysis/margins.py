"""Predictive margins, contrasts, conditional effects, their differences, and joint tests of a fit."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.linalg

from vignetta.analysis.averaging import Grid, grid
from vignetta.analysis.fits import Fit
from vignetta.analysis.freedom import Hotelling, hotelling
from vignetta.analysis.intervals import joint_p_value
from vignetta.analysis.options import raise_all, unknown
from vignetta.analysis.tabulating import Label, tabulate, tabulate_joint_test
from vignetta.design.declaration import Design
from vignetta.errors import Problem, StudyError
from vignetta.plan import Average

Floats = npt.NDArray[np.float64]
Row = tuple[Label, Floats]

INTERACTION = 1e-10
"""Weights on coefficients below this are rounding of zero."""


def margins(
    fit: Fit,
    factor: str,
    *,
    levels: Sequence[str] | None = None,
    within: str | None = None,
    average_over: Average | pd.DataFrame = "sample",
    design: Design | None = None,
    predict: str | None = None,
) -> pd.DataFrame:
    """Predictive margins: the mean prediction when `factor` is set to each level.

    Parameters
    ----------
    levels : only these; all when left out.
    within : another factor; one margin for each pair of levels.
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
    >>> from vignetta.analysis.fitting import fit
    >>> cells = {"arm": ["a", "a", "b", "b"] * 2, "place": ["p", "q"] * 4, "y": [1.0, 2, 4, 6, 2, 3, 7, 5]}
    >>> margins(fit(pd.DataFrame(cells), "y ~ arm * place"), "arm")["estimate"].round(6).tolist()
    [2.0, 5.5]
    """
    shown = _levels(fit, factor, levels)
    over = grid(fit, _set_factors(fit, factor, within), average_over=average_over, design=design, outcome=predict)
    label = _label(fit, predict, over, "margin" if within is None else "conditional_margin", factor)
    return tabulate(
        fit,
        [
            ({**label, "level": level, **_within_label(inside)}, over.mean({**inside, factor: level}))
            for inside, level in product(_within(fit, within), shown)
        ],
    )


def contrasts(
    fit: Fit,
    factor: str,
    *,
    versus: str | None = None,
    levels: Sequence[str] | None = None,
    within: str | None = None,
    average_over: Average | pd.DataFrame = "sample",
    design: Design | None = None,
    predict: str | None = None,
) -> pd.DataFrame:
    """How far the mean prediction at each level of `factor` is from that at another level.

    Parameters
    ----------
    versus : the level compared with; when left out the design's reference, without a design the first level.
    levels, within, average_over, design, predict : as for `margins`. In a design in which some combinations never
        occur, both levels are averaged over the combinations that occur beside both.

    Returns
    -------
    The estimates frame, estimand `contrast` or `conditional_effect`; the level compared with is a row of zeros.

    Raises
    ------
    StudyError
        As for `margins`.

    Examples
    --------
    >>> from vignetta.analysis.fitting import fit
    >>> cells = {"arm": ["a", "a", "b", "b"] * 2, "place": ["p", "q"] * 4, "y": [1.0, 2, 4, 6, 2, 3, 7, 5]}
    >>> contrasts(fit(pd.DataFrame(cells), "y ~ arm * place"), "arm", within="place")["estimate"].round(6).tolist()
    [0.0, 4.0, 0.0, 3.0]
    """
    against = _reference(fit, factor, versus, design)
    shown = _with_reference(_levels(fit, factor, levels), against)
    over = grid(fit, _set_factors(fit, factor, within), average_over=average_over, design=design, outcome=predict)
    label = {
        **_label(fit, predict, over, "contrast" if within is None else "conditional_effect", factor),
        "versus": against,
    }
    return tabulate(
        fit,
        [
            _contrast_row({**label, **_within_label(inside)}, over.contrast(factor, (level, against), inside), level)
            for inside, level in product(_within(fit, within), shown)
        ],
    )


def differences(
    fit: Fit,
    factor: str,
    *,
    within: str,
    versus: str | None = None,
    levels: Sequence[str] | None = None,
    average_over: Average | pd.DataFrame = "sample",
    design: Design | None = None,
    predict: str | None = None,
) -> pd.DataFrame:
    """How far each contrast of `factor` differs between a level of `within` and the reference level of `within`.

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
    >>> from vignetta.analysis.fitting import fit
    >>> cells = {"arm": ["a", "a", "b", "b"] * 2, "place": ["p", "q"] * 4, "y": [1.0, 2, 4, 6, 2, 3, 7, 5]}
    >>> found = differences(fit(pd.DataFrame(cells), "y ~ arm * place"), "arm", within="place")
    >>> found[["level", "versus", "within_level", "estimate"]].round(6).values.tolist()
    [['b', 'a', 'q vs p', -1.0]]
    """
    against = _reference(fit, factor, versus, design)
    base = _reference(fit, within, None, design)
    over = grid(fit, _set_factors(fit, factor, within), average_over=average_over, design=design, outcome=predict)
    label = {**_label(fit, predict, over, "difference", factor), "versus": against, "within_factor": within}
    shown = [each for each in _levels(fit, factor, levels) if each != against]
    rows: list[Row] = []
    for inside, level in product([each for each in fit.levels(within) if each != base], shown):
        first, second = (over.contrast(factor, (level, against), {within: each}) for each in (inside, base))
        named = {**label, "level": level, "within_level": f"{inside} vs {base}"}
        rows.append((named, first - second))
    raise_all(_interaction_problems(rows, factor, within))
    return tabulate(fit, rows)


@dataclass(frozen=True)
class JointTest:
    """A Wald test that all coefficients of a term are zero.

    Attributes
    ----------
    term : as asked, such as `response:action`.
    statistic : F, the quadratic form divided by `df_num`.
    df_num, df_den : how many coefficients, and the fit's degrees of freedom (infinite for the normal distribution,
        where the p-value is that of a chi-square); those of the approximate Hotelling test where tests have their own.
    estimates : the test as a row of the estimates frame.
    """

    term: str
    statistic: float
    df_num: int
    df_den: float
    p_value: float
    errors: str
    estimates: pd.DataFrame

    def __repr__(self) -> str:
        freedom = f"F({self.df_num}, {self.df_den:g})"
        return f"{self.term}: {freedom} = {self.statistic:.4f}, p = {self.p_value:.4g}, errors {self.errors}"


def joint_test(fit: Fit, term: str | Sequence[str]) -> JointTest:
    """Test that all coefficients of a term are zero (Wald; with CR2 the approximate Hotelling test).

    Parameters
    ----------
    term : a factor, or factors joined by colons in any order: `response:action`; several terms are tested at once.

    Raises
    ------
    StudyError
        The model has no such term, or codes it without the terms that it contains; or there are fewer clusters than
        coefficients.

    Examples
    --------
    >>> from vignetta.analysis.fitting import fit
    >>> cells = {"arm": ["a", "a", "b", "b"] * 2, "place": ["p", "q"] * 4, "y": [1.0, 2, 4, 6, 2, 3, 7, 5]}
    >>> joint_test(fit(pd.DataFrame(cells), "y ~ arm * place", errors="classical"), "arm:place")
    arm:place: F(1, 4) = 0.3333, p = 0.5946, errors classical
    """
    asked = [term] if isinstance(term, str) else list(term)
    raise_all([] if asked else [Problem("term", "no term is named.", "Name at least one.")])
    found = [_term(fit, each) for each in dict.fromkeys(asked)]
    name = " + ".join(dict.fromkeys(asked))
    tested = _wald(fit, np.concatenate([np.eye(len(fit.coef))[fit.places(place)] for place, _ in found]), name)
    F, q, df = tested.statistic, tested.df_num, tested.df_den
    p = joint_p_value(F, q, df)
    factors = found[0][1] if len(found) == 1 else [name]
    label = {"estimand": "joint_test", "factor": factors[0], "within_factor": " × ".join(factors[1:])}
    row = tabulate_joint_test(fit, label, statistic=F, df_num=q, df_den=df, p_value=p)
    return JointTest(name, F, q, df, p, fit.errors, row)


# ---------------------------------------------------------------------------------------------------------- levels


def _levels(fit: Fit, factor: str, levels: Sequence[str] | None) -> list[str]:
    known = list(fit.levels(factor))
    asked = known if levels is None else list(levels)
    raise_all([unknown("levels", f"`{factor}` has no level", each, known) for each in asked if each not in known])
    return [each for each in known if each in asked]


def _reference(fit: Fit, factor: str, versus: str | None, design: Design | None) -> str:
    known = list(fit.levels(factor))
    if versus is None and design is not None and factor in design.factors:
        versus = design.factors[factor].reference.name
    if versus is not None and versus not in known:
        raise StudyError(unknown("versus", f"`{factor}` has no level", versus, known))
    return known[0] if versus is None else versus


def _with_reference(shown: list[str], against: str) -> list[str]:
    return shown if against in shown else [against, *shown]


def _set_factors(fit: Fit, factor: str, within: str | None) -> list[str]:
    if factor == within:
        raise StudyError(Problem("within", f"`{factor}` cannot be conditioned on itself.", "Name another factor."))
    factors = [factor] if within is None else [factor, within]
    return [each for each in factors if fit.levels(each)]


def _within(fit: Fit, within: str | None) -> list[dict[str, str]]:
    return [{}] if within is None else [{within: level} for level in fit.levels(within)]


# ---------------------------------------------------------------------------------------------------------- labels


def _label(fit: Fit, predict: str | None, over: Grid, estimand: str, factor: str) -> Label:
    label = {"estimand": estimand, "factor": factor, "average_over": over.name}
    if predict in (None, "mean"):
        return label
    return {**label, "outcome": f"{fit.outcome} {'' if str(predict).startswith('>=') else '= '}{predict}"}


def _within_label(inside: dict[str, str]) -> Label:
    return {"within_factor": next(iter(inside)), "within_level": next(iter(inside.values()))} if inside else {}


def _contrast_row(label: Label, combination: Floats, level: str) -> Row:
    return {**label, "level": level, "is_reference": level == label["versus"]}, combination


# ----------------------------------------------------------------------------------------------------- joint tests


def _term(fit: Fit, term: str) -> tuple[slice, list[str]]:
    asked = [each.strip().strip("`") for each in term.split(":")]
    for each in fit.spec.structure:
        factors = [str(factor) for factor in each.term.factors]
        if sorted(factors) == sorted(asked):
            raise_all(_coding_problems(fit, each, term))
            return fit.spec.term_slices[each.term], asked
    known = [str(each.term) for each in fit.spec.structure if str(each.term) != "1"]
    raise StudyError(unknown("term", "the model has no term", term, known))


def _wald(fit: Fit, combinations: Floats, term: str) -> Hotelling:
    if fit.tests is not None:
        what = f"a joint test of `{term}` is not made by resampling."
        raise StudyError(Problem("fit", what, "Test the fit as it was before, best with CR2."))
    values, vcov = combinations @ fit.coef, combinations @ fit.vcov @ combinations.T
    raise_all(_singular_problems(term, vcov, fit.is_absorbed(combinations)))
    scale = np.sqrt(np.diag(vcov))
    form = float(values / scale @ scipy.linalg.solve(vcov / np.outer(scale, scale), values / scale, assume_a="sym"))
    if fit.working is None:
        return Hotelling(form / len(values), len(values), fit.df)
    found = hotelling(fit.working, combinations, form)
    if found.df_den <= 0:
        what = f"the clusters cannot carry a test of the {len(values)} coefficients of `{term}`."
        raise StudyError(Problem("term", what, "Test fewer coefficients at once."))
    return found


def _coding_problems(fit: Fit, structure: Any, term: str) -> list[Problem]:
    categorical = {name for name, (kind, _) in fit.spec.encoder_state.items() if kind.value == "categorical"}
    scoped = [each for scope in structure.scoped_terms for each in scope.factors]
    full = [str(each.factor) for each in scoped if str(each.factor) in categorical and not each.reduced]
    if not full and len(structure.scoped_terms) == 1:
        return []
    what = f"`{term}` stands without the terms that it contains, so its coefficients are not what it adds to them."
    return [Problem("term", what, f"Write `{term.replace(':', ' * ')}` in the formula.")]


def _singular_problems(term: str, vcov: Floats, absorbed: npt.NDArray[np.bool_]) -> list[Problem]:
    if absorbed.any():
        what = f"{absorbed.sum()} of the {len(vcov)} coefficients of `{term}` rest on one cluster alone."
        return [Problem("term", what, "Their clustered errors cannot be estimated; simplify the formula.")]
    scale = np.sqrt(np.diag(vcov))
    if (scale > 0).all() and np.linalg.matrix_rank(vcov / np.outer(scale, scale), hermitian=True) == len(vcov):
        return []
    what = f"the {len(vcov)} coefficients of `{term}` have a covariance matrix that cannot be inverted."
    return [Problem("term", what, "There may be fewer clusters than coefficients; test fewer at once.")]


def _interaction_problems(rows: list[Row], factor: str, within: str) -> list[Problem]:
    size = [np.abs(combination).max() for _, combination in rows]
    if not rows or np.nanmax([*size, 0.0]) > INTERACTION or np.isnan(size).all():
        return []
    what = f"the model has no interaction of `{factor}` and `{within}`: every difference is zero by construction."
    return [Problem("within", what, f"Write `{factor} * {within}` in the formula.")]

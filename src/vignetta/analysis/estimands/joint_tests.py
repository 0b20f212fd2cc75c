"""Joint tests of a fit: of the coefficients of a term, and of averaged contrasts and differences."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.linalg

from vignetta.analysis.estimands.margins import contrast_rows, difference_rows
from vignetta.analysis.intervals import joint_p_value
from vignetta.analysis.models.fits import Fit
from vignetta.analysis.models.freedom import Hotelling, hotelling
from vignetta.analysis.options import raise_all, unknown
from vignetta.analysis.tabulating import Label, stacked, tabulate_joint_test
from vignetta.design.declaration import Design
from vignetta.errors import Problem, StudyError
from vignetta.plan import Average

Floats = npt.NDArray[np.float64]

DEPENDENT = 1e-9
"""A combination whose part apart from the others is below this share of the largest is one of the others again."""


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
    >>> from vignetta.analysis.models.fitting import fit
    >>> cells = {"arm": ["a", "a", "b", "b"] * 2, "place": ["p", "q"] * 4, "y": [1.0, 2, 4, 6, 2, 3, 7, 5]}
    >>> joint_test(fit(pd.DataFrame(cells), "y ~ arm * place", errors="classical"), "arm:place")
    arm:place: F(1, 4) = 0.3333, p = 0.5946, errors classical
    """
    asked = [term] if isinstance(term, str) else list(term)
    raise_all([] if asked else [Problem("term", "no term is named.", "Name at least one.")])
    found = [_term(fit, each) for each in dict.fromkeys(asked)]
    name = " + ".join(dict.fromkeys(asked))
    combinations = np.concatenate([np.eye(len(fit.coef))[fit.places(place)] for place, _ in found])
    factors = found[0][1] if len(found) == 1 else [name]
    label = {"estimand": "joint_test", "factor": factors[0], "within_factor": " × ".join(factors[1:])}
    return _tested(fit, combinations, name, label, "coefficients")


def omnibus_test(
    fit: Fit,
    factor: str,
    *,
    within: str | None = None,
    levels: Sequence[str] | None = None,
    average_over: Average | pd.DataFrame = "sample",
    design: Design | None = None,
    predict: str | None = None,
) -> JointTest:
    """Test that a factor has no effect on average; with `within`, that its effects are the same at every level there.

    Unlike `joint_test` of the factor it is a test of the contrasts that `contrasts` (with `within`: the differences
    that `differences`) would show, averaged over the other factors, so that interactions may be in the model and the
    scale is that of the outcome.

    Parameters
    ----------
    levels : only the contrasts of these levels.
    within, average_over, design, predict : as for `contrasts`.

    Returns
    -------
    A Wald test; with CR2 the approximate Hotelling test.

    Raises
    ------
    StudyError
        As for `contrasts` and `differences`; contrasts that the design does not identify; a factor with one level.

    Examples
    --------
    >>> from vignetta.analysis.models.fitting import fit
    >>> cells = {"arm": ["a", "a", "b", "b"] * 2, "place": ["p", "q"] * 4, "y": [1.0, 2, 4, 6, 2, 3, 7, 5]}
    >>> omnibus_test(fit(pd.DataFrame(cells), "y ~ arm * place", errors="classical"), "arm")
    contrasts of arm: F(1, 4) = 16.3333, p = 0.01559, errors classical
    """
    options: dict[str, Any] = {"levels": levels, "average_over": average_over, "design": design, "predict": predict}
    if within is None:
        rows = [each for each in contrast_rows(fit, factor, **options) if not each[0]["is_reference"]]
        name, what = f"contrasts of {factor}", "contrasts"
    else:
        rows = difference_rows(fit, factor, within=within, **options)[1]
        name, what = f"differences of {factor} within {within}", "differences"
    raise_all(_undefined_problems(rows, name))
    common = ("estimand", "factor", "average_over", "outcome")
    label = {key: rows[0][0][key] for key in common if key in rows[0][0]}
    label |= {"estimand": "joint_test", "within_factor": within or ""}
    return _tested(fit, _independent(fit, stacked(fit, rows)), name, label, what)


def _tested(fit: Fit, combinations: Floats, name: str, label: Label, what: str) -> JointTest:
    tested = _wald(fit, combinations, name)
    F, q, df = tested.statistic, tested.df_num, tested.df_den
    p = joint_p_value(F, q, df)
    label = {**label, "level": f"{q} {what}"}
    row = tabulate_joint_test(fit, label, statistic=F, df_num=q, df_den=df, p_value=p)
    return JointTest(name, F, q, df, p, fit.errors, row)


def _independent(fit: Fit, rows: Floats) -> Floats:
    """As many of the rows as do not follow from each other; the test is the same for any choice of them."""
    gradients = rows[:, : len(fit.coef)]
    lengths = np.linalg.norm(gradients, axis=1, keepdims=True)
    _, R, order = scipy.linalg.qr((gradients / np.where(lengths > 0, lengths, 1.0)).T, mode="economic", pivoting=True)
    size = np.abs(np.diag(R))
    kept: Floats = rows[np.sort(order[: len(size)][size > DEPENDENT * max(size[0], 1.0)])]
    return kept


def _undefined_problems(rows: list[tuple[Label, Floats]], name: str) -> list[Problem]:
    if not rows:
        return [Problem("levels", f"there are no {name}.", "A test needs at least two levels.")]
    undefined = [str(label["level"]) for label, row in rows if np.isnan(row).any()]
    what = f"the {name} are not all identified: {', '.join(dict.fromkeys(undefined))}."
    return [Problem("levels", what, "Leave out what exists beside no common combination.")] if undefined else []


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
    values, gradients = fit.estimates(combinations), combinations[:, : len(fit.coef)]
    vcov = gradients @ fit.vcov @ gradients.T
    raise_all(_singular_problems(term, vcov, fit.is_absorbed(gradients)))
    scale = np.sqrt(np.diag(vcov))
    form = float(values / scale @ scipy.linalg.solve(vcov / np.outer(scale, scale), values / scale, assume_a="sym"))
    if fit.working is None:
        return Hotelling(form / len(values), len(values), fit.df)
    found = hotelling(fit.working, gradients, form)
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

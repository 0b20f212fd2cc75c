"""A model fitted by maximum likelihood, from arrays."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
import numpy.typing as npt
import scipy.linalg

from vignetta.analysis.models.least_squares import dependent_columns
from vignetta.analysis.models.likelihoods.binary import Binary
from vignetta.analysis.models.likelihoods.distinct import Cells, collapse
from vignetta.analysis.models.likelihoods.family import Derivatives, Family
from vignetta.analysis.models.likelihoods.links import LINKS
from vignetta.analysis.models.likelihoods.multinomial import Multinomial
from vignetta.analysis.models.likelihoods.newton import Optimum, maximise
from vignetta.analysis.models.likelihoods.ordered import Ordered
from vignetta.analysis.models.likelihoods.poisson import Poisson
from vignetta.analysis.models.likelihoods.separation import Separation, find_separation
from vignetta.analysis.models.likelihoods.single import crossproduct
from vignetta.analysis.options import raise_all
from vignetta.errors import Problem, StudyError, some

Floats = npt.NDArray[np.float64]
Likelihood = Literal["logit", "probit", "poisson", "ordered_logit", "ordered_probit", "multinomial_logit"]

WITH_THRESHOLDS: Final = ("ordered_logit", "ordered_probit")
"""Models whose X has no intercept: the thresholds take its place."""
CLEAR: Final = 1e-8
"""Columns with a larger smallest eigenvalue of their scaled crossproduct are independent beyond all rounding."""
IN_CATEGORIES: Final = (*WITH_THRESHOLDS, "multinomial_logit")
"""Models whose outcome is the place of a category."""


@dataclass(frozen=True, eq=False)
class Maximum:
    """A likelihood at its maximum.

    Attributes
    ----------
    family : the model: its predictors, likelihood and predictions.
    names : of the p coefficients.
    coef : (p,) estimates.
    log_likelihood : with the weights.
    information : (p, p) observed information: minus the second derivatives of the log-likelihood.
    inverse : (p, p) its inverse, the classical covariance matrix.
    cells : distinct rows of (X, y) with their weights.
    at : derivatives of the log-likelihood of each cell by its linear predictors.
    weights : (n,) of the rows of the data.
    iterations : Newton steps.
    notes : what a reader of the results should know.
    """

    family: Family
    names: tuple[str, ...]
    coef: Floats
    log_likelihood: float
    information: Floats
    inverse: Floats
    cells: Cells
    at: Derivatives
    weights: Floats
    iterations: int
    notes: tuple[str, ...]

    @property
    def n(self) -> int:
        """Rows of the data."""
        return len(self.weights)

    @property
    def scores(self) -> Floats:
        """(n, p) derivatives of every row's log-likelihood, with its weight; they sum to zero."""
        return self.cell_scores[self.cells.cell] * self.weights[:, None]

    @property
    def cell_scores(self) -> Floats:
        """(m, p) derivatives of every cell's log-likelihood per unit of weight."""
        return self.family.score(self.cells, self.at.score)


def maximum(
    model: Likelihood,
    X: Floats,
    y: Floats,
    weights: Floats | None = None,
    *,
    columns: tuple[str, ...] | None = None,
    categories: tuple[str, ...] = (),
) -> Maximum:
    """Fit a model by maximum likelihood.

    Parameters
    ----------
    model : logit, probit; poisson; ordered_logit, ordered_probit; multinomial_logit.
    X : (n, k) rows, without an intercept for the ordered models.
    y : (n,) 0 and 1; counts; or places 0 .. J - 1 of `categories`.
    weights : (n,) positive, 1 when left out; they multiply the log-likelihood as in R's glm.
    columns : names of the k columns.
    categories : names of the J categories; the first is the reference of the multinomial logit.

    Returns
    -------
    A `Maximum`. Newton's method with the observed information (R's glm and polr, Stata's maximum likelihood and
    statsmodels reach the same coefficients), on rows that are identical in x and y counted together.

    Raises
    ------
    StudyError
        An outcome that the model does not have, that never varies, or that the terms determine in some rows (complete
        or quasi-complete separation); columns that others determine; too few rows; no convergence.
    """
    X, y = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64)
    w = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=np.float64)
    columns = tuple(f"x{place}" for place in range(X.shape[1])) if columns is None else columns
    raise_all(_array_problems(X, y, w))
    raise_all(_outcome_problems(model, y, categories))
    family = family_of(model, categories)
    raise_all(_size_problems(len(y), len(family.names(columns))))
    cells = collapse(X, y, w)
    raise_all(_dependent(model, cells, columns))
    reached = maximise(family, cells)
    names = family.names(columns)
    raise_all(_divergence_problems(family, cells, reached, names))
    return Maximum(
        family=family,
        names=names,
        coef=reached.coef,
        log_likelihood=reached.log_likelihood,
        information=reached.information,
        inverse=_inverse(reached.information),
        cells=cells,
        at=reached.at,
        weights=w,
        iterations=reached.iterations,
        notes=_notes(reached),
    )


def family_of(model: Likelihood, categories: tuple[str, ...] = ()) -> Family:
    """The family of a model by its name."""
    if model not in get_args(Likelihood):
        known = ", ".join(f"`{each}`" for each in get_args(Likelihood))
        raise StudyError(Problem("model", f"`{model}` is not a likelihood.", f"Options: {known}."))
    if model == "multinomial_logit":
        return Multinomial(categories)
    if model == "poisson":
        return Poisson()
    if model == "ordered_logit" or model == "ordered_probit":
        return Ordered(LINKS["logit" if model == "ordered_logit" else "probit"], categories)
    return Binary(LINKS[model])


def _inverse(information: Floats) -> Floats:
    scale = np.sqrt(np.diag(information))
    inverse = scipy.linalg.inv(information / np.outer(scale, scale)) / np.outer(scale, scale)
    return np.asarray((inverse + inverse.T) / 2)


# -------------------------------------------------------------------------------------------------------- problems


def _array_problems(X: Floats, y: Floats, weights: Floats) -> list[Problem]:
    problems = []
    if not np.isfinite(X).all():
        problems.append(Problem("X", "a value is not finite.", "Drop these rows, or correct them."))
    if not np.isfinite(y).all():
        problems.append(Problem("outcome", "it is not finite in some rows.", "Drop these rows, or correct them."))
    if not (np.isfinite(weights) & (weights > 0)).all():
        problems.append(
            Problem("weights", "some are zero, negative or not finite.", "Drop these rows, or correct them.")
        )
    return problems


def _outcome_problems(model: Likelihood, y: Floats, categories: tuple[str, ...]) -> list[Problem]:
    if len(y) and np.ptp(y) == 0:
        what = f"it is {categories[int(y[0])] if categories else f'{y[0]:g}'} in every complete row."
        return [Problem("outcome", what, "Nothing can be estimated.")]
    if model in IN_CATEGORIES:
        counts = np.bincount(y.astype(np.int64), minlength=len(categories))
        never = [name for name, count in zip(categories, counts, strict=True) if not count]
        listed = ", ".join(f"`{each}`" for each in never)
        what = f"no complete row has {listed}."
        return [Problem("outcome", what, "Remove the category, or merge it with another.")] if never else []
    if model == "poisson":
        what, remedy = "it has negative values.", "A count is 0 or more."
        return [Problem("outcome", what, remedy)] if (y < 0).any() else []
    strange = y[(y != 0) & (y != 1)]
    what = f"it has values other than 0 and 1, such as {strange[0]:g}." if len(strange) else ""
    return [Problem("outcome", what, "Recode it to 0 and 1.")] if len(strange) else []


def _size_problems(n: int, p: int) -> list[Problem]:
    return [Problem("data", f"{n} complete rows cannot carry {p} coefficients.", "Simplify the formula.")] * (n <= p)


def _dependent(model: Likelihood, cells: Cells, columns: tuple[str, ...]) -> list[Problem]:
    X, names = cells.X, columns
    if model in WITH_THRESHOLDS:
        X, names = np.column_stack([np.ones(len(X)), X]), ("the thresholds", *columns)
    if _far_from_dependent(X, cells.weights):
        return []
    dependent = dependent_columns(X, cells.weights)
    remedy = "Drop a term; or, if combinations of levels never occur, make one column of those that do."
    listed = some([name for name, each in zip(names, dependent, strict=True) if each], 8)
    problem = Problem("formula", f"{listed} can be computed from the terms before.", remedy)
    return [problem] if dependent.any() else []


def _far_from_dependent(X: Floats, weights: Floats) -> bool:
    """The squared length of what is new in a column is at least the smallest eigenvalue of the scaled X'WX."""
    square = crossproduct(X, weights)
    scale = np.sqrt(np.diag(square))
    return bool(scale.all()) and float(np.linalg.eigvalsh(square / np.outer(scale, scale))[0]) > CLEAR


def _divergence_problems(family: Family, cells: Cells, reached: Optimum, names: tuple[str, ...]) -> list[Problem]:
    found = find_separation(family, cells) if reached.flat else None
    if found is not None:
        return [_separated(found, names)]
    if reached.converged:
        return []
    what = f"the likelihood did not reach its maximum in {reached.iterations} steps."
    return [Problem("formula", what, "Simplify the formula, or bring columns to a common scale.")]


def _separated(found: Separation, names: tuple[str, ...]) -> Problem:
    which = some([names[place] for place in found.coefs], 8)
    verb = "runs" if len(found.coefs) == 1 else "run"
    what = f"{which} {verb} to infinity: with it the likelihood of {found.n_rows} rows only rises (separation)."
    remedy = 'Some combination of levels has only one outcome: merge levels, leave the term out, or use model="ols".'
    return Problem("formula", what, remedy)


def _notes(reached: Optimum) -> tuple[str, ...]:
    return ("some outcomes are predicted almost with certainty; there is no separation",) if reached.flat else ()

"""The maximum of a log-concave likelihood by Newton's method with step halving."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.linalg

from vignetta.analysis.models.likelihoods.distinct import Cells
from vignetta.analysis.models.likelihoods.family import Derivatives, Family

Floats = npt.NDArray[np.float64]

CLOSE = 1e-10
"""Newton stops after a step that promised to add half of this to the log-likelihood, for weights of mean 1: a step of
1e-5 standard errors. Steps shrink quadratically: the next would be some 1e-10 standard errors."""
STEPS = 50
HALVINGS = 30
FLAT = 1e-3
"""Curvature in some direction below this share of that at the start: the maximum may be at infinity."""


@dataclass(frozen=True, eq=False)
class Optimum:
    """Where Newton's method stopped.

    Attributes
    ----------
    coef : (p,).
    log_likelihood : there.
    at : derivatives by the linear predictors there.
    information : (p, p) minus the second derivatives there.
    iterations : steps taken.
    converged : the last step was close to nothing.
    flat : the likelihood has flattened in some direction since the start, as it does on the way to infinity.
    """

    coef: Floats
    log_likelihood: float
    at: Derivatives
    information: Floats
    iterations: int
    converged: bool
    flat: bool


def maximise(family: Family, cells: Cells) -> Optimum:
    """Climb from the family's start until a step is close to nothing, or cannot be made."""
    here = _point(family, cells, family.start(cells))
    begun, converged, iterations = here.information, False, 0
    while not converged and iterations < STEPS:
        step, gain = _step(here)
        converged = gain <= CLOSE * float(cells.weights.sum()) / len(cells.cell)
        after = _climb(family, cells, here, step) if np.isfinite(gain) else None
        if after is None:
            break
        here, iterations = after, iterations + 1
    information = here.information
    flat = not converged or _flattest(information, begun) < FLAT
    return Optimum(here.coef, here.log_likelihood, here.at, information, iterations, converged, flat)


@dataclass(frozen=True, eq=False)
class _Point:
    coef: Floats
    log_likelihood: float
    at: Derivatives
    gradient: Floats
    information: Floats


def _point(family: Family, cells: Cells, coef: Floats, at: Derivatives | None = None) -> _Point:
    at = family.derivatives(cells, coef) if at is None else at
    gradient = family.gradient(cells, at.score * cells.weights[:, None])
    information = family.information(cells, at.curvature * cells.weights[:, None, None])
    return _Point(coef, float(cells.weights @ at.log_density), at, gradient, information)


def _step(here: _Point) -> tuple[Floats, float]:
    """Newton's step and how steep it is (twice the gain that it promises); infinite where there is none."""
    scale = np.sqrt(np.diag(here.information))
    try:
        factor = scipy.linalg.cho_factor(here.information / np.outer(scale, scale), check_finite=True)
    except (np.linalg.LinAlgError, ValueError):
        return here.gradient, np.inf
    step = scipy.linalg.cho_solve(factor, here.gradient / scale) / scale
    return step, float(step @ here.gradient)


def _climb(family: Family, cells: Cells, here: _Point, step: Floats) -> _Point | None:
    """The point after the longest of the halved steps that does not lose; None when all lose."""
    rounding = 1e-12 * abs(here.log_likelihood)
    for halving in range(HALVINGS):
        coef = here.coef + step / 2**halving
        with np.errstate(all="ignore"):
            at = family.derivatives(cells, coef)
            reached = float(cells.weights @ at.log_density)
        if np.isfinite(reached) and reached >= here.log_likelihood - rounding:
            return _point(family, cells, coef, at)
    return None


def _flattest(information: Floats, begun: Floats) -> float:
    scale = np.sqrt(np.diag(begun))
    both = (each / np.outer(scale, scale) for each in (information, begun))
    try:
        return float(scipy.linalg.eigh(*both, eigvals_only=True, subset_by_index=[0, 0])[0])
    except np.linalg.LinAlgError:
        return 0.0

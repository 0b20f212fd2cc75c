"""Covariance matrices of least-squares coefficients: arrays in, arrays out."""

import numpy as np
import numpy.typing as npt

from vignetta.analysis.least_squares import Solution
from vignetta.errors import Problem, StudyError
from vignetta.plan import Errors

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

FULL_LEVERAGE = 1 - 1e-10
"""A row above this leverage is fitted exactly up to rounding: its residual carries no information."""
_EXPONENT = {"HC2": 0.5, "HC3": 1.0}


def covariance(solution: Solution, errors: Errors, clusters: Codes | None = None) -> Floats:
    """The covariance matrix (k, k) of the coefficients.

    Parameters
    ----------
    solution : the fitted least squares.
    errors : classical; HC0 to HC3 (White 1980; MacKinnon and White 1985), with weights e_i -> w_i e_i and
        h_i = w_i x_i'(X'WX)^-1 x_i; CR0 (Liang and Zeger 1986), CR1 = CR0 G / (G - 1),
        CR1S = CR1 (n - 1) / (n - k), which is Stata's.
    clusters : (n,) codes from 0, for CR.

    Raises
    ------
    StudyError
        A row of leverage one under HC2 or HC3, for which these are not defined.
    """
    if errors == "classical":
        return solution.inverse @ solution.inverse.T * _residual_variance(solution)
    scores = solution.basis * (np.sqrt(solution.weights) * solution.residuals)[:, None]
    if clusters is not None:
        scores = _sums(scores, clusters)
    elif errors in _EXPONENT:
        scores = scores / ((1 - _leverage(solution, errors)) ** _EXPONENT[errors])[:, None]
    half = scores @ solution.inverse.T
    return half.T @ half * _factor(solution, errors, clusters)


def _factor(solution: Solution, errors: Errors, clusters: Codes | None) -> float:
    n, k = solution.basis.shape
    if errors == "HC1":
        return float(n / (n - k))
    if clusters is None or errors == "CR0":
        return 1.0
    G = int(clusters.max()) + 1
    return float(G / (G - 1) * ((n - 1) / (n - k) if errors == "CR1S" else 1.0))


def _residual_variance(solution: Solution) -> float:
    n, k = solution.basis.shape
    return float(solution.weights @ solution.residuals**2 / (n - k))


def _leverage(solution: Solution, errors: Errors) -> Floats:
    leverage: Floats = np.sum(solution.basis**2, axis=1)
    full = int((leverage > FULL_LEVERAGE).sum())
    if full:
        what = f"{errors} is not defined: {full} row{'s' if full > 1 else ''} alone in a combination fitted exactly."
        raise StudyError(Problem("errors", what, 'Simplify the formula, or write errors="HC1".'))
    return leverage


def _sums(scores: Floats, clusters: Codes) -> Floats:
    order = np.argsort(clusters, kind="stable")
    starts = np.flatnonzero(np.diff(clusters[order], prepend=-1))
    sums: Floats = np.add.reduceat(scores[order], starts, axis=0)
    return sums

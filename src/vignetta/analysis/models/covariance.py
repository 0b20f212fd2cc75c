"""Covariance matrices of least-squares coefficients: arrays in, arrays out."""

import numpy as np
import numpy.typing as npt

from vignetta.analysis.models.clusters import Stack
from vignetta.analysis.models.least_squares import Solution
from vignetta.errors import Problem, StudyError
from vignetta.plan import Errors

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

FULL_LEVERAGE = 1 - 1e-10
"""A row above this leverage is fitted exactly up to rounding: its residual carries no information."""


def covariance(solution: Solution, errors: Errors) -> Floats:
    """The covariance matrix (k, k) of the coefficients without clusters.

    Parameters
    ----------
    solution : the fitted least squares.
    errors : classical; HC0 to HC3 (White 1980; MacKinnon and White 1985) and HC4 (Cribari-Neto 2004): squared
        residuals over (1 - h_i)^d with d = 0, 0, 1, 2 and min(4, n h_i / k), HC1 times n / (n - k). With weights
        e_i -> w_i e_i and h_i = w_i x_i'(X'WX)^-1 x_i, as in R's sandwich.

    Raises
    ------
    StudyError
        A row of leverage one under HC2, HC3 or HC4, for which these are not defined.
    """
    n, k = solution.shape
    found = solution.squares
    if errors == "classical":
        return np.asarray(solution.inverse @ solution.inverse.T * (found.squares.sum() / (n - k)))
    squares = found.weights * found.squares
    if errors in ("HC2", "HC3", "HC4"):
        leverage = solution.leverage_of_squares
        _check_leverage(solution, leverage, errors)
        squares /= (1 - leverage) ** _exponent(leverage, errors, n / k)
    return found.rows.turned(solution.inverse.T).cross(squares) * (n / (n - k) if errors == "HC1" else 1.0)


def clustered_covariance(solution: Solution, stacks: tuple[Stack, ...], errors: Errors) -> Floats:
    """The covariance matrix (k, k) of the coefficients from clusters adjusted for `errors`.

    CR0 (Liang and Zeger 1986), CR2 and CR3 are the sum of squared scores; CR1 = CR0 G / (G - 1); CR1S = CR1 (n - 1) /
    (n - k), which is Stata's. CR3 has no factor (G - 1) / G: it is the sum over clusters of (b(-g) - b)(b(-g) - b)'.
    """
    n, k = solution.shape
    half = np.concatenate([each.scores for each in stacks]) @ solution.inverse.T
    G = len(half)
    factor = {"CR1": G / (G - 1), "CR1S": G / (G - 1) * (n - 1) / (n - k)}
    return np.asarray(half.T @ half * factor.get(errors, 1.0))


def _exponent(leverage: Floats, errors: Errors, rows_by_column: float) -> Floats | float:
    if errors == "HC4":
        return np.minimum(4.0, rows_by_column * leverage)
    return 1.0 if errors == "HC2" else 2.0


def _check_leverage(solution: Solution, leverage: Floats, errors: Errors) -> None:
    if (leverage <= FULL_LEVERAGE).all():
        return
    full = int((solution.leverage > FULL_LEVERAGE).sum())
    what = f"{errors} is not defined: {full} row{'s' if full > 1 else ''} alone in a combination fitted exactly."
    raise StudyError(Problem("errors", what, 'Simplify the formula, or write errors="HC1".'))

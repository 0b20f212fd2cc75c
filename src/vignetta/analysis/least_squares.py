"""Weighted least squares by a QR decomposition."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.linalg

Floats = npt.NDArray[np.float64]

DEPENDENT = 1e-7
"""A column whose part that is orthogonal to the earlier columns is shorter than this share of it depends on them (the
tolerance of R's lm)."""


@dataclass(frozen=True)
class Solution:
    """A least-squares solution.

    Attributes
    ----------
    coef : (k,) coefficients.
    residuals : (n,) outcome minus prediction, unweighted.
    weights : (n,).
    basis : (n, k) orthonormal basis Q of the columns of sqrt(W) X.
    inverse : (k, k) with X = W^(-1/2) Q inverse^(-1), so that (X'WX)^-1 = inverse @ inverse.T.
    """

    coef: Floats
    residuals: Floats
    weights: Floats
    basis: Floats
    inverse: Floats


def dependent_columns(X: Floats, weights: Floats) -> npt.NDArray[np.bool_]:
    """Which columns of X (n, k) are linear combinations of earlier ones, or zero; (k,)."""
    scaled = _scaled(X, weights)
    kept: list[int] = []
    dependent = np.zeros(X.shape[1], dtype=bool)
    diagonal = np.abs(np.diag(np.linalg.qr(scaled, mode="r")))
    if len(diagonal) == X.shape[1] and diagonal.min(initial=1.0) > DEPENDENT:
        return dependent
    basis = np.zeros((len(X), 0))
    for place in range(X.shape[1]):
        rest = scaled[:, place] - basis @ (basis.T @ scaled[:, place])
        rest = rest - basis @ (basis.T @ rest)
        length = float(np.linalg.norm(rest))
        dependent[place] = length <= DEPENDENT
        if not dependent[place]:
            kept.append(place)
            basis = np.column_stack([basis, rest / length])
    return dependent


def solve(X: Floats, y: Floats, weights: Floats) -> Solution:
    """Minimise sum of w (y - x'b)^2 over b.

    Parameters
    ----------
    X : (n, k) of full column rank.
    y : (n,) outcome.
    weights : (n,) positive.
    """
    root = np.sqrt(weights)
    lengths = np.sqrt(weights @ X**2)
    basis, triangle = np.linalg.qr(X / lengths * root[:, None])
    inverse = scipy.linalg.solve_triangular(triangle, np.eye(len(lengths))) / lengths[:, None]
    coef = inverse @ (basis.T @ (root * y))
    return Solution(coef, y - X @ coef, weights, basis, inverse)


def _scaled(X: Floats, weights: Floats) -> Floats:
    rooted = X * np.sqrt(weights)[:, None]
    lengths = np.linalg.norm(rooted, axis=0)
    return rooted / np.where(lengths > 0, lengths, 1)

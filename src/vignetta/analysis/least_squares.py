"""Weighted least squares by a QR decomposition."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.linalg

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

DEPENDENT = 1e-7
"""A column whose part that is orthogonal to the earlier columns is shorter than this share of it depends on them (the
tolerance of R's lm)."""

EQUAL = 1e-14
"""Weights that differ by less than this share are equal up to rounding."""


@dataclass(frozen=True, eq=False)
class Solution:
    """A least-squares solution.

    Attributes
    ----------
    coef : (k,) coefficients.
    residuals : (n,) outcome minus prediction, unweighted.
    weights : (n,).
    rows : (m, k) distinct rows of X @ inverse: sqrt(W) times these is an orthonormal basis of sqrt(W) X.
    places : (n,) which of `rows` each observation has.
    inverse : (k, k) with (X'WX)^-1 = inverse @ inverse.T.
    """

    coef: Floats
    residuals: Floats
    weights: Floats
    rows: Floats
    places: Places
    inverse: Floats

    @property
    def shape(self) -> tuple[int, int]:
        """Observations n and coefficients k."""
        return len(self.residuals), len(self.coef)

    @property
    def leverage(self) -> Floats:
        """(n,) h_i = w_i x_i'(X'WX)^-1 x_i."""
        return np.asarray(self.weights * np.sum(self.rows**2, axis=1)[self.places])

    @property
    def is_weighted(self) -> bool:
        """Whether the weights differ."""
        return bool(np.ptp(self.weights) > EQUAL * self.weights.max())


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


def solve(X: Floats, y: Floats, weights: Floats, places: Places | None = None) -> Solution:
    """Minimise sum of w (y - x'b)^2 over b.

    Parameters
    ----------
    X : (m, k) distinct rows, of full column rank.
    y : (n,) outcome.
    weights : (n,) positive.
    places : (n,) the row of X of each observation; the observation's own when left out. Observations of one row are
        summed before anything is decomposed, so that n counts only in sums.
    """
    at = np.arange(len(y)) if places is None else places
    total = weights if places is None else np.bincount(at, weights, len(X))
    sums = weights * y if places is None else np.bincount(at, weights * y, len(X))
    root = np.sqrt(total)
    lengths = np.sqrt(total @ X**2)
    basis, triangle = np.linalg.qr(X / lengths * root[:, None])
    inverse = scipy.linalg.solve_triangular(triangle, np.eye(len(lengths))) / lengths[:, None]
    coef = inverse @ (basis.T @ (sums / root))
    return Solution(coef, y - (X @ coef)[at], weights, basis / root[:, None], at, inverse)


def _scaled(X: Floats, weights: Floats) -> Floats:
    rooted = X * np.sqrt(weights)[:, None]
    lengths = np.linalg.norm(rooted, axis=0)
    return rooted / np.where(lengths > 0, lengths, 1)

"""Weighted least squares by an orthogonal decomposition, of distinct rows only."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.linalg

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

DEPENDENT = 1e-7
"""A column whose part that is orthogonal to the earlier columns is shorter than this share of it depends on them (the
tolerance of R's lm)."""
WELL_CONDITIONED = 1e5
"""Below this condition number two rounds of Cholesky give a basis that is orthogonal to rounding (Yamamoto and others
2015 show it up to 1e8); above it the basis is Householder's."""
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
    if _triangle(scaled) is not None:
        return dependent
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

    def by_row(values: Floats) -> Floats:
        return values if places is None else np.asarray(np.bincount(at, values, len(X)), dtype=np.float64)

    root = np.sqrt(by_row(weights))
    lengths = np.sqrt(root**2 @ X**2)
    basis, triangle = _decomposed(X / lengths * root[:, None])
    rows = basis / root[:, None]
    inverse = scipy.linalg.solve_triangular(triangle, np.eye(len(lengths))) / lengths[:, None]
    coef = inverse @ (rows.T @ by_row(weights * y))
    coef += inverse @ (rows.T @ by_row(weights * (y - (X @ coef)[at])))
    return Solution(coef, y - (X @ coef)[at], weights, rows, at, inverse)


def _decomposed(scaled: Floats) -> tuple[Floats, Floats]:
    """Q (m, k) with orthonormal columns and R (k, k) upper triangular, for columns of length one."""
    first = _triangle(scaled)
    if first is None:
        basis, triangle = np.linalg.qr(scaled)
        return basis, triangle
    basis = scaled @ scipy.linalg.solve_triangular(first, np.eye(len(first)))
    second = np.linalg.cholesky(basis.T @ basis, upper=True)
    return basis @ scipy.linalg.solve_triangular(second, np.eye(len(second))), second @ first


def _triangle(scaled: Floats) -> Floats | None:
    """The upper Cholesky factor of the crossproduct, where the columns (of length one) are well conditioned."""
    cross = scaled.T @ scaled
    values = np.linalg.eigvalsh(cross)
    if not values[0] > values[-1] / WELL_CONDITIONED**2:
        return None
    return np.asarray(np.linalg.cholesky(cross, upper=True))


def _scaled(X: Floats, weights: Floats) -> Floats:
    rooted = X * np.sqrt(weights)[:, None]
    lengths = np.linalg.norm(rooted, axis=0)
    return rooted / np.where(lengths > 0, lengths, 1)

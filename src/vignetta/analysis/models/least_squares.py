"""Weighted least squares by an orthogonal decomposition, of distinct rows only."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.linalg

from vignetta.analysis.models.model_matrix import ModelMatrix

Floats = npt.NDArray[np.float64]

DEPENDENT = 1e-7
"""A column whose part that is orthogonal to the earlier columns is shorter than this share of it depends on them (the
tolerance of R's lm)."""
WELL_CONDITIONED = 1e5
"""Below this condition number two rounds of Cholesky give a basis that is orthogonal to rounding (Yamamoto and others
2015 show it up to 1e8); above it the basis is Householder's."""
SUMMED = 1e3
"""Below this condition number the crossproduct of long columns is decomposed alone: its rounding stays below 1e-9 of
every number, and the coefficients are improved by a step on their residuals."""
EQUAL = 1e-14
"""Weights that differ by less than this share are equal up to rounding."""
STEPS = 2
"""The second step takes the rounding of the first out of the coefficients."""
CANCELLED = 1e-4
"""Above this share of the outcome's sum of squares, that of the residuals is exact as a difference of sums; below it
the residuals are squared."""


@dataclass(frozen=True, eq=False)
class Solution:
    """A least-squares solution.

    Attributes
    ----------
    coef : (k,) coefficients.
    y : (n,) outcome.
    weights : (n,).
    X : (n, k).
    basis : X @ inverse: sqrt(W) times it is orthonormal.
    inverse : (k, k) with (X'WX)^-1 = inverse @ inverse.T.
    """

    coef: Floats
    y: Floats
    weights: Floats
    X: ModelMatrix
    basis: ModelMatrix
    inverse: Floats

    @property
    def shape(self) -> tuple[int, int]:
        """Observations n and coefficients k."""
        return self.X.shape

    @cached_property
    def residuals(self) -> Floats:
        """(n,) outcome minus prediction, unweighted."""
        return self._left()

    def _left(self) -> Floats:
        return np.asarray(self.y - self.X.predict(self.coef))

    @property
    def leverage(self) -> Floats:
        """(n,) h_i = w_i x_i'(X'WX)^-1 x_i."""
        return np.asarray(self.weights * self.basis.squared_lengths())

    @cached_property
    def is_weighted(self) -> bool:
        """Whether the weights differ."""
        return bool(np.ptp(self.weights) > EQUAL * self.weights.max())

    @cached_property
    def squares(self) -> "Squares":
        """The squared residuals, of rows that are alike in X and weight as one sum."""
        if not self.is_summed:
            squares = np.square(self._left())
            squares *= self.weights
            return Squares(self.basis, self.weights, squares)
        m = len(self.X.base)
        return Squares(ModelMatrix(self.basis.base), np.full(m, self.weights[0]), self.weights[0] * self._sums())

    @cached_property
    def is_summed(self) -> bool:
        """Whether rows that are alike are one row of `squares`."""
        return self.X.is_repeated and self.X.places is not None and not self.is_weighted

    @property
    def leverage_of_squares(self) -> Floats:
        """That of each row of a group of `squares`."""
        found = self.squares
        return np.asarray(found.weights * found.rows.squared_lengths()) if self.is_summed else self.leverage

    def _sums(self) -> Floats:
        """Squared residuals summed (m,) over the rows that share a row of `X.base`, from sums of outcomes alone."""
        middle = float(self.y.mean())
        y, predicted = self.y - middle, self.X.base @ self.coef - middle
        square = self.X.by_base(np.square(y))
        found = square - 2 * predicted * self.X.by_base(y) + predicted**2 * self.X.by_base(None)
        if found.sum() > CANCELLED * square.sum():
            return np.maximum(found, 0.0)
        return self.X.by_base(self.residuals**2)


@dataclass(frozen=True, eq=False)
class Squares:
    """Squared residuals of rows, or of r groups of rows that are alike.

    Attributes
    ----------
    rows : (r, k) their rows of the basis.
    weights : (r,) the weight of each row of a group.
    squares : (r,) weighted squared residuals, summed over a group.
    """

    rows: ModelMatrix
    weights: Floats
    squares: Floats


@dataclass(frozen=True, eq=False)
class Decomposition:
    """An orthonormal basis of sqrt(W) X.

    Attributes
    ----------
    X : (n, k).
    weights : (n,) positive.
    lengths : (k,) those of the columns of sqrt(W) X.
    triangle : (k, k) upper, of the columns divided by their lengths.
    basis : X divided by lengths and triangle, or None where that is yet to be computed.
    unweighted : whether every weight is 1.
    """

    X: ModelMatrix
    weights: Floats
    unweighted: bool
    lengths: Floats
    triangle: Floats
    basis: ModelMatrix | None

    @property
    def is_of_full_rank(self) -> bool:
        """Whether no column is a linear combination of earlier ones."""
        n, k = self.X.shape
        diagonal = np.abs(np.diag(self.triangle))
        return bool(n >= k == len(diagonal) and self.lengths.all() and diagonal.min() > DEPENDENT)

    def solve(self, y: Floats) -> Solution:
        """Minimise sum of w (y - x'b)^2 over b, for an outcome (n,)."""
        inverse = scipy.linalg.solve_triangular(self.triangle, np.eye(len(self.lengths))) / self.lengths[:, None]
        basis = self.X.turned(inverse) if self.basis is None else self.basis
        total = self.X.by_base(self._weighted(y)) if self.X.is_repeated else None
        coef = np.zeros(len(self.lengths))
        for _ in range(STEPS):
            coef += inverse @ self._left(y, total, basis, coef)
        return Solution(coef, y, self.weights, self.X, basis, inverse)

    def _left(self, y: Floats, total: Floats | None, basis: ModelMatrix, coef: Floats) -> Floats:
        """basis'W(y - X b), (k,); from the sums of Wy where rows are alike."""
        if total is None:
            return basis.sums(self._weighted(y - self.X.predict(coef)))
        weights = self.X.by_base(None if self.unweighted else self.weights)
        return np.asarray(basis.base.T @ (total - weights * (self.X.base @ coef)))

    def _weighted(self, values: Floats) -> Floats:
        return values if self.unweighted else self.weights * values


def decompose(X: ModelMatrix, weights: Floats) -> Decomposition:
    """Decompose sqrt(W) X: by its crossproduct where rows have numbers of their own and it is well conditioned."""
    if X.is_repeated:
        return _decomposed_rows(X, weights)
    unweighted = bool((weights == 1).all())
    cross = X.cross(None if unweighted else weights)
    lengths = np.sqrt(np.diag(cross))
    triangle = _upper(cross / np.outer(lengths, lengths), SUMMED) if lengths.all() else None
    if triangle is None:
        return _decomposed_rows(ModelMatrix(X.rows()), weights)
    return Decomposition(X, weights, unweighted, lengths, triangle, None)


def _decomposed_rows(X: ModelMatrix, weights: Floats) -> Decomposition:
    """Rows that share a row of `base` are summed before anything is decomposed."""
    unweighted = bool((weights == 1).all())
    root = np.sqrt(X.by_base(None if unweighted else weights))
    lengths = np.sqrt(root**2 @ X.base**2)
    scaled = X.base / np.where(lengths > 0, lengths, 1.0) * root[:, None]
    basis, triangle = _decomposed(scaled)
    return Decomposition(X, weights, unweighted, lengths, triangle, ModelMatrix(basis / root[:, None], X.places))


def solve(X: ModelMatrix | Floats, y: Floats, weights: Floats) -> Solution:
    """Minimise sum of w (y - x'b)^2 over b.

    Parameters
    ----------
    X : (n, k), of full column rank.
    y : (n,) outcome.
    weights : (n,) positive.
    """
    return decompose(X if isinstance(X, ModelMatrix) else ModelMatrix(X), weights).solve(y)


def dependent_columns(X: Floats, weights: Floats) -> npt.NDArray[np.bool_]:
    """Which columns of X (n, k) are linear combinations of earlier ones, or zero; (k,)."""
    scaled = _scaled(X, weights)
    dependent = np.zeros(X.shape[1], dtype=bool)
    basis = np.zeros((len(X), 0))
    for place in range(X.shape[1]):
        rest = scaled[:, place] - basis @ (basis.T @ scaled[:, place])
        rest = rest - basis @ (basis.T @ rest)
        length = float(np.linalg.norm(rest))
        dependent[place] = length <= DEPENDENT
        if not dependent[place]:
            basis = np.column_stack([basis, rest / length])
    return dependent


def _decomposed(scaled: Floats) -> tuple[Floats, Floats]:
    """Q (m, k) with orthonormal columns and R (k, k) upper triangular, for columns of length one."""
    first = _upper(scaled.T @ scaled, WELL_CONDITIONED)
    if first is None:
        basis, triangle = np.linalg.qr(scaled)
        return basis, triangle
    basis = scaled @ scipy.linalg.solve_triangular(first, np.eye(len(first)))
    second = np.linalg.cholesky(basis.T @ basis, upper=True)
    return basis @ scipy.linalg.solve_triangular(second, np.eye(len(second))), second @ first


def _upper(cross: Floats, worst: float) -> Floats | None:
    """The upper Cholesky factor of the crossproduct of columns whose condition number is below `worst`."""
    values = np.linalg.eigvalsh(cross)
    if not values[0] > values[-1] / worst**2:
        return None
    return np.asarray(np.linalg.cholesky(cross, upper=True))


def _scaled(X: Floats, weights: Floats) -> Floats:
    rooted = X * np.sqrt(weights)[:, None]
    lengths = np.linalg.norm(rooted, axis=0)
    return rooted / np.where(lengths > 0, lengths, 1)

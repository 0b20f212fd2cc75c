"""Ordered logit and probit: P(y <= j) = F(alpha_j - x'b)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vignetta.analysis.models.likelihoods.counterfactuals import Averages, Counterfactuals
from vignetta.analysis.models.likelihoods.distinct import Cells
from vignetta.analysis.models.likelihoods.family import Derivatives
from vignetta.analysis.models.likelihoods.links import Link
from vignetta.analysis.models.likelihoods.single import crossproduct

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Ordered:
    """y is the place 0 .. J - 1 of the category; coefficients are J - 1 thresholds, then the slopes (McCullagh 1980).

    The two predictors are the ends alpha_y - x'b and alpha_(y - 1) - x'b of the observed category's interval. X has no
    intercept: the thresholds take its place.
    """

    link: Link
    categories: tuple[str, ...]

    @property
    def outcomes(self) -> tuple[str, ...]:
        return self.categories

    @property
    def inverse_variance(self) -> bool:
        return False

    @property
    def _cuts(self) -> int:
        return len(self.categories) - 1

    def names(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        ends = zip(self.categories[:-1], self.categories[1:], strict=True)
        return (*(f"{low}|{high}" for low, high in ends), *columns)

    def start(self, cells: Cells) -> Floats:
        """The thresholds of the frequencies; slopes of zero."""
        share = np.bincount(cells.y.astype(np.int64), cells.weights) / cells.weights.sum()
        return np.concatenate([self.link.quantile(np.cumsum(share)[:-1]), np.zeros(cells.X.shape[1])])

    def derivatives(self, cells: Cells, coef: Floats) -> Derivatives:
        ends = np.concatenate([[-np.inf], coef[: self._cuts], [np.inf]])
        index, y = cells.X @ coef[self._cuts :], cells.y.astype(np.int64)
        upper, lower = ends[y + 1] - index, ends[y] - index
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return self._at(upper, lower)

    def _at(self, upper: Floats, lower: Floats) -> Derivatives:
        """Derivatives of log(F(u) - F(l)); intervals above zero are mirrored, to keep the difference's digits."""
        mirrored = lower > 0
        high, low = np.where(mirrored, -lower, upper), np.where(mirrored, -upper, lower)
        p = self.link.cdf(high) - self.link.cdf(low)
        p = np.where(p > 0, p, np.nan)
        high, low = self.link.density(upper) / p, self.link.density(lower) / p
        by_upper, by_lower = high**2 - self.link.slope(upper) / p, low**2 + self.link.slope(lower) / p
        curvature = np.stack([by_upper, -high * low, -high * low, by_lower], axis=1).reshape(-1, 2, 2)
        return Derivatives(np.where(np.isnan(p), -np.inf, np.log(p)), np.stack([high, -low], axis=1), curvature)

    def score(self, cells: Cells, by_predictor: Floats) -> Floats:
        return np.concatenate(
            [self._by_cut(cells, by_predictor), -cells.X * (by_predictor[:, 0] + by_predictor[:, 1])[:, None]], axis=1
        )

    def gradient(self, cells: Cells, by_predictor: Floats) -> Floats:
        by_cut = self._by_cut(cells, by_predictor).sum(axis=0)
        return np.concatenate([by_cut, -(by_predictor[:, 0] + by_predictor[:, 1]) @ cells.X])

    def information(self, cells: Cells, by_predictor: Floats) -> Floats:
        q, p = self._cuts, self._cuts + cells.X.shape[1]
        by_end = by_predictor[:, :, 0] + by_predictor[:, :, 1]
        beside = self._by_cut(cells, by_end)
        information = np.zeros((p, p))
        information[:q, :q] = self._between_cuts(cells, by_predictor)
        information[:q, q:] = -beside.T @ cells.X
        information[q:, :q] = information[:q, q:].T
        information[q:, q:] = crossproduct(cells.X, np.maximum(by_end[:, 0] + by_end[:, 1], 0))
        return information

    def rows(self, cells: Cells) -> Floats:
        ends = np.zeros((len(cells.y), 2, self._cuts + 2))
        places, y = np.arange(len(cells.y)), cells.y.astype(np.int64)
        ends[places, 0, y + 1] = ends[places, 1, y] = 1
        return np.concatenate([ends[:, :, 1:-1], np.repeat(-cells.X[:, None, :], 2, axis=1)], axis=2)

    def recession(self, cells: Cells) -> Floats:
        """An upper end may rise and a lower end may fall; the ends at infinity may do as they like."""
        rows = self.rows(cells)
        return np.concatenate([rows[cells.y < self._cuts, 0], -rows[cells.y > 0, 1]])

    def averages(self, coef: Floats, over: Counterfactuals) -> Averages:
        q, c = self._cuts, len(over.varying)
        index = over.index(coef[q:])
        below = np.zeros((c, q + 2))
        jacobian = np.zeros((c, q + 2, len(coef)))
        below[:, -1] = 1
        for cut, threshold in enumerate(coef[:q]):
            chance, density = self.link.both(threshold - index)
            below[:, cut + 1] = over.mean(chance)
            jacobian[:, cut + 1, cut] = over.mean(density)
            jacobian[:, cut + 1, q:] = -over.mean_row(density)
        return Averages(np.diff(below, axis=1), np.diff(jacobian, axis=1))

    def _by_cut(self, cells: Cells, by_predictor: Floats) -> Floats:
        """Values of the upper and lower end (m, 2), each in the column of its threshold (m, J - 1)."""
        ends = np.zeros((len(cells.y), self._cuts + 2))
        places, y = np.arange(len(cells.y)), cells.y.astype(np.int64)
        ends[places, y + 1], ends[places, y] = by_predictor.T
        return ends[:, 1:-1]

    def _between_cuts(self, cells: Cells, by_predictor: Floats) -> Floats:
        size = self._cuts + 2
        ends = (cells.y.astype(np.int64) + 1, cells.y.astype(np.int64))
        square = np.zeros(size * size)
        for first, row in enumerate(ends):
            for second, column in enumerate(ends):
                square += np.bincount(row * size + column, by_predictor[:, first, second], minlength=size * size)
        return square.reshape(size, size)[1:-1, 1:-1]

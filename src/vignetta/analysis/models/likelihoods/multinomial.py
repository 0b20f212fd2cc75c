"""Multinomial logit: P(y = j) is proportional to exp(x'b_j), with b = 0 for the first category."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from vignetta.analysis.models.likelihoods.counterfactuals import Averages, Counterfactuals
from vignetta.analysis.models.likelihoods.distinct import Cells
from vignetta.analysis.models.likelihoods.family import Derivatives
from vignetta.analysis.models.likelihoods.single import crossproduct

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Multinomial:
    """y is the place 0 .. J - 1 of the category; first the k coefficients of the second category, then the third's."""

    categories: tuple[str, ...]

    @property
    def outcomes(self) -> tuple[str, ...]:
        return self.categories

    @property
    def inverse_variance(self) -> bool:
        return False

    @property
    def _equations(self) -> int:
        return len(self.categories) - 1

    def names(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(f"{category}: {column}" for category in self.categories[1:] for column in columns)

    def start(self, cells: Cells) -> Floats:
        return np.zeros(self._equations * cells.X.shape[1])

    def derivatives(self, cells: Cells, coef: Floats) -> Derivatives:
        index = np.column_stack([np.zeros(len(cells.y)), cells.X @ self._by_equation(coef).T])
        log_p = index - special.logsumexp(index, axis=1, keepdims=True)
        y, p = cells.y.astype(np.int64), np.exp(log_p[:, 1:])
        chosen = y[:, None] == np.arange(1, len(self.categories))
        curvature = p[:, :, None] * (np.eye(self._equations) - p[:, None, :])
        return Derivatives(log_p[np.arange(len(y)), y], chosen - p, curvature)

    def score(self, cells: Cells, by_predictor: Floats) -> Floats:
        return (by_predictor[:, :, None] * cells.X[:, None, :]).reshape(len(cells.y), -1)

    def gradient(self, cells: Cells, by_predictor: Floats) -> Floats:
        return (by_predictor.T @ cells.X).ravel()

    def information(self, cells: Cells, by_predictor: Floats) -> Floats:
        q, k = self._equations, cells.X.shape[1]
        blocks = np.zeros((q, k, q, k))
        for first in range(q):
            blocks[first, :, first] = crossproduct(cells.X, by_predictor[:, first, first])
            for second in range(first):
                block = (cells.X * by_predictor[:, first, second, None]).T @ cells.X
                blocks[first, :, second] = blocks[second, :, first] = block
        return blocks.reshape(q * k, q * k)

    def rows(self, cells: Cells) -> Floats:
        q, k = self._equations, cells.X.shape[1]
        spread = np.eye(q)[None, :, :, None] * cells.X[:, None, None, :]
        return spread.reshape(len(cells.y), q, q * k)

    def recession(self, cells: Cells) -> Floats:
        """The index of the chosen category may rise against that of every other."""
        rows = self.rows(cells)
        every = np.concatenate([np.zeros((len(rows), 1, rows.shape[2])), rows], axis=1)
        y = cells.y.astype(np.int64)
        gaps = every[np.arange(len(y)), y][:, None, :] - every
        others = y[:, None] != np.arange(len(self.categories))
        return np.asarray(gaps[others])

    def averages(self, coef: Floats, over: Counterfactuals) -> Averages:
        index = np.stack([over.index(each) for each in self._by_equation(coef)])
        p = special.softmax(np.concatenate([np.zeros((1, *index.shape[1:])), index]), axis=0)
        estimate = np.stack([over.mean(each) for each in p], axis=1)
        rows = [
            [over.mean_row(each * ((outcome == by) - p[by])) for by in range(1, len(p))]
            for outcome, each in enumerate(p)
        ]
        jacobian = np.stack([np.concatenate(each, axis=1) for each in rows], axis=1)
        return Averages(estimate, jacobian)

    def _by_equation(self, coef: Floats) -> Floats:
        return coef.reshape(self._equations, -1)

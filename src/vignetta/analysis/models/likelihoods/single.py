"""What families with one linear predictor x'b share."""

import numpy as np
import numpy.typing as npt

from vignetta.analysis.models.likelihoods.distinct import Cells

Floats = npt.NDArray[np.float64]


class SinglePredictor:
    """Z is the row x itself."""

    @property
    def outcomes(self) -> tuple[str, ...]:
        return ("mean",)

    def names(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        return columns

    def score(self, cells: Cells, by_predictor: Floats) -> Floats:
        return cells.X * by_predictor

    def gradient(self, cells: Cells, by_predictor: Floats) -> Floats:
        return by_predictor[:, 0] @ cells.X

    def information(self, cells: Cells, by_predictor: Floats) -> Floats:
        return crossproduct(cells.X, by_predictor[:, 0, 0])

    def rows(self, cells: Cells) -> Floats:
        return cells.X[:, None, :]


def crossproduct(X: Floats, weights: Floats) -> Floats:
    """X' diag(weights) X for weights of 0 or more."""
    rooted = X * np.sqrt(weights)[:, None]
    return np.asarray(rooted.T @ rooted)


def first_step(cells: Cells, index: Floats, score: Floats, curvature: Floats) -> Floats:
    """The coefficients (k,) after one Newton step from linear predictors (m,) that no coefficients need to give."""
    curved = cells.weights * curvature
    target = curved * index + cells.weights * score
    return np.asarray(np.linalg.lstsq(crossproduct(cells.X, curved), cells.X.T @ target, rcond=None)[0])

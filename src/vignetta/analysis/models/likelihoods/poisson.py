"""Poisson regression: E(y) = exp(x'b)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from vignetta.analysis.models.likelihoods.counterfactuals import Averages, Counterfactuals
from vignetta.analysis.models.likelihoods.distinct import Cells
from vignetta.analysis.models.likelihoods.family import Derivatives
from vignetta.analysis.models.likelihoods.single import SinglePredictor, first_step

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Poisson(SinglePredictor):
    """y is 0 or more; with robust errors it need not be a whole number (Gourieroux, Monfort and Trognon 1984)."""

    @property
    def inverse_variance(self) -> bool:
        return True

    def start(self, cells: Cells) -> Floats:
        """One step from the means y + 0.1, as in R's glm."""
        mean = cells.y + 0.1
        return first_step(cells, np.log(mean), cells.y - mean, mean)

    def derivatives(self, cells: Cells, coef: Floats) -> Derivatives:
        index = cells.X @ coef
        with np.errstate(over="ignore"):
            mean = np.exp(index)
        log_density = cells.y * index - mean - special.gammaln(cells.y + 1)
        return Derivatives(log_density, (cells.y - mean)[:, None], mean[:, None, None])

    def recession(self, cells: Cells) -> Floats:
        """A count of zero lets its mean fall to zero; any other count holds its mean in place."""
        held = cells.X[cells.y > 0]
        return np.concatenate([-cells.X[cells.y == 0], held, -held])

    def averages(self, coef: Floats, over: Counterfactuals) -> Averages:
        mean = np.exp(over.index(coef))
        return Averages(over.mean(mean)[:, None], over.mean_row(mean)[:, None, :])

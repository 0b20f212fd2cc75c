"""Logit and probit: P(y = 1) = F(x'b)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vignetta.analysis.models.likelihoods.counterfactuals import Averages, Counterfactuals
from vignetta.analysis.models.likelihoods.distinct import Cells
from vignetta.analysis.models.likelihoods.family import Derivatives
from vignetta.analysis.models.likelihoods.links import Link
from vignetta.analysis.models.likelihoods.single import SinglePredictor, first_step

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Binary(SinglePredictor):
    """y is 0 or 1."""

    link: Link

    @property
    def inverse_variance(self) -> bool:
        return self.link.canonical

    def start(self, cells: Cells) -> Floats:
        """One step from the probabilities 1/4 and 3/4, as in R's glm."""
        sign = 2 * cells.y - 1
        index = sign * self.link.quantile(np.full(len(sign), 0.75))
        found = self._at(cells.y, index)
        return first_step(cells, index, found.score[:, 0], found.curvature[:, 0, 0])

    def derivatives(self, cells: Cells, coef: Floats) -> Derivatives:
        return self._at(cells.y, cells.X @ coef)

    def recession(self, cells: Cells) -> Floats:
        return cells.X * (2 * cells.y - 1)[:, None]

    def averages(self, coef: Floats, over: Counterfactuals) -> Averages:
        chance, density = self.link.both(over.index(coef))
        return Averages(over.mean(chance)[:, None], over.mean_row(density)[:, None, :])

    def _at(self, y: Floats, index: Floats) -> Derivatives:
        """With z = (2y - 1) x'b the log-likelihood is log F(z), and (log F)'' = f'/F - (f/F)^2."""
        sign = 2 * y - 1
        z = sign * index
        hazard = self.link.hazard(z)
        curvature = self.link.curvature(z, hazard)
        return Derivatives(self.link.log_cdf(z), (sign * hazard)[:, None], curvature[:, None, None])

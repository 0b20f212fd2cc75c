"""What a family of models has to say about itself."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from vignetta.analysis.models.likelihoods.counterfactuals import Averages, Counterfactuals
from vignetta.analysis.models.likelihoods.distinct import Cells

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Derivatives:
    """The log-likelihood of every cell, per unit of weight, and its derivatives by the q linear predictors.

    Attributes
    ----------
    log_density : (m,).
    score : (m, q) first derivatives.
    curvature : (m, q, q) minus the second derivatives; positive semidefinite, since every family is log-concave.
    """

    log_density: Floats
    score: Floats
    curvature: Floats


class Family(Protocol):
    """A log-concave likelihood in q linear predictors per row, each a combination Z theta of the p coefficients.

    q is 1 for binary outcomes and counts; 2 for ordered outcomes, the ends of the interval of the observed category;
    and the number of categories less one for unordered outcomes.
    """

    @property
    def outcomes(self) -> tuple[str, ...]:
        """What is predicted: `mean`, or the categories."""

    @property
    def inverse_variance(self) -> bool:
        """Whether the curvature is the inverse variance of a working residual, as in a canonical GLM."""

    def names(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """The names of the p coefficients, from those of the k columns of X."""

    def start(self, cells: Cells) -> Floats:
        """Coefficients (p,) to start from."""

    def derivatives(self, cells: Cells, coef: Floats) -> Derivatives:
        """The likelihood at `coef`; minus infinity where it is zero."""

    def score(self, cells: Cells, by_predictor: Floats) -> Floats:
        """Z' u for every cell (m, p), from u (m, q)."""

    def gradient(self, cells: Cells, by_predictor: Floats) -> Floats:
        """The sum of Z' u over the cells (p,), from u (m, q)."""

    def information(self, cells: Cells, by_predictor: Floats) -> Floats:
        """The sum of Z' D Z over the cells (p, p), from D (m, q, q)."""

    def rows(self, cells: Cells) -> Floats:
        """Z of every cell (m, q, p)."""

    def recession(self, cells: Cells) -> Floats:
        """Rows a (r, p): the likelihood of no cell ever falls in direction d if and only if a'd >= 0 for all."""

    def averages(self, coef: Floats, over: Counterfactuals) -> Averages:
        """The mean prediction of every outcome in every cell of a grid, with derivatives."""

"""Variance over a sample of strata and clusters, by linearisation: arrays in, arrays out."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from vignetta.analysis.models.least_squares import Solution
from vignetta.analysis.models.likelihoods.maximum import Maximum
from vignetta.analysis.models.samples import Sample
from vignetta.errors import Problem

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Units:
    """What was sampled, independently within strata: U clusters, or the rows where there are none.

    Attributes
    ----------
    codes : (n,) the unit of each row.
    strata : (U,) the stratum of each unit.
    scale : (U,) what squares count: n_h / (n_h - 1) with n_h the units of the stratum.
    """

    codes: Codes
    strata: Codes
    scale: Floats

    @property
    def df(self) -> float:
        """Units less strata."""
        return float(len(self.strata) - self.strata.max() - 1)

    def totals(self, values: Floats) -> Floats:
        """Sums (U, m) of values (n, m) by unit."""
        return np.asarray(self._member() @ values)

    def summed(self, values: Floats, places: Codes, rows: Floats) -> Floats:
        """Sums (U, k) by unit of values (n,) times the row of `rows` (m, k) that `places` (n,) names."""
        shape = (len(self.strata), len(rows))
        return np.asarray(sparse.csr_array((values, (self.codes, places)), shape=shape) @ rows)

    def centred(self, totals: Floats) -> Floats:
        """Totals (U, m) less their stratum's mean, times the root of the scale: squares and products sum to variances.

        n_h / (n_h - 1) times the sum of (z - mean)(z - mean)' over the units of each stratum, added over strata
        (Binder 1983; Särndal, Swensson and Wretman 1992, section 5.5), without correction for a finite population.
        """
        counts = np.bincount(self.strata).astype(np.float64)
        member = sparse.csr_array((np.ones(len(self.strata)), (self.strata, np.arange(len(self.strata)))))
        means = np.asarray(member @ totals) / counts[:, None]
        return (totals - means[self.strata]) * np.sqrt(self.scale)[:, None]

    def _member(self) -> sparse.csr_array:
        n = len(self.codes)
        return sparse.csr_array((np.ones(n), (self.codes, np.arange(n))), shape=(len(self.strata), n))


def units(clusters: Codes | None, strata: Codes | None, n: int) -> Units:
    """The sampled units of n rows: clusters (n,) or the rows themselves, in strata (n,) or one stratum."""
    codes = np.arange(n) if clusters is None else clusters
    of_unit = np.zeros(int(codes.max()) + 1, dtype=np.int64)
    if strata is not None:
        of_unit[codes] = strata
    counts = np.bincount(of_unit).astype(np.float64)
    return Units(codes, of_unit, (counts / (counts - 1))[of_unit])


def unscaled(sampled: Units) -> Units:
    """The same without n_h / (n_h - 1): the errors HC0 and CR0 have no such factor."""
    return replace(sampled, scale=np.ones(len(sampled.strata)))


def influence(solution: Solution, sampled: Units) -> Floats:
    """What each unit adds to the coefficients, (U, k): (X'WX)^-1 times the sum of its w x e."""
    scores, basis = solution.weights * solution.residuals, solution.basis
    if basis.is_repeated and basis.places is not None:
        return sampled.summed(scores, basis.places, basis.base) @ solution.inverse.T
    return sampled.totals(scores[:, None] * basis.rows()) @ solution.inverse.T


def likelihood_influence(fit: Maximum, sampled: Units) -> Floats:
    """What each unit adds to the coefficients, (U, p): the inverse of the information times its scores."""
    return sampled.summed(fit.weights, fit.cells.cell, fit.cell_scores) @ fit.inverse


def linearised(influence: Floats, sampled: Units) -> Floats:
    """The covariance matrix (k, k) of coefficients from what units add to them, as R's survey computes it."""
    half = sampled.centred(influence)
    return np.asarray(half.T @ half)


@dataclass(frozen=True, eq=False)
class Sampled:
    """What the variance of a margin needs when the covariates that it averages over count as sampled.

    Attributes
    ----------
    units : what was sampled.
    influence : (U, k) what each unit adds to the coefficients.
    """

    units: Units
    influence: Floats

    def parts(self, predictions: Floats, weights: Floats) -> Floats:
        """What each unit adds to the weighted means of predictions (n, m) because it was sampled; (m, U)."""
        share = weights / weights.sum()
        return self.units.totals(share[:, None] * (predictions - share @ predictions)).T

    def std_errors(self, gradients: Floats, parts: Floats, conditional: Floats) -> Floats:
        """Standard errors (m,) of effects.

        The fit's own variance d'Vd, and what covariates add to it: with z_g the part of unit g and u_g = d'A^-1 s_g,
        the variance of z + u less that of u.

        Parameters
        ----------
        gradients : (m, k) derivatives d by the coefficients.
        parts : (m, U) z.
        conditional : (m,) standard errors with the covariates fixed, NaN where there is none.
        """
        moved = self.influence @ gradients.T
        both, alone = (np.sum(self.units.centred(each) ** 2, axis=0) for each in (moved + parts.T, moved))
        return np.asarray(np.sqrt(np.maximum(conditional**2 + both - alone, 0.0)))


def strata_problems(sample: Sample) -> list[Problem]:
    """Strata with one sampled unit, and clusters that lie in two strata."""
    if sample.strata is None:
        return []
    codes = np.arange(len(sample.strata)) if sample.clusters is None else sample.clusters
    pairs = np.unique(np.column_stack([codes, sample.strata]), axis=0)
    spread = len(pairs) - len(np.unique(codes))
    if spread:
        what = f"{spread} cluster{'s lie' if spread > 1 else ' lies'} in more than one stratum."
        remedy = "If clusters of different strata share a name, make one column of stratum and cluster."
        return [Problem("strata", what, remedy)]
    lonely = np.flatnonzero(np.bincount(pairs[:, 1]) == 1)
    unit = "row" if sample.clusters is None else "cluster"
    listed = ", ".join(f"`{sample.stratum_names[each]}`" for each in lonely[:8])
    if not len(lonely):
        return []
    what = f"one {unit} alone is complete in {len(lonely)} of {pairs[:, 1].max() + 1} strata: {listed}."
    return [Problem("strata", what, "Its variance cannot be estimated; merge the stratum with one that is like it.")]

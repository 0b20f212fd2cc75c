"""Inference by resampling clusters: pairs, and wild weights on the scores of a restricted fit.

Both work on sums by cluster: S_g = X_g'W_g X_g (k, k) and s_g = X_g'W_g e_g (k,). No draw touches the rows again.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from scipy import optimize

from vignetta.analysis.least_squares import Solution
from vignetta.errors import Problem, StudyError

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
WildWeights = Literal["webb", "rademacher"]
"""webb: six points, for few clusters (Webb 2023). rademacher: -1 or 1."""

POINTS: Final[dict[WildWeights, Floats]] = {
    "webb": np.array([-np.sqrt(1.5), -1.0, -np.sqrt(0.5), np.sqrt(0.5), 1.0, np.sqrt(1.5)]),
    "rademacher": np.array([-1.0, 1.0]),
}
TIE = 1e-10
"""A statistic that is larger by less than this share is the same up to rounding."""
FURTHEST = 1e6
"""An interval that reaches further than this many standard errors has no end."""
HELD = 4_000_000
"""At most about this many numbers are held at a time."""


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums by cluster in the coordinates R'b of the coefficients, in which X'WX = I.

    Attributes
    ----------
    crossproducts : (G, k, k).
    scores : (G, k).
    coef, inverse : the fit's.
    """

    crossproducts: Floats
    scores: Floats
    coef: Floats
    inverse: Floats


def sums_by_cluster(solution: Solution, clusters: Codes) -> Sums:
    """What resampling needs of a fit: each row is read once."""
    order, counts = np.argsort(clusters, kind="stable"), np.bincount(clusters)
    starts = np.cumsum(counts) - counts
    G, (_, k) = len(counts), solution.shape
    crossproducts, scores = np.empty((G, k, k)), np.empty((G, k))
    for g in range(G):
        place = order[starts[g] : starts[g] + counts[g]]
        rows = solution.rows[solution.places[place]]
        weighted = rows * solution.weights[place, None]
        crossproducts[g], scores[g] = weighted.T @ rows, solution.residuals[place] @ weighted
    return Sums(crossproducts, scores, solution.coef, solution.inverse)


# ---------------------------------------------------------------------------------------------------------- pairs


def pairs_bootstrap(sums: Sums, *, draws: int, rng: np.random.Generator) -> Floats:
    """Coefficients (draws, k) of samples of as many clusters, drawn with replacement.

    Draws in which the coefficients are not determined, because a level came with clusters that were not drawn, are
    NaN (Cameron, Gelbach and Miller 2008, section III.A).
    """
    G, k = sums.scores.shape
    flat = sums.crossproducts.reshape(G, k * k)
    found = []
    for start in range(0, draws, max(1, HELD // (k * k))):
        size = min(draws - start, max(1, HELD // (k * k)))
        times = rng.multinomial(G, np.full(G, 1 / G), size=size).astype(np.float64)
        cross, scores = (times @ flat).reshape(size, k, k), times @ sums.scores
        determined = np.linalg.eigvalsh(cross)[:, 0] > TIE
        steps = np.full((size, k), np.nan)
        steps[determined] = np.linalg.solve(cross[determined], scores[determined][:, :, None])[:, :, 0]
        found.append(sums.coef + steps @ sums.inverse.T)
    return np.concatenate(found)


def bootstrap_covariance(coefficients: Floats) -> Floats:
    """The covariance (k, k) of bootstrapped coefficients.

    Raises
    ------
    StudyError
        Some draws do not determine the coefficients: leaving them out would condition on the sample's luck.
    """
    lost = int(np.isnan(coefficients).any(axis=1).sum())
    if lost:
        what = f"{lost} of {len(coefficients)} draws of clusters do not determine the coefficients."
        raise StudyError(Problem("bootstrap", what, "Use the wild bootstrap, or merge rare levels."))
    return np.atleast_2d(np.cov(coefficients, rowvar=False))


# ----------------------------------------------------------------------------------------------------------- wild


@dataclass(frozen=True)
class WildTest:
    """A wild cluster bootstrap of one combination of coefficients.

    Attributes
    ----------
    estimate, statistic : the combination, and its distance from the null in standard errors (CR0).
    p_value : share of draws whose statistic is larger in size.
    conf_low, conf_high : the values that are not rejected at `alpha`; infinite where none is.
    draws : how many; all 2^G where these are no more than were asked for.
    """

    estimate: float
    statistic: float
    p_value: float
    conf_low: float
    conf_high: float
    draws: int


def wild_bootstrap(
    sums: Sums,
    combination: Floats,
    *,
    rng: np.random.Generator,
    null: float = 0.0,
    draws: int = 9_999,
    weights: WildWeights = "webb",
    restricted: bool = True,
    alpha: float = 0.05,
) -> WildTest:
    """Test a combination of coefficients by the wild cluster bootstrap-t.

    Restricted (WCR) draws come from a fit in which the null holds, so that the interval is found by inversion: it
    holds the values that the test, with the same draws, does not reject. Unrestricted (WCU) draws come from the fit
    itself, and the interval is symmetric. (Cameron, Gelbach and Miller 2008; MacKinnon and Webb 2018; the algebra is
    that of Roodman, MacKinnon, Nielsen and Webb 2019: numerator and cluster scores of every draw are linear in the
    null, so that all values of it are tested without drawing again.)

    Parameters
    ----------
    combination : (k,).
    null : the value tested.
    draws : such that alpha (draws + 1) is whole; with Rademacher weights and few clusters all 2^G sign changes are
        taken instead.

    Raises
    ------
    StudyError
        A combination whose clustered error is zero.
    """
    v = _wild_weights(len(sums.scores), draws, weights, rng)
    turned = _Turned.of(sums, combination)
    if not turned.std_error > 0:
        what = "the clustered error of the combination is zero."
        raise StudyError(Problem("combination", what, "Does it read more than one cluster?"))
    drawn = _drawn(turned, v)
    statistic = (turned.estimate - null) / turned.std_error
    if restricted:
        p = _p_restricted(drawn, turned, null)
        low, high = (_end(drawn, turned, alpha, side) for side in (-1.0, 1.0))
    else:
        sizes = np.abs(drawn.statistics(0.0))
        p = float(np.mean(sizes > abs(statistic) * (1 + TIE)))
        half = float(np.quantile(sizes, 1 - alpha, method="inverted_cdf")) * turned.std_error
        low, high = turned.estimate - half, turned.estimate + half
    return WildTest(turned.estimate, statistic, p, low, high, v.shape[1])


def _wild_weights(G: int, draws: int, weights: WildWeights, rng: np.random.Generator) -> Floats:
    """(G, draws), each column the weights of one draw."""
    if weights == "rademacher" and draws + 1 >= 2**G:
        signs = (np.arange(2**G) >> np.arange(G)[:, None]) & 1
        return 2.0 * signs - 1
    return rng.choice(POINTS[weights], size=(G, draws))


@dataclass(frozen=True, eq=False)
class _Turned:
    """One combination c in the coordinates of `Sums`, with t = R'c: S_g t (G, k), t's_g (G,) and t'S_g t (G,)."""

    direction: Floats
    products: Floats
    scores: Floats
    own: Floats
    parts: Floats
    estimate: float
    length: float

    @classmethod
    def of(cls, sums: Sums, combination: Floats) -> "_Turned":
        t = combination @ sums.inverse
        products = sums.crossproducts @ t
        estimate, length = float(combination @ sums.coef), float(t @ t)
        return cls(t, products, sums.scores, products @ t, sums.scores @ t, estimate, length)

    @property
    def std_error(self) -> float:
        """CR0; any factor is the same in every draw."""
        return float(np.sqrt(np.sum(self.parts**2)))


@dataclass(frozen=True, eq=False)
class _Drawn:
    """All draws as functions of d = c'b - null: numerator n0 + d n1, squared error q0 + 2 d q1 + d^2 q2; (draws,)."""

    n0: Floats
    n1: Floats
    q0: Floats
    q1: Floats
    q2: Floats

    def statistics(self, d: float) -> Floats:
        """(draws,) the statistics when the restriction moves the combination by d; 0 / 0 is 0."""
        numerator, square = self.n0 + d * self.n1, self.q0 + 2 * d * self.q1 + d**2 * self.q2
        return np.asarray(numerator / np.sqrt(np.where(square > 0, square, np.inf)))


def _drawn(turned: _Turned, v: Floats) -> _Drawn:
    """The restricted scores are s_g + d S_g t / t't; a draw's are v_g of these less S_g times its coefficients."""
    step = turned.products / turned.length
    own = turned.own / turned.length
    c0, c1 = turned.scores.T @ v, step.T @ v
    part0 = v * turned.parts[:, None] - turned.products @ c0
    part1 = v * own[:, None] - turned.products @ c1
    t = turned.direction
    return _Drawn(t @ c0, t @ c1, np.sum(part0**2, axis=0), np.sum(part0 * part1, axis=0), np.sum(part1**2, axis=0))


def _p_restricted(drawn: _Drawn, turned: _Turned, null: float) -> float:
    d = turned.estimate - null
    return float(np.mean(np.abs(drawn.statistics(d)) > abs(d) / turned.std_error * (1 + TIE)))


def _end(drawn: _Drawn, turned: _Turned, alpha: float, side: float) -> float:
    """Where the p-value falls to alpha on one side of the estimate, at which it is one."""

    def above(distance: float) -> float:
        return _p_restricted(drawn, turned, turned.estimate + side * distance * turned.std_error) - alpha

    outer = 2.0
    while above(outer) >= 0:
        outer *= 2
        if outer > FURTHEST:
            return side * np.inf
    distance = optimize.bisect(above, 0.0, outer, xtol=1e-10)
    return turned.estimate + side * float(distance) * turned.std_error

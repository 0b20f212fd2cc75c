"""Inference by resampling clusters: pairs, and wild weights on the scores of a restricted fit.

Both work on sums by cluster, in coordinates of the coefficients in which X'WX = I: no draw touches the rows again.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import optimize

from vignetta.analysis.models.least_squares import Solution
from vignetta.analysis.options import WildWeights
from vignetta.errors import Problem, StudyError

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

POINTS: Final[dict[WildWeights, Floats]] = {
    "webb": np.array([-np.sqrt(1.5), -1.0, -np.sqrt(0.5), np.sqrt(0.5), 1.0, np.sqrt(1.5)]),
    "rademacher": np.array([-1.0, 1.0]),
}
DETERMINED = 1e-9
"""A draw whose crossproducts, relative to the sample's, have a smaller eigenvalue does not determine coefficients."""
TIE = 1e-10
"""A statistic that is larger by less than this share is the same up to rounding."""
FURTHEST = 1e6
"""An interval that reaches further than this many standard errors has no end."""
HELD = 4_000_000
"""At most about this many numbers are held at a time."""


def _by_cluster(values: Floats, clusters: Codes) -> Floats:
    """Sums (G, ...) of rows (n, ...)."""
    order = np.argsort(clusters, kind="stable")
    starts = np.flatnonzero(np.diff(clusters[order], prepend=-1))
    return np.asarray(np.add.reduceat(values[order], starts, axis=0))


# ---------------------------------------------------------------------------------------------------------- pairs


def draw_pairs(solution: Solution, clusters: Codes, *, draws: int, rng: np.random.Generator) -> Floats:
    """Coefficients (draws, k) of samples of as many clusters, drawn with replacement.

    Draws in which the coefficients are not determined, because a level came with clusters that were not drawn, are
    NaN (Cameron, Gelbach and Miller 2008, section III.A).
    """
    G, k = int(clusters.max()) + 1, solution.shape[1]
    rows = solution.basis.rows()
    scores = _by_cluster(rows * (solution.weights * solution.residuals)[:, None], clusters)
    flat = np.concatenate([_by_cluster(rows * (solution.weights * each)[:, None], clusters) for each in rows.T], axis=1)
    found, most = [], max(1, HELD // max(k * k, G))
    for start in range(0, draws, most):
        times = rng.multinomial(G, np.full(G, 1 / G), size=min(most, draws - start)).astype(np.float64)
        found.append(solution.coef + _steps((times @ flat).reshape(-1, k, k), times @ scores) @ solution.inverse.T)
    return np.concatenate(found)


def _steps(crossproducts: Floats, scores: Floats) -> Floats:
    determined = np.linalg.eigvalsh(crossproducts)[:, 0] > DETERMINED
    steps = np.full(scores.shape, np.nan)
    steps[determined] = np.linalg.solve(crossproducts[determined], scores[determined][:, :, None])[:, :, 0]
    return steps


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
    return np.atleast_2d(np.asarray(np.cov(coefficients, rowvar=False), dtype=np.float64))


# ----------------------------------------------------------------------------------------------------------- wild


@dataclass(frozen=True, eq=False)
class WildDraws:
    """Weights of clusters: `points[codes]` is (G, draws), each column one draw."""

    points: Floats
    codes: npt.NDArray[np.int8]


@dataclass(frozen=True)
class WildTest:
    """A wild cluster bootstrap of one combination of coefficients.

    Attributes
    ----------
    estimate, statistic : the combination, and its distance from the null in standard errors (CR0).
    p_value : share of draws whose statistic is larger in size.
    conf_low, conf_high : the values that are not rejected at `alpha`; infinite where all are.
    """

    estimate: float
    statistic: float
    p_value: float
    conf_low: float
    conf_high: float


def draw_wild(G: int, *, draws: int, weights: WildWeights, rng: np.random.Generator) -> WildDraws:
    """Weights of G clusters.

    Parameters
    ----------
    draws : such that alpha (draws + 1) is whole; with Rademacher weights and few clusters all 2^G sign changes are
        taken instead, each once.
    """
    points = POINTS[weights]
    if weights == "rademacher" and draws + 1 >= 2**G:
        signs = (np.arange(2**G) >> np.arange(G)[:, None]) & 1
        return WildDraws(points, signs.astype(np.int8))
    return WildDraws(points, rng.integers(0, len(points), size=(G, draws), dtype=np.int8))


def wild_test(
    solution: Solution,
    clusters: Codes,
    combination: Floats,
    *,
    wild: WildDraws,
    null: float = 0.0,
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
    combination : (k,), not zero.
    null : the value tested.
    """
    turned = _turned(solution, clusters, combination)
    drawn = _drawn(turned, wild)
    statistic = (turned.estimate - null) / turned.std_error
    if restricted:
        p = _p_restricted(drawn, turned, null)
        low, high = (_end(drawn, turned, alpha, side) for side in (-1.0, 1.0))
        return WildTest(turned.estimate, statistic, p, low, high)
    sizes = np.abs(drawn.statistics(0.0))
    p = float(np.mean(sizes > abs(statistic) * (1 + TIE)))
    half = float(np.quantile(sizes, 1 - alpha, method="inverted_cdf")) * turned.std_error
    return WildTest(turned.estimate, statistic, p, turned.estimate - half, turned.estimate + half)


@dataclass(frozen=True, eq=False)
class _Turned:
    """One combination c where X'WX = I: with t = R'c, S_g = R'X_g'W_g X_g R and s_g = R'X_g'W_g e_g.

    Attributes
    ----------
    direction : t (k,).
    products : S_g t (G, k).
    scores : s_g (G, k).
    estimate : c'b.
    """

    direction: Floats
    products: Floats
    scores: Floats
    estimate: float

    @property
    def parts(self) -> Floats:
        """What each cluster adds to the estimate (G,)."""
        return np.asarray(self.scores @ self.direction)

    @property
    def std_error(self) -> float:
        """CR0; any factor is the same in every draw."""
        return float(np.linalg.norm(self.parts))


def _turned(solution: Solution, clusters: Codes, combination: Floats) -> _Turned:
    direction = combination @ solution.inverse
    fitted = solution.weights * solution.basis.predict(direction)
    rows = solution.basis.rows()
    products = _by_cluster(rows * fitted[:, None], clusters)
    scores = _by_cluster(rows * (solution.weights * solution.residuals)[:, None], clusters)
    return _Turned(direction, products, scores, float(combination @ solution.coef))


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


def _drawn(turned: _Turned, wild: WildDraws) -> _Drawn:
    """The restricted scores are s_g + d S_g t / t't; a draw's are v_g of these less S_g times its coefficients."""
    G, draws = wild.codes.shape
    t, found = turned.direction, np.empty((5, draws))
    step = turned.products / (t @ t)
    for start in range(0, draws, max(1, HELD // G)):
        part = slice(start, start + max(1, HELD // G))
        v = wild.points[wild.codes[:, part]]
        c0, c1 = turned.scores.T @ v, step.T @ v
        part0 = v * turned.parts[:, None] - turned.products @ c0
        part1 = v * (step @ t)[:, None] - turned.products @ c1
        squares = [np.einsum("gd,gd->d", one, other) for one, other in ((part0, part0), (part0, part1), (part1, part1))]
        found[:, part] = [t @ c0, t @ c1, *squares]
    return _Drawn(*found)


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
    return turned.estimate + side * float(optimize.bisect(above, 0.0, outer)) * turned.std_error

"""The distribution of the largest of several correlated t statistics, by deterministic integration."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import count, islice
from math import isqrt, sqrt
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import optimize, special, stats

Floats = npt.NDArray[np.float64]

POINTS: Final = 2**15
"""Points of the lattice: errors are 1e-6 of the probability for four tests, 1e-4 for tens that determine each other
(tests/analysis/inference/test_maximum_t.py)."""
OWN_STEP: Final = 3 ** (1 / 3)
"""The step of the coordinate for the common variance; no combination of square roots."""
ROUNDING: Final = 1e-9
"""A loading below this is rounding of zero."""
SINGULAR: Final = 1e-8
"""A remaining variance below this is rounding: the variable is determined by those before it."""


def largest_t_tail(correlation: Floats, bound: float, df: float) -> float:
    """The probability that the largest |T| of m correlated t statistics exceeds a bound.

    A sum of disjoint parts, P(|T_i| > c and no earlier one is): each is the tail of one t times a probability that is
    integrated, so that small probabilities have as many correct digits as large ones. The integral is Genz's
    (Genz and Bretz 2009, section 4.2), over a fixed lattice; what is determined by earlier variables only narrows
    their bounds.

    Parameters
    ----------
    correlation : (m, m), singular or not.
    df : degrees of freedom; infinite for the normal distribution.

    Returns
    -------
    The probability; the same for the same input.
    """
    m = len(correlation)
    parts = (_part(correlation[np.ix_(order, order)], bound, df) for order in ([i, *range(i)] for i in range(m)))
    return float(min(max(sum(parts), 0.0), 1.0))


def critical_value(correlation: Floats, alpha: float, df: float) -> float:
    """The bound that the largest |T| exceeds with probability alpha."""
    low, high = stats.t.isf(alpha / 2, df), stats.t.isf(alpha / 2 / len(correlation), df)
    if high - low < 1e-12:
        return float(low)
    return float(optimize.brentq(lambda c: largest_t_tail(correlation, c, df) - alpha, low * 0.999, high * 1.001))


@dataclass(frozen=True, eq=False)
class _Factor:
    """Variables as combinations of independent ones.

    Attributes
    ----------
    loadings : (m, r) lower trapezoidal, T = loadings @ u.
    last : (m,) the last independent variable that each reads.
    """

    loadings: Floats
    last: npt.NDArray[np.int64]


def _part(correlation: Floats, bound: float, df: float) -> float:
    """P(|T_0| > c and |T_j| <= c for all others)."""
    tail = float(2 * stats.t.sf(bound, df))
    if len(correlation) == 1 or tail == 0:
        return tail
    factor = _factor(correlation)
    r = factor.loadings.shape[1]
    u, lattice = np.empty((r, POINTS)), _lattice(r)
    u[0] = stats.t.isf(lattice[0] * tail / 2, df)
    scale = 1.0 if np.isinf(df) else np.sqrt((df + u[0] ** 2) / _chi_squares(df + 1))
    share = np.ones(POINTS) * _holds(factor, 0, u, bound)
    for place in range(1, len(u)):
        low, high = _limits(factor, place, u, bound)
        below, above = special.ndtr(low / scale), special.ndtr(high / scale)
        width = np.maximum(above - below, 0.0)
        share *= width
        u[place] = scale * special.ndtri(np.clip(below + lattice[place] * width, 1e-300, 1 - 1e-16))
    return tail * float(share.mean())


def _factor(correlation: Floats) -> _Factor:
    """Cholesky's factor with the first variable first; then always the one of which most is left."""
    m = len(correlation)
    left, columns = correlation.copy(), list[Floats]()
    pivot = 0
    while len(columns) < m and left[pivot, pivot] > SINGULAR:
        columns.append(left[:, pivot] / np.sqrt(left[pivot, pivot]))
        left = left - np.outer(columns[-1], columns[-1])
        left[pivot], left[:, pivot] = 0.0, 0.0
        pivot = int(np.argmax(np.diag(left)))
    loadings = np.array(columns).T
    loadings[np.abs(loadings) < ROUNDING] = 0.0
    last = loadings.shape[1] - 1 - np.argmax(loadings[:, ::-1] != 0, axis=1)
    return _Factor(loadings, last)


def _holds(factor: _Factor, place: int, u: Floats, bound: float) -> npt.NDArray[np.bool_]:
    """Where the other variables that read the first alone are within the bound."""
    rows = [row for row, last in enumerate(factor.last) if last == place and row]
    return np.asarray((np.abs(factor.loadings[rows, :1] * u[0]) <= bound).all(axis=0))


def _limits(factor: _Factor, place: int, u: Floats, bound: float) -> tuple[Floats, Floats]:
    """Between what the next independent variable must lie, given those before it."""
    low, high = np.full(POINTS, -np.inf), np.full(POINTS, np.inf)
    for row in np.flatnonzero(factor.last == place):
        slope, before = factor.loadings[row, place], factor.loadings[row, :place] @ u[:place]
        ends = (-bound - before) / slope, (bound - before) / slope
        low, high = np.maximum(low, np.minimum(*ends)), np.minimum(high, np.maximum(*ends))
    return low, high


@lru_cache(maxsize=8)
def _chi_squares(df: float) -> Floats:
    """Quantiles of chi-square at a coordinate of the lattice that no other variable has."""
    return np.asarray(stats.chi2.ppf(_coordinate(OWN_STEP), df))


@lru_cache(maxsize=4)
def _lattice(dimensions: int) -> Floats:
    """(dimensions, POINTS) points of the unit cube: multiples of square roots of primes, folded to be periodic."""
    primes = (n for n in count(2) if all(n % each for each in range(2, isqrt(n) + 1)))
    return np.array([_coordinate(sqrt(prime)) for prime in islice(primes, dimensions)])


def _coordinate(step: float) -> Floats:
    turns = step * np.arange(1, POINTS + 1) % 1.0
    return np.asarray(np.clip(np.abs(2 * turns - 1), 1e-12, 1 - 1e-12))

"""Whether levels were drawn as often as the design says."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

FALSE_ALARMS: Final = 0.001
"""How often, for a survey that draws as designed, any of the tests of an audit alarms: at most once in a thousand."""
LEAST_EXPECTED: Final = 5.0
"""Cells are put together until so many draws are expected in each; the chi-square approximation needs them."""


@dataclass(frozen=True)
class Fit:
    """A test of counts against exact probabilities; `test` is `exact binomial` or `chi-square`."""

    p_value: float
    test: str


def fit(counts: Counts, probability: Floats) -> Fit | None:
    """Test whether counts (K,) are draws with probabilities (K,); None where they are too few to tell.

    Cells with few expected draws are put together. Two cells are tested by the exact binomial test, more by Pearson's
    chi-square. Where vignettes are given out evenly, counts vary less than independent draws, and alarms are rarer.
    """
    counts, probability = _together(counts, probability)
    n = int(counts.sum())
    if len(counts) < 2:
        return None
    if len(counts) == 2:
        return Fit(float(stats.binomtest(int(counts[0]), n, float(probability[0])).pvalue), "exact binomial")
    expected = n * probability
    statistic = float(((counts - expected) ** 2 / expected).sum())
    return Fit(float(stats.chi2.sf(statistic, len(counts) - 1)), "chi-square")


def _together(counts: Counts, probability: Floats) -> tuple[Counts, Floats]:
    """Put the least probable cells together until each has enough expected draws, but not fewer than two cells."""
    order = np.argsort(probability, kind="stable")
    counts, probability = counts[order], probability[order]
    n = counts.sum()
    small = int(np.searchsorted(probability * n, LEAST_EXPECTED))
    if small and probability[:small].sum() * n < LEAST_EXPECTED:
        small += 1
    if small > 1:
        counts = np.append(counts[small:], counts[:small].sum())
        probability = np.append(probability[small:], probability[:small].sum())
    return counts, probability / probability.sum()

"""Effects on the scale of the outcome by the delta method.

An effect is a row (p + 1,): its derivatives by the p coefficients, then its value. Sums and differences of effects are
sums and differences of rows, and its variance is d'Vd with V the covariance of the coefficients (Oehlert 1992).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vignetta.analysis.models.likelihoods.counterfactuals import Averages, Counterfactuals
from vignetta.analysis.models.likelihoods.maximum import Maximum

Floats = npt.NDArray[np.float64]

AT_ONCE = 4_000_000
"""About how many cells times sample rows are predicted at a time."""


def averages(fit: Maximum, over: Counterfactuals) -> Averages:
    """The mean prediction of every outcome in every cell, with derivatives."""
    step = max(1, AT_ONCE // (len(over.beside) * len(fit.family.outcomes)))
    parts = [
        fit.family.averages(fit.coef, over.part(slice(start, start + step)))
        for start in range(0, len(over.varying), step)
    ]
    estimate = np.concatenate([each.estimate for each in parts])
    return Averages(estimate, np.concatenate([each.jacobian for each in parts]))


def effects(found: Averages, by_outcome: Floats) -> Floats:
    """The effect rows (c, p + 1) of a combination (o,) of the outcomes, such as one category or the expected score."""
    value = found.estimate @ by_outcome
    return np.column_stack([np.einsum("cop,o->cp", found.jacobian, by_outcome), value])


def category(outcomes: Sequence[str], name: str) -> Floats:
    """The combination of outcomes that is the probability of one category."""
    return np.array([float(each == name) for each in outcomes])


def at_least(outcomes: Sequence[str], name: str) -> Floats:
    """The combination of outcomes that is the probability of a category or any after it."""
    place = list(outcomes).index(name)
    return (np.arange(len(outcomes)) >= place).astype(np.float64)


def log_ratio(first: Floats, second: Floats) -> Floats:
    """The logarithm of first / second, such as a risk ratio; its interval is made here and then exponentiated.

    NaN where one of the two is not positive.
    """
    return _log(first) - _log(second)


def log_odds_ratio(first: Floats, second: Floats) -> Floats:
    """The logarithm of the ratio of the odds of two mean probabilities (the marginal odds ratio)."""
    return _logit(first) - _logit(second)


def std_errors(rows: Floats, vcov: Floats) -> Floats:
    """The standard errors (r,) of effect rows (r, p + 1)."""
    variance = np.einsum("rp,pq,rq->r", rows[:, :-1], vcov, rows[:, :-1], optimize=True)
    return np.asarray(np.sqrt(np.maximum(variance, 0)))


def _log(effect: Floats) -> Floats:
    value = effect[..., -1:]
    value = np.where(value > 0, value, np.nan)
    return np.concatenate([effect[..., :-1] / value, np.log(value)], axis=-1)


def _logit(effect: Floats) -> Floats:
    value = effect[..., -1:]
    value = np.where((value > 0) & (value < 1), value, np.nan)
    return np.concatenate([effect[..., :-1] / (value * (1 - value)), np.log(value) - np.log1p(-value)], axis=-1)

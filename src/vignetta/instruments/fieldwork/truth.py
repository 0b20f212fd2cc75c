"""The true means of a simulation: what attentive respondents answer on average, exactly."""

from collections.abc import Mapping
from itertools import repeat
from math import ceil, floor
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
from scipy.special import ndtr

from vignetta.design.asked import Covariate
from vignetta.design.assigning.vignettes import vignettes
from vignetta.design.declaration import Design
from vignetta.instruments.fieldwork.preferences import choice_probabilities
from vignetta.instruments.fieldwork.simulation import Distribution, Opinion, Simulation

Array: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"
_DIGITS: Final = 12
"""Means that agree to so many decimals are the same mean."""
_REACH: Final = 9
"""Standard deviations to either side of a number without a declared limit; less than 1e-18 lies beyond."""


def true_means(simulation: Simulation, design: Design) -> pd.DataFrame:
    """The exact expected answer of attentive respondents to every vignette.

    With latent mean m, standard deviation s and points v_1 < ... < v_K, the answer's expectation is
    v_1 + sum_k (v_{k+1} - v_k) * Phi((m - (v_k + v_{k+1}) / 2) / s), averaged over the declared distribution of the
    covariates by enumeration. A choice's mean is the probability that the profile is chosen, averaged over the profiles
    that it may stand beside (`choice_probabilities`). Every margin and contrast is a linear function of these means.

    Returns
    -------
    A frame with `vignette`, one categorical column per factor, `probability` (of the vignette; they sum to 1 for each
    outcome), `outcome` and `mean` (in points of the scale, or a probability).
    """
    universe = vignettes(design)[["vignette", *design.factors, "probability"]]
    means = {name: _expectations(simulation, design, name, universe) for name in design.measures}
    frames = [universe.assign(outcome=name, mean=mean) for name, mean in means.items()]
    return pd.concat(frames, ignore_index=True)


def _expectations(simulation: Simulation, design: Design, outcome: str, universe: pd.DataFrame) -> Array:
    opinion, points = simulation.outcomes[outcome], np.sort(design.measures[outcome].values)
    levels = universe[list(design.factors)].astype(str).to_dict("records")
    means = np.array([latent_mean(opinion, {str(factor): level for factor, level in each.items()}) for each in levels])
    if design.measures[outcome].kind == "choice":
        return choice_probabilities(design, np.round(means, _DIGITS), opinion.sd)
    latent, place = np.unique(np.round(means, _DIGITS), return_inverse=True)
    shifts, probabilities = _shifts(simulation, design, opinion)
    expected = [probabilities @ expected_answer(each + shifts, opinion.sd, points) for each in latent]
    return np.array(expected)[place]


def expected_answer(mean: Array, sd: float, points: Array) -> Array:
    """The expectation of normal numbers rounded to the nearest of increasing points and cut to the ends.

    `mean` (n,), `points` (K,); returns (n,).
    """
    borders = (points[1:] + points[:-1]) / 2
    above: Array = ndtr((mean[:, None] - borders) / sd)
    expected: Array = points[0] + above @ np.diff(points)
    return expected


def latent_mean(opinion: Opinion, levels: Mapping[str, str]) -> float:
    """The mean that a vignette's levels give, before the covariates. `levels` maps each factor to a level's name."""
    effects = sum(shifts.get(levels[factor], 0.0) for factor, shifts in opinion.effects.items())
    met = (each for each in opinion.interactions if all(map(_holds, each.factors, each.levels, repeat(levels))))
    return opinion.baseline + effects + sum(each.effect for each in met)


def _holds(factor: str, level: str, levels: Mapping[str, str]) -> bool:
    return levels[factor] == level


def _shifts(simulation: Simulation, design: Design, opinion: Opinion) -> tuple[Array, Array]:
    """Every total shift by the covariates and its probability: the convolution of independent shifts."""
    total: Array = np.zeros(1)
    probability: Array = np.ones(1)
    for name, covariate in design.covariates.items():
        values, shares = covariate_distribution(simulation.covariates[name], covariate)
        shift = np.array([shift_of(simulation, opinion, name, each) for each in values])
        if not shift.any():
            continue
        sums = np.round(np.add.outer(total, shift).ravel(), _DIGITS)
        total, place = np.unique(sums, return_inverse=True)
        joint = np.multiply.outer(probability, shares).ravel()
        probability = np.bincount(place, weights=joint).astype(float)
    return total, probability


def shift_of(simulation: Simulation, opinion: Opinion, covariate: str, answer: str) -> float:
    if covariate in opinion.slopes:
        return opinion.slopes[covariate] * (float(answer) - (simulation.covariates[covariate].mean or 0.0))
    return opinion.covariates.get(covariate, {}).get(answer, 0.0)


def covariate_distribution(distribution: Distribution, covariate: Covariate) -> tuple[list[str], Array]:
    """The answers to a covariate question and their probabilities, which sum to 1.

    A number takes the whole values of its range; each has the normal probability of the unit around it, and all are
    scaled to sum to 1.
    """
    if covariate.kind != "number" or distribution.mean is None or distribution.sd is None:
        names = [each.name for each in covariate.options]
        shares = np.array([distribution.shares[each] for each in names])
        return names, shares / shares.sum()
    mean, sd = distribution.mean, distribution.sd
    low = floor(mean - _REACH * sd) if covariate.minimum is None else ceil(covariate.minimum)
    high = ceil(mean + _REACH * sd) if covariate.maximum is None else floor(covariate.maximum)
    numbers = np.arange(low, high + 1)
    weights = ndtr((numbers + 0.5 - mean) / sd) - ndtr((numbers - 0.5 - mean) / sd)
    return [str(each) for each in numbers], weights / weights.sum()

"""How often a profile is chosen from its task, exactly, when each is worth a normal number to the respondent."""

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from scipy.special import ndtr

from vignetta.design.assigning.profiles import codes_of, rules_across, shared_factors
from vignetta.design.assigning.tasks import repeated
from vignetta.design.assigning.universe import universe_of
from vignetta.design.declaration import Design
from vignetta.errors import Problem, StudyError

Array: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"
_NODES: Final = 100
"""Of the quadrature over a profile's own noise; more change nothing before the twelfth digit."""


def choice_probabilities(design: Design, worth: Array, sd: float) -> Array:
    """The probability (K,) that a respondent chooses each vignette of the universe out of its task.

    Each profile is worth its mean plus independent normal noise of standard deviation `sd`, and the best is chosen:
    with the other profiles v_j, E[prod_j Phi((worth - worth_j) / sd + z)] over z, and over the v_j as they stand beside
    it. What a respondent adds to all profiles alike cancels.

    Parameters
    ----------
    worth : (K,) the mean of each vignette.

    Raises
    ------
    StudyError
        For more than two profiles about whose pairs there are rules.
    """
    if rules_across(design):
        return _beside_chosen(design, worth, sd)
    universe = universe_of(design)
    shared = shared_factors(design)
    group = codes_of(design, universe, shared) if shared else np.zeros(len(universe), dtype=np.int64)
    chosen = np.empty(len(universe))
    for each in range(int(group.max()) + 1):
        own = np.flatnonzero(group == each)
        probability = universe.probability[own]
        chosen[own] = _best_of(worth[own], probability / probability.sum(), sd, design.profiles)
    return chosen


def _best_of(worth: Array, probability: Array, sd: float, profiles: int) -> Array:
    """Of independent profiles with the same distribution."""
    values, place = np.unique(worth, return_inverse=True)
    share = np.bincount(place.ravel(), probability)
    apart = (values[:, None] - values) / sd
    if profiles == 2:
        return np.asarray((ndtr(apart / np.sqrt(2)) @ share)[place.ravel()])
    nodes, weights = hermegauss(_NODES)
    beats = np.einsum("ijk,j->ik", ndtr(apart[:, :, None] + nodes), share)
    return np.asarray((beats ** (profiles - 1) @ (weights / weights.sum()))[place.ravel()])


def _beside_chosen(design: Design, worth: Array, sd: float) -> Array:
    """Where rules say which two profiles may stand side by side."""
    if design.profiles > 2:
        what = "how often a profile is chosen has no simple form with rules about pairs of three or more profiles."
        raise StudyError(Problem("restrictions", what, "Write `profiles: 2`, or leave out the choice."))
    pairs = repeated(design.model_copy(update={"mechanism": "simple"})).pair_probabilities(
        1, slots=((0, 0, 0), (0, 0, 1))
    )
    beats = ndtr((worth[:, None] - worth) / (sd * np.sqrt(2)))
    total = pairs.sum(axis=1)
    chosen: Array = np.divide((pairs * beats).sum(axis=1), total, out=np.full(len(total), 0.5), where=total > 0)
    return chosen

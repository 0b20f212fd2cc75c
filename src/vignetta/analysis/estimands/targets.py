"""Distributions of vignettes to average over that are neither the design's nor the sample's."""

from collections.abc import Mapping
from itertools import product
from math import prod

import pandas as pd

from vignetta.analysis.options import raise_all
from vignetta.errors import Problem

TOTAL = 1e-6
"""How far shares that were written with six digits may be from summing to one."""


def target(marginals: Mapping[str, Mapping[str, float]], *, name: str = "target") -> pd.DataFrame:
    """A target distribution of several factors, independent of each other, from the share of each level.

    Given as `average_over=`, it makes margins and contrasts those of a population of vignettes: the population AMCE of
    de la Cuesta, Egami and Imai (2022), with the joint distribution taken as the product of its margins. A joint
    distribution that is known is given as a frame of the same form instead.

    Parameters
    ----------
    marginals : for each factor the share of each level; a level that is left out has none.
    name : what `average_over` says in the estimates frame.

    Returns
    -------
    One row for each combination of levels with its `probability`, named by `attrs["name"]`. Factors that it leaves
    out are averaged as observed.

    Raises
    ------
    StudyError
        With every factor whose shares are negative or do not sum to one.

    Examples
    --------
    >>> target({"regime": {"democracy": 0.75, "autocracy": 0.25}, "treaty": {"none": 0.5, "defence": 0.5}})
          regime   treaty  probability
    0  democracy     none        0.375
    1  democracy  defence        0.375
    2  autocracy     none        0.125
    3  autocracy  defence        0.125
    """
    raise_all([problem for factor, shares in marginals.items() for problem in _problems(factor, shares)])
    raise_all([] if marginals else [Problem("target", "no factor is named.", "Give the shares of at least one.")])
    rows = [
        {**dict(zip(marginals, levels, strict=True)), "probability": prod(_shares(marginals, levels))}
        for levels in product(*marginals.values())
    ]
    table = pd.DataFrame(rows)
    table.attrs["name"] = name
    return table


def _shares(marginals: Mapping[str, Mapping[str, float]], levels: tuple[str, ...]) -> list[float]:
    return [shares[level] for shares, level in zip(marginals.values(), levels, strict=True)]


def _problems(factor: str, shares: Mapping[str, float]) -> list[Problem]:
    total = sum(shares.values())
    if all(share >= 0 for share in shares.values()) and abs(total - 1) <= TOTAL:
        return []
    what = f"the shares sum to {total:g}, or one is negative."
    return [Problem(f"target {factor}", what, "Write shares of 0 or more that sum to 1.")]

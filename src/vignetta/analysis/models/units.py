"""Rows that belong to units, such as the responses of a respondent: sums, means and what varies within a unit."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

STILL = 1e-7
"""A column whose part within units is shorter than this share of its length about its mean does not vary within."""


def sums(values: Floats, units: Codes) -> Floats:
    """Sums (J, k) of the rows (n, k) of each unit."""
    J = int(units.max()) + 1
    return np.column_stack([np.zeros((J, 0)), *(np.bincount(units, column, J) for column in values.T)])


def means(values: Floats, weights: Floats, units: Codes) -> Floats:
    """Weighted means (J, k) of the rows (n, k) of each unit."""
    return sums(values * weights[:, None], units) / np.bincount(units, weights)[:, None]


def still(values: Floats, within: Floats, weights: Floats) -> Flags:
    """Which columns (n, k) do not vary within units, given their deviations (n, k) from the means of units; (k,)."""
    centred = values - weights @ values / weights.sum()
    return np.asarray(np.sqrt(weights @ within**2) <= STILL * np.sqrt(weights @ centred**2))


def nested(units: Codes, groups: Codes) -> bool:
    """Whether every unit lies in one group."""
    return bool((spans(units, groups) == 1).all())


def spans(units: Codes, groups: Codes) -> Codes:
    """How many groups each unit has rows in; (J,)."""
    width = int(groups.max()) + 1
    return np.bincount(np.unique(units * width + groups) // width)

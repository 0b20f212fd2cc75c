"""Separation: the likelihood has no maximum, because in some direction it never falls (Albert and Anderson 1984)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import optimize

from vignetta.analysis.models.likelihoods.distinct import Cells
from vignetta.analysis.models.likelihoods.family import Family

Floats = npt.NDArray[np.float64]

APART = 1e-6
"""Coefficients and indices below this are the solver's rounding of zero, on columns of largest entry 1."""
EXACT: Any = {"primal_feasibility_tolerance": 1e-9, "dual_feasibility_tolerance": 1e-9}


@dataclass(frozen=True, eq=False)
class Separation:
    """A direction in which the likelihood only rises.

    Attributes
    ----------
    coefs : places of the coefficients that run to infinity.
    n_rows : rows of the data whose likelihood rises with them.
    """

    coefs: list[int]
    n_rows: int


def find_separation(family: Family, cells: Cells) -> Separation | None:
    """Look for a direction d in which the likelihood of no cell falls and that of some rises, by linear programming.

    The largest sum of a'd over the rows of `family.recession` with a'd >= 0 for each and -1 <= d <= 1 is zero if and
    only if the likelihood has its maximum at finite coefficients (Konis 2007, sections 4.2 and 4.4). Among such
    directions the one with the smallest sum of absolute entries names few coefficients.
    """
    rows = family.recession(cells)
    scale = np.abs(rows).max(axis=0)
    scale = np.where(scale > 0, scale, 1)
    rows = np.unique(rows / scale, axis=0)
    found = optimize.linprog(
        -rows.sum(axis=0), A_ub=-rows, b_ub=np.zeros(len(rows)), bounds=(-1, 1), method="highs", options=EXACT
    )
    if found.x is None or (rows @ found.x).max(initial=0) < APART:
        return None
    direction = _sparse(rows, np.asarray(found.x))
    coefs = np.flatnonzero(np.abs(direction) > APART * np.abs(direction).max())
    return Separation(coefs.tolist(), _rows_that_rise(family, cells, direction / scale))


def _sparse(rows: Floats, direction: Floats) -> Floats:
    """The direction d+ - d- that rises as much as `direction`, with the smallest sum of d+ and d- (both 0 or more)."""
    p, total = rows.shape[1], rows.sum(axis=0)
    held = np.concatenate([rows, total[None, :]])
    bounds = np.concatenate([np.zeros(len(rows)), [-total @ direction]])
    both = np.concatenate([-held, held], axis=1)
    found = optimize.linprog(np.ones(2 * p), A_ub=both, b_ub=bounds, bounds=(0, None), method="highs", options=EXACT)
    return direction if found.x is None else np.asarray(found.x[:p] - found.x[p:])


def _rows_that_rise(family: Family, cells: Cells, direction: Floats) -> int:
    moved = np.abs(family.rows(cells) @ direction).max(axis=1)
    risen = moved > APART * moved.max()
    return int(risen[cells.cell].sum())

"""Absorbed effects beside clusters: which rows they need, and which directions rest on one cluster alone."""

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from vignetta.analysis.models.clusters import ABSORBED, absorbed
from vignetta.analysis.models.least_squares import Solution
from vignetta.analysis.models.model_matrix import ModelMatrix
from vignetta.analysis.models.units import spans, sums

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
S = TypeVar("S", bound=Solution)


@dataclass(frozen=True, eq=False)
class Alone:
    """Directions that one cluster alone determines.

    Attributes
    ----------
    directions : (r, d) of the coefficients, times `inverse`.
    effects : how many of them are of effects alone.
    """

    directions: Floats
    effects: int


def without_mean(solution: S) -> S:
    """The solution without the row of the mean effect: all that CR2 and CR3 need where clusters contain whole units.

    There the effects are orthogonal to the rest within each cluster, and absorption changes nothing (Pustejovsky and
    Tipton 2018, theorem 2).
    """
    rows = solution.basis.rows().copy()
    rows[:, 0] = 0.0
    return replace(solution, basis=ModelMatrix(rows))


def written_out(solution: S, units: Codes) -> S:
    """The solution with a column for each effect in place of their mean: `basis` and `inverse` are J + k - 1 wide."""
    totals = np.bincount(units, solution.weights)
    dummies = np.zeros((len(units), len(totals)))
    dummies[np.arange(len(units)), units] = 1 / np.sqrt(totals)[units]
    mean = np.zeros((len(solution.coef), len(totals)))
    mean[0] = np.sqrt(totals) / totals.sum()
    rows = ModelMatrix(np.column_stack([dummies, solution.basis.rows()[:, 1:]]))
    return replace(solution, basis=rows, inverse=np.column_stack([mean, solution.inverse[:, 1:]]))


def alone_among_all(solution: Solution, units: Codes, clusters: Codes) -> Alone:
    """What rests on one cluster alone, where every effect has its column."""
    plain = {name: getattr(solution, name) for name in ("coef", "y", "weights", "X", "basis", "inverse")}
    return Alone(absorbed(Solution(**plain), clusters), int((spans(units, clusters) == 1).sum()))


def alone_within(solution: Solution, units: Codes, clusters: Codes) -> Alone:
    """What rests on one cluster alone, where the effects are absorbed; the mean effect is the first direction.

    Without cluster g the crossproduct of the deviations from units' means is I - A_g, where A_g sums those of its rows
    and t t' / (W_j - W_gj) over its units j that have other rows too, t being the sum of the rows of j in g.
    """
    rows = solution.basis.rows()[:, 1:]
    pairs, place = np.unique(clusters * (units.max() + 1) + units, return_inverse=True)
    owner, unit = np.divmod(pairs, units.max() + 1)
    left = np.bincount(units, solution.weights)[unit] - np.bincount(place, solution.weights)
    partial = spans(units, clusters)[unit] > 1
    t = sums(rows * solution.weights[:, None], place)[partial] / np.sqrt(left[partial])[:, None]
    own = np.bincount(clusters, solution.weights * np.sum(rows**2, axis=1))
    shared = np.bincount(owner[partial], np.sum(t**2, axis=1), len(own))
    found = [_mean_direction(rows.shape[1], bool((spans(units, clusters) == 1).any()))]
    for each in np.flatnonzero(own + shared > 1 - ABSORBED):
        here = clusters == each
        root = np.concatenate([np.sqrt(solution.weights[here])[:, None] * rows[here], t[owner[partial] == each]])
        values, vectors = np.linalg.eigh(root.T @ root)
        found.append(np.vstack([np.zeros((1, len(values))), vectors])[:, values > 1 - ABSORBED])
    return Alone(np.concatenate(found, axis=1), found[0].shape[1])


def _mean_direction(k: int, is_alone: bool) -> Floats:
    return np.eye(k + 1)[:, : int(is_alone)]

"""Clusters of a least-squares fit, stacked by size, and their residuals adjusted for what the fit took from them.

With M = (X'WX)^-1 = R R', the rows of cluster g stand here as L_g = X_g R and W_g L_g: H_gg = L_g L_g' W_g. Nothing is
n x n, G x G or dense by cluster.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vignetta.analysis.models.least_squares import Solution
from vignetta.plan import Errors

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

ABSORBED = 1e-10
"""An eigenvalue of I - H_gg below this is zero up to rounding: the fit takes a direction of this cluster whole."""
HELD = 4_000_000
"""At most about this many numbers of a stack are held at a time."""


@dataclass(frozen=True, eq=False)
class Stack:
    """g clusters of p rows each.

    Attributes
    ----------
    rows : (g, p, k) L_g.
    weights : (g, p).
    residuals : (g, p).
    adjusted : (g, p, k) A_g' W_g L_g: the score of a cluster is the sum of its rows times the residuals.
    """

    rows: Floats
    weights: Floats
    residuals: Floats
    adjusted: Floats

    @property
    def scores(self) -> Floats:
        """(g, k) the adjusted scores L_g' W_g A_g e_g."""
        return np.asarray(np.matmul(self.residuals[:, None, :], self.adjusted)[:, 0])


def stacks(solution: Solution, clusters: Codes, errors: Errors) -> Iterator[Stack]:
    """The clusters with the adjustment that `errors` makes.

    CR0, CR1, CR1S : A_g = I.
    CR2 : A_g = B_g^(-1/2), symmetric, with B_g = I - H_gg - H_gg' + X_g M (X'W^2 X) M X_g', the covariance of the
        residuals when the errors are equal and independent (Bell and McCaffrey 2002; Pustejovsky and Tipton 2018,
        equation 9); without weights B_g = I - H_gg. Weights are sampling weights, as in clubSandwich and estimatr.
    CR3 : A_g = (I - H_gg)^-1, the jackknife that leaves out one cluster at a time (MacKinnon, Nielsen, Webb 2023).

    Where a matrix is singular its pseudo-inverse is taken, as in clubSandwich; see `absorbed`.
    """
    moment = squared_weights_moment(solution)
    for place in _by_size(clusters, solution.basis.shape[1]):
        rows, weights = solution.basis.rows(place), solution.weights[place]
        adjusted = _adjusted(rows, weights, errors, moment)
        yield Stack(rows, weights, solution.residuals[place], adjusted)


def absorbed(solution: Solution, clusters: Codes) -> Floats:
    """The directions (k, d) of the coefficients, times `inverse`, that one cluster alone determines.

    Without this cluster they could not be estimated, so that its residuals in these directions are zero whatever the
    errors are: no clustered error of a combination that has a part in one of them can be estimated.
    """
    share = np.bincount(clusters, solution.leverage)
    suspects = np.flatnonzero(share > 1 - ABSORBED)
    found = [np.zeros((solution.basis.shape[1], 0))]
    for each in suspects:
        place = np.flatnonzero(clusters == each)
        root = np.sqrt(solution.weights[place])[:, None] * solution.basis.rows(place)
        _, values, vectors = np.linalg.svd(root, full_matrices=False)
        found.append(vectors[values**2 > 1 - ABSORBED].T)
    return np.concatenate(found, axis=1)


def squared_weights_moment(solution: Solution) -> Floats | None:
    """R'(X'W^2 X)R, (k, k), where the weights differ."""
    if not solution.is_weighted:
        return None
    return solution.basis.cross(solution.weights**2)


def _by_size(clusters: Codes, k: int) -> Iterator[Codes]:
    """The row numbers (g, p) of clusters of one size, a bounded number of clusters at a time."""
    order, counts = np.argsort(clusters, kind="stable"), np.bincount(clusters)
    starts = np.cumsum(counts) - counts
    for size in np.unique(counts):
        first = starts[counts == size]
        most = max(1, HELD // (k * max(k, int(size))))
        for begin in range(0, len(first), most):
            yield order[first[begin : begin + most, None] + np.arange(size)]


def _adjusted(rows: Floats, weights: Floats, errors: Errors, moment: Floats | None) -> Floats:
    if errors == "CR3":
        return _shrunk(rows, weights, -1.0)
    if errors != "CR2":
        return weights[:, :, None] * rows
    return _shrunk(rows, weights, -0.5) if moment is None else _weighted_root(rows, weights, moment)


def _shrunk(rows: Floats, weights: Floats, power: float) -> Floats:
    """sqrt(W) (I - q q')^power q with q = sqrt(W) L, by way of q'q where a cluster has more rows than columns."""
    root = np.sqrt(weights)[:, :, None]
    q = root * rows
    _, p, k = q.shape
    if p <= k:
        return root * (_power(np.eye(p) - q @ q.swapaxes(1, 2), power) @ q)
    return root * (q @ _power(np.eye(k) - q.swapaxes(1, 2) @ q, power))


def _weighted_root(rows: Floats, weights: Floats, moment: Floats) -> Floats:
    """B_g^(-1/2) W_g L_g; B_g differs from I only in the span of [L_g, W_g L_g]."""
    weighted = weights[:, :, None] * rows
    _, p, k = rows.shape
    if p <= 2 * k:
        return _inverse_root(rows, weighted, moment) @ weighted
    basis, both = np.linalg.qr(np.concatenate([rows, weighted], axis=2))
    inner, inner_weighted = both[:, :, :k], both[:, :, k:]
    return np.asarray(basis @ (_inverse_root(inner, inner_weighted, moment) @ inner_weighted))


def _inverse_root(rows: Floats, weighted: Floats, moment: Floats) -> Floats:
    cross = rows @ weighted.swapaxes(1, 2)
    B = np.eye(rows.shape[1]) - cross - cross.swapaxes(1, 2) + rows @ moment @ rows.swapaxes(1, 2)
    return _power(B, -0.5)


def _power(matrices: Floats, power: float) -> Floats:
    """A power of symmetric matrices (g, p, p), zero in the directions in which they are singular."""
    values, vectors = np.linalg.eigh(matrices)
    powers = np.where(values > ABSORBED, np.maximum(values, ABSORBED) ** power, 0.0)
    return np.asarray((vectors * powers[:, None, :]) @ vectors.swapaxes(1, 2))

"""Every cluster's scores as least squares on its working rows, from which its leverage follows."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vignetta.analysis.models.likelihoods.distinct import Cells, distinct
from vignetta.analysis.models.likelihoods.maximum import Maximum
from vignetta.errors import Problem, StudyError

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

FULL_LEVERAGE = 1 - 1e-10
"""A cluster above this leverage fits some combination of coefficients alone, up to rounding."""
AT_ONCE = 4_000_000
"""About how many numbers of working rows are held at a time."""


@dataclass(frozen=True, eq=False)
class Pieces:
    """Rows of the data with the same cell, weight and cluster.

    Attributes
    ----------
    cell : (s,) place among the cells.
    weight : (s,) of one row.
    size : (s,) how many rows the piece joins.
    cluster : (s,) codes from 0, in order.
    times : (clusters,) how many clusters each of these stands for: single rows that are alike stand once.
    """

    cell: Codes
    weight: Floats
    size: Floats
    cluster: Codes
    times: Floats


@dataclass(frozen=True, eq=False)
class Group:
    """g clusters with r working rows each.

    With D = CC' minus the second derivative of a row's log-likelihood by its predictors and u the first, the working
    rows are C'Z, the working residuals C^-1 u: the scores are their products, and the information is the crossproduct
    of the working rows.

    Attributes
    ----------
    rows : (g, r, p).
    residuals : (g, r).
    variance : (g, r) v / w of one row's outcome, for canonical GLMs, whose D is v.
    times : (g,).
    """

    rows: Floats
    residuals: Floats
    variance: Floats
    times: Floats


def pieces(fit: Maximum, clusters: Codes | None) -> Pieces:
    """The pieces of each cluster; without clusters every row is one of its own."""
    columns = [fit.cells.cell, fit.weights] if clusters is None else [fit.cells.cell, fit.weights, clusters]
    first, place = distinct(np.column_stack(columns).astype(np.float64))
    size = np.bincount(place).astype(np.float64)
    cell, weight = fit.cells.cell[first], fit.weights[first]
    if clusters is None:
        return Pieces(cell, weight, np.ones(len(first)), np.arange(len(first)), size)
    order = np.argsort(clusters[first], kind="stable")
    cluster = np.unique(clusters[first][order], return_inverse=True)[1].astype(np.int64)
    return Pieces(cell[order], weight[order], size[order], cluster, np.ones(int(cluster[-1]) + 1))


def groups(fit: Maximum, of: Pieces) -> Iterator[Group]:
    """The clusters in groups of equal size, a part of each group at a time."""
    counts = np.bincount(of.cluster)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    q, p = fit.at.score.shape[1], len(fit.coef)
    for count in np.unique(counts):
        members = np.flatnonzero(counts == count)
        part = max(1, AT_ONCE // int(count * q * (p + count * q)))
        for begin in range(0, len(members), part):
            chosen = members[begin : begin + part]
            yield _group(fit, of, starts[chosen][:, None] + np.arange(count), of.times[chosen])


def leverages(rows: Floats, inverse: Floats) -> tuple[Floats, Floats]:
    """Eigenvalues (g, r) and vectors (g, r, r) of the leverage of each cluster: rows @ inverse @ rows'.

    Raises `StudyError` for a leverage of one.
    """
    values, vectors = np.linalg.eigh(rows @ inverse @ rows.transpose(0, 2, 1))
    full = int((values[:, -1] > FULL_LEVERAGE).sum())
    if full:
        which = f"{full} row or cluster fits" if full == 1 else f"{full} rows or clusters fit"
        what = f"robust errors are not defined: {which} a coefficient alone, so that nothing is left over."
        raise StudyError(Problem("errors", what, 'Simplify the formula, or write errors="classical".'))
    return values, vectors


def shortened(group: Group) -> Group:
    """The same scores and information by no more rows than coefficients."""
    if group.rows.shape[1] <= group.rows.shape[2]:
        return group
    basis, triangle = np.linalg.qr(group.rows)
    residuals = np.einsum("grk,gr->gk", basis, group.residuals)
    return Group(triangle, residuals, np.ones_like(residuals), group.times)


def _group(fit: Maximum, of: Pieces, places: Codes, times: Floats) -> Group:
    g, count = places.shape
    cell, weight, size = of.cell[places.ravel()], of.weight[places.ravel()], of.size[places.ravel()]
    cells = Cells(fit.cells.X[cell], fit.cells.y[cell], weight, cell)
    values, vectors = _eigen(fit.at.curvature[cell])
    root = np.sqrt(values * (weight * size)[:, None])
    rows = root[:, :, None] * (vectors.transpose(0, 2, 1) @ fit.family.rows(cells))
    along = np.einsum("sij,si->sj", vectors, fit.at.score[cell])
    flat = values <= 0
    residuals = np.where(flat, 0, along * root / np.where(flat, 1, values))
    variance = np.where(flat, 1, values / weight[:, None])
    width = count * values.shape[1]
    return Group(rows.reshape(g, width, -1), residuals.reshape(g, width), variance.reshape(g, width), times)


def _eigen(curvature: Floats) -> tuple[Floats, Floats]:
    if curvature.shape[1] == 1:
        return np.maximum(curvature[:, :, 0], 0), np.ones_like(curvature)
    values, vectors = np.linalg.eigh(curvature)
    tiny = values < 1e-13 * values[:, -1:]
    return np.where(tiny, 0, values), vectors

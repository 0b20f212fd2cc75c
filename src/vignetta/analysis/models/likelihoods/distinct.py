"""Identical rows, found once and counted."""

import random
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

_SEED = 20_231
"""Of the odd numbers that the hash multiplies with; any other gives the same rows."""


@dataclass(frozen=True, eq=False)
class Cells:
    """Rows of a model with identical x and y stand once, with the sum of their weights.

    Attributes
    ----------
    X : (m, k) distinct rows.
    y : (m,) outcome.
    weights : (m,) sums of the weights.
    cell : (n,) for each row of the data its place among the m.
    """

    X: Floats
    y: Floats
    weights: Floats
    cell: Codes


def collapse(X: Floats, y: Floats, weights: Floats) -> Cells:
    """The distinct rows of (X, y) with their weights."""
    first, cell = distinct(np.column_stack([X, y]))
    return Cells(X[first], y[first], np.bincount(cell, weights).astype(np.float64), cell)


def distinct(rows: Floats) -> tuple[Codes, Codes]:
    """Where each distinct row of (n, k) stands first, and for every row which of these it is; both in data order.

    Rows are compared by a 64-bit hash of their bits, and every row then with the one that it was taken for.
    """
    keys = _hash(rows)
    cell, found = pd.factorize(keys)
    first = np.zeros(len(found), dtype=np.int64)
    first[cell[::-1]] = np.arange(len(rows) - 1, -1, -1)
    again = np.flatnonzero(first[cell] != np.arange(len(rows)))
    if np.array_equal(rows[first[cell[again]]], rows[again]):
        return first, cell.astype(np.int64)
    _, first, cell = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    return first.astype(np.int64), cell.ravel().astype(np.int64)


def _hash(rows: Floats) -> npt.NDArray[np.uint64]:
    bits = np.add(rows.T, 0.0, order="C").view(np.uint64)
    draw = random.Random(_SEED)
    keys = np.zeros(len(rows), dtype=np.uint64)
    for column in bits:
        mixed = (column ^ (column >> np.uint64(29))) * np.uint64(draw.getrandbits(64) | 1)
        keys = keys * np.uint64(31) + (mixed ^ (mixed >> np.uint64(32)))
    return keys

"""A model matrix in which rows that only factors decide stand once for each combination of their levels."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ModelMatrix:
    """X (n, k): row i is base[places[i]] + own[i] @ load.

    Sums over the rows are sums over the m rows of `base`, so that n counts only where `own` is read.

    Attributes
    ----------
    base : (m, k).
    places : (n,) which row of `base` each row has; None where row i has base[i].
    own : (n, q) numbers that each row has for itself, or None.
    load : (q, k) how these count in each column, or None.
    """

    base: Floats
    places: Places | None = None
    own: Floats | None = None
    load: Floats | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows n and columns k."""
        return len(self.base if self.places is None else self.places), self.base.shape[1]

    @property
    def is_repeated(self) -> bool:
        """Whether the rows are those of `base` and nothing else."""
        return self.own is None

    def finite_columns(self) -> npt.NDArray[np.bool_]:
        """Which columns (k,) are finite in every row."""
        finite = np.isfinite(self.base).all(axis=0)
        if self.own is None or self.load is None:
            return np.asarray(finite)
        odd = np.array([not np.isfinite(each.sum()) and not np.isfinite(each).all() for each in self.own.T], dtype=bool)
        return np.asarray(finite & ~(self.load[odd] != 0).any(axis=0))

    def turned(self, R: Floats) -> Self:
        """X @ R for R (k, j)."""
        return type(self)(self.base @ R, self.places, self.own, None if self.load is None else self.load @ R)

    def rows(self, which: Places | slice = slice(None)) -> Floats:
        """Some rows (..., k), written out."""
        base = self.base[which] if self.places is None else self.base[self.places[which]]
        return base if self.own is None or self.load is None else base + self.own[which] @ self.load

    def spread(self, by_base: Floats) -> Floats:
        """What each row of `base` has (m, ...), for every row (n, ...)."""
        return by_base if self.places is None else by_base[self.places]

    def by_base(self, values: Floats | None) -> Floats:
        """Sums (m,) over the rows that share a row of `base`; None stands for ones."""
        if values is None:
            return self.counts
        if self.places is None:
            return values
        return np.asarray(np.bincount(self.places, values, len(self.base)), dtype=np.float64)

    @cached_property
    def counts(self) -> Floats:
        """How many rows (m,) share each row of `base`."""
        if self.places is None:
            return np.ones(len(self.base))
        return np.bincount(self.places, minlength=len(self.base)).astype(np.float64)

    def predict(self, b: Floats) -> Floats:
        """X b (n,)."""
        fitted = self.spread(self.base @ b)
        return fitted if self.own is None or self.load is None else fitted + self.own @ (self.load @ b)

    def sums(self, values: Floats) -> Floats:
        """X'v (k,)."""
        found = self.base.T @ self.by_base(values)
        return found if self.own is None or self.load is None else found + self.load.T @ (self.own.T @ values)

    def mean(self, weights: Floats | None) -> Floats:
        """The weighted mean row (k,); None stands for ones."""
        w = np.ones(self.shape[0]) if weights is None else weights
        total = self.by_base(weights)
        found = total @ self.base
        if self.own is not None and self.load is not None:
            found = found + (w @ self.own) @ self.load
        return np.asarray(found / total.sum())

    def cross(self, values: Floats | None) -> Floats:
        """X' diag(v) X (k, k) for v of zero or more; None stands for ones."""
        half = self.base * np.sqrt(self.by_base(values))[:, None]
        found = half.T @ half
        if self.own is None or self.load is None:
            return np.asarray(found)
        sums, among = np.empty((len(self.base), len(self.load))), np.empty((len(self.load), len(self.load)))
        for place, each in enumerate(self.own.T):
            weighted = each if values is None else each * values
            sums[:, place], among[:, place] = self.by_base(weighted), self.own.T @ weighted
        beside = self.base.T @ sums @ self.load
        return np.asarray(found + beside + beside.T + self.load.T @ among @ self.load)

    def squared_lengths(self) -> Floats:
        """The squared length of every row (n,)."""
        if self.own is None or self.load is None:
            return self.spread(np.sum(self.base**2, axis=1))
        lengths = self.spread(np.sum(self.base**2, axis=1))
        for own, beside, among in zip(self.own.T, self.load @ self.base.T, self.load @ self.load.T, strict=True):
            lengths += own * (self.spread(2 * beside) + self.own @ among)
        return lengths

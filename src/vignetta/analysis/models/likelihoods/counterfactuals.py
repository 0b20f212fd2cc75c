"""Mean predictions over counterfactual rows, with their analytic derivatives by the coefficients."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Counterfactuals:
    """The rows of X when some factors are set to the levels of a cell and the rest stays as in each of r sample rows.

    Columns that read a set factor vary with the cell, and beyond it only with the variables that they read beside the
    factor; all other columns are those of the sample row. So the c x r rows are never written out.

    Attributes
    ----------
    varies : (k,) which columns read a set factor.
    varying : (c, b, kv) these columns for each cell and each combination of the variables beside.
    fixed : (r, k - kv) the other columns.
    beside : (r,) which of the b combinations each sample row has.
    share : (r,) of each sample row in the average, or (c, r) when it depends on the cell; sums to 1 over r.
    """

    varies: Flags
    varying: Floats
    fixed: Floats
    beside: Codes
    share: Floats

    def index(self, coef: Floats) -> Floats:
        """x'b for every cell and sample row (c, r), from b (k,)."""
        moving: Floats = self.varying @ coef[self.varies]
        return moving[:, self.beside] + self.fixed @ coef[~self.varies]

    def mean(self, values: Floats) -> Floats:
        """The average over the sample rows (c,) of values (c, r)."""
        return values @ self.share if self.share.ndim == 1 else np.einsum("cr,cr->c", values, self.share)

    def mean_row(self, values: Floats) -> Floats:
        """The average of value times x over the sample rows (c, k), from values (c, r)."""
        weighted = values * self.share
        c, b, _ = self.varying.shape
        rows = np.zeros((c, len(self.varies)))
        rows[:, ~self.varies] = weighted @ self.fixed
        r = len(self.beside)
        member = sparse.csr_array((np.ones(r), (self.beside, np.arange(r))), shape=(b, r))
        rows[:, self.varies] = np.einsum("bc,cbk->ck", np.asarray(member @ weighted.T), self.varying)
        return rows

    def part(self, cells: slice) -> "Counterfactuals":
        """The same for some of the cells."""
        share = self.share if self.share.ndim == 1 else self.share[cells]
        return Counterfactuals(self.varies, self.varying[cells], self.fixed, self.beside, share)


@dataclass(frozen=True, eq=False)
class Averages:
    """Mean predictions of o outcomes in c cells.

    Attributes
    ----------
    estimate : (c, o).
    jacobian : (c, o, p) derivatives by the coefficients.
    """

    estimate: Floats
    jacobian: Floats


def every_row(X: Floats, share: Floats) -> Counterfactuals:
    """Counterfactual rows that are written out: X (c, r, k) with shares (r,) or (c, r)."""
    _, r, k = X.shape
    return Counterfactuals(np.ones(k, dtype=bool), X, np.zeros((r, 0)), np.arange(r), share)

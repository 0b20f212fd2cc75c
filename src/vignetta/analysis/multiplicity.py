"""p-values adjusted for the number of tests."""

import numpy as np
import numpy.typing as npt

from vignetta.analysis.options import check_options
from vignetta.plan import Adjustment

Floats = npt.NDArray[np.float64]


def adjust(p_values: Floats, method: Adjustment = "holm") -> Floats:
    """Adjusted p-values, in the order given; a missing one stays missing and does not count as a test.

    Parameters
    ----------
    p_values : (m,).
    method : holm (Holm 1979) and bonferroni bound the probability of any false rejection, benjamini_hochberg
        (Benjamini and Hochberg 1995) the expected share of false ones; none leaves the p-values alone.

    Examples
    --------
    >>> adjust(np.array([0.01, 0.04, 0.03]), "holm").round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    check_options(adjust=method)
    p = np.asarray(p_values, dtype=np.float64)
    tested = ~np.isnan(p)
    adjusted = p.copy()
    adjusted[tested] = np.minimum(_METHODS[method](p[tested]), 1.0)
    return adjusted


def _holm(p: Floats) -> Floats:
    order = np.argsort(p, kind="stable")
    steps = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    return _unsorted(steps, order)


def _benjamini_hochberg(p: Floats) -> Floats:
    order = np.argsort(p, kind="stable")
    steps = p[order] * len(p) / np.arange(1, len(p) + 1)
    return _unsorted(np.minimum.accumulate(steps[::-1])[::-1], order)


def _unsorted(values: Floats, order: npt.NDArray[np.intp]) -> Floats:
    result = np.empty_like(values)
    result[order] = values
    return result


_METHODS = {
    "none": lambda p: p,
    "bonferroni": lambda p: p * len(p),
    "holm": _holm,
    "benjamini_hochberg": _benjamini_hochberg,
}

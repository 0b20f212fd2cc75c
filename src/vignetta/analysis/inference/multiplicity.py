"""p-values adjusted for the number of tests."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vignetta.analysis.options import check_options
from vignetta.errors import Problem, StudyError
from vignetta.plan import Adjustment

Floats = npt.NDArray[np.float64]

JOINT: Final = ("single_step", "step_down")
"""Methods that need the joint distribution of the tests."""


def adjust(p_values: Floats, method: Adjustment = "holm") -> Floats:
    """Adjusted p-values, in the order given; a missing one stays missing and does not count as a test.

    Parameters
    ----------
    p_values : (m,).
    method : holm (Holm 1979) and bonferroni bound the probability of any false rejection whatever the tests, hochberg
        (Hochberg 1988) and hommel (Hommel 1988) that of tests that are independent or positively dependent;
        benjamini_hochberg (Benjamini and Hochberg 1995) bounds the expected share of false rejections of such tests,
        benjamini_yekutieli (Benjamini and Yekutieli 2001) of any; none leaves the p-values alone.

    Raises
    ------
    StudyError
        An unknown method; single_step and step_down, which need more than p-values (see `simultaneous`).

    Examples
    --------
    >>> adjust(np.array([0.01, 0.04, 0.03]), "holm").round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    check_options(adjust=method)
    if method in JOINT:
        what = f"`{method}` needs the joint distribution of the tests, not their p-values alone."
        raise StudyError(Problem("adjust", what, 'Write contrasts(..., adjust="single_step"), or adjust by `holm`.'))
    p = np.asarray(p_values, dtype=np.float64)
    tested = ~np.isnan(p)
    adjusted = p.copy()
    adjusted[tested] = np.minimum(_METHODS[method](p[tested]), 1.0)
    return adjusted


def _holm(p: Floats) -> Floats:
    order = np.argsort(p, kind="stable")
    steps = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    return _unsorted(steps, order)


def _hochberg(p: Floats) -> Floats:
    return _step_up(p, np.arange(len(p), 0, -1))


def _benjamini_hochberg(p: Floats) -> Floats:
    return _step_up(p, len(p) / np.arange(1, len(p) + 1))


def _benjamini_yekutieli(p: Floats) -> Floats:
    return _benjamini_hochberg(p) * np.sum(1 / np.arange(1, len(p) + 1))


def _step_up(p: Floats, factors: npt.NDArray[Any]) -> Floats:
    order = np.argsort(p, kind="stable")
    return _unsorted(np.minimum.accumulate((p[order] * factors)[::-1])[::-1], order)


def _hommel(p: Floats) -> Floats:
    """The smallest level at which the closed test by Simes' inequality rejects (Wright 1992, appendix)."""
    order = np.argsort(p, kind="stable")
    ordered, m = p[order], len(p)
    adjusted = ordered.copy()
    for size in range(m, 1, -1):
        among = np.arange(m - size + 1, m)
        least = np.min(size * ordered[among] / np.arange(2, size + 1))
        adjusted[among] = np.maximum(adjusted[among], least)
        rest = np.arange(m - size + 1)
        adjusted[rest] = np.maximum(adjusted[rest], np.minimum(least, size * ordered[rest]))
    return _unsorted(adjusted, order)


def _unsorted(values: Floats, order: npt.NDArray[np.intp]) -> Floats:
    result = np.empty_like(values)
    result[order] = values
    return result


_METHODS = {
    "none": lambda p: p,
    "bonferroni": lambda p: p * len(p),
    "holm": _holm,
    "hochberg": _hochberg,
    "hommel": _hommel,
    "benjamini_hochberg": _benjamini_hochberg,
    "benjamini_yekutieli": _benjamini_yekutieli,
}

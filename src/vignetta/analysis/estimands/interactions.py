"""Average marginal interaction effects: what two levels do together beyond what each does by itself."""

from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from vignetta.analysis.estimands.averaging import Grid, grid
from vignetta.analysis.estimands.margins import Row, labelled, reference
from vignetta.analysis.models.fits import Fit
from vignetta.analysis.options import raise_all
from vignetta.analysis.tabulating import tabulate
from vignetta.design.declaration import Design
from vignetta.errors import Problem
from vignetta.plan import Average

Floats = npt.NDArray[np.float64]

ALIKE = 1e-9
"""Shares that differ by less are the same up to rounding."""


def interactions(
    fit: Fit,
    factor: str,
    *,
    within: str,
    versus: str | None = None,
    average_over: Average | pd.DataFrame = "sample",
    design: Design | None = None,
    predict: str | None = None,
) -> pd.DataFrame:
    """Average marginal interaction effects (AMIE) of two factors.

    The effect of a pair of levels against the pair of references, less the average effect of each of the two levels
    (Egami and Imai 2019, definition 4). Differences of AMIEs do not depend on which levels are the references, unlike
    those of conditional effects.

    Parameters
    ----------
    within : the other factor.
    versus : the reference of `factor`; when left out the design's, without a design the first level.
    average_over, design, predict : as for `margins`; each average effect is taken over the other factor too.

    Returns
    -------
    The estimates frame, estimand `interaction`: a row for every pair of levels, that of the references a row of zeros.

    Raises
    ------
    StudyError
        Also where restrictions tie one of the two to anything, so that pairs stand beside different vignettes.

    Examples
    --------
    >>> from vignetta.analysis.models.fitting import fit
    >>> cells = {"arm": ["a", "a", "b", "b"] * 2, "place": ["p", "q"] * 4, "y": [1.0, 2, 4, 6, 2, 3, 7, 5]}
    >>> found = interactions(fit(pd.DataFrame(cells), "y ~ arm * place"), "arm", within="place")
    >>> found[["level", "within_level", "estimate"]].round(6).values.tolist()
    [['a', 'p', 0.0], ['a', 'q', 0.5], ['b', 'p', 0.5], ['b', 'q', 0.0]]
    """
    options: dict[str, Any] = {"average_over": average_over, "design": design, "outcome": predict}
    both, first, second = (grid(fit, names, **options) for names in ([factor, within], [factor], [within]))
    raise_all([*_restriction_problems(both, factor, within), *_same_problems(factor, within)])
    base = {factor: reference(fit, factor, versus, design), within: reference(fit, within, None, design)}
    common = {**labelled(fit, predict, both, "interaction", factor), "versus": base[factor], "within_factor": within}
    rows: list[Row] = []
    for level, inside in product(fit.levels(factor), fit.levels(within)):
        pair = both.mean({factor: level, within: inside}) - both.mean(base)
        alone = first.contrast(factor, (level, base[factor]), {}) + second.contrast(within, (inside, base[within]), {})
        is_reference = (level, inside) == tuple(base.values())
        rows.append(({**common, "level": level, "within_level": inside, "is_reference": is_reference}, pair - alone))
    return tabulate(fit, rows)


def _same_problems(factor: str, within: str) -> list[Problem]:
    same = [Problem("within", f"`{factor}` does not interact with itself.", "Name another factor.")]
    return same if factor == within else []


def _restriction_problems(over: Grid, factor: str, within: str) -> list[Problem]:
    """Whether the distribution has every pair of levels, each beside the same vignettes equally often."""
    columns = [list(over.levels).index(name) for name in (factor, within)]
    pairs = np.unique(over.codes[:, columns], axis=0, return_inverse=True)[1].ravel()
    others = np.unique(np.delete(over.codes, columns, axis=1), axis=0, return_inverse=True)[1].ravel()
    table = np.zeros((int(pairs.max()) + 1, int(others.max()) + 1))
    np.add.at(table, (pairs, others), over.probability)
    shares = table / table.sum(axis=1, keepdims=True)
    is_whole = len(table) == len(over.levels[factor]) * len(over.levels[within])
    if is_whole and np.ptp(shares, axis=0).max() < ALIKE:
        return []
    what = f"restrictions tie `{factor}` or `{within}` to each other or to another factor."
    return [Problem("within", what, "Compare levels that occur together: `vg.contrasts` with `within`.")]

"""How effects and means differ between groups of respondents."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from vignetta.analysis.estimands.conjoint import default_errors, factor_problems, means_by_cell
from vignetta.analysis.estimands.margins import difference_rows
from vignetta.analysis.estimands.tied import tied_in_design
from vignetta.analysis.models.fits import Fit
from vignetta.analysis.models.fitting import fit
from vignetta.analysis.models.samples import cluster_names, quote, read_factor
from vignetta.analysis.options import Distribution, Grouped, check_options, raise_all
from vignetta.analysis.tabulating import Label, tabulate
from vignetta.design.declaration import Design
from vignetta.errors import Problem
from vignetta.plan import Errors

Floats = npt.NDArray[np.float64]
Row = tuple[Label, Floats]


def subgroup_differences(
    data: pd.DataFrame,
    *,
    outcome: str,
    factors: Sequence[str],
    by: str,
    estimand: Grouped = "amce",
    cluster: str | tuple[str, str] | None = None,
    weights: str | None = None,
    design: Design | None = None,
    errors: Errors | None = None,
    distribution: Distribution = "t",
    alpha: float = 0.05,
) -> pd.DataFrame:
    """How far AMCEs, or marginal means, differ between groups and the first group.

    The groups are estimated together, so that errors account for respondents who stand in several of them (where `by`
    is a factor of the vignettes, or changes from task to task); cregg takes groups for independent.

    Parameters
    ----------
    factors : columns whose effects or means are compared.
    by : the column of groups; the first category, or the first in alphabetical order of texts, is what the others are
        compared with.
    estimand : amce: one regression of the outcome on the factors and their interactions with `by`. marginal_mean: the
        means of each factor by itself. `vg.differences` compares the contrasts of any fit.
    design : gives the reference levels.
    errors : HC2 without, CR1 with a cluster when left out (CR1 is what cregg reports).

    Returns
    -------
    The estimates frame, estimand `amce_difference` or `marginal_mean_difference`; `within_factor` is `by`,
    `within_level` reads `Republican vs Democrat`: the effect or mean of the former minus that of the latter. A mean
    that one of the two lacks is a row without an estimate.

    Raises
    ------
    StudyError
        Unknown columns and levels; `by` among the factors; fewer than two groups; for AMCEs a level that a group lacks,
        and factors that the design's restrictions tie together.

    Examples
    --------
    >>> cells = {"arm": ["a", "a", "b", "b"] * 2, "group": ["p", "q"] * 4, "y": [1.0, 2, 4, 6, 2, 3, 7, 5]}
    >>> found = subgroup_differences(pd.DataFrame(cells), outcome="y", factors=["arm"], by="group")
    >>> found[["level", "versus", "within_level", "estimate"]].round(6).values.tolist()
    [['b', 'a', 'q vs p', -1.0]]
    """
    check_options(grouped=estimand)
    special = [outcome, by, *cluster_names(cluster), *([] if weights is None else [weights])]
    raise_all([*factor_problems(data, outcome, [*factors, *special[1:]]), *_problems(factors, by, estimand, design)])
    raise_all(_group_problems(data, by))
    options: dict[str, Any] = {
        "errors": errors or default_errors(cluster),
        "cluster": cluster,
        "weights": weights,
        "distribution": distribution,
        "alpha": alpha,
    }
    if estimand == "amce":
        terms = " + ".join(map(quote, factors))
        fitted = fit(data, f"{quote(outcome)} ~ ({terms}) * {quote(by)}", **options)
        return tabulate(fitted, _effects(fitted, factors, by, design))
    tables = []
    for factor in factors:
        fitted, labels = means_by_cell(data, (factor, by), outcome=outcome, special=special, **options)
        tables.append(tabulate(fitted, _means(data, factor, by, labels)))
    return pd.concat(tables, ignore_index=True)


def _effects(fitted: Fit, factors: Sequence[str], by: str, design: Design | None) -> list[Row]:
    rows = [row for each in factors for row in difference_rows(fitted, each, within=by, design=design)[1]]
    return [({**label, "estimand": "amce_difference"}, row) for label, row in rows]


def _means(data: pd.DataFrame, factor: str, by: str, labels: list[Label]) -> list[Row]:
    place = {(each["level"], each["within_level"]): row for row, each in enumerate(labels)}
    unit = np.eye(len(labels))
    levels, groups = ([str(each) for each in read_factor(data[name]).cat.categories] for name in (factor, by))
    common = {"estimand": "marginal_mean_difference", "factor": factor, "within_factor": by, "average_over": "sample"}
    rows: list[Row] = []
    for group in groups[1:]:
        for level in levels:
            pair = (level, group), (level, groups[0])
            known = all(each in place for each in pair)
            row = unit[place[pair[0]]] - unit[place[pair[1]]] if known else np.full(len(labels), np.nan)
            rows.append(({**common, "level": level, "within_level": f"{group} vs {groups[0]}"}, row))
    return rows


def _problems(factors: Sequence[str], by: str, estimand: Grouped, design: Design | None) -> list[Problem]:
    problems = []
    if by in factors:
        problems.append(Problem("by", f"`{by}` is one of the factors.", "Leave it out of `factors`."))
    tied = [group for group in ([] if design is None else tied_in_design(design)) if set(group) & set(factors)]
    if estimand == "amce" and tied:
        what = f"restrictions tie {' and '.join(f'`{each}`' for each in tied[0])} together."
        remedy = 'Use estimand="marginal_mean", or `vg.amce` for each group.'
        problems.append(Problem("design", what, remedy))
    return problems


def _group_problems(data: pd.DataFrame, by: str) -> list[Problem]:
    groups = read_factor(data[by]).cat.categories
    if len(groups) >= 2:
        return []
    return [Problem("by", f"`{by}` has {len(groups)} groups.", "Name a column with at least two.")]

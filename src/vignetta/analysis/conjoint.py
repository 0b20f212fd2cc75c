"""What a conjoint experiment reports: average marginal component effects and marginal means."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from vignetta.analysis.fitting import fit
from vignetta.analysis.margins import contrasts
from vignetta.analysis.options import Distribution, raise_all, unknown
from vignetta.analysis.samples import cluster_names, quote, read_factor
from vignetta.analysis.tabulating import Label, tabulate
from vignetta.design.declaration import Design
from vignetta.design.vignettes import vignettes
from vignetta.errors import Problem
from vignetta.plan import Average, Errors

Floats = npt.NDArray[np.float64]

INDEPENDENT = 1e-9
"""Probabilities of two factors further than this from their product are not independent."""


def amce(
    data: pd.DataFrame,
    *,
    outcome: str,
    factors: Sequence[str],
    cluster: str | tuple[str, str] | None = None,
    weights: str | None = None,
    design: Design | None = None,
    errors: Errors | None = None,
    distribution: Distribution = "t",
    alpha: float = 0.05,
) -> pd.DataFrame:
    """Average marginal component effects of independently randomised factors (Hainmueller, Hopkins, Yamamoto 2014).

    One regression on all factors, without interactions: right when levels are drawn independently of each other. In a
    restricted design, where combinations are forbidden, fit the interactions and use `contrasts`.

    Parameters
    ----------
    factors : columns whose levels are compared with their reference.
    design : gives the reference levels, and is checked against the data's levels.
    errors : HC2 without, CR1 with a cluster when left out (CR1 is what cregg reports).

    Returns
    -------
    The estimates frame, estimand `amce`: per factor one row per level, the reference a row of zeros.

    Examples
    --------
    >>> data = pd.DataFrame({"y": [1.0, 2.0, 4.0, 6.0], "arm": ["a", "a", "b", "b"]})
    >>> amce(data, outcome="y", factors=["arm"])["estimate"].round(6).tolist()
    [0.0, 3.5]
    """
    raise_all([*_factor_problems(data, outcome, list(factors)), *_independence_problems(design, list(factors))])
    formula = f"{quote(outcome)} ~ {' + '.join(map(quote, factors))}"
    fitted = fit(
        data,
        formula,
        errors=errors or _default_errors(cluster),
        cluster=cluster,
        weights=weights,
        distribution=distribution,
        alpha=alpha,
    )
    average: Average = "sample" if design is None else "design"
    rows = [contrasts(fitted, each, average_over=average, design=design) for each in factors]
    return pd.concat(rows, ignore_index=True).assign(estimand="amce")


def marginal_means(
    data: pd.DataFrame,
    *,
    outcome: str,
    factors: Sequence[str | tuple[str, ...]],
    cluster: str | tuple[str, str] | None = None,
    weights: str | None = None,
    errors: Errors | None = None,
    null: float = 0.0,
    distribution: Distribution = "t",
    alpha: float = 0.05,
) -> pd.DataFrame:
    """The mean outcome at each level of each factor.

    Parameters
    ----------
    factors : columns; a tuple of columns stands for their interaction, one mean for each combination that occurs.
    errors : HC2 without, CR1 with a cluster when left out (CR1 is what cregg reports).
    null : what the tests are against: 0.5 when one of two profiles is chosen.
    distribution : normal gives cregg's intervals.

    Returns
    -------
    The estimates frame, estimand `marginal_mean`. Rows with a missing outcome or factor are left out, factor by
    factor.

    Examples
    --------
    >>> data = pd.DataFrame({"y": [1.0, 2.0, 4.0, 6.0], "arm": ["a", "a", "b", "b"]})
    >>> marginal_means(data, outcome="y", factors=["arm"])["estimate"].round(6).tolist()
    [1.5, 5.0]
    """
    groups = [(each,) if isinstance(each, str) else tuple(each) for each in factors]
    raise_all(_factor_problems(data, outcome, [name for each in groups for name in each]))
    special = [outcome, *cluster_names(cluster), *([] if weights is None else [weights])]
    tables = []
    for group in groups:
        prepared, name, labels = _prepared(data, group, special)
        fitted = fit(
            prepared,
            f"{quote(outcome)} ~ 0 + {quote(name)}",
            errors=errors or _default_errors(cluster),
            cluster=cluster,
            weights=weights,
            distribution=distribution,
            alpha=alpha,
        )
        tables.append(tabulate(fitted, _means(labels), null=null))
    return pd.concat(tables, ignore_index=True)


def _default_errors(cluster: str | tuple[str, str] | None) -> Errors:
    return "HC2" if cluster is None else "CR1"


def _means(labels: list[Label]) -> list[tuple[Label, Floats]]:
    rows = np.eye(len(labels))
    common = {"estimand": "marginal_mean", "average_over": "sample"}
    return [({**label, **common}, row) for label, row in zip(labels, rows, strict=True)]


def _prepared(data: pd.DataFrame, group: tuple[str, ...], special: list[str]) -> tuple[pd.DataFrame, str, list[Label]]:
    """The data, its column whose levels are the combinations of `group` that occur, and a label for each of them."""
    columns = [read_factor(data[name]) for name in group]
    if len(group) == 1:
        return data, group[0], [{"factor": group[0], "level": str(each)} for each in columns[0].cat.categories]
    codes = np.column_stack([each.cat.codes for each in columns])
    complete = (codes >= 0).all(axis=1) & data[special].notna().all(axis=1).to_numpy()
    cells, place = np.unique(codes[complete], axis=0, return_inverse=True)
    combined = np.full(len(data), -1)
    combined[complete] = place.ravel()
    name = _fresh(" × ".join(group), data)
    texts = [[str(each.cat.categories[code]) for each, code in zip(columns, cell, strict=True)] for cell in cells]
    categories = pd.Categorical.from_codes(combined.tolist(), categories=pd.RangeIndex(len(cells)))
    return data[special].assign(**{name: categories}), name, [_combined_label(group, each) for each in texts]


def _combined_label(group: tuple[str, ...], levels: list[str]) -> Label:
    return {
        "factor": group[0],
        "level": levels[0],
        "within_factor": " × ".join(group[1:]),
        "within_level": " × ".join(levels[1:]),
    }


def _fresh(name: str, data: pd.DataFrame) -> str:
    while name in data:
        name += "_"
    return name


def _factor_problems(data: pd.DataFrame, outcome: str, factors: list[str]) -> list[Problem]:
    known = [str(each) for each in data.columns]
    if not factors:
        return [Problem("factors", "no factor is named.", "Write factors=[...] with at least one column.")]
    return [unknown("data", "there is no column", each, known) for each in [outcome, *factors] if each not in known]


def _independence_problems(design: Design | None, factors: list[str]) -> list[Problem]:
    if design is None:
        return []
    cells = vignettes(design)
    known = [each for each in factors if each in design.factors]
    return [
        Problem(
            "design",
            f"the levels of `{first}` and `{second}` are not drawn independently.",
            "Fit the model with their interaction and use `contrasts`.",
        )
        for first, second in combinations(known, 2)
        if not _independent(cells, first, second)
    ]


def _independent(cells: pd.DataFrame, first: str, second: str) -> bool:
    joint = cells.pivot_table(index=first, columns=second, values="probability", aggfunc="sum", observed=False)
    shares = joint.fillna(0).to_numpy(dtype=np.float64)
    return bool(np.abs(shares - np.outer(shares.sum(axis=1), shares.sum(axis=0))).max() < INDEPENDENT)

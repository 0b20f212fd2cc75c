"""What a conjoint experiment reports: average marginal component effects and marginal means."""

from collections.abc import Sequence
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from vignetta.analysis.estimands.margins import contrasts
from vignetta.analysis.estimands.tied import (
    Over,
    Tied,
    check_groups,
    effects,
    tie_by_data,
    tie_by_design,
    tied_in_design,
)
from vignetta.analysis.models.fits import Fit
from vignetta.analysis.models.fitting import fit
from vignetta.analysis.models.samples import cluster_names, quote, read_factor
from vignetta.analysis.options import Distribution, raise_all, unknown
from vignetta.analysis.tabulating import Label, tabulate
from vignetta.design.declaration import Design
from vignetta.errors import Problem
from vignetta.plan import Average, Errors

Floats = npt.NDArray[np.float64]


def amce(
    data: pd.DataFrame,
    *,
    outcome: str,
    factors: Sequence[str],
    cluster: str | tuple[str, str] | None = None,
    weights: str | None = None,
    strata: str | None = None,
    design: Design | None = None,
    tied: Sequence[Sequence[str]] = (),
    average_over: Over | None = None,
    errors: Errors | None = None,
    distribution: Distribution = "t",
    alpha: float = 0.05,
) -> pd.DataFrame:
    """Average marginal component effects (Hainmueller, Hopkins, Yamamoto 2014).

    One regression: a factor that is drawn independently of the others enters by itself; factors that restrictions tie
    together enter with all their interactions, as one column of the combinations that exist. A level of a tied factor
    is compared with the reference only over the combinations of the others that exist beside both, weighted by
    `average_over`; it says so in the frame's `average_over`, and an effect that is not identified has no estimate.

    Parameters
    ----------
    factors : columns whose levels are compared with their reference.
    design : gives the reference levels, is checked against the data's levels, and says which factors are tied. Those
        that are tied to one of `factors` enter the regression too.
    tied : groups of factors that restrictions tie together, where no design says it.
    average_over : design (exact probabilities), sample (shares of the rows), or equal (all combinations of the other
        factors alike, as cregg does); design when there is one, otherwise sample.
    errors : HC2 without, CR1 with a cluster when left out (CR1 is what cregg reports); linearised with strata.

    Returns
    -------
    The estimates frame, estimand `amce`: per factor one row per level, the reference a row of zeros.

    Raises
    ------
    StudyError
        Unknown columns and levels; combinations in the data that the design never has.

    Examples
    --------
    >>> data = pd.DataFrame({"y": [1.0, 2.0, 4.0, 6.0], "arm": ["a", "a", "b", "b"]})
    >>> amce(data, outcome="y", factors=["arm"])["estimate"].round(6).tolist()
    [0.0, 3.5]
    """
    over = average_over or ("sample" if design is None else "design")
    groups = _groups(design, list(factors), tied)
    joined = [name for group in groups for name in group]
    used = list(dict.fromkeys([*factors, *joined]))
    raise_all([*factor_problems(data, outcome, used), *_over_problems(over, design, tied)])
    check_groups(groups, [str(each) for each in data.columns])
    special = [outcome, *cluster_names(cluster), *(each for each in (weights, strata) if each is not None)]
    together = _tie(data, groups, used, special, design, weights)
    fitted = fit(
        data.assign(**{column: each.categories for column, each in together.items()}),
        f"{quote(outcome)} ~ {' + '.join(map(quote, [*(each for each in factors if each not in joined), *together]))}",
        errors=errors or default_errors(cluster, strata),
        cluster=cluster,
        weights=weights,
        strata=strata,
        distribution=distribution,
        alpha=alpha,
    )
    tables = [_effects(fitted, each, together, design, over) for each in factors]
    return pd.concat(tables, ignore_index=True)


def marginal_means(
    data: pd.DataFrame,
    *,
    outcome: str,
    factors: Sequence[str | tuple[str, ...]],
    cluster: str | tuple[str, str] | None = None,
    weights: str | None = None,
    strata: str | None = None,
    errors: Errors | None = None,
    null: float = 0.0,
    distribution: Distribution = "t",
    alpha: float = 0.05,
) -> pd.DataFrame:
    """The mean outcome at each level of each factor.

    Parameters
    ----------
    factors : columns; a tuple of columns stands for their interaction, one mean for each combination that occurs.
    errors : HC2 without, CR1 with a cluster when left out (CR1 is what cregg reports); linearised with strata.
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
    raise_all(factor_problems(data, outcome, [name for each in groups for name in each]))
    special = [outcome, *cluster_names(cluster), *(each for each in (weights, strata) if each is not None)]
    tables = []
    for group in groups:
        fitted, labels = means_by_cell(
            data,
            group,
            outcome=outcome,
            special=special,
            errors=errors or default_errors(cluster, strata),
            cluster=cluster,
            weights=weights,
            strata=strata,
            distribution=distribution,
            alpha=alpha,
        )
        tables.append(tabulate(fitted, _means(labels), null=null))
    return pd.concat(tables, ignore_index=True)


def means_by_cell(
    data: pd.DataFrame, group: tuple[str, ...], *, outcome: str, special: list[str], **options: Any
) -> tuple[Fit, list[Label]]:
    """The fit whose coefficients are the means of the combinations of `group` that occur, and what names each.

    `special` are the other columns that it reads; `options` are those of `fit`.
    """
    prepared, name, labels = _prepared(data, group, special)
    return fit(prepared, f"{quote(outcome)} ~ 0 + {quote(name)}", **options), labels


def _groups(design: Design | None, factors: list[str], tied: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    if design is None:
        return [tuple(each) for each in tied]
    return [each for each in tied_in_design(design) if set(each) & set(factors)]


def _over_problems(over: str, design: Design | None, tied: Sequence[Sequence[str]]) -> list[Problem]:
    problems = []
    if over not in get_args(Over):
        problems.append(Problem("average_over", f"`{over}` is not an option.", "Write design, sample or equal."))
    if over == "design" and design is None:
        problems.append(Problem("average_over", 'averaging over "design" needs the design.', "Write design=..."))
    if design is not None and tied:
        problems.append(Problem("tied", "the design says which factors are tied.", "Leave `tied` out."))
    return problems


def _tie(
    data: pd.DataFrame,
    groups: list[tuple[str, ...]],
    used: list[str],
    special: list[str],
    design: Design | None,
    weights: str | None,
) -> dict[str, Tied]:
    """The tied factors, by the name of the column that stands for them in the regression."""
    known = [str(each) for each in data.columns]
    raise_all([unknown("data", "there is no column", each, known) for each in special if each not in known])
    complete = data[[*used, *special]].notna().all(axis=1).to_numpy()
    numbers = weights is not None and pd.api.types.is_numeric_dtype(data[weights].dtype)
    w = data[weights].to_numpy(dtype=np.float64, na_value=np.nan) if numbers else np.ones(len(data))
    found = {}
    for group in groups:
        each = tie_by_data(group, data, complete, w) if design is None else tie_by_design(design, group, data, complete)
        found[_fresh(each.name, data)] = each
    return found


def _effects(fitted: Fit, factor: str, together: dict[str, Tied], design: Design | None, over: Over) -> pd.DataFrame:
    for column, tied in together.items():
        if factor in tied.levels:
            known = design is not None and factor in design.factors
            versus = design.factors[factor].reference.name if design and known else tied.levels[factor][0]
            return tabulate(fitted, effects(fitted, tied, column, factor, versus=versus, over=over))
    average: Average = "sample" if design is None else "design"
    return contrasts(fitted, factor, average_over=average, design=design).assign(estimand="amce", average_over=over)


def default_errors(cluster: str | tuple[str, str] | None, strata: str | None = None) -> Errors:
    """What `errors` is when left out."""
    if strata is not None:
        return "linearised"
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


def factor_problems(data: pd.DataFrame, outcome: str, factors: list[str]) -> list[Problem]:
    known = [str(each) for each in data.columns]
    if not factors:
        return [Problem("factors", "no factor is named.", "Write factors=[...] with at least one column.")]
    return [unknown("data", "there is no column", each, known) for each in [outcome, *factors] if each not in known]

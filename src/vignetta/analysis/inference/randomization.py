"""Randomisation inference: how often chance alone would give what was found, by the assignment's own chances."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from vignetta.analysis.inference.reassigning import Assigned, by_design, permuted
from vignetta.analysis.models.samples import read_factor
from vignetta.analysis.options import Alternative, Statistic, check_options, raise_all, unknown
from vignetta.design.declaration import Design
from vignetta.errors import Problem, StudyError

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

TIE: Final = 1e-9
"""Statistics closer than this, relative to the observed one, are the same up to rounding."""


@dataclass(frozen=True)
class RandomizationTest:
    """A test of the sharp null hypothesis that no response depends on what was assigned.

    Attributes
    ----------
    outcome, factor, levels : what is tested, and the levels that are compared.
    statistic, observed : which statistic, and its value in the data.
    alternative : which values count against the null: as large (greater), as small (less), or as far from zero.
    p_value : the share of assignments whose statistic is at least as extreme; of drawn ones (1 + count) / (1 + draws).
    draws : how many assignments were gone through.
    is_exact : whether these are all that there are, each once.
    monte_carlo_error : the standard error of `p_value` from drawing; zero when it is exact.
    n : responses.
    assignment : how assignments were drawn.
    """

    outcome: str
    factor: str
    levels: tuple[str, ...]
    statistic: Statistic
    observed: float
    alternative: Alternative
    p_value: float
    draws: int
    is_exact: bool
    monte_carlo_error: float
    n: int
    assignment: str

    def __repr__(self) -> str:
        how = f"all {self.draws:,} assignments" if self.is_exact else f"{self.draws:,} drawn assignments"
        error = "" if self.is_exact else f" (Monte Carlo standard error {self.monte_carlo_error:.2g})"
        compared = f"{self.levels[1]} vs {self.levels[0]}" if len(self.levels) == 2 else f"{len(self.levels)} levels"
        return (
            f"{self.outcome} by {self.factor}: {compared}, {self.statistic} = {self.observed:.4f}\n"
            f"p = {self.p_value:.4g}{error}, {self.alternative.replace('_', '-')}, {how}: {self.assignment}\n"
            f"n = {self.n:,}; null: no response depends on what was assigned"
        )


def randomization_test(
    data: pd.DataFrame,
    *,
    outcome: str,
    factor: str,
    rng: np.random.Generator,
    design: Design | None = None,
    respondent: str | None = None,
    strata: str | None = None,
    cluster: str | None = None,
    level: str | None = None,
    versus: str | None = None,
    statistic: Statistic = "studentized",
    alternative: Alternative = "two_sided",
    draws: int = 10_000,
) -> RandomizationTest:
    """Test the sharp null hypothesis that no response depends on what was assigned (Fisher 1935).

    Without a design the levels of the factor are permuted: over all rows, within `strata`, or over `cluster`s that were
    assigned whole. That conditions on how often each level was assigned; where other factors may matter, name their
    combinations in `strata`. With a design whole vignettes are drawn again for all respondents by its mechanism, so
    that the null is that no response depends on the vignette at all.

    Parameters
    ----------
    rng : draws the assignments. Not used when all can be gone through.
    design : the declared design; needs `respondent` where a respondent reads several vignettes, whose rows stand in
        the order in which they were read. The respondents in the data are drawn for, as if they alone had been invited.
    strata : the column within which levels were assigned; with a design that is `blocked`, its strata.
    level, versus : two levels to compare; when left out the two of a factor that has two, else all at once. Without a
        design only the rows with one of the two are permuted.
    statistic : studentized, the difference of two means by its standard error with variances of their own (Wu and Ding
        2021: with it the test is also one of equal means in large samples), for several levels the corresponding Wald
        statistic; difference of two means; F, that of analysis of variance.
    alternative : two_sided, greater or less; several levels have two_sided alone.
    draws : how many assignments are drawn; all are gone through instead when there are no more than these.

    Returns
    -------
    A `RandomizationTest`; p-values of drawn assignments count the observed one (Phipson and Smyth 2010).

    Raises
    ------
    StudyError
        Unknown columns and levels; missing or infinite outcomes; clusters with two levels; options that do not go
        together; a design that does not fit the data.

    Examples
    --------
    >>> data = pd.DataFrame({"y": [3, 5, 4, 6, 2, 7, 5, 4, 6, 5], "z": ["a"] * 5 + ["b"] * 5})
    >>> randomization_test(data, outcome="y", factor="z", statistic="difference", rng=np.random.default_rng(1))
    y by z: b vs a, difference = 1.4000
    p = 0.2222, two-sided, all 252 assignments: permuted over all rows
    n = 10; null: no response depends on what was assigned
    """
    check_options(statistic=statistic, alternative=alternative)
    if not isinstance(data, pd.DataFrame):
        raise StudyError(Problem("data", f"it is a {type(data).__name__}, not a pandas frame.", "Pass a DataFrame."))
    columns = [outcome, factor, *(each for each in (respondent, strata, cluster) if each is not None)]
    raise_all(_column_problems(data, columns, draws))
    pair = _pair(data, factor, level, versus)
    raise_all(_option_problems(pair, statistic, alternative, design, cluster))
    rows = data if design is not None else data[data[factor].astype(str).isin(pair)]
    y, codes = _outcome(rows, outcome), _codes(rows, factor, pair)
    if design is None:
        assigned = permuted(rows, codes, strata, cluster, draws, rng)
    else:
        assigned = by_design(rows, factor, pair, design, respondent, strata, draws, rng)
    observed = _statistics(y, codes[None], len(pair), statistic)[0]
    if not np.isfinite(observed):
        what = f"`{statistic}` cannot be computed: a level has too few rows, or the outcome does not vary."
        raise StudyError(Problem("statistic", what, 'Write statistic="difference", or compare other levels.'))
    found = (_statistics(y, each, len(pair), statistic) for each in assigned.drawn)
    p = _p_value(sum(int(_is_extreme(each, observed, alternative).sum()) for each in found), assigned)
    return RandomizationTest(
        outcome=outcome,
        factor=factor,
        levels=tuple(pair),
        statistic=statistic,
        observed=float(observed),
        alternative=alternative,
        p_value=p,
        draws=assigned.count,
        is_exact=assigned.is_exact,
        monte_carlo_error=0.0 if assigned.is_exact else float(np.sqrt(p * (1 - p) / assigned.count)),
        n=len(rows),
        assignment=assigned.how,
    )


# ------------------------------------------------------------------------------------------------------ statistics


def _statistics(y: Floats, codes: Codes, levels: int, statistic: Statistic) -> Floats:
    """The statistic (draws,) of assignments (draws, n) of levels, -1 for rows with none of those compared."""
    y = y - y.mean()
    n, total, squares = np.empty((3, levels, len(codes)))
    for place in range(levels):
        has = (codes == place).astype(np.float64)
        n[place], total[place], squares[place] = has.sum(axis=1), has @ y, has @ y**2
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / n
        within = np.maximum(squares - total * mean, 0.0)
        if statistic == "difference":
            return np.asarray(mean[1] - mean[0])
        if statistic == "F":
            between = (n * (mean - total.sum(axis=0) / n.sum(axis=0)) ** 2).sum(axis=0)
            return np.asarray(between / (levels - 1) / (within.sum(axis=0) / (n.sum(axis=0) - levels)))
        variance = within / (n - 1) / n
        if levels == 2:
            return np.asarray((mean[1] - mean[0]) / np.sqrt(variance.sum(axis=0)))
        weight = 1 / variance
        centre = (weight * mean).sum(axis=0) / weight.sum(axis=0)
        return np.asarray((weight * (mean - centre) ** 2).sum(axis=0))


def _p_value(extreme: int, assigned: Assigned) -> float:
    return extreme / assigned.count if assigned.is_exact else (1 + extreme) / (1 + assigned.count)


def _is_extreme(found: Floats, observed: float, alternative: Alternative) -> npt.NDArray[np.bool_]:
    """An assignment without a statistic counts as extreme, so that the test errs on the side of the null."""
    slack = TIE * abs(observed)
    if alternative == "two_sided":
        return ~(np.abs(found) < abs(observed) - slack)
    return ~(found < observed - slack) if alternative == "greater" else ~(found > observed + slack)


# --------------------------------------------------------------------------------------------------- reading, problems


def _pair(data: pd.DataFrame, factor: str, level: str | None, versus: str | None) -> list[str]:
    known = [str(each) for each in read_factor(data[factor]).cat.remove_unused_categories().cat.categories]
    asked = {"level": level, "versus": versus}
    named = {where: each for where, each in asked.items() if each is not None}
    raise_all(
        [unknown(where, f"`{factor}` has no level", each, known) for where, each in named.items() if each not in known]
    )
    if len(known) < 2:
        raise StudyError(Problem("factor", f"`{factor}` has one level.", "Name a factor that varies."))
    if not named:
        return known
    against = versus or known[0]
    if level is None or level == against:
        what = "two different levels are needed." if level else "`versus` stands without `level`."
        raise StudyError(Problem("level", what, "Name `level` and `versus`, or neither."))
    return [against, level]


def _outcome(rows: pd.DataFrame, outcome: str) -> Floats:
    return rows[outcome].to_numpy(dtype=np.float64)


def _codes(rows: pd.DataFrame, factor: str, pair: list[str]) -> Codes:
    return np.asarray(pd.Index(pair).get_indexer(pd.Index(rows[factor].astype(str))), dtype=np.int64)


def _column_problems(data: pd.DataFrame, columns: list[str], draws: int) -> list[Problem]:
    known = [str(each) for each in data.columns]
    strange = [unknown("data", "there is no column", each, known) for each in columns if each not in known]
    if strange:
        return strange
    problems = [
        Problem(f"column {name}", f"{int(data[name].isna().sum())} rows lack it.", "Leave them out first, knowingly.")
        for name in columns
        if data[name].isna().any()
    ]
    outcome: Any = data[columns[0]]
    if not pd.api.types.is_numeric_dtype(outcome.dtype):
        problems.append(Problem(f"column {columns[0]}", "the outcome is not a number.", "Convert it to numbers."))
    elif not np.isfinite(outcome.dropna().to_numpy(dtype=np.float64)).all():
        problems.append(Problem(f"column {columns[0]}", "it has infinite values.", "Correct them first."))
    if draws < 1:
        problems.append(Problem("draws", f"{draws} is no number of assignments.", "Write 10000, say."))
    return problems


def _option_problems(
    pair: list[str], statistic: Statistic, alternative: Alternative, design: Design | None, cluster: str | None
) -> list[Problem]:
    problems = []
    if len(pair) > 2 and statistic == "difference":
        remedy = 'Name `level` and `versus`, or write statistic="studentized".'
        problems.append(Problem("statistic", f"{len(pair)} levels have no one difference.", remedy))
    if alternative != "two_sided" and (len(pair) > 2 or statistic == "F"):
        what = f"`{alternative}` needs the difference of two levels."
        problems.append(Problem("alternative", what, 'Write alternative="two_sided".'))
    if design is not None and cluster is not None:
        problems.append(Problem("cluster", "the design says what is assigned together.", "Leave it out."))
    return problems

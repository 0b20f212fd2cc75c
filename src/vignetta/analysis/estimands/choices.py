"""Marginal means and AMCEs of paired profiles, by profile and by choice, corrected for answers that do not repeat.

Clayton, Horiuchi, Kaufman, King and Komisarchik, "Correcting measurement error bias in conjoint survey experiments".
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from vignetta.analysis.estimands.pairs import Paired, Sides, sides
from vignetta.analysis.estimands.shares import Estimation, Reliable, Share, shares, tabulate_shares
from vignetta.analysis.options import Distribution, raise_all, unknown
from vignetta.errors import Problem, StudyError
from vignetta.plan import Errors

Codes = npt.NDArray[np.int64]
Group = str | Sequence[str]


def profile_means(
    pairs: Paired,
    factors: Sequence[Group],
    *,
    reliability: Reliable = None,
    errors: Errors = "CR2",
    distribution: Distribution = "t",
    alpha: float = 0.05,
) -> pd.DataFrame:
    """How often a profile with each level is chosen over one with another level.

    Tasks whose two profiles show the same level are left out: there one of them is chosen whatever the level is worth.

    Parameters
    ----------
    pairs : from `paired`.
    factors : columns; a tuple of columns stands for their combinations.
    reliability : "repeated" adds rows corrected by the agreement in the repeated task, whose error they carry; a number
        corrects by a known intra-respondent reliability.
    errors : CR0 to CR3 are clustered by respondent; HC0 to HC4 count rows as independent.

    Returns
    -------
    The estimates frame, estimand `marginal_mean` and `corrected_marginal_mean`; tests are against 0.5, and `n` is the
    number of profiles with the level.

    Examples
    --------
    >>> from vignetta.analysis.estimands.pairs import paired
    >>> rows = {"response_id": [1, 1, 2, 2, 3, 3], "task": 1, "profile": [1, 2] * 3, "chosen": [1, 0, 0, 1, 1, 0]}
    >>> data = pd.DataFrame({**rows, "cost": ["low", "high", "high", "low", "high", "low"]})
    >>> found = profile_means(paired(data, outcome="chosen"), ["cost"])
    >>> found[["level", "estimate"]].round(3).values.tolist()
    [['high', 0.333], ['low', 0.667]]
    """
    how, tables = Estimation(reliability, errors, distribution, alpha), []
    for factor in _named(factors):
        shown = sides(pairs, factor)
        rows = [
            Share("marginal_mean", {"factor": shown.factor, "level": level}, {place: 1.0}, centre=0.5)
            for place, level in enumerate(shown.levels)
        ]
        tables.append(tabulate_shares(shares(pairs, *_by_profile(pairs, shown), how), rows))
    return pd.concat(tables, ignore_index=True)


def profile_amce(
    pairs: Paired,
    factors: Sequence[Group],
    *,
    versus: str | None = None,
    reliability: Reliable = None,
    errors: Errors = "CR2",
    distribution: Distribution = "t",
    alpha: float = 0.05,
) -> pd.DataFrame:
    """How much more often a profile with each level is chosen than one with the reference level.

    The difference of two `profile_means`: tasks whose two profiles show the same level are left out.

    Parameters
    ----------
    pairs, factors, reliability, errors : as for `profile_means`.
    versus : the level compared with, for one factor; the first when left out.

    Returns
    -------
    The estimates frame, estimand `amce` and `corrected_amce`; the reference is a row of zeros.

    Examples
    --------
    >>> from vignetta.analysis.estimands.pairs import paired
    >>> rows = {"response_id": [1, 1, 2, 2, 3, 3], "task": 1, "profile": [1, 2] * 3, "chosen": [1, 0, 0, 1, 1, 0]}
    >>> data = pd.DataFrame({**rows, "cost": ["low", "high", "high", "low", "high", "low"]})
    >>> profile_amce(paired(data, outcome="chosen"), ["cost"])["estimate"].round(3).tolist()
    [0.0, 0.333]
    """
    how, tables = Estimation(reliability, errors, distribution, alpha), []
    for factor in _named(factors):
        shown = sides(pairs, factor)
        base = 0 if versus is None else _place(shown, "versus", versus)
        rows = [
            Share("amce", {**_against(shown, place, base)}, _difference(place, base))
            for place in range(len(shown.levels))
        ]
        tables.append(tabulate_shares(shares(pairs, *_by_profile(pairs, shown), how), rows))
    return pd.concat(tables, ignore_index=True)


def choice_means(
    pairs: Paired,
    factor: Group,
    *,
    level: Group | None = None,
    versus: Group | None = None,
    position: object = None,
    reliability: Reliable = None,
    errors: Errors = "CR2",
    distribution: Distribution = "t",
    alpha: float = 0.05,
) -> pd.DataFrame:
    """Of the tasks that show two given levels side by side, the share in which the first was chosen.

    Parameters
    ----------
    pairs, reliability, errors : as for `profile_means`.
    factor : a column; a tuple of columns stands for their combinations, and a level is a tuple then.
    level, versus : the two levels; every pair of levels that holds the one that is given when the other is left out.
    position : only tasks in which `level` stands at this position (a value of the column of the profile).

    Returns
    -------
    The estimates frame, estimand `choice_mean` and `corrected_choice_mean`; tests are against 0.5, and `n` is the
    number of tasks. Levels that never stand side by side have no estimate, and `n` is 0.

    Examples
    --------
    >>> from vignetta.analysis.estimands.pairs import paired
    >>> rows = {"response_id": [1, 1, 2, 2, 3, 3], "task": 1, "profile": [1, 2] * 3, "chosen": [1, 0, 0, 1, 1, 0]}
    >>> data = pd.DataFrame({**rows, "cost": ["low", "high", "high", "low", "high", "low"]})
    >>> found = choice_means(paired(data, outcome="chosen"), "cost", level="low", versus="high")
    >>> found[["level", "versus", "estimate"]].round(3).values.tolist()
    [['low', 'high', 0.667]]
    """
    shown = sides(pairs, factor)
    asked = _pairs_of_levels(shown, level, versus)
    rows = [
        Share("choice_mean", _against(shown, first, second), {cell: 1.0}, centre=0.5)
        for cell, (first, second) in enumerate(asked)
    ]
    found = _by_choice(pairs, shown, asked, _position(pairs, position))
    return tabulate_shares(shares(pairs, *found, Estimation(reliability, errors, distribution, alpha)), rows)


def choice_amce(
    pairs: Paired,
    factor: Group,
    *,
    beside: Group,
    versus: Group | None = None,
    position: object = None,
    reliability: Reliable = None,
    errors: Errors = "CR2",
    distribution: Distribution = "t",
    alpha: float = 0.05,
) -> pd.DataFrame:
    """How much more often each level is chosen over the level `beside` than `versus` is.

    The difference of two `choice_means` with the same opponent. Without `versus`, how far the choice mean is from
    0.5: the share that two equal levels have of each other's choices.

    Parameters
    ----------
    pairs, factor, position, reliability, errors : as for `choice_means`.
    beside : the level of the other profile.
    versus : the level compared with.

    Returns
    -------
    The estimates frame, estimand `choice_amce` and `corrected_choice_amce`; `within_level` names the level beside.

    Examples
    --------
    >>> from vignetta.analysis.estimands.pairs import paired
    >>> rows = {"response_id": [1, 1, 2, 2, 3, 3], "task": 1, "profile": [1, 2] * 3, "chosen": [1, 0, 0, 1, 1, 0]}
    >>> data = pd.DataFrame({**rows, "cost": ["low", "high", "high", "low", "high", "low"]})
    >>> choice_amce(paired(data, outcome="chosen"), "cost", beside="high")["estimate"].round(3).tolist()
    [0.167]
    """
    shown = sides(pairs, factor)
    other = _place(shown, "beside", beside)
    base = None if versus is None else _place(shown, "versus", versus)
    raise_all([Problem("versus", "it is the level `beside`.", "Leave it out.")] if base == other else [])
    levels = [place for place in range(len(shown.levels)) if place not in (other, base)]
    asked = [(place, other) for place in (levels if base is None else [*levels, base])]
    within = {"within_factor": shown.factor, "within_level": f"beside {shown.levels[other]}"}
    rows = []
    for cell, place in enumerate(levels):
        label = {**_against(shown, place, other if base is None else base), **within}
        weights = {cell: 1.0} if base is None else {cell: 1.0, len(levels): -1.0}
        rows.append(Share("choice_amce", label, weights, minus=0.5 if base is None else 0.0))
    found = _by_choice(pairs, shown, asked, _position(pairs, position))
    return tabulate_shares(shares(pairs, *found, Estimation(reliability, errors, distribution, alpha)), rows)


# ------------------------------------------------------------------------------------------------- rows of the cells


Observed = tuple[Codes, npt.NDArray[np.float64], Codes]
"""For each observation its cell, whether it was chosen, and the respondent."""


def _by_profile(pairs: Paired, shown: Sides) -> Observed:
    differ = shown.differ
    chosen, people = pairs.chose_first[differ], pairs.respondents[differ]
    cells = np.concatenate([shown.first[differ], shown.second[differ]])
    return cells, np.concatenate([chosen, 1 - chosen]), np.concatenate([people, people])


def _by_choice(pairs: Paired, shown: Sides, asked: list[tuple[int, int]], position: int | None) -> Observed:
    cells, chosen, people = [], [], []
    for cell, (level, versus) in enumerate(asked):
        for at, (one, other) in enumerate([(shown.first, shown.second), (shown.second, shown.first)]):
            here = (one == level) & (other == versus) & (position in (None, at))
            chose = pairs.chose_first[here]
            cells.append(np.full(here.sum(), cell))
            chosen.append(1 - chose if at else chose)
            people.append(pairs.respondents[here])
    return np.concatenate(cells), np.concatenate(chosen), np.concatenate(people)


# ------------------------------------------------------------------------------------------------- levels and labels


def _named(factors: Sequence[Group]) -> list[Group]:
    if isinstance(factors, str) or not factors:
        what = "no list of factors is given."
        raise StudyError(Problem("factors", what, "Write factors=[...] with at least one column."))
    return list(factors)


def _place(shown: Sides, where: str, level: Group) -> int:
    text = level if isinstance(level, str) else " × ".join(level)
    what = f"in no task `{shown.factor}` has the level"
    if text not in shown.levels:
        raise StudyError(unknown(where, what, text, shown.levels))
    return shown.levels.index(text)


def _pairs_of_levels(shown: Sides, level: Group | None, versus: Group | None) -> list[tuple[int, int]]:
    places = range(len(shown.levels))
    first = None if level is None else _place(shown, "level", level)
    second = None if versus is None else _place(shown, "versus", versus)
    if first is not None and first == second:
        what = "two profiles with the same level say nothing about it."
        raise StudyError(Problem("versus", what, "Name two different levels."))
    if first is None and second is None:
        return [(later, earlier) for earlier, later in combinations(places, 2)]
    return [
        (one, other)
        for one in (places if first is None else [first])
        for other in (places if second is None else [second])
        if one != other
    ]


def _position(pairs: Paired, position: object) -> int | None:
    if position is None:
        return None
    known = [str(each) for each in pairs.positions]
    if position not in pairs.positions:
        raise StudyError(unknown("position", "there is no position", str(position), known))
    return pairs.positions.index(position)


def _against(shown: Sides, place: int, base: int) -> dict[str, str]:
    return {"factor": shown.factor, "level": shown.levels[place], "versus": shown.levels[base]}


def _difference(place: int, base: int) -> dict[int, float]:
    return {place: 0.0} if place == base else {place: 1.0, base: -1.0}

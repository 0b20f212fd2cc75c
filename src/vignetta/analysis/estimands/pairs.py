"""Choices between two profiles: every task checked, its two rows side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from vignetta.analysis.models.samples import read_factor
from vignetta.analysis.options import raise_all, unknown
from vignetta.errors import Problem, StudyError

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

SHOWN = 3
"""How many of the tasks that are wrong a message names."""


@dataclass(frozen=True, eq=False, repr=False)
class Paired:
    """Tasks in which one of two profiles was chosen.

    Attributes
    ----------
    data : the T tasks' 2T rows, those of a task below each other, in the order of the positions.
    outcome, respondent : names of columns.
    positions : what the column of the profile says of the first and of the second.
    respondents : (T,) who chose, as codes from 0.
    chose_first : (T,) 1 where the first profile was chosen, 0 where the second was.
    agreement : (R,) 1 where a choice that was asked for twice came out the same, 0 where it did not.
    agreeing : (R,) who was asked twice, as the codes of `respondents`.
    n_missing : tasks left out because a choice is missing.
    """

    data: pd.DataFrame
    outcome: str
    respondent: str
    positions: tuple[object, object]
    respondents: Codes
    chose_first: Floats
    agreement: Floats
    agreeing: Codes
    n_missing: int

    def __repr__(self) -> str:
        people = len(np.unique(self.respondents))
        twice = f", {len(self.agreement)} asked twice" if len(self.agreement) else ""
        return f"{len(self.chose_first)} choices of {people} respondents{twice}; {self.n_missing} left out as missing"


@dataclass(frozen=True, eq=False)
class Sides:
    """What one factor, or several together, show in both profiles of each task.

    Attributes
    ----------
    factor : its name; several are joined by ×.
    levels : the combinations of levels that occur, as texts.
    first, second : (T,) the place of the level of either profile; -1 where it is missing.
    """

    factor: str
    levels: list[str]
    first: Codes
    second: Codes

    @property
    def differ(self) -> Flags:
        """(T,) whether both are known and not the same."""
        return np.asarray((self.first >= 0) & (self.second >= 0) & (self.first != self.second))


def paired(
    data: pd.DataFrame,
    *,
    outcome: str,
    respondent: str = "response_id",
    task: str = "task",
    profile: str = "profile",
    repeated: str | None = None,
    repeat: tuple[object, object] | None = None,
    flipped: bool = False,
) -> Paired:
    """Read choices between two profiles, one row for each respondent, task and profile.

    Parameters
    ----------
    outcome : the column that is 1 for the profile that was chosen and 0 for the other.
    respondent, task, profile : the columns that say whose row it is, of which task, and at which of two positions.
    repeated : a column with the choice when a task was asked again, missing in all other tasks.
    repeat : or (task, of): the task `task` asked `of` again, with rows of its own. They measure agreement only.
    flipped : the second time the profiles stood in the other order, and the choice is recorded by position.

    Returns
    -------
    A `Paired`, for `profile_means`, `profile_amce`, `choice_means`, `choice_amce` and `reliability`. Tasks in which
    the choice is missing are left out, and counted in `n_missing`.

    Raises
    ------
    StudyError
        With every problem: unknown columns, tasks without exactly two profiles, or without exactly one choice.

    Examples
    --------
    >>> rows = {"response_id": [1, 1, 2, 2], "task": 1, "profile": [1, 2, 1, 2], "chosen": [1, 0, 0, 1]}
    >>> paired(pd.DataFrame(rows), outcome="chosen")
    2 choices of 2 respondents; 0 left out as missing
    """
    names = [outcome, respondent, task, profile, *([] if repeated is None else [repeated])]
    known = [str(each) for each in data.columns]
    raise_all([unknown("data", "there is no column", each, known) for each in names if each not in known])
    raise_all(_key_problems(data, [respondent, task, profile]))
    codes = [pd.factorize(data[name], sort=name == profile)[0] for name in (profile, task, respondent)]
    rows = data.iloc[np.lexsort(codes)].reset_index(drop=True)
    raise_all(_shape_problems(rows, respondent, task, profile))
    choices = {name: _two(rows[name]) for name in [outcome, *([] if repeated is None else [repeated])]}
    people = pd.factorize(rows[respondent])[0].astype(np.int64)[::2]
    tasks = rows[task].to_numpy()[::2]
    asked = list(zip(rows[respondent][::2], tasks, strict=True))
    raise_all([problem for name, both in choices.items() for problem in _choice_problems(name, both, asked)])
    answered = ~np.isnan(choices[outcome]).any(axis=1)
    chose = np.where(answered, choices[outcome][:, 0], np.nan)
    again, extra = _again(chose, people, tasks, choices.get(repeated or ""), repeat)
    twice = ~np.isnan(again) & ~np.isnan(chose)
    agreed = np.asarray(again == (1 - chose if flipped else chose))[twice].astype(np.float64)
    kept = answered & ~extra
    raise_all([] if kept.any() else [Problem(f"column {outcome}", "every choice is missing.", "Check the column.")])
    return Paired(
        data=rows[np.repeat(kept, 2)].reset_index(drop=True),
        outcome=outcome,
        respondent=respondent,
        positions=tuple(rows[profile].iloc[:2]),
        respondents=people[kept],
        chose_first=chose[kept],
        agreement=agreed,
        agreeing=people[twice],
        n_missing=int((~answered & ~extra).sum()),
    )


def sides(pairs: Paired, factor: str | Sequence[str]) -> Sides:
    """The levels of a factor, or the combinations of several, on both sides of each task. Raises `StudyError`."""
    names = [factor] if isinstance(factor, str) else list(factor)
    known = [str(each) for each in pairs.data.columns]
    raise_all([] if names else [Problem("factor", "no factor is named.", "Name at least one column.")])
    raise_all([unknown("data", "there is no column", each, known) for each in names if each not in known])
    columns = [read_factor(pairs.data[name]) for name in names]
    codes = np.column_stack([each.cat.codes for each in columns]).astype(np.int64)
    complete = (codes >= 0).all(axis=1)
    cells, place = np.unique(codes[complete], axis=0, return_inverse=True)
    combined = np.full(len(codes), -1, dtype=np.int64)
    combined[complete] = place.ravel()
    texts = [
        " × ".join(str(each.cat.categories[code]) for each, code in zip(columns, cell, strict=True)) for cell in cells
    ]
    return Sides(" × ".join(names), texts, combined[::2], combined[1::2])


# --------------------------------------------------------------------------------------------------- repeated tasks


def _again(
    chose: Floats, people: Codes, tasks: npt.NDArray[Any], column: Floats | None, repeat: tuple[object, object] | None
) -> tuple[Floats, Flags]:
    """For each task the choice of its repetition, NaN without one; and which tasks are repetitions themselves."""
    if column is not None and repeat is not None:
        raise StudyError(Problem("repeat", "the column `repeated` is given too.", "Give one of the two."))
    again, extra = np.full(len(chose), np.nan), np.zeros(len(chose), dtype=bool)
    if column is not None:
        return column[:, 0], extra
    if repeat is None:
        return again, extra
    repetition, original = (np.asarray(tasks == each) for each in repeat)
    absent = [each for each, found in zip(repeat, (repetition, original), strict=True) if not found.any()]
    listed = [str(each) for each in pd.unique(tasks)]
    raise_all([unknown("repeat", "there is no task", str(each), listed) for each in absent])
    said = dict(zip(people[repetition].tolist(), chose[repetition].tolist(), strict=True))
    again[original] = [said.get(each, np.nan) for each in people[original].tolist()]
    return again, repetition


# --------------------------------------------------------------------------------------------------------- problems


def _two(column: "pd.Series[Any]") -> Floats:
    """The values of both profiles of each task (T, 2)."""
    if not pd.api.types.is_numeric_dtype(column.dtype):
        raise StudyError(Problem(f"column {column.name}", "it is not a number.", "Recode it to 1 (chosen) and 0."))
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isnan(values), np.nan, values).reshape(-1, 2)


def _key_problems(data: pd.DataFrame, names: list[str]) -> list[Problem]:
    missing = {name: int(data[name].isna().sum()) for name in names}
    return [
        Problem(f"column {name}", f"it is missing in {count} rows.", "Fill it in, or leave these rows out.")
        for name, count in missing.items()
        if count
    ] or ([] if len(data) else [Problem("data", "there is no row.", "Check how the file was read.")])


def _shape_problems(rows: pd.DataFrame, respondent: str, task: str, profile: str) -> list[Problem]:
    positions = [str(each) for each in pd.unique(rows[profile])]
    if len(positions) != 2:
        what = f"it has {len(positions)} values ({', '.join(positions[:5])}), not two."
        return [Problem(f"column {profile}", what, "Choices are read between two profiles.")]
    counts = rows.groupby([respondent, task], observed=True, sort=False)[profile].agg(["size", "nunique"])
    wrong = counts.index[(counts["size"] != 2) | (counts["nunique"] != 2)]
    if not len(wrong):
        return []
    what = f"{len(wrong)} tasks do not have one row for each of two profiles ({_named(list(wrong))})."
    return [Problem("data", what, "Complete them, or leave them out.")]


def _choice_problems(name: str, both: Floats, asked: list[tuple[Any, Any]]) -> list[Problem]:
    known = ~np.isnan(both)
    if not np.isin(both[known], (0.0, 1.0)).all():
        return [Problem(f"column {name}", "it has values other than 0 and 1.", "Recode it to 1 (chosen) and 0.")]
    wrong = known.all(axis=1) & (both.sum(axis=1) != 1)
    if not wrong.any():
        return []
    named = _named([asked[place] for place in np.flatnonzero(wrong)])
    what = f"in {int(wrong.sum())} tasks not exactly one of the two profiles is chosen ({named})."
    return [Problem(f"column {name}", what, "Correct them, or make both choices missing.")]


def _named(tasks: list[tuple[Any, Any]]) -> str:
    shown = "; ".join(f"respondent {who}, task {which}" for who, which in tasks[:SHOWN])
    return shown if len(tasks) <= SHOWN else f"{shown}; ..."

"""Conjoints of other tools, one row per respondent, as long responses: one row per respondent, task and profile.

The layout `F-t-p-a`, also written `K-t-p-a`, is that of the Conjoint Survey Design Tool (Strezhnev, Hainmueller,
Hopkins and Yamamoto 2014) and of projoint: the field `F-t-a` names the attribute in place a of task t, and `F-t-p-a`
has its level for profile p.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from vignetta.cleaning.formats.exports import read_raw
from vignetta.cleaning.telling import rows_told
from vignetta.errors import Problem, StudyError, near_miss, some

Objects = npt.NDArray[np.object_]
Columns = str | Sequence[str] | Sequence[Sequence[str]]
"""A pattern with `{task}` and, for what differs between profiles, `{profile}`; or the names themselves: one per task,
or for each task one per profile."""

_EMBEDDED: Final = re.compile(r"([A-Za-z]\w*)-(\d+)-(\d+)-(\d+)")
_OWN: Final = ("respondent", "task", "profile")


@dataclass(frozen=True, eq=False)
class _Grid:
    """The columns of what is read: for each name (tasks, profiles) columns; what a task has stands for its profiles."""

    named: Mapping[str, Sequence[Sequence[str]]]
    tasks: int
    profiles: int


def read_wide_conjoint(
    data: pd.DataFrame | str | Path,
    *,
    respondent: str | None = None,
    columns: Mapping[str, Columns] | None = None,
    choices: Columns | None = None,
    repeated: str | None = None,
    flipped: bool = False,
    keep: Sequence[str] = (),
) -> pd.DataFrame:
    """Long responses of a conjoint whose file has one row per respondent.

    Parameters
    ----------
    data : a frame, or an export of Qualtrics as it came.
    respondent : the column that tells respondents apart; rows are numbered from 1 when left out.
    columns : what else differs between tasks or profiles, by the name of the new column: attributes of other layouts,
        ratings. `F-t-p-a` columns are found by themselves and become a column for each attribute.
    choices : the columns that say which profile was chosen, by its number, its letter, or words that end in one of
        these, such as `Community B`.
    repeated : the choice when the first task was asked again; it becomes `chosen_again`, missing in other tasks.
    flipped : the second time the profiles stood in the other order, so that the choice is turned round.
    keep : columns about the respondent.

    Returns
    -------
    pd.DataFrame
        (respondents × tasks × profiles, columns): `respondent`, `task` and `profile` (from 1), the attributes in
        alphabetical order, `columns` in theirs, `chosen` (1 or 0), `chosen_again`, `keep`. An empty cell is missing;
        white space around texts is removed.

    Raises
    ------
    StudyError
        With every problem: unknown columns, an attribute twice in a task, a choice that names no profile.

    Examples
    --------
    >>> wide = pd.DataFrame({"F-1-1": ["Cost"], "F-1-1-1": ["low"], "F-1-2-1": ["high"], "choice": ["Town B"]})
    >>> read_wide_conjoint(wide, choices=["choice"])
       respondent  task  profile  Cost  chosen
    0           1     1        1   low     0.0
    1           1     1        2  high     1.0
    """
    table = _table(data)
    found = _embedded(table)
    grid = _grid(table, columns or {}, found)
    asked = _listed(table, choices, "choices") if choices is not None else []
    _check(table, grid, asked, [*keep, *([repeated] if repeated else []), *([respondent] if respondent else [])])
    _check_gaps(table, found, grid)
    made: dict[str, Any] = _keys(table, grid, respondent)
    attributes = dict(sorted(_attributes(table, found, grid).items()))
    own = [*_OWN, *["chosen"] * bool(asked), *["chosen_again"] * bool(repeated)]
    _check_names([*own, *attributes, *grid.named, *keep])
    made |= attributes
    made |= {name: _spread(table, listed) for name, listed in grid.named.items()}
    if asked:
        made["chosen"] = _chosen(table, [each[0] for each in asked], grid.profiles)
    if repeated:
        made["chosen_again"] = _again(table, repeated, grid, flipped=flipped)
    each = grid.tasks * grid.profiles
    made |= {name: table[name].repeat(each).reset_index(drop=True) for name in keep}
    return pd.DataFrame(made)


def _table(data: pd.DataFrame | str | Path) -> pd.DataFrame:
    """The cells with their names; texts without white space around them, empty ones missing."""
    if not isinstance(data, pd.DataFrame):
        raw = read_raw(data)
        data = raw.cells.set_axis(list(raw.names), axis=1)
    twice = [str(name) for name, n in Counter(data.columns).items() if n > 1]
    data = data.loc[:, ~data.columns.duplicated(keep=False)] if twice else data
    table = data.reset_index(drop=True).set_axis([str(each).strip() for each in data.columns], axis=1)
    texts = {name: _text(table[name]) for name in _names(table) if not pd.api.types.is_numeric_dtype(table[name].dtype)}
    return table.assign(**{name: each for name, each in texts.items() if each is not None})


def _names(table: pd.DataFrame) -> list[str]:
    return [str(each) for each in table.columns]


def _text(column: "pd.Series[Any]") -> "pd.Series[Any] | None":
    if isinstance(column.dtype, pd.CategoricalDtype):
        return None
    stripped = column.astype("str").str.strip()
    return stripped.mask(column.isna() | (stripped == ""))


# ------------------------------------------------------------------------------------------------ which columns


def _embedded(table: pd.DataFrame) -> dict[tuple[int, int, int], str]:
    """The columns `F-t-p-a` by task, profile and place, where the columns `F-t-a` name the attributes."""
    found = [
        (each[1], (int(each[2]), int(each[3]), int(each[4])), each[0])
        for each in map(_EMBEDDED.fullmatch, _names(table))
        if each
    ]
    prefixes = {prefix for prefix, (t, _, a), _ in found if f"{prefix}-{t}-{a}" in table}
    if len(prefixes) > 1:
        what = f"columns of several conjoints: {', '.join(f'`{each}-1-1-1`' for each in sorted(prefixes))}."
        raise StudyError(Problem("data", what, "Leave the columns of the others out."))
    return {place: name for prefix, place, name in found if prefix in prefixes}


def _grid(table: pd.DataFrame, columns: Mapping[str, Columns], found: Mapping[tuple[int, int, int], str]) -> _Grid:
    named = {name: _listed(table, each, f"columns {name}") for name, each in columns.items()}
    sizes = {(len(each), max(map(len, each), default=0)) for each in named.values()}
    if found:
        sizes.add((max(t for t, _, _ in found), max(p for _, p, _ in found)))
    tasks = {t for t, _ in sizes}
    profiles = {p for _, p in sizes} - {1} or {1}
    if not sizes or tasks == {0}:
        what = "no column is of a task: there is none such as `F-1-1-1` whose attribute `F-1-1` names."
        raise StudyError(Problem("data", what, "Say in `columns` which columns hold the attributes."))
    if len(tasks) > 1 or len(profiles) > 1:
        told = "; ".join(
            f"{name}: {len(each)} tasks of {max(map(len, each), default=0)}" for name, each in named.items()
        )
        raise StudyError(Problem("columns", f"they are of different numbers of tasks or profiles ({told}).", ""))
    return _Grid(named, tasks.pop(), profiles.pop())


def _listed(table: pd.DataFrame, columns: Columns, what: str) -> list[list[str]]:
    """The names of columns by task and profile."""
    if not isinstance(columns, str):
        return [[each] if isinstance(each, str) else list(each) for each in columns]
    pattern = re.escape(columns)
    for part in ("task", "profile"):
        pattern = pattern.replace(re.escape(f"{{{part}}}"), rf"(?P<{part}>\d+|[A-Za-z])", 1)
    matches = [each for each in map(re.compile(pattern).fullmatch, _names(table)) if each]
    places = {tuple(_number(each) for each in match.groupdict().values()): match[0] for match in matches}
    if "{task}" not in columns or not places:
        raise StudyError(Problem(what, f"no column is like `{columns}`.", "Write `{task}` where its number stands."))
    tasks = sorted({place[0] for place in places})
    return [[name for place, name in sorted(places.items()) if place[0] == task] for task in tasks]


def _number(text: str) -> int:
    """The number that a digit or a letter stands for: `b` is the second."""
    return int(text) if text.isdigit() else ord(text.lower()) - ord("a") + 1


def _check(table: pd.DataFrame, grid: _Grid, choices: Sequence[Sequence[str]], others: Sequence[str]) -> None:
    listed = [name for columns in grid.named.values() for each in columns for name in each]
    listed += [name for each in choices for name in each] + list(others)
    names = _names(table)
    problems = [
        Problem("data", f"there is no column `{each}`, or several.", near_miss(each, names))
        for each in dict.fromkeys(listed)
        if each not in names
    ]
    if choices and (len(choices) != grid.tasks or any(len(each) > 1 for each in choices)):
        what = f"{len(choices)} columns of choices are not one for each of {grid.tasks} tasks."
        problems.append(Problem("choices", what, "Name one for each task, in order."))
    if problems:
        raise StudyError(problems)


def _check_gaps(table: pd.DataFrame, found: Mapping[tuple[int, int, int], str], grid: _Grid) -> None:
    """Raise `StudyError` for columns that the layout `F-t-p-a` should have, and levels without an attribute's name."""
    if not found:
        return
    prefix = next(iter(found.values())).split("-")[0]
    places = sorted({a for _, _, a in found})
    named = {(t, a): f"{prefix}-{t}-{a}" for t, a in product(range(1, grid.tasks + 1), places)}
    cells = product(range(1, grid.tasks + 1), range(1, grid.profiles + 1), places)
    absent = [each for each in named.values() if each not in table]
    absent += [f"{prefix}-{t}-{p}-{a}" for t, p, a in cells if (t, p, a) not in found]
    if absent:
        what = (
            f"of {grid.tasks} tasks, {grid.profiles} profiles and {len(places)} attributes, {some(absent)} are absent."
        )
        raise StudyError(Problem("data", what, "Number tasks, profiles and attributes from 1 without gaps."))
    problems = [
        Problem(
            "data", f"`{column}` has a level where `{named[t, a]}` names no attribute ({rows_told(rows)}).", "Name it."
        )
        for (t, _, a), column in found.items()
        if (rows := (np.flatnonzero(table[column].notna() & table[named[t, a]].isna()) + 1).tolist())
    ]
    if problems:
        raise StudyError(problems)


def _check_names(names: Sequence[str]) -> None:
    twice = [each for each, n in Counter(names).items() if n > 1]
    if twice:
        what = f"two columns of the result would be called {some(twice)}."
        raise StudyError(Problem("data", what, "Rename an attribute, or a column in `columns` or `keep`."))


# ------------------------------------------------------------------------------------------------ the long frame


def _keys(table: pd.DataFrame, grid: _Grid, respondent: str | None) -> dict[str, Any]:
    who = table[respondent] if respondent else pd.Series(np.arange(len(table)) + 1)
    if who.isna().any() or who.duplicated().any():
        rows = np.flatnonzero(who.isna() | who.duplicated()) + 1
        what = f"`{respondent}` is empty or stands a second time in {rows_told(rows.tolist())}."
        raise StudyError(Problem("respondent", what, "Name a column that tells respondents apart, or leave it out."))
    cells = np.array([*product(range(1, grid.tasks + 1), range(1, grid.profiles + 1))])
    each = np.tile(cells, (len(table), 1))
    keys = who.repeat(len(cells)).reset_index(drop=True), each[:, 0], each[:, 1]
    return dict(zip(_OWN, keys, strict=True))


def _attributes(table: pd.DataFrame, found: Mapping[tuple[int, int, int], str], grid: _Grid) -> dict[str, Any]:
    """The level of each attribute, wherever it stands in a respondent's table."""
    shape = (len(table), grid.tasks, grid.profiles)
    levels: dict[str, Objects] = {}
    problems: list[Problem] = []
    for (t, p, a), column in sorted(found.items()):
        names, cells = table[f"{column.split('-')[0]}-{t}-{a}"], table[column].to_numpy(dtype=object)
        for name in names.dropna().unique():
            rows = (names == name).to_numpy(dtype=bool)
            into = levels.setdefault(str(name), np.full(shape, np.nan, dtype=object))
            filled = rows & pd.notna(into[:, t - 1, p - 1]) & pd.notna(cells)
            problems += _twice(str(name), t, p, filled)
            into[rows, t - 1, p - 1] = cells[rows]
    if problems:
        raise StudyError(problems)
    return {name: pd.Series(each.ravel(), dtype="str") for name, each in levels.items()}


def _twice(name: str, task: int, profile: int, rows: npt.NDArray[np.bool_]) -> Iterator[Problem]:
    if rows.any():
        told = rows_told((np.flatnonzero(rows) + 1).tolist())
        what = f"the attribute `{name}` stands twice in task {task} of profile {profile} ({told})."
        yield Problem("data", what, "Correct the names of the attributes.")


def _spread(table: pd.DataFrame, listed: Sequence[Sequence[str]]) -> Any:
    """Columns by task and profile as one column; what is of the task stands on each of its profiles."""
    most = max(map(len, listed))
    names = [name for each in listed for name in (each if len(each) == most else list(each) * most)]
    return _interleaved([table[name] for name in names])


def _interleaved(columns: Sequence["pd.Series[Any]"]) -> "pd.Series[Any]":
    """For each row the values of all columns, in order."""
    categories = [each.dtype for each in columns if isinstance(each.dtype, pd.CategoricalDtype)]
    rows, n = len(columns[0]), len(columns)
    plain = [each.astype("object") if categories else each for each in columns]
    stacked = pd.concat(plain, ignore_index=True)
    long = stacked.iloc[np.arange(n * rows).reshape(n, rows).T.ravel()].reset_index(drop=True)
    if not categories:
        return long
    levels = list(dict.fromkeys(level for each in categories for level in each.categories))
    return long.astype(pd.CategoricalDtype(levels))


def _chosen(table: pd.DataFrame, columns: Sequence[str], profiles: int) -> npt.NDArray[np.float64]:
    """1 for the profile that was chosen, 0 for the others, by respondent, task and profile."""
    numbers = np.column_stack([_profile_numbers(table[each], profiles) for each in columns])
    chosen = numbers[:, :, None] == np.arange(1, profiles + 1)
    return np.where(np.isnan(numbers)[:, :, None], np.nan, chosen).ravel()


def _again(table: pd.DataFrame, column: str, grid: _Grid, *, flipped: bool) -> npt.NDArray[np.float64]:
    numbers = _profile_numbers(table[column], grid.profiles)
    numbers = grid.profiles + 1 - numbers if flipped else numbers
    again = np.full((len(table), grid.tasks, grid.profiles), np.nan)
    chosen = numbers[:, None] == np.arange(1, grid.profiles + 1)
    again[:, 0, :] = np.where(np.isnan(numbers)[:, None], np.nan, chosen)
    return again.ravel()


def _profile_numbers(column: "pd.Series[Any]", profiles: int) -> npt.NDArray[np.float64]:
    """The number of the profile that each cell names, NaN where it is missing."""
    read = {each: _profile_number(each) for each in column.dropna().unique()}
    strange = [each for each, number in read.items() if not 1 <= number <= profiles]
    if strange:
        shown = some([str(each) for each in strange])
        what = f"{shown} names none of {profiles} profiles."
        raise StudyError(Problem(f"column {column.name}", what, "Its answers end in the profile's number or letter."))
    return column.astype("object").map(read).to_numpy(dtype=np.float64)


def _profile_number(cell: Any) -> int:
    text = f"{cell:g}" if isinstance(cell, (int, float, np.number)) else str(cell).strip()
    found = re.fullmatch(r"(?:.*\W)?(\d+|[A-Za-z])", text, re.DOTALL)
    return _number(found[1]) if found else 0

"""Responses of several tasks and profiles: from one row per respondent to one per respondent, task and profile."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from vignetta.codebook import Codebook, Variable
from vignetta.errors import Problem

Cell = tuple[int, int]
"""A task and a profile; 0 where something is about no single one."""


def own_columns(codebook: Codebook) -> list[str]:
    """The columns that long responses have besides the variables; none when no variable is about a task."""
    return ["task"] * bool(codebook.tasks) + ["profile"] * bool(codebook.profiles)


def choice_problems(codebook: Codebook) -> Iterator[Problem]:
    """Choices of a profile that no variable is about: no row could say that it was chosen."""
    for each in codebook.variables:
        known = {0, *codebook.profiles}
        unknown = [one for one in each.categories if one.value not in known] if each.kind == "chosen" else []
        if unknown:
            told = ", ".join(f"`{one.level}` ({one.value:g})" for one in unknown)
            remedy = "Correct `category_value`, or the `profile` of the variables; 0 stands for none of the profiles."
            yield Problem(f"codebook {each.full_name}", f"no variable is about the profile of {told}.", remedy)


def melt(wide: pd.DataFrame, codebook: Codebook) -> pd.DataFrame:
    """One row per raw row, task and profile, in this order.

    Parameters
    ----------
    wide : (raw rows, columns) called by the full names of variables; a column that is none is about the respondent.
    codebook : its variables say which tasks and profiles there are.

    Returns
    -------
    pd.DataFrame
        (raw rows × tasks × profiles, names). What is about the respondent stands on every row, what is about a task on
        each of its rows. A variable without a column for some task or profile is missing there. `task` stands before
        `state`, and `profile`, if there are any, after it. A variable of the kind `chosen` is 1 on the row of the
        profile that was chosen, 0 on the others, missing where nothing was answered.
    """
    cells = [(task, profile) for task in codebook.tasks for profile in codebook.profiles or [0]]
    numbers = np.tile(np.array(cells, dtype=np.int64).reshape(-1, 2), (len(wide), 1))
    kinds = {each.name: each.kind for each in codebook.variables}
    data: dict[str, Any] = {}
    for name, columns in _columns(wide, codebook).items():
        long = _stacked(columns, cells)
        data[name] = _is_chosen(long, numbers[:, 1]) if kinds.get(name) == "chosen" else long
    frame = pd.DataFrame(data)
    for place, name in enumerate(own_columns(codebook)):
        frame.insert(list(frame).index("state"), name, numbers[:, place])
    return frame


def _columns(wide: pd.DataFrame, codebook: Codebook) -> Mapping[str, Mapping[Cell, pd.Series]]:
    """The columns of each name, by what they are about."""
    variables: Mapping[Any, Variable] = {each.full_name: each for each in codebook.variables}
    found: dict[str, dict[Cell, pd.Series]] = {}
    for name, column in wide.items():
        about = variables.get(name)
        own, cell = (about.name, (about.task, about.profile)) if about else (str(name), (0, 0))
        found.setdefault(own, {})[cell] = column
    return found


def _stacked(columns: Mapping[Cell, pd.Series], cells: Sequence[Cell]) -> Any:
    """The values of one name, for each row those of all tasks and profiles."""
    places = {cell: place for place, cell in enumerate(columns)}
    slots = np.array([_place(places, each) for each in cells], dtype=np.int64)
    values = pd.concat(list(columns.values()), ignore_index=True)
    if (slots < 0).any() and pd.api.types.is_bool_dtype(values.dtype):
        values = values.astype("boolean")
    rows = len(values) // len(columns)
    at: npt.NDArray[np.int64] = np.where(slots < 0, -1, slots * rows + np.arange(rows)[:, None]).ravel()
    return pd.api.extensions.take(values.array, at, allow_fill=True)


def _place(places: Mapping[Cell, int], cell: Cell) -> int:
    """Where the values of a task and profile are: its own, or else the task's, or else the respondent's; -1 nowhere."""
    return next((places[each] for each in (cell, (cell[0], 0), (0, 0)) if each in places), -1)


def _is_chosen(number: Any, profile: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    chosen = np.asarray(number, dtype=np.float64)
    return np.where(np.isnan(chosen), np.nan, chosen == profile)

"""Long responses as one row per respondent, for tools that want them so: the way back from `long`."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pandas as pd

from vignetta.cleaning.outputs.long import own_columns
from vignetta.codebook import Category, Codebook, Variable
from vignetta.errors import Problem, StudyError

_NONE: Final = Category(code="0", level="none", label="None of them", value=0.0)


def widen(responses: pd.DataFrame, codebook: Codebook) -> tuple[pd.DataFrame, Codebook]:
    """One row per respondent.

    Parameters
    ----------
    responses : the long frame of `read_export`.
    codebook : its variables.

    Returns
    -------
    The wide responses and their codebook. What is about a task is called `NAME_TASK`, what is about a profile
    `NAME_TASK_PROFILE`; what is about the respondent keeps its name. A choice is the number of the profile chosen, 0
    for none. Responses without tasks come back as they are.

    Raises
    ------
    StudyError
        When two columns would have the same name.

    Examples
    --------
    >>> wide, codebook = widen(clean.responses, clean.codebook)  # doctest: +SKIP
    """
    if not codebook.tasks:
        return responses, codebook
    _check(responses, codebook)
    cells = {cell: rows.set_index("row") for cell, rows in responses.groupby(own_columns(codebook))}
    first = next(iter(cells.values()))
    shared = {each.name for each in codebook.variables if each.task}
    made: dict[str, Any] = {
        str(name): column for name, column in first.items() if name not in shared and name not in own_columns(codebook)
    }
    for each in codebook.variables:
        if each.task:
            made[wide_name(each)] = _column(each, cells, codebook)
    return pd.DataFrame(made).reset_index(), _codebook(codebook)


def wide_name(variable: Variable) -> str:
    """The name of a variable's column in wide responses.

    >>> wide_name(Variable(name="regime", role="factor", kind="text", column="r", task=2, profile=1))
    'regime_2_1'
    """
    place = [each for each in (variable.task, variable.profile) if each]
    return "_".join([variable.name, *map(str, place)])


def _check(responses: pd.DataFrame, codebook: Codebook) -> None:
    names = [wide_name(each) for each in codebook.variables]
    names += [str(each) for each in responses if each not in codebook.names]
    twice = [name for name, n in Counter(names).items() if n > 1]
    if twice:
        remedy = "Rename the variable that is about no task."
        raise StudyError(
            Problem(f"codebook {each}", f"two wide columns would be called `{each}`.", remedy) for each in twice
        )


def _column(variable: Variable, cells: Any, codebook: Codebook) -> Any:
    profiles = codebook.profiles
    if variable.kind == "chosen" and profiles:
        chosen = np.column_stack([cells[variable.task, each][variable.name] for each in profiles])
        number = chosen @ np.array(profiles, dtype=np.float64)
        return pd.Series(number, index=cells[variable.task, profiles[0]].index)
    cell = (variable.task, variable.profile or profiles[0]) if profiles else (variable.task,)
    return cells[cell][variable.name]


def _codebook(codebook: Codebook) -> Codebook:
    return Codebook(variables=tuple(_flat(codebook)))


def _flat(codebook: Codebook) -> Iterator[Variable]:
    for each in codebook.variables:
        told: dict[str, Any] = {"name": wide_name(each), "task": 0, "profile": 0}
        if each.kind == "chosen":
            known = {one.value for one in each.categories}
            told |= {"kind": "scale", "categories": each.categories if 0 in known else (*each.categories, _NONE)}
        if each.task:
            place = f"task {each.task}" + (f", profile {each.profile}" if each.profile else "")
            told["label"] = f"{each.label or each.name} ({place})"
        yield each.model_copy(update=told)

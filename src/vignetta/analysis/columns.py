"""The model matrix of plain factors and numbers, column by column: what formulaic makes, without its cost per call."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import formulaic
import numpy as np
import numpy.typing as npt
import pandas as pd
from formulaic.parser.types import Factor

Floats = npt.NDArray[np.float64]
Signature = tuple[str, tuple[tuple[str, tuple[Any, ...] | None], ...]]
"""A formula, and the names that its data have with the categories of each."""

MOST_KNOWN = 100
"""Formulas whose columns are remembered."""


@dataclass(frozen=True)
class Column:
    """A product: 1 where every factor has its level, times every number.

    Attributes
    ----------
    levels : for each factor the place of its level among the categories.
    numbers : names of numbers.
    """

    levels: tuple[tuple[str, int], ...]
    numbers: tuple[str, ...]


def plain_columns(spec: formulaic.ModelSpec, data: pd.DataFrame) -> tuple[Column, ...] | None:
    """The columns of a model of plain factors and numbers; None when a term is anything else.

    Columns are told by their names, so that a coding of factors or an order of columns that is not known here is never
    taken for one that is.
    """
    found: list[Column] = []
    for term in spec.structure:
        known: dict[str, Column] = {}
        for scoped in term.scoped_terms:
            parts = [_parts(each.factor.factor, data) for each in scoped.factors]
            if scoped.scale != 1 or None in parts:
                return None
            for chosen in product(*(part.items() for part in parts if part)):
                levels = tuple(each for _, (pairs, _) in chosen for each in pairs)
                numbers = tuple(each for _, (_, names) in chosen for each in names)
                name = ":".join(name for name, _ in chosen) or "Intercept"
                if known.setdefault(name, Column(levels, numbers)) != Column(levels, numbers):
                    return None
        if not set(term.columns) <= set(known):
            return None
        found += [known[name] for name in term.columns]
    return tuple(found)


def evaluate(columns: tuple[Column, ...], rows: pd.DataFrame) -> Floats:
    """The model matrix (len(rows), k)."""
    parts: dict[tuple[str, int] | str, Floats] = {}
    codes = {name: rows[name].cat.codes.to_numpy() for name in {name for each in columns for name, _ in each.levels}}
    for each in columns:
        for name, level in each.levels:
            if (name, level) not in parts:
                parts[name, level] = (codes[name] == level).astype(np.float64)
        for number in each.numbers:
            if number not in parts:
                parts[number] = rows[number].to_numpy(dtype=np.float64)
    X = np.ones((len(columns), len(rows)))
    for row, column in zip(X, columns, strict=True):
        for part in [*map(parts.__getitem__, column.levels), *map(parts.__getitem__, column.numbers)]:
            row *= part
    return X.T


Plain = tuple[formulaic.ModelSpec, tuple[Column, ...]]
_known: dict[Signature, Plain] = {}


def remembered(right: formulaic.SimpleFormula, rows: pd.DataFrame, make: Callable[[], Plain | None]) -> Plain | None:
    """What `make` says of a formula and the categories that it reads; asked once for each, as it follows from these.

    A model of anything but plain factors and numbers may read more from the rows, and is not remembered.
    """
    signature = str(right), tuple((str(name), _categories(rows[name])) for name in rows)
    if signature not in _known:
        made = make()
        if made is None:
            return None
        if len(_known) >= MOST_KNOWN:
            _known.pop(next(iter(_known)))
        _known[signature] = made
    return _known[signature]


def _categories(column: "pd.Series[Any]") -> tuple[Any, ...] | None:
    return tuple(column.cat.categories) if isinstance(column.dtype, pd.CategoricalDtype) else None


Part = tuple[tuple[tuple[str, int], ...], tuple[str, ...]]


def _parts(factor: Factor, data: pd.DataFrame) -> dict[str, Part] | None:
    """The columns that one plain factor or number can have, by their names; None where names could mean two things."""
    name = str(factor.expr)
    if factor.eval_method.value != "lookup" or name not in data:
        return None
    if not isinstance(data[name].dtype, pd.CategoricalDtype):
        return {name: ((), (name,))}
    levels = [str(each) for each in data[name].cat.categories]
    reduced: dict[str, Part] = {f"{name}[T.{level}]": (((name, k),), ()) for k, level in enumerate(levels)}
    full: dict[str, Part] = {f"{name}[{level}]": (((name, k),), ()) for k, level in enumerate(levels)}
    return None if set(reduced) & set(full) else reduced | full

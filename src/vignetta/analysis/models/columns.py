"""The model matrix of plain factors and numbers, column by column: what formulaic makes, without its cost per call."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import formulaic
import numpy as np
import numpy.typing as npt
import pandas as pd
from formulaic.parser.types import Factor

from vignetta.analysis.models.model_matrix import ModelMatrix
from vignetta.analysis.models.samples import Sample

Floats = npt.NDArray[np.float64]
Signature = tuple[str, tuple[tuple[str, tuple[Any, ...] | None], ...]]
"""A formula, and the names that its data have with the categories of each."""

ALIKE = 8
"""So many rows at least are alike, on average, where combinations of levels stand for rows."""
LARGE = 30000
"""Below so many numbers a matrix with columns of numbers is written out."""
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


def evaluate(columns: Sequence[Column], values: Mapping[str, npt.NDArray[Any]]) -> Floats:
    """The model matrix (n, k) of variables (n,): of each factor the places of the levels, and numbers."""
    indicators: dict[tuple[str, int], Floats] = {}
    X = np.ones((len(columns), len(next(iter(values.values())))))
    for row, column in zip(X, columns, strict=True):
        for name, level in column.levels:
            if (name, level) not in indicators:
                indicators[name, level] = (values[name] == level).astype(np.float64)
            row *= indicators[name, level]
        for name in column.numbers:
            row *= values[name]
    return X.T


def values_of(rows: pd.DataFrame) -> dict[str, npt.NDArray[Any]]:
    """The variables of a frame as `evaluate` reads them."""
    return {str(name): _values(rows[name]) for name in rows}


def _values(column: "pd.Series[Any]") -> npt.NDArray[Any]:
    return column.cat.codes.to_numpy() if isinstance(column.dtype, pd.CategoricalDtype) else column.to_numpy()


def assemble(columns: Sequence[Column], sample: Sample) -> ModelMatrix:
    """The model matrix of a sample, with the columns that only factors decide evaluated once for each combination."""
    n, factors = len(sample.weights), _in_cells(columns, sample)
    in_cells = [not each.numbers and {name for name, _ in each.levels} <= set(factors) for each in columns]
    found = sample.distinct(factors)
    if found is None or not (all(in_cells) or n * len(columns) > LARGE):
        return ModelMatrix(evaluate(columns, sample.values))
    inside = [place for place, each in enumerate(in_cells) if each]
    base = np.zeros((len(found.at), len(columns)))
    cells = {name: sample.values[name][found.at] for name in factors}
    base[:, inside] = evaluate([columns[place] for place in inside], cells)
    if len(inside) == len(columns):
        return ModelMatrix(base, found.places)
    beside = [place for place, each in enumerate(in_cells) if not each]
    own = evaluate([columns[place] for place in beside], sample.values)
    return ModelMatrix(base, found.places, own, np.eye(len(columns))[beside])


def _in_cells(columns: Sequence[Column], sample: Sample) -> list[str]:
    """The factors whose combinations are far fewer than rows, those first that most columns read."""
    read = Counter(name for each in columns for name, _ in each.levels)
    if not any(each.numbers for each in columns):
        return list(read)
    factors: list[str] = []
    size = 1
    for name, _ in read.most_common():
        levels = len(sample.columns[name].categories)
        if size * levels * ALIKE <= len(sample.weights):
            factors, size = [*factors, name], size * levels
    return factors


Plain = tuple[formulaic.ModelSpec, tuple[Column, ...]]
_known: dict[Signature, Plain] = {}


def remembered(
    right: formulaic.SimpleFormula, read: Mapping[str, Any], make: Callable[[], Plain | None]
) -> Plain | None:
    """What `make` says of a formula and the categories that it reads; asked once for each, as it follows from these.

    A model of anything but plain factors and numbers may read more from the rows, and is not remembered.
    """
    signature = str(right), tuple((name, _categories(each)) for name, each in read.items())
    if signature not in _known:
        made = make()
        if made is None:
            return None
        if len(_known) >= MOST_KNOWN:
            _known.pop(next(iter(_known)))
        _known[signature] = made
    return _known[signature]


def _categories(column: Any) -> tuple[Any, ...] | None:
    return tuple(column.categories) if isinstance(column, pd.Categorical) else None


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

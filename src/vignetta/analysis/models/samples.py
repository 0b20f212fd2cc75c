"""From a pandas frame and a formula to a checked sample: the rows and columns that a model uses."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from math import prod
from typing import Any

import formulaic
import numpy as np
import numpy.typing as npt
import pandas as pd
from formulaic.errors import FormulaicError
from formulaic.parser.types import Factor
from formulaic.transforms import TRANSFORMS
from formulaic.utils.variables import Variable, get_required_variables

from vignetta.analysis.options import raise_all, unknown
from vignetta.errors import Problem, StudyError

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Column = Any
"""The values of a variable: a `pandas.Categorical`, or numbers as float64."""
MANY = 4
"""How many possible combinations for each row are still counted rather than sorted."""
_COLOUR = re.compile(r"\x1b\[[0-9;]*m|[\u29da\u29db]")


@dataclass(frozen=True, eq=False)
class Distinct:
    """The distinct rows of some columns.

    Attributes
    ----------
    at : (m,) a row where each stands.
    inner : (n,) which of them every row is; or, with `wider`, which every distinct row of `wider` is.
    wider : the distinct rows of more columns that these were found among.
    """

    at: Codes
    inner: Codes
    wider: "Distinct | None" = None

    @cached_property
    def places(self) -> Codes:
        """(n,) which of them every row is."""
        return self.inner if self.wider is None else self.inner[self.wider.places]

    def sums(self, values: Floats | None) -> Floats:
        """Sums (m,) of values (n,) over the rows that are alike; None stands for ones."""
        if values is None:
            return self.counts
        below = values if self.wider is None else self.wider.sums(values)
        return np.asarray(np.bincount(self.inner, below, len(self.at)), dtype=np.float64)

    @cached_property
    def counts(self) -> Floats:
        """How many rows (m,) are alike."""
        below = None if self.wider is None else self.wider.counts
        return np.bincount(self.inner, below, len(self.at)).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Sample:
    """The complete rows of a frame, as a model reads them.

    Attributes
    ----------
    columns : the variables of the formula, n values each: categoricals, and numbers as float64.
    weights : (n,) positive.
    clusters : (n,) codes from 0, or None.
    n_missing : how many rows were left out because a variable that is used is missing.
    second_clusters : (n,) codes from 0 of the other of two cluster variables, or None.
    units : (n,) codes from 0 of what effects are of, or None.
    strata : (n,) codes from 0 of the sampling strata, or None.
    stratum_names : their values.
    known : distinct rows of some columns, kept so that they are counted once.
    """

    columns: dict[str, Column]
    weights: Floats
    clusters: Codes | None
    n_missing: int
    second_clusters: Codes | None = None
    units: Codes | None = None
    strata: Codes | None = None
    stratum_names: tuple[str, ...] = ()
    known: dict[tuple[str, ...], Distinct | None] = field(default_factory=dict, repr=False)

    @cached_property
    def data(self) -> pd.DataFrame:
        """The columns as a frame."""
        return pd.DataFrame(self.columns, index=pd.RangeIndex(len(self.weights)), copy=False)

    @cached_property
    def values(self) -> dict[str, npt.NDArray[Any]]:
        """The columns, with the place of each level for the level."""
        return {name: _codes(column) for name, column in self.columns.items()}

    @cached_property
    def are_weighted(self) -> bool:
        """Whether some weight is not 1."""
        return bool((self.weights != 1).any())

    def distinct(self, names: Sequence[str]) -> Distinct | None:
        """The distinct rows of some categories; None where a column is a number.

        Those of fewer columns than were asked before come from the distinct rows of these.
        """
        if tuple(names) not in self.known:
            self.known[tuple(names)] = self._distinct(names)
        return self.known[tuple(names)]

    def _distinct(self, names: Sequence[str]) -> Distinct | None:
        if not names or not all(isinstance(self.columns[name], pd.Categorical) for name in names):
            return None
        codes = [self.values[name] for name in names]
        sizes = [len(self.columns[name].categories) for name in names]
        wider = next((each for key, each in self.known.items() if each and set(names) <= set(key)), None)
        if wider is None:
            return Distinct(*distinct_rows(codes, sizes))
        first, places = distinct_rows([each[wider.at] for each in codes], sizes)
        return Distinct(wider.at[first], places, wider)

    def shares(self, names: Sequence[str]) -> tuple[Codes, Floats]:
        """A row where each combination of some categories stands, and its share of the weights."""
        found = self.distinct(names)
        assert found is not None
        total = found.sums(self.weights if self.are_weighted else None)
        return found.at, total / total.sum()

    @property
    def all_clusters(self) -> tuple[Codes, ...]:
        """The codes of the cluster variables: none, one or two."""
        return tuple(each for each in (self.clusters, self.second_clusters) if each is not None)


@lru_cache
def read_formula(text: str) -> formulaic.Formula:
    """A formula with one outcome and at least one term. Raises `StudyError`."""
    try:
        formula = formulaic.Formula(text)
    except FormulaicError as error:
        said = " ".join(_COLOUR.sub("", str(error)).split())
        raise StudyError(Problem("formula", f"`{text}` is not a formula: {said}", "Write `outcome ~ a * b`.")) from None
    left: Any = getattr(formula, "lhs", None)
    right: Any = getattr(formula, "rhs", None)
    simple = isinstance(left, formulaic.SimpleFormula) and isinstance(right, formulaic.SimpleFormula)
    if not simple or len(left) != 1:
        raise StudyError(Problem("formula", f"`{text}` does not have one outcome.", "Write `outcome ~ a * b`."))
    if not len(right):
        raise StudyError(Problem("formula", f"`{text}` has no term.", "Write `outcome ~ 1` for a mean."))
    return formula


def variables(formula: formulaic.SimpleFormula) -> list[str]:
    """The names that a side of a formula reads from the data, in order of appearance."""
    found = [name for term in formula for factor in term.factors for name in names_in(factor)]
    return list(dict.fromkeys(found))


def read_sample(
    data: pd.DataFrame,
    formula: formulaic.Formula,
    *,
    cluster: str | tuple[str, str] | None = None,
    weights: str | None = None,
    strata: str | None = None,
    units: str | None = None,
    beside: Sequence[str] = (),
) -> Sample:
    """The complete rows of `data` for a model. Raises `StudyError` with every problem of the columns.

    Text and categories become categorical (levels of a text column in alphabetical order); a row in which the
    outcome, a variable, the cluster, the stratum, the unit or the weight is missing is left out and counted. The sample
    has the columns `beside` too.
    """
    if not isinstance(data, pd.DataFrame):
        raise StudyError(Problem("data", f"it is a {type(data).__name__}, not a pandas frame.", "Pass a DataFrame."))
    outcome, terms = variables(formula.lhs), [*variables(formula.rhs), *beside]
    clusters = cluster_names(cluster)
    groups = [*clusters, *(each for each in (units, strata) if each is not None)]
    special = [*groups, *([] if weights is None else [weights])]
    raise_all(_name_problems(data, [*outcome, *terms, *special]))
    used = list(dict.fromkeys([*outcome, *terms]))
    problems, columns = _read_columns(data, used, outcome)
    weight = _number(data[weights]) if weights and pd.api.types.is_numeric_dtype(data[weights].dtype) else None
    if weights and weight is None:
        problems.append(Problem(f"column {weights}", "the weights are not numbers.", "Convert the column to numbers."))
    raise_all(problems)
    w = np.broadcast_to(1.0, len(data)) if weight is None else weight
    complete = _complete([*columns.values(), *([] if weight is None else [weight])], len(data))
    for name in groups:
        complete &= data[name].notna().to_numpy()
    raise_all(_missing_problems(columns, complete, data, special))
    left = int(len(complete) - np.count_nonzero(complete))
    if left:
        columns, w = {name: column[complete] for name, column in columns.items()}, w[complete]
    codes = {name: pd.factorize(data[name].to_numpy()[complete])[0].astype(np.int64) for name in groups}
    first, second = [*(codes[name] for name in clusters), None, None][:2]
    of_unit, stratum = (None if name is None else codes[name] for name in (units, strata))
    names = () if strata is None else tuple(map(str, data[strata].to_numpy()[complete][_first(codes[strata])]))
    sample = Sample(columns, w, first, left, second, of_unit, stratum, names)
    raise_all([*_level_problems(sample), *([] if weights is None else _weight_problems(w, weights))])
    return sample


def _first(codes: Codes) -> Codes:
    """Where each code stands first."""
    return np.unique(codes, return_index=True)[1].astype(np.int64)


def _complete(columns: Iterable[Column], n: int) -> npt.NDArray[np.bool_]:
    complete = np.ones(n, dtype=bool)
    for column in columns:
        values = _codes(column)
        if isinstance(column, pd.Categorical):
            if n and values.min() < 0:
                complete &= values >= 0
        elif np.isnan(values.sum()):
            complete &= ~np.isnan(values)
    return complete


def _codes(column: Column) -> npt.NDArray[Any]:
    return column.codes if isinstance(column, pd.Categorical) else column


def cluster_names(cluster: str | Sequence[str] | None) -> list[str]:
    """The names of the cluster variables: none, one or two."""
    return [] if cluster is None else [cluster] if isinstance(cluster, str) else list(cluster)


def distinct_rows(columns: Sequence[npt.NDArray[Any]], sizes: Sequence[int]) -> tuple[Codes, Codes]:
    """Which rows of codes are distinct, as a row where each stands, and for every row its place among them.

    The codes of a row, each below its size, are the digits of one number, so that rows are told apart by counting, not
    by sorting, unless there are far more possible combinations than rows.
    """
    n = len(columns[0])
    code, size = np.zeros(n, dtype=_whole(sizes[0])), 1
    for column, levels in zip(columns, sizes, strict=True):
        size *= levels
        code = code.astype(_whole(size), copy=False)
        code *= levels
        code += column.astype(code.dtype, copy=False)
        if size > MANY * n:
            code = np.unique(code, return_inverse=True)[1].astype(np.int64)
            size = int(code.max(initial=-1)) + 1
    place = code.astype(np.intp, copy=False)
    row = np.full(size, -1, dtype=np.int64)
    row[place] = np.arange(n)
    seen = row >= 0
    return row[seen], (np.cumsum(seen) - 1).take(place)


def _whole(size: int) -> type[np.signedinteger[Any]]:
    """A type that holds the whole numbers up to `size`."""
    return np.int16 if size < 2**15 else np.int64


def quote(name: str) -> str:
    """A column name as a formula writes it."""
    if "`" in name or name.replace(".", "", 1).isdigit():
        what = "a formula cannot hold a name that is a number or has a backtick."
        raise StudyError(Problem(f"column {name}", what, "Rename the column."))
    return f"`{name}`"


def read_factor(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """A column as a categorical. Raises `StudyError` when it is a number."""
    read = _read_column(column)
    if not isinstance(read, pd.Categorical):
        raise StudyError(Problem(f"column {column.name}", "it is a number, not a factor.", "Make it a category."))
    return pd.Series(read, index=column.index, name=column.name)


def names_in(factor: Factor) -> Iterable[str]:
    """The names that one element of a term reads from the data."""
    method = factor.eval_method.value
    if method == "lookup":
        return [str(factor.expr)]
    if method == "literal":
        return []
    try:
        needed = get_required_variables(factor.expr)
    except SyntaxError:
        raise StudyError(Problem("formula", f"`{factor.expr}` cannot be read.", "Check brackets and commas.")) from None
    return sorted({str(each.root) for each in needed if Variable.Role.VALUE in each.roles} - set(TRANSFORMS))


def _name_problems(data: pd.DataFrame, names: list[str]) -> list[Problem]:
    known = [each for each in data.columns if isinstance(each, str)]
    problems = [
        unknown("data", "there is no column", name, known) for name in dict.fromkeys(names) if name not in known
    ]
    twice = set(data.columns[data.columns.duplicated()]) & set(names)
    return problems + [
        Problem(f"column {name}", "two columns have this name.", "Rename one of them.") for name in sorted(twice)
    ]


def _read_columns(data: pd.DataFrame, used: list[str], outcome: list[str]) -> tuple[list[Problem], dict[str, Column]]:
    problems: list[Problem] = []
    columns: dict[str, Column] = {}
    for name in used:
        try:
            columns[name] = _read_outcome(data[name]) if name in outcome else _read_column(data[name])
        except StudyError as error:
            problems += error.problems
    return problems, columns


def _read_outcome(column: "pd.Series[Any]") -> Floats:
    if not pd.api.types.is_numeric_dtype(column.dtype):
        raise StudyError(
            Problem(f"column {column.name}", f"the outcome is not a number ({column.dtype}).", "Recode it to numbers.")
        )
    return _finite(column)


def _read_column(column: "pd.Series[Any]") -> Column:
    types = pd.api.types
    if isinstance(column.dtype, pd.CategoricalDtype):
        return _check_levels(column.array, column.name)
    if types.is_bool_dtype(column.dtype):
        return _categorical(column, {True: "True", False: "False"})
    if types.is_numeric_dtype(column.dtype) and not types.is_complex_dtype(column.dtype):
        return _finite(column)
    kinds = {type(each) for each in column.dropna()}
    if kinds <= {str}:
        return _check_levels(_categorical(column, None), column.name)
    if kinds <= {bool}:
        return _categorical(column, {True: "True", False: "False"})
    found = ", ".join(sorted(each.__name__ for each in kinds))
    raise StudyError(
        Problem(f"column {column.name}", f"neither numbers nor texts ({found}).", "Convert it to one or the other.")
    )


def _categorical(column: "pd.Series[Any]", texts: dict[bool, str] | None) -> pd.Categorical:
    values = [None if pd.isna(each) else texts[bool(each)] if texts else each for each in column]
    levels = sorted({each for each in values if each is not None})
    return pd.Categorical(values, categories=levels)


def _check_levels(column: pd.Categorical, name: object) -> pd.Categorical:
    texts = [str(each) for each in column.categories]
    if "" in texts:
        what, remedy = "a level is the empty text.", "Make it missing (NaN), or give it a name."
        raise StudyError(Problem(f"column {name}", what, remedy))
    if len(set(texts)) < len(texts):
        raise StudyError(Problem(f"column {name}", "two levels read the same.", "Give each its own name."))
    return column


def _number(column: "pd.Series[Any]") -> Floats:
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def _finite(column: "pd.Series[Any]") -> Floats:
    """The numbers of a column; a sum that is finite says that they all are."""
    values = _number(column)
    if np.isfinite(values.sum()) or not np.isinf(values).any():
        return values
    infinite = int(np.isinf(values).sum())
    what = f"{infinite} value{'s are' if infinite > 1 else ' is'} infinite."
    raise StudyError(Problem(f"column {column.name}", what, "Make them missing, or correct them."))


def _missing_problems(
    columns: dict[str, Column], complete: npt.NDArray[np.bool_], data: pd.DataFrame, special: list[str]
) -> list[Problem]:
    if complete.any():
        return []
    missing = {name: int(np.count_nonzero(pd.isna(column))) for name, column in columns.items()}
    missing |= {name: int(data[name].isna().sum()) for name in special}
    said = ", ".join(f"{name} in {count}" for name, count in missing.items() if count)
    what = f"no row is complete ({len(complete)} rows; missing: {said})." if len(complete) else "there is no row."
    return [Problem("data", what, "Check how the columns were read.")]


def _level_problems(sample: Sample) -> list[Problem]:
    problems = []
    for name, counts in _level_counts(sample).items():
        levels = [str(each) for each in sample.columns[name].categories]
        seen = [level for level, count in zip(levels, counts, strict=True) if count]
        empty = [level for level in levels if level not in seen]
        problems += [_empty_levels(name, empty)] if empty else []
        problems += [_one_level(name, seen[0])] if len(seen) == 1 and not empty else []
    return problems


def _level_counts(sample: Sample) -> dict[str, Codes]:
    """How often each level of each category stands in the distinct rows, or in all where few rows are alike."""
    sizes = {name: len(each.categories) for name, each in sample.columns.items() if isinstance(each, pd.Categorical)}
    alike = prod(sizes.values()) <= MANY * len(sample.weights)
    found = sample.distinct(list(sizes)) if alike else None
    values = {name: sample.values[name] if found is None else sample.values[name][found.at] for name in sizes}
    return {name: np.bincount(values[name], minlength=size) for name, size in sizes.items()}


def _empty_levels(name: str, empty: list[str]) -> Problem:
    listed = ", ".join(f"`{each}`" for each in empty)
    what = f"no complete row has the level{'s' if len(empty) > 1 else ''} {listed}."
    return Problem(f"column {name}", what, "Use `cat.remove_unused_categories()` if that is meant.")


def _one_level(name: str, level: str) -> Problem:
    return Problem(f"column {name}", f"every complete row has the level `{level}`.", "Leave it out of the formula.")


def _weight_problems(weights: Floats, name: str | None) -> list[Problem]:
    bad = int((~(weights > 0) | np.isinf(weights)).sum())
    if not bad:
        return []
    what = f"{bad} weight{'s are' if bad > 1 else ' is'} zero, negative or infinite."
    return [Problem(f"column {name}", what, "Drop these rows, or correct the weights.")]

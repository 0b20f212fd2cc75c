"""From a pandas frame and a formula to a checked sample: the rows and columns that a model uses."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
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
MANY = 4
"""How many possible combinations for each row are still counted rather than sorted."""
_COLOUR = re.compile(r"\x1b\[[0-9;]*m|[\u29da\u29db]")


@dataclass(frozen=True, eq=False)
class Sample:
    """The complete rows of a frame, as a model reads them.

    Attributes
    ----------
    data : the variables of the formula, n rows; numbers as float64, everything else categorical.
    weights : (n,) positive.
    clusters : (n,) codes from 0, or None.
    n_missing : how many rows were left out because a variable that is used is missing.
    second_clusters : (n,) codes from 0 of the other of two cluster variables, or None.
    strata : (n,) codes from 0 of the sampling strata, or None.
    stratum_names : their values.
    known : distinct rows of some columns, kept so that they are counted once.
    """

    data: pd.DataFrame
    weights: Floats
    clusters: Codes | None
    n_missing: int
    second_clusters: Codes | None = None
    strata: Codes | None = None
    stratum_names: tuple[str, ...] = ()
    known: dict[tuple[str, ...], tuple[Codes, Codes] | None] = field(default_factory=dict, repr=False)

    def distinct(self, names: list[str]) -> tuple[Codes, Codes] | None:
        """`distinct_rows` of some columns; of fewer columns than were asked before, from their distinct rows alone."""
        wider = (each for each in self.known if set(names) <= set(each) and self.known[each] is not None)
        found = self.known.get(next(wider, ()))
        if found is None:
            self.known[tuple(names)] = distinct_rows(self.data, names)
            return self.known[tuple(names)]
        first, places = found
        inner = distinct_rows(self.data.iloc[first], names)
        return None if inner is None else (first[inner[0]], inner[1][places])

    @property
    def all_clusters(self) -> tuple[Codes, ...]:
        """The codes of the cluster variables: none, one or two."""
        return tuple(each for each in (self.clusters, self.second_clusters) if each is not None)


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
) -> Sample:
    """The complete rows of `data` for a model. Raises `StudyError` with every problem of the columns.

    Text and categories become categorical (levels of a text column in alphabetical order); a row in which the
    outcome, a variable, the cluster, the stratum or the weight is missing is left out and counted.
    """
    if not isinstance(data, pd.DataFrame):
        raise StudyError(Problem("data", f"it is a {type(data).__name__}, not a pandas frame.", "Pass a DataFrame."))
    outcome, terms = variables(formula.lhs), variables(formula.rhs)
    clusters = cluster_names(cluster)
    special = [*clusters, *(each for each in (weights, strata) if each is not None)]
    raise_all(_name_problems(data, [*outcome, *terms, *special]))
    used = list(dict.fromkeys([*outcome, *terms]))
    problems, columns = _read_columns(data, used, outcome)
    weight = _number(data[weights]) if weights and pd.api.types.is_numeric_dtype(data[weights].dtype) else None
    if weights and weight is None:
        problems.append(Problem(f"column {weights}", "the weights are not numbers.", "Convert the column to numbers."))
    raise_all(problems)
    frame = pd.DataFrame(columns, index=pd.RangeIndex(len(data)), columns=used)
    w = np.ones(len(data)) if weight is None else weight
    complete = ~frame.isna().any(axis=1).to_numpy() & ~np.isnan(w)
    for name in [*clusters, *([] if strata is None else [strata])]:
        complete &= data[name].notna().to_numpy()
    raise_all([*_row_problems(frame, complete, data, special), *_weight_problems(w[complete], weights)])
    codes = [pd.factorize(data[name].to_numpy()[complete])[0].astype(np.int64) for name in clusters]
    first, second = [*codes, None, None][:2]
    kept = frame if complete.all() else frame[complete].reset_index(drop=True)
    sample = Sample(kept, w[complete], first, int((~complete).sum()), second)
    return sample if strata is None else _stratified(sample, data[strata].to_numpy()[complete])


def _stratified(sample: Sample, values: npt.NDArray[Any]) -> Sample:
    codes, names = pd.factorize(values)
    return replace(sample, strata=codes.astype(np.int64), stratum_names=tuple(map(str, names)))


def cluster_names(cluster: str | Sequence[str] | None) -> list[str]:
    """The names of the cluster variables: none, one or two."""
    return [] if cluster is None else [cluster] if isinstance(cluster, str) else list(cluster)


def distinct_rows(data: pd.DataFrame, names: list[str]) -> tuple[Codes, Codes] | None:
    """Which rows of categories are distinct, and for every row its place among them; None where a column is a number.

    The levels of a row are the digits of one number, so that rows are told apart by counting, not by sorting, unless
    there are far more possible combinations than rows.
    """
    if not names or not all(isinstance(data[name].dtype, pd.CategoricalDtype) for name in names):
        return None
    code, size = np.zeros(len(data), dtype=np.int64), 1
    for name in names:
        levels = len(data[name].cat.categories)
        code, size = code * levels + data[name].cat.codes.to_numpy(), size * levels
        if size > MANY * len(data):
            code = np.unique(code, return_inverse=True)[1].astype(np.int64)
            size = int(code.max()) + 1
    first = np.full(size, -1, dtype=np.int64)
    first[code[::-1]] = np.arange(len(data))[::-1]
    seen = first >= 0
    return first[seen], (np.cumsum(seen) - 1)[code]


def quote(name: str) -> str:
    """A column name as a formula writes it."""
    if "`" in name or name.replace(".", "", 1).isdigit():
        what = "a formula cannot hold a name that is a number or has a backtick."
        raise StudyError(Problem(f"column {name}", what, "Rename the column."))
    return f"`{name}`"


def read_factor(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """A column as a categorical. Raises `StudyError` when it is a number."""
    read = _read_column(column)
    if not isinstance(read.dtype, pd.CategoricalDtype):
        raise StudyError(Problem(f"column {column.name}", "it is a number, not a factor.", "Make it a category."))
    return read


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


def _read_columns(
    data: pd.DataFrame, used: list[str], outcome: list[str]
) -> tuple[list[Problem], dict[str, "pd.Series[Any]"]]:
    problems: list[Problem] = []
    columns: dict[str, pd.Series[Any]] = {}
    for name in used:
        try:
            column = _read_outcome(data[name]) if name in outcome else _read_column(data[name])
            columns[name] = column.reset_index(drop=True)
        except StudyError as error:
            problems += error.problems
    return problems, columns


def _read_outcome(column: "pd.Series[Any]") -> "pd.Series[Any]":
    if not pd.api.types.is_numeric_dtype(column.dtype):
        raise StudyError(
            Problem(f"column {column.name}", f"the outcome is not a number ({column.dtype}).", "Recode it to numbers.")
        )
    return _finite(pd.Series(_number(column), name=column.name))


def _read_column(column: "pd.Series[Any]") -> "pd.Series[Any]":
    types = pd.api.types
    if isinstance(column.dtype, pd.CategoricalDtype):
        return _check_levels(column)
    if types.is_bool_dtype(column.dtype):
        return _categorical(column, {True: "True", False: "False"})
    if types.is_numeric_dtype(column.dtype) and not types.is_complex_dtype(column.dtype):
        return _finite(pd.Series(_number(column), name=column.name))
    kinds = {type(each) for each in column.dropna()}
    if kinds <= {str}:
        return _check_levels(_categorical(column, None))
    if kinds <= {bool}:
        return _categorical(column, {True: "True", False: "False"})
    found = ", ".join(sorted(each.__name__ for each in kinds))
    raise StudyError(
        Problem(f"column {column.name}", f"neither numbers nor texts ({found}).", "Convert it to one or the other.")
    )


def _categorical(column: "pd.Series[Any]", texts: dict[bool, str] | None) -> "pd.Series[Any]":
    values = [None if pd.isna(each) else texts[bool(each)] if texts else each for each in column]
    levels = sorted({each for each in values if each is not None})
    return pd.Series(pd.Categorical(values, categories=levels), name=column.name)


def _check_levels(column: "pd.Series[Any]") -> "pd.Series[Any]":
    texts = [str(each) for each in column.cat.categories]
    if "" in texts:
        what, remedy = "a level is the empty text.", "Make it missing (NaN), or give it a name."
        raise StudyError(Problem(f"column {column.name}", what, remedy))
    if len(set(texts)) < len(texts):
        raise StudyError(Problem(f"column {column.name}", "two levels read the same.", "Give each its own name."))
    return column


def _number(column: "pd.Series[Any]") -> Floats:
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def _finite(column: "pd.Series[Any]") -> "pd.Series[Any]":
    infinite = int(np.isinf(column.to_numpy()).sum())
    if infinite:
        what = f"{infinite} value{'s are' if infinite > 1 else ' is'} infinite."
        raise StudyError(Problem(f"column {column.name}", what, "Make them missing, or correct them."))
    return column


def _row_problems(
    frame: pd.DataFrame, complete: npt.NDArray[np.bool_], data: pd.DataFrame, special: list[str]
) -> list[Problem]:
    if not complete.any():
        missing = {name: int(frame[name].isna().sum()) for name in frame} | {
            name: int(data[name].isna().sum()) for name in special
        }
        said = ", ".join(f"{name} in {count}" for name, count in missing.items() if count)
        what = f"no row is complete ({len(frame)} rows; missing: {said})." if len(frame) else "there is no row."
        return [Problem("data", what, "Check how the columns were read.")]
    problems, whole = [], bool(complete.all())
    for name in map(str, frame.select_dtypes("category")):
        levels = [str(each) for each in frame[name].cat.categories]
        codes = frame[name].cat.codes.to_numpy()
        counts = np.bincount(codes if whole else codes[complete], minlength=len(levels))
        seen = [level for level, count in zip(levels, counts, strict=True) if count]
        empty = [level for level in levels if level not in seen]
        problems += [_empty_levels(name, empty)] if empty else []
        problems += [_one_level(name, seen[0])] if len(seen) == 1 and not empty else []
    return problems


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

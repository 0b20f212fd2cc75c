"""Clean responses as files of SPSS and Stata: numbers with value labels, questions as variable labels."""

import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import pandas as pd

from vignetta.cleaning.categories import words
from vignetta.codebook import Codebook, Variable
from vignetta.errors import Problem, StudyError

if TYPE_CHECKING:
    from vignetta.cleaning.responses import CleanExport

LabelledFormat = Literal["sav", "dta"]
"""sav: SPSS. dta: Stata 14 or newer."""

OWN_LABELS: Final[Mapping[str, str]] = {
    "row": "Data row of the export, from 1",
    "task": "Task, from 1",
    "profile": "Profile of the task, from 1",
    "state": "What became of the response: analysed, or the first reason to exclude it",
    "excluded": "Whether the response is left out of the analysis",
}
"""What the columns that cleaning adds are."""
CHOSEN: Final[Mapping[float, str]] = {0.0: "not chosen", 1.0: "chosen"}
TRUTH: Final[Mapping[float, str]] = {0.0: "false", 1.0: "true"}

_MOST_CHARACTERS: Final = 32
_RESERVED: Final = frozenset(
    [
        *("all", "and", "by", "eq", "ge", "gt", "le", "lt", "ne", "not", "or", "to", "with"),
        *("byte", "double", "float", "if", "in", "int", "long", "strl", "using"),
    ]
)
"""Words that SPSS or Stata keep for themselves; `str1` and the like as well."""
_WHOLE: Final = re.compile(r"-?\d{1,9}")
_LONGEST: Final[Mapping[LabelledFormat, int]] = {"sav": 255, "dta": 80}
"""Bytes of a variable label in SPSS, characters in Stata; the latter are counted in bytes too, to be safe."""
_LONGEST_VALUE: Final[Mapping[LabelledFormat, int]] = {"sav": 120, "dta": 32_000}
_LONGEST_TEXT: Final = 32_767
_CLOCK: Final = datetime(2000, 1, 1)
"""Both formats hold the time of writing; one that never changes keeps equal responses equal bytes."""
_CLOCK_OF_SAV: Final = (slice(92, 109), b"01 Jan 0000:00:00")


@dataclass(frozen=True, eq=False)
class Coded:
    """A column as numbers or texts.

    Attributes
    ----------
    values : (rows,) numbers, times or texts; a missing number or time stays missing, a missing text is empty.
    labels : the words of the numbers that have any.
    levels : what the clean data call them.
    """

    values: "pd.Series[Any]"
    labels: Mapping[float, str] = field(default_factory=dict)
    levels: Mapping[float, str] = field(default_factory=dict)


def labelled_file(responses: pd.DataFrame, codebook: Codebook, *, format: LabelledFormat) -> bytes:
    """Clean responses as a file of SPSS or Stata.

    A level is written as its code where the codes of the variable are whole numbers, else as its place from 1; its
    value label has the words shown, or the level where there are none. Scales stay their numbers. Variable labels are
    the questions, cut to what the format holds. SPSS is told the level of measurement. Missing is the system's missing
    value, and an empty text.

    Parameters
    ----------
    responses : the frame of `read_export`, or `widen`.
    codebook : its variables.
    format : sav or dta.

    Returns
    -------
    The file. Equal responses give equal bytes.

    Raises
    ------
    StudyError
        When SPSS cannot hold a text.

    Examples
    --------
    >>> content = labelled_file(clean.responses, clean.codebook, format="sav")  # doctest: +SKIP
    >>> Path("responses.sav").write_bytes(content)  # doctest: +SKIP
    """
    names = file_names(responses.columns)
    variables = {each.name: each for each in reversed(codebook.variables)}
    coded = {names[name]: coded_column(column, variables.get(str(name))) for name, column in responses.items()}
    said = {names[name]: variable_label(str(name), variables.get(str(name))) for name in names}
    titles = {name: _cut(each, _LONGEST[format]) for name, each in said.items()}
    table = pd.DataFrame({name: each.values for name, each in coded.items()})
    labels = {name: _cut_all(each.labels, format) for name, each in coded.items()}
    written = {name: each for name, each in labels.items() if each}
    if format == "dta":
        return _dta(table, titles, written)
    return _sav(table, titles, written, {names[name]: _level(column) for name, column in responses.items()})


def labelled_files(clean: "CleanExport", formats: Iterable[LabelledFormat]) -> dict[str, bytes]:
    """The clean responses in some formats, by the names of the files: `responses.sav`, `responses.dta`."""
    return {
        f"responses.{each}": labelled_file(clean.responses, clean.codebook, format=each)
        for each in dict.fromkeys(formats)
    }


def file_names(names: Iterable[Any]) -> dict[Any, str]:
    """For each column a name that both SPSS and Stata accept; no two are alike, whatever their capitals.

    >>> file_names(["approval", "Ja/Nein", "with", "Approval"])
    {'approval': 'approval', 'Ja/Nein': 'Ja_Nein', 'with': 'with_', 'Approval': 'Approval_2'}
    """
    found: dict[Any, str] = {}
    taken: set[str] = set()
    for name in names:
        legal = _legal(str(name))
        tried, number = legal, 1
        while tried.casefold() in taken:
            number += 1
            tried = f"{legal[: _MOST_CHARACTERS - len(str(number)) - 1]}_{number}"
        found[name] = tried
        taken.add(tried.casefold())
    return found


def _legal(name: str) -> str:
    legal = re.sub(r"[^A-Za-z0-9_]", "_", name)
    legal = legal if re.match(r"[A-Za-z]", legal) else f"v_{legal}"
    reserved = legal.casefold() in _RESERVED or re.fullmatch(r"str\d+", legal, re.IGNORECASE)
    return f"{legal}_" if reserved else legal[:_MOST_CHARACTERS]


def variable_label(name: str, variable: Variable | None) -> str:
    """The question that was asked, or else what the column is."""
    if variable is None:
        return OWN_LABELS.get(name, name)
    asked = words(variable.question)
    label = words(variable.label)
    return asked if asked and label in ("", asked) else f"{label}: {asked}" if asked else label or name


def coded_column(column: "pd.Series[Any]", variable: Variable | None) -> Coded:
    """A clean column as numbers with labels, as times or as texts."""
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        numbers = level_numbers(dtype.categories.tolist(), variable)
        levels = {number: level for level, number in numbers.items()}
        labels = {number: _level_words(level, variable) for number, level in levels.items()}
        return Coded(column.astype("object").map(numbers).astype("float64"), labels, levels)
    if pd.api.types.is_bool_dtype(dtype):
        return Coded(column.astype("Float64").astype("float64"), TRUTH, TRUTH)
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return Coded(column)
    if pd.api.types.is_numeric_dtype(dtype):
        return Coded(column.astype("float64"), *_points(variable))
    return Coded(column.astype("str").fillna(""))


def level_numbers(levels: Iterable[str], variable: Variable | None) -> dict[str, float]:
    """The number of each level in labelled files: its code where all codes are whole numbers, else its place from 1."""
    levels = list(levels)
    codes = {each.level: each.code for each in variable.categories} if variable else {}
    one_each = variable is not None and len(codes) == len(variable.categories)
    if one_each and all(_WHOLE.fullmatch(codes.get(each, "")) for each in levels):
        numbers = {each: float(codes[each]) for each in levels}
        if len(set(numbers.values())) == len(numbers):
            return numbers
    return {each: float(place) for place, each in enumerate(levels, 1)}


def _level_words(level: str, variable: Variable | None) -> str:
    shown = [words(each.label) for each in variable.categories if each.level == level] if variable else []
    return next((each for each in shown if each), level)


def _points(variable: Variable | None) -> tuple[Mapping[float, str], Mapping[float, str]]:
    """The words and the levels of the points of a scale."""
    if variable is None or variable.kind == "chosen":
        return (CHOSEN, CHOSEN) if variable else ({}, {})
    points = [(each.value, each) for each in variable.categories if each.value is not None]
    return {value: words(each.label) or each.level for value, each in points}, {
        value: each.level for value, each in points
    }


# ------------------------------------------------------------------------------------------------ the files


def _cut(text: str, most: int) -> str:
    """A text of at most so many bytes; three dots stand where it was cut."""
    if len(text.encode()) <= most:
        return text
    return text.encode()[: most - 3].decode(errors="ignore") + "..."


def _cut_all(labels: Mapping[float, str], format: LabelledFormat) -> dict[float, str]:
    """The labels that the format can hold: Stata has none for numbers that are not whole."""
    held = labels if format == "sav" else {each: text for each, text in labels.items() if each.is_integer()}
    return {each: _cut(text, _LONGEST_VALUE[format]) for each, text in held.items()}


def _level(column: "pd.Series[Any]") -> str:
    """What SPSS calls the level of measurement."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return "ordinal" if column.dtype.ordered else "nominal"
    numbers = pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)
    return "scale" if numbers or pd.api.types.is_datetime64_any_dtype(column.dtype) else "nominal"


def _sav(
    table: pd.DataFrame,
    titles: Mapping[str, str],
    labels: Mapping[str, dict[float, str]],
    levels: Mapping[str, str],
) -> bytes:
    import pyreadstat

    if problems := [*_too_long(table)]:
        raise StudyError(problems)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "responses.sav"
        pyreadstat.write_sav(
            table,
            path,
            column_labels=dict(titles),
            variable_value_labels=dict(labels),
            variable_measure=dict(levels),
            row_compress=True,
        )
        content = bytearray(path.read_bytes())
    where, clock = _CLOCK_OF_SAV
    content[where] = clock
    return bytes(content)


def _too_long(table: pd.DataFrame) -> Iterator[Problem]:
    for name, column in table.items():
        longest = max(map(len, column.str.encode("utf-8")), default=0) if column.dtype == "str" else 0
        if longest > _LONGEST_TEXT:
            what = f"a text of {longest:,} bytes is longer than the {_LONGEST_TEXT:,} that SPSS holds."
            yield Problem(f"responses.sav {name}", what, "Write Stata, CSV or Parquet instead.")


def _dta(table: pd.DataFrame, titles: Mapping[str, str], labels: Mapping[str, dict[float, str]]) -> bytes:
    times: dict[Any, Any] = {
        name: "tc" for name, dtype in table.dtypes.items() if pd.api.types.is_datetime64_any_dtype(dtype)
    }
    stream = io.BytesIO()
    table.to_stata(
        stream,
        write_index=False,
        version=118,
        time_stamp=_CLOCK,
        variable_labels=dict(titles),
        value_labels=dict(labels),
        convert_dates=times,
    )
    return stream.getvalue()

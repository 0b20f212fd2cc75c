"""Cells of text become typed columns; a cell that cannot be read is told with its rows, never made missing."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from vignetta.cleaning.categories import NUMBER, Lookup, Reading, decode, words, writing_of
from vignetta.cleaning.cells import Column
from vignetta.cleaning.damage import SCIENTIFIC, damage
from vignetta.cleaning.distinct import Codes, Distinct, Flags, distinct_of, each_of, flags, holding, spread
from vignetta.cleaning.formats.raw_exports import ExportFormat, RawExport
from vignetta.cleaning.matching import Matching, is_order, order_codes, squeezed
from vignetta.cleaning.telling import cut, rows_told
from vignetta.cleaning.times import times_of, zone_notes
from vignetta.cleaning.unanswered import R_MISSING, UNANSWERED, leave_out_unanswered
from vignetta.codebook import CATEGORICAL, Codebook, Kind, Role, Variable
from vignetta.errors import SHOWN, Problem, StudyError, some

LEFT_BEHIND: Final[tuple[Role, ...]] = ("personal", "wording")
_EACH_ITS_OWN: Final[tuple[Role, ...]] = ("identifier", "open")
"""Roles of texts of which, as of times, few are alike."""
_NOT_CHOSEN: Final = ("", "0", UNANSWERED)
_TRUE: Final = ("true", "yes", "1")
_FALSE: Final = ("false", "no", "0")
_SCIENTIFIC: Final = re.compile(rf"(?:{NUMBER.pattern})(?:[eE][+-]?\d+)?")
_UNKNOWN: Final[Mapping[ExportFormat, str]] = {
    "qualtrics": "Declare it if it is an answer. If not, empty its cells, in a copy, or export again with -99 for it.",
    "table": "Declare it if it is an answer; empty its cells, in a copy, if it stands for none.",
}
_BEYOND: Final = 1e300
"""Numbers that no survey holds, and that Stata cannot."""
_PLAIN: Final = r"^-?[0-9]{1,18}(\.[0-9]{1,18})?$"
"""What nearly all numbers look like; Arrow reads them as Python does."""
_DECIMAL_COMMA: Final = r"^\s*[+-]?(\d+,(\d{1,2}|\d{4,})|0\d*,\d+|\d{4,},\d+)\s*$"
"""A number with a comma that no language writes between thousands."""
_SHORTENED: Final = re.compile(SCIENTIFIC)


@dataclass(frozen=True, eq=False)
class Typed:
    """The typed variables of an export.

    Attributes
    ----------
    data : one row per raw row, one column per variable that the export has, by its full name, without those left
        behind.
    notes : how cells were read, as sentences.
    texts : the distinct texts of variables of the kind text, by full name.
    """

    data: pd.DataFrame
    notes: tuple[str, ...]
    texts: Mapping[str, Distinct]


def read_values(
    raw: RawExport, codebook: Codebook, matching: Matching, *, format: ExportFormat, time_zone: str = ""
) -> Typed:
    """The cells of an export as typed columns.

    category and ordered become categorical with the codebook's level order; scale and number become float64, and so
    does chosen, as the number of the profile; time becomes datetime64; flag becomes bool, nullable where a cell is
    empty; multiple becomes its levels joined by `; `; text stays, but for how lines end and blanks at its end, which
    not every format keeps. Only an empty cell is missing, and in a Qualtrics export -99, its code for seen but
    unanswered, and NA, as R writes what is missing, where the codebook has no such category.

    Times become UTC where the file says in which zone it writes them, or else `time_zone` does for those that Qualtrics
    notes of each response.

    Raises
    ------
    StudyError
        For every value that is no category, no number, no time or out of range, with its variable and rows.
    """
    there = [each for each in codebook.variables if each.full_name in matching.positions]
    columns = [_column(raw, each, matching, format, time_zone) for each in there if each.role not in LEFT_BEHIND]
    commas = _with_commas(columns)
    kept = leave_out_unanswered(columns, raw, matching)
    writing = "codes" if format == "table" else writing_of((each.variable, each.filled) for each in columns)
    data: dict[str, Any] = {}
    for each in columns:
        each.writing = writing
        each.decimal_comma = raw.separator == ";" or each.variable.full_name in commas
        data[each.variable.full_name] = _READERS[each.variable.kind](each)
    problems = [problem for each in columns for problem in each.problems]
    if problems:
        raise StudyError(problems)
    notes = [*zone_notes(columns), *(note for each in columns for note in each.notes), *kept]
    if commas and raw.separator != ";":
        notes.insert(0, f"Numbers are written with decimal commas in {some(commas)}.")
    if format == "qualtrics" and writing:
        notes.insert(0, f"Answers are written as {'codes' if writing == 'codes' else 'the words of the choices'}.")
    texts = {each.variable.full_name: each.texts for each in columns if each.variable.kind == "text"}
    return Typed(pd.DataFrame(data, index=raw.cells.index, copy=False), tuple(notes), texts)


def _column(raw: RawExport, variable: Variable, matching: Matching, format: ExportFormat, time_zone: str) -> Column:
    positions = matching.positions[variable.full_name]
    split = matching.splits.get(variable.full_name)
    own = variable.kind == "time" or (variable.kind == "text" and variable.role in _EACH_ITS_OWN)
    found = (each_of if own else distinct_of)(
        _joined(raw, variable, positions, split) if split else raw.cells[positions[0]]
    )
    if is_order(variable) and variable.kind in CATEGORICAL:
        found = Distinct(found.codes, _arms(found.texts, order_codes(variable)))
    codes, texts = _filled(found)
    zone = raw.time_zones.get(positions[0], time_zone if variable.role == "record" else "")
    said = {} if split else raw.words.get(positions[0], {})
    column = Column(variable, raw.shown, codes, texts, format, time_zone=zone, words=said)
    if split and not is_order(variable):
        column.problems += _misplaced(raw, variable, positions, split)
    return column


def _not_chosen(code: str, label: str) -> tuple[str, ...]:
    """What stands in the column of a category that was not chosen: R writes NA for what is missing."""
    return _NOT_CHOSEN if R_MISSING in (code, words(label)) else (*_NOT_CHOSEN, R_MISSING)


def _misplaced(raw: RawExport, variable: Variable, positions: Sequence[int], codes: Sequence[str]) -> Iterator[Problem]:
    """Columns of one category each in which another category's code or words stand."""
    labels = {each.code: each.label for each in variable.categories}
    for position, code in zip(positions, codes, strict=True):
        column = distinct_of(raw.cells[position]).stripped()
        expected, own = {*_not_chosen(code, labels[code]), "1", code}, words(labels[code])
        texts = enumerate(column.texts.to_pylist())
        wrong = [(place, each) for place, each in texts if each not in expected and words(each) != own]
        for place, cell in wrong[:SHOWN]:
            rows = np.flatnonzero(column.codes == place) + 1
            what = f"`{cut(cell)}` stands in the column of `{code}` ({rows_told(rows.tolist())})."
            yield Problem(f"{raw.shown} {variable.full_name}", what, "Correct the codes of the codebook's categories.")


def _arms(texts: pa.Array, codes: Mapping[str, str]) -> pa.Array:
    """Viewing orders as the codes of the parts, separated by commas."""
    parts = (re.split("[|,]", each) for each in texts.to_pylist())
    return pa.array([",".join(codes.get(squeezed(part), part) for part in each) for each in parts], texts.type)


def _filled(found: Distinct) -> tuple[Codes, pa.Array]:
    """The cells that are not blank, and for each row its place among them, -1 where it is blank."""
    filled = ~flags(pc.or_(pc.utf8_is_space(found.texts), pc.equal(pc.binary_length(found.texts), 0)))
    if filled.all():
        return found.codes, found.texts
    place = np.where(filled, np.cumsum(filled, dtype=np.int32) - 1, -1)
    return spread(place, found.codes, missing=-1), found.texts.filter(pa.array(filled))


# ------------------------------------------------------------------------------------------------ categories


def _readings(column: Column) -> list[Reading | None]:
    lookup = Lookup(column.variable)
    _compare_words(column, lookup)
    decoded = decode(column.filled, lookup, column.writing)
    known = ", ".join(f"`{each.code}`" + (f" ({cut(each.label)})" if each.label else "") for each in lookup.categories)
    what = f"is not a category of `{column.variable.full_name}`"
    column.tell(decoded.unknown, what, f"The codebook has {known}. {_UNKNOWN[column.format]}")
    remedy = "Export all answers as numeric values, and with the columns Status and Finished."
    column.tell(decoded.ambiguous, "is the code of one category and the words of another", remedy)
    found: list[Reading | None] = [None] * len(column.cells)
    for place, reading in zip(np.flatnonzero(column.used), decoded.readings, strict=True):
        found[place] = reading
    return found


def _compare_words(column: Column, lookup: Lookup) -> None:
    """Tell codes beside which the file has the words of another category than the codebook: they were recoded."""
    there = {code for cell in column.filled for code in (cell, *cell.split(","))}
    for code, label in column.words.items():
        one, other = lookup.by_code(code), lookup.by_label(label)
        if code in there and one and other and not lookup.same(one, other):
            what = f"`{code}` stands for `{cut(words(label))}` in the file and for another category in the codebook."
            fielded = "Make the codebook from the survey as it was fielded."
            remedy = "Declare the codes in study.yaml as the file has them." if column.format == "table" else fielded
            column.problems.append(Problem(f"{column.shown} {column.variable.full_name}", what, remedy))


def _categorical(column: Column) -> pd.Categorical:
    levels = list(dict.fromkeys(column.variable.levels))
    categories = column.variable.categories
    places = [levels.index(categories[each[0]].level) if each else -1 for each in _readings(column)]
    dtype = pd.CategoricalDtype(pd.Index(levels, dtype="str"), ordered=column.variable.kind == "ordered")
    small = np.array(places, dtype=np.min_scalar_type(-1 - len(levels)))
    return pd.Categorical.from_codes(spread(small, column.codes, missing=-1), dtype=dtype, validate=False)


def _scale(column: Column) -> npt.NDArray[np.float64]:
    without = [each.level for each in column.variable.categories if each.value is None]
    if without:
        what = f"the scale gives no number for {', '.join(f'`{each}`' for each in without)}."
        column.problems.append(
            Problem(f"codebook {column.variable.full_name}", what, "Fill in `category_value` for every category.")
        )
    categories = column.variable.categories
    values = [categories[each[0]].value if each else None for each in _readings(column)]
    numbers: npt.NDArray[np.float64] = np.array([np.nan if each is None else each for each in values], dtype=np.float64)
    return spread(numbers, column.codes, missing=np.nan)


def _flag(column: Column) -> Any:
    categories = Lookup(column.variable).categories
    truth = {_truth(each.level) for each in categories}
    if truth != {True, False}:
        what = f"the levels {', '.join(f'`{each.level}`' for each in categories)} are not true and false."
        remedy = "Use the levels `true` and `false`."
        column.problems.append(Problem(f"codebook {column.variable.full_name}", what, remedy))
        return np.zeros(len(column.codes), dtype=bool)
    values = [bool(_truth(categories[each[0]].level)) if each else False for each in _readings(column)]
    answers = spread(np.array(values, dtype=bool), column.codes, missing=False)
    missing = column.codes < 0
    return pd.arrays.BooleanArray(answers, missing) if missing.any() else answers


def _truth(level: str) -> bool | None:
    folded = level.casefold()
    return True if folded in _TRUE else False if folded in _FALSE else None


def _multiple(column: Column) -> pd.Series:
    levels = column.variable.levels
    texts = ["; ".join(dict.fromkeys(levels[each] for each in reading or ())) for reading in _readings(column)]
    return Distinct(column.codes, pa.array(texts, column.cells.type)).series()


def _joined(raw: RawExport, variable: Variable, positions: Sequence[int], codes: Sequence[str]) -> pd.Series:
    """Columns with one category each as one column of codes separated by commas.

    A category is chosen where its column's cell is neither empty nor 0.
    """
    labels = {each.code: each.label for each in variable.categories}
    joined = pd.Series("", index=raw.cells.index, dtype="str")
    for position, code in zip(positions, codes, strict=True):
        chosen = ~raw.cells[position].isin(_not_chosen(code, labels[code]))
        joined = joined.where(~chosen, joined.where(joined == "", joined + ",") + code)
    return joined


# ------------------------------------------------------------------------------------------------ numbers, text


def _number(column: Column) -> npt.NDArray[np.float64]:
    values, wrong, short = numbers_of(column.cells, decimal_comma=column.decimal_comma)
    remedy = "Correct the cell in a copy, empty it if it is missing, or read it as text."
    column.tell(column.chosen(wrong & column.used), "is not a number", remedy)
    if short.any():
        rows = column.rows(short).tolist()
        column.notes.append(
            f"`{column.variable.full_name}`: digits may be lost in scientific form ({rows_told(rows)})."
        )
    least, most = column.variable.minimum, column.variable.maximum
    beyond = values < (-np.inf if least is None else least)
    beyond |= values > (np.inf if most is None else most)
    bounds = f"{'' if least is None else f'{least:g}'} to {'' if most is None else f'{most:g}'}"
    remedy = "Correct `minimum` and `maximum` in the codebook, or the cell."
    column.tell(column.chosen(beyond & column.used), f"is outside {bounds}", remedy)
    return spread(values, column.codes, missing=np.nan)


def _with_commas(columns: Sequence[Column]) -> list[str]:
    """The variables that are exported with decimal commas: some of their numbers have no thousands for certain, and no
    number of the file has a point."""
    numbers = [each for each in columns if each.variable.kind == "number"]
    if any(holding(each.cells, r"^\s*[+-]?\d*\.\d").any() for each in numbers):
        return []
    return [each.variable.full_name for each in numbers if holding(each.cells, _DECIMAL_COMMA).any()]


def numbers_of(cells: pa.Array, *, decimal_comma: bool = False) -> tuple[npt.NDArray[np.float64], Flags, Flags]:
    """The numbers in cells, NaN where there is none; which cells are none, and which a spreadsheet shortened."""
    texts = pc.utf8_trim_whitespace(cells)
    if decimal_comma:
        texts = pc.replace_substring_regex(texts, r"^([+-]?\p{Nd}+),(\p{Nd}+)$", r"\1.\2")
    plain = holding(texts, _PLAIN)
    values = np.full(len(texts), np.nan)
    values[plain] = pc.cast(texts.filter(pa.array(plain)), pa.float64())
    wrong, short = np.zeros((2, len(texts)), dtype=bool)
    for place in np.flatnonzero(~plain):
        text = texts[place].as_py()
        wrong[place] = not _SCIENTIFIC.fullmatch(text) or abs(float(text)) >= _BEYOND
        short[place] = bool(_SHORTENED.fullmatch(text))
        values[place] = np.nan if wrong[place] else float(text)
    return values, wrong, short


def _text(column: Column) -> pd.Series:
    for what, marked in damage(column.cells):
        rows = column.rows(marked)
        if len(rows):
            _tell_damage(column, what, rows)
    column.texts = Distinct(column.codes, _settled(column.cells))
    return column.texts.series()


def _tell_damage(column: Column, what: str, rows: Codes) -> None:
    """An identifier that cannot be told from another is a problem, anything else worth knowing."""
    told = f"{what} ({rows_told(rows.tolist())})."
    if column.variable.role == "identifier" and "lost" in what:
        remedy = "Take the export as it came, not as a spreadsheet saved it."
        column.problems.append(Problem(f"{column.shown} {column.variable.full_name}", told, remedy))
    else:
        column.notes.append(f"`{column.variable.full_name}`: {told}")


def _settled(texts: pa.Array) -> pa.Array:
    """Texts as every format can keep them: line feeds between lines, no blanks at the end."""
    if pc.any(pc.match_substring(texts, "\r")).as_py():
        texts = pc.replace_substring_regex(texts, "\r\n?", "\n")
    return pc.utf8_rtrim_whitespace(texts)


_READERS: Final[Mapping[Kind, Callable[[Column], Any]]] = {
    "category": _categorical,
    "ordered": _categorical,
    "scale": _scale,
    "chosen": _scale,
    "multiple": _multiple,
    "number": _number,
    "text": _text,
    "time": times_of,
    "flag": _flag,
}

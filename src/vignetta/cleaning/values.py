"""Cells of text become typed columns; a cell that cannot be read is told with its rows, never made missing."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from vignetta.cleaning.categories import NUMBER, Lookup, Reading, decode, words, writing_of
from vignetta.cleaning.cells import Codes, Column
from vignetta.cleaning.damage import SCIENTIFIC, damage
from vignetta.cleaning.matching import Matching, is_order, order_codes, squeezed
from vignetta.cleaning.raw_exports import ExportFormat, RawExport
from vignetta.cleaning.telling import SHOWN, cut, rows_told, some
from vignetta.cleaning.times import times_of, zone_notes
from vignetta.codebook import CATEGORICAL, Codebook, Kind, Role, Variable
from vignetta.errors import Problem, StudyError

_Number = TypeVar("_Number", np.int64, np.float64, np.bool_)

LEFT_BEHIND: Final[tuple[Role, ...]] = ("personal", "wording")
_UNANSWERED: Final = "-99"
"""Qualtrics writes it, when asked to, for a question that was seen and not answered."""
_NOT_CHOSEN: Final = ("", "0", _UNANSWERED)
_TRUE: Final = ("true", "yes", "1")
_FALSE: Final = ("false", "no", "0")
_SCIENTIFIC: Final = re.compile(rf"(?:{NUMBER.pattern})(?:[eE][+-]?\d+)?")
_BEYOND: Final = 1e300
"""Numbers that no survey holds, and that Stata cannot."""
_SHORTENED: Final = re.compile(SCIENTIFIC)


@dataclass(frozen=True, eq=False)
class Typed:
    """The typed variables of an export.

    Attributes
    ----------
    data : one row per raw row, one column per variable that the export has, by its full name, without those left
        behind.
    notes : how cells were read, as sentences.
    """

    data: pd.DataFrame
    notes: tuple[str, ...]


def read_values(
    raw: RawExport, codebook: Codebook, *, matching: Matching, format: ExportFormat, time_zone: str = ""
) -> Typed:
    """The cells of an export as typed columns.

    category and ordered become categorical with the codebook's level order; scale and number become float64, and so
    does chosen, as the number of the profile; time becomes datetime64; flag becomes bool, nullable where a cell is
    empty; multiple becomes its levels joined by `; `; text stays, but for how lines end and blanks at its end, which
    not every format keeps. Only an empty cell is missing, and in a Qualtrics export -99, its code for seen but
    unanswered, where the codebook has no such category.

    Times become UTC where the file says in which zone it writes them, or else `time_zone` does for those that Qualtrics
    notes of each response.

    Raises
    ------
    StudyError
        For every value that is no category, no number, no time or out of range, with its variable and rows.
    """
    there = [each for each in codebook.variables if each.full_name in matching.positions]
    columns = [_column(raw, each, matching, format, time_zone) for each in there if each.role not in LEFT_BEHIND]
    recoded = any(_marks_unanswered(each) for each in columns)
    for each in columns:
        _leave_out_unanswered(each, recoded)
        _leave_out_declared(each, raw, matching)
    writing = "codes" if format == "table" else writing_of((each.variable, each.filled) for each in columns)
    data: dict[str, Any] = {}
    for each in columns:
        each.writing = writing
        data[each.variable.full_name] = _READERS[each.variable.kind](each)
    problems = [problem for each in columns for problem in each.problems]
    if problems:
        raise StudyError(problems)
    notes = [*zone_notes(columns), *(note for each in columns for note in each.notes)]
    if format == "qualtrics" and not recoded:
        notes += _kept_unanswered(columns)
    if format == "qualtrics" and writing:
        notes.insert(0, f"Answers are written as {'codes' if writing == 'codes' else 'the words of the choices'}.")
    return Typed(pd.DataFrame(data, index=raw.cells.index), tuple(notes))


def _column(raw: RawExport, variable: Variable, matching: Matching, format: ExportFormat, time_zone: str) -> Column:
    positions = matching.positions[variable.full_name]
    split = matching.splits.get(variable.full_name)
    cells = _joined(raw, positions, split) if split else raw.cells[positions[0]]
    codes, distinct = pd.factorize(cells)
    texts: list[str] = distinct.to_numpy(dtype=object).tolist()
    if is_order(variable) and variable.kind in CATEGORICAL:
        arms = order_codes(variable)
        texts = [",".join(arms.get(squeezed(part), part) for part in re.split("[|,]", each)) for each in texts]
    empty = [place for place, each in enumerate(texts) if not each.strip()]
    codes = np.where(np.isin(codes, empty), -1, codes).astype(np.int64)
    texts, codes = _without_empty(texts, codes)
    zone = raw.time_zones.get(positions[0], time_zone if variable.role == "record" else "")
    said = {} if split else raw.words.get(positions[0], {})
    column = Column(variable, raw.shown, codes, texts, format, raw.separator == ";", time_zone=zone, words=said)
    if split and not is_order(variable):
        column.problems += _misplaced(raw, variable, positions, split)
    return column


def _misplaced(raw: RawExport, variable: Variable, positions: Sequence[int], codes: Sequence[str]) -> Iterator[Problem]:
    """Columns of one category each in which another category's code or words stand."""
    labels = {each.code: each.label for each in variable.categories}
    for position, code in zip(positions, codes, strict=True):
        column = raw.cells[position].str.strip()
        expected = {*_NOT_CHOSEN, "1", code}
        wrong = [each for each in column.unique() if each not in expected and words(each) != words(labels[code])]
        for cell in wrong[:SHOWN]:
            rows = np.flatnonzero(column == cell) + 1
            what = f"`{cut(cell)}` stands in the column of `{code}` ({rows_told(rows.tolist())})."
            yield Problem(f"{raw.shown} {variable.full_name}", what, "Correct the codes of the codebook's categories.")


def _without_empty(texts: list[str], codes: Codes) -> tuple[list[str], Codes]:
    kept = [place for place, each in enumerate(texts) if each.strip()]
    place = np.full(len(texts) + 1, -1, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    return [texts[each] for each in kept], place[codes]


def _marks_unanswered(column: Column) -> bool:
    """Whether a column holds Qualtrics' -99 where it cannot stand for an answer."""
    variable = column.variable
    if column.format != "qualtrics" or _UNANSWERED not in column.cells:
        return False
    if variable.kind in CATEGORICAL:
        lookup = Lookup(variable)
        return not lookup.by_code(_UNANSWERED) and not lookup.by_label(_UNANSWERED)
    return variable.kind == "time" or (variable.minimum is not None and variable.minimum > float(_UNANSWERED))


def _leave_out_unanswered(column: Column, recoded: bool) -> None:
    """Make -99 missing where it is no answer; where it could be one, when another column shows that it is not."""
    variable = column.variable
    open_to_both = variable.kind == "text" or (variable.kind == "number" and variable.minimum is None)
    if _marks_unanswered(column) or (recoded and open_to_both):
        column.make_missing([_UNANSWERED], "-99, seen but not answered, is missing")
    elif open_to_both and variable.kind == "number" and column.format == "qualtrics" and _UNANSWERED in column.cells:
        what = "is a number, or Qualtrics' code for seen but not answered"
        column.tell([_UNANSWERED], what, "Give the variable a `minimum` in the codebook.")


def _leave_out_declared(column: Column, raw: RawExport, matching: Matching) -> None:
    """Make missing what the file declares so and the codebook does not know as a category."""
    lookup, name = Lookup(column.variable), column.variable.full_name
    declared = () if name in matching.splits else raw.missing.get(matching.positions[name][0], ())
    found = [each for each in column.cells if each in declared and not lookup.by_code(each)]
    for each in found:
        column.make_missing([each], f"`{cut(each)}`, which the file declares missing, is missing")


def _kept_unanswered(columns: Sequence[Column]) -> Iterator[str]:
    """Texts that are -99 in an export in which no column shows that it means seen but not answered."""
    names = [each.variable.full_name for each in columns if each.variable.kind == "text" and _UNANSWERED in each.cells]
    if names:
        yield f"Nothing says whether -99 means seen but not answered; it is kept as text in {some(names)}."


# ------------------------------------------------------------------------------------------------ categories


def _readings(column: Column) -> list[Reading | None]:
    lookup = Lookup(column.variable)
    _compare_words(column, lookup)
    decoded = decode(column.filled, lookup, column.writing)
    known = ", ".join(f"`{each.code}`" + (f" ({cut(each.label)})" if each.label else "") for each in lookup.categories)
    column.tell(decoded.unknown, f"is not a category of `{column.variable.full_name}`", f"The codebook has {known}.")
    remedy = "Export all answers as numeric values, and with the columns Status and Finished."
    column.tell(decoded.ambiguous, "is the code of one category and the words of another", remedy)
    found: list[Reading | None] = [None] * len(column.cells)
    for place, reading in zip(column.used, decoded.readings, strict=True):
        found[place] = reading
    return found


def _compare_words(column: Column, lookup: Lookup) -> None:
    """Tell codes beside which the file has the words of another category than the codebook: they were recoded."""
    there = {code for cell in column.filled for code in (cell, *cell.split(","))}
    for code, label in column.words.items():
        one, other = lookup.by_code(code), lookup.by_label(label)
        if code in there and one and other and not lookup.same(one, other):
            what = f"`{code}` stands for `{cut(words(label))}` in the file and for another category in the codebook."
            remedy = "Make the codebook from the survey as it was fielded."
            column.problems.append(Problem(f"{column.shown} {column.variable.full_name}", what, remedy))


def _categorical(column: Column) -> pd.Categorical:
    levels = list(dict.fromkeys(column.variable.levels))
    categories = column.variable.categories
    places = [levels.index(categories[each[0]].level) if each else -1 for each in _readings(column)]
    dtype = pd.CategoricalDtype(pd.Index(levels, dtype="str"), ordered=column.variable.kind == "ordered")
    return pd.Categorical.from_codes(_spread(places, column.codes, -1, np.int64), dtype=dtype)


def _scale(column: Column) -> npt.NDArray[np.float64]:
    without = [each.level for each in column.variable.categories if each.value is None]
    if without:
        what = f"the scale gives no number for {', '.join(f'`{each}`' for each in without)}."
        column.problems.append(
            Problem(f"codebook {column.variable.full_name}", what, "Fill in `category_value` for every category.")
        )
    categories = column.variable.categories
    values = [categories[each[0]].value if each else None for each in _readings(column)]
    return _spread([np.nan if each is None else each for each in values], column.codes, np.nan, np.float64)


def _flag(column: Column) -> Any:
    categories = Lookup(column.variable).categories
    truth = {_truth(each.level) for each in categories}
    if truth != {True, False}:
        what = f"the levels {', '.join(f'`{each.level}`' for each in categories)} are not true and false."
        remedy = "Use the levels `true` and `false`."
        column.problems.append(Problem(f"codebook {column.variable.full_name}", what, remedy))
        return np.zeros(len(column.codes), dtype=bool)
    values = [bool(_truth(categories[each[0]].level)) if each else False for each in _readings(column)]
    flags = _spread(values, column.codes, False, np.bool_)
    missing = column.codes < 0
    return pd.arrays.BooleanArray(flags, missing) if missing.any() else flags


def _truth(level: str) -> bool | None:
    folded = level.casefold()
    return True if folded in _TRUE else False if folded in _FALSE else None


def _multiple(column: Column) -> pd.Series:
    levels = column.variable.levels
    texts = ["; ".join(dict.fromkeys(levels[each] for each in reading or ())) for reading in _readings(column)]
    return _text_series(texts, column.codes)


def _joined(raw: RawExport, positions: Sequence[int], codes: Sequence[str]) -> pd.Series:
    """Columns with one category each as one column of codes separated by commas.

    A category is chosen where its column's cell is neither empty nor 0.
    """
    joined = pd.Series("", index=raw.cells.index, dtype="str")
    for position, code in zip(positions, codes, strict=True):
        chosen = ~raw.cells[position].isin(_NOT_CHOSEN)
        joined = joined.where(~chosen, joined.where(joined == "", joined + ",") + code)
    return joined


# ------------------------------------------------------------------------------------------------ numbers, text


def _number(column: Column) -> npt.NDArray[np.float64]:
    texts = [each.strip() for each in column.cells]
    if column.decimal_comma:
        texts = [re.sub(r"^([+-]?\d+),(\d+)$", r"\1.\2", each) for each in texts]
    good = [bool(_SCIENTIFIC.fullmatch(each)) and abs(float(each)) < _BEYOND for each in texts]
    values = np.array([float(text) if ok else np.nan for text, ok in zip(texts, good, strict=True)], dtype=np.float64)
    wrong = [cell for cell, ok in zip(column.cells, good, strict=True) if not ok]
    column.tell(wrong, "is not a number", "Correct the cell in a copy, empty it if it is missing, or read it as text.")
    short = [place for place, each in enumerate(texts) if _SHORTENED.fullmatch(each)]
    if short:
        rows = np.flatnonzero(np.isin(column.codes, short)) + 1
        column.notes.append(
            f"`{column.variable.full_name}`: digits may be lost in scientific form ({rows_told(rows.tolist())})."
        )
    least, most = column.variable.minimum, column.variable.maximum
    beyond = values < (-np.inf if least is None else least)
    beyond |= values > (np.inf if most is None else most)
    outside = [column.cells[each] for each in column.used if beyond[each]]
    bounds = f"{'' if least is None else f'{least:g}'} to {'' if most is None else f'{most:g}'}"
    column.tell(outside, f"is outside {bounds}", "Correct `minimum` and `maximum` in the codebook, or the cell.")
    return _spread(values, column.codes, np.nan, np.float64)


def _text(column: Column) -> pd.Series:
    for what, places in damage(column.cells):
        rows = np.flatnonzero(np.isin(column.codes, places)) + 1
        if len(rows):
            _tell_damage(column, what, rows)
    return _text_series([_settled(each) for each in column.cells], column.codes)


def _tell_damage(column: Column, what: str, rows: Codes) -> None:
    """An identifier that cannot be told from another is a problem, anything else worth knowing."""
    told = f"{what} ({rows_told(rows.tolist())})."
    if column.variable.role == "identifier" and "lost" in what:
        remedy = "Take the export as it came, not as a spreadsheet saved it."
        column.problems.append(Problem(f"{column.shown} {column.variable.full_name}", told, remedy))
    else:
        column.notes.append(f"`{column.variable.full_name}`: {told}")


def _settled(text: str) -> str:
    """A text as every format can keep it: line feeds between lines, no blanks at the end."""
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip()


def _text_series(texts: Sequence[str], codes: Codes) -> pd.Series:
    values = np.array([*texts, np.nan], dtype=object)
    return pd.Series(values[codes], dtype="str")


def _spread(values: Any, codes: Codes, missing: Any, dtype: type[_Number]) -> npt.NDArray[_Number]:
    """Values of distinct cells as values of rows; an empty cell gets `missing`."""
    return np.append(np.asarray(values, dtype=dtype), np.asarray([missing], dtype=dtype))[codes].astype(dtype)


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

"""Files whose columns have types, SPSS, Stata and Parquet, as the text that a CSV file would hold."""

import io
import struct
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from vignetta.cleaning.formats.raw_exports import RawExport
from vignetta.errors import Problem, StudyError

_AGAIN: Final = "Export or save it again."


def read_spss(data: bytes, *, shown: str) -> RawExport:
    """An SPSS file: the words of its value labels stand beside the codes, its variable labels are question texts.

    Codes that the file declares missing, such as -99, stay as written.
    """
    import pyreadstat

    try:
        frame, meta = pyreadstat.read_sav(io.BytesIO(data), user_missing=True)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, UnicodeDecodeError) as error:
        raise _unreadable(shown, error) from None
    if meta.number_rows not in (None, -1) and meta.number_rows != len(frame):
        what = f"the file is cut off: it announces {meta.number_rows} rows and holds {len(frame)}."
        raise StudyError(Problem(shown, what, _AGAIN))
    raw = _typed(frame, shown, texts=_texts(meta), labels=meta.variable_value_labels)
    return replace(raw, missing=dict(_declared_missing(raw, meta.missing_ranges)))


def _texts(meta: Any) -> tuple[str, ...]:
    return tuple(each or "" for each in meta.column_labels)


def _declared_missing(raw: RawExport, ranges: Mapping[str, Any]) -> Iterator[tuple[int, frozenset[str]]]:
    """For each column with values that the file declares missing, its number and those that some row has."""
    for place, name in enumerate(raw.names):
        bounds = ranges.get(name, ())
        cells = raw.cells[place].unique() if bounds else ()
        yield place, frozenset(str(each) for each in cells if any(_lies(str(each), one) for one in bounds))


def _lies(cell: str, bounds: Mapping[str, Any]) -> bool:
    low, high = bounds["lo"], bounds["hi"]
    try:
        return bool(low <= float(cell) <= high)
    except (TypeError, ValueError):
        return cell != "" and cell in (low, high)


def read_stata(data: bytes, *, shown: str) -> RawExport:
    """A Stata file: the words of its value labels stand beside the codes, its variable labels are question texts."""
    try:
        frame = pd.read_stata(io.BytesIO(data), convert_categoricals=False)
    except (OSError, ValueError, KeyError, TypeError, IndexError, struct.error) as error:
        raise _unreadable(shown, error) from None
    meta = _stata_labels(data)
    return _typed(frame, shown, texts=_texts(meta), labels=meta.variable_value_labels) if meta else _typed(frame, shown)


def _stata_labels(data: bytes) -> Any:
    """What a Stata file says of its columns; None where that cannot be read."""
    import pyreadstat

    try:
        return pyreadstat.read_dta(io.BytesIO(data), metadataonly=True)[1]
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError):
        return None


def read_parquet(data: bytes, *, shown: str) -> RawExport:
    """A Parquet file."""
    try:
        frame = pd.read_parquet(io.BytesIO(data))
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise _unreadable(shown, error) from None
    return _typed(frame, shown)


def _unreadable(shown: str, error: Exception) -> StudyError:
    return StudyError(Problem(shown, f"the file cannot be read: {str(error).rstrip('.')}.", _AGAIN))


def _typed(
    frame: pd.DataFrame,
    shown: str,
    *,
    texts: tuple[str, ...] = (),
    labels: Mapping[str, Mapping[Any, str]] | None = None,
) -> RawExport:
    if not len(frame.columns):
        raise StudyError(Problem(shown, "the file has no column.", "Save it again."))
    names = tuple(str(each) for each in frame.columns)
    cells = pd.DataFrame({each: _as_text(frame.iloc[:, each]) for each in range(len(names))})
    none = ("",) * len(names)
    words = {
        place: {_word(code): str(word) for code, word in labels[name].items()}
        for place, name in enumerate(names)
        if labels and name in labels
    }
    return RawExport(shown, names, texts or none, none, cells, 0, words=words, respelled=True)


def _as_text(column: pd.Series) -> pd.Series:
    """A typed column as the text that a CSV file would hold; missing is empty."""
    if column.dtype == object:
        column = column.map(lambda each: each if isinstance(each, Hashable) else str(each))
    codes, distinct = pd.factorize(column)
    values = distinct.to_numpy() if pd.api.types.is_float_dtype(column.dtype) else distinct
    words = np.array([*(_word(each) for each in values), ""], dtype=object)
    return pd.Series(words[codes], dtype="str")


def _word(value: object) -> str:
    if isinstance(value, (float, np.floating)):
        return str(value).removesuffix(".0")
    return value.isoformat() if isinstance(value, pd.Timestamp) else str(value)

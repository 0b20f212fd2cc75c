"""An export as it came: names, question texts, ImportIds and cells of text, whatever header rows it has."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

import numpy as np
import pandas as pd

from vignetta.cleaning.delimited import read_delimited
from vignetta.errors import Problem, StudyError

ExportFormat = Literal["qualtrics", "table"]
"""qualtrics: a response export of Qualtrics. table: data in hand, one header row, as CSV, Stata, SPSS or Parquet."""

_DELIMITED: Final = (".csv", ".tsv", ".txt")
_TABLES: Final = (".dta", ".sav", ".parquet")
_DATED: Final = ("StartDate", "EndDate", "RecordedDate", "Progress", "Duration (in seconds)")
_LEGACY_NAME: Final = re.compile(r"V\d+")
_LEGACY_FIRST: Final = ("ResponseID", "ResponseSet")
_OLD_IDS: Final = {"responseId": "_recordId", "panel-ExternalDataReference": "externalDataReference"}
_SUBFIELD: Final = re.compile(r"(?:panel|Location)-(?=[A-Z])")


@dataclass(frozen=True, eq=False)
class RawExport:
    """The raw rows of an export.

    Attributes
    ----------
    shown : the file's name in messages.
    names, texts, import_ids : one text per column; empty where the file has no such header row.
    cells : (rows, columns) text, nothing missing; the columns are numbered from 0.
    header_rows : how many records stand above the first response.
    separator : between the cells of a delimited file, else empty.
    notes : what was unusual about the file, as sentences.
    """

    shown: str
    names: tuple[str, ...]
    texts: tuple[str, ...]
    import_ids: tuple[str, ...]
    cells: pd.DataFrame
    header_rows: int
    separator: str = ""
    notes: tuple[str, ...] = ()

    @property
    def legacy(self) -> bool:
        """Whether Qualtrics wrote it in its format before 2017, which has question texts but no ImportIds."""
        return self.header_rows == 2 and not any(self.import_ids) and any(each in self.names for each in _LEGACY_FIRST)

    def __repr__(self) -> str:
        rows, columns = self.cells.shape
        return f"RawExport({self.shown!r}: {rows} rows × {columns} columns, {self.header_rows} header rows)"


def read_raw(path: str | Path, format: ExportFormat = "qualtrics") -> RawExport:
    """Read an export, or a table of data in hand, without interpreting its cells.

    Parameters
    ----------
    path : a CSV or TSV file; for the format `table` also Stata (.dta), SPSS (.sav) or Parquet.
    format : qualtrics or table.

    Raises
    ------
    StudyError
        When the file is missing, empty or broken; every broken row with its line.
    """
    path = Path(path)
    _check(path, format)
    if path.suffix.lower() in _TABLES:
        return _read_table(path)
    delimited = read_delimited(path.read_bytes(), shown=path.name)
    records, header_rows = delimited.cells, 1
    first = [list(map(str, records.iloc[each])) for each in range(min(3, len(records)))]
    names, texts, import_ids = first[0], [""] * len(first[0]), [""] * len(first[0])
    if format == "qualtrics":
        names, texts, import_ids, header_rows = _header(first)
    cells = records.iloc[header_rows:].reset_index(drop=True)
    return RawExport(
        path.name,
        tuple(map(str.strip, names)),
        tuple(texts),
        tuple(import_ids),
        cells,
        header_rows,
        delimited.separator,
        delimited.notes,
    )


def _check(path: Path, format: ExportFormat) -> None:
    if format not in get_args(ExportFormat):
        known = ", ".join(get_args(ExportFormat))
        raise StudyError(Problem("format", f"`{format}` is not known.", f"Known: {known}."))
    if not path.is_file():
        raise StudyError(Problem(str(path), "the file does not exist.", "Put the export there."))
    known_endings = _DELIMITED + (_TABLES if format == "table" else ())
    if path.suffix.lower() not in known_endings:
        what = f"files that end in `{path.suffix}` are not read as {format}."
        raise StudyError(Problem(path.name, what, f"Known: {', '.join(known_endings)}."))


# ------------------------------------------------------------------------------------------------ header rows


def _header(first: Sequence[list[str]]) -> tuple[list[str], list[str], list[str], int]:
    """Names, texts, ImportIds and the number of header rows, from the first records of the file."""
    names, none = first[0], [""] * len(first[0])
    if len(first) > 2 and _holds_import_ids(first[2]):
        return names, first[1], [_import_id(each) for each in first[2]], 3
    if len(first) > 1 and _holds_import_ids(first[1]):
        return names, none, [_import_id(each) for each in first[1]], 2
    if len(first) > 1 and _is_legacy(names, first[1]):
        old = zip(names, first[1], strict=True)
        return [text if _LEGACY_NAME.fullmatch(name) else name for name, text in old], first[1], none, 2
    if len(first) > 1 and _is_text_row(names, first[1]):
        return names, first[1], none, 2
    return names, none, none, 1


def _holds_import_ids(record: list[str]) -> bool:
    filled = [each for each in record if each]
    return bool(filled) and sum(bool(_pairs(each)) for each in filled) > len(filled) / 2


def _is_legacy(names: list[str], texts: list[str]) -> bool:
    return any(text in _LEGACY_FIRST and _LEGACY_NAME.fullmatch(name) for name, text in zip(names, texts, strict=True))


def _is_text_row(names: list[str], record: list[str]) -> bool:
    """Whether the second record holds words where every response has a date or a number."""
    cells = [cell for name, cell in zip(names, record, strict=True) if name in _DATED and cell]
    return bool(cells) and not any(re.search(r"\d", each) for each in cells)


def _pairs(cell: str) -> dict[str, str]:
    """What a cell of the ImportId row says: JSON, or the older form with single quotation marks."""
    if "ImportId" not in cell:
        return {}
    try:
        return {str(key): str(value) for key, value in json.loads(cell).items()}
    except (ValueError, AttributeError):
        return dict(re.findall(r"'(\w+)': u?'([^']*)'", cell))


def _import_id(cell: str) -> str:
    pairs = _pairs(cell)
    name = normal_import_id(pairs.get("ImportId", ""))
    return f"{name}_{pairs['choiceId']}" if "choiceId" in pairs else name


def normal_import_id(import_id: str) -> str:
    """The present form of an ImportId: exports of 2016 wrote `QID4-1` and `panel-RecipientEmail`.

    >>> normal_import_id("QID4-TEXT"), normal_import_id("Location-LocationLatitude"), normal_import_id("K-1-1")
    ('QID4_TEXT', 'locationLatitude', 'K-1-1')
    """
    if import_id in _OLD_IDS:
        return _OLD_IDS[import_id]
    if _SUBFIELD.match(import_id):
        rest = _SUBFIELD.sub("", import_id)
        return rest[0].lower() + rest[1:]
    if re.match(r"QID\d+[-#]", import_id):
        return re.sub(r"(?<=[^_-])-", "_", import_id)
    return import_id


# ------------------------------------------------------------------------------------------------ data in hand


def _read_table(path: Path) -> RawExport:
    try:
        frame = _TABLE_READERS[path.suffix.lower()](path)
    except (OSError, ValueError, KeyError) as error:
        raise StudyError(Problem(path.name, f"the file cannot be read: {error}", "Save it again.")) from None
    if not len(frame.columns):
        raise StudyError(Problem(path.name, "the file has no column.", "Save it again."))
    names = tuple(str(each) for each in frame.columns)
    cells = pd.DataFrame({each: _as_text(frame.iloc[:, each]) for each in range(len(names))})
    none = ("",) * len(names)
    return RawExport(path.name, names, none, none, cells, 0)


def _read_spss(path: Path) -> pd.DataFrame:
    """The codes of an SPSS file; those that it declares missing are missing."""
    import pyreadstat

    try:
        frame: pd.DataFrame = pyreadstat.read_sav(str(path))[0]
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError) as error:
        raise ValueError(str(error)) from None
    return frame


def _read_stata(path: Path) -> pd.DataFrame:
    return pd.read_stata(path, convert_categoricals=False)


_TABLE_READERS: Final[Mapping[str, Callable[[Path], pd.DataFrame]]] = {
    ".dta": _read_stata,
    ".sav": _read_spss,
    ".parquet": pd.read_parquet,
}


def _as_text(column: pd.Series) -> pd.Series:
    """A typed column as the text that a CSV file would hold; missing is empty."""
    codes, distinct = pd.factorize(column)
    values = distinct.to_numpy() if pd.api.types.is_float_dtype(column.dtype) else distinct
    words = np.array([*(_word(each) for each in values), ""], dtype=object)
    return pd.Series(words[codes], dtype="str")


def _word(value: object) -> str:
    if isinstance(value, (float, np.floating)):
        return str(value).removesuffix(".0")
    return value.isoformat() if isinstance(value, pd.Timestamp) else str(value)

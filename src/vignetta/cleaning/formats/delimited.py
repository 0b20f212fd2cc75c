"""Delimited text as a frame of text: encodings, separators, quoted line breaks. What is broken is told by its line."""

import csv
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from vignetta.cleaning.distinct import TEXT
from vignetta.cleaning.formats.decoding import Content, as_utf8, pieces
from vignetta.errors import SHOWN, Problem, StudyError

_SEPARATORS: Final = {",": "commas", ";": "semicolons", "\t": "tabs"}
_AGAIN: Final = "Export the file again, or open it in a text editor at this line."
_SLICE: Final = 1 << 18
_BLOCK: Final = 1 << 21
"""Bytes that are looked at, and that are parsed, at once: they stay in a processor's cache."""
_LARGEST_BLOCK: Final = (1 << 31) - 1


@dataclass(frozen=True, eq=False)
class Delimited:
    """Every record of a delimited file, header rows included.

    Attributes
    ----------
    cells : (records, columns) text; the columns are numbered from 0.
    separator : between the cells.
    notes : what was unusual about the file, as sentences.
    """

    cells: pd.DataFrame
    separator: str
    notes: tuple[str, ...]


def read_delimited(data: Content, *, shown: str) -> Delimited:
    """The bytes of a CSV or TSV file as cells of text.

    `shown` is the file's name in messages. Raises `StudyError` with the lines where rows are longer or shorter than
    the header, or where a quotation mark is not closed.
    """
    content, notes = as_utf8(data, shown)
    if not any(each.strip() for each in pieces(content)):
        raise StudyError(Problem(shown, "the file is empty.", "Export the responses again."))
    separator, width = _layout(content)
    if separator != ",":
        notes += (f"The cells are separated by {_SEPARATORS[separator]}.",)
    if separator == ";":
        notes += ("A spreadsheet saved the file: compare dates, long numbers and decimals with the original.",)
    if not _marks_pair_up(content, separator):
        _raise_broken(content, separator, width, shown)
    if bytes(content[-1:]) not in (b"\n", b"\r"):
        notes += ("The file ends without a line break: its last row may be cut off.",)
    return Delimited(_cells(content, separator, width, shown), separator, notes)


def _layout(content: Content) -> tuple[str, int]:
    """The separator, and how many cells it makes of the first record."""
    widths = {each: _width(_text_of(content), each) for each in _SEPARATORS}
    separator = max(widths, key=lambda each: widths[each])
    return separator, widths[separator]


def _text_of(content: Content) -> Iterable[str]:
    """The lines of a file, as they are asked for."""
    return io.TextIOWrapper(pa.BufferReader(content), encoding="utf-8", newline="")


def _marks_pair_up(content: Content, separator: str) -> bool:
    """Whether every first mark of a pair opens a cell and every second closes it; doubled marks do both."""
    data = np.frombuffer(content, dtype=np.uint8)
    slices = range(0, len(data), _SLICE)
    marks = np.concatenate([start + np.flatnonzero(data[start : start + _SLICE] == ord('"')) for start in slices])
    around = np.zeros(256, dtype=bool)
    around[np.frombuffer(b'\r\n"' + separator.encode(), dtype=np.uint8)] = True
    opening, closing = marks[0::2], marks[1::2]
    before, after = data[opening[opening > 0] - 1], data[closing[closing < len(data) - 1] + 1]
    return len(marks) % 2 == 0 and bool(around[before].all() and around[after].all())


def _width(lines: Iterable[str], separator: str) -> int:
    try:
        return len(next(filter(None, csv.reader(lines, delimiter=separator)), []))
    except csv.Error:
        return 1


def _cells(content: Content, separator: str, width: int, shown: str) -> pd.DataFrame:
    try:
        table = _parsed(content, separator, width)
    except pa.ArrowInvalid as error:
        _raise_broken(content, separator, width, shown)
        raise StudyError(Problem(shown, f"the file cannot be read: {error}.", _AGAIN)) from None
    frame: pd.DataFrame = table.to_pandas(types_mapper=lambda _: TEXT)
    frame.columns = pd.RangeIndex(width)
    return frame


def _parsed(content: Content, separator: str, width: int) -> pa.Table:
    """All records; a row that is longer than a block needs a longer one."""
    try:
        return _in_blocks(content, separator, width, _BLOCK)
    except pa.ArrowInvalid:
        return _in_blocks(content, separator, width, _LARGEST_BLOCK)


def _in_blocks(content: Content, separator: str, width: int, size: int) -> pa.Table:
    names = [str(each) for each in range(width)]
    size = min(size, len(content) + 1)
    return pyarrow.csv.read_csv(
        pa.BufferReader(content),
        read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=size, use_threads=False),
        parse_options=pyarrow.csv.ParseOptions(delimiter=separator, newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            check_utf8=False, column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False
        ),
    )


def _raise_broken(content: Content, separator: str, width: int, shown: str) -> None:
    """Raise `StudyError` with the line of each broken record; do nothing when all are whole."""
    reader = csv.reader(io.StringIO(bytes(content).decode(), newline=""), delimiter=separator, strict=True)
    problems: list[Problem] = []
    widths: Counter[int] = Counter()
    line = 1
    try:
        for record in filter(None, reader):
            widths[len(record)] += 1
            if len(record) != width:
                what = f"the row has {len(record)} cells where the header has {width}."
                problems.append(Problem(f"{shown}:{line}", what, _AGAIN))
            line = reader.line_num + 1
    except csv.Error as error:
        inside = "expected after" in str(error)
        what = "something follows a closing quotation mark." if inside else "a quotation mark is never closed."
        problems.append(Problem(f"{shown}:{line}", what, _AGAIN))
    if len(widths) == 2 and widths[width] == 1 and max(widths) > width:
        problems = [_no_header(width, max(widths), shown)]
    if len(problems) > SHOWN:
        rest = Problem(shown, f"{len(problems) - SHOWN} more rows are broken.")
        problems = [*problems[:SHOWN], rest]
    if problems:
        raise StudyError(problems)


def _no_header(width: int, usual: int, shown: str) -> Problem:
    what = f"the first row has {width} cells and all others have {usual}: it does not name the columns."
    return Problem(shown, what, "In a copy, delete what stands above the names, or add the name that is missing.")

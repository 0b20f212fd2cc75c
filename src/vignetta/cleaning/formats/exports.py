"""An export as it came, in whatever format: which one it is, its content says, not its name."""

import mmap
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, get_args

import pandas as pd

from vignetta.cleaning.formats.archives import is_zip, unpacked
from vignetta.cleaning.formats.decoding import Content
from vignetta.cleaning.formats.delimited import read_delimited
from vignetta.cleaning.formats.headers import header_of, repeated_header
from vignetta.cleaning.formats.json_exports import read_json
from vignetta.cleaning.formats.raw_exports import ExportFormat, RawExport
from vignetta.cleaning.formats.typed_files import read_parquet, read_spss, read_stata
from vignetta.cleaning.formats.xml_exports import read_xml
from vignetta.errors import Problem, StudyError

_PROBED: Final = 1 << 10
_BEGINNINGS: Final[Mapping[bytes, str]] = {
    rb"\$FL[23]": "spss",
    rb"<stata_dta>|[\x69\x6c\x6e-\x73][\x01\x02]\x01": "stata",
    rb"PAR1": "parquet",
    rb"\s*<(?i:!doctype html|html)": "page",
    rb"\s*<[?!\w]": "xml",
    rb"\s*\{\s*(?!\"ImportId\")[\"}]|\s*\[\s*[{\]]": "json",
    rb"\xd0\xcf\x11\xe0": "spreadsheet",
    rb"\x1f\x8b|7z\xbc\xaf|Rar!|BZh\d|\xfd7zXZ": "compressed",
    rb"%PDF|\x89PNG|\xff\xd8\xff|RD[AX]\d\n|\{\\rtf": "foreign",
}
"""How the content of each format begins; everything else is delimited text."""


def read_raw(path: str | Path, format: ExportFormat = "qualtrics") -> RawExport:
    """Read an export, or a table of data in hand, without interpreting its cells.

    Parameters
    ----------
    path : CSV or TSV, SPSS (.sav), XML, JSON, NDJSON, Stata or Parquet, or a zip that holds one such file. The format
        is recognised by the content.
    format : qualtrics or table.

    Raises
    ------
    StudyError
        When the file is missing, empty or broken; every broken row with its line.
    """
    path = Path(path)
    if format not in get_args(ExportFormat):
        known = ", ".join(get_args(ExportFormat))
        raise StudyError(Problem("format", f"`{format}` is not known.", f"Known: {known}."))
    if not path.is_file():
        raise StudyError(Problem(str(path), "the file does not exist.", "Put the export there."))
    data, shown = _content(path), path.name
    if is_zip(bytes(data[:_PROBED])):
        data, shown = unpacked(bytes(data), shown)
    kind = _kind(bytes(data[:_PROBED]))
    if kind == "delimited":
        return _read_text(data, shown, format)
    return _READERS[kind](bytes(data), shown=shown)


def _content(path: Path) -> Content:
    """A file's bytes, mapped into memory where there are any, so that a large file is not copied."""
    with path.open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)) if path.stat().st_size else b""


def _kind(head: bytes) -> str:
    """The format of a file, from how its content begins."""
    text = head.replace(b"\x00", b"")
    for each in (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"):
        text = text.removeprefix(each)
    found = (kind for start, kind in _BEGINNINGS.items() if re.match(start, head) or re.match(start, text))
    return next(found, "delimited")


def _read_text(data: Content, shown: str, format: ExportFormat) -> RawExport:
    delimited = read_delimited(data, shown=shown)
    header = header_of(delimited.cells, format)
    if format == "qualtrics":
        repeated_header(delimited.cells, header, shown=shown)
    cells = delimited.cells.iloc[header.rows :].reset_index(drop=True)
    return RawExport(
        shown,
        header.names,
        header.texts,
        header.import_ids,
        cells,
        header.rows,
        delimited.separator,
        (*delimited.notes, *header.notes),
        header.time_zones,
        words={codes: dict(_pairs(cells[codes], cells[labels])) for labels, codes in header.beside.items()},
        beside=header.beside,
    )


def _pairs(codes: pd.Series, labels: pd.Series) -> Iterator[tuple[str, str]]:
    """Codes and the words beside them, of cells with one answer."""
    together = pd.DataFrame({"code": codes.str.strip(), "label": labels}).drop_duplicates()
    yield from ((code, label) for code, label in together.itertuples(index=False) if code and label and "," not in code)


def _no_export(what: str, remedy: str) -> Callable[..., RawExport]:
    def refuse(data: bytes, *, shown: str) -> RawExport:
        raise StudyError(Problem(shown, what, remedy))

    return refuse


_READERS: Final[Mapping[str, Callable[..., RawExport]]] = {
    "spss": read_spss,
    "stata": read_stata,
    "parquet": read_parquet,
    "xml": read_xml,
    "json": read_json,
    "page": _no_export("this is a web page, not an export.", "Export the responses again, and sign in first."),
    "spreadsheet": _no_export("this is an Excel file, not an export.", "Export the responses as CSV."),
    "compressed": _no_export("the file is compressed, or made by R (.rds).", "Unpack it, or save a CSV."),
    "foreign": _no_export("this is a picture or a document, not an export.", "Export the responses as CSV."),
}

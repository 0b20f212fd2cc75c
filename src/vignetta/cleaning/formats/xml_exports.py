"""Exports in XML: one element per response, one below it per cell. Entities are never expanded."""

from typing import Any, Final
from xml.parsers import expat

from vignetta.cleaning.formats.decoding import as_utf8
from vignetta.cleaning.formats.raw_exports import RawExport, keyed_export
from vignetta.errors import Problem, StudyError

_AGAIN: Final = "Export the responses again."
_RESPONSE: Final = 2
_CELL: Final = 3


class _Responses:
    """The cells of each response, gathered while the file is parsed."""

    def __init__(self, shown: str) -> None:
        self.shown = shown
        self.records: list[dict[str, str]] = []
        self.path: list[str] = []
        self.text: list[str] = []

    def parse(self, content: bytes) -> None:
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self.text.append
        parser.StartDoctypeDeclHandler = self._refuse
        try:
            parser.Parse(content, True)
        except expat.ExpatError as error:
            what = f"the file is broken or cut off here: {expat.ErrorString(error.code)}."
            raise StudyError(Problem(f"{self.shown}:{error.lineno}", what, _AGAIN)) from None

    def _start(self, name: str, attributes: Any) -> None:
        self._between()
        self.path.append(name)
        if len(self.path) == _RESPONSE:
            self.records.append({})

    def _end(self, name: str) -> None:
        text = "".join(self.text)
        if len(self.path) < _CELL:
            self._between()
        elif len(self.path) == _CELL or text.strip():
            self._add(self.path[_CELL - 1], text if len(self.path) == _CELL else text.strip())
        self.path.pop()
        self.text.clear()

    def _between(self) -> None:
        """Refuse text that stands beside elements: it would belong to no cell."""
        if "".join(self.text).strip():
            where = f"{self.shown}, response {len(self.records)}"
            raise StudyError(Problem(where, f"text stands between the elements of `{self.path[-1]}`.", _AGAIN))
        self.text.clear()

    def _add(self, key: str, text: str) -> None:
        """Several values of one question, as elements of one name or below one another, are separated by commas."""
        before = self.records[-1].get(key, "")
        self.records[-1][key] = f"{before},{text}" if before.strip() and text.strip() else before.strip() or text

    def _refuse(self, *declared: Any) -> None:
        what = "the file declares a document type, which can hide entities; no export does."
        raise StudyError(Problem(self.shown, what, "Do not open it unless you know who made it."))


def read_xml(data: bytes, *, shown: str) -> RawExport:
    """The responses of an XML file. Raises `StudyError` where it is broken, or declares a document type."""
    content, notes = as_utf8(data, shown)
    found = _Responses(shown)
    found.parse(bytes(content))
    if not any(found.records):
        raise StudyError(Problem(shown, "the file holds no responses.", _AGAIN))
    return keyed_export(found.records, shown=shown, notes=notes, respelled=True)

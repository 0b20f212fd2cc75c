"""What every reader of exports returns: names, question texts, ImportIds and cells of text, not yet interpreted."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal
from zoneinfo import ZoneInfo

import pandas as pd

from vignetta.codebook import RECORD

ExportFormat = Literal["qualtrics", "table"]
"""qualtrics: a response export of Qualtrics. table: data in hand, whose first row has the names of the columns."""

_LONGEST: Final = 64
"""SPSS cuts longer names."""
LEGACY_FIRST: Final = ("ResponseID", "ResponseSet")
_OLD_IDS: Final = {"responseId": "_recordId", "panel-ExternalDataReference": "externalDataReference"}
_SUBFIELD: Final = re.compile(r"(?:panel|Location)-(?=[A-Z])")
_OF_QUESTION: Final = re.compile(r"(?:\d+_)?QID\d+")
_BEFORE_DIGIT: Final = re.compile(r"^[@_VX](?=\d+_)")
"""What formats put before names that may not begin with a digit, as those of loops do: `1_Q5`."""
_OF_RECORD: Final = frozenset(each.import_id for each in RECORD)


@dataclass(frozen=True, eq=False)
class RawExport:
    """The raw rows of an export.

    Attributes
    ----------
    shown : the file's name in messages.
    names, texts, import_ids : one text per column; empty where the file does not say.
    cells : (rows, columns) text, nothing missing; the columns are numbered from 0.
    header_rows : how many records stand above the first response.
    separator : between the cells of a delimited file, else empty.
    notes : what was unusual about the file, as sentences.
    time_zones : for each column with times of a known zone, its number and the zone.
    words : for each column with codes beside which the file gives words, its number and the words of each code.
    missing : for each column with values that the file declares missing, its number and these values.
    beside : for each column with the words of another one's codes, its number and the other's.
    respelled : whether the format cannot write every name, so that other signs stand in some.
    """

    shown: str
    names: tuple[str, ...]
    texts: tuple[str, ...]
    import_ids: tuple[str, ...]
    cells: pd.DataFrame
    header_rows: int
    separator: str = ""
    notes: tuple[str, ...] = ()
    time_zones: Mapping[int, str] = field(default_factory=dict)
    words: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    missing: Mapping[int, Collection[str]] = field(default_factory=dict)
    beside: Mapping[int, int] = field(default_factory=dict)
    respelled: bool = False

    @property
    def legacy(self) -> bool:
        """Whether Qualtrics wrote it in its format before 2017, which has question texts but no ImportIds."""
        return self.header_rows == 2 and not any(self.import_ids) and any(each in self.names for each in LEGACY_FIRST)

    def __repr__(self) -> str:
        rows, columns = self.cells.shape
        return f"RawExport({self.shown!r}: {rows} rows × {columns} columns, {self.header_rows} header rows)"


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
    if re.match(r"(?:\d+_)?QID\d+[-#]", import_id):
        return re.sub(r"(?<=[^_-])-", "_", import_id)
    return import_id


def is_import_id(name: str) -> bool:
    """Whether a name has the form of the ImportId of a question, or is that of a column of every export.

    >>> is_import_id("QID4_TEXT"), is_import_id("startDate"), is_import_id("StartDate")
    (True, True, False)
    """
    return bool(_OF_QUESTION.match(name)) or name in _OF_RECORD


def known_zone(name: str) -> str:
    """The name of a time zone, empty when no zone is called so.

    >>> known_zone("America/Denver"), known_zone("Z"), known_zone("Atlantis")
    ('America/Denver', 'UTC', '')
    """
    try:
        return ZoneInfo("UTC" if name == "Z" else name).key
    except (KeyError, ValueError, OSError):
        return ""


def respelled(name: str) -> str:
    """A name as formats write it that allow few signs in names, such as SPSS and XML.

    >>> respelled("Duration (in seconds)"), respelled("@2_Q5"), respelled("F-1-1")
    ('duration__in_seconds_', '2_q5', 'f_1_1')
    """
    return re.sub(r"\W", "_", _BEFORE_DIGIT.sub("", name))[:_LONGEST].casefold()


def keyed_export(
    records: Sequence[Mapping[str, str]],
    *,
    shown: str,
    notes: tuple[str, ...],
    words: Mapping[str, Mapping[str, str]] | None = None,
    respelled: bool = False,
) -> RawExport:
    """The export of a format without header rows, in which each response gives the key of each of its cells.

    A key is an ImportId where it has the form of one, otherwise the name of a column.
    """
    keys = list(dict.fromkeys(key for each in records for key in each))
    columns = {place: pd.Series([each.get(key, "") for each in records], dtype="str") for place, key in enumerate(keys)}
    ids = [normal_import_id(_BEFORE_DIGIT.sub("", each)) for each in keys]
    ids = [each if is_import_id(each) else "" for each in ids]
    known = {place: words[key] for place, key in enumerate(keys) if words and words.get(key)}
    cells = pd.DataFrame(columns, index=range(len(records)))
    none = ("",) * len(keys)
    return RawExport(shown, tuple(keys), none, tuple(ids), cells, 0, "", notes, words=known, respelled=respelled)

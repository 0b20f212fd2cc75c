"""The header rows of a delimited export: none, names, question texts, ImportIds, in the present and the legacy form."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from vignetta.cleaning.distinct import Flags, flags
from vignetta.cleaning.formats.raw_exports import LEGACY_FIRST, ExportFormat, is_import_id, known_zone, normal_import_id
from vignetta.errors import Problem, StudyError

_DATED: Final = ("StartDate", "EndDate", "RecordedDate", "Progress", "Duration (in seconds)")
_LABELS: Final = {
    "Status": "Response Type",
    "Finished": "Finished",
    "ResponseId": "Response ID",
    "DistributionChannel": "Distribution Channel",
    "UserLanguage": "User Language",
}
"""What stands below the names of columns in which no response has it, where those with dates were left out."""
_PARTS: Final = ("choiceId", "point", "coord")
"""What tells columns of one ImportId apart: the choice, or the point of a heat map and its coordinate."""
_LEGACY_NAME: Final = re.compile(r"V\d+")
_MOST: Final = 3
_TIME: Final = re.compile(r"\s*(?:\d{4}-\d{2}-\d{2}[ T]|\d{1,2}[./]\d{1,2}[./]\d{2,4} )\d{1,2}:\d{2}")
"""No column is called so."""
_SURE_IDS: Final = frozenset(("_recordId", "startDate", "recordedDate"))
"""ImportIds that no column has as its name."""


@dataclass(frozen=True)
class Header:
    """What stands above the first response.

    Attributes
    ----------
    names, texts, import_ids : one text per column; empty where there is no such row.
    rows : how many rows they take.
    time_zones : for each column whose ImportId gives one, its number and the zone of its times.
    beside : for each column with the words of another one's codes, its number and the other's.
    notes : what was unusual, as sentences.
    """

    names: tuple[str, ...]
    texts: tuple[str, ...]
    import_ids: tuple[str, ...]
    rows: int
    time_zones: Mapping[int, str] = field(default_factory=dict)
    beside: Mapping[int, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def header_of(records: pd.DataFrame, format: ExportFormat) -> Header:
    """The header rows of the records of a file; a table of data in hand has one."""
    first = [list(map(str, records.iloc[each])) for each in range(min(_MOST, len(records)))]
    names, texts, ids, rows = (first[0], [], [], 1) if format == "table" else _rows(first)
    none = ("",) * len(names)
    import_ids = tuple(_import_id(each) for each in ids) or (none if format == "table" else _as_names(names)) or none
    notes = ("The row of column names is missing; columns are called by their ImportIds.",) if ids is names else ()
    return Header(
        import_ids if ids is names else tuple(map(str.strip, names)),
        tuple(texts) or none,
        import_ids,
        rows,
        {place: zone for place, each in enumerate(ids) if (zone := known_zone(_pairs(each).get("timeZone", "")))},
        _beside(ids, import_ids),
        notes,
    )


def _as_names(names: Sequence[str]) -> tuple[str, ...]:
    """The ImportIds of columns that are called by them, as qualtRics does when asked to; else nothing."""
    if _SURE_IDS.isdisjoint(names):
        return ()
    ids = map(normal_import_id, names)
    return tuple(each if is_import_id(each) else "" for each in ids)


def _beside(ids: Sequence[str], import_ids: Sequence[str]) -> dict[int, int]:
    """For each column with the words of another one's codes, as the API exports them when asked to, the other."""
    labels = [place for place, each in enumerate(ids) if _holds_words(each)]
    coded = {each: place for place, each in enumerate(import_ids) if each and place not in labels}
    return {place: coded[import_ids[place]] for place in labels if import_ids[place] in coded}


def _holds_words(cell: str) -> bool:
    pairs = {key.casefold(): value.casefold() for key, value in _pairs(cell).items()}
    return pairs.get("islabelscolumn") in ("true", "1")


def _rows(first: Sequence[list[str]]) -> tuple[list[str], list[str], list[str], int]:
    """The rows of names, texts and ImportIds, empty where there is none, and how many they are."""
    names = first[0]
    if len(first) > 2 and _holds_import_ids(first[2]):
        return names, first[1], first[2], 3
    if len(first) > 1 and _holds_import_ids(first[1]):
        return names, [], first[1], 2
    if _holds_import_ids(names):
        return names, [], names, 1
    if len(first) > 1 and _is_legacy(names, first[1]):
        old = zip(names, first[1], strict=True)
        return [text if _LEGACY_NAME.fullmatch(name) else name for name, text in old], first[1], [], 2
    if len(first) > 1 and _is_text_row(names, first[1]):
        return names, first[1], [], 2
    return names, [], [], 1


def _holds_import_ids(record: list[str]) -> bool:
    filled = [each for each in record if each]
    return bool(filled) and sum(bool(_pairs(each)) for each in filled) > len(filled) / 2


def _is_legacy(names: list[str], texts: list[str]) -> bool:
    return any(text in LEGACY_FIRST and _LEGACY_NAME.fullmatch(name) for name, text in zip(names, texts, strict=True))


def _is_text_row(names: list[str], record: list[str]) -> bool:
    """Whether the second record holds words where every response has a date or a number, or else Qualtrics' labels."""
    there = dict(zip(names, record, strict=True))
    cells = [there[each] for each in _DATED if there.get(each)]
    if cells:
        return not any(re.search(r"\d", each) for each in cells)
    return any(there.get(name) == label for name, label in _LABELS.items())


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
    return "_".join([name, *(pairs[key] for key in _PARTS if key in pairs)])


def repeated_header(records: pd.DataFrame, header: Header, *, shown: str) -> None:
    """Raise `StudyError` where the first row is no header row, and with each row below the header that is one: there
    are rows above the header, or several exports were joined."""
    if any(map(_TIME.match, header.names)):
        what = "the first row is a response: the header rows are missing."
        raise StudyError(Problem(shown, what, "Export the responses again, or put the names of the columns on top."))
    below = records.iloc[header.rows :]
    suspects = np.zeros(len(below), dtype=bool)
    for place in range(min(_MOST, len(header.names))):
        suspects |= _like_header(below[place], header.names[place])
    if not suspects.any():
        return
    near = below[suspects]
    alike = sum(_like_header(near[place], name).astype(np.int64) for place, name in enumerate(header.names))
    found = np.flatnonzero(suspects)[np.asarray(alike > len(header.names) / 2)] + 1
    if len(found):
        above = header.rows + int(found[0]) - _MOST
        if above < _MOST and not any(header.import_ids) and _holds_import_ids(list(map(str, below.iloc[found[0] - 1]))):
            what = "a row stands above the header rows." if above == 1 else f"{above} rows stand above the header rows."
            raise StudyError(Problem(shown, what, "Delete what stands above the names of the columns, in a copy."))
        rows = ", ".join(map(str, found[:_MOST]))
        what = f"data row{'s' * (len(found) > 1)} {rows}: here stand header rows; several exports were joined into one."
        raise StudyError(Problem(shown, what, "Clean each export by itself, or join them without their header rows."))


def _like_header(column: pd.Series, name: str) -> Flags:
    """Which cells of a column hold its name or an ImportId."""
    cells = pa.array(column)
    named = flags(pc.equal(cells, name)) & (name != "")
    return named | flags(pc.match_substring(cells, "ImportId"))

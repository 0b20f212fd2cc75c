"""Cells become times: as Qualtrics or a spreadsheet writes them, in whatever time zone."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from vignetta.cleaning.cells import Column
from vignetta.cleaning.distinct import Codes, Flags, as_series, holding, spread

Times = npt.NDArray[np.datetime64]

_FIRST, _LAST = np.datetime64("1678-01-01"), np.datetime64("2262-01-01")
"""Between them the clocks of all zones are known."""
_REGULAR: Final = "2026-01-31 09:30:00"
_TIMES: Final = f"Times are written as {_REGULAR}."
_WITH_OFFSET: Final = r".*(?:Z|[T ]\d{2}:.*[+-]\d{2}:?\d{2})\s*"
_DAY_MONTH: Final = r"(\d{1,2})[/.](\d{1,2})[/.](\d{4}|\d{2})(?:,? (\d{1,2}):(\d{2})(?::(\d{2}))?(?: ?([APap])[Mm])?)?"
_SPELLINGS: Final = (
    (r"^(\d{1,2})-(\d{1,2})-(\d{4})\b", r"\1/\2/\3"),
    (r"^(\d{4})/(\d{1,2})/(\d{1,2})\b", r"\1-\2-\3"),
    (r"^(\d{4})-(\d)-", r"\1-0\2-"),
    (r"^(\d{4}-\d{2})-(\d)\b", r"\1-0\2"),
    (r"^(\d{4}-\d{2}-\d{2}) (\d):", r"\1 0\2:"),
)
"""Signs and lost zeros with which spreadsheets of some countries write dates, and what is read in their place."""
_ISO: Final = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?"


def times_of(column: Column) -> pd.Series:
    """Times in UTC where their zone is known, otherwise as written; what is no time is told with its rows.

    JSON has the thousandths of the second in which a response came, other formats cut them off.
    """
    texts = pc.utf8_trim_whitespace(column.cells)
    read = _regular(texts)
    places = np.arange(len(texts))
    times = _written_otherwise(texts, column) if read is None else _by_the_clock(read, places, column)
    column.tell(column.chosen(np.isnat(times) & column.used), "is not a time", _TIMES)
    if column.format == "qualtrics" and column.variable.role == "record":
        times = times.astype("datetime64[s]").astype(times.dtype)
    return pd.Series(spread(times, column.codes, missing=np.datetime64("NaT")))


def _regular(texts: pa.Array) -> Times | None:
    """Times that are all written as Qualtrics writes them, than which Arrow reads no other of this length; or None."""
    try:
        all_alike = pc.all(pc.equal(pc.binary_length(texts), len(_REGULAR))).as_py()
        return np.array(pc.cast(texts, pa.timestamp("us"))) if all_alike else None
    except pa.ArrowInvalid:
        return None


def _written_otherwise(texts: pa.Array, column: Column) -> Times:
    """Times as other programs write them; NaT where there is none."""
    for pattern, spelling in _SPELLINGS:
        texts = pc.replace_substring_regex(texts, pattern, spelling)
    iso = holding(texts, f"^(?:{_ISO})$")
    slashed = ~iso if iso.all() else holding(texts, f"^(?:{_DAY_MONTH})$")
    times = np.full(len(texts), np.datetime64("NaT", "us"))
    times[iso] = _instants(texts.filter(pa.array(iso)), np.flatnonzero(iso), column)
    if slashed.any():
        cells = as_series(texts.filter(pa.array(slashed)))
        order = _order(cells)
        times[slashed] = _instants(pa.array(_rewritten(cells, order or "month")), np.flatnonzero(slashed), column)
        _tell_order(column, column.chosen(slashed), order)
    _tell_days(column, texts)
    return times


def _tell_days(column: Column, texts: pa.Array) -> None:
    """Note the rows whose time of day or its seconds are lost, where Qualtrics would have written them."""
    if column.format != "qualtrics" or column.variable.role != "record":
        return
    colons = pc.count_substring(pc.replace_substring_regex(texts, "[+].*", ""), ":").to_numpy(zero_copy_only=False)
    for n, what in ((0, "a day without its time of day"), (1, "a time without its seconds")):
        rows = len(column.rows(colons == n))
        if rows:
            column.notes.append(f"`{column.variable.full_name}`: in {rows} rows stands {what}.")


def _instants(texts: pa.Array, places: Codes, column: Column) -> Times:
    """Times in UTC, those with an offset and those in a known zone; others as they are written.

    `places` are those of the texts in the column.
    """
    times, bare = instants_of(texts)
    times[bare] = _by_the_clock(times[bare], places[bare], column)
    return times


def _by_the_clock(times: Times, places: Codes, column: Column) -> Times:
    """Times in UTC where the zone of their clock is known; NaT in years in which no survey was answered."""
    times = np.where((times < _FIRST) | (times >= _LAST), np.datetime64("NaT"), times)
    return _in_utc(times, places, column) if column.time_zone else times


def instants_of(texts: pa.Array) -> tuple[Times, Flags]:
    """Times of ISO 8601 as they are written, in UTC where they have an offset; and which have none.

    NaT where there is no such day or hour. Arrow refuses these and offsets; all else it reads as pandas does, faster.
    """
    try:
        read = pc.cast(texts, pa.timestamp("us")).to_numpy(zero_copy_only=False)
        return np.array(read), np.ones(len(texts), dtype=bool)
    except pa.ArrowInvalid:
        times = pd.to_datetime(as_series(texts), format="ISO8601", utc=True, errors="coerce").dt.tz_localize(None)
        return np.array(times, dtype="datetime64[us]"), ~holding(texts, f"^(?:{_WITH_OFFSET})$")


def _in_utc(times: Times, places: Codes, column: Column) -> Times:
    """Times of a zone's clock in UTC.

    Of an hour that a clock shows twice, as summer time ends, the first is meant; one that it skips is moved on by an
    hour.
    """
    clock = pd.DatetimeIndex(times)
    local = clock.tz_localize(column.time_zone, ambiguous="NaT", nonexistent="NaT")
    utc = np.array(local.tz_convert(None), dtype="datetime64[us]")
    doubtful = np.isnat(utc) & ~np.isnat(times)
    if doubtful.any():
        there = clock[doubtful]
        first, second = (_in_zone(there, column.time_zone, summer=each) for each in (True, False))
        _tell_hours(
            column, {"shows twice": first != second, "skips": first.tz_localize(None) != there}, places[doubtful]
        )
        utc[doubtful] = first.tz_convert(None).to_numpy()
    return utc


def _in_zone(times: pd.DatetimeIndex, time_zone: str, *, summer: bool) -> pd.DatetimeIndex:
    twice = np.full(len(times), summer)
    return times.tz_localize(time_zone, ambiguous=twice, nonexistent=pd.Timedelta("1h"))


def _tell_hours(column: Column, doubtful: Mapping[str, Flags], places: Codes) -> None:
    for what, which in doubtful.items():
        rows = int(np.isin(column.codes, places[which]).sum())
        if rows:
            told = f"in {rows} rows stands an hour that the clock of {column.time_zone} {what}"
            column.notes.append(f"`{column.variable.full_name}`: {told}.")


def zone_notes(columns: Sequence[Column]) -> Iterator[str]:
    """In which zones times were written, as sentences."""
    timed = [each for each in columns if each.variable.kind == "time" and len(each.cells)]
    bare = [each for each in timed if not re.fullmatch(_WITH_OFFSET, each.cells[0].as_py())]
    zones = [zone for zone in dict.fromkeys(each.time_zone for each in bare) if zone not in ("", "UTC")]
    if zones:
        yield f"Times were written in {', '.join(zones)} and are in UTC here."
    if any(each.variable.role == "record" and each.format == "qualtrics" and not each.time_zone for each in bare):
        yield "Nothing says in which time zone times were written; they are kept as written."


def _order(cells: pd.Series) -> Literal["day", "month"] | None:
    """Whether day or month comes first in dates such as 1/14/18: the number above 12 is the day.

    Where no number is, the day if they are written with points, as in 14.1.2018, which nobody reads otherwise; else
    None. When both are somewhere, the month, so that the others turn out to be no times.
    """
    parts = cells.str.extract(_DAY_MONTH)
    first, second = (parts[0].astype(int) > 12).any(), (parts[1].astype(int) > 12).any()
    if not first and not second:
        return "day" if cells.str.contains(".", regex=False).all() else None
    return "month" if second else "day"


def _rewritten(cells: pd.Series, order: Literal["day", "month"]) -> pd.Series:
    parts = cells.str.extract(_DAY_MONTH).fillna("")
    day, month = (parts[0], parts[1]) if order == "day" else (parts[1], parts[0])
    year = parts[2].where(parts[2].str.len() == 4, "20" + parts[2])
    hours = parts[3].where(parts[3] != "", "0").astype(int)
    hours = hours.where(parts[6] == "", hours % 12 + 12 * (parts[6].str.upper() == "P"))
    clock = (each.where(each != "", "0").str.zfill(2) for each in (hours.astype(str), parts[4], parts[5]))
    return (
        year
        + "-"
        + month.str.zfill(2)
        + "-"
        + day.str.zfill(2)
        + " "
        + reduce(lambda one, each: one + ":" + each, clock)
    )


def _tell_order(column: Column, cells: list[str], order: Literal["day", "month"] | None) -> None:
    if order:
        column.notes.append(f"`{column.variable.full_name}` was rewritten by a spreadsheet; the {order} comes first.")
    else:
        column.make_missing(
            cells,
            "whether day or month comes first is open (take the export as it came, not as a spreadsheet saved it), "
            f"so that `{cells[0]}` and the like are missing",
        )

"""Cells become times: as Qualtrics or a spreadsheet writes them, in whatever time zone."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from vignetta.cleaning.cells import Column
from vignetta.cleaning.distinct import Flags, as_series, holding, spread

_TIMES: Final = "Times are written as 2026-01-31 09:30:00."
_WITH_OFFSET: Final = r".*(?:Z|[T ]\d{2}:.*[+-]\d{2}:?\d{2})\s*"
_DAY_MONTH: Final = r"(\d{1,2})[/.](\d{1,2})[/.](\d{4}|\d{2})(?: (\d{1,2}:\d{2}(?::\d{2})?))?"
_ISO: Final = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?"


def times_of(column: Column) -> pd.Series:
    """Times in UTC where their zone is known, otherwise as written; what is no time is told with its rows."""
    texts = pc.utf8_trim_whitespace(column.cells)
    cells = as_series(texts)
    iso = holding(texts, f"^(?:{_ISO})$")
    slashed = ~iso if iso.all() else holding(texts, f"^(?:{_DAY_MONTH})$")
    times = pd.Series(pd.NaT, index=cells.index, dtype="datetime64[us]")
    times[iso] = _instants(cells[iso], column)
    if slashed.any():
        order = _order(cells[slashed])
        times[slashed] = _instants(_rewritten(cells[slashed], order or "month"), column)
        _tell_order(column, column.chosen(slashed), order)
    unread = times.isna().to_numpy() & column.used
    column.tell(column.chosen(unread), "is not a time", _TIMES)
    return pd.Series(spread(times.to_numpy(), column.codes, missing=np.datetime64("NaT")))


def _instants(texts: pd.Series, column: Column) -> Any:
    """Times in UTC: those with an offset, and those in a known zone; others as they are written.

    Of an hour that a clock shows twice, as summer time ends, the first is meant; one that it skips is moved on by an
    hour.
    """
    read, bare = instants_of(texts)
    if column.time_zone:
        read[bare] = _in_utc(read[bare], column)
    return read


def _in_utc(times: pd.Series, column: Column) -> pd.Series:
    local = times.dt.tz_localize(column.time_zone, ambiguous="NaT", nonexistent="NaT")
    doubtful = times[local.isna() & times.notna()]
    if len(doubtful):
        first, second = (_in_zone(doubtful, column.time_zone, summer=each) for each in (True, False))
        _tell_hours(column, {"shows twice": first != second, "skips": first.dt.tz_localize(None) != doubtful})
        local[doubtful.index] = first
    utc: pd.Series = local.dt.tz_convert("UTC").dt.tz_localize(None)
    return utc


def instants_of(texts: pd.Series) -> tuple[pd.Series, Flags]:
    """Times of ISO 8601 as they are written, in UTC where they have an offset; and which have none.

    NaT where there is no such day or hour. Arrow refuses these and offsets; all else it reads as pandas does, faster.
    """
    cells = pa.array(texts)
    try:
        read = pd.Series(pc.cast(cells, pa.timestamp("us")).to_numpy(), index=texts.index)
        return read, np.ones(len(texts), dtype=bool)
    except pa.ArrowInvalid:
        read = pd.to_datetime(texts, format="ISO8601", utc=True, errors="coerce").dt.tz_localize(None)
        return read.astype("datetime64[us]"), ~holding(cells, f"^(?:{_WITH_OFFSET})$")


def _in_zone(times: pd.Series, time_zone: str, *, summer: bool) -> pd.Series:
    twice = np.full(len(times), summer)
    local: pd.Series = times.dt.tz_localize(time_zone, ambiguous=twice, nonexistent=pd.Timedelta("1h"))
    return local


def _tell_hours(column: Column, doubtful: Mapping[str, pd.Series]) -> None:
    for what, which in doubtful.items():
        places = which.index[which]
        rows = int(np.isin(column.codes, places).sum()) if len(places) else 0
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

    None when no number is; when both are somewhere, the month, so that the others turn out to be no times.
    """
    parts = cells.str.extract(_DAY_MONTH)
    first, second = (parts[0].astype(int) > 12).any(), (parts[1].astype(int) > 12).any()
    if not first and not second:
        return None
    return "month" if second else "day"


def _rewritten(cells: pd.Series, order: Literal["day", "month"]) -> pd.Series:
    parts = cells.str.extract(_DAY_MONTH).fillna("")
    day, month = (parts[0], parts[1]) if order == "day" else (parts[1], parts[0])
    year = parts[2].where(parts[2].str.len() == 4, "20" + parts[2])
    clock = parts[3].where(parts[3] != "", "0:00:00")
    clock = clock.where(clock.str.count(":") == 2, clock + ":00")
    return year + "-" + month.str.zfill(2) + "-" + day.str.zfill(2) + " " + clock.str.zfill(8)


def _tell_order(column: Column, cells: list[str], order: Literal["day", "month"] | None) -> None:
    if order:
        column.notes.append(f"`{column.variable.full_name}` was rewritten by a spreadsheet; the {order} comes first.")
    else:
        column.make_missing(
            cells, f"whether day or month comes first is open, so that `{cells[0]}` and the like are missing"
        )

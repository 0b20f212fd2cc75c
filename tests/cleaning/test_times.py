"""Times that Arrow reads are those that pandas reads; hours that a clock shows twice or skips are told."""

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vignetta.cleaning.formats.exports import read_raw
from vignetta.cleaning.matching import match
from vignetta.cleaning.times import instants_of
from vignetta.cleaning.values import Typed, read_values
from vignetta.codebook import Codebook, Variable
from vignetta.errors import StudyError

NUMBERS = st.integers(0, 99).map("{:02}".format)
YEARS = st.one_of(st.integers(0, 9999), st.integers(1990, 2040)).map("{:04}".format)
CLOCKS = st.builds("{}{}:{}".format, st.sampled_from(" T"), NUMBERS, NUMBERS)
SECONDS = st.one_of(st.just(""), NUMBERS.map(":{}".format), st.builds(":{}.{}".format, NUMBERS, st.integers(0, 10**7)))
OFFSETS = st.sampled_from(["", "", "", "Z", "+01:00", "-0530"])
TEXTS = st.one_of(
    st.builds("{}-{}-{}".format, YEARS, NUMBERS, NUMBERS),
    st.builds("{}-{}-{}{}{}{}".format, YEARS, NUMBERS, NUMBERS, CLOCKS, SECONDS, OFFSETS),
    st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30)).map(lambda each: each.isoformat(sep=" ")),
    st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2040, 1, 1)).map("{:%Y-%m-%d %H:%M:%S}".format),
)


@given(st.lists(TEXTS, max_size=4))
@example(["0000-01-01 00:00:00"])
@example(["0001-01-01", "9999-12-31T23:59:59.999999"])
@example(["2026-03-01 24:00:00"])
@example(["2026-03-01 10:00:60"])
@example(["2026-02-29", "2024-02-29"])
@example(["1900-02-29 00:00"])
@example(["2026-03-01 10:00:00.1234567"])
@example(["2026-03-01 10:00:00.1"])
def test_arrow_and_pandas_read_the_same(texts: list[str]) -> None:
    found, bare = instants_of(pa.array(texts, pa.large_string()))
    read = pd.to_datetime(pd.Series(texts, dtype="str"), format="ISO8601", utc=True, errors="coerce")
    np.testing.assert_array_equal(found, read.dt.tz_localize(None).to_numpy(dtype="datetime64[us]"))
    assert bare.tolist() == [not re.search(r":.*([+-]\d{2}:?\d{2}|Z)$|Z$", each) for each in texts]


DAYS = ["2026-03-08", "2026-11-01", "2026-07-01"]
"""In Denver, the first day of summer time, its last, and one between."""


@pytest.fixture
def read(write: Callable[..., Path]) -> Callable[[list[str]], Typed]:
    """Read times of Denver."""

    def typed(cells: list[str]) -> Typed:
        raw = read_raw(write("\n".join(["StartDate", *cells]) + "\n"))
        started = Variable(name="started", role="record", kind="time", column="StartDate")
        codebook = Codebook(variables=(started,))
        matching = match(raw, codebook)
        return read_values(raw, codebook, matching=matching, format="qualtrics", time_zone="America/Denver")

    return typed


def test_every_hour_of_a_zone_becomes_the_instant_that_the_standard_library_says(
    read: Callable[[list[str]], Typed],
) -> None:
    written = [f"{day} {hour:02}:30:00" for day in DAYS for hour in range(24)]
    clock = [dt.datetime.fromisoformat(each).replace(tzinfo=ZoneInfo("America/Denver")) for each in written]
    instants = [each.astimezone(dt.UTC).replace(tzinfo=None) for each in clock]
    skipped = written.index("2026-03-08 02:30:00")
    instants[skipped] = dt.datetime(2026, 3, 8, 9, 30)  # 03:30 of summer time
    found = read(written)
    assert found.data["started"].tolist() == [pd.Timestamp(each) for each in instants]
    assert "`started`: in 1 rows stands an hour that the clock of America/Denver shows twice." in found.notes
    assert "`started`: in 1 rows stands an hour that the clock of America/Denver skips." in found.notes


def test_times_with_and_without_offsets_may_stand_together(read: Callable[[list[str]], Typed]) -> None:
    found = read(["2026-07-01 12:00:00", "2026-07-01T12:00:00Z", "7/1/2026 12:00", "2026-07-01T12:00:00+02:00"])
    hours = found.data["started"].dt.hour
    assert hours.fillna(-1).tolist() == [18, 12, -1, 10]
    assert "whether day or month comes first is open" in " ".join(found.notes)


def test_dates_with_points_begin_with_the_day(read: Callable[[list[str]], Typed]) -> None:
    found = read(["01.03.2026 12:00", "12.03.2026 12:00"])
    assert found.data["started"].dt.day.tolist() == [1, 12]
    assert "`started` was rewritten by a spreadsheet; the day comes first." in found.notes
    open_order = read(["1/3/2026 12:00", "01.03.2026 12:00"])
    assert open_order.data["started"].isna().all()
    assert any("take the export as it came, not as a spreadsheet saved it" in each for each in open_order.notes)


@pytest.mark.parametrize("cell", ["9999-12-31 23:59:59", "1066-10-14 09:00:00"])
def test_a_year_of_no_survey_is_no_time(read: Callable[[list[str]], Typed], cell: str) -> None:
    with pytest.raises(StudyError, match=f"`{cell}` is not a time"):
        read(["2026-07-01 10:00:00", cell])

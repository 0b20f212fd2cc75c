"""Dates and times in formats of letters, and days away from today."""

from datetime import datetime

import pytest

from tests.instruments.small_flows import notes, one_block, said, take
from vignetta.instruments.running.dates import form_of, moved

TODAY = datetime(2024, 1, 31, 12, 30)


@pytest.mark.parametrize(
    ("away", "expected"),
    [
        ("-1 year", "2023-01-31"),
        ("+1 day", "2024-02-01"),
        ("1 days", "2024-02-01"),
        ("-2 weeks", "2024-01-17"),
        ("+1 month", "2024-03-02"),
        ("-12 months", "2023-01-31"),
        ("+36 hours", "2024-02-02"),
        ("+99999 year", None),
        ("yesterday", None),
    ],
)
def test_days_away(away: str, expected: str | None) -> None:
    found = moved(TODAY, away)
    assert (found and found.date().isoformat()) == expected


def test_formats() -> None:
    assert TODAY.strftime(form_of("m/d/Y H:i:s") or "") == "01/31/2024 12:30:00"
    assert form_of("MT") is None
    assert form_of("Q") is None


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("date://OtherDate/Y%2Fm%2Fd/+1 day", "2026/01/16"),
        ("date://OtherDate/Y-m-d/-1%20year", "2025-01-15"),
        ("date://CurrentTime/H:i", "12:00"),
    ],
)
def test_piped_dates(source: str, text: str) -> None:
    assert take(one_block(said("told", f"${{{source}}}"))).shown["QID1"] == text


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("date://OtherDate/Y-m-d/someday", "cannot be told; left empty"),
        ("date://CurrentTime/MT", "the date format MT is not known; written as 12:30:00"),
        ("date://OtherDate/PT/-1%20year", "the date format PT is not known; written as 2026-01-31"),
    ],
)
def test_what_is_not_known_is_named(source: str, words: str) -> None:
    (found,) = notes(one_block(said("told", f"${{{source}}}")))
    assert words in found

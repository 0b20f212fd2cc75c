"""Piped dates and times: `date://CurrentDate/...`, `date://CurrentTime/...`, `date://OtherDate/.../+1 day`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

DATE: Final = re.compile(r"date://(?:Current(Date|Time)/(.+)|OtherDate/(.+)/([^/]+))")
"""Today or now in a format, or a day in a format and how far it is from today; its escapes are read."""
_AWAY: Final = re.compile(r"([-+ ]?)(\d{1,5}) ?(minute|hour|day|week|month|year)s?")
_SAME: Final = {"i": "M", "s": "S", "F": "B", "M": "b", "l": "A", "D": "a", "h": "I", "A": "p", "N": "u"}
_LETTERS: Final[Mapping[str, str]] = {"c": "%Y-%m-%dT%H:%M:%S"} | {
    each: "%" + _SAME.get(each, each) for each in ("Y", "y", "m", "d", "H", *_SAME)
}
"""The letters of a date's format that say the same here as there."""
_NAMED: Final = ("PT", "DS", "DT", "MS", "MT", "ST", "FT")
"""Formats that are called by a name, whose look is not known."""
_MONTHS: Final = {"month": 1, "year": 12}


def form_of(letters: str) -> str | None:
    """How `strftime` writes a format; None for one that is not known."""
    if letters in _NAMED or not all(each in _LETTERS or not each.isalpha() for each in letters):
        return None
    return "".join(_LETTERS.get(each, each.replace("%", "%%")) for each in letters)


def moved(today: datetime, away: str) -> datetime | None:
    """A day so far away, such as `-1 year`; None for what is no distance, or leads out of the calendar.

    A day that the month does not have is counted on into the next one.

    >>> moved(datetime(2026, 1, 31), "+1 month").date().isoformat()
    '2026-03-03'
    """
    found = _AWAY.fullmatch(away.strip())
    if found is None:
        return None
    number = -int(found[2]) if found[1] == "-" else int(found[2])
    try:
        if found[3] not in _MONTHS:
            return today + timedelta(**{f"{found[3]}s": number})
        years, month = divmod(today.month - 1 + number * _MONTHS[found[3]], 12)
        return today.replace(year=today.year + years, month=month + 1, day=1) + timedelta(days=today.day - 1)
    except (OverflowError, ValueError):
        return None

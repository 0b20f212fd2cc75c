"""Visits in the field: when they began, how long each page took, where they came from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from vignetta.instruments.running.visits import Visit

PARTIAL_AFTER: Final = timedelta(days=7)
"""How long after its last page an unfinished response is recorded."""


@dataclass(frozen=True)
class Session:
    """One visit in the field: when it began, how many seconds each of its pages took, and from where it came.

    `test` marks a response that Qualtrics would call a test response, because nobody gave it.
    """

    visit: Visit
    started: datetime
    seconds: tuple[float, ...]
    ip_address: str
    preview: bool = False
    test: bool = False

    @cached_property
    def duration(self) -> int:
        """Whole seconds from the first page to the last submit or, if unfinished, the last activity."""
        return int(sum(self.seconds))

    @cached_property
    def ended(self) -> datetime:
        return self.started + timedelta(seconds=self.duration)

    @cached_property
    def recorded(self) -> datetime:
        return self.ended + (timedelta(seconds=1) if self.visit.finished else PARTIAL_AFTER)

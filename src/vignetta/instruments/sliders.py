"""The numbers of sliders: from where to where, and how far from one to the next."""

from __future__ import annotations

from math import floor
from typing import Any, Final

from vignetta.declared import as_number
from vignetta.instruments.survey import Question
from vignetta.instruments.written import Raw, is_true, mapping

Scale = tuple[float, float, float]
"""The lowest number, the highest, and the step from one to the next."""
_HIGHEST: Final = 1e15
"""Bounds of numbers are below it: no survey asks for more, and larger ones are no longer whole."""
_STARS: Final = {"discrete": 1.0, "half": 0.5}


def scale_of(question: Question) -> Scale | None:
    """The scale of a slider or of a row of stars; None where its bounds are piped or make no scale."""
    look = mapping(question.raw.get("Configuration"))
    low: float | None
    if question.selector == "STAR":
        low, high, step = _stars(look)
    else:
        low, high, step = number(look, "CSSliderMin"), number(look, "CSSliderMax"), 0.0
    if low is None or high is None or low >= high:
        return None
    return low, high, step or _step(look, high - low)


def _stars(look: Raw) -> tuple[float, float | None, float]:
    step = _STARS.get(str(look.get("StarType")))
    return step or 0.0, number(look, "StarCount"), step or _decimals(look)


def number(look: Any, key: str) -> float | None:
    """A number of a slider's look; None for none, and for one that is piped or larger than any in a survey."""
    found = as_number(str(mapping(look).get(key)))
    return found if found is not None and abs(found) < _HIGHEST else None


def _step(look: Raw, width: float) -> float:
    lines = number(look, "GridLines")
    if is_true(look.get("SnapToGrid")) and lines and lines >= 1:
        return round(width / floor(lines), 9) or 1.0
    return _decimals(look)


def _decimals(look: Raw) -> float:
    decimals = number(look, "NumDecimals")
    return float(10 ** -int(decimals)) if decimals is not None and 0 <= decimals <= 9 else 1.0

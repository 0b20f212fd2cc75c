"""How wide words are in the figures' typeface, and where to break them."""

from functools import lru_cache
from typing import Final

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

FAMILY: Final = "DejaVu Sans"
POINTS_PER_INCH: Final = 72
LEADING: Final = 1.3
"""Height of a line as a multiple of the type size."""
HINTING: Final = 1.06
"""How much wider letters can be when they are fitted to the dots of a screen."""


@lru_cache(maxsize=4096)
def width(text: str, size: float, weight: str = "normal") -> float:
    """The width of a text in inches, as drawn on a screen at most."""
    prop = FontProperties(family=FAMILY, size=size, weight=weight)
    points, _, _ = TextToPath().get_text_width_height_descent(text, prop, ismath=False)
    return float(points) * HINTING / POINTS_PER_INCH


def line_height(size: float) -> float:
    """The height of a line in inches."""
    return size * LEADING / POINTS_PER_INCH


def wrap(text: str, room: float, size: float, *, weight: str = "normal") -> list[str]:
    """The text in lines that are at most `room` inches wide; a word that is too long is broken."""
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}".strip()
        if width(joined, size, weight) <= room:
            lines[-1] = joined
            continue
        pieces = _broken(word, room, size, weight)
        lines = [*filter(None, lines), *pieces]
    return lines


def _broken(word: str, room: float, size: float, weight: str) -> list[str]:
    pieces = [""]
    for letter in word:
        if pieces[-1] and width(pieces[-1] + letter, size, weight) > room:
            pieces.append("")
        pieces[-1] += letter
    return pieces

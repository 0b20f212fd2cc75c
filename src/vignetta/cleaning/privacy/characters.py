"""Which letters, digits and marks stand in each text of a column: few texts need to be searched for another."""

from string import ascii_lowercase, ascii_uppercase, digits, punctuation
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Characters = npt.NDArray[np.uint32]
"""(rows,) 32 bits: one for each letter, large or small, one for two digits each, one for all marks; none for blanks."""

EVERY: Final = 0xFFFFFFFF
NONE: Final = 0
_ROWS: Final = 1 << 12
"""Texts that are looked at together, so that they stay in a processor's cache."""
_PLACES: Final = {
    **{letter: place for letters in (ascii_lowercase, ascii_uppercase) for place, letter in enumerate(letters)},
    **{digit: 26 + place // 2 for place, digit in enumerate(digits)},
    **dict.fromkeys(punctuation, 31),
}


def characters_of(texts: pa.Array | pa.ChunkedArray, *, beyond: int) -> Characters:
    """The characters of each text; one beyond ASCII has the bits `beyond`.

    A text that holds another, in whatever case, has all bits of the other, if `beyond` is `EVERY` for the one and
    `NONE` for the other.
    """
    whole = pa.concat_arrays(texts.chunks) if isinstance(texts, pa.ChunkedArray) else texts
    whole = whole.cast(pa.large_string())
    _, offsets, content = whole.buffers()
    starts = np.frombuffer(offsets, dtype=np.int64)[whole.offset : whole.offset + len(whole) + 1]
    data, table = np.frombuffer(content or b"", dtype=np.uint8), _table(beyond)
    rows = range(0, len(whole), _ROWS)
    found = [_gathered(table, data, starts[first : first + _ROWS + 1]) for first in rows]
    return np.concatenate([np.empty(0, dtype=np.uint32), *found])


def _gathered(table: Characters, data: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64]) -> Characters:
    """The bits of all bytes from each start to the next."""
    bits = np.append(table[data[starts[0] : starts[-1]]], np.uint32(0))
    found: Characters = np.bitwise_or.reduceat(bits, starts[:-1] - starts[0])
    return np.where(np.diff(starts) > 0, found, np.uint32(0))


def _table(beyond: int) -> Characters:
    """The bits of each byte of UTF-8."""
    bits = np.zeros(256, dtype=np.uint32)
    bits[128:] = beyond
    for character, place in _PLACES.items():
        bits[ord(character)] = 1 << place
    return bits

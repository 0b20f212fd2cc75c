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
    bits = np.zeros(starts[-1] + 1, dtype=np.uint32)
    bits[:-1] = _table(beyond)[np.frombuffer(content or b"", dtype=np.uint8)[: starts[-1]]]
    found: Characters = np.bitwise_or.reduceat(bits, starts[:-1])
    return np.where(np.diff(starts) > 0, found, np.uint32(0))


def _table(beyond: int) -> Characters:
    """The bits of each byte of UTF-8."""
    bits = np.zeros(256, dtype=np.uint32)
    bits[128:] = beyond
    for character, place in _PLACES.items():
        bits[ord(character)] = 1 << place
    return bits

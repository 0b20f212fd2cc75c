"""What other programs leave in the cells of text that they rewrote, and what they would do with some: told by rows."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_MONTHS: Final = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
SCIENTIFIC: Final = r"[+-]?\d([.,]\d+)?E\+?\d+"
"""A long number as spreadsheets shorten it."""
_MARKS: Final = {
    "a spreadsheet shortened a number, and its digits are lost": rf"^{SCIENTIFIC}$",
    "a spreadsheet may have made a date of it": rf"^(\d{{1,2}}[-.]({_MONTHS})|({_MONTHS})[-.]\d{{2,4}})$",
    "a spreadsheet's error stands there": r"^#(NAME\?|REF!|VALUE!|N/A|DIV/0!|NUM!|NULL!|#+)$",
    "a spreadsheet would run it as a formula": r"^([=@]|[+-].*\().*",
    "letters were garbled by a wrong encoding": "Ã[\u0080-\u00bf]|â€|\ufffd",
}
_LEAST: Final = 10
_MOSTLY: Final = 0.6

Places = npt.NDArray[np.int64]


def damage(cells: Sequence[str]) -> Iterator[tuple[str, Places]]:
    """What is wrong with some distinct cells of text, as the middle of a sentence, and their places."""
    if not cells:
        return
    texts = pa.array(cells, pa.large_string())
    if _has(texts, "|".join(f"(?:{each})" for each in _MARKS.values())).any():
        for what, pattern in _MARKS.items():
            places = np.flatnonzero(_has(texts, pattern))
            if len(places):
                yield what, places
    places = _shortened(cells)
    if len(places):
        yield "leading zeros may be lost, for most are longer", places


def _has(texts: pa.Array, pattern: str) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)
    return found


def _shortened(cells: Sequence[str]) -> Places:
    """The shorter ones among numbers that mostly have one length, of which none begins with a zero."""
    none = np.empty(0, dtype=np.int64)
    if len(cells) < _LEAST or not all(each.isdigit() and each[0] != "0" for each in cells):
        return none
    lengths = np.array([len(each) for each in cells])
    usual = int(np.bincount(lengths).argmax())
    shorter = lengths < usual
    plain = usual >= 4 and (lengths == usual).mean() > _MOSTLY and not (lengths > usual).any()
    return np.flatnonzero(shorter) if plain else none

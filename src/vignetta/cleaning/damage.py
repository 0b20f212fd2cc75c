"""What other programs leave in the cells of text that they rewrote, and what they would do with some: told by rows."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vignetta.cleaning.distinct import Flags, holding

_MONTHS: Final = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
SCIENTIFIC: Final = r"[+-]?\d([.,]\d+)?E\+?\d+"
"""A long number as spreadsheets shorten it."""
_MARKS: Final = {
    "a spreadsheet shortened a number, and its digits are lost": rf"{SCIENTIFIC}$",
    "a spreadsheet may have made a date of it": rf"(\d{{1,2}}[-.]({_MONTHS})|({_MONTHS})[-.]\d{{2,4}})$",
    "a spreadsheet's error stands there": r"#(NAME\?|REF!|VALUE!|N/A|DIV/0!|NUM!|NULL!|#+)$",
    "a spreadsheet would run it as a formula": r"([=@]|[+-].*\()",
}
"""How such cells begin."""
_GARBLED: Final = "Ã[\u0080-\u00bf]|â€|\ufffd"
_LEAST: Final = 10
_MOSTLY: Final = 0.6
_COUNTED: Final = r"^[^0\P{Nd}]\p{Nd}*$"


def damage(cells: pa.Array) -> Iterator[tuple[str, Flags]]:
    """What is wrong with some cells of text, as the middle of a sentence, and which they are."""
    found: dict[str, Flags] = {}
    if holding(cells, f"^(?:{'|'.join(_MARKS.values())})").any():
        found = {what: holding(cells, f"^(?:{pattern})") for what, pattern in _MARKS.items()}
    if not pc.all(pc.string_is_ascii(cells), min_count=0).as_py():
        found["letters were garbled by a wrong encoding"] = holding(cells, _GARBLED)
    found["leading zeros may be lost, for most are longer"] = _shortened(cells)
    yield from ((what, marked) for what, marked in found.items() if marked.any())


def _shortened(cells: pa.Array) -> Flags:
    """The shorter ones among numbers that mostly have one length, of which none begins with a zero."""
    none = np.zeros(len(cells), dtype=bool)
    if len(cells) < _LEAST or not holding(cells, _COUNTED).all():
        return none
    lengths = pc.utf8_length(cells.unique()).to_numpy()
    usual = int(np.bincount(lengths).argmax())
    plain = usual >= 4 and (lengths == usual).mean() > _MOSTLY and not (lengths > usual).any()
    return pc.utf8_length(cells).to_numpy() < usual if plain and len(lengths) >= _LEAST else none

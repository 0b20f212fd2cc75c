"""What exports write where there is no answer: -99, what a file declares missing, and NA where R saved it."""

from collections.abc import Iterator, Sequence
from typing import Final

from vignetta.cleaning.categories import Lookup, words
from vignetta.cleaning.cells import Column
from vignetta.cleaning.formats.raw_exports import RawExport
from vignetta.cleaning.matching import Matching
from vignetta.cleaning.telling import cut
from vignetta.codebook import CATEGORICAL
from vignetta.errors import some

UNANSWERED: Final = "-99"
"""Qualtrics writes it, when asked to, for a question that was seen and not answered."""
R_MISSING: Final = "NA"
"""R writes it for what is missing."""
NOBODY: Final = r"^\s*(?:NA|\*+)\s*$"
"""What stands for what was removed of a person: such cells are not the same person."""
_NOTED: Final = ("ip_address", "email", "latitude", "longitude")


def leave_out_unanswered(columns: Sequence[Column], raw: RawExport, matching: Matching) -> list[str]:
    """Make missing what is no answer, and tell it; returns what stays text although it may be none, as sentences.

    -99 and NA are no answers where they cannot stand for one; where they could, when another column shows that the file
    writes them for what is missing.
    """
    recoded = [_stands_for_no_category(each, UNANSWERED) or _is_below_all(each) for each in columns]
    for each, marked in zip(columns, recoded, strict=True):
        _leave_out(each, marked, any(recoded))
        _leave_out_declared(each, raw, matching)
    by_r = any(_stands_for_no_category(each, R_MISSING) for each in columns) or _noted_by_r(columns, raw, matching)
    for each in columns if by_r else ():
        _leave_out_of_r(each)
    kept = [] if any(recoded) else [(UNANSWERED, "seen but not answered")]
    kept += [(R_MISSING, "missing")] if by_r else []
    return [note for code, meaning in kept for note in _kept(columns, code, meaning)]


def _stands_for_no_category(column: Column, cell: str) -> bool:
    """Whether a column of times or categories holds a cell that is none of them."""
    if column.format != "qualtrics" or not column.among(cell).any():
        return False
    if column.variable.kind in CATEGORICAL:
        return not _is_category(column, cell)
    return column.variable.kind == "time"


def _noted_by_r(columns: Sequence[Column], raw: RawExport, matching: Matching) -> bool:
    """Whether NA stands in what Qualtrics notes of a response by itself and no respondent writes."""
    there = [matching.positions[name] for name in _NOTED if name in matching.positions]
    return any(each.format == "qualtrics" for each in columns) and any(
        (raw.cells[place] == R_MISSING).any() for places in there for place in places
    )


def _is_category(column: Column, cell: str) -> bool:
    lookup = Lookup(column.variable)
    return bool(lookup.by_code(cell) or lookup.by_label(cell))


def _is_below_all(column: Column) -> bool:
    """Whether a column of numbers holds -99, below the least that can be."""
    least = column.variable.minimum
    beyond = column.variable.kind == "number" and least is not None and least > float(UNANSWERED)
    return beyond and column.format == "qualtrics" and bool(column.among(UNANSWERED).any())


def _leave_out(column: Column, marked: bool, recoded: bool) -> None:
    variable = column.variable
    open_to_both = variable.kind == "text" or (variable.kind == "number" and variable.minimum is None)
    if marked or (recoded and open_to_both):
        column.make_missing([UNANSWERED], "-99, seen but not answered, is missing")
    elif open_to_both and variable.kind == "number" and column.format == "qualtrics":
        what = "is a number, or Qualtrics' code for seen but not answered"
        there = [UNANSWERED] * bool(column.among(UNANSWERED).any())
        column.tell(there, what, "Give the variable a `minimum` in the codebook.")


def _leave_out_of_r(column: Column) -> None:
    """Make NA missing in an export that R saved; a category of this name, nothing can tell from what is missing.

    R writes NA in all empty cells of a column or in none, so that a text with empty cells is an answer.
    """
    if not column.among(R_MISSING).any():
        return
    written = (text for each in Lookup(column.variable).categories for text in (each.code, words(each.label)))
    known = column.variable.kind in CATEGORICAL and R_MISSING in written
    full = bool((column.codes >= 0).all())
    if known and full:
        what = "is a category, or what R writes for a missing one, as in other columns"
        column.tell([R_MISSING], what, "Take the export as it came, not as R saved it.")
    elif not known and (full or column.variable.kind != "text"):
        column.make_missing([R_MISSING], "NA, as R writes it, is missing")


def _leave_out_declared(column: Column, raw: RawExport, matching: Matching) -> None:
    """Make missing what the file declares so and the codebook does not know as a category."""
    name = column.variable.full_name
    declared = () if name in matching.splits else raw.missing.get(matching.positions[name][0], ())
    for each in declared:
        if not Lookup(column.variable).by_code(each):
            column.make_missing([each], f"`{cut(each)}`, which the file declares missing, is missing")


def _kept(columns: Sequence[Column], code: str, meaning: str) -> Iterator[str]:
    """Texts that are a code in an export in which nothing shows that it means an answer that is missing."""
    texts = [each for each in columns if each.variable.kind == "text" and each.format == "qualtrics"]
    names = [each.variable.full_name for each in texts if (each.among(code) & each.used).any()]
    if names:
        yield f"Nothing says whether {code} means {meaning}; it is kept as text in {some(names)}."

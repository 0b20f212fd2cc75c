"""Which category a cell means: exports write codes or the words of the answers, and cells may be read either way."""

import html
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from vignetta.codebook import CATEGORICAL, Category, Role, Variable

Writing = Literal["codes", "labels"]
"""How an export writes answers: as codes (numeric values) or as labels (choice texts)."""

Reading = tuple[int, ...]
"""The categories that a cell means: their places in the codebook, one unless several may be chosen."""

NUMBER: Final = re.compile(r"[+-]?\d+(?:\.\d*)?|[+-]?\.\d+")
_AS_SET: Final[tuple[Role, ...]] = ("factor", "wording", "vignette", "source")
"""Roles whose values are fields that the survey sets; they are written alike in both kinds of export."""
_PIPED: Final = re.compile(r"\\\$\\\{.*?\\\}")
_FLAGS: Final = (
    Category(code="0", level="false", label="False"),
    Category(code="1", level="true", label="True"),
)
_TRUE_ELSEWHERE: Final = "wahr vrai verdadero verdadeiro vero waar prawda pravda sant sand sann tosi igaz"
_FALSE_ELSEWHERE: Final = "falsch faux falso onwaar fałsz nepravda falskt falsk usann epätosi hamis"
"""What spreadsheets in other languages make of `True` and `False`."""


def words(text: str) -> str:
    """A text as a respondent sees it: without HTML, white space made single.

    >>> words("<b>Strongly</b>&nbsp; agree ")
    'Strongly agree'
    """
    return " ".join(html.unescape(re.sub(r"<[^<>]*>", " ", text)).split()) if text else ""


def _number(text: str) -> str:
    return str(float(text)) if NUMBER.fullmatch(text) else ""


@dataclass(frozen=True)
class Lookup:
    """The ways in which cells of a categorical variable can be read."""

    variable: Variable

    @cached_property
    def categories(self) -> Sequence[Category]:
        return self.variable.categories or (_FLAGS if self.variable.kind == "flag" else ())

    def by_code(self, cell: str) -> Reading | None:
        """The categories whose codes, or else levels, the cell holds. Numbers are compared as numbers."""
        return self._several(cell, self._code) if self.variable.kind == "multiple" else self._code(cell.strip())

    def by_label(self, cell: str) -> Reading | None:
        """The categories whose words the cell holds."""
        return self._several(cell, self._label) if self.variable.kind == "multiple" else self._label(cell)

    def same(self, one: Reading, other: Reading) -> bool:
        """Whether two readings mean the same levels."""
        return [self.categories[each].level for each in one] == [self.categories[each].level for each in other]

    def _code(self, cell: str) -> Reading | None:
        return _first(cell, self._codes, self._code_numbers, self._levels, forms=(str, _number, str))

    def _label(self, cell: str) -> Reading | None:
        text = words(cell)
        found = _first(text, self._labels, self._label_numbers, self._folded, forms=(str, _number, str.casefold))
        return found or self._piped(text) or self._translated(text)

    def _translated(self, text: str) -> Reading | None:
        """The category of a truth value that a spreadsheet wrote in its own language."""
        elsewhere = {"true": _TRUE_ELSEWHERE, "false": _FALSE_ELSEWHERE} if self.variable.kind == "flag" else {}
        words_of = [elsewhere.get(each.level.casefold(), "").split() for each in self.categories]
        found = [place for place, each in enumerate(words_of) if text.casefold() in each]
        return (found[0],) if found else None

    def _piped(self, text: str) -> Reading | None:
        found = [place for place, pattern in self._patterns if pattern.fullmatch(text)]
        return (found[0],) if len(found) == 1 else None

    def _several(self, cell: str, one: Callable[[str], Reading | None]) -> Reading | None:
        """The categories in a cell that separates them by commas, which the words may hold too."""
        parts = cell.strip().split(",")
        ways: list[set[Reading]] = [{()}]
        for end in range(1, len(parts) + 1):
            here: set[Reading] = set()
            for start in range(end):
                found = one(",".join(parts[start:end]).strip()) if ways[start] else None
                here |= {(*each, *found) for each in ways[start]} if found else set()
            ways.append(here)
        whole = {tuple(sorted(each)) for each in ways[-1]}
        return whole.pop() if len(whole) == 1 else None

    @cached_property
    def _codes(self) -> dict[str, int]:
        return self._keys(each.code.strip() for each in self.categories)

    @cached_property
    def _code_numbers(self) -> dict[str, int]:
        return self._keys(_number(each.code.strip()) for each in self.categories)

    @cached_property
    def _levels(self) -> dict[str, int]:
        return self._keys(each.level for each in self.categories)

    @cached_property
    def _labels(self) -> dict[str, int]:
        return self._keys(words(each.label) for each in self.categories)

    @cached_property
    def _label_numbers(self) -> dict[str, int]:
        return self._keys(_number(words(each.label)) for each in self.categories)

    @cached_property
    def _folded(self) -> dict[str, int]:
        return self._keys(words(each.label).casefold() for each in self.categories)

    @cached_property
    def _patterns(self) -> list[tuple[int, re.Pattern[str]]]:
        """Words with piped text, `${e://Field/name}`, stand for whatever was shown in its place."""
        piped = [(place, words(each.label)) for place, each in enumerate(self.categories) if "${" in each.label]
        return [(place, re.compile(_PIPED.sub(".*", re.escape(text)), re.DOTALL)) for place, text in piped]

    def _keys(self, texts: Iterable[str]) -> dict[str, int]:
        """Places by text, without the empty one and without those that belong to several levels."""
        found: dict[str, int] = {}
        shared = set()
        for place, text in enumerate(texts):
            first = found.setdefault(text, place)
            if self.categories[first].level != self.categories[place].level:
                shared.add(text)
        return {text: place for text, place in found.items() if text and text not in shared}


def _first(text: str, *tables: Mapping[str, int], forms: Sequence[Callable[[str], str]]) -> Reading | None:
    for table, form in zip(tables, forms, strict=True):
        place = table.get(form(text))
        if place is not None:
            return (place,)
    return None


@dataclass(frozen=True)
class Decoded:
    """What the distinct cells of a column mean.

    Attributes
    ----------
    readings : one per distinct cell, None where it has no certain meaning.
    unknown : cells that are no category.
    ambiguous : cells that are one category's code and another's words, where nothing says which is meant.
    """

    readings: tuple[Reading | None, ...]
    unknown: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()


def decode(cells: Sequence[str], lookup: Lookup, writing: Writing | None) -> Decoded:
    """Read the distinct cells of one column.

    A column whose cells are all codes, but not all words, holds codes, and the other way round. Where both readings
    exist and differ, `writing` decides.
    """
    codes = [lookup.by_code(each) for each in cells]
    labels = [lookup.by_label(each) for each in cells]
    own = _column_writing(codes, labels) or writing
    readings, unknown, ambiguous = [], [], []
    for cell, code, label in zip(cells, codes, labels, strict=True):
        one, other = (label, code) if own == "labels" else (code, label)
        reading = one or other
        if code and label and not lookup.same(code, label) and own is None:
            reading = None
            ambiguous.append(cell)
        elif reading is None:
            unknown.append(cell)
        readings.append(reading)
    return Decoded(tuple(readings), tuple(unknown), tuple(ambiguous))


def _column_writing(codes: Sequence[Reading | None], labels: Sequence[Reading | None]) -> Writing | None:
    if all(codes) == all(labels):
        return None
    return "codes" if all(codes) else "labels"


def writing_of(columns: Iterable[tuple[Variable, Sequence[str]]]) -> Writing | None:
    """How an export writes answers, from the columns that can be read in one way only; None when they disagree."""
    found = set()
    for variable, cells in columns:
        if variable.kind in CATEGORICAL and variable.role not in _AS_SET and cells:
            lookup = Lookup(variable)
            codes, labels = [lookup.by_code(each) for each in cells], [lookup.by_label(each) for each in cells]
            found.add(_column_writing(codes, labels))
    found.discard(None)
    return found.pop() if len(found) == 1 else None

"""The vignettes of a design sentence by sentence, and what there is to remark about them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product
from math import prod
from typing import Final, Literal

from vignetta.declared import dotted, words
from vignetta.design.declaration import Design
from vignetta.design.faults import TextFault
from vignetta.design.reading import Measure, measure, sentence_ends
from vignetta.design.restrictions import boxes
from vignetta.design.wording import fill

Kind = (
    TextFault
    | Literal[
        "empty text", "quotation marks", "length", "reading grade", "alike", "contradiction", "languages", "unread"
    ]
)
OPENS, CLOSES = "\ue000", "\ue001"
"""Marks around the words of a level, from the range of characters that no text uses."""
_MARKED: Final = re.compile(f"{OPENS}([^{CLOSES}]*){CLOSES}")
_BLANK: Final = re.compile(r"\n\s*\n|\s*$")
_SPACE: Final = re.compile(r"\s*")

Levels = Mapping[str, str]
"""The levels of some factors: the name of a level for the name of each factor."""


@dataclass(frozen=True)
class Remark:
    """One thing to look at before fielding. It is a question to the author, never an error.

    `where` is the place in the declared study, `what` and `remedy` are sentences, and `vignettes` the numbers of all
    vignettes that have the cause: the smallest set that shows it.
    """

    kind: Kind
    where: str
    what: str
    remedy: str
    vignettes: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.where}: {self.what} {self.remedy}".rstrip() + (
            f" ({shown_numbers(self.vignettes)})" if self.vignettes else ""
        )


def shown_numbers(numbers: tuple[int, ...], most: int = 3) -> str:
    """A few vignettes in words.

    >>> shown_numbers((4,)), shown_numbers((1, 2)), shown_numbers((1, 2, 3, 4))
    ('vignette 4', 'vignettes 1, 2', 'vignettes 1, 2, 3 and 1 more')
    """
    listed = ", ".join(str(each) for each in numbers[:most])
    more = f" and {len(numbers) - most:,} more" if len(numbers) > most else ""
    return f"vignette{'' if len(numbers) == 1 else 's'} {listed}{more}"


def n_combinations(design: Design) -> int:
    """How many combinations of levels there are, forbidden ones included."""
    return prod(len(factor.levels) for factor in design.factors.values())


def combinations_of_levels(design: Design) -> list[tuple[str, ...]]:
    """The levels of every vignette in the order of their numbers; the last factor varies fastest."""
    levels = {name: factor.level_names for name, factor in design.factors.items()}
    places = {name: place for place, name in enumerate(levels)}
    forbidden = [
        [(places[name], names) for name, names in box.items()]
        for each in design.restrictions
        for box in boxes(each, levels)
    ]
    return [
        cell
        for cell in product(*levels.values())
        if not any(all(cell[place] in names for place, names in box) for box in forbidden)
    ]


@dataclass(frozen=True)
class Proofs:
    """The vignettes of a design in one language, sentence by sentence."""

    design: Design
    language: str

    @cached_property
    def cells(self) -> list[tuple[str, ...]]:
        return combinations_of_levels(self.design)

    @cached_property
    def factors(self) -> tuple[str, ...]:
        return tuple(self.design.factors)

    @cached_property
    def template(self) -> str:
        """The template with each placeholder between marks."""
        template = words(self.design.wording or {"": ""}, self.language)
        return fill(template, {name: f"{OPENS}{name}{CLOSES}" for name in self.factors})

    @cached_property
    def passages(self) -> list["Passage"]:
        """The sentences of the template; each ends where a sentence or paragraph of the template itself ends."""
        stops = [0, *sentence_ends(self.template)]
        ends = {each.end() for stop in stops if (each := _SPACE.match(self.template, stop))}
        places = sorted({0, *ends, *(each.end() for each in _BLANK.finditer(self.template))})
        texts = [self.template[start:end] for start, end in pairwise(places)]
        return [Passage(self, each) for each in texts if each]

    def text(self, factor: str, level: str) -> str:
        """The words of a level; empty where none are declared."""
        return words(self.design.factors[factor].level(level).text or {"": ""}, self.language)

    def numbers(self, levels: Levels) -> tuple[int, ...]:
        """The numbers of the vignettes that have all of these levels."""
        wanted = [(self.factors.index(name), level) for name, level in levels.items()]
        return tuple(
            number for number, cell in enumerate(self.cells, 1) if all(cell[place] == level for place, level in wanted)
        )

    def where(self, levels: Levels) -> str:
        """The place of the levels' texts in the declared study, or of the template."""
        suffix = (self.language,) if len(self.design.languages) > 1 else ()
        if not levels:
            return dotted(("vignette", *suffix))
        places = {name: self.design.factors[name].level_names.index(level) for name, level in levels.items()}
        return " with ".join(
            dotted(("factors", name, "levels", place, "text", *suffix)) for name, place in places.items()
        )

    def remark(self, kind: Kind, levels: Levels, what: str, remedy: str) -> Remark:
        return Remark(kind, self.where(levels), what, remedy, self.numbers(levels))

    @cached_property
    def measures(self) -> list[Measure]:
        """The measure of every vignette, in the order of their numbers."""
        return [
            sum((each.measures[each.levels_of(cell)] for each in self.passages), start=Measure()) for cell in self.cells
        ]


@dataclass(frozen=True)
class Passage:
    """One sentence of the template, or the words between two of them."""

    proofs: Proofs
    marked: str

    @cached_property
    def factors(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_MARKED.findall(self.marked)))

    @cached_property
    def _places(self) -> tuple[int, ...]:
        return tuple(self.proofs.factors.index(each) for each in self.factors)

    def levels_of(self, cell: tuple[str, ...]) -> tuple[str, ...]:
        """The levels of this passage's factors in a vignette."""
        return tuple(cell[place] for place in self._places)

    @cached_property
    def cells(self) -> list[tuple[str, ...]]:
        """Every combination of the levels in this passage that occurs."""
        return list(dict.fromkeys(map(self.levels_of, self.proofs.cells)))

    @cached_property
    def measures(self) -> dict[tuple[str, ...], Measure]:
        return {cell: measure(self.text(cell)) for cell in self.cells}

    def pieces(self, cell: tuple[str, ...]) -> list[tuple[str, str]]:
        """The passage in pieces, each with the factor that it comes from, empty for the template."""
        chosen = dict(zip(self.factors, cell, strict=True))
        parts = _MARKED.split(self.marked)
        named = [(part, self.proofs.text(part, chosen[part])) if i % 2 else ("", part) for i, part in enumerate(parts)]
        return [(name, text) for name, text in named if text]

    def text(self, cell: tuple[str, ...]) -> str:
        return "".join(text for _, text in self.pieces(cell))

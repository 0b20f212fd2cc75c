"""The vignettes of a design sentence by sentence, and what there is to remark about them."""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, combinations, pairwise, product
from math import prod
from typing import Final, Literal

from vignetta.declared import Location, dotted
from vignetta.design.declaration import Design
from vignetta.design.proofs.faults import TextFault
from vignetta.design.proofs.reading import Measure, measure, sentence_ends
from vignetta.design.restrictions import boxes
from vignetta.design.texts.pieces import Levels, Piece, Words
from vignetta.design.texts.wording import Segment, Template, shown_levels

Kind = (
    TextFault
    | Literal[
        "empty text", "quotation marks", "length", "reading grade", "alike", "contradiction", "languages", "unread"
    ]
)
_HOLE: Final = "\ue000"
"""Stands for a segment that varies where the template is cut into sentences."""
_BLANK: Final = re.compile(r"\n\s*\n|\s*$")
_SPACE: Final = re.compile(r"\s*")


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
    """The vignettes of a design in one language, as one sample reads them, the first if so; sentence by sentence."""

    design: Design
    language: str
    sample: str = ""

    @cached_property
    def cells(self) -> list[tuple[str, ...]]:
        return combinations_of_levels(self.design)

    @cached_property
    def factors(self) -> tuple[str, ...]:
        return tuple(self.design.factors)

    @cached_property
    def template(self) -> Template:
        return self.design.template(self.language, sample=self.sample)

    @cached_property
    def passages(self) -> list["Passage"]:
        """The sentences of the template; each ends where a sentence or paragraph of the template itself ends."""
        places = self._cuts()
        parts: list[list[Segment]] = [[] for _ in places]
        end = 0
        for segment, text in zip(self.template.segments, self._outline, strict=True):
            start, end = end, end + len(text)
            inside = [start, *(place for place in places if start < place < end), end]
            for one, other in pairwise(inside):
                part = segment if segment.factors else _literal(text[one - start : other - start])
                parts[bisect_right(places, one) - 1].append(part)
        return [Passage(self, tuple(each)) for each in parts if each]

    @cached_property
    def _outline(self) -> list[str]:
        """The words of each segment, or what stands for those that vary."""
        return [_HOLE if each.factors else each.render({}, {}) for each in self.template.segments]

    def _cuts(self) -> list[int]:
        """Where passages begin in the outline.

        Before a segment that may show nothing, or begin with a space, only a new line is cut off: the space before it
        may meet another one.
        """
        outline = "".join(self._outline)
        stops = [0, *sentence_ends(outline)]
        ends = {each.end() for stop in stops if (each := _SPACE.match(outline, stop))}
        ends |= {each.end() for each in _BLANK.finditer(outline)}
        segments = self.template.segments
        starts = dict(zip(accumulate(map(len, self._outline), initial=0), segments, strict=False))
        unsafe = {place for place, each in starts.items() if each.factors and not self._begins_with_words(each)}
        safe = {place for place in ends if place not in unsafe or outline[place - 1] == "\n"}
        return sorted({0} | safe - {len(outline)})

    def _begins_with_words(self, segment: Segment) -> bool:
        return all(text[:1].strip() for text in self.renders(segment).values())

    def renders(self, segment: Segment) -> dict[tuple[str, ...], str]:
        """The words of a segment for every combination of its factors' levels that occurs."""
        return {cell: segment.render(*self.chosen(segment.factors, cell)) for cell in self.cells_of(segment.factors)}

    def cells_of(self, factors: Sequence[str]) -> list[tuple[str, ...]]:
        """Every combination of the levels of some factors that occurs."""
        places = [self.factors.index(each) for each in factors]
        return list(dict.fromkeys(tuple(cell[place] for place in places) for cell in self.cells))

    def chosen(self, factors: Sequence[str], cell: tuple[str, ...]) -> tuple[Levels, Levels]:
        """The levels in a cell by factor, and their words."""
        levels = dict(zip(factors, cell, strict=True))
        return levels, {name: self.text(name, level) for name, level in levels.items()}

    def text(self, factor: str, level: str) -> str:
        """The words of a level; empty where none are declared."""
        return self._texts[factor][level]

    @cached_property
    def _texts(self) -> dict[str, dict[str, str]]:
        return {
            name: {level.name: level.words(self.language) for level in factor.levels}
            for name, factor in self.design.factors.items()
        }

    def own_words(self, factor: str, level: str) -> str:
        """The words that a level brings into the vignette: its text where it is shown, and the phrases that ask for its
        factor alone."""
        phrases = [
            each for each in self.template.pieces if each.factors == (factor,) and isinstance(each.content, Words)
        ]
        shown = [each.render({factor: level}, {}) for each in phrases]
        text = self.text(factor, level) if factor in self.design.rows or level in self._shown.get(factor, ()) else ""
        return " ".join(each.strip() for each in (text, *shown) if each.strip())

    @cached_property
    def _shown(self) -> dict[str, frozenset[str]]:
        names = {name: each.level_names for name, each in self.design.factors.items()}
        return shown_levels(self.template.pieces, names)

    def numbers(self, levels: Levels) -> tuple[int, ...]:
        """The numbers of the vignettes that have all of these levels."""
        wanted = [(self.factors.index(name), level) for name, level in levels.items()]
        return tuple(
            number for number, cell in enumerate(self.cells, 1) if all(cell[place] == level for place, level in wanted)
        )

    def where(self, levels: Levels, *, phrase: bool = False) -> str:
        """The place of the levels and of their texts in the declared study, or of the template.

        With `phrase`, both: words of the template that stand only beside these levels.
        """
        suffix = (self.language,) if len(self.design.languages) > 1 else ()
        places = [self._place(name, level, suffix) for name, level in levels.items()]
        template = [dotted(("vignette", *suffix))] if phrase or not places else []
        return " with ".join([*template, *places])

    def _place(self, factor: str, level: str, suffix: Location) -> str:
        place = self.design.factors[factor].level_names.index(level)
        return dotted(("factors", factor, "levels", place, *(("text", *suffix) if self.text(factor, level) else ())))

    def remark(self, kind: Kind, levels: Levels, what: str, remedy: str, *, phrase: bool = False) -> Remark:
        return Remark(kind, self.where(levels, phrase=phrase), what, remedy, self.numbers(levels))

    @cached_property
    def measures(self) -> list[Measure]:
        """The measure of every vignette, in the order of their numbers."""
        return [
            sum((each.measures[each.levels_of(cell)] for each in self.passages), start=Measure()) for cell in self.cells
        ]


def _literal(text: str) -> Segment:
    return Segment((Piece(Words(text)),))


@dataclass(frozen=True)
class Passage:
    """One sentence of the template, or the words between two of them."""

    proofs: Proofs
    segments: tuple[Segment, ...]

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        return tuple(piece for each in self.segments for piece in each.pieces)

    @cached_property
    def segment_of(self) -> tuple[int, ...]:
        """The place of the segment of each piece."""
        return tuple(place for place, each in enumerate(self.segments) for _ in each.pieces)

    @cached_property
    def factors(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for each in self.segments for name in each.factors))

    @cached_property
    def _places(self) -> tuple[int, ...]:
        return tuple(self.proofs.factors.index(each) for each in self.factors)

    def levels_of(self, cell: tuple[str, ...]) -> tuple[str, ...]:
        """The levels of this passage's factors in a vignette."""
        return tuple(cell[place] for place in self._places)

    @cached_property
    def cells(self) -> list[tuple[str, ...]]:
        """Every combination of the levels in this passage that occurs."""
        return self.proofs.cells_of(self.factors)

    @cached_property
    def measures(self) -> dict[tuple[str, ...], Measure]:
        return {cell: measure(self.text(cell)) for cell in self.cells}

    def texts(self, cell: tuple[str, ...]) -> list[str]:
        """The words of each piece, empty for those that are not shown."""
        levels, texts = self.proofs.chosen(self.factors, cell)
        return [each.render(levels, texts) for each in self.pieces]

    def text(self, cell: tuple[str, ...]) -> str:
        return "".join(self.texts(cell))


def causes(
    names: tuple[str, ...], allowed: Collection[tuple[str, ...]], shown: Mapping[tuple[str, ...], str]
) -> Iterator[tuple[dict[str, str], str]]:
    """The fewest levels that always show something, each with its excerpt; none of them when every combination does.

    >>> allowed = {(a, b) for a in "pq" for b in "xy"}
    >>> list(causes(("f", "g"), allowed, {("p", "x"): "1", ("p", "y"): "2", ("q", "y"): "3"}))
    [({'f': 'p'}, '1'), ({'g': 'y'}, '3')]
    """
    left = dict.fromkeys(shown)
    for size in range(len(names) + 1):
        for places in combinations(range(len(names)), size):
            if not left:
                return
            groups: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
            for cell in sorted(allowed):
                groups.setdefault(tuple(cell[place] for place in places), []).append(cell)
            for levels, cells in groups.items():
                showing = [cell for cell in cells if cell in left]
                if showing and all(cell in shown for cell in cells):
                    yield dict(zip((names[place] for place in places), levels, strict=True)), shown[showing[0]]
                    left = {cell: None for cell in left if cell not in cells}

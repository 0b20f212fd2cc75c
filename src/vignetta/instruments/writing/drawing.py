"""The part of a survey's flow that draws the levels of every task and profile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product
from math import gcd, prod
from typing import Any, Final, TypeVar

from vignetta.declared import words
from vignetta.design.assigning.components import Cell, Component, components
from vignetta.design.assigning.decking import decked
from vignetta.design.assigning.universe import shares, universe_of
from vignetta.design.declaration import Design, Factor
from vignetta.design.layout import Varies
from vignetta.instruments.hypertext import escaped
from vignetta.instruments.naming import DECK, VIGNETTE, WHOLE, Slot, ending, factor_field, slots, text_field
from vignetta.instruments.writing import elements
from vignetta.instruments.writing.elements import Piece

MOST_CHILDREN: Final = 5_000
"""More elements than these are not put under randomizers."""
Key = TypeVar("Key", bound=tuple[Any, ...])
_STAGES: Final[tuple[Varies, ...]] = ("respondent", "task", "profile")


def draws_whole(design: Design) -> bool:
    """Whether a single randomizer draws the vignette, and notes its number.

    It does when a respondent reads one vignette of a design that is restricted or weighted, and the vignettes, each as
    often as its probability says, are few enough.
    """
    if design.responses > 1 or design.decks or design.independent:
        return False
    few = prod(len(each.levels) for each in design.factors.values()) <= MOST_CHILDREN**2
    return few and len(universe_of(design)) <= MOST_CHILDREN and sum(shares(design)) <= MOST_CHILDREN


@dataclass(frozen=True)
class Drawing:
    """What draws the levels of a design and gives their words in its languages."""

    design: Design

    def flow(self) -> list[Piece]:
        """One randomizer over decks or vignettes, or one for every part of the design that is independent."""
        if self.design.decks:
            return [self._decks()]
        if draws_whole(self.design):
            return [self._vignettes()]
        return [piece for each in components(self.design) for piece in self._stage(each, 0, WHOLE, each.weights)]

    def size(self) -> int:
        """How many elements the randomizers have, before they are made."""
        if self.design.decks:
            return self.design.decks.number
        if draws_whole(self.design):
            return sum(shares(self.design))
        return sum(self._size(each, 0, each.weights) for each in components(self.design))

    # ------------------------------------------------------------------------------------------------ whole vignettes

    def _vignettes(self) -> Piece:
        numbered = enumerate(zip(universe_of(self.design).codes.tolist(), shares(self.design), strict=True), 1)
        given = [({VIGNETTE: str(number), **self._cell(self._factors, places)}, n) for number, (places, n) in numbered]
        return self._one_of([elements.embedded_data(fields) for fields, times in given for _ in range(times)])

    def _decks(self) -> Piece:
        codes = universe_of(self.design).codes
        children = []
        for number, deck in enumerate(decked(self.design).decks, 1):
            fields: dict[str, str | None] = {DECK: str(number)}
            for factor, column in zip(self._factors, codes.T, strict=True):
                for task, profile in slots(self.design, factor.varies):
                    place = int(column[deck[max(task, 1) - 1, max(profile, 1) - 1]])
                    fields |= self._level(factor, place, (task, profile))
            children.append(elements.embedded_data(fields))
        return self._one_of(children)

    # -------------------------------------------------------------------------------- independent parts, level by level

    def _stage(self, part: Component, stage: int, above: Slot, cells: Mapping[Cell, int]) -> list[Piece]:
        """What draws the levels of a part that vary as often as the stage says, and then those below it."""
        varies = _STAGES[stage]
        own = self._own(part, stage)
        units = self._units(stage, above)
        if not own:
            return [piece for unit in units for piece in self._below(part, stage, unit, cells)]
        if part.rules and varies == "profile":
            return [self._sets(part, own, units, cells)]
        drawn = _reduced(part.having([each.name for each in own], cells))
        return [self._one_of(list(self._children(part, stage, unit, cells, drawn))) for unit in units]

    def _children(
        self, part: Component, stage: int, unit: Slot, cells: Mapping[Cell, int], drawn: Mapping[Cell, int]
    ) -> Iterator[Piece]:
        own = self._own(part, stage)
        for levels, times in drawn.items():
            given = part.given([each.name for each in own], levels, cells)
            for _ in range(times):
                set_here = elements.embedded_data(self._cell(own, levels, unit))
                below = self._below(part, stage, unit, given)
                yield elements.group("Levels", [set_here, *below]) if below else set_here

    def _below(self, part: Component, stage: int, unit: Slot, cells: Mapping[Cell, int]) -> list[Piece]:
        return self._stage(part, stage + 1, unit, cells) if self._more(part, stage) else []

    def _sets(self, part: Component, own: Sequence[Factor], units: Sequence[Slot], cells: Mapping[Cell, int]) -> Piece:
        """What draws the profiles of a task together, where rules say which may stand side by side."""
        names, given = [each.name for each in own], []
        for chosen, times in _reduced(_sets(part, cells, len(units))).items():
            fields: dict[str, str | None] = {}
            for unit, cell in zip(units, chosen, strict=True):
                (levels,) = part.having(names, {cell: 1})
                fields |= self._cell(own, levels, unit)
            given += [fields] * times
        return self._one_of([elements.embedded_data(each) for each in given])

    def _size(self, part: Component, stage: int, cells: Mapping[Cell, int]) -> int:
        own = self._own(part, stage)
        units = len(self._units(stage, WHOLE)) if self.design.responses > 1 else 1
        if not own:
            return units * (self._size(part, stage + 1, cells) if self._more(part, stage) else 0)
        if part.rules and _STAGES[stage] == "profile":
            if len(cells) ** units > MOST_CHILDREN**2:
                return int(len(cells) ** units)
            return sum(_reduced(_sets(part, cells, units)).values())
        drawn = _reduced(part.having([each.name for each in own], cells))
        names = [each.name for each in own]
        if not self._more(part, stage):
            return units * sum(drawn.values())
        below = (n * (1 + self._size(part, stage + 1, part.given(names, each, cells))) for each, n in drawn.items())
        return units * sum(below)

    def _own(self, part: Component, stage: int) -> list[Factor]:
        """The part's factors that vary as often as the stage says; with one vignette all of them are drawn at once."""
        if self.design.responses == 1:
            return list(part.factors) if stage == 0 else []
        return [each for each in part.factors if each.varies == _STAGES[stage]]

    def _more(self, part: Component, stage: int) -> bool:
        return any(self._own(part, each) for each in range(stage + 1, len(_STAGES)))

    def _units(self, stage: int, above: Slot) -> list[Slot]:
        """The slots of a stage below one of the stage above."""
        if self.design.responses == 1 or stage == 0:
            return [WHOLE]
        if stage == 1:
            return [(task, 0) for task in range(1, self.design.tasks + 1)]
        if self.design.profiles == 1:
            return [above]
        return [(above[0], profile) for profile in range(1, self.design.profiles + 1)]

    # ---------------------------------------------------------------------------------------------------- the levels

    @cached_property
    def _factors(self) -> list[Factor]:
        return list(self.design.factors.values())

    def _one_of(self, children: Sequence[Piece]) -> Piece:
        return elements.randomizer(children, even=self.design.mechanism != "simple")

    def _cell(self, factors: Sequence[Factor], places: Sequence[int], slot: Slot = WHOLE) -> dict[str, str | None]:
        fields: dict[str, str | None] = {}
        for factor, place in zip(factors, places, strict=True):
            fields |= self._level(factor, place, slot)
        return fields

    def _level(self, factor: Factor, place: int, slot: Slot) -> dict[str, str | None]:
        level, field = factor.levels[place], text_field(factor, slot)
        texts: dict[str, str | None] = {
            field + ending(self.design, each): escaped(words(level.text, each)) if level.text else ""
            for each in self.design.languages
        }
        return {factor_field(factor, slot): level.export_code} | texts


def _reduced(weights: Mapping[Key, int]) -> dict[Key, int]:
    """The smallest whole numbers in proportion to the weights."""
    common = gcd(*weights.values())
    return {key: weight // common for key, weight in weights.items()}


def _sets(part: Component, cells: Mapping[Cell, int], profiles: int) -> dict[tuple[Cell, ...], int]:
    """The sets of cells that may stand side by side, with the products of their weights."""
    return {
        chosen: prod(cells[each] for each in chosen)
        for chosen in product(cells, repeat=profiles)
        if all(part.may_meet(one, other) for one, other in combinations(chosen, 2))
    }

"""The factors that restrictions tie together: each group of them is drawn independently of all others."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product
from math import gcd, prod

from vignetta.design.assigning.profiles import rules_across
from vignetta.design.assigning.universe import forbidden, whole
from vignetta.design.declaration import Design, Factor
from vignetta.design.restrictions import Box, Restriction

Cell = tuple[int, ...]
"""The place of the level of each factor of a component."""


@dataclass(frozen=True)
class Component:
    """Factors that restrictions tie together, or a single one.

    Attributes
    ----------
    factors : in declared order.
    weights : for each allowed combination of their levels, the smallest whole numbers in proportion to how often it is
        drawn; the last factor varies fastest.
    rules : the restrictions about pairs of profiles that name these factors.
    """

    factors: tuple[Factor, ...]
    weights: Mapping[Cell, int]
    rules: tuple[Restriction, ...] = ()

    def having(self, names: Sequence[str], within: Mapping[Cell, int]) -> dict[Cell, int]:
        """The combinations of some factors' levels that occur in some cells, with their weights together."""
        places = [[each.name for each in self.factors].index(name) for name in names]
        found: dict[Cell, int] = {}
        for cell, weight in within.items():
            part = tuple(cell[place] for place in places)
            found[part] = found.get(part, 0) + weight
        return found

    def given(self, names: Sequence[str], part: Cell, within: Mapping[Cell, int]) -> dict[Cell, int]:
        """The cells in which these factors have these levels."""
        places = [[each.name for each in self.factors].index(name) for name in names]
        return {cell: weight for cell, weight in within.items() if tuple(cell[place] for place in places) == part}

    def may_meet(self, one: Cell, other: Cell) -> bool:
        """Whether the rules let two profiles with these cells stand side by side."""
        return all(self._keeps(rule, one, other) for rule in self.rules)

    def _keeps(self, rule: Restriction, one: Cell, other: Cell) -> bool:
        if rule.differ:
            return any(a != b for each, a, b in zip(self.factors, one, other, strict=True) if each.name in rule.differ)
        first, second = rule.forbid_pair
        meets = (self._has(first, one) and self._has(second, other)) or (
            self._has(first, other) and self._has(second, one)
        )
        return not meets

    def _has(self, wanted: Mapping[str, Collection[str]], cell: Cell) -> bool:
        return _has(self.factors, wanted, cell)


def components(design: Design) -> list[Component]:
    """The independent parts of a design, in the order of their first factors.

    The probability of a vignette is the product of those of its parts, unless rules are about pairs of profiles.
    """
    boxes, rules = forbidden(design), rules_across(design)
    ties = [set(box) for box in boxes] + [rule.factors_across for rule in rules]
    return [_component(design, names, boxes, rules) for names in _tied(list(design.factors), ties)]


def _tied(names: Sequence[str], ties: Sequence[set[str]]) -> Iterator[list[str]]:
    groups = [{name} for name in names]
    for tie in ties:
        met = [each for each in groups if each & tie]
        groups = [each for each in groups if not each & tie] + ([reduce(set.union, met)] if met else [])
    ordered = sorted(
        ([name for name in names if name in each] for each in groups), key=lambda each: names.index(each[0])
    )
    yield from ordered


def _component(design: Design, names: Sequence[str], boxes: Sequence[Box], rules: Sequence[Restriction]) -> Component:
    factors = tuple(design.factors[name] for name in names)
    own = [box for box in boxes if set(box) <= set(names)]
    weights = [whole([level.weight for level in each.levels]) for each in factors]
    cells = {
        cell: prod(each[place] for each, place in zip(weights, cell, strict=True))
        for cell in product(*(range(len(each.levels)) for each in factors))
        if not any(_has(factors, box, cell) for box in own)
    }
    common = gcd(*cells.values())
    about = tuple(rule for rule in rules if rule.factors_across <= set(names))
    return Component(factors, {cell: weight // common for cell, weight in cells.items()}, about)


def _has(factors: Sequence[Factor], wanted: Mapping[str, Collection[str]], cell: Cell) -> bool:
    """Whether a cell has one of the levels that are named of every factor."""
    placed = zip(factors, cell, strict=True)
    return all(each.levels[place].name in wanted[each.name] for each, place in placed if each.name in wanted)

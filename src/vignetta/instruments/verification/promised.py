"""What a design promises of its instrument: how probable levels, pairs and vignettes are, in and across its slots."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Final

import numpy as np
import numpy.typing as npt

from vignetta.design.assigning.assignment import mechanism_of
from vignetta.design.assigning.decking import decked
from vignetta.design.assigning.profiles import codes_of, rules_across, shared_factors, side_by_side
from vignetta.design.assigning.universe import Floats, Universe, universe_of
from vignetta.design.declaration import Design, Factor
from vignetta.instruments.naming import Slot

Places = npt.NDArray[np.int64]
MOST_CELLS: Final = 2_000_000
"""Designs with more combinations are compared by levels and pairs."""


@dataclass(frozen=True)
class Promised:
    """The declared probabilities of a design.

    They are those of a single respondent among many: what a balanced assignment changes for few is not promised of an
    instrument, which does not know how many will come.
    """

    design: Design

    @cached_property
    def factors(self) -> list[Factor]:
        return list(self.design.factors.values())

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        return tuple(len(each.levels) for each in self.factors)

    @property
    def has_cells(self) -> bool:
        """Whether whole vignettes are few enough to be compared one by one."""
        return prod(self.sizes) <= MOST_CELLS

    @cached_property
    def universe(self) -> Universe:
        return universe_of(self.design)

    @cached_property
    def decks(self) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        """The decks (D, tasks, profiles): places of vignettes in the universe."""
        return decked(self.design).decks

    @cached_property
    def _probability(self) -> Floats:
        return np.asarray(mechanism_of(self.design).probabilities(), dtype=np.float64)

    # --------------------------------------------------------------------------------------------------- in a slot

    def joint(self, names: list[str], slot: Slot) -> Floats:
        """The probability of each combination of some factors' levels at a slot: one axis per factor."""
        if self.design.independent and not self.design.decks:
            return _even([len(self.design.factors[each].levels) for each in names])
        columns = [list(self.design.factors).index(each) for each in names]
        shape = [self.sizes[each] for each in columns]
        place = np.ravel_multi_index([self.universe.codes[:, each] for each in columns], shape)
        return np.asarray(np.bincount(place, self._at(slot), minlength=prod(shape)).reshape(shape), dtype=np.float64)

    def _at(self, slot: Slot) -> Floats:
        """The probability (K,) of each vignette at a slot."""
        if not self.design.decks:
            return self._probability
        drawn = self.decks[:, max(slot[0], 1) - 1, max(slot[1], 1) - 1]
        return np.asarray(np.bincount(drawn, minlength=len(self.universe)) / len(drawn), dtype=np.float64)

    # ------------------------------------------------------------------------------------------------ across slots

    def across(self, one: tuple[str, Slot], other: tuple[str, Slot]) -> Floats:
        """The probability of each pair of levels of two factors, each at its slot; the slots are different."""
        (first, here), (second, there) = one, other
        if self.design.decks:
            return self._in_decks(one, other)
        if self.design.independent:
            sizes = [len(self.design.factors[each].levels) for each in (first, second)]
            return _even(sizes)
        same_task = here[0] == there[0] and here[1] and there[1]
        if same_task and rules_across(self.design):
            return self._in_sets(one, other)
        shared = shared_factors(self.design)
        kept = [each for each in shared if self.design.factors[each].varies == "respondent"]
        above = shared if same_task else kept
        groups = codes_of(self.design, self.universe, above)
        ours, theirs = self._given(first, groups, self._probability), self._given(second, groups, self._probability)
        return np.asarray((ours / ours.sum(axis=1, keepdims=True)).T @ theirs, dtype=np.float64)

    def _level(self, name: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return self.universe.codes[:, list(self.design.factors).index(name)].astype(np.int64)

    def _given(self, name: str, groups: np.ndarray[tuple[int], np.dtype[np.int64]], weight: Floats) -> Floats:
        """The weight (groups, levels) of a factor's levels within each group of vignettes."""
        levels = len(self.design.factors[name].levels)
        size = int(groups.max()) + 1
        counted = np.bincount(groups * levels + self._level(name), weight, minlength=size * levels)
        return np.asarray(counted.reshape(size, levels), dtype=np.float64)

    def _in_sets(self, one: tuple[str, Slot], other: tuple[str, Slot]) -> Floats:
        sets = side_by_side(self.design)
        group = np.bincount(sets.group_of, sets.cell_probability)
        weight = sets.probability * group[sets.group_of[sets.sets[:, 0]]]
        ours, theirs = (self._given(name, sets.cell_of, self.universe.probability) for name, _ in (one, other))
        ours, theirs = (each / each.sum(axis=1, keepdims=True) for each in (ours, theirs))
        first, second = (sets.sets[:, slot[1] - 1] for _, slot in (one, other))
        return np.asarray((ours[first] * weight[:, None]).T @ theirs[second], dtype=np.float64)

    def _in_decks(self, one: tuple[str, Slot], other: tuple[str, Slot]) -> Floats:
        sizes = [len(self.design.factors[name].levels) for name, _ in (one, other)]
        drawn = [
            self._level(name)[self.decks[:, max(slot[0], 1) - 1, max(slot[1], 1) - 1]] for name, slot in (one, other)
        ]
        place = np.ravel_multi_index(drawn, sizes)
        return np.asarray(np.bincount(place, minlength=prod(sizes)).reshape(sizes) / len(self.decks), dtype=np.float64)


def _even(sizes: list[int]) -> Floats:
    """Equal probabilities, with one axis for each size."""
    return np.full(sizes, 1 / prod(sizes))

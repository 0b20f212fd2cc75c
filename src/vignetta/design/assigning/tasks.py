"""Several vignettes for each respondent: levels that are shared, drawn first; then what varies, within them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from vignetta.design.assigning.mechanisms import CHUNK, MOST_PAIRS, WHOLE, Blocked, Complete, Simple, Strata
from vignetta.design.assigning.profiles import (
    SideBySide,
    codes_of,
    profile_probability,
    rules_across,
    shared_factors,
    side_by_side,
)
from vignetta.design.assigning.universe import Floats, universe_of
from vignetta.design.declaration import Design, Mechanism
from vignetta.errors import Problem, StudyError

Places = npt.NDArray[np.int64]
Slot = tuple[int, int, int]
"""A respondent, a task and a profile, each by its place from 0."""
Sizes = Sequence[tuple[int, float]]
"""How many units a group may have, each with its probability."""
_TOO_MANY: Final = f"Tables are made for up to {MOST_PAIRS:,} rows."


@dataclass(frozen=True, eq=False)
class Stage:
    """One step of the draw: every unit that has a parent gets one of its children.

    Attributes
    ----------
    parent : (C,) ascending, the parent of each child; parents are the children of the stage above.
    probability : (C,) of each child given its parent; sums to 1 within a parent.
    units : how many units this stage has for each unit of the stage above.
    """

    parent: Places
    probability: Floats
    units: int

    @cached_property
    def starts(self) -> Places:
        """Where each parent's children begin, and their number at the end."""
        return np.concatenate([[0], np.cumsum(np.bincount(self.parent))]).astype(np.int64)

    @cached_property
    def settled(self) -> bool:
        """Whether every parent has a single child, so that nothing is drawn."""
        return len(self.parent) == len(np.unique(self.parent))

    def children(self, group: int) -> slice:
        return slice(int(self.starts[group]), int(self.starts[group + 1]))


@dataclass(frozen=True, eq=False)
class Repeated:
    """Each respondent gets a vignette for every profile of every task.

    Levels that a respondent keeps are drawn first, then those that the profiles of a task share, then the rest, each
    given what is drawn already. Under `complete`, every draw is exactly balanced among the units that have the same
    levels above (`Complete`); under `blocked`, the first one is so within blocks of respondents, and those below it
    among all respondents. Rules about the profiles of a task are kept by drawing whole sets of them; what these rules
    are not about is then independent.

    Attributes
    ----------
    mechanism : simple, complete or blocked.
    block_size : respondents per block.
    tasks, profiles : of each respondent.
    stages : the levels of a respondent, of a task, and of a profile or, with rules, of the set of profiles.
    probability : (K,) of each vignette, for any profile.
    leaves : (K,) without rules, the vignette that each child of the last stage is.
    sets : with rules, what a task can show.
    fill : (K,) with rules, the probability of each vignette given its cell.

    Examples
    --------
    Two vignettes and two tasks. A single respondent reads both; each of two reads any two of the four.

    >>> none, alone = np.zeros(2, dtype=np.int64), (np.array([0]), np.array([1.0]))
    >>> stages = Stage(*alone, 1), Stage(*alone, 2), Stage(none, np.array([0.5, 0.5]), 1)
    >>> both = Repeated("complete", 2, 2, 1, stages, np.array([0.5, 0.5]))
    >>> both.pair_probabilities(1, slots=((0, 0, 0), (0, 1, 0)))
    array([[0. , 0.5],
           [0.5, 0. ]])
    >>> both.pair_probabilities(2, slots=((0, 0, 0), (0, 1, 0))).round(3)
    array([[0.167, 0.333],
           [0.333, 0.167]])
    """

    mechanism: Mechanism
    block_size: int
    tasks: int
    profiles: int
    stages: tuple[Stage, ...]
    probability: Floats
    leaves: Places | None = None
    sets: SideBySide | None = None
    fill: Floats | None = None

    def draw(self, n: int, generator: np.random.Generator, *, strata: Strata | None = None) -> Places:
        """The places (n, tasks, profiles) of the vignettes, from 0."""
        drawn: Places = self.redraw(n, 1, generator, strata=strata)[0]
        return drawn

    def redraw(self, n: int, times: int, generator: np.random.Generator, *, strata: Strata | None = None) -> Places:
        """Independent assignments of the same respondents: (times, n, tasks, profiles) places of vignettes."""
        refuse_strata(n, strata, self.mechanism)
        drawn = np.empty((times, n, self.tasks, self.profiles), dtype=np.int64)
        rows = max(1, CHUNK // (n * self.tasks * self.profiles))
        for start in range(0, times, rows):
            part = drawn[start : start + rows]
            part[:] = self._redrawn(n, len(part), generator, strata).reshape(part.shape)
        return drawn

    def _redrawn(self, n: int, times: int, generator: np.random.Generator, strata: Strata | None) -> Places:
        """The vignettes (times, n x tasks x profiles) of a number of assignments that are worked on at a time."""
        codes, each, open_ = np.zeros((times, n), dtype=np.int64), 1, True
        for stage in self.stages:
            each *= stage.units
            codes = np.repeat(codes, stage.units, axis=1)
            if stage.settled:
                codes = stage.starts[codes]
            elif open_:
                codes, open_ = self._first(stage, codes.shape[1], times, generator, strata, each), False
            elif self.mechanism == "simple":
                codes = _independent(stage.starts, stage.probability, codes, generator)
            else:
                codes = _balanced(stage, codes, generator)
        if self.sets is not None and self.fill is not None:
            return self._filled(self.sets, self.fill, codes, generator)
        return codes if self.leaves is None else self.leaves[codes]

    def _first(
        self, stage: Stage, units: int, times: int, generator: np.random.Generator, strata: Strata | None, each: int
    ) -> Places:
        """The first stage at which something is drawn: its units all have the same parent."""
        if self.mechanism == "blocked":
            blocked = Blocked(stage.probability, self.block_size * each)
            return blocked.redraw(units, times, generator, strata=_repeated(strata, each))
        kind = Simple if self.mechanism == "simple" else Complete
        return kind(stage.probability).redraw(units, times, generator)

    def _filled(self, sets: SideBySide, fill: Floats, codes: Places, generator: np.random.Generator) -> Places:
        """A vignette for each cell of the sets drawn."""
        cells = sets.sets[codes].reshape(len(codes), -1)
        order = np.argsort(sets.cell_of, kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(sets.cell_of))]).astype(np.int64)
        return order[_independent(starts, fill[order], cells, generator)]

    def probabilities(self) -> Floats:
        """The probability (K,) of each vignette, for any profile of any respondent."""
        return self.probability

    def pair_probabilities(self, n: int, *, slots: tuple[Slot, Slot], strata: Strata | None = None) -> Floats:
        """The exact probability (K, K) that two different slots get the vignettes i and j.

        By the law of total probability down the stages: the number of units in each group is the whole number below
        or above its expectation, as `Complete` makes it.

        Parameters
        ----------
        slots
            (respondent, task, profile) of each, counted from 0.
        strata
            For `blocked`, the stratum of each of the n respondents.

        Raises
        ------
        StudyError
            When the table is too large, the slots are no two different ones, the strata do not fit, or for `blocked`
            with levels that are shared, for which it has no simple form.
        """
        refuse_strata(n, strata, self.mechanism)
        check_slots(slots, (n, self.tasks, self.profiles))
        split = next(place for place, (one, other) in enumerate(zip(*slots, strict=True)) if one != other)
        whole_sets = self.sets is not None and split == 2
        if max(len(self.probability), 0 if whole_sets else len(self.stages[-1].parent)) > MOST_PAIRS:
            raise StudyError(Problem("design", "the pairs are too many to hold.", _TOO_MANY))
        if self.mechanism == "blocked" and not whole_sets:
            return self._blocked_pairs(n, slots, strata)
        if self.sets is not None and self.fill is not None:
            cells = self._cell_pairs(self.sets, n, split, (slots[0][2], slots[1][2]))
            together: Floats = cells[np.ix_(self.sets.cell_of, self.sets.cell_of)] * np.outer(self.fill, self.fill)
            return together
        place = np.argsort(self.leaves) if self.leaves is not None else slice(None)
        pairs: Floats = self._joint(split).of(0, 0, [(n, 1.0)])[place][:, place]
        return pairs

    def _joint(self, split: int) -> "_Joint":
        return _Joint(self.stages, self.mechanism == "simple", split)

    def _cell_pairs(self, sets: SideBySide, n: int, split: int, profiles: tuple[int, int]) -> Floats:
        if split == 2:
            return _same_set(sets, np.bincount(sets.group_of, sets.cell_probability).astype(np.float64))
        by_set = self._joint(split).of(0, 0, [(n, 1.0)])
        first, second = (sets.sets[:, profile] for profile in profiles)
        cells = np.zeros((len(sets.group_of), len(sets.group_of)))
        np.add.at(cells, (first[:, None], second[None, :]), by_set)
        return cells

    def _blocked_pairs(self, n: int, slots: tuple[Slot, Slot], strata: Strata | None) -> Floats:
        if self.sets is not None or not all(each.settled for each in self.stages[:-1]):
            what = (
                "under `blocked`, pairs have no simple form where levels are shared or profiles depend on each other."
            )
            raise StudyError(Problem("mechanism", what, "Use `redraw`, or the mechanism `complete`."))
        per = self.tasks * self.profiles
        first, second = (each[0] * per + each[1] * self.profiles + each[2] for each in slots)
        blocked = Blocked(self.probability, self.block_size * per)
        return blocked.pair_probabilities(n * per, respondents=(first, second), strata=_repeated(strata, per))


def repeated(design: Design) -> Repeated:
    """The mechanism of a design with several tasks or profiles, decks aside."""
    universe, shared = universe_of(design), shared_factors(design)
    kept = [name for name in shared if design.factors[name].varies == "respondent"]
    by_respondent, by_task = codes_of(design, universe, kept), codes_of(design, universe, shared)
    everybody = np.zeros(len(universe), dtype=np.int64)
    above = (
        _stage(everybody, by_respondent, universe.probability, 1),
        _stage(by_respondent, by_task, universe.probability, design.tasks),
    )
    own = (design.mechanism, design.block_size or len(universe), design.tasks, design.profiles)
    if rules_across(design):
        sets = side_by_side(design)
        last = Stage(sets.group_of[sets.sets[:, 0]].astype(np.int64), sets.probability, 1)
        fill = universe.probability / sets.cell_probability[sets.cell_of]
        return Repeated(*own, (*above, last), profile_probability(design, universe, sets), sets=sets, fill=fill)
    leaves = np.argsort(by_task, kind="stable")
    weight = universe.probability[leaves]
    last = Stage(by_task[leaves], weight / np.bincount(by_task, universe.probability)[by_task[leaves]], design.profiles)
    return Repeated(*own, (*above, last), universe.probability, leaves=leaves)


def _repeated(strata: Strata | None, units: int) -> Strata | None:
    """The stratum of each unit, when every respondent has so many."""
    return None if strata is None else [stratum for stratum in strata for _ in range(units)]


def _stage(parent_of: Places, child_of: Places, probability: Floats, units: int) -> Stage:
    """The stage whose children are numbered by `child_of` (K,) for each vignette, and their parents by `parent_of`."""
    first = np.unique(child_of, return_index=True)[1]
    parent = parent_of[first]
    weight = np.bincount(child_of, probability) / np.bincount(parent_of, probability)[parent]
    return Stage(parent, weight, units)


# ------------------------------------------------------------------------------------------------------------ draws


def _independent(starts: Places, probability: Floats, parents: Places, generator: np.random.Generator) -> Places:
    """A child for each unit, given its parent, independently of all others; children stand in order of their parent."""
    total = np.concatenate([[0.0], np.cumsum(probability)])
    below, above = total[starts[:-1]], total[starts[1:]]
    point = below[parents] + generator.random(parents.shape) * (above - below)[parents]
    found = np.searchsorted(total, point, side="right") - 1
    clipped: Places = np.clip(found, starts[:-1][parents], starts[1:][parents] - 1)
    return clipped


def _balanced(stage: Stage, parents: Places, generator: np.random.Generator) -> Places:
    """A child for each unit (times, units), exactly balanced among the units of one parent in one assignment."""
    drawn, order = np.empty_like(parents), np.argsort(parents, axis=1, kind="stable")
    sizes = _tallies(parents, len(stage.starts) - 1)
    ends = np.cumsum(sizes, axis=1)
    for group in range(sizes.shape[1]):
        own = stage.children(group)
        mechanism, size = Complete(stage.probability[own]), sizes[:, group]
        for each in np.unique(size[size > 0]).tolist():
            rows = np.flatnonzero(size == each)[:, None]
            units = order[rows, ends[rows, group] - each + np.arange(each)]
            drawn[rows, units] = own.start + mechanism.redraw(each, len(rows), generator)
    return drawn


def _tallies(parents: Places, groups: int) -> Places:
    """How many units (times, groups) each parent has in each assignment."""
    offset = np.arange(len(parents))[:, None] * groups
    return np.bincount((parents + offset).ravel(), minlength=len(parents) * groups).reshape(-1, groups)


# ------------------------------------------------------------------------------------------------------------ pairs


@dataclass(frozen=True, eq=False)
class _Joint:
    """The joint probabilities of two slots with the same unit above the stage `split` and different ones from it on."""

    stages: tuple[Stage, ...]
    independent: bool
    split: int

    def of(self, place: int, group: int, sizes: Sizes) -> Floats:
        """Of the leaves below a group that both slots are in: square; `sizes` of the group at the stage `place`."""
        stage = self.stages[place]
        own = stage.children(group)
        probability, apart = stage.probability[own], place >= self.split
        pairs = self._pairs(probability, sizes) if apart else np.diag(probability)
        if place == len(self.stages) - 1:
            return pairs
        below = [self._leaves(place + 1, child) for child in range(own.start, own.stop)]
        ends = np.cumsum([len(each) for each in below])
        child_of, leaves = np.repeat(np.arange(len(below)), np.diff(ends, prepend=0)), np.concatenate(below)
        joint: Floats = pairs[np.ix_(child_of, child_of)] * np.outer(leaves, leaves)
        for i in np.flatnonzero(np.diag(pairs)):
            given = _sizes(sizes, float(probability[i]), 2 if apart else 1, self.stages[place + 1].units)
            block = slice(ends[i] - len(below[i]), ends[i])
            joint[block, block] = pairs[i, i] * self.of(place + 1, own.start + int(i), given)
        return joint

    def _pairs(self, probability: Floats, sizes: Sizes) -> Floats:
        if self.independent:
            return np.outer(probability, probability)
        each = [weight * Complete(probability).pair_probabilities(size) for size, weight in sizes if size > 1]
        total: Floats = np.sum(each, axis=0)
        return total

    def _leaves(self, place: int, group: int) -> Floats:
        """The probabilities of the leaves below a group."""
        stage = self.stages[place]
        own = stage.children(group)
        if place == len(self.stages) - 1:
            return stage.probability[own]
        below = [stage.probability[child] * self._leaves(place + 1, child) for child in range(own.start, own.stop)]
        return np.concatenate(below)


def _sizes(sizes: Sizes, probability: float, inside: int, units: int) -> Sizes:
    """How many units of the next stage a child has, given that one or two certain units of its parent are its own."""
    found: dict[int, float] = {}
    for size, weight in sizes:
        expected = size * probability
        low = round(expected)
        low, part = (low, 0.0) if abs(expected - low) <= WHOLE * expected else (int(expected), expected % 1)
        for count, chance in ((low, 1 - part), (low + 1, part)):
            ways = count if inside == 1 else count * (count - 1)
            among = size if inside == 1 else size * (size - 1)
            if chance > 0 and ways and among:
                found[count * units] = found.get(count * units, 0.0) + weight * chance * ways / among
    total = sum(found.values())
    return [(size, weight / total) for size, weight in found.items()]


def _same_set(sets: SideBySide, above: Floats) -> Floats:
    """The joint probability (C, C) of the cells of two profiles of a task; `above` is that of each set's group."""
    cells = np.zeros((len(sets.group_of), len(sets.group_of)))
    weight = sets.probability * above[sets.group_of[sets.sets[:, 0]]]
    np.add.at(cells, (sets.sets[:, 0], sets.sets[:, 1]), weight)
    return cells


# ------------------------------------------------------------------------------------------------- what cannot be drawn


def refuse_strata(n: int, strata: Strata | None, mechanism: str) -> None:
    """Raise `StudyError` when there is nobody to assign, or the strata do not fit the mechanism or `n`."""
    problems = [] if n >= 1 else [Problem("n", f"{n} respondents cannot be assigned.", "Give at least 1.")]
    if strata is not None and mechanism != "blocked":
        what = f"the mechanism `{mechanism}` has no strata."
        problems.append(Problem("strata", what, "Declare `mechanism: blocked`, or leave them out."))
    elif strata is not None and len(strata) != n:
        what = f"{len(strata)} strata were given for {n} respondents."
        problems.append(Problem("strata", what, "Give each respondent one."))
    if problems:
        raise StudyError(problems)


def check_slots(slots: tuple[Slot, Slot], sizes: Slot) -> None:
    """Raise `StudyError` unless these are two different slots of a design of so many respondents, tasks, profiles."""
    within = all(0 <= place < size for slot in slots for place, size in zip(slot, sizes, strict=True))
    if slots[0] == slots[1] or not within:
        what = f"{slots} are not two different places among {' × '.join(map(str, sizes))}."
        raise StudyError(Problem("slots", what, "Give (respondent, task, profile) of each, counted from 0."))

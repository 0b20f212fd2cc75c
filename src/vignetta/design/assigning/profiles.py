"""The profiles that a task shows side by side, where rules say which of them may, and their exact probabilities."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

from vignetta.design.assigning.universe import Floats, Universe, universe_of
from vignetta.design.declaration import Design
from vignetta.design.restrictions import Restriction, blamed, fewest
from vignetta.errors import Problem, StudyError

Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

MOST_SETS: Final = 4_000_000
"""More sets of profiles than these are not held in memory."""
MOST_WORK: Final = 20_000_000
"""About so many pairs of vignettes are looked at, per size, in the search for the smallest culprits."""
_REMEDY: Final = "Remove or narrow one of these restrictions."


@dataclass(frozen=True, eq=False)
class SideBySide:
    """Which sets of profiles a task can show.

    A cell is a combination of the levels that the rules are about and of the levels that profiles share; what else
    varies is independent of the rules, so that sets of cells say all.

    Attributes
    ----------
    cell_of : (K,) the cell of each vignette of the universe.
    group_of : (C,) for each cell which shared levels it has.
    cell_probability : (C,) of each cell without the rules; sums to 1.
    sets : (M, P) the allowed sets, by the cell of each profile, in order of their group.
    probability : (M,) of each set, given its group's shared levels; sums to 1 within each group.
    """

    cell_of: Places
    group_of: Places
    cell_probability: Floats
    sets: Places
    probability: Floats

    @property
    def marginal(self) -> Floats:
        """The probability (C,) that a profile has each cell; the same for all profiles of a task."""
        group = np.bincount(self.group_of, self.cell_probability)
        weight = self.probability * group[self.group_of[self.sets[:, 0]]]
        return np.bincount(self.sets[:, 0], weight, minlength=len(self.cell_probability)).astype(np.float64)


def rules_across(design: Design) -> list[Restriction]:
    """The restrictions that are about the profiles of a task."""
    return [each for each in design.restrictions if each.across]


def codes_of(design: Design, universe: Universe, names: Sequence[str]) -> Places:
    """For each vignette which combination of the levels of some factors it has, numbered from 0 in sorted order."""
    place = np.zeros(len(universe), dtype=np.int64)
    for name, column in zip(names, _columns(design, names), strict=True):
        place = place * len(design.factors[name].levels) + universe.codes[:, column]
    return np.unique(place, return_inverse=True)[1].reshape(-1).astype(np.int64)


def shared_factors(design: Design) -> list[str]:
    """The factors whose levels all profiles of a task share, those that a respondent keeps first."""
    order = ("respondent", "task")
    return [name for varies in order for name, each in design.factors.items() if each.varies == varies]


def side_by_side(design: Design) -> SideBySide:
    """The sets of profiles that a task can show, by enumeration.

    Given the shared levels, a set's probability is the product of its profiles' probabilities, divided by the sum of
    these products over the allowed sets.

    Raises
    ------
    StudyError
        When there are more sets than can be held, or, for some shared levels, none at all.
    """
    cells = _cells(design, universe_of(design))
    sets = _sets(design, cells)
    group = cells.group_of[sets[:, 0]]
    if len(np.unique(group)) <= cells.group_of.max():
        raise StudyError(Problem("restrictions", what, remedy) for what, remedy in pair_findings(design))
    product = cells.weight[sets].prod(axis=1)
    probability = product / np.bincount(group, product)[group]
    return SideBySide(cells.cell_of, cells.group_of, cells.weight, sets, probability)


@dataclass(frozen=True, eq=False)
class _Cells:
    """The cells of a universe, as in `SideBySide`, with `levels` (C, f) and `weight` (C,), which sums to 1."""

    cell_of: Places
    group_of: Places
    levels: Places
    weight: Floats


def _cells(design: Design, universe: Universe) -> _Cells:
    about = [name for name in design.factors if any(name in each.factors_across for each in rules_across(design))]
    shared = shared_factors(design)
    cell_of = codes_of(design, universe, [*shared, *(each for each in about if each not in shared)])
    first = np.unique(cell_of, return_index=True)[1]
    weight = np.bincount(cell_of, universe.probability).astype(np.float64)
    return _Cells(cell_of, codes_of(design, universe, shared)[first], universe.codes[first].astype(np.int64), weight)


def _sets(design: Design, cells: _Cells) -> Places:
    """The allowed sets of cells (M, P), group by group."""
    number = float((np.bincount(cells.group_of) ** float(design.profiles)).sum())
    if number > MOST_SETS:
        what = f"{number:,.0f} sets of profiles are more than {MOST_SETS:,}."
        raise StudyError(Problem("restrictions", what, "Let the rules about pairs name fewer factors."))
    groups = range(int(cells.group_of.max()) + 1)
    return np.concatenate([_sets_of(design, cells, np.flatnonzero(cells.group_of == each)) for each in groups])


def _sets_of(design: Design, cells: _Cells, own: Places) -> Places:
    """The allowed sets (m, P) of one group, whose cells are `own`."""
    may = np.ones((len(own), len(own)), dtype=bool)
    for rule in rules_across(design):
        may &= _may_meet(design, rule, cells.levels[own])
    sets = np.indices((len(own),) * design.profiles).reshape(design.profiles, -1).T
    kept = np.ones(len(sets), dtype=bool)
    for first, second in combinations(range(design.profiles), 2):
        kept &= may[sets[:, first], sets[:, second]]
    return own[sets[kept]]


def _may_meet(design: Design, rule: Restriction, levels: Places) -> Flags:
    """Whether a rule lets two cells, given by their levels (n, f), stand side by side: (n, n)."""
    names = list(design.factors)
    if rule.differ:
        differs = np.zeros((len(levels), len(levels)), dtype=bool)
        for name in rule.differ:
            column = levels[:, names.index(name)]
            differs |= column[:, None] != column
        return differs
    one, other = (_has(design, each, levels) for each in rule.forbid_pair)
    return ~(one[:, None] & other) & ~(other[:, None] & one)


def _has(design: Design, wanted: dict[str, tuple[str, ...]], levels: Places) -> Flags:
    has = np.ones(len(levels), dtype=bool)
    for place, (name, factor) in enumerate(design.factors.items()):
        if name in wanted:
            has &= np.isin(levels[:, place], [factor.level_names.index(each) for each in wanted[name]])
    return has


def profile_probability(design: Design, universe: Universe, sets: SideBySide | None = None) -> Floats:
    """The exact probability (K,) that a profile is each vignette of the universe, all rules considered.

    `sets` are those of the design, if they are known already.
    """
    if not rules_across(design):
        return universe.probability
    sets = sets or side_by_side(design)
    return universe.probability * (sets.marginal / sets.cell_probability)[sets.cell_of]


# ----------------------------------------------------------------------------------------- what the rules leave


Part = tuple[str | None, tuple[int, ...]]
"""(factor, (level,)), or (None, levels of the shared factors); a level is given by its place."""


def pair_findings(design: Design) -> Iterator[tuple[str, str]]:
    """What the rules about pairs leave nothing of, those with the fewest culprits first: what, and what to do."""
    named = {name for each in design.restrictions for name in _restricted(each)}
    about = design.model_copy(update={"factors": {n: each for n, each in design.factors.items() if n in named}})
    side, left = f"no {design.profiles} profiles", _left(about)
    if not left:
        yield f"{side} may stand side by side: {blamed(_culprits(about, None))}.", _REMEDY
        return
    shared = shared_factors(about)
    given = np.unique(universe_of(about).codes[:, _columns(about, shared)], axis=0).tolist() if shared else []
    lost: dict[Part, str] = {
        (None, tuple(each)): f"{side} with {_said(about, shared, each)} may stand side by side" for each in given
    }
    if lost.keys() <= left:
        lost = {
            (name, (place,)): f"no profile can have the level `{level}` of `{name}`"
            for name, factor in about.factors.items()
            for place, level in enumerate(factor.level_names)
        }
    found = [(what, _culprits(about, each)) for each, what in lost.items() if each not in left]
    for what, culprits in sorted(found, key=lambda each: len(each[1])):
        yield f"{what}: {blamed(culprits)}.", _REMEDY


def _restricted(rule: Restriction) -> set[str]:
    return {*rule.factors_across, *rule.forbid, *rule.levels, *rule.only_with}


def _columns(design: Design, names: Sequence[str]) -> list[int]:
    return [list(design.factors).index(name) for name in names]


def _said(design: Design, names: Sequence[str], levels: Sequence[int]) -> str:
    each = (
        f"`{name}` = `{design.factors[name].level_names[level]}`" for name, level in zip(names, levels, strict=True)
    )
    return " and ".join(each)


def _left(design: Design) -> frozenset[Part]:
    """What profiles that stand side by side can have."""
    universe, shared = universe_of(design), shared_factors(design)
    cells = _cells(design, universe)
    sets = _sets(design, cells)
    groups, first = np.unique(cells.group_of[sets[:, 0]], return_index=True)
    given = cells.levels[sets[first, 0]][:, _columns(design, shared)].tolist() if len(groups) else []
    rows = universe.codes[np.isin(cells.cell_of, sets)]
    levels = {
        (name, (each,)) for place, name in enumerate(design.factors) for each in np.unique(rows[:, place]).tolist()
    }
    return frozenset(levels | {(None, tuple(each)) for each in given})


def _culprits(design: Design, lost: Part | None) -> list[int]:
    """The fewest restrictions that leave nothing of what is lost, or nothing at all."""

    def leave_nothing(places: Sequence[int]) -> bool:
        some = design.model_copy(update={"restrictions": tuple(design.restrictions[each] for each in places)})
        try:
            left = _left(some) if rules_across(some) else None
        except StudyError:
            return False
        return left is not None and (lost not in left if lost else not left)

    most = MOST_WORK // len(universe_of(design)) ** 2
    return fewest(range(len(design.restrictions)), leave_nothing, most=most)

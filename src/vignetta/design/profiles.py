"""The profiles that a task shows side by side, where rules say which of them may, and their exact probabilities."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

from vignetta.design.declaration import Design
from vignetta.design.restrictions import Restriction
from vignetta.design.universe import Floats, Universe, universe_of
from vignetta.errors import Problem, StudyError

Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

MOST_SETS: Final = 4_000_000
"""More sets of profiles than these are not held in memory."""


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
    columns = [list(design.factors).index(name) for name in names]
    place = np.zeros(len(universe), dtype=np.int64)
    for column in columns:
        place = place * len(list(design.factors.values())[column].levels) + universe.codes[:, column]
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
        When there are more sets than can be held, or none at all.
    """
    universe, rules = universe_of(design), rules_across(design)
    about = [name for name in design.factors if any(name in _names(each) for each in rules)]
    shared = shared_factors(design)
    cell_of = codes_of(design, universe, [*shared, *(each for each in about if each not in shared)])
    cells = np.unique(cell_of, return_index=True)[1]
    group_of = codes_of(design, universe, shared)[cells] if shared else np.zeros(len(cells), dtype=np.int64)
    weight = np.bincount(cell_of, universe.probability).astype(np.float64)
    sizes = np.bincount(group_of) ** float(design.profiles)
    if sizes.sum() > MOST_SETS:
        what = f"{sizes.sum():,.0f} sets of profiles are more than {MOST_SETS:,}."
        raise StudyError(Problem("restrictions", what, "Let the rules about pairs name fewer factors."))
    levels = universe.codes[cells].astype(np.int64)
    found = [
        _sets(design, rules, np.flatnonzero(group_of == group), levels, weight) for group in range(group_of.max() + 1)
    ]
    sets, probability = (np.concatenate(each) for each in zip(*found, strict=True))
    return SideBySide(cell_of, group_of, weight, sets, probability)


def _names(rule: Restriction) -> set[str]:
    return {*rule.differ, *(name for each in rule.forbid_pair for name in each)}


def _sets(
    design: Design, rules: Sequence[Restriction], cells: Places, levels: Places, weight: Floats
) -> tuple[Places, Floats]:
    """The allowed sets of one group's cells, (m, P), and their probabilities, (m,)."""
    may = np.ones((len(cells), len(cells)), dtype=bool)
    for rule in rules:
        may &= _may_meet(design, rule, levels[cells])
    sets = np.stack(np.meshgrid(*[np.arange(len(cells))] * design.profiles, indexing="ij"), axis=-1)
    sets = sets.reshape(-1, design.profiles)
    kept = np.ones(len(sets), dtype=bool)
    for first, second in combinations(range(design.profiles), 2):
        kept &= may[sets[:, first], sets[:, second]]
    sets = cells[sets[kept]]
    product = weight[sets].prod(axis=1)
    if not len(sets):
        named = ", ".join(f"`restrictions[{design.restrictions.index(each)}]`" for each in rules)
        what = (
            f"no {design.profiles} profiles may stand side by side: {named} forbid{'s' * (len(rules) == 1)} them all."
        )
        raise StudyError(Problem("restrictions", what, "Remove or narrow one of these restrictions."))
    return sets, product / product.sum()


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


def profile_probability(design: Design, universe: Universe) -> Floats:
    """The exact probability (K,) that a profile is each vignette of the universe, all rules considered."""
    if not rules_across(design):
        return universe.probability
    found = side_by_side(design)
    return universe.probability * (found.marginal / found.cell_probability)[found.cell_of]


def pair_findings(design: Design) -> Iterator[tuple[str, str]]:
    """Levels that no profile can have because of the rules about pairs: what, and what to do."""
    universe = universe_of(design)
    probability = profile_probability(design, universe)
    for place, (name, factor) in enumerate(design.factors.items()):
        reached = np.bincount(universe.codes[:, place], probability, minlength=len(factor.levels))
        for level in np.array(factor.level_names, dtype=object)[reached == 0]:
            what = f"no profile can have the level `{level}` of `{name}`: the rules about pairs forbid it beside all."
            yield what, "Remove or narrow one of these rules, or remove the level."

"""Found shares beside declared probabilities: which differ, and how that is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.stats import binom

from vignetta.design.assigning.universe import Floats
from vignetta.design.declaration import Factor
from vignetta.errors import Problem
from vignetta.instruments.naming import Slot, factor_field

FALSE_ALARMS: Final = 1e-4
"""How probable it is that a right instrument is blamed at all by the comparisons by Monte Carlo."""
EXACT: Final = 1e-9
"""Exact shares may differ by so much: sums of doubles err by less, the smallest weight is far above it."""
BUILD: Final = "Correct it in the flow, or run `vignetta build`."
_TOLD: Final = 5
"""So many deviations of one kind in one place are told; the others are counted."""

Placed = tuple[Factor, Slot]
"""A factor at a slot, which has a field of its own."""


def name_of(placed: Placed) -> str:
    return factor_field(*placed)


@dataclass(frozen=True, eq=False)
class Comparison:
    """The shares of the levels of some fields beside what the design declares.

    Attributes
    ----------
    what : levels, pairs of levels, or vignettes.
    of : the fields, by factor and slot; one axis each.
    expected, found : of each combination. Of single fields the last found share is that of anything else.
    n : 0 where `found` is exact, otherwise the number of respondents.
    whose : which respondents, in words; empty for all.
    """

    what: str
    of: tuple[Placed, ...]
    expected: Floats
    found: Floats
    n: int
    whose: str = ""

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(name_of(each) for each in self.of)

    def differs(self, alarm: float) -> npt.NDArray[np.bool_]:
        return _differ(self.expected, self.found, self.n, alarm)


@dataclass(frozen=True)
class Named:
    """Shares that have names, such as those of decks, beside the declared ones; as in `Comparison`."""

    where: str
    names: tuple[str, ...]
    expected: tuple[float, ...]
    found: tuple[float, ...]
    n: int
    whose: str = ""

    def problems(self, alarm: float) -> Iterator[Problem]:
        differs = _differ(np.array(self.expected), np.array(self.found), self.n, alarm)
        whose = f" with {self.whose}" if self.whose else ""
        for name, declared, share, told in zip(self.names, self.expected, self.found, differs.tolist(), strict=True):
            drawn = f"has the probability {number(share)}" if share else "never occurs"
            if told:
                yield Problem(self.where, f"{name} {drawn}{whose}; declared is {number(declared)}.", BUILD)


def _differ(expected: Floats, found: Floats, n: int, alarm: float) -> npt.NDArray[np.bool_]:
    """Which shares differ, where they are counts of `n` by an exact binomial test at the probability `alarm`."""
    if not n:
        return np.asarray(np.abs(found - expected) > EXACT)
    return _improbable(expected, np.rint(found * n), n, alarm)


def _improbable(expected: Floats, counts: Floats, n: int, alarm: float) -> npt.NDArray[np.bool_]:
    """Whether counts as far out have a two-sided probability below `alarm`; an impossible one always has.

    Even presentation spreads counts less than a binomial does, so that false alarms are rarer than said.
    """
    expected = np.clip(expected, 0, 1)
    tails = np.minimum(binom.cdf(counts, n, expected), binom.sf(counts - 1, n, expected))
    return np.asarray(2 * tails < alarm)


@dataclass
class Compared:
    """All comparisons of an instrument, and what they find."""

    comparisons: list[Comparison] = field(default_factory=list)
    named: list[Named] = field(default_factory=list)

    @property
    def sampled(self) -> int:
        """How many shares are compared by Monte Carlo."""
        shares = sum(each.expected.size for each in self.comparisons if each.n)
        return shares + sum(len(each.names) for each in self.named if each.n)

    def problems(self, where_set: WhereSet) -> Iterator[Problem]:
        """Every deviation in words: forbidden combinations, levels, and what differs although its levels are right."""
        alarm = FALSE_ALARMS / max(1, self.sampled)
        for each in self.named:
            yield from each.problems(alarm)
        wrong: set[tuple[str, ...]] = set()
        for compared in self.comparisons:
            differs = compared.differs(alarm)
            if differs.any():
                known = _is_known(compared.fields, wrong)
                wrong.add(compared.fields)
                yield from _told(compared, differs & (compared.expected == 0) if known else differs, where_set)


def _is_known(fields: Sequence[str], wrong: set[tuple[str, ...]]) -> bool:
    """Whether fewer of the fields are known to be wrong already."""
    return any(set(each) < set(fields) for each in wrong)


class WhereSet:
    """Which elements of the flow give a field a value."""

    def __init__(self, places: dict[tuple[str, str], list[str]]) -> None:
        self._places = places

    def remedy(self, field_name: str, code: str) -> str:
        found = self._places.get((field_name, code), [])
        if not found:
            return f"No element sets `{field_name}` to `{code}`. Run `vignetta build`, or add one in Qualtrics."
        named = ", ".join(found[:3]) + (" …" if len(found) > 3 else "")
        return f"It is set by {named}: look how often these are drawn, or run `vignetta build`."


def _told(comparison: Comparison, differs: npt.NDArray[np.bool_], where_set: WhereSet) -> Iterator[Problem]:
    places = np.argwhere(differs)
    for place in islice(places, _TOLD):
        yield _problem(comparison, tuple(place.tolist()), where_set)
    if len(places) > _TOLD:
        more = len(places) - _TOLD
        yield Problem(", ".join(comparison.fields), f"{more:,} further {comparison.what} deviate.", "As above.")


def _problem(comparison: Comparison, place: tuple[int, ...], where_set: WhereSet) -> Problem:
    expected, found = float(comparison.expected[place]), float(comparison.found[place])
    where = ", ".join(comparison.fields) + (f" ({comparison.whose})" if comparison.whose else "")
    levels = [factor.levels for factor, _ in comparison.of]
    if len(levels) == 1 and place[0] == len(levels[0]):
        return Problem(
            where,
            f"{percent(found)} of respondents get none of the levels.",
            "Every respondent needs one: look at the elements that set the field, or run `vignetta build`.",
        )
    chosen = [each[code] for each, code in zip(levels, place, strict=True)]
    what = " with ".join(f"`{each.name}`" for each in chosen)
    remedy = where_set.remedy(comparison.fields[0], chosen[0].export_code)
    if expected == 0:
        return Problem(where, f"{what} is drawn with probability {number(found)}, and the design never has it.", remedy)
    if found == 0:
        return Problem(where, f"{what} is never drawn; its declared probability is {number(expected)}.", remedy)
    about = "" if not comparison.n else f" among {comparison.n:,} respondents"
    said = f"{what} is drawn with probability {number(found)}{about}; declared is {number(expected)}."
    return Problem(where, said, remedy)


def number(share: float) -> str:
    return f"{share:.4g}"


def percent(share: float) -> str:
    return f"{100 * share:.3g}%"

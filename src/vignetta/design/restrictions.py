"""Combinations of levels that are never shown: how they are declared, and whether they leave every level a vignette."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from math import comb
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from vignetta.declared import Declared, Finding, Location
from vignetta.design.raw import items, mapping
from vignetta.errors import near_miss

Box = Mapping[str, frozenset[str]]
"""Levels of some factors. A vignette lies in the box when each of these factors has one of its levels."""
Domains = Mapping[str, frozenset[str]]

PARTS = ("forbid", "levels", "only_with")
"""The keys of a rule about one profile."""
ACROSS = ("differ", "forbid_pair")
"""The keys of a rule about the profiles of a task."""
MOST_SETS = 2000
"""How many sets of restrictions are tried, per size, in the search for the smallest culprits."""

LevelNames = Annotated[
    tuple[str, ...],
    BeforeValidator(
        lambda value: (value,) if isinstance(value, str) else value, json_schema_input_type=str | tuple[str, ...]
    ),
]
"""A single level may be written without a list."""


class Restriction(Declared):
    """A rule about which levels never stand together.

    It is either `forbid`, or `levels` and `only_with`, about one profile; or `differ`, or `forbid_pair`, about any two
    profiles of a task.
    """

    forbid: dict[str, LevelNames] = Field({}, description="levels of two or more factors that never stand together")
    levels: dict[str, LevelNames] = Field({}, description="levels of a factor that need others beside them")
    only_with: dict[str, LevelNames] = Field({}, description="the levels of other factors beside which they may stand")
    differ: tuple[str, ...] = Field((), description="factors of which two profiles have another level of at least one")
    forbid_pair: tuple[dict[str, LevelNames], ...] = Field(
        (), description="two sets of levels that one profile and the other never have, in any order"
    )
    reason: str = Field(min_length=1, description="why, for readers of the design")

    @property
    def across(self) -> bool:
        """Whether it is about the profiles of a task."""
        return bool(self.factors_across)

    @property
    def factors_across(self) -> set[str]:
        """The factors that it names of the profiles of a task."""
        return {*self.differ, *(name for each in self.forbid_pair for name in each)}

    @classmethod
    def inconsistencies(cls, data: Mapping[str, Any], context: Any) -> Iterator[Finding]:
        given = [key for key in (*PARTS, *ACROSS) if key in data]
        if given not in (["forbid"], ["levels", "only_with"], ["differ"], ["forbid_pair"]):
            what = "a restriction is `forbid`, `levels` with `only_with`, `differ` or `forbid_pair`."
            yield (), what, "Write one of them."
        for key in given:
            yield from _empty_findings(key, data[key])
        if isinstance(data.get("forbid_pair"), list) and len(data["forbid_pair"]) != 2:
            what = f"a pair has two sets of levels, not {len(data['forbid_pair'])}."
            yield ("forbid_pair",), what, "Write `[{factor: level}, {factor: level}]`."
        forbidden, narrowed, beside = (mapping(data.get(key)) for key in PARTS)
        if len(forbidden) == 1:
            remedy = "Name a second factor, or remove the levels from this one."
            yield ("forbid",), "levels of a single factor are forbidden.", remedy
        for name in (each for each in beside if each in narrowed):
            yield ("only_with", name), f"`{name}` stands under `levels` too.", "Name another factor here."


def _empty_findings(key: str, value: Any) -> Iterator[Finding]:
    remedy = "Write `factor: [level, level]`."
    if value == []:
        yield (key,), "no factor is named.", "Write `[factor, factor]`." if key == "differ" else remedy
    sides: list[tuple[Location, Any]] = [((key,), value)]
    if isinstance(value, list):
        sides = [((key, place), each) for place, each in enumerate(value)]
    for where, side in sides:
        if side == {}:
            yield where, "no factor is named.", remedy
        for name, levels in mapping(side).items():
            if levels == [] or levels is None:
                yield (*where, name), "no level is named.", remedy


def boxes(restriction: Restriction, levels: Mapping[str, Sequence[str]]) -> list[Box]:
    """The restriction as boxes of forbidden vignettes; none when it is about the profiles of a task.

    `levels` holds the names of every factor's levels.
    """
    if restriction.across:
        return []
    forbidden, narrowed, beside = map(_box, (restriction.forbid, restriction.levels, restriction.only_with))
    return _boxes(forbidden, narrowed, beside, levels)


def _box(levels: Mapping[str, tuple[str, ...]]) -> Box:
    return {name: frozenset(each) for name, each in levels.items()}


def _boxes(forbidden: Box, narrowed: Box, beside: Box, levels: Mapping[str, Sequence[str]]) -> list[Box]:
    if forbidden:
        return [forbidden]
    others = {name: frozenset(levels[name]) - allowed for name, allowed in beside.items()}
    return [{**narrowed, name: each} for name, each in others.items() if each]


# ----------------------------------------------------------------------------------------- restrictions as written


def restriction_findings(restrictions: Any, levels: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    """Unknown names, levels that no vignette can have, and restrictions that leave no vignette at all.

    Parameters
    ----------
    restrictions
        What stands in the file, which may be broken in any way.
    levels
        The names of every factor's levels as far as they can be read.
    """
    sound: dict[int, list[Box]] = {}
    for place, each in items(restrictions):
        unknown = [found for key in PARTS for found in _unknown(("restrictions", place, key), each.get(key), levels)]
        yield from (*unknown, *_unknown_across(place, each, levels))
        if not unknown and _is_sound(each):
            forbidden, narrowed, beside = (_box(_read(each.get(key))) for key in PARTS)
            sound[place] = _boxes(forbidden, narrowed, beside, levels)
    if sound and all(levels.values()):
        yield from _reach_findings(sound, {name: frozenset(each) for name, each in levels.items()})


def _is_sound(restriction: Mapping[str, Any]) -> bool:
    """Whether the restriction can be read as it is meant; otherwise something else is told about it."""
    written = {key: mapping(restriction[key]) for key in PARTS if key in restriction}
    if not all(each and all(_read(each).values()) for each in written.values()):
        return False
    if written.keys() == {"forbid"}:
        return len(written["forbid"]) > 1
    return written.keys() == {"levels", "only_with"} and not written["levels"].keys() & written["only_with"].keys()


def _listed(value: Any) -> list[str]:
    """The level or levels that are named; none when one of them is no text."""
    names = [value] if isinstance(value, str) else value
    return names if isinstance(names, list) and all(isinstance(each, str) for each in names) else []


def _read(value: Any) -> dict[str, tuple[str, ...]]:
    return {name: tuple(_listed(each)) for name, each in mapping(value).items()}


def _unknown_across(
    place: int, restriction: Mapping[str, Any], levels: Mapping[str, Sequence[str]]
) -> Iterator[Finding]:
    for name in _listed(restriction.get("differ")):
        if name not in levels:
            yield ("restrictions", place, "differ"), f"unknown factor `{name}`.", near_miss(name, levels)
    for side, each in items(restriction.get("forbid_pair")):
        yield from _unknown(("restrictions", place, "forbid_pair", side), each, levels)


def _unknown(above: Location, restricted: Any, levels: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    for name, given in mapping(restricted).items():
        where: Location = (*above, name)
        if name not in levels:
            yield where, f"unknown factor `{name}`.", near_miss(name, levels)
            continue
        for level in _listed(given):
            if level not in levels[name]:
                yield where, f"`{name}` has no level `{level}`.", near_miss(level, levels[name])


# ---------------------------------------------------------------------------------------------- what is left to draw


def _reach_findings(sound: Mapping[int, list[Box]], domains: Domains) -> Iterator[Finding]:
    """Nothing left, or levels without a vignette; those with the fewest culprits first."""
    remedy = "Remove or narrow one of these restrictions."
    if not _possible(domains, _together(sound)):
        yield ("restrictions",), f"no vignette is left: {blamed(_culprits(domains, sound))}.", remedy
        return
    found = []
    restricted = {name for each in _together(sound) for name in each}
    for name in (each for each in domains if each in restricted):
        for level in sorted(domains[name]):
            narrowed = {**domains, name: frozenset((level,))}
            if not _possible(narrowed, _together(sound)):
                found.append((_culprits(narrowed, sound), name, level))
    for culprits, name, level in sorted(found, key=lambda each: len(each[0])):
        what = f"no vignette can have the level `{level}` of `{name}`: {blamed(culprits)}."
        yield ("restrictions",), what, remedy if len(culprits) > 1 else "Remove or narrow it, or remove the level."


def _together(restrictions: Mapping[int, list[Box]]) -> list[Box]:
    return [box for each in restrictions.values() for box in each]


def _culprits(domains: Domains, sound: Mapping[int, list[Box]]) -> list[int]:
    """The smallest set of restrictions that leaves no vignette in `domains`."""
    return fewest(list(sound), lambda places: not _possible(domains, [box for place in places for box in sound[place]]))


def fewest(
    places: Sequence[int], leave_nothing: Callable[[Sequence[int]], bool], *, most: int = MOST_SETS
) -> list[int]:
    """The smallest set of restrictions that leaves nothing; all of them together do.

    Parameters
    ----------
    leave_nothing
        Whether restrictions, given by their places, leave nothing; more of them never leave more.
    most
        How many sets are tried per size. Beyond it the set found may not be the smallest, but needs each of its own.
    """
    needed = list(places)
    for place in places:
        without = [each for each in needed if each != place]
        if leave_nothing(without):
            needed = without
    for size in range(1, len(needed)):
        if comb(len(places), size) > most:
            break
        for some in combinations(places, size):
            if leave_nothing(some):
                return list(some)
    return needed


def blamed(culprits: Sequence[int]) -> str:
    """What a set of restrictions does, in words."""
    names = [f"`restrictions[{place}]`" for place in culprits]
    if len(names) == 1:
        return f"{names[0]} forbids them all"
    return f"{', '.join(names[:-1])} and {names[-1]} together forbid them all"


def _possible(domains: Domains, forbidden: Sequence[Box]) -> bool:
    """Whether a vignette with levels out of `domains` lies in none of the forbidden boxes.

    A box is met halfway when some of its factors can only have levels of it and another can have levels beside it:
    then one of these has to. With a single such factor its levels are settled; with several, both ways are tried.
    """
    left = dict(domains)
    while True:
        open_boxes = [_undecided(left, box) for box in forbidden if all(left[n] & v for n, v in box.items())]
        if any(not each for each in open_boxes):
            return False
        if not open_boxes:
            return True
        free = min(open_boxes, key=len)
        name, levels = next(iter(free.items()))
        if len(free) > 1 and _possible({**left, name: left[name] & levels}, forbidden):
            return True
        left[name] -= levels


def _undecided(domains: Domains, box: Box) -> Box:
    return {name: levels for name, levels in box.items() if not domains[name] <= levels}

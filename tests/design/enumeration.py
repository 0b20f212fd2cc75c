"""What respondents can be shown, enumerated in plain Python from what a small design declares."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, groupby, permutations, product
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from vignetta.design.declaration import Design

Vignette = tuple[str, ...]
Shares = Mapping[Any, float]
Floats = npt.NDArray[np.float64]


def allowed(design: Design) -> dict[Vignette, float]:
    """Every vignette that no rule about one profile forbids, in the order of the product, and its probability."""
    names = list(design.factors)
    weight = {
        each: prod(design.factors[name].level(level).weight for name, level in zip(names, each, strict=True))
        for each in product(*(factor.level_names for factor in design.factors.values()))
        if not any(breaks(rule, dict(zip(names, each, strict=True))) for rule in design.restrictions)
    }
    return shares(weight)


def breaks(rule: Any, vignette: Mapping[str, str]) -> bool:
    def inside(levels: Mapping[str, Sequence[str]]) -> bool:
        return all(vignette[name] in each for name, each in levels.items())

    if rule.forbid:
        return inside(rule.forbid)
    return bool(rule.levels) and inside(rule.levels) and not inside(rule.only_with)


def may_stand(design: Design, profiles: Sequence[Vignette]) -> bool:
    """Whether no rule about pairs forbids two of the profiles to stand side by side."""
    names = list(design.factors)
    levels = [dict(zip(names, each, strict=True)) for each in profiles]
    return not any(meet(rule, one, two) for rule in design.restrictions for one, two in combinations(levels, 2))


def meet(rule: Any, one: Mapping[str, str], two: Mapping[str, str]) -> bool:
    if rule.differ:
        return all(one[name] == two[name] for name in rule.differ)
    if not rule.forbid_pair:
        return False
    first, second = rule.forbid_pair
    has = [[all(each[name] in wanted[name] for name in wanted) for wanted in (first, second)] for each in (one, two)]
    return (has[0][0] and has[1][1]) or (has[0][1] and has[1][0])


def shares(weight: Mapping[Any, float]) -> dict[Any, float]:
    total = sum(weight.values())
    return {key: each / total for key, each in weight.items()}


def having(vignettes: Shares, places: Sequence[int], levels: Vignette = ()) -> dict[Any, float]:
    """How probable the levels at some places are among the vignettes whose first places have `levels`."""
    found: dict[Any, float] = {}
    for each, share in vignettes.items():
        if tuple(each[place] for place in places)[: len(levels)] == levels:
            key = tuple(each[place] for place in places)
            found[key] = found.get(key, 0.0) + share
    return shares(found)


def steps(design: Design) -> tuple[list[int], list[int]]:
    """The places of the factors that a respondent keeps, and of these and those that a task shares."""
    varies = [each.varies for each in design.factors.values()]
    kept = [place for place, each in enumerate(varies) if each == "respondent"]
    return kept, [*kept, *(place for place, each in enumerate(varies) if each == "task")]


def sets_of(design: Design, shared: Vignette) -> dict[tuple[Vignette, ...], float]:
    """The sets of profiles that a task with these shared levels can show; their order matters."""
    vignettes, (_, places) = allowed(design), steps(design)
    own = {each: share for each, share in vignettes.items() if tuple(each[place] for place in places) == shared}
    sets = product(own, repeat=design.profiles)
    return shares({each: prod(own[one] for one in each) for each in sets if may_stand(design, each)})


# --------------------------------------------------------------------------------------------- all that can happen


def balanced(shares: Shares, units: int) -> Iterator[tuple[tuple[Any, ...], float]]:
    """Every assignment of units in which each key is used as often as expected, up to one, with its probability.

    Written for places left over that are one, or that keys with equal parts share.
    """
    whole = {key: int(share * units + 1e-9) for key, share in shares.items()}
    part = {key: share * units - whole[key] for key, share in shares.items() if share * units - whole[key] > 1e-9}
    left = units - sum(whole.values())
    if left == 1:
        extras = {(key,): each for key, each in part.items()}
    else:
        assert len({round(each, 9) for each in part.values()}) <= 1
        chosen = list(combinations(part, left))
        extras = {each: 1 / len(chosen) for each in chosen}
    for extra, share in extras.items():
        uses = [key for key in shares for _ in range(whole[key] + (key in extra))]
        orders = set(permutations(uses))
        yield from ((each, share / len(orders)) for each in orders)


def independent(shares: Shares, units: int) -> Iterator[tuple[tuple[Any, ...], float]]:
    for each in product(shares, repeat=units):
        yield each, prod(shares[key] for key in each)


def below(design: Design, parents: Sequence[Any], of: Mapping[Any, Shares]) -> Iterator[tuple[tuple[Any, ...], float]]:
    """A child for every unit, by its parent: every way, with its probability."""
    ways = balanced if design.mechanism == "complete" else independent
    order = sorted(range(len(parents)), key=lambda unit: parents[unit])
    groups = [(key, list(units)) for key, units in groupby(order, key=lambda unit: parents[unit])]
    for chosen in product(*(list(ways(of[key], len(units))) for key, units in groups)):
        child = {
            unit: each
            for (_, units), (some, _) in zip(groups, chosen, strict=True)
            for unit, each in zip(units, some, strict=True)
        }
        yield tuple(child[unit] for unit in range(len(parents))), prod(share for _, share in chosen)


def assignments(design: Design, n: int) -> Iterator[tuple[tuple[Vignette, ...], float]]:
    """Every assignment of n respondents: the vignettes, profile within task within respondent, and its probability."""
    vignettes, (kept, shared) = allowed(design), steps(design)
    arms = having(vignettes, kept)
    tasks = {arm: having(vignettes, shared, arm) for arm in arms}
    for by_arm, first in below(design, [()] * n, {(): arms}):
        for by_task, second in below(design, [arm for arm in by_arm for _ in range(design.tasks)], tasks):
            yield from ((each, first * second * third) for each, third in _profiles(design, by_task))


def _profiles(design: Design, by_task: Sequence[Any]) -> Iterator[tuple[tuple[Vignette, ...], float]]:
    if any(rule.across for rule in design.restrictions):
        yield from _sets(design, by_task)
        return
    alone = {each: sets_of(design.model_copy(update={"profiles": 1}), each) for each in set(by_task)}
    flat = {each: {one: share for (one,), share in own.items()} for each, own in alone.items()}
    yield from below(design, [each for each in by_task for _ in range(design.profiles)], flat)


def _sets(design: Design, by_task: Sequence[Any]) -> Iterator[tuple[tuple[Vignette, ...], float]]:
    """What the rules are about is drawn as the mechanism says; what else the profiles have is drawn independently."""
    about = {name for each in design.restrictions for name in _across(each)}
    places = [place for place, name in enumerate(design.factors) if name in about]
    cells: dict[Any, dict[Any, float]] = {}
    filled: dict[Any, dict[Any, float]] = {}
    for given in set(by_task):
        own = cells[given] = {}
        for each, share in sets_of(design, given).items():
            key = (given, tuple(tuple(profile[place] for place in places) for profile in each))
            own[key] = own.get(key, 0.0) + share
            filled.setdefault(key, {})[each] = share
    filled = {key: shares(each) for key, each in filled.items()}
    for chosen, share in below(design, by_task, cells):
        for sets in product(*(filled[each].items() for each in chosen)):
            yield tuple(profile for each, _ in sets for profile in each), share * prod(part for _, part in sets)


def _across(rule: Any) -> set[str]:
    return {*rule.differ, *(name for each in rule.forbid_pair for name in each)}


def tables(design: Design, n: int) -> Floats:
    """The probability (S, S, K, K) that two slots, in the order of `assignments`, get the vignettes i and j."""
    place = {each: number for number, each in enumerate(allowed(design))}
    size = n * design.tasks * design.profiles
    found = np.zeros((size, size, len(place), len(place)))
    slots = np.arange(size)
    for each, share in assignments(design, n):
        codes = np.array([place[vignette] for vignette in each])
        found[slots[:, None], slots[None, :], codes[:, None], codes[None, :]] += share
    return found

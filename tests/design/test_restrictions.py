"""Restrictions that leave nothing, or leave a level without a vignette, are told with the fewest culprits."""

from collections.abc import Mapping, Sequence
from itertools import combinations, product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from vignetta.design.restrictions import Restriction, blamed, boxes, fewest, restriction_findings

LEVELS = {"a": ["a1", "a2", "a3"], "b": ["b1", "b2"], "c": ["c1", "c2"]}
Written = Mapping[str, Any]


def told(*restrictions: Written) -> list[str]:
    return [what for _, what, _ in restriction_findings(list(restrictions), LEVELS)]


def test_a_level_without_a_vignette_names_its_culprits() -> None:
    first: Written = {"levels": {"a": "a1"}, "only_with": {"b": "b1"}}
    second: Written = {"levels": {"a": "a1"}, "only_with": {"b": "b2"}}
    beside: Written = {"forbid": {"a": "a2", "c": "c1"}}
    assert told(first, beside, second) == [
        "no vignette can have the level `a1` of `a`: `restrictions[0]` and `restrictions[2]` together forbid them all."
    ]


def test_the_fewest_culprits_come_first() -> None:
    found = told(
        {"levels": {"a": "a1"}, "only_with": {"b": "b1"}},
        {"forbid": {"a": "a1", "b": "b1"}},
        {"forbid": {"a": "a3", "c": ["c1", "c2"]}},
    )
    assert found == [
        "no vignette can have the level `a3` of `a`: `restrictions[2]` forbids them all.",
        "no vignette can have the level `a1` of `a`: `restrictions[0]` and `restrictions[1]` together forbid them all.",
    ]


def test_nothing_left_is_one_finding() -> None:
    assert told({"forbid": {"a": "a1", "b": "b1"}}, {"forbid": {"a": ["a1", "a2", "a3"], "c": ["c1", "c2"]}}) == [
        "no vignette is left: `restrictions[1]` forbids them all."
    ]


def test_rules_about_pairs_forbid_no_vignette() -> None:
    for rule in ({"differ": ["a"]}, {"forbid_pair": [{"a": "a1"}, {"b": ["b1", "b2"]}]}):
        assert Restriction.model_validate({"reason": "r", **rule}).across
        assert boxes(Restriction.model_validate({"reason": "r", **rule}), LEVELS) == []
        assert told(rule, {"forbid": {"a": "a1", "b": ["b1", "b2"]}}) == [
            "no vignette can have the level `a1` of `a`: `restrictions[1]` forbids them all."
        ]
    assert not Restriction.model_validate({"reason": "r", "forbid": {"a": "a1", "b": "b1"}}).across


def test_the_smallest_set_is_found_past_the_first() -> None:
    """Leaving out one after the other keeps 1, 3 and 4; 0 and 2 alone are enough."""
    enough = ({0, 2}, {1, 3, 4})
    found = fewest([0, 1, 2, 3, 4], lambda places: any(each <= set(places) for each in enough))
    assert found == [0, 2]
    assert blamed(found) == "`restrictions[0]` and `restrictions[2]` together forbid them all"
    assert fewest([0, 1, 2, 3, 4], lambda places: any(each <= set(places) for each in enough), most=0) == [1, 3, 4]


# ---------------------------------------------------------------------------------------------------- by enumeration


def hit(restriction: Written, vignette: Mapping[str, str]) -> bool:
    def inside(levels: Mapping[str, Sequence[str]]) -> bool:
        return all(vignette[name] in each for name, each in levels.items())

    if "forbid" in restriction:
        return inside(restriction["forbid"])
    return inside(restriction["levels"]) and not inside(restriction["only_with"])


EVERY = [dict(zip(LEVELS, each, strict=True)) for each in product(*LEVELS.values())]


def left(restrictions: Sequence[Written]) -> list[dict[str, str]]:
    return [each for each in EVERY if not any(hit(rule, each) for rule in restrictions)]


def smallest(restrictions: Sequence[Written], name: str = "", level: str = "") -> int:
    """The size of the smallest set of restrictions that leaves no vignette, or none with the level."""
    sought = {place for place, each in enumerate(EVERY) if not name or each[name] == level}
    hits = [{place for place in sought if hit(rule, EVERY[place])} for rule in restrictions]
    sizes = range(1, len(hits) + 1)
    return next(size for size in sizes if any(set().union(*some) == sought for some in combinations(hits, size)))


def levels_of(*names: str) -> st.SearchStrategy[dict[str, list[str]]]:
    given_ = {name: st.lists(st.sampled_from(LEVELS[name]), min_size=1, max_size=2, unique=True) for name in names}
    return st.fixed_dictionaries(given_)


PAIRED = st.permutations(list(LEVELS)).flatmap(
    lambda names: st.one_of(
        levels_of(*names[:2]).map(lambda each: {"forbid": each}),
        levels_of(*names).map(lambda each: {"forbid": each}),
        st.tuples(levels_of(names[0]), levels_of(*names[1:])).map(lambda e: {"levels": e[0], "only_with": e[1]}),
        st.tuples(levels_of(*names[:2]), levels_of(names[2])).map(lambda e: {"levels": e[0], "only_with": e[1]}),
    )
)


@settings(max_examples=120, deadline=None)
@given(st.lists(PAIRED, min_size=1, max_size=7))
def test_what_is_told_is_what_enumeration_finds(restrictions: list[Written]) -> None:
    found = told(*restrictions)
    culprits = [each.count("`restrictions[") for each in found]
    assert culprits == sorted(culprits)
    if not left(restrictions):
        assert [each.split(":")[0] for each in found] == ["no vignette is left"]
        assert culprits == [smallest(restrictions)]
        return
    reached = {(name, each[name]) for each in left(restrictions) for name in LEVELS}
    expected = {(name, level) for name, levels in LEVELS.items() for level in levels} - reached
    named = {(each.split("`")[3], each.split("`")[1]): count for each, count in zip(found, culprits, strict=True)}
    assert named == {(name, level): smallest(restrictions, name, level) for name, level in expected}

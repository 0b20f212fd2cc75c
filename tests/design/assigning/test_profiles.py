"""Profiles side by side: exact probabilities and what rules about pairs leave, against plain enumeration."""

from collections.abc import Mapping, Sequence
from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.design.enumeration import allowed, having, sets_of, shares, steps
from tests.design.small_design import equal, small_design
from vignetta.design.assigning.profiles import MOST_SETS, pair_findings, side_by_side
from vignetta.design.assigning.vignettes import vignettes
from vignetta.design.declaration import Design
from vignetta.errors import StudyError

ROUNDING = 1e-12
LEVELS = {"a": ["a1", "a2"], "b": ["b1", "b2", "b3"], "c": ["c1", "c2"]}
SOME = {name: st.lists(st.sampled_from(levels), min_size=1, max_size=2, unique=True) for name, levels in LEVELS.items()}
BOX = st.sets(st.sampled_from("abc"), min_size=1, max_size=2).flatmap(
    lambda names: st.fixed_dictionaries({name: SOME[name] for name in sorted(names)})
)
RULE = st.one_of(
    st.sets(st.sampled_from("abc"), min_size=1, max_size=2).map(lambda each: {"differ": sorted(each)}),
    st.tuples(BOX, BOX).map(lambda each: {"forbid_pair": list(each)}),
    BOX.filter(lambda each: len(each) > 1).map(lambda each: {"forbid": each}),
)


@st.composite
def designs(make: st.DrawFn) -> Design:
    weight = st.sampled_from([1.0, 2.0, 0.5])
    factors = {name: {level: make(weight) for level in levels} for name, levels in LEVELS.items()}
    rules: list[Mapping[str, Any]] = make(st.lists(RULE, min_size=1, max_size=4))
    free = {name for rule in rules for name in rule.get("differ", ())}
    varies = {name: each for name in "ab" if name not in free and (each := make(st.sampled_from(["", "task"])))}
    try:
        return small_design(factors, rules, varies=varies, profiles=str(make(st.integers(2, 3))))
    except StudyError:
        assume(False)
        raise


def restricted(design: Design, places: Sequence[int]) -> Design:
    return design.model_copy(update={"restrictions": tuple(design.restrictions[place] for place in places)})


def left(design: Design) -> set[tuple[str, tuple[str, ...]]]:
    """The levels and the shared levels that profiles side by side can have."""
    _, places = steps(design)
    given_ = {tuple(each[place] for place in places) for each in allowed(design)}
    found = {each: sets_of(design, each) for each in given_ if any_set(design, each)}
    levels = {
        (name, (profile[place],))
        for sets in found.values()
        for each in sets
        for profile in each
        for place, name in enumerate(design.factors)
    }
    return levels | {("shared", each) for each in found}


def any_set(design: Design, given_: tuple[str, ...]) -> bool:
    try:
        return bool(sets_of(design, given_))
    except ZeroDivisionError:
        return False


def everything(design: Design) -> set[tuple[str, tuple[str, ...]]]:
    _, places = steps(design)
    shared = {("shared", tuple(each[place] for place in places)) for each in allowed(design)}
    return shared | {(name, (level,)) for name, levels in LEVELS.items() for level in levels}


def fewest(design: Design, lost: tuple[str, tuple[str, ...]] | None) -> int:
    """The size of the smallest set of rules, one about pairs among them, that leaves nothing, or not what is lost."""
    places = range(len(design.restrictions))
    for size in range(1, len(places) + 1):
        for some in combinations(places, size):
            if not any(design.restrictions[place].across for place in some):
                continue
            found = left(restricted(design, some))
            if not found or (lost is not None and lost not in found):
                return size
    raise AssertionError


@settings(max_examples=80, deadline=None)
@given(design=designs())
def test_what_is_told_is_what_enumeration_finds(design: Design) -> None:
    assume(any(each.across for each in design.restrictions))
    found = [what for what, _ in pair_findings(design)]
    culprits = [each.count("`restrictions[") for each in found]
    assert culprits == sorted(culprits)
    lost = everything(design) - left(design)
    if not left(design):
        assert [each.split(":")[0] for each in found] == [f"no {design.profiles} profiles may stand side by side"]
        assert culprits == [fewest(design, None)]
    elif any(name == "shared" for name, _ in lost):
        assert found
        assert all(" with `" in each for each in found)
        wanted = {each for each in lost if each[0] == "shared"}
        told = {tuple(each.split(" may ")[0].split("`")[3::4]): n for each, n in zip(found, culprits, strict=True)}
        for _, levels in wanted:
            named = [key for key in told if set(key) <= set(levels)]
            assert [told[key] for key in named] == [fewest(design, ("shared", levels))]
    else:
        told = {(each.split("`")[3], (each.split("`")[1],)): n for each, n in zip(found, culprits, strict=True)}
        assert told == {each: fewest(design, each) for each in lost}
    if lost and any(name == "shared" for name, _ in lost):
        with pytest.raises(StudyError, match="side by side"):
            side_by_side(design)


@settings(max_examples=60, deadline=None)
@given(design=designs())
def test_probabilities_are_those_of_all_allowed_sets(design: Design) -> None:
    assume("shared" not in {name for name, _ in everything(design) - left(design)})
    found = vignettes(design).set_index(list(design.factors))["probability"]
    expected = dict.fromkeys(allowed(design), 0.0)
    _, places = steps(design)
    for given_, share in having(allowed(design), places).items():
        for each, part in sets_of(design, given_).items():
            expected[each[-1]] += share * part
    assert found.to_dict() == pytest.approx(expected, abs=ROUNDING)
    assert sum(shares(expected).values()) == pytest.approx(1)


def test_what_no_rule_is_about_keeps_its_probability() -> None:
    design = small_design({"a": equal("x", "y"), "b": {"p": 1, "q": 3}}, [{"differ": ["a"]}], profiles="2")
    assert len(side_by_side(design).sets) == 2
    assert vignettes(design)["probability"].to_numpy() == pytest.approx([1 / 8, 3 / 8] * 2, abs=ROUNDING)


def test_a_rule_in_any_order_is_one_rule() -> None:
    """Of the nine pairs of three levels, x beside y and y beside x are forbidden: x is first in 2 of 7."""
    design = small_design({"a": equal("x", "y", "z")}, [{"forbid_pair": [{"a": "x"}, {"a": "y"}]}], profiles="2")
    pairs = [each for each in product("xyz", repeat=2) if set(each) != {"x", "y"}]
    assert len(pairs) == 7
    assert sorted(map(tuple, side_by_side(design).sets.tolist())) == [
        ("xyz".index(a), "xyz".index(b)) for a, b in pairs
    ]
    assert vignettes(design)["probability"].to_numpy() == pytest.approx([2 / 7, 2 / 7, 3 / 7], abs=ROUNDING)


def test_more_sets_than_can_be_held_are_refused() -> None:
    many = equal(*(f"l{place}" for place in range(160)))
    design = small_design({"a": many}, [{"differ": ["a"]}], profiles="3")
    assert MOST_SETS < 160**3
    with pytest.raises(StudyError, match=r"4,096,000 sets of profiles are more than 4,000,000\. Let the rules"):
        side_by_side(design)


def test_many_sets_are_held() -> None:
    many = equal(*(f"l{place}" for place in range(1_500)))
    found = side_by_side(small_design({"a": many}, [{"differ": ["a"]}], profiles="2"))
    assert len(found.sets) == 1_500 * 1_499
    assert found.marginal == pytest.approx(np.full(1_500, 1 / 1_500), abs=ROUNDING)

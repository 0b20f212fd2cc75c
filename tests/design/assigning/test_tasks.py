"""Several vignettes per respondent: exact probabilities against tables by hand, enumeration and a million draws."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from tests.design.enumeration import tables
from tests.design.small_design import equal, small_design
from vignetta.design.assigning.assignment import draw, mechanism_of
from vignetta.design.assigning.mechanisms import CHUNK, MOST_PAIRS
from vignetta.design.assigning.tasks import Places, Repeated, Slot
from vignetta.design.assigning.universe import Floats
from vignetta.design.assigning.vignettes import vignettes
from vignetta.design.declaration import Design
from vignetta.errors import StudyError

ALPHA = 1e-4
"""How often right frequencies of a whole table fail; the seeds are fixed, so that they fail always or never."""
DRAWS = 1_000_000
ROUNDING = 1e-12
"""Sums of a few thousand products of doubles."""

AB = {"a": equal("a1", "a2"), "b": equal("b1", "b2")}
WEIGHTED = {"a": {"a1": 1, "a2": 2, "a3": 1}, "b": {"b1": 3, "b2": 1}}
THREE = {"a": equal("a1", "a2"), "b": equal("b1", "b2"), "c": {"c1": 1, "c2": 2}}
NO_A1B2: Mapping[str, Any] = {"forbid": {"a": "a1", "b": "b2"}}
NO_TRIPLE: Mapping[str, Any] = {"forbid": {"a": "a1", "b": "b1", "c": "c1"}}
DIFFER: Mapping[str, Any] = {"differ": ["b"]}
APART: Mapping[str, Any] = {"forbid_pair": [{"a": "a1"}, {"b": "b2"}]}


def repeated(design: Design) -> Repeated:
    mechanism = mechanism_of(design)
    assert isinstance(mechanism, Repeated)
    return mechanism


def slots_of(design: Design, n: int) -> list[Slot]:
    return list(product(range(n), range(design.tasks), range(design.profiles)))


def agree(counts: Floats, expected: Floats) -> bool:
    """Whether counts of independent draws are those expected: z-scores within a Bonferroni bound, none impossible."""
    counts, expected, total = counts.ravel(), expected.ravel(), counts.sum()
    open_ = expected > ROUNDING
    error = np.sqrt(total * expected * (1 - expected))[open_]
    z = (counts[open_] - total * expected[open_]) / np.maximum(error, 1)
    return bool(not counts[~open_].any() and np.abs(z).max() < stats.norm.isf(ALPHA / 2 / open_.sum()))


# ---------------------------------------------------------------------------------------------------------- by hand


def test_profiles_that_differ_by_hand() -> None:
    """Levels 1, 2, 3 with p = 1/4, 1/2, 1/4 and two profiles that differ.

    Unequal pairs have 1 - (1/16 + 1/4 + 1/16) = 5/8. So (1, 2) has 1/8 : 5/8 = 1/5, (1, 3) has 1/16 : 5/8 = 1/10,
    and (2, 3) as (1, 2). A profile has level 1 with 1/5 + 1/10 = 3/10, level 2 with 1/5 + 1/5 = 4/10.
    """
    design = small_design({"a": {"x": 1, "y": 2, "z": 1}}, [{"differ": ["a"]}], profiles="2", mechanism="simple")
    expected = np.array([[0, 2, 1], [2, 0, 2], [1, 2, 0]]) / 10
    found = repeated(design).pair_probabilities(5, slots=((3, 0, 0), (3, 0, 1)))
    assert found == pytest.approx(expected, abs=ROUNDING)
    assert vignettes(design)["probability"].to_numpy() == pytest.approx([0.3, 0.4, 0.3], abs=ROUNDING)
    assert mechanism_of(design).probabilities() == pytest.approx([0.3, 0.4, 0.3], abs=ROUNDING)
    apart = repeated(design).pair_probabilities(5, slots=((3, 0, 0), (4, 0, 0)))
    assert apart == pytest.approx(np.outer([0.3, 0.4, 0.3], [0.3, 0.4, 0.3]), abs=ROUNDING)


def test_balance_over_tasks_by_hand() -> None:
    """Two levels, 2 respondents x 2 tasks: two of the four vignettes have each level.

    Given the first, one of three others is alike: 1/2 x 1/3 = 1/6 for each alike pair, 1/2 x 2/3 = 1/3 for the others.
    With a single respondent, the two tasks always differ.
    """
    design = repeated(small_design({"a": equal("a1", "a2")}, tasks="2"))
    expected = np.array([[1, 2], [2, 1]]) / 6
    for slots in (((0, 0, 0), (0, 1, 0)), ((0, 0, 0), (1, 1, 0))):
        assert design.pair_probabilities(2, slots=slots) == pytest.approx(expected, abs=ROUNDING)
    alone = design.pair_probabilities(1, slots=((0, 0, 0), (0, 1, 0)))
    assert alone == pytest.approx(np.array([[0, 1], [1, 0]]) / 2, abs=ROUNDING)


def test_a_level_that_a_respondent_keeps_by_hand() -> None:
    """Two arms for two respondents, one each, and two tasks with one of two levels each, once per arm.

    Within a respondent: the same arm (1/2) and opposite levels (1/2 each order): 1/4. Between them: opposite arms (1/2
    each order), levels independent (1/4): 1/8.
    """
    design = repeated(small_design(AB, varies={"a": "respondent"}, tasks="2"))
    within, opposite = np.array([[0, 1], [1, 0]]) / 4, np.full((2, 2), 1 / 8)
    none = np.zeros((2, 2))
    found = design.pair_probabilities(2, slots=((0, 0, 0), (0, 1, 0)))
    assert found == pytest.approx(np.block([[within, none], [none, within]]), abs=ROUNDING)
    found = design.pair_probabilities(2, slots=((0, 0, 0), (1, 0, 0)))
    assert found == pytest.approx(np.block([[none, opposite], [opposite, none]]), abs=ROUNDING)


# --------------------------------------------------------------------------------------------------- by enumeration

ENUMERATED = {
    "tasks": (AB, [], {}, 3, 2, 1),
    "pairs": (AB, [], {}, 2, 2, 2),
    "forbidden": (AB, [NO_A1B2], {}, 2, 3, 1),
    "differ": (AB, [DIFFER], {}, 2, 2, 2),
    "forbidden pair": (AB, [APART], {}, 2, 2, 2),
    "forbidden, and differ": (AB, [NO_A1B2, {"differ": ["a", "b"]}], {}, 2, 1, 2),
    "arm": (AB, [], {"a": "respondent"}, 3, 2, 1),
    "arm with one vignette": (AB, [NO_A1B2], {"a": "respondent"}, 2, 2, 2),
    "arm below one respondent": ({"a": equal("x", "y", "z"), "b": AB["b"]}, [], {"a": "respondent"}, 2, 2, 1),
    "task": (AB, [], {"a": "task"}, 2, 2, 2),
    "task with one vignette": (AB, [NO_A1B2], {"a": "task"}, 2, 2, 1),
    "task, differ": (AB, [DIFFER], {"a": "task"}, 2, 2, 2),
    "arm, differ": ({**AB, "b": equal("b1", "b2", "b3")}, [DIFFER], {"a": "respondent"}, 2, 1, 2),
    "arm and task": ({**AB, "c": equal("c1", "c2")}, [], {"a": "respondent", "b": "task"}, 2, 2, 1),
    "one respondent": (AB, [], {"a": "respondent"}, 1, 2, 2),
    "three profiles": ({"a": equal("x", "y", "z")}, [{"differ": ["a"]}], {}, 2, 1, 3),
}
WEIGHED = {
    "weights": (WEIGHTED, [], {}, 2, 2, 1),
    "weights, forbidden": (WEIGHTED, [NO_A1B2], {}, 1, 2, 2),
    "weights, arm": (WEIGHTED, [NO_A1B2], {"a": "respondent"}, 2, 1, 2),
    "three factors": (THREE, [NO_TRIPLE], {"c": "task"}, 1, 2, 2),
    "three factors, differ": (THREE, [NO_TRIPLE, DIFFER], {"c": "task"}, 1, 2, 2),
    "three factors, forbidden pair": (THREE, [NO_TRIPLE, APART], {}, 1, 1, 3),
}


def made(case: tuple[Any, ...], mechanism: str) -> tuple[Design, int]:
    factors, rules, varies, n, tasks, profiles = case
    sections = {"tasks": str(tasks), "profiles": str(profiles), "mechanism": mechanism}
    return small_design(factors, rules, varies=varies, **sections), n


@pytest.mark.parametrize(
    ("case", "mechanism"),
    [
        *(pytest.param(each, "complete", id=f"complete: {name}") for name, each in ENUMERATED.items()),
        *(pytest.param(each, "simple", id=f"simple: {name}") for name, each in WEIGHED.items()),
        *(
            pytest.param(ENUMERATED[name], "simple", id=f"simple: {name}")
            for name in ("arm with one vignette", "differ")
        ),
    ],
)
def test_probabilities_are_those_of_all_assignments(case: tuple[Any, ...], mechanism: str) -> None:
    design, n = made(case, mechanism)
    expected, slots = tables(design, n), slots_of(design, n)
    share = np.diagonal(expected[0, 0])
    assert share.sum() == pytest.approx(1, abs=ROUNDING)
    assert repeated(design).probabilities() == pytest.approx(share, abs=ROUNDING)
    assert vignettes(design)["probability"].to_numpy() == pytest.approx(share, abs=ROUNDING)
    for (i, one), (j, two) in product(enumerate(slots), repeat=2):
        if i != j:
            found = repeated(design).pair_probabilities(n, slots=(one, two))
            assert found == pytest.approx(expected[i, j], abs=ROUNDING)


# ---------------------------------------------------------------------------------------------------- a million draws

DRAWN = {
    **WEIGHED,
    "weights, tasks": (WEIGHTED, [], {}, 3, 2, 1),
    "forbidden": (WEIGHTED, [NO_A1B2], {}, 2, 2, 2),
    "differ": (WEIGHTED, [{"differ": ["a"]}], {}, 3, 1, 2),
    "forbidden pair": (WEIGHTED, [APART, NO_A1B2], {}, 2, 1, 2),
    "arm": (WEIGHTED, [NO_A1B2], {"a": "respondent"}, 3, 2, 1),
    "task": (WEIGHTED, [], {"b": "task"}, 2, 2, 2),
    "arm, differ": (WEIGHTED, [{"differ": ["a"]}], {"b": "respondent"}, 3, 1, 2),
}


@pytest.mark.parametrize("mechanism", ["simple", "complete"])
@pytest.mark.parametrize("case", DRAWN.values(), ids=DRAWN)
def test_a_million_draws_have_the_exact_probabilities(case: tuple[Any, ...], mechanism: str) -> None:
    design, n = made(case, mechanism)
    found, slots = repeated(design), slots_of(design, n)
    drawn = found.redraw(n, DRAWS, np.random.default_rng(20)).reshape(DRAWS, -1)
    k, last = len(found.probabilities()), len(slots) - 1
    for slot in {0, last}:
        assert agree(np.bincount(drawn[:, slot], minlength=k), found.probabilities())
    for one, two in {(0, 1), (0, last), (last, last // 2)} - {(0, 0), (last, last)}:
        counts = np.bincount(drawn[:, one] * k + drawn[:, two], minlength=k * k)
        assert agree(counts, found.pair_probabilities(n, slots=(slots[one], slots[two])))


def test_a_wrong_probability_would_be_seen() -> None:
    design, n = made(DRAWN["differ"], "complete")
    drawn = repeated(design).redraw(n, DRAWS, np.random.default_rng(20))
    counts = np.bincount(drawn[:, 0, 0, 0], minlength=6)
    right = repeated(design).probabilities()
    wrong = right + np.array([0.002, -0.002, 0, 0, 0, 0])
    assert agree(counts, right)
    assert not agree(counts, wrong)


# -------------------------------------------------------------------------------------------------------- properties


@st.composite
def designs(make: st.DrawFn) -> Design:
    factors = {
        name: {
            f"{name}{level}": make(st.sampled_from([1.0, 1.0, 2.0, 3.0])) for level in range(make(st.integers(2, 3)))
        }
        for name in "abc"
    }
    varies = {name: each for name in "ab" if (each := make(st.sampled_from(["", "task", "respondent"])))}
    rules: list[Mapping[str, Any]] = make(st.lists(st.sampled_from([
        {"forbid": {"a": "a0", "b": "b0"}},
        {"forbid": {"a": "a1", "b": ["b0", "b1"], "c": "c1"}},
        {"differ": ["c"]},
        {"forbid_pair": [{"a": "a0", "c": "c0"}, {"c": "c1"}]},
    ]), max_size=2, unique_by=str))  # fmt: skip
    profiles = make(st.integers(2, 3)) if len(factors["c"]) > 2 else 2
    if profiles > 2:
        rules = [each for each in rules if "forbid_pair" not in each]
    tasks = make(st.integers(1, 3))
    try:
        found = small_design(factors, rules, varies=varies, tasks=str(tasks), profiles=str(profiles))
        repeated(found)
    except StudyError:
        assume(False)
        raise
    return found


def within_one(codes: Places, probability: Floats) -> bool:
    counts = np.bincount(codes, minlength=len(probability))
    return bool((np.abs(counts - len(codes) * probability) < 1 + ROUNDING * len(codes)).all())


@settings(max_examples=60, deadline=None)
@given(design=designs(), n=st.integers(1, 60), seed=st.integers(0, 2**32))
def test_what_is_drawn_keeps_what_is_declared(design: Design, n: int, seed: int) -> None:
    drawn = draw(design, n=n, seed=seed)
    assert len(drawn) == n * design.responses
    units = {"respondent": ["respondent"], "task": [each for each in ("respondent", "task") if each in drawn]}
    for name, factor in design.factors.items():
        if factor.varies != "profile":
            assert drawn.groupby(units[factor.varies])[name].nunique().eq(1).all()
    for rule in design.restrictions:
        inside = [drawn[name].isin(levels) for name, levels in rule.forbid.items()]
        assert not inside or not np.logical_and.reduce(inside).any()
        for _, task in drawn.groupby(units["task"]):
            if rule.differ:
                assert not task.duplicated(list(rule.differ)).any()
            if rule.forbid_pair:
                one, two = (
                    np.logical_and.reduce([task[k].isin(v) for k, v in each.items()]) for each in rule.forbid_pair
                )
                assert not (one.any() and two.any())
    for name, factor in design.factors.items():
        cells = vignettes(design).query("probability > 0")
        assert set(cells[name]) == set(factor.level_names)
    again = draw(design, n=n, seed=seed)
    assert drawn.to_csv(index=False).encode() == again.to_csv(index=False).encode()
    assert draw(design, n=n, seed=seed + 1).shape == drawn.shape


@settings(max_examples=60, deadline=None)
@given(design=designs(), n=st.integers(1, 60), seed=st.integers(0, 2**32))
def test_every_stage_is_balanced_given_what_is_above(design: Design, n: int, seed: int) -> None:
    """Counts of arms among respondents, of task levels within an arm, of sets or vignettes within a task level."""
    drawn, cells = draw(design, n=n, seed=seed), vignettes(design)
    plain = vignettes(design.model_copy(update={"restrictions": tuple(e for e in design.restrictions if not e.across)}))
    for key in ("task", "profile"):
        drawn[key] = drawn.get(key, 1)
    varies = {each: [name for name, f in design.factors.items() if f.varies == each] for each in ("respondent", "task")}
    above: list[str] = []
    for often, unit in (("respondent", ["respondent"]), ("task", ["respondent", "task"])):
        units = drawn.drop_duplicates(unit)
        groups = units.groupby(above, observed=True) if above else [((), units)]
        for levels, some in groups:
            own = plain.loc[(plain[above] == list(np.atleast_1d(levels))).all(axis=1)] if above else plain
            if varies[often]:
                share = own.groupby(varies[often], observed=True)["probability"].sum()
                counts = some.groupby(varies[often], observed=True).size().reindex(share.index, fill_value=0)
                assert (np.abs(counts - len(some) * share / share.sum()) < 1 + 1e-9).all()
        above += varies[often]
    if not any(rule.across for rule in design.restrictions):
        groups = drawn.groupby(above, observed=True) if above else [((), drawn)]
        for levels, some in groups:
            own = cells.loc[(cells[above] == list(np.atleast_1d(levels))).all(axis=1)] if above else cells
            share = own.set_index("vignette")["probability"]
            counts = some.groupby("vignette").size().reindex(share.index, fill_value=0)
            assert (np.abs(counts - len(some) * share / share.sum()) < 1 + 1e-9).all()


def test_draws_do_not_depend_on_how_often_the_mechanism_is_made() -> None:
    design, n = made(DRAWN["arm, differ"], "complete")
    once = mechanism_of(design)
    drawn = [once.draw(n, np.random.default_rng(3)), once.draw(n, np.random.default_rng(3))]
    assert drawn[0].tolist() == drawn[1].tolist() == mechanism_of(design).draw(n, np.random.default_rng(3)).tolist()


def test_redraws_are_worked_on_in_parts() -> None:
    """More places than are worked on at a time: each assignment is balanced still."""
    design = small_design(AB, tasks="5", varies={"a": "respondent"})
    drawn = repeated(design).redraw(400, times := CHUNK // 2000 + 10, np.random.default_rng(1))
    assert drawn.shape == (times, 400, 5, 1)
    counts = np.apply_along_axis(np.bincount, 1, drawn[[0, times // 2, times - 1]].reshape(3, -1), minlength=4)
    assert counts.tolist() == [[500] * 4] * 3
    assert not (drawn[0] == drawn[-1]).all()


# ------------------------------------------------------------------------------------------------- blocks and strata


def test_blocks_of_respondents_with_tasks() -> None:
    """A block of 2 respondents x 2 tasks has each of four vignettes once; strata have blocks of their own."""
    design = repeated(small_design(AB, tasks="2", mechanism="blocked", block_size="2"))
    strata = list("xyxyxxyy")
    drawn = design.draw(8, np.random.default_rng(5), strata=strata)
    for block in ([0, 2], [4, 5], [1, 3], [6, 7]):
        assert sorted(drawn[block].ravel()) == [0, 1, 2, 3]
    distinct = (np.ones((4, 4)) - np.eye(4)) / 12
    free = np.full((4, 4), 1 / 16)
    for pair, expected in {(0, 2): distinct, (4, 5): distinct, (0, 1): free, (2, 4): free}.items():
        slots = ((pair[0], 0, 0), (pair[1], 1, 0))
        assert design.pair_probabilities(8, slots=slots, strata=strata) == pytest.approx(expected, abs=ROUNDING)
    assert design.pair_probabilities(8, slots=((0, 0, 0), (1, 0, 0))) == pytest.approx(distinct, abs=ROUNDING)
    assert design.pair_probabilities(8, slots=((0, 0, 0), (2, 0, 0))) == pytest.approx(free, abs=ROUNDING)


def test_arms_are_balanced_within_blocks() -> None:
    design = repeated(small_design(AB, tasks="3", varies={"a": "respondent"}, mechanism="blocked", block_size="2"))
    drawn = design.redraw(40, 50, np.random.default_rng(5), strata=["x", "y"] * 20) // 2
    assert (drawn == drawn[:, :, :1]).all()
    for stratum in (drawn[:, ::2, 0, 0], drawn[:, 1::2, 0, 0]):
        assert (stratum.reshape(50, 10, 2).sum(axis=2) == 1).all()
    with pytest.raises(StudyError, match="no simple form"):
        design.pair_probabilities(40, slots=((0, 0, 0), (0, 1, 0)))


def test_blocks_of_pairs_that_differ() -> None:
    design = small_design(WEIGHTED, [{"differ": ["a"]}], profiles="2", mechanism="blocked")
    complete = repeated(design.model_copy(update={"mechanism": "complete"}))
    side = ((0, 0, 0), (0, 0, 1))
    expected = complete.pair_probabilities(9, slots=side)
    assert repeated(design).pair_probabilities(9, slots=side) == pytest.approx(expected, abs=ROUNDING)
    drawn = repeated(design).redraw(9, DRAWS // 9, np.random.default_rng(2))[:, 4, 0]
    assert agree(np.bincount(drawn[:, 0] * 6 + drawn[:, 1], minlength=36), expected)


# --------------------------------------------------------------------------------------------------- what is refused


def test_nonsense_is_refused() -> None:
    design = repeated(small_design(AB, tasks="2"))
    for slots in (((0, 0, 0), (0, 0, 0)), ((0, 0, 0), (3, 0, 0)), ((0, 0, 0), (0, 2, 0)), ((0, -1, 0), (0, 0, 0))):
        with pytest.raises(
            StudyError, match=r"not two different places among 3 × 2 × 1\. Give \(respondent, task, profile\)"
        ):
            design.pair_probabilities(3, slots=slots)
    with pytest.raises(StudyError, match="0 respondents cannot be assigned"):
        design.draw(0, np.random.default_rng(1))
    with pytest.raises(StudyError, match="the mechanism `complete` has no strata"):
        design.draw(2, np.random.default_rng(1), strata=["x", "y"])
    blocked = repeated(small_design(AB, tasks="2", mechanism="blocked"))
    for asked in (
        lambda: blocked.draw(2, np.random.default_rng(1), strata=["x"]),
        lambda: blocked.pair_probabilities(2, slots=((0, 0, 0), (1, 0, 0)), strata=["x"]),
    ):
        with pytest.raises(StudyError, match="1 strata were given for 2 respondents"):
            asked()


def test_tables_too_large_to_hold_are_refused() -> None:
    levels = equal(*(f"l{place}" for place in range(101)))
    design = small_design({"a": levels, "b": levels}, tasks="2")
    assert MOST_PAIRS < 101**2
    with pytest.raises(StudyError, match="too many to hold"):
        repeated(design).pair_probabilities(3, slots=((0, 0, 0), (1, 0, 0)))

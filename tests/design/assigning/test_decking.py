"""Decks: everybody gets one of them, all equally often, and the probabilities are those of the decks."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.design.enumeration import balanced
from tests.design.small_design import equal, small_design
from vignetta.design.assigning.assignment import draw, frequencies, mechanism_of
from vignetta.design.assigning.decking import Decked
from vignetta.design.assigning.vignettes import vignettes
from vignetta.design.declaration import Design
from vignetta.errors import StudyError

ROUNDING = 1e-12
TIMES = 200_000
STANDARD_ERRORS = 5
"""One of a million right shares lies outside; the seeds are fixed."""
FACTORS = {"a": equal("a1", "a2"), "b": equal("b1", "b2"), "c": equal("c1", "c2", "c3")}


def deck_design(number: int, tasks: int, search: str = "efficient", **sections: Any) -> Design:
    factors, rules = sections.pop("factors", FACTORS), sections.pop("restrictions", [])
    decks = {"number": str(number), "search": search, **sections.pop("decks", {})}
    return small_design(factors, rules, mechanism="decks", decks=decks, tasks=str(tasks), **sections)


def decks_of(design: Design) -> Decked:
    mechanism = mechanism_of(design)
    assert isinstance(mechanism, Decked)
    return mechanism


DESIGNS = {
    "full factorial in blocks": deck_design(3, 4),
    "fraction": deck_design(2, 3),
    "one vignette each": deck_design(6, 1),
    "random": deck_design(4, 5, "random"),
    "random pairs that differ": deck_design(4, 2, "random", profiles="2", restrictions=[{"differ": ["a"]}]),
    "random, an arm": deck_design(4, 3, "random", varies={"a": "respondent"}),
    "random, weights": deck_design(5, 2, "random", factors={**FACTORS, "a": {"a1": 3, "a2": 1}}),
    "interaction": deck_design(3, 4, decks={"interactions": ["a:b"]}),
    "forbidden": deck_design(3, 3, restrictions=[{"forbid": {"a": "a1", "c": "c3"}}]),
}
each_design = pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)


@each_design
@settings(max_examples=15, deadline=None)
@given(n=st.integers(1, 80), seed=st.integers(0, 2**32))
def test_everybody_gets_a_deck_and_all_decks_are_used_alike(design: Design, n: int, seed: int) -> None:
    drawn = draw(design, n=n, seed=seed)
    decks = decks_of(design).decks
    seen = drawn.groupby("respondent").agg({"vignette": list, "deck": set})
    for vignette, deck in seen.itertuples(index=False):
        (number,) = deck
        assert vignette == (decks[number - 1].ravel() + 1).tolist()
    counts = np.bincount(drawn.drop_duplicates("respondent")["deck"], minlength=len(decks) + 1)[1:]
    assert counts.max() - counts.min() <= 1
    assert drawn.to_csv(index=False) == draw(design, n=n, seed=seed).to_csv(index=False)


@each_design
def test_probabilities_are_shares_of_the_decks(design: Design) -> None:
    found = decks_of(design)
    uses = Counter((found.decks.ravel() + 1).tolist())
    by_hand = [uses[each] / found.decks.size for each in range(1, found.vignettes + 1)]
    assert found.probabilities() == pytest.approx(by_hand, abs=ROUNDING)
    whole = design.model_copy(update={"mechanism": "simple", "decks": None})
    assert vignettes(design)["probability"].tolist() == vignettes(whole)["probability"].tolist()
    everybody = frequencies(design, draw(design, n=len(found.decks), seed=3))
    assert everybody["share"].to_numpy() == pytest.approx(everybody["expected"].to_numpy(), abs=ROUNDING)


@each_design
def test_decks_have_their_size_and_what_is_allowed(design: Design) -> None:
    found = decks_of(design)
    assert design.decks is not None
    assert found.decks.shape == (design.decks.number, design.tasks, design.profiles)
    drawn = draw(design, n=2 * design.decks.number)
    for rule in design.restrictions:
        inside = [drawn[name].isin(levels) for name, levels in rule.forbid.items()]
        assert not inside or not np.logical_and.reduce(inside).any()
        if rule.differ:
            assert not drawn.duplicated(["respondent", "task", *rule.differ]).any()
    kept = [name for name, each in design.factors.items() if each.varies == "respondent"]
    assert (drawn.groupby("respondent")[kept].nunique() == 1).all(axis=None)
    if design.decks.search == "efficient":
        assert np.bincount(found.decks.ravel()).max() == 1


def test_a_full_factorial_in_blocks_shows_every_vignette_once() -> None:
    assert sorted(decks_of(DESIGNS["full factorial in blocks"]).decks.ravel()) == list(range(12))


def test_levels_are_balanced_within_decks() -> None:
    drawn = draw(DESIGNS["full factorial in blocks"], n=3)
    for name in ("a", "b"):
        assert (drawn.groupby("deck")[name].value_counts() == 2).all()


def test_pairs_by_enumeration_and_by_draws() -> None:
    """Three decks for two respondents: one gets one of them, the other one of the two others."""
    found = decks_of(deck_design(3, 2, "random"))
    decks, n = found.decks[:, :, 0], 2
    drawn = found.redraw(n, TIMES, np.random.default_rng(8))
    for slots in (((0, 0, 0), (0, 1, 0)), ((0, 0, 0), (1, 1, 0)), ((1, 1, 0), (0, 1, 0))):
        (r1, t1, _), (r2, t2, _) = slots
        expected = np.zeros((12, 12))
        for chosen, share in balanced({0: 1 / 3, 1: 1 / 3, 2: 1 / 3}, n):
            expected[decks[chosen[r1], t1], decks[chosen[r2], t2]] += share
        assert found.pair_probabilities(n, slots=slots) == pytest.approx(expected, abs=ROUNDING)
        pairs = drawn[:, r1, t1, 0] * 12 + drawn[:, r2, t2, 0]
        shares = np.bincount(pairs, minlength=144).reshape(12, 12) / TIMES
        error = np.sqrt(expected * (1 - expected) / TIMES)
        assert (np.abs(shares - expected) <= STANDARD_ERRORS * error + ROUNDING).all()


def test_decks_follow_from_the_design_alone() -> None:
    for design in DESIGNS.values():
        again = design.model_copy(update={"title": "Another"})
        assert decks_of(design).decks.tolist() == decks_of(again).decks.tolist()
    other = decks_of(DESIGNS["random"].model_copy(update={"seed": 2}))
    assert decks_of(DESIGNS["random"]).decks.tolist() != other.decks.tolist()


def test_decks_have_no_strata_and_no_strange_places() -> None:
    found = decks_of(DESIGNS["fraction"])
    with pytest.raises(StudyError, match="the mechanism `decks` has no strata"):
        found.draw(2, np.random.default_rng(1), strata=["x", "y"])
    with pytest.raises(StudyError, match="0 respondents cannot be assigned"):
        found.redraw(0, 3, np.random.default_rng(1))
    with pytest.raises(StudyError, match="not two different places among 2 × 3 × 1"):
        found.pair_probabilities(2, slots=((0, 0, 0), (0, 3, 0)))


@pytest.mark.parametrize(
    ("design", "message"),
    [
        (deck_design(4, 4), r"4 decks of 4 need 16 vignettes, and there are 12\. Declare fewer decks"),
        (deck_design(2, 2), r"2 decks of 2: 4 rows cannot estimate"),
        (deck_design(2, 3, decks={"interactions": ["a:c", "b:c"]}), r"2 decks of 3: 6 rows cannot estimate"),
    ],
)
def test_decks_that_cannot_be_made_are_refused(design: Design, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        mechanism_of(design)

"""Mechanisms: counts, balance within blocks, and exact probabilities of vignettes and pairs."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.design.small_design import equal, small_design
from vignetta.design.assigning.assignment import draw, mechanism_of
from vignetta.design.assigning.mechanisms import MOST_PAIRS, Blocked, Complete, Places, Simple
from vignetta.design.assigning.universe import Floats
from vignetta.errors import StudyError

TIMES = 200_000
STANDARD_ERRORS = 5
"""One of a million right shares lies outside; the seeds are fixed."""
ROUNDING = 1e-12
"""Sums of a few hundred products of doubles."""
UNEQUAL = np.array([3, 1, 1, 1, 2, 2]) / 10
SHARES = [np.full(4, 0.25), np.array([0.1, 0.2, 0.3, 0.4]), UNEQUAL, np.array([0.55, 0.25, 0.2])]


def pair_shares(first: Places, second: Places, size: int) -> Floats:
    return np.bincount(first * size + second, minlength=size * size).reshape(size, size) / len(first)


def near(found: Floats, expected: Floats) -> bool:
    error = np.sqrt(np.clip(expected * (1 - expected), 0, None) / TIMES)
    return bool((np.abs(found - expected) <= STANDARD_ERRORS * error + ROUNDING).all())


@pytest.mark.parametrize("p", SHARES, ids=len)
@pytest.mark.parametrize("n", [2, 3, 7, 10])
def test_probabilities_of_vignettes_and_pairs(p: Floats, n: int) -> None:
    for mechanism in (Simple(p), Complete(p), Blocked(p, 3), Blocked(p, len(p))):
        drawn = mechanism.redraw(n, TIMES, np.random.default_rng(11))
        for first, second in [(0, 1), (1, 0), (n - 1, 0)]:
            pairs = mechanism.pair_probabilities(n, respondents=(first, second))
            assert near(pair_shares(drawn[:, first], drawn[:, second], len(p)), pairs)
            assert pairs.sum(axis=0) == pytest.approx(p, abs=ROUNDING)
            assert pairs.sum(axis=1) == pytest.approx(p, abs=ROUNDING)
        for respondent in (0, n - 1):
            assert near(np.bincount(drawn[:, respondent], minlength=len(p)) / TIMES, mechanism.probabilities())


def test_pairs_of_complete_by_enumeration() -> None:
    """Two uses of each of two vignettes: every order of them is equally likely."""
    orders = np.array(list(permutations([0, 0, 1, 1])))
    expected = pair_shares(orders[:, 0], orders[:, 1], 2)
    assert Complete(np.array([0.5, 0.5])).pair_probabilities(4) == pytest.approx(expected, abs=ROUNDING)


@settings(max_examples=80, deadline=None)
@given(
    weights=st.lists(st.floats(0.01, 5), min_size=2, max_size=30),
    n=st.integers(1, 500),
    seed=st.integers(0, 2**32),
)
def test_complete_is_within_one_of_what_is_expected(weights: list[float], n: int, seed: int) -> None:
    p = np.array(weights) / sum(weights)
    drawn = Complete(p).redraw(n, 5, np.random.default_rng(seed))
    for each in drawn:
        assert (np.abs(np.bincount(each, minlength=len(p)) - n * p) < 1 + ROUNDING * n).all()
    again = Complete(p).redraw(n, 5, np.random.default_rng(seed))
    assert drawn.tobytes() == again.tobytes()


def test_whole_expected_counts_are_certain() -> None:
    for n in (10, 70, 100_000):
        counts = np.bincount(Complete(UNEQUAL).draw(n, np.random.default_rng(3)))
        assert counts.tolist() == np.rint(UNEQUAL * n).tolist()


def test_many_more_vignettes_than_respondents() -> None:
    p = np.arange(1, 100_001) / np.arange(1, 100_001).sum()
    drawn = Complete(p).draw(500, np.random.default_rng(1))
    assert len(np.unique(drawn)) == 500
    assert drawn.mean() == pytest.approx(np.arange(100_000) @ p, rel=0.05)


# ------------------------------------------------------------------------------------------------- blocks and strata


@settings(max_examples=40, deadline=None)
@given(n=st.integers(1, 90), size=st.integers(1, 20), strata=st.integers(1, 4), seed=st.integers(0, 2**32))
def test_blocks_are_balanced_within_strata(n: int, size: int, strata: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    stratum = generator.integers(strata, size=n).tolist()
    drawn = Blocked(UNEQUAL, size).draw(n, generator, strata=stratum)
    for each in set(stratum):
        members = drawn[np.array(stratum) == each]
        for start in range(0, len(members) - size + 1, size):
            counts = np.bincount(members[start : start + size], minlength=len(UNEQUAL))
            assert (np.abs(counts - size * UNEQUAL) < 1).all()


def test_pairs_within_and_between_blocks_and_strata() -> None:
    p, strata = np.array([0.5, 0.5]), ["x", "y", "x", "y", "x"]
    mechanism, independent = Blocked(p, 2), np.full((2, 2), 0.25)
    opposite = np.array([[0, 0.5], [0.5, 0]])
    for pair, expected in {(0, 2): opposite, (1, 3): opposite, (0, 1): independent, (2, 4): independent}.items():
        found = mechanism.pair_probabilities(5, respondents=pair, strata=strata)
        assert found == pytest.approx(expected, abs=ROUNDING)
        drawn = mechanism.redraw(5, TIMES, np.random.default_rng(4), strata=strata)
        assert near(pair_shares(drawn[:, pair[0]], drawn[:, pair[1]], 2), expected)


def test_a_draw_for_known_strata() -> None:
    design = small_design({"a": equal("a1", "a2")}, mechanism="blocked")
    drawn = draw(design, n=8, seed=1, strata=list("xyxyxyxy"))
    for stratum in (drawn["vignette"][0::2], drawn["vignette"][1::2]):
        assert [sorted(stratum.iloc[start : start + 2]) for start in (0, 2)] == [[1, 2], [1, 2]]


def test_the_declared_mechanism_is_made() -> None:
    factors = {"a": equal("a1", "a2"), "b": equal("b1", "b2", "b3")}
    party = {"label": "P", "question": "P?", "options": [{"name": "x", "text": "X"}, {"name": "y", "text": "Y"}]}
    blocked = mechanism_of(small_design(factors, mechanism="blocked", covariates={"party": party}, strata=["party"]))
    assert isinstance(blocked, Blocked)
    assert blocked.size == 6
    sized = small_design(factors, mechanism="blocked", block_size="12")
    drawn = draw(sized, n=24, seed=1)["vignette"]
    assert [np.bincount(drawn[start : start + 12]).tolist() for start in (0, 12)] == [[0] + [2] * 6] * 2
    assert isinstance(mechanism_of(small_design(factors, mechanism="simple")), Simple)
    assert isinstance(mechanism_of(small_design(factors)), Complete)


# ------------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize("mechanism", [Simple(UNEQUAL), Complete(UNEQUAL), Blocked(UNEQUAL, 3)])
def test_nobody_and_nonsense_are_refused(mechanism: Simple | Complete | Blocked) -> None:
    generator = np.random.default_rng(1)
    with pytest.raises(StudyError, match="0 respondents cannot be assigned"):
        mechanism.draw(0, generator)
    with pytest.raises(StudyError, match="not two different places"):
        mechanism.pair_probabilities(5, respondents=(1, 1))
    with pytest.raises(StudyError, match="not two different places"):
        mechanism.pair_probabilities(1)
    with pytest.raises(StudyError, match="strata"):
        mechanism.draw(5, generator, strata=["x"])


def test_tables_too_large_to_hold_are_refused() -> None:
    many = MOST_PAIRS + 1
    with pytest.raises(StudyError, match="too many to hold"):
        Simple(np.full(many, 1 / many)).pair_probabilities(5)

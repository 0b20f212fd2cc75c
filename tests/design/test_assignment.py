"""Balance, probabilities and reproducibility of the draw."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from vignetta.design.assignment import draw, frequencies
from vignetta.design.declaration import Design
from vignetta.design.vignettes import vignettes
from vignetta.errors import StudyError

ALPHA = 1e-4
"""How often a correct draw may fail the test of its frequencies; the seed is fixed, so it fails always or never."""


@settings(max_examples=25, deadline=None)
@given(n=st.integers(1, 400), seed=st.integers(0, 2**32))
def test_complete_uses_every_vignette_equally_often(design: Design, n: int, seed: int) -> None:
    counts = np.bincount(draw(design, n=n, seed=seed)["vignette"], minlength=121)[1:]
    assert counts.sum() == n
    assert counts.max() - counts.min() <= 1


def test_simple_draws_each_vignette_with_its_probability(design: Design) -> None:
    simple = design.model_copy(update={"mechanism": "simple"})
    counts = np.bincount(draw(simple, n=12_000, seed=3)["vignette"], minlength=121)[1:]
    assert stats.chisquare(counts).pvalue > ALPHA


def test_the_order_of_complete_is_random(design: Design) -> None:
    drawn = draw(design, n=1200, seed=5)
    first = [int(draw(design, n=1200, seed=seed)["vignette"].iloc[0]) for seed in range(40)]
    assert len(set(first)) > 20
    assert stats.spearmanr(drawn["respondent"], drawn["vignette"]).pvalue > ALPHA


def test_one_seed_gives_one_assignment(design: Design) -> None:
    assert draw(design).equals(draw(design))
    assert not draw(design).equals(draw(design, seed=design.seed + 1))


def test_frequencies_count_every_level_and_pair(design: Design) -> None:
    assignment = draw(design)
    found = frequencies(design, assignment)
    levels = [len(each.levels) for each in design.factors.values()]
    assert (found["what"] == "level").sum() == sum(levels)
    assert (found["what"] == "pair").sum() == sum(a * b for a, b in itertools.combinations(levels, 2))
    assert found.groupby(["what", "first_factor", "second_factor"])["n"].sum().eq(design.sample_size).all()
    row = found.query("first_factor == 'regime' and first_level == 'democracy' and second_level == 'terminate'").iloc[0]
    both = (assignment["regime"] == "democracy") & (assignment["response"] == "terminate")
    assert row["n"] == both.sum()
    assert row["expected"] == pytest.approx(1 / 10)


def test_nobody_cannot_be_assigned(design: Design) -> None:
    with pytest.raises(StudyError, match="0 respondents cannot be assigned"):
        draw(design, n=0)


def test_the_universe_is_every_combination_once(design: Design) -> None:
    universe = vignettes(design)
    assert len(universe) == 120
    assert not universe.duplicated(list(design.factors)).any()
    assert universe["probability"].sum() == pytest.approx(1)
    assert universe["text"].is_unique

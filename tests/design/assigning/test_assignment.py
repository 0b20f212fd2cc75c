"""Balance, probabilities and reproducibility of the draw."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tests.design.small_design import equal, small_design
from vignetta.design.assigning.assignment import draw, frequencies, mechanism_of
from vignetta.design.assigning.decking import Decked
from vignetta.design.assigning.mechanisms import Complete
from vignetta.design.assigning.tasks import Repeated
from vignetta.design.assigning.vignettes import vignettes
from vignetta.design.declaration import Design
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


# ------------------------------------------------------------------------------------- tasks, profiles, decks, samples

AB = {"a": equal("a1", "a2"), "b": equal("b1", "b2", "b3")}
SAMPLES = {"us": {"label": "US", "size": "60"}, "uk": {"label": "UK", "size": "40"}}


def test_the_frame_has_a_row_per_vignette_that_is_read() -> None:
    design = small_design(AB, tasks="3", profiles="2")
    drawn = draw(design, n=4)
    places = [(r, t, p) for r in range(1, 5) for t in (1, 2, 3) for p in (1, 2)]
    assert list(drawn) == ["respondent", "task", "profile", "vignette", "a", "b"]
    assert list(drawn[["respondent", "task", "profile"]].itertuples(index=False, name=None)) == places
    cells = vignettes(design).set_index("vignette").loc[drawn["vignette"], ["a", "b"]].reset_index(drop=True)
    pd.testing.assert_frame_equal(drawn[["a", "b"]], cells)
    assert list(draw(small_design(AB, tasks="3"), n=4)) == ["respondent", "task", "vignette", "a", "b"]
    assert list(draw(small_design(AB, profiles="2"), n=4)) == ["respondent", "profile", "vignette", "a", "b"]
    assert list(draw(small_design(AB), n=4)) == ["respondent", "vignette", "a", "b"]


def test_a_declared_layout_has_its_mechanism() -> None:
    assert isinstance(mechanism_of(small_design(AB)), Complete)
    for sections in ({"tasks": "2"}, {"profiles": "2"}):
        assert isinstance(mechanism_of(small_design(AB, **sections)), Repeated)
    assert isinstance(mechanism_of(small_design(AB, mechanism="decks", decks={"number": "6"})), Decked)


@pytest.mark.parametrize("sections", [{}, {"tasks": "3"}, {"mechanism": "decks", "decks": {"number": "6"}}])
def test_samples_are_drawn_each_for_itself(sections: dict[str, object]) -> None:
    design = small_design(AB, samples=SAMPLES, **sections)
    drawn = draw(design)
    assert list(drawn)[:2] == ["respondent", "sample"]
    assert drawn.groupby("sample", observed=False)["respondent"].agg(["min", "max"]).to_numpy().tolist() == [
        [1, 60],
        [61, 100],
    ]
    for _, some in drawn.groupby("sample", observed=False):
        counts = np.bincount(some["vignette"], minlength=7)[1:]
        assert counts.max() - counts.min() <= 1
    assert drawn["sample"].cat.categories.tolist() == ["us", "uk"]
    assert draw(design).to_csv() == drawn.to_csv()


def test_samples_say_how_many_respondents_there_are() -> None:
    design = small_design(AB, samples=SAMPLES, mechanism="blocked")
    for asked, where in (({"n": 50}, "n"), ({"strata": ["x"] * 100}, "strata")):
        with pytest.raises(StudyError, match=f"^{where}: the samples say how many respondents there are"):
            draw(design, **asked)  # type: ignore[arg-type]


def test_frequencies_of_profiles_that_differ() -> None:
    """Of two levels that always differ, each is half; of the pairs with three equal levels, a sixth each."""
    design = small_design(AB, [{"differ": ["a"]}], tasks="4", profiles="2")
    found = frequencies(design, draw(design))
    assert found.query("what == 'level'").groupby("first_factor")["n"].sum().eq(800).all()
    halves = found.query("first_factor == 'a' and what == 'level'")
    assert halves["n"].tolist() == [400, 400]
    assert found.query("what == 'pair'")["expected"].to_numpy() == pytest.approx(np.full(6, 1 / 6))

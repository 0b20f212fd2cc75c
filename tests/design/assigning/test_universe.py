"""Which vignettes a design allows, and how likely each is."""

from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.design.small_design import equal, small_design
from vignetta.design.assigning.assignment import draw
from vignetta.design.assigning.universe import LARGEST, shares, universe_of
from vignetta.design.assigning.vignettes import render, vignettes
from vignetta.design.declaration import Design
from vignetta.errors import StudyError

DRAWS = 1_000_000
STANDARD_ERRORS = 5
"""A right frequency lies outside in less than one of a million tries; the seed is fixed."""
ROUNDING = 1e-14
"""Sums and quotients of a few doubles."""

WEIGHTED = small_design({"a": {"a1": 2, "a2": 1}, "b": {"b1": 1, "b2": 3}}, [{"forbid": {"a": ["a1"], "b": ["b1"]}}])
THREE = small_design(
    {"a": {"a1": 2, "a2": 1, "a3": 0.5}, "b": {"b1": 1, "b2": 3}, "c": {"c1": 1, "c2": 1, "c3": 5}},
    [
        {"forbid": {"a": "a1", "b": "b1", "c": ["c1", "c2"]}},
        {"levels": {"a": "a3"}, "only_with": {"b": "b2", "c": ["c2", "c3"]}},
    ],
)
PAIRS = small_design(
    {"a": equal("a1", "a2", "a3"), "b": equal("b1", "b2", "b3")},
    [{"forbid": {"a": ["a1", "a2"], "b": "b1"}}, {"forbid": {"a": "a3", "b": "b3"}}],
)


def test_a_table_by_hand() -> None:
    cells = vignettes(WEIGHTED)
    assert cells[["vignette", "a", "b"]].astype(str).to_numpy().tolist() == [
        ["1", "a1", "b2"],
        ["2", "a2", "b1"],
        ["3", "a2", "b2"],
    ]
    assert cells["probability"].to_numpy() == pytest.approx([0.6, 0.1, 0.3], abs=ROUNDING)
    assert shares(WEIGHTED) == [6, 1, 3]


def test_three_factors_by_enumeration() -> None:
    expected = {}
    for a, b, c in product(*(each.levels for each in THREE.factors.values())):
        first = a.name == "a1" and b.name == "b1" and c.name in ("c1", "c2")
        second = a.name == "a3" and not (b.name == "b2" and c.name in ("c2", "c3"))
        if not first and not second:
            expected[a.name, b.name, c.name] = a.weight * b.weight * c.weight
    cells = vignettes(THREE)
    assert list(cells[["a", "b", "c"]].astype(str).itertuples(index=False, name=None)) == list(expected)
    weights = np.array(list(expected.values()))
    assert cells["probability"].to_numpy() == pytest.approx(weights / weights.sum(), abs=ROUNDING)


@pytest.mark.parametrize("mechanism", ["simple", "complete", "blocked"])
@pytest.mark.parametrize("design", [WEIGHTED, THREE, PAIRS], ids=["weights", "three factors", "forbidden pairs"])
def test_frequencies_are_the_exact_probabilities(design: Design, mechanism: str) -> None:
    p = vignettes(design)["probability"].to_numpy()
    drawn = draw(design.model_copy(update={"mechanism": mechanism}), n=DRAWS, seed=7)
    found = np.bincount(drawn["vignette"], minlength=len(p) + 1)[1:] / DRAWS
    assert (np.abs(found - p) < STANDARD_ERRORS * np.sqrt(p * (1 - p) / DRAWS)).all()


def test_texts_are_those_of_each_vignette(design: Design) -> None:
    for each in (design, THREE):
        for row in vignettes(each).to_dict("records"):
            assert row["text"] == render(each, {name: str(row[name]) for name in each.factors})


def test_tiny_and_huge_weights_keep_their_proportions() -> None:
    for scale in (1e-300, 1e300):
        design = small_design({name: {"x": scale, "y": 3 * scale} for name in ("a", "b", "c")})
        assert vignettes(design)["probability"].sum() == pytest.approx(1, abs=ROUNDING)
        assert vignettes(design)["probability"].iloc[-1] == pytest.approx(27 / 64, rel=1e-12)


def test_decimal_weights_have_small_whole_proportions() -> None:
    assert shares(small_design({"a": {"x": 0.1, "y": 0.3}, "b": {"x": 0.5, "y": 0.5}})) == [1, 1, 3, 3]


def test_more_combinations_than_can_be_held_are_refused() -> None:
    levels = equal(*(f"l{place}" for place in range(20)))
    assert LARGEST < 20**6
    with pytest.raises(StudyError, match="64,000,000 combinations"):
        universe_of(small_design({f"f{place}": levels for place in range(6)}))


@st.composite
def designs(make: st.DrawFn) -> Design:
    sizes = make(st.lists(st.integers(2, 4), min_size=2, max_size=4))
    weight = st.sampled_from([0.5, 1.0, 1.0, 2.0, 3.0])
    factors = {f"f{place}": {f"l{level}": make(weight) for level in range(size)} for place, size in enumerate(sizes)}
    box: dict[str, Any] = {
        name: sorted(make(st.sets(st.sampled_from(list(factors[name])), max_size=2))) for name in factors
    }
    chosen = {name: levels for name, levels in box.items() if levels}
    assume(len(chosen) > 1)
    try:
        return small_design(factors, [{"forbid": chosen}], mechanism=make(st.sampled_from(["simple", "complete"])))
    except StudyError:
        assume(False)
        raise


@settings(max_examples=60, deadline=None)
@given(design=designs(), n=st.integers(1, 300), seed=st.integers(0, 2**32))
def test_no_forbidden_vignette_is_drawn_and_every_level_can_be(design: Design, n: int, seed: int) -> None:
    drawn, cells = draw(design, n=n, seed=seed), vignettes(design)
    inside = [drawn[name].isin(levels) for name, levels in design.restrictions[0].forbid.items()]
    assert not np.logical_and.reduce(inside).any()
    for name, factor in design.factors.items():
        assert set(cells[name]) == set(factor.level_names)
    pd.testing.assert_frame_equal(drawn, draw(design, n=n, seed=seed))
    if design.mechanism == "complete":
        counts = np.bincount(drawn["vignette"], minlength=len(cells) + 1)[1:]
        assert (np.abs(counts - n * cells["probability"]) < 1).all()


# ------------------------------------------------------------------------------------------- a published conjoint

LEVELS = {
    "Education": "No Formal|4th Grade|8th Grade|High School|Two-Year College|College Degree|Graduate Degree",
    "Gender": "Female|Male",
    "CountryOfOrigin": "Germany|France|Mexico|Philippines|Poland|India|China|Sudan|Somalia|Iraq",
    "ReasonForApplication": "Reunite with Family|Seek Better Job|Escape Persecution",
    "Job": "Janitor|Waiter|Child Care Provider|Gardener|Financial Analyst|Construction Worker|Teacher|"
    "Computer Programmer|Nurse|Research Scientist|Doctor",
}
DEGREE = ["Financial Analyst", "Research Scientist", "Doctor", "Computer Programmer"]
RULES: list[Mapping[str, Any]] = [
    {
        "levels": {"Job": DEGREE},
        "only_with": {"Education": ["Two-Year College", "College Degree", "Graduate Degree"]},
    },
    {
        "levels": {"ReasonForApplication": "Escape Persecution"},
        "only_with": {"CountryOfOrigin": ["China", "Sudan", "Somalia", "Iraq"]},
    },
]


@pytest.mark.real
def test_the_empty_cells_of_the_immigration_conjoint_are_the_forbidden_ones(real: Path) -> None:
    data = pd.read_csv(real / "datasets/leeper__cregg__immigration.csv", dtype=str, keep_default_na=False)
    design = small_design({name: equal(*levels.split("|")) for name, levels in LEVELS.items()}, RULES)
    cells = vignettes(design)
    assert len(cells) == (7 * 11 - 16) * (10 * 3 - 6) * 2
    assert cells["probability"].to_numpy() == pytest.approx(np.full(len(cells), 1 / len(cells)), rel=1e-12)
    for first, second, empty in [("Education", "Job", 16), ("CountryOfOrigin", "ReasonForApplication", 6)]:
        seen = set(zip(data[first], data[second], strict=True))
        allowed = set(zip(cells[first], cells[second], strict=True))
        assert seen == allowed
        assert len(data[first].unique()) * len(data[second].unique()) - len(seen) == empty

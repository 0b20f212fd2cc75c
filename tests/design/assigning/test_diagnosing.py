"""What a design can tell, against closed forms and tables by hand."""

import numpy as np
import pytest

from tests.design.small_design import equal, small_design
from vignetta.design.assigning.diagnosing import MOST, diagnose, diagnostics

TWO = {"a": equal("a1", "a2"), "b": equal("b1", "b2")}


def test_a_full_factorial_tells_everything() -> None:
    found = diagnose(small_design({**TWO, "c": equal("c1", "c2", "c3")}))
    assert (found.vignettes, found.aliases, found.decks) == (12, (), None)
    assert [found.efficiency.d, found.efficiency.a, *found.terms.values()] == pytest.approx([100.0] * 5)
    assert found.largest[2] == pytest.approx(0, abs=1e-12)


def test_weights_cost_precision() -> None:
    """A binary factor with probability p has 4 p (1 - p) of the information of one with a half."""
    found = diagnose(small_design({"a": {"a1": 3, "a2": 1}, "b": equal("b1", "b2")}))
    assert found.terms == pytest.approx({"a": 75.0, "b": 100.0})
    assert found.efficiency.d == pytest.approx(100 * 0.75 ** (1 / 3))


def test_a_forbidden_cell_correlates_its_factors() -> None:
    """Three of four cells: P(a2) = P(b2) = 1/3, P(both) = 0; the correlation is (0 - 1/9) / (2/9) = -1/2."""
    found = diagnose(small_design(TWO, [{"forbid": {"a": "a2", "b": "b2"}}]))
    assert found.largest[:2] == ("a", "b")
    assert found.largest[2] == pytest.approx(0.5)
    # Beside b, a has the share 1 - 1/4 of its own information, which is 4 (1/3) (2/3) of that of a half.
    assert found.terms == pytest.approx(dict.fromkeys("ab", 100 * 4 * 2 / 9 * 3 / 4))
    assert "Largest correlation between factors: a and b, 0.500" in str(found)


def test_a_half_fraction_in_decks_says_what_is_mixed_up() -> None:
    """Four of the eight vignettes of three binary factors: each factor is the interaction of the other two."""
    factors = {name: equal(f"{name}1", f"{name}2") for name in "abc"}
    found = diagnose(small_design(factors, tasks="1", mechanism="decks", decks={"number": "4"}))
    assert found.vignettes == 4
    assert found.efficiency.d == pytest.approx(100)
    assert found.aliases == (
        "a cannot be told from b × c",
        "b cannot be told from a × c",
        "c cannot be told from a × b",
    )


def test_decks_by_a_factor_leave_nothing_of_it_within() -> None:
    """Two decks of two of the four vignettes: the best split gives up the interaction, and keeps both main effects."""
    found = diagnose(small_design(TWO, tasks="2", mechanism="decks", decks={"number": "2"}))
    assert found.decks is not None
    number, retained, spread = found.decks
    assert (number, spread) == (2, 0)
    assert retained == pytest.approx({"a": 100.0, "b": 100.0})


def test_large_designs_are_told_not_computed() -> None:
    many = {f"f{place}": equal(*(f"l{level}" for level in range(6))) for place in range(6)}
    assert MOST < 6**6
    assert diagnostics(small_design(many)) == f"46,656 vignettes: efficiency is computed for up to {MOST:,}.\n"


def test_the_same_design_has_the_same_text() -> None:
    design = small_design({"a": {"a1": 3, "a2": 1}, "b": equal("b1", "b2", "b3")}, [{"forbid": {"a": "a2", "b": "b2"}}])
    assert diagnostics(design) == diagnostics(design)
    assert np.isfinite(diagnose(design).efficiency.worst_variance)

"""Coding, efficiencies and aliases against closed forms, direct algebra and a textbook fraction."""

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vignetta.design.fractional.arrays import orthogonal_array
from vignetta.design.fractional.efficiency import (
    MEAN,
    alias_relations,
    aliases,
    coded,
    d_efficiency,
    efficiency,
    model_matrix,
)
from vignetta.errors import StudyError

ROUNDING = 1e-9
"""Relative error that float64 leaves in determinants of matrices of order 50."""


def factorial(*levels: int) -> np.ndarray:
    return np.array(list(product(*map(range, levels))))


def two_to_the_five_minus_two() -> pd.DataFrame:
    """D = AB, E = AC, so that I = ABD = ACE = BCDE."""
    a, b, c = (1 - 2 * factorial(2, 2, 2)).T
    signs = {"A": a, "B": b, "C": c, "D": a * b, "E": a * c}
    return pd.DataFrame({name: pd.Categorical(each, categories=[1, -1]) for name, each in signs.items()})


# ------------------------------------------------------------------------------------------------------------ coding


@settings(max_examples=30, deadline=None)
@given(levels=st.lists(st.integers(2, 6), min_size=2, max_size=4))
def test_a_full_factorial_is_orthonormal_for_every_interaction(levels: list[int]) -> None:
    names = [f"x{place + 1}" for place in range(len(levels))]
    terms = [":".join(each) for size in range(2, len(levels) + 1) for each in combinations(names, size)]
    matrix = model_matrix(factorial(*levels), terms)
    n = int(np.prod(levels))
    assert matrix.X.shape == (n, n)
    np.testing.assert_allclose(matrix.X.T @ matrix.X, n * np.eye(n), atol=ROUNDING * n)


def test_columns_and_terms_go_together() -> None:
    matrix = model_matrix(factorial(2, 3, 4), ["x3:x1"])
    assert matrix.terms == (MEAN, "x1", "x2", "x3", "x1 × x3")
    assert np.bincount(matrix.term).tolist() == [1, 1, 2, 3, 3]
    assert np.allclose(matrix.columns("x1 × x3"), matrix.columns("x1") * matrix.columns("x3"))


def test_levels_come_from_categories_numbers_and_texts() -> None:
    cells = pd.DataFrame(
        {
            "regime": pd.Categorical(["b", "a", "b"], categories=["a", "b", "c"]),
            "dose": [20, 10, 20],
            "treaty": ["None", "formal", "None"],
        }
    )
    codes = coded(cells)
    assert codes.labels == (("a", "b", "c"), ("10", "20"), ("None", "formal"))
    assert codes.values.tolist() == [[1, 1, 0], [0, 0, 1], [1, 1, 0]]


def test_every_unusable_factor_is_named() -> None:
    cells = pd.DataFrame({"a": ["x", None, "y"], "b": ["x", "x", "x"], "c": ["x", "y", "z"]})
    with pytest.raises(StudyError) as caught:
        coded(cells)
    assert [each.where for each in caught.value.problems] == ["factor `a`", "factor `b`"]


@pytest.mark.parametrize("cells", [np.array([[0, -1]]), np.array([0, 1]), np.array([[0.5, 1.0]])])
def test_what_is_not_level_numbers_is_refused(cells: np.ndarray) -> None:
    with pytest.raises(StudyError, match="not level numbers"):
        coded(cells)


def test_no_cells_and_a_factor_twice_are_refused() -> None:
    with pytest.raises(StudyError, match="there are none"):
        coded(np.zeros((0, 2), dtype=int))
    with pytest.raises(StudyError, match="twice"):
        coded(pd.DataFrame([["x", "y"], ["y", "x"]], columns=["a", "a"]))


def test_every_unknown_term_is_named() -> None:
    with pytest.raises(StudyError) as caught:
        model_matrix(factorial(2, 2), ["x1:x9", "x2:x2"])
    assert [each.where for each in caught.value.problems] == ["terms `x1:x9`", "terms `x2:x2`"]


# -------------------------------------------------------------------------------------------------------- efficiency


@pytest.mark.parametrize(("collapsed", "power"), [(1, 1), (2, 2)])
def test_collapsed_levels_cost_what_the_closed_form_says(collapsed: int, power: int) -> None:
    """A column of two levels in 12 and 6 of 18 runs has variance 8/9; nine parameters in all (2 x 2 x 3 x 3 x 3)."""
    array = orthogonal_array([2, 3, 3, 3, 3, 3], 18)
    assert array is not None
    columns = [np.minimum(array[:, 1], 1), np.minimum(array[:, 2], 1) if collapsed == 2 else array[:, 0]]
    X = model_matrix(np.column_stack([*columns, array[:, 3:]])).X
    assert d_efficiency(X) == pytest.approx(100 * (8 / 9) ** (power / 9), rel=ROUNDING)


def test_efficiencies_are_those_of_the_formulas() -> None:
    generator = np.random.default_rng(4)
    cells = factorial(2, 3, 4)[generator.choice(24, 15, replace=False)]
    X = model_matrix(cells, ["x1:x2"]).X
    n, p = X.shape
    inverse = np.linalg.inv(X.T @ X)
    found = efficiency(X)
    assert found.d == pytest.approx(100 / (n * np.linalg.det(inverse) ** (1 / p)), rel=ROUNDING)
    assert found.a == pytest.approx(100 / (n * np.trace(inverse) / p), rel=ROUNDING)
    directions = generator.normal(size=(20_000, p))
    variances = n * np.einsum("ij,jk,ik->i", directions, inverse, directions) / np.square(directions).sum(axis=1)
    assert variances.max() <= found.worst_variance * (1 + ROUNDING)
    assert found.worst_variance == pytest.approx(n * np.linalg.norm(inverse, 2), rel=ROUNDING)


def test_labels_and_their_order_do_not_matter() -> None:
    generator = np.random.default_rng(8)
    cells = factorial(3, 4, 2)[generator.choice(24, 14, replace=False)]
    relabelled = np.column_stack([generator.permutation(k)[v] for k, v in zip((3, 4, 2), cells.T, strict=True)])
    assert d_efficiency(model_matrix(relabelled).X) == pytest.approx(d_efficiency(model_matrix(cells).X), rel=ROUNDING)


def test_what_cannot_be_estimated_has_no_efficiency() -> None:
    cells = two_to_the_five_minus_two()
    assert d_efficiency(model_matrix(cells, ["A:B"]).X) == 0
    assert d_efficiency(model_matrix(cells, ["B:C", "B:E", "A:B", "A:C"]).X) == 0
    assert efficiency(model_matrix(cells.iloc[:4]).X).worst_variance == np.inf


def test_a_level_that_no_row_has_is_not_estimated() -> None:
    cells = pd.DataFrame({"a": pd.Categorical(list("xyxy"), categories=list("xyz")), "b": list("xxyy")})
    assert d_efficiency(model_matrix(cells).X) == 0


# ----------------------------------------------------------------------------------------------------------- aliases


def test_all_chains_of_a_textbook_fraction() -> None:
    cells = two_to_the_five_minus_two()
    words = [frozenset(each) for size in range(1, 6) for each in combinations("ABCDE", size)]
    defining = [frozenset("ABD"), frozenset("ACE"), frozenset("BCDE")]
    expected = {frozenset([word, *(word ^ each for each in defining)]) for word in words if word not in defining}
    found = alias_relations(model_matrix(cells, [":".join(sorted(each)) for each in words if len(each) > 1]))
    chains = {frozenset(frozenset(t.split(" × ")) for t in (e.term, *e.others)) for e in found if e.others != (MEAN,)}
    assert len(expected) == 7
    assert chains == expected
    assert {frozenset(each.term.split(" × ")) for each in found if each.others == (MEAN,)} == set(defining)
    assert len(found) == 7 + 3


def test_the_same_chains_in_words() -> None:
    pairs = [":".join(each) for each in combinations("ABCDE", 2)]
    assert aliases(model_matrix(two_to_the_five_minus_two(), pairs)) == [
        "A cannot be told from B × D or C × E",
        "B cannot be told from A × D",
        "C cannot be told from A × E",
        "D cannot be told from A × B",
        "E cannot be told from A × C",
        "B × C cannot be told from D × E",
        "B × E cannot be told from C × D",
    ]


def test_only_chains_with_a_term_that_was_asked_for() -> None:
    pairs = [":".join(each) for each in combinations("ABCDE", 2)]
    matrix = model_matrix(two_to_the_five_minus_two(), pairs)
    assert aliases(matrix, of=["B", "B × C"]) == ["B cannot be told from A × D", "B × C cannot be told from D × E"]


def test_each_factor_of_nine_runs_lies_within_three_interactions() -> None:
    array = orthogonal_array([3, 3, 3, 3], 9)
    assert array is not None
    pairs = [f"x{a}:x{b}" for a, b in combinations(range(1, 5), 2)]
    found = aliases(model_matrix(array, pairs), of=["x1"])
    assert found == ["x1 cannot be told from x2 × x3, x2 × x4 or x3 × x4"]


def test_twelve_runs_mix_each_main_effect_partly_with_interactions_by_a_third() -> None:
    array = orthogonal_array([2] * 5, 12)
    assert array is not None
    pairs = [f"x{a}:x{b}" for a, b in combinations(range(1, 6), 2)]
    found = alias_relations(model_matrix(array, pairs), of=[f"x{a}" for a in range(1, 6)], threshold=0.3)
    assert len(found) == 5 * 6
    assert all(each.correlation == pytest.approx(1 / 3, rel=ROUNDING) for each in found)
    assert str(found[0]).endswith("are partly mixed (correlation up to 0.33)")


def test_a_correlation_is_that_of_the_columns() -> None:
    cells = np.array([[0, 0]] * 5 + [[0, 1]] * 2 + [[1, 0]] * 2 + [[1, 1]] * 6)
    (found,) = alias_relations(model_matrix(cells), threshold=0.1)
    assert found.correlation == pytest.approx(abs(np.corrcoef(cells.T)[0, 1]), rel=ROUNDING)
    assert alias_relations(model_matrix(cells), threshold=found.correlation + 0.01) == ()


def test_terms_that_are_mixed_up_only_together() -> None:
    cells = pd.DataFrame(factorial(2, 3), columns=["treaty", "response"])
    without = cells[~((cells["treaty"] == 1) & (cells["response"] == 2))]
    assert aliases(model_matrix(without, ["treaty:response"]), threshold=0.99) == [
        "treaty cannot be told from response and treaty × response together",
        "one contrast of response cannot be told from treaty and treaty × response together",
        "one contrast of treaty × response cannot be told from treaty and response together",
    ]


def test_two_factors_that_share_one_contrast() -> None:
    cells = np.array([(a, 0 if a == 0 else b) for a in range(3) for b in (1, 2)] * 2)
    (found,) = alias_relations(model_matrix(cells), threshold=0.9)
    assert str(found) == "one contrast of x1 cannot be told from x2"


def test_a_full_factorial_has_no_aliases() -> None:
    assert aliases(model_matrix(factorial(2, 3, 4), ["x1:x2", "x1:x3", "x2:x3"]), threshold=0.01) == []

"""What a formula reads, and the rows that are complete."""

import numpy as np
import pandas as pd
import pytest

from vignetta.analysis.models.samples import quote, read_factor, read_formula, read_sample, variables
from vignetta.errors import StudyError


@pytest.mark.parametrize(
    ("formula", "names"),
    [
        ("y ~ a * b + a:c", ["a", "b", "c"]),
        ("y ~ `Country of Origin` + log(age) + I(age ** 2)", ["Country of Origin", "age"]),
        ("y ~ C(arm, contr.treatment(base='z')) + np.log(x) + center(w)", ["arm", "w", "x"]),
        ("y ~ 1", []),
    ],
)
def test_the_names_that_a_formula_reads(formula: str, names: list[str]) -> None:
    assert sorted(variables(read_formula(formula).rhs)) == sorted(names)


def test_a_sample_keeps_complete_rows_in_order() -> None:
    data = pd.DataFrame(
        {"y": [1.0, np.nan, 3, 4], "a": ["q", "p", None, "p"], "who": ["m", "n", "n", "o"], "w": [1, 2, 3, 4]}
    )
    found = read_sample(data, read_formula("y ~ a"), cluster="who", weights="w")
    assert found.data["y"].tolist() == [1, 4]
    assert found.data["a"].cat.categories.tolist() == ["p", "q"]
    assert (found.weights.tolist(), found.n_missing) == ([1, 4], 2)
    assert found.clusters is not None
    assert found.clusters.tolist() == [0, 1]


def test_the_frame_that_is_read_stays_as_it_was() -> None:
    data = pd.DataFrame({"y": [1.0, 2.0], "a": ["q", "p"]}, index=[5, 5])
    before = data.copy()
    read_sample(data, read_formula("y ~ a"))
    pd.testing.assert_frame_equal(data, before)


def test_numbered_categories_are_factors() -> None:
    assert read_factor(pd.Series(pd.Categorical([2, 1, 2]))).cat.categories.tolist() == [1, 2]


def test_two_levels_that_read_the_same_are_refused() -> None:
    with pytest.raises(StudyError, match="two levels read the same"):
        read_factor(pd.Series(pd.Categorical([1, "1"])))


@pytest.mark.parametrize("name", ["1", "0.5", "a`b"])
def test_names_that_a_formula_cannot_hold_are_refused(name: str) -> None:
    with pytest.raises(StudyError, match="a formula cannot hold"):
        quote(name)

"""The solution against the normal equations, and columns that depend on others."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from vignetta.analysis.models.covariance import covariance
from vignetta.analysis.models.least_squares import dependent_columns, solve
from vignetta.analysis.models.model_matrix import ModelMatrix
from vignetta.analysis.models.samples import distinct_rows

EXACT = 1e-9
"""A well-conditioned problem by two algorithms, up to rounding."""


def test_the_solution_satisfies_the_normal_equations() -> None:
    rng = np.random.default_rng(3)
    X, y, w = rng.normal(size=(50, 4)), rng.normal(size=50), rng.uniform(0.2, 3, 50)
    found = solve(X, y, w)
    np.testing.assert_allclose(X.T @ (w * found.residuals), 0, atol=EXACT)
    np.testing.assert_allclose(found.inverse @ found.inverse.T @ (X.T * w @ X), np.eye(4), atol=EXACT)


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_units_do_not_matter(scale: float) -> None:
    rng = np.random.default_rng(3)
    X, y, w = rng.normal(size=(50, 3)), rng.normal(size=50), np.ones(50)
    scaled = X * [1, scale, 1]
    assert not dependent_columns(scaled, w).any()
    np.testing.assert_allclose(solve(scaled, y, w).coef * [1, scale, 1], solve(X, y, w).coef, rtol=EXACT)


def test_only_the_later_of_dependent_columns_are_named() -> None:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(30, 5))
    X[:, 2], X[:, 4] = X[:, 0] - 3 * X[:, 1], 0
    assert dependent_columns(X, np.ones(30)).tolist() == [False, False, True, False, True]


def test_more_columns_than_rows_depend() -> None:
    assert dependent_columns(np.eye(3, 5), np.ones(3)).tolist() == [False, False, False, True, True]


@pytest.mark.parametrize("errors", ["classical", "HC0", "HC1", "HC2", "HC3", "HC4"])
@pytest.mark.parametrize("weighted", [False, True])
def test_rows_that_are_alike_may_be_summed_first(weighted: bool, errors: Any) -> None:
    rng = np.random.default_rng(3)
    cells, places = rng.normal(size=(9, 4)), np.concatenate([np.arange(9), rng.integers(0, 9, 60)])
    y, w = rng.normal(size=69), rng.uniform(0.2, 3, 69) if weighted else np.ones(69)
    summed, whole = solve(ModelMatrix(cells, places), y, w), solve(cells[places], y, w)
    np.testing.assert_allclose(summed.coef, whole.coef, rtol=EXACT)
    np.testing.assert_allclose(summed.residuals, whole.residuals, atol=EXACT)
    np.testing.assert_allclose(summed.leverage, whole.leverage, rtol=EXACT)
    np.testing.assert_allclose(covariance(summed, errors), covariance(whole, errors), rtol=EXACT)


@pytest.mark.parametrize("conditioning", [1.0, 1e-4, 1e-6])
def test_nearly_dependent_columns_are_solved_as_well(conditioning: float) -> None:
    """Above and below the condition number at which the decomposition changes; the truth is known without rounding."""
    rng = np.random.default_rng(3)
    first = rng.integers(-8, 9, 60).astype(float)
    X = np.column_stack([np.ones(60), first, first + conditioning * rng.integers(-8, 9, 60)])
    found = solve(X, X @ [1.0, 2, -1], np.ones(60))
    np.testing.assert_allclose(found.coef, [1, 2, -1], rtol=1e-14 / conditioning + EXACT)
    np.testing.assert_allclose(found.basis.base.T @ found.basis.base, np.eye(3), atol=EXACT)


@pytest.mark.parametrize("levels", [3, 90])
def test_distinct_rows_are_those_of_pandas(levels: int) -> None:
    """Few combinations are counted, many are sorted."""
    data = pd.DataFrame(np.random.default_rng(levels).integers(0, levels, (200, 3)), columns=list("abc"))
    first, places = distinct_rows([data[name].to_numpy() for name in data], [levels] * 3)
    assert len(first) == len(data.drop_duplicates())
    pd.testing.assert_frame_equal(data.iloc[first].iloc[places].reset_index(drop=True), data)

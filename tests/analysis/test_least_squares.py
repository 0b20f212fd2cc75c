"""The solution against the normal equations, and columns that depend on others."""

import numpy as np
import pytest

from vignetta.analysis.least_squares import dependent_columns, solve

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

"""Covariance matrices against R and against each other."""

from typing import Any, cast

import numpy as np
import pytest

from vignetta.analysis.models.clusters import stacks
from vignetta.analysis.models.covariance import clustered_covariance, covariance
from vignetta.analysis.models.fitting import fit
from vignetta.analysis.models.least_squares import Solution, solve
from vignetta.errors import StudyError
from vignetta.plan import Errors

R = 1e-8
"""R prints 15 digits; sums over 9,012 rows agree to about 1e-13 of a standard error squared."""
EXACT = 1e-12
"""The same quantity by two formulas, up to rounding."""
ERRORS = ["classical", "HC0", "HC1", "HC2", "HC3", "HC4", "CR0", "CR1", "CR1S", "CR2", "CR3"]


@pytest.mark.parametrize("errors", ERRORS)
@pytest.mark.parametrize("weights", [None, "weight"])
@pytest.mark.parametrize("model", ["full", "amce", "resp_x_regime"])
@pytest.mark.parametrize("data", ["n1502", "n9012"])
def test_covariances_are_those_of_r(
    numbers: Any, responses: Any, data: str, model: str, weights: str | None, errors: Errors
) -> None:
    expected = numbers("ols")[data][model]["weighted" if weights else "unweighted"]
    if errors not in expected["vcov"]:
        assert errors.startswith("CR") and data == "n1502"
        return
    cluster = "rid" if errors.startswith("CR") else None
    found = fit(responses[data], expected["formula"], errors=errors, cluster=cluster, weights=weights)
    std_error = np.array(expected["se"][errors])
    np.testing.assert_allclose(np.sqrt(np.diag(found.vcov)), std_error, rtol=R)
    scale = np.outer(std_error, std_error)
    np.testing.assert_allclose(found.vcov / scale, np.array(expected["vcov"][errors]) / scale, atol=R)
    assert np.isnan(found.n_clusters) if cluster is None else found.n_clusters == expected["cluster"]["G"]


def clustered(solution: Solution, clusters: Any, errors: Errors) -> Any:
    return clustered_covariance(solution, tuple(stacks(solution, clusters, errors)), errors)


def problem(n: int = 40) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(7)
    X = np.column_stack([np.ones(n), rng.normal(size=n), rng.integers(0, 2, n)])
    return X, rng.normal(size=n), rng.uniform(0.5, 2, n)


def test_clusters_of_one_row_are_no_clusters() -> None:
    X, y, _ = problem()
    solution = solve(X, y, np.ones(40))
    for one, plain in cast(Any, (("CR0", "HC0"), ("CR2", "HC2"), ("CR3", "HC3"))):
        np.testing.assert_allclose(clustered(solution, np.arange(40), one), covariance(solution, plain), rtol=EXACT)


def test_the_order_and_names_of_clusters_do_not_matter() -> None:
    X, y, w = problem()
    clusters = np.arange(40) % 7
    order = np.random.default_rng(1).permutation(40)
    for errors in ("CR1S", "CR2", "CR3"):
        first = clustered(solve(X, y, w), clusters, errors)
        second = clustered(solve(X[order], y[order], w[order]), 6 - clusters[order], errors)
        np.testing.assert_allclose(first, second, rtol=1e-9)


def test_the_scale_of_the_weights_does_not_matter() -> None:
    X, y, w = problem()
    for errors in ("classical", "HC0", "HC3"):
        first, second = (covariance(solve(X, y, each), errors) for each in (w, 1000 * w))
        np.testing.assert_allclose(first, second, rtol=1e-9)


def test_a_group_mean_has_the_errors_of_a_textbook() -> None:
    y = np.array([1.0, 2.0, 4.0, 9.0])
    solution = solve(np.ones((4, 1)), y, np.ones(4))
    for errors in ("classical", "HC1", "HC2"):
        assert covariance(solution, errors)[0, 0] == pytest.approx(y.var(ddof=1) / 4, rel=EXACT)
    assert covariance(solution, "HC0")[0, 0] == pytest.approx(y.var() / 4, rel=EXACT)


@pytest.mark.parametrize("errors", ["HC2", "HC3"])
def test_a_row_alone_in_its_cell_is_refused(errors: Errors) -> None:
    X = np.column_stack([np.ones(5), [0.0, 0, 0, 0, 1]])
    with pytest.raises(StudyError, match="1 row alone in a combination"):
        covariance(solve(X, np.arange(5.0) ** 2, np.ones(5)), errors)

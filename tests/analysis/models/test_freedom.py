"""Clustered errors, degrees of freedom and Hotelling tests against n x n matrices written out, and special cases."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from vignetta.analysis.models.clusters import absorbed, squared_weights_moment, stacks
from vignetta.analysis.models.covariance import clustered_covariance
from vignetta.analysis.models.freedom import Working, hotelling, satterthwaite
from vignetta.analysis.models.least_squares import Solution, solve
from vignetta.plan import Errors

Floats = npt.NDArray[np.float64]

EXACT = 1e-9
"""The same quantity by another route, up to rounding."""
SIZES = {
    "small": [3] * 12,
    "mixed": [1, 2, 2, 5, 9, 1, 7, 3, 3, 6],
    "larger than the coefficients": [30, 8, 8, 12, 5, 20],
    "four": [20, 20, 25, 22],
}


def problem(sizes: list[int], weighted: bool, k: int = 3) -> tuple[Floats, Floats, Floats, Any]:
    rng = np.random.default_rng(sum(sizes))
    clusters = np.repeat(np.arange(len(sizes)), sizes)
    n = len(clusters)
    X = np.column_stack([np.ones(n), clusters % 2, rng.normal(size=(n, k - 2))])
    return X, rng.normal(size=n), rng.uniform(0.3, 3, n) if weighted else np.full(n, 2.0), clusters


def working_of(solution: Solution, clusters: Any, errors: Errors) -> Working:
    made = tuple(stacks(solution, clusters, errors))
    return Working(made, solution.inverse, squared_weights_moment(solution))


class Slow:
    """Everything with n x n matrices: p_g' e is what cluster g adds to the estimate, as rows of `parts(c)` (G, n)."""

    def __init__(self, X: Floats, w: Floats, clusters: Any, errors: str) -> None:
        self.X, self.w, self.clusters, self.errors = X, w, clusters, errors
        self.M = np.linalg.inv(X.T * w @ X)
        self.residual_maker = np.eye(len(X)) - X @ self.M @ (X.T * w)

    def adjustment(self, inside: Any) -> Floats:
        R = self.residual_maker[inside]
        if self.errors == "CR2":
            values, vectors = np.linalg.eigh(R @ R.T)
            return (vectors * np.where(values > EXACT, np.abs(values) ** -0.5, 0)) @ vectors.T
        return np.linalg.inv(R[:, inside]) if self.errors == "CR3" else np.eye(len(R))

    def parts(self, c: Floats) -> Floats:
        rows = []
        for each in np.unique(self.clusters):
            inside = self.clusters == each
            weighted = self.X[inside] * self.w[inside, None]
            rows.append(c @ self.M @ weighted.T @ self.adjustment(inside) @ self.residual_maker[inside])
        return np.array(rows)

    def variance(self, c: Floats, y: Floats) -> float:
        return float(np.sum((self.parts(c) @ y) ** 2))

    def df(self, c: Floats) -> float:
        P = self.parts(c) @ self.parts(c).T
        return float(np.trace(P) ** 2 / np.sum(P**2))

    def eta(self, C: Floats) -> float:
        q = len(C)
        parts = np.array([self.parts(c) for c in C])
        expected = np.einsum("sgn,tgn->st", parts, parts)
        root = np.linalg.inv(np.linalg.cholesky(expected))
        P = np.einsum("sgn,thn->stgh", *[np.einsum("st,tgn->sgn", root, parts)] * 2)
        variance = sum(np.sum(P[s, s] * P[t, t] + P[s, t] * P[t, s]) for s in range(q) for t in range(q))
        return float(q * (q + 1) / variance)


@pytest.mark.parametrize("errors", ["CR0", "CR2", "CR3"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
def test_variance_and_freedom_are_those_of_the_definition(sizes: list[int], weighted: bool, errors: Errors) -> None:
    X, y, w, clusters = problem(sizes, weighted)
    order = np.random.default_rng(1).permutation(len(y))
    solution = solve(X[order], y[order], w[order])
    working = working_of(solution, clusters[order], errors)
    vcov = clustered_covariance(solution, working.stacks, errors)
    slow = Slow(X, w, clusters, errors)
    C = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1e-6], [1, 0.5, -2]])
    expected = [slow.variance(c, y) for c in C]
    np.testing.assert_allclose(np.einsum("rk,kl,rl->r", C, vcov, C), expected, rtol=EXACT)
    np.testing.assert_allclose(satterthwaite(working, C), [slow.df(c) for c in C], rtol=EXACT)


@pytest.mark.parametrize("errors", ["CR1", "CR2", "CR3"])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_hotelling_test_is_that_of_the_definition(weighted: bool, errors: Errors) -> None:
    X, y, w, clusters = problem(SIZES["mixed"], weighted, k=4)
    solution = solve(X, y, w)
    C = np.array([[0, 1.0, 0, 0], [0, 0, 3, 0], [1, 0, 0, -1]])
    found = hotelling(working_of(solution, clusters, errors), C, 7.0)
    eta = Slow(X, w, clusters, errors).eta(C)
    assert found.df_den == pytest.approx(eta - 2, rel=EXACT)
    assert found.statistic == pytest.approx((eta - 2) / (3 * eta) * 7.0, rel=EXACT)


def test_one_combination_has_the_same_freedom_in_both_tests() -> None:
    X, y, w, clusters = problem(SIZES["mixed"], True)
    working = working_of(solve(X, y, w), clusters, "CR2")
    c = np.array([[0.0, 1, 1]])
    found = hotelling(working, c, 5.0)
    assert (found.df_den, found.statistic) == pytest.approx((satterthwaite(working, c)[0], 5.0), rel=EXACT)


@pytest.mark.parametrize("G", [4, 10, 25])
def test_equal_clusters_have_the_freedom_of_a_textbook(G: int) -> None:
    """The mean of equal clusters has G - 1; the difference of two groups with G clusters each 2 (G - 1)."""
    clusters = np.repeat(np.arange(2 * G), 3)
    y, group = np.random.default_rng(G).normal(size=6 * G), (clusters >= G).astype(float)
    ones = np.ones(6 * G)
    mean = working_of(solve(ones[: 3 * G, None], y[: 3 * G], ones[: 3 * G]), clusters[: 3 * G], "CR2")
    assert satterthwaite(mean, np.eye(1))[0] == pytest.approx(G - 1, rel=EXACT)
    both = working_of(solve(np.column_stack([ones, group]), y, ones), clusters, "CR2")
    assert satterthwaite(both, np.eye(2))[1] == pytest.approx(2 * (G - 1), rel=EXACT)


def test_unequal_groups_have_the_freedom_of_welch_s_equal_variances() -> None:
    """Clusters of one row: (1/n + 1/m)^2 / (1 / n^2 (n - 1) + 1 / m^2 (m - 1)) (Imbens and Kolesar 2016, section 2)."""
    first, second = 3, 27
    group = np.repeat([0.0, 1.0], [first, second])
    X = np.column_stack([np.ones(30), group])
    solution = solve(X, np.random.default_rng(2).normal(size=30), np.ones(30))
    found = satterthwaite(working_of(solution, np.arange(30), "CR2"), np.eye(2))[1]
    n = np.array([first, second])
    assert found == pytest.approx(np.sum(1 / n) ** 2 / np.sum(1 / (n**2 * (n - 1))), rel=EXACT)


def test_the_jackknife_leaves_out_one_cluster_at_a_time() -> None:
    X, y, w, clusters = problem(SIZES["mixed"], True)
    solution = solve(X, y, w)
    left = [solve(X[clusters != g], y[clusters != g], w[clusters != g]).coef for g in range(10)]
    apart = np.array(left) - solution.coef
    found = clustered_covariance(solution, working_of(solution, clusters, "CR3").stacks, "CR3")
    np.testing.assert_allclose(found, apart.T @ apart, rtol=EXACT)


def test_units_of_a_column_do_not_matter() -> None:
    X, y, w, clusters = problem(SIZES["mixed"], True)
    scale = np.array([1.0, 1e6, 1e-6])
    first, second = (
        satterthwaite(working_of(solve(each, y, w), clusters, "CR2"), np.eye(3)) for each in (X, X * scale)
    )
    np.testing.assert_allclose(first, second, rtol=1e-6)


def test_what_is_not_defined_has_no_freedom() -> None:
    X, y, w, clusters = problem(SIZES["mixed"], False)
    found = satterthwaite(
        working_of(solve(X, y, w), clusters, "CR2"), np.array([[0, 0, 0], [np.nan, 0, 0], [1.0, 0, 0]])
    )
    assert np.isnan(found).tolist() == [True, True, False]


def test_many_clusters_are_worked_on_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y, w, clusters = problem(SIZES["small"], True)
    whole = satterthwaite(working_of(solve(X, y, w), clusters, "CR2"), np.eye(3))
    for module in ("clusters", "freedom"):
        monkeypatch.setattr(f"vignetta.analysis.models.{module}.HELD", 40)
    monkeypatch.setattr("vignetta.analysis.models.freedom.AT_ONCE", 2)
    working = working_of(solve(X, y, w), clusters, "CR2")
    assert len(working.stacks) == 3
    np.testing.assert_allclose(satterthwaite(working, np.eye(3)), whole, rtol=EXACT)


# ------------------------------------------------------------------------------------------------- absorbed clusters


def dummies(weighted: bool) -> tuple[Floats, Floats, Floats, Any]:
    """A column for each cluster, and a treatment that varies within clusters."""
    _, y, w, clusters = problem([4, 5, 6, 4, 7], weighted)
    treated = np.random.default_rng(3).normal(size=len(y))
    return np.column_stack([np.eye(5)[clusters], treated]), y, w, clusters


@pytest.mark.parametrize("weighted", [False, True])
def test_columns_of_clusters_do_not_change_the_error_of_what_varies_within(weighted: bool) -> None:
    X, y, w, clusters = dummies(weighted)
    solution = solve(X, y, w)
    working = working_of(solution, clusters, "CR2")
    slow = Slow(X, w, clusters, "CR2")
    c = np.eye(6)[5]
    vcov = clustered_covariance(solution, working.stacks, "CR2")
    assert vcov[5, 5] == pytest.approx(slow.variance(c, y), rel=1e-6)
    assert satterthwaite(working, c[None])[0] == pytest.approx(slow.df(c), rel=1e-6)


def test_directions_of_one_cluster_alone_are_found() -> None:
    X, y, w, clusters = dummies(True)
    solution = solve(X, y, w)
    found = absorbed(solution, clusters)
    assert found.shape == (6, 5)
    parts = np.abs(np.eye(6) @ solution.inverse @ found).max(axis=1)
    assert (parts[:5] > 1e-3).all() and parts[5] < 1e-9


def test_no_direction_is_absorbed_where_every_column_varies() -> None:
    X, y, w, clusters = problem(SIZES["mixed"], True)
    assert absorbed(solve(X, y, w), clusters).shape == (3, 0)


# ---------------------------------------------------------------------------------------------------------- coverage


@pytest.mark.slow
@pytest.mark.parametrize("G", [20, 200])
def test_intervals_of_cr2_cover_the_truth(G: int) -> None:
    """Respondents who read six vignettes each, with errors of their own: a margin, and effects between and within."""
    samples = 10_000
    rng = np.random.default_rng(G)
    clusters, truth = np.repeat(np.arange(G), 6), np.array([3.0, 0.5, -0.2])
    C = np.array([[1.0, 0.3, 0.5], [0, 1, 0], [0, 0, 1]])
    covered = np.zeros(3)
    for _ in range(samples):
        trait, level = (rng.permutation(G) < 0.3 * G)[clusters], rng.random(6 * G) < 0.5
        X = np.column_stack([np.ones(6 * G), trait, level])
        solution = solve(X, X @ truth + rng.normal(size=G)[clusters] + rng.normal(size=6 * G), np.ones(6 * G))
        working = working_of(solution, clusters, "CR2")
        vcov = clustered_covariance(solution, working.stacks, "CR2")
        half = stats.t.isf(0.025, satterthwaite(working, C)) * np.sqrt(np.einsum("rk,kl,rl->r", C, vcov, C))
        covered += np.abs(C @ (solution.coef - truth)) < half
    assert (np.abs(covered / samples - 0.95) < 0.01).all(), covered / samples

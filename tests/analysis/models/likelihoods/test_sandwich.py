"""Errors of likelihoods against closed forms, direct formulas and each other; R's numbers are in test_agreement.py."""

from typing import Any

import numpy as np
import pytest
import scipy.linalg

from tests.analysis.models.likelihoods.problems import MODELS, problem
from vignetta.analysis.models.likelihoods.maximum import Maximum, maximum
from vignetta.analysis.models.likelihoods.sandwich import likelihood_covariance, satterthwaite
from vignetta.errors import StudyError

EXACT = 1e-9
"""The same quantity by two formulas, up to the rounding of eigenvalues."""
JACKKNIFE = 0.05
"""One Newton step stands for all of them, with eight rows in a cluster of 240."""
ADJUSTED = ("HC2", "HC3", "CR2", "CR3")


def blocks(fit: Maximum, clusters: Any) -> tuple[Any, Any]:
    """The score (G, p) and observed information (G, p, p) of every cluster, one after the other."""
    rows = fit.family.rows(fit.cells)
    information = np.einsum("mqp,mqr,mrs->mps", rows, fit.at.curvature, rows)[fit.cells.cell]
    weighted = information * fit.weights[:, None, None]
    G = clusters.max() + 1
    scores = np.array([fit.scores[clusters == g].sum(axis=0) for g in range(G)])
    return scores, np.array([weighted[clusters == g].sum(axis=0) for g in range(G)])


@pytest.mark.parametrize("model", ["probit", "ordered_logit", "ordered_probit", "multinomial_logit"])
@pytest.mark.parametrize("count", [6, 60])
def test_the_definition_by_square_roots_of_matrices(model: Any, count: int) -> None:
    fit, clusters = maximum(model, **problem(model)), np.arange(240) % count
    scores, information = blocks(fit, clusters)
    root, back = scipy.linalg.sqrtm(fit.information), scipy.linalg.sqrtm(fit.inverse)
    left = np.eye(len(fit.coef)) - back @ information @ back
    adjusted = [root @ np.linalg.inv(scipy.linalg.sqrtm(each)) @ back @ s for each, s in zip(left, scores, strict=True)]
    expected = fit.inverse @ np.transpose(adjusted) @ np.array(adjusted) @ fit.inverse
    np.testing.assert_allclose(likelihood_covariance(fit, "CR2", clusters), expected, rtol=1e-7, atol=EXACT)


@pytest.mark.parametrize("model", MODELS)
def test_cr3_is_one_newton_step_without_each_cluster(model: Any) -> None:
    fit, clusters = maximum(model, **problem(model)), np.arange(240) % 20
    scores, information = blocks(fit, clusters)
    moved = np.linalg.solve(fit.information - information, scores[:, :, None])[:, :, 0]
    np.testing.assert_allclose(likelihood_covariance(fit, "CR3", clusters), moved.T @ moved, rtol=1e-7, atol=EXACT)


@pytest.mark.parametrize("model", MODELS)
def test_cr3_is_close_to_the_jackknife(model: Any) -> None:
    given, clusters = problem(model), np.arange(240) % 30
    fit = maximum(model, **given)
    kept = [{**given, **{name: given[name][clusters != g] for name in ("X", "y", "weights")}} for g in range(30)]
    moved = np.array([maximum(model, **each).coef for each in kept]) - fit.coef
    found = likelihood_covariance(fit, "CR3", clusters)
    np.testing.assert_allclose(np.sqrt(np.diag(found)), np.sqrt(np.diag(moved.T @ moved)), rtol=JACKKNIFE)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("errors", [("HC0", "CR0"), ("HC2", "CR2"), ("HC3", "CR3")])
def test_clusters_of_one_row_are_no_clusters(model: Any, errors: Any) -> None:
    fit = maximum(model, **problem(model))
    alone = np.random.default_rng(1).permutation(240)
    first, second = (likelihood_covariance(fit, each, c) for each, c in zip(errors, (None, alone), strict=True))
    np.testing.assert_allclose(first, second, rtol=1e-8, atol=EXACT)
    if errors[0] in ADJUSTED:
        every = np.eye(len(fit.coef))
        np.testing.assert_allclose(
            satterthwaite(fit, errors[0], every), satterthwaite(fit, errors[1], every, alone), rtol=1e-8
        )


def test_a_glm_has_the_leverages_of_its_working_model() -> None:
    """HC2 and HC3 as sandwich's vcovHC makes them from the hat values of a glm."""
    given = problem("logit")
    fit, X, w = maximum("logit", **given), given["X"], given["weights"]
    p = 1 / (1 + np.exp(-X @ fit.coef))
    h = w * p * (1 - p) * np.einsum("np,pq,nq->n", X, fit.inverse, X)
    for errors, power in (("HC2", 1), ("HC3", 2)):
        u = X * (w * (given["y"] - p) / (1 - h) ** (power / 2))[:, None]
        expected = fit.inverse @ u.T @ u @ fit.inverse
        np.testing.assert_allclose(likelihood_covariance(fit, errors), expected, rtol=1e-8, atol=EXACT)


@pytest.mark.parametrize(
    ("model", "errors"),
    [*((each, "CR3") for each in MODELS), *((each, "CR2") for each in MODELS if each not in ("logit", "poisson"))],
)
def test_degrees_of_freedom_by_the_whole_matrix(model: Any, errors: str) -> None:
    """tr(K)^2 / tr(K^2), K the G x G covariance of the terms whose squares are summed."""
    fit, clusters = maximum(model, **problem(model)), np.arange(240) % 12
    combination = np.linspace(1, 2, len(fit.coef))
    scores, information = blocks(fit, clusters)
    terms = weights_on_scores(fit, errors, clusters, combination)
    variance = combination @ likelihood_covariance(fit, errors, clusters) @ combination
    assert np.sum(np.einsum("gp,gp->g", terms, scores) ** 2) == pytest.approx(variance, rel=1e-7)
    pulled = np.einsum("gpq,gq->gp", information, terms)
    K = np.diag(np.einsum("gp,gp->g", terms, pulled)) - pulled @ fit.inverse @ pulled.T
    expected = np.trace(K) ** 2 / np.sum(K**2)
    assert satterthwaite(fit, errors, combination[None], clusters)[0] == pytest.approx(expected, rel=1e-7)


def test_cr2_of_counts_by_the_matrices_of_every_cluster() -> None:
    """clubSandwich's formulas for a glm, written out: residuals y - mu, variance mu / w, and the G x G covariance."""
    given, clusters = problem("poisson"), np.arange(240) % 12
    fit, X, w = maximum("poisson", **given), given["X"], given["weights"]
    M, mean = fit.inverse, np.exp(X @ fit.coef)
    design, variance, e = X * mean[:, None], mean / w, given["y"] - mean
    combination = np.linspace(1, 2, 4)
    whole = np.diag(variance) - design @ M @ design.T
    terms = np.zeros((12, 240))
    for g in range(12):
        inside = np.flatnonzero(clusters == g)
        F = np.diag(np.sqrt(variance[inside]))
        A = F @ np.linalg.inv(scipy.linalg.sqrtm(F @ whole[np.ix_(inside, inside)] @ F)) @ F
        terms[g, inside] = A @ (design[inside] / variance[inside, None]) @ M @ combination
    found = combination @ likelihood_covariance(fit, "CR2", clusters) @ combination
    assert found == pytest.approx(np.sum((terms @ e) ** 2), rel=1e-8)
    K = terms @ whole @ terms.T
    df = satterthwaite(fit, "CR2", combination[None], clusters)[0]
    assert df == pytest.approx(np.trace(K) ** 2 / np.sum(K**2), rel=1e-8)


def weights_on_scores(fit: Maximum, errors: str, clusters: Any, combination: Any) -> Any:
    """What the score of each cluster is multiplied with, in the form that needs only the scores."""
    _, information = blocks(fit, clusters)
    root, back = scipy.linalg.sqrtm(fit.information), scipy.linalg.sqrtm(fit.inverse)
    left = np.eye(len(fit.coef)) - back @ information @ back
    if errors == "CR3":
        return np.array([np.linalg.inv(root @ each @ root) @ combination for each in left])
    powered = [np.linalg.inv(scipy.linalg.sqrtm(each)) for each in left]
    return np.array([back @ each @ root @ fit.inverse @ combination for each in powered])


def test_degrees_of_freedom_of_a_mean() -> None:
    """Of equal clusters of a logit with an intercept only: G - 1, as for the mean of G numbers."""
    y = (np.arange(60) % 3 == 0).astype(float)
    fit, clusters = maximum("logit", np.ones((60, 1)), y), np.arange(60) // 5
    assert satterthwaite(fit, "CR2", np.ones((1, 1)), clusters)[0] == pytest.approx(11, rel=EXACT)
    assert satterthwaite(fit, "HC2", np.ones((1, 1)))[0] == pytest.approx(59, rel=EXACT)
    mean = y.mean()
    expected = y.var(ddof=1) / 60 / (mean * (1 - mean)) ** 2
    assert likelihood_covariance(fit, "HC2")[0, 0] == pytest.approx(expected, rel=EXACT)


def test_many_combinations_are_taken_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from vignetta.analysis.models.likelihoods import leverage, sandwich

    fit, clusters = maximum("ordered_logit", **problem("ordered_logit")), np.arange(240) % 50
    combinations = np.random.default_rng(5).normal(size=(30, len(fit.coef)))
    combinations[3], combinations[4] = np.nan, 0
    whole = satterthwaite(fit, "CR2", combinations, clusters), likelihood_covariance(fit, "CR2", clusters)
    monkeypatch.setattr(sandwich, "COMBINATIONS", 1)
    monkeypatch.setattr(leverage, "AT_ONCE", 1)
    np.testing.assert_allclose(satterthwaite(fit, "CR2", combinations, clusters), whole[0], rtol=EXACT)
    np.testing.assert_allclose(likelihood_covariance(fit, "CR2", clusters), whole[1], rtol=EXACT, atol=1e-12)
    assert np.flatnonzero(np.isnan(whole[0])).tolist() == [3, 4]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("errors", ["HC1", "CR1", "CR1S", "CR2"])
def test_the_order_and_names_of_clusters_do_not_matter(model: Any, errors: str) -> None:
    given, clusters = problem(model), np.arange(240) % 7
    order = np.random.default_rng(1).permutation(240)
    mixed = {**given, **{name: given[name][order] for name in ("X", "y", "weights")}}
    names = clusters if errors != "HC1" else None
    again = (6 - clusters)[order] if errors != "HC1" else None
    first = likelihood_covariance(maximum(model, **given), errors, names)
    second = likelihood_covariance(maximum(model, **mixed), errors, again)
    np.testing.assert_allclose(first, second, rtol=1e-8, atol=EXACT)


@pytest.mark.parametrize("errors", ["HC0", "HC1", "HC2", "HC3", "CR0", "CR1", "CR1S", "CR2", "CR3"])
def test_a_coefficient_that_one_row_or_cluster_fits_alone_is_told(errors: str) -> None:
    y = np.random.default_rng(6).poisson(3, 60).astype(float)
    clusters = np.arange(60) // 6 if errors.startswith("CR") else None
    y[0] = 3
    alone = np.arange(60) < (6 if errors.startswith("CR") else 1)
    fit = maximum("poisson", np.column_stack([np.ones(60), alone]).astype(float), y)
    with pytest.raises(StudyError, match="1 row or cluster fits a coefficient alone"):
        likelihood_covariance(fit, errors, clusters)
    assert likelihood_covariance(fit, "classical").shape == (2, 2)


def test_fewer_clusters_than_coefficients_are_not_one_cluster_alone() -> None:
    fit = maximum("ordered_logit", **problem("ordered_logit"))
    found = likelihood_covariance(fit, "CR1S", np.arange(240) % 4)
    assert np.linalg.matrix_rank(found, tol=1e-9) == 3


@pytest.mark.parametrize("model", ["logit", "poisson"])
def test_large_clusters_have_no_matrix_of_their_own(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from vignetta.analysis.models.likelihoods import sandwich

    fit, clusters = maximum(model, **problem(model)), np.arange(240) % 3
    found = []
    for dense in (0, 1_000):
        monkeypatch.setattr(sandwich, "DENSE", dense)
        df = satterthwaite(fit, "CR2", np.eye(len(fit.coef)), clusters)
        found.append(np.column_stack([likelihood_covariance(fit, "CR2", clusters), df]))
    np.testing.assert_allclose(*found, rtol=1e-10, atol=1e-12)


def test_degrees_of_freedom_without_adjustment_are_those_of_plain_scores() -> None:
    """Of G equal clusters the scores of an intercept have G - 1, by any of the errors."""
    y = (np.arange(60) % 4 == 0).astype(float)
    fit, clusters = maximum("probit", np.ones((60, 1)), y), np.arange(60) // 4
    for errors in ("CR0", "CR1", "CR1S", "CR2", "CR3"):
        assert satterthwaite(fit, errors, np.ones((1, 1)), clusters)[0] == pytest.approx(14, rel=EXACT)

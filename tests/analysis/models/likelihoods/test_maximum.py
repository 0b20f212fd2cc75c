"""What a maximum is, and what is refused."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.analysis.models.likelihoods.problems import MODELS, problem
from vignetta.analysis.models.likelihoods.distinct import Cells
from vignetta.analysis.models.likelihoods.maximum import Maximum, family_of, maximum
from vignetta.errors import StudyError

DIFFERENCES = 1e-6
"""Central differences with steps of 1e-5 of derivatives of order one."""
EXACT = 1e-10
"""The same maximum by two ways."""


def likelihood_at(fit: Maximum, coef: Any) -> float:
    return float(fit.cells.weights @ fit.family.derivatives(fit.cells, coef).log_density)


def gradient_at(fit: Maximum, coef: Any) -> Any:
    found = fit.family.derivatives(fit.cells, coef).score
    return fit.family.gradient(fit.cells, found * fit.cells.weights[:, None])


def differences(of: Any, at: Any, step: float = 1e-5) -> Any:
    """Central differences of a function by each coordinate."""
    steps = step * np.eye(len(at))
    return np.array([(of(at + each) - of(at - each)) / (2 * step) for each in steps])


@pytest.mark.parametrize("model", MODELS)
def test_derivatives_are_those_of_the_likelihood(model: Any) -> None:
    fit = maximum(model, **problem(model))
    elsewhere = fit.coef + np.linspace(-0.1, 0.1, len(fit.coef))
    by_difference = differences(lambda b: likelihood_at(fit, b), elsewhere)
    np.testing.assert_allclose(gradient_at(fit, elsewhere), by_difference, rtol=DIFFERENCES, atol=1e-5)
    np.testing.assert_allclose(
        fit.information, -differences(lambda b: gradient_at(fit, b), fit.coef), rtol=DIFFERENCES, atol=1e-5
    )


@pytest.mark.parametrize("model", MODELS)
def test_at_the_maximum_the_scores_sum_to_zero(model: Any) -> None:
    fit = maximum(model, **problem(model))
    assert np.abs(fit.scores.sum(axis=0) / np.sqrt(np.diag(fit.information))).max() < EXACT
    assert fit.scores.shape == (240, len(fit.coef))
    assert fit.iterations < 10 and fit.notes == ()


@pytest.mark.parametrize("model", MODELS)
def test_the_log_likelihood_is_that_of_the_distribution(model: Any) -> None:
    given = problem(model)
    fit, X, y, w = maximum(model, **given), given["X"], given["y"], given["weights"]
    cdf = stats.norm.cdf if "probit" in model else stats.logistic.cdf
    if model == "poisson":
        expected = stats.poisson.logpmf(y, np.exp(X @ fit.coef))
    elif model in ("logit", "probit"):
        expected = stats.bernoulli.logpmf(y, cdf(X @ fit.coef))
    elif model == "multinomial_logit":
        odds = np.exp(np.column_stack([np.zeros(len(y)), X @ fit.coef.reshape(3, -1).T]))
        expected = np.log((odds / odds.sum(axis=1, keepdims=True))[np.arange(len(y)), y.astype(int)])
    else:
        ends = np.concatenate([[-np.inf], fit.coef[:3], [np.inf]])
        index, place = X @ fit.coef[3:], y.astype(int)
        expected = np.log(cdf(ends[place + 1] - index) - cdf(ends[place] - index))
    assert fit.log_likelihood == pytest.approx(w @ expected, rel=1e-12)


@pytest.mark.parametrize("model", MODELS)
def test_a_weight_of_two_is_two_rows(model: Any) -> None:
    given = problem(model)
    weights = np.where(given["weights"] == 2, 2, 1)
    twice = {**given, "X": np.repeat(given["X"], weights, axis=0), "y": np.repeat(given["y"], weights), "weights": None}
    first, second = maximum(model, **{**given, "weights": weights.astype(float)}), maximum(model, **twice)
    np.testing.assert_allclose(first.coef, second.coef, rtol=EXACT, atol=EXACT)
    np.testing.assert_allclose(first.inverse, second.inverse, rtol=1e-8, atol=EXACT)
    assert len(first.cells.y) == len(second.cells.y) < 240


@pytest.mark.parametrize("model", MODELS)
def test_the_scale_and_origin_of_a_column_change_only_its_coefficients(model: Any) -> None:
    given = problem(model)
    X = given["X"].copy()
    X[:, -1] = 1e4 * X[:, -1] + 3e4
    first, second = maximum(model, **given), maximum(model, **{**given, "X": X})
    assert second.log_likelihood == pytest.approx(first.log_likelihood, rel=EXACT)
    k = X.shape[1]
    slopes = [each.coef.reshape(-1, k)[:, -1] if "ordered" not in model else each.coef[-1:] for each in (first, second)]
    np.testing.assert_allclose(1e4 * slopes[1], slopes[0], rtol=1e-6)


def test_two_ordered_categories_are_a_binary_outcome() -> None:
    given = problem("logit")
    binary = maximum("logit", **given)
    ordered = maximum("ordered_logit", given["X"][:, 1:], given["y"], given["weights"], categories=("0", "1"))
    np.testing.assert_allclose(ordered.coef, [-binary.coef[0], *binary.coef[1:]], rtol=EXACT)
    unordered = maximum("multinomial_logit", **given, categories=("0", "1"))
    np.testing.assert_allclose(unordered.coef, binary.coef, rtol=EXACT)
    assert (ordered.names[0], unordered.names[0]) == ("0|1", "1: x0")


def test_saturated_models_have_the_estimates_of_a_textbook() -> None:
    X = np.column_stack([np.ones(10), np.repeat([0.0, 1.0], [4, 6])])
    y = np.array([1.0, 0, 0, 0, 1, 1, 1, 1, 0, 0])
    logit = maximum("logit", X, y)
    np.testing.assert_allclose(logit.coef, [np.log(1 / 3), np.log(2) - np.log(1 / 3)], rtol=EXACT)
    np.testing.assert_allclose(logit.inverse[1, 1], 1 + 1 / 3 + 1 / 4 + 1 / 2, rtol=EXACT)
    poisson = maximum("poisson", X, y)
    np.testing.assert_allclose(poisson.coef, [np.log(1 / 4), np.log(4 / 6) - np.log(1 / 4)], rtol=EXACT)
    np.testing.assert_allclose(poisson.inverse[1, 1], 1 / 1 + 1 / 4, rtol=EXACT)
    ordered = maximum("ordered_probit", np.zeros((4, 0)), np.array([0.0, 1, 2, 2]), categories=("a", "b", "c"))
    np.testing.assert_allclose(ordered.coef, stats.norm.ppf([0.25, 0.5]), atol=EXACT)


def test_a_count_far_from_zero_is_reached() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=300)
    fit = maximum("poisson", np.column_stack([np.ones(300), x]), rng.poisson(np.exp(6 + 2 * x)).astype(float))
    np.testing.assert_allclose(fit.coef, [6, 2], atol=0.02)


def test_a_steep_slope_is_not_separation() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=2_000)
    y = (x + 0.02 * rng.logistic(size=2_000) > 0).astype(float)
    fit = maximum("logit", np.column_stack([np.ones(2_000), x]), y)
    assert 30 < fit.coef[1] < 80


@pytest.mark.parametrize(
    ("model", "change", "message"),
    [
        ("logit", {"y": np.arange(240) % 3.0}, "values other than 0 and 1, such as 2"),
        ("logit", {"y": np.ones(240)}, "it is 1 in every complete row"),
        ("probit", {"y": np.zeros(240)}, "it is 0 in every complete row"),
        ("poisson", {"y": np.arange(240) - 5.0}, "negative values"),
        ("ordered_logit", {"y": np.full(240, 2.0)}, "it is much in every complete row"),
        ("ordered_logit", {"y": np.arange(240) % 2 * 3.0}, "no complete row has `some`, `much`"),
        ("multinomial_logit", {"y": np.arange(240) % 3.0}, "no complete row has `all`"),
        ("logit", {"y": np.full(240, np.nan)}, "outcome: it is not finite"),
        ("logit", {"X": np.full((240, 4), np.inf)}, "X: a value is not finite"),
        ("logit", {"weights": np.zeros(240)}, "weights: some are zero"),
        ("ordered_logit", {"X": np.ones((240, 1))}, "`x0` can be computed from the terms before"),
        ("logit", {"X": np.tile(np.arange(240.0)[:, None], 2)}, "`x1` can be computed from the terms before"),
        ("logit", {"X": np.column_stack([np.ones(240), np.zeros(240)])}, "`x1` can be computed"),
        ("logit", {"X": np.random.default_rng(0).normal(size=(240, 240))}, "240 complete rows cannot carry 240"),
    ],
)
def test_what_cannot_be_fitted_is_refused(model: Any, change: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError) as error:
        maximum(model, **{**problem(model), **change})
    assert message in str(error.value)


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(StudyError, match="`tobit` is not a likelihood. Options: `logit`"):
        family_of("tobit")  # type: ignore[arg-type]


@pytest.mark.parametrize("model", MODELS)
def test_rows_scores_and_information_speak_of_the_same_predictors(model: Any) -> None:
    fit = maximum(model, **problem(model))
    rows, u, D = fit.family.rows(fit.cells), fit.at.score, fit.at.curvature
    np.testing.assert_allclose(fit.cell_scores, np.einsum("mqp,mq->mp", rows, u), atol=1e-12)
    np.testing.assert_allclose(fit.family.gradient(fit.cells, u), fit.cell_scores.sum(axis=0), atol=1e-10)
    weighted = D * fit.cells.weights[:, None, None]
    expected = np.einsum("mqp,mqr,mrs->ps", rows, weighted, rows)
    np.testing.assert_allclose(fit.information, expected, rtol=1e-10, atol=1e-9)
    assert np.linalg.eigvalsh(D).min() > -1e-12


def test_cells_hold_the_rows() -> None:
    fit = maximum("logit", **problem("logit"))
    given = problem("logit")
    np.testing.assert_array_equal(fit.cells.X[fit.cells.cell], given["X"])
    np.testing.assert_array_equal(fit.cells.y[fit.cells.cell], given["y"])
    assert isinstance(replace(fit, notes=("x",)).cells, Cells)

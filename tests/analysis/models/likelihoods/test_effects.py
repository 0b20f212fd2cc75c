"""Mean predictions, their derivatives, and ratios; R's numbers are in test_agreement.py."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.analysis.models.likelihoods.problems import MODELS, problem
from tests.analysis.models.likelihoods.test_maximum import differences
from vignetta.analysis.models.likelihoods import effects as module
from vignetta.analysis.models.likelihoods.counterfactuals import Counterfactuals, every_row
from vignetta.analysis.models.likelihoods.effects import (
    at_least,
    averages,
    category,
    effects,
    log_odds_ratio,
    log_ratio,
    std_errors,
)
from vignetta.analysis.models.likelihoods.maximum import Maximum, maximum

DIFFERENCES = 1e-7
"""Central differences with steps of 1e-5 of predictions of order one."""
EXACT = 1e-12


def written_out(fit: Maximum) -> Counterfactuals:
    """The first indicator set to 0 and to 1 in every row."""
    X = fit.cells.X[fit.cells.cell]
    place = X.shape[1] - 3
    zero, one = X.copy(), X.copy()
    zero[:, place], one[:, place] = 0, 1
    return every_row(np.stack([zero, one]), fit.weights / fit.weights.sum())


def predicted(model: str, coef: Any, X: Any) -> Any:
    """The prediction of each outcome for every row of X, from the textbook."""
    if model == "poisson":
        return np.exp(X @ coef)[:, None]
    if model == "multinomial_logit":
        odds = np.exp(np.column_stack([np.zeros(len(X)), X @ coef.reshape(3, -1).T]))
        return odds / odds.sum(axis=1, keepdims=True)
    cdf = stats.norm.cdf if "probit" in model else stats.logistic.cdf
    if not model.startswith("ordered"):
        return cdf(X @ coef)[:, None]
    below = cdf(np.concatenate([[-np.inf], coef[:3], [np.inf]]) - (X @ coef[3:])[:, None])
    return np.diff(below, axis=1)


@pytest.mark.parametrize("model", MODELS)
def test_estimates_are_means_of_predictions(model: Any) -> None:
    fit = maximum(model, **problem(model))
    over = written_out(fit)
    found = averages(fit, over)
    expected = [over.share @ predicted(model, fit.coef, X) for X in over.varying]
    np.testing.assert_allclose(found.estimate, expected, rtol=1e-11)


@pytest.mark.parametrize("model", MODELS)
def test_derivatives_are_those_of_the_estimates(model: Any) -> None:
    fit = maximum(model, **problem(model))
    over = written_out(fit)
    by_difference = differences(lambda b: averages(replace(fit, coef=b), over).estimate, fit.coef)
    np.testing.assert_allclose(averages(fit, over).jacobian, np.moveaxis(by_difference, 0, 2), atol=DIFFERENCES)


@pytest.mark.parametrize("model", MODELS)
def test_columns_that_do_not_vary_are_not_written_out(model: Any) -> None:
    """An interaction of the indicator that is set with the next one, which varies with it."""
    given = problem(model)
    X = given["X"]
    place = X.shape[1] - 3
    X = np.column_stack([X, X[:, place] * X[:, place + 1]])
    fit = maximum(model, **{**given, "X": X})
    varies = np.zeros(X.shape[1], dtype=bool)
    varies[[place, -1]] = True
    share = fit.weights / fit.weights.sum()
    beside = X[:, place + 1].astype(int)
    varying = np.array([[[0.0, 0.0], [0.0, 0.0]], [[1.0, 0.0], [1.0, 1.0]]])
    short = averages(fit, Counterfactuals(varies, varying, X[:, ~varies], beside, share))
    rows = np.repeat(X[None], 2, axis=0)
    rows[:, :, varies] = varying[:, beside]
    long = averages(fit, every_row(rows, np.tile(share, (2, 1))))
    np.testing.assert_allclose(short.estimate, long.estimate, rtol=EXACT)
    np.testing.assert_allclose(short.jacobian, long.jacobian, atol=EXACT)


def test_cells_are_taken_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    fit = maximum("ordered_logit", **problem("ordered_logit"))
    by_cell = replace(written_out(fit), share=np.tile(fit.weights / fit.weights.sum(), (2, 1)))
    whole = averages(fit, by_cell)
    monkeypatch.setattr(module, "AT_ONCE", 1)
    np.testing.assert_allclose(averages(fit, by_cell).estimate, whole.estimate, rtol=EXACT)
    np.testing.assert_allclose(averages(fit, written_out(fit)).jacobian, whole.jacobian, atol=EXACT)


@pytest.mark.parametrize("model", ["ordered_logit", "multinomial_logit"])
def test_probabilities_sum_to_one(model: Any) -> None:
    fit = maximum(model, **problem(model))
    found = averages(fit, written_out(fit))
    np.testing.assert_allclose(found.estimate.sum(axis=1), 1, rtol=EXACT)
    np.testing.assert_allclose(found.jacobian.sum(axis=1), 0, atol=EXACT)


def test_outcomes_are_combined() -> None:
    names = ("none", "some", "much")
    assert category(names, "some").tolist() == [0, 1, 0]
    assert at_least(names, "some").tolist() == [0, 1, 1]
    fit = maximum("ordered_logit", **problem("ordered_logit"))
    found = averages(fit, written_out(fit))
    score = effects(found, np.array([1.0, 2, 3, 4]))
    np.testing.assert_allclose(score[:, -1], found.estimate @ [1, 2, 3, 4], rtol=EXACT)
    np.testing.assert_allclose(score[0, :-1], found.jacobian[0].T @ [1, 2, 3, 4], rtol=EXACT)


def test_ratios_have_the_errors_of_a_two_by_two_table() -> None:
    """Katz et al. (1978) for the risk ratio, Woolf (1955) for the odds ratio."""
    X = np.column_stack([np.ones(30), np.repeat([0.0, 1.0], [12, 18])])
    y = np.concatenate([np.repeat([1.0, 0.0], [3, 9]), np.repeat([1.0, 0.0], [9, 9])])
    fit = maximum("logit", X, y)
    cells = every_row(np.array([[[1.0, 0.0]], [[1.0, 1.0]]]), np.ones(1))
    first, second = effects(averages(fit, cells), np.ones(1))[::-1]
    rows = np.array([log_ratio(first, second), log_odds_ratio(first, second)])
    np.testing.assert_allclose(np.exp(rows[:, -1]), [0.5 / 0.25, 3], rtol=1e-10)
    expected = [np.sqrt(1 / 9 - 1 / 18 + 1 / 3 - 1 / 12), np.sqrt(1 / 9 + 1 / 9 + 1 / 3 + 1 / 9)]
    np.testing.assert_allclose(std_errors(rows, fit.inverse), expected, rtol=1e-10)


def test_ratios_of_what_is_not_positive_are_not_defined() -> None:
    with np.errstate(invalid="raise", divide="raise"):
        assert np.isnan(log_ratio(np.array([1.0, 0.5]), np.array([1.0, -0.1]))).all()
        assert np.isnan(log_odds_ratio(np.array([1.0, 1.5]), np.array([1.0, 0.1]))).all()

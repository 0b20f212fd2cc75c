"""The true means: exact, and what very many draws come to."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from vignetta.design.declaration import Design
from vignetta.instruments.fieldwork.simulation import Simulation
from vignetta.instruments.fieldwork.truth import covariate_distribution, expected_answer, true_means

STANDARD_ERRORS = 4
"""A right mean or share lies outside in one of 16,000 tries; the seeds are fixed."""


EXACT = 1e-12
"""Rounding in sums of a few thousand numbers below 10."""


DRAWS = 400_000


@pytest.fixture(scope="module")
def truth(simulation: Simulation, design: Design) -> pd.DataFrame:
    return true_means(simulation, design)


def test_expected_answer_is_the_sum_over_the_points() -> None:
    points, means = np.array([1.0, 2.0, 4.0, 7.0]), np.array([-3.0, 0.5, 3.1, 9.0])
    borders = np.array([-np.inf, 1.5, 3.0, 5.5, np.inf])
    by_hand = [points @ np.diff(stats.norm.cdf(borders, mean, 1.3)) for mean in means]
    assert np.allclose(expected_answer(means, 1.3, points), by_hand, rtol=0, atol=EXACT)


def test_ages_are_the_declared_distribution(design: Design, simulation: Simulation) -> None:
    ages, shares = covariate_distribution(simulation.covariates["age"], design.covariates["age"])
    assert (ages[0], ages[-1]) == ("18", "110")
    assert abs(shares.sum() - 1) < EXACT
    cut = stats.truncnorm((17.5 - 47) / 17, (110.5 - 47) / 17, loc=47, scale=17)
    assert np.allclose(np.cumsum(shares), cut.cdf(np.arange(18, 111) + 0.5), rtol=0, atol=EXACT)


def test_truth_has_every_vignette_once_per_outcome(design: Design, truth: pd.DataFrame) -> None:
    assert list(truth.columns) == ["vignette", *design.factors, "probability", "outcome", "mean"]
    assert truth.groupby("outcome")["vignette"].nunique().to_dict() == dict.fromkeys(design.outcomes, 2 * 2 * 2 * 3 * 5)
    assert np.allclose(truth.groupby("outcome")["probability"].sum(), 1, rtol=0, atol=EXACT)


@pytest.mark.parametrize("vignette", [1, 77, 120])
def test_truth_against_monte_carlo(simulation: Simulation, truth: pd.DataFrame, vignette: int) -> None:
    """The model of the file, drawn by hand for one vignette."""
    generator = np.random.default_rng(vignette)
    party = generator.choice(["democrat", "independent", "republican"], size=DRAWS, p=[0.35, 0.33, 0.32])
    degree = generator.choice(["none", "none", "bachelor", "postgraduate"], size=DRAWS, p=[0.36, 0.28, 0.23, 0.13])
    latent_age = generator.normal(47, 17, size=4 * DRAWS)
    age = np.rint(latent_age[(latent_age > 17.5) & (latent_age < 110.5)])[:DRAWS]
    opinion = simulation.outcomes["contributions"]
    row = truth[(truth["vignette"] == vignette) & (truth["outcome"] == "contributions")].iloc[0]
    mean = opinion.baseline + sum(shifts.get(row[factor], 0) for factor, shifts in opinion.effects.items())
    mean += -0.1 * (row["action"] == "rival_arms" and row["regime"] == "democracy")
    mean = mean + np.select([party == "democrat", party == "republican"], [0.25, -0.15])
    mean = mean + np.select([degree == "bachelor", degree == "postgraduate"], [0.1, 0.2]) + 0.003 * (age - 47)
    answer = np.clip(np.rint(generator.normal(mean, 1.5)), 1, 7)
    assert abs(answer.mean() - row["mean"]) < STANDARD_ERRORS * answer.std() / np.sqrt(DRAWS)

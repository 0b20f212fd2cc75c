"""Counts against exact probabilities: published and closed-form p-values, and the stated rate of false alarms."""

import numpy as np
import pytest

from vignetta.cleaning.auditing.frequencies import fit

EXACT = 1e-12
"""The same closed form."""


def counts(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def test_two_levels_are_tested_exactly() -> None:
    # 8 heads of 10: the outcomes as improbable or more are 0, 1, 2, 8, 9, 10: 2 (1 + 10 + 45) / 1024.
    found = fit(counts(8, 2), np.array([0.5, 0.5]))
    assert found is not None and found.test == "exact binomial"
    assert found.p_value == pytest.approx(112 / 1024, rel=EXACT)


def test_more_levels_by_pearsons_chi_square() -> None:
    # Two degrees of freedom: p = exp(-x / 2), with x = (10² + 5² + 5²) / 50 for 60, 45, 45 of 150.
    found = fit(counts(60, 45, 45), np.array([1 / 3] * 3))
    assert found is not None and found.test == "chi-square"
    assert found.p_value == pytest.approx(np.exp(-1.5), rel=EXACT)


def test_levels_with_few_expected_draws_are_put_together() -> None:
    probability = np.array([0.45, 0.45, 0.05, 0.05])
    whole, three = fit(counts(20, 20, 5, 5), probability), fit(counts(20, 20, 10), np.array([0.45, 0.45, 0.1]))
    assert whole is not None and three is not None
    assert whole.p_value == pytest.approx(three.p_value, rel=EXACT)


def test_one_draw_tells_nothing() -> None:
    assert fit(counts(0, 0, 0), np.array([0.2, 0.3, 0.5])) is None
    assert fit(counts(5), np.array([1.0])) is None


@pytest.mark.parametrize("probability", [[0.5, 0.5], [0.1, 0.9], [1 / 3] * 3, [0.02, 0.08, 0.3, 0.6], [0.01] * 100])
@pytest.mark.parametrize("n", [60, 400])
def test_false_alarms_are_as_rare_as_said(probability: list[float], n: int) -> None:
    rng = np.random.default_rng(4)
    exact = np.array(probability) / sum(probability)
    drawn = rng.multinomial(n, exact, size=4000)
    found = [fit(each, exact) for each in drawn]
    for level in (0.05, 0.01):
        alarms = np.mean([each is not None and each.p_value < level for each in found])
        # Four standard errors of 4000 draws, and the error of the approximation where five draws are expected.
        assert alarms < level * 1.15 + 4 * np.sqrt(level * (1 - level) / 4000)


def test_a_wrong_frequency_is_found() -> None:
    rng = np.random.default_rng(5)
    drawn = rng.multinomial(2500, [0.4, 0.3, 0.3], size=200)
    found = [fit(each, np.array([1 / 3] * 3)) for each in drawn]
    assert np.mean([each is not None and each.p_value < 1e-4 for each in found]) > 0.95

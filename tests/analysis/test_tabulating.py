"""Rows of the estimates frame from combinations of coefficients."""

import numpy as np
import pandas as pd
import pytest

from vignetta.analysis.models.fits import Fit
from vignetta.analysis.models.fitting import fit
from vignetta.analysis.tabulating import tabulate, tabulate_joint_test
from vignetta.frames import ESTIMATES

EXACT = 1e-12
"""The same quantity by another route, up to rounding."""


@pytest.fixture
def fitted() -> Fit:
    data = pd.DataFrame({"y": [1.0, 2.0, 4.0, 9.0, 3.0, 5.0], "a": list("xyxyxy"), "b": [0.0, 1, 2, 3, 5, 4]})
    return fit(data, "y ~ a + b", errors="HC1", alpha=0.1)


def test_the_coefficients_themselves(fitted: Fit) -> None:
    found = tabulate(fitted, [({"level": name}, row) for name, row in zip(fitted.terms, np.eye(3), strict=True)])
    assert list(found.columns) == list(ESTIMATES)
    np.testing.assert_allclose(found["estimate"], fitted.coef)
    np.testing.assert_allclose(found["std_error"] ** 2, np.diag(fitted.vcov))
    assert found["n"].unique().tolist() == [6]
    assert (found["conf_low"] < found["estimate"]).all()


def test_the_error_of_a_sum_counts_the_covariance(fitted: Fit) -> None:
    combination = np.array([1.0, 1.0, 0.0])
    found = tabulate(fitted, [({}, combination)])
    expected = fitted.vcov[0, 0] + fitted.vcov[1, 1] + 2 * fitted.vcov[0, 1]
    assert found["std_error"][0] ** 2 == pytest.approx(expected, rel=EXACT)


def test_a_zero_that_rounding_blurs_has_no_test(fitted: Fit) -> None:
    found = tabulate(fitted, [({}, np.zeros(3)), ({}, np.full(3, np.nan))])
    assert found["std_error"][0] == 0
    assert np.isnan(found["p_value"]).all()
    assert np.isnan(found["estimate"][1])


def test_the_interval_covers_one_minus_alpha(fitted: Fit) -> None:
    """t with 3 degrees of freedom: the 95% quantile is 2.353363434801823 in every table."""
    row = tabulate(fitted, [({}, np.array([0.0, 0.0, 1.0]))]).iloc[0]
    assert (row["conf_high"] - row["estimate"]) / row["std_error"] == pytest.approx(2.353363434801823, rel=1e-9)


def test_a_joint_test_has_no_estimate(fitted: Fit) -> None:
    row = tabulate_joint_test(fitted, {"factor": "a"}, statistic=2.0, df_num=3, df_den=7.5, p_value=0.2).iloc[0]
    assert (row["level"], row["statistic"], row["df"], row["p_value"]) == ("3 coefficients", 2.0, 7.5, 0.2)
    assert np.isnan(row["estimate"]) and np.isnan(row["conf_low"])

"""p-values against R, intervals against quantiles."""

from typing import Any

import numpy as np
import pytest

from vignetta.analysis.intervals import infer, joint_p_value

R = 1e-9
"""R prints 15 digits; tail probabilities of both are accurate to about 1e-12."""


@pytest.mark.parametrize("data", ["n1502", "n9012"])
def test_p_values_are_those_of_r(numbers: Any, data: str) -> None:
    for expected in (numbers("multiplicity")[data][each] for each in ("vs_reference", "all_pairs")):
        estimate, std_error = np.array(expected["estimate"]), np.array(expected["se"])
        found = infer(estimate, std_error, df=expected["df"])
        np.testing.assert_allclose(found.statistic, expected["stat"], rtol=R)
        np.testing.assert_allclose(found.p_value, expected["p_t"], rtol=R)
        np.testing.assert_allclose(infer(estimate, std_error, df=np.inf).p_value, expected["p_z"], rtol=R)


def test_the_joint_p_values_are_those_of_r(numbers: Any) -> None:
    for test in numbers("ols")["n1502"]["full"]["unweighted"]["wald"]:
        assert joint_p_value(test["F"], test["df1"], test["df2"]) == pytest.approx(test["p_F"], rel=R)
        assert joint_p_value(test["F"], test["df1"], np.inf) == pytest.approx(test["p_chi2"], rel=R)


def test_an_interval_ends_where_the_test_does() -> None:
    found = infer(np.array([1.0]), np.array([0.5]), df=12, null=0.3, alpha=0.1)
    for bound in (found.conf_low, found.conf_high):
        assert infer(np.array([1.0]), np.array([0.5]), df=12, null=bound[0]).p_value[0] == pytest.approx(0.1, rel=R)


def test_the_normal_interval_is_the_textbook_one() -> None:
    found = infer(np.array([0.0]), np.array([1.0]), df=np.inf)
    assert found.conf_high[0] == pytest.approx(1.959963984540054, rel=R)


def test_an_estimate_without_error_has_no_test() -> None:
    found = infer(np.array([0.0]), np.array([0.0]), df=10)
    assert np.isnan([found.statistic[0], found.p_value[0]]).all()
    assert (found.conf_low[0], found.conf_high[0]) == (0, 0)


def test_small_p_values_do_not_become_zero() -> None:
    assert 0 < infer(np.array([30.0]), np.array([1.0]), df=np.inf).p_value[0] < 1e-190

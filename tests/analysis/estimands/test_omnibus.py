"""Omnibus tests against analysis of variance, coefficients' tests and quadratic forms written out."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from vignetta.analysis.estimands.joint_tests import joint_test, omnibus_test
from vignetta.analysis.estimands.margins import contrasts, differences
from vignetta.analysis.estimands.targets import target
from vignetta.analysis.models.fitting import fit
from vignetta.errors import StudyError

EXACT = 1e-8
"""The same test by another route."""


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    n = 180
    made = pd.DataFrame(
        {"arm": rng.choice(list("abc"), n), "place": rng.choice(["p", "q"], n), "who": np.arange(n) // 6}
    )
    return made.assign(
        y=rng.normal(size=n) + (made["arm"] == "b") * 0.5, yes=rng.integers(0, 2, n), age=rng.normal(size=n)
    )


def test_one_factor_is_analysis_of_variance(data: pd.DataFrame) -> None:
    found = omnibus_test(fit(data, "y ~ arm", errors="classical"), "arm")
    F, p = stats.f_oneway(*(each["y"] for _, each in data.groupby("arm")))
    assert (found.statistic, found.p_value) == (pytest.approx(F, rel=EXACT), pytest.approx(p, rel=EXACT))
    assert (found.df_num, found.df_den) == (2, 177)
    row = found.estimates.iloc[0]
    assert (row["estimand"], row["factor"], row["level"]) == ("joint_test", "arm", "2 contrasts")


@pytest.mark.parametrize("errors", ["CR1", "CR2"])
def test_without_interactions_it_is_the_test_of_the_coefficients(data: pd.DataFrame, errors: str) -> None:
    fitted = fit(data, "y ~ arm + place", errors=errors, cluster="who")  # type: ignore[arg-type]
    ours, theirs = omnibus_test(fitted, "arm"), joint_test(fitted, "arm")
    assert ours.statistic == pytest.approx(theirs.statistic, rel=EXACT)
    assert ours.df_den == pytest.approx(theirs.df_den, rel=EXACT)
    both = fit(data, "y ~ arm * place", errors=errors, cluster="who")  # type: ignore[arg-type]
    assert omnibus_test(both, "arm", within="place").p_value == pytest.approx(
        joint_test(both, "arm:place").p_value, rel=EXACT
    )


def test_averaged_contrasts_are_tested_where_there_are_interactions(data: pd.DataFrame) -> None:
    """Cell means are independent, so that the covariance of their averages is written out."""
    fitted = fit(data, "y ~ arm * place", errors="HC2", distribution="normal")
    over = target({"place": {"p": 0.3, "q": 0.7}})
    found = omnibus_test(fitted, "arm", average_over=over)
    cells = data.groupby(["arm", "place"])["y"].agg(["mean", "var", "size"])
    mean = {arm: 0.3 * cells.loc[(arm, "p"), "mean"] + 0.7 * cells.loc[(arm, "q"), "mean"] for arm in "abc"}
    part = cells["var"] / cells["size"]
    variance = {arm: 0.09 * part[arm, "p"] + 0.49 * part[arm, "q"] for arm in "abc"}
    d = np.array([mean["b"] - mean["a"], mean["c"] - mean["a"]])
    V = np.diag([variance["b"], variance["c"]]) + variance["a"]
    assert found.statistic == pytest.approx(d @ np.linalg.solve(V, d) / 2, rel=EXACT)
    assert found.p_value == pytest.approx(stats.chi2.sf(d @ np.linalg.solve(V, d), 2), rel=EXACT)
    assert found.statistic != pytest.approx(joint_test(fitted, "arm").statistic, rel=1e-3)


def test_a_logit_is_tested_on_the_scale_of_probabilities(data: pd.DataFrame) -> None:
    """Two levels: the square of the contrast's own t, and of the difference's."""
    two = data[data["arm"] != "c"]
    fitted = fit(two, "yes ~ arm * place + age", model="logit", errors="HC1")
    assert omnibus_test(fitted, "arm").statistic == pytest.approx(
        contrasts(fitted, "arm")["statistic"].iloc[1] ** 2, rel=EXACT
    )
    second = differences(fitted, "arm", within="place")["statistic"].item()
    assert omnibus_test(fitted, "arm", within="place").statistic == pytest.approx(second**2, rel=EXACT)
    assert "differences of arm within place" in repr(omnibus_test(fitted, "arm", within="place"))


def test_what_cannot_be_tested_is_said(data: pd.DataFrame) -> None:
    fitted = fit(data, "y ~ arm + place")
    with pytest.raises(StudyError, match="no contrasts of arm"):
        omnibus_test(fitted, "arm", levels=["a"])
    with pytest.raises(StudyError, match="no interaction"):
        omnibus_test(fitted, "arm", within="place")
    with pytest.raises(StudyError, match="no factor `arn`"):
        omnibus_test(fitted, "arn")
    apart = pd.DataFrame({"arm": ["a", "b", "c"], "place": ["p", "p", "q"], "probability": [0.5, 0.25, 0.25]})
    with pytest.raises(StudyError, match="not all identified: c"):
        omnibus_test(fitted, "arm", average_over=apart)

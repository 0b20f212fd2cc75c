"""Linearised errors against the definition written out, statsmodels' scores, and repeated sampling."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from vignetta.analysis.estimands.conjoint import amce, marginal_means
from vignetta.analysis.estimands.margins import contrasts
from vignetta.analysis.models.fits import Fit
from vignetta.analysis.models.fitting import fit
from vignetta.errors import StudyError

EXACT = 1e-10
"""The same sums in another order."""
NEWTON = 1e-6
"""Two iterative fits."""
DESIGN: dict[str, Any] = {"errors": "linearised", "cluster": "psu", "strata": "region", "weights": "w"}


def sample(n: int = 240) -> pd.DataFrame:
    """Twelve clusters in four strata; a quarter of the clusters has its own rate of answers."""
    rng = np.random.default_rng(3)
    psu = np.repeat(np.arange(12), n // 12)
    arm = rng.choice(["a", "b", "c"], n)
    x, level = rng.normal(size=n), rng.normal(size=12)[psu]
    y = level + x + (arm == "b") + rng.normal(size=n)
    return pd.DataFrame(
        {
            "y": y,
            "chosen": (y > 0.5).astype(float),
            "arm": arm,
            "x": x,
            "psu": [f"p{each}" for each in psu],
            "region": np.array(["n", "e", "s", "w"])[psu % 4],
            "w": rng.uniform(0.5, 2, n),
        }
    )


def by_definition(data: pd.DataFrame, scores: Any, inverse: Any) -> Any:
    """Binder (1983): the covariance of totals, stratum by stratum."""
    frame = pd.DataFrame(scores).assign(psu=data["psu"], region=data["region"])
    meat = np.zeros_like(inverse)
    for _, rows in frame.groupby("region"):
        totals = rows.drop(columns="region").groupby("psu").sum().to_numpy()
        n_h = len(totals)
        meat += n_h * np.cov(totals.T)
    return inverse @ meat @ inverse


def test_least_squares_by_definition() -> None:
    data = sample()
    found = fit(data, "y ~ arm * x", **DESIGN)
    X, w = found.design_matrix(found.sample.data), data["w"].to_numpy()
    residuals = data["y"].to_numpy() - X @ found.coef
    expected = by_definition(data, X * (w * residuals)[:, None], np.linalg.inv(X.T @ (X * w[:, None])))
    np.testing.assert_allclose(found.vcov, expected, rtol=EXACT, atol=EXACT * expected.max())
    assert found.df == 12 - 4
    assert "linearised" in repr(found)


def test_logit_by_the_scores_of_statsmodels() -> None:
    data = sample()
    found = fit(data, "chosen ~ arm + x", model="logit", **{**DESIGN, "weights": None})
    X = sm.add_constant(np.column_stack([data["arm"] == "b", data["arm"] == "c", data["x"]]).astype(float))
    other = sm.Logit(data["chosen"], X).fit(disp=0, tol=1e-12)
    model = other.model
    expected = by_definition(data, model.score_obs(other.params), np.linalg.inv(-model.hessian(other.params)))
    np.testing.assert_allclose(found.vcov, expected, rtol=NEWTON, atol=NEWTON * np.abs(expected).max())
    assert found.df == 8


@pytest.mark.parametrize(("model", "outcome"), [("ols", "y"), ("logit", "chosen"), ("ordered_logit", "chosen")])
def test_without_strata_it_is_cr1_and_without_clusters_hc0_of_a_sample(model: Any, outcome: str) -> None:
    data, formula = sample(), f"{outcome} ~ arm + x"
    clustered = {
        errors: fit(data, formula, model=model, errors=errors, cluster="psu") for errors in ("linearised", "CR1")
    }
    np.testing.assert_allclose(clustered["linearised"].vcov, clustered["CR1"].vcov, rtol=1e-7)
    assert clustered["linearised"].df == clustered["CR1"].df == 11
    rows = {errors: fit(data, formula, model=model, errors=errors) for errors in ("linearised", "HC0")}
    np.testing.assert_allclose(rows["linearised"].vcov, rows["HC0"].vcov * 240 / 239, rtol=1e-7)
    assert rows["linearised"].df == 239


def test_rows_are_units_without_clusters() -> None:
    data = sample()
    found = fit(data, "y ~ arm", errors="linearised", strata="region")
    as_clusters = fit(data.assign(row=range(240)), "y ~ arm", errors="linearised", strata="region", cluster="row")
    np.testing.assert_allclose(found.vcov, as_clusters.vcov, rtol=EXACT)
    assert found.df == as_clusters.df == 236


def test_strata_take_their_differences_out_of_the_error() -> None:
    """A mean over four fixed strata that are far apart; its spread over samples is within 15% of the error."""
    means, errors, rng = [], [], np.random.default_rng(8)
    for _ in range(300):
        region = np.repeat([0, 10, 20, 30], 10)
        data = pd.DataFrame({"y": region + rng.normal(size=40), "region": region.astype(str)})
        found = fit(data, "y ~ 1", errors="linearised", strata="region")
        means.append(found.coef[0])
        errors.append(np.sqrt(found.vcov[0, 0]))
    assert np.mean(errors) == pytest.approx(np.std(means), rel=0.15)
    assert np.sqrt(fit(data, "y ~ 1", errors="linearised").vcov[0, 0]) > 5 * np.mean(errors)


def test_missing_strata_are_left_out_and_counted() -> None:
    data = sample()
    data.loc[data["psu"] == "p0", "region"] = None
    found = fit(data, "y ~ arm", **DESIGN)
    assert (found.n, found.n_missing, found.df) == (220, 20, 11 - 4)


def problem(data: pd.DataFrame, **options: Any) -> str:
    with pytest.raises(StudyError) as caught:
        fit(data, "y ~ arm", **{**DESIGN, **options})
    return str(caught.value)


def test_a_stratum_with_one_cluster_is_told() -> None:
    data = sample()
    data.loc[data["psu"] == "p11", "region"] = "alone"
    said = problem(data)
    assert "one cluster alone is complete in 1 of 5 strata: `alone`." in said
    assert "merge the stratum" in said
    assert "one row alone" in problem(data.iloc[:2].assign(arm=["a", "b"], region=["q", "r"]), cluster=None)


def test_a_cluster_in_two_strata_is_told() -> None:
    data = sample()
    data.loc[data.index[:3], "region"] = "e"
    assert "1 cluster lies in more than one stratum. If clusters of different strata share a name" in problem(data)


def test_strata_need_linearised_errors_which_need_one_cluster_variable() -> None:
    data = sample()
    assert "`CR2` would ignore the strata of `region`." in problem(data, errors="CR2")
    assert "`linearised` is not defined for two cluster variables." in problem(data, cluster=("psu", "arm"))
    assert "there is no column `regoin`. Did you mean `region`?" in problem(data, strata="regoin")


def test_effects_have_the_design_degrees_of_freedom() -> None:
    found: Fit = fit(sample(), "y ~ arm * x", **DESIGN)
    table = contrasts(found, "arm")
    assert set(table["df"]) == {8.0}
    assert set(table["errors"]) == {"linearised"}


def test_amces_and_marginal_means_of_a_survey_sample() -> None:
    """The means and the slopes of regressions written by hand."""
    data, sampled = sample(), {each: DESIGN[each] for each in ("cluster", "strata", "weights")}
    means = marginal_means(data, outcome="y", factors=["arm"], **sampled)
    by_regression = fit(data, "y ~ 0 + arm", **DESIGN)
    np.testing.assert_allclose(means["estimate"], by_regression.coef, rtol=EXACT)
    np.testing.assert_allclose(means["std_error"], np.sqrt(np.diag(by_regression.vcov)), rtol=EXACT)
    effects = amce(data, outcome="y", factors=["arm"], **sampled)
    expected = contrasts(fit(data, "y ~ arm", **DESIGN), "arm")
    np.testing.assert_allclose(effects["std_error"], expected["std_error"], rtol=EXACT)
    assert set(effects["errors"]) == set(means["errors"]) == {"linearised"}

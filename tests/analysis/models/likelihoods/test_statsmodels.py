"""Models for which there are no numbers of R, beside statsmodels."""

from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.miscmodels.ordinal_model import OrderedModel

from vignetta.analysis.models.likelihoods.maximum import Maximum, maximum
from vignetta.analysis.models.likelihoods.sandwich import likelihood_covariance

NEWTON = 1e-6
"""statsmodels stops Newton's method when the coefficients change by less than 1e-8."""
NUMERIC = 1e-4
"""statsmodels differentiates the likelihood of the ordered model numerically, and climbs without its curvature."""


@pytest.fixture(scope="module")
def rows() -> dict[str, Any]:
    rng = np.random.default_rng(11)
    n = 600
    X = np.column_stack([np.ones(n), rng.integers(0, 2, n), rng.integers(0, 3, n) == 2, rng.normal(size=n)])
    index = X @ [0.2, 0.5, -0.4, 0.3]
    latent = index + rng.logistic(size=n)
    return {
        "X": X.astype(float),
        "binary": (latent > 0).astype(float),
        "count": rng.poisson(np.exp(index)).astype(float),
        "ordered": np.digitize(latent, [-1, 0.5, 1.5]).astype(float),
        "clusters": np.arange(n) % 40,
        "weights": rng.uniform(0.5, 2, n),
    }


def agrees(found: Maximum, theirs: Any) -> None:
    assert found.log_likelihood == pytest.approx(theirs.llf, rel=1e-8)
    np.testing.assert_allclose(found.coef, np.ravel(theirs.params, order="F"), rtol=NEWTON, atol=NEWTON)
    scale = np.sqrt(np.diag(found.inverse))
    scaled = np.outer(scale, scale)
    np.testing.assert_allclose(found.inverse / scaled, theirs.cov_params() / scaled, atol=NEWTON)


@pytest.mark.parametrize(
    ("model", "theirs", "outcome"),
    [
        ("logit", sm.Logit, "binary"),
        ("probit", sm.Probit, "binary"),
        ("poisson", sm.Poisson, "count"),
        ("multinomial_logit", sm.MNLogit, "ordered"),
    ],
)
def test_coefficients_likelihood_and_information(rows: Any, model: Any, theirs: Any, outcome: str) -> None:
    categories = ("a", "b", "c", "d") if model == "multinomial_logit" else ()
    found = maximum(model, rows["X"], rows[outcome], categories=categories)
    fitted = theirs(rows[outcome], rows["X"]).fit(disp=0, method="newton", maxiter=100)
    agrees(found, fitted)


@pytest.mark.parametrize(
    ("model", "theirs", "outcome"),
    [("probit", sm.Probit, "binary"), ("poisson", sm.Poisson, "count"), ("multinomial_logit", sm.MNLogit, "ordered")],
)
def test_robust_and_clustered_errors(rows: Any, model: Any, theirs: Any, outcome: str) -> None:
    """Without its correction statsmodels' cluster is CR0."""
    categories = ("a", "b", "c", "d") if model == "multinomial_logit" else ()
    found = maximum(model, rows["X"], rows[outcome], categories=categories)
    known = theirs(rows[outcome], rows["X"])
    robust = known.fit(disp=0, method="newton", cov_type="HC0").cov_params()
    groups = {"groups": rows["clusters"], "use_correction": False}
    clustered = known.fit(disp=0, method="newton", cov_type="cluster", cov_kwds=groups).cov_params()
    scale = np.sqrt(np.diag(found.inverse))
    scale = np.outer(scale, scale)
    np.testing.assert_allclose(likelihood_covariance(found, "HC0") / scale, robust / scale, atol=NEWTON)
    ours = likelihood_covariance(found, "CR0", rows["clusters"])
    np.testing.assert_allclose(ours / scale, clustered / scale, atol=NEWTON)


@pytest.mark.parametrize("distribution", ["logit", "probit"])
def test_ordered_models(rows: Any, distribution: str) -> None:
    found = maximum(f"ordered_{distribution}", rows["X"][:, 1:], rows["ordered"], categories=("a", "b", "c", "d"))  # type: ignore[arg-type]
    fitted = OrderedModel(rows["ordered"], rows["X"][:, 1:], distr=distribution).fit(disp=0, method="bfgs", gtol=1e-8)
    assert found.log_likelihood == pytest.approx(fitted.llf, rel=1e-9)
    thresholds = fitted.model.transform_threshold_params(fitted.params)[1:-1]
    np.testing.assert_allclose(found.coef, [*thresholds, *fitted.params[:3]], atol=NUMERIC)
    slopes = np.sqrt(np.diag(found.inverse))[3:]
    np.testing.assert_allclose(slopes, fitted.bse[:3], rtol=NUMERIC)


@pytest.mark.parametrize("family", ["logit", "poisson"])
def test_weights_are_those_of_a_glm(rows: Any, family: str) -> None:
    known = {"logit": sm.families.Binomial(), "poisson": sm.families.Poisson()}[family]
    outcome = rows["binary" if family == "logit" else "count"]
    fitted = sm.GLM(outcome, rows["X"], family=known, freq_weights=rows["weights"]).fit(tol=1e-14)
    found = maximum(family, rows["X"], outcome, rows["weights"])  # type: ignore[arg-type]
    np.testing.assert_allclose(found.coef, fitted.params, rtol=NEWTON)
    np.testing.assert_allclose(np.sqrt(np.diag(found.inverse)), fitted.bse, rtol=NEWTON)

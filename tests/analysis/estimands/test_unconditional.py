"""Margins whose covariates count as sampled: M-estimation written out, the jackknife, repeated sampling."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from vignetta.analysis.estimands.margins import contrasts, differences, margins
from vignetta.analysis.estimands.unconditional import unconditional
from vignetta.analysis.inference.resampling import pairs_bootstrap, wild_bootstrap
from vignetta.analysis.models.fitting import fit
from vignetta.errors import StudyError

EXACT = 1e-9
STEP = 1e-5
FINITE = 1e-6
"""Derivatives by central differences of this step."""


def sample(n: int = 200, seed: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    arm, x = rng.choice(["a", "b"], n), rng.normal(size=n)
    y = 0.4 * (arm == "b") + x * (1 + (arm == "b")) + rng.normal(size=n)
    return pd.DataFrame(
        {
            "y": y,
            "chosen": (y > 0).astype(float),
            "count": rng.poisson(np.exp(np.clip(0.3 * y, -3, 3))).astype(float),
            "score": np.digitize(y, [-1, 0, 1]).astype(float),
            "arm": arm,
            "x": x,
            "who": rng.integers(0, 25, n),
            "w": rng.uniform(0.5, 2, n),
        }
    )


def stacked(data: pd.DataFrame, mean: Any, outcome: str, coef: Any, w: Any) -> Any:
    """The covariance of (coefficients, margin of a, margin of b) from all their estimating equations at once."""
    b, x, y = (data["arm"] == "b").to_numpy(float), data["x"].to_numpy(), data[outcome].to_numpy()
    one = np.ones(len(data))
    X, A, B = (np.column_stack([one, t, x, t * x]) for t in (b, 0 * one, one))

    def equations(theta: Any) -> Any:
        residual = y - mean(X @ theta[:4])
        set_to = [mean(each @ theta[:4]) - m for each, m in zip((A, B), theta[4:], strict=True)]
        return w[:, None] * np.column_stack([X * residual[:, None], *set_to])

    at = np.array([*coef, *(np.average(mean(each @ coef), weights=w) for each in (A, B))])
    slopes = np.column_stack(
        [(equations(at + d).sum(0) - equations(at - d).sum(0)) / 2 / STEP for d in STEP * np.eye(6)]
    )
    psi = equations(at) @ np.linalg.inv(slopes).T
    return pd.DataFrame(psi)


MODELS = {
    "ols": ("y", lambda index: index),
    "logit": ("chosen", lambda index: 1 / (1 + np.exp(-index))),
    "poisson": ("count", np.exp),
}


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("cluster", [None, "who"])
@pytest.mark.parametrize("model", MODELS)
def test_m_estimation_written_out(model: Any, cluster: str | None, weights: str | None) -> None:
    data, (outcome, mean) = sample(), MODELS[model]
    errors: Any = "HC0" if cluster is None else "CR1"
    found = fit(data, f"{outcome} ~ arm * x", model=model, errors=errors, cluster=cluster, weights=weights)
    w = np.ones(len(data)) if weights is None else data["w"].to_numpy()
    psi = stacked(data, mean, outcome, found.coef, w)
    if cluster:
        psi = psi.groupby(data["who"].to_numpy()).sum()
    factor = np.sqrt(25 / 24) if cluster else 1.0
    ours = unconditional(found)
    expected = factor * np.sqrt((psi[[4, 5]] ** 2).sum())
    np.testing.assert_allclose(margins(ours, "arm")["std_error"], expected, rtol=FINITE)
    effect = factor * np.sqrt(((psi[5] - psi[4]) ** 2).sum())
    shown = contrasts(ours, "arm")
    np.testing.assert_allclose(shown["std_error"], [0, effect], rtol=FINITE)
    assert abs(effect / contrasts(found, "arm")["std_error"].iloc[1] - 1) > 1e-4
    assert shown["errors"].tolist() == [f"{errors}, unconditional"] * 2
    np.testing.assert_array_equal(shown["estimate"], contrasts(found, "arm")["estimate"])


@pytest.mark.parametrize(
    ("model", "predict"), [("ordered_logit", ">=2"), ("ordered_logit", None), ("multinomial_logit", "3")]
)
def test_categories_agree_with_the_jackknife(model: Any, predict: str | None) -> None:
    """The jackknife leaves out whole rows, covariates with them; it is a little larger than HC1."""
    data = sample(120)

    def effect(rows: pd.DataFrame) -> float:
        found = fit(rows, "score ~ arm * x", model=model, errors="HC0")
        return float(contrasts(found, "arm", predict=predict)["estimate"].iloc[1])

    without = [effect(data.drop(index=each)) for each in data.index]
    jackknife = np.sqrt(119 * np.var(without))
    found = fit(data, "score ~ arm * x", model=model, errors="HC1")
    ours = contrasts(unconditional(found), "arm", predict=predict)["std_error"].iloc[1]
    assert ours == pytest.approx(jackknife, rel=0.06)
    assert ours > contrasts(found, "arm", predict=predict)["std_error"].iloc[1]


@pytest.mark.parametrize("errors", ["HC1", "HC2", "HC3", "CR1S", "CR2", "CR3"])
def test_the_coefficients_part_is_that_of_the_errors(errors: Any) -> None:
    """A model in which no effect depends on the covariate: contrasts have the fit's own error, margins have not."""
    cluster = "who" if errors.startswith("CR") else None
    found = fit(sample(), "y ~ arm + x", errors=errors, cluster=cluster)
    ours = unconditional(found)
    fixed, free = contrasts(found, "arm"), contrasts(ours, "arm")
    np.testing.assert_allclose(free["std_error"], fixed["std_error"], rtol=EXACT, atol=1e-15)
    np.testing.assert_allclose(free["df"], fixed["df"])
    assert margins(ours, "arm")["std_error"].iloc[1] > 1.1 * margins(found, "arm")["std_error"].iloc[1]


def test_strata_count() -> None:
    """Strata that tell the covariate apart leave little of it to chance."""
    data = sample().sort_values("x").assign(band=np.repeat(np.arange(20), 10).astype(str))
    rows, strata = (
        margins(unconditional(fit(data, "y ~ arm + x", errors="linearised", strata=each)), "arm")["std_error"].iloc[0]
        for each in (None, "band")
    )
    assert strata < 0.85 * rows


def test_intervals_cover_the_margin_of_the_population() -> None:
    """The mean of b in the population is 0.4; an interval with fixed covariates covers it too rarely."""
    covered = np.zeros((300, 2))
    for draw in range(300):
        found = fit(sample(150, seed=1_000 + draw), "y ~ arm * x", errors="HC2")
        for place, each in enumerate((found, unconditional(found))):
            row = margins(each, "arm").iloc[1]
            covered[draw, place] = row["conf_low"] < 0.4 < row["conf_high"]
    fixed, free = covered.mean(axis=0)
    assert fixed < 0.80
    assert 0.92 < free < 0.98


def test_other_averages_and_conditional_effects() -> None:
    """By a target that is the sample's own distribution of the other factor, drawn apart from the covariate."""
    data = sample().assign(place=lambda d: np.where(d["w"] > 1, "p", "q"))
    ours = unconditional(fit(data, "y ~ arm * (x + place)", errors="HC1"))
    share = data["place"].value_counts(normalize=True)
    table = pd.DataFrame({"place": share.index, "probability": share.to_numpy()})
    over = contrasts(ours, "arm", average_over=table)["std_error"].iloc[1]
    within = contrasts(ours, "arm", within="place").query("not is_reference")
    assert within["std_error"].notna().all()
    apart = differences(ours, "arm", within="place")
    fixed = differences(fit(data, "y ~ arm * (x + place)", errors="HC1"), "arm", within="place")
    np.testing.assert_allclose(apart["std_error"], fixed["std_error"], rtol=EXACT)
    assert 0 < over < contrasts(ours, "arm")["std_error"].iloc[1] * 1.5


def problem(fitted: Any) -> str:
    with pytest.raises(StudyError) as caught:
        unconditional(fitted)
    return str(caught.value)


def test_what_has_no_unconditional_variance_is_told() -> None:
    data = sample()
    assert "`classical` errors take the model for true" in problem(fit(data, "y ~ arm", errors="classical"))
    two = fit(data.assign(item=data["who"] % 7), "y ~ arm", errors="CR1", cluster=("who", "item"))
    assert "not defined for two cluster variables" in problem(two)
    rng = np.random.default_rng(1)
    clustered = fit(data, "y ~ arm", errors="CR1", cluster="who")
    assert "Give the fit as `vg.fit` made it." in problem(pairs_bootstrap(clustered, rng=rng, draws=99))
    with pytest.raises(StudyError, match="it counts covariates as sampled"):
        wild_bootstrap(unconditional(clustered), rng=rng)
    with pytest.raises(StudyError, match="holds covariates at given values"):
        margins(unconditional(clustered), "arm", average_over="equal")

"""Random effects against linearmodels and the formula of generalised least squares."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.analysis.panels import panel
from vignetta.analysis.estimands.margins import contrasts, margins
from vignetta.analysis.models.fitting import fit
from vignetta.analysis.models.random_effects import RandomEffectsFit
from vignetta.errors import StudyError

SAME = 1e-8
"""linearmodels solves by a general least-squares routine; both agree to about 1e-12."""
FORMULA = "y ~ arm * place + trait"
ERRORS: list[tuple[Any, str | None, dict[str, Any]]] = [
    ("classical", None, {"cov_type": "unadjusted"}),
    ("HC1", None, {"cov_type": "robust"}),
    ("CR1S", "who", {"cov_type": "clustered", "cluster_entity": True, "group_debias": True}),
]


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize(("errors", "cluster", "theirs"), ERRORS)
def test_linearmodels(errors: Any, cluster: str | None, theirs: dict[str, Any], weights: str | None) -> None:
    from linearmodels import RandomEffects

    data = panel()
    rows = data.assign(t=data.groupby("who").cumcount()).set_index(["who", "t"])
    model = RandomEffects.from_formula(f"{FORMULA} + 1", rows, weights=rows[weights] if weights else None)
    expected = model.fit(**theirs)
    found = fit(data, FORMULA, errors=errors, cluster=cluster, random_effects="who", weights=weights)
    assert isinstance(found, RandomEffectsFit)
    np.testing.assert_allclose(found.coef, expected.params[list(found.terms)], rtol=SAME)
    order = list(found.terms)
    np.testing.assert_allclose(found.vcov, expected.cov.loc[order, order], rtol=SAME, atol=1e-14)
    assert found.components.share == pytest.approx(expected.variance_decomposition["Percent due to Effects"])


def test_generalised_least_squares_and_cr2_with_the_blocks_written_out() -> None:
    data = panel(rows=120, people=25)
    found = fit(data, FORMULA, errors="CR2", cluster="who", random_effects="who")
    assert isinstance(found, RandomEffectsFit)
    X, y, who = found.design_matrix(found.sample.data), data["y"].to_numpy(), data["who"].to_numpy()
    same = who[:, None] == who[None, :]
    omega = found.components.within * np.eye(len(y)) + found.components.between * same
    bread = np.linalg.inv(X.T @ np.linalg.solve(omega, X))
    coef = bread @ X.T @ np.linalg.solve(omega, y)
    np.testing.assert_allclose(found.coef, coef, rtol=SAME)
    meat = np.zeros_like(bread)
    for each in np.unique(who):
        here = who == each
        values, vectors = np.linalg.eigh(omega[np.ix_(here, here)])
        root = vectors / np.sqrt(values) @ vectors.T
        x, e = root @ X[here], root @ (y - X @ coef)[here]
        values, vectors = np.linalg.eigh(np.eye(here.sum()) - x @ bread @ x.T)
        adjusted = vectors * np.where(values > 1e-10, values, np.inf) ** -0.5 @ vectors.T
        score = x.T @ adjusted @ e
        meat += np.outer(score, score)
    np.testing.assert_allclose(found.vcov, bread @ meat @ bread, rtol=1e-7)


def test_balanced_data_give_margins_with_errors_and_the_within_estimate_of_balanced_factors() -> None:
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"who": np.repeat(np.arange(40), 3), "arm": np.tile(list("pqr"), 40)})
    data["y"] = np.repeat(rng.normal(size=40), 3) + rng.normal(size=120) + (data["arm"] == "q")
    found = fit(data, "y ~ arm", errors="classical", random_effects="who")
    means = data.groupby("arm")["y"].mean()
    assert margins(found, "arm")["estimate"].to_list() == pytest.approx(means.to_list())
    steps = data.pivot(index="who", columns="arm", values="y")
    assert contrasts(found, "arm")["estimate"][1] == pytest.approx((steps["q"] - steps["p"]).mean())
    residual = steps.to_numpy() - steps.to_numpy().mean(0) - steps.to_numpy().mean(1, keepdims=True)
    within = np.sum((residual + steps.to_numpy().mean()) ** 2) / (39 * 2)
    assert isinstance(found, RandomEffectsFit)
    assert found.components.within == pytest.approx(within)
    assert found.components.between == pytest.approx(steps.mean(axis=1).var(ddof=1) - within / 3)
    assert any("between and" in each for each in found.notes)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"errors": "CR0", "cluster": "item"}, "rows of one `who` lie in several clusters"),
        ({"random_effects": "row"}, "every `row` has one row"),
        ({"random_effects": "place"}, "variance of the effects cannot be estimated"),
        ({"model": "poisson"}, "`poisson` has no `random_effects`"),
    ],
)
def test_what_cannot_be_fitted_is_told(options: dict[str, Any], said: str) -> None:
    data = panel().assign(row=lambda rows: np.arange(len(rows)))
    with pytest.raises(StudyError, match=said):
        fit(data, "y ~ arm", **{"random_effects": "who", "errors": "HC1", **options})


def test_no_variance_between_units_is_least_squares_and_noted() -> None:
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"who": np.repeat(np.arange(50), 4), "x": rng.normal(size=200)})
    data["y"] = np.tile([1.0, -1.0, 1.0, -1.0], 50) + data["x"] + 0.1 * rng.normal(size=200)
    found = fit(data, "y ~ x", errors="classical", random_effects="who")
    np.testing.assert_allclose(found.vcov, fit(data, "y ~ x", errors="classical").vcov, rtol=SAME)
    assert any(each.startswith("no variance between `who`") for each in found.notes)

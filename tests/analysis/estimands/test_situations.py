"""Where margins are taken, for likelihoods and with weights, against predictions by hand."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from vignetta.analysis.estimands.margins import contrasts, margins
from vignetta.analysis.models.fitting import fit

EXACT = 1e-9
"""The same average by another route."""
STEP = 1e-5


def responses() -> pd.DataFrame:
    rng = np.random.default_rng(9)
    n = 160
    made = pd.DataFrame(
        {"arm name": rng.choice(["ä b", "c"], n), "age": rng.uniform(20, 70, n), "w": rng.uniform(1, 3, n)}
    )
    return made.assign(sex=rng.choice(["f", "m"], n), yes=rng.integers(0, 2, n), y=rng.normal(size=n))


def test_a_logit_at_a_value_is_the_weighted_mean_of_predictions() -> None:
    data = responses()
    fitted = fit(data, "yes ~ `arm name` * age + sex", model="logit", errors="HC0", weights="w")

    def mean(coef: Any) -> float:
        arms = pd.Categorical(["c"] * len(data), dtype=fitted.sample.data["arm name"].dtype)
        set_to = fitted.sample.data.assign(**{"age": 33.0, "arm name": arms})
        return float(np.average(expit(fitted.design_matrix(set_to) @ coef), weights=data["w"]))

    gradient = [(mean(fitted.coef + e) - mean(fitted.coef - e)) / (2 * STEP) for e in STEP * np.eye(len(fitted.coef))]
    row = margins(fitted, "arm name", at={"age": 33}).set_index("level").loc["c"]
    assert row["estimate"] == pytest.approx(mean(fitted.coef), abs=EXACT)
    assert row["std_error"] == pytest.approx(np.sqrt(gradient @ fitted.vcov @ gradient), rel=1e-6)
    assert (row["within_factor"], row["within_level"], row["estimand"]) == ("age", "33", "conditional_margin")


def test_values_and_levels_cross() -> None:
    fitted = fit(responses(), "y ~ `arm name` * age * sex", weights="w")
    found = contrasts(fitted, "arm name", within="sex", at={"age": np.array([30, 40])})
    assert list(dict.fromkeys(found["within_level"])) == ["f × 30", "f × 40", "m × 30", "m × 40"]
    shown = found[~found["is_reference"]].set_index("within_level")["estimate"]
    apart = fit(responses().query("sex == 'm'"), "y ~ `arm name` * age", weights="w")
    assert shown["m × 40"] == pytest.approx(apart.coef[1] + 40 * apart.coef[3], abs=EXACT)


def test_another_fit_of_the_same_values_is_not_mixed_up() -> None:
    """Mean rows are kept by cell; those at other values are others."""
    fitted = fit(responses(), "y ~ `arm name` * age")
    first, second, again = (margins(fitted, "arm name", at={"age": each})["estimate"].iloc[1] for each in (30, 60, 30))
    assert first == again != second
    assert "age" not in {name for name, levels in fitted.factors.items() if levels}

"""Lin's adjustment against the interacted regression written by hand with statsmodels."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from vignetta.analysis.estimands.margins import contrasts, margins
from vignetta.analysis.models.fitting import fit
from vignetta.errors import StudyError

EXACT = 1e-9
COVARIATES = ["age", "party"]


def sample(n: int = 300, seed: int = 2) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    age, party = rng.uniform(20, 80, n), rng.choice(["Dem", "Ind", "Rep"], n, p=[0.5, 0.2, 0.3])
    arm, place = rng.choice(["a", "b", "c"], n, p=[0.5, 0.3, 0.2]), rng.choice(["p", "q"], n)
    centred = (age - 50) / 10
    y = centred * (1 + (arm == "b")) + (party == "Rep") * (arm == "c") + (arm == "b") + rng.normal(size=n)
    w = rng.uniform(0.5, 2, n)
    return pd.DataFrame({"y": y, "arm": arm, "place": place, "age": age, "party": party, "w": w})


def by_hand(data: pd.DataFrame, treatments: list[Any], w: Any) -> Any:
    """Columns: 1, treatments, centred covariates, every product of the two (lm_lin)."""
    party = [(data["party"] == each).to_numpy(float) for each in ("Ind", "Rep")]
    raw = np.column_stack([data["age"], *party])
    centred = raw - np.average(raw, axis=0, weights=w)
    T = np.column_stack(treatments).astype(float)
    products = [t * x for t in T.T for x in centred.T]
    return sm.WLS(data["y"], np.column_stack([np.ones(len(data)), T, centred, *products]), weights=w).fit(
        cov_type="HC2"
    )


@pytest.mark.parametrize("weights", [None, "w"])
def test_lm_lin_written_out(weights: str | None) -> None:
    data = sample()
    w = np.ones(len(data)) if weights is None else data["w"].to_numpy()
    found = fit(data, "y ~ arm", adjust=COVARIATES, weights=weights, errors="HC2")
    expected = by_hand(data, [data["arm"] == "b", data["arm"] == "c"], w)
    assert found.terms[:3] == ("Intercept", "arm[T.b]", "arm[T.c]")
    np.testing.assert_allclose(found.coef[:3], expected.params.iloc[:3], rtol=EXACT)
    np.testing.assert_allclose(np.sqrt(np.diag(found.vcov))[:3], expected.bse.iloc[:3], rtol=EXACT)
    table = contrasts(found, "arm").query("not is_reference")
    np.testing.assert_allclose(table["estimate"], expected.params.iloc[1:3], rtol=EXACT)
    np.testing.assert_allclose(table["std_error"], expected.bse.iloc[1:3], rtol=EXACT)
    np.testing.assert_allclose(margins(found, "arm")["estimate"].iloc[0], expected.params.iloc[0], rtol=EXACT)


def test_several_treatments_with_interactions() -> None:
    data = sample()
    b, c, q = data["arm"] == "b", data["arm"] == "c", data["place"] == "q"
    found = fit(data, "y ~ arm * place", adjust=COVARIATES)
    expected = by_hand(data, [b, c, q, b & q, c & q], np.ones(len(data)))
    at_p = contrasts(found, "arm", within="place").query("within_level == 'p' and not is_reference")
    np.testing.assert_allclose(at_p["estimate"], expected.params.iloc[1:3], rtol=EXACT)
    np.testing.assert_allclose(at_p["std_error"], expected.bse.iloc[1:3], rtol=EXACT)


def test_means_are_those_of_the_complete_rows() -> None:
    data = sample()
    holes = data.assign(age=data["age"].where(data.index % 7 > 0), party=data["party"].where(data.index % 11 > 0))
    complete = holes.dropna().reset_index(drop=True)
    found, same = (fit(each, "y ~ arm", adjust=COVARIATES) for each in (holes, complete))
    np.testing.assert_allclose(found.coef, same.coef, rtol=EXACT)
    assert found.n_missing == len(data) - len(complete) > 0


def test_a_logit_with_centred_covariates_has_the_margins_of_the_interacted_one() -> None:
    data = sample().assign(won=lambda d: (d["y"] > 1).astype(float))
    plain = fit(data, "won ~ arm * (age + party)", model="logit", errors="HC1")
    found = fit(data, "won ~ arm", adjust=COVARIATES, model="logit", errors="HC1")
    columns = ["estimate", "std_error"]
    np.testing.assert_allclose(
        contrasts(found, "arm")[columns], contrasts(plain, "arm")[columns], rtol=1e-6, atol=1e-12
    )


def test_it_is_precise_and_covers() -> None:
    """The effect of b is 1 in the population; the adjusted error is far below the plain one."""
    covered, ratio = [], []
    for draw in range(300):
        data = sample(200, seed=draw)
        plain, lin = (contrasts(fit(data, "y ~ arm", adjust=each), "arm").iloc[1] for each in ((), ["age"]))
        sample_effect = 1 + (data["age"].mean() - 50) / 10
        covered.append(lin["conf_low"] < sample_effect < lin["conf_high"])
        ratio.append(lin["std_error"] / plain["std_error"])
    assert 0.92 < np.mean(covered) < 0.98
    assert np.mean(ratio) < 0.6


def problem(formula: str, adjust: Any, **changed: Any) -> str:
    with pytest.raises(StudyError) as caught:
        fit(sample().assign(**changed), formula, adjust=adjust)
    return str(caught.value)


def test_problems_are_told() -> None:
    assert "`age` stands in the formula." in problem("y ~ arm + age", ["age"])
    assert "without an intercept the coefficients of the terms are means" in problem("y ~ 0 + arm", ["age"])
    assert "there is no column `agee`. Did you mean `age`?" in problem("y ~ arm", ["agee"])
    assert "the adjustment makes a column of this name" in problem("y ~ arm", "age", **{"age, centred": 1.0})

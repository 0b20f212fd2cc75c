"""Two-stage least squares against linearmodels, the estimator of Wald, statsmodels and known truth."""

from typing import Any

import formulaic
import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from tests.analysis.panels import compliance
from vignetta.analysis.estimands.joint_tests import joint_test
from vignetta.analysis.estimands.margins import contrasts, differences, margins
from vignetta.analysis.models.fitting import fit
from vignetta.analysis.models.instrumental import InstrumentalFit
from vignetta.errors import StudyError

SAME = 1e-9
"""Two exact algorithms on six columns."""
RECALLED = {"recalled": "assigned"}
ERRORS: list[tuple[Any, str | None, dict[str, Any]]] = [
    ("classical", None, {"cov_type": "unadjusted", "debiased": True}),
    ("HC0", None, {"cov_type": "robust", "debiased": False}),
    ("HC1", None, {"cov_type": "robust", "debiased": True}),
    ("CR0", "village", {"cov_type": "clustered", "debiased": False}),
    ("CR1S", "village", {"cov_type": "clustered", "debiased": True}),
]


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize(("errors", "cluster", "theirs"), ERRORS)
def test_linearmodels(errors: Any, cluster: str | None, theirs: dict[str, Any], weights: str | None) -> None:
    from linearmodels import IV2SLS

    data = compliance()
    X, Z = (formulaic.model_matrix(f"{each} * place", data) for each in ("recalled", "assigned"))
    moved, given = ([each for each in matrix if name in each] for matrix, name in ((X, "recalled"), (Z, "assigned")))
    rest = [each for each in X if each not in moved]
    model = IV2SLS(data["y"], X[rest], X[moved], Z[given], weights=data[weights] if weights else None)
    expected = model.fit(**theirs, **({"clusters": data["village"]} if cluster else {}))
    found = fit(data, "y ~ recalled * place", errors=errors, cluster=cluster, weights=weights, instruments=RECALLED)
    order = list(found.terms)
    np.testing.assert_allclose(found.coef, expected.params[order], rtol=SAME)
    np.testing.assert_allclose(found.vcov, expected.cov.loc[order, order], rtol=SAME, atol=1e-15)


def test_one_treatment_is_the_estimator_of_wald() -> None:
    data = compliance()
    found = fit(data, "y ~ read", errors="HC1", instruments={"read": "two"})
    step = data.groupby("two")[["y", "read"]].mean().diff().iloc[1]
    row = contrasts(found, "read").iloc[1]
    assert row["estimate"] == pytest.approx(step["y"] / step["read"])
    assert row["n"] == 600
    assert margins(found, "read")["estimate"].diff().iloc[1] == pytest.approx(row["estimate"])


def test_more_instruments_than_endogenous_columns() -> None:
    from linearmodels import IV2SLS

    data = compliance()
    found = fit(data, "y ~ read + place", errors="HC1", instruments={"read": ["assigned", "w"]})
    X, Z = formulaic.model_matrix("place", data), formulaic.model_matrix("assigned + w", data)
    model = IV2SLS(data["y"], X[["Intercept", "place[T.y]"]], data["read"] * 1.0, Z.iloc[:, 1:])
    expected = model.fit(cov_type="robust", debiased=True)
    order = [each.replace("[T.True]", "") for each in found.terms]
    np.testing.assert_allclose(found.vcov, expected.cov.loc[order, order], rtol=SAME)
    assert isinstance(found, InstrumentalFit) and found.first_stage["df_num"].tolist() == [3]


@pytest.mark.parametrize(("errors", "theirs"), [("classical", "nonrobust"), ("HC1", "HC1")])
def test_one_endogenous_column_has_the_f_of_its_first_stage(errors: Any, theirs: Any) -> None:
    data = compliance()
    found = fit(data, "y ~ read + place", errors=errors, instruments={"read": "assigned"})
    first = smf.ols("read ~ assigned + place", data.assign(read=data["read"] * 1.0)).fit(cov_type=theirs, use_t=True)
    expected = first.f_test("assigned[T.q] = 0, assigned[T.r] = 0")
    assert isinstance(found, InstrumentalFit)
    row = found.first_stage.iloc[0]
    assert row["statistic"] == pytest.approx(float(expected.fvalue), rel=SAME)
    assert (row["df_num"], row["df_den"]) == (2, expected.df_denom)
    assert row["p_value"] == pytest.approx(float(expected.pvalue), rel=1e-6, abs=1e-300)


def test_several_endogenous_columns_have_the_conditional_f_of_sanderson_and_windmeijer() -> None:
    data = compliance()
    found = fit(data, "y ~ recalled", errors="classical", instruments=RECALLED)
    X, Z = (formulaic.model_matrix(each, data).to_numpy() for each in ("recalled", "assigned"))
    P = Z @ np.linalg.pinv(Z)
    for place, other in ((1, 2), (2, 1)):
        rest = X[:, [0, other]]
        u = X[:, place] - rest @ np.linalg.solve(rest.T @ P @ rest, rest.T @ P @ X[:, place])
        left, gone = u - u.mean(), u - P @ u
        expected = (left @ left - gone @ gone) / (gone @ gone / (len(u) - 3))
        assert isinstance(found, InstrumentalFit)
        assert found.first_stage["statistic"][place - 1] == pytest.approx(expected, rel=1e-7)
    assert any(each.startswith("smallest conditional first-stage F") for each in found.notes)


def test_weak_instruments_are_noted() -> None:
    data = compliance()
    data["noise"] = np.random.default_rng(2).normal(size=len(data))
    found = fit(data, "y ~ read", errors="HC1", instruments={"read": "noise"})
    assert any("below 10, so that the instruments are weak" in each for each in found.notes)
    assert "weak" in repr(found)
    assert set(contrasts(found, "read")["note"]) == {"; ".join(found.notes)}


def test_conditional_effects_differences_and_joint_tests() -> None:
    data = compliance()
    found = fit(data, "y ~ recalled * place", errors="HC1", instruments=RECALLED)
    apart = [
        fit(data[data["place"] == each], "y ~ recalled", errors="HC1", instruments=RECALLED).coef[1:] for each in "xy"
    ]
    inside = contrasts(found, "recalled", within="place")
    np.testing.assert_allclose(inside.query("not is_reference")["estimate"], np.concatenate(apart), rtol=1e-7)
    steps = differences(found, "recalled", within="place")["estimate"]
    np.testing.assert_allclose(steps, apart[1] - apart[0], rtol=1e-7)
    assert joint_test(found, "recalled:place").df_num == 2


@pytest.mark.parametrize(("errors", "cluster"), [("HC1", None), ("CR1S", "village")])
def test_who_reads_as_assigned_gives_least_squares(errors: Any, cluster: str | None) -> None:
    data = compliance().assign(recalled=lambda rows: rows["assigned"])
    found = fit(data, "y ~ recalled * place", errors=errors, cluster=cluster, instruments=RECALLED)
    plain = fit(data, "y ~ recalled * place", errors=errors, cluster=cluster)
    np.testing.assert_allclose(found.vcov, plain.vcov, rtol=SAME)
    assert np.isinf(found.first_stage["statistic"]).all() if isinstance(found, InstrumentalFit) else False
    assert found.notes[0].startswith("the instruments determine the endogenous terms exactly")


def test_names_with_spaces_and_rows_without_an_instrument() -> None:
    data = compliance().rename(columns={"recalled": "as read", "assigned": "as sent"})
    data.loc[:4, "as sent"] = None
    found = fit(data, "y ~ `as read`", errors="HC1", instruments={"as read": "as sent"})
    assert (found.n, found.n_missing) == (595, 5)
    again = fit(compliance().iloc[5:], "y ~ recalled", errors="HC1", instruments=RECALLED)
    np.testing.assert_allclose(found.coef, again.coef, rtol=SAME)


@pytest.mark.parametrize(
    ("formula", "options", "said"),
    [
        ("y ~ recalled", {"errors": "HC2"}, "`HC2` is not defined with instruments. Write one of `classical`, `HC0`"),
        ("y ~ recalled", {"errors": "CR2", "cluster": "village"}, "`CR2` is not defined with instruments"),
        ("y ~ place", {}, "the endogenous `recalled` is not in the formula"),
        ("y ~ recalled + assigned", {}, "the instrument `assigned` of `recalled` is a term of the model too"),
        (
            "y ~ recalled",
            {"instruments": {"recalled": "two"}},
            r"2 columns are endogenous .* give 1 independent column\.",
        ),
        ("y ~ recalled", {"instruments": {"recalled": "sent"}}, "there is no column `sent`"),
        ("y ~ recalled", {"instruments": {"recalled": []}}, "`recalled` has none"),
        ("y ~ recalled", {"instruments": "assigned"}, "`assigned` does not say what it is an instrument for"),
        ("y ~ recalled", {"instruments": {"recalled": "y"}}, "the outcome `y` is among them"),
        ("y ~ recalled", {"fixed_effects": "village"}, "are not fitted together"),
        ("read ~ recalled", {"model": "logit"}, "`logit` has no `instruments`"),
        ("y ~ recalled", {"distribution": "satterthwaite", "errors": "CR0", "cluster": "village"}, "of Satterthwaite"),
    ],
)
def test_what_cannot_be_fitted_is_told(formula: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(StudyError, match=said):
        fit(compliance(), formula, **{"errors": "HC1", "instruments": RECALLED, **options})


def test_an_instrument_that_moves_nothing_is_told() -> None:
    data = pd.DataFrame({"z": [0.0, 0, 1, 1] * 20, "x": [1.0, 2, 1, 2] * 20})
    data["y"] = data["x"] + np.random.default_rng(1).normal(size=80)
    with pytest.raises(StudyError, match=r"the instruments \(`z`\) do not move `x`"):
        fit(data, "y ~ x", errors="HC1", instruments={"x": "z"})


@pytest.mark.slow
def test_the_effect_among_those_who_comply_is_found_and_covered() -> None:
    """60% comply, and are more approving anyway: those who read it differ by more than its effect."""
    rng, found, naive = np.random.default_rng(11), [], []
    for _ in range(400):
        assigned, complies = rng.random(400) < 0.5, rng.random(400) < 0.6
        data = pd.DataFrame({"assigned": assigned, "read": assigned & complies})
        data["y"] = 0.7 * data["read"] + 1.0 * complies + rng.normal(size=400)
        row = contrasts(fit(data, "y ~ read", errors="HC1", instruments={"read": "assigned"}), "read").iloc[1]
        found.append((row["estimate"], row["conf_low"] <= 0.7 <= row["conf_high"]))
        naive.append(data.loc[data["read"], "y"].mean() - data.loc[~data["read"], "y"].mean())
    estimates, covered = np.array(found).T
    assert estimates.mean() == pytest.approx(0.7, abs=0.04)
    assert 0.92 < covered.mean() < 0.98
    assert np.mean(naive) > 1.0

"""Absorbed effects against dummies written out, linearmodels, statsmodels and first differences."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from tests.analysis.panels import panel
from vignetta.analysis.estimands.joint_tests import joint_test
from vignetta.analysis.estimands.margins import contrasts, differences, margins
from vignetta.analysis.models.fits import Fit
from vignetta.analysis.models.fitting import fit
from vignetta.analysis.models.spanning import written_out
from vignetta.errors import StudyError

SAME = 1e-9
"""Two exact algorithms of 45 columns, errors in all digits but a few."""
FORMULA = "y ~ arm * place + age"
WRITTEN = f"{FORMULA} + person"
ESTIMANDS: list[Any] = [
    (margins, None),
    (margins, "place"),
    (contrasts, None),
    (contrasts, "place"),
    (differences, "place"),
]
CLUSTERED = ["CR0", "CR1", "CR2", "CR3"]


def several(data: pd.DataFrame) -> pd.DataFrame:
    """Without respondents of one row."""
    return data[data.groupby("who")["who"].transform("size") > 1]


def both(data: pd.DataFrame, **options: Any) -> tuple[Fit, Fit]:
    return fit(data, FORMULA, fixed_effects="person", **options), fit(data, WRITTEN, **options)


def agree(absorbed: Fit, written: Fit) -> None:
    """Margins, contrasts, differences and a joint test, with errors and degrees of freedom."""
    for estimand, within in ESTIMANDS:
        found, expected = (estimand(each, "arm", within=within) for each in (absorbed, written))
        assert found["std_error"].isna().tolist() == expected["std_error"].isna().tolist()
        known = found["std_error"].notna()
        np.testing.assert_allclose(found["estimate"], expected["estimate"], rtol=SAME, atol=SAME)
        for column in ("std_error", "df", "conf_low", "p_value"):
            np.testing.assert_allclose(found.loc[known, column], expected.loc[known, column], rtol=SAME, atol=SAME)
    tests = [joint_test(each, "arm:place") for each in (absorbed, written)]
    assert tests[0].statistic == pytest.approx(tests[1].statistic, rel=SAME)
    assert tests[0].df_den == pytest.approx(tests[1].df_den, rel=SAME)


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("errors", ["classical", "HC0", "HC1"])
def test_errors_are_those_of_dummies(errors: Any, weights: str | None) -> None:
    agree(*both(panel(), errors=errors, weights=weights))


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("errors", ["HC2", "HC3", "HC4"])
def test_leverages_include_the_effects(errors: Any, weights: str | None) -> None:
    data = panel()
    agree(*both(several(data), errors=errors, weights=weights))


@pytest.mark.parametrize("distribution", ["t", "satterthwaite"])
@pytest.mark.parametrize("weights", [None, "w", "w_person"])
@pytest.mark.parametrize("cluster", ["person", "village", "item"])
@pytest.mark.parametrize("errors", CLUSTERED)
def test_clustered_errors_and_degrees_of_freedom_are_those_of_dummies(
    errors: Any, cluster: str, weights: str | None, distribution: Any
) -> None:
    agree(*both(panel(), errors=errors, cluster=cluster, weights=weights, distribution=distribution))


@pytest.mark.parametrize("errors", ["CR0", "CR1"])
def test_two_ways_of_clustering_are_those_of_dummies(errors: Any) -> None:
    data = panel().assign(each=lambda rows: rows["person"] + rows["item"].astype(str))
    absorbed = fit(data, FORMULA, errors=errors, cluster=("person", "item"), fixed_effects="person")
    one, other, both_at_once = (
        fit(data, WRITTEN, errors=errors, cluster=each).vcov[1:4, 1:4] for each in ("person", "item", "each")
    )
    np.testing.assert_allclose(absorbed.vcov[1:4, 1:4], one + other - both_at_once, rtol=SAME)


def test_effects_within_clusters_do_not_count_in_stata_s_factor() -> None:
    data = panel()
    for cluster, counted in (("person", 7), ("village", 7), ("item", 46)):
        absorbed, written = both(data, errors="CR1S", cluster=cluster)
        ratio = (absorbed.n - len(written.coef)) / (absorbed.n - counted)
        expected = written.vcov[1:4, 1:4] * ratio
        np.testing.assert_allclose(absorbed.vcov[1:4, 1:4], expected, rtol=SAME)


def test_clusters_that_hold_a_direction_alone_have_no_error() -> None:
    data = panel()
    data["only"] = np.where((data["item"] == 0) & (data["age"] > 0), data["age"], 0.0)
    options: dict[str, Any] = {"errors": "CR0", "cluster": "item"}
    found = fit(data, "y ~ arm + only", fixed_effects="person", **options)
    written = fit(data, "y ~ arm + only + person", **options)
    each = np.eye(len(found.coef))[1:]
    assert found.is_absorbed(each).tolist() == [False, False, True]
    assert written.is_absorbed(np.eye(len(written.coef))[[1, 2, written.terms.index("only")]]).tolist()[2]


def test_many_effects_that_span_clusters_are_told() -> None:
    data = panel(rows=2_000, people=400)
    with pytest.raises(StudyError, match=r"`CR2` needs all effects .* cut across `person`, and there are 39\d of them"):
        fit(data, FORMULA, errors="CR2", cluster="item", fixed_effects="person")
    agree(*both(data, errors="CR1", cluster="item"))


def test_effects_written_out_give_the_same_basis() -> None:
    found = fit(panel(), FORMULA, fixed_effects="who", errors="HC1", weights="w")
    assert found.solution is not None and found.sample.units is not None
    wide = written_out(found.solution, found.sample.units)
    cross = wide.inverse @ wide.inverse.T
    np.testing.assert_allclose(cross, found.solution.inverse @ found.solution.inverse.T, rtol=SAME, atol=1e-15)
    gram = wide.basis.cross(wide.weights)
    np.testing.assert_allclose(gram, np.eye(len(gram)), atol=SAME)


@pytest.mark.parametrize(("errors", "theirs"), [("classical", "nonrobust"), ("HC1", "HC1"), ("HC3", "HC3")])
def test_statsmodels(errors: Any, theirs: Any) -> None:
    data = panel()
    data = several(data)
    found = fit(data, FORMULA, errors=errors, fixed_effects="who")
    expected = smf.ols(WRITTEN, data).fit(cov_type=theirs)
    np.testing.assert_allclose(found.coef[1:], expected.params[list(found.terms[1:])], rtol=SAME)
    np.testing.assert_allclose(np.sqrt(np.diag(found.vcov))[1:], expected.bse[list(found.terms[1:])], rtol=SAME)
    assert found.df == expected.df_resid


@pytest.mark.parametrize("weights", [None, "w"])
def test_linearmodels(weights: str | None) -> None:
    from linearmodels import PanelOLS

    data = panel()
    data = several(data)
    rows = data.assign(t=data.groupby("who").cumcount()).set_index(["who", "t"])
    model = PanelOLS.from_formula(f"{FORMULA} + 1 + EntityEffects", rows, weights=rows[weights] if weights else None)
    for errors, cluster, theirs in (
        ("classical", None, {"cov_type": "unadjusted"}),
        ("HC1", None, {"cov_type": "robust"}),
        ("CR1S", "who", {"cov_type": "clustered", "cluster_entity": True, "group_debias": True}),
    ):
        found = fit(data, FORMULA, errors=errors, cluster=cluster, fixed_effects="who", weights=weights)
        expected = model.fit(**theirs)
        np.testing.assert_allclose(found.coef, expected.params, rtol=SAME)
        np.testing.assert_allclose(found.vcov[1:, 1:], expected.cov.to_numpy()[1:, 1:], rtol=1e-7)


def test_two_rows_each_are_first_differences() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(2, 30)), rng.normal(size=(2, 30))
    data = pd.DataFrame({"who": np.tile(np.arange(30), 2), "x": first.ravel(), "y": second.ravel()})
    dx, dy = first[1] - first[0], second[1] - second[0]
    b = dx @ dy / (dx @ dx)
    clustered = np.sqrt(dx**2 @ (dy - b * dx) ** 2) / (dx @ dx)
    found = fit(data, "y ~ x", fixed_effects="who", errors="CR0", cluster="who")
    assert found.coef[1] == pytest.approx(b)
    assert np.sqrt(found.vcov[1, 1]) == pytest.approx(clustered)
    h = dx**2 / (dx @ dx)
    cr2 = np.sqrt(np.sum(dx**2 * (dy - b * dx) ** 2 / (1 - h))) / (dx @ dx)
    assert np.sqrt(fit(data, "y ~ x", fixed_effects="who", errors="CR2", cluster="who").vcov[1, 1]) == pytest.approx(
        cr2
    )


def test_the_wild_bootstrap_is_that_of_dummies() -> None:
    from vignetta.analysis.inference.resampling import wild_bootstrap

    absorbed, written = both(panel(), errors="CR1", cluster="village")
    found, expected = (
        contrasts(wild_bootstrap(each, rng=np.random.default_rng(1), draws=199), "arm", within="place")
        for each in (absorbed, written)
    )
    np.testing.assert_allclose(found["p_value"], expected["p_value"])
    np.testing.assert_allclose(found["conf_low"], expected["conf_low"], rtol=1e-6, atol=1e-9)
    with pytest.raises(StudyError, match="span clusters"):
        wild_bootstrap(
            fit(panel(), FORMULA, errors="CR1", cluster="item", fixed_effects="who"), rng=np.random.default_rng(1)
        )


def test_notes_count_effects_and_respondents_with_one_row() -> None:
    found = fit(panel(), FORMULA, errors="HC2", fixed_effects="who")
    assert any(
        each == f"the effect of each `who` is held constant ({panel()['who'].nunique()})" for each in found.notes
    )
    single = int((panel()["who"].value_counts() == 1).sum())
    assert any(each.startswith(f"{single} `who` with one row tell") for each in found.notes)
    assert margins(found, "arm")["std_error"].isna().all()
    assert contrasts(found, "arm")["std_error"].iloc[1:].gt(0).all()
    assert set(contrasts(found, "arm")["note"]) == {"; ".join(found.notes)}


def test_rows_without_a_unit_are_left_out_and_counted() -> None:
    data = panel()
    data.loc[[3, 4], "person"] = None
    found = fit(data, FORMULA, fixed_effects="person", errors="HC1")
    assert (found.n, found.n_missing) == (238, 2)


@pytest.mark.parametrize(
    ("formula", "options", "said"),
    [
        ("y ~ arm + trait", {}, "`trait` does not vary within any `who`"),
        ("y ~ arm + trait + C(village)", {}, "`trait`, `C.village.` do not vary within any `who`"),
        ("y ~ 0 + arm", {}, "takes the intercept out"),
        ("y ~ 1", {}, "no term is left"),
        ("trait ~ arm", {}, "it does not vary within any `who`"),
        ("y ~ arm + who", {}, "`who` is in the formula too"),
        ("y ~ arm", {"model": "logit"}, "`logit` has no `fixed_effects`"),
        ("y ~ arm", {"random_effects": "who"}, "are not fitted together"),
        ("y ~ arm", {"fixed_effects": ("who", "item")}, "is not one column"),
        ("y ~ arm", {"fixed_effects": "whom"}, "there is no column `whom`"),
    ],
)
def test_what_cannot_be_fitted_is_told(formula: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(StudyError, match=said):
        fit(panel(), formula, **{"fixed_effects": "who", "errors": "HC1", **options})


def test_a_trait_of_respondents_stands_for_its_interactions() -> None:
    data = panel().assign(party=lambda rows: np.where(rows["trait"] > 0, "left", "right"))
    found = fit(data, "y ~ arm * party + age", errors="CR2", cluster="person", fixed_effects="person")
    data["q"], data["r"] = ((data["arm"] == each) * (data["party"] == "right") * 1.0 for each in "qr")
    written = fit(data, "y ~ arm + age + q + r + person", errors="CR2", cluster="person")
    for level, extra in (("q", "q"), ("r", "r")):
        combination = np.zeros((1, len(written.coef)))
        combination[0, [written.terms.index(f"arm[T.{level}]"), written.terms.index(extra)]] = 1
        row = contrasts(found, "arm", within="party").query("level == @level and within_level == 'right'").iloc[0]
        assert row["estimate"] == pytest.approx((combination @ written.coef)[0], rel=SAME)
        assert row["std_error"] == pytest.approx(written.std_errors(combination)[0], rel=SAME)
        assert row["df"] == pytest.approx(written.degrees_of_freedom(combination)[0], rel=SAME)
    assert joint_test(found, "arm:party").statistic == pytest.approx(
        joint_test(written, ["q", "r"]).statistic, rel=SAME
    )


def test_what_a_trait_adds_is_not_known_and_the_mean_over_respondents_is() -> None:
    data = panel().assign(party=lambda rows: np.where(rows["trait"] > 0, "left", "right"))
    found = fit(data, "y ~ arm * party", errors="HC1", fixed_effects="person")
    assert contrasts(found, "party")["estimate"].iloc[1:].isna().all()
    assert margins(found, "arm", within="party")["estimate"].isna().all()
    known = margins(found, "arm")
    steps = contrasts(found, "arm")["estimate"]
    shares = data["arm"].value_counts(normalize=True)[["p", "q", "r"]].to_numpy()
    assert known["std_error"].gt(0).all() and (known["estimate"] - known["estimate"][0]).to_list() == pytest.approx(
        steps
    )
    assert shares @ known["estimate"] == pytest.approx(data["y"].mean(), abs=0.1)
    assert "nan" in repr(found).lower()


@pytest.mark.slow
def test_intervals_cover_where_effects_go_with_the_treatment() -> None:
    """Respondents with large effects read one level more often: least squares is biased, the within estimator not."""
    rng = np.random.default_rng(7)
    covered, plain = [], []
    for _ in range(400):
        effect = np.repeat(rng.normal(size=25), 5)
        data = pd.DataFrame({"who": np.repeat(np.arange(25), 5), "x": effect + rng.normal(size=125)})
        data["y"] = 0.5 * data["x"] + effect + rng.normal(size=125) * (1 + (effect > 0))
        found = fit(data, "y ~ x", errors="CR2", cluster="who", fixed_effects="who")
        table = found.infer(np.eye(2)[1:], found.std_errors(np.eye(2)[1:]), found.degrees_of_freedom(np.eye(2)[1:]))
        covered.append(bool(table.conf_low[0] <= 0.5 <= table.conf_high[0]))
        plain.append(float(fit(data, "y ~ x", errors="HC1").coef[1]))
    assert 0.92 < np.mean(covered) < 0.98
    assert np.mean(plain) > 0.8

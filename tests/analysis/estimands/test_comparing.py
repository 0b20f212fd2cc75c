"""Contrasts of every kind, conditional estimands and ratios, against group means, closed forms and derivatives."""

from itertools import combinations, pairwise, product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from vignetta.analysis.estimands.margins import conditional, contrasts, differences, margins
from vignetta.analysis.estimands.targets import target
from vignetta.analysis.inference.resampling import wild_bootstrap
from vignetta.analysis.models.fits import Fit
from vignetta.analysis.models.fitting import fit
from vignetta.errors import StudyError
from vignetta.report.results import Estimates

EXACT = 1e-9
"""The same quantity by another route, up to rounding."""
STEP = 1e-5
DERIVATIVE = 1e-6
"""Central differences of smooth functions at this step."""


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    n = 240
    made = pd.DataFrame({"arm": rng.choice(list("abcd"), n), "place": rng.choice(["p", "q"], n)})
    made = made.assign(side=rng.choice(["l", "r"], n), age=rng.integers(18, 80, n).astype(float))
    score = made["arm"].map({"a": 0.0, "b": 0.4, "c": 0.9, "d": -0.3}) + 0.02 * made["age"] * (made["place"] == "q")
    return made.assign(y=3 + score + rng.normal(size=n), yes=(rng.random(n) < expit(score - 0.5)).astype(int))


def means(data: pd.DataFrame) -> tuple[dict[str, float], dict[str, float]]:
    """Each arm's mean, and its variance with one degree of freedom taken (HC2 in a model of cell means)."""
    groups = data.groupby("arm")["y"]
    return groups.mean().to_dict(), (groups.var() / groups.size()).to_dict()


def test_pairwise_and_sequential_contrasts_are_differences_of_means(data: pd.DataFrame) -> None:
    fitted, (mean, variance) = fit(data, "y ~ arm", errors="HC2"), means(data)
    pairs = {"pairwise": list(combinations("abcd", 2)), "sequential": list(pairwise("abcd"))}
    for comparison, expected in pairs.items():
        found = contrasts(fitted, "arm", comparison=comparison)  # type: ignore[arg-type]
        assert list(zip(found["versus"], found["level"], strict=True)) == expected
        assert not found["is_reference"].any()
        for (versus, level), (_, row) in zip(expected, found.iterrows(), strict=True):
            assert row["estimate"] == pytest.approx(mean[level] - mean[versus], abs=EXACT)
            assert row["std_error"] == pytest.approx(np.sqrt(variance[level] + variance[versus]), rel=EXACT)


def test_the_grand_mean_counts_every_level_the_same(data: pd.DataFrame) -> None:
    fitted, (mean, variance) = fit(data, "y ~ arm", errors="HC2"), means(data)
    found = contrasts(fitted, "arm", comparison="grand_mean").set_index("level")
    for level in "abcd":
        weights = {each: (each == level) - 0.25 for each in "abcd"}
        assert found.loc[level, "estimate"] == pytest.approx(sum(weights[x] * mean[x] for x in "abcd"), abs=EXACT)
        error = np.sqrt(sum(weights[x] ** 2 * variance[x] for x in "abcd"))
        assert found.loc[level, "std_error"] == pytest.approx(error, rel=EXACT)
    assert set(found["versus"]) == {"grand mean"}
    three = contrasts(fitted, "arm", comparison="grand_mean", levels=["a", "b", "c"])
    assert three["estimate"].iloc[0] == pytest.approx(mean["a"] - (mean["a"] + mean["b"] + mean["c"]) / 3, abs=EXACT)


def test_a_grand_mean_reads_only_what_exists_beside_all_levels() -> None:
    """c never stands with q: all three are compared at p alone, a pair without c over p and q."""
    cells = [("a", "p"), ("a", "q"), ("b", "p"), ("b", "q"), ("c", "p")]
    value = {cell: float(2**place) for place, cell in enumerate(cells)}
    rows = [{"arm": arm, "place": place, "y": value[arm, place] + e} for arm, place in cells for e in (-1.0, 0.0, 1.0)]
    over = pd.DataFrame([{"arm": arm, "place": place, "probability": 0.2} for arm, place in cells])
    frame = pd.DataFrame(rows).assign(cell=lambda each: each["arm"] + each["place"])
    fitted = fit(frame.assign(late=(frame["cell"] == "bq").astype(float)), "y ~ arm + place + late")
    found = contrasts(fitted, "arm", comparison="grand_mean", average_over=over).set_index("level")["estimate"]
    margin = {
        arm: margins(fitted, "arm", within="place").query("within_level == 'p'").set_index("level")["estimate"][arm]
        for arm in "abc"
    }
    for arm in "abc":
        assert found[arm] == pytest.approx(margin[arm] - np.mean(list(margin.values())), abs=EXACT)


def test_effects_within_two_factors_are_differences_of_cell_means(data: pd.DataFrame) -> None:
    fitted = fit(data, "y ~ arm * place * side", errors="HC2")
    found = conditional(fitted, "arm", within=("place", "side"))
    mean = data.groupby(["arm", "place", "side"])["y"].mean()
    assert set(found["within_factor"]) == {"place × side"}
    shown = found.set_index(["within_level", "level"])["estimate"]
    for place, side, arm in product("pq", "lr", "bcd"):
        expected = mean[arm, place, side] - mean["a", place, side]
        assert shown[f"{place} × {side}", arm] == pytest.approx(expected, abs=EXACT)
    levels = conditional(fitted, "arm", within="place", at={"side": "l"}, estimand="conditional_margin")
    assert set(levels["estimand"]) == {"conditional_margin"} and len(levels) == 8
    assert levels["estimate"].iloc[0] == pytest.approx(mean["a", "p", "l"], abs=EXACT)
    second = differences(fitted, "arm", within="place", at={"side": ["r"]}).set_index("level")
    for arm in "bcd":
        expected = mean[arm, "q", "r"] - mean["a", "q", "r"] - mean[arm, "p", "r"] + mean["a", "p", "r"]
        assert second.loc[arm, "estimate"] == pytest.approx(expected, abs=EXACT)
    assert set(second["within_level"]) == {"q vs p × r"} and set(second["within_factor"]) == {"place × side"}


def test_effects_at_values_of_a_number_are_those_of_its_slope(data: pd.DataFrame) -> None:
    fitted = fit(data, "y ~ arm * age + I(age ** 2) + place", errors="HC3")
    found = contrasts(fitted, "arm", at={"age": [30, 50.5]}).set_index(["within_level", "level"])
    for text, age in (("30", 30.0), ("50.5", 50.5)):
        c = np.zeros(len(fitted.coef))
        c[fitted.terms.index("arm[T.c]")], c[fitted.terms.index("arm[T.c]:age")] = 1.0, age
        assert found.loc[(text, "c"), "estimate"] == pytest.approx(c @ fitted.coef, abs=EXACT)
        assert found.loc[(text, "c"), "std_error"] == pytest.approx(np.sqrt(c @ fitted.vcov @ c), rel=EXACT)
    margin = margins(fitted, "arm", at={"age": 30}).set_index("level")["estimate"]
    b = dict(zip(fitted.terms, fitted.coef, strict=True))
    by_hand = b["Intercept"] + 30 * b["age"] + 900 * b["I(age ** 2)"] + b["place[T.q]"] * (data["place"] == "q").mean()
    assert margin["a"] == pytest.approx(by_hand, abs=EXACT)
    assert margins(fitted, "arm")["estimate"].iloc[0] != pytest.approx(by_hand, abs=0.01)


def test_a_value_outside_the_data_is_noted(data: pd.DataFrame) -> None:
    fitted = fit(data, "y ~ arm * age")
    inside, outside = (margins(fitted, "arm", at={"age": each}) for each in (40, 400))
    assert set(inside["note"]) == {""}
    assert "age 400 is outside the data" in outside["note"].iloc[0]


# ----------------------------------------------------------------------------------------------------------- ratios


def two_by_two(counts: tuple[int, int, int, int]) -> pd.DataFrame:
    a, b, c, d = counts
    return pd.DataFrame({"arm": ["x"] * (a + b) + ["y"] * (c + d), "yes": [1] * a + [0] * b + [1] * c + [0] * d})


def test_ratios_of_a_table_have_their_closed_forms() -> None:
    """Woolf (1955) for the odds ratio, Katz et al. (1978) for the risk ratio."""
    a, b, c, d = 15, 45, 34, 26
    data = two_by_two((a, b, c, d))
    logit = fit(data, "yes ~ arm", model="logit", errors="classical", distribution="normal")
    odds, risk = (contrasts(logit, "arm", scale=each).iloc[1] for each in ("odds_ratio", "ratio"))  # type: ignore[arg-type]
    assert odds["estimate"] == pytest.approx(c * b / (d * a), rel=EXACT)
    assert risk["estimate"] == pytest.approx(c / (c + d) / (a / (a + b)), rel=EXACT)
    errors = {
        "odds": np.sqrt(1 / a + 1 / b + 1 / c + 1 / d),
        "risk": np.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)),
    }
    for row, error in ((odds, errors["odds"]), (risk, errors["risk"])):
        assert row["std_error"] / row["estimate"] == pytest.approx(error, rel=1e-8)
        assert row["conf_low"] == pytest.approx(row["estimate"] * np.exp(-1.959963984540054 * error), rel=1e-8)
        assert row["conf_high"] == pytest.approx(row["estimate"] * np.exp(1.959963984540054 * error), rel=1e-8)
        assert row["statistic"] == pytest.approx(np.log(row["estimate"]) / error, rel=1e-8)
    assert (odds["estimand"], risk["estimand"]) == ("odds_ratio", "ratio")
    linear = fit(data, "yes ~ arm", errors="HC0", distribution="normal")
    for scale, row in (("odds_ratio", odds), ("ratio", risk)):
        found = contrasts(linear, "arm", scale=scale)  # type: ignore[arg-type]
        assert found["estimate"].iloc[1] == pytest.approx(row["estimate"], rel=1e-8)
        assert found["std_error"].iloc[1] == pytest.approx(row["std_error"], rel=1e-8)
        reference = found.iloc[0]
        assert reference["is_reference"] and reference["estimate"] == reference["conf_low"] == 1.0


@pytest.mark.parametrize("scale", ["ratio", "odds_ratio"])
def test_ratios_of_averaged_predictions_have_the_derivatives_of_differences(data: pd.DataFrame, scale: Any) -> None:
    fitted = fit(data, "yes ~ arm * place + age", model="logit", errors="HC1")

    def logarithm(coef: Any) -> float:
        mean = [
            expit(
                fitted.design_matrix(fitted.sample.data.assign(arm=pd.Categorical([arm] * len(data), list("abcd"))))
                @ coef
            ).mean()
            for arm in "ca"
        ]
        value = [p / (1 - p) if scale == "odds_ratio" else p for p in mean]
        return float(np.log(value[0] / value[1]))

    steps = STEP * np.eye(len(fitted.coef))
    gradient = np.array([(logarithm(fitted.coef + e) - logarithm(fitted.coef - e)) / (2 * STEP) for e in steps])
    row = contrasts(fitted, "arm", scale=scale).set_index("level").loc["c"]
    assert np.log(row["estimate"]) == pytest.approx(logarithm(fitted.coef), abs=EXACT)
    assert row["std_error"] / row["estimate"] == pytest.approx(
        np.sqrt(gradient @ fitted.vcov @ gradient), rel=DERIVATIVE
    )


def test_ratios_of_counts_and_of_categories(data: pd.DataFrame) -> None:
    counts = data.assign(count=np.floor(data["age"] / 20))
    poisson = fit(counts, "count ~ arm", model="poisson", errors="HC1")
    found = contrasts(poisson, "arm", scale="ratio").set_index("level")
    assert found.loc["b", "estimate"] == pytest.approx(np.exp(poisson.coef[1]), rel=EXACT)
    assert found.loc["b", "std_error"] / found.loc["b", "estimate"] == pytest.approx(
        np.sqrt(poisson.vcov[1, 1]), rel=EXACT
    )
    ordered = fit(counts, "count ~ arm", model="ordered_logit", errors="HC1")
    at_least = contrasts(ordered, "arm", scale="odds_ratio", predict=">=2").set_index("level")
    slope = ordered.terms.index("arm[T.b]")
    assert at_least.loc["b", "estimate"] == pytest.approx(np.exp(ordered.coef[slope]), rel=1e-8)
    for refused in (poisson, ordered):
        with pytest.raises(StudyError, match="is no probability, so it has no odds"):
            contrasts(refused, "arm", scale="odds_ratio")
    with pytest.raises(StudyError, match="`y` is no probability"):
        contrasts(fit(data, "y ~ arm"), "arm", scale="odds_ratio")


def test_a_mean_without_a_ratio_is_refused(data: pd.DataFrame) -> None:
    below = data.assign(y=data["y"].where(data["arm"] != "c", data["y"] - 20))
    with pytest.raises(StudyError, match="predicted mean at `c` is -.* which has no ratio"):
        contrasts(fit(below, "y ~ arm * place"), "arm", scale="ratio", within="place")
    boot = wild_bootstrap(
        fit(data.assign(row=range(len(data))), "y ~ arm", errors="CR1", cluster="row"),
        rng=np.random.default_rng(1),
        draws=99,
    )
    with pytest.raises(StudyError, match="not tested by resampling"):
        contrasts(boot, "arm", scale="ratio")


def test_ratios_print_and_are_drawn_around_one(data: pd.DataFrame) -> None:
    shown = Estimates(contrasts(fit(data, "yes ~ arm", model="logit", errors="HC1"), "arm", scale="odds_ratio"))
    assert "odds ratio" in shown.heading
    drawn = shown.plot().axes[0]
    assert drawn.get_xscale() == "log"
    assert any(np.allclose(line.get_xdata(), 1.0) and len(line.get_xdata()) == 2 for line in drawn.lines)
    pairs = Estimates(contrasts(fit(data, "y ~ arm"), "arm", comparison="pairwise"))
    assert pairs.plot().axes[0].get_yticklabels()[0].get_text() == "b vs a"
    assert "d" in repr(pairs)


# -------------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"comparison": "all"}, "Options: `reference`, `pairwise`, `sequential`, `grand_mean`"),
        ({"comparison": "pairwise", "versus": "a"}, "`pairwise` has no level that all are compared with"),
        ({"comparison": "sequential", "levels": ["b"]}, "nothing to compare"),
        ({"scale": "log"}, "Options: `difference`, `ratio`, `odds_ratio`"),
        ({"within": "age"}, r"`age` is a number.*at=\{"),
        ({"within": "arm"}, "cannot be conditioned on itself"),
        ({"within": ("place", "place")}, "named twice"),
        ({"within": "place", "at": {"place": "p"}}, "named twice"),
        ({"at": {"agee": 3}}, "no variable `agee`"),
        ({"at": {"age": "old"}}, "`old` is no number"),
        ({"at": {"age": [float("inf")]}}, "`inf` is no number"),
        ({"at": {"age": []}}, "no value is named"),
        ({"at": {"place": ["x"]}}, "`place` has no level `x`"),
        ({"adjust": "fdr"}, "`single_step`"),
    ],
)
def test_what_cannot_be_compared_is_said(data: pd.DataFrame, options: Any, said: str) -> None:
    with pytest.raises(StudyError, match=said):
        contrasts(fit(data, "y ~ arm * age + place"), "arm", **options)


def test_all_problems_come_at_once(data: pd.DataFrame) -> None:
    with pytest.raises(StudyError) as caught:
        contrasts(fit(data, "y ~ arm * age + place"), "arm", within="plaec", at={"age": ["x", "y"]})
    assert len(caught.value.problems) == 3


def test_conditional_needs_a_condition(data: pd.DataFrame) -> None:
    fitted = fit(data, "y ~ arm")
    with pytest.raises(StudyError, match="nothing is conditioned on"):
        conditional(fitted, "arm")
    with pytest.raises(StudyError, match="conditional_margin"):
        conditional(fitted, "arm", within="arm", estimand="margin")  # type: ignore[arg-type]


def test_a_level_may_be_named_as_a_comparison(data: pd.DataFrame) -> None:
    renamed = data.assign(arm=data["arm"].replace({"b": "pairwise", "c": "grand mean"}))
    fitted: Fit = fit(renamed, "y ~ arm")
    found = contrasts(fitted, "arm", versus="pairwise").set_index("level")["estimate"]
    mean = renamed.groupby("arm")["y"].mean()
    assert found["grand mean"] == pytest.approx(mean["grand mean"] - mean["pairwise"], abs=EXACT)


def test_conditional_effects_are_averaged_over_a_target(data: pd.DataFrame) -> None:
    fitted = fit(data, "y ~ arm * place * age")
    alike = target({"place": {"p": 0.25, "q": 0.75}}, name="quarter")
    found = contrasts(fitted, "arm", at={"age": 30}, average_over=alike).set_index("level")["estimate"]
    parts = contrasts(fitted, "arm", at={"age": 30}, within="place").set_index(["level", "within_level"])["estimate"]
    assert found["d"] == pytest.approx(0.25 * parts["d", "p × 30"] + 0.75 * parts["d", "q × 30"], abs=EXACT)

"""Margins, contrasts, differences and joint tests against R, closed forms and each other."""

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vignetta.analysis.estimands.joint_tests import joint_test
from vignetta.analysis.estimands.margins import contrasts, differences, margins
from vignetta.analysis.models.fits import Fit
from vignetta.analysis.models.fitting import fit
from vignetta.design.assigning.vignettes import vignettes
from vignetta.design.declaration import Design
from vignetta.errors import StudyError
from vignetta.frames import ESTIMATES

R = 1e-8
"""Relative to the estimate or its error: R prints 15 digits, the averages agree to about 1e-12."""
EXACT = 1e-9
"""The same quantity by another route, up to rounding."""
FACTORS = ["transgression", "regime", "capability", "treaty"]
CASES = [
    ("n1502", "unweighted", "HC2"),
    ("n1502", "weighted", "HC3"),
    ("n9012", "unweighted", "CR1"),
    ("n9012", "unweighted", "CR0"),
    ("n9012", "weighted", "CR1S"),
    ("n9012", "weighted", "classical"),
]


@pytest.fixture(scope="module", params=CASES, ids="-".join)
def case(request: pytest.FixtureRequest, numbers: Any, responses: Any) -> tuple[Fit, Any, str]:
    data, weighted, errors = request.param
    expected = numbers("ols")[data]["full"][weighted]
    weights = "weight" if weighted == "weighted" else None
    cluster = "rid" if errors.startswith("CR") else None
    found = fit(responses[data], expected["formula"], errors=errors, cluster=cluster, weights=weights)
    return found, expected, errors


def agree(frame: pd.DataFrame, expected: list[dict[str, Any]], errors: str) -> None:
    """Every row against R's, keyed by the level of the factor and of the other factor."""
    known = {(each["response"], each["level"] or ""): each for each in expected}
    shown = frame[~frame["is_reference"]]
    assert len(shown) == len(known) > 0
    for _, row in shown.iterrows():
        each = known[row["level"], row["within_level"].split(" vs ")[0]]
        assert row["std_error"] == pytest.approx(each[f"se_{errors}"], rel=R)
        assert row["estimate"] == pytest.approx(each["estimate"], abs=R * each[f"se_{errors}"])


def of(expected: Any, estimand: str, factor: str | None = None) -> list[dict[str, Any]]:
    return [each for each in expected["effects"] if each["estimand"] == estimand and each["factor"] == factor]


def test_margins_are_those_of_r(case: Any) -> None:
    agree(margins(case[0], "response"), of(case[1], "margin"), case[2])


def test_contrasts_are_those_of_r(case: Any) -> None:
    agree(contrasts(case[0], "response"), of(case[1], "contrast"), case[2])


@pytest.mark.parametrize("within", FACTORS)
def test_conditional_effects_are_those_of_r(case: Any, within: str) -> None:
    found, expected, errors = case
    agree(margins(found, "response", within=within), of(expected, "cond_margin_counterfactual", within), errors)
    agree(contrasts(found, "response", within=within), of(expected, "cond_contrast_counterfactual", within), errors)
    agree(
        differences(found, "response", within=within), of(expected, "diff_in_contrast_counterfactual", within), errors
    )


@pytest.mark.parametrize("within", FACTORS)
def test_joint_tests_are_those_of_r(case: Any, within: str) -> None:
    found, expected, errors = case
    each = next(t for t in expected["wald"] if t["test"] == f"response:{within}" and t["vcov"] == errors)
    for term in (f"response:{within}", f"{within}:response"):
        test = joint_test(found, term)
        assert test.statistic == pytest.approx(each["F"], rel=R)
        assert (test.df_num, test.df_den) == (each["df1"], found.df)
    if errors != "CR0" and not errors.startswith("CR"):
        assert test.p_value == pytest.approx(each["p_F"], rel=R)


def test_pairs_of_levels_have_r_s_tests(numbers: Any, responses: Any) -> None:
    expected = numbers("multiplicity")["n1502"]["all_pairs"]
    formula = numbers("ols")["n1502"]["full"]["unweighted"]["formula"]
    found = fit(responses["n1502"], formula, errors="HC3")
    for label, p, estimate in zip(expected["labels"], expected["p_t"], expected["estimate"], strict=True):
        level, versus = label.split(" - ")
        row = contrasts(found, "response", versus=versus, levels=[level]).query("not is_reference").iloc[0]
        assert (row["p_value"], row["estimate"]) == pytest.approx((p, estimate), rel=R)


# ------------------------------------------------------------------------------------------------ closed forms


def balanced(design: Design, copies: int = 3) -> pd.DataFrame:
    cells = vignettes(design).drop(columns=["probability", "text"])
    data = pd.concat([cells] * copies, ignore_index=True)
    rng = np.random.default_rng(4)
    return data.assign(y=rng.normal(size=len(data)), age=rng.integers(18, 90, len(data)))


@pytest.mark.parametrize("average_over", ["sample", "design"])
def test_in_a_balanced_design_a_margin_is_the_mean_of_its_cells(design: Design, average_over: Any) -> None:
    data = balanced(design)
    found = fit(data, "y ~ response * (action + regime)")
    shown = margins(found, "response", average_over=average_over, design=design).set_index("level")["estimate"]
    np.testing.assert_allclose(shown, data.groupby("response", observed=True)["y"].mean()[shown.index], atol=EXACT)
    inside = margins(found, "response", within="action", average_over=average_over, design=design)
    means = data.groupby(["action", "response"], observed=True)["y"].mean()
    for _, row in inside.iterrows():
        assert row["estimate"] == pytest.approx(means[row["within_level"], row["level"]], abs=EXACT)


def test_a_saturated_difference_is_the_difference_of_differences() -> None:
    rng = np.random.default_rng(8)
    data = pd.DataFrame(
        {"a": rng.choice(["a0", "a1"], 80), "b": rng.choice(["b0", "b1"], 80), "y": rng.normal(size=80)}
    )
    mean = data.groupby(["a", "b"])["y"].mean()
    found = differences(fit(data, "y ~ a * b"), "a", within="b")
    expected = mean["a1", "b1"] - mean["a0", "b1"] - mean["a1", "b0"] + mean["a0", "b0"]
    assert found["estimate"].tolist() == pytest.approx([expected], abs=EXACT)
    assert found["within_level"].tolist() == ["b1 vs b0"]


def test_numeric_codes_are_factors_where_the_formula_says_so() -> None:
    data = pd.DataFrame({"ally": [0.0, 1, 0, 1, 1, 0], "y": [1.0, 4, 2, 6, 5, 2]})
    found = contrasts(fit(data, "y ~ C(ally)"), "ally")
    assert found["level"].tolist() == ["0", "1"]
    assert found["estimate"].tolist() == pytest.approx([0, 5 - 5 / 3], abs=EXACT)
    with pytest.raises(StudyError, match=r"Write `C\(ally\)`"):
        margins(fit(data, "y ~ ally"), "ally")


@pytest.mark.parametrize(
    "formula", ["y ~ arm * b", "y ~ C(arm, Treatment('z')) * b", "y ~ 0 + arm * b", "y ~ C(arm, contr.sum) * b"]
)
def test_the_coding_of_a_factor_does_not_matter(formula: str) -> None:
    rng = np.random.default_rng(8)
    data = pd.DataFrame(
        {"arm": rng.choice(list("xyz"), 80), "b": rng.choice(["b0", "b1"], 80), "y": rng.normal(size=80)}
    )
    plain, coded = (contrasts(fit(data, each), "arm", within="b") for each in ("y ~ arm * b", formula))
    np.testing.assert_allclose(coded["estimate"], plain["estimate"], atol=EXACT)
    np.testing.assert_allclose(coded["std_error"], plain["std_error"], atol=EXACT)


# -------------------------------------------------------------------------------------------------- properties


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    copies = draw(st.integers(2, 4))
    cells = list(product(["a0", "a1", "a2"], ["b0", "b1"])) * copies
    values = st.floats(-100, 100, allow_nan=False).map(lambda each: round(each, 3))
    y = draw(st.lists(values, min_size=len(cells), max_size=len(cells), unique=True))
    return pd.DataFrame(cells, columns=["a", "b"]).assign(y=y)


@settings(max_examples=15, deadline=None)
@given(data=frames())
def test_a_contrast_is_the_difference_of_margins(data: pd.DataFrame) -> None:
    found = fit(data, "y ~ a * b", errors="HC1")
    shown = margins(found, "a").set_index("level")["estimate"]
    for versus in ("a0", "a2"):
        effects = contrasts(found, "a", versus=versus).set_index("level")["estimate"]
        np.testing.assert_allclose(effects, shown[effects.index] - shown[versus], atol=1e-7)


@settings(max_examples=15, deadline=None)
@given(data=frames(), seed=st.integers(0, 1000))
def test_the_order_of_rows_does_not_matter(data: pd.DataFrame, seed: int) -> None:
    shuffled = data.sample(frac=1, random_state=seed)
    first, second = (contrasts(fit(each, "y ~ a * b"), "a", within="b") for each in (data, shuffled))
    numbers = ["estimate", "std_error", "conf_low"]
    np.testing.assert_allclose(first[numbers], second[numbers], atol=1e-7)


# ------------------------------------------------------------------------------------------------------- frames


def test_rows_have_the_declared_columns_and_say_what_they_are(design: Design) -> None:
    found = fit(balanced(design), "y ~ response * regime", errors="HC1")
    shown = contrasts(found, "response", within="regime", average_over="design", design=design)
    assert list(shown.columns) == list(ESTIMATES)
    assert set(shown["estimand"]) == {"conditional_effect"}
    assert set(shown["average_over"]) == {"design"}
    assert set(shown["errors"]) == {"HC1"}
    assert shown["p_adjusted"].isna().all()
    reference = shown[shown["is_reference"]]
    assert reference["level"].tolist() == ["status_quo"] * 2
    assert reference["within_level"].tolist() == ["autocracy", "democracy"]
    zeros = reference[["estimate", "std_error", "conf_low", "conf_high"]]
    assert (zeros == 0).all(axis=None)
    assert reference[["statistic", "p_value"]].isna().all(axis=None)


def test_the_design_says_which_level_is_the_reference(design: Design) -> None:
    """Also where the data's categories begin with another level."""
    data = balanced(design)
    data["regime"] = data["regime"].cat.reorder_categories(["democracy", "autocracy"])
    found = fit(data, "y ~ regime")
    assert contrasts(found, "regime")["versus"].unique().tolist() == ["democracy"]
    shown = contrasts(found, "regime", average_over="design", design=design)
    assert shown["versus"].unique().tolist() == ["autocracy"]


def test_levels_are_kept_apart_by_factor() -> None:
    """Two factors with the same level names."""
    cells = pd.DataFrame(list(product(["low", "high"], ["low", "high"])) * 3, columns=["a", "b"])
    found = fit(cells.assign(y=np.arange(12.0) ** 2), "y ~ a * b")
    shown = margins(found, "a", within="b")
    assert len(shown[["level", "within_level"]].drop_duplicates()) == 4


def test_only_the_levels_asked_for_are_shown(design: Design) -> None:
    found = fit(balanced(design), "y ~ response")
    shown = contrasts(found, "response", levels=["terminate", "economic"], versus="denounce")
    assert shown["level"].tolist() == ["denounce", "economic", "terminate"]
    assert margins(found, "response", levels=["terminate"])["level"].tolist() == ["terminate"]


def test_a_joint_test_is_a_row(design: Design) -> None:
    test = joint_test(fit(balanced(design), "y ~ response * regime"), "response:regime")
    row = test.estimates.iloc[0]
    assert (row["factor"], row["within_factor"], row["level"]) == ("response", "regime", "4 coefficients")
    assert (row["statistic"], row["p_value"], row["df"]) == (test.statistic, test.p_value, test.df_den)
    assert np.isnan(row[["estimate", "std_error", "conf_low", "conf_high"]].astype(float)).all()
    assert repr(test).startswith("response:regime: F(4, 350) = ")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f: margins(f, "respnse"), "`respnse`. Did you mean `response`?"),
        (lambda f: margins(f, "age"), "`age` is a number, not a factor"),
        (lambda f: margins(f, "response", within="response"), "cannot be conditioned on itself"),
        (lambda f: margins(f, "response", levels=["denouce"]), "no level `denouce`. Did you mean `denounce`?"),
        (lambda f: contrasts(f, "response", versus="nothing"), "`response` has no level `nothing`"),
        (lambda f: differences(f, "response", within="regime"), "Write `response * regime` in the formula"),
        (lambda f: joint_test(f, "response:regime"), "the model has no term `response:regime`"),
        (lambda f: joint_test(f, "action:treaty"), "stands without the terms that it contains"),
    ],
)
def test_what_the_model_cannot_say_is_refused(design: Design, call: Any, message: str) -> None:
    found = fit(balanced(design), "y ~ response + regime + age + action:treaty")
    with pytest.raises(StudyError) as error:
        call(found)
    assert message in str(error.value)


def test_fewer_clusters_than_coefficients_are_refused(design: Design) -> None:
    data = balanced(design).assign(who=lambda d: (np.arange(len(d)) * 7 % 3).astype(str))
    found = fit(data, "y ~ response * regime", errors="CR1", cluster="who")
    with pytest.raises(StudyError, match="fewer clusters than coefficients"):
        joint_test(found, "response:regime")

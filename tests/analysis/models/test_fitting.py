"""Coefficients against R, the account of missing rows, and what is refused."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vignetta.analysis.models.fitting import fit
from vignetta.errors import StudyError

R = 1e-8
"""Two exact algorithms on 42 columns agree to about 1e-11; R prints 15 digits."""
INDEX = 6e-6
"""Anchors printed with five decimals."""


@pytest.mark.parametrize("weights", [None, "weight"])
@pytest.mark.parametrize("model", ["full", "amce", "resp_x_regime"])
@pytest.mark.parametrize("data", ["n1502", "n9012"])
def test_coefficients_are_those_of_r(numbers: Any, responses: Any, data: str, model: str, weights: str | None) -> None:
    expected = numbers("ols")[data][model]["weighted" if weights else "unweighted"]
    found = fit(responses[data], expected["formula"], weights=weights)
    assert [each.replace("[T.", "").replace("]", "") for each in found.terms[1:]] == expected["coef_names"][1:]
    np.testing.assert_allclose(found.coef, expected["coef"], rtol=R)
    assert (found.n, found.df) == (expected["nobs"], expected["df_residual"])


@pytest.mark.real
def test_a_published_vignette_experiment(r_frame: Callable[[str], pd.DataFrame]) -> None:
    found = fit(r_frame("peace"), "strike ~ ally + trade + democ", errors="HC1")
    np.testing.assert_allclose(found.coef, [2.62454, -0.20939, -0.18652, -0.41619], atol=INDEX)
    np.testing.assert_allclose(np.sqrt(np.diag(found.vcov)), [0.07906, 0.07819, 0.07825, 0.07819], atol=INDEX)


@pytest.mark.real
def test_an_alliance_and_a_democracy_do_not_interact(r_frame: Callable[[str], pd.DataFrame]) -> None:
    found = fit(r_frame("peace"), "strike ~ ally * democ", errors="classical")
    assert found.coef[3] == pytest.approx(0.0385, abs=6e-5)
    assert np.sqrt(found.vcov[3, 3]) == pytest.approx(0.1567, abs=3e-4)


def small() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "y": [1.0, 2.0, 4.0, 6.0, 3.0, 5.0, 2.0, 7.0],
            "arm": ["None", "a", "b", "None", "a", "b", "a", "b"],
            "age": [20.0, 30.0, 25.0, 40.0, 35.0, 50.0, 45.0, 22.0],
            "who": ["p", "p", "q", "q", "r", "r", "s", "s"],
            "w": [1.0, 2.0, 1.0, 2.0, 1.0, 1.0, 1.0, 3.0],
        }
    )


def test_rows_with_missing_values_are_left_out_and_counted() -> None:
    data = small()
    data.loc[0, "y"] = np.nan
    data.loc[1, "arm"] = None
    data.loc[2, "who"] = None
    data.loc[3, "w"] = np.nan
    data["unused"] = np.nan
    found = fit(data, "y ~ age", errors="CR1", cluster="who", weights="w")
    assert (found.n, found.n_missing) == (5, 3)
    assert "3 left out as incomplete" in repr(found)
    np.testing.assert_allclose(found.coef, fit(data.drop([0, 2, 3]), "y ~ age", weights="w").coef)


def test_the_text_none_is_a_level() -> None:
    assert list(fit(small(), "y ~ arm").levels("arm")) == ["None", "a", "b"]


def test_the_order_of_categories_gives_the_reference() -> None:
    data = small().assign(arm=pd.Categorical(small()["arm"], categories=["b", "None", "a"]))
    assert fit(data, "y ~ arm").terms[1:] == ("arm[T.None]", "arm[T.a]")


def test_a_repeated_index_changes_nothing() -> None:
    data = small().set_axis([0, 0, 1, 1, 1, 2, 2, 2])
    np.testing.assert_array_equal(fit(data, "y ~ arm + age").vcov, fit(small(), "y ~ arm + age").vcov)


@pytest.mark.parametrize("name", ["Country of Origin", "Łódź", "class", "x+y", "a:b", "I", "it's", "{x}"])
def test_odd_names_work_in_backticks(name: str) -> None:
    data = small().rename(columns={"arm": name})
    found = fit(data, f"y ~ `{name}` * age", errors="HC1")
    np.testing.assert_array_equal(found.coef, fit(small(), "y ~ arm * age", errors="HC1").coef)
    assert list(found.levels(name)) == ["None", "a", "b"]


def test_flags_and_nullable_numbers_are_read() -> None:
    data = small().assign(old=lambda d: d["age"] > 30, n=lambda d: d["age"].astype("Int64"))
    data["old"] = data["old"].astype("boolean")
    data.loc[0, "old"] = pd.NA
    found = fit(data, "y ~ old + n", errors="HC1")
    assert found.n_missing == 1
    assert list(found.levels("old")) == ["False", "True"]


def test_normal_tests_have_infinite_degrees_of_freedom() -> None:
    assert fit(small(), "y ~ age", distribution="normal").df == np.inf
    assert fit(small(), "y ~ age", errors="CR0", cluster="who").df == 3


def test_the_repr_shows_coefficients_and_errors() -> None:
    shown = repr(fit(small(), "y ~ age", errors="CR1S", cluster="who"))
    for each in ("ols: y ~ age", "n = 8, 4 clusters", "errors CR1S", "Intercept", "conf_high"):
        assert each in shown


@pytest.mark.parametrize(
    ("formula", "options", "message"),
    [
        ("y ~ arm", {"errors": "HC9"}, "`HC9` is not an option. Did you mean `HC"),
        ("y ~ arm", {"model": "lm", "distribution": "z"}, "Options: `t`, `normal`"),
        ("y ~ arm", {"errors": "HC2", "cluster": "who"}, 'Write errors="CR2"'),
        ("y ~ arm", {"errors": "CR1"}, 'Write cluster="respondent"'),
        ("y ~ arm", {"alpha": 5}, "5 is not between 0 and 1"),
        ("y ~ arms + agee", {}, "`agee`. Did you mean `age`?"),
        ("y ~ arm", {"weights": "wieght"}, "`wieght`"),
        ("y ~ arm +", {}, "is not a formula"),
        ("arm ~ y", {}, "the outcome is not a number"),
        ("y + age ~ arm", {}, "does not have one outcome"),
        ("~ arm", {}, "does not have one outcome"),
        ("y ~ 0", {}, "has no term"),
        ("y ~ age + I(2 * age)", {}, "`I(2 * age)` can be computed from the terms before"),
        ("y ~ arm * who", {}, "cannot carry"),
        ("y ~ log(age - 20)", {}, "is not finite in some rows"),
        ("y ~ I(y * 2)", {}, "the terms determine the outcome exactly"),
        ("y ~ f(age)", {}, "f"),
    ],
)
def test_what_cannot_be_fitted_is_refused(formula: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError) as error:
        fit(small(), formula, **options)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"age": [np.inf, *[30.0] * 7]}, "column age: 1 value is infinite"),
        ({"y": [np.nan] * 8}, "no row is complete"),
        ({"y": [2.0] * 8}, "it is 2 in every complete row"),
        ({"who": ["p"] * 8}, "there is one cluster only"),
        ({"w": [0.0, -1.0, *[1.0] * 6]}, "2 weights are zero, negative or infinite"),
        ({"w": ["1"] * 8}, "the weights are not numbers"),
        ({"arm": ["", *"abababa"]}, "a level is the empty text"),
        ({"arm": ["a"] * 8}, "every complete row has the level `a`"),
        ({"arm": ["a", 1, "b", *"ababa"]}, "neither numbers nor texts"),
        ({"arm": pd.Categorical(list("abababab"), categories=["a", "b", "c"])}, "the level `c`"),
        ({"age": pd.date_range("2020-01-01", periods=8)}, "neither numbers nor texts"),
    ],
)
def test_data_that_would_give_a_wrong_number_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError) as error:
        fit(small().assign(**change), "y ~ arm + age", errors="CR1", cluster="who", weights="w")
    assert message in str(error.value)


def test_all_problems_come_at_once() -> None:
    data = small().assign(arm=["", *"abababa"], age=[np.inf] * 8)
    with pytest.raises(StudyError) as error:
        fit(data, "y ~ arm + age")
    assert len(error.value.problems) == 2


def test_empty_cells_get_no_coefficient() -> None:
    data = small().assign(job=["x", "x", "x", "y", "x", "y", "x", "y"])
    data = pd.concat([data, data.assign(y=data["y"] + 1)])
    with pytest.raises(StudyError, match="no row has `arm` a and `job` y"):
        fit(data, "y ~ arm * job")


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(StudyError, match="two columns have this name"):
        fit(pd.concat([small(), small()[["arm"]]], axis=1), "y ~ arm")


def test_what_is_not_a_frame_is_refused() -> None:
    with pytest.raises(StudyError, match="not a pandas frame"):
        fit({"y": [1]}, "y ~ 1")  # type: ignore[arg-type]

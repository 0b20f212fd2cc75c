"""Which errors and degrees of freedom a fit has, what is noted, and what is refused."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from vignetta.analysis.estimands.conjoint import amce, marginal_means
from vignetta.analysis.estimands.joint_tests import joint_test
from vignetta.analysis.estimands.margins import contrasts, differences, margins
from vignetta.analysis.models.fitting import fit
from vignetta.errors import StudyError

EXACT = 1e-9
"""The same quantity by another route, up to rounding."""


def crossed(n: int = 240, people: int = 24, items: int = 10) -> pd.DataFrame:
    """Responses of people to items, with errors of both."""
    rng = np.random.default_rng(5)
    data = pd.DataFrame({"who": np.arange(n) % people, "item": rng.integers(0, items, n)})
    data = data.assign(arm=rng.choice(["a", "b", "c"], n), side=rng.choice(["x", "y"], n), age=rng.normal(size=n))
    shared = rng.normal(size=people)[data["who"]] + rng.normal(size=items)[data["item"]]
    return data.assign(y=shared + (data["arm"] == "b") + rng.normal(size=n))


def clustered_by_hand(data: pd.DataFrame, formula: str, by: Any) -> Any:
    """Sum of squared sums of scores, times G / (G - 1), written out."""
    found = fit(data, formula, errors="HC0")
    X = found.design_matrix(found.sample.data)
    residual = data["y"].to_numpy() - X @ found.coef
    sums = pd.DataFrame(X * residual[:, None]).groupby(by).sum().to_numpy()
    bread = np.linalg.inv(X.T @ X)
    return bread @ sums.T @ sums @ bread * len(sums) / (len(sums) - 1)


def test_two_ways_of_clustering_add_up() -> None:
    data = crossed()
    found = fit(data, "y ~ arm + age", errors="CR1", cluster=("who", "item"))
    keys = [data["who"].to_numpy(), data["item"].to_numpy(), [data["who"].to_numpy(), data["item"].to_numpy()]]
    first, second, both = (clustered_by_hand(data, "y ~ arm + age", each) for each in keys)
    np.testing.assert_allclose(found.vcov, first + second - both, rtol=EXACT)
    assert (found.df, found.n_clusters) == (9, 10)


def test_clustering_twice_in_the_same_groups_is_clustering_once() -> None:
    data = crossed().assign(again=lambda d: "p" + d["who"].astype(str))
    once, twice = (fit(data, "y ~ arm", errors="CR1S", cluster=each) for each in ("who", ("who", "again")))
    np.testing.assert_allclose(once.vcov, twice.vcov, rtol=EXACT)


def test_clusters_of_one_row_beside_others_add_nothing() -> None:
    data = crossed().assign(row=lambda d: np.arange(len(d)))
    once, twice = (fit(data, "y ~ arm", errors="CR0", cluster=each) for each in ("who", ("who", "row")))
    np.testing.assert_allclose(once.vcov, twice.vcov, rtol=EXACT)


def test_a_negative_variance_never_comes_out() -> None:
    """Two by two clusters whose scores cancel within rows and columns, not within cells."""
    data = pd.DataFrame({"r": [0, 0, 1, 1] * 3, "c": [0, 1, 0, 1] * 3, "y": [1.0, -1, -1, 1] * 3})
    data["y"] += np.repeat([0.01, 0, -0.01], 4)
    found = fit(data, "y ~ 1", errors="CR0", cluster=("r", "c"))
    assert found.vcov[0, 0] == 0
    assert "negative eigenvalue" in found.notes[0]
    assert "Note: the two-way covariance" in repr(found)


def test_every_row_of_a_frame_has_its_own_degrees_of_freedom() -> None:
    found = fit(crossed(), "y ~ arm * side + age", errors="CR2", cluster="who")
    shown = contrasts(found, "arm", within="side")
    tested = shown[~shown["is_reference"]]
    assert tested["df"].nunique() == len(tested)
    assert (tested["df"] < 23).all()
    zeros = shown.loc[shown["is_reference"], ["estimate", "std_error", "conf_low", "conf_high"]]
    assert (zeros == 0).all(axis=None)
    assert shown.loc[shown["is_reference"], ["df", "p_value"]].isna().all(axis=None)


def test_a_margin_is_a_coefficient_of_another_coding() -> None:
    """Its degrees of freedom do not depend on how the model is written."""
    data = crossed()
    shown = margins(fit(data, "y ~ arm", errors="CR2", cluster="who"), "arm")
    cells = fit(data, "y ~ 0 + arm", errors="CR2", cluster="who")
    np.testing.assert_allclose(shown["df"], cells.degrees_of_freedom(np.eye(3)), rtol=EXACT)
    np.testing.assert_allclose(shown["std_error"], cells.std_errors(np.eye(3)), rtol=EXACT)


@pytest.mark.parametrize(
    ("errors", "distribution", "own", "df"),
    [
        ("CR1", "t", False, 23),
        ("CR3", "t", False, 23),
        ("CR2", "t", True, None),
        ("CR2", "normal", False, np.inf),
        ("CR1S", "satterthwaite", True, None),
        ("CR3", "satterthwaite", True, None),
    ],
)
def test_errors_have_their_degrees_of_freedom(errors: Any, distribution: Any, own: bool, df: float | None) -> None:
    found = fit(crossed(), "y ~ arm * side", errors=errors, cluster="who", distribution=distribution)
    assert (found.working is not None) == own
    test, row = joint_test(found, "arm:side"), differences(found, "arm", within="side").iloc[0]
    if df is not None:
        assert (test.df_den, row["df"]) == (df, df)
    else:
        assert 2 < test.df_den < 23 and 2 < row["df"] < 23
        assert "t with degrees of freedom of Satterthwaite" in repr(found)


def test_several_terms_are_tested_at_once() -> None:
    found = fit(crossed(), "y ~ arm * side + age", errors="classical")
    small = fit(crossed(), "y ~ age", errors="classical")
    rss = [float(np.sum(each.solution.residuals**2)) for each in (found, small) if each.solution]
    test = joint_test(found, ["arm", "side", "side:arm"])
    assert test.statistic == pytest.approx((rss[1] - rss[0]) / 5 / (rss[0] / found.df), rel=EXACT)
    assert test.estimates["factor"].tolist() == ["arm + side + side:arm"]


def test_conjoint_functions_take_these_errors() -> None:
    for function in (amce, marginal_means):
        shown = function(crossed(), outcome="y", factors=["arm", "side"], cluster="who", errors="CR2")
        assert shown.loc[~shown["is_reference"], "df"].between(2, 23).all()
        two = function(crossed(), outcome="y", factors=["arm"], cluster=("who", "item"), errors="CR1S")
        assert set(two["df"]) == {9.0}


# ------------------------------------------------------------------------------- what one cluster alone says, or few


@pytest.mark.parametrize("errors", ["CR0", "CR1S", "CR2", "CR3"])
def test_a_level_that_is_a_cluster_has_no_clustered_error(errors: Any) -> None:
    data = crossed().assign(arm=lambda d: np.where(d["who"] == 3, "z", d["arm"]))
    found = fit(data, "y ~ arm", errors=errors, cluster="who")
    shown = contrasts(found, "arm").set_index("level")
    assert shown.loc["z", ["std_error", "p_value", "conf_low", "conf_high"]].isna().all()
    assert shown.loc["b", ["std_error", "p_value", "conf_low", "conf_high"]].notna().all()
    assert "rest on one cluster alone" in found.notes[0]
    assert set(shown["note"]) == {"; ".join(found.notes)}
    with pytest.raises(StudyError, match="1 of the 3 coefficients of `arm` rest on one cluster alone"):
        joint_test(found, "arm")


def test_columns_of_clusters_leave_what_varies_within() -> None:
    found = fit(crossed(), "y ~ arm + C(who)", errors="CR2", cluster="who")
    shown, plain = contrasts(found, "arm"), fit(crossed(), "y ~ arm + C(who)", errors="HC2")
    assert shown.query("not is_reference")["std_error"].notna().all()
    np.testing.assert_allclose(shown["estimate"], contrasts(plain, "arm")["estimate"])
    assert margins(found, "arm")["std_error"].isna().all()


def test_more_coefficients_than_clusters_are_noted() -> None:
    data = crossed(people=5)
    found = fit(data, "y ~ arm * C(item)", errors="CR1", cluster="who")
    assert "30 coefficients and 5 clusters: at most 4 coefficients can be tested at once" in found.notes[-1]
    with pytest.raises(StudyError, match="cannot be inverted"):
        joint_test(found, "arm:C(item)")


def test_too_many_coefficients_for_a_hotelling_test_are_refused() -> None:
    found = fit(crossed(people=6), "y ~ C(item)", errors="CR2", cluster="who")
    with pytest.raises(StudyError, match=r"cannot carry a test of the 9|cannot be inverted"):
        joint_test(found, "C(item)")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"errors": "CR2", "cluster": ("who", "item")}, "`CR2` is not defined for two cluster variables"),
        ({"errors": "CR1", "cluster": ("who", "who")}, "neither one column nor two"),
        ({"errors": "CR1", "cluster": ("who", "item", "arm")}, "neither one column nor two"),
        ({"errors": "HC3", "cluster": ("who", "item")}, "would ignore the clusters of `who`, `item`"),
        ({"errors": "CR1", "cluster": ("who", "itme")}, "there is no column `itme`"),
        ({"errors": "HC2", "distribution": "satterthwaite"}, "errors with one cluster variable"),
        ({"errors": "CR1", "cluster": ("who", "one")}, "there is one cluster only"),
    ],
)
def test_what_has_no_meaning_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError) as error:
        fit(crossed().assign(one=1), "y ~ arm", **options)
    assert message in str(error.value)

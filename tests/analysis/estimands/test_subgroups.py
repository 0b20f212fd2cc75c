"""Differences between groups against cregg and sums by cluster."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from vignetta.analysis.estimands.subgroups import subgroup_differences
from vignetta.analysis.models.fitting import fit
from vignetta.errors import StudyError

R = 1e-8
"""R prints 15 digits."""
FACTORS = ["transgression", "capability", "treaty", "response"]


def test_differences_of_means_are_creggs_where_nobody_stands_in_both_groups(numbers: Any, responses: Any) -> None:
    """With one vignette each the groups are independent; cregg multiplies the variance of each by G / (G - 1)."""
    data, known = responses["n1502"], numbers("amce_mm")["n1502"]["unweighted"]
    found = subgroup_differences(
        data, outcome="approval", factors=FACTORS, by="regime", estimand="marginal_mean", errors="HC0"
    ).set_index(["factor", "level"])
    error = {(x["BY"], x["feature"], x["level"]): x["std.error"] for x in known["cregg_mm_by_regime"]}
    size = data["regime"].value_counts()
    compared = [each for each in known["cregg_mm_diff_regime"] if each["feature"] in FACTORS]
    assert len(compared) == len(found) == 13
    for each in compared:
        key = (each["feature"], each["level"])
        assert found.loc[key, "estimate"] == pytest.approx(each["estimate"], abs=R)
        parts = [error[group, *key] ** 2 * (1 - 1 / size[group]) for group in ("democracy", "autocracy")]
        assert found.loc[key, "std_error"] == pytest.approx(np.sqrt(sum(parts)), rel=R)
        assert found.loc[key, "std_error"] == pytest.approx(each["std.error"], rel=1e-3)
    assert set(found["within_level"]) == {"autocracy vs democracy"}


def test_who_stands_in_both_groups_counts_once(numbers: Any, responses: Any) -> None:
    """The sum over respondents of their part in the one mean less their part in the other, squared."""
    data = responses["n9012"]
    found = subgroup_differences(
        data, outcome="approval", factors=["treaty"], by="regime", estimand="marginal_mean", cluster="rid", errors="CR0"
    ).set_index("level")
    known = {(x["feature"], x["level"]): x for x in numbers("amce_mm")["n9012"]["unweighted"]["cregg_mm_diff_regime"]}
    for level in ("none", "formal"):
        parts = pd.Series(0.0, index=data["rid"].unique())
        for regime, sign in (("autocracy", 1), ("democracy", -1)):
            inside = data[(data["treaty"] == level) & (data["regime"] == regime)]
            error = (inside["approval"] - inside["approval"].mean()) / len(inside)
            parts = parts.add(sign * error.groupby(inside["rid"]).sum(), fill_value=0.0)
        assert found.loc[level, "estimate"] == pytest.approx(known["treaty", level]["estimate"], abs=R)
        assert found.loc[level, "std_error"] == pytest.approx(np.sqrt((parts**2).sum()), rel=R)
        assert found.loc[level, "std_error"] != pytest.approx(known["treaty", level]["std.error"], rel=1e-3)


def test_differences_of_effects_are_those_of_two_regressions(numbers: Any, responses: Any) -> None:
    data = responses["n1502"]
    found = subgroup_differences(data, outcome="approval", factors=FACTORS, by="regime", errors="HC0")
    known = {
        (x["BY"], x["feature"], x["level"]): x
        for x in numbers("amce_mm")["n1502"]["unweighted"]["cregg_amce_by_regime"]
    }
    apart = [
        fit(each, f"approval ~ {' + '.join(FACTORS)}", errors="HC0")
        for _, each in data.groupby("regime", observed=True)
    ]
    assert len(found) == 9
    for _, row in found.iterrows():
        name = f"{row['factor']}[T.{row['level']}]"
        first, second = (known[group, row["factor"], row["level"]]["estimate"] for group in ("autocracy", "democracy"))
        place = apart[0].terms.index(name)
        assert row["estimate"] == pytest.approx(first - second, abs=R)
        assert row["std_error"] == pytest.approx(np.sqrt(sum(each.vcov[place, place] for each in apart)), rel=R)
    assert set(found["estimand"]) == {"amce_difference"}


def test_a_mean_that_a_group_lacks_has_no_estimate() -> None:
    data = pd.DataFrame(
        {"arm": ["a", "a", "b", "b", "a", "a"], "who": ["x"] * 4 + ["z"] * 2, "y": [1.0, 2, 4, 5, 3, 5]}
    )
    found = subgroup_differences(data, outcome="y", factors=["arm"], by="who", estimand="marginal_mean").set_index(
        "level"
    )
    assert found.loc["a", "estimate"] == pytest.approx(2.5)
    assert np.isnan(found.loc["b", "estimate"]) and np.isnan(found.loc["b", "p_value"])


def test_groups_that_cannot_be_compared_are_said() -> None:
    data = pd.DataFrame({"arm": list("ab") * 4, "who": ["x"] * 8, "y": np.arange(8.0)})
    options: dict[str, Any] = {"outcome": "y", "factors": ["arm"]}
    with pytest.raises(StudyError, match="1 groups"):
        subgroup_differences(data, by="who", **options)
    with pytest.raises(StudyError, match="one of the factors"):
        subgroup_differences(data, by="arm", **options)
    with pytest.raises(StudyError, match="no column `whom`"):
        subgroup_differences(data, by="whom", **options)
    with pytest.raises(StudyError, match="`amce`, `marginal_mean`"):
        subgroup_differences(data, by="who", estimand="mean", **options)

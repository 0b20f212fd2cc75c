"""AMCEs and marginal means against cregg."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vignetta.analysis.estimands.conjoint import amce, marginal_means
from vignetta.analysis.models.fitting import fit
from vignetta.design.declaration import Design
from vignetta.errors import StudyError

R = 1e-8
"""R prints 15 digits; averages over 9,012 rows agree to about 1e-12."""
PRINTED = Decimal("0.5001")
"""A published number is within half a unit of its last digit."""
FACTORS = ["transgression", "regime", "capability", "treaty", "response"]
COLUMNS = {
    "estimate": "estimate",
    "std.error": "std_error",
    "z": "statistic",
    "p": "p_value",
    "lower": "conf_low",
    "upper": "conf_high",
}


@pytest.mark.parametrize("weights", [None, "weight"])
@pytest.mark.parametrize("data", ["n1502", "n9012"])
@pytest.mark.parametrize(("function", "kind"), [(amce, "cregg_amce"), (marginal_means, "cregg_mm")])
def test_estimates_are_those_of_cregg(
    numbers: Any, responses: Any, data: str, weights: str | None, function: Any, kind: str
) -> None:
    expected = numbers("amce_mm")[data]["weighted" if weights else "unweighted"][kind]
    found = function(
        responses[data], outcome="approval", factors=FACTORS, cluster="rid", weights=weights, distribution="normal"
    )
    assert [(each["feature"], each["level"]) for each in expected] == list(
        zip(found["factor"], found["level"], strict=True)
    )
    for each, (_, row) in zip(expected, found.iterrows(), strict=True):
        shown = {name: each[name] for name in COLUMNS if each[name] is not None and not row["is_reference"]}
        assert row["is_reference"] == (each["std.error"] is None)
        for name, value in shown.items():
            assert row[COLUMNS[name]] == pytest.approx(value, rel=R if name != "p" else 1e-6, abs=1e-300), name


@pytest.mark.parametrize("weighted", ["unweighted", "weighted"])
@pytest.mark.parametrize("errors", ["CR0", "CR1", "CR1S", "HC0", "HC2", "HC3"])
def test_marginal_means_have_r_s_errors(numbers: Any, responses: Any, weighted: str, errors: Any) -> None:
    expected = numbers("amce_mm")["n9012"][weighted]["mm_by_lm"]
    cluster, weights = "rid" if errors[0] == "C" else None, "weight" if weighted == "weighted" else None
    found = marginal_means(
        responses["n9012"], outcome="approval", factors=FACTORS, cluster=cluster, weights=weights, errors=errors
    )
    np.testing.assert_allclose(found["estimate"], [each["estimate"] for each in expected], rtol=R)
    np.testing.assert_allclose(found["std_error"], [each[f"se_{errors}"] for each in expected], rtol=R)


# ------------------------------------------------------------------------------------- a published conjoint experiment


def published(folder: Path, name: str) -> list[dict[str, str]]:
    table = pd.read_csv(
        folder / "expected" / f"leeper__cregg__immigration_{name}.csv", dtype=str, keep_default_na=False
    )
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def matches(value: float, printed: str) -> bool:
    unit = Decimal(1).scaleb(int(Decimal(printed).as_tuple().exponent))
    return abs(Decimal(value) - Decimal(printed)) <= PRINTED * unit


@pytest.mark.real
def test_published_marginal_means(real: Path, r_frame: Callable[[str], pd.DataFrame]) -> None:
    names = {"Gender": "Gender", "Educational Attainment": "Education", "Language Skills": "LanguageSkills"}
    found = marginal_means(
        r_frame("immigration"),
        outcome="ChosenImmigrant",
        factors=list(names.values()),
        cluster="CaseID",
        null=0.5,
        distribution="normal",
    ).set_index(["factor", "level"])
    expected = published(real, "mm_gender_education_language")
    assert len(expected) == len(found) == 13
    for each in expected:
        row = found.loc[(names[each["feature"]], each["level"])]
        assert {name: matches(row[ours], each[name]) for name, ours in COLUMNS.items()} == dict.fromkeys(COLUMNS, True)


@pytest.mark.real
def test_published_marginal_means_of_an_interaction(real: Path, r_frame: Callable[[str], pd.DataFrame]) -> None:
    found = marginal_means(
        r_frame("immigration"),
        outcome="ChosenImmigrant",
        factors=[("LanguageSkills", "PriorEntry")],
        cluster="CaseID",
        distribution="normal",
    ).set_index(["level", "within_level"])
    expected = published(real, "mm_language_entry")
    assert len(expected) == len(found) == 20
    for each in expected:
        row = found.loc[tuple(each["level"].split("_"))]
        assert (row["factor"], row["within_factor"]) == ("LanguageSkills", "PriorEntry")
        assert {name: matches(row[ours], each[name]) for name, ours in COLUMNS.items()} == dict.fromkeys(COLUMNS, True)


@pytest.mark.real
def test_empty_cells_of_a_restricted_design_are_refused(r_frame: Callable[[str], pd.DataFrame]) -> None:
    with pytest.raises(StudyError, match=r"no row has `Education` No Formal and `Job` Financial Analyst"):
        fit(r_frame("immigration"), "ChosenImmigrant ~ Education * Job", errors="CR1", cluster="CaseID")


@pytest.mark.real
def test_the_text_none_and_names_with_spaces(r_frame: Callable[[str], pd.DataFrame]) -> None:
    found = marginal_means(r_frame("immigration"), outcome="ChosenImmigrant", factors=["JobExperience"])
    assert found["level"].tolist() == ["None", "1-2 Years", "3-5 Years", "5+ Years"]
    spaced = amce(r_frame("immigrationconjoint"), outcome="Chosen_Immigrant", factors=["Country of Origin", "Gender"])
    plain = amce(r_frame("immigration"), outcome="ChosenImmigrant", factors=["CountryOfOrigin", "Gender"])
    np.testing.assert_allclose(spaced["estimate"], plain["estimate"], atol=1e-12)


# ------------------------------------------------------------------------------------------------------------- input


def small() -> pd.DataFrame:
    return pd.DataFrame({"y": [1.0, 2, 4, 6, 3, 5], "a": list("xyxyxy"), "b": list("ppqqpq"), "who": list("mmnnoo")})


def test_only_combinations_that_occur_have_a_mean() -> None:
    data = small()[lambda d: ~((d["a"] == "x") & (d["b"] == "q"))]
    found = marginal_means(data, outcome="y", factors=[("a", "b")], errors="HC1")
    assert list(zip(found["level"], found["within_level"], strict=True)) == [("x", "p"), ("y", "p"), ("y", "q")]
    assert found["estimate"].tolist() == pytest.approx([2, 2, 5.5])


def test_errors_follow_the_clusters() -> None:
    assert amce(small(), outcome="y", factors=["a"])["errors"].unique().tolist() == ["HC2"]
    assert marginal_means(small(), outcome="y", factors=["a"], cluster="who")["errors"].unique().tolist() == ["CR1"]


def test_rows_with_a_missing_factor_are_left_out_factor_by_factor() -> None:
    data = small()
    data.loc[0, "b"] = None
    found = marginal_means(data, outcome="y", factors=["a", "b", ("a", "b")], errors="HC1")
    assert found.groupby("factor", sort=False)["n"].unique().map(list).to_dict() == {"a": [6, 5], "b": [5]}


def test_a_design_gives_the_reference(design: Design) -> None:
    data = pd.DataFrame({"y": np.arange(12.0) ** 2, "regime": ["democracy", "autocracy", "autocracy"] * 4})
    found = amce(data, outcome="y", factors=["regime"], design=design)
    assert found["versus"].unique().tolist() == ["autocracy"]
    assert (found["estimand"].unique().tolist(), found["average_over"].unique().tolist()) == (["amce"], ["design"])


@pytest.mark.parametrize("function", [amce, marginal_means])
def test_unknown_columns_and_numbers_are_refused(function: Any) -> None:
    with pytest.raises(StudyError, match="there is no column `aa`"):
        function(small(), outcome="y", factors=["aa"])
    with pytest.raises(StudyError, match="no factor is named"):
        function(small(), outcome="y", factors=[])
    with pytest.raises(StudyError, match="is a number, not a factor"):
        function(small().assign(b=[0, 1, 0, 1, 1, 0]), outcome="y", factors=["b"])


@pytest.mark.parametrize("cluster", [None, "who"])
def test_a_level_whose_responses_are_all_the_same_has_no_test(cluster: str | None) -> None:
    """Rounding must not make an error of 1e-17, and a p-value of zero."""
    data = pd.DataFrame({"y": [1.0, 1, 1, 0, 1, 0.3, 0.1, 0.1, 0.1], "a": list("xxxyyyzzz"), "who": list("mnomnomno")})
    found = marginal_means(data, outcome="y", factors=["a"], cluster=cluster, null=0.5).set_index("level")
    assert (found.loc[["x", "z"], "std_error"] == 0).all()
    assert found.loc[["x", "z"], "p_value"].isna().all()
    assert found.loc["y", "std_error"] > 0

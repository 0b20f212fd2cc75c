"""Wide conjoints of other tools: rows by hand, right counts of real files, and the numbers that were published."""

import json
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import rdata

import vignetta as vg
from vignetta.cleaning.outputs.conjoints import read_wide_conjoint
from vignetta.errors import StudyError

PUBLISHED = 0.0006
"""Numbers were printed with three digits."""


def small(**changes: Any) -> pd.DataFrame:
    """Two respondents, two tasks of two profiles, two attributes whose order differs."""
    cells = {
        "id": ["x", "y"],
        "K-1-1": ["Cost", "Place "],
        "K-1-2": ["Place", "Cost"],
        "K-1-1-1": ["low", "City"],
        "K-1-1-2": ["City", "low"],
        "K-1-2-1": ["high", "None"],
        "K-1-2-2": ["Farm", ""],
        "K-2-1": ["Cost", ""],
        "K-2-2": ["Place", ""],
        "K-2-1-1": ["mid", ""],
        "K-2-1-2": ["Farm", ""],
        "K-2-2-1": ["low", ""],
        "K-2-2-2": [" City", ""],
        "choice1": ["Town B", "Town A"],
        "choice2": ["Town A", ""],
        "again": ["Town A", "Town A"],
        "rate_1_1": [1, 5],
        "rate_1_2": [2, 6],
        "rate_2_1": [3, 7],
        "rate_2_2": [4, 8],
        "age": [30, 40],
    }
    return pd.DataFrame(cells | changes)


def plainly(column: Any) -> list[Any]:
    return [None if pd.isna(each) else each for each in column]


def test_the_layout_of_fields_by_hand() -> None:
    found = read_wide_conjoint(
        small(),
        respondent="id",
        choices=["choice1", "choice2"],
        columns={"rating": "rate_{task}_{profile}"},
        repeated="again",
        flipped=True,
        keep=["age"],
    )
    expected = {
        "respondent": ["x"] * 4 + ["y"] * 4,
        "task": [1, 1, 2, 2] * 2,
        "profile": [1, 2] * 4,
        "Cost": ["low", "high", "mid", "low", "low", None, None, None],
        "Place": ["City", "Farm", "Farm", "City", "City", "None", None, None],
        "rating": [1, 2, 3, 4, 5, 6, 7, 8],
        "chosen": [0, 1, 1, 0, 1, 0, None, None],
        "chosen_again": [0, 1, None, None, 0, 1, None, None],
        "age": [30] * 4 + [40] * 4,
    }
    assert {name: plainly(found[name]) for name in found} == expected


def test_another_letter_a_pattern_and_choices_as_numbers_give_the_same() -> None:
    other = small(choice1=[2, 1], choice2=[1.0, float("nan")])
    other.columns = [each.replace("K-", "F-") for each in other]
    found = read_wide_conjoint(other, respondent="id", choices="choice{task}")
    pd.testing.assert_frame_equal(found, read_wide_conjoint(small(), respondent="id", choices=["choice1", "choice2"]))


@pytest.mark.parametrize(
    ("changes", "given", "told"),
    [
        ({}, {"choices": ["choice1"]}, "1 columns of choices are not one for each of 2 tasks"),
        ({}, {"choices": ["choice1", "choise2"]}, "no column `choise2`, or several. Did you mean `choice2`"),
        ({"choice1": ["Town C", "Town A"]}, {"choices": "choice{task}"}, "`Town C` names none of 2 profiles"),
        ({"choice1": ["both", "Town A"]}, {"choices": "choice{task}"}, "`both` names none of 2 profiles"),
        ({"K-1-2": ["Cost", "Cost"]}, {}, r"`Cost` stands twice in task 1 of profile 1 \(data row 1\)"),
        ({"id": ["x", "x"]}, {"respondent": "id"}, "stands a second time in data row 2"),
        ({}, {"columns": {"rating": "rate_{task}"}}, "no column is like `rate_{task}`"),
        ({}, {"columns": {"rating": ["rate_1_1"]}}, "of different numbers of tasks"),
        ({"F-1-1": ["a", "b"], "F-1-1-1": ["c", "d"]}, {}, "columns of several conjoints"),
        ({}, {"keep": ["nothing"]}, "no column `nothing`"),
        ({"K-1-1": ["", "Place"]}, {}, r"`K-1-1-1` has a level where `K-1-1` names no attribute \(data row 1\)"),
        ({}, {"columns": {"Cost": ["rate_1_1", "rate_1_2"]}}, "two columns of the result would be called `Cost`"),
        ({}, {"columns": {"task": ["rate_1_1", "rate_1_2"]}}, "two columns of the result would be called `task`"),
    ],
)
def test_what_cannot_be_read_is_told(changes: Any, given: Any, told: str) -> None:
    with pytest.raises(StudyError, match=told):
        read_wide_conjoint(small(**changes), **given)


@pytest.mark.parametrize(
    "gone", [["K-1-1"], ["K-2-1-2"], ["K-1-1", "K-1-2", "K-1-1-1", "K-1-1-2", "K-1-2-1", "K-1-2-2"]]
)
def test_gaps_of_the_layout_are_told(gone: list[str]) -> None:
    with pytest.raises(StudyError, match=f"`{gone[0]}`.* are absent"):
        read_wide_conjoint(small().drop(columns=gone))


def test_a_file_without_any_conjoint_is_told() -> None:
    with pytest.raises(StudyError, match="no column is of a task"):
        read_wide_conjoint(pd.DataFrame({"a": [1]}))


# ------------------------------------------------------------------------------------------------ real files


def from_r(real: Path, name: str) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made: pd.DataFrame = next(iter(rdata.read_rda(real / f"datasets/{name}.rda").values()))
    return made


@pytest.mark.real
def test_creggs_wide_conjoint_has_eight_rows_for_each_of_100(real: Path) -> None:
    wide = from_r(real, "leeper__cregg__wide_conjoint")
    features = {f"feature{each}": f"feature{each}{{task}}{{profile}}" for each in (1, 2, 3)}
    columns = {**features, "rating": "rating_{task}{profile}", "timing": "timing_{task}"}
    found = read_wide_conjoint(wide, respondent="respondent", columns=columns, choices="choice_{task}")
    assert len(found) == 800 and (found.groupby("respondent").size() == 8).all()
    assert found["chosen"].sum() == 400
    row = wide.iloc[6]
    for task, letter in enumerate("abcd", 1):
        for profile in (1, 2):
            here = found[(found["respondent"] == 7) & (found["task"] == task) & (found["profile"] == profile)].iloc[0]
            assert here["feature2"] == row[f"feature2{letter}{profile}"]
            assert here["rating"] == row[f"rating_{letter}{profile}"]
            assert here["chosen"] == float(row[f"choice_{letter}"] == profile)
    means = vg.marginal_means(found, outcome="chosen", factors=["feature1"], cluster="respondent")
    by_hand = found.groupby("feature1", observed=True)["chosen"].mean()
    assert means.set_index("level")["estimate"].to_dict() == pytest.approx(by_hand.to_dict())


@pytest.mark.real
def test_projoints_wide_file_gives_its_long_one_and_its_published_numbers(real: Path) -> None:
    wide = from_r(real, "yhoriuchi__projoint__exampleData1")
    found = read_wide_conjoint(
        wide,
        respondent="ResponseId",
        choices="choice{task}",
        repeated="choice1_repeated_flipped",
        flipped=True,
        keep=["race"],
    )
    long = from_r(real, "yhoriuchi__projoint__exampleData1_labelled_tibble")
    names = {"id": "respondent", "selected": "chosen", "selected_repeated": "chosen_again"}
    expected = long.rename(columns=names).sort_values(["respondent", "task", "profile"])
    ours = found.sort_values(["respondent", "task", "profile"])
    assert len(found) == 6400
    for name in (each for each in expected if each != "ideology"):
        told = expected[name]
        if name == "chosen_again":
            told = told.where((expected["task"] == 1).to_numpy())
        assert plainly(ours[name]) == plainly(told), name
    pairs = vg.paired(found, outcome="chosen", respondent="respondent", repeated="chosen_again")
    means = vg.profile_means(pairs, ["Housing Cost"], errors="HC1")["estimate"]
    assert means.tolist() == pytest.approx([0.574, 0.485, 0.445], abs=PUBLISHED)
    effects = vg.profile_amce(pairs, ["Housing Cost"], errors="HC1")
    assert effects["estimate"].tolist()[1:] == pytest.approx([-0.0899, -0.130], abs=PUBLISHED)
    reliability = vg.reliability(pairs).set_index("estimand")["estimate"]
    assert reliability["swap_probability"] == pytest.approx(0.172, abs=PUBLISHED)


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "rows", "tasks", "attributes", "respondent"),
    [
        ("cran__cjoint__CandidateConjointQualtrics", 98, 5, 8, "ResponseID"),
        ("yhoriuchi__projoint__mummolo_nall_replication", 518, 8, 7, "ResponseId"),
        ("yhoriuchi__projoint__Qualtrics_data_without_a_repeated_task", 679, 10, 9, "ResponseId"),
    ],
)
def test_exports_with_fields_become_long(
    real: Path, name: str, rows: int, tasks: int, attributes: int, respondent: str
) -> None:
    found = read_wide_conjoint(real / f"exports/{name}.csv", respondent=respondent)
    assert len(found) == rows * tasks * 2
    assert found.shape[1] == 3 + attributes
    complete = found.iloc[:, 3:].notna().sum(axis=1)
    assert set(complete) <= {0, attributes} and (complete > 0).any()


@pytest.mark.real
def test_levels_of_a_categorical_keep_their_order(real: Path) -> None:
    wide = from_r(real, "leeper__cregg__wide_conjoint")
    declared = json.loads((real / "datasets/leeper__cregg__wide_conjoint.levels.json").read_text())
    order = declared["factor_levels_in_order_first_is_baseline"]["feature1a1"]
    found = read_wide_conjoint(wide, columns={"feature1": "feature1{task}{profile}"})
    assert found["feature1"].cat.categories.tolist() == order

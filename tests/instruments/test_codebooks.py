"""The codebook names the columns that the survey's export has, and the answers that they hold."""

import ast
import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from vignetta.codebook import RECORD, Codebook, Variable, codebook_csv, codebook_of_csv
from vignetta.design.declaration import Design, read_design
from vignetta.errors import StudyError
from vignetta.instruments.codebooks import codebook_of_design, codebook_of_survey
from vignetta.instruments.qsf import read_qsf
from vignetta.instruments.survey import Survey
from vignetta.instruments.writing.building import build

Altered = Callable[..., Design]


@pytest.fixture(scope="module")
def survey(design: Design) -> Survey:
    return build(design)


@pytest.fixture(scope="module")
def codebook(design: Design, survey: Survey) -> Codebook:
    return codebook_of_design(design, survey)


def own(codebook: Codebook) -> list[Variable]:
    return list(codebook.variables[len(RECORD) :])


# ---------------------------------------------------------------------------------------------- of a built survey


def test_it_begins_with_what_qualtrics_always_exports(codebook: Codebook) -> None:
    assert codebook.variables[: len(RECORD)] == RECORD


def test_every_variable_is_a_column_of_the_survey(codebook: Codebook, survey: Survey) -> None:
    for each in own(codebook):
        number = each.import_id.split("_")[0]
        if number in survey.questions:
            assert each.column.startswith(survey.questions[number].tag)
        else:
            assert each.import_id == each.column
            assert each.import_id in survey.embedded_fields


def test_every_column_of_the_survey_is_a_variable(codebook: Codebook, survey: Survey) -> None:
    """Two ways to the same columns: from the design, and from the survey that was built from it."""
    imported = codebook_of_survey(survey)
    assert {each.import_id for each in own(imported)} == {each.import_id for each in own(codebook)}
    assert {each.column for each in own(imported)} == {each.column for each in own(codebook)}


def test_answers_are_the_choices_of_the_survey(codebook: Codebook, survey: Survey) -> None:
    asked = [
        each for each in codebook.with_role("consent", "covariate", "attention", "outcome", "recall") if each.categories
    ]
    assert len(asked) == 1 + 4 + 1 + 2 + 5
    for each in asked:
        choices = survey.questions[each.import_id].choices
        assert [(category.code, category.label) for category in each.categories] == [(c.code, c.plain) for c in choices]


def test_levels_are_those_of_the_design(codebook: Codebook, design: Design) -> None:
    for name, factor in design.factors.items():
        assert codebook[name].levels == factor.level_names
        assert [each.code for each in codebook[name].categories] == [each.export_code for each in factor.levels]
        assert codebook[f"recall_{name}"].levels == [*factor.level_names, "unsure"]
        assert codebook[f"recall_{name}"].about == codebook[f"{name}_text"].about == name


def test_roles_and_kinds(codebook: Codebook) -> None:
    kinds = {each.name: (each.role, each.kind) for each in own(codebook)}
    assert kinds["consent"] == ("consent", "category")
    assert kinds["ideology"] == ("covariate", "ordered")
    assert kinds["party"] == ("covariate", "category")
    assert kinds["age"] == ("covariate", "number")
    assert kinds["attention"] == ("attention", "category")
    assert kinds["approval"] == ("outcome", "scale")
    assert kinds["treaty"] == ("factor", "category")
    assert kinds["treaty_text"] == ("wording", "text")
    assert kinds["data_source"] == ("source", "text")
    assert kinds["timing_vignette_page_submit"] == ("other", "number")
    assert codebook["attention"].about == "radio"
    assert codebook["consent"].levels == ["agree", "decline"]
    assert (codebook["age"].minimum, codebook["age"].maximum, codebook["age"].import_id) == (18.0, 110.0, "QID5_TEXT")


def test_a_descending_scale_is_turned_round(altered: Altered) -> None:
    codebook = codebook_of_design(altered(lambda c: c["outcomes"]["approval"].update(direction="descending")))
    assert [each.code for each in codebook["approval"].categories] == list("1234567")
    assert [each.value for each in codebook["approval"].categories] == [7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]


def test_declared_codes(altered: Altered) -> None:
    def code(content: dict[str, Any]) -> None:
        for place, level in enumerate(content["factors"]["treaty"]["levels"]):
            level["code"] = str(place)
        for place, option in enumerate(content["covariates"]["party"]["options"]):
            option["code"] = str(10 - place)

    codebook = codebook_of_design(altered(code))
    assert [(each.code, each.level) for each in codebook["treaty"].categories] == [("0", "none"), ("1", "formal")]
    assert [each.code for each in codebook["party"].categories] == ["10", "9", "8"]


def test_it_can_be_written_and_read(codebook: Codebook) -> None:
    assert codebook_of_csv(codebook_csv(codebook), shown="codebook.csv") == codebook


def test_columns_that_people_named(altered: Altered) -> None:
    def rename(content: dict[str, Any]) -> None:
        content["outcomes"]["approval"]["column"] = "Y1"
        content["factors"]["treaty"]["column"] = "T1"

    codebook = codebook_of_design(altered(rename))
    assert (codebook["approval"].column, codebook["approval"].import_id) == ("Y1", "QID11")
    assert (codebook["treaty"].column, codebook["treaty"].import_id) == ("T1", "T1")
    assert codebook["treaty_text"].import_id == "T1_text"


def test_two_variables_of_one_name_are_told(altered: Altered) -> None:
    def rename(content: dict[str, Any]) -> None:
        content["outcomes"]["treaty_text"] = content["outcomes"].pop("approval") | {"column": "Y1"}

    with pytest.raises(StudyError, match="two variables would have this name"):
        codebook_of_design(altered(rename))


def test_data_in_hand_have_their_own_columns(root: Path) -> None:
    design = read_design(root / "src/vignetta/scaffold/in-hand/design/study.yaml")
    codebook = codebook_of_design(design)
    columns = {each.name: (each.column, each.import_id) for each in codebook.variables}
    assert columns == {
        "response_id": ("id", ""),
        "age": ("age", ""),
        "regime": ("democ", ""),
        "ally": ("ally", ""),
        "support": ("support", ""),
    }
    assert [(each.code, each.level) for each in codebook["regime"].categories] == [
        ("0", "autocracy"),
        ("1", "democracy"),
    ]
    assert [(each.code, each.value) for each in codebook["support"].categories][-1] == ("4", 4.0)


# ---------------------------------------------------------------------------------------------- of any other survey


def test_a_randomised_field_is_a_factor(survey: Survey, design: Design) -> None:
    imported = codebook_of_survey(survey)
    assert imported["action"].role == "factor"
    assert imported["action"].levels == design.factors["action"].level_names
    assert imported["data_source"].role == "other"


def hand_made(*questions: dict[str, Any], options: Any = None, flow: Any = ()) -> Survey:
    shown = [{"Type": "Question", "QuestionID": each["QuestionID"]} for each in questions]
    block = {"Type": "Default", "ID": "BL_1", "BlockElements": shown, "Options": options or {}}
    elements = [{"Element": "BL", "Payload": [block]}, {"Element": "FL", "Payload": {"Flow": list(flow)}}]
    elements += [{"Element": "SQ", "Payload": each} for each in questions]
    return Survey({"SurveyEntry": {}, "SurveyElements": elements})


def text_question(number: int, tag: str) -> dict[str, Any]:
    return {
        "QuestionID": f"QID{number}",
        "QuestionType": "TE",
        "Selector": "SL",
        "DataExportTag": tag,
        "QuestionText": "?",
    }


def test_names_are_readable_and_unique() -> None:
    tags = ("instructor(s)", "Q1.2", "Q1.2", "", " ", "*", "1.P(D2)", "status")
    imported = codebook_of_survey(hand_made(*(text_question(n, tag) for n, tag in enumerate(tags, 1))))
    names = ["instructor_s", "Q1_2", "Q1_2_QID3_TEXT", "QID4", "QID5", "q", "q_1_P_D2", "status_QID8_TEXT"]
    assert [each.name for each in own(imported)] == names
    assert own(imported)[0].column == "instructor(s)"


def test_loops_have_their_own_columns() -> None:
    options = {"Looping": "Static", "LoopingOptions": {"Static": {"1": {"1": "a"}, "2": {"1": "b"}}}}
    imported = codebook_of_survey(hand_made(text_question(7, "view"), options=options))
    found = [(each.name, each.column, each.import_id) for each in own(imported)]
    assert found == [("view_loop_1", "1_view", "1_QID7_TEXT"), ("view_loop_2", "2_view", "2_QID7_TEXT")]


def test_the_trash_is_not_exported() -> None:
    survey = hand_made(text_question(1, "q"))
    survey.elements("BL")[0]["Payload"][0]["Type"] = "Trash"
    assert own(codebook_of_survey(survey)) == []


def setting(name: str, value: str) -> dict[str, Any]:
    return {"Type": "EmbeddedData", "EmbeddedData": [{"Field": name, "Value": value}]}


def test_a_field_is_a_factor_only_when_a_randomizer_chooses_among_fixed_values() -> None:
    two = {"Type": "BlockRandomizer", "SubSet": 1, "Flow": [setting("arm", "a"), setting("arm", "b; c")]}
    piped = {"Type": "BlockRandomizer", "SubSet": 1, "Flow": [setting("x", "a"), setting("x", "${rand://int/1:2}")]}
    same = {"Type": "BlockRandomizer", "SubSet": 1, "Flow": [setting("y", "a"), setting("y", "a")]}
    imported = codebook_of_survey(hand_made(flow=[two, piped, same, setting("z", "a"), setting("z", "b")]))
    assert {each.name: each.role for each in own(imported)} == {
        "arm": "factor",
        "x": "other",
        "y": "other",
        "z": "other",
    }
    assert [(each.code, each.level) for each in imported["arm"].categories] == [("a", "a"), ("b; c", "b, c")]


def test_an_arm_that_no_field_holds_is_in_the_viewing_order() -> None:
    def group(number: int, name: str) -> dict[str, Any]:
        return {"Type": "Group", "FlowID": f"FL_{number}", "Description": name, "Flow": []}

    groups = [group(4, "Told of costs"), group(5, "Told nothing")]
    arms = {"Type": "BlockRandomizer", "FlowID": "FL_3", "SubSet": 1, "Flow": groups}
    order = {"Type": "BlockRandomizer", "FlowID": "FL_8", "SubSet": 2, "Flow": [group(6, "a"), group(7, "b")]}
    (arm,) = own(codebook_of_survey(hand_made(flow=[arms, order])))
    assert (arm.name, arm.import_id, arm.column, arm.kind) == ("FL_3_DO", "FL_3_DO", "FL_3_DO", "category")
    assert [(each.code, each.level) for each in arm.categories] == [("FL_4", "Told of costs"), ("FL_5", "Told nothing")]


def test_panel_identifiers_are_personal() -> None:
    personal = ["PROLIFIC_PID", "workerId", "rid", "participant_id", "Email"]
    personal += ["SESSION_ID", "assignmentId", "completion_code"]
    fields = [*personal, "session", "arm", "grid", "pid_count", "STUDY_ID"]
    imported = codebook_of_survey(
        hand_made(flow=[{"Type": "EmbeddedData", "EmbeddedData": [{"Field": f} for f in fields]}])
    )
    assert [each.column for each in own(imported) if each.role == "personal"] == personal


# ------------------------------------------------------------------------------ instruments and their real exports

PAIRS: Final[dict[str, tuple[str, str, int, set[str]]]] = {
    "psych251": (
        "psych251__porter_2016_1_rescue__survey",
        "psych251__porter_2016_1_rescue__pilot_a_anonymized",
        28,
        set(),
    ),
    "janpfander": (
        "janpfander__impressive_climate__Climatologist",
        "janpfander__impressive_climate__qualtrics",
        15,
        set(),
    ),
    "projoint": (
        "yhoriuchi__projoint__CHKKK_Mummolo_and_Nall_full_replication_W1_Lucid_-_August_2021",
        "yhoriuchi__projoint__mummolo_nall_replication",
        22,
        set(),
    ),
    "Long_Exhaustive": (
        "ctesta01__QualtricsTools__Long_Exhaustive_Sample_Survey",
        "ctesta01__QualtricsTools__Long_Exhaustive_Sample_Survey",
        353,
        {"QID1", "QID6_TEXT", "QID7_TEXT"},
    ),
}
"""Survey, export, the number of its question columns, and those that exports since 2017 do not have: a column for a
description, and the text entry of a single choice without the choice's number."""


def header(file: Path) -> list[tuple[str, str]]:
    """The name and ImportId of every column; early exports wrote dashes, and a Python mapping instead of JSON."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.reader(lines)
        columns, _, ids = next(rows), next(rows), next(rows)
    read = [json.loads(each) if '"ImportId"' in each else ast.literal_eval(each) for each in ids]
    named = [(column, each["ImportId"]) for column, each in zip(columns, read, strict=True)]
    return [(name, re.sub("-", "_", i) if re.match(r"QID\d", i) else i) for name, i in named]


def resolves(column: str, import_id: str, codebook: Codebook) -> bool:
    """Whether a variable is this column, or all columns of a question of several answers of which this is one."""
    for each in codebook.variables:
        split = each.kind == "multiple" and re.fullmatch(re.escape(each.import_id) + r"_\d+", import_id)
        if import_id == each.import_id or column == each.column or split:
            return True
    return False


@pytest.mark.real
@pytest.mark.parametrize("pair", PAIRS)
def test_every_question_column_of_a_real_export_is_known(real: Path, pair: str) -> None:
    instrument, export, count, outdated = PAIRS[pair]
    codebook = codebook_of_survey(read_qsf(real / "qsf" / f"{instrument}.qsf"))
    asked = [each for each in header(real / "exports" / f"{export}.csv") if each[1].startswith("QID")]
    assert len(asked) == count
    assert {import_id for column, import_id in asked if not resolves(column, import_id, codebook)} == outdated


@pytest.mark.real
@pytest.mark.parametrize(("pair", "count"), [("projoint", 186), ("janpfander", 2), ("psych251", 0)])
def test_every_embedded_column_of_a_real_export_is_known(real: Path, pair: str, count: int) -> None:
    instrument, export, _, _ = PAIRS[pair]
    survey = read_qsf(real / "qsf" / f"{instrument}.qsf")
    names = {each.import_id for each in codebook_of_survey(survey).variables}
    exported = [i for _, i in header(real / "exports" / f"{export}.csv") if i in survey.embedded_fields]
    assert len(exported) == count
    assert set(exported) <= names

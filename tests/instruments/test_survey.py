"""The views of a survey hold whichever way Qualtrics wrote it."""

from typing import Any

import pytest

from tests.instruments.small_survey import small
from vignetta.instruments.integrity import shape_problems
from vignetta.instruments.survey import (
    BlockNode,
    BranchNode,
    EmbeddedDataNode,
    EndNode,
    GroupNode,
    OtherNode,
    RandomizerNode,
    Survey,
    question_of,
    walk,
)
from vignetta.instruments.written import is_true


def question(**payload: Any) -> dict[str, Any]:
    common = {"QuestionID": "QID1", "QuestionType": "MC", "Selector": "SAVR", "DataExportTag": "q", "QuestionText": "?"}
    return common | payload


def survey(questions: list[dict[str, Any]], blocks: Any, flow: list[dict[str, Any]] | None = None) -> Survey:
    elements = [{"Element": "BL", "Payload": blocks}, {"Element": "FL", "Payload": {"Flow": flow or []}}]
    elements += [{"Element": "SQ", "Payload": each} for each in questions]
    return Survey({"SurveyEntry": {"SurveyID": "SV_1", "SurveyName": "n"}, "SurveyElements": elements})


def shown(*ids: str) -> list[dict[str, str]]:
    return [{"Type": "Question", "QuestionID": each} if each else {"Type": "Page Break"} for each in ids]


# ------------------------------------------------------------------------------------------------------ questions


def test_choices_stand_in_the_order_shown() -> None:
    choices = {"1": {"Display": "a"}, "2": {"Display": "b"}, "4": {"Display": "d"}}
    for order in ([4, 1, 2], ["4", "1", "2"], {"0": 4, "2": 1, "3": 2}):
        view = question_of(question(Choices=choices, ChoiceOrder=order))
        assert [(each.id, each.text) for each in view.choices] == [("4", "d"), ("1", "a"), ("2", "b")]


def test_choices_that_the_order_forgets_come_last() -> None:
    view = question_of(question(Choices={"1": {"Display": "a"}, "2": {"Display": "b"}}, ChoiceOrder=[2]))
    assert [each.id for each in view.choices] == ["2", "1"]


def test_a_list_of_choices_is_counted_from_zero() -> None:
    listed = [{"Display": "a"}, {"Display": "b"}]
    assert [each.id for each in question_of(question(Choices=listed)).choices] == ["0", "1"]
    assert [each.id for each in question_of(question(Choices=listed, ChoiceOrder=["1", "0"])).choices] == ["1", "0"]


@pytest.mark.parametrize("recode", [{"1": "9", "2": -1}, {1: 9, 2: "-1"}, ["x", "9", "-1"]])
def test_recoded_choices_have_their_codes(recode: Any) -> None:
    view = question_of(question(Choices={"1": {"Display": "a"}, "2": {"Display": "b"}}, RecodeValues=recode))
    assert [each.code for each in view.choices] == ["9", "-1"]


def test_without_recoding_the_code_is_the_id() -> None:
    view = question_of(question(Choices={"7": {"Display": "a"}}, RecodeValues=[], VariableNaming=False))
    assert (view.choices[0].code, view.choices[0].name) == ("7", "")


def test_in_a_matrix_the_columns_are_recoded_and_the_rows_are_not() -> None:
    rows, columns = {"1": {"Display": "row"}}, {"1": {"Display": "no"}, "2": {"Display": "yes"}}
    more = {"RecodeValues": {"1": "0", "2": "1"}, "ChoiceDataExportTags": {"1": "first"}, "AnswerOrder": [2, 1]}
    view = question_of(question(QuestionType="Matrix", Choices=rows, Answers=columns, **more))
    assert [(each.code, each.tag) for each in view.choices] == [("1", "first")]
    assert [(each.plain, each.code) for each in view.answers] == [("yes", "1"), ("no", "0")]


def test_text_entry_is_a_flag_in_words() -> None:
    choices = {"1": {"Display": "other", "TextEntry": "true"}, "2": {"Display": "a", "TextEntry": "false"}}
    assert [each.text_entry for each in question_of(question(Choices=choices)).choices] == [True, False]


def test_only_on_forces_an_answer() -> None:
    for written, forced in (("ON", True), ("OFF", False), ("RequestResponse", False)):
        assert question_of(question(Validation={"Settings": {"ForceResponse": written}})).forced is forced
    assert question_of(question()).forced is False


def test_side_by_side_questions_are_parts() -> None:
    part = {"QuestionID": "QID1#1", "QuestionType": "Matrix", "Selector": "Likert", "Choices": {"1": {"Display": "r"}}}
    view = question_of(question(QuestionType="SBS", AdditionalQuestions={"1": part, "2": part}))
    assert [each.id for each in view.parts] == ["QID1#1", "QID1#1"]


@pytest.mark.parametrize("tag", ["", " ", "*", None])
def test_a_question_without_a_tag_is_found_by_its_id(tag: Any) -> None:
    view = survey([question(QuestionID="QID-10000", DataExportTag=tag)], [])
    assert view.questions["QID-10000"].tag == (tag or "")


def test_words_are_read_out_of_the_html() -> None:
    assert question_of(question(QuestionText="<b>Do</b> you?<br>Yes &amp; no")).plain == "Do you? Yes & no"


@pytest.mark.parametrize(
    ("value", "truth"), [("true", True), (True, True), ("Yes", True), ("false", False), (0, False)]
)
def test_flags_in_all_their_forms(value: Any, truth: bool) -> None:
    assert is_true(value) is truth


# --------------------------------------------------------------------------------------------------------- blocks


@pytest.mark.parametrize("gapped", [False, True])
def test_blocks_as_a_list_or_a_mapping_with_gaps(gapped: bool) -> None:
    listed = [
        {"Type": "Default", "ID": "BL_1", "Description": "one", "BlockElements": shown("QID2", "", "", "QID1")},
        {"Type": "Trash", "ID": "BL_2", "Description": "bin", "BlockElements": shown("QID3")},
        {"Type": "Standard", "ID": "BL_3", "Description": "empty"},
    ]
    made = survey(
        [question(QuestionID=each) for each in ("QID1", "QID2", "QID3")],
        {"1": listed[0], "4": listed[1], "7": listed[2]} if gapped else listed,
    )
    assert [each.kind for each in made.blocks.values()] == ["Default", "Trash", "Standard"]
    assert made.blocks["BL_1"].pages == [["QID2"], ["QID1"]]
    assert made.blocks["BL_3"].questions == []
    assert [each.id for each in made.live_questions] == ["QID2", "QID1"]


def test_shuffled_and_looped_blocks_say_so() -> None:
    options = {"RandomizeQuestions": "Advanced", "Randomization": {"Advanced": {"TotalRandSubset": 2}}}
    looped = {"Looping": "Static", "LoopingOptions": {"Static": {"1": {"1": "a"}, "3": {"1": "b"}}}}
    plain = {"RandomizeQuestions": "false", "Looping": "None"}
    made = survey(
        [], [{"Type": "Standard", "ID": str(n), "Options": o} for n, o in enumerate((options, looped, plain))]
    )
    shuffled, loop, other = made.blocks.values()
    assert (shuffled.shuffle, shuffled.randomisation["Advanced"]) == ("Advanced", {"TotalRandSubset": 2})
    assert (loop.looping, loop.loops) == ("Static", {"1": {"1": "a"}, "3": {"1": "b"}})
    assert (other.shuffle, other.looping, other.loops) == ("", "", {})


def test_skip_logic_stays_on_the_block_element() -> None:
    element = {"Type": "Question", "QuestionID": "QID1", "SkipLogic": [{"SkipLogicID": 1}]}
    made = survey([question()], [{"Type": "Default", "ID": "BL_1", "BlockElements": [element]}])
    assert made.blocks["BL_1"].elements[0].skip_logic == [{"SkipLogicID": 1}]


# ----------------------------------------------------------------------------------------------------------- flow


def test_every_type_of_flow_element() -> None:
    field = {"Field": "arm", "Description": "arm", "Type": "Custom", "Value": "a"}
    arm = {"Type": "EmbeddedData", "FlowID": "FL_3", "EmbeddedData": [field, {"Field": "rid", "Type": "Recipient"}]}
    flow = [
        {"Type": "BlockRandomizer", "FlowID": "FL_2", "SubSet": 1, "EvenPresentation": True, "Flow": [arm]},
        {"Type": "Branch", "FlowID": "FL_4", "BranchLogic": {"0": {}}},
        {"Type": "Group", "FlowID": "FL_5", "Description": "g", "Flow": [{"Type": "EndSurvey", "FlowID": "FL_6"}]},
        {"Type": "WebService", "FlowID": "FL_7", "URL": "u"},
        {"Type": "Block", "FlowID": "FL_8", "ID": "BL_1"},
        {"Type": "Standard", "FlowID": "FL_9", "ID": "BL_1"},
    ]
    made = survey([], [{"Type": "Default", "ID": "BL_1"}], flow)
    kinds = [RandomizerNode, EmbeddedDataNode, BranchNode, GroupNode, EndNode, OtherNode, BlockNode, BlockNode]
    assert [type(each) for each in walk(made.flow)] == kinds
    assert [each.id for each in walk(made.flow)] == [f"FL_{n}" for n in range(2, 10)]
    randomizer = made.flow[0]
    assert isinstance(randomizer, RandomizerNode)
    assert (randomizer.subset, randomizer.even) == (1, True)
    assert made.embedded_fields == ("arm", "rid")


def test_fields_are_listed_once_in_the_order_first_named() -> None:
    def node(*names: str) -> dict[str, Any]:
        return {"Type": "EmbeddedData", "EmbeddedData": [{"Field": each} for each in names]}

    made = survey([], [], [node("b", "a"), {"Type": "Group", "Flow": [node("c", "b")]}, node("a")])
    assert made.embedded_fields == ("b", "a", "c")


def test_each_block_may_stand_in_an_element_of_its_own() -> None:
    document = small()
    place = next(n for n, each in enumerate(document["SurveyElements"]) if each["Element"] == "BL")
    whole = document["SurveyElements"].pop(place)
    document["SurveyElements"][place:place] = [{**whole, "Payload": each} for each in whole["Payload"]]
    assert shape_problems(document) == []
    assert list(Survey(document).blocks) == list(Survey(small()).blocks)
    assert Survey(document).blocks["BL_vignette"].pages == Survey(small()).blocks["BL_vignette"].pages

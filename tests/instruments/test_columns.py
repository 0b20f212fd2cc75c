"""Each type of question has the columns that real exports have."""

from typing import Any

import pytest

from vignetta.instruments.columns import Column, categories_of, columns_of, fraud_columns
from vignetta.instruments.survey import Choice, question_of


def columns(**payload: Any) -> list[Column]:
    common = {"QuestionID": "QID1", "DataExportTag": "q", "QuestionText": "?", "Selector": "SAVR"}
    return columns_of(question_of(common | payload))


def names(**payload: Any) -> list[tuple[str, str, str]]:
    return [(each.name, each.import_name, each.kind) for each in columns(**payload)]


TWO = {"1": {"Display": "a"}, "2": {"Display": "b"}}
OTHER = {"1": {"Display": "a"}, "6": {"Display": "other", "TextEntry": "true"}}


@pytest.mark.parametrize("selector", ["SAVR", "SAHR", "SACOL", "DL", "SB"])
def test_one_answer(selector: str) -> None:
    assert names(QuestionType="MC", Selector=selector, Choices=TWO) == [("", "", "category")]


@pytest.mark.parametrize("selector", ["MAVR", "MAHR", "MACOL", "MSB"])
def test_several_answers(selector: str) -> None:
    assert names(QuestionType="MC", Selector=selector, Choices=TWO) == [("", "", "multiple")]


def test_text_entry_is_named_by_code_and_identified_by_choice() -> None:
    found = names(QuestionType="MC", Choices=OTHER, RecodeValues={"1": "1", "6": "-2"})
    assert found == [("", "", "category"), ("_-2_TEXT", "_6_TEXT", "text")]


def test_a_matrix_has_a_column_per_row() -> None:
    found = columns(QuestionType="Matrix", Selector="Likert", SubSelector="SingleAnswer", Choices=OTHER, Answers=TWO)
    assert [(each.name, each.import_name, each.kind) for each in found] == [
        ("_1", "_1", "category"),
        ("_6", "_6", "category"),
        ("_6_TEXT", "_6_TEXT", "text"),
    ]
    assert [(each.code, each.level) for each in found[0].categories] == [("1", "a"), ("2", "b")]
    assert found[0].row == "a"


def test_tagged_rows() -> None:
    tags = {"1": "cucumbers", "2": "mangos"}
    found = names(QuestionType="Matrix", Selector="Likert", Choices=TWO, Answers=TWO, ChoiceDataExportTags=tags)
    assert found == [("_cucumbers", "_1", "category"), ("_mangos", "_2", "category")]


def test_a_matrix_of_several_answers() -> None:
    found = names(QuestionType="Matrix", Selector="Likert", SubSelector="MultipleAnswer", Choices=TWO, Answers=TWO)
    assert found == [("_1", "_1", "multiple"), ("_2", "_2", "multiple")]


def test_a_matrix_of_texts_has_a_column_per_cell() -> None:
    found = names(QuestionType="Matrix", Selector="TE", Choices={"1": {"Display": "r"}}, Answers=TWO)
    assert found == [("_1_1_TEXT", "_1_1", "text"), ("_1_2_TEXT", "_1_2", "text")]


def test_side_by_side() -> None:
    part = {"QuestionType": "Matrix", "Selector": "Likert", "Choices": TWO, "Answers": TWO, "QuestionText": "how?"}
    parts = {
        "1": part | {"QuestionID": "QID1#1", "SubSelector": "SingleAnswer"},
        "2": part | {"QuestionID": "QID1#2", "SubSelector": "MultipleAnswer"},
    }
    found = names(QuestionType="SBS", Selector="SBSMatrix", Choices=TWO, AdditionalQuestions=parts)
    assert found == [("#1_1", "#1_1", "category"), ("#1_2", "#1_2", "category")] + [
        ("#2_1", "#2_1", "multiple"),
        ("#2_2", "#2_2", "multiple"),
    ]


def test_texts_and_numbers() -> None:
    assert names(QuestionType="TE", Selector="ML") == [("", "_TEXT", "text")]
    assert names(QuestionType="TE", Selector="FORM", Choices=TWO) == [("_1", "_1", "text"), ("_2", "_2", "text")]
    number = {"Settings": {"ContentType": "ValidNumber", "ValidNumber": {"Min": "18", "Max": ""}}}
    found = columns(QuestionType="TE", Selector="SL", Validation=number)
    assert [(each.kind, each.minimum, each.maximum) for each in found] == [("number", 18.0, None)]


def test_a_bound_that_is_piped_is_no_bound() -> None:
    number = {"Settings": {"ContentType": "ValidNumber", "ValidNumber": {"Min": "${e://Field/low}", "Max": "nan"}}}
    (found,) = columns(QuestionType="TE", Selector="SL", Validation=number)
    assert (found.minimum, found.maximum) == (None, None)


def test_sliders_and_ranks_are_numbers() -> None:
    recode = {"1": "8", "2": "9"}
    for kind in ("Slider", "RO", "CS"):
        assert names(QuestionType=kind, Choices=TWO, RecodeValues=recode) == [
            ("_8", "_1", "number"),
            ("_9", "_2", "number"),
        ]


def test_what_the_page_notes() -> None:
    assert names(QuestionType="Timing") == [
        ("_First Click", "_FIRST_CLICK", "number"),
        ("_Last Click", "_LAST_CLICK", "number"),
        ("_Page Submit", "_PAGE_SUBMIT", "number"),
        ("_Click Count", "_CLICK_COUNT", "number"),
    ]
    browser = [("_Browser", "_BROWSER"), ("_Version", "_VERSION"), ("_Operating System", "_OS")]
    assert [each[:2] for each in names(QuestionType="Meta")] == [*browser, ("_Resolution", "_RESOLUTION")]


def test_what_is_not_answered_has_no_column() -> None:
    assert names(QuestionType="DB", Selector="TB") == names(QuestionType="Captcha") == []


def test_a_type_that_nobody_knows_is_read_as_text() -> None:
    assert names(QuestionType="TreeSelect") == [("", "", "text")]


# ------------------------------------------------------------------------------------------------------ categories


def test_categories_are_codes_and_words() -> None:
    (found,) = categories_of([Choice("1", "<b>Yes</b> &amp; no", "7")])
    assert (found.code, found.level, found.label) == ("7", "Yes & no", "Yes & no")


def test_words_that_are_shared_stay_apart() -> None:
    found = categories_of([Choice("1", "a", "1"), Choice("2", "a", "2"), Choice("3", "a", "2"), Choice("4", "", "4")])
    assert [each.level for each in found] == ["a", "a (2)", "a (2, 3)", "choice 4"]


def test_signs_that_separate_levels_are_replaced() -> None:
    (found,) = categories_of([Choice("1", "a; b|c", "1")])
    assert (found.level, found.label) == ("a, b,c", "a; b|c")


def test_a_name_given_for_the_export_is_the_label() -> None:
    (found,) = categories_of([Choice("1", "<img src='x'>", "1", name="cat")])
    assert (found.level, found.label) == ("cat", "cat")


def test_protection_adds_columns() -> None:
    assert fraud_columns({"RecaptchaV3": "true", "RelevantID": "false"}) == {"Q_RecaptchaScore": "number"}
    assert len(fraud_columns({"RelevantID": True, "BallotBoxStuffingPrevention": "true"})) == 5
    assert fraud_columns({}) == {}


def test_levels_of_a_drill_down_and_regions_of_a_picture() -> None:
    levels = {"1": {"Display": "Country"}, "2": {"Display": "State"}}
    assert names(QuestionType="DD", Selector="DL", Choices=levels) == [("_1", "_1", "text"), ("_2", "_2", "text")]
    assert names(QuestionType="HotSpot", Selector="OnOff", Choices=levels)[0] == ("_1", "_1", "text")
    liked = {"1": {"Display": "Dislike"}, "3": {"Display": "Like"}}
    (found,) = columns(
        QuestionType="HotSpot", Selector="LikeDislike", Choices={"4": {"Display": "Left"}}, Answers=liked
    )
    assert (found.name, [(each.code, each.level) for each in found.categories]) == (
        "_4",
        [("1", "Dislike"), ("3", "Like")],
    )


def test_clicks_on_a_picture_and_words_that_are_marked() -> None:
    clicks = names(QuestionType="HeatMap", Selector="Image", Clicks=2, Choices={"1": {"Display": "X,Y"}})
    assert [each[0] for each in clicks] == ["_1_x", "_1_y", "_2_x", "_2_y", ""]
    assert clicks[-1] == ("", "_REGIONS", "text")
    words = {"64": {"Word": "a", "Display": "1: a"}, "65": {"Word": "b", "Display": "2: b"}}
    liked = {"1": {"Display": "Like"}, "2": {"Display": "Dislike"}}
    marked = names(QuestionType="HL", Selector="Text", Choices=words, Answers=liked)
    assert marked == [("_1", "_1", "multiple"), ("_2", "_2", "multiple")]


def test_each_row_of_a_profile_has_its_own_answers() -> None:
    rows = {"1": {"Display": "colour"}, "2": {"Display": "size"}}
    own = {"1": {"1": {"Display": "red"}, "2": {"Display": "blue"}}, "2": {"1": {"Display": "small"}}}
    more = {"Choices": rows, "Answers": own, "AnswerOrder": {"1": ["2", "1"]}, "SubSelector": "SingleAnswer"}
    found = columns(QuestionType="Matrix", Selector="Profile", **more)
    assert [[each.level for each in column.categories] for column in found] == [["blue", "red"], ["small"]]

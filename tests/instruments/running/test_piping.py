"""Piped text from fields that nobody set, parts of questions and math operations."""

from typing import Any

import pytest

from tests.instruments.small_flows import (
    about,
    branch,
    choice,
    logic,
    many,
    notes,
    one_block,
    said,
    setting,
    somebody,
    take,
)
from vignetta.instruments.review.linting import lint
from vignetta.instruments.running.rehearsing import rehearse
from vignetta.instruments.survey import Survey

SHOW = {"Type": "Block", "ID": "BL_1", "FlowID": ""}


def beside(tag: str) -> dict[str, Any]:
    """Two scales beside each other, the second of several answers."""
    parts = {
        place: {
            "QuestionID": f"QID1#{place}",
            "QuestionType": "Matrix",
            "Selector": "Likert",
            "SubSelector": kind,
            "QuestionText": f"Scale {place}",
            "Choices": {"1": {"Display": "row"}, "2": {"Display": "other row"}},
            "Answers": {"1": {"Display": "low"}, "2": {"Display": "high"}},
        }
        for place, kind in (("1", "SingleAnswer"), ("2", "MultipleAnswer"))
    }
    return choice(tag, "row", "other row", QuestionType="SBS", Selector="SBSMatrix", AdditionalQuestions=parts)


def side_by_side(*operands: tuple[str, str]) -> Survey:
    told = said("told", "${q://QID1%231/ChoiceGroup/SelectedAnswers/1}, ${q://QID1#2/ChoiceGroup/SelectedAnswers/2}")
    shown = [said(f"shown{n}", "Yes.") | {"DisplayLogic": logic(about(*each))} for n, each in enumerate(operands)]
    return one_block(beside("asked"), told, *shown)


def test_parts_of_questions_beside_each_other() -> None:
    survey = side_by_side(
        ("q://QID1#1/SelectableChoice/1/2", "Selected"),
        ("q://QID1#1/SelectableChoice/2/2", "Selected"),
        ("q://QID1#2/SelectableChoice/2/1", "Selected"),
        ("q://QID1#2/ChoiceDisplayed/1", "Displayed"),
    )
    answers = {"1": {"1": "2", "2": "1"}, "2": {"1": ("2",), "2": ("1", "2")}}
    visit = take(survey, somebody(asked=answers))
    assert visit.shown["QID2"] == "high, low, high"
    assert visit.pages[2:] == (("QID3",), ("QID5",), ("QID6",))
    assert not [each for each in lint(survey) if each.rule != "layout"]


def test_a_part_that_does_not_exist_is_named() -> None:
    found = notes(side_by_side(("q://QID1#3/SelectableChoice/1/2", "Selected")))
    assert "shown0: a condition asks about QID1#3, which no question is; it cannot be tested" in found


def test_math_operations_in_fields_texts_and_conditions() -> None:
    asked, told = choice("asked"), said("told", "$e{ q://QID1/SelectedChoicesRecode&nbsp;* 2 }/${e://Field/sum}$")
    shown = said("shown", "Yes.") | {"DisplayLogic": logic(about("sum", "EqualTo", "$e{2+3}", kind="EmbeddedField"))}
    survey = one_block(asked, told, shown, flow=[setting(x="4"), setting(sum="$e{ e://Field/x + 1 }"), SHOW])
    visit = take(survey, somebody(asked="3"))
    assert visit.embedded["sum"] == "5"
    assert visit.shown == {"QID1": "Which?", "QID2": "6/5$", "QID3": "Yes."}
    executed = {each.what for each in rehearse(survey, 1).account if each.done == "executed"}
    assert "math operations" in executed


def test_an_operation_that_is_none_is_named() -> None:
    found = notes(one_block(said("told", "$e{ 1 + }")))
    assert found == {"told: the math operation $e{ 1 + } cannot be computed; left empty"}


@pytest.mark.parametrize(("name", "words"), [("Q_Language", "EN"), ("SurveyID", "SV_")])
def test_fields_that_the_platform_fills(name: str, words: str) -> None:
    assert take(one_block(said("told", f"${{e://Field/{name}}}"))).shown["QID1"].startswith(words)


def test_a_field_that_the_flow_does_not_name_is_named() -> None:
    survey = one_block(said("told", "${e://Field/ResponseID}"))
    words = "told: the field ResponseID is asked for, which the flow does not name; empty unless the link has it"
    assert notes(survey) == {words}
    assert not notes(one_block(said("told", "${e://Field/x}"), flow=[setting(x="1"), SHOW]))


def test_what_is_known_of_a_question() -> None:
    told = "${q://QID1/QuestionDescription} ${q://QID1/ChoiceGroup/SelectedChoices?displayLogic=0}"
    visit = take(one_block(choice("asked") | {"QuestionDescription": "Short"}, said("told", told)), somebody(asked="2"))
    assert visit.shown["QID2"] == "Short b"


def test_conditions_on_fields_that_the_platform_fills_and_that_nothing_does() -> None:
    spoken = branch(about("Q_Language", "EqualTo", "EN", kind="EmbeddedField"), then=[setting(spoken="English")])
    survey = one_block(choice("asked"), flow=[SHOW, spoken])
    assert take(survey).embedded["spoken"] == "English"
    assert not [each for each in lint(survey) if each.rule == "field-never-set"]
    unheard = branch(about("unheard", "EqualTo", "1", kind="EmbeddedField"), then=[setting(heard="yes")])
    (found,) = notes(one_block(choice("asked"), flow=[SHOW, unheard]))
    assert "the field unheard is asked for, which the flow does not name" in found


def test_a_field_that_a_web_service_fills_is_named_by_it() -> None:
    service = {"Type": "WebService", "FlowID": "", "URL": "", "ResponseMap": [{"key": "n", "value": "drawn"}]}
    found = notes(one_block(said("told", "${e://Field/drawn}"), flow=[service, SHOW]))
    assert [each.partition(": ")[2] for each in found] == [
        "a flow element of type WebService is skipped; the fields it sets stay as they are: drawn"
    ]


def test_the_format_of_a_field_is_named_and_not_applied() -> None:
    survey = one_block(said("told", "${e://Field/x?format=number}"), flow=[setting(x="7"), SHOW])
    assert notes(survey) == {"told: the format of the field x is not applied; shown as it is"}
    assert many(survey, 1)[0].shown["QID1"] == "7"
    assert not [each for each in lint(survey) if each.rule == "field-never-set"]

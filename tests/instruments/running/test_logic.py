"""Conditions hold for those for whom the platform would let them hold: every operand, every operator."""

from typing import Any

import numpy as np
import pytest

from tests.instruments.small_flows import (
    about,
    branch,
    choice,
    logic,
    notes,
    one_block,
    setting,
    several,
    somebody,
    take,
)
from vignetta.instruments.running.runtime import Runtime
from vignetta.instruments.running.visits import Answer, Respondent
from vignetta.instruments.survey import Survey
from vignetta.instruments.writing import elements

WENT = setting(went="yes")
SHOWN = {"Type": "Block", "ID": "BL_1", "FlowID": ""}


def holds(comparison: dict[str, Any], question: dict[str, Any], answer: Answer | None, **link: str) -> bool:
    survey = one_block(question, flow=[SHOWN, branch(comparison, then=[WENT])])
    return "went" in take(survey, somebody(link, asked=answer) if answer is not None else None).embedded


MATRIX = elements.matrix("asked", "Agree?", ["row one", "row two"], ["no", "yes"], codes=())


@pytest.mark.parametrize(
    ("place", "operator", "answer", "expected"),
    [
        ("SelectableChoice/1", "Selected", ("1", "3"), True),
        ("SelectableChoice/2", "Selected", ("1", "3"), False),
        ("SelectableChoice/2", "NotSelected", ("1", "3"), True),
        ("SelectedChoicesCount", "EqualTo", ("1", "3"), True),
        ("SelectedChoicesCount", "GreaterThan", ("1", "3"), False),
        ("ChoiceDisplayed/1", "Displayed", ("1",), True),
        ("ChoiceDisplayed/9", "Displayed", ("1",), False),
        ("ChoiceDisplayed/9", "NotDisplayed", ("1",), True),
        ("QuestionDisplayed", "Displayed", ("1",), True),
        ("QuestionDisplayed", "NotDisplayed", ("1",), False),
    ],
)
def test_several_answers(place: str, operator: str, answer: Answer, expected: bool) -> None:
    right = "2" if "Count" in place else ""
    assert holds(about(f"q://QID1/{place}", operator, right), several("asked"), answer) == expected


@pytest.mark.parametrize(
    ("place", "operator", "expected"),
    [
        ("SelectableChoice/1/2", "Selected", True),
        ("SelectableChoice/2/2", "Selected", False),
        ("SelectableChoice/2/2", "NotSelected", True),
        ("SelectableAnswer/1", "Selected", True),
        ("SelectableAnswer/3", "Selected", False),
        ("SelectedAnswerCount/2", "EqualTo", True),
        ("ChoiceDisplayed/1", "Displayed", True),
    ],
)
def test_a_matrix(place: str, operator: str, expected: bool) -> None:
    comparison = about(f"q://QID1/{place}", operator, "1" if "Count" in place else "")
    assert holds(comparison, dict(MATRIX), {"1": "2", "2": "1"}) == expected


@pytest.mark.parametrize(
    ("operator", "right", "expected"),
    [
        ("EqualTo", "Berlin", True),
        ("EqualTo", "berlin", False),
        ("NotEqualTo", "Berlin", False),
        ("Contains", "erl", True),
        ("DoesNotContain", "erl", False),
        ("Empty", "", False),
        ("NotEmpty", "", True),
        ("MatchesRegex", "^B.*n$", True),
        ("MatchesRegex", "/^b/i", True),
        ("MatchesRegex", "^b", False),
        ("GreaterThan", "3", False),
    ],
)
def test_typed_words(operator: str, right: str, expected: bool) -> None:
    comparison = about("q://QID1/ChoiceTextEntryValue", operator, right)
    assert holds(comparison, elements.text_entry("asked", "Where?"), "Berlin") == expected


def test_case_is_ignored_where_it_says_so() -> None:
    comparison = about("q://QID1/ChoiceTextEntryValue", "EqualTo", "BERLIN") | {"IgnoreCase": 1}
    assert holds(comparison, elements.text_entry("asked", "Where?"), "Berlin")
    spaces = about("q://QID1/ChoiceTextEntryValue", "MatchesRegex", r"^B\S+N$")
    assert holds(spaces | {"IgnoreCase": 1}, elements.text_entry("asked", "Where?"), "Berlin")
    assert not holds(spaces, elements.text_entry("asked", "Where?"), "Berlin")


def test_an_expression_with_nested_repetition_takes_no_longer_than_others() -> None:
    """Searched by trying all ways, 60 letters would take longer than the universe is old."""
    nested = about("q://QID1/ChoiceTextEntryValue", "MatchesRegex", "^(a+)+$")
    asked = elements.text_entry("asked", "Where?")
    assert holds(nested, asked, "a" * 60)
    assert not holds(nested, asked, "a" * 60 + "!")


@pytest.mark.parametrize(
    ("operator", "right", "expected"),
    [
        ("EqualTo", "40.0", True),
        ("NotEqualTo", "40.0", False),
        ("GreaterThanOrEqual", "40", True),
        ("LessThan", "9", False),
    ],
)
def test_sliders_compare_as_numbers(operator: str, right: str, expected: bool) -> None:
    slider = elements.slider("asked", "How warm?", minimum=0, maximum=100, step=1, ends=("cold", "hot"))
    comparison = about("q://QID1/ChoiceNumericEntryValue/1", operator, right)
    assert holds(comparison, slider, {"1": "40"}) == expected


def test_words_beside_a_choice() -> None:
    other = choice("asked", "a", "other")
    other["Choices"]["2"]["TextEntry"] = "true"
    comparison = about("q://QID1/ChoiceTextEntryValue/2", "EqualTo", "words")
    assert holds(comparison, dict(other), "2")
    assert not holds(comparison, dict(other), "1")


def test_what_was_not_asked_was_neither_selected_nor_displayed() -> None:
    flow = [branch(about("q://QID1/SelectableChoice/1", "NotSelected"), then=[WENT]), SHOWN]
    assert "went" in take(one_block(choice("asked"), flow=flow)).embedded
    flow = [branch(about("q://QID1/QuestionDisplayed", "Displayed"), then=[WENT]), SHOWN]
    assert "went" not in take(one_block(choice("asked"), flow=flow)).embedded


def truth_of(*sets: tuple[str, list[tuple[str, bool]]]) -> bool:
    """The truth of sets, each joined to those before, of comparisons, each with its joint and whether it holds."""
    made: dict[str, Any] = {"Type": "BooleanExpression"}
    for place, (kind, parts) in enumerate(sets):
        tests = [about("x", "EqualTo", "1" if true else "0", kind="EmbeddedField", joint=j) for j, true in parts]
        made[str(place)] = {str(n): each for n, each in enumerate(tests)} | {"Type": kind}
    node = {"Type": "Branch", "FlowID": "", "Description": "", "BranchLogic": made, "Flow": [WENT]}
    return "went" in take(one_block(flow=[setting(x="1"), node])).embedded


def test_and_binds_closer_than_or_within_a_set_and_between_sets() -> None:
    assert truth_of(("If", [("", True), ("Or", False), ("And", False)]))
    assert not truth_of(("If", [("", False), ("Or", True), ("And", False)]))
    assert not truth_of(("If", [("", True)]), ("AndIf", [("", False)]))
    assert truth_of(("If", [("", False)]), ("OrIf", [("", True)]))
    assert truth_of(("If", [("", True)]), ("OrIf", [("", False)]), ("AndIf", [("", False)]))
    assert truth_of(("If", [("", False), ("Or", True)]), ("AndIf", [("", True)]))


def test_fields_of_the_link_and_of_loops_and_piped_right_sides() -> None:
    alike = about("arm", "EqualTo", "${e://Field/other}", kind="EmbeddedField")
    flow = [elements.embedded_data({"arm": None, "other": None}), branch(alike, then=[WENT])]
    survey = one_block(flow=flow)
    assert "went" in take(survey, somebody({"arm": "x", "other": "x"})).embedded
    assert "went" not in take(survey, somebody({"arm": "x", "other": "y"})).embedded
    second = choice("second") | {"DisplayLogic": logic(about("lm://Field/1", "EqualTo", "war", kind="LoopAndMerge"))}
    looped = one_block(second, Looping="Static", LoopingOptions={"Static": {"1": {"1": "war"}, "2": {"1": "trade"}}})
    assert take(looped).pages == (("1_QID1",),)


def test_the_device_is_the_respondents_own() -> None:
    comparison = about("mobile", "Is", kind="DeviceType")
    survey = one_block(flow=[branch(comparison, then=[WENT])])
    assert notes(survey) == {"FL_2: a condition asks for the device; taken to be a desktop computer"}
    assert _went(survey, "mobile")
    assert not _went(survey, "desktop")


def _went(survey: Survey, device: str) -> bool:
    person = Respondent(somebody().answer, device=device)
    return "went" in Runtime(survey).run(person, np.random.default_rng(1)).embedded


@pytest.mark.parametrize(
    ("comparison", "words"),
    [
        (about("LocationMap", "Is", kind="GeoIP"), "the condition GeoIP Is cannot be tested; taken to fail"),
        (about("q://QID9/SelectableChoice/1", "Selected"), "asks about QID9, which no question is"),
        (about("q://QID1/Unheard/1", "Selected"), "the condition Question Selected cannot be tested"),
        (about("x", "Unheard", kind="EmbeddedField"), "the condition EmbeddedField Unheard cannot be tested"),
        (about("x", "MatchesRegex", "(", kind="EmbeddedField"), "EmbeddedField MatchesRegex cannot be tested"),
        (about("x", "MatchesRegex", "(?=a)b", kind="EmbeddedField"), "EmbeddedField MatchesRegex cannot be tested"),
        (about("qo://QO_9/QuotaMet", "QuotaMet", kind="Quota"), "the condition Quota QuotaMet cannot be tested"),
    ],
)
def test_what_cannot_be_tested_is_named_with_the_element(comparison: dict[str, Any], words: str) -> None:
    found = notes(one_block(choice("asked"), flow=[branch(comparison, then=[WENT]), SHOWN]))
    assert any(each.startswith("FL_2: ") and words in each for each in found)

"""Blocks run as the platform runs them: skip logic, loops, random orders, pages, piped text, validation, quotas."""

import re
from collections import Counter
from datetime import datetime
from typing import Any

import numpy as np
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
    several,
    somebody,
    take,
)
from vignetta.errors import StudyError
from vignetta.instruments.fieldwork.exporting import question_columns
from vignetta.instruments.running.random_answers import random_answer
from vignetta.instruments.running.runtime import Runtime
from vignetta.instruments.running.visits import Answer, Respondent, State
from vignetta.instruments.survey import Question, Survey
from vignetta.instruments.writing import elements
from vignetta.instruments.writing.quotas import quota, quota_parts

ROUNDS = 600
STANDARD_ERRORS = 4
"""A right share lies outside in one of 16,000 tries; the seeds are fixed."""
SHOW: dict[str, Any] = {"Type": "Block", "ID": "BL_1", "FlowID": ""}


def near(count: int, share: float, n: int = ROUNDS) -> bool:
    return bool(abs(count - n * share) < STANDARD_ERRORS * (n * share * (1 - share)) ** 0.5)


# ------------------------------------------------------------------------------------------------------- skip logic


def skip(number: int, place: str, target: str, *, when: str = "Selected") -> dict[str, Any]:
    locator = f"q://QID{number}/SelectableChoice/{place}"
    return {"SkipLogicID": 1, "Locator": locator, "Condition": when, "SkipToDestination": target}


@pytest.mark.parametrize(
    ("target", "pages", "after"),
    [
        ("QID3", (("QID1",), ("QID3",), ("QID4",)), True),
        ("ENDOFBLOCK", (("QID1",),), True),
        ("ENDOFSURVEY", (("QID1",),), False),
    ],
)
def test_skip_logic(target: str, pages: tuple[tuple[str, ...], ...], after: bool) -> None:
    asked = [choice(each) for each in ("one", "two", "three", "four")]
    survey = one_block(*asked, flow=[SHOW, setting(came="on")], skips={1: [skip(1, "1", target)]})
    skipped, stayed = take(survey, somebody(one="1")), take(survey, somebody(one="2"))
    assert skipped.pages == pages
    assert ("came" in skipped.embedded) == after
    assert (skipped.stopped == "") == after
    assert stayed.pages == (("QID1",), ("QID2",), ("QID3",), ("QID4",))


def test_the_first_skip_that_holds_is_taken_and_the_page_ends_after_its_question() -> None:
    asked = [choice(each) for each in ("one", "two", "three", "four")]
    skips = {1: [skip(1, "1", "ENDOFBLOCK"), skip(1, "2", "QID3", when="NotSelected")]}
    survey = one_block(*asked, pages=[[1, 2], [3, 4]], skips=skips)
    assert take(survey, somebody(one="1")).pages == (("QID1",),)
    assert take(survey, somebody(one="3")).pages == (("QID1",), ("QID3", "QID4"))
    assert take(survey, somebody(one="2")).pages == (("QID1",), ("QID2",), ("QID3", "QID4"))


def test_who_was_not_asked_does_not_skip() -> None:
    second = choice("two") | {"DisplayLogic": logic(about("q://QID1/SelectableChoice/1", "Selected"))}
    skips = {2: [skip(2, "1", "ENDOFBLOCK", when="NotSelected")]}
    survey = one_block(choice("one"), second, choice("three"), skips=skips)
    assert take(survey, somebody(one="2")).pages == (("QID1",), ("QID3",))
    assert take(survey, somebody(one="1", two="3")).pages == (("QID1",), ("QID2",))


@pytest.mark.parametrize("target", ["QID1", "QID9", "", "BL_1"])
def test_a_skip_backwards_or_to_nowhere_is_named_and_not_followed(target: str) -> None:
    survey = one_block(choice("one"), choice("two"), skips={2: [skip(2, "1", target)]})
    words = f"QID2: skip logic leads to {target or 'nowhere'}, which does not follow in its block; not followed"
    assert notes(survey) == {words}
    assert many(survey, 1, somebody(two="1"))[0].pages == (("QID1",), ("QID2",))


# ------------------------------------------------------------------------------------------------------------- loops

TOPICS: dict[str, Any] = {"1": {"1": "war", "2": "wars"}, "2": {"1": "trade", "2": "trades"}, "5": {"1": "aid"}}


def looped(*questions: dict[str, Any], **options: Any) -> Survey:
    return one_block(*questions, Looping="Static", LoopingOptions={"Static": TOPICS, **options})


def test_loops_over_fields() -> None:
    told = "${lm://CurrentLoopNumber}/${lm://TotalLoops} ${lm://Field/1}"
    survey = looped(said("told", told), choice("asked"))
    visit = take(survey, somebody(asked="2"))
    assert visit.pages == (("1_QID1",), ("1_QID2",), ("2_QID1",), ("2_QID2",), ("5_QID1",), ("5_QID2",))
    assert [visit.shown[f"{each}_QID1"] for each in (1, 2, 5)] == ["1/3 war", "2/3 trade", "3/3 aid"]
    assert dict(visit.answers) == {f"{each}_QID2": "2" for each in (1, 2, 5)}
    assert [(each.name, each.import_id) for each in question_columns(survey)] == [
        (f"{each}_asked", f"{each}_QID2") for each in (1, 2, 5)
    ]


def test_inside_a_loop_answers_are_those_of_the_same_loop() -> None:
    second = choice("two") | {"DisplayLogic": logic(about("q://QID1/SelectableChoice/1", "Selected"))}
    answers = iter("212")

    def answer(question: Question, state: State) -> Answer | None:
        return next(answers) if question.tag == "one" else "3"

    told = said("told", "${q://QID1/ChoiceGroup/SelectedChoices}")
    visit = take(looped(choice("one", "yes", "no"), second, told), Respondent(answer))
    assert [each for page in visit.pages for each in page if each.endswith("QID2")] == ["2_QID2"]
    assert [visit.shown[f"{each}_QID3"] for each in (1, 2, 5)] == ["no", "yes", "no"]


def test_outside_a_loop_its_answers_are_asked_by_number() -> None:
    then = setting(went="yes")
    flow = [SHOW, branch(about("q://2_QID1/SelectableChoice/1", "Selected"), then=[then])]
    survey = one_block(choice("one"), flow=flow, Looping="Static", LoopingOptions={"Static": TOPICS})
    assert "went" in take(survey, somebody(one="1")).embedded
    flow = [SHOW, branch(about("q://QID1/SelectableChoice/1", "Selected"), then=[then])]
    survey = one_block(choice("one"), flow=flow, Looping="Static", LoopingOptions={"Static": TOPICS})
    assert notes(survey) == {"FL_3: the condition Question Selected cannot be tested; taken to fail"}


def test_loops_in_random_order_and_some_of_them() -> None:
    orders = Counter(
        tuple(page[0][0] for page in each.pages) for each in many(looped(choice("one"), Randomization="All"), ROUNDS)
    )
    assert len(orders) == 6
    assert all(near(count, 1 / 6) for count in orders.values())
    some = looped(choice("one"), Randomization="Subset", TotalRandSubset=2)
    shown = Counter(page[0][0] for each in many(some, ROUNDS) for page in each.pages)
    assert sum(shown.values()) == 2 * ROUNDS
    assert all(near(count, 2 / 3) for count in shown.values())
    assert Runtime(some).pages == 2


def test_the_end_of_the_block_ends_this_loop_only() -> None:
    questions = [choice("one"), choice("two")]
    options = {"Looping": "Static", "LoopingOptions": {"Static": TOPICS}}
    survey = one_block(*questions, skips={1: [skip(1, "1", "ENDOFBLOCK")]}, **options)
    assert take(survey, somebody(one="1")).pages == (("1_QID1",), ("2_QID1",), ("5_QID1",))


def over(which: str, number: int = 2, **options: Any) -> Survey:
    locator = f"q://QID{number}/ChoiceGroup/{which}"
    told = said("told", "${lm://Field/1} ${lm://Field/2}")
    flow = [{"Type": "Standard", "ID": "BL_0", "FlowID": ""}, SHOW]
    looping = {
        "Looping": "Question",
        "LoopingOptions": {"Locator": locator, "Static": {"1": {"2": "!"}, "2": {"2": "?"}, "3": {"2": "."}}} | options,
    }
    return one_block(told, first=[several("first", "apples", "pears", "plums")], flow=flow, **looping)


@pytest.mark.parametrize(
    ("which", "told"),
    [
        ("SelectedChoices", {"1_QID1": "apples !", "3_QID1": "plums ."}),
        ("UnselectedChoices", {"2_QID1": "pears ?"}),
        ("DisplayedChoices", {"1_QID1": "apples !", "2_QID1": "pears ?", "3_QID1": "plums ."}),
    ],
)
def test_loops_over_the_choices_of_a_question(which: str, told: dict[str, str]) -> None:
    visit = take(over(which), somebody(first=("1", "3")))
    assert {key: text for key, text in visit.shown.items() if key != "QID2"} == told


def test_loops_over_choices_in_random_order() -> None:
    visits = many(over("SelectedChoices", Randomization="All"), ROUNDS, somebody(first=("1", "3")))
    orders = Counter(tuple(page[0] for page in each.pages[1:]) for each in visits)
    assert set(orders) == {("1_QID1", "3_QID1"), ("3_QID1", "1_QID1")}
    assert near(orders["1_QID1", "3_QID1"], 1 / 2)


@pytest.mark.parametrize("number", [1, 9])
def test_a_loop_over_itself_or_nothing_is_named_and_runs_once(number: int) -> None:
    survey = over("SelectedChoices", number)
    assert "Main: loop and merge over something that is not known; runs once" in notes(survey)
    assert many(survey, 1)[0].pages[-1] == ("QID1",)


def test_loops_over_each_others_questions_are_named_and_end() -> None:
    document = over("SelectedChoices").document
    blocks = next(each["Payload"] for each in document["SurveyElements"] if each["Element"] == "BL")
    asked = next(each["Payload"] for each in document["SurveyElements"] if each["PrimaryAttribute"] == "QID1")
    asked |= several("told", "this", "that") | {"QuestionID": "QID1"}
    locator = {"Locator": "q://QID1/ChoiceGroup/SelectedChoices"}
    blocks[1]["Options"] |= {"Looping": "Question", "LoopingOptions": locator}
    found = notes(Survey(document))
    assert found == {
        "First: loop and merge over the loops of QID1; all are run",
        "Main: loop and merge over the loops of QID2; all are run",
    }
    assert len(many(Survey(document), 1)[0].pages) == 2 + 3


# --------------------------------------------------------------------------------------------- questions at random


def test_questions_in_random_order_so_many_on_a_page() -> None:
    order = {"RandomizeQuestions": "RandomWithXPerPage", "Randomization": {"Advanced": {"QuestionsPerPage": "2"}}}
    visits = many(one_block(choice("a"), choice("b"), choice("c"), **order), ROUNDS)
    assert {tuple(len(page) for page in each.pages) for each in visits} == {(2, 1)}
    orders = Counter(tuple(key for page in each.pages for key in page) for each in visits)
    assert len(orders) == 6
    assert all(near(count, 1 / 6) for count in orders.values())


def test_only_some_of_the_questions() -> None:
    details = {"Advanced": {"TotalRandSubset": 1, "QuestionsPerPage": 0}, "EvenPresentation": True}
    order = {"RandomizeQuestions": "RandomWithOnlyX", "Randomization": details}
    visits = many(one_block(choice("a"), choice("b"), choice("c"), **order), 100)
    shown = Counter(each.pages[0][0] for each in visits)
    assert sum(shown.values()) == 100
    assert sorted(shown.values()) == [33, 33, 34]
    for n in range(3, 100, 3):
        assert set(Counter(each.pages[0][0] for each in visits[:n]).values()) == {n // 3}


def test_fixed_questions_between_random_ones() -> None:
    details = {"FixedOrder": ["QID3", "{~SubSet~}"], "RandomSubSet": ["QID1", "QID2"], "QuestionsPerPage": "1"}
    order = {"RandomizeQuestions": "Advanced", "Randomization": {"Advanced": details, "EvenPresentation": False}}
    orders = Counter(each.pages for each in many(one_block(choice("a"), choice("b"), choice("c"), **order), ROUNDS))
    assert set(orders) == {(("QID3",), ("QID1",)), (("QID3",), ("QID2",))}
    assert near(orders[("QID3",), ("QID1",)], 1 / 2)
    assert Runtime(one_block(choice("a"), choice("b"), choice("c"), **order)).pages == 2


# ------------------------------------------------------------------------------------------------ pages and their texts


def test_a_page_shows_what_was_known_before_it() -> None:
    told = said("told", "You said ${q://QID1/ChoiceGroup/SelectedChoices}.")
    asked = about("q://QID1/SelectableChoice/1", "Selected")
    third = choice("three") | {"DisplayLogic": logic(asked)}
    fourth = choice("four") | {"DisplayLogic": logic(asked, in_page=True)}
    visit = take(one_block(choice("one", "yes", "no"), told, third, fourth, pages=[[1, 2, 3, 4]]), somebody(one="1"))
    assert visit.pages == (("QID1", "QID2", "QID4"),)
    assert visit.shown["QID2"] == "You said ."


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("e://Field/x", "7"),
        ("e://field/two%20words", "spaced"),
        ("q://QID1/ChoiceGroup/SelectedChoices", "a, c"),
        ("q://QID1/ChoiceGroup/UnselectedChoices", "b"),
        ("q://QID1/ChoiceGroup/DisplayedChoices", "a, b, c"),
        ("q://QID1/SelectedChoicesCount", "2"),
        ("q://QID1/SelectedChoicesRecode", "1, 3"),
        ("q://QID1/QuestionText", "Which?"),
        ("q://QID1/ChoiceDescription/2", "b"),
        ("q://QID2/ChoiceTextEntryValue", "Berlin"),
        ("q://QID3/ChoiceNumericEntryValue/1", "40"),
        ("q://QID4/ChoiceGroup/SelectedAnswers/2", "yes"),
        ("q://QID4/SelectedAnswerRecode/2", "2"),
        ("q://QID4/AnswerDescription/1", "no"),
        ("date://CurrentDate/Y-m-d", "2026-01-15"),
        ("date://CurrentDate/m%2Fd%2FY", "01/15/2026"),
        ("date://CurrentDate/F", "January"),
        ("rand://int/5:5", "5"),
    ],
)
def test_piped_text(source: str, text: str) -> None:
    asked = [
        several("one"),
        elements.text_entry("two", "Where?"),
        elements.slider("three", "How warm?", minimum=0, maximum=100, step=1, ends=("cold", "hot")),
        elements.matrix("four", "Agree?", ["row", "other row"], ["no", "yes"], codes=()),
        said("told", f"${{{source}}}"),
    ]
    answers = somebody(one=("1", "3"), two="Berlin", three={"1": "40"}, four={"1": "1", "2": "2"})
    flow = [elements.embedded_data({"x": "7", "two words": "spaced"}), SHOW]
    assert take(one_block(*asked, flow=flow), answers).shown["QID5"] == text


def test_dates_are_those_of_the_visit_and_random_numbers_vary() -> None:
    survey = one_block(said("told", "${date://CurrentDate/Y} ${rand://int/1:2}"))
    person, generator = Respondent(random_answer, started=datetime(1999, 12, 31)), np.random.default_rng(1)
    told = {Runtime(survey).run(person, generator).shown["QID1"] for _ in range(40)}
    assert told == {"1999 1", "1999 2"}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("q://QID9/ChoiceTextEntryValue", "cannot be told; left empty"),
        ("q://QID1/Unheard", "cannot be told; left empty"),
        ("gr://SC_1/Score", "cannot be told; left empty"),
        ("lm://Field/1", "cannot be told; left empty"),
        ("rand://int/5:1", "cannot be told; left empty"),
        ("m://FirstName", "told: the contact's FirstName is asked for; empty, as for an anonymous link"),
        ("date://CurrentDate/DS", "told: the date format DS is not known; written as 2026-01-31"),
    ],
)
def test_what_cannot_be_told_is_named(source: str, words: str) -> None:
    (found,) = notes(one_block(said("told", f"${{{source}}}")))
    assert words in found
    assert found.startswith("told: ")


# ---------------------------------------------------------------------------------------------- validation and ends


@pytest.mark.parametrize(
    ("question", "wrong", "words"),
    [
        (elements.number_entry("asked", "Age?", minimum=18, maximum=99), "17", "17 is not between 18 and 99"),
        (elements.number_entry("asked", "Age?", minimum=18, maximum=None), "old", "'old' is not a number"),
        (several("asked", Validation={"Settings": {"MinChoices": "2"}}), ("1",), "has 1 choices; 2 to any number"),
        (several("asked", Validation={"Settings": {"MaxChoices": 2}}), ("1", "2", "3"), "has 3 choices; 0 to 2"),
        (
            elements.text_entry("asked", "Why?") | {"Validation": {"Settings": {"MinChars": "9"}}},
            "no",
            "has 2 characters",
        ),
    ],
)
def test_answers_that_the_page_would_refuse(question: dict[str, Any], wrong: Answer, words: str) -> None:
    survey = one_block(question)
    with pytest.raises(StudyError, match=re.escape(words)):
        take(survey, somebody(asked=wrong))
    assert len({str(each.answers["QID1"]) for each in many(survey, 30)}) >= 1


def test_a_question_that_nobody_can_answer_is_named() -> None:
    asked = elements.number_entry("", "Age?", minimum=5, maximum=1)
    with pytest.raises(StudyError, match="QID1: the answer 5 is not between 5 and 1"):
        many(one_block(asked), 1)


def test_somebody_is_asked_again_until_the_authors_condition_holds() -> None:
    rule = logic(about("q://QID1/SelectableChoice/3", "Selected"))
    settings = {"Type": "CustomValidation", "CustomValidation": {"Logic": rule}, "ForceResponse": "ON"}
    survey = one_block(choice("asked", Validation={"Settings": settings}))
    assert {each.answers["QID1"] for each in many(survey, 50)} == {"3"}
    assert take(survey, somebody(asked="1")).answers["QID1"] == "1"


def test_a_choice_that_excludes_the_others_stands_alone() -> None:
    asked = several("asked", "a", "b", "none")
    asked["Choices"]["3"]["ExclusiveAnswer"] = True
    answers = {each.answers["QID1"] for each in many(one_block(asked), 200)}
    assert {each for each in answers if "3" in each} == {("3",)}
    assert ("1", "2") in answers


def test_constant_sums_sum_to_what_is_asked() -> None:
    asked = choice("asked", QuestionType="CS", Selector="VRTL", Validation={"Settings": {"ChoiceTotal": "20"}})
    for each in many(one_block(asked), 20):
        told = each.answers["QID1"]
        assert isinstance(told, dict)
        assert sum(int(str(part)) for part in told.values()) == 20


def test_the_survey_ends_where_it_says_so() -> None:
    flow = [SHOW, branch(about("q://QID1/SelectableChoice/1", "Selected"), then=[elements.end()]), setting(came="on")]
    survey = one_block(choice("asked"), flow=flow)
    gone, stayed = take(survey, somebody(asked="1")), take(survey, somebody(asked="2"))
    assert (gone.finished, gone.stopped, "came" in gone.embedded) == (True, "FL_4", False)
    assert (stayed.finished, stayed.stopped, "came" in stayed.embedded) == (True, "", True)


# ------------------------------------------------------------------------------------------------------------ quotas


def with_quota(limit: int, *flow: dict[str, Any], action: str = "EndCurrentSurvey") -> Survey:
    asked = choice("asked")
    survey = one_block(asked, choice("more"), flow=[SHOW, *flow])
    made = quota("QO_1", "firsts", [(asked, "1")], limit=limit, address="") | {"QuotaAction": action}
    parts = [
        {
            "SurveyID": "SV_1",
            "Element": kind,
            "PrimaryAttribute": first,
            "SecondaryAttribute": second,
            "TertiaryAttribute": third,
            "Payload": payload,
        }
        for kind, first, second, third, payload in quota_parts("small", [made])
    ]
    return Survey({**survey.document, "SurveyElements": [*survey.document["SurveyElements"], *parts]})


def test_a_full_quota_turns_away_who_meets_it() -> None:
    runtime, generator = Runtime(with_quota(2), quotas=True), np.random.default_rng(1)
    visits = [runtime.run(somebody(asked=each), generator) for each in ("1", "2", "1", "1", "2", "1")]
    assert [each.stopped for each in visits] == ["", "", "", "QO_1", "", "QO_1"]
    assert [len(each.pages) for each in visits] == [2, 2, 2, 1, 2, 1]


def test_branches_on_quotas() -> None:
    then = [setting(full="yes")]
    met = branch(about("qo://QO_1/QuotaMet", "QuotaMet", kind="Quota"), then=then)
    visits = many(with_quota(1, met, action="ForBranching"), 3, somebody(asked="1"))
    assert ["full" in each.embedded for each in visits] == [False, True, True]


def test_quotas_are_left_alone_unless_asked_for() -> None:
    runtime, generator = Runtime(with_quota(0)), np.random.default_rng(1)
    assert [str(each) for each in runtime.stubbed] == ["quotas: they are not counted; taken never to be full"]
    assert runtime.run(somebody(asked="1"), generator).stopped == ""


# --------------------------------------------------------------------------------------------------------- bad input


def test_missing_blocks_and_questions_are_named_and_left_out() -> None:
    survey = one_block(
        choice("one"), choice("two"), flow=[SHOW, {"Type": "Block", "ID": "BL_9", "FlowID": ""}], pages=[[1], [7]]
    )
    assert notes(survey) == {
        "FL_3: the block BL_9 does not exist; left out",
        "Main: no question is called QID7; left out",
    }
    assert many(survey, 1)[0].pages == (("QID1",),)

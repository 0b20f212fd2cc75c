"""What is left of who comes to the end: counts of quotas, rows, addresses; what is passed on the way."""

import csv
import io
import json

import numpy as np
import pytest

from tests.instruments.running.test_paging import with_quota
from tests.instruments.small_flows import (
    about,
    branch,
    choice,
    many,
    notes,
    one_block,
    setting,
    several,
    somebody,
    take,
)
from vignetta.instruments.codebooks import codebook_of_survey
from vignetta.instruments.fieldwork.exporting import question_columns
from vignetta.instruments.running.rehearsing import rehearse
from vignetta.instruments.running.runtime import Runtime
from vignetta.instruments.survey import Survey
from vignetta.instruments.writing import elements

SHOW = {"Type": "Block", "ID": "BL_1", "FlowID": ""}


@pytest.mark.parametrize(("counts", "turned_away"), [("Yes", ["", "", "QO_1"]), ("No", ["", "", ""])])
def test_who_is_screened_out_counts_for_no_quota(counts: str, turned_away: list[str]) -> None:
    out = elements.end() | {"EndingType": "Advanced", "Options": {"Advanced": "true", "CountQuotas": counts}}
    screen = branch(about("q://QID2/SelectableChoice/1", "Selected"), then=[out])
    runtime, generator = Runtime(with_quota(2, screen), quotas=True), np.random.default_rng(1)
    visits = [runtime.run(somebody(asked="1", more="1"), generator) for _ in range(3)]
    assert [each.stopped.replace(visits[0].stopped, "") for each in visits] == turned_away
    assert not any(each.discarded for each in visits)


def test_a_quota_may_discard_the_response() -> None:
    survey = with_quota(1)
    for each in survey.elements("QO"):
        each["Payload"]["EndSurveyOptions"] = {"ResponseFlag": "QuotaMet", "IgnoreResponse": "Yes"}
    runtime, generator = Runtime(type(survey)(survey.document), quotas=True), np.random.default_rng(1)
    visits = [runtime.run(somebody(asked="1"), generator) for _ in range(2)]
    assert [each.discarded for each in visits] == [False, True]


@pytest.mark.parametrize("everywhere", [True, False])
def test_anonymous_responses_have_neither_address_nor_place(everywhere: bool) -> None:
    end = elements.end() | {"EndingType": "Advanced", "Options": {"Advanced": "true", "AnonymizeResponse": "Yes"}}
    out = [] if everywhere else [branch(about("q://QID1/SelectableChoice/1", "Selected"), then=[end])]
    document = json.loads(json.dumps(one_block(choice("asked", "a", "b"), flow=[SHOW, *out]).document))
    options = next(each["Payload"] for each in document["SurveyElements"] if each["Element"] == "SO")
    options["AnonymizeResponse"] = "Yes" if everywhere else "No"
    names, _, _, *rows = csv.reader(io.StringIO(rehearse(Survey(document), 30).export))
    hidden = [names.index(each) for each in ("IPAddress", "LocationLatitude", "LocationLongitude")]
    found = {row[names.index("asked")]: {bool(row[each]) for each in hidden} for row in rows}
    assert found == {"1": {False}, "2": {not everywhere}}


def test_elements_of_other_types_show_what_stands_below_them() -> None:
    contents = {"Type": "TableOfContents", "FlowID": "", "Flow": [SHOW]}
    survey = one_block(choice("asked"), flow=[contents])
    (found,) = notes(survey)
    assert "TableOfContents is not done; what stands below it is shown in its order" in found
    assert many(survey, 1)[0].pages == (("QID1",),)


def test_validation_of_an_unknown_type_is_named() -> None:
    asked = several("asked", Validation={"Settings": {"ForceResponse": "ON", "Type": "ExactChoices"}})
    assert notes(one_block(asked)) == {"asked: validation of type ExactChoices is not checked; any answer is let pass"}
    known = {"Settings": {"Type": "ChoiceRange", "MinChoices": "1", "MaxChoices": "2"}}
    assert not notes(one_block(several("asked", Validation=known)))


@pytest.mark.parametrize(("typed", "passes"), [("2", 2), ("0", 0), ("7", 3), ("many", 0)])
def test_a_block_loops_as_often_as_somebody_typed(typed: str, passes: int) -> None:
    options = {
        "Locator": "q://QID2/LoopAndMerge/MergeOnNumericResponse?v=3",
        "Static": {"1": [], "2": {"1": "x"}, "3": []},
        "Randomization": "None",
    }
    first, flow = [elements.text_entry("often", "How often?")], [SHOW | {"ID": "BL_0"}, SHOW]
    survey = one_block(choice("asked"), first=first, flow=flow, Looping="Question", LoopingOptions=options)
    visit = take(survey, somebody(often=typed))
    assert [page[0] for page in visit.pages[1:]] == [f"{n}_QID1" for n in range(1, passes + 1)]
    assert [each.name for each in question_columns(survey)] == ["often", "1_asked", "2_asked", "3_asked"]


def test_skips_on_a_value() -> None:
    skip = {"Locator": "q://QID1/ChoiceTextEntryValue", "Condition": "EqualTo", "Value": "no"}
    asked = elements.text_entry("asked", "More?")
    survey = one_block(asked, choice("more"), skips={1: [skip | {"SkipToDestination": "ENDOFSURVEY"}]})
    assert [len(take(survey, somebody(asked=each)).pages) for each in ("no", "yes")] == [1, 2]


def test_randomizers_of_older_surveys() -> None:
    arms = [setting(arm=each) for each in "abc"]
    old = {"Type": "Randomizer", "FlowID": "", "SubSet": 1, "EvenPresentation": True, "Flow": arms}
    found = [each.embedded["arm"] for each in many(one_block(choice("asked"), flow=[old]), 30)]
    assert sorted(found) == sorted("abc" * 10)


def test_why_the_survey_ended_is_noted() -> None:
    options = {"Advanced": "true", "ResponseFlag": "Screened"}
    end = elements.end() | {"EndingType": "Advanced", "Options": options}
    out = branch(about("q://QID1/SelectableChoice/1", "Selected"), then=[end])
    survey = one_block(choice("asked", "a", "b"), flow=[SHOW, out])
    names, _, _, *rows = csv.reader(io.StringIO(rehearse(survey, 30).export))
    flag, asked = names.index("Q_TerminateFlag"), names.index("asked")
    assert {(row[asked], row[flag]) for row in rows} == {("1", "Screened"), ("2", "")}
    assert "Q_TerminateFlag" in {each.column for each in codebook_of_survey(survey).variables}


def test_settings_of_another_type_of_validation_do_not_count() -> None:
    stale = {"MinChars": "99", "ContentType": "ValidNumber", "CustomValidation": {"Logic": {}}}
    asked = elements.text_entry("asked", "Why?") | {"Validation": {"Settings": {"Type": "None", **stale}}}
    assert take(one_block(asked), somebody(asked="short")).answers["QID1"] == "short"
    few = several("asked", Validation={"Settings": {"Type": "MinChoices", "MinChoices": "1", "MaxChoices": "1"}})
    assert take(one_block(few), somebody(asked=("1", "2"))).answers["QID1"] == ("1", "2")


def test_a_scale_of_pictures_takes_one_answer() -> None:
    points = [{"Display": str(place)} for place in range(3)]
    asked = choice("asked", QuestionType="SS", Selector="TA", Choices=points, ChoiceOrder=[])
    assert {str(each.answers["QID1"]) for each in many(one_block(asked), 40)} == {"0", "1", "2"}


@pytest.mark.parametrize(("match", "told"), [("PlaceInAll", 0), ("PlaceInFirst", 1)])
def test_groups_of_quotas_of_which_only_some_count_are_named(match: str, told: int) -> None:
    survey = with_quota(2)
    for each in survey.elements("QG"):
        each["Payload"].update(Name="Ages", MultipleMatch=match)
    found = notes(Survey(survey.document))
    assert len(found) == told
    assert all("Ages: who meets several quotas of a group counts by PlaceInFirst" in each for each in found)

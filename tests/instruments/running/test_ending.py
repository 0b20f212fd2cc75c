"""What is left of who comes to the end: counts of quotas, rows, addresses; what is passed on the way."""

import csv
import io
import json

import numpy as np
import pytest

from tests.instruments.running.test_paging import with_quota
from tests.instruments.small_flows import about, branch, choice, many, notes, one_block, several, somebody
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

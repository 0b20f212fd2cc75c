"""Scores sum the points of answers, by category, in piped text, branches and the export."""

import csv
import io
import json
from typing import Any

from tests.instruments.small_flows import (
    about,
    branch,
    choice,
    notes,
    one_block,
    said,
    setting,
    several,
    somebody,
    take,
)
from vignetta.instruments.codebooks import codebook_of_survey
from vignetta.instruments.running.rehearsing import rehearse
from vignetta.instruments.running.scoring import categories_of_scores
from vignetta.instruments.survey import Survey
from vignetta.instruments.writing import elements

SHOW = {"Type": "Block", "ID": "BL_1", "FlowID": ""}


def points(category: str, *answers: tuple[dict[str, str], float | str]) -> list[dict[str, Any]]:
    return [{**named, "Grades": {category: given}, "index": place} for place, (named, given) in enumerate(answers)]


def scored(*questions: dict[str, Any], flow: Any = (SHOW,)) -> Survey:
    document = json.loads(json.dumps(one_block(*questions, flow=flow).document))
    named = {"SC_know": "Knowledge", "SC_0": "Score"}
    payload = next(each["Payload"] for each in document["SurveyElements"] if each["Element"] == "SCO")
    payload["ScoringCategories"] = [{"ID": each, "Name": name, "Description": ""} for each, name in named.items()]
    return Survey(document)


def quiz(**more: Any) -> Survey:
    one = choice("one", GradingData=points("SC_0", ({"ChoiceID": "1"}, 2), ({"ChoiceID": "2"}, "-0.5")))
    two = several(
        "two", GradingData=points("SC_0", *(({"ChoiceID": f"q://QID2/SelectableChoice/{n}"}, 1) for n in (1, 3)))
    )
    three = elements.text_entry("three", "Where?") | {"GradingData": points("SC_0", ({"TextEntry": "New York"}, "3"))}
    rows = elements.matrix("four", "Agree?", ["row", "other row"], ["no", "yes"], codes=())
    four = rows | {"GradingData": points("SC_0", ({"ChoiceID": "2", "AnswerID": "2"}, 10))}
    return scored(one, two, three, four, said("told", "Score: ${gr://SC_0/Score}, $e{ gr://SC_0/Score - 1 }"), **more)


def test_points_of_all_types_are_summed() -> None:
    best = somebody(one="1", two=("1", "2", "3"), three=" new york", four={"1": "2", "2": "2"})
    assert take(quiz(), best).shown["QID5"] == "Score: 17, 16"
    worst = somebody(one="2", two=("2",), three="Boston", four={"1": "2", "2": "1"})
    assert take(quiz(), worst).shown["QID5"] == "Score: -0.5, -1.5"


def test_branches_on_scores() -> None:
    passed = branch(about("gr://SC_0/Score", "GreaterThan", "16", kind="Scoring"), then=[setting(passed="yes")])
    best = somebody(one="1", two=("1", "3"), three="New York", four={"1": "1", "2": "2"})
    assert "passed" in take(quiz(flow=[SHOW, passed]), best).embedded
    assert "passed" not in take(quiz(flow=[SHOW, passed]), somebody(one="2")).embedded


def test_scores_stand_behind_the_questions_and_before_the_fields() -> None:
    survey = quiz(flow=[setting(arm="a"), SHOW])
    rehearsed = rehearse(survey, 20)
    names, labels, ids, *rows = csv.reader(io.StringIO(rehearsed.export))
    assert names[-4:] == ["four_2", "SC0", "SC1", "arm"]
    assert labels[-3:-1] == ["Knowledge", "Score"]
    assert [json.loads(each)["ImportId"] for each in ids[-3:-1]] == ["SC_know", "SC_0"]
    _, score = categories_of_scores(survey)
    assert [row[-2] for row in rows] == [score.score(each.visit.answers) for each in rehearsed.sessions]
    assert {row[-3] for row in rows} == {"0"}
    known = {each.column: (each.import_id, each.label) for each in codebook_of_survey(survey).variables}
    assert known["SC1"] == ("SC_0", "Score")


def test_points_inside_of_loops_count_in_every_loop() -> None:
    asked = choice("asked", GradingData=points("SC_0", ({"ChoiceID": "1"}, 2)))
    category = categories_of_scores(scored(asked))[1]
    assert category.score({"1_QID1": "1", "2_QID1": "1", "3_QID1": "2"}) == "4"


def test_points_that_are_not_counted_are_named() -> None:
    slider = elements.slider("warm", "How warm?", minimum=0, maximum=9, step=1, ends=("cold", "hot"))
    graded = slider | {"GradingData": points("SC_0", ({"ChoiceID": "1"}, 2))}
    assert notes(scored(graded)) == {"warm: points for a question of type Slider are not counted; they are 0"}

"""Two hundred made-up respondents go through any survey and come out in the format of an export."""

import csv
import io
import json
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from tests.instruments import real_surveys
from tests.instruments.small_flows import about, branch, choice, one_block, said, setting, several
from tests.instruments.test_qsf import EXPORTED, GENERATED
from vignetta.cleaning.responses import read_export
from vignetta.codebook import RECORD
from vignetta.errors import StudyError
from vignetta.instruments.codebooks import codebook_of_survey
from vignetta.instruments.qsf import read_qsf
from vignetta.instruments.running.accounts import Account
from vignetta.instruments.running.rehearsing import rehearse
from vignetta.instruments.running.visits import form
from vignetta.instruments.writing import elements

HEADERS = 3
QUESTIONS, ASKED, LOOPS, QUESTIONS_OF_A_LOOP = 60, 15, 3, 9
"""What the survey of moral decisions says of itself."""


TICK = ("text", True)


def table(export: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(export)))


@pytest.mark.real
@pytest.mark.parametrize("name", EXPORTED + GENERATED)
def test_every_real_survey(real: Path, name: str) -> None:
    survey = read_qsf(real / "qsf" / f"{name}.qsf")
    made = rehearse(survey, 200, seed=1)
    names, labels, ids, *rows = table(made.export)
    assert len(rows) == len(made.sessions) == 200
    assert {len(each) for each in (names, labels, ids, *rows)} == {len(names)}
    assert names[: len(RECORD)] == [each.column for each in RECORD]
    assert {row[names.index("Status")] for row in rows} == {"2"}
    assert all(each.visit.finished for each in made.sessions)
    columns: dict[str, list[int]] = {}
    for place, each in enumerate(ids):
        columns.setdefault(json.loads(each)["ImportId"].partition("#")[0], []).append(place)
    for key in {key for each in made.sessions for key in each.visit.answers}:
        places = [place for number, at in columns.items() if (number + "_").startswith(key + "_") for place in at]
        assert any(row[place] for place in places for row in rows), key


@pytest.mark.real
@pytest.mark.parametrize("name", EXPORTED)
def test_what_is_executed_and_stubbed_of_every_real_survey(real: Path, name: str) -> None:
    survey = read_qsf(real / "qsf" / f"{name}.qsf")
    account = rehearse(survey, 1).account
    executed = {each.what for each in account if each.done == "executed"}
    stubbed = {each.what for each in account if each.done == "stubbed"}
    assert all(each.how and each.where for each in account if each.done == "stubbed")
    shown = [survey.questions[each] for block in survey.live_blocks for each in block.questions]
    assert any("JavaScript" in each for each in stubbed) == any(each.javascript for each in shown)
    assert ("a captcha is shown" in stubbed) == any(each.type == "Captcha" for each in shown)
    assert ("display logic of questions" in executed) == any(each.display_logic for each in shown)
    for kind in {each.type for each in shown if form(each) != "unknown"} - {"Captcha", "Meta"}:
        assert f"questions of type {kind}" in executed


@pytest.mark.real
def test_the_documentation_has_the_table_of_every_real_survey(real: Path, root: Path) -> None:
    table = list(real_surveys.lines(real / "qsf"))
    assert len([each for each in table if each.startswith("| ")]) == 26 + 2
    assert "\n".join(table) in (root / "docs/instruments.md").read_text()


@pytest.mark.real
def test_a_real_survey_with_random_questions_and_loops(real: Path) -> None:
    """As in its published data: of 200 participants 6,000 decisions, half of them advice, and 600 ratings."""
    survey = read_qsf(real / "qsf/ScottClaessens__ai-moral-decisions__survey.qsf")
    visits = [each.visit for each in rehearse(survey, 200).sessions if len(each.visit.pages) > 3]
    tags, drawn = {each.id: each.tag for each in survey.questions.values()}, Counter[str]()
    for visit in visits:
        keys = [key for page in visit.pages for key in page]
        asked = [tags[key] for key in keys if tags.get(key, "").startswith(("Decide_", "Advise_"))]
        halves = asked[: 1 + ASKED], asked[1 + ASKED :]
        assert [each[0].endswith("_Intro") and len(set(each)) == 1 + ASKED for each in halves] == [True, True]
        assert [len({each.partition("_")[0] for each in half}) for half in halves] == [1, 1]
        assert len({key.partition("_")[0] for key in keys if key not in tags}) == LOOPS
        assert len([key for key in keys if key not in tags]) == LOOPS * QUESTIONS_OF_A_LOOP
        drawn.update(each for half in halves for each in half[1:])
    share = ASKED / QUESTIONS
    assert len(drawn) == 2 * QUESTIONS
    assert all(abs(n / len(visits) - share) < 4 * (share * (1 - share) / len(visits)) ** 0.5 for n in drawn.values())


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others() -> None:
    survey = one_block(choice("one"), several("two"))
    assert rehearse(survey, 20).export == rehearse(survey, 20).export != rehearse(survey, 20, seed=2).export
    assert repr(rehearse(survey, 20)) == "Rehearsal(20 respondents, 3 things executed, 0 stubbed)"


def test_fields_of_the_link_arrive() -> None:
    flow = [{"Type": "EmbeddedData", "FlowID": "", "EmbeddedData": [{"Field": "PROLIFIC_PID", "Type": "Recipient"}]}]
    survey = one_block(choice("one"), flow=[*flow, {"Type": "Block", "ID": "BL_1", "FlowID": ""}])
    names, _, _, *rows = table(rehearse(survey, 3, link={"PROLIFIC_PID": "abc"}).export)
    assert {row[names.index("PROLIFIC_PID")] for row in rows} == {"abc"}
    (line,) = [each for each in rehearse(survey, 3).account if each.done == "stubbed"]
    assert (line.number, line.how, line.where) == (1, "left empty", "PROLIFIC_PID")


def test_labels_and_split_columns() -> None:
    asked = several("asked", "red", "blue", RecodeValues={"1": "10", "2": "20", "3": "30"})
    survey = one_block(asked)
    answers = [each.visit.answers["QID1"] for each in rehearse(survey, 30).sessions]
    (names, _, ids, *rows), (_, _, _, *words) = (
        table(rehearse(survey, 30, split=True, values=each).export) for each in ("codes", "labels")
    )
    assert names[len(RECORD) :] == ["asked_10", "asked_20"]
    assert [json.loads(each) for each in ids[len(RECORD) :]] == [
        {"ImportId": "QID1", "choiceId": "1"},
        {"ImportId": "QID1", "choiceId": "2"},
    ]
    told = Counter((("1" if "1" in each else ""), ("1" if "2" in each else "")) for each in answers)
    assert Counter((row[-2], row[-1]) for row in rows) == told
    assert {row[-1] for row in words} == {"", "blue"}


def test_groups_of_those_who_would_recommend() -> None:
    """0 to 6 detract, 7 and 8 are passive, 9 and 10 promote (Reichheld 2003)."""
    asked = choice("asked", *map(str, range(11)), Selector="NPS")
    names, _, _, *rows = table(rehearse(one_block(asked), 300).export)
    assert names[len(RECORD) :] == ["asked_NPS_GROUP", "asked"]
    groups = {point: {row[-2] for row in rows if int(row[-1]) - 1 == point} for point in range(11)}
    assert groups == {point: {"1" if point < 7 else "2" if point < 9 else "3"} for point in range(11)}


def test_items_in_groups_with_their_ranks() -> None:
    items = choice("asked", "one", "two", "three", QuestionType="PGR", Selector="DragAndDrop", Groups=["good", "bad"])
    items["Choices"]["3"]["TextEntry"] = "true"
    names, labels, ids, *rows = table(rehearse(one_block(items), 80).export)
    first, found = len(RECORD), [json.loads(each)["ImportId"] for each in ids]
    assert names[first : first + 4] == ["asked_0_GROUP", "asked_1_GROUP", "asked_0_1_RANK", "asked_0_2_RANK"]
    assert found[first : first + 4] == ["QID1_0_GROUP", "QID1_1_GROUP", "QID1_G0_1_RANK", "QID1_G0_2_RANK"]
    assert labels[first + 1] == "Which? - bad"
    assert found[-1] == "QID1_3_TEXT"
    for row in rows:
        groups = [row[first], row[first + 1]]
        ranks = [row[first + 2 : first + 5], row[first + 5 : first + 8]]
        for told, given in zip(groups, ranks, strict=True):
            assert [str(n) for n, rank in enumerate(given, 1) if rank] == [each for each in told.split(",") if each]
            assert sorted(filter(None, given)) == [str(n) for n in range(1, len(list(filter(None, given))) + 1)]
        assert bool(row[-1]) == any("3" in each for each in groups)
    assert len({tuple(row[first : first + 2]) for row in rows}) > 10


def test_a_rehearsal_shows_a_broken_branch() -> None:
    """Nobody reaches a block behind a condition that a misspelt field can never meet."""
    then = [{"Type": "Block", "ID": "BL_1", "FlowID": ""}]
    flow = [setting(arm="treated"), branch(about("Arm", "EqualTo", "treated", kind="EmbeddedField"), then=then)]
    assert not any(each.visit.pages for each in rehearse(one_block(choice("one"), flow=flow), 20).sessions)


def test_ends_that_record_no_response_leave_no_row() -> None:
    show = {"Type": "Block", "ID": "BL_1", "FlowID": ""}
    screened = {"Advanced": "true", "ResponseFlag": "Screened", "IgnoreResponse": "Yes"}
    out = elements.end() | {"EndingType": "Advanced", "Options": screened}
    flow = [show, branch(about("q://QID1/SelectableChoice/1", "Selected"), then=[out])]
    found = rehearse(one_block(choice("asked", "yes", "no"), flow=flow), 60)
    names, _, _, *rows = table(found.export)
    kept = [each for each in found.sessions if not each.visit.discarded]
    asked = names.index("asked")
    assert {str(each.visit.answers["QID1"]) for each in kept} == {"2"} == {row[asked] for row in rows}
    assert 0 < len(rows) == len(kept) < len(found.sessions) == 60
    executed = {each.what for each in found.account if each.done == "executed"}
    assert "ends of survey that record no response" in executed


@pytest.mark.parametrize("n", [0, -1, 10**9])
def test_impossible_numbers_of_people_are_refused(n: int) -> None:
    with pytest.raises(StudyError, match="respondents cannot be sent"):
        rehearse(one_block(choice("one")), n)


def test_the_account_counts_elements_and_names_a_few() -> None:
    account = Account()
    for place in range(7):
        account.ran(f"FL_{place}", "branches")
        account.ran("FL_1", "branches")
        account.stub(f"Q{place}", "JavaScript is not run", "nothing is set")
    done, left = account.lines()
    assert (done.what, done.number, done.done) == ("branches", 7, "executed")
    assert (left.number, left.where) == (7, "Q0, Q1, Q2, Q3, Q4 and 2 more")


@pytest.mark.parametrize("looping", ["Static", "Question"])
def test_the_codebook_has_every_column(looping: str) -> None:
    locator = "q://QID3/ChoiceGroup/SelectedChoices"
    options = {"Static": {"1": {"1": "war"}, "2": {"1": "trade"}}, "Locator": locator}
    carried = {"DynamicChoices": {"Locator": locator, "DynamicType": "ChoiceGroup", "Type": "Dynamic"}}
    rows = elements.matrix("rows", "Agree?", ["own"], ["no", "yes"], codes=()) | carried
    flow = [{"Type": "Block", "ID": each, "FlowID": ""} for each in ("BL_0", "BL_1")]
    asked = said("told", "${lm://Field/1}"), rows
    survey = one_block(*asked, first=[several("first")], flow=flow, Looping=looping, LoopingOptions=options)
    names, _, ids, *_ = table(rehearse(survey, 2).export)
    known = {(each.column, each.import_id) for each in codebook_of_survey(survey).variables}
    found = {(name, json.loads(each)["ImportId"]) for name, each in zip(names, ids, strict=True)}
    assert ("2_rows_x3", "2_QID2_x3") in found
    assert found <= known


@pytest.mark.real
@pytest.mark.parametrize("name", EXPORTED)
def test_codes_and_split_words_clean_to_the_same_responses(real: Path, tmp_path: Path, name: str) -> None:
    """Left out: words that several choices share, and the ticks of side-by-side questions, which are read as text."""
    survey = read_qsf(real / "qsf" / f"{name}.qsf")
    codebook, file = codebook_of_survey(survey), tmp_path / "export.csv"
    coded, worded = rehearse(survey, 20).export, rehearse(survey, 20, values="labels", split=True).export
    frames = []
    for export in (coded, worded):
        file.write_text(export, "utf-8")
        frames.append(read_export(file, codebook).responses)
    unclear = [
        each.name
        for each in codebook.variables
        if len({c.label for c in each.categories}) < len(each.categories) or (each.kind, "#" in each.import_id) == TICK
    ]
    first, second = (frame.drop(columns=unclear) for frame in frames)
    assert len(first) == 20
    pd.testing.assert_frame_equal(second, first)

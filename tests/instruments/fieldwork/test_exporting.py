"""The export: columns, headers and values as Qualtrics writes them."""

import csv
import io
import json
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from tests.instruments.small_flows import choice, one_block
from vignetta.codebook import RECORD
from vignetta.design.declaration import Design
from vignetta.errors import StudyError
from vignetta.instruments.fieldwork.exporting import question_columns
from vignetta.instruments.fieldwork.fielding import Simulated, simulate
from vignetta.instruments.fieldwork.simulation import Simulation
from vignetta.instruments.qsf import read_qsf
from vignetta.instruments.running.random_answers import random_answer
from vignetta.instruments.running.runtime import Runtime
from vignetta.instruments.running.sessions import Session
from vignetta.instruments.running.visits import Respondent
from vignetta.instruments.survey import Survey

HEADERS = 3


Row = dict[str, str]


def table(export: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(export)))


def valid(rows: list[Row]) -> list[Row]:
    """Finished, consenting, attentive, unhurried respondents, once per address."""
    kept: dict[str, Row] = {}
    for each in rows:
        sound = (each["Status"], each["Finished"], each["consent"], each["attention"]) == ("0", "1", "1", "4")
        if sound and int(each["Duration (in seconds)"]) >= 60:
            kept.setdefault(each["IPAddress"], each)
    return list(kept.values())


def test_labels_and_codes_agree(survey: Survey, design: Design, simulation: Simulation, simulated: Simulated) -> None:
    coded, worded = (table(simulate(survey, design, simulation, values=each).export) for each in ("codes", "labels"))
    assert table(simulated.export) == coded
    assert worded[:HEADERS] == coded[:HEADERS]
    words = {
        question.tag: {each.code: each.plain for each in question.choices}
        for question in survey.questions.values()
        if question.type == "MC"
    }
    words |= {"Status": {"0": "IP Address", "1": "Survey Preview"}, "Finished": {"0": "False", "1": "True"}}
    assert len(words) > 10
    for codes, labels in zip(coded[HEADERS:], worded[HEADERS:], strict=True):
        for name, code, label in zip(coded[0], codes, labels, strict=True):
            assert label == (words[name][code] if code and name in words else code)


def test_unknown_values_are_refused(survey: Survey, design: Design, simulation: Simulation) -> None:
    with pytest.raises(StudyError, match="`numbers` is not known. Write one of codes, labels"):
        simulate(survey, design, simulation, values="numbers")  # type: ignore[arg-type]


def test_every_row_has_every_column(simulated: Simulated) -> None:
    assert len({len(each) for each in table(simulated.export)}) == 1
    assert "${" not in simulated.export
    assert simulated.stubbed == ()


def test_headers(simulated: Simulated, survey: Survey) -> None:
    names, texts, ids = table(simulated.export)[:HEADERS]
    assert names[:17] == [each.column for each in RECORD]
    assert len(set(names)) == len(names)
    found = [json.loads(each) for each in ids]
    assert [each["ImportId"] for each in found][:17] == [each.import_id for each in RECORD]
    zones = [name for name, each in zip(names, found, strict=True) if "timeZone" in each]
    assert zones == ["StartDate", "EndDate", "RecordedDate"]
    timing = next(each.id for each in survey.questions.values() if each.type == "Timing")
    clicks = ["FIRST_CLICK", "LAST_CLICK", "PAGE_SUBMIT", "CLICK_COUNT"]
    place = names.index("timing_vignette_First Click")
    assert [each["ImportId"] for each in found][place : place + 4] == [f"{timing}_{each}" for each in clicks]
    assert names[-len(survey.embedded_fields) :] == list(survey.embedded_fields)
    assert not [each for each in texts if "<" in each or not each]


def test_piped_text_is_marked_in_the_label_row() -> None:
    first = choice("asked", text="Is <b>${e://Field/ally}</b> or ${e://field/rival} an ally?")
    second = choice("again", text="You said ${q://QID1/ChoiceGroup/SelectedChoices}. Sure?")
    assert [each.label for each in question_columns(one_block(first, second))] == [
        "Is [Field-ally] or [Field-rival] an ally?",
        "You said [QID1-ChoiceGroup-SelectedChoices]. Sure?",
    ]


def test_a_loops_columns_are_labelled_with_its_text() -> None:
    static = {"1": {"1": "<i>war</i>"}, "2": {"1": "trade"}}
    survey = one_block(
        choice("asked", text="And ${lm://Field/1}?"), Looping="Static", LoopingOptions={"Static": static}
    )
    assert [each.label for each in question_columns(survey)] == ["And [Field-1]? - war", "And [Field-1]? - trade"]


def test_dates_and_durations_agree(rows: list[Row], simulation: Simulation) -> None:
    for each in rows:
        started, ended, recorded = (
            datetime.fromisoformat(each[key]) for key in ("StartDate", "EndDate", "RecordedDate")
        )
        assert (ended - started).total_seconds() == int(each["Duration (in seconds)"])
        assert (recorded - ended).days == (7 if each["Finished"] == "0" else 0)
        assert (started < simulation.fieldwork.start) == (each["Status"] == "1")
    recorded_at = [each["RecordedDate"] for each in rows]
    assert recorded_at == sorted(recorded_at)


def test_times_on_the_page(rows: list[Row]) -> None:
    shown = [each for each in rows if each["timing_vignette_Page Submit"]]
    assert len(shown) >= len(valid(rows))
    for each in shown:
        first, last, submit = (
            float(each[f"timing_vignette_{key}"]) for key in ("First Click", "Last Click", "Page Submit")
        )
        assert 0 <= first <= last <= submit <= int(each["Duration (in seconds)"]) + 1


def some_sessions(survey: Survey) -> list[Session]:
    runtime, generator = Runtime(survey), np.random.default_rng(1)
    visits = [runtime.run(Respondent(random_answer, {"data_source": "simulated"}), generator) for _ in range(5)]
    start = datetime(2026, 1, 1)
    return [Session(each, start, tuple(10.0 for _ in each.pages), "192.0.2.1") for each in visits]


@pytest.mark.real
def test_every_question_type_of_a_long_survey_is_exported(real: Path) -> None:
    survey = read_qsf(real / "qsf/ctesta01__QualtricsTools__Long_Exhaustive_Sample_Survey.qsf")
    sessions = some_sessions(survey)
    columns = question_columns(survey)
    filled = {each.import_id.split("_")[0].split("#")[0] for each in columns for s in sessions if each.coded(s)}
    answered = {number for each in sessions for number in each.visit.answers}
    assert len(answered) > 30
    assert answered <= filled

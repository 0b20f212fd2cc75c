"""Survey files are read whole, written as they were, and refused with a reason."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.instruments.small_survey import small
from vignetta.design.declaration import Design, read_design
from vignetta.errors import StudyError
from vignetta.instruments.adoption.importing import draft, imported_codebook
from vignetta.instruments.codebooks import codebook_of_survey
from vignetta.instruments.preview.page import preview_page
from vignetta.instruments.qsf import DEEPEST, LARGEST, integrity_problems, qsf_text, read_qsf
from vignetta.instruments.review.differing import diff
from vignetta.instruments.review.linting import lint
from vignetta.instruments.running.rehearsing import rehearse
from vignetta.instruments.survey import Survey, walk
from vignetta.instruments.writing import elements
from vignetta.instruments.writing.building import build
from vignetta.study.adopting import adopt

EXPORTED: Final = (
    "ScottClaessens__ai-moral-decisions__survey",
    "ctesta01__QualtricsTools__Better_Sample_Survey",
    "ctesta01__QualtricsTools__Choice_Text_from_Response_Columns",
    "ctesta01__QualtricsTools__Long_Exhaustive_Sample_Survey",
    "ctesta01__QualtricsTools__Matrix_Single_Answer_Testing",
    "ctesta01__QualtricsTools__Multiple_Answer_MC_Questions",
    "ctesta01__QualtricsTools__Notes_Survey",
    "ctesta01__QualtricsTools__Notes_Survey__v2",
    "ctesta01__QualtricsTools__Single_Answer_MC_Questions",
    "ctesta01__QualtricsTools__Survey_Logic_EVERYWHERE",
    "ctesta01__QualtricsTools__Test_Survey_for_Coded_Comments",
    "ctesta01__QualtricsTools__sample",
    "janpfander__impressive_climate__Climatologist",
    "prometheusresearch__rios.conversion__qualtrics_1",
    "psych251__porter_2016_1_rescue__survey",
    "yhoriuchi__projoint__CHKKK_Mummolo_and_Nall_full_replication_W1_Lucid_-_August_2021",
)
"""Files that Qualtrics itself wrote."""
GENERATED: Final = (
    "prometheusresearch__rios.conversion__qualtrics_health",
    "prometheusresearch__rios.conversion__qualtrics_health__v2",
    "prometheusresearch__rios.conversion__qualtrics_neuro",
    "sumtxt__qsf__sq_example",
)
"""Files that other programs wrote, and that can be read."""
REFUSED: Final = {
    "aaronrkaufman__projointdesigntool__survey": "survey definition of the API",
    "aaronrkaufman__projointdesigntool__survey__v2": "survey definition of the API",
    "prometheusresearch__rios.conversion__bad_json": "not readable as JSON at line 3, column 1",
    "prometheusresearch__rios.conversion__bad_qualtrics_no_type": "`QID17671676` has no `Type`",
    "prometheusresearch__rios.conversion__bad_qualtrics_question": "QID17671700: the question has no `Question",
    "sumtxt__qsf__sq-template": "a single element (`SQ`), not a whole survey",
}
LONG_NUMBER: Final = "janpfander__impressive_climate__Climatologist"
"""Holds a number with more digits than a float: written shorter, it is the same number."""


@pytest.fixture(scope="module")
def document(design: Design) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(qsf_text(build(design)))
    return made


def written(folder: Path, document: Any) -> Path:
    file = folder / "survey.qsf"
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    return file


def refusal(file: Path) -> str:
    with pytest.raises(StudyError) as caught:
        read_qsf(file)
    assert all(each.remedy for each in caught.value.problems)
    return str(caught.value)


# ------------------------------------------------------------------------------------------------------ real files


@pytest.mark.real
@pytest.mark.parametrize("name", EXPORTED + GENERATED)
def test_reading_and_writing_loses_nothing(real: Path, name: str) -> None:
    file = real / "qsf" / f"{name}.qsf"
    assert json.loads(qsf_text(read_qsf(file))) == json.loads(file.read_text("utf-8"))


@pytest.mark.real
@pytest.mark.parametrize("name", [each for each in EXPORTED if each != LONG_NUMBER])
def test_what_qualtrics_wrote_is_written_byte_for_byte(real: Path, name: str) -> None:
    file = real / "qsf" / f"{name}.qsf"
    assert qsf_text(read_qsf(file)) == file.read_text("ascii").rstrip("\n")


@pytest.mark.real
@pytest.mark.parametrize("name", EXPORTED)
def test_what_qualtrics_wrote_keeps_every_rule(real: Path, name: str) -> None:
    assert integrity_problems(read_qsf(real / "qsf" / f"{name}.qsf")) == []


@pytest.mark.real
@pytest.mark.parametrize("name", EXPORTED + GENERATED)
def test_the_views_agree_with_the_document(real: Path, name: str) -> None:
    survey = read_qsf(real / "qsf" / f"{name}.qsf")
    raw = json.loads((real / "qsf" / f"{name}.qsf").read_text())["SurveyElements"]
    text = json.dumps([each["Payload"] for each in raw if each["Element"] == "FL"])
    assert set(survey.questions) == {each["PrimaryAttribute"] for each in raw if each["Element"] == "SQ"}
    assert len(list(walk(survey.flow))) == text.count('"FlowID"') - 1
    assert all(each.questions or not each.pages for each in survey.blocks.values())


@pytest.mark.real
@pytest.mark.parametrize(("name", "words"), REFUSED.items())
def test_other_files_are_refused_with_the_reason(real: Path, name: str, words: str) -> None:
    message = refusal(real / "qsf" / f"{name}.qsf")
    assert words in message
    assert message.startswith(f"{name}.qsf")


# ------------------------------------------------------------------------------------------------- planted defects


def test_what_is_written_can_be_read(document: dict[str, Any], tmp_path: Path) -> None:
    survey = read_qsf(written(tmp_path, qsf_text(Survey(document))))
    assert survey.document == document


def test_the_look_of_qualtrics() -> None:
    survey = Survey({"SurveyEntry": {"SurveyName": "Büro</b>\n"}, "SurveyElements": []})
    assert qsf_text(survey) == r'{"SurveyEntry":{"SurveyName":"B\u00fcro<\/b>\n"},"SurveyElements":[]}'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("# Quartus II project\nset_global_assignment -name FAMILY", "no Qualtrics survey: it is not JSON"),
        ("", "no Qualtrics survey"),
        ('{"SurveyEntry": {}, "SurveyElements": [}', "not readable as JSON at line 1"),
        ('{"SurveyEntry": {}}', "`SurveyEntry` or `SurveyElements` is missing"),
        ('{"SurveyEntry": {}, "SurveyElements": [1]}', "an element is not a mapping"),
        ('{"SurveyEntry": {}, "SurveyElements": []}', "the list of blocks is missing"),
        ('{"SurveyEntry": {}, "SurveyEntry": {}}', "key `SurveyEntry`: it stands twice"),
        ('{"SurveyEntry": NaN}', "`NaN`: it is not a number"),
        ('{"a":' * 100_000, "nested more than"),
        ('{"a":' * (DEEPEST + 1) + "1" + "}" * (DEEPEST + 1), "nested more than"),
        ('{"a": ' + "1" * 5_000 + "}", "a number cannot be read"),
    ],
)
def test_what_is_not_a_survey_file_is_refused(tmp_path: Path, content: str, words: str) -> None:
    assert words in refusal(written(tmp_path, content))


def test_a_hundred_megabytes_of_nesting_are_refused_at_once(tmp_path: Path) -> None:
    """100 MB of short nests would take half a minute and gigabytes to read."""
    for piece in ("[", '{"a":', '{"a":{"a":{"a":{}}}},'):
        message = refusal(written(tmp_path, piece * (100_000_000 // len(piece))))
        assert f"more than {LARGEST:,} bytes" in message


def test_a_field_that_not_every_arm_sets_has_no_weights() -> None:
    document = small()
    arms = document["SurveyElements"][1]["Payload"]["Flow"][3]["Flow"]
    arms.append({"Type": "EmbeddedData", "FlowID": "FL_15", "EmbeddedData": []})
    assert "not every child sets all of these fields" in draft(Survey(document))


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_a_file_that_breaks_off_is_named(document: dict[str, Any], tmp_path: Path, share: float) -> None:
    text = qsf_text(Survey(document))
    assert "breaks off" in refusal(written(tmp_path, text[: int(len(text) * share)]))


def test_other_encodings_and_absent_files(tmp_path: Path, document: dict[str, Any]) -> None:
    file = tmp_path / "survey.qsf"
    file.write_bytes(json.dumps(document).encode("utf-16"))
    assert "not UTF-8" in refusal(file)
    assert "cannot be read" in refusal(tmp_path / "absent.qsf")
    assert "cannot be read" in refusal(tmp_path)
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps(document).encode())
    assert read_qsf(file).document == document


def test_half_an_emoji_is_kept_and_shown_as_a_mark(document: dict[str, Any], tmp_path: Path) -> None:
    """Texts that were cut after so many UTF-16 units: JSON can hold the half, no other file can."""
    half = json.loads(json.dumps(document))
    half["SurveyEntry"]["SurveyName"] += "\ud83d"
    element(half, "SQ")["Payload"] |= {"QuestionText": "Hello \ud83d", "DataExportTag": "q\ud83d"}
    element(half, "FL")["Payload"]["Flow"][1]["Description"] = "\udc00"
    file = written(tmp_path, half)
    survey = read_qsf(file)
    assert json.loads(qsf_text(survey)) == half
    assert next(iter(survey.questions.values())).plain == "Hello \ufffd"
    found = [
        preview_page(survey),
        rehearse(survey, 3).export,
        *map(str, lint(survey)),
        *map(str, integrity_problems(survey)),
    ]
    assert all(each.encode() for each in (*found, *map(str, diff(Survey(document), survey))))
    adopt(file, tmp_path / "adopted")
    assert read_qsf(tmp_path / "adopted/instruments/survey.qsf").document == half


@pytest.mark.parametrize("number", ["9" * 5_000, "--1", "\u0663", "\u00b2"])
@pytest.mark.parametrize(
    "place",
    [
        *(("FL", "Payload", "Flow", 3, key) for key in ("SubSet", "FlowID")),
        *(("SQ", "Payload", "Validation", "Settings", key) for key in ("MinChars", "MaxChoices")),
        *(("SQ", "Payload", "Choices", "1", key) for key in ("Display",)),
        ("QC", "SecondaryAttribute"),
        ("QO", "Payload", "Occurrences"),
    ],
)
def test_numbers_that_are_none(number: str, place: tuple[Any, ...]) -> None:
    """Digits of other scripts, a doubled sign, and more digits than any number has."""
    document = small()
    document["SurveyElements"].append({"Element": "QO", "PrimaryAttribute": "QO_1", "Payload": {"Occurrences": 1}})
    kind, *way, key = place
    at(element(document, kind), tuple(way))[key] = number
    survey = Survey(document)
    assert list(lint(survey))
    integrity_problems(survey)
    rehearse(survey, 3)
    draft(survey)


def test_a_slider_from_one_end_of_numbers_to_the_other() -> None:
    document = small()
    payload = next(each["Payload"] for each in document["SurveyElements"] if each["PrimaryAttribute"] == "QID3")
    payload |= elements.slider("heat", "Heat?", minimum=-1e308, maximum=1e308, step=1, ends=["", ""])
    payload["QuestionID"] = "QID3"
    for lines in (0, 1e-300, 1e308):
        payload["Configuration"]["GridLines"] = lines
        answers = [each.visit.answers.get("QID3", {"1": "0"}) for each in rehearse(Survey(document), 9).sessions]
        assert all(isinstance(each, dict) and 0 <= float(str(each["1"])) <= 100 for each in answers)
        draft(Survey(document))


def element(document: dict[str, Any], kind: str) -> Any:
    return next(each for each in document["SurveyElements"] if each["Element"] == kind)


def test_a_question_without_a_type_is_named(document: dict[str, Any], tmp_path: Path) -> None:
    broken = json.loads(json.dumps(document))
    del element(broken, "SQ")["Payload"]["QuestionType"]
    assert "survey.qsf: SQ QID1: the question has no `QuestionType`." in refusal(written(tmp_path, broken))


def test_a_block_of_the_flow_that_does_not_exist_is_named(document: dict[str, Any], tmp_path: Path) -> None:
    broken = json.loads(json.dumps(document))
    element(broken, "FL")["Payload"]["Flow"][1]["ID"] = "BL_gone"
    assert "FL FL_3: the flow shows the block `BL_gone`, which does not exist." in refusal(written(tmp_path, broken))


def test_ids_of_any_length_are_named_by_their_beginning(document: dict[str, Any], tmp_path: Path) -> None:
    broken = json.loads(json.dumps(document))
    element(broken, "FL")["Payload"]["Flow"][1] |= {"ID": "BL_" + "9" * 5_000, "FlowID": "FL_" + "8" * 5_000}
    message = refusal(written(tmp_path, broken))
    assert "shows the block `BL_9999" in message and "…`, which does not exist" in message
    assert len(message) < 400


def test_all_problems_are_listed(document: dict[str, Any], tmp_path: Path) -> None:
    broken = json.loads(json.dumps(document))
    for each in broken["SurveyElements"]:
        if each["Element"] == "SQ":
            del each["Payload"]["Selector"]
    message = refusal(written(tmp_path, broken))
    assert message.count("the question has no `Selector`.") == len(question_ids(document))


def question_ids(document: dict[str, Any]) -> list[str]:
    return [each["PrimaryAttribute"] for each in document["SurveyElements"] if each["Element"] == "SQ"]


JUNK: Final = ("null", "[]", "{}", "5", '"x"', "[5]", '{"a": 1}', '{"1": null}', "true", "-1.5", '"\\ud83d"')


def places(value: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [above] * bool(above) + [place for key, each in below for place in places(each, (*above, key))]


Damage = tuple[int, str, int, str]
"""Which place, what happens to it, which other place is copied there, what else stands there."""
FAR: Final = 10**6
DAMAGES: Final = st.lists(
    st.tuples(
        st.integers(0, FAR),
        st.sampled_from(("replaced", "removed", "copied")),
        st.integers(0, FAR),
        st.sampled_from(JUNK),
    ),
    min_size=1,
    max_size=4,
)


def damaged(document: dict[str, Any], damages: list[Damage]) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(document))
    for number, kind, other, junk in damages:
        known = places(copy)
        if not known:
            break
        place, source = known[number % len(known)], known[other % len(known)]
        inside = at(copy, place[:-1])
        if kind == "removed":
            del inside[place[-1]]
        else:
            inside[place[-1]] = json.loads(junk if kind == "replaced" else json.dumps(at(copy, source)))
    return copy


def at(value: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        value = value[key]
    return value


def reads_or_refuses(broken: dict[str, Any], document: dict[str, Any], folder: Path) -> None:
    try:
        survey = read_qsf(written(folder, broken))
    except StudyError as error:
        assert all(each.remedy for each in error.problems)
        return
    assert survey.document == broken
    integrity_problems(survey)
    codebook_of_survey(survey)
    imported_codebook(survey)
    repr(lint(survey))
    draft(survey)
    assert not diff(survey, survey)
    goes_through_or_is_refused(survey)
    repr(diff(Survey(document), survey))
    repr(diff(survey, Survey(document)))


def goes_through_or_is_refused(survey: Survey) -> None:
    try:
        repr(rehearse(survey, 3))
    except StudyError as error:
        assert all(each.where and each.remedy for each in error.problems)


@cache
def built() -> str:
    """The flagship's survey, where no argument of a test may hold it: a failure would print all of it."""
    return qsf_text(build(read_design(ROOT / "design/study.yaml")))


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damages=DAMAGES)
def test_no_damage_of_a_built_survey_leads_to_a_traceback(tmp_path: Path, damages: list[Damage]) -> None:
    document = json.loads(built())
    reads_or_refuses(damaged(document, damages), document, tmp_path)


@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damages=DAMAGES)
def test_no_damage_of_a_survey_with_everything_leads_to_a_traceback(tmp_path: Path, damages: list[Damage]) -> None:
    reads_or_refuses(damaged(small(), damages), small(), tmp_path)

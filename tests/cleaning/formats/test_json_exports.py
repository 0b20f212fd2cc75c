"""JSON and NDJSON exports become cells by ImportId; broken ones are told by their lines."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vignetta.cleaning.formats.exports import read_raw
from vignetta.cleaning.formats.json_exports import read_json
from vignetta.cleaning.formats.raw_exports import RawExport
from vignetta.errors import StudyError

Write = Callable[..., Path]

RESPONSES: list[dict[str, Any]] = [
    {
        "responseId": "R_1",
        "values": {
            "startDate": "2026-03-01T09:00:00Z",
            "finished": 1,
            "QID6": ["1", "3"],
            "regime": "None",
            "QID7": 4.0,
        },
        "labels": {"finished": "True", "QID6": ["Paper", "Web"], "QID9": "Only words"},
        "displayedFields": ["QID6"],
    },
    {"responseId": "R_2", "values": {"QID6": [], "QID7": 0.5, "QID8_TEXT": "two\nlines", "on": True, "no": None}},
]
CELLS = {
    "startDate": ["2026-03-01T09:00:00Z", ""],
    "finished": ["1", ""],
    "QID6": ["1,3", ""],
    "regime": ["None", ""],
    "QID7": ["4", "0.5"],
    "QID9": ["Only words", ""],
    "_recordId": ["R_1", "R_2"],
    "QID8_TEXT": ["", "two\nlines"],
    "on": ["", "true"],
    "no": ["", ""],
}
LINES = "\n".join(map(json.dumps, RESPONSES)) + "\n"


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"responses": RESPONSES}),
        json.dumps({"responses": RESPONSES}, indent=2),
        json.dumps(RESPONSES),
        LINES,
        "\ufeff" + LINES,
        LINES.replace("\n", "\r\n\r\n"),
    ],
)
def test_every_form_has_the_same_cells(write: Write, content: str) -> None:
    raw = read_raw(write(content, "export.data"))
    assert {name: raw.cells[place].tolist() for place, name in enumerate(raw.names)} == CELLS
    assert raw.words == {1: {"1": "True"}, 2: {"1": "Paper", "3": "Web"}}


def test_keys_in_the_form_of_an_import_id_are_one(write: Write) -> None:
    raw = read_raw(write(LINES, "export.json"))
    assert dict(zip(raw.names, raw.import_ids, strict=True)) | {"regime": "", "on": "", "no": ""} == {
        each: "" if each in ("regime", "on", "no") else each for each in CELLS
    }


def test_one_response_on_one_line_is_read() -> None:
    assert read_json(json.dumps(RESPONSES[0]).encode(), shown="x").cells.shape == (1, 7)
    assert read_json(b'{"responses": []}', shown="x").cells.shape == (0, 0)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (json.dumps({"responses": RESPONSES}, indent=2)[:-40], "x:33: the file is broken or cut off"),
        (LINES[:-20], "x:2: the file is broken or cut off"),
        (LINES + "3\n", "x:3: the line is no JSON object"),
        ('{"other":\n []}\n', "no list of `responses`"),
        ('{"result": 1,\n"more": 2}', "no list of `responses`"),
        ("[1, 2]", "response 1 is no JSON object"),
        ('[{"a": ' + "1" * 5000 + "}]", "not as an export is"),
        ("[" * 100_000, "not as an export is"),
        ('[{"values": {"a": 1, "a": 2}}]', "gives 'a' twice"),
    ],
)
def test_broken_files_are_told(content: str, words: str) -> None:
    with pytest.raises(StudyError) as caught:
        read_json(content.encode(), shown="x")
    assert words in str(caught.value)


@pytest.mark.parametrize("indent", [None, 1])
def test_a_single_response_of_the_api_is_read(indent: int | None) -> None:
    wrapped = {"result": RESPONSES[0], "meta": {"httpStatus": "200 - OK"}}
    assert_same(read_json(json.dumps(wrapped, indent=indent).encode(), shown="x"), RESPONSES[:1])
    lines = "".join(json.dumps({"result": each, "meta": {}}) + "\n" for each in RESPONSES)
    assert_same(read_json(lines.encode(), shown="x"), RESPONSES)


def assert_same(raw: RawExport, responses: list[dict[str, Any]]) -> None:
    assert raw.cells.equals(read_json(json.dumps(responses).encode(), shown="x").cells)


@pytest.mark.parametrize("indent", [None, 1])
def test_responses_under_their_ids_are_read(indent: int | None) -> None:
    old = {"R_1": {"Status": "0", "Q1": 2}, "R_2": {"Status": "1", "Q1": 3}}
    raw = read_json(json.dumps(old, indent=indent).encode(), shown="x")
    assert raw.names == ("ResponseID", "Status", "Q1")
    assert raw.cells.to_numpy().tolist() == [["R_1", "0", "2"], ["R_2", "1", "3"]]


@pytest.mark.parametrize("content", [{"result": {"SurveyID": "SV_1"}, "meta": {}}, {"result": {"elements": []}}])
def test_what_else_the_api_sends_is_no_export(content: dict[str, Any]) -> None:
    with pytest.raises(StudyError, match="no list of `responses`"):
        read_json(json.dumps(content).encode(), shown="x")

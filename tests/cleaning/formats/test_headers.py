"""Which rows are header rows, what a file without names is called by, and header rows in the middle."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cleaning.small_export import Row, export_text
from vignetta.cleaning.formats.exports import read_raw
from vignetta.errors import StudyError

Write = Callable[..., Path]


def lines(text: str) -> list[str]:
    """The rows of an export whose question texts have no line breaks."""
    return text.replace("What is\n", "What is ").splitlines(keepends=True)


def test_without_names_columns_are_called_by_their_import_ids(write: Write, responses: list[Row]) -> None:
    names, texts, ids, *rows = lines(export_text(responses))
    only = read_raw(write("".join([ids, *rows])))
    assert (only.header_rows, only.names, only.names == only.import_ids) == (1, only.import_ids, True)
    assert "The row of column names is missing" in only.notes[0]
    both = read_raw(write("".join([texts, ids, *rows])))
    assert both.import_ids == only.import_ids
    assert both.cells.equals(read_raw(write("".join([names, texts, ids, *rows]))).cells)


@pytest.mark.parametrize("kept", ["ResponseId", "Status", "Finished", "UserLanguage", "DistributionChannel"])
def test_labels_are_a_header_row_also_where_dates_were_left_out(write: Write, kept: str) -> None:
    label = {"ResponseId": "Response ID", "Status": "Response Type", "UserLanguage": "User Language"}.get(kept, kept)
    label = "Distribution Channel" if kept == "DistributionChannel" else label
    raw = read_raw(write(f"{kept},Q1\n{label},How are you?\n1,2\n"))
    assert (raw.header_rows, raw.texts[1], len(raw.cells)) == (2, "How are you?", 1)
    assert read_raw(write(f"{kept},Q1\n1,2\n1,3\n")).header_rows == 1


def test_import_ids_between_tabs_are_no_json(write: Write) -> None:
    raw = read_raw(write('{"ImportId":"_recordId"}\t{"ImportId":"QID1"}\nR_1\t2\n'))
    assert (raw.import_ids, len(raw.cells)) == (("_recordId", "QID1"), 1)


def test_the_zone_of_each_column_is_known(write: Write) -> None:
    ids = '"{""ImportId"":""startDate"",""timeZone"":""Asia/Tokyo""}","{""ImportId"":""x"",""timeZone"":""Nowhere""}"'
    raw = read_raw(write(f"StartDate,x\nStart,x\n{ids}\n2026-03-01 09:00:00,1\n"))
    assert raw.time_zones == {0: "Asia/Tokyo"}


@pytest.mark.parametrize("repeated", [1, 2, 3])
@pytest.mark.parametrize("headers", ["json", "repr", "one"])
def test_header_rows_below_responses_are_told(write: Write, responses: list[Row], headers: str, repeated: int) -> None:
    rows = lines(export_text(responses, headers))
    head = rows[: min(repeated, 1 if headers == "one" else 3)]
    with pytest.raises(StudyError, match="data rows? 4.*: here stand header rows; several exports were joined"):
        read_raw(write("".join([*rows, *head, *rows[-2:]])))


def test_a_respondent_who_writes_a_columns_name_is_no_header(write: Write) -> None:
    assert len(read_raw(write("Q1,Q2,Q3,Q4\nQ1,2,3,4\n1,2,3,ImportId'\n")).cells) == 2


@pytest.mark.parametrize("titles", [1, 2])
def test_rows_above_the_header_are_told(write: Write, responses: list[Row], titles: int) -> None:
    names, *rows = lines(export_text(responses))
    above = ["My survey" + "," * names.count(",") + "\n"] * titles
    with pytest.raises(StudyError, match="(?:a row stands|2 rows stand) above the header rows. Delete what stands"):
        read_raw(write("".join([*above, names, *rows])))


def test_an_export_without_any_header_row_is_told(write: Write, responses: list[Row]) -> None:
    _, _, _, *rows = lines(export_text(responses))
    with pytest.raises(StudyError, match="the first row is a response: the header rows are missing"):
        read_raw(write("".join(rows)))


def ids(*cells: dict[str, object]) -> str:
    return ",".join('"' + json.dumps(each).replace('"', '""') + '"' for each in cells)


def test_points_of_a_heat_map_have_ids_of_their_own(write: Write) -> None:
    points = [{"ImportId": "QID2", "point": n, "coord": each} for n in (1, 2) for each in "xy"]
    raw = read_raw(write(f"Q2_1_x,Q2_1_y,Q2_2_x,Q2_2_y\na,b,c,d\n{ids(*points)}\n1,2,3,4\n"))
    assert raw.import_ids == ("QID2_1_x", "QID2_1_y", "QID2_2_x", "QID2_2_y")


@pytest.mark.parametrize("key", ["isLabelsColumn", "IsLabelsColumn"])
@pytest.mark.parametrize("first", [0, 1])
def test_words_stand_beside_the_codes_of_the_same_import_id(write: Write, key: str, first: int) -> None:
    both = [{"ImportId": "QID1"}, {"ImportId": "QID1", key: True}]
    cells = [["1", "Yes"], ["", ""], ["1,2", "Yes,No"]]
    rows = [",".join(f'"{row[each]}"' for each in (first, 1 - first)) for row in cells]
    head = f"Q1,Q1\nDo you?,Do you?\n{ids(both[first], both[1 - first])}\n"
    raw = read_raw(write(head + "\n".join(rows) + "\n"))
    assert (raw.beside, raw.words) == ({1 - first: first}, {first: {"1": "Yes"}})


def test_words_without_codes_are_a_column_like_others(write: Write) -> None:
    alone = ids({"ImportId": "QID1", "isLabelsColumn": True}, {"ImportId": "QID2"})
    assert read_raw(write(f"Q1,Q2\nDo you?,And?\n{alone}\nYes,1\n")).beside == {}


def test_columns_may_be_called_by_their_import_ids(write: Write) -> None:
    """As qualtRics calls them when asked to; an author may call a column QID5 without meaning the question."""
    raw = read_raw(write("startDate,_recordId,QID4_1,regime\n2026-03-01 09:00:00,R_1,2,x\n"))
    assert raw.import_ids == ("startDate", "_recordId", "QID4_1", "")
    assert read_raw(write("StartDate,QID5\n2026-03-01 09:00:00,2\n")).import_ids == ("", "")

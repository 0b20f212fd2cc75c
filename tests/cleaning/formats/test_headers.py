"""Which rows are header rows, what a file without names is called by, and header rows in the middle."""

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

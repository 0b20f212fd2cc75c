"""Header rows of every kind are recognised; tables of data in hand become text without loss."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.cleaning.small_export import Row, export_text
from vignetta.cleaning.formats.exports import read_raw
from vignetta.cleaning.formats.raw_exports import normal_import_id
from vignetta.errors import StudyError

Write = Callable[..., Path]


@pytest.mark.parametrize(("headers", "count"), [("json", 3), ("repr", 3), ("ids", 2), ("texts", 2), ("one", 1)])
def test_header_rows_are_counted(write: Write, responses: list[Row], headers: str, count: int) -> None:
    raw = read_raw(write(export_text(responses, headers)))
    assert raw.header_rows == count
    assert raw.names == tuple(responses[0])
    assert raw.cells.to_numpy().tolist() == [list(each.values()) for each in responses]
    assert ("QID4_1" in raw.import_ids) == (headers in ("json", "repr", "ids"))


def test_an_export_without_responses_has_no_rows(write: Write, responses: list[Row]) -> None:
    text = export_text(responses)
    header = text[: text.index("2026-03-01")]
    assert read_raw(write(header)).cells.shape == (0, len(responses[0]))


def test_legacy_names_stand_in_the_second_row(write: Write) -> None:
    raw = read_raw(write("V1,V8,Q1,\nResponseID,StartDate,What?,\nR_1,2016-05-27 11:44:08,2,\n"))
    assert raw.names == ("ResponseID", "StartDate", "Q1", "")
    assert raw.texts[2] == "What?"
    assert raw.cells.to_numpy().tolist() == [["R_1", "2016-05-27 11:44:08", "2", ""]]


def test_a_column_called_v1_is_no_legacy_export(write: Write) -> None:
    assert read_raw(write("V1,Q1\n3,2\n4,1\n")).header_rows == 1


def test_split_columns_carry_the_choice(write: Write) -> None:
    raw = read_raw(write('Q1_1,Q1_2\nWhat,What\n"{""ImportId"":""QID1"",""choiceId"":""1""}",' + "x\n1,1\n"))
    assert raw.header_rows == 1
    raw = read_raw(
        write(
            'Q1_1,Q1_2\na,b\n"{""ImportId"":""QID1"",""choiceId"":""1""}","{""ImportId"":""QID1"",""choiceId"":""7""}"\n'
        )
    )
    assert raw.import_ids == ("QID1_1", "QID1_7")


@pytest.mark.parametrize(
    ("old", "now"),
    [
        ("QID4-TEXT", "QID4_TEXT"),
        ("QID12#2-3-1", "QID12#2_3_1"),
        ("QID10#2-3--1", "QID10#2_3_-1"),
        ("QID10#2_3_-1", "QID10#2_3_-1"),
        ("QID29_1_2", "QID29_1_2"),
        ("panel-RecipientEmail", "recipientEmail"),
        ("panel-ExternalDataReference", "externalDataReference"),
        ("Location-LocationLongitude", "locationLongitude"),
        ("responseId", "_recordId"),
        ("F-1-1", "F-1-1"),
        ("", ""),
    ],
)
def test_old_import_ids_become_present_ones(old: str, now: str) -> None:
    assert normal_import_id(old) == now


@pytest.mark.parametrize(
    ("name", "format", "words"),
    [
        ("absent.csv", "qualtrics", "does not exist"),
        ("there.csv", "spss", "Known: qualtrics, table."),
    ],
)
def test_unusable_files_are_told(write: Write, name: str, format: str, words: str) -> None:
    path = write("a,b\n1,2\n", "there.csv").with_name(name)
    with pytest.raises(StudyError, match=re.escape(words)):
        read_raw(path, format)  # type: ignore[arg-type]


def test_tables_become_the_text_that_a_csv_would_hold(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "small": pd.Series([1, 2, 3], dtype="int8"),
            "half": [0.5, np.nan, 2.0],
            "single": np.array([0.1, 0.2, 3], dtype="float32"),
            "text": ["None", "NA", ""],
            "day": pd.to_datetime(["2026-03-01 09:00:00", None, "2026-03-02 00:00:00"]),
        }
    )
    frame.to_stata(tmp_path / "t.dta", write_index=False, convert_dates={"day": "tc"})
    frame.to_parquet(tmp_path / "t.parquet")
    expected = [
        ["1", "0.5", "0.1", "None", "2026-03-01T09:00:00"],
        ["2", "", "0.2", "NA", ""],
        ["3", "2", "3", "", "2026-03-02T00:00:00"],
    ]
    for name in ("t.dta", "t.parquet"):
        assert read_raw(tmp_path / name, "table").cells.to_numpy().tolist() == expected


def test_categories_and_flags_become_text(tmp_path: Path) -> None:
    frame = pd.DataFrame({"level": pd.Categorical(["b", None, "a"]), "flag": [True, False, True]})
    frame.to_parquet(tmp_path / "t.parquet")
    cells = read_raw(tmp_path / "t.parquet", "table").cells
    assert cells.to_numpy().tolist() == [["b", "True"], ["", "False"], ["a", "True"]]


def test_a_table_has_one_header_row(write: Write) -> None:
    assert read_raw(write("V1,b\nResponseID,x\n"), "table").cells.to_numpy().tolist() == [["ResponseID", "x"]]


@pytest.mark.real
def test_real_exports_have_the_rows_and_columns_of_their_index(real: Path) -> None:
    lines = (real / "INDEX.md").read_text().splitlines()
    found = [re.match(r"\| (\S+\.csv) \|.*?\| (\d+)×(\d+) \|.*?(\d) header row", each) for each in lines]
    expected = {each[1]: (int(each[2]), int(each[3]), int(each[4])) for each in found if each}
    paths = sorted((real / "exports").glob("*.csv"))
    assert {each.name for each in paths} <= expected.keys() | {"ropensci__qualtRics__sample.csv"}
    for path in paths:
        raw = read_raw(path)
        assert (*raw.cells.shape, raw.header_rows) == expected[path.name]

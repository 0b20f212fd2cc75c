"""Clean responses read back equal, and equal responses are equal bytes."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.cleaning.small_export import CODEBOOK, Row, export_text
from vignetta.cleaning.outputs.files import read_responses, responses_parquet
from vignetta.cleaning.responses import read_export
from vignetta.errors import StudyError
from vignetta.frames import csv_text

Write = Callable[..., Path]


@pytest.fixture
def clean(write: Write, responses: list[Row]) -> pd.DataFrame:
    return read_export(write(export_text(responses)), CODEBOOK).responses


def test_parquet_reads_back_equal(clean: pd.DataFrame, write: Write) -> None:
    found = read_responses(write(responses_parquet(clean), "responses.parquet"))
    pd.testing.assert_frame_equal(found, clean, check_exact=True)
    assert found["education"].cat.ordered
    assert found["regime"].cat.categories.tolist() == ["None", "democracy", "NA"]


def test_rows_that_are_left_out_leave_the_levels(clean: pd.DataFrame, write: Write) -> None:
    found = read_responses(write(responses_parquet(clean.iloc[:0]), "responses.parquet"))
    assert found["regime"].cat.categories.tolist() == ["None", "democracy", "NA"]


def test_equal_responses_are_equal_bytes(clean: pd.DataFrame) -> None:
    assert responses_parquet(clean) == responses_parquet(clean.copy(deep=True))


def test_an_empty_column_keeps_its_levels(clean: pd.DataFrame, write: Write) -> None:
    clean["education"] = clean["education"].where(clean["row"] < 0)
    found = read_responses(write(responses_parquet(clean), "responses.parquet"))
    pd.testing.assert_frame_equal(found, clean)


def test_csv_holds_levels_and_keeps_what_looks_missing(clean: pd.DataFrame) -> None:
    found = list(csv.DictReader(io.StringIO(csv_text(clean), newline="")))
    assert [each["regime"] for each in found] == ["democracy", "None", "NA"]
    assert [each["comment"] for each in found] == ["Fine", "NA", 'Two lines,\nwith "marks" and é']
    assert [each["news"] for each in found] == ["paper; web", "radio", ""]
    assert [each["started"] for each in found] == ["2026-03-01 09:00:00"] * 3


def test_a_file_that_is_no_parquet_is_told(write: Write) -> None:
    with pytest.raises(StudyError, match="cannot be read"):
        read_responses(write("no parquet", "responses.parquet"))

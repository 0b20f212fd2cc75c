"""A codebook drafted from an export reads every column of it."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

import vignetta as vg
from tests.cleaning.small_export import Row, export_text
from vignetta.cleaning.drafting import codebook_of_export
from vignetta.cleaning.responses import read_export
from vignetta.codebook import RECORD, codebook_csv, codebook_of_csv

Write = Callable[..., Path]


@pytest.mark.parametrize("headers", ["json", "repr", "ids", "texts", "one"])
def test_every_column_gets_a_variable(write: Write, responses: list[Row], headers: str) -> None:
    path = write(export_text([each | {"PROLIFIC_PID": "p"} for each in responses], headers))
    drafted = vg.codebook_of_export(path)
    clean = read_export(path, drafted)
    assert set(clean.columns["status"]) == {"matched", "personal"}
    assert [each for each in drafted.variables if each in RECORD] == list(RECORD)
    assert drafted["PROLIFIC_PID"].role == "personal"
    assert clean.responses["regime"].tolist() == [each["regime"] for each in responses]
    assert codebook_of_csv(codebook_csv(drafted), shown="x") == drafted


def test_answers_in_own_words_are_open(write: Write, responses: list[Row]) -> None:
    drafted = codebook_of_export(write(export_text(responses)))
    assert (drafted["comment"].role, drafted["approval_1"].role) == ("open", "other")
    ids = '"{""ImportId"":""QID1_FILE_NAME""}","{""ImportId"":""QID1_FILE_SIZE""}"'
    drafted = codebook_of_export(write(f"Q1_Name,Q1_Size\nName,Size\n{ids}\nLife of A. B..pdf,7\n"))
    assert [each.role for each in drafted.variables] == ["open", "other"]


def test_names_that_are_alike_or_taken_become_different(write: Write) -> None:
    drafted = codebook_of_export(write("Status,status,a b,a-b,1,row,state,a b,\n0,x,1,2,3,4,5,1,\n"))
    assert drafted.names == ["status", "status_2", "a_b", "a_b_2", "q_1", "row_2", "state_2"]


def test_words_beside_codes_become_categories(tmp_path: Path) -> None:
    frame = pd.DataFrame({"Status": [0.0, 1.0], "Q1": [2.0, -99.0], "Q2": [1.0, 7.0]})
    labels = {"Q1": {2: "<b>Agree</b>", 3: "Agree"}, "Q2": {1: "Yes"}}
    pyreadstat.write_sav(frame, tmp_path / "x", column_labels={"Q1": "Do you?"}, variable_value_labels=labels)
    drafted = codebook_of_export(tmp_path / "x")
    assert (drafted["Q1"].levels, drafted["Q1"].question) == (["Agree", "Agree (3)"], "Do you?")
    assert drafted["Q2"].kind == "text"
    clean = read_export(tmp_path / "x", drafted)
    assert clean.responses["Q1"].astype("str").fillna("").tolist() == ["Agree", ""]


def test_a_table_has_no_columns_of_qualtrics(write: Write) -> None:
    assert codebook_of_export(write("Status,x\n7,1\n"), format="table").names == ["Status", "x"]


def test_a_file_with_renamed_columns_is_drafted_and_what_identifies_somebody_known(write: Write) -> None:
    """Names of the record's ImportIds in small letters, as other programs write names, are no ImportIds."""
    drafted = codebook_of_export(write("status,ip_address,recipient.email,q1\n0,192.0.2.1,a@example.org,1\n"))
    assert [each.role for each in drafted.variables] == ["other", "personal", "personal", "other"]


def test_columns_of_words_beside_codes_make_no_variables(write: Write) -> None:
    pair = '"{""ImportId"":""QID1""}","{""ImportId"":""QID1"",""isLabelsColumn"":true}"'
    path = write(f"Q1,Q1\nDo you?,Do you?\n{pair}\n1,Yes\n2,No\n")
    drafted = codebook_of_export(path)
    assert (drafted.names, drafted["Q1"].levels) == (["Q1"], ["Yes", "No"])
    clean = read_export(path, drafted)
    assert clean.columns["status"].tolist() == ["matched", "matched"]
    assert clean.responses["Q1"].tolist() == ["Yes", "No"]

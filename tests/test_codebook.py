"""The codebook as a file: it reads back equal, and its problems are told with their rows."""

import io

import pytest

from vignetta.codebook import RECORD, Category, Codebook, Variable, codebook_csv, read_codebook
from vignetta.errors import StudyError

REGIME = Variable(
    name="regime",
    role="factor",
    kind="category",
    import_id="regime",
    column="regime",
    label="Regime",
    question='Words with "quotes", commas\nand a second line',
    categories=(Category(code="0", level="None", label="No, none"), Category(code="1", level="NA", value=0.1 + 0.2)),
)


def test_a_codebook_reads_back_equal() -> None:
    codebook = Codebook(variables=(*RECORD, REGIME))
    text = codebook_csv(codebook)
    assert read_codebook(io.StringIO(text, newline=""), shown="codebook.csv") == codebook


def told(text: str) -> list[str]:
    with pytest.raises(StudyError) as caught:
        read_codebook(io.StringIO(text, newline=""), shown="codebook.csv")
    return [str(each) for each in caught.value.problems]


def test_every_broken_row_is_told() -> None:
    lines = codebook_csv(Codebook(variables=(*RECORD[:2], REGIME))).split("\n")
    lines[1] = lines[1].replace("record", "recrod")
    lines[2] = lines[2].replace("time", "tiem")
    found = told("\n".join(lines))
    assert [each.split(":")[1].split()[0] for each in found] == ["2", "3"]
    assert "`recrod` is not known here" in found[0]


def test_two_variables_of_one_name_are_told() -> None:
    row = codebook_csv(Codebook(variables=(RECORD[0],))).split("\n")
    other = codebook_csv(Codebook(variables=(RECORD[1],))).split("\n")[1]
    assert "two variables are called `started`" in told("\n".join([*row[:2], other, row[1]]))[0]


def test_unknown_columns_are_told() -> None:
    assert "columns missing or unknown" in told("name,role\nx,factor\n")[0]

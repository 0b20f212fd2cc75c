"""Names that another program wrote in its own way are matched where it wrote all names so, and told."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cleaning.small_export import CODEBOOK, REGULAR, Row, export_text
from vignetta.cleaning.drafting import codebook_of_export
from vignetta.cleaning.matching import named_by_r
from vignetta.cleaning.responses import CleanExport, read_export
from vignetta.codebook import Codebook
from vignetta.errors import StudyError
from vignetta.frames import csv_text

Write = Callable[..., Path]


def read(path: Path) -> CleanExport:
    return read_export(path, CODEBOOK)


def renamed(spelling: Callable[[str], str], responses: list[Row]) -> list[Row]:
    return [{spelling(name): cell for name, cell in each.items()} for each in responses]


@pytest.mark.parametrize(
    ("spelling", "told"),
    [
        (named_by_r, "Matched by the column's name as R writes it: `duration`."),
        (str.lower, "Matched by the column's name in small letters: `started`, `ended`, `status`, `ip_address`,"),
    ],
)
def test_names_in_another_spelling_are_matched_and_told(
    write: Write, responses: list[Row], spelling: Callable[[str], str], told: str
) -> None:
    expected = csv_text(read(write(export_text(responses, "one"))).responses)
    path = write(export_text(renamed(spelling, responses), "one"))
    found = read(path)
    assert csv_text(found.responses) == expected
    assert any(each.startswith(told) for each in found.notes)
    drafted = read_export(path, codebook_of_export(path))
    assert drafted.responses["finished"].tolist() == [True] * 3


@pytest.mark.parametrize(("there", "wanted"), [("approval.1", "approval-1"), ("approval_1", "APPROVAL_1")])
def test_one_name_alone_is_not_taken_for_another(write: Write, there: str, wanted: str) -> None:
    """A file that has other names which R would not write, or capitals, was not written so."""
    cells = {there if name == "approval_1" else name: cell for name, cell in REGULAR.items()}
    variables = [
        each.model_copy(update={"column": wanted, "import_id": ""}) if each.name == "approval" else each
        for each in CODEBOOK.variables
    ]
    with pytest.raises(StudyError, match="the outcome `approval` has no column"):
        read_export(write(export_text([cells], "one")), Codebook(variables=tuple(variables)))


def test_names_that_differ_in_capitals_alone_are_left_out(write: Write) -> None:
    both = [each.model_copy(update={"name": name, "column": name, "import_id": ""})
            for each in CODEBOOK.variables if each.name == "comment" for name in ("Note", "NOTE")]  # fmt: skip
    found = read_export(write("note,x\na,b\n"), Codebook(variables=tuple(both)))
    assert found.responses.columns.tolist() == ["row", "state", "excluded"]

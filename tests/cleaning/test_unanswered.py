"""What R writes for a missing cell is missing where it can be nothing else, and told where it could be."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cleaning.small_export import CODEBOOK, REGULAR, Row, export_text, rows
from vignetta.cleaning.drafting import codebook_of_export
from vignetta.cleaning.responses import CleanExport, read_export
from vignetta.errors import StudyError
from vignetta.exclusions import Exclusion
from vignetta.frames import csv_text

Write = Callable[..., Path]

GAPS = rows({"education": "", "age": "", "comment": ""}, {"news": "", "recall": ""}, {})


def saved_by_r(responses: list[Row]) -> list[Row]:
    return [{name: cell or "NA" for name, cell in each.items()} for each in responses]


def read(path: Path) -> CleanExport:
    return read_export(path, CODEBOOK)


def test_missing_cells_are_missing_after_r(write: Write) -> None:
    expected = read(write(export_text(GAPS, "one"))).responses
    found = read(write(export_text(saved_by_r(GAPS), "one")))
    assert csv_text(found.responses) == csv_text(expected)
    assert "`education`: NA, as R writes it, is missing in 1 of 3 rows." in found.notes


def test_a_text_is_kept_where_other_cells_of_its_column_are_empty(write: Write) -> None:
    changed = [each | {"comment": comment} for each, comment in zip(saved_by_r(GAPS), ("NA", "", "x"), strict=True)]
    found = read(write(export_text(changed, "one")))
    assert found.responses["comment"].fillna("").tolist() == ["NA", "", "x"]
    assert "Nothing says whether NA means missing; it is kept as text in `comment`." in found.notes


def test_a_category_of_that_name_is_told(write: Write) -> None:
    changed = [each | {"regime": "NA"} for each in saved_by_r(GAPS)]
    with pytest.raises(StudyError, match="regime: `NA` is a category, or what R writes for a missing one"):
        read(write(export_text(changed, "one")))


def test_an_answer_alone_does_not_tell_that_r_saved_the_file(write: Write) -> None:
    found = read(write(export_text(rows({"comment": "NA", "regime": "NA"}, {}), "one")))
    assert found.responses.loc[0, ["comment", "regime"]].tolist() == ["NA", "NA"]
    with pytest.raises(StudyError, match="age: `NA` is not a number"):
        read(write(export_text(rows({"age": "NA"}, {}), "one")))


def test_what_qualtrics_notes_of_a_response_shows_that_r_saved_the_file(write: Write) -> None:
    """A drafted codebook has no categories that could show it."""
    path = write(export_text(saved_by_r(rows({"LocationLatitude": "", "comment": ""}, {"comment": "x"})), "one"))
    found = read_export(path, codebook_of_export(path))
    assert found.responses["comment"].fillna("").tolist() == ["", "x"]
    assert "`comment`: NA, as R writes it, is missing in 1 of 2 rows." in found.notes


@pytest.mark.parametrize("nobody", ["NA", "*******", "", " "])
def test_what_was_removed_of_a_person_is_not_the_same_person(write: Write, nobody: str) -> None:
    twice = rows(*[{"IPAddress": nobody, "RecipientEmail": nobody, "ExternalReference": nobody}] * 2)
    rule = Exclusion(rule="duplicate", by="ip_address")  # type: ignore[arg-type]
    found = read_export(write(export_text(twice)), CODEBOOK, exclusions=[rule])
    assert found.ledger["state"].tolist() == ["analysed", "analysed"]
    assert not any("stands in several rows" in each for each in found.notes)


def test_split_columns_after_r(write: Write) -> None:
    cells: list[Row] = [{"news_1": "1", "news_2": "NA", "news_3": "1"}, {"news_1": "NA", "news_2": "1", "news_3": "NA"}]
    kept = {name: cell for name, cell in REGULAR.items() if name != "news"}
    found = read(write(export_text([kept | {"ResponseId": each["news_1"]} | each for each in cells], "one")))
    assert found.responses["news"].tolist() == ["paper; web", "radio"]


@pytest.mark.parametrize(("cell", "truth"), [("WAHR", True), ("FAUX", False), ("Onwaar", False), ("VERDADERO", True)])
def test_truth_values_of_a_spreadsheet_in_another_language(write: Write, cell: str, truth: bool) -> None:
    found = read(write(export_text(rows({"Finished": cell}), separator=";")))
    assert found.responses["finished"].tolist() == [truth]

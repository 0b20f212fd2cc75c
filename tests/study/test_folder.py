"""A study's folder: what it says of its data."""

import csv
from pathlib import Path

import pytest

from vignetta.study.folder import load
from vignetta.study.stages import run_stage


def rewrite(export: Path, change: dict[str, str] | None) -> None:
    """Put another word into the column that says where a response is from, or leave the column out."""
    with export.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    place = rows[0].index("data_source")
    for row in rows[3:]:
        row[place] = row[place] if change is None else change.get(row[place], row[place])
    kept = rows if change is not None else [row[:place] + row[place + 1 :] for row in rows]
    with export.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(kept)


@pytest.mark.parametrize(
    ("change", "synthetic"), [({}, True), ({"simulated": "Simulated"}, True), ({"simulated": ""}, False), (None, False)]
)
def test_made_up_responses_are_told_as_cleaning_tells_them(
    ran: Path, change: dict[str, str] | None, synthetic: bool
) -> None:
    rewrite(ran / "data/raw/alliance_simulated.csv", change)
    run_stage(ran, "clean")
    assert load(ran).synthetic is synthetic
    assert ("(SIMULATED)" in (ran / "data/clean/summary.txt").read_text()) is synthetic

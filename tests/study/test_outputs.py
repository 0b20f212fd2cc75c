"""What the clean stage writes: labelled files where the study asks for them, the codebook in every form, no clock."""

import time
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

from vignetta.study.scaffold import init
from vignetta.study.stages import read_manifest, run_stage

CODEBOOKS = {f"data/clean/codebook.{form}" for form in ("html", "md", "csv", "json", "xml")}


@pytest.fixture
def in_hand(tmp_path: Path) -> Path:
    init(tmp_path, template="in-hand")
    run_stage(tmp_path, "build")
    return tmp_path


def asking_for(study: Path, formats: str) -> None:
    path = study / "design/study.yaml"
    path.write_text(path.read_text().replace("  format: table\n", f"  format: table\n  formats: {formats}\n", 1))


def test_labelled_files_are_written_where_they_are_asked_for(in_hand: Path) -> None:
    run_stage(in_hand, "clean")
    written = set(read_manifest(in_hand, "clean")["written"])
    assert written >= CODEBOOKS and not [each for each in written if each.endswith((".sav", ".dta"))]
    asking_for(in_hand, "[sav, dta]")
    run_stage(in_hand, "clean")
    assert set(read_manifest(in_hand, "clean")["written"]) == written | {
        "data/clean/responses.sav",
        "data/clean/responses.dta",
    }
    plain = pd.read_csv(in_hand / "data/clean/responses.csv", keep_default_na=False)
    for table, meta in (
        pyreadstat.read_sav(str(in_hand / "data/clean/responses.sav"), apply_value_formats=True),
        pyreadstat.read_dta(str(in_hand / "data/clean/responses.dta"), apply_value_formats=True),
    ):
        assert len(table) == len(plain) and list(table) == list(plain)
        assert table["state"].tolist() == plain["state"].tolist()
        assert "excluded" in meta.variable_value_labels


def test_a_second_run_changes_no_byte(in_hand: Path) -> None:
    asking_for(in_hand, "[dta, sav]")
    run_stage(in_hand, "clean")
    before = {each: each.read_bytes() for each in (in_hand / "data/clean").iterdir()}
    time.sleep(1.1)
    run_stage(in_hand, "clean")
    assert {each: each.read_bytes() for each in (in_hand / "data/clean").iterdir()} == before

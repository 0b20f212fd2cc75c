"""Whatever befalls an export, it is told or does no harm; the rows always add up, and the file stays as it came."""

import hashlib
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests.cleaning.corruptions import CORRUPTIONS, formula
from tests.cleaning.test_transcoding import ADDED, enriched
from tests.cleaning.transcoding import Field, Sample, Setting, sample_of, transcoded
from vignetta.cleaning.formats import archives
from vignetta.cleaning.responses import CleanExport, read_export
from vignetta.codebook import Codebook, Variable
from vignetta.design.declaration import Design
from vignetta.errors import StudyError
from vignetta.frames import csv_text
from vignetta.instruments.codebooks import codebook_of_design
from vignetta.instruments.fieldwork.fielding import simulate
from vignetta.instruments.fieldwork.simulation import read_simulation
from vignetta.instruments.writing.building import build
from vignetta.plan import Plan
from vignetta.study.stages import run_stage

ROWS = 60
FEW, MANY = range(5), range(5, 50)
HARMLESS = ("padded",)
"""Kinds that must not be told as problems: what they change, cleaning settles."""
REFUSED = ("cut_other", "wrong_survey", "joined_same", "joined_other", "recoded_labels", "bomb", "entities") + (
    "ragged",
    "open_mark",
    "zero_bytes",
    "off_design",
)
"""Kinds that nobody could repair."""


def noted(name: str) -> Variable:
    return Variable(name=name, role="other", kind="text", import_id=name.upper(), column=name.upper())


EXTRA = (noted("panel"), noted("zip"))


@pytest.fixture(scope="module")
def sample(root: Path, design: Design) -> Sample:
    """The first rows of the flagship's simulated sample, with questions of every kind, long numbers and zip codes."""
    simulation = read_simulation(root / "design/simulation.yaml", design=design)
    survey = build(design)
    codes, words = (simulate(survey, design, simulation, values=each).export for each in ("codes", "labels"))
    whole = sample_of(codes, words)
    generator = np.random.default_rng(7)
    few = enriched(Sample(whole.fields, whole.codes[:ROWS], whole.words[:ROWS], whole.zone), generator)
    added = [[str(generator.integers(10**15, 10**16)), f"{generator.integers(500, 99999):05}"] for _ in range(ROWS)]
    tables = ([[*row, *cells] for row, cells in zip(table, added, strict=True)] for table in (few.codes, few.words))
    return Sample([*few.fields, *(Field(each.column, each.name, each.import_id) for each in EXTRA)], *tables, few.zone)


@pytest.fixture(scope="module")
def codebook(design: Design) -> Codebook:
    return Codebook(variables=(*codebook_of_design(design).variables, *ADDED, *EXTRA))


def cleaned(path: Path, content: bytes, codebook: Codebook, plan: Plan) -> CleanExport:
    path.write_bytes(content)
    return read_export(path, codebook, exclusions=plan.exclusions)


@pytest.fixture(scope="module")
def expected(
    tmp_path_factory: pytest.TempPathFactory, sample: Sample, codebook: Codebook, plan: Plan
) -> dict[str, CleanExport]:
    """The clean export of what is whole, in each format."""
    folder = tmp_path_factory.mktemp("whole")
    formats = {each: Setting(format=each) for each in ("csv", "sav", "xml", "json", "ndjson")}  # type: ignore[arg-type]
    return {name: cleaned(folder / name, transcoded(sample, each), codebook, plan) for name, each in formats.items()}


def verdict(found: CleanExport, expected: CleanExport, usual: set[str]) -> str:
    """told: a note that whole exports do not have. harmless: the clean file is that of the whole export."""
    if {_wording(each) for each in found.notes} - usual:
        return "told"
    same = csv_text(found.responses) == csv_text(expected.responses)
    return "harmless" if same and csv_text(found.ledger) == csv_text(expected.ledger) else "silent"


def _wording(note: str) -> str:
    """A note without its numbers: that one more answer is missing tells nobody why."""
    return re.sub(r"\d+", "", note)


def outcome(path: Path, content: bytes, codebook: Codebook, plan: Plan, expected: dict[str, CleanExport]) -> str:
    usual = {_wording(note) for name in ("csv", "json") for note in expected[name].notes}
    try:
        found = cleaned(path, content, codebook, plan)
    except StudyError as error:
        assert all(each.where.startswith((path.name, "codebook")) and each.what for each in error.problems)
        return "refused"
    finally:
        assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(content).digest()
    assert len(found.responses) == len(found.ledger) == int(found.flow["n"].sum()) <= ROWS
    assert found.flow["n"].iloc[-1] == len(found.analysed)
    return verdict(found, expected["csv"], usual)


@pytest.mark.parametrize("kind", CORRUPTIONS)
@pytest.mark.parametrize("seeds", [FEW, pytest.param(MANY, marks=pytest.mark.slow)], ids=["few", "many"])
def test_every_corruption_is_told_or_harmless(
    tmp_path: Path,
    sample: Sample,
    codebook: Codebook,
    plan: Plan,
    expected: dict[str, CleanExport],
    kind: str,
    seeds: range,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(archives, "_SMALL", 1 << 20)
    found = {}
    for seed in seeds:
        content = CORRUPTIONS[kind](sample, np.random.default_rng(seed))
        found[seed] = outcome(tmp_path / "export", content, codebook, plan, expected)
    assert [seed for seed, each in found.items() if each == "silent"] == []
    if kind in HARMLESS:
        assert set(found.values()) == {"harmless"}
    if kind in REFUSED:
        assert Counter(found.values()) == {"refused": len(seeds)}


def test_a_formula_is_told_with_its_row_and_not_shown(
    tmp_path: Path, sample: Sample, codebook: Codebook, plan: Plan
) -> None:
    content = formula(sample, np.random.default_rng(1))
    notes = cleaned(tmp_path / "export", content, codebook, plan).notes
    (told,) = [each for each in notes if "formula" in each or "error stands" in each]
    assert told.startswith("`comment`: ") and "data row" in told


def test_a_broken_export_leaves_the_clean_files_and_itself_as_they_were(ran: Path) -> None:
    raw = next((ran / "data/raw").glob("*_simulated.csv"))
    raw.write_bytes(raw.read_bytes()[:-400])
    before = {each: each.read_bytes() for each in sorted((ran / "data").rglob("*")) if each.is_file()}
    assert ran / "data/clean/responses.parquet" in before
    with pytest.raises(StudyError, match="cells where the header has"):
        run_stage(ran, "clean")
    assert {each: each.read_bytes() for each in sorted((ran / "data").rglob("*")) if each.is_file()} == before

"""Whatever the format and the settings of an export, the clean file and the ledger are the same, byte for byte."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.cleaning.transcoding import Field, Sample, Setting, sample_of, transcoded
from vignetta.cleaning.outputs.files import responses_parquet
from vignetta.cleaning.responses import CleanExport, read_export
from vignetta.codebook import Codebook, Variable
from vignetta.design.declaration import Design
from vignetta.frames import csv_text
from vignetta.instruments.codebooks import codebook_of_design
from vignetta.instruments.fieldwork.fielding import simulate
from vignetta.instruments.fieldwork.simulation import read_simulation
from vignetta.instruments.writing.building import build
from vignetta.plan import Plan

NEWS = {"1": "Paper", "4": "Radio, in a car", "9": "Web"}
ARMS = {"FL_10": "Told of costs", "FL_11": "Told nothing"}
AGREES = {"5": "Agree", "7": "Neither", "6": "Disagree"}
COMMENTS = ("", "Fine", 'She said "no",\nthen left; 3 < 4 & 5', "Café – “déjà vu”", "NA", "007", "a\tb")

SETTINGS = {
    "three headers": Setting(),
    "three headers, in words": Setting(values="words"),
    "old ImportIds": Setting(headers="repr"),
    "old ImportIds, in words": Setting(headers="repr", values="words"),
    "no question texts": Setting(headers="ids"),
    "no ImportIds": Setting(headers="texts"),
    "legacy": Setting(headers="legacy"),
    "legacy, in words, split": Setting(headers="legacy", values="words", split=True),
    "legacy, split": Setting(headers="legacy", split=True),
    "one header": Setting(headers="one"),
    "one header, in words": Setting(headers="one", values="words"),
    "one header, split, unanswered": Setting(headers="one", split=True, unanswered=True),
    "all tags alike": Setting(headers="alike"),
    "all tags alike, split, in words": Setting(headers="alike", split=True, values="words"),
    "byte order mark": Setting(encoding="utf-8-sig"),
    "CRLF": Setting(ending="\r\n"),
    "cp1252": Setting(encoding="cp1252"),
    "semicolons": Setting(separator=";"),
    "TSV in UTF-16": Setting(separator="\t", encoding="utf-16"),
    "TSV in UTF-16, in words, zipped": Setting(separator="\t", encoding="utf-16", values="words", zipped=True),
    "TSV in UTF-16 without a mark": Setting(separator="\t", encoding="utf-16-le", ending="\r\n"),
    "TSV in UTF-8": Setting(separator="\t", split=True),
    "split": Setting(split=True),
    "split, in words": Setting(split=True, values="words"),
    "unanswered": Setting(unanswered=True),
    "unanswered, in words": Setting(unanswered=True, values="words"),
    "unanswered, split": Setting(unanswered=True, split=True),
    "words beside codes": Setting(beside=True),
    "words beside codes, split, unanswered": Setting(beside=True, split=True, unanswered=True),
    "another time zone": Setting(zone="Asia/Kolkata"),
    "UTC, zipped": Setting(zone="UTC", zipped=True),
    "SPSS": Setting(format="sav"),
    "SPSS, unanswered, zipped": Setting(format="sav", unanswered=True, zipped=True),
    "XML": Setting(format="xml"),
    "XML by names, in words": Setting(format="xml", by="name", values="words"),
    "XML in UTF-16, split, unanswered": Setting(format="xml", encoding="utf-16", split=True, unanswered=True),
    "XML, CRLF, zipped": Setting(format="xml", ending="\r\n", zipped=True, zone="Europe/Amsterdam"),
    "JSON": Setting(format="json"),
    "JSON, unanswered, zipped": Setting(format="json", unanswered=True, zipped=True),
    "JSON, split": Setting(format="json", split=True),
    "NDJSON": Setting(format="ndjson"),
    "NDJSON, CRLF, zipped": Setting(format="ndjson", ending="\r\n", zipped=True),
}


def question(name: str, import_id: str, kind: str, choices: dict[str, str]) -> Variable:
    categories = [{"code": code, "level": word.lower(), "label": word} for code, word in choices.items()]
    more = {"column": name.upper(), "import_id": import_id, "categories": categories}
    return Variable.model_validate({"name": name, "role": "other", "kind": kind, **more})


LOOPED = question("trust", "1_QID91", "category", AGREES).model_copy(update={"column": "1_TRUST"})
ADDED = (
    question("news", "QID90", "multiple", NEWS),
    LOOPED,
    LOOPED.model_copy(update={"name": "trust_again", "column": "2_TRUST", "import_id": "2_QID91"}),
    question("matrix_a", "QID92_1", "ordered", AGREES),
    question("matrix_b", "QID92_2", "ordered", AGREES),
    question("comment", "QID93_TEXT", "text", {}).model_copy(update={"role": "open"}),
    question("arm", "FL_9_DO", "category", ARMS).model_copy(update={"column": "FL_9_DO"}),
)


def enriched(sample: Sample, generator: np.random.Generator) -> Sample:
    """The sample with questions that the flagship does not ask, and an arm that only the viewing order tells."""
    kinds = {"news": "several", "arm": "order"}
    fields = [
        Field(each.column, f"About {each.name}?", each.import_id, kinds.get(each.name, "question"),  # type: ignore[arg-type]
              {one.code: one.label for one in each.categories})
        for each in ADDED
    ]  # fmt: skip
    codes, words = [], []
    for coded, worded in zip(sample.codes, sample.words, strict=True):
        cells = [_drawn(each, generator) for each in fields]
        codes.append([*coded, *cells])
        words.append([*worded, *(_in_words(each, cell) for each, cell in zip(fields, cells, strict=True))])
    return Sample([*sample.fields, *fields], codes, words, sample.zone)


def _drawn(column: Field, generator: np.random.Generator) -> str:
    if column.kind == "several":
        return ",".join(each for each in column.choices if generator.random() < 0.4)
    if column.kind == "order":
        return str(generator.choice(list(column.choices)))
    return str(generator.choice(["", *column.choices] if column.choices else COMMENTS))


def _in_words(column: Field, cell: str) -> str:
    """What an export of words has; viewing orders have the words of blocks without blanks."""
    if column.kind == "order":
        return column.choices[cell].replace(" ", "")
    return ",".join(column.choices[each] for each in cell.split(",")) if column.choices and cell else cell


@pytest.fixture(scope="module")
def sample(root: Path, design: Design) -> Sample:
    """The flagship's simulated sample, and more."""
    survey = build(design)
    simulation = read_simulation(root / "design/simulation.yaml", design=design)
    codes, words = (simulate(survey, design, simulation, values=each).export for each in ("codes", "labels"))
    return enriched(sample_of(codes, words), np.random.default_rng(20260301))


@pytest.fixture(scope="module")
def codebook(design: Design) -> Codebook:
    return Codebook(variables=(*codebook_of_design(design).variables, *ADDED))


def cleaned(path: Path, sample: Sample, setting: Setting, codebook: Codebook, plan: Plan) -> CleanExport:
    path.write_bytes(transcoded(sample, setting))
    zone = "" if setting.says_zone else setting.zone
    return read_export(path, codebook, exclusions=plan.exclusions, time_zone=zone)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory, sample: Sample, codebook: Codebook, plan: Plan) -> CleanExport:
    return cleaned(tmp_path_factory.mktemp("export") / "export", sample, Setting(), codebook, plan)


def test_the_expected_responses_are_those_of_the_sample(sample: Sample, expected: CleanExport) -> None:
    """What all others are compared with, compared with the sample itself."""
    places = {each.id: place for place, each in enumerate(sample.fields)}
    found = expected.responses
    assert len(found) == len(sample.codes) > 1500
    for variable in ADDED:
        cells = [row[places[variable.import_id]] for row in sample.codes]
        levels = {each.code: each.level for each in variable.categories}
        told = ["; ".join(levels.get(one, one) for one in each.split(",")) if levels else each for each in cells]
        assert found[variable.name].astype("str").fillna("").tolist() == told, variable.name
    for name, import_id in (("response_id", "_recordId"), ("regime", "regime"), ("duration", "duration")):
        cells = [row[places[import_id]] for row in sample.codes]
        assert found[name].astype("str").fillna("").str.removesuffix(".0").tolist() == cells
    assert (found["ended"] - found["started"]).dt.total_seconds().tolist() == found["duration"].tolist()


@pytest.mark.parametrize("name", SETTINGS)
def test_every_format_and_setting_gives_the_same_bytes(
    tmp_path: Path, sample: Sample, codebook: Codebook, plan: Plan, expected: CleanExport, name: str
) -> None:
    found = cleaned(tmp_path / "export", sample, SETTINGS[name], codebook, plan)
    assert csv_text(found.responses) == csv_text(expected.responses)
    assert responses_parquet(found.responses) == responses_parquet(expected.responses)
    assert csv_text(found.ledger) == csv_text(expected.ledger)


def test_the_settings_are_many_and_write_different_files(sample: Sample) -> None:
    few = replace(sample, codes=sample.codes[:20], words=sample.words[:20])
    assert len({transcoded(few, each) for each in SETTINGS.values()}) == len(SETTINGS) >= 24

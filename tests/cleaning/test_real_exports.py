"""Every real export is read and accounted for, and the table of the documentation says how."""

import csv
import re
import warnings
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import rdata

from vignetta.cleaning.drafting import codebook_of_export
from vignetta.cleaning.formats.exports import read_raw
from vignetta.cleaning.responses import CleanExport, read_export
from vignetta.codebook import Codebook
from vignetta.exclusions import Exclusion
from vignetta.instruments.codebooks import codebook_of_survey
from vignetta.instruments.qsf import read_qsf

pytestmark = pytest.mark.real

TOOLS, PORTER, PROJOINT = "ctesta01__QualtricsTools__", "psych251__porter_2016_1_rescue__", "yhoriuchi__projoint__"
SURVEYS = {
    "janpfander__impressive_climate__qualtrics": "janpfander__impressive_climate__Climatologist",
    f"{PROJOINT}mummolo_nall_replication": f"{PROJOINT}CHKKK_Mummolo_and_Nall_full_replication_W1_Lucid_-_August_2021",
    f"{TOOLS}Long__Exhaustive_Pre-Insights": f"{TOOLS}Long_Exhaustive_Sample_Survey",
    f"{TOOLS}Long__Exhaustive_Sample_Survey": f"{TOOLS}Long_Exhaustive_Sample_Survey",
    f"{TOOLS}Multiple_Answer_MC_Questions_Insights_": f"{TOOLS}Multiple_Answer_MC_Questions",
    f"{TOOLS}Single_Answer_MC_Questions_Insights_": f"{TOOLS}Single_Answer_MC_Questions",
    **{
        f"{PORTER}{each}": f"{PORTER}survey" for each in ("pilot_a_anonymized", "pilot_b_anonymized", "full_anonymized")
    },
}
"""Exports whose survey has another name; of the others some have a survey of the same name."""
PAGE = "docs/exports.md"
NOT_REGULAR = ("1", "2", "8", "9", "12", "17", "40", "survey preview", "survey test", "spam")
"""Codes and words of the column Status, of previews, tests and spam."""
RULES = {"status": Exclusion(rule="preview"), "finished": Exclusion(rule="incomplete")}


@pytest.fixture(scope="module")
def exports(real: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Every export; the data frames of R as the files that they were made from."""
    folder = tmp_path_factory.mktemp("frames")
    made = []
    for each in sorted((real / "exports").glob("*.rda")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            (frame,) = rdata.read_rda(each).values()
        made.append(folder / f"{each.stem}.csv")
        frame.apply(_as_exported).to_csv(made[-1], index=False)
    return [*sorted((real / "exports").glob("*.csv")), *made]


def _as_exported(column: "pd.Series[Any]") -> "pd.Series[Any]":
    if str(column.name).endswith("Date") and column.dtype == float:
        column = pd.to_datetime(column, unit="s").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return column.astype("str").fillna("").str.removesuffix(".0")


@cache
def codebook(real: Path, export: Path) -> tuple[Codebook, str]:
    """The codebook of the export's survey, or one that is drafted from the export itself."""
    survey = real / "qsf" / f"{SURVEYS.get(export.stem, export.stem)}.qsf"
    if survey.exists():
        return codebook_of_survey(read_qsf(survey)), "survey"
    return codebook_of_export(export), "draft"


@cache
def cleaned(real: Path, export: Path) -> CleanExport:
    known = codebook(real, export)[0]
    return read_export(export, known, exclusions=[rule for name, rule in RULES.items() if name in known.names])


def row(real: Path, export: Path) -> str:
    """A line of the table."""
    raw, clean = read_raw(export), cleaned(real, export)
    statuses, states = Counter(clean.columns["status"]), Counter(clean.ledger["state"])
    told = ", ".join(f"{n} {state.lower()}" for state, n in sorted(states.items(), key=lambda each: -each[1]))
    cells = [export.stem, raw.header_rows, len(raw.cells), len(raw.names), codebook(real, export)[1]]
    return "| " + " | ".join(map(str, [*cells, *(statuses[each] for each in COUNTED), told])) + " |"


COUNTED = ("matched", "personal", "listed", "absent")


def test_the_documentation_has_the_table_of_every_real_export(real: Path, exports: list[Path], root: Path) -> None:
    assert len(exports) == 30
    lines = (root / PAGE).read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("| export |")) + 2
    assert lines[start : start + len(exports)] == [row(real, each) for each in exports]


def test_rows_and_states_are_those_that_the_csv_module_counts(real: Path, exports: list[Path]) -> None:
    for export in exports:
        clean, rows = cleaned(real, export), counted(export)
        states = Counter(clean.ledger["state"])
        status = [each.get("Status", each.get("Response Type", "")).lower() for each in rows]
        bad = [each in NOT_REGULAR for each in status]
        done = [each.get("Finished", "1").lower() in ("1", "true", "") for each in rows]
        assert len(clean.ledger) == len(clean.responses) == len(rows), export.name
        assert states["Preview, test or spam"] == sum(bad), export.name
        assert states["Not finished"] == sum(not ok and not out for ok, out in zip(done, bad, strict=True)), export.name
        there = clean.columns[clean.columns["position"] > 0]
        assert len(there) == len(read_raw(export).names), export.name


def counted(export: Path) -> list[dict[str, str]]:
    """The responses of an export as the csv module reads them, legacy names made present ones."""
    with export.open(encoding="utf-8-sig", newline="") as lines:
        table = [each for each in csv.reader(lines) if each]
    header = 3 if any("ImportId" in each for each in table[2]) else 2 if _has_texts(table) else 1
    names = [
        table[1][place] if header == 2 and re.fullmatch(r"V\d+", name) else name for place, name in enumerate(table[0])
    ]
    return [dict(zip(names, each, strict=True)) for each in table[header:]]


def _has_texts(table: list[list[str]]) -> bool:
    return not re.search(r"\d{4}", table[1][0] + table[1][2]) and not table[1][0].startswith("R_")


def test_times_of_an_export_are_those_that_another_reader_made_of_it(exports: list[Path], real: Path) -> None:
    """R read the times of these responses as instants; the export has them in Chicago's time."""
    by_name = {each.stem: each for each in exports}
    raw, fetched = (by_name[f"ropensci__excluder__qualtrics_{each}"] for each in ("raw", "fetch"))
    ours, theirs = (cleaned(real, each).responses.set_index("response_id") for each in (raw, fetched))
    assert len(ours) == len(theirs) == 100
    pd.testing.assert_frame_equal(
        ours[["started", "ended", "recorded", "status", "progress", "duration", "finished"]],
        theirs.loc[ours.index, ["started", "ended", "recorded", "status", "progress", "duration", "finished"]],
    )

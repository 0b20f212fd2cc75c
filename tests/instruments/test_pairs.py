"""Rehearsed exports have the columns and ImportIds of the real exports of the same surveys, or a stated reason."""

import ast
import csv
import io
import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from vignetta.codebook import RECORD
from vignetta.instruments.qsf import read_qsf
from vignetta.instruments.running.rehearsing import rehearse

HEADERS = 3
TOOLS = "ctesta01__QualtricsTools__"
PORTER = "psych251__porter_2016_1_rescue__"
PERSONAL = {
    *("IPAddress", "RecipientLastName", "RecipientFirstName", "RecipientEmail", "ExternalReference"),
    *("LocationLatitude", "LocationLongitude"),
}
"""What authors took out before they published their data."""
BOX = "today a text box has a column for each choice; in 2016 one answer had one for all of its choices"
NOTE = "in 2016 words without a question had a column"
ROW = "in 2016 the text box of a matrix row was called by the row's own tag"
CELL = "in 2016 the ImportIds of a matrix of texts ended in TEXT"
OLDER = "the responses are of another version of the survey, with another question"
HIDDEN = "the authors took it out, or put it in"


@dataclass(frozen=True)
class Pair:
    """A survey and an export of it; names of columns that only one of the two has, with the reason."""

    qsf: str
    export: str
    only_theirs: dict[str, str] = field(default_factory=dict)
    only_ours: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.export


def _cells(tag: str, rows: int) -> dict[str, str]:
    return {f"{tag}_{row}_{column}_TEXT": CELL for row in range(1, rows + 1) for column in range(1, 4)}


MUMMOLO = "CHKKK_Mummolo_and_Nall_full_replication_W1_Lucid_-_August_2021"
TODAY = [
    Pair("janpfander__impressive_climate__Climatologist", "janpfander__impressive_climate__qualtrics"),
    Pair(f"yhoriuchi__projoint__{MUMMOLO}", "yhoriuchi__projoint__mummolo_nall_replication"),
    Pair(
        f"{PORTER}survey",
        f"{PORTER}pilot_a_anonymized",
        only_ours=dict.fromkeys(("ResponseId", "DistributionChannel", "ID", "PROLIFIC_PID"), HIDDEN),
    ),
]
NAMED = [
    Pair(
        f"{PORTER}survey",
        f"{PORTER}{each}_anonymized",
        only_theirs={"newID": HIDDEN},
        only_ours=dict.fromkeys(("ResponseId", "DistributionChannel", "ID", "PROLIFIC_PID"), HIDDEN),
    )
    for each in ("full", "pilot_b")
]
"""Exports whose other header rows the authors took out."""
LONG = Pair(
    f"{TOOLS}Long_Exhaustive_Sample_Survey",
    f"{TOOLS}Long_Exhaustive_Sample_Survey",
    only_theirs={"Q1": NOTE, "Q6_TEXT": BOX, "Q7_TEXT": BOX}
    | dict.fromkeys(("Q26_Q26_5_TEXT", "Q35_Q35_5_TEXT", "Q45#1_Q45_5_3_TEXT", "Q45#2_Q45_5_4_TEXT"), ROW)
    | _cells("Q46", 3)
    | _cells("Q50", 4),
    only_ours={"Q6_1677721500000000_TEXT": BOX, "Q7_16738740_TEXT": BOX}
    | {"Q7_255_TEXT": BOX, "Q7_1677721500000000_TEXT": BOX}
    | dict.fromkeys(("Q26_5_TEXT", "Q35_5_TEXT", "Q45#1_5_TEXT", "Q45#2_5_TEXT"), ROW)
    | _cells("Q46", 3)
    | _cells("Q50", 4),
)
IN_2016 = [
    Pair(
        f"{TOOLS}Better_Sample_Survey",
        f"{TOOLS}Better_Sample_Survey",
        only_theirs={f"Q13_{row}_-1": OLDER for row in (1, 2, 3)},
        only_ours={f"Q11#1_{row}_{code}": OLDER for row in (1, 2, 3) for code in (0, -99)}
        | {f"Q11#2_{row}_{code}": OLDER for row in (1, 2, 3) for code in (1, 2)}
        | {f"Q11#3_{row}_{code}": OLDER for row in (1, 2, 3) for code in (3, 4)},
    ),
    Pair(f"{TOOLS}Better_Sample_Survey", f"{TOOLS}Sample_Survey__v2"),
    Pair(f"{TOOLS}Choice_Text_from_Response_Columns", f"{TOOLS}Choice_Text_from_Response_Columns"),
    LONG,
    Pair(f"{TOOLS}Matrix_Single_Answer_Testing", f"{TOOLS}Matrix_Single_Answer_Testing"),
    Pair(f"{TOOLS}Multiple_Answer_MC_Questions", f"{TOOLS}Multiple_Answer_MC_Questions_Insights_"),
    Pair(f"{TOOLS}Notes_Survey", f"{TOOLS}Notes_Survey"),
    Pair(f"{TOOLS}Notes_Survey__v2", f"{TOOLS}Notes_Survey"),
    Pair(
        f"{TOOLS}Single_Answer_MC_Questions",
        f"{TOOLS}Single_Answer_MC_Questions_Insights_",
        only_theirs={"mc_question_five_TEXT": BOX},
        only_ours={"mc_question_five_2_TEXT": BOX},
    ),
    Pair(
        f"{TOOLS}Test_Survey_for_Coded_Comments",
        f"{TOOLS}Test_Survey_for_Coded_Comments",
        only_theirs={"Q1_TEXT": BOX},
        only_ours={"Q1_5_TEXT": BOX, "Q1_6_TEXT": BOX},
    ),
]
LEGACY = [
    Pair(f"{TOOLS}sample", f"{TOOLS}sample"),
    Pair(f"{TOOLS}Survey_Logic_EVERYWHERE", f"{TOOLS}Survey_Logic_EVERYWHERE"),
    Pair(
        f"{TOOLS}Single_Answer_MC_Questions",
        f"{TOOLS}Single_Answer_MC_Questions",
        only_theirs={"mc_question_five_TEXT": BOX},
        only_ours={"mc_question_five_2_TEXT": BOX},
    ),
    Pair(
        LONG.qsf,
        f"{TOOLS}Long__Exhaustive_Sample_Survey",
        only_theirs={name: why for name, why in LONG.only_theirs.items() if why != CELL},
        only_ours={name: why for name, why in LONG.only_ours.items() if why != CELL},
    ),
]
"""Exports without ImportIds: names alone are compared. V1 to V10 and the location stand where today's record does."""
PLATFORM = {
    *(f"V{number}" for number in range(1, 11)),
    *("ResponseID", "ResponseSet", "IPAddress", "StartDate", "EndDate", "RecipientLastName", "RecipientFirstName"),
    *("RecipientEmail", "ExternalDataReference", "Finished", "Status", "LocationLatitude", "LocationLongitude"),
    *("LocationAccuracy", ""),
}


def _rows(real: Path, pair: Pair) -> list[list[str]]:
    with (real / "exports" / f"{pair.export}.csv").open(encoding="utf-8-sig", newline="") as lines:
        return [row for row, _ in zip(csv.reader(lines), range(HEADERS), strict=False)]


def _ours(real: Path, pair: Pair, *, split: bool = False) -> list[tuple[str, str]]:
    """Names and ImportIds of a rehearsed export; of a split column its choice ends the ImportId."""
    made = rehearse(read_qsf(real / "qsf" / f"{pair.qsf}.qsf"), 5, split=split)
    names, _, ids = list(csv.reader(io.StringIO(made.export)))[:HEADERS]
    found = [json.loads(each) for each in ids]
    return [
        (name, "_".join([each["ImportId"], *([each["choiceId"]] if "choiceId" in each else [])]))
        for name, each in zip(names, found, strict=True)
    ]


def _unexplained(
    theirs: list[tuple[str, str]], ours: list[tuple[str, str]], pair: Pair
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """What only one of the two has, for no stated reason; what both have must stand in the same order."""
    assert [each for each in theirs if each in ours] == [each for each in ours if each in theirs]
    only_theirs, only_ours = [e for e in theirs if e not in ours], [e for e in ours if e not in theirs]
    assert set(pair.only_theirs) <= {name for name, _ in only_theirs}
    assert set(pair.only_ours) <= {name for name, _ in only_ours}
    return (
        [each for each in only_theirs if each[0] not in pair.only_theirs],
        [each for each in only_ours if each[0] not in pair.only_ours],
    )


@pytest.mark.real
@pytest.mark.parametrize("pair", TODAY, ids=str)
def test_every_column_of_todays_exports(real: Path, pair: Pair) -> None:
    names, _, ids = _rows(real, pair)
    theirs = [(name, json.loads(each)["ImportId"]) for name, each in zip(names, ids, strict=True)]
    ours = [each for each in _ours(real, pair) if each[0] not in PERSONAL]
    assert len(theirs) > 20
    assert _unexplained(theirs, ours, pair) == ([], [])


@pytest.mark.real
@pytest.mark.parametrize("pair", TODAY, ids=str)
def test_every_label_of_todays_exports(real: Path, pair: Pair) -> None:
    """The second header row: the words of the question, with marks for piped text. White space may differ."""
    made = list(csv.reader(io.StringIO(rehearse(real / "qsf" / f"{pair.qsf}.qsf", 5).export)))
    ours, theirs = (
        {json.loads(each)["ImportId"]: " ".join(label.split()) for label, each in zip(labels, ids, strict=True)}
        for _, labels, ids in (made[:HEADERS], _rows(real, pair))
    )
    assert {number: ours[number] for number in theirs} == theirs


@pytest.mark.real
def test_all_embedded_fields_of_a_conjoint(real: Path) -> None:
    """186 fields; the captcha's score stands before the questions, as in the real export."""
    pair = TODAY[1]
    fields = read_qsf(real / "qsf" / f"{pair.qsf}.qsf").embedded_fields
    assert len(fields) == 186
    assert set(fields) <= {number for _, number in _ours(real, pair)}


@pytest.mark.real
@pytest.mark.parametrize("pair", NAMED, ids=str)
def test_every_column_of_exports_with_one_header(real: Path, pair: Pair) -> None:
    theirs = [(name, "") for name in _rows(real, pair)[0]]
    ours = [(name, "") for name, _ in _ours(real, pair) if name not in PERSONAL]
    assert _unexplained(theirs, ours, pair) == ([], [])


@pytest.mark.real
@pytest.mark.parametrize("pair", IN_2016, ids=str)
def test_every_question_column_of_the_exports_of_2016(real: Path, pair: Pair) -> None:
    """They split several answers, and write `-` in ImportIds where `_` stands today; their record was another."""
    names, _, ids = _rows(real, pair)
    found = [ast.literal_eval(each)["ImportId"] for each in ids]
    theirs = [(name, each.replace("-", "_")) for name, each in zip(names, found, strict=True) if each.startswith("QID")]
    ours = [each for each in _ours(real, pair, split=True) if each[1].startswith("QID")]
    assert len(theirs) >= 3
    assert _unexplained(theirs, ours, pair) == ([], [])


@pytest.mark.real
@pytest.mark.parametrize("pair", LEGACY, ids=str)
def test_every_question_column_of_legacy_exports(real: Path, pair: Pair) -> None:
    record = {each.column for each in RECORD} | PLATFORM
    theirs = [(name, "") for name in _rows(real, pair)[0] if name not in record]
    ours = [(name, "") for name, _ in _ours(real, pair, split=True) if name not in record]
    assert len(theirs) >= 5
    assert _unexplained(theirs, ours, pair) == ([], [])


@pytest.mark.real
def test_legacy_exports_by_place(real: Path) -> None:
    """They name choices by number and tagged rows by the tag alone, so that only the number of columns is predicted."""
    short = Pair(f"{TOOLS}Multiple_Answer_MC_Questions", f"{TOOLS}Multiple_Answer_MC_Questions")
    long = Pair(LONG.qsf, f"{TOOLS}Long__Exhaustive_Pre-Insights")
    for pair, boxes, notes in ((short, 0, 0), (long, 2, 1)):
        theirs = [name for name in _rows(real, pair)[0] if name not in PLATFORM]
        ours = [name for name, number in _ours(real, pair, split=True) if number.startswith("QID")]
        assert len(theirs) == len(ours) - boxes + notes

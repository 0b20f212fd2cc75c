"""The codebook of clean responses: counts and probabilities by hand, escaped, valid, and without a word of anybody."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.cleaning import paired_export
from tests.cleaning.small_export import CODEBOOK, OTHERS, export_text, rows
from tests.report.browser import shown
from tests.report.made_up import declared, level
from tests.report.test_page import WIDTHS, Reading
from vignetta.cleaning.responses import CleanExport, read_export
from vignetta.exclusions import Exclusion
from vignetta.report.documenting import codebook_files

MARKUP = "a <script>document.title = 'broken'</script> | & *democracy*"
QUESTION = "How much do you support it?"
SECRETS = ("secret", "192.0.2", "R_1", "R_2", "Two lines", "Fine", "52.123", "4.654")


LEVELS = [
    level("None", "No regime named", text="a country", weight="2", reference="true"),
    level("democracy", "Democracy", text=MARKUP),
    level("NA", "North Atlantic", text="an ally"),
]


def study(**more: Any) -> Any:
    given = {
        "name": "small",
        "title": "A <small> study",
        "seed": "1",
        "sample_size": "10",
        "factors": {"regime": {"label": "Regime", "levels": LEVELS}},
        "vignette": "It is {regime}.",
        "consent": {"text": "So?", "agree": "I agree", "decline": "I do not agree", "farewell": "Bye."},
        "outcomes": {
            "approval": {"label": "Approval", "question": QUESTION, "scale": ["Oppose", "Neither", "Support"]}
        },
        **more,
    }
    plan = {
        "hypotheses": {"H1": {"statement": "It does.", "direction": "different"}},
        "models": {"main": {"formula": "approval ~ regime"}},
        "estimands": [{"hypothesis": "H1", "estimand": "contrast", "model": "main", "factor": "regime"}],
    }
    return declared(given, plan)


@pytest.fixture
def clean(tmp_path: Path) -> CleanExport:
    data = rows(
        {}, *OTHERS, {"ResponseId": "R_4", "regime": "None", "approval_1": "", "education": ""}, {"ResponseId": "R_1"}
    )
    path = tmp_path / "export.csv"
    path.write_text(export_text(data))
    return read_export(path, CODEBOOK, exclusions=[Exclusion(rule="duplicate", by="response_id")])


@pytest.fixture
def files(clean: CleanExport) -> Mapping[str, str]:
    return codebook_files(clean, *study())


def variables(files: Mapping[str, str]) -> dict[str, Any]:
    return {each["name"]: each for each in json.loads(files["codebook.json"])["variables"]}


def test_counts_shares_and_exact_probabilities(files: Mapping[str, str]) -> None:
    """Five rows, the last a duplicate: of four analysed two have `None`, one each of the others."""
    found = variables(files)
    regime = {each["level"]: each for each in found["regime"]["answers"]}
    assert {name: each["n"] for name, each in regime.items()} == {"None": 2, "democracy": 1, "NA": 1}
    assert {name: each["probability"] for name, each in regime.items()} == {"None": 0.5, "democracy": 0.25, "NA": 0.25}
    assert regime["democracy"]["text"] == MARKUP and regime["democracy"]["number"] == 2
    approval = found["approval"]
    assert (approval["n"], approval["missing"]) == (3, 1)
    assert [(each["number"], each["n"]) for each in approval["answers"]] == [(-1, 1), (0, 0), (1, 2)]
    assert [each["share"] for each in approval["answers"]] == [1 / 3, 0, 2 / 3]
    assert approval["summary"] == {"mean": 1 / 3, "sd": pytest.approx((4 / 3) ** 0.5), "min": -1, "max": 1}
    assert [(each["level"], each["n"]) for each in found["news"]["answers"]] == [("paper", 2), ("radio", 1), ("web", 2)]
    assert [each["code"] for each in found["education"]["answers"]] == ["1", "3", "2"]


def test_probabilities_under_a_restriction_and_of_data_in_hand(clean: CleanExport) -> None:
    """Weights 2, 1, 1 beside an even factor, `None` with its second level forbidden: 2, 2 and 2 of 6 remain."""
    design, plan = study(
        factors={
            "regime": {"label": "Regime", "levels": LEVELS},
            "other": {
                "label": "Other",
                "levels": [level("x", "X", text="x", reference="true"), level("y", "Y", text="y")],
            },
        },
        vignette="It is {regime}, {other}.",
        restrictions=[{"forbid": {"regime": ["None"], "other": ["y"]}, "reason": "Odd."}],
    )
    answers = variables(codebook_files(clean, design, plan))["regime"]["answers"]
    assert [each["probability"] for each in answers] == pytest.approx([1 / 3] * 3)
    in_hand, plan = study(data={"file": "x.csv", "format": "table"})
    found = json.loads(codebook_files(clean, in_hand, plan)["codebook.json"])
    answers = next(each for each in found["variables"] if each["name"] == "regime")["answers"]
    assert [each["probability"] for each in answers] == [None] * 3 and found["missing_cells"] == [""]
    page = codebook_files(clean, in_hand, plan)["codebook.md"]
    assert "Missing is what the export has as an empty cell, or a code that the file declares missing." in page


def test_base_plan_and_missing_codes(files: Mapping[str, str]) -> None:
    found = variables(files)
    assert found["approval"]["base"] == "Everybody who agreed to take part."
    assert found["response_id"]["base"] == found["consent"]["base"] == "Every response."
    assert found["approval"]["plan"] == ["outcome of model main"]
    assert found["regime"]["plan"] == ["term of model main", "hypothesis H1"]
    assert found["age"]["plan"] == []
    assert json.loads(files["codebook.json"])["missing_cells"] == ["", "-99"]


def test_exclusions_are_named_with_what_they_read(clean: CleanExport) -> None:
    design, plan = study()
    rules = (Exclusion(rule="duplicate", by="response_id"), Exclusion(rule="no_consent"), Exclusion(rule="incomplete"))
    found = variables(codebook_files(clean, design, plan.model_copy(update={"exclusions": rules})))
    said = {name: each["plan"] for name, each in found.items() if each["plan"] and "exclusion" in each["plan"][0]}
    assert said == {
        "response_id": ["exclusion: Repeated response by response_id"],
        "consent": ["exclusion: No consent"],
        "finished": ["exclusion: Not finished"],
    }


def test_counts_are_of_what_a_variable_is_about(tmp_path: Path) -> None:
    """Two respondents, two tasks, two profiles: age counts respondents, the factor profiles, the note tasks."""
    path = tmp_path / "table.csv"
    path.write_text("\n".join([paired_export.HEADER, *paired_export.ROWS]) + "\n")
    clean = read_export(path, paired_export.PAIRED, format="table")
    found = variables(codebook_files(clean, *study()))
    counted = {name: (found[name]["unit"], found[name]["n"], found[name]["missing"]) for name in found}
    assert counted["age"] == ("respondent", 1, 1)
    assert counted["regime"] == ("profile", 7, 1)
    assert counted["note"] == ("task", 2, 2)
    assert counted["chosen"] == ("profile", 6, 2)
    assert [(each["level"], each["n"]) for each in found["chosen"]["answers"]] == [("not chosen", 3), ("chosen", 3)]
    assert (
        found["regime"]["base"] == "Everybody who agreed to take part, for each of 2 tasks and each of its 2 profiles."
    )
    assert found["regime"]["columns"] == ["regime_1_1", "regime_1_2", "regime_2_1", "regime_2_2"]


def test_nothing_that_anybody_wrote_is_in_any_file(files: Mapping[str, str]) -> None:
    assert set(files) == {"codebook.html", "codebook.md", "codebook.csv", "codebook.json", "codebook.xml"}
    for name, text in files.items():
        assert not [each for each in SECRETS if each in text], name


def test_texts_are_escaped_in_each_form(files: Mapping[str, str]) -> None:
    read = Reading(files["codebook.html"])
    assert MARKUP in read.text and "A <small> study: codebook" in read.text
    assert "<script" not in files["codebook.html"]
    rows = [each for each in files["codebook.md"].splitlines() if each.startswith("| democracy")]
    assert r"\<script\>" in rows[0] and r"\*democracy\*" in rows[0]
    assert rows[0].count("|") - rows[0].count(r"\|") == 9
    assert variables(files)["regime"]["answers"][1]["text"] == MARKUP


def test_the_same_responses_give_the_same_files(clean: CleanExport, files: Mapping[str, str]) -> None:
    assert codebook_files(clean, *study()) == files


# The content models of DDI Codebook 2.5, of the elements that are used, as its schema has them: children in order.
CONTENT = {
    "codeBook": "docDscr stdyDscr fileDscr dataDscr otherMat",
    "stdyDscr": "citation studyAuthorization stdyInfo studyDevelopment method dataAccs othrStdyMat notes",
    "citation": "titlStmt rspStmt prodStmt distStmt serStmt verStmt biblCit holdings notes",
    "titlStmt": "titl subTitl altTitl parTitl IDNo",
    "stdyInfo": "studyBudget subject abstract sumDscr qualityStatement notes exPostEvaluation",
    "fileDscr": "fileTxt locMap notes",
    "fileTxt": "fileName fileCitation dataFingerprint fileCont fileStrc dimensns fileType format filePlac dataChck",
    "dimensns": "caseQnty varQnty logRecL recPrCas recNumTot",
    "dataDscr": "varGrp nCubeGrp var nCube notes",
    "var": "location labl imputation security embargo respUnit anlysUnit qstn valrng invalrng undocCod universe "
    "TotlResp sumStat txt stdCatgry catgryGrp catgry codInstr verStmt concept derivation varFormat "
    "geoMap catLevel notes",
    "qstn": "preQTxt qstnLit postQTxt forward backward ivuInstr",
    "invalrng": "item range key notes",
    "catgry": "catValu labl txt catStat mrow",
    "derivation": "drvdesc drvcmd",
}
ATTRIBUTES = {
    "codeBook": {"version"},
    "var": {"ID", "name", "files", "intrvl", "nature"},
    "fileDscr": {"ID"},
    "sumStat": {"type"},
    "catStat": {"type", "otherType"},
    "item": {"VALUE"},
    "varFormat": {"type"},
    "notes": {"type"},
}
LISTED = {
    ("var", "intrvl"): {"contin", "discrete"},
    ("var", "nature"): {"nominal", "ordinal", "interval", "ratio", "percent", "other"},
    ("sumStat", "type"): {"mean", "medn", "mode", "vald", "invd", "min", "max", "stdev", "other"},
    ("catStat", "type"): {"freq", "percent", "crosstab", "other"},
    ("varFormat", "type"): {"numeric", "character"},
}
DDI = "{ddi:codebook:2_5}"


def invalid(element: Any) -> list[str]:
    """What in an element and below it the schema does not allow."""
    tag = element.tag.removeprefix(DDI)
    order = CONTENT.get(tag, "").split()
    children = [each.tag.removeprefix(DDI) for each in element]
    found = [f"{tag}: {each}" for each in children if each not in order]
    places = [order.index(each) for each in children if each in order]
    found += [f"{tag}: order of {children}"] if places != sorted(places) else []
    for name, value in element.attrib.items():
        if not name.startswith("{") and name not in ATTRIBUTES.get(tag, ()):
            found.append(f"{tag}: attribute {name}")
        if value not in LISTED.get((tag, name), {value}):
            found.append(f"{tag} {name}: {value}")
    return found + [each for child in element for each in invalid(child)]


def test_the_xml_has_the_structure_of_ddi_codebook(files: Mapping[str, str]) -> None:
    root = ElementTree.fromstring(files["codebook.xml"])
    assert root.tag == f"{DDI}codeBook" and root.get("version") == "2.5"
    assert invalid(root) == []
    assert all(each.tag.startswith(DDI) for each in root.iter())
    names = [each.get("ID") for each in root.iter(f"{DDI}var")]
    assert len(names) == len(set(names)) == len(variables(files))
    swapped = ElementTree.fromstring(files["codebook.xml"])
    first = next(swapped.iter(f"{DDI}var"))
    first[:] = reversed(list(first))
    assert invalid(swapped)


def test_the_xml_says_what_the_json_says(files: Mapping[str, str]) -> None:
    root = ElementTree.fromstring(files["codebook.xml"])
    by_name = {each.get("name"): each for each in root.iter(f"{DDI}var")}
    regime = by_name["regime"]
    shown = [each.text for each in regime.iter(f"{DDI}catStat") if each.get("otherType") == "displayProbability"]
    assert [float(each or "") for each in shown] == [0.5, 0.25, 0.25]
    assert [each.text for each in regime.iter(f"{DDI}catValu")] == ["None", "democracy", "NA"]
    assert [each.text for each in regime.iter(f"{DDI}txt")] == ["a country", MARKUP, "an ally"]
    assert by_name["approval"].findtext(f"{DDI}universe") == "Everybody who agreed to take part."
    assert [each.get("VALUE") for each in by_name["approval"].iter(f"{DDI}item")] == ["", "-99"]


@pytest.mark.parametrize("width", WIDTHS)
def test_a_browser_shows_the_page(files: Mapping[str, str], tmp_path: Path, chromium: Path, width: int) -> None:
    (tmp_path / "codebook.html").write_text(files["codebook.html"], "utf-8")
    with shown(tmp_path / "codebook.html", chromium, width=width) as view:
        assert view.locator("article").count() == len(variables(files))

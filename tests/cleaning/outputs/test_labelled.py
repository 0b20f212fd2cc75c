"""Labelled files: read by pyreadstat, they hold what the clean responses hold."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from tests.cleaning.small_export import CODEBOOK, OTHERS, export_text, rows
from vignetta.cleaning.outputs.labelled import LabelledFormat, file_names, labelled_file
from vignetta.cleaning.responses import read_export
from vignetta.codebook import Category, Codebook, Kind, Variable
from vignetta.errors import StudyError

READERS: dict[LabelledFormat, Callable[..., Any]] = {"sav": pyreadstat.read_sav, "dta": pyreadstat.read_dta}
FORMATS = list(READERS)


def variable(name: str, kind: Kind = "category", *categories: Category, **told: str) -> Variable:
    return Variable(name=name, role="other", kind=kind, column=name, categories=categories, **told)


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., tuple[pd.DataFrame, Any]]:
    def read(data: pd.DataFrame, codebook: Codebook, form: LabelledFormat) -> tuple[pd.DataFrame, Any]:
        path = tmp_path / f"responses.{form}"
        path.write_bytes(labelled_file(data, codebook, format=form))
        table, meta = READERS[form](path)
        return table, meta

    return read


CLEAN = {
    "status": ([0.0, 0.0, 0.0], {0.0: "IP Address", 1.0: "Survey Preview", 48.0: "EX Offline"}),
    "finished": ([1.0, 1.0, 1.0], {0.0: "false", 1.0: "true"}),
    "consent": ([1.0, 1.0, 1.0], {1.0: "I agree", 2.0: "I do not agree"}),
    "attention": ([5.0, 5.0, 5.0], {4.0: "Television", 5.0: "Radio", 6.0: "None"}),
    "regime": ([2.0, 1.0, 3.0], {1.0: "No regime named", 2.0: "Democracy", 3.0: "North Atlantic"}),
    "approval": ([1.0, np.nan, -1.0], {-1.0: "Oppose", 0.0: "Neither", 1.0: "Support"}),
    "education": ([2.0, 2.0, 3.0], {1.0: "School", 3.0: "College, some", 2.0: "Degree"}),
    "excluded": ([0.0, 0.0, 0.0], {0.0: "false", 1.0: "true"}),
}
"""By hand, from the small export: the numbers of each column, and words of numbers."""


@pytest.mark.parametrize("form", FORMATS)
def test_an_export_reads_back_as_it_was_cleaned(write: Any, opened: Any, form: LabelledFormat) -> None:
    data = rows({}, *OTHERS)
    data[1]["approval_1"] = ""
    clean = read_export(write(export_text(data)), CODEBOOK)
    table, meta = opened(clean.responses, clean.codebook, form)
    assert list(table) == list(clean.responses)
    for name, (numbers, labels) in CLEAN.items():
        np.testing.assert_array_equal(table[name], numbers, err_msg=name)
        assert labels.items() <= meta.variable_value_labels[name].items(), name
    assert table["response_id"].tolist() == ["R_1", "R_2", "R_3"]
    assert table["news"].tolist() == ["paper; web", "radio", ""]
    assert table["comment"].tolist() == ["Fine", "NA", 'Two lines,\nwith "marks" and é']
    assert table["started"].tolist() == [pd.Timestamp("2026-03-01 09:00:00")] * 3
    assert table["age"].tolist() == [42.0] * 3


@pytest.mark.parametrize("form", FORMATS)
def test_every_level_comes_back_through_the_value_labels(write: Any, opened: Any, form: LabelledFormat) -> None:
    clean = read_export(write(export_text(rows({}, *OTHERS))), CODEBOOK)
    table, meta = opened(clean.responses, clean.codebook, form)
    for name in ("regime", "education", "recall_regime", "attention", "consent"):
        levels = {" ".join(each.label.split()): each.level for each in clean.codebook[name].categories}
        words = table[name].map(meta.variable_value_labels[name])
        assert words.map(levels).tolist() == clean.responses[name].tolist(), name


@pytest.mark.parametrize("form", FORMATS)
def test_missing_is_missing_and_false_is_not(opened: Any, form: LabelledFormat) -> None:
    data = pd.DataFrame(
        {
            "level": pd.Categorical(["b", None, "a"], categories=["a", "b"]),
            "flag": pd.array([True, None, False], dtype="boolean"),
            "number": [0.25, np.nan, -99.0],
            "nothing": [np.nan] * 3,
            "when": pd.Series(["2026-01-31 09:30:00.123", None, "1955-01-01"]).astype("datetime64[us]"),
            "text": pd.Series(["x", None, "é" * 3000], dtype="str"),
        }
    )
    table, _ = opened(data, Codebook(variables=()), form)
    np.testing.assert_array_equal(table["level"], [2.0, np.nan, 1.0])
    np.testing.assert_array_equal(table["flag"], [1.0, np.nan, 0.0])
    np.testing.assert_array_equal(table["number"], [0.25, np.nan, -99.0])
    assert table["nothing"].isna().all()
    assert table["when"].dt.round("ms").equals(data["when"].dt.round("ms"))
    assert table["text"].tolist() == ["x", "", "é" * 3000]


def test_spss_is_told_the_level_of_measurement(opened: Any) -> None:
    data = pd.DataFrame(
        {
            "regime": pd.Categorical(["b"], categories=["a", "b"]),
            "education": pd.Categorical(["b"], categories=["a", "b"], ordered=True),
            "flag": pd.array([True], dtype="boolean"),
            "age": [42.0],
            "when": pd.Series(["2026-01-31"]).astype("datetime64[us]"),
            "text": pd.Series(["x"], dtype="str"),
        }
    )
    told = opened(data, Codebook(variables=()), "sav")[1].variable_measure
    nominal = dict.fromkeys(("regime", "flag", "text"), "nominal")
    assert told == nominal | {"education": "ordinal", "age": "scale", "when": "scale"}


def test_codes_that_are_no_whole_numbers_or_shared_give_way_to_places(opened: Any) -> None:
    shared = (Category(code="1", level="a"), Category(code="2", level="b"), Category(code="3", level="a"))
    same = (Category(code="1", level="a"), Category(code="01", level="b"))
    words = (Category(code="x", level="a"), Category(code="2", level="b", label="<i>B</i>"))
    codebook = Codebook(variables=(variable("s", "category", *shared), variable("e", "category", *same)))
    codebook = Codebook(variables=(*codebook.variables, variable("w", "category", *words)))
    column = pd.Categorical(["b", "a"], categories=["a", "b"])
    table, meta = opened(pd.DataFrame({"s": column, "e": column, "w": column}), codebook, "sav")
    assert table.to_numpy().tolist() == [[2.0] * 3, [1.0] * 3]
    assert meta.variable_value_labels["w"] == {1.0: "a", 2.0: "B"}


def test_questions_are_variable_labels_cut_to_what_the_format_holds(opened: Any) -> None:
    asked = variable("asked", "number", label="Support", question="Do you <b>support</b> it?")
    long = variable("longer", "number", question="é" * 500)
    data = pd.DataFrame({"row": [1], "asked": [1.0], "longer": [1.0]})
    for form, most in (("sav", 255), ("dta", 80)):
        _, meta = opened(data, Codebook(variables=(asked, long)), form)
        told = meta.column_names_to_labels
        assert told["asked"] == "Support: Do you support it?"
        assert told["row"].startswith("Data row")
        assert told["longer"].endswith("é...") and most - 2 < len(told["longer"].encode()) <= most


def test_stata_labels_whole_numbers_only_and_spss_all(opened: Any) -> None:
    points = (Category(code="1", level="low", value=0.5), Category(code="2", level="high", value=2))
    codebook = Codebook(variables=(variable("s", "scale", *points),))
    data = pd.DataFrame({"s": [0.5, 2.0]})
    assert opened(data, codebook, "sav")[1].variable_value_labels == {"s": {0.5: "low", 2.0: "high"}}
    assert opened(data, codebook, "dta")[1].variable_value_labels == {"s": {2: "high"}}


def test_names_are_legal_in_both_and_stay_apart() -> None:
    given = ["approval", "Approval", "with", "str5", "_n", "7up", "é" * 40, "a" * 33, "a" * 34, "x.y", "x y"]
    found = file_names(given)
    names = list(found.values())
    assert list(found) == given and names[0] == "approval"
    assert len({each.casefold() for each in names}) == len(given)
    assert all(each.isascii() and each.isidentifier() and each[0].isalpha() and len(each) <= 32 for each in names)
    assert not {"with", "str5"} & set(names)


@pytest.mark.parametrize("form", FORMATS)
def test_files_hold_no_clock(form: LabelledFormat) -> None:
    data = pd.DataFrame({"a": [1.0]})
    first = labelled_file(data, Codebook(variables=()), format=form)
    time.sleep(1.1 if form == "sav" else 0)
    assert labelled_file(data, Codebook(variables=()), format=form) == first


def test_a_text_that_spss_cannot_hold_is_told() -> None:
    data = pd.DataFrame({"essay": pd.Series(["é" * 20_000], dtype="str")})
    with pytest.raises(StudyError, match=r"essay: a text of 40,000 bytes"):
        labelled_file(data, Codebook(variables=()), format="sav")


def test_long_words_are_cut_to_what_the_format_holds(opened: Any) -> None:
    words = "é" * 400
    codebook = Codebook(variables=(variable("a", "category", Category(code="1", level="x", label=words)),))
    data = pd.DataFrame({"a": pd.Categorical(["x"])})
    assert opened(data, codebook, "dta")[1].variable_value_labels["a"] == {1: words}
    cut = opened(data, codebook, "sav")[1].variable_value_labels["a"][1]
    assert cut.endswith("é...") and len(cut.encode()) <= 120

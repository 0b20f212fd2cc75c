"""SPSS, Stata and Parquet files become the text that a CSV file would hold, their labels beside it."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from vignetta.cleaning.formats.exports import read_raw
from vignetta.cleaning.responses import read_export
from vignetta.codebook import Category, Codebook, Variable
from vignetta.errors import StudyError

Write = Callable[..., Path]

FRAME = pd.DataFrame(
    {
        "Status": [0.0, 1.0, 0.0],
        "Q1": [-99.0, np.nan, 2.5],
        "note": ["NA", "", "é"],
        "StartDate": pd.to_datetime(["2026-03-01 09:00:00", "2026-03-02 00:00:00", "2026-03-02 00:00:01"]),
    }
)
CELLS = [
    ["0", "-99", "NA", "2026-03-01T09:00:00"],
    ["1", "", "", "2026-03-02T00:00:00"],
    ["0", "2.5", "é", "2026-03-02T00:00:01"],
]


@pytest.fixture
def spss(tmp_path: Path) -> Path:
    path = tmp_path / "there.data"
    pyreadstat.write_sav(
        FRAME,
        path,
        column_labels={"Q1": "What?"},
        variable_value_labels={"Status": {0: "IP Address", 1: "Survey Preview"}},
        missing_ranges={"Q1": [-99]},
    )
    return path


def test_spss_gives_codes_words_and_texts(spss: Path) -> None:
    raw = read_raw(spss)
    assert raw.cells.to_numpy().tolist() == CELLS
    assert raw.words == {0: {"0": "IP Address", "1": "Survey Preview"}}
    assert raw.texts == ("", "What?", "", "")


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9, 0.99])
def test_a_cut_spss_file_is_told(spss: Path, write: Write, part: float) -> None:
    content = spss.read_bytes()
    with pytest.raises(StudyError, match="cut off|cannot be read"):
        read_raw(write(content[: int(part * len(content))], "cut.sav"))


def test_the_content_says_the_format_and_not_the_name(tmp_path: Path) -> None:
    FRAME.to_stata(tmp_path / "a.csv", write_index=False)
    FRAME.to_parquet(tmp_path / "b.sav")
    for name in ("a.csv", "b.sav"):
        assert read_raw(tmp_path / name, "table").cells[1].tolist() == ["-99", "", "2.5"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"$FL2 and no more", "cannot be read"),
        (b"PAR1 and no more", "cannot be read"),
        (b"<stata_dta>x", "cannot be read"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "an Excel file"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0), "compressed"),
        (b"%PDF-1.7\n1 0 obj", "not an export"),
    ],
)
def test_broken_files_are_told(write: Write, content: bytes, words: str) -> None:
    with pytest.raises(StudyError, match=words):
        read_raw(write(content))


SIDE = Variable(
    name="side",
    role="other",
    kind="category",
    column="side",
    categories=tuple(
        Category(code=code, level=each.lower(), label=each) for code, each in (("0", "Left"), ("1", "Right"))
    ),
)
AGE = Variable(name="age", role="other", kind="number", column="age")


def read_table(path: Path) -> pd.DataFrame:
    return read_export(path, Codebook(variables=(SIDE, AGE)), format="table").responses


def test_labels_of_stata_that_contradict_the_codebook_are_told(tmp_path: Path) -> None:
    frame = pd.DataFrame({"side": [0, 1], "age": [30.0, 40.0]})
    for labels, refused in (({0: "Left", 1: "Right"}, False), ({0: "Right", 1: "Left"}, True)):
        frame.to_stata(tmp_path / "a.dta", write_index=False, value_labels={"side": labels})
        if refused:
            with pytest.raises(StudyError, match="stands for `Right` in the file"):
                read_table(tmp_path / "a.dta")
        else:
            assert read_table(tmp_path / "a.dta")["side"].tolist() == ["left", "right"]


def test_what_spss_declares_missing_is_missing_unless_it_is_a_category(tmp_path: Path) -> None:
    frame = pd.DataFrame({"side": [0.0, 1.0, 9.0, 0.0], "age": [30.0, 99.0, 97.0, -1.0]})
    ranges = {"side": [1, 9], "age": [{"lo": 97, "hi": 99}, -1]}
    pyreadstat.write_sav(frame, tmp_path / "a.sav", missing_ranges=ranges)
    found = read_table(tmp_path / "a.sav")
    assert found["side"].astype("str").fillna("").tolist() == ["left", "right", "", "left"]
    np.testing.assert_array_equal(found["age"], [30, np.nan, np.nan, np.nan])


def test_lists_and_mappings_in_parquet_are_text(tmp_path: Path) -> None:
    frame = pd.DataFrame({"side": [0, 1], "age": [1, 2], "more": [[1, 2], [3]], "pairs": [{"a": 1}, {"a": 2}]})
    frame.to_parquet(tmp_path / "a.parquet")
    assert read_table(tmp_path / "a.parquet")["age"].tolist() == [1.0, 2.0]

"""Wide responses: by hand, and what long makes of them is what they were."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.cleaning.paired_export import HEADER, PAIRED, ROWS
from tests.cleaning.small_export import CODEBOOK, OTHERS, export_text, rows
from vignetta.cleaning.outputs.labelled import labelled_file
from vignetta.cleaning.outputs.long import melt
from vignetta.cleaning.outputs.wide import widen
from vignetta.cleaning.responses import CleanExport, read_export
from vignetta.errors import StudyError


@pytest.fixture
def clean(write: Callable[..., Path]) -> CleanExport:
    return read_export(write("\n".join([HEADER, *ROWS]) + "\n"), PAIRED, format="table")


def plainly(column: Any) -> list[Any]:
    return [None if pd.isna(each) else each for each in column]


def test_one_row_per_respondent_by_hand(clean: CleanExport) -> None:
    """`x,30,d,a,None,d,Ally B,Ally A,one,,1` and `y,,a,,d,d,,Ally B,,NA,0`."""
    wide, codebook = widen(clean.responses, clean.codebook)
    expected = {
        "row": [1, 2],
        "id": ["x", "y"],
        "state": ["analysed", "analysed"],
        "excluded": [False, False],
        "age": [30, None],
        "finished": [True, False],
        "regime_1_1": ["democracy", "autocracy"],
        "regime_1_2": ["autocracy", None],
        "regime_2_1": ["None", "democracy"],
        "regime_2_2": ["democracy", "democracy"],
        "chosen_1": [2, None],
        "chosen_2": [1, 2],
        "note_1": ["one", None],
        "note_2": [None, "NA"],
    }
    assert {name: plainly(wide[name]) for name in wide} == expected
    assert set(codebook.names) == set(wide) - {"row", "state", "excluded"}
    assert codebook["regime_2_1"].label == "regime (task 2, profile 1)" and not codebook.tasks
    assert wide["regime_2_1"].cat.categories.tolist() == ["democracy", "autocracy", "None"]


def test_widened_and_made_long_again_nothing_is_different(clean: CleanExport) -> None:
    wide, _ = widen(clean.responses, clean.codebook)
    full = {
        f"{each.name}_{each.task}" + (f"_{each.profile}" if each.profile else ""): each for each in PAIRED.variables
    }
    back = wide.rename(columns={name: each.full_name for name, each in full.items() if each.task})
    pd.testing.assert_frame_equal(melt(back, PAIRED)[list(clean.responses)], clean.responses)


def test_labelled_files_of_wide_responses_have_the_words(clean: CleanExport, tmp_path: Path) -> None:
    import pyreadstat

    (tmp_path / "wide.sav").write_bytes(labelled_file(*widen(clean.responses, clean.codebook), format="sav"))
    table, meta = pyreadstat.read_sav(tmp_path / "wide.sav")
    assert len(table) == 2
    assert meta.variable_value_labels["chosen_1"] == {0.0: "None of them", 1.0: "Ally A", 2.0: "Ally B"}
    assert meta.variable_value_labels["regime_1_1"] == {1.0: "democracy", 2.0: "autocracy", 3.0: "None"}


def test_responses_without_tasks_stay_as_they_are(write: Callable[..., Path]) -> None:
    clean = read_export(write(export_text(rows({}, *OTHERS))), CODEBOOK)
    wide, codebook = widen(clean.responses, clean.codebook)
    assert wide is clean.responses and codebook is clean.codebook


def test_columns_that_would_have_one_name_are_told(clean: CleanExport) -> None:
    with pytest.raises(StudyError, match=r"two wide columns would be called `regime_1_1`"):
        widen(clean.responses.assign(regime_1_1=1), clean.codebook)

"""Estimates as people read them: print, tables in three formats, a plot."""

import re
from pathlib import Path

import docx
import numpy as np
import pandas as pd
import pytest

import vignetta as vg
from vignetta.errors import StudyError
from vignetta.report.results import Estimates


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    """Means by arm and regime are 1, 2, 4 and 8, with as much above as below them."""
    means = {("a & b", "auto"): 1.0, ("a & b", "demo"): 2.0, ("50%_<c>", "auto"): 4.0, ("50%_<c>", "demo"): 8.0}
    rows = [(*cell, mean + d) for cell, mean in means.items() for d in (-0.5, 0.5, -0.25, 0.25)]
    frame = pd.DataFrame(rows, columns=["arm", "regime", "y"])
    return frame.assign(arm=pd.Categorical(frame["arm"], categories=["a & b", "50%_<c>"]), id=np.arange(16) // 2)


@pytest.fixture(scope="module")
def effects(data: pd.DataFrame) -> Estimates:
    fit = vg.fit(data, "y ~ arm * regime", errors="CR1S", cluster="id")
    return vg.contrasts(fit, "arm", within="regime", average_over="sample")  # type: ignore[no-any-return]


def test_it_is_the_estimates_frame(effects: Estimates) -> None:
    assert isinstance(effects, pd.DataFrame)
    assert isinstance(effects[effects["is_reference"]], Estimates)
    assert effects.loc[~effects["is_reference"], "estimate"].tolist() == pytest.approx([3.0, 6.0])


def test_it_prints_what_differs_below_what_is_common(effects: Estimates) -> None:
    head, columns, *rows, foot = repr(effects).splitlines()
    assert head == "outcome y, estimand conditional effect, factor arm, versus a & b, within regime"
    assert columns.split() == ["level", "at", "estimate", "std.", "error", "interval", "df", "p"]
    assert [row.split()[-2:] == ["0.000", "reference"] for row in rows] == [True, False, True, False]
    assert foot == "n = 16, 8 clusters, errors CR1S, averaged over the sample"
    assert "3.000" in rows[1] and "6.000" in rows[3]


def test_a_part_of_it_prints_like_any_frame(effects: Estimates) -> None:
    part = effects[["level", "estimate"]]
    assert repr(part) == repr(pd.DataFrame(part))
    with pytest.raises(StudyError, match="the frame lacks `hypothesis`"):
        part.table()


def test_no_estimates_print_too(effects: Estimates) -> None:
    assert "no estimates" in repr(effects[effects["level"] == "x"])


def test_html_shows_words_and_runs_nothing(effects: Estimates, tmp_path: Path) -> None:
    text = effects.to_html(tmp_path / "table.html")
    assert (tmp_path / "table.html").read_text("utf-8") == text
    assert "50%_&lt;c&gt;" in text and "<c>" not in text and "a &amp; b" in text
    assert text.count("<tr") == 5


def test_latex_is_a_table_of_escaped_words(effects: Estimates) -> None:
    lines = effects.to_latex().splitlines()
    assert lines[:3] == [r"\begin{tabular}{llrrrrr}", r"\toprule", lines[2]]
    assert all(line.endswith(r"\\") for line in [lines[2], *lines[4:8]])
    assert len({len(re.findall(r"(?<!\\)&", line)) for line in [lines[2], *lines[4:8]]}) == 1
    assert r"50\%\_$<$c$>$" in lines[5] and r"a \& b" in lines[4]


def test_a_word_table_has_the_same_cells(effects: Estimates, tmp_path: Path) -> None:
    effects.to_docx(tmp_path / "table.docx")
    (table,) = docx.Document(str(tmp_path / "table.docx")).tables
    read = [[cell.text for cell in row.cells] for row in table.rows]
    expected = effects.table()
    assert read == [expected.columns.tolist(), *expected.to_numpy().tolist()]
    assert [each.name for each in tmp_path.iterdir()] == ["table.docx"]


def test_a_plot_has_a_row_for_each_estimate_and_a_line_at_zero(effects: Estimates) -> None:
    (ax,) = effects.plot(title="Effects").axes
    assert [each.get_text() for each in ax.get_yticklabels()] == ["a & b, auto", "50%_<c>, auto", "a & b, demo",
                                                                  "50%_<c>, demo"]  # fmt: skip
    points = [line.get_xdata()[0] for line in ax.lines if len(line.get_xdata()) == 1]
    assert points == pytest.approx(effects["estimate"].tolist())
    assert any(list(line.get_xdata()) == [0, 0] for line in ax.lines)


def test_margins_have_no_line_at_zero(data: pd.DataFrame) -> None:
    means = vg.marginal_means(data, outcome="y", factors=["arm", "regime"])
    (ax,) = means.plot().axes
    assert not any(list(line.get_xdata()) == [0, 0] for line in ax.lines)
    assert ax.get_yticklabels()[0].get_text() == "arm: a & b"


def test_a_grid_is_named_in_full(data: pd.DataFrame) -> None:
    fit = vg.fit(data, "y ~ arm * regime", errors="HC1")
    shown = repr(vg.margins(fit, "arm", average_over="equal")), repr(vg.margins(vg.unconditional(fit), "arm"))
    assert shown[0].endswith("errors HC1, averaged over the grid with equal weights")
    assert shown[1].endswith("errors HC1, unconditional, averaged over the sample")


def test_what_a_reader_must_know_prints_below(effects: Estimates) -> None:
    noted = effects.assign(note="age 400 is outside the data")
    assert repr(noted).endswith("; age 400 is outside the data")
    assert "age 400 is outside the data" in noted.to_html() and "outside the data" in noted.to_latex()

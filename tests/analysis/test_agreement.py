"""Every number of R's that there is, and the page that counts them."""

import re
from pathlib import Path

import pandas as pd
import pytest

from tests.analysis.agreement.comparison import Reference, compare
from tests.analysis.agreement.table import SOURCES, counted, kind_of, page, skipped

LINEAR = 1e-8
"""Relative to R's number, or to the standard error where that is larger; found are differences below 1e-11."""
NEWTON = 1e-6
"""What two iterative fits owe each other; Newton's last step leaves about 1e-10."""
LATTICE = 1e-5
"""What integration over 32,768 points leaves of a probability of four tests."""
PAGE = Path(__file__).parents[2] / "docs" / "agreement.md"
LEAST = 215_000
"""At least so many numbers are compared; of them 190,000 are different ones."""


@pytest.fixture(scope="module")
def reference(oracle: Path) -> Reference:
    return Reference(oracle)


@pytest.fixture(scope="module")
def table(reference: Reference) -> pd.DataFrame:
    return counted(reference)


@pytest.mark.parametrize("file", SOURCES)
def test_numbers_are_those_of_r(table: pd.DataFrame, file: str) -> None:
    rows = table[table["file"] == file]
    allowed = rows["model"].map(kind_of).map({"linear": LINEAR, "iterative": NEWTON, "integrated": LATTICE})
    apart = ~(rows["largest"] <= allowed)
    assert len(rows) > 0
    assert rows[apart].values.tolist() == []


def test_every_number_is_compared_or_has_a_reason(table: pd.DataFrame, reference: Reference) -> None:
    assert set(table["file"]) == set(SOURCES)
    assert table["compared"].sum() >= LEAST
    assert skipped(reference)["reason"].ne("").all()


def test_the_page_counts_what_is_compared(table: pd.DataFrame, reference: Reference) -> None:
    assert _counts(PAGE.read_text(encoding="utf-8")) == _counts(page(table, skipped(reference)))


def _counts(text: str) -> list[str]:
    """Everything that the page says but the sizes of differences, which rounding moves."""
    return re.sub(r"\b\de-\d+\b|(?<=\| )0(?= \|)", "-", text).split("\n")


def test_a_number_that_differs_is_seen() -> None:
    assert compare("", "", "", [1.0, 2.0], [1.0, 2.0 + 4e-8]).largest == pytest.approx(2e-8, rel=1e-3)
    assert not compare("", "", "", [1.0], [float("nan")]).largest <= LINEAR

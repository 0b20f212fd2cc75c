"""Distinct cells stand for the rows that hold them; what Arrow calls blank is what Python does."""

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from vignetta.cleaning.distinct import distinct_of, holding, joined, spread

EVERY_CHARACTER = [chr(each) for each in range(0x110000) if not 0xD800 <= each < 0xE000]
CELLS = st.lists(st.sampled_from(["a", " a", "a ", "", " ", "b", "\u00a0b", None]), max_size=12)


def column(cells: list[str | None]) -> pd.Series:
    return pd.Series(cells, dtype="str")


@given(CELLS)
def test_the_cells_come_back(cells: list[str | None]) -> None:
    found = distinct_of(column(cells))
    assert found.texts.to_pylist() == list(dict.fromkeys(each for each in cells if each is not None))
    pd.testing.assert_series_equal(found.series(), column(cells))


@given(CELLS)
def test_blanks_around_cells_are_taken_away(cells: list[str | None]) -> None:
    stripped = [each if each is None else each.strip() for each in cells]
    found = distinct_of(column(cells)).stripped()
    assert found.texts.to_pylist() == list(dict.fromkeys(each for each in stripped if each is not None))
    pd.testing.assert_series_equal(found.series(), column(stripped))


def test_every_blank_of_python_is_taken_away() -> None:
    cells = column([f"{each}x{each}" for each in EVERY_CHARACTER])
    assert distinct_of(cells).stripped().series().tolist() == [each.strip() for each in cells]


def test_rows_of_a_choice() -> None:
    found = distinct_of(column(["a", "b", None, "a"]))
    assert found.where(np.array([True, False])).tolist() == [True, False, False, True]
    assert spread(np.array([1.5, 2.5]), found.codes, missing=np.nan).tolist()[:2] == [1.5, 2.5]
    assert holding(pa.array(["a1", None, "b"]), "[0-9]").tolist() == [True, False, False]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(0, 3)), max_size=20))
def test_rows_have_one_place_where_they_agree_in_every_column(rows: list[tuple[int, int, int]]) -> None:
    columns = [np.array([row[place] for row in rows], dtype=np.int64) for place in range(3)]
    for sizes in ((3, 2, 4), (1 << 61, 1 << 40, 1 << 30)):
        places, first = joined(list(zip(columns, sizes, strict=True)))
        distinct = list(dict.fromkeys(rows))
        assert places.tolist() == [distinct.index(each) for each in rows]
        assert [rows[each] for each in first] == distinct

"""Columns get the codebook's types; a cell without a meaning is told with its rows."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cleaning.small_export import CODEBOOK
from vignetta.cleaning.formats.exports import read_raw
from vignetta.cleaning.formats.raw_exports import ExportFormat
from vignetta.cleaning.matching import match
from vignetta.cleaning.values import Typed, numbers_of, read_values
from vignetta.codebook import Category, Codebook, Kind, Variable
from vignetta.errors import StudyError

Write = Callable[..., Path]
Read = Callable[..., Typed]


@pytest.fixture
def read(write: Write) -> Read:
    """Read cells of one variable `q`, or of several by name."""

    def typed(
        cells: list[str], *variables: Variable, separator: str = ",", format: ExportFormat = "qualtrics"
    ) -> Typed:
        header = separator.join(each.column for each in variables)
        raw = read_raw(write("\n".join([header, *cells]) + "\n"), format)
        codebook = Codebook(variables=variables)
        return read_values(raw, codebook, matching=match(raw, codebook), format=format)

    return typed


DIGITS = st.text(st.sampled_from("0123456789"), max_size=25)
NUMBERS = st.builds(
    "{}{}{}{}{}{}{}".format,
    st.sampled_from(["", "", " ", "\t"]),
    st.sampled_from(["", "", "-", "+", "--"]),
    DIGITS,
    st.sampled_from(["", ".", ".", ",", ".."]),
    DIGITS,
    st.sampled_from(["", "", "", "e5", "E-12", "E+", "e400", "x", "\u0663", "_1", "inf"]),
    st.sampled_from(["", "", " ", "\u00a0"]),
)
OTHERS = st.sampled_from(["nan", "inf", "Infinity", "0x10", "1_0", "\u0661\u0662", "\u00b2", "1e5", "", " ", "-", "."])


@given(st.lists(st.one_of(NUMBERS, OTHERS, st.floats().map(str), st.integers().map(str)), max_size=6), st.booleans())
def test_numbers_are_those_of_python_wherever_they_are_read(cells: list[str], decimal_comma: bool) -> None:
    """A number has digits, perhaps a sign, a point and an exponent; everything else that Python reads is none."""
    values, wrong, short = numbers_of(pa.array(cells, pa.large_string()), decimal_comma=decimal_comma)
    for cell, value, is_wrong, is_short in zip(cells, values, wrong, short, strict=True):
        text = cell.strip()
        if decimal_comma and re.fullmatch(r"[+-]?\d+,\d+", text):
            text = text.replace(",", ".")
        number = re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text)
        assert is_wrong == (not number or abs(float(text)) >= 1e300), cell
        np.testing.assert_equal(value, np.nan if is_wrong else float(text))
        assert is_short == bool(re.fullmatch(r"[+-]?\d([.,]\d+)?E\+?\d+", text))


PAD = Variable(name="pad", role="other", kind="text", column="pad")


def asked(kind: Kind, **more: Any) -> Variable:
    return Variable(name="q", role="other", kind=kind, column="Q1", **more)


def told(read: Read, *arguments: Any, **options: Any) -> list[str]:
    with pytest.raises(StudyError) as caught:
        read(*arguments, **options)
    return [str(each) for each in caught.value.problems]


LEVELS = (
    Category(code="1", level="low", label="Low", value=-1),
    Category(code="3", level="middle", label="Middle", value=0),
    Category(code="2", level="high", label="High", value=2.5),
)


@pytest.mark.parametrize("kind", ["category", "ordered"])
def test_levels_stand_in_the_codebooks_order(read: Read, kind: Kind) -> None:
    found = read(["2,", "High,", ",x", "1.0,"], asked(kind, categories=LEVELS), PAD).data["q"]
    assert found.cat.categories.tolist() == ["low", "middle", "high"]
    assert found.cat.ordered == (kind == "ordered")
    assert found.cat.codes.tolist() == [2, 2, -1, 0]


def test_codes_of_one_level_are_one_level(read: Read) -> None:
    merged = (*LEVELS, Category(code="4", level="high", label="Very high"))
    found = read(["2,", "4,"], asked("category", categories=merged), PAD).data["q"]
    assert found.tolist() == ["high", "high"]


def test_an_unknown_category_is_told_with_its_rows(read: Read) -> None:
    cells = ["7,"] * 7 + ["1,", "8,"]
    found = told(read, cells, asked("category", categories=LEVELS), PAD)
    assert "export.csv q: `7` is not a category of `q` (data rows 1, 2, 3, 4, 5 and 2 more)." in found[0]
    assert "`1` (Low), `3` (Middle), `2` (High)" in found[0]
    assert "`8` is not a category of `q` (data row 9)" in found[1]


def test_an_unknown_category_is_told_with_the_files_words_and_a_remedy(write: Write) -> None:
    lines = [
        f'{{"values": {{"QID1": {code}}}, "labels": {{"QID1": "{label}"}}}}' for code, label in ((1, "Low"), (9, "N/A"))
    ]
    raw = read_raw(write("\n".join(lines) + "\n"))
    codebook = Codebook(variables=(asked("category", categories=LEVELS, import_id="QID1"),))
    found = told(read_values, raw, codebook, match(raw, codebook), format="qualtrics")
    assert found == [
        "export.csv q: `9` (`N/A` in the file) is not a category of `q` (data row 2). The codebook has `1` (Low), "
        "`3` (Middle), `2` (High). Declare it if it is an answer. If not, empty its cells, in a copy, or export again "
        "with -99 for it."
    ]


def test_another_code_for_unanswered_is_told_with_its_remedy(read: Read) -> None:
    """The API writes any number for questions that were seen but not answered; only -99 is known to mean it."""
    (found,) = told(read, ["1,", "999,"], asked("category", categories=LEVELS), PAD)
    assert "`999` is not a category" in found
    assert found.endswith("export again with -99 for it.")


def test_problems_of_all_columns_are_told_together(read: Read) -> None:
    other = asked("number").model_copy(update={"name": "r", "column": "Q2"})
    assert len(told(read, ["9,x", "1,2"], asked("category", categories=LEVELS), other)) == 2


def test_a_scale_becomes_its_numbers(read: Read) -> None:
    found = read(["1,", "Middle,", "2,", ",x"], asked("scale", categories=LEVELS), PAD).data["q"]
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, [-1, 0, 2.5, np.nan])


def test_a_scale_without_numbers_is_told(read: Read) -> None:
    bare = (*LEVELS, Category(code="9", level="unsure"))
    assert "gives no number for `unsure`" in told(read, ["1,"], asked("scale", categories=bare), PAD)[0]


def test_numbers(read: Read) -> None:
    found = read(["1,", " 2.50 ,", "-3,", "1e2,", ",x"], asked("number"), PAD).data["q"]
    np.testing.assert_array_equal(found, [1, 2.5, -3, 100, np.nan])


@pytest.mark.parametrize("cell", ["x", "35 years", "nan", "inf", "1 000", "0x10", "1_0", "--1", "1e400", "-1E301"])
def test_what_is_no_number_is_told(read: Read, cell: str) -> None:
    assert f"`{cell}` is not a number (data row 2)" in told(read, ["1,", f"{cell},"], asked("number"), PAD)[0]


def test_decimal_commas_belong_to_semicolons(read: Read) -> None:
    assert read(["0,5;", "1,234;"], asked("number"), PAD, separator=";").data["q"].tolist() == [0.5, 1.234]


@pytest.mark.parametrize("comma", ["0,5", "12,25", "1234,567", "0,125", "-3,1415"])
def test_decimal_commas_are_a_setting_of_exports(read: Read, comma: str) -> None:
    found = read([f'"{comma}",', "2,", '"1,234",'], asked("number"), PAD)
    assert found.data["q"].tolist() == [float(comma.replace(",", ".")), 2.0, 1.234]
    assert "Numbers are written with decimal commas in `q`." in found.notes


@pytest.mark.parametrize("others", [["1.5,"], []])
def test_commas_that_may_stand_between_thousands_are_told(read: Read, others: list[str]) -> None:
    assert "`1,234` is not a number" in told(read, ['"1,234",', *others], asked("number"), PAD)[0]
    assert "`0,5` is not a number" in told(read, ['"0,5",', "1.5,"], asked("number"), PAD)[0]


def test_a_column_shows_itself_that_its_commas_are_decimal(read: Read) -> None:
    """One respondent types a half, and another a thousand: the one says nothing about the other."""
    income = PAD.model_copy(update={"name": "income", "kind": "number"})
    found = told(read, ['"3,5","1,000"', '2,"40,000"'], asked("number"), income)
    assert ["`1,000` is not a number" in found[0], "`40,000` is not a number" in found[1]] == [True, True]


def test_numbers_out_of_range_are_told_with_their_rows(read: Read) -> None:
    bounded = asked("number", minimum=18, maximum=110)
    found = told(read, ["18,", "110,", "17,", "200,"], bounded, PAD)
    assert [each.split(":")[1] for each in found] == [
        " `17` is outside 18 to 110 (data row 3). Correct `minimum` and `maximum` in the codebook, or the cell.",
        " `200` is outside 18 to 110 (data row 4). Correct `minimum` and `maximum` in the codebook, or the cell.",
    ]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["2026-03-01 09:00:05", "2026-03-01T09:00:05Z"], "2026-03-01 09:00:05"),
        (["2026-03-01T11:00:05+02:00"], "2026-03-01 09:00:05"),
        (["2026-03-01"], "2026-03-01 00:00:00"),
        (["3/1/26 9:05", "3/14/26 9:05"], "2026-03-01 09:05:00"),
        (["1/3/2026 9:05:07", "14/3/2026 9:05"], "2026-03-01 09:05:07"),
        (["01.03.2026 09:05", "31.03.2026 09:05"], "2026-03-01 09:05:00"),
        (["01-03-2026 09:05", "31-03-2026 9:05"], "2026-03-01 09:05:00"),
        (["3/1/2026 12:05:07 AM", "3/14/2026 1:05 PM"], "2026-03-01 00:05:07"),
        (["3/1/2026 1:05:07 pm", "3/14/2026 12:05 PM"], "2026-03-01 13:05:07"),
        (["2026/3/1 9:05", "2026/03/01 09:05"], "2026-03-01 09:05:00"),
    ],
)
def test_times(read: Read, cells: list[str], expected: str) -> None:
    found = read([*(f"{each}," for each in cells), ",x"], asked("time"), PAD)
    assert found.data["q"][0] == pd.Timestamp(expected)
    assert found.data["q"].isna().tolist() == [False] * len(cells) + [True]
    assert ("spreadsheet" in " ".join(found.notes)) == (not cells[0].startswith("2026"))


def test_dates_that_nothing_decides_are_missing_and_told(read: Read) -> None:
    found = read(["1/6/18 9:05,", "1/7/18 9:05,"], asked("time"), PAD)
    assert found.data["q"].isna().all()
    assert "`1/6/18 9:05` and the like are missing in 2 of 2 rows" in found.notes[0]


@pytest.mark.parametrize("cell", ["yesterday", "2026-02-30 10:00:00", "13/32/26 9:05", "2026-13-01"])
def test_what_is_no_time_is_told(read: Read, cell: str) -> None:
    assert f"`{cell}` is not a time (data row 1)" in told(read, [f"{cell},"], asked("time"), PAD)[0]


def test_dates_of_both_orders_in_one_column_are_told(read: Read) -> None:
    assert "`14/3/26` is not a time (data row 2)" in told(read, ["3/14/26,", "14/3/26,"], asked("time"), PAD)[0]


def test_flags(read: Read) -> None:
    assert read(["1,", "FALSE,", "True,"], asked("flag"), PAD).data["q"].tolist() == [True, False, True]
    some = read(["1,", ",x"], asked("flag"), PAD).data["q"]
    assert some.dtype == "boolean"
    assert some.isna().tolist() == [False, True]


def test_a_flag_needs_true_and_false(read: Read) -> None:
    assert "are not true and false" in told(read, ["1,"], asked("flag", categories=LEVELS), PAD)[0]


def test_text_stays_and_only_the_empty_cell_is_missing(read: Read) -> None:
    found = read(["NA,", "None,", ",x", " a ,"], asked("text"), PAD).data["q"]
    assert found.isna().tolist() == [False, False, True, False]
    assert found.dropna().tolist() == ["NA", "None", " a"]


def test_split_columns_are_joined(write: Write) -> None:
    codebook = Codebook(variables=(asked("multiple", categories=LEVELS),))
    raw = read_raw(write("Q1_1,Q1_2,Q1_3\n1,,1\n0,0,0\n,High,\n"))
    found = read_values(raw, codebook, matching=match(raw, codebook), format="qualtrics").data["q"]
    assert found.fillna("").tolist() == ["low; middle", "", "high"]


# ------------------------------------------------------------------------------------------------ -99


def test_unanswered_is_missing_where_it_is_no_category(read: Read) -> None:
    found = read(["-99,", "1,"], asked("category", categories=LEVELS), PAD)
    assert found.data["q"].isna().tolist() == [True, False]
    assert "`q`: -99, seen but not answered, is missing in 1 of 2 rows." in found.notes


@pytest.mark.parametrize(("other", "expected"), [("1", ["zero", "one"]), ("Low", ["one", "two"])])
def test_unanswered_cells_do_not_hide_how_the_export_is_written(read: Read, other: str, expected: list[str]) -> None:
    counts = tuple(
        Category(code=str(n + 1), level=level, label=str(n)) for n, level in enumerate(("zero", "one", "two"))
    )
    table = asked("category", categories=counts).model_copy(update={"name": "count", "column": "Q2"})
    found = read([f"{other},1", "-99,2"], asked("category", categories=LEVELS), table)
    assert found.data["count"].tolist() == expected


def test_a_column_that_nothing_decides_is_told(read: Read) -> None:
    counts = tuple(
        Category(code=str(n + 1), level=level, label=str(n)) for n, level in enumerate(("zero", "one", "two"))
    )
    found = told(read, ["1,", "2,"], asked("category", categories=counts), PAD)
    assert "`1` is the code of one category and the words of another (data row 1)" in found[0]
    table = read(["1,", "2,"], asked("category", categories=counts), PAD, format="table")
    assert table.data["q"].tolist() == ["zero", "one"]


def test_unanswered_is_a_level_where_the_codebook_says_so(read: Read) -> None:
    known = (*LEVELS, Category(code="-99", level="refused"))
    assert read(["-99,"], asked("category", categories=known), PAD).data["q"].tolist() == ["refused"]


def test_unanswered_in_a_table_is_an_unknown_category(read: Read) -> None:
    found = told(read, ["-99,"], asked("category", categories=LEVELS), PAD, format="table")
    assert "`-99` is not a category" in found[0]


def test_unanswered_numbers(read: Read) -> None:
    assert read(["-99,", "1,"], asked("number", minimum=0), PAD).data["q"].isna().tolist() == [True, False]
    assert read(["-99,"], asked("number", minimum=-100), PAD).data["q"].tolist() == [-99.0]
    assert "seen but not answered (data row 1)" in told(read, ["-99,"], asked("number"), PAD)[0]
    assert read(["-99,"], asked("number"), PAD, format="table").data["q"].tolist() == [-99.0]


def test_unanswered_numbers_are_missing_where_another_column_shows_the_recoding(read: Read) -> None:
    other = asked("category", categories=LEVELS).model_copy(update={"name": "r", "column": "Q2"})
    assert read(["-99,-99", "1,1"], asked("number"), other).data["q"].isna().tolist() == [True, False]


def test_personal_variables_and_wordings_stay_behind(read: Read) -> None:
    columns = [CODEBOOK["email"], CODEBOOK["regime_text"], PAD]
    assert list(read(["a,b,c"], *columns).data) == ["pad"]


# ------------------------------------------------------------------------------------------------ zones and words


def in_zone(write: Write, zone: str, *cells: str, declared: str = "") -> Typed:
    ids = f'"{{""ImportId"":""startDate"",""timeZone"":""{zone}""}}","{{""ImportId"":""x""}}"'
    raw = read_raw(write("\n".join(["StartDate,x", "Start,x", ids, *(f"{each},1" for each in cells)]) + "\n"))
    codebook = Codebook(variables=(CODEBOOK["started"],))
    return read_values(raw, codebook, matching=match(raw, codebook), format="qualtrics", time_zone=declared)


@pytest.mark.parametrize(
    ("zone", "cell", "expected"),
    [
        ("America/Denver", "2026-03-01 09:00:00", "2026-03-01 16:00"),
        ("America/Denver", "2026-07-01 09:00:00", "2026-07-01 15:00"),
        ("Asia/Kolkata", "2026-03-01 05:30:00", "2026-03-01 00:00"),
        ("America/Denver", "2026-03-01T09:00:00Z", "2026-03-01 09:00"),
        ("America/Denver", "2026-03-01 09:00:00+02:00", "2026-03-01 07:00"),
        ("America/Denver", "2026-03-01", "2026-03-01 07:00"),
        ("America/Denver", "3/14/26 9:00", "2026-03-14 15:00"),
        ("UTC", "2026-03-01 09:00:00", "2026-03-01 09:00"),
    ],
)
def test_times_of_a_known_zone_become_utc(write: Write, zone: str, cell: str, expected: str) -> None:
    found = in_zone(write, zone, cell)
    assert found.data["started"][0] == pd.Timestamp(expected)
    bare = zone != "UTC" and not cell.endswith(("Z", "+02:00"))
    assert any(f"written in {zone}" in each for each in found.notes) == bare


def test_what_the_file_says_goes_before_what_is_declared(write: Write) -> None:
    cell = "2026-03-01 09:00:00"
    assert in_zone(write, "Asia/Tokyo", cell, declared="UTC").data["started"][0] == pd.Timestamp("2026-03-01 00:00")
    assert in_zone(write, "Nowhere", cell, declared="Asia/Tokyo").data["started"][0] == pd.Timestamp("2026-03-01")
    silent = in_zone(write, "Nowhere", cell)
    assert silent.data["started"][0] == pd.Timestamp(cell)
    assert "Nothing says in which time zone" in silent.notes[0]


def test_hours_that_a_clock_shows_twice_or_skips_are_told(write: Write) -> None:
    twice, skipped = "2026-11-01 01:30:00", "2026-03-08 02:30:00"
    found = in_zone(write, "America/Denver", twice, skipped, skipped, "2026-03-01 09:00:00")
    assert found.data["started"].tolist()[:2] == [pd.Timestamp("2026-11-01 07:30"), pd.Timestamp("2026-03-08 09:30")]
    assert [each for each in found.notes if "an hour" in each] == [
        "`started`: in 1 rows stands an hour that the clock of America/Denver shows twice.",
        "`started`: in 2 rows stands an hour that the clock of America/Denver skips.",
    ]


def test_codes_beside_another_categorys_words_are_told(write: Write) -> None:
    answers = [("1", "Low"), ("3", "High"), ("9", "Elsewhere")]
    lines = [f'{{"values": {{"QID1": {code}}}, "labels": {{"QID1": "{label}"}}}}' for code, label in answers[:2]]
    raw = read_raw(write("\n".join(lines) + "\n"))
    codebook = Codebook(variables=(asked("category", categories=LEVELS, import_id="QID1"),))
    with pytest.raises(StudyError, match="`3` stands for `High` in the file and for another category"):
        read_values(raw, codebook, matching=match(raw, codebook), format="qualtrics")


def test_a_split_column_with_another_categorys_code_is_told(read: Read, write: Write) -> None:
    raw = read_raw(write("Q1_1,Q1_3,Q1_2\n1,3,\n,2,High\n0,-99,2\n"))
    codebook = Codebook(variables=(asked("multiple", categories=LEVELS),))
    with pytest.raises(StudyError) as caught:
        read_values(raw, codebook, matching=match(raw, codebook), format="qualtrics")
    assert [str(each).partition(". ")[0] for each in caught.value.problems] == [
        "export.csv q: `2` stands in the column of `3` (data row 2)"
    ]


def test_damage_is_told_and_a_damaged_identifier_refused(read: Read) -> None:
    damaged = asked("text")
    assert read(["5.1E+15,", "a,"], damaged, PAD).notes == (
        "`q`: a spreadsheet shortened a number, and its digits are lost (data row 1).",
    )
    identifier = damaged.model_copy(update={"role": "identifier"})
    assert "digits are lost (data row 1)" in told(read, ["5.1E+15,", "a,"], identifier, PAD)[0]
    assert "scientific form (data row 2)" in read(["7,", "1.2E+05,"], asked("number"), PAD).notes[0]


def test_an_unanswered_code_that_nothing_decides_is_told(read: Read) -> None:
    found = read(["-99,", "a,"], asked("text"), PAD)
    assert found.data["q"].tolist() == ["-99", "a"]
    assert "Nothing says whether -99" in found.notes[0]


@pytest.mark.parametrize("day", ["2026-03-31", "31.03.2026", "3/31/26"])
def test_a_day_that_lost_its_time_is_told(read: Read, day: str) -> None:
    started = Variable(name="started", role="record", kind="time", column="q")
    table = read([day, "3/31/26 9:30" if "/" in day else "2026-03-30 09:30:00"], started)
    assert table.data["started"].iloc[0] == pd.Timestamp("2026-03-31")
    assert any("in 1 rows stands a day without its time" in each for each in table.notes)
    assert any("in 1 rows stands a time without its seconds" in n for n in read(["2026-03-30 09:30"], started).notes)
    assert read([","], started, PAD).data["started"].isna().all()
    born = started.model_copy(update={"role": "covariate"})
    assert not any("without its time" in each for each in read([day], born).notes)

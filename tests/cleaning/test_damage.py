"""What other programs did to cells of text is found, and ordinary answers are left in peace."""

import pyarrow as pa
import pytest

from vignetta.cleaning.damage import damage

CALM = [
    "",
    "Fine",
    "e-mail me",
    "-99",
    "+1",
    "- good",
    "3 Mar",
    "May I?",
    "10E",
    "2e5",
    "#1 choice",
    "déjà vu",
    "A=b",
    "5",
]


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("5.12E+15", "digits are lost"),
        ("5,1E+15", "digits are lost"),
        ("1E15", "digits are lost"),
        ("2-Jan", "made a date"),
        ("Feb-10", "made a date"),
        ("#NAME?", "error stands"),
        ("########", "error stands"),
        ("=1+1", "a formula"),
        ("@SUM(A1)", "a formula"),
        ("-cmd(1)", "a formula"),
        ("CafÃ©", "garbled"),
        ("itâ€™s", "garbled"),
        ("caf\ufffd", "garbled"),
    ],
)
def test_marks_of_other_programs_are_found(cell: str, words: str) -> None:
    ((what, marked),) = damage(pa.array([*CALM, cell]))
    assert words in what
    assert marked.nonzero()[0].tolist() == [len(CALM)]


def test_ordinary_answers_are_left_in_peace() -> None:
    assert list(damage(pa.array(CALM))) == []


ZIP_CODES = [str(each) for each in range(10001, 10031)]


def test_shorter_numbers_among_long_ones_may_have_lost_zeros() -> None:
    ((what, marked),) = damage(pa.array([*ZIP_CODES, "9021", "501"]))
    assert "leading zeros" in what
    assert marked.nonzero()[0].tolist() == [30, 31]


@pytest.mark.parametrize(
    "cells",
    [ZIP_CODES, [*ZIP_CODES, "09021", "501"], [*ZIP_CODES, "x"], [*ZIP_CODES, "100000"], ZIP_CODES[:5] + ["1"],
     [str(each) for each in range(18, 99)]],
)  # fmt: skip
def test_other_numbers_are_left_in_peace(cells: list[str]) -> None:
    assert list(damage(pa.array(cells))) == []

import math

import pytest

from vignetta.report.numbers import count, freedom, interval, number, p_equals, p_value, plain


@pytest.mark.parametrize(
    ("value", "digits", "written"),
    [
        (1.005, 2, "1.00"),
        (-0.0049, 2, "0.00"),
        (-0.0051, 2, "−0.01"),
        (-1234.5, 1, "−1,234.5"),
        (math.nan, 2, "–"),
    ],
)
def test_number(value: float, digits: int, written: str) -> None:
    assert number(value, digits) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.0, "< 0.001"), (0.00099999, "< 0.001"), (0.001, "0.001"), (0.05, "0.050"), (1.0, "1.000"), (math.nan, "–")],
)
def test_p_value(value: float, written: str) -> None:
    assert p_value(value) == written


def test_statements() -> None:
    assert p_equals(0.00001) == "p < 0.001"
    assert p_equals(0.25) == "p = 0.250"
    assert interval(-1.0, 0.5, 3) == "[−1.000, 0.500]"
    assert interval(math.nan, math.nan) == "–"


def test_counts() -> None:
    assert (count(12345), count(math.inf)) == ("12,345", "∞")
    assert (freedom(700.0), freedom(17.26), freedom(math.inf)) == ("700", "17.3", "∞")
    assert (plain(-0.25), plain(10.0)) == ("−0.25", "10")

"""Math operations give what arithmetic gives, in its order of operations."""

import pytest

from vignetta.instruments.running.arithmetic import operation


def result(text: str, *held: str) -> str:
    found = operation(text)
    assert found is not None
    return found[1](held)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" 4 + 4 ", "8"),
        ("2 + 3 * 4", "14"),
        ("( 2 + 3 ) * 4", "20"),
        ("10 - 3 - 2", "5"),
        ("12 / 3 / 2", "2"),
        ("2 ^ 3 ^ 2", "512"),
        ("-2 ^ 2", "-4"),
        ("5 * -2", "-10"),
        ("7 % 4", "3"),
        ("8 / 3", "2.6666666666667"),
        ("0 * -1", "0"),
        ("round( 8 / 3 , 2 )", "2.67"),
        ("round(2.5)", "3"),
        ("round( -2.5 , 0 )", "-3"),
        ("round(1250,-2)", "1300"),
        (".5 + 1.", "1.5"),
    ],
)
def test_numbers(text: str, expected: str) -> None:
    assert result(text) == expected


def test_sources_are_asked_in_their_order_and_each_time() -> None:
    found = operation("( e://Field/x ) * round(q://QID1/SelectedChoicesRecode,1) - ${gr://SC_0/Score} + e://Field/x")
    assert found is not None
    assert found[0] == ("e://Field/x", "q://QID1/SelectedChoicesRecode", "gr://SC_0/Score", "e://Field/x")
    assert found[1](["2", "3", "1", "5"]) == "10"


@pytest.mark.parametrize("held", ["", "many", "nan", "inf"])
def test_what_is_no_number_counts_as_nothing(held: str) -> None:
    assert result("e://Field/x + 1", held) == "1"


@pytest.mark.parametrize("text", ["1 / 0", "7 % 0", "10 ^ 400", "( 0 - 8 ) ^ 0.5", "10 ^ 300 * 10 ^ 300"])
def test_what_has_no_result_is_empty(text: str) -> None:
    assert result(text) == ""


@pytest.mark.parametrize(
    "text", ["", "1 +", "( 1", "1 2", "alert(1)", "round 1", "1 , 2", "(" * 60 + "1", "-" * 9999 + "1"]
)
def test_what_is_no_operation(text: str) -> None:
    assert operation(text) is None

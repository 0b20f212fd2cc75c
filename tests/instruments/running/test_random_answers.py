"""Answers at random to matrices of every kind, and to sliders, are such as the page would take."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.instruments.small_flows import choice, many, one_block
from vignetta.instruments.running.rehearsing import rehearse

ANSWERS = {str(place): {"Display": word} for place, word in enumerate(("low", "middle", "high"), 1)}


def matrix(selector: str, **more: Any) -> dict[str, Any]:
    return choice("asked", "a", "b", "c", "d", QuestionType="Matrix", Selector=selector, Answers=ANSWERS) | more


def told(question: dict[str, Any], n: int = 40) -> list[dict[str, Any]]:
    answers = [each.answers["QID1"] for each in many(one_block(question), n)]
    return [dict(each) for each in answers if isinstance(each, Mapping)]


def test_shares_in_each_row() -> None:
    rule = {"Settings": {"ChoiceTotal": "50"}}
    assert all(
        sum(map(int, row.values())) == 50 for each in told(matrix("CS", Validation=rule)) for row in each.values()
    )


def test_ranks_in_each_column() -> None:
    for each in told(matrix("RO")):
        assert all(sorted(row[column] for row in each.values()) == list("1234") for column in "123")


def test_one_row_for_each_column() -> None:
    found = told(matrix("MaxDiff"))
    assert all(sorted(each.values()) == ["1", "2", "3"] for each in found)
    assert {row for each in found for row in each} == set("1234")


def test_rows_with_answers_of_their_own() -> None:
    own = {"1": {"1": {"Display": "yes"}, "2": {"Display": "no"}}, "2": {"7": {"Display": "seven"}}, "3": {}, "4": None}
    question = matrix("Profile", SubSelector="SingleAnswer", Answers=own)
    found = told(question)
    assert {each["1"] for each in found} == {"1", "2"}
    assert {tuple(each) for each in found} == {("1", "2")}
    words = rehearse(one_block(question), 30, values="labels").export
    assert all(word in words for word in ("yes", "no", "seven"))


@pytest.mark.parametrize("selector", ["CS", "RO", "MaxDiff", "Profile"])
def test_nothing_is_left_empty_without_a_word(selector: str) -> None:
    found = rehearse(one_block(matrix(selector)), 20)
    assert found.sessions[0].visit.answers or any(each.done == "stubbed" for each in found.account)

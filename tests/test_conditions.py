"""Conditions are read, never run; what is missing decides nothing."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vignetta.conditions import LONGEST, condition_faults, condition_names, evaluate
from vignetta.exclusions import Exclusion


@pytest.mark.parametrize(
    "written",
    [
        "",
        "age",
        "age = 18",
        "age + 1 < 18",
        "age < limit",
        "18 < 20",
        "age < 18 & sex == 1",
        "__import__('os').system('true')",
        "age.real < 3",
        "age[0] < 3",
        "(lambda: 1)() < age",
        "age < (18 if age else 2)",
        "missing('age')",
        "missing(age, age)",
        "open(age)",
        "age in other",
        "age in ()  + (1,)",
        "age in ()",
        "f'{age}' == 'a'",
        "age is 3",
        "not " * 400 + "age < 1",
        "age < 1 or " * LONGEST + "age < 1",
        "((((((((((((((((((((((((((((((((((((((((((" * 20 + "age",
    ],
)
def test_what_is_no_condition_is_told(written: str) -> None:
    assert condition_faults(written)
    with pytest.raises(ValueError, match="condition|compare|comparison|no variable in a list"):
        Exclusion(rule="condition", when=written)


@pytest.mark.parametrize(
    "written",
    [
        "age < 18",
        "-3 < age",
        "age == -3.5",
        'a in ("x", 3) and not (b == "y" or missing(c))',
        "1 < a <= 2",
        "f == true",
    ],
)
def test_what_is_a_condition(written: str) -> None:
    assert condition_faults(written) == []
    assert Exclusion(rule="condition", when=written).when == written


def test_names_in_order() -> None:
    assert condition_names("b < 1 and missing(a) or b > 3 or c == false") == ["b", "a", "c"]


Row = tuple[float | None, float | None]
_KLEENE: dict[str, Callable[[Any, Any], Any]] = {
    "a < 1 and b < 1": lambda a, b: False if a is False or b is False else None if None in (a, b) else True,
    "a < 1 or b < 1": lambda a, b: True if a is True or b is True else None if None in (a, b) else False,
    "not (a < 1) and b < 1": lambda a, b: False if a is True or b is False else None if None in (a, b) else True,
}


@given(st.lists(st.tuples(*[st.sampled_from([None, 0.0, 2.0])] * 2), min_size=1, max_size=20))
def test_missing_values_follow_kleene(rows: list[Row]) -> None:
    columns = {
        name: np.array([np.nan if each[place] is None else each[place] for each in rows], dtype=np.float64)
        for place, name in enumerate("ab")
    }
    for written, expected in _KLEENE.items():
        truth = evaluate(written, lambda name, value: (columns[name], value))
        known = [[None if each is None else each < 1 for each in row] for row in rows]
        assert truth.holds.tolist() == [expected(*row) is True for row in known]
        assert truth.fails.tolist() == [expected(*row) is False for row in known]

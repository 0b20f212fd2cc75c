"""Every raw row has one state, and the counts add up."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vignetta.cleaning.ledger import FLOW, flow, ledger
from vignetta.exclusions import Exclusion
from vignetta.frames import LEDGER

RULES = [Exclusion(rule="preview", reason="First"), Exclusion(rule="incomplete", reason="Second")]


def marks(*rows: tuple[bool, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["First", "Second"], dtype=bool)


MARKS = marks((False, True), (True, True), (False, False), (True, False))


def test_the_first_reason_in_the_plans_order_is_the_state() -> None:
    account = ledger(MARKS, response_ids=["a", "b", "c", "d"])
    assert list(account) == list(LEDGER)
    assert account["row"].tolist() == [1, 2, 3, 4]
    assert account["response_id"].tolist() == ["a", "b", "c", "d"]
    assert account["state"].tolist() == ["Second", "First", "analysed", "First"]
    assert account["reasons"].tolist() == ["Second", "First; Second", "", "First"]


def test_the_flow_stands_in_the_plans_order() -> None:
    found = flow(ledger(MARKS), exclusions=RULES)
    assert list(found) == list(FLOW)
    assert found.to_numpy().tolist() == [["First", 2, 2], ["Second", 1, 1], ["analysed", 1, 1]]


def test_the_flow_names_reasons_that_took_nobody_away() -> None:
    found = flow(ledger(marks((False, True))), exclusions=RULES)
    assert found.to_numpy().tolist() == [["First", 0, 1], ["Second", 1, 0], ["analysed", 0, 0]]


def test_without_rules_everybody_is_analysed() -> None:
    account = ledger(pd.DataFrame(index=range(3)))
    assert account["state"].tolist() == ["analysed"] * 3
    assert flow(account).to_numpy().tolist() == [["analysed", 3, 3]]


def test_without_rows_the_flow_is_zero() -> None:
    assert flow(ledger(marks()), exclusions=RULES)["n"].tolist() == [0, 0, 0]


def test_a_ledger_of_another_plan_is_refused() -> None:
    with pytest.raises(ValueError, match="no reason of the plan: Second"):
        flow(ledger(MARKS), exclusions=RULES[:1])


def test_a_ledger_with_a_missing_state_is_refused() -> None:
    account = ledger(MARKS)
    account.loc[0, "state"] = None
    with pytest.raises(ValueError, match="are not 4 raw rows"):
        flow(account, exclusions=RULES)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=30))
def test_the_counts_add_up(rows: list[tuple[bool, bool]]) -> None:
    account = ledger(marks(*rows))
    found = flow(account, exclusions=RULES)
    assert found["n"].sum() == len(rows)
    assert found["n"].iloc[0] == sum(first for first, _ in rows)
    assert found["n"].iloc[-1] == sum(not (first or second) for first, second in rows)
    assert found["remaining"].iloc[-2] == found["n"].iloc[-1]

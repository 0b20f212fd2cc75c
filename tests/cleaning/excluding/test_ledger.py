"""Every raw row has one state, and the counts add up."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vignetta.cleaning.excluding.ledger import arms, flow, ledger
from vignetta.codebook import Category, Codebook, Variable
from vignetta.exclusions import Exclusion
from vignetta.frames import FLOW, LEDGER

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
    assert found.to_numpy().tolist() == [["First", 2, 2, ""], ["Second", 1, 1, ""], ["analysed", 1, 1, ""]]


def test_the_flow_names_reasons_that_took_nobody_away() -> None:
    found = flow(ledger(marks((False, True))), exclusions=RULES)
    assert found.to_numpy().tolist() == [["First", 0, 1, ""], ["Second", 1, 0, ""], ["analysed", 0, 0, ""]]


def test_without_rules_everybody_is_analysed() -> None:
    account = ledger(pd.DataFrame(index=range(3)))
    assert account["state"].tolist() == ["analysed"] * 3
    assert flow(account).to_numpy().tolist() == [["analysed", 3, 3, ""]]


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


def test_the_flow_says_when_a_rule_measures() -> None:
    found = flow(ledger(MARKS), exclusions=RULES, past_treatment=[False, True])
    assert found["measured"].tolist() == ["before", "after", ""]


LEVELS = ("None", "a")
ARMED = Codebook(
    variables=(
        Variable(
            name="arm",
            role="factor",
            kind="category",
            column="arm",
            categories=tuple(Category(code=each, level=each) for each in LEVELS),
        ),
        Variable(name="vignette", role="vignette", kind="number", column="vignette"),
    )
)
Drawn = list[tuple[bool, bool, str | None]]


def armed(rows: Drawn) -> pd.DataFrame:
    account = ledger(marks(*((first, second) for first, second, _ in rows)))
    given = [level for _, _, level in rows]
    number = [{"None": 1.0, "a": 2.0}.get(str(each)) if each else None for each in given]
    arm = pd.Series(pd.Categorical(given, categories=LEVELS))
    return pd.DataFrame({"state": account["state"], "arm": arm, "vignette": pd.Series(number, dtype="float64")})


def test_what_became_of_each_level() -> None:
    rows: Drawn = [(False, False, "a"), (True, True, "a"), (False, True, None), (False, False, "a"), (True, False, "a")]
    found = arms(armed(rows), ARMED, exclusions=RULES)
    assert found[found["factor"] == "arm"].to_numpy()[:, 1:].tolist() == [
        ["None", "analysed", 0],
        ["a", "First", 2],
        ["a", "analysed", 2],
        ["", "Second", 1],
    ]
    assert found[found["factor"] == "vignette"]["level"].tolist() == ["2", "2", ""]


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.sampled_from(["None", "a", None])), max_size=30))
def test_every_factors_counts_add_up(rows: Drawn) -> None:
    found = arms(armed(rows), ARMED, exclusions=RULES)
    steps = flow(ledger(marks(*((first, second) for first, second, _ in rows))), exclusions=RULES)
    for name in ("arm", "vignette"):
        own = found[found["factor"] == name]
        assert own["n"].sum() == len(rows)
        for state, n in zip(steps["state"], steps["n"], strict=True):
            assert own[own["state"] == state]["n"].sum() == n

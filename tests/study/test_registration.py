"""What is registered, what changed since, and which estimates still stand as registered."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from vignetta.errors import StudyError
from vignetta.study.registration import FILE, read_registration, register

DESIGN: dict[str, Any] = {
    "title": "A study",
    "data": {"file": "a.csv"},
    "factors": {"regime": {"levels": [{"name": "a"}, {"name": "b"}]}, "treaty": {"levels": []}},
}
PLAN: dict[str, Any] = {
    "alpha": "0.05",
    "hypotheses": {"H1": {"statement": "x"}, "H2": {"statement": "y"}},
    "models": {"m": {"formula": "y ~ a"}, "other": {"formula": "y ~ b"}},
    "estimands": [{"hypothesis": "H1", "model": "m"}, {"hypothesis": "H2", "model": "other"}, {"model": "m"}],
    "exclusions": [{"rule": "preview"}],
}


def changed(tree: dict[str, Any], *where: str | int, to: Any) -> dict[str, Any]:
    made = copy.deepcopy(tree)
    below: Any = made
    for each in where[:-1]:
        below = below[each]
    below[where[-1]] = to
    return made


def test_nothing_registered_means_all_exploratory(tmp_path: Path) -> None:
    assert not read_registration(tmp_path)
    assert read_registration(tmp_path).holds(DESIGN, PLAN) == [False, False, False]


def test_as_registered(tmp_path: Path) -> None:
    register(tmp_path, DESIGN, PLAN)
    registration = read_registration(tmp_path)
    assert registration.changes(DESIGN, PLAN) == []
    assert registration.holds(DESIGN, PLAN) == [True, True, True]


@pytest.mark.parametrize(
    ("where", "to", "told", "stands"),
    [
        (("models", "m", "formula"), "y ~ c", "plan.models.m.formula: `y ~ a` became `y ~ c`", [False, True, False]),
        (("hypotheses", "H2", "statement"), "z", "plan.hypotheses.H2.statement: `y` became `z`", [True, False, True]),
        (("alpha",), "0.1", "plan.alpha: `0.05` became `0.1`", [False, False, False]),
        (("exclusions",), [], 'exclusions[0]: removed `{"rule": "preview"}`', [False, False, False]),
        (
            ("estimands",),
            [*PLAN["estimands"], {"model": "other"}],
            'plan.estimands[3]: added `{"model": "other"}`',
            [True, True, True, False],
        ),
    ],
)
def test_a_change_of_the_plan(tmp_path: Path, where: tuple[str, ...], to: Any, told: str, stands: list[bool]) -> None:
    register(tmp_path, DESIGN, PLAN)
    registration = read_registration(tmp_path)
    plan = changed(PLAN, *where, to=to)
    assert [str(each) for each in registration.changes(DESIGN, plan)] == [told]
    assert registration.holds(DESIGN, plan) == stands


def test_a_change_of_the_design_makes_all_exploratory(tmp_path: Path) -> None:
    register(tmp_path, DESIGN, PLAN)
    registration = read_registration(tmp_path)
    design = changed(DESIGN, "factors", "regime", "levels", 1, "name", to="c")
    assert [str(each) for each in registration.changes(design, PLAN)] == [
        "design.factors.regime.levels[1].name: `b` became `c`"
    ]
    assert registration.holds(design, PLAN) == [False, False, False]


def test_the_order_of_factors_counts(tmp_path: Path) -> None:
    register(tmp_path, DESIGN, PLAN)
    design = DESIGN | {"factors": dict(reversed(DESIGN["factors"].items()))}
    registration = read_registration(tmp_path)
    assert len(registration.changes(design, PLAN)) == 1
    assert not any(registration.holds(design, PLAN))


def test_where_the_data_are_is_not_registered(tmp_path: Path) -> None:
    register(tmp_path, DESIGN, PLAN)
    assert read_registration(tmp_path).changes(changed(DESIGN, "data", "file", to="b.csv"), PLAN) == []


def test_data_that_are_there_already_are_noted(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x")
    register(tmp_path, DESIGN, PLAN, data=("a.csv",))
    assert len(json.loads((tmp_path / FILE).read_text())["data_present"]["a.csv"]) == 64
    assert read_registration(tmp_path).data_present == ("a.csv",)


def test_registering_again_needs_amend_and_keeps_what_was_said(tmp_path: Path) -> None:
    register(tmp_path, DESIGN, PLAN)
    with pytest.raises(StudyError, match="registered as they are now"):
        register(tmp_path, DESIGN, PLAN)
    plan = changed(PLAN, "alpha", to="0.1")
    with pytest.raises(StudyError, match="differs in 1 place"):
        register(tmp_path, DESIGN, plan)
    register(tmp_path, DESIGN, plan, amend=True)
    registration = read_registration(tmp_path)
    assert registration.holds(DESIGN, plan) == [True, True, True]
    assert registration.amended[0]["changed"] == ["plan.alpha: `0.05` became `0.1`"]
    assert registration.amended[0]["sections"]["plan"]["alpha"] == "0.05"


def test_a_registration_altered_by_hand_is_told(tmp_path: Path) -> None:
    register(tmp_path, DESIGN, PLAN)
    path = tmp_path / FILE
    path.write_text(path.read_text().replace('"0.05"', '"0.50"'))
    with pytest.raises(StudyError, match="the registered plan was altered by hand"):
        read_registration(tmp_path)
    path.write_text("[]")
    with pytest.raises(StudyError, match="this is not a registration"):
        read_registration(tmp_path)

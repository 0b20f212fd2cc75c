"""What is said of the drawing is what the built survey has."""

from collections.abc import Callable
from typing import Any

import pytest

from vignetta.design.declaration import Design
from vignetta.instruments.survey import RandomizerNode, Survey, walk
from vignetta.instruments.writing.building import build
from vignetta.instruments.writing.explaining import drawing_summary

Altered = Callable[..., Design]


def randomizers(survey: Survey) -> list[RandomizerNode]:
    return [each for each in walk(survey.flow) if isinstance(each, RandomizerNode)]


def some_restriction(design: Design) -> list[dict[str, Any]]:
    first, second = list(design.factors.values())[:2]
    return [{"forbid": {each.name: each.levels[-1].name for each in (first, second)}, "reason": "Never together."}]


def without_recall(content: dict[str, Any]) -> None:
    for each in content["factors"].values():
        each.pop("recall", None)


def test_independent_factors(altered: Altered) -> None:
    design = altered()
    said = drawing_summary(design)
    assert "Each factor has a randomizer of its own (" in said
    assert "presented evenly" in said
    assert len(randomizers(build(design))) == len(design.factors)
    assert all(f"`{each}`" in said for each in design.factors)


def test_a_restricted_design(altered: Altered, design: Design) -> None:
    restricted = altered(restrictions=some_restriction(design))
    (node,) = randomizers(build(restricted))
    said = drawing_summary(restricted)
    assert f"({len(node.children):,} elements)" in said
    assert "because restrictions forbid some." in said
    assert "unequal weights" not in said


def test_decks(altered: Altered) -> None:
    design = altered(without_recall, mechanism="decks", decks={"number": "12", "search": "random"}, tasks="3")
    (node,) = randomizers(build(design))
    assert f"one of {len(node.children)} decks" in drawing_summary(design)
    assert "`NAME_2`" in drawing_summary(design)


def test_several_tasks_with_a_tie(altered: Altered, design: Design) -> None:
    tied = altered(without_recall, restrictions=some_restriction(design), tasks="2")
    first, second, *others = design.factors
    said = drawing_summary(tied)
    assert f"`{first}`, `{second}`: drawn together" in said
    assert len(randomizers(build(tied))) == 2 * (1 + len(others))


@pytest.mark.parametrize(
    ("mechanism", "even", "words"), [("simple", False, "independently"), ("complete", True, "evenly")]
)
def test_evenness(altered: Altered, mechanism: str, even: bool, words: str) -> None:
    design = altered(mechanism=mechanism)
    assert {each.even for each in randomizers(build(design))} == {even}
    assert words in drawing_summary(design)


def test_strata(altered: Altered) -> None:
    said = drawing_summary(altered(mechanism="blocked", strata=["gender"]))
    assert "combinations of `gender`" in said
    assert "no `block_size`" in said

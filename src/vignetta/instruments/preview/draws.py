"""What a randomizer decides, in words to choose by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from vignetta.declared import words
from vignetta.design.declaration import Design
from vignetta.instruments.hypertext import plain_text
from vignetta.instruments.naming import DECK, SAMPLE, VIGNETTE, Slot, factor_field, slots
from vignetta.instruments.survey import (
    BlockNode,
    EmbeddedDataNode,
    FlowNode,
    GroupNode,
    RandomizerNode,
    Survey,
    children,
)

_LONGEST: Final = 60


@dataclass(frozen=True)
class FieldName:
    """How an embedded field is called on the page: by its label, in a group, and its values by labels of theirs."""

    label: str
    group: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


Names = Mapping[str, FieldName]


def names_of(design: Design, language: str = "") -> dict[str, FieldName]:
    """The fields of a study's instrument by factor, task and profile, with the labels of the levels."""
    language = language or design.language
    named = {
        factor_field(factor, slot): FieldName(
            words(factor.label, language),
            _slot_words(design, slot, language),
            {each.export_code: words(each.label, language) for each in factor.levels},
        )
        for factor in design.factors.values()
        for slot in slots(design, factor.varies)
    }
    samples = {name: words(each.label, language) for name, each in design.samples.items()}
    whole = {VIGNETTE: FieldName("Vignette, by number"), DECK: FieldName("Deck")}
    return {**named, **whole, **({SAMPLE: FieldName("Sample", values=samples)} if samples else {})}


def _slot_words(design: Design, slot: Slot, language: str) -> str:
    task, profile = slot
    label = words(design.profile_labels[profile - 1], language) if profile and design.profile_labels else ""
    parts = [f"Task {task}"] * bool(task and design.tasks > 1) + [label or f"Profile {profile}"] * bool(profile)
    return ", ".join(parts)


def facets(node: RandomizerNode, survey: Survey, names: Names) -> list[dict[str, Any]]:
    """The fields that tell a randomizer's children apart, each with its values and which of them each child sets.

    A field that only says again what another said is left out. Without any, the children are told apart by name.
    Nothing when the randomizer shows more than one child, so that nothing but an order is decided.
    """
    if node.subset != 1 or len(node.children) < 2:
        return []
    set_by = [_given(each) for each in node.children]
    found, known = [], set()
    for name in dict.fromkeys(each for given in set_by for each in given):
        facet, partition = _facet(name, [given.get(name, "") for given in set_by], names)
        if len(facet["values"]) > 1 and partition not in known:
            known.add(partition)
            found.append(facet)
    return found or [_by_name(node, survey)]


def _facet(name: str, values: Sequence[str], names: Names) -> tuple[dict[str, Any], tuple[int, ...]]:
    places = {each: place for place, each in enumerate(dict.fromkeys(values))}
    of = tuple(places[each] for each in values)
    called = names.get(name, FieldName(name))
    shown = [called.values.get(each) or _short(plain_text(each)) or "(empty)" for each in places]
    return {"label": called.label, "group": called.group, "values": shown, "of": of}, of


def _by_name(node: RandomizerNode, survey: Survey) -> dict[str, Any]:
    shown = [f"{place}: {_child_words(each, survey)}" for place, each in enumerate(node.children, 1)]
    return {"label": f"Randomizer {node.id}", "group": "", "values": shown, "of": list(range(len(shown)))}


def _child_words(node: FlowNode, survey: Survey) -> str:
    if isinstance(node, BlockNode):
        block = survey.blocks.get(node.block)
        return _short(block.name if block else node.block)
    if isinstance(node, GroupNode) and node.name:
        return _short(node.name)
    return next((_child_words(each, survey) for each in children(node)), node.id)


def _given(node: FlowNode) -> dict[str, str]:
    """The fields that a child sets, before anything below it decides."""
    nodes = node.children if isinstance(node, GroupNode) else (node,)
    given = (each for part in nodes if isinstance(part, EmbeddedDataNode) for each in part.fields)
    return {each.name: each.value for each in given if each.value is not None}


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"

"""What changed in the flow: what is shown, drawn, set and tested, and in which order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from typing import Any, Final

from vignetta.instruments.review.changes import Change, Versions, logic_gist, logic_words, text_gist
from vignetta.instruments.review.diff_questions import written
from vignetta.instruments.survey import (
    BlockNode,
    BranchNode,
    EmbeddedDataNode,
    EndNode,
    FlowNode,
    GroupNode,
    OtherNode,
    RandomizerNode,
    Survey,
    children,
    walk,
)
from vignetta.instruments.tracing import short

_KINDS: Final = {
    BlockNode: "flow",
    EmbeddedDataNode: "embedded data",
    RandomizerNode: "randomizer",
    BranchNode: "logic",
    GroupNode: "flow",
    EndNode: "flow",
    OtherNode: "flow",
}


@dataclass(frozen=True)
class FlowDiff:
    """Compares the flows of two versions. Children of randomizers have no order."""

    versions: Versions

    def changes(self) -> Iterator[Change]:
        old, new = self.versions.old.flow, self.versions.new.flow
        yield from self._lists(old, new)

    # --------------------------------------------------------------------------------------- what an element says

    @cached_property
    def _gists(self) -> dict[tuple[int, bool], Any]:
        return {}

    def _gist(self, node: FlowNode, new: bool) -> Any:
        """Everything that an element says, its id left out."""
        key = id(node), new
        if key not in self._gists:
            below = [self._gist(each, new) for each in children(node)]
            ordered = sorted(below, key=repr) if isinstance(node, RandomizerNode) else below
            self._gists[key] = (type(node).__name__, self._own(node, new), tuple(ordered))
        return self._gists[key]

    def _own(self, node: FlowNode, new: bool) -> Any:
        match node:
            case BlockNode():
                return self.versions.block(node.block, new=new)
            case EmbeddedDataNode():
                return tuple(sorted((each.name, self._value(each.value, new)) for each in node.fields))
            case RandomizerNode():
                return node.subset, node.even
            case BranchNode():
                return logic_gist(node.logic, self.versions, new=new)
            case GroupNode():
                return node.name
            case EndNode():
                return logic_gist(dict(node.options), self.versions, new=new)
            case OtherNode():
                rest = {key: each for key, each in node.raw.items() if key not in ("FlowID", "Flow")}
                return logic_gist(rest, self.versions, new=new)

    def _value(self, value: str | None, new: bool) -> str:
        return "from outside" if value is None else f"={text_gist(value, self.versions, new=new)}"

    # -------------------------------------------------------------------------------------------------- pairing

    def _lists(self, old: Sequence[FlowNode], new: Sequence[FlowNode]) -> Iterator[Change]:
        """Elements that follow each other."""
        gists = [self._gist(each, False) for each in old], [self._gist(each, True) for each in new]
        left: list[FlowNode] = []
        came: list[FlowNode] = []
        for tag, a, b, c, d in SequenceMatcher(None, _numbers(gists, 0), _numbers(gists, 1), False).get_opcodes():
            if tag != "equal":
                left += old[a:b]
                came += new[c:d]
        yield from self._unmatched(left, came, ordered=True)

    def _sets(self, old: Sequence[FlowNode], new: Sequence[FlowNode]) -> Iterator[Change]:
        """Elements without an order: the children of a randomizer."""
        extra = Counter(self._gist(each, True) for each in new)
        left = [each for each in old if not _taken(extra, self._gist(each, False))]
        before = Counter(self._gist(each, False) for each in old)
        came = [each for each in new if not _taken(before, self._gist(each, True))]
        yield from self._unmatched(left, came, ordered=False)

    def _unmatched(self, left: list[FlowNode], came: list[FlowNode], *, ordered: bool) -> Iterator[Change]:
        for one, other in self._pairs(left, came):
            left, came = [e for e in left if e is not one], [e for e in came if e is not other]
            if self._gist(one, False) != self._gist(other, True):
                yield from self._changed(one, other)
            elif ordered:
                yield self._told(other, "moved", True)
        yield from (self._told(each, "removed", False) for each in left)
        yield from (self._told(each, "added", True) for each in came)

    def _pairs(self, left: Sequence[FlowNode], came: Sequence[FlowNode]) -> Iterator[tuple[FlowNode, FlowNode]]:
        """Which elements are the same: those that say the same, else are about the same, else have the same place."""
        rest, others = list(left), list(came)
        for key in (self._gist, self._about, lambda node, new: (type(node), node.id), lambda node, new: type(node)):
            known: dict[Any, list[FlowNode]] = {}
            for each in others:
                known.setdefault(key(each, True), []).append(each)
            unpaired = []
            for each in rest:
                found = known.get(key(each, False))
                if found:
                    yield each, found.pop(0)
                else:
                    unpaired.append(each)
            rest, others = unpaired, [each for kept in known.values() for each in kept]

    def _about(self, node: FlowNode, new: bool) -> Any:
        """What an element is about: which fields, which blocks, which logic."""
        below = [each for each in walk((node,)) if isinstance(each, EmbeddedDataNode | BlockNode)]
        names = {f.name for each in below if isinstance(each, EmbeddedDataNode) for f in each.fields}
        shown = {self.versions.block(each.block, new=new) for each in below if isinstance(each, BlockNode)}
        return type(node), frozenset(names), frozenset(shown)

    # ---------------------------------------------------------------------------------------------- what changed

    def _changed(self, old: FlowNode, new: FlowNode) -> Iterator[Change]:
        where, name = new.id, self._name(new, self.versions.new)
        if isinstance(old, RandomizerNode) and isinstance(new, RandomizerNode):
            place = ("randomizer", where, name)
            if old.subset != new.subset:
                shown = str(old.subset), str(new.subset)
                yield Change(*place, "how many children it shows changed", *shown)
            if old.even != new.even:
                even = {True: "evenly", False: "at random"}
                yield Change(*place, "how it presents children changed", even[old.even], even[new.even])
            yield from self._sets(old.children, new.children)
            return
        if isinstance(old, EmbeddedDataNode) and isinstance(new, EmbeddedDataNode):
            yield from self._fields(old, new)
        elif isinstance(old, BranchNode) and isinstance(new, BranchNode):
            if self._own(old, False) != self._own(new, True):
                words = logic_words(old.logic, self.versions.old), logic_words(new.logic, self.versions.new)
                yield Change("logic", where, name, "the condition of the branch changed", *words)
        elif self._own(old, False) != self._own(new, True):
            before, after = self._name(old, self.versions.old), name
            told = (before, after) if before != after else _options(old, new)
            yield Change("flow", where, name, "it changed", *told)
        yield from self._lists(children(old), children(new))

    def _fields(self, old: EmbeddedDataNode, new: EmbeddedDataNode) -> Iterator[Change]:
        sides = [{each.name: each.value for each in node.fields} for node in (old, new)]
        for name in dict.fromkeys([*sides[0], *sides[1]]):
            place = ("embedded data", new.id, f"field {name}")
            if name not in sides[0]:
                yield Change(*place, f"the field is set: {_shown(sides[1][name])}")
            elif name not in sides[1]:
                yield Change(*place, f"the field is no longer set: {_shown(sides[0][name])}")
            elif self._value(sides[0][name], False) != self._value(sides[1][name], True):
                yield Change(*place, "the value changed", *(_shown(side[name]) for side in sides))

    def _told(self, node: FlowNode, what: str, new: bool) -> Change:
        survey = self.versions.new if new else self.versions.old
        inside = [each for each in walk(children(node)) if not isinstance(each, GroupNode)]
        more = f", with {len(inside)} elements below" if inside else ""
        return Change(_KINDS[type(node)], node.id, self._name(node, survey), f"it was {what}{more}")

    def _name(self, node: FlowNode, survey: Survey) -> str:
        match node:
            case BlockNode():
                return f"block {survey.blocks[node.block].name if node.block in survey.blocks else node.block}"
            case EmbeddedDataNode():
                return short("; ".join(f"{each.name} = {_shown(each.value)}" for each in node.fields))
            case RandomizerNode():
                set_below = (each for each in walk(node.children) if isinstance(each, EmbeddedDataNode))
                names = {field.name for each in set_below for field in each.fields}
                return short(f"randomizer of {', '.join(sorted(names))}") if names else "randomizer"
            case BranchNode():
                return short(f"if {logic_words(node.logic, survey)}")
            case GroupNode():
                return f"group {node.name}"
            case EndNode():
                return "end of the survey"
            case OtherNode():
                return node.type or "element"


def _numbers(gists: tuple[list[Any], list[Any]], side: int) -> list[int]:
    """Hashable stand-ins for what elements say."""
    known: dict[Any, int] = {}
    return [[known.setdefault(each, len(known)) for each in one] for one in gists][side]


def _taken(counts: Counter[Any], key: Any) -> bool:
    if counts[key] > 0:
        counts[key] -= 1
        return True
    return False


def _shown(value: str | None) -> str:
    return "from outside" if value is None else short(value)


def _options(old: FlowNode, new: FlowNode) -> tuple[str, str]:
    sides = [getattr(each, "options", None) or getattr(each, "raw", None) or {} for each in (old, new)]
    hidden = ("FlowID", "Flow")
    return written(*({k: v for k, v in side.items() if k not in hidden} for side in sides))

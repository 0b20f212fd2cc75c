"""The experiment in a survey: which fields are factors, with which levels, how often and how they go together."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations
from typing import Final

from vignetta.instruments.adoption.proportions import Cell, cells_of, rules_of
from vignetta.instruments.hypertext import is_piped, plain_text
from vignetta.instruments.naming import DECK, VIGNETTE
from vignetta.instruments.survey import (
    BlockNode,
    EmbeddedDataNode,
    EmbeddedField,
    FlowNode,
    GroupNode,
    Question,
    RandomizerNode,
    Survey,
    walk,
)
from vignetta.instruments.tracing import Trace

_SLOT: Final = re.compile(r"(.*?\D)[_-](\d{1,2})(?:[_-](\d{1,2}))?")
_NOTED: Final = (DECK, VIGNETTE)
_MOST_LEVELS: Final = 200
"""Of what is taken to be a factor."""


@dataclass(frozen=True)
class FoundLevel:
    """A value of a factor: `code` is what the field holds, `text` the words that respondents read, if it has any."""

    code: str
    text: str = ""
    label: str = ""
    weight: int = 1


@dataclass(frozen=True)
class FoundFactor:
    """A factor that the survey draws.

    `fields` are its embedded fields by task and profile, `text_fields` those of the words, where the two are apart.
    `ordered` says that the levels stand in their declared order: not where combinations are left out or decks drawn,
    as then nobody knows which level of a list of words, such as a recall check, is which.
    """

    name: str
    levels: tuple[FoundLevel, ...]
    fields: Mapping[tuple[int, int], str]
    text_fields: Mapping[tuple[int, int], str] = field(default_factory=dict)
    label: str = ""
    ordered: bool = True

    @property
    def codes(self) -> list[str]:
        return [each.code for each in self.levels]


@dataclass(frozen=True)
class Recognised:
    """What a survey says about its experiment.

    `forbidden` are combinations of levels that no respondent is given; `arms` are randomizers that set no field, with
    the names of what they show one of; `unclear` says what could not be read; `translated` are the fields that hold
    words of levels in other languages.
    """

    trace: Trace
    factors: tuple[FoundFactor, ...]
    forbidden: tuple[Mapping[str, tuple[str, ...]], ...]
    mechanism: str
    decks: int
    arms: tuple[tuple[str, tuple[str, ...]], ...]
    unclear: tuple[str, ...]
    translated: frozenset[str] = frozenset()

    @cached_property
    def tasks(self) -> int:
        return max((task for each in self.factors for task, _ in each.fields), default=0) or 1

    @cached_property
    def profiles(self) -> int:
        return max((profile for each in self.factors for _, profile in each.fields), default=0) or 1

    @cached_property
    def by_field(self) -> Mapping[str, tuple[FoundFactor, tuple[int, int]]]:
        """The factor of each field, that of words too, with task and profile."""
        named = ((each, fields) for each in self.factors for fields in (each.text_fields, each.fields))
        return {name: (factor, slot) for factor, fields in named for slot, name in fields.items()}


def recognise(survey: Survey) -> Recognised:
    """Read the experiment out of a survey: fields to which randomizers give one of several fixed values are factors."""
    return _Reading(Trace(survey)).recognised()


@dataclass(frozen=True)
class _Reading:
    trace: Trace

    def recognised(self) -> Recognised:
        factors, unclear = self.factors(), []
        reduced = _first_slots(factors)
        drawn: list[Counter[Cell]] = []
        for node in self._drawing(set(reduced)):
            try:
                drawn.append(cells_of(node, set(reduced)))
            except OverflowError:
                unclear.append(f"the randomizer {node.id} has too many combinations to read weights and rules from")
        codes = {name: factor.codes for name, factor in reduced.items()}
        weights, forbidden, odd = rules_of(drawn, codes, weighted=not self._deck)
        named = {name: factor for factor in factors for name in factor.fields.values()}
        told = tuple({named[name].name: codes for name, codes in each.items()} for each in forbidden)
        tied = {name for each in told for name in each}
        weighed = tuple(_weighed(each, weights, not (self._deck or each.name in tied)) for each in factors)
        odd += self._between_profiles(factors)
        odd += [f"the field {each}, which has more than {_MOST_LEVELS} values" for each in self._manifold]
        decks = len({each.value for each in self.trace.settings.get(DECK, ()) if each.value}) if self._deck else 0
        return Recognised(
            self.trace,
            weighed,
            told,
            self._mechanism(factors),
            decks,
            tuple(self._arms()),
            (*unclear, *odd),
            self.translated,
        )

    def _between_profiles(self, factors: Sequence[FoundFactor]) -> Iterator[str]:
        """What is drawn for several profiles at once, as rules about pairs of them need."""
        fields = {each.name: [name for (_, profile), name in each.fields.items() if profile] for each in factors}
        tied = [
            factor
            for factor, names in fields.items()
            if any(self._together[one] & self._together[other] for one, other in combinations(names, 2))
        ]
        if tied and not self._deck:
            yield f"rules about profiles beside each other: {', '.join(tied)} are drawn for all profiles at once"

    # ---------------------------------------------------------------------------------------------- fields, levels

    def factors(self) -> tuple[FoundFactor, ...]:
        own = [each for each in self._fixed if each not in self.translated and each not in self._manifold]
        texts = self._texts(own)
        grouped: dict[str, dict[tuple[int, int], str]] = defaultdict(dict)
        for name in (each for each in own if each not in texts.values()):
            base, slot = self._slot(name, own)
            grouped[base][slot] = name
        return tuple(self._factor(base, fields, texts) for base, fields in grouped.items())

    @cached_property
    def _fixed(self) -> tuple[str, ...]:
        """The fields to which randomizers give values that hold no piped text."""
        drawn = {each: self._together.get(each) for each in self.trace.drawn if each not in _NOTED}
        alike = {(found[1], drawn[each]) for each in drawn if (found := _SLOT.fullmatch(each))}
        names = [each for each in self.trace.settings if each in drawn or self._stands_with(each, alike)]
        return tuple(each for each in names if not any(is_piped(s.value or "") for s in self.trace.settings[each]))

    def _stands_with(self, name: str, alike: Container[tuple[str, frozenset[int] | None]]) -> bool:
        """Whether a field is that of a drawn one in another task or profile, where decks give all the same level."""
        found = _SLOT.fullmatch(name)
        return self._deck and found is not None and (found[1], self._together.get(name)) in alike

    @cached_property
    def _manifold(self) -> tuple[str, ...]:
        """The fields with more values than a factor has levels, such as whole vignettes or their numbers."""
        values = {name: {each.value for each in self.trace.settings[name] if each.value} for name in self._fixed}
        return tuple(name for name, each in values.items() if len(each) > _MOST_LEVELS)

    @cached_property
    def translated(self) -> frozenset[str]:
        """The fields of words in other languages: they are called like a field of words, and follow its codes."""
        worded = [each for each in self._fixed if f"{each}_text" in self._fixed]
        fields = ((name, each) for name in worded for each in self._fixed if each.startswith(f"{name}_text_"))
        return frozenset(each for name, each in fields if self._told_by(name, each))

    def _told_by(self, one: str, other: str) -> bool:
        """Whether a field is set only beside another, and always the same beside the same."""
        pairs = set(self._pairs(one, other))
        return self._together[other] <= self._together[one] and len({a for a, _ in pairs}) == len(pairs)

    def _texts(self, fixed: Sequence[str]) -> dict[str, str]:
        """For each field of codes, the field of words that always goes with it."""
        found: dict[str, str] = {}
        together = self._together
        for name in fixed:
            if f"{name}_text" in self.trace.settings:
                found[name] = f"{name}_text"
        for one, other in combinations([each for each in fixed if each not in {*found, *found.values()}], 2):
            if one not in found and together[one] == together[other] and self._same(one, other):
                found[one] = other
        return found

    @cached_property
    def _together(self) -> Mapping[str, frozenset[int]]:
        """The elements of the flow that give each field a value."""
        found: dict[str, set[int]] = defaultdict(set)
        for place, fields in enumerate(self._given):
            for name in fields:
                found[name].add(place)
        return {name: frozenset(places) for name, places in found.items()}

    @cached_property
    def _given(self) -> tuple[Mapping[str, str], ...]:
        """What each element of the flow that sets fields gives them."""
        nodes = (node for node, _ in self.trace.steps if isinstance(node, EmbeddedDataNode))
        return tuple({each.name: each.value for each in node.fields if each.value is not None} for node in nodes)

    def _same(self, one: str, other: str) -> bool:
        """Whether two fields have as many values, each of one with a single one of the other."""
        pairs = set(self._pairs(one, other))
        sides = {a for a, _ in pairs}, {b for _, b in pairs}
        return bool(pairs) and len(sides[0]) == len(sides[1]) == len(pairs)

    def _pairs(self, one: str, other: str) -> Iterator[tuple[str, str]]:
        for place in sorted(self._together[one] & self._together[other]):
            yield self._given[place][one], self._given[place][other]

    def _slot(self, name: str, fixed: Sequence[str]) -> tuple[str, tuple[int, int]]:
        """A field's factor, and the task and profile that its name ends with."""
        found = _SLOT.fullmatch(name)
        alike = [each for each in fixed if (other := _SLOT.fullmatch(each)) and found and other[1] == found[1]]
        if found is None or len(alike) < 2:
            return name, (0, 0)
        return found[1], (int(found[2]), int(found[3] or 0))

    def _factor(self, base: str, fields: dict[tuple[int, int], str], texts: Mapping[str, str]) -> FoundFactor:
        first = next(iter(fields.values()))
        words: dict[str, str] = {}
        for name in fields.values():
            words |= dict(self._pairs(name, texts[name])) if name in texts else {}
        given = (each.value for name in fields.values() for each in self.trace.settings[name])
        labels, codes = self._recalled(base), dict.fromkeys(each for each in given if each)
        labels = labels if len(labels) == len(codes) else [""] * len(codes)
        levels = [FoundLevel(code, _words(words.get(code, "")), each) for code, each in zip(codes, labels, strict=True)]
        if not texts.get(first):
            read = self._read_beside(first)
            levels = [FoundLevel(each.code, read.get(each.code) or _words(each.code), each.label) for each in levels]
        shown = {slot: texts[name] for slot, name in fields.items() if name in texts}
        return FoundFactor(base, tuple(levels), fields, shown, self._headed([*shown.values(), *fields.values()]))

    def _headed(self, names: Sequence[str]) -> str:
        """The words at the head of the row of a table that shows one of the fields."""
        texts = [each.text for each in self.trace.shown.values()]
        texts += [each.value or "" for settings in self.trace.settings.values() for each in settings if each.value]
        piped = "|".join(re.escape(f"${{e://Field/{each}}}") for each in names)
        found = (re.search(rf"<th[^>]*>([^<]*)</th>\s*<td[^>]*>(?:{piped})", each) for each in texts if "<th" in each)
        return next((plain_text(each[1]) for each in found if each), "")

    def _read_beside(self, name: str) -> dict[str, str]:
        """What respondents read in the blocks of the group that sets a field, by the field's value."""
        found: dict[str, str] = {}
        for node in (each for each, _ in self.trace.steps if isinstance(each, GroupNode)):
            values = [f.value for each in node.children for f in _set_by(each) if f.name == name and f.value]
            shown = [self.trace.survey.blocks.get(each.block) for each in node.children if isinstance(each, BlockNode)]
            asked = [self.trace.survey.questions[n] for block in shown if block for n in block.questions]
            found |= {each: " ".join(q.plain for q in asked if q.type == "DB") for each in values}
        return found

    def _recalled(self, name: str) -> list[str]:
        """The words for levels in a recall check, which lists them in order and then one answer more."""
        asked = next((each for each in self.trace.shown.values() if each.tag == f"recall_{name}"), None)
        return [each.plain for each in asked.choices[:-1]] if asked else []

    # ------------------------------------------------------------------------------------------------ the drawing

    @property
    def _deck(self) -> bool:
        return DECK in self.trace.drawn

    def _drawing(self, names: set[str]) -> list[RandomizerNode]:
        """The outermost randomizers that draw levels; of those in branches the first that draws a factor."""
        found: list[RandomizerNode] = []
        taken: set[str] = set()
        for node in _outermost(self.trace.survey.flow):
            own = {each.name for below in walk(node.children) for each in _set_by(below)} & names
            if own - taken:
                found.append(node)
                taken |= own
        return found

    def _mechanism(self, factors: Sequence[FoundFactor]) -> str:
        if self._deck:
            return "decks"
        names = {name for each in factors for name in each.fields.values()}
        return "complete" if all(each.even for each in self._drawing(names)) else "simple"

    def _arms(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        for node in (each for each, _ in self.trace.steps if isinstance(each, RandomizerNode)):
            if shows_arms(node):
                yield node.id, tuple(self.trace.node(each).name for each in node.children)


def shows_arms(node: RandomizerNode) -> bool:
    """Whether a randomizer shows one of several blocks or groups and sets no field."""
    blocks = all(isinstance(each, BlockNode | GroupNode) for each in node.children)
    sets = any(isinstance(each, EmbeddedDataNode) for each in walk(node.children))
    return node.subset == 1 < len(node.children) and blocks and not sets


def _words(text: str) -> str:
    return plain_text(text)


def _set_by(node: FlowNode) -> Iterator[EmbeddedField]:
    yield from (node.fields if isinstance(node, EmbeddedDataNode) else ())


def _outermost(nodes: Sequence[FlowNode]) -> Iterator[RandomizerNode]:
    for node in nodes:
        if isinstance(node, RandomizerNode) and node.subset == 1:
            yield node
        else:
            yield from _outermost(getattr(node, "children", ()))


def _first_slots(factors: Sequence[FoundFactor]) -> dict[str, FoundFactor]:
    """The field of each factor in the first task and profile, whose draws stand for those of all."""
    return {each.fields[min(each.fields)]: each for each in factors}


def _weighed(factor: FoundFactor, weights: Mapping[str, Mapping[str, int]], ordered: bool) -> FoundFactor:
    own = weights.get(factor.fields[min(factor.fields)], {})
    levels = (replace(each, weight=own.get(each.code, 1)) for each in factor.levels)
    if not ordered:
        levels = (replace(each, label="") for each in levels)
    return replace(factor, levels=tuple(levels), ordered=ordered)


def slot_of_tag(question: Question, tasks: int) -> tuple[str, tuple[int, int]]:
    """What a question of several tasks is about: its tag without task and profile, and these."""
    found = _SLOT.fullmatch(question.tag)
    if tasks < 2 or found is None or int(found[2]) > tasks:
        return question.tag, (0, 0)
    return found[1], (int(found[2]), int(found[3] or 0))

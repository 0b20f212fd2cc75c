"""The experiment in a survey: which fields are factors, with which levels, how often and how they go together."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from itertools import combinations, product
from math import lcm
from typing import Final

from vignetta.instruments.hypertext import plain_text
from vignetta.instruments.naming import DECK, VIGNETTE
from vignetta.instruments.survey import (
    BlockNode,
    BranchNode,
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

Cell = tuple[tuple[str, str], ...]
"""Fields with their values."""
_SLOT: Final = re.compile(r"(.*?\D)[_-](\d+)(?:[_-](\d+))?")
_NOTED: Final = (DECK, VIGNETTE)
_MOST_CELLS: Final = 20_000


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
    the names of what they show one of; `unclear` says what could not be read.
    """

    trace: Trace
    factors: tuple[FoundFactor, ...]
    forbidden: tuple[Mapping[str, tuple[str, ...]], ...]
    mechanism: str
    decks: int
    arms: tuple[tuple[str, tuple[str, ...]], ...]
    unclear: tuple[str, ...]

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
        cells: list[Counter[Cell]] = []
        for node in self._drawing(set(reduced)):
            try:
                cells.append(_cells(node, set(reduced)))
            except OverflowError:
                unclear.append(f"the randomizer {node.id} has too many combinations to read weights and rules from")
        weights, forbidden, odd = _rules(cells, reduced, weighted=not self._deck)
        named = {name: factor for factor in factors for name in factor.fields.values()}
        told = tuple({named[name].name: codes for name, codes in each.items()} for each in forbidden)
        tied = {name for each in told for name in each}
        weighed = tuple(_weighed(each, weights, not (self._deck or each.name in tied)) for each in factors)
        decks = len({each.value for each in self.trace.settings.get(DECK, ()) if each.value}) if self._deck else 0
        return Recognised(
            self.trace, weighed, told, self._mechanism(factors), decks, tuple(self._arms()), (*unclear, *odd)
        )

    # ---------------------------------------------------------------------------------------------- fields, levels

    def factors(self) -> tuple[FoundFactor, ...]:
        drawn = [each for each in self.trace.settings if each in self.trace.drawn and each not in _NOTED]
        fixed = [each for each in drawn if not any("${" in (s.value or "") for s in self.trace.settings[each])]
        texts = self._texts(fixed)
        grouped: dict[str, dict[tuple[int, int], str]] = defaultdict(dict)
        for name in (each for each in fixed if each not in texts.values()):
            base, slot = self._slot(name, fixed)
            grouped[base][slot] = name
        return tuple(self._factor(base, fields, texts) for base, fields in grouped.items())

    def _texts(self, fixed: Sequence[str]) -> dict[str, str]:
        """For each field of codes, the field of words that always goes with it."""
        found: dict[str, str] = {}
        together = self._together
        for name in fixed:
            if f"{name}_text" in self.trace.settings:
                found[name] = f"{name}_text"
        for one, other in combinations([each for each in fixed if each not in {*found, *found.values()}], 2):
            if one not in found and self._same(one, other) and together[one] == together[other]:
                found[one] = other
        return found

    @cached_property
    def _together(self) -> Mapping[str, frozenset[int]]:
        """The elements of the flow that give each field a value."""
        found: dict[str, set[int]] = defaultdict(set)
        for place, (node, _) in enumerate(self.trace.steps):
            for each in node.fields if isinstance(node, EmbeddedDataNode) else ():
                if each.value is not None:
                    found[each.name].add(place)
        return {name: frozenset(places) for name, places in found.items()}

    def _same(self, one: str, other: str) -> bool:
        """Whether two fields have as many values, each of one with a single one of the other."""
        pairs = set(self._pairs(one, other))
        sides = {a for a, _ in pairs}, {b for _, b in pairs}
        return bool(pairs) and len(sides[0]) == len(sides[1]) == len(pairs)

    def _pairs(self, one: str, other: str) -> Iterator[tuple[str, str]]:
        for node, _ in self.trace.steps:
            if isinstance(node, EmbeddedDataNode):
                fields = {each.name: each.value for each in node.fields if each.value is not None}
                if one in fields and other in fields:
                    yield fields[one] or "", fields[other] or ""

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


def _cells(node: FlowNode, names: set[str]) -> Counter[Cell]:
    """How often each combination of values of the fields is drawn, in the smallest whole numbers."""
    shares = _shares(node, names)
    common = lcm(*(each.denominator for each in shares.values())) if shares else 1
    return Counter({cell: int(share * common) for cell, share in shares.items()})


def _shares(node: FlowNode, names: set[str]) -> dict[Cell, Fraction]:
    if isinstance(node, EmbeddedDataNode):
        given = {each.name: each.value for each in node.fields if each.name in names and each.value is not None}
        return {tuple(sorted((name, value or "") for name, value in given.items())): Fraction(1)}
    if isinstance(node, RandomizerNode) and node.subset == 1:
        found: dict[Cell, Fraction] = defaultdict(Fraction)
        for child in node.children:
            for cell, share in _shares(child, names).items():
                found[cell] += share / len(node.children)
        return found
    if isinstance(node, BranchNode):
        return {(): Fraction(1)}
    joint: dict[Cell, Fraction] = {(): Fraction(1)}
    for child in getattr(node, "children", ()):
        joint = _crossed(joint, _shares(child, names))
    return joint


def _crossed(one: Mapping[Cell, Fraction], other: Mapping[Cell, Fraction]) -> dict[Cell, Fraction]:
    if len(one) * len(other) > _MOST_CELLS:
        raise OverflowError
    found: dict[Cell, Fraction] = defaultdict(Fraction)
    for (a, p), (b, q) in product(one.items(), other.items()):
        found[tuple(sorted({**dict(a), **dict(b)}.items()))] += p * q
    return found


# ------------------------------------------------------------------------------------------------- weights and rules


def _rules(
    drawn: Sequence[Counter[Cell]], factors: Mapping[str, FoundFactor], *, weighted: bool
) -> tuple[dict[str, dict[str, int]], list[dict[str, tuple[str, ...]]], list[str]]:
    weights: dict[str, dict[str, int]] = {}
    forbidden: list[dict[str, tuple[str, ...]]] = []
    odd: list[str] = []
    for cells in drawn:
        names = list(dict.fromkeys(name for cell in cells for name, _ in cell if name in factors))
        table = {tuple(dict(cell).get(each, "") for each in names): n for cell, n in cells.items()}
        levels = [factors[each].codes for each in names]
        if not all(each in codes for cell in table for each, codes in zip(cell, levels, strict=True)):
            odd.append(f"how often levels of {', '.join(names)} are drawn: not every child sets all of these fields")
            continue
        if len(names) > 1 and weighted:
            forbidden += _forbidden(names, levels, set(table))
        found = _weights(levels, table) if weighted else None
        if found is None:
            odd += [f"how often combinations of {', '.join(names)} are drawn is not told by weights"] * weighted
        else:
            named = zip(names, levels, found, strict=True)
            weights |= {name: dict(zip(codes, each, strict=True)) for name, codes, each in named}
    return weights, forbidden, odd


def _forbidden(
    names: Sequence[str], levels: Sequence[Sequence[str]], drawn: set[tuple[str, ...]]
) -> Iterator[dict[str, tuple[str, ...]]]:
    """Levels that never stand together: of two factors, and whole combinations that these do not tell."""
    pairs: set[tuple[int, str, int, str]] = set()
    for (a, ones), (b, others) in combinations(enumerate(levels), 2):
        met = {(each[a], each[b]) for each in drawn}
        lacking = {one: tuple(other for other in others if (one, other) not in met) for one in ones}
        for group in dict.fromkeys(each for each in lacking.values() if each):
            yield {names[a]: tuple(one for one in ones if lacking[one] == group), names[b]: group}
        pairs |= {(a, one, b, other) for one, each in lacking.items() for other in each}
    if len(names) > 2 and _size(levels) <= _MOST_CELLS:
        for cell in product(*levels):
            told = any((a, cell[a], b, cell[b]) in pairs for a, b in combinations(range(len(cell)), 2))
            if cell not in drawn and not told:
                yield {name: (code,) for name, code in zip(names, cell, strict=True)}


def _size(levels: Sequence[Sequence[str]]) -> int:
    size = 1
    for each in levels:
        size *= len(each)
    return size


def _weights(levels: Sequence[Sequence[str]], table: Mapping[tuple[str, ...], int]) -> list[list[int]] | None:
    """Whole numbers for levels whose products are how often cells are drawn; None when there are none.

    Starting from one cell, a level's weight follows from any cell that differs in nothing else.
    """
    found: list[dict[str, Fraction]] = [{} for _ in levels]
    cells = sorted(table, key=lambda cell: [codes.index(each) for codes, each in zip(levels, cell, strict=True)])
    for place, codes in enumerate(levels):
        for one in codes:
            found[place][one] = _ratio(place, codes, one, cells, table)
    scale = Fraction(table[cells[0]]) / _product(found, cells[0])
    if any(scale * _product(found, cell) != table[cell] for cell in cells):
        return None
    return [_whole([each[code] for code in codes]) for codes, each in zip(levels, found, strict=True)]


def _ratio(
    place: int, codes: Sequence[str], code: str, cells: Sequence[tuple[str, ...]], table: Mapping[tuple[str, ...], int]
) -> Fraction:
    """A level's weight beside the first level's, by way of levels that stand beside the same others."""
    ratios, frontier = {codes[0]: Fraction(1)}, [codes[0]]
    while frontier and code not in ratios:
        known = frontier.pop(0)
        for cell in (each for each in cells if each[place] == known):
            for other in (each for each in codes if each not in ratios):
                beside = (*cell[:place], other, *cell[place + 1 :])
                if beside in table:
                    ratios[other] = ratios[known] * Fraction(table[beside], table[cell])
                    frontier.append(other)
    return ratios.get(code, Fraction(1))


def _product(weights: Sequence[Mapping[str, Fraction]], cell: Sequence[str]) -> Fraction:
    result = Fraction(1)
    for each, code in zip(weights, cell, strict=True):
        result *= each[code]
    return result


def _whole(ratios: Sequence[Fraction]) -> list[int]:
    common = lcm(*(each.denominator for each in ratios))
    whole = [int(each * common) for each in ratios]
    return whole if len(set(whole)) > 1 else [1] * len(whole)


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

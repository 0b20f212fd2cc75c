"""What a survey's flow makes of its embedded fields, exactly: all ways through it, each with its probability.

A randomizer gives each of its children, for any one respondent, with equal probability, whatever the other randomizers
gave: with even presentation too, as nothing tells its children apart. So the ways through the flow have exact
probabilities. Only what bears on the fields that are asked about is gone through, and ways that agree on them are one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import permutations, product
from math import perm, prod
from typing import Final

from vignetta.instruments.hypertext import MATH, is_piped
from vignetta.instruments.survey import (
    BlockNode,
    BranchNode,
    EmbeddedDataNode,
    EndNode,
    FlowNode,
    RandomizerNode,
    Survey,
    children,
)
from vignetta.instruments.tracing import PIPE, field_of, piped_fields, sources
from vignetta.instruments.verification.crossing import Crossing

Values = tuple[str | None, ...]
"""Of some fields, in their order; None for one that the flow has not given a value yet."""
Masses = dict[tuple[Values, bool], float]
"""How probable it is to have these values, having seen a vignette or not."""

MOST_STATES: Final = 20_000
MOST_ORDERS: Final = 5_040
MOST_SITUATIONS: Final = 500
_READING: Final = ""
"""In place of a field: whether a respondent reads a vignette, and where the survey ends."""


class TooManyError(Exception):
    """There are more ways through the flow than are gone through one by one."""


@dataclass(frozen=True)
class Situation:
    """What respondents bring about themselves: their answers, by question, and the fields of their link."""

    answers: Mapping[str, str]
    link: Mapping[str, str]


@dataclass(frozen=True)
class Found:
    """What the flow makes of some fields.

    Attributes
    ----------
    table : the share of each combination of values, among those who read a vignette.
    read : the share of respondents who do.
    replaced : for each field and element that gives it a value in place of an earlier one, how often.
    early : for each field and element that uses it before it has a value, how often.
    """

    table: Mapping[Values, float]
    read: float
    replaced: Mapping[tuple[str, str], float] = field(default_factory=dict)
    early: Mapping[tuple[str, str], float] = field(default_factory=dict)


@dataclass(frozen=True)
class Enumerated:
    """A survey's flow, to be asked what it makes of its fields.

    Parameters
    ----------
    shown : the fields whose words make a page a vignette.
    link : for fields that arrive with the link, the values that they may have.
    """

    survey: Survey
    shown: frozenset[str]
    link: Mapping[str, Sequence[str]] = field(default_factory=dict)

    # ------------------------------------------------------------------------------------------- what bears on what

    @cached_property
    def about(self) -> About:
        return About(self)

    @cached_property
    def reads(self) -> Mapping[str, frozenset[str]]:
        """For each block the fields that its questions show."""
        return {
            each.id: frozenset(
                name
                for number in each.questions
                if number in self.survey.questions
                for source in sources(self.survey.questions[number].raw)
                if (name := field_of(source))
            )
            for each in self.survey.blocks.values()
        }

    @cached_property
    def situations(self) -> list[Situation]:
        """All that respondents can bring about, as far as branches ask for it."""
        asked = {each: None for crossing in self.about.crossings.values() for each in crossing.questions}
        questions = [self.survey.questions[each] for each in asked if each in self.survey.questions]
        if any(each.type != "MC" for each in questions):
            raise TooManyError
        offered = [[(each.id, choice.id) for choice in each.choices] for each in questions]
        linked = [[(name, value) for value in values] for name, values in self.link.items()]
        if prod(len(each) for each in (*offered, *linked)) > MOST_SITUATIONS:
            raise TooManyError
        pairs = product(product(*offered), product(*linked))
        return [Situation(dict(answers), dict(link)) for answers, link in pairs]

    # ------------------------------------------------------------------------------------------------------ asking

    def together(self, fields: Sequence[str]) -> list[tuple[str, ...]]:
        """The fields in groups: those of different groups share no randomizer, so they are independent."""
        groups: list[tuple[list[str], set[str]]] = []
        for each in fields:
            drawn = set(self.about.drawn_by(each))
            met = [group for group in groups if group[1] & drawn]
            joined = ([name for group in met for name in group[0]] + [each], drawn.union(*(group[1] for group in met)))
            groups = [group for group in groups if group not in met] + [joined]
        return [tuple(each for each in fields if each in names) for names, _ in groups]

    def found(
        self,
        fields: Sequence[str],
        situation: Situation,
        *,
        watched: Iterable[str] = (),
        follow: bool = True,
        two_orders: bool = False,
    ) -> Found:
        """What the flow makes of some fields.

        Parameters
        ----------
        watched
            The fields of which it is noted where they are replaced, or used too early.
        follow
            Whether fields that are piped into others have their values there, rather than stand as they are piped.
        two_orders
            Children that are shown in any order are gone through forwards and backwards only.

        Raises
        ------
        TooManyError
            When there are too many ways.
        """
        return _Passage(self, tuple(fields), situation, frozenset(watched), follow, two_orders).found()


class About:
    """What bears on each field of a flow: other fields, randomizers, and the places where it is set and read.

    Attributes
    ----------
    crossings : the branches, by the identity of their elements.
    """

    def __init__(self, flow: Enumerated) -> None:
        self.crossings: dict[int, Crossing] = {}
        self.sets: dict[int, frozenset[str]] = {}
        self.uses: dict[int, frozenset[str]] = {}
        self.marks: dict[int, bool] = {}
        self.given: dict[int, dict[str, str | None]] = {}
        self._flow = flow
        self._needs: dict[str, set[str]] = defaultdict(set)
        self._drawn: dict[str, set[str]] = defaultdict(set)
        for each in flow.survey.flow:
            self._look(each, (), ())

    def needed(self, fields: Iterable[str], *, follow: bool) -> frozenset[str]:
        """The fields on which some fields depend, and these."""
        found, open_ = set(fields), [*fields, _READING]
        while open_:
            name = open_.pop()
            more = (self._needs[name] if follow or name == _READING else set()) - found
            found |= more
            open_ += more
        return frozenset(found)

    def drawn_by(self, name: str) -> frozenset[str]:
        """The randomizers that have a part in a field's value."""
        needed = self.needed([name], follow=True)
        return frozenset().union(*(self._drawn[each] for each in (*needed, _READING)))

    def _look(self, node: FlowNode, randomizers: tuple[str, ...], tested: tuple[str, ...]) -> None:
        key, used = id(node), frozenset[str]()
        if isinstance(node, EmbeddedDataNode):
            self.given[key] = {each.name: each.value for each in node.fields}
            used = self._look_at_fields(node, randomizers, tested)
        elif isinstance(node, BranchNode):
            self.crossings[key] = Crossing(self._flow.survey, node)
            used = frozenset(self.crossings[key].fields)
            tested = (*tested, *used)
        elif isinstance(node, RandomizerNode):
            randomizers = (*randomizers, node.id)
        elif isinstance(node, BlockNode):
            used = self._flow.reads.get(node.block, used)
        for each in children(node):
            self._look(each, randomizers, tested)
        below = [id(each) for each in children(node)]
        ends = isinstance(node, EndNode) or (isinstance(node, BlockNode) and bool(used & self._flow.shown))
        if ends:
            self._needs[_READING] |= set(tested)
            self._drawn[_READING] |= set(randomizers)
        self.marks[key] = ends or any(self.marks[each] for each in below)
        self.sets[key] = frozenset(self.given.get(key, ())).union(*(self.sets[each] for each in below))
        self.uses[key] = used.union(*(self.uses[each] for each in below))

    def _look_at_fields(
        self, node: EmbeddedDataNode, randomizers: tuple[str, ...], tested: tuple[str, ...]
    ) -> frozenset[str]:
        used: set[str] = set()
        for each in node.fields:
            piped = piped_fields(each.value)
            self._needs[each.name] |= {*tested, *piped}
            self._drawn[each.name] |= set(randomizers)
            used |= piped - {each.name}
        return frozenset(used)


class _Passage:
    """One enumeration: where all respondents of a situation stand, as it goes through the flow."""

    def __init__(
        self,
        flow: Enumerated,
        fields: tuple[str, ...],
        situation: Situation,
        watched: frozenset[str],
        follow: bool,
        two_orders: bool,
    ) -> None:
        self.flow, self.about, self.fields, self.situation = flow, flow.about, fields, situation
        self.watched, self.two_orders = watched, two_orders
        needed = self.about.needed(fields, follow=follow)
        self.names = (*fields, *sorted(needed - set(fields)))
        self.places = {name: place for place, name in enumerate(self.names)}
        self.relevant = frozenset(self.names)
        self.ended: list[Masses] = []
        self.replaced: dict[tuple[str, str], float] = defaultdict(float)
        self.early: dict[tuple[str, str], float] = defaultdict(float)

    def found(self) -> Found:
        start: Masses = {((None,) * len(self.names), False): 1.0}
        self.ended.append(self._through(self.flow.survey.flow, start))
        table: dict[Values, float] = defaultdict(float)
        for masses in self.ended:
            for (values, has_read), mass in masses.items():
                if has_read:
                    table[values[: len(self.fields)]] += mass
        read = sum(table.values())
        shares = {values: mass / read for values, mass in table.items()} if read else {}
        return Found(shares, read, dict(self.replaced), dict(self.early))

    def _through(self, nodes: Iterable[FlowNode], masses: Masses) -> Masses:
        for node in nodes:
            if masses and self._matters(node):
                masses = self._step(node, masses)
        return masses

    def _matters(self, node: FlowNode) -> bool:
        key = id(node)
        sets, uses = self.about.sets[key], self.about.uses[key]
        used = not self.watched.isdisjoint(uses)
        return self.about.marks[key] or used or not self.relevant.isdisjoint(sets)

    def _step(self, node: FlowNode, masses: Masses) -> Masses:
        if isinstance(node, EmbeddedDataNode):
            return self._given(node, masses)
        if isinstance(node, RandomizerNode):
            return self._drawn(node, masses)
        if isinstance(node, BranchNode):
            return self._branched(node, masses)
        if isinstance(node, BlockNode):
            return self._shown(node, masses)
        if isinstance(node, EndNode):
            self.ended.append(masses)
            return {}
        return self._through(children(node), masses)

    # ----------------------------------------------------------------------------------------------- the elements

    def _shown(self, node: BlockNode, masses: Masses) -> Masses:
        reads = self.flow.reads.get(node.block, frozenset())
        self._note_early(node.id, reads, masses)
        if reads.isdisjoint(self.flow.shown):
            return masses
        return _merged({(values, True): mass} for (values, _), mass in masses.items())

    def _branched(self, node: BranchNode, masses: Masses) -> Masses:
        crossing = self.about.crossings[id(node)]
        self._note_early(node.id, crossing.fields, masses)
        inside: Masses = {}
        outside: Masses = {}
        for (values, has_read), mass in masses.items():
            told = {name: values[self.places[name]] or "" for name in crossing.fields if name in self.places}
            taken = crossing.is_taken(told, self.situation.answers)
            (inside if taken else outside)[values, has_read] = mass
        return _merged([self._through(node.children, inside), outside])

    def _given(self, node: EmbeddedDataNode, masses: Masses) -> Masses:
        given = self.about.given[id(node)]
        chosen = [(name, given[name], piped_fields(given[name])) for name in given if name in self.places]
        self._note_early(node.id, set().union(*(piped - {name} for name, _, piped in chosen)), masses)
        after: Masses = defaultdict(float)
        for (values, has_read), mass in masses.items():
            now = list(values)
            for name, text, piped in chosen:
                place = self.places[name]
                if text is None:
                    now[place] = now[place] if now[place] is not None else self.situation.link.get(name)
                    continue
                if now[place] and name not in piped and name in self.watched:
                    self.replaced[name, node.id] += mass
                now[place] = self._rendered(text, now) if is_piped(text) else text
            after[tuple(now), has_read] += mass
        return dict(after)

    def _rendered(self, text: str, values: Sequence[str | None]) -> str:
        if MATH.search(text):
            raise TooManyError
        parts = PIPE.split(text)
        for place in range(1, len(parts), 2):
            name = field_of(parts[place])
            parts[place] = (values[self.places[name]] or "") if name in self.places else f"${{{parts[place]}}}"
        return "".join(parts)

    def _note_early(self, where: str, used: Iterable[str], masses: Masses) -> None:
        for name in self.watched.intersection(used):
            place = self.places[name]
            unset = sum(mass for (values, _), mass in masses.items() if values[place] is None)
            if unset:
                self.early[name, where] += unset

    # -------------------------------------------------------------------------------------------------- randomizers

    def _drawn(self, node: RandomizerNode, masses: Masses) -> Masses:
        shown = min(node.subset, len(node.children))
        if shown == 1:
            alike = Counter(self._key(each) for each in node.children)
            first = {self._key(each): each for each in reversed(node.children)}
            shares = ((first[key], times / len(node.children)) for key, times in alike.items())
            return _merged(self._through((each,), _scaled(masses, share)) for each, share in shares)
        orders = self._orders(node, shown)
        return _merged(self._through(each, _scaled(masses, 1 / len(orders))) for each in orders)

    def _orders(self, node: RandomizerNode, shown: int) -> Sequence[Sequence[FlowNode]]:
        matter = [each for each in node.children if self._matters(each)]
        if len(matter) < 2 and shown == len(node.children):
            return [matter]
        if self.two_orders and shown == len(node.children):
            return [node.children, node.children[::-1]]
        if perm(len(node.children), shown) > MOST_ORDERS:
            raise TooManyError
        return list(permutations(node.children, shown))

    def _key(self, node: FlowNode) -> object:
        """Children with the same key do the same to the fields that matter."""
        if not self._matters(node):
            return ()
        if isinstance(node, EmbeddedDataNode) and not self.watched:
            given = self.about.given[id(node)]
            return tuple((name, given[name]) for name in given if name in self.places)
        return id(node)


def _scaled(masses: Masses, share: float) -> Masses:
    return {state: mass * share for state, mass in masses.items()}


def _merged(ways: Iterable[Masses]) -> Masses:
    merged: Masses = defaultdict(float)
    for masses in ways:
        for state, mass in masses.items():
            merged[state] += mass
        if len(merged) > MOST_STATES:
            raise TooManyError
    return dict(merged)

"""Where the shares of drawn fields come from: computed from the flow, or, where that is too much, by Monte Carlo."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from vignetta.instruments.naming import CONSENT
from vignetta.instruments.verification.comparisons import EXACT
from vignetta.instruments.verification.enumerating import Enumerated, Found, Situation, TooManyError, Values
from vignetta.instruments.verification.sampling import Sampled, sampled

Part = tuple[tuple[str, ...], Mapping[Values, float]]
"""Fields, and the share of each combination of their values; several parts are independent."""


@dataclass(frozen=True)
class Told:
    """The shares of the combinations of some fields among those who read a vignette.

    `whose` says which respondents they are, empty for all; `n` is 0 where the shares are exact, otherwise the number
    of respondents; `found` is what else an exact enumeration noted.
    """

    whose: str
    n: int
    parts: tuple[Part, ...]
    found: Found | None = None

    @property
    def table(self) -> Mapping[Values, float]:
        """The only part's shares."""
        ((_, table),) = self.parts
        return table


@dataclass
class Draws:
    """What a flow gives its respondents.

    Parameters
    ----------
    drawn : the fields of levels, and of the numbers of decks and vignettes.
    composed : those that follow from them.
    respondents, seed : for Monte Carlo.
    exactly : whether shares are computed where they can be.
    """

    flow: Enumerated
    drawn: Sequence[str]
    composed: Sequence[str]
    respondents: int
    seed: int
    exactly: bool = True
    _whole: dict[tuple[int, int], Mapping[Values, float] | None] = field(default_factory=dict, repr=False)

    @cached_property
    def sample(self) -> Sampled:
        """Respondents who were sent through the survey."""
        generator = np.random.default_rng(self.seed)
        return sampled(self.flow, [*self.drawn, *self.composed], n=self.respondents, generator=generator)

    @cached_property
    def can_enumerate(self) -> bool:
        """Whether the situations of respondents are known and few enough to be gone through."""
        try:
            return len(self.situations) >= 0
        except TooManyError:
            return False

    @cached_property
    def situations(self) -> list[tuple[str, Situation]]:
        """Each situation in which vignettes are read, with its words."""
        reading = [each for each in self.flow.situations if self.flow.found((), each).read > 0]
        return list(zip(_in_words(self.flow, reading), reading, strict=True))

    def dropped(self) -> Iterator[tuple[str, float]]:
        """In which situations only a part of the respondents reads a vignette, and which share of them."""
        for whose, each in self.situations:
            read = self.flow.found((), each).read
            if read < 1 - 1e-9:
                yield whose, read

    # ------------------------------------------------------------------------------------------------------ asking

    def table(
        self, fields: Sequence[str], *, watched: bool = False, follow: bool = True, two_orders: bool = False
    ) -> list[Told]:
        """The shares of some fields together, in every situation.

        Raises `TooManyError` where they cannot be computed and, with options, cannot be had otherwise.
        """
        noted = fields if watched else ()
        if self.exactly or not follow:
            try:
                found = (
                    (whose, self.flow.found(fields, each, watched=noted, follow=follow, two_orders=two_orders))
                    for whose, each in self.situations
                )
                return _alike([Told(whose, 0, ((tuple(fields), each.table),), each) for whose, each in found])
            except TooManyError:
                if not follow:
                    raise
        return self._sampled(fields)

    def shares(self, fields: Sequence[str]) -> list[Told]:
        """The shares of some fields, in independent parts, in every situation."""
        if self.exactly:
            try:
                situations = enumerate(self.situations)
                return _alike([Told(whose, 0, tuple(self._parts(fields, n, each))) for n, (whose, each) in situations])
            except TooManyError:
                pass
        return self._sampled(fields)

    def _sampled(self, fields: Sequence[str]) -> list[Told]:
        return [Told("", self.sample.n, ((tuple(fields), self.sample.table(fields)),))]

    # ------------------------------------------------------------------------------------------- independent parts

    @cached_property
    def groups(self) -> list[tuple[str, ...]]:
        """The drawn fields in groups that are independent of each other."""
        return self.flow.together(self.drawn)

    @cached_property
    def group_of(self) -> Mapping[str, int]:
        return {name: number for number, group in enumerate(self.groups) for name in group}

    def _parts(self, fields: Sequence[str], number: int, situation: Situation) -> Iterator[Part]:
        asked: dict[int, list[str]] = defaultdict(list)
        for each in fields:
            asked[self.group_of[each]].append(each)
        for group, names in asked.items():
            whole = self._group_table(group, number, situation)
            if whole is None:
                yield tuple(names), self.flow.found(names, situation).table
            else:
                yield tuple(names), _margin(whole, [self.groups[group].index(each) for each in names])

    def _group_table(self, group: int, number: int, situation: Situation) -> Mapping[Values, float] | None:
        """All fields of a group together; None when they have too many combinations."""
        key = (group, number)
        if key not in self._whole:
            try:
                self._whole[key] = self.flow.found(self.groups[group], situation).table
            except TooManyError:
                self._whole[key] = None
        return self._whole[key]


def _alike(each_told: list[Told]) -> list[Told]:
    """One for all situations where these make no difference."""
    first, *others = each_told
    return [replace(first, whose="")] if all(_same(first, each) for each in others) else each_told


def _same(one: Told, other: Told) -> bool:
    tables = [_tables(each) for each in (one, other)]
    return len(tables[0]) == len(tables[1]) and all(
        mine.keys() == theirs.keys() and all(abs(share - theirs[key]) <= EXACT for key, share in mine.items())
        for mine, theirs in zip(*tables, strict=True)
    )


def _tables(told: Told) -> list[Mapping[Any, float]]:
    noted = [] if told.found is None else [told.found.replaced, told.found.early]
    return [*(table for _, table in told.parts), *noted]


def _margin(table: Mapping[Values, float], places: Sequence[int]) -> Mapping[Values, float]:
    margin: dict[Values, float] = defaultdict(float)
    for values, share in table.items():
        margin[tuple(values[each] for each in places)] += share
    return margin


def _in_words(flow: Enumerated, situations: Sequence[Situation]) -> list[str]:
    """What tells each situation from the others; empty when there is a single one."""
    told: list[list[str]] = [[] for _ in situations]
    for number in dict.fromkeys(name for each in situations for name in each.answers):
        question = flow.survey.questions[number]
        words = {each.id: each.plain for each in question.choices}
        if len({each.answers[number] for each in situations}) > 1 and question.tag != CONSENT:
            for place, each in enumerate(situations):
                told[place].append(f"`{question.tag or number}` {words[each.answers[number]]}")
    for name in dict.fromkeys(name for each in situations for name in each.link):
        if len({each.link[name] for each in situations}) > 1:
            for place, each in enumerate(situations):
                told[place].append(f"`{name}` {each.link[name]}")
    return [", ".join(each) for each in told]

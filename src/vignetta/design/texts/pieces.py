"""The smallest parts of a template: words or texts of levels, each with the conditions under which it is shown."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from vignetta.design.texts.articles import with_article
from vignetta.design.texts.languages import Joiner, listed, with_capital, with_small

CAPITAL: Final = "capital"
SMALL: Final = "small"
ARTICLE: Final = "a"
FORMS: Final = (CAPITAL, SMALL, ARTICLE)

Levels = Mapping[str, str]
"""The name of a level for the name of each factor."""
Texts = Mapping[str, str]
"""The words of a level for the name of each factor."""


@dataclass(frozen=True)
class Clause:
    """Whether a factor has one of some levels, or none of them."""

    factor: str
    levels: tuple[str, ...]
    negated: bool = False

    def holds(self, levels: Levels) -> bool:
        return (levels[self.factor] in self.levels) != self.negated

    def __str__(self) -> str:
        return f"{self.factor} is {'not ' if self.negated else ''}{' or '.join(self.levels)}"


@dataclass(frozen=True)
class Guard:
    """A condition around a piece: whether all clauses hold, or, behind `{else}`, not all of them."""

    clauses: tuple[Clause, ...]
    wanted: bool = True

    def allows(self, levels: Levels) -> bool:
        return all(each.holds(levels) for each in self.clauses) == self.wanted

    def within(self, levels: Levels) -> "Guard | bool":
        """What is left to ask where some factors have these levels; or the answer."""
        known = [each.holds(levels) for each in self.clauses if each.factor in levels]
        left = tuple(each for each in self.clauses if each.factor not in levels)
        if not all(known):
            return not self.wanted
        return Guard(left, self.wanted) if left else self.wanted


@dataclass(frozen=True)
class Words:
    """Words of the template itself."""

    text: str

    factors: tuple[str, ...] = ()

    def shown(self, texts: Texts) -> str:
        return self.text


@dataclass(frozen=True)
class Shown:
    """The text of one factor's level, or, with a `joiner`, of several as a list; then the forms, from left to right."""

    factors: tuple[str, ...]
    joiner: Joiner | None
    forms: tuple[str, ...]
    language: str

    def shown(self, texts: Texts) -> str:
        chosen = [texts[each] for each in self.factors]
        text = listed(chosen, self.joiner, self.language) if self.joiner else chosen[0]
        for form in self.forms:
            text = _formed(text, form, self.language)
        return text

    def spans(self, texts: Texts) -> Iterator[tuple[str, int, int]]:
        """Where each factor's text stands in what is shown; in vain for a text that a form has changed in length."""
        shown, end = self.shown(texts).lower(), 0
        for name in self.factors:
            text = texts[name].lower()
            start = shown.find(text, end)
            if text and start >= 0:
                end = start + len(text)
                yield name, start, end


def _formed(text: str, form: str, language: str) -> str:
    if form == ARTICLE:
        return with_article(text)
    return with_capital(text, language) if form == CAPITAL else with_small(text, language)


@dataclass(frozen=True)
class Piece:
    """Words or texts, shown when all guards allow."""

    content: Words | Shown
    guards: tuple[Guard, ...] = ()

    @property
    def clauses(self) -> Iterator[Clause]:
        return (clause for guard in self.guards for clause in guard.clauses)

    @cached_property
    def factors(self) -> tuple[str, ...]:
        """What the piece depends on, in the order of first use."""
        return tuple(dict.fromkeys((*(each.factor for each in self.clauses), *self.content.factors)))

    def allows(self, levels: Levels) -> bool:
        return all(each.allows(levels) for each in self.guards)

    def within(self, levels: Levels) -> "Piece | None":
        """The piece where some factors have these levels; None where it is not shown beside them."""
        guards = [each.within(levels) for each in self.guards]
        left = tuple(each for each in guards if isinstance(each, Guard))
        return None if False in guards else Piece(self.content, left)

    def render(self, levels: Levels, texts: Texts) -> str:
        return self.content.shown(texts) if self.allows(levels) else ""

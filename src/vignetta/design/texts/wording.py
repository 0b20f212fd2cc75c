"""The template of a vignette: words, texts of levels, and phrases that stand only beside some levels.

`docs/template.md` shows the language; `grammar.py` reads it. Nothing in a level's text is read as template.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final

from vignetta.declared import Finding
from vignetta.design.texts.grammar import Condition, Reading, read
from vignetta.design.texts.pieces import Clause, Guard, Levels, Piece, Shown, Texts, Words
from vignetta.errors import Problem, StudyError, near_miss


@dataclass(frozen=True)
class Segment:
    """One top-level part of a template: words, a placeholder, a list, or a phrase with all that stands in it."""

    pieces: tuple[Piece, ...]

    @cached_property
    def factors(self) -> tuple[str, ...]:
        """What its words depend on, in the order of first use; nothing for words of the template itself."""
        return tuple(dict.fromkeys(name for each in self.pieces for name in each.factors))

    @cached_property
    def factor(self) -> str:
        """The factor whose text is all that it shows, as it is: f for `{f}`; empty for anything else."""
        first, *others = self.pieces
        content = first.content
        bare = isinstance(content, Shown) and not (content.joiner or content.forms or first.guards or others)
        return first.factors[0] if bare else ""

    def render(self, levels: Levels, texts: Texts) -> str:
        """Its words.

        Parameters
        ----------
        levels
            The name of the level of each of its factors.
        texts
            The words of these levels, empty where there are none.
        """
        return "".join(each.render(levels, texts) for each in self.pieces)


@dataclass(frozen=True)
class Template:
    """A template that has been read."""

    segments: tuple[Segment, ...]

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        return tuple(piece for each in self.segments for piece in each.pieces)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All factors that it uses, in the order of first use."""
        return tuple(dict.fromkeys(name for each in self.segments for name in each.factors))

    @cached_property
    def shown(self) -> tuple[str, ...]:
        """The factors whose text a placeholder shows; those of lists and conditions can do without texts."""
        return tuple(
            dict.fromkeys(name for each in self.pieces if _is_placeholder(each) for name in each.content.factors)
        )

    @cached_property
    def words(self) -> str:
        """The words that are its own, those of phrases included."""
        return "".join(each.content.text for each in self.pieces if isinstance(each.content, Words))

    def within(self, levels: Levels) -> "Template":
        """The template where some factors have these levels: their conditions are decided."""
        parts = [tuple(one for each in part.pieces if (one := each.within(levels))) for part in self.segments]
        return Template(tuple(Segment(each) for each in parts if each))

    def render(self, levels: Levels, texts: Texts) -> str:
        """The words beside these levels; `texts` has the words of each factor's level.

        >>> text = "The ally {action}.{if treaty is not none} {treaty|capital} binds it.{end}"
        >>> levels = {"action": "refuse", "treaty": "formal"}
        >>> parse_template(text).render(levels, {"action": "refused", "treaty": "a treaty"})
        'The ally refused. A treaty binds it.'
        """
        return "".join(each.render(levels, texts) for each in self.segments)


def _is_placeholder(piece: Piece) -> bool:
    return isinstance(piece.content, Shown) and piece.content.joiner is None


@cache
def parse_template(text: str, *, language: str = "en") -> Template:
    """Read a template by its syntax alone. Raises `StudyError` with every problem."""
    reading = read(text, language)
    if reading.slips:
        raise StudyError([Problem("vignette", what, remedy) for what, remedy in dict.fromkeys(reading.slips)])
    return Template(tuple(Segment(tuple(each)) for each in reading.segments))


# ----------------------------------------------------------------------------------------- names, levels, conditions

_BRACED: Final = re.compile(r"\{[^{}]*")
_NAME: Final = re.compile(r"\w+")

Domains = Mapping[str, frozenset[str]]
"""The levels that each factor can have at some place of a template."""


def template_findings(
    text: str,
    *,
    language: str,
    levels: Mapping[str, Sequence[str]],
    factors: Collection[str] | None = None,
    every: bool = True,
) -> Iterator[Finding]:
    """Every problem of a template, with an empty location.

    Parameters
    ----------
    levels
        The names that a condition may ask for, and the levels of each.
    factors
        Those of them that have texts; all of them when left out.
    every
        Whether all of these must be used.
    """
    reading = read(text, language)
    known = levels if factors is None else {name: each for name, each in levels.items() if name in factors}
    found = [*reading.slips, *_unknown_names(reading, known, levels)]
    for condition in reading.conditions:
        found += _condition_slips(condition, levels)
    found += _unused(text, reading, known) if every else []
    yield from (((), what, remedy) for what, remedy in dict.fromkeys(found))


def shown_levels(pieces: Iterable[Piece], levels: Mapping[str, Sequence[str]]) -> dict[str, frozenset[str]]:
    """For each factor with a placeholder, the levels that may stand there: these need a text.

    >>> template = parse_template("{if treaty is not none}It has {treaty}.{end}")
    >>> found = shown_levels(template.pieces, {"treaty": ["none", "secret", "formal"]})
    >>> sorted(found["treaty"])
    ['formal', 'secret']
    """
    found: dict[str, frozenset[str]] = {}
    for piece in filter(_is_placeholder, pieces):
        domains = _within(piece.guards, levels)
        for name in piece.content.factors:
            found[name] = found.get(name, frozenset()) | domains.get(name, frozenset())
    return found


def _unknown_names(
    reading: Reading, factors: Collection[str], levels: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, str]]:
    for content in (each.content for each in reading.pieces):
        for name in content.factors:
            if name in factors:
                continue
            if name in levels:
                yield f"`{name}` has no text to show.", f"Ask for it in a condition: `{{if {name} is ...}}`."
            elif isinstance(content, Shown) and content.joiner:
                yield f"unknown factor `{name}` in a list.", near_miss(name, factors)
            else:
                yield f"unknown placeholder `{{{name}}}`.", near_miss(name, factors)


def _unused(text: str, reading: Reading, factors: Collection[str]) -> Iterator[tuple[str, str]]:
    used = {name for each in reading.pieces for name in each.content.factors}
    used |= {clause.factor for each in reading.conditions for clause in each.clauses}
    if reading.slips:
        used |= {name for tag in _BRACED.findall(text) for name in _NAME.findall(tag)}
    for name in factors:
        if name not in used:
            yield f"the factor `{name}` does not appear.", f"Write `{{{name}}}` where its text goes."


def _condition_slips(condition: Condition, levels: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Names that nobody declared, and clauses that hold always or never where they stand."""
    domains = _within(condition.around, levels)
    for clause in condition.clauses:
        unknown = list(_unknown(clause, condition.written, levels))
        yield from unknown
        domain = domains.get(clause.factor, frozenset())
        if unknown or not domain or len(set(levels[clause.factor])) < 2:
            continue
        domains = _narrowed(domains, clause)
        if not domains[clause.factor]:
            yield f"`{clause}` never holds in `{condition.written}`.", "Name other levels, or remove the phrase."
        elif domains[clause.factor] == domain:
            yield f"`{clause}` always holds in `{condition.written}`.", "Name fewer levels, or remove the condition."


def _unknown(clause: Clause, written: str, levels: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    if clause.factor not in levels:
        yield f"unknown factor `{clause.factor}` in `{written}`.", near_miss(clause.factor, levels)
        return
    for level in dict.fromkeys(clause.levels):
        if level not in levels[clause.factor]:
            yield f"`{clause.factor}` has no level `{level}` in `{written}`.", _remedy(level, clause, levels)
        elif clause.levels.count(level) > 1:
            yield f"`{level}` stands twice in `{written}`.", "Remove one of them."


def _remedy(level: str, clause: Clause, levels: Mapping[str, Sequence[str]]) -> str:
    """The closest level, or how to write what seems to be meant."""
    if level.rpartition(" is ")[0] in levels:
        return "`or` joins levels of one factor: write a second `{if ...}` behind `{else}`."
    meant = [" or ".join(clause.levels), *([f"not {level}"] if clause.negated else [])]
    whole = [each for each in levels[clause.factor] if level in each and any(each in words for words in meant)]
    return f'Write `"{whole[0]}"`, in quotation marks.' if whole else near_miss(level, levels[clause.factor])


def _within(guards: Sequence[Guard], levels: Mapping[str, Sequence[str]]) -> Domains:
    """The levels that the factors can have inside of guards; the `{else}` of several clauses rules none out."""
    domains: Domains = {name: frozenset(each) for name, each in levels.items()}
    for guard in guards:
        if guard.wanted:
            for clause in guard.clauses:
                domains = _narrowed(domains, clause)
        elif len(guard.clauses) == 1:
            (clause,) = guard.clauses
            domains = _narrowed(domains, Clause(clause.factor, clause.levels, not clause.negated))
    return domains


def _narrowed(domains: Domains, clause: Clause) -> Domains:
    """What is left where the clause holds."""
    if clause.factor not in domains:
        return domains
    before, named = domains[clause.factor], frozenset(clause.levels)
    return {**domains, clause.factor: before - named if clause.negated else before & named}

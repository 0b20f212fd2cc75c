"""Reads a template. Whatever cannot be read is noted with a remedy, and reading goes on behind it.

    template  = (words | "{{" | "}}" | shown | list | phrase)*
    shown     = "{" factor forms "}"
    list      = "{" ("and" | "or") factor ("," factor)+ forms "}"
    phrase    = "{if" clause ("and" clause)* "}" template ["{else}" template] "{end}"
    clause    = factor "is" ["not"] level ("or" level)*
    level     = words without braces, " and " and " or ", or any words in double quotation marks ('""' is one of them)
    forms     = ("|" form)*

The text is read once from left to right; what is read is names and words, which nothing can execute.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, cast

from vignetta.declared import NAME
from vignetta.design.texts.languages import LIST_WORDS, Joiner, is_english, main_part
from vignetta.design.texts.pieces import ARTICLE, FORMS, Clause, Guard, Piece, Shown, Words
from vignetta.errors import near_miss

DEEPEST: Final = 20
"""Phrases in one another; more is not prose."""
KEYWORDS: Final = frozenset(("and", "or", "if", "else", "end"))
"""Words behind a brace that are no factors."""

Slip = tuple[str, str]
"""What is wrong, and the remedy."""

_LITERAL: Final = re.compile(r"[^{}]+|\{\{|\}\}")
_KEYWORD: Final = re.compile(r"\{\s*(?P<word>and|or|if|else|end)(?!\w)")
_TAG: Final = re.compile(r"\{(?P<inside>[^{}]*)\}")
_REST: Final = re.compile(r"[^{}]*(?P<closed>\}?)")
_CLOSING: Final = re.compile(r"\s*\}")
_CLAUSE: Final = re.compile(r"\s*(?P<factor>[^\s{}]+)\s+is(?P<not>\s+not)?(?=[\s}])")
_JOINED: Final = re.compile(r"\s*(?P<word>and|or)(?=[\s}])")
_QUOTED: Final = re.compile(r'\s*"(?P<level>(?:[^"\n]|"")*+)"')
_QUOTE: Final = re.compile(r'\s*"')
_WORD: Final = re.compile(r"\s*(?P<word>[^\s{}]+)")
_WRITE_CLAUSE: Final = "Write `factor is level` or `factor is not level`, joined by `and`."
_MARKS: Final = "Put a level's name with ` and `, ` or ` or a brace between double quotation marks."
_NEST: Final = "For a third way write `{else}{if factor is level} ... {end}{end}`."
_TAGS: Final = "Write `{factor}`, `{factor|form}`, `{and factor, factor}`, `{if factor is level}`, or `{{` for a brace."


@dataclass(frozen=True)
class Condition:
    """A condition as it stands in the template, within the guards around it."""

    written: str
    clauses: tuple[Clause, ...]
    around: tuple[Guard, ...]


@dataclass
class _Phrase:
    """A phrase that is not closed yet."""

    condition: Condition
    otherwise: bool = False
    empty: bool = True

    @property
    def guard(self) -> Guard:
        return Guard(self.condition.clauses, not self.otherwise)


@dataclass
class Reading:
    """What was read of a template: its top-level segments, its conditions, and the slips."""

    segments: list[list[Piece]] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    slips: list[Slip] = field(default_factory=list)

    @property
    def pieces(self) -> list[Piece]:
        return [piece for each in self.segments for piece in each]


def read(text: str, language: str) -> Reading:
    """Read a template from its first character to its last."""
    reader = _Reader(text, language)
    reader.template()
    return reader.reading


class _TagError(Exception):
    """A tag that cannot be read: what is wrong, and the remedy."""


@dataclass
class _Reader:
    text: str
    language: str
    place: int = 0
    reading: Reading = field(default_factory=Reading)
    words: list[str] = field(default_factory=list)
    open: list[_Phrase] = field(default_factory=list)
    ignored: int = 0
    """Phrases deeper than the deepest that are open; their words are read as the words around them."""

    def template(self) -> None:
        while self.place < len(self.text):
            if literal := self._take(_LITERAL):
                self.words.append(literal[0][:1] if literal[0][0] in "{}" else literal[0])
            elif self.text[self.place] == "}" or not self._tag():
                self._stray()
        self._add_words()
        for each in self.open:
            self._slip(f"`{each.condition.written}` is never closed.", "Write `{end}` where its phrase ends.")

    # ------------------------------------------------------------------------------------------------- where it reads

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.text, self.place)
        if found:
            self.place = found.end()
        return found

    def _slip(self, what: str, remedy: str) -> None:
        self.reading.slips.append((what, remedy))

    def _near(self, place: int) -> str:
        return " ".join(self.text[max(0, place - 10) : place + 10].split("\n"))

    def _stray(self) -> None:
        brace = self.text[self.place]
        what = f"a brace without a partner near `{self._near(self.place)}`."
        self._slip(what, f"Write `{2 * brace}` for a literal brace.")
        self.words.append(brace)
        self.place += 1

    def _add(self, content: Words | Shown) -> None:
        """A piece at the end: within the phrase that is open, or a segment of its own."""
        for each in self.open:
            each.empty = False
        piece = Piece(content, tuple(each.guard for each in self.open))
        if self.open:
            self.reading.segments[-1].append(piece)
        else:
            self.reading.segments.append([piece])

    def _add_words(self) -> None:
        """The words since the last tag, as one piece."""
        if self.words:
            self._add(Words("".join(self.words)))
            self.words.clear()

    # ------------------------------------------------------------------------------------------------------- the tags

    def _tag(self) -> bool:
        """Read what stands in braces; false when the brace is never closed."""
        start = self.place
        keyword = _KEYWORD.match(self.text, start)
        if keyword and keyword["word"] == "if":
            return self._if(start, keyword.end())
        tag = self._take(_TAG)
        if not tag:
            return False
        self._add_words()
        inside = tag["inside"].strip()
        if not keyword:
            self._shown(tag[0], inside)
        elif keyword["word"] in ("and", "or"):
            self._list(tag[0], cast(Joiner, keyword["word"]), inside.removeprefix(keyword["word"]))
        else:
            self._turn(keyword["word"], tag, inside)
        return True

    def _shown(self, written: str, inside: str) -> None:
        name, *forms = (each.strip() for each in inside.split("|"))
        if not re.fullmatch(NAME, name):
            self._slip(f"`{written}` cannot be read.", _TAGS)
            return
        self._add(Shown((name,), None, self._forms(written, forms), self.language))

    def _forms(self, written: str, forms: list[str]) -> tuple[str, ...]:
        for each in forms:
            if each not in FORMS:
                self._slip(f"unknown form `{each}` in `{written}`.", near_miss(each, FORMS))
            if each == ARTICLE and not is_english(self.language):
                what = f"`{written}` writes an English article in the language `{self.language}`."
                self._slip(what, "Write the article into the texts of the levels, or with `{if ...}`.")
        return tuple(each for each in forms if each in FORMS)

    def _list(self, written: str, joiner: Joiner, inside: str) -> None:
        listing, *forms = (each.strip() for each in inside.split("|"))
        names = [each.strip() for each in listing.split(",")] if listing else []
        self.reading.slips += _list_slips(written, joiner, names)
        if main_part(self.language) not in LIST_WORDS:
            what = f"`{written}`: the words for `and` and `or` in the language `{self.language}` are not known."
            known = ", ".join(f"`{each}`" for each in LIST_WORDS)
            self._slip(what, f"Write the list out with `{{if ...}}`. Known: {known}.")
        sound = tuple(each for each in names if re.fullmatch(NAME, each))
        made = self._forms(written, forms)
        if sound:
            self._add(Shown(sound, joiner, made, self.language))

    def _turn(self, word: str, tag: re.Match[str], inside: str) -> None:
        """`{else}` or `{end}`."""
        if inside != word:
            self._slip(f"`{tag[0]}` has more than one word.", _NEST if word == "else" else "Write `{end}`.")
        if self.ignored:
            self.ignored -= word == "end"
        elif not self.open:
            what = f"`{{{word}}}` has no `{{if ...}}` before it, near `{self._near(tag.start())}`."
            self._slip(what, "Write `{if factor is level}` where the phrase begins, or remove it.")
        elif word == "end":
            self._close(self.open.pop())
        elif self.open[-1].otherwise:
            self._slip(f"`{self.open[-1].condition.written}` has a second `{{else}}`.", _NEST)
        else:
            self.open[-1].otherwise = True

    def _close(self, phrase: _Phrase) -> None:
        if phrase.empty:
            what = f"`{phrase.condition.written}` has no words before its `{{end}}`."
            self._slip(what, "Write the words that it shows, or remove both.")

    # -------------------------------------------------------------------------------------------------- the conditions

    def _if(self, start: int, behind: int) -> bool:
        self.place = behind
        clauses: list[Clause] = []
        failure: _TagError | None = None
        try:
            clauses = self._clauses()
        except _TagError as failed:
            failure, rest = failed, self._take(_REST)
            if not rest or not rest["closed"]:
                self.place = start
                return False
        written = " ".join(self.text[start : self.place].split())
        self._add_words()
        if failure:
            what, remedy = failure.args
            self._slip(f"`{written}` {what}", remedy)
        self._open(Condition(written, tuple(clauses), tuple(each.guard for each in self.open)))
        return True

    def _open(self, condition: Condition) -> None:
        if len(self.open) == DEEPEST:
            if not self.ignored:
                what = f"`{condition.written}` is more than {DEEPEST} phrases deep."
                self._slip(what, "Join conditions with `and`, or write the phrases one after another.")
            self.ignored += 1
            return
        if not self.open:
            self.reading.segments.append([])
        self.reading.conditions.append(condition)
        self.open.append(_Phrase(condition))

    def _clauses(self) -> list[Clause]:
        if self._take(_CLOSING):
            self.place -= 1
            raise _TagError("has no condition.", _WRITE_CLAUSE)
        clauses = []
        while True:
            clause = self._take(_CLAUSE)
            if not clause:
                raise _TagError("has a condition that cannot be read.", f"{_WRITE_CLAUSE} {_MARKS}")
            levels, stop = self._levels()
            clauses.append(Clause(clause["factor"], tuple(levels), bool(clause["not"])))
            if stop == "}":
                return clauses

    def _levels(self) -> tuple[list[str], str]:
        """The levels up to the end of the clause, and what ends it: `and` or the brace."""
        levels = [self._level()]
        while True:
            if self._take(_CLOSING):
                return levels, "}"
            joined = self._take(_JOINED)
            if not joined:
                raise _TagError("has words behind a level in quotation marks.", f"{_WRITE_CLAUSE} {_MARKS}")
            if joined["word"] == "and":
                return levels, "and"
            levels.append(self._level())

    def _level(self) -> str:
        if quoted := self._take(_QUOTED):
            return quoted["level"].replace('""', '"')
        if _QUOTE.match(self.text, self.place):
            raise _TagError("has a quotation mark without a partner.", f'{_MARKS} Write `""` for one within it.')
        start = end = self.place
        while (word := _WORD.match(self.text, self.place)) and not _JOINED.match(self.text, self.place):
            start = word.start("word") if start == end else start
            end = self.place = word.end()
        if start == end:
            raise _TagError("names no level where one belongs.", f"{_WRITE_CLAUSE} {_MARKS}")
        return " ".join(each.strip() for each in self.text[start:end].split("\n"))


def _list_slips(written: str, joiner: Joiner, names: list[str]) -> Iterator[Slip]:
    unread = [each for each in names if not re.fullmatch(NAME, each)]
    if unread:
        gaps = "a gap between two commas" if "" in unread else ", ".join(f"`{each}`" for each in unread)
        yield f"`{written}` has {gaps} where a factor belongs.", f"Write `{{{joiner} factor, factor}}`."
    elif not names:
        yield f"`{written}` lists no factor.", f"Write `{{{joiner} factor, factor}}`."
    elif len(names) == 1:
        yield f"`{written}` lists only one factor.", f"Write `{{{names[0]}}}`, or add another."
    for each in dict.fromkeys(names):
        if each and names.count(each) > 1:
            yield f"`{written}` lists `{each}` twice.", "Remove one of them."

"""Faults that one can see in a text without knowing what it means: what a copy editor marks."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from vignetta.design.proofs.reading import is_abbreviation
from vignetta.design.texts.articles import begins_with_vowel_sound
from vignetta.design.texts.languages import is_english

TextFault = Literal["placeholder", "spacing", "repeated word", "punctuation", "full stop", "article", "capital"]


@dataclass(frozen=True)
class Fault:
    """One fault of a text, from the character at `start` to the one before `end`."""

    kind: TextFault
    start: int
    end: int
    what: str
    remedy: str


def faults(text: str, language: str) -> list[Fault]:
    """Every fault of a text, in the order of the finders; articles are looked at in English only."""
    finders = [*_FINDERS, _articles] if is_english(language) else _FINDERS
    return [each for finder in finders for each in finder(text, language)]


# ------------------------------------------------------------------------------------------ signs, spaces and words

_PLACEHOLDER: Final = re.compile(
    r"[{}]+[^{}\s]*[{}]*|<<|>>|\[(?:insert|placeholder)\b|\b(?:TODO|TBD|XXX+|lorem ipsum)\b", re.I
)
_SPACES: Final = re.compile(r"[ \t\u00a0]{2,}|[\t\u200b\ufeff]")
_REPEATED: Final = re.compile(r"\b([^\W\d_]+)\s+\1\b", re.I)
_BLANK_LINE: Final = re.compile(r"\n\s*\n")
_TWICE_IN_GOOD_ENGLISH: Final = frozenset(("had", "that"))


def _placeholders(text: str, language: str) -> Iterator[Fault]:
    for each in _PLACEHOLDER.finditer(text):
        remedy = "Write the words that belong there; `{factor}` is filled in the template only."
        yield Fault("placeholder", *each.span(), "a placeholder was left over", remedy)


def _spaces(text: str, language: str) -> Iterator[Fault]:
    for each in _SPACES.finditer(text):
        yield Fault("spacing", *each.span(), "more than one space, or a space that cannot be seen", "Leave one space.")


def _repeated_words(text: str, language: str) -> Iterator[Fault]:
    for each in _REPEATED.finditer(text):
        if each[1].lower() not in _TWICE_IN_GOOD_ENGLISH and not _BLANK_LINE.search(each[0]):
            yield Fault("repeated word", *each.span(), "a word stands twice", "Remove one of them.")


_DOUBLED: Final = re.compile(r"[.,;:!?…]{2,}")
_DOUBLED_ON_PURPOSE: Final = frozenset(("...", "?!", "!?", "!!", "!!!", "??", "???"))
_SPACED: Final = re.compile(r"(?:(?<=\S)\s+|^)[.,;:!?](?=[\s\"”’)]|$)")
_CRAMPED: Final = re.compile(r"[^\W\d_][,;:!?][^\W\d_]|[^\W\d_]{2}\.[A-Z][^\W\d_]")
_FRENCH_SPACED: Final = ";:!?"


def _punctuation(text: str, language: str) -> Iterator[Fault]:
    for each in _DOUBLED.finditer(text):
        after_abbreviation = each[0][0] == "." and is_abbreviation(text, each.start()) and each[0][1:] in (*",;:?!",)
        if each[0] not in _DOUBLED_ON_PURPOSE and not after_abbreviation:
            yield Fault("punctuation", *each.span(), f"two marks in a row (`{each[0]}`)", "Leave one of them.")
    for each in _SPACED.finditer(text):
        if not (language.lower().startswith("fr") and each[0][-1] in _FRENCH_SPACED):
            yield Fault("punctuation", *each.span(), "a space before a punctuation mark", "Remove the space.")
    for each in _CRAMPED.finditer(text):
        yield Fault("punctuation", *each.span(), "no space after a punctuation mark", "Add the space.")


_LINE_MARK: Final = re.compile(r"\s*(?:[-*•–]\s|\d+[.)]\s|(?:[\w’'-]+ ){0,2}[\w’'-]+:\s)")
_PARAGRAPH_END: Final = re.compile(r"\S(?=\s*(?:\n\s*\n|\Z))")
_ENDING: Final = re.compile(r"[.!?…:][\"”’'»)\]]*$")
_SENTENCE_START: Final = re.compile(
    r"(?:\A\s*|\n\s*\n\s*|(?P<stop>[.!?])[\"”’'»)\]]*\s+)[\"“‘'«¿¡(\[]*(?P<first>[^\W\d_])"
)


def _full_stops(text: str, language: str) -> Iterator[Fault]:
    """A paragraph that does not end as a sentence; lines of a list and lines as `Regime: ...` need not."""
    for each in _PARAGRAPH_END.finditer(text):
        line = text[text.rfind("\n", 0, each.start()) + 1 : each.end()]
        if not _ENDING.search(line) and not _LINE_MARK.match(line):
            yield Fault("full stop", *each.span(), "a sentence ends without a full stop", "Add it.")


def _capitals(text: str, language: str) -> Iterator[Fault]:
    for each in _SENTENCE_START.finditer(text):
        abbreviated = each["stop"] == "." and (
            is_abbreviation(text, each.start("stop"))
            or text[max(0, each.start("stop") - 2) : each.start("stop")] == ".."
        )
        if each["first"].islower() and not abbreviated:
            start = each.start("stop") if each["stop"] else each.start("first")
            yield Fault("capital", start, each.end(), "a sentence begins without a capital letter", "Write one.")


_FINDERS: Final[list[Callable[[str, str], Iterator[Fault]]]] = [
    _placeholders,
    _spaces,
    _repeated_words,
    _punctuation,
    _full_stops,
    _capitals,
]


# --------------------------------------------------------------------------------------------------------- articles

_ARTICLE: Final = re.compile(
    r"(?:(?<![\w’'.-])(?P<small>an?)|(?:\A\s*|[.!?\n][\"”’)]*\s+)[\"“‘'(]*(?P<first>An?))"
    r"\s+[\"“‘'«(]*(?P<word>[^\W_][\w’'-]*(?:,\d+)*)"
)
_NO_NOUN_FOLLOWS: Final = frozenset(("and", "or", "to", "is"))


def _articles(text: str, language: str) -> Iterator[Fault]:
    for each in _ARTICLE.finditer(text):
        article, word = (each["small"] or each["first"]), each["word"]
        start = each.start("small") if each["small"] else each.start("first")
        vowel = begins_with_vowel_sound(word)
        fits = vowel is None or vowel == (article.lower() == "an")
        if fits or word.lower() in _NO_NOUN_FOLLOWS or _BLANK_LINE.search(text, start, each.end("word")):
            continue
        remedy = "Write `an`." if vowel else "Write `a`."
        yield Fault("article", start, each.end("word"), "the article does not fit the next word", remedy)

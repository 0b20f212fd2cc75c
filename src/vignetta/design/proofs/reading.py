"""Words, sentences and syllables of a text, and the school grade that reading it takes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

WORD: Final = re.compile(r"[^\W_]+(?:[’'-][^\W_]+|(?<=\d)[.,]\d+|\.[A-Za-z]\b)*")
"""A run of letters or digits; an apostrophe, a hyphen, a decimal point or the points of `U.S.` do not end it."""
SENTENCE_END: Final = re.compile(r"[.!?…]+[\"”’'»)\]]*(?=\s|$)")
ABBREVIATIONS: Final = frozenset(("mr", "mrs", "ms", "dr", "prof", "st", "vs", "etc", "approx", "gen", "sen"))
_LAST_TOKEN: Final = re.compile(r"[\w.]+$")
_INITIALS: Final = re.compile(r"(?:[A-Za-z]\.)+[A-Za-z]")
_VOWELS: Final = re.compile(r"[aeiouy]+")
_SILENT: Final = re.compile(r"(?:[^aeiouytd]ed|[^aeiouyscgxzh]es|[^aeiouyl]e|[aeiouy]le)$")


@dataclass(frozen=True)
class Measure:
    """How many words, sentences and syllables a text has; measures of parts add up to that of the whole."""

    words: int = 0
    sentences: int = 0
    syllables: int = 0

    def __add__(self, other: "Measure") -> "Measure":
        return Measure(self.words + other.words, self.sentences + other.sentences, self.syllables + other.syllables)

    def __sub__(self, other: "Measure") -> "Measure":
        return Measure(self.words - other.words, self.sentences - other.sentences, self.syllables - other.syllables)

    @property
    def grade(self) -> float:
        """The reading grade of Kincaid, Fishburne, Rogers and Chissom (1975), in years of school in the US.

        0.39 (words / sentences) + 11.8 (syllables / words) − 15.59; 0 for a text without words. Made for English.
        """
        if not self.words:
            return 0.0
        return 0.39 * self.words / max(self.sentences, 1) + 11.8 * self.syllables / self.words - 15.59


@cache
def measure(text: str) -> Measure:
    """Count a text.

    >>> measure("The ally is a democracy. It refused.")
    Measure(words=7, sentences=2, syllables=12)
    """
    found = WORD.findall(text)
    return Measure(len(found), len(list(sentences(text))), sum(map(syllables, found)))


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text, each with its end; the blank lines between paragraphs end one too."""
    for paragraph in re.split(r"\n\s*\n", text):
        start = 0
        for end in [*sentence_ends(paragraph), len(paragraph)]:
            if WORD.search(paragraph, start, end):
                yield paragraph[start:end].strip()
            start = end


def sentence_ends(text: str) -> list[int]:
    """Where sentences end: behind a full stop, question or exclamation mark that does not belong to an abbreviation."""
    return [each.end() for each in SENTENCE_END.finditer(text) if not is_abbreviation(text, each.start())]


def is_abbreviation(text: str, stop: int) -> bool:
    """Whether the full stop at a position belongs to a word such as `U.S.` or `Dr.`"""
    before = _LAST_TOKEN.search(text, max(0, stop - 20), stop)
    if text[stop] != "." or not before:
        return False
    return before[0].lower() in ABBREVIATIONS or bool(_INITIALS.fullmatch(before[0]))


@cache
def syllables(word: str) -> int:
    """Syllables of an English word by its spelling.

    One for each run of vowels (y is one), none for the silent endings `e`, `es` and `ed`, one for each digit and each
    letter of an abbreviation of up to three capitals, at least one. It errs on some words, in every level alike.

    >>> [syllables(each) for each in ("democracy", "refused", "treaties", "US", "table", "well-known")]
    [4, 2, 2, 2, 2, 2]
    """
    return sum(_syllables(each) for each in re.split(r"[-.]", word) if each)


def _syllables(part: str) -> int:
    if part.isupper() and len(part) <= 3:
        return len(part)
    digits = sum(each.isdigit() for each in part)
    runs = len(_VOWELS.findall(part.lower())) - bool(_SILENT.search(part.lower()))
    return max(1, runs + digits)

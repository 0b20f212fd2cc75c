"""The indefinite article of English: `a` or `an` by the sound that follows."""

import re
import unicodedata
from typing import Final

_FIRST_WORD: Final = re.compile(r"[\W_]*(?P<word>[^\W_][\w’'-]*(?:,\d+)*)")
_LONG_U: Final = re.compile(
    r"(?:uni(?![nm]|d(?!i)|ss)|unim(?:$|ob)|unan|us[aeu]|ut[aeio](?!$)|ubi|ur[aeiou]|uk|ugand|u[lf]ys|eu|ew|ufo|u$)"
)
_SPOKEN_ONE: Final = re.compile(r"(?:one(?:s|self|time|-.*)?|once(?:-.*)?|ouija)$")
_SILENT_H: Final = re.compile(r"(?:hour|honest|honou?r|heir(?!arch))")
_EITHER: Final = re.compile(r"(?:histor|herb|hotel|habitual|hallucin)")
_LETTERS_SAID_WITH_VOWEL: Final = "AEFHILMNORSX"


def with_article(text: str) -> str:
    """The text behind `a` or `an`, by its first word; `a` where both are heard (`a historic`), nothing before nothing.

    >>> [with_article(each) for each in ("autocracy", "European state", "“honest” ally", "")]
    ['an autocracy', 'a European state', 'an “honest” ally', '']
    """
    if not text:
        return ""
    first = _FIRST_WORD.match(text)
    vowel = first and begins_with_vowel_sound(first["word"])
    return f"{'an' if vowel else 'a'} {text}"


def begins_with_vowel_sound(word: str) -> bool | None:
    """Whether an English word begins with a vowel as it is spoken; None where both are heard.

    By the first letter, but for long u (`European`, `use`), `one`, silent h (`hour`), numbers (8, 11, 18) and
    abbreviations, which are spelt out (`US`, `MP`) unless they may be a word (`NATO`).

    >>> [begins_with_vowel_sound(each) for each in ("ally", "hour", "émigré", "8", "MP", "EU")]
    [True, True, True, True, True, True]
    >>> [begins_with_vowel_sound(each) for each in ("European", "US", "union", "one-time", "UN", "treaty")]
    [False, False, False, False, False, False]
    >>> begins_with_vowel_sound("unimportant"), begins_with_vowel_sound("historic")
    (True, None)
    """
    if word[0].isdigit():
        return _number_begins_with_vowel(word)
    part = re.split(r"[-’']", word)[0]
    if part.isupper():
        return _abbreviation_begins_with_vowel(part)
    small = unicodedata.normalize("NFD", word.lower())
    if _EITHER.match(small):
        return None
    if _SILENT_H.match(small):
        return True
    return small[0] in "aeiou" and not _LONG_U.match(small) and not _SPOKEN_ONE.match(small)


def _number_begins_with_vowel(word: str) -> bool | None:
    groups = re.match(r"[\d,]+", word)
    digits = groups[0].split(",") if groups else [word]
    if digits[0][:2] in ("11", "18") and len(digits) == 1 and len(digits[0]) == 4:
        return None
    return digits[0][0] == "8" or digits[0] in ("11", "18")


def _abbreviation_begins_with_vowel(letters: str) -> bool | None:
    if letters[0] in "FHLMNRSX" and len(letters) > 2 and set(letters[1:]) & set("AEIOUY"):
        return None
    return letters[0] in _LETTERS_SAID_WITH_VOWEL

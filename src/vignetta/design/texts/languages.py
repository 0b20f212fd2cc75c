"""What a text has to know of its language: words for lists, capital and small letters, where a line begins."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal

Joiner = Literal["and", "or"]
RIGHT_TO_LEFT: Final = frozenset(("ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"))
"""Languages that are read from the right."""

LIST_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "bg": ("и", "или"),
    "ca": ("i", "o"),
    "cs": ("a", "nebo"),
    "da": ("og", "eller"),
    "de": ("und", "oder"),
    "el": ("και", "ή"),
    "en": ("and", "or"),
    "es": ("y", "o"),
    "et": ("ja", "või"),
    "fi": ("ja", "tai"),
    "fr": ("et", "ou"),
    "hr": ("i", "ili"),
    "hu": ("és", "vagy"),
    "id": ("dan", "atau"),
    "it": ("e", "o"),
    "lt": ("ir", "arba"),
    "lv": ("un", "vai"),
    "nb": ("og", "eller"),
    "nl": ("en", "of"),
    "nn": ("og", "eller"),
    "no": ("og", "eller"),
    "pl": ("i", "lub"),
    "pt": ("e", "ou"),
    "ro": ("și", "sau"),
    "ru": ("и", "или"),
    "sk": ("a", "alebo"),
    "sl": ("in", "ali"),
    "sv": ("och", "eller"),
    "tr": ("ve", "veya"),
    "uk": ("і", "або"),
    "vi": ("và", "hoặc"),
}
"""The words for `and` and `or` of the languages that join a list with a word of its own."""

_SPANISH_I: Final = re.compile(r"[\W_]*(?:[ií]|h[ií](?![aeo]))", re.IGNORECASE)
_SPANISH_O: Final = re.compile(r"[\W_]*(?:h?[oó]|8|11(?!\d))", re.IGNORECASE)
_FIRST_WORD: Final = re.compile(r"(?P<before>[\W_]*)(?P<word>\w.*)", re.DOTALL)
_CAPITALS: Final[Mapping[str, Mapping[str, str]]] = {
    "nl": {"ij": "IJ"},
    "tr": {"i": "İ", "ı": "I"},
}
"""Letters whose capital is another one than elsewhere."""


def main_part(language: str) -> str:
    """The language of a code, without its region: `en` of `en-GB`."""
    return re.split(r"[-_]", language.lower())[0]


def is_english(language: str) -> bool:
    """Whether a language code such as `en` or `en-GB` is English."""
    return main_part(language) == "en"


def listed(texts: Sequence[str], joiner: Joiner, language: str) -> str:
    """The texts as a list in the language, with a comma before the last in English only; empty texts are left out.

    Raises `KeyError` for a language that is not in `LIST_WORDS`.

    >>> listed(["land", "", "sea"], "and", "en"), listed(["land", "sea", "air"], "or", "en")
    ('land and sea', 'land, sea, or air')
    >>> listed(["Land", "See", "Luft"], "and", "de"), listed(["plata", "oro"], "or", "es")
    ('Land, See und Luft', 'plata u oro')
    """
    *first, last = [each for each in texts if each] or [""]
    if not first:
        return last
    comma = "," if is_english(language) and len(first) > 1 else ""
    return f"{', '.join(first)}{comma} {_word(joiner, main_part(language), last)} {last}"


def _word(joiner: Joiner, language: str, following: str) -> str:
    """The joining word; in Spanish by the sound that follows (`padres e hijos`, `plata u oro`)."""
    if language == "es" and joiner == "and" and _SPANISH_I.match(following):
        return "e"
    if language == "es" and joiner == "or" and _SPANISH_O.match(following):
        return "u"
    return LIST_WORDS[language][joiner == "or"]


def with_capital(text: str, language: str) -> str:
    """The text with its first letter capital; signs before the first word and a number in its place stay.

    >>> with_capital("“big” ally", "en"), with_capital("3 ships", "en"), with_capital("ijs", "nl")
    ('“Big” ally', '3 ships', 'IJs')
    """
    return _with_first_letter(text, _CAPITALS.get(main_part(language), {}), str.title)


def with_small(text: str, language: str) -> str:
    """The text with its first letter small.

    >>> with_small("Big ally", "en"), with_small("Ijs", "nl"), with_small("Irak", "tr")
    ('big ally', 'ijs', 'ırak')
    """
    smalls = {capital: small for small, capital in _CAPITALS.get(main_part(language), {}).items()}
    return _with_first_letter(text, smalls, str.lower)


def _with_first_letter(text: str, special: Mapping[str, str], change: Callable[[str], str]) -> str:
    found = _FIRST_WORD.match(text)
    if not found:
        return text
    before, word = found["before"], found["word"]
    for letters, changed in special.items():
        if word.startswith(letters):
            return before + changed + word[len(letters) :]
    return before + change(word[0]) + word[1:]

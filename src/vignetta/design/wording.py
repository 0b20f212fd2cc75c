"""The template of a vignette: words with `{factor}` where the text of the respondent's level goes."""

import re
from collections.abc import Mapping

_PART = re.compile(r"\{\{|\}\}|\{(?P<name>[A-Za-z]\w*)\}|(?P<stray>[{}])")


def placeholders(template: str) -> list[str]:
    """The names in braces, in the order of their first use.

    >>> placeholders("The ally {action}. It is {regime}; {{literal}}.")
    ['action', 'regime']
    """
    return list(dict.fromkeys(part["name"] for part in _PART.finditer(template) if part["name"]))


def stray_braces(template: str) -> list[int]:
    """Positions of braces that belong to no placeholder; a literal brace is written twice."""
    return [part.start() for part in _PART.finditer(template) if part["stray"]]


def fill(template: str, texts: Mapping[str, str]) -> str:
    """The template with each placeholder replaced by its text; nothing in a text is read as a placeholder.

    Raises `KeyError` for a placeholder without a text.

    >>> fill("The ally {action}.", {"action": "refused to send troops"})
    'The ally refused to send troops.'
    """

    def part(match: re.Match[str]) -> str:
        return texts[match["name"]] if match["name"] else match[0][0]

    return _PART.sub(part, template)

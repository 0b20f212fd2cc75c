"""What personal data look like in a text: forms, and for each a simpler sign without which no text can hold it."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import pyarrow as pa

from vignetta.cleaning.distinct import Flags, holding

_OCTET: Final = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_GROUP: Final = r"[0-9A-Fa-f]{1,4}"
_STREET: Final = (
    r"Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Way|Place|Pl|Square|Sq|Terrace|Close"
    r"|Crescent|Highway|Hwy|Parkway|Pkwy"
)
_GERMANIC: Final = r"straat|laan|weg|plein|gracht|kade|straße|strasse|gasse|platz|allee"
_CAPITAL: Final = r"[A-ZÀ-ÖØ-Þ][\w'’-]+"

FORMS: Final[Mapping[str, re.Pattern[str]]] = {
    "web address": re.compile(r"(?i)\b(?:https?://|www\.)[^\s\"<>]*[^\s\"<>.,;:!?)]"),
    "e-mail": re.compile(
        r"(?i)[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"
        r"|[\w.+%-]+\s*[\[({]\s*at\s*[\])}]\s*[\w-]+(?:\s*(?:\.|[\[({]\s*dot\s*[\])}])\s*[\w-]+)+"
        r"|[\w.+%-]+ at [\w-]+ dot [\w-]+(?: dot [\w-]+)*"
    ),
    "panel id": re.compile(
        r"(?i)(?<![\w-])(?:[0-9a-f]{24}|[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![\w-])"
        r"|(?-i:(?<!\w)A(?=[A-Z]*\d)[0-9A-Z]{12,13}(?!\w))"
    ),
    "bank account": re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)"),
    "coordinates": re.compile(
        r"(?<![\d.])[+-]?\d{1,2}[.]\d{3,}\s*°?\s*[NS]?\s*[,;/ ]\s*[+-]?\d{1,3}[.]\d{3,}(?:\s*°?\s*[EW](?!\w))?(?!\.?\d)"
        r"|\d{1,3}\s*°\s*\d{1,2}\s*['’′][^,;\n]{0,12}?[NSEW](?!\w)"
    ),
    "IP address": re.compile(
        rf"(?<![\w./])(?:{_OCTET}\.){{3}}{_OCTET}(?!\.?\w)"
        rf"|(?<![\w:])(?:(?:{_GROUP}:){{7}}{_GROUP}|(?:{_GROUP}:){{1,6}}(?::{_GROUP}){{1,6}})(?![\w:])"
    ),
    "social security number": re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])"),
    "phone number": re.compile(
        r"(?<![\w+.])(?:\+|00)[1-9](?:[ ./()-]{0,2}\d){7,14}(?!\d)"
        r"|(?<![\w+.-])(?:1[ .-])?(?:\(\d{3}\)|\d{3})[ .-]{1,2}\d{3}[ .-]\d{4}(?![\w-])"
        r"|(?<![\w+.-])(?:\(0[1-9]\d{0,3}\)|0[1-9])(?:[ ./()-]{0,2}\d){7,10}(?![\w-])"
    ),
    "long number": re.compile(r"(?<![\w.,])\d(?:[ -]?\d){8,18}(?![\w.,]\d|\w)"),
    "street address": re.compile(
        rf"(?<!\w)\d{{1,5}}[A-Za-z]?\s+(?:(?:{_CAPITAL}|\d+(?:st|nd|rd|th))\s+){{1,4}}(?:{_STREET})(?!\w)\.?"
        rf"|(?<!\w)(?:{_CAPITAL}\s+){{0,2}}[A-ZÀ-ÖØ-Þ][\w'’-]*(?:{_GERMANIC})\s+\d{{1,4}}\s?[a-zA-Z]?(?!\w)"
        r"|(?<!\w)[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2}(?!\w)"
        r"|(?i:(?<!\w)P\.?\s?O\.?\s?Box\s+\d+)"
    ),
    "name": re.compile(
        rf"(?i:(?<!\w)(?:my|the) (?:full |first |last )?name(?: is|['’]s|:)\s+|(?<!\w)(?:mr|mrs|ms|dr|prof)\.?\s+)"
        rf"{_CAPITAL}(?:\s+{_CAPITAL}){{0,3}}"
    ),
    "account name": re.compile(r"(?<![\w@.])@[A-Za-z_][\w.]*\w\w"),
}
"""What personal data look like, the most certain first. Long numbers are looked for in respondents' own words alone."""
CERTAIN: Final = ("e-mail", "panel id", "coordinates", "IP address", "phone number")

_BLANK: Final = r"[\s\v\x1c-\x1f\x{85}\p{Z}]"
_UPPER: Final = "[A-ZÀ-ÖØ-Þ]"
_DIGITS: Final = r"\p{Nd}(?:[ ./()-]{0,3}\p{Nd}){7}"
SIGNS: Final[Mapping[str, str]] = {
    "web address": r"://|[wW]{3}\.",
    "e-mail": r"@|[\[({][^A-Za-z]*[aA][tT]| [dD][oO][tT] ",
    "panel id": r"[0-9a-fA-F]{8}|A[0-9A-Z]{12}",
    "bank account": r"[A-Z]{2}\p{Nd}{2}",
    "coordinates": r"\p{Nd}[.]\p{Nd}{3}|°",
    "IP address": r"\p{Nd}\.\p{Nd}{1,3}\.\p{Nd}|[0-9A-Fa-f]:(?:[0-9A-Fa-f]{1,4})?:",
    "social security number": r"\p{Nd}{3}-\p{Nd}{2}-\p{Nd}{4}",
    "phone number": _DIGITS,
    "long number": _DIGITS,
    "street address": (
        rf"\p{{Nd}}[A-Za-z]?{_BLANK}+(?:{_UPPER}|\p{{Nd}})|(?:{_GERMANIC}){_BLANK}+\p{{Nd}}"
        rf"|\p{{Nd}}[A-Z\p{{Nd}}]?{_BLANK}\p{{Nd}}[A-Z]|[bB][oO][xX]{_BLANK}+\p{{Nd}}"
    ),
    "name": (
        rf"[nN][aA][mM][eE](?: ..|['’].|:){_BLANK}+{_UPPER}"
        rf"|(?:^|[^A-Za-z])(?:[mM][rR]|[mM][rR][sSſ]|[mM][sSſ]|[dD][rR]|[pP][rR][oO][fF])\.?{_BLANK}+{_UPPER}"
    ),
    "account name": r"@[A-Za-z_]",
}
"""For each form what RE2, which reads a whole column at once, finds in every text that holds it, and in few others."""


def may_hold(texts: pa.Array, forms: Sequence[str] = tuple(FORMS)) -> Flags:
    """Which texts have the sign of some form; no form is in the others."""
    return holding(texts, "|".join(f"(?:{sign})" for sign in dict.fromkeys(SIGNS[each] for each in forms)))


def redact_text(text: str, forms: Sequence[str] = tuple(FORMS)) -> tuple[str, tuple[str, ...]]:
    """A text without what has the form of personal data, and the kinds that were found.

    >>> redact_text("Write to jo@example.org or +31 6 1234 5678.")
    ('Write to [e-mail] or [phone number].', ('e-mail', 'phone number'))
    """
    kinds = []
    for kind in forms:
        text, n = FORMS[kind].subn(f"[{kind}]", text)
        kinds += [kind] * bool(n)
    return text, tuple(kinds)

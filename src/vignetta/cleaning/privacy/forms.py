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
_MONTH: Final = "jan|feb|mar|mär|apr|ma[iy]|mei|jun|jul|aug|sep|o[ck]t|nov|de[cz]"
_NETWORK: Final = "instagram|insta|snapchat|tiktok|telegram|discord|twitter|facebook|reddit|skype|youtube"
_ROUND: Final = r"\d{1,6}(?:[ ]?000){2,}(?![\d-]| \d)"
"""Amounts of millions."""
_YEARS: Final = r"(?:(?:1[5-9]|20)\d\d[ -]){2,}|(?:19|20)\d\d-[01]\d-[0-3]\d "
"""Years in a row, and dates before a time of day."""

FORMS: Final[Mapping[str, re.Pattern[str]]] = {
    "web address": re.compile(
        r"(?i)\b(?:https?://|www\.)[^\s\"<>]*[^\s\"<>.,;:!?)]"
        r"|(?<![\w@.-])(?:[a-z0-9-]+\.)+(?:[a-z]{2,3}|info)/[^\s\"<>]*[^\s\"<>.,;:!?)]"
    ),
    "e-mail": re.compile(
        r"(?i)[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"
        r"|[\w.+%-]+\s*[\[({]\s*at\s*[\])}]\s*[\w-]+(?:\s*(?:\.|[\[({]\s*dot\s*[\])}])\s*[\w-]+)+"
        r"|[\w.+%-]+(?: dot [\w-]+)* at (?!the |an? )[\w-]+ dot [\w-]+(?: dot [\w-]+)*"
    ),
    "panel id": re.compile(
        r"(?i)(?<![\w-])(?:[0-9a-f]{24}|[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![\w-])"
        r"|(?-i:(?<!\w)A(?=[A-Z]*\d)[0-9A-Z]{12,13}(?!\w))"
    ),
    "bank account": re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)"),
    "coordinates": re.compile(
        r"(?<![\d.])[+-]?\d{1,2}[.]\d{3,}\s*°?\s*[NS]?\s*[,;/ ]\s*[+-]?\d{1,3}[.]\d{3,}(?:\s*°?\s*[EW](?!\w))?(?!\.?\d)"
        r"|(?i:\blat(?:itude)?\W{1,3}-?\d{1,2}[.]\d+\W{1,4}lo?ng?(?:itude)?\W{1,3}-?\d{1,3}[.]\d+)"
        r"|\d{1,3}\s*°\s*\d{1,2}\s*['’′][^,;\n]{0,12}?[NSEW](?!\w)"
    ),
    "IP address": re.compile(
        rf"(?<![\w./])(?:{_OCTET}\.){{3}}{_OCTET}(?!\.?\w)"
        rf"|(?<![\w:])(?:[0-9A-Fa-f]{{2}}[:-]){{5}}[0-9A-Fa-f]{{2}}(?![\w:-])"
        rf"|(?<![\w:])(?=[\dA-Fa-f:]*[\dA-Fa-f]{{3}})(?:(?:{_GROUP}:){{7}}{_GROUP}|(?:{_GROUP}:){{1,6}}(?::{_GROUP}){{1,6}})(?![\w:])"
    ),
    "social security number": re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])"),
    "phone number": re.compile(
        r"(?<![\w+.])(?:\+|00)[1-9](?:[ ./()-]{0,2}\d){7,14}(?!\d)"
        r"|(?<![\w+.-])(?:1[ .-])?(?:\(\d{3}\)|\d{3})[ .-]{1,2}\d{3}[ .-]\d{4}(?![\w-])"
        r"|(?i:(?<!\w)(?:(?:tele|cell ?)?phone|tel|mobile|whatsapp|call me(?: at)?)\W{1,3}\d(?:[ .-]?\d){5,14}(?!\w))"
        r"|(?<![\w+.-])(?:\(0[1-9]\d{0,3}\)|0[1-9])(?:[ ./()-]{0,2}\d){7,10}(?![\w-])"
    ),
    "birth date": re.compile(
        r"(?i)\b(?:born(?: on)?|birth ?day|(?:date of )?birth|dob|geboren(?: am| op)?)\W{1,3}(?:(?:is|was|am|op|on) )?"
        r"(?:\d{1,4}[./-]\d{1,2}[./-]\d{1,4}"
        rf"|\d{{1,2}}(?:st|nd|rd|th|\.)? (?:of )?(?:{_MONTH})[a-z]{{0,7}}\.? \d{{4}}"
        rf"|(?:{_MONTH})[a-z]{{0,7}}\.? \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}})"
    ),
    "long number": re.compile(rf"(?<![\w.,])(?!{_ROUND}|{_YEARS})\d(?:[ -]?\d){{8,18}}(?![\w.,]\d|\w)"),
    "street address": re.compile(
        rf"(?<!\w)\d{{1,5}}[A-Za-z]?\s+(?:(?:{_CAPITAL}|[NSEW]\.?|\d+(?:st|nd|rd|th))\s+){{1,4}}(?:{_STREET})(?!\w)\.?"
        rf"|(?<!\w)(?:{_CAPITAL}\s+){{0,2}}[A-ZÀ-ÖØ-Þ][\w'’-]*(?:{_GERMANIC})\s+\d{{1,4}}\s?[a-zA-Z]?(?!\w)"
        rf"|(?<!\w)[A-ZÀ-ÖØ-Þ][\w-]+str\.\s?\d{{1,4}}\s?[a-zA-Z]?(?!\w)"
        rf"|(?<!\w)\d{{1,4}},? (?i:rue|avenue|boulevard|place|chemin) (?:(?:de|du|des|la|les?) |[ld]['’])*{_CAPITAL}"
        rf"|(?<!\w)(?:Calle|Avenida|Via|Viale|Piazza|Plaza|Rua|Ulica) (?:{_CAPITAL} ){{1,3}}\d{{1,4}}(?!\w)"
        r"|(?<!\w)[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2}(?!\w)"
        r"|(?i:(?<!\w)P\.?\s?O\.?\s?Box\s+\d+)"
    ),
    "name": re.compile(
        rf"(?i:(?<!\w)(?:my|the) (?:full |first |last )?name(?: is|['’]s|:)\s+|(?<!\w)(?:mr|mrs|ms|dr|prof)\.?\s+"
        rf"|(?<!\w)i(?:['’]m| am) called\s+)"
        rf"{_CAPITAL}(?:\s+{_CAPITAL}){{0,3}}"
    ),
    "account name": re.compile(
        r"(?<![\w@.])@[A-Za-z_][\w.]*\w\w"
        rf"|(?i:(?<!\w)(?:{_NETWORK})(?: (?:account|handle|name|id|user|username))?(?: is |: ?))"
        r"(?=[\w.-]*(?:\d|\w[._]\w\w))[A-Za-z_][\w.-]*\w"
        r"|(?<!\w)[A-Za-z_][\w.]{1,30}#\d{4}(?!\w)"
        r"|(?<![\w/])/?u/[A-Za-z0-9_-]{3,20}(?![\w/])"
    ),
}
"""What personal data look like, the most certain first. Long numbers are looked for in respondents' own words alone."""
CERTAIN: Final = ("e-mail", "panel id", "coordinates", "IP address", "phone number")

_BLANK: Final = r"[\s\v\x1c-\x1f\x{85}\p{Z}]"
_UPPER: Final = "[A-ZÀ-ÖØ-Þ]"
_DIGITS: Final = r"\p{Nd}(?:[ ./()-]{0,3}\p{Nd}){7}"
SIGNS: Final[Mapping[str, str]] = {
    "web address": r"://|[wW]{3}\.|\.[^./]{2,4}/",
    "e-mail": r"@|[\[({][^A-Za-z]*[aA][tT]| [dD][oO][tT] ",
    "panel id": r"[0-9a-fA-F]{8}|A[0-9A-Z]{12}",
    "bank account": r"[A-Z]{2}\p{Nd}{2}",
    "coordinates": r"\p{Nd}[.]\p{Nd}{3}|°|[lL][oO]?[nN](?s:.{0,13})\p{Nd}[.]\p{Nd}",
    "IP address": r"\p{Nd}\.\p{Nd}{1,3}\.\p{Nd}|[0-9A-Fa-f]:(?:[0-9A-Fa-f]{1,4})?:|(?:[0-9A-Fa-f]{2}[:-]){5}",
    "social security number": r"\p{Nd}{3}-\p{Nd}{2}-\p{Nd}{4}",
    "phone number": rf"{_DIGITS}|[eElLpPtT](?s:.{{1,3}})\p{{Nd}}(?:[ .-]?\p{{Nd}}){{5}}",
    "birth date": rf"\p{{Nd}}[./-]\p{{Nd}}{{1,2}}[./-]\p{{Nd}}|(?i:{_MONTH})[^ ]{{0,9}} \p{{Nd}}",
    "long number": _DIGITS,
    "street address": (
        rf"\p{{Nd}}[A-Za-z]?{_BLANK}+(?:{_UPPER}|\p{{Nd}})|(?:{_GERMANIC}){_BLANK}+\p{{Nd}}"
        rf"|\p{{Nd}}[A-Z\p{{Nd}}]?{_BLANK}\p{{Nd}}[A-Z]|[bB][oO][xX]{_BLANK}+\p{{Nd}}|str\.{_BLANK}?\p{{Nd}}"
        r"|\p{Nd},? (?:[rR][uU][eE]|[aA][vV][eE]|[bB][oO][uU][lL]|[pP][lL][aA]|[cC][hH][eE][mM])"
        rf"|(?:Calle|Avenida|Via|Viale|Piazza|Plaza|Rua|Ulica) {_UPPER}"
    ),
    "name": (
        rf"[nN][aA][mM][eE](?: ..|['’].|:){_BLANK}+{_UPPER}|[cC][aA][lL][lL][eE][dD]{_BLANK}+{_UPPER}"
        rf"|(?:^|[^A-Za-z])(?:[mM][rR]|[mM][rR][sSſ]|[mM][sSſ]|[dD][rR]|[pP][rR][oO][fF])\.?{_BLANK}+{_UPPER}"
    ),
    "account name": rf"@[A-Za-z_]|(?i:{_NETWORK})(?i: (?:account|handle|name|id|user|username))?(?i: is |:)"
    r"|#\p{Nd}{4}|u/[A-Za-z0-9_-]{3}",
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

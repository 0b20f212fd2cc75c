"""Personal data in respondents' words and in embedded fields: found by form, replaced by their kind, and listed."""

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from vignetta.codebook import Codebook, Variable
from vignetta.frames import REMOVED, frame

_OCTET: Final = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_GROUP: Final = r"[0-9A-Fa-f]{1,4}"
_STREET: Final = (
    r"Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Way|Place|Pl|Square|Sq|Terrace|Close"
    r"|Crescent|Highway|Hwy|Parkway|Pkwy"
)
_GERMANIC: Final = r"straat|laan|weg|plein|gracht|kade|straße|strasse|gasse|platz|allee"
_CAPITAL: Final = r"[A-ZÀ-ÖØ-Þ][\w'’-]+"
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
        r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}"
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
        rf"(?i:(?<!\w)(?:my|the) (?:full |first |last )?name(?: is|['’]s|:)\s+|(?<!\w)(?:mr|mrs|ms|dr|prof)\.?\s+)"
        rf"{_CAPITAL}(?:\s+{_CAPITAL}){{0,3}}"
    ),
    "account name": re.compile(r"(?<![\w@.])@[A-Za-z_][\w.]*\w\w"),
}
"""What personal data look like, the most certain first. Long numbers are looked for in respondents' own words alone."""
CERTAIN: Final = ("e-mail", "panel id", "coordinates", "IP address", "phone number")
OWN: Final = "known of the respondent"
COLUMN: Final = "column"
PSEUDONYM: Final = "pseudonym"
_IN_WORDS: Final = ("long number", "name", "street address", "account name")
"""Forms that fields set by a survey have by chance."""
_VERSIONS: Final = re.compile(r"(?i)browser|version|user.?agent|operating|device")
_OF_THE_PLATFORM: Final = ("record", "source")
"""Roles of texts that are the survey's own, in which a respondent's name stands by chance only."""
_RESPONSE: Final = r"R_[0-9A-Za-z]+"
_SHORTEST: Final = 3
_NAMED: Final = re.compile(
    r"(?i)(?:.*[_ ])?(?:e?_?mail|e-mail|email_?address|phone|phone_?number|mobile|telephone|ip|ip_?address|lat|latitude"
    r"|lon|lng|longitude|first_?name|last_?name|full_?name|surname|street|address|birth_?date|date_of_birth|dob|ssn)"
)
"""Names of fields that are personal whatever they hold."""


@dataclass(frozen=True, eq=False)
class Redacted:
    """Responses without personal data.

    Attributes
    ----------
    data : the typed variables; what was personal in a text is replaced by its kind in brackets.
    removed : `frames.REMOVED`.
    """

    data: pd.DataFrame
    removed: pd.DataFrame


def redact(data: pd.DataFrame, codebook: Codebook, known: Mapping[str, pd.Series]) -> Redacted:
    """Replace what is personal in texts.

    Parameters
    ----------
    data : (rows, variables) the typed variables by full name.
    codebook : says which of them are texts.
    known : the cells of personal columns by name, each (rows,); what they say of a respondent is looked for in the
        texts of the respondent's own row.
    """
    rows = [_removal(name, COLUMN, cells.str.strip() != "") for name, cells in known.items()]
    kept = data.copy(deep=False)
    for each in codebook.variables:
        if each.kind != "text" or each.role == "identifier" or each.full_name not in data:
            continue
        if each.role != "open" and _NAMED.fullmatch(each.name):
            kept = kept.drop(columns=each.full_name)
            rows.append(_removal(each.full_name, COLUMN, data[each.full_name].notna()))
            continue
        kept[each.full_name], found = _text(data[each.full_name], each, known)
        rows += [_removal(each.full_name, kind, marked) for kind, marked in found.items()]
    return Redacted(kept, frame([each for each in rows if each["n"]], REMOVED))


def _removal(name: str, kind: str, marked: pd.Series) -> dict[str, object]:
    places = np.flatnonzero(marked.to_numpy(dtype=bool)) + 1
    rows = "" if kind == COLUMN else " ".join(map(str, places))
    return {"variable": name, "kind": kind, "n": len(places), "rows": rows}


def _text(
    cells: pd.Series, variable: Variable, known: Mapping[str, pd.Series]
) -> tuple[pd.Series, Mapping[str, pd.Series]]:
    """The cells without what is personal, and for each kind the rows in which it was."""
    codes, distinct = pd.factorize(cells)
    forms = forms_of(variable)
    read = [redact_text(str(each), forms) for each in distinct]
    texts = np.array([*(text for text, _ in read), np.nan], dtype=object)[codes]
    found = {}
    for kind in forms:
        hit = np.array([*(kind in kinds for _, kinds in read), False], dtype=bool)[codes]
        found[kind] = pd.Series(hit)
    own = texts.tolist() if variable.role in _OF_THE_PLATFORM else _without_own(texts.tolist(), known)
    found[OWN] = pd.Series([str(one) != str(two) for one, two in zip(texts, own, strict=True)], dtype=bool)
    return pd.Series(own, index=cells.index, dtype="str"), found


def forms_of(variable: Variable) -> Sequence[str]:
    """The forms to look for in a text."""
    if variable.role == "open":
        return list(FORMS)
    skipped = {*_IN_WORDS, *(["IP address"] if _VERSIONS.search(variable.full_name) else [])}
    return [each for each in FORMS if each not in skipped]


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


def _without_own(texts: Sequence[object], known: Mapping[str, pd.Series]) -> list[object]:
    """Texts without what the personal columns of the same row say: names, addresses, ids."""
    found = list(texts)
    folded = [each.casefold() if isinstance(each, str) else "" for each in texts]
    for cells in known.values():
        values = cells.str.strip().tolist()
        pairs = enumerate(zip(values, folded, strict=True))
        for row in [row for row, (value, text) in pairs if value and text and value.casefold() in text]:
            if len(values[row]) >= _SHORTEST:
                found[row] = _without(str(found[row]), values[row])
    return found


def _without(text: str, value: str) -> str:
    """A text without a value where it stands as a word; short values in their own case, for they may be other words."""
    case = re.IGNORECASE if len(value) >= _LEAST else re.NOFLAG
    return re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", f"[{OWN}]", text, flags=case)


# ------------------------------------------------------------------------------------------------ pseudonyms


def pseudonyms(identifiers: pd.Series, salt: str) -> pd.Series:
    """Names that tell respondents apart and say nothing of them: the same for the same identifier and salt.

    The first 16 hexadecimal digits of HMAC-SHA-256 of the identifier, keyed with the salt; missing stays missing.
    """
    codes, distinct = pd.factorize(identifiers)
    made = [f"P_{_digest(str(each).strip(), salt)}" for each in distinct]
    return pd.Series(np.array([*made, np.nan], dtype=object)[codes], index=identifiers.index, dtype="str")


def _digest(identifier: str, salt: str) -> str:
    return hmac.new(salt.encode(), identifier.encode(), hashlib.sha256).hexdigest()[:16]


def looks_personal(identifiers: pd.Series) -> bool:
    """Whether identifiers have the form of personal data, such as e-mail addresses or a panel's ids."""
    others = identifiers[~identifiers.str.fullmatch(_RESPONSE).fillna(True).astype(bool)]
    return any(redact_text(str(each), CERTAIN)[1] for each in others.unique())


# ------------------------------------------------------------------------------------------------ the leak test


def leaks(files: Mapping[str, str], known: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str, int]]:
    """What personal columns say that stands in some file: the file, the column, and how many distinct values.

    `files` are contents by name, `known` the cells of the columns by name. Values of less than five characters, and
    numbers of less than six digits, stand somewhere by chance and are not looked for.
    """
    for name, text in files.items():
        words = {each.strip(_EDGES) for each in _WORD.findall(text)}
        for column, cells in known.items():
            values = {each for each in map(str.strip, cells) if _is_telling(each)}
            whole = {each for each in values if _WORD.fullmatch(each) and each == each.strip(_EDGES)}
            found = (whole & words) | {each for each in values - whole if each in text}
            if found:
                yield name, column, len(found)


_WORD: Final = re.compile(r"[^\s,;|\"<>()\[\]]+")
_EDGES: Final = ".:!?'"
_LEAST: Final = 5
_DIGITS: Final = 6


def _is_telling(value: str) -> bool:
    digits = re.sub(r"[.\d+-]", "", value) == ""
    return len(value) >= _LEAST and not (digits and sum(each.isdigit() for each in value) < _DIGITS)

"""Personal data in respondents' words and in embedded fields: found by form, replaced by their kind, and listed."""

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from vignetta.cleaning.distinct import Distinct, Flags, flags, holding
from vignetta.cleaning.privacy.characters import EVERY, NONE, Characters, characters_of
from vignetta.cleaning.privacy.forms import CERTAIN, FORMS, may_hold, redact_text
from vignetta.codebook import Codebook, Variable
from vignetta.frames import REMOVED, frame

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
_ARROW: Final = pa.large_string()
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


def redact(
    data: pd.DataFrame, texts: Mapping[str, Distinct], codebook: Codebook, known: Mapping[str, pd.Series]
) -> Redacted:
    """Replace what is personal in texts.

    Parameters
    ----------
    data : (rows, variables) the typed variables by full name.
    texts : the distinct texts of those that are texts.
    codebook : says which of them are texts.
    known : the cells of personal columns by name, each (rows,); what they say of a respondent is looked for in the
        texts of the respondent's own row.
    """
    told = {name: pc.utf8_trim_whitespace(pa.array(cells)) for name, cells in known.items()}
    rows = [_removal(name, COLUMN, flags(pc.not_equal(values, ""))) for name, values in told.items()]
    looked_for = [_Told.of(values) for values in told.values()]
    kept = data.copy(deep=False)
    for each in codebook.variables:
        if each.kind != "text" or each.role == "identifier" or each.full_name not in data:
            continue
        cells = data[each.full_name]
        if each.role != "open" and _NAMED.fullmatch(each.name):
            kept = kept.drop(columns=each.full_name)
            rows.append(_removal(each.full_name, COLUMN, cells.notna().to_numpy()))
            continue
        cells, found = _without_forms(cells, texts[each.full_name], forms_of(each))
        if each.role not in _OF_THE_PLATFORM:
            cells, found[OWN] = _without_own(cells, looked_for)
        kept[each.full_name] = cells
        rows += [_removal(each.full_name, kind, marked) for kind, marked in found.items()]
    return Redacted(kept, frame([each for each in rows if each["n"]], REMOVED))


def _removal(name: str, kind: str, marked: Flags) -> dict[str, object]:
    places = np.flatnonzero(marked) + 1
    rows = "" if kind == COLUMN else " ".join(map(str, places))
    return {"variable": name, "kind": kind, "n": len(places), "rows": rows}


def forms_of(variable: Variable) -> Sequence[str]:
    """The forms to look for in a text."""
    if variable.role == "open":
        return list(FORMS)
    skipped = {*_IN_WORDS, *(["IP address"] if _VERSIONS.search(variable.full_name) else [])}
    return [each for each in FORMS if each not in skipped]


def _without_forms(cells: pd.Series, distinct: Distinct, forms: Sequence[str]) -> tuple[pd.Series, dict[str, Flags]]:
    """The cells without what has the form of personal data, and for each kind the rows in which it was."""
    suspects = may_hold(distinct.texts, forms)
    read = [redact_text(each, forms) for each in distinct.texts.filter(pa.array(suspects)).to_pylist()]
    found = {}
    for kind in (each for each in forms if any(each in kinds for _, kinds in read)):
        hit = suspects.copy()
        hit[suspects] = [kind in kinds for _, kinds in read]
        found[kind] = distinct.where(hit)
    if not found:
        return cells, found
    texts = pc.replace_with_mask(distinct.texts, pa.array(suspects), pa.array([text for text, _ in read], _ARROW))
    return Distinct(distinct.codes, texts).series().set_axis(cells.index), found


@dataclass(frozen=True, eq=False)
class _Told:
    """What a personal column says of each respondent, and the characters without which a text cannot hold it."""

    values: pa.Array
    is_long: Flags
    characters: Characters

    @classmethod
    def of(cls, values: pa.Array) -> "_Told":
        return cls(
            values, flags(pc.greater_equal(pc.utf8_length(values), _SHORTEST)), characters_of(values, beyond=NONE)
        )

    def rows(self, texts: pa.Array, there: Characters) -> Iterator[tuple[int, str]]:
        """The rows whose text holds the value, and the value."""
        rows = np.flatnonzero(self.is_long & (self.characters & ~there == 0))
        pairs = zip(rows.tolist(), self.values.take(rows).to_pylist(), texts.take(rows).to_pylist(), strict=True)
        yield from ((row, value) for row, value, text in pairs if text and value.casefold() in text.casefold())


def _without_own(cells: pd.Series, known: Sequence[_Told]) -> tuple[pd.Series, Flags]:
    """Texts without what the personal columns of the same row say, names, addresses, ids; and which rows these were."""
    texts = pa.array(cells)
    there = characters_of(texts, beyond=EVERY)
    read: dict[int, str] = {}
    for told in known:
        for row, value in told.rows(texts, there):
            read[row] = _without(read.get(row, str(cells.iloc[row])), value)
    changed = {row: text for row, text in sorted(read.items()) if text != cells.iloc[row]}
    hit = np.zeros(len(cells), dtype=bool)
    hit[list(changed)] = True
    return cells.mask(hit, pd.Series(changed, dtype="str")) if changed else cells, hit


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
    texts = pa.array(identifiers.dropna())
    others = texts.filter(pa.array(~holding(texts, f"^{_RESPONSE}$")))
    suspects = others.filter(pa.array(may_hold(others, CERTAIN)))
    return any(redact_text(each, CERTAIN)[1] for each in suspects.unique().to_pylist())


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

"""Which columns a question has in an export, and what they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import isfinite, nan
from typing import Any, Final

from vignetta.codebook import Category, Kind
from vignetta.instruments.hypertext import plain_text
from vignetta.instruments.survey import Choice, Question, choices_of
from vignetta.instruments.written import numbered, whole_number

MOST_CLICKS: Final = 100
"""On a picture; no survey asks for more."""
SEVERAL: Final = ("MAVR", "MAHR", "MACOL", "MSB")
"""Selectors of multiple choice questions to which several answers may be given."""


@dataclass(frozen=True)
class Column:
    """A column of an export.

    `name` follows the question's tag in the column's name, `import_name` its id in the ImportId. `row` are the words of
    the part of the question that it is about, empty when it is about all of it.
    """

    name: str
    import_name: str
    kind: Kind
    categories: tuple[Category, ...] = ()
    row: str = ""
    minimum: float | None = None
    maximum: float | None = None


def columns_of(question: Question) -> list[Column]:
    """The columns of a question in an export by values; one that is not answered has none."""
    return list(_COLUMNS.get(question.type, _one_text)(question))


def categories_of(choices: Iterable[Choice]) -> tuple[Category, ...]:
    """The categories of choices: their codes, their words as levels, their words in an export of texts.

    Words that several choices share get the choice's code, and a choice without words, such as an image, is called by
    its id.
    """
    shown = [(each, each.name or each.plain) for each in choices]
    return distinct((each.code, words or f"choice {each.id}", words) for each, words in shown)


def distinct(answers: Iterable[tuple[str, str, str]]) -> tuple[Category, ...]:
    """Categories of codes, levels and labels; a level that stands there twice gets its code, and then its place."""
    made: dict[str, Category] = {}
    for place, (code, words, label) in enumerate(answers, 1):
        level = words.replace(";", ",").replace("|", ",").strip()
        candidates = (level, f"{level} ({code})", f"{level} ({code}, {place})")
        level = next(each for each in candidates if each not in made)
        made[level] = Category(code=code, level=level, label=label)
    return tuple(made.values())


# ------------------------------------------------------------------------------------------------ by type of question


def _one_text(question: Question) -> Iterator[Column]:
    yield Column("", "", "text")


def _nothing(question: Question) -> Iterator[Column]:
    yield from ()


def _choice(question: Question) -> Iterator[Column]:
    kind: Kind = "multiple" if question.selector in SEVERAL else "category"
    categories = categories_of(question.choices)
    if question.selector == "NPS":
        yield Column("_NPS_GROUP", "_NPS_GROUP", "text")
    yield Column("", "", kind if categories else "text", categories)
    yield from _entries(question)


def _entries(question: Question) -> Iterator[Column]:
    for each in question.choices:
        if each.text_entry:
            yield Column(f"_{each.code}_TEXT", f"_{each.id}_TEXT", "text", row=each.plain)


def _text(question: Question) -> Iterator[Column]:
    if question.selector == "FORM":
        yield from _per_choice("text")(question)
        return
    settings = question.validation
    if settings.get("ContentType") != "ValidNumber":
        yield Column("", "_TEXT", "text")
        return
    yield Column("", "_TEXT", "number", minimum=_bound(settings, "Min"), maximum=_bound(settings, "Max"))


def _bound(settings: Mapping[str, Any], key: str) -> float | None:
    bounds = settings.get("ValidNumber")
    try:
        number = float(bounds.get(key, "")) if isinstance(bounds, dict) else nan
    except (TypeError, ValueError):
        return None
    return number if isfinite(number) else None


def _per_choice(kind: Kind) -> Callable[[Question], Iterator[Column]]:
    def columns(question: Question) -> Iterator[Column]:
        for each in question.choices:
            yield Column(f"_{each.code}", f"_{each.id}", kind, row=each.plain)
        yield from _entries(question)

    return columns


def _matrix(question: Question) -> Iterator[Column]:
    ending = str(question.raw.get("AnswerDataExportTag") or "")
    for row in question.choices:
        yield from _row(question, row, f"_{row.tag or row.id}", f"_{ending}" if ending else "")
        if row.text_entry:
            yield Column(f"_{row.id}_TEXT", f"_{row.id}_TEXT", "text", row=row.plain)


def answers_to_row(question: Question, row: str) -> tuple[Choice, ...]:
    """The answers that a row of a matrix takes; each row of a profile has its own."""
    if question.selector != "Profile":
        return question.answers
    own = numbered(question.raw.get("Answers")).get(row)
    return choices_of(own, numbered(question.raw.get("AnswerOrder")).get(row))


def _row(question: Question, row: Choice, name: str, ending: str) -> Iterator[Column]:
    categories = categories_of(answers_to_row(question, row.id))
    several = question.sub_selector == "MultipleAnswer"
    if question.selector == "TE":
        for each in question.answers:
            yield _cell(row, each, Column(f"{name}_{each.id}_TEXT", f"_{row.id}_{each.id}", "text"))
    elif question.selector in ("CS", "RO"):
        for each in question.answers:
            yield _cell(row, each, Column(f"{name}_{each.id}", f"_{row.id}_{each.id}", "number"))
    elif several and ending:
        for each in question.answers:
            yield _cell(row, each, Column(f"{name}{ending}", f"_{row.id}_{each.id}", "text"))
    else:
        kind: Kind = "multiple" if several else "category"
        yield Column(name + ending, f"_{row.id}", kind if categories else "text", categories, row=row.plain)


def _cell(row: Choice, column: Choice, cell: Column) -> Column:
    return replace(cell, row=f"{row.plain} - {column.plain}")


def _side_by_side(question: Question) -> Iterator[Column]:
    for place, part in enumerate(question.parts, 1):
        number = part.id.partition("#")[2] or str(place)
        for each in _matrix(part):
            row = f"{part.plain} - {each.row}"
            yield replace(each, name=f"#{number}{each.name}", import_name=f"#{number}{each.import_name}", row=row)


def _named(kind: Kind, **endings: str) -> Callable[[Question], Iterator[Column]]:
    def columns(question: Question) -> Iterator[Column]:
        for ending, words in endings.items():
            yield Column(f"_{words}", f"_{ending}", kind, row=words)

    return columns


def _groups(question: Question) -> Iterator[Column]:
    """Which items are in each group, and then the rank of each in its group."""
    groups, items = groups_of(question), categories_of(question.choices)
    for place, words in groups.items():
        yield Column(f"_{place}_GROUP", f"_{place}_GROUP", "multiple", items, row=words)
    for place, words in groups.items():
        for each in question.choices:
            name, number = f"_{place}_{each.id}_RANK", f"_G{place}_{each.id}_RANK"
            yield Column(name, number, "number", row=f"{words} - {each.plain}")
    yield from _entries(question)


def groups_of(question: Question) -> dict[str, str]:
    """The groups into which items are put, by their number from 0, with their words."""
    return {
        place: plain_text(str(each.get("Display") or "") if isinstance(each, dict) else str(each))
        for place, each in numbered(question.raw.get("Groups")).items()
    }


def _regions(question: Question) -> Iterator[Column]:
    categories = categories_of(question.answers)
    for each in question.choices:
        kind: Kind = "category" if categories else "text"
        yield Column(f"_{each.code}", f"_{each.id}", kind, categories, row=each.plain)


def _clicks(question: Question) -> Iterator[Column]:
    """Where each of so many clicks was, which share an ImportId, and the regions that were hit."""
    for place in range(1, min(whole_number(question.raw.get("Clicks")) or 1, MOST_CLICKS) + 1):
        yield from (Column(f"_{place}_{axis}", f"_{place}_{axis}", "number", row=f"{place} {axis}") for axis in "xy")
    yield Column("", "_REGIONS", "text")


def _highlights(question: Question) -> Iterator[Column]:
    words = categories_of(question.choices)
    for each in question.answers:
        yield Column(f"_{each.id}", f"_{each.id}", "multiple", words, row=each.plain)


_TIMING = _named(
    "number",
    FIRST_CLICK="First Click",
    LAST_CLICK="Last Click",
    PAGE_SUBMIT="Page Submit",
    CLICK_COUNT="Click Count",
)
_BROWSER = _named("text", BROWSER="Browser", VERSION="Version", OS="Operating System", RESOLUTION="Resolution")
_FILE = _named("text", FILE_ID="Id", FILE_NAME="Name", FILE_SIZE="Size", FILE_TYPE="Type")

_COLUMNS: Final[Mapping[str, Callable[[Question], Iterator[Column]]]] = {
    "DB": _nothing,
    "Captcha": _nothing,
    "MC": _choice,
    "TE": _text,
    "Matrix": _matrix,
    "SBS": _side_by_side,
    "Slider": _per_choice("number"),
    "RO": _per_choice("number"),
    "CS": _per_choice("number"),
    "PGR": _groups,
    "DD": _per_choice("text"),
    "HotSpot": _regions,
    "HeatMap": _clicks,
    "HL": _highlights,
    "SS": _choice,
    "Timing": _TIMING,
    "Meta": _BROWSER,
    "FileUpload": _FILE,
    "Draw": _FILE,
}


def fraud_columns(options: Mapping[str, Any]) -> dict[str, Kind]:
    """The columns that the survey's protection adds to its export, by name.

    `options` is the payload of the survey's options.
    """
    found: dict[str, Kind] = {}
    switched = {key for key, value in options.items() if str(value).lower() == "true"}
    if "RecaptchaV3" in switched:
        found["Q_RecaptchaScore"] = "number"
    if "RelevantID" in switched:
        found |= {"Q_RelevantIDDuplicate": "text", "Q_RelevantIDDuplicateScore": "number"}
        found |= {"Q_RelevantIDFraudScore": "number", "Q_RelevantIDLastStartDate": "text"}
    if "BallotBoxStuffingPrevention" in switched:
        found["Q_BallotBoxStuffing"] = "text"
    return found

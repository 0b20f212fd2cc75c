"""Sessions as the CSV file in which Qualtrics exports responses."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

import numpy as np

from vignetta.codebook import RECORD
from vignetta.errors import Problem, StudyError
from vignetta.instruments.columns import Column, columns_of
from vignetta.instruments.hypertext import plain_text
from vignetta.instruments.sessions import Session
from vignetta.instruments.survey import BlockNode, Question, Survey, walk
from vignetta.instruments.visits import Answer, form

Values = Literal["codes", "labels"]
"""codes: answers as numbers or codes. labels: answers as the words chosen."""

Cell = Callable[[Session], str]

_LABELS: Final = (
    ("Start Date", "End Date", "Response Type", "IP Address", "Progress", "Duration (in seconds)", "Finished")
    + ("Recorded Date", "Response ID", "Recipient Last Name", "Recipient First Name", "Recipient Email")
    + ("External Data Reference", "Location Latitude", "Location Longitude", "Distribution Channel", "User Language")
)
_PIPED: Final = re.compile(r"\$\{e://Field/([^{}]*)\}", re.IGNORECASE)
_LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


# --------------------------------------------------------------------------------------------------------- columns


@dataclass(frozen=True)
class ExportColumn:
    """A column of an export: its name, the words below it, its ImportId, and what it holds of a session.

    `coded` writes choices as codes, `worded` as the words that were read.
    """

    name: str
    label: str
    import_id: str
    coded: Cell
    worded: Cell


def question_columns(survey: Survey) -> list[ExportColumn]:
    """The columns of all questions that the flow shows, in its order."""
    blocks = [each.block for each in walk(survey.flow) if isinstance(each, BlockNode) and each.block in survey.blocks]
    ids = dict.fromkeys(number for each in blocks for number in survey.blocks[each].questions)
    asked = [survey.questions[each] for each in ids]
    return [_export_column(question, column) for question in asked for column in columns_of(question)]


def _export_column(question: Question, column: Column) -> ExportColumn:
    name, number = (question.tag.strip() or question.id) + column.name, question.id + column.import_name
    return ExportColumn(name, _label(question, column), number, *_cells(question, column.import_name))


def _label(question: Question, column: Column) -> str:
    parts = [plain_text(_PIPED.sub(r"[Field-\1]", question.text)), column.row]
    if form(question) in ("single", "multiple"):
        parts.append("Text" if column.row else "Selected Choice" if any(c.text_entry for c in question.choices) else "")
    return " - ".join(each for each in parts if each)


def _cells(question: Question, ending: str) -> tuple[Cell, Cell]:
    """What a column writes, as codes and as words; `ending` is what its ImportId adds to the question's id."""
    if question.type == "Timing":
        timed = _timed(question.id, ending)
        return timed, timed
    part, _, place = ending.partition("_")
    asked = next((each for each in question.parts if part and each.id.endswith(part)), question)
    path = [each for each in (part.removeprefix("#"), *place.split("_")) if each]
    whole = form(question) in ("single", "multiple", "words")
    if whole and path not in ([], ["TEXT"]):
        return _nothing, _nothing
    choices = question.choices if whole else asked.answers
    steps = () if whole else tuple(path)
    coded = {each.id: each.code for each in choices}
    worded = {each.id: each.name or each.plain for each in choices}
    return _told(question.id, steps, coded), _told(question.id, steps, worded)


def _nothing(session: Session) -> str:
    return ""


def _told(question: str, path: tuple[str, ...], words: Mapping[str, str]) -> Cell:
    """What was answered to a question, or, along `path`, to a part, row or cell of it."""

    def cell(session: Session) -> str:
        answer: Answer | None = session.visit.answers.get(question)
        for each in path:
            if isinstance(answer, Mapping):
                answer = answer.get(each)
            else:
                answer = each if isinstance(answer, tuple) and each in answer else None
        if isinstance(answer, str):
            return words.get(answer, answer)
        return ",".join([words.get(each, each) for each in answer]) if isinstance(answer, tuple) else ""

    return cell


def _timed(question: str, what: str) -> Cell:
    """Seconds on the page, when it was submitted: clicks are spread over its second half, one per answer."""

    def cell(session: Session) -> str:
        pages, answers = session.visit.pages, session.visit.answers
        place = next((place for place, page in enumerate(pages) if question in page), None)
        if place is None or (not session.visit.finished and place == len(pages) - 1):
            return ""
        submitted, clicks = session.seconds[place], sum(each in answers for each in pages[place])
        last = 1 - 0.5**clicks
        share = {"_FIRST_CLICK": min(last, 0.5), "_LAST_CLICK": last, "_PAGE_SUBMIT": 1.0}
        return str(clicks) if what == "_CLICK_COUNT" else f"{submitted * share[what]:.3f}"

    return cell


# --------------------------------------------------------------------------------------------------------- the file


def export_csv(
    survey: Survey,
    sessions: Sequence[Session],
    generator: np.random.Generator,
    *,
    values: Values = "codes",
    time_zone: str = "America/Denver",
) -> str:
    """Sessions as the CSV file that Qualtrics exports, one row each, in the order in which they were recorded.

    Three header rows: names, texts, ImportIds. Then the 17 columns of every export, the questions in the order of the
    flow, the embedded fields. Response ids and places are made up.

    Raises `StudyError` for unknown `values`.
    """
    if values not in get_args(Values):
        known = ", ".join(get_args(Values))
        raise StudyError(Problem("values", f"`{values}` is not known.", f"Write one of {known}."))
    asked = question_columns(survey)
    fields = list(
        dict.fromkeys([*survey.embedded_fields, *(name for each in sessions for name in each.visit.embedded)])
    )
    ids, places = _response_ids(len(sessions), generator), _places(sessions, generator)
    cells = [each.worded if values == "labels" else each.coded for each in asked]
    ordered = sorted(range(len(sessions)), key=lambda place: (sessions[place].recorded, place))
    language = survey.language.upper()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows(_header(asked, fields, time_zone))
    for place in ordered:
        session = sessions[place]
        record = _record(session, ids[place], places[session.ip_address], values, language)
        told = [cell(session) for cell in cells]
        writer.writerow([*record, *told, *(session.visit.embedded.get(each, "") for each in fields)])
    return text.getvalue()


def _header(asked: list[ExportColumn], fields: list[str], time_zone: str) -> Iterator[list[str]]:
    yield [each.column for each in RECORD] + [each.name for each in asked] + fields
    yield [*_LABELS, *(each.label for each in asked), *fields]
    times = [{"timeZone": time_zone} if each.kind == "time" else {} for each in RECORD]
    record = [{"ImportId": each.import_id} | zone for each, zone in zip(RECORD, times, strict=True)]
    others = [{"ImportId": each} for each in (*(column.import_id for column in asked), *fields)]
    yield [json.dumps(each, separators=(",", ":")) for each in (*record, *others)]


def _record(session: Session, number: str, place: tuple[str, str], values: Values, language: str) -> list[str]:
    visit, coded = session.visit, values == "codes"
    status = ("0", "1") if coded else ("IP Address", "Survey Preview")
    finished = ("0", "1") if coded else ("False", "True")
    return [
        *(_written(session.started), _written(session.ended), status[session.preview], session.ip_address),
        *(str(visit.progress), str(session.duration), finished[visit.finished], _written(session.recorded)),
        *(number, "", "", "", "", *place, "preview" if session.preview else "anonymous", language),
    ]


def _written(time: datetime) -> str:
    return time.isoformat(" ", "seconds")


def _response_ids(n: int, generator: np.random.Generator) -> list[str]:
    letters = generator.integers(0, len(_LETTERS), (n, 15)).tolist()
    return ["R_" + "".join([_LETTERS[each] for each in row]) for row in letters]


def _places(sessions: Sequence[Session], generator: np.random.Generator) -> dict[str, tuple[str, str]]:
    """Made-up coordinates, one pair for each address."""
    addresses = list(dict.fromkeys(each.ip_address for each in sessions))
    latitudes, longitudes = generator.uniform(26, 48, len(addresses)), generator.uniform(-122, -72, len(addresses))
    drawn = zip(addresses, latitudes, longitudes, strict=True)
    return {address: (f"{north:.4f}", f"{east:.4f}") for address, north, east in drawn}

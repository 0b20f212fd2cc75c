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
from vignetta.instruments.columns import Column, answers_to_row, columns_of, fraud_columns
from vignetta.instruments.hypertext import plain_text
from vignetta.instruments.naming import SCORE
from vignetta.instruments.running.carrying import with_carried
from vignetta.instruments.running.reading import loops_of
from vignetta.instruments.running.scoring import Category, categories_of_scores
from vignetta.instruments.running.sessions import Session
from vignetta.instruments.running.told import selected
from vignetta.instruments.running.visits import Answer, form
from vignetta.instruments.survey import Block, BlockNode, Choice, EndNode, Question, Survey, walk
from vignetta.instruments.written import is_true, whole_number

Values = Literal["codes", "labels"]
"""codes: answers as numbers or codes. labels: answers as the words chosen."""

Cell = Callable[[Session], str]
Answered = Callable[[Session], "Answer | None"]

_LABELS: Final = (
    ("Start Date", "End Date", "Response Type", "IP Address", "Progress", "Duration (in seconds)", "Finished")
    + ("Recorded Date", "Response ID", "Recipient Last Name", "Recipient First Name", "Recipient Email")
    + ("External Data Reference", "Location Latitude", "Location Longitude", "Distribution Channel", "User Language")
)
_ARRIVED: Final[Mapping[str, tuple[tuple[str, str], str]]] = {
    "anonymous": (("0", "IP Address"), "anonymous"),
    "preview": (("1", "Survey Preview"), "preview"),
    "test": (("2", "Survey Test"), "test"),
}
"""How a response came about: its status as code and in words, and its channel."""
_ANONYMOUS: Final = "AnonymizeResponse"
_NPS: Final = (Choice("1", "Detractor", "1"), Choice("2", "Passive", "2"), Choice("3", "Promoter", "3"))
_PIPED: Final = re.compile(r"\$\{\w+://([^{}]*)\}")
_LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


# --------------------------------------------------------------------------------------------------------- columns


@dataclass(frozen=True)
class ExportColumn:
    """A column of an export: its name, the words below it, its ImportId, and what it holds of a session.

    `coded` writes choices as codes, `worded` as the words that were read; `choice_id` is the one choice of several
    that the column is about, when they are split.
    """

    name: str
    label: str
    import_id: str
    coded: Cell
    worded: Cell
    choice_id: str = ""


@dataclass(frozen=True)
class _Turn:
    """What stands before the names of the questions of a loop, and the text of its first field."""

    before: str
    text: str


def question_columns(survey: Survey, *, split: bool = False) -> list[ExportColumn]:
    """The columns of all questions that the flow shows, in its order; those of a looped block once for each loop.

    Parameters
    ----------
    split
        Whether several answers to a question stand in a column each, as Qualtrics' option to split them does.
    """
    blocks = [each.block for each in walk(survey.flow) if isinstance(each, BlockNode) and each.block in survey.blocks]
    asked = dict.fromkeys(each for block in blocks for each in _asked(survey, survey.blocks[block]))
    return [
        made
        for loop, number in asked
        for question in [with_carried(survey, survey.questions[number])]
        for column in columns_of(question)
        for made in _export_columns(question, column, loop, split=split)
    ]


def _scored(survey: Survey) -> Iterator[ExportColumn]:
    """The columns of the scores, which stand behind the questions."""
    for each in categories_of_scores(survey):
        cell = _score(each)
        yield ExportColumn(each.column, each.name, each.id, cell, cell)


def _score(category: Category) -> Cell:
    return lambda session: category.score(session.visit.answers)


def _asked(survey: Survey, block: Block) -> list[tuple[_Turn, str]]:
    """The ids of a block's questions, with the loop in which each is asked."""
    turns = [_Turn(f"{each.number}_", each.fields.get("1", "")) for each in loops_of(survey, block)] or [_Turn("", "")]
    return [(turn, number) for turn in turns for number in block.questions if number in survey.questions]


def _export_columns(question: Question, column: Column, loop: _Turn, *, split: bool) -> Iterator[ExportColumn]:
    before = loop.before
    name = before + (question.tag.strip() or question.id) + column.name
    label, number = _label(question, column, loop.text), question.id + column.import_name
    choices, answered = _found(question, column, before + question.id)
    if not split or column.kind != "multiple":
        alone = column.kind == "text" and choices is not _NPS
        coded = _cell(answered, {each.id: "1" if alone else each.code for each in choices})
        worded = _cell(answered, {each.id: each.name or each.plain for each in choices})
        yield ExportColumn(name, label, before + number, coded, worded)
        return
    for each in choices:
        coded, worded = (_chosen(answered, each.id, words) for words in ("1", each.name or each.plain))
        about = f"{label} - {each.plain}"
        yield ExportColumn(f"{name}_{each.code}", about, before + number, coded, worded, choice_id=each.id)


def _label(question: Question, column: Column, loop: str) -> str:
    """The text of the question, of the loop, and of the part that the column is about."""
    parts = [plain_text(_PIPED.sub(_marked, question.text)), plain_text(_PIPED.sub(_marked, loop)), column.row]
    if form(question) in ("single", "multiple"):
        parts.append("Text" if column.row else "Selected Choice" if any(c.text_entry for c in question.choices) else "")
    return " - ".join(each for each in parts if each)


def _marked(pipe: re.Match[str]) -> str:
    """Piped text as labels show it: `[Field-x]`, `[QID1-ChoiceGroup-SelectedChoices]`."""
    words = pipe[1].replace("/", "-")
    return f"[Field-{words[6:]}]" if words.lower().startswith("field-") else f"[{words}]"


def _found(question: Question, column: Column, key: str) -> tuple[Sequence[Choice], Answered]:
    """The choices that a column's answers are among, none where they are typed, and where in a session its answer is.

    `key` is how the question's answer is called.
    """
    ending = column.import_name
    if question.type == "Timing":
        return (), _timed(key, ending)
    if question.type == "Meta":
        return (), lambda session: _DESKTOP.get(ending) if any(key in page for page in session.visit.pages) else None
    if any(each.text_entry and ending == f"_{each.id}_TEXT" for each in question.choices):
        return (), lambda session: session.visit.entries.get(key + ending, "")
    if question.type == "PGR":
        return _placed(question, ending, key)
    part, _, place = ending.partition("_")
    asked = next((each for each in question.parts if part and each.id.endswith(part)), question)
    path = [each for each in (part.removeprefix("#"), *place.split("_")) if each]
    whole = form(question) in ("single", "multiple", "words")
    if ending == "_NPS_GROUP":
        return _NPS, _promoting(question, key)
    if whole and path not in ([], ["TEXT"]):
        return (), lambda session: None
    typed = column.kind in ("text", "number") and asked.sub_selector != "MultipleAnswer"
    choices = () if typed else question.choices if whole else answers_to_row(asked, path[-1] if path else "")
    return choices, _told(key, () if whole else tuple(path))


_DESKTOP: Final = {"_BROWSER": "Chrome", "_VERSION": "126.0.0.0", "_OS": "Windows NT 10.0", "_RESOLUTION": "1920x1080"}
"""What a question about the browser notes: everybody sits at the same desktop computer."""


def _placed(question: Question, ending: str, key: str) -> tuple[Sequence[Choice], Answered]:
    """The items in a group, or the rank of one in its group."""
    group, _, item = ending.removeprefix("_").removesuffix("_RANK").partition("_")
    if item != "GROUP":
        return (), _told(key, (item, group.removeprefix("G")))

    def answered(session: Session) -> Answer | None:
        given = session.visit.answers.get(key)
        placed = given if isinstance(given, Mapping) else {}
        return tuple(each for each, at in placed.items() if isinstance(at, Mapping) and group in at)

    return question.choices, answered


def _promoting(question: Question, key: str) -> Answered:
    """The group to which a likelihood to recommend belongs: 0 to 6, 7 and 8, 9 and 10."""
    points = {each.id: whole_number(each.plain) for each in question.choices}

    def answered(session: Session) -> Answer | None:
        point = points.get(str(session.visit.answers.get(key)))
        return None if point is None else "3" if point > 8 else "2" if point > 6 else "1"

    return answered


def _told(key: str, path: tuple[str, ...]) -> Answered:
    """What was answered to a question, or, along `path`, to a part, row or cell of it."""

    def answered(session: Session) -> Answer | None:
        answer: Answer | None = session.visit.answers.get(key)
        for each in path:
            if isinstance(answer, Mapping):
                answer = answer.get(each)
            else:
                answer = each if isinstance(answer, tuple) and each in answer else None
        return answer

    return answered


def _cell(answered: Answered, words: Mapping[str, str]) -> Cell:
    def cell(session: Session) -> str:
        answer = answered(session)
        if isinstance(answer, str):
            return words.get(answer, answer)
        return ",".join([words.get(each, each) for each in answer]) if isinstance(answer, tuple) else ""

    return cell


def _chosen(answered: Answered, choice: str, words: str) -> Cell:
    return lambda session: words if choice in selected(answered(session)) else ""


def _timed(question: str, what: str) -> Answered:
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
    split: bool = False,
    time_zone: str = "America/Denver",
) -> str:
    """Sessions as the CSV file that Qualtrics exports, one row each, in the order in which they were recorded.

    Three header rows: names, texts, ImportIds. Then the 17 columns of every export and the captcha's score, the
    questions in the order of the flow, scores, the embedded fields and what the survey's protection notes. Response ids
    and places are made up. Responses that the survey discards have no row. `split` is as in `question_columns`.

    Raises `StudyError` for unknown `values`.
    """
    if values not in get_args(Values):
        known = ", ".join(get_args(Values))
        raise StudyError(Problem("values", f"`{values}` is not known.", f"Write one of {known}."))
    asked = [*question_columns(survey, split=split), *_scored(survey)]
    scores, fields = _fields(survey, sessions)
    ids, places = _response_ids(len(sessions), generator), _places(sessions, generator)
    cells = [each.worded if values == "labels" else each.coded for each in asked]
    ordered = sorted(range(len(sessions)), key=lambda place: (sessions[place].recorded, place))
    language = survey.language.upper()
    anonymous, endings = is_true(survey.options.get(_ANONYMOUS)), _anonymous_ends(survey)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows(_header(asked, scores, fields, time_zone))
    for place in ordered:
        session = sessions[place]
        if session.visit.discarded:
            continue
        home = (session.ip_address, *places[session.ip_address])
        hidden = anonymous or session.visit.stopped in endings
        record = _record(session, ids[place], ("", "", "") if hidden else home, values, language)
        told = [cell(session) for cell in cells]
        scored, noted = ([session.visit.embedded.get(each, "") for each in names] for names in (scores, fields))
        writer.writerow([*record, *scored, *told, *noted])
    return text.getvalue()


def _fields(survey: Survey, sessions: Sequence[Session]) -> tuple[list[str], list[str]]:
    """The fields that stand before the questions, and those that stand after them."""
    fraud = list(fraud_columns(survey.options))
    given = (name for each in sessions for name in each.visit.embedded)
    names = dict.fromkeys([*survey.embedded_fields, *fraud, *given])
    return [each for each in names if each == SCORE], [each for each in names if each != SCORE]


def _header(asked: list[ExportColumn], scores: list[str], fields: list[str], time_zone: str) -> Iterator[list[str]]:
    yield [each.column for each in RECORD] + scores + [each.name for each in asked] + fields
    yield [*_LABELS, *scores, *(each.label for each in asked), *fields]
    times = [{"timeZone": time_zone} if each.kind == "time" else {} for each in RECORD]
    record = [{"ImportId": each.import_id} | zone for each, zone in zip(RECORD, times, strict=True)]
    before, after = ([{"ImportId": each} for each in names] for names in (scores, fields))
    told = [{"ImportId": e.import_id} | ({"choiceId": e.choice_id} if e.choice_id else {}) for e in asked]
    yield [json.dumps(each, separators=(",", ":")) for each in (*record, *before, *told, *after)]


def _anonymous_ends(survey: Survey) -> set[str]:
    """The ends of the survey that keep neither address nor place."""
    ends = (each for each in walk(survey.flow) if isinstance(each, EndNode))
    return {each.id for each in ends if is_true(each.options.get(_ANONYMOUS))}


def _record(session: Session, number: str, place: tuple[str, str, str], values: Values, language: str) -> list[str]:
    visit, coded = session.visit, values == "codes"
    status, channel = _ARRIVED["test" if session.test else "preview" if session.preview else "anonymous"]
    finished = ("0", "1") if coded else ("False", "True")
    return [
        *(_written(session.started), _written(session.ended), status[not coded], place[0]),
        *(str(visit.progress), str(session.duration), finished[visit.finished], _written(session.recorded)),
        *(number, "", "", "", "", *place[1:], channel, language),
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

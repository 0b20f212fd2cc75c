"""Piped text: what stands in a text for each respondent's own fields, answers, loops, dates and random numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import unquote

from vignetta.instruments.hypertext import FIELD, PIPE
from vignetta.instruments.running.reading import Reading
from vignetta.instruments.running.told import NUMBERS, group, value
from vignetta.instruments.running.visits import Answer, Render, State
from vignetta.instruments.survey import Choice, Question

_CONTACT: Final = re.compile(r"r?m://(?:Field/)?(.+)")
_RANDOM: Final = re.compile(r"rand://int/(-?\d{1,18}):(-?\d{1,18})")
_DATE: Final = re.compile(r"date://CurrentDate/(.+)")
_LOOP: Final = re.compile(r"lm://(?:Field/(\w+)|(CurrentLoopNumber|TotalLoops))")
_ANSWER: Final = re.compile(r"q://(?:(\w+)_)?(QID[^/_]*|[^/_]+)/(.+)")
_GROUP: Final = re.compile(r"ChoiceGroup/((?:Selected|Unselected|Displayed|NotDisplayed|All)Choices)(TextEntry)?")
_ROW: Final = re.compile(r"ChoiceGroup/SelectedAnswers?/(\w+)")
_SAME: Final = {"i": "M", "s": "S", "F": "B", "M": "b", "l": "A", "D": "a", "h": "I", "A": "p", "N": "u"}
_DATES: Final[Mapping[str, str]] = {"c": "%Y-%m-%dT%H:%M:%S"} | {
    each: "%" + _SAME.get(each, each) for each in ("Y", "y", "m", "d", "H", *_SAME)
}
"""The letters of a date's format that say the same here as there."""


def piped(text: str, where: str, reading: Reading) -> str | Render:
    """The text itself, or, with piped text, what renders it."""
    parts = PIPE.split(text)
    if len(parts) == 1:
        return text
    renders = [_constant(each) if place % 2 == 0 else pipe(each, where, reading) for place, each in enumerate(parts)]
    return lambda state: "".join([each(state) for each in renders])


def pipe(source: str, where: str, reading: Reading) -> Render:
    """What renders one source, which stands between `${` and `}`; empty, and noted, for one that cannot be told."""
    render = told_by(source, where, reading)
    if render is None:
        reading.account.stub(where, f"piped text ${{{source}}} cannot be told", "left empty")
        return _constant("")
    reading.account.ran(where, f"piped text from {source.partition('://')[0].lower()}://")
    return render


def told_by(source: str, where: str, reading: Reading) -> Render | None:
    """What a source such as `e://Field/x` holds; None for one that cannot be told."""
    found = ((pattern.fullmatch(source), read) for pattern, read in _SOURCES.items())
    return next((read(match, where, reading) for match, read in found if match), None)


def rendered(text: str | Render, state: State) -> str:
    return text if isinstance(text, str) else text(state)


def _constant(text: str) -> Render:
    return lambda state: text


def _field(found: re.Match[str], where: str, reading: Reading) -> Render:
    name = unquote(found[1])
    return lambda state: state.embedded.get(name, state.respondent.link.get(name, ""))


def _contact(found: re.Match[str], where: str, reading: Reading) -> Render:
    name = unquote(found[1])
    reading.account.stub(where, f"the contact's {name} is asked for", "empty, as for an anonymous link")
    return lambda state: state.respondent.link.get(name, "")


def _random(found: re.Match[str], where: str, reading: Reading) -> Render | None:
    low, high = int(found[1]), int(found[2])
    return (lambda state: str(state.generator.integers(low, high, endpoint=True))) if low <= high else None


def _date(found: re.Match[str], where: str, reading: Reading) -> Render:
    letters = unquote(found[1])
    known = all(each in _DATES or not each.isalpha() for each in letters) and letters not in ("PT", "DS", "DT")
    form = "".join(_DATES.get(each, each.replace("%", "%%")) for each in letters) if known else "%Y-%m-%d"
    if not known:
        reading.account.stub(where, f"the date format {letters} is not known", "written as 2026-01-31")
    return lambda state: state.respondent.started.strftime(form)


def _loop(found: re.Match[str], where: str, reading: Reading) -> Render | None:
    loop = reading.loop
    if loop is None:
        return None
    if found[2]:
        return lambda state: str(state.turn if found[2] == "CurrentLoopNumber" else state.turns)
    text = loop.fields.get(found[1])
    if text is None:
        return None
    made = piped(text, where, reading.outside())
    return lambda state: rendered(made, state)


def _answer(found: re.Match[str], where: str, reading: Reading) -> Render | None:
    question, key = reading.survey.questions.get(found[2]), reading.key(found[2], found[1])
    if question is None or key is None:
        return None
    if grouped := _GROUP.fullmatch(found[3]):
        return _choices(question, key, grouped[1], typed=bool(grouped[2]))
    if row := _ROW.fullmatch(found[3]):
        return _row(question, key, row[1])
    what, _, place = found[3].partition("/")
    if what == "QuestionText":
        return lambda state: state.shown.get(key, question.text)
    if what in ("ChoiceDescription", "AnswerDescription"):
        listed = question.choices if what == "ChoiceDescription" else question.answers
        text = next((each.text for each in listed if each.id == place), None)
        return None if text is None else _constant(text)
    if what in ("SelectedChoicesRecode", "SelectedAnswerRecode"):
        return _recode(question, key, place)
    if what == "ChoiceTextEntryValue" or what in NUMBERS:
        return lambda state: value(what, place, key, state)
    return None


def _choices(question: Question, key: str, which: str, *, typed: bool) -> Render:
    def words(each: Choice, state: State) -> str:
        return (typed and state.entries.get(f"{key}_{each.id}_TEXT")) or each.text

    return lambda state: ", ".join(words(each, state) for each in group(question, key, which, state))


def _row(question: Question, key: str, row: str) -> Render:
    texts = {each.id: each.text for each in question.answers}
    return lambda state: _joined(state.answers.get(key), row, texts)


def _recode(question: Question, key: str, row: str) -> Render:
    codes = {each.id: each.code for each in (question.answers if row else question.choices)}
    return lambda state: _joined(state.answers.get(key), row, codes)


def _joined(answer: Answer | None, row: str, words: Mapping[str, str]) -> str:
    told = answer.get(row) if row and isinstance(answer, Mapping) else answer
    chosen = (told,) if isinstance(told, str) else told if isinstance(told, tuple) else ()
    return ", ".join(words.get(each, each) for each in chosen)


_SOURCES: Final[Mapping[re.Pattern[str], Callable[[re.Match[str], str, Reading], Render | None]]] = {
    FIELD: _field,
    _CONTACT: _contact,
    _RANDOM: _random,
    _DATE: _date,
    _LOOP: _loop,
    _ANSWER: _answer,
}

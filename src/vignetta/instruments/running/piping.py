"""Piped text: what stands in a text for each respondent's own fields, answers, loops, dates and random numbers."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final
from urllib.parse import unquote

from vignetta.instruments.hypertext import FIELD, MATH, PIPE
from vignetta.instruments.running.arithmetic import operation
from vignetta.instruments.running.dates import DATE, form_of, moved
from vignetta.instruments.running.reading import Reading
from vignetta.instruments.running.scoring import categories_of_scores
from vignetta.instruments.running.told import NUMBERS, given, group, value
from vignetta.instruments.running.visits import Answer, Render, State
from vignetta.instruments.survey import Choice, Question

_CONTACT: Final = re.compile(r"r?m://(?:Field/)?(.+)")
_RANDOM: Final = re.compile(r"rand://int/(-?\d{1,18}):(-?\d{1,18})")
_LOOP: Final = re.compile(r"lm://(?:Field/(\w+)|(CurrentLoopNumber|TotalLoops))")
_ANSWER: Final = re.compile(r"q://(?:(\w+)_)?(QID[^/_]*|[^/_]+)/(.+?)(?:\?displayLogic=\d)?")
_SCORE: Final = re.compile(r"gr://(\w+)/Score")
_FILLED: Final = re.compile(f"{MATH.pattern}|{PIPE.pattern}")
_GROUP: Final = re.compile(r"ChoiceGroup/((?:Selected|Unselected|Displayed|NotDisplayed|All)Choices)(TextEntry)?")
_ROW: Final = re.compile(r"ChoiceGroup/SelectedAnswers?/(\w+)")


def piped(text: str, where: str, reading: Reading) -> str | Render:
    """The text itself, or, with piped text, what renders it."""
    renders: list[Render] = []
    end = 0
    for found in _FILLED.finditer(text) if "$" in text else ():
        renders.append(_constant(text[end : found.start()]))
        renders.append(pipe(found[2], where, reading) if found[1] is None else _computed(found[1], where, reading))
        end = found.end()
    if not renders:
        return text
    renders.append(_constant(text[end:]))
    return lambda state: "".join([each(state) for each in renders])


def _computed(text: str, where: str, reading: Reading) -> Render:
    """What renders a math operation."""
    found = operation(html.unescape(text))
    if found is None:
        reading.account.stub(where, f"the math operation $e{{{text}}} cannot be computed", "left empty")
        return _constant("")
    sources, compute = [pipe(each, where, reading) for each in found[0]], found[1]
    reading.account.ran(where, "math operations")
    return lambda state: compute([each(state) for each in sources])


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
    if "?format=" in found[0]:
        reading.account.stub(where, f"the format of the field {unquote(found[1])} is not applied", "shown as it is")
    return field(unquote(found[1]), where, reading)


def field(name: str, where: str, reading: Reading) -> Render:
    """What an embedded field holds, or one that the platform fills itself; noted where it may come from elsewhere."""
    known = {"SurveyID": reading.survey.id, "Q_Language": reading.survey.language.upper()}.get(name, "")
    if not known and name not in reading.survey.named_fields:
        reading.account.stub(
            where, f"the field {name} is asked for, which the flow does not name", "empty unless the link has it"
        )
    return lambda state: state.embedded.get(name, state.respondent.link.get(name, known))


def _contact(found: re.Match[str], where: str, reading: Reading) -> Render:
    name = unquote(found[1])
    reading.account.stub(where, f"the contact's {name} is asked for", "empty, as for an anonymous link")
    return lambda state: state.respondent.link.get(name, "")


def _random(found: re.Match[str], where: str, reading: Reading) -> Render | None:
    low, high = int(found[1]), int(found[2])
    return (lambda state: str(state.generator.integers(low, high, endpoint=True))) if low <= high else None


def _date(source: re.Match[str], where: str, reading: Reading) -> Render | None:
    found = DATE.fullmatch(unquote(source[0]))
    if found is None:
        return None
    letters, away = found[2] or found[3], found[4] or "0 days"
    form = form_of(letters)
    if moved(datetime(2026, 1, 1), away) is None:
        return None
    if form is None:
        form, shown = ("%H:%M:%S", "12:30:00") if found[1] == "Time" else ("%Y-%m-%d", "2026-01-31")
        reading.account.stub(where, f"the date format {letters} is not known", f"written as {shown}")
    return lambda state: (moved(state.respondent.started, away) or state.respondent.started).strftime(form)


def _score(found: re.Match[str], where: str, reading: Reading) -> Render | None:
    category = next((each for each in categories_of_scores(reading.survey) if each.id == found[1]), None)
    return None if category is None else lambda state: category.score(state.answers)


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
    number = found[2].replace("%23", "#")
    question, key = reading.question(number), reading.key(number, found[1])
    if question is None or key is None:
        return None
    if grouped := _GROUP.fullmatch(found[3]):
        return _choices(question, key, grouped[1], typed=bool(grouped[2]))
    if row := _ROW.fullmatch(found[3]):
        return _row(question, key, row[1])
    what, _, place = found[3].partition("/")
    if what == "QuestionDescription":
        return _constant(str(question.raw.get("QuestionDescription") or ""))
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
    return lambda state: _joined(given(state, key), row, texts)


def _recode(question: Question, key: str, row: str) -> Render:
    codes = {each.id: each.code for each in (question.answers if row else question.choices)}
    return lambda state: _joined(given(state, key), row, codes)


def _joined(answer: Answer | None, row: str, words: Mapping[str, str]) -> str:
    told = answer.get(row) if row and isinstance(answer, Mapping) else answer
    chosen = (told,) if isinstance(told, str) else told if isinstance(told, tuple) else ()
    return ", ".join(words.get(each, each) for each in chosen)


_SOURCES: Final[Mapping[re.Pattern[str], Callable[[re.Match[str], str, Reading], Render | None]]] = {
    FIELD: _field,
    _CONTACT: _contact,
    _RANDOM: _random,
    re.compile(r"date://.+"): _date,
    _SCORE: _score,
    _LOOP: _loop,
    _ANSWER: _answer,
}

"""Findings about questions: tags, codes, texts, translations and the direction of scales."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from vignetta.instruments.columns import columns_of
from vignetta.instruments.hypertext import plain_text
from vignetta.instruments.review.findings import Finding
from vignetta.instruments.survey import Choice, Question
from vignetta.instruments.tracing import Trace, short
from vignetta.instruments.written import mapping, numbered

_LEFT_OVER: Final = re.compile(r"Click to write (?:the question text|Choice \d+|Statement \d+|Scale point \d+|.*)")
_NUMBER: Final = re.compile(r"\s*(-?\d{1,18})(?!\d)")


def question_findings(trace: Trace) -> Iterator[Finding]:
    """Everything that is wrong with the questions that are shown."""
    yield from _tags(trace)
    yield from _translations(trace)
    yield from _translated_apart(trace)
    yield from _scales(trace)
    for number, question in trace.shown.items():
        for rule in (_codes, _texts):
            for each in rule(question):
                place = trace.question(number)
                yield Finding(each[0], each[1], place.id, place.name, each[2], each[3])  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------- tags and codes


def _tags(trace: Trace) -> Iterator[Finding]:
    asked = [each for each in trace.shown.values() if columns_of(each)]
    tags = Counter(each.tag.strip() for each in asked)
    for tag, n in tags.items():
        sharing = [each.id for each in asked if each.tag.strip() == tag]
        place = trace.question(sharing[0])
        if not tag:
            told = f"{n} questions have no export tag: {', '.join(sharing[:8])}."
            yield Finding("note", "no-tag", place.id, place.name, told, "Give them names for the export.")
        elif n > 1:
            told = f"{n} questions have the export tag `{short(tag)}`: {', '.join(sharing[:8])}."
            remedy = "Rename them: a column cannot be told from the other by its name."
            yield Finding("warning", "tag-twice", place.id, place.name, told, remedy)


def _codes(question: Question) -> Iterator[tuple[str, str, str, str]]:
    for choices, what in ((question.choices, "choices"), (question.answers, "answers")):
        coded = Counter(each.code for each in choices)
        for code in (each for each, n in coded.items() if n > 1):
            names = ", ".join(f"`{short(each.plain)}`" for each in choices if each.code == code)
            told = f"several {what} are exported as {code}: {names}."
            yield "warning", "code-twice", told, "Give every choice its own recode value."
    known = {each.id for each in (*question.choices, *question.answers)}
    stale = sorted(set(numbered(question.raw.get("RecodeValues"))) - known)
    if stale and known:
        told = f"recode values stand for choices that do not exist: {', '.join(stale)}."
        yield "note", "stale-code", told, "Nothing needs to be done; Qualtrics leaves them behind."


def _texts(question: Question) -> Iterator[tuple[str, str, str, str]]:
    texts = [question.plain, *(each.plain for each in (*question.choices, *question.answers))]
    left = [each for each in texts if _LEFT_OVER.fullmatch(each)]
    if left:
        told = f"the text that Qualtrics puts in at first still stands there: `{short(left[0])}`."
        yield "warning", "left-over-text", told, "Write the text."
    for choices in (question.choices, question.answers):
        same = [text for text, n in Counter(each.plain for each in choices).items() if n > 1 and text]
        if same and not question.plain.startswith("Timing"):
            told = f"several choices read the same: `{short(same[0])}`."
            yield "warning", "choice-twice", told, "Change one of them."


# ----------------------------------------------------------------------------------------------------- translations


def languages_of(trace: Trace) -> list[str]:
    """The languages that the survey is offered in beside its main one, in capitals."""
    offered = [str(each).upper() for each in mapping(trace.survey.options.get("AvailableLanguages"))]
    translated = [str(each).upper() for question in trace.shown.values() for each in _own_languages(question)]
    return [each for each in dict.fromkeys([*offered, *translated]) if each.lower() != trace.survey.language]


def _own_languages(question: Question) -> Mapping[str, Any]:
    return {str(key): each for key, each in mapping(question.raw.get("Language")).items() if isinstance(each, dict)}


def translation(question: Question, language: str) -> Mapping[str, Any]:
    """The texts of a question in a language, as written; empty when there are none."""
    found = {key.upper(): each for key, each in _own_languages(question).items()}
    return mapping(found.get(language.upper()))


def _translations(trace: Trace) -> Iterator[Finding]:
    for language in languages_of(trace):
        for number, question in trace.shown.items():
            lacking = list(_lacking(question, translation(question, language)))
            if lacking:
                place = trace.question(number)
                told = f"no {language} translation of {', '.join(lacking[:6])}{' and more' * (len(lacking) > 6)}."
                remedy = "Translate it: respondents would read the main language."
                yield Finding("warning", "not-translated", place.id, place.name, told, remedy)


def _lacking(question: Question, texts: Mapping[str, Any]) -> Iterator[str]:
    if question.type in ("Timing", "Meta", "Captcha"):
        return
    if question.plain and not plain_text(str(texts.get("QuestionText") or "")):
        yield "the question"
    for key, what, choices in (("Choices", "choice", question.choices), ("Answers", "answer", question.answers)):
        yield from (f"{what} {each.id}" for each in choices if each.plain and not _translated(texts, key, each))


def _translated(texts: Mapping[str, Any], key: str, choice: Choice) -> str:
    found = numbered(texts.get(key)).get(choice.id)
    return plain_text(str(mapping(found).get("Display") or ""))


def _translated_apart(trace: Trace) -> Iterator[Finding]:
    """Scales whose points are translated the other way round than their numbers, or than in other questions."""
    for language in languages_of(trace):
        usual = _usual(trace, language)
        for number, question in trace.shown.items():
            for key, points in (("Choices", question.choices), ("Answers", question.answers)):
                texts = [_translated(translation(question, language), key, each) for each in points]
                if len(points) > 1 and all(texts) and _turned(points, texts, usual):
                    place = trace.question(number)
                    said = f"`{short(points[0].plain)}` is `{short(texts[0])}`"
                    told = f"the scale runs the other way in {language}: {said}."
                    remedy = "Exchange the translations."
                    yield Finding("error", "scale-turned", place.id, place.name, told, remedy)


def _usual(trace: Trace, language: str) -> Mapping[str, str]:
    """What each text of a choice is mostly translated as."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for question in trace.shown.values():
        for key, points in (("Choices", question.choices), ("Answers", question.answers)):
            for each in points:
                counted[each.plain][_translated(translation(question, language), key, each)] += 1
    return {text: found.most_common(1)[0][0] for text, found in counted.items() if found.total() > 2}


def _turned(points: Sequence[Choice], texts: Sequence[str], usual: Mapping[str, str]) -> bool:
    numbers = [[_NUMBER.match(each) for each in side] for side in ([each.plain for each in points], texts)]
    if all(all(side) for side in numbers):
        main, other = ([int(each[1]) for each in side if each] for side in numbers)
        return main != other and main == other[::-1]
    expected = [usual.get(each.plain, "") for each in points]
    return all(expected) and list(texts) != expected and list(texts) == expected[::-1]


# ------------------------------------------------------------------------------------------------------------ scales


def _scales(trace: Trace) -> Iterator[Finding]:
    """Scales with the same words whose order or codes run against those of an earlier question."""
    first: dict[frozenset[str], tuple[str, Sequence[Choice]]] = {}
    for number, question in trace.shown.items():
        points = question.answers if question.type == "Matrix" else question.choices
        words = [each.plain for each in points]
        if len(points) < 3 or len(set(words)) < len(words) or not all(words):
            continue
        before, earlier = first.setdefault(frozenset(words), (number, points))
        place, other = trace.question(number), trace.question(before)
        codes = {each.plain: each.code for each in earlier}
        if [each.plain for each in earlier] == words[::-1]:
            told = f"the scale is shown in the reverse order of that of {before} ({other.name})."
            yield Finding("note", "scale-reversed", place.id, place.name, told, "Keep one order, unless it is meant.")
        if [each.code for each in points] != [codes[each] for each in words]:
            told = f"the same answers are exported with other codes than in {before} ({other.name})."
            yield Finding("warning", "codes-differ", place.id, place.name, told, "Recode one of them like the other.")

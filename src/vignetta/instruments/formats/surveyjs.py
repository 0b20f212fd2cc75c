"""The study as JSON for SurveyJS, an open-source library that shows surveys on web pages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, Final

from vignetta.declared import words
from vignetta.design.declaration import Design, Factor
from vignetta.design.texts.wording import Segment
from vignetta.errors import Problem, StudyError, listed
from vignetta.instruments.formats.written import Written
from vignetta.instruments.hypertext import escaped, inline, plain_text
from vignetta.instruments.naming import (
    CONSENT,
    DECLINE,
    FAREWELL,
    SAMPLE,
    Slot,
    factor_field,
    phrase_field,
    slot_of,
    slots,
    text_field,
)
from vignetta.instruments.preview.questions import drawn
from vignetta.instruments.survey import Choice, Question, Survey
from vignetta.instruments.writing.building import build, phrases_of
from vignetta.instruments.writing.pages import prose_slots
from vignetta.instruments.written import mapping

Piece = dict[str, Any]
_FIELD: Final = re.compile(r"\$\{e://Field/([^{}]+)\}")
_DECLINED: Final = f"{{{CONSENT}}} = '{DECLINE}'"


def surveyjs(design: Design, *, language: str = "") -> Written:
    """The study as one JSON object for SurveyJS, in one language, the main one when left out.

    Pages, questions and codes are those of the instrument. Expressions of SurveyJS draw nothing at random: the page
    that shows the survey sets the code of each factor's level (`survey.setValue("regime", "democracy")`) from a row
    of the assignment, and calculated values turn the codes into the words of the vignette.

    Raises
    ------
    StudyError
        When the design has no instrument, or codes of a factor differ in nothing that SurveyJS tells apart.
    """
    language = language or design.language
    survey = build(design.model_copy(update={"attribute_order": "fixed"}), language=language)
    problems = list(_alike(design))
    if problems:
        raise StudyError(problems)
    content = {
        "title": design.title,
        "locale": language,
        "showPrevButton": False,
        "calculatedValues": list(_calculated(design, language)),
        "pages": [page for each in _pages(survey) if (page := _page(*each))["elements"]],
        **_consent(design, language),
    }
    return Written(json.dumps(content, ensure_ascii=False, indent=1) + "\n", tuple(_lost(design, survey)))


def _alike(design: Design) -> Iterator[Problem]:
    """Codes that SurveyJS, which compares without regard to capitals, takes for the same."""
    for factor in design.factors.values():
        codes = [each.export_code.casefold() for each in factor.levels]
        if len(set(codes)) < len(codes):
            what = "SurveyJS does not tell capitals from small letters, and two levels differ in nothing else."
            yield Problem(f"factors.{factor.name}", what, "Give the levels other codes.")


def _consent(design: Design, language: str) -> Piece:
    if design.consent is None:
        return {}
    farewell = escaped(words(design.consent.farewell, language))
    return {
        "triggers": [{"type": "complete", "expression": _DECLINED}],
        "completedHtmlOnCondition": [{"expression": _DECLINED, "html": farewell}],
    }


# ------------------------------------------------------------------------------------------------ words from levels


def _calculated(design: Design, language: str) -> Iterator[Piece]:
    """The words of every field that the vignettes name, by the codes of the levels."""
    for factor in design.factors.values():
        for slot in slots(design, factor.varies):
            cases = [(_is(factor, slot, each.export_code), inline(each.words(language))) for each in factor.levels]
            yield _value(text_field(factor, slot), cases)
    for place, segment in phrases_of(design, language):
        for slot in prose_slots(design):
            yield _value(phrase_field(place, slot), list(_worded(design, segment, slot, language)))


def _worded(design: Design, segment: Segment, slot: Slot, language: str) -> Iterator[tuple[str, str]]:
    """The words of a part of the template beside each combination of levels, and the condition that says so."""
    for chosen in product(*(_asked(design, name, slot, language) for name in segment.factors)):
        levels = dict(zip(segment.factors, (level for level, _, _ in chosen), strict=True))
        texts = dict(zip(segment.factors, (text for _, text, _ in chosen), strict=True))
        text = segment.render(levels, texts)
        if text:
            yield " and ".join(condition for _, _, condition in chosen), inline(text)


def _asked(design: Design, name: str, slot: Slot, language: str) -> list[tuple[str, str, str]]:
    """The levels of a factor, or the samples: each with its words and the condition that says so."""
    if name == SAMPLE:
        return [(each, "", f"{{{SAMPLE}}} = {_quoted(each)}") for each in design.samples]
    factor = design.factors[name]
    at = slot_of(design, factor, slot)
    return [(each.name, each.words(language), _is(factor, at, each.export_code)) for each in factor.levels]


def _is(factor: Factor, slot: Slot, code: str) -> str:
    return f"{{{factor_field(factor, slot)}}} = {_quoted(code)}"


def _value(name: str, cases: Sequence[tuple[str, str]]) -> Piece:
    expression = "''"
    for condition, text in reversed(cases):
        expression = f"iif({condition}, {_quoted(text)}, {expression})"
    return {"name": name, "expression": expression}


def _quoted(hypertext: str) -> str:
    """A text in an expression, with what would end it or be filled in written as HTML entities."""
    for mark, entity in (("'", "&#39;"), ('"', "&#34;"), ("{", "&#123;"), ("}", "&#125;"), ("\\", "&#92;")):
        hypertext = hypertext.replace(mark, entity)
    return f"'{hypertext}'"


# --------------------------------------------------------------------------------------------- pages and questions


def _pages(survey: Survey) -> Iterator[tuple[str, list[Question]]]:
    for block in survey.live_blocks:
        for place, page in enumerate(block.pages, 1):
            asked = [survey.questions[each] for each in page if survey.questions[each].tag != FAREWELL]
            yield f"{block.name} {place}", asked


def _page(name: str, questions: Sequence[Question]) -> Piece:
    return {"name": name, "elements": [piece for each in questions for piece in _elements(each)]}


def _elements(question: Question) -> Iterator[Piece]:
    """A question as elements of SurveyJS; nothing for what it does not have."""
    own: Piece = {"name": question.tag, "title": _title(question), "isRequired": question.forced}
    match drawn(question):
        case "words":
            yield {"type": "html", "name": question.tag, "html": _filled(question.text)}
        case "radios":
            yield {"type": "radiogroup", **own, "choices": _choices(question.choices)}
        case "list":
            yield {"type": "dropdown", **own, "choices": _choices(question.choices)}
        case "checks":
            yield {"type": "checkbox", **own, "choices": _choices(question.choices)}
        case "ranks":
            yield {"type": "ranking", **own, "choices": _choices(question.choices)}
        case "line":
            yield {"type": "text", **own, **_number(question)}
        case "area":
            yield {"type": "comment", **own}
        case "slider":
            yield {"type": "text", **own, "inputType": "range", **_scale(question)}
        case "grid":
            yield {"type": "matrix", **own, "isAllRowRequired": question.forced, **_matrix(question)}


def _title(question: Question) -> str:
    return plain_text(_filled(question.text))


def _filled(hypertext: str) -> str:
    """Piped fields as SurveyJS writes them; other braces as entities."""
    parts = _FIELD.split(hypertext)
    told = (each.replace("{", "&#123;").replace("}", "&#125;") for each in parts[::2])
    names = [*(f"{{{each}}}" for each in parts[1::2]), ""]
    return "".join(text + name for text, name in zip(told, names, strict=True))


def _choices(choices: Sequence[Choice]) -> list[Piece]:
    return [{"value": each.code, "text": each.plain} for each in choices]


def _matrix(question: Question) -> Piece:
    return {
        "columns": _choices(question.answers),
        "rows": [{"value": each.tag or each.code, "text": each.plain} for each in question.choices],
    }


def _scale(question: Question) -> Piece:
    look = mapping(question.raw.get("Configuration"))
    step = (
        {} if not look.get("SnapToGrid") else {"step": (look["CSSliderMax"] - look["CSSliderMin"]) / look["GridLines"]}
    )
    return {"min": look.get("CSSliderMin", 0), "max": look.get("CSSliderMax", 100), **step}


def _number(question: Question) -> Piece:
    if question.validation.get("ContentType") != "ValidNumber":
        return {}
    bounds = mapping(question.validation.get("ValidNumber"))
    limits = {key: json.loads(bounds[name]) for key, name in (("min", "Min"), ("max", "Max")) if bounds.get(name)}
    return {"inputType": "number", **limits}


def _lost(design: Design, survey: Survey) -> Iterator[str]:
    codes = [factor_field(each, slot) for each in design.factors.values() for slot in slots(design, each.varies)]
    yield f"the draw of levels: the page that shows the survey sets {listed(codes, 6)}"
    if design.attribute_order != "fixed":
        yield "the order of rows, which is drawn in the survey for Qualtrics: they stand as declared"
    if design.panel or design.quotas:
        yield "the panel's links, completion codes and quotas"
    others = [each.tag for each in survey.live_questions if each.tag != FAREWELL and not list(_elements(each))]
    if others:
        yield f"what has no counterpart: {', '.join(others)}"

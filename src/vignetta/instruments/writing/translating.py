"""A survey in several languages: translations beside the questions, and what who reads one of them sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, Final

from vignetta.errors import Problem, StudyError, near_miss
from vignetta.instruments.survey import Survey
from vignetta.instruments.writing.elements import Piece
from vignetta.instruments.written import mapping

_LISTED: Final = ("Choices", "Answers", "Labels")
_UNREAD: Final = ("Timing", "Meta")


def translate(question: Piece, translations: Mapping[str, Piece]) -> None:
    """Put the same question in other languages, by their codes, beside its own words; people read no timings."""
    if translations and question["QuestionType"] not in _UNREAD:
        question["Language"] = {code.upper(): _words_of(each) for code, each in translations.items()}


def _words_of(question: Piece) -> Piece:
    listed: Piece = {key: _displayed(question[key]) for key in _LISTED if key in question}
    return {"QuestionText": question["QuestionText"], **listed}


def _displayed(choices: Mapping[str, Piece]) -> dict[str, Piece]:
    return {number: {"Display": each["Display"]} for number, each in choices.items()}


def languages_of(survey: Survey) -> list[str]:
    """The codes of a survey's languages in lower case, its main one first."""
    offered = [str(each).lower() for each in mapping(survey.options.get("AvailableLanguages"))]
    return list(dict.fromkeys([survey.language, *offered]))


def in_language(survey: Survey, language: str) -> Survey:
    """The survey as somebody sees it who takes it in one of its languages; untranslated words stay as they are.

    Raises `StudyError` for a language that the survey does not have.
    """
    known = languages_of(survey)
    if language.lower() not in known:
        raise StudyError(Problem("language", f"the survey has no language `{language}`.", near_miss(language, known)))
    document: Any = deepcopy(survey.document)
    document["SurveyEntry"]["SurveyLanguage"] = language.upper()
    for element in document["SurveyElements"]:
        if element.get("Element") == "SQ":
            _put(element["Payload"], mapping(mapping(element["Payload"].get("Language")).get(language.upper())))
    return Survey(document)


def _put(question: dict[str, Any], words: Mapping[str, Any]) -> None:
    question["QuestionText"] = words.get("QuestionText") or question["QuestionText"]
    for key in _LISTED:
        for number, each in _both(question.get(key), words.get(key)):
            number["Display"] = each.get("Display") or number.get("Display")


def _both(own: Any, other: Any) -> Sequence[tuple[dict[str, Any], Mapping[str, Any]]]:
    """The entries of two mappings under the same keys."""
    keys = [key for key in mapping(own) if key in mapping(other)]
    return [(own[key], other[key]) for key in keys if isinstance(own[key], dict) and isinstance(other[key], dict)]

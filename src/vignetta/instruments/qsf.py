"""Survey files: a .qsf as Qualtrics exports and imports it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NoReturn

from vignetta.errors import Problem, StudyError
from vignetta.instruments.integrity import HARD, integrity_problems, shape_problems
from vignetta.instruments.survey import Survey

__all__ = ["integrity_problems", "qsf_text", "read_qsf"]

DEEPEST: Final = 100
"""Mappings inside mappings; surveys that Qualtrics exports stay below 20."""
LARGEST: Final = 32_000_000
"""Bytes; surveys that Qualtrics exports stay below a million."""
_LONGEST: Final = 80
"""Characters of an id that a message quotes."""
_LONG: Final = re.compile(f"(`[^`]{{{_LONGEST}}})[^`]+`")
_EXPORT: Final = "Export the survey from Qualtrics again: Tools > Import/Export > Export survey."


def read_qsf(path: str | Path, *, shown: str = "") -> Survey:
    """Read a survey that Qualtrics exported.

    The document is kept whole: writing it again with `qsf_text` gives an equal one.

    Parameters
    ----------
    shown
        The file's name in messages; its own when left out.

    Raises
    ------
    StudyError
        When the file is not JSON, is no .qsf file, or contradicts itself; with the element and what to do.
    """
    file = Path(path)
    shown = shown or file.name
    document = _document(_text(file, shown), shown)
    problems = shape_problems(document)
    survey = Survey(document if isinstance(document, dict) else {})
    problems = problems or [problem for rule in HARD for problem in rule(survey)]
    if problems:
        raise StudyError(_told(each, shown) for each in problems)
    return survey


def qsf_text(survey: Survey) -> str:
    """The survey as the text of a .qsf file, in the look of Qualtrics: ASCII, one line, slashes escaped."""
    text = json.dumps(survey.document, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("/", "\\/")


def _told(problem: Problem, shown: str) -> Problem:
    """A problem of the file, in which ids of any length are named by their beginning."""
    where = problem.where if len(problem.where) <= _LONGEST else f"{problem.where[:_LONGEST]}…"
    return replace(problem, where=f"{shown}: {where}", what=_LONG.sub(r"\1…`", problem.what))


def _text(file: Path, shown: str) -> str:
    try:
        if file.stat().st_size > LARGEST:
            raise StudyError(Problem(shown, f"it has more than {LARGEST:,} bytes: no survey has.", _EXPORT))
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StudyError(Problem(shown, f"byte {error.start} is not UTF-8: this is no .qsf file.", _EXPORT)) from None
    except OSError as error:
        raise StudyError(Problem(shown, f"the file cannot be read: {error.strerror}.", "Check its name.")) from None


def _document(text: str, shown: str) -> Any:
    try:
        document = json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise StudyError(_unreadable(text, error, shown)) from None
    except RecursionError:
        raise StudyError(_too_deep(shown)) from None
    except StudyError as error:
        raise StudyError(replace(each, where=f"{shown}: {each.where}") for each in error.problems) from None
    except ValueError as error:
        raise StudyError(Problem(shown, f"a number cannot be read: {error}.", _EXPORT)) from None
    if _depth(document) > DEEPEST:
        raise StudyError(_too_deep(shown))
    return document


def _unreadable(text: str, error: json.JSONDecodeError, shown: str) -> Problem:
    if not text.lstrip().startswith("{"):
        remedy = f"Other programs use the ending .qsf too. {_EXPORT}"
        return Problem(shown, "this is no Qualtrics survey: it is not JSON.", remedy)
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated"):
        what = f"the file breaks off after {len(text)} characters."
        return Problem(shown, what, f"It was cut in copying or sending. {_EXPORT}")
    what = f"not readable as JSON at line {error.lineno}, column {error.colno}: {error.msg}."
    return Problem(shown, what, _EXPORT)


def _too_deep(shown: str) -> Problem:
    return Problem(shown, f"it is nested more than {DEEPEST} deep: no survey is.", _EXPORT)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(each for each in names if names.count(each) > 1)
        raise StudyError(Problem(f"key `{twice}`", "it stands twice in one mapping, so one would be lost.", _EXPORT))
    return found


def _no_number(name: str) -> NoReturn:
    raise StudyError(Problem(f"`{name}`", "it is not a number that JSON knows.", _EXPORT))


def _depth(document: Any) -> int:
    depth, layer = 0, [document]
    while layer and depth <= DEEPEST:
        depth += 1
        values = [each.values() if isinstance(each, dict) else each for each in layer if isinstance(each, dict | list)]
        layer = [value for each in values for value in each if isinstance(value, dict | list)]
    return depth

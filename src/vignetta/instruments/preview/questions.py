"""Questions as the page draws them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal

from vignetta.instruments.columns import SEVERAL
from vignetta.instruments.preview.conditions import condition
from vignetta.instruments.sliders import scale_of
from vignetta.instruments.survey import Choice, Question
from vignetta.instruments.written import mapping, numbered

Drawn = Literal[
    "words",
    "nothing",
    "radios",
    "list",
    "checks",
    "line",
    "lines",
    "area",
    "slider",
    "ranks",
    "numbers",
    "grid",
    "grid-checks",
    "grid-lines",
    "grid-list",
    "beside",
    "captcha",
    "unknown",
]
"""How a question is drawn. nothing: it stands on the page and nobody sees it. beside: questions side by side."""

_MATRIX: Final[Mapping[str, Drawn]] = {
    "TE": "grid-lines",
    "CS": "grid-lines",
    "RO": "grid-lines",
    "DL": "grid-list",
    "DND": "grid-list",
    "Profile": "unknown",
}
_CARRIED: Final = ("DynamicChoices", "DynamicAnswers")
_TEXT: Final[Mapping[str, Drawn]] = {"FORM": "lines", "ML": "area", "ESTB": "area"}
_OTHERS: Final[Mapping[str, Drawn]] = {
    "DB": "words",
    "Captcha": "captcha",
    "Timing": "nothing",
    "Meta": "nothing",
    "Slider": "slider",
    "RO": "ranks",
    "CS": "numbers",
}


def drawn(question: Question) -> Drawn:
    """How a question is drawn, by its type and selector."""
    kind, selector, sub_selector = question.kind
    if kind == "MC":
        return _choices(question)
    if kind == "TE":
        return _TEXT.get(selector, "line")
    if kind == "Matrix":
        return (
            "grid-checks"
            if sub_selector == "MultipleAnswer" and selector != "Profile"
            else _MATRIX.get(selector, "grid")
        )
    if kind == "SBS":
        return "beside" if question.parts else "unknown"
    return _OTHERS.get(kind, "unknown")


def _choices(question: Question) -> Drawn:
    if not question.choices:
        return "unknown"
    if question.selector in SEVERAL:
        return "checks"
    return "list" if question.selector in ("DL", "SB") else "radios"


def question_piece(question: Question) -> dict[str, Any]:
    """What the page needs to draw a question; texts are HTML, as written."""
    kind = drawn(question)
    return {
        "id": question.id,
        "tag": question.tag.strip() or question.id,
        "drawn": kind,
        "text": question.text,
        "choices": _shown(question.choices),
        "answers": _shown(question.answers),
        "required": question.forced and kind not in ("words", "nothing"),
        "shows": None if question.display_logic is None else condition(question.display_logic, taken=True),
        "range": scale_of(question) or (0, 100, 1),
        "ends": [str(mapping(each).get("Display") or "") for each in numbered(question.raw.get("Labels")).values()],
        "parts": [question_piece(each) for each in question.parts],
        "remarks": list(question_remarks(question)),
    }


def _shown(choices: Sequence[Choice]) -> list[dict[str, Any]]:
    return [
        {
            "id": each.id,
            "text": each.text,
            "code": each.code,
            "entry": each.text_entry,
            "shows": None if each.display_logic is None else condition(each.display_logic, taken=True),
        }
        for each in choices
    ]


def question_remarks(question: Question) -> Iterator[str]:
    """What a question does in the field and not on the page."""
    rule, order = question.validation, mapping(question.raw.get("Randomization"))
    asked = {
        "nobody is asked to prove to be human": question.type == "Captcha",
        "its JavaScript is not run": question.javascript,
        "its choices are shown in the order written, not shuffled": str(order.get("Type") or "None") != "None",
        "choices are not carried forward from another question": any(map(question.raw.get, _CARRIED)),
        "what is typed is not validated": str(rule.get("Type") or "None") != "None",
        "seen by nobody: it notes times": question.type == "Timing",
        "seen by nobody: it notes the browser": question.type == "Meta",
        f"a question of type {question.type} {question.selector} is not drawn": drawn(question) == "unknown",
    }
    yield from (what for what, holds in asked.items() if holds)

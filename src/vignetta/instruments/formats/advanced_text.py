"""Qualtrics' advanced text format: the questions of a survey as a text file that Qualtrics imports."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from vignetta.instruments.formats.written import Written
from vignetta.instruments.preview.questions import Drawn, drawn
from vignetta.instruments.survey import (
    Block,
    BlockNode,
    BranchNode,
    Choice,
    EmbeddedDataNode,
    EndNode,
    Question,
    RandomizerNode,
    Survey,
    walk,
)
from vignetta.instruments.written import mapping

_TYPES: Final[Mapping[Drawn, str]] = {
    "words": "DB",
    "radios": "MC:SingleAnswer:Vertical",
    "checks": "MC:MultipleAnswer:Vertical",
    "list": "MC:DropDown",
    "line": "TE:SingleLine",
    "area": "TE:Essay",
    "lines": "TE:Form",
    "grid": "Matrix:SingleAnswer",
    "grid-checks": "Matrix:MultipleAnswer",
    "ranks": "RankOrder",
    "numbers": "ConstantSum",
}
"""What the format calls a question that is drawn so; others it does not have."""


def advanced_text(survey: Survey) -> Written:
    """The questions, choices with their codes, blocks and embedded fields of a survey as advanced text.

    The format has no flow: randomizers, branches, display logic, validation and translations are lost, and are told.
    """
    questions = {each.id: each for each in survey.live_questions}
    parts = ["[[AdvancedFormat]]", *_fields(survey)]
    for block in _shown(survey):
        parts.append(f"[[Block:{_name(block.name)}]]")
        pages = [["\n".join(_question(questions[each])) for each in page if each in questions] for page in block.pages]
        written = ["\n\n".join(each for each in page if each) for page in pages]
        parts.append("\n\n[[PageBreak]]\n\n".join(each for each in written if each))
    return Written("\n\n".join(each for each in parts if each) + "\n", tuple(_lost(survey)))


def _shown(survey: Survey) -> list[Block]:
    """The blocks in the order in which the flow shows them, then those that it does not."""
    shown = (each.block for each in walk(survey.flow) if isinstance(each, BlockNode))
    blocks = {each.id: each for each in survey.live_blocks if each.questions}
    return [blocks[each] for each in dict.fromkeys([*shown, *blocks]) if each in blocks]


def _fields(survey: Survey) -> Iterator[str]:
    """The embedded fields; those with a single value that is set for everybody have it."""
    fixed = {
        field.name: field.value
        for node in survey.flow
        if isinstance(node, EmbeddedDataNode)
        for field in node.fields
        if field.value is not None
    }
    lines = (f"[[ED:{name}{f':{_text(fixed[name])}' if name in fixed else ''}]]" for name in survey.embedded_fields)
    yield "\n".join(lines)


def _question(question: Question) -> Iterator[str]:
    kind = _TYPES.get(drawn(question))
    if kind is None:
        return
    yield f"[[Question:{kind}]]"
    if question.tag.strip():
        yield f"[[ID:{_name(question.tag)}]]"
    yield _text(question.text) or "&nbsp;"
    yield from _listed("Choice", question.choices)
    yield from _listed("Answer", question.answers)


def _listed(what: str, choices: Sequence[Choice]) -> Iterator[str]:
    """Choices under their codes where these are not their places."""
    if not choices:
        return
    if [each.code for each in choices] == [str(place) for place in range(1, len(choices) + 1)]:
        yield f"[[{what}s]]"
        yield from (_text(each.text) for each in choices)
        return
    yield f"[[Advanced{what}s]]"
    for each in choices:
        yield f"[[{what}:{_name(each.code)}]]"
        yield _text(each.text)


def _text(hypertext: str) -> str:
    """HTML on one line in which nothing looks like a mark of the format."""
    return " ".join(hypertext.split()).replace("[[", "&#91;&#91;").replace("]]", "&#93;&#93;")


def _name(text: str) -> str:
    return re.sub(r"[\[\]\s]+", " ", text).strip() or "Block"


# -------------------------------------------------------------------------------------------------- what is lost


def _lost(survey: Survey) -> Iterator[str]:
    nodes = list(walk(survey.flow))
    asked = {
        "randomizers, which have to be built anew in the survey flow": RandomizerNode,
        "branches": BranchNode,
        "ends of the survey": EndNode,
    }
    for what, kind in asked.items():
        number = sum(isinstance(each, kind) for each in nodes)
        if number:
            yield f"{number} {what}"
    yield from _lost_questions(survey.live_questions)


def _lost_questions(questions: Sequence[Question]) -> Iterator[str]:
    asked = {
        "questions of types that the format does not have": [e for e in questions if drawn(e) not in _TYPES],
        "that an answer is required": [e for e in questions if e.forced],
        "validation": [e for e in questions if str(e.validation.get("Type") or "None") != "None"],
        "display logic": [e for e in questions if e.display_logic],
        "JavaScript": [e for e in questions if e.javascript],
        "translations": [e for e in questions if mapping(e.raw.get("Language"))],
    }
    for what, which in asked.items():
        if which:
            yield f"{what}: {', '.join(each.tag.strip() or each.id for each in which)}"

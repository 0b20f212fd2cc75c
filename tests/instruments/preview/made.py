"""Small surveys written by hand, as Qualtrics writes them."""

from typing import Any

from vignetta.instruments.survey import Survey
from vignetta.instruments.writing import elements
from vignetta.instruments.writing.elements import Piece


def survey(pages: list[list[Piece]], flow: list[Piece] | None = None, **options: Any) -> Survey:
    """A survey of one block; `options` are those of the block. Questions are numbered in their order."""
    questions = [each for page in pages for each in page]
    for number, each in enumerate(questions, 1):
        each["QuestionID"] = f"QID{number}"
    block = elements.block("BL_1", "Block", "Default", [[each["QuestionID"] for each in page] for page in pages])
    block["Options"] |= options
    trash = elements.block("BL_2", "Trash / Unused Questions", "Trash")
    made = elements.flow([*(flow or []), elements.show(block)])
    document = elements.document(
        "made",
        "Made by hand",
        note="",
        language="en",
        translations=["de"],
        questions=questions,
        blocks=[block, trash],
        flow=made,
    )
    return Survey(document)


def question(tag: str, kind: tuple[str, ...], **payload: Any) -> Piece:
    """A question of any type."""
    names = dict(zip(("QuestionType", "Selector", "SubSelector"), kind, strict=False))
    return elements.description(tag, f"Question {tag}") | names | payload


def choices(*texts: str) -> dict[str, dict[str, str]]:
    return {str(place): {"Display": each} for place, each in enumerate(texts, 1)}


def shown_if(question_id: str, choice: str) -> dict[str, Any]:
    """Display logic: a choice of a question is selected."""
    place = f"q://{question_id}/SelectableChoice/{choice}"
    expression = {"LogicType": "Question", "Operator": "Selected", "LeftOperand": place, "Type": "Expression"}
    return {"0": {"0": expression, "Type": "If"}, "Type": "BooleanExpression", "inPage": True}

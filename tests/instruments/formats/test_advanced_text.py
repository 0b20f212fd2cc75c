"""Advanced text, read back by a reader of its own."""

import re
from collections.abc import Callable
from typing import Any

from tests.instruments.preview.made import question, shown_if, survey
from vignetta.design.declaration import Design
from vignetta.instruments.formats.advanced_text import advanced_text
from vignetta.instruments.writing import elements
from vignetta.instruments.writing.building import build


def read(text: str) -> list[tuple[str, list[str]]]:
    """The marks of the format with the lines below each, as its documentation says they are read."""
    found: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        mark = re.fullmatch(r"\[\[([^\[\]]+)\]\]", line)
        if mark:
            found.append((mark[1], []))
        elif line:
            assert "[[" not in line and "]]" not in line
            found[-1][1].append(line)
    return found


def test_the_flagship_has_its_fields_blocks_questions_and_choices(design: Design) -> None:
    written = advanced_text(build(design))
    marks = read(written.content)
    assert marks[0] == ("AdvancedFormat", [])
    fields = [each.split(":")[1] for each, _ in marks if each.startswith("ED:")]
    assert fields[:4] == ["data_source", "design_hash", "treaty", "treaty_text"] and len(fields) == 12
    assert [each for each, _ in marks if each.startswith("Block:")][2:] == [
        "Block:Respondent",
        "Block:Attention",
        "Block:Vignette",
        "Block:Recall",
    ]
    assert [each[3:] for each, _ in marks if each.startswith("ID:")].count("approval") == 1
    place = next(place for place, (each, _) in enumerate(marks) if each == "ID:approval")
    assert marks[place - 1][0] == "Question:MC:SingleAnswer:Vertical"
    assert marks[place + 1] == ("Choices", [each.text[""] for each in design.outcomes["approval"].scale])
    read_vignette = next(lines for each, lines in marks if each == "ID:vignette")
    assert "${e://Field/treaty_text}" in read_vignette[0]
    assert "5 randomizers, which have to be built anew in the survey flow" in written.lost
    assert "validation: age" in written.lost


def test_codes_that_are_not_places_are_kept(altered: Callable[..., Design]) -> None:
    def change(content: dict[str, Any]) -> None:
        content["outcomes"]["approval"]["scale"] = [{"text": "No", "code": "-1"}, {"text": "Yes", "code": "1"}]

    marks = read(advanced_text(build(altered(change))).content)
    place = next(place for place, (each, _) in enumerate(marks) if each == "ID:approval")
    assert marks[place + 1 : place + 4] == [("AdvancedChoices", []), ("Choice:-1", ["No"]), ("Choice:1", ["Yes"])]


def test_pages_matrices_and_what_looks_like_a_mark() -> None:
    rows = {"Choices": {"1": {"Display": "[[Block:x]]"}}, "Answers": {"1": {"Display": "A"}, "2": {"Display": "B"}}}
    grid = question("grid", ("Matrix", "Likert", "SingleAnswer"), **rows)
    odd = question("odd", ("HotSpot", "OnOff"), DisplayLogic=shown_if("QID1", "1"), QuestionJS="x")
    written = advanced_text(survey([[grid], [elements.description("d", "Two\n\nlines"), odd]]))
    assert read(written.content)[1:] == [
        ("Block:Block", []),
        ("Question:Matrix:SingleAnswer", []),
        ("ID:grid", ["Question grid"]),
        ("Choices", ["&#91;&#91;Block:x&#93;&#93;"]),
        ("Answers", ["A", "B"]),
        ("PageBreak", []),
        ("Question:DB", []),
        ("ID:d", ["Two lines"]),
    ]
    told = {"questions of types that the format does not have: odd", "display logic: odd", "JavaScript: odd"}
    assert told <= set(written.lost)

"""Every rule is kept by what is built, and finds what breaks it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from vignetta.design.declaration import Design
from vignetta.instruments.integrity import RULES, integrity_problems
from vignetta.instruments.qsf import qsf_text
from vignetta.instruments.survey import Survey
from vignetta.instruments.writing.building import build

Document = dict[str, Any]


@pytest.fixture
def document(design: Design) -> Document:
    made: Document = json.loads(qsf_text(build(design)))
    return made


def element(document: Document, kind: str) -> Any:
    return next(each for each in document["SurveyElements"] if each["Element"] == kind)


def question(document: Document) -> Any:
    return element(document, "SQ")["Payload"]


def flow(document: Document) -> Any:
    return element(document, "FL")["Payload"]


def node(document: Document, kind: str) -> Any:
    return next(each for each in flow(document)["Flow"] if each["Type"] == kind)


def blocks(document: Document) -> Any:
    return element(document, "BL")["Payload"]


def drop(document: Document, kind: str) -> None:
    document["SurveyElements"].remove(element(document, kind))


def trash(document: Document) -> Any:
    return next(each for each in blocks(document) if each["Type"] == "Trash")


def field(document: Document) -> Any:
    return node(document, "EmbeddedData")["EmbeddedData"][0]


PLANTED: dict[str, tuple[Callable[[Document], object], str]] = {
    "a third part": (lambda d: d.update(More=[]), "stands More"),
    "a key of the entry lost": (lambda d: d["SurveyEntry"].pop("Deleted"), "the key `Deleted` is missing"),
    "a key of the entry added": (lambda d: d["SurveyEntry"].update(New=1), "the key `New` is unknown"),
    "a key of an element lost": (lambda d: element(d, "SQ").pop("TertiaryAttribute"), "TertiaryAttribute"),
    "a key of an element added": (lambda d: element(d, "SO").update(New=1), "unknown: New"),
    "two survey ids": (lambda d: element(d, "SQ").update(SurveyID="SV_other"), "belong to the survey `SV_other`"),
    "no response set": (lambda d: drop(d, "RS"), "0 elements `RS`"),
    "no options": (lambda d: drop(d, "SO"), "0 elements `SO`"),
    "no scoring": (lambda d: drop(d, "SCO"), "0 elements `SCO`"),
    "no question counter": (lambda d: drop(d, "QC"), "0 elements `QC`"),
    "two flows": (lambda d: d["SurveyElements"].append(element(d, "FL")), "2 elements `FL`"),
    "no blocks": (lambda d: drop(d, "BL"), "the list of blocks is missing"),
    "another response set": (lambda d: element(d, "RS").update(PrimaryAttribute="RS_x"), "response set is `RS_x`"),
    "a question twice": (lambda d: d["SurveyElements"].append(element(d, "SQ")), "two questions have this id"),
    "another id outside": (lambda d: element(d, "SQ").update(PrimaryAttribute="QID99"), "names the question `QID1`"),
    "another description outside": (lambda d: element(d, "SQ").update(SecondaryAttribute="x"), "does not begin"),
    "a long description": (lambda d: question(d).update(QuestionDescription="x" * 104), "104 characters"),
    "a block twice": (lambda d: blocks(d).append({**blocks(d)[0], "BlockElements": []}), "two blocks have this id"),
    "no trash": (lambda d: blocks(d).remove(trash(d)), "0 blocks of type Trash"),
    "two trashes": (lambda d: blocks(d).append({**trash(d), "ID": "BL_x"}), "2 blocks of type Trash"),
    "two defaults": (lambda d: blocks(d)[2].update(Type="Default"), "2 blocks of type Default"),
    "an unknown question": (
        lambda d: blocks(d)[0]["BlockElements"].append({"Type": "Question", "QuestionID": "QID99"}),
        "holds `QID99`, which no question is",
    ),
    "a question in two blocks": (
        lambda d: trash(d)["BlockElements"].append({"Type": "Question", "QuestionID": "QID1"}),
        "stands in blocks twice",
    ),
    "a flow element without id": (lambda d: node(d, "Branch").pop("FlowID"), "type Branch has no `FlowID`"),
    "a flow id twice": (lambda d: node(d, "Branch").update(FlowID="FL_1"), "two flow elements have this id"),
    "the default block as standard": (lambda d: node(d, "Block").update(Type="Standard"), "shown as `Standard`"),
    "more than there are": (lambda d: node(d, "BlockRandomizer").update(SubSet=3), "shows `3` of its 2"),
    "none of them": (lambda d: node(d, "BlockRandomizer").update(SubSet=0), "shows `0` of its 2"),
    "a number in words": (lambda d: node(d, "BlockRandomizer").update(SubSet="1"), "shows `1` of its 2"),
    "another name for a field": (lambda d: field(d).update(Description="x"), "description is `x`"),
    "a received field with a value": (lambda d: field(d).update(Value="x"), "type Recipient and has a value"),
    "a set field without one": (lambda d: field(d).update(Type="Custom"), "type Custom and has no value"),
    "fewer than counted": (lambda d: flow(d)["Properties"].update(Count=10), "`Count` is 10, but the flow has"),
    "a higher number": (lambda d: node(d, "Branch").update(FlowID="FL_999"), "the highest number is FL_999"),
    "no count": (lambda d: flow(d).pop("Properties"), "has no `Count`"),
    "an unknown block": (lambda d: node(d, "Standard").update(ID="BL_x"), "`BL_x`, which does not exist"),
    "the trash shown": (lambda d: node(d, "Standard").update(ID=trash(d)["ID"]), "the flow shows the trash"),
    "a choice not in order": (lambda d: question(d)["ChoiceOrder"].remove("1"), "disagree about 1"),
    "an order without choice": (lambda d: question(d)["ChoiceOrder"].append(7), "disagree about 7"),
    "too few questions": (
        lambda d: element(d, "QC").update(SecondaryAttribute="3"),
        "counter is `3`, but there are 17",
    ),
    "no number of questions": (lambda d: element(d, "QC").update(SecondaryAttribute=None), "counter is `None`"),
}


def test_what_is_built_keeps_every_rule(document: Document) -> None:
    assert integrity_problems(Survey(document)) == []


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_violation_is_found(document: Document, planted: str) -> None:
    plant, words = PLANTED[planted]
    plant(document)
    found = integrity_problems(Survey(document))
    assert any(words in str(each) for each in found), found
    assert all(each.remedy for each in found)


def test_every_rule_finds_something(design: Design) -> None:
    """No rule is idle: each of them finds at least one of the planted violations."""
    text, busy = qsf_text(build(design)), set()
    for plant, _ in PLANTED.values():
        document = json.loads(text)
        plant(document)
        if not any(each["Element"] == "BL" for each in document["SurveyElements"]):
            continue
        busy |= {rule for rule in RULES if list(rule(Survey(document)))}
    assert busy == set(RULES)

"""Versions of one survey with known edits: the diff tells exactly those."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.instruments.small_survey import (
    Document,
    asks,
    block,
    compares,
    element,
    flow,
    logic,
    node,
    options,
    question,
    small,
)
from tests.instruments.test_qsf import EXPORTED, GENERATED
from vignetta import frames
from vignetta.instruments.qsf import read_qsf
from vignetta.instruments.review.differing import diff
from vignetta.instruments.survey import Survey
from vignetta.instruments.writing import elements


def arms(document: Document) -> Any:
    return node(document, "BlockRandomizer")["Flow"]


def arm(value: str) -> Document:
    return elements.embedded_data({"regime": value}) | {"FlowID": "FL_15"}


def add_question(document: Document, number: int, like: int, where: str, tag: str, text: str) -> None:
    made = {**question(document, like), "QuestionID": f"QID{number}", "DataExportTag": tag, "QuestionText": text}
    document["SurveyElements"].append({**element(document, "SQ"), "PrimaryAttribute": f"QID{number}", "Payload": made})
    block(document, where)["BlockElements"].append({"Type": "Question", "QuestionID": f"QID{number}"})


def add_choice(document: Document, number: int, text: str) -> None:
    asked = question(document, number)
    place = str(len(asked["Choices"]) + 1)
    asked["Choices"][place] = {"Display": text}
    asked["ChoiceOrder"].append(place)


def trash(document: Document, number: int, where: str) -> None:
    held = block(document, where)["BlockElements"]
    gone = next(each for each in held if each.get("QuestionID") == f"QID{number}")
    held.remove(gone)
    block(document, "trash")["BlockElements"].append(gone)


EDITS: dict[str, tuple[Callable[[Document], object], list[tuple[str, str, str]]]] = {
    "a text": (
        lambda d: question(d, 3).update(QuestionText="Troops must be sent."),
        [("text", "Troops should be sent.", "Troops must be sent.")],
    ),
    "bold type": (
        lambda d: question(d, 3).update(QuestionText="Troops <b>should</b> be sent."),
        [("look", "", "")],
    ),
    "a tag": (lambda d: question(d, 3).update(DataExportTag="troops"), [("tag", "approval", "troops")]),
    "a choice's text": (
        lambda d: question(d, 3)["Choices"]["2"].update(Display="Undecided"),
        [("choices", "Neither", "Undecided")],
    ),
    "a choice added": (lambda d: add_choice(d, 3, "No opinion"), [("choices", "", "")]),
    "a choice removed": (
        lambda d: (question(d, 3)["Choices"].pop("2"), question(d, 3)["ChoiceOrder"].remove("2")),
        [("choices", "", "")],
    ),
    "the order of choices": (
        lambda d: question(d, 3).update(ChoiceOrder=["3", "2", "1"]),
        [("choices", "Disagree, Neither, Agree", "Agree, Neither, Disagree")],
    ),
    "recodes": (
        lambda d: question(d, 3).update(RecodeValues={"1": "-1", "2": "2", "3": "3"}),
        [("codes", "1", "-1")],
    ),
    "a translation": (
        lambda d: question(d, 3)["Language"]["DE"]["Choices"]["1"].update(Display="Nein"),
        [("translation", "Stimme nicht zu", "Nein")],
    ),
    "a translation removed": (lambda d: question(d, 3).update(Language=[]), [("translation", "", "")]),
    "an answer not required": (
        lambda d: question(d, 3)["Validation"]["Settings"].update(ForceResponse="OFF"),
        [("validation", "required", "may be left out")],
    ),
    "another type": (
        lambda d: question(d, 3).update(Selector="SAHR"),
        [("type", "MC SAVR TX", "MC SAHR TX")],
    ),
    "display logic": (
        lambda d: question(d, 4).update(DisplayLogic=logic(asks(3, "3"))),
        [("logic", "always", "approval Agree Selected")],
    ),
    "a choice that excludes the others": (
        lambda d: question(d, 3)["Choices"]["3"].update(ExclusiveAnswer=True),
        [("options", "{}", '{"ExclusiveAnswer": true}')],
    ),
    "a script": (lambda d: question(d, 4).update(QuestionJS="run()"), [("script", "", "")]),
    "a question added": (lambda d: add_question(d, 7, 3, "end", "more", "More?"), [("question", "", "")]),
    "a question put into the trash": (lambda d: trash(d, 4, "vignette"), [("question", "", "")]),
    "a page break": (
        lambda d: block(d, "vignette")["BlockElements"].remove({"Type": "Page Break"}),
        [("block", "vignette | approval, trust", "vignette, approval, trust")],
    ),
    "the order of questions": (
        lambda d: block(d, "vignette")["BlockElements"].reverse(),
        [("block", "vignette, approval, trust", "trust, approval, vignette")],
    ),
    "a block's name": (lambda d: block(d, "end").update(Description="last"), [("block", "end", "last")]),
    "a loop": (
        lambda d: block(d, "topics")["Options"]["LoopingOptions"]["Static"]["1"].update({"1": "peace"}),
        [
            (
                "loop",
                '{"Static": {"1": {"1": "war"}, "2": {"1": "trade"}}}',
                '{"Static": {"1": {"1": "peace"}, "2": {"1": "trade"}}}',
            )
        ],
    ),
    "a field's value": (
        lambda d: arms(d)[0]["EmbeddedData"][0].update(Value="a free country"),
        [("embedded data", "a democracy", "a free country")],
    ),
    "a field added": (
        lambda d: flow(d)[0]["EmbeddedData"].extend(elements.embedded_data({"wave": "2"})["EmbeddedData"]),
        [("embedded data", "", "")],
    ),
    "an arm added": (lambda d: arms(d).append(arm("a monarchy")), [("embedded data", "", "")]),
    "an arm twice": (lambda d: arms(d).append(arm("a democracy")), [("embedded data", "", "")]),
    "an arm removed": (lambda d: arms(d).pop(), [("embedded data", "", "")]),
    "how many are shown": (
        lambda d: node(d, "BlockRandomizer").update(SubSet=2),
        [("randomizer", "1", "2")],
    ),
    "even presentation": (
        lambda d: node(d, "BlockRandomizer").pop("EvenPresentation"),
        [("randomizer", "evenly", "at random")],
    ),
    "the logic of a branch": (
        lambda d: node(d, "Branch", 1).update(BranchLogic=logic(compares("regime", "no democracy"))),
        [("logic", "regime EqualTo a democracy", "regime EqualTo no democracy")],
    ),
    "a block moved in the flow": (lambda d: flow(d).insert(1, flow(d).pop(6)), [("flow", "", "")]),
    "a block taken out of the flow": (lambda d: flow(d).pop(6), [("flow", "", "")]),
    "where respondents are sent": (
        lambda d: node(d, "EndSurvey")["Options"].update(EOSRedirectURL="https://other.example"),
        [
            (
                "flow",
                '{"EOSRedirectURL": "https://panel.example/?id=${e://Field/PROLIFIC_PID}"}',
                '{"EOSRedirectURL": "https://other.example"}',
            )
        ],
    ),
    "a survey option": (
        lambda d: options(d).update(BackButton="true"),
        [("options", '"false"', '"true"')],
    ),
    "the survey's name": (
        lambda d: d["SurveyEntry"].update(SurveyName="Another"),
        [("survey", "A small survey", "Another")],
    ),
}


def rid_of_flow_ids(document: Document) -> None:
    text = json.dumps(element(document, "FL"))
    for number in range(14, 0, -1):
        text = text.replace(f'"FL_{number}"', f'"FL_{number + 40}"')
    element(document, "FL").update(json.loads(text))


def rid_of_question_ids(document: Document) -> None:
    text = json.dumps(document)
    for number in range(6, 0, -1):
        text = text.replace(f"QID{number}", f"QID{number + 40}")
    document.clear()
    document.update(json.loads(text))


def rid_of_choice_ids(document: Document) -> None:
    asked = question(document, 3)
    asked["Choices"] = {str(int(key) + 3): each for key, each in asked["Choices"].items()}
    asked |= {"ChoiceOrder": ["4", "5", "6"], "RecodeValues": {"4": "1", "5": "2", "6": "3"}, "Language": []}


MEANINGLESS: dict[str, Callable[[Document], object]] = {
    "dates and owner": lambda d: d["SurveyEntry"].update(LastModified="2026-01-01 00:00:00", SurveyOwnerID="UR_x"),
    "ids of the flow": rid_of_flow_ids,
    "ids of questions": rid_of_question_ids,
    "ids of blocks": lambda d: d.update(json.loads(json.dumps(d).replace("BL_vignette", "BL_other"))),
    "the order of elements": lambda d: d["SurveyElements"].reverse(),
    "the order of arms": lambda d: arms(d).reverse(),
    "the list of blocks as a mapping": lambda d: element(d, "BL").update(
        Payload={str(2 * place): each for place, each in enumerate(element(d, "BL")["Payload"])}
    ),
    "numbers in the order of choices": lambda d: question(d, 3).update(ChoiceOrder=[1, 2, 3]),
    "words beside logic": lambda d: node(d, "Branch")["BranchLogic"]["0"]["0"].update(Description="<span>If</span>"),
    "the counter of questions": lambda d: element(d, "QC").update(SecondaryAttribute="40"),
    "the editor's notes": lambda d: d["SurveyElements"].append({**element(d, "SO"), "Element": "NT"}),
}


@pytest.mark.parametrize("name", EDITS)
def test_each_edit_is_told_and_nothing_else(name: str) -> None:
    edit, expected = EDITS[name]
    edited = small()
    edit(edited)
    found = diff(Survey(small()), Survey(edited))
    assert [(each.part, each.before, each.after) for each in found] == expected
    assert [each.part for each in diff(Survey(edited), Survey(small()))] == [each[0] for each in expected]


@pytest.mark.parametrize("name", MEANINGLESS)
def test_what_means_nothing_is_not_told(name: str) -> None:
    edited = small()
    MEANINGLESS[name](edited)
    assert diff(Survey(small()), Survey(edited)).found == ()


def test_choices_with_other_ids_but_the_same_words_and_codes_are_the_same() -> None:
    old, new = small(), small()
    question(old, 3)["Language"] = []
    rid_of_choice_ids(new)
    assert diff(Survey(old), Survey(new)).found == ()


def test_answers_of_a_row_of_its_own() -> None:
    def profile(word: str) -> Survey:
        document = small()
        own = {"1": {"1": {"Display": "red"}}, "2": {"1": {"Display": word}}}
        question(document, 3).update(QuestionType="Matrix", Selector="Profile", Answers=own)
        return Survey(document)

    (found,) = diff(profile("small"), profile("large"))
    assert (found.part, "small" in found.before, "large" in found.after) == ("options", True, True)


def test_the_same_change_in_many_places_is_told_once() -> None:
    old, new = small(), small()
    for document in (old, new):
        arms(document).append({**arm("a democracy"), "FlowID": "FL_16"})
    for each in arms(new):
        each["EmbeddedData"][0]["Value"] = each["EmbeddedData"][0]["Value"].replace("a democracy", "a free country")
    assert [(each.where, each.what) for each in diff(Survey(old), Survey(new))] == [
        ("FL_7", "the value changed, in 2 places")
    ]


def test_three_versions_with_known_edits() -> None:
    first, second, third = small(), small(), small()
    for document in (second, third):
        question(document, 3)["QuestionText"] = "Troops must be sent."
        arms(document).append(arm("a monarchy"))
        rid_of_flow_ids(document)
    trash(third, 4, "vignette")
    question(third, 6)["RecodeValues"] = {"1": "1", "2": "0"}
    node(third, "Branch", 1)["BranchLogic"] = logic(compares("regime", "a monarchy"))
    told = [str(each) for each in diff(Survey(first), Survey(second))]
    assert told == [
        "text QID3 (approval: Troops must be sent.): the text changed: "
        "`Troops should be sent.` → `Troops must be sent.`.",
        "embedded data FL_15 (regime = a monarchy): it was added.",
    ]
    told = [str(each) for each in diff(Survey(second), Survey(third))]
    assert told == [
        "codes QID6 (again: You said: ${q://QID3/ChoiceGroup/SelectedChoices}. Sure?): "
        "the recode value of choice `No` changed: `2` → `0`.",
        "question QID4 (trust: Allies can be trusted.): it was removed from the block `vignette`.",
        "logic FL_49 (if regime EqualTo a monarchy): the condition of the branch changed: "
        "`regime EqualTo a democracy` → `regime EqualTo a monarchy`.",
    ]
    assert len(diff(Survey(first), Survey(third))) == 5


@pytest.mark.real
@pytest.mark.parametrize("name", EXPORTED + GENERATED)
def test_a_real_survey_equals_itself(real: Path, name: str) -> None:
    survey = read_qsf(real / "qsf" / f"{name}.qsf")
    assert diff(survey, Survey(json.loads(json.dumps(survey.document)))).found == ()


@pytest.mark.real
def test_two_real_versions(real: Path) -> None:
    """The second version of this survey has the same questions; only the notes of its editors are others."""
    names = ("ctesta01__QualtricsTools__Notes_Survey", "ctesta01__QualtricsTools__Notes_Survey__v2")
    assert diff(*(real / "qsf" / f"{each}.qsf" for each in names)).found == ()


def test_as_a_frame_and_in_words() -> None:
    edited = small()
    question(edited, 3)["DataExportTag"] = "troops"
    found = diff(Survey(small()), Survey(edited))
    assert list(found.frame.columns) == list(frames.CHANGES)
    assert repr(found) == "tag QID3 (troops: Troops should be sent.): the export tag changed: `approval` → `troops`."
    assert repr(diff(Survey(small()), Survey(small()))) == "Nothing changed."

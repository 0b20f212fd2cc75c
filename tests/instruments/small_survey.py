"""A small survey with one of everything: consent, a drawn field, vignette, outcomes, loop, translation, panel."""

import json
from typing import Any

from vignetta.instruments.survey import Survey
from vignetta.instruments.writing import elements

Document = dict[str, Any]
AGREEMENT = ("Disagree", "Neither", "Agree")
AGREEMENT_DE = ("Stimme nicht zu", "Weder noch", "Stimme zu")


def small() -> Document:
    """A fresh copy of the survey's document."""
    questions = _questions()
    for place, each in enumerate(questions, 1):
        each["QuestionID"] = f"QID{place}"
    made = elements.document(
        *("small", "A small survey"),
        note="",
        language="en",
        questions=questions,
        blocks=_blocks(),
        flow=_flow(questions),
    )
    document: Document = json.loads(json.dumps(made))
    options(document)["AvailableLanguages"] = {"EN": [], "DE": []}
    return document


def _questions() -> list[Document]:
    regime = "${e://Field/regime}"
    asked = [
        elements.single_choice("consent", "Do you take part?", ["Yes", "No"]),
        elements.description("vignette", f"The country is {regime}."),
        elements.single_choice("approval", "Troops should be sent.", AGREEMENT),
        elements.single_choice("trust", "Allies can be trusted.", AGREEMENT),
        elements.single_choice("salience", "How much do you care about ${lm://Field/1}?", ["Little", "Some", "Much"]),
        elements.single_choice("again", "You said: ${q://QID3/ChoiceGroup/SelectedChoices}. Sure?", ["Yes", "No"]),
    ]
    german = ["Nehmen Sie teil?", f"Das Land ist {regime}.", "Truppen!", "Vertrauen?", "Wichtig?", "Sicher?"]
    choices = [("Ja", "Nein"), (), AGREEMENT_DE, AGREEMENT_DE, ("Wenig", "Mittel", "Viel"), ("Ja", "Nein")]
    for each, text, words in zip(asked, german, choices, strict=True):
        named = {str(place): {"Display": word} for place, word in enumerate(words, 1)}
        each["Language"] = {"DE": {"QuestionText": text, **({"Choices": named} if named else {})}}
    return asked


def _blocks() -> list[Document]:
    names = {"consent": [["QID1"]], "vignette": [["QID2"], ["QID3", "QID4"]], "topics": [["QID5"]], "end": [["QID6"]]}
    kinds = iter(["Default", "Standard", "Standard", "Standard"])
    made = [elements.block(f"BL_{name}", name, next(kinds), pages) for name, pages in names.items()]
    made[2]["Options"] |= {"Looping": "Static", "LoopingOptions": {"Static": {"1": {"1": "war"}, "2": {"1": "trade"}}}}
    return [*made, elements.block("BL_trash", "Trash / Unused Questions", "Trash")]


def _flow(questions: list[Document]) -> Document:
    shown = {each["ID"]: elements.show(each) for each in _blocks()}
    arms = [elements.embedded_data({"regime": each}) for each in ("a democracy", "no democracy")]
    told = [elements.embedded_data({"tone": "calm"})]
    back = elements.end() | {
        "EndingType": "Advanced",
        "Options": {"Advanced": "true", "EOSRedirectURL": "https://panel.example/?id=${e://Field/PROLIFIC_PID}"},
    }
    return elements.flow(
        [
            elements.embedded_data({"PROLIFIC_PID": None}),
            shown["BL_consent"],
            elements.branch_if_chosen(questions[0], "2", [elements.end()]),
            elements.randomizer(arms, even=True),
            elements.branch_if_set({"regime": "a democracy"}, told),
            *(shown[f"BL_{each}"] for each in ("vignette", "topics", "end")),
            back,
        ]
    )


# ----------------------------------------------------------------------------------------------------- its parts


def element(document: Document, kind: str) -> Any:
    return next(each for each in document["SurveyElements"] if each["Element"] == kind)


def question(document: Document, number: int) -> Any:
    found = (each["Payload"] for each in document["SurveyElements"] if each["PrimaryAttribute"] == f"QID{number}")
    return next(found)


def flow(document: Document) -> Any:
    return element(document, "FL")["Payload"]["Flow"]


def options(document: Document) -> Any:
    return element(document, "SO")["Payload"]


def block(document: Document, name: str) -> Any:
    return next(each for each in element(document, "BL")["Payload"] if each["ID"] == f"BL_{name}")


def node(document: Document, kind: str, place: int = 0) -> Any:
    return [each for each in flow(document) if each["Type"] == kind][place]


def asks(number: int, choice: str, operator: str = "Selected", joint: str = "") -> Document:
    """One test of a choice."""
    locator = f"q://QID{number}/SelectableChoice/{choice}"
    return {"LogicType": "Question", "Operator": operator, "LeftOperand": locator, "Type": "Expression"} | (
        {"Conjuction": joint} if joint else {}
    )


def compares(field: str, right: str, operator: str = "EqualTo", joint: str = "") -> Document:
    """One test of a field."""
    test = {"LogicType": "EmbeddedField", "Operator": operator, "LeftOperand": field, "RightOperand": right}
    return test | {"Type": "Expression"} | ({"Conjuction": joint} if joint else {})


def logic(*tests: Document) -> Document:
    numbered = {str(place): each for place, each in enumerate(tests)}
    return {"0": {**numbered, "Type": "If"}, "Type": "BooleanExpression"}


def survey(document: Document) -> Survey:
    return Survey(document)

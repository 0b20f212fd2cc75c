"""The pieces of a survey document, each as Qualtrics writes it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from vignetta.instruments.hypertext import plain_text

Piece = dict[str, Any]
Part = tuple[str, str, str | None, str | None, Any]
"""An element of the document: its kind, its three attributes, its payload."""
UNSET: Final = "0000-00-00 00:00:00"
CREATED: Final = "2000-01-01 00:00:00"
"""The same for every survey that is built, so that building twice gives equal bytes."""
_SHOWN: Final = 99
_LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BROWSER: Final = (
    *("Browser", "Version", "Operating System", "Screen Resolution"),
    *("Flash Version", "Java Support", "User Agent"),
)
_CLICKS: Final = ("First Click", "Last Click", "Page Submit", "Click Count")


def identifier(prefix: str, *parts: str) -> str:
    """An id in the form of Qualtrics that follows from the parts alone.

    >>> identifier("SV", "alliance")
    'SV_b1MivNy8IVInXkO'
    """
    number = int.from_bytes(hashlib.sha256("/".join((prefix, *parts)).encode()).digest())
    letters = []
    for _ in range(15):
        number, place = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[place])
    return f"{prefix}_{''.join(letters)}"


# ------------------------------------------------------------------------------------------------------- questions


def _question(tag: str, text: str, kind: Sequence[str], **more: Any) -> Piece:
    description = plain_text(text)
    described = description if len(description) <= _SHOWN else description[: _SHOWN - 3].rstrip() + "..."
    names = dict(zip(("QuestionType", "Selector", "SubSelector"), kind, strict=False))
    common: Piece = {
        "QuestionText": text,
        "DefaultChoices": False,
        "DataExportTag": tag,
        **names,
        "Configuration": {"QuestionDescriptionOption": "UseText"},
        "QuestionDescription": described,
    }
    return common | more | {"GradingData": [], "Language": []}


def _numbered(texts: Sequence[str]) -> dict[str, Piece]:
    return {str(place): {"Display": text} for place, text in enumerate(texts, 1)}


def _validation(**settings: Any) -> Piece:
    return {"Settings": {"ForceResponse": "ON", "ForceResponseType": "ON", "Type": "None", **settings}}


def description(tag: str, text: str) -> Piece:
    """Words without an answer. `text` is HTML."""
    unasked = {"ChoiceOrder": [], "Validation": {"Settings": {"Type": "None"}}}
    return _question(tag, text, ("DB", "TB"), **unasked, NextChoiceId=4, NextAnswerId=1)


def single_choice(tag: str, text: str, choices: Sequence[str], *, codes: Sequence[str | None] = ()) -> Piece:
    """One answer out of several, required. `text` and `choices` are HTML; `codes` are what an export of values writes.

    Without any code, an export writes the choice's place from 1; a single code that is left out is its place too.
    """
    places = _places(choices)
    recoded = _recoded(places, codes)
    asked = {"Choices": _numbered(choices), "ChoiceOrder": places, "Validation": _validation(), **recoded}
    return _question(tag, text, ("MC", "SAVR", "TX"), **asked, NextChoiceId=len(choices) + 1, NextAnswerId=1)


def number_entry(tag: str, text: str, *, minimum: float | None, maximum: float | None) -> Piece:
    """A number to type in, required. `text` is HTML. With whole bounds, whole numbers only."""
    bounds = [each for each in (minimum, maximum) if each is not None]
    whole = bool(bounds) and all(each == int(each) for each in bounds)
    low, high = ("" if each is None else f"{each:.12g}" for each in (minimum, maximum))
    number = {"Min": low, "Max": high, "NumDecimals": "0" if whole else ""}
    validation = _validation(Type="ContentType", MinChars="1", ContentType="ValidNumber", ValidNumber=number)
    return _question(
        *(tag, text, ("TE", "SL")),
        Validation=validation,
        SearchSource={"AllowFreeResponse": "false"},
        NextChoiceId=4,
        NextAnswerId=1,
    )


def slider(tag: str, text: str, *, minimum: float, maximum: float, step: float, ends: Sequence[str]) -> Piece:
    """A number to choose by moving a handle, required. `text` and `ends` are HTML."""
    whole, decimals = step == 1 and minimum == int(minimum), max(_decimals(each) for each in (step, minimum))
    look: Piece = {
        "QuestionDescriptionOption": "UseText",
        "CSSliderMin": _whole(minimum),
        "CSSliderMax": _whole(maximum),
        "GridLines": 10 if whole else round((maximum - minimum) / step),
        "SnapToGrid": not whole,
        "NumDecimals": str(decimals),
        "ShowValue": True,
        "CustomStart": False,
        "NotApplicable": False,
        "MobileFirst": True,
    }
    asked = {"Choices": _numbered(["&nbsp;"]), "ChoiceOrder": ["1"], "Labels": _numbered(ends)}
    more = {**asked, "Validation": _validation(), "Configuration": look}
    return _question(tag, text, ("Slider", "HSLIDER"), **more, NextChoiceId=2, NextAnswerId=3)


def _decimals(number: float) -> int:
    return len(f"{number:.9f}".rstrip("0").partition(".")[2])


def _whole(number: float) -> float | int:
    return int(number) if number == int(number) else number


def matrix(
    tag: str, text: str, rows: Sequence[str], columns: Sequence[str], *, codes: Sequence[str | None] = ()
) -> Piece:
    """One of the same answers to each of several statements, required. All texts are HTML; `codes` are the columns'."""
    look = {"TextPosition": "inline", "ChoiceColumnWidth": 25, "RepeatHeaders": "none", "WhiteSpace": "OFF"}
    asked = {
        "Configuration": {"QuestionDescriptionOption": "UseText", **look, "MobileFirst": True},
        "Choices": _numbered(rows),
        "ChoiceOrder": _places(rows),
        "Answers": _numbered(columns),
        "AnswerOrder": _places(columns),
        "ChoiceDataExportTags": False,
        "Validation": _validation(),
        **_recoded(_places(columns), codes),
    }
    kind = ("Matrix", "Likert", "SingleAnswer")
    return _question(tag, text, kind, **asked, NextChoiceId=len(rows) + 1, NextAnswerId=len(columns) + 1)


def _places(texts: Sequence[str]) -> list[str]:
    return [str(place) for place in range(1, len(texts) + 1)]


def _recoded(places: Sequence[str], codes: Sequence[str | None]) -> Piece:
    """What an export of values writes, unless each choice's place."""
    given = list(codes) or [None] * len(places)
    written = {place: code or place for place, code in zip(places, given, strict=True)}
    return {"RecodeValues": written} if any(place != code for place, code in written.items()) else {}


def text_entry(tag: str, text: str) -> Piece:
    """Words to write, which may be left out. `text` is HTML."""
    return _question(
        *(tag, text, ("TE", "ML")),
        Validation=_validation(ForceResponse="OFF"),
        SearchSource={"AllowFreeResponse": "false"},
        NextChoiceId=4,
        NextAnswerId=1,
    )


def timing(tag: str) -> Piece:
    """Notes how long the page was shown; the respondent does not see it."""
    piece = _question(
        tag, "Timing", ("Timing", "PageTimer"), Choices=_numbered(_CLICKS), NextChoiceId=5, NextAnswerId=1
    )
    return piece | {"Configuration": piece["Configuration"] | {"MinSeconds": "0", "MaxSeconds": "0"}}


def browser(tag: str) -> Piece:
    """Notes browser and screen; the respondent does not see it."""
    noted = {place: {**each, "TextEntry": 1} for place, each in _numbered(_BROWSER).items()}
    return _question(tag, "Browser Meta Info", ("Meta", "Browser"), Choices=noted, NextChoiceId=4, NextAnswerId=1)


def captcha(tag: str, text: str) -> Piece:
    """A box to tick that shows that somebody is human. `text` is HTML."""
    look = {"QuestionDescriptionOption": "UseText", "Align": "left", "Theme": "light"}
    return _question(tag, text, ("Captcha", "V2"), Configuration=look, NextChoiceId=4, NextAnswerId=1)


# ------------------------------------------------------------------------------------------------- blocks and flow


def block(number: str, name: str, kind: str, pages: Sequence[Sequence[str]] = ()) -> Piece:
    """A block; `pages` are the ids of the questions of each page."""
    broken = [[{"Type": "Question", "QuestionID": each} for each in page] for page in pages]
    elements = [each for place, page in enumerate(broken) for each in ([{"Type": "Page Break"}] * (place > 0) + page)]
    options = {"BlockLocking": "false", "RandomizeQuestions": "false", "BlockVisibility": "Expanded"}
    own = {"Type": kind, "SubType": "", "Description": name, "ID": number}
    return {**own, "BlockElements": elements, "Options": options}


def embedded_data(fields: Mapping[str, str | None]) -> Piece:
    """Gives fields their values; a field without a value is declared, so that the export has its column."""
    return {"Type": "EmbeddedData", "FlowID": "", "EmbeddedData": [_field(*each) for each in fields.items()]}


def _field(name: str, value: str | None) -> Piece:
    piece: Piece = {"Description": name, "Type": "Recipient" if value is None else "Custom", "Field": name}
    piece |= {"VariableType": "String", "DataVisibility": [], "AnalyzeText": False}
    return piece if value is None else piece | {"Value": value}


def show(shown: Piece) -> Piece:
    """Shows a block."""
    kind = "Block" if shown["Type"] == "Default" else "Standard"
    return {"Type": kind, "ID": shown["ID"], "FlowID": "", "Autofill": []}


def randomizer(children: Sequence[Piece], *, even: bool) -> Piece:
    """Picks one of the children for each respondent; `even` keeps their counts even."""
    piece: Piece = {"Type": "BlockRandomizer", "FlowID": "", "SubSet": 1}
    return piece | ({"EvenPresentation": True} if even else {}) | {"Flow": list(children)}


def in_any_order(children: Sequence[Piece]) -> Piece:
    """Shows all children, in an order drawn for each respondent."""
    return {"Type": "BlockRandomizer", "FlowID": "", "SubSet": len(children), "Flow": list(children)}


def group(name: str, children: Sequence[Piece]) -> Piece:
    """Children that belong together."""
    return {"Type": "Group", "FlowID": "", "Description": name, "Flow": list(children)}


def branch_if_set(fields: Mapping[str, str], children: Sequence[Piece]) -> Piece:
    """Children for those whose fields have these values."""
    expressions = {
        str(place): {
            "LogicType": "EmbeddedField",
            "LeftOperand": name,
            "Operator": "EqualTo",
            "RightOperand": value,
            "_HiddenExpression": False,
            "Type": "Expression",
            "Description": f"{'And ' if place else 'If '}{name} Is Equal to {value}",
            **({"Conjuction": "And"} if place else {}),
        }
        for place, (name, value) in enumerate(fields.items())
    }
    return _branch({**expressions, "Type": "If"}, children)


def branch_if_chosen(question: Piece, choice: str, children: Sequence[Piece]) -> Piece:
    """Children for those who chose one answer to a question."""
    return _branch({"0": chosen(question, choice), "Type": "If"}, children)


def chosen(question: Piece, choice: str) -> Piece:
    """That one answer to a question was chosen, as a condition."""
    number = question["QuestionID"]
    locator = f"q://{number}/SelectableChoice/{choice}"
    words = (question["QuestionDescription"], question["Choices"][choice]["Display"])
    return {
        "LogicType": "Question",
        "QuestionID": number,
        "QuestionIsInLoop": "no",
        "ChoiceLocator": locator,
        "Operator": "Selected",
        "QuestionIDFromLocator": number,
        "LeftOperand": locator,
        "Type": "Expression",
        "Description": f"If {words[0]} {words[1]} Is Selected",
    }


def _branch(condition: Piece, children: Sequence[Piece]) -> Piece:
    logic = {"0": condition, "Type": "BooleanExpression"}
    own = {"Type": "Branch", "FlowID": "", "Description": "New Branch", "BranchLogic": logic}
    return {**own, "Flow": list(children)}


def end(address: str = "", *, flag: str = "") -> Piece:
    """Ends the survey, at an address when there is one; the response is marked with the flag."""
    piece: Piece = {"Type": "EndSurvey", "FlowID": ""}
    return piece | {"EndingType": "Advanced", "Options": ending(address, flag)} if address or flag else piece


def ending(address: str, flag: str) -> Piece:
    """How a survey ends: with its usual message, or at an address."""
    leads = {"SurveyTermination": "Redirect", "EOSRedirectURL": address} if address else MESSAGE
    return {"Advanced": "true", **leads, "ResponseFlag": flag}


MESSAGE: Final[Piece] = {"SurveyTermination": "DefaultMessage"}
"""The survey ends with its usual message."""


def flow(children: Sequence[Piece]) -> Piece:
    """The whole flow, its elements numbered in their order."""
    root: Piece = {"Type": "Root", "FlowID": "", "Flow": list(children)}
    count = _number(root, 0)
    return root | {"Properties": {"Count": count, "RemovedFieldsets": []}}


def _number(node: Piece, last: int) -> int:
    last += 1
    node["FlowID"] = f"FL_{last}"
    for each in node.get("Flow", ()):
        last = _number(each, last)
    return last


# ---------------------------------------------------------------------------------------------------- the document


def document(
    name: str,
    title: str,
    *,
    note: str,
    language: str,
    questions: Sequence[Piece],
    blocks: Sequence[Piece],
    flow: Piece,
    options: Piece | None = None,
    more: Sequence[Part] = (),
    translations: Sequence[str] = (),
) -> Piece:
    """The whole survey. Its ids follow from `name`; `options` are the unusual ones, `more` further parts."""
    survey, responses = identifier("SV", name), identifier("RS", name)
    count = str(len(questions))
    parts: list[Part] = [
        ("BL", "Survey Blocks", None, None, list(blocks)),
        ("FL", "Survey Flow", None, None, flow),
        ("SO", "Survey Options", None, None, _options(title, (language, *translations)) | (options or {})),
        ("SCO", "Scoring", None, None, _SCORING),
        ("PROJ", "CORE", None, "1.1.0", {"ProjectCategory": "CORE", "SchemaVersion": "1.1.0"}),
        ("STAT", "Survey Statistics", None, None, {"MobileCompatible": True, "ID": "Survey Statistics"}),
        ("QC", "Survey Question Count", count, None, None),
        *(("SQ", each["QuestionID"], each["QuestionDescription"][:_SHOWN], None, each) for each in questions),
        *more,
        ("RS", responses, "Default Response Set", None, None),
    ]
    keys = ("Element", "PrimaryAttribute", "SecondaryAttribute", "TertiaryAttribute", "Payload")
    elements = [{"SurveyID": survey, **dict(zip(keys, each, strict=True))} for each in parts]
    return {"SurveyEntry": _entry(survey, responses, name, title, note, language), "SurveyElements": elements}


def _entry(survey: str, responses: str, name: str, title: str, note: str, language: str) -> Piece:
    owner = identifier("UR", name)
    return {
        "SurveyID": survey,
        "SurveyName": title,
        "SurveyDescription": note or None,
        "SurveyOwnerID": owner,
        "SurveyBrandID": "vignetta",
        "DivisionID": None,
        "SurveyLanguage": language.upper(),
        "SurveyActiveResponseSet": responses,
        "SurveyStatus": "Inactive",
        "SurveyStartDate": UNSET,
        "SurveyExpirationDate": UNSET,
        "SurveyCreationDate": CREATED,
        "CreatorID": owner,
        "LastModified": CREATED,
        "LastAccessed": UNSET,
        "LastActivated": UNSET,
        "Deleted": None,
    }


def _options(title: str, languages: Sequence[str]) -> Piece:
    return {
        "BackButton": "false",
        "SaveAndContinue": "true",
        "SurveyProtection": "PublicSurvey",
        "BallotBoxStuffingPrevention": "false",
        "NoIndex": "Yes",
        "SecureResponseFiles": "true",
        "SurveyExpiration": "None",
        "SurveyTermination": "DefaultMessage",
        "Header": "",
        "Footer": "",
        "ProgressBarDisplay": "None",
        "PartialData": "+1 week",
        "ValidationMessage": None,
        "PreviousButton": " \u2190 ",
        "NextButton": " \u2192 ",
        "SurveyTitle": title,
        "SkinLibrary": "vignetta",
        "SkinType": "templated",
        "Skin": {"brandingId": None, "templateId": "*base", "overrides": None},
        "NewScoring": 1,
        "AvailableLanguages": {each.upper(): [] for each in languages},
    }


_SCORING: Final[Piece] = {
    "ScoringCategories": [],
    "ScoringCategoryGroups": [],
    "ScoringSummaryCategory": None,
    "ScoringSummaryAfterQuestions": 0,
    "ScoringSummaryAfterSurvey": 0,
    "DefaultScoringCategory": None,
    "AutoScoringCategory": None,
}

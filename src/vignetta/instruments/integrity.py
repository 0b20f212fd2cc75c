"""What every survey that Qualtrics exports has in common, as rules that a survey file is held to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from vignetta.errors import Problem
from vignetta.instruments.survey import TRASH, Survey, block_payloads, offers_choices
from vignetta.instruments.written import Raw, entries, numbered, whole_number

ENTRY_KEYS: Final = (
    *("SurveyID", "SurveyName", "SurveyDescription", "SurveyOwnerID", "SurveyBrandID", "DivisionID", "SurveyLanguage"),
    *("SurveyActiveResponseSet", "SurveyStatus", "SurveyStartDate", "SurveyExpirationDate", "SurveyCreationDate"),
    *("CreatorID", "LastModified", "LastAccessed", "LastActivated", "Deleted"),
)
ELEMENT_KEYS: Final = (
    *("SurveyID", "Element", "PrimaryAttribute", "SecondaryAttribute", "TertiaryAttribute", "Payload"),
)
QUESTION_KEYS: Final = (
    *("QuestionID", "QuestionType", "QuestionText", "QuestionDescription", "DataExportTag", "Selector"),
)
ONCE: Final = ("BL", "FL", "SO", "SCO", "QC", "RS")
LONGEST_DESCRIPTION: Final = 103
_EXPORT: Final = "Export the survey from Qualtrics again: Tools > Import/Export > Export survey."
_REIMPORT: Final = "Qualtrics writes no such file; export the survey again instead of editing it."

Rule = Callable[[Survey], Iterator[Problem]]


def _repeated(names: Iterable[Any]) -> list[str]:
    return [str(name) for name, count in Counter(names).items() if count > 1]


# --------------------------------------------------------------------------------------- can it be read as a survey


def shape_problems(document: Any) -> list[Problem]:
    """Why a JSON document cannot be read as a survey; nothing when it can."""
    if isinstance(document, dict) and "result" in document and "SurveyElements" not in document:
        remedy = f"A survey fetched through the Qualtrics API has another layout. {_EXPORT}"
        return [Problem("the file", "this is a survey definition of the API, not a .qsf file.", remedy)]
    if isinstance(document, dict) and "Element" in document:
        what = f"this is a single element (`{document['Element']}`), not a whole survey."
        return [Problem("the file", what, _EXPORT)]
    parts = document if isinstance(document, dict) else {}
    if not isinstance(parts.get("SurveyEntry"), dict) or not isinstance(parts.get("SurveyElements"), list):
        return [Problem("the file", "`SurveyEntry` or `SurveyElements` is missing: this is not a .qsf file.", _EXPORT)]
    if not all(isinstance(each, dict) for each in parts["SurveyElements"]):
        return [Problem("SurveyElements", "an element is not a mapping.", _REIMPORT)]
    return list(_element_shapes(parts["SurveyElements"]))


def _element_shapes(elements: list[Raw]) -> Iterator[Problem]:
    for kind, what in (("BL", "list of blocks"), ("FL", "survey flow")):
        if not any(each.get("Element") == kind for each in elements):
            yield Problem(kind, f"the {what} is missing.", _REIMPORT)
    for place, each in enumerate(elements, 1):
        name, payload = each.get("Element"), each.get("Payload")
        if name is None:
            yield Problem(f"element {place}", "`Element` does not say what it is.", _REIMPORT)
        elif name == "SQ":
            yield from _question_shape(f"SQ {each.get('PrimaryAttribute', place)}", payload)
        elif name == "BL":
            yield from _block_shapes(payload)
        elif name == "FL":
            yield from _flow_shape(payload)


def _question_shape(where: str, payload: Any) -> Iterator[Problem]:
    if not isinstance(payload, dict):
        yield Problem(where, "the question has no payload.", _REIMPORT)
        return
    for key in QUESTION_KEYS:
        if not isinstance(payload.get(key), str):
            yield Problem(where, f"the question has no `{key}`.", _REIMPORT)
    for each in ("Choices", "Answers"):
        if not isinstance(payload.get(each, {}), dict | list):
            yield Problem(where, f"`{each}` is neither a mapping nor a list.", _REIMPORT)


def _block_shapes(payload: Any) -> Iterator[Problem]:
    if not isinstance(payload, dict | list):
        yield Problem("BL", "the list of blocks is empty.", _REIMPORT)
    for place, each in enumerate(block_payloads(payload), 1):
        where = f"BL {each.get('ID', f'block {place}')}"
        for key in ("ID", "Type"):
            if not isinstance(each.get(key), str):
                yield Problem(where, f"the block has no `{key}`.", _REIMPORT)
        for element in entries(each.get("BlockElements")):
            about = element.get("QuestionID", "an element")
            if not isinstance(element.get("Type"), str):
                yield Problem(where, f"`{about}` has no `Type`: it is neither a question nor a page break.", _REIMPORT)
            elif element["Type"] == "Question" and not isinstance(element.get("QuestionID"), str):
                yield Problem(where, "a question of the block has no `QuestionID`.", _REIMPORT)


def _flow_shape(payload: Any) -> Iterator[Problem]:
    if not isinstance(payload, dict) or not isinstance(payload.get("Flow"), list | dict):
        yield Problem("FL", "the survey flow is empty.", _REIMPORT)
        return
    for node in list(_flow_nodes(payload))[1:]:
        where = f"FL {node.get('FlowID', '(no id)')}"
        kind = node.get("Type")
        if not isinstance(kind, str):
            yield Problem(where, "the flow element has no `Type`.", _REIMPORT)
        elif kind in ("Block", "Standard") and not isinstance(node.get("ID"), str):
            yield Problem(where, "the flow element names no block.", _REIMPORT)
        elif kind == "EmbeddedData" and not all("Field" in each for each in entries(node.get("EmbeddedData"))):
            yield Problem(where, "an embedded field has no name (`Field`).", _REIMPORT)


def _flow_nodes(node: Raw) -> Iterator[Raw]:
    yield node
    for each in entries(node.get("Flow")):
        yield from _flow_nodes(each)


def _nodes(survey: Survey) -> list[Raw]:
    """All flow elements as written, the root first."""
    return [node for each in survey.elements("FL") for node in _flow_nodes(each["Payload"])]


def _blocks(survey: Survey) -> list[Raw]:
    return [block for each in survey.elements("BL") for block in block_payloads(each["Payload"])]


# ------------------------------------------------------------------------- what a survey must hold to be unambiguous


def _question_ids_are_unique(survey: Survey) -> Iterator[Problem]:
    for name in _repeated(each["Payload"]["QuestionID"] for each in survey.elements("SQ")):
        yield Problem(f"SQ {name}", "two questions have this id.", "Give each question its own id.")


def _questions_of_blocks_exist(survey: Survey) -> Iterator[Problem]:
    for block in survey.blocks.values():
        for name in block.questions:
            if name not in survey.questions:
                yield Problem(f"BL {block.id}", f"the block holds `{name}`, which no question is.", "Remove it.")


def _blocks_of_flow_exist(survey: Survey) -> Iterator[Problem]:
    for node in _nodes(survey):
        if node.get("Type") in ("Block", "Standard") and str(node.get("ID")) not in survey.blocks:
            what = f"the flow shows the block `{node.get('ID')}`, which does not exist."
            yield Problem(f"FL {node.get('FlowID')}", what, "Remove it from the flow, or add the block.")


HARD: Final[tuple[Rule, ...]] = (_question_ids_are_unique, _questions_of_blocks_exist, _blocks_of_flow_exist)
"""Rules without which a survey has no single meaning; reading holds a file to them."""


# -------------------------------------------------------------------------------------- the layout of the document


def _two_parts(survey: Survey) -> Iterator[Problem]:
    surplus = set(survey.document) - {"SurveyEntry", "SurveyElements"}
    if surplus:
        what = f"beside `SurveyEntry` and `SurveyElements` stands {', '.join(sorted(surplus))}."
        yield Problem("the file", what, "Remove it.")


def _entry_keys(survey: Survey) -> Iterator[Problem]:
    for key in sorted(set(survey.entry) ^ set(ENTRY_KEYS)):
        what = f"the key `{key}` is {'unknown' if key in survey.entry else 'missing'}."
        yield Problem("SurveyEntry", what, f"The keys are {', '.join(ENTRY_KEYS)}.")


def _element_keys(survey: Survey) -> Iterator[Problem]:
    for each in survey.all_elements:
        if set(each) != set(ELEMENT_KEYS):
            where = f"{each['Element']} {each.get('PrimaryAttribute')}"
            keys = ", ".join(sorted(set(each) ^ set(ELEMENT_KEYS)))
            yield Problem(where, f"keys missing or unknown: {keys}.", f"An element has {', '.join(ELEMENT_KEYS)}.")


def _one_survey_id(survey: Survey) -> Iterator[Problem]:
    for name in sorted({str(each.get("SurveyID")) for each in survey.all_elements} - {survey.id}):
        what = f"elements belong to the survey `{name}`, but the file is `{survey.id}`."
        yield Problem("SurveyElements", what, "Write the same SurveyID everywhere.")


def _elements_once(survey: Survey) -> Iterator[Problem]:
    for kind in ONCE:
        count = len(survey.elements(kind))
        if count != 1:
            yield Problem(kind, f"the survey has {count} elements `{kind}`.", "It needs exactly one.")


def _response_set(survey: Survey) -> Iterator[Problem]:
    active = survey.entry.get("SurveyActiveResponseSet")
    for each in survey.elements("RS"):
        if each.get("PrimaryAttribute") != active:
            what = f"the response set is `{each.get('PrimaryAttribute')}`, but the active one is `{active}`."
            yield Problem("RS", what, "Write the same id in both places.")


def _question_count(survey: Survey) -> Iterator[Problem]:
    questions = len(survey.elements("SQ"))
    for each in survey.elements("QC"):
        counted = each.get("SecondaryAttribute")
        if (whole_number(counted) or 0) < questions:
            what = f"the question counter is `{counted}`, but there are {questions} questions."
            yield Problem("QC", what, "Count at least the questions there are.")


# ----------------------------------------------------------------------------------------------- questions and blocks


def _attributes_of_questions(survey: Survey) -> Iterator[Problem]:
    for each in survey.elements("SQ"):
        primary, secondary, payload = each.get("PrimaryAttribute"), each.get("SecondaryAttribute"), each["Payload"]
        where, description = f"SQ {primary}", payload["QuestionDescription"]
        if primary != payload["QuestionID"]:
            yield Problem(where, f"the element names the question `{payload['QuestionID']}`.", "Write the same id.")
        if not description.startswith(str(secondary)):
            yield Problem(where, "the second attribute does not begin the description.", "Write its beginning there.")
        if len(description) > LONGEST_DESCRIPTION:
            what = f"the description has {len(description)} characters, more than {LONGEST_DESCRIPTION}."
            yield Problem(where, what, "Cut it and end it with `...`.")


def _choices_in_order(survey: Survey) -> Iterator[Problem]:
    for each in survey.elements("SQ"):
        payload = each["Payload"]
        if not offers_choices(payload):
            continue
        order = {str(number) for number in numbered(payload.get("ChoiceOrder")).values()}
        odd = order ^ set(numbered(payload.get("Choices"))) if order else set()
        if odd:
            what = f"choices and their order disagree about {', '.join(sorted(odd))}."
            yield Problem(f"SQ {payload['QuestionID']}", what, "List every choice once in `ChoiceOrder`.")


def _block_ids_are_unique(survey: Survey) -> Iterator[Problem]:
    for name in _repeated(each["ID"] for each in _blocks(survey)):
        yield Problem(f"BL {name}", "two blocks have this id.", "Give each block its own id.")


def _kinds_of_blocks(survey: Survey) -> Iterator[Problem]:
    kinds = Counter(each["Type"] for each in _blocks(survey))
    if kinds[TRASH] != 1:
        yield Problem("BL", f"the survey has {kinds[TRASH]} blocks of type Trash.", "It needs exactly one.")
    if kinds["Default"] > 1:
        yield Problem("BL", f"the survey has {kinds['Default']} blocks of type Default.", "At most one may be it.")


def _questions_in_one_block(survey: Survey) -> Iterator[Problem]:
    held = [element.get("QuestionID") for block in _blocks(survey) for element in entries(block.get("BlockElements"))]
    for name in _repeated(each for each in held if each):
        yield Problem(f"SQ {name}", "the question stands in blocks twice.", "Keep it in one place.")


# ------------------------------------------------------------------------------------------------------- the flow


def _flow_ids(survey: Survey) -> Iterator[Problem]:
    nodes = _nodes(survey)
    for node in nodes[1:]:
        if not node.get("FlowID"):
            yield Problem("FL", f"a flow element of type {node.get('Type')} has no `FlowID`.", "Give it one.")
    for name in _repeated(str(node["FlowID"]) for node in nodes if node.get("FlowID")):
        yield Problem(f"FL {name}", "two flow elements have this id.", "Give each flow element its own id.")


def _flow_count(survey: Survey) -> Iterator[Problem]:
    nodes = _nodes(survey)
    properties = nodes[0].get("Properties")
    count = properties.get("Count") if isinstance(properties, dict) else None
    if not isinstance(count, int):
        yield Problem("FL", "`Properties` has no `Count`.", "Count the flow elements there.")
        return
    numbers = [whole_number(str(node.get("FlowID", "")).removeprefix("FL_")) for node in nodes]
    highest = max(each or 0 for each in numbers)
    if count < len(nodes):
        yield Problem("FL", f"`Count` is {count}, but the flow has {len(nodes)} elements.", "Count them all.")
    if count < highest:
        yield Problem("FL", f"`Count` is {count}, but the highest number is FL_{highest}.", "Count at least to it.")


def _blocks_in_flow(survey: Survey) -> Iterator[Problem]:
    for node in _nodes(survey):
        block = survey.blocks.get(str(node.get("ID")))
        if block is None or node.get("Type") not in ("Block", "Standard"):
            continue
        if block.kind == "Default" and node["Type"] == "Standard":
            what = "the default block is shown as `Standard`."
            yield Problem(f"FL {node.get('FlowID')}", what, "Write the type `Block`.")
        if block.kind == TRASH:
            yield Problem(f"FL {node.get('FlowID')}", "the flow shows the trash.", "Remove it from the flow.")


def _randomizers(survey: Survey) -> Iterator[Problem]:
    for node in _nodes(survey):
        if node.get("Type") in ("BlockRandomizer", "Randomizer"):
            subset, below = node.get("SubSet"), len(entries(node.get("Flow")))
            if not isinstance(subset, int) or isinstance(subset, bool) or not 1 <= subset <= below:
                what = f"the randomizer shows `{subset}` of its {below} elements."
                yield Problem(f"FL {node.get('FlowID')}", what, "Write a whole number from 1 to their number.")


def _embedded_fields(survey: Survey) -> Iterator[Problem]:
    for node in _nodes(survey):
        for each in entries(node.get("EmbeddedData")) if node.get("Type") == "EmbeddedData" else ():
            where = f"FL {node.get('FlowID')} {each['Field']}"
            if each.get("Description") != each["Field"]:
                yield Problem(where, f"the field's description is `{each.get('Description')}`.", "Repeat its name.")
            if (each.get("Type") == "Custom") != ("Value" in each):
                what = f"the field is of type {each.get('Type')} and has {'a' if 'Value' in each else 'no'} value."
                yield Problem(where, what, "A field with a value is `Custom`, one without is `Recipient`.")


RULES: Final[tuple[Rule, ...]] = (
    *HARD,
    *(_two_parts, _entry_keys, _element_keys, _one_survey_id, _elements_once, _response_set, _question_count),
    *(_attributes_of_questions, _choices_in_order, _block_ids_are_unique, _kinds_of_blocks, _questions_in_one_block),
    *(_flow_ids, _flow_count, _blocks_in_flow, _randomizers, _embedded_fields),
)


def integrity_problems(survey: Survey) -> list[Problem]:
    """In what a survey differs from everything that Qualtrics exports.

    Returns
    -------
    One problem per violation; where it cannot be read as a survey at all, only the reasons for that.
    """
    return shape_problems(survey.document) or [problem for rule in RULES for problem in rule(survey)]

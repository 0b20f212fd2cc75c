"""Every kind of finding is found where it was planted, and nowhere else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

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
from vignetta.design.declaration import read_design
from vignetta.instruments.review.linting import lint
from vignetta.instruments.survey import Survey
from vignetta.instruments.writing import elements
from vignetta.instruments.writing.building import build
from vignetta.study.scaffold import Template, init


def branch(document: Document, *tests: Document) -> None:
    node(document, "Branch", 1)["BranchLogic"] = logic(*tests)


def display(document: Document, number: int, *tests: Document) -> None:
    question(document, number)["DisplayLogic"] = logic(*tests)


def move(document: Document, kind: str, place: int, to: int) -> None:
    found = node(document, kind, place)
    flow(document).remove(found)
    flow(document).insert(to, found)


def quota(document: Document, occurrences: int, *tests: Document) -> None:
    payload = {"Name": "women", "Occurrences": occurrences, "Logic": logic(*tests)}
    piece = {**element(document, "SO"), "Element": "QO", "PrimaryAttribute": "QO_1", "Payload": payload}
    document["SurveyElements"].append(piece)


def text(document: Document, number: int, words: str) -> None:
    question(document, number)["QuestionText"] = words


def german(document: Document, number: int) -> Any:
    return question(document, number)["Language"]["DE"]


def skip(document: Document, to: str) -> None:
    told = {"Locator": "q://QID3/SelectableChoice/1", "SkipToDestination": to}
    next(e for e in block(document, "vignette")["BlockElements"] if e.get("QuestionID") == "QID3")["SkipLogic"] = [told]


def arms(document: Document) -> Any:
    return node(document, "BlockRandomizer")["Flow"]


def sets(document: Document, fields: dict[str, str | None], number: str) -> Document:
    return elements.embedded_data(fields) | {"FlowID": number}


def reverse_german(document: Document) -> None:
    shown = german(document, 4)["Choices"]
    shown["1"], shown["3"] = shown["3"], shown["1"]
    second = {**question(document, 3), "QuestionID": "QID7", "DataExportTag": "more"}
    document["SurveyElements"].append({**element(document, "SQ"), "PrimaryAttribute": "QID7", "Payload": second})
    document["SurveyElements"][-1]["SecondaryAttribute"] = second["QuestionDescription"]
    element(document, "QC")["SecondaryAttribute"] = "7"
    block(document, "vignette")["BlockElements"].append({"Type": "Question", "QuestionID": "QID7"})


Planted = tuple[Callable[[Document], object], str, str, str, str]
PLANTED: dict[str, Planted] = {
    "logic about an unknown question": (
        lambda d: branch(d, asks(99, "1")),
        *("error", "broken-logic", "FL_9"),
        "QID99",
    ),
    "logic about an unknown choice": (
        lambda d: branch(d, asks(1, "7")),
        *("error", "broken-logic", "FL_9", "choice 7 of QID1, which that question does not have"),
    ),
    "logic about a question that nobody gets": (
        lambda d: (flow(d).pop(5), branch(d, asks(3, "1")), text(d, 6, "Sure?")),
        *("error", "broken-logic", "FL_9", "a question that nobody gets: approval"),
    ),
    "logic about a later question": (
        lambda d: display(d, 3, asks(6, "1")),
        *("error", "logic-too-early", "QID3", "shown only later: again"),
    ),
    "a quota about an unknown question": (
        lambda d: quota(d, 100, asks(99, "1")),
        *("error", "broken-logic", "QO_1", "QID99"),
    ),
    "logic about a part of an unknown question": (
        lambda d: branch(d, asks(99, "1/2") | {"LeftOperand": "q://QID99#1/SelectableChoice/1/2"}),
        *("error", "broken-logic", "FL_9", "QID99, which does not exist"),
    ),
    "a sum with a field that nothing sets": (
        lambda d: text(d, 2, "The country is ${e://Field/regime}, $e{ 2 * e://Field/nowhere }."),
        *("warning", "field-never-set", "QID2", "`nowhere`, which the survey never sets"),
    ),
    "logic that was begun and not finished": (
        lambda d: branch(d, asks(1, "1") | {"LeftOperand": "q://undefined/undefined"}),
        *("error", "broken-logic", "FL_9", "asks about nothing"),
    ),
    "a full quota": (lambda d: quota(d, 0, asks(1, "1")), "error", "quota", "QO_1", "full from the start"),
    "two answers at once": (
        lambda d: branch(d, asks(1, "1"), asks(1, "2", joint="And")),
        *("error", "logic-never-true", "FL_9", "takes one answer, not 2"),
    ),
    "selected and not": (
        lambda d: branch(d, asks(1, "1"), asks(1, "1", "NotSelected", "And")),
        *("error", "logic-never-true", "FL_9", "selected and not selected"),
    ),
    "a value that no randomizer sets": (
        lambda d: branch(d, compares("regime", "a monarchy")),
        *("error", "logic-never-true", "FL_9", "never `a monarchy`: the flow sets it to `a democracy`, `no democracy`"),
    ),
    "two values at once": (
        lambda d: branch(d, compares("PROLIFIC_PID", "x"), compares("PROLIFIC_PID", "y", joint="And")),
        *("error", "logic-never-true", "FL_9", "`PROLIFIC_PID` would have to be x and y at once"),
    ),
    "bounds that exclude each other": (
        lambda d: branch(
            d, compares("PROLIFIC_PID", "5", "GreaterThan"), compares("PROLIFIC_PID", "5", "LessThanOrEqual", "And")
        ),
        *("error", "logic-never-true", "FL_9", "no number is within the bounds"),
    ),
    "half of an Or": (
        lambda d: branch(d, compares("regime", "a monarchy"), compares("regime", "a democracy", joint="Or")),
        *("warning", "logic-never-true", "FL_9", "a part of the branch logic"),
    ),
    "logic about a field never set": (
        lambda d: branch(d, compares("regmie", "a democracy")),
        *("warning", "field-never-set", "FL_9", "`regmie`, which the survey never sets"),
    ),
    "a pipe to a field never set": (
        lambda d: text(d, 3, "${e://Field/Regime}?"),
        *("warning", "field-never-set", "QID3", "The flow sets `regime`: write it alike."),
    ),
    "a pipe to a field set later": (
        lambda d: text(d, 1, "In ${e://Field/regime}?"),
        *("error", "field-set-too-late", "QID1", "set only later"),
    ),
    "a pipe to an unknown question": (
        lambda d: text(d, 6, "${q://QID99/ChoiceGroup/SelectedChoices}"),
        *("error", "pipe-to-nowhere", "QID6", "QID99, which does not exist"),
    ),
    "a pipe to a later answer": (
        lambda d: text(d, 3, "${q://QID6/ChoiceGroup/SelectedChoices}"),
        *("error", "pipe-to-nowhere", "QID3", "comes only later: again"),
    ),
    "a loop field outside a loop": (
        lambda d: text(d, 3, "${lm://Field/1}"),
        *("error", "broken-loop", "QID3", "not looped"),
    ),
    "a loop field that a loop lacks": (
        lambda d: text(d, 5, "${lm://Field/2}"),
        *("error", "broken-loop", "QID5", "2 of 2 loops"),
    ),
    "a skip to nowhere": (lambda d: skip(d, "QID99"), "error", "broken-skip", "QID3", "QID99, which no block holds"),
    "a skip to another block": (lambda d: skip(d, "QID6"), "error", "broken-skip", "QID3", "another block"),
    "a skip back": (lambda d: skip(d, "QID2"), "error", "broken-skip", "QID3", "skips back"),
    "a tag twice": (
        lambda d: question(d, 4).update(DataExportTag="approval"),
        *("warning", "tag-twice", "QID3", "2 questions have the export tag `approval`: QID3, QID4"),
    ),
    "no tag": (lambda d: question(d, 4).update(DataExportTag=" "), "note", "no-tag", "QID4", "no export tag"),
    "a code twice": (
        lambda d: question(d, 6).update(RecodeValues={"1": "1", "2": "1"}),
        *("warning", "code-twice", "QID6", "exported as 1: `Yes`, `No`"),
    ),
    "a code of a choice that is gone": (
        lambda d: question(d, 6).update(RecodeValues={"1": "1", "2": "2", "9": "9"}),
        *("note", "stale-code", "QID6", "do not exist: 9"),
    ),
    "the same scale with other codes": (
        lambda d: question(d, 4).update(RecodeValues={"1": "3", "2": "2", "3": "1"}),
        *("warning", "codes-differ", "QID4", "other codes than in QID3"),
    ),
    "the same scale the other way round": (
        lambda d: question(d, 4).update(ChoiceOrder=["3", "2", "1"]),
        *("note", "scale-reversed", "QID4", "reverse order of that of QID3"),
    ),
    "a text left over": (
        lambda d: question(d, 5)["Choices"]["1"].update(Display="Click to write Choice 1"),
        *("warning", "left-over-text", "QID5", "Click to write Choice 1"),
    ),
    "a choice twice": (
        lambda d: question(d, 5)["Choices"]["1"].update(Display="Much"),
        *("warning", "choice-twice", "QID5", "`Much`"),
    ),
    "a choice not translated": (
        lambda d: german(d, 5)["Choices"].pop("2"),
        *("warning", "not-translated", "QID5", "no DE translation of choice 2."),
    ),
    "a question not translated": (
        lambda d: german(d, 2).update(QuestionText="<p> </p>"),
        *("warning", "not-translated", "QID2", "no DE translation of the question."),
    ),
    "a scale turned round in one language": (
        reverse_german,
        *("error", "scale-turned", "QID4", "the other way in DE: `Disagree` is `Stimme zu`"),
    ),
    "a block that the flow never shows": (
        lambda d: flow(d).pop(6),
        *("warning", "unreached", "BL_topics", "nobody gets its 1 questions"),
    ),
    "a question in no block": (
        lambda d: block(d, "topics")["BlockElements"].pop(),
        *("note", "unreached", "QID5", "no block holds"),
    ),
    "something after the end": (
        lambda d: move(d, "EndSurvey", 0, 7),
        "warning",
        "unreached",
        "FL_13",
        "ends before it",
    ),
    "a branch without anything below": (
        lambda d: node(d, "Branch", 1).pop("Flow"),
        *("note", "empty-branch", "FL_9", "nothing stands below"),
    ),
    "a randomizer that shows none": (
        lambda d: node(d, "BlockRandomizer").update(SubSet=0),
        *("error", "randomizer", "FL_6", "shows 0 of its 2"),
    ),
    "a randomizer that shows too many": (
        lambda d: node(d, "BlockRandomizer").update(SubSet=3),
        *("error", "randomizer", "FL_6", "shows 3 of its 2"),
    ),
    "a randomizer with one child": (lambda d: arms(d).pop(), "note", "randomizer", "FL_6", "a single child"),
    "a randomizer without even presentation": (
        lambda d: node(d, "BlockRandomizer").pop("EvenPresentation"),
        *("note", "not-even", "FL_6", "evenly"),
    ),
    "an end drawn at random": (
        lambda d: arms(d).append({"Type": "EndSurvey", "FlowID": "FL_15"}),
        *("warning", "randomizer", "FL_6", "screened out at random"),
    ),
    "one arm overwriting the other": (
        lambda d: node(d, "BlockRandomizer").update(SubSet=2),
        *("warning", "overwritten", "FL_6", "`regime` is set by several"),
    ),
    "a field drawn and never shown": (
        lambda d: (
            text(d, 2, "A country."),
            german(d, 2).update(QuestionText="Land"),
            branch(d, compares("PROLIFIC_PID", "", "Empty")),
        ),
        *("warning", "drawn-unseen", "FL_6", "`regime`, which no page shows"),
    ),
    "a field with a question's column": (
        lambda d: flow(d).insert(0, sets(d, {"approval": "x"}, "FL_15")),
        *("warning", "column-twice", "FL_15", "the question QID3 have the same column"),
    ),
    "fields that differ in capitals": (
        lambda d: flow(d).insert(0, sets(d, {"Tone": "x"}, "FL_15")),
        *("warning", "column-twice", "FL_10", "differ only in capitals"),
    ),
    "a panel without a way back": (
        lambda d: node(d, "EndSurvey").pop("Options"),
        *("warning", "no-redirect", "FL_2", "`PROLIFIC_PID` is collected from a panel"),
    ),
    "a back button": (lambda d: options(d).update(BackButton="true"), "note", "back-button", "SO", "go back"),
    "an id of the flow twice": (
        lambda d: node(d, "EndSurvey").update(FlowID="FL_6"),
        *("error", "layout", "FL_6", "two flow elements have this id"),
    ),
    "a layout that Qualtrics does not write": (
        lambda d: element(d, "QC").update(SecondaryAttribute="1"),
        *("warning", "layout", "QC", "the question counter is `1`"),
    ),
}


def test_a_sound_survey_has_no_findings() -> None:
    assert lint(Survey(small()), outcomes=["approval"]).found == ()


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_planted_is_found_and_nothing_worse(name: str) -> None:
    plant, severity, rule, where, words = PLANTED[name]
    document = small()
    plant(document)
    found = [each for each in lint(Survey(document)) if (each.rule, each.where) == (rule, where)]
    assert [(each.severity, words in str(each)) for each in found] == [(severity, True)]
    assert found[0].remedy


def test_a_counter_does_not_overwrite() -> None:
    document = small()
    for each in arms(document):
        each["EmbeddedData"] = elements.embedded_data({"regime": "$e{ e://Field/regime + 1 }"})["EmbeddedData"]
    node(document, "BlockRandomizer").update(SubSet=2)
    flow(document).insert(0, sets(document, {"regime": "0"}, "FL_15"))
    branch(document, compares("regime", "2"))
    assert not [each for each in lint(Survey(document)) if each.rule in ("overwritten", "logic-never-true")]


def test_choices_that_stayed_behind_are_not_looked_at() -> None:
    """Those of a text, or of a timer whose order lacks one, as older surveys have them."""
    document = small()
    left = {str(n): {"Display": f"Click to write Choice {n}"} for n in (1, 2)}
    more = {"QuestionType": "TE", "Selector": "SL", "Choices": left, "ChoiceOrder": ["1"]}
    german(document, 3).pop("Choices")
    question(document, 3).update(more)
    text(document, 6, "Sure?")
    assert not [each for each in lint(Survey(document)) if each.where == "QID3" or each.rule == "layout"]


def test_a_field_with_a_space_in_its_name_is_set() -> None:
    document = small()
    flow(document).insert(0, sets(document, {"home town": "x"}, "FL_15"))
    text(document, 2, "The country is ${e://Field/regime}, your town ${e://Field/home%20town}.")
    assert not [each for each in lint(Survey(document)) if each.rule == "field-never-set"]


def test_nothing_but_the_planted_error_is_an_error() -> None:
    for name, (plant, severity, rule, _, _) in PLANTED.items():
        document = small()
        plant(document)
        others = {each.rule for each in lint(Survey(document)).of("error")} - ({rule} if severity == "error" else set())
        assert not others, name


# ------------------------------------------------------------------------------------- outcomes and the vignette


def test_an_outcome_before_the_vignette() -> None:
    document = small()
    held = block(document, "vignette")["BlockElements"]
    held.insert(0, held.pop(2))
    held.insert(1, {"Type": "Page Break"})
    assert lint(Survey(document)).of("error") == []
    found = lint(Survey(document), outcomes=["approval", "trust"]).of("error")
    assert [(each.rule, each.where) for each in found] == [("outcome-before-vignette", "QID3")]


def test_an_outcome_on_the_page_of_the_vignette_is_in_time() -> None:
    document = small()
    held = block(document, "vignette")["BlockElements"]
    held.remove({"Type": "Page Break"})
    assert lint(Survey(document), outcomes=["approval", "trust"]).found == ()


def test_an_outcome_whose_order_is_drawn() -> None:
    document = small()
    blocks = [node(document, "Standard"), node(document, "Standard", 2)]
    for each in blocks:
        flow(document).remove(each)
    text(document, 6, "Sure?")
    flow(document).insert(5, elements.in_any_order(blocks) | {"FlowID": "FL_15"})
    found = lint(Survey(document), outcomes=["again"]).of("error")
    assert [(each.where, "for some respondents" in each.what) for each in found] == [("QID6", True)]


def test_nothing_asked_after_the_vignette() -> None:
    document = small()
    element(document, "FL")["Payload"]["Flow"] = [
        each for each in flow(document) if each.get("ID") not in ("BL_topics", "BL_end")
    ]
    held = block(document, "vignette")["BlockElements"]
    held[:] = [held[2], held[3], {"Type": "Page Break"}, held[0]]
    found = lint(Survey(document)).of("error")
    assert [(each.rule, each.where) for each in found] == [("outcome-before-vignette", "QID2")]


def test_an_unknown_outcome_is_told() -> None:
    found = lint(Survey(small()), outcomes=["aproval"]).of("error")
    assert [each.remedy for each in found] == ["Did you mean `approval`?"]


# ------------------------------------------------------------------------------------------- real and own surveys


@pytest.mark.real
@pytest.mark.parametrize("name", EXPORTED + GENERATED)
def test_surveys_that_were_fielded_have_no_errors(real: Path, name: str) -> None:
    """Each was read by hand: none has broken logic, fields or loops."""
    assert lint(real / "qsf" / f"{name}.qsf").of("error") == []


@pytest.mark.real
def test_blocks_that_a_real_survey_never_shows(real: Path) -> None:
    found = lint(real / "qsf/janpfander__impressive_climate__Climatologist.qsf")
    assert {each.rule for each in found} == {"unreached"}
    assert len(found) == 4


@pytest.mark.parametrize("template", [each for each in get_args(Template) if each != "in-hand"])
def test_surveys_of_ready_studies_are_sound(tmp_path: Path, template: str) -> None:
    init(tmp_path / "study", template=template)
    design = read_design(tmp_path / "study/design/study.yaml")
    found = lint(build(design))
    assert {(each.severity, each.rule) for each in found} <= {("note", "not-even")}


def test_as_a_frame_and_in_words() -> None:
    document = small()
    branch(document, asks(99, "1"))
    found = lint(Survey(document))
    assert list(found.frame.columns) == list(frames.FINDINGS)
    assert repr(found).startswith("error FL_9 (branch): the logic asks about QID99")
    assert repr(lint(Survey(small()))) == "Nothing found."

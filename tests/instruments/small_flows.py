"""Small surveys that are run, and the people who take them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from vignetta.instruments.running.random_answers import random_answer, some_words
from vignetta.instruments.running.runtime import Runtime
from vignetta.instruments.running.visits import Answer, Respondent, State, Visit
from vignetta.instruments.survey import Question, Survey
from vignetta.instruments.writing import elements

Raw = dict[str, Any]
BLOCK: Raw = {"Type": "Block", "ID": "BL_1", "FlowID": ""}


def one_block(*questions: Raw, flow: Sequence[Mapping[str, Any]] = (BLOCK,), **more: Any) -> Survey:
    """A survey whose questions stand on one page each in the block `BL_1`.

    `more` are the block's options; `pages` places the questions on pages by their numbers; `first` are the questions of
    a block `BL_0`, which the flow must show; `skips` is skip logic by the question's number.
    """
    first: Sequence[Raw] = more.pop("first", ())
    asked = [*questions, *first]
    for number, each in enumerate(asked, 1):
        each["QuestionID"] = f"QID{number}"
    pages = more.pop("pages", [[place] for place in range(1, len(questions) + 1)])
    skips: Mapping[int, list[Raw]] = more.pop("skips", {})
    block = elements.block("BL_1", "Main", "Default", [[f"QID{each}" for each in page] for page in pages])
    block["Options"] |= more
    for each in block["BlockElements"]:
        for number, logic in skips.items():
            if each.get("QuestionID") == f"QID{number}":
                each["SkipLogic"] = logic
    before = elements.block("BL_0", "First", "Standard", [[each["QuestionID"]] for each in first])
    nodes = elements.flow([dict(each) for each in flow])
    made = elements.document(
        *("small", "Small"), note="", language="en", questions=asked, blocks=[block, before], flow=nodes
    )
    return Survey(made)


def choice(tag: str, *texts: str, text: str = "Which?", **more: Any) -> Raw:
    return elements.single_choice(tag, text, list(texts) or ["a", "b", "c"]) | more


def several(tag: str, *texts: str, **more: Any) -> Raw:
    return choice(tag, *texts, Selector="MAVR", **more)


def said(tag: str, text: str) -> Raw:
    """A text that is shown, with what is piped into it."""
    return elements.description(tag, text)


def about(operand: str, operator: str, right: str = "", *, kind: str = "Question", joint: str = "") -> Raw:
    """One comparison."""
    made = {"LogicType": kind, "LeftOperand": operand, "Operator": operator, "RightOperand": right}
    return made | {"Type": "Expression"} | ({"Conjuction": joint} if joint else {})


def logic(*comparisons: Raw, in_page: bool = False) -> Raw:
    numbered = {str(place): each for place, each in enumerate(comparisons)}
    return {"0": {**numbered, "Type": "If"}, "Type": "BooleanExpression", "inPage": in_page}


def branch(*comparisons: Raw, then: Sequence[Raw]) -> Raw:
    return {"Type": "Branch", "FlowID": "", "Description": "", "BranchLogic": logic(*comparisons), "Flow": list(then)}


def setting(**fields: str) -> Raw:
    return elements.embedded_data(dict(fields))


def somebody(link: Mapping[str, str] | None = None, **answers: Answer) -> Respondent:
    """Somebody who gives these answers by tag, and random ones otherwise."""

    def answer(question: Question, state: State) -> Answer | None:
        return answers[question.tag] if question.tag in answers else random_answer(question, state)

    return Respondent(answer, link or {}, write=some_words)


def take(survey: Survey, respondent: Respondent | None = None, *, seed: int = 1) -> Visit:
    """One visit, of which nothing may be stubbed."""
    runtime = Runtime(survey, quotas=True)
    assert runtime.stubbed == ()
    return runtime.run(respondent or somebody(), np.random.default_rng(seed))


def many(survey: Survey, n: int, respondent: Respondent | None = None, *, seed: int = 1) -> list[Visit]:
    """The visits of one fielding."""
    runtime, generator = Runtime(survey, quotas=True), np.random.default_rng(seed)
    return [runtime.run(respondent or somebody(), generator) for _ in range(n)]


def notes(survey: Survey) -> set[str]:
    """What is stubbed, in words."""
    return {str(each) for each in Runtime(survey, quotas=True).stubbed}

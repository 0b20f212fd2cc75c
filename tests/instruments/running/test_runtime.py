"""A survey's flow is run as the platform runs it; what is not run is named."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vignetta.design.assigning.vignettes import render
from vignetta.design.declaration import Design
from vignetta.errors import StudyError
from vignetta.instruments.hypertext import plain_text
from vignetta.instruments.qsf import read_qsf
from vignetta.instruments.running.random_answers import random_answer
from vignetta.instruments.running.runtime import Runtime
from vignetta.instruments.running.visits import Answer, Respondent, State, Visit, form
from vignetta.instruments.survey import Question, Survey
from vignetta.instruments.writing import elements

ROUNDS = 600
STANDARD_ERRORS = 4
"""A right share lies outside in one of 16,000 tries; the seeds are fixed."""


def choosing(**chosen: str) -> Respondent:
    """Somebody who gives these answers by tag, and random ones otherwise."""

    def answer(question: Question, state: State) -> Answer | None:
        return chosen.get(question.tag) or random_answer(question, state)

    return Respondent(answer, {"data_source": "simulated"})


def survey_of(flow: Sequence[Mapping[str, Any]], *questions: dict[str, Any]) -> Survey:
    """A survey whose questions stand on one page each in the block `BL_1`."""
    for number, each in enumerate(questions, 1):
        each["QuestionID"] = f"QID{number}"
    block = elements.block("BL_1", "Main", "Default", [[each["QuestionID"]] for each in questions])
    nodes = elements.flow([dict(each) for each in flow])
    return Survey(
        elements.document(
            "small", "Small", note="", language="en", questions=list(questions), blocks=[block], flow=nodes
        )
    )


BLOCK = {"Type": "Block", "ID": "BL_1", "FlowID": ""}


def setting(**fields: str) -> dict[str, Any]:
    return elements.embedded_data(dict(fields))


def condition(**expression: Any) -> dict[str, Any]:
    return {"LogicType": "EmbeddedField", "Type": "Expression", **expression}


def branch(*expressions: dict[str, Any], then: Sequence[dict[str, Any]]) -> dict[str, Any]:
    logic = {"0": {str(n): each for n, each in enumerate(expressions)} | {"Type": "If"}, "Type": "BooleanExpression"}
    return {"Type": "Branch", "FlowID": "", "Description": "", "BranchLogic": logic, "Flow": list(then)}


def visit(survey: Survey, respondent: Respondent | None = None, *, seed: int = 1) -> Visit:
    return Runtime(survey).run(respondent or Respondent(random_answer), np.random.default_rng(seed))


# ------------------------------------------------------------------------------------------------------ the flagship


@pytest.fixture(scope="module")
def visits(survey: Survey) -> list[Visit]:
    runtime, generator = Runtime(survey), np.random.default_rng(5)
    return [runtime.run(choosing(consent="1"), generator) for _ in range(ROUNDS)]


def test_nothing_of_the_flagship_is_stubbed(survey: Survey) -> None:
    assert Runtime(survey).stubbed == ()


def test_the_vignette_shown_is_the_one_that_was_set(design: Design, survey: Survey, visits: list[Visit]) -> None:
    number = next(each.id for each in survey.questions.values() if each.tag == "vignette")
    for each in visits:
        levels = {name: each.embedded[name] for name in design.factors}
        assert plain_text(each.shown[number]) == " ".join(render(design, levels).split())


def test_no_pipe_is_left(visits: list[Visit]) -> None:
    left = [text for each in visits for text in (*each.shown.values(), *each.embedded.values()) if "${" in text]
    assert not left


def test_even_presentation_keeps_every_level_even(design: Design, visits: list[Visit]) -> None:
    for name, factor in design.factors.items():
        for n in (1, 7, len(visits)):
            counts = Counter(each.embedded[name] for each in visits[:n])
            spread = [counts[level] for level in factor.level_names]
            assert sum(spread) == n
            assert max(spread) - min(spread) <= 1


def test_factors_are_drawn_independently(visits: list[Visit]) -> None:
    pairs = Counter((each.embedded["treaty"], each.embedded["regime"]) for each in visits)
    margin = STANDARD_ERRORS * np.sqrt(ROUNDS * 0.25 * 0.75)
    assert all(abs(pairs[pair] - ROUNDS / 4) < margin for pair in pairs)
    assert len(pairs) == 4


def test_declined_consent_ends_the_survey(survey: Survey) -> None:
    gone = visit(survey, choosing(consent="2"))
    tags = [[survey.questions[each].tag for each in page] for page in gone.pages]
    assert tags == [["consent"], ["farewell"]]
    assert (gone.finished, gone.progress) == (True, 100)
    assert gone.stopped != ""
    assert gone.embedded["treaty"] == ""
    assert gone.embedded["data_source"] == "simulated"


def test_everybody_who_consents_comes_to_the_end(survey: Survey, visits: list[Visit]) -> None:
    assert all(each.finished and each.progress == 100 for each in visits)
    assert {len(each.pages) for each in visits} == {Runtime(survey).pages}


@pytest.mark.parametrize("page", [1, 5, 9])
def test_who_leaves_has_answered_only_what_was_submitted(survey: Survey, page: int) -> None:
    sound = choosing(consent="1")
    left = visit(survey, Respondent(sound.answer, sound.link, leaves_at=page))
    assert not left.finished
    assert len(left.pages) == page
    submitted = {number for each in left.pages[:-1] for number in each}
    assert set(left.answers) <= submitted
    assert left.progress == 100 * (page - 1) // Runtime(survey).pages


# ---------------------------------------------------------------------------------------------------- the mechanics


def test_without_even_presentation_children_are_drawn_independently() -> None:
    runtime = Runtime(survey_of([elements.randomizer([setting(arm="a"), setting(arm="b")], even=False)]))
    generator = np.random.default_rng(3)
    arms = [runtime.run(Respondent(random_answer), generator).embedded["arm"] for _ in range(ROUNDS)]
    assert abs(arms.count("a") - ROUNDS / 2) < STANDARD_ERRORS * np.sqrt(ROUNDS) / 2
    runs = 1 + sum(first != second for first, second in pairwise(arms))
    assert abs(runs - ROUNDS / 2) < STANDARD_ERRORS * np.sqrt(ROUNDS) / 2


@pytest.mark.parametrize("even", [True, False])
def test_a_subset_is_shown_in_random_order(even: bool) -> None:
    node = elements.randomizer([setting(**{name: "shown"}) for name in "abcd"], even=even) | {"SubSet": 2}
    runtime, generator = Runtime(survey_of([node])), np.random.default_rng(9)
    orders = [next(iter(runtime.run(Respondent(random_answer), generator).orders.values())) for _ in range(ROUNDS)]
    assert all(len(set(each)) == 2 for each in orders)
    counts = Counter(place for each in orders for place in each)
    assert sum(counts.values()) == 2 * ROUNDS
    assert (max(counts.values()) - min(counts.values()) <= 1) == even
    ascending = sum(first < second for first, second in orders)
    assert abs(ascending - ROUNDS / 2) < STANDARD_ERRORS * np.sqrt(ROUNDS) / 2


def test_the_least_presented_child_is_shown_anywhere() -> None:
    node = elements.randomizer([setting(**{name: "shown"}) for name in "abcd"], even=True) | {"SubSet": 3}
    runtime, generator = Runtime(survey_of([node])), np.random.default_rng(6)
    counts, first, rounds = Counter(dict.fromkeys(range(4), 0)), 0, 0
    for _ in range(ROUNDS):
        order = next(iter(runtime.run(Respondent(random_answer), generator).orders.values()))
        least = [place for place in counts if counts[place] == min(counts.values())]
        assert set(least) <= set(order) or len(least) > 3
        rounds += len(least) == 1
        first += len(least) == 1 and order[0] == least[0]
        counts.update(order)
    assert abs(first - rounds / 3) < STANDARD_ERRORS * np.sqrt(rounds * 2 / 9)


@pytest.mark.parametrize(
    ("expressions", "taken"),
    [
        ([condition(LeftOperand="x", Operator="EqualTo", RightOperand="5")], True),
        ([condition(LeftOperand="x", Operator="NotEqualTo", RightOperand="5")], False),
        ([condition(LeftOperand="x", Operator="GreaterThan", RightOperand="10")], False),
        ([condition(LeftOperand="x", Operator="LessThanOrEqual", RightOperand="10")], True),
        ([condition(LeftOperand="nowhere", Operator="Empty")], True),
        ([condition(LeftOperand="x", Operator="EqualTo", RightOperand="${e://Field/y}")], True),
        (
            [
                condition(LeftOperand="x", Operator="EqualTo", RightOperand="5"),
                condition(LeftOperand="x", Operator="EqualTo", RightOperand="6", Conjuction="And"),
            ],
            False,
        ),
        (
            [
                condition(LeftOperand="x", Operator="EqualTo", RightOperand="5"),
                condition(LeftOperand="x", Operator="EqualTo", RightOperand="6", Conjuction="Or"),
                condition(LeftOperand="x", Operator="EqualTo", RightOperand="7", Conjuction="And"),
            ],
            True,
        ),
    ],
)
def test_branches_on_embedded_data(expressions: list[dict[str, Any]], taken: bool) -> None:
    survey = survey_of([setting(x="5", y="5"), branch(*expressions, then=[setting(went="yes")])])
    assert ("went" in visit(survey).embedded) == taken
    assert not [each for each in Runtime(survey).stubbed if "the field nowhere" not in each.what]


@pytest.mark.parametrize(("operator", "chosen", "shown"), [("Selected", "1", True), ("NotSelected", "1", False)])
def test_display_logic_on_an_answer(operator: str, chosen: str, shown: bool) -> None:
    operand = "q://QID1/SelectableChoice/1"
    expression = {"LogicType": "Question", "LeftOperand": operand, "Operator": operator, "QuestionIsInLoop": "no"}
    logic = {"0": {"0": expression, "Type": "If"}, "Type": "BooleanExpression", "inPage": False}
    second = elements.single_choice("second", "Why?", ["a", "b"]) | {"DisplayLogic": logic}
    seen = visit(
        survey_of([BLOCK], elements.single_choice("first", "Which?", ["a", "b"]), second), choosing(first=chosen)
    )
    assert ("QID2" in seen.shown) == shown
    assert len(seen.pages) == 1 + shown


def test_piped_text() -> None:
    first = elements.single_choice("first", "Which?", ["An ally", "A rival"])
    second = elements.description("second", "${q://QID1/ChoiceGroup/SelectedChoices} ${e://field/x} ${rand://int/3:4}")
    survey = survey_of([setting(x="1", twice="${e://Field/x}${e://Field/x}"), BLOCK], first, second)
    seen = visit(survey, choosing(first="2"))
    assert re.fullmatch("A rival 1 [34]", seen.shown["QID2"])
    assert seen.embedded["twice"] == "11"


def test_what_cannot_be_run_is_named() -> None:
    question = elements.single_choice("first", "${lm://Field/1}", ["a", "b"]) | {"QuestionJS": "run()"}
    question |= {"Randomization": {"Type": "All"}, "Validation": {"Settings": {"Type": "CustomValidation"}}}
    flow = [{"Type": "WebService", "FlowID": ""}, BLOCK, branch(condition(Operator="Is", LogicType="GeoIP"), then=[])]
    named = {str(each) for each in Runtime(survey_of(flow, question)).stubbed}
    assert named == {
        "FL_2: a flow element of type WebService is skipped; nothing is set",
        "first: JavaScript is not run; fields it would set stay as they are",
        "first: custom validation without a condition; any answer is let pass",
        "first: piped text ${lm://Field/1} cannot be told; left empty",
        "FL_4: the condition GeoIP Is cannot be tested; taken to fail",
    }


def test_impossible_answers_are_refused() -> None:
    survey = survey_of([BLOCK], elements.single_choice("first", "Which?", ["a", "b"]))
    with pytest.raises(StudyError, match="first: the answer '3' is none of its choices"):
        visit(survey, choosing(first="3"))
    with pytest.raises(StudyError, match="first: a required answer was left out"):
        visit(survey, Respondent(lambda question, state: None))


def test_numbers_typed_at_random_keep_to_their_range() -> None:
    survey = survey_of([BLOCK], elements.number_entry("age", "How old?", minimum=18, maximum=20))
    runtime, generator = Runtime(survey), np.random.default_rng(2)
    typed = {str(runtime.run(Respondent(random_answer), generator).answers["QID1"]) for _ in range(60)}
    assert typed == {"18", "19", "20"}


def _question(survey: Survey, key: str) -> Question:
    return survey.questions[key if key in survey.questions else key.partition("_")[2]]


@pytest.mark.real
def test_real_surveys_run_to_their_end(real: Path) -> None:
    ran = 0
    for path in sorted((real / "qsf").glob("*.qsf")):
        try:
            survey = read_qsf(path)
        except StudyError:
            continue
        runtime, generator = Runtime(survey), np.random.default_rng(1)
        for each in [runtime.run(Respondent(random_answer), generator) for _ in range(20)]:
            assert each.finished, path.name
            asked = {number for page in each.pages for number in page}
            answerable = {key for key in asked if form(_question(survey, key)) not in ("nothing", "unknown")}
            assert set(each.answers) == answerable, path.name
        ran += 1
    assert ran > 10

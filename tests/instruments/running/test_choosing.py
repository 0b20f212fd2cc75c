"""A question offers the choices that the platform would offer: hidden, carried forward, in random order, filled in."""

from collections import Counter
from datetime import datetime
from typing import Any

import numpy as np
import pytest

from tests.instruments.small_flows import about, choice, logic, many, notes, one_block, said, several, somebody, take
from vignetta.errors import StudyError
from vignetta.instruments.fieldwork.exporting import question_columns
from vignetta.instruments.running.ordering import advanced, drawn, order_of_choices
from vignetta.instruments.running.rehearsing import rehearse
from vignetta.instruments.running.sessions import Session
from vignetta.instruments.running.visits import Answer, Respondent, State
from vignetta.instruments.survey import Question
from vignetta.instruments.writing import elements

ROUNDS = 600
STANDARD_ERRORS = 4
"""A right share lies outside in one of 16,000 tries; the seeds are fixed."""


def near(count: int, share: float, n: int = ROUNDS) -> bool:
    return bool(abs(count - n * share) < STANDARD_ERRORS * (n * share * (1 - share)) ** 0.5)


def hidden(question: dict[str, Any], number: str, *comparisons: dict[str, Any]) -> dict[str, Any]:
    question["Choices"][number]["DisplayLogic"] = logic(*comparisons)
    return question


def test_choices_with_display_logic() -> None:
    second = hidden(choice("second"), "2", about("q://QID1/SelectableChoice/1", "Selected"))
    survey = one_block(choice("first"), second)
    assert take(survey, somebody(first="1")).offered["QID2"] == ("1", "2", "3")
    assert take(survey, somebody(first="2")).offered["QID2"] == ("1", "3")
    with pytest.raises(StudyError, match="second: the answer '2' is none of its choices"):
        take(survey, somebody(first="2", second="2"))


def test_columns_of_a_matrix_with_display_logic() -> None:
    matrix = elements.matrix("second", "Agree?", ["row"], ["no", "yes"], codes=())
    matrix["Answers"]["2"]["DisplayLogic"] = logic(about("q://QID1/SelectableChoice/1", "Selected"))
    survey = one_block(choice("first"), matrix)
    answers = {str(each.answers["QID2"]) for each in many(survey, 40, somebody(first="2"))}
    assert answers == {"{'1': '1'}"}


def test_a_question_of_which_every_choice_is_hidden_is_not_shown() -> None:
    asked = about("q://QID1/SelectableChoice/1", "Selected")
    second = hidden(hidden(choice("second", "a", "b"), "1", asked), "2", asked)
    survey = one_block(choice("first"), second)
    assert take(survey, somebody(first="2")).pages == (("QID1",),)
    assert take(survey, somebody(first="1")).pages == (("QID1",), ("QID2",))


def test_all_orders_of_choices_are_equally_likely() -> None:
    survey = one_block(choice("asked", Randomization={"Type": "All"}))
    orders = Counter(each.offered["QID1"] for each in many(survey, ROUNDS))
    assert len(orders) == 6
    assert all(near(count, 1 / 6) for count in orders.values())


def test_what_is_answered_does_not_depend_on_the_order() -> None:
    survey = one_block(choice("asked", Randomization={"Type": "All"}))
    assert {each.answers["QID1"] for each in many(survey, 20, somebody(asked="2"))} == {"2"}


def test_some_of_the_choices() -> None:
    survey = one_block(choice("asked", "a", "b", "c", "d", Randomization={"Type": "SubSet", "TotalRandSubset": "2"}))
    shown = Counter(each for visit in many(survey, ROUNDS) for each in visit.offered["QID1"])
    assert sum(shown.values()) == 2 * ROUNDS
    assert all(near(count, 1 / 2) for count in shown.values())


def test_even_presentation_of_some_choices() -> None:
    order = {"Type": "SubSet", "TotalRandSubset": 2, "EvenPresentation": True}
    visits = many(one_block(choice("asked", "a", "b", "c", "d", Randomization=order)), 101)
    for n in (1, 7, 101):
        shown = Counter(each for visit in visits[:n] for each in visit.offered["QID1"])
        assert max(shown.values()) - min(shown.get(each, 0) for each in "1234") <= 1


def test_a_scale_is_reversed_for_half() -> None:
    survey = one_block(choice("asked", Randomization={"Type": "ScaleReversal"}))
    orders = Counter(each.offered["QID1"] for each in many(survey, ROUNDS))
    assert set(orders) == {("1", "2", "3"), ("3", "2", "1")}
    assert near(orders["3", "2", "1"], 1 / 2)


def test_fixed_and_random_places() -> None:
    details = {"FixedOrder": ["4", "{~Randomized~}", "{~Randomized~}", "3"], "RandomizeAll": ["1", "2"]}
    order = {"Type": "Advanced", "Advanced": details | {"RandomSubSet": [], "Undisplayed": []}}
    survey = one_block(choice("asked", "a", "b", "c", "d", Randomization=order))
    orders = Counter(each.offered["QID1"] for each in many(survey, ROUNDS))
    assert set(orders) == {("4", "1", "2", "3"), ("4", "2", "1", "3")}
    assert near(orders["4", "1", "2", "3"], 1 / 2)


def test_random_places_for_some_and_what_is_never_shown() -> None:
    details = {"FixedOrder": {"0": "{~SubSet~}", "3": "z"}, "RandomSubSet": ["a", "b", "c"], "Undisplayed": ["n"]}
    order, generator = advanced(["a", "b", "c", "n", "z", "late"], details, even=False), np.random.default_rng(1)
    orders = Counter(tuple(order(generator)) for _ in range(ROUNDS))
    assert set(orders) == {(each, "z", "late") for each in "abc"}
    assert all(near(count, 1 / 3) for count in orders.values())


def test_an_unknown_order_is_named() -> None:
    with pytest.raises(ValueError, match="Spiral"):
        order_of_choices(["1"], {"Type": "Spiral"})
    assert order_of_choices(["1"], {"TotalRandSubset": ""}) is None
    found = notes(one_block(choice("asked", Randomization={"Type": "Spiral"})))
    assert found == {"asked: an order of choices called Spiral is not known; they keep their order"}


def test_more_are_asked_for_than_there_are() -> None:
    assert sorted(drawn(["a", "b"], 5)(np.random.default_rng(1))) == ["a", "b"]


# ------------------------------------------------------------------------------------------------- carried forward


def carries(question: dict[str, Any], number: int, which: str) -> dict[str, Any]:
    locator = f"q://QID{number}/ChoiceGroup/{which}"
    return question | {"DynamicChoices": {"Locator": locator, "DynamicType": "ChoiceGroup", "Type": "Dynamic"}}


@pytest.mark.parametrize(
    ("which", "shown"),
    [
        ("SelectedChoices", ("x1", "x3")),
        ("UnselectedChoices", ("x2",)),
        ("DisplayedChoices", ("x1", "x2", "x3")),
        ("AllChoices", ("x1", "x2", "x3")),
        ("NotDisplayedChoices", ()),
    ],
)
def test_choices_are_carried_forward(which: str, shown: tuple[str, ...]) -> None:
    second = carries(choice("second", "None of them"), 1, which)
    visit = take(one_block(several("first"), second), somebody(first=("1", "3")))
    assert visit.offered["QID2"] == (*shown, "1")


def test_choices_are_carried_forward_whatever_display_logic_says() -> None:
    second = carries(choice("second"), 1, "SelectedChoices?displayLogic=0")
    visit = take(one_block(several("first"), second), somebody(first=("2",)))
    assert visit.offered["QID2"] == ("x2", "1", "2", "3")


def test_nothing_carried_and_nothing_of_its_own_is_not_shown() -> None:
    second = carries(choice("second") | {"Choices": [], "ChoiceOrder": []}, 1, "UnselectedChoices")
    survey = one_block(several("first"), second)
    assert take(survey, somebody(first=("1", "2", "3"))).pages == (("QID1",),)
    assert take(survey, somebody(first=("1", "2"), second="x3")).answers["QID2"] == "x3"


def test_carried_choices_are_carried_on_in_words_and_columns() -> None:
    matrix = elements.matrix("second", "Agree?", ["own"], ["no", "yes"], codes=())
    second = carries(matrix | {"Choices": {}, "ChoiceOrder": []}, 1, "SelectedChoices")
    third = carries(choice("third") | {"Choices": {}, "ChoiceOrder": []}, 2, "SelectedChoices")
    fourth = said("fourth", "You said: ${q://QID3/ChoiceGroup/SelectedChoices}")
    survey = one_block(several("first", "apples", "pears"), second, third, fourth)
    visit = take(survey, somebody(first=("2",), third="xx2"))
    assert visit.offered["QID3"] == ("xx2",)
    assert set(dict(visit.answers["QID2"])) == {"x2"}  # type: ignore[call-overload]
    assert [(each.name, each.import_id) for each in question_columns(survey)] == [
        ("first", "QID1"),
        ("second_x1", "QID2_x1"),
        ("second_x2", "QID2_x2"),
        ("third", "QID3"),
    ]


def test_a_circle_is_refused_with_its_questions() -> None:
    first, second = carries(choice("first"), 2, "SelectedChoices"), carries(choice("second"), 1, "SelectedChoices")
    with pytest.raises(StudyError, match="SQ QID1: choices are carried forward in a circle: QID1 → QID2 → QID1"):
        rehearse(one_block(first, second))


def test_a_chain_without_end_is_refused() -> None:
    chain = [several("first"), *(carries(choice(f"q{n}"), n, "SelectedChoices") for n in range(1, 3_000))]
    with pytest.raises(StudyError, match="carried forward over more than 50 questions"):
        rehearse(one_block(*chain))


def test_choices_carried_from_nowhere_are_named() -> None:
    found = notes(one_block(several("first"), carries(choice("second"), 9, "SelectedChoices")))
    assert found == {"second: choices are carried forward from something that is not known; none are"}


# --------------------------------------------------------------------------------------------------- words and boxes


def test_piped_text_in_choices_is_filled_in() -> None:
    seen: list[list[str]] = []

    def answer(question: Question, state: State) -> Answer | None:
        seen.append([each.plain for each in question.choices])
        return "1"

    survey = one_block(
        choice("asked", "${e://Field/name}", "nobody"), flow=[elements.embedded_data({"name": "Ada"}), SHOW]
    )
    take(survey, Respondent(answer))
    assert seen == [["Ada", "nobody"]]


SHOW = {"Type": "Block", "ID": "BL_1", "FlowID": ""}


def test_words_are_typed_beside_the_choice_that_was_made() -> None:
    other = choice("asked", "a", "other")
    other["Choices"]["2"]["TextEntry"] = "true"
    survey = one_block(other, said("told", "${q://QID1/ChoiceGroup/SelectedChoicesTextEntry}"))
    assert dict(take(survey, somebody(asked="2")).entries) == {"QID1_2_TEXT": "words"}
    assert take(survey, somebody(asked="2")).shown["QID2"] == "words"
    assert dict(take(survey, somebody(asked="1")).entries) == {}
    assert take(survey, somebody(asked="1")).shown["QID2"] == "a"
    lines = rehearse(survey, 40).export.splitlines()
    place = lines[0].split(",").index("asked_2_TEXT")
    rows = [each.split(",")[place - 1 : place + 1] for each in lines[3:]]
    assert {tuple(each) for each in rows} == {("1", ""), ("2", "words")}


def test_columns_are_carried_forward() -> None:
    matrix = elements.matrix("second", "Agree?", ["row"], ["own"], codes=())
    carried = {"DynamicAnswers": {"Locator": "q://QID1/ChoiceGroup/SelectedChoices", "Type": "Dynamic"}}
    survey = one_block(several("first", "apples", "pears", "plums"), matrix | carried)
    given = {str(each.answers["QID2"]) for each in many(survey, 40, somebody(first=("1", "3")))}
    assert given == {"{'1': 'x1'}", "{'1': 'x3'}", "{'1': '1'}"}
    (_, column) = question_columns(survey)
    visit = take(survey, somebody(first=("2",), second={"1": "x2"}))
    assert column.worded(Session(visit, datetime(2026, 1, 15), (1.0, 1.0), "::1")) == "pears"


def test_columns_carried_from_nowhere_are_named() -> None:
    matrix = elements.matrix("asked", "Agree?", ["row"], ["own"], codes=())
    carried = {"DynamicAnswers": {"Locator": "q://QID9/ChoiceGroup/SelectedChoices"}}
    words = "asked: choices are carried forward from something that is not known; none are"
    assert notes(one_block(matrix | carried)) == {words}


def test_a_matrix_of_which_no_column_is_carried_is_not_shown() -> None:
    matrix = elements.matrix("second", "Agree?", ["row"], ["own"], codes=()) | {"Answers": [], "AnswerOrder": []}
    carried = {"DynamicAnswers": {"Locator": "q://QID1/ChoiceGroup/UnselectedChoices"}}
    survey = one_block(several("first"), matrix | carried)
    assert take(survey, somebody(first=("1", "2", "3"))).pages == (("QID1",),)

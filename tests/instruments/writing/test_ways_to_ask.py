"""Sliders, matrices and open text as Qualtrics writes them, and what a study may not say of them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from vignetta.design.declaration import Design
from vignetta.errors import StudyError
from vignetta.instruments.codebooks import codebook_of_design
from vignetta.instruments.fieldwork.exporting import question_columns
from vignetta.instruments.integrity import integrity_problems
from vignetta.instruments.running.random_answers import random_answer
from vignetta.instruments.running.visits import Respondent, State
from vignetta.instruments.survey import Question, Survey
from vignetta.instruments.writing.building import build

Altered = Callable[..., Design]
SLIDER = {"kind": "slider", "label": "W", "question": "How warm?", "ends": {"low": "<cold>", "high": "warm"}}
MATRIX = {
    "kind": "matrix",
    "label": "V",
    "question": "Agree?",
    "scale": ["no", {"text": "yes", "code": "5"}],
    "items": {"good": {"label": "G", "text": "It is good."}, "bad": {"label": "B", "text": "It is bad."}},
}
TEXT = {"kind": "text", "label": "C", "question": "Anything to add?"}


def asking(altered: Altered, **outcomes: Any) -> Design:
    return altered(lambda content: content["outcomes"].update(outcomes))


def tagged(survey: Survey, tag: str) -> Question:
    return next(each for each in survey.questions.values() if each.tag == tag)


def test_all_of_them_keep_every_rule(altered: Altered) -> None:
    assert integrity_problems(build(asking(altered, warm=SLIDER, views=MATRIX, more=TEXT))) == []


def test_a_slider_is_written_as_in_real_surveys(altered: Altered) -> None:
    asked = tagged(build(asking(altered, warm=SLIDER)), "warm").raw
    assert (asked["QuestionType"], asked["Selector"]) == ("Slider", "HSLIDER")
    assert asked["Choices"] == {"1": {"Display": "&nbsp;"}}
    assert asked["Labels"] == {"1": {"Display": "&lt;cold&gt;"}, "2": {"Display": "warm"}}
    look = asked["Configuration"]
    assert (look["CSSliderMin"], look["CSSliderMax"], look["GridLines"]) == (0, 100, 10)
    assert (look["SnapToGrid"], look["NumDecimals"], look["CustomStart"]) == (False, "0", False)
    assert asked["Validation"]["Settings"]["ForceResponse"] == "ON"


def test_a_matrix_has_the_statements_as_rows_and_the_points_as_columns(altered: Altered) -> None:
    asked = tagged(build(asking(altered, views=MATRIX)), "views")
    assert asked.kind == ("Matrix", "Likert", "SingleAnswer")
    assert [each.plain for each in asked.choices] == ["It is good.", "It is bad."]
    assert [(each.plain, each.code) for each in asked.answers] == [("no", "1"), ("yes", "5")]
    assert asked.raw["ChoiceDataExportTags"] is False


def test_open_text_may_be_left_out_and_is_no_outcome(altered: Altered) -> None:
    design = asking(altered, more=TEXT)
    asked = tagged(build(design), "more")
    assert (asked.type, asked.selector, asked.forced) == ("TE", "ML", False)
    assert "more" not in design.measures
    variable = codebook_of_design(design)["more"]
    assert (variable.role, variable.kind, variable.import_id) == ("open", "text", f"{asked.id}_TEXT")


def test_the_codebook_names_the_columns_of_rows(altered: Altered) -> None:
    design = asking(altered, warm=SLIDER, views=MATRIX)
    survey, codebook = build(design), codebook_of_design(design)
    found = {name: codebook[name] for name in ("warm", "views_good", "views_bad")}
    assert [each.column for each in found.values()] == ["warm_1", "views_1", "views_2"]
    ids = [f"{tagged(survey, 'warm').id}_1", *(f"{tagged(survey, 'views').id}_{row}" for row in (1, 2))]
    assert [each.import_id for each in found.values()] == ids
    assert (found["warm"].kind, found["warm"].minimum, found["warm"].maximum) == ("number", 0, 100)
    assert [(each.code, each.value) for each in found["views_bad"].categories] == [("1", 1), ("5", 5)]
    assert {each.role for each in found.values()} == {"outcome"}
    assert found["views_bad"].question == "Agree? It is bad."


def test_a_snapping_slider_is_answered_on_its_lines(altered: Altered) -> None:
    design = asking(altered, warm=SLIDER | {"minimum": "-1", "maximum": "1", "step": "0.25"})
    asked = tagged(build(design), "warm")
    generator = np.random.default_rng(1)
    state = State(Respondent(lambda question, state: None), generator)
    given = {float(random_answer(asked, state)["1"]) for _ in range(400)}  # type: ignore[index,arg-type,call-overload]
    assert given == {-1 + each / 4 for each in range(9)}
    assert design.measures["warm"].values == sorted(given)
    assert (asked.raw["Configuration"]["GridLines"], asked.raw["Configuration"]["NumDecimals"]) == (8, "2")


def test_a_slider_between_halves_has_halves(altered: Altered) -> None:
    design = asking(altered, warm=SLIDER | {"minimum": "0.5", "maximum": "3.5"})
    look = tagged(build(design), "warm").raw["Configuration"]
    assert (look["SnapToGrid"], look["GridLines"], look["NumDecimals"]) == (True, 3, "1")
    assert design.measures["warm"].values == [0.5, 1.5, 2.5, 3.5]


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (SLIDER | {"scale": ["a", "b"]}, "a slider has no scale"),
        ({key: SLIDER[key] for key in ("kind", "label", "question")}, "`ends` is missing"),
        (SLIDER | {"minimum": "5", "maximum": "5"}, "the maximum 5 is not above the minimum 5"),
        (SLIDER | {"step": "7"}, "steps of 7 do not lead from 0 to 100"),
        (SLIDER | {"step": "0.001"}, "the slider has 100,000 steps"),
        (SLIDER | {"direction": "descending"}, "a slider has no direction"),
        (SLIDER | {"end": "x"}, "unknown key `end`. Did you mean `ends`"),
        (MATRIX | {"items": {}}, "nothing is declared here"),
        ({key: MATRIX[key] for key in ("kind", "label", "question", "scale")}, "`items` is missing"),
        (TEXT | {"scale": ["a", "b"]}, "an open question has no scale"),
        (TEXT | {"kind": "slidr"}, "`slidr` is not known here"),
        ({"label": "R", "question": "?", "scale": ["a", "b"], "items": {}}, "a rating has no items"),
    ],
)
def test_what_does_not_fit_its_kind_is_refused(altered: Altered, outcome: Any, said: str) -> None:
    with pytest.raises(StudyError) as refused:
        asking(altered, extra=outcome)
    assert said in str(refused.value)


def test_a_statement_may_not_be_called_as_something_else(altered: Altered) -> None:
    with pytest.raises(StudyError, match="this statement is called `views_good` in the data"):
        asking(altered, views=MATRIX, views_good=SLIDER)


def test_beside_each_other_each_profile_has_its_own_columns(altered: Altered) -> None:
    def pairs(content: dict[str, Any]) -> None:
        content["outcomes"] = {"warm": SLIDER, "views": MATRIX, "more": TEXT}
        for each in content["factors"].values():
            each.pop("recall", None)

    design = altered(pairs, tasks="2", profiles="2", profile_labels=["Left", "Right"])
    survey, codebook = build(design), codebook_of_design(design)
    assert integrity_problems(survey) == []
    assert tagged(survey, "warm_2_1").plain == "Left: How warm?"
    places = {(each.name, each.task, each.profile): each.column for each in codebook.variables if each.task}
    assert places["warm", 2, 1] == "warm_2_1_1"
    assert places["views_bad", 1, 2] == "views_1_2_2"
    assert places["more", 2, 0] == "more_2"
    columns = [each.column for each in codebook.variables if each.role in ("outcome", "open")]
    exported = {each.name for each in question_columns(survey)}
    assert len(columns) == 2 * (2 + 4 + 1)
    assert set(columns) <= exported

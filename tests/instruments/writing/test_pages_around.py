"""The pages before and after the vignettes: introduction, checks of comprehension, debriefing."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from vignetta.design.declaration import Design
from vignetta.errors import StudyError
from vignetta.instruments.codebooks import codebook_of_design
from vignetta.instruments.fieldwork.respondents import Answering, draw_people
from vignetta.instruments.fieldwork.simulation import Simulation
from vignetta.instruments.integrity import integrity_problems
from vignetta.instruments.running.runtime import Runtime
from vignetta.instruments.running.visits import Respondent, Visit
from vignetta.instruments.survey import Survey
from vignetta.instruments.writing.building import build

Altered = Callable[..., Design]
CHECK = {
    "question": "How many countries will you read about?",
    "options": [{"name": "one", "text": "One"}, {"name": "two", "text": "Two"}, {"name": "ten", "text": "Ten"}],
    "correct": "two",
}
AROUND: dict[str, Any] = {
    "introduction": "You will read.\n\nTake your time.",
    "debriefing": "None of it was true.",
    "checks": {"understood": CHECK},
}


@pytest.fixture(scope="module")
def around(altered: Altered) -> Design:
    return altered(**AROUND)


def taken(design: Design, survey: Survey, simulation: Simulation, conduct: Any) -> Visit:
    generator = np.random.default_rng(2)
    (person,) = draw_people(simulation, design, n=1, generator=generator)
    return Runtime(survey).run(Respondent(Answering(simulation, design).policy(person, conduct)), generator)


def test_they_stand_around_the_vignettes(around: Design, simulation: Simulation) -> None:
    survey = build(around)
    assert integrity_problems(survey) == []
    visit = taken(around, survey, simulation, "attentive")
    order = [survey.questions[each].tag for page in visit.pages for each in page]
    places = [order.index(each) for each in ("attention", "introduction", "understood", "vignette", "debriefing")]
    assert places == sorted(places)
    assert places[-1] == len(order) - 1
    page = next(each for each in survey.questions.values() if each.tag == "introduction")
    assert page.text == "<p>You will read.</p><p>Take your time.</p>"


@pytest.mark.parametrize(("conduct", "right"), [("attentive", True), ("inattentive", False)])
def test_who_attends_passes_every_check(around: Design, simulation: Simulation, conduct: str, right: bool) -> None:
    survey = build(around)
    visit = taken(around, survey, simulation, conduct)
    answers = {survey.questions[number].tag: given for number, given in visit.answers.items()}
    assert (answers["understood"] == "2") is right


def test_the_codebook_knows_the_right_answer(around: Design) -> None:
    check = codebook_of_design(around)["understood"]
    assert (check.role, check.about, check.levels) == ("attention", "two", ["one", "two", "ten"])


@pytest.mark.parametrize(
    ("checks", "said"),
    [
        ({"understood": CHECK | {"correct": "too"}}, "`too` is not one of the options. Did you mean `two`"),
        ({"approval": CHECK}, "`approval` is already a name under checks"),
        ({"introduction": CHECK}, "`introduction` is a name that the clean data use themselves"),
    ],
)
def test_a_check_that_cannot_be_is_refused(altered: Altered, checks: Any, said: str) -> None:
    with pytest.raises(StudyError) as refused:
        altered(checks=checks)
    assert said in str(refused.value)

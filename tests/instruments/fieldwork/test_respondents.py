"""Made-up respondents: they are who the model says, and answer by it."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from vignetta.design.declaration import Design
from vignetta.errors import StudyError
from vignetta.instruments.fieldwork.respondents import Answering, Conduct, draw_people
from vignetta.instruments.fieldwork.simulation import Simulation
from vignetta.instruments.fieldwork.truth import true_means
from vignetta.instruments.running.runtime import Runtime
from vignetta.instruments.running.visits import Respondent
from vignetta.instruments.survey import Survey
from vignetta.instruments.writing.building import build

STANDARD_ERRORS = 4
"""A right mean or share lies outside in one of 16,000 tries; the seeds are fixed."""


EXACT = 1e-12
"""Rounding in sums of a few thousand numbers below 10."""


PEOPLE = 3000


@pytest.fixture(scope="module")
def truth(simulation: Simulation, design: Design) -> pd.DataFrame:
    return true_means(simulation, design)


def answers(
    survey: Survey, design: Design, simulation: Simulation, *, conduct: Conduct, n: int = PEOPLE, seed: int = 11
) -> pd.DataFrame:
    """What people of one conduct answer, by tag, beside the embedded fields and, with `own_`, their traits."""
    runtime, generator = Runtime(survey), np.random.default_rng(seed)
    answering, tags = Answering(simulation, design), {each.id: each.tag for each in survey.questions.values()}
    rows = []
    for person in draw_people(simulation, design, n=n, generator=generator):
        visit = runtime.run(Respondent(answering.policy(person, conduct)), generator)
        told = {tags[number]: each for number, each in visit.answers.items()}
        rows.append({**visit.embedded, **told, **{f"own_{name}": each for name, each in person.items()}})
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def attentive(survey: Survey, design: Design, simulation: Simulation) -> pd.DataFrame:
    return answers(survey, design, simulation, conduct="attentive", n=4 * PEOPLE)


@pytest.mark.parametrize(("outcome", "factor"), [("approval", "response"), ("contributions", "action")])
def test_people_answer_by_the_model(attentive: pd.DataFrame, truth: pd.DataFrame, outcome: str, factor: str) -> None:
    """Answers through the survey itself, where even presentation makes the levels of other factors equally frequent."""
    cells = truth[truth["outcome"] == outcome].groupby([factor, "regime"], observed=True)["mean"].mean()
    told = attentive.assign(answer=attentive[outcome].astype(float)).groupby([factor, "regime"])["answer"]
    for cell, group in told:
        assert abs(group.mean() - cells.to_dict()[cell]) < STANDARD_ERRORS * group.std() / np.sqrt(len(group)), cell


def test_a_scale_that_descends_is_answered_the_other_way_round(design: Design, simulation: Simulation) -> None:
    outcome = design.outcomes["approval"]
    scale = tuple(reversed(outcome.scale))
    turned = outcome.model_copy(update={"scale": scale, "direction": "descending"})
    changed = design.model_copy(update={"outcomes": design.outcomes | {"approval": turned}})
    survey = build(changed)
    shown = next(each for each in survey.questions.values() if each.tag == "approval")
    assert shown.choices[0].plain == "Strongly approve"
    drawn = answers(survey, changed, simulation, conduct="attentive")
    told = 8 - drawn["approval"].astype(float)
    truth = true_means(simulation, changed)
    expected = truth[truth["outcome"] == "approval"]["mean"].mean()
    assert np.allclose(truth["mean"], true_means(simulation, design)["mean"], rtol=0, atol=EXACT)
    assert abs(told.mean() - expected) < STANDARD_ERRORS * told.std() / np.sqrt(len(told))


def test_realised_shares_are_the_declared_ones(design: Design, simulation: Simulation) -> None:
    people = draw_people(simulation, design, n=PEOPLE, generator=np.random.default_rng(4))
    for name, covariate in design.covariates.items():
        for option in covariate.options:
            declared = simulation.covariates[name].shares[option.name]
            share = Counter(each[name] for each in people)[option.name] / PEOPLE
            assert abs(share - declared) < STANDARD_ERRORS * np.sqrt(declared * (1 - declared) / PEOPLE)


def test_people_say_what_they_are(design: Design, attentive: pd.DataFrame) -> None:
    places = {each.name: str(place) for place, each in enumerate(design.covariates["party"].options, 1)}
    assert (attentive["party"] == attentive["own_party"].map(places)).all()
    assert (attentive["age"] == attentive["own_age"]).all()
    assert set(attentive["attention"]) == {"4"}


def test_recall_is_as_accurate_as_declared(design: Design, simulation: Simulation, attentive: pd.DataFrame) -> None:
    declared = simulation.fieldwork.recall
    for name, factor in design.factors.items():
        places = {level: str(place) for place, level in enumerate(factor.level_names, 1)}
        share = (attentive[f"recall_{name}"] == attentive[name].map(places)).mean()
        assert abs(share - declared) < STANDARD_ERRORS * np.sqrt(declared * (1 - declared) / len(attentive))


def test_the_inattentive_fail_and_answer_at_random(survey: Survey, design: Design, simulation: Simulation) -> None:
    told = answers(survey, design, simulation, conduct="inattentive")
    assert set(told["attention"]) == {"1", "2", "3", "5"}
    assert stats.chisquare(told["approval"].value_counts().reindex(list("1234567"), fill_value=0)).pvalue > 1e-4


def test_a_survey_of_another_design_is_refused(design: Design, simulation: Simulation) -> None:
    declared = design.covariates["party"]
    options = (declared.options[0].model_copy(update={"text": {"": "Whig"}}), *declared.options[1:])
    party = declared.model_copy(update={"options": options})
    other = build(design.model_copy(update={"covariates": design.covariates | {"party": party}}))
    with pytest.raises(StudyError, match="party: the survey offers no answer `Democrat` here"):
        answers(other, design, simulation, conduct="attentive", n=50)

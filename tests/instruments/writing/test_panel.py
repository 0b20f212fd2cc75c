"""Respondents whom a panel sends: known by their links, sent back to the panel's addresses."""

import csv
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from vignetta.codebook import codebook_csv, codebook_of_csv
from vignetta.design.declaration import Design
from vignetta.errors import StudyError
from vignetta.instruments.codebooks import codebook_of_design
from vignetta.instruments.fieldwork.fielding import simulate
from vignetta.instruments.fieldwork.simulation import Simulation
from vignetta.instruments.integrity import integrity_problems
from vignetta.instruments.running.random_answers import random_answer
from vignetta.instruments.running.runtime import Runtime
from vignetta.instruments.running.visits import Respondent
from vignetta.instruments.survey import EndNode, Survey, walk
from vignetta.instruments.writing.building import build

Altered = Callable[..., Design]
PROLIFIC = {
    "provider": "prolific",
    "fields": ["SESSION_ID"],
    "completed": "https://app.prolific.com/submissions/complete?cc=C1",
    "screened_out": "https://app.prolific.com/submissions/complete?cc=C2",
    "code": "Your code is {code}; write it down.",
}
LINK = {"PROLIFIC_PID": "5f0c", "SESSION_ID": "77"}


@pytest.fixture(scope="module")
def panelled(altered: Altered) -> Design:
    return altered(panel=PROLIFIC)


@pytest.fixture(scope="module")
def instrument(panelled: Design) -> Survey:
    return build(panelled)


def ends(survey: Survey) -> list[dict[str, Any]]:
    return [dict(each.options) for each in walk(survey.flow) if isinstance(each, EndNode)]


def test_it_keeps_every_rule(instrument: Survey) -> None:
    assert integrity_problems(instrument) == []


def test_who_declines_and_who_finishes_go_to_the_panel_as_real_surveys_send_them(instrument: Survey) -> None:
    redirect = {"Advanced": "true", "SurveyTermination": "Redirect"}
    assert ends(instrument) == [
        redirect | {"EOSRedirectURL": PROLIFIC["screened_out"], "ResponseFlag": "Screened"},
        redirect | {"EOSRedirectURL": PROLIFIC["completed"], "ResponseFlag": "Complete"},
    ]


def test_fields_of_the_link_stand_in_addresses(altered: Altered) -> None:
    panel = {"provider": "lucid", "completed": "https://notch.insights.supply/cb?token=t&RID={rid}"}
    _, last = ends(build(altered(panel=panel)))
    assert last["EOSRedirectURL"] == "https://notch.insights.supply/cb?token=t&RID=${e://Field/rid}"


def test_without_a_panel_the_survey_ends_as_it_did(altered: Altered) -> None:
    assert ends(build(altered())) == [{}, {}]


def test_the_link_and_the_code_are_kept_and_the_code_is_shown(instrument: Survey) -> None:
    page = next(each for each in instrument.questions.values() if each.tag == "code")
    generator = np.random.default_rng(3)
    agree = next(each.id for each in instrument.questions.values() if each.tag == "consent")
    respondent = Respondent(lambda asked, state: "1" if asked.id == agree else random_answer(asked, state), LINK)
    visit = Runtime(instrument).run(respondent, generator)
    assert visit.embedded.items() >= LINK.items()
    assert 100_000 <= int(visit.embedded["completion_code"]) <= 999_999
    assert f"Your code is <strong>{visit.embedded['completion_code']}</strong>" in visit.shown[page.id]
    assert visit.pages[-1] == (page.id,)


def test_what_the_panel_knows_people_by_is_personal(panelled: Design) -> None:
    codebook = codebook_of_design(panelled)
    known = {name: codebook[name] for name in ("PROLIFIC_PID", "SESSION_ID", "completion_code")}
    assert {each.role for each in known.values()} == {"personal"}
    assert all(name == each.import_id == each.column for name, each in known.items())
    assert codebook_of_csv(codebook_csv(codebook), shown="codebook.csv") == codebook


def test_who_comes_again_has_the_same_id(instrument: Survey, panelled: Design, simulation: Simulation) -> None:
    names, _, _, *rows = csv.reader(io.StringIO(simulate(instrument, panelled, simulation).export))
    place, status = names.index("PROLIFIC_PID"), names.index("DistributionChannel")
    ids = [each[place] for each in rows if each[status] != "preview"]
    assert all(len(each) == 24 for each in ids)
    assert len(ids) - len(set(ids)) == simulation.fieldwork.duplicates > 0


@pytest.mark.parametrize(
    ("panel", "said"),
    [
        ({"provider": "prolifik"}, "`prolifik` is not known here"),
        ({"provider": "other"}, "`id_field` is missing"),
        ({"provider": "cint", "id_field": "r id"}, "`r id` cannot be the name of a field"),
        ({"provider": "cint", "fields": ["rid"]}, "`rid` is a field of the link already"),
        ({"provider": "cint", "completed": "cint.com/done"}, "`cint.com/done` is no address"),
        ({"provider": "cint", "completed": "https://cint.com/?r={rdi}"}, "the link has no field `rdi`"),
        ({"provider": "mturk", "code": "Here is your code."}, "do not say where the completion code goes"),
        ({"provider": "mturk", "complete": "https://a.org/"}, "unknown key `complete`. Did you mean `completed`"),
    ],
)
def test_a_panel_that_cannot_be_is_refused(altered: Altered, panel: Any, said: str) -> None:
    with pytest.raises(StudyError) as refused:
        altered(panel=panel)
    assert said in str(refused.value)


def test_a_field_of_the_link_may_not_be_named_as_another_column(altered: Altered) -> None:
    with pytest.raises(StudyError, match="two columns of the export would have this name"):
        build(altered(panel={"provider": "other", "id_field": "approval"}))

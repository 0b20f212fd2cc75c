"""A restricted or weighted design in the instrument: one randomizer of vignettes, and what it gives in the field."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.design.small_design import equal, small_design
from vignetta.cleaning.responses import read_export
from vignetta.design.assigning.universe import shares
from vignetta.design.assigning.vignettes import vignettes
from vignetta.design.declaration import Design
from vignetta.errors import StudyError
from vignetta.instruments.codebooks import codebook_of_design
from vignetta.instruments.fieldwork.fielding import simulate
from vignetta.instruments.fieldwork.simulation import Simulation
from vignetta.instruments.hypertext import plain_text
from vignetta.instruments.integrity import integrity_problems
from vignetta.instruments.qsf import qsf_text
from vignetta.instruments.running.random_answers import random_answer
from vignetta.instruments.running.runtime import Runtime
from vignetta.instruments.running.visits import Respondent, Visit
from vignetta.instruments.survey import BranchNode, EmbeddedDataNode, RandomizerNode, Survey, walk
from vignetta.instruments.writing.building import MOST_CHILDREN, build

Altered = Callable[..., Design]
RESPONDENTS = 4000
STANDARD_ERRORS = 5
"""A right share lies outside in less than one of a million tries; the seeds are fixed."""
FACTORS: dict[str, dict[str, float]] = {
    "a": {"a1": 2, "a2": 1, "a3": 0.5},
    "b": {"b1": 1, "b2": 3},
    "c": equal("c1", "c2"),
}
RULES: list[Mapping[str, Any]] = [
    {"forbid": {"a": "a1", "b": "b1"}},
    {"levels": {"a": "a3"}, "only_with": {"c": "c2"}},
]
PARTY = {
    "label": "Party",
    "question": "Which?",
    "options": [{"name": "left", "text": "Left"}, {"name": "right", "text": "Right"}],
}
GENDER = {**PARTY, "label": "Gender", "column": "G"}


def restricted(**sections: Any) -> Design:
    return small_design(FACTORS, RULES, **sections)


def randomizers(survey: Survey) -> list[RandomizerNode]:
    return [each for each in walk(survey.flow) if isinstance(each, RandomizerNode)]


def run(survey: Survey, n: int, seed: int = 3) -> list[Visit]:
    runtime, generator = Runtime(survey), np.random.default_rng(seed)
    assert runtime.stubbed == ()
    return [runtime.run(Respondent(random_answer), generator) for _ in range(n)]


def drawn(visits: list[Visit], vignette_count: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.bincount([int(each.embedded["vignette"]) for each in visits], minlength=vignette_count + 1)[1:]


@pytest.mark.parametrize("mechanism", ["simple", "complete", "blocked"])
def test_one_randomizer_sets_every_field_of_a_vignette(mechanism: str) -> None:
    design = restricted(mechanism=mechanism)
    survey, cells = build(design), vignettes(design)
    (node,) = randomizers(survey)
    assert integrity_problems(survey) == []
    assert (node.subset, node.even) == (1, mechanism != "simple")
    children = [each for each in node.children if isinstance(each, EmbeddedDataNode)]
    given = [{field.name: field.value for field in each.fields} for each in children]
    assert len(given) == len(node.children) == sum(shares(design))
    for row, times in zip(cells.astype(str).to_dict("records"), shares(design), strict=True):
        expected = {"vignette": row["vignette"]}
        for name in design.factors:
            expected |= {name: row[name], f"{name}_text": f"{name} is {row[name]}"}
        assert given.count(expected) == times
    assert np.array(shares(design)) / sum(shares(design)) == pytest.approx(cells["probability"].to_numpy(), rel=1e-12)


@pytest.mark.parametrize("mechanism", ["simple", "complete"])
def test_the_field_realises_the_exact_probabilities(mechanism: str) -> None:
    design = restricted(mechanism=mechanism)
    survey, cells = build(design), vignettes(design)
    visits = run(survey, RESPONDENTS)
    counts, p = drawn(visits, len(cells)), cells["probability"].to_numpy()
    if mechanism == "simple":
        assert (np.abs(counts / RESPONDENTS - p) < STANDARD_ERRORS * np.sqrt(p * (1 - p) / RESPONDENTS)).all()
    else:
        assert (np.abs(counts - RESPONDENTS * p) <= np.array(shares(design))).all()
    number = next(each.id for each in survey.questions.values() if each.tag == "vignette")
    for each in visits[:200]:
        row = cells.iloc[int(each.embedded["vignette"]) - 1]
        assert plain_text(each.shown[number]) == row["text"]
        assert {name: each.embedded[name] for name in design.factors} == {name: row[name] for name in design.factors}


def test_strata_have_randomizers_of_their_own() -> None:
    design = restricted(mechanism="blocked", covariates={"party": PARTY, "gender": GENDER}, strata=["party", "gender"])
    survey, size = build(design), sum(shares(design))
    assert integrity_problems(survey) == []
    assert len(randomizers(survey)) == 4
    assert sum(isinstance(each, BranchNode) for each in walk(survey.flow)) == 6
    asked = {each.tag: each.id for each in survey.questions.values()}
    visits = run(survey, 600)
    strata: dict[tuple[str, str], list[Visit]] = {}
    for each in visits:
        answers = (str(each.answers[asked["party"]]), str(each.answers[asked["G"]]))
        strata.setdefault(answers, []).append(each)
    assert len(strata) == 4
    for members in strata.values():
        whole = len(members) - len(members) % size
        assert drawn(members[:whole], len(shares(design))).tolist() == [whole // size * s for s in shares(design)]


def test_strata_of_an_unrestricted_design_draw_each_factor() -> None:
    factors = {"a": equal("a1", "a2"), "b": equal("b1", "b2")}
    survey = build(small_design(factors, mechanism="blocked", covariates={"party": PARTY}, strata=["party"]))
    assert len(randomizers(survey)) == 4
    assert "vignette" not in {each.name for each in survey.flow[0].fields}  # type: ignore[union-attr]
    assert all(each.embedded["a"] and each.embedded["b"] for each in run(survey, 50))


# ------------------------------------------------------------------------------------------------ codebook and export


def test_the_codebook_knows_the_field() -> None:
    design = restricted()
    variable = codebook_of_design(design)["vignette"]
    assert (variable.role, variable.kind, variable.import_id) == ("vignette", "number", "vignette")
    assert (variable.minimum, variable.maximum) == (1, len(vignettes(design)))
    plain = codebook_of_design(small_design({"a": equal("a1", "a2")}))
    assert "vignette" not in [each.name for each in plain.variables]


def test_a_restricted_flagship_goes_from_the_field_to_clean_data(
    altered: Altered, simulation: Simulation, tmp_path: Path
) -> None:
    rule = {"forbid": {"regime": "democracy", "action": "rival_arms"}, "reason": "Democracies do not."}
    design = altered(restrictions=[rule], sample_size="300")
    survey = build(design)
    assert integrity_problems(survey) == []
    simulated = simulate(survey, design, simulation)
    (tmp_path / "export.csv").write_text(simulated.export, "utf-8")
    clean = read_export(tmp_path / "export.csv", codebook_of_design(design)).responses
    shown = clean[clean["vignette"].notna()]
    assert len(shown) > design.sample_size
    cells = vignettes(design).set_index("vignette").loc[shown["vignette"].astype(int)]
    for name in design.factors:
        assert shown[name].astype(str).tolist() == cells[name].astype(str).tolist()
    assert set(simulated.truth["vignette"]) == set(vignettes(design)["vignette"])


# ------------------------------------------------------------------------------------------------- what is refused


def test_too_many_elements_are_refused_with_the_weights() -> None:
    design = small_design({"a": {"a1": 0.3331, "a2": 0.6669}, "b": equal("b1", "b2")})
    with pytest.raises(StudyError, match="would need 10,002 elements") as caught:
        build(design)
    assert "`a` has a1 0.3331, a2 0.6669" in str(caught.value)
    assert "`b`" not in str(caught.value)


def test_too_many_vignettes_are_refused() -> None:
    levels = equal(*(f"l{place}" for place in range(20)))
    rules: list[Mapping[str, Any]] = [{"forbid": {"a": "l1", "b": "l1"}}, {"forbid": {"b": "l1", "c": "l1"}}]
    with pytest.raises(StudyError, match=f"would need 7,961 elements; {MOST_CHILDREN:,} are the most"):
        build(small_design({"a": levels, "b": levels, "c": levels}, rules))


def test_building_a_restricted_design_twice_gives_equal_bytes() -> None:
    assert qsf_text(build(restricted())) == qsf_text(build(restricted()))

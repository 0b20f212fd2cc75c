"""A study that was drafted from a survey runs at once, so that there is something to change."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.instruments.small_survey import small
from vignetta.cli import app
from vignetta.instruments.fieldwork.simulation import read_simulation
from vignetta.instruments.qsf import qsf_text
from vignetta.instruments.writing import elements
from vignetta.instruments.writing.building import build
from vignetta.plan import read_plan
from vignetta.study.adopting import adopt
from vignetta.study.folder import load
from vignetta.study.scaffold import init


@pytest.mark.parametrize("template", ["alliance", "conjoint", "blank"])
def test_a_drafted_study_is_whole(tmp_path: Path, template: str) -> None:
    init(tmp_path / "first", template=template)
    first = load(tmp_path / "first")
    (tmp_path / "survey.qsf").write_text(qsf_text(build(first.design)))
    made = adopt(tmp_path / "survey.qsf", tmp_path / "second")
    assert {"analysis/plan.yaml", "design/simulation.yaml", "instruments/build.py", "analysis/clean.py"} < {*made.files}
    second = load(tmp_path / "second")
    plan = read_plan(tmp_path / "second/analysis/plan.yaml", design=second.design)
    assert {each.model for each in plan.estimands} == set(plan.models) == set(first.design.outcomes)
    assert {each.factor for each in plan.estimands} == set(first.design.factors)
    simulation = read_simulation(tmp_path / "second/design/simulation.yaml", design=second.design)
    assert set(simulation.outcomes) == set(first.design.outcomes)


def test_blocks_drawn_without_a_field_are_told_where_there_is_no_draft(tmp_path: Path) -> None:
    document = small()
    flow = document["SurveyElements"][1]["Payload"]["Flow"]
    flow[:] = [each for each in flow if each["Type"] != "BlockRandomizer"]
    shown = [each for each in flow if each["Type"] in ("Standard", "Block")][-2:]
    flow[:] = [each for each in flow if each not in shown]
    flow.append(elements.randomizer(shown, even=True) | {"FlowID": "FL_99"})
    (tmp_path / "survey.qsf").write_text(json.dumps(document))
    done = CliRunner().invoke(app, ["import", str(tmp_path / "survey.qsf"), "--to", str(tmp_path / "new")])
    assert done.exit_code == 0, done.output
    told = " ".join(done.output.split())
    assert "there is no draft" in told and "The randomizer FL_99 shows one of" in told and "set a field" in told

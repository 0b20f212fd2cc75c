"""A plan asks for effects of respondents and for instruments."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.small_plan import STUDY
from vignetta.analysis.estimands.margins import contrasts
from vignetta.analysis.estimating import estimate
from vignetta.analysis.models.fitting import fit
from vignetta.declared import read_tree
from vignetta.design.declaration import Design, read_design
from vignetta.errors import StudyError
from vignetta.plan import Plan, plan_of
from vignetta.report.labels import Labels
from vignetta.report.methods import models

RECALL = "    recall: {question: Which arm?, unsure: I do not know}\n"
PLAN = """
hypotheses: {}
models:
  m:
    formula: support ~ TERMS
OPTIONS
estimands:
  - {estimand: contrast, model: m, factor: FACTOR}
"""


@pytest.fixture
def design(tmp_path: Path) -> Design:
    (tmp_path / "study.yaml").write_text(STUDY.replace("    label: Arm\n", "    label: Arm\n" + RECALL))
    return read_design(tmp_path / "study.yaml")


def plan_with(folder: Path, design: Design, options: str, *, terms: str = "arm * place", factor: str = "arm") -> Plan:
    indented = "".join(f"    {each}\n" for each in options.split("; "))
    text = PLAN.replace("TERMS", terms).replace("OPTIONS\n", indented).replace("FACTOR", factor)
    (folder / "plan.yaml").write_text(text)
    return plan_of(read_tree(folder / "plan.yaml"), design)


@pytest.fixture
def data() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    arm, place = rng.choice(["control", "treated"], 240), rng.choice(["north", "east", "south"], 240)
    read = np.where(rng.random(240) < 0.7, arm, "control")
    rows = pd.DataFrame({"arm": arm, "place": place, "recall_arm": read, "response_id": np.repeat(np.arange(60), 4)})
    effect = np.repeat(rng.normal(size=60), 4)
    rows["support"] = np.clip(np.round(4 + (read == "treated") + effect + rng.normal(size=240)), 1, 7)
    return rows


@pytest.mark.parametrize("units", ["fixed_effects", "random_effects"])
def test_effects_of_respondents(tmp_path: Path, design: Design, data: pd.DataFrame, units: str) -> None:
    plan = plan_with(tmp_path, design, f"{units}: response_id; cluster: response_id; errors: CR2")
    found = estimate(data, plan, design=design)
    model = fit(data, "support ~ arm * place", errors="CR2", cluster="response_id", **{units: "response_id"})  # type: ignore[arg-type]
    expected = contrasts(model, "arm", average_over="design", design=design)
    np.testing.assert_allclose(found["std_error"], expected["std_error"], rtol=1e-8)
    words = models(plan, found, Labels(design))[0].kind
    assert words.endswith(f"{units.replace('_', ' ')} of `response_id`")


def test_the_arm_as_recalled_has_the_arm_as_its_instrument(tmp_path: Path, design: Design, data: pd.DataFrame) -> None:
    options = "instruments: {recall_arm: arm}; errors: HC1"
    plan = plan_with(tmp_path, design, options, terms="recall_arm + place", factor="recall_arm")
    found = estimate(data, plan, design=design).iloc[1]
    assert (found["factor"], found["level"], found["versus"]) == ("recall_arm", "treated", "control")
    step = [data["arm"] == each for each in ("treated", "control")]
    reached = [(data["recall_arm"] == "treated")[each].mean() for each in step]
    wald = (data["support"][step[0]].mean() - data["support"][step[1]].mean()) / (reached[0] - reached[1])
    assert found["estimate"] == pytest.approx(wald, abs=0.15)
    labels = Labels(design)
    assert labels.factor("recall_arm") == "Arm (as recalled)"
    assert labels.level("recall_arm", "unsure") == "I do not know"
    kind = models(plan, estimate(data, plan, design=design), labels)[0].kind
    assert kind == "Two-stage least squares (instruments: Arm for Arm (as recalled))"


def test_answers_that_no_instrument_moves_are_told(tmp_path: Path, design: Design, data: pd.DataFrame) -> None:
    options = "instruments: {recall_arm: arm}; errors: HC1"
    plan = plan_with(tmp_path, design, options, terms="recall_arm + place", factor="recall_arm")
    data.loc[:9, "recall_arm"] = "unsure"
    with pytest.raises(StudyError, match=r"2 columns are endogenous .* the instruments \(`arm`\) give 1 independent"):
        estimate(data, plan, design=design)


@pytest.mark.parametrize(
    ("terms", "options", "said"),
    [
        ("arm", "fixed_effects: a; random_effects: a", "`fixed_effects` and `random_effects` are not fitted together"),
        ("arm", "model: logit; fixed_effects: response_id", "the model `logit` has no `fixed_effects`"),
        ("recall_arm", "instruments: {recall_arm: arm}", "the errors `HC2` are not defined with instruments"),
        ("arm", "instruments: {recall_arm: place}; errors: HC1", "`recall_arm` is not in the formula"),
        ("recall_arm * arm", "instruments: {recall_arm: arm}; errors: HC1", "the instrument `arm` is a term"),
        ("recall_arm", "instruments: {recall_arm: amr}; errors: HC1", "unknown variable `amr`. Did you mean `arm`"),
        ("arm + recall_arm", "errors: HC1", "is answered after the vignette, so that its effect needs an instrument"),
    ],
)
def test_a_plan_that_cannot_be_fitted_is_told(
    tmp_path: Path, design: Design, terms: str, options: str, said: str
) -> None:
    with pytest.raises(StudyError, match=said):
        plan_with(tmp_path, design, options, terms=terms)


def test_least_squares_needs_no_linearmodels() -> None:
    import subprocess
    import sys

    lines = (
        "import sys, pandas as pd, vignetta as vg",
        "data = pd.DataFrame({'y': [1.0, 2, 4, 6, 3], 'a': list('uvuvv')})",
        "vg.fit(data, 'y ~ a', errors='HC1')",
        "assert not {'linearmodels', 'statsmodels'} & set(sys.modules)",
    )
    subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True)

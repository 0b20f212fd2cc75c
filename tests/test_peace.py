"""A published experiment declared as a study around data in hand: Tomz and Weeks (2013), ally × trade × democracy."""

import re
import warnings
from pathlib import Path

import pytest

from vignetta.analysis.models.fitting import fit
from vignetta.study.checking import check
from vignetta.study.folder import load
from vignetta.study.scaffold import init
from vignetta.study.stages import run_stage, stages

STUDY = """\
name: peace
title: Support for striking a country that develops nuclear weapons
note: After Tomz and Weeks (2013); the labels are ours.
seed: 1
sample_size: 1273
data:
  file: ../peace.csv
  format: table
factors:
  ally:
    label: Alliance with the United States
    levels:
      - {name: no_alliance, label: No alliance, code: "0", reference: true}
      - {name: alliance, label: Alliance, code: "1"}
  trade:
    label: Trade with the United States
    levels:
      - {name: low, label: Low trade, code: "0", reference: true}
      - {name: high, label: High trade, code: "1"}
  regime:
    label: Regime
    column: democ
    levels:
      - {name: autocracy, label: Not a democracy, code: "0", reference: true}
      - {name: democracy, label: Democracy, code: "1"}
covariates:
  age: {label: Age, kind: number, question: Age in years}
outcomes:
  strike:
    label: Support for a strike
    question: Should the United States attack the country's nuclear sites?
    scale:
      - {code: "0", text: Oppose strongly}
      - {code: "1", text: Oppose somewhat}
      - {code: "2", text: Neither}
      - {code: "3", text: Favour somewhat}
      - {code: "4", text: Favour strongly}
"""
PLAN = """\
hypotheses:
  democracy: {statement: A strike against a democracy is supported less., direction: decrease}
  ally: {statement: A strike against an ally is supported less., direction: decrease}
models:
  additive: {formula: strike ~ ally + trade + regime, errors: HC1}
  interacted: {formula: strike ~ ally * regime, errors: HC1}
estimands:
  - {hypothesis: ally, estimand: margin, model: additive, factor: ally, average_over: sample}
  - {hypothesis: ally, estimand: contrast, model: additive, factor: ally, average_over: sample}
  - {hypothesis: democracy, estimand: contrast, model: additive, factor: regime, average_over: sample}
  - {estimand: contrast, model: additive, factor: trade, average_over: sample}
  - {estimand: conditional_margin, model: interacted, factor: ally, within: regime, average_over: sample}
  - {estimand: conditional_effect, model: interacted, factor: ally, within: regime, average_over: sample}
  - {estimand: difference, model: interacted, factor: ally, within: regime, average_over: sample}
"""
COEFFICIENTS = {"ally": (-0.20939, 0.07819), "trade": (-0.18652, 0.07825), "regime": (-0.41619, 0.07819)}
CELLS = {
    ("no_alliance", "autocracy"): 2.5349,
    ("no_alliance", "democracy"): 2.1051,
    ("alliance", "autocracy"): 2.3063,
    ("alliance", "democracy"): 1.9150,
}
FIVE_DIGITS, FOUR_DIGITS = 5.1e-6, 5.1e-5
"""Half a unit of the last digit that the reference gives, and a little for its own rounding."""


@pytest.fixture
def peace(real: Path, tmp_path: Path) -> Path:
    rdata = pytest.importorskip("rdata")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = rdata.read_rda(real / "datasets/xiangzhou09__rbw__peace.rda")["peace"]
    data.to_csv(tmp_path / "peace.csv", index=False)
    init(tmp_path / "study", template="in-hand")
    (tmp_path / "study/design/study.yaml").write_text(STUDY)
    (tmp_path / "study/analysis/plan.yaml").write_text(PLAN)
    (tmp_path / "study/data/raw/synthetic_example.csv").unlink()
    return tmp_path / "study"


@pytest.mark.real
def test_peace_from_table_to_report(peace: Path) -> None:
    assert check(peace).problems == ()
    for stage in stages(peace):
        run_stage(peace, stage)
    study = load(peace)
    estimates = study.estimates

    additive = estimates[(estimates["estimand"] == "contrast") & ~estimates["is_reference"]].set_index("factor")
    for factor, (estimate, error) in COEFFICIENTS.items():
        assert additive.loc[factor, "estimate"] == pytest.approx(estimate, abs=FIVE_DIGITS)
        assert additive.loc[factor, "std_error"] == pytest.approx(error, abs=FIVE_DIGITS)

    cells = estimates[estimates["estimand"] == "conditional_margin"].set_index(["level", "within_level"])["estimate"]
    for cell, mean in CELLS.items():
        assert cells[cell] == pytest.approx(mean, abs=FOUR_DIGITS)
    within = estimates[(estimates["estimand"] == "conditional_effect") & ~estimates["is_reference"]]
    assert list(within["estimate"]) == pytest.approx([2.3063 - 2.5349, 1.9150 - 2.1051], abs=2 * FOUR_DIGITS)
    [interaction] = estimates[(estimates["estimand"] == "difference") & ~estimates["is_reference"]].to_dict("records")
    assert (interaction["estimate"], interaction["std_error"]) == pytest.approx((0.0385, 0.1567), abs=FOUR_DIGITS)

    fitted = fit(study.responses, "strike ~ ally + trade + regime", errors="HC1")
    assert (fitted.n, fitted.n_missing) == (1273, 0)
    assert fitted.coef[0] == pytest.approx(2.62454, abs=FIVE_DIGITS)
    assert fitted.vcov[0, 0] ** 0.5 == pytest.approx(0.07906, abs=FIVE_DIGITS)


@pytest.mark.real
def test_the_report_of_peace_speaks_in_words_and_not_of_simulation(peace: Path) -> None:
    for stage in stages(peace):
        run_stage(peace, stage)
    page = (peace / "analysis/report.html").read_text()
    text = re.sub(r"<[^>]+>", " ", page)
    for words in ("Support for a strike", "No alliance", "Not a democracy", "1,273", "exploratory"):
        assert words in text
    assert "simulated" not in text.lower()

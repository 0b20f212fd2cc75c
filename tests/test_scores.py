"""Scores as people declare them: every problem with its place; as outcomes and terms of a plan."""

from pathlib import Path

import numpy as np
import pytest

import vignetta as vg
from vignetta.design.declaration import Design, read_design
from vignetta.design.scored import analysable
from vignetta.errors import StudyError
from vignetta.plan import read_plan
from vignetta.report.labels import Labels
from vignetta.study.stages import run_stage

SMALL = """\
name: small
title: Small
seed: 1
sample_size: 10
factors:
  regime:
    label: Regime
    recall: {question: Which?, unsure: Not sure}
    levels:
      - {name: autocracy, label: Autocracy, text: an autocracy, reference: true}
      - {name: democracy, label: Democracy, text: a democracy}
vignette: It is {regime}.
covariates:
  age: {label: Age, kind: number, question: How old?}
  school: {label: School, kind: ordered, question: Which?, options: [{name: low, text: L}, {name: high, text: H}]}
  party: {label: Party, question: Which?, options: [{name: x, text: X}, {name: y, text: Y}, {name: z, text: Z}]}
outcomes:
  support: {label: Support, question: Do you?, scale: [No, Rather no, Rather yes, Yes]}
  told: {label: Told, question: Why?, kind: text}
  trust:
    label: Trust
    question: How much?
    kind: matrix
    scale: [Little, Some, Much]
    items:
      them: {label: Them, text: them}
      us: {label: Us, text: us}
scores:
"""


def declared(tmp_path: Path, scores: str) -> Design:
    path = tmp_path / "study.yaml"
    path.write_text(SMALL + "\n".join(f"  {line}" for line in scores.strip().splitlines()) + "\n")
    return read_design(path)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("s: {label: S}", "nothing says what is computed"),
        ("s: {label: S, cut: support > 1, recode: party}", "`cut` and `recode` exclude each other"),
        ("s: {label: S, cut: support}", "`support` is not a comparison"),
        ("s: {label: S, cut: support >= much}", "`support >= much` is not a comparison"),
        ("s: {label: S, cut: suport >= 2}", "unknown variable `suport`. Did you mean `support`?"),
        ("s: {label: S, cut: party >= 2}", "`party` is not a number"),
        ("s: {label: S, cut: told >= 2}", "unknown variable `told`"),
        ("s: {label: S, cut: support >= 2, yes: Yes}", "a cut has words for both of its numbers or for none"),
        ("s: {label: S, cut: support >= 2, reversed: [support]}", "only an index has `reversed`"),
        ("s: {label: S, items: [trust_them, trust_us], reversed: [support]}", "`support` is not one of the items"),
        ("s: {label: S, items: [trust_them, trust_them]}", "`trust_them` stands here a second time"),
        ("s: {label: S, items: [trust_them], minimum_answered: 2}", "2 items cannot be answered"),
        ("s: {label: S, items: [support, age]}", "`age` has no range"),
        ("s: {label: S, items: [later]}\nlater: {label: L, items: [support]}", "unknown variable `later`"),
        ("support: {label: S, items: [trust_us]}", "`support` is already a name under outcomes"),
        ("age_2: {label: S, recode: age, levels: [{name: a, label: A, below: 5}]}", "at least two levels, not 1"),
        (
            "s: {label: S, recode: party, levels: [{name: a, label: A, of: [x]}, {name: b, label: B, of: [y]}]}",
            "nothing says what becomes of `z`",
        ),
        (
            "s: {label: S, recode: party, levels: [{name: a, label: A, of: [x, y]}, {name: b, label: B, of: [y, z]}]}",
            "`y` is in `a` already",
        ),
        (
            "s: {label: S, recode: party, levels: [{name: a, label: A, of: [x, w]}, {name: b, label: B, of: [y, z]}]}",
            "`party` has no level `w`",
        ),
        (
            "s: {label: S, recode: party, levels: [{name: a, label: A, below: 3}, {name: b, label: B}]}",
            "`party` is recoded by levels (`of`)",
        ),
        (
            "s: {label: S, recode: age, levels: [{name: a, label: A, below: 9}, {name: b, label: B, below: 3}, "
            "{name: c, label: C}]}",
            "the bounds do not rise",
        ),
        (
            "s: {label: S, recode: age, levels: [{name: a, label: A, below: 9}, {name: b, label: B, below: 12}]}",
            "nothing says what this level holds",
        ),
    ],
)
def test_what_is_wrong_with_a_score_is_told_with_its_line(tmp_path: Path, line: str, told: str) -> None:
    with pytest.raises(StudyError) as caught:
        declared(tmp_path, line)
    found = [each for each in caught.value.problems if told in f"{each.what} {each.remedy}"]
    assert found, caught.value.problems
    assert "scores" in found[0].where and ":" in found[0].where


def test_scores_as_outcomes(tmp_path: Path) -> None:
    design = declared(
        tmp_path,
        "trust: {label: Trust in both, items: [trust_them, trust_us]}".replace("trust:", "both:")
        + "\nsum: {label: Sum, items: [support, both], reversed: [both], combine: sum}"
        + "\nmuch: {label: Much, cut: both >= 2.5, yes: Much trust, no: Less}"
        + "\nold: {label: Old, recode: age, levels: [{name: a, label: A, below: 9}, {name: b, label: B}]}"
        + "\nwhat: {label: Recalled, recode: recall_regime, missing: [unsure], levels: "
        "[{name: a, label: A, of: [autocracy]}, {name: d, label: D, of: [democracy]}]}",
    )
    found = analysable(design)
    assert list(found) == ["support", "trust_them", "trust_us", "both", "sum", "much"]
    assert list(design.measures) == ["support", "trust_them", "trust_us"]
    assert (min(found["both"].values), max(found["both"].values)) == (1, 3)
    assert [text[""] for _, text in found["both"].texts] == ["Little", "Much"]
    assert (min(found["sum"].values), max(found["sum"].values)) == (2, 7)
    assert found["much"].values == [0, 1] and [text[""] for _, text in found["much"].texts] == ["Less", "Much trust"]
    labels = Labels(design)
    assert labels.outcome("both") == "Trust in both" and labels.scale("both") == "1–3"
    assert labels.unit("much") == "probability" and labels.unit("both") == "points"
    assert labels.variable("old") == "Old"


SCORES = """
scores:
  favour:
    label: In favour of both
    items: [approval, contributions]
    minimum_answered: 1
  approves: {label: Approves, cut: approval >= 5, yes: Approves, no: Does not}
  generation:
    label: Age group
    recode: age
    levels: [{name: young, label: Under 45, below: 45}, {name: old, label: 45 and older}]
"""
MODELS = """
models:
  favour: {formula: favour ~ response + generation}
  approves: {formula: approves ~ response}
"""
ESTIMANDS = """
estimands:
  - {hypothesis: H1, estimand: contrast, model: favour, factor: response, average_over: sample}
  - {hypothesis: H1, estimand: margin, model: approves, factor: response}
"""


def with_scores(study: Path) -> None:
    design, plan = study / "design/study.yaml", study / "analysis/plan.yaml"
    design.write_text(design.read_text() + SCORES)
    told = plan.read_text().replace("\nmodels:\n", MODELS, 1).replace("\nestimands:\n", ESTIMANDS, 1)
    plan.write_text(told)


def test_scores_go_from_study_to_report_and_leave_the_truth_alone(ran: Path) -> None:
    truth = ran / "data/raw/alliance_simulated_truth.csv"
    before = truth.read_bytes()
    with_scores(ran)
    for stage in ("build", "simulate", "clean", "estimate", "report"):
        run_stage(ran, stage)
    assert truth.read_bytes() == before
    study = vg.load(ran)
    data = study.responses
    both = data[["approval", "contributions"]].mean(axis=1)
    np.testing.assert_allclose(data["favour"], both)
    assert (data["approves"] == (data["approval"] >= 5)).all()
    own = data.assign(y=both, g=np.where(data["age"] < 45, "a_young", "b_old"))
    expected = vg.contrasts(vg.fit(own, "y ~ response + g"), "response", versus="status_quo", average_over="sample")
    found = study.estimates[study.estimates["model"] == "favour"]
    np.testing.assert_allclose(found["estimate"], expected["estimate"], atol=1e-12)
    np.testing.assert_allclose(found["std_error"], expected["std_error"], atol=1e-12)
    shares = data["approval"].ge(5).groupby(data["response"], observed=True).mean()
    margins = study.estimates[study.estimates["model"] == "approves"].set_index("level")["estimate"]
    assert margins.to_dict() == pytest.approx(shares.to_dict())
    page = (ran / "analysis/report.html").read_text()
    assert "In favour of both" in page and "mean of approval, contributions" in page
    assert "Cronbach&#39;s alpha" in (ran / "data/clean/codebook.html").read_text()


def test_power_counts_with_scores(root: Path, tmp_path: Path) -> None:
    for name in ("design/study.yaml", "analysis/plan.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((root / name).read_bytes())
    with_scores(tmp_path)
    design = read_design(tmp_path / "design/study.yaml")
    plan = read_plan(tmp_path / "analysis/plan.yaml", design=design)
    table = vg.precision(design, plan, sd=1.0)
    rows = table[table["model"] == "favour"]
    assert rows["df"].unique().tolist() == [1502 - 5 - 1]

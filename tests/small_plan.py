"""A small study with a plan, to be read from a folder."""

from collections.abc import Callable
from pathlib import Path

from vignetta.design.declaration import Design, read_design
from vignetta.plan import Plan, read_plan

Read = Callable[..., tuple[Design, Plan]]

STUDY = """
name: small
title: A small study
seed: 1
sample_size: 400
covariates:
  age: {label: Age, question: How old are you?, kind: number}
  party:
    label: Party
    question: Which party?
    options: [{name: left, text: L}, {name: middle, text: M}, {name: right, text: R}]
factors:
  arm:
    label: Arm
    levels: [{name: control, label: Control, text: c, reference: true}, {name: treated, label: Treated, text: t}]
  place:
    label: Place
    levels:
      - {name: north, label: North, text: n, reference: true}
      - {name: east, label: East, text: e}
      - {name: south, label: South, text: s}
vignette: "{arm} {place}"
outcomes:
  support: {label: Support, question: How much?, scale: [a, b, c, d, e, f, g]}
"""
ONE = """
adjust: bonferroni
hypotheses: {H: {statement: It matters., direction: different}}
models: {m: {formula: support ~ FORMULA}}
estimands:
  - {hypothesis: H, estimand: contrast, model: m, factor: arm}
"""
DIFFERENCE = "  - {estimand: difference, model: m, factor: arm, within: place}\n"


def reader(folder: Path) -> Read:
    """Writes the study with a plan, by default one contrast of the arms in `support ~ arm`, and reads both."""

    def reading(formula: str = "arm", plan: str = ONE) -> tuple[Design, Plan]:
        for name, text in (("design/study.yaml", STUDY), ("analysis/plan.yaml", plan.replace("FORMULA", formula))):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)
        design = read_design(folder / "design/study.yaml")
        return design, read_plan(folder / "analysis/plan.yaml", design=design)

    return reading

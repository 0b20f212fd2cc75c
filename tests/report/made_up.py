"""Studies, responses and accounts of exclusions to make reports from; the estimates of the responses are real."""

from typing import Any

import numpy as np
import pandas as pd

from vignetta.analysis.estimating import estimate
from vignetta.analysis.verdicts import verdicts
from vignetta.declared import Languages
from vignetta.design.assigning.vignettes import vignettes
from vignetta.design.declaration import Design
from vignetta.frames import ARMS, LEDGER, frame
from vignetta.plan import About, Plan
from vignetta.report.inputs import RegistrationStatus, ReportInput

REASONS = {"Previews and tests": 10, "No consent": 34, "Not finished": 41, "Failed the attention check": 65}


def responses(design: Design, n: int, seed: int = 7) -> pd.DataFrame:
    """Respondents with a drawn vignette, covariates and ratings that rise with the place of the last factor's level."""
    rng = np.random.default_rng(seed)
    cells = vignettes(design)
    drawn = cells.iloc[rng.integers(len(cells), size=n)].reset_index(drop=True)
    data = drawn[list(design.factors)].copy()
    for name, asked in design.covariates.items():
        options = [each.name for each in asked.options]
        data[name] = rng.choice(options, n) if options else rng.integers(18, 80, n).astype(float)
    last = data[list(design.factors)[-1]].cat.codes.to_numpy(dtype=float)
    for name, outcome in design.outcomes.items():
        low, high = min(outcome.values), max(outcome.values)
        middle = (low + high) / 2 + (high - low) * 0.08 * (last - 1)
        data[name] = np.clip(np.round(rng.normal(middle, (high - low) / 5)), low, high)
    return data


def ledger(steps: dict[str, int], analysed: int) -> pd.DataFrame:
    """An account of raw rows: those left out for each reason, then those analysed."""
    states = [state for state, n in {**steps, "analysed": analysed}.items() for _ in range(n)]
    rows = [
        {"row": row, "response_id": f"R_{row}", "state": state, "reasons": "" if state == "analysed" else state}
        for row, state in enumerate(states, 1)
    ]
    return frame(rows, LEDGER)


def material(design: Design, plan: Plan, *, n: int = 750, **changes: Any) -> ReportInput:
    """A report's input for any study, with estimates of made-up responses."""
    held = changes.pop("held", [])
    estimates = estimate(responses(design, n), plan, design=design, registered=held)
    given: dict[str, Any] = {
        "design": design,
        "plan": plan,
        "estimates": estimates,
        "ledger": ledger({}, n),
        "arms": frame([], ARMS),
        "verdicts": verdicts(estimates, plan),
        "synthetic": True,
        "registration": RegistrationStatus(),
        "versions": {"vignetta": "0.1.0", "Python": "3.11"},
        "files": {"design/study.yaml": "0" * 64, "analysis/plan.yaml": "f" * 64},
    }
    return ReportInput(**{**given, **changes})


def declared(design: dict[str, Any], plan: dict[str, Any]) -> tuple[Design, Plan]:
    """A study from mappings as they stand in its files."""
    languages = Languages(tuple(design.get("languages", ("en",))))
    made = Design.model_validate(design, context=languages)
    return made, Plan.model_validate(plan, context=About(made))


def level(name: str, label: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "label": label, **more}

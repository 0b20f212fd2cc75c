"""The simulated truth is recovered: survey, export, cleaning and estimates together, many samples over."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from vignetta.analysis.estimating import estimate
from vignetta.cleaning.responses import read_export
from vignetta.design.declaration import Design
from vignetta.instruments.building import build
from vignetta.instruments.codebooks import codebook_of_design
from vignetta.instruments.fielding import simulate
from vignetta.instruments.simulation import read_simulation
from vignetta.plan import Plan

SAMPLES = 200
COVERED = (0.93, 0.97)
"""Between these the share of intervals that cover the truth must lie, over all estimates and samples."""
ALPHA = 1e-3
"""How often one correct estimate's own coverage may lie further from 95% than it does, over 200 samples."""


def true_value(row: pd.Series, truth: pd.DataFrame) -> float:
    """The estimand of a row of the estimates frame, as a combination of the true means of all vignettes."""
    cells = truth[truth["outcome"] == row["outcome"]]

    def margin(level: str, inside: str) -> float:
        chosen = cells[cells[row["factor"]] == level]
        if inside:
            chosen = chosen[chosen[row["within_factor"]] == inside]
        return float(np.average(chosen["mean"], weights=chosen["probability"]))

    def effect(inside: str) -> float:
        return margin(row["level"], inside) - (margin(row["versus"], inside) if row["versus"] else 0.0)

    if row["estimand"] == "difference":
        first, second = row["within_level"].split(" vs ")
        return effect(first) - effect(second)
    return effect(row["within_level"])


@pytest.mark.slow
def test_intervals_cover_the_truth(root: Path, tmp_path: Path, design: Design, plan: Plan) -> None:
    survey = build(design)
    codebook = codebook_of_design(design)
    simulation = read_simulation(root / "design/simulation.yaml", design=design)
    covered = []
    for seed in range(SAMPLES):
        simulated = simulate(survey, design, simulation, seed=1000 + seed)
        export = tmp_path / "simulated.csv"
        export.write_text(simulated.export, "utf-8")
        clean = read_export(export, codebook, exclusions=plan.exclusions)
        assert len(clean.analysed) == design.sample_size
        estimates = estimate(clean.analysed, plan, design=design, registered=[True] * len(plan.estimands))
        rows = estimates[~estimates["is_reference"] & (estimates["estimand"] != "joint_test")]
        truth = rows.apply(true_value, axis=1, truth=simulated.truth)
        covered.append(((rows["conf_low"] <= truth) & (truth <= rows["conf_high"])).to_numpy())
    shares = np.mean(covered, axis=0)
    assert COVERED[0] <= shares.mean() <= COVERED[1]
    by_estimand = rows.assign(share=shares).groupby("estimand")["share"].mean()
    print(f"\n{SAMPLES} samples, {len(shares)} intervals each: {shares.mean():.4f} cover the truth\n{by_estimand}")
    for estimand, group in rows.assign(share=shares).groupby("estimand"):
        assert COVERED[0] <= group["share"].mean() <= COVERED[1], estimand
    worst = int(stats.binom.ppf(ALPHA / 2 / len(shares), SAMPLES, 0.95))
    assert shares.min() * SAMPLES >= worst, rows.iloc[int(shares.argmin())].to_dict()

"""The simulated truth is recovered: survey, export, cleaning and estimates together, many samples over."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from vignetta.analysis.estimating import estimate
from vignetta.cleaning.responses import read_export
from vignetta.design.declaration import Design
from vignetta.instruments.codebooks import codebook_of_design
from vignetta.instruments.fieldwork.fielding import simulate
from vignetta.instruments.fieldwork.simulation import Simulation, read_simulation
from vignetta.instruments.writing.building import build
from vignetta.plan import Plan
from vignetta.study.folder import load
from vignetta.study.scaffold import init

SAMPLES = 200
COVERED = (0.93, 0.97)
"""Between these the share of intervals that cover the truth must lie, over all estimates and samples."""
CONJOINT_SAMPLES = 50
COVERED_CONJOINT = (0.92, 0.98)
"""Wider, as fewer samples say less: about three standard errors were a sample's intervals four independent ones."""
ALPHA = 1e-3
"""How often one correct estimate's own coverage may lie further from 95% than it does, over the samples."""


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


def coverage(design: Design, plan: Plan, simulation: Simulation, samples: int, folder: Path) -> pd.DataFrame:
    """The rows of estimates that have a true value, with the `share` of samples in which their intervals cover it."""
    survey = build(design)
    codebook = codebook_of_design(design)
    covered = []
    for seed in range(samples):
        simulated = simulate(survey, design, simulation, seed=1000 + seed)
        export = folder / "simulated.csv"
        export.write_text(simulated.export, "utf-8")
        clean = read_export(export, codebook, exclusions=plan.exclusions)
        assert len(clean.analysed) == design.sample_size * design.responses
        estimates = estimate(clean.analysed, plan, design=design, registered=[True] * len(plan.estimands))
        rows = estimates[~estimates["is_reference"] & (estimates["estimand"] != "joint_test")]
        truth = rows.apply(true_value, axis=1, truth=simulated.truth)
        covered.append(((rows["conf_low"] <= truth) & (truth <= rows["conf_high"])).to_numpy())
    return rows.assign(share=np.mean(covered, axis=0))


@pytest.mark.slow
def test_intervals_cover_the_truth(root: Path, tmp_path: Path, design: Design, plan: Plan) -> None:
    simulation = read_simulation(root / "design/simulation.yaml", design=design)
    rows = coverage(design, plan, simulation, SAMPLES, tmp_path)
    shares = rows["share"]
    assert COVERED[0] <= shares.mean() <= COVERED[1]
    by_estimand = rows.groupby("estimand")["share"].mean()
    print(f"\n{SAMPLES} samples, {len(shares)} intervals each: {shares.mean():.4f} cover the truth\n{by_estimand}")
    assert by_estimand.between(*COVERED).all(), by_estimand
    worst = int(stats.binom.ppf(ALPHA / 2 / len(shares), SAMPLES, 0.95))
    assert shares.min() * SAMPLES >= worst, rows.iloc[int(shares.to_numpy().argmin())].to_dict()


@pytest.mark.slow
def test_clustered_intervals_cover_the_truth_of_choices_and_ratings(tmp_path: Path) -> None:
    """Pairs of profiles, five tasks each: choices and ratings, with clusters of ten responses."""
    init(tmp_path, template="conjoint")
    study = load(tmp_path)
    rows = coverage(study.design, study.plan, study.simulation, CONJOINT_SAMPLES, tmp_path)
    shares = rows["share"]
    print(f"\n{CONJOINT_SAMPLES} samples, {len(shares)} intervals each: {shares.mean():.4f} cover the truth")
    assert COVERED_CONJOINT[0] <= shares.mean() <= COVERED_CONJOINT[1]
    worst = int(stats.binom.ppf(ALPHA / 2 / len(shares), CONJOINT_SAMPLES, 0.95))
    assert shares.min() * CONJOINT_SAMPLES >= worst, rows.iloc[int(shares.to_numpy().argmin())].to_dict()

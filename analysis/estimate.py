"""Estimate: the clean responses become the estimates that the plan declares."""

import vignetta as vg

study = vg.load(__file__)

with study.stage("estimate") as stage:
    estimates = vg.estimate(study.responses, study.plan, design=study.design, registered=study.registered)
    stage.write("analysis/estimates.csv", estimates)

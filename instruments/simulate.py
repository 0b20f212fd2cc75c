"""Simulate: made-up respondents answer the built instrument and are exported as Qualtrics would export them."""

import vignetta as vg

study = vg.load(__file__)

with study.stage("simulate") as stage:
    simulated = vg.simulate(study.instrument, study.design, study.simulation)
    stage.write(study.simulated_file, simulated.export)
    stage.write(study.truth_file, simulated.truth)

"""Draw: every vignette in words, a page to proofread them, a balanced assignment, and how often each level is drawn."""

import vignetta as vg

study = vg.load(__file__)

with study.stage("draw") as stage:
    assignment = vg.draw(study.design)
    stage.write("design/vignettes.csv", vg.vignettes(study.design))
    stage.write("design/vignettes.html", vg.proof_page(study.design))
    stage.write("design/decks.csv", assignment)
    stage.write("design/diagnostics.txt", vg.diagnostics(study.design))
    stage.write("design/frequencies.csv", vg.frequencies(study.design, assignment))

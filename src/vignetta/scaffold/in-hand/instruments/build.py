"""Build: the codebook by which the data in hand are cleaned; there is no instrument to make."""

import vignetta as vg

study = vg.load(__file__)

with study.stage("build") as stage:
    stage.write("instruments/codebook.csv", vg.codebook_csv(vg.codebook_of_design(study.design)))

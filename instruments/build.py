"""Build: the survey that Qualtrics imports, how it draws levels, whether it does, and the codebook of its exports."""

import vignetta as vg

study = vg.load(__file__)

with study.stage("build") as stage:
    survey = vg.build(study.design)
    stage.write(study.instrument_file, vg.qsf_text(survey))
    stage.write("instruments/codebook.csv", vg.codebook_csv(vg.codebook_of_design(study.design)))
    stage.write("instruments/summary.txt", vg.drawing_summary(study.design))
    stage.write("instruments/verification.txt", f"{vg.verify(survey, study.design)}")

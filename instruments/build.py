"""Build: the survey, how it draws levels and whether it does, the codebook of its exports, pages to look at."""

import vignetta as vg

study = vg.load(__file__)

with study.stage("build") as stage:
    survey = vg.build(study.design)
    stage.write(study.instrument_file, vg.qsf_text(survey))
    stage.write("instruments/codebook.csv", vg.codebook_csv(vg.codebook_of_design(study.design)))
    stage.write("instruments/summary.txt", vg.drawing_summary(study.design))
    stage.write("instruments/preview.html", vg.preview_page(study.design))
    stage.write("instruments/questionnaire.docx", vg.questionnaire_docx(study.design))
    stage.write("instruments/verification.txt", f"{vg.verify(survey, study.design)}")

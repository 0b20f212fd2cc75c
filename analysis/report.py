"""Report: design, flow of respondents, figures, estimates and verdicts on one page."""

import vignetta as vg

study = vg.load(__file__)

with study.stage("report") as stage:
    report = vg.make_report(study)
    stage.write("analysis/report.html", report.page)
    stage.write_all("analysis/figures", report.figures)

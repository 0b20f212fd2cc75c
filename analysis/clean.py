"""Clean: the export becomes typed responses, with every exclusion marked and every raw row accounted for."""

import vignetta as vg

study = vg.load(__file__)

with study.stage("clean") as stage:
    clean = vg.read_export(
        study.data,
        study.codebook,
        exclusions=study.plan.exclusions,
        format=study.data_format,
        expected=study.expected,
        salt=study.salt,
        time_zone=study.time_zone,
        scores=study.design.scores,
        language=study.design.language,
    )
    stage.write("data/clean/responses.parquet", clean.responses)
    stage.write("data/clean/responses.csv", clean.responses)
    stage.write_all("data/clean", vg.labelled_files(clean, study.formats))
    stage.write("data/clean/summary.txt", f"{clean}\n")
    stage.write_all("data/clean", clean.accounts)
    stage.write_all("data/raw", clean.keys)
    stage.write_all("data/clean", vg.codebook_files(clean, study.design, study.plan))

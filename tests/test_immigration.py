"""A published conjoint as a study around data in hand: the level called "None" survives from file to estimate."""

import csv
from pathlib import Path

import pytest

from vignetta.study.checking import check
from vignetta.study.folder import load
from vignetta.study.scaffold import init
from vignetta.study.stages import run_stage, stages

LEVELS = {
    "experience": ["None", "1-2 Years", "3-5 Years", "5+ Years"],
    "language_skills": ["Fluent English", "Broken English", "Tried English but Unable", "Used Interpreter"],
}
COLUMNS = {"experience": "JobExperience", "language_skills": "LanguageSkills"}
PRINTED = 1e-7
"""Half a unit of the seventh digit, to which the reference is printed."""


def study(export: Path) -> str:
    factors = "".join(
        f"  {name}:\n    label: {name}\n    column: {COLUMNS[name]}\n    levels:\n"
        + "".join(f"      - {{name: {each}, label: {each}, reference: {each == levels[0]}}}\n" for each in levels)
        for name, levels in LEVELS.items()
    )
    return f"""\
name: immigration
title: Who is admitted?
seed: 1
sample_size: 1396
data: {{file: {export}, format: table, respondent: CaseID}}
factors:
{factors}outcomes:
  chosen:
    label: Preferred
    column: ChosenImmigrant
    question: Which of the two should be admitted?
    scale: [{{code: "0", text: Not preferred}}, {{code: "1", text: Preferred}}]
"""


PLAN = """\
hypotheses:
  language: {statement: Speaking English helps., direction: decrease}
models:
  language: {formula: chosen ~ language_skills, errors: CR1, cluster: response_id}
  experience: {formula: chosen ~ experience, errors: CR1, cluster: response_id}
estimands:
  - {hypothesis: language, estimand: margin, model: language, factor: language_skills, average_over: sample}
  - {hypothesis: language, estimand: contrast, model: language, factor: language_skills, average_over: sample}
  - {estimand: margin, model: experience, factor: experience, average_over: sample}
"""


@pytest.mark.real
def test_none_is_a_level_from_file_to_estimate(real: Path, tmp_path: Path) -> None:
    export = real / "datasets/leeper__cregg__immigration.csv"
    init(tmp_path / "study", template="in-hand")
    (tmp_path / "study/design/study.yaml").write_text(study(export))
    (tmp_path / "study/analysis/plan.yaml").write_text(PLAN)
    assert check(tmp_path / "study").problems == ()
    for stage in stages(tmp_path / "study"):
        run_stage(tmp_path / "study", stage)
    margins = load(tmp_path / "study").estimates.query("estimand == 'margin'").set_index("level")

    with export.open(newline="") as file:
        chosen = [float(row["ChosenImmigrant"]) for row in csv.DictReader(file) if row["JobExperience"] == "None"]
    assert margins.loc["None", "estimate"] == pytest.approx(sum(chosen) / len(chosen), rel=1e-12)

    expected = real / "expected/leeper__cregg__immigration_mm_gender_education_language.csv"
    with expected.open(newline="") as file:
        published = {row["level"]: row for row in csv.DictReader(file)}
    for level in LEVELS["language_skills"]:
        assert margins.loc[level, "estimate"] == pytest.approx(float(published[level]["estimate"]), abs=PRINTED)
        assert margins.loc[level, "std_error"] == pytest.approx(float(published[level]["std.error"]), abs=PRINTED)
    assert margins["n_clusters"].eq(1396).all()
    assert '"None"' not in (tmp_path / "study/analysis/estimates.csv").read_text()
    assert ",None," in (tmp_path / "study/data/clean/responses.csv").read_text()

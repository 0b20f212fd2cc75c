"""Phrases come back: what branches give to a field becomes a part of the template."""

from pathlib import Path

from vignetta.declared import words
from vignetta.design.assigning.vignettes import vignettes
from vignetta.design.declaration import Design, read_design
from vignetta.instruments.adoption.importing import draft
from vignetta.instruments.qsf import qsf_text, read_qsf
from vignetta.instruments.writing.building import build

STUDY = """\
name: hiring
title: Whom to hire
seed: 1
sample_size: 100
profiles: 2
profile_labels: [Applicant A, Applicant B]
factors:
  degree:
    label: Degree
    levels:
      - {name: none, label: None, text: school leaver, reference: true}
      - {name: some or other, label: Some, text: apprentice}
  years:
    label: Years
    levels:
      - {name: one, label: One, text: one, reference: true}
      - {name: two, label: Two, text: two}
      - {name: ten, label: Ten, text: ten}
  gap:
    label: Gap
    levels:
      - {name: none, label: None, reference: true}
      - {name: care, label: Care, text: cared for a child}
vignette: |
  Compare these two.

  It is {degree|a} of {years} {if years is one}year{else}years{end}{if gap is not none}, who {gap}{end}.{if gap is
  care and years is ten} This is long.{end}
outcomes:
  hired: {label: Hired, kind: choice, question: Whom would you hire?}
"""


def back(folder: Path, change: str = "") -> tuple[Design, str]:
    (folder / "study.yaml").write_text(STUDY)
    design = read_design(folder / "study.yaml")
    text = qsf_text(build(design))
    (folder / "survey.qsf").write_text(text.replace(*change.split("|")) if change else text)
    drafted = draft(read_qsf(folder / "survey.qsf"))
    return design, drafted


def test_every_vignette_reads_as_before(tmp_path: Path) -> None:
    design, drafted = back(tmp_path)
    (tmp_path / "draft.yaml").write_text(drafted)
    again = read_design(tmp_path / "draft.yaml")
    assert [each.split() for each in vignettes(again)["text"]] == [each.split() for each in vignettes(design)["text"]]
    assert again.vignette is not None
    assert "{if years is two or ten}years{end}" in words(again.vignette)
    assert '{if degree is "some or other"}an apprentice{end}' in words(again.vignette)
    assert "stands for" not in drafted
    assert "# remove what is no outcome. Quotas, panel, options and pages without questions are not read." in drafted


def test_a_phrase_that_something_else_decides_on_is_told(tmp_path: Path) -> None:
    _, drafted = back(tmp_path, '"EqualTo"|"NotEqualTo"')
    assert "Not read: what stands for [phrase" in drafted

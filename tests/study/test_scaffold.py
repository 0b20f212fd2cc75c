"""New studies."""

from pathlib import Path
from typing import get_args

import pytest

from vignetta.errors import StudyError
from vignetta.study.checking import check
from vignetta.study.folder import load
from vignetta.study.scaffold import Template, init
from vignetta.study.stages import run_stage, stages


@pytest.mark.parametrize("template", sorted(get_args(Template)))
def test_a_new_study_has_no_problems_and_runs_at_once(tmp_path: Path, template: str) -> None:
    made = init(tmp_path / "new", template=template)
    assert {"design/study.yaml", "analysis/plan.yaml", ".gitignore"} <= set(made)
    assert check(tmp_path / "new").problems == ()
    if template != "alliance":
        for stage in stages(tmp_path / "new"):
            run_stage(tmp_path / "new", stage)
        page = (tmp_path / "new/analysis/report.html").read_text()
        assert load(tmp_path / "new").design.title in page
        assert "Simulated data" in page


def test_nothing_that_exists_is_touched(tmp_path: Path) -> None:
    (tmp_path / "analysis").mkdir()
    (tmp_path / "analysis/plan.yaml").write_text("mine")
    with pytest.raises(StudyError, match=r"plan\.yaml: the file exists already"):
        init(tmp_path)
    assert [each.name for each in tmp_path.rglob("*") if each.is_file()] == ["plan.yaml"]


def test_an_unknown_study_is_told(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"no study `aliance` to start from. Did you mean `alliance`"):
        init(tmp_path, template="aliance")


def test_raw_data_of_a_new_study_are_ignored_by_git(tmp_path: Path) -> None:
    init(tmp_path)
    assert "data/raw/*" in (tmp_path / ".gitignore").read_text()
    assert load(tmp_path).data_present == ()

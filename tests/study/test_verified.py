"""The built survey is compared with the design when it is built, and whenever the study is checked."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vignetta.study.checking import check
from vignetta.study.scaffold import init
from vignetta.study.stages import read_manifest, run_stage

FILE = "instruments/alliance.qsf"
FILED = "instruments/verification.txt"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    init(folder)
    run_stage(folder, "build")
    return folder


@pytest.fixture
def study(built: Path, tmp_path: Path) -> Path:
    return shutil.copytree(built, tmp_path / "study")


def settings(node: Any) -> Iterator[dict[str, Any]]:
    yield from node.get("EmbeddedData", ())
    for each in node.get("Flow", ()):
        yield from settings(each)


def spoil(study: Path) -> None:
    """Give everybody the same treaty."""
    document = json.loads((study / FILE).read_text())
    flow = next(each["Payload"] for each in document["SurveyElements"] if each["Element"] == "FL")
    drawn = [each for each in settings(flow) if each["Field"] in ("treaty", "treaty_text") and "Value" in each]
    for each in drawn[2:]:
        each["Value"] = next(one["Value"] for one in drawn[:2] if one["Field"] == each["Field"])
    (study / FILE).write_text(json.dumps(document))


def test_what_was_compared_is_filed_by_the_stage_and_is_the_same_again(study: Path) -> None:
    filed = (study / FILED).read_bytes()
    assert b"Exactly, computed from the flow: 14 levels, 75 pairs of levels, 120 vignettes" in filed
    assert filed.endswith(b"Deviations\n- none\n")
    assert FILED in read_manifest(study, "build")["written"]
    run_stage(study, "build")
    assert (study / FILED).read_bytes() == filed


def test_a_check_says_that_the_survey_is_as_declared(study: Path) -> None:
    found = check(study)
    assert found.problems == ()
    assert found.summary[-1].startswith(f"{FILE}: as declared. Exactly, computed from the flow: 14 levels")


def test_what_is_filed_is_read_only_as_long_as_no_file_was_touched(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check of a fresh survey computes nothing; that of one whose file was written again does."""
    compared = []
    from vignetta.instruments.verification import verifying

    verify = verifying.verify
    monkeypatch.setattr(verifying, "verify", lambda *given: compared.append(given) or verify(*given))
    fresh = check(study).summary
    assert compared == []
    (study / FILE).write_text((study / FILE).read_text() + "\n")
    assert check(study).summary == fresh
    assert len(compared) == 1
    (study / FILED).unlink()
    assert check(study).summary == fresh
    assert len(compared) == 2


def test_a_survey_that_was_edited_fails_the_check_and_not_the_run(study: Path) -> None:
    spoil(study)
    found = check(study)
    assert [each.where for each in found.problems] == [f"{FILE} treaty"] * 2
    assert "is never drawn; its declared probability is 0.5" in str(found.problems[1])
    assert check(study, instrument=False).problems == ()
    done = subprocess.run(
        [sys.executable, "-m", "vignetta", "check"], cwd=study, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "treaty" in done.stderr + done.stdout


def test_a_survey_of_an_earlier_design_is_not_compared(study: Path) -> None:
    file = study / "design/study.yaml"
    file.write_text(file.read_text("utf-8").replace("sample_size: ", "sample_size:  "), "utf-8")
    found = check(study)
    assert found.problems == ()
    assert f"{FILE}: not compared with the design: design/study.yaml changed since it was built" in found.summary[-1]


def test_a_study_that_was_not_built_has_nothing_to_compare(tmp_path: Path) -> None:
    init(tmp_path)
    assert not any("instruments/" in each for each in check(tmp_path).summary)

"""Stages: what is fresh, what is stale and why, and nothing half written."""

import json
from pathlib import Path

import pytest

from vignetta.errors import StudyError
from vignetta.study import folder, stages
from vignetta.study.files import PARTIAL

STUDY = """\
name: small
title: A small study
seed: 7
sample_size: 10
factors:
  regime:
    label: Regime
    levels:
      - {name: autocracy, label: Autocracy, text: an autocracy, reference: true}
      - {name: democracy, label: Democracy, text: a democracy}
vignette: The ally is {regime}.
outcomes:
  support: {label: Support, question: Do you?, scale: [No, Yes]}
"""
RECIPE = """\
import vignetta as vg

study = vg.load(__file__)

with study.stage("draw") as stage:
    stage.write("design/vignettes.csv", study.design.title)
    stage.write("design/decks.csv", b"deck")
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    (tmp_path / "design").mkdir()
    (tmp_path / "design/study.yaml").write_text(STUDY)
    (tmp_path / "design/generate.py").write_text(RECIPE)
    return tmp_path


def contents(root: Path) -> dict[str, bytes]:
    return {str(each.relative_to(root)): each.read_bytes() for each in root.rglob("*") if each.is_file()}


def test_a_stage_that_ran_is_fresh_and_a_second_run_changes_no_byte(study: Path) -> None:
    assert stages.status(study, "draw").state == "never run"
    stages.run_stage(study, "draw")
    assert stages.status(study, "draw").state == "fresh"
    before = contents(study)
    stages.run_stage(study, "draw")
    assert contents(study) == before


def test_the_manifest_names_all_that_was_read_and_written(study: Path) -> None:
    stages.run_stage(study, "draw")
    manifest = json.loads((study / "manifests/draw.json").read_text())
    assert set(manifest["read"]) == {"design/generate.py", "design/study.yaml"}
    assert set(manifest["written"]) == {"design/vignettes.csv", "design/decks.csv"}
    assert manifest["seed"] == 7


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("design/study.yaml", "design/study.yaml changed"),
        ("design/generate.py", "design/generate.py changed"),
        ("design/decks.csv", "design/decks.csv was edited"),
    ],
)
def test_a_change_makes_it_stale_and_says_why(study: Path, name: str, why: str) -> None:
    stages.run_stage(study, "draw")
    with (study / name).open("a") as file:
        file.write("\n")
    status = stages.status(study, "draw")
    assert (status.state, status.why) == ("stale", why)


def test_a_lost_output_and_another_version_make_it_stale(study: Path) -> None:
    stages.run_stage(study, "draw")
    (study / "design/decks.csv").unlink()
    manifest = study / "manifests/draw.json"
    manifest.write_text(manifest.read_text().replace('"vignetta": "', '"vignetta": "0.'))
    why = stages.status(study, "draw").why
    assert "design/decks.csv is gone" in why
    assert "made by vignetta 0." in why


@pytest.mark.parametrize("interruption", ["raise KeyboardInterrupt", "raise RuntimeError", "1 / 0"])
def test_an_interrupted_stage_leaves_the_old_outputs_whole(study: Path, interruption: str) -> None:
    stages.run_stage(study, "draw")
    (study / "design/study.yaml").write_text(STUDY.replace("A small study", "Another title"))
    (study / "design/generate.py").write_text(RECIPE + f"    {interruption}\n")
    before = contents(study)
    with pytest.raises((KeyboardInterrupt, RuntimeError, ZeroDivisionError)):
        stages.run_stage(study, "draw")
    assert contents(study) == before


def test_an_interruption_while_writing_leaves_the_old_outputs_whole(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages.run_stage(study, "draw")
    (study / "design/study.yaml").write_text(STUDY.replace("A small study", "Another title"))
    before = contents(study)
    write, written = Path.write_bytes, []

    def interrupted(path: Path, data: bytes) -> int:
        if written:
            raise KeyboardInterrupt
        written.append(path)
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", interrupted)
    with pytest.raises(KeyboardInterrupt):
        stages.run_stage(study, "draw")
    assert written[0].name.endswith(PARTIAL)
    assert contents(study) == before


def test_a_file_that_the_stage_no_longer_makes_goes(study: Path) -> None:
    stages.run_stage(study, "draw")
    (study / "design/generate.py").write_text(RECIPE.replace('    stage.write("design/decks.csv", b"deck")\n', ""))
    stages.run_stage(study, "draw")
    assert not (study / "design/decks.csv").exists()


def test_an_unknown_stage_is_told(study: Path) -> None:
    with pytest.raises(StudyError, match="this study has no stage `clean`. Its stages are draw"):
        stages.run_stage(study, "clean")


def test_no_study_is_told(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="there is no study here"):
        folder.load(tmp_path)


def test_a_missing_input_names_the_stage_that_makes_it(study: Path) -> None:
    with pytest.raises(StudyError, match=r"instruments/codebook.csv: the file does not exist. Run `vignetta build`"):
        _ = folder.load(study).codebook

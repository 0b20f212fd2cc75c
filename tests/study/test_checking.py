"""Remarks on the texts: told with their line, by both sorts of output, without making the check fail."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from vignetta.study.checking import MOST_CHECKED, check
from vignetta.study.scaffold import init
from vignetta.study.stages import run_stage

SOUND = "bought advanced weapons from a rival of the United States"
SPOILT = "bought advanced  weapons from an rival of the United States"


def spoilt(folder: Path) -> int:
    """A new study with two faults in one text; gives the line of that text."""
    init(folder)
    file = folder / "design/study.yaml"
    text = file.read_text("utf-8")
    assert text.count(SOUND) == 1
    file.write_text(text.replace(SOUND, SPOILT), "utf-8")
    return text[: text.index(SOUND)].count("\n") + 1


def test_remarks_have_the_line_of_their_text(tmp_path: Path) -> None:
    line = spoilt(tmp_path)
    found = check(tmp_path)
    assert found.problems == ()
    assert [each.kind for each in found.remarks] == ["spacing", "article"]
    assert {each.where for each in found.remarks} == {f"design/study.yaml:{line} factors.action.levels[2].text"}


def test_the_command_notes_them_and_does_not_fail(tmp_path: Path) -> None:
    spoilt(tmp_path)
    command = [sys.executable, "-m", "vignetta", "check"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout.count("note design/study.yaml:") == 2
    assert "Write `a`. (vignettes 11, 12, 13 and 37 more)" in done.stdout
    machine = json.loads(subprocess.run([*command, "--json"], cwd=tmp_path, capture_output=True, text=True).stdout)
    assert [len(each["vignettes"]) for each in machine["remarks"]] == [40, 40]


def test_a_design_too_large_for_a_check_is_noted(tmp_path: Path) -> None:
    init(tmp_path)
    file = tmp_path / "design/study.yaml"
    text = file.read_text("utf-8")
    more = "".join(f"      - {{name: n{each}, label: No. {each}, text: did thing {each}}}\n" for each in range(30))
    file.write_text(text.replace("      - name: rival_arms\n", more + "      - name: rival_arms\n"), "utf-8")
    (found,) = check(tmp_path).remarks
    assert MOST_CHECKED < 2 * 2 * 2 * 33 * 5
    assert found.kind == "unread"
    assert found.where.startswith("design/study.yaml:")


def test_what_no_survey_can_draw_is_a_problem_before_anything_is_built(tmp_path: Path) -> None:
    """A level stands once under its randomizer for each unit of its weight: 1 + 4,999, and 2 of the other factor."""
    init(tmp_path, template="blank")
    file = tmp_path / "design/study.yaml"
    text = file.read_text("utf-8").replace("text: the second thing}", "text: the second thing, weight: 4999}")
    assert not check(tmp_path).problems
    file.write_text(text, "utf-8")
    (problem,) = check(tmp_path).problems
    assert problem.where.startswith("design/study.yaml:") and problem.where.endswith("factors")
    assert "would need 5,002 elements; 5,000 are the most" in problem.what
    assert "`first` has a 1, b 4999" in problem.remedy


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (
            "{rule: condition, when: aproval >= 6}",
            "the rule `condition` finds nothing to read: the codebook has no variable `aproval`. "
            "Did you mean `approval`?",
        ),
        ('{rule: condition, when: party == "Democrat"}', "`party` has no level `Democrat`. Did you mean `democrat`?"),
        (
            "{rule: score, variable: party, below: 2}",
            "`party` is a `category` and cannot be compared with a bound. Make it a number.",
        ),
    ],
)
@pytest.mark.parametrize("is_built", [False, True])
def test_an_exclusion_that_nothing_can_be_read_for_is_told_with_its_line(
    tmp_path: Path, rule: str, told: str, *, is_built: bool
) -> None:
    init(tmp_path)
    if is_built:
        run_stage(tmp_path, "build")
    file = tmp_path / "analysis/plan.yaml"
    text = file.read_text("utf-8")
    file.write_text(f"{text}  - {rule}\n", "utf-8")
    line = text.count("\n") + 1
    assert list(map(str, check(tmp_path).problems)) == [f"analysis/plan.yaml:{line} exclusions[6]: {told}"]


def test_a_column_that_was_added_to_the_codebook_by_hand_can_be_read(tmp_path: Path) -> None:
    init(tmp_path)
    run_stage(tmp_path, "build")
    file = tmp_path / "analysis/plan.yaml"
    file.write_text(file.read_text("utf-8") + "  - {rule: score, variable: quality, below: 2}\n", "utf-8")
    (problem,) = check(tmp_path).problems
    assert "the codebook has no variable `quality`" in problem.what
    codebook = tmp_path / "instruments/codebook.csv"
    names, *rows = codebook.read_text("utf-8").splitlines()
    row = {"name": "quality", "role": "other", "kind": "number", "column": "quality"}
    added = ",".join(row.get(each, "") for each in names.split(","))
    codebook.write_text("\n".join([names, *rows, added, ""]), "utf-8")
    assert check(tmp_path).problems == ()

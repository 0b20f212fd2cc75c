"""The stated model: whatever is wrong with it is found, all at once."""

from pathlib import Path

import pytest

from vignetta.design.declaration import Design
from vignetta.errors import StudyError
from vignetta.instruments.fieldwork.simulation import Simulation, read_simulation

BROKEN = [
    ("{democrat: 0.35,", "{democrats: 0.35,", "covariates.party.shares.democrats: unknown option `democrats`. Did you"),
    ("independent: 0.33", "independent: 0.43", "covariates.party.shares: the shares sum to 1.1. They must sum to 1."),
    ("  age: {mean: 47, sd: 17}", "  age: {mean: 47}", "covariates.age: `sd` is missing. A number needs"),
    ("  age: {mean: 47, sd: 17}\n", "", "covariates: `age` is missing. Add `age:`"),
    ("regime: {democracy: 0.05}", "regimes: {democracy: 0.05}", "effects.regimes: unknown factor `regimes`. Did you"),
    ("regime: {democracy: 0.05}", "regime: {democrazy: 0.05}", "`regime` has no level `democrazy`. Did you mean"),
    ("regime: {democracy: 0.05}", "regime: {autocracy: 0.05}", "the reference level has no effect of its own."),
    ("regime: {democracy: 0.05}", "regime: {democracy: much}", "a number was expected, not `much`."),
    (
        "levels: [denounce, democracy]",
        "levels: [denounced, democracy]",
        "levels[0]: `response` has no level `denounced`",
    ),
    ("levels: [denounce, democracy]", "levels: [denounce]", "an interaction needs two or more different factors"),
    (
        "levels: [denounce, democracy]",
        "levels: [denounce, autocracy]",
        "`autocracy` is the reference level of",
    ),
    ("  contributions:\n", "  contribution:\n", "outcomes.contribution: unknown outcome `contribution`. Did you mean"),
    ("slopes: {age: 0.004}", "slopes: {party: 0.004}", "slopes.party: no number is called `party`. Known: `age`."),
    ("party: {republican: 0.2}", "age: {republican: 0.2}", "no question with options is called `age`."),
    ("at_least: 90", "at_least: 40", "fieldwork.speeding_below: 50 seconds is not below `at_least` (40)."),
    ("duplicates: 13", "duplicates: 1503", "fieldwork.duplicates: more people come again than take part (1502)."),
    ("start: 2026-03-02 09:00:00", "start: tomorrow", "fieldwork.start: it should be a valid datetime"),
    ("start: 2026-03-02 09:00:00", "start: 2026-03-02 09:00:00Z", "fieldwork.start: it should not have timezone info"),
    ("recall: 0.85", "recall: 1.85", "fieldwork.recall: it should be less than or equal to 1, not `1.85`."),
]


ELSEWHERE = {"at_least: 40": "speeding_below"}
"""Where the finding stands, if not where the change is."""


def problems(text: str, folder: Path, design: Design) -> list[str]:
    path = folder / "simulation.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(StudyError) as caught:
        read_simulation(path, design=design, shown="design/simulation.yaml")
    return [str(each) for each in caught.value.problems]


@pytest.mark.parametrize(("old", "new", "message"), BROKEN)
def test_each_problem_is_named_with_its_line(
    root: Path, tmp_path: Path, design: Design, old: str, new: str, message: str
) -> None:
    before, found, after = (root / "design/simulation.yaml").read_text("utf-8").partition(old)
    assert found
    changed = before + new + after
    matching = [each for each in problems(changed, tmp_path, design) if message in each]
    assert len(matching) == 1
    key = ELSEWHERE.get(new, new or "covariates:")
    line = changed[: changed.index(key)].count("\n") + 1
    assert matching[0].startswith(f"design/simulation.yaml:{line} ")


def test_all_problems_come_at_once(root: Path, tmp_path: Path, design: Design) -> None:
    text = (root / "design/simulation.yaml").read_text("utf-8")
    chosen = (BROKEN[0], BROKEN[4], BROKEN[8], BROKEN[14])
    for old, new, _ in chosen:
        text = text.replace(old, new, 1)
    found = "\n".join(problems(text, tmp_path, design))
    assert all(message in found for _, _, message in chosen)


def test_fieldwork_that_the_study_cannot_have(root: Path, tmp_path: Path, design: Design) -> None:
    bare = design.model_copy(update={"consent": None, "attention": None})
    found = problems((root / "design/simulation.yaml").read_text("utf-8"), tmp_path, bare)
    assert [each.split(": ", 1)[1].split(".")[0] for each in found] == [
        "the study declares no `consent`",
        "the study declares no `attention`",
    ]


def test_the_file_says_that_it_is_invented(simulation: Simulation) -> None:
    assert "invented" in simulation.note
    assert "Simulated" in simulation.note

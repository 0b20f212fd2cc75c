"""A study's audit: the flagship passes; what is planted stops cleaning and is left in a file."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from vignetta.design.declaration import Design, read_design
from vignetta.errors import StudyError
from vignetta.study.expecting import expected_of
from vignetta.study.stages import run_stage, status


def test_what_the_flagship_expects(design: Design) -> None:
    expected = expected_of(design)
    assert len(expected.combinations) == 2 * 2 * 2 * 3 * 5
    assert expected.combinations["probability"].tolist() == pytest.approx([1 / 120] * 120, rel=1e-12)
    assert expected.wordings["action", "rival_arms"] == {"bought advanced weapons from a rival of the United States"}
    assert expected.is_drawn and len(expected.versions) == 1


def test_words_in_angle_brackets_are_expected_as_the_survey_holds_them(root: Path, tmp_path: Path) -> None:
    declared = (root / "design/study.yaml").read_text("utf-8")
    words = "took <no> steps & waited"
    (tmp_path / "study.yaml").write_text(declared.replace("took no steps and left the alliance as it was", words))
    expected = expected_of(read_design(tmp_path / "study.yaml"))
    assert expected.wordings["response", "status_quo"] == {words, "took &lt;no&gt; steps &amp; waited"}


def test_the_flagship_passes_its_audit(ran: Path) -> None:
    assert len(pd.read_csv(ran / "data/clean/audit.csv")) == 0


def test_signs_in_the_words_of_a_level_are_not_taken_for_markup(ran: Path) -> None:
    path = ran / "design/study.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("took no steps", "took < 2% & > 1% of its steps"), "utf-8")
    for stage in ("build", "simulate", "clean"):
        run_stage(ran, stage)
    assert "&lt; 2% &amp; &gt; 1%" in (ran / "data/raw/alliance_simulated.csv").read_text("utf-8")


def edited(study: Path, change: Callable[[str], str]) -> None:
    path = study / "data/raw/alliance_simulated.csv"
    path.chmod(0o644)
    path.write_text(change(path.read_text("utf-8")), "utf-8")


def test_an_audit_that_fails_leaves_its_account_and_nothing_else(ran: Path) -> None:
    before = (ran / "data/clean/responses.csv").read_bytes()
    edited(ran, lambda text: text.replace(",democracy,", ",monarchy,").replace("took no steps", "took a step"))
    with pytest.raises(StudyError, match="monarchy") as caught:
        run_stage(ran, "clean")
    account = pd.read_csv(ran / "data/clean/audit.csv", dtype=str)
    assert set(account["check"]) == {"reading", "wording"}
    assert len(account) == len(caught.value.problems)
    assert all(len(rows.split()) == int(n) for rows, n in zip(account["rows"], account["n"], strict=True))
    assert (ran / "data/clean/responses.csv").read_bytes() == before
    assert status(ran, "clean").state == "stale"
    edited(ran, lambda text: text.replace(",monarchy,", ",democracy,").replace("took a step", "took no steps"))
    run_stage(ran, "clean")
    assert (ran / "data/clean/responses.csv").read_bytes() == before
    assert len(pd.read_csv(ran / "data/clean/audit.csv")) == 0


def test_responses_to_an_earlier_design_are_told_and_can_be_let_in(ran: Path) -> None:
    path = ran / "design/study.yaml"
    text = path.read_text("utf-8").replace("took no steps and left", "took no further steps and left")
    path.write_text(text, "utf-8")
    with pytest.raises(StudyError, match="another version of the design") as caught:
        run_stage(ran, "clean")
    said = str(caught.value)
    assert "`status_quo` was shown as `took no steps and left" in said
    version = said.split("another version of the design, `")[1].split("`")[0]
    assert f'exclude them with the condition `design_hash == "{version}"`' in said
    data = f"\ndata:\n  file: data/raw/alliance_simulated.csv\n  synthetic: true\n  versions: [{version}]\n"
    path.write_text(text.replace("took no further steps and left", "took no steps and left") + data, "utf-8")
    run_stage(ran, "clean")


def test_weights_and_restrictions_are_in_the_probabilities() -> None:
    levels = {
        name: [{"name": each, "label": each, "text": f"the {each}", "weight": weight} for each, weight in pairs.items()]
        for name, pairs in {"x": {"a": "1", "b": "3"}, "y": {"c": "1", "d": "1"}}.items()
    }
    for each in levels.values():
        each[0]["reference"] = "true"
    design = Design.model_validate(
        {
            "name": "small",
            "title": "Small",
            "seed": "1",
            "sample_size": "10",
            "factors": {name: {"label": name, "levels": each} for name, each in levels.items()},
            "restrictions": [{"forbid": {"x": "b", "y": "d"}, "reason": "They exclude each other."}],
            "vignette": "{x} {y}",
            "outcomes": {"o": {"label": "O", "question": "O?", "scale": ["no", "yes"]}},
        }
    )
    found = expected_of(design).combinations.astype({"x": "str", "y": "str"})
    # 1·1, 1·1 and 3·1 of five; b and d never stand together.
    assert found[["x", "y"]].to_numpy().tolist() == [["a", "c"], ["a", "d"], ["b", "c"]]
    assert found["probability"].tolist() == pytest.approx([0.2, 0.2, 0.6], rel=1e-12)

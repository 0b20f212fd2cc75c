"""A study's audit: the flagship passes; what is planted stops cleaning and is left in a file."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from vignetta.design.declaration import Design
from vignetta.errors import StudyError
from vignetta.study.expecting import expected_of
from vignetta.study.stages import run_stage, status


def test_what_the_flagship_expects(design: Design) -> None:
    expected = expected_of(design)
    assert len(expected.combinations) == 2 * 2 * 2 * 3 * 5
    assert expected.combinations["probability"].tolist() == pytest.approx([1 / 120] * 120, rel=1e-12)
    assert expected.wordings["action", "rival_arms"] == {"bought advanced weapons from a rival of the United States"}
    assert expected.is_drawn and len(expected.versions) == 1


def test_the_flagship_passes_its_audit(ran: Path) -> None:
    assert len(pd.read_csv(ran / "data/clean/audit.csv")) == 0


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

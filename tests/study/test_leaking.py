"""Nothing personal of the raw export stands in the files of a study that people share."""

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vignetta.cli import app
from vignetta.study.folder import KEY, SALT, load
from vignetta.study.leaking import leak_problems
from vignetta.study.stages import run_stage

EXPORT = "data/raw/alliance_simulated.csv"
NAMES = ("RecipientLastName", "RecipientFirstName", "RecipientEmail", "ExternalReference")


def with_names(study: Path) -> list[str]:
    """Plant a name, an address and a reference in each of ten rows of the export; the planted texts."""
    path = study / EXPORT
    with path.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.reader(lines))
    planted = []
    for n, row in enumerate(rows[3:13]):
        for name, text in zip(
            NAMES, (f"Surname{n}x", f"Forename{n}x", f"p{n}@example.org", f"REF-77{n}0"), strict=True
        ):
            row[rows[0].index(name)] = text
            planted.append(text)
    path.chmod(0o644)
    with path.open("w", newline="", encoding="utf-8") as lines:
        csv.writer(lines).writerows(rows)
    return planted


def shared(study: Path) -> bytes:
    files = [each for folder in ("data/clean", "analysis") for each in (study / folder).rglob("*") if each.is_file()]
    assert any(each.suffix == ".html" for each in files)
    return b"\n".join(each.read_bytes() for each in files)


def test_forty_planted_names_are_in_no_shared_file(ran: Path) -> None:
    planted = with_names(ran)
    assert len(planted) == 40
    for stage in ("clean", "estimate", "report"):
        run_stage(ran, stage)
    content = shared(ran)
    assert [each for each in planted if each.encode() in content] == []
    assert leak_problems(load(ran)) == []


@pytest.mark.parametrize("name", ["data/clean/notes.txt", "analysis/figures/page.html"])
def test_a_leak_is_told_and_stops(ran: Path, name: str) -> None:
    planted = with_names(ran)
    run_stage(ran, "clean")
    (ran / name).write_text(f"<p>Thanks to {planted[2]}!</p>")
    (found,) = leak_problems(load(ran))
    assert str(found).startswith(f"{name}: 1 values of the personal column `RecipientEmail` stand in it.")
    said = CliRunner().invoke(app, ["clean", "--study", str(ran)])
    assert said.exit_code == 1 and "RecipientEmail" in said.output and planted[2] not in said.output


def test_pseudonyms_keep_their_key_with_the_raw_data(ran: Path) -> None:
    design = ran / "design/study.yaml"
    data = f"\ndata:\n  file: {EXPORT}\n  synthetic: true\n  pseudonyms: true\n"
    design.write_text(design.read_text("utf-8") + data, "utf-8")
    run_stage(ran, "clean")
    first = (ran / "data/clean/responses.csv").read_bytes()
    key = (ran / KEY).read_text("utf-8").splitlines()
    assert key[0] == "variable,identifier,pseudonym" and len(key) == 1 + 1712
    assert b"R_" not in (ran / "data/clean/ledger.csv").read_bytes()
    salt = (ran / SALT).read_text("ascii")
    assert len(salt) == 32
    run_stage(ran, "clean")
    assert (ran / "data/clean/responses.csv").read_bytes() == first
    (ran / SALT).write_text("0" * 32, "ascii")
    run_stage(ran, "clean")
    assert (ran / "data/clean/responses.csv").read_bytes() != first
    assert load(ran).data_present == (EXPORT,)

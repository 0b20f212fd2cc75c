"""The command `vignetta power`."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.small_plan import DIFFERENCE, ONE, STUDY, Read, reader
from vignetta.design.declaration import read_design
from vignetta.plan import read_plan
from vignetta.power import precision, precision_over, sizes_around
from vignetta.report.power_words import null_sentences, summary, summary_over

DIGITS = 1e-9
"""The same closed form, written and read as 15 digits."""


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """The small study with a plan: by default one contrast of the arms in the model `support ~ arm`."""
    return reader(tmp_path)


def vignetta(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "vignetta", *words], cwd=root, capture_output=True, text=True)


def test_the_command(read: Read, tmp_path: Path) -> None:
    study = read("arm * place + age", ONE + DIFFERENCE)
    shown = vignetta(tmp_path, "power", "--effect", "0.2")
    assert shown.returncode == 0
    planned = precision(*study, effect=0.2)
    for line in [*summary(planned)[0].values(), *null_sentences(planned)]:
        assert line in shown.stdout
    machine = json.loads(vignetta(tmp_path, "power", "--n", "90", "--sd", "1.5", "--power", "0.9", "--json").stdout)
    expected = precision(*study, n=90, sd=1.5, power=0.9)
    np.testing.assert_allclose([each["mde"] for each in machine["precision"]], expected["mde"], rtol=DIGITS)
    assert machine["precision"][0]["power"] is None
    assert set(machine) == {"precision", "null_results"}
    assert machine["null_results"] == null_sentences(expected)


def test_lines_of_unequal_precision_name_their_levels(tmp_path: Path) -> None:
    weighed = STUDY.replace("{name: south,", "{name: south, weight: 3,").replace("label: South", "label: S")
    (tmp_path / "study.yaml").write_text(weighed)
    (tmp_path / "plan.yaml").write_text(ONE.replace("FORMULA", "arm + place").replace("factor: arm", "factor: place"))
    design = read_design(tmp_path / "study.yaml")
    plan = read_plan(tmp_path / "plan.yaml", design=design)
    told = ["place: east (support, against north)", "place: south (support, against north)"]
    assert [each["comparison"] for each in summary(precision(design, plan))] == told
    assert [each["comparison"] for each in summary_over(precision_over(design, plan, ns=[100, 200]))] == told


def test_the_command_over_sizes(read: Read, tmp_path: Path) -> None:
    study = read("arm * place + age", ONE + DIFFERENCE)
    shown = vignetta(tmp_path, "power", "--over", "900, 200,900")
    assert shown.returncode == 0, shown.stderr
    over = precision_over(*study, ns=[200, 900])
    for value in summary_over(over)[0].values():
        assert value in shown.stdout
    machine = json.loads(vignetta(tmp_path, "power", "--over", "200,900", "--json").stdout)
    assert [each["n"] for each in machine["over"]] == over["n"].tolist()
    np.testing.assert_allclose([each["mde_adjusted"] for each in machine["over"]], over["mde_adjusted"], rtol=DIGITS)
    assert [each["n"] for each in machine["precision"]] == [400] * 3


def test_the_command_draws(read: Read, tmp_path: Path) -> None:
    study = read("arm * place + age", ONE + DIFFERENCE)
    done = vignetta(tmp_path, "power", "--figure", "made/over.svg", "--json")
    assert done.returncode == 0, done.stderr
    machine = json.loads(done.stdout)
    assert machine["figure"] == "made/over.svg"
    assert sorted({each["n"] for each in machine["over"]}) == sizes_around(*study)
    drawn = (tmp_path / "made/over.svg").read_bytes()
    assert vignetta(tmp_path, "power", "--figure", "made/over.svg").returncode == 0
    assert (tmp_path / "made/over.svg").read_bytes() == drawn
    assert [each.name for each in (tmp_path / "made").iterdir()] == ["over.svg"]


def test_the_command_takes_shared_factors(read: Read, tmp_path: Path) -> None:
    study = read(plan=ONE.replace("FORMULA", "FORMULA, errors: CR1S, cluster: respondent"))
    words = ["power", "--responses", "3", "--icc", "0.2", "--json"]
    for given, shared in (([], []), (["--shared", "arm", "--shared", "place"], ["arm", "place"])):
        found = json.loads(vignetta(tmp_path, *words, *given).stdout)["precision"][0]["std_error"]
        assert found == pytest.approx(precision(*study, responses=3, icc=0.2, shared=shared)["std_error"][0])


def test_the_command_lists_problems(read: Read, tmp_path: Path) -> None:
    read()
    words = ["--sd", "-1", "--power", "2", "--over", "many,1,,100", "--figure", "over.jpg", "--shared", "amr"]
    done = vignetta(tmp_path, "power", *words)
    assert done.returncode == 1
    assert "7 problems." in done.stderr
    for said in (
        "`many` is not a number",
        "`1` is not",
        "`` is not",
        "over.jpg",
        "Endings: .svg, .png, .pdf.",
        "`arm`",
    ):
        assert said in done.stderr
    assert not list(tmp_path.glob("over*"))

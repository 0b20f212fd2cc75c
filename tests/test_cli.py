"""The commands as people and machines use them: what they print, what they leave, their exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("pandas", "numpy", "scipy", "formulaic", "matplotlib", "pyarrow")


def vignetta(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "vignetta", *words], cwd=cwd, capture_output=True, text=True)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert text.count(old) == 1, old
    path.write_text(text.replace(old, new), "utf-8")


@pytest.mark.parametrize("words", [["--help"], ["check"]])
def test_help_and_check_import_no_heavy_library(ran: Path, words: list[str]) -> None:
    code = (
        "import sys\nfrom vignetta.cli import app\n"
        f"sys.argv = ['vignetta', *{words!r}]\n"
        "try: app()\nexcept SystemExit as end: assert not end.code\n"
        f"assert not set({HEAVY!r}) & set(sys.modules), set({HEAVY!r}) & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ran, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_check_of_a_sound_study(ran: Path) -> None:
    done = vignetta("check", cwd=ran)
    assert done.returncode == 0
    assert "= 120 vignettes, 1,502 respondents" in done.stdout
    assert json.loads(vignetta("check", "--json", cwd=ran).stdout)["problems"] == []


def test_check_lists_the_problems_of_all_files_and_run_writes_nothing(ran: Path) -> None:
    edit(ran / "design/study.yaml", "sample_size: 1502", "sample_size: many")
    edit(ran / "analysis/plan.yaml", "adjust: holm", "adjust: hlom")
    before = {each: each.read_bytes() for each in ran.rglob("*") if each.is_file()}
    for command in ("check", "run"):
        done = vignetta(command, cwd=ran)
        assert done.returncode == 1
        assert "design/study.yaml:" in done.stderr
        assert "analysis/plan.yaml:" in done.stderr
        assert "2 problems." in done.stderr
        assert "Traceback" not in done.stderr
    machine = json.loads(vignetta("check", "--json", cwd=ran).stdout)
    assert [each["where"].split(":")[0] for each in machine["problems"]] == ["design/study.yaml", "analysis/plan.yaml"]
    assert {each: each.read_bytes() for each in ran.rglob("*") if each.is_file()} == before


def test_a_run_that_ends_early_says_which_results_are_old(ran: Path) -> None:
    recipe = ran / "analysis/estimate.py"
    recipe.write_text("import vignetta as vg\n\nraise vg.StudyError([])\n")
    done = vignetta("run", cwd=ran)
    assert done.returncode == 1
    said = "The run ends at estimate: the results of estimate, report are those of an earlier run."
    assert said in " ".join(done.stderr.split())


def test_a_misspelt_command_ends_with_2(tmp_path: Path) -> None:
    assert vignetta("chekc", cwd=tmp_path).returncode == 2


def test_outside_a_study_the_remedy_is_told(tmp_path: Path) -> None:
    done = vignetta("status", cwd=tmp_path)
    assert done.returncode == 1
    assert "there is no study here" in done.stderr
    assert "vignetta init DIR" in done.stderr


def test_init_change_a_factor_and_a_text_run(tmp_path: Path) -> None:
    assert vignetta("init", "mine", cwd=tmp_path).returncode == 0
    study = tmp_path / "mine"
    recipes = {each: each.read_bytes() for each in study.rglob("*.py")}
    edit(study / "design/study.yaml", "label: Formal treaty\n    levels", "label: Written treaty\n    levels")
    edit(
        study / "design/study.yaml",
        "      - name: rival_arms\n        label: Bought arms from rivals\n",
        "      - name: trade\n        label: Traded with rivals\n        text: traded with a rival\n"
        "      - name: rival_arms\n        label: Bought arms from rivals\n",
    )
    edit(study / "design/study.yaml", "refused to send troops to a military", "declined to join a military")
    done = vignetta("run", cwd=study)
    assert done.returncode == 0, done.stderr
    page = (study / "analysis/report.html").read_text()
    assert "Traded with rivals" in page
    assert "declined to join a military" in (study / "design/vignettes.csv").read_text()
    assert {each: each.read_bytes() for each in study.rglob("*.py")} == recipes


def test_a_second_run_changes_no_byte(ran: Path) -> None:
    before = {each: each.read_bytes() for each in ran.rglob("*") if each.is_file()}
    done = vignetta("run", cwd=ran)
    assert done.stdout.count("fresh already") == 6
    assert {each: each.read_bytes() for each in ran.rglob("*") if each.is_file()} == before
    assert vignetta("run", "--force", cwd=ran).returncode == 0
    after = {each: each.read_bytes() for each in ran.rglob("*") if each.is_file()}
    assert {str(each) for each in after if after[each] != before.get(each)} == set()


def test_status_says_why(ran: Path) -> None:
    edit(ran / "analysis/plan.yaml", "alpha: 0.05", "alpha: 0.01")
    rows = json.loads(vignetta("status", "--json", cwd=ran).stdout)
    assert {each["stage"]: each["state"] for each in rows} == {
        "draw": "fresh",
        "build": "fresh",
        "simulate": "fresh",
        "clean": "stale",
        "estimate": "stale",
        "report": "stale",
    }
    assert rows[3]["why"] == "analysis/plan.yaml changed"


def test_registered_estimates_and_what_changed_since(ran: Path) -> None:
    assert vignetta("verify", cwd=ran).returncode == 1
    assert vignetta("register", cwd=ran).returncode == 0
    assert vignetta("verify", cwd=ran).stdout.strip() == "As registered."
    assert vignetta("run", cwd=ran).returncode == 0
    assert "exploratory" not in (ran / "analysis/estimates.csv").read_text()
    added = "estimands:\n  - {estimand: contrast, model: approval, factor: regime}\n"
    edit(ran / "analysis/plan.yaml", "estimands:\n", added)
    done = vignetta("verify", cwd=ran)
    assert done.returncode == 1
    assert "plan.estimands" in done.stdout
    assert vignetta("run", cwd=ran).returncode == 0
    text = (ran / "analysis/estimates.csv").read_text()
    assert text.count("exploratory") == 2
    assert text.count(",registered,") > 50


def test_preview_of_the_study_is_the_page_that_was_built(ran: Path, tmp_path: Path) -> None:
    page = ran / "instruments/preview.html"
    before = page.read_bytes()
    assert vignetta("preview", cwd=ran).returncode == 0
    assert page.read_bytes() == before
    elsewhere = tmp_path / "page.html"
    done = vignetta("preview", "instruments/alliance.qsf", "--to", str(elsewhere), "--json", cwd=ran)
    assert json.loads(done.stdout) == {"page": str(elsewhere)}
    assert "nothing is saved" in elsewhere.read_text("utf-8")


def test_write_names_the_files_and_what_is_not_in_them(ran: Path) -> None:
    done = vignetta("write", "surveyjs", "--json", cwd=ran)
    told = json.loads(done.stdout)
    assert told["written"] == ["instruments/alliance.surveyjs.json"]
    assert told["lost"][0].startswith("the draw of levels")
    assert "pages" in json.loads((ran / told["written"][0]).read_text("utf-8"))
    assert vignetta("write", "word", cwd=ran).returncode == 2


def test_import_makes_a_codebook_of_a_built_survey(ran: Path) -> None:
    done = vignetta("import", "instruments/alliance.qsf", "--codebook", "by_hand.csv", cwd=ran)
    assert done.returncode == 0, done.stderr
    assert "approval" in (ran / "by_hand.csv").read_text()


def broken(study: Path) -> Path:
    """The built survey, in which a page shows a field that nothing sets, and a branch asks about a missing choice."""
    text = (study / "instruments/alliance.qsf").read_text()
    assert text.count("${e:\\/\\/Field\\/treaty_text}") == 1
    text = text.replace("${e:\\/\\/Field\\/treaty_text}", "<b>[red]${e:\\/\\/Field\\/traety_text}<\\/b>")
    file = study / "broken.qsf"
    file.write_text(text.replace("SelectableChoice\\/2", "SelectableChoice\\/9"))
    return file


def test_simulate_runs_any_survey_and_says_what_is_stubbed(ran: Path) -> None:
    survey = next((ran / "instruments").glob("*.qsf")).relative_to(ran)
    done = vignetta("simulate", str(survey), "--n", "7", "--seed", "2", "--to", "made/out.csv", cwd=ran)
    assert done.returncode == 0
    assert "wrote made/out.csv: 7 respondents, none of them real." in done.stdout
    assert len((ran / "made/out.csv").read_text("utf-8").splitlines()) == 3 + 7
    told = json.loads(vignetta("simulate", str(survey), "--n", "7", "--seed", "2", "--json", cwd=ran).stdout)
    assert {each["what"]: each["number"] for each in told["account"]}["ends of survey"] >= 1
    assert (ran / told["file"]).read_bytes() == (ran / "made/out.csv").read_bytes()
    assert vignetta("simulate", "absent.qsf", cwd=ran).returncode == 1


def test_lint_says_what_is_wrong_and_ends_with_1(ran: Path) -> None:
    assert vignetta("lint", "instruments/alliance.qsf", "--outcome", "approval", cwd=ran).stdout == "Nothing found.\n"
    done = vignetta("lint", str(broken(ran)), cwd=ran)
    assert done.returncode == 1
    assert done.stdout.startswith("1 error\n")
    assert "choice 9 of QID1" in done.stdout
    assert "the field `traety_text`, which the survey never sets" in done.stdout
    machine = json.loads(vignetta("lint", str(broken(ran)), "--json", cwd=ran).stdout)["findings"]
    assert {each["rule"] for each in machine} == {"broken-logic", "field-never-set", "drawn-unseen"}
    assert vignetta("lint", "design/study.yaml", cwd=ran).returncode == 1
    assert "Traceback" not in vignetta("lint", "design/study.yaml", cwd=ran).stderr


def test_diff_says_what_changed_and_ends_with_1(ran: Path) -> None:
    built = "instruments/alliance.qsf"
    same = vignetta("diff", built, built, cwd=ran)
    assert (same.returncode, same.stdout) == (0, "Nothing changed.\n")
    done = vignetta("diff", built, str(broken(ran)), cwd=ran)
    assert done.returncode == 1
    assert "[red]${e://Field/traety_text}" in done.stdout
    assert "2 changes." in done.stdout
    machine = json.loads(vignetta("diff", built, str(broken(ran)), "--json", cwd=ran).stdout)["changes"]
    assert [each["part"] for each in machine] == ["text", "logic"]


def test_a_survey_s_texts_do_nothing_to_the_terminal(ran: Path) -> None:
    """Not even where it knows no more than ASCII, and the text ends with half an emoji."""
    built = ran / "instruments/alliance.qsf"
    hostile = ran / "hostile.qsf"
    hostile.write_text(built.read_text().replace("Generally speaking", r"\u001b[2J\u202e\u00e9[red]\ud83d"))
    command = [sys.executable, "-m", "vignetta", "diff", str(built), str(hostile)]
    done = subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 1 and not done.stderr
    assert rb"`\x1b[2J\u202e\xe9[red]\ufffd, do you" in done.stdout


def test_import_drafts_a_study_and_overwrites_none(ran: Path) -> None:
    done = vignetta("import", "instruments/alliance.qsf", "--to", "new", cwd=ran)
    assert done.returncode == 0, done.stderr
    assert "Factors: treaty, regime, capability, action, response." in done.stdout
    assert (ran / "new/instruments/alliance.qsf").read_bytes() == (ran / "instruments/alliance.qsf").read_bytes()
    before = {each: each.read_bytes() for each in (ran / "new").rglob("*") if each.is_file()}
    again = vignetta("import", "instruments/alliance.qsf", "--to", "new", cwd=ran)
    assert again.returncode == 1
    assert "the file exists already" in again.stderr
    assert vignetta("import", "instruments/alliance.qsf", "--to", ".", cwd=ran).returncode == 1
    assert {each: each.read_bytes() for each in (ran / "new").rglob("*") if each.is_file()} == before


def test_import_alone_writes_the_codebook_beside_the_survey(ran: Path) -> None:
    assert vignetta("import", "instruments/alliance.qsf", cwd=ran).returncode == 0
    assert (ran / "instruments/alliance_codebook.csv").is_file()
    assert vignetta("import", "instruments/alliance.qsf", cwd=ran).returncode == 1


def test_export_writes_the_clean_responses_for_other_programs(ran: Path) -> None:
    done = vignetta("export", "for_stata.dta", "--wide", cwd=ran)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("wrote for_stata.dta: 1712 rows")
    assert (ran / "for_stata.dta").is_file()
    machine = json.loads(vignetta("export", "again.csv", "--json", cwd=ran).stdout)
    assert machine["rows"] == 1712
    assert (ran / "again.csv").read_bytes() == (ran / "data/clean/responses.csv").read_bytes()
    refused = vignetta("export", "responses.xlsx", cwd=ran)
    assert refused.returncode == 1 and "Known: .csv, .parquet, .sav, .dta." in refused.stderr

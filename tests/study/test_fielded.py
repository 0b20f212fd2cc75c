"""A study with every way to ask and everything of a fielded survey goes from texts to report."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vignetta.cleaning.responses import read_export
from vignetta.instruments.fieldwork.fielding import simulate
from vignetta.instruments.integrity import integrity_problems
from vignetta.instruments.writing.translating import in_language
from vignetta.study.checking import check
from vignetta.study.folder import Study, load
from vignetta.study.scaffold import init
from vignetta.study.stages import run_stage, stages

FILES = Path(__file__).with_name("fielded")
ERRORS = 5
"""An estimate is this many standard errors from the truth less than once in a million."""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = tmp_path_factory.mktemp("fielded")
    init(folder, template="blank")
    shutil.copytree(FILES, folder, dirs_exist_ok=True)
    assert not check(folder).problems
    for stage in stages(folder):
        run_stage(folder, stage)
    return load(folder)


@pytest.fixture(scope="module")
def export(study: Study) -> pd.DataFrame:
    with study.data.open(encoding="utf-8") as lines:
        names, _, imports, *rows = csv.reader(lines)
    made = pd.DataFrame(rows, columns=names)
    made.attrs["imports"] = dict(zip(names, imports, strict=True))
    return made


def test_the_survey_keeps_every_rule(study: Study) -> None:
    assert integrity_problems(study.instrument) == []


def test_the_columns_are_those_that_qualtrics_gives_such_questions(export: pd.DataFrame) -> None:
    asked = ["support_1", "warmth_1_1", "views_1_1", "views_1_2", "why_1"]
    assert set(asked + [each.replace("_1", "_2", 1) for each in asked]) <= set(export.columns)
    endings = {"warmth_1_1": "_1", "views_1_2": "_2", "why_1": "_TEXT"}
    assert all(export.attrs["imports"][name].endswith(f'{ending}"}}') for name, ending in endings.items())


def test_time_browser_and_score_have_their_columns(export: pd.DataFrame, study: Study) -> None:
    timed = [f"timing_outcomes_{task}_Page Submit" for task in (1, 2)]
    assert {*timed, "browser_Browser", "browser_Resolution", "Q_RecaptchaScore"} <= set(export.columns)
    answered = study.responses
    assert (answered["timing_outcomes_page_submit"].astype(float) > 0).all()
    assert set(answered["Q_RecaptchaScore"]) == {0.9}
    assert answered["browser_browser"].notna().all() and set(answered["browser_resolution"]) == {"1920x1080"}


def test_answers_are_of_the_declared_scales(export: pd.DataFrame) -> None:
    answered = export[export["warmth_1_1"] != ""]
    warmth = set(answered["warmth_1_1"].astype(float))
    assert warmth <= {each / 2 for each in range(21)}
    assert {0.5, 1.0} & {each % 1 for each in warmth}
    assert set(answered["views_1_1"]) - {""} == {"-1", "0", "1"}


def test_the_clean_data_have_the_statements_as_numbers(study: Study, export: pd.DataFrame) -> None:
    clean = study.clean
    assert {"support", "warmth", "views_reliable", "views_costly", "why"} <= set(clean.columns)
    first = clean[clean["task"] == 1].set_index("row").sort_index()
    raw = pd.to_numeric(export["views_1_2"])
    both = first["views_costly"].notna().to_numpy()
    assert np.array_equal(first["views_costly"].to_numpy()[both], -raw.to_numpy()[both])


def test_what_the_panel_knows_stays_behind_but_tells_who_came_twice(study: Study) -> None:
    assert not {"PROLIFIC_PID", "SESSION_ID", "completion_code"} & set(study.clean.columns)
    assert study.ledger["state"].str.contains("Repeated response by PROLIFIC_PID").sum() == 4
    columns = pd.read_csv(study.root / "data/clean/columns.csv").set_index("column")["status"]
    assert set(columns[["PROLIFIC_PID", "SESSION_ID", "completion_code"]]) == {"personal"}


def test_it_is_the_same_study_in_the_other_language(study: Study, tmp_path: Path) -> None:
    german = in_language(study.instrument, "de")
    assert integrity_problems(german) == []
    made = tmp_path / "export.csv"
    made.write_text(simulate(german, study.design, study.simulation).export, "utf-8")
    answers = pd.read_csv(made, skiprows=[1, 2], dtype="str", keep_default_na=False)
    assert set(answers["UserLanguage"]) == {"DE"}
    assert set(answers["regime_1_text_de"]) - {""} == {"eine Autokratie", "eine Demokratie"}
    cleaned = read_export(made, study.codebook, exclusions=study.plan.exclusions).responses
    assert list(cleaned.columns) == list(study.clean.columns)
    assert set(cleaned["support"].dropna()) == {1, 2, 3, 4}
    assert set(cleaned["regime"].dropna()) == {"autocracy", "democracy"}


def test_open_answers_are_pointed_out(study: Study) -> None:
    summary = (study.root / "data/clean/summary.txt").read_text("utf-8")
    assert "`why` holds what respondents wrote" in summary


def test_estimates_are_near_the_true_means(study: Study) -> None:
    truth = pd.read_csv(study.root / study.truth_file)
    for outcome, factor, level, reference in (
        ("support", "regime", "democracy", "autocracy"),
        ("warmth", "regime", "democracy", "autocracy"),
        ("views_reliable", "treaty", "signed", "none"),
        ("views_costly", "treaty", "signed", "none"),
    ):
        means = truth[truth["outcome"] == outcome].groupby(factor)["mean"].mean()
        found = study.estimates.query("outcome == @outcome and estimand == 'contrast' and level == @level").iloc[0]
        assert abs(found["estimate"] - (means[level] - means[reference])) < ERRORS * found["std_error"]


def test_the_truth_of_an_opinion_in_the_middle_of_its_scale_is_the_middle(study: Study) -> None:
    truth = pd.read_csv(study.root / study.truth_file)
    reference = truth[(truth["regime"] == "autocracy") & (truth["treaty"] == "none")].set_index("outcome")["mean"]
    assert reference["warmth"] == pytest.approx(5, abs=1e-9)
    assert reference["views_reliable"] == pytest.approx(0, abs=1e-9)
    assert reference["views_costly"] == pytest.approx(0, abs=1e-9)


def test_the_report_names_every_outcome(study: Study) -> None:
    page = (study.root / "analysis/report.html").read_text("utf-8")
    assert all(each in page for each in ("Support", "Warmth", "Reliability", "Low cost"))

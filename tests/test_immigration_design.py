"""The restricted design of the immigration conjoint (Hainmueller and Hopkins 2015), declared, drawn, and used."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rdata
from scipy import stats

import vignetta as vg
from vignetta.design.assigning.assignment import frequencies
from vignetta.design.assigning.tasks import Repeated
from vignetta.design.declaration import Design, read_design
from vignetta.study.checking import check
from vignetta.study.scaffold import init

pytestmark = pytest.mark.real

ALPHA = 1e-3
"""How often shares of a right design would be refused, all tests of a table together."""
LOW = ["No Formal", "4th Grade", "8th Grade", "High School"]
HIGH = ["Two-Year College", "College Degree", "Graduate Degree"]
SAFE = ["Germany", "France", "Mexico", "Philippines", "Poland", "India"]
UNSAFE = ["China", "Sudan", "Somalia", "Iraq"]
JOBS = ["Janitor", "Waiter", "Child Care Provider", "Gardener", "Construction Worker", "Teacher", "Nurse"]
SCHOOLED = ["Financial Analyst", "Computer Programmer", "Research Scientist", "Doctor"]
LEVELS = {
    "Education": LOW + HIGH,
    "Gender": ["Female", "Male"],
    "CountryOfOrigin": SAFE + UNSAFE,
    "ReasonForApplication": ["Reunite with Family", "Seek Better Job", "Escape Persecution"],
    "Job": JOBS + SCHOOLED,
    "LanguageSkills": ["Fluent English", "Broken English", "Tried English but Unable", "Used Interpreter"],
}
WEIGHTS = {**dict.fromkeys(LOW, 11), **dict.fromkeys(HIGH, 7), **dict.fromkeys(SAFE, 3), **dict.fromkeys(UNSAFE, 2)}
"""The original drew Education, then uniformly a Job that it allows: 1/7 x 1/7 for each cell of the four lower
educations, which allow 7 jobs, and 1/7 x 1/11 for those that allow all 11. Weights 11 and 7 give these proportions.
Likewise 1/10 x 1/2 for countries with 2 reasons and 1/10 x 1/3 for those with 3: weights 3 and 2."""


def study(*, weighted: bool) -> str:
    def level(name: str, first: bool) -> str:
        weight = WEIGHTS.get(name, 1) if weighted else 1
        words = f"name: {name}, label: {name}, text: {name}"
        return f"      - {{{words}, reference: {str(first).lower()}, weight: {weight}}}\n"

    factors = "".join(
        f"  {factor}:\n    label: {factor}\n    levels:\n" + "".join(level(each, each == levels[0]) for each in levels)
        for factor, levels in LEVELS.items()
    )
    return f"""\
name: immigration
title: Who is admitted?
seed: 1
sample_size: 1396
tasks: 5
profiles: 2
profile_labels: [Immigrant 1, Immigrant 2]
mechanism: simple
data: {{file: responses.csv, format: table, respondent: CaseID}}
factors:
{factors}restrictions:
  - levels: {{Job: [{", ".join(SCHOOLED)}]}}
    only_with: {{Education: [{", ".join(HIGH)}]}}
    reason: These jobs need a degree.
  - levels: {{ReasonForApplication: Escape Persecution}}
    only_with: {{CountryOfOrigin: [{", ".join(UNSAFE)}]}}
    reason: The other countries do not persecute.
outcomes:
  chosen: {{label: Preferred, question: Which of the two?, kind: choice}}
"""


def declared(folder: Path, *, weighted: bool = True) -> Design:
    (folder / "study.yaml").write_text(study(weighted=weighted))
    return read_design(folder / "study.yaml")


@pytest.fixture(scope="module")
def data(real: Path) -> pd.DataFrame:
    with pytest.warns(UserWarning):
        found = rdata.read_rda(real / "datasets/leeper__cregg__immigration.rda")["immigration"]
    found = found.sort_values(["CaseID", "contest_no", "profile"], ignore_index=True)
    return found.assign(chosen=found["ChosenImmigrant"].astype(float))


def test_its_shares_are_those_of_its_own_weights(data: pd.DataFrame, tmp_path: Path) -> None:
    design = declared(tmp_path)
    assert len(data) == 13_960 == 10 * design.sample_size
    table = frequencies(design, data)
    assert table["n"].sum() == 13_960 * (6 + 15)
    forbidden = table["expected"] == 0
    assert forbidden.sum() == 16 + 6
    assert not table.loc[forbidden, "n"].any()
    error = np.sqrt(table["expected"] * (1 - table["expected"]) / len(data))[~forbidden]
    z = (table["share"] - table["expected"])[~forbidden] / error
    assert z.abs().max() < stats.norm.isf(ALPHA / 2 / len(z))
    by_hand = {"4th Grade": 1 / 7, "Graduate Degree": 1 / 7, "Iraq": 1 / 10, "Doctor": 3 / 77, "Nurse": 4 / 49 + 3 / 77}
    by_hand |= {"Escape Persecution": 4 / 30, "Seek Better Job": 6 / 20 + 4 / 30}
    levels = table.query("what == 'level'").set_index("first_level")["expected"]
    assert levels[list(by_hand)].tolist() == pytest.approx(list(by_hand.values()), abs=1e-12)


def test_it_did_not_draw_every_allowed_vignette_equally_often(data: pd.DataFrame, tmp_path: Path) -> None:
    """Under equal weights a high education, which allows more jobs, would be 11 : 7 times as frequent as a low one."""
    table = frequencies(declared(tmp_path, weighted=False), data).query("what == 'level'").set_index("first_level")
    assert table.loc["High School", "expected"] == pytest.approx(7 / 61, abs=1e-12)
    assert table.loc["College Degree", "expected"] == pytest.approx(11 / 61, abs=1e-12)
    for factor, fits in {"Education": False, "CountryOfOrigin": False, "Job": False, "LanguageSkills": True}.items():
        some = table[table["first_factor"] == factor]
        assert (stats.chisquare(some["n"], some["expected"] * len(data)).pvalue > ALPHA) == fits


def test_its_two_profiles_are_as_independent_as_declared(data: pd.DataFrame, tmp_path: Path) -> None:
    """Pairs of levels side by side and in two tasks of a respondent, from the exact pairs of vignettes."""
    some = ("Education", "CountryOfOrigin", "ReasonForApplication", "Job")
    whole = declared(tmp_path)
    design = whole.model_copy(update={"factors": {name: whole.factors[name] for name in some}})
    mechanism = vg.mechanism_of(design)
    assert isinstance(mechanism, Repeated)
    cells = vg.vignettes(design)
    slots = {((0, 0, 0), (0, 0, 1)): (0, 1), ((0, 0, 0), (0, 3, 1)): (0, 7)}
    rows = data.groupby("CaseID").cumcount()
    for pair, (first, second) in slots.items():
        joint = mechanism.pair_probabilities(1396, slots=pair)
        for name in some:
            code = cells[name].cat.codes.to_numpy()
            k = len(LEVELS[name])
            member = np.eye(k)[code]
            expected = (member.T @ joint @ member).ravel()
            one, two = (
                pd.Categorical(data.loc[rows == row, name], LEVELS[name]).codes.astype(int) for row in (first, second)
            )
            counts = np.bincount(one * k + two, minlength=k * k)
            assert stats.chisquare(counts, expected * 1396).pvalue > ALPHA / 8


def test_an_average_over_it_uses_its_probabilities(data: pd.DataFrame, tmp_path: Path) -> None:
    """Gender is averaged over jobs, of which seven have 4/49 + 3/77 each and four, which need a degree, 3/77 each."""
    design = declared(tmp_path)
    fitted = vg.fit(data, "chosen ~ Gender * Job", errors="CR1", cluster="CaseID")
    found = vg.contrasts(fitted, "Gender", versus="Female", average_over="design", design=design).set_index("level")
    mean = data.groupby(["Job", "Gender"], observed=True)["chosen"].mean().unstack()
    weight = pd.Series({**dict.fromkeys(JOBS, 4 / 49 + 3 / 77), **dict.fromkeys(SCHOOLED, 3 / 77)})
    by_hand = ((mean["Male"] - mean["Female"]) * weight).sum()
    assert found.loc["Male", "estimate"] == pytest.approx(by_hand, rel=1e-9)
    assert found.loc["Male", "n_clusters"] == 1396
    plain = vg.contrasts(fitted, "Gender", versus="Female", average_over="sample").set_index("level")
    assert abs(plain.loc["Male", "estimate"] - by_hand) > 1e-6


def test_a_margin_averages_over_what_is_shown_beside_its_level(data: pd.DataFrame, tmp_path: Path) -> None:
    """Beside a nurse, lower educations count 11 each and higher ones 7 each; beside a doctor, the higher alike."""
    fitted = vg.fit(data, "chosen ~ Education + Job", errors="CR1", cluster="CaseID")
    found = vg.margins(fitted, "Job", average_over="design", design=declared(tmp_path)).set_index("level")["estimate"]
    dummies = [data[name] == level for name in ("Education", "Job") for level in LEVELS[name][1:]]
    b = np.linalg.lstsq(np.column_stack([np.ones(len(data)), *dummies]).astype(float), data["chosen"], rcond=None)[0]
    education, job = np.r_[0, b[1:7]], dict(zip(LEVELS["Job"], np.r_[0, b[7:]], strict=True))
    beside_all = np.array([11, 11, 11, 11, 7, 7, 7]) / 65
    assert found["Nurse"] == pytest.approx(b[0] + job["Nurse"] + education @ beside_all, rel=1e-9)
    assert found["Doctor"] == pytest.approx(b[0] + job["Doctor"] + education[4:].mean(), rel=1e-9)


def test_the_study_checks_and_its_draw_is_the_design(tmp_path: Path) -> None:
    init(tmp_path / "study", template="in-hand")
    (tmp_path / "study/design/study.yaml").write_text(study(weighted=True))
    assert [each for each in check(tmp_path / "study").problems if "study.yaml" in each.where] == []
    design = declared(tmp_path)
    drawn = vg.draw(design)
    assert len(drawn) == 13_960
    assert drawn.groupby("respondent").size().eq(10).all()
    table = frequencies(design, drawn)
    error = np.sqrt(table["expected"] * (1 - table["expected"]) / len(drawn))
    assert ((table["share"] - table["expected"]).abs() <= stats.norm.isf(ALPHA / 2 / len(table)) * error).all()
    counts = np.bincount(vg.draw(design.model_copy(update={"mechanism": "complete"}))["vignette"])[1:]
    expected = vg.vignettes(design)["probability"] * 13_960
    assert (np.abs(counts - expected) < 1).all()

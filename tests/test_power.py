"""Precision before fielding, against R, statsmodels, textbook formulas and simulated studies."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.power import TTestIndPower

from tests.small_plan import DIFFERENCE, ONE, Read, reader
from vignetta import power as module
from vignetta.analysis.estimands import averaging
from vignetta.design.assigning.vignettes import vignettes
from vignetta.design.declaration import Design
from vignetta.errors import StudyError
from vignetta.frames import PRECISION
from vignetta.plan import Plan
from vignetta.power import detectable_effect, power_of, precision, precision_over
from vignetta.report.power_words import null_sentences, summary

Floats = npt.NDArray[np.float64]

DIGITS = 1e-9
"""Closed forms in double precision; the noncentral t is accurate to about 1e-13."""
SERIES = 1e-10
"""Powers of others: each program's noncentral t is a series that stops near 1e-12."""


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """The small study with a plan: by default one contrast of the arms in the model `support ~ arm`."""
    return reader(tmp_path)


@pytest.fixture
def redrawn(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[tuple[str, str], float]], None]:
    """Give the vignettes of the small study, by (arm, place), these probabilities; the others never occur."""

    def redraw(probability: dict[tuple[str, str], float]) -> None:
        def drawn(design: Design) -> pd.DataFrame:
            table = vignettes(design)
            cells = zip(table["arm"], table["place"], strict=True)
            return table.assign(probability=[probability.get(each, 0.0) for each in cells])

        monkeypatch.setattr(module, "vignettes", drawn)
        monkeypatch.setattr(averaging, "vignettes", drawn)

    return redraw


# --------------------------------------------------------------------------------------------------- known numbers


def test_covariates_of_lin_s_adjustment_count(design: Design, plan: Plan) -> None:
    """Five responses, each with a mean and a slope of age: ten coefficients; errors fall with the root of 1 - r2."""
    model = plan.models["approval"].model_copy(update={"formula": "approval ~ response", "adjust": ("age",)})
    asked = (plan.estimands[1].model_copy(update={"hypothesis": ""}),)
    adjusted = plan.model_copy(update={"models": {"approval": model}, "estimands": asked})
    plain, explained = (precision(design, adjusted, n=1_000, r2=each) for each in (0.0, 0.36))
    assert set(plain["df"]) == {990.0}
    np.testing.assert_allclose(explained["std_error"], 0.8 * plain["std_error"])


def test_the_flagship_at_its_planned_size(design: Design, plan: Plan) -> None:
    """Three digits: 0.229, 0.145 and 0.457 SD, with the t of n - k and with the normal distribution alike."""
    main = plan.estimands[1].model_copy(update={"hypothesis": "", "factor": "regime"})
    found = precision(design, plan.model_copy(update={"estimands": (*plan.estimands, main)}))
    normal = stats.norm.isf(0.025) + stats.norm.isf(0.2)
    known = {("contrast", "response"): 0.229, ("contrast", "regime"): 0.145, ("difference", "response"): 0.457}
    for (estimand, factor), digits in known.items():
        rows = found[(found["estimand"] == estimand) & (found["factor"] == factor)]
        assert len(rows)
        assert set(rows["mde"].round(3)) == {digits}
        assert set((rows["std_error"] * normal).round(3)) == {digits}
    np.testing.assert_allclose(rows["std_error"], np.sqrt(40 / 1502), rtol=DIGITS)
    assert set(found[found["model"] == "approval"]["df"]) == {1502 - 30 - 12}
    assert (found["n"] == 1502).all()


def test_two_groups_against_r(oracle: Path, read: Read) -> None:
    """power.t.test with strict = TRUE: rejections with the wrong sign count too."""
    four = "".join(f"  H{i}: {{statement: It matters., direction: different, family: all}}\n" for i in range(4))
    estimands = "".join(
        f"  - {{hypothesis: H{i}, estimand: contrast, model: m, factor: arm, levels: [treated]}}\n" for i in range(4)
    )
    text = f"adjust: bonferroni\nhypotheses:\n{four}models: {{m: {{formula: support ~ arm}}}}\nestimands:\n{estimands}"
    small, plan = read(plan=text)
    for case in json.loads((oracle / "oracle_misc.json").read_text())["power"]["two_sample"]:
        n = 2 * case["n_per_arm"]
        row = precision(small, plan, n=n, sd=case["sd"], effect=case["delta"]).iloc[0]
        assert row["tests"] == 4
        assert row["power"] == pytest.approx(case["power"], abs=SERIES)
        assert row["power_adjusted"] == pytest.approx(case["power_bonf4"], abs=SERIES)


@pytest.mark.parametrize(("n", "sd", "power"), [(12, 1.0, 0.8), (60, 2.5, 0.9), (2000, 0.3, 0.55)])
def test_detectable_effect_of_two_groups_against_statsmodels(read: Read, n: int, sd: float, power: float) -> None:
    row = precision(*read(), n=n, sd=sd, power=power).iloc[0]
    assert TTestIndPower().power(row["mde"] / sd, n / 2, 0.05) == pytest.approx(power, abs=SERIES)
    assert row["std_error"] == pytest.approx(sd * np.sqrt(4 / n), rel=DIGITS)


@pytest.mark.parametrize("df", [1, 3, 40, 1460, 1e6])
@pytest.mark.parametrize("alpha", [0.2, 0.05, 0.05 / 4, 0.05 / 100])
def test_power_and_detectable_effect_are_inverse(df: float, alpha: float) -> None:
    for power in (0.21, 0.5, 0.8, 0.99):
        effect = detectable_effect(df=df, alpha=alpha, power=power)
        assert power_of(effect, df=df, alpha=alpha) == pytest.approx(power, abs=1e-8)
    grid = np.array([power_of(effect, df=df, alpha=alpha) for effect in np.linspace(-30, 30, 121)])
    assert np.isfinite(grid).all()
    np.testing.assert_allclose(grid, grid[::-1], atol=DIGITS)
    assert grid.min() == pytest.approx(alpha) == grid[60]


def test_unequal_probabilities(read: Read, redrawn: Callable[..., None]) -> None:
    places = ("north", "east", "south")
    redrawn({(arm, place): share / 3 for arm, share in (("control", 0.2), ("treated", 0.8)) for place in places})
    row = precision(*read(), n=500, sd=2).iloc[0]
    assert row["std_error"] == pytest.approx(2 * np.sqrt(1 / 100 + 1 / 400), rel=DIGITS)


def test_a_restricted_design(read: Read, redrawn: Callable[..., None]) -> None:
    """The treated are never in the south; main effects remain, the conditional effect in the south does not."""
    cells = [("control", "north"), ("control", "east"), ("control", "south"), ("treated", "north"), ("treated", "east")]
    redrawn(dict.fromkeys(cells, 0.2))
    text = ONE + "  - {hypothesis: H, estimand: conditional_effect, model: m, factor: arm, within: place}\n"
    found = precision(*read("arm + place", text), n=100)
    dummies = np.array([[1, arm == "treated", place == "east", place == "south"] for arm, place in cells], dtype=float)
    expected = np.sqrt(np.linalg.inv(dummies.T @ dummies * 20)[1, 1])
    south = found["within_level"] == "south"
    np.testing.assert_allclose(found.loc[~south, "std_error"], expected, rtol=DIGITS)
    assert found.loc[south, ["std_error", "mde", "mde_adjusted"]].isna().all(axis=None)
    assert set(found["tests"]) == {3}
    assert len(null_sentences(found)) == 2


# ------------------------------------------------------------------------------------------------------- assumptions


def test_the_design_effect_and_r2(read: Read) -> None:
    clustered = read(plan=ONE.replace("FORMULA", "FORMULA + age, errors: CR1S, cluster: respondent"))
    plain = precision(*clustered, n=100).iloc[0]
    row = precision(*clustered, n=100, responses=5, shared=["arm"], icc=0.25, r2=0.19).iloc[0]
    assert row["std_error"] == pytest.approx(plain["std_error"] * 0.9 * np.sqrt((1 + 4 * 0.25) / 5), rel=DIGITS)
    assert row["df"] == 99
    independent = precision(*read(), n=100, responses=5).iloc[0]
    assert independent["std_error"] == pytest.approx(np.sqrt(4 / 500), rel=DIGITS)
    assert independent["df"] == 498


def test_tests_of_a_family(read: Read) -> None:
    joint = "  - {hypothesis: H, estimand: joint_test, model: m, factor: arm, within: place}\n"
    text = ONE + joint + "  - {hypothesis: H, estimand: contrast, model: m, factor: place}\n" + DIFFERENCE
    found = precision(*read("arm * place", text))
    assert found["tests"].tolist() == [4, 4, 4, 1, 1]
    np.testing.assert_allclose(found["alpha_adjusted"], [0.0125] * 3 + [0.05] * 2, rtol=DIGITS)
    assert (found["mde_adjusted"] > found["mde"]).tolist() == [True] * 3 + [False] * 2
    for adjust, level in (("holm", 0.0125), ("benjamini_hochberg", 0.0125), ("none", 0.05)):
        again = precision(*read("arm * place", text.replace("bonferroni", adjust)))
        assert again["alpha_adjusted"][0] == pytest.approx(level)


def test_precision_over_several_sizes(read: Read) -> None:
    small, plan = read("arm * place + party", ONE + DIFFERENCE)
    found = precision_over(small, plan, ns=[100, 400, 1600], effect=0.2)
    assert list(found) == list(PRECISION)
    parts = [precision(small, plan, n=n, effect=0.2) for n in (100, 400, 1600)]
    pd.testing.assert_frame_equal(found, pd.concat(parts, ignore_index=True))
    np.testing.assert_allclose(parts[0]["std_error"], 4 * parts[2]["std_error"], rtol=DIGITS)
    assert (np.diff(found.loc[found["estimand"] == "contrast", "power"]) > 0).all()
    pd.testing.assert_frame_equal(parts[1], precision(small, plan, effect=0.2))
    assert len(summary(found)) == 6


def test_a_plan_that_compares_nothing(read: Read) -> None:
    found = precision(*read(plan=ONE.replace("contrast", "margin")))
    assert list(found) == list(PRECISION)
    assert len(found) == 0
    assert null_sentences(found) == summary(found) == []


def test_null_sentences(design: Design, plan: Plan) -> None:
    sentences = null_sentences(precision(design, plan))
    expected = (
        "H3a: with n = 1,502 a null on response × regime (approval, against status_quo) does not exclude effects up to "
        "0.55 SD (power 0.8, alpha 0.05, corrected for 4 tests; 0.46 SD uncorrected)."
    )
    assert expected in sentences
    assert "SD" not in null_sentences(precision(design, plan, sd=1.7))[0]


def test_a_null_sentence_tells_the_least_precise_comparison(read: Read, redrawn: Callable[..., None]) -> None:
    share = {"north": 0.3, "east": 0.05, "south": 0.15}
    redrawn({(arm, place): share[place] for arm in ("control", "treated") for place in share})
    found = precision(*read("place", ONE.replace("factor: arm", "factor: place")))
    assert found["level"].tolist() == ["east", "south"]
    np.testing.assert_allclose(found["std_error"] ** 2, [1 / 240 + 1 / 40, 1 / 240 + 1 / 120], rtol=DIGITS)
    assert f"up to {found['mde_adjusted'][0]:.2f} SD" in null_sentences(found)[0]


# --------------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"n": 2}, "n"),
        ({"n": 0}, "n"),
        ({"n": 100.5}, "n"),
        ({"n": float("nan")}, "n"),
        ({"sd": -1.0}, "sd"),
        ({"sd": 0.0}, "sd"),
        ({"sd": float("nan")}, "sd"),
        ({"icc": 1.0}, "icc"),
        ({"icc": -0.1}, "icc"),
        ({"icc": 0.1, "responses": 3}, "icc"),
        ({"r2": 1.0}, "r2"),
        ({"r2": 0.2}, "r2"),
        ({"power": 0.05}, "power"),
        ({"power": 1.0}, "power"),
        ({"power": float("nan")}, "power"),
        ({"responses": 0}, "responses"),
        ({"effect": float("inf")}, "effect"),
    ],
)
def test_numbers_out_of_range(read: Read, given: dict[str, float], where: str) -> None:
    with pytest.raises(StudyError) as error:
        precision(*read(), **given)  # type: ignore[arg-type]
    assert [each.where for each in error.value.problems] == [where]
    assert all(each.remedy for each in error.value.problems)


def test_all_problems_at_once(read: Read) -> None:
    with pytest.raises(StudyError) as error:
        precision(*read(), n=-1, sd=-1, power=2, icc=2, responses=0, r2=2, effect=float("nan"))
    wheres = [each.where for each in error.value.problems]
    assert wheres == ["n", "sd", "power", "icc", "r2", "responses", "effect"]


def test_covariates_count_as_coefficients(read: Read) -> None:
    """Six cells, age, and two of three parties: nine coefficients."""
    plan = read("arm * place + age + party")
    assert precision(*plan, n=10)["df"].tolist() == [1]
    with pytest.raises(StudyError, match="n: 9 responses cannot carry the 9 coefficients of models.m"):
        precision(*plan, n=9)


def test_a_model_that_the_design_cannot_estimate(read: Read, redrawn: Callable[..., None]) -> None:
    places = ("north", "east", "south")
    redrawn({**{("control", each): 0.2 for each in places}, ("treated", "north"): 0.2, ("treated", "east"): 0.2})
    with pytest.raises(StudyError) as error:
        precision(*read("arm * place", ONE + DIFFERENCE))
    (problem,) = error.value.problems
    assert problem.where == "models.m formula"
    assert "`arm` treated and `place` south" in problem.what
    assert problem.remedy


def test_a_difference_without_interaction_names_the_estimand(read: Read) -> None:
    with pytest.raises(StudyError) as error:
        precision(*read("arm + place", ONE + DIFFERENCE))
    assert [each.where for each in error.value.problems] == ["estimands[1] within"]


def test_a_model_whose_precision_does_not_follow_from_the_design_is_told(read: Read) -> None:
    design, plan = read(plan=ONE.replace("FORMULA}", "arm, fixed_effects: response_id}"))
    with pytest.raises(StudyError, match="models.m fixed_effects: the precision of a model with `fixed_effects`"):
        precision(design, plan, n=400)

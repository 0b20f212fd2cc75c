"""A whole plan becomes the estimates frame."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from vignetta.analysis.estimands.joint_tests import joint_test
from vignetta.analysis.estimands.margins import contrast_rows, contrasts, difference_rows, differences
from vignetta.analysis.estimands.unconditional import unconditional
from vignetta.analysis.estimating import TESTS, estimate, with_declared_levels
from vignetta.analysis.inference.multiplicity import adjust
from vignetta.analysis.models.fitting import fit
from vignetta.design.assigning.vignettes import vignettes
from vignetta.design.declaration import Design
from vignetta.errors import StudyError
from vignetta.frames import ESTIMATES
from vignetta.plan import Estimand, Plan

EXACT = 1e-10
"""The same computation by another route."""


def fielded(design: Design, n: int = 900) -> pd.DataFrame:
    """Responses as text, as a CSV file has them."""
    rng = np.random.default_rng(12)
    cells = vignettes(design).drop(columns=["probability", "text"])
    data = cells.iloc[rng.integers(0, len(cells), n)].reset_index(drop=True).astype(dict.fromkeys(design.factors, str))
    for name, asked in design.covariates.items():
        options = [each.name for each in asked.options]
        data[name] = rng.choice(options, n) if options else rng.integers(18, 90, n)
    effect = data["response"].map({"denounce": 0.6, "terminate": -0.8}).fillna(0)
    return data.assign(**{name: effect + rng.normal(4, 1, n) for name in design.outcomes})


@pytest.fixture(scope="module")
def data(design: Design) -> pd.DataFrame:
    return fielded(design)


@pytest.fixture(scope="module")
def estimates(data: pd.DataFrame, plan: Plan, design: Design) -> pd.DataFrame:
    return estimate(data, plan, design=design, registered=lambda place: place < 5)


def test_every_estimand_of_the_plan_is_there_in_order(estimates: pd.DataFrame, plan: Plan) -> None:
    assert list(estimates.columns) == list(ESTIMATES)
    runs = estimates[["hypothesis", "estimand", "model", "factor", "within_factor"]].drop_duplicates()
    asked = [(e.hypothesis, e.estimand, e.model, e.factor, e.within or "") for e in plan.estimands]
    assert list(runs.itertuples(index=False, name=None)) == list(dict.fromkeys(asked))


def test_the_numbers_are_those_of_the_functions(
    estimates: pd.DataFrame, data: pd.DataFrame, plan: Plan, design: Design
) -> None:
    prepared = with_declared_levels(data, design)
    fitted = fit(prepared, plan.models["approval"].formula)
    for expected, hypothesis in (
        (contrasts(fitted, "response", average_over="design", design=design), "H1"),
        (differences(fitted, "response", within="regime", average_over="design", design=design), "H3a"),
    ):
        same = (estimates["hypothesis"] == hypothesis) & (estimates["estimand"] == expected["estimand"][0])
        found = estimates[same]
        for name in ("estimate", "std_error", "p_value", "conf_low", "df"):
            np.testing.assert_allclose(found[name], expected[name], rtol=EXACT, atol=EXACT)
        assert found["level"].tolist() == expected["level"].tolist()
    row = estimates.query("estimand == 'joint_test' and within_factor == 'treaty'").iloc[0]
    assert row["statistic"] == pytest.approx(joint_test(fitted, "response:treaty").statistic, rel=EXACT)


def test_the_order_of_levels_and_the_reference_are_the_design_s(estimates: pd.DataFrame, design: Design) -> None:
    shown = estimates.query("hypothesis == 'H1' and estimand == 'contrast'")
    assert shown["level"].tolist() == design.factors["response"].level_names
    assert shown.query("is_reference")["level"].tolist() == [design.factors["response"].reference.name]


def test_tests_are_adjusted_within_family_and_registration(estimates: pd.DataFrame, plan: Plan) -> None:
    tested = estimates["estimand"].isin(TESTS) & ~estimates["is_reference"] & (estimates["hypothesis"] != "")
    assert estimates.loc[~tested, "p_adjusted"].isna().all()
    assert estimates.loc[tested, "p_adjusted"].notna().all()
    for _, rows in estimates[tested].groupby(["family", "registered"]):
        np.testing.assert_array_equal(rows["p_adjusted"], adjust(rows["p_value"].to_numpy(), plan.adjust))


def test_every_row_says_whether_it_is_registered(estimates: pd.DataFrame, plan: Plan) -> None:
    assert set(estimates.query("hypothesis in ['H1', 'H1b', 'H2']")["registered"]) == {"registered"}
    assert set(estimates.query("hypothesis in ['H3a', ''] ")["registered"]) == {"exploratory"}


def test_flags_may_be_given_and_must_be_as_many_as_estimands(data: pd.DataFrame, plan: Plan, design: Design) -> None:
    short = plan.model_copy(update={"estimands": plan.estimands[:2]})
    assert estimate(data, short, design=design, registered=[True, False])["registered"].nunique() == 2
    assert set(estimate(data, short, design=design)["registered"]) == {"exploratory"}
    with pytest.raises(StudyError, match="3 flags for 2 estimands"):
        estimate(data, short, design=design, registered=[True] * 3)


def test_intervals_follow_alpha(data: pd.DataFrame, plan: Plan, design: Design) -> None:
    short = plan.model_copy(update={"estimands": plan.estimands[1:2]})
    wide, narrow = (
        estimate(data, short.model_copy(update={"alpha": alpha}), design=design).query("not is_reference")
        for alpha in (0.01, 0.2)
    )
    assert (wide["conf_low"] < narrow["conf_low"]).all()


def test_data_with_categories_give_the_same(
    estimates: pd.DataFrame, data: pd.DataFrame, plan: Plan, design: Design
) -> None:
    again = estimate(with_declared_levels(data, design), plan, design=design, registered=lambda place: place < 5)
    pd.testing.assert_frame_equal(again, estimates)


def test_an_option_that_nobody_chose_is_left_out(data: pd.DataFrame, design: Design) -> None:
    some = data[data["gender"] != "other"]
    assert with_declared_levels(some, design)["gender"].cat.categories.tolist() == ["woman", "man"]


def test_a_level_that_nobody_saw_is_an_error(data: pd.DataFrame, plan: Plan, design: Design) -> None:
    with pytest.raises(StudyError) as error:
        estimate(data[data["response"] != "denounce"], plan, design=design)
    assert "models.approval column response: no complete row has the level `denounce`" in str(error.value)
    assert "models.contributions column response" in str(error.value)


def test_an_unknown_level_is_named(data: pd.DataFrame, plan: Plan, design: Design) -> None:
    changed = data.assign(regime=data["regime"].replace("democracy", "Democracy"))
    with pytest.raises(StudyError, match="column regime: the design has no level `Democracy`"):
        estimate(changed, plan, design=design)


@pytest.mark.parametrize(("errors", "cluster"), [("CR2", "who"), ("CR3", "who"), ("CR1S", ("who", "place"))])
def test_a_plan_may_ask_for_clustered_errors(
    data: pd.DataFrame, plan: Plan, design: Design, errors: str, cluster: Any
) -> None:
    clustered = data.assign(who=np.arange(len(data)) // 6, place=np.arange(len(data)) % 12)
    models = {
        name: spec.model_copy(update={"errors": errors, "cluster": cluster}) for name, spec in plan.models.items()
    }
    found = estimate(clustered, plan.model_copy(update={"models": models}), design=design)
    tested = found[~found["is_reference"]]
    assert set(found["errors"]) == {errors}
    assert tested["p_value"].notna().all() and tested["df"].between(1, 150).all()
    assert tested["df"].nunique() > 20 if errors == "CR2" else tested["df"].nunique() == 1


def test_all_problems_of_the_estimands_come_at_once(data: pd.DataFrame, plan: Plan, design: Design) -> None:
    bad: Any = [
        {"estimand": "difference", "model": "approval", "factor": "action", "within": each}
        for each in ("regime", "treaty")
    ]
    asked = tuple(Estimand(**each) for each in bad)
    with pytest.raises(StudyError) as error:
        estimate(data, plan.model_copy(update={"estimands": asked}), design=design)
    assert [each.where for each in error.value.problems] == ["estimands[0] within", "estimands[1] within"]


def test_an_empty_plan_gives_an_empty_frame(data: pd.DataFrame, plan: Plan, design: Design) -> None:
    found = estimate(data, plan.model_copy(update={"estimands": ()}), design=design)
    assert (len(found), list(found.columns)) == (0, list(ESTIMATES))


def test_a_plan_may_ask_for_a_survey_sample_lin_s_adjustment_and_unconditional_variance(
    data: pd.DataFrame, plan: Plan, design: Design
) -> None:
    frame = data.assign(
        psu=np.arange(len(data)) // 6, region=np.arange(len(data)) // 6 % 4, w=1 + np.arange(len(data)) % 3
    )
    options: dict[str, Any] = {"errors": "linearised", "cluster": "psu", "strata": "region", "weights": "w"}
    changed = {"formula": "approval ~ response * action", "adjust": ("age",), "variance": "unconditional"}
    models = {"approval": plan.models["approval"].model_copy(update={**options, **changed})}
    asked = tuple(each for each in plan.estimands if each.model == "approval" and each.estimand == "contrast")[:1]
    found = estimate(frame, plan.model_copy(update={"models": models, "estimands": asked}), design=design)
    prepared = with_declared_levels(frame, design)
    fitted = fit(prepared, "approval ~ response * action", adjust=["age"], **options)
    expected = contrasts(unconditional(fitted), asked[0].factor, average_over="design", design=design)
    for name in ("estimate", "std_error", "df"):
        np.testing.assert_allclose(found[name], expected[name], rtol=EXACT)
    assert found["errors"].unique().tolist() == ["linearised, unconditional"]


def joint_plan(*estimands: dict[str, Any], adjust: str) -> Plan:
    models = {"m": {"formula": "y ~ arm * place"}, "other": {"formula": "y ~ arm"}}
    hypotheses = {"H": {"statement": "Arms differ.", "direction": "different"}}
    asked = [{"hypothesis": "H", "model": "m", "factor": "arm", "average_over": "sample"} | each for each in estimands]
    return Plan.model_validate({"hypotheses": hypotheses, "models": models, "estimands": asked, "adjust": adjust})


def small_experiment() -> tuple[Design, pd.DataFrame]:
    levels = {"arm": "abc", "place": "pq"}
    factors = {
        name: {
            "label": name,
            "levels": [{"name": x, "label": x, "text": x, "reference": x == known[0]} for x in known],
        }
        for name, known in levels.items()
    }
    outcomes = {"y": {"label": "Y", "question": "Y?", "scale": ["1", "2"]}}
    study = {"name": "small", "title": "Small", "seed": 1, "sample_size": 60, "vignette": "{arm} {place}"}
    rng = np.random.default_rng(6)
    data = pd.DataFrame({name: rng.choice(list(known), 90) for name, known in levels.items()})
    design = Design.model_validate({**study, "factors": factors, "outcomes": outcomes})
    return design, data.assign(y=rng.normal(size=90) + 0.6 * (data["arm"] == "c"))


def test_a_family_is_adjusted_by_its_joint_distribution() -> None:
    design, data = small_experiment()
    both = joint_plan(
        {"estimand": "contrast", "comparison": "pairwise"},
        {"estimand": "difference", "within": "place"},
        adjust="single_step",
    )
    found = estimate(data, both, design=design)
    fitted = fit(with_declared_levels(data, design), "y ~ arm * place", errors="HC2")
    rows = [*contrast_rows(fitted, "arm", comparison="pairwise"), *difference_rows(fitted, "arm", within="place")[1]]
    weights = np.array([each for _, each in rows])
    vcov = weights @ fitted.vcov @ weights.T
    correlation = vcov / np.sqrt(np.outer(np.diag(vcov), np.diag(vcov)))
    drawn = np.random.default_rng(1).multivariate_normal(np.zeros(5), correlation, size=200_000)
    scale = np.sqrt(np.random.default_rng(2).chisquare(84, size=200_000) / 84)
    largest = np.abs(drawn).max(axis=1) / scale
    assert len(found) == 5
    for _, row in found.iterrows():
        assert row["p_adjusted"] == pytest.approx(
            (largest >= abs(row["statistic"])).mean(), abs=4 * 0.5 / np.sqrt(200_000)
        )


@pytest.mark.parametrize(
    "other", [{"estimand": "joint_test", "within": "place"}, {"estimand": "contrast", "model": "other"}]
)
def test_a_family_without_one_joint_distribution_is_refused(other: dict[str, Any]) -> None:
    design, data = small_experiment()
    with pytest.raises(StudyError, match="family `H`: contrasts of one model alone"):
        estimate(data, joint_plan({"estimand": "contrast"}, other, adjust="step_down"), design=design)


def test_a_plan_compares_with_the_grand_mean() -> None:
    design, data = small_experiment()
    found = estimate(
        data, joint_plan({"estimand": "contrast", "comparison": "grand_mean"}, adjust="holm"), design=design
    )
    fitted = fit(with_declared_levels(data, design), "y ~ arm * place", errors="HC2")
    expected = contrasts(fitted, "arm", comparison="grand_mean")
    np.testing.assert_allclose(found["estimate"], expected["estimate"], atol=1e-12)
    assert set(found["versus"]) == {"grand mean"} and found["p_adjusted"].notna().all()

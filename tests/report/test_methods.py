from typing import get_args

import pytest

from vignetta.design.declaration import Mechanism
from vignetta.plan import Adjustment, Average, Errors, EstimandKind
from vignetta.report import methods
from vignetta.report.assigning import MECHANISMS
from vignetta.report.inputs import ReportInput
from vignetta.report.labels import Labels
from vignetta.report.phrases import ADJUSTMENTS, AVERAGES, ERRORS, coverage


@pytest.mark.parametrize(
    ("alias", "words"),
    [(Errors, ERRORS), (Average, AVERAGES), (Adjustment, ADJUSTMENTS), (Mechanism, MECHANISMS)],
)
def test_every_option_has_words(alias: object, words: dict[str, str]) -> None:
    assert set(words) == set(get_args(alias))
    assert len(set(words.values())) == len(words)


def test_formula_in_words(flagship: ReportInput) -> None:
    approval, contributions = methods.models(flagship.plan, flagship.estimates, Labels(flagship.design))
    assert approval.terms[:2] == ("US response", "Uncooperative action")
    assert set(approval.terms[-5:]) == {"Party", "Ideology", "Age", "Gender", "Education"}
    assert len(approval.interactions) == 4
    assert all(each.startswith("US response × ") for each in approval.interactions)
    assert approval.n == "750"
    assert "HC2" in contributions.errors


def test_clusters_are_named(flagship: ReportInput) -> None:
    model = flagship.plan.models["approval"].model_copy(update={"errors": "CR1S", "cluster": "party"})
    plan = flagship.plan.model_copy(update={"models": {"approval": model}})
    (made,) = methods.models(plan, flagship.estimates, Labels(flagship.design))
    assert "CR1S" in made.errors and "Party" in made.errors


def test_survey_sample_adjustment_and_variance_are_said(flagship: ReportInput) -> None:
    changed = {"errors": "linearised", "cluster": "psu", "strata": "region", "weights": "w", "adjust": ("party", "age")}
    model = flagship.plan.models["approval"].model_copy(update={**changed, "variance": "unconditional"})
    plan = flagship.plan.model_copy(update={"models": {"approval": model}})
    (made,) = methods.models(plan, flagship.estimates, Labels(flagship.design))
    assert made.errors == (
        "standard errors of a survey sample, by linearisation, covariates counted as sampled; the clusters are the "
        "values of psu; the strata are the values of region; the weights are those of w; Party, Age centred and "
        "interacted with every term (Lin 2013)"
    )


def test_families_hold_every_test(flagship: ReportInput) -> None:
    found = methods.families(flagship.estimates)
    assert sum(each.n_tests for each in found) == flagship.estimates["p_adjusted"].notna().sum()
    assert {each.name: each.n_tests for each in found}["H1b"] == 3
    assert [each.name for each in found] == list(flagship.plan.hypotheses)


@pytest.mark.parametrize("adjust", get_args(Adjustment))
def test_adjustment_is_said(flagship: ReportInput, adjust: str) -> None:
    said = " ".join(methods.inference(flagship.plan.model_copy(update={"adjust": adjust})))
    assert ADJUSTMENTS[adjust] in said  # type: ignore[index]


def test_coverage() -> None:
    assert [coverage(each) for each in (0.05, 0.1, 0.001, 0.32)] == ["95%", "90%", "99.9%", "68%"]


def test_no_kind_of_estimand_is_without_a_heading(flagship: ReportInput) -> None:
    assert set(flagship.estimates["estimand"]) == set(get_args(EstimandKind))

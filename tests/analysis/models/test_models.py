"""Likelihoods through the public functions: numbers of R, plans, and what is refused."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vignetta.analysis.estimands.joint_tests import joint_test
from vignetta.analysis.estimands.margins import contrasts, differences, margins
from vignetta.analysis.estimating import estimate
from vignetta.analysis.models.fitting import fit
from vignetta.design.declaration import Design
from vignetta.errors import StudyError
from vignetta.plan import Plan

FULL = "response*(transgression+regime+capability+treaty) + age+female+party+education"
ITERATIVE = 1e-6
"""What two iterative fits owe each other, relatively."""


@pytest.fixture(scope="module")
def data(responses: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return responses["n1502"]


def test_a_saturated_logit_has_the_shares_of_its_cells(data: pd.DataFrame) -> None:
    """In a model of one factor the margin is the share, and its HC0 error that of a proportion."""
    found = margins(fit(data, "approve ~ response", model="logit", errors="HC0", distribution="normal"), "response")
    share = data.groupby("response", observed=True)["approve"].agg(["mean", "size"])
    assert found["estimate"].to_numpy() == pytest.approx(share["mean"].to_numpy(), abs=1e-10)
    error = np.sqrt(share["mean"] * (1 - share["mean"]) / share["size"])
    assert found["std_error"].to_numpy() == pytest.approx(error.to_numpy(), rel=1e-8)


@pytest.mark.parametrize(
    ("model", "outcome", "kind"), [("logit", "approve", "logit"), ("ordered_logit", "approval", "ologit")]
)
def test_coefficients_are_those_of_r(
    numbers: Callable[[str], Any], data: pd.DataFrame, model: Any, outcome: str, kind: str
) -> None:
    found = fit(data, f"{outcome} ~ {FULL}", model=model, errors="HC1")
    reference = np.array(numbers(kind)["n1502"]["unweighted"]["coef"], dtype=float)
    assert found.coef == pytest.approx(reference, rel=ITERATIVE, abs=ITERATIVE)


def test_probabilities_of_categories_add_up_to_the_expected_score(data: pd.DataFrame) -> None:
    fitted = fit(data, "approval ~ response * regime + age", model="ordered_logit", errors="HC1")
    score = contrasts(fitted, "response", within="regime")
    parts = [contrasts(fitted, "response", within="regime", predict=str(each)) for each in range(1, 8)]
    total = sum(each * part["estimate"].to_numpy() for each, part in enumerate(parts, 1))
    assert total == pytest.approx(score["estimate"].to_numpy(), abs=1e-10)
    above = contrasts(fitted, "response", within="regime", predict=">=6")
    assert above["estimate"].to_numpy() == pytest.approx((parts[5]["estimate"] + parts[6]["estimate"]).to_numpy())
    assert set(above["outcome"]) == {"approval >=6"} and set(parts[0]["outcome"]) == {"approval = 1"}
    assert set(score["outcome"]) == {"approval"}


def test_differences_and_joint_tests_of_a_logit(data: pd.DataFrame) -> None:
    fitted = fit(data, "approve ~ response * regime", model="logit", errors="HC1", distribution="normal")
    cells = data.groupby(["regime", "response"], observed=True)["approve"].mean().unstack()
    effect = cells.sub(cells.iloc[:, 0], axis=0)
    expected = (effect.iloc[1] - effect.iloc[0]).iloc[1:].to_numpy()
    assert differences(fitted, "response", within="regime")["estimate"].to_numpy() == pytest.approx(expected, abs=1e-9)
    place = [name.count(":") == 1 for name in fitted.terms]
    coef, vcov = fitted.coef[place], fitted.vcov[np.ix_(place, place)]
    assert joint_test(fitted, "response:regime").statistic == pytest.approx(coef @ np.linalg.solve(vcov, coef) / 4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"errors": "HC4"}, "errors: `HC4` is not defined for `logit`"),
        ({"errors": "CR1", "cluster": ("rid", "region")}, "two cluster variables are not defined for `logit`"),
        ({"errors": "CR1", "cluster": "rid", "distribution": "satterthwaite"}, "under CR2 alone"),
        ({"model": "logistic"}, "`logistic` is not an option"),
    ],
)
def test_what_is_not_defined_is_told(data: pd.DataFrame, options: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError) as error:
        fit(data, "approve ~ response", **{"model": "logit", **options})
    assert message in str(error.value)


def test_an_outcome_that_does_not_fit_the_model_is_told(data: pd.DataFrame) -> None:
    with pytest.raises(StudyError, match="values other than 0 and 1"):
        fit(data, "approval ~ response", model="logit")


def test_a_plan_may_ask_for_a_probability(design: Design) -> None:
    rng = np.random.default_rng(4)
    rows = pd.DataFrame({name: rng.choice(each.level_names, 900) for name, each in design.factors.items()})
    rows["approval"] = rng.integers(1, 8, 900)
    plan = Plan.model_validate(
        {
            "hypotheses": {},
            "models": {"m": {"formula": "approval ~ response * regime", "model": "ordered_logit", "errors": "HC1"}},
            "estimands": [
                {"estimand": "contrast", "model": "m", "factor": "response", "predict": ">=5"},
                {"estimand": "difference", "model": "m", "factor": "response", "within": "regime"},
            ],
        }
    )
    found = estimate(rows, plan, design=design)
    assert found["outcome"].tolist() == ["approval >=5"] * 5 + ["approval"] * 4
    assert found["estimate"].notna().all()

"""Several responses of each respondent: closed forms by hand, and estimates of simulated studies with CR1S errors."""

from collections.abc import Callable, Collection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from tests.design.small_design import equal, small_design
from vignetta import power as module
from vignetta.analysis.models.fitting import fit
from vignetta.design.assigning.vignettes import vignettes
from vignetta.design.declaration import Design
from vignetta.errors import StudyError
from vignetta.plan import Plan, read_plan
from vignetta.power import precision, sizes_around

Floats = npt.NDArray[np.float64]

DIGITS = 1e-9
"""Closed forms in double precision."""
STUDIES = 200
RESPONDENTS = 250
MONTE_CARLO = 4
"""Simulated numbers may be off by this many of their standard errors: one in 16,000 is by chance."""
FEW_CLUSTERS = 0.015
"""Of the average CR1S error with 250 clusters of 6: the sandwich is smaller by about k / G, 1 %, in expectation."""
RESPONSES = 6
ICC = 0.5

PLAN = """
adjust: none
hypotheses: {}
models: {m: {formula: y ~ arm + place, errors: CR1S, cluster: respondent}}
estimands:
  - {estimand: contrast, model: m, factor: arm}
  - {estimand: contrast, model: m, factor: place}
"""
FORBIDDEN = [{"forbid": {"arm": "treated", "place": "south"}, "reason": "it cannot be"}]


@pytest.fixture
def planned(tmp_path: Path) -> Callable[..., tuple[Design, Plan]]:
    """A study of two arms and three places, one of them likelier, with a plan for respondents with many responses."""

    def planning(plan: str = PLAN, **sections: object) -> tuple[Design, Plan]:
        places = {"north": 2.0, "east": 1.0, "south": 1.0}
        design = small_design({"arm": equal("control", "treated"), "place": places}, **sections)
        (tmp_path / "plan.yaml").write_text(plan)
        return design, read_plan(tmp_path / "plan.yaml", design=design)

    return planning


def assigned(design: Design, shared: Collection[str], generator: np.random.Generator) -> pd.DataFrame:
    """Six vignettes for each respondent: the first drawn by its probability, the others too, given what is shared."""
    universe = vignettes(design)
    p = universe["probability"].to_numpy()
    alike = universe.groupby(list(shared), observed=True).ngroup().to_numpy() if shared else np.zeros(len(p), dtype=int)
    first = generator.choice(len(p), RESPONDENTS, p=p)
    given = p * (alike[first][:, None] == alike)
    bounds = np.cumsum(given / given.sum(axis=1, keepdims=True), axis=1)
    points = generator.random((RESPONDENTS, RESPONSES, 1))
    places = np.minimum((points >= bounds[:, None, :]).sum(axis=2), len(p) - 1)
    return universe.iloc[places.ravel()].reset_index(drop=True)


def simulated(design: Design, shared: Collection[str]) -> tuple[Floats, Floats]:
    """Estimates and CR1S errors (studies, coefficients) of studies without effects, outcomes of unit variance."""
    generator = np.random.default_rng(20)
    who = np.repeat(np.arange(RESPONDENTS), RESPONSES)
    coef, errors = [], []
    for _ in range(STUDIES):
        own, each = generator.normal(size=RESPONDENTS), generator.normal(size=len(who))
        rows = assigned(design, shared, generator)
        rows = rows.assign(respondent=who, y=np.sqrt(ICC) * own[who] + np.sqrt(1 - ICC) * each)
        fitted = fit(rows, "y ~ arm + place", errors="CR1S", cluster="respondent")
        coef.append(fitted.coef[1:])
        errors.append(np.sqrt(np.diag(fitted.vcov)[1:]))
    return np.array(coef), np.array(errors)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shared", "restrictions"),
    [((), []), (("arm",), []), (("arm",), FORBIDDEN), (("place",), FORBIDDEN), (("arm", "place"), FORBIDDEN)],
    ids=str,
)
def test_standard_errors_against_simulated_studies(
    planned: Callable[..., tuple[Design, Plan]], shared: tuple[str, ...], restrictions: list[dict[str, object]]
) -> None:
    design, plan = planned(restrictions=restrictions)
    found = precision(design, plan, n=RESPONDENTS, responses=RESPONSES, shared=shared, icc=ICC)["std_error"].to_numpy()
    coef, errors = simulated(design, shared)
    spread = coef.std(axis=0, ddof=1)
    assert (np.abs(spread / found - 1) < MONTE_CARLO / np.sqrt(2 * (STUDIES - 1))).all()
    average = errors.mean(axis=0)
    band = MONTE_CARLO * errors.std(axis=0, ddof=1) / np.sqrt(STUDIES)
    assert (np.abs(average - found) < band + FEW_CLUSTERS * found).all()


def test_two_arms_by_hand(planned: Callable[..., tuple[Design, Plan]]) -> None:
    """Drawn anew, arms are compared within respondents too; shared, a cluster of m counts as 1 + (m - 1) icc."""
    study = planned(PLAN.replace("arm + place", "arm"))
    study = study[0], study[1].model_copy(update={"estimands": study[1].estimands[:1]})
    for shared, effect in (((), 1.0), (("arm",), 1 + 5 * ICC)):
        row = precision(*study, n=100, responses=6, shared=shared, icc=ICC, sd=3).iloc[0]
        assert row["std_error"] == pytest.approx(3 * np.sqrt(4 / 600 * effect), rel=DIGITS)
        assert row["responses"] == 6
        assert row["df"] == 99


def test_a_shared_arm_loses_and_a_varying_place_does_not(planned: Callable[..., tuple[Design, Plan]]) -> None:
    """Independent factors: each has the design effect of its own kind."""
    found = precision(*planned(), n=100, responses=6, shared=["arm"], icc=ICC)
    kish = 1 + 5 * ICC
    expected = [np.sqrt(4 / 600 * kish), *[np.sqrt((1 / 0.5 + 1 / 0.25) / 600)] * 2]
    np.testing.assert_allclose(found["std_error"], expected, rtol=DIGITS)


def test_interactions_of_a_shared_with_a_varying_factor(planned: Callable[..., tuple[Design, Plan]]) -> None:
    """By hand from cell means of six responses, of which about 6 p are in a place of probability p.

    An arm's mean in a place has variance 1 / (50 * 6 p) for independent responses; two responses of one respondent are
    both there with probability p^2, which adds 5 icc / (50 * 6). In differences between places that cancels.
    """
    within = "  - {{estimand: {}, model: m, factor: {}, within: {}}}\n"
    estimands = within.format("conditional_effect", "arm", "place") + within.format("difference", "arm", "place")
    plan = PLAN.replace("arm + place", "arm * place").split("  - ")[0] + estimands
    found = precision(*planned(plan), n=100, responses=6, shared=["arm"], icc=ICC)
    effects, differences = (
        found[found["estimand"] == each]["std_error"] for each in ("conditional_effect", "difference")
    )
    p = np.array([0.5, 0.25, 0.25])
    np.testing.assert_allclose(effects, np.sqrt(2 * (1 / p + 5 * ICC) / 300), rtol=DIGITS)
    np.testing.assert_allclose(differences, np.sqrt(2 * (1 / p[1:] + 1 / p[0]) / 300), rtol=DIGITS)


def test_what_is_shared_is_read_from_the_design(planned: Callable[..., tuple[Design, Plan]]) -> None:
    """Without a declaration there is one response; with one, its number and the factors that do not vary."""
    design, plan = planned()
    pd.testing.assert_frame_equal(precision(design, plan), precision(design, plan, responses=1, shared=["arm"]))


@pytest.mark.parametrize(
    ("varies", "expected"),
    [
        ({"arm": "respondent", "place": "profile"}, ((1, ("arm",)), (8, ("arm",)))),
        ({"arm": "task", "place": "profile"}, ((1, ("arm",)), (8, ()))),
        ({"arm": "respondent", "place": "task"}, ((1, ("arm", "place")), (8, ("arm",)))),
    ],
)
def test_profiles_of_a_task_share_what_varies_between_tasks(
    varies: dict[str, str], expected: tuple[tuple[int, tuple[str, ...]], ...]
) -> None:
    """Five pairs: one other profile in the task, eight in the other tasks."""

    factors = {name: SimpleNamespace(varies=scope) for name, scope in varies.items()}
    declared: Any = SimpleNamespace(responses=10, profiles=2, factors=factors)
    assert module._declared_alike(declared, 10) == expected


def test_a_factor_of_the_task_loses_to_its_other_profile_alone(
    planned: Callable[..., tuple[Design, Plan]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_declared_alike", lambda design, responses: ((1, ("arm",)), (4, ())))
    found = precision(*planned(), n=100, responses=6, icc=ICC)
    assert found["std_error"][0] == pytest.approx(np.sqrt(4 / 600 * (1 + ICC)), rel=DIGITS)


def test_an_unknown_shared_factor_is_named(planned: Callable[..., tuple[Design, Plan]]) -> None:
    with pytest.raises(StudyError) as error:
        precision(*planned(), n=-1, shared=["amr", "plac"])
    assert [each.where for each in error.value.problems] == ["n", "shared", "shared"]
    assert "`arm`" in error.value.problems[1].remedy


def test_sizes_around_the_planned_one(planned: Callable[..., tuple[Design, Plan]]) -> None:
    """Four coefficients need five responses."""
    design, plan = planned()
    assert sizes_around(design, plan, n=1000) == [250, 500, 750, 1000, 1500, 2000, 3000]
    smallest = sizes_around(design, plan, n=8)
    assert smallest == [6, 8, 12, 16, 24]
    for n in smallest:
        assert len(precision(design, plan, n=n)) == 3
    assert sizes_around(design, plan, n=8, responses=6)[0] == 2

"""Randomisation tests against R, enumeration by other means, and known statistics."""

from itertools import permutations, product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from vignetta.analysis.inference.randomization import randomization_test
from vignetta.design.assigning.assignment import draw
from vignetta.design.declaration import Design
from vignetta.errors import StudyError

EXACT = 1e-12


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_all_assignments_are_those_of_r(numbers: Any) -> None:
    known = numbers("misc")["exact_randomisation"]
    data = pd.DataFrame({"y": known["y"], "z": np.where(known["z"], "treated", "control")})
    options: dict[str, Any] = {"outcome": "y", "factor": "z", "statistic": "difference", "rng": rng()}
    kinds = {"two_sided": "p_two_sided", "greater": "p_upper", "less": "p_lower"}
    for alternative, name in kinds.items():
        found = randomization_test(data, alternative=alternative, **options)
        assert found.p_value == pytest.approx(known[name], abs=EXACT)
        assert (found.draws, found.is_exact, found.monte_carlo_error) == (252, True, 0.0)
        assert found.observed == pytest.approx(known["statistic"])


def test_drawn_assignments_come_close_and_say_how_close(numbers: Any) -> None:
    known = numbers("misc")["exact_randomisation"]
    data = pd.DataFrame({"y": known["y"], "z": np.where(known["z"], "treated", "control")})
    found = [
        randomization_test(
            data, outcome="y", factor="z", statistic="difference", draws=251, rng=np.random.default_rng(each)
        )
        for each in range(200)
    ]
    assert not found[0].is_exact and found[0].draws == 251
    assert "Monte Carlo standard error" in repr(found[0])
    p = np.array([each.p_value for each in found])
    expected = (1 + 251 * known["p_two_sided"]) / 252
    assert p.mean() == pytest.approx(expected, abs=4 * p.std() / np.sqrt(200))
    assert p.std() == pytest.approx(found[0].monte_carlo_error, rel=0.2)


def test_statistics_are_known_ones() -> None:
    data = pd.DataFrame({"z": list("aabbbcccc"), "y": [1.0, 2, 4, 6, 3, 9, 7, 8, 5]})
    groups = [each["y"].to_numpy() for _, each in data.groupby("z")]
    F = randomization_test(data, outcome="y", factor="z", statistic="F", rng=rng())
    assert F.observed == pytest.approx(stats.f_oneway(*groups).statistic)
    pair = randomization_test(data, outcome="y", factor="z", level="c", versus="b", rng=rng())
    assert pair.observed == pytest.approx(stats.ttest_ind(groups[2], groups[1], equal_var=False).statistic)
    assert (pair.n, pair.draws) == (7, 35)
    wald = randomization_test(data, outcome="y", factor="z", rng=rng())
    mean = np.array([each.mean() for each in groups])
    V = np.diag([each.var(ddof=1) / len(each) for each in groups])
    C = np.array([[-1.0, 1, 0], [-1, 0, 1]])
    assert wald.observed == pytest.approx(C @ mean @ np.linalg.solve(C @ V @ C.T, C @ mean))


def test_three_levels_are_gone_through_as_by_all_permutations() -> None:
    data = pd.DataFrame({"z": list("aabbcc"), "y": [1.0, 3, 2, 6, 9, 4]})
    found = randomization_test(data, outcome="y", factor="z", statistic="F", rng=rng())
    values = [
        stats.f_oneway(*(np.array(order)[[i, i + 1]] for i in (0, 2, 4))).statistic for order in permutations(data["y"])
    ]
    assert found.draws == 90
    assert found.p_value == pytest.approx(np.mean(np.array(values) >= found.observed - 1e-9), abs=EXACT)


def test_strata_and_clusters_keep_what_was_assigned_together() -> None:
    y = np.array([1.0, 4, 2, 6, 3, 3, 5, 8])
    layered = pd.DataFrame({"y": y, "z": list("abababab"), "s": list("ppppqqqq")})
    found = randomization_test(layered, outcome="y", factor="z", strata="s", statistic="difference", rng=rng())
    halves = [each for each in product([0, 1], repeat=4) if sum(each) == 2]
    effects = [
        y[np.array(one + two) == 1].mean() - y[np.array(one + two) == 0].mean() for one, two in product(halves, halves)
    ]
    assert found.draws == 36
    assert found.p_value == pytest.approx(np.mean(np.abs(effects) >= abs(found.observed) - 1e-9), abs=EXACT)
    whole = pd.DataFrame({"y": y, "z": list("aabbaabb"), "c": [9, 9, 4, 4, 2, 2, 7, 7]})
    found = randomization_test(whole, outcome="y", factor="z", cluster="c", statistic="difference", rng=rng())
    effects = [y[np.repeat(each, 2) == 1].mean() - y[np.repeat(each, 2) == 0].mean() for each in halves]
    assert found.draws == 6
    assert found.p_value == pytest.approx(np.mean(np.abs(effects) >= abs(found.observed) - 1e-9), abs=EXACT)


def test_the_null_is_rejected_no_more_often_than_said() -> None:
    generator, rejected = rng(), 0
    for _ in range(400):
        data = pd.DataFrame({"y": generator.exponential(size=8), "z": list("abababab")})
        rejected += randomization_test(data, outcome="y", factor="z", rng=generator).p_value <= 0.1
    assert rejected / 400 < 0.1 + 3 * np.sqrt(0.09 / 400)


def small_design(**changes: Any) -> Design:
    def levels(names: str) -> list[dict[str, Any]]:
        return [{"name": x, "label": x, "text": x, "reference": x == names[0]} for x in names]

    factors = {"x": {"label": "X", "levels": levels("ab")}, "w": {"label": "W", "levels": levels("pqr")}}
    outcomes = {"y": {"label": "Y", "question": "Y?", "scale": ["no", "yes"]}}
    return Design.model_validate(
        {
            "name": "small",
            "title": "Small",
            "seed": 1,
            "sample_size": 24,
            "vignette": "{x} {w}",
            "factors": factors,
            "outcomes": outcomes,
        }
        | changes
    )


def test_a_design_draws_its_vignettes_again() -> None:
    """Complete assignment of 24 respondents to 6 vignettes: half of them get each level of x, whoever they are."""
    design = small_design(mechanism="complete")
    data = draw(design, 24, 3).assign(y=np.arange(24.0) % 5)
    options: dict[str, Any] = {"outcome": "y", "factor": "x", "statistic": "difference", "draws": 20_000}
    found = randomization_test(data, design=design, rng=rng(), **options)
    permuted = randomization_test(data, rng=rng(), **options)
    assert found.p_value == pytest.approx(permuted.p_value, abs=4 * np.sqrt(2) * permuted.monte_carlo_error + 1e-3)
    assert "(complete)" in repr(found) and not found.is_exact
    shown = data.assign(y=data["y"] + 10 * (data["x"] == "b"))
    assert randomization_test(shown, design=design, rng=rng(), **options).p_value == pytest.approx(1 / 20_001)


def test_several_vignettes_of_a_respondent_are_drawn_together() -> None:
    design = small_design(tasks=2)
    data = draw(design, 24, 3).assign(y=np.arange(48.0) % 7)
    options: dict[str, Any] = {"outcome": "y", "factor": "w", "design": design, "draws": 500, "rng": rng()}
    found = randomization_test(data, respondent="respondent", **options)
    assert 0 < found.p_value <= 1 and found.n == 48
    with pytest.raises(StudyError, match="a respondent reads 2 vignettes"):
        randomization_test(data, **options)
    with pytest.raises(StudyError, match="1 respondents do not have the 2 rows"):
        randomization_test(data.iloc[1:], respondent="respondent", **options)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"factor": "zz"}, "no column `zz`"),
        ({"level": "q", "versus": "a"}, "no level `q`"),
        ({"level": "a"}, "two different levels"),
        ({"versus": "a"}, "stands without `level`"),
        ({"statistic": "t"}, "`studentized`, `difference`, `F`"),
        ({"statistic": "difference"}, "3 levels have no one difference"),
        ({"alternative": "less"}, "needs the difference of two levels"),
        ({"draws": 0}, "no number of assignments"),
        ({"cluster": "c"}, "were not assigned whole"),
        ({"outcome": "t"}, "not a number"),
        ({"outcome": "m"}, "1 rows lack it"),
        ({"outcome": "i"}, "infinite"),
        ({"outcome": "k"}, "does not vary"),
        ({"factor": "o"}, "has one level"),
    ],
)
def test_what_cannot_be_tested_is_said(changes: dict[str, Any], said: str) -> None:
    y = np.arange(9.0)
    data = pd.DataFrame(
        {"z": list("abcabcabc"), "y": y, "c": [1, 1, 1, 2, 2, 2, 3, 3, 3], "t": list("xyzxyzxyz"), "k": 1, "o": "x"}
    )
    data = data.assign(m=np.where(y == 2, np.nan, y), i=np.where(y == 2, np.inf, y))
    with pytest.raises(StudyError, match=said):
        randomization_test(data, **({"outcome": "y", "factor": "z", "rng": rng()} | changes))


def test_a_duplicated_index_changes_nothing() -> None:
    data = pd.DataFrame({"z": list("aabbab"), "y": [1.0, 3, 2, 6, 9, 4]})
    plain = randomization_test(data, outcome="y", factor="z", rng=rng())
    assert randomization_test(data.set_index(pd.Index([0] * 6)), outcome="y", factor="z", rng=rng()) == plain

"""The largest of correlated statistics against R's integrals, the studentised range and closed forms."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from vignetta.analysis.estimands.margins import contrasts
from vignetta.analysis.inference.maximum_t import critical_value, largest_t_tail
from vignetta.analysis.inference.multiplicity import adjust
from vignetta.analysis.models.fitting import fit
from vignetta.errors import StudyError

LATTICE = 5e-6
"""The error of the lattice, relative to the probability."""
MANY = 3e-4
"""The same where ten and more tests hang together."""
QUASI_MONTE_CARLO = 1e-4
"""multcomp draws random numbers: its p-values repeat to about this."""


@pytest.mark.parametrize("data", ["n1502", "n9012"])
@pytest.mark.parametrize("kind", ["z", "t"])
def test_single_step_p_values_are_the_exact_integrals(numbers: Any, data: str, kind: str) -> None:
    known = numbers("multiplicity")[data]["vs_reference"]
    correlation, df = np.array(known["corr"]), np.inf if kind == "z" else known["df"]
    for statistic, expected in zip(known["stat"], known[f"{kind}_single_step_exact"], strict=True):
        if expected is not None:
            assert largest_t_tail(correlation, abs(statistic), df) == pytest.approx(expected, rel=LATTICE)
    assert critical_value(correlation, 0.05, df) == pytest.approx(known[f"{kind}_crit_95_exact"], rel=LATTICE)


@pytest.mark.parametrize(("groups", "df"), [(3, 8), (5, 40), (6, np.inf)])
def test_all_pairs_of_equal_groups_are_tukeys_range(groups: int, df: float) -> None:
    pairs = np.array([np.eye(groups)[i] - np.eye(groups)[j] for i in range(groups) for j in range(i)])
    correlation = pairs @ pairs.T / 2
    for bound in (1.0, 2.5, 4.0):
        expected = stats.studentized_range.sf(bound * np.sqrt(2), groups, df)
        assert largest_t_tail(correlation, bound, df) == pytest.approx(expected, rel=MANY)


def test_independent_and_identical_statistics_have_closed_forms() -> None:
    p = 2 * stats.norm.sf(2.2)
    assert largest_t_tail(np.eye(6), 2.2, np.inf) == pytest.approx(1 - (1 - p) ** 6, rel=1e-9)
    assert largest_t_tail(np.ones((4, 4)), 2.2, 9) == pytest.approx(2 * stats.t.sf(2.2, 9), rel=1e-9)
    assert largest_t_tail(np.array([[1.0, -1.0], [-1.0, 1.0]]), 1.3, 9) == pytest.approx(
        2 * stats.t.sf(1.3, 9), rel=1e-9
    )


def test_contrasts_are_adjusted_as_by_multcomp(numbers: Any, responses: Any) -> None:
    reference = numbers("ols")["n1502"]["full"]["unweighted"]
    known = numbers("multiplicity")["n1502"]["vs_reference"]
    fitted = fit(responses["n1502"], reference["formula"], errors="HC3")
    plain, single, down = (contrasts(fitted, "response", adjust=each) for each in ("none", "single_step", "step_down"))
    assert plain["p_adjusted"].isna().all()
    np.testing.assert_allclose(single["p_adjusted"].iloc[1:], known["t_single_step_exact"], rtol=LATTICE)
    np.testing.assert_allclose(down["p_adjusted"].iloc[1:], known["glht_t_free_stepdown"], atol=QUASI_MONTE_CARLO)
    half = known["t_crit_95_exact"] * np.array(known["se"])
    np.testing.assert_allclose(single["conf_high"].iloc[1:] - single["estimate"].iloc[1:], half, rtol=LATTICE)
    assert single["note"].iloc[1] == "intervals hold for all 4 comparisons at once"
    np.testing.assert_array_equal(down["conf_high"], plain["conf_high"])
    holm = contrasts(fitted, "response", comparison="pairwise", adjust="holm")
    pairs = numbers("multiplicity")["n1502"]["all_pairs"]
    assert [f"{level} - {versus}" for level, versus in zip(holm["level"], holm["versus"], strict=True)] == pairs[
        "labels"
    ]
    np.testing.assert_allclose(holm["statistic"], pairs["stat"], rtol=1e-8)
    np.testing.assert_allclose(holm["p_adjusted"], pairs["t_holm"], rtol=1e-6)


def test_pairs_are_tukeys_in_a_balanced_experiment() -> None:
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"arm": np.repeat(list("abc"), 7), "y": rng.normal(size=21) + np.repeat([0, 0.8, 1.5], 7)})
    found = contrasts(fit(data, "y ~ arm", errors="classical"), "arm", comparison="pairwise", adjust="single_step")
    known = stats.tukey_hsd(*(each["y"] for _, each in data.groupby("arm")))
    expected = [known.pvalue[1, 0], known.pvalue[2, 0], known.pvalue[2, 1]]
    np.testing.assert_allclose(found["p_adjusted"], expected, rtol=MANY)
    ends = known.confidence_interval()
    np.testing.assert_allclose(found["conf_high"], [ends.high[1, 0], ends.high[2, 0], ends.high[2, 1]], rtol=MANY)


def test_ratios_have_simultaneous_intervals_on_the_logarithm() -> None:
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"arm": rng.choice(list("abc"), 200), "yes": rng.integers(0, 2, 200)})
    fitted = fit(data, "yes ~ arm", model="logit", errors="HC1")
    plain, found = (
        contrasts(fitted, "arm", scale="odds_ratio", adjust=each).iloc[1:] for each in ("none", "single_step")
    )
    wide, narrow = (np.log(each["conf_high"]) - np.log(each["estimate"]) for each in (found, plain))
    assert (wide > narrow).all() and np.ptp(wide / narrow) < 1e-9
    assert (found["p_adjusted"] >= found["p_value"]).all()


def test_p_values_alone_are_not_enough() -> None:
    with pytest.raises(StudyError, match="joint distribution"):
        adjust(np.array([0.1, 0.2]), "single_step")

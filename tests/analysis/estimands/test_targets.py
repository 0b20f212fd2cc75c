"""Averages over a named target, from the means of cells by hand."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from vignetta.analysis.estimands.margins import contrasts, margins
from vignetta.analysis.estimands.targets import target
from vignetta.analysis.models.fitting import fit
from vignetta.errors import StudyError

EXACT = 1e-10
"""The same sums in another order."""
B, C = {"b1": 0.2, "b2": 0.8}, {"c1": 0.5, "c2": 0.4, "c3": 0.1}


def data() -> pd.DataFrame:
    cells = pd.DataFrame(list(product(["a1", "a2"], B, C)), columns=["a", "b", "c"])
    rows = pd.concat([cells] * 5, ignore_index=True)
    return rows.assign(y=np.random.default_rng(6).normal(size=len(rows)))


def test_a_population_effect_weighs_cells_by_the_product_of_the_shares() -> None:
    means = data().groupby(["a", "b", "c"])["y"].mean()
    expected = {
        level: sum(p * q * means[level, b, c] for (b, p), (c, q) in product(B.items(), C.items()))
        for level in ("a1", "a2")
    }
    fitted = fit(data(), "y ~ a * b * c")
    over = target({"b": B, "c": C}, name="recent allies")
    found = margins(fitted, "a", average_over=over).set_index("level")
    assert found["estimate"].to_dict() == pytest.approx(expected, abs=EXACT)
    effect = contrasts(fitted, "a", average_over=over).set_index("level")
    assert effect.loc["a2", "estimate"] == pytest.approx(expected["a2"] - expected["a1"], abs=EXACT)
    assert set(found["average_over"]) == set(effect["average_over"]) == {"recent allies"}


def test_shares_of_the_factor_itself_do_not_change_its_effect() -> None:
    fitted = fit(data(), "y ~ a * b * c")
    without = contrasts(fitted, "a", average_over=target({"b": B, "c": C}))
    with_own = contrasts(fitted, "a", average_over=target({"a": {"a1": 0.9, "a2": 0.1}, "b": B, "c": C}))
    np.testing.assert_allclose(with_own["estimate"], without["estimate"], atol=EXACT)


def test_a_level_without_a_share_is_left_out() -> None:
    means = data().groupby(["a", "b", "c"])["y"].mean()
    over = target({"b": {"b1": 1.0}, "c": {"c1": 0.5, "c2": 0.5, "c3": 0.0}})
    found = margins(fit(data(), "y ~ a * b * c"), "a", average_over=over)
    by_hand = [(means[level, "b1", "c1"] + means[level, "b1", "c2"]) / 2 for level in ("a1", "a2")]
    assert found["estimate"].tolist() == pytest.approx(by_hand, abs=EXACT)


def test_shares_that_are_none_are_refused_all_at_once() -> None:
    with pytest.raises(StudyError) as refused:
        target({"a": {"a1": 0.5}, "b": B, "c": {"c1": 1.2, "c2": -0.2}})
    assert [each.where for each in refused.value.problems] == ["target a", "target c"]
    with pytest.raises(StudyError, match="no factor is named"):
        target({})
    with pytest.raises(StudyError, match="the model has no factor `d`"):
        margins(fit(data(), "y ~ a"), "a", average_over=target({"d": {"d1": 1.0}}))
    with pytest.raises(StudyError, match="the data have no level `b3`"):
        margins(fit(data(), "y ~ a * b"), "a", average_over=target({"b": {"b1": 0.5, "b3": 0.5}}))

"""Averages against brute force, in every branch, and distributions that do not fit the data."""

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.design.small_design import equal, small_design
from vignetta.analysis.estimands import averaging
from vignetta.analysis.estimands.averaging import grid
from vignetta.analysis.estimands.margins import contrasts, margins
from vignetta.analysis.models.fits import Fit
from vignetta.analysis.models.fitting import fit
from vignetta.design.assigning.vignettes import vignettes
from vignetta.design.declaration import Design
from vignetta.errors import StudyError

EXACT = 1e-10
"""The same sums in another order."""
APART = "y ~ a * b + c + age + party"
MIXED = "y ~ a * b + c + a * age + b * party + I(age ** 2)"
A, B, C = ["a0", "a1", "a2"], ["b0", "b1"], ["c0", "c1"]


def sample(n: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(11)
    columns = {name: rng.choice(levels, n) for name, levels in (("a", A), ("b", B), ("c", C), ("party", ["p", "q"]))}
    return pd.DataFrame(
        {**columns, "age": rng.uniform(20, 80, n), "w": rng.uniform(0.5, 3, n), "y": rng.normal(size=n)}
    )


def target() -> pd.DataFrame:
    cells = pd.DataFrame(list(product(A, B, C)), columns=["a", "b", "c"])
    cells["probability"] = np.random.default_rng(5).dirichlet(np.ones(len(cells)))
    return cells


def brute_force(fitted: Fit, cells: pd.DataFrame) -> Any:
    """The mean row of X over every row of the sample beside every cell, one cell at a time."""
    data, w = fitted.sample.data, fitted.sample.weights
    total = np.zeros(len(fitted.coef))
    for _, cell in cells.iterrows():
        levels = {
            name: pd.Categorical([cell[name]] * len(data), dtype=data[name].dtype) for name in cells if name in data
        }
        total += cell["probability"] * (w @ fitted.design_matrix(data.assign(**levels))) / w.sum()
    return total / cells["probability"].sum()


@pytest.mark.parametrize("formula", [APART, MIXED])
@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("chunk", [100_000, 100])
def test_a_target_is_averaged_exactly(
    monkeypatch: pytest.MonkeyPatch, formula: str, weights: str | None, chunk: int
) -> None:
    monkeypatch.setattr(averaging, "CHUNK", chunk)
    fitted, cells = fit(sample(), formula, weights=weights), target()
    over = grid(fitted, ["a", "b"], average_over=cells)
    for level, inside in product(A, B):
        expected = brute_force(fitted, cells[(cells["a"] == level) & (cells["b"] == inside)])
        np.testing.assert_allclose(over.mean({"a": level, "b": inside}), expected, rtol=EXACT, atol=EXACT)
    expected = brute_force(fitted, cells[cells["a"] == "a1"])
    np.testing.assert_allclose(over.mean({"a": "a1"}), expected, rtol=EXACT, atol=EXACT)


@pytest.mark.parametrize("formula", [APART, MIXED])
@pytest.mark.parametrize("weights", [None, "w"])
def test_the_sample_is_averaged_exactly(formula: str, weights: str | None) -> None:
    fitted = fit(sample(), formula, weights=weights)
    over = grid(fitted, ["a", "b"], average_over="sample")
    for level, inside in product(A, B):
        expected = brute_force(fitted, pd.DataFrame({"a": [level], "b": [inside], "probability": [1.0]}))
        np.testing.assert_allclose(over.mean({"a": level, "b": inside}), expected, rtol=EXACT, atol=EXACT)


def test_a_contrast_averages_both_levels_over_the_same_combinations() -> None:
    """A restricted design by hand: a2 never occurs with b1, so it is compared with a0 where b is b0."""
    cells = target().drop(columns="c").groupby(["a", "b"], as_index=False).sum()
    cells.loc[(cells["a"] == "a2") & (cells["b"] == "b1"), "probability"] = 0
    cells["probability"] /= cells["probability"].sum()
    fitted = fit(sample(), "y ~ a * b + c + age")
    over = grid(fitted, ["a"], average_over=cells)
    row = {(a, b): brute_force(fitted, pd.DataFrame({"a": [a], "b": [b], "probability": [1.0]})) for a in A for b in B}
    np.testing.assert_allclose(over.contrast("a", ("a2", "a0"), {}), row["a2", "b0"] - row["a0", "b0"], atol=EXACT)
    share = cells.groupby("b")["probability"].sum()
    expected = sum(share[b] * (row["a1", b] - row["a0", b]) for b in B)
    np.testing.assert_allclose(over.contrast("a", ("a1", "a0"), {}), expected, atol=EXACT)
    assert np.isnan(over.contrast("a", ("a2", "a0"), {"b": "b1"})).all()
    assert np.isnan(over.mean({"a": "a2", "b": "b1"})).all()


def test_a_restricted_design_is_averaged_over_what_it_allows() -> None:
    """By hand: b1 never stands beside a1, and beside a2 it has a quarter of the weight of both levels of b."""
    factors = {"a": {"a1": 2.0, "a2": 1.0}, "b": {"b1": 1.0, "b2": 3.0}, "c": equal("c1", "c2")}
    design = small_design(factors, [{"forbid": {"a": "a1", "b": "b1"}}])
    cells = vignettes(design)
    data = pd.concat([cells[["a", "b", "c"]]] * 9, ignore_index=True)
    data["y"] = np.random.default_rng(2).normal(size=len(data))
    fitted = fit(data, "y ~ a + b + c")
    intercept, a2, b2, c2 = fitted.coef
    found = margins(fitted, "a", average_over="design", design=design).set_index("level")["estimate"]
    assert found["a1"] == pytest.approx(intercept + b2 + c2 / 2, abs=EXACT)
    assert found["a2"] == pytest.approx(intercept + a2 + 0.75 * b2 + c2 / 2, abs=EXACT)
    differs = contrasts(fitted, "b", average_over="design", design=design).set_index("level")["estimate"]
    assert differs["b2"] == pytest.approx(b2, abs=EXACT)
    total = brute_force(fitted, cells.drop(columns=["vignette", "text"])) @ fitted.coef
    share = cells.groupby("a", observed=True)["probability"].sum()
    assert share.to_numpy() == pytest.approx([0.6, 0.4], abs=EXACT)
    assert found @ share == pytest.approx(total, abs=EXACT)


def test_a_design_is_its_vignettes(design: Design) -> None:
    cells = vignettes(design)
    data = cells.drop(columns=["vignette", "text", "probability"]).assign(
        y=np.random.default_rng(2).normal(size=len(cells))
    )
    fitted = fit(data, "y ~ response * action + regime")
    over = grid(fitted, ["response"], average_over="design", design=design)
    assert over.name == "design"
    np.testing.assert_allclose(
        over.mean({"response": "denounce"}), brute_force(fitted, cells[cells["response"] == "denounce"]), atol=EXACT
    )


def test_a_factor_outside_the_distribution_is_set_by_itself() -> None:
    fitted = fit(sample(), APART)
    cells = target().groupby("b", as_index=False)["probability"].sum()
    over = grid(fitted, ["a"], average_over=cells)
    expected = brute_force(fitted, cells.assign(a="a1"))
    np.testing.assert_allclose(over.mean({"a": "a1"}), expected, atol=EXACT)


def test_a_design_whose_factors_the_model_leaves_out_averages_nothing(design: Design) -> None:
    fitted = fit(sample(), "y ~ party + age")
    over = grid(fitted, ["party"], average_over="design", design=design)
    sampled = grid(fitted, ["party"], average_over="sample")
    np.testing.assert_allclose(over.mean({"party": "q"}), sampled.mean({"party": "q"}), atol=EXACT)


def test_a_target_is_named() -> None:
    cells = target()
    assert grid(fit(sample(), APART), ["a"], average_over=cells).name == "target"
    cells.attrs["name"] = "census"
    assert grid(fit(sample(), APART), ["a"], average_over=cells).name == "census"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"probability": 1.0}, "the probabilities do not sum to one"),
        ({"a": "a9"}, "the data have no level `a9`"),
        ({"region": "north"}, "the model has no factor `region`"),
    ],
)
def test_a_target_that_does_not_fit_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError) as error:
        grid(fit(sample(), APART), ["a"], average_over=target().assign(**change))
    assert message in str(error.value)


def test_a_target_needs_probabilities() -> None:
    with pytest.raises(StudyError, match="no column `probability`"):
        grid(fit(sample(), APART), ["a"], average_over=target()[["a", "b"]])


def test_levels_that_are_not_those_of_the_design_are_named(design: Design) -> None:
    data = sample().assign(regime=lambda d: d["b"].map({"b0": "Democracy", "b1": "autocracy"}))
    with pytest.raises(StudyError) as error:
        grid(fit(data, "y ~ regime + age"), ["regime"], average_over="design", design=design)
    assert "design regime: the data have no level `democracy`" in str(error.value)
    assert "column regime: the design has no level `Democracy`" in str(error.value)


def test_the_design_must_be_given() -> None:
    with pytest.raises(StudyError, match="needs the design"):
        grid(fit(sample(), APART), ["a"], average_over="design")


def test_an_unknown_average_lists_the_known_ones() -> None:
    with pytest.raises(StudyError, match="`design`, `sample`"):
        grid(fit(sample(), APART), ["a"], average_over="population")  # type: ignore[arg-type]

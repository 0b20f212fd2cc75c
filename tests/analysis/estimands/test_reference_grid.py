"""The grids of emmeans against their rows written out."""

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vignetta.analysis.estimands import reference_grid
from vignetta.analysis.estimands.margins import contrasts, margins
from vignetta.analysis.models.fitting import fit
from vignetta.errors import StudyError

EXACT = 1e-10
A, B, SEX = ["a0", "a1", "a2"], ["b0", "b1"], [0.0, 1.0]


def sample(n: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(6)
    a, b = rng.choice(A, n, p=[0.5, 0.3, 0.2]), rng.choice(B, n, p=[0.8, 0.2])
    female = (rng.uniform(size=n) < np.where(b == "b1", 0.9, 0.4)).astype(float)
    age, w = rng.uniform(20, 80, n), rng.uniform(0.5, 2, n)
    y = (a == "a1") * (1 + (b == "b1") + female) + age / 20 + rng.normal(size=n)
    return pd.DataFrame({"a": a, "b": b, "female": female, "age": age, "w": w, "y": y, "won": (y > 3).astype(float)})


def weights_of(data: pd.DataFrame, over: str, w: Any) -> dict[tuple[str, float], float]:
    """The weight of every combination of b and female."""
    if over == "equal":
        return dict.fromkeys(product(B, SEX), 0.25)
    share = pd.Series(w).groupby([data["b"], data["female"]]).sum() / w.sum()
    return {(str(b), float(s)): float(value) for (b, s), value in share.items()}


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("over", ["equal", "proportional"])
def test_least_squares_by_hand(over: Any, weights: str | None) -> None:
    data = sample()
    found = fit(data, "y ~ a * b * female + np_age + I(np_age ** 2)".replace("np_age", "age"), weights=weights)
    w = np.ones(len(data)) if weights is None else data["w"].to_numpy()
    rows = []
    for a in A:
        cells = [
            (p, {"a": a, "b": b, "female": s, "age": data["age"].mean()})
            for (b, s), p in weights_of(data, over, w).items()
        ]
        frame = pd.DataFrame([each for _, each in cells])
        for name, levels in (("a", A), ("b", B)):
            frame[name] = pd.Categorical(frame[name], categories=levels)
        rows.append(np.array([p for p, _ in cells]) @ found.design_matrix(frame))
    expected = np.array(rows)
    shown = margins(found, "a", average_over=over)
    np.testing.assert_allclose(shown["estimate"], expected @ found.coef, rtol=EXACT)
    errors = np.sqrt(np.einsum("rk,kl,rl->r", expected, found.vcov, expected))
    np.testing.assert_allclose(shown["std_error"], errors, rtol=EXACT)
    assert shown["average_over"].tolist() == [over] * 3
    effects = contrasts(found, "a", average_over=over)["estimate"]
    np.testing.assert_allclose(effects[1:], (expected[1:] - expected[0]) @ found.coef, rtol=EXACT)


def test_a_logit_averages_chances_not_indices() -> None:
    data = sample()
    found = fit(data, "won ~ a + b + age", model="logit", errors="HC1")
    index = found.coef[0] + np.array([0, *found.coef[1:3]])[:, None] + np.array([0, found.coef[3]])[None, :]
    chance = 1 / (1 + np.exp(-(index + found.coef[4] * data["age"].mean())))
    np.testing.assert_allclose(margins(found, "a", average_over="equal")["estimate"], chance.mean(axis=1), rtol=EXACT)
    share = data["b"].value_counts(normalize=True)[B].to_numpy()
    shown = margins(found, "a", average_over="proportional")["estimate"]
    np.testing.assert_allclose(shown, chance @ share, rtol=EXACT)


def test_conditional_effects_hold_the_other_factor() -> None:
    found = fit(sample(), "y ~ a * b + female")
    shown = contrasts(found, "a", within="b", average_over="equal").query("not is_reference")
    expected = [*found.coef[1:3], *(found.coef[1:3] + found.coef[-2:])]
    assert found.terms[-2:] == ("a[T.a1]:b[T.b1]", "a[T.a2]:b[T.b1]")
    np.testing.assert_allclose(shown["estimate"], expected, rtol=EXACT)


def test_too_many_combinations_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference_grid, "MOST", 11)
    with pytest.raises(StudyError, match="the factors of the model have 12 combinations"):
        margins(fit(sample(), "y ~ a * b + female"), "a", average_over="equal")

"""Average marginal interaction effects against cell means, and against the property that defines them."""

import numpy as np
import pandas as pd
import pytest

import vignetta as vg
from vignetta.errors import StudyError

EXACT = 1e-10
"""The same sums in another order."""


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    levels = {"arm": list("abc"), "place": list("pq"), "other": list("uv")}
    frame = pd.DataFrame({name: rng.choice(known, 400) for name, known in levels.items()})
    return frame.assign(y=rng.normal(size=400) + (frame["arm"] == "b") * (frame["place"] == "q"))


UNEVEN = {"arm": {"a": 0.2, "b": 0.5, "c": 0.3}, "place": {"p": 0.4, "q": 0.6}, "other": {"u": 0.7, "v": 0.3}}


def by_hand(data: pd.DataFrame, base: tuple[str, str]) -> dict[tuple[str, str], float]:
    """From the means of the 12 cells, weighted by the target."""
    cell = data.groupby(["arm", "place", "other"])["y"].mean()
    other = UNEVEN["other"]
    mean = {(a, p): sum(cell[a, p, o] * other[o] for o in other) for a in "abc" for p in "pq"}
    arm = {a: sum(mean[a, p] * UNEVEN["place"][p] for p in "pq") for a in "abc"}
    place = {p: sum(mean[a, p] * UNEVEN["arm"][a] for a in "abc") for p in "pq"}
    return {
        (a, p): mean[a, p] - mean[base] - (arm[a] - arm[base[0]]) - (place[p] - place[base[1]])
        for a in "abc"
        for p in "pq"
    }


@pytest.mark.parametrize("versus", ["a", "c"])
def test_interactions_are_those_of_the_cell_means(data: pd.DataFrame, versus: str) -> None:
    fitted = vg.fit(data, "y ~ arm * place * other")
    target = vg.target(UNEVEN, name="uneven")
    found = vg.interactions(fitted, "arm", within="place", versus=versus, average_over=target)
    expected = by_hand(data, (versus, "p"))
    for _, row in found.iterrows():
        assert row["estimate"] == pytest.approx(expected[row["level"], row["within_level"]], abs=EXACT)
    assert found.loc[found["is_reference"], ["level", "within_level"]].values.tolist() == [[versus, "p"]]
    assert (found.loc[~found["is_reference"], "std_error"] > 0).all()


def test_differences_of_interactions_do_not_depend_on_the_reference(data: pd.DataFrame) -> None:
    fitted = vg.fit(data, "y ~ arm * place + other")
    found = [vg.interactions(fitted, "arm", within="place", versus=each)["estimate"].to_numpy() for each in ("a", "b")]
    np.testing.assert_allclose(np.diff(found[0]), np.diff(found[1]), atol=EXACT)


def test_an_additive_model_has_none(data: pd.DataFrame) -> None:
    found = vg.interactions(vg.fit(data, "y ~ arm + place"), "arm", within="place")
    np.testing.assert_allclose(found["estimate"], 0, atol=EXACT)


def test_pairs_that_cannot_be_compared_are_refused(data: pd.DataFrame) -> None:
    fitted = vg.fit(data, "y ~ arm * place * other")
    cells = pd.MultiIndex.from_product([list("abc"), list("pq"), list("uv")], names=["arm", "place", "other"])
    tied = cells.to_frame(index=False).query("arm != 'c' or other == 'u'")
    tied = tied.assign(probability=1 / len(tied))
    with pytest.raises(StudyError, match="restrictions tie"):
        vg.interactions(fitted, "arm", within="place", average_over=tied)
    with pytest.raises(StudyError, match="itself"):
        vg.interactions(fitted, "arm", within="arm")

"""Bootstraps of clusters against fits written out draw by draw, against each other, and against known truth."""

from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import stats

from vignetta.analysis.estimands.joint_tests import joint_test
from vignetta.analysis.estimands.margins import contrasts, margins
from vignetta.analysis.inference.bootstrap import WildDraws, bootstrap_covariance, draw_pairs, draw_wild, wild_test
from vignetta.analysis.inference.resampling import pairs_bootstrap, wild_bootstrap
from vignetta.analysis.models.fitting import fit
from vignetta.analysis.models.freedom import satterthwaite
from vignetta.analysis.models.least_squares import solve
from vignetta.analysis.models.uncertainty import uncertainty
from vignetta.errors import StudyError
from vignetta.plan import Errors

Floats = npt.NDArray[np.float64]

EXACT = 1e-9
"""The same quantity by another route, up to rounding."""
SIZE = 0.014
"""Two standard errors of a share of 0.05 over 1,000 samples."""


def problem(G: int = 7, seed: int = 0) -> tuple[Floats, Floats, Floats, Any]:
    rng = np.random.default_rng(seed)
    clusters = rng.permutation(np.repeat(np.arange(G), rng.integers(3, 9, G)))
    n = len(clusters)
    X = np.column_stack([np.ones(n), rng.normal(size=n) + clusters % 2, rng.normal(size=n)])
    return X, X[:, 1] * 0.4 + rng.normal(size=G)[clusters] + rng.normal(size=n), rng.uniform(0.5, 2, n), clusters


class Slow:
    """The bootstrap-t by fitting again in every draw."""

    def __init__(self, X: Floats, y: Floats, w: Floats, clusters: Any, c: Floats) -> None:
        self.X, self.y, self.w, self.clusters, self.c = X, y, w, clusters, c
        self.M = np.linalg.inv(X.T * w @ X)

    def t(self, y: Floats, null: float) -> float:
        b = self.M @ (self.X.T @ (self.w * y))
        scores = self.X * (self.w * (y - self.X @ b))[:, None]
        sums = np.array([scores[self.clusters == g].sum(axis=0) for g in np.unique(self.clusters)])
        return float((self.c @ b - null) / np.sqrt(np.sum((sums @ self.M @ self.c) ** 2)))

    def p(self, null: float, draws: Floats, restricted: bool) -> float:
        b = self.M @ (self.X.T @ (self.w * self.y))
        center = null if restricted else float(self.c @ b)
        b = b - self.M @ self.c * (self.c @ b - center) / (self.c @ self.M @ self.c)
        residuals = self.y - self.X @ b
        drawn = [abs(self.t(self.X @ b + v[self.clusters] * residuals, center)) for v in draws.T]
        return float(np.mean(np.array(drawn) > abs(self.t(self.y, null)) * (1 + EXACT)))


@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize("c", [[0.0, 1, 0], [1, 0.5, -1]])
def test_p_values_are_those_of_fitting_again(c: list[float], restricted: bool) -> None:
    X, y, w, clusters = problem()
    slow = Slow(X, y, w, clusters, np.array(c))
    wild = draw_wild(7, draws=199, weights="webb", rng=np.random.default_rng(3))
    for null in (0.0, 0.4, -1.0):
        found = wild_test(solve(X, y, w), clusters, np.array(c), wild=wild, null=null, restricted=restricted)
        assert found.statistic == pytest.approx(slow.t(y, null), rel=EXACT)
        assert found.p_value == slow.p(null, wild.points[wild.codes], restricted)


@pytest.mark.parametrize("restricted", [True, False])
def test_the_interval_holds_what_is_not_rejected(restricted: bool) -> None:
    X, y, w, clusters = problem(12)
    wild = draw_wild(12, draws=999, weights="webb", rng=np.random.default_rng(3))
    options: dict[str, Any] = {"wild": wild, "restricted": restricted}
    c, solution = np.array([0.0, 1, 0]), solve(X, y, w)
    found = wild_test(solution, clusters, c, **options)
    assert found.conf_low < found.estimate < found.conf_high
    for end, inward in ((found.conf_low, 1e-6), (found.conf_high, -1e-6)):
        inside, outside = (
            wild_test(solution, clusters, c, null=end + step, **options).p_value for step in (inward, -inward)
        )
        assert outside <= 0.05 + EXACT <= inside + 2 / 999


def test_few_clusters_take_every_sign_once() -> None:
    wild = draw_wild(5, draws=99, weights="rademacher", rng=np.random.default_rng(0))
    assert sorted(map(tuple, wild.points[wild.codes].T)) == sorted(product([-1.0, 1.0], repeat=5))
    assert draw_wild(7, draws=99, weights="rademacher", rng=np.random.default_rng(0)).codes.shape == (7, 99)


def test_the_weights_have_mean_zero_and_variance_one() -> None:
    for weights in ("webb", "rademacher"):
        points = draw_wild(9, draws=10, weights=weights, rng=np.random.default_rng(0)).points  # type: ignore[arg-type]
        assert (points.mean(), np.mean(points**2)) == pytest.approx((0, 1), abs=EXACT)


def test_opposite_draws_have_the_same_p_value() -> None:
    X, y, w, clusters = problem()
    wild = draw_wild(7, draws=199, weights="rademacher", rng=np.random.default_rng(4))
    turned = WildDraws(wild.points, (1 - wild.codes).astype(np.int8))
    c, solution = np.array([0.0, 1, 0]), solve(X, y, w)
    first, second = (wild_test(solution, clusters, c, wild=each) for each in (wild, turned))
    assert (first.p_value, first.conf_low) == pytest.approx((second.p_value, second.conf_low), rel=EXACT)


def test_too_few_clusters_give_an_interval_without_end() -> None:
    """Four clusters have sixteen sign changes: two of them give the statistic itself, so that none is below 2 / 16."""
    X, y, w, clusters = problem(4)
    wild = draw_wild(4, draws=99, weights="rademacher", rng=np.random.default_rng(4))
    found = wild_test(solve(X, y, w), clusters, np.array([0.0, 0, 1]), wild=wild, alpha=1e-3)
    assert found.conf_low == -np.inf or found.conf_high == np.inf or found.p_value == 0


def test_pairs_are_those_of_fitting_again() -> None:
    X, y, w, clusters = problem(12)
    found = draw_pairs(solve(X, y, w), clusters, draws=20, rng=np.random.default_rng(8))
    times = np.random.default_rng(8).multinomial(12, np.full(12, 1 / 12), size=20)
    expected = [solve(X, y, w * each[clusters] + 1e-300).coef for each in times.astype(float)]
    np.testing.assert_allclose(found, expected, rtol=1e-7)


def test_draws_without_a_level_are_refused() -> None:
    X, y, w, clusters = problem(4)
    X[:, 2] = clusters == 1
    drawn = draw_pairs(solve(X, y, w), clusters, draws=50, rng=np.random.default_rng(8))
    with pytest.raises(StudyError, match="of 50 draws of clusters do not determine the coefficients"):
        bootstrap_covariance(drawn)


def responses(G: int = 20, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"who": np.repeat(np.arange(G), 6), "arm": rng.choice(["a", "b", "c"], 6 * G)})
    return data.assign(y=rng.normal(size=G)[data["who"]] + rng.normal(size=6 * G) + (data["arm"] == "b"))


def test_every_estimand_is_tested_by_the_same_draws() -> None:
    fitted = fit(responses(), "y ~ arm", errors="CR1", cluster="who")
    wild = wild_bootstrap(fitted, rng=np.random.default_rng(1), draws=999)
    shown, plain = contrasts(wild, "arm"), contrasts(fitted, "arm")
    assert set(shown["errors"]) == {"CR1, wild bootstrap"}
    np.testing.assert_array_equal(shown[["estimate", "std_error"]], plain[["estimate", "std_error"]])
    assert shown["df"].isna().all()
    assert shown.loc[0, ["conf_low", "conf_high"]].tolist() == [0, 0]
    tested = shown.iloc[1:]
    assert (tested["conf_low"] < tested["estimate"]).all() and (tested["estimate"] < tested["conf_high"]).all()
    np.testing.assert_allclose(tested["p_value"], plain["p_value"][1:], atol=0.05)
    margins(wild, "arm")
    pd.testing.assert_frame_equal(contrasts(wild, "arm"), shown)
    assert "tests by resampling" in repr(wild)
    with pytest.raises(StudyError, match="is not made by resampling"):
        joint_test(wild, "arm")


def test_pairs_give_a_fit_with_their_covariance() -> None:
    fitted = fit(responses(100), "y ~ arm", errors="CR2", cluster="who")
    drawn = pairs_bootstrap(fitted, rng=np.random.default_rng(1))
    assert (drawn.df, drawn.working, set(contrasts(drawn, "arm")["errors"])) == (99, None, {"pairs bootstrap"})
    np.testing.assert_allclose(np.sqrt(np.diag(drawn.vcov)), np.sqrt(np.diag(fitted.vcov)), rtol=0.1)


@pytest.mark.parametrize(
    ("errors", "cluster", "options", "message"),
    [
        ("HC2", None, {}, "the fit has no cluster variable"),
        ("CR1", "who", {"draws": 0}, "0 is not a number of draws"),
        ("CR1", "who", {"weights": "mammen"}, "`mammen` is not an option. Options: `webb`, `rademacher`"),
    ],
)
def test_what_cannot_be_resampled_is_refused(
    errors: Errors, cluster: str | None, options: dict[str, Any], message: str
) -> None:
    fitted = fit(responses(), "y ~ arm", errors=errors, cluster=cluster)
    with pytest.raises(StudyError) as error:
        wild_bootstrap(fitted, rng=np.random.default_rng(1), **options)
    assert message in str(error.value)


@pytest.mark.slow
def test_with_few_clusters_only_some_errors_hold_their_size() -> None:
    """Twelve clusters, three of them treated: CR1 rejects a true null twice as often as it says; the others do not."""
    G, samples = 12, 1_000
    rng = np.random.default_rng(2024)
    who = np.repeat(np.arange(G), 10)
    X, c, ones = np.column_stack([np.ones(len(who)), who < 3]), np.array([0.0, 1]), np.ones(len(who))
    rejected = dict.fromkeys(("CR1", "CR2", "CR3", "wild"), 0)
    for _ in range(samples):
        solution = solve(X, rng.normal(size=G)[who] + rng.normal(size=len(who)), ones)
        for name in ("CR1", "CR2", "CR3"):
            known = uncertainty(solution, (who,), name, "t")  # type: ignore[arg-type]
            df = known.df if known.working is None else satterthwaite(known.working, c[None])[0]
            rejected[name] += int(2 * stats.t.sf(abs(solution.coef[1]) / np.sqrt(known.vcov[1, 1]), df) < 0.05)
        wild = draw_wild(G, draws=399, weights="webb", rng=rng)
        rejected["wild"] += int(wild_test(solution, who, c, wild=wild).p_value < 0.05)
    shares = {name: count / samples for name, count in rejected.items()}
    assert shares["CR1"] > 0.05 + 2 * SIZE, shares
    assert shares["CR2"] < 0.05 + SIZE, shares
    assert max(shares["CR3"], shares["wild"]) < 0.05 + 2 * SIZE, shares
    assert min(shares.values()) > 0.005, shares

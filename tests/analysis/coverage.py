"""How often 95% intervals of least squares cover the truth.

    python -m tests.analysis.coverage 10000

prints the table of `docs/estimates.md`. The rows of the design stay the same and the outcome is drawn anew: linear in
the terms, with an error whose spread depends on the response, and with clusters also a common part of each cluster
(intraclass correlation about 0.2). A quarter of the clusters has the treatment; all else varies within them.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from vignetta.analysis.estimands.averaging import grid
from vignetta.analysis.models.fits import Fit
from vignetta.analysis.models.fitting import fit
from vignetta.analysis.models.freedom import satterthwaite
from vignetta.analysis.models.least_squares import solve
from vignetta.analysis.models.uncertainty import uncertainty

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Setting:
    """Data whose outcome is drawn, how they are fitted, and the clusters (n,) of their rows, if any."""

    name: str
    errors: str
    data: pd.DataFrame
    formula: str
    clusters: npt.NDArray[np.int64] | None = None

    def fitted(self) -> Fit:
        cluster = None if self.clusters is None else "who"
        return fit(self.data, self.formula, errors=self.errors, cluster=cluster)  # type: ignore[arg-type]


def settings() -> Iterator[Setting]:
    """1,502 respondents with one vignette each; and clusters of whom a quarter are treated."""
    rng = np.random.default_rng(11)
    formula = "y ~ response * (regime + action) + age"
    for n in (120, 1502):
        data = _responses(rng, n)
        for errors in ("HC1", "HC2", "HC3"):
            yield Setting(f"{n:,} rows", errors, data, formula)
    for count, size in ((20, 12), (200, 6)):
        who = np.repeat(np.arange(count), size)
        data = _responses(rng, count * size).assign(who=who, treated=np.where(who % 4 == 0, "yes", "no"))
        for errors in ("CR1S", "CR2", "CR3"):
            yield Setting(f"{count} clusters of {size}", errors, data, "y ~ treated * regime + response + age", who)


def _responses(rng: np.random.Generator, n: int) -> pd.DataFrame:
    levels = {"response": ["r0", "r1", "r2"], "regime": ["a", "d"], "action": ["u", "t", "w"]}
    drawn = {name: rng.choice(each, n) for name, each in levels.items()}
    return pd.DataFrame({**drawn, "age": rng.normal(size=n), "y": rng.normal(size=n)})


def combinations(fitted: Fit, factor: str) -> Mapping[str, Floats]:
    """Combinations (m, k) of the coefficients of each estimand, averaged over the sample."""
    over = grid(fitted, [factor, "regime"], average_over="sample")
    first, *others = fitted.levels(factor)
    inside = [{"regime": each} for each in fitted.levels("regime")]
    effects = [[over.contrast(factor, (each, first), where) for each in others] for where in inside]
    return {
        "margin": np.array([over.mean({factor: each}) for each in (first, *others)]),
        "contrast": np.array([over.contrast(factor, (each, first), {}) for each in others]),
        "conditional effect": np.array([each for row in effects for each in row]),
        "difference": np.array([b - a for a, b in zip(*effects, strict=True)]),
    }


def coverage(setting: Setting, samples: int) -> dict[str, float]:
    """The share of intervals of each estimand that cover the truth."""
    rng = np.random.default_rng(3)
    fitted = setting.fitted()
    X = fitted.design_matrix(fitted.sample.data)
    asked = combinations(fitted, "treated" if setting.clusters is not None else "response")
    C, names = np.concatenate(list(asked.values())), np.repeat(list(asked), [len(each) for each in asked.values()])
    beta, spread = rng.normal(size=X.shape[1]), 1 + 0.8 * (setting.data["response"] == "r1").to_numpy()
    covered = np.zeros(len(C))
    for _ in range(samples):
        covered += _covers(setting, X, C, beta, spread * rng.normal(size=len(X)) + _common(setting, rng))
    return {str(name): float(covered[names == name].mean()) / samples for name in asked}


def _common(setting: Setting, rng: np.random.Generator) -> Floats | float:
    return 0.0 if setting.clusters is None else 0.6 * rng.normal(size=setting.clusters.max() + 1)[setting.clusters]


def _covers(setting: Setting, X: Floats, C: Floats, beta: Floats, error: Floats) -> npt.NDArray[np.bool_]:
    solution = solve(X, X @ beta + error, np.ones(len(X)))
    clusters = () if setting.clusters is None else (setting.clusters,)
    known = uncertainty(solution, clusters, setting.errors, "t")  # type: ignore[arg-type]
    std_error = np.sqrt(np.einsum("mk,kl,ml->m", C, known.vcov, C))
    df = known.df if known.working is None else satterthwaite(known.working, C)
    return np.abs(C @ (solution.coef - beta)) <= stats.t.isf(0.025, df) * std_error


def table(samples: int) -> Iterator[str]:
    yield "| data | errors | margin | contrast | conditional effect | difference |"
    yield "|---|---|---|---|---|---|"
    for each in settings():
        shares = " | ".join(f"{100 * share:.1f}%" for share in coverage(each, samples).values())
        yield f"| {each.name} | `{each.errors}` | {shares} |"


if __name__ == "__main__":
    for line in table(int(sys.argv[1])):
        print(line, flush=True)

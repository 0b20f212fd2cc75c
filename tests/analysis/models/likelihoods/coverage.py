"""How often 95% intervals of likelihood models cover the truth.

    python -m tests.analysis.models.likelihoods.coverage 10000

prints the table of `docs/estimates.md`. Rows of a cluster are correlated by a Gaussian copula, so that the model holds
for every row exactly and the truth is known; a quarter of the clusters have the treatment. The rows of X stay the same,
so that the effect on the scale of the outcome has one true value.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import special, stats

from vignetta.analysis.models.likelihoods.counterfactuals import Counterfactuals, every_row
from vignetta.analysis.models.likelihoods.effects import averages, effects, std_errors
from vignetta.analysis.models.likelihoods.maximum import family_of, maximum
from vignetta.analysis.models.likelihoods.sandwich import likelihood_covariance, satterthwaite

SLOPES = np.array([0.5, 0.6, -0.4, 0.3])
CUTS = np.array([-0.8, 0.5, 1.4])
CATEGORIES = ("1", "2", "3", "4")


@dataclass(frozen=True, eq=False)
class Setting:
    """A model, its rows and their clusters, and the truth."""

    model: Any
    X: Any
    clusters: Any
    correlation: float
    coef: Any
    over: Counterfactuals

    @property
    def by_outcome(self) -> Any:
        return np.arange(1.0, 5) if self.model.startswith("ordered") else np.ones(1)


def setting(model: str, clusters: int, size: int, correlation: float) -> Setting:
    rng = np.random.default_rng(clusters)
    group = np.repeat(np.arange(clusters), size)
    n = len(group)
    X = np.column_stack([group % 4 == 0, rng.integers(0, 2, n), rng.integers(0, 2, n), rng.normal(size=n)]).astype(
        float
    )
    coef = np.concatenate([CUTS, SLOPES])
    if not model.startswith("ordered"):
        X, coef = np.column_stack([np.ones(n), X]), np.concatenate([[-0.4], SLOPES])
    without, treated = X.copy(), X.copy()
    without[:, -4], treated[:, -4] = 0, 1
    return Setting(model, X, group, correlation, coef, every_row(np.stack([without, treated]), np.full(n, 1 / n)))


def draw(given: Setting, rng: np.random.Generator) -> Any:
    n, G = len(given.X), given.clusters.max() + 1
    shared, own = rng.normal(size=G)[given.clusters], rng.normal(size=n)
    normal = np.sqrt(given.correlation) * shared + np.sqrt(1 - given.correlation) * own
    error = normal if "probit" in given.model else special.logit(special.ndtr(normal))
    if given.model.startswith("ordered"):
        return np.digitize(given.X @ given.coef[3:] + error, CUTS).astype(float)
    return (given.X @ given.coef + error > 0).astype(float)


def coverage(given: Setting, errors: str, samples: int, seed: int = 5) -> pd.Series:
    """The share of samples whose interval of the treatment's slope and of its mean effect covers the truth."""
    rng = np.random.default_rng(seed)
    truth = np.array([given.coef[-4], _true_effect(given)])
    covered = [_covers(given, errors, draw(given, rng), truth) for _ in range(samples)]
    return pd.Series(np.mean(covered, axis=0), index=["slope", "effect"])


def _true_effect(given: Setting) -> float:
    family = family_of(given.model, CATEGORIES)
    found = family.averages(given.coef, given.over)
    first, second = effects(found, given.by_outcome)
    return float((second - first)[-1])


def _covers(given: Setting, errors: str, y: Any, truth: Any) -> Any:
    categories = CATEGORIES if given.model.startswith("ordered") else ()
    fit = maximum(given.model, given.X, y, categories=categories)
    clusters = given.clusters if errors.startswith("CR") else None
    first, second = effects(averages(fit, given.over), given.by_outcome)
    slope = np.append(np.eye(len(fit.coef))[-4], fit.coef[-4])
    rows = np.array([slope, second - first])
    error = std_errors(rows, likelihood_covariance(fit, errors, clusters))
    return np.abs(rows[:, -1] - truth) <= stats.t.isf(0.025, _df(fit, errors, rows, clusters)) * error


def _df(fit: Any, errors: str, rows: Any, clusters: Any) -> Any:
    if errors in ("HC2", "CR2", "CR3"):
        return satterthwaite(fit, errors, rows[:, :-1], clusters)
    return len(fit.weights) - len(fit.coef) if clusters is None else clusters.max()


SETTINGS: dict[str, Callable[[], Setting]] = {
    "logit, 20 clusters of 12": lambda: setting("logit", 20, 12, 0.15),
    "logit, 200 clusters of 6": lambda: setting("logit", 200, 6, 0.15),
    "probit, 20 clusters of 12": lambda: setting("probit", 20, 12, 0.15),
    "ordered logit, 20 clusters of 12": lambda: setting("ordered_logit", 20, 12, 0.15),
    "ordered logit, 200 clusters of 6": lambda: setting("ordered_logit", 200, 6, 0.15),
    "ordered logit, 1,502 rows": lambda: setting("ordered_logit", 1502, 1, 0.0),
    "logit, 1,502 rows": lambda: setting("logit", 1502, 1, 0.0),
}


def main() -> None:
    samples = int(sys.argv[1])
    print("| model | errors | slope | mean effect |\n|---|---|---|---|")
    for name, make in SETTINGS.items():
        for errors in ("HC1", "HC2") if "rows" in name else ("CR1S", "CR2", "CR3"):
            found = coverage(make(), errors, samples)
            print(f"| {name} | `{errors}` | {found['slope']:.1%} | {found['effect']:.1%} |", flush=True)


if __name__ == "__main__":
    main()

"""Robust and clustered errors of margins and contrasts, beside statsmodels with contrasts by hand in the same run.

Run with `make bench`, which allows one thread. CPU seconds, the median of several runs after one that is not counted.
The model has the shape of the flagship's: one factor crossed with four others, and covariates (42 coefficients). By
hand means: fit with statsmodels' formulas, predict the model matrix for each level, multiply out with the covariance.
Python's marginaleffects stands beside where it is installed; it is no dependency of the project, and its version 0.6.0
needs polars below 2. "Numbers" is this package's estimator alone, from the model matrix to errors and degrees of
freedom of all coefficients and 50 other combinations, without reading the frame or making a table.
"""

import tracemalloc
from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
from patsy import build_design_matrices
from timing import cpu

import vignetta as vg
from vignetta.analysis.models.freedom import satterthwaite
from vignetta.analysis.models.least_squares import solve
from vignetta.analysis.models.uncertainty import uncertainty
from vignetta.plan import Errors

LEVELS = {"response": 5, "transgression": 4, "regime": 2, "capability": 2, "treaty": 2, "party": 3, "education": 4}
FACTORS = ("transgression", "regime", "capability", "treaty")
FORMULA = f"approval ~ response * ({' + '.join(FACTORS)}) + age + female + party + education"
ONLY_FACTORS = f"approval ~ response * ({' + '.join(FACTORS)})"
SIZES = {"1,502": (1502, 1), "9,012 in 1,502": (1502, 6), "100,000": (100_000, 1), "1,000,000": (1_000_000, 1)}
LARGE = 1_000_000
RUNS = 3
HAS_EFFECTS = find_spec("marginaleffects") is not None


def responses(respondents: int, each: int) -> pd.DataFrame:
    """Made-up responses; a respondent's traits do not vary from vignette to vignette."""
    rng = np.random.default_rng(1)
    n = respondents * each
    who = np.repeat(np.arange(respondents), each)
    columns: dict[str, object] = {"rid": who}
    for name, count in LEVELS.items():
        drawn = rng.integers(0, count, n)
        if name in ("party", "education"):
            drawn = drawn[who * each]
        columns[name] = pd.Categorical.from_codes(drawn, categories=[f"{name}{place}" for place in range(count)])
    columns["age"] = rng.integers(18, 90, respondents)[who].astype(float)
    columns["female"] = rng.integers(0, 2, respondents)[who].astype(float)
    columns["approval"] = rng.integers(1, 8, n).astype(float)
    return pd.DataFrame(columns)


def ours(data: pd.DataFrame, formula: str, errors: Errors) -> None:
    """Fit, margins, contrasts, and contrasts within each other factor."""
    fitted = vg.fit(data, formula, errors=errors, cluster="rid" if errors.startswith("CR") else None)
    vg.margins(fitted, "response")
    vg.contrasts(fitted, "response")
    for factor in FACTORS:
        vg.contrasts(fitted, "response", within=factor)


def by_hand(data: pd.DataFrame, formula: str, errors: str) -> None:
    """The same from statsmodels: CR2 does not exist there, so clusters get Stata's."""
    clustered = {"cov_type": "cluster", "cov_kwds": {"groups": data["rid"]}} if errors.startswith("CR") else {}
    fitted = smf.ols(formula, data).fit(**(clustered or {"cov_type": errors}))
    info, vcov, b = fitted.model.data.model_spec, fitted.cov_params().to_numpy(), fitted.params.to_numpy()

    def mean(**levels: str) -> np.ndarray:
        there = data.assign(**{k: pd.Categorical([v] * len(data), data[k].cat.categories) for k, v in levels.items()})
        return np.asarray(build_design_matrices([info], there)[0]).mean(axis=0)

    rows = [mean(response=each) for each in data["response"].cat.categories]
    combinations = [*rows, *(row - rows[0] for row in rows[1:])]
    for factor in FACTORS:
        for level in data[factor].cat.categories:
            inside = [mean(response=each, **{factor: level}) for each in data["response"].cat.categories]
            combinations += [row - inside[0] for row in inside[1:]]
    C = np.array(combinations)
    _ = C @ b, np.sqrt(np.einsum("rk,kl,rl->r", C, vcov, C))


def numbers(data: pd.DataFrame, errors: Errors) -> Callable[[], object]:
    """From the model matrix to the errors, and with CR2 degrees of freedom, of all coefficients, margins, contrasts."""
    fitted = vg.fit(data, FORMULA, errors="HC1")
    assert fitted.solution is not None
    X, y, clusters = fitted.solution.X, data["approval"].to_numpy(), data["rid"].to_numpy()
    k = X.shape[1]
    C = np.concatenate([np.eye(k), [fitted.mean_row] * 50 + 0.1 * np.random.default_rng(1).normal(size=(50, k))])
    ones = np.ones(len(y))

    def work() -> object:
        solution = solve(X, y, ones)
        known = uncertainty(solution, (clusters,) if errors.startswith("CR") else (), errors, "t")
        std_error = np.sqrt(np.einsum("rk,kl,rl->r", C, known.vcov, C, optimize=True))
        return std_error, None if known.working is None else satterthwaite(known.working, C)

    return work


def peak(work: Callable[[], object]) -> float:
    """Largest memory that a call holds, in MB."""
    tracemalloc.start()
    work()
    held = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return held


def marginaleffects(data: pd.DataFrame, formula: str) -> None:
    """The same with Python's marginaleffects, where it is installed."""
    effects = import_module("marginaleffects")
    fitted = smf.ols(formula, data).fit(cov_type="HC3")
    effects.avg_predictions(fitted, variables="response")
    effects.avg_comparisons(fitted, variables={"response": "reference"})
    for factor in FACTORS:
        effects.avg_comparisons(fitted, variables={"response": "reference"}, by=factor)


def one_pass(data: pd.DataFrame) -> Callable[[], object]:
    """The sum of the outcome for every combination of the five factors: one pass over six columns."""
    codes = [data[name].cat.codes.to_numpy() for name in ("response", *FACTORS)]
    y = data["approval"].to_numpy()

    def work() -> object:
        place = np.zeros(len(y), dtype=np.int64)
        for name, each in zip(("response", *FACTORS), codes, strict=True):
            place = place * LEVELS[name] + each
        return np.bincount(place, y)

    return work


def against(first: float, work: Callable[[], object], runs: int) -> str:
    """Seconds of another's way, and how often ours fits into them."""
    second = cpu(work, runs)
    return f"{second:.3f} | {second / first:.0f}"


def effects_rows() -> None:
    print("| data | model | errors | ours | statsmodels by hand | times | marginaleffects | times |")
    print("|---|---|---|---|---|---|---|---|")
    for label, (respondents, each) in SIZES.items():
        data = responses(respondents, each)
        cases: list[tuple[str, str, Errors]] = [("full", FORMULA, "HC3"), ("factors alone", ONLY_FACTORS, "HC3")]
        cases += [("full", FORMULA, "CR2")] if each > 1 else []
        for model, formula, errors in cases:
            first = cpu(lambda: ours(data, formula, errors), 5)  # noqa: B023
            runs = RUNS if len(data) < LARGE else 1
            hand = against(first, lambda: by_hand(data, formula, errors), runs)  # noqa: B023
            asked = HAS_EFFECTS and model == "full" and errors == "HC3" and len(data) < LARGE
            theirs = against(first, lambda: marginaleffects(data, formula), runs) if asked else " | "  # noqa: B023
            print(f"| {label} | {model} | {errors} | {first:.4f} | {hand} | {theirs} |", flush=True)


def floors() -> None:
    print("\n| data | what | CPU seconds | peak |\n|---|---|---|---|")
    for label, (respondents, each) in SIZES.items():
        data = responses(respondents, each)
        kinds: list[Errors] = ["HC3", "CR2"] if each > 1 else ["HC3"]
        for errors in kinds:
            work = numbers(data, errors)
            print(f"| {label} | numbers alone, {errors} | {cpu(work, RUNS):.4f} | {peak(work):.0f} MB |", flush=True)
    held = data.memory_usage().sum() / 1e6
    fitted = partial(vg.fit, data, ONLY_FACTORS, errors="HC3")
    print(f"| {label} | the data | | {held:.0f} MB |")
    print(f"| {label} | one pass over the columns | {cpu(one_pass(data), 5):.4f} | |")
    print(f"| {label} | the fit of factors alone, from the frame | {cpu(fitted, 5):.4f} | {peak(fitted):.0f} MB |")
    whole = partial(vg.fit, data, FORMULA, errors="HC3")
    print(f"| {label} | the full fit, from the frame | {cpu(whole, 5):.4f} | {peak(whole):.0f} MB |")


def main() -> None:
    also = f", marginaleffects {version('marginaleffects')}" if HAS_EFFECTS else "; marginaleffects is not installed"
    print(f"statsmodels {version('statsmodels')}, numpy {np.__version__}{also}\n")
    effects_rows()
    floors()


if __name__ == "__main__":
    main()

"""Robust and clustered errors of margins and contrasts, beside statsmodels with contrasts by hand in the same run.

Run with `make bench`, which allows one thread. CPU seconds, the median of several runs after one that is not counted.
The model has the shape of the flagship's: one factor crossed with four others, and covariates (42 coefficients). By
hand means: fit with statsmodels' formulas, predict the model matrix for each level, multiply out with the covariance.
"Numbers" is this package's estimator alone, from the model matrix to errors and degrees of freedom of all coefficients
and 50 other combinations, without reading the frame or making a table.
"""

import tracemalloc
from collections.abc import Callable
from importlib.metadata import version

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
from patsy import build_design_matrices
from timing import cpu

import vignetta as vg
from vignetta.analysis.freedom import satterthwaite
from vignetta.analysis.least_squares import solve
from vignetta.analysis.uncertainty import uncertainty
from vignetta.plan import Errors

LEVELS = {"response": 5, "transgression": 4, "regime": 2, "capability": 2, "treaty": 2, "party": 3, "education": 4}
FACTORS = ("transgression", "regime", "capability", "treaty")
FORMULA = f"approval ~ response * ({' + '.join(FACTORS)}) + age + female + party + education"
ONLY_FACTORS = f"approval ~ response * ({' + '.join(FACTORS)})"
RUNS = 3


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
    X, y, clusters = fitted.design_matrix(fitted.sample.data), data["approval"].to_numpy(), data["rid"].to_numpy()
    grid = [fitted.mean_row] * 50
    C = np.concatenate([np.eye(X.shape[1]), grid + 0.1 * np.random.default_rng(1).normal(size=(50, X.shape[1]))])
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


def main() -> None:
    print(f"statsmodels {version('statsmodels')}, numpy {np.__version__}\n")
    print("| data | model | errors | ours | statsmodels by hand | ratio | numbers alone | their peak |")
    print("|---|---|---|---|---|---|---|---|")
    sizes = {"1,502": (1502, 1), "9,012 in 1,502": (1502, 6), "100,000": (100_000, 1)}
    for label, (respondents, each) in sizes.items():
        data = responses(respondents, each)
        cases: list[tuple[str, str, Errors]] = [("full", FORMULA, "HC3")]
        cases += [("full", FORMULA, "CR2")] if each > 1 else [("factors alone", ONLY_FACTORS, "HC3")]
        for model, formula, errors in cases:
            first = cpu(lambda: ours(data, formula, errors), RUNS)  # noqa: B023
            second = cpu(lambda: by_hand(data, formula, errors), RUNS)  # noqa: B023
            alone = numbers(data, errors) if model == "full" else None
            shown = f"{cpu(alone, RUNS):.3f} | {peak(alone):.0f} MB" if alone else " | "
            print(f"| {label} | {model} | {errors} | {first:.3f} | {second:.3f} | {second / first:.1f} | {shown} |")


if __name__ == "__main__":
    main()

"""Models of the flagship's size, fitted with their margins and errors, beside statsmodels' fit alone.

Run with `make bench`. One vignette of 1,502 respondents, and six (9,012 rows in 1,502 clusters), with the flagship's
formula: the response times all other factors, and covariates; 42 columns. CPU seconds, the median of several runs in
one process; ratios are to the plain tool in the same run.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd
import statsmodels.api as sm
from formulaic import model_matrix
from statsmodels.miscmodels.ordinal_model import OrderedModel
from timing import cpu

from vignetta.analysis.models.likelihoods.counterfactuals import Counterfactuals
from vignetta.analysis.models.likelihoods.distinct import distinct
from vignetta.analysis.models.likelihoods.effects import averages, effects, std_errors
from vignetta.analysis.models.likelihoods.maximum import maximum
from vignetta.analysis.models.likelihoods.sandwich import likelihood_covariance, satterthwaite

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
FACTORS = {"response": 5, "transgression": 4, "regime": 2, "capability": 2, "treaty": 2}
COVARIATES = {"party": 3, "education": 4}
FORMULA = "response * (transgression + regime + capability + treaty) + age + female + party + education"
CATEGORIES = tuple("1234567")


def frame(respondents: int, vignettes: int) -> pd.DataFrame:
    """Factors and covariates at random, and an outcome in seven ordered categories."""
    rng = np.random.default_rng(1)
    n, of = respondents * vignettes, np.repeat(np.arange(respondents), vignettes)
    columns: dict[str, object] = {name: _levels(rng.integers(0, size, n), size) for name, size in FACTORS.items()}
    columns |= {name: _levels(rng.integers(0, size, respondents)[of], size) for name, size in COVARIATES.items()}
    columns |= {"age": rng.integers(18, 90, respondents)[of], "female": rng.integers(0, 2, respondents)[of]}
    data = pd.DataFrame(columns)
    index = 0.3 * data["response"].cat.codes - 0.2 * data["regime"].cat.codes + data["age"] / 100
    latent = index + rng.normal(size=respondents)[of] / 2 + rng.logistic(size=n)
    places = np.digitize(latent, [-1.0, 0.0, 0.7, 1.4, 2.1, 3.0])
    return data.assign(rid=of, approval=places, approve=(places > 3).astype(float))


def _levels(codes: Codes, size: int) -> pd.Categorical:
    return pd.Categorical.from_codes(codes.tolist(), categories=[f"l{place}" for place in range(size)])


@dataclass(frozen=True, eq=False)
class Task:
    """The rows of a model, and the grids of its margins."""

    data: pd.DataFrame
    X: Floats
    approval: Floats
    clusters: Codes | None
    errors: str

    def grid(self, factors: tuple[str, ...]) -> Counterfactuals:
        """Every combination of these factors, the rest as observed; without the intercept."""
        names = np.array(model_matrix(FORMULA, self.data).columns[1:])
        reads = np.array([any(each in name for each in factors) for name in names])
        others = [each for each in FACTORS if each not in factors]
        groups = self.data.groupby(others, observed=True).ngroup().to_numpy()
        combinations = self.data.iloc[np.unique(groups, return_index=True)[1]]
        cells = product(*(range(FACTORS[each]) for each in factors))
        varying = np.stack(
            [self._rows(combinations, dict(zip(factors, each, strict=True)))[:, reads] for each in cells]
        )
        fixed = self.X[:, 1:][:, ~reads]
        stands, row = distinct(np.column_stack([fixed, groups]))
        return Counterfactuals(reads, varying, fixed[stands], groups[stands], np.bincount(row) / len(row))

    def _rows(self, combinations: pd.DataFrame, levels: dict[str, int]) -> Floats:
        columns = {name: _levels(np.full(len(combinations), level), FACTORS[name]) for name, level in levels.items()}
        return np.asarray(model_matrix(FORMULA, combinations.assign(**columns)), dtype=np.float64)[:, 1:]

    def ordered(self, grids: list[Counterfactuals]) -> None:
        """Fit, errors, and for every grid the margins of all categories and of the score with standard errors."""
        fit = maximum("ordered_logit", self.X[:, 1:], self.approval, categories=CATEGORIES)
        vcov = likelihood_covariance(fit, self.errors, self.clusters)
        for over in grids:
            found = averages(fit, over)
            for outcome in [*np.eye(7), np.arange(1.0, 8)]:
                std_errors(effects(found, outcome), vcov)

    def degrees_of_freedom(self) -> Callable[[], object]:
        fit = maximum("ordered_logit", self.X[:, 1:], self.approval, categories=CATEGORIES)
        return lambda: satterthwaite(fit, self.errors, np.eye(len(fit.coef)), self.clusters)

    def logit(self) -> None:
        likelihood_covariance(maximum("logit", self.X, self.approve), self.errors, self.clusters)

    def plain_ordered(self) -> None:
        OrderedModel(self.approval, self.X[:, 1:], distr="logit").fit(disp=0, method="bfgs", maxiter=500)

    def plain_logit(self) -> None:
        sm.Logit(self.approve, self.X).fit(disp=0)

    @property
    def approve(self) -> Floats:
        return (self.approval > 3).astype(np.float64)


def task(vignettes: int, errors: str) -> Task:
    data = frame(1502, vignettes)
    X = np.asarray(model_matrix(FORMULA, data), dtype=np.float64)
    clusters = data["rid"].to_numpy() if errors.startswith("CR") else None
    return Task(data, X, data["approval"].to_numpy(dtype=np.float64), clusters, errors)


def compare(given: Task) -> None:
    """Print the rows of the table for one data set."""
    margins = [given.grid(("response",))]
    conditional = [given.grid(("response", each)) for each in list(FACTORS)[1:]]
    plain = cpu(given.plain_ordered, 1)
    for what, grids in (("margins", margins), ("margins and 50 conditional margins", [*margins, *conditional])):
        _print(given, f"ordered logit, {what} of 7 categories and the score", cpu(partial(given.ordered, grids)), plain)
    _print(given, "logit", cpu(given.logit), cpu(given.plain_logit))


def _print(given: Task, what: str, seconds: float, plain: float | None = None) -> None:
    beside = "| |" if plain is None else f"{plain:.3f} | {plain / seconds:.1f} |"
    print(f"| {len(given.X):,} | {what}, {given.errors} | {seconds:.3f} | {beside}")


def main() -> None:
    print(f"numpy {version('numpy')}; beside: the fit alone by statsmodels {version('statsmodels')}\n")
    print("| rows | what | CPU seconds | beside | times faster |\n|---|---|---|---|---|")
    compare(task(1, "HC1"))
    compare(task(6, "CR1S"))
    adjusted = task(6, "CR2")
    _print(adjusted, "ordered logit and margins", cpu(partial(adjusted.ordered, [adjusted.grid(("response",))])))
    _print(adjusted, "degrees of freedom of all coefficients", cpu(adjusted.degrees_of_freedom()))


if __name__ == "__main__":
    main()

"""What a model that was fitted to a frame holds, whatever fitted it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import formulaic
import numpy as np
import numpy.typing as npt
import pandas as pd

from vignetta.analysis.intervals import Inference, infer
from vignetta.analysis.models.columns import Column, evaluate, values_of
from vignetta.analysis.models.freedom import Working, satterthwaite
from vignetta.analysis.models.least_squares import Solution
from vignetta.analysis.models.linearisation import Sampled
from vignetta.analysis.models.samples import Sample
from vignetta.analysis.options import Distribution, unknown
from vignetta.design.declaration import Design
from vignetta.errors import Problem, StudyError

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

ROUNDING = 1e-14
"""A variance below this share of what its terms sum to without cancelling is rounding, and means zero; so is an error
below this share of the estimate."""
PART = 1e-7
"""A combination whose part in a direction is below this share of its length has none, up to rounding."""


@dataclass(frozen=True, eq=False)
class Cells:
    """Combinations of levels of some factors, with their probabilities.

    Attributes
    ----------
    levels : the f factors with their levels.
    codes : (m, f) for each combination and factor the place of the level.
    probability : (m,) of each, positive; sums to 1.
    """

    levels: dict[str, list[str]]
    codes: npt.NDArray[np.int64]
    probability: Floats


@dataclass(frozen=True, eq=False, repr=False)
class Fit:
    """A fitted model.

    Attributes
    ----------
    name : the model's name in the estimates frame.
    formula, outcome : as written.
    errors, distribution, alpha : how errors are estimated, tests are made, and what intervals leave out.
    terms : the k names of the coefficients.
    coef : (k,) coefficients.
    vcov : (k, k) their covariance.
    df : degrees of freedom of tests that have none of their own (see `degrees_of_freedom`): n - k, clusters - 1, or
        infinite for the normal distribution.
    n, n_missing : rows used, and left out because a value is missing.
    n_clusters : NaN without clusters.
    sample : the rows used.
    factors : for every variable of the terms, its levels and their values in the data; none for a number.
    spec : how formulaic turns rows into the columns of X.
    mean_row : (k,) weighted mean of the rows of X.
    reads : for every term the variables that it reads and its columns of X.
    plain : the k columns of X where they are products of plain factors and numbers, or None.
    crossed, declared : mean rows of X, and designs' distributions, kept so that each is computed once.
    working : gives tests their own degrees of freedom, or None.
    absorbed : (k, d) directions of the coefficients, times `inverse`, that no clustered error is known of.
    solution : the least squares behind it.
    tests : makes tests of combinations (m, k) of the coefficients against a null; None for t tests.
    sampled : for margins whose covariates count as sampled (see `unconditional`), or None.
    notes : what a reader of the numbers must know.
    can_resample : whether clusters can be drawn again: not where instruments are used or effects span clusters.
    """

    name: str
    formula: str
    outcome: str
    errors: str
    distribution: Distribution
    alpha: float
    terms: tuple[str, ...]
    coef: Floats
    vcov: Floats
    df: float
    n: int
    n_missing: int
    n_clusters: float
    sample: Sample
    factors: dict[str, dict[str, Any]]
    spec: formulaic.ModelSpec
    mean_row: Floats
    reads: tuple[tuple[frozenset[str], slice], ...]
    plain: tuple[Column, ...] | None = None
    crossed: dict[tuple[object, ...], Floats] = field(default_factory=dict)
    declared: dict[int, tuple[Design, Cells]] = field(default_factory=dict)
    working: Working | None = None
    absorbed: Floats | None = None
    solution: Solution | None = None
    tests: Callable[[Floats, float], Inference] | None = None
    sampled: Sampled | None = None
    notes: tuple[str, ...] = ()
    can_resample: bool = True

    def design_matrix(self, rows: pd.DataFrame) -> Floats:
        """The rows of X (len(rows), k) for `rows`, which have the columns and types of `sample.data`."""
        if self.plain is not None:
            return evaluate(self.plain, values_of(rows))
        with np.errstate(all="ignore"):
            matrix = self.spec.get_model_matrix(rows, context={}, na_action="ignore")
        return np.asarray(matrix, dtype=np.float64)

    def std_errors(self, combinations: Floats) -> Floats:
        """Standard errors (m,) of combinations (m, k) of the coefficients; NaN where the data say nothing of them."""
        variance = np.vecdot(combinations @ self.vcov, combinations)
        errors = (np.abs(combinations) @ np.sqrt(np.diag(self.vcov))) ** 2
        values = (np.abs(combinations) @ np.abs(self.coef)) ** 2
        rounding = variance <= ROUNDING * errors + ROUNDING**2 * values
        return np.where(self.is_absorbed(combinations), np.nan, np.sqrt(np.where(rounding, 0.0, variance)))

    def is_absorbed(self, combinations: Floats) -> npt.NDArray[np.bool_]:
        """Which combinations (m, k) have a part that a single cluster determines; (m,)."""
        if self.absorbed is None or self.solution is None or not self.absorbed.shape[1]:
            return np.zeros(len(combinations), dtype=bool)
        turned = combinations @ self.solution.inverse
        parts: Floats = np.abs(turned @ self.absorbed).max(axis=1)
        return np.asarray(parts > PART * np.linalg.norm(turned, axis=1))

    def degrees_of_freedom(self, combinations: Floats) -> Floats:
        """Degrees of freedom (m,) of the tests of combinations (m, k) of the coefficients."""
        if self.working is None:
            return np.full(len(combinations), self.df)
        return satterthwaite(self.working, combinations)

    def infer(self, combinations: Floats, std_error: Floats, df: Floats, *, null: float = 0.0) -> Inference:
        """Tests and intervals of combinations (m, k) with their errors and degrees of freedom."""
        if self.tests is not None:
            return self.tests(combinations, null)
        return infer(combinations @ self.coef, std_error, df=df, null=null, alpha=self.alpha)

    def predictions(self, X: Floats, outcome: str | None) -> Floats:
        """The prediction (r,) for rows (r, k) of X; there is one outcome."""
        return X @ self.coef

    def estimates(self, combinations: Floats) -> Floats:
        """The values (m,) of combinations (m, k) of the coefficients."""
        return combinations @ self.coef

    def places(self, columns: slice) -> Codes:
        """Which coefficients belong to columns of the design matrix."""
        return np.arange(len(self.coef))[columns]

    def levels(self, factor: str) -> dict[str, Any]:
        """The levels of a factor, as texts, with their values in the data; the first is the reference.

        Raises `StudyError` for a name that is not in the model, or is there as a number.
        """
        if factor not in self.factors:
            raise StudyError(unknown("factor", "the model has no factor", factor, list(self.factors)))
        if not self.factors[factor]:
            remedy = f"Write `C({factor})` in the formula, or make the column a category."
            raise StudyError(Problem("factor", f"`{factor}` is a number, not a factor.", remedy))
        return self.factors[factor]

    def __repr__(self) -> str:
        return _table(self)


def _table(fitted: Fit) -> str:
    each = np.eye(len(fitted.coef))
    std_error, df = fitted.std_errors(each), fitted.degrees_of_freedom(each)
    found = fitted.infer(each, std_error, df)
    table = pd.DataFrame(
        {
            "estimate": fitted.estimates(each),
            "std_error": std_error,
            **({} if fitted.working is None else {"df": df}),
            "statistic": found.statistic,
            "p_value": found.p_value,
            "conf_low": found.conf_low,
            "conf_high": found.conf_high,
        },
        index=list(fitted.terms),
    )
    clusters = "" if np.isnan(fitted.n_clusters) else f", {fitted.n_clusters:.0f} clusters"
    head = f"{fitted.name}: {fitted.formula}"
    rows = f"n = {fitted.n}{clusters}, {fitted.n_missing} left out as incomplete; errors {fitted.errors}"
    notes = "".join(f"\nNote: {each}." for each in fitted.notes)
    shown = table.to_string(float_format="{:.4f}".format, formatters={"p_value": _p_text})
    return f"{head}\n{rows}; tests {_tests(fitted)}\n{shown}{notes}"


def _tests(fitted: Fit) -> str:
    if fitted.tests is not None:
        return "by resampling"
    if fitted.working is not None:
        return "t with degrees of freedom of Satterthwaite"
    return "normal" if np.isinf(fitted.df) else f"t with {fitted.df:g} degrees of freedom"


def _p_text(p: float) -> str:
    return "<0.0001" if p < 0.0001 else f"{p:.4f}"

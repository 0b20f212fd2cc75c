"""A model fitted to a frame."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import formulaic
import numpy as np
import numpy.typing as npt
import pandas as pd
from formulaic.errors import FormulaicError
from formulaic.parser.types import Factor

from vignetta.analysis.columns import Column, evaluate, plain_columns
from vignetta.analysis.freedom import Working, satterthwaite
from vignetta.analysis.intervals import Inference, infer
from vignetta.analysis.least_squares import Solution, dependent_columns, solve
from vignetta.analysis.options import Distribution, option_problems, raise_all, unknown
from vignetta.analysis.samples import Sample, distinct_rows, names_in, read_formula, read_sample, variables
from vignetta.analysis.uncertainty import error_problems, uncertainty
from vignetta.design.declaration import Design
from vignetta.errors import Problem, StudyError
from vignetta.plan import Errors, ModelFamily

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

EXACT = 1e-12
"""Residuals below this share of the outcome's size are rounding: nothing is left to estimate errors from."""
ROUNDING = 1e-14
"""A variance below this share of what its terms sum to without cancelling is rounding, and means zero; so is an error
below this share of the estimate."""
FEW = 50
"""Rows that show which columns a model of plain factors and numbers has."""
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
    crossed, declared : mean rows of X, and designs' distributions, kept so that each is computed once.
    working : gives tests their own degrees of freedom, or None.
    absorbed : (k, d) directions of the coefficients, times `inverse`, that no clustered error is known of.
    solution : the least squares behind it.
    tests : makes tests of combinations (m, k) of the coefficients against a null; None for t tests.
    notes : what a reader of the numbers must know.
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
    crossed: dict[tuple[object, ...], Floats] = field(default_factory=dict)
    declared: dict[int, tuple[Design, Cells]] = field(default_factory=dict)
    working: Working | None = None
    absorbed: Floats | None = None
    solution: Solution | None = None
    tests: Callable[[Floats, float], Inference] | None = None
    notes: tuple[str, ...] = ()

    def design_matrix(self, rows: pd.DataFrame) -> Floats:
        """The rows of X (len(rows), k) for `rows`, which have the columns and types of `sample.data`."""
        return _design_matrix(self.spec, rows, self._columns)

    @cached_property
    def _columns(self) -> tuple[Column, ...] | None:
        return plain_columns(self.spec, self.sample.data)

    def std_errors(self, combinations: Floats) -> Floats:
        """Standard errors (m,) of combinations (m, k) of the coefficients; NaN where the data say nothing of them."""
        variance = np.einsum("rk,kl,rl->r", combinations, self.vcov, combinations, optimize=True)
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


def fit(
    data: pd.DataFrame,
    formula: str,
    *,
    model: ModelFamily = "ols",
    errors: Errors = "HC2",
    cluster: str | tuple[str, str] | None = None,
    weights: str | None = None,
    distribution: Distribution = "t",
    alpha: float = 0.05,
) -> Fit:
    """Fit a regression.

    Parameters
    ----------
    data : any frame. Text and categorical columns are factors: the levels of a category in its order, those of a text
        column in alphabetical order; the first level is the reference.
    formula : outcome ~ terms, with + * : and parentheses; a name with spaces stands in backticks.
    model : ols.
    errors : classical or HC0 to HC4; with `cluster`, CR0, CR1, CR1S, CR2 or CR3.
    cluster : the column whose values are clusters; two columns for clustering in both at once (CR0, CR1 or CR1S).
    weights : the column of the weights, which are positive and act as in R's lm.
    distribution : t with n - k degrees of freedom, with clusters - 1 when errors are clustered, and with those of
        Satterthwaite, which each test has its own of, under CR2; normal; or satterthwaite, for all clustered errors.
    alpha : intervals cover 1 - alpha.

    Returns
    -------
    A `Fit`. Rows with a missing value in a variable that is used are left out, and counted in `n_missing`.

    Raises
    ------
    StudyError
        With every problem: unknown columns and options, levels without a response, terms that others determine,
        values that are not finite, too few rows or clusters.

    Examples
    --------
    >>> data = pd.DataFrame({"y": [1.0, 2.0, 4.0, 6.0], "arm": ["a", "a", "b", "b"]})
    >>> fit(data, "y ~ arm", errors="classical").coef.round(6).tolist()
    [1.5, 3.5]
    """
    problems = option_problems(model=model, errors=errors, distribution=distribution)
    raise_all([*problems, *error_problems(errors, cluster, distribution), *_alpha_problems(alpha)])
    read = read_formula(formula)
    sample = read_sample(data, read, cluster=cluster, weights=weights)
    y, X, places, spec = _matrices(read, sample)
    total = sample.weights if places is None else np.bincount(places, sample.weights).astype(np.float64)
    raise_all(_sample_problems(sample, y, X, spec, total))
    solution = solve(X, y, sample.weights, places)
    raise_all(_exact_problems(solution.residuals, y))
    known = uncertainty(solution, sample.all_clusters, errors, distribution)
    return Fit(
        name=model,
        formula=formula,
        outcome=_unquoted(read),
        errors=errors,
        distribution=distribution,
        alpha=alpha,
        terms=tuple(spec.column_names),
        coef=solution.coef,
        vcov=known.vcov,
        df=known.df,
        n=len(y),
        n_missing=sample.n_missing,
        n_clusters=_n_clusters(sample),
        sample=sample,
        factors=_factors(read.rhs, sample, spec),
        spec=spec,
        mean_row=total @ X / total.sum(),
        reads=tuple((frozenset(variables([term])), place) for term, place in spec.term_slices.items()),
        working=known.working,
        absorbed=known.absorbed,
        solution=solution,
        notes=known.notes,
    )


def _alpha_problems(alpha: float) -> list[Problem]:
    return [] if 0 < alpha < 1 else [Problem("alpha", f"{alpha} is not between 0 and 1.", "Write 0.05.")]


def _matrices(formula: formulaic.Formula, sample: Sample) -> tuple[Floats, Floats, Codes | None, formulaic.ModelSpec]:
    """The outcome (n,), the rows of X, and the place (n,) of each observation among them if only factors are read."""
    distinct = distinct_rows(sample.data, variables(formula.rhs))
    rows, places = (sample.data, None) if distinct is None else (sample.data.iloc[distinct[0]], distinct[1])
    try:
        with np.errstate(all="ignore"):
            left = formula.lhs.get_model_matrix(sample.data, context={}, na_action="ignore")
            right = formula.rhs.get_model_matrix(rows.iloc[:FEW], context={}, na_action="ignore")
            columns = plain_columns(right.model_spec, sample.data)
            if columns is None and len(rows) > FEW:
                right = formula.rhs.get_model_matrix(rows, context={}, na_action="ignore")
    except FormulaicError as error:
        said = " ".join(str(error).split())
        raise StudyError(Problem("formula", said, "Write `outcome ~ a * b`.")) from None
    y, X = (np.asarray(side, dtype=np.float64) for side in (left, right))
    if columns is not None and len(rows) > FEW:
        X = evaluate(columns, rows)
    if y.shape[1] != 1:
        what = f"the outcome has {y.shape[1]} columns."
        raise StudyError(Problem("formula", what, "Write one numeric outcome before `~`."))
    return y[:, 0], X, places, right.model_spec


def _design_matrix(spec: formulaic.ModelSpec, rows: pd.DataFrame, columns: tuple[Column, ...] | None) -> Floats:
    if columns is not None:
        return evaluate(columns, rows)
    with np.errstate(all="ignore"):
        matrix = spec.get_model_matrix(rows, context={}, na_action="ignore")
    return np.asarray(matrix, dtype=np.float64)


def _sample_problems(sample: Sample, y: Floats, X: Floats, spec: formulaic.ModelSpec, weights: Floats) -> list[Problem]:
    names = np.array(spec.column_names)
    problems = [
        Problem("formula", f"`{name}` is not finite in some rows.", "A logarithm or a ratio of zero?")
        for name in names[~np.isfinite(X).all(axis=0)]
    ]
    if not np.isfinite(y).all():
        problems.append(Problem("formula", "the outcome is not finite in some rows.", "A logarithm of zero?"))
    if any(each.max() == 0 for each in sample.all_clusters):
        problems.append(Problem("cluster", "there is one cluster only.", "Errors need at least two."))
    if np.ptp(y) == 0:
        problems.append(Problem("outcome", f"it is {y[0]:g} in every complete row.", "Nothing can be estimated."))
    return problems or _rank_problems(len(y), X, spec, weights)


def _rank_problems(n: int, X: Floats, spec: formulaic.ModelSpec, weights: Floats) -> list[Problem]:
    k = X.shape[1]
    if n <= k:
        return [Problem("data", f"{n} complete rows cannot carry {k} coefficients.", "Simplify the formula.")]
    names = np.array(spec.column_names)
    zero = ~X.any(axis=0)
    dependent = dependent_columns(X, weights) & ~zero
    problems = []
    if zero.any():
        what = f"no row has the combination of {_listed(names[zero])}."
        remedy = "Make one column of the combinations that exist, and use it in place of the interaction."
        problems.append(Problem("formula", what, remedy))
    if dependent.any():
        what = f"{_listed(names[dependent])} can be computed from the terms before."
        remedy = "Drop a term; or, if combinations of levels never occur, make one column of those that do."
        problems.append(Problem("formula", what, remedy))
    return problems


def _exact_problems(residuals: Floats, y: Floats) -> list[Problem]:
    if np.abs(residuals).max() > EXACT * np.abs(y).max():
        return []
    return [Problem("formula", "the terms determine the outcome exactly.", "Is the outcome among the terms?")]


def _listed(names: npt.NDArray[Any], most: int = 8) -> str:
    shown = ", ".join(f"`{each}`" for each in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def _n_clusters(sample: Sample) -> float:
    return float(min((each.max() + 1 for each in sample.all_clusters), default=np.nan))


def _unquoted(formula: formulaic.Formula) -> str:
    names, text = variables(formula.lhs), str(formula.lhs)
    return names[0] if len(names) == 1 and text.strip("`") == names[0] else text


def _factors(terms: formulaic.SimpleFormula, sample: Sample, spec: formulaic.ModelSpec) -> dict[str, dict[str, Any]]:
    coded = {name for name, (kind, _) in spec.encoder_state.items() if kind.value == "categorical"}
    inside = {name for each in _elements(terms) if each.expr in coded for name in names_in(each)}
    return {name: _levels(sample.data[name], name in inside) for name in variables(terms)}


def _elements(terms: formulaic.SimpleFormula) -> list[Factor]:
    return [factor for term in terms for factor in term.factors]


def _levels(column: "pd.Series[Any]", coded: bool) -> dict[str, Any]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return {str(each): each for each in column.cat.categories}
    return {f"{each:g}": each for each in np.unique(column)} if coded else {}


def _table(fitted: Fit) -> str:
    each = np.eye(len(fitted.coef))
    std_error, df = fitted.std_errors(each), fitted.degrees_of_freedom(each)
    found = fitted.infer(each, std_error, df)
    table = pd.DataFrame(
        {
            "estimate": fitted.coef,
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

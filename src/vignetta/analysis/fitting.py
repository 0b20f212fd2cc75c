"""Fit a model to a frame."""

from collections.abc import Sequence
from typing import Any

import formulaic
import numpy as np
import numpy.typing as npt
import pandas as pd
from formulaic.errors import FormulaicError
from formulaic.parser.types import Factor

from vignetta.analysis.adjusting import interacted
from vignetta.analysis.columns import Plain, evaluate, plain_columns, remembered
from vignetta.analysis.fits import Fit
from vignetta.analysis.least_squares import dependent_columns, solve
from vignetta.analysis.likelihood_fitting import Categories, fit_likelihood, likelihood_problems, read_categories
from vignetta.analysis.likelihoods.maximum import IN_CATEGORIES
from vignetta.analysis.linearisation import strata_problems
from vignetta.analysis.options import Distribution, option_problems, raise_all
from vignetta.analysis.samples import Sample, names_in, read_formula, read_sample, variables
from vignetta.analysis.uncertainty import error_problems, uncertainty
from vignetta.errors import Problem, StudyError
from vignetta.plan import Errors, ModelFamily

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

EXACT = 1e-12
"""Residuals below this share of the outcome's size are rounding: nothing is left to estimate errors from."""
FEW = 50
"""Rows that show which columns a model of plain factors and numbers has."""


def fit(
    data: pd.DataFrame,
    formula: str,
    *,
    model: ModelFamily = "ols",
    errors: Errors = "HC2",
    cluster: str | tuple[str, str] | None = None,
    weights: str | None = None,
    strata: str | None = None,
    adjust: Sequence[str] = (),
    distribution: Distribution = "t",
    alpha: float = 0.05,
) -> Fit:
    """Fit a regression.

    Parameters
    ----------
    data : any frame. Text and categorical columns are factors: the levels of a category in its order, those of a text
        column in alphabetical order; the first level is the reference.
    formula : outcome ~ terms, with + * : and parentheses; a name with spaces stands in backticks.
    model : ols; logit, probit; poisson; ordered_logit, ordered_probit; multinomial_logit. The outcome of logit and
        probit is 0 or 1, that of ordered models a number or an ordered category.
    errors : classical or HC0 to HC4; with `cluster`, CR0, CR1, CR1S, CR2 or CR3; linearised, those of a
        sample survey, with or without clusters and strata.
    cluster : the column whose values are clusters; two columns for clustering in both at once (CR0, CR1 or CR1S).
    weights : the column of the weights, which are positive and act as in R's lm.
    strata : the column whose values are sampling strata, for linearised errors.
    adjust : covariates for Lin's (2013) adjustment: centred at their means and interacted with every term, categories
        by their centred indicators, so that the coefficients of the terms stay average effects.
    distribution : t with n - k degrees of freedom, with clusters - 1 when errors are clustered (clusters or rows less
        strata when linearised), and with those of Satterthwaite, which each test has its own of, under CR2; normal; or
        satterthwaite, for all clustered errors.
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
    problems += [*error_problems(errors, cluster, distribution, strata), *_alpha_problems(alpha)]
    raise_all([*problems, *likelihood_problems(model, errors, cluster, distribution)])
    if adjust:
        data, formula = interacted(data, formula, adjust, cluster=cluster, weights=weights, strata=strata)
    read = read_formula(formula)
    data, categories = _in_categories(data, _unquoted(read), model)
    sample = read_sample(data, read, cluster=cluster, weights=weights, strata=strata)
    y, X, places, spec = _matrices(read, sample)
    total = sample.weights if places is None else np.bincount(places, sample.weights).astype(np.float64)
    raise_all([*strata_problems(sample), *_sample_problems(sample, y, X, spec, total)])
    shared = {
        "name": model,
        "formula": formula,
        "outcome": _unquoted(read),
        "errors": errors,
        "distribution": distribution,
        "alpha": alpha,
        "terms": tuple(spec.column_names),
        "n": len(y),
        "n_missing": sample.n_missing,
        "n_clusters": _n_clusters(sample),
        "sample": sample,
        "factors": _factors(read.rhs, sample, spec),
        "spec": spec,
        "mean_row": total @ X / total.sum(),
        "reads": tuple((frozenset(variables([term])), place) for term, place in spec.term_slices.items()),
    }
    if model != "ols":
        rows, columns = X if places is None else X[places], tuple(spec.column_names)
        return fit_likelihood(model, rows, y, columns=columns, categories=categories, **shared)
    return _least_squares(y, X, places, shared)


def _least_squares(y: Floats, X: Floats, places: Codes | None, shared: dict[str, Any]) -> Fit:
    sample = shared["sample"]
    solution = solve(X, y, sample.weights, places)
    raise_all(_exact_problems(solution.residuals, y))
    known = uncertainty(solution, sample.all_clusters, shared["errors"], shared["distribution"], strata=sample.strata)
    return Fit(
        **shared,
        coef=solution.coef,
        vcov=known.vcov,
        df=known.df,
        working=known.working,
        absorbed=known.absorbed,
        solution=solution,
        notes=known.notes,
    )


def _in_categories(data: pd.DataFrame, outcome: str, model: ModelFamily) -> tuple[pd.DataFrame, Categories | None]:
    """The data with an outcome of categories as their places, and the categories."""
    if model not in IN_CATEGORIES or not isinstance(data, pd.DataFrame) or outcome not in data:
        return data, None
    codes, categories = read_categories(data[outcome], model)
    return data.assign(**{outcome: codes}), categories


def _alpha_problems(alpha: float) -> list[Problem]:
    return [] if 0 < alpha < 1 else [Problem("alpha", f"{alpha} is not between 0 and 1.", "Write 0.05.")]


def _matrices(formula: formulaic.Formula, sample: Sample) -> tuple[Floats, Floats, Codes | None, formulaic.ModelSpec]:
    """The outcome (n,), the rows of X, and the place (n,) of each observation among them if only factors are read."""
    distinct = sample.distinct(variables(formula.rhs))
    rows, places = (sample.data, None) if distinct is None else (sample.data.iloc[distinct[0]], distinct[1])
    try:
        with np.errstate(all="ignore"):
            left = formula.lhs.get_model_matrix(sample.data, context={}, na_action="ignore")
            X, spec = _rows_of(formula.rhs, rows)
    except FormulaicError as error:
        said = " ".join(str(error).split())
        raise StudyError(Problem("formula", said, "Write `outcome ~ a * b`.")) from None
    y = np.asarray(left, dtype=np.float64)
    if y.shape[1] != 1:
        what = f"the outcome has {y.shape[1]} columns."
        raise StudyError(Problem("formula", what, "Write one numeric outcome before `~`."))
    return y[:, 0], X, places, spec


def _rows_of(right: formulaic.SimpleFormula, rows: pd.DataFrame) -> tuple[Floats, formulaic.ModelSpec]:
    """The rows of X; a few of them show whether the columns are plain."""

    def plain() -> Plain | None:
        spec = right.get_model_matrix(rows.iloc[:FEW], context={}, na_action="ignore").model_spec
        columns = plain_columns(spec, rows)
        return None if columns is None else (spec, columns)

    known = remembered(right, rows[variables(right)], plain)
    if known is not None:
        return evaluate(known[1], rows), known[0]
    matrix = right.get_model_matrix(rows, context={}, na_action="ignore")
    return np.asarray(matrix, dtype=np.float64), matrix.model_spec


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

"""Fit a model to a frame."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from typing import Any

import formulaic
import numpy as np
import numpy.typing as npt
import pandas as pd
from formulaic.errors import FormulaicError
from formulaic.parser.types import Factor

from vignetta.analysis.models.adjusting import interacted
from vignetta.analysis.models.columns import Column, Plain, assemble, plain_columns, remembered
from vignetta.analysis.models.estimators import estimator_of, shape_problems
from vignetta.analysis.models.fits import Fit
from vignetta.analysis.models.instrumental import Instruments
from vignetta.analysis.models.least_squares import Decomposition, Solution, decompose, dependent_columns
from vignetta.analysis.models.likelihood_fitting import Categories, fit_likelihood, likelihood_problems, read_categories
from vignetta.analysis.models.likelihoods.maximum import IN_CATEGORIES
from vignetta.analysis.models.linearisation import strata_problems
from vignetta.analysis.models.model_matrix import ModelMatrix
from vignetta.analysis.models.samples import Sample, names_in, read_formula, read_sample, variables
from vignetta.analysis.models.uncertainty import error_problems, uncertainty
from vignetta.analysis.options import Distribution, option_problems, raise_all
from vignetta.errors import Problem, StudyError, some
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
    fixed_effects: str | None = None,
    random_effects: str | None = None,
    instruments: Instruments | None = None,
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
    fixed_effects : the column of the units whose effects are held constant, such as the respondent: estimates compare
        the responses of a unit with each other. What does not vary within a unit has no estimate.
    random_effects : the column of the units whose effects are drawn independently of the terms.
    instruments : for each variable of the formula that was not assigned at random the one that was:
        {"recalled": "response"}, or several. Everywhere `recalled` stands, interactions included, `response` is its
        instrument; contrasts of `recalled` are then effects among those who comply. Errors are classical, HC0, HC1,
        CR0, CR1 or CR1S.
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
    problems += shape_problems(fixed_effects=fixed_effects, random_effects=random_effects, instruments=instruments)
    raise_all([*problems, *likelihood_problems(model, errors, cluster, distribution)])
    if adjust:
        data, formula = interacted(data, formula, adjust, cluster=cluster, weights=weights, strata=strata)
    read, estimator = read_formula(formula), estimator_of(fixed_effects, random_effects, instruments)
    raise_all(estimator.problems(model, errors, distribution, read))
    data, categories = _in_categories(data, _unquoted(read), model)
    beside, units = estimator.beside, estimator.units
    sample = read_sample(data, read, cluster=cluster, weights=weights, strata=strata, units=units, beside=beside)
    y, matrix = _outcome(read, sample), _model_matrix(read.rhs, sample)
    spec = matrix.spec
    raise_all([*strata_problems(sample), *_sample_problems(sample, y, matrix)])
    decomposition = decompose(matrix.X, sample.weights)
    raise_all(_rank_problems(sample, spec, decomposition))
    shared = _read(read, sample, matrix) | {"name": model, "formula": formula}
    shared |= {"errors": errors, "distribution": distribution, "alpha": alpha}
    if estimator.asked:
        fitted = estimator.fit(y, matrix.X.rows(), read.rhs, shared)
        raise_all(_exact_problems(fitted.solution) if fitted.solution else [])
        return fitted
    if model != "ols":
        columns = tuple(spec.column_names)
        return fit_likelihood(model, matrix.X.rows(), y, columns=columns, categories=categories, **shared)
    return _least_squares(decomposition.solve(y), shared)


def _least_squares(solution: Solution, shared: dict[str, Any]) -> Fit:
    sample = shared["sample"]
    raise_all(_exact_problems(solution))
    known = uncertainty(solution, sample.all_clusters, shared["errors"], shared["distribution"], strata=sample.strata)
    return Fit(**shared, **known.of_fit, coef=solution.coef, solution=solution, notes=known.notes)


def _in_categories(data: pd.DataFrame, outcome: str, model: ModelFamily) -> tuple[pd.DataFrame, Categories | None]:
    """The data with an outcome of categories as their places, and the categories."""
    if model not in IN_CATEGORIES or not isinstance(data, pd.DataFrame) or outcome not in data:
        return data, None
    codes, categories = read_categories(data[outcome], model)
    return data.assign(**{outcome: codes}), categories


def _alpha_problems(alpha: float) -> list[Problem]:
    return [] if 0 < alpha < 1 else [Problem("alpha", f"{alpha} is not between 0 and 1.", "Write 0.05.")]


@dataclass(frozen=True, eq=False)
class _Matrix:
    """The model matrix, how formulaic made it, and its columns where they are plain."""

    X: ModelMatrix
    spec: formulaic.ModelSpec
    columns: tuple[Column, ...] | None


def _outcome(formula: formulaic.Formula, sample: Sample) -> Floats:
    """The outcome (n,)."""
    if _unquoted(formula) in sample.columns:
        return np.asarray(sample.values[_unquoted(formula)], dtype=np.float64)
    with _told(), np.errstate(all="ignore"):
        left = formula.lhs.get_model_matrix(sample.data, context={}, na_action="ignore")
    y = np.asarray(left, dtype=np.float64)
    if y.shape[1] != 1:
        what = f"the outcome has {y.shape[1]} columns."
        raise StudyError(Problem("formula", what, "Write one numeric outcome before `~`."))
    return y[:, 0]


def _model_matrix(right: formulaic.SimpleFormula, sample: Sample) -> _Matrix:
    """The columns of X; a few rows show whether they are plain."""
    names = variables(right)

    def plain() -> Plain | None:
        few = sample.data[names].iloc[:FEW]
        spec = right.get_model_matrix(few, context={}, na_action="ignore").model_spec
        columns = plain_columns(spec, few)
        return None if columns is None else (spec, columns)

    with _told(), np.errstate(all="ignore"):
        known = remembered(right, {name: sample.columns[name] for name in names}, plain)
        if known is not None:
            return _Matrix(assemble(known[1], sample), *known)
        found = sample.distinct(names)
        rows = sample.data if found is None else sample.data.iloc[found.at]
        matrix = right.get_model_matrix(rows, context={}, na_action="ignore")
    X = np.asarray(matrix, dtype=np.float64)
    return _Matrix(ModelMatrix(X, None if found is None else found.places), matrix.model_spec, None)


@contextmanager
def _told() -> Iterator[None]:
    """What formulaic says of a formula, as a problem."""
    try:
        yield
    except FormulaicError as error:
        said = " ".join(str(error).split())
        raise StudyError(Problem("formula", said, "Write `outcome ~ a * b`.")) from None


def _read(read: formulaic.Formula, sample: Sample, matrix: _Matrix) -> dict[str, Any]:
    """What a fit holds of the formula and the sample, however it is fitted."""
    spec = matrix.spec
    return {
        "outcome": _unquoted(read),
        "terms": tuple(spec.column_names),
        "n": len(sample.weights),
        "n_missing": sample.n_missing,
        "n_clusters": _n_clusters(sample),
        "sample": sample,
        "factors": _factors(read.rhs, sample, spec),
        "spec": spec,
        "mean_row": matrix.X.mean(sample.weights if sample.are_weighted else None),
        "plain": matrix.columns,
        "reads": tuple((frozenset(variables([term])), place) for term, place in spec.term_slices.items()),
    }


def _sample_problems(sample: Sample, y: Floats, matrix: _Matrix) -> list[Problem]:
    names = np.array(matrix.spec.column_names)
    problems = [
        Problem("formula", f"`{name}` is not finite in some rows.", "A logarithm or a ratio of zero?")
        for name in names[~matrix.X.finite_columns()]
    ]
    if not np.isfinite(y).all():
        problems.append(Problem("formula", "the outcome is not finite in some rows.", "A logarithm of zero?"))
    if any(each.max() == 0 for each in sample.all_clusters):
        problems.append(Problem("cluster", "there is one cluster only.", "Errors need at least two."))
    if np.ptp(y) == 0:
        problems.append(Problem("outcome", f"it is {y[0]:g} in every complete row.", "Nothing can be estimated."))
    return problems


def _rank_problems(sample: Sample, spec: formulaic.ModelSpec, decomposition: Decomposition) -> list[Problem]:
    n, k = decomposition.X.shape
    if n <= k:
        return [Problem("data", f"{n} complete rows cannot carry {k} coefficients.", "Simplify the formula.")]
    if decomposition.is_of_full_rank:
        return []
    dependent = dependent_columns(decomposition.X.rows(), decomposition.weights)
    problems = []
    for term, place in spec.term_slices.items():
        never = _never_together(sample, variables([term])) if dependent[place].any() else ""
        if never:
            remedy = "Make one column of the combinations that exist, and use it in place of the interaction."
            problems.append(Problem("formula", f"no row has {never}.", remedy))
            dependent[place] = False
    if dependent.any():
        what = f"{some(np.array(spec.column_names)[dependent].tolist(), 8)} can be computed from the terms before."
        problems.append(Problem("formula", what, "Drop a term."))
    return problems


def _never_together(sample: Sample, names: list[str], most: int = 4) -> str:
    """The combinations of levels that no row has, in words."""
    factors = [name for name in names if isinstance(sample.columns[name], pd.Categorical)]
    found = sample.distinct(factors)
    if found is None or len(factors) < 2:
        return ""
    levels = [list(map(str, sample.columns[name].categories)) for name in factors]
    seen = set(zip(*(sample.values[name][found.at].tolist() for name in factors), strict=True))
    empty = [each for each in product(*(range(len(known)) for known in levels)) if each not in seen]
    told = [
        " and ".join(f"`{name}` {known[code]}" for name, known, code in zip(factors, levels, each, strict=True))
        for each in empty[:most]
    ]
    return ", or ".join(told) + (f", or {len(empty) - most} other combinations" if len(empty) > most else "")


def _exact_problems(solution: Solution) -> list[Problem]:
    size = float(np.abs(solution.y).max())
    if solution.squares.squares.sum() > solution.weights.sum() * (EXACT * size) ** 2:
        return []
    return [Problem("formula", "the terms determine the outcome exactly.", "Is the outcome among the terms?")]


def _n_clusters(sample: Sample) -> float:
    return float(min((each.max() + 1 for each in sample.all_clusters), default=np.nan))


def _unquoted(formula: formulaic.Formula) -> str:
    names, text = variables(formula.lhs), str(formula.lhs)
    return names[0] if len(names) == 1 and text.strip("`") == names[0] else text


def _factors(terms: formulaic.SimpleFormula, sample: Sample, spec: formulaic.ModelSpec) -> dict[str, dict[str, Any]]:
    coded = {name for name, (kind, _) in spec.encoder_state.items() if kind.value == "categorical"}
    inside = {name for each in _elements(terms) if each.expr in coded for name in names_in(each)}
    return {name: _levels(sample.columns[name], name in inside) for name in variables(terms)}


def _elements(terms: formulaic.SimpleFormula) -> list[Factor]:
    return [factor for term in terms for factor in term.factors]


def _levels(column: Any, coded: bool) -> dict[str, Any]:
    if isinstance(column, pd.Categorical):
        return {str(each): each for each in column.categories}
    return {f"{each:g}": each for each in np.unique(column)} if coded else {}

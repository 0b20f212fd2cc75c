"""A likelihood fitted to a frame."""

from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from vignetta.analysis.intervals import Inference, infer
from vignetta.analysis.models.fits import Fit
from vignetta.analysis.models.likelihoods.counterfactuals import every_row
from vignetta.analysis.models.likelihoods.effects import at_least, averages, category
from vignetta.analysis.models.likelihoods.maximum import IN_CATEGORIES, WITH_THRESHOLDS, Likelihood, Maximum, maximum
from vignetta.analysis.models.likelihoods.sandwich import likelihood_covariance, satterthwaite
from vignetta.analysis.models.linearisation import likelihood_influence, linearised, units
from vignetta.analysis.models.samples import Sample
from vignetta.analysis.options import Distribution, unknown
from vignetta.errors import Problem, StudyError
from vignetta.plan import Errors

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

LIKELIHOODS = get_args(Likelihood)
AT_ONCE = 10_000
"""Rows that are predicted at a time."""
ROUNDING = 1e-14
"""A variance below this share of what its terms sum to without cancelling is rounding, and means zero."""


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class LikelihoodFit(Fit):
    """A fit by maximum likelihood; margins and contrasts are on the scale of the outcome.

    `coef`, `vcov` and `terms` are those of the p coefficients of the likelihood; `mean_row` and `reads` speak of the
    columns of the design matrix.

    Attributes
    ----------
    maximum : the likelihood at its maximum.
    kept : (columns,) which columns of the design matrix are in the likelihood's X.
    values : (J,) what the categories count in the expected score; none when they are not numbers.
    """

    maximum: Maximum
    kept: Flags
    values: Floats | None = None

    def places(self, columns: slice) -> npt.NDArray[np.int64]:
        """Which coefficients belong to columns of the design matrix, in every equation."""
        inside = np.zeros(len(self.kept), dtype=bool)
        inside[columns] = True
        slopes, k = np.flatnonzero(inside[self.kept]), int(self.kept.sum())
        thresholds = 0 if self.kept.all() else len(self.coef) - k
        starts = np.arange(thresholds, len(self.coef), k)
        return (slopes + starts[:, None]).ravel()

    def by_outcome(self, outcome: str | None) -> Floats:
        """The combination of the outcomes that is predicted.

        `outcome` is `mean` (the probability, the expected count, the expected score of an ordered outcome), a category,
        or `>=` and a category of an ordered outcome. When left out it is `mean`.
        """
        known = self.maximum.family.outcomes
        if outcome is None or outcome == "mean":
            return self._mean(known)
        if outcome in known:
            return category(known, outcome)
        least, is_ordered = outcome.removeprefix(">=").strip(), not self.kept.all()
        if is_ordered and outcome.startswith(">=") and least in known:
            return at_least(known, least)
        raise StudyError(unknown("outcome", "the model has no outcome", outcome, list(known)))

    def _mean(self, known: tuple[str, ...]) -> Floats:
        if known == ("mean",):
            return np.ones(1)
        if self.values is None:
            what = "the categories are not ordered numbers, so there is no mean."
            raise StudyError(Problem("outcome", what, f'Name a category, such as outcome="{known[-1]}".'))
        return self.values

    def predictions(self, X: Floats, outcome: str | None) -> Floats:
        """The prediction (r,) for rows (r, k) of the design matrix; `outcome` as for `by_outcome`."""
        by_outcome, one = self.by_outcome(outcome), np.ones(1)
        parts = (X[start : start + AT_ONCE, None, self.kept] for start in range(0, len(X), AT_ONCE))
        return np.concatenate([averages(self.maximum, every_row(each, one)).estimate @ by_outcome for each in parts])

    def estimates(self, rows: Floats) -> Floats:
        """The values (m,) of effects (m, p + 1), or of combinations (m, p) of the coefficients.

        So is every `rows` of the methods of this class: an effect is its derivatives by the p coefficients, then its
        value (see `likelihoods.effects`).
        """
        p = len(self.coef)
        return rows @ self.coef if rows.shape[1] == p else rows[:, p]

    def std_errors(self, rows: Floats) -> Floats:
        """Standard errors (m,) by the delta method; those of rounding are zero."""
        gradients = rows[:, : len(self.coef)]
        variance = np.einsum("mp,pq,mq->m", gradients, self.vcov, gradients, optimize=True)
        largest = (np.abs(gradients) @ np.sqrt(np.diag(self.vcov))) ** 2
        return np.where(variance <= ROUNDING * largest, 0.0, np.sqrt(np.maximum(variance, 0)))

    def degrees_of_freedom(self, rows: Floats) -> Floats:
        """Of tests of effects or combinations: Satterthwaite's under CR2; else the fit's."""
        if self.errors not in ("CR2",) or np.isinf(self.df):
            return np.full(len(rows), self.df)
        gradients = rows[:, : len(self.coef)]
        found = satterthwaite(self.maximum, self.errors, gradients, self.sample.clusters)
        return np.where(gradients.any(axis=1), found, self.df)

    def infer(self, rows: Floats, std_error: Floats, df: Floats, *, null: float = 0.0) -> Inference:
        """Tests and intervals of effects or combinations, from their standard errors and degrees of freedom."""
        return infer(self.estimates(rows), std_error, df=df, null=null, alpha=self.alpha)


UNDEFINED = ("HC4",)
"""Errors that likelihoods do not have."""


def likelihood_problems(
    model: str, errors: str, cluster: str | tuple[str, str] | None, distribution: str
) -> list[Problem]:
    """What is wrong with the choice of errors and clusters for a likelihood; nothing for least squares."""
    if model not in LIKELIHOODS:
        return []
    problems = []
    if errors in UNDEFINED:
        problems.append(Problem("errors", f"`{errors}` is not defined for `{model}`.", 'Write errors="HC3".'))
    if isinstance(cluster, tuple):
        what = f"two cluster variables are not defined for `{model}`."
        problems.append(Problem("cluster", what, "Name one, the one with fewer clusters."))
    if distribution == "satterthwaite" and errors != "CR2":
        what = f"`{model}` has degrees of freedom of Satterthwaite under CR2 alone."
        problems.append(Problem("distribution", what, 'Write errors="CR2", or distribution="t".'))
    return problems


def fit_likelihood(
    model: Likelihood,
    X: Floats,
    y: Floats,
    *,
    sample: Sample,
    errors: Errors,
    columns: tuple[str, ...],
    categories: "Categories | None" = None,
    **shared: Any,
) -> LikelihoodFit:
    """Fit a likelihood to the design matrix of a formula.

    Parameters
    ----------
    X, y : (n, columns) and (n,) as formulaic makes them.
    columns : their names.
    categories : of an outcome in categories, from `read_categories`; taken from the values of y when left out.
    shared : the other attributes of `Fit`, the same for every model; degrees of freedom are n - p, clusters - 1, or
        infinite.

    Raises
    ------
    StudyError
        See `maximum`; and an ordered model without an intercept in its formula.
    """
    kept = np.ones(X.shape[1], dtype=bool)
    if model in WITH_THRESHOLDS:
        kept[np.flatnonzero((X == 1).all(axis=0))[:1]] = False
        if kept.all():
            what = "an ordered model has thresholds in place of an intercept, and the formula takes the intercept out."
            raise StudyError(Problem("formula", what, "Leave `0 +` or `- 1` out."))
    if model in IN_CATEGORIES and categories is None:
        categories, y = _of_numbers(y)
    named = tuple(name for name, each in zip(columns, kept, strict=True) if each)
    names = () if categories is None else categories.names
    found = maximum(model, X[:, kept], y, sample.weights, columns=named, categories=names)
    return LikelihoodFit(
        **{**shared, "terms": found.names, "df": _df(found, sample, errors, shared["distribution"])},
        coef=found.coef,
        vcov=_vcov(found, errors, sample),
        errors=errors,
        sample=sample,
        maximum=found,
        notes=found.notes,
        kept=kept,
        values=categories.values if categories and model in WITH_THRESHOLDS else None,
    )


def _vcov(found: Maximum, errors: Errors, sample: Sample) -> Floats:
    if errors != "linearised":
        return likelihood_covariance(found, errors, sample.clusters)
    likelihood_covariance(found, "CR0", sample.clusters)  # raises where a cluster fits a coefficient alone
    sampled = units(sample.clusters, sample.strata, found.n)
    return linearised(likelihood_influence(found, sampled), sampled)


def _df(found: Maximum, sample: Sample, errors: Errors, distribution: Distribution) -> float:
    if distribution == "normal":
        return np.inf
    if errors == "linearised":
        return units(sample.clusters, sample.strata, found.n).df
    return float(found.n - len(found.coef) if sample.clusters is None else sample.clusters.max())


# ------------------------------------------------------------------------------------------------------ categories


@dataclass(frozen=True, eq=False)
class Categories:
    """The categories of an outcome.

    Attributes
    ----------
    names : in order; the first is the reference of a multinomial logit.
    values : (J,) when they are numbers.
    """

    names: tuple[str, ...]
    values: Floats | None


def read_categories(column: "pd.Series[Any]", model: Likelihood) -> tuple["pd.Series[Any]", Categories | None]:
    """An outcome as places 0, 1, ... of its categories, missing as NaN; numbers stay as they are, without categories.

    Raises `StudyError` for texts, or a category without order, in an ordered model.
    """
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column, None
    read = column if isinstance(column.dtype, pd.CategoricalDtype) else column.astype("category")
    if model in WITH_THRESHOLDS and not read.cat.ordered:
        remedy = "Make it an ordered category (`pd.Categorical(..., ordered=True)`), or numbers."
        raise StudyError(Problem(f"column {column.name}", "the categories of the outcome have no order.", remedy))
    codes = read.cat.codes.astype(np.float64)
    numbers = pd.api.types.is_numeric_dtype(read.cat.categories.dtype)
    values = read.cat.categories.to_numpy(dtype=np.float64) if numbers else None
    names = tuple(f"{each:g}" if numbers else str(each) for each in read.cat.categories)
    return codes.where(codes >= 0), Categories(names, values)


def _of_numbers(y: Floats) -> tuple[Categories, Floats]:
    values, codes = np.unique(y, return_inverse=True)
    return Categories(tuple(f"{each:g}" for each in values), values), codes.astype(np.float64)

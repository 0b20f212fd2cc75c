"""Statements that captions, tables and methods share."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from vignetta.errors import Problem, StudyError, near_miss
from vignetta.plan import Adjustment, Average, Errors, EstimandKind, Estimator, ModelFamily
from vignetta.report.labels import Labels
from vignetta.report.numbers import count, freedom, number, p_equals

if TYPE_CHECKING:
    import pandas as pd

ERRORS: Final[Mapping[Errors, str]] = {
    "classical": "classical standard errors",
    "HC0": "heteroskedasticity-robust standard errors (HC0)",
    "HC1": "heteroskedasticity-robust standard errors (HC1)",
    "HC2": "heteroskedasticity-robust standard errors (HC2)",
    "HC3": "heteroskedasticity-robust standard errors (HC3)",
    "HC4": "heteroskedasticity-robust standard errors (HC4)",
    "CR0": "cluster-robust standard errors (CR0)",
    "CR1": "cluster-robust standard errors (CR1)",
    "CR1S": "cluster-robust standard errors (CR1S, those of Stata)",
    "CR2": "cluster-robust standard errors (CR2) with degrees of freedom of Satterthwaite",
    "CR3": "cluster-robust standard errors (CR3, the cluster jackknife)",
    "linearised": "standard errors of a survey sample, by linearisation",
}
MODELS: Final[Mapping[ModelFamily, str]] = {
    "ols": "Ordinary least squares",
    "logit": "Logistic regression",
    "probit": "Probit regression",
    "poisson": "Poisson regression",
    "ordered_logit": "Ordered logistic regression",
    "ordered_probit": "Ordered probit regression",
    "multinomial_logit": "Multinomial logistic regression",
}
ESTIMATORS: Final[Mapping[Estimator, str]] = {
    "fixed_effects": "Least squares with fixed effects",
    "random_effects": "Generalised least squares with random effects",
    "instruments": "Two-stage least squares",
}
AVERAGES: Final[Mapping[Average, str]] = {
    "design": "averaged over the other factors as the design distributes them",
    "sample": "averaged over the other factors as they occur in the sample",
    "equal": "averaged over all combinations of the other factors alike, numbers at their means",
    "proportional": "averaged over combinations of the other factors as they occur, numbers at their means",
}
ADJUSTMENTS: Final[Mapping[Adjustment, str]] = {
    "none": "not adjusted",
    "holm": "adjusted by Holm's method",
    "bonferroni": "adjusted by Bonferroni's method",
    "hochberg": "adjusted by Hochberg's method",
    "hommel": "adjusted by Hommel's method",
    "benjamini_hochberg": "adjusted by the method of Benjamini and Hochberg",
    "benjamini_yekutieli": "adjusted by the method of Benjamini and Yekutieli",
    "single_step": "adjusted by the distribution of the largest statistic, in a single step",
    "step_down": "adjusted by the distribution of the largest statistic, stepping down",
}


def coverage(alpha: float) -> str:
    """What share of intervals covers the truth.

    >>> coverage(0.05)
    '95%'
    """
    return f"{round(100 * (1 - alpha), 6):g}%"


def errors_words(errors: str) -> str:
    """The variance estimator in words. Raises `StudyError` when it is not known."""
    name, comma, _ = errors.partition(", unconditional")
    return _word("errors", name, ERRORS) + (", covariates counted as sampled" if comma else "")


def average_words(average_over: str) -> str:
    """What a margin averages over, in words. Raises `StudyError` when it is not known."""
    return _word("average_over", average_over, AVERAGES)


def responses(rows: "pd.DataFrame") -> str:
    """How many responses stand behind estimates: `n = 1,287`, or the smallest and largest count."""
    low, high = int(rows["n"].min()), int(rows["n"].max())
    return f"n = {count(low)}" if low == high else f"n = {count(low)} to {count(high)}"


def basis(rows: "pd.DataFrame", alpha: float) -> str:
    """Number of responses, intervals and errors of estimates, as one phrase."""
    errors = " and ".join(errors_words(each) for each in dict.fromkeys(rows["errors"]))
    return f"{responses(rows)}; {coverage(alpha)} confidence intervals from {errors}"


def joint_statistic(row: Any) -> str:
    """An F statistic with its degrees of freedom: `F(8, 1,240) = 1.23`."""
    constrained = str(row.level).split(" ")[0]
    return f"F({constrained}, {freedom(row.df)}) = {number(row.statistic)}"


def joint_words(row: Any, labels: Labels) -> str:
    """A joint test as a statement."""
    names = " × ".join(labels.factor(each) for each in (row.factor, row.within_factor) if each)
    return f"{names}: {joint_statistic(row)}, {p_equals(row.p_value)}"


def estimand_words(row: Any, labels: Labels) -> str:
    """What a set of estimates is about, as a heading."""
    within = labels.factor(row.within_factor) if row.within_factor else ""
    return estimand_title(row, labels, within=within)


def estimand_title(row: Any, labels: Labels, *, within: str) -> str:
    """What sets of estimates of one kind are about, as a heading; `within` has the words for the other factors."""
    factor = labels.factor(row.factor)
    versus = labels.level(row.factor, row.versus) if row.versus else ""
    titles: Mapping[EstimandKind, str] = {
        "margin": f"Predictive margins by {factor}",
        "contrast": f"{factor}: effects versus {versus}",
        "conditional_margin": f"Predictive margins by {factor}, within {within}",
        "conditional_effect": f"{factor}: effects versus {versus}, within {within}",
        "difference": f"{factor}: how the effects versus {versus} differ by {within}",
        "joint_test": "Joint tests of interactions",
    }
    return _word("estimand", row.estimand, titles)


def _word(what: str, name: str, known: Mapping[Any, str]) -> str:
    if name not in known:
        raise StudyError(Problem("estimates", f"unknown {what} `{name}`.", near_miss(name, list(known))))
    return known[name]

"""Lin's covariate adjustment: covariates centred at their means and interacted with every term."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from vignetta.analysis.models.samples import Sample, quote, read_factor, read_formula, read_sample, variables
from vignetta.analysis.options import raise_all
from vignetta.errors import Problem

Floats = npt.NDArray[np.float64]


def interacted(
    data: pd.DataFrame,
    formula: str,
    adjust: Sequence[str],
    *,
    cluster: str | tuple[str, str] | None = None,
    weights: str | None = None,
    strata: str | None = None,
) -> tuple[pd.DataFrame, str]:
    """The data with centred covariates, and the formula in which every term is interacted with them.

    A number enters as `age, centred`: less its mean over the complete rows, with the weights. A category enters as one
    such column for each level but the first, of the level's indicator. So the coefficients of the terms are effects
    at the mean of the covariates, which in a linear model are average effects (Lin 2013; estimatr's lm_lin).

    Raises
    ------
    StudyError
        With every problem of the columns; a covariate that is a term or the outcome; a formula without an intercept.

    Examples
    --------
    >>> data = pd.DataFrame({"y": [1.0, 2.0, 4.0], "arm": ["a", "a", "b"], "age": [20.0, 30.0, 40.0]})
    >>> centred, formula = interacted(data, "y ~ arm", ["age"])
    >>> formula, centred["age, centred"].tolist()
    ('y ~ (arm) * (`age, centred`)', [-10.0, 0.0, 10.0])
    """
    names = [adjust] if isinstance(adjust, str) else list(dict.fromkeys(adjust))
    raise_all(_problems(formula, names))
    left, _, right = formula.partition("~")
    together = read_formula(f"{left} ~ {right} + {' + '.join(map(quote, names))}")
    sample = read_sample(data, together, cluster=cluster, weights=weights, strata=strata)
    columns = {new: column for name in names for new, column in _centred(data[name], sample).items()}
    taken = [
        Problem(f"column {new}", "the adjustment makes a column of this name.", "Rename yours.") for new in columns
    ]
    raise_all([problem for new, problem in zip(columns, taken, strict=True) if new in data])
    return data.assign(**columns), f"{left.strip()} ~ ({right.strip()}) * ({' + '.join(map(quote, columns))})"


def _centred(column: "pd.Series[float]", sample: Sample) -> dict[str, Floats]:
    name = str(column.name)
    if not isinstance(sample.data[name].dtype, pd.CategoricalDtype):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        centred: Floats = np.asarray(values - _mean(sample.data[name].to_numpy(), sample), dtype=np.float64)
        return {f"{name}, centred": centred}
    codes, inside = read_factor(column).cat.codes.to_numpy(), sample.data[name].cat.codes.to_numpy()
    indicators = {
        f"{name} {level}, centred": (codes == place) - _mean(inside == place, sample)
        for place, level in enumerate(sample.data[name].cat.categories)
        if place
    }
    return {new: np.where(codes < 0, np.nan, values) for new, values in indicators.items()}


def _mean(values: npt.NDArray[np.generic], sample: Sample) -> float:
    return float(np.average(values.astype(np.float64), weights=sample.weights))


def _problems(formula: str, names: list[str]) -> list[Problem]:
    read = read_formula(formula)
    terms = [*variables(read.lhs), *variables(read.rhs)]
    problems = [
        Problem("adjust", f"`{name}` stands in the formula.", "Name it in one of the two places.")
        for name in names
        if name in terms
    ]
    if "1" not in map(str, read.rhs):
        what = "without an intercept the coefficients of the terms are means, not effects."
        problems.append(Problem("adjust", what, "Leave `0 +` or `- 1` out of the formula."))
    return problems

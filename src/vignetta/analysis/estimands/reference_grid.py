"""The reference grid of emmeans: every combination of the factors, with numbers held at their means."""

from itertools import product
from math import prod
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from vignetta.analysis.models.fits import Cells, Fit
from vignetta.analysis.models.likelihood_fitting import AT_ONCE, LikelihoodFit
from vignetta.analysis.models.likelihoods.counterfactuals import every_row
from vignetta.analysis.models.likelihoods.effects import averages, effects
from vignetta.analysis.options import raise_all
from vignetta.errors import Problem

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

HELD: Final = ("equal", "proportional")
"""The averages that hold numbers at their means."""
FEW = 2
"""A number with so few values is a factor of the grid, as in emmeans (its `cov.keep`)."""
MOST = 200_000
"""Combinations that a grid may have."""


def reference_grid(fit: Fit, factors: list[str], average_over: str, outcome: str | None) -> tuple[Cells, Floats]:
    """Every combination of the factors of a model, and the row of X of each (see `averaging.Grid`).

    Numbers are at their plain mean in the sample; one with two values counts as a factor, so that both are averaged
    over. `equal` takes every combination of the other factors as likely as any; `proportional` as often as the sample
    has it, with the fit's weights, whatever the levels of `factors`.

    Parameters
    ----------
    factors : the factors whose levels are compared or conditioned on.

    Raises
    ------
    StudyError
        Too many combinations; a fit whose covariates count as sampled.
    """
    crossed = {name: values for name in fit.factors if (values := _values(fit, name))}
    raise_all(_problems(fit, average_over, prod(map(len, crossed.values()))))
    codes = np.array(list(product(*(range(len(each)) for each in crossed.values()))), dtype=np.int64)
    codes = codes.reshape(len(codes), len(crossed))
    probability = np.full(len(codes), 1 / len(codes))
    if average_over == "proportional":
        beside = [place for place, name in enumerate(crossed) if name not in factors]
        probability = _as_observed(_observed(fit, crossed)[:, beside], fit.sample.weights, codes[:, beside])
    levels = {name: list(map(_text, known)) for name, known in crossed.items()}
    return Cells(levels, codes, probability), _rows_of(fit, _frame(fit, crossed, codes), outcome)


def _values(fit: Fit, name: str) -> list[Any]:
    """The values of a factor, or of a number that counts as one; none of any other number."""
    if fit.factors[name]:
        return list(fit.factors[name].values())
    values = np.unique(fit.sample.data[name].to_numpy())
    return list(values) if len(values) <= FEW else []


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)


def _observed(fit: Fit, crossed: dict[str, list[Any]]) -> Codes:
    """The places (n, f) of the levels of every row of the sample."""
    data = fit.sample.data
    return np.column_stack([pd.Index(known).get_indexer(pd.Index(data[name])) for name, known in crossed.items()])


def _as_observed(observed: Codes, weights: Floats, codes: Codes) -> Floats:
    """The share of the sample that has each combination (m, f), divided by how often the combination is listed."""
    keys, place = np.unique(np.concatenate([codes, observed]), axis=0, return_inverse=True)
    of_cell, of_row = place.ravel()[: len(codes)], place.ravel()[len(codes) :]
    share = np.bincount(of_row, weights, len(keys)) / weights.sum()
    return np.asarray(share[of_cell] / np.bincount(of_cell, minlength=len(keys))[of_cell])


def _frame(fit: Fit, crossed: dict[str, list[Any]], codes: Codes) -> pd.DataFrame:
    """The combinations in the types of the sample's columns, every other number at its mean."""
    columns: dict[str, Any] = {}
    for name in fit.factors:
        column = fit.sample.data[name]
        if name not in crossed:
            columns[name] = np.full(len(codes), column.mean())
            continue
        place = codes[:, list(crossed).index(name)]
        if isinstance(column.dtype, pd.CategoricalDtype):
            columns[name] = pd.Categorical.from_codes(place.tolist(), dtype=column.dtype)
        else:
            columns[name] = np.array(crossed[name])[place]
    return pd.DataFrame(columns, index=pd.RangeIndex(len(codes)))


def _rows_of(fit: Fit, frame: pd.DataFrame, outcome: str | None) -> Floats:
    X = fit.design_matrix(frame)
    if not isinstance(fit, LikelihoodFit):
        return X
    by_outcome, one = fit.by_outcome(outcome), np.ones(1)
    parts = (X[start : start + AT_ONCE, None, fit.kept] for start in range(0, len(X), AT_ONCE))
    return np.concatenate([effects(averages(fit.maximum, every_row(each, one)), by_outcome) for each in parts])


def _problems(fit: Fit, average_over: str, size: int) -> list[Problem]:
    problems = []
    if fit.sampled is not None:
        what = f'"{average_over}" holds covariates at given values, so that none of them is sampled.'
        problems.append(Problem("average_over", what, 'Write average_over="sample", or give the fit as it was.'))
    if size > MOST:
        what = f"the factors of the model have {size:,} combinations."
        problems.append(Problem("average_over", what, f'At most {MOST:,} are averaged; write "sample".'))
    return problems

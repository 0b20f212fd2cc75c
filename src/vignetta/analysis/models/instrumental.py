"""Two-stage least squares: the effect of the treatment as read, with the treatment as assigned as its instrument."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import formulaic
import numpy as np
import numpy.typing as npt
import pandas as pd

from vignetta.analysis.intervals import joint_p_value
from vignetta.analysis.models.fits import Fit
from vignetta.analysis.models.least_squares import Solution, dependent_columns, solve
from vignetta.analysis.models.model_matrix import ModelMatrix
from vignetta.analysis.models.samples import Sample, variables
from vignetta.analysis.models.uncertainty import uncertainty
from vignetta.analysis.options import raise_all
from vignetta.errors import Problem
from vignetta.plan import WITH_INSTRUMENTS

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Instruments = Mapping[str, str | Sequence[str]]

WEAK = 10.0
"""A first-stage F below this is called weak (Staiger and Stock 1997)."""
EXACT = 1e-12
"""Residuals of a first stage below this, in standard deviations of its column, are rounding."""


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class InstrumentalFit(Fit):
    """A fit by two-stage least squares.

    Attributes
    ----------
    first_stage : a row for each endogenous column of X: `column`, `statistic` (F of the instruments; with several
        endogenous columns that of Sanderson and Windmeijer 2016), `df_num`, `df_den`, `p_value`.
    """

    first_stage: pd.DataFrame


def instruments_of(instruments: Instruments) -> dict[str, tuple[str, ...]]:
    """For each endogenous variable the names of its instruments."""
    return {name: (each,) if isinstance(each, str) else tuple(each) for name, each in instruments.items()}


def fit_instrumental(
    y: Floats, X: Floats, *, right: formulaic.SimpleFormula, instruments: dict[str, tuple[str, ...]], **shared: Any
) -> InstrumentalFit:
    """Fit by two-stage least squares.

    Wherever an endogenous variable stands in the formula, interactions included, its instrument stands in the first
    stage. Errors are those of least squares on the fitted columns with the residuals of the columns themselves.

    Parameters
    ----------
    y, X : (n,) and (n, k) as formulaic makes them.
    right : the terms.
    instruments : from `instruments_of`.
    shared : the other attributes of `Fit`.

    Raises
    ------
    StudyError
        Fewer columns of instruments than of endogenous variables; instruments that do not move these.
    """
    sample, terms = shared["sample"], np.array(shared["terms"])
    endogenous = _endogenous(shared["reads"], set(instruments), X.shape[1])
    Z, excluded = _first_stage_columns(right, sample, instruments, X[:, ~endogenous])
    raise_all(_count_problems(terms[endogenous], int(excluded.sum()), instruments))
    fitted = _fitted(Z, X, sample.weights)
    raise_all(_moved_problems(fitted, sample.weights, terms, instruments))
    found = solve(fitted, y, sample.weights)
    solution = replace(found, X=ModelMatrix(X))
    known = uncertainty(solution, sample.all_clusters, shared["errors"], shared["distribution"])
    stages = _first_stages(X, Z, fitted, endogenous, excluded, shared)
    return InstrumentalFit(
        **shared,
        **known.of_fit,
        coef=solution.coef,
        solution=solution,
        notes=(*_notes(stages), *known.notes),
        can_resample=False,
        first_stage=stages,
    )


# ------------------------------------------------------------------------------------------------------- first stage


def _endogenous(reads: tuple[tuple[frozenset[str], slice], ...], names: set[str], k: int) -> Flags:
    found = np.zeros(k, dtype=bool)
    for read, place in reads:
        found[place] = bool(read & names)
    return found


def _first_stage_columns(
    right: formulaic.SimpleFormula, sample: Sample, instruments: dict[str, tuple[str, ...]], exogenous: Floats
) -> tuple[Floats, Flags]:
    """The independent columns (n, q) of the first stage, and which of them are excluded from the model."""
    found = [exogenous]
    for chosen in product(*instruments.values()):
        swapped = {name: sample.data[each] for name, each in zip(instruments, chosen, strict=True)}
        matrix = right.get_model_matrix(sample.data.assign(**swapped), context={}, na_action="ignore")
        reads = tuple((frozenset(variables([term])), place) for term, place in matrix.model_spec.term_slices.items())
        rows = np.asarray(matrix, dtype=np.float64)
        found.append(rows[:, _endogenous(reads, set(instruments), rows.shape[1])])
    Z = np.concatenate(found, axis=1)
    kept = ~dependent_columns(Z, sample.weights)
    return Z[:, kept], (np.arange(Z.shape[1]) >= exogenous.shape[1])[kept]


def _fitted(Z: Floats, X: Floats, weights: Floats) -> Floats:
    """What the columns of Z predict of those of X."""
    basis = solve(Z, X[:, 0], weights).basis.rows()
    return np.asarray(basis @ (basis.T @ (weights[:, None] * X)))


def _first_stages(
    X: Floats, Z: Floats, fitted: Floats, endogenous: Flags, excluded: Flags, shared: dict[str, Any]
) -> pd.DataFrame:
    rows = [
        {"column": shared["terms"][place], **_first_stage(X, Z, fitted, place, int(endogenous.sum()), excluded, shared)}
        for place in np.flatnonzero(endogenous).tolist()
    ]
    return pd.DataFrame(rows)


def _first_stage(
    X: Floats, Z: Floats, fitted: Floats, place: int, many: int, excluded: Flags, shared: dict[str, Any]
) -> dict[str, float]:
    """The F test of the instruments on one endogenous column, less what two-stage least squares explains by the others.

    With one endogenous column the test that the instruments' coefficients in its regression are zero; with several the
    conditional F of Sanderson and Windmeijer (2016, section 3), whose numerator loses a degree of freedom for each of
    the others.
    """
    weights, others = shared["sample"].weights, np.delete(np.arange(X.shape[1]), place)
    column = X[:, place]
    if many > 1:
        column = column - X[:, others] @ solve(fitted[:, others], column, weights).coef
    first = solve(Z, column / X[:, place].std(), weights)
    known = uncertainty(first, shared["sample"].all_clusters, shared["errors"], shared["distribution"])
    wald, q = _wald(first, known.vcov, excluded, shared["n_clusters"]), int(excluded.sum()) - many + 1
    p = joint_p_value(wald / q, q, known.df)
    return {"statistic": wald / q, "df_num": q, "df_den": known.df, "p_value": p}


def _wald(first: Solution, vcov: Floats, excluded: Flags, clusters: float) -> float:
    """The quadratic form; NaN where there are not more clusters than instruments.

    A combination that is exactly zero, in all rows of some level of another factor, has no part in it.
    """
    values, V = first.coef[excluded], vcov[np.ix_(excluded, excluded)]
    scale = np.sqrt(np.diag(V))
    if np.abs(first.residuals).max() <= EXACT:
        return np.inf
    if clusters <= len(values):
        return np.nan
    return float(values / scale @ np.linalg.pinv(V / np.outer(scale, scale), hermitian=True) @ (values / scale))


# ---------------------------------------------------------------------------------------------- problems and notes


def _count_problems(columns: npt.NDArray[Any], excluded: int, instruments: dict[str, tuple[str, ...]]) -> list[Problem]:
    if excluded >= len(columns):
        return []
    listed = ", ".join(f"`{each}`" for each in columns)
    given = ", ".join(f"`{each}`" for known in instruments.values() for each in known)
    many = f"{excluded} independent column{'s' if excluded != 1 else ''}"
    what = f"{len(columns)} columns are endogenous ({listed}), and the instruments ({given}) give {many}."
    remedy = "Merge levels of the endogenous factor, drop its interactions, or name more instruments."
    return [Problem("instruments", what, remedy)]


def _moved_problems(
    fitted: Floats, weights: Floats, terms: npt.NDArray[Any], instruments: dict[str, tuple[str, ...]]
) -> list[Problem]:
    lost = dependent_columns(fitted, weights)
    if not lost.any():
        return []
    given = ", ".join(f"`{each}`" for known in instruments.values() for each in known)
    listed = ", ".join(f"`{each}`" for each in terms[lost])
    what = f"the instruments ({given}) do not move {listed} apart from the other terms."
    return [Problem("instruments", what, "Is the right column named? Merge levels, or name other instruments.")]


def instrument_problems(
    instruments: dict[str, tuple[str, ...]], read: formulaic.Formula, errors: str, distribution: str
) -> list[Problem]:
    """What is wrong with the choice of instruments and errors."""
    problems, inside = [], variables(read.rhs)
    if errors not in WITH_INSTRUMENTS:
        listed = ", ".join(f"`{each}`" for each in WITH_INSTRUMENTS)
        problems.append(Problem("errors", f"`{errors}` is not defined with instruments.", f"Write one of {listed}."))
    if distribution == "satterthwaite":
        what = "degrees of freedom of Satterthwaite are not defined with instruments."
        problems.append(Problem("distribution", what, 'Write distribution="t".'))
    for each in sorted(
        {*variables(read.lhs)} & {*instruments, *(name for given in instruments.values() for name in given)}
    ):
        what = f"the outcome `{each}` is among them."
        problems.append(Problem("instruments", what, "Name what was assigned."))
    for name, given in instruments.items():
        if name not in inside:
            what = f"the endogenous `{name}` is not in the formula."
            problems.append(
                Problem("instruments", what, 'Write {"recalled": "assigned"}, with recalled in the formula.')
            )
        if not given:
            problems.append(Problem("instruments", f"`{name}` has none.", "Name the factor as assigned."))
        for each in sorted(set(given) & {*inside, *instruments}):
            what = f"the instrument `{each}` of `{name}` is a term of the model too."
            problems.append(Problem("instruments", what, "Leave it out of the formula, or name another instrument."))
    return problems


def _notes(stages: pd.DataFrame) -> tuple[str, ...]:
    if stages["statistic"].isna().any():
        return ("the clusters cannot carry a first-stage test of all instruments",)
    if np.isinf(stages["statistic"]).all():
        return ("the instruments determine the endogenous terms exactly: what was assigned was read",)
    least = stages.iloc[int(stages["statistic"].argmin())]
    kind = "first-stage F" if len(stages) == 1 else "smallest conditional first-stage F"
    said = f"{kind} {least['statistic']:.4g} (`{least['column']}`)"
    if least["statistic"] >= WEAK:
        return (said,)
    return (f"{said}: below {WEAK:g}, so that the instruments are weak and intervals may not cover",)

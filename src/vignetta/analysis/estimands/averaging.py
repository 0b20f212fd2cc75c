"""What a margin averages over: mean rows of X, one per cell of the factors that are set."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from vignetta.analysis.estimands.reference_grid import HELD, reference_grid
from vignetta.analysis.models.columns import evaluate
from vignetta.analysis.models.fits import Cells, Fit
from vignetta.analysis.models.likelihood_fitting import LikelihoodFit
from vignetta.analysis.models.likelihoods.counterfactuals import Counterfactuals
from vignetta.analysis.models.likelihoods.distinct import distinct
from vignetta.analysis.models.likelihoods.effects import averages
from vignetta.analysis.models.linearisation import Sampled
from vignetta.analysis.options import check_options, raise_all, unknown
from vignetta.design.assigning.vignettes import vignettes
from vignetta.design.declaration import Design
from vignetta.errors import Problem, StudyError
from vignetta.plan import Average

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

CHUNK = 100_000
"""At most about this many rows of X are held at a time."""
TOTAL = 1e-6
"""How far probabilities that were written with six digits may be from summing to one."""


@dataclass(frozen=True, eq=False)
class Grid:
    """The cells of the factors that are set, everything else averaged over the sample with the fit's weights.

    Attributes
    ----------
    name : what `average_over` says in the estimates frame.
    levels : the f factors that are set, with their levels.
    codes : (m, f) the cells: for each factor the place of the level.
    probability : (m,) of each cell; sums to 1.
    X : (m, k) the mean row of X in each cell; for a likelihood (m, k + 1) the derivatives of the mean prediction by the
        k coefficients, then the mean prediction. Where covariates count as sampled, what each of U units adds to the
        mean prediction stands behind, (m, U). Means and contrasts are linear in all of it.
    others : for a factor which combination of the other factors each cell has, kept so that it is computed once.
    known : for a factor and a level which cells have it, kept too.
    """

    name: str
    levels: dict[str, list[str]]
    codes: Codes
    probability: Floats
    X: Floats
    others: dict[str, Codes] = field(default_factory=dict, repr=False)
    known: dict[tuple[str, str], Flags] = field(default_factory=dict, repr=False)

    def mean(self, at: dict[str, str]) -> Floats:
        """The mean row (k,) over the other factors as they are distributed beside the levels `at`.

        NaN when the distribution never has these levels together.
        """
        return self._average(np.where(self._has(at), self.probability, 0.0))

    def contrast(self, factor: str, pair: tuple[str, str], within: dict[str, str]) -> Floats:
        """The mean of row(first) - row(second), both over the same distribution of the other factors; see `beside`."""
        first, second = self.beside(factor, pair, within)
        return np.asarray(first - second)

    def beside(self, factor: str, levels: Sequence[str], within: dict[str, str]) -> Floats:
        """The mean row of each level (len(levels), k), all over the same distribution of the other factors.

        The other factors are averaged over the combinations that occur beside all of these levels (the AMCE of
        Hainmueller, Hopkins and Yamamoto 2014, definition 3). NaN when there is none.
        """
        others, inside = self._others(factor), self._has(within)
        weight = _sums(others, inside * self.probability)
        cells = [inside & self._is(factor, level) for level in levels]
        for has in cells:
            weight = weight * (_sums(others, has * self.probability) > 0)
        return np.array([self._average(np.where(has, weight[others], 0.0)) for has in cells])

    def _has(self, at: dict[str, str]) -> Flags:
        has = np.ones(len(self.codes), dtype=bool)
        for factor, level in at.items():
            has &= self._is(factor, level)
        return has

    def _is(self, factor: str, level: str) -> Flags:
        if (factor, level) not in self.known:
            place = list(self.levels).index(factor), self.levels[factor].index(level)
            self.known[factor, level] = self.codes[:, place[0]] == place[1]
        return self.known[factor, level]

    def _others(self, factor: str) -> Codes:
        """For each cell which combination of the other factors it has."""
        if factor not in self.others:
            self.others[factor] = self._others_of(factor)
        return self.others[factor]

    def _others_of(self, factor: str) -> Codes:
        rest = np.delete(self.codes, list(self.levels).index(factor), axis=1)
        sizes = [len(known) for each, known in self.levels.items() if each != factor]
        place = np.zeros(len(rest), dtype=np.int64)
        for column, size in zip(rest.T, sizes, strict=True):
            place = place * size + column
        return np.unique(place, return_inverse=True)[1].astype(np.int64)

    def _average(self, weight: Floats) -> Floats:
        total = weight.sum()
        return weight @ self.X / total if total > 0 else np.full(self.X.shape[1], np.nan)


def grid(
    fit: Fit,
    factors: list[str],
    *,
    average_over: Average | pd.DataFrame,
    design: Design | None = None,
    outcome: str | None = None,
) -> Grid:
    """The grid over which the margins of `factors` are averaged.

    Parameters
    ----------
    factors : the factors whose levels are compared or conditioned on.
    average_over : sample (every other variable as observed), design (the other factors as `design` declares them,
        covariates as observed), equal or proportional (see `reference_grid`), or a frame with columns for some factors
        and `probability`: a target distribution, named by its `attrs["name"]`.
    outcome : for a likelihood what is predicted, see `LikelihoodFit.by_outcome`.

    Raises
    ------
    StudyError
        Unknown factors; levels in the data that the distribution does not know, or the reverse.
    """
    if isinstance(average_over, str) and average_over in HELD:
        held, X = reference_grid(fit, factors, average_over, outcome)
        return Grid(average_over, **vars(held), X=X)
    name, declared = _distribution(fit, average_over, design)
    crossed = _cross(fit, declared, factors)
    X = _mean_predictions(fit, crossed, outcome) if isinstance(fit, LikelihoodFit) else _mean_rows(fit, crossed)
    if fit.sampled is not None:
        X = np.column_stack([X, _sampled_parts(fit, fit.sampled, crossed, outcome)])
    return Grid(name, **vars(crossed), X=X)


# ---------------------------------------------------------------------------------------------- which distribution


def _distribution(fit: Fit, average_over: Average | pd.DataFrame, design: Design | None) -> tuple[str, Cells]:
    if isinstance(average_over, pd.DataFrame):
        return str(average_over.attrs.get("name", "target")), _read(fit, average_over, "target")
    check_options(average_over=average_over)
    if average_over == "sample":
        return "sample", Cells({}, np.zeros((1, 0), dtype=np.int64), np.ones(1))
    if design is None:
        what = 'averaging over "design" needs the design.'
        raise StudyError(Problem("average_over", what, 'Write design=study.design, or average_over="sample".'))
    if id(design) not in fit.declared:
        declared = _read(fit, vignettes(design)[[*design.factors, "probability"]], "design")
        fit.declared[id(design)] = (design, declared)
    return "design", fit.declared[id(design)][1]


def _read(fit: Fit, frame: pd.DataFrame, where: str) -> Cells:
    if "probability" not in frame:
        raise StudyError(Problem(where, "it has no column `probability`.", "Add it: one probability per row."))
    probability = frame["probability"].to_numpy(dtype=np.float64)
    names = [name for name in frame if name in fit.factors]
    texts = {str(name): frame[name].astype(str).to_numpy(dtype=object) for name in names}
    problems = _probability_problems(probability, where) + _column_problems(fit, frame, where)
    for name, column in texts.items():
        problems += _level_problems(fit, name, dict.fromkeys(column[probability > 0]), where)
    raise_all(problems)
    levels = {name: list(fit.levels(name)) for name in texts}
    codes = np.zeros((len(frame), len(texts)), dtype=np.int64)
    for place, name in enumerate(texts):
        codes[:, place] = pd.Index(levels[name]).get_indexer(pd.Index(texts[name].tolist()))
    cells, groups = np.unique(codes[probability > 0], axis=0, return_inverse=True)
    return Cells(levels, cells, _sums(groups, probability[probability > 0]))


def _sums(groups: npt.NDArray[Any], weights: Floats) -> Floats:
    return np.bincount(groups.ravel(), weights).astype(np.float64)


def _probability_problems(probability: Floats, where: str) -> list[Problem]:
    if len(probability) and (probability >= 0).all() and abs(probability.sum() - 1) <= TOTAL:
        return []
    return [Problem(where, "the probabilities do not sum to one.", "Write probabilities of 0 or more that do.")]


def _column_problems(fit: Fit, frame: pd.DataFrame, where: str) -> list[Problem]:
    """A design may have factors that the model leaves out; a target names only factors of the model."""
    known = list(fit.factors)
    strange = [str(name) for name in frame if name not in [*known, "probability"]] if where == "target" else []
    return [unknown(where, "the model has no factor", name, known) for name in strange]


def _level_problems(fit: Fit, factor: str, declared: dict[str, None], where: str) -> list[Problem]:
    known = fit.levels(factor)
    problems = [
        unknown(f"{where} {factor}", "the data have no level", level, list(known))
        for level in declared
        if level not in known
    ]
    if where == "design":
        problems += [
            unknown(f"column {factor}", "the design has no level", level, list(declared))
            for level in known
            if level not in declared
        ]
    return problems


def _cross(fit: Fit, distribution: Cells, factors: list[str]) -> Cells:
    """Factors that the distribution leaves out are set to each level in turn, independently of the others."""
    for factor in factors:
        if factor in distribution.levels:
            continue
        levels, m = list(fit.levels(factor)), len(distribution.codes)
        added = np.tile(np.arange(len(levels)), m)
        codes = np.column_stack([np.repeat(distribution.codes, len(levels), axis=0), added])
        probability = np.repeat(distribution.probability / len(levels), len(levels))
        distribution = Cells({**distribution.levels, factor: levels}, codes, probability)
    return distribution


# ------------------------------------------------------------------------------------------------------- mean rows


def _mean_rows(fit: Fit, cells: Cells) -> Floats:
    by_cell, beside = _kinds_of_columns(fit, set(cells.levels))
    X = np.tile(fit.mean_row, (len(cells.codes), 1))
    key = (*cells.levels, cells.codes.tobytes())
    if key not in fit.crossed:
        fit.crossed[key] = _crossed(fit, cells, beside)
    X[:, by_cell] = fit.crossed[key][:, by_cell]
    return X


def _kinds_of_columns(fit: Fit, factors: set[str]) -> tuple[Flags, list[str]]:
    """Which columns of X change with the cells, and the other variables that these columns read."""
    by_cell, beside = np.zeros(len(fit.mean_row), dtype=bool), set[str]()
    for names, place in fit.reads:
        by_cell[place] = bool(names & factors)
        beside |= names - factors if names & factors else set()
    return by_cell, sorted(beside)


def _crossed(fit: Fit, cells: Cells, beside: list[str]) -> Floats:
    """The mean row of X in every cell, exact for the columns that read only the cells and `beside`.

    Every cell stands beside every distinct combination of these variables in the sample, weighted by how much of the
    sample has it.
    """
    first, share = _shares(fit, beside)
    return np.concatenate([np.einsum("cnk,n->ck", each, share) for each in _rows(fit, cells, first)])


def _rows(fit: Fit, cells: Cells, first: Codes) -> Iterator[Floats]:
    """The rows of X (cells, combinations, k) of some cells at a time, each beside the `first` rows."""
    size = max(1, CHUNK // len(first))
    for start in range(0, len(cells.codes), size):
        codes = cells.codes[start : start + size]
        repeated = np.repeat(codes, len(first), axis=0)
        X = _rows_with(fit, list(cells.levels), repeated, np.tile(first, len(codes)))
        yield X.reshape(len(codes), len(first), -1)


def _rows_with(fit: Fit, factors: list[str], codes: Codes, rows: Codes) -> Floats:
    """The rows of X (m, k) of `rows` of the sample, with the factors set to the levels of `codes` (m, f)."""
    if fit.plain is None:
        return fit.design_matrix(_set(fit, fit.sample.data.iloc[rows].reset_index(drop=True), factors, codes))
    read = {name for names, _ in fit.reads for name in names}
    values = {name: fit.sample.values[name][rows] for name in read - set(factors)}
    for name, column in zip(factors, codes.T, strict=True):
        is_factor = isinstance(fit.sample.columns[name], pd.Categorical)
        values[name] = column if is_factor else np.array(list(fit.levels(name).values()))[column]
    return evaluate(fit.plain, values)


def _shares(fit: Fit, names: list[str]) -> tuple[Codes, Floats]:
    """Where each combination of these variables in the sample stands, and its share of the weights."""
    if names and fit.sample.distinct(names) is not None:
        return fit.sample.shares(names)
    groups, first = _combinations(fit, names)
    return first, _sums(groups, fit.sample.weights) / fit.sample.weights.sum()


def _combinations(fit: Fit, names: list[str]) -> tuple[Codes, Codes]:
    """Which combination of these variables each row of the sample has, and where each stands."""
    if not names:
        return np.zeros(fit.n, dtype=np.int64), np.zeros(1, dtype=np.int64)
    found = fit.sample.distinct(names)
    if found is not None:
        return found.places, found.at
    groups = fit.sample.data.groupby(names, sort=False, observed=True).ngroup().to_numpy().astype(np.int64)
    return groups, np.unique(groups, return_index=True)[1].astype(np.int64)


# ------------------------------------------------------------------------------------------------ mean predictions


def _mean_predictions(fit: LikelihoodFit, cells: Cells, outcome: str | None) -> Floats:
    by_outcome = fit.by_outcome(outcome)
    key = ("predictions", *cells.levels, cells.codes.tobytes())
    if key not in fit.crossed:
        found = averages(fit.maximum, _counterfactuals(fit, cells))
        fit.crossed[key] = np.concatenate([found.jacobian, found.estimate[:, :, None]], axis=2)
    return np.asarray(np.einsum("cop,o->cp", fit.crossed[key], by_outcome))


def _counterfactuals(fit: LikelihoodFit, cells: Cells) -> Counterfactuals:
    """Every cell beside every distinct row of the columns that do not read a factor that is set."""
    by_cell, names = _kinds_of_columns(fit, set(cells.levels))
    groups, first = _combinations(fit, names)
    varies = by_cell[fit.kept]
    varying = np.concatenate([each[:, :, by_cell & fit.kept] for each in _rows(fit, cells, first)])
    X = fit.maximum.cells.X[fit.maximum.cells.cell][:, ~varies]
    stands, row = distinct(np.column_stack([X, groups]))
    share = _sums(row, fit.sample.weights) / fit.sample.weights.sum()
    return Counterfactuals(varies, varying, X[stands], groups[stands], share)


def _sampled_parts(fit: Fit, sampled: Sampled, cells: Cells, outcome: str | None) -> Floats:
    """What each sampled unit adds to the mean prediction of every cell, (cells, U)."""
    groups, first = _combinations(fit, [name for name in fit.factors if name not in cells.levels])
    found = []
    for each in _rows(fit, cells, first):
        predicted = fit.predictions(each.reshape(-1, each.shape[2]), outcome).reshape(len(each), -1)
        found.append(sampled.parts(predicted[:, groups].T, fit.sample.weights))
    return np.concatenate(found)


def _set(fit: Fit, rows: pd.DataFrame, factors: list[str], codes: Codes) -> pd.DataFrame:
    """The rows with the factors set to the levels of `codes` (len(rows), f), in the types of the sample's columns."""
    columns: dict[str, Any] = {}
    for factor, place in zip(factors, codes.T, strict=True):
        dtype = rows[factor].dtype
        values = np.array(list(fit.levels(factor).values()))
        if isinstance(dtype, pd.CategoricalDtype):
            columns[factor] = pd.Categorical.from_codes(place.tolist(), dtype=dtype)
        else:
            columns[factor] = values[place]
    return rows.assign(**columns)

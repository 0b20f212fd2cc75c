"""Least squares with an effect for every unit, absorbed: the within estimator, and errors as with dummies written out.

Every variable loses its unit's mean (Frisch and Waugh 1933; Lovell 1963) and gains the sample's: the coefficients are
those with a dummy for each unit, and the intercept is the weighted mean of the units' effects. The rows of the effects
are orthogonal to these, so that the leverage of a row is the sum of both.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from vignetta.analysis.intervals import Inference, infer
from vignetta.analysis.models.clusters import squared_weights_moment, stacks
from vignetta.analysis.models.covariance import clustered_covariance, covariance
from vignetta.analysis.models.fits import Fit
from vignetta.analysis.models.freedom import Working
from vignetta.analysis.models.least_squares import EQUAL, Solution, dependent_columns, solve
from vignetta.analysis.models.model_matrix import ModelMatrix
from vignetta.analysis.models.spanning import Alone, alone_among_all, alone_within, without_mean, written_out
from vignetta.analysis.models.uncertainty import Uncertainty, cluster_notes, two_way
from vignetta.analysis.models.units import means, nested, still
from vignetta.analysis.options import Distribution, raise_all
from vignetta.errors import Problem, StudyError
from vignetta.plan import Errors

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

ADJUSTED = ("CR2", "CR3")
MOST = 300
"""Effects that are written out where CR2, CR3 or degrees of freedom need the rows of units that span clusters."""
UNKNOWN = 1e-9
"""A weight on a trait that differs from that of the units by less is rounding."""


@dataclass(frozen=True, eq=False)
class Within(Solution):
    """A solution of deviations from units' means; `coef` is the mean effect, then the coefficients of what varies.

    Attributes
    ----------
    units : (n,) codes from 0.
    counted : how many parameters the errors count.
    """

    units: Codes
    counted: int

    @property
    def shape(self) -> tuple[int, int]:
        """Observations, and parameters counted."""
        return len(self.y), self.counted

    @property
    def leverage(self) -> Floats:
        """(n,) with the effects; zero for a row that is a unit, which tells nothing of any coefficient."""
        share = self.weights / np.bincount(self.units, self.weights)[self.units]
        own = super().leverage - self.weights / self.weights.sum()
        return np.where(self.is_single, 0.0, own + share)

    @property
    def is_single(self) -> npt.NDArray[np.bool_]:
        """(n,) whether the row is the only one of its unit."""
        return np.asarray((np.bincount(self.units) == 1)[self.units])

    @property
    def effects(self) -> int:
        """How many effects there are."""
        return int(self.units.max()) + 1


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class WithinFit(Fit):
    """A fit with an effect for every unit.

    Attributes
    ----------
    held : (k,) columns that do not vary within units and stand there for their interactions: the effects hold them
        constant, and what reads them is not known.
    """

    held: Flags

    def estimates(self, combinations: Floats) -> Floats:
        """The values (m,) of combinations (m, k); NaN where one asks for other traits than those of the units."""
        return np.where(self._is_unknown(combinations), np.nan, combinations @ self.coef)

    def std_errors(self, combinations: Floats) -> Floats:
        """Standard errors (m,) of combinations (m, k) of the coefficients; NaN where the data say nothing of them."""
        return np.where(self._is_unknown(combinations), np.nan, super().std_errors(combinations))

    def infer(self, combinations: Floats, std_error: Floats, df: Floats, *, null: float = 0.0) -> Inference:
        """Tests and intervals of combinations (m, k) with their errors and degrees of freedom."""
        if self.tests is not None:
            return self.tests(combinations, null)
        return infer(self.estimates(combinations), std_error, df=df, null=null, alpha=self.alpha)

    def _is_unknown(self, combinations: Floats) -> Flags:
        other = combinations[:, self.held] - combinations[:, :1] * self.mean_row[self.held]
        return np.asarray((np.abs(other) > UNKNOWN * (1 + np.abs(self.mean_row[self.held]))).any(axis=1))


def fit_within(y: Floats, X: Floats, *, unit: str, **shared: Any) -> WithinFit:
    """Fit with an effect for every unit.

    Parameters
    ----------
    y, X : (n,) and (n, k) as formulaic makes them, the intercept first.
    unit : the column of the units.
    shared : the other attributes of `Fit`.

    Raises
    ------
    StudyError
        Terms that do not vary within a unit, unless an interaction contains them; terms that others and the effects
        determine; no intercept; too few rows.
    """
    sample, k = shared["sample"], X.shape[1]
    raise_all(_intercept_problems(shared["terms"]))
    inner = X - means(X, sample.weights, sample.units)[sample.units]
    outcome = y - means(y[:, None], sample.weights, sample.units)[sample.units, 0]
    flat = still(X, inner, sample.weights)
    held = flat & _contained(shared["reads"], flat)
    kept = ~held & (np.arange(k) > 0)
    raise_all(_problems(y, outcome, inner, kept, flat & kept, unit, shared))
    within = _solve(X[:, kept], inner[:, kept], y, outcome, sample.weights, sample.units)
    known, solution = _uncertainty(within, sample.all_clusters, shared["errors"], shared["distribution"], unit)
    placed = np.eye(k)[:, ~held]
    return WithinFit(
        **shared,
        coef=placed @ solution.coef,
        vcov=placed @ known.vcov @ placed.T,
        df=known.df,
        working=known.working and replace(known.working, inverse=placed @ known.working.inverse),
        absorbed=known.absorbed,
        solution=_placed(solution, placed),
        notes=(*_unit_notes(sample.units, unit), *known.notes),
        can_resample=all(nested(sample.units, each) for each in sample.all_clusters),
        held=held,
    )


def _placed(solution: Solution, placed: Floats) -> Solution:
    """The solution with coefficients of zero for columns that are held."""
    coef, inverse, X = placed @ solution.coef, placed @ solution.inverse, solution.X.turned(placed.T)
    return replace(solution, coef=coef, inverse=inverse, X=X)


def _contained(reads: tuple[tuple[frozenset[str], slice], ...], flat: Flags) -> Flags:
    """Columns of terms within an interaction that varies, and the intercept's."""
    found = np.zeros(len(flat), dtype=bool)
    for names, place in reads:
        found[place] = any(names < others and not flat[there].all() for others, there in reads if names)
    return found


def _solve(X: Floats, inner: Floats, y: Floats, outcome: Floats, weights: Floats, units: Codes) -> Within:
    found = solve(inner, outcome, weights)
    total = weights.sum()
    centre = weights @ X / total
    first = 1 / np.sqrt(total)
    rows = np.column_stack([np.full(len(y), first), found.basis.rows()])
    deviations = np.column_stack([np.zeros(len(y)), inner])
    coef = np.append(weights @ y / total - centre @ found.coef, found.coef)
    inverse = np.zeros((len(coef), len(coef)))
    inverse[0, 0], inverse[0, 1:], inverse[1:, 1:] = first, -centre @ found.inverse, found.inverse
    counted = len(found.coef) + int(units.max()) + 1
    return Within(coef, outcome, weights, ModelMatrix(deviations), ModelMatrix(rows), inverse, units, counted)


# --------------------------------------------------------------------------------------------------------- problems


def _intercept_problems(terms: tuple[str, ...]) -> list[Problem]:
    if terms[0] != "Intercept":
        what = "the formula takes the intercept out, and the effects of units stand in its place."
        return [Problem("formula", what, "Leave `0 +` or `- 1` out.")]
    if len(terms) > 1:
        return []
    return [Problem("formula", "no term is left beside the effects of units.", "Write `outcome ~ a * b`.")]


def _problems(
    y: Floats, outcome: Floats, inner: Floats, kept: Flags, flat: Flags, name: str, shared: dict[str, Any]
) -> list[Problem]:
    sample = shared["sample"]
    if still(y[:, None], outcome[:, None], sample.weights)[0]:
        what = f"it does not vary within any `{name}`."
        return [Problem("outcome", what, "Leave `fixed_effects` out: nothing can be estimated within.")]
    if flat.any():
        listed = ", ".join(f"`{each}`" for each in _named(flat, shared))
        what = f"{listed} {'do' if ',' in listed else 'does'} not vary within any `{name}`."
        remedy = "Leave it out (the effects hold it constant), let it interact (`arm * trait`), or use random_effects."
        return [Problem("formula", what, remedy)]
    n, k, J = len(y), int(kept.sum()), int(sample.units.max()) + 1
    if n <= k + J:
        what = f"{n} complete rows cannot carry {k} coefficients and {J} effects of `{name}`."
        return [Problem("data", what, "Simplify the formula, or use random_effects.")]
    dependent = dependent_columns(inner[:, kept], sample.weights)
    listed = ", ".join(f"`{each}`" for each in np.array(shared["terms"])[kept][dependent])
    what = f"{listed} can be computed from the terms before and the effects of `{name}`."
    return [Problem("formula", what, "Drop a term.")] if listed else []


def _named(flat: Flags, shared: dict[str, Any]) -> list[str]:
    """The terms whose columns are all flat, and the flat columns of the others."""
    found: list[str] = []
    for term, place in shared["spec"].term_slices.items():
        columns = [each for each, is_flat in zip(shared["terms"][place], flat[place], strict=True) if is_flat]
        found += [str(term)] if len(columns) == place.stop - place.start else columns
    return found


# ------------------------------------------------------------------------------------------------------ uncertainty


def _uncertainty(
    within: Within, clusters: tuple[Codes, ...], errors: Errors, distribution: Distribution, name: str
) -> tuple[Uncertainty, Solution]:
    """The uncertainty, and the solution in whose basis it is."""
    n, k = within.shape
    if not clusters:
        is_lost = errors in ("HC2", "HC3", "HC4") and bool(within.is_single.any())
        df = np.inf if distribution == "normal" else float(n - k)
        lost = np.eye(len(within.coef))[:, : int(is_lost)]
        return Uncertainty(covariance(within, errors), df, None, lost, _mean_notes(is_lost, name)), within
    within = replace(within, counted=_counted(within, clusters))
    own = distribution == "satterthwaite" or (distribution == "t" and errors == "CR2")
    basis = _basis(within, clusters[0], errors, own, name) if own or errors in ADJUSTED else within
    each_alone = [_alone(basis, within.units, each) for each in clusters]
    lost = np.concatenate([each.directions for each in each_alone], axis=1)
    effects = sum(each.effects for each in each_alone)
    G = min(int(each.max()) + 1 for each in clusters)
    df = np.inf if distribution == "normal" else float(G - 1)
    notes = (*_mean_notes(effects > 0, name), *cluster_notes(lost.shape[1] - effects, G, len(within.coef) - 1))
    if len(clusters) == 2:
        vcov, mended = two_way(without_mean(within) if effects else within, clusters, errors)
        return Uncertainty(vcov, df, None, lost, (*notes, *mended)), within
    adjusted = tuple(stacks(basis, clusters[0], errors))
    working = Working(adjusted, basis.inverse, squared_weights_moment(basis)) if own else None
    return Uncertainty(clustered_covariance(basis, adjusted, errors), df, working, lost, notes), basis


def _counted(within: Within, clusters: tuple[Codes, ...]) -> int:
    """The k of CR1S: effects that lie within clusters are not counted, as in Stata's xtreg and in linearmodels."""
    inside = any(nested(within.units, each) for each in clusters)
    return len(within.coef) if inside else within.counted


def _basis(within: Within, clusters: Codes, errors: Errors, own: bool, name: str) -> Within:
    """The rows that adjusted clusters and degrees of freedom need."""
    even = not (own or errors == "CR2") or _is_constant(within)
    if even and nested(within.units, clusters):
        return without_mean(within)
    if within.effects <= MOST:
        return written_out(within, within.units)
    why = "the weights differ within" if nested(within.units, clusters) else "the clusters cut across"
    what = f"`{errors}` needs all effects in one matrix, as {why} `{name}`, and there are {within.effects} of them."
    remedy = f'Write errors="CR1S" and distribution="t", or clusters that contain every `{name}` with even weights.'
    raise StudyError(Problem("errors", what, remedy))


def _is_constant(within: Within) -> bool:
    """Whether the weights are constant within units."""
    first = np.unique(within.units, return_index=True)[1]
    apart = np.abs(within.weights - within.weights[first][within.units])
    return bool(apart.max() <= EQUAL * within.weights.max())


def _alone(basis: Within, units: Codes, clusters: Codes) -> Alone:
    is_written = basis.basis.shape[1] != len(basis.coef)
    return (alone_among_all if is_written else alone_within)(basis, units, clusters)


# ------------------------------------------------------------------------------------------------------------ notes


def _mean_notes(is_lost: bool, name: str) -> tuple[str, ...]:
    if not is_lost:
        return ()
    return (f"margins have no error of this kind, as effects of `{name}` are fitted to their own rows; contrasts have",)


def _unit_notes(units: Codes, name: str) -> tuple[str, ...]:
    counts = np.bincount(units)
    single = int((counts == 1).sum())
    notes = (f"the effect of each `{name}` is held constant ({len(counts):,})",)
    if not single:
        return notes
    return (*notes, f"{single:,} `{name}` with one row tell{'s' if single == 1 else ''} nothing of what varies within")

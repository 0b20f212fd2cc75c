"""Random effects of units: generalised least squares with one variance of units and one of rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from vignetta.analysis.models.fits import Fit
from vignetta.analysis.models.least_squares import solve
from vignetta.analysis.models.samples import Sample
from vignetta.analysis.models.uncertainty import uncertainty
from vignetta.analysis.models.units import means, nested
from vignetta.analysis.options import raise_all
from vignetta.errors import Problem, StudyError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Components:
    """The variance components.

    Attributes
    ----------
    between : the variance of the units' effects.
    within : the variance of the rows of a unit about its effect.
    theta : (J,) how much of its mean each unit's rows lose.
    """

    between: float
    within: float
    theta: Floats

    @property
    def share(self) -> float:
        """The share of the variance that lies between units: the intraclass correlation."""
        return self.between / (self.between + self.within)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class RandomEffectsFit(Fit):
    """A fit with random effects.

    Attributes
    ----------
    components : the variance components.
    """

    components: Components


def fit_random(y: Floats, X: Floats, *, unit: str, **shared: Any) -> RandomEffectsFit:
    """Fit with random effects of units.

    The variance components are those of linearmodels' RandomEffects (Swamy and Arora 1972, with the harmonic mean of
    the units' sizes). Every row then loses the share theta_j of its unit's mean, and errors are those of least
    squares of what remains: independent rows with one variance if the components are right. Clustered errors need no
    such thing where clusters contain whole units; other clusters are refused, as by Stata's xtreg.

    Parameters
    ----------
    y, X : (n,) and (n, k) as formulaic makes them.
    unit : the column of the units.
    shared : the other attributes of `Fit`.

    Raises
    ------
    StudyError
        Too few units or rows for the components; clusters that cut across units.
    """
    sample: Sample = shared["sample"]
    raise_all(_problems(sample, unit))
    components = _components(y, X, sample, unit)
    both = np.column_stack([y, X])
    both -= (components.theta[:, None] * means(both, sample.weights, _units(sample)))[_units(sample)]
    solution = solve(both[:, 1:], both[:, 0], sample.weights)
    known = uncertainty(solution, sample.all_clusters, shared["errors"], shared["distribution"])
    return RandomEffectsFit(
        **shared,
        **known.of_fit,
        coef=solution.coef,
        solution=solution,
        notes=(*_notes(components, unit), *known.notes),
        can_resample=False,
        components=components,
    )


def _units(sample: Sample) -> npt.NDArray[np.int64]:
    assert sample.units is not None
    return sample.units


def _problems(sample: Sample, name: str) -> list[Problem]:
    units = _units(sample)
    if not all(nested(units, each) for each in sample.all_clusters):
        what = f"rows of one `{name}` lie in several clusters, which the random effect joins."
        return [Problem("cluster", what, f'Write cluster="{name}", or leave `random_effects` out.')]
    if np.bincount(units).max() > 1:
        return []
    return [Problem("random_effects", f"every `{name}` has one row.", "Leave it out: there is nothing within.")]


def _components(y: Floats, X: Floats, sample: Sample, name: str) -> Components:
    from linearmodels.panel import RandomEffects

    units = _units(sample)
    place = pd.Series(units).groupby(units).cumcount().to_numpy()
    index = pd.MultiIndex.from_arrays([units, place])
    columns = [f"x{each}" for each in range(X.shape[1])]
    outcome, rows = pd.DataFrame({"y": y}, index), pd.DataFrame(X, index, columns)
    weights = pd.DataFrame({"w": sample.weights}, index)
    try:
        found = RandomEffects(outcome, rows, weights=weights, check_rank=False).fit()
    except ValueError as error:
        said = str(error).split(" The model has ")[0]
        raise StudyError(Problem("random_effects", said, f"Are there enough `{name}`, and rows of each?")) from None
    variance: Mapping[str, float] = dict(found.variance_decomposition)
    theta = found.theta["theta"].sort_index().to_numpy(dtype=np.float64)
    return Components(float(variance["Effects"]), float(variance["Residual"]), theta)


def _notes(components: Components, name: str) -> tuple[str, ...]:
    if components.between == 0:
        return (f"no variance between `{name}` was found, so that the estimates are those of least squares",)
    between, within = f"{components.between:.4g}", f"{components.within:.4g}"
    return (f"variance {between} between and {within} within `{name}`, a share of {components.share:.2f} between",)

"""Which margins are compared with which, and on what scale."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from vignetta.analysis.estimands.averaging import Grid
from vignetta.analysis.models.fits import Fit
from vignetta.analysis.models.likelihood_fitting import LikelihoodFit
from vignetta.analysis.models.likelihoods.effects import log_odds_ratio, log_ratio
from vignetta.analysis.models.likelihoods.poisson import Poisson
from vignetta.analysis.options import Scale, raise_all
from vignetta.errors import Problem
from vignetta.plan import Comparison

Floats = npt.NDArray[np.float64]

GRAND_MEAN: Final = "grand mean"


@dataclass(frozen=True, eq=False)
class Compared:
    """Two mean rows (k,) of X, or two effects, that are compared."""

    level: str
    versus: str
    first: Floats
    second: Floats

    @property
    def is_reference(self) -> bool:
        return self.level == self.versus


def compared(
    over: Grid, factor: str, levels: list[str], *, comparison: Comparison, against: str, within: dict[str, str]
) -> Iterator[Compared]:
    """The comparisons of some levels, each over the other factors as they occur beside all levels that it reads.

    Parameters
    ----------
    comparison : reference compares each level with `against`; pairwise each with every earlier one; sequential with the
        one before; grand_mean with the mean of the margins of `levels`, each counting the same.
    """
    if comparison == "grand_mean":
        rows = over.beside(factor, levels, within)
        for level, row in zip(levels, rows, strict=True):
            yield Compared(level, GRAND_MEAN, row, rows.mean(axis=0))
        return
    pairs = {
        "reference": [(against, level) for level in levels],
        "pairwise": list(combinations(levels, 2)),
        "sequential": list(pairwise(levels)),
    }
    for versus, level in pairs[comparison]:
        first, second = over.beside(factor, (level, versus), within)
        yield Compared(level, versus, first, second)


def comparison_problems(comparison: Comparison, versus: str | None, levels: list[str]) -> list[Problem]:
    """What is wrong with a comparison; the reference is compared with whatever the levels are."""
    if comparison == "reference":
        return []
    problems = []
    if versus is not None:
        what = f"`{comparison}` has no level that all are compared with."
        problems.append(Problem("versus", what, 'Leave it out, or write comparison="reference".'))
    if len(levels) < 2:
        problems.append(Problem("levels", "there is nothing to compare: one level.", "Name at least two."))
    return problems


# ----------------------------------------------------------------------------------------------------------- ratios


def log_ratios(fit: Fit, found: list[Compared], scale: Scale, predict: str | None) -> list[Floats]:
    """The logarithm of each ratio: its derivatives by the coefficients, then its value (k + 1,).

    Raises
    ------
    StudyError
        With every margin that has no ratio or no odds; odds of what is no probability; a fit with tests by resampling.
    """
    logarithm = log_ratio if scale == "ratio" else log_odds_ratio
    effects = [(_effect(fit, each.first), _effect(fit, each.second)) for each in found]
    raise_all([*_scale_problems(fit, scale, predict), *_mean_problems(found, effects, scale)])
    return [logarithm(first, second) for first, second in effects]


def _effect(fit: Fit, row: Floats) -> Floats:
    return row if isinstance(fit, LikelihoodFit) else np.append(row, row @ fit.coef)


def _scale_problems(fit: Fit, scale: Scale, predict: str | None) -> Iterator[Problem]:
    if fit.tests is not None:
        yield Problem("scale", "ratios are not tested by resampling.", "Use the fit as it was before.")
    if scale == "odds_ratio" and not _is_probability(fit, predict):
        what = f"`{fit.outcome}` is no probability, so it has no odds."
        yield Problem("scale", what, 'Write scale="ratio", or predict="..." with a category.')


def _is_probability(fit: Fit, predict: str | None) -> bool:
    if isinstance(fit, LikelihoodFit):
        alone = fit.maximum.family.outcomes == ("mean",)
        return not isinstance(fit.maximum.family, Poisson) if alone else predict not in (None, "mean")
    outcome = fit.sample.data.get(fit.outcome)
    return outcome is None or bool(outcome.between(0, 1).all())


def _mean_problems(found: list[Compared], effects: list[tuple[Floats, Floats]], scale: Scale) -> Iterator[Problem]:
    means = {
        (name, float(effect[-1]))
        for each, pair in zip(found, effects, strict=True)
        for name, effect in zip((each.level, each.versus), pair, strict=True)
    }
    for name, mean in sorted(means):
        if mean <= 0 or (scale == "odds_ratio" and mean >= 1):
            what = f"the predicted mean at `{name}` is {mean:.4g}, which has no {scale.replace('_', ' ')}."
            yield Problem("scale", what, 'Write scale="difference", or name other `levels`.')

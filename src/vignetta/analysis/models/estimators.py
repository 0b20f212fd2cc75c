"""Which estimator of a linear model is asked for: plain least squares, effects of units, or instruments."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import formulaic
import numpy as np
import numpy.typing as npt

from vignetta.analysis.models.fits import Fit
from vignetta.analysis.models.instrumental import Instruments, fit_instrumental, instrument_problems, instruments_of
from vignetta.analysis.models.random_effects import fit_random
from vignetta.analysis.models.samples import variables
from vignetta.analysis.models.within import fit_within
from vignetta.errors import Problem

Floats = npt.NDArray[np.float64]

WORDS = {
    "fixed_effects": "fixed effects",
    "random_effects": "random effects",
    "instruments": "two-stage least squares",
}
"""What a model with each of the options is called."""


@dataclass(frozen=True)
class Estimator:
    """What is asked for beside the formula; at most one of the three.

    Attributes
    ----------
    fixed_effects, random_effects : the column of the units.
    instruments : for each endogenous variable its instruments.
    """

    fixed_effects: str | None
    random_effects: str | None
    instruments: dict[str, tuple[str, ...]]

    @property
    def units(self) -> str | None:
        """The column of the units."""
        return self.fixed_effects if self.random_effects is None else self.random_effects

    @property
    def beside(self) -> list[str]:
        """Columns that are read beside those of the formula."""
        return list(dict.fromkeys(each for given in self.instruments.values() for each in given))

    @property
    def asked(self) -> list[str]:
        """The names of the options that are set."""
        return [name for name, value in vars(self).items() if value not in (None, {})]

    def problems(self, model: str, errors: str, distribution: str, read: formulaic.Formula) -> list[Problem]:
        """What is wrong with the choice."""
        problems = instrument_problems(self.instruments, read, errors, distribution) if self.instruments else []
        if self.asked and model != "ols":
            what = f"`{model}` has no `{self.asked[0]}`."
            problems.append(Problem("model", what, 'Write model="ols" (a linear probability model for 0 and 1).'))
        if self.units is not None and errors == "linearised":
            what = f"`linearised` errors are not defined with `{self.asked[0]}`."
            problems.append(Problem("errors", what, 'Write errors="CR2" and a cluster, or "HC2".'))
        if len(self.asked) > 1:
            what = f"{' and '.join(f'`{each}`' for each in self.asked)} are not fitted together."
            problems.append(Problem(self.asked[1], what, "Write one of them."))
        unit, used = self.units, [*variables(read.lhs), *variables(read.rhs)]
        if unit is not None and unit in used:
            what = f"`{unit}` is in the formula too."
            problems.append(Problem(self.asked[0], what, "Leave it out of the formula."))
        return problems

    def fit(self, y: Floats, X: Floats, right: formulaic.SimpleFormula, shared: dict[str, Any]) -> Fit:
        """Fit to the matrices of a formula (n,) and (n, k). Raises `StudyError`."""
        shared = {**shared, "name": WORDS[self.asked[0]]}
        if self.instruments:
            return fit_instrumental(y, X, right=right, instruments=self.instruments, **shared)
        if self.random_effects is not None:
            return fit_random(y, X, unit=self.random_effects, **shared)
        return fit_within(y, X, unit=str(self.fixed_effects), **shared)


def estimator_of(fixed_effects: str | None, random_effects: str | None, instruments: Instruments | None) -> Estimator:
    """The estimator that the options of `fit` ask for."""
    return Estimator(fixed_effects, random_effects, instruments_of(instruments or {}))


def shape_problems(*, instruments: object, **units: object) -> list[Problem]:
    """What is wrong with the types of the options: units are one column, instruments a mapping of names to names."""
    problems = [
        Problem(name, f"`{value}` is not one column.", "Name one; a second with few values can stand in the formula.")
        for name, value in units.items()
        if value is not None and not isinstance(value, str)
    ]
    if instruments is None or isinstance(instruments, Mapping):
        return problems
    remedy = 'Write instruments={"recalled": "response"}: for what was read what was assigned.'
    return [*problems, Problem("instruments", f"`{instruments}` does not say what it is an instrument for.", remedy)]

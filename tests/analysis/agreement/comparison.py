"""Numbers of ours beside R's, and R's numbers."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.analysis.reference import read_responses
from vignetta.analysis.models.fits import Fit
from vignetta.analysis.models.fitting import fit

Floats = npt.NDArray[np.float64]

FILES = ("ols", "amce_mm", "logit", "ologit", "survey", "multiplicity", "misc")
FACTORS = ("transgression", "regime", "capability", "treaty")
RESPONSES = ("status_quo", "denounce", "economic", "military_aid_cut", "terminate")
CLUSTERED = ("CR0", "CR1", "CR1S", "CR2", "CR3")
WEIGHTS = {"unweighted": None, "weighted": "weight"}
DATA = ("n1502", "n9012")
CASES = [(data, weighted) for data in DATA for weighted in WEIGHTS]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Numbers of ours beside R's.

    Attributes
    ----------
    model, errors, estimand : what they are; no errors where they depend on none.
    ours, theirs : (m,).
    size : (m,) what a difference is relative to: R's number, or something larger such as its standard error.
    """

    model: str
    errors: str
    estimand: str
    ours: Floats
    theirs: Floats
    size: Floats

    @property
    def largest(self) -> float:
        """The largest relative difference."""
        return float((np.abs(self.ours - self.theirs) / self.size).max())


def compare(model: str, errors: str, estimand: str, ours: Any, theirs: Any, size: Any = 0.0) -> Comparison:
    """A comparison relative to R's number, or to `size` where that is larger."""
    first, second = np.ravel(np.asarray(ours, dtype=float)), np.ravel(np.asarray(theirs, dtype=float))
    assert len(first) == len(second) > 0, (model, errors, estimand)
    return Comparison(model, errors, estimand, first, second, np.maximum(np.abs(second), np.ravel(size)))


class Reference:
    """R's numbers and the data that they come from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.numbers = {name: json.loads((folder / f"oracle_{name}.json").read_text("utf-8")) for name in FILES}
        self.responses = {name: read_responses(folder / f"{name}.csv") for name in DATA}
        self.ols, self.amce = self.numbers["ols"], self.numbers["amce_mm"]
        self.fitted = cache(self._fitted)

    def _fitted(self, data: str, model: str, weighted: str, errors: Any, distribution: Any) -> Fit:
        formula = self.ols[data][model][weighted]["formula"]
        cluster = "rid" if errors in CLUSTERED else None
        weights, frame = WEIGHTS[weighted], self.responses[data]
        return fit(frame, formula, errors=errors, cluster=cluster, weights=weights, distribution=distribution)

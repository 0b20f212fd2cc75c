"""A likelihood fitted to a frame."""

from typing import Any

import pandas as pd

from vignetta.analysis.models.fitting import fit
from vignetta.analysis.models.likelihood_fitting import LikelihoodFit


def likelihood(data: pd.DataFrame, formula: str, model: Any, *, errors: Any = "HC1", **options: Any) -> LikelihoodFit:
    found = fit(data, formula, model=model, errors=errors, **options)
    assert isinstance(found, LikelihoodFit)
    return found

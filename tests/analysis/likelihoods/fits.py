"""A likelihood fitted to a frame, as `fit` does it for least squares."""

from typing import Any

import numpy as np
import pandas as pd

from vignetta.analysis.fitting import fit
from vignetta.analysis.likelihood_fitting import LikelihoodFit, fit_likelihood, read_categories
from vignetta.analysis.likelihoods.maximum import IN_CATEGORIES


def likelihood(
    data: pd.DataFrame,
    formula: str,
    model: Any,
    *,
    errors: Any = "HC1",
    cluster: str | None = None,
    weights: str | None = None,
    **options: Any,
) -> LikelihoodFit:
    outcome, categories = formula.split("~")[0].strip(), None
    if model in IN_CATEGORIES:
        codes, categories = read_categories(data[outcome], model)
        data = data.assign(**{outcome: codes})
    linear = fit(data, formula, errors="CR0" if cluster else "HC0", cluster=cluster, weights=weights, **options)
    shared = {
        name: value
        for name, value in vars(linear).items()
        if name not in ("coef", "vcov", "errors", "sample", "crossed", "declared")
    }
    return fit_likelihood(
        model,
        linear.design_matrix(linear.sample.data),
        linear.sample.data[outcome].to_numpy(dtype=np.float64),
        sample=linear.sample,
        errors=errors,
        columns=linear.terms,
        categories=categories,
        **{**shared, "name": model},
    )

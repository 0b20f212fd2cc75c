"""Rows of every model, small enough to differentiate by hand."""

from typing import Any

import numpy as np

MODELS = ("logit", "probit", "poisson", "ordered_logit", "ordered_probit", "multinomial_logit")
CATEGORIES = ("none", "some", "much", "all")


def problem(model: str, n: int = 240, seed: int = 3) -> dict[str, Any]:
    """Arguments of `maximum`, with repeated rows, weights, and an effect of a treatment and a covariate."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(n), rng.integers(0, 2, n), rng.integers(0, 3, n) == 2, rng.normal(size=n).round(1)])
    index = X @ [0.1, 0.6, -0.4, 0.3]
    latent = index + (rng.normal(size=n) if "probit" in model else rng.logistic(size=n))
    weights = rng.choice([0.5, 1.0, 2.0], n)
    if model == "poisson":
        return {"X": X, "y": rng.poisson(np.exp(index)).astype(float), "weights": weights}
    if model in ("logit", "probit"):
        return {"X": X, "y": (latent > 0).astype(float), "weights": weights}
    y = np.digitize(latent, [-0.8, 0.5, 1.4]).astype(float)
    X = X[:, 1:] if model.startswith("ordered") else X
    return {"X": X, "y": y, "weights": weights, "categories": CATEGORIES}

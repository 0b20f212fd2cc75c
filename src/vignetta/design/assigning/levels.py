"""Levels by name, in frames."""

import pandas as pd

from vignetta.design.assigning.universe import Codes
from vignetta.design.declaration import Design


def level_columns(design: Design, codes: Codes) -> dict[str, pd.Categorical]:
    """The levels in `codes` (n, f), factor by factor; the categories are all levels in declared order."""
    factors = zip(design.factors.values(), codes.T, strict=True)
    return {each.name: pd.Categorical.from_codes(place, categories=each.level_names) for each, place in factors}  # type: ignore[call-overload]

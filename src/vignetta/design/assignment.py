"""Who gets which vignette, and how often each level and pair of levels was drawn."""

from collections.abc import Hashable, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from vignetta import frames
from vignetta.design.declaration import Design
from vignetta.design.mechanisms import mechanism_of
from vignetta.design.universe import universe_of
from vignetta.design.vignettes import level_columns, vignettes


def draw(
    design: Design, n: int | None = None, seed: int | None = None, *, strata: Sequence[Hashable] | None = None
) -> pd.DataFrame:
    """Assign a vignette to each of `n` respondents by the design's mechanism.

    Parameters
    ----------
    n, seed
        The study's sample size and seed when left out.
    strata
        For `blocked`, the stratum of each respondent in the order of arrival; all in one stratum when left out.

    Returns
    -------
    A frame with `respondent` (from 1), `vignette` and one categorical column per factor.

    Raises
    ------
    StudyError
        When there is nobody to assign, or the strata do not fit the mechanism or `n`.
    """
    n = design.sample_size if n is None else n
    generator = np.random.default_rng(design.seed if seed is None else seed)
    places = mechanism_of(design).draw(n, generator, strata=strata)
    numbers = {"respondent": range(1, n + 1), "vignette": places + 1}
    return pd.DataFrame({**numbers, **level_columns(design, universe_of(design).codes[places])})


def frequencies(design: Design, assignment: pd.DataFrame) -> pd.DataFrame:
    """How often each level and each pair of levels was drawn, beside what the design expects.

    `assignment` has a column per factor. Returns a frame with the columns of `frames.FREQUENCIES`; `share` and
    `expected` are proportions.
    """
    universe = vignettes(design)
    groups = [[name] for name in design.factors] + [list(pair) for pair in combinations(design.factors, 2)]
    rows = [row for group in groups for row in _counts(universe, assignment, group)]
    return frames.frame(rows, frames.FREQUENCIES)


def _counts(universe: pd.DataFrame, assignment: pd.DataFrame, group: list[str]) -> list[dict[str, Any]]:
    expected = universe.groupby(group, observed=False)["probability"].sum()
    counts = assignment.groupby(group, observed=False).size()
    rows = []
    for levels, share in expected.items():
        names = levels if isinstance(levels, tuple) else (levels,)
        n = int(counts.get(levels, 0))
        labelled = zip(("first", "second"), group, names, strict=False)
        cell = {
            f"{place}_{part}": each
            for place, *both in labelled
            for part, each in zip(("factor", "level"), both, strict=True)
        }
        what = "level" if len(group) == 1 else "pair"
        rows.append({"what": what, **cell, "n": n, "share": n / len(assignment), "expected": float(share)})
    return rows

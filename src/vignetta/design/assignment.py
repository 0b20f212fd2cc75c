"""Who gets which vignette, and how often each level and pair of levels was drawn."""

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from vignetta import frames
from vignetta.design.declaration import Design
from vignetta.design.vignettes import vignettes
from vignetta.errors import Problem, StudyError


def draw(design: Design, n: int | None = None, seed: int | None = None) -> pd.DataFrame:
    """Assign a vignette to each of `n` respondents.

    `complete` uses every vignette `n // K` or `n // K + 1` times, K being the number of vignettes, in random order;
    `simple` draws each respondent's independently.

    Parameters
    ----------
    n, seed
        The study's sample size and seed when left out.

    Returns
    -------
    A frame with `respondent` (from 1), `vignette` and one categorical column per factor.
    """
    n = design.sample_size if n is None else n
    if n < 1:
        raise StudyError(Problem("n", f"{n} respondents cannot be assigned.", "Give at least 1."))
    universe = vignettes(design)
    generator = np.random.default_rng(design.seed if seed is None else seed)
    places = (
        _complete(len(universe), n, generator) if design.mechanism == "complete" else _simple(universe, n, generator)
    )
    drawn = universe.loc[places, ["vignette", *design.factors]].reset_index(drop=True)
    drawn.insert(0, "respondent", range(1, n + 1))
    return drawn


def _complete(size: int, n: int, generator: np.random.Generator) -> np.ndarray[Any, np.dtype[np.int64]]:
    whole = np.tile(np.arange(size), n // size)
    rest = generator.permutation(size)[: n % size]
    return generator.permutation(np.concatenate([whole, rest]))


def _simple(universe: pd.DataFrame, n: int, generator: np.random.Generator) -> np.ndarray[Any, np.dtype[np.int64]]:
    return generator.choice(len(universe), size=n, p=universe["probability"].to_numpy())


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

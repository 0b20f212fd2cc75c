"""Who gets which vignette, and how often each level and pair of levels was drawn."""

from collections.abc import Hashable, Sequence
from itertools import accumulate, combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from vignetta import frames
from vignetta.design.assigning.decking import Decked, decked
from vignetta.design.assigning.levels import level_columns
from vignetta.design.assigning.mechanisms import Blocked, Complete, Simple
from vignetta.design.assigning.tasks import Repeated, repeated
from vignetta.design.assigning.universe import universe_of
from vignetta.design.assigning.vignettes import vignettes
from vignetta.design.declaration import Design
from vignetta.errors import Problem, StudyError

Places = npt.NDArray[np.int64]


def mechanism_of(design: Design) -> Simple | Complete | Blocked | Repeated | Decked:
    """The mechanism that a design declares, over the vignettes that it allows.

    With one vignette per respondent its draws have the shape (n,), otherwise, and for decks, (n, tasks, profiles).

    Examples
    --------
    >>> levels = [{"name": name, "label": name, "text": name, "reference": name == "a"} for name in ("a", "b")]
    >>> outcomes = {"y": {"label": "Y", "question": "Y?", "scale": ["no", "yes"]}}
    >>> study = {"name": "small", "title": "Small", "seed": 1, "sample_size": 4, "tasks": 2, "vignette": "{x}"}
    >>> factors = {"x": {"label": "X", "levels": levels}}
    >>> design = Design.model_validate({**study, "factors": factors, "outcomes": outcomes})
    >>> mechanism = mechanism_of(design)
    >>> mechanism.redraw(4, 1000, np.random.default_rng(1)).shape
    (1000, 4, 2, 1)
    >>> mechanism.probabilities()
    array([0.5, 0.5])
    """
    if design.decks is not None:
        return decked(design)
    if design.responses > 1:
        return repeated(design)
    probability = universe_of(design).probability
    if design.mechanism == "blocked":
        return Blocked(probability, design.block_size or len(probability))
    return Complete(probability) if design.mechanism == "complete" else Simple(probability)


def draw(
    design: Design, n: int | None = None, seed: int | None = None, *, strata: Sequence[Hashable] | None = None
) -> pd.DataFrame:
    """Assign vignettes to each of `n` respondents by the design's mechanism.

    Parameters
    ----------
    n, seed
        The study's sample size and seed when left out.
    strata
        For `blocked`, the stratum of each respondent in the order of arrival; all in one stratum when left out.

    Returns
    -------
    A frame with one row per vignette that a respondent reads: `respondent` (from 1), `sample` and `deck` where the
    design has them, `task` and `profile` (from 1) where there are several, `vignette` and one categorical column per
    factor. Samples are drawn each for itself.

    Raises
    ------
    StudyError
        When there is nobody to assign, the strata do not fit the mechanism or `n`, or `n` is not the sum of samples.
    """
    n = design.sample_size if n is None else n
    generator = np.random.default_rng(design.seed if seed is None else seed)
    mechanism = mechanism_of(design)
    if not design.samples:
        return _drawn(design, mechanism, n, generator, strata=strata)
    if n != design.sample_size or strata is not None:
        what = "the samples say how many respondents there are, and each is drawn for itself."
        raise StudyError(Problem("strata" if n == design.sample_size else "n", what, "Leave it out."))
    parts = [
        _drawn(design, mechanism, each.size, generator, sample=each.name, before=before)
        for each, before in zip(design.samples.values(), _offsets(design), strict=True)
    ]
    return pd.concat(parts, ignore_index=True)


def _offsets(design: Design) -> list[int]:
    return list(accumulate((each.size for each in design.samples.values()), initial=0))[:-1]


def _drawn(
    design: Design,
    mechanism: Simple | Complete | Blocked | Repeated | Decked,
    n: int,
    generator: np.random.Generator,
    *,
    strata: Sequence[Hashable] | None = None,
    sample: str = "",
    before: int = 0,
) -> pd.DataFrame:
    """The rows of `n` respondents, numbered behind those `before` them."""
    decks = None
    if isinstance(mechanism, Decked):
        decks = mechanism.draw_decks(n, generator, strata=strata)
        places = mechanism.decks[decks]
    else:
        places = mechanism.draw(n, generator, strata=strata)
    rows = np.indices((n, design.tasks, design.profiles)).reshape(3, -1)
    columns: dict[str, Any] = {"respondent": before + 1 + rows[0]}
    if sample:
        columns["sample"] = pd.Categorical([sample] * rows.shape[1], categories=list(design.samples))
    if decks is not None:
        columns["deck"] = decks[rows[0]] + 1
    columns |= {"task": rows[1] + 1} if design.tasks > 1 else {}
    columns |= {"profile": rows[2] + 1} if design.profiles > 1 else {}
    columns["vignette"] = places.ravel() + 1
    return pd.DataFrame({**columns, **level_columns(design, universe_of(design).codes[places.ravel()])})


def frequencies(design: Design, assignment: pd.DataFrame) -> pd.DataFrame:
    """How often each level and each pair of levels was drawn, beside what the design expects.

    `assignment` has a column per factor. Returns a frame with the columns of `frames.FREQUENCIES`; `share` and
    `expected` are proportions.
    """
    universe = vignettes(design).assign(probability=mechanism_of(design).probabilities())
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

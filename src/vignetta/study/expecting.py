"""What a design lets its responses be expected to look like."""

from collections.abc import Iterator
from math import prod
from typing import Final

import pandas as pd

from vignetta.cleaning.auditing.designed import Expected
from vignetta.design.assigning.assignment import mechanism_of
from vignetta.design.assigning.levels import level_columns
from vignetta.design.assigning.profiles import profile_probability
from vignetta.design.assigning.universe import Floats, Universe, universe_of
from vignetta.design.declaration import Design
from vignetta.instruments.hypertext import escaped
from vignetta.instruments.naming import DESIGN_HASH
from vignetta.instruments.writing.building import design_hash

MOST: Final = 200_000
"""More combinations of levels than these are not compared with, so that cleaning takes no longer than a second."""


def expected_of(design: Design) -> Expected:
    """What the audit of an export compares it with."""
    data = design.data
    n = prod(len(each.levels) for each in design.factors.values())
    too_many = f"the design has {n:,} combinations of levels: which stood together and how often is not looked at."
    return Expected(
        levels={name: each.level_names for name, each in design.factors.items()},
        combinations=_combinations(design) if n <= MOST else pd.DataFrame(),
        unaudited=too_many if n > MOST else "",
        is_drawn=not design.in_hand,
        wordings=dict(_wordings(design)),
        version_field=DESIGN_HASH,
        versions=[design_hash(design), *(data.versions if data else ())],
        first_day=data.first_day if data else "",
        last_day=data.last_day if data else "",
    )


def _combinations(design: Design) -> pd.DataFrame:
    """Every allowed combination of levels with its probability."""
    universe = universe_of(design)
    return pd.DataFrame({**level_columns(design, universe.codes), "probability": _probability(design, universe)})


def _probability(design: Design, universe: Universe) -> Floats:
    """How often each vignette is shown: what decks hold, or else as weights, restrictions and rules say."""
    return mechanism_of(design).probabilities() if design.decks else profile_probability(design, universe)


def _wordings(design: Design) -> Iterator[tuple[tuple[str, str], frozenset[str]]]:
    """What an export may hold as a level's words: as they are read, or the HTML of the survey that shows them."""
    for name, factor in design.factors.items():
        for level in factor.levels:
            if level.text:
                texts = level.text.values()
                yield (name, level.name), frozenset((*texts, *map(escaped, texts)))

"""All vignettes of a design, with their words and exact probabilities."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from vignetta.design.assigning.levels import level_columns
from vignetta.design.assigning.profiles import profile_probability
from vignetta.design.assigning.universe import Codes, universe_of
from vignetta.design.declaration import Design, Level
from vignetta.design.texts.wording import Segment, Template


def vignettes(design: Design, *, language: str = "", sample: str = "") -> pd.DataFrame:
    """Every allowed combination of levels, one row each.

    Parameters
    ----------
    language
        The language of `text`; the study's main one when left out.
    sample
        The sample that reads `text`; the first of the study's when left out.

    Returns
    -------
    A frame with `vignette` (from 1; the last factor varies fastest), one categorical column per factor whose
    categories are its levels in declared order, `probability` (as declared; they sum to 1), and `text` (empty for a
    study without a template). The probability is what estimates average over: that of a profile by weights,
    restrictions and rules. Under every mechanism but decks it is also the probability of being assigned; which
    vignettes decks hold `mechanism_of(design).probabilities()` says.
    """
    universe = universe_of(design)
    columns = level_columns(design, universe.codes)
    texts = _texts(design, universe.codes, language or design.language, sample)
    numbers, probability = pd.RangeIndex(1, len(universe) + 1), profile_probability(design, universe)
    return pd.DataFrame({"vignette": numbers, **columns, "probability": probability, "text": texts})


def _texts(design: Design, codes: Codes, language: str, sample: str) -> list[str]:
    """The words of each row of `codes`; those of a segment are made once for all rows with the same levels in it."""
    if design.vignette is None:
        return [""] * len(codes)
    columns = [_words_of(design, each, codes, language) for each in design.template(language, sample=sample).segments]
    return ["".join(each) for each in zip(*columns, strict=True)]


def _words_of(design: Design, segment: Segment, codes: Codes, language: str) -> list[str]:
    """The words of a segment in each row of `codes`."""
    if not segment.factors:
        return [segment.render({}, {})] * len(codes)
    factors = [design.factors[name] for name in segment.factors]
    places = [list(design.factors).index(each.name) for each in factors]
    sizes = [len(each.levels) for each in factors]
    cells, rows = np.unique(np.ravel_multi_index(tuple(codes[:, places].T), sizes), return_inverse=True)
    table = [
        _rendered(segment, {each.name: each.levels[place] for each, place in zip(factors, cell, strict=True)}, language)
        for cell in zip(*(each.tolist() for each in np.unravel_index(cells, sizes)), strict=True)
    ]
    words: list[str] = np.array(table, dtype=object)[rows].tolist()
    return words


def _rendered(part: Segment | Template, levels: Mapping[str, Level], language: str) -> str:
    texts = {name: each.words(language) for name, each in levels.items()}
    return part.render({name: each.name for name, each in levels.items()}, texts)


def render(design: Design, levels: Mapping[str, str], *, language: str = "", sample: str = "") -> str:
    """The words of one vignette; empty for a study without a template.

    `levels` maps each factor's name to a level's name; `sample` reads it, the first of the study's when left out.
    """
    chosen = {name: design.factors[name].level(level) for name, level in levels.items()}
    return _rendered(design.template(language, sample=sample), chosen, language or design.language)

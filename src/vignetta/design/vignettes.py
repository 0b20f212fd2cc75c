"""All vignettes of a design, with their words and exact probabilities."""

from typing import Final

import pandas as pd

from vignetta.declared import words
from vignetta.design.decking import assigned_probability
from vignetta.design.declaration import Design
from vignetta.design.universe import Codes, level_columns, universe_of
from vignetta.design.wording import fill

_MARK: Final = "\0"
"""Stands in no text that YAML can hold unless somebody writes its escape."""


def vignettes(design: Design, *, language: str = "") -> pd.DataFrame:
    """Every allowed combination of levels, one row each.

    Parameters
    ----------
    language
        The language of `text`; the study's main one when left out.

    Returns
    -------
    A frame with `vignette` (from 1; the last factor varies fastest), one categorical column per factor whose
    categories are its levels in declared order, `probability` (of being assigned; they sum to 1), and `text`
    (empty for a study without a template).
    """
    universe = universe_of(design)
    columns = level_columns(design, universe.codes)
    texts = _texts(design, universe.codes, language or design.language)
    numbers, probability = pd.RangeIndex(1, len(universe) + 1), assigned_probability(design, universe)
    return pd.DataFrame({"vignette": numbers, **columns, "probability": probability, "text": texts})


def _texts(design: Design, codes: Codes, language: str) -> list[str]:
    """The words of each row of `codes`; the template is read once."""
    if design.vignette is None:
        return [""] * len(codes)
    marked = fill(words(design.vignette, language), {name: f"{_MARK}{name}{_MARK}" for name in design.factors})
    pieces, columns = marked.split(_MARK), dict(zip(design.factors, codes.T.tolist(), strict=True))
    texts = {
        name: [words(level.text or {"": ""}, language) for level in factor.levels]
        for name, factor in design.factors.items()
    }
    varying = [[texts[name][place] for place in columns[name]] for name in pieces[1::2]]
    fixed = [[piece] * len(codes) for piece in pieces[::2]]
    order = [each for pair in zip(fixed, varying, strict=False) for each in pair] + fixed[-1:]
    return ["".join(each) for each in zip(*order, strict=True)]


def render(design: Design, levels: dict[str, str], *, language: str = "") -> str:
    """The words of one vignette; empty for a study without a template.

    `levels` maps each factor's name to a level's name.
    """
    if design.vignette is None:
        return ""
    chosen = {name: design.factors[name].level(level).text or {"": ""} for name, level in levels.items()}
    language = language or design.language
    return fill(words(design.vignette, language), {name: words(text, language) for name, text in chosen.items()})

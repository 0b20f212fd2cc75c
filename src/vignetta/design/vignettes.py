"""All vignettes of a design, with their words and exact probabilities."""

from itertools import product

import pandas as pd

from vignetta.declared import words
from vignetta.design.declaration import Design
from vignetta.design.wording import fill


def vignettes(design: Design, *, language: str = "") -> pd.DataFrame:
    """Every combination of levels, one row each.

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
    combinations = list(product(*(factor.level_names for factor in design.factors.values())))
    columns = {
        name: pd.Categorical([each[place] for each in combinations], categories=factor.level_names)
        for place, (name, factor) in enumerate(design.factors.items())
    }
    texts = [render(design, dict(zip(design.factors, each, strict=True)), language=language) for each in combinations]
    numbers = pd.RangeIndex(1, len(combinations) + 1)
    return pd.DataFrame({"vignette": numbers, **columns, "probability": 1 / len(combinations), "text": texts})


def render(design: Design, levels: dict[str, str], *, language: str = "") -> str:
    """The words of one vignette; empty for a study without a template.

    `levels` maps each factor's name to a level's name.
    """
    if design.vignette is None:
        return ""
    chosen = {name: design.factors[name].level(level).text or {"": ""} for name, level in levels.items()}
    language = language or design.language
    return fill(words(design.vignette, language), {name: words(text, language) for name, text in chosen.items()})

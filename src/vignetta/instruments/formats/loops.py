"""Tables for Qualtrics' loop and merge: a row for each loop, with what is piped into its questions as fields."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from vignetta.design.assigning.decking import decked
from vignetta.design.assigning.universe import shares, universe_of
from vignetta.design.declaration import Design
from vignetta.errors import Problem, StudyError
from vignetta.instruments.naming import WHOLE, Slot, ending, factor_field, text_field

MOST_ROWS = 20_000
"""More rows than these are not written: nobody loops over them."""


def loop_table(design: Design) -> pd.DataFrame:
    """The vignettes as a table for loop and merge.

    Under `decks`, a row for each deck and task, with the fields of all its profiles side by side. Otherwise, with one
    profile to a task, a row for each vignette; `times` says how often it must be in the table for the declared
    probabilities, in the smallest whole numbers.

    Returns
    -------
    A frame with `deck` and `task`, or `vignette` and `times`; then for each factor the code of its level and the words
    in each language, named as the embedded fields of the instrument.

    Raises
    ------
    StudyError
        When profiles are drawn side by side without decks, or levels are drawn once for a respondent, so that no table
        of single loops holds the design; or when there would be too many rows.
    """
    _check(design)
    if design.decks is not None:
        return pd.DataFrame(_deck_rows(design))
    codes, times = universe_of(design).codes.tolist(), shares(design)
    rows = enumerate(zip(codes, times, strict=True), 1)
    made = [{"vignette": number, "times": n, **_fields(design, places, WHOLE)} for number, (places, n) in rows]
    return pd.DataFrame(made)


def _check(design: Design) -> None:
    if design.decks is not None:
        return
    remedy = "Declare `mechanism: decks`, which fixes what stands in each loop."
    if design.profiles > 1:
        what = "profiles are drawn independently, so no table of loops holds them."
        raise StudyError(Problem("profiles", what, remedy))
    kept = [each.name for each in design.factors.values() if each.varies == "respondent" and design.tasks > 1]
    if kept:
        what = f"{', '.join(f'`{each}`' for each in kept)} keeps one level for a respondent, and loops are drawn apart."
        raise StudyError(Problem("factors", what, remedy))
    number = math.prod(len(each.levels) for each in design.factors.values())
    if number > MOST_ROWS:
        what = f"{number:,} combinations of levels are more than the {MOST_ROWS:,} that a table is made of."
        raise StudyError(Problem("factors", what, remedy))


def _deck_rows(design: Design) -> list[dict[str, object]]:
    codes = universe_of(design).codes.tolist()
    rows = []
    for number, deck in enumerate(decked(design).decks.tolist(), 1):
        for task, profiles in enumerate(deck, 1):
            row: dict[str, object] = {"deck": number, "task": task}
            for profile, place in enumerate(profiles, 1):
                row |= _fields(design, codes[place], (0, profile) if design.profiles > 1 else WHOLE)
            rows.append(row)
    return rows


def _fields(design: Design, places: Sequence[int], slot: Slot) -> dict[str, object]:
    fields: dict[str, object] = {}
    for factor, place in zip(design.factors.values(), places, strict=True):
        level = factor.levels[place]
        fields[factor_field(factor, slot)] = level.export_code
        for each in design.languages:
            fields[text_field(factor, slot) + ending(design, each)] = level.words(each)
    return fields

"""The order in which choices, questions and loops are shown: as written, at random, or some of them at random."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from vignetta.instruments.written import Raw, is_true, mapping, numbered, whole_number

Order = Callable[[np.random.Generator], list[str]]
"""The ids that a respondent is shown, in order."""
_ANY: Final = "{~Randomized~}"
_SOME: Final = "{~SubSet~}"


def drawn(ids: Sequence[str], number: int | None = None, *, even: bool = False) -> Order:
    """So many of the ids, or all, in random order; `even` takes those first that were shown least so far."""
    listed, counts = list(ids), [0] * len(ids)
    taken = len(listed) if number is None else min(number, len(listed))

    def order(generator: np.random.Generator) -> list[str]:
        chance = generator.random(len(listed)).tolist()
        places = sorted(range(len(listed)), key=lambda place: (counts[place] if even else 0, chance[place]))[:taken]
        for place in places:
            counts[place] += 1
        if even:
            places = [places[each] for each in generator.permutation(len(places))]
        return [listed[place] for place in places]

    return order


def order_of_choices(ids: Sequence[str], raw: Any) -> Order | None:
    """How a question's `Randomization` orders its choices; None when it keeps them.

    Raises `ValueError` for an order that is not known.
    """
    asked = mapping(raw)
    even, kind = is_true(asked.get("EvenPresentation")), str(asked.get("Type") or "None")
    if kind == "None":
        return None
    if kind in ("All", "RandomizeAll"):
        return drawn(ids)
    if kind.lower() == "subset":
        return drawn(ids, whole(asked.get("TotalRandSubset")), even=even)
    if kind in ("ScaleReversal", "Flip"):
        return lambda generator: list(ids) if generator.random() < 0.5 else list(reversed(ids))
    if kind == "Advanced" and isinstance(asked.get("Advanced"), dict):
        return advanced(ids, asked["Advanced"], even=even)
    raise ValueError(kind)


def order_of_questions(ids: Sequence[str], kind: str, raw: Raw) -> Order | None:
    """How a block's `RandomizeQuestions` and `Randomization` order its questions; None when it keeps them.

    Raises `ValueError` for an order that is not known.
    """
    details, even = mapping(raw.get("Advanced")), is_true(raw.get("EvenPresentation"))
    if not kind:
        return None
    if kind == "Advanced":
        return advanced(ids, details, even=even)
    if kind == "RandomWithOnlyX":
        return drawn(ids, whole(details.get("TotalRandSubset")) or whole(raw.get("TotalRandSubset")), even=even)
    if kind in ("RandomWithXPerPage", "All", "RandomizeAll", "true", "True"):
        return drawn(ids)
    raise ValueError(kind)


def number_shown(ids: Sequence[str], kind: str, raw: Raw) -> int:
    """How many of a block's questions a respondent is shown."""
    details = mapping(raw.get("Advanced"))
    if kind == "RandomWithOnlyX":
        asked = whole(details.get("TotalRandSubset")) or whole(raw.get("TotalRandSubset"))
        return min(asked or len(ids), len(ids))
    fixed = numbered(details.get("FixedOrder"))
    return min(len(fixed), len(ids)) if kind == "Advanced" and fixed else len(ids)


def advanced(ids: Sequence[str], raw: Raw, *, even: bool) -> Order:
    """Some ids in fixed places, some at random in the others, of some only as many as there are places for them.

    Ids of which nothing is said come last, in their order.
    """
    fixed, loose, pool, never = (
        [str(each) for each in numbered(raw.get(key)).values()]
        for key in ("FixedOrder", "RandomizeAll", "RandomSubSet", "Undisplayed")
    )
    loose, pool = ([each for each in group if each in ids] for group in (loose, pool))
    said = {*fixed, *loose, *pool, *never}
    rest = [each for each in ids if each not in said]
    any_order, some_order = drawn(loose), drawn(pool, fixed.count(_SOME), even=even)

    def order(generator: np.random.Generator) -> list[str]:
        waiting = {_ANY: iter(any_order(generator)), _SOME: iter(some_order(generator))}
        found = [next(waiting[each], "") if each in waiting else each for each in fixed]
        shown = [each for each in (*found, *waiting[_ANY], *rest) if each in ids]
        return list(dict.fromkeys(shown))

    return order


def whole(value: Any) -> int | None:
    """A number that may be written as a text; None for none and for zero, which both mean all."""
    number = whole_number(str(value).strip())
    return number if number and number > 0 else None

"""In plain words: how a survey draws the levels that its respondents read, and why in this way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

from vignetta.design.assigning.components import Component, components
from vignetta.design.assigning.universe import universe_of
from vignetta.design.declaration import Design
from vignetta.instruments.naming import DECK, ORDER, VIGNETTE
from vignetta.instruments.writing.drawing import MOST_CHILDREN, Drawing, draws_whole


def drawing_summary(design: Design) -> str:
    """How levels are drawn, one sentence or two to a line.

    Raises `StudyError` when the design cannot be drawn.
    """
    lines = [*_drawn(design), _evenness(design), *_tasks(design), *_shown(design)]
    return "How this survey draws levels\n" + "".join(f"- {each}\n" for each in lines)


def _drawn(design: Design) -> Iterator[str]:
    if design.decks:
        yield (
            f"One randomizer gives each respondent one of {design.decks.number:,} decks and notes its number in "
            f"`{DECK}`, because the study declares `mechanism: decks`."
        )
    elif draws_whole(design):
        yield (
            f"One randomizer draws the whole vignette out of {len(universe_of(design)):,}, each as often as its "
            f"probability says ({Drawing(design).size():,} elements), and notes its number in `{VIGNETTE}`, because "
            f"{_why_whole(design)}."
        )
    else:
        parts = components(design)
        yield from _parts(design, parts)
        if design.responses == 1 and not design.independent:
            yield f"A single randomizer for whole vignettes would need more than {MOST_CHILDREN:,} elements."


def _why_whole(design: Design) -> str:
    weighted = any(len({level.weight for level in each.levels}) > 1 for each in design.factors.values())
    reasons = ["restrictions forbid some"] * bool(design.restrictions) + ["levels have unequal weights"] * weighted
    return " and ".join(reasons)


def _parts(design: Design, parts: Sequence[Component]) -> Iterator[str]:
    """The factors that are drawn alone, and those that are drawn together."""
    alone = [each.factors[0].name for each in parts if len(each.factors) == 1 and not each.rules]
    where = "" if design.responses == 1 else ", for each task or profile in which it is drawn anew"
    if alone:
        what = "Each factor has a randomizer of its own" if len(alone) > 1 else "The factor has a randomizer of its own"
        yield f"{what}{where} ({_listed(alone)}), because no restriction ties it to another."
    for part in (each for each in parts if len(each.factors) > 1 or each.rules):
        names = _listed([each.name for each in part.factors])
        about = "profiles of a task together" if part.rules else "together"
        yield f"{names}: drawn {about}, because restrictions tie them; allowed combinations as often as they should be."
    shared = [each for each in design.factors.values() if design.responses > 1 and each.varies != "profile"]
    for each in (each for each in shared if each.varies == "respondent" or design.profiles > 1):
        yield f"`{each.name}` is drawn once for each {each.varies} and shared by the vignettes below it."


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{each}`" for each in names)


def _evenness(design: Design) -> str:
    if design.mechanism == "simple":
        return "Every respondent is drawn independently: elements are not evened out, as `mechanism: simple` says."
    kept = "Elements are presented evenly: each respondent gets one of those that were given out least so far."
    counts = "Those who leave later, or are excluded, have been counted too."
    exact = " The survey knows no `block_size`." if design.mechanism == "blocked" else ""
    strata = prod(len(design.covariates[each].options) for each in design.strata)
    within = f" Each of the {strata} combinations of {_listed(design.strata)} is evened out by itself." * (strata > 1)
    return f"{kept} {counts}{exact}{within}"


def _tasks(design: Design) -> Iterator[str]:
    if design.responses > 1:
        yield (
            "All levels are drawn before the first task is read. Every task has a block and fields of its own, such "
            "as `NAME_2`, rather than a loop: each column of the export then says its task, and nothing is overwritten."
        )


def _shown(design: Design) -> Iterator[str]:
    if design.attribute_order != "fixed":
        yield f"The order of the table's rows is drawn once for the respondent and noted in `{ORDER}`."
    for each in design.languages[1:]:
        yield f"The same level is worded in `{each}` in fields of its own; the draw does not depend on the language."
    yield "There is no JavaScript: all of it is Qualtrics' own randomizers, embedded data and piped text."

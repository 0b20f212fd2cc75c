"""How vignettes were assigned and shown, in words."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from vignetta.declared import words
from vignetta.design.assigning.universe import Codes, universe_of
from vignetta.design.declaration import Design
from vignetta.report.numbers import count

MECHANISMS: Final = {
    "complete": "Vignettes were assigned in random order, each as often as the design says.",
    "simple": "Every vignette was drawn at random, independently of all others.",
    "blocked": "Vignettes were assigned in random order within blocks of respondents, in the order of their arrival.",
    "decks": "Each respondent got one of {number} decks of vignettes, all decks equally often.",
}


def assigned(design: Design) -> Iterator[str]:
    """What respondents read and how it was drawn, as sentences."""
    if design.responses > 1:
        what = _profiles(design) if design.profiles > 1 else "vignettes"
        yield (
            f"Each respondent read {count(design.tasks)} {what}, one after the other."
            if design.tasks > 1
            else (f"Each respondent read {count(design.profiles)} profiles side by side.")
        )
    number = count(design.decks.number) if design.decks else ""
    yield MECHANISMS[design.mechanism].format(number=number)
    yield from _shared(design, "respondent", "drawn once for each respondent")
    yield from _shared(design, "task", "shared by the profiles that stood side by side")
    weighed = [
        words(each.label, design.language)
        for each in design.factors.values()
        if len({level.weight for level in each.levels}) > 1
    ]
    if weighed:
        yield f"Some levels of {_listed(weighed)} were drawn more often than others."
    if design.attribute_order != "fixed":
        groups = ", attributes of a group together" if design.attribute_order == "grouped" else ""
        yield f"The order of the rows was drawn once for each respondent{groups}."
    if design.samples:
        named = (f"{words(each.label, design.language)} ({count(each.size)})" for each in design.samples.values())
        yield f"Respondents were invited in separate samples: {', '.join(named)}."


def _profiles(design: Design) -> str:
    return "pairs of profiles" if design.profiles == 2 else f"sets of {design.profiles} profiles"


def _shared(design: Design, varies: str, how: str) -> Iterator[str]:
    names = [words(each.label, design.language) for each in design.factors.values() if each.varies == varies]
    if names and design.responses > 1:
        yield f"{_listed(names)} {'was' if len(names) == 1 else 'were'} {how}."


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def read_at_once(design: Design) -> str:
    """What a respondent reads at a time, in a word."""
    return "vignette" if design.profiles == 1 else "pair" if design.profiles == 2 else "set of profiles"


def table(design: Design) -> Mapping[str, Sequence[tuple[str, Sequence[str]]] | Sequence[str]]:
    """A table as a respondent may see it: the labels of profiles, and the rows with the words of each profile.

    The first profile has the reference levels, the others the levels behind them where these vary by profile; empty for
    vignettes in prose.
    """
    language = design.language
    rows = []
    for factor in (design.factors[name] for name in design.rows):
        first = factor.level_names.index(factor.reference.name)
        sides = range(design.profiles) if factor.varies == "profile" else [0] * design.profiles
        shown = [factor.levels[(first + side) % len(factor.levels)].words(language) for side in sides]
        rows.append((words(factor.label, language), shown))
    return {"labels": [words(each, language) for each in design.profile_labels], "rows": rows}


def side_by_side(design: Design) -> list[int]:
    """The rows of `vignettes` that may be the profiles of one task: the first, and for each other the last that may."""
    codes, names = universe_of(design).codes, list(design.factors)
    shared = [place for place, each in enumerate(design.factors.values()) if each.varies != "profile"]
    chosen = [0]
    for _ in range(1, design.profiles):
        alike = np.flatnonzero((codes[:, shared] == codes[0, shared]).all(axis=1))[::-1]
        free = (each for each in alike if all(_may_meet(design, names, codes[each], codes[one]) for one in chosen))
        chosen.append(int(next(free, alike[0])))
    return chosen


def _may_meet(design: Design, names: list[str], one: Codes, other: Codes) -> bool:
    sides = [
        {name: design.factors[name].level_names[code] for name, code in zip(names, each, strict=True)}
        for each in (one, other)
    ]
    for rule in design.restrictions:
        if rule.differ and all(sides[0][each] == sides[1][each] for each in rule.differ):
            return False
        for first, second in (sides, sides[::-1]) if rule.forbid_pair else ():
            if all(
                side[name] in levels
                for side, box in zip((first, second), rule.forbid_pair, strict=True)
                for name, levels in box.items()
            ):
                return False
    return True

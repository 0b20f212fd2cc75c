"""How vignettes will be randomised, in words for people who have to agree to it."""

from collections.abc import Iterator, Mapping
from math import prod
from typing import Final

import numpy as np

from vignetta.declared import words
from vignetta.design.assigning.assignment import mechanism_of
from vignetta.design.assigning.universe import universe_of
from vignetta.design.declaration import Design, Factor
from vignetta.design.layout import Varies
from vignetta.design.restrictions import Restriction
from vignetta.report.numbers import count

MOST_COUNTED: Final = 200_000
"""More combinations than these are not counted out; the shares of levels then follow from the weights alone."""

_MECHANISMS: Final = {
    "complete": "The survey draws what each respondent reads at random and keeps the numbers of respondents even.",
    "simple": "The survey draws what each respondent reads at random, independently of all other respondents.",
    "blocked": "The survey draws what each respondent reads at random and keeps the numbers of respondents even.",
    "decks": "Each respondent is given one of {decks} fixed sets of vignettes at random; all sets are equally likely.",
}
_VARIES: Final[Mapping[Varies, str]] = {
    "respondent": "drawn once for each respondent",
    "task": "drawn anew for each task, the same for all profiles of the task",
    "profile": "drawn anew for each profile",
}


def level_shares(design: Design) -> dict[str, list[float] | None]:
    """For each factor the probability of each of its levels, in order; None where it cannot be counted out."""
    if prod(len(each.levels) for each in design.factors.values()) > MOST_COUNTED:
        return {name: None if design.restrictions else _weights(each) for name, each in design.factors.items()}
    universe, probability = universe_of(design), mechanism_of(design).probabilities()
    return {
        name: np.bincount(universe.codes[:, place], weights=probability, minlength=len(factor.levels)).tolist()
        for place, (name, factor) in enumerate(design.factors.items())
    }


def _weights(factor: Factor) -> list[float]:
    total = sum(each.weight for each in factor.levels)
    return [each.weight / total for each in factor.levels]


def randomising(design: Design) -> Iterator[str]:
    """What is drawn for a respondent and how, as sentences."""
    yield _read(design)
    decks = design.decks.number if design.decks else 0
    yield _MECHANISMS[design.mechanism].format(decks=count(decks))
    yield from _parts(design)
    yield from _layout(design)


def _read(design: Design) -> str:
    if design.responses == 1:
        return "Each respondent reads one vignette."
    sides = f", each with {design.profiles} profiles side by side" if design.profiles > 1 else ""
    what = "task" if design.profiles > 1 else "vignette"
    return f"Each respondent reads {count(design.tasks)} {what}{'s' if design.tasks > 1 else ''}{sides}."


def _parts(design: Design) -> Iterator[str]:
    names = _listed(words(each.label, design.language) for each in design.factors.values())
    how = "independently of each other, every level with the same probability" if design.independent else "as follows"
    how = "together, as the sets of vignettes hold them" if design.decks else how
    yield f"These attributes vary: {names}. Their levels are drawn {how}."
    for varies, how in _VARIES.items() if design.responses > 1 else ():
        alike = [words(each.label, design.language) for each in design.factors.values() if each.varies == varies]
        if alike:
            yield f"{'All' if len(alike) == len(design.factors) else _listed(alike)} {_are(alike)} {how}."


def _are(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _layout(design: Design) -> Iterator[str]:
    if design.attribute_order != "fixed":
        groups = ", with the rows of a group kept together" if design.attribute_order == "grouped" else ""
        yield f"The rows of the table stand in an order that is drawn once for each respondent{groups}."
    if design.strata:
        asked = _listed(words(design.covariates[each].label, design.language) for each in design.strata)
        yield f"The draws are kept even separately for each answer to: {asked}."
    if design.samples:
        sizes = (f"{words(each.label, design.language)} ({count(each.size)})" for each in design.samples.values())
        yield f"Respondents are invited in separate samples: {', '.join(sizes)}."


def restriction_words(design: Design, rule: Restriction) -> str:
    """What a restriction says, with its reason."""
    if rule.forbid:
        said = f"Never together: {_levels(design, rule.forbid)}"
    elif rule.levels:
        said = f"{_levels(design, rule.levels)} only together with {_levels(design, rule.only_with)}"
    elif rule.differ:
        said = (
            f"Two profiles of a task always differ in {_listed((_label(design, each) for each in rule.differ), 'or')}"
        )
    else:
        one, other = (_levels(design, each) for each in rule.forbid_pair)
        said = f"Never side by side in a task: {one} in one profile, {other} in another"
    return f"{said}. Reason: {rule.reason}"


def _levels(design: Design, chosen: Mapping[str, tuple[str, ...]]) -> str:
    parts = []
    for name, levels in chosen.items():
        labels = (f"“{words(design.factors[name].level(each).label, design.language)}”" for each in levels)
        parts.append(f"{_label(design, name)} {_listed(labels, 'or')}")
    return _listed(parts)


def _label(design: Design, factor: str) -> str:
    return words(design.factors[factor].label, design.language)


def _listed(names: Iterator[str] | list[str], joint: str = "and") -> str:
    *others, last = names
    return f"{', '.join(others)} {joint} {last}" if others else last

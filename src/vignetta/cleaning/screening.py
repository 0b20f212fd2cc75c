"""Exclusion rules become marks: one flag per rule and response. Nothing is dropped here."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from vignetta.cleaning.needs import measured_after, needed, reads
from vignetta.cleaning.rules import MARKS, Marked, Screening
from vignetta.codebook import Codebook
from vignetta.exclusions import BIAS, Exclusion, Rule

__all__ = ["ANALYSED", "Screened", "Screening", "looks_past_treatment", "needed", "reasons", "screen"]

ANALYSED: Final = "analysed"


@dataclass(frozen=True, eq=False)
class Screened:
    """What the rules say of each response.

    Attributes
    ----------
    marks : (rows, rules) flags, in the plan's order; each column is called by its reason.
    notes : what a reader of the flow must know, as sentences.
    """

    marks: pd.DataFrame
    notes: tuple[str, ...]


def reasons(exclusions: Sequence[Exclusion]) -> list[str]:
    """The words for each exclusion; those that would read alike are numbered.

    >>> reasons([Exclusion(rule="incomplete"), Exclusion(rule="speeding", seconds=60), Exclusion(rule="incomplete")])
    ['Not finished', 'Faster than 60 seconds', 'Not finished (2)']
    """
    found = [ANALYSED]
    for each in exclusions:
        base = each.reason.strip() or _WORDS[each.rule](each)
        count = 2
        words = base
        while words in found:
            words = f"{base} ({count})"
            count += 1
        found.append(words)
    return found[1:]


def _time(rule: Exclusion) -> str:
    """A bound on the time in words."""
    if rule.seconds:
        return f"{rule.seconds:g} seconds"
    if rule.share_of_median:
        return f"{100 * rule.share_of_median:g}% of the median duration"
    return f"{rule.multiple_of_median or 0:g} times the median duration"


_WORDS: Final[Mapping[Rule, Callable[[Exclusion], str]]] = {
    "preview": lambda each: "Preview, test or spam",
    "no_consent": lambda each: "No consent",
    "incomplete": lambda each: "Not finished",
    "duplicate": lambda each: f"Repeated response by {' and '.join(each.by)}",
    "speeding": lambda each: f"Faster than {_time(each)}",
    "slowness": lambda each: f"Slower than {_time(each)}",
    "attention": lambda each: (
        f"Failed more than {each.allowed} attention checks" if each.allowed else "Failed the attention check"
    ),
    "recall": lambda each: f"Failed the recall check of {each.factor}",
    "straight_lining": lambda each: f"The same answer throughout {', '.join(each.variables)}",
    "score": lambda each: (
        f"{each.variable} below {each.below:g}" if each.below is not None else f"{each.variable} above {each.above:g}"
    ),
    "location": lambda each: f"{each.variable} is not {' or '.join(each.kept)}",
    "condition": lambda each: str(each.when),
}


def screen(screening: Screening, exclusions: Sequence[Exclusion]) -> Screened:
    """Mark, for each rule, the responses that meet it.

    preview: the status is a preview, a test or spam. no_consent: any answer but consent, or none. incomplete: not
    finished. duplicate: all but one response with the same values; the one kept is the first to begin among finished,
    regular ones with consent. speeding, slowness: below or above a number of seconds, or a multiple of the median of
    finished regular responses. attention: more checks than allowed with any answer but the right one, or none. recall:
    any answer but the right one, or none. straight_lining: every variable has an answer, each at the same place of its
    choices. score, location, condition: as declared; where their variables are missing, nothing is marked.
    """
    names = reasons(exclusions)
    found = {name: MARKS[each.rule](screening, each) for name, each in zip(names, exclusions, strict=True)}
    marks = {name: each.marks for name, each in found.items()}
    frame = pd.DataFrame(marks, index=screening.data.index, columns=pd.Index(names, dtype="str"), dtype=bool)
    past = looks_past_treatment(exclusions, screening.codebook)
    notes = [f"The exclusion `{name}` {BIAS}" for name, each in zip(names, past, strict=True) if each]
    return Screened(frame, (*notes, *_unjudged(found)))


def looks_past_treatment(exclusions: Sequence[Exclusion], codebook: Codebook) -> list[bool]:
    """For each rule, whether it uses what was measured after the vignette."""
    after = measured_after(codebook)
    return [
        each.looks_past_treatment([variable.name for variable in reads(each, codebook)], after) for each in exclusions
    ]


def _unjudged(found: Mapping[str, Marked]) -> Iterator[str]:
    for name, each in found.items():
        missing = 0 if each.unjudged is None else int(each.unjudged.sum())
        if each.unjudged is not None and missing:
            what = f"{missing} of {len(each.unjudged)} raw rows"
            yield f"Without what it needs, and so not marked by the exclusion `{name}`: {what}."

"""Exclusion rules become marks: one flag per rule and response. Nothing is dropped here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from vignetta.cleaning.excluding.needs import measured_after, needed, reads
from vignetta.cleaning.excluding.rules import MARKS, Marked, Screening
from vignetta.codebook import Codebook
from vignetta.exclusions import ANALYSED, BIAS, Exclusion, reasons

__all__ = ["ANALYSED", "Screened", "Screening", "looks_past_treatment", "needed", "reasons", "screen"]


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


def screen(screening: Screening, exclusions: Sequence[Exclusion]) -> Screened:
    """Mark, for each rule, the responses that meet it.

    preview: the status is a preview, a test or spam. no_consent: any answer but consent, or none. incomplete: not
    finished. duplicate: all but one response with the same values; the one kept is the first to begin among finished,
    regular ones with consent. speeding, slowness: below or above a number of seconds, or a multiple of the median of
    finished regular responses. attention: more checks than allowed with any answer but the right one, or none. recall:
    any answer but the right one, or none. straight_lining: every variable has an answer, each at the same place of its
    choices. score, location, condition: as declared. Where what duplicate, speeding, slowness, straight_lining, score,
    location or condition read is missing, nothing is marked, and it is noted.
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

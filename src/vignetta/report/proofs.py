"""Every vignette on one page, for co-authors and ethics boards: sorted and filtered in the page itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import ceil
from typing import Any, Final

import pandas as pd

from vignetta.declared import words
from vignetta.design.assigning.vignettes import render, vignettes
from vignetta.design.declaration import Design
from vignetta.design.proofs.comparing import LevelLength, level_lengths
from vignetta.design.proofs.passages import Proofs, Remark, n_combinations, shown_numbers
from vignetta.design.proofs.proofing import MOST_READ, proof, samples
from vignetta.design.proofs.reading import measure
from vignetta.design.texts.languages import is_english
from vignetta.report.numbers import count
from vignetta.report.templating import template

MOST_ROWS: Final = 4000
"""Vignettes on one page: six megabytes or so, which a browser still sorts at once. Of more, every second, third ..."""
MOST_NUMBERS: Final = 8
"""Numbers of vignettes shown with a remark: enough to look some of them up."""


@dataclass(frozen=True)
class Cell:
    """A level of a vignette: its words on the page, and its place among the factor's levels."""

    label: str
    place: int


@dataclass(frozen=True)
class Reading:
    """A vignette in one language. `grade` is empty outside English."""

    language: str
    text: str
    words: int
    grade: str


@dataclass(frozen=True)
class Row:
    """A vignette on the page."""

    number: int
    cells: tuple[Cell, ...]
    readings: tuple[Reading, ...]


def proof_page(design: Design, *, remarks: Sequence[Remark] | None = None, universe: pd.DataFrame | None = None) -> str:
    """One page with every vignette, to be read before anybody answers; it needs no other file and no network.

    Without JavaScript it is a plain table; with it, rows are sorted and filtered by level.

    Parameters
    ----------
    remarks
        What `proof` found; it is asked when left out.
    universe
        The frame of `vignettes`, or some of its rows; all vignettes when left out.

    Returns
    -------
    The page as HTML; the same design gives the same bytes.
    """
    found = proof(design) if remarks is None else remarks
    every = vignettes(design) if universe is None else universe
    rows = _rows(design, every.iloc[:: ceil(len(every) / MOST_ROWS)])
    return template("proofs.html.j2").render(_context(design, found, rows), total=len(every))


def _context(design: Design, remarks: Sequence[Remark], rows: Sequence[Row]) -> dict[str, Any]:
    voices = list(_voices(design))
    return {
        "title": design.title,
        "note": design.note,
        "language": design.language,
        "languages": [(language, suffix, is_english(language)) for language, _, suffix in voices],
        "factors": [_factor(design, name) for name in design.factors],
        "rows": rows,
        "remarks": [(each, shown_numbers(each.vignettes, MOST_NUMBERS) if each.vignettes else "") for each in remarks],
        "facts": _facts(design, rows),
        "lengths": [
            (suffix.strip(" ()"), _lengths(Proofs(design, language, sample)))
            for language, sample, suffix in voices
            if n_combinations(design) <= MOST_READ
        ],
        "count": count,
    }


def _voices(design: Design) -> Iterator[tuple[str, str, str]]:
    """The languages and samples in which vignettes are read, each with what tells it from the others."""
    for language, sample in product(design.languages, samples(design)) if design.vignette is not None else ():
        parts = [language] * (len(design.languages) > 1)
        parts += [words(design.samples[sample].label, design.language)] if sample else []
        yield language, sample, f" ({', '.join(parts)})" if parts else ""


def _rows(design: Design, universe: pd.DataFrame) -> list[Row]:
    names = list(design.factors)
    places = {name: {each: place for place, each in enumerate(design.factors[name].level_names)} for name in names}
    labels = {name: [words(each.label, design.language) for each in design.factors[name].levels] for name in names}
    rows = []
    for number, *levels in universe[["vignette", *names]].itertuples(index=False, name=None):
        chosen = dict(zip(names, levels, strict=True))
        cells = (Cell(labels[name][places[name][level]], places[name][level]) for name, level in chosen.items())
        rows.append(Row(int(number), tuple(cells), _readings(design, chosen)))
    return rows


def _readings(design: Design, levels: dict[str, str]) -> tuple[Reading, ...]:
    texts = [(each, render(design, levels, language=each, sample=sample)) for each, sample, _ in _voices(design)]
    return tuple(
        Reading(language, text, found.words, f"{found.grade:.1f}" if is_english(language) else "")
        for language, text in texts
        for found in [measure(text)]
    )


def _factor(design: Design, name: str) -> dict[str, Any]:
    factor = design.factors[name]
    levels = [words(each.label, design.language) for each in factor.levels]
    return {"name": name, "label": words(factor.label, design.language), "levels": levels}


def _facts(design: Design, rows: Sequence[Row]) -> list[tuple[str, str]]:
    facts = [(count(len(rows)), "vignettes"), (count(len(design.factors)), "factors")]
    lengths = [row.readings[0].words for row in rows if row.readings]
    grades = [float(row.readings[0].grade) for row in rows if row.readings and row.readings[0].grade]
    if lengths:
        facts.append((_span(count(min(lengths)), count(max(lengths))), "words"))
    if grades:
        facts.append((_span(f"{min(grades):.1f}", f"{max(grades):.1f}"), "reading grade"))
    return facts


def _span(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"


def _lengths(proofs: Proofs) -> list[tuple[str, list[dict[str, str]]]]:
    """The factors by label, each with a row of words for every level."""
    design, found = proofs.design, level_lengths(proofs)
    return [
        (
            words(factor.label, design.language),
            [_length(design, each) for each in found if each.factor == name],
        )
        for name, factor in design.factors.items()
    ]


def _length(design: Design, found: LevelLength) -> dict[str, str]:
    label = words(design.factors[found.factor].level(found.level).label, design.language)
    return {
        "label": label,
        "words": count(found.words),
        "words_apart": signed(found.words_apart, "g"),
        "vignette": f"{found.vignette:.1f}",
        "grade": "" if found.grade is None else f"{found.grade:.1f}",
        "grade_apart": "" if found.grade_apart is None else signed(found.grade_apart, ".1f"),
    }


def signed(value: float, form: str) -> str:
    """A difference with its sign.

    >>> signed(2.5, "g"), signed(-0.04, ".1f"), signed(-3, "g")
    ('+2.5', '0.0', '−3')
    """
    shown = format(abs(value), form)
    return shown if float(shown) == 0 else ("+" if value > 0 else "−") + shown

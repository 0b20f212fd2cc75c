"""Proofs of every vignette before fielding: faults of the text, and levels that differ in more than meaning."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate, pairwise, product
from typing import Final

from vignetta.design.consistency import SAMPLE
from vignetta.design.declaration import Design
from vignetta.design.proofs.comparing import comparisons
from vignetta.design.proofs.faults import Fault, TextFault, faults
from vignetta.design.proofs.passages import Passage, Proofs, Remark, causes, n_combinations
from vignetta.design.texts.pieces import Words
from vignetta.design.texts.wording import shown_levels
from vignetta.errors import listed

__all__ = ["Remark", "proof"]

MOST_READ: Final = 10_000
"""Above this many combinations of levels none is read: one long sentence in all of them takes four seconds."""
_EXCERPT: Final = 24
"""Characters shown on each side of a fault: about four words, enough to find the place."""
_INVISIBLE: Final = "\u200b\ufeff \t\n"


def proof(design: Design, language: str = "", *, most: int = MOST_READ) -> list[Remark]:
    """Read every vignette and tell what should be looked at, one remark per cause.

    A sentence of the template is rendered once for every combination of the levels in it that occurs, which covers
    every vignette. The cause of a fault is the template, a level, or the fewest levels that make it together.

    Parameters
    ----------
    language
        The language to read; all languages of the study when left out.
    most
        A design with more combinations of levels than these is not read, and the only remark says so.

    Returns
    -------
    Remarks on the text, then on levels that differ in length, reading grade or not at all, statements that contradict
    each other, and languages out of step; none for a study without a template.
    """
    if design.vignette is None:
        return []
    if (n := n_combinations(design)) > most:
        what = f"{n:,} combinations of levels are more than the {most:,} that are proofread here."
        return [
            Remark(
                "unread",
                "factors",
                what,
                "`vignetta draw` writes them to design/vignettes.csv and design/vignettes.html: read some.",
                (),
            )
        ]
    proofs = [Proofs(design, *each) for each in product([language] if language else design.languages, samples(design))]
    remarks = [remark for each in proofs for remark in (*_empty_texts(each), *_text_remarks(each), *comparisons(each))]
    return [each for each in dict.fromkeys(remarks) if each.vignettes]


def samples(design: Design) -> list[str]:
    """The samples that read vignettes of their own; the empty text alone where all read the same."""
    asked = {name for each in design.languages for name in design.whole_template(each).names}
    return list(design.samples) if SAMPLE in asked else [""]


# ----------------------------------------------------------------------------------------------- faults of the text


Anchor = tuple[str | int, ...]
"""What a fault belongs to: a place in the template's words or in those of a level, or else the edge of a segment."""


@dataclass(frozen=True)
class _Sort:
    fault: TextFault
    what: str
    remedy: str


@dataclass
class _Sightings:
    """Where a fault is seen: the piece that it begins in, the factors of all that it touches, and the combinations of
    levels that show it, each with an excerpt. `phrase` when one of the pieces does not always stand there."""

    piece: int
    phrase: bool = False
    factors: set[str] = field(default_factory=set)
    cells: dict[tuple[str, ...], str] = field(default_factory=dict)


def _empty_texts(proofs: Proofs) -> Iterator[Remark]:
    """Levels whose text cannot be seen, and those without one that a placeholder shows."""
    levels = {name: factor.level_names for name, factor in proofs.design.factors.items()}
    shown = shown_levels(proofs.template.pieces, levels)
    for name, factor in proofs.design.factors.items():
        for level in factor.levels:
            text = proofs.text(name, level.name)
            if not text.strip(_INVISIBLE) and (text or level.name in shown.get(name, ())):
                what = f"the level `{level.name}` of `{name}` has no words, so nobody can read it."
                yield proofs.remark("empty text", {name: level.name}, what, "Write the words that people read.")


def _text_remarks(proofs: Proofs) -> list[Remark]:
    """The faults of every passage, those of one cause and sort together."""
    found: dict[tuple[_Sort, bool, tuple[tuple[str, str], ...]], list[str]] = {}
    for passage in proofs.passages:
        for (sort, _), sightings in _origins(passage).items():
            factors = _factors(passage, sightings)
            shown: dict[tuple[str, ...], str] = {}
            for cell, excerpt in sightings.cells.items():
                shown.setdefault(_some(passage, factors, cell), excerpt)
            allowed = {_some(passage, factors, cell) for cell in passage.cells}
            phrase = sightings.phrase or not sightings.factors.issuperset(factors)
            for levels, excerpt in causes(factors, allowed, shown):
                found.setdefault((sort, phrase, tuple(levels.items())), []).append(excerpt)
    return [
        proofs.remark(sort.fault, dict(levels), f"{sort.what}: {_quoted(excerpts)}.", sort.remedy, phrase=phrase)
        for (sort, phrase, levels), excerpts in found.items()
    ]


def _some(passage: Passage, factors: tuple[str, ...], cell: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(cell[passage.factors.index(each)] for each in factors)


def _origins(passage: Passage) -> dict[tuple[_Sort, Anchor], _Sightings]:
    """The faults of a passage by origin, and where each is seen."""
    found: dict[tuple[_Sort, Anchor], _Sightings] = {}
    for cell in passage.cells:
        texts = passage.texts(cell)
        text = "".join(texts)
        for fault in faults(text, passage.proofs.language):
            touched = _touched(fault, texts)
            anchor = _anchor(passage, fault, touched, cell)
            origin = _Sort(fault.kind, fault.what, fault.remedy), anchor
            sightings = found.setdefault(origin, _Sightings(touched[0][0]))
            pieces = [passage.pieces[place] for place, _ in touched]
            sightings.phrase |= anchor[0] != "text" and any(each.guards for each in pieces)
            sightings.factors.update(name for each in pieces for name in each.factors)
            sightings.cells.setdefault(cell, _excerpt(text, fault))
    return found


def _touched(fault: Fault, texts: list[str]) -> list[tuple[int, int]]:
    """The places of the pieces that a fault touches, and where each begins; empty ones between them count."""
    starts = accumulate(map(len, texts), initial=0)
    spans = enumerate(pairwise(starts))
    return [(place, start) for place, (start, end) in spans if start < fault.end and fault.start < end]


def _anchor(passage: Passage, fault: Fault, touched: list[tuple[int, int]], cell: tuple[str, ...]) -> Anchor:
    place, begin = touched[0]
    piece, start, end = passage.pieces[place], fault.start - begin, fault.end - begin
    edge = ("edge", passage.segment_of[place])
    if len(touched) > 1:
        return edge
    levels, texts = passage.proofs.chosen(passage.factors, cell)
    if isinstance(piece.content, Words):
        inside = not piece.guards or (start > 0 and end < len(piece.content.text))
        return ("words", place, start) if inside else edge
    for name, first, last in piece.content.spans(texts):
        if first < start and end < last:
            return ("text", name, levels[name], start - first)
    return edge


def _factors(passage: Passage, sightings: _Sightings) -> tuple[str, ...]:
    """The factors that settle whether a fault is seen: those it touches and, as far as needed, of pieces around it."""
    nearest = sorted(range(len(passage.pieces)), key=lambda place: abs(place - sightings.piece))
    around = [name for place in nearest for name in passage.pieces[place].factors]
    factors = [each for each in passage.factors if each in sightings.factors]
    for name in [each for each in dict.fromkeys(around) if each not in factors]:
        shown = {_some(passage, tuple(factors), cell) for cell in sightings.cells}
        if all(cell in sightings.cells for cell in passage.cells if _some(passage, tuple(factors), cell) in shown):
            break
        factors.append(name)
    return tuple(each for each in passage.factors if each in factors)


def _excerpt(text: str, fault: Fault) -> str:
    start, end = max(0, fault.start - _EXCERPT), min(len(text), fault.end + _EXCERPT)
    before = text[start : fault.start]
    after = text[fault.end : end]
    before = before[before.find(" ") + 1 :] if start else before
    after = after[: after.rfind(" ")] if end < len(text) and " " in after else after
    return before.lstrip() + text[fault.start : fault.end] + after.rstrip()


def _quoted(excerpts: Iterable[str], most: int = 2) -> str:
    return listed([f"“{' '.join(each.splitlines())}”" for each in dict.fromkeys(excerpts)], most)

"""Proofs of every vignette before fielding: faults of the text, and levels that differ in more than meaning."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from vignetta.design.comparing import comparisons
from vignetta.design.declaration import Design
from vignetta.design.faults import Fault, TextFault, faults
from vignetta.design.passages import Passage, Proofs, Remark, n_combinations

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
    proofs = [Proofs(design, each) for each in ([language] if language else design.languages)]
    remarks = [remark for each in proofs for remark in (*_empty_texts(each), *_text_remarks(each), *comparisons(each))]
    return [each for each in remarks if each.vignettes]


# ----------------------------------------------------------------------------------------------- faults of the text


@dataclass(frozen=True)
class _Origin:
    """Where in a passage a fault is: the pieces that it touches, and the words of the piece when it lies within one."""

    fault: TextFault
    what: str
    remedy: str
    factors: tuple[str, ...]
    place: int
    within: str


def _empty_texts(proofs: Proofs) -> Iterator[Remark]:
    for name, factor in proofs.design.factors.items():
        for level in factor.levels:
            if not proofs.text(name, level.name).strip(_INVISIBLE):
                what = f"the level `{level.name}` of `{name}` has no words, so nobody can read it."
                yield proofs.remark("empty text", {name: level.name}, what, "Write the words that people read.")


def _text_remarks(proofs: Proofs) -> list[Remark]:
    """The faults of every passage, those of one cause and sort together."""
    found: dict[tuple[TextFault, str, str, tuple[tuple[str, str], ...]], list[str]] = {}
    for passage in proofs.passages:
        for origin, shown in _origins(passage).items():
            allowed = {_some(passage, origin.factors, cell) for cell in passage.cells}
            for levels, excerpt in _causes(origin.factors, allowed, shown):
                key = (origin.fault, origin.what, origin.remedy, tuple(levels.items()))
                found.setdefault(key, []).append(excerpt)
    return [
        proofs.remark(kind, dict(levels), f"{what}: {_quoted(excerpts)}.", remedy)
        for (kind, what, remedy, levels), excerpts in found.items()
    ]


def _some(passage: Passage, factors: tuple[str, ...], cell: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(cell[passage.factors.index(each)] for each in factors)


def _origins(passage: Passage) -> dict[_Origin, dict[tuple[str, ...], str]]:
    """The faults of a passage by origin, with the levels that show each and an excerpt."""
    found: dict[_Origin, dict[tuple[str, ...], str]] = {}
    for cell in passage.cells:
        pieces = passage.pieces(cell)
        text = "".join(each for _, each in pieces)
        for fault in faults(text, passage.proofs.language):
            origin = _origin(fault, pieces)
            levels = _some(passage, origin.factors, cell)
            found.setdefault(origin, {}).setdefault(levels, _excerpt(text, fault))
    return found


def _origin(fault: Fault, pieces: list[tuple[str, str]]) -> _Origin:
    end, touched = 0, []
    for place, (name, text) in enumerate(pieces):
        start, end = end, end + len(text)
        if start < fault.end and fault.start < end:
            inside = not name or (start < fault.start and fault.end < end)
            touched.append((place, name, f"{fault.start - start}: {text}" if inside else ""))
    names = tuple(dict.fromkeys(name for _, name, _ in touched if name))
    place, _, within = touched[0]
    return _Origin(fault.kind, fault.what, fault.remedy, names, place, within if len(touched) == 1 else "")


def _causes(
    names: tuple[str, ...], allowed: set[tuple[str, ...]], shown: Mapping[tuple[str, ...], str]
) -> Iterator[tuple[dict[str, str], str]]:
    """The fewest levels that always show a fault, each with an excerpt; none of them when every combination does.

    >>> allowed = {(a, b) for a in "pq" for b in "xy"}
    >>> list(_causes(("f", "g"), allowed, {("p", "x"): "1", ("p", "y"): "2", ("q", "y"): "3"}))
    [({'f': 'p'}, '1'), ({'g': 'y'}, '3')]
    """
    left = dict.fromkeys(shown)
    for size in range(len(names) + 1):
        for places in combinations(range(len(names)), size):
            groups: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
            for cell in sorted(allowed):
                groups.setdefault(tuple(cell[place] for place in places), []).append(cell)
            for levels, cells in groups.items():
                showing = [cell for cell in cells if cell in left]
                if showing and all(cell in shown for cell in cells):
                    yield dict(zip((names[place] for place in places), levels, strict=True)), shown[showing[0]]
                    left = {cell: None for cell in left if cell not in cells}


def _excerpt(text: str, fault: Fault) -> str:
    start, end = max(0, fault.start - _EXCERPT), min(len(text), fault.end + _EXCERPT)
    before = text[start : fault.start]
    after = text[fault.end : end]
    before = before[before.find(" ") + 1 :] if start else before
    after = after[: after.rfind(" ")] if end < len(text) and " " in after else after
    return before.lstrip() + text[fault.start : fault.end] + after.rstrip()


def _quoted(excerpts: Iterable[str], most: int = 2) -> str:
    known = list(dict.fromkeys(excerpts))
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(f"“{' '.join(each.splitlines())}”" for each in known[:most]) + more

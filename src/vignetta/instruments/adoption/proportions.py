"""How often a survey draws combinations of levels: weights, and what never stands together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import combinations, product
from math import lcm, prod
from typing import Final

from vignetta.instruments.survey import BranchNode, EmbeddedDataNode, FlowNode, RandomizerNode

Cell = tuple[tuple[str, str], ...]
"""Fields with their values."""
_MOST_CELLS: Final = 20_000


def cells_of(node: FlowNode, names: set[str]) -> Counter[Cell]:
    """How often each combination of values of the fields is drawn, in the smallest whole numbers.

    Raises `OverflowError` where these are too many.
    """
    shares = _shares(node, names)
    common = lcm(*(each.denominator for each in shares.values())) if shares else 1
    return Counter({cell: int(share * common) for cell, share in shares.items()})


def _shares(node: FlowNode, names: set[str]) -> dict[Cell, Fraction]:
    if isinstance(node, EmbeddedDataNode):
        given = {each.name: each.value for each in node.fields if each.name in names and each.value is not None}
        return {tuple(sorted((name, value or "") for name, value in given.items())): Fraction(1)}
    if isinstance(node, RandomizerNode) and node.subset == 1:
        found: dict[Cell, Fraction] = defaultdict(Fraction)
        for child in node.children:
            for cell, share in _shares(child, names).items():
                found[cell] += share / len(node.children)
        return found
    if isinstance(node, BranchNode):
        return {(): Fraction(1)}
    joint: dict[Cell, Fraction] = {(): Fraction(1)}
    for child in getattr(node, "children", ()):
        joint = _crossed(joint, _shares(child, names))
    return joint


def _crossed(one: Mapping[Cell, Fraction], other: Mapping[Cell, Fraction]) -> dict[Cell, Fraction]:
    if len(one) * len(other) > _MOST_CELLS:
        raise OverflowError
    found: dict[Cell, Fraction] = defaultdict(Fraction)
    for (a, p), (b, q) in product(one.items(), other.items()):
        found[tuple(sorted({**dict(a), **dict(b)}.items()))] += p * q
    return found


# ------------------------------------------------------------------------------------------------- weights and rules


def rules_of(
    drawn: Sequence[Counter[Cell]], factors: Mapping[str, Sequence[str]], *, weighted: bool
) -> tuple[dict[str, dict[str, int]], list[dict[str, tuple[str, ...]]], list[str]]:
    """What the counts of combinations say, where `factors` are the levels of each field.

    Returns
    -------
    Weights of levels by field; levels that never stand together, by field; what could not be read. Without `weighted`,
    as for decks, nothing is concluded from what was not drawn.
    """
    weights: dict[str, dict[str, int]] = {}
    forbidden: list[dict[str, tuple[str, ...]]] = []
    odd: list[str] = []
    for cells in drawn:
        names = list(dict.fromkeys(name for cell in cells for name, _ in cell if name in factors))
        table = {tuple(dict(cell).get(each, "") for each in names): n for cell, n in cells.items()}
        levels = [factors[each] for each in names]
        if not all(each in codes for cell in table for each, codes in zip(cell, levels, strict=True)):
            odd.append(f"how often levels of {', '.join(names)} are drawn: not every child sets all of these fields")
            continue
        if len(names) > 1 and weighted:
            forbidden += _forbidden(names, levels, set(table))
        found = _weights(levels, table) if weighted else None
        if found is None:
            odd += [f"how often combinations of {', '.join(names)} are drawn is not told by weights"] * weighted
        else:
            named = zip(names, levels, found, strict=True)
            weights |= {name: dict(zip(codes, each, strict=True)) for name, codes, each in named}
    return weights, forbidden, odd


def _forbidden(
    names: Sequence[str], levels: Sequence[Sequence[str]], drawn: set[tuple[str, ...]]
) -> Iterator[dict[str, tuple[str, ...]]]:
    """Levels that never stand together: of two factors, and whole combinations that these do not tell."""
    pairs: set[tuple[int, str, int, str]] = set()
    for (a, ones), (b, others) in combinations(enumerate(levels), 2):
        met = {(each[a], each[b]) for each in drawn}
        lacking = {one: tuple(other for other in others if (one, other) not in met) for one in ones}
        for group in dict.fromkeys(each for each in lacking.values() if each):
            yield {names[a]: tuple(one for one in ones if lacking[one] == group), names[b]: group}
        pairs |= {(a, one, b, other) for one, each in lacking.items() for other in each}
    if len(names) > 2 and prod(map(len, levels)) <= _MOST_CELLS:
        for cell in product(*levels):
            told = any((a, cell[a], b, cell[b]) in pairs for a, b in combinations(range(len(cell)), 2))
            if cell not in drawn and not told:
                yield {name: (code,) for name, code in zip(names, cell, strict=True)}


def _weights(levels: Sequence[Sequence[str]], table: Mapping[tuple[str, ...], int]) -> list[list[int]] | None:
    """Whole numbers for levels whose products are how often cells are drawn; None when there are none.

    Starting from one cell, a level's weight follows from any cell that differs in nothing else.
    """
    orders = [{code: n for n, code in enumerate(codes)} for codes in levels]
    cells = sorted(table, key=lambda cell: [order[each] for order, each in zip(orders, cell, strict=True)])
    found = [_ratios(place, codes, cells, table) for place, codes in enumerate(levels)]
    scale = Fraction(table[cells[0]]) / _product(found, cells[0])
    if any(scale * _product(found, cell) != table[cell] for cell in cells):
        return None
    return [_whole([each[code] for code in codes]) for codes, each in zip(levels, found, strict=True)]


def _ratios(
    place: int, codes: Sequence[str], cells: Sequence[tuple[str, ...]], table: Mapping[tuple[str, ...], int]
) -> dict[str, Fraction]:
    """Levels' weights beside the first level's, by way of levels that stand beside the same others."""
    beside: dict[tuple[str, ...], list[tuple[str, ...]]] = defaultdict(list)
    among: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for cell in cells:
        beside[(*cell[:place], *cell[place + 1 :])].append(cell)
        among[cell[place]].append(cell)
    ratios, frontier = {codes[0]: Fraction(1)}, [codes[0]]
    for known in frontier:
        for cell in among[known]:
            for other in beside.pop((*cell[:place], *cell[place + 1 :]), ()):
                if other[place] not in ratios:
                    ratios[other[place]] = ratios[known] * Fraction(table[other], table[cell])
                    frontier.append(other[place])
    return {each: ratios.get(each, Fraction(1)) for each in codes}


def _product(weights: Sequence[Mapping[str, Fraction]], cell: Sequence[str]) -> Fraction:
    return prod((each[code] for each, code in zip(weights, cell, strict=True)), start=Fraction(1))


def _whole(ratios: Sequence[Fraction]) -> list[int]:
    common = lcm(*(each.denominator for each in ratios))
    whole = [int(each * common) for each in ratios]
    return whole if len(set(whole)) > 1 else [1] * len(whole)

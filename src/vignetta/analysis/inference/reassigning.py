"""All the assignments that there could have been, or draws of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from math import comb, prod
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from vignetta.analysis.options import raise_all, unknown
from vignetta.design.assigning.assignment import mechanism_of
from vignetta.design.assigning.universe import universe_of
from vignetta.design.declaration import Design
from vignetta.errors import Problem

Codes = npt.NDArray[np.int64]

CHUNK: Final = 2_000_000
"""At most about this many levels are drawn at a time."""


@dataclass(frozen=True)
class Assigned:
    """Assignments of levels to rows.

    Attributes
    ----------
    drawn : the places of the levels (some draws at a time, n), -1 for a level that is not compared.
    count : how many assignments there are.
    is_exact : whether they are all that could have been, each once.
    how : how they were made, in words.
    """

    drawn: Iterator[Codes]
    count: int
    is_exact: bool
    how: str


def permuted(
    rows: pd.DataFrame,
    codes: Codes,
    strata: str | None,
    cluster: str | None,
    draws: int,
    rng: np.random.Generator,
) -> Assigned:
    """The levels of the rows in other orders: within strata, whole clusters together; all where they are few."""
    units = np.arange(len(rows)) if cluster is None else pd.factorize(rows[cluster].to_numpy())[0].astype(np.int64)
    first = np.unique(units, return_index=True)[1]
    layer = np.zeros(len(rows), dtype=np.int64) if strata is None else pd.factorize(rows[strata].to_numpy())[0]
    raise_all(_unit_problems(units, codes, first, cluster, "level"))
    raise_all(_unit_problems(units, layer, first, cluster, "stratum"))
    given, layers = codes[first], layer[first]
    groups = [np.flatnonzero(layers == each) for each in np.unique(layers)]
    over = "all rows" if cluster is None else f"whole values of {cluster}"
    how = f"permuted over {over}" + ("" if strata is None else f", within {strata}")
    total = prod(_arrangements(given[group]) for group in groups)
    if total <= draws:
        return Assigned((each[:, units] for each in _all(given, groups)), total, True, how)
    return Assigned((each[:, units] for each in _shuffled(given, groups, draws, rng)), draws, False, how)


def _arrangements(codes: Codes) -> int:
    """In how many different orders the levels can stand."""
    counts = np.unique(codes, return_counts=True)[1].tolist()
    return prod(comb(sum(counts[place:]), each) for place, each in enumerate(counts))


def _all(given: Codes, groups: list[Codes]) -> Iterator[Codes]:
    made = given[None].copy()
    for group in groups:
        orders = np.array(list(_orders(given[group])))
        made = np.repeat(made, len(orders), axis=0)
        made[:, group] = np.tile(orders, (len(made) // len(orders), 1))
    yield made


def _orders(codes: Codes) -> Iterator[Codes]:
    """Every different order of the levels."""
    known, counts = np.unique(codes, return_counts=True)
    yield from _placed(np.full(len(codes), -1), known.tolist(), counts.tolist())


def _placed(partly: Codes, known: list[int], counts: list[int]) -> Iterator[Codes]:
    if not known:
        yield partly
        return
    for places in combinations(np.flatnonzero(partly < 0).tolist(), counts[0]):
        more = partly.copy()
        more[list(places)] = known[0]
        yield from _placed(more, known[1:], counts[1:])


def _shuffled(given: Codes, groups: list[Codes], draws: int, rng: np.random.Generator) -> Iterator[Codes]:
    size = max(1, CHUNK // len(given))
    for start in range(0, draws, size):
        made = np.tile(given, (min(size, draws - start), 1))
        for group in groups:
            made[:, group] = rng.permuted(made[:, group], axis=1)
        yield made


def by_design(
    rows: pd.DataFrame,
    factor: str,
    pair: list[str],
    design: Design,
    respondent: str | None,
    strata: str | None,
    draws: int,
    rng: np.random.Generator,
) -> Assigned:
    """The levels that rows have when all respondents are given vignettes again by the design's mechanism."""
    raise_all(_design_problems(rows, factor, pair, design, respondent))
    names = rows[respondent].to_numpy() if respondent is not None else np.arange(len(rows))
    people = pd.factorize(names)[0].astype(np.int64)
    first = np.flatnonzero(~pd.Series(names).duplicated().to_numpy())
    slot = np.asarray(pd.Series(people).groupby(people).cumcount(), dtype=np.int64)
    raise_all(_slot_problems(slot, people, design))
    universe, mechanism = universe_of(design), mechanism_of(design)
    declared = design.factors[factor].level_names
    place = np.array([pair.index(each) if each in pair else -1 for each in declared])
    level_of = place[universe.codes[:, list(design.factors).index(factor)]]
    layers = None if strata is None else rows[strata].to_numpy()[first].tolist()
    size = max(1, CHUNK // len(rows))

    def drawn() -> Iterator[Codes]:
        for start in range(0, draws, size):
            times = min(size, draws - start)
            vignettes = mechanism.redraw(len(first), times, rng, strata=layers).reshape(times, len(first), -1)
            yield level_of[vignettes[:, people, slot]]

    kind = "decks" if design.decks is not None else design.mechanism
    return Assigned(drawn(), draws, False, f"vignettes drawn again as the design says ({kind})")


# -------------------------------------------------------------------------------------------------------- problems


def _unit_problems(units: Codes, codes: Codes, first: Codes, cluster: str | None, what: str) -> list[Problem]:
    mixed = np.unique(units[codes != codes[first][units]])
    if not len(mixed):
        return []
    said = f"{len(mixed)} values of `{cluster}` have more than one {what}, so they were not assigned whole."
    return [Problem("cluster", said, "Leave `cluster` out, or write it as `strata`.")]


def _design_problems(
    rows: pd.DataFrame, factor: str, pair: list[str], design: Design, respondent: str | None
) -> list[Problem]:
    if factor not in design.factors:
        return [unknown("factor", "the design has no factor", factor, list(design.factors))]
    known = design.factors[factor].level_names
    found = [str(each) for each in rows[factor].unique()]
    problems = [
        unknown(f"column {factor}", "the design has no level", each, known) for each in found if each not in known
    ]
    if design.responses > 1 and respondent is None:
        what = f"a respondent reads {design.responses} vignettes."
        problems.append(Problem("respondent", what, "Name the column that tells respondents apart."))
    if design.samples:
        what = "the samples were assigned apart."
        problems.append(Problem("design", what, "Test each sample by itself, by permutation (without `design`)."))
    return problems


def _slot_problems(slot: Codes, people: Codes, design: Design) -> list[Problem]:
    wrong = np.flatnonzero(np.bincount(people) != design.responses)
    if not len(wrong):
        return []
    what = f"{len(wrong)} respondents do not have the {design.responses} rows that the design gives each."
    return [Problem("data", what, "Keep all rows of those respondents who are kept.")]

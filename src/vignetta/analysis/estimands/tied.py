"""Effects of factors that restrictions tie together: compared only over combinations that exist beside both levels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from vignetta.analysis.estimands.averaging import Grid, grid
from vignetta.analysis.models.fits import Fit
from vignetta.analysis.models.samples import read_factor
from vignetta.analysis.options import raise_all, unknown
from vignetta.analysis.tabulating import Label
from vignetta.design.assigning.components import components
from vignetta.design.assigning.profiles import profile_probability
from vignetta.design.assigning.universe import universe_of
from vignetta.design.declaration import Design
from vignetta.errors import Problem, StudyError

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Over = Literal["design", "sample", "equal"]

INDEPENDENT = 1e-9
"""Probabilities of several factors further than this from their product are not independent."""
LISTED = 8
"""How many combinations a row or a message names."""


@dataclass(frozen=True, eq=False)
class Tied:
    """Factors that are not drawn independently, and the combinations of their levels that exist.

    Attributes
    ----------
    levels : the f factors with their levels.
    codes : (m, f) the combinations: for each factor the place of the level.
    probability : (m,) of each in the design, or its share of the rows.
    seen : (m,) whether the data have it.
    column : (n,) for each row of the data the place of its combination, -1 where a level is missing.
    """

    levels: dict[str, list[str]]
    codes: Codes
    probability: Floats
    seen: Flags
    column: Codes

    @property
    def name(self) -> str:
        """The factors, joined."""
        return " × ".join(self.levels)

    @property
    def categories(self) -> "pd.Categorical[Any]":
        """The column as a factor, whose levels are the combinations that the data have, by their places."""
        places = np.flatnonzero(self.seen)
        codes = np.where(self.column >= 0, np.searchsorted(places, self.column), -1)
        return pd.Categorical.from_codes(codes.tolist(), categories=pd.Index(places))


def tied_in_design(design: Design) -> list[tuple[str, ...]]:
    """The groups of factors whose levels the design does not draw independently."""
    groups = [tuple(each.name for each in part.factors) for part in components(design)]
    joint = _joint(design)
    return [each for each in groups if len(each) > 1 and not _independent(design, joint, each)]


def tie_by_design(design: Design, names: Sequence[str], data: pd.DataFrame, complete: Flags) -> Tied:
    """The combinations that the design draws. Raises `StudyError` when the data have others."""
    codes, probability = _marginal(design, _joint(design), names)
    levels = {name: design.factors[name].level_names for name in names}
    rows = _codes(data, levels)
    raise_all(
        [
            each
            for (name, known), place in zip(levels.items(), rows.T, strict=True)
            for each in _strange(data[name], known, place)
        ]
    )
    column = _places(rows, codes, levels)
    raise_all(_forbidden(rows[(column < 0) & (rows >= 0).all(axis=1)], levels))
    return Tied(levels, codes, probability, _seen(column[complete], len(codes)), column)


def tie_by_data(names: Sequence[str], data: pd.DataFrame, complete: Flags, weights: Floats) -> Tied:
    """The combinations that complete rows of the data have, with their shares."""
    levels = {name: [str(each) for each in read_factor(data[name]).cat.categories] for name in names}
    rows = _codes(data, levels)
    codes = np.unique(rows[complete & (rows >= 0).all(axis=1)], axis=0)
    column = _places(rows, codes, levels)
    share = np.bincount(column[complete], weights[complete], len(codes))
    return Tied(levels, codes, share / share.sum(), np.ones(len(codes), dtype=bool), column)


def effects(fit: Fit, tied: Tied, column: str, factor: str, *, versus: str, over: Over) -> list[tuple[Label, Floats]]:
    """Rows of the estimates frame: each level of `factor` against `versus`.

    Both levels are averaged over the combinations of the other factors that exist beside both, weighted by how often
    the other factors have them (Hainmueller, Hopkins and Yamamoto 2014, definition 3), or all alike. `average_over`
    names the combinations where they are not all that there are; an effect without any, or with one that the data lack,
    has no estimate.

    Parameters
    ----------
    column : the name of `tied.categories` in the fit.
    """
    rows = grid(fit, [column], average_over="sample").X
    spread = Grid(over, tied.levels, tied.codes, _weights(tied, factor, over), np.eye(len(tied.codes)))
    found = []
    for level in tied.levels[factor]:
        cells = spread.contrast(factor, (level, versus), {})
        lost = (np.nan_to_num(cells) != 0) & ~tied.seen
        label = {
            "estimand": "amce",
            "factor": factor,
            "level": level,
            "versus": versus,
            "is_reference": level == versus,
            "average_over": over + _said(tied, factor, (level, versus), cells, lost),
        }
        found.append((label, np.full(rows.shape[1], np.nan) if lost.any() else cells[tied.seen] @ rows))
    return found


def _weights(tied: Tied, factor: str, over: Over) -> Floats:
    """The probability of each combination, or, for "equal", the same for every combination of the other factors."""
    if over != "equal":
        return tied.probability
    others = np.delete(tied.codes, list(tied.levels).index(factor), axis=1)
    _, place, count = np.unique(others, axis=0, return_inverse=True, return_counts=True)
    weight = 1 / count[place.ravel()]
    return np.asarray(weight / weight.sum())


def _said(tied: Tied, factor: str, pair: tuple[str, str], cells: Floats, lost: Flags) -> str:
    """Over which combinations of the other factors a level is compared, if not over all; or why it is not."""
    level, versus = pair
    if level == versus:
        return ""
    if np.isnan(cells).any():
        return f": nothing exists beside both `{level}` and `{versus}`"
    used = (tied.codes[:, list(tied.levels).index(factor)] == tied.levels[factor].index(level)) & (cells != 0)
    if lost.any():
        return f": the data lack {_named(tied, np.flatnonzero(lost), list(tied.levels))}"
    others = [name for name in tied.levels if name != factor]
    places = [list(tied.levels).index(name) for name in others]
    if used.sum() == len(np.unique(tied.codes[:, places], axis=0)):
        return ""
    return f" where {' × '.join(others)} is {_named(tied, np.flatnonzero(used), others)}"


def _named(tied: Tied, cells: Codes, factors: Sequence[str]) -> str:
    places = [list(tied.levels).index(name) for name in factors]
    texts = [
        " × ".join(tied.levels[name][tied.codes[cell, place]] for name, place in zip(factors, places, strict=True))
        for cell in cells[:LISTED]
    ]
    return ", ".join(texts) + (f" and {len(cells) - LISTED} more" if len(cells) > LISTED else "")


# ------------------------------------------------------------------------------------------------------ the design


Joint = tuple[Codes, Floats]
"""The vignettes of a design, as places of levels, with their probabilities."""


def _joint(design: Design) -> Joint:
    universe = universe_of(design)
    return universe.codes.astype(np.int64), profile_probability(design, universe)


def _marginal(design: Design, joint: Joint, names: Sequence[str]) -> Joint:
    places = [list(design.factors).index(name) for name in names]
    sizes = [len(design.factors[name].levels) for name in names]
    flat = np.ravel_multi_index(tuple(joint[0][:, places].T), sizes)
    probability = np.bincount(flat, joint[1]).astype(np.float64)
    cells = np.flatnonzero(probability > 0)
    return np.column_stack(np.unravel_index(cells, sizes)), probability[cells]


def _independent(design: Design, joint: Joint, names: Sequence[str]) -> bool:
    codes, probability = _marginal(design, joint, names)
    single = [
        np.bincount(place, probability, len(design.factors[n].levels)) for place, n in zip(codes.T, names, strict=True)
    ]
    product = reduce(np.multiply.outer, single)
    full = np.zeros(product.shape)
    full[tuple(codes.T)] = probability
    return bool(np.abs(full - product).max() < INDEPENDENT)


# -------------------------------------------------------------------------------------------------------- the data


def _codes(data: pd.DataFrame, levels: Mapping[str, list[str]]) -> Codes:
    """For each row (n, f) the places of its levels; -1 where one is missing, -2 where it is not among the levels."""
    columns = []
    for name, known in levels.items():
        column = read_factor(data[name])
        texts = pd.Index(known).get_indexer(pd.Index([str(each) for each in column.cat.categories]))
        table = np.append(np.where(texts < 0, -2, texts), -1)
        columns.append(table[column.cat.codes.to_numpy()])
    return np.column_stack(columns).astype(np.int64)


def _places(rows: Codes, codes: Codes, levels: Mapping[str, list[str]]) -> Codes:
    sizes = [len(known) for known in levels.values()]
    complete = (rows >= 0).all(axis=1)
    flat = np.ravel_multi_index(tuple(np.maximum(rows, 0).T), sizes)
    known = pd.Index(np.ravel_multi_index(tuple(codes.T), sizes))
    return np.where(complete, known.get_indexer(pd.Index(flat)), -1).astype(np.int64)


def _seen(column: Codes, m: int) -> Flags:
    return np.bincount(column[column >= 0], minlength=m) > 0


def _strange(column: "pd.Series[Any]", known: list[str], places: Codes) -> list[Problem]:
    texts = [str(each) for each in column[places == -2].unique()]
    return [unknown(f"column {column.name}", "the design has no level", each, known) for each in texts]


def _forbidden(rows: Codes, levels: Mapping[str, list[str]]) -> list[Problem]:
    cells, counts = np.unique(rows, axis=0, return_counts=True)
    return [
        Problem(
            "design",
            f"it never has {_said_cell(cell, levels)} together, and {count} rows do.",
            "Correct the rows, or the restrictions of the design.",
        )
        for cell, count in zip(cells[:LISTED], counts[:LISTED], strict=True)
    ]


def _said_cell(cell: Codes, levels: Mapping[str, list[str]]) -> str:
    return " and ".join(
        f"`{name}` = `{known[place]}`" for (name, known), place in zip(levels.items(), cell, strict=True)
    )


def check_groups(groups: Sequence[Sequence[str]], known: Sequence[str]) -> None:
    """Raise `StudyError` when groups of tied factors are not pairs or more of columns, each in one group."""
    names = [name for group in groups for name in group]
    problems = [unknown("tied", "there is no column", name, list(known)) for name in names if name not in known]
    if any(isinstance(group, str) or len(group) < 2 for group in groups):
        problems = [Problem("tied", "a group has fewer than two factors.", 'Write tied=[("education", "job")].')]
    elif len(set(names)) < len(names):
        problems.append(Problem("tied", "a factor is named twice.", "Put what is tied together in one group."))
    if problems:
        raise StudyError(problems)

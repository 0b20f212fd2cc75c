"""Fewer vignettes than all: the set that tells most about the effects asked, and its split into decks."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import lcm, prod
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.linalg.blas import dger

from vignetta.design.fractional.arrays import orthogonal_array
from vignetta.design.fractional.efficiency import (
    Codes,
    Efficiency,
    Floats,
    Integers,
    aliases,
    coded,
    efficiency,
    first_best,
    inseparable,
    model_matrix,
    terms_of,
)
from vignetta.errors import Problem, StudyError

Search = Literal["arrays", "exchange"]
"""arrays: an orthogonal array where a formula gives one, else exchange. exchange: always exchange."""
Balance = Literal["nearly", "exact"]
"""nearly: levels as often as the best design has them. exact: every level of a factor equally often, or an error."""

Cells = pd.DataFrame | npt.NDArray[np.integer]

GAIN = 1e-8
"""An exchange must multiply the determinant by more than 1 + this; rounding alone reaches about 1e-12."""
RIDGE = 1e-6
"""Added to X'X / n while the rows of a start do not span all effects; it vanishes once they do."""
PASSES = 50
POOL = 5_000
"""Candidates that one pass looks at; of more, every pass draws others."""
ROUNDS = 6
TRIES = 40
"""Orthogonal arrays that are drawn: the one whose main effects are least mixed with interactions is kept."""


@dataclass(frozen=True)
class Fraction:
    """A set of n of the candidate cells.

    `rows` (n,) are their places among the candidates, ascending. `efficiency` is that of the terms asked. `counts`
    says how often each level of each factor stands in the rows. `columns` (q,) name the main effects' contrasts, and
    `correlation` (q, q) is theirs. `aliases` are sentences about which of the terms asked cannot be told from which
    others, of main effects and interactions of two factors. `notes` are sentences about levels that n rows cannot hold
    equally often. `search` says how the rows were found.
    """

    rows: Integers
    efficiency: Efficiency
    counts: Mapping[str, Mapping[str, int]]
    columns: tuple[str, ...]
    correlation: Floats
    aliases: tuple[str, ...]
    notes: tuple[str, ...]
    search: Search

    @property
    def d_efficiency(self) -> float:
        """100 for an orthogonal array."""
        return self.efficiency.d

    @property
    def balanced(self) -> bool:
        """Whether every level of a factor stands in the rows equally often."""
        return all(len(set(each.values())) == 1 for each in self.counts.values())

    @property
    def largest_correlation(self) -> float:
        """Between two contrasts of different or the same factors, in absolute terms; 0 for an orthogonal array."""
        return float(np.abs(self.correlation - np.eye(len(self.columns))).max())


def fraction(
    candidates: Cells,
    size: int,
    *,
    generator: np.random.Generator,
    terms: Iterable[str] = (),
    starts: int = 10,
    weights: Floats | None = None,
    repeats: bool = False,
    balance: Balance = "nearly",
    search: Search = "arrays",
) -> Fraction:
    """The D-efficient choice of `size` of the candidate cells for main effects and the interactions asked.

    Parameters
    ----------
    candidates : the cells that may be shown, as for `coded`; forbidden cells are simply not there.
    terms : interactions, as `"regime:treaty"`.
    starts : random designs from which the exchange starts; the best end is kept.
    weights : (candidates,), positive; a cell of weight 2 counts for two responses in what is maximised. The
        efficiencies of the result are those of its rows, each counted once.
    repeats : whether a candidate may be taken more than once.

    Raises
    ------
    StudyError : more parameters than rows, fewer candidates than rows, effects that the candidates themselves cannot
        tell apart, levels that cannot be balanced when asked; with the numbers and the smallest size that will do.

    Notes
    -----
    Fedorov's (1972) exchange, row by row (Cook and Nachtsheim, 1980, Technometrics 22(3)): a row gives way to the
    candidate that multiplies |X'X| most, (1 + d_j)(1 - d_i) + d_ij^2, with rank-one updates of the variances d.

    Examples
    --------
    >>> cells = np.array([[a, b, c, d] for a in range(3) for b in range(3) for c in range(3) for d in range(3)])
    >>> nine = fraction(cells, 9, generator=np.random.default_rng(1))
    >>> round(nine.d_efficiency, 6), nine.search, nine.aliases[0]
    (100.0, 'arrays', 'x1 cannot be told from x2 × x3, x2 × x4 or x3 × x4')
    """
    _check_options(balance, search)
    codes, interactions = coded(candidates), tuple(terms)
    parameters = _parameters(codes, interactions)
    weight = np.ones(len(codes.values)) if weights is None else np.asarray(weights, dtype=np.float64)
    _check(codes, parameters, size=size, starts=starts, weight=weight, repeats=repeats, balance=balance)
    plain = search == "arrays" and not interactions and weights is None
    rows = _array_rows(codes, size, generator=generator, repeats=repeats) if plain else None
    how: Search = "exchange" if rows is None else "arrays"
    if rows is None:
        if len(codes.values) <= POOL:
            _check_rank(codes, interactions)
        search_in = _Candidates(codes, interactions, weight)
        ends = [_start(search_in, size, generator, repeats) for _ in range(starts)]
        rows = _best(codes, ends, balance, size)
    return _described(codes, rows, interactions, how)


def _check_options(balance: str, search: str) -> None:
    problems = [
        Problem(f"`{name}`", f"`{given}` is not known.", f"Write one of {', '.join(get_args(known))}.")
        for name, given, known in (("balance", balance, Balance), ("search", search, Search))
        if given not in get_args(known)
    ]
    if problems:
        raise StudyError(problems)


def _parameters(codes: Codes, interactions: Iterable[str]) -> int:
    return sum(prod(codes.levels[place] - 1 for place in each) for each in terms_of(codes.names, interactions))


def _check(
    codes: Codes,
    parameters: int,
    *,
    size: int,
    starts: int,
    weight: Floats,
    repeats: bool,
    balance: Balance,
) -> None:
    problems = [*_size_problems(codes, parameters, size=size, repeats=repeats), *_level_problems(codes)]
    if starts < 1:
        problems.append(Problem("`starts`", f"{starts} starts find nothing.", "Give at least 1."))
    if weight.shape != (len(codes.values),) or not (np.isfinite(weight) & (weight > 0)).all():
        what = f"not one positive number for each of the {len(codes.values)} candidates."
        problems.append(Problem("`weights`", what, "Leave out the candidates that are not wanted."))
    if balance == "exact":
        problems += [Problem("`size`", each, _balanced_sizes(codes, parameters, size)) for each in _notes(codes, size)]
    if problems:
        raise StudyError(problems)


def _size_problems(codes: Codes, parameters: int, *, size: int, repeats: bool) -> Iterator[Problem]:
    n = len(codes.values)
    if size < parameters:
        what = f"{size} rows cannot estimate {parameters} parameters (the mean included)."
        remedy = f"Take at least {parameters} rows, or ask for fewer interactions."
        yield Problem("`size`", what, f"{remedy} {_balanced_sizes(codes, parameters, size)}")
    if size > n and not repeats:
        remedy = "Take fewer rows, allow more cells, or allow repeats."
        yield Problem("`size`", f"{size} rows cannot be chosen from {n} candidates.", remedy)


def _balanced_sizes(codes: Codes, parameters: int, size: int) -> str:
    step = lcm(*codes.levels)
    above = step * -(-max(parameters, size) // step)
    below = step * (size // step)
    listed = f"{below} or {above}" if parameters <= below < size else f"{above}"
    return f"Sizes nearest to this that can hold every level equally often: {listed}."


def _level_problems(codes: Codes) -> Iterator[Problem]:
    for name, labels, values in zip(codes.names, codes.labels, codes.values.T, strict=True):
        for level in sorted(set(range(len(labels))) - set(values.tolist())):
            remedy = "Allow a cell that has it, or remove the level."
            yield Problem(f"factor `{name}`", f"no candidate has the level `{labels[level]}`.", remedy)


def _notes(codes: Codes, size: int) -> tuple[str, ...]:
    return tuple(
        f"{size} rows cannot hold the {levels} levels of {name} equally often: {size // levels} or "
        f"{size // levels + 1} each."
        for name, levels in zip(codes.names, codes.levels, strict=True)
        if size % levels
    )


def _described(codes: Codes, rows: Integers, interactions: Iterable[str], how: Search) -> Fraction:
    rows = np.sort(rows)
    chosen = Codes(codes.names, codes.labels, codes.values[rows])
    asked = model_matrix(chosen, interactions)
    pairs = [f"{first}:{second}" for first, second in combinations(codes.names, 2)]
    every = model_matrix(chosen, [*interactions, *pairs])
    mains = (asked.term > 0) & (asked.term <= len(codes.names))
    return Fraction(
        rows,
        efficiency(asked.X),
        {name: _counts(chosen, place) for place, name in enumerate(codes.names)},
        _contrast_names(codes),
        _correlation(asked.X[:, mains]),
        tuple(aliases(every, of=asked.terms[1:])),
        _notes(codes, len(rows)),
        how,
    )


def _counts(chosen: Codes, place: int) -> dict[str, int]:
    labels = chosen.labels[place]
    counts = np.bincount(chosen.values[:, place], minlength=len(labels))
    return dict(zip(labels, counts.tolist(), strict=True))


def _contrast_names(codes: Codes) -> tuple[str, ...]:
    return tuple(
        name if levels == 2 else f"{name} {contrast}"
        for name, levels in zip(codes.names, codes.levels, strict=True)
        for contrast in range(1, levels)
    )


def _correlation(columns: Floats) -> Floats:
    centred = columns - columns.mean(axis=0)
    unit = centred / np.sqrt(np.square(centred).sum(axis=0))
    return np.asarray(unit.T @ unit)


# --------------------------------------------------------------------------------------------------------- exchange


@dataclass(frozen=True)
class _Candidates:
    codes: Codes
    interactions: tuple[str, ...]
    weight: Floats

    def coded(self, places: Integers) -> Floats:
        """The weighted model matrix of some of the candidates."""
        if len(self.codes.values) <= POOL:
            return self._every[places]
        return self._matrix(places)

    @cached_property
    def _every(self) -> Floats:
        return self._matrix(np.arange(len(self.codes.values)))

    def _matrix(self, places: Integers) -> Floats:
        chosen = Codes(self.codes.names, self.codes.labels, self.codes.values[places])
        return np.asarray(model_matrix(chosen, self.interactions).X * np.sqrt(self.weight[places])[:, None])


def _start(candidates: _Candidates, size: int, generator: np.random.Generator, repeats: bool) -> tuple[float, Integers]:
    """The log determinant and the rows where one random start ends."""
    n = len(candidates.codes.values)
    rows = generator.choice(n, size, replace=size > n)
    for _ in range(ROUNDS if n > POOL else 1):
        pool = np.arange(n) if n <= POOL else np.union1d(rows, generator.choice(n, POOL, replace=False))
        X = candidates.coded(pool)
        places = exchanged(X, np.searchsorted(pool, rows), repeats=repeats)
        rows = pool[places]
    found = efficiency(X[places])
    return (np.log(found.d) if found.d else -np.inf), rows


def _check_rank(codes: Codes, interactions: Iterable[str]) -> None:
    found = inseparable(model_matrix(codes, interactions))
    remedy = "Ask for fewer interactions, or allow more cells."
    if found:
        raise StudyError([Problem("candidates", f"even all of them together: {each}.", remedy) for each in found])


def exchanged(X: Floats, rows: Integers, *, repeats: bool = False) -> Integers:
    """Exchange rows for candidates until no exchange raises |X'X|.

    Parameters
    ----------
    X : (candidates, p), the coded candidates.
    rows : (n,), places of the first design among the candidates.

    Returns
    -------
    (n,) places; no single exchange of one row makes the determinant larger by more than `GAIN`.
    """
    rows = rows.copy()
    free = np.ones(len(X))
    free[rows] = float(repeats)
    for _ in range(PASSES):
        V, grown, singular = _variances(X, rows)
        if not singular and _gains(V @ X[rows].T, grown[:, None], grown[rows], free[:, None]).max() <= 1 + GAIN:
            break
        for place, leaving in enumerate(rows):
            gains = _gains(V @ X[leaving], grown, grown[leaving], free)
            if gains.max() > 1 + GAIN:
                entering = first_best(gains)
                _replace(X, V, grown, entering, leaving)
                free[leaving], free[entering] = 1.0, float(repeats)
                rows[place] = entering
    return rows


def _gains(between: Floats, entering: Floats, leaving: Floats, free: Floats) -> Floats:
    """What |X'X| is multiplied by when a candidate enters and a row leaves; overwrites `between`, their covariances.

    It is (1 + d_j)(1 - d_i) + d_ij^2; `entering` and `leaving` are 1 + d of each.
    """
    between *= between
    between += entering * (2 - leaving)
    between *= free
    return between


def _variances(X: Floats, rows: Integers) -> tuple[Floats, Floats, bool]:
    """X (X'X of the rows)^-1, 1 plus its products with X's rows, and whether a ridge was needed."""
    information = X[rows].T @ X[rows]
    eigenvalues = np.linalg.eigvalsh(information)
    singular = bool(eigenvalues[0] < RIDGE * len(rows))
    if singular:
        information += RIDGE * len(rows) * np.eye(len(information))
    V = np.ascontiguousarray(X @ np.linalg.inv(information))
    return V, 1 + np.einsum("ij,ij->i", V, X), singular


def _replace(X: Floats, V: Floats, grown: Floats, entering: int, leaving: int) -> None:
    """Update `V` and `grown` in place for one candidate in and another out (Sherman and Morrison).

    BLAS adds to the transpose of `V`, whose columns lie in memory as it wants them.
    """
    for candidate, sign in ((entering, 1.0), (leaving, -1.0)):
        products = V @ X[candidate]
        scale = sign / (1 + sign * (grown[candidate] - 1))
        dger(-scale, V[candidate].copy(), products, a=V.T, overwrite_a=True)
        products *= products
        grown -= scale * products


def _best(codes: Codes, ends: Sequence[tuple[float, Integers]], balance: Balance, size: int) -> Integers:
    found = [(value, rows) for value, rows in ends if np.isfinite(value)]
    if not found:
        what = f"none of {len(ends)} starts found {size} rows that estimate all effects."
        raise StudyError(Problem("`starts`", what, "Give more starts or more rows."))
    ranked = sorted(found, key=lambda each: (-round(each[0], 9), _imbalance(codes, each[1])))
    if balance == "nearly":
        return ranked[0][1]
    even = [rows for _, rows in ranked if _imbalance(codes, rows) == 0]
    if not even:
        what = f"none of {len(ends)} starts ended with every level equally often."
        raise StudyError(Problem("`balance`", what, "Give more starts, allow more cells, or write `nearly`."))
    return even[0]


def _imbalance(codes: Codes, rows: Integers) -> int:
    """The sum over factors of the most minus the least often a level stands in the rows."""
    counts = [np.bincount(v, minlength=k) for v, k in zip(codes.values[rows].T, codes.levels, strict=True)]
    return int(sum(each.max() - each.min() for each in counts))


# ----------------------------------------------------------------------------------------------- orthogonal arrays


def _array_rows(codes: Codes, size: int, *, generator: np.random.Generator, repeats: bool) -> Integers | None:
    """The candidates that form an orthogonal array, the least aliased of several drawn; None where none fits."""
    if any(size % (first * second) for first, second in combinations(codes.levels, 2)):
        return None
    where = {each: row for row, each in enumerate(map(tuple, codes.values.tolist()))}
    best: tuple[float, Integers] | None = None
    for _ in range(TRIES):
        array = orthogonal_array(codes.levels, size, generator=generator)
        array = orthogonal_array(codes.levels, size) if array is None else array
        if array is None:
            continue
        array = np.column_stack([generator.permutation(k)[v] for k, v in zip(codes.levels, array.T, strict=True)])
        rows = [where.get(each, -1) for each in map(tuple, array.tolist())]
        if min(rows) < 0 or (len(set(rows)) < size and not repeats):
            continue
        mixed = _mixed(Codes(codes.names, codes.labels, array))
        if best is None or mixed < best[0]:
            best = mixed, np.array(rows)
    return None if best is None else best[1]


def _mixed(codes: Codes) -> float:
    """How much main effects are mixed with interactions of two factors: words of length three (Xu and Wu, 2001)."""
    matrix = model_matrix(codes, [f"{first}:{second}" for first, second in combinations(codes.names, 2)])
    k = len(codes.names)
    mains, pairs = matrix.X[:, (matrix.term > 0) & (matrix.term <= k)], matrix.X[:, matrix.term > k]
    return round(float(np.square(mains.T @ pairs).sum()) / len(codes.values) ** 2, 6)

"""Vignettes split into decks so that what differs between decks says as little as possible about the effects."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from vignetta.design.fractional.efficiency import (
    Codes,
    Floats,
    Integers,
    ModelMatrix,
    coded,
    first_best,
    inseparable,
    model_matrix,
)
from vignetta.errors import Problem, StudyError

GAIN = 1e-8
"""A swap must multiply the determinant by more than 1 + this; rounding alone reaches about 1e-12."""
FIXED = 1 - 1e-3
"""How much of the difference between decks is given up: not quite all, so that every start has an inverse."""
LOST = 1e-9
"""Efficiency factors below this are zero: rounding leaves about 1e-15."""
PASSES = 50


@dataclass(frozen=True)
class Decks:
    """Which of n rows stands in which deck.

    `deck` (n,) counts from 1. `counts` gives for each factor how often each deck holds each level, (decks, levels).
    `d_efficiency` is the determinant that comparisons within decks leave, per contrast, as a percentage of that without
    decks: 100 where decks are orthogonal to all effects asked. `retained` gives for each term the percentage that they
    leave of its worst contrast; 0 where that is a difference between decks alone. `notes` are sentences about levels
    that a deck cannot hold equally often.
    """

    deck: Integers
    d_efficiency: float
    retained: Mapping[str, float]
    counts: Mapping[str, Integers]
    notes: tuple[str, ...]

    @property
    def spread(self) -> int:
        """The most by which the number of rows with one level differs between decks."""
        return max(int(np.ptp(each, axis=0).max()) for each in self.counts.values())


def decks(
    rows: pd.DataFrame | npt.NDArray[np.integer],
    size: int,
    *,
    n_decks: int,
    generator: np.random.Generator,
    terms: Iterable[str] = (),
    balance: float = 4.0,
    starts: int = 10,
) -> Decks:
    """Split rows into decks that are as balanced and as little mixed with the effects as can be found.

    Parameters
    ----------
    rows : the n = size x n_decks vignettes, as for `efficiency.coded`: a fraction or all cells.
    terms : interactions that are to be estimated besides the main effects, as `"regime:treaty"`.
    balance : the price of main effects that differ between decks, beyond what they cost the determinant: 0 for the
        largest determinant alone, more for decks that hold each level equally often.
    starts : random splits from which the search starts; the best end is kept.

    Raises
    ------
    StudyError : a number of rows that is not size x n_decks, rows that cannot tell the effects apart, or decks too
        small for the terms; with the numbers and the smallest size that will do.

    Notes
    -----
    D-optimal blocking (Cook and Nachtsheim, 1989, Technometrics 31(3)): two rows of different decks change places as
    long as that raises |X'X - X'Z (Z'Z)^-1 Z'X|, Z being the decks and X the contrasts. From its logarithm, the price
    times the trace of M'Z (Z'Z)^-1 Z'M / n is taken, M being the main effects' contrasts.

    Examples
    --------
    >>> cells = np.array([[a, b, c] for a in range(2) for b in range(2) for c in range(2)])
    >>> split = decks(cells, 4, n_decks=2, generator=np.random.default_rng(1), terms=["x1:x2", "x1:x3", "x2:x3"])
    >>> round(split.d_efficiency, 6), split.spread
    (100.0, 0)
    """
    codes, interactions = coded(rows), tuple(terms)
    matrix = model_matrix(codes, interactions)
    _check(codes, matrix, size=size, n_decks=n_decks, balance=balance, starts=starts)
    contrasts = _orthonormal(matrix.X[:, 1:])
    mains = matrix.X[:, (matrix.term > 0) & (matrix.term <= len(codes.names))] * np.sqrt(balance / len(codes.values))
    first = np.repeat(np.arange(n_decks), size)
    ends = [_swapped(contrasts, mains, generator.permutation(first)) for _ in range(starts)]
    deck = ends[int(np.argmax([round(_value(contrasts, mains, each), 9) for each in ends]))]
    counts = {name: _counts(codes, place, deck) for place, name in enumerate(codes.names)}
    left = retained(matrix, deck)
    return Decks(deck + 1, _d_efficiency(contrasts, deck), left, counts, _notes(codes, size))


def retained(matrix: ModelMatrix, deck: Integers) -> dict[str, float]:
    """For each term, how much of its worst contrast comparisons within decks leave, in percent; `deck` from 0."""
    return {name: float(_retained(matrix.columns(name), deck)[0]) * 100 for name in matrix.terms[1:]}


def _check(codes: Codes, matrix: ModelMatrix, *, size: int, n_decks: int, balance: float, starts: int) -> None:
    problems = list(_size_problems(len(codes.values), matrix.X.shape[1] - 1, size=size, n_decks=n_decks))
    if starts < 1:
        problems.append(Problem("`starts`", f"{starts} starts find nothing.", "Give at least 1."))
    if not 0 <= balance < np.inf:
        problems.append(Problem("`balance`", f"{balance} is not a price.", "Give 0 or more."))
    remedy = "Ask for fewer interactions, or choose other rows."
    problems += [Problem("rows", f"even without decks: {each}.", remedy) for each in inseparable(matrix)]
    if problems:
        raise StudyError(problems)


def _size_problems(n: int, contrasts: int, *, size: int, n_decks: int) -> Iterator[Problem]:
    if n_decks < 1 or size < 1:
        yield Problem("`size`", f"{n_decks} decks of {size} hold nothing.", "Give at least 1 of each.")
        return
    fitting = [each for each in range(1, n + 1) if n % each == 0 and n - n // each >= contrasts]
    listed = f"{n} rows can be decks of {', '.join(map(str, fitting))}." if fitting else "Choose more rows."
    if n != size * n_decks:
        yield Problem("`size`", f"{n_decks} decks of {size} take {n_decks * size} rows, not {n}.", listed)
    if n_decks * (size - 1) < contrasts:
        what = (
            f"{n_decks} decks of {size} allow {n_decks * (size - 1)} comparisons within decks for {contrasts} effects."
        )
        remedy = f"The smallest size that will do for {n_decks} decks is {-(-contrasts // n_decks) + 1}; {listed}"
        yield Problem("`size`", what, remedy)


def _notes(codes: Codes, size: int) -> tuple[str, ...]:
    return tuple(
        f"A deck of {size} cannot hold the {levels} levels of {name} equally often."
        for name, levels in zip(codes.names, codes.levels, strict=True)
        if size % levels
    )


def _counts(codes: Codes, place: int, deck: Integers) -> Integers:
    counts = np.zeros((deck.max() + 1, codes.levels[place]), dtype=np.int64)
    np.add.at(counts, (deck, codes.values[:, place]), 1)
    return counts


def _orthonormal(columns: Floats) -> Floats:
    return np.asarray(np.linalg.qr(columns - columns.mean(axis=0))[0], dtype=np.float64)


def _totals(contrasts: Floats, deck: Integers) -> Floats:
    """The sum of the contrasts over each deck, (decks, contrasts)."""
    totals = np.zeros((deck.max() + 1, contrasts.shape[1]))
    np.add.at(totals, deck, contrasts)
    return totals


def _left(contrasts: Floats, deck: Integers, share: float = 1.0) -> Floats:
    """The information about orthonormal contrasts after giving up a share of that between decks."""
    totals = _totals(contrasts, deck)
    return np.asarray(np.eye(contrasts.shape[1]) - share * len(totals) / len(deck) * totals.T @ totals)


def _value(contrasts: Floats, mains: Floats, deck: Integers) -> float:
    """What is maximised: the log determinant less the price of main effects between decks."""
    totals = _totals(mains, deck)
    between = float(np.square(totals).sum()) * len(totals) / len(deck)
    return float(np.linalg.slogdet(_left(contrasts, deck, FIXED))[1]) - between


def _retained(columns: Floats, deck: Integers) -> Floats:
    """Efficiency factors, ascending: the shares of the contrasts' information that decks leave."""
    factors = np.linalg.eigvalsh(_left(_orthonormal(columns), deck))
    return np.asarray(np.where(factors < LOST, 0.0, np.minimum(factors, 1.0)))


def _d_efficiency(contrasts: Floats, deck: Integers) -> float:
    factors = _retained(contrasts, deck)
    return 100 * float(np.exp(np.log(factors).mean())) if factors[0] > 0 else 0.0


def _swapped(contrasts: Floats, mains: Floats, deck: Integers) -> Integers:
    """Swap rows between decks until no swap of two gains more than `GAIN`."""
    deck = deck.copy()
    state = _state(contrasts, mains, deck)
    for _ in range(PASSES):
        changed = False
        for row in range(len(deck)):
            gains = _gains(state, deck, row)
            if gains.max() > 1 + GAIN:
                other = first_best(gains)
                deck[row], deck[other] = deck[other], deck[row]
                state, changed = _state(contrasts, mains, deck), True
        if not changed:
            break
    return deck


@dataclass(frozen=True)
class _Metric:
    """Products in a metric G: with y = x - t/2, t being the total of the row's deck,

    `points` (n, m) y, `left` (n, m) y'G, `own` (n,) y'Gy, `across` (n, decks) y'Gt, `between` (decks, decks) t'Gt.
    """

    points: Floats
    left: Floats
    own: Floats
    across: Floats
    between: Floats


@dataclass(frozen=True)
class _State:
    """The contrasts in the metric of their inverse information, the main effects in the plain one."""

    contrasts: _Metric
    mains: _Metric
    decks_per_row: float


def _state(contrasts: Floats, mains: Floats, deck: Integers) -> _State:
    inverse = np.asarray(np.linalg.inv(_left(contrasts, deck, FIXED)), dtype=np.float64)
    n_decks = int(deck.max()) + 1
    return _State(_metric(contrasts, deck, inverse), _metric(mains, deck), n_decks / len(deck))


def _metric(columns: Floats, deck: Integers, inverse: Floats | None = None) -> _Metric:
    totals = _totals(columns, deck)
    points = columns - totals[deck] / 2
    left = points if inverse is None else points @ inverse
    own = np.einsum("ij,ij->i", left, points)
    between = totals @ (totals if inverse is None else totals @ inverse).T
    return _Metric(points, left, own, left @ totals.T, between)


def _gains(state: _State, deck: Integers, row: int) -> Floats:
    """What swapping a row with each other multiplies exp(value) by, (n,); 0 within its own deck.

    With v = y_i - y_j and u the difference of the two decks' totals, the swap adds 2vv' - uu'/2 to the decks' squares.
    """
    vv, uu, uv = _squares(state.contrasts, deck, row)
    scale = FIXED * state.decks_per_row
    determinant = (1 - 2 * scale * vv) * (1 + scale / 2 * uu) + np.square(scale * uv)
    vv, uu, _ = _squares(state.mains, deck, row)
    price = np.exp(-state.decks_per_row * (2 * vv - uu / 2))
    return np.asarray(np.where(deck == deck[row], 0.0, determinant * price))


def _squares(metric: _Metric, deck: Integers, row: int) -> tuple[Floats, Floats, Floats]:
    """v'Gv, u'Gu and v'Gu for swapping a row with each other, (n,) each."""
    here, diagonal = deck[row], metric.between.diagonal()
    vv = metric.own[row] + metric.own - 2 * metric.points @ metric.left[row]
    uu = (diagonal[here] + diagonal - 2 * metric.between[here])[deck]
    there = metric.across[np.arange(len(deck)), deck]
    uv = metric.across[row, here] - metric.across[row][deck] - metric.across[:, here] + there
    return vv, uu, uv

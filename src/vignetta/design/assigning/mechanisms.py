"""How respondents are given vignettes: draws, and the exact probabilities that randomisation tests need."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from vignetta.design.assigning.universe import Floats
from vignetta.errors import Problem, StudyError

Places = npt.NDArray[np.int64]
Strata = Sequence[Hashable]

WHOLE: Final = 1e-12
"""An expected count this close to a whole number, relative to it, is that number: products of doubles err by less."""
CHUNK: Final = 4_000_000
"""At most about this many places are worked on at a time."""
MOST_PAIRS: Final = 10_000
"""For more vignettes than these, the table of pairs is not held in memory."""


@dataclass(frozen=True, eq=False)
class Simple:
    """Every respondent's vignette is drawn independently.

    Attributes
    ----------
    probability : (K,) of each vignette; sums to 1.
    """

    probability: Floats

    def draw(self, n: int, generator: np.random.Generator, *, strata: Strata | None = None) -> Places:
        """The places (n,) of the respondents' vignettes, from 0."""
        drawn: Places = self.redraw(n, 1, generator, strata=strata)[0]
        return drawn

    def redraw(self, n: int, times: int, generator: np.random.Generator, *, strata: Strata | None = None) -> Places:
        """Independent assignments of the same respondents: (times, n) places of vignettes."""
        _refuse(_size_problems(n) + _strata_problems(strata, "simple"))
        return generator.choice(len(self.probability), size=(times, n), p=self.probability)

    def probabilities(self) -> Floats:
        """The probability (K,) of each vignette for any respondent."""
        return self.probability

    def pair_probabilities(
        self, n: int, *, respondents: tuple[int, int] = (0, 1), strata: Strata | None = None
    ) -> Floats:
        """The probability (K, K) that two respondents get the vignettes i and j: p_i p_j."""
        _refuse(_pair_problems(n, respondents, len(self.probability)) + _strata_problems(strata, "simple"))
        return np.outer(self.probability, self.probability)


@dataclass(frozen=True, eq=False)
class Complete:
    """Every vignette as often as its probability says, up to one, in random order.

    With n respondents a vignette of probability p is used floor(n p) times for certain; the places that remain are
    given by systematic sampling of the fractional parts (Madow 1949), vignettes with equal parts in random order. The
    expected number of uses is n p, and every number is the whole number below or above it.

    Attributes
    ----------
    probability : (K,) of each vignette; sums to 1.

    Examples
    --------
    >>> drawn = Complete(np.array([0.5, 0.25, 0.25])).draw(8, np.random.default_rng(1))
    >>> sorted(drawn.tolist())
    [0, 0, 0, 0, 1, 1, 2, 2]
    """

    probability: Floats

    def draw(self, n: int, generator: np.random.Generator, *, strata: Strata | None = None) -> Places:
        """The places (n,) of the respondents' vignettes, from 0."""
        drawn: Places = self.redraw(n, 1, generator, strata=strata)[0]
        return drawn

    def redraw(self, n: int, times: int, generator: np.random.Generator, *, strata: Strata | None = None) -> Places:
        """Independent assignments of the same respondents: (times, n) places of vignettes."""
        _refuse(_size_problems(n) + _strata_problems(strata, "complete"))
        counts = _counts(self.probability, n)
        certain = np.repeat(np.arange(len(self.probability)), counts.certain)
        drawn = np.empty((times, n), dtype=np.int64)
        rows = max(1, CHUNK // (n + len(counts.candidates)))
        for start in range(0, times, rows):
            part = drawn[start : start + rows]
            part[:, : len(certain)] = certain
            part[:, len(certain) :] = counts.remaining(len(part), generator)
            generator.permuted(part, axis=1, out=part)
        return drawn

    def probabilities(self) -> Floats:
        """The probability (K,) of each vignette for any respondent."""
        return self.probability

    def pair_probabilities(
        self, n: int, *, respondents: tuple[int, int] = (0, 1), strata: Strata | None = None
    ) -> Floats:
        """The probability (K, K) that two respondents get the vignettes i and j: the same for any two of the n.

        It is E[N_i N_j] / (n (n - 1)), and E[N_i (N_i - 1)] / (n (n - 1)) where i = j; N is the number of uses.
        """
        size = len(self.probability)
        _refuse(_pair_problems(n, respondents, size) + _strata_problems(strata, "complete"))
        counts = _counts(self.probability, n)
        certain, part = counts.certain.astype(np.float64), np.zeros(size)
        part[counts.candidates] = counts.part
        together = np.zeros((size, size))
        together[np.ix_(counts.candidates, counts.candidates)] = counts.joint()
        expected = np.outer(certain, certain) + np.outer(certain, part) + np.outer(part, certain) + together
        expected[np.diag_indices(size)] = certain * (certain - 1) + 2 * certain * part
        pairs: Floats = expected / (n * (n - 1))
        return pairs


@dataclass(frozen=True, eq=False)
class Blocked:
    """Permuted blocks for respondents who arrive one at a time: `Complete` within each block.

    Respondents of a stratum fill a block in the order in which they arrive, then the next; the last one may stay
    incomplete (Zelen 1974).

    Attributes
    ----------
    probability : (K,) of each vignette; sums to 1.
    size : respondents per block.
    """

    probability: Floats
    size: int

    def draw(self, n: int, generator: np.random.Generator, *, strata: Strata | None = None) -> Places:
        """The places (n,) of the respondents' vignettes, from 0. `strata` has the stratum of each respondent."""
        drawn: Places = self.redraw(n, 1, generator, strata=strata)[0]
        return drawn

    def redraw(self, n: int, times: int, generator: np.random.Generator, *, strata: Strata | None = None) -> Places:
        """Independent assignments of the same respondents: (times, n) places of vignettes."""
        _refuse(_size_problems(n) + _length_problems(strata, n))
        drawn = np.empty((times, n), dtype=np.int64)
        for members in _members(n, strata):
            drawn[:, members] = self._stratum(len(members), times, generator)
        return drawn

    def _stratum(self, n: int, times: int, generator: np.random.Generator) -> Places:
        blocks = -(-n // self.size)
        drawn = Complete(self.probability).redraw(self.size, times * blocks, generator)
        return drawn.reshape(times, blocks * self.size)[:, :n]

    def probabilities(self) -> Floats:
        """The probability (K,) of each vignette for any respondent."""
        return self.probability

    def pair_probabilities(
        self, n: int, *, respondents: tuple[int, int] = (0, 1), strata: Strata | None = None
    ) -> Floats:
        """The probability (K, K) that two respondents, given by their places from 0, get the vignettes i and j.

        As `Complete` with the size of a block for two of the same block, independent for two of different blocks.
        """
        _refuse(_pair_problems(n, respondents, len(self.probability)) + _length_problems(strata, n))
        blocks = np.empty((n, 2), dtype=np.int64)
        for stratum, members in enumerate(_members(n, strata)):
            blocks[members] = np.column_stack([np.full(len(members), stratum), np.arange(len(members)) // self.size])
        first, second = respondents
        if (blocks[first] == blocks[second]).all():
            return Complete(self.probability).pair_probabilities(self.size)
        return np.outer(self.probability, self.probability)


# -------------------------------------------------------------------------------------------- counts that add up to n


@dataclass(frozen=True, eq=False)
class _Counts:
    """How often each vignette is used by n respondents, before the order is drawn.

    Attributes
    ----------
    certain : (K,) whole numbers.
    candidates : (C,) the vignettes for the places that remain, those with equal fractional parts together.
    part : (C,) their fractional parts, which sum to the number of places that remain.
    starts : (G + 1,) where each group of equal parts begins, and C.
    """

    certain: Places
    candidates: Places
    part: Floats
    starts: Places

    def remaining(self, times: int, generator: np.random.Generator) -> Places:
        """The vignettes (times, R) of the places that remain."""
        left = round(float(self.part.sum()))
        points = generator.random((times, 1)) + np.arange(left)
        hits = np.minimum(np.searchsorted(np.cumsum(self.part), points, side="right"), len(self.candidates) - 1)
        order = np.tile(self.candidates, (times, 1))
        for group in np.flatnonzero(np.diff(self.starts) > 1):
            members = order[:, self.starts[group] : self.starts[group + 1]]
            members[:] = generator.permuted(members, axis=1)
        return np.take_along_axis(order, hits, axis=1)

    def joint(self) -> Floats:
        """The probability (C, C) that two candidates both get one of the places; on the diagonal, that one does.

        The number of places T that fall into each group is a step function of the systematic sample's random start;
        its moments are sums over the steps. Within a group the places fall on a simple random sample.
        """
        if not len(self.candidates):
            return np.zeros((0, 0))
        edges = np.concatenate([[0.0], np.cumsum(self.part)[self.starts[1:] - 1]])
        steps = np.unique(np.concatenate([edges % 1, [0.0, 1.0]]))
        fallen = np.diff(np.ceil(edges[:, None] - (steps[1:] + steps[:-1]) / 2), axis=0)
        size = np.diff(self.starts)
        groups = np.repeat(np.arange(len(size)), size)
        moments = (fallen * np.diff(steps)) @ fallen.T
        both: Floats = (moments / np.outer(size, size))[np.ix_(groups, groups)]
        factorial = (fallen * (fallen - 1)) @ np.diff(steps) / np.maximum(size * (size - 1), 1)
        same = groups[:, None] == groups
        both[same] = np.broadcast_to(factorial[groups], both.shape)[same]
        both[np.diag_indices(len(groups))] = self.part
        return both


def _counts(probability: Floats, n: int) -> _Counts:
    expected = probability * n
    nearest = np.rint(expected)
    expected = np.where(np.abs(expected - nearest) <= WHOLE * expected, nearest, expected)
    certain = np.floor(expected).astype(np.int64)
    part = expected - certain
    candidates = np.flatnonzero(part) if certain.sum() < n else np.empty(0, dtype=np.int64)
    alike = _significant(part[candidates])
    order = np.argsort(alike, kind="stable")
    candidates, alike = candidates[order], alike[order]
    part = part[candidates]
    starts = np.concatenate([[0], np.flatnonzero(np.diff(alike)) + 1, [len(alike)]])[: None if len(alike) else 1]
    return _Counts(certain, candidates, part * ((n - certain.sum()) / part.sum()) if len(part) else part, starts)


def _significant(numbers: Floats) -> Floats:
    """Rounded to 36 binary digits, so that equal numbers that were computed in another order are equal."""
    mantissa, exponent = np.frexp(numbers)
    rounded: Floats = np.ldexp(np.rint(np.ldexp(mantissa, 36)), exponent - 36)
    return rounded


def _members(n: int, strata: Strata | None) -> list[Places]:
    """The respondents of each stratum, in the order of its first arrival."""
    if strata is None:
        return [np.arange(n)]
    members: dict[Hashable, list[int]] = {}
    for place, stratum in enumerate(strata):
        members.setdefault(stratum, []).append(place)
    return [np.array(each) for each in members.values()]


# ------------------------------------------------------------------------------------------------- what cannot be drawn


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise StudyError(problems)


def _size_problems(n: int) -> list[Problem]:
    return [] if n >= 1 else [Problem("n", f"{n} respondents cannot be assigned.", "Give at least 1.")]


def _strata_problems(strata: Strata | None, mechanism: str) -> list[Problem]:
    what = f"the mechanism `{mechanism}` has no strata."
    return [] if strata is None else [Problem("strata", what, "Declare `mechanism: blocked`, or leave them out.")]


def _length_problems(strata: Strata | None, n: int) -> list[Problem]:
    if strata is None or len(strata) == n:
        return []
    return [Problem("strata", f"{len(strata)} strata were given for {n} respondents.", "Give each respondent one.")]


def _pair_problems(n: int, respondents: tuple[int, int], vignettes: int) -> list[Problem]:
    problems = []
    if len(set(respondents)) < 2 or not all(0 <= each < n for each in respondents):
        what = f"{respondents} are not two different places among {n} respondents."
        problems.append(Problem("respondents", what, f"Give two numbers from 0 to {n - 1}."))
    if vignettes > MOST_PAIRS:
        what = f"the pairs of {vignettes:,} vignettes are too many to hold."
        problems.append(Problem("design", what, f"Tables are made for up to {MOST_PAIRS:,} vignettes."))
    return problems

"""Orthogonal arrays that a formula gives: every pair of columns holds every pair of levels equally often."""

from collections.abc import Iterator, Sequence
from itertools import combinations, product

import numpy as np
import numpy.typing as npt
from scipy import linalg

Integers = npt.NDArray[np.int64]
_Vector = tuple[int, ...]

DIFFERENCES = np.array(
    [
        [0, 0, 0, 0, 0, 0],
        [0, 0, 1, 1, 2, 2],
        [0, 1, 0, 2, 1, 2],
        [0, 1, 2, 0, 2, 1],
        [0, 2, 1, 2, 0, 1],
        [0, 2, 2, 1, 1, 0],
    ]
)
"""A difference scheme D(6, 6, 3): the difference of any two columns, modulo 3, holds 0, 1 and 2 twice each."""


def orthogonal_array(
    levels: Sequence[int], size: int, *, generator: np.random.Generator | None = None
) -> Integers | None:
    """An orthogonal array of strength two with `size` runs, or None where no construction here gives one.

    None does not mean that there is no such array. Constructions: Hadamard matrices for factors of two levels
    (Sylvester, Paley); for powers of a prime Bose's and Rao's linear arrays with expansive replacement; products of
    those for numbers of levels with several primes; 18 runs from a difference scheme.

    Parameters
    ----------
    levels : (k,), the levels of each factor, two or more.
    generator : draws which columns of the full array the factors take; the first that fit when None. A draw can fail
        where the first that fit do not.

    Returns
    -------
    Level numbers from 0, (size, k).

    Notes
    -----
    Hedayat, Sloane and Stufken (1999), Orthogonal Arrays: chapters 3 (linear arrays), 6 (difference schemes),
    7 (Hadamard matrices) and 9 (mixed levels).

    Examples
    --------
    >>> orthogonal_array([2, 2, 2], 4).tolist()
    [[0, 0, 0], [1, 0, 1], [0, 1, 1], [1, 1, 0]]
    >>> orthogonal_array([2, 3], 9) is None
    True
    """
    if set(levels) == {2} and size % 4 == 0 and len(levels) < size:
        matrix = hadamard(size)
        if matrix is not None:
            places = np.arange(1, size) if generator is None else generator.permutation(size - 1) + 1
            return np.asarray((1 - matrix[:, places[: len(levels)]]) // 2)
    found = _eighteen(levels, generator) if size == 18 else None
    return _products(levels, size, generator) if found is None else found


def hadamard(order: int) -> Integers | None:
    """A matrix of 1 and -1, (order, order), with orthogonal columns and a first column of ones, or None.

    Sylvester's doubling and both constructions of Paley (1933) for prime fields: orders 4 to 48 are all there.
    """
    if order in (1, 2) or (order >= 4 and order & (order - 1) == 0):
        return np.asarray(linalg.hadamard(order), dtype=np.int64)
    if order % 4:
        return None
    matrix = _paley(order)
    if matrix is None:
        half = hadamard(order // 2)
        matrix = None if half is None else np.kron(np.array([[1, 1], [1, -1]]), half)
    return None if matrix is None else matrix * matrix[:, :1]


def _paley(order: int) -> Integers | None:
    ones = np.ones((1, order), dtype=np.int64)
    if _primes(order - 1) == {order - 1: 1}:
        rows = ones[:, 1:]
        return np.block([[np.zeros((1, 1), dtype=np.int64), rows], [-rows.T, _residues(order - 1)]]) + np.eye(
            order, dtype=np.int64
        )
    q = order // 2 - 1
    if q % 4 == 1 and _primes(q) == {q: 1}:
        rows = ones[:, :q]
        core = np.block([[np.zeros((1, 1), dtype=np.int64), rows], [rows.T, _residues(q)]])
        once, twice = np.array([[1, 1], [1, -1]]), np.array([[1, -1], [-1, -1]])
        return np.asarray(np.kron(core, once) + np.kron(np.eye(q + 1, dtype=np.int64), twice))
    return None


def _residues(q: int) -> Integers:
    """Jacobsthal's matrix (q, q): 1 where the difference of row and column is a square modulo q, else -1."""
    character = np.full(q, -1)
    character[np.unique(np.arange(1, q) ** 2 % q)] = 1
    character[0] = 0
    return np.asarray(character[(np.arange(q)[:, None] - np.arange(q)) % q])


def _eighteen(levels: Sequence[int], generator: np.random.Generator | None) -> Integers | None:
    """OA(18, 6 3^6), whose column of six levels may stand as one of two and one of three."""
    six, threes, twos = (sum(each == wanted for each in levels) for wanted in (6, 3, 2))
    if six + threes + twos < len(levels) or six + twos > 1 or threes > 7 - six:
        return None
    rows, shifts = np.repeat(np.arange(6), 3), np.tile(np.arange(3), 6)
    columns = [*((DIFFERENCES[rows] + shifts[:, None]) % 3).T]
    columns += [] if six else [rows % 3]
    single = rows if six else rows // 3
    taken = iter(columns if generator is None else [columns[each] for each in generator.permutation(len(columns))])
    return np.column_stack([next(taken) if each == 3 else single for each in levels])


def _products(levels: Sequence[int], size: int, generator: np.random.Generator | None) -> Integers | None:
    """A linear array for each prime, every run of the one with every run of the other."""
    powers = [_primes(each) for each in levels]
    primes = _primes(size)
    if any(each.keys() - primes.keys() for each in powers) or primes.keys() - {q for each in powers for q in each}:
        return None
    parts = []
    for q, exponent in primes.items():
        part = _linear(q, exponent, [each.get(q, 0) for each in powers], generator)
        if part is None:
            return None
        parts.append(part)
    array = np.zeros((1, len(levels)), dtype=np.int64)
    for q, part in zip(primes, parts, strict=True):
        scale = np.array([q ** each.get(q, 0) for each in powers])
        array = np.repeat(array * scale, len(part), axis=0) + np.tile(part, (len(array), 1))
    return array


def _linear(q: int, exponent: int, powers: Sequence[int], generator: np.random.Generator | None) -> Integers | None:
    """Runs q^exponent with one column of q^power levels for each power, (runs, k); a power of 0 gives zeros.

    A column of q^r levels takes the points of an r-dimensional subspace; subspaces that share no point give
    orthogonal columns.
    """
    vectors: list[_Vector] = [each[::-1] for each in product(range(q), repeat=exponent)]
    points = [each for each in vectors if _is_point(each)]
    if generator is not None:
        points = [points[each] for each in generator.permutation(len(points))]
    free = set(points)
    order = sorted(range(len(powers)), key=lambda place: -powers[place])
    chosen: dict[int, list[_Vector]] = {}
    for place in order:
        basis = _free_basis(q, powers[place], [each for each in points if each in free])
        if basis is None:
            return None
        chosen[place] = basis
        free -= _points(q, basis)
    runs = np.array(vectors)
    columns = [np.zeros(len(runs), dtype=np.int64) for _ in powers]
    for place, basis in chosen.items():
        for vector in basis:
            columns[place] = columns[place] * q + runs @ np.array(vector) % q
    return np.column_stack(columns)


def _free_basis(q: int, dimension: int, free: Sequence[_Vector]) -> list[_Vector] | None:
    """The first subspace all of whose points are free."""
    if dimension == 0:
        return []
    known = set(free)
    for basis in combinations(free, dimension):
        points = _points(q, basis)
        if len(points) == (q**dimension - 1) // (q - 1) and points <= known:
            return list(basis)
    return None


def _points(q: int, basis: Sequence[_Vector]) -> set[_Vector]:
    return {each for each in _spanned(q, basis) if _is_point(each)}


def _spanned(q: int, basis: Sequence[_Vector]) -> Iterator[_Vector]:
    for weights in product(range(q), repeat=len(basis)):
        parts = [[weight * each for each in vector] for weight, vector in zip(weights, basis, strict=True)]
        yield tuple(sum(each) % q for each in zip(*parts, strict=True))


def _is_point(vector: _Vector) -> bool:
    """Whether a vector stands for its line: its first coordinate that is not 0 is 1."""
    return next((each for each in vector if each), 0) == 1


def _primes(number: int) -> dict[int, int]:
    """The prime factors of a number with their exponents."""
    found: dict[int, int] = {}
    divisor = 2
    while number > 1:
        while number % divisor == 0:
            found[divisor] = found.get(divisor, 0) + 1
            number //= divisor
        divisor += 1
    return found

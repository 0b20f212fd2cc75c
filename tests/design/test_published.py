"""Fractions against what others find: random ones, the exchange of Fedorov (1972), and a textbook's aliases."""

from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from vignetta.design.fractional.efficiency import MEAN, alias_relations, d_efficiency, model_matrix
from vignetta.design.fractional.fractions import fraction

Floats = npt.NDArray[np.float64]

ROUNDING = 1e-9
"""Relative error that float64 leaves in determinants of matrices of order 20."""
RANDOM = 100
CELLS = list(product(range(5), range(4), range(2), range(2), range(2)))
"""Five factors with 5, 4, 2, 2 and 2 levels: 160 combinations."""


# ------------------------------------------------------------------------------------- 32 of 160, two interactions


def dummies(cells: list[tuple[int, ...]], interactions: list[tuple[int, int]]) -> Floats:
    """Treatment coding, written out: mean, main effects, and the products of two factors' columns."""
    columns = [np.ones(len(cells))]
    codes = np.array(cells)
    own = [
        [(codes[:, place] == level).astype(float) for level in range(1, codes[:, place].max() + 1)]
        for place in range(codes.shape[1])
    ]
    columns += [each for factor in own for each in factor]
    columns += [a * b for first, second in interactions for a in own[first] for b in own[second]]
    return np.column_stack(columns)


def fedorov(X: Floats, size: int, generator: np.random.Generator) -> list[int]:
    """Fedorov (1972), chapter 3: exchange, again and again, the pair of rows that multiplies the determinant most.

    Replacing row i by candidate j multiplies det X'X by 1 + d(j) - d(i) - d(i) d(j) + d(i, j)^2, in which
    d(i, j) = x_i' (X'X)^-1 x_j. A candidate stands in the design once at most.
    """
    rows = nonsingular(X, size, generator)
    while True:
        inverse = np.linalg.inv(X[rows].T @ X[rows])
        among = X[rows] @ inverse @ X.T
        inside, all_ = np.diag(X[rows] @ inverse @ X[rows].T), np.einsum("ij,jk,ik->i", X, inverse, X)
        gain = all_[None, :] - inside[:, None] - inside[:, None] * all_[None, :] + among**2
        gain[:, rows] = -np.inf
        leaving, entering = np.unravel_index(int(gain.argmax()), gain.shape)
        if gain[leaving, entering] < 1e-9:
            return rows
        rows[int(leaving)] = int(entering)


def nonsingular(X: Floats, size: int, generator: np.random.Generator) -> list[int]:
    while True:
        rows: list[int] = generator.choice(len(X), size, replace=False).tolist()
        if np.linalg.matrix_rank(X[rows]) == X.shape[1]:
            return rows


def log_determinant(X: Floats, rows: list[int]) -> float:
    return float(np.linalg.slogdet(X[rows].T @ X[rows])[1]) if np.linalg.matrix_rank(X[rows]) == X.shape[1] else -np.inf


@pytest.mark.parametrize(
    ("interactions", "starts"), [([(0, 2), (1, 2)], 10), ([(0, 3), (2, 4)], 10), ([(0, 2), (1, 3)], 200)], ids=str
)
def test_as_good_as_random_fractions_and_the_published_exchange(
    interactions: list[tuple[int, int]], starts: int
) -> None:
    """From as many starts; the last pair of interactions has many local optima, and the best is rare for both."""
    cells, size = np.array(CELLS), 32
    terms = [f"x{first + 1}:x{second + 1}" for first, second in interactions]
    found = fraction(cells, size, generator=np.random.default_rng(1), terms=terms, starts=starts)
    X, coded = dummies(CELLS, interactions), model_matrix(cells, terms).X
    generator = np.random.default_rng(2)
    published = [fedorov(X, size, generator) for _ in range(starts)]
    random = [generator.choice(len(X), size, replace=False).tolist() for _ in range(RANDOM)]
    ours = log_determinant(X, found.rows.tolist())
    assert ours >= max(log_determinant(X, rows) for rows in published) - ROUNDING
    assert ours > max(log_determinant(X, rows) for rows in random)
    assert found.d_efficiency >= max(d_efficiency(coded[rows]) for rows in published) * (1 - ROUNDING)
    assert found.d_efficiency > max(d_efficiency(coded[rows]) for rows in random)
    assert np.linalg.matrix_rank(X[found.rows]) == X.shape[1]
    assert not [each for each in found.aliases if each.startswith(tuple(map(written, terms)))]
    assert len(set(found.rows.tolist())) == size


def written(term: str) -> str:
    return f"{term.replace(':', ' × ')} cannot be told"


# ----------------------------------------------------------------------------------------- a textbook's 2^(5-2)

RUNS = ["---++", "+----", "-+--+", "++-+-", "--++-", "+-+-+", "-++--", "+++++"]
"""A, B, C in standard order, with the generators D = AB and E = AC."""
TABLE = {
    "": "ABD ACE BCDE",
    "A": "BD CE ABCDE",
    "B": "AD CDE ABCE",
    "C": "AE BDE ABCD",
    "D": "AB BCE ACDE",
    "E": "AC BCD ABDE",
    "BC": "DE ACD ABE",
    "BE": "CD ABC ADE",
}
"""Every effect with those that it cannot be told from, by hand from I = ABD = ACE = BCDE."""


def test_the_runs_are_those_of_the_generators() -> None:
    for a, b, c, d, e in [[1 if sign == "+" else -1 for sign in run] for run in RUNS]:
        assert (d, e) == (a * b, a * c)


def test_the_full_alias_table() -> None:
    """All 31 effects: seven chains of four, and the defining relation with the mean."""
    cells = pd.DataFrame(
        {name: pd.Categorical(each) for name, each in zip("ABCDE", zip(*RUNS, strict=True), strict=True)}
    )
    effects = [each for chain in TABLE.items() for each in (chain[0], *chain[1].split()) if each]
    assert len(set(effects)) == 31
    found = alias_relations(model_matrix(cells, [":".join(each) for each in effects if len(each) > 1]))
    told = {each.term.replace(" × ", ""): each.others for each in found}
    for first, others in TABLE.items():
        chain = [*filter(None, [first]), *others.split()]
        if not first:
            assert all(told[word] == (MEAN,) for word in chain)
            continue
        (heading,) = [each for each in chain if each in told]
        assert {each.replace(" × ", "") for each in told[heading]} == set(chain) - {heading}
    assert len(told) == 7 + 3

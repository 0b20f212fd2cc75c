"""Arrays, fractions and decks against catalogues, closed forms and exhaustive search."""

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest

from vignetta.design.fractional.arrays import hadamard, orthogonal_array
from vignetta.design.fractional.blocking import Decks, _gains, _orthonormal, _state, _swapped, _value, decks
from vignetta.design.fractional.efficiency import d_efficiency, efficiency, model_matrix
from vignetta.design.fractional.fractions import exchanged, fraction
from vignetta.errors import StudyError

ROUNDING = 1e-9
"""Relative error that float64 leaves in determinants of matrices of order 50."""
LARGEST_DETERMINANT = {5: 48, 6: 160, 7: 576, 8: 4096, 9: 14336, 10: 73728}
"""Of a matrix of 1 and -1 of each order: Hadamard's maximal determinant problem, OEIS A003433."""


def factorial(*levels: int) -> np.ndarray:
    return np.array(list(product(*map(range, levels))))


def pairs(k: int) -> list[str]:
    return [f"x{a}:x{b}" for a, b in combinations(range(1, k + 1), 2)]


def seeded(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


# ------------------------------------------------------------------------------------------------------------ arrays


@pytest.mark.parametrize("order", [1, 2, *range(4, 49, 4)])
def test_hadamard_matrices_are_orthogonal(order: int) -> None:
    matrix = hadamard(order)
    assert matrix is not None
    assert (np.abs(matrix) == 1).all()
    assert (matrix[:, 0] == 1).all()
    assert (matrix.T @ matrix == order * np.eye(order)).all()


def test_no_hadamard_matrix_of_an_order_that_four_does_not_divide() -> None:
    assert hadamard(6) is None
    assert hadamard(54) is None


@pytest.mark.parametrize(
    ("levels", "size"),
    [
        ([2] * 7, 8),
        ([2] * 11, 12),
        ([2] * 19, 20),
        ([2] * 27, 28),
        ([3] * 4, 9),
        ([3] * 13, 27),
        ([2] + [3] * 7, 18),
        ([3, 6, 3, 3, 3, 3, 3], 18),
        ([4] * 5, 16),
        ([2, 4, 2, 2, 4], 16),
        ([8] + [2] * 8, 16),
        ([9] + [3] * 9, 27),
        ([5] * 6, 25),
        ([7] * 8, 49),
        ([11] * 10, 121),
        ([2, 2, 2, 3, 3, 3, 3], 36),
        ([6, 2, 3, 2, 3, 3], 36),
        ([10, 2, 5, 2, 5], 100),
        ([2, 2, 3, 5], 60),
    ],
)
@pytest.mark.parametrize("drawn", [False, True])
def test_every_pair_of_levels_stands_equally_often(levels: list[int], size: int, drawn: bool) -> None:
    array = orthogonal_array(levels, size, generator=seeded() if drawn else None)
    if drawn and array is None:
        array = next(
            each for s in range(50) if (each := orthogonal_array(levels, size, generator=seeded(s))) is not None
        )
    assert array is not None
    assert array.shape == (size, len(levels))
    for a, b in combinations(range(len(levels)), 2):
        counts = np.zeros((levels[a], levels[b]))
        np.add.at(counts, (array[:, a], array[:, b]), 1)
        assert (counts == size / counts.size).all()
    assert d_efficiency(model_matrix(array).X) == pytest.approx(100, rel=ROUNDING)


@pytest.mark.parametrize(
    ("levels", "size"), [([2] * 8, 8), ([3] * 5, 9), ([2, 2, 3], 18), ([4] * 6, 16), ([2, 3], 9), ([3, 3], 10)]
)
def test_what_counting_rules_out_is_none(levels: list[int], size: int) -> None:
    assert orthogonal_array(levels, size) is None


# --------------------------------------------------------------------------------------------------------- fractions


@pytest.mark.parametrize("n", LARGEST_DETERMINANT)
def test_saturated_fractions_of_two_levels_reach_the_largest_determinant(n: int) -> None:
    cells = factorial(*[2] * (n - 1))
    found = fraction(cells, n, generator=seeded(), starts=40, search="exchange")
    expected = 100 * LARGEST_DETERMINANT[n] ** (2 / n) / n
    assert found.d_efficiency == pytest.approx(expected, rel=ROUNDING)


@pytest.mark.parametrize(
    ("levels", "size"),
    [([2] * 7, 8), ([2] * 5, 16), ([2] * 11, 12), ([3] * 4, 9), ([2, 3, 3, 3], 18), ([4, 4, 4], 16), ([4, 2, 2, 2], 8)],
)
def test_exchange_alone_reaches_orthogonal_arrays(levels: list[int], size: int) -> None:
    found = fraction(factorial(*levels), size, generator=seeded(), starts=20, search="exchange")
    assert found.d_efficiency == pytest.approx(100, rel=ROUNDING)
    assert found.search == "exchange"
    assert found.balanced
    assert found.largest_correlation < ROUNDING


def test_half_of_two_to_the_five_estimates_all_pairs_orthogonally() -> None:
    found = fraction(factorial(2, 2, 2, 2, 2), 16, generator=seeded(), terms=pairs(5))
    assert found.d_efficiency == pytest.approx(100, rel=ROUNDING)
    assert found.aliases == ()


def test_eighteen_runs_for_two_factors_of_two_levels_and_three_of_three() -> None:
    """Balanced, with the two columns of two levels correlated by 1/9 and nothing else: D = (80/81)^(1/9)."""
    found = fraction(factorial(2, 2, 3, 3, 3), 18, generator=seeded(), starts=60)
    assert found.d_efficiency == pytest.approx(100 * (80 / 81) ** (1 / 9), rel=ROUNDING)
    assert found.largest_correlation == pytest.approx(1 / 9, rel=ROUNDING)
    assert found.columns == ("x1", "x2", "x3 1", "x3 2", "x4 1", "x4 2", "x5 1", "x5 2")


@pytest.mark.parametrize(
    ("levels", "size", "terms", "forbidden"),
    [
        ((2, 2, 3), 6, [], []),
        ((2, 2, 3), 7, ["x1:x2"], []),
        ((2, 3, 2), 7, ["x2:x3"], [(0, 2, 1)]),
        ((3, 4), 7, [], [(0, 0), (1, 3)]),
    ],
)
def test_no_other_choice_of_rows_is_better(
    levels: tuple[int, ...], size: int, terms: list[str], forbidden: list
) -> None:
    cells = np.array([each for each in factorial(*levels) if tuple(each) not in forbidden])
    X = model_matrix(cells, terms).X
    best = max(d_efficiency(X[list(rows)]) for rows in combinations(range(len(cells)), size))
    found = fraction(cells, size, generator=seeded(), terms=terms)
    assert found.d_efficiency == pytest.approx(best, rel=ROUNDING)
    assert found.d_efficiency == pytest.approx(d_efficiency(X[found.rows]), rel=ROUNDING)


def test_weights_change_what_is_best() -> None:
    cells = factorial(2, 2, 3)
    weights = seeded(3).uniform(0.2, 3, len(cells))
    X = model_matrix(cells).X

    def value(rows: tuple[int, ...]) -> float:
        return float(np.linalg.det(X[list(rows)].T @ (weights[list(rows), None] * X[list(rows)])))

    best = max(combinations(range(len(cells)), 6), key=value)
    found = fraction(cells, 6, generator=seeded(), weights=weights)
    assert value(tuple(found.rows)) == pytest.approx(value(best), rel=ROUNDING)
    assert found.efficiency == efficiency(X[found.rows])


@pytest.mark.parametrize(
    ("levels", "size", "terms"),
    [((2, 2, 2, 4, 5), 32, ["x1:x4", "x1:x5"]), ((2, 2, 2, 3, 5), 48, ["x1:x5", "x4:x5"]), ((11, 5, 3), 44, [])],
)
def test_better_than_the_best_of_a_hundred_random_fractions(
    levels: tuple[int, ...], size: int, terms: list[str]
) -> None:
    cells = factorial(*levels)
    X = model_matrix(cells, terms).X
    draw = seeded(11)
    random = max(d_efficiency(X[draw.choice(len(X), size, replace=False)]) for _ in range(100))
    assert fraction(cells, size, generator=seeded(), terms=terms).d_efficiency > random


def test_no_single_exchange_is_left() -> None:
    X = model_matrix(factorial(2, 3, 4), ["x1:x2"]).X
    rows = exchanged(X, seeded().choice(len(X), 13, replace=False))
    reached = d_efficiency(X[rows])
    for place, entering in product(range(13), set(range(24)) - set(rows.tolist())):
        assert d_efficiency(X[np.r_[np.delete(rows, place), entering]]) <= reached * (1 + 1e-8)


@pytest.mark.parametrize(
    ("levels", "size", "terms"),
    [((2, 2, 2, 4, 5), 32, ["x1:x4", "x1:x5"]), ((2, 2, 2, 3, 5), 48, ["x1:x5", "x4:x5"]), ((2, 2, 3, 3, 3), 18, [])],
)
def test_rounding_decides_nothing(levels: tuple[int, ...], size: int, terms: list[str]) -> None:
    """In other coordinates every gain is the same but for rounding, as on another machine; many of them are equal."""
    X = model_matrix(factorial(*levels), terms).X
    for seed in range(20):
        generator = seeded(seed)
        rows = generator.choice(len(X), size, replace=False)
        rotation = np.linalg.qr(generator.normal(size=(X.shape[1],) * 2))[0]
        reached = exchanged(X, rows)
        assert exchanged(np.asfortranarray(X @ rotation), rows).tolist() == reached.tolist()
        assert exchanged(X[:, ::-1], rows).tolist() == reached.tolist()


def test_one_seed_gives_one_fraction() -> None:
    cells = factorial(2, 2, 2, 4, 5)
    rows = [fraction(cells, 33, generator=seeded(seed)).rows.tolist() for seed in (1, 1, 2, 3)]
    assert rows[0] == rows[1]
    assert len(set(map(tuple, rows))) > 1


def test_rows_are_different_unless_repeats_are_allowed() -> None:
    cells = factorial(2, 2)
    with pytest.raises(StudyError, match="8 rows cannot be chosen from 4 candidates"):
        fraction(cells, 8, generator=seeded())
    found = fraction(cells, 8, generator=seeded(), repeats=True)
    assert np.bincount(found.rows).tolist() == [2, 2, 2, 2]
    assert len(set(fraction(factorial(3, 4, 5), 30, generator=seeded()).rows)) == 30


def test_an_array_is_used_where_it_fits_and_keeps_main_effects_clear_of_pairs() -> None:
    found = fraction(factorial(2, 2, 2, 2), 8, generator=seeded())
    assert found.search == "arrays"
    assert found.d_efficiency == pytest.approx(100, rel=ROUNDING)
    assert found.aliases == ()


def test_an_array_with_a_forbidden_cell_is_not_used() -> None:
    cells = factorial(2, 2, 2)
    levels = {tuple(each): row for row, each in enumerate(cells.tolist())}
    left = np.delete(cells, [levels[0, 0, 0], levels[1, 1, 1]], axis=0)
    found = fraction(left, 4, generator=seeded())
    best = max(d_efficiency(model_matrix(left).X[list(rows)]) for rows in combinations(range(6), 4))
    assert found.search == "exchange"
    assert found.d_efficiency == pytest.approx(best, rel=ROUNDING)


def test_more_candidates_than_one_pass_looks_at() -> None:
    cells = factorial(4, 4, 4, 4, 4, 3, 3)
    found = fraction(cells, 40, generator=seeded(), starts=1)
    random = max(d_efficiency(model_matrix(cells[seeded(s).choice(len(cells), 40)]).X) for s in range(100))
    assert len(cells) == 9216
    assert len(set(found.rows)) == 40
    assert found.d_efficiency > random


def test_a_fraction_says_what_it_holds_in_the_words_of_the_cells() -> None:
    cells = pd.DataFrame(factorial(2, 2, 5), columns=["regime", "treaty", "response"]).astype("category")
    found = fraction(cells, 12, generator=seeded())
    chosen = cells.iloc[found.rows]
    assert {name: pd.Series(each).to_dict() for name, each in found.counts.items()} == {
        name: {str(k): v for k, v in chosen[name].value_counts().to_dict().items()} for name in cells
    }
    assert found.notes == ("12 rows cannot hold the 5 levels of response equally often: 2 or 3 each.",)
    assert found.correlation[0, 1] == pytest.approx(
        np.corrcoef(chosen["regime"].cat.codes, chosen["treaty"].cat.codes)[0, 1], abs=ROUNDING
    )


def test_all_problems_of_a_size_with_the_remedies() -> None:
    cells = factorial(2, 2, 2, 4, 5)
    with pytest.raises(StudyError) as caught:
        fraction(cells, 17, generator=seeded(), terms=["x1:x4", "x1:x5"], starts=0)
    assert [each.where for each in caught.value.problems] == ["`size`", "`starts`"]
    with pytest.raises(StudyError, match=r"17 rows cannot estimate 18 parameters.*at least 18 rows.*often: 20\."):
        fraction(cells, 17, generator=seeded(), terms=["x1:x4", "x1:x5"])
    assert fraction(cells, 18, generator=seeded(), terms=["x1:x4", "x1:x5"]).d_efficiency > 0


def test_exact_balance_is_given_or_refused() -> None:
    cells = factorial(2, 2, 2, 4, 5)
    with pytest.raises(StudyError, match="32 rows cannot hold the 5 levels of x5 equally often.*20 or 40"):
        fraction(cells, 32, generator=seeded(), balance="exact")
    assert fraction(cells, 40, generator=seeded(), balance="exact").balanced
    short = np.array([each for each in cells.tolist() if each[4] > 0 or each[:3] == [0, 0, 0]])
    with pytest.raises(StudyError, match="none of 10 starts ended with every level equally often"):
        fraction(short, 40, generator=seeded(), balance="exact")


def test_unknown_options_are_listed() -> None:
    with pytest.raises(StudyError) as caught:
        fraction(factorial(2, 2), 4, generator=seeded(), balance="even", search="all")  # type: ignore[arg-type]
    assert "one of nearly, exact" in str(caught.value)
    assert "one of arrays, exchange" in str(caught.value)


@pytest.mark.parametrize("weights", [np.ones(3), np.array([1, 1, 1, 0.0]), np.array([1, 1, 1, np.nan])])
def test_weights_are_positive_and_one_for_each(weights: np.ndarray) -> None:
    with pytest.raises(StudyError, match="one positive number for each of the 4 candidates"):
        fraction(factorial(2, 2), 4, generator=seeded(), weights=weights)


def test_a_level_that_is_forbidden_everywhere_is_named() -> None:
    cells = pd.DataFrame(factorial(2, 2, 3), columns=["a", "b", "c"]).astype("category")
    with pytest.raises(StudyError, match="factor `c`: no candidate has the level `2`"):
        fraction(cells[cells["c"] != 2], 6, generator=seeded())


def test_an_interaction_with_a_forbidden_combination_is_explained() -> None:
    cells = pd.DataFrame(factorial(2, 3, 2), columns=["regime", "action", "treaty"])
    allowed = cells[~((cells["regime"] == 1) & (cells["action"] == 2))]
    with pytest.raises(StudyError, match="regime cannot be told from action and regime × action together"):
        fraction(allowed, 9, generator=seeded(), terms=["regime:action"])
    assert fraction(allowed, 9, generator=seeded(), terms=["regime:treaty"]).d_efficiency > 0


# ------------------------------------------------------------------------------------------------------------- decks


def splits(rows: tuple[int, ...], size: int) -> list[list[tuple[int, ...]]]:
    """Every way to split rows into decks of a size."""
    if not rows:
        return [[]]
    first, rest = rows[0], rows[1:]
    return [
        [(first, *mates), *others]
        for mates in combinations(rest, size - 1)
        for others in splits(tuple(each for each in rest if each not in mates), size)
    ]


def within(X: np.ndarray, deck: np.ndarray) -> np.ndarray:
    """X'X of the contrasts about the means of their decks."""
    contrasts = X[:, 1:]
    means = np.array([contrasts[deck == each].mean(axis=0) for each in deck])
    return (contrasts - means).T @ (contrasts - means)


def expected_efficiency(X: np.ndarray, deck: np.ndarray) -> float:
    ratio = np.linalg.det(within(X, deck)) / np.linalg.det(within(X, np.zeros(len(X))))
    return float(100 * max(ratio, 0.0) ** (1 / (X.shape[1] - 1)))


@pytest.mark.parametrize(
    ("levels", "chosen", "size", "terms"),
    [
        ((2, 2, 3), range(12), 4, []),
        ((2, 2, 3), range(12), 6, ["x1:x2"]),
        ((2, 5), range(10), 5, []),
        ((2, 2, 3), (0, 1, 2, 4, 5, 6, 8, 10, 11), 3, []),
    ],
)
def test_no_other_split_is_better(levels: tuple[int, ...], chosen: range, size: int, terms: list[str]) -> None:
    cells = factorial(*levels)[list(chosen)]
    X = model_matrix(cells, terms).X
    n_decks = len(cells) // size
    number = np.zeros(len(cells), dtype=int)
    best = 0.0
    for split in splits(tuple(range(len(cells))), size):
        for place, members in enumerate(split):
            number[list(members)] = place
        best = max(best, expected_efficiency(X, number))
    found = decks(cells, size, n_decks=n_decks, generator=seeded(), terms=terms, balance=0.0, starts=20)
    assert found.d_efficiency == pytest.approx(best, rel=ROUNDING)
    assert found.d_efficiency == pytest.approx(expected_efficiency(X, found.deck), rel=ROUNDING)


def test_the_gain_of_every_swap_is_that_of_the_value_computed_anew() -> None:
    cells = factorial(2, 3, 4)
    contrasts = _orthonormal(model_matrix(cells, ["x1:x2"]).X[:, 1:])
    mains = 0.3 * model_matrix(cells).X[:, 1:]
    deck = seeded().permutation(np.repeat(np.arange(6), 4))
    state, before = _state(contrasts, mains, deck), _value(contrasts, mains, deck)
    for row, other in product(range(24), repeat=2):
        swapped = deck.copy()
        swapped[[row, other]] = deck[[other, row]]
        expected = np.exp(_value(contrasts, mains, swapped) - before) if deck[row] != deck[other] else 0.0
        assert _gains(state, deck, row)[other] == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize(
    ("levels", "size", "terms"),
    [
        ((2, 2, 2), 4, pairs(3)),
        ((2, 2, 2, 2), 4, ["x1:x2"]),
        ((2, 2, 2, 2, 2), 8, pairs(5)),
        ((3, 3), 3, []),
        ((3, 3, 3), 9, pairs(3)),
        ((2, 2, 2, 3), 12, pairs(4)),
    ],
)
def test_textbook_blocks_are_orthogonal_to_all_terms(levels: tuple[int, ...], size: int, terms: list[str]) -> None:
    """Each has a known split that confounds only interactions that were not asked for."""
    cells = factorial(*levels)
    found = decks(cells, size, n_decks=len(cells) // size, generator=seeded(), terms=terms, starts=30)
    assert found.d_efficiency == pytest.approx(100, rel=ROUNDING)
    assert all(each == pytest.approx(100, rel=ROUNDING) for each in found.retained.values())
    assert found.spread == 0


def deck_of_fraction(seed: int = 1) -> tuple[np.ndarray, Decks]:
    cells = factorial(2, 2, 2, 4, 5)
    rows = cells[fraction(cells, 32, generator=seeded(5), terms=["x1:x4"]).rows]
    return rows, decks(rows, 8, n_decks=4, generator=seeded(seed), terms=["x1:x4"])


def test_a_fraction_in_decks_counts_and_retains_what_regression_says() -> None:
    rows, found = deck_of_fraction()
    assert np.bincount(found.deck).tolist() == [0, 8, 8, 8, 8]
    for place, (name, counts) in enumerate(found.counts.items()):
        assert name == f"x{place + 1}"
        for deck, held in enumerate(counts, start=1):
            assert held.tolist() == np.bincount(rows[found.deck == deck, place], minlength=len(held)).tolist()
    matrix = model_matrix(rows, ["x1:x4"])
    for term, retained in found.retained.items():
        X = np.column_stack([np.ones(32), matrix.columns(term)])
        shares = np.linalg.eigvals(np.linalg.solve(within(X, np.zeros(32)), within(X, found.deck)))
        assert retained == pytest.approx(100 * shares.real.min(), rel=1e-6)


def test_a_price_on_balance_makes_decks_alike() -> None:
    cells = factorial(2, 2, 2, 3, 5)
    priced = decks(cells, 10, n_decks=12, generator=seeded(), terms=["x1:x5", "x4:x5"], starts=3)
    free = decks(cells, 10, n_decks=12, generator=seeded(), terms=["x1:x5", "x4:x5"], starts=3, balance=0.0)
    assert priced.spread == 1
    assert free.spread > 1
    assert priced.notes == ("A deck of 10 cannot hold the 3 levels of x4 equally often.",)


@pytest.mark.parametrize(
    ("levels", "size", "terms"), [((2, 2, 2, 2, 2), 8, pairs(5)), ((2, 2, 2, 2), 4, ["x1:x2"]), ((3, 3, 3), 9, [])]
)
def test_rounding_decides_no_split(levels: tuple[int, ...], size: int, terms: list[str]) -> None:
    matrix = model_matrix(factorial(*levels), terms)
    n, width = len(matrix.X), sum(levels) - len(levels)
    contrasts, mains = _orthonormal(matrix.X[:, 1:]), matrix.X[:, 1 : width + 1] / np.sqrt(n)
    for seed in range(20):
        generator = seeded(seed)
        deck = generator.permutation(np.repeat(np.arange(n // size), size))
        rotations = [np.linalg.qr(generator.normal(size=(each.shape[1],) * 2))[0] for each in (contrasts, mains)]
        turned = _swapped(contrasts @ rotations[0], mains @ rotations[1], deck)
        assert turned.tolist() == _swapped(contrasts, mains, deck).tolist()


def test_one_seed_gives_one_split() -> None:
    assert deck_of_fraction(1)[1].deck.tolist() == deck_of_fraction(1)[1].deck.tolist()
    assert deck_of_fraction(1)[1].deck.tolist() != deck_of_fraction(2)[1].deck.tolist()


@pytest.mark.parametrize(
    ("size", "n_decks", "terms", "message"),
    [
        (2, 16, pairs(4), r"16 comparisons within decks for 18 effects.* 16 decks is 3; 32 rows can be decks of 4, 8"),
        (5, 6, [], r"6 decks of 5 take 30 rows, not 32. 32 rows can be decks of 2, 4, 8, 16, 32\."),
        (4, 2, ["x1:x9"], "unknown factor"),
        (0, 6, [], "hold nothing"),
    ],
)
def test_decks_that_are_too_small(size: int, n_decks: int, terms: list[str], message: str) -> None:
    with pytest.raises(StudyError, match=message):
        decks(factorial(2, 2, 2, 4), size, n_decks=n_decks, generator=seeded(), terms=terms)


def test_rows_that_cannot_tell_effects_apart_cannot_be_split() -> None:
    half = np.array([each for each in factorial(2, 2, 2) if sum(each) % 2 == 0])
    with pytest.raises(StudyError, match="even without decks: x1 cannot be told from x2 × x3"):
        decks(np.vstack([half, half]), 4, n_decks=2, generator=seeded(), terms=["x2:x3"])
    with pytest.raises(StudyError, match="is not a price"):
        decks(factorial(2, 2, 2), 4, n_decks=2, generator=seeded(), balance=-1.0)

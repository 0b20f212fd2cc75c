"""Identical rows."""

import numpy as np
import pytest

from vignetta.analysis.models.likelihoods import distinct as module
from vignetta.analysis.models.likelihoods.distinct import collapse, distinct


def test_the_rows_are_those_of_a_search() -> None:
    rows = np.random.default_rng(4).integers(0, 3, (500, 4)).astype(float)
    first, cell = distinct(rows)
    np.testing.assert_array_equal(rows[first][cell], rows)
    assert len(first) == len(np.unique(rows, axis=0))
    assert list(first) == sorted(first)


def test_zeros_of_either_sign_are_one() -> None:
    assert len(distinct(np.array([[0.0], [-0.0], [1.0]]))[0]) == 2


def test_close_numbers_stay_apart() -> None:
    rows = 1 + np.arange(2_000.0)[:, None] * np.finfo(float).eps
    assert len(distinct(rows)[0]) == len(np.unique(rows))


def test_a_collision_of_the_hash_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_hash", lambda rows: np.zeros(len(rows), dtype=np.uint64))
    rows = np.array([[2.0, 1.0], [1.0, 1.0], [2.0, 1.0]])
    first, cell = distinct(rows)
    np.testing.assert_array_equal(rows[first][cell], rows)
    assert len(first) == 2


def test_weights_are_summed() -> None:
    cells = collapse(np.array([[1.0], [2.0], [1.0]]), np.array([0.0, 0.0, 0.0]), np.array([1.0, 5.0, 2.5]))
    assert cells.weights.tolist() == [3.5, 5.0]
    assert cells.cell.tolist() == [0, 1, 0]

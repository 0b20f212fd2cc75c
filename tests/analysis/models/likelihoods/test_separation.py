"""Separation is told, with the level that is to blame."""

from typing import Any

import numpy as np
import pytest

from vignetta.analysis.models.likelihoods.distinct import collapse
from vignetta.analysis.models.likelihoods.maximum import family_of, maximum
from vignetta.analysis.models.likelihoods.separation import find_separation
from vignetta.errors import StudyError

COLUMNS = ("Intercept", "arm[b]", "arm[c]", "age")


@pytest.fixture(scope="module")
def rows() -> Any:
    rng = np.random.default_rng(1)
    arm = rng.integers(0, 3, 400)
    X = np.column_stack([np.ones(400), arm == 1, arm == 2, rng.normal(size=400)])
    return rng, arm, X


@pytest.mark.parametrize("model", ["logit", "probit"])
def test_a_level_with_one_outcome(rows: Any, model: Any) -> None:
    rng, arm, X = rows
    y = np.where(arm == 2, 1.0, rng.integers(0, 2, 400))
    with pytest.raises(StudyError) as error:
        maximum(model, X, y, columns=COLUMNS)
    assert f"`arm[c]` runs to infinity: with it the likelihood of {(arm == 2).sum()} rows" in str(error.value)


def test_a_covariate_that_tells_the_outcome(rows: Any) -> None:
    _, _, X = rows
    with pytest.raises(StudyError, match="`age`"):
        maximum("logit", X, (X[:, 3] > 0.1).astype(float), columns=COLUMNS)


def test_counts_that_are_all_zero_at_a_level(rows: Any) -> None:
    rng, arm, X = rows
    with pytest.raises(StudyError, match=r"`arm\[b\]` runs to infinity"):
        maximum("poisson", X, np.where(arm == 1, 0.0, rng.poisson(2, 400)), columns=COLUMNS)


@pytest.mark.parametrize("model", ["ordered_logit", "ordered_probit"])
def test_a_level_with_the_last_category_only(rows: Any, model: Any) -> None:
    rng, arm, X = rows
    y = np.where(arm == 1, 3.0, rng.integers(0, 4, 400))
    with pytest.raises(StudyError, match=r"`arm\[b\]` runs to infinity"):
        maximum(model, X[:, 1:], y, columns=COLUMNS[1:], categories=tuple("abcd"))


def test_a_level_with_a_middle_category_only_is_no_separation(rows: Any) -> None:
    """In a model of one index per row, other rows hold the thresholds apart."""
    rng, arm, X = rows
    y = np.where(arm == 1, 1.0, rng.integers(0, 4, 400))
    assert maximum("ordered_logit", X[:, 1:], y, columns=COLUMNS[1:], categories=tuple("abcd")).notes == ()


def test_categories_that_levels_share_two_by_two(rows: Any) -> None:
    """One level has the categories a and b, the other b and c: the levels can be pulled apart for ever."""
    rng, arm, X = rows
    y = np.where(arm == 1, rng.integers(0, 2, 400), rng.integers(1, 3, 400)).astype(float)
    with pytest.raises(StudyError, match="run to infinity"):
        maximum("ordered_logit", X[:, 1:2], y, columns=("arm[b]",), categories=tuple("abc"))


def test_a_category_that_a_level_never_has(rows: Any) -> None:
    rng, arm, X = rows
    y = rng.integers(0, 4, 400).astype(float)
    y[(arm == 1) & (y == 2)] = 1
    with pytest.raises(StudyError, match=r"`c: arm\[b\]` runs to infinity"):
        maximum("multinomial_logit", X, y, columns=COLUMNS, categories=tuple("abcd"))


@pytest.mark.parametrize("seed", range(8))
def test_the_program_agrees_with_a_look_at_the_cells(seed: int) -> None:
    """With a saturated model of two levels there is separation if and only if a level has one outcome."""
    rng = np.random.default_rng(seed)
    arm, y = rng.integers(0, 2, 7), rng.integers(0, 2, 7)
    X = np.column_stack([np.ones(7), arm]).astype(float)
    cells = collapse(X, y.astype(float), np.ones(7))
    alone = any(len(set(y[arm == each])) == 1 for each in set(arm))
    assert (find_separation(family_of("logit"), cells) is not None) == alone

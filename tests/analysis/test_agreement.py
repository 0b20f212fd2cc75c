"""Every number of R's for linear models; `agreement.py` says which, and counts them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.analysis.agreement import CASES, SOURCES, Comparison, Reference, compare

R = 1e-8
"""Relative to R's number, or to the standard error where that is larger; found are differences below 1e-11."""


@pytest.fixture(scope="module")
def reference(oracle: Path) -> Reference:
    return Reference(oracle)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(("data", "weighted"), CASES)
def test_numbers_are_those_of_r(
    reference: Reference, source: Callable[[Reference, str, str], Iterator[Comparison]], data: str, weighted: str
) -> None:
    found = list(source(reference, data, weighted))
    apart = {(each.model, each.errors, each.estimand): each.largest for each in found if not each.largest <= R}
    assert not apart
    assert found or (source.__name__, data) == ("small_sample_effects", "n1502")


def test_a_number_that_differs_is_seen() -> None:
    assert compare("", "", "", [1.0, 2.0], [1.0, 2.0 + 4e-8]).largest == pytest.approx(2e-8, rel=1e-3)
    assert not compare("", "", "", [1.0], [float("nan")]).largest <= R

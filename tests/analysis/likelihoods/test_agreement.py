"""Every reference number of R for logit and ordered logit."""

from pathlib import Path

import pytest

from tests.analysis.likelihoods.agreement import MODELS, compare, survey

R = 1e-6
"""What two iterative fits owe each other; Newton's last step leaves about 1e-10."""
NUMBERS = {
    ("logit", "n1502"): 6_403,
    ("logit", "n9012"): 16_774,
    ("ologit", "n1502"): 7_000,
    ("ologit", "n9012"): 14_000,
}
"""At least so many numbers are compared."""


@pytest.mark.parametrize("weighting", ["unweighted", "weighted"])
@pytest.mark.parametrize("data", ["n1502", "n9012"])
@pytest.mark.parametrize("kind", list(MODELS))
def test_every_number_is_that_of_r(oracle: Path, kind: str, data: str, weighting: str) -> None:
    found = compare(oracle, kind, data, weighting)
    assert [each for each in found if not each.largest < R] == []
    assert sum(each.count for each in found) >= NUMBERS[kind, data]


@pytest.mark.parametrize("data", ["n1502", "n9012"])
def test_a_survey_with_clusters_is_cr1(oracle: Path, data: str) -> None:
    found = survey(oracle, data)
    assert [each for each in found if not each.largest < R] == []
    assert sum(each.count for each in found) > 2_000

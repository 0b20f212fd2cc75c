"""Intervals of least squares cover the truth as often as they say; the table of the documentation in small."""

import pytest

from tests.analysis.coverage import coverage, settings

SAMPLES = 1_000
BAND = 0.025
"""Over three standard errors of a share of 95% in 1,000 samples."""


@pytest.mark.slow
def test_small_sample_errors_cover() -> None:
    """HC2 with 1,502 rows, and CR2 with its own degrees of freedom already with 20 clusters, five of them treated."""
    for each in settings():
        if each.errors == "CR2" or (each.errors == "HC2" and len(each.data) > 1000):
            for estimand, share in coverage(each, SAMPLES).items():
                assert abs(share - 0.95) < BAND, (each.name, each.errors, estimand, share)


@pytest.mark.slow
def test_the_usual_clustered_error_does_not() -> None:
    """With 20 clusters Stata's error and G - 1 degrees of freedom cover too seldom: the check can fail."""
    few = next(each for each in settings() if each.errors == "CR1S" and each.name.startswith("20 "))
    assert coverage(few, SAMPLES)["contrast"] < 0.95 - BAND

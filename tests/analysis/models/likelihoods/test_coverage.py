"""Intervals cover the truth as often as they say; `coverage.py` prints the whole table."""

import numpy as np
import pytest

from tests.analysis.models.likelihoods.coverage import SETTINGS, coverage

SAMPLES = 1_500
THREE = 3 * np.sqrt(0.95 * 0.05 / SAMPLES)
"""Three standard errors of the share of samples."""
SMALL = 0.015
"""What 20 clusters, of which 5 are treated, may miss beyond chance."""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["logit, 20 clusters of 12", "ordered logit, 20 clusters of 12"])
def test_cr2_covers_with_few_clusters(name: str) -> None:
    found = coverage(SETTINGS[name](), "CR2", SAMPLES)
    assert (abs(found - 0.95) < THREE + SMALL).all(), found


@pytest.mark.slow
def test_without_the_correction_few_clusters_are_too_few() -> None:
    """So that the test above can fail: the same interval by CR1S and clusters - 1 degrees of freedom."""
    given = SETTINGS["ordered logit, 20 clusters of 12"]()
    plain, corrected = (coverage(given, errors, SAMPLES) for errors in ("CR1S", "CR2"))
    assert plain["slope"] < corrected["slope"] - 0.01


@pytest.mark.slow
def test_hc2_covers_in_large_samples() -> None:
    found = coverage(SETTINGS["ordered logit, 1,502 rows"](), "HC2", SAMPLES)
    assert (abs(found - 0.95) < THREE).all(), found

"""Adjusted p-values against R."""

from typing import Any

import numpy as np
import pytest

from vignetta.analysis.inference.multiplicity import adjust
from vignetta.errors import StudyError
from vignetta.plan import Adjustment

R = 1e-12
"""A few multiplications; R prints 15 digits."""
NAMES: dict[Adjustment, str] = {
    "holm": "holm",
    "bonferroni": "bonferroni",
    "hochberg": "hochberg",
    "hommel": "hommel",
    "benjamini_hochberg": "BH",
    "benjamini_yekutieli": "BY",
}


@pytest.mark.parametrize("method", NAMES)
def test_adjusted_p_values_are_those_of_r(numbers: Any, method: Adjustment) -> None:
    expected = numbers("misc")["p_adjust"]
    p = np.array(expected["p"])
    order = np.array([3, 0, 7, 1, 6, 2, 5, 4])
    np.testing.assert_allclose(adjust(p, method), expected[NAMES[method]], rtol=R)
    np.testing.assert_allclose(adjust(p[order], method), np.array(expected[NAMES[method]])[order], rtol=R)
    for data in numbers("multiplicity").values():
        for tests in (data["vs_reference"], data["all_pairs"]):
            np.testing.assert_allclose(adjust(tests["p_t"], method), tests[f"t_{NAMES[method]}"], rtol=R)


def test_none_leaves_p_values_alone() -> None:
    assert adjust(np.array([0.2, 0.01]), "none").tolist() == [0.2, 0.01]


@pytest.mark.parametrize("method", NAMES)
def test_a_missing_p_value_is_no_test(method: Adjustment) -> None:
    found = adjust(np.array([0.01, np.nan, 0.04]), method)
    np.testing.assert_array_equal(found[[0, 2]], adjust(np.array([0.01, 0.04]), method))
    assert np.isnan(found[1])


def test_no_tests_at_all() -> None:
    assert len(adjust(np.array([]), "holm")) == 0


def test_an_unknown_method_lists_the_known_ones() -> None:
    with pytest.raises(StudyError, match="`none`, `holm`, `bonferroni`, `hochberg`, `hommel`"):
        adjust(np.array([0.1]), "fdr")  # type: ignore[arg-type]

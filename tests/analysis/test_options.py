"""Unknown options are refused, all at once, and the known ones are listed."""

from typing import get_args

import pytest

from vignetta.analysis.options import OPTIONS, check_options, option_problems
from vignetta.errors import StudyError


@pytest.mark.parametrize("name", OPTIONS)
def test_every_known_option_is_accepted(name: str) -> None:
    for each in get_args(OPTIONS[name]):
        check_options(**{name: each})


@pytest.mark.parametrize("name", OPTIONS)
def test_an_unknown_option_lists_all_known_ones(name: str) -> None:
    with pytest.raises(StudyError) as error:
        check_options(**{name: "nothing of the kind"})
    assert all(f"`{each}`" in str(error.value) for each in get_args(OPTIONS[name]))


def test_all_unknown_options_are_reported() -> None:
    assert [each.where for each in option_problems(errors="HC7", model="glm", distribution="t")] == ["errors", "model"]

"""What surveys hold, in every form in which Qualtrics writes the same: flags, numbers, lists, mappings."""

import re
from collections.abc import Mapping
from typing import Any, Final

Raw = Mapping[str, Any]
"""A part of the document as it is written."""
_WHOLE: Final = re.compile("-?[0-9]{1,18}")


def is_true(value: Any) -> bool:
    """Whether a flag is set, in any of the ways in which Qualtrics writes flags.

    >>> [is_true(each) for each in (True, "true", "ON", "Yes", "false", None, "RequestResponse")]
    [True, True, True, True, False, False, False]
    """
    return str(value).lower() in ("true", "on", "yes", "1")


def whole_number(value: Any) -> int | None:
    """The whole number that a value is or says; None for anything else, and for one longer than any in a survey.

    >>> [whole_number(each) for each in (3, "03", "-1", "--1", "9" * 5_000, True)]
    [3, 3, -1, None, None, None]
    """
    return int(str(value)) if _WHOLE.fullmatch(str(value)) else None


def numbered(value: Any) -> dict[str, Any]:
    """A list or mapping as a mapping of texts: PHP writes a mapping as a list where its keys count from 0."""
    if isinstance(value, list):
        return {str(place): each for place, each in enumerate(value)}
    return {str(key): each for key, each in value.items()} if isinstance(value, dict) else {}


def entries(value: Any) -> list[Raw]:
    """The mappings in a list, or in a mapping whose keys say nothing."""
    return [each for each in numbered(value).values() if isinstance(each, dict)]


def mapping(value: Any) -> Raw:
    """A mapping as it is; anything else is an empty one."""
    return value if isinstance(value, dict) else {}

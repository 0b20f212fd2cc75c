"""How messages about exports name rows and quote cells."""

from collections.abc import Sequence
from typing import Final

from vignetta.errors import listed

_LONGEST: Final = 60


def rows_told(rows: Sequence[int]) -> str:
    """Rows of the data, from 1.

    >>> rows_told([3]), rows_told([1, 2])
    ('data row 3', 'data rows 1, 2')
    """
    return f"data row{'s' if len(rows) > 1 else ''} {listed(rows)}"


def cut(cell: str) -> str:
    """A cell as a message can hold it."""
    return cell if len(cell) <= _LONGEST else cell[: _LONGEST - 1] + "…"

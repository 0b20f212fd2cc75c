"""How messages name rows, variables and cells: the first few, and how many more."""

from collections.abc import Sequence
from typing import Any, Final

SHOWN: Final = 5
"""How many a message names."""
_LONGEST: Final = 60


def listed(items: Sequence[Any]) -> str:
    """The first few of some items, and how many more there are.

    >>> listed([3, 4]), listed(range(1, 8))
    ('3, 4', '1, 2, 3, 4, 5 and 2 more')
    """
    more = f" and {len(items) - SHOWN} more" if len(items) > SHOWN else ""
    return ", ".join(map(str, items[:SHOWN])) + more


def some(names: Sequence[str]) -> str:
    """Names as they stand in the export or the codebook.

    >>> some(["regime", "treaty"])
    '`regime`, `treaty`'
    """
    return listed([f"`{each}`" for each in names])


def rows_told(rows: Sequence[int]) -> str:
    """Rows of the data, from 1.

    >>> rows_told([3]), rows_told([1, 2])
    ('data row 3', 'data rows 1, 2')
    """
    return f"data row{'s' if len(rows) > 1 else ''} {listed(rows)}"


def cut(cell: str) -> str:
    """A cell as a message can hold it."""
    return cell if len(cell) <= _LONGEST else cell[: _LONGEST - 1] + "…"

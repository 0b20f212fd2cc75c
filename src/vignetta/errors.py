"""What went wrong, where, and what to do: every message of the package has this shape."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final

SHOWN: Final = 5
"""How many things a message names."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    `where` names a file, line and key (or an argument), `what` is a sentence, `remedy` is a sentence or empty. `rows`
    are all raw rows that it is about, from 1, where it is about rows; `what` may name the first of them only.
    """

    where: str
    what: str
    remedy: str = ""
    rows: tuple[int, ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        return f"{self.where}: {self.what} {self.remedy}".rstrip()


class StudyError(ValueError):
    """Input that cannot be used. Carries every problem that was found, not only the first.

    `accounts` are frames that tell of the problems in full, by the name of the file that they are to become.
    """

    def __init__(self, problems: Problem | Iterable[Problem], *, accounts: Mapping[str, Any] | None = None) -> None:
        self.accounts: Mapping[str, Any] = accounts or {}
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def near_miss(name: str, known: Iterable[str]) -> str:
    """A remedy for an unknown name: the closest known one, or all of them.

    >>> near_miss("lable", ["label", "levels"])
    'Did you mean `label`?'
    >>> near_miss("x", ["label", "levels"])
    'Known: `label`, `levels`.'
    """
    names = list(known)
    close = get_close_matches(name, names, n=1)
    if close:
        return f"Did you mean `{close[0]}`?"
    return "Known: " + ", ".join(f"`{each}`" for each in names) + "." if names else "None is declared."


def listed(items: Sequence[Any], most: int = SHOWN) -> str:
    """The first few of some items, and how many more there are.

    >>> listed([3, 4]), listed(range(1, 8))
    ('3, 4', '1, 2, 3, 4, 5 and 2 more')
    """
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(map(str, items[:most])) + more


def some(names: Sequence[str], most: int = SHOWN) -> str:
    """The first few of some names, as they stand in files.

    >>> some(["regime", "treaty"])
    '`regime`, `treaty`'
    """
    return listed([f"`{each}`" for each in names], most)

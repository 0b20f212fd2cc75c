"""What of a survey is executed, and what is stubbed and by which value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from vignetta.errors import listed
from vignetta.instruments.running.visits import Stubbed

Done = Literal["executed", "stubbed"]


@dataclass(frozen=True)
class Line:
    """One line of the account: what the survey holds, in how many of its elements, and what is done about it.

    `how` is the value that stands for what is stubbed; `where` names the elements, empty for what is executed.
    """

    what: str
    number: int
    done: Done
    how: str = ""
    where: str = ""


@dataclass
class Account:
    """Kept while a survey is made ready to run: what of it is `executed`, and where; `stubs` is what is not done."""

    executed: dict[str, set[str]] = field(default_factory=dict)
    stubs: dict[Stubbed, None] = field(default_factory=dict)

    def ran(self, where: str, what: str) -> None:
        self.executed.setdefault(what, set()).add(where)

    def stub(self, where: str, what: str, value: str = "") -> None:
        self.stubs[Stubbed(where, what, value)] = None

    def lines(self) -> tuple[Line, ...]:
        """What is executed, then what is stubbed, each once however often the survey holds it."""
        done = [Line(what, len(at), "executed") for what, at in sorted(self.executed.items())]
        places: dict[tuple[str, str], list[str]] = {}
        for each in self.stubs:
            places.setdefault((each.what, each.value), []).append(each.where)
        left = [Line(what, len(at), "stubbed", how, listed(at)) for (what, how), at in places.items()]
        return (*done, *left)

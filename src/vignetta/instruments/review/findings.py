"""What reading a survey critically finds: where, what, how bad, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, Literal, get_args

if TYPE_CHECKING:
    import pandas as pd

Severity = Literal["error", "warning", "note"]
"""error: respondents get something other than what was meant. warning: most likely so. note: worth a look."""
SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or may be.

    `where` is the id of the element, `name` what people call it; `rule` names the kind of finding.
    """

    severity: Severity
    rule: str
    where: str
    name: str
    what: str
    remedy: str

    def __str__(self) -> str:
        named = f"{self.where} ({self.name})" if self.name else self.where
        return f"{self.severity} {named}: {self.what} {self.remedy}".rstrip()


@dataclass(frozen=True, repr=False)
class Findings:
    """All findings about a survey, the worst first; printed, one line each."""

    found: tuple[Finding, ...]

    def of(self, severity: Severity) -> list[Finding]:
        """Those of one severity."""
        return [each for each in self.found if each.severity == severity]

    @property
    def frame(self) -> pd.DataFrame:
        """As a frame with the columns of `frames.FINDINGS`."""
        from vignetta import frames

        return frames.frame([asdict(each) for each in self.found], frames.FINDINGS)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    def __repr__(self) -> str:
        return "\n".join(map(str, self.found)) or "Nothing found."

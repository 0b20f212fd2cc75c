"""The distinct cells of one variable, which rows hold them, and what is wrong with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from vignetta.cleaning.categories import Writing
from vignetta.cleaning.raw_exports import ExportFormat
from vignetta.cleaning.telling import SHOWN, cut, rows_told
from vignetta.codebook import CATEGORICAL, Variable
from vignetta.errors import Problem

Codes = npt.NDArray[np.int64]


@dataclass
class Column:
    """One variable's cells: each row's place among the distinct cells, -1 where the cell is empty."""

    variable: Variable
    shown: str
    codes: Codes
    cells: list[str]
    format: ExportFormat
    decimal_comma: bool
    writing: Writing | None = None
    time_zone: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def used(self) -> Codes:
        """The places of the distinct cells that some row still has."""
        return np.flatnonzero(np.bincount(self.codes[self.codes >= 0], minlength=len(self.cells)))

    @property
    def filled(self) -> list[str]:
        """The distinct cells of a categorical variable that some row still has; of others none."""
        return [self.cells[each] for each in self.used] if self.variable.kind in CATEGORICAL else []

    def tell(self, cells: Sequence[str], what: str, remedy: str) -> None:
        """Note a problem for each of some distinct cells, with the rows that hold it."""
        place = {cell: number for number, cell in enumerate(self.cells)} if cells else {}
        for cell in cells[:SHOWN]:
            rows = np.flatnonzero(self.codes == place[cell]) + 1
            told = f"`{cut(cell)}` {what} ({rows_told(rows.tolist())})."
            where = f"{self.shown} {self.variable.full_name}"
            self.problems.append(Problem(where, told, remedy, rows=tuple(rows.tolist())))
        if len(cells) > SHOWN:
            rest = f"{len(cells) - SHOWN} more values cannot be read either."
            rows = np.flatnonzero(np.isin(self.codes, [place[each] for each in cells[SHOWN:]])) + 1
            where = f"{self.shown} {self.variable.full_name}"
            self.problems.append(Problem(where, rest, rows=tuple(rows.tolist())))

    def make_missing(self, cells: Sequence[str], why: str) -> None:
        """Make some distinct cells missing, and say so."""
        places = [number for number, cell in enumerate(self.cells) if cell in cells]
        hit = np.isin(self.codes, places)
        if hit.any():
            self.codes = np.where(hit, -1, self.codes)
            self.notes.append(f"`{self.variable.full_name}`: {why} in {int(hit.sum())} of {len(hit)} rows.")

"""The distinct cells of one variable, which rows hold them, and what is wrong with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vignetta.cleaning.categories import Writing
from vignetta.cleaning.distinct import Codes, Distinct, Flags, flags, spread
from vignetta.cleaning.formats.raw_exports import ExportFormat
from vignetta.cleaning.telling import cut, rows_told
from vignetta.codebook import CATEGORICAL, Variable
from vignetta.errors import SHOWN, Problem


@dataclass
class Column:
    """One variable's cells: each row's place among the distinct cells, -1 where the cell is empty.

    `used` says which of the distinct cells some row still has. Some columns have all cells in place of distinct ones.
    `texts` are those of a variable of the kind text, once they are read.
    """

    variable: Variable
    shown: str
    codes: Codes
    cells: pa.Array
    format: ExportFormat
    decimal_comma: bool = False
    writing: Writing | None = None
    time_zone: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    used: Flags = field(init=False)
    texts: Distinct = field(init=False)

    def __post_init__(self) -> None:
        self.used = np.ones(len(self.cells), dtype=bool)

    @property
    def filled(self) -> list[str]:
        """The distinct cells of a categorical variable that some row still has; of others none."""
        return self.cells.filter(pa.array(self.used)).to_pylist() if self.variable.kind in CATEGORICAL else []

    def chosen(self, which: Flags) -> list[str]:
        """Some of the distinct cells, each once."""
        found: list[str] = self.cells.filter(pa.array(which)).unique().to_pylist()
        return found

    def among(self, *cells: str) -> Flags:
        """Which of the distinct cells are among these."""
        return flags(pc.is_in(self.cells, pa.array(cells, self.cells.type)))

    def rows(self, chosen: Flags) -> Codes:
        """The rows, from 1, whose distinct cell is chosen."""
        return np.flatnonzero(spread(chosen, self.codes, missing=False)) + 1

    def tell(self, cells: Sequence[str], what: str, remedy: str) -> None:
        """Note a problem for each of some distinct cells, with the rows that hold it."""
        for cell in cells[:SHOWN]:
            rows = self.rows(self.among(cell))
            words = f" (`{cut(self.words[cell])}` in the file)" if self.words.get(cell) else ""
            told = f"`{cut(cell)}`{words} {what} ({rows_told(rows.tolist())})."
            where = f"{self.shown} {self.variable.full_name}"
            self.problems.append(Problem(where, told, remedy, rows=tuple(rows.tolist())))
        if len(cells) > SHOWN:
            rest = f"{len(cells) - SHOWN} more values cannot be read either."
            rows = self.rows(self.among(*cells[SHOWN:]))
            where = f"{self.shown} {self.variable.full_name}"
            self.problems.append(Problem(where, rest, rows=tuple(rows.tolist())))

    def make_missing(self, cells: Sequence[str], why: str) -> None:
        """Make some distinct cells missing, and say so."""
        gone = self.among(*cells) & self.used
        if gone.any():
            hit = spread(gone, self.codes, missing=False)
            self.codes, self.used = np.where(hit, -1, self.codes), self.used & ~gone
            self.notes.append(f"`{self.variable.full_name}`: {why} in {int(hit.sum())} of {len(hit)} rows.")

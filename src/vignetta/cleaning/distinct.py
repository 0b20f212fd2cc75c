"""A column of text as its distinct cells and each row's place among them: what is done with a cell is done once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Codes = npt.NDArray[np.int32] | npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_Value = TypeVar("_Value", bound=np.generic)

_MOST_PLACES: Final = 1 << 62
TEXT: Final = pd.StringDtype(na_value=np.nan)


@dataclass(frozen=True, eq=False)
class Distinct:
    """The distinct cells of a column, or all of them.

    Attributes
    ----------
    codes : (rows,) each row's place among the texts; -1 where it has none.
    texts : in the order in which the rows have them; without repetition unless `each_of` made them.
    """

    codes: Codes
    texts: pa.Array

    def stripped(self) -> "Distinct":
        """The cells without blanks around them."""
        trimmed = pc.utf8_trim_whitespace(self.texts)
        if trimmed.equals(self.texts):
            return self
        merged = _encoded(trimmed)
        codes: Any = spread(merged.codes, self.codes, missing=-1)
        return Distinct(codes, merged.texts)

    def where(self, holds: Flags) -> Flags:
        """The rows whose text is among those of a choice."""
        return spread(holds, self.codes, missing=False)

    def series(self) -> pd.Series:
        """The rows' texts."""
        return as_series(self.texts.take(pa.array(self.codes, mask=self.codes < 0)))


def joined(columns: Sequence[tuple[Codes, int]]) -> tuple[Codes, Codes]:
    """Each row's place among the combinations that stand together in several columns, and the first row of each.

    `columns` are places from 0 and how many there are. The combinations are in the order in which the rows have them.
    """
    (together, n), *others = columns
    for codes, places in others:
        if n * places > _MOST_PLACES:
            together, distinct = pd.factorize(together)
            n = len(distinct)
        together, n = together * np.int64(places) + codes, n * places
    place, distinct = pd.factorize(together)
    first = np.empty(len(distinct), dtype=np.int64)
    first[place[::-1]] = np.arange(len(place))[::-1]
    return place, first


def distinct_of(cells: pd.Series) -> Distinct:
    """The distinct cells of a column of text."""
    return _encoded(pa.array(cells))


def each_of(cells: pd.Series) -> Distinct:
    """All cells of a column of text, none missing, each for itself: for columns in which few are alike."""
    texts = pa.array(cells, pa.large_string())
    texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    return Distinct(np.arange(len(texts), dtype=np.int32), texts)


def _encoded(cells: Any) -> Distinct:
    found = cells.dictionary_encode()
    found = found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
    codes = found.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return Distinct(codes, found.dictionary)


def spread(values: npt.NDArray[_Value], codes: Codes, *, missing: Any) -> npt.NDArray[_Value]:
    """Values of distinct cells as values of rows; a row without a cell gets `missing`."""
    made: npt.NDArray[_Value] = np.append(values, np.asarray([missing], dtype=values.dtype))[codes]
    return made


def holding(texts: pa.Array, pattern: str) -> Flags:
    """Which texts hold a pattern (RE2); a missing one holds none."""
    return flags(pc.match_substring_regex(texts, pattern))


def flags(found: Any) -> Flags:
    """Arrow's flags as numpy's; missing is false."""
    made: Flags = pc.fill_null(found, False).to_numpy(zero_copy_only=False)
    return made


def as_series(texts: Any) -> pd.Series:
    """Arrow's texts as a column."""
    made: pd.Series = texts.to_pandas(types_mapper=lambda _: TEXT)
    return made

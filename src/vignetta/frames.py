"""The columns of every frame that the package hands out, in order, with their types.

A column's type is one of `text`, `number`, `integer`, `flag`. Missing is `NaN` in a number, the empty text in a text.
"""

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    import pandas as pd

ColumnType = Literal["text", "number", "integer", "flag"]
Columns = Mapping[str, ColumnType]

ESTIMATES: Final[Columns] = {
    "hypothesis": "text",
    "outcome": "text",
    "estimand": "text",
    "factor": "text",
    "level": "text",
    "versus": "text",
    "within_factor": "text",
    "within_level": "text",
    "estimate": "number",
    "std_error": "number",
    "df": "number",
    "statistic": "number",
    "p_value": "number",
    "p_adjusted": "number",
    "conf_low": "number",
    "conf_high": "number",
    "n": "integer",
    "n_clusters": "number",
    "model": "text",
    "errors": "text",
    "average_over": "text",
    "family": "text",
    "registered": "text",
    "is_reference": "flag",
    "note": "text",
}
"""One row per estimate; a reference level is a row with estimate 0. `registered` is registered or exploratory. `note`
has what a reader of the numbers must know."""

FREQUENCIES: Final[Columns] = {
    "what": "text",
    "first_factor": "text",
    "first_level": "text",
    "second_factor": "text",
    "second_level": "text",
    "n": "integer",
    "share": "number",
    "expected": "number",
}
"""How often each level, and each pair of levels, was drawn beside what the design expects."""

PRECISION: Final[Columns] = {
    "hypothesis": "text",
    "outcome": "text",
    "estimand": "text",
    "factor": "text",
    "level": "text",
    "versus": "text",
    "within_factor": "text",
    "within_level": "text",
    "n": "integer",
    "responses": "integer",
    "sd": "number",
    "icc": "number",
    "r2": "number",
    "std_error": "number",
    "df": "number",
    "tests": "integer",
    "alpha": "number",
    "alpha_adjusted": "number",
    "target_power": "number",
    "mde": "number",
    "mde_adjusted": "number",
    "effect": "number",
    "power": "number",
    "power_adjusted": "number",
    "model": "text",
    "average_over": "text",
    "family": "text",
}
"""One row per comparison of the plan and sample size. `mde` is the smallest effect found with `target_power`, `power`
that of finding `effect`, both in a test at `alpha`; `_adjusted` at `alpha_adjusted`, for the `tests` of the family."""

LEDGER: Final[Columns] = {
    "row": "integer",
    "response_id": "text",
    "state": "text",
    "reasons": "text",
}
"""One row per raw row of the export. `row` counts raw data rows from 1, `state` is `analysed` or the first reason to
exclude it, `reasons` all of them, separated by `; `."""

FLOW: Final[Columns] = {"state": "text", "n": "integer", "remaining": "integer", "measured": "text"}
"""One row per reason in the order in which it is applied, then the raw rows analysed; `n` adds up to the raw rows.
`measured` says whether the rule uses what was measured `before` or `after` the vignette; empty for `analysed`."""

ARMS: Final[Columns] = {"factor": "text", "level": "text", "state": "text", "n": "integer"}
"""One row per factor, level and state that occurs, and one for `analysed` always. An empty level stands for responses
to which none was assigned. `n` of each factor adds up to all responses; with one response each, to the raw rows."""

EXPORT_COLUMNS: Final[Columns] = {
    "position": "integer",
    "column": "text",
    "import_id": "text",
    "variable": "text",
    "status": "text",
}
"""One row per column of the raw export. `status` is `matched`, `personal` (left behind) or `listed` (not in the
codebook); and one row with position 0 per codebook variable that the export lacks, `status` `absent`. `variable` names
task and profile too where there are several: `regime (task 2, profile 1)`."""

REMOVED: Final[Columns] = {"variable": "text", "kind": "text", "n": "integer", "rows": "text"}
"""One row per variable and kind of personal data that cleaning removed, without the data. `kind` is `column` where all
of it was left behind, `pseudonym` where identifiers were replaced, or what was found in texts; `n` counts cells, `rows`
are their raw rows, counted from 1 and separated by blanks."""

AUDIT: Final[Columns] = {
    "severity": "text",
    "check": "text",
    "where": "text",
    "n": "integer",
    "rows": "text",
    "what": "text",
    "remedy": "text",
}
"""One row per finding about an export. `severity` is error (cleaning stops) or warning; `check` is what was looked at,
`rows` are all raw rows that it is about, counted from 1 and separated by blanks, `n` how many they are."""

FINDINGS: Final[Columns] = {
    "severity": "text",
    "rule": "text",
    "where": "text",
    "name": "text",
    "what": "text",
    "remedy": "text",
}
"""One row per finding about a survey. `severity` is error, warning or note; `where` is the element's id, `name` what
people call it."""

CHANGES: Final[Columns] = {
    "part": "text",
    "where": "text",
    "name": "text",
    "what": "text",
    "before": "text",
    "after": "text",
}
"""One row per change from one version of a survey to another. `part` is what changed, such as text, choices, codes,
flow, logic; `where` is the element's id in the newer version, `before` and `after` are empty where something was added
or removed."""

_EMPTY: Final[Mapping[ColumnType, Any]] = {"text": "", "number": float("nan"), "integer": 0, "flag": False}
_DTYPE: Final[Mapping[ColumnType, str]] = {"number": "float64", "integer": "int64", "flag": "bool"}


def frame(rows: list[dict[str, Any]], columns: Columns) -> "pd.DataFrame":
    """Rows as a frame with exactly the declared columns, in order and typed.

    A key that a row lacks gets the empty value of its type; a key that is not declared raises `KeyError`.
    """
    import pandas as pd

    unknown = {key for row in rows for key in row} - set(columns)
    if unknown:
        raise KeyError(f"not declared in frames.py: {', '.join(sorted(unknown))}")
    return pd.DataFrame(
        {name: _column([row.get(name, _EMPTY[kind]) for row in rows], kind) for name, kind in columns.items()},
        copy=False,
    )


def _column(values: list[Any], kind: ColumnType) -> Any:
    """An array; a Series for each column would take longer than all else."""
    import numpy as np

    return _texts(values) if kind == "text" else np.array(values, dtype=_DTYPE[kind])


def _texts(values: list[Any]) -> Any:
    """What `pandas.array` makes of texts, without its checks of each; many columns say one thing in every row."""
    import pandas as pd
    import pyarrow as pa

    made: Any = pd.arrays.ArrowStringArray
    if values and values.count(values[0]) == len(values):
        return made(_repeated(str(values[0]), len(values)), dtype=_text())
    return made(pa.array(values, type=pa.large_string()), dtype=_text())


@lru_cache
def _repeated(text: str, times: int) -> Any:
    import pyarrow as pa

    return pa.array([text] * times, type=pa.large_string())


@cache
def _text() -> "pd.StringDtype":
    """The type of texts, which pandas would look up by its name for every column."""
    import pandas as pd

    return pd.StringDtype(na_value=float("nan"))


def csv_text(table: "pd.DataFrame") -> str:
    """A frame as CSV: levels as they are, times as 2026-01-31 09:30:00, missing as an empty cell."""
    return str(table.to_csv(index=False, lineterminator="\n"))

"""What a plan will find, in words and as tables for people."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd

KEYS = ("hypothesis", "model", "estimand", "factor", "within_factor", "versus")
"""What makes one comparison of a `precision` table: the same levels' effects, one by one."""


def null_sentences(table: pd.DataFrame) -> list[str]:
    """For each set of comparisons of a `precision` table, what a null result will not exclude."""
    return [_null_sentence(row) for row in least_precise(table).to_dict("records")]


def least_precise(table: pd.DataFrame) -> pd.DataFrame:
    """For each number of respondents and set of comparisons the row of the largest detectable effect."""
    known = table.dropna(subset="mde").reset_index(drop=True)
    groups = known.groupby(["n", *KEYS], sort=False)
    found: pd.DataFrame = known.loc[groups["mde_adjusted"].idxmax()]
    return found


def summary(table: pd.DataFrame) -> list[dict[str, str]]:
    """A `precision` table for people: comparisons of equal precision on one line, three decimals.

    Where those of a set differ in precision, each line names its levels.
    """
    numbers = {"std_error": "se", "mde": "mde", "mde_adjusted": "adjusted"}
    if table["effect"].notna().any():
        numbers |= {"power": "power", "power_adjusted": "power adj."}
    lines = [
        {
            "hypothesis": str(row["hypothesis"]),
            "n": f"{row['n']:,}",
            "comparison": _compared(row),
            "tests": str(row["tests"]),
            **{short: _decimals(row[name]) for name, short in numbers.items()},
        }
        for row in table.to_dict("records")
    ]
    return _distinct(lines, table.to_dict("records"))


def summary_over(table: pd.DataFrame) -> list[dict[str, str]]:
    """A `precision_over` table for people: the detectable effects, corrected, a column for each number of respondents.

    Comparisons of equal precision share a line; where those of a set differ, each line names its levels.
    """
    shown = table.assign(comparison=[_compared(row) for row in table.to_dict("records")])
    lines, firsts = [], []
    for _, rows in shown.groupby([*KEYS, "level", "within_level"], sort=False):
        first = rows.iloc[0]
        line = {"hypothesis": first["hypothesis"], "comparison": first["comparison"], "tests": str(first["tests"])}
        effects = zip(rows["n"], rows["mde_adjusted"], strict=True)
        lines.append(line | {f"n = {n:,}": _decimals(effect) for n, effect in effects})
        firsts.append(first.to_dict())
    return _distinct(lines, firsts)


def over_title(table: pd.DataFrame) -> str:
    """What the numbers of `summary_over` are."""
    first = table.iloc[0]
    unit = ", in SD" if first["sd"] == 1 else ""
    corrected = ", corrected for the tests of the family" if (table["alpha_adjusted"] < table["alpha"]).any() else ""
    return f"Smallest effects found with power {first['target_power']:g}{corrected}{unit}, by number of respondents:"


def _distinct(lines: list[dict[str, str]], rows: list[dict[Hashable, Any]]) -> list[dict[str, str]]:
    """Each line once; `rows` are what the lines are about."""
    sets: dict[tuple[Any, ...], dict[tuple[tuple[str, str], ...], list[dict[Hashable, Any]]]] = {}
    for line, row in zip(lines, rows, strict=True):
        alike = sets.setdefault((row["n"], *(row[key] for key in KEYS)), {})
        alike.setdefault(tuple(line.items()), []).append(row)
    told = [
        dict(line) | ({"comparison": _compared(alike[0], [_level(each) for each in alike])} if len(found) > 1 else {})
        for found in sets.values()
        for line, alike in found.items()
    ]
    return [dict(line) for line in dict.fromkeys(tuple(each.items()) for each in told)]


def _level(row: dict[Hashable, Any]) -> str:
    return f"{row['level']} in {row['within_level']}" if row["within_level"] else str(row["level"])


def _decimals(value: float) -> str:
    return f"{value:.3f}" if np.isfinite(value) else "-"


def _null_sentence(row: dict[Hashable, Any]) -> str:
    unit = " SD" if row["sd"] == 1 else ""
    claim = f"{row['hypothesis']}: " if row["hypothesis"] else ""
    each = f" with {row['responses']} responses each" if row["responses"] > 1 else ""
    corrected = row["alpha_adjusted"] < row["alpha"]
    among = f", corrected for {row['tests']} tests; {row['mde']:.2f}{unit} uncorrected" if corrected else ""
    level = f"power {row['target_power']:g}, alpha {row['alpha']:g}{among}"
    sentence = f"with n = {row['n']:,}{each} a null on {_compared(row)} does not exclude effects up to"
    return f"{claim}{sentence} {row['mde_adjusted']:.2f}{unit} ({level})."


def _compared(row: dict[Hashable, Any], levels: Sequence[str] = ()) -> str:
    joined = {"difference": f" × {row['within_factor']}", "conditional_effect": f" within {row['within_factor']}"}
    named = f": {', '.join(levels)}" if levels else ""
    return f"{row['factor']}{joined.get(row['estimand'], '')}{named} ({row['outcome']}, against {row['versus']})"

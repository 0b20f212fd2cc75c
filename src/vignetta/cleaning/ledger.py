"""The account of every raw row: analysed, or the first reason why not; and the flow of respondents that follows."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from vignetta.cleaning.screening import ANALYSED, reasons
from vignetta.exclusions import Exclusion
from vignetta.frames import LEDGER, Columns

FLOW: Final[Columns] = {"state": "text", "n": "integer", "remaining": "integer"}
"""One row per reason in the order in which it is applied, then the raw rows analysed."""


def ledger(marks: pd.DataFrame, *, response_ids: Sequence[str] | pd.Series | None = None) -> pd.DataFrame:
    """The account of every raw row.

    Parameters
    ----------
    marks : (rows, rules) flags in the plan's order, called by their reasons, as `screening.screen` makes them.
    response_ids : one per row; empty when left out.

    Returns
    -------
    pd.DataFrame
        `frames.LEDGER`: the state of a row is `analysed` or the first reason that applies; `reasons` are all of them.
    """
    flags = marks.to_numpy(dtype=bool)
    names = np.array([ANALYSED, *marks.columns], dtype=object)
    n = len(marks)
    first = np.where(flags.any(axis=1), flags.argmax(axis=1) + 1, 0) if flags.shape[1] else np.zeros(n, dtype=int)
    account = pd.DataFrame(
        {
            "row": np.arange(1, n + 1, dtype=np.int64),
            "response_id": pd.Series("" if response_ids is None else response_ids, index=range(n), dtype="str"),
            "state": pd.Series(names[first], dtype="str"),
            "reasons": pd.Series(_joined(flags, list(marks.columns)), dtype="str"),
        }
    )
    _assert_sums(account, n)
    return account[list(LEDGER)]


def _joined(flags: np.ndarray, names: Sequence[str]) -> list[str]:
    """All reasons of each row; the distinct combinations are put into words once."""
    if not flags.size:
        return [""] * len(flags)
    combinations, place = np.unique(flags, axis=0, return_inverse=True)
    texts = ["; ".join(name for name, hit in zip(names, each, strict=True) if hit) for each in combinations]
    return [texts[each] for each in place.ravel()]


def flow(account: pd.DataFrame, *, exclusions: Sequence[Exclusion] = ()) -> pd.DataFrame:
    """How many raw rows each reason takes away, and how many remain.

    Parameters
    ----------
    account : the ledger.
    exclusions : the plan's rules, which give the order and the reasons that took nobody away; without them the
        reasons stand in the order in which the ledger's rows name them.

    Returns
    -------
    pd.DataFrame
        Columns `FLOW`: `state`, `n` and `remaining` after it; the last row is `analysed`. `n` adds up to the raw rows.

    Raises
    ------
    ValueError
        When a state of the ledger is none of the reasons, or the counts do not add up.
    """
    counts = account["state"].value_counts()
    order = reasons(exclusions) if exclusions else _named(account)
    unknown = set(counts.index) - {*order, ANALYSED}
    if unknown:
        raise ValueError(f"the ledger has states that are no reason of the plan: {', '.join(sorted(unknown))}")
    n = np.array([counts.get(each, 0) for each in order], dtype=np.int64)
    analysed = int(counts.get(ANALYSED, 0))
    remaining = len(account) - np.cumsum(n)
    if n.sum() + analysed != len(account):
        raise ValueError(f"{n.sum()} excluded and {analysed} analysed are not {len(account)} raw rows")
    return pd.DataFrame(
        {
            "state": pd.Series([*order, ANALYSED], dtype="str"),
            "n": np.array([*n, analysed], dtype=np.int64),
            "remaining": np.array([*remaining, analysed], dtype=np.int64),
        }
    )


def _named(account: pd.DataFrame) -> list[str]:
    return [str(each) for each in account["state"].unique() if each != ANALYSED]


def _assert_sums(account: pd.DataFrame, rows: int) -> None:
    excluded = int((account["reasons"] != "").sum())
    analysed = int((account["state"] == ANALYSED).sum())
    if len(account) != rows or excluded + analysed != rows:
        raise ValueError(f"{excluded} excluded and {analysed} analysed are not {rows} raw rows")

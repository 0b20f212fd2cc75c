"""The account of every raw row: analysed, or the first reason why not; and the flow of respondents that follows."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from vignetta.cleaning.distinct import Distinct, Flags, joined
from vignetta.cleaning.excluding.screening import ANALYSED, reasons
from vignetta.codebook import Codebook, Role
from vignetta.exclusions import Exclusion
from vignetta.frames import ARMS, FLOW, LEDGER, frame

_ARMS: Final[tuple[Role, ...]] = ("factor", "vignette")


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
    n = len(marks)
    first = np.where(flags.any(axis=1), flags.argmax(axis=1) + 1, 0) if flags.shape[1] else np.zeros(n, dtype=int)
    account = pd.DataFrame(
        {
            "row": np.arange(1, n + 1, dtype=np.int64),
            "response_id": pd.Series("" if response_ids is None else response_ids, index=range(n), dtype="str"),
            "state": Distinct(first, pa.array([ANALYSED, *marks.columns], pa.large_string())).series(),
            "reasons": _reasons(flags, list(marks.columns)),
        }
    )
    _assert_sums(account, n)
    return account[list(LEDGER)]


def _reasons(flags: Flags, names: Sequence[str]) -> pd.Series:
    """All reasons of each row; the distinct combinations are put into words once."""
    none = np.zeros(len(flags), dtype=np.int64)
    place, first = joined([(none, 1), *((each.astype(np.int64), 2) for each in flags.T)])
    texts = ["; ".join(name for name, hit in zip(names, each, strict=True) if hit) for each in flags[first]]
    return Distinct(place, pa.array(texts, pa.large_string())).series()


def flow(
    account: pd.DataFrame, *, exclusions: Sequence[Exclusion] = (), past_treatment: Sequence[bool] = ()
) -> pd.DataFrame:
    """How many raw rows each reason takes away, and how many remain.

    Parameters
    ----------
    account : the ledger.
    exclusions : the plan's rules, which give the order and the reasons that took nobody away; without them the
        reasons stand in the order in which the ledger's rows name them.
    past_treatment : for each of the rules, whether it uses what was measured after the vignette; unsaid when left out.

    Returns
    -------
    pd.DataFrame
        `frames.FLOW`; the last row is `analysed`. `n` adds up to the raw rows.

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
    measured = ["after" if each else "before" for each in past_treatment] or [""] * len(order)
    steps = zip([*order, ANALYSED], [*n, analysed], [*remaining, analysed], [*measured, ""], strict=True)
    return frame([dict(zip(FLOW, each, strict=True)) for each in steps], FLOW)


def arms(responses: pd.DataFrame, codebook: Codebook, *, exclusions: Sequence[Exclusion] = ()) -> pd.DataFrame:
    """What became of the responses of each level of each factor, and of each vignette.

    Parameters
    ----------
    responses : clean responses with their `state`.
    codebook : says which of them are factors.
    exclusions : the plan's rules, whose order the states have.

    Returns
    -------
    pd.DataFrame
        `frames.ARMS`; the counts of each factor add up to `len(responses)`.
    """
    order = [*(reasons(exclusions) if exclusions else _named(responses)), ANALYSED]
    names = dict.fromkeys(each.name for each in codebook.with_role(*_ARMS) if each.name in responses)
    rows = [row for name in names for row in _arm_rows(name, responses, order)]
    return frame(rows, ARMS)


def _arm_rows(name: str, responses: pd.DataFrame, order: Sequence[str]) -> Iterator[dict[str, object]]:
    levels = _as_levels(responses[name])
    table = pd.crosstab(levels, responses["state"]).reindex(levels.cat.categories, columns=list(order), fill_value=0)
    for level, counts in table.iterrows():
        for state, n in counts.items():
            if n or (state == ANALYSED and level):
                yield {"factor": name, "level": level, "state": state, "n": int(n)}


def _as_levels(values: Any) -> Any:
    """Levels in their order, and last the empty one where none was assigned."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        known = [str(each) for each in values.cat.categories]
        texts = values.astype("str").fillna("")
    else:
        known = [f"{each:g}" for each in sorted(values.dropna().unique())]
        texts = values.map(lambda each: "" if pd.isna(each) else f"{each:g}")
    return pd.Series(pd.Categorical(texts, categories=[*(each for each in known if each), ""]))


def _named(account: pd.DataFrame) -> list[str]:
    return [str(each) for each in account["state"].unique() if each != ANALYSED]


def _assert_sums(account: pd.DataFrame, rows: int) -> None:
    excluded = int((account["reasons"] != "").sum())
    analysed = int((account["state"] == ANALYSED).sum())
    if len(account) != rows or excluded + analysed != rows:
        raise ValueError(f"{excluded} excluded and {analysed} analysed are not {rows} raw rows")

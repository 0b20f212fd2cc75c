"""An export and its codebook become clean responses: typed, every exclusion marked, every raw row accounted for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pandas as pd

from vignetta.cleaning.exports import ExportFormat, RawExport, read_raw
from vignetta.cleaning.ledger import flow, ledger
from vignetta.cleaning.long import choice_problems, melt, own_columns
from vignetta.cleaning.matching import Matching, match
from vignetta.cleaning.scoring import add_scores
from vignetta.cleaning.screening import ANALYSED, Screening, needed, screen
from vignetta.cleaning.values import Typed, read_values
from vignetta.codebook import Codebook
from vignetta.errors import Problem, StudyError
from vignetta.exclusions import Exclusion
from vignetta.scores import Score

OWN_COLUMNS: Final = ("row", "state", "excluded")
"""Columns that cleaning adds to the variables of the codebook; `task` and `profile` where there are several."""
_SIMULATED: Final = ("simulated", "synthetic", "true")


@dataclass(frozen=True, eq=False)
class CleanExport:
    """What became of an export.

    Attributes
    ----------
    responses : one row per raw row, nothing dropped: `row`, the identifier if there is one, `state`, `excluded`, then
        the variables in the codebook's order, without personal ones and wordings. Where variables are about tasks, one
        row per raw row, task and profile, with the columns `task` and, if there are any, `profile` before `state`.
    ledger : the account of every raw row, `frames.LEDGER`.
    columns : the account of every column of the export, `frames.EXPORT_COLUMNS`.
    codebook : the variables that the responses have.
    notes : what a reader must know, as sentences.
    synthetic : whether a response says of itself that it is simulated.
    exclusions : the rules that were applied.
    tasks, profiles : how many of them each raw row has; 0 when the variables are about none.
    """

    responses: pd.DataFrame
    ledger: pd.DataFrame
    columns: pd.DataFrame
    codebook: Codebook
    notes: tuple[str, ...]
    synthetic: bool
    exclusions: tuple[Exclusion, ...] = field(default=())
    tasks: int = 0
    profiles: int = 0

    @property
    def analysed(self) -> pd.DataFrame:
        """The responses to analyse."""
        return self.responses[~self.responses["excluded"]]

    @property
    def flow(self) -> pd.DataFrame:
        """How many raw rows each exclusion takes away, and how many remain."""
        return flow(self.ledger, exclusions=self.exclusions)

    def __repr__(self) -> str:
        statuses = self.columns["status"].value_counts()
        told = ", ".join(f"{n} {status}" for status, n in statuses.items())
        lines = [
            f"CleanExport: {self._size}" + (" (SIMULATED)" if self.synthetic else ""),
            f"columns: {told}",
            self.flow.to_string(index=False),
            *(f"- {each}" for each in self.notes),
        ]
        return "\n".join(lines)

    @property
    def _size(self) -> str:
        rows = f"{len(self.responses)} responses, {len(self.analysed)} analysed"
        if not self.tasks:
            return rows
        analysed = int((self.ledger["state"] == ANALYSED).sum())
        each = f"{self.tasks} tasks" + (f" × {self.profiles} profiles" if self.profiles else "")
        return f"{len(self.ledger)} respondents, {analysed} analysed; {each} each: {rows}"


def read_export(
    path: str | Path,
    codebook: Codebook,
    *,
    exclusions: Sequence[Exclusion] = (),
    format: ExportFormat = "qualtrics",
    scores: Mapping[str, Score] | None = None,
    language: str = "",
) -> CleanExport:
    """Clean an export.

    Parameters
    ----------
    path : the export as it came: CSV with three, two or one header rows; a table may be Stata, SPSS or Parquet too.
    codebook : what its columns mean.
    exclusions : the plan's rules, in order. A response that meets one is marked and kept.
    format : qualtrics, or table for data in hand.
    scores : what is computed from the answers, by name: `design.scores`.
    language : of the scores' labels.

    Raises
    ------
    StudyError
        When the file is broken, a column that is needed is absent, or a cell has no meaning in the codebook; all
        problems of a step with their rows.

    Examples
    --------
    >>> clean = read_export("export.csv", codebook, exclusions=plan.exclusions)  # doctest: +SKIP
    >>> clean.analysed["approval"].mean()  # doctest: +SKIP
    """
    _check(codebook)
    exclusions = tuple(exclusions)
    wanted = needed(exclusions, codebook)
    raw = read_raw(path, format)
    matching = match(raw, codebook, needed=wanted)
    typed = read_values(raw, codebook, matching=matching, format=format)
    screened = screen(Screening(typed.data, _keys(raw, matching, exclusions), codebook), exclusions)
    account = ledger(screened.marks, response_ids=_response_ids(typed, codebook))
    wide = _wide(typed.data, account, codebook)
    long = melt(wide, codebook) if codebook.tasks else wide
    kept = Codebook(variables=tuple(each for each in codebook.variables if each.full_name in typed.data))
    scored = add_scores(long, kept, scores or {}, language=language)
    responses = scored.responses
    notes = (
        *_file_notes(raw),
        *matching.notes,
        *typed.notes,
        *screened.notes,
        *scored.notes,
        *_gaps(responses, scored.codebook),
        *_open(codebook, responses),
    )
    synthetic = is_synthetic(responses, kept)
    n = {"tasks": len(codebook.tasks), "profiles": len(codebook.profiles)}
    return CleanExport(responses, account, matching.columns, scored.codebook, notes, synthetic, exclusions, **n)


def _check(codebook: Codebook) -> None:
    own = (*OWN_COLUMNS, *own_columns(codebook))
    problems = [
        Problem(f"codebook {name}", f"`{name}` is a column that cleaning adds itself.", "Rename the variable.")
        for name in codebook.names
        if name in own
    ]
    problems += choice_problems(codebook)
    if problems:
        raise StudyError(problems)


def _keys(raw: RawExport, matching: Matching, exclusions: Sequence[Exclusion]) -> Mapping[str, pd.Series]:
    names = [str(each.by) for each in exclusions if each.rule == "duplicate"]
    return {name: raw.cells[matching.positions[name][0]] for name in names}


def _response_ids(typed: Typed, codebook: Codebook) -> pd.Series | None:
    names = _identifiers(typed.data, codebook)
    return typed.data[names[0]].astype("str").fillna("") if names else None


def _identifiers(data: pd.DataFrame, codebook: Codebook) -> list[str]:
    """The variables that tell raw rows apart."""
    return [each.name for each in codebook.with_role("identifier") if each.name in data]


def _wide(data: pd.DataFrame, account: pd.DataFrame, codebook: Codebook) -> pd.DataFrame:
    """One row per raw row, with what became of it."""
    identifiers = _identifiers(data, codebook)
    own = {"row": account["row"], **{name: data[name] for name in identifiers}}
    own |= {"state": account["state"], "excluded": account["state"] != ANALYSED}
    return pd.concat([pd.DataFrame(own), data.drop(columns=identifiers)], axis=1)


def _file_notes(raw: RawExport) -> Iterator[str]:
    yield from raw.notes
    if raw.header_rows != 3 and raw.separator:
        yield f"The file has {raw.header_rows} header row{'s' if raw.header_rows > 1 else ''} and was matched by names."


def _gaps(responses: pd.DataFrame, codebook: Codebook) -> Iterator[str]:
    """Factors, outcomes and scores that are missing in responses to analyse."""
    analysed = responses[~responses["excluded"]]
    roles = {each.name: each.role for each in codebook.with_role("factor", "outcome", "score")}
    for name, role in roles.items():
        missing = int(analysed[name].isna().sum())
        if missing:
            yield f"The {role} `{name}` is missing in {missing} of {len(analysed)} responses to analyse."


def _open(codebook: Codebook, responses: pd.DataFrame) -> Iterator[str]:
    """Columns of respondents' own words."""
    for name in dict.fromkeys(each.name for each in codebook.with_role("open") if each.name in responses):
        yield f"`{name}` holds what respondents wrote: look for personal data in it before you share it."


def is_synthetic(data: pd.DataFrame, codebook: Codebook) -> bool:
    """Whether a response says of itself, in a variable of the role `source`, that it is made up."""
    sources = [each.name for each in codebook.with_role("source") if each.name in data]
    found = {str(value).casefold() for name in sources for value in data[name].dropna().unique()}
    return any(each.startswith(_SIMULATED) for each in found)

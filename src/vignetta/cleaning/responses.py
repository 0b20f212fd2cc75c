"""An export and its codebook become clean responses: typed, every exclusion marked, every raw row accounted for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa

from vignetta.cleaning.auditing.audit import Audited, Finding, audit, audit_frame
from vignetta.cleaning.auditing.designed import Expected, design_findings
from vignetta.cleaning.damage import SCIENTIFIC
from vignetta.cleaning.distinct import holding
from vignetta.cleaning.excluding.ledger import arms, flow, ledger
from vignetta.cleaning.excluding.needs import names_of, reads
from vignetta.cleaning.excluding.screening import ANALYSED, Screened, Screening, looks_past_treatment, needed, screen
from vignetta.cleaning.formats.exports import read_raw
from vignetta.cleaning.formats.raw_exports import ExportFormat, RawExport, known_zone
from vignetta.cleaning.matching import Matching
from vignetta.cleaning.outputs.long import choice_problems, melt, own_columns
from vignetta.cleaning.privacy.personal import COLUMN, PSEUDONYM, pseudonyms, redact
from vignetta.cleaning.reading import Reading, read_whole
from vignetta.cleaning.scoring import add_scores
from vignetta.cleaning.unanswered import NOBODY
from vignetta.cleaning.values import read_values
from vignetta.codebook import Codebook
from vignetta.errors import Problem, StudyError
from vignetta.exclusions import Exclusion
from vignetta.frames import REMOVED, frame
from vignetta.scores import Score

KEY: Final = "key.csv"
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
    declared : all variables, also those left behind.
    audit : what the audit warns of, `frames.AUDIT`.
    removed : what personal data were removed, `frames.REMOVED`.
    key : which identifier each pseudonym stands for; never to be shared, and empty where there are none.
    tasks, profiles : how many of them each raw row has; 0 when the variables are about none.
    """

    responses: pd.DataFrame
    ledger: pd.DataFrame
    columns: pd.DataFrame
    codebook: Codebook
    notes: tuple[str, ...]
    synthetic: bool
    exclusions: tuple[Exclusion, ...] = field(default=())
    declared: Codebook = field(default=Codebook(variables=()), repr=False)
    audit: pd.DataFrame = field(default_factory=lambda: audit_frame([]), repr=False)
    removed: pd.DataFrame = field(default_factory=lambda: frame([], REMOVED), repr=False)
    key: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    tasks: int = 0
    profiles: int = 0

    @property
    def analysed(self) -> pd.DataFrame:
        """The responses to analyse."""
        return self.responses[~self.responses["excluded"]]

    @property
    def flow(self) -> pd.DataFrame:
        """How many raw rows each exclusion takes away, and how many remain."""
        past = looks_past_treatment(self.exclusions, self.declared)
        return flow(self.ledger, exclusions=self.exclusions, past_treatment=past)

    @property
    def arms(self) -> pd.DataFrame:
        """What became of the responses of each level of each factor, `frames.ARMS`."""
        return arms(self.responses, self.codebook, exclusions=self.exclusions)

    @property
    def accounts(self) -> Mapping[str, pd.DataFrame]:
        """The files that account for rows and columns, by name."""
        tables = {"ledger": self.ledger, "flow": self.flow, "arms": self.arms, "columns": self.columns}
        return {f"{name}.csv": each for name, each in {**tables, "audit": self.audit, "removed": self.removed}.items()}

    @property
    def keys(self) -> Mapping[str, pd.DataFrame]:
        """The file that undoes pseudonyms, which stays with the raw data; none where there are none."""
        return {KEY: self.key} if len(self.key) else {}

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
    expected: Expected | None = None,
    salt: str = "",
    time_zone: str = "",
    scores: Mapping[str, Score] | None = None,
    language: str = "",
) -> CleanExport:
    """Clean an export.

    Parameters
    ----------
    path : the export as it came, recognised by its content: CSV or TSV with three, two or one header rows, SPSS, XML,
        JSON, NDJSON, or a zip that holds one of them; for the format `table` also Stata and Parquet.
    codebook : what its columns mean.
    exclusions : the plan's rules, in order. A response that meets one is marked and kept.
    format : qualtrics, or table for data in hand.
    expected : what the design says about the responses, for the audit: `study.expected`.
    salt : a secret with which identifiers become pseudonyms; they stay as they are when left out.
    time_zone : the zone of the times in an export that does not say it, such as `America/Denver`; they become UTC.
    scores : what is computed from the answers, by name: `design.scores`.
    language : of the scores' labels.

    Raises
    ------
    StudyError
        When the file is broken, a column that is needed is absent, a cell has no meaning in the codebook, or the export
        is not as the design says; all problems with their rows, and in its `accounts` the whole audit.

    Examples
    --------
    >>> clean = read_export("export.csv", codebook, exclusions=plan.exclusions)  # doctest: +SKIP
    >>> clean.analysed["approval"].mean()  # doctest: +SKIP
    """
    _check(codebook, time_zone)
    exclusions = tuple(exclusions)
    wanted = needed(exclusions, codebook)
    raw = read_raw(path, format)
    reading = read_whole(raw, codebook, partial(read_values, format=format, time_zone=time_zone), needed=wanted)
    matching, typed = reading.matching, reading.typed
    screened = _screened(raw, reading, codebook, exclusions)
    excluded = screened.marks.any(axis=1).to_numpy(dtype=bool)
    audited = Audited(raw, format, reading, codebook, exclusions, excluded, bool(salt))
    findings = _passed(audit(audited, design_findings(audited, expected) if expected else ()))
    key = _key(typed.data, codebook, salt)
    redacted = redact(typed.data.assign(**key.pseudonyms), typed.texts, codebook, _personal(raw, matching))
    account = ledger(screened.marks, response_ids=_response_ids(redacted.data, codebook))
    scored = add_scores(*_arranged(redacted.data, account, codebook), scores or {}, language=language)
    read = (*_file_notes(raw), *matching.notes, *typed.notes, *screened.notes, *scored.notes)
    left = (*_gaps(scored.responses, scored.codebook), *_removed(redacted.removed), *_open(codebook, scored.responses))
    return CleanExport(
        scored.responses,
        account,
        matching.columns,
        scored.codebook,
        notes=(*read, *left, *(f"{each.what} {each.remedy}" for each in findings)),
        synthetic=is_synthetic(scored.responses, scored.codebook),
        exclusions=exclusions,
        declared=codebook,
        audit=audit_frame(findings),
        removed=pd.concat([key.removed, redacted.removed], ignore_index=True),
        key=key.table,
        tasks=len(codebook.tasks),
        profiles=len(codebook.profiles),
    )


def _arranged(data: pd.DataFrame, account: pd.DataFrame, codebook: Codebook) -> tuple[pd.DataFrame, Codebook]:
    """The responses with what became of them, a row for each task and profile if there are any, and their codebook."""
    wide = _wide(data, account, codebook)
    kept = Codebook(variables=tuple(each for each in codebook.variables if each.full_name in data))
    return melt(wide, codebook) if codebook.tasks else wide, kept


def _screened(raw: RawExport, reading: Reading, codebook: Codebook, exclusions: Sequence[Exclusion]) -> Screened:
    """The marks of the rules; those that read what could not be read mark nothing."""
    there = {*reading.typed.data, *(each.full_name for each in codebook.with_role("personal"))}
    there &= {*reading.matching.positions}
    able = [each for each in exclusions if all(one.full_name in there for one in reads(each, codebook))]
    keys = _keys(raw, reading.matching, codebook, able)
    return screen(Screening(reading.typed.data, keys, codebook), able)


def _passed(findings: Sequence[Finding]) -> Sequence[Finding]:
    """The findings, all of them warnings. Raises `StudyError` with all when one is an error."""
    errors = [each for each in findings if each.severity == "error"]
    if errors:
        raise StudyError([each.problem for each in errors], accounts={"audit.csv": audit_frame(findings)})
    return findings


def _check(codebook: Codebook, time_zone: str) -> None:
    own = (*OWN_COLUMNS, *own_columns(codebook))
    problems = [
        Problem(f"codebook {name}", f"`{name}` is a column that cleaning adds itself.", "Rename the variable.")
        for name in codebook.names
        if name in own
    ]
    problems += choice_problems(codebook)
    if time_zone and not known_zone(time_zone):
        problems.append(
            Problem("data.time_zone", f"`{time_zone}` is no time zone.", "Write one such as America/Denver.")
        )
    if problems:
        raise StudyError(problems)


def _keys(
    raw: RawExport, matching: Matching, codebook: Codebook, exclusions: Sequence[Exclusion]
) -> Mapping[str, pd.Series]:
    """The cells of variables that rules read and that are not typed, or that tell respondents apart."""
    names = [name for each in exclusions if each.rule in ("duplicate", "location") for name in names_of(each)]
    keys = {name: raw.cells[matching.positions[name][0]] for name in names}
    personal = {each.full_name for each in codebook.with_role("personal")}
    keys |= {name: each.mask(holding(pa.array(each), NOBODY), "") for name, each in keys.items() if name in personal}
    lost = [name for name, each in keys.items() if holding(pa.array(each), f"^(?:{SCIENTIFIC})$").any()]
    if lost:
        remedy = "Take the export as it came, not as a spreadsheet saved it."
        what = "a spreadsheet shortened numbers, so that nothing tells respondents apart."
        raise StudyError(Problem(f"{raw.shown} {name}", what, remedy) for name in lost)
    return keys


def _response_ids(data: pd.DataFrame, codebook: Codebook) -> pd.Series | None:
    names = _identifiers(data, codebook)
    return data[names[0]].astype("str").fillna("") if names else None


def _personal(raw: RawExport, matching: Matching) -> Mapping[str, pd.Series]:
    """The cells of the personal columns, by what they are called."""
    found = matching.columns[(matching.columns["status"] == "personal") & (matching.columns["position"] > 0)]
    names = found["variable"].where(found["variable"] != "", found["column"])
    return {str(name): raw.cells[position - 1] for name, position in zip(names, found["position"], strict=True)}


@dataclass(frozen=True, eq=False)
class _Key:
    """Pseudonyms of the identifiers, by variable; the key that undoes them; and the account of what was replaced."""

    pseudonyms: Mapping[str, pd.Series]
    table: pd.DataFrame
    removed: pd.DataFrame


def _key(data: pd.DataFrame, codebook: Codebook, salt: str) -> _Key:
    names = _identifiers(data, codebook) if salt else []
    made = {name: pseudonyms(data[name], salt) for name in names}
    parts = [pd.DataFrame({"variable": name, "identifier": data[name], "pseudonym": made[name]}) for name in names]
    table = pd.concat(parts).dropna().drop_duplicates() if parts else pd.DataFrame()
    replaced = [{"variable": name, "kind": PSEUDONYM, "n": int(data[name].notna().sum())} for name in names]
    return _Key(made, table, frame(replaced, REMOVED))


def _removed(removed: pd.DataFrame) -> Iterator[str]:
    """Kinds of personal data that were found in texts."""
    for name, rows in removed[removed["kind"] != COLUMN].groupby("variable", sort=False):
        told = ", ".join(f"{kind} in {n}" for kind, n in zip(rows["kind"], rows["n"], strict=True))
        yield f"Personal data were removed from `{name}`: {told} cells."


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
    analysed = ~responses["excluded"].to_numpy(dtype=bool)
    roles = {each.name: each.role for each in codebook.with_role("factor", "outcome", "score")}
    for name, role in roles.items():
        missing = int((responses[name].isna() & analysed).sum())
        if missing:
            yield f"The {role} `{name}` is missing in {missing} of {int(analysed.sum())} responses to analyse."


def _open(codebook: Codebook, responses: pd.DataFrame) -> Iterator[str]:
    """Columns of respondents' own words."""
    for name in dict.fromkeys(each.name for each in codebook.with_role("open") if each.name in responses):
        yield f"`{name}` holds what respondents wrote: look for personal data in it before you share it."


def is_synthetic(data: pd.DataFrame, codebook: Codebook) -> bool:
    """Whether a response says of itself, in a variable of the role `source`, that it is made up."""
    sources = [each.name for each in codebook.with_role("source") if each.name in data]
    found = {str(value).casefold() for name in sources for value in data[name].dropna().unique()}
    return any(each.startswith(_SIMULATED) for each in found)

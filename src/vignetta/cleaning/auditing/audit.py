"""The audit of an export: everything that is wrong or odd about it, told at once, with the rows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.compute as pc

from vignetta.cleaning.distinct import Distinct, Flags, distinct_of, flags, holding
from vignetta.cleaning.excluding.rules import Screening, preview
from vignetta.cleaning.formats.raw_exports import ExportFormat, RawExport
from vignetta.cleaning.privacy.forms import CERTAIN, redact_text
from vignetta.cleaning.privacy.personal import looks_personal
from vignetta.cleaning.reading import Reading
from vignetta.cleaning.telling import rows_told
from vignetta.cleaning.unanswered import NOBODY
from vignetta.codebook import Codebook, Role, Variable
from vignetta.errors import Problem, listed, some
from vignetta.exclusions import Exclusion
from vignetta.frames import AUDIT, frame

Severity = Literal["error", "warning"]

_NOT_OF_ONE: Final = ("ip_address", "last_name", "first_name", "latitude", "longitude")
"""Personal variables that several respondents may share."""
_MANY: Final = 10
"""Nobody takes part so often: waves that were put together have each respondent a few times."""
_ASKED: Final[tuple[Role, ...]] = ("consent", "factor", "outcome", "recall", "attention", "covariate", "other")
"""Roles of variables that somebody should have."""


@dataclass(frozen=True)
class Finding:
    """One thing that the audit found; `rows` are all raw rows concerned, from 1."""

    severity: Severity
    check: str
    where: str
    what: str
    remedy: str = ""
    rows: tuple[int, ...] = ()

    @property
    def problem(self) -> Problem:
        return Problem(self.where, self.what, self.remedy, rows=self.rows)


@dataclass(frozen=True, eq=False)
class Audited:
    """What the audit looks at.

    Attributes
    ----------
    raw : the export.
    format : a table in hand may have several rows for each respondent.
    reading : what could be read of it.
    codebook : what it should hold.
    exclusions : the plan's rules.
    has_salt : whether identifiers are replaced by pseudonyms.
    excluded : (rows,) those that a rule leaves out; what is wrong with them stops nothing.
    """

    raw: RawExport
    format: ExportFormat
    reading: Reading
    codebook: Codebook
    exclusions: Sequence[Exclusion]
    excluded: Flags
    has_salt: bool = False

    @property
    def data(self) -> pd.DataFrame:
        """The typed variables, one row per raw row."""
        return self.reading.typed.data

    @property
    def previews(self) -> Flags:
        return preview(Screening(self.data, {}, self.codebook))

    def cells(self, variable: Variable) -> Distinct | None:
        """The cells of a variable without blanks around them, or None where it has no column of its own."""
        positions = self.reading.matching.positions.get(variable.full_name, ())
        return distinct_of(self.raw.cells[positions[0]]).stripped() if len(positions) == 1 else None

    def told(
        self, severity: Severity, check: str, where: str, marked: Flags, what: str, remedy: str = ""
    ) -> Iterator[Finding]:
        """A finding about the marked rows, if there are any; `{rows}` in `what` stands for them."""
        rows = tuple(int(each) for each in np.flatnonzero(marked) + 1)
        if rows:
            yield Finding(
                severity, check, f"{self.raw.shown} {where}", what.replace("{rows}", rows_told(rows)), remedy, rows
            )


def audit(audited: Audited, further: Iterable[Finding] = ()) -> list[Finding]:
    """All findings about an export, errors first; `further` are those of the design."""
    found = [Finding("error", "reading", each.where, each.what, each.remedy, each.rows) for each in _problems(audited)]
    found += [*_columns(audited), *_previews(audited), *_repeated(audited), *_identifiers(audited)]
    found += [*_unassigned(audited), *_nothing(audited), *further]
    return sorted(dict.fromkeys(found), key=lambda each: each.severity != "error")


def audit_frame(findings: Sequence[Finding]) -> pd.DataFrame:
    """The findings as `frames.AUDIT`."""
    rows: list[dict[str, Any]] = [
        {**vars(each), **_quotable(each), "n": len(each.rows), "rows": " ".join(map(str, each.rows))}
        for each in findings
    ]
    return frame(rows, AUDIT)


def _quotable(finding: Finding) -> dict[str, str]:
    """What a finding says and where, without what is personal in the file's name and in cells that it quotes."""
    what = redact_text(finding.what, CERTAIN)[0] if finding.check == "reading" else finding.what
    return {"where": redact_text(finding.where, CERTAIN)[0], "what": what}


# ------------------------------------------------------------------------------------------------ what is looked at


def _problems(audited: Audited) -> Sequence[Problem]:
    return audited.reading.problems


def _columns(audited: Audited) -> Iterator[Finding]:
    """Columns that the codebook does not know, and variables without a column."""
    columns = audited.reading.matching.columns
    unknown = columns[columns["status"] == "listed"]
    named = [str(each) for each in unknown["column"] if each]
    nameless = [f"column {at}" for at, each in zip(unknown["position"], unknown["column"], strict=True) if not each]
    absent = columns[columns["status"] == "absent"]
    if named:
        what = f"the codebook does not know {some(named)}; they are left behind."
        yield Finding("warning", "columns", audited.raw.shown, what, "Add them to the codebook to have them.")
    if nameless:
        what = f"without a name, and so left behind: {listed(nameless)}."
        yield Finding("warning", "columns", audited.raw.shown, what, "Look what they hold.")
    optional = [str(each) for each in absent["variable"] if not _is_personal(str(each), audited.codebook)]
    if optional:
        what = f"no column holds {some(optional)}."
        yield Finding("warning", "columns", audited.raw.shown, what, "Export all fields to have them.")
    for variable, column in zip(absent["variable"], absent["column"], strict=True):
        close = get_close_matches(str(column), named, n=1, cutoff=0.75)
        if close:
            what = f"`{variable}` has no column `{column}`, but there is an unknown `{close[0]}`: was it renamed?"
            remedy = "Correct `column` in the codebook."
            yield Finding("warning", "columns", f"{audited.raw.shown} {variable}", what, remedy)


def _is_personal(full_name: str, codebook: Codebook) -> bool:
    return any(each.full_name == full_name and each.role == "personal" for each in codebook.variables)


def _previews(audited: Audited) -> Iterator[Finding]:
    marked = audited.previews & ~audited.excluded
    what = "previews, tests or spam would be analysed ({rows})."
    yield from audited.told("warning", "previews", "status", marked, what, "Add `rule: preview` to the exclusions.")


def _repeated(audited: Audited) -> Iterator[Finding]:
    """The same respondent twice, where no exclusion looks for it; in a table, which may have several rows of each, the
    same row twice."""
    if audited.format == "table":
        yield from _repeated_rows(audited)
        return
    watched = {name for each in audited.exclusions for name in each.by}
    watched |= {each.where.rpartition(" ")[2] for each in audited.reading.problems}  # damaged ids look alike
    for each in audited.codebook.with_role("identifier", "personal"):
        cells = audited.cells(each) if each.name not in (*_NOT_OF_ONE, *watched) else None
        if cells is not None:
            known = cells.where(flags(pc.not_equal(cells.texts, ""))) & ~audited.excluded
            if each.role == "personal":
                known &= ~cells.where(holding(cells.texts, NOBODY))
            counts = np.bincount(cells.codes[known], minlength=len(cells.texts))
            if each.role == "personal" and _is_of_many(counts):
                continue
            marked = known & cells.where(counts > 1)
            severity: Severity = "error" if each.role == "identifier" else "warning"
            what = f"the same `{each.name}` stands in several rows ({{rows}})."
            remedy = f"Add `{{rule: duplicate, by: {each.name}}}` to the exclusions."
            yield from audited.told(severity, "respondents", each.full_name, marked, what, remedy)


def _is_of_many(counts: npt.NDArray[np.int_]) -> bool:
    """Whether a value stands in ten rows or more on average: as a panel's number of the study, it is nobody's id."""
    return bool(counts.sum() >= _MANY * max(1, (counts > 0).sum()))


def _repeated_rows(audited: Audited) -> Iterator[Finding]:
    for each in audited.codebook.with_role("identifier"):
        cells = audited.cells(each)
        if cells is not None and len(cells.texts) < len(cells.codes):
            known = cells.where(flags(pc.not_equal(cells.texts, "")))
            marked = audited.raw.cells.duplicated(keep=False).to_numpy(dtype=bool) & known
            what, remedy = "the same rows stand in the file several times ({rows}).", "Take the copies out, in a copy."
            yield from audited.told("warning", "respondents", each.full_name, marked & ~audited.excluded, what, remedy)


def _identifiers(audited: Audited) -> Iterator[Finding]:
    """Identifiers that would take personal data into the clean files."""
    for each in audited.codebook.with_role("identifier"):
        if not audited.has_salt and each.name in audited.data and looks_personal(audited.data[each.name]):
            what = f"`{each.name}` holds e-mail addresses, ids of a panel or the like."
            remedy = "Write `pseudonyms: true` into `data` of study.yaml."
            yield Finding("error", "personal", f"{audited.raw.shown} {each.full_name}", what, remedy)


def _nothing(audited: Audited) -> Iterator[Finding]:
    """An export without responses, rows without an identifier, and variables that nobody has."""
    raw = audited.raw
    if not len(raw.cells):
        yield Finding("warning", "responses", raw.shown, "the export holds no responses.", "Export without filters.")
        return
    for each in audited.codebook.with_role("identifier"):
        if audited.format == "qualtrics" and each.full_name in audited.data:
            marked, what = (
                audited.data[each.full_name].isna().to_numpy(dtype=bool),
                f"`{each.name}` is empty ({{rows}}).",
            )
            yield from audited.told("warning", "respondents", each.full_name, marked, what, "Are these responses?")
    asked = [each for each in audited.codebook.with_role(*_ASKED) if each.full_name in audited.data]
    if empty := [each.full_name for each in asked if audited.data[each.full_name].isna().all()]:
        what = f"no response has anything in {some(empty)}."
        yield Finding("warning", "responses", raw.shown, what, "Look whether the survey showed them, and export again.")


def _unassigned(audited: Audited) -> Iterator[Finding]:
    """Responses whose outcomes were answered although a factor has no level."""
    answered = np.zeros(len(audited.data), dtype=bool)
    for each in audited.codebook.with_role("outcome"):
        if each.full_name in audited.data:
            answered |= audited.data[each.full_name].notna().to_numpy(dtype=bool)
    for each in audited.codebook.with_role("factor"):
        if each.full_name in audited.data and not each.task:
            marked = audited.data[each.full_name].isna().to_numpy(dtype=bool) & answered & ~audited.excluded
            marked[np.array(audited.reading.unread(each), dtype=np.int64) - 1] = False
            what = f"an outcome was answered, but `{each.full_name}` has no level ({{rows}})."
            yield from audited.told("warning", "assignment", each.full_name, marked, what, "Look at the rows.")

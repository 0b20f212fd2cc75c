"""Made-up respondents go through any survey at random, before real ones do, and come out in Qualtrics' own format.

Their status is that of test responses, which Qualtrics gives to those that it makes up itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from vignetta.errors import Problem, StudyError, listed
from vignetta.instruments.columns import fraud_columns
from vignetta.instruments.fieldwork.exporting import Values, export_csv
from vignetta.instruments.fieldwork.respondents import SIMULATED
from vignetta.instruments.naming import DATA_SOURCE, SCORE
from vignetta.instruments.qsf import read_qsf
from vignetta.instruments.running.accounts import Line
from vignetta.instruments.running.random_answers import random_answer, some_words
from vignetta.instruments.running.runtime import Runtime
from vignetta.instruments.running.sessions import Session
from vignetta.instruments.running.visits import Respondent, Visit
from vignetta.instruments.survey import EmbeddedDataNode, Survey, walk

MOST: Final = 1_000_000
OPENING: Final = datetime(2026, 1, 15, 12)
"""When the first respondent comes."""
PASSED: Final = "0.9"
"""The score of a captcha that is taken to be passed."""
_APART: Final = 90.0
"""Seconds from one respondent to the next, on average."""


@dataclass(frozen=True, eq=False)
class Rehearsal:
    """What came of a rehearsal.

    Attributes
    ----------
    export : the responses, as the text of a CSV file that Qualtrics exports.
    account : what of the survey was executed, and what was stubbed by which value.
    sessions : who went through it, what they saw and how long it took.
    """

    export: str
    account: tuple[Line, ...]
    sessions: tuple[Session, ...]

    def __repr__(self) -> str:
        finished, stubbed = (sum(each) for each in zip(*self._counts(), strict=True)) if self.account else (0, 0)
        return f"Rehearsal({len(self.sessions)} respondents, {finished} things executed, {stubbed} stubbed)"

    def _counts(self) -> list[tuple[int, int]]:
        return [(each.number, 0) if each.done == "executed" else (0, each.number) for each in self.account]


def rehearse(
    survey: Survey | str | Path,
    n: int = 200,
    *,
    seed: int = 1,
    link: Mapping[str, str] | None = None,
    values: Values = "codes",
    split: bool = False,
) -> Rehearsal:
    """Send made-up respondents, who answer at random, through any survey.

    Its own flow is executed: randomizers, branches, display and skip logic, piped text, loops, random orders, carried
    choices, validation, quotas. What cannot be, such as scripts and web services, is in the account, with the value
    that stands for it.

    Parameters
    ----------
    survey
        A survey, or the name of its .qsf file.
    n
        The number of respondents.
    seed
        The same seed gives the same bytes.
    link
        Fields that arrive with everybody's link.
    values, split
        As in `export_csv`: answers as codes or labels; several answers to a question in one column, or in one each.

    Raises
    ------
    StudyError
        When the file cannot be read, `n` is no number of people, `values` is unknown, or choices are carried forward in
        a circle.
    """
    survey = survey if isinstance(survey, Survey) else read_qsf(survey)
    if not 1 <= n <= MOST:
        raise StudyError(Problem("n", f"{n} respondents cannot be sent.", f"Send 1 to {MOST:,}."))
    generator, runtime = np.random.default_rng(seed), Runtime(survey, quotas=True)
    given = {DATA_SOURCE: SIMULATED} | ({SCORE: PASSED} if SCORE in fraud_columns(survey.options) else {})
    given |= link or {}
    started = [OPENING + timedelta(seconds=int(each)) for each in generator.exponential(_APART, n).cumsum()]
    sessions = tuple(_session(runtime, given, at, place, generator) for place, at in enumerate(started))
    export = export_csv(survey, sessions, generator, values=values, split=split)
    return Rehearsal(export, (*runtime.account, *_from_outside(survey, given)), sessions)


def _session(
    runtime: Runtime, link: Mapping[str, str], started: datetime, place: int, generator: np.random.Generator
) -> Session:
    visit = runtime.run(Respondent(random_answer, link, write=some_words, started=started), generator)
    scored = {SCORE: link[SCORE]} if SCORE in link else {}
    visit = replace(visit, embedded={**visit.embedded, **scored})
    return Session(visit, started, _seconds(visit, generator), f"2001:db8::{place + 1:x}", test=True)


def _seconds(visit: Visit, generator: np.random.Generator) -> tuple[float, ...]:
    """How long each page took: longer, the more words there are to read."""
    words = [sum(len(visit.shown.get(each, "").split()) for each in page) for page in visit.pages]
    effort = 2 + 0.3 * np.array(words, float)
    return tuple((effort * generator.gamma(4, 0.25, len(effort))).tolist())


def _from_outside(survey: Survey, link: Mapping[str, str]) -> list[Line]:
    """The fields that come from elsewhere, and what stands in them."""
    nodes = [each for each in walk(survey.flow) if isinstance(each, EmbeddedDataNode)]
    fixed = {each.name for node in nodes for each in node.fields if each.value is not None}
    open_ = [each for each in survey.embedded_fields if each not in fixed and each not in link]
    what = "fields that the link, a contact list or a script sets"
    lines = [Line(what, len(open_), "stubbed", "left empty", listed(open_))] if open_ else []
    score = [Line("captcha score", 1, "stubbed", f"taken to be {link[SCORE]}", SCORE)] if SCORE in link else []
    noted = [each for each in fraud_columns(survey.options) if each not in (SCORE, *link, *open_)]
    fraud = [Line("fraud detection", len(noted), "stubbed", "left empty", ", ".join(noted))] if noted else []
    return [*lines, *score, *fraud]

"""Reading a survey critically: everything that would go wrong in the field and can be seen in the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from vignetta.errors import Problem
from vignetta.instruments import integrity
from vignetta.instruments.qsf import read_qsf
from vignetta.instruments.review.findings import SEVERITIES, Finding, Findings
from vignetta.instruments.review.lint_fields import field_findings
from vignetta.instruments.review.lint_flow import flow_findings
from vignetta.instruments.review.lint_logic import logic_findings
from vignetta.instruments.review.lint_questions import question_findings
from vignetta.instruments.survey import Survey
from vignetta.instruments.tracing import Trace

_AMBIGUOUS: Final = ("_block_ids_are_unique", "_questions_in_one_block")
_ELSEWHERE: Final = ("_randomizers",)
"""Rules of the layout that are told as findings about randomizers."""


def lint(survey: Survey | str | Path, *, outcomes: Sequence[str] = ()) -> Findings:
    """Find what is wrong with a survey without running it.

    An error is certain: somebody would get, or leave in the data, something other than was meant. A warning is likely,
    a note is worth a look.

    Parameters
    ----------
    survey
        A survey, or the name of a .qsf file.
    outcomes
        Export tags of the outcomes. With them, an outcome that comes before every page that shows what a randomizer
        drew is an error; without them only a vignette after which nothing is asked is.

    Raises
    ------
    StudyError
        When the file is no survey.

    Examples
    --------
    >>> import vignetta as vg
    >>> vg.lint("survey.qsf", outcomes=["approval"])  # doctest: +SKIP
    """
    read = survey if isinstance(survey, Survey) else read_qsf(survey)
    found = dict.fromkeys(_all(read, outcomes))
    return Findings(tuple(sorted(found, key=lambda each: SEVERITIES.index(each.severity))))


def _all(survey: Survey, outcomes: Sequence[str]) -> Iterator[Finding]:
    trace = Trace(survey)
    yield from logic_findings(trace)
    yield from field_findings(trace)
    yield from flow_findings(trace, outcomes)
    yield from question_findings(trace)
    for rule in integrity.RULES:
        if rule.__name__ not in _ELSEWHERE:
            yield from (_layout(each, rule.__name__) for each in rule(survey))


def _layout(problem: Problem, rule: str) -> Finding:
    kind, _, where = problem.where.partition(" ")
    severity = "error" if rule in _AMBIGUOUS or "have this id" in problem.what else "warning"
    return Finding(severity, "layout", where or kind, "", problem.what, problem.remedy)  # type: ignore[arg-type]

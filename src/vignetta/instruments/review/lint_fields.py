"""Findings about piped text and embedded fields: what is shown and never set, set too late, overwritten, unseen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from vignetta.errors import some
from vignetta.instruments.codebooks import _PANEL_ID as PANEL_ID
from vignetta.instruments.columns import columns_of
from vignetta.instruments.review.findings import Finding
from vignetta.instruments.survey import EmbeddedDataNode, EndNode, RandomizerNode, walk
from vignetta.instruments.tracing import Pipe, Trace, piped_fields, short
from vignetta.instruments.written import mapping

_ANSWER: Final = re.compile(r"q://(QID[^/#%]+)(?:(?:#|%23)\w+)?/.*")
_LOOP: Final = re.compile(r"lm://Field/(\d+)", re.IGNORECASE)
_KNOWN: Final = (
    "e://",
    "q://",
    "lm://",
    "rand://",
    "date://",
    "loc://",
    "m://",
    "l://",
    "qo://",
    "gr://",
    "s://",
    "rt://",
)
BUILT_IN: Final = frozenset(
    ("Q_Language", "Q_URL", "Q_TotalDuration", "ResponseID", "ResponseId", "SurveyID", "Q_R", "Q_CHL", "UserAgent")
)
_CONTACT: Final = frozenset(
    ("RecipientFirstName", "RecipientLastName", "RecipientEmail", "RecipientID", "ExternalDataReference", "PanelID")
)


def field_findings(trace: Trace) -> Iterator[Finding]:
    """Everything that is wrong with piped text and embedded fields."""
    for each in trace.pipes:
        yield from _pipe(each, trace)
    yield from _overwritten(trace)
    yield from _unseen(trace)
    yield from _columns(trace)
    yield from _panel(trace)


# ------------------------------------------------------------------------------------------------------ piped text


def _pipe(pipe: Pipe, trace: Trace) -> Iterator[Finding]:
    found, loop = _ANSWER.fullmatch(pipe.source), _LOOP.fullmatch(pipe.source)
    if pipe.field:
        yield from _field(pipe, trace)
    elif found:
        yield from _answer(pipe, found[1], trace)
    elif loop:
        yield from _loop_field(pipe, loop[1])
    elif not pipe.source.startswith(_KNOWN) and "://" in pipe.source:
        told = f"`${{{short(pipe.source)}}}` is none of the forms of piped text that are known."
        yield _about(pipe, "note", "unknown-pipe", told, "Look at the page in the survey's preview.")


def _about(pipe: Pipe, severity: str, rule: str, what: str, remedy: str) -> Finding:
    return Finding(severity, rule, pipe.place.id, pipe.place.name, what, remedy)  # type: ignore[arg-type]


def _field(pipe: Pipe, trace: Trace) -> Iterator[Finding]:
    name, settings = pipe.field, trace.settings.get(pipe.field, ())
    if name in BUILT_IN or name in _CONTACT or name.startswith("Q_"):
        return
    if not settings and not trace.is_set_by_script(name) and name not in trace.from_services:
        near = [each for each in trace.settings if each.casefold() == name.casefold()]
        remedy = f"The flow sets `{near[0]}`: write it alike." if near else "Declare it, or correct the name."
        told = f"it shows the field `{name}`, which the survey never sets."
        yield _about(pipe, "warning", "field-never-set", told, remedy)
    elif settings and trace.closed_values(name) is not None:
        yield from _too_late(pipe, trace)


def _too_late(pipe: Pipe, trace: Trace) -> Iterator[Finding]:
    """Fields whose values the flow gives, shown before it does, or to somebody to whom it does not."""
    stands = [each.stand for each in trace.settings[pipe.field]]
    for here in pipe.stands:
        relations = {each.relation(here) for each in stands}
        if not relations & {"before", "either", "same"}:
            told = f"it shows the field `{pipe.field}`, which is set only later: the place stays empty."
            if "after" not in relations:
                told = f"it shows the field `{pipe.field}`, which nobody who gets here has."
            yield _about(pipe, "error", "field-set-too-late", told, "Move what sets the field before it.")
            return


def _answer(pipe: Pipe, number: str, trace: Trace) -> Iterator[Finding]:
    if number not in trace.survey.questions:
        told = f"it shows the answer to {number}, which does not exist."
        yield _about(pipe, "error", "pipe-to-nowhere", told, "Pipe from another question.")
    elif number not in trace.stands:
        told = f"it shows the answer to a question that nobody gets: {trace.question(number).name}."
        yield _about(pipe, "error", "pipe-to-nowhere", told, "Show that question before.")
    elif pipe.place.id != number:
        relations = {each.relation(here) for each in trace.stands[number] for here in pipe.stands}
        if relations and relations <= {"after", "apart"}:
            told = f"it shows the answer to a question that comes only later: {trace.question(number).name}."
            yield _about(pipe, "error", "pipe-to-nowhere", told, "Ask that question before.")


def _loop_field(pipe: Pipe, number: str) -> Iterator[Finding]:
    block = pipe.block
    if block is None or not block.looping:
        told = f"it shows field {number} of a loop, but its block is not looped."
        yield _about(pipe, "error", "broken-loop", told, "Switch loop and merge on, or remove it.")
        return
    lacking = [loop for loop, fields in block.loops.items() if number not in fields]
    if lacking:
        told = f"it shows field {number} of the loop, which {len(lacking)} of {len(block.loops)} loops do not have."
        yield _about(pipe, "error", "broken-loop", told, "Fill the field in for every loop.")


# ------------------------------------------------------------------------------------------------------ randomizers


def _overwritten(trace: Trace) -> Iterator[Finding]:
    """Fields that several children of a randomizer set, of which a respondent gets more than one."""
    for node in (each for each, _ in trace.steps if isinstance(each, RandomizerNode)):
        if node.subset < 2:
            continue
        given = Counter(name for child in node.children for name in _replaced(child))
        twice = [name for name, n in given.items() if n > 1]
        if twice:
            told = f"it shows {node.subset} children, and {some(twice)} is set by several: the last overwrites."
            place = trace.node(node)
            yield Finding("warning", "overwritten", place.id, place.name, told, "Give every child its own field.")


def _replaced(child: object) -> set[str]:
    """The fields that a child sets to something that does not hold what the field held before."""
    nodes = [each for each in walk((child,)) if isinstance(each, EmbeddedDataNode)]  # type: ignore[arg-type]
    fields = [each for node in nodes for each in node.fields if each.value is not None]
    return {each.name for each in fields if each.name not in piped_fields(each.value or "")}


def _unseen(trace: Trace) -> Iterator[Finding]:
    """Randomizers whose fields neither a page nor logic ever uses."""
    used = {each.field for each in trace.pipes} | trace.read_by_scripts
    used |= {str(test.get("LeftOperand")) for each in trace.conditions for test in each.tests}
    open_scripts = any("EmbeddedData(" in each and not trace.read_by_scripts for each in trace.scripts)
    for node in (each for each, _ in trace.steps if isinstance(each, RandomizerNode)):
        below = list(walk(node.children))
        only_fields = all(isinstance(each, EmbeddedDataNode) for each in below)
        names = {field.name for each in below if isinstance(each, EmbeddedDataNode) for field in each.fields}
        if only_fields and names & trace.drawn and not names & used and not open_scripts:
            told = f"it draws {some(sorted(names))}, which no page shows and no logic tests."
            place = trace.node(node)
            remedy = "Pipe the field into a page, or branch on it."
            yield Finding("warning", "drawn-unseen", place.id, place.name, told, remedy)


# -------------------------------------------------------------------------------------------------- the export


def _columns(trace: Trace) -> Iterator[Finding]:
    """Fields whose column is called like that of a question, or like another field but for capitals."""
    taken: dict[str, str] = {}
    for number, question in trace.shown.items():
        for each in columns_of(question):
            taken.setdefault(f"{question.tag.strip()}{each.name}", number)
    for name, settings in trace.settings.items():
        place = settings[0].place
        if name in taken:
            told = f"the field `{name}` and the question {taken[name]} have the same column in the export."
            yield Finding("warning", "column-twice", place.id, place.name, told, "Rename one of them.")
    folded = Counter(each.casefold() for each in trace.settings)
    for alike in (each for each, n in folded.items() if n > 1):
        names = [each for each in trace.settings if each.casefold() == alike]
        place = trace.settings[names[1]][0].place
        told = f"the fields {some(names)} differ only in capitals."
        yield Finding("warning", "column-twice", place.id, place.name, told, "Keep one of them.")


def _panel(trace: Trace) -> Iterator[Finding]:
    """Panels need their respondents back."""
    ids = [name for name, each in trace.settings.items() if PANEL_ID.fullmatch(name) and each[0].value is None]
    options = [trace.survey.options, *(each.options for each, _ in trace.steps if isinstance(each, EndNode))]
    back = any(str(mapping(each).get("EOSRedirectURL") or "") for each in options)
    if ids and not back and not any("location" in each for each in trace.scripts):
        place = trace.settings[ids[0]][0].place
        told = f"{some(ids)} is collected from a panel, but no end of the survey sends respondents back."
        remedy = "Add an end of survey with the panel's redirect address."
        yield Finding("warning", "no-redirect", place.id, place.name, told, remedy)

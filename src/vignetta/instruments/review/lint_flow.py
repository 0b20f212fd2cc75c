"""Findings about the flow: what nobody gets to, randomizers, quotas, and what comes before the vignette."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from vignetta.errors import listed, near_miss
from vignetta.instruments.columns import columns_of
from vignetta.instruments.review.findings import Finding
from vignetta.instruments.survey import (
    TRASH,
    BlockNode,
    BranchNode,
    EmbeddedDataNode,
    EndNode,
    FlowNode,
    RandomizerNode,
    Survey,
    children,
)
from vignetta.instruments.tracing import Place, Stand, Trace, piped_fields, short
from vignetta.instruments.written import is_true, mapping, whole_number

_EXTERNAL: Final = ("Timing", "Meta", "Captcha")


def flow_findings(trace: Trace, outcomes: Sequence[str] = ()) -> Iterator[Finding]:
    """Everything that is wrong with the flow; `outcomes` are export tags of questions that must follow the vignette."""
    yield from _unreached(trace)
    yield from _after_the_end(trace, trace.survey.flow)
    yield from _randomizers(trace)
    yield from _not_even(trace)
    yield from _quotas(trace.survey)
    yield from _back_button(trace)
    yield from _before_the_vignette(trace, outcomes)


# ------------------------------------------------------------------------------------------- what nobody gets to


def _unreached(trace: Trace) -> Iterator[Finding]:
    placed = {each.block for each, _ in trace.steps if isinstance(each, BlockNode)}
    for block in trace.survey.blocks.values():
        if block.kind != TRASH and block.id not in placed and block.questions:
            place = trace.block(block)
            told = f"the flow never shows this block: nobody gets its {len(block.questions)} questions."
            yield Finding("warning", "unreached", place.id, place.name, told, "Add it to the flow, or delete it.")
    for number in trace.survey.questions:
        if number not in trace.home:
            place = trace.question(number)
            yield Finding("note", "unreached", place.id, place.name, "no block holds this question.", "Delete it.")
    for node in (each for each, _ in trace.steps if isinstance(each, BranchNode) and not each.children):
        place = trace.node(node)
        yield Finding("note", "empty-branch", place.id, place.name, "nothing stands below the branch.", "Delete it.")


def _after_the_end(trace: Trace, nodes: Sequence[FlowNode]) -> Iterator[Finding]:
    for place, node in enumerate(nodes):
        yield from _after_the_end(trace, () if isinstance(node, RandomizerNode) else children(node))
        if isinstance(node, RandomizerNode):
            for child in node.children:
                yield from _after_the_end(trace, (child,))
        if isinstance(node, EndNode) and place + 1 < len(nodes):
            after = trace.node(nodes[place + 1])
            told = f"the survey ends before it, at {node.id}: nobody gets there."
            yield Finding("warning", "unreached", after.id, after.name, told, "Move the end of the survey behind it.")
            return


# ---------------------------------------------------------------------------------------------------- randomizers


def _randomizers(trace: Trace) -> Iterator[Finding]:
    for node in (each for each, _ in trace.steps if isinstance(each, RandomizerNode)):
        place, n = trace.node(node), len(node.children)
        if not 1 <= node.subset <= n:
            told = f"it shows {node.subset} of its {n} children."
            yield Finding("error", "randomizer", place.id, place.name, told, "Show at least one, and at most all.")
        elif n == 1:
            told = "it has a single child, so nothing is random."
            yield Finding("note", "randomizer", place.id, place.name, told, "Add the other arms, or take it away.")
        if any(isinstance(each, EndNode) for each in node.children):
            told = "one of its children ends the survey: respondents are screened out at random."
            yield Finding("warning", "randomizer", place.id, place.name, told, "Move the end out of the randomizer.")


def _not_even(trace: Trace) -> Iterator[Finding]:
    nodes = (each for each, _ in trace.steps if isinstance(each, RandomizerNode))
    found = [each for each in nodes if 1 <= each.subset < len(each.children) and not each.even]
    if found:
        place, names = trace.node(found[0]), listed([each.id for each in found], 8)
        told = f"these do not present their children evenly, so that counts differ by chance: {names}."
        remedy = "Switch on `Evenly Present Elements`, unless independent draws are meant."
        yield Finding("note", "not-even", place.id, place.name, told, remedy)


def _quotas(survey: Survey) -> Iterator[Finding]:
    for element in survey.elements("QO"):
        payload = mapping(element.get("Payload"))
        where, name = str(element.get("PrimaryAttribute")), short(f"quota {payload.get('Name') or ''}")
        most = whole_number(payload.get("Occurrences"))
        if most is not None and most < 1:
            told = f"the quota is full from the start: it admits {most}."
            yield Finding("error", "quota", where, name, told, "Write how many responses it admits.")
        if not mapping(payload.get("Logic")):
            told = "the quota has no condition: it counts everybody."
            yield Finding("note", "quota", where, name, told, "Add a condition, unless a total is meant.")


def _back_button(trace: Trace) -> Iterator[Finding]:
    if trace.drawn and is_true(trace.survey.options.get("BackButton")):
        told = "respondents may go back and change answers that they gave before what was drawn for them."
        yield Finding("note", "back-button", "SO", "survey options", told, "Switch the back button off.")


# ---------------------------------------------------------------------------------------------- before the vignette


def shows_drawn(trace: Trace) -> dict[str, tuple[Stand, ...]]:
    """The questions whose texts show what was drawn, by id, with where they stand."""
    telling = _telling(trace)
    pages = {each.place.id for each in trace.pipes if each.field in telling and each.place.id in trace.shown}
    return {number: trace.stands[number] for number in trace.shown if number in pages}


def _telling(trace: Trace) -> set[str]:
    """The fields that depend on a draw: drawn themselves, filled from such, or set below logic about such."""
    telling, before = set(trace.drawn), -1
    values = [(name, each.value or "") for name, settings in trace.settings.items() for each in settings]
    branches = list(_set_below(trace))
    while len(telling) > before:
        before = len(telling)
        telling |= {name for name, value in values if piped_fields(value) & telling}
        telling |= {name for tested, names in branches if tested & telling for name in names}
    return telling


def _set_below(trace: Trace) -> Iterator[tuple[set[str], set[str]]]:
    """For each branch, the fields that it tests and the fields that it sets."""
    tested = {each.place.id: each for each in trace.conditions if each.kind == "branch"}
    for node in (each for each, _ in trace.steps if isinstance(each, BranchNode)):
        names = {field.name for each in node.children if isinstance(each, EmbeddedDataNode) for field in each.fields}
        tests = tested[trace.node(node).id].tests if trace.node(node).id in tested else ()
        yield {str(each.get("LeftOperand")) for each in tests if each.get("LogicType") == "EmbeddedField"}, names


def _before_the_vignette(trace: Trace, outcomes: Sequence[str]) -> Iterator[Finding]:
    pages = shows_drawn(trace)
    answered = {n: each for n, each in trace.shown.items() if each.type not in _EXTERNAL and columns_of(each)}
    yield from _unknown(outcomes, trace)
    if not pages:
        return
    follows = {n: _relations(trace.stands[n], pages.values()) for n in answered}
    if answered and not any(each & {"after", "same", "either"} for each in follows.values()):
        place = trace.question(next(iter(pages)))
        told = "this page shows what was drawn, but no question is asked on it or after it."
        yield Finding("error", "outcome-before-vignette", place.id, place.name, told, "Ask the outcomes after it.")
    for number in answered:
        if answered[number].tag.strip() in outcomes:
            yield from _outcome(trace.question(number), follows[number], number in pages)


def _relations(stands: Sequence[Stand], pages: object) -> set[str]:
    places = [each for page in pages for each in page]  # type: ignore[attr-defined]
    return {here.relation(each) for here in stands for each in places}


def _outcome(place: Place, relations: set[str], shows: bool) -> Iterator[Finding]:
    remedy = "Move the outcome behind the vignette."
    if not shows and not relations & {"after", "same", "either"}:
        told = "the outcome is asked before every page that shows what was drawn."
        yield Finding("error", "outcome-before-vignette", place.id, place.name, told, remedy)
    elif not shows and "either" in relations and not relations & {"after", "same"}:
        told = "the outcome comes before the vignette for some respondents: a randomizer draws the order."
        yield Finding("error", "outcome-before-vignette", place.id, place.name, told, remedy)


def _unknown(outcomes: Sequence[str], trace: Trace) -> Iterator[Finding]:
    tags = [each.tag.strip() for each in trace.shown.values()]
    for each in outcomes:
        if each not in tags:
            told = "no question that is shown has this export tag."
            yield Finding("error", "outcome-before-vignette", each, "outcome", told, near_miss(each, tags))

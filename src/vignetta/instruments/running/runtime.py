"""Runs a survey's own flow for one respondent after another, as the survey platform does.

What cannot be executed is named in `Runtime.stubbed`, never passed over in silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from vignetta.instruments.naming import FLAG
from vignetta.instruments.running.accounts import Account, Line
from vignetta.instruments.running.logic import condition
from vignetta.instruments.running.ordering import whole
from vignetta.instruments.running.paging import ReadyBlock, StopError, ready_block
from vignetta.instruments.running.piping import piped
from vignetta.instruments.running.reading import Quota, Reading, looped_questions
from vignetta.instruments.running.visits import Respondent, State, Step, Stubbed, Test, Visit
from vignetta.instruments.survey import (
    BlockNode,
    BranchNode,
    EmbeddedDataNode,
    EndNode,
    FlowNode,
    GroupNode,
    OtherNode,
    RandomizerNode,
    Survey,
    children,
    walk,
)
from vignetta.instruments.written import entries, is_true, mapping

_CALLED: Final[Mapping[type, str]] = {
    BlockNode: "blocks shown by the flow",
    EmbeddedDataNode: "embedded data elements",
    RandomizerNode: "randomizers",
    BranchNode: "branches",
    GroupNode: "groups",
    EndNode: "ends of survey",
}


class Runtime:
    """A survey made ready to run.

    Randomizers with even presentation choose at random among the children presented least so far, counted when a
    respondent comes to them; quotas count who finishes. The counts belong to the runtime, so that a second fielding
    needs a second runtime.

    Parameters
    ----------
    quotas : whether quotas are counted, and who meets a full one is turned away.

    Attributes
    ----------
    stubbed : what the survey asks for and the runtime does not do.
    account : what is executed and what is stubbed, line by line.
    pages : about how many pages somebody sees who goes to the end.

    Raises
    ------
    StudyError
        When questions hand choices on to each other in a circle.
    """

    def __init__(self, survey: Survey, *, quotas: bool = False) -> None:
        self.survey = survey
        self._account = Account()
        self._quotas = _quotas(survey) if quotas else {}
        self._endings = {each.id: each.options for each in walk(survey.flow) if isinstance(each, EndNode)}
        self._endings |= {each.id: mapping(each.raw.get("EndSurveyOptions")) for each in self._quotas.values()}
        self._reading = Reading(survey, self._account, self._quotas, looped_questions(survey))
        self._blocks: dict[str, ReadyBlock] = {}
        self._steps = [self._step(each) for each in survey.flow]
        self._counted = [self._quota(each) for each in self._quotas.values()]
        for each in survey.elements("QG") if self._counted else ():
            group = mapping(each.get("Payload"))
            if group.get("MultipleMatch") not in (None, "", "PlaceInAll"):
                told = f"who meets several quotas of a group counts by {group['MultipleMatch']}"
                self._account.stub(str(group.get("Name") or group.get("ID")), told, "counts for all of them")
        if survey.elements("QO") and not quotas:
            self._account.stub("quotas", "they are not counted", "taken never to be full")
        self.stubbed: tuple[Stubbed, ...] = tuple(self._account.stubs)
        self.account: tuple[Line, ...] = self._account.lines()
        self.pages = max(1, round(sum(self._length(each) for each in survey.flow)))

    def run(self, respondent: Respondent, generator: np.random.Generator) -> Visit:
        """Take one respondent through the survey.

        Raises `StudyError` when the respondent's answer is none of the choices, or a required one is left out.
        """
        state = State(respondent, generator, submitted=self._turn_away if self._counted else None)
        stopped, finished = "", True
        try:
            for step in self._steps:
                step(state)
        except StopError as stop:
            stopped, finished = stop.where, stop.finished
        ending = self._endings.get(stopped, {})
        if finished and ending.get("ResponseFlag"):
            state.embedded[FLAG] = str(ending["ResponseFlag"])
        if finished and stopped not in self._quotas and ending.get("CountQuotas") != "No":
            self._count(state)
        seen = len(state.pages) if finished else len(state.pages) - 1
        progress = 100 if finished else min(99, 100 * seen // self.pages)
        told = (state.answers, state.embedded, state.shown, tuple(state.pages), state.orders)
        return Visit(
            *told, finished, stopped, progress, state.offered, state.entries, is_true(ending.get("IgnoreResponse"))
        )

    # -------------------------------------------------------------------------------------------------- the quotas

    def _quota(self, quota: Quota) -> tuple[Quota, Test, bool]:
        kind, action = quota.raw.get("LogicType"), str(quota.raw.get("QuotaAction"))
        everybody = kind == "NoLogic"
        self._account.ran(quota.id, "quotas")
        if action not in ("EndCurrentSurvey", "ForBranching"):
            self._account.stub(quota.name, f"the quota's action {action} is not done", "it is only counted")
        met = condition(quota.raw.get("Logic"), quota.name, self._reading, fallback=False)
        return quota, (lambda state: True) if everybody else met, action == "EndCurrentSurvey"

    def _turn_away(self, state: State) -> None:
        for quota, met, ends in self._counted:
            if ends and quota.count >= quota.limit and met(state):
                raise StopError(quota.id, True)

    def _count(self, state: State) -> None:
        for quota, met, _ in self._counted:
            quota.count += met(state)

    # ---------------------------------------------------------------------------------------------------- the flow

    def _step(self, node: FlowNode) -> Step:
        if type(node) in _CALLED:
            self._account.ran(node.id, _CALLED[type(node)])
        match node:
            case BlockNode():
                return self._block(node)
            case EmbeddedDataNode():
                return self._embedded(node)
            case RandomizerNode():
                return self._randomizer(node)
            case BranchNode():
                return self._branch(node)
            case EndNode():
                if is_true(node.options.get("IgnoreResponse")):
                    self._account.ran(node.id, "ends of survey that record no response")
                if node.options.get("CountQuotas") == "No":
                    self._account.ran(node.id, "ends of survey that count for no quota")
                return _ending(node.id)
            case GroupNode():
                return _sequence([self._step(each) for each in node.children])
            case OtherNode():
                kind = f"a flow element of type {node.type or 'unknown'}"
                told = f"{kind} is not done" if node.children else f"{kind} is skipped"
                self._account.stub(node.id, told, _left_by(node))
                return _sequence([self._step(each) for each in node.children])

    def _randomizer(self, node: RandomizerNode) -> Step:
        steps = [self._step(each) for each in node.children]
        places, counts = range(len(steps)), [0] * len(steps)

        def step(state: State) -> None:
            chance = state.generator.random(len(steps)).tolist()
            ranked = sorted(places, key=lambda place: (counts[place], chance[place]) if node.even else chance[place])
            chosen = ranked[: node.subset]
            if len(chosen) > 1:
                chosen = [chosen[place] for place in state.generator.permutation(len(chosen))]
            state.orders[node.id] = tuple(chosen)
            for place in chosen:
                counts[place] += 1
            for place in chosen:
                steps[place](state)

        return step

    def _branch(self, node: BranchNode) -> Step:
        taken = condition(node.logic, node.id, self._reading, fallback=False)
        steps = [self._step(each) for each in node.children]

        def step(state: State) -> None:
            if taken(state):
                for each in steps:
                    each(state)

        return step

    def _embedded(self, node: EmbeddedDataNode) -> Step:
        given = ((each.name, each.value) for each in node.fields)
        fields = [(name, None if text is None else piped(text, node.id, self._reading)) for name, text in given]

        def step(state: State) -> None:
            for name, value in fields:
                if value is None:
                    state.embedded.setdefault(name, state.respondent.link.get(name, ""))
                else:
                    state.embedded[name] = value if isinstance(value, str) else value(state)

        return step

    def _length(self, node: FlowNode) -> float:
        """Pages that somebody sees on average, branches left out."""
        if isinstance(node, BlockNode):
            return self._blocks[node.block].length if node.block in self._blocks else 0
        if isinstance(node, BranchNode):
            return 0
        below = sum(self._length(each) for each in children(node))
        return below * node.subset / max(1, len(node.children)) if isinstance(node, RandomizerNode) else below

    def _block(self, node: BlockNode) -> Step:
        block = self.survey.blocks.get(node.block)
        if block is None:
            self._account.stub(node.id, f"the block {node.block} does not exist", "left out")
            return _sequence([])
        if block.id not in self._blocks:
            self._blocks[block.id] = ready_block(block, self._reading)
        return self._blocks[block.id].step(node.id)


def _left_by(node: OtherNode) -> str:
    """What stands in place of what a flow element would do."""
    set_by = [str(each.get("value") or each.get("Value") or "") for each in entries(node.raw.get("ResponseMap"))]
    names = [each.removeprefix("e://Field/") for each in set_by if each]
    if node.type == "Authenticator":
        return "everybody is let in"
    if node.children:
        return "what stands below it is shown in its order"
    return f"the fields it sets stay as they are: {', '.join(names)}" if names else "nothing is set"


def _quotas(survey: Survey) -> dict[str, Quota]:
    found = [mapping(each.get("Payload")) for each in survey.elements("QO")]
    made = [
        Quota(str(each.get("ID")), str(each.get("Name")), whole(each.get("Occurrences")) or 0, each) for each in found
    ]
    return {each.id: each for each in made}


def _sequence(steps: list[Step]) -> Step:
    def step(state: State) -> None:
        for each in steps:
            each(state)

    return step


def _ending(where: str) -> Step:
    def step(state: State) -> None:
        raise StopError(where, True)

    return step

"""Runs a survey's own flow for one respondent after another, as the survey platform does.

What cannot be executed is named in `Runtime.stubbed`, never passed over in silence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from vignetta.errors import Problem, StudyError
from vignetta.instruments.logic import COMPARISONS, answer_words, joined, question_test
from vignetta.instruments.survey import (
    Block,
    BlockNode,
    BranchNode,
    Choice,
    EmbeddedDataNode,
    EndNode,
    FlowNode,
    GroupNode,
    OtherNode,
    Question,
    RandomizerNode,
    Raw,
    Survey,
    children,
    mapping,
    numbered,
)
from vignetta.instruments.visits import Form, Render, Respondent, State, Step, Stubbed, Test, Visit, form

_PIPE: Final = re.compile(r"\$\{([^{}]*)\}")
_FIELD: Final = re.compile(r"e://field/(.+)", re.IGNORECASE)
_RANDOM: Final = re.compile(r"rand://int/(-?\d+):(-?\d+)")
_PIPED_ANSWER: Final = re.compile(r"q://(QID[^/]+)/(?:ChoiceGroup/SelectedChoices|ChoiceTextEntryValue)")


class _StopError(Exception):
    def __init__(self, where: str, finished: bool) -> None:
        self.where, self.finished = where, finished


class Runtime:
    """A survey made ready to run.

    Randomizers with even presentation choose at random among the children presented least so far, counted when a
    respondent comes to them; the counts belong to the runtime, so that a second fielding needs a second runtime.

    Attributes
    ----------
    stubbed : what the survey asks for and the runtime does not do.
    pages : about how many pages somebody sees who goes to the end.
    """

    def __init__(self, survey: Survey) -> None:
        self.survey = survey
        self._noted: dict[Stubbed, None] = {}
        self._pages: dict[str, list[list[_Item]]] = {}
        self._steps = [self._step(each) for each in survey.flow]
        if survey.elements("QO"):
            self._note("quotas", "they are not counted")
        self.stubbed: tuple[Stubbed, ...] = tuple(self._noted)
        self.pages = max(1, round(sum(self._length(each) for each in survey.flow)))

    def run(self, respondent: Respondent, generator: np.random.Generator) -> Visit:
        """Take one respondent through the survey.

        Raises `StudyError` when the respondent's answer is none of the choices, or a required one is left out.
        """
        state = State(respondent, generator)
        stopped, finished = "", True
        try:
            for step in self._steps:
                step(state)
        except _StopError as stop:
            stopped, finished = stop.where, stop.finished
        seen = len(state.pages) if finished else len(state.pages) - 1
        progress = 100 if finished else min(99, 100 * seen // self.pages)
        told = (state.answers, state.embedded, state.shown, tuple(state.pages), state.orders)
        return Visit(*told, finished, stopped, progress)

    def _note(self, where: str, what: str) -> None:
        self._noted[Stubbed(where, what)] = None

    # ---------------------------------------------------------------------------------------------------- the flow

    def _step(self, node: FlowNode) -> Step:
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
                return _ending(node.id)
            case GroupNode():
                return _sequence([self._step(each) for each in node.children])
            case OtherNode():
                self._note(node.id, f"a flow element of type {node.type or 'unknown'} is skipped")
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
        taken, steps = self._condition(node.logic, node.id, False), [self._step(each) for each in node.children]

        def step(state: State) -> None:
            if taken(state):
                for each in steps:
                    each(state)

        return step

    def _embedded(self, node: EmbeddedDataNode) -> Step:
        fields = [(each.name, None if each.value is None else self._text(each.value, node.id)) for each in node.fields]

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
            return len(self._pages.get(node.block, ()))
        if isinstance(node, BranchNode):
            return 0
        below = sum(self._length(each) for each in children(node))
        return below * node.subset / max(1, len(node.children)) if isinstance(node, RandomizerNode) else below

    # --------------------------------------------------------------------------------------------- blocks and pages

    def _block(self, node: BlockNode) -> Step:
        if node.block not in self.survey.blocks:
            self._note(node.id, f"the block {node.block} does not exist")
            return _sequence([])
        block = self.survey.blocks[node.block]
        if block.id not in self._pages:
            self._note_block(block)
            self._pages[block.id] = [[self._item(each) for each in page] for page in block.pages]
        pages = self._pages[block.id]

        def step(state: State) -> None:
            for page in pages:
                _show(page, state, node.id)

        return step

    def _note_block(self, block: Block) -> None:
        asked = {
            "the order of the questions is kept, not shuffled": block.shuffle,
            "loop and merge runs once": block.looping,
            "skip logic is not followed": any(each.skip_logic for each in block.elements),
        }
        for what in (each for each, wanted in asked.items() if wanted):
            self._note(block.name or block.id, what)

    def _item(self, number: str) -> _Item:
        question = self.survey.questions[number]
        where = question.tag.strip() or number
        for what in (each for each, wanted in _unmet(question).items() if wanted):
            self._note(where, what)
        logic = question.display_logic
        shows = None if logic is None else self._condition(logic, where, True)
        return _Item(question, self._text(question.text, where), shows, form(question), _ids(question.choices))

    # ------------------------------------------------------------------------------------------- piped text and logic

    def _text(self, text: str, where: str) -> str | Render:
        """The text itself, or, with piped text, what renders it."""
        parts = _PIPE.split(text)
        if len(parts) == 1:
            return text
        renders = [_constant(each) if place % 2 == 0 else self._pipe(each, where) for place, each in enumerate(parts)]
        return lambda state: "".join([each(state) for each in renders])

    def _pipe(self, source: str, where: str) -> Render:
        if found := _FIELD.fullmatch(source):
            name = found[1]
            return lambda state: state.embedded.get(name, state.respondent.link.get(name, ""))
        if found := _RANDOM.fullmatch(source):
            low, high = int(found[1]), int(found[2])
            return lambda state: str(state.generator.integers(low, high, endpoint=True))
        if (found := _PIPED_ANSWER.fullmatch(source)) and found[1] in self.survey.questions:
            asked = self.survey.questions[found[1]]
            return lambda state: answer_words(asked, state.answers.get(asked.id, ""))
        self._note(where, f"piped text ${{{source}}} is left empty")
        return _constant("")

    def _condition(self, logic: Raw, where: str, fallback: bool) -> Test:
        """Logic as a test; `fallback` is taken for what cannot be executed."""
        sets = [each for each in numbered(logic).values() if isinstance(each, dict)]
        tests = [(str(each.get("Type", "If")) == "AndIf", self._set(each, where, fallback)) for each in sets]
        return joined(tests)

    def _set(self, raw: Raw, where: str, fallback: bool) -> Test:
        found = [each for each in numbered(raw).values() if isinstance(each, dict)]
        return joined(
            (str(each.get("Conjuction", "And")) != "Or", self._expression(each, where, fallback)) for each in found
        )

    def _expression(self, raw: Raw, where: str, fallback: bool) -> Test:
        test = self._field_test(raw, where) if raw.get("LogicType") == "EmbeddedField" else question_test(raw)
        if test is None:
            what = f"{raw.get('LogicType')} {raw.get('Operator')}"
            self._note(where, f"the condition {what} cannot be tested and is taken to {'hold' if fallback else 'fail'}")
            return lambda state: fallback
        return test

    def _field_test(self, raw: Raw, where: str) -> Test | None:
        name, compare = str(raw.get("LeftOperand", "")), COMPARISONS.get(str(raw.get("Operator")))
        right = self._text(str(raw.get("RightOperand", "")), where)
        if compare is None:
            return None
        return lambda state: compare(state.embedded.get(name, ""), right if isinstance(right, str) else right(state))


def _unmet(question: Question) -> dict[str, Any]:
    """What a question can ask for and the runtime does not do, each with whether this one asks for it."""
    choices, rule = (*question.choices, *question.answers), question.validation
    checked = rule.get("Type", "None") == "None" or rule.get("ContentType") == "ValidNumber"
    return {
        "JavaScript is not run": question.javascript,
        "display logic of choices is not followed: all are shown": any(each.display_logic for each in choices),
        "piped text in choices stays as it is": any(_PIPE.search(each.text) for each in choices),
        "text boxes beside choices stay empty": any(each.text_entry for each in choices),
        "the order of the choices is kept, not shuffled": mapping(question.raw.get("Randomization")).get("Type"),
        "choices are not carried forward": question.raw.get("DynamicChoices"),
        f"validation of type {rule.get('Type')} is not checked": not checked,
        f"a question of type {question.type} {question.selector} is not answered": form(question) == "unknown",
    }


@dataclass(frozen=True, slots=True)
class _Item:
    question: Question
    text: str | Render
    shows: Test | None
    form: Form
    ids: frozenset[str]


def _ids(choices: Sequence[Choice]) -> frozenset[str]:
    return frozenset(each.id for each in choices)


def _constant(text: str) -> Render:
    return lambda state: text


def _sequence(steps: list[Step]) -> Step:
    def step(state: State) -> None:
        for each in steps:
            each(state)

    return step


def _ending(where: str) -> Step:
    def step(state: State) -> None:
        raise _StopError(where, True)

    return step


def _show(page: list[_Item], state: State, where: str) -> None:
    """One page: display logic, texts, answers. A page on which nothing is shown does not exist."""
    leaves = len(state.pages) + 1 == state.respondent.leaves_at
    seen = []
    for item in page:
        if item.shows is not None and not item.shows(state):
            continue
        question, text = item.question, item.text
        state.shown[question.id] = text if isinstance(text, str) else text(state)
        seen.append(question.id)
        if not leaves and item.form not in ("nothing", "unknown"):
            _ask(item, state)
    if seen:
        state.pages.append(tuple(seen))
        if leaves:
            raise _StopError(where, False)


def _ask(item: _Item, state: State) -> None:
    question = item.question
    given = state.respondent.answer(question, state)
    if given is None:
        if question.forced:
            raise StudyError(Problem(question.tag, "a required answer was left out.", "Answer it."))
        state.answers.pop(question.id, None)
        return
    chosen = (given,) if item.form == "single" else given if item.form == "multiple" else ()
    if not item.ids.issuperset(chosen):
        raise StudyError(Problem(question.tag, f"the answer {given!r} is none of its choices.", "Give a choice's id."))
    state.answers[question.id] = given

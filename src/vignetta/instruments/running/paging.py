"""Blocks made ready to run: loops, pages in their order, and what happens to each question on a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np

from vignetta.errors import Problem, StudyError
from vignetta.instruments.running.carrying import with_carried
from vignetta.instruments.running.choosing import Offer, offer
from vignetta.instruments.running.logic import condition, expression
from vignetta.instruments.running.ordering import Order, drawn, number_shown, order_of_questions, whole
from vignetta.instruments.running.piping import piped
from vignetta.instruments.running.reading import Reading, loop_count, loop_source, loops_of
from vignetta.instruments.running.scoring import ungraded
from vignetta.instruments.running.told import given, group, selected
from vignetta.instruments.running.validating import TRIES, Fault, as_float, fault, own_condition
from vignetta.instruments.running.visits import Answer, Form, Render, State, Step, Test, form
from vignetta.instruments.survey import Block, BlockElement, Question
from vignetta.instruments.written import entries, is_true, mapping

END_OF_BLOCK: Final = "ENDOFBLOCK"
END_OF_SURVEY: Final = "ENDOFSURVEY"


class StopError(Exception):
    """The visit ends: where, and whether the survey is finished."""

    def __init__(self, where: str, finished: bool) -> None:
        self.where, self.finished = where, finished


# -------------------------------------------------------------------------------------------------------- questions


@dataclass(frozen=True, slots=True)
class Item:
    """A question made ready to run. `key` is how its answer is called; `skips` where its answers lead."""

    question: Question
    key: str
    text: str | Render
    shows: Test | None
    in_page: bool
    form: Form
    ids: frozenset[str]
    offer: Offer | None = None
    fault: Fault | None = None
    holds: Test | None = None
    entries: bool = False
    skips: tuple[tuple[Test, str], ...] = ()


def _item(element: BlockElement, block: Block, reading: Reading) -> Item | None:
    if element.question not in reading.survey.questions:
        reading.account.stub(block.name or block.id, f"no question is called {element.question}", "left out")
        return None
    question = with_carried(reading.survey, reading.survey.questions[element.question])
    where, logic = question.tag.strip() or question.id, question.display_logic
    _note(question, where, reading)
    shows = None if logic is None else condition(logic, where, reading, fallback=True)
    return Item(
        question=question,
        key=reading.key(question.id) or question.id,
        text=piped(question.text, where, reading),
        shows=shows,
        in_page=shows is not None and is_true(mapping(logic).get("inPage")),
        form=form(question),
        ids=frozenset(each.id for each in question.choices),
        offer=offer(question, where, reading),
        fault=fault(question),
        holds=own_condition(question, where, reading),
        entries=any(each.text_entry for each in question.choices),
        skips=tuple(_skips(element, block, reading)),
    )


def _note(question: Question, where: str, reading: Reading) -> None:
    account, kind = reading.account, form(question)
    if question.display_logic is not None:
        account.ran(where, "display logic of questions")
    if question.javascript:
        account.stub(where, "JavaScript is not run", "fields it would set stay as they are")
    if ungraded(question):
        account.stub(where, f"points for a question of type {question.type} are not counted", "they are 0")
    if question.type == "Captcha":
        account.stub(where, "a captcha is shown", "taken to be passed")
    elif question.type == "Meta":
        account.stub(where, "the browser is noted", "taken to be on a desktop computer")
    elif question.type in ("FileUpload", "Draw"):
        account.stub(where, f"a question of type {question.type} needs a browser", "left empty")
    elif kind == "unknown":
        account.stub(where, f"a question of type {question.type} {question.selector} is not answered", "left empty")
    else:
        account.ran(question.id, f"questions of type {question.type}")


def _skips(element: BlockElement, block: Block, reading: Reading) -> Iterator[tuple[Test, str]]:
    later = block.questions[block.questions.index(element.question) + 1 :]
    for each in entries(element.skip_logic):
        target = str(each.get("SkipToDestination", ""))
        if target not in (*later, END_OF_BLOCK, END_OF_SURVEY):
            told = f"skip logic leads to {target or 'nowhere'}, which does not follow in its block"
            reading.account.stub(element.question, told, "not followed")
            continue
        reading.account.ran(element.question, "skip logic")
        locator = each.get("Locator") or each.get("ChoiceLocator")
        asked = {"LogicType": "Question", "LeftOperand": locator, "Operator": each.get("Condition")}
        asked["RightOperand"] = each.get("RightOperand", each.get("Value", ""))
        yield expression(asked, element.question, reading, False), target


# ------------------------------------------------------------------------------------------------- blocks and loops

Pages = Callable[[np.random.Generator], Sequence[Sequence[Item]]]


@dataclass(frozen=True)
class Pass:
    """One pass through a block: its pages, and about how many there are."""

    pages: Pages
    length: int


@dataclass(frozen=True)
class ReadyBlock:
    """A block made ready to run. `chosen` are the numbers of the passes that a respondent comes to, in order."""

    passes: dict[str, Pass]
    chosen: Callable[[State], Sequence[str]] | None
    length: float

    def step(self, where: str) -> Step:
        """What shows the block to a respondent, at one place of the flow."""
        passes = list(self.passes.values())

        def step(state: State) -> None:
            for each in passes:
                _run(each.pages(state.generator), state, where)

        def loops(state: State) -> None:
            numbers = self.chosen(state) if self.chosen else ()
            state.turns = len(numbers)
            for turn, number in enumerate(numbers, 1):
                state.turn = turn
                _run(self.passes[number].pages(state.generator), state, where)

        return loops if self.chosen else step


def ready_block(block: Block, reading: Reading) -> ReadyBlock:
    """A block with its questions, made ready to run."""
    name, loops = block.name or block.id, loops_of(reading.survey, block)
    if block.looping and not loops:
        reading.account.stub(name, "loop and merge over something that is not known", "runs once")
    if not loops:
        once = _pass(block, reading)
        return ReadyBlock({"": once}, None, once.length)
    passes = {each.number: _pass(block, reading.within(each)) for each in loops}
    reading.account.ran(name, "loop and merge")
    some = whole(mapping(block.options.get("LoopingOptions")).get("TotalRandSubset"))
    share = min(1.0, some / len(passes)) if some else 1.0
    length = share * sum(each.length for each in passes.values())
    return ReadyBlock(passes, _turns(block, list(passes), reading), length)


def _turns(block: Block, numbers: list[str], reading: Reading) -> Callable[[State], Sequence[str]]:
    options = mapping(block.options.get("LoopingOptions"))
    kind, source = str(options.get("Randomization") or "None"), loop_source(reading.survey, block)
    some = whole(options.get("TotalRandSubset")) if kind.lower() == "subset" else None
    shuffled = kind not in ("None", "false", "False")
    every = drawn(numbers, some)
    if counted := loop_count(reading.survey, block):
        return _so_many(numbers, reading.key(counted) or counted)
    if source is None:
        return (lambda state: every(state.generator)) if shuffled else lambda state: numbers
    asked, key = with_carried(reading.survey, reading.survey.questions[source[0]]), reading.key(source[0])
    if key is None:
        reading.account.stub(block.name or block.id, f"loop and merge over the loops of {source[0]}", "all are run")
        return lambda state: every(state.generator) if shuffled else numbers

    def chosen(state: State) -> Sequence[str]:
        ids = [each.id for each in group(asked, key, source[1], state)]
        return drawn(ids, some)(state.generator) if shuffled else [each for each in numbers if each in ids]

    return chosen


def _so_many(numbers: list[str], key: str) -> Callable[[State], Sequence[str]]:
    """As many passes as somebody typed into a question, and at most all."""

    def chosen(state: State) -> Sequence[str]:
        number = as_float(given(state, key))
        return numbers[: max(0, int(number or 0))]

    return chosen


def _pass(block: Block, reading: Reading) -> Pass:
    pages: list[list[Item]] = [[]]
    for element in block.elements:
        if element.is_page_break:
            pages.append([])
        elif (item := _item(element, block, reading)) is not None:
            pages[-1].append(item)
    order = _order(block, [each.question.id for page in pages for each in page], reading)
    if order is None:
        kept = [part for page in pages for part in _parted(page)]
        return Pass(lambda generator: kept, len(kept))
    return _shuffled(block, [each for page in pages for each in page], order)


def _shuffled(block: Block, items: list[Item], order: Order) -> Pass:
    """Questions in random order stand so many on a page, or all on one: the block's own breaks do not count."""
    known = {each.question.id: each for each in items}
    details = mapping(block.randomisation.get("Advanced"))
    most = whole(details.get("QuestionsPerPage")) or whole(block.randomisation.get("QuestionsPerPage")) or len(items)

    def pages(generator: np.random.Generator) -> list[list[Item]]:
        shown = [known[each] for each in order(generator) if each in known]
        filled = [shown[place : place + most] for place in range(0, len(shown), most)]
        return [part for page in filled for part in _parted(page)]

    shown = number_shown(list(known), block.shuffle, block.randomisation)
    return Pass(pages, ceil(shown / max(1, most)))


def _parted(page: list[Item]) -> Iterator[list[Item]]:
    """A page, ended after every question whose answers lead elsewhere."""
    part: list[Item] = []
    for each in page:
        part.append(each)
        if each.skips:
            yield part
            part = []
    if part:
        yield part


def _order(block: Block, ids: list[str], reading: Reading) -> Order | None:
    if not ids:
        return None
    try:
        order = order_of_questions(ids, block.shuffle, block.randomisation)
    except ValueError as error:
        where = block.name or block.id
        reading.account.stub(where, f"an order of questions called {error} is not known", "they keep their order")
        return None
    if order is not None:
        reading.account.ran(block.id, "questions in random order")
    return order


# ------------------------------------------------------------------------------------------------------ at run time


def _run(pages: Sequence[Sequence[Item]], state: State, where: str) -> None:
    target = ""
    for page in pages:
        if target:
            ids = [each.question.id for each in page]
            if target not in ids:
                continue
            page, target = page[ids.index(target) :], ""
        target = _show(page, state, where)
        if target == END_OF_BLOCK:
            return
        if target == END_OF_SURVEY:
            raise StopError(where, True)


def _show(page: Sequence[Item], state: State, where: str) -> str:
    """One page, and where its answers lead: display logic, texts, answers. A page that shows nothing does not exist.

    What a page shows is settled before anything on it is answered, except where display logic says to watch the page.
    """
    leaves = len(state.pages) + 1 == state.respondent.leaves_at
    questions = [None if item.in_page else _seen(item, state) for item in page]
    seen = []
    for item, question in zip(page, questions, strict=True):
        shown = _seen(item, state) if item.in_page else question
        if shown is None:
            continue
        seen.append(item.key)
        if not leaves and item.form not in ("nothing", "unknown"):
            _ask(item, shown, state)
    if seen:
        state.pages.append(tuple(seen))
        if leaves:
            raise StopError(where, False)
        if state.submitted is not None:
            state.submitted(state)
    last = page[-1]
    if last.skips and last.key in seen:
        return next((target for test, target in last.skips if test(state)), "")
    return ""


def _seen(item: Item, state: State) -> Question | None:
    """The question as it is shown; None when display logic hides it, or all of its choices."""
    if item.shows is not None and not item.shows(state):
        return None
    question = item.question
    if item.offer is not None:
        question = item.offer(state)
        columns = item.question.answers
        if (item.ids and not question.choices) or (columns and not question.answers):
            return None
    state.shown[item.key] = item.text if isinstance(item.text, str) else item.text(state)
    return question


def _ask(item: Item, question: Question, state: State) -> None:
    for _ in range(TRIES):
        given = state.respondent.answer(question, state)
        if given is None:
            if question.forced:
                raise _refused(question, "a required answer was left out.", "Answer it.")
            state.answers.pop(item.key, None)
            return
        _check(item, question, given)
        state.answers[item.key] = given
        if item.entries:
            _write(item, question, given, state)
        if item.holds is None or item.holds(state):
            return


def _check(item: Item, question: Question, given: Answer) -> None:
    chosen = (given,) if item.form == "single" else given if item.form == "multiple" else ()
    ids = item.ids if item.offer is None else {each.id for each in question.choices}
    if not ids.issuperset(chosen):
        raise _refused(question, f"the answer {given!r} is none of its choices.", "Give a choice's id.")
    if item.fault is not None and (found := item.fault(given)):
        raise _refused(question, f"the answer {found}.", "Give one that the question allows.")


def _refused(question: Question, what: str, remedy: str) -> StudyError:
    return StudyError(Problem(question.tag.strip() or question.id, what, remedy))


def _write(item: Item, question: Question, given: Answer, state: State) -> None:
    chosen = selected(given)
    for each in question.choices:
        if each.text_entry and each.id in chosen:
            state.entries[f"{item.key}_{each.id}_TEXT"] = state.respondent.write(question, each, state)

"""With what the parts of a survey are read when they are made ready to run: the whole survey, the account, the loop."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from vignetta.instruments.running.accounts import Account
from vignetta.instruments.running.carrying import CHOICES, choice_group, with_carried
from vignetta.instruments.survey import Block, Question, Survey
from vignetta.instruments.written import Raw, mapping, numbered

_COUNT: Final = re.compile(r"q://(QID[^/_]*)/LoopAndMerge/MergeOnNumericResponse(?:\?.*)?")


@dataclass(frozen=True)
class Loop:
    """One pass of a looped block: its number stands before what it asks; `fields` as written, by their number."""

    number: str
    fields: Mapping[str, str]
    questions: frozenset[str]

    def key(self, question: str) -> str:
        """How the pass's answer to one of its questions is called."""
        return f"{self.number}_{question}"


@dataclass
class Quota:
    """A quota and how many have met it so far."""

    id: str
    name: str
    limit: int
    raw: Raw = field(repr=False)
    count: int = 0


@dataclass(frozen=True)
class Reading:
    """What surrounds the part that is read."""

    survey: Survey
    account: Account
    quotas: Mapping[str, Quota] = field(default_factory=dict)
    looped: frozenset[str] = frozenset()
    loop: Loop | None = None

    def within(self, loop: Loop) -> Reading:
        return replace(self, loop=loop)

    def outside(self) -> Reading:
        return replace(self, loop=None)

    def question(self, number: str) -> Question | None:
        """The question of an id, or, with `#`, a part of one that sets several beside each other."""
        asked, part = self.survey.questions.get(number.partition("#")[0]), "#" in number
        return next((each for each in asked.parts if each.id == number), None) if asked and part else asked

    def key(self, question: str, number: str | None = None) -> str | None:
        """How the answer to a question is called here; None when it could be that of any of several loops."""
        asked = question.partition("#")[0]
        if number:
            return f"{number}_{question}"
        if self.loop is not None and asked in self.loop.questions:
            return self.loop.key(question)
        return None if asked in self.looped else question


def loops_of(survey: Survey, block: Block) -> list[Loop]:
    """The passes of a looped block, in order; none for a block that is not looped, or in a way that is not known."""
    return list(_loops(survey, block))


def _loops(survey: Survey, block: Block) -> Iterator[Loop]:
    questions = frozenset(block.questions)
    if block.looping == "Static":
        for number, fields in block.loops.items():
            yield Loop(number, fields, questions)
    static = numbered(mapping(block.options.get("LoopingOptions")).get("Static"))
    if (counted := loop_count(survey, block)) and counted not in questions:
        for number, fields in static.items():
            yield Loop(number, {key: str(each) for key, each in numbered(fields).items()}, questions)
    source = loop_source(survey, block)
    if source is None or source[0] in questions:
        return
    for choice in with_carried(survey, survey.questions[source[0]]).choices:
        more = {str(key): str(value) for key, value in mapping(static.get(choice.id)).items()}
        yield Loop(choice.id, {"1": choice.text, **more}, questions)


def loop_count(survey: Survey, block: Block) -> str:
    """The question whose typed number says how often a block loops; empty for none."""
    found = _COUNT.fullmatch(str(mapping(block.options.get("LoopingOptions")).get("Locator")))
    return found[1] if found and block.looping == "Question" and found[1] in survey.questions else ""


def loop_source(survey: Survey, block: Block) -> tuple[str, str] | None:
    """The question over whose choices a block loops, and over which of them."""
    options = mapping(block.options.get("LoopingOptions"))
    found = choice_group(options.get("Locator") or options.get("ChoiceGroupLocator"))
    known = found is not None and found[0] in survey.questions and found[1] in CHOICES
    return found if block.looping == "Question" and known else None


def looped_questions(survey: Survey) -> frozenset[str]:
    """The questions of all blocks that are looped."""
    return frozenset(each for block in survey.blocks.values() if loops_of(survey, block) for each in block.questions)

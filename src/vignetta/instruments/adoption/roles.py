"""What the questions of a survey are in its experiment, as far as the survey itself says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from vignetta.instruments.adoption.measuring import measure_of
from vignetta.instruments.adoption.recognising import FoundFactor, Recognised, slot_of_tag
from vignetta.instruments.review.lint_flow import shows_drawn
from vignetta.instruments.running.visits import form
from vignetta.instruments.survey import BlockNode, BranchNode, EndNode, Question
from vignetta.instruments.tracing import Stand

_CHOSEN: Final = re.compile(r"q://(QID[^/]+)/SelectableChoice/(\w+)")
_RECALL: Final = "recall_"
_QUOTED: Final = re.compile('["\u201c\u00ab\u201e](.+?)["\u201d\u00bb\u201c]')


@dataclass(frozen=True)
class FoundConsent:
    """The question that ends the survey for those who decline, and what these read last."""

    question: Question
    agree: str
    decline: str
    farewell: Question | None


@dataclass(frozen=True)
class FoundOutcome:
    """A question after the vignette, by task and profile. `sides` says that it chooses between profiles."""

    name: str
    asked: Mapping[tuple[int, int], Question]
    sides: bool

    @property
    def first(self) -> Question:
        return self.asked[min(self.asked)]


@dataclass(frozen=True)
class Roles:
    """The roles of the questions that are shown."""

    found: Recognised

    @cached_property
    def reading(self) -> tuple[Question, ...]:
        """The questions in which something drawn is read, in the order of the survey."""
        return tuple(self.found.trace.shown[each] for each in shows_drawn(self.found.trace))

    @cached_property
    def _starts(self) -> tuple[Stand, ...]:
        """The places from which on something drawn is known."""
        trace = self.found.trace
        read = [stand for each in self.reading for stand in trace.stands[each.id]]
        names = {name for each in self.found.factors for name in each.fields.values()}
        return tuple(read or [each.stand for name in names for each in trace.settings[name] if each.value is not None])

    def _follows(self, question: Question) -> bool:
        stands = self.found.trace.stands[question.id]
        return any(here.relation(each) in ("after", "same") for here in stands for each in self._starts)

    @cached_property
    def consent(self) -> FoundConsent | None:
        trace = self.found.trace
        for node in (each for each, _ in trace.steps if isinstance(each, BranchNode)):
            tests = [test for each in trace.conditions if each.place.id == node.id for test in each.tests]
            chosen = _CHOSEN.fullmatch(str(tests[0].get("LeftOperand", ""))) if len(tests) == 1 else None
            ends = any(isinstance(each, EndNode) for each in node.children)
            question = trace.shown.get(chosen[1]) if chosen and ends else None
            if question is None or chosen is None or form(question) != "single" or len(question.choices) != 2:
                continue
            ids = [each.id for each in question.choices]
            other = next((each for each in ids if each != chosen[2]), "") if chosen[2] in ids else ""
            sides = {"Selected": (other, chosen[2]), "NotSelected": (chosen[2], other)}
            agree, decline = sides.get(str(tests[0].get("Operator")), ("", ""))
            if agree and decline and not self._follows(question):
                return FoundConsent(question, agree, decline, self._farewell(node))
        return None

    def _farewell(self, node: BranchNode) -> Question | None:
        survey = self.found.trace.survey
        blocks = [survey.blocks.get(each.block) for each in node.children if isinstance(each, BlockNode)]
        shown = [survey.questions[number] for block in blocks if block for number in block.questions]
        return next((each for each in shown if each.type == "DB"), None)

    @cached_property
    def recall(self) -> Mapping[str, tuple[FoundFactor, Question]]:
        """The recall checks by the question's id: each lists a factor's levels and one answer more."""
        asked = ((self._recalled.get(each.tag), each) for each in self.found.trace.shown.values())
        read = ((factor, each) for factor, each in asked if factor is not None and factor.ordered)
        return {each.id: (factor, each) for factor, each in read if len(each.choices) == len(factor.levels) + 1}

    @cached_property
    def _recalled(self) -> Mapping[str, FoundFactor]:
        """The factors by the export tag that a recall check has in surveys built here."""
        return {f"{_RECALL}{each.name}": each for each in self.found.factors}

    @cached_property
    def attention(self) -> tuple[Question, str] | None:
        """A question before the vignette whose words quote one of its answers, with that answer's id."""
        for question in self._before:
            quoted = {each.strip(" .,").casefold() for each in _QUOTED.findall(question.plain)}
            named = [each.id for each in question.choices if each.plain.casefold() in quoted]
            if len(named) == 1 and form(question) == "single":
                return question, named[0]
        return None

    @cached_property
    def _before(self) -> tuple[Question, ...]:
        consent = self.consent.question.id if self.consent else ""
        return tuple(each for each in self._askable() if each.id != consent and not self._follows(each))

    @cached_property
    def covariates(self) -> tuple[Question, ...]:
        """Choices and numbers asked before the vignette."""
        check = self.attention[0].id if self.attention else ""
        return tuple(each for each in self._before if each.id != check)

    def _askable(self) -> Iterator[Question]:
        for each in self.found.trace.shown.values():
            number = each.type == "TE" and each.validation.get("ContentType") == "ValidNumber"
            if number or (form(each) == "single" and len(each.choices) > 1):
                yield each

    @cached_property
    def outcomes(self) -> tuple[FoundOutcome, ...]:
        """Ratings, choices, sliders, matrices and texts after the vignette that are no recall checks."""
        grouped: dict[str, dict[tuple[int, int], Question]] = {}
        for each in self.found.trace.shown.values() if self.found.factors else ():
            measure = measure_of(each)
            if measure and each.tag not in self._recalled and self._follows(each):
                name, slot = slot_of_tag(each, self.found.tasks)
                asked = grouped.setdefault(name.strip() or each.id, {})
                if measure == measure_of(next(iter(asked.values()), each)):
                    asked[slot] = each
        return tuple(self._outcome(name, asked) for name, asked in grouped.items())

    def _outcome(self, name: str, asked: dict[tuple[int, int], Question]) -> FoundOutcome:
        profiles = self.found.profiles
        chosen = all(measure_of(q) == "rating" and len(q.choices) == profiles for q in asked.values())
        return FoundOutcome(name, asked, profiles > 1 and chosen and not any(profile for _, profile in asked))

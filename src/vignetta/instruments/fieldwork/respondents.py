"""Made-up respondents: who they are, and how they answer.

Everything that comes from here is synthetic: it says how a study would work, and nothing about people.
"""

from bisect import bisect
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Final, Literal

import numpy as np

from vignetta.declared import words
from vignetta.design.asked import AttentionCheck, Covariate, Outcome
from vignetta.design.declaration import Design, Factor
from vignetta.errors import Problem, StudyError, near_miss
from vignetta.instruments.fieldwork.simulation import Simulation
from vignetta.instruments.fieldwork.truth import covariate_distribution, latent_mean, shift_of
from vignetta.instruments.naming import (
    ATTENTION,
    CONSENT,
    WHOLE,
    Slot,
    factor_field,
    outcome_slots,
    outcome_tag,
    recall_tag,
    slot_of,
)
from vignetta.instruments.running.random_answers import random_answer
from vignetta.instruments.running.visits import Answer, Policy, State
from vignetta.instruments.survey import Question

Traits = Mapping[str, str]
"""A person's answer to each covariate question: an option's name, or a whole number in digits."""
Conduct = Literal["attentive", "random", "inattentive", "declines"]
"""attentive: answers by the model. random: answers at random. inattentive: at random, and fails the attention check.
declines: does not consent."""

SIMULATED: Final = "simulated"


def draw_people(simulation: Simulation, design: Design, *, n: int, generator: np.random.Generator) -> list[Traits]:
    """`n` people, each with an answer to every covariate question, drawn independently."""
    drawn = {}
    for name, covariate in design.covariates.items():
        answers, shares = covariate_distribution(simulation.covariates[name], covariate)
        drawn[name] = [answers[each] for each in generator.choice(len(answers), size=n, p=shares)]
    return [dict(zip(drawn, each, strict=True)) for each in zip(*drawn.values(), strict=True)] or [{} for _ in range(n)]


Reply = Callable[[Question, State, Traits, Conduct], Answer]


class Answering:
    """How the people of a simulation answer the questions of its study.

    Each question is known by its tag, each of its choices by the words that the respondent reads, and the levels of
    the vignette by the embedded fields that the instrument has set. Questions that are not the study's own are answered
    at random.

    Parameters
    ----------
    language
        The language in which the survey asks; the study's main one when left out.
    """

    def __init__(self, simulation: Simulation, design: Design, *, language: str = "") -> None:
        self.simulation, self.design = simulation, design
        self.language = language if language in design.languages else design.language
        self._choices: dict[str, dict[str, str]] = {}
        self._replies: dict[str, Reply] = {CONSENT: self._consent}
        checks = {} if design.attention is None else {ATTENTION: design.attention}
        checks |= design.checks
        self._replies |= {name: self._check(each) for name, each in checks.items()}
        self._kept = {CONSENT, *checks}
        for covariate in design.covariates.values():
            self._replies[covariate.column or covariate.name] = self._trait(covariate)
        for outcome in design.outcomes.values():
            for slot in outcome_slots(design, outcome):
                if reply := self._reply(outcome, slot):
                    self._replies[outcome_tag(outcome, slot)] = reply
        for factor in design.factors.values():
            self._replies[recall_tag(factor)] = self._recall(factor)

    def _reply(self, outcome: Outcome, slot: Slot) -> Reply | None:
        """How an outcome's question is answered; a text is answered as any other that is not of the study."""
        if outcome.kind == "text":
            return None
        if outcome.kind == "choice":
            return self._preference(outcome, slot)
        if outcome.kind == "rating":
            return self._rating(outcome, slot)
        return self._rows([self._point(each, slot) for each in outcome.measured().values()])

    def policy(self, person: Traits, conduct: Conduct) -> Policy:
        """The answers of one person."""

        def answer(question: Question, state: State) -> Answer | None:
            tag = question.tag
            reply = self._replies.get(tag)
            if reply is None or (conduct != "attentive" and tag not in self._kept):
                return random_answer(question, state)
            return reply(question, state, person, conduct)

        return answer

    def _choice(self, question: Question, text: str) -> str:
        """The id of the choice with these words. Raises `StudyError` when the survey offers no such choice."""
        known = self._choices.get(question.id)
        if known is None:
            known = self._choices[question.id] = {each.plain: each.id for each in question.choices}
        if text not in known:
            what = f"the survey offers no answer `{text}` here."
            raise StudyError(Problem(question.tag, what, "It was built from another design: `vignetta build`."))
        return known[text]

    def _words(self, text: Mapping[str, str]) -> str:
        return " ".join(words(text, self.language).split())

    def _consent(self, question: Question, state: State, person: Traits, conduct: Conduct) -> str:
        if self.design.consent is None:
            return str(random_answer(question, state))
        declared = self.design.consent
        return self._choice(question, self._words(declared.decline if conduct == "declines" else declared.agree))

    def _check(self, check: AttentionCheck) -> Reply:
        right = self._words(next(each for each in check.options if each.name == check.correct).text)

        def reply(question: Question, state: State, person: Traits, conduct: Conduct) -> str:
            if conduct == "random":
                return str(random_answer(question, state))
            chosen = self._choice(question, right)
            return chosen if conduct == "attentive" else _other(question, chosen, state)

        return reply

    def _trait(self, covariate: Covariate) -> Reply:
        texts = {each.name: self._words(each.text) for each in covariate.options}

        def reply(question: Question, state: State, person: Traits, conduct: Conduct) -> str:
            own = person[covariate.name]
            return self._choice(question, texts[own]) if texts else own

        return reply

    def _recall(self, factor: Factor) -> Reply:
        read, labels = self._reader(factor), {each.name: self._words(each.label) for each in factor.levels}
        share = self.simulation.fieldwork.recall

        def reply(question: Question, state: State, person: Traits, conduct: Conduct) -> str:
            right = self._choice(question, labels[read(state)])
            return right if state.generator.random() < share else _other(question, right, state)

        return reply

    def _reader(self, factor: Factor, slot: Slot = WHOLE) -> Callable[[State], str]:
        """What tells the level that the instrument has set."""
        name = factor_field(factor, slot_of(self.design, factor, slot))
        levels = {each.export_code: each.name for each in factor.levels}

        def read(state: State) -> str:
            code = state.embedded.get(name, "")
            if code not in levels:
                what = f"the survey set the embedded field to `{code}`, which is no level."
                raise StudyError(Problem(name, what, near_miss(code, levels)))
            return levels[code]

        return read

    def _opinion_on(self, outcome: Outcome, slot: Slot) -> Callable[[State, Traits], float]:
        """What a person thinks of the vignette or profile at a slot: a normal number around the declared mean."""
        opinion = self.simulation.outcomes[outcome.name]
        readers = {name: self._reader(factor, slot) for name, factor in self.design.factors.items()}
        constants: dict[tuple[str, ...], float] = {}

        def latent(state: State, person: Traits) -> float:
            levels = tuple(read(state) for read in readers.values())
            if levels not in constants:
                constants[levels] = latent_mean(opinion, dict(zip(readers, levels, strict=True)))
            shifts = (shift_of(self.simulation, opinion, name, own) for name, own in person.items())
            return float(constants[levels] + sum(shifts) + opinion.sd * state.generator.standard_normal())

        return latent

    def _point(self, outcome: Outcome, slot: Slot) -> Callable[[State, Traits], str]:
        """The words of the point nearest to what a person thinks; of a slider, which has no points, the number."""
        latent = self._opinion_on(outcome, slot)
        texts = [self._words(each.text) for each in outcome.scale] or [f"{each:.12g}" for each in outcome.values]
        scale = sorted(zip(outcome.values, texts, strict=True))
        borders = [(low + high) / 2 for (low, _), (high, _) in pairwise(scale)]
        return lambda state, person: scale[bisect(borders, latent(state, person))][1]

    def _rating(self, outcome: Outcome, slot: Slot) -> Reply:
        point = self._point(outcome, slot)

        def reply(question: Question, state: State, person: Traits, conduct: Conduct) -> str:
            return self._choice(question, point(state, person))

        return reply

    def _rows(self, points: Sequence[Callable[[State, Traits], str]]) -> Reply:
        """Of a matrix an answer to each statement, of a slider the number."""

        def reply(question: Question, state: State, person: Traits, conduct: Conduct) -> Answer:
            told = [point(state, person) for point in points]
            columns = {each.plain: each.id for each in question.answers}
            rows = (each.id for each in question.choices)
            return {row: columns.get(each, each) for row, each in zip(rows, told, strict=True)}

        return reply

    def _preference(self, outcome: Outcome, slot: Slot) -> Reply:
        """The profile that the person thinks most of."""
        labels = [self._words(each) for each in self.design.profile_labels]
        latents = [self._opinion_on(outcome, (slot[0], side)) for side in range(1, self.design.profiles + 1)]

        def reply(question: Question, state: State, person: Traits, conduct: Conduct) -> str:
            found = [latent(state, person) for latent in latents]
            return self._choice(question, labels[found.index(max(found))])

        return reply


def _other(question: Question, right: str, state: State) -> str:
    others = [each.id for each in question.choices if each.id != right]
    return others[int(len(others) * state.generator.random())]

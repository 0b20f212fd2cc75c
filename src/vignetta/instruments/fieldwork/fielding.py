"""Simulated fieldwork: made-up respondents take a survey, and their responses are exported.

Every response carries the embedded field `data_source` with the value `simulated`; nothing here is data on people.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import pandas as pd

from vignetta.design.declaration import Design
from vignetta.instruments.fieldwork.exporting import Values, export_csv
from vignetta.instruments.fieldwork.respondents import SIMULATED, Answering, Conduct, Traits, draw_people
from vignetta.instruments.fieldwork.simulation import Simulation
from vignetta.instruments.fieldwork.truth import true_means
from vignetta.instruments.naming import DATA_SOURCE, SAMPLE, SCORE
from vignetta.instruments.running.runtime import Runtime
from vignetta.instruments.running.sessions import Session
from vignetta.instruments.running.visits import Respondent, Stubbed
from vignetta.instruments.survey import Survey

LONGEST: Final = 3000.0
"""No visit takes longer, in seconds; second visits begin after it."""
COMES_BACK: Final = timedelta(hours=1)
"""The shortest time between the first visit of somebody who comes back and the second."""
_SPREAD: Final = 0.35
"""Standard deviation of the logarithm of durations."""
_ID: Final = 24
"""The length of made-up ids of a panel."""
_NETWORKS: Final = ("192.0.2", "198.51.100", "203.0.113")
"""Addresses reserved for documentation (RFC 5737); 2001:db8::/32 (RFC 3849) follows when they are used up."""


@dataclass(frozen=True, eq=False)
class Simulated:
    """A simulated sample.

    `export` is the text of a Qualtrics export; `truth` the frame of `true_means`; `stubbed` what the survey asks for
    and the simulation did not do; `note` says in words that all of it is invented.
    """

    export: str
    truth: pd.DataFrame
    stubbed: tuple[Stubbed, ...]
    note: str


def simulate(
    survey: Survey, design: Design, simulation: Simulation, *, seed: int | None = None, values: Values = "codes"
) -> Simulated:
    """Send made-up respondents through a survey and export their responses.

    The sample holds exactly `design.sample_size` respondents who finish, attend and do not hurry, once each, and on
    top of them what the simulation's fieldwork declares.

    Parameters
    ----------
    seed
        The simulation's own when left out. The same seed gives the same bytes.
    """
    generator = np.random.default_rng(simulation.seed if seed is None else seed)
    runtime = Runtime(survey)
    sessions = field_sessions(runtime, design, simulation=simulation, generator=generator)
    zone = simulation.fieldwork.time_zone
    export = export_csv(survey, sessions, generator, values=values, time_zone=zone)
    return Simulated(export, true_means(simulation, design), runtime.stubbed, simulation.note)


@dataclass(frozen=True)
class _Participant:
    started: datetime
    ip_address: str
    traits: Traits
    conduct: Conduct = "attentive"
    hurries: bool = False
    leaves_at: int | None = None
    preview: bool = False
    sample: str = ""

    @property
    def is_sound(self) -> bool:
        return self.conduct == "attentive" and self.leaves_at is None


def field_sessions(
    runtime: Runtime, design: Design, *, simulation: Simulation, generator: np.random.Generator
) -> list[Session]:
    """The sessions of a simulated fieldwork, in the order in which they began."""
    answering = Answering(simulation, design, language=runtime.survey.language)
    efforts = {each.id: 2 + 0.3 * len(each.plain.split()) for each in runtime.survey.questions.values()}
    people = _participants(runtime, design, simulation, generator)
    return [_session(runtime, each, answering, efforts, generator) for each in people]


def _participants(
    runtime: Runtime, design: Design, simulation: Simulation, generator: np.random.Generator
) -> list[_Participant]:
    field = simulation.fieldwork
    counts = {"sound": design.sample_size, "declines": field.declined, "partial": field.partials}
    counts |= {"speeder": field.speeders, "inattentive": field.inattentive}
    kinds = [kind for kind, count in counts.items() for _ in range(count)]
    gaps = generator.exponential(3600 / field.per_hour, len(kinds)).cumsum()
    people = draw_people(simulation, design, n=len(kinds), generator=generator)
    addresses = _addresses(len(kinds) + 1, generator)
    leaves = (1 + generator.integers(0, runtime.pages, len(kinds))).tolist()
    arrived = [
        _participant(kinds[kind], field.start + timedelta(seconds=int(gap)), address, traits, page)
        for kind, gap, address, traits, page in zip(
            *(generator.permutation(len(kinds)), gaps, addresses[1:], people, leaves), strict=True
        )
    ]
    if design.samples:
        arrived = _in_samples(arrived, design, generator)
    sound = [each for each in arrived if each.is_sound]
    again = [_again(sound[each], generator) for each in generator.permutation(len(sound))[: field.duplicates]]
    previews = [_preview(field.start, addresses[0], generator) for _ in range(field.previews)]
    return sorted([*previews, *arrived, *again], key=lambda each: each.started)


def _in_samples(people: list[_Participant], design: Design, generator: np.random.Generator) -> list[_Participant]:
    """The people with their samples: as many as planned of those who count, the others in proportion."""
    names, sizes = list(design.samples), [each.size for each in design.samples.values()]
    planned = iter(generator.permutation(np.repeat(np.arange(len(names)), sizes)).tolist())
    others = generator.choice(len(names), len(people), p=np.array(sizes) / sum(sizes)).tolist()
    return [
        replace(each, sample=names[next(planned) if each.is_sound else other])
        for each, other in zip(people, others, strict=True)
    ]


_CONDUCTS: Final[Mapping[str, Conduct]] = {
    "declines": "declines",
    "speeder": "random",
    "inattentive": "inattentive",
}


def _participant(kind: str, started: datetime, address: str, traits: Traits, page: int) -> _Participant:
    conduct, leaves_at = _CONDUCTS.get(kind, "attentive"), page if kind == "partial" else None
    return _Participant(started, address, traits, conduct, hurries=kind == "speeder", leaves_at=leaves_at)


def _again(first: _Participant, generator: np.random.Generator) -> _Participant:
    later = COMES_BACK + timedelta(seconds=int(generator.exponential(24 * 3600)))
    return replace(first, started=first.started + later)


def _preview(opening: datetime, address: str, generator: np.random.Generator) -> _Participant:
    earlier = timedelta(seconds=int(LONGEST + generator.exponential(24 * 3600)))
    return _Participant(opening - earlier, address, {}, conduct="random", preview=True)


def _addresses(n: int, generator: np.random.Generator) -> list[str]:
    hosts = [f"{network}.{host}" for network in _NETWORKS for host in range(1, 255)][:n]
    hosts += [f"2001:db8::{1 + place // 0x10000:x}:{place % 0x10000:x}" for place in range(n - len(hosts))]
    return [hosts[each] for each in generator.permutation(n)]


def _session(
    runtime: Runtime,
    person: _Participant,
    answering: Answering,
    efforts: Mapping[str, float],
    generator: np.random.Generator,
) -> Session:
    policy = answering.policy(person.traits, person.conduct)
    link = {DATA_SOURCE: SIMULATED} | ({SAMPLE: person.sample} if person.sample else {})
    link |= {} if person.preview else _identified(answering.design, person.ip_address)
    respondent = Respondent(policy, link, person.leaves_at)
    visit = runtime.run(respondent, generator)
    if person.leaves_at and visit.finished:
        visit = runtime.run(replace(respondent, leaves_at=len(visit.pages)), generator)
    effort = np.array([sum(efforts[each] for each in page) for page in visit.pages])
    total = _total_seconds(person, answering.simulation, generator)
    if person.leaves_at or person.conduct == "declines":
        total *= min(1.0, effort.sum() / sum(efforts.values()))
    weight = effort * generator.gamma(4, size=len(effort))
    seconds = tuple((total * weight / weight.sum()).tolist()) if len(effort) else ()
    return Session(visit, person.started, seconds, person.ip_address, person.preview)


def _identified(design: Design, address: str) -> dict[str, str]:
    """What tells of who answers: a score, and a panel's ids, made of the address so that who comes again has them."""
    names = design.panel.link if design.panel else ()
    score = {SCORE: "0.9"} if design.options.captcha_score else {}
    return score | {name: hashlib.sha256(f"{name}/{address}".encode()).hexdigest()[:_ID] for name in names}


def _total_seconds(person: _Participant, simulation: Simulation, generator: np.random.Generator) -> float:
    field = simulation.fieldwork
    if person.hurries:
        return float(field.speeding_below * generator.uniform(0.4, 0.98))
    drawn = field.seconds * float(np.exp(_SPREAD * generator.standard_normal()))
    return min(max(drawn, field.at_least + 1), max(LONGEST, field.at_least + 1))

"""Whether a built instrument draws what its design declares, and gives each level its words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from math import prod
from typing import Final

import numpy as np

from vignetta.design.assigning.universe import Floats
from vignetta.design.declaration import Design
from vignetta.errors import Problem
from vignetta.instruments.naming import DESIGN_HASH, SAMPLE, Slot, slot_of, slots
from vignetta.instruments.survey import EmbeddedDataNode, Survey, walk
from vignetta.instruments.tracing import field_of, sources
from vignetta.instruments.verification.comparisons import FALSE_ALARMS, Compared, Comparison, Placed, WhereSet, name_of
from vignetta.instruments.verification.contents import Contents, composed_fields, drawn_fields, placed, read_fields
from vignetta.instruments.verification.draws import Draws, Told
from vignetta.instruments.verification.enumerating import Enumerated, Values
from vignetta.instruments.verification.promised import Promised
from vignetta.instruments.writing.building import build, design_hash

RESPONDENTS: Final = 100_000
"""So many are sent through the survey where shares cannot be computed."""


@dataclass(frozen=True)
class Verification:
    """What a verification compared, and every deviation.

    Attributes
    ----------
    compared : what was compared with the design, and how, in words.
    deviations : each with its field, what was expected and found, and what to do.
    """

    compared: tuple[str, ...]
    deviations: tuple[Problem, ...]

    def __bool__(self) -> bool:
        """Whether nothing deviates."""
        return not self.deviations

    def __str__(self) -> str:
        found = [f"- {each}" for each in self.deviations] or ["- none"]
        lines = [f"- {each}" for each in self.compared]
        return "\n".join(["What this survey gives, beside what the design declares", *lines, "Deviations", *found, ""])


def verify(
    survey: Survey,
    design: Design,
    *,
    language: str = "",
    respondents: int = RESPONDENTS,
    seed: int | None = None,
    exactly: bool = True,
) -> Verification:
    """Compare what a survey's flow gives its respondents with what the design declares.

    Levels, pairs of levels (within a profile, across profiles and tasks), vignettes and decks are compared with their
    declared probabilities, in every combination of answers that branches ask for; so are the words of levels, and what
    is put together from them. Probabilities are computed from the flow: a randomizer gives each child equally often.
    Where there are too many ways through it, respondents are sent through the runtime instead, and every share is
    tested by an exact binomial test; over all of them a right instrument is blamed with a probability of at most
    1 in 10,000.

    Parameters
    ----------
    survey
        As it was built, or read back from Qualtrics.
    language
        The only language of the survey, if it was built in one of several.
    respondents
        For Monte Carlo.
    seed
        For Monte Carlo; the design's when left out.
    exactly
        False compares everything by Monte Carlo.

    Examples
    --------
    >>> import vignetta as vg
    >>> study = vg.load("path/to/study")  # doctest: +SKIP
    >>> print(vg.verify(study.instrument, study.design))  # doctest: +SKIP
    """
    known_as = design_hash(design)
    design = design.model_copy(update={"languages": (language,)}) if language else design
    link = {SAMPLE: list(design.samples)} if design.samples else {}
    flow = Enumerated(survey, frozenset(read_fields(design)), link)
    seed = design.seed if seed is None else seed
    draws = Draws(flow, drawn_fields(design), composed_fields(design), respondents, seed, exactly=exactly)
    return _Verifier(survey, design, known_as, draws).verification()


@dataclass
class _Verifier:
    survey: Survey
    design: Design
    known_as: str
    draws: Draws
    compared: Compared = field(default_factory=Compared)

    def verification(self) -> Verification:
        """Everything that is compared."""
        if not any(True for _ in self._readers()):
            what = "no respondent comes to a page that shows a vignette."
            remedy = "Look whether its blocks are in the flow, or run `vignetta build`."
            return Verification((), (Problem("flow", what, remedy),))
        contents = Contents(self.design, self.draws)
        about = [*self._about_the_whole(), *self._about_pages(), *contents.problems()]
        self._compare_levels()
        for slot in self._response_slots:
            self._compare_within(slot)
        self._compare_across()
        self.compared.named += contents.shares
        shares = list(self.compared.problems(self._where_set))
        return Verification((*self._in_words(), *contents.compared), tuple(dict.fromkeys([*about, *shares])))

    def _readers(self) -> Iterator[object]:
        if self.draws.can_enumerate:
            yield from self.draws.situations
        elif self.draws.sample.n:
            yield self.draws.sample

    def _about_the_whole(self) -> Iterator[Problem]:
        given = {each.value for node in self._setting for each in node.fields if each.name == DESIGN_HASH}
        if self.known_as not in given:
            others = ", ".join(map(str, given)) or "none"
            what = f"the survey was built from another design: {others} is not {self.known_as}."
            yield Problem(DESIGN_HASH, what, "Run `vignetta build`, or use the study.yaml that it was built from.")
        for whose, share in self.draws.dropped() if self.draws.can_enumerate else ():
            about = f" of those with {whose}" if whose else ""
            what = f"{100 * share:.3g}%{about} read a vignette, by chance or by what they drew."
            yield Problem("flow", what, "Everybody who takes part should: look at the randomizers around its pages.")

    def _about_pages(self) -> Iterator[Problem]:
        """Questions that do not show the fields of levels that they should."""
        expected = _shown_by(build(self.design), self.draws.flow.shown)
        found = _shown_by(self.survey, self.draws.flow.shown)
        for tag, names in expected.items():
            lacking, more = sorted(names - found.get(tag, set())), sorted(found.get(tag, set()) - names)
            if lacking:
                what = f"it does not show {_listed(lacking)}" + (f", but {_listed(more)}" if more else "")
                yield Problem(tag, f"{what}.", "Put the fields into the question's text, or run `vignetta build`.")
            elif more:
                yield Problem(tag, f"it shows {_listed(more)} too.", "Take the fields out, or run `vignetta build`.")

    # ---------------------------------------------------------------------------------------------------- the shares

    @cached_property
    def _promised(self) -> Promised:
        return Promised(self.design)

    @cached_property
    def _placed(self) -> list[Placed]:
        """Every factor at every slot that it is drawn for."""
        return placed(self.design)

    @cached_property
    def _response_slots(self) -> list[Slot]:
        return slots(self.design, "profile")

    def _compare_levels(self) -> None:
        for each in self._placed:
            expected = self._promised.joint([each[0].name], each[1])
            for told in self.draws.shares([name_of(each)]):
                found = _dense([each], told)
                self._add("levels", (each,), np.append(expected, 0.0), found, told)

    def _compare_within(self, slot: Slot) -> None:
        """Pairs of levels of one profile, and whole vignettes where they are few enough."""
        here = [(each, slot_of(self.design, each, slot)) for each in self.design.factors.values()]
        for pair in combinations(here, 2):
            if slot == self._first_slot_of(pair):
                self._compare("pairs of levels", pair, self._promised.joint([each.name for each, _ in pair], slot))
        if len(here) > 2 and self._promised.has_cells:
            self._compare("vignettes", tuple(here), self._promised.joint([each.name for each, _ in here], slot))

    def _first_slot_of(self, pair: tuple[Placed, ...]) -> Slot:
        """The first slot at which these fields are read: pairs of shared levels are compared once."""
        among = (
            slot
            for slot in self._response_slots
            if all(slot_of(self.design, factor, slot) == own for factor, own in pair)
        )
        return next(among)

    def _compare_across(self) -> None:
        """Pairs of levels of different profiles and tasks."""
        for pair in combinations(self._placed, 2):
            (one, here), (other, there) = pair
            if _apart(here, there):
                self._compare(
                    "pairs of levels across tasks and profiles",
                    pair,
                    self._promised.across((one.name, here), (other.name, there)),
                )

    def _compare(self, what: str, of: tuple[Placed, ...], expected: Floats) -> None:
        for told in self.draws.shares([name_of(each) for each in of]):
            known = tuple(slice(len(each.levels)) for each, _ in of)
            self._add(what, of, expected, _dense(of, told)[known], told)

    def _add(self, what: str, of: tuple[Placed, ...], expected: Floats, found: Floats, told: Told) -> None:
        self.compared.comparisons.append(Comparison(what, of, expected, found, told.n, told.whose))

    # ------------------------------------------------------------------------------------------------------ in words

    @property
    def _setting(self) -> Iterator[EmbeddedDataNode]:
        return (each for each in walk(self.survey.flow) if isinstance(each, EmbeddedDataNode))

    @cached_property
    def _where_set(self) -> WhereSet:
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for node in self._setting:
            for each in node.fields:
                found[each.name, each.value or ""].append(node.id)
        return WhereSet(found)

    def _in_words(self) -> Iterator[str]:
        counts: Counter[tuple[int, str]] = Counter()
        for each in self.compared.comparisons:
            counts[each.n, each.what] += prod(each.expected.shape) - (len(each.of) == 1)
        for n in sorted({n for n, _ in counts}):
            how = f"By Monte Carlo, {n:,} respondents" if n else "Exactly, computed from the flow"
            yield f"{how}: {', '.join(f'{count:,} {what}' for (own, what), count in counts.items() if own == n)}"
        situations = len(self.draws.situations) if self.draws.can_enumerate else 1
        if situations > 1:
            yield f"All of this for each of the {situations} combinations of answers and links that branches ask for"
        if self.compared.sampled:
            yield (
                f"Each of the {self.compared.sampled:,} shares by Monte Carlo is tested by an exact binomial test at "
                f"{FALSE_ALARMS:g} / {self.compared.sampled:,}: a right survey is blamed with a probability of at most "
                f"{FALSE_ALARMS:g}."
            )
        if not self._promised.has_cells:
            yield "Vignettes are too many to be compared one by one: levels and pairs are."


def _shown_by(survey: Survey, fields: frozenset[str]) -> dict[str, set[str]]:
    """For each question, by its tag, which of the fields it shows."""
    shown: dict[str, set[str]] = {}
    for each in survey.live_questions:
        named = {field_of(source) for source in sources(each.raw)} & fields
        if named:
            shown.setdefault(each.tag, set()).update(named)
    return shown


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{each}`" for each in names)


def _apart(here: Slot, there: Slot) -> bool:
    """Whether two slots are of different tasks, or of different profiles of a task."""
    return any(one and other and one != other for one, other in zip(here, there, strict=True))


def _dense(of: tuple[Placed, ...] | list[Placed], told: Told) -> Floats:
    """Shares with one axis per field; the last place of each is that of any value that is no level's code."""
    places = {name_of(each): place for place, each in enumerate(of)}
    order = [places[name] for fields, _ in told.parts for name in fields]
    whole: Floats = np.ones(())
    for fields, table in told.parts:
        whole = np.multiply.outer(whole, _part([of[places[name]] for name in fields], table))
    return np.transpose(whole, np.argsort(order))


def _part(of: list[Placed], table: Mapping[Values, float]) -> Floats:
    codes = [{level.export_code: place for place, level in enumerate(factor.levels)} for factor, _ in of]
    found = np.zeros([len(each) + 1 for each in codes])
    for values, share in table.items():
        found[tuple(each.get(value or "", len(each)) for each, value in zip(codes, values, strict=True))] += share
    return found

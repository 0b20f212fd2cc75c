"""What the fields of an instrument hold beside the codes of levels: words, phrases, decks, vignettes, the order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import Final

from vignetta.declared import words
from vignetta.design.assigning.decking import decked
from vignetta.design.assigning.universe import universe_of
from vignetta.design.declaration import Design, Factor
from vignetta.design.texts.wording import Segment
from vignetta.errors import Problem, listed
from vignetta.instruments.hypertext import escaped, inline
from vignetta.instruments.naming import (
    DECK,
    ORDER,
    SAMPLE,
    VIGNETTE,
    Slot,
    ending,
    factor_field,
    phrase_field,
    rows_field,
    slot_of,
    slots,
    tasks,
    text_field,
)
from vignetta.instruments.survey import RandomizerNode, walk
from vignetta.instruments.verification.comparisons import BUILD, EXACT, Named, percent
from vignetta.instruments.verification.draws import Draws, Told
from vignetta.instruments.verification.enumerating import TooManyError, Values
from vignetta.instruments.writing.building import phrases_of
from vignetta.instruments.writing.drawing import draws_whole
from vignetta.instruments.writing.pages import Pages, prose_slots

_MOST_TOLD: Final = 5


def placed(design: Design) -> list[tuple[Factor, Slot]]:
    """Every factor at every slot for which it is drawn."""
    return [(each, slot) for each in design.factors.values() for slot in slots(design, each.varies)]


def _noted(design: Design) -> list[str]:
    return [*([DECK] if design.decks else []), *([VIGNETTE] if draws_whole(design) else [])]


def drawn_fields(design: Design) -> list[str]:
    """The fields that randomizers set."""
    levels = [name for factor, slot in placed(design) for name in _level_fields(design, factor, slot)]
    return [*_noted(design), *levels]


def _level_fields(design: Design, factor: Factor, slot: Slot) -> list[str]:
    """The field of a level's code, and those of its words in every language."""
    texts = [text_field(factor, slot) + ending(design, each) for each in design.languages]
    return [factor_field(factor, slot), *texts]


def _phrases(design: Design) -> Iterator[tuple[str, str, Segment, Slot]]:
    """Every phrase: its field, language, segment and slot."""
    for language in design.languages:
        for place, segment in phrases_of(design, language):
            for slot in prose_slots(design):
                yield phrase_field(place, slot) + ending(design, language), language, segment, slot


def composed_fields(design: Design) -> list[str]:
    """The fields that the flow puts together from what is drawn, the rows of tables aside."""
    sample = [SAMPLE] if design.samples else []
    order = [] if design.attribute_order == "fixed" else [ORDER]
    return [*sample, *order, *(name for name, *_ in _phrases(design))]


def read_fields(design: Design) -> list[str]:
    """The fields whose words a page of a vignette shows."""
    texts = [name for factor, slot in placed(design) for name in _level_fields(design, factor, slot)[1:]]
    rows = [rows_field(max(task, 1)) + ending(design, each) for task in tasks(design) for each in design.languages]
    return [*texts, *rows, *(name for name, *_ in _phrases(design))]


@dataclass
class Contents:
    """Checks what fields hold, given the codes of the levels that are drawn.

    Attributes
    ----------
    compared : what was looked at, in words.
    shares : how often decks and orders are drawn, to be compared with all others.
    """

    design: Design
    draws: Draws
    compared: list[str] = field(default_factory=list)
    shares: list[Named] = field(default_factory=list)

    def problems(self) -> Iterator[Problem]:
        """Everything that is not as declared."""
        yield from self._randomizers()
        yield from self._levels()
        yield from self._phrases()
        yield from self._numbers()
        if self.design.attribute_order != "fixed":
            yield from self._rows()
            yield from self._order()

    # ------------------------------------------------------------------------------------------------ drawn levels

    def _randomizers(self) -> Iterator[Problem]:
        """Those that draw levels: whether they show one child, and present evenly where the design says so."""
        drawn, about = set(drawn_fields(self.design)), self.draws.flow.about
        even = self.design.mechanism != "simple"
        nodes = [each for each in walk(self.draws.flow.survey.flow) if isinstance(each, RandomizerNode)]
        for node in (each for each in nodes if drawn & about.sets[id(each)]):
            sets = [drawn & about.sets[id(each)] for each in node.children]
            both = next((one & other for one, other in combinations(sets, 2) if one & other), None)
            if node.subset > 1 and both:
                what = f"it shows {node.subset} of its children, which all set `{min(both)}`: only the last counts."
                yield Problem(node.id, what, "Let the randomizer present 1 element, or run `vignetta build`.")
            if both and node.even != even:
                what = f"it presents its elements {'evenly' if node.even else 'unevenly'}"
                declared = f"{what}, and the design declares `mechanism: {self.design.mechanism}`."
                turn = "on" if even else "off"
                yield Problem(node.id, declared, f"Turn even presentation {turn}, or run `vignetta build`.")
        line = "That every randomizer of levels shows one of its elements, " + ("evenly" if even else "not evened out")
        self.compared.append(line)

    def _levels(self) -> Iterator[Problem]:
        """The words beside each code, and whether fields are set once, and before they are used."""
        seen, followed, n = 0, True, 0
        for factor, slot in placed(self.design):
            fields = _level_fields(self.design, factor, slot)
            for told in self.draws.table(fields, watched=True):
                yield from self._texts(factor, fields, told)
                yield from _passages(told)
                followed, n = followed and told.found is not None, max(n, told.n)
            seen += len(factor.levels) * (len(fields) - 1)
        self.compared.append(f"The words beside the codes of {seen:,} levels{_among(n)}")
        if followed:
            self.compared.append("That every field of a level is set once, and before it is used")

    def _texts(self, factor: Factor, fields: Sequence[str], told: Told) -> Iterator[Problem]:
        levels = {each.export_code: each for each in factor.levels}
        for values, share in told.table.items():
            level = levels.get(values[0] or "")
            if level is None:
                continue
            for name, language, text in zip(fields[1:], self.design.languages, values[1:], strict=True):
                expected = escaped(words(level.text, language)) if level.text else ""
                if (text or "") != expected:
                    what = (
                        f"beside `{fields[0]}` = `{values[0]}` stands {_quoted(text)} instead of {_quoted(expected)}, "
                        f"for {percent(share)} of respondents{_of(told)}."
                    )
                    yield Problem(name, what, BUILD)

    # ----------------------------------------------------------------------------------------- phrases and numbers

    def _phrases(self) -> Iterator[Problem]:
        seen, n = 0, 0
        for name, language, segment, slot in _phrases(self.design):
            asked = [self._field(each, slot) for each in segment.factors]
            tables = self.draws.table([name, *asked])
            n = max(n, *(each.n for each in tables))
            wrong = [
                (values, expected, share, told)
                for told in tables
                for values, share in told.table.items()
                for expected in [self._words(segment, values[1:], language)]
                if expected is not None and (values[0] or "") != expected
            ]
            for values, expected, share, told in wrong[:_MOST_TOLD]:
                given = ", ".join(f"`{f}` = `{v or ''}`" for f, v in zip(asked, values[1:], strict=True))
                what = (
                    f"with {given} it is {_quoted(values[0])} instead of {_quoted(expected)}, for {percent(share)} of "
                    f"respondents{_of(told)}."
                )
                yield Problem(name, what, "Look at the branches that set it, or run `vignetta build`.")
            if len(wrong) > _MOST_TOLD:
                yield Problem(name, f"{len(wrong) - _MOST_TOLD:,} further combinations deviate.", "As above.")
            seen += 1
        if seen:
            self.compared.append(f"The words of {seen:,} phrases beside every combination of their levels{_among(n)}")

    def _field(self, name: str, slot: Slot) -> str:
        if name == SAMPLE:
            return SAMPLE
        factor = self.design.factors[name]
        return factor_field(factor, slot_of(self.design, factor, slot))

    def _words(self, segment: Segment, codes: Values, language: str) -> str | None:
        """The words of a phrase; None for codes that no level has."""
        levels: dict[str, str] = {}
        texts: dict[str, str] = {}
        for name, code in zip(segment.factors, codes, strict=True):
            if name == SAMPLE:
                levels[name], texts[name] = code or "", ""
                continue
            found = next((each for each in self.design.factors[name].levels if each.export_code == code), None)
            if found is None:
                return None
            levels[name], texts[name] = found.name, found.words(language)
        text = segment.render(levels, texts)
        return inline(text) if text else ""

    def _numbers(self) -> Iterator[Problem]:
        """What stands beside the number of a deck or vignette, and how often each number is drawn."""
        for noted in _noted(self.design):
            promised = self._decks if noted == DECK else self._vignettes
            fields = [factor_field(*each) for each in placed(self.design)]
            for told in self.draws.table([noted, *fields]):
                yield from self._beside(noted, fields, promised, told)
            kind = "decks and what is in them" if noted == DECK else "numbers of vignettes and their levels"
            self.compared.append(f"{len(promised):,} {kind}")

    def _beside(
        self, noted: str, fields: Sequence[str], promised: Mapping[str, Sequence[str]], told: Told
    ) -> Iterator[Problem]:
        shares = dict.fromkeys(promised, 0.0)
        for (drawn, *codes), share in told.table.items():
            name = drawn or ""
            if name not in promised:
                yield Problem(noted, f"{_quoted(name)} is no number of one, for {percent(share)}{_of(told)}.", BUILD)
                continue
            shares[name] += share
            for place, (code, expected) in enumerate(zip(codes, promised[name], strict=True)):
                if (code or "") != expected:
                    what = f"in {noted} {name} it is `{code or ''}` instead of `{expected}`{_of(told)}."
                    yield Problem(fields[place], what, BUILD)
        if noted == DECK:
            names = tuple(f"deck {each}" for each in shares)
            each = (1 / len(shares),) * len(shares)
            self.shares.append(Named(noted, names, each, tuple(shares.values()), told.n, told.whose))

    @cached_property
    def _decks(self) -> dict[str, list[str]]:
        codes = universe_of(self.design).codes
        return {
            str(number): [
                factor.levels[codes[deck[max(task, 1) - 1, max(profile, 1) - 1], place]].export_code
                for place, factor in enumerate(self.design.factors.values())
                for task, profile in slots(self.design, factor.varies)
            ]
            for number, deck in enumerate(decked(self.design).decks, 1)
        }

    @cached_property
    def _vignettes(self) -> dict[str, list[str]]:
        factors = list(self.design.factors.values())
        return {
            str(number): [factor.levels[code].export_code for factor, code in zip(factors, row, strict=True)]
            for number, row in enumerate(universe_of(self.design).codes.tolist(), 1)
        }

    # -------------------------------------------------------------------------------------- the order of attributes

    def _rows(self) -> Iterator[Problem]:
        """The rows of each task's table: those of the order that is noted, each with its own fields."""
        for language in self.design.languages:
            pages = Pages(self.design, language)
            for task in tasks(self.design):
                name = rows_field(max(task, 1)) + ending(self.design, language)
                rows = {each: pages.row(self.design.factors[each], task) for each in self.design.rows}
                try:
                    tables = self.draws.table([name, ORDER], follow=False, two_orders=True)
                except TooManyError:
                    self.compared.append(f"`{name}` could not be compared: its rows depend on too much")
                    continue
                yield from (each for told in tables for each in _odd_rows(name, rows, told))
        self.compared.append(f"The {len(self.design.rows)} rows of every table, in two orders")

    def _order(self) -> Iterator[Problem]:
        """Whether each attribute stands before each other one in half of the orders."""
        for told in self.draws.table([ORDER]):
            orders = [((values[0] or "").rstrip(";").split(";"), share) for values, share in told.table.items()]
            odd = sum(share for names, share in orders if sorted(names) != sorted(self.design.rows))
            if odd > EXACT:
                what = f"for {percent(odd)} of respondents it is no order of {', '.join(self.design.rows)}."
                yield Problem(ORDER, what, BUILD)
                continue
            pairs = dict.fromkeys(combinations(self.design.rows, 2), 0.0)
            for names, share in orders:
                place = {name: number for number, name in enumerate(names)}
                for one, other in pairs:
                    pairs[one, other] += share * (place[one] < place[other])
            said = tuple(f"{one} before {other}" for one, other in pairs)
            half = (0.5,) * len(pairs)
            self.shares.append(Named(ORDER, said, half, tuple(pairs.values()), told.n, told.whose))
            how = f"by Monte Carlo, {told.n:,} respondents, exact binomial tests" if told.n else "exactly"
            line = f"The order of {len(pairs):,} pairs of attributes: {how}"
            self.compared += [line] * (line not in self.compared)


def _odd_rows(name: str, rows: Mapping[str, str], told: Told) -> Iterator[Problem]:
    for found, order in told.table:
        expected = "".join(rows.get(each, "") for each in (order or "").rstrip(";").split(";"))
        if (found or "") != expected:
            lacking = [each for each, row in rows.items() if row not in (found or "")]
            which = f"the row of {', '.join(lacking)} is not as declared" if lacking else "its rows are not in order"
            yield Problem(name, f"with the order `{order or ''}` {which}.", BUILD)
            return


def _passages(told: Told) -> Iterator[Problem]:
    """Fields that are set again, or used before they are set."""
    if told.found is None:
        return
    for name, where, shares in _by_field(told.found.replaced):
        often = percent(min(1.0, sum(shares)))
        what = f"its value is overwritten by {where}, for {often} of respondents{_of(told)}."
        yield Problem(name, what, "Give each task and profile a field of its own, or run `vignetta build`.")
    for name, where, shares in _by_field(told.found.early):
        often = percent(max(shares))
        what = f"it is used by {where} before it has a value, for {often} of respondents{_of(told)}."
        yield Problem(name, what, "Set it further up in the flow, or run `vignetta build`.")


def _by_field(noted: Mapping[tuple[str, str], float]) -> Iterator[tuple[str, str, list[float]]]:
    """For each field all elements, in words, and how often each; of fields with the same elements the first."""
    elements: dict[str, list[str]] = {}
    for name, where in sorted(noted):
        elements.setdefault(name, []).append(where)
    told: list[list[str]] = []
    for name, places in elements.items():
        if places not in told:
            yield name, listed(places, _MOST_TOLD), [noted[name, each] for each in places]
        told.append(places)


def _among(n: int) -> str:
    return f", among {n:,} respondents" if n else ""


def _of(told: Told) -> str:
    return f" with {told.whose}" if told.whose else ""


def _quoted(text: str | None) -> str:
    return f"“{text}”" if text else "nothing"

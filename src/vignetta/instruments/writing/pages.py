"""The questions and pages of a design's survey, in one language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from vignetta.declared import words
from vignetta.design import platform
from vignetta.design.asked import Covariate, Option, Outcome
from vignetta.design.declaration import Design, Factor
from vignetta.design.texts.wording import Segment
from vignetta.instruments.hypertext import escaped, paragraphs
from vignetta.instruments.naming import (
    ATTENTION,
    BROWSER,
    CAPTCHA,
    CODE,
    COMPLETION,
    CONSENT,
    DEBRIEFING,
    FAREWELL,
    INTRODUCTION,
    VIGNETTE,
    Slot,
    ending,
    outcome_slots,
    outcome_tag,
    phrase_field,
    recall_tag,
    rows_field,
    slot_of,
    slots,
    suffix,
    tasks,
    text_field,
    timings,
)
from vignetta.instruments.writing import elements
from vignetta.instruments.writing.elements import Piece

_PIPE: Final = "\ue000"
"""Where a field goes, until its name is put in: from the range of characters that no text uses."""
PROFILE: Final = "{profile}"
"""In the question of a rating, where the profile's label goes."""
_TABLE: Final = "border-collapse:collapse;width:100%;max-width:44em;margin:1em 0;font-size:min(1em,3.7vw)"
_CELL: Final = "border-bottom:1px solid #bbb;padding:.5em .25em;text-align:start;vertical-align:top"
"""Inline, for Qualtrics keeps no style sheet of a question; in smaller type on phones, so that words stay whole."""


def segments(design: Design, language: str) -> tuple[Segment, ...]:
    """The parts of the template."""
    return design.whole_template(language).segments


def prose_slots(design: Design) -> list[Slot]:
    """The slots at which the template is read: once in a task above a table, otherwise for every profile."""
    return slots(design, "task" if design.presentation == "table" else "profile")


def piped(field_name: str) -> str:
    """What Qualtrics replaces by the field's value."""
    return f"${{e://Field/{field_name}}}"


@dataclass
class Pages:
    """The questions of a design in one language, numbered in the order in which they are asked.

    Attributes
    ----------
    questions : by export tag.
    blocks : by name, in order; those without a question do not exist.
    """

    design: Design
    language: str
    questions: dict[str, Piece] = field(default_factory=dict)
    blocks: dict[str, Piece] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, pages in self._pages().items():
            if any(pages):
                self._add(name, pages)

    def _add(self, name: str, pages: Sequence[Sequence[Piece]]) -> None:
        for piece in (each for page in pages for each in page):
            piece["QuestionID"] = f"QID{len(self.questions) + 1}"
            self.questions[piece["DataExportTag"]] = piece
        ids = [[each["QuestionID"] for each in page] for page in pages]
        kind = "Standard" if self.blocks else "Default"
        number = elements.identifier("BL", self.design.name, name)
        self.blocks[name] = elements.block(number, name.capitalize(), kind, ids)

    def with_trash(self) -> list[Piece]:
        """All blocks, that of unused questions too."""
        trash = elements.block(
            elements.identifier("BL", self.design.name, "trash"), "Trash / Unused Questions", "Trash"
        )
        first, *others = self.blocks.values()
        return [first, trash, *others]

    @property
    def read(self) -> list[str]:
        """The names of the blocks in which vignettes are read."""
        return [self._block_name(task) for task in tasks(self.design)]

    def _block_name(self, task: int) -> str:
        return f"task {task}" if task else "vignette"

    # ------------------------------------------------------------------------------------------------ the pages

    def _pages(self) -> dict[str, list[list[Piece]]]:
        """The pages of each block; what browsers tell is noted on the first of all pages."""
        declared = self._declared()
        if self.design.options.browser:
            next(pages[0] for pages in declared.values() if any(pages)).append(elements.browser(BROWSER))
        return declared

    def _declared(self) -> dict[str, list[list[Piece]]]:
        return {
            "consent": [self._consent()],
            "farewell": [self._farewell()],
            "captcha": [self._captcha()],
            "respondent": [[self._covariate(each)] for each in self.design.covariates.values()],
            "attention": [self._attention()],
            "introduction": [self._page(INTRODUCTION, self.design.introduction)],
            "checks": [
                [self._choice(each.name, self._words(each.question), each.options)]
                for each in self.design.checks.values()
            ],
            **{self._block_name(task): self._task(task) for task in tasks(self.design)},
            "recall": [[self._recall(each)] for each in self.design.factors.values() if each.recall],
            "debriefing": [self._page(DEBRIEFING, self.design.debriefing)],
            "code": [self._code()],
        }

    def _words(self, text: dict[str, str]) -> str:
        return escaped(words(text, self.language))

    def _consent(self) -> list[Piece]:
        consent = self.design.consent
        if consent is None:
            return []
        choices = [self._words(consent.agree), self._words(consent.decline)]
        return [elements.single_choice(CONSENT, paragraphs(words(consent.text, self.language)), choices)]

    def _farewell(self) -> list[Piece]:
        consent = self.design.consent
        return [] if consent is None else [elements.description(FAREWELL, self._words(consent.farewell))]

    def _captcha(self) -> list[Piece]:
        asked = self.design.options.captcha
        return [] if asked is None else [elements.captcha(CAPTCHA, self._words(asked))]

    def _code(self) -> list[Piece]:
        given = self.design.panel.code if self.design.panel else None
        if given is None:
            return []
        text = paragraphs(words(given, self.language)).replace(platform.CODE, f"<strong>{piped(COMPLETION)}</strong>")
        return [elements.description(CODE, text)]

    def _covariate(self, covariate: Covariate) -> Piece:
        tag, text = covariate.column or covariate.name, self._words(covariate.question)
        if covariate.kind == "number":
            return elements.number_entry(tag, text, minimum=covariate.minimum, maximum=covariate.maximum)
        return self._choice(tag, text, covariate.options)

    def _attention(self) -> list[Piece]:
        check = self.design.attention
        return [] if check is None else [self._choice(ATTENTION, self._words(check.question), check.options)]

    def _page(self, tag: str, text: dict[str, str] | None) -> list[Piece]:
        return [] if text is None else [elements.description(tag, paragraphs(words(text, self.language)))]

    def _choice(self, tag: str, text: str, options: Sequence[Option]) -> Piece:
        choices = [self._words(each.text) for each in options]
        return elements.single_choice(tag, text, choices, codes=[each.code for each in options])

    def _recall(self, factor: Factor) -> Piece:
        assert factor.recall is not None
        choices = [self._words(each.label) for each in factor.levels] + [self._words(factor.recall.unsure)]
        return elements.single_choice(recall_tag(factor), self._words(factor.recall.question), choices)

    # ------------------------------------------------------------------------------------------------- the tasks

    def _task(self, task: int) -> list[list[Piece]]:
        """The vignette or profiles with the time they are read; then the outcomes, below the profiles if several."""
        shown = elements.description(VIGNETTE + suffix((task, 0)), self._read_in(task))
        read, *answered = [[elements.timing(each + suffix((task, 0)))] for each in timings(self.design)] or [[]]
        asked = [
            self._outcome(each, slot)
            for each in self.design.outcomes.values()
            for slot in outcome_slots(self.design, each)
            if slot[0] == task
        ]
        if self.design.profiles > 1:
            return [[shown, *asked, *read]]
        return [[shown, *read], [*asked, *(each for timed in answered for each in timed)]]

    def _read_in(self, task: int) -> str:
        sides = self._sides(task)
        if self.design.presentation == "table":
            return self._prose((task, 0)) + self._table(task, sides)
        if len(sides) == 1:
            return self._prose(sides[0])
        labels = [f"<p><strong>{self._words(each)}</strong></p>" for each in self.design.profile_labels]
        return "".join(label + self._prose(slot) for label, slot in zip(labels, sides, strict=True))

    def _prose(self, slot: Slot) -> str:
        """The template as HTML paragraphs, with embedded fields where levels decide on the words."""
        fields = [self._field(each, slot) for each in self._segments]
        parts = [_PIPE if field else each.render({}, {}) for field, each in zip(fields, self._segments, strict=True)]
        first, *others = paragraphs("".join(parts)).replace(f"${_PIPE}", f"&#36;{_PIPE}").split(_PIPE)
        filled = zip((each for each in fields if each), others, strict=True)
        return first + "".join(piped(field) + text for field, text in filled)

    @property
    def _ending(self) -> str:
        return ending(self.design, self.language)

    @property
    def _segments(self) -> tuple[Segment, ...]:
        return segments(self.design, self.language)

    def _field(self, segment: Segment, slot: Slot) -> str:
        """The embedded field that holds the words of a part of the template; empty for words of its own."""
        if segment.factor:
            factor = self.design.factors[segment.factor]
            return text_field(factor, slot_of(self.design, factor, slot)) + self._ending
        return phrase_field(self._segments.index(segment), slot) + self._ending if segment.factors else ""

    def _piped(self, factor: Factor, slot: Slot) -> str:
        return piped(text_field(factor, slot_of(self.design, factor, slot)) + self._ending)

    def _sides(self, task: int) -> list[Slot]:
        profiles = self.design.profiles
        return [(task, side) for side in range(1, profiles + 1)] if profiles > 1 else [(task, 0)]

    def _table(self, task: int, sides: Sequence[Slot]) -> str:
        labels = [self._words(each) for each in self.design.profile_labels]
        head = "".join(f'<th style="{_CELL}" scope="col">{each}</th>' for each in ["", *labels]) if labels else ""
        rows = (
            "".join(self.row(self.design.factors[each], task) for each in self.design.rows)
            if self.design.attribute_order == "fixed"
            else piped(rows_field(max(task, 1)) + self._ending)
        )
        return f'<table style="{_TABLE}">{f"<tr>{head}</tr>" if head else ""}{rows}</table>'

    def row(self, factor: Factor, task: int) -> str:
        """The row of a factor in the table of a task."""
        told = "".join(f'<td style="{_CELL}">{self._piped(factor, slot)}</td>' for slot in self._sides(task))
        return f'<tr><th style="{_CELL}" scope="row">{self._words(factor.label)}</th>{told}</tr>'

    def _outcome(self, outcome: Outcome, slot: Slot) -> Piece:
        tag, text = outcome_tag(outcome, slot), self._words(outcome.question)
        if outcome.kind == "choice":
            return elements.single_choice(tag, text, [self._words(each) for each in self.design.profile_labels])
        if slot[1]:
            label = self._words(self.design.profile_labels[slot[1] - 1])
            text = text.replace(PROFILE, label) if PROFILE in text else f"{label}: {text}"
        return self._answered(outcome, tag, text)

    def _answered(self, outcome: Outcome, tag: str, text: str) -> Piece:
        """The question with what it is answered by."""
        if outcome.ends is not None:
            ends = [self._words(each) for each in (outcome.ends.low, outcome.ends.high)]
            bounds = {key: getattr(outcome, key) for key in ("minimum", "maximum", "step")}
            return elements.slider(tag, text, ends=ends, **bounds)
        if outcome.kind == "text":
            return elements.text_entry(tag, text)
        points, codes = [self._words(each.text) for each in outcome.scale], [each.code for each in outcome.scale]
        if outcome.kind == "matrix":
            rows = [self._words(each.text) for each in outcome.items.values()]
            return elements.matrix(tag, text, rows, points, codes=codes)
        return elements.single_choice(tag, text, points, codes=codes)

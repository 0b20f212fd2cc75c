"""One respondent's way through a survey: who takes it, what stands where on the way, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, TypeAlias

import numpy as np

from vignetta.instruments.columns import SEVERAL
from vignetta.instruments.survey import Choice, Question

Answer: TypeAlias = str | tuple[str, ...] | Mapping[str, "Answer"]
"""A choice's id or typed words; several choices' ids; or an answer to each row."""
Form = Literal["nothing", "single", "multiple", "words", "rows", "parts", "unknown"]
"""How a question is answered. nothing: there is nothing to answer. rows: one answer to each row. parts: rows in several
questions beside each other."""
Test = Callable[["State"], bool]
Render = Callable[["State"], str]
Step = Callable[["State"], None]
Policy = Callable[[Question, "State"], "Answer | None"]
"""What a respondent answers to a question, having seen what the state holds; None leaves it unanswered. The question
comes as it is shown: its choices are those on offer, in their order, with piped text filled in."""
Write = Callable[[Question, Choice, "State"], str]
"""What a respondent types into the text box beside a choice."""

_UNANSWERED: Final = ("DB", "Timing", "Captcha", "Meta")


def form(question: Question) -> Form:
    """How a question is answered, by its type and selector."""
    kind, selector = question.type, question.selector
    if kind in _UNANSWERED:
        return "nothing"
    if kind in ("MC", "SS"):
        return "unknown" if not question.choices else "multiple" if selector in SEVERAL else "single"
    if kind == "TE":
        return "rows" if selector == "FORM" else "words"
    if kind in ("Slider", "RO", "CS", "Matrix") or (kind == "PGR" and question.raw.get("Groups")):
        return "rows"
    return "parts" if kind == "SBS" and question.parts else "unknown"


def _nothing_typed(question: Question, choice: Choice, state: State) -> str:
    return ""


@dataclass(frozen=True)
class Stubbed:
    """Something that the survey asks for and the runtime does not do.

    `where` is a question, block or flow element; `value` is what is taken in its place.
    """

    where: str
    what: str
    value: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f"; {self.value}" if self.value else "")


@dataclass(frozen=True)
class Respondent:
    """Somebody who takes the survey.

    `link` are the fields that arrive with the survey's link; on page number `leaves_at` the respondent leaves, without
    submitting it. `write` fills the text boxes beside choices; `started` and `device` are what date and device tell.
    """

    answer: Policy
    link: Mapping[str, str] = field(default_factory=dict)
    leaves_at: int | None = None
    write: Write = _nothing_typed
    started: datetime = datetime(2026, 1, 15, 12)
    device: str = "desktop"


@dataclass(slots=True)
class State:
    """Where a respondent stands: what the survey has set, shown and been told so far.

    `shown` holds the text of each question as the respondent saw it (HTML); `pages` the ids of the questions on each
    page; `orders` which children each randomizer showed, by their place; `offered` the ids of the choices that a
    question showed, in order, where that is not always the same; `entries` the words typed beside choices, by the
    question's id, `_`, the choice's and `_TEXT`. In a loop, its number and `_` stand before the question's id, and
    it is the `turn`-th of `turns`. `submitted` is done after every page.
    """

    respondent: Respondent
    generator: np.random.Generator
    embedded: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)
    pages: list[tuple[str, ...]] = field(default_factory=list)
    orders: dict[str, tuple[int, ...]] = field(default_factory=dict)
    offered: dict[str, tuple[str, ...]] = field(default_factory=dict)
    entries: dict[str, str] = field(default_factory=dict)
    turn: int = 0
    turns: int = 0
    submitted: Step | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """What one respondent saw and answered.

    `stopped` is the flow element at which the visit ended, empty at the flow's own end; `progress` is in percent;
    `discarded` tells that the survey records no response. The other attributes are those of `State`.
    """

    answers: Mapping[str, Answer]
    embedded: Mapping[str, str]
    shown: Mapping[str, str]
    pages: tuple[tuple[str, ...], ...]
    orders: Mapping[str, tuple[int, ...]]
    finished: bool
    stopped: str
    progress: int
    offered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    entries: Mapping[str, str] = field(default_factory=dict)
    discarded: bool = False

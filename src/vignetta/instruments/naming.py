"""The names of the instrument's embedded fields and questions."""

from __future__ import annotations

from typing import Final

from vignetta.design.asked import Outcome
from vignetta.design.declaration import Design, Factor
from vignetta.design.layout import Varies

CONSENT: Final = "consent"
ATTENTION: Final = "attention"
VIGNETTE: Final = "vignette"
FAREWELL: Final = "farewell"
INTRODUCTION: Final = "introduction"
DEBRIEFING: Final = "debriefing"
TIMING: Final = "timing_vignette"
TIMING_OUTCOMES: Final = "timing_outcomes"
BROWSER: Final = "browser"
CAPTCHA: Final = "captcha"
SCORE: Final = "Q_RecaptchaScore"
"""The field in which Qualtrics writes how human somebody seems."""
FLAG: Final = "Q_TerminateFlag"
"""The field in which Qualtrics notes why it ended a survey early."""
DATA_SOURCE: Final = "data_source"
DESIGN_HASH: Final = "design_hash"
SAMPLE: Final = "sample"
DECK: Final = "deck"
ORDER: Final = "attribute_order"
ROWS: Final = "table_rows"
"""The rows of a table whose order is drawn, as they are put together."""

CODE: Final = "code"
COMPLETION: Final = "completion_code"
"""The page that gives the completion code, and the field that holds it."""

AGREE: Final = "1"
DECLINE: Final = "2"
"""The choices of the consent question."""

Slot = tuple[int, int]
"""A task and a profile, from 1; 0 where something is not of one task, or not of one profile."""
WHOLE: Final[Slot] = (0, 0)


def slots(design: Design, varies: Varies) -> list[Slot]:
    """The slots that have a level of their own of a factor that varies so often."""
    if design.responses == 1 or varies == "respondent":
        return [WHOLE]
    sides = range(1, design.profiles + 1) if varies == "profile" and design.profiles > 1 else (0,)
    return [(task, profile) for task in range(1, design.tasks + 1) for profile in sides]


def slot_of(design: Design, factor: Factor, slot: Slot) -> Slot:
    """The slot whose level of the factor is read at a slot of a task or profile."""
    if design.responses == 1 or factor.varies == "respondent":
        return WHOLE
    return slot if factor.varies == "profile" else (slot[0], 0)


def suffix(slot: Slot) -> str:
    """What a slot adds to a name.

    >>> suffix((0, 0)), suffix((2, 0)), suffix((2, 1))
    ('', '_2', '_2_1')
    """
    return "".join(f"_{place}" for place in slot if place)


def factor_field(factor: Factor, slot: Slot = WHOLE) -> str:
    """The embedded field that holds the code of the factor's level."""
    return (factor.column or factor.name) + suffix(slot)


def ending(design: Design, language: str) -> str:
    """What the fields that hold words in a language end in; nothing for the main one."""
    return "" if language == design.language else f"_{language.lower().replace('-', '_')}"


def text_field(factor: Factor, slot: Slot = WHOLE) -> str:
    """The embedded field that holds the words of the factor's level."""
    return f"{factor_field(factor, slot)}_text"


def phrase_field(place: int, slot: Slot) -> str:
    """The embedded field of a part of the template whose words levels decide on; `place` counts parts from 0."""
    return f"phrase{place + 1}{suffix(slot)}"


def rows_field(task: int) -> str:
    """The embedded field that holds the rows of a task's table."""
    return ROWS + suffix((task, 0))


def outcome_slots(design: Design, outcome: Outcome) -> list[Slot]:
    """Where an outcome is asked: a choice or a text once in a task, a rating for every profile."""
    return slots(design, "task" if outcome.kind in ("choice", "text") else "profile")


def outcome_tag(outcome: Outcome, slot: Slot = WHOLE) -> str:
    """The export tag of an outcome's question."""
    return (outcome.column or outcome.name) + suffix(slot)


def recall_tag(factor: Factor) -> str:
    """The export tag of the factor's recall check."""
    return f"recall_{factor.name}"


def timings(design: Design) -> list[str]:
    """What the times of a task's pages are called; profiles have their outcomes on the page where they are read."""
    timed = {"none": [], "vignette": [TIMING], "all": [TIMING, TIMING_OUTCOMES]}[design.options.timing]
    return timed[:1] if design.profiles > 1 else timed


def tasks(design: Design) -> list[int]:
    """The numbers of the tasks; 0 alone when there is one vignette, which needs no number."""
    return [0] if design.responses == 1 else list(range(1, design.tasks + 1))

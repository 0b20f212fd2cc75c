"""What changed from one version of a survey to another, and which elements of the two are the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from vignetta.instruments.hypertext import is_piped
from vignetta.instruments.survey import TRASH, Block, Question, Survey
from vignetta.instruments.tracing import short
from vignetta.instruments.written import Raw, numbered

if TYPE_CHECKING:
    import pandas as pd

_BESIDE: Final = frozenset(
    ("Description", "SkipToDescription", "SkipLogicID", "ChoiceLocator", "QuestionIDFromLocator", "_HiddenExpression")
)
"""Keys of logic that repeat what others say."""


@dataclass(frozen=True)
class Change:
    """One thing that is other than before. `before` and `after` are empty where something was added or removed."""

    part: str
    where: str
    name: str
    what: str
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        named = f"{self.where} ({self.name})" if self.name and self.name != self.where else self.where
        told = f"{self.part} {named}: {self.what}"
        if not self.before and not self.after:
            return f"{told}."
        return f"{told}: `{self.before}` → `{self.after}`."


@dataclass(frozen=True, repr=False)
class Changes:
    """All changes, in the order of the survey's parts; printed, one line each."""

    found: tuple[Change, ...]

    @property
    def frame(self) -> pd.DataFrame:
        """As a frame with the columns of `frames.CHANGES`."""
        from vignetta import frames

        return frames.frame([asdict(each) for each in self.found], frames.CHANGES)

    def __iter__(self) -> Iterator[Change]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    def __repr__(self) -> str:
        return "\n".join(map(str, self.found)) or "Nothing changed."


# ------------------------------------------------------------------------------------------------ what is the same


@dataclass(frozen=True)
class Versions:
    """Two versions of a survey, and which of their questions and blocks are the same.

    Questions are the same that have one id, or else one export tag, or else one text; blocks that have one id, or else
    one name.
    """

    old: Survey
    new: Survey

    @cached_property
    def questions(self) -> Mapping[str, str]:
        """The old id of each question of the new version that the old one has too."""
        old, new = (each.questions for each in (self.old, self.new))
        same = {number for number in old if number in new and _alike(old[number], new[number])}
        found = {number: number for number in same}
        for what in ("tag", "plain"):
            keys = ({n: str(getattr(each, what)).strip() for n, each in side.items()} for side in (old, new))
            _pair(found, *keys)
        _pair(found, {each: each for each in old}, {each: each for each in new})
        return found

    @cached_property
    def blocks(self) -> Mapping[str, str]:
        """The old id of each block of the new version that the old one has too."""
        old, new = (each.blocks for each in (self.old, self.new))
        found: dict[str, str] = {}
        _pair(found, {each: each for each in old}, {each: each for each in new})
        _pair(found, {n: each.name for n, each in old.items()}, {n: each.name for n, each in new.items()})
        return found

    def question(self, number: str, *, new: bool) -> str:
        """An id by which a question goes in both versions."""
        known = number in self.new.questions
        return self.questions.get(number, f"new {number}") if new and known else number

    def block(self, number: str, *, new: bool) -> str:
        """An id by which a block goes in both versions."""
        known = number in self.new.blocks
        return self.blocks.get(number, f"new {number}") if new and known else number


def _alike(one: Question, other: Question) -> bool:
    return one.tag == other.tag or one.plain == other.plain


def _pair(found: dict[str, str], old: Mapping[str, str], new: Mapping[str, str]) -> None:
    """Add pairs of what is left over that have one key, where only one of each has it."""
    left = {n: key for n, key in old.items() if n not in found.values() and key}
    others = {n: key for n, key in new.items() if n not in found and key}
    by_key: dict[str, list[str]] = {}
    for number, key in left.items():
        by_key.setdefault(key, []).append(number)
    counts: dict[str, int] = {}
    for key in others.values():
        counts[key] = counts.get(key, 0) + 1
    for number, key in others.items():
        if counts[key] == 1 and len(by_key.get(key, ())) == 1:
            found[number] = by_key[key][0]


def homes(survey: Survey) -> dict[str, Block]:
    """The block of each question that is not in the trash."""
    live = (block for block in survey.blocks.values() if block.kind != TRASH)
    return {number: block for block in live for number in block.questions}


def called(question: Question) -> str:
    """What people call a question."""
    return f"{question.tag.strip()}: {short(question.plain)}".strip(": ")


# ---------------------------------------------------------------------------------------------------- logic in words


def logic_words(logic: Any, survey: Survey) -> str:
    """Logic in words."""
    told = ""
    for raw in (each for each in numbered(logic).values() if isinstance(each, dict)):
        joint = " and " if raw.get("Type") == "AndIf" else " or "
        told += (joint if told else "") + _tests(raw, survey)
    return told


def _tests(raw: Raw, survey: Survey) -> str:
    parts = []
    for place, test in enumerate(each for each in numbered(raw).values() if isinstance(each, dict)):
        joint = "" if place == 0 else " or " if test.get("Conjuction") == "Or" else " and "
        parts.append(joint + _test(test, survey))
    return "".join(parts)


def _test(test: Raw, survey: Survey) -> str:
    left, operator, right = (str(test.get(key, "")) for key in ("LeftOperand", "Operator", "RightOperand"))
    number, _, place = left.removeprefix("q://").partition("/")
    question = survey.questions.get(number)
    if question is not None:
        texts = {each.id: each.plain for each in (*question.choices, *question.answers)}
        what, _, choice = place.partition("/")
        told = " ".join(short(texts.get(each, each)) for each in choice.split("/") if each)
        left = f"{question.tag.strip() or number} {told or what}".strip()
    return f"{left} {operator} {right}".strip()


def logic_gist(logic: Any, versions: Versions, *, new: bool) -> Any:
    """What logic says, without the words that Qualtrics writes beside it and with ids of both versions."""
    if isinstance(logic, dict):
        kept = {key: each for key, each in logic.items() if key not in _BESIDE}
        return tuple(sorted((str(key), logic_gist(each, versions, new=new)) for key, each in kept.items()))
    if isinstance(logic, list):
        return logic_gist(numbered(logic), versions, new=new)
    text = str(logic)
    return _with_ids(text, versions, new)


def _with_ids(text: str, versions: Versions, new: bool) -> str:
    """A text whose ids of questions are those of the old version."""
    if "QID" not in text:
        return text
    return re.sub(r"QID[\w-]+", lambda found: versions.question(found[0], new=new), text)


def text_gist(text: str, versions: Versions, *, new: bool) -> str:
    """A text whose piped answers name questions as the old version does."""
    return _with_ids(text, versions, new) if is_piped(text) else text

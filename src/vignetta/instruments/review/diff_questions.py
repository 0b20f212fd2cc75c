"""What changed in a question: words, choices, codes, translations, logic, validation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Final

from vignetta.instruments.hypertext import plain_text
from vignetta.instruments.review.changes import Change, Versions, called, logic_gist, logic_words, text_gist
from vignetta.instruments.survey import Choice, Question
from vignetta.instruments.written import mapping, numbered

Told = tuple[str, str, str, str]
"""Part, what, before, after."""
_TOLD: Final = frozenset(
    (
        *("QuestionText", "QuestionText_Unsafe", "QuestionDescription", "QuestionID", "DataExportTag", "QuestionType"),
        *("Selector", "SubSelector", "Choices", "ChoiceOrder", "Answers", "AnswerOrder", "RecodeValues", "Language"),
        *("VariableNaming", "ChoiceDataExportTags", "Validation", "DisplayLogic", "QuestionJS", "Randomization"),
        *("NextChoiceId", "NextAnswerId", "AdditionalQuestions"),
    )
)
"""Keys that are told in words, and those that mean nothing."""
_OF_CHOICES: Final = ("Display", "TextEntry", "DisplayLogic")


def question_changes(old: Question, new: Question, versions: Versions) -> Iterator[Change]:
    """What changed in a question that both versions have."""
    for part, what, before, after in _all(old, new, versions):
        yield Change(part, new.id, called(new), what, before, after)


def _all(old: Question, new: Question, versions: Versions) -> Iterator[Told]:
    yield from _words(old, new, versions)
    yield from _kind(old, new)
    for what in ("choices", "answers"):
        yield from _choices(getattr(old, what), getattr(new, what), what.removesuffix("s"), versions)
        yield from _flags(old, new, what)
    yield from _translations(old, new)
    yield from _logic(old, new, versions)
    yield from _rest(old, new)
    for one, other in zip(old.parts, new.parts, strict=False):
        yield from ((part, f"part {other.id}: {what}", *sides) for part, what, *sides in _all(one, other, versions))  # type: ignore[misc]
    if len(old.parts) != len(new.parts):
        yield "question", "the number of its parts changed", str(len(old.parts)), str(len(new.parts))


def _words(old: Question, new: Question, versions: Versions) -> Iterator[Told]:
    if old.tag != new.tag:
        yield "tag", "the export tag changed", old.tag, new.tag
    before, after = (text_gist(each.plain, versions, new=late) for each, late in ((old, False), (new, True)))
    if before != after:
        yield "text", "the text changed", *_excerpts(old.plain, new.plain)
    elif text_gist(old.text, versions, new=False) != text_gist(new.text, versions, new=True):
        yield "look", "the text's formatting changed", "", ""


def _excerpts(old: str, new: str) -> tuple[str, str]:
    """What differs of two texts, with some words around it."""
    one, other = old.split(), new.split()
    if len(one) + len(other) < 40:
        return old, new
    codes = [each for each in SequenceMatcher(None, one, other, autojunk=False).get_opcodes() if each[0] != "equal"]
    first, last = codes[0], codes[-1]
    sides = ((one, first[1], last[2]), (other, first[3], last[4]))
    before, after = (_excerpt(words, start, end) for words, start, end in sides)
    return before, after


def _excerpt(words: Sequence[str], start: int, end: int) -> str:
    kept = " ".join(words[max(0, start - 3) : end + 3])
    return f"{'… ' * (start > 3)}{kept}{' …' * (end + 3 < len(words))}"


def _kind(old: Question, new: Question) -> Iterator[Told]:
    if old.kind != new.kind:
        yield "type", "the type of question changed", " ".join(old.kind).strip(), " ".join(new.kind).strip()
    if old.forced != new.forced:
        asked = {True: "required", False: "may be left out"}
        yield "validation", "whether an answer is required changed", asked[old.forced], asked[new.forced]
    rules = [{k: v for k, v in each.validation.items() if not k.startswith("ForceResponse")} for each in (old, new)]
    if rules[0] != rules[1]:
        yield "validation", "the validation changed", *written(rules[0], rules[1])
    shuffles = [each.raw.get("Randomization") or {} for each in (old, new)]
    if shuffles[0] != shuffles[1]:
        yield "randomization", "the order in which choices are shuffled changed", *written(shuffles[0], shuffles[1])
    if old.javascript != new.javascript:
        yield "script", "the JavaScript changed", "", ""


def written(old: Any, new: Any) -> tuple[str, str]:
    """What differs of two mappings, as JSON; the whole of anything else."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [each for each in dict.fromkeys([*old, *new]) if old.get(each) != new.get(each)]
        old, new = ({key: each[key] for key in keys if key in each} for each in (old, new))
    before, after = (json.dumps(each, ensure_ascii=False)[:200] for each in (old, new))
    return before, after


# ------------------------------------------------------------------------------------------------------- choices


def same_choices(old: Sequence[Choice], new: Sequence[Choice]) -> dict[str, str]:
    """The old id of each new choice that both have: those of one id and text, else of one text, else of one id."""
    found = {each.id: each.id for each in new for other in old if (each.id, each.text) == (other.id, other.text)}
    for key in ("plain", "id"):
        unpaired = (each for each in reversed(old) if each.id not in found.values() and getattr(each, key))
        left = {getattr(each, key): each.id for each in unpaired}
        for each in new:
            if each.id not in found and getattr(each, key) in left:
                found[each.id] = left.pop(getattr(each, key))
    return found


def _choices(old: Sequence[Choice], new: Sequence[Choice], what: str, versions: Versions) -> Iterator[Told]:
    same, before = same_choices(old, new), {each.id: each for each in old}
    for each in new:
        if each.id in same:
            yield from _choice(before[same[each.id]], each, what, versions)
        else:
            yield "choices", f"the {what} `{each.plain}` was added", "", ""
    for each in old:
        if each.id not in same.values():
            yield "choices", f"the {what} `{each.plain}` was removed", "", ""
    orders = [[each.id for each in old if each.id in same.values()], [same[each.id] for each in new if each.id in same]]
    if orders[0] != orders[1]:
        shown = [", ".join(each.plain for each in side) for side in (old, new)]
        yield "choices", f"the order of the {what}s changed", shown[0], shown[1]


def _flags(old: Question, new: Question, what: str) -> Iterator[Told]:
    """Whatever else is said of choices that both have, such as that one excludes the others."""
    same = same_choices(getattr(old, what), getattr(new, what))
    before, after = (numbered(each.raw.get(what.capitalize())) for each in (old, new))
    for each in (each for each in getattr(new, what) if each.id in same):
        sides = [mapping(before.get(same[each.id])), mapping(after.get(each.id))]
        flags = [{key: value for key, value in side.items() if key not in _OF_CHOICES} for side in sides]
        if flags[0] != flags[1]:
            yield "options", f"what {what.removesuffix('s')} `{each.plain}` does changed", *written(flags[0], flags[1])


def _choice(old: Choice, new: Choice, what: str, versions: Versions) -> Iterator[Told]:
    if old.plain != new.plain:
        yield "choices", f"the text of {what} {new.id} changed", old.plain, new.plain
    elif old.text != new.text:
        yield "look", f"the formatting of {what} `{new.plain}` changed", "", ""
    if old.code != new.code:
        yield "codes", f"the recode value of {what} `{new.plain}` changed", old.code, new.code
    if old.name != new.name:
        yield "codes", f"the variable name of {what} `{new.plain}` changed", old.name, new.name
    if old.tag != new.tag:
        yield "tag", f"the export tag of {what} `{new.plain}` changed", old.tag, new.tag
    if old.text_entry != new.text_entry:
        yield "choices", f"the text box of {what} `{new.plain}` was {'added' if new.text_entry else 'removed'}", "", ""
    yield from _shown_when(old.display_logic, new.display_logic, f"{what} `{new.plain}`", versions)


# --------------------------------------------------------------------------------------------------- translations


def _translations(old: Question, new: Question) -> Iterator[Told]:
    sides = [{str(k): each for k, each in mapping(q.raw.get("Language")).items()} for q in (old, new)]
    for language in dict.fromkeys([*sides[0], *sides[1]]):
        before, after = (_texts(side.get(language)) for side in sides)
        if not before or not after:
            if before != after:
                yield "translation", f"the {language} translation was {'added' if after else 'removed'}", "", ""
            continue
        for what in dict.fromkeys([*before, *after]):
            texts = before.get(what, ""), after.get(what, "")
            if texts[0] != texts[1]:
                yield "translation", f"the {language} text of {what} changed", *texts


def _texts(translated: Any) -> Mapping[str, str]:
    raw = mapping(translated)
    texts = {"the question": str(raw["QuestionText"])} if raw.get("QuestionText") else {}
    for key in ("Choices", "Answers"):
        for number, each in numbered(raw.get(key)).items():
            texts[f"{key.lower().removesuffix('s')} {number}"] = str(mapping(each).get("Display") or "")
    return {what: plain_text(text) for what, text in texts.items()}


# -------------------------------------------------------------------------------------------------- logic and rest


def _logic(old: Question, new: Question, versions: Versions) -> Iterator[Told]:
    yield from _shown_when(old.display_logic, new.display_logic, "the question", versions)


def _shown_when(old: Any, new: Any, what: str, versions: Versions) -> Iterator[Told]:
    if logic_gist(old or {}, versions, new=False) != logic_gist(new or {}, versions, new=True):
        words = logic_words(old or {}, versions.old) or "always", logic_words(new or {}, versions.new) or "always"
        yield "logic", f"when {what} is shown changed", *words


def _rest(old: Question, new: Question) -> Iterator[Told]:
    told = _TOLD - {"Answers", "AnswerOrder"} if new.selector == "Profile" else _TOLD
    for key in dict.fromkeys([*old.raw, *new.raw]):
        if key not in told and (old.raw.get(key) or None) != (new.raw.get(key) or None):
            yield "options", f"`{key}` changed", *written(old.raw.get(key), new.raw.get(key))

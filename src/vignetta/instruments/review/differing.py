"""What changed from one version of a survey to the next, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from vignetta.instruments.qsf import read_qsf
from vignetta.instruments.review.changes import Change, Changes, Versions, called, homes, logic_gist, logic_words
from vignetta.instruments.review.diff_flow import FlowDiff
from vignetta.instruments.review.diff_questions import question_changes, written
from vignetta.instruments.survey import TRASH, Block, Survey
from vignetta.instruments.written import mapping

_SILENT: Final = frozenset(("BL", "FL", "SQ", "SO", "QC", "RS", "STAT", "PROJ", "PL", "NT", "BR", "QG", "QGO"))
"""Elements that are told in words, or that mean nothing to respondents."""
_ENTRY: Final = {
    "SurveyName": "the name",
    "SurveyDescription": "the description",
    "SurveyLanguage": "the main language",
}
_OF_BLOCKS: Final = ("Looping", "LoopingOptions", "RandomizeQuestions", "Randomization")
_LOOK_OF_BLOCKS: Final = frozenset((*_OF_BLOCKS, "BlockLocking", "BlockVisibility"))


def diff(old: Survey | str | Path, new: Survey | str | Path) -> Changes:
    """Tell what changed in a survey: texts, choices, codes, translations, blocks, flow, logic, fields, options.

    Ids, dates and the order of a randomizer's children mean nothing and are not compared.

    Parameters
    ----------
    old, new
        Surveys, or names of .qsf files.

    Raises
    ------
    StudyError
        When a file is no survey.

    Examples
    --------
    >>> import vignetta as vg
    >>> vg.diff("first.qsf", "second.qsf")  # doctest: +SKIP
    """
    versions = Versions(*(each if isinstance(each, Survey) else read_qsf(each) for each in (old, new)))
    return Changes(tuple(_gathered(dict.fromkeys(_all(versions)))))


def _gathered(changes: Iterable[Change]) -> Iterator[Change]:
    """Changes of which several elements have the same, told once."""
    alike: dict[Change, list[Change]] = {}
    for each in changes:
        alike.setdefault(replace(each, where=""), []).append(each)
    for first, *others in alike.values():
        yield replace(first, what=f"{first.what}, in {len(others) + 1} places") if others else first


def _all(versions: Versions) -> Iterator[Change]:
    yield from _entry(versions)
    yield from _options(versions)
    yield from _questions(versions)
    yield from _blocks(versions)
    yield from FlowDiff(versions).changes()
    yield from _others(versions)


def _entry(versions: Versions) -> Iterator[Change]:
    for key, what in _ENTRY.items():
        before, after = (str(each.entry.get(key) or "") for each in (versions.old, versions.new))
        if before != after:
            yield Change("survey", "SurveyEntry", "", f"{what} changed", before, after)


def _options(versions: Versions) -> Iterator[Change]:
    old, new = versions.old.options, versions.new.options
    for key in dict.fromkeys([*old, *new]):
        if old.get(key) != new.get(key):
            yield Change("options", "SO", "survey options", f"`{key}` changed", *written(old.get(key), new.get(key)))


# ------------------------------------------------------------------------------------------- questions and blocks


def _questions(versions: Versions) -> Iterator[Change]:
    old, new = homes(versions.old), homes(versions.new)
    before = {versions.questions[each] for each in new if each in versions.questions}
    for number, block in new.items():
        question, was = versions.new.questions.get(number), versions.questions.get(number)
        if question is None:
            continue
        if was is None or was not in old:
            yield Change("question", number, called(question), f"it was added to the block `{block.name}`")
            continue
        if versions.blocks.get(block.id) != old[was].id:
            names = old[was].name, block.name
            yield Change("question", number, called(question), "it moved to another block", *names)
        if was in versions.old.questions:
            yield from question_changes(versions.old.questions[was], question, versions)
    for number, block in old.items():
        if number not in before and number in versions.old.questions:
            name = called(versions.old.questions[number])
            yield Change("question", number, name, f"it was removed from the block `{block.name}`")


def _blocks(versions: Versions) -> Iterator[Change]:
    same = set(versions.blocks.values())
    for number, block in versions.new.blocks.items():
        was = versions.blocks.get(number)
        if block.kind == TRASH:
            continue
        if was is None:
            yield Change("block", number, block.name, "it was added")
        else:
            yield from _block(versions.old.blocks[was], block, versions)
    for number, block in versions.old.blocks.items():
        if number not in same and block.kind != TRASH:
            yield Change("block", number, block.name, "it was removed")


def _block(old: Block, new: Block, versions: Versions) -> Iterator[Change]:
    place = new.id, new.name
    if old.name != new.name:
        yield Change("block", *place, "it was renamed", old.name, new.name)
    old_pages, new_pages = _pages(old, versions, False), _pages(new, versions, True)
    common = {each for page in old_pages for each in page} & {each for page in new_pages for each in page}
    kept = [[[n for n in page if n in common] for page in side] for side in (old_pages, new_pages)]
    orders = [[n for page in side for n in page] for side in kept]
    if orders[0] != orders[1]:
        yield Change("block", *place, "the order of its questions changed", *(_tags(e, versions) for e in orders))
    elif [each for each in kept[0] if each] != [each for each in kept[1] if each]:
        told = (" | ".join(_tags(page, versions) for page in side if page) for side in kept)
        yield Change("block", *place, "its page breaks changed", *told)
    for key in _OF_BLOCKS:
        if (old.options.get(key) or None) != (new.options.get(key) or None):
            part = "loop" if "Loop" in key else "randomization"
            yield Change(part, *place, f"`{key}` changed", *written(old.options.get(key), new.options.get(key)))
    for key in dict.fromkeys([*old.options, *new.options]):
        if key not in _LOOK_OF_BLOCKS and old.options.get(key) != new.options.get(key):
            yield Change("block", *place, f"`{key}` changed", *written(old.options.get(key), new.options.get(key)))
    yield from _skips(old, new, versions)


def _pages(block: Block, versions: Versions, new: bool) -> list[list[str]]:
    return [[versions.question(each, new=new) for each in page] for page in block.pages]


def _tags(numbers: list[str], versions: Versions) -> str:
    known = versions.old.questions
    return ", ".join(known[each].tag.strip() or each if each in known else each for each in numbers)


def _skips(old: Block, new: Block, versions: Versions) -> Iterator[Change]:
    before = {each.question: each.skip_logic or [] for each in old.elements if each.question}
    for each in {each.question: each for each in new.elements if each.question}.values():
        was = versions.questions.get(each.question)
        if was is None or was not in before:
            continue
        skips = before[was], each.skip_logic or []
        if logic_gist(skips[0], versions, new=False) != logic_gist(skips[1], versions, new=True):
            question = versions.new.questions.get(each.question)
            told = written(_plain(skips[0]), _plain(skips[1]))
            yield Change("logic", each.question, called(question) if question else "", "its skip logic changed", *told)


def _plain(skips: Any) -> list[str]:
    found = [mapping(each) for each in (skips if isinstance(skips, list) else [])]
    return [f"{each.get('Locator')} {each.get('Condition')}: to {each.get('SkipToDestination')}" for each in found]


# ----------------------------------------------------------------------------------------------- other elements


def _others(versions: Versions) -> Iterator[Change]:
    old, new = _named(versions.old), _named(versions.new)
    for key in dict.fromkeys([*old, *new]):
        before, after = old.get(key), new.get(key)
        part, name = ("quota" if key[0] == "QO" else "other"), key[1]
        if before is None or after is None:
            yield Change(part, key[0], name, f"it was {'removed' if after is None else 'added'}")
            continue
        for what in dict.fromkeys([*before, *after]):
            sides = before.get(what), after.get(what)
            if logic_gist(sides[0], versions, new=False) != logic_gist(sides[1], versions, new=True):
                told = written(*sides)
                if what == "Logic":
                    told = logic_words(sides[0], versions.old), logic_words(sides[1], versions.new)
                yield Change(part, key[0], name, f"`{what}` changed", *told)


def _named(survey: Survey) -> dict[tuple[str, str], Mapping[str, Any]]:
    kinds = (each for each in survey.all_elements if str(each["Element"]) not in _SILENT)
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for each in kinds:
        payload = mapping(each.get("Payload"))
        named = str(payload.get("Name") or (each.get("SecondaryAttribute") if each["Element"] == "QO" else ""))
        found[str(each["Element"]), named] = {k: v for k, v in payload.items() if k not in ("ID", "QuotaGroupID")}
    return found

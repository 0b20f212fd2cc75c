"""The codebook and the draft study of a survey that was made elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from vignetta.codebook import Category, Codebook, Variable
from vignetta.design.consistency import is_taken
from vignetta.design.raw import UNSURE
from vignetta.instruments import naming
from vignetta.instruments.adoption.drafting import (
    arms_of,
    draft,
    factor_name,
    label_of,
    level_names,
    options,
    question_name,
)
from vignetta.instruments.adoption.measuring import measured
from vignetta.instruments.adoption.names import free_name, slug
from vignetta.instruments.adoption.recognising import FoundFactor, Recognised, recognise, slot_of_tag
from vignetta.instruments.adoption.roles import FoundOutcome, Roles
from vignetta.instruments.codebooks import codebook_of_survey
from vignetta.instruments.columns import categories_of
from vignetta.instruments.survey import Question, Survey

__all__ = ["arms_of", "draft", "imported_codebook"]

Update = dict[str, Any]
_COMPOSED: Final = re.compile(rf"(?:{naming.ROWS}|phrase\d+)(?:_\d+)*(?:_[a-z]{{2,3}}(?:_[a-z0-9]+)*)?")
"""The fields in which surveys built here put words together."""
_NUMBERS: Final = (naming.VIGNETTE, naming.DECK)


def imported_codebook(survey: Survey) -> Codebook:
    """The codebook of a survey, with what its columns are in the experiment that the survey is recognised to hold.

    As `codebook_of_survey`, and fields of factors have their task and profile, questions after the vignette are
    outcomes, those before it covariates. What is not recognised keeps the role `other`.
    """
    found = recognise(survey)
    roles = Roles(found)
    updates = {**_of_fields(found), **_of_questions(roles)}
    plain = codebook_of_survey(survey)
    changed = [each.model_copy(update=updates.get(each.import_id, {})) for each in plain.variables]
    return Codebook(variables=tuple(_apart(plain.variables, changed)))


def _apart(plain: Sequence[Variable], changed: Sequence[Variable]) -> Iterator[Variable]:
    """The changed variables; where those of one name are no single clean column, as they were before."""
    named: dict[str, list[Variable]] = {}
    for each in changed:
        named.setdefault(each.name, []).append(each)
    odd = {name for name, each in named.items() if len(each) > 1 and not _agree(each)}
    for before, now in zip(plain, changed, strict=True):
        yield before if now.name in odd else now


def _agree(variables: Sequence[Variable]) -> bool:
    try:
        Codebook(variables=tuple(variables))
    except ValidationError:
        return False
    return True


# --------------------------------------------------------------------------------------------------------- fields


def _of_fields(found: Recognised) -> dict[str, Update]:
    updates: dict[str, Update] = {}
    for factor in found.factors:
        updates |= {name: _factor(factor, slot) for slot, name in factor.fields.items()}
        updates |= {name: _words(factor, slot) for slot, name in factor.text_fields.items()}
    updates |= {each: {"role": "wording", "kind": "text", "categories": ()} for each in found.translated}
    survey = found.trace.survey
    updates |= {each: {"kind": "number", "categories": ()} for each in _NUMBERS if each in survey.embedded_fields}
    if naming.VIGNETTE in updates:
        updates[naming.VIGNETTE]["role"] = "vignette"
    if naming.DECK in updates:
        updates[naming.DECK]["role"] = "other"
    if naming.DESIGN_HASH in survey.embedded_fields:
        updates[naming.DATA_SOURCE] = {"role": "source"}
        updates |= {each: {"role": "wording"} for each in survey.embedded_fields if _COMPOSED.fullmatch(each)}
    return updates


def _place(slot: tuple[int, int]) -> Update:
    return {"task": slot[0], "profile": slot[1]}


def _factor(factor: FoundFactor, slot: tuple[int, int]) -> Update:
    named = zip(level_names(factor), factor.levels, strict=True)
    levels = tuple(Category(code=each.code, level=name, label=label_of(each, name)) for name, each in named)
    name = factor_name(factor)
    told = {"name": name, "label": factor.label or name, "role": "factor", "kind": "category", "categories": levels}
    return told | _place(slot)


def _words(factor: FoundFactor, slot: tuple[int, int]) -> Update:
    name = factor_name(factor)
    shown = {"name": f"{name}_text", "role": "wording", "kind": "text", "categories": (), "about": name}
    return {**shown, "label": f"{factor.label or name}: the words shown", **_place(slot)}


# ------------------------------------------------------------------------------------------------------ questions


def _of_questions(roles: Roles) -> Mapping[str, Update]:
    updates: dict[str, Update] = {}
    for each in roles.covariates:
        renamed = {"name": question_name(each)} if is_taken(slug(each.tag.strip(), "question")) else {}
        updates[_import_id(each)] = {"role": "covariate", **renamed}
    if roles.consent is not None:
        names = {roles.consent.agree: "agree", roles.consent.decline: "decline"}
        consent = roles.consent.question
        updates[_import_id(consent)] = {"role": "consent", "categories": _categories(consent, names)}
    if roles.attention is not None:
        question, right = roles.attention
        names = dict(zip((e.id for e in question.choices), (o["name"] for o in options(question.choices)), strict=True))
        told = {"role": "attention", "about": names[right], "categories": _categories(question, names)}
        updates[_import_id(question)] = told
    for factor, question in roles.recall.values():
        levels = [*level_names(factor), UNSURE]
        names = dict(zip((each.id for each in question.choices), levels, strict=True))
        told = {"role": "recall", "about": factor_name(factor), "categories": _categories(question, names)}
        updates[_import_id(question)] = told
    for outcome in roles.outcomes:
        updates |= _outcome(outcome)
    return updates | dict(_times(roles))


def _import_id(question: Question) -> str:
    return f"{question.id}_TEXT" if question.type == "TE" else question.id


def _categories(question: Question, names: Mapping[str, str]) -> tuple[Category, ...]:
    return tuple(Category(code=each.code, level=names[each.id], label=each.plain) for each in question.choices)


def _outcome(outcome: FoundOutcome) -> dict[str, Update]:
    name = free_name(outcome.name, "outcome")
    updates: dict[str, Update] = {}
    for slot, question in outcome.asked.items():
        told = _chosen(question, name) if outcome.sides else measured(question, name)
        updates |= {column: {**each, **_place(slot)} for column, each in told.items()}
    return updates


def _chosen(question: Question, name: str) -> dict[str, Update]:
    """A choice between profiles, which are the answers in their order."""
    categories = categories_of(question.choices)
    if any(each.code != str(place) for place, each in enumerate(question.choices, 1)):
        return measured(question, name)
    valued = tuple(each.model_copy(update={"value": float(n)}) for n, each in enumerate(categories, 1))
    return {question.id: {"name": name, "role": "outcome", "kind": "chosen", "categories": valued}}


def _times(roles: Roles) -> Iterator[tuple[str, Update]]:
    """Times of tasks: one column of the clean data for all tasks."""
    for question in roles.found.trace.shown.values():
        name, slot = slot_of_tag(question, roles.found.tasks)
        if question.type == "Timing" and slot != (0, 0) and not slot[1]:
            for ending in ("FIRST_CLICK", "LAST_CLICK", "PAGE_SUBMIT", "CLICK_COUNT"):
                yield f"{question.id}_{ending}", {"name": f"{slug(name, 'time')}_{ending.lower()}", **_place(slot)}

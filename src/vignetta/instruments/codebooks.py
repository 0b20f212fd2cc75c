"""The codebook of an instrument: of one that was built from a design, and of any other survey."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from vignetta.codebook import RECORD, Category, Codebook, Kind, Role, Variable
from vignetta.declared import words
from vignetta.design.asked import Covariate, Option, Outcome
from vignetta.design.assigning.universe import universe_of
from vignetta.design.declaration import Design, Factor
from vignetta.design.raw import UNSURE
from vignetta.errors import Problem, StudyError
from vignetta.instruments import naming
from vignetta.instruments.adoption.recognising import shows_arms
from vignetta.instruments.columns import Column, columns_of, distinct, fraud_columns
from vignetta.instruments.hypertext import is_piped
from vignetta.instruments.running.carrying import with_carried
from vignetta.instruments.running.reading import loops_of
from vignetta.instruments.running.scoring import categories_of_scores
from vignetta.instruments.survey import (
    BlockNode,
    EmbeddedDataNode,
    EmbeddedField,
    EndNode,
    FlowNode,
    Question,
    RandomizerNode,
    Survey,
    walk,
)
from vignetta.instruments.writing import building
from vignetta.instruments.writing.drawing import draws_whole
from vignetta.instruments.written import mapping

_PANEL_ID: Final = re.compile(
    r"(?:.*[_. -])?(?:(?:prolific|worker|participant|panelist|respondent|session|assignment|submission|cloudresearch.*)"
    r"[_. -]?p?id|rid|(?:completion|mturk)[_. -]?code|e[_-]?mail|ip[_-]?address)",
    re.IGNORECASE,
)


# ------------------------------------------------------------------------------------------- of a declared design


def codebook_of_design(design: Design, survey: Survey | None = None) -> Codebook:
    """What each column of the study's export means.

    Parameters
    ----------
    survey
        The survey built from the design; made when left out. A study whose data are in hand has none: its columns are
        the declared ones.

    Raises
    ------
    StudyError
        When two variables would have the same name.
    """
    if design.in_hand:
        return _codebook(_in_hand(design))
    survey = survey or building.build(design)
    return _codebook([*RECORD, *(_located(each, survey) for each in _variables(design)), *_noted(design, survey)])


def _codebook(variables: Sequence[Variable]) -> Codebook:
    names = Counter((each.name, each.task, each.profile) for each in variables)
    remedy = "Choose another name in study.yaml: the export's own columns have theirs already."
    twice = dict.fromkeys(name for (name, *_), n in names.items() if n > 1)
    problems = [Problem(name, "two variables would have this name.", remedy) for name in twice]
    if problems:
        raise StudyError(problems)
    return Codebook(variables=tuple(variables))


def _codes(options: Sequence[Option]) -> list[str]:
    return [each.code or str(place) for place, each in enumerate(options, 1)]


def _in_hand(design: Design) -> list[Variable]:
    respondent = design.data.respondent if design.data else None
    named = [Variable(name="response_id", role="identifier", kind="text", column=respondent)] if respondent else []
    return named + [each for each in _variables(design) if each.role != "wording"]


def _located(variable: Variable, survey: Survey) -> Variable:
    """The variable with the ImportId of its question, or of its embedded field."""
    if variable.column in survey.embedded_fields:
        return variable.model_copy(update={"import_id": variable.column})
    for each in survey.questions.values():
        for column in columns_of(each):
            if each.tag + column.name == variable.column:
                return variable.model_copy(update={"import_id": f"{each.id}{column.import_name}"})
    return variable


def _noted(design: Design, survey: Survey) -> Iterator[Variable]:
    """What the built instrument notes itself: times on the vignettes' pages, where the data are from, the design."""
    for task in naming.tasks(design):
        for name in naming.timings(design):
            yield from _times(survey, name, task)
    if design.options.browser:
        yield from _of_question(_tagged(survey, naming.BROWSER), role="other")
    if design.options.captcha_score:
        yield _field_variable(naming.SCORE, "other", "number")
    for name in building.fields_of(design):
        if name == naming.ORDER:
            yield _field_variable(name, "other", "text")
    for name in building.composed_fields(design):
        yield _field_variable(name, "wording", "text")
    for name in building.translated_fields(design):
        if name in survey.embedded_fields:
            yield _field_variable(name, "wording", "text")
    if flags_ends(survey):
        yield _field_variable(naming.FLAG, "other", "text")
    yield _field_variable(naming.DATA_SOURCE, "source", "text")
    yield _field_variable(naming.DESIGN_HASH, "other", "text")


def _tagged(survey: Survey, tag: str) -> Question:
    return next(each for each in survey.questions.values() if each.tag == tag)


def _times(survey: Survey, name: str, task: int) -> Iterator[Variable]:
    tag = name + naming.suffix((task, 0))
    for each in _of_question(_tagged(survey, tag), role="other"):
        yield each.model_copy(update={"name": name + each.name.removeprefix(tag), "task": task})


def _variables(design: Design) -> Iterator[Variable]:
    """The variables that the design declares, in the order in which they arise, with their columns."""
    yield from _panel(design)
    yield from _sample(design)
    yield from _consent(design)
    yield from (_covariate(each, design) for each in design.covariates.values())
    yield from _attention(design)
    yield from _drawn(design)
    for factor in design.factors.values():
        yield from _factor(factor, design)
    for outcome in design.outcomes.values():
        yield from _outcome(outcome, design)
    yield from (_recall(each, design) for each in design.factors.values() if each.recall)


def _panel(design: Design) -> Iterator[Variable]:
    """By what a panel knows its respondents, which cleaning leaves behind."""
    for name in building.panel_fields(design):
        yield Variable(name=name, role="personal", kind="text", column=name, label=name)


def _sample(design: Design) -> Iterator[Variable]:
    """Where respondents were invited, as the survey's link says."""
    if design.samples:
        named = ((each.name, each.name, _said(each.label, design)) for each in design.samples.values())
        yield Variable(
            name=naming.SAMPLE,
            role="covariate",
            kind="category",
            column=naming.SAMPLE,
            label="Sample",
            categories=_categories(named),
        )


def _said(text: dict[str, str], design: Design) -> str:
    return " ".join(words(text, design.language).split())


def _categories(answers: Iterable[tuple[str, str, str]]) -> tuple[Category, ...]:
    return tuple(Category(code=code, level=level, label=label) for code, level, label in answers)


def _options(options: Sequence[Option], design: Design) -> tuple[Category, ...]:
    coded = zip(_codes(options), options, strict=True)
    return _categories((code, each.name, _said(each.text, design)) for code, each in coded)


def _consent(design: Design) -> Iterator[Variable]:
    asked = design.consent
    if asked is not None:
        answers = ((naming.AGREE, "agree", asked.agree), (naming.DECLINE, "decline", asked.decline))
        yield Variable(
            name=naming.CONSENT,
            role="consent",
            kind="category",
            column=naming.CONSENT,
            label="Consent",
            question=_said(asked.text, design),
            categories=_categories((code, level, _said(text, design)) for code, level, text in answers),
        )


def _covariate(covariate: Covariate, design: Design) -> Variable:
    kinds: dict[str, Kind] = {"choice": "category", "ordered": "ordered", "number": "number"}
    return Variable(
        name=covariate.name,
        role="covariate",
        kind=kinds[covariate.kind],
        column=covariate.column or covariate.name,
        label=_said(covariate.label, design),
        question=_said(covariate.question, design),
        categories=_options(covariate.options, design),
        **_bounds(covariate.minimum, covariate.maximum),
    )


def _bounds(minimum: float | None, maximum: float | None) -> dict[str, Any]:
    return {key: each for key, each in (("minimum", minimum), ("maximum", maximum)) if each is not None}


def _attention(design: Design) -> Iterator[Variable]:
    asked = {} if design.attention is None else {naming.ATTENTION: design.attention}
    for name, check in {**asked, **design.checks}.items():
        yield Variable(
            name=name,
            role="attention",
            kind="category",
            column=name,
            label="Attention check" if name in asked else f"Check {name}",
            question=_said(check.question, design),
            about=check.correct,
            categories=_options(check.options, design),
        )


def _drawn(design: Design) -> Iterator[Variable]:
    """The number of the vignette or deck, which the instrument notes when a single randomizer draws it."""
    if design.in_hand:
        return
    if draws_whole(design):
        yield _number(naming.VIGNETTE, "vignette", "Vignette", len(universe_of(design)))
    if design.decks:
        yield _number(naming.DECK, "other", "Deck", design.decks.number)


def _number(name: str, role: Role, label: str, most: int) -> Variable:
    return Variable(name=name, role=role, kind="number", column=name, label=label, minimum=1, maximum=most)


def _factor(factor: Factor, design: Design) -> Iterator[Variable]:
    levels = _categories((each.export_code, each.name, _said(each.label, design)) for each in factor.levels)
    label = _said(factor.label, design)
    for slot in naming.slots(design, factor.varies):
        place = {"task": slot[0], "profile": slot[1]}
        yield Variable(
            name=factor.name,
            role="factor",
            kind="category",
            column=naming.factor_field(factor, slot),
            label=label,
            categories=levels,
            **place,
        )
        yield Variable(
            name=f"{factor.name}_text",
            role="wording",
            kind="text",
            column=naming.text_field(factor, slot),
            label=f"{label}: the words shown",
            about=factor.name,
            **place,
        )


def _outcome(outcome: Outcome, design: Design) -> Iterator[Variable]:
    for slot in naming.outcome_slots(design, outcome):
        tag = naming.outcome_tag(outcome, slot)
        if outcome.kind == "text":
            yield _told(outcome, tag, slot, design)
        for place, each in enumerate(outcome.measured().values(), 1):
            whole = design.in_hand or outcome.kind in ("rating", "choice")
            column = naming.outcome_tag(each, slot) if whole else f"{tag}_{place}"
            yield _told(each, column, slot, design)


_KINDS: Final[dict[str, Kind]] = {"rating": "scale", "choice": "chosen", "slider": "number", "text": "text"}


def _told(outcome: Outcome, column: str, slot: naming.Slot, design: Design) -> Variable:
    bounds = _bounds(outcome.minimum, outcome.maximum) if outcome.kind == "slider" else {}
    return Variable(
        name=outcome.name,
        role="open" if outcome.kind == "text" else "outcome",
        kind=_KINDS[outcome.kind],
        column=column,
        label=_said(outcome.label, design),
        question=_said(outcome.question, design),
        categories=_sides(design) if outcome.kind == "choice" else _points(outcome, design),
        task=slot[0],
        profile=slot[1],
        **bounds,
    )


def _points(outcome: Outcome, design: Design) -> tuple[Category, ...]:
    answers = ((code, _said(point.text, design)) for code, point in zip(outcome.codes, outcome.scale, strict=True))
    points = distinct((code, text, text) for code, text in answers)
    valued = zip(points, outcome.values, strict=False)
    return tuple(each.model_copy(update={"value": value}) for each, value in valued)


def _sides(design: Design) -> tuple[Category, ...]:
    """The profiles to choose between."""
    labels = [_said(each, design) for each in design.profile_labels]
    sides = distinct((str(number), label, label) for number, label in enumerate(labels, 1))
    return tuple(each.model_copy(update={"value": float(number)}) for number, each in enumerate(sides, 1))


def _recall(factor: Factor, design: Design) -> Variable:
    assert factor.recall is not None
    answers = [(each.name, each.label) for each in factor.levels] + [(UNSURE, factor.recall.unsure)]
    return Variable(
        name=naming.recall_tag(factor),
        role="recall",
        kind="category",
        column=naming.recall_tag(factor),
        label=f"Recall of {_said(factor.label, design)}",
        question=_said(factor.recall.question, design),
        about=factor.name,
        categories=_categories((str(n), name, _said(text, design)) for n, (name, text) in enumerate(answers, 1)),
    )


# --------------------------------------------------------------------------------------------------- of any survey


def codebook_of_survey(survey: Survey) -> Codebook:
    """What each column of the export of a survey means, as far as the survey itself says.

    Questions that are answered and not in the trash get a variable per column, then the fields of the flow. A field to
    which a randomizer gives one of several fixed values is a factor. Where a randomizer shows one of several blocks or
    groups and sets no field, the viewing order of the export alone holds the arm. Which questions are outcomes nobody
    can know from the survey: their role is `other`, to be changed in the codebook.
    """
    made = list(RECORD)
    for block in survey.live_blocks:
        loops = [each.number for each in loops_of(survey, block)] or [""]
        for known in (survey.questions[each] for each in block.questions if each in survey.questions):
            question = with_carried(survey, known)
            made += [each for loop in loops for each in _of_question(question, role="other", loop=loop)]
    for each in categories_of_scores(survey):
        score = _field_variable(each.column, "other", "number")
        made.append(score.model_copy(update={"import_id": each.id, "label": each.name}))
    made += [_of_field(name, survey) for name in survey.embedded_fields]
    made += _arms(survey)
    made += [_field_variable(naming.FLAG, "other", "text")] if flags_ends(survey) else []
    fraud = {name: kind for name, kind in fraud_columns(survey.options).items() if name not in survey.embedded_fields}
    made += [_field_variable(name, "other", kind) for name, kind in fraud.items()]
    return Codebook(variables=tuple(_uniquely_named(made)))


def _of_question(question: Question, *, role: Role, loop: str = "") -> Iterator[Variable]:
    before = f"{loop}_" if loop else ""
    tag = question.tag.strip() or question.id
    for each in columns_of(question):
        name = _readable(tag) + re.sub(r"\W+", "_", each.name).lower() + (f"_loop_{loop}" if loop else "")
        yield Variable(
            name=name,
            role="personal" if each.kind == "text" and _PANEL_ID.fullmatch(tag) else role,
            kind=each.kind,
            import_id=f"{before}{question.id}{each.import_name}",
            column=f"{before}{tag}{each.name}",
            label=_label(question, each),
            question=question.plain,
            categories=each.categories,
            **_bounds(each.minimum, each.maximum),
        )


def _label(question: Question, column: Column) -> str:
    return column.row or question.plain


def _readable(text: str) -> str:
    name = re.sub(r"\W+", "_", text).strip("_")
    return name if name and not name[0].isdigit() else f"q_{name}".rstrip("_")


def _of_field(name: str, survey: Survey) -> Variable:
    values = _random_values(name, survey)
    if values:
        return _field_variable(name, "factor", "category", distinct((each, each, each) for each in values))
    return _field_variable(name, "personal" if _PANEL_ID.fullmatch(name) else "other", "text")


def _field_variable(name: str, role: Role, kind: Kind, categories: tuple[Category, ...] = ()) -> Variable:
    more: dict[str, Any] = {"import_id": name, "column": name, "label": name, "categories": categories}
    return Variable(name=_readable(name), role=role, kind=kind, **more)


def flags_ends(survey: Survey) -> bool:
    """Whether an end of the survey, or a full quota, is noted in the response."""
    ends = [each.options for each in walk(survey.flow) if isinstance(each, EndNode)]
    quotas = [mapping(mapping(each.get("Payload")).get("EndSurveyOptions")) for each in survey.elements("QO")]
    return naming.FLAG not in survey.embedded_fields and any(each.get("ResponseFlag") for each in (*ends, *quotas))


def _arms(survey: Survey) -> Iterator[Variable]:
    """The viewing order of each randomizer that shows one of its children and sets no field."""
    for node in (each for each in walk(survey.flow) if isinstance(each, RandomizerNode)):
        if shows_arms(node):
            arms = [(each.id, _shown(each, survey)) for each in node.children]
            name, categories = f"{node.id}_DO", distinct((code, text, text) for code, text in arms)
            yield _field_variable(name, "other", "category", categories)


def _shown(node: FlowNode, survey: Survey) -> str:
    block = survey.blocks.get(node.block) if isinstance(node, BlockNode) else None
    return (block.name if block else getattr(node, "name", "")) or node.id


def _random_values(name: str, survey: Survey) -> list[str]:
    """The fixed values that a field can get, when a randomizer chooses among at least two; otherwise none."""
    given = [each.value for each in _assignments(survey.flow, name) if each.value is not None]
    if any(map(is_piped, given)):
        return []
    for node in walk(survey.flow):
        if isinstance(node, RandomizerNode):
            chosen = {each.value for child in node.children for each in _assignments((child,), name) if each.value}
            if len(chosen) > 1:
                return [each for each in dict.fromkeys(given) if each]
    return []


def _assignments(nodes: tuple[Any, ...], name: str) -> Iterator[EmbeddedField]:
    for node in walk(nodes):
        if isinstance(node, EmbeddedDataNode):
            yield from (each for each in node.fields if each.name == name)


def _uniquely_named(variables: Sequence[Variable]) -> Iterator[Variable]:
    taken: set[str] = set()
    for each in variables:
        numbers = [re.sub(r"\W+", "_", each.import_id), *map(str, range(2, len(variables) + 2))]
        candidates = [each.name, *(f"{each.name}_{number}" for number in numbers)]
        name = next(candidate for candidate in candidates if candidate not in taken)
        taken.add(name)
        yield each if name == each.name else each.model_copy(update={"name": name})

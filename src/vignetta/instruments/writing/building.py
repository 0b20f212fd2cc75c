"""From the declared design to the survey that Qualtrics imports."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import prod
from typing import Final

from vignetta.declared import NAME
from vignetta.design.asked import Covariate
from vignetta.design.declaration import Design
from vignetta.design.platform import FIELD, Quota
from vignetta.design.texts.wording import Segment
from vignetta.errors import Problem, StudyError
from vignetta.instruments.hypertext import inline
from vignetta.instruments.naming import (
    ATTENTION,
    BROWSER,
    CAPTCHA,
    CODE,
    COMPLETION,
    CONSENT,
    DATA_SOURCE,
    DEBRIEFING,
    DECK,
    DECLINE,
    DESIGN_HASH,
    FAREWELL,
    INTRODUCTION,
    ORDER,
    SAMPLE,
    SCORE,
    VIGNETTE,
    Slot,
    ending,
    factor_field,
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
from vignetta.instruments.survey import Survey
from vignetta.instruments.writing import elements
from vignetta.instruments.writing.drawing import MOST_CHILDREN, Drawing, draws_whole
from vignetta.instruments.writing.elements import Piece
from vignetta.instruments.writing.pages import Pages, piped, prose_slots, segments
from vignetta.instruments.writing.quotas import quota as written_quota
from vignetta.instruments.writing.quotas import quota_parts
from vignetta.instruments.writing.translating import translate

_DRAWN: Final = "${rand://int/100000:999999}"
"""A completion code, as Qualtrics draws it."""


def design_hash(design: Design) -> str:
    """What tells this declared content from any other: 12 hexadecimal digits.

    Where the responses are (`data`) does not count: naming the file after fielding changes no instrument. Nor does a
    key that says what would hold without it.
    """
    content = design.model_dump(mode="json", exclude={"data"}, exclude_defaults=True)
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()[:12]


def build(design: Design, *, language: str = "") -> Survey:
    """The survey of a declared design.

    Every respondent consents (or is thanked and leaves), answers the covariates and the attention check, is given the
    levels of every task, reads its vignette or profiles, rates the outcomes, and at the end answers the recall checks.

    How levels are drawn:

    - under `decks`, a randomizer gives the respondent a deck;
    - with one vignette of a restricted or weighted design, a randomizer draws the vignette: each stands under it as
      often as its probability says, in the smallest whole numbers, and sets all levels and the field `vignette`;
    - otherwise every part of the design that is independent of the rest has randomizers of its own, one for each slot
      that it is drawn for: a single factor where no restriction ties it to others. Levels that are shared are drawn
      first, those that depend on them below them; profiles that rules are about are drawn together.

    Strata have randomizers of their own. The order of attributes is drawn by putting together the rows of the tables in
    a randomizer that shows them all.

    Parameters
    ----------
    language
        The language of every text. When left out, the survey is in all languages of the study: its questions have
        translations, in which the words of levels come from fields of their own (`regime_text_de`).

    Raises
    ------
    StudyError
        When the study was fielded elsewhere, one of its names is needed by the instrument itself, or a randomizer
        would need too many elements.
    """
    problems = build_problems(design)
    if problems:
        raise StudyError(problems)
    told = design.model_copy(update={"languages": (language,)}) if language else design
    return _built(told, design_hash(design))


def _built(design: Design, known_as: str) -> Survey:
    main, *others = [Pages(design, each) for each in design.languages]
    for tag, question in main.questions.items():
        translate(question, {each.language: each.questions[tag] for each in others})
    return Survey(
        elements.document(
            *(design.name, design.title),
            note=design.note,
            language=design.language,
            translations=design.languages[1:],
            blocks=main.with_trash(),
            flow=elements.flow(_Flow(design, known_as, (main, *others)).whole()),
            questions=list(main.questions.values()),
            options=_options(design),
            more=quota_parts(design.name, [_quota(each, design, main) for each in design.quotas.values()]),
        )
    )


def _options(design: Design) -> Piece:
    """The survey's options that the design declares."""
    declared = design.options
    chosen = {"BackButton": declared.back_button, "RecaptchaV3": declared.captcha_score}
    return {key: "true" for key, wanted in chosen.items() if wanted} | (
        {"ProgressBarDisplay": "VerboseText"} if declared.progress_bar else {}
    )


def _quota(quota: Quota, design: Design, pages: Pages) -> Piece:
    asked = [(design.covariates[name], answer) for name, answer in quota.answers.items()]
    chosen = [
        (pages.questions[each.column or each.name], str([option.name for option in each.options].index(answer) + 1))
        for each, answer in asked
    ]
    number, address = elements.identifier("QO", design.name, quota.name), _address(design, "over_quota")
    return written_quota(number, quota.name, chosen, limit=quota.limit, address=address)


def _address(design: Design, key: str) -> str:
    """Where the panel takes its respondents back, with the fields of the link filled in; empty for nowhere."""
    return FIELD.sub(lambda found: piped(found[1]), getattr(design.panel, key, None) or "")


def build_problems(design: Design) -> list[Problem]:
    """Why no survey can be built of a design; nothing when one can."""
    if design.in_hand or design.vignette is None:
        what = "the study's data are in hand, so there is no instrument to build."
        return [
            Problem("data.format", what, "Remove `data:`, or write `format: qualtrics`, and declare a `vignette:`.")
        ]
    names = [each for each in fields_of(design) if each != VIGNETTE]
    return _clashes([*names, *_tags(design)]) + _children_problems(design)


def _children_problems(design: Design) -> list[Problem]:
    """Why the elements under the randomizers would be too many."""
    strata = prod(len(design.covariates[each].options) for each in design.strata)
    needed = Drawing(design).size()
    if needed * strata <= MOST_CHILDREN:
        return []
    within = f" in each of {strata} strata" if strata > 1 else ""
    what = f"the survey's randomizers would need {needed:,} elements{within}; {MOST_CHILDREN:,} are the most."
    weighted = _weighted(design)
    remedy = "Declare fewer, or write `mechanism: decks`."
    if weighted:
        remedy = f"Write weights in small whole proportions, or `mechanism: decks`: {'; '.join(weighted)}."
    return [Problem("factors", what, remedy)]


def _weighted(design: Design) -> list[str]:
    """The factors with unequal weights, and these."""
    unequal = [each for each in design.factors.values() if len({level.weight for level in each.levels}) > 1]
    return [
        f"`{each.name}` has {', '.join(f'{level.name} {level.weight:.12g}' for level in each.levels)}"
        for each in unequal
    ]


def fields_of(design: Design) -> list[str]:
    """The embedded fields that the flow declares, in order."""
    levels = [
        name(each, slot)
        for each in design.factors.values()
        for slot in slots(design, each.varies)
        for name in (factor_field, text_field)
    ]
    noted = [
        *([SAMPLE] if design.samples else []),
        *([DECK] if design.decks else []),
        *([VIGNETTE] if draws_whole(design) else []),
    ]
    order = [] if design.attribute_order == "fixed" else [ORDER]
    score = [SCORE] if design.options.captcha_score else []
    own = [*score, *panel_fields(design), *noted, *levels, *order, *composed_fields(design)]
    return [DATA_SOURCE, DESIGN_HASH, *own, *translated_fields(design)]


def panel_fields(design: Design) -> list[str]:
    """The embedded fields by which a panel knows its respondents: those of the link, and the completion code."""
    panel = design.panel
    return [] if panel is None else [*panel.link, *([COMPLETION] if panel.code else [])]


def composed_fields(design: Design) -> list[str]:
    """The embedded fields in which words of the main language are put together: phrases, and the rows of tables."""
    return _composed(design, design.language)


def translated_fields(design: Design) -> list[str]:
    """The embedded fields that hold words in the other languages."""
    texts = [text_field(each, slot) for each in design.factors.values() for slot in slots(design, each.varies)]
    return [
        name + ending(design, language)
        for language in design.languages[1:]
        for name in (*texts, *_composed(design, language))
    ]


def _composed(design: Design, language: str) -> list[str]:
    phrases = [phrase_field(place, slot) for place, _ in phrases_of(design, language) for slot in prose_slots(design)]
    rows = [] if design.attribute_order == "fixed" else [rows_field(max(each, 1)) for each in tasks(design)]
    return [*phrases, *rows]


def phrases_of(design: Design, language: str = "") -> list[tuple[int, Segment]]:
    """The parts of the template that no single factor's text fills, with their places."""
    numbered = enumerate(segments(design, language or design.language))
    return [(place, each) for place, each in numbered if each.factors and not each.factor]


def _tags(design: Design) -> list[str]:
    asked = [each.column or each.name for each in design.covariates.values()]
    asked += [outcome_tag(each, slot) for each in design.outcomes.values() for slot in outcome_slots(design, each)]
    checks = [*design.checks, *(recall_tag(each) for each in design.factors.values() if each.recall)]
    read = [each + suffix((task, 0)) for task in tasks(design) for each in (VIGNETTE, *timings(design))]
    return [BROWSER, CAPTCHA, DEBRIEFING, INTRODUCTION, CONSENT, FAREWELL, ATTENTION, CODE, *read, *asked, *checks]


def _clashes(names: Sequence[str]) -> list[Problem]:
    remedy = "Choose another name, or another `column`, in study.yaml."
    twice = [name for name, count in Counter(names).items() if count > 1]
    found = [Problem(name, "two columns of the export would have this name.", remedy) for name in twice]
    odd = [name for name in names if not re.fullmatch(NAME, name)]
    remedy = "Use letters, digits and underscores, beginning with a letter."
    return [*found, *(Problem(name, "nothing in the instrument can have this name.", remedy) for name in odd)]


@dataclass(frozen=True)
class _Flow:
    """What respondents go through."""

    design: Design
    known_as: str
    in_languages: tuple[Pages, ...]

    @property
    def pages(self) -> Pages:
        """Those in the main language."""
        return self.in_languages[0]

    def whole(self) -> list[Piece]:
        """The declared fields, the pages before the vignettes, the levels, the pages from there on."""
        declared = {name: self.known_as if name == DESIGN_HASH else None for name in fields_of(self.design)}
        strata = [self.design.covariates[each] for each in self.design.strata]
        levels = self._in_strata(strata, Drawing(self.design).flow)
        before, after = (
            self._shown("captcha", "respondent", "attention", "introduction", "checks"),
            self._shown(*self.pages.read, "recall", "debriefing"),
        )
        start = [elements.embedded_data(declared), *self._asked_consent()]
        last = [*self._coded(), self._end("completed", "Complete")]
        return [*start, *before, *levels, *self._phrases(), *self._order(), *after, *last]

    def _end(self, key: str, flag: str) -> Piece:
        """The survey's end, from which a panel's respondents go to the panel's address."""
        return elements.end(_address(self.design, key), flag=flag) if self.design.panel else elements.end()

    def _coded(self) -> list[Piece]:
        """Gives the respondent a completion code."""
        drawn = elements.embedded_data({COMPLETION: _DRAWN})
        return [drawn, *self._shown("code")] if "code" in self.pages.blocks else []

    def _shown(self, *names: str) -> list[Piece]:
        return [elements.show(self.pages.blocks[each]) for each in names if each in self.pages.blocks]

    def _asked_consent(self) -> list[Piece]:
        if CONSENT not in self.pages.blocks:
            return []
        leave = [*self._shown("farewell"), self._end("screened_out", "Screened")]
        return [*self._shown("consent"), elements.branch_if_chosen(self.pages.questions[CONSENT], DECLINE, leave)]

    def _in_strata(self, strata: Sequence[Covariate], draw: Callable[[], list[Piece]]) -> list[Piece]:
        """What draws the levels, once for each combination of answers to the covariates."""
        if not strata:
            return draw()
        question = self.pages.questions[strata[0].column or strata[0].name]
        below = partial(self._in_strata, strata[1:], draw)
        return [elements.branch_if_chosen(question, choice, below()) for choice in question["ChoiceOrder"]]

    # ------------------------------------------------------------------- phrases, and the order of attributes

    def _phrases(self) -> list[Piece]:
        """Gives every part of the template its words where several levels, a form or a list decide on them."""
        return [
            elements.branch_if_set(asked, [elements.embedded_data({phrase_field(place, slot) + end: inline(text)})])
            for language, end in ((each, ending(self.design, each)) for each in self.design.languages)
            for place, segment in phrases_of(self.design, language)
            for slot in prose_slots(self.design)
            for asked, text in self._worded(segment, slot, language)
        ]

    def _worded(self, segment: Segment, slot: Slot, language: str) -> Iterator[tuple[dict[str, str], str]]:
        """The words of a part beside each combination of levels, with the fields that say so, unless it is empty."""
        for chosen in product(*(self._asked(name, slot, language) for name in segment.factors)):
            levels = {name: level for name, (level, _, _, _) in zip(segment.factors, chosen, strict=True)}
            texts = {name: text for name, (_, text, _, _) in zip(segment.factors, chosen, strict=True)}
            text = segment.render(levels, texts)
            if text:
                yield {field: code for _, _, field, code in chosen}, text

    def _asked(self, name: str, slot: Slot, language: str) -> list[tuple[str, str, str, str]]:
        """The levels of a factor, or the samples: each with its words, and the field and code that say so."""
        if name == SAMPLE:
            return [(each, "", SAMPLE, each) for each in self.design.samples]
        factor = self.design.factors[name]
        field = factor_field(factor, slot_of(self.design, factor, slot))
        return [(each.name, each.words(language), field, each.export_code) for each in factor.levels]

    def _order(self) -> list[Piece]:
        """Puts the rows of all tables together in an order drawn for the respondent."""
        if self.design.attribute_order == "fixed":
            return []
        rows = {name: self._appended(name) for name in self.design.rows}
        if self.design.attribute_order == "shuffled":
            return [elements.in_any_order(list(rows.values()))]
        groups = [[name for name in group if name in rows] for group in self.design.attribute_groups]
        alone = [[name] for name in rows if not any(name in group for group in groups)]
        pieces = [[rows[name] for name in group] for group in (*groups, *alone) if group]
        return [elements.in_any_order([elements.in_any_order(each) if len(each) > 1 else each[0] for each in pieces])]

    def _appended(self, name: str) -> Piece:
        """Adds a factor's row to the tables of all tasks, and its name to the order."""
        factor = self.design.factors[name]
        fields: dict[str, str | None] = {ORDER: f"{piped(ORDER)}{name};"}
        for task in tasks(self.design):
            for pages in self.in_languages:
                field = rows_field(max(task, 1)) + ending(self.design, pages.language)
                fields[field] = piped(field) + pages.row(factor, task)
        return elements.embedded_data(fields)

"""From the declared design to the survey that Qualtrics imports."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import prod
from typing import Final, Literal

from vignetta.declared import NAME, words
from vignetta.design.declaration import Covariate, Design, Factor, Option
from vignetta.design.universe import shares, universe_of
from vignetta.design.wording import Template
from vignetta.errors import Problem, StudyError
from vignetta.instruments import elements
from vignetta.instruments.elements import Piece
from vignetta.instruments.hypertext import escaped, paragraphs
from vignetta.instruments.survey import Survey

CONSENT: Final = "consent"
ATTENTION: Final = "attention"
VIGNETTE: Final = "vignette"
FAREWELL: Final = "farewell"
TIMING: Final = "timing_vignette"
DATA_SOURCE: Final = "data_source"
DESIGN_HASH: Final = "design_hash"
AGREE: Final = "1"
DECLINE: Final = "2"
"""The choices of the consent question."""
MOST_CHILDREN: Final = 5_000
"""More elements than these are not put under randomizers."""
_PIPE: Final = "\ue000"
"""Where a field goes, until its name is put in: from the range of characters that no text uses."""
BlockName = Literal["consent", "farewell", "respondent", "attention", "vignette", "recall"]


def factor_field(factor: Factor) -> str:
    """The embedded field that holds the code of the factor's level."""
    return factor.column or factor.name


def text_field(factor: Factor) -> str:
    """The embedded field that holds the words of the factor's level."""
    return f"{factor_field(factor)}_text"


def piped(template: Template, fields: Mapping[str, str]) -> str:
    """The template as HTML paragraphs, with the embedded field of each factor where its text goes.

    Raises `StudyError` for a template with forms, lists or phrases, which no single field holds.
    """
    parts = [
        _PIPE if each.factor else each.render({}, {}) for each in template.segments if each.factor or not each.factors
    ]
    if len(parts) < len(template.segments):
        what = "the survey can show words and `{factor}` only, no forms, lists or conditions."
        raise StudyError(Problem("vignette", what, "Write the template without them."))
    first, *others = paragraphs("".join(parts)).replace(f"${_PIPE}", f"&#36;{_PIPE}").split(_PIPE)
    names = [each.factor for each in template.segments if each.factor]
    return first + "".join(f"${{e://Field/{fields[name]}}}{text}" for name, text in zip(names, others, strict=True))


def recall_tag(factor: Factor) -> str:
    """The export tag of the factor's recall check."""
    return f"recall_{factor.name}"


def design_hash(design: Design) -> str:
    """What tells this declared content from any other: 12 hexadecimal digits.

    Where the responses are (`data`) does not count: naming the file after fielding changes no instrument.
    """
    content = design.model_dump(mode="json", exclude={"data"})
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()[:12]


def build(design: Design, *, language: str = "") -> Survey:
    """The survey of a declared design.

    Every respondent consents (or is thanked and leaves), answers the covariates and the attention check, is given one
    level of each factor, reads the vignette, rates the outcomes on the next page, and answers the recall checks.

    When every level of a factor is equally likely beside all others, one randomizer per factor draws its level.
    Otherwise a single randomizer draws the vignette: each stands under it as often as its probability says, in the
    smallest whole numbers, and sets all levels and the field `vignette`. Strata have randomizers of their own.

    Parameters
    ----------
    language
        The language of every text; the study's main one when left out.

    Raises
    ------
    StudyError
        When the study was fielded elsewhere, one of its names is needed by the instrument itself, or a randomizer
        would need too many elements.
    """
    problems = _problems(design)
    if problems:
        raise StudyError(problems)
    language = language or design.language
    paper = _Paper(design, language)
    return Survey(
        elements.document(
            *(design.name, design.title),
            note=design.note,
            language=language,
            blocks=paper.blocks(),
            flow=elements.flow(paper.flow()),
            questions=list(paper.questions.values()),
        )
    )


def _problems(design: Design) -> list[Problem]:
    if design.in_hand or design.vignette is None:
        what = "the study's data are in hand, so there is no instrument to build."
        return [
            Problem("data.format", what, "Remove `data:`, or write `format: qualtrics`, and declare a `vignette:`.")
        ]
    names = [each for each in _fields(design) if each != VIGNETTE]
    return _clashes([*names, *_tags(design)]) + _children_problems(design)


def _children_problems(design: Design) -> list[Problem]:
    """Why the elements under the randomizers would be too many."""
    strata = prod(len(design.covariates[each].options) for each in design.strata)
    if design.independent:
        needed = sum(len(each.levels) for each in design.factors.values())
    else:
        vignettes = len(universe_of(design))
        needed = vignettes if vignettes > MOST_CHILDREN else sum(shares(design))
    if needed * strata <= MOST_CHILDREN:
        return []
    within = f" in each of {strata} strata" if strata > 1 else ""
    what = f"the randomizer would need {needed:,} elements{within}; {MOST_CHILDREN:,} are the most."
    weighted = _weighted(design)
    remedy = f"Write weights in small whole proportions: {'; '.join(weighted)}." if weighted else "Declare fewer."
    return [Problem("factors", what, remedy)]


def _weighted(design: Design) -> list[str]:
    """The factors with unequal weights, and these."""
    unequal = [each for each in design.factors.values() if len({level.weight for level in each.levels}) > 1]
    return [
        f"`{each.name}` has {', '.join(f'{level.name} {level.weight:.12g}' for level in each.levels)}"
        for each in unequal
    ]


def _fields(design: Design) -> list[str]:
    names = [name(each) for each in design.factors.values() for name in (factor_field, text_field)]
    return [DATA_SOURCE, DESIGN_HASH, *([] if design.independent else [VIGNETTE]), *names]


def _tags(design: Design) -> list[str]:
    asked = [each.column or each.name for each in design.covariates.values()]
    asked += [each.column or each.name for each in design.outcomes.values()]
    checks = [recall_tag(each) for each in design.factors.values() if each.recall]
    return [CONSENT, FAREWELL, ATTENTION, VIGNETTE, TIMING, *asked, *checks]


def _clashes(names: Sequence[str]) -> list[Problem]:
    remedy = "Choose another name, or another `column`, in study.yaml."
    twice = [name for name, count in Counter(names).items() if count > 1]
    found = [Problem(name, "two columns of the export would have this name.", remedy) for name in twice]
    odd = [name for name in names if not re.fullmatch(NAME, name)]
    remedy = "Use letters, digits and underscores, beginning with a letter."
    return [*found, *(Problem(name, "nothing in the instrument can have this name.", remedy) for name in odd)]


@dataclass
class _Paper:
    """The questions of a design in one language, numbered in the order in which they are asked."""

    design: Design
    language: str
    questions: dict[str, Piece] = field(default_factory=dict)
    made: dict[BlockName, Piece] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, pages in self._pages().items():
            if any(pages):
                self._add(name, pages)

    def _add(self, name: BlockName, pages: Sequence[Sequence[Piece]]) -> None:
        for piece in (each for page in pages for each in page):
            piece["QuestionID"] = f"QID{len(self.questions) + 1}"
            self.questions[piece["DataExportTag"]] = piece
        ids = [[each["QuestionID"] for each in page] for page in pages]
        kind = "Standard" if self.made else "Default"
        number = elements.identifier("BL", self.design.name, name)
        self.made[name] = elements.block(number, name.capitalize(), kind, ids)

    def blocks(self) -> list[Piece]:
        trash = elements.block(
            elements.identifier("BL", self.design.name, "trash"), "Trash / Unused Questions", "Trash"
        )
        first, *others = self.made.values()
        return [first, trash, *others]

    # ------------------------------------------------------------------------------------------------ the pages

    def _pages(self) -> dict[BlockName, list[list[Piece]]]:
        return {
            "consent": [self._consent()],
            "farewell": [self._farewell()],
            "respondent": [[self._covariate(each)] for each in self.design.covariates.values()],
            "attention": [self._attention()],
            "vignette": [[self._vignette(), elements.timing(TIMING)], self._outcomes()],
            "recall": [[self._recall(each)] for each in self.design.factors.values() if each.recall],
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

    def _covariate(self, covariate: Covariate) -> Piece:
        tag, text = covariate.column or covariate.name, self._words(covariate.question)
        if covariate.kind == "number":
            return elements.number_entry(tag, text, minimum=covariate.minimum, maximum=covariate.maximum)
        return self._choice(tag, text, covariate.options)

    def _attention(self) -> list[Piece]:
        check = self.design.attention
        return [] if check is None else [self._choice(ATTENTION, self._words(check.question), check.options)]

    def _choice(self, tag: str, text: str, options: Sequence[Option]) -> Piece:
        choices = [self._words(each.text) for each in options]
        return elements.single_choice(tag, text, choices, codes=[each.code for each in options])

    def _vignette(self) -> Piece:
        fields = {name: text_field(each) for name, each in self.design.factors.items()}
        return elements.description(VIGNETTE, piped(self.design.template(self.language), fields))

    def _outcomes(self) -> list[Piece]:
        return [
            elements.single_choice(
                *(each.column or each.name, self._words(each.question)),
                [self._words(point.text) for point in each.scale],
                codes=[point.code for point in each.scale],
            )
            for each in self.design.outcomes.values()
        ]

    def _recall(self, factor: Factor) -> Piece:
        assert factor.recall is not None
        choices = [self._words(each.label) for each in factor.levels] + [self._words(factor.recall.unsure)]
        return elements.single_choice(recall_tag(factor), self._words(factor.recall.question), choices)

    # ------------------------------------------------------------------------------------------------- the flow

    def flow(self) -> list[Piece]:
        """The declared fields, the pages before the vignette, the factors' levels, the pages from it on."""
        declared = {name: design_hash(self.design) if name == DESIGN_HASH else None for name in _fields(self.design)}
        draw = self._factors if self.design.independent else self._whole
        levels = self._in_strata([self.design.covariates[each] for each in self.design.strata], draw)
        before, after = self._shown("respondent", "attention"), self._shown("vignette", "recall")
        return [elements.embedded_data(declared), *self._asked_consent(), *before, *levels, *after, elements.end()]

    def _shown(self, *names: BlockName) -> list[Piece]:
        return [elements.show(self.made[each]) for each in names if each in self.made]

    def _asked_consent(self) -> list[Piece]:
        if "consent" not in self.made:
            return []
        leave = [*self._shown("farewell"), elements.end()]
        return [*self._shown("consent"), elements.branch_if_chosen(self.questions[CONSENT], DECLINE, leave)]

    def _in_strata(self, strata: Sequence[Covariate], draw: Callable[[], list[Piece]]) -> list[Piece]:
        """What draws the levels, once for each combination of answers to the covariates."""
        if not strata:
            return draw()
        question = self.questions[strata[0].column or strata[0].name]
        below = partial(self._in_strata, strata[1:], draw)
        return [elements.branch_if_chosen(question, choice, below()) for choice in question["ChoiceOrder"]]

    def _factors(self) -> list[Piece]:
        """A randomizer per factor."""
        return [
            self._one_of([self._level(factor, place) for place in range(len(factor.levels))])
            for factor in self._declared
        ]

    def _whole(self) -> list[Piece]:
        """A randomizer of vignettes, each repeated in proportion to its probability."""
        codes = universe_of(self.design).codes.tolist()
        numbered = enumerate(zip(codes, shares(self.design), strict=True), 1)
        given = [(self._fields_of(number, places), times) for number, (places, times) in numbered]
        return [self._one_of([fields for fields, times in given for _ in range(times)])]

    @property
    def _declared(self) -> list[Factor]:
        return list(self.design.factors.values())

    def _one_of(self, given: Sequence[dict[str, str | None]]) -> Piece:
        even = self.design.mechanism != "simple"
        return elements.randomizer([elements.embedded_data(each) for each in given], even=even)

    def _fields_of(self, number: int, places: Sequence[int]) -> dict[str, str | None]:
        fields: dict[str, str | None] = {VIGNETTE: str(number)}
        for factor, place in zip(self._declared, places, strict=True):
            fields |= self._level(factor, place)
        return fields

    def _level(self, factor: Factor, place: int) -> dict[str, str | None]:
        level = factor.levels[place]
        return {factor_field(factor): level.export_code, text_field(factor): self._words(level.text or {"": ""})}

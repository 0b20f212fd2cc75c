"""A Qualtrics survey: the document as it is, and typed views of what it says.

The document is kept whole, so that whatever is not modelled here survives reading and writing. Views are read-only;
they accept every form in which Qualtrics writes the same thing (lists or mappings with gaps, numbers or texts as ids,
flags as texts).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from vignetta.instruments.hypertext import plain_text, whole_characters
from vignetta.instruments.validations import in_force
from vignetta.instruments.written import Raw, entries, is_true, mapping, numbered, whole_number

TRASH: Final = "Trash"
_WITHOUT_CHOICES: Final = ("DB", "Timing", "Meta", "Captcha")


# --------------------------------------------------------------------------------------------- questions and blocks


@dataclass(frozen=True)
class Choice:
    """An answer to a question, or a row or column of a matrix.

    `text` is HTML. `code` is what an export of values writes. `name` is what an export of texts writes instead of the
    text, where the author gave one; `tag` ends the column name of a row, where the author gave one.
    """

    id: str
    text: str
    code: str
    text_entry: bool = False
    name: str = ""
    tag: str = ""
    display_logic: Raw | None = field(default=None, repr=False)

    @property
    def plain(self) -> str:
        """The words that the respondent reads."""
        return plain_text(self.text)


@dataclass(frozen=True)
class Question:
    """A question, or anything else that stands on a page.

    `text` is HTML; `choices` and `answers` (the columns of a matrix) are in the order shown; `parts` are the questions
    that a side-by-side question sets beside each other; `validation` is as written.
    """

    id: str
    tag: str
    text: str
    type: str
    selector: str
    sub_selector: str = ""
    choices: tuple[Choice, ...] = ()
    answers: tuple[Choice, ...] = ()
    forced: bool = False
    validation: Raw = field(default_factory=dict, repr=False)
    display_logic: Raw | None = field(default=None, repr=False)
    javascript: str = field(default="", repr=False)
    parts: tuple[Question, ...] = ()
    raw: Raw = field(default_factory=dict, repr=False)

    @property
    def plain(self) -> str:
        """The words that the respondent reads."""
        return plain_text(self.text)

    @property
    def kind(self) -> tuple[str, str, str]:
        """Type, selector and sub-selector, which together say how it is shown and exported."""
        return self.type, self.selector, self.sub_selector


@dataclass(frozen=True)
class BlockElement:
    """A question of a block, or a page break, which has no question."""

    question: str = ""
    skip_logic: Any = field(default=None, repr=False)

    @property
    def is_page_break(self) -> bool:
        return not self.question


@dataclass(frozen=True)
class Block:
    """Questions that are shown together.

    `kind` is Default, Standard or Trash. `shuffle` is empty when the questions keep their order, otherwise Qualtrics'
    word for how they are shuffled, with its details, as written, in `randomisation`. `loops` are the loops' numbers
    with their fields, empty without loop and merge.
    """

    id: str
    name: str
    kind: str
    elements: tuple[BlockElement, ...] = ()
    shuffle: str = ""
    randomisation: Raw = field(default_factory=dict, repr=False)
    looping: str = ""
    loops: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    options: Raw = field(default_factory=dict, repr=False)

    @property
    def questions(self) -> list[str]:
        """The ids of the questions, in order."""
        return [each.question for each in self.elements if not each.is_page_break]

    @property
    def pages(self) -> list[list[str]]:
        """The ids of the questions of each page; a page without questions does not exist."""
        pages: list[list[str]] = [[]]
        for each in self.elements:
            if each.is_page_break:
                pages.append([])
            else:
                pages[-1].append(each.question)
        return [each for each in pages if each]


# --------------------------------------------------------------------------------------------------------- the flow


@dataclass(frozen=True)
class BlockNode:
    """A place where a block is shown."""

    id: str
    block: str


@dataclass(frozen=True)
class EmbeddedField:
    """A field and the value that it is given; without a value it comes from the link, the contact list or a script."""

    name: str
    value: str | None


@dataclass(frozen=True)
class EmbeddedDataNode:
    """A place where fields get their values."""

    id: str
    fields: tuple[EmbeddedField, ...]


@dataclass(frozen=True)
class RandomizerNode:
    """Each respondent sees `subset` of the children, in random order; `even` keeps the children's counts even."""

    id: str
    subset: int
    even: bool
    children: tuple[FlowNode, ...]


@dataclass(frozen=True)
class BranchNode:
    """Children that only those see for whom `logic`, as written, holds."""

    id: str
    logic: Raw = field(repr=False)
    children: tuple[FlowNode, ...] = ()


@dataclass(frozen=True)
class GroupNode:
    """Children that belong together."""

    id: str
    name: str
    children: tuple[FlowNode, ...]


@dataclass(frozen=True)
class EndNode:
    """The survey ends here; `options`, as written, say with which message or redirect."""

    id: str
    options: Raw = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class OtherNode:
    """A flow element without a view of its own, such as a web service."""

    id: str
    type: str
    raw: Raw = field(repr=False)
    children: tuple[FlowNode, ...] = ()


FlowNode = BlockNode | EmbeddedDataNode | RandomizerNode | BranchNode | GroupNode | EndNode | OtherNode


def children(node: FlowNode) -> tuple[FlowNode, ...]:
    """The flow elements directly below one; none for those that cannot have any."""
    return getattr(node, "children", ())


def walk(nodes: tuple[FlowNode, ...]) -> Iterator[FlowNode]:
    """All flow elements, each before those below it."""
    for each in nodes:
        yield each
        yield from walk(children(each))


# -------------------------------------------------------------------------------------------------------- the whole


@dataclass(frozen=True)
class Survey:
    """A survey: `document` is what a .qsf file holds, everything else is read from it."""

    document: Raw = field(repr=False)

    @cached_property
    def _whole(self) -> Raw:
        written: Raw = whole_characters(self.document)
        return written

    @property
    def entry(self) -> Raw:
        """The survey's own data: id, name, owner, language, dates."""
        entry: Raw = self._whole["SurveyEntry"]
        return entry

    @property
    def all_elements(self) -> list[Raw]:
        """The elements with their attributes and payloads."""
        elements: list[Raw] = self._whole["SurveyElements"]
        return elements

    @property
    def id(self) -> str:
        return str(self.entry.get("SurveyID", ""))

    @property
    def name(self) -> str:
        return str(self.entry.get("SurveyName", ""))

    @property
    def language(self) -> str:
        """The main language's code, in lower case."""
        return str(self.entry.get("SurveyLanguage") or "EN").lower()

    def elements(self, kind: str) -> list[Raw]:
        """The elements of one kind, such as `SQ`, with their attributes and payload."""
        return [each for each in self.all_elements if each.get("Element") == kind]

    @property
    def options(self) -> Raw:
        """The survey's options as written: look, texts of the buttons, protection."""
        return next((mapping(each.get("Payload")) for each in self.elements("SO")), {})

    @cached_property
    def questions(self) -> Mapping[str, Question]:
        """All questions by id, those in the trash too."""
        found = (question_of(each["Payload"]) for each in self.elements("SQ"))
        return {each.id: each for each in found}

    @cached_property
    def blocks(self) -> Mapping[str, Block]:
        """All blocks by id, the trash too."""
        found = (_block(each) for element in self.elements("BL") for each in block_payloads(element["Payload"]))
        return {each.id: each for each in found}

    @cached_property
    def flow(self) -> tuple[FlowNode, ...]:
        """What respondents go through, in order."""
        return tuple(_node(each) for element in self.elements("FL") for each in entries(element["Payload"].get("Flow")))

    @cached_property
    def embedded_fields(self) -> tuple[str, ...]:
        """The names of the embedded fields, in the order in which the flow first names them; one without is none."""
        nodes = (each for each in walk(self.flow) if isinstance(each, EmbeddedDataNode))
        return tuple(dict.fromkeys(each.name for node in nodes for each in node.fields if each.name))

    @cached_property
    def named_fields(self) -> frozenset[str]:
        """The embedded fields, and those that web services fill."""
        maps = (entries(each.raw.get("ResponseMap")) for each in walk(self.flow) if isinstance(each, OtherNode))
        filled = (str(each.get("value") or "") for found in maps for each in found)
        return frozenset((*self.embedded_fields, *(each.removeprefix("e://Field/") for each in filled)))

    @property
    def live_blocks(self) -> list[Block]:
        """The blocks that are not the trash."""
        return [each for each in self.blocks.values() if each.kind != TRASH]

    @property
    def live_questions(self) -> list[Question]:
        """The questions in blocks that are not the trash, in the order of the blocks."""
        ids = dict.fromkeys(each for block in self.live_blocks for each in block.questions)
        return [self.questions[each] for each in ids if each in self.questions]

    def __repr__(self) -> str:
        return f"Survey({self.name!r}, {len(self.questions)} questions, {len(self.blocks)} blocks)"


# ------------------------------------------------------------------------------------------------ reading the parts


def question_of(payload: Raw) -> Question:
    """The view of one question's payload."""
    settings = mapping(mapping(payload.get("Validation")).get("Settings"))
    recoded, names = numbered(payload.get("RecodeValues")), numbered(payload.get("VariableNaming"))
    columns = _choices(payload.get("Answers"), payload.get("AnswerOrder"), recoded, names, {})
    of_rows = ({}, {}) if payload.get("QuestionType") in ("Matrix", "SBS") else (recoded, names)
    tags = numbered(payload.get("ChoiceDataExportTags"))
    listed = _choices(payload.get("Choices"), payload.get("ChoiceOrder"), *of_rows, tags)
    return Question(
        id=str(payload.get("QuestionID", "")),
        tag=str(payload.get("DataExportTag") or ""),
        text=str(payload.get("QuestionText") or ""),
        type=str(payload.get("QuestionType", "")),
        selector=str(payload.get("Selector") or ""),
        sub_selector=str(payload.get("SubSelector") or ""),
        choices=listed if offers_choices(payload) else (),
        answers=() if payload.get("Selector") == "Profile" else columns,
        forced=settings.get("ForceResponse") == "ON",
        validation=in_force(settings),
        display_logic=payload.get("DisplayLogic") or None,
        javascript=str(payload.get("QuestionJS") or ""),
        parts=tuple(question_of(each) for each in entries(payload.get("AdditionalQuestions"))),
        raw=payload,
    )


def offers_choices(payload: Raw) -> bool:
    """Whether the choices of a question are shown; elsewhere they stay behind when its type is changed."""
    kind = payload.get("QuestionType")
    return kind not in _WITHOUT_CHOICES and (kind != "TE" or payload.get("Selector") == "FORM")


def choices_of(raw: Any, order: Any) -> tuple[Choice, ...]:
    """Choices as written, in their order; their codes are their ids."""
    return _choices(raw, order, {}, {}, {})


def _choices(raw: Any, order: Any, recoded: Raw, names: Raw, tags: Raw) -> tuple[Choice, ...]:
    written = numbered(raw)
    listed = [str(each) for each in numbered(order).values() if str(each) in written]
    return tuple(
        _choice(
            each, written[each], str(recoded.get(each, each)), str(names.get(each) or ""), str(tags.get(each) or "")
        )
        for each in dict.fromkeys([*listed, *written])
    )


def _choice(number: str, raw: Any, code: str, name: str, tag: str) -> Choice:
    if not isinstance(raw, dict):
        return Choice(number, str(raw), code, name=name, tag=tag)
    text, entry, logic = str(raw.get("Display") or ""), "TextEntry" in raw, raw.get("DisplayLogic") or None
    return Choice(number, text, code, entry and is_true(raw["TextEntry"]), name, tag, logic)


def block_payloads(payload: Any) -> list[Raw]:
    """The blocks of an element, which holds all of them or, in some files, one alone."""
    return [payload] if isinstance(payload, dict) and isinstance(payload.get("ID"), str) else entries(payload)


def _block(raw: Raw) -> Block:
    options = mapping(raw.get("Options"))
    looping, shuffle = (_unless_none(options.get(each)) for each in ("Looping", "RandomizeQuestions"))
    static = numbered(mapping(options.get("LoopingOptions")).get("Static")) if looping == "Static" else {}
    return Block(
        id=str(raw.get("ID", "")),
        name=str(raw.get("Description") or ""),
        kind=str(raw.get("Type", "Standard")),
        elements=tuple(_element(each) for each in entries(raw.get("BlockElements"))),
        shuffle=shuffle,
        randomisation=mapping(options.get("Randomization")),
        looping=looping,
        loops={key: {k: str(v) for k, v in numbered(each).items()} for key, each in static.items()},
        options=options,
    )


def _unless_none(value: Any) -> str:
    return "" if str(value).lower() in ("none", "false", "") else str(value)


def _element(raw: Raw) -> BlockElement:
    return BlockElement(str(raw.get("QuestionID", "")) if raw.get("Type") == "Question" else "", raw.get("SkipLogic"))


def _node(raw: Raw) -> FlowNode:
    kind, number = str(raw.get("Type", "")), str(raw.get("FlowID", ""))
    below = tuple(_node(each) for each in entries(raw.get("Flow")))
    if kind in ("Block", "Standard"):
        return BlockNode(number, str(raw.get("ID", "")))
    if kind == "EmbeddedData":
        return EmbeddedDataNode(number, tuple(_field(each) for each in entries(raw.get("EmbeddedData"))))
    if kind in ("BlockRandomizer", "Randomizer"):
        shown = whole_number(raw.get("SubSet"))
        subset = len(below) if shown is None or shown < 0 else shown
        return RandomizerNode(number, subset, is_true(raw.get("EvenPresentation")), below)
    if kind == "Branch":
        return BranchNode(number, raw.get("BranchLogic") or {}, below)
    if kind == "Group":
        return GroupNode(number, str(raw.get("Description") or ""), below)
    if kind == "EndSurvey":
        return EndNode(number, mapping(raw.get("Options")))
    return OtherNode(number, kind, raw, below)


def _field(raw: Raw) -> EmbeddedField:
    return EmbeddedField(str(raw.get("Field", "")), None if raw.get("Value") is None else str(raw["Value"]))

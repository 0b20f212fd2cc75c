"""Where a survey mentions what: in which order pages come, which texts pipe, which conditions test, who sets fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from math import prod
from typing import Any, Final, Literal
from urllib.parse import unquote

from vignetta.instruments.hypertext import FIELD, is_piped, piped_sources
from vignetta.instruments.survey import (
    Block,
    BlockNode,
    BranchNode,
    EmbeddedDataNode,
    FlowNode,
    GroupNode,
    Question,
    RandomizerNode,
    Survey,
    children,
)
from vignetta.instruments.written import Raw, mapping, numbered

PIPE: Final = re.compile(r"\$\{([^{}$]*)\}")
_SCRIPT_SETS: Final = re.compile(r"(?:set|add)(?:JS)?EmbeddedData\(\s*(?:(['\"])(.*?)\1\s*([,+)])|)")
_SCRIPT_READS: Final = re.compile(r"get(?:JS)?EmbeddedData\(\s*(['\"])(.*?)\1")
_NOT_READ: Final = frozenset(("QuestionText_Unsafe", "QuestionDescription", "Description", "SkipToDescription"))
_MOST_ALTERNATIVES: Final = 256
_SHOWN: Final = 60

Relation = Literal["before", "same", "after", "either", "apart"]
"""How one place of the survey stands to another. either: the order is drawn. apart: nobody gets to both."""


@dataclass(frozen=True)
class Place:
    """An element of the survey: its id, and what people call it."""

    id: str
    name: str


@dataclass(frozen=True)
class Stand:
    """Where in the flow something comes.

    `way` holds, for every randomizer above, its id, the child's place and how many children are shown.
    """

    order: int
    way: tuple[tuple[str, int, int], ...] = ()

    def relation(self, other: Stand) -> Relation:
        """How this place stands to another."""
        for (one, place, shown), (another, beside, _) in zip(self.way, other.way, strict=False):
            if one != another:
                break
            if place != beside:
                return "apart" if shown == 1 else "either"
        if self.order == other.order:
            return "same"
        return "before" if self.order < other.order else "after"


@dataclass(frozen=True)
class Condition:
    """Logic: it holds when all tests of one of the `alternatives` hold; None when there are too many of these.

    `kind` says of what: branch, question, choice, skip, validation, quota. `about` is the question that it belongs to.
    """

    place: Place
    kind: str
    alternatives: tuple[tuple[Raw, ...], ...] | None
    tests: tuple[Raw, ...]
    stands: tuple[Stand, ...] = ()
    about: str = ""


@dataclass(frozen=True)
class Pipe:
    """A place where a text is filled in: `source` is what stands between `${` and `}`."""

    place: Place
    source: str
    stands: tuple[Stand, ...] = ()
    block: Block | None = None
    shown: bool = True

    @property
    def field(self) -> str:
        """The embedded field that it shows; empty for anything else."""
        return field_of(self.source)


@dataclass(frozen=True)
class Setting:
    """A place of the flow that gives a field its value; None when the value comes from outside."""

    place: Place
    stand: Stand
    value: str | None
    random: str = ""


@dataclass(frozen=True)
class Trace:
    """What is mentioned where in a survey."""

    survey: Survey
    _seen: dict[str, Any] = field(default_factory=dict, repr=False)

    # ------------------------------------------------------------------------------------------------ names

    def question(self, number: str) -> Place:
        asked = self.survey.questions.get(number)
        if asked is None:
            return Place(number, "")
        return Place(number, f"{asked.tag.strip()}: {short(asked.plain)}".strip(": "))

    def node(self, node: FlowNode) -> Place:
        names = {"BranchNode": "branch", "RandomizerNode": "randomizer", "EndNode": "end of the survey"}
        named = getattr(node, "name", "") or getattr(node, "type", "")
        kind = type(node).__name__
        if isinstance(node, EmbeddedDataNode):
            named = "fields " + short(", ".join(each.name for each in node.fields))
        if isinstance(node, BlockNode) and node.block in self.survey.blocks:
            named = f"block {self.survey.blocks[node.block].name}"
        return Place(node.id or "flow", short(named) or names.get(kind, "flow element"))

    def block(self, block: Block) -> Place:
        return Place(block.id, f"block {short(block.name)}")

    # -------------------------------------------------------------------------------------------------- the way

    @cached_property
    def steps(self) -> tuple[tuple[FlowNode, Stand], ...]:
        """Every element of the flow with where it comes, in order."""
        return tuple(self._walked(self.survey.flow, (), [0]))

    def _walked(
        self, nodes: Sequence[FlowNode], way: tuple[tuple[str, int, int], ...], counter: list[int]
    ) -> Iterator[tuple[FlowNode, Stand]]:
        for node in nodes:
            counter[0] += 1_000
            yield node, Stand(counter[0], way)
            if isinstance(node, RandomizerNode):
                for place, child in enumerate(node.children):
                    step = (f"{node.id}@{counter[0]}" if not node.id else node.id, place, node.subset)
                    yield from self._walked((child,), (*way, step), counter)
            else:
                yield from self._walked(children(node), way, counter)

    @cached_property
    def stands(self) -> Mapping[str, tuple[Stand, ...]]:
        """Where each question is shown; without those that the flow never comes to."""
        found: dict[str, list[Stand]] = {}
        for node, stand in self.steps:
            block = self.survey.blocks.get(node.block) if isinstance(node, BlockNode) else None
            for number, place in self._in_block(block, stand, node.id) if block else ():
                found.setdefault(number, []).append(place)
        return {number: tuple(each) for number, each in found.items()}

    def _in_block(self, block: Block, stand: Stand, node: str) -> Iterator[tuple[str, Stand]]:
        loose = bool(block.shuffle or block.looping)
        for number, page in enumerate(block.pages, 1):
            for place, question in enumerate(page):
                way = (*stand.way, (f"{node} questions", number * 1_000 + place, 2)) if loose else stand.way
                yield question, Stand(stand.order + number, way)

    @cached_property
    def shown(self) -> Mapping[str, Question]:
        """The questions that the flow comes to."""
        return {each: self.survey.questions[each] for each in self.stands if each in self.survey.questions}

    @cached_property
    def home(self) -> Mapping[str, Block]:
        """The block of each question."""
        return {question: block for block in self.survey.blocks.values() for question in block.questions}

    # ------------------------------------------------------------------------------------------- piped text

    @cached_property
    def pipes(self) -> tuple[Pipe, ...]:
        """All piped text that respondents can meet, and that of fields and addresses."""
        return tuple(self._pipes())

    def _pipes(self) -> Iterator[Pipe]:
        for number, question in self.shown.items():
            more = (self.stands[number], self.home.get(number))
            for source in sources(question.raw):
                yield Pipe(self.question(number), source, *more)
        for node, stand in self.steps:
            raw = _own_text(node)
            for source in sources(raw):
                yield Pipe(self.node(node), source, (stand,), None, False)
        for part in ("Header", "Footer"):
            for source in sources(self.survey.options.get(part)):
                yield Pipe(Place("SO", f"survey options: {part.lower()}"), source)
        for source in sources(self.survey.options.get("EOSRedirectURL")):
            yield Pipe(Place("SO", "survey options: redirect at the end"), source, (), None, False)
        yield from self._loop_pipes()

    def _loop_pipes(self) -> Iterator[Pipe]:
        for block in {each.id: each for each in self.home.values()}.values():
            stands = tuple(stand for number in block.questions[:1] for stand in self.stands.get(number, ()))
            for source in sources(block.loops) if stands else ():
                yield Pipe(self.block(block), source, stands, block, False)

    # --------------------------------------------------------------------------------------------- conditions

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        """All logic on the way of respondents, and that of quotas."""
        return tuple(self._conditions())

    def _conditions(self) -> Iterator[Condition]:
        for node, stand in self.steps:
            if isinstance(node, BranchNode):
                yield _condition(self.node(node), "branch", node.logic, (stand,))
        for number, question in self.shown.items():
            place, stands = self.question(number), self.stands[number]
            if question.display_logic:
                yield _condition(place, "question", question.display_logic, stands, number)
            for each in (*question.choices, *question.answers):
                if each.display_logic:
                    yield _condition(place, "choice", each.display_logic, stands, number)
            logic = mapping(question.validation.get("CustomValidation")).get("Logic")
            if isinstance(logic, dict):
                yield _condition(place, "validation", logic, stands, number)
        for element in self.survey.elements("QO"):
            named = str(mapping(element.get("Payload")).get("Name") or "quota")
            logic = mapping(mapping(element.get("Payload")).get("Logic"))
            yield _condition(Place(str(element.get("PrimaryAttribute")), named), "quota", logic)

    @cached_property
    def skips(self) -> tuple[tuple[str, Raw], ...]:
        """The skips of every question that is shown."""
        return tuple(
            (element.question, skip)
            for block in self.survey.blocks.values()
            for element in block.elements
            if element.question in self.stands
            for skip in numbered(element.skip_logic).values()
            if isinstance(skip, dict)
        )

    # -------------------------------------------------------------------------------------------------- fields

    @cached_property
    def settings(self) -> Mapping[str, tuple[Setting, ...]]:
        """Where each field is set by the flow, in order."""
        found: dict[str, list[Setting]] = {}
        randomizers = {node.id for node, _ in self.steps if isinstance(node, RandomizerNode) and node.subset == 1}
        for node, stand in self.steps:
            drawn = next((each for each, _, _ in reversed(stand.way) if each in randomizers), "")
            for each in node.fields if isinstance(node, EmbeddedDataNode) else ():
                found.setdefault(each.name, []).append(Setting(self.node(node), stand, each.value, drawn))
        return {name: tuple(each) for name, each in found.items()}

    @cached_property
    def drawn(self) -> frozenset[str]:
        """The fields to which a randomizer that shows one child gives several fixed values."""
        found = set()
        for name, settings in self.settings.items():
            by_randomizer: dict[str, set[str]] = {}
            for each in settings:
                if each.random and each.value is not None:
                    by_randomizer.setdefault(each.random, set()).add(each.value)
            if any(len(each) > 1 for each in by_randomizer.values()):
                found.add(name)
        return frozenset(found)

    @cached_property
    def scripts(self) -> tuple[str, ...]:
        """All scripts: those of questions that are shown, of header and footer."""
        own = [each.javascript for each in self.shown.values() if each.javascript]
        return (*own, *(str(self.survey.options.get(each) or "") for each in ("Header", "Footer")))

    @cached_property
    def set_by_scripts(self) -> tuple[tuple[str, bool], ...]:
        """Names that scripts set, each with whether it is only the beginning of the name."""
        found = (each for script in self.scripts for each in _SCRIPT_SETS.finditer(script))
        return tuple((each[2] or "", each[2] is None or each[3] == "+") for each in found)

    def is_set_by_script(self, name: str) -> bool:
        return any(name.startswith(each) if begins else name == each for each, begins in self.set_by_scripts)

    @cached_property
    def from_services(self) -> frozenset[str]:
        """Fields that web services and authenticators fill."""
        maps = (mapping(getattr(node, "raw", None)).get("ResponseMap") for node, _ in self.steps)
        found = {str(value) for each in maps for pair in numbered(each).values() for value in _flat(pair)}
        return frozenset(found)

    @cached_property
    def read_by_scripts(self) -> frozenset[str]:
        return frozenset(each[2] for script in self.scripts for each in _SCRIPT_READS.finditer(script))

    def closed_values(self, name: str) -> list[str] | None:
        """All values that a field can get, where the flow alone gives them; None where it may get others."""
        return self._closed.get(name)

    @cached_property
    def _closed(self) -> Mapping[str, list[str]]:
        return {name: values for name, values in self._values() if values is not None}

    def _values(self) -> Iterator[tuple[str, list[str] | None]]:
        for name, settings in self.settings.items():
            values = [each.value for each in settings if each.value is not None]
            alone = len(values) == len(settings) and not any(map(is_piped, values))
            outside = self.is_set_by_script(name) or name in self.from_services
            yield name, list(dict.fromkeys(values)) if alone and not outside else None


def short(text: str) -> str:
    """At most so many characters of a text that a name has room for."""
    words = " ".join(text.split())
    return words if len(words) <= _SHOWN else words[: _SHOWN - 1].rstrip() + "…"


def sources(value: Any) -> list[str]:
    """What is piped into any text of a piece of the survey, each once."""
    return list(dict.fromkeys(each for text in _texts(value) for each in piped_sources(text)))


def field_of(source: str) -> str:
    """The embedded field that piped text shows; empty for anything else."""
    found = FIELD.fullmatch(source)
    return unquote(found[1]) if found else ""


def piped_fields(text: str | None) -> set[str]:
    """The fields that a text shows or computes with."""
    return {name for each in piped_sources(text or "") if (name := field_of(each))}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            if key not in _NOT_READ:
                yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)


def _own_text(node: FlowNode) -> Any:
    """The texts of a flow element without those below it."""
    if isinstance(node, EmbeddedDataNode):
        return [each.value or "" for each in node.fields]
    if isinstance(node, RandomizerNode | GroupNode | BlockNode):
        return None
    if isinstance(node, BranchNode):
        return node.logic
    raw = getattr(node, "raw", None) or getattr(node, "options", None)
    return {key: each for key, each in mapping(raw).items() if key != "Flow"}


def _flat(value: Any) -> Iterator[Any]:
    for each in numbered(value).values() if isinstance(value, dict | list) else (value,):
        if isinstance(each, str):
            yield each


# ------------------------------------------------------------------------------------------------------ conditions


def _condition(place: Place, kind: str, logic: Raw, stands: tuple[Stand, ...] = (), about: str = "") -> Condition:
    sets = [each for each in numbered(logic).values() if isinstance(each, dict)]
    tests = tuple(test for each in sets for test in _tests(each))
    groups: list[list[list[list[Raw]]]] = []
    for each in sets:
        _join(groups, _grouped(each), str(each.get("Type", "If")) == "AndIf")
    alternatives: list[tuple[Raw, ...]] = []
    for group in groups:
        if prod(max(1, len(each)) for each in group) + len(alternatives) > _MOST_ALTERNATIVES:
            return Condition(place, kind, None, tests, stands, about)
        alternatives += [tuple(test for part in chosen for test in part) for chosen in product(*group)]
    return Condition(place, kind, tuple(alternatives), tests, stands, about)


def _tests(raw: Raw) -> list[Raw]:
    return [each for each in numbered(raw).values() if isinstance(each, dict)]


def _grouped(raw: Raw) -> list[list[Raw]]:
    """The tests of one set: alternatives, in each of which all must hold."""
    groups: list[list[Raw]] = []
    for each in _tests(raw):
        _join(groups, each, str(each.get("Conjuction", "And")) != "Or")
    return groups


def _join(groups: list[list[Any]], each: Any, joined: bool) -> None:
    if joined and groups:
        groups[-1].append(each)
    else:
        groups.append([each])

"""A survey as data from which the page shows it: its flow, pages, questions and conditions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from vignetta.design.texts.languages import RIGHT_TO_LEFT
from vignetta.instruments.hypertext import FIELD, MATH, PIPE
from vignetta.instruments.preview.conditions import condition, untested
from vignetta.instruments.preview.draws import FieldName, Names, facets
from vignetta.instruments.preview.questions import question_piece
from vignetta.instruments.survey import (
    Block,
    BlockNode,
    BranchNode,
    EmbeddedDataNode,
    EndNode,
    FlowNode,
    OtherNode,
    RandomizerNode,
    Survey,
    children,
    walk,
)
from vignetta.instruments.writing.translating import in_language
from vignetta.instruments.written import is_true

Compiled = dict[str, Any]
_KNOWN: Final = re.compile(
    r"(?i:e://field/.+)|lm://Field/\d+|rand://int/-?\d+:-?\d+"
    r"|q://QID[^/]+/(?:ChoiceGroup/SelectedChoices|ChoiceTextEntryValue)"
)


def compiled(survey: Survey, language: str, names: Names) -> Compiled:
    """A survey in one of its languages, as data for the page; texts are HTML, as written."""
    return _Compiler(in_language(survey, language), language, names).whole()


class _Compiler:
    """Texts of embedded fields are kept once each, in the order of their first use."""

    def __init__(self, survey: Survey, language: str, names: Names) -> None:
        self.survey, self.language, self.names = survey, language, names
        self.texts: dict[str, int] = {}
        self.remarks: dict[tuple[str, str], None] = {}
        self.n_draws = 0

    def whole(self) -> Compiled:
        flow = [self._node(each) for each in self.survey.flow]
        shown = {each.block for each in walk(self.survey.flow) if isinstance(each, BlockNode)}
        blocks = [block for block in self.survey.blocks.values() if block.id in shown]
        pages = {each.id: self._block(each) for each in blocks}
        asked = dict.fromkeys(each for block in blocks for each in block.questions if each in self.survey.questions)
        questions = {each: self._question(each) for each in asked}
        return {
            "language": self.language,
            "direction": "rtl" if re.split("[-_]", self.language)[0] in RIGHT_TO_LEFT else "ltr",
            "name": self.survey.name,
            "flow": flow,
            "blocks": pages,
            "questions": questions,
            "texts": list(self.texts),
            "fields": self._open_fields(questions.values()),
            "header": str(self.survey.options.get("Header") or ""),
            "footer": str(self.survey.options.get("Footer") or ""),
            "remarks": [*self._survey_remarks(), *([where, what] for where, what in self.remarks)],
        }

    # ---------------------------------------------------------------------------------------------------- the flow

    def _node(self, node: FlowNode) -> list[Any]:
        match node:
            case BlockNode():
                return ["block", node.block]
            case EmbeddedDataNode():
                return ["set", [[each.name, self._place(each.value, node.id)] for each in node.fields]]
            case RandomizerNode():
                return self._draw(node)
            case BranchNode():
                asked = condition(node.logic, taken=False)
                for words in untested(asked):
                    self._remark(node.id, f"the condition {words} cannot be tested here; its branch is not taken")
                return ["if", asked, self._below(node)]
            case EndNode():
                return ["end", _ending(node)]
            case OtherNode():
                self._remark(node.id, f"a flow element of type {node.type or 'unknown'} is passed over")
        return ["all", self._below(node)]

    def _draw(self, node: RandomizerNode) -> list[Any]:
        number, self.n_draws = self.n_draws, self.n_draws + 1
        return ["draw", number, node.subset, self._below(node), facets(node, self.survey, self.names)]

    def _below(self, node: FlowNode) -> list[Any]:
        return [self._node(each) for each in children(node)]

    def _place(self, value: str | None, where: str) -> int | None:
        if value is None:
            return None
        self._note_pipes(value, where)
        return self.texts.setdefault(value, len(self.texts))

    def _open_fields(self, questions: Iterable[Compiled]) -> list[Compiled]:
        """The fields that nothing in the flow gives a value, in the order in which they are named."""
        nodes = (each for each in walk(self.survey.flow) if isinstance(each, EmbeddedDataNode))
        fields = [each for node in nodes for each in node.fields]
        given = {each.name for each in fields if each.value is not None}
        piped = (found[1] for each in questions for pipe in _pipes(each) if (found := FIELD.fullmatch(pipe)))
        opened = dict.fromkeys([*(each.name for each in fields), *piped])
        return [self._open_field(each) for each in opened if each not in given]

    def _open_field(self, name: str) -> Compiled:
        called = self.names.get(name, FieldName(name))
        return {"name": name, "label": called.label, "values": list(called.values.items())}

    # --------------------------------------------------------------------------------------- blocks and questions

    def _block(self, block: Block) -> Compiled:
        asked = {
            "its questions are shown in the order written, not shuffled": block.shuffle,
            "it is looped over answers in the field, and shown once here": block.looping and not block.loops,
            "its loops are shown in the order written": block.loops and "Randomization" in str(block.options),
            "skip logic is not followed": any(each.skip_logic for each in block.elements),
        }
        for what in (each for each, holds in asked.items() if holds):
            self._remark(block.name or block.id, what)
        known = ([each for each in page if each in self.survey.questions] for page in block.pages)
        return {"name": block.name, "pages": [page for page in known if page], "loops": dict(block.loops)}

    def _question(self, number: str) -> Compiled:
        piece = question_piece(self.survey.questions[number])
        conditions = [piece["shows"], *(each["shows"] for each in (*piece["choices"], *piece["answers"]))]
        for words in (words for each in conditions if each for words in untested(each)):
            self._remark(piece["tag"], f"the condition {words} cannot be tested here and is taken to hold")
        for what in piece["remarks"]:
            self._remark(piece["tag"], what)
        for text in _texts(piece):
            self._note_pipes(text, piece["tag"])
        return piece

    # ----------------------------------------------------------------------------------------------------- remarks

    def _note_pipes(self, text: str, where: str) -> None:
        for each in MATH.findall(text):
            self._remark(where, f"the math operation $e{{{each}}} is not computed")
        for each in PIPE.findall(text):
            if not _KNOWN.fullmatch(each):
                self._remark(where, f"piped text ${{{each}}} is not filled in")

    def _remark(self, where: str, what: str) -> None:
        self.remarks[where, what] = None

    def _survey_remarks(self) -> Iterator[list[str]]:
        if not is_true(self.survey.options.get("BackButton")):
            yield ["Back", "respondents cannot go back; the button is for this preview only"]
        if self.survey.elements("QO"):
            yield ["Quotas", "they are not counted"]


def _ending(node: EndNode) -> str:
    """What happens at an end of the survey, in words."""
    address = str(node.options.get("EOSRedirectURL") or "")
    return f"Respondents are sent on to {address}" if address else ""


def _texts(piece: Compiled) -> Iterator[str]:
    yield piece["text"]
    yield from (each["text"] for each in (*piece["choices"], *piece["answers"]))
    for part in piece["parts"]:
        yield from _texts(part)


def _pipes(piece: Compiled) -> Iterator[str]:
    return (pipe for text in _texts(piece) for pipe in PIPE.findall(text))

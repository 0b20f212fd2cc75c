"""Conditions of a survey's branches, asked of the runtime itself: whether one holds for given fields and answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from vignetta.instruments.running.runtime import Runtime
from vignetta.instruments.running.visits import Respondent
from vignetta.instruments.survey import BranchNode, Survey
from vignetta.instruments.tracing import field_of, sources
from vignetta.instruments.written import Raw, numbered

_ASKED: Final = re.compile(r"q://(?:\w+_)?(QID[^/_]+)/")
_END: Final = "inside"


@dataclass
class Crossing:
    """A branch, and whether respondents go into it.

    Attributes
    ----------
    fields : the embedded fields that its condition is about.
    questions : the ids of the questions that it is about.
    """

    survey: Survey
    node: BranchNode
    _known: dict[tuple[str, ...], bool] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        tests = list(_tests(self.node.logic))
        named = [str(each.get("LeftOperand")) for each in tests if each.get("LogicType") == "EmbeddedField"]
        piped = [name for each in sources(self.node.logic) if (name := field_of(each))]
        asked = [found[1] for each in tests if (found := _ASKED.match(str(each.get("LeftOperand", ""))))]
        self.fields: tuple[str, ...] = tuple(dict.fromkeys([*named, *piped]))
        self.questions: tuple[str, ...] = tuple(dict.fromkeys(asked))
        self._runtime: Runtime | None = None

    def is_taken(self, fields: Mapping[str, str], answers: Mapping[str, str]) -> bool:
        """Whether it is gone into by somebody with these fields who gave these answers; remembered."""
        key = (*(fields.get(each, "") for each in self.fields), *(answers.get(each, "") for each in self.questions))
        if key not in self._known:
            self._known[key] = self._tried(fields, answers)
        return self._known[key]

    def _tried(self, fields: Mapping[str, str], answers: Mapping[str, str]) -> bool:
        if self._runtime is None:
            self._runtime = Runtime(self._alone())
        somebody = Respondent(lambda question, state: answers.get(question.id), fields)
        return self._runtime.run(somebody, np.random.default_rng(0)).stopped == _END

    def _alone(self) -> Survey:
        """A survey that asks the branch's questions, and ends at once for those who go into the branch."""
        asked = [each for each in self.survey.elements("SQ") if each["Payload"].get("QuestionID") in self.questions]
        plain = [
            {**each, "Payload": {k: v for k, v in each["Payload"].items() if k != "DisplayLogic"}} for each in asked
        ]
        shown = [{"Type": "Question", "QuestionID": each["Payload"]["QuestionID"]} for each in asked]
        block = {"Type": "Default", "Description": "", "ID": "BL_asked", "BlockElements": shown}
        inside = {"Type": "EndSurvey", "FlowID": _END}
        flow = [
            {"Type": "EmbeddedData", "FlowID": "fields", "EmbeddedData": [{"Field": each} for each in self.fields]},
            {"Type": "Block", "ID": "BL_asked", "FlowID": "asked"},
            {"Type": "Branch", "FlowID": self.node.id, "BranchLogic": self.node.logic, "Flow": [inside]},
        ]
        more: list[Raw] = [{"Element": "BL", "Payload": [block]}, {"Element": "FL", "Payload": {"Flow": flow}}]
        return Survey({"SurveyEntry": self.survey.entry, "SurveyElements": [*plain, *more]})


def _tests(logic: Any) -> Iterator[Raw]:
    for group in numbered(logic).values():
        yield from (each for each in numbered(group).values() if isinstance(each, dict))

"""What a survey's flow makes of its embedded fields, by sending many respondents through the drawing part of it."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vignetta.instruments.naming import AGREE, CONSENT
from vignetta.instruments.running.random_answers import random_answer
from vignetta.instruments.running.runtime import Runtime
from vignetta.instruments.running.visits import Answer, Respondent, State
from vignetta.instruments.survey import BlockNode, Question, Survey, walk
from vignetta.instruments.verification.enumerating import Enumerated, Values
from vignetta.instruments.written import Raw, entries

_READ: Final = "vignetta has read"
"""The field that notes that a vignette has been read."""
_MOST_PLACES: Final = 4_000_000
_TRIES: Final = 20
"""At most so many times as many respondents begin as are wanted; the rest of them leaves before the vignette."""


@dataclass(frozen=True, eq=False)
class Sampled:
    """What respondents got who read a vignette.

    Attributes
    ----------
    n : how many they are.
    values : for each field the values that occur.
    codes : for each field (n,) which of them each respondent has.
    """

    n: int
    values: Mapping[str, Sequence[str]]
    codes: Mapping[str, npt.NDArray[np.int64]]

    def table(self, fields: Sequence[str]) -> Mapping[Values, float]:
        """The share of each combination of values of some fields."""
        sizes = [max(1, len(self.values[each])) for each in fields]
        if prod(sizes) > _MOST_PLACES:
            rows, counts = np.unique(np.column_stack([self.codes[f] for f in fields]), axis=0, return_counts=True)
        else:
            counted = np.bincount(np.ravel_multi_index([self.codes[f] for f in fields], sizes))
            counts = counted[places := np.flatnonzero(counted)]
            rows = np.column_stack(np.unravel_index(places, sizes))
        named = (tuple(self.values[f][code] for f, code in zip(fields, row, strict=True)) for row in rows.tolist())
        return {values: count / self.n for values, count in zip(named, counts.tolist(), strict=True)}


def sampled(flow: Enumerated, fields: Sequence[str], *, n: int, generator: np.random.Generator) -> Sampled:
    """Send respondents through the drawing part of a flow, until `n` have read a vignette.

    They take part, and answer what branches ask for at random. Pages that nothing depends on are left out, which
    changes no draw.
    """
    runtime, known = Runtime(drawing_part(flow)), {name: dict[str, int]() for name in fields}
    codes, read = {name: array("q") for name in fields}, 0
    for _ in range(_TRIES * n):
        embedded = runtime.run(Respondent(_answer, _link(flow, generator)), generator).embedded
        if not embedded.get(_READ):
            continue
        for name in fields:
            seen = known[name]
            codes[name].append(seen.setdefault(embedded.get(name, ""), len(seen)))
        read += 1
        if read == n:
            break
    kept = {name: np.array(each, dtype=np.int64) for name, each in codes.items()}
    return Sampled(read, {name: list(each) for name, each in known.items()}, kept)


def _link(flow: Enumerated, generator: np.random.Generator) -> dict[str, str]:
    return {name: values[int(generator.integers(len(values)))] for name, values in flow.link.items()}


def _answer(question: Question, state: State) -> Answer | None:
    return AGREE if question.tag == CONSENT else random_answer(question, state)


def drawing_part(flow: Enumerated) -> Survey:
    """The survey without the pages that no branch asks about; where a vignette is read, a field notes it."""
    asked = {each for crossing in flow.about.crossings.values() for each in crossing.questions}
    blocks = {each.id for each in flow.survey.blocks.values() if asked.intersection(each.questions)}
    shown = {each.block for each in walk(flow.survey.flow) if isinstance(each, BlockNode)}
    reads = {each for each in shown if flow.shown & flow.reads.get(each, frozenset())}
    changed = [
        each if each.get("Element") != "FL" else each | {"Payload": _kept(each["Payload"], blocks, reads)}
        for each in flow.survey.document["SurveyElements"]
        if each.get("Element") != "QO"
    ]
    return Survey({**flow.survey.document, "SurveyElements": changed})


def _kept(node: Raw, blocks: set[str], reads: set[str]) -> dict[str, Any]:
    below = [kept for each in entries(node.get("Flow")) for kept in _kept_below(each, blocks, reads)]
    return {**node, "Flow": below} if "Flow" in node else dict(node)


def _kept_below(node: Raw, blocks: set[str], reads: set[str]) -> Iterator[Raw]:
    if node.get("Type") not in ("Block", "Standard"):
        yield _kept(node, blocks, reads)
        return
    if node.get("ID") in blocks:
        yield node
    if node.get("ID") in reads:
        yield {"Type": "EmbeddedData", "FlowID": node.get("FlowID"), "EmbeddedData": [{"Field": _READ, "Value": "1"}]}
    elif node.get("ID") not in blocks:
        yield {"Type": "Group", "FlowID": node.get("FlowID"), "Description": "left out", "Flow": []}

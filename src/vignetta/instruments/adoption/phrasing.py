"""Phrases that branches behind the randomizers give to a field, as marks of the template."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Final

from vignetta.instruments.adoption.recognising import Recognised
from vignetta.instruments.survey import BranchNode, EmbeddedDataNode

Asked = dict[str, str]
"""The level of each factor that a branch asks for."""
_PLAIN: Final = re.compile(r'(?!not )(?!.*( or | and |[{}"])).*')


def phrase_of(name: str, found: Recognised, names: Mapping[str, Mapping[str, str]], words: Callable[[str], str]) -> str:
    """What a field holds, in marks such as `{if regime is democracy}free{end}`; empty where it is not only levels that
    decide on it.

    Parameters
    ----------
    names : of the levels by factor and code.
    words : makes what a branch puts into the field a part of the template.
    """
    told = _told(name, found, names)
    if not told or any(not _exclude(one, other) for (one, _), (other, _) in combinations(told, 2)):
        return ""
    phrases: dict[tuple[str, tuple[str, ...]], list[Asked]] = {}
    for asked, value in told:
        key = (value, tuple(asked) if len(asked) == 1 else tuple(f"{each}:{level}" for each, level in asked.items()))
        phrases.setdefault(key, []).append(asked)
    return "".join(f"{{if {_question(each)}}}{words(value)}{{end}}" for (value, _), each in phrases.items() if value)


def _told(name: str, found: Recognised, names: Mapping[str, Mapping[str, str]]) -> list[tuple[Asked, str]]:
    """The levels that each branch asks for and what it gives the field; nothing when one of them asks for more."""
    levels = {each: (factor, slot) for factor in found.factors for slot, each in factor.fields.items()}
    logic = {each.place.id: each for each in found.trace.conditions if each.kind == "branch"}
    told: list[tuple[Asked, str]] = []
    for node in (each for each, _ in found.trace.steps if isinstance(each, BranchNode)):
        for each in (one for child in node.children if isinstance(child, EmbeddedDataNode) for one in child.fields):
            if each.name != name:
                continue
            alternatives = logic[node.id].alternatives if node.id in logic else None
            tests = alternatives[0] if alternatives and len(alternatives) == 1 else ()
            fields = [str(test.get("LeftOperand", "")) for test in tests]
            codes = [str(test.get("RightOperand", "")) for test in tests]
            equal = all((test.get("LogicType"), test.get("Operator")) == ("EmbeddedField", "EqualTo") for test in tests)
            if not tests or not equal or len(set(fields)) < len(fields) or not set(fields) <= levels.keys():
                return []
            factors = [levels[field][0].name for field in fields]
            if any(code not in names[factor] for factor, code in zip(factors, codes, strict=True)):
                return []
            told.append((dict(zip(factors, codes, strict=True)), each.value or ""))
    settings = [each for each in found.trace.settings.get(name, ()) if each.value]
    named = [({factor: names[factor][code] for factor, code in asked.items()}, value) for asked, value in told]
    return named if len(settings) <= len(told) else []


def _exclude(one: Asked, other: Asked) -> bool:
    return any(one[each] != other[each] for each in one.keys() & other.keys())


def _question(asked: list[Asked]) -> str:
    """The question of one branch, or of several about one factor."""
    factors = asked[0]
    return " and ".join(
        f"{each} is {' or '.join(dict.fromkeys(_quoted(one[each]) for one in asked))}" for each in factors
    )


def _quoted(level: str) -> str:
    return level if _PLAIN.fullmatch(level) else '"' + level.replace('"', '""') + '"'

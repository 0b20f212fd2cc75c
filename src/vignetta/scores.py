"""Scores: what is computed from the answers, as declared in study.yaml: indices, binary cuts and recodes."""

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Literal

from pydantic import Field

from vignetta.declared import Declared, Finding, Keyed, Text, as_number

ScoreKind = Literal["index", "cut", "recode"]
"""index: the mean or sum of items. cut: 1 where a number passes a bound, else 0. recode: levels of levels or bands of
numbers."""
Combination = Literal["mean", "sum"]

COMPARISONS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
_CUT: Final = re.compile(rf"\s*([A-Za-z]\w*)\s*({'|'.join(COMPARISONS)})\s*(\S+)\s*")
_KIND_OF: Final[Mapping[str, ScoreKind]] = {"items": "index", "cut": "cut", "recode": "recode"}
_OWN: Final[Mapping[str, ScoreKind]] = {
    "reversed": "index",
    "combine": "index",
    "minimum_answered": "index",
    "yes": "cut",
    "no": "cut",
    "levels": "recode",
    "missing": "recode",
}


class Recoded(Declared):
    """A level of a recode: some levels of what is recoded, or the numbers below a bound."""

    name: str = Field(min_length=1, description="the level's short name, used in data and formulas")
    label: Text = Field(description="the words for tables and figures")
    of: tuple[str, ...] = Field((), description="the levels that it holds")
    below: float | None = Field(
        None, allow_inf_nan=False, description="for a number: it holds those below this bound and not in a level before"
    )


class Score(Keyed):
    """A variable computed from the answers: an index of `items`, a `cut`, or a `recode`."""

    label: Text = Field(description="its name in tables and figures")
    items: tuple[str, ...] = Field((), description="for an index: the outcomes, numbers and scores that it combines")
    reversed: tuple[str, ...] = Field((), description="for an index: the items that are turned round")
    combine: Combination = Field("mean", description="for an index: mean or sum of the items")
    minimum_answered: int | None = Field(
        None, ge=1, description="for an index: how many items must be answered; all when left out"
    )
    cut: str | None = Field(None, description="a comparison such as `approval >= 5`: 1 where it holds, else 0")
    yes: Text | None = Field(None, description="for a cut: the words for 1")
    no: Text | None = Field(None, description="for a cut: the words for 0")
    recode: str | None = Field(None, description="the factor, covariate or number whose levels are put together")
    levels: tuple[Recoded, ...] = Field((), description="for a recode: its levels, the first is the reference")
    missing: tuple[str, ...] = Field((), description="for a recode: the levels that become missing")

    @property
    def kind(self) -> ScoreKind:
        return "index" if self.items else "cut" if self.cut is not None else "recode"

    @property
    def sources(self) -> tuple[str, ...]:
        """The variables that it is computed from."""
        if self.kind == "cut":
            return (self.comparison[0],)
        return self.items or (str(self.recode),)

    @property
    def comparison(self) -> tuple[str, str, float]:
        """For a cut: the variable, the comparison, the bound."""
        found = cut_parts(self.cut)
        assert found is not None
        return found

    @property
    def making(self) -> str:
        """How it is made, in words.

        >>> Score(name="trust", label={"": "Trust"}, items=("a", "b"), reversed=("b",)).making
        'mean of a, b (reversed)'
        """
        if self.kind == "cut":
            return str(self.cut)
        listed = ", ".join(f"{each} (reversed)" if each in self.reversed else each for each in self.items)
        return f"{self.combine} of {listed}" if self.kind == "index" else f"recode of {self.recode}"

    @classmethod
    def inconsistencies(cls, data: Mapping[str, Any], context: Any) -> Iterator[Finding]:
        given = [key for key in _KIND_OF if key in data]
        if len(given) != 1:
            what = (
                "nothing says what is computed." if not given else f"`{given[0]}` and `{given[1]}` exclude each other."
            )
            yield (), what, "Give one of `items`, `cut` and `recode`."
            return
        kind = _KIND_OF[given[0]]
        for key, owner in _OWN.items():
            if key in data and owner != kind:
                yield (key,), f"only {_NOUNS[owner]} has `{key}`.", "Remove it."
        yield from {"index": _index_findings, "cut": _cut_findings, "recode": _recode_findings}[kind](data)


_NOUNS: Final[Mapping[ScoreKind, str]] = {"index": "an index", "cut": "a cut", "recode": "a recode"}


def cut_parts(cut: Any) -> tuple[str, str, float] | None:
    """The variable, comparison and bound of a cut, if it is one.

    >>> cut_parts("approval >= 5")
    ('approval', '>=', 5.0)
    """
    found = _CUT.fullmatch(cut) if isinstance(cut, str) else None
    bound = as_number(found[3]) if found else None
    return (found[1], found[2], bound) if found and bound is not None else None


def _texts(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list | tuple) else []


def _index_findings(data: Mapping[str, Any]) -> Iterator[Finding]:
    items = _texts(data.get("items"))
    for key in ("items", "reversed"):
        listed = _texts(data.get(key))
        for place, name in enumerate(listed):
            if name in listed[:place]:
                yield (key, place), f"`{name}` stands here a second time.", "Remove it."
    if not items:
        yield ("items",), "an index needs at least one item.", "List the names of outcomes, numbers or scores."
    for place, name in enumerate(_texts(data.get("reversed"))):
        if name not in items:
            yield ("reversed", place), f"`{name}` is not one of the items.", f"The items are {', '.join(items)}."
    least = as_number(data.get("minimum_answered"))
    if least is not None and least > len(items):
        what = f"{least:g} items cannot be answered: there are {len(items)}."
        yield ("minimum_answered",), what, "Lower it, or remove it."


def _cut_findings(data: Mapping[str, Any]) -> Iterator[Finding]:
    if cut_parts(data.get("cut")) is None:
        yield ("cut",), f"`{data.get('cut')}` is not a comparison.", "Write it as `approval >= 5`."
    if ("yes" in data) != ("no" in data):
        yield (), "a cut has words for both of its numbers or for none.", "Give `yes` and `no`."


def _recode_findings(data: Mapping[str, Any]) -> Iterator[Finding]:
    levels = [dict(each) for each in data.get("levels") or () if isinstance(each, dict | Declared)]
    if len(levels) < 2:
        yield ("levels",), f"a recode needs at least two levels, not {len(levels)}.", "List them."
    names = [each.get("name") for each in levels]
    for place, name in enumerate(names):
        if name in names[:place]:
            yield ("levels", place, "name"), f"`{name}` stands here a second time.", "Rename one of them."
    holders: dict[str, str] = dict.fromkeys(_texts(data.get("missing")), "missing")
    for place, each in enumerate(levels):
        for name in _texts(each.get("of")):
            if name in holders:
                yield ("levels", place, "of"), f"`{name}` is in `{holders[name]}` already.", "Keep it in one of them."
            holders[name] = str(each.get("name"))
    yield from _band_findings(levels)


def _band_findings(levels: list[dict[str, Any]]) -> Iterator[Finding]:
    banded = [place for place, each in enumerate(levels) if each.get("below") is not None]
    for place, each in enumerate(levels):
        if bool(each.get("of")) and place in banded:
            yield ("levels", place), "a level holds other levels or a band of numbers.", "Keep `of` or `below`."
        last = place == len(levels) - 1
        if not each.get("of") and not (banded and (place in banded) != last):
            remedy = "Give `of`; or `below` to all levels but the last, which holds the rest."
            yield ("levels", place), "nothing says what this level holds.", remedy
    bounds = [as_number(levels[place]["below"]) for place in banded]
    known = [each for each in bounds if each is not None]
    if known != sorted(set(known)):
        yield ("levels",), "the bounds do not rise.", "Order the levels by `below`."

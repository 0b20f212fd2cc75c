"""Math operations, `$e{ ... }`: numbers, piped text without its braces, `+ - * / % ^`, parentheses and `round`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from math import fmod, isfinite
from typing import Final

Compute = Callable[[Sequence[str]], str]
"""The result of an operation, from what each of its sources holds."""

DEEPEST: Final = 50
"""Parentheses inside parentheses."""
_MOST_PLACES: Final = 14
_TOKEN: Final = re.compile(r"\s*(?:(\d+(?:\.\d*)?|\.\d+)|(?:\$\{)?(\w+://[^\s(),{}]+)\}?|(round)\b|([-+*/%^(),]))")
_LEVELS: Final[Sequence[Mapping[str, Callable[[float, float], float]]]] = (
    {"+": operator.add, "-": operator.sub},
    {"*": operator.mul, "/": operator.truediv, "%": fmod},
)
_Values = Sequence[float]
_Part = Callable[[_Values], float]


def operation(text: str) -> tuple[tuple[str, ...], Compute] | None:
    """The sources that an operation asks, such as `q://QID1/SelectedChoicesRecode`, and what computes it.

    None for what is no operation. A source that holds no number counts as 0; what has no result, such as a division by
    zero, is empty.

    >>> sources, compute = operation("round( e://Field/x / 3 , 2 ) + 1")
    >>> sources, compute(["10"])
    (('e://Field/x',), '4.33')
    """
    tokens = _tokens(text)
    if tokens is None:
        return None
    reader = _Reader(tokens)
    try:
        part = reader.sum(0)
    except (ValueError, IndexError):
        return None
    if reader.place < len(tokens):
        return None
    return tuple(reader.sources), lambda held: _told(part, held)


def _tokens(text: str) -> list[tuple[str, str]] | None:
    """Each token as its kind and text; None where something is none."""
    found, place, end = [], 0, len(text.rstrip())
    while place < end:
        token = _TOKEN.match(text, place)
        if token is None:
            return None
        kinds = zip(("number", "source", "round", "sign"), token.groups(), strict=True)
        found.append(next((kind, each) for kind, each in kinds if each))
        place = token.end()
    return found


def _told(part: _Part, held: Sequence[str]) -> str:
    try:
        result = part([_number(each) for each in held])
        return f"{result + 0.0:.14g}" if isfinite(result) else ""
    except (ArithmeticError, ValueError, TypeError):
        return ""


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return 0.0
    return number if isfinite(number) else 0.0


class _Reader:
    """Reads tokens from left to right, those that bind closer first."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens, self.place, self.sources = tokens, 0, list[str]()

    def _taken(self, *signs: str) -> str:
        """The next token, if it is one of these; it is then behind."""
        if self.place < len(self.tokens) and self.tokens[self.place][1] in signs:
            self.place += 1
            return self.tokens[self.place - 1][1]
        return ""

    def _need(self, sign: str) -> None:
        if not self._taken(sign):
            raise ValueError(sign)

    def sum(self, depth: int, level: int = 0) -> _Part:
        if depth > DEEPEST:
            raise ValueError(depth)
        if level == len(_LEVELS):
            return self._power(depth)
        parts, signs = [self.sum(depth, level + 1)], []
        while sign := self._taken(*_LEVELS[level]):
            signs.append(_LEVELS[level][sign])
            parts.append(self.sum(depth, level + 1))
        return parts[0] if not signs else _chain(parts, signs)

    def _power(self, depth: int) -> _Part:
        if self._taken("-"):
            part = self._power(depth + 1) if depth < DEEPEST else self._one(depth + 1)
            return lambda values: -part(values)
        base = self._one(depth)
        if not self._taken("^"):
            return base
        exponent = self.sum(depth + 1, len(_LEVELS))
        return lambda values: base(values) ** exponent(values)

    def _one(self, depth: int) -> _Part:
        if depth > DEEPEST:
            raise ValueError(depth)
        if self._taken("("):
            part = self.sum(depth + 1)
            self._need(")")
            return part
        if self._taken("round"):
            return self._rounded(depth)
        kind, text = self.tokens[self.place]
        self.place += 1
        if kind == "number":
            number = float(text)
            return lambda values: number
        if kind == "source":
            self.sources.append(text)
            held = len(self.sources) - 1
            return lambda values: values[held]
        raise ValueError(text)

    def _rounded(self, depth: int) -> _Part:
        self._need("(")
        part = self.sum(depth + 1)
        places = self.sum(depth + 1) if self._taken(",") else lambda values: 0.0
        self._need(")")
        return lambda values: _round(part(values), places(values))


def _chain(parts: list[_Part], signs: list[Callable[[float, float], float]]) -> _Part:
    def chained(values: _Values) -> float:
        result = parts[0](values)
        for sign, part in zip(signs, parts[1:], strict=True):
            result = sign(result, part(values))
        return result

    return chained


def _round(number: float, places: float) -> float:
    """Halves go away from zero."""
    step = Decimal(1).scaleb(-max(-_MOST_PLACES, min(_MOST_PLACES, int(places))))
    return float(Decimal(repr(number)).quantize(step, ROUND_HALF_UP))

"""The parts of sliders and matrices, and what is wrong with a declared outcome, which may be broken in any way."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from pydantic import Field

from vignetta.declared import Declared, Finding, Keyed, Text, as_number
from vignetta.design.raw import items, repeated, repeated_codes

Direction = Literal["ascending", "descending"]
MOST_STEPS: Final = 1000
"""A slider has no more steps than these."""
_NOUNS: Final[Mapping[str, str]] = {
    "rating": "a rating",
    "choice": "a choice between profiles",
    "slider": "a slider",
    "matrix": "a matrix",
    "text": "an open question",
}
_NEEDED: Final[Mapping[str, Mapping[str, str]]] = {
    "rating": {"scale": "the points, in the order shown"},
    "slider": {"ends": "the words at its two ends"},
    "matrix": {"scale": "the points, in the order shown", "items": "the statements, by name"},
}
_OWN: Final[Mapping[str, tuple[str, ...]]] = {
    "scale": ("rating", "matrix"),
    "direction": ("rating", "matrix", "choice"),
    "minimum": ("slider",),
    "maximum": ("slider",),
    "step": ("slider",),
    "ends": ("slider",),
    "items": ("matrix",),
}


class Statement(Keyed):
    """A row of a matrix, which becomes an outcome of its own, called OUTCOME_STATEMENT."""

    label: Text = Field(description="the outcome's name in tables and figures")
    text: Text = Field(description="the statement that the respondent reads")
    direction: Direction | None = Field(None, description="its own direction, where it differs from the matrix's")


class Ends(Declared):
    """The words at the two ends of a slider."""

    low: Text = Field(description="the words at the lowest number, on the left")
    high: Text = Field(description="the words at the highest number, on the right")


def outcome_findings(data: Mapping[str, Any]) -> Iterator[Finding]:
    """Keys that its kind needs or does not have, and what is wrong with its points, range or items."""
    kind = str(data.get("kind", "rating"))
    yield from _key_findings(kind, data)
    yield from _point_findings(data.get("scale"))
    if kind == "slider":
        yield from _range_findings(data)
    if kind == "matrix" and isinstance(data.get("items"), dict) and not data["items"]:
        yield ("items",), "nothing is declared here.", "Declare at least one statement."


def _key_findings(kind: str, data: Mapping[str, Any]) -> Iterator[Finding]:
    for key, what in _NEEDED.get(kind, {}).items():
        if key not in data:
            yield (), f"`{key}` is missing.", f"Add `{key}:` ({what})."
    for key, kinds in _OWN.items():
        if kind in _NOUNS and key in data and kind not in kinds:
            remedy = f"Remove it, or make the kind {' or '.join(f'`{each}`' for each in kinds)}."
            yield (key,), f"{_NOUNS[kind]} has no {key}.", remedy


def _point_findings(points: Any) -> Iterator[Finding]:
    if isinstance(points, list) and len(points) < 2:
        yield ("scale",), f"a scale needs at least two points, not {len(points)}.", "List every point in order."
    for place, each in items(points):
        if isinstance(each.get("code"), str) and as_number(each["code"]) is None:
            what = f"the code `{each['code']}` is not a number."
            yield ("scale", place, "code"), what, "Points are averaged: use numbers."
    listed = points if isinstance(points, list) else []
    full = [(place, {"text": each} if isinstance(each, str) else each) for place, each in enumerate(listed)]
    shown = [(place, each) for place, each in full if isinstance(each, dict)]
    yield from repeated(shown, "text", "scale")
    yield from repeated_codes(shown, "scale")


def _range_findings(data: Mapping[str, Any]) -> Iterator[Finding]:
    low, high, step = (
        as_number(data.get(key, usual)) for key, usual in (("minimum", 0), ("maximum", 100), ("step", 1))
    )
    if low is None or high is None or step is None or step <= 0:
        return
    if low >= high:
        yield ("maximum",), f"the maximum {high:g} is not above the minimum {low:g}.", "Exchange or correct them."
        return
    steps = (high - low) / step
    if abs(steps - round(steps)) > 1e-9 or steps < 1:
        what = f"steps of {step:g} do not lead from {low:g} to {high:g}."
        yield ("step",), what, "Choose a step that divides the range."
    elif steps > MOST_STEPS:
        yield ("step",), f"the slider has {steps:,.0f} steps; {MOST_STEPS:,} are the most.", "Choose a larger step."

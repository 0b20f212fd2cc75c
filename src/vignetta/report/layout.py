"""Where everything in a figure stands, in inches from its upper left corner."""

from dataclasses import dataclass, field
from math import ceil, floor, isfinite
from typing import Final, Literal

import numpy as np
from matplotlib.ticker import MaxNLocator

from vignetta.report.lettering import line_height, width, wrap
from vignetta.report.numbers import number, plain
from vignetta.report.panels import Drawing, Mark, Panel

Width = Literal["wide", "narrow"]
Tone = Literal["ink", "soft", "alert"]


@dataclass(frozen=True)
class Sizes:
    """The measures of a figure: inches, and type sizes in points."""

    width: float
    text: float
    small: float
    row: float
    band_gap: float
    label: float
    row_label: float
    value: float
    gap: float
    margin: float = 0.08


SIZES: Final[dict[Width, Sizes]] = {
    "wide": Sizes(11.6, 10.0, 9.0, 0.27, 0.16, label=1.75, row_label=1.65, value=0.5, gap=0.35),
    "narrow": Sizes(3.72, 9.0, 8.5, 0.27, 0.14, label=1.25, row_label=1.25, value=0.48, gap=0.35),
}
ALONE: Final = 0.62
"""Share of the wide width that a figure with a single panel takes."""
FOOT: Final = 0.3
"""Height of the tick labels."""
PARTING: Final = 0.3
"""Space between panels below each other."""
PADDING: Final = 0.02
"""Space beyond the outermost interval, as a share of what the intervals span."""
TICK_ROOM: Final = 0.5
"""Inches that a tick label needs."""


@dataclass(frozen=True)
class Words:
    """A line of text: where it begins (or ends, or is centred), and how it looks. `y` is the line's middle."""

    x: float
    y: float
    text: str
    size: float
    align: Literal["left", "right", "center"] = "left"
    tone: Tone = "ink"
    bold: bool = False


@dataclass(frozen=True)
class Axes:
    """A panel with its place.

    Attributes
    ----------
    marks : each with its distance from the top of the axes.
    rules : distances from the top at which levels are parted.
    limits : the ends of the axis.
    ticks : within the limits.
    """

    panel: Panel
    left: float
    top: float
    width: float
    height: float
    marks: tuple[tuple[float, Mark], ...]
    rules: tuple[float, ...]
    limits: tuple[float, float]
    ticks: tuple[float, ...]

    def x(self, value: float) -> float:
        """Where a value stands."""
        return self.left + self.width * (value - self.limits[0]) / (self.limits[1] - self.limits[0])


@dataclass
class Layout:
    """A figure that is set: its size, its axes and its words."""

    width: float
    height: float = 0.0
    axes: list[Axes] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)

    def write(self, x: float, y: float, lines: list[str], size: float, **look: object) -> float:
        """Set lines below each other from `y` down; returns where they end."""
        step = line_height(size)
        for place, text in enumerate(lines):
            self.words.append(Words(x, y + (place + 0.5) * step, text, size, **look))  # type: ignore[arg-type]
        return y + len(lines) * step

    def centre(self, x: float, y: float, lines: list[str], size: float, **look: object) -> None:
        """Set lines with their middle at `y`."""
        self.write(x, y - len(lines) * line_height(size) / 2, lines, size, **look)


def arrange(drawing: Drawing, *, form: Width) -> Layout:
    """Set a figure: panels side by side when wide, below each other when narrow."""
    sizes = SIZES[form]
    return _wide(drawing, sizes) if form == "wide" else _narrow(drawing, sizes)


# ------------------------------------------------------------------------------------------------------------ wide


def _wide(drawing: Drawing, sizes: Sizes) -> Layout:
    layout = Layout(sizes.width if len(drawing.panels) > 1 else sizes.width * ALONE)
    bands = {name: wrap(label, sizes.label - 0.1, sizes.text) for name, label in drawing.levels.items()}
    heights = {name: _band_height(name, lines, drawing.panels, sizes) for name, lines in bands.items()}
    room = _panel_width(layout, drawing, sizes)
    top = _heading(layout, drawing, sizes)
    titles = [wrap(each.title, room + _beside(each, sizes), sizes.text, weight="bold") for each in drawing.panels]
    head = top + max(map(len, titles)) * line_height(sizes.text) + 0.06
    start = head + (line_height(sizes.small) + 0.08 if any(each.versus for each in drawing.panels) else 0.0)
    left = sizes.margin + sizes.label
    ends = []
    for panel, title in zip(drawing.panels, titles, strict=True):
        layout.write(left, top, title, sizes.text, bold=True)
        left += sizes.row_label if panel.has_rows else 0.0
        axes = _banded(panel, heights, (left, start, room), sizes)
        layout.axes.append(axes)
        _label_axes(layout, axes, head, sizes)
        ends.append(_foot(layout, axes, (axes.left, room + sizes.value), sizes))
        left += room + sizes.value + sizes.gap
    middles = np.cumsum(list(heights.values())) - np.array(list(heights.values())) / 2
    for lines, middle in zip(bands.values(), middles, strict=True):
        layout.centre(sizes.margin, start + float(middle), lines, sizes.text)
    return _closed(layout, drawing, sizes, max(ends))


def _panel_width(layout: Layout, drawing: Drawing, sizes: Sizes) -> float:
    count = len(drawing.panels)
    beside = sum(_beside(each, sizes) for each in drawing.panels)
    return (layout.width - 2 * sizes.margin - sizes.label - beside - (count - 1) * sizes.gap) / count


def _beside(panel: Panel, sizes: Sizes) -> float:
    return sizes.value + (sizes.row_label if panel.has_rows else 0.0)


def _middles(marks: list[Mark], sizes: Sizes) -> tuple[list[float], float]:
    """Where the middle of each row of a level is, from the top of the first one, and the height of all."""
    middles: list[float] = []
    y = 0.0
    for each in marks:
        lines = wrap(each.within, sizes.row_label - 0.12, sizes.small)
        height = max(sizes.row, len(lines) * line_height(sizes.small) + 0.06)
        middles.append(y + height / 2)
        y += height
    return middles, y


def _band_height(name: str, lines: list[str], panels: tuple[Panel, ...], sizes: Sizes) -> float:
    rows = max(_middles(each.at(name), sizes)[1] for each in panels)
    return max(rows, len(lines) * line_height(sizes.text)) + sizes.band_gap


def _banded(panel: Panel, heights: dict[str, float], place: tuple[float, float, float], sizes: Sizes) -> Axes:
    left, top, room = place
    marks: list[tuple[float, Mark]] = []
    rules: list[float] = []
    y = 0.0
    for name, height in heights.items():
        found = panel.at(name)
        middles, total = _middles(found, sizes)
        marks += [(y + (height - total) / 2 + at, each) for at, each in zip(middles, found, strict=True)]
        y += height
        rules.append(y)
    return Axes(panel, left, top, room, y, tuple(marks), tuple(rules[:-1]), *scale(panel, room))


# ---------------------------------------------------------------------------------------------------------- narrow


def _narrow(drawing: Drawing, sizes: Sizes) -> Layout:
    layout = Layout(sizes.width)
    top = _heading(layout, drawing, sizes)
    for panel in drawing.panels:
        room = sizes.width - 2 * sizes.margin
        top = layout.write(sizes.margin, top, wrap(panel.title, room, sizes.text, weight="bold"), sizes.text, bold=True)
        head = top + 0.04
        start = head + (line_height(sizes.small) + 0.06 if panel.versus else 0.0)
        axes = _stacked(layout, panel, drawing.levels, start, sizes)
        layout.axes.append(axes)
        _label_axes(layout, axes, head, sizes)
        top = _foot(layout, axes, (sizes.margin, sizes.width - 2 * sizes.margin), sizes) + PARTING
    return _closed(layout, drawing, sizes, top - PARTING)


def _stacked(layout: Layout, panel: Panel, levels: dict[str, str], top: float, sizes: Sizes) -> Axes:
    marks: list[tuple[float, Mark]] = []
    rules: list[float] = []
    y = 0.0
    for name in [each for each in levels if panel.at(each)]:
        if marks:
            rules.append(y)
        y = _headed(layout, panel, (name, levels[name]), (top, y + sizes.band_gap / 2), sizes, marks)
        y += sizes.band_gap / 2
    left = sizes.margin + sizes.label
    room = sizes.width - left - sizes.value - sizes.margin
    return Axes(panel, left, top, room, y, tuple(marks), tuple(rules), *scale(panel, room))


def _headed(
    layout: Layout,
    panel: Panel,
    level: tuple[str, str],
    place: tuple[float, float],
    sizes: Sizes,
    marks: list[tuple[float, Mark]],
) -> float:
    """Set one level of a stacked panel from `y` down, add its marks, and return where it ends."""
    (name, label), (top, y) = level, place
    found = panel.at(name)
    if panel.has_rows and not all(each.is_reference for each in found):
        lines = wrap(label, sizes.width - 2 * sizes.margin, sizes.small, weight="bold")
        y = layout.write(sizes.margin, top + y, lines, sizes.small, bold=True) - top
        middles, height = _middles(found, sizes)
        marks += [(y + at, each) for at, each in zip(middles, found, strict=True)]
        return y + height
    lines = wrap(label, sizes.label - 0.1, sizes.small)
    height = max(sizes.row, len(lines) * line_height(sizes.small))
    layout.centre(sizes.margin, top + y + height / 2, lines, sizes.small)
    marks += [(y + height / 2, each) for each in found]
    return y + height


# ---------------------------------------------------------------------------------------------------------- shared


def _heading(layout: Layout, drawing: Drawing, sizes: Sizes) -> float:
    if not drawing.simulated:
        return sizes.margin
    lines = wrap(drawing.simulated, layout.width - 2 * sizes.margin, sizes.text, weight="bold")
    return layout.write(sizes.margin, sizes.margin, lines, sizes.text, tone="alert", bold=True) + 0.12


def _label_axes(layout: Layout, axes: Axes, head: float, sizes: Sizes) -> None:
    """The words above and beside the marks: what zero means, rows within levels, and each estimate's number."""
    panel = axes.panel
    if panel.versus:
        _label_zero(layout, axes, head, sizes)
    for y, mark in axes.marks:
        if mark.within:
            lines = wrap(mark.within, sizes.row_label - 0.12, sizes.small)
            layout.centre(axes.left - 0.1, axes.top + y, lines, sizes.small, align="right", tone="soft")
        said = ["ref."] if mark.is_reference else [number(mark.estimate, panel.digits)]
        layout.centre(axes.left + axes.width + sizes.value, axes.top + y, said, sizes.small, align="right", tone="soft")


def _label_zero(layout: Layout, axes: Axes, head: float, sizes: Sizes) -> None:
    text, zero = f"{axes.panel.versus} = 0", axes.x(0.0)
    left, right = axes.left, axes.left + axes.width + sizes.value
    lines = wrap(text, right - left, sizes.small)[:1] if width(text, sizes.small) <= right - left else ["reference = 0"]
    half = width(lines[0], sizes.small) / 2
    layout.write(min(max(zero, left + half), right - half), head, lines, sizes.small, align="center", tone="soft")


def _foot(layout: Layout, axes: Axes, place: tuple[float, float], sizes: Sizes) -> float:
    left, room = place
    panel = axes.panel
    shown = "" if panel.is_effect else f"; the axis shows {plain(axes.limits[0])} to {plain(axes.limits[1])}"
    lines = wrap(f"{panel.axis}{shown}", room, sizes.small)
    return layout.write(left, axes.top + axes.height + FOOT, lines, sizes.small)


def scale(panel: Panel, room: float) -> tuple[tuple[float, float], tuple[float, ...]]:
    """The ends of an axis, which enclose every interval and a zero that means no difference, and its ticks."""
    ends = [value for mark in panel.marks for value in (mark.estimate, mark.conf_low, mark.conf_high)]
    known = [each for each in ends if isfinite(each)] + ([0.0] if panel.is_effect else [])
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    pad = (high - low) * PADDING or 0.5
    locator = MaxNLocator(nbins=max(2, min(6, int(room / TICK_ROOM))), steps=[1, 2, 2.5, 5, 10])
    found = locator.tick_values(low - pad, high + pad)
    half = (found[1] - found[0]) / 2
    limits = (_exact(floor((low - pad) / half) * half), _exact(ceil((high + pad) / half) * half))
    return limits, tuple(_exact(each) for each in found if limits[0] <= _exact(each) <= limits[1])


def _exact(value: float) -> float:
    """A round number without the rounding error of the multiplication that made it."""
    return float(f"{value:.10g}")


def _closed(layout: Layout, drawing: Drawing, sizes: Sizes, end: float) -> Layout:
    lines = wrap(drawing.note, layout.width - 2 * sizes.margin, sizes.small)
    end = layout.write(sizes.margin, end + 0.12, lines, sizes.small, tone="soft")
    layout.height = end + sizes.margin
    return layout

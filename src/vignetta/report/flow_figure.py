"""The flow of respondents as a figure: boxes for those who remain, and beside them those left out."""

from typing import Any, Final

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, Rectangle

from vignetta.report.figures import LIGHT, TONES, style, write
from vignetta.report.flows import Arm, Flow, Step
from vignetta.report.layout import Layout
from vignetta.report.lettering import line_height, wrap
from vignetta.report.numbers import count

NAME: Final = "flow"
PAGE: Final = 8.2
MARGIN: Final = 0.12
MAIN: Final = 3.0
BESIDE: Final = 4.2
"""Inches: the page, its margin, and the widths of the boxes of those who remain and of those left out."""
PAD: Final = 0.1
GAP: Final = 0.2
TITLE: Final = 11.0
TEXT: Final = 9.0
SMALL: Final = 8.5
_COLUMNS: Final = (("Assigned", 4.2), ("Left out before", 5.45), ("Left out after", 6.7), ("Analysed", 7.95))
"""Headings of the levels' counts, and where they end."""
_NONE: Final = "None assigned"

Box = tuple[float, float, float, float]
"""Left, top, width and height in inches from the top left."""


def flow_figure(flow: Flow, *, synthetic: bool = False) -> Figure:
    """Draw the flow: raw rows, those left out by rules before and after the vignette, those analysed, and each level.

    The numbers in the boxes at the side and the last box add up to the first; so do those of each factor's levels to
    all responses.
    """
    layout = Layout(PAGE)
    boxes, arrows = _place(layout, flow, synthetic)
    with style():
        made = Figure(figsize=(layout.width, layout.height), facecolor="white")
        for box in boxes:
            _draw_box(made, layout, box)
        for start, end in arrows:
            _draw_arrow(made, layout, start, end)
        for words in layout.words:
            write(made, layout, words)
        _draw_rules(made, layout)
    return made


# ------------------------------------------------------------------------------------------------------------ places

Point = tuple[float, float]


def _place(layout: Layout, flow: Flow, synthetic: bool) -> tuple[list[Box], list[tuple[Point, Point]]]:
    said = "Flow of respondents" + (" (simulated responses)" if synthetic else "")
    top = layout.write(MARGIN, MARGIN, [said], TITLE, bold=True) + 0.12
    main = _main(layout, top, f"{count(flow.raw)} rows in the export")
    boxes = [main]
    arrows: list[tuple[Point, Point]] = []
    centre = MARGIN + MAIN / 2
    for place, (after, steps) in enumerate(flow.phases, 1):
        above = main
        beside = _side(layout, above[1] + above[3] + GAP, after, steps)
        bottom = beside[1] + beside[3] + GAP
        last = place == len(flow.phases)
        words = f"{count(flow.analysed)} analysed" if last else f"{count(steps[-1].remaining)} remain"
        main = _main(layout, bottom, words)
        middle = beside[1] + beside[3] / 2
        arrows += [((centre, above[1] + above[3]), (centre, bottom)), ((centre, middle), (beside[0], middle))]
        boxes += [beside, main]
    layout.height = _levels(layout, boxes[-1][1] + boxes[-1][3] + 0.3, flow) + MARGIN
    return boxes, arrows


def _main(layout: Layout, top: float, words: str) -> Box:
    lines = wrap(words, MAIN - 2 * PAD, TEXT, weight="bold")
    height = len(lines) * line_height(TEXT) + 2 * PAD
    layout.write(MARGIN + MAIN / 2, top + PAD, lines, TEXT, align="center")
    return MARGIN, top, MAIN, height


def _side(layout: Layout, top: float, after: bool, steps: list[Step]) -> Box:
    """A box with a rule on each line; its number stands first."""
    left = PAGE - MARGIN - BESIDE
    when = "after" if after else "before"
    heading = f"{count(sum(each.n for each in steps))} left out by what was measured {when} the vignette"
    bottom = layout.write(left + PAD, top + PAD, wrap(heading, BESIDE - 2 * PAD, TEXT), TEXT)
    bottom += 0.04
    for each in steps:
        lines = wrap(each.reason, BESIDE - 2 * PAD - 0.6, SMALL)
        layout.write(left + PAD + 0.45, bottom, [count(each.n)], SMALL, align="right", tone="soft")
        bottom = layout.write(left + PAD + 0.55, bottom, lines, SMALL, tone="soft")
    return left, top, BESIDE, bottom + PAD - top


def _levels(layout: Layout, top: float, flow: Flow) -> float:
    """What became of the responses of each level, as a table; returns where it ends."""
    if not flow.arms:
        return top - 0.3
    for words, end in _COLUMNS:
        layout.write(end, top, [words], SMALL, align="right", tone="soft")
    top = layout.write(MARGIN, top, ["Responses by level"], TEXT) + 0.04
    for label, arms in flow.arms:
        top = layout.write(MARGIN, top + 0.05, wrap(label, PAGE - 2 * MARGIN, SMALL), SMALL)
        for each in arms:
            top = _level(layout, top, each)
    return top


def _level(layout: Layout, top: float, arm: Arm) -> float:
    assigned = arm.assigned if arm.label else 0
    for (_, end), n in zip(_COLUMNS, (assigned, arm.before, arm.after, arm.analysed), strict=True):
        layout.write(end, top, [count(n)], SMALL, align="right", tone="soft")
    return layout.write(MARGIN + 0.15, top, wrap(arm.label or _NONE, 2.9, SMALL), SMALL, tone="soft")


# ---------------------------------------------------------------------------------------------------------- drawing


def _draw_box(made: Figure, layout: Layout, box: Box) -> None:
    left, top, width, height = box
    low = (left / layout.width, 1 - (top + height) / layout.height)
    look: Any = {"facecolor": "none", "edgecolor": TONES["soft"], "linewidth": 1.0}
    made.add_artist(Rectangle(low, width / layout.width, height / layout.height, transform=made.transFigure, **look))


def _draw_arrow(made: Figure, layout: Layout, start: Point, end: Point) -> None:
    ends = [(x / layout.width, 1 - y / layout.height) for x, y in (start, end)]
    look: Any = {"arrowstyle": "-|>", "mutation_scale": 9, "color": TONES["soft"], "linewidth": 1.0}
    made.add_artist(FancyArrowPatch(*ends, transform=made.transFigure, shrinkA=0, shrinkB=0, **look))


def _draw_rules(made: Figure, layout: Layout) -> None:
    """A line below the headings of the levels."""
    for words in layout.words:
        if words.text == _COLUMNS[0][0]:
            y = 1 - (words.y + line_height(SMALL) / 2 + 0.04) / layout.height
            x = [MARGIN / layout.width, 1 - MARGIN / layout.width]
            made.add_artist(Line2D(x, [y, y], transform=made.transFigure, color=LIGHT, linewidth=0.8))

"""The smallest effects that a plan will find, drawn over the number of respondents."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from vignetta.errors import Problem, StudyError
from vignetta.report.figures import LIGHT, TONES, WITHIN, style, write
from vignetta.report.labels import Labels
from vignetta.report.layout import Layout
from vignetta.report.lettering import line_height, width, wrap
from vignetta.report.numbers import count, number, plain
from vignetta.report.phrases import estimand_title
from vignetta.report.power_words import KEYS, least_precise

Floats = npt.NDArray[np.float64]

POINTS: Final = 40
"""Numbers of respondents at which a curve is computed."""
EQUAL: Final = 9
"""Detectable effects that agree in so many digits are one curve."""
ROUNDING: Final = 1e-9
"""A tick this little below the highest line, relatively, is at it."""
DASHES: Final = ("solid", (0, (6, 1.5)), (0, (6, 1.5, 1.5, 1.5)))
"""When colours begin again, lines look otherwise."""
PALER: Final = 0.55
"""How much white is in the colour of the lines that are not corrected."""

PAGE: Final = 8.6
PLOT: Final = 4.4
"""Inches: the figure, and the room for lines."""
LEFT: Final = 0.5
BESIDE: Final = 0.42
"""Inches between the lines' ends and their words."""
MARGIN: Final = 0.1
LOWEST: Final = 3.2
"""Inches that the axes are high at least."""
PARTING: Final = 0.09
"""Inches between the words of two lines."""
TITLE: Final = 11.0
TEXT: Final = 9.0
SMALL: Final = 8.5
"""Type sizes in points."""


@dataclass(frozen=True, eq=False)
class Curve:
    """Comparisons that are equally precise.

    Attributes
    ----------
    label : what is compared, in words.
    n : (s,) numbers of respondents, ascending.
    corrected, single : (s,) smallest effects found, corrected for the tests of the family, and not.
    """

    label: str
    n: Floats
    corrected: Floats
    single: Floats

    def at(self, n: int) -> tuple[float, float]:
        """The effects at a number of respondents that the curve has, corrected and not."""
        place = int(np.flatnonzero(self.n == n)[0])
        return float(self.corrected[place]), float(self.single[place])

    @property
    def is_corrected(self) -> bool:
        return bool((self.corrected > self.single).any())


def drawn_sizes(sizes: Sequence[int], *, planned: int) -> list[int]:
    """Numbers of respondents from the smallest to the largest of `sizes`, close enough for smooth lines.

    Raises `StudyError` when there is one number only.
    """
    low, high = min([*sizes, planned]), max([*sizes, planned])
    if low == high:
        what = f"{count(planned)} respondents alone make no line."
        raise StudyError(Problem("figure", what, "Give other numbers too: `--over 500,1000,2000`."))
    between = np.rint(np.geomspace(low, high, POINTS)).astype(int).tolist()
    return sorted({*between, *sizes, planned})


def curves(table: pd.DataFrame, labels: Labels) -> list[Curve]:
    """The distinct curves of a `precision_over` table, the least precise first.

    Where the levels of a comparison are not equally precise, the least precise one counts.
    """
    alike: dict[tuple[str, ...], list[pd.DataFrame]] = {}
    for _, rows in least_precise(table).groupby(list(KEYS), sort=False):
        ordered = rows.sort_values("n")
        effects = [*ordered["mde_adjusted"], *ordered["mde"]]
        alike.setdefault(tuple(f"{each:.{EQUAL}e}" for each in effects), []).append(ordered)
    made = [_curve(each, labels) for each in alike.values()]
    return sorted(made, key=lambda each: -each.corrected[-1])


def power_figure(table: pd.DataFrame, labels: Labels, *, planned: int) -> Figure:
    """Draw a `precision_over` table: the smallest effects found over the number of respondents.

    Lines of corrected tests are strong, those of uncorrected ones pale and broken; comparisons of
    equal precision share a line. The table has the planned number of respondents.

    Raises
    ------
    StudyError
        When the plan compares nothing.
    """
    drawn = curves(table, labels)
    if not drawn:
        raise StudyError(Problem("figure", "the plan compares nothing that could be drawn.", "Add a contrast to it."))
    first = next(table.dropna(subset="mde").itertuples())
    with style():
        layout, place, beside = _arranged(drawn, first, planned)
        made = Figure(figsize=(layout.width, layout.height), facecolor="white")
        ax = _axes(made, layout, place, drawn)
        _mark_planned(ax, planned)
        for line, curve in enumerate(drawn):
            _draw(ax, curve, line, planned)
            _lead(made, layout, ax, (float(curve.corrected[-1]), beside[line]), line)
        for words in layout.words:
            write(made, layout, words)
    return made


# ----------------------------------------------------------------------------------------------------------- words


def _curve(alike: list[pd.DataFrame], labels: Labels) -> Curve:
    rows = [next(each.itertuples()) for each in alike]
    first = alike[0]
    return Curve(
        "; ".join(_labels(rows, labels)),
        first["n"].to_numpy(dtype=np.float64),
        first["mde_adjusted"].to_numpy(dtype=np.float64),
        first["mde"].to_numpy(dtype=np.float64),
    )


def _labels(rows: list[Any], labels: Labels) -> Iterator[str]:
    """What is compared; comparisons that differ in hypothesis or the other factor alone are told together."""
    together: dict[tuple[str, ...], list[Any]] = {}
    for row in rows:
        together.setdefault((row.outcome, row.estimand, row.factor, row.versus), []).append(row)
    for kind in together.values():
        names = ", ".join(dict.fromkeys(filter(None, (row.hypothesis for row in kind))))
        within = _either(dict.fromkeys(labels.factor(row.within_factor) for row in kind if row.within_factor))
        title = f"{estimand_title(kind[0], labels, within=within)} ({labels.outcome(kind[0].outcome)})"
        yield f"{names}: {title}" if names else title


def _either(names: Iterable[str]) -> str:
    *others, last = list(names) or [""]
    return f"{', '.join(others)} or {last}" if others else last


def _unit(row: Any) -> str:
    return "SD" if row.sd == 1 else "points"


def _axis_words(row: Any) -> str:
    unit = "SD of the outcome" if row.sd == 1 else f"points of the outcome, whose SD is {plain(row.sd)}"
    return f"Smallest effect found with power {plain(row.target_power)} ({unit})"


def _note(row: Any, drawn: list[Curve]) -> str:
    tests = f"Two-sided tests at level {plain(row.alpha)}"
    corrected = ", divided by the number of tests of the family (Bonferroni); pale, broken lines: uncorrected"
    alike = f" A respondent's responses correlate by {plain(row.icc)}." if row.icc and row.responses > 1 else ""
    explained = f" Covariates explain {plain(100 * row.r2)}% of the variance." if row.r2 else ""
    said = corrected if any(each.is_corrected for each in drawn) else ""
    return f"{tests}{said}. Closed form, before any data.{alike}{explained}"


def _told(curve: Curve, row: Any, planned: int) -> str:
    corrected, single = curve.at(planned)
    alone = f"; {number(single)} uncorrected" if curve.is_corrected else ""
    return f"{number(corrected)} {_unit(row)} at n = {count(planned)}{alone}"


# ----------------------------------------------------------------------------------------------------------- places


def _arranged(drawn: list[Curve], row: Any, planned: int) -> tuple[Layout, tuple[float, float], list[float]]:
    """The words in their places; where the axes begin and end from the top, and where each curve's words stand."""
    layout = Layout(PAGE)
    room = PAGE - 2 * MARGIN
    title = wrap("What the plan will find, by number of respondents", room, TITLE, weight="bold")
    top = layout.write(MARGIN, MARGIN, title, TITLE, bold=True)
    top = layout.write(MARGIN, top + 0.05, wrap(_axis_words(row), room, TEXT), TEXT, tone="soft") + 0.3
    left = LEFT + PLOT + BESIDE
    texts = [_beside(each, row, planned, PAGE - left - MARGIN) for each in drawn]
    heights = [(len(words) + len(values)) * line_height(SMALL) for words, values in texts]
    height = max(LOWEST, sum(heights) + PARTING * (len(heights) - 1))
    limit = _limit(drawn)
    wanted = [top + height * (1 - each.corrected[-1] / limit) for each in drawn]
    middles = _apart(wanted, heights, top, top + height)
    for (words, values), middle, tall in zip(texts, middles, heights, strict=True):
        below = layout.write(left, middle - tall / 2, words, SMALL)
        layout.write(left, below, values, SMALL, tone="soft")
    each = f", with {count(row.responses)} responses each" if row.responses > 1 else ""
    layout.write(
        LEFT + PLOT / 2, top + height + 0.26, [f"Respondents analysed{each}"], TEXT, align="center", tone="soft"
    )
    end = layout.write(MARGIN, top + height + 0.55, wrap(_note(row, drawn), room, SMALL), SMALL, tone="soft")
    layout.height = end + MARGIN
    return layout, (top, top + height), middles


def _beside(curve: Curve, row: Any, planned: int, room: float) -> tuple[list[str], list[str]]:
    return wrap(curve.label, room, SMALL), wrap(_told(curve, row, planned), room, SMALL)


def _apart(wanted: list[float], heights: list[float], top: float, bottom: float) -> list[float]:
    """Middles as near as can be to the wanted ones, in their order, without overlap and between top and bottom."""
    middles: list[float] = []
    edge = top - PARTING
    for middle, height in zip(wanted, heights, strict=True):
        middles.append(max(middle, edge + PARTING + height / 2))
        edge = middles[-1] + height / 2
    edge = bottom + PARTING
    for place in reversed(range(len(middles))):
        middles[place] = min(middles[place], edge - PARTING - heights[place] / 2)
        edge = middles[place] - heights[place] / 2
    return middles


def _limit(drawn: list[Curve]) -> float:
    """The upper end of the axis: a round number above every line."""
    highest = max(float(each.corrected.max()) for each in drawn)
    return next(each for each in _ticks(0.0, highest) if each >= highest * (1 - ROUNDING))


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers from below `low` to above `high`."""
    found = MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    return [float(f"{each:.10g}") for each in found]


# ---------------------------------------------------------------------------------------------------------- drawing


def _axes(made: Figure, layout: Layout, place: tuple[float, float], drawn: list[Curve]) -> Axes:
    top, bottom = place
    shape = (LEFT / PAGE, 1 - bottom / layout.height, PLOT / PAGE, (bottom - top) / layout.height)
    ax = made.add_axes(shape, facecolor="none")
    ax.set_xlim(float(drawn[0].n[0]), float(drawn[0].n[-1]))
    ax.set_ylim(0, _limit(drawn))
    for axis, words in ((ax.xaxis, count), (ax.yaxis, plain)):
        low, high = axis.get_view_interval()
        ticks = [each for each in _ticks(low, high) if low <= each <= high]
        axis.set_ticks(ticks, labels=[words(each) for each in ticks])
    ax.tick_params(labelsize=SMALL, color=LIGHT, labelcolor=TONES["soft"], length=3)
    ax.grid(axis="y", color=LIGHT, linewidth=0.5)
    ax.set_axisbelow(True)
    for side, spine in ax.spines.items():
        spine.set_visible(side in ("bottom", "left"))
        spine.set_color(LIGHT)
    return ax


def _look(line: int) -> tuple[str, str, Any]:
    colour, marker = WITHIN[line % len(WITHIN)]
    return colour, marker, DASHES[line // len(WITHIN) % len(DASHES)]


def _draw(ax: Axes, curve: Curve, line: int, planned: int) -> None:
    colour, marker, dashes = _look(line)
    if curve.is_corrected:
        pale = tuple(PALER + (1 - PALER) * part for part in to_rgb(colour))
        ax.plot(curve.n, curve.single, color=pale, linewidth=1.2, linestyle=(0, (3, 2)), zorder=2)
    ax.plot(curve.n, curve.corrected, color=colour, linewidth=1.8, linestyle=dashes, zorder=3)
    at = curve.at(planned)[0]
    ax.plot([planned], [at], marker, color=colour, markersize=6.5, markeredgecolor="white", zorder=4, clip_on=False)


def _mark_planned(ax: Axes, planned: int) -> None:
    ax.axvline(planned, color=TONES["ink"], linewidth=0.9, zorder=1)
    low, high = ax.get_xlim()
    words = f"planned: {count(planned)}"
    half = width(words, SMALL) / 2 / PLOT
    x = float(np.clip((planned - low) / (high - low), half, 1 - half))
    ax.text(x, 1.01, words, transform=ax.transAxes, ha="center", va="bottom", size=SMALL, color=TONES["ink"])


def _lead(made: Figure, layout: Layout, ax: Axes, ends: tuple[float, float], line: int) -> None:
    """From a curve's end, an effect, to its words, whose middle is in inches from the top."""
    colour, marker, _ = _look(line)
    box, limit = ax.get_position(), ax.get_ylim()[1]
    effect, middle = ends
    x = (LEFT + PLOT + np.array([0.03, BESIDE - 0.17, BESIDE - 0.1])) / PAGE
    beside = 1 - middle / layout.height
    y = [box.y0 + box.height * effect / limit, beside, beside]
    look: Any = {"color": colour, "marker": marker, "markersize": 6, "markeredgecolor": "white", "linewidth": 1.0}
    made.add_artist(Line2D(x.tolist(), y, markevery=[2], transform=made.transFigure, **look))

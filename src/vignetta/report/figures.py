"""Drawings as matplotlib figures, and figures as bytes that are the same every time."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, Literal, get_args

import matplotlib
from matplotlib.axes import Axes as MatplotlibAxes
from matplotlib.figure import Figure

from vignetta.errors import Problem, StudyError
from vignetta.report.layout import Axes, Layout, Tone, Width, Words, arrange
from vignetta.report.lettering import FAMILY
from vignetta.report.panels import Drawing, Mark

Format = Literal["svg", "png", "pdf"]

TONES: Final[Mapping[Tone, str]] = {"ink": "#1a1f24", "soft": "#4b545c", "alert": "#8a3b00"}
PLAIN: Final = "#0b4f8a"
WITHIN: Final = (
    ("#0072b2", "o"),
    ("#c04f00", "s"),
    ("#00795a", "D"),
    ("#9c4a7d", "^"),
    ("#8a6d00", "v"),
    ("#3a3f44", "P"),
    ("#2f8fc7", "X"),
)
"""Colours after Okabe and Ito (2008), darkened so that each has contrast on white, with a marker for each."""
LIGHT: Final = "#d5dade"
METADATA: Final[Mapping[Format, Mapping[str, None]]] = {
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
RESOLUTION: Final = 200
"""Dots per inch of a PNG."""


def figure(drawing: Drawing, *, width: Width = "wide") -> Figure:
    """Draw: panels side by side when wide, below each other when narrow."""
    _check("width", width, Width)
    with style():
        layout = arrange(drawing, form=width)
        made = Figure(figsize=(layout.width, layout.height), facecolor="white")
        for each in layout.axes:
            _draw(made, layout, each)
        for words in layout.words:
            write(made, layout, words)
    return made


def figure_bytes(made: Figure, form: Format) -> bytes:
    """A figure as a file's content: no date, no program's name, the same bytes for the same figure.

    Letters are paths in SVG and embedded outlines in PDF, so that they look the same without the typeface.
    """
    _check("form", form, Format)
    content = io.BytesIO()
    with style():
        made.savefig(content, format=form, dpi=RESOLUTION, metadata=dict(METADATA[form]))
    return content.getvalue()


@contextmanager
def style() -> Iterator[None]:
    """The settings that every figure is made and written with."""
    settings: Any = {
        "font.family": FAMILY,
        "text.parse_math": False,
        "svg.hashsalt": "vignetta",
        "svg.fonttype": "path",
        "pdf.fonttype": 42,
        "axes.unicode_minus": True,
        "path.simplify": False,
    }
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(settings)
        yield


def _check(name: str, value: str, alias: Any) -> None:
    known = get_args(alias)
    if value not in known:
        listed = ", ".join(f"`{each}`" for each in known)
        raise StudyError(Problem(name, f"`{value}` is not an option.", f"Options: {listed}."))


def write(made: Figure, layout: Layout, words: Words) -> None:
    """Set words where the layout has them."""
    made.text(
        words.x / layout.width,
        1 - words.y / layout.height,
        words.text,
        size=words.size,
        ha=words.align,
        va="center_baseline",
        color=TONES[words.tone],
        weight="bold" if words.bold else "normal",
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0} if words.bold else None,
    )


def _draw(made: Figure, layout: Layout, place: Axes) -> None:
    bottom = 1 - (place.top + place.height) / layout.height
    shape = (place.left / layout.width, bottom, place.width / layout.width, place.height / layout.height)
    ax = made.add_axes(shape, facecolor="none")
    ax.set_xlim(*place.limits)
    ax.set_ylim(place.height, 0)
    _furnish(ax, place)
    for y, mark in place.marks:
        _draw_mark(ax, y, mark, single=not place.panel.has_rows)


def _furnish(ax: MatplotlibAxes, place: Axes) -> None:
    ax.set_yticks([])
    ax.set_xticks(place.ticks)
    ax.tick_params(axis="x", labelsize=8.5, color=LIGHT, labelcolor=TONES["soft"], length=3)
    for side, spine in ax.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(LIGHT)
    ax.grid(axis="x", color=LIGHT, linewidth=0.5, zorder=0)
    ax.set_axisbelow(True)
    for y in place.rules:
        ax.axhline(y, color=LIGHT, linewidth=0.8, zorder=0.5)
    if place.panel.is_effect:
        ax.axvline(0, color=TONES["ink"], linewidth=1.1, zorder=1)


def _draw_mark(ax: MatplotlibAxes, y: float, mark: Mark, *, single: bool) -> None:
    colour, shape = (PLAIN, "o") if single else WITHIN[mark.place % len(WITHIN)]
    if mark.is_reference:
        ax.plot([0], [y], "o", markersize=6.5, markerfacecolor="white", markeredgecolor=TONES["ink"], zorder=3)
        return
    ax.plot([mark.conf_low, mark.conf_high], [y, y], color=colour, linewidth=1.8, solid_capstyle="butt", zorder=2)
    ax.plot([mark.estimate], [y], shape, color=colour, markersize=6.5, markeredgecolor="white", zorder=3)

from typing import get_args

import numpy as np
import numpy.typing as npt
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from vignetta.errors import StudyError
from vignetta.report.figures import METADATA, Format, figure, figure_bytes
from vignetta.report.inputs import ReportInput
from vignetta.report.labels import Labels
from vignetta.report.layout import Width, arrange
from vignetta.report.panels import Drawing, drawings

SLACK = 1.5
"""Pixels at 100 dots per inch by which outlines of letters may exceed their measured widths."""
WIDTHS = get_args(Width)


def all_drawings(*given: ReportInput) -> list[Drawing]:
    return [
        drawing
        for each in given
        for drawing in drawings(each.estimates, Labels(each.design), plan=each.plan, synthetic=each.synthetic)
    ]


def text_boxes(made: Figure) -> tuple[list[str], npt.NDArray[np.float64]]:
    """The words of a figure and where they stand: (texts, 2, 2), lower left and upper right in pixels."""
    renderer = FigureCanvasAgg(made).get_renderer()
    boxes = np.array([each.get_window_extent(renderer).get_points() for each in made.texts])
    return [each.get_text() for each in made.texts], boxes


@pytest.mark.parametrize("width", WIDTHS)
def test_no_words_are_cut_off_or_cover_each_other(
    flagship: ReportInput, plain: ReportInput, crowded: ReportInput, width: Width
) -> None:
    for drawing in all_drawings(flagship, plain, crowded):
        made = figure(drawing, width=width)
        texts, boxes = text_boxes(made)
        low, high = boxes[:, 0], boxes[:, 1]
        outside = ((low < -SLACK) | (high > made.bbox.size + SLACK)).any(axis=1)
        assert not outside.any(), (drawing.name, [texts[each] for each in np.flatnonzero(outside)])
        shared = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
        covered = np.argwhere(np.triu((shared > 2 * SLACK).all(axis=2), k=1))
        assert not len(covered), (drawing.name, [(texts[i], texts[j]) for i, j in covered])


@pytest.mark.parametrize("width", WIDTHS)
def test_intervals_and_zero_lie_within_the_axis(flagship: ReportInput, crowded: ReportInput, width: Width) -> None:
    for drawing in all_drawings(flagship, crowded):
        for axes in arrange(drawing, form=width).axes:
            low, high = axes.limits
            assert all(low < mark.conf_low and mark.conf_high < high for _, mark in axes.marks if not mark.is_reference)
            assert not axes.panel.is_effect or low < 0 < high
            assert all(0 < y < axes.height for y, _ in axes.marks)
            assert len(axes.ticks) >= 2


def test_marks_stand_beside_their_level(flagship: ReportInput) -> None:
    layout = arrange(all_drawings(flagship)[0], form="wide")
    left, right = layout.axes
    margins = {mark.level: y for y, mark in left.marks}
    for level, y in margins.items():
        inside = [at for at, mark in right.marks if mark.level == level]
        assert y == pytest.approx(sum(inside) / len(inside))


def test_what_is_drawn_is_the_estimate(flagship: ReportInput) -> None:
    drawing = all_drawings(flagship)[0]
    for ax, panel in zip(figure(drawing).axes, drawing.panels, strict=True):
        lines = [line for line in ax.lines if len(line.get_xdata()) == 1]
        shown = [float(line.get_xdata()[0]) for line in lines]
        assert shown == [mark.estimate for mark in panel.marks]


@pytest.mark.parametrize("form", get_args(Format))
def test_same_drawing_same_bytes(flagship: ReportInput, form: Format) -> None:
    drawing = all_drawings(flagship)[0]
    first, second = (figure_bytes(figure(drawing), form) for _ in range(2))
    assert first == second
    assert not any(each in first for each in (b"Date", b"date>", b"Matplotlib", b"https://matplotlib"))
    assert form in METADATA


def test_svg_needs_nothing_else(flagship: ReportInput) -> None:
    svg = figure_bytes(figure(all_drawings(flagship)[0]), "svg").decode()
    assert "<text" not in svg and "font-family" not in svg and "<image" not in svg and "<script" not in svg


def test_words_are_never_read_as_mathematics(plain: ReportInput) -> None:
    words = " ".join(each.get_text() for each in figure(all_drawings(plain)[0]).texts)
    assert "$x_1$" in words


def test_simulated_stands_in_every_figure(flagship: ReportInput) -> None:
    for drawing in all_drawings(flagship):
        for width in WIDTHS:
            words = [each.text for each in arrange(drawing, form=width).words]
            assert words[0] == "Simulated data: no person answered."


def test_unknown_options_list_all(flagship: ReportInput) -> None:
    drawing = all_drawings(flagship)[0]
    with pytest.raises(StudyError, match="Options: `wide`, `narrow`"):
        figure(drawing, width="middling")  # type: ignore[arg-type]
    with pytest.raises(StudyError, match="Options: `svg`, `png`, `pdf`"):
        figure_bytes(figure(drawing), "jpg")  # type: ignore[arg-type]

"""The flow as a figure: its numbers add up to the raw rows, and every word has its place."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tests.report.made_up import REASONS
from vignetta.errors import StudyError
from vignetta.frames import ARMS, frame
from vignetta.report.figures import figure_bytes
from vignetta.report.flow_figure import flow_figure
from vignetta.report.flows import Arm, Flow, Step, flow
from vignetta.report.inputs import ReportInput

COUNT = re.compile(r"[\d,]+")


def texts(made: Figure) -> list[str]:
    return [each.get_text() for each in made.texts]


def as_number(text: str) -> int:
    found = COUNT.match(text)
    assert found, text
    return int(found[0].replace(",", ""))


def made(steps: list[tuple[int, bool]], analysed: int) -> Flow:
    raw = remaining = sum(n for n, _ in steps) + analysed
    told = []
    for place, (n, after) in enumerate(steps):
        remaining -= n
        told.append(Step(f"Reason {place} " + "that takes many words to tell " * (place % 3), n, remaining, after))
    early = sum(n for n, after in steps if not after)
    arm = Arm("Only", raw, early, raw - early - analysed, analysed)
    return Flow(raw, tuple(told), analysed, (("Factor", (arm,)),))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3000), st.booleans()), max_size=6), st.integers(0, 2000))
def test_the_numbers_of_the_figure_add_up(steps: list[tuple[int, bool]], analysed: int) -> None:
    words = texts(flow_figure(made(steps, analysed)))
    raw = as_number(next(each for each in words if "rows in the export" in each))
    left_out = [as_number(each) for each in words if "left out by what was measured" in each]
    assert raw == sum(n for n, _ in steps) + analysed == sum(left_out) + analysed
    if steps:
        assert as_number(next(each for each in words if each.endswith(" analysed"))) == analysed
    alone = [as_number(each) for each in words if COUNT.fullmatch(each)]
    assert alone[: len(steps)] == [n for n, _ in steps]
    assigned, before, after, kept = alone[len(steps) :]
    assert assigned == raw == before + after + kept


def test_no_words_leave_the_page_or_lie_on_others() -> None:
    drawn = flow_figure(made([(10, False), (20, True), (30, False), (1234567, True)], 1000))
    canvas = FigureCanvasAgg(drawn)
    canvas.draw()
    boxes = [each.get_window_extent(canvas.get_renderer()) for each in drawn.texts]
    width, height = drawn.bbox.size
    assert all(box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height for box in boxes)
    for place, one in enumerate(boxes):
        assert not [other for other in boxes[:place] if one.padded(-2).overlaps(other.padded(-2))]


def test_the_same_flow_gives_the_same_bytes() -> None:
    for form in ("svg", "png", "pdf"):
        one, other = (figure_bytes(flow_figure(made([(3, True)], 7)), form) for _ in range(2))  # type: ignore[arg-type]
        assert one == other


def arms(given: ReportInput, surplus: int = 0) -> ReportInput:
    first = next(iter(given.design.factors.values())).levels[0].name
    name = next(iter(given.design.factors))
    rows = [{"factor": name, "level": first, "state": "analysed", "n": 750 + surplus}]
    rows += [{"factor": name, "level": "", "state": state, "n": n} for state, n in REASONS.items()]
    return ReportInput(**{**vars(given), "arms": frame(rows, ARMS)})


def test_levels_are_told_by_what_left_them_out(flagship: ReportInput) -> None:
    ((label, (level, none)),) = flow(arms(flagship)).arms
    assert label == "Formal treaty"
    assert (level.assigned, level.before, level.after, level.analysed) == (750, 0, 0, 750)
    # Previews, consent and attention come before the vignette, finishing after it.
    assert (none.label, none.before, none.after, none.analysed) == ("", 10 + 34 + 65, 41, 0)


def test_levels_that_do_not_add_up_are_refused(flagship: ReportInput) -> None:
    with pytest.raises(StudyError, match="add up to 901, not to 900 responses"):
        flow(arms(flagship, surplus=1))

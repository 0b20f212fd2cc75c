"""The figure over the number of respondents: what is drawn, what it says, and that nothing covers anything."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from vignetta.design.declaration import Design
from vignetta.errors import StudyError
from vignetta.plan import Estimand, Plan
from vignetta.power import precision, precision_over
from vignetta.report.figures import Format, figure_bytes
from vignetta.report.labels import Labels
from vignetta.report.power_figure import curves, drawn_sizes, power_figure
from vignetta.report.power_words import over_title, summary_over

SLACK = 1.5
"""Pixels at 100 dots per inch by which outlines of letters may exceed their measured widths."""
ROUNDING = 1e-9
"""The same closed form, computed twice."""

Table = Callable[..., pd.DataFrame]


@pytest.fixture
def table(design: Design, plan: Plan) -> Table:
    """The flagship's precision over sizes that suit a figure, with other estimands or assumptions."""

    def made(sizes: Sequence[int] = (500, 3000), estimands: Sequence[Estimand] = (), **assumed: float) -> pd.DataFrame:
        chosen = plan.model_copy(update={"estimands": tuple(estimands) or plan.estimands})
        return precision_over(design, chosen, ns=drawn_sizes(sizes, planned=1502), **assumed)  # type: ignore[arg-type]

    return made


def crowded(plan: Plan) -> list[Estimand]:
    """More comparisons than there are colours, no two of equal precision."""
    first = next(each for each in plan.estimands if each.estimand == "contrast")
    return [
        first.model_copy(update={"factor": factor, "hypothesis": name})
        for place, name in enumerate(plan.hypotheses)
        for factor in ("treaty", "action", "response", "regime")[: place % 4 + 1]
    ]


def text_boxes(made: Figure) -> tuple[list[str], npt.NDArray[np.float64]]:
    """The words of a figure and where they stand: (texts, 2, 2), lower left and upper right in pixels."""
    renderer = FigureCanvasAgg(made).get_renderer()
    axes = [*made.axes[0].get_xticklabels(), *made.axes[0].get_yticklabels(), *made.axes[0].texts]
    shown = [each for each in [*made.texts, *axes] if each.get_text()]
    return [each.get_text() for each in shown], np.array(
        [each.get_window_extent(renderer).get_points() for each in shown]
    )


@pytest.mark.parametrize(
    ("sizes", "planned", "assumed"),
    [
        ((500, 3000), 1502, {}),
        ((200, 1502), 1502, {"sd": 1.7, "power": 0.9}),
        ((1502, 1600), 1502, {"r2": 0.3}),
        ((90, 250_000), 1502, {}),
    ],
)
def test_no_words_are_cut_off_or_cover_each_other(
    design: Design, table: Table, sizes: tuple[int, int], planned: int, assumed: dict[str, float]
) -> None:
    check(power_figure(table(sizes, **assumed), Labels(design), planned=planned))


def check(made: Figure) -> None:
    texts, boxes = text_boxes(made)
    low, high = boxes[:, 0], boxes[:, 1]
    outside = ((low < -SLACK) | (high > made.bbox.size + SLACK)).any(axis=1)
    assert not outside.any(), [texts[each] for each in np.flatnonzero(outside)]
    shared = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
    covered = np.argwhere(np.triu((shared > 2 * SLACK).all(axis=2), k=1))
    assert not len(covered), [(texts[i], texts[j]) for i, j in covered]


def test_more_comparisons_than_colours(design: Design, plan: Plan, table: Table) -> None:
    """Ten tests of each family and four of none: every line has a look of its own."""
    found = table(estimands=crowded(plan))
    number = len(curves(found, Labels(design)))
    assert number > 7
    made = power_figure(found, Labels(design), planned=1502)
    check(made)
    strong = [each for each in made.axes[0].lines if each.get_linewidth() == 1.8]
    assert (
        len({(each.get_color(), each._dash_pattern[1] and tuple(each._dash_pattern[1])) for each in strong}) == number
    )


def test_comparisons_of_equal_precision_share_a_line(design: Design, table: Table) -> None:
    """Five tests per family at most, three differences alike, and what has no hypothesis is not corrected."""
    found = curves(table(), Labels(design))
    starts = [each.label.split(":")[0] for each in found]
    assert starts == ["H3a, H3b, H3c", "US response", "US response", "H1", "H1b", "US response", "H2"]
    assert [each.is_corrected for each in found] == [True, False, False, True, True, False, True]
    assert "differ by Regime, Military capability or Formal treaty" in found[0].label
    assert [tuple(round(each, 3) for each in curve.at(1502)) for curve in found[:1]] == [(0.546, 0.457)]


def test_what_is_drawn_is_the_detectable_effect(design: Design, plan: Plan, table: Table) -> None:
    found = table(sd=2.0)
    made = power_figure(found, Labels(design), planned=1502)
    lines = {each.get_linewidth(): [] for each in made.axes[0].lines}  # type: ignore[var-annotated]
    for each in made.axes[0].lines:
        lines[each.get_linewidth()].append(each.get_xydata())
    strong, pale = lines[1.8], lines[1.2]
    assert (len(strong), len(pale)) == (7, 4)
    for n in (500, 1502, 3000):
        table_at = precision(design, plan, n=n, sd=2.0)
        shown = {round(float(y), 9) for xy in strong for x, y in xy if x == n}
        assert shown == {round(each, 9) for each in table_at["mde_adjusted"]}
        assert {round(float(y), 9) for xy in pale for x, y in xy if x == n} <= {round(e, 9) for e in table_at["mde"]}
    texts = " ".join(each.get_text() for each in made.texts)
    assert "points of the outcome, whose SD is 2" in texts
    assert "1.09 points at n = 1,502; 0.91 uncorrected" in texts


def test_several_responses_of_each_respondent_are_told(design: Design, plan: Plan) -> None:
    models = {
        name: each.model_copy(update={"errors": "CR1S", "cluster": "respondent"}) for name, each in plan.models.items()
    }
    clustered = plan.model_copy(update={"models": models})
    found = precision_over(design, clustered, ns=[500, 1502], responses=4, icc=0.3, r2=0.25)
    made = power_figure(found, Labels(design), planned=1502)
    check(made)
    texts = " ".join(each.get_text() for each in made.texts)
    for said in ("with 4 responses each", "responses correlate by 0.3.", "Covariates explain 25% of the variance."):
        assert said in texts


def test_the_planned_number_is_marked(design: Design, table: Table) -> None:
    made = power_figure(table(), Labels(design), planned=1502)
    assert [each.get_text() for each in made.axes[0].texts] == ["planned: 1,502"]
    marks = [each.get_xdata() for each in made.axes[0].lines if len(each.get_xdata()) == 1]
    assert [float(each[0]) for each in marks] == [1502.0] * 7  # type: ignore[index]


@pytest.mark.parametrize("form", ["svg", "png", "pdf"])
def test_same_table_same_bytes(design: Design, table: Table, form: Format) -> None:
    found = table()
    once, again = (figure_bytes(power_figure(found, Labels(design), planned=1502), form) for _ in range(2))
    assert once == again
    assert once[:4] in (b"<?xm", b"\x89PNG", b"%PDF")


def test_a_plan_that_compares_nothing_is_not_drawn(design: Design, table: Table) -> None:
    with pytest.raises(StudyError, match="compares nothing"):
        power_figure(table().iloc[:0], Labels(design), planned=1502)


def test_sizes_are_those_asked_for_and_enough_between_them() -> None:
    found = drawn_sizes([400, 800], planned=1000)
    assert {400, 800, 1000} <= set(found)
    assert (found[0], found[-1]) == (400, 1000)
    assert found == sorted(set(found))
    assert max(np.diff(found)) < 60
    with pytest.raises(StudyError, match="1,000 respondents alone make no line"):
        drawn_sizes([1000], planned=1000)


def test_the_least_precise_level_counts(design: Design, table: Table) -> None:
    found = table(estimands=[])
    wider = found.assign(mde_adjusted=found["mde_adjusted"] * np.where(found["level"] == "economic", 1.5, 1.0))
    before, after = curves(found, Labels(design)), curves(wider, Labels(design))
    h1 = [next(each for each in lines if each.label.startswith("H1:")) for lines in (before, after)]
    np.testing.assert_allclose(h1[1].corrected, 1.5 * h1[0].corrected, rtol=ROUNDING)


def test_a_table_over_sizes(design: Design, plan: Plan) -> None:
    found = precision_over(design, plan, ns=[500, 2000])
    lines = summary_over(found)
    assert lines[0] == {
        "hypothesis": "H1",
        "comparison": "response (approval, against status_quo)",
        "tests": "4",
        "n = 500": "0.474",
        "n = 2,000": "0.236",
    }
    assert len(lines) == 11
    assert over_title(found).startswith(
        "Smallest effects found with power 0.8, corrected for the tests of the family, in"
    )
    assert "corrected" not in over_title(precision_over(design, plan.model_copy(update={"adjust": "none"}), ns=[500]))

from dataclasses import replace
from math import nan

import pytest

from vignetta.report.inputs import ReportInput
from vignetta.report.labels import Labels
from vignetta.report.numbers import number
from vignetta.report.panels import Drawing, drawings


def drawn(given: ReportInput, **changes: object) -> list[Drawing]:
    given = replace(given, **changes)  # type: ignore[arg-type]
    return drawings(given.estimates, Labels(given.design), plan=given.plan, synthetic=given.synthetic)


def kinds(drawing: Drawing) -> list[str]:
    return [each.estimand for each in drawing.panels]


def test_main_figure_shows_margins_beside_conditional_effects(flagship: ReportInput) -> None:
    first = drawn(flagship)[0]
    assert first.name == "approval-by-response-within-action"
    assert kinds(first) == ["margin", "conditional_effect"]
    assert list(first.levels) == flagship.design.factors["response"].level_names
    assert first.panels[1].versus == "Status quo"


def test_other_figures(flagship: ReportInput) -> None:
    others = {each.name: kinds(each) for each in drawn(flagship)[1:]}
    assert others["approval-by-response"] == ["margin", "contrast", "contrast"]
    assert others["approval-by-response-within-treaty"] == ["conditional_effect", "difference"]
    assert others["contributions-by-action"] == ["margin", "contrast"]
    assert len(others) == 6


def test_marks_are_the_rows_of_the_estimates(flagship: ReportInput) -> None:
    panel = drawn(flagship)[0].panels[1]
    rows = flagship.estimates
    rows = rows[
        (rows["estimand"] == "conditional_effect") & (rows["within_factor"] == "action") & ~rows["is_reference"]
    ]
    numbers = sorted((each.estimate, each.conf_low, each.conf_high) for each in panel.marks if not each.is_reference)
    assert numbers == sorted(zip(rows["estimate"], rows["conf_low"], rows["conf_high"], strict=True))
    assert [each.estimate for each in panel.at("status_quo")] == [0.0]
    assert [each.within for each in panel.at("terminate")] == [
        "Underspent on defense",
        "Refused to send troops",
        "Bought arms from rivals",
    ]


def test_the_figure_in_words_has_every_number_of_a_small_panel(flagship: ReportInput) -> None:
    first = drawn(flagship)[0]
    for panel in first.panels:
        for mark in panel.marks:
            assert mark.is_reference or number(mark.estimate) in first.alt


def test_a_large_panel_is_summarised(crowded: ReportInput) -> None:
    (only,) = drawn(crowded)
    assert kinds(only) == ["conditional_margin", "conditional_effect"]
    assert "63 estimates from" in only.alt
    assert len(only.panels[0].marks) == 70


def test_caption_says_n_errors_average_and_joint_test(flagship: ReportInput) -> None:
    caption = drawn(flagship)[0].caption
    assert "n = 750; 95% confidence intervals" in caption
    assert "HC2" in caption
    assert "as the design distributes them" in caption
    assert "US response × Uncooperative action: F(8, 708) = " in caption


def test_intervals_are_called_by_their_coverage(flagship: ReportInput) -> None:
    (*_, last) = drawn(flagship, plan=flagship.plan.model_copy(update={"alpha": 0.1}))
    assert "90% confidence intervals" in last.caption


def test_averages_over_sample_and_design_are_two_figures(plain: ReportInput) -> None:
    names = [each.name for each in drawn(plain)]
    assert names == ["m-by-arm", "m-by-arm-2"]


def test_simulated_only_when_it_is(flagship: ReportInput) -> None:
    assert all(each.simulated for each in drawn(flagship))
    assert not any(each.simulated for each in drawn(flagship, synthetic=False))


def test_without_estimates_there_is_no_figure(flagship: ReportInput) -> None:
    assert drawn(flagship, estimates=flagship.estimates.iloc[:0]) == []


@pytest.mark.parametrize("estimand", ["margin", "conditional_effect"])
def test_a_pair_that_has_no_estimate_is_said(flagship: ReportInput, estimand: str) -> None:
    estimates = flagship.estimates.copy()
    rows = (
        (estimates["estimand"] == estimand) & (estimates["level"] == "terminate") & (estimates["model"] == "approval")
    )
    estimates.loc[rows, ["estimate", "conf_low", "conf_high", "std_error"]] = nan
    assert "– –" in drawn(flagship, estimates=estimates)[0].alt

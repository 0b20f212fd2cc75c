from collections import Counter

import pytest

from vignetta.errors import StudyError
from vignetta.report.inputs import ReportInput
from vignetta.report.labels import Labels
from vignetta.report.tables import Chapter, Table, TableRow, chapters, hypothesis_tests

ROUNDED = 0.0050001
"""Half of the last decimal shown."""


def made(given: ReportInput) -> list[Chapter]:
    return chapters(given.estimates, Labels(given.design), plan=given.plan)


def rows(table: Table) -> list[TableRow]:
    return [each for section in table.sections for each in section.rows]


@pytest.mark.parametrize("name", ["flagship", "plain", "crowded"])
def test_every_row_of_the_estimates_is_in_one_table(name: str, request: pytest.FixtureRequest) -> None:
    given: ReportInput = request.getfixturevalue(name)
    tabled = [each for chapter in made(given) for table in chapter.tables for each in rows(table)]
    assert len(tabled) == len(given.estimates)
    assert Counter(each.status for each in tabled) == Counter(given.estimates["registered"])
    assert sum(each.is_reference for each in tabled) == given.estimates["is_reference"].sum()


def test_rows_are_as_wide_as_their_headings(flagship: ReportInput) -> None:
    for chapter in made(flagship):
        for table in chapter.tables:
            assert {len(each.cells) + 2 for each in rows(table)} == {len(table.columns)}


def test_numbers_are_those_of_the_frame(flagship: ReportInput) -> None:
    frame = flagship.estimates.query("hypothesis == 'H1' and estimand == 'contrast' and not is_reference")
    contrast = made(flagship)[0].tables[1]
    shown = [each for each in rows(contrast) if not each.is_reference]
    for row, truth in zip(shown, frame.itertuples(), strict=True):
        assert float(row.cells[0].replace("−", "-")) == pytest.approx(truth.estimate, abs=ROUNDED)
        low, high = row.cells[1].strip("[]").replace("−", "-").split(", ")
        assert (float(low), float(high)) == pytest.approx((truth.conf_low, truth.conf_high), abs=ROUNDED)


def test_chapters_follow_the_plan_and_say_the_statement(flagship: ReportInput) -> None:
    found = made(flagship)
    assert [each.name for each in found] == [*flagship.plan.hypotheses, ""]
    assert found[0].statement == flagship.plan.hypotheses["H1"].statement


def test_margins_are_described_not_tested(flagship: ReportInput) -> None:
    margins, contrasts = made(flagship)[0].tables
    assert margins.columns == ("US response", "Estimate", "95% interval", "Std. error", "Status")
    assert contrasts.columns[4:7] == ("t", "p", "Adjusted p")


def test_joint_tests_are_f_statistics(flagship: ReportInput) -> None:
    joint = made(flagship)[-1].tables[-1]
    truth = flagship.estimates.query("estimand == 'joint_test'").iloc[0]
    first = rows(joint)[0]
    assert first.header == "US response × Uncooperative action"
    assert first.cells[0] == f"F(8, 708) = {truth.statistic:.2f}"
    assert first.cells[1] == f"{truth.p_value:.3f}"


def test_a_coarse_scale_gets_two_decimals_and_a_fine_one_three(flagship: ReportInput, plain: ReportInput) -> None:
    assert len(rows(made(flagship)[0].tables[0])[0].cells[0].split(".")[1]) == 2
    assert len(rows(made(plain)[0].tables[0])[1].cells[0].split(".")[1]) == 3


def test_hypothesis_tests_a_hypothesis(flagship: ReportInput) -> None:
    (section,) = hypothesis_tests(flagship.estimates, Labels(flagship.design), "H3a")
    assert section.heading == "Approval of the US response: versus Status quo, Democracy minus Not a democracy"
    assert [each.header for each in section.rows] == [
        "Public denunciation",
        "Economic measures",
        "Reduced military support",
        "Terminated alliance",
    ]


@pytest.mark.parametrize("column", ["factor", "level", "versus", "errors", "average_over", "outcome"])
def test_a_strange_name_is_an_error(flagship: ReportInput, column: str) -> None:
    estimates = flagship.estimates.copy()
    estimates.loc[estimates["estimand"] == "contrast", column] = "strange"
    with pytest.raises(StudyError, match="`strange`"):
        chapters(estimates, Labels(flagship.design), plan=flagship.plan)


def test_every_comparison_of_a_plan_has_its_words(flagship: ReportInput) -> None:
    """All pairs are one table for each level that others are compared with; the grand mean is named."""
    frame = flagship.estimates.query("hypothesis == 'H1' and estimand == 'contrast' and not is_reference")
    first, second = frame["level"].iloc[0], frame["level"].iloc[1]
    pairs = frame.assign(versus=[first] * 2 + [second] * (len(frame) - 2), note="age 400 is outside the data")
    labels = Labels(flagship.design)
    tables = chapters(pairs, labels, plan=flagship.plan)[0].tables
    assert [each.title.split(" versus ")[1] for each in tables] == [
        labels.level("response", each) for each in (first, second)
    ]
    assert all(each.about.endswith("Note: age 400 is outside the data.") for each in tables)
    grand = chapters(frame.assign(versus="grand mean"), labels, plan=flagship.plan)[0].tables
    assert grand[0].title.endswith("effects versus the grand mean")

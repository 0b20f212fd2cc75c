"""Material for reports: the flagship, and two studies unlike it."""

import pytest

from tests.report.made_up import REASONS, declared, ledger, level, material
from vignetta.design.declaration import Design
from vignetta.plan import Plan
from vignetta.report.inputs import RegistrationStatus, ReportInput
from vignetta.report.page import Report, report


@pytest.fixture(scope="session")
def flagship(design: Design, plan: Plan) -> ReportInput:
    """The flagship: simulated, registered, with the estimands that belong to a hypothesis as they were locked."""
    held = [bool(each.hypothesis) for each in plan.estimands]
    return material(design, plan, held=held, ledger=ledger(REASONS, 750), registration=RegistrationStatus(locked=True))


@pytest.fixture(scope="session")
def plain() -> ReportInput:
    """Data in hand: one factor, one outcome, no texts, no exclusions, nothing registered, and a label with markup."""
    script = "Arm <script>document.title = 'broken'</script> & $x_1$"
    design = {
        "name": "plain",
        "title": "One factor",
        "seed": "1",
        "sample_size": "200",
        "data": {"file": "data/raw/plain.csv", "format": "table"},
        "factors": {"arm": {"label": "Arm", "levels": [level("a", "Control", reference="true"), level("b", script)]}},
        "outcomes": {
            "y": {
                "label": "Rating",
                "question": "How much?",
                "scale": [{"text": "No", "code": "0"}, {"text": "Yes", "code": "1"}],
            }
        },
    }
    plan = {
        "hypotheses": {"H1": {"statement": "The second arm is rated differently.", "direction": "different"}},
        "models": {"m": {"formula": "y ~ arm"}},
        "estimands": [
            {"hypothesis": "H1", "estimand": "contrast", "model": "m", "factor": "arm"},
            {"estimand": "margin", "model": "m", "factor": "arm", "average_over": "sample"},
        ],
    }
    return material(*declared(design, plan), n=200, synthetic=False)


@pytest.fixture(scope="session")
def crowded() -> ReportInput:
    """Ten levels within seven, with long labels."""
    long = "with a label that goes on for rather longer than anybody who writes a table would hope, unfortunately"
    many = [level(f"l{i}", f"Level {i} {long if i % 3 == 0 else ''}", text=f"level {i}") for i in range(10)]
    days = [
        level(f"d{i}", f"Day {i} {'Donaudampfschifffahrtsgesellschaftskapitän' if i == 2 else ''}", text=f"day {i}")
        for i in range(7)
    ]
    many[3]["reference"], days[0]["reference"] = "true", "true"
    design = {
        "name": "crowded",
        "title": "Many levels " + long,
        "seed": "1",
        "sample_size": "1400",
        "factors": {"many": {"label": f"Many {long}", "levels": many}, "day": {"label": "Day", "levels": days}},
        "vignette": "It was {many} on {day}.",
        "outcomes": {"y": {"label": f"Rating {long}", "question": "How much?", "scale": [str(i) for i in range(11)]}},
    }
    plan = {
        "hypotheses": {},
        "models": {"m": {"formula": "y ~ many * day"}},
        "estimands": [
            {"estimand": "conditional_effect", "model": "m", "factor": "many", "within": "day"},
            {"estimand": "conditional_margin", "model": "m", "factor": "many", "within": "day"},
            {"estimand": "joint_test", "model": "m", "factor": "many", "within": "day"},
        ],
    }
    return material(*declared(design, plan), n=1400)


@pytest.fixture(scope="session")
def reports(flagship: ReportInput, plain: ReportInput, crowded: ReportInput) -> dict[str, Report]:
    """The three reports."""
    return {name: report(given) for name, given in (("flagship", flagship), ("plain", plain), ("crowded", crowded))}

"""The rule that turns estimates into verdicts, case by case."""

from typing import Any

import pandas as pd
import pytest

from vignetta.analysis.verdicts import verdict_rule, verdicts
from vignetta.frames import ESTIMATES, frame
from vignetta.plan import Hypothesis, Plan


def a_plan(direction: Any, adjust: Any = "holm") -> Plan:
    claim = Hypothesis(name="H", statement="It moves.", direction=direction)
    return Plan.model_construct(
        alpha=0.05, adjust=adjust, hypotheses={"H": claim}, models={}, estimands=(), exclusions=()
    )


def rows(*tests: tuple[float, float], **changes: Any) -> list[dict[str, Any]]:
    common = {"hypothesis": "H", "estimand": "contrast", "factor": "arm", "versus": "none", "registered": "registered"}
    return [
        {**common, "level": f"arm {place}", "estimate": estimate, "p_adjusted": p, "p_value": p / 2, **changes}
        for place, (estimate, p) in enumerate(tests, 1)
    ]


def judge(direction: str, made: list[dict[str, Any]]) -> Any:
    return verdicts(frame(made, ESTIMATES), a_plan(direction))[0]


@pytest.mark.parametrize(
    ("direction", "tests", "verdict", "shown"),
    [
        ("increase", [(0.5, 0.01), (0.2, 0.04)], "supported", 2),
        ("increase", [(0.5, 0.01), (0.2, 0.05)], "partly supported", 1),
        ("increase", [(0.5, 0.01), (-0.2, 0.30)], "partly supported", 1),
        ("increase", [(0.5, 0.20), (0.2, 0.90)], "not supported", 0),
        ("increase", [(0.5, 0.01), (-0.2, 0.01)], "contradicted", 1),
        ("decrease", [(-0.5, 0.01), (-0.2, 0.01)], "supported", 2),
        ("decrease", [(0.5, 0.01)], "contradicted", 0),
        ("different", [(-0.5, 0.01), (0.2, 0.01)], "supported", 2),
        ("different", [(-0.5, 0.01), (0.2, 0.06)], "partly supported", 1),
        ("different", [(0.5, 0.5)], "not supported", 0),
        ("increase", [], "not tested", 0),
    ],
)
def test_the_rule(direction: str, tests: list[tuple[float, float]], verdict: str, shown: int) -> None:
    found = judge(direction, rows(*tests))
    assert (found.verdict, found.n_in_direction, found.n_tests) == (verdict, shown, len(tests))


def test_margins_and_reference_levels_are_not_tests() -> None:
    made = rows((4.0, float("nan")), estimand="margin") + rows((0.0, float("nan")), is_reference=True)
    assert judge("increase", made).verdict == "not tested"
    assert judge("increase", made + rows((0.5, 0.01))).n_tests == 1


def test_a_joint_test_counts_only_for_a_difference() -> None:
    made = rows((float("nan"), 0.01), estimand="joint_test")
    assert judge("increase", made).verdict == "not tested"
    assert judge("different", made).verdict == "supported"


def test_the_adjusted_p_value_counts() -> None:
    assert judge("increase", rows((0.5, 0.08), p_value=0.04)).verdict == "not supported"


def test_registered_tests_come_before_exploratory_ones() -> None:
    made = rows((0.5, 0.2)) + rows((0.9, 0.001), registered="exploratory")
    found = judge("increase", made)
    assert (found.verdict, found.n_tests, found.registered) == ("not supported", 1, True)
    found = judge("increase", rows((0.9, 0.001), registered="exploratory"))
    assert (found.verdict, found.registered) == ("supported", False)


def test_other_hypotheses_do_not_count() -> None:
    assert judge("increase", rows((0.5, 0.01), hypothesis="other")).verdict == "not tested"


def test_the_sentence_has_the_numbers_and_what_speaks_against() -> None:
    found = judge("increase", rows((0.5, 0.0001), (-0.25, 0.012)))
    assert found.sentence == (
        "1 of 2 tests are positive (Holm-adjusted p < 0.05); estimates from −0.250 to +0.500; smallest p < 0.001. "
        "Against it: arm 2 vs none: −0.250 (p = 0.012)."
    )
    assert "1 of 1 test is negative" in judge("decrease", rows((-0.5, 0.01))).sentence


def test_conditional_effects_are_named_with_their_condition() -> None:
    made = rows((-0.5, 0.01), estimand="conditional_effect", within_factor="regime", within_level="autocracy")
    assert "arm 1 vs none, regime autocracy: −0.500" in judge("increase", made).sentence


@pytest.mark.parametrize(("adjust", "words"), [("holm", "Holm-adjusted p < 0.05"), ("none", "when p < 0.05")])
def test_the_rule_can_be_printed(adjust: str, words: str) -> None:
    rule = verdict_rule(a_plan("increase", adjust))
    assert words in rule
    assert all(each in rule for each in ("Supported", "Partly supported", "Contradicted", "Not supported"))


def test_the_frame_survives_a_csv_file(tmp_path: Any) -> None:
    made = frame(rows((0.5, 0.01), (-0.25, 0.012)), ESTIMATES)
    made.to_csv(tmp_path / "estimates.csv", index=False)
    texts = {name: str for name, kind in ESTIMATES.items() if kind == "text"}
    again = pd.read_csv(tmp_path / "estimates.csv", keep_default_na=False, na_values={"p_adjusted": [""]}, dtype=texts)
    again = again.assign(**{name: pd.to_numeric(again[name]) for name in ("estimate", "p_adjusted")})
    assert verdicts(again, a_plan("increase")) == verdicts(made, a_plan("increase"))

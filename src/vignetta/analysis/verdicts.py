"""What the estimates say about each hypothesis, by a rule that is fixed in advance."""

from dataclasses import dataclass
from typing import Any, Final, Literal

import pandas as pd

from vignetta.analysis.estimating import TESTS
from vignetta.plan import Adjustment, Expectation, Hypothesis, Plan

Judgement = Literal["supported", "partly supported", "not supported", "contradicted", "not tested"]

_CLAIM: Final[dict[Expectation, str]] = {
    "increase": "positive",
    "decrease": "negative",
    "different": "different from zero",
}
_ADJUSTED: Final[dict[Adjustment, str]] = {
    "none": "p",
    "holm": "Holm-adjusted p",
    "bonferroni": "Bonferroni-adjusted p",
    "hochberg": "Hochberg-adjusted p",
    "hommel": "Hommel-adjusted p",
    "benjamini_hochberg": "Benjamini-Hochberg-adjusted p",
    "benjamini_yekutieli": "Benjamini-Yekutieli-adjusted p",
    "single_step": "single-step-adjusted p",
    "step_down": "step-down-adjusted p",
}


@dataclass(frozen=True)
class Verdict:
    """The verdict on a hypothesis.

    Attributes
    ----------
    hypothesis, statement : its name and words.
    verdict : by the rule of `verdict_rule`.
    n_tests, n_in_direction, n_opposite : how many tests bear on it, how many show it, and how many the opposite.
    sentence : the same with the numbers.
    registered : whether the tests were registered.
    """

    hypothesis: str
    statement: str
    verdict: Judgement
    n_tests: int
    n_in_direction: int
    n_opposite: int
    sentence: str
    registered: bool


def verdict_rule(plan: Plan) -> str:
    """The rule by which `verdicts` judges, as a text to print."""
    return (
        f"A test shows a hypothesis when {_ADJUSTED[plan.adjust]} < {plan.alpha:g} and the estimate has the expected "
        "sign (any sign for `different`). Supported: all tests of the hypothesis show it. Partly supported: some do, "
        "and none shows the opposite. Contradicted: at least one test shows the opposite sign, as clearly. Not "
        "supported: none shows it. Margins are described, not tested; a joint test counts only for `different`. "
        "Where some tests of a hypothesis were registered, only these count."
    )


def verdicts(estimates: pd.DataFrame, plan: Plan) -> list[Verdict]:
    """One verdict per hypothesis, in the order of the plan.

    Reads only the estimates frame and the plan. A test shows a hypothesis when `p_adjusted` < alpha and its sign
    agrees with the direction (any sign for `different`). Supported: all tests show it; partly supported: some do and
    none shows the opposite; contradicted: at least one shows the opposite; not supported: none shows it. Margins and
    reference levels are not tests; a joint test counts only for `different`. Where some tests of a hypothesis were
    registered, only these count.
    """
    return [_verdict(_tests(estimates, each), each, plan) for each in plan.hypotheses.values()]


def _tests(estimates: pd.DataFrame, hypothesis: Hypothesis) -> pd.DataFrame:
    kinds = [each for each in TESTS if each != "joint_test" or hypothesis.direction == "different"]
    tests = estimates[
        (estimates["hypothesis"] == hypothesis.name)
        & estimates["estimand"].isin(kinds)
        & ~estimates["is_reference"]
        & estimates["p_adjusted"].notna()
    ]
    registered = tests[tests["registered"] == "registered"]
    return registered if len(registered) else tests


def _verdict(tests: pd.DataFrame, hypothesis: Hypothesis, plan: Plan) -> Verdict:
    clear = tests["p_adjusted"] < plan.alpha
    agrees = _agrees(tests["estimate"], hypothesis.direction)
    shown, opposite = tests[clear & agrees], tests[clear & ~agrees]
    return Verdict(
        hypothesis=hypothesis.name,
        statement=hypothesis.statement,
        verdict=_judge(len(tests), len(shown), len(opposite)),
        n_tests=len(tests),
        n_in_direction=len(shown),
        n_opposite=len(opposite),
        sentence=_sentence(tests, shown, opposite, hypothesis, plan),
        registered=bool(len(tests)) and bool((tests["registered"] == "registered").all()),
    )


def _agrees(estimate: "pd.Series[float]", direction: Expectation) -> "pd.Series[bool]":
    if direction == "different":
        return pd.Series(True, index=estimate.index)
    return estimate > 0 if direction == "increase" else estimate < 0


def _judge(n_tests: int, shown: int, opposite: int) -> Judgement:
    if not n_tests:
        return "not tested"
    if opposite:
        return "contradicted"
    if shown == n_tests:
        return "supported"
    return "partly supported" if shown else "not supported"


def _sentence(
    tests: pd.DataFrame, shown: pd.DataFrame, opposite: pd.DataFrame, hypothesis: Hypothesis, plan: Plan
) -> str:
    if not len(tests):
        return "No test in the estimates bears on it."
    clear = f"{_ADJUSTED[plan.adjust]} < {plan.alpha:g}"
    said = f"{len(shown)} of {len(tests)} {_plural(len(tests), 'test')} {_CLAIM[hypothesis.direction]} ({clear})"
    sized = tests["estimate"].dropna()
    if len(sized) == 1:
        said += f"; the estimate is {_signed(sized.iloc[0])}"
    elif len(sized):
        said += f"; estimates from {_signed(sized.min())} to {_signed(sized.max())}"
    said += f"; smallest p {_p(tests['p_adjusted'].min())}."
    if len(opposite):
        said += f" Against it: {'; '.join(_named(row) for _, row in opposite.iterrows())}."
    return said


def _named(row: "pd.Series[Any]") -> str:
    beside = f", {row['within_factor']} {row['within_level']}" if row["within_level"] else ""
    return f"{row['level']} vs {row['versus']}{beside}: {_signed(row['estimate'])} (p {_p(row['p_adjusted'])})"


def _plural(count: int, word: str) -> str:
    return f"{word} is" if count == 1 else f"{word}s are"


def _signed(number: float) -> str:
    return f"{number:+.3f}".replace("-", "−")


def _p(number: float) -> str:
    return "< 0.001" if number < 0.001 else f"= {number:.3f}"

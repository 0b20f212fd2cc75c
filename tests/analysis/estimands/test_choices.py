"""Paired choices against projoint's published numbers, a bootstrap of respondents, and counts by hand."""

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from vignetta.analysis.estimands.choices import choice_amce, choice_means, profile_amce, profile_means
from vignetta.analysis.estimands.pairs import Paired, paired
from vignetta.analysis.estimands.shares import reliability
from vignetta.errors import StudyError

Floats = npt.NDArray[np.float64]

COST = "Housing Cost"
LOW, MIDDLE, HIGH = (f"{share}% of pre-tax income" for share in (15, 30, 40))
PRINTED = 0.5001
"""A published number is within half a unit of its last digit."""
CORRECTED = 0.04
"""projoint's printed errors of corrected profile-level estimates, of April 2025, rest on formulas that it has changed
since; they are from 0 to 4% smaller than those that follow from the covariance of the respondents' answers."""
ROUNDING = 1e-12


@pytest.fixture
def housing(r_frame: Callable[[str], pd.DataFrame]) -> Paired:
    data = r_frame("exampleData1_labelled_tibble")
    return paired(data, outcome="selected", respondent="id", repeated="selected_repeated")


@pytest.fixture
def published(real: Any) -> pd.DataFrame:
    table = pd.read_csv(real / "expected/yhoriuchi__projoint__exampleData1.csv", dtype=str, keep_default_na=False)
    assert len(table) == 17
    return table.set_index(["estimand", "what"])


def close(found: float, printed: str) -> bool:
    decimals = len(printed.partition(".")[2])
    return abs(found - float(printed)) <= PRINTED * 10.0**-decimals


def assert_row(found: pd.Series, expected: pd.Series, *names: str) -> None:
    ours = {"estimate": "estimate", "se": "std_error", "conf_low": "conf_low", "conf_high": "conf_high"}
    wrong = {
        name: (found[ours[name]], expected[name]) for name in names if not close(found[ours[name]], expected[name])
    }
    assert not wrong


# ---------------------------------------------------------------------------------------- projoint's published numbers


@pytest.mark.real
def test_published_reliability(housing: Paired, published: pd.DataFrame) -> None:
    found = reliability(housing).set_index("estimand")
    assert repr(housing) == "3200 choices of 400 respondents, 400 asked twice; 0 left out as missing"
    assert found.loc["reliability", "estimate"] == pytest.approx(286 / 400, abs=ROUNDING)
    assert close(found.loc["swap_probability", "estimate"], published.iloc[-1]["estimate"])
    assert found.loc["swap_probability", "estimate"] == pytest.approx(0.172128, abs=5e-7)
    by_hand = np.sqrt(0.715 * 0.285 / 399)
    assert found.loc["reliability", "std_error"] == pytest.approx(by_hand, rel=1e-9)
    assert found.loc["swap_probability", "std_error"] == pytest.approx(by_hand / (2 * np.sqrt(0.43)), rel=1e-9)


@pytest.mark.real
def test_published_profile_level(housing: Paired, published: pd.DataFrame) -> None:
    """projoint printed errors that are not clustered."""
    means = profile_means(housing, [COST], reliability="repeated", errors="HC1").set_index(["estimand", "level"])
    effects = profile_amce(housing, [COST], reliability="repeated", errors="HC1").set_index(["estimand", "level"])
    for share, level in (("15%", LOW), ("30%", MIDDLE), ("40%", HIGH)):
        expected = published.loc[("mm_uncorrected", f"{COST} {share}")]
        assert_row(means.loc[("marginal_mean", level)], expected, "estimate", "se", "conf_low", "conf_high")
        expected = published.loc[("mm_corrected", f"{COST} {share}")]
        assert_row(means.loc[("corrected_marginal_mean", level)], expected, "estimate")
        error = means.loc[("corrected_marginal_mean", level), "std_error"]
        assert error == pytest.approx(float(expected["se"]), rel=CORRECTED)
    for share, level in (("30%", MIDDLE), ("40%", HIGH)):
        expected = published.loc[("amce_uncorrected", f"{COST} {share} vs 15%")]
        assert_row(effects.loc[("amce", level)], expected, "estimate", "se", "conf_low", "conf_high")
        expected = published.loc[("amce_corrected", f"{COST} {share} vs 15%")]
        assert_row(effects.loc[("corrected_amce", level)], expected, "estimate")
        error = effects.loc[("corrected_amce", level), "std_error"]
        assert error == pytest.approx(float(expected["se"]), rel=CORRECTED)


@pytest.mark.real
def test_published_choice_level(housing: Paired, published: pd.DataFrame) -> None:
    found = choice_means(housing, COST, level=HIGH, versus=LOW, reliability="repeated").set_index("estimand")
    raw, corrected = found.loc["choice_mean"], found.loc["corrected_choice_mean"]
    rows = published[published["structure"] == "choice_level"]
    assert_row(raw, rows.loc[("mm_uncorrected", "40% chosen over 15%")], "estimate", "se", "conf_low", "conf_high")
    assert_row(corrected, rows.loc[("mm_corrected", "40% chosen over 15%")], "estimate")
    assert (raw["n"], raw["errors"]) == (697, "CR2")
    effect = choice_amce(housing, COST, beside=LOW, versus=MIDDLE, reliability="repeated").set_index("estimand")
    expected = rows.loc[("amce_uncorrected", "40%/15% vs 30%/15%")]
    assert_row(effect.loc["choice_amce"], expected, "estimate", "se", "conf_low", "conf_high")
    expected = rows.loc[("amce_corrected", "40%/15% vs 30%/15%")]
    assert_row(effect.loc["corrected_choice_amce"], expected, "estimate")
    assert effect.loc["corrected_choice_amce", "std_error"] == pytest.approx(float(expected["se"]), rel=0.005)


@pytest.mark.real
def test_published_choice_level_at_a_position(housing: Paired, published: pd.DataFrame) -> None:
    rows = published[published["structure"].str.contains("FALSE")]
    options = {"level": HIGH, "versus": LOW, "position": 2, "reliability": "repeated"}
    found = choice_means(housing, COST, errors="HC1", **options).set_index("estimand")  # type: ignore[arg-type]
    expected = rows.loc[("mm_uncorrected", "40% chosen over 15%")]
    assert_row(found.loc["choice_mean"], expected, "estimate", "se", "conf_low", "conf_high")
    expected = rows.loc[("mm_corrected", "40% chosen over 15%")]
    assert_row(found.loc["corrected_choice_mean"], expected, "estimate")
    assert found.loc["corrected_choice_mean", "std_error"] == pytest.approx(float(expected["se"]), rel=0.02)
    assert found.loc["choice_mean", "n"] == 363


@pytest.mark.real
def test_what_projoint_prints_leaves_out_how_choice_and_agreement_go_together(
    housing: Paired, published: pd.DataFrame
) -> None:
    """The delta method without their covariance gives its 0.0308; with it the error is 0.0304."""
    found = choice_means(housing, COST, level=HIGH, versus=LOW, reliability="repeated").set_index("estimand")
    error = {**reliability(housing).set_index("estimand")["std_error"], **found["std_error"]}
    m, r = found.loc["choice_mean", "estimate"], np.sqrt(2 * 0.715 - 1)
    apart = np.hypot(error["choice_mean"] / r, (2 * m - 1) / r**2 * error["swap_probability"])
    expected = published.loc[("mm_corrected", "40% chosen over 15%")]
    assert close(apart, expected[expected["structure"] == "choice_level"]["se"].item())
    assert error["corrected_choice_mean"] == pytest.approx(0.0304, abs=5e-5)


@pytest.mark.real
def test_columns_and_rows_of_a_repeated_task_say_the_same(
    housing: Paired, r_frame: Callable[[str], pd.DataFrame]
) -> None:
    data = r_frame("exampleData1_labelled_tibble")
    again = data[data["task"] == 1].copy()
    again["task"], again["profile"], again["selected"] = 9, 3 - again["profile"], again["selected_repeated"]
    other = paired(pd.concat([data, again]), outcome="selected", respondent="id", repeat=(9, 1), flipped=True)
    pd.testing.assert_frame_equal(reliability(other), reliability(housing))
    options = {"level": HIGH, "versus": LOW, "reliability": "repeated"}
    pd.testing.assert_frame_equal(choice_means(other, COST, **options), choice_means(housing, COST, **options))  # type: ignore[arg-type]


# -------------------------------------------------------------------------------------------- simulation and by hand


def made_up(respondents: int, *, tau: float, rng: np.random.Generator) -> pd.DataFrame:
    """Six tasks and a seventh that is the first in the other order; an answer is turned round with probability tau.

    Respondents differ in how much they mind the cost.
    """
    shape = (respondents, 6)
    first, second = rng.integers(0, 3, (2, *shape))
    minds = rng.normal(0.8, 0.8, (respondents, 1))
    prefers_first = rng.logistic(size=shape) < minds * (second - first)
    first, second, prefers_first = (
        np.column_stack([each, turned])
        for each, turned in ((first, second[:, 0]), (second, first[:, 0]), (prefers_first, ~prefers_first[:, 0]))
    )
    chose_first = prefers_first ^ (rng.random((respondents, 7)) < tau)
    who, task = np.indices(chose_first.shape)
    sides = [
        {"response_id": who.ravel(), "task": task.ravel() + 1, "profile": place, "cost": cost.ravel(), "chosen": chosen}
        for place, cost, chosen in ((1, first, chose_first.ravel()), (2, second, ~chose_first.ravel()))
    ]
    data = pd.concat([pd.DataFrame(each) for each in sides], ignore_index=True)
    return data.assign(chosen=data["chosen"].astype(int), cost=data["cost"].map({0: "a", 1: "b", 2: "c"}))


def read(data: pd.DataFrame) -> Paired:
    return paired(data, outcome="chosen", repeat=(7, 1), flipped=True)


def by_hand(data: pd.DataFrame, counts: Floats) -> Floats:
    """Corrected choice mean of c over a, its difference from that of b, and the corrected mean of profiles with c.

    `counts` says how often each respondent is in the sample.
    """
    wide = data.pivot(index=["response_id", "task"], columns="profile", values=["cost", "chosen"])
    one, other, y = wide["cost"][1], wide["cost"][2], wide["chosen"][1].astype(float)
    w = pd.Series(counts)[wide.index.get_level_values(0)].to_numpy()
    task = wide.index.get_level_values(1)
    agree = (y[task == 1].to_numpy() != y[task == 7].to_numpy()).astype(float)
    r = np.sqrt(2 * np.average(agree, weights=counts) - 1)

    def mean(chosen: Any, opponents: list[str]) -> Any:
        first = (task < 7) & (one == chosen) & other.isin(opponents)
        second = (task < 7) & (other == chosen) & one.isin(opponents)
        return np.average(np.r_[y[first], 1 - y[second]], weights=np.r_[w[first], w[second]])

    over_a, b_over_a, profile = mean("c", ["a"]), mean("b", ["a"]), mean("c", ["a", "b"])
    return np.array([0.5 + (over_a - 0.5) / r, (over_a - b_over_a) / r, 0.5 + (profile - 0.5) / r])


def corrected(pairs: Paired) -> pd.DataFrame:
    tables = [
        choice_means(pairs, "cost", level="c", versus="a", reliability="repeated"),
        choice_amce(pairs, "cost", beside="a", versus="b", reliability="repeated"),
        profile_means(pairs, ["cost"], reliability="repeated").query("level == 'c'"),
    ]
    return pd.concat(tables).query("estimand.str.startswith('corrected')")


def test_an_error_is_the_sum_of_what_each_respondent_contributes() -> None:
    """CR0 in closed form: squares of each respondent's influence on (m - 1/2) / sqrt(2 IRR - 1)."""
    data = made_up(90, tau=0.12, rng=np.random.default_rng(7))
    wide = data.pivot(index=["response_id", "task"], columns="profile", values=["cost", "chosen"])
    y, task = wide["chosen"][1].astype(float), wide.index.get_level_values("task")
    one, other = wide["cost"][1], wide["cost"][2]
    forward, back = ((task < 7) & (a == "c") & (b == "a") for a, b in ((one, other), (other, one)))
    chosen = pd.concat([y[forward], 1 - y[back]])
    agree = (y.xs(1, level="task") != y.xs(7, level="task")).astype(float)
    m, irr = chosen.mean(), agree.mean()
    r = np.sqrt(2 * irr - 1)
    of_m = (chosen - m).groupby(level="response_id").sum().reindex(agree.index, fill_value=0) / len(chosen)
    influence = of_m / r - (m - 0.5) / r**3 * (agree - irr) / len(agree)
    found = choice_means(read(data), "cost", level="c", versus="a", reliability="repeated", errors="CR0")
    row = found.set_index("estimand").loc["corrected_choice_mean"]
    assert row["std_error"] == pytest.approx(np.sqrt((influence**2).sum()), rel=1e-9)
    assert row["estimate"] == pytest.approx(0.5 + (m - 0.5) / r, abs=ROUNDING)


def test_errors_are_those_of_a_bootstrap_of_respondents() -> None:
    rng = np.random.default_rng(4)
    data = made_up(400, tau=0.15, rng=rng)
    found = corrected(read(data))
    assert found["estimate"].to_numpy() == pytest.approx(by_hand(data, np.ones(400)), abs=ROUNDING)
    draws = 600
    drawn = [by_hand(data, rng.multinomial(400, np.full(400, 1 / 400)).astype(float)) for _ in range(draws)]
    ratio = np.std(drawn, axis=0) / found["std_error"]
    assert np.abs(ratio - 1).max() < 4 / np.sqrt(2 * draws)


@pytest.mark.slow
def test_intervals_cover_the_preferences_without_error() -> None:
    rng = np.random.default_rng(8)
    truth = by_hand(made_up(300_000, tau=0.0, rng=rng), np.ones(300_000))
    runs = 400
    hits = np.zeros(3)
    for _ in range(runs):
        found = corrected(read(made_up(250, tau=0.15, rng=rng)))
        hits += (found["conf_low"].to_numpy() <= truth) & (truth <= found["conf_high"].to_numpy())
    assert np.abs(hits / runs - 0.95).max() < 4 * np.sqrt(0.95 * 0.05 / runs)


def test_a_known_reliability_counts_as_known() -> None:
    pairs = read(made_up(60, tau=0.1, rng=np.random.default_rng(1)))
    found = choice_means(pairs, "cost", reliability=0.82)
    raw, fixed = (found[found["estimand"] == name].reset_index() for name in ("choice_mean", "corrected_choice_mean"))
    tau = (1 - np.sqrt(1 - 2 * (1 - 0.82))) / 2
    assert fixed["estimate"].tolist() == pytest.approx(((raw["estimate"] - tau) / (1 - 2 * tau)).tolist(), abs=1e-12)
    assert fixed["std_error"].tolist() == pytest.approx((raw["std_error"] / (1 - 2 * tau)).tolist(), rel=1e-12)
    assert fixed["p_value"].tolist() == pytest.approx(raw["p_value"].tolist(), rel=1e-9)
    assert fixed["df"].tolist() == pytest.approx(raw["df"].tolist(), rel=1e-9)


def small() -> pd.DataFrame:
    """Eight tasks of four respondents: low over high in 4 of 6, one with high twice, one with a level missing."""
    first = ["low", "high", "low", "high", "high", "low", "low", "low"]
    second = ["high", "low", "high", "low", "high", None, "high", "high"]
    place = [["p", "q"], ["q", "p"], ["p", "p"], ["q", "q"], ["p", "q"], ["p", "q"], ["p", "q"], ["p", "p"]]
    chose = [1, 0, 1, 1, 1, 0, 0, 1]
    rows = [
        {"response_id": task // 2, "task": task % 2, "profile": side, "cost": cost, "place": place[task][at]}
        | {"chosen": chose[task] if side == "left" else 1 - chose[task]}
        for task in range(8)
        for at, (side, cost) in enumerate([("left", first[task]), ("right", second[task])])
    ]
    return pd.DataFrame(rows)


def test_shares_are_counts() -> None:
    pairs = paired(small(), outcome="chosen")
    means = profile_means(pairs, ["cost", "place"]).set_index("level")
    assert means["estimate"].to_dict() == pytest.approx({"high": 1 / 3, "low": 2 / 3, "p": 3 / 5, "q": 2 / 5})
    assert means["n"].to_dict() == {"high": 6, "low": 6, "p": 5, "q": 5}
    assert means["n_clusters"].to_dict() == {"high": 3, "low": 3, "p": 3, "q": 3}
    effect = profile_amce(pairs, ["cost"], versus="low").set_index("level")
    assert effect["estimate"].to_dict() == pytest.approx({"high": -1 / 3, "low": 0})
    assert effect["is_reference"].to_dict() == {"high": False, "low": True}
    left = choice_means(pairs, "cost", level="low", versus="high", position="left").iloc[0]
    assert (left["estimate"], left["n"]) == (pytest.approx(3 / 4), 4)
    assert choice_amce(pairs, "cost", beside="high")["estimate"].tolist() == pytest.approx([1 / 6])


def test_combinations_of_levels() -> None:
    found = choice_means(paired(small(), outcome="chosen"), ("cost", "place"), level=("low", "p"), versus=("high", "q"))
    assert found[["factor", "level", "versus"]].iloc[0].tolist() == ["cost × place", "low × p", "high × q"]
    assert (found["estimate"].item(), found["n"].item()) == (pytest.approx(2 / 3), 3)


def test_levels_that_never_stand_side_by_side_have_no_estimate() -> None:
    found = choice_means(paired(small(), outcome="chosen"), ("cost", "place"))
    assert len(found) == len(list(combinations(range(4), 2)))
    never = found[found["n"] == 0]
    assert len(never) == 2
    assert never[["estimate", "std_error", "conf_low", "p_value"]].isna().all(axis=None)
    alone = {"level": ("low", "q"), "versus": ("low", "p")}
    with pytest.raises(StudyError, match="no task shows two of these levels side by side"):
        choice_means(paired(small(), outcome="chosen"), ("cost", "place"), **alone)


# ------------------------------------------------------------------------------------------------------------- input


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"task": 1}, "do not have one row for each of two profiles"),
        ({"profile": ["a", "b", "c", "d"] * 4}, "it has 4 values .a, b, c, d., not two"),
        ({"chosen": 2}, "it has values other than 0 and 1"),
        ({"chosen": 1}, r"in 8 tasks not exactly one of the two profiles is chosen \(respondent 0, task 0; "),
        ({"chosen": "yes"}, "it is not a number"),
        ({"chosen": np.nan}, "every choice is missing"),
        ({"task": None}, "it is missing in 16 rows"),
    ],
)
def test_tasks_that_are_not_choices_between_two_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError, match=message):
        paired(small().assign(**change), outcome="chosen")


def test_a_missing_choice_is_left_out_and_counted() -> None:
    data = small()
    data.loc[0, "chosen"] = np.nan
    pairs = paired(data, outcome="chosen")
    assert (pairs.n_missing, len(pairs.chose_first)) == (1, 7)


def test_order_of_rows_does_not_matter() -> None:
    data = made_up(40, tau=0.1, rng=np.random.default_rng(2))
    shuffled = data.sample(frac=1, random_state=np.random.default_rng(3))
    pd.testing.assert_frame_equal(corrected(read(data)), corrected(read(shuffled)))


def test_any_kind_of_column_and_index_is_read() -> None:
    """Arrow columns, an index with repetitions, and ids of which some are texts."""
    data = made_up(40, tau=0.1, rng=np.random.default_rng(2))
    expected = corrected(read(data))
    arrow = data.convert_dtypes(dtype_backend="pyarrow")
    mixed = data.assign(response_id=[each if each % 2 else f"r{each}" for each in data["response_id"]])
    for other in (arrow, mixed, data.set_index("task", drop=False).rename_axis(None)):
        pd.testing.assert_frame_equal(corrected(read(other)), expected)


def test_options_that_do_not_exist_are_refused() -> None:
    pairs = paired(small(), outcome="chosen")
    with pytest.raises(StudyError, match="no choice was asked for twice"):
        choice_means(pairs, "cost", reliability="repeated")
    with pytest.raises(StudyError, match="0.5 is not above 0.5"):
        choice_means(pairs, "cost", reliability=0.5)
    with pytest.raises(StudyError, match="0 is not above 0.5"):
        choice_means(pairs, "cost", reliability=0.0)
    with pytest.raises(StudyError, match="`estimated` is not an option"):
        choice_means(pairs, "cost", reliability="estimated")  # type: ignore[arg-type]
    with pytest.raises(StudyError, match="has the level `lo`.*Did you mean `low`"):
        choice_means(pairs, "cost", level="lo")
    with pytest.raises(StudyError, match="two profiles with the same level say nothing"):
        choice_means(pairs, "cost", level="low", versus="low")
    with pytest.raises(StudyError, match="it is the level `beside`"):
        choice_amce(pairs, "cost", beside="low", versus="low")
    with pytest.raises(StudyError, match="there is no position `up`"):
        choice_means(pairs, "cost", position="up")
    with pytest.raises(StudyError, match="no list of factors"):
        profile_means(pairs, "cost")
    with pytest.raises(StudyError, match="there is no column `kost`"):
        profile_amce(pairs, ["kost"])
    with pytest.raises(StudyError, match="there is no task `8`"):
        paired(small(), outcome="chosen", repeat=(8, 1))


def test_answers_that_all_repeat_need_no_correction() -> None:
    data = small()
    pairs = paired(data.assign(again=data["chosen"]), outcome="chosen", repeated="again")
    with pytest.raises(StudyError, match="every choice that was asked for twice came out the same"):
        reliability(pairs)
    found = choice_means(pairs, "cost", reliability="repeated")
    assert found["estimate"].nunique() == 1
    turned = paired(data.assign(again=1 - data["chosen"]), outcome="chosen", repeated="again")
    with pytest.raises(StudyError, match="0 is not above 0.5"):
        choice_means(turned, "cost", reliability="repeated")
    by_position = paired(data.assign(again=1 - data["chosen"]), outcome="chosen", repeated="again", flipped=True)
    assert by_position.agreement.tolist() == [1.0] * 8

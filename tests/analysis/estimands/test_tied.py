"""Effects in restricted designs: cregg's published table, closed forms, and what is not identified."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from tests.design.small_design import equal, small_design
from tests.test_immigration_design import HIGH, JOBS, LEVELS, SAFE, SCHOOLED, UNSAFE, declared
from vignetta.analysis.estimands.conjoint import amce
from vignetta.analysis.intervals import infer
from vignetta.analysis.models.fits import Fit
from vignetta.analysis.models.fitting import fit
from vignetta.design.assigning.vignettes import vignettes
from vignetta.errors import StudyError

Floats = npt.NDArray[np.float64]

PRINTED = Decimal("0.5001")
"""A published number is within half a unit of its last digit."""
EXACT = 1e-9
"""The same sums in another order."""
TIED = [("Education", "Job"), ("CountryOfOrigin", "ReasonForApplication")]
FREE = ["Gender", "LanguageSkills", "PriorEntry", "JobExperience", "JobPlans"]
NAMES = {"Language Skills": "LanguageSkills", "Prior Entry": "PriorEntry", "Educational Attainment": "Education"}


def matches(value: float, printed: str) -> bool:
    unit = Decimal(1).scaleb(int(Decimal(printed).as_tuple().exponent))
    return abs(Decimal(float(value)) - Decimal(printed)) <= PRINTED * unit


@pytest.fixture(scope="module")
def immigration(r_frame: Callable[[str], pd.DataFrame]) -> pd.DataFrame:
    return r_frame("immigration")


@pytest.fixture
def published(real: Path) -> list[dict[str, str]]:
    file = real / "expected/leeper__cregg__immigration_amce_f1_constrained_first20.csv"
    rows = pd.read_csv(file, dtype=str, keep_default_na=False).to_dict("records")
    return [{str(key): value for key, value in row.items()} for row in rows]


def found(data: pd.DataFrame, **options: Any) -> pd.DataFrame:
    factors = [*FREE, *(name for group in TIED for name in group)]
    asked = {"tied": TIED, "average_over": "equal", "distribution": "normal", **options}
    return amce(data, outcome="ChosenImmigrant", factors=factors, cluster="CaseID", **asked)


# ------------------------------------------------------------------------------------------------ the published table


@pytest.mark.real
def test_published_effects_of_a_restricted_design(equally: pd.DataFrame, published: list[dict[str, str]]) -> None:
    """All but the two rows that average in cells whose baseline does not exist; see the next test."""
    table = equally.set_index(["factor", "level"])
    assert len(published) == 15
    agree = {}
    for each in published:
        row = table.loc[(NAMES.get(each["feature"], each["feature"]), each["level"])]
        agree[each["level"]] = matches(row["estimate"], each["estimate"]) and matches(
            row["std_error"], each["std_error"]
        )
    assert {level for level, same in agree.items() if not same} == {"Two-Year College", "College Degree"}
    assert sum(agree.values()) == 13


@pytest.fixture(scope="module")
def equally(immigration: pd.DataFrame) -> pd.DataFrame:
    return found(immigration)


class Cells:
    """The regression on the cells that exist, and combinations of them."""

    def __init__(self, data: pd.DataFrame) -> None:
        columns = {"_".join(pair): data[pair[0]].astype(str) + " / " + data[pair[1]].astype(str) for pair in TIED}
        formula = f"ChosenImmigrant ~ {' + '.join([*FREE, *columns])}"
        self.fit: Fit = fit(data.assign(**columns), formula, errors="CR1", cluster="CaseID")
        self.names = {pair: "_".join(pair) for pair in TIED}

    def __call__(self, pair: tuple[str, str], first: str, second: str) -> Floats:
        term = f"{self.names[pair]}[T.{first} / {second}]"
        return np.array([each == term for each in self.fit.terms], dtype=float)


@pytest.fixture(scope="module")
def cells(immigration: pd.DataFrame) -> Cells:
    return Cells(immigration)


@pytest.mark.real
@pytest.mark.parametrize("level", ["Two-Year College", "College Degree"])
def test_cregg_averages_in_jobs_that_the_reference_never_has(
    cells: Cells, equally: pd.DataFrame, published: list[dict[str, str]], level: str
) -> None:
    """R drops one interaction of each job that needs a degree, so that the other two compare with Graduate Degree."""
    pair = TIED[0]

    def cell(education: str, job: str) -> Floats:
        return cells(pair, education, job)

    def main(education: str) -> Floats:
        return cell(education, "Janitor") - cell("No Formal", "Janitor")

    own = [cell(level, job) - cell("No Formal", job) - main(level) for job in JOBS if job != "Janitor"]
    graduate = "Graduate Degree"
    strange = [cell(level, job) - cell(graduate, job) - main(level) + main(graduate) for job in SCHOOLED]
    theirs = main(level) + np.sum([*own, *strange], axis=0) / 11
    expected = next(each for each in published if each["level"] == level)
    assert matches(float(theirs @ cells.fit.coef), expected["estimate"])
    assert matches(float(cells.fit.std_errors(theirs[None])[0]), expected["std_error"])
    ours = np.mean([cell(level, job) - cell("No Formal", job) for job in JOBS], axis=0)
    row = equally.query("factor == 'Education'").set_index("level").loc[level]
    assert row["estimate"] == pytest.approx(float(ours @ cells.fit.coef), abs=EXACT)
    assert row["std_error"] == pytest.approx(float(cells.fit.std_errors(ours[None])[0]), abs=EXACT)
    assert row["average_over"] == (
        "equal where Job is Janitor, Waiter, Child Care Provider, Gardener, Construction Worker, Teacher, Nurse"
    )


@pytest.mark.real
@pytest.mark.parametrize("level", UNSAFE)
def test_countries_are_compared_over_the_reasons_that_both_have(
    cells: Cells, equally: pd.DataFrame, level: str
) -> None:
    pair = TIED[1]
    reasons = ["Reunite with Family", "Seek Better Job"]
    by_hand = np.mean([cells(pair, level, each) - cells(pair, "India", each) for each in reasons], axis=0)
    row = equally.query("factor == 'CountryOfOrigin'").set_index("level").loc[level]
    assert row["estimate"] == pytest.approx(float(by_hand @ cells.fit.coef), abs=EXACT)
    assert row["std_error"] == pytest.approx(float(cells.fit.std_errors(by_hand[None])[0]), abs=EXACT)
    assert row["average_over"] == f"equal where ReasonForApplication is {', '.join(reasons)}"
    escape = equally.query("level == 'Escape Persecution'").iloc[0]
    assert escape["average_over"] == f"equal where CountryOfOrigin is {', '.join(UNSAFE)}"
    persecuted = np.mean(
        [cells(pair, each, "Escape Persecution") - cells(pair, each, reasons[0]) for each in UNSAFE], axis=0
    )
    assert escape["estimate"] == pytest.approx(float(persecuted @ cells.fit.coef), abs=EXACT)


@pytest.mark.real
def test_intervals_leave_out_what_is_asked(immigration: pd.DataFrame, equally: pd.DataFrame) -> None:
    """1.959964 errors on both sides for all rows, tied or not; cregg takes 1.644854 for tied factors."""
    table = equally.query("~is_reference")
    half = (table["conf_high"] - table["conf_low"]) / 2
    np.testing.assert_allclose(half / table["std_error"], 1.959963984540054, rtol=1e-9)
    table = found(immigration, alpha=0.1).query("~is_reference")
    np.testing.assert_allclose((table["conf_high"] - table["estimate"]) / table["std_error"], 1.6448536, rtol=1e-7)


@pytest.mark.real
def test_the_design_gives_the_same_and_says_what_is_tied(
    immigration: pd.DataFrame, published: list[dict[str, str]], tmp_path: Path
) -> None:
    """It drew education, then a job that it allows: each education counts alike for the jobs that all have."""
    design, other = declared(tmp_path), [each for each in FREE if each not in LEVELS]
    factors = [*LEVELS, *other]
    options = {"outcome": "ChosenImmigrant", "cluster": "CaseID", "design": design}
    table = amce(immigration, factors=factors, **options).set_index(["factor", "level"])  # type: ignore[arg-type]
    for each in published:
        if each["level"] in ("Two-Year College", "College Degree"):
            continue
        row = table.loc[(NAMES.get(each["feature"], each["feature"]), each["level"])]
        assert matches(row["estimate"], each["estimate"])
        assert matches(row["std_error"], each["std_error"])
    assert table.loc[("Gender", "Male"), "average_over"] == "design"
    assert table.loc[("Job", "Doctor"), "average_over"] == f"design where Education is {', '.join(HIGH)}"
    only = amce(immigration, factors=["Education", *FREE, "CountryOfOrigin"], **options)  # type: ignore[arg-type]
    assert set(only["factor"]) == {"Education", *FREE, "CountryOfOrigin"}
    kept = table.loc["Education", "estimate"].to_numpy()
    np.testing.assert_allclose(only.query("factor == 'Education'")["estimate"], kept, atol=EXACT)
    assert len(SAFE) + len(UNSAFE) == 10


# ------------------------------------------------------------------------------------------------------ closed forms


RESTRICTED = {"a": {"a1": 2.0, "a2": 1.0, "a3": 1.0}, "b": {"b1": 1.0, "b2": 3.0}, "c": equal("c1", "c2")}
FORBIDDEN = [{"forbid": {"a": "a1", "b": "b1"}}, {"forbid": {"a": "a3", "b": "b2"}}]


def responses(cells: pd.DataFrame, each: int = 9) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    data = cells.loc[np.repeat(cells.index, each), ["a", "b", "c"]].reset_index(drop=True)
    return data.assign(y=rng.normal(size=len(data)) + (data["a"] == "a2") * (data["b"] == "b2"))


def test_a_saturated_effect_and_its_error_in_closed_form() -> None:
    """a2 beside a1 over b2 alone; with HC2 the variance of a cell's mean is s^2 / n."""
    data = responses(vignettes(small_design(RESTRICTED, FORBIDDEN))).drop(columns="c")
    means = data.groupby(["a", "b"], observed=True)["y"].agg(["mean", "var", "size"])
    table = amce(data, outcome="y", factors=["a", "b"], tied=[("a", "b")]).set_index(["factor", "level"])
    one, other = means.loc[("a2", "b2")], means.loc[("a1", "b2")]
    row = table.loc[("a", "a2")]
    assert row["estimate"] == pytest.approx(one["mean"] - other["mean"], abs=EXACT)
    assert row["std_error"] == pytest.approx(
        np.sqrt(one["var"] / one["size"] + other["var"] / other["size"]), rel=EXACT
    )
    assert row["average_over"] == "sample where b is b2"
    assert table.loc[("b", "b2"), "average_over"] == "sample where a is a2"
    by_hand = infer(np.array([row["estimate"]]), np.array([row["std_error"]]), df=row["df"])
    assert row["conf_low"] == pytest.approx(by_hand.conf_low[0], abs=EXACT)


def test_what_is_not_identified_is_said() -> None:
    """a1 is only ever beside b2, a3 only beside b1."""
    design = small_design(RESTRICTED, FORBIDDEN)
    table = amce(responses(vignettes(design)), outcome="y", factors=["a", "c"], design=design)
    row = table.set_index("level").loc["a3"]
    assert np.isnan(row[["estimate", "std_error", "conf_low", "p_value"]].astype(float)).all()
    assert row["average_over"] == "design: nothing exists beside both `a3` and `a1`"
    assert table["factor"].tolist() == ["a", "a", "a", "c", "c"]
    assert table.set_index("level").loc["a1", "estimate"] == 0


def test_weights_of_the_other_factor_are_those_of_the_design() -> None:
    """b1 and b2 stand in 1 : 3 except beside a1, which has b2 and b3 only: probabilities of b by hand."""
    factors = {"a": equal("a1", "a2", "a3"), "b": {"b1": 1.0, "b2": 3.0, "b3": 2.0}, "c": equal("c1", "c2")}
    design = small_design(factors, [{"forbid": {"a": "a1", "b": "b1"}}])
    data = responses(vignettes(design))
    mean = data.drop(columns="c").groupby(["a", "b"], observed=True)["y"].mean()
    found = amce(data, outcome="y", factors=["a"], design=design).set_index("level")["estimate"]
    difference = mean["a2"] - mean["a1"]
    assert found["a2"] == pytest.approx((9 * difference["b2"] + 6 * difference["b3"]) / 15, abs=EXACT)
    whole = mean["a3"] - mean["a2"]
    rest = data[data["a"] != "a1"].assign(a=lambda d: d["a"].astype(str))
    free = amce(rest, outcome="y", factors=["a"], tied=[("a", "b")]).set_index("level")["estimate"]
    assert free["a3"] == pytest.approx(whole.mean(), abs=EXACT)
    alike = amce(data, outcome="y", factors=["a"], design=design, average_over="equal").set_index("level")["estimate"]
    assert alike["a2"] == pytest.approx((difference["b2"] + difference["b3"]) / 2, abs=EXACT)
    shares = data["b"].value_counts(normalize=True)
    over = amce(data, outcome="y", factors=["a"], tied=[("a", "b")], average_over="sample").set_index("level")
    expected = (shares["b2"] * difference["b2"] + shares["b3"] * difference["b3"]) / (shares["b2"] + shares["b3"])
    assert over.loc["a2", "estimate"] == pytest.approx(expected, abs=EXACT)


def test_a_combination_that_nobody_saw_is_named() -> None:
    design = small_design(RESTRICTED, FORBIDDEN[:1])
    data = responses(vignettes(design))
    some = data[~((data["a"] == "a2") & (data["b"] == "b2"))]
    table = amce(some, outcome="y", factors=["a"], design=design).set_index("level")
    assert np.isnan(table.loc["a2", "estimate"])
    assert table.loc["a2", "average_over"] == "design: the data lack a2 × b2"
    assert np.isfinite(table.loc["a3", "estimate"])


def test_a_rule_that_leaves_factors_independent_ties_nothing() -> None:
    """Profiles must differ in a or in b: with equal weights the two stay independent within a profile."""
    factors = {"a": equal("a1", "a2"), "b": equal("b1", "b2"), "c": equal("c1", "c2")}
    design = small_design(factors, [{"differ": ["a", "b"]}], profiles=2, mechanism="simple")
    data = responses(vignettes(design))
    tied = amce(data, outcome="y", factors=["a", "b", "c"], design=design)
    free = amce(data, outcome="y", factors=["a", "b", "c"])
    np.testing.assert_allclose(tied["estimate"], free["estimate"], atol=EXACT)
    np.testing.assert_allclose(tied["df"], free["df"])


# ------------------------------------------------------------------------------------------------------------- input


def test_combinations_that_the_design_forbids_are_refused() -> None:
    design = small_design(RESTRICTED, FORBIDDEN)
    data = responses(vignettes(design))
    data.loc[data.index[:2], ["a", "b"]] = ["a1", "b1"]
    with pytest.raises(StudyError, match="never has `a` = `a1` and `b` = `b1` together, and 2 rows do"):
        amce(data, outcome="y", factors=["a", "c"], design=design)


def test_levels_that_the_design_does_not_have_are_refused() -> None:
    design = small_design(RESTRICTED, FORBIDDEN)
    data = responses(vignettes(design)).astype({"b": str})
    data.loc[data.index[:3], "b"] = "b22"
    with pytest.raises(StudyError, match="column b: the design has no level `b22`. Did you mean `b2`"):
        amce(data, outcome="y", factors=["a", "c"], design=design)


def test_rows_with_a_missing_level_are_left_out() -> None:
    design = small_design(RESTRICTED, FORBIDDEN)
    data = responses(vignettes(design))
    gaps = data.astype({"b": object})
    gaps.loc[data.index[::7], "b"] = None
    found = amce(gaps, outcome="y", factors=["a", "b", "c"], design=design)
    expected = amce(data.drop(data.index[::7]), outcome="y", factors=["a", "b", "c"], design=design)
    np.testing.assert_allclose(found["estimate"], expected["estimate"], atol=EXACT)
    assert found["n"].unique().tolist() == [len(data) - len(data.index[::7])]


def test_any_kind_of_column_and_index_is_read() -> None:
    design = small_design(RESTRICTED, FORBIDDEN)
    data = responses(vignettes(design)).astype(dict.fromkeys("abc", str))
    expected = amce(data, outcome="y", factors=["a", "b", "c"], design=design)
    for other in (data.convert_dtypes(dtype_backend="pyarrow"), data.set_index(np.zeros(len(data)))):
        pd.testing.assert_frame_equal(amce(other, outcome="y", factors=["a", "b", "c"], design=design), expected)


def test_a_weighted_effect_weighs_rows_and_shares() -> None:
    data = responses(vignettes(small_design(RESTRICTED, FORBIDDEN[:1]))).drop(columns="c")
    data["w"] = np.random.default_rng(9).uniform(1, 3, len(data))
    sums = data.assign(wy=data["w"] * data["y"]).groupby(["a", "b"], observed=True)[["wy", "w"]].sum()
    mean = sums["wy"] / sums["w"]
    found = amce(data, outcome="y", factors=["b", "a"], tied=[("a", "b")], weights="w").set_index("level")
    assert found.loc["a2", "estimate"] == pytest.approx(mean["a2", "b2"] - mean["a1", "b2"], abs=EXACT)
    share = sums["w"].groupby("a", observed=True).sum()
    difference = {a: mean[a, "b2"] - mean[a, "b1"] for a in ("a2", "a3")}
    expected = sum(share[a] * each for a, each in difference.items()) / sum(share[a] for a in difference)
    assert found.loc["b2", "estimate"] == pytest.approx(expected, abs=EXACT)


def test_options_that_do_not_go_together_are_refused() -> None:
    design = small_design(RESTRICTED, FORBIDDEN)
    data = responses(vignettes(design))
    with pytest.raises(StudyError, match='averaging over "design" needs the design'):
        amce(data, outcome="y", factors=["a"], average_over="design")
    with pytest.raises(StudyError, match="the design says which factors are tied"):
        amce(data, outcome="y", factors=["a"], design=design, tied=[("a", "b")])
    with pytest.raises(StudyError, match="a group has fewer than two factors"):
        amce(data, outcome="y", factors=["a"], tied=[("a",)])
    with pytest.raises(StudyError, match="a factor is named twice"):
        amce(data, outcome="y", factors=["a"], tied=[("a", "b"), ("b", "c")])
    with pytest.raises(StudyError, match="there is no column `d`"):
        amce(data, outcome="y", factors=["a"], tied=[("a", "d")])
    with pytest.raises(StudyError, match="`all` is not an option"):
        amce(data, outcome="y", factors=["a"], average_over="all")  # type: ignore[arg-type]
    with pytest.raises(StudyError, match="there is no column `b`"):
        amce(data.drop(columns="b"), outcome="y", factors=["a"], design=design)

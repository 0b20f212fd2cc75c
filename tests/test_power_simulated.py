"""Standard errors, power and detectable effects of a plan against simulated studies."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import stats

from tests.small_plan import DIFFERENCE, ONE, Read, reader
from vignetta.analysis.estimating import estimate
from vignetta.design.assigning.assignment import mechanism_of
from vignetta.design.assigning.vignettes import vignettes
from vignetta.design.declaration import Design
from vignetta.plan import Plan
from vignetta.power import precision

Floats = npt.NDArray[np.float64]

MONTE_CARLO = 4
"""Simulated shares may be off by this many of their standard errors: one in 16,000 is by chance."""
AVERAGE_ERROR = 0.02
"""Average standard errors of 60 data sets of 400: their own error is 0.5 %, that of the covariates' degrees 0.3 %."""
FEW_CLUSTERS = 0.03
"""CR1S with 300 clusters is up to about k / G too small: 1 %; and the average's own error is 0.6 %."""


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """The small study with a plan: by default one contrast of the arms in the model `support ~ arm`."""
    return reader(tmp_path)


def simulated_tests(X: Floats, combination: Floats, effect: float, generator: np.random.Generator) -> Floats:
    """p-values (2000,) of least squares on simulated outcomes, whose combination of coefficients is `effect`."""
    coef = combination * effect / (combination @ combination)
    Y = (X @ coef)[:, None] + generator.normal(size=(len(X), 2000))
    inverse = np.linalg.inv(X.T @ X)
    found = inverse @ X.T @ Y
    df = len(X) - X.shape[1]
    variance = ((Y - X @ found) ** 2).sum(axis=0) / df
    t = combination @ found / np.sqrt(variance * (combination @ inverse @ combination))
    return np.asarray(2 * stats.t.sf(np.abs(t), df))


@pytest.mark.parametrize(("kind", "combination"), [("contrast", [0, 1, 0, 0, 1 / 3, 1 / 3]), ("difference", None)])
def test_power_against_simulated_studies(read: Read, kind: str, combination: list[float] | None) -> None:
    """2,000 studies of 240, every vignette 40 times."""
    text = ONE.replace("contrast", "difference").replace("factor: arm", "factor: arm, within: place")
    row = precision(*read("arm * place", ONE if kind == "contrast" else text), n=240, effect=0.45).iloc[0]
    assert row["estimand"] == kind
    arm, place = (each.ravel() for each in np.meshgrid([0, 1], [0, 1, 2], indexing="ij"))
    columns = [np.ones(6), arm, place == 1, place == 2, arm * (place == 1), arm * (place == 2)]
    X = np.tile(np.column_stack(columns).astype(float), (40, 1))
    c = np.array(combination or [0, 0, 0, 0, 1, 0], dtype=float)
    p = simulated_tests(X, c, 0.45, np.random.default_rng(7))
    for alpha, name in ((row["alpha"], "power"), (row["alpha_adjusted"], "power_adjusted")):
        error = np.sqrt(row[name] * (1 - row[name]) / len(p))
        assert abs((p < alpha).mean() - row[name]) < MONTE_CARLO * error
    assert 0.1 < row["power"] < 0.99


def crossed(design: Design, first: str, others: list[str], generator: np.random.Generator) -> tuple[Floats, list[str]]:
    """Treatment codes of the flagship's assignment, written out: first * (others), with the columns' names."""
    drawn = vignettes(design).iloc[mechanism_of(design).draw(design.sample_size, generator)]
    shown = {
        name: [each.name for each in design.factors[name].levels if not each.reference] for name in [first, *others]
    }
    columns = {f"{name}={level}": (drawn[name] == level).to_numpy(float) for name in shown for level in shown[name]}
    products = {
        f"{first}={level} {name}={other}": columns[f"{first}={level}"] * columns[f"{name}={other}"]
        for level in shown[first]
        for name in others
        for other in shown[name]
    }
    every = {"mean": np.ones(len(drawn))} | columns | products
    return np.column_stack(list(every.values())), list(every)


@pytest.mark.parametrize("estimand", ["contrast", "difference"])
def test_detectable_effects_of_the_flagship_are_found_with_their_power(
    design: Design, plan: Plan, estimand: str
) -> None:
    """2,000 studies of 1,502 whose effect is the smallest detectable one: four of five find it."""
    generator = np.random.default_rng(5)
    X, names = crossed(design, "response", ["action", "regime", "capability", "treaty"], generator)
    found = precision(design, plan)
    row = found[(found["estimand"] == estimand) & (found["model"] == "approval") & (found["level"] == "economic")].iloc[
        0
    ]
    own = "response=economic"
    among = {name: 1 / len(design.factors[name].levels) for name in ("action", "regime", "capability", "treaty")}
    weights = {f"{own} {row['within_factor']}=democracy": 1.0} if estimand == "difference" else {own: 1.0}
    if estimand == "contrast":
        weights |= {each: among[each.split()[1].split("=")[0]] for each in names if each.startswith(f"{own} ")}
    assert set(weights) <= set(names)
    c = np.array([weights.get(each, 0.0) for each in names])
    for effect, alpha in ((row["mde"], row["alpha"]), (row["mde_adjusted"], row["alpha_adjusted"])):
        share = (simulated_tests(X, c, effect, generator) < alpha).mean()
        assert abs(share - 0.8) < MONTE_CARLO * np.sqrt(0.8 * 0.2 / 2000)


def sample(design: Design, n: int, responses: int, icc: float, generator: np.random.Generator) -> pd.DataFrame:
    """Outcomes of unit variance, 30 % of it from age; all responses of a respondent to the same vignette."""
    drawn = vignettes(design)[["arm", "place"]]
    drawn = drawn.iloc[np.repeat(generator.permutation(np.resize(np.arange(6), n)), responses)].reset_index(drop=True)
    who = np.repeat(np.arange(n), responses)
    age = generator.normal(size=n * responses)
    noise = np.sqrt(icc) * generator.normal(size=n)[who] + np.sqrt(1 - icc) * generator.normal(size=n * responses)
    party = generator.choice(["left", "middle", "right"], n * responses)
    support = np.sqrt(0.3) * age + np.sqrt(0.7) * noise
    return drawn.assign(respondent=who, age=age, party=party, support=support)


def average_errors(design: Design, plan: Plan, *, n: int, responses: int = 1, icc: float = 0.0) -> pd.DataFrame:
    generator = np.random.default_rng(3)
    tables = [estimate(sample(design, n, responses, icc, generator), plan, design=design) for _ in range(60)]
    shown = [each[~each["is_reference"]].reset_index(drop=True) for each in tables]
    average = np.mean([each["std_error"] for each in shown], axis=0)
    return shown[0].assign(std_error=average)


@pytest.mark.slow
def test_standard_errors_against_hc2_estimates(read: Read) -> None:
    """Also that covariates which explain 30 % of the variance narrow the errors as `r2` says."""
    within = "  - {estimand: conditional_effect, model: m, factor: arm, within: place}\n"
    small, plan = read("arm * place + age + party", ONE + DIFFERENCE + within)
    planned, simulated = precision(small, plan, r2=0.3), average_errors(small, plan, n=400)
    np.testing.assert_allclose(simulated["std_error"], planned["std_error"], rtol=AVERAGE_ERROR)
    names = ["estimand", "factor", "level", "versus", "within_level", "df", "model", "average_over", "hypothesis"]
    pd.testing.assert_frame_equal(simulated[names], planned[names])


@pytest.mark.slow
def test_standard_errors_against_clustered_estimates(read: Read) -> None:
    """Age differs between responses and has no share in their correlation."""
    text = ONE.replace("FORMULA", "FORMULA, errors: CR1S, cluster: respondent")
    small, plan = read("arm + place + age", text)
    planned = precision(small, plan, n=300, responses=4, shared=["arm", "place"], icc=0.4, r2=0.3)
    simulated = average_errors(small, plan, n=300, responses=4, icc=0.4)
    np.testing.assert_allclose(simulated["std_error"], planned["std_error"], rtol=FEW_CLUSTERS)
    assert planned["df"].tolist() == simulated["df"].tolist() == [299]

"""A likelihood fitted to a frame: outcomes in categories, the intercept, what is predicted."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.analysis.models.likelihoods.fits import likelihood
from vignetta.analysis.estimands.averaging import grid
from vignetta.analysis.intervals import Inference
from vignetta.analysis.models.likelihood_fitting import LikelihoodFit, read_categories
from vignetta.design.declaration import Design
from vignetta.errors import StudyError

EXACT = 1e-10


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    arm, place, age = rng.choice(["a", "b", "c"], 400), rng.choice(["p", "q"], 400), rng.integers(20, 60, 400)
    latent = (arm == "b") * 0.8 + (place == "q") * 0.3 + (age - 40) / 30 + rng.logistic(size=400)
    score = np.digitize(latent, [-0.5, 0.6, 1.5])
    words = pd.Categorical.from_codes(score.tolist(), categories=["never", "rarely", "often", "always"], ordered=True)
    return pd.DataFrame({"arm": arm, "place": place, "age": age, "score": score, "words": words, "yes": score > 1})


def test_coefficients_and_names(data: pd.DataFrame) -> None:
    fit = likelihood(data, "score ~ arm * place + age", "ordered_logit")
    assert fit.terms[:4] == ("0|1", "1|2", "2|3", "arm[T.b]")
    assert "Intercept" not in fit.terms and len(fit.coef) == 9
    assert "ordered_logit: score ~ arm * place + age" in repr(fit)


def test_an_ordered_category_is_its_places(data: pd.DataFrame) -> None:
    by_number = likelihood(data, "score ~ arm + age", "ordered_logit")
    by_word = likelihood(data, "words ~ arm + age", "ordered_logit")
    np.testing.assert_array_equal(by_word.coef, by_number.coef)
    assert by_word.terms[0] == "never|rarely"
    np.testing.assert_array_equal(by_number.by_outcome(None), [0, 1, 2, 3])
    np.testing.assert_array_equal(by_word.by_outcome(">=often"), [0, 0, 1, 1])


def test_numbers_as_categories_have_a_mean(data: pd.DataFrame) -> None:
    column = pd.Series(pd.Categorical(data["score"] + 1, ordered=True), name="score")
    fit = likelihood(data.assign(score=column), "score ~ arm", "ordered_probit")
    np.testing.assert_array_equal(fit.by_outcome("mean"), [1, 2, 3, 4])


@pytest.mark.parametrize(
    ("formula", "model", "outcome", "message"),
    [
        ("words ~ arm", "ordered_logit", None, 'Name a category, such as outcome="always"'),
        ("words ~ arm", "ordered_logit", ">=sometimes", "no outcome `>=sometimes`"),
        ("words ~ arm", "multinomial_logit", "mean", "not ordered numbers, so there is no mean"),
        ("words ~ arm", "multinomial_logit", ">=often", "no outcome `>=often`"),
        ("score ~ arm", "multinomial_logit", None, "there is no mean"),
        ("yes ~ arm", "logit", "often", "no outcome `often`. Known: `mean`"),
    ],
)
def test_outcomes_that_are_not_there_are_told(
    data: pd.DataFrame, formula: str, model: str, outcome: str | None, message: str
) -> None:
    fit = likelihood(data, formula, model)
    with pytest.raises(StudyError) as error:
        fit.by_outcome(outcome)
    assert message in str(error.value)


def test_an_unordered_outcome_in_an_ordered_model_is_refused(data: pd.DataFrame) -> None:
    for column in (data["words"].astype(str), data["words"].cat.as_unordered()):
        with pytest.raises(StudyError, match="column words: the categories of the outcome have no order"):
            read_categories(column, "ordered_logit")
    codes, categories = read_categories(pd.Series(["b", None, "a"]), "multinomial_logit")
    assert categories is not None and categories.names == ("a", "b") and categories.values is None
    np.testing.assert_array_equal(codes, [1, np.nan, 0])


def test_an_ordered_model_without_an_intercept_is_refused(data: pd.DataFrame) -> None:
    with pytest.raises(StudyError, match="Leave `0 \\+` or `- 1` out"):
        likelihood(data, "score ~ 0 + arm", "ordered_logit")


@pytest.mark.parametrize("model", ["logit", "ordered_logit", "multinomial_logit"])
def test_places_of_a_term(data: pd.DataFrame, model: Any) -> None:
    fit = likelihood(data, f"{'yes' if model == 'logit' else 'score'} ~ arm + age", model)
    term = next(each for each in fit.spec.term_slices if str(each) == "arm")
    named = [fit.terms[place] for place in fit.places(fit.spec.term_slices[term])]
    prefixes = [""] if model != "multinomial_logit" else ["1: ", "2: ", "3: "]
    assert named == [f"{each}arm[T.{level}]" for each in prefixes for level in "bc"]


def test_degrees_of_freedom_follow_the_errors(data: pd.DataFrame) -> None:
    data = data.assign(who=np.arange(400) % 25)
    rows = np.eye(3)[1:]
    assert likelihood(data, "yes ~ arm", "logit").degrees_of_freedom(rows).tolist() == [397, 397]
    assert likelihood(data, "score ~ arm", "ordered_logit").df == 400 - 5
    assert likelihood(data, "yes ~ arm", "logit", errors="CR1", cluster="who").df == 24
    clustered = likelihood(data, "yes ~ arm", "logit", errors="CR2", cluster="who").degrees_of_freedom(rows)
    assert ((clustered > 10) & (clustered < 24)).all()
    normal = likelihood(data, "yes ~ arm", "logit", errors="CR2", cluster="who", distribution="normal")
    assert normal.degrees_of_freedom(rows).tolist() == [np.inf, np.inf]


def inferred(fit: LikelihoodFit, rows: Any) -> Inference:
    return fit.infer(rows, fit.std_errors(rows), fit.degrees_of_freedom(rows))


def test_tests_of_effects_and_of_coefficients(data: pd.DataFrame) -> None:
    data = data.assign(who=np.arange(400) % 25)
    fit = likelihood(data, "yes ~ arm", "logit", errors="CR2", cluster="who")
    over = grid(fit, ["arm"], average_over="sample")
    rows = np.array([over.mean({"arm": level}) for level in "abc"] + [over.contrast("arm", ("a", "a"), {})])
    shares = data.groupby("arm")["yes"].mean().to_numpy()
    np.testing.assert_allclose(fit.estimates(rows), [*shares, 0], atol=EXACT)
    np.testing.assert_allclose(fit.std_errors(rows)[0], shares[0] * (1 - shares[0]) * np.sqrt(fit.vcov[0, 0]))
    assert fit.std_errors(rows)[3] == 0 and np.isnan(fit.std_errors(rows * np.nan)).all()
    found, df = inferred(fit, rows[:3]), fit.degrees_of_freedom(rows[:3])
    assert fit.degrees_of_freedom(rows)[3] == fit.df and inferred(fit, rows).conf_low[3] == 0
    half = stats.t.isf(0.025, df) * fit.std_errors(rows[:3])
    np.testing.assert_allclose(found.conf_high, shares + half)
    each = np.eye(3)
    np.testing.assert_array_equal(fit.estimates(each), fit.coef)
    np.testing.assert_allclose(fit.std_errors(each), np.sqrt(np.diag(fit.vcov)))
    np.testing.assert_allclose(inferred(fit, each).statistic, fit.coef / fit.std_errors(each))


@pytest.mark.parametrize("model", ["logit", "ordered_probit", "multinomial_logit"])
@pytest.mark.parametrize("right", ["arm * place + age", "arm * age + place", "arm + place + age + arm:place:age"])
def test_a_target_distribution_by_the_definition(data: pd.DataFrame, model: Any, right: str) -> None:
    """Every covariate as observed, beside every cell of the target, one row after the other."""
    outcome = {"logit": "yes", "ordered_probit": "score", "multinomial_logit": "score"}[model]
    fit = likelihood(data, f"{outcome} ~ {right}", model)
    target = pd.DataFrame({"place": ["p", "q"], "probability": [0.3, 0.7]})
    shown = "mean" if model == "logit" else "2"
    over = grid(fit, ["arm"], average_over=target, outcome=shown)
    for level in ("a", "b", "c"):
        expected = 0.0
        for place, probability in (("p", 0.3), ("q", 0.7)):
            X = fit.design_matrix(
                fit.sample.data.assign(
                    arm=pd.Categorical([level] * 400, categories=list("abc")),
                    place=pd.Categorical([place] * 400, categories=list("pq")),
                )
            )[:, fit.kept]
            expected += probability * probability_of(fit, X, shown)
        assert over.mean({"arm": level})[-1] == pytest.approx(expected, rel=EXACT)


def probability_of(fit: Any, X: Any, shown: str) -> float:
    from tests.analysis.models.likelihoods.test_effects import predicted

    place = 0 if shown == "mean" else list(fit.maximum.family.outcomes).index(shown)
    return float(predicted(fit.name, fit.coef, X)[:, place].mean())


def test_a_contrast_in_the_design_needs_both_levels(data: pd.DataFrame) -> None:
    fit = likelihood(data, "yes ~ arm * place", "logit")
    target = pd.DataFrame({"arm": ["a", "a", "b"], "place": ["p", "q", "p"], "probability": [0.4, 0.3, 0.3]})
    over = grid(fit, ["arm"], average_over=target)
    p = 1 / (1 + np.exp(-(fit.coef[0] + np.array([0, fit.coef[1]]))))
    assert over.contrast("arm", ("b", "a"), {})[-1] == pytest.approx(p[1] - p[0], rel=EXACT)
    assert np.isnan(over.contrast("arm", ("c", "a"), {})).all()


def test_the_flagship_design_averages_a_likelihood(design: Design, responses: Any) -> None:
    assert set(design.factors)
    fit = likelihood(responses["n1502"], "approve ~ response * regime + age", "logit")
    over = grid(fit, ["response"], average_over="sample")
    contrast = over.contrast("response", ("terminate", "status_quo"), {})
    difference = over.mean({"response": "terminate"}) - over.mean({"response": "status_quo"})
    np.testing.assert_allclose(contrast, difference, atol=EXACT)

"""The methods in words, from the plan and from what the estimates say about themselves."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd
from formulaic import Formula

from vignetta.plan import ModelSpec, Plan
from vignetta.report.labels import Labels
from vignetta.report.numbers import count, plain
from vignetta.report.phrases import ADJUSTMENTS, ESTIMATORS, MODELS, average_words, coverage, errors_words


@dataclass(frozen=True)
class ModelWords:
    """A regression in words.

    Attributes
    ----------
    kind : what it is.
    outcome, formula : its outcome's label, and the formula as declared.
    terms, interactions : the labels of what it contains.
    errors : the variance estimator.
    n : responses, or the empty text when nothing was estimated from it.
    """

    kind: str
    outcome: str
    formula: str
    terms: tuple[str, ...]
    interactions: tuple[str, ...]
    errors: str
    n: str


@dataclass(frozen=True)
class Family:
    """Tests whose p-values are adjusted together."""

    name: str
    status: str
    n_tests: int


def models(plan: Plan, estimates: pd.DataFrame, labels: Labels) -> list[ModelWords]:
    """Every model of the plan in words."""
    return [_model(each, estimates[estimates["model"] == each.name], labels) for each in plan.models.values()]


def _model(spec: ModelSpec, rows: pd.DataFrame, labels: Labels) -> ModelWords:
    terms = [str(each).split(":") for each in Formula(spec.formula).rhs if str(each) not in ("0", "1")]
    named = [" × ".join(labels.variable(part) for part in each) for each in terms]
    return ModelWords(
        kind=f"{MODELS[spec.model] if spec.estimator is None else ESTIMATORS[spec.estimator]}{_beside(spec, labels)}",
        outcome=labels.outcome(spec.outcome),
        formula=spec.formula,
        terms=tuple(name for name, parts in zip(named, terms, strict=True) if len(parts) == 1),
        interactions=tuple(name for name, parts in zip(named, terms, strict=True) if len(parts) > 1),
        errors="; ".join(_how(spec, labels)),
        n=count(rows["n"].iloc[0]) if len(rows) else "",
    )


def _beside(spec: ModelSpec, labels: Labels) -> str:
    """The units whose effects are in the model, or what is an instrument for what."""
    units = spec.fixed_effects or spec.random_effects
    pairs = [f"{labels.variable(each)} for {labels.variable(name)}" for name, each in spec.instruments.items()]
    return f" of `{units}`" if units else f" (instruments: {', '.join(pairs)})" if pairs else ""


def _how(spec: ModelSpec, labels: Labels) -> Iterator[str]:
    """The errors of a model, and whatever else it has beside its formula."""
    yield errors_words(spec.errors if spec.variance == "fixed" else f"{spec.errors}, unconditional")
    if spec.clusters:
        yield f"the clusters are the values of {' and of '.join(map(labels.variable, spec.clusters))}"
    if spec.strata:
        yield f"the strata are the values of {labels.variable(spec.strata)}"
    if spec.weights:
        yield f"the weights are those of {labels.variable(spec.weights)}"
    if spec.adjust:
        yield f"{', '.join(map(labels.variable, spec.adjust))} centred and interacted with every term (Lin 2013)"


def averages(estimates: pd.DataFrame) -> list[str]:
    """How margins and effects are averaged, each way that occurs."""
    return [average_words(each) for each in dict.fromkeys(estimates["average_over"]) if each]


def families(estimates: pd.DataFrame) -> list[Family]:
    """The tests that were adjusted together, in the order of the estimates."""
    tested = estimates[estimates["p_adjusted"].notna()]
    return [
        Family(str(name), str(status), len(rows))
        for (name, status), rows in tested.groupby(["family", "registered"], sort=False)
    ]


def inference(plan: Plan) -> Iterator[str]:
    """Intervals, adjustment and the level of tests."""
    yield f"Intervals cover {coverage(plan.alpha)} and are not adjusted for the number of estimates."
    if plan.adjust == "none":
        yield "p-values are not adjusted for the number of tests."
    else:
        method = ADJUSTMENTS[plan.adjust]
        yield f"p-values are {method} within each family of tests, registered and exploratory ones apart."
        yield "p-values of tests that bear on no hypothesis are not adjusted."
    yield f"A test is judged at the level {plain(plan.alpha)}, two-sided."

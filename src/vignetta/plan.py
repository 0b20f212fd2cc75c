"""The analysis plan: `analysis/plan.yaml` as frozen models, checked against the design that it is about."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from vignetta.declared import Declared, Finding, Keyed, Named, Tree, parse, read_tree
from vignetta.design.consistency import SAMPLE
from vignetta.design.declaration import Design
from vignetta.design.scored import analysable
from vignetta.errors import near_miss
from vignetta.exclusions import Exclusion

Expectation = Literal["increase", "decrease", "different"]
Adjustment = Literal[
    "none",
    "holm",
    "bonferroni",
    "hochberg",
    "hommel",
    "benjamini_hochberg",
    "benjamini_yekutieli",
    "single_step",
    "step_down",
]
"""single_step and step_down use how the tests of a family hang together, the others their p-values alone."""
Comparison = Literal["reference", "pairwise", "sequential", "grand_mean"]
"""What each level is compared with: another level, every other one, the one before, or the mean of all margins."""
ModelFamily = Literal["ols", "logit", "probit", "poisson", "ordered_logit", "ordered_probit", "multinomial_logit"]
"""ols: least squares. The others are fitted by maximum likelihood; their margins are probabilities, expected counts or
expected scores."""
Errors = Literal["classical", "HC0", "HC1", "HC2", "HC3", "HC4", "CR0", "CR1", "CR1S", "CR2", "CR3", "linearised"]
"""Variance estimators. HC: heteroskedasticity-consistent; CR: clustered (CR1S is Stata's, CR3 the jackknife);
linearised: of a sample of strata and clusters."""
Estimator = Literal["fixed_effects", "random_effects", "instruments"]
"""What a linear model may have beside its terms; one at most."""
WITH_INSTRUMENTS: tuple[Errors, ...] = ("classical", "HC0", "HC1", "CR0", "CR1", "CR1S")
"""The variance estimators of two-stage least squares."""
EstimandKind = Literal["margin", "contrast", "conditional_margin", "conditional_effect", "difference", "joint_test"]
"""margin: predictive margin of each level. contrast: against another level. conditional_margin and conditional_effect:
the same within each level of another factor. difference: how far a conditional effect differs between levels of the
other factor. joint_test: all interactions of the two factors at once."""
Average = Literal["design", "sample", "equal", "proportional"]
"""Over which distribution of the other factors: as declared in the design, or as observed; or, with numbers at their
means, all combinations alike or as often as observed."""
Variance = Literal["fixed", "unconditional"]
"""Whether the covariates that a margin averages over count as fixed or as sampled."""

_WITHIN = ("conditional_margin", "conditional_effect", "difference", "joint_test")


class Hypothesis(Keyed):
    """A claim, in words and as the direction in which its estimates should lie."""

    statement: str = Field(min_length=1, description="the hypothesis in words")
    direction: Expectation = Field(description="increase, decrease or different")
    family: str = Field("", description="the tests that are adjusted together; the hypothesis' own when left out")
    note: str = Field("", description="what the design cannot say about it")

    @property
    def family_name(self) -> str:
        return self.family or self.name


class ModelSpec(Keyed):
    """A regression."""

    formula: str = Field(description="outcome ~ terms, with + * : and parentheses")
    model: ModelFamily = Field(
        "ols", description="ols, logit, probit, poisson, ordered_logit, ordered_probit, multinomial_logit"
    )
    errors: Errors = Field("HC2", description="the variance estimator")
    cluster: str | tuple[str, str] | None = Field(
        None, description="the variable whose values are clusters; two for clustering in both at once"
    )
    weights: str | None = Field(None, description="the variable of the weights")
    strata: str | None = Field(None, description="the variable whose values are sampling strata (errors linearised)")
    adjust: tuple[str, ...] = Field(
        (), description="covariates that are centred and interacted with every term (Lin 2013)"
    )
    variance: Variance = Field("fixed", description="fixed, or unconditional: covariates count as sampled")
    fixed_effects: str | None = Field(
        None, description="the variable whose values have an effect each that is held constant, such as response_id"
    )
    random_effects: str | None = Field(None, description="the variable whose values have a random effect each")
    instruments: dict[str, str] = Field(
        {}, description="for each variable of the formula that was not assigned, the factor that was: its instrument"
    )

    @property
    def estimator(self) -> Estimator | None:
        """Which of the three the model has."""
        return next((each for each in get_args(Estimator) if getattr(self, each)), None)

    @property
    def clusters(self) -> tuple[str, ...]:
        """The variables whose values are clusters: none, one or two."""
        return () if self.cluster is None else (self.cluster,) if isinstance(self.cluster, str) else self.cluster

    @property
    def with_adjustment(self) -> str:
        """The formula with every term interacted with the covariates of `adjust`."""
        left, _, right = self.formula.partition("~")
        return f"{left}~ ({right}) * ({' + '.join(self.adjust)})" if self.adjust else self.formula

    @property
    def outcome(self) -> str:
        return self.formula.split("~")[0].strip()

    @classmethod
    def inconsistencies(cls, data: Mapping[str, Any], context: Any) -> Iterator[Finding]:
        errors, formula = str(data.get("errors", "HC2")), data.get("formula")
        yield from _estimator_findings(data)
        if errors.startswith("CR") and "cluster" not in data:
            yield (), f"the errors `{errors}` need a `cluster`.", "Add `cluster:`, or use HC2."
        if "strata" in data and errors != "linearised":
            yield ("strata",), f"the errors `{errors}` would ignore the strata.", "Write `errors: linearised`."
        if not errors.startswith(("CR", "linearised")) and "cluster" in data:
            yield ("cluster",), f"the errors `{errors}` would ignore the clusters.", "Write `errors: CR2`."
        if isinstance(context, About) and context.design.responses > 1 and "cluster" not in data:
            what = f"the {context.design.responses} responses of a respondent are taken to be independent."
            clustered = "CR1S" if "instruments" in data else "CR2"
            yield (), what, f"Add `cluster: response_id` and `errors: {clustered}`."
        if isinstance(formula, str):
            yield from _formula_findings(formula, context.design if isinstance(context, About) else None)
        if isinstance(context, About):
            yield from _instrument_findings(data, context.design)
            yield from _adjust_findings(data.get("adjust"), context.design)


class Estimand(Declared):
    """What is estimated, from which model."""

    hypothesis: str = Field("", description="the hypothesis it bears on, if any")
    estimand: EstimandKind = Field(description="margin, contrast, conditional_margin, conditional_effect, ...")
    model: str = Field(description="the model's name")
    factor: str = Field(description="the factor whose levels are compared")
    levels: tuple[str, ...] | None = Field(None, description="only these levels; all when left out")
    versus: str | None = Field(None, description="the level compared with; the reference when left out")
    comparison: Comparison = Field(
        "reference", description="what each level is compared with: reference, pairwise, sequential or grand_mean"
    )
    within: str | None = Field(None, description="the other factor, for conditional estimands and joint tests")
    average_over: Average = Field("design", description="design, sample, equal or proportional")
    predict: str | None = Field(
        None, description="for a model of categories: mean (the expected score), a category, or `>=` and a category"
    )

    @classmethod
    def inconsistencies(cls, data: Mapping[str, Any], context: Any) -> Iterator[Finding]:
        kind = data.get("estimand")
        if kind in _WITHIN and "within" not in data:
            yield (), f"`within` is missing: a {kind} needs the other factor.", "Add `within:` and a factor's name."
        if kind in ("margin", "contrast") and "within" in data:
            yield ("within",), f"a {kind} has no `within`.", "Use `conditional_margin` or `conditional_effect`."
        if "within" in data and data["within"] == data.get("factor"):
            yield ("within",), "a factor cannot be conditioned on itself.", "Name another factor."
        if kind in ("margin", "conditional_margin", "joint_test") and "versus" in data:
            yield ("versus",), f"a {kind} compares nothing.", "Remove `versus`."
        if "comparison" in data and kind not in ("contrast", "conditional_effect"):
            yield ("comparison",), f"a {kind} has no `comparison`.", "Remove it, or ask for a contrast."
        if "versus" in data and data.get("comparison", "reference") != "reference":
            yield ("versus",), f"`{data['comparison']}` compares with no single level.", "Remove `versus`."
        if isinstance(context, About):
            yield from _level_findings(data, context.design)


class Plan(Declared):
    """What will be estimated and how it will be judged, written before the data are seen."""

    alpha: float = Field(0.05, gt=0, lt=1, description="the level of tests; intervals cover 1 - alpha")
    adjust: Adjustment = Field(
        "holm",
        description="how p-values are adjusted within a family (single_step, step_down: of one model)",
    )
    hypotheses: Annotated[dict[str, Hypothesis], Named] = Field(description="the claims")
    models: Annotated[dict[str, ModelSpec], Named] = Field(description="the regressions")
    estimands: tuple[Estimand, ...] = Field(description="what is estimated")
    exclusions: tuple[Exclusion, ...] = Field((), description="which responses are left out, in order")

    @classmethod
    def inconsistencies(cls, data: Mapping[str, Any], context: Any) -> Iterator[Finding]:
        known = {
            key: list(value) if isinstance(value := data.get(key), dict) else [] for key in ("hypotheses", "models")
        }
        used = set()
        for place, each in enumerate(data.get("estimands") or ()):
            for key, section in (("hypothesis", "hypotheses"), ("model", "models")):
                name = each.get(key) if isinstance(each, dict) else None
                used.add(name if isinstance(name, str) else "")
                if isinstance(name, str) and name not in known[section]:
                    yield ("estimands", place, key), f"unknown {key} `{name}`.", near_miss(name, known[section])
        for name in known["hypotheses"]:
            if name not in used:
                yield (
                    ("hypotheses", name),
                    "no estimand bears on this hypothesis.",
                    "Add one, or remove the hypothesis.",
                )
        if isinstance(context, About):
            yield from _exclusion_findings(data, context.design)


@dataclass(frozen=True)
class About:
    """What a reader tells the plan: the design that it is about."""

    design: Design


def _estimator_findings(data: Mapping[str, Any]) -> Iterator[Finding]:
    asked = [each for each in get_args(Estimator) if data.get(each)]
    if asked and data.get("model", "ols") != "ols":
        yield (asked[0],), f"the model `{data['model']}` has no `{asked[0]}`.", "Write `model: ols`, or remove it."
    if len(asked) > 1:
        yield (asked[1],), f"`{asked[0]}` and `{asked[1]}` are not fitted together.", "Keep one of them."
    instruments, formula = data.get("instruments"), data.get("formula")
    if not isinstance(instruments, dict) or not isinstance(formula, str):
        return
    errors = str(data.get("errors", "HC2"))
    if instruments and errors not in WITH_INSTRUMENTS:
        listed = ", ".join(f"`{each}`" for each in WITH_INSTRUMENTS)
        yield (), f"the errors `{errors}` are not defined with instruments.", f"Write one of {listed}."
    used = _names_in_terms(formula.partition("~")[2])
    for name, given in instruments.items():
        if name not in used:
            what = f"`{name}` is not in the formula, so it needs no instrument."
            yield ("instruments", name), what, "Name what was read in the formula, and what was assigned here."
        if given in used:
            what = f"the instrument `{given}` is a term of the model too."
            yield ("instruments", name), what, "Leave it out of the formula."


def _instrument_findings(data: Mapping[str, Any], design: Design) -> Iterator[Finding]:
    known = [*design.answered, *design.covariates]
    instruments = given if isinstance(given := data.get("instruments"), dict) else {}
    for name, each in instruments.items():
        if each not in known:
            yield ("instruments", str(name)), f"unknown variable `{each}`.", near_miss(str(each), known)
    for name in _names_in_terms(str(data.get("formula", "")).partition("~")[2]):
        if name in design.answered and name not in (*design.factors, *instruments):
            what = f"`{name}` is answered after the vignette, so that its effect needs an instrument."
            yield ("formula",), what, f"Add `instruments: {{{name}: {name.removeprefix('recall_')}}}`."


def _names_in_terms(right: str) -> list[str]:
    """The variables that the right side of a formula names."""
    return list(dict.fromkeys(re.findall(r"(?<![\w.])[A-Za-z_]\w*(?!\w*\()", right)))


def _formula_findings(formula: str, design: Design | None) -> Iterator[Finding]:
    left, tilde, right = formula.partition("~")
    if not tilde or not left.strip() or not right.strip():
        yield ("formula",), f"`{formula}` is not a formula.", "Write `outcome ~ term + term`."
        return
    if design is None:
        return
    outcomes = analysable(design)
    if left.strip() not in outcomes:
        outcome = left.strip()
        yield ("formula",), f"unknown outcome `{outcome}`.", near_miss(outcome, outcomes)
    known = [*design.answered, *design.covariates, *design.scores, *([SAMPLE] if design.samples else [])]
    for name in _names_in_terms(right):
        if name not in known:
            yield ("formula",), f"unknown variable `{name}`.", near_miss(name, known)


def _adjust_findings(adjust: Any, design: Design) -> Iterator[Finding]:
    known = [*design.covariates, *design.scores, *([SAMPLE] if design.samples else [])]
    for place, name in enumerate(adjust if isinstance(adjust, list) else ()):
        if name not in known:
            yield ("adjust", place), f"unknown covariate `{name}`.", near_miss(str(name), known)


def _level_findings(data: Mapping[str, Any], design: Design) -> Iterator[Finding]:
    for key in ("factor", "within"):
        name = data.get(key)
        if isinstance(name, str) and name not in (design.answered if key == "factor" else design.factors):
            yield (key,), f"unknown factor `{name}`.", near_miss(name, design.factors)
    factor = data.get("factor")
    if not isinstance(factor, str) or factor not in design.answered:
        return
    levels = design.answered[factor].level_names
    listed = data.get("levels")
    for place, level in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(level, str) and level not in levels:
            yield ("levels", place), f"`{factor}` has no level `{level}`.", near_miss(level, levels)
    versus = data.get("versus")
    if isinstance(versus, str) and versus not in levels:
        yield ("versus",), f"`{factor}` has no level `{versus}`.", near_miss(versus, levels)


def measured_after(design: Design) -> frozenset[str]:
    """What the study measures after a vignette was read: outcomes and recall checks."""
    return frozenset({*design.outcomes, *design.measures, *design.answered} - {*design.factors})


def _exclusion_findings(data: Mapping[str, Any], design: Design) -> Iterator[Finding]:
    listed = data.get("exclusions")
    for place, each in enumerate(listed if isinstance(listed, list) else ()):
        rule = each.get("rule") if isinstance(each, dict) else None
        where = ("exclusions", place)
        if rule == "attention" and design.attention is None and not design.checks:
            yield where, "the study declares no attention check.", "Add `attention:` to study.yaml, or remove the rule."
        if rule == "no_consent" and design.consent is None:
            yield where, "the study declares no consent.", "Add `consent:` to study.yaml, or remove the rule."
        asked = [name for name, factor in design.factors.items() if factor.recall]
        if rule == "recall" and each.get("factor") not in asked:
            factor = str(each.get("factor"))
            yield (*where, "factor"), f"the study has no recall check of `{factor}`.", near_miss(factor, asked)


def plan_of(tree: Tree, design: Design | None) -> Plan:
    """The plan that a tree declares, checked against the design. Raises `StudyError` with every problem."""
    return parse(tree, Plan, context=None if design is None else About(design))


def read_plan(path: Path, *, design: Design | None, shown: str = "") -> Plan:
    """Read `plan.yaml`. Raises `StudyError` with every problem of the file."""
    return plan_of(read_tree(path, shown=shown), design)

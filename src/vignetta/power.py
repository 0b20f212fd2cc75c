"""Precision before fielding: standard errors, detectable effects and power of a plan, in closed form."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from numbers import Integral
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import optimize, stats

from vignetta.analysis.estimating import comparison_rows
from vignetta.analysis.models.fits import Fit
from vignetta.analysis.models.fitting import fit
from vignetta.analysis.models.samples import read_formula, variables
from vignetta.analysis.options import raise_all
from vignetta.analysis.tabulating import tabulate
from vignetta.design.assigning.vignettes import vignettes
from vignetta.design.declaration import Design
from vignetta.errors import Problem, StudyError, near_miss
from vignetta.frames import ESTIMATES, PRECISION, frame
from vignetta.plan import Estimand, ModelSpec, Plan

Floats = npt.NDArray[np.float64]
Made = TypeVar("Made")

COMPARED = ("contrast", "conditional_effect", "difference")
"""The estimands that compare levels: one effect each, so that a smallest detectable one exists."""
SHARES = (0.25, 0.5, 0.75, 1.5, 2.0, 3.0)
"""Of the planned number of respondents: what a table over n shows beside it."""
ROOT = 1e-12
"""How near, relatively, a detectable effect is solved."""


@dataclass(frozen=True)
class Assumed:
    """What is assumed of the responses; `precision` says what each means.

    Attributes
    ----------
    alike : for each response, how many others of the respondent share which factors' levels with it.
    """

    sd: float
    power: float
    icc: float
    responses: int
    alike: tuple[tuple[int, tuple[str, ...]], ...]
    r2: float
    effect: float | None

    @property
    def variance(self) -> float:
        """The residual variance of a mean of independent responses, times the number of respondents."""
        return self.sd**2 * (1 - self.r2) / self.responses


def precision(
    design: Design,
    plan: Plan,
    *,
    n: int | None = None,
    sd: float = 1.0,
    power: float = 0.8,
    icc: float = 0.0,
    responses: int | None = None,
    shared: Collection[str] | None = None,
    r2: float = 0.0,
    effect: float | None = None,
) -> pd.DataFrame:
    """How precise the comparisons of a plan will be.

    The variance of a comparison c'b is sd^2 (1 - r2) / (n m) times c'A^-1 (A + (m - 1) icc S) A^-1 c. A is E xx': x is
    a row of the model's matrix without covariates, its expectation over the vignettes as they are assigned. S is
    E x_j x_k' of two responses of one respondent: E[E(x | shared) E(x | shared)'], since what is not shared is drawn
    independently for each. c averages as the estimates do. For shared factors this is the design effect
    1 + (m - 1) icc of clusters (Kish 1965); main effects of factors drawn anew lose nothing to the correlation. Tests
    are two-sided t tests; power is that of the noncentral t distribution.

    Parameters
    ----------
    n : respondents who are analysed; the design's sample size when left out.
    sd : of the outcome among people who respond to the same vignette. With 1, effects are in standard deviations.
    power : of the smallest detectable effect.
    icc : correlation of what the model leaves unexplained in two responses of one respondent (or, more widely, of one
        cluster).
    responses : m, of each respondent; those of the design when left out.
    shared : the factors whose level is the same in all responses of a respondent; those that the design declares so
        when left out.
    r2 : the share of sd^2 that the model's covariates explain.
    effect : of which `power` and `power_adjusted` are wanted; these are missing when left out.

    Returns
    -------
    A frame with the columns of `frames.PRECISION`, one row per contrast, conditional effect and difference of the plan.
    `df` is n m - k, k counting covariates too, or n - 1 for a model with clusters. `alpha_adjusted` is alpha divided
    by the number of tests of the family (Bonferroni): exact for `bonferroni`, and for `holm` and
    `benjamini_hochberg` the level of the first step, so that these find no less. What the design cannot show has no
    standard error.

    Raises
    ------
    StudyError
        With every problem: numbers out of range, too few responses for a model, covariates that explain something in a
        model without any, correlated responses under errors that ignore it, a model that the design cannot estimate.

    Examples
    --------
    >>> round(detectable_effect(df=198, alpha=0.05, power=0.8) * (2 / 100) ** 0.5, 4)  # 100 in each of two groups
    0.3981
    """
    ns = [design.sample_size if n is None else n]
    return _table(design, plan, ns, _assumed(design, sd, power, icc, responses, shared, r2, effect))


def precision_over(
    design: Design,
    plan: Plan,
    *,
    ns: Sequence[int],
    sd: float = 1.0,
    power: float = 0.8,
    icc: float = 0.0,
    responses: int | None = None,
    shared: Collection[str] | None = None,
    r2: float = 0.0,
    effect: float | None = None,
) -> pd.DataFrame:
    """`precision` for several numbers of respondents, one below the other."""
    return _table(design, plan, ns, _assumed(design, sd, power, icc, responses, shared, r2, effect))


def power_of(effect: float, *, df: float, alpha: float) -> float:
    """The power of a two-sided t test against an effect of so many standard errors.

    Both ways to reject count, also that with the wrong sign.

    Examples
    --------
    >>> round(power_of(2.8, df=1000, alpha=0.05), 3)
    0.799
    """
    critical = stats.t.isf(alpha / 2, df)
    return float(stats.nct.sf(critical, df, abs(effect)) + stats.nct.sf(critical, df, -abs(effect)))


@lru_cache(maxsize=1024)
def detectable_effect(*, df: float, alpha: float, power: float) -> float:
    """The smallest effect, in standard errors, that a two-sided t test at `alpha` finds with `power`.

    Parameters
    ----------
    df : degrees of freedom, finite.
    power : above alpha, below 1.
    """
    # Half of the risk to miss goes to the estimate, half to its standard error: an effect that is never too small.
    miss = (1 - power) / 2
    widest = stats.t.isf(alpha / 2, df) * np.sqrt(stats.chi2.isf(miss, df) / df) + stats.norm.isf(miss)
    return float(optimize.brentq(lambda d: power_of(d, df=df, alpha=alpha) - power, 0, widest, rtol=ROOT))


def sizes_around(design: Design, plan: Plan, *, n: int | None = None, responses: int | None = None) -> list[int]:
    """Numbers of respondents from a quarter to three times `n`, which every compared model can be estimated with.

    `n` and `responses` are those of the design when left out.
    """
    planned = design.sample_size if n is None else n
    each = design.responses if responses is None else responses
    least = max(
        (_coefficients(spec, design) // max(each, 1) + 2 for spec in _compared_models(plan).values()), default=2
    )
    return sorted({max(round(planned * share), least) for share in SHARES} | {planned})


# ------------------------------------------------------------------------------------------------------ the table


def _table(design: Design, plan: Plan, ns: Sequence[int], assumed: Assumed) -> pd.DataFrame:
    raise_all([*_range_problems(ns, assumed, plan.alpha), *_shared_problems(assumed, design)])
    asked = {f"estimands[{place}]": each for place, each in enumerate(plan.estimands) if each.estimand in COMPARED}
    specs = _compared_models(plan)
    fits = _every({f"models.{name}": partial(_unit_fit, design, spec, assumed) for name, spec in specs.items()})
    sizes = {name: _coefficients(spec, design) for name, spec in specs.items()}
    raise_all([each for spec in specs.values() for each in _model_problems(spec, sizes, ns, assumed, design)])
    found = _every(
        {
            where: partial(_comparisons, fits[f"models.{each.model}"], each, plan, design)
            for where, each in asked.items()
        }
    )
    shapes = pd.concat([frame([], ESTIMATES), *found.values()], ignore_index=True)
    shapes["tests"] = _tests(shapes, plan)
    return frame([row for n in ns for row in _rows(shapes, n, sizes, plan, assumed)], PRECISION)


def _compared_models(plan: Plan) -> dict[str, ModelSpec]:
    return {each.model: plan.models[each.model] for each in plan.estimands if each.estimand in COMPARED}


def _every(makers: Mapping[str, Callable[[], Made]]) -> dict[str, Made]:
    """What each makes; or all their problems, with where they arose."""
    problems: list[Problem] = []
    made = {}
    for where, make in makers.items():
        try:
            made[where] = make()
        except StudyError as error:
            problems += [Problem(f"{where} {each.where}", each.what, each.remedy) for each in error.problems]
    raise_all(problems)
    return made


def _rows(
    shapes: pd.DataFrame, n: int, sizes: dict[str, int], plan: Plan, assumed: Assumed
) -> Iterator[dict[str, Any]]:
    given = {"n": n, "responses": assumed.responses, "sd": assumed.sd, "icc": assumed.icc, "r2": assumed.r2}
    kept = [name for name in PRECISION if name in shapes]
    for shape in shapes[kept].to_dict("records"):
        spec = plan.models[shape["model"]]
        std_error = shape["std_error"] * np.sqrt(assumed.variance / n)
        df = float(n - 1 if spec.cluster else n * assumed.responses - sizes[spec.name])
        adjusted = plan.alpha if plan.adjust == "none" else plan.alpha / max(shape["tests"], 1)
        row: dict[str, Any] = {str(name): value for name, value in shape.items()} | given
        row |= {"std_error": std_error, "df": df, "alpha": plan.alpha, "alpha_adjusted": adjusted}
        row |= _found(std_error, df, plan.alpha, assumed) | _found(std_error, df, adjusted, assumed, "_adjusted")
        yield row


def _found(std_error: float, df: float, alpha: float, assumed: Assumed, suffix: str = "") -> dict[str, float]:
    """The detectable effect at a level, and the power against the given one; missing without a standard error."""
    mde = detectable_effect(df=df, alpha=alpha, power=assumed.power) * std_error
    effect = np.nan if assumed.effect is None else assumed.effect
    known = np.isfinite(std_error) and np.isfinite(effect)
    power = power_of(effect / std_error, df=df, alpha=alpha) if known else np.nan
    common = {"target_power": assumed.power, "effect": effect}
    return {**common, f"mde{suffix}": mde, f"power{suffix}": power}


def _tests(shapes: pd.DataFrame, plan: Plan) -> "pd.Series[int]":
    """How many tests are adjusted together: joint tests count, undefined comparisons do not."""
    joint = [
        plan.hypotheses[each.hypothesis].family_name
        for each in plan.estimands
        if each.hypothesis and each.estimand == "joint_test"
    ]
    defined = shapes["std_error"].notna().groupby(shapes["family"]).sum()
    return shapes["family"].map(lambda name: int(defined[name]) + joint.count(name) if name else 1).astype("int64")


# ------------------------------------------------------------------------------------------------ from the design


def _unit_fit(design: Design, spec: ModelSpec, assumed: Assumed) -> Fit:
    """The model's factor part on all vignettes, with the covariance of its coefficients for outcomes of unit variance.

    It is that of one response if responses were independent, (E xx')^-1, and what their correlation adds. Every
    vignette stands there with an outcome of +1 and one of -1: the coefficients are zero.
    """
    if spec.estimator is not None:
        what = f"the precision of a model with `{spec.estimator}` does not follow from the design alone."
        raise StudyError(Problem(spec.estimator, what, "Ask for the power of a plan without it."))
    universe = vignettes(design)[[*design.factors, "probability"]]
    shown = universe[universe["probability"] > 0]
    twice = pd.concat([shown.assign(**{spec.outcome: value}) for value in (1.0, -1.0)], ignore_index=True)
    twice["probability"] /= 2
    fitted = fit(twice, _without_covariates(spec, design), errors="classical", weights="probability")
    inverse = fitted.vcov * fitted.df
    X = fitted.design_matrix(fitted.sample.data)
    alike = [others * _product(X, twice, list(shared)) for others, shared in assumed.alike if others]
    added = assumed.icc * inverse @ sum(alike, np.zeros_like(inverse)) @ inverse
    return replace(fitted, name=spec.name, vcov=inverse + added)


def _product(X: Floats, rows: pd.DataFrame, shared: list[str]) -> Floats:
    """E x_j x_k' (k, k) of two responses to the same levels of the shared factors, all others drawn independently."""
    weights = rows["probability"].to_numpy()
    groups = rows.groupby(shared, observed=True).ngroup() if shared else pd.Series(0, rows.index)
    sums = pd.DataFrame(X * weights[:, None]).groupby(groups.to_numpy()).sum().to_numpy()
    probability = np.bincount(groups, weights=weights)
    product: Floats = sums.T @ (sums / probability[:, None])
    return product


def _without_covariates(spec: ModelSpec, design: Design) -> str:
    terms = [
        term
        for term in read_formula(spec.formula).rhs
        if not set(variables([term])) & {*design.covariates, *design.scores}
    ]
    return f"{spec.outcome} ~ 0 + " + " + ".join(str(term) for term in terms)


def _coefficients(spec: ModelSpec, design: Design) -> int:
    """How many coefficients the whole model has, covariates included."""
    rows = vignettes(design)[[*design.factors]]
    rows = rows.assign(**{name: _answers(levels, len(rows)) for name, levels in _answered(design)})
    with np.errstate(all="ignore"):
        return int(
            read_formula(spec.with_adjustment).rhs.get_model_matrix(rows, context={}, na_action="ignore").shape[1]
        )


def _answered(design: Design) -> Iterator[tuple[str, list[str]]]:
    """What is not assigned and can be a term: covariates and scores, with the names of their levels."""
    yield from ((name, [each.name for each in asked.options]) for name, asked in design.covariates.items())
    yield from ((name, [each.name for each in score.levels]) for name, score in design.scores.items())


def _answers(names: list[str], count: int) -> "pd.Categorical | Floats":
    """Made-up answers: the number of a model's columns depends on their type alone."""
    return pd.Categorical(np.resize(names, count), categories=names) if names else np.linspace(1.0, 2.0, count)


def _comparisons(model: Fit, asked: Estimand, plan: Plan, design: Design) -> pd.DataFrame:
    options: dict[str, Any] = {"levels": asked.levels, "average_over": asked.average_over, "design": design}
    table = tabulate(model, comparison_rows(model, asked, within=asked.within, **options))
    family = plan.hypotheses[asked.hypothesis].family_name if asked.hypothesis else ""
    return table[~table["is_reference"]].assign(hypothesis=asked.hypothesis, family=family)


# ---------------------------------------------------------------------------------------------- repeated responses


def _assumed(
    design: Design,
    sd: float,
    power: float,
    icc: float,
    responses: int | None,
    shared: Collection[str] | None,
    r2: float,
    effect: float | None,
) -> Assumed:
    m = design.responses if responses is None else responses
    alike = _declared_alike(design, m) if shared is None else ((m - 1, tuple(shared)),)
    return Assumed(sd, power, icc, m, alike, r2, effect)


def _declared_alike(design: Design, responses: int) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """The other profiles of the task, with the factors that vary between tasks at most; and those of other tasks."""
    varies = {name: factor.varies for name, factor in design.factors.items()}
    in_respondent = tuple(name for name, scope in varies.items() if scope == "respondent")
    in_task = tuple(name for name, scope in varies.items() if scope != "profile")
    profiles = min(design.profiles, responses)
    return (profiles - 1, in_task), (responses - profiles, in_respondent)


# -------------------------------------------------------------------------------------------------------- problems


def _range_problems(ns: Sequence[int], assumed: Assumed, alpha: float) -> Iterator[Problem]:
    for n in ns:
        if not isinstance(n, Integral) or n < 2:
            yield Problem("n", f"{n} is not a number of respondents.", "Write a whole number, at least 2.")
    if not 0 < assumed.sd < np.inf:
        yield Problem(
            "sd", f"{assumed.sd} is not a standard deviation.", "Write a number above 0; 1 for effects in SD."
        )
    if not alpha < assumed.power < 1:
        what = f"{assumed.power} is not between alpha ({alpha:g}) and 1."
        yield Problem("power", what, "Write 0.8 or 0.9, say.")
    for name, value in (("icc", assumed.icc), ("r2", assumed.r2)):
        if not 0 <= value < 1:
            yield Problem(name, f"{value} is not from 0 up to, but below, 1.", "Write 0 when it is not known.")
    if not isinstance(assumed.responses, Integral) or assumed.responses < 1:
        yield Problem("responses", f"{assumed.responses} is not a number of responses.", "Write a whole number from 1.")
    if assumed.effect is not None and not np.isfinite(assumed.effect):
        yield Problem("effect", f"{assumed.effect} is not an effect.", "Write a number, in the units of `sd`.")


def _shared_problems(assumed: Assumed, design: Design) -> Iterator[Problem]:
    for name in dict.fromkeys(name for _, shared in assumed.alike for name in shared):
        if name not in design.factors:
            yield Problem("shared", f"unknown factor `{name}`.", near_miss(name, design.factors))


def _model_problems(
    spec: ModelSpec, sizes: dict[str, int], ns: Sequence[int], assumed: Assumed, design: Design
) -> Iterator[Problem]:
    for n in ns:
        if n * assumed.responses <= sizes[spec.name]:
            count = f"{n * assumed.responses} responses cannot carry the {sizes[spec.name]} coefficients"
            what = f"{count} of models.{spec.name}."
            yield Problem("n", what, "Plan for more respondents, or simplify the formula.")
    if assumed.r2 > 0 and not set(variables(read_formula(spec.with_adjustment).rhs)) & set(design.covariates):
        what = f"models.{spec.name} has no covariate that could explain {assumed.r2:g} of the variance."
        yield Problem("r2", what, "Add covariates to the formula, or write 0.")
    if assumed.icc > 0 and assumed.responses > 1 and spec.cluster is None:
        what = f"the errors of models.{spec.name} ({spec.errors}) ignore that responses of one respondent are alike."
        yield Problem("icc", what, "Add `cluster:` and `errors: CR1S` to the model, or write 0.")

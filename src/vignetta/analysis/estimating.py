"""From a plan and clean data to the estimates frame."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from vignetta.analysis.estimands.joint_tests import joint_test
from vignetta.analysis.estimands.margins import Row, contrast_rows, difference_rows, margins
from vignetta.analysis.estimands.unconditional import unconditional
from vignetta.analysis.inference.multiplicity import JOINT, adjust
from vignetta.analysis.inference.simultaneous import adjust_jointly
from vignetta.analysis.models.fits import Fit
from vignetta.analysis.models.fitting import fit
from vignetta.analysis.options import raise_all, unknown
from vignetta.analysis.tabulating import tabulate
from vignetta.design.consistency import SAMPLE
from vignetta.design.declaration import Design
from vignetta.errors import Problem, StudyError
from vignetta.frames import ESTIMATES, frame
from vignetta.plan import Adjustment, Estimand, ModelSpec, Plan

Floats = npt.NDArray[np.float64]

TESTS = ("contrast", "conditional_effect", "difference", "joint_test")
"""The estimands that test something; a margin is described, not tested."""


def estimate(
    data: pd.DataFrame, plan: Plan, *, design: Design, registered: Callable[[int], bool] | Sequence[bool] = ()
) -> pd.DataFrame:
    """Everything that a plan asks for.

    Parameters
    ----------
    data : the responses that are analysed, one row each.
    plan : its models are fitted once each; intervals cover 1 - alpha.
    design : gives the levels of factors and covariates, their order and reference.
    registered : for the place of each estimand in the plan, whether it was registered: a function, or a flag each.

    Returns
    -------
    The estimates frame, in the order of the plan. `p_adjusted` is adjusted over the tests of a family, registered
    and exploratory ones apart; it is missing for margins, for reference levels and for estimands without a hypothesis.

    Raises
    ------
    StudyError
        With every problem of every model and estimand.
    """
    is_registered = registered if callable(registered) else _lookup(registered, len(plan.estimands))
    prepared = with_declared_levels(data, design)
    models = _fit_all(prepared, plan)
    problems: list[Problem] = []
    made = []
    for place, asked in enumerate(plan.estimands):
        try:
            found = _estimate_one(models[asked.model], asked, design)
        except StudyError as error:
            problems += _inside(f"estimands[{place}]", error)
        else:
            table = found.table.assign(**_claim(asked, plan), registered=_word(is_registered(place)))
            made.append(replace(found, table=table))
    raise_all(problems)
    tables = [each.table for each in made]
    estimates = pd.concat([frame([], ESTIMATES), *tables], ignore_index=True) if tables else frame([], ESTIMATES)
    return _adjusted(estimates, plan, [(each.fit, row) for each in made for row in each.rows])


def with_declared_levels(data: pd.DataFrame, design: Design) -> pd.DataFrame:
    """The data with factors, and covariates of choice, as categories in the order declared.

    Options of a covariate, and answers to a recall check, that nobody chose are left out: nothing about them can be
    estimated, and nothing else depends on them. Raises `StudyError` for a level that the design does not declare.
    """
    factors = {name: factor.level_names for name, factor in design.answered.items()}
    options = {name: [each.name for each in asked.options] for name, asked in design.covariates.items()}
    options |= {name: [each.name for each in score.levels] for name, score in design.scores.items()}
    options |= {SAMPLE: list(design.samples)}
    problems: list[Problem] = []
    columns = {}
    for name, levels in {**options, **factors}.items():
        if name not in data or not levels:
            continue
        values = data[name].astype(object)
        problems += _strange_levels(name, list(values.dropna().unique()), levels)
        known = pd.Index(levels)
        column = pd.Categorical.from_codes(known.get_indexer(pd.Index(values)).tolist(), categories=known)
        columns[name] = column if name in design.factors else column.remove_unused_categories()
    raise_all(problems)
    return data.assign(**columns)


def _strange_levels(name: str, found: list[object], levels: list[str]) -> list[Problem]:
    strange = [str(each) for each in found if each not in levels]
    return [unknown(f"column {name}", "the design has no level", each, levels) for each in strange]


def _fit_all(data: pd.DataFrame, plan: Plan) -> dict[str, Fit]:
    problems: list[Problem] = []
    fitted = {}
    for name in dict.fromkeys(asked.model for asked in plan.estimands):
        try:
            fitted[name] = _fit_one(data, plan.models[name], plan.alpha)
        except StudyError as error:
            problems += _inside(f"models.{name}", error)
    raise_all(problems)
    return fitted


def _fit_one(data: pd.DataFrame, spec: ModelSpec, alpha: float) -> Fit:
    fitted = fit(
        data,
        spec.formula,
        model=spec.model,
        errors=spec.errors,
        cluster=spec.cluster,
        fixed_effects=spec.fixed_effects,
        random_effects=spec.random_effects,
        instruments=spec.instruments,
        weights=spec.weights,
        strata=spec.strata,
        adjust=spec.adjust,
        alpha=alpha,
    )
    return replace(fitted if spec.variance == "fixed" else unconditional(fitted), name=spec.name)


@dataclass(frozen=True, eq=False)
class _Made:
    """The estimates of an estimand; for each row what it was computed from, or None for margins and joint tests."""

    fit: Fit
    table: pd.DataFrame
    rows: Sequence[Row | None]


def _estimate_one(fitted: Fit, asked: Estimand, design: Design) -> _Made:
    if asked.estimand == "joint_test":
        table = joint_test(fitted, f"{asked.factor}:{asked.within}").estimates
        return _Made(fitted, table, [None] * len(table))
    options: dict[str, Any] = {"levels": asked.levels, "within": asked.within, "average_over": asked.average_over}
    options |= {"design": design, "predict": asked.predict}
    if asked.estimand in ("margin", "conditional_margin"):
        table = margins(fitted, asked.factor, **options)
        return _Made(fitted, table, [None] * len(table))
    rows = comparison_rows(fitted, asked, **options)
    return _Made(fitted, tabulate(fitted, rows), rows)


def comparison_rows(fitted: Fit, asked: Estimand, **options: Any) -> list[Row]:
    """The contrasts, conditional effects or differences of an estimand, as combinations of the coefficients."""
    if asked.estimand == "difference":
        return difference_rows(fitted, asked.factor, versus=asked.versus, **options)[1]
    return contrast_rows(fitted, asked.factor, versus=asked.versus, comparison=asked.comparison, **options)


def _claim(asked: Estimand, plan: Plan) -> dict[str, str]:
    if not asked.hypothesis:
        return {"hypothesis": "", "family": ""}
    return {"hypothesis": asked.hypothesis, "family": plan.hypotheses[asked.hypothesis].family_name}


def _adjusted(estimates: pd.DataFrame, plan: Plan, made: Sequence[tuple[Fit, Row | None]]) -> pd.DataFrame:
    tested = estimates["estimand"].isin(TESTS) & ~estimates["is_reference"] & (estimates["family"] != "")
    p_adjusted = pd.Series(float("nan"), index=estimates.index)
    problems: list[Problem] = []
    for (family, _), tests in estimates[tested & estimates["p_value"].notna()].groupby(["family", "registered"]):
        behind = [made[place] for place in tests.index]
        found = _joint_problems(str(family), behind, plan.adjust)
        problems += found
        if not found:
            p_adjusted[tests.index] = _family(tests, behind, plan.adjust)
    raise_all(problems)
    return estimates.assign(p_adjusted=p_adjusted)


def _family(tests: pd.DataFrame, made: Sequence[tuple[Fit, Row | None]], method: Adjustment) -> Floats:
    if method not in JOINT:
        return adjust(tests["p_value"].to_numpy(), method)
    rows = [row for _, row in made if row is not None]
    return adjust_jointly(made[0][0], rows, tests["statistic"].to_numpy(), method)


def _joint_problems(family: str, made: Sequence[tuple[Fit, Row | None]], method: Adjustment) -> list[Problem]:
    alone = all(row is not None for _, row in made) and len({id(fit) for fit, _ in made}) == 1
    if method not in JOINT or alone:
        return []
    what = f"`{method}` needs the joint distribution of the tests of family `{family}`: contrasts of one model alone."
    return [Problem("adjust", what, "Write `adjust: holm`, or give other tests families of their own.")]


def _lookup(flags: Sequence[bool], count: int) -> Callable[[int], bool]:
    if flags and len(flags) != count:
        what = f"{len(flags)} flags for {count} estimands."
        raise StudyError(Problem("registered", what, "Give one for each estimand, in the plan's order."))
    return lambda place: bool(flags) and bool(flags[place])


def _word(is_registered: bool) -> str:
    return "registered" if is_registered else "exploratory"


def _inside(where: str, error: StudyError) -> list[Problem]:
    return [Problem(f"{where} {each.where}", each.what, each.remedy) for each in error.problems]

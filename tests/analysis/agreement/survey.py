"""Every number of R's survey package, beside ours: clusters, and clusters in strata."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from tests.analysis.agreement.comparison import FACTORS, Comparison, Reference, compare
from tests.analysis.agreement.likelihoods import covariance_numbers, effect_numbers
from tests.analysis.agreement.linear import by_hand, term
from tests.analysis.models.likelihoods.fits import likelihood
from vignetta.analysis.estimands.conjoint import amce, marginal_means
from vignetta.analysis.estimands.joint_tests import joint_test
from vignetta.analysis.estimands.margins import margins
from vignetta.analysis.intervals import joint_p_value
from vignetta.analysis.models.fits import Fit
from vignetta.analysis.models.fitting import fit
from vignetta.analysis.tabulating import tabulate

ADDITIVE = "approval ~ transgression + regime + capability + treaty + age + female + party + education + response"
STRATA = {"cluster": None, "strat": "region"}
DESIGN: dict[str, Any] = {"errors": "linearised", "cluster": "rid", "weights": "weight"}


def survey(reference: Reference, data: str, weighted: str) -> Iterator[Comparison]:
    """svyglm of both kinds, its Wald tests, svyby's means, AMCEs, svypredmeans."""
    if weighted == "unweighted":
        return
    right = reference.ols[data]["full"]["weighted"]["formula"].split("~")[1]
    frame = reference.responses[data]
    for name, strata in STRATA.items():
        expected, options = reference.numbers["survey"][data][name], {**DESIGN, "strata": strata}
        linear = fit(frame, f"approval ~ {right}", **options)
        logit = likelihood(frame, f"approve ~ {right}", "logit", **options)
        yield compare("svyglm", "linearised", "degrees of freedom", [linear.df, logit.df], [expected["degf"]] * 2)
        yield from _linear(reference, data, linear, expected)
        yield compare("svyglm logit", "", "coefficients", logit.coef, expected["logit"]["coef"])
        yield from _renamed(covariance_numbers("", {"linearised": logit.vcov}, _by_errors(expected["logit"])))
        table = [{**each, "se_linearised": each["se_svy"]} for each in expected["logit"]["effects"]]
        yield from _renamed(effect_numbers(logit, {"linearised": logit.vcov}, table))
        yield from _means(frame, options, expected)
        yield from _predictive_means(fit(frame, ADDITIVE, **options), expected["svypredmeans_additive_model"])


def _by_errors(expected: Any) -> Any:
    return {name: {"linearised": expected[name]} for name in ("se", "vcov")}


def _renamed(found: Iterator[Comparison]) -> Iterator[Comparison]:
    return (compare("svyglm logit", each.errors, each.estimand, each.ours, each.theirs, each.size) for each in found)


def _linear(reference: Reference, data: str, found: Fit, expected: Any) -> Iterator[Comparison]:
    theirs, label = expected["ols"], ("svyglm", "linearised")
    std_error = np.array(theirs["se"])
    df = found.df + 1 - len(found.coef)
    yield compare("svyglm", "", "coefficients", found.coef, theirs["coef"], std_error)
    yield compare(*label, "residual degrees of freedom", df, theirs["df_residual"])
    yield compare(*label, "standard errors", np.sqrt(np.diag(found.vcov)), std_error)
    yield compare(*label, "covariances", found.vcov, theirs["vcov"], np.outer(std_error, std_error))
    rows = by_hand(reference, data, "weighted", True)
    for estimand, part in pd.DataFrame(theirs["effects"]).groupby("estimand", sort=False):
        keys = part[["estimand", "factor", "level", "response"]].fillna("").itertuples(index=False, name=None)
        ours = tabulate(found, [({}, rows[key]) for key in keys])
        yield compare("svyglm", "", str(estimand), ours["estimate"], part["estimate"], part["se_svy"])
        yield compare(*label, str(estimand), ours["std_error"], part["se_svy"])
    for test in expected["regTermTest"]:
        tested = joint_test(found, term(test["test"]))
        p = joint_p_value(tested.statistic, tested.df_num, df)
        theirs = [test["F"], test["df1"], test["ddf"], test["p"]]
        yield compare(*label, "regTermTest", [tested.statistic, tested.df_num, df, p], theirs)


def _means(frame: pd.DataFrame, options: Any, expected: Any) -> Iterator[Comparison]:
    found = fit(frame, f"approval ~ {' + '.join(FACTORS)} + response", **options)
    theirs = expected["amce"]
    yield compare("svyglm", "", "AMCE", found.coef, theirs["coef"], theirs["se"])
    yield compare("svyglm", "linearised", "AMCE", np.sqrt(np.diag(found.vcov)), theirs["se"])
    rows = pd.DataFrame(expected["marginal_means"])
    means = marginal_means(frame, outcome="approval", factors=[*FACTORS, "response"], **options)
    yield compare("svyby", "", "marginal mean", means["estimate"], rows["estimate"])
    yield compare("svyby", "linearised", "marginal mean", means["std_error"], rows["se"])
    effects = amce(frame, outcome="approval", factors=[*FACTORS, "response"], **options).query("not is_reference")
    yield compare("svyglm", "", "AMCE (function)", effects["estimate"], theirs["coef"][1:], theirs["se"][1:])
    yield compare("svyglm", "linearised", "AMCE (function)", effects["std_error"], theirs["se"][1:])
    weights = found.sample.weights
    ours = weights.sum() ** 2 / (weights**2).sum()
    yield compare("svydesign", "", "effective sample size", ours, expected["deff_weights"]["kish_neff"])


def _predictive_means(found: Fit, expected: Any) -> Iterator[Comparison]:
    """svypredmeans adds the variance of the coefficients and that of the predictions, and leaves their covariance out.

    `unconditional` counts it; here the two are added by hand.
    """
    ours = margins(found, "response").set_index("level").loc[expected["level"]]
    yield compare("svypredmeans", "", "margin", ours["estimate"], expected["estimate"])
    frame = found.sample.data.drop(columns="approval")
    both = []
    for level, fixed in ours["std_error"].items():
        set_to = pd.Categorical([level] * len(frame), categories=frame["response"].cat.categories)
        predicted = found.design_matrix(frame.assign(response=set_to)) @ found.coef
        both.append(np.hypot(fixed, _error_of_mean(predicted, found)))
    yield compare("svypredmeans", "linearised", "margin", both, expected["se"])


def _error_of_mean(values: Any, found: Fit) -> float:
    """The design-based standard error of a weighted mean, stratum by stratum."""
    w, sample = found.sample.weights, found.sample
    share = w * (values - np.average(values, weights=w)) / w.sum()
    strata = np.zeros(len(w)) if sample.strata is None else sample.strata
    totals = pd.Series(share).groupby([strata, sample.clusters]).sum()
    return float(np.sqrt(sum(len(each) * each.var(ddof=1) for _, each in totals.groupby(level=0))))

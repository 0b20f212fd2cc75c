"""Every number of R's that concerns a linear model, beside ours."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tests.analysis.agreement.comparison import (
    CLUSTERED,
    FACTORS,
    RESPONSES,
    WEIGHTS,
    Comparison,
    Reference,
    compare,
)
from vignetta.analysis.estimands.conjoint import amce, marginal_means
from vignetta.analysis.estimands.joint_tests import joint_test
from vignetta.analysis.estimands.margins import contrasts, differences, margins
from vignetta.analysis.estimands.unconditional import unconditional
from vignetta.analysis.intervals import infer, joint_p_value
from vignetta.analysis.models.fits import Fit
from vignetta.analysis.models.fitting import fit
from vignetta.analysis.tabulating import tabulate

Floats = npt.NDArray[np.float64]


# ------------------------------------------------------------------------------------------------------ coefficients


def coefficients(reference: Reference, data: str, weighted: str) -> Iterator[Comparison]:
    """Coefficients, standard errors, covariances, degrees of freedom, residual deviation."""
    for model, each in reference.ols[data].items():
        expected = each[weighted]
        for errors, vcov in expected["vcov"].items():
            found = reference.fitted(data, model, weighted, errors, "normal")
            std_error = np.array(expected["se"][errors])
            yield from _fit_numbers(found, model, errors, expected)
            yield compare(model, errors, "coefficient", found.coef, expected["coef"], std_error)
            yield compare(model, errors, "standard error", np.sqrt(np.diag(found.vcov)), std_error)
            yield compare(model, errors, "covariance", found.vcov, vcov, np.outer(std_error, std_error))
        for errors, test in expected.get("satterthwaite", {}).items():
            found = reference.fitted(data, model, weighted, errors, "satterthwaite")
            yield from _satterthwaite(found, model, errors, test)


def _fit_numbers(found: Fit, model: str, errors: str, expected: Any) -> Iterator[Comparison]:
    yield compare(model, errors, "rows", found.n, expected["nobs"])
    if errors in CLUSTERED:
        yield compare(model, errors, "clusters", found.n_clusters, expected["cluster"]["G"])
    if errors == "classical":
        assert found.solution is not None
        yield from _fit_statistics(found, model, expected)
        variance = found.vcov[0, 0] / (found.solution.inverse @ found.solution.inverse.T)[0, 0]
        yield compare(model, errors, "residual standard deviation", np.sqrt(variance), expected["sigma"])


def _fit_statistics(found: Fit, model: str, expected: Any) -> Iterator[Comparison]:
    """R's R-squared, residual degrees of freedom and first leverages."""
    assert found.solution is not None
    w, e = found.solution.weights, found.solution.residuals
    y = found.sample.data[found.outcome].to_numpy()
    unexplained = w @ e**2 / (w @ (y - np.average(y, weights=w)) ** 2)
    df = found.n - len(found.coef)
    ours = [1 - unexplained, 1 - unexplained * (found.n - 1) / df]
    yield compare(model, "", "R-squared, plain and adjusted", ours, [expected["r_squared"], expected["adj_r_squared"]])
    yield compare(model, "", "residual degrees of freedom", df, expected["df_residual"])
    yield compare(model, "", "first leverages", found.solution.leverage[:5], expected["leverage_first5"])


def _satterthwaite(found: Fit, model: str, errors: str, test: Any) -> Iterator[Comparison]:
    each = np.eye(len(found.coef))
    df, std_error = found.degrees_of_freedom(each), found.std_errors(each)
    ours = infer(found.coef, std_error, df=df)
    yield compare(model, errors, "df of Satterthwaite", df, test["df"])
    yield compare(model, errors, "t", ours.statistic, test["t"], 1.0)
    yield compare(model, errors, "p of t", ours.p_value, test["p"], 1e-3)


# ----------------------------------------------------------------------------------------------------------- effects


def effects(reference: Reference, data: str, weighted: str) -> Iterator[Comparison]:
    """Margins, contrasts, conditional ones and their differences with every covariance."""
    expected = reference.ols[data]["full"][weighted]
    tables = {"": expected["effects"], ", unweighted average": expected.get("effects_unweighted_average", [])}
    combinations = {name: by_hand(reference, data, weighted, name == "") for name in tables}
    for errors in expected["vcov"]:
        found = reference.fitted(data, "full", weighted, errors, "normal")
        for name, rows in tables.items():
            table = pd.DataFrame(rows)
            for estimand, part in table.groupby("estimand", sort=False) if len(table) else ():
                keys = part[["estimand", "factor", "level", "response"]].fillna("").itertuples(index=False, name=None)
                ours = tabulate(found, [({}, combinations[name][key]) for key in keys])
                yield from estimates(f"full{name}", errors, str(estimand), ours, part, f"se_{errors}")


def estimates(
    model: str, errors: str, estimand: str, ours: pd.DataFrame, theirs: pd.DataFrame, std_error: str
) -> Iterator[Comparison]:
    yield compare(model, errors, estimand, ours["estimate"], theirs["estimate"], theirs[std_error])
    yield compare(model, errors, f"{estimand}, standard error", ours["std_error"], theirs[std_error])


def by_hand(reference: Reference, data: str, weighted: str, is_weighted: bool) -> dict[tuple[str, ...], Floats]:
    """By hand, from rows of the model matrix, for every estimand of the reference."""
    found = reference.fitted(data, "full", weighted, "HC0", "normal")
    frame = found.sample.data
    weights = found.sample.weights if is_weighted else np.ones(len(frame))

    def mean(levels: dict[str, str], inside: Any = slice(None)) -> Floats:
        codes = {k: pd.Categorical([v] * len(frame), categories=frame[k].cat.categories) for k, v in levels.items()}
        rows, w = found.design_matrix(frame.assign(**codes))[inside], weights[inside]
        return np.asarray(w @ rows / w.sum())

    rows = {("margin", "", "", each): mean({"response": each}) for each in RESPONSES}
    for factor in FACTORS:
        for level, each in product(frame[factor].cat.categories, RESPONSES):
            inside = (frame[factor] == level).to_numpy()
            rows["cond_margin_subset", factor, level, each] = mean({"response": each}, inside)
            rows["cond_margin_counterfactual", factor, level, each] = mean({"response": each, factor: level})
    for (kind, factor, level, each), row in list(rows.items()):
        rows[kind.replace("margin", "contrast"), factor, level, each] = row - rows[kind, factor, level, RESPONSES[0]]
    for (kind, factor, level, each), row in list(rows.items()):
        if kind == "cond_contrast_counterfactual":
            base = rows[kind, factor, frame[factor].cat.categories[0], each]
            rows["diff_in_contrast_counterfactual", factor, level, each] = row - base
    return rows


def public_effects(reference: Reference, data: str, weighted: str) -> Iterator[Comparison]:
    """The same through the functions that people call."""
    expected = reference.ols[data]["full"][weighted]
    table = pd.DataFrame(expected["effects"]).fillna("").set_index(["estimand", "factor", "level", "response"])
    for errors in expected["vcov"]:
        found = reference.fitted(data, "full", weighted, errors, "normal")
        calls = {"margin": margins(found, "response"), "contrast": contrasts(found, "response")}
        for factor in FACTORS:
            calls |= {
                f"cond_margin_counterfactual {factor}": margins(found, "response", within=factor),
                f"cond_contrast_counterfactual {factor}": contrasts(found, "response", within=factor),
                f"diff_in_contrast_counterfactual {factor}": differences(found, "response", within=factor),
            }
        for name, shown in calls.items():
            kind, factor = (*name.split(), "")[:2]
            ours = shown[~shown["is_reference"]]
            levels = ours["within_level"].str.split(" vs ").str[0]
            keys = [(kind, factor, level, each) for level, each in zip(levels, ours["level"], strict=True)]
            yield from estimates("full", errors, f"{kind} (function)", ours, table.loc[keys], f"se_{errors}")


def small_sample_effects(reference: Reference, data: str, weighted: str) -> Iterator[Comparison]:
    """Margins and contrasts with CR2: degrees of freedom and intervals of Satterthwaite."""
    expected = pd.DataFrame(reference.ols[data]["full"][weighted].get("effects_CR2_satterthwaite", []))
    if not len(expected):
        return
    found = reference.fitted(data, "full", weighted, "CR2", "t")
    shown = pd.concat([margins(found, "response"), contrasts(found, "response").query("not is_reference")])
    names = {"estimate": "estimate", "se": "std_error", "df": "df", "lower": "conf_low", "upper": "conf_high"}
    for theirs, ours in names.items():
        yield compare("full", "CR2", f"effects, {ours}", shown[ours], expected[theirs], expected["se"])


# ------------------------------------------------------------------------------------------------------------- tests


def joint_tests(reference: Reference, data: str, weighted: str) -> Iterator[Comparison]:
    """Wald tests as chi-square and F, and the approximate Hotelling test with CR2."""
    expected = reference.ols[data]["full"][weighted]
    for test in expected["wald"]:
        found = reference.fitted(data, "full", weighted, test["vcov"], "normal")
        ours = joint_test(found, term(test["test"]))
        label = ("full", test["vcov"], "Wald test")
        yield compare(*label, [ours.statistic, ours.df_num], [test["F"], test["df1"]])
        yield compare(*label, ours.statistic * ours.df_num, test["chi2"])
        yield compare(*label, ours.p_value, test["p_chi2"], 1e-3)
        yield compare(*label, joint_p_value(ours.statistic, ours.df_num, test["df2"]), test["p_F"], 1e-3)
    for name, test in expected.get("wald_clubSandwich_CR2_HTZ", {}).items():
        ours = joint_test(reference.fitted(data, "full", weighted, "CR2", "t"), term(name))
        theirs = [test[f"HTZ_{each}"] for each in ("F", "df_num", "df_denom", "p")]
        yield compare("full", "CR2", "HTZ test", [ours.statistic, ours.df_num, ours.df_den, ours.p_value], theirs)


def term(name: str) -> str | list[str]:
    return [f"response:{each}" for each in FACTORS] if name == "all_interactions" else name.removesuffix("_main")


def grids(reference: Reference, data: str, weighted: str) -> Iterator[Comparison]:
    """Margins and contrasts over the grids of emmeans."""
    found = reference.fitted(data, "full", weighted, "HC3", "t")
    tables: Any = {"equal": None, "proportional": None}
    for over in tables:
        expected = reference.ols[data]["full"][weighted]["emmeans"][over]
        shown = margins(found, "response", average_over=over)
        columns = {"emmean": "estimate", "se_HC3": "std_error", "df": "df", "lower": "conf_low", "upper": "conf_high"}
        for theirs, ours in columns.items():
            yield compare("full", "HC3", f"emmeans {over}, margin", shown[ours], expected[theirs], expected["se_HC3"])
        shown = contrasts(found, "response", average_over=over).query("not is_reference")
        columns = {"estimate": "estimate", "se_contrast_HC3": "std_error", "t": "statistic", "p": "p_value"}
        for theirs, ours in columns.items():
            yield compare("full", "HC3", f"emmeans {over}, contrast", shown[ours], expected[theirs], 1e-3)


def sampled(reference: Reference, data: str, weighted: str) -> Iterator[Comparison]:
    """Margins and contrasts whose covariates count as sampled, unweighted."""
    expected = reference.ols[data]["full"][weighted]
    if "unconditional_hand" not in expected:
        return
    for errors in ("HC0", "CR0") if data == "n9012" else ("HC0",):
        found = unconditional(reference.fitted(data, "full", weighted, errors, "normal"))
        shown = {"margin": margins(found, "response"), "contrast": contrasts(found, "response")}
        for name, table in shown.items():
            ours, label = table.query("not is_reference"), ("full", errors, f"unconditional {name}")
            theirs = expected["unconditional_hand"][f"se_{name}_{errors}"]
            yield compare(*label, ours["std_error"], theirs)
            same = expected["unconditional_HC0" if errors == "HC0" else "unconditional_CL"][name]
            yield compare(*label, ours["estimate"], same, theirs)


# ----------------------------------------------------------------------------------------------------------- conjoint

_CREGG = {
    "estimate": "estimate",
    "std.error": "std_error",
    "z": "statistic",
    "p": "p_value",
    "lower": "conf_low",
    "upper": "conf_high",
}


def conjoint(reference: Reference, data: str, weighted: str) -> Iterator[Comparison]:
    """AMCEs and marginal means of cregg, overall and by regime, and with every clustered error."""
    expected, frame = reference.amce[data][weighted], reference.responses[data]
    options = {"outcome": "approval", "cluster": "rid", "weights": WEIGHTS[weighted], "distribution": "normal"}
    factors = [*FACTORS, "response"]
    for function, kind in ((amce, "amce"), (marginal_means, "mm")):
        ours = function(frame, factors=factors, **options)
        yield from _cregg(f"cregg {kind}", ours, expected[f"cregg_{kind}"])
        parts = [
            function(frame[frame["regime"] == each], factors=[f for f in factors if f != "regime"], **options)
            for each in ("democracy", "autocracy")
        ]
        yield from _cregg(f"cregg {kind} by regime", pd.concat(parts), expected[f"cregg_{kind}_by_regime"])
    yield from _mean_differences(reference, data, weighted)
    yield from _means(reference, data, weighted, options)
    lm = pd.DataFrame(expected["amce_lm"])
    for errors in ("CR1", "CR2"):
        found = reference.fitted(data, "amce", weighted, errors, "normal")
        yield compare("amce", errors, "AMCE", found.coef, lm["estimate"], lm[f"se_{errors}"])
        yield compare("amce", errors, "AMCE, standard error", np.sqrt(np.diag(found.vcov)), lm[f"se_{errors}"])


def _cregg(model: str, ours: pd.DataFrame, rows: list[dict[str, Any]]) -> Iterator[Comparison]:
    theirs = pd.DataFrame(rows)
    assert ours["level"].tolist() == theirs["level"].tolist()
    shown = ~ours["is_reference"].to_numpy()
    for name in (each for each in _CREGG if each in theirs):
        size = theirs["std.error"][shown] if name in ("estimate", "lower", "upper") else 1e-3
        yield compare(model, "CR1", name, ours[_CREGG[name]][shown], theirs[name][shown], size)


def _means(reference: Reference, data: str, weighted: str, options: dict[str, Any]) -> Iterator[Comparison]:
    theirs = pd.DataFrame(reference.amce[data][weighted]["mm_by_lm"])
    for errors in ("CR0", "CR1", "CR1S", "CR2", "CR3", "HC0", "HC2", "HC3"):
        chosen = {**options, "errors": errors, "cluster": "rid" if errors in CLUSTERED else None, "distribution": "t"}
        ours = marginal_means(reference.responses[data], factors=[*FACTORS, "response"], **chosen)
        yield from estimates("mean", errors, "marginal mean", ours, theirs, f"se_{errors}")
        if errors == "CR2":
            yield compare("mean", errors, "marginal mean, df", ours["df"], theirs["df_CR2"])


def _mean_differences(reference: Reference, data: str, weighted: str) -> Iterator[Comparison]:
    """Marginal means under autocracy less those under democracy.

    cregg takes the two for independent, though respondents who read several vignettes stand in both: its standard error
    is the root of the sum of squares. `contrasts` counts their covariance, and agrees in the estimate alone.
    """
    theirs, frame = pd.DataFrame(reference.amce[data][weighted]["cregg_mm_diff_regime"]), reference.responses[data]
    options: dict[str, Any] = {"cluster": "rid", "weights": WEIGHTS[weighted]}
    for factor, rows in theirs.groupby("feature", sort=False):
        found = fit(frame, f"approval ~ {factor} * regime", errors="CR1", **options)
        ours = contrasts(found, "regime", within=str(factor)).query("not is_reference")
        apart = [
            marginal_means(part, outcome="approval", factors=[str(factor)], **options)["std_error"].to_numpy()
            for _, part in frame.groupby("regime", observed=True)
        ]
        both = ours.assign(std_error=np.hypot(*apart))
        yield from estimates("cregg mm difference by regime", "CR1", "difference", both, rows, "std.error")


OLS = (coefficients, effects, public_effects, small_sample_effects, joint_tests, grids, sampled)

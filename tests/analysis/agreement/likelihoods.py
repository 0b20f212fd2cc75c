"""Every number of R's for logit and ordered logit, beside ours."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from tests.analysis.agreement.comparison import RESPONSES, WEIGHTS, Comparison, Reference, compare
from tests.analysis.models.likelihoods.fits import likelihood
from vignetta.analysis.estimands.averaging import grid
from vignetta.analysis.models.likelihood_fitting import LikelihoodFit
from vignetta.analysis.models.likelihoods.counterfactuals import every_row
from vignetta.analysis.models.likelihoods.effects import averages, effects, std_errors
from vignetta.analysis.models.likelihoods.sandwich import likelihood_covariance, satterthwaite

MODELS = {"logit": ("logit", "approve"), "ologit": ("ordered_logit", "approval")}
Row = dict[str, Any]


def logit(reference: Reference, data: str, weighted: str) -> Iterator[Comparison]:
    """All numbers of the logit."""
    yield from _all(reference, "logit", data, weighted)


def ordered_logit(reference: Reference, data: str, weighted: str) -> Iterator[Comparison]:
    """All numbers of the ordered logit."""
    yield from _all(reference, "ologit", data, weighted)


def _all(reference: Reference, kind: str, data: str, weighted: str) -> Iterator[Comparison]:
    expected, frame = reference.numbers[kind][data][weighted], reference.responses[data]
    model, outcome = MODELS[kind]
    right = expected["formula"].split("~")[1]
    fitted = likelihood(frame, f"{outcome} ~ {right}", model, errors="HC0", weights=WEIGHTS[weighted])
    clusters = pd.factorize(frame["rid"])[0]
    covariances = {
        errors: likelihood_covariance(fitted.maximum, errors, clusters if errors.startswith("CR") else None)
        for errors in expected["vcov"]
    }
    yield compare(model, "", "coefficients", fitted.coef, expected["coef"])
    yield from _fit_statistics(fitted, expected, weighted)
    yield from covariance_numbers(model, covariances, expected)
    yield from effect_numbers(fitted, covariances, expected["effects"])
    yield from _walds(fitted, covariances, expected)
    if "satterthwaite_CR2" in expected:
        yield from _satterthwaite(fitted, covariances["CR2"], expected["satterthwaite_CR2"], clusters)


def _fit_statistics(fitted: LikelihoodFit, expected: Row, weighted: str) -> Iterator[Comparison]:
    """R's logLik of a weighted binomial rounds the weights, so that the deviance alone is compared there."""
    reached = fitted.maximum.log_likelihood
    if "deviance" not in expected or weighted == "unweighted":
        yield compare(fitted.name, "", "log-likelihood", reached, expected["logLik"])
    if "deviance" in expected:
        y, w = fitted.sample.data[fitted.outcome].to_numpy(), fitted.sample.weights
        p = np.average(y, weights=w)
        null = -2 * w.sum() * (p * np.log(p) + (1 - p) * np.log(1 - p))
        yield compare(fitted.name, "", "deviance", -2 * reached, expected["deviance"])
        yield compare(fitted.name, "", "outcome's own deviance", null, expected["null_deviance"])
        ours, theirs = [fitted.n, fitted.df], [expected["nobs"], expected["df_residual"]]
        yield compare(fitted.name, "", "rows and residual degrees of freedom", ours, theirs)


def covariance_numbers(model: str, covariances: dict[str, Any], expected: Row) -> Iterator[Comparison]:
    for errors, found in covariances.items():
        std_error = np.array(expected["se"][errors])
        yield compare(model, errors, "standard errors", np.sqrt(np.diag(found)), std_error)
        yield compare(model, errors, "covariances", found, expected["vcov"][errors], np.outer(std_error, std_error))


def _walds(fitted: LikelihoodFit, covariances: dict[str, Any], expected: Row) -> Iterator[Comparison]:
    names = expected["coef_names"]
    for test in expected.get("wald", []):
        places = [place for place, name in enumerate(names) if _in_block(name, test["test"])]
        b, V = fitted.coef[places], covariances[test["vcov"]][np.ix_(places, places)]
        chi2, q = float(b @ np.linalg.solve(V, b)), len(places)
        F, df = chi2 / q, test["df2"]
        found = [q, chi2, stats.chi2.sf(chi2, q), F, stats.f.sf(F, q, df)]
        wanted = [test[each] for each in ("df1", "chi2", "p_chi2", "F", "p_F")]
        yield compare(fitted.name, test["vcov"], "Wald tests", found, wanted)


def _in_block(name: str, test: str) -> bool:
    if test == "all_interactions":
        return ":" in name
    if test == "response_main":
        return name.startswith("response") and ":" not in name
    return ":" in name and name.split(":")[1].startswith(test.split(":")[1])


def _satterthwaite(fitted: LikelihoodFit, vcov: Any, expected: Row, clusters: Any) -> Iterator[Comparison]:
    df = satterthwaite(fitted.maximum, "CR2", np.eye(len(fitted.coef)), clusters)
    t = fitted.coef / np.sqrt(np.diag(vcov))
    yield compare(fitted.name, "CR2", "Satterthwaite df", df, expected["df"])
    yield compare(
        fitted.name, "CR2", "t and its p-value", [t, 2 * stats.t.sf(np.abs(t), df)], [expected["t"], expected["p"]]
    )


# --------------------------------------------------------------------------------------------------------- effects


def effect_numbers(fitted: LikelihoodFit, covariances: dict[str, Any], expected: list[Row]) -> Iterator[Comparison]:
    table = pd.DataFrame(expected)
    table = table.assign(**{name: None for name in ("category",) if name not in table})
    averaged = Effects(fitted)
    rows = np.array([averaged.row(each) for each in table.to_dict("records")])
    for estimand, part in table.groupby("estimand", sort=False):
        chosen = rows[part.index]
        yield compare(fitted.name, "", str(estimand), chosen[:, -1], part["estimate"])
        for errors, vcov in covariances.items():
            yield compare(fitted.name, errors, str(estimand), std_errors(chosen, vcov), part[f"se_{errors}"])


class Effects:
    """The effect row of each of R's effects."""

    def __init__(self, fitted: LikelihoodFit) -> None:
        self.fitted = fitted
        self.grids: dict[tuple[str, ...], Any] = {}
        self.subsets: dict[tuple[str, str], Any] = {}
        self.written_out: Any = None

    def row(self, asked: Row) -> Any:
        estimand = asked["estimand"]
        if estimand == "diff_in_contrast_counterfactual":
            first = next(iter(self.fitted.levels(asked["factor"])))
            contrast = {**asked, "estimand": "cond_contrast_counterfactual"}
            return self.row(contrast) - self.row({**contrast, "level": first})
        found = self._subset(asked) if "subset" in estimand else self._grid(asked)
        first = found[RESPONSES.index("status_quo")]
        return found[RESPONSES.index(asked["response"])] - (first if "contrast" in estimand else 0)

    def _grid(self, asked: Row) -> Any:
        within = {} if not isinstance(asked["factor"], str) else {asked["factor"]: asked["level"]}
        key = (*within, _outcome(asked))
        if key not in self.grids:
            self.grids[key] = grid(self.fitted, ["response", *within], average_over="sample", outcome=_outcome(asked))
        return [self.grids[key].mean({**within, "response": each}) for each in RESPONSES]

    def _subset(self, asked: Row) -> Any:
        key = (asked["factor"], asked["level"])
        data, weights = self.fitted.sample.data, self.fitted.sample.weights
        if self.written_out is None:
            set_to = [pd.Categorical([each] * len(data), categories=RESPONSES) for each in RESPONSES]
            X = [self.fitted.design_matrix(data.assign(response=each)) for each in set_to]
            self.written_out = np.stack(X)[:, :, self.fitted.kept]
        if key not in self.subsets:
            inside = (data[key[0]] == key[1]).to_numpy()
            share = weights[inside] / weights[inside].sum()
            self.subsets[key] = averages(self.fitted.maximum, every_row(self.written_out[:, inside], share))
        return effects(self.subsets[key], self.fitted.by_outcome(_outcome(asked)))


def _outcome(asked: Row) -> str:
    if asked["estimand"].endswith("5plus"):
        return ">=5"
    return f"{asked['category']:g}" if asked["estimand"].endswith("prob") else "mean"

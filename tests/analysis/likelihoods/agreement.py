"""How far the package is from R's numbers: every comparison, by model, errors and estimand.

    python -m tests.analysis.likelihoods.agreement

prints the table of `docs/estimates.md`. The folder of reference numbers is named by `VIGNETTA_ORACLE`.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from tests.analysis.conftest import read_responses
from tests.analysis.likelihoods.fits import likelihood
from vignetta.analysis.averaging import grid
from vignetta.analysis.likelihood_fitting import LikelihoodFit
from vignetta.analysis.likelihoods.counterfactuals import every_row
from vignetta.analysis.likelihoods.effects import averages, effects, std_errors
from vignetta.analysis.likelihoods.sandwich import likelihood_covariance, satterthwaite

RESPONSES = ("status_quo", "denounce", "economic", "military_aid_cut", "terminate")
OTHERS = ("transgression", "regime", "capability", "treaty")
MODELS = {"logit": ("logit", "approve"), "ologit": ("ordered_logit", "approval")}
Row = dict[str, Any]


@dataclass(frozen=True)
class Comparison:
    """Numbers of one kind beside R's.

    `largest` is the largest relative difference; of covariances, relative to the product of the standard errors.
    """

    model: str
    errors: str
    estimand: str
    count: int
    largest: float


def compare(oracle: Path, kind: str, data: str, weighting: str) -> list[Comparison]:
    """All numbers of one model, data set and weighting."""
    expected = json.loads((oracle / f"oracle_{kind}.json").read_text())[data][weighting]
    frame = read_responses(oracle / f"{data}.csv")
    model, outcome = MODELS[kind]
    right = expected["formula"].split("~")[1]
    weights = "weight" if weighting == "weighted" else None
    fitted = likelihood(frame, f"{outcome} ~ {right}", model, errors="HC0", weights=weights)
    clusters = pd.factorize(frame["rid"])[0]
    covariances = {
        errors: likelihood_covariance(fitted.maximum, errors, clusters if errors.startswith("CR") else None)
        for errors in expected["vcov"]
    }
    found = [
        _compare(model, "", "coefficients", fitted.coef, expected["coef"]),
        _fit_statistics(fitted, expected),
        *_covariances(model, covariances, expected),
        *_effects(fitted, covariances, expected["effects"]),
        *_walds(fitted, covariances, expected),
    ]
    if "satterthwaite_CR2" in expected:
        found += _satterthwaite(fitted, covariances["CR2"], expected["satterthwaite_CR2"], clusters)
    return found


def survey(oracle: Path, data: str) -> list[Comparison]:
    """svyglm's logit with clusters and without strata: CR1, since the scores sum to zero."""
    expected = json.loads((oracle / "oracle_survey.json").read_text())[data]["cluster"]["logit"]
    frame = read_responses(oracle / f"{data}.csv")
    right = json.loads((oracle / "oracle_logit.json").read_text())[data]["weighted"]["formula"].split("~")[1]
    fitted = likelihood(frame, f"approve ~ {right}", "logit", errors="CR1", cluster="rid", weights="weight")
    by_name = {"svy": fitted.vcov}
    return [
        _compare("logit", "", "coefficients", fitted.coef, expected["coef"]),
        *_covariances("logit", by_name, {"vcov": {"svy": expected["vcov"]}, "se": {"svy": expected["se"]}}),
        *_effects(fitted, by_name, expected["effects"]),
    ]


def summary(comparisons: list[Comparison]) -> pd.DataFrame:
    """How many numbers were compared and the largest difference, by model, errors and estimand."""
    rows = pd.DataFrame([vars(each) for each in comparisons])
    by = rows.assign(errors=rows["errors"].replace("svy", "CR1")).groupby(["model", "estimand", "errors"], sort=False)
    return by.agg(count=("count", "sum"), largest=("largest", "max")).reset_index()


def _compare(model: str, errors: str, estimand: str, found: Any, expected: Any, scale: Any = None) -> Comparison:
    found, expected = np.asarray(found, dtype=float), np.asarray(expected, dtype=float)
    assert found.shape == expected.shape and np.isfinite(found).all(), (model, errors, estimand)
    apart = np.abs(found - expected) / (np.abs(expected) if scale is None else scale)
    return Comparison(model, errors, estimand, expected.size, float(apart.max()))


def _fit_statistics(fitted: LikelihoodFit, expected: Row) -> Comparison:
    """R's logLik of a weighted binomial rounds the weights, so the deviance stands in for it."""
    reached = fitted.maximum.log_likelihood
    if "deviance" in expected:
        return _compare(fitted.name, "", "deviance", [-2 * reached], [expected["deviance"]])
    return _compare(fitted.name, "", "log-likelihood", [reached], [expected["logLik"]])


def _covariances(model: str, covariances: dict[str, Any], expected: Row) -> Iterator[Comparison]:
    for errors, found in covariances.items():
        std_error = np.array(expected["se"][errors])
        yield _compare(model, errors, "standard errors", np.sqrt(np.diag(found)), std_error)
        yield _compare(model, errors, "covariances", found, expected["vcov"][errors], np.outer(std_error, std_error))


def _walds(fitted: LikelihoodFit, covariances: dict[str, Any], expected: Row) -> Iterator[Comparison]:
    names = expected["coef_names"]
    for test in expected.get("wald", []):
        places = [place for place, name in enumerate(names) if _in_block(name, test["test"])]
        b, V = fitted.coef[places], covariances[test["vcov"]][np.ix_(places, places)]
        chi2, q = float(b @ np.linalg.solve(V, b)), len(places)
        F, df = chi2 / q, test["df2"]
        found = [q, chi2, stats.chi2.sf(chi2, q), F, stats.f.sf(F, q, df)]
        wanted = [test[each] for each in ("df1", "chi2", "p_chi2", "F", "p_F")]
        yield _compare(fitted.name, test["vcov"], "Wald tests", found, wanted)


def _in_block(name: str, test: str) -> bool:
    if test == "all_interactions":
        return ":" in name
    if test == "response_main":
        return name.startswith("response") and ":" not in name
    return ":" in name and name.split(":")[1].startswith(test.split(":")[1])


def _satterthwaite(fitted: LikelihoodFit, vcov: Any, expected: Row, clusters: Any) -> Iterator[Comparison]:
    df = satterthwaite(fitted.maximum, "CR2", np.eye(len(fitted.coef)), clusters)
    t = fitted.coef / np.sqrt(np.diag(vcov))
    yield _compare(fitted.name, "CR2", "Satterthwaite df", df, expected["df"])
    yield _compare(
        fitted.name, "CR2", "t and its p-value", [t, 2 * stats.t.sf(np.abs(t), df)], [expected["t"], expected["p"]]
    )


# --------------------------------------------------------------------------------------------------------- effects


def _effects(fitted: LikelihoodFit, covariances: dict[str, Any], expected: list[Row]) -> Iterator[Comparison]:
    table = pd.DataFrame(expected)
    table = table.assign(**{name: None for name in ("category",) if name not in table})
    averaged = Effects(fitted)
    rows = np.array([averaged.row(each) for each in table.to_dict("records")])
    for estimand, part in table.groupby("estimand", sort=False):
        chosen = rows[part.index]
        yield _compare(fitted.name, "", str(estimand), chosen[:, -1], part["estimate"])
        for errors, vcov in covariances.items():
            yield _compare(fitted.name, errors, str(estimand), std_errors(chosen, vcov), part[f"se_{errors}"])


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


def main() -> None:
    oracle = Path(os.environ["VIGNETTA_ORACLE"])
    found = [
        each
        for kind in MODELS
        for data in ("n1502", "n9012")
        for weighting in ("unweighted", "weighted")
        for each in compare(oracle, kind, data, weighting)
    ]
    found += [each for data in ("n1502", "n9012") for each in survey(oracle, data)]
    table = summary(found)
    print(_wide(table))
    print(f"\n{table['count'].sum():,} numbers; largest relative difference {table['largest'].max():.1e}")


def _wide(table: pd.DataFrame) -> str:
    """The largest differences, one row for each model and estimand, one column for each of the errors."""
    errors = list(dict.fromkeys(table["errors"]))
    head = ["model", "estimand", "numbers", *(each or "estimate" for each in errors)]
    lines = [head, ["---"] * len(head)]
    for (model, estimand), rows in table.groupby(["model", "estimand"], sort=False):
        largest = dict(zip(rows["errors"], rows["largest"], strict=True))
        cells = [f"{largest[each]:.0e}" if each in largest else "" for each in errors]
        lines.append([str(model), str(estimand).replace("_", " "), f"{rows['count'].sum():,}", *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()

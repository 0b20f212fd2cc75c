"""Several tests at once: R's p.adjust and multcomp, beside ours.

Integrals over a lattice are a kind of their own, with a tolerance of their own.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from tests.analysis.agreement.comparison import RESPONSES, Comparison, Reference, compare
from tests.analysis.agreement.linear import by_hand
from vignetta.analysis.inference.maximum_t import critical_value, largest_t_tail
from vignetta.analysis.inference.multiplicity import adjust
from vignetta.analysis.inference.randomization import randomization_test
from vignetta.analysis.tabulating import tabulate
from vignetta.power import power_of

ADJUSTMENTS: dict[str, Any] = {
    "holm": "holm",
    "BH": "benjamini_hochberg",
    "BY": "benjamini_yekutieli",
    "bonferroni": "bonferroni",
    "hochberg": "hochberg",
    "hommel": "hommel",
}
"""R's names and ours."""
INTEGRATED = "vs reference, integrated"


def families(reference: Reference, data: str, weighted: str) -> Iterator[Comparison]:
    """Four contrasts with the reference, and all ten pairs."""
    if weighted == "weighted":
        return
    both = reference.numbers["multiplicity"][data]
    found = reference.fitted(data, "full", weighted, both["vcov"], "t")
    rows = by_hand(reference, data, weighted, True)
    for family, expected in ((name, both[name]) for name in ("vs_reference", "all_pairs")):
        pairs = [label.split(" - ") for label in expected["labels"]]
        assert {each for pair in pairs for each in pair} == set(RESPONSES)
        K = [rows["margin", "", "", first] - rows["margin", "", "", second] for first, second in pairs]
        yield from _family(found, np.array(K), family.replace("_", " "), expected)


def _family(found: Any, K: Any, family: str, expected: Any) -> Iterator[Comparison]:
    errors, df = found.errors, found.n - len(found.coef)
    shown = tabulate(found, [({}, each) for each in K])
    std_error = shown["std_error"].to_numpy()
    correlation = K @ found.vcov @ K.T / np.outer(std_error, std_error)
    p = {"z": 2 * stats.norm.sf(np.abs(shown["statistic"])), "t": 2 * stats.t.sf(np.abs(shown["statistic"]), df)}
    yield compare(family, errors, "contrast", shown["estimate"], expected["estimate"], expected["se"])
    yield compare(family, errors, "standard error", std_error, expected["se"])
    yield compare(family, errors, "statistic", shown["statistic"], expected["stat"], 1.0)
    yield compare(family, errors, "correlation", correlation, expected["corr"], 1.0)
    yield compare(family, errors, "residual degrees of freedom", df, expected["df"])
    for kind, values in p.items():
        yield compare(family, errors, "p", values, expected[f"p_{kind}"], 1e-3)
        for theirs, ours in ADJUSTMENTS.items():
            found_p = adjust(values, ours)
            yield compare(family, errors, f"p, {ours.replace('_', '-')}", found_p, expected[f"{kind}_{theirs}"], 1e-3)
        if f"{kind}_single_step_exact" in expected:
            bounds = np.abs(shown["statistic"].to_numpy())
            yield from _largest_t(kind, errors, correlation, bounds, np.inf if kind == "z" else df, expected)


def _largest_t(kind: str, errors: str, correlation: Any, bounds: Any, df: float, expected: Any) -> Iterator[Comparison]:
    known = expected[f"{kind}_single_step_exact"]
    pairs = [(float(each), p) for each, p in zip(bounds, known, strict=True) if p is not None]
    tails = [largest_t_tail(correlation, bound, df) for bound, _ in pairs]
    yield compare(INTEGRATED, errors, "p, single step", tails, [p for _, p in pairs])
    critical = critical_value(correlation, 0.05, df)
    yield compare(INTEGRATED, errors, "critical value", critical, expected[f"{kind}_crit_95_exact"])


def adjusted(reference: Reference, data: str, weighted: str) -> Iterator[Comparison]:
    """p.adjust of eight p-values."""
    if (data, weighted) != ("n1502", "unweighted"):
        return
    expected = reference.numbers["misc"]["p_adjust"]
    for theirs, ours in ADJUSTMENTS.items():
        yield compare("p.adjust", "", ours.replace("_", "-"), adjust(np.array(expected["p"]), ours), expected[theirs])


def power(reference: Reference, data: str, weighted: str) -> Iterator[Comparison]:
    """power.t.test of two groups: an effect in standard errors, and the degrees of freedom of two means."""
    if (data, weighted) != ("n1502", "unweighted"):
        return
    for row in reference.numbers["misc"]["power"]["two_sample"]:
        n, effect = row["n_per_arm"], row["delta"] / row["sd"] / np.sqrt(2 / row["n_per_arm"])
        ours = [power_of(effect, df=2 * n - 2, alpha=alpha) for alpha in (0.05, 0.05 / 4)]
        yield compare("power.t.test", "", "power", ours, [row["power"], row["power_bonf4"]])


def randomisation(reference: Reference, data: str, weighted: str) -> Iterator[Comparison]:
    """All 252 assignments of ten rows."""
    if (data, weighted) != ("n1502", "unweighted"):
        return
    expected = reference.numbers["misc"]["exact_randomisation"]
    frame = pd.DataFrame({"y": expected["y"], "z": pd.Categorical(np.where(expected["z"], "b", "a"))})
    options: dict[str, Any] = {"outcome": "y", "factor": "z", "statistic": "difference"}
    for name, alternative in (("p_two_sided", "two_sided"), ("p_upper", "greater"), ("p_lower", "less")):
        found = randomization_test(frame, **options, alternative=alternative, rng=np.random.default_rng(1))
        yield compare("exact randomisation", "", alternative, found.p_value, expected[name])
    yield compare("exact randomisation", "", "statistic", found.observed, expected["statistic"])
    yield compare("exact randomisation", "", "assignments", found.draws, expected["n_perm"])


MULTIPLICITY = (families,)
MISC = (adjusted, power, randomisation)

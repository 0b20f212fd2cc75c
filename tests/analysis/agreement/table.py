"""The page that says how far the package is from R's numbers, and which of them are not compared."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, get_args

import pandas as pd

from tests.analysis.agreement.comparison import CASES, Comparison, Reference
from tests.analysis.agreement.likelihoods import logit, ordered_logit
from tests.analysis.agreement.linear import OLS, conjoint
from tests.analysis.agreement.multiplicity import INTEGRATED, MISC, MULTIPLICITY
from tests.analysis.agreement.survey import survey
from vignetta.plan import Errors

Source = Callable[[Reference, str, str], Iterator[Comparison]]
Sources = tuple[Source, ...]

SOURCES: dict[str, Sources] = {
    "ols": OLS,
    "amce_mm": (conjoint,),
    "logit": (logit,),
    "ologit": (ordered_logit,),
    "survey": (survey,),
    "multiplicity": MULTIPLICITY,
    "misc": MISC,
}
"""By file; each is asked for every data set, with and without weights."""
TITLES = {
    "ols": "Least squares",
    "amce_mm": "AMCEs and marginal means",
    "logit": "Logit",
    "ologit": "Ordered logit",
    "survey": "Survey samples",
    "multiplicity": "Several tests at once",
    "misc": "p.adjust, power and randomisation",
}
NUMERIC = "a numerical derivative: the exact number stands beside it and is compared"
RANDOM = "quasi-Monte-Carlo integration, with an error of up to 2e-5 in p and 1e-4 in the critical value"
SKIPPED: dict[str, dict[str, str]] = {
    "ols": {
        "unconditional_HC0 se_margin": NUMERIC,
        "unconditional_HC0 se_contrast": NUMERIC,
        "unconditional_CL se_margin": NUMERIC,
        "unconditional_CL se_contrast": NUMERIC,
    },
    "logit": {"weighted logLik": "R rounds the weights of a binomial likelihood; its deviance is compared"},
    "ologit": {"polr_default": "polr with its default tolerance stops short of the maximum"},
    "multiplicity": {
        **{f"{kind}_{name}": RANDOM for kind in "zt" for name in ("single_step", "crit_95")},
        "z_single_step_miwa": "the same numbers are there to more digits (`z_single_step_exact`)",
        "glht_t_single_step": RANDOM,
        "glht_t_free_stepdown": RANDOM,
    },
    "misc": {
        "power proportions": "the normal power of two shares with a pooled variance; ours is that of a t test",
    },
}
"""By file and the end of the path to the numbers: why they are not compared."""


def counted(reference: Reference) -> pd.DataFrame:
    """How many numbers were compared for each file, model, error and estimand, and the largest relative difference."""
    rows = [
        {
            "file": file,
            "model": each.model.replace("_", " "),
            "estimand": each.estimand.replace("_", " "),
            "errors": each.errors,
            "compared": len(each.ours),
            "largest": each.largest,
        }
        for file, sources in SOURCES.items()
        for source in sources
        for case in CASES
        for each in source(reference, *case)
    ]
    by = pd.DataFrame(rows).groupby(["file", "model", "estimand", "errors"], sort=False)
    return by.agg(compared=("compared", "sum"), largest=("largest", "max")).reset_index()


def skipped(reference: Reference) -> pd.DataFrame:
    """How many numbers of each file are not compared, and why."""
    rows = []
    for file, reasons in SKIPPED.items():
        found = Counter(ending for path in _paths(reference.numbers[file]) if (ending := _ending(path, reasons)))
        assert set(found) == set(reasons), f"no numbers of {file} are called {set(reasons) - set(found)}"
        rows += [
            {"file": file, "numbers": ending, "count": n, "reason": reasons[ending]} for ending, n in found.items()
        ]
    return pd.DataFrame(rows)


def _paths(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The keys above every number."""
    if isinstance(tree, dict):
        for key, each in tree.items():
            yield from _paths(each, (*path, key))
    elif isinstance(tree, list):
        for each in tree:
            yield from _paths(each, path)
    elif isinstance(tree, int | float):
        yield path


def _ending(path: tuple[str, ...], reasons: dict[str, str]) -> str:
    """The reason's name whose words stand in the path one after the other."""
    said = f" {' '.join(path)} "
    return next((each for each in reasons if f" {each} " in said), "")


def page(table: pd.DataFrame, left_out: pd.DataFrame) -> str:
    """`docs/agreement.md`."""
    parts = [HEAD.format(count=table["compared"].sum(), **_largest(table))]
    for file, title in TITLES.items():
        rows = table[table["file"] == file]
        parts += [f"## {title}\n", f"`oracle_{file}.json`: {rows['compared'].sum():,} numbers.\n", _wide(rows), ""]
    parts += ["## Not compared\n", _listed(left_out), ""]
    return "\n".join(parts)


HEAD = """# Agreement with R

    python -m tests.analysis.agreement FOLDER > docs/agreement.md

compares the package with reference numbers of R (sandwich, lmtest, clubSandwich, estimatr, emmeans, marginaleffects,
car, cregg, ordinal, MASS, survey, multcomp) on two data sets, 1,502 respondents with one vignette each and with six
each, with and without weights, and makes this page. The folder of reference numbers is not part of the project; where
it is present, tests hold the package to the numbers and this page to what the command counts.

**{count:,} numbers; the largest relative difference is {linear:.0e} for linear models and what is computed from
them, {iterative:.0e} for models that are fitted by iteration, and {integrated:.0e} for single-step p-values and
critical values, which are integrals.** A number that several functions give counts for each; an estimate of a
linear model counts again for each of the errors that it was made with. A difference is relative to R's number,
or to its standard error where that is larger (covariances: to the product of the standard errors; p-values: to
0.001; statistics and correlations: to 1).

A row is a model and an estimand, a column the errors, a cell the largest difference among their numbers; *none* has
what depends on no errors. What the files hold beside results (labels, sample sizes that a power was asked for) is not
counted.
"""

ITERATIVE = ("logit", "ordered_logit", "svyglm logit")


def _largest(table: pd.DataFrame) -> dict[str, float]:
    return dict(table.groupby(table["model"].map(kind_of))["largest"].max())


def kind_of(model: str) -> str:
    """How a model's numbers are computed: linear, iterative or integrated."""
    if model == INTEGRATED:
        return "integrated"
    return "iterative" if model.replace(" ", "_") in [each.replace(" ", "_") for each in ITERATIVE] else "linear"


def _wide(rows: pd.DataFrame) -> str:
    errors = [each for each in ("", *get_args(Errors)) if each in set(rows["errors"])]
    lines = [["model", "estimand", "numbers", *(each or "none" for each in errors)]]
    for (model, estimand), part in rows.groupby(["model", "estimand"], sort=False):
        largest = dict(zip(part["errors"], part["largest"], strict=True))
        cells = [f"{largest[each]:.0e}".replace("0e+00", "0") if each in largest else "" for each in errors]
        lines.append([str(model), str(estimand), f"{part['compared'].sum():,}", *cells])
    return _markdown(lines)


def _listed(left_out: pd.DataFrame) -> str:
    rows = left_out.groupby(["file", "reason"], sort=False).agg(
        numbers=("numbers", lambda names: ", ".join(f"`{each}`" for each in names)), count=("count", "sum")
    )
    lines = [["file", "numbers", "count", "why"]]
    for (file, reason), row in rows.iterrows():
        lines.append([f"`oracle_{file}.json`", row["numbers"], f"{row['count']:,}", str(reason)])
    return _markdown(lines)


def _markdown(lines: list[list[str]]) -> str:
    head, *rest = lines
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *rest])

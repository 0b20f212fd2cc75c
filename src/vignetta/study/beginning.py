"""The first plan and simulation of a study that was drafted from a survey: something that runs, to change."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

_PLAN: Final = """\
# yaml-language-server: $schema=plan.schema.json
#
# A draft: every factor's effect on every outcome. A survey says no hypotheses: write yours, and take out what you do
# not want to know.

hypotheses: {}
"""
_SIMULATION: Final = """\
# yaml-language-server: $schema=simulation.schema.json
#
# Made-up respondents, for whom no factor matters: every number is invented.

note: Simulated respondents; the numbers are invented for trying out the study.
seed: 1
"""
_FIELDWORK: Final = """
fieldwork:
  start: 2026-03-02 09:00:00
"""
_UNKNOWN_RANGE: Final = (0.0, 100.0)


def first_plan(draft: str) -> str:
    """A plan with the contrasts of every factor for every outcome of a draft of study.yaml."""
    told = _read(draft)
    repeated = any(int(told.get(each, 1)) > 1 for each in ("tasks", "profiles"))
    errors = "    errors: CR2\n    cluster: response_id\n" if repeated else "    errors: HC2\n"
    models, estimands = "", ""
    for name, outcome in _measured(told):
        of_profiles = outcome.get("kind") == "choice"
        factors = [key for key, each in told["factors"].items() if not (of_profiles and each.get("varies"))]
        if factors:
            models += f"  {name}:\n    formula: {name} ~ {' + '.join(factors)}\n{errors}"
            estimands += "".join(f"  - {{estimand: contrast, model: {name}, factor: {each}}}\n" for each in factors)
    rules = ["preview", *(["no_consent"] if "consent" in told else []), "incomplete"]
    exclusions = "".join(f"  - {{rule: {each}}}\n" for each in rules)
    listed = f"\nmodels:\n{models}\nestimands:\n{estimands}" if models else "\nmodels: {}\n\nestimands: []\n"
    return f"{_PLAN}{listed}\nexclusions:\n{exclusions}"


def first_simulation(draft: str) -> str:
    """A simulation of a draft of study.yaml in which nothing has an effect."""
    told = _read(draft)
    covariates = "".join(f"  {name}: {_distribution(each)}\n" for name, each in told.get("covariates", {}).items())
    spread = f"\ncovariates:\n{covariates}" if covariates else ""
    outcomes = "".join(f"  {name}: {_opinion(each)}\n" for name, each in _measured(told))
    listed = f"\noutcomes:\n{outcomes}" if outcomes else "\noutcomes: {}\n"
    return f"{_SIMULATION}{spread}{listed}{_FIELDWORK}"


def _read(draft: str) -> Mapping[str, Any]:
    from ruamel.yaml import YAML

    read: Mapping[str, Any] = YAML(typ="base", pure=True).load(draft)
    return read


def _measured(told: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The outcomes that are numbers: each statement of a matrix is one."""
    for name, outcome in told.get("outcomes", {}).items():
        if outcome.get("kind") != "text":
            yield from (
                ((f"{name}_{each}", outcome) for each in outcome["items"]) if "items" in outcome else ((name, outcome),)
            )


def _opinion(outcome: Mapping[str, Any]) -> str:
    points = len(outcome.get("scale", ()))
    low, high = (1.0, float(points)) if points else _range(outcome)
    middle, sd = (0.0, 1.0) if outcome.get("kind") == "choice" else ((low + high) / 2, (high - low) / 4 or 1.0)
    return f"{{baseline: {middle:g}, sd: {sd:g}}}"


def _distribution(covariate: Mapping[str, Any]) -> str:
    if "options" not in covariate:
        low, high = _range(covariate)
        return f"{{mean: {(low + high) / 2:g}, sd: {(high - low) / 4 or 1.0:g}}}"
    names = [each["name"] for each in covariate["options"]]
    share = int(10_000 / len(names)) / 10_000
    shares = [1 - share * (len(names) - 1), *[share] * (len(names) - 1)]
    return "{shares: {" + ", ".join(f"{name}: {each:.4f}" for name, each in zip(names, shares, strict=True)) + "}}"


def _range(asked: Mapping[str, Any]) -> tuple[float, float]:
    low, high = (float(asked.get(key, each)) for key, each in zip(("minimum", "maximum"), _UNKNOWN_RANGE, strict=True))
    return low, max(low, high)

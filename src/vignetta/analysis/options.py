"""The options of the analysis: each is a `Literal` alias, and the run-time check reads the same alias."""

from typing import Any, Final, Literal, get_args

from vignetta.errors import Problem, StudyError, near_miss
from vignetta.plan import Adjustment, Average, Comparison, Errors, ModelFamily, Variance

Distribution = Literal["t", "normal", "satterthwaite"]
"""t: with the degrees of freedom that go with the errors. normal: the large-sample limit, as cregg and survey report
it. satterthwaite: each test of clustered errors with its own, as `t` has with CR2."""
Conditional = Literal["conditional_effect", "conditional_margin"]
Alternative = Literal["two_sided", "greater", "less"]
Statistic = Literal["studentized", "difference", "F"]
Grouped = Literal["amce", "marginal_mean"]
Scale = Literal["difference", "ratio", "odds_ratio"]
"""How two margins are compared."""
WildWeights = Literal["webb", "rademacher"]
"""webb: six points, for few clusters (Webb 2023). rademacher: -1 or 1."""

OPTIONS: Final[dict[str, Any]] = {
    "adjust": Adjustment,
    "alternative": Alternative,
    "average_over": Average,
    "comparison": Comparison,
    "distribution": Distribution,
    "errors": Errors,
    "estimand": Conditional,
    "grouped": Grouped,
    "model": ModelFamily,
    "scale": Scale,
    "statistic": Statistic,
    "variance": Variance,
    "wild_weights": WildWeights,
}


def option_problems(**chosen: object) -> list[Problem]:
    """What is wrong with the chosen options, each under its own name."""
    return [
        Problem(name, f"`{value}` is not an option.", _options(name, value))
        for name, value in chosen.items()
        if value not in get_args(OPTIONS[name])
    ]


def check_options(**chosen: object) -> None:
    """Raise `StudyError` when an option is unknown; the message lists all that there are."""
    raise_all(option_problems(**chosen))


def raise_all(problems: list[Problem]) -> None:
    """Raise `StudyError` with every problem, if there is any."""
    if problems:
        raise StudyError(problems)


def unknown(where: str, what: str, name: str, known: list[str]) -> Problem:
    """The problem of a name that is not among the known ones."""
    return Problem(where, f"{what} `{name}`.", near_miss(name, known))


def _options(name: str, value: object) -> str:
    known = get_args(OPTIONS[name])
    close = near_miss(str(value), known)
    listed = "Options: " + ", ".join(f"`{each}`" for each in known) + "."
    return f"{close} {listed}" if close.startswith("Did") else listed

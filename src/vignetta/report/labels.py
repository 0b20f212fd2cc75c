"""From the names that data and formulas use to the words that people read."""

from dataclasses import dataclass
from itertools import permutations

from vignetta.analysis.estimands.comparing import GRAND_MEAN
from vignetta.declared import words
from vignetta.design.asked import Outcome
from vignetta.design.declaration import Design
from vignetta.design.scored import analysable
from vignetta.errors import Problem, StudyError, near_miss
from vignetta.report.numbers import plain

FINE_SCALE = 2.0
"""A scale narrower than this (such as 0 to 1) is reported with three decimals."""


@dataclass(frozen=True)
class Labels:
    """The words of a design in its main language.

    Every method raises `StudyError` for a name that the design does not declare.
    """

    design: Design

    def outcome(self, name: str) -> str:
        """The label of an outcome."""
        label, prediction = words(self._outcome(name).label, self.design.language), _prediction(name)
        return f"{label}: {prediction}" if prediction else label

    def scale(self, name: str) -> str:
        """The range of an outcome's scale, `1–7`, or of a probability."""
        if _prediction(name):
            return "0–1"
        values = self._outcome(name).values
        return f"{plain(min(values))}–{plain(max(values))}"

    def unit(self, name: str) -> str:
        """What differences of an outcome are counted in."""
        return "probability" if _prediction(name) or self._outcome(name).values == [0, 1] else "points"

    def digits(self, name: str) -> int:
        """How many decimals an estimate on the outcome's scale has."""
        values = self._outcome(name).values
        if _prediction(name):
            return 3
        return 2 if max(values) - min(values) >= FINE_SCALE else 3

    def factor(self, name: str) -> str:
        """The label of a factor; several joined by ` × ` are labelled one by one."""
        known = self.design.answered
        if name not in known and " × " in name:
            return " × ".join(self.factor(each) for each in name.split(" × "))
        _known("factor", name, list(known))
        label = words(known[name].label, self.design.language)
        return label if name in self.design.factors else f"{label} (as recalled)"

    def level(self, factor: str, name: str) -> str:
        """The label of a level of a factor, or of the mean of all its margins."""
        known = self.design.answered
        _known("factor", factor, list(known))
        if name == GRAND_MEAN and name not in known[factor].level_names:
            return "the grand mean"
        _known(f"level of `{factor}`", name, known[factor].level_names)
        return words(known[factor].level(name).label, self.design.language)

    def variable(self, name: str) -> str:
        """The label of whatever a formula names; a transformation stays as it is written."""
        declared = self.design.covariates.get(name) or self.design.scores.get(name)
        if declared is not None:
            return words(declared.label, self.design.language)
        return self.factor(name) if name in self.design.answered else name

    def within(self, factor: str, name: str) -> str:
        """The label of a level, or of two that are subtracted: `democracy vs autocracy`."""
        _known("factor", factor, list(self.design.factors))
        levels = self.design.factors[factor].level_names
        pairs = [pair for pair in permutations(levels, 2) if " vs ".join(pair) == name]
        if name in levels or len(pairs) != 1:
            return self.level(factor, name)
        return " minus ".join(self.level(factor, each) for each in pairs[0])

    def _outcome(self, name: str) -> Outcome:
        name = name.partition(" ")[0]
        known = analysable(self.design)
        _known("outcome", name, list(known))
        return known[name]


def _prediction(name: str) -> str:
    """What is predicted of an outcome in categories: `probability of 5 or more` for `approval >=5`."""
    _, sign, category = name.partition(" ")
    if not sign:
        return ""
    at_least = category.startswith(">=")
    return f"probability of {category.removeprefix('>=').removeprefix('=').strip()}{' or more' if at_least else ''}"


def _known(what: str, name: str, known: list[str]) -> None:
    if name not in known:
        raise StudyError(Problem("estimates", f"unknown {what} `{name}`.", near_miss(name, known)))

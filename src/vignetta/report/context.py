"""What the page's template reads: every value on the page, in words."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from vignetta.analysis.verdicts import Verdict, verdict_rule
from vignetta.declared import words
from vignetta.design.asked import Outcome
from vignetta.design.assigning.universe import universe_of
from vignetta.design.declaration import Design
from vignetta.design.scored import analysable
from vignetta.report import methods, tables
from vignetta.report.assigning import assigned, read_at_once, table
from vignetta.report.flows import flow
from vignetta.report.inputs import SIMULATED, RegistrationStatus, ReportInput
from vignetta.report.labels import Labels
from vignetta.report.numbers import count, plain
from vignetta.report.phrases import coverage
from vignetta.report.randomising import restriction_words


@dataclass(frozen=True)
class Finding:
    """A hypothesis with its verdict and tests."""

    verdict: Verdict
    note: str
    tests: tuple[tables.Section, ...]

    @property
    def kind(self) -> str:
        """The verdict as a name for its look."""
        return self.verdict.verdict.replace(" ", "-")

    @property
    def tally(self) -> str:
        """How many tests show the hypothesis."""
        if not self.verdict.n_tests:
            return "No test bears on it."
        tests = "test shows" if self.verdict.n_tests == 1 else "tests show"
        against = (
            f" {self.verdict.n_opposite} of them {'shows' if self.verdict.n_opposite == 1 else 'show'} the opposite."
        )
        said = f"{self.verdict.n_in_direction} of {self.verdict.n_tests} {tests} it."
        return said + against if self.verdict.n_opposite else said


def context(given: ReportInput) -> dict[str, Any]:
    """Every value that the template reads, but for the figures."""
    labels, design, plan = Labels(given.design), given.design, given.plan
    return {
        "title": design.title,
        "note": design.note,
        "language": design.language,
        "simulated": SIMULATED if given.synthetic else "",
        "registration": registration(given.registration, given.estimates),
        "facts": facts(given),
        "factors": factors(labels),
        "has_texts": any(level.text for factor in design.factors.values() for level in factor.levels),
        "example": example(design),
        "table": table(design),
        "read": read_at_once(design) if design.rows else "vignette" if design.profiles == 1 else "profile",
        "restrictions": [restriction_words(design, each) for each in design.restrictions],
        "outcomes": [outcome(each, given.estimates, labels) for each in analysable(design).values()],
        "mechanism": " ".join(assigned(design)) if not design.in_hand else "",
        "flow": flow(given),
        "repeated": design.responses > 1,
        "findings": findings(given, labels),
        "rule": verdict_rule(plan).replace("`", "'"),
        "coverage": coverage(plan.alpha),
        "chapters": tables.chapters(given.estimates, labels, plan=plan),
        "models": methods.models(plan, given.estimates, labels),
        "averages": methods.averages(given.estimates),
        "families": methods.families(given.estimates),
        "inference": list(methods.inference(plan)),
        "versions": given.versions,
        "files": given.files,
        "count": count,
    }


def registration(status: RegistrationStatus, estimates: pd.DataFrame) -> dict[str, Any]:
    """What was locked, what changed, and how many rows stand as registered."""
    held, rows = int((estimates["registered"] == "registered").sum()), len(estimates)
    if not status.locked:
        word, said = "Not registered", "Nothing was locked beforehand: every estimate is exploratory."
    elif status.changes:
        word = "Changed since registration"
        said = f"{count(held)} of {count(rows)} rows stand as registered; the others are exploratory."
    else:
        word = "Registered"
        said = f"Design, plan and exclusions are as they were locked. {_standing(held, rows)}"
    return {"word": word, "said": said, "status": status}


def _standing(held: int, rows: int) -> str:
    if held == rows:
        return "Every estimate is registered."
    return f"{count(held)} of {count(rows)} rows of estimates are registered; the others are exploratory."


def facts(given: ReportInput) -> list[tuple[str, str]]:
    """The study in a few numbers."""
    design = given.design
    combinations = len(universe_of(design))
    respondents, each = flow(given).analysed, given.design.responses
    return [
        *([(count(respondents), "respondents analysed")] if each > 1 else []),
        (count(respondents * each), "responses analysed"),
        (count(combinations), "combinations of levels" if design.vignette is None else "different vignettes"),
        (count(len(design.factors)), "factor" if len(design.factors) == 1 else "factors"),
        (count(len(analysable(design))), "outcome" if len(analysable(design)) == 1 else "outcomes"),
    ]


# ---------------------------------------------------------------------------------------------------------- design


def factors(labels: Labels) -> list[dict[str, Any]]:
    """Every factor with its levels and their words."""
    language = labels.design.language
    return [
        {
            "label": labels.factor(name),
            "levels": [
                {
                    "label": words(each.label, language),
                    "text": each.words(language),
                    "reference": each.reference,
                }
                for each in factor.levels
            ],
        }
        for name, factor in labels.design.factors.items()
    ]


def example(design: Design) -> list[tuple[bool, str]]:
    """The vignette of reference levels in pieces, each with whether it varies: a level's words, or a phrase.

    Rows of a table are not among them.
    """
    references = {name: factor.reference for name, factor in design.factors.items()}
    levels = {name: each.name for name, each in references.items()}
    texts = {name: each.words(design.language) for name, each in references.items()}
    shown = [(bool(each.factors), each.render(levels, texts)) for each in design.prose().segments]
    return [(varies, text) for varies, text in shown if text]


def outcome(asked: Outcome, estimates: pd.DataFrame, labels: Labels) -> dict[str, Any]:
    """An outcome with its question, its scale and how many responses its estimates rest on."""
    found = estimates[estimates["outcome"] == asked.name]["n"]
    language = labels.design.language
    texts = [(value, words(text, language)) for value, text in asked.texts]
    points = sorted(texts or zip(asked.values, ["not chosen", "chosen"], strict=True), key=lambda each: each[0])
    return {
        "label": labels.outcome(asked.name),
        "question": words(asked.question, labels.design.language),
        "points": [(plain(value), text) for value, text in points],
        "reversed": asked.direction == "descending",
        "n": " to ".join(dict.fromkeys(count(each) for each in (found.min(), found.max()))) if len(found) else "",
    }


# --------------------------------------------------------------------------------------------------------- results


def findings(given: ReportInput, labels: Labels) -> list[Finding]:
    """Every hypothesis with its verdict, its tests, and what the design cannot say about it."""
    return [
        Finding(
            each,
            given.plan.hypotheses[each.hypothesis].note,
            tuple(tables.hypothesis_tests(given.estimates, labels, each.hypothesis)),
        )
        for each in given.verdicts
    ]

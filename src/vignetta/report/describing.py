"""What every column of the clean responses is: what was asked, of whom, with what answers, and how often."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd

from vignetta.cleaning.categories import words as plain_words
from vignetta.cleaning.excluding.needs import reads
from vignetta.cleaning.excluding.screening import reasons
from vignetta.cleaning.outputs.labelled import OWN_LABELS, coded_column, file_names
from vignetta.cleaning.responses import CleanExport
from vignetta.cleaning.scoring import Reliability, item_reliability, item_values
from vignetta.codebook import Codebook, Variable
from vignetta.design.assigning.assignment import mechanism_of
from vignetta.design.assigning.universe import universe_of
from vignetta.design.declaration import Design, Factor
from vignetta.plan import ModelSpec, Plan

ACCOUNT: Final = "account"
"""The role of columns that cleaning adds."""
_UNSAID: Final = ("text", "time")
"""Kinds of which no value is shown: they may be what a respondent wrote, or tell respondents apart."""
_EVERY: Final = ("identifier", "record", "source", "other", "consent")
_OPTIONS: Final = ("cluster", "weights", "strata", "adjust", "fixed_effects", "random_effects")


@dataclass(frozen=True)
class Answer:
    """One of the answers, or levels, of a variable.

    Attributes
    ----------
    level, label, text, code : its name in the data; its words; the words read in the vignette; what exports write.
    number : in labelled files, and in the clean data of a scale; NaN where several may be chosen.
    n, share : among the analysed that have an answer.
    probability : with which the design shows the level; None for what is not drawn.
    """

    level: str
    label: str
    text: str
    code: str
    number: float
    n: int
    share: float
    probability: float | None = None


@dataclass(frozen=True)
class Entry:
    """A column of the clean responses.

    Attributes
    ----------
    file_name : its name in labelled files.
    columns : the export's, one for each task and profile.
    base : who was asked, or of whom it is known.
    plan : what it does in the plan, as phrases.
    unit : what it is about: respondent, task or profile.
    n, missing : how many of the analysed units have a value, and how many have none.
    summary : mean, sd, min and max of numbers.
    reliability : of the items of an index.
    """

    name: str
    file_name: str
    role: str
    kind: str
    label: str
    question: str
    about: str
    columns: tuple[str, ...]
    base: str
    plan: tuple[str, ...]
    unit: str
    n: int
    missing: int
    answers: tuple[Answer, ...]
    summary: Mapping[str, float]
    reliability: Reliability | None


@dataclass(frozen=True, eq=False)
class Documented:
    """Everything that the codebook of clean responses says.

    Attributes
    ----------
    design, plan : as declared.
    clean : the responses with their codebook and ledger.
    missing_cells : what the export writes where nothing was answered.
    """

    design: Design
    plan: Plan
    clean: CleanExport

    @property
    def synthetic(self) -> bool:
        declared = self.design.data is not None and self.design.data.synthetic
        return declared or self.clean.synthetic

    @property
    def missing_cells(self) -> tuple[str, ...]:
        return ("",) if self.design.in_hand else ("", "-99")

    @cached_property
    def entries(self) -> list[Entry]:
        """The columns of the responses, in order."""
        names = file_names(self.clean.responses.columns)
        variables = {each.name: each for each in reversed(self.clean.codebook.variables)}
        return [self._entry(str(name), names[name], variables.get(str(name))) for name in names]

    @cached_property
    def _units(self) -> Mapping[str, pd.DataFrame]:
        """The analysed responses once for each respondent, task or profile."""
        analysed = self.clean.analysed
        tasks = ["row", "task"] if self.clean.tasks else ["row"]
        return {
            "respondent": analysed.drop_duplicates("row"),
            "task": analysed.drop_duplicates(tasks),
            "profile": analysed,
        }

    @cached_property
    def _probabilities(self) -> Mapping[tuple[str, str], float]:
        """With what probability a level is shown, exactly, by factor and level; nothing for data in hand."""
        if self.design.in_hand:
            return {}
        if not self.design.restrictions and self.design.decks is None:
            return {
                (factor.name, level): share
                for factor in self.design.factors.values()
                for level, share in _weights(factor)
            }
        codes, probability = universe_of(self.design).codes, mechanism_of(self.design).probabilities()
        return {
            (name, level): float(probability[codes[:, place] == number].sum())
            for place, (name, factor) in enumerate(self.design.factors.items())
            for number, level in enumerate(factor.level_names)
        }

    def _entry(self, name: str, file_name: str, variable: Variable | None) -> Entry:
        unit = _unit(name, variable)
        column = self._units[unit][name]
        role = variable.role if variable else ACCOUNT
        return Entry(
            name=name,
            file_name=file_name,
            role=role,
            kind=variable.kind if variable else _kind(column),
            label=plain_words(variable.label) if variable else OWN_LABELS.get(name, name),
            question=plain_words(variable.question) if variable else "",
            about=variable.about if variable else "",
            columns=tuple(each.column or each.import_id for each in self.clean.codebook.variables if each.name == name),
            base=self._base(role, unit),
            plan=tuple(dict.fromkeys(_in_plan(name, self.plan, self.clean.declared))),
            unit=unit,
            n=int(column.notna().sum()),
            missing=int(column.isna().sum()),
            answers=tuple(self._answers(name, column, variable)) if variable else (),
            summary=_summary(column) if variable and variable.role != "identifier" else {},
            reliability=self._reliability(name, unit),
        )

    def _reliability(self, name: str, unit: str) -> Reliability | None:
        score = self.design.scores.get(name)
        if score is None or score.kind != "index" or len(score.items) < 2:
            return None
        return item_reliability(item_values(self._units[unit], self.clean.codebook, score))

    def _base(self, role: str, unit: str) -> str:
        asked = self.design.consent is not None and role not in (*_EVERY, ACCOUNT)
        who = "Everybody who agreed to take part" if asked else "Every response"
        if unit == "respondent" or not self.clean.tasks:
            return f"{who}."
        each = f"{self.clean.tasks} tasks" if self.clean.tasks > 1 else "the task"
        profiles = (
            f" and each of its {self.clean.profiles} profiles" if unit == "profile" and self.clean.profiles else ""
        )
        return f"{who}, for {'each of ' * (self.clean.tasks > 1)}{each}{profiles}."

    def _answers(self, name: str, column: "pd.Series[Any]", variable: Variable) -> Iterator[Answer]:
        if variable.kind in _UNSAID or variable.role == "identifier":
            return
        total = int(column.notna().sum())
        shown = self.design.factors.get(name) if variable.role == "factor" else None
        texts = {each.name: each.words(self.design.language) for each in shown.levels} if shown else {}
        for level, label, code, number, n in _counted(column, variable):
            probability = self._probabilities.get((name, level)) if shown else None
            share = n / total if total else float("nan")
            yield Answer(level, label, texts.get(level, ""), code, number, n, share, probability)


def _weights(factor: Factor) -> Iterator[tuple[str, float]]:
    total = sum(each.weight for each in factor.levels)
    yield from ((each.name, each.weight / total) for each in factor.levels)


def _unit(name: str, variable: Variable | None) -> str:
    if variable is None:
        return "profile" if name in ("task", "profile") else "respondent"
    return "profile" if variable.profile or variable.kind == "chosen" else "task" if variable.task else "respondent"


def _kind(column: "pd.Series[Any]") -> str:
    if pd.api.types.is_bool_dtype(column.dtype):
        return "flag"
    return "number" if pd.api.types.is_numeric_dtype(column.dtype) else "text"


def _summary(column: "pd.Series[Any]") -> dict[str, float]:
    numeric = pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)
    values = column.dropna().to_numpy(dtype=np.float64) if numeric else np.array([])
    if not len(values):
        return {}
    sd = {"sd": float(values.std(ddof=1))} if len(values) > 1 else {}
    return {"mean": float(values.mean()), **sd, "min": float(values.min()), "max": float(values.max())}


def _counted(column: "pd.Series[Any]", variable: Variable) -> Iterator[tuple[str, str, str, float, int]]:
    """The answers with their words, codes, numbers and how often each was given."""
    if variable.kind == "multiple":
        chosen = [str(each).split("; ") for each in column.dropna()]
        for each in variable.categories:
            n = sum(each.level in one for one in chosen)
            yield each.level, plain_words(each.label), each.code, float("nan"), n
        return
    coded = coded_column(column, variable)
    counts = coded.values.value_counts()
    codes = {each.level: each.code for each in reversed(variable.categories)}
    for number, label in coded.labels.items():
        level = coded.levels[number]
        yield level, label, codes.get(level, ""), number, int(counts.get(number, 0))


# ------------------------------------------------------------------------------------------------ the plan


def _in_plan(name: str, plan: Plan, codebook: Codebook) -> Iterator[str]:
    """What a column does in models, estimands and exclusions."""
    for model in plan.models.values():
        yield from _in_model(name, model)
    hypotheses = [each.hypothesis for each in plan.estimands if name in (each.factor, each.within) and each.hypothesis]
    if hypotheses:
        names = dict.fromkeys(hypotheses)
        yield f"{'hypothesis' if len(names) == 1 else 'hypotheses'} {', '.join(names)}"
    for rule in plan.exclusions:
        if name in {each.name for each in reads(rule, codebook)}:
            yield f"exclusion: {reasons([rule])[0]}"


def _in_model(name: str, model: ModelSpec) -> Iterator[str]:
    left, _, right = model.formula.partition("~")
    if name == left.strip():
        yield f"outcome of model {model.name}"
    if name in _names(right):
        yield f"term of model {model.name}"
    for key in _OPTIONS:
        if name in _listed(getattr(model, key)):
            yield f"{key.replace('_', ' ')} of model {model.name}"
    if name in model.instruments.values():
        yield f"instrument of model {model.name}"


def _names(formula: str) -> list[str]:
    return re.findall(r"[A-Za-z_]\w*", formula)


def _listed(value: str | Sequence[str] | None) -> Sequence[str]:
    return (value,) if isinstance(value, str) else value or ()

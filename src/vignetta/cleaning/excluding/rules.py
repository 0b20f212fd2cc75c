"""The exclusion rules: each marks the responses that meet it."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.compute as pc

from vignetta.cleaning.distinct import Codes, Distinct, distinct_of, flags, joined
from vignetta.cleaning.excluding.needs import DURATION, agreement, reads
from vignetta.codebook import Codebook, Variable
from vignetta.conditions import Value, evaluate
from vignetta.exclusions import Exclusion, Rule

Marks = npt.NDArray[np.bool_]

_NOT_REGULAR: Final = re.compile("preview|test|spam", re.IGNORECASE)
"""Words in the levels of the response's status; imported and offline responses are regular."""


@dataclass(frozen=True, eq=False)
class Screening:
    """The responses as the rules read them.

    Attributes
    ----------
    data : the typed variables by full name, one row per raw row.
    keys : for variables that tell respondents apart or are personal, the text of their cells; empty where none is.
    codebook : what the variables mean.
    """

    data: pd.DataFrame
    keys: Mapping[str, pd.Series]
    codebook: Codebook

    def one(self, role_or_name: str) -> Variable | None:
        """The variable of that role or name which the data have, or None."""
        for each in self.codebook.variables:
            if role_or_name in (each.role, each.name) and each.name in self.data:
                return each
        return None

    @cached_property
    def irregular(self) -> Marks:
        """Previews, tests, spam, unfinished responses and those without consent."""
        return preview(self) | incomplete(self) | no_consent(self)

    @property
    def none(self) -> Marks:
        return np.zeros(len(self.data), dtype=bool)


@dataclass(frozen=True, eq=False)
class Marked:
    """Which responses a rule marks, and in which it finds nothing to judge; these are not marked."""

    marks: Marks
    unjudged: Marks | None = None


@dataclass(frozen=True, eq=False)
class Levels:
    """Values as levels.

    Attributes
    ----------
    codes : (rows,) each row's place among the texts.
    texts : the distinct levels, and last the empty text, which stands for missing.
    """

    codes: Codes
    texts: Sequence[str]

    def that(self, hold: Callable[[str], bool]) -> Marks:
        """The rows whose level meets a condition."""
        marks: Marks = np.array([hold(each) for each in self.texts], dtype=bool)[self.codes]
        return marks

    def alike(self, text: str, spelt: Callable[[str], str] = str) -> Marks:
        """The rows whose level is a text, both spelt alike."""
        return self.that(lambda each: spelt(each) == spelt(text))

    def differ(self, others: "Levels") -> Marks:
        """The rows where two levels are not the same."""
        texts, known = (np.array(each.texts, dtype=object) for each in (self, others))
        marks: Marks = (texts[:, None] != known)[self.codes, others.codes]
        return marks

    def beyond(self, known: Collection[str]) -> list[str]:
        """The levels that are none of those known, in the order in which the rows have them."""
        there = (self.texts[each] for each in pd.unique(self.codes).tolist())
        return [each for each in there if each and each not in known]


def levels_of(values: pd.Series) -> Levels:
    """The levels of a typed variable, or of a column of text."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return _levels(values.cat.codes.to_numpy(), [str(each) for each in values.cat.categories])
    if pd.api.types.is_string_dtype(values.dtype):
        return as_levels(distinct_of(values))
    codes, distinct = pd.factorize(values)
    return _levels(codes, [str(each).lower().removesuffix(".0") for each in distinct])


def as_levels(cells: Distinct) -> Levels:
    """The cells of a column as levels."""
    return _levels(cells.codes, cells.texts.to_pylist())


def _levels(codes: Any, texts: list[str]) -> Levels:
    return Levels(np.where(codes < 0, np.int32(len(texts)), codes), [*texts, ""])


# ------------------------------------------------------------------------------------------------ about the response


def preview(screening: Screening) -> Marks:
    """Whether the status is that of a preview, a test or spam."""
    if "status" not in screening.data:
        return screening.none
    return levels_of(screening.data["status"]).that(lambda each: bool(_NOT_REGULAR.search(each)))


def no_consent(screening: Screening) -> Marks:
    """Whether any question of consent has another answer than consent, or none."""
    marked = screening.none
    for each in screening.codebook.with_role("consent"):
        if each.name in screening.data and (agreed := agreement(each)) is not None:
            marked |= ~levels_of(screening.data[each.name]).alike(agreed)
    return marked


def incomplete(screening: Screening) -> Marks:
    """Whether a response is not finished."""
    if "finished" not in screening.data:
        return screening.none
    return levels_of(screening.data["finished"]).that(lambda each: each not in ("true", "1"))


def _duplicate(screening: Screening, rule: Exclusion) -> Marked:
    parts = [distinct_of(screening.keys[each]).stripped() for each in rule.by]
    keys, first = joined([(each.codes, len(each.texts)) for each in parts])
    keyed: Marks = np.logical_and.reduce([each.where(flags(pc.not_equal(each.texts, ""))) for each in parts])
    rows = np.flatnonzero(keyed & (np.bincount(keys, minlength=len(first))[keys] > 1))
    order = pd.DataFrame({"key": keys[rows], "late": screening.irregular[rows], "row": rows})
    started = screening.one("started")
    order["started"] = pd.NaT if started is None else screening.data[started.name].to_numpy()[rows]
    ranked = order.sort_values(["late", "started", "row"], na_position="last", kind="stable")
    marked = screening.none
    marked[ranked.loc[ranked["key"].duplicated(), "row"].to_numpy()] = True
    return Marked(marked, ~keyed)


def _speeding(screening: Screening, rule: Exclusion) -> Marked:
    time = _numbers(screening, rule)
    bound = rule.seconds or float(rule.share_of_median or 0) * _median(screening, time)
    return Marked(np.asarray(time < bound), np.isnan(time))


def _slowness(screening: Screening, rule: Exclusion) -> Marked:
    time = _numbers(screening, rule)
    bound = rule.seconds or float(rule.multiple_of_median or 0) * _median(screening, time)
    return Marked(np.asarray(time > bound), np.isnan(time))


def _numbers(screening: Screening, rule: Exclusion) -> npt.NDArray[np.float64]:
    return screening.data[rule.variable or DURATION].to_numpy(dtype=np.float64)


def _median(screening: Screening, time: npt.NDArray[np.float64]) -> float:
    """The median of finished, regular responses; NaN when there is none."""
    finished = time[~(preview(screening) | incomplete(screening)) & ~np.isnan(time)]
    return float(np.median(finished)) if len(finished) else np.nan


def _score(screening: Screening, rule: Exclusion) -> Marked:
    score = _numbers(screening, rule)
    marked = score < rule.below if rule.below is not None else score > float(rule.above or 0)
    return Marked(np.asarray(marked), np.isnan(score))


def _location(screening: Screening, rule: Exclusion) -> Marked:
    name = str(rule.variable)
    places = levels_of(screening.data[name] if name in screening.data else screening.keys[name])
    kept = {each.strip().casefold() for each in rule.kept}
    unknown = places.that(lambda each: not each.strip())
    return Marked(places.that(lambda each: each.strip().casefold() not in kept) & ~unknown, unknown)


# ------------------------------------------------------------------------------------------------ about the answers


def _attention(screening: Screening, rule: Exclusion) -> Marked:
    failed = np.zeros(len(screening.data), dtype=np.int64)
    for each in reads(rule, screening.codebook):
        spelt: Callable[[str], str] = _evenly if each.kind == "text" else str
        failed += ~levels_of(screening.data[each.name]).alike(each.about, spelt)
    return Marked(failed > rule.allowed)


def _evenly(text: str) -> str:
    """A text without capitals and with single blanks."""
    return " ".join(text.split()).casefold()


def _recall(screening: Screening, rule: Exclusion) -> Marked:
    shown = levels_of(screening.data[str(rule.factor)])
    marked = screening.none
    for each in screening.codebook.with_role("recall"):
        if each.about == rule.factor:
            given = levels_of(screening.data[each.name])
            marked |= given.differ(shown) | given.that(lambda each: not each)
    return Marked(marked)


def _straight_lining(screening: Screening, rule: Exclusion) -> Marked:
    read = [each for each in reads(rule, screening.codebook) if each.full_name in screening.data]
    answers = np.column_stack([_place(each, screening.data[each.full_name]) for each in read])
    whole: Marks = ~np.isnan(answers).any(axis=1)
    return Marked(whole & (answers == answers[:, :1]).all(axis=1), ~whole)


def _place(variable: Variable, values: pd.Series) -> Any:
    """Where an answer stood among the choices: a scale that counts downwards has its places as they were shown."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes = values.cat.codes.to_numpy(dtype=np.float64)
        return np.where(codes < 0, np.nan, codes)
    if variable.kind in ("scale", "chosen"):
        places = {each.value: float(place) for place, each in reversed(list(enumerate(variable.categories)))}
        return values.map(places).to_numpy(dtype=np.float64)
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values.to_numpy(dtype=np.float64, na_value=np.nan)
    codes = pd.factorize(values)[0].astype(np.float64)
    return np.where(codes < 0, np.nan, codes)


def _condition(screening: Screening, rule: Exclusion) -> Marked:
    def read(name: str, value: Value | None) -> tuple[Any, Any]:
        return _comparable(screening.codebook[name], screening.data[name], value)

    truth = evaluate(str(rule.when), read)
    return Marked(truth.holds, ~truth.holds & ~truth.fails)


def _comparable(variable: Variable, values: pd.Series, value: Value | None) -> tuple[Any, Any]:
    """A variable and a value in a form in which they compare: numbers, places of ordered levels, times, or texts."""
    if variable.kind == "ordered":
        levels = list(dict.fromkeys(variable.levels))
        return _place(variable, values), levels.index(str(value)) if value is not None else None
    if variable.kind == "time":
        return values.to_numpy(dtype="datetime64[us]"), None if value is None else np.datetime64(str(value), "us")
    if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype):
        return values.to_numpy(dtype=np.float64), value
    given = levels_of(values)
    texts: npt.NDArray[np.object_] = np.array([each or None for each in given.texts], dtype=object)
    return texts[given.codes], value


def _certain(marks: Callable[[Screening], Marks]) -> Callable[[Screening, Exclusion], Marked]:
    return lambda screening, rule: Marked(marks(screening))


MARKS: Final[Mapping[Rule, Callable[[Screening, Exclusion], Marked]]] = {
    "preview": _certain(preview),
    "no_consent": _certain(no_consent),
    "incomplete": _certain(incomplete),
    "duplicate": _duplicate,
    "speeding": _speeding,
    "slowness": _slowness,
    "attention": _attention,
    "recall": _recall,
    "straight_lining": _straight_lining,
    "score": _score,
    "location": _location,
    "condition": _condition,
}

"""Scores of clean responses: indices, cuts and recodes, with their labels; and how well the items of an index agree."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from vignetta.codebook import Category, Codebook, Variable
from vignetta.declared import words
from vignetta.errors import Problem, StudyError
from vignetta.scores import COMPARISONS, Score

Floats = npt.NDArray[np.float64]

_FEWEST: Final = 3
"""Items without which a common factor is not determined."""
_EVEN: Final = 1e-9
"""A sum of loadings that is rounding error: as many items point one way as the other."""


@dataclass(frozen=True, eq=False)
class Scored:
    """Responses with their scores.

    Attributes
    ----------
    responses : the responses and a column for each score.
    codebook : the variables of both.
    notes : items that seem to point the other way, as sentences.
    """

    responses: pd.DataFrame
    codebook: Codebook
    notes: tuple[str, ...]


def add_scores(
    responses: pd.DataFrame, codebook: Codebook, scores: Mapping[str, Score], *, language: str = ""
) -> Scored:
    """Compute declared scores, in their order; one may use those before it.

    An index is the mean of the items that are answered, a sum that mean times the number of items; it is missing when
    fewer than `minimum_answered` are. An item that is reversed counts as lowest plus highest number less itself. Cuts
    and recodes are missing where their source is.

    Raises
    ------
    StudyError
        For a source that the responses lack or that is no number, for an item without a range that is reversed, and for
        levels that a recode does not name; of all scores.
    """
    data, variables, problems, notes = responses, codebook, [*_absent(codebook, scores)], []
    for score in {} if problems else scores.values():
        try:
            column, kind, more = _MAKERS[score.kind](data, variables, score, language)
        except StudyError as error:
            problems += error.problems
            continue
        if score.kind == "index":
            notes += [*_turned(data, variables, score)]
        data = data.assign(**{score.name: column})
        told = {"label": words(score.label, language), "about": score.making, "kind": kind, **more}
        made = [_variable(score.name, place, told) for place in _places(score, variables)]
        variables = Codebook(variables=(*variables.variables, *made))
    if problems:
        raise StudyError(problems)
    return Scored(data, variables, tuple(notes))


def _variable(name: str, place: tuple[int, int], told: Mapping[str, Any]) -> Variable:
    return Variable(name=name, role="score", task=place[0], profile=place[1], **told)


def _absent(codebook: Codebook, scores: Mapping[str, Score]) -> Iterator[Problem]:
    for name, score in scores.items():
        if name in codebook.names:
            yield Problem(f"scores.{name}", f"`{name}` is a variable of the codebook.", "Rename the score.")
        for each in score.sources:
            if each not in codebook.names and each not in scores:
                yield Problem(f"scores.{name}", f"the responses have no `{each}`.", "Export all questions.")


def _places(score: Score, codebook: Codebook) -> list[tuple[int, int]]:
    """The tasks and profiles that a score is about: those of the source that is about most."""
    found = [
        [(each.task, each.profile) for each in codebook.variables if each.name == source] for source in score.sources
    ]
    return sorted(max(found, key=lambda each: max((bool(task), bool(profile)) for task, profile in each)))


# ------------------------------------------------------------------------------------------------ numbers


def _number(data: pd.DataFrame, codebook: Codebook, name: str) -> Floats:
    """A source as numbers; an ordered one as places from 1."""
    column = data[name]
    if isinstance(column.dtype, pd.CategoricalDtype):
        places = np.asarray(column.cat.codes, dtype=np.float64) + 1.0
        return np.where(places > 0, places, np.nan) if codebook[name].kind == "ordered" else _refuse(name)
    return column.to_numpy(dtype=np.float64) if pd.api.types.is_numeric_dtype(column.dtype) else _refuse(name)


def _refuse(name: str) -> Floats:
    raise StudyError(Problem(f"scores {name}", f"`{name}` is not a number.", "Recode it, or name a number."))


def _ends(codebook: Codebook, name: str) -> tuple[float, float]:
    """The lowest and the highest number that an item can have; NaN where nothing says so."""
    variable = codebook[name]
    if variable.kind == "ordered":
        return 1.0, float(len(dict.fromkeys(variable.levels)))
    values = [each.value for each in variable.categories if each.value is not None]
    if values:
        return min(values), max(values)
    bounds = (variable.minimum, variable.maximum)
    return tuple(np.nan if each is None else each for each in bounds)  # type: ignore[return-value]


def item_values(data: pd.DataFrame, codebook: Codebook, score: Score) -> Floats:
    """The items of an index as numbers, (rows, items), those that are reversed turned round.

    Raises `StudyError` for an item that is no number, or that is reversed and has no range.
    """
    columns = [_number(data, codebook, each) for each in score.items]
    for place, name in enumerate(score.items):
        if name in score.reversed:
            low, high = _ends(codebook, name)
            if np.isnan(low + high):
                what = f"nothing says between which numbers `{name}` lies, so that it cannot be reversed."
                raise StudyError(Problem(f"scores.{score.name}", what, "Give the question `minimum` and `maximum`."))
            columns[place] = low + high - columns[place]
    return np.column_stack(columns)


Made = tuple[Any, str, dict[str, Any]]
"""A column, its kind, and what else its variable says."""


def _index(data: pd.DataFrame, codebook: Codebook, score: Score, language: str) -> Made:
    values = item_values(data, codebook, score)
    answered = (~np.isnan(values)).sum(axis=1)
    enough = answered >= (score.minimum_answered or values.shape[1])
    mean = np.nansum(values, axis=1) / np.maximum(answered, 1)
    whole = mean * (values.shape[1] if score.combine == "sum" else 1)
    ends = np.array([_ends(codebook, each) for each in score.items])
    low, high = ends.sum(axis=0) if score.combine == "sum" else ends.mean(axis=0)
    bounds = {} if np.isnan(low + high) else {"minimum": float(low), "maximum": float(high)}
    return np.where(enough, whole, np.nan), "number", bounds


def _cut(data: pd.DataFrame, codebook: Codebook, score: Score, language: str) -> Made:
    name, sign, bound = score.comparison
    numbers = _number(data, codebook, name)
    texts = [words(each, language) if each else usual for each, usual in ((score.no, "no"), (score.yes, "yes"))]
    levels = ["no", "yes"] if texts[0] == texts[1] else texts
    points = [
        Category(code=str(code), level=level, label=text, value=float(code))
        for code, (level, text) in enumerate(zip(levels, texts, strict=True))
    ]
    holds = COMPARISONS[sign](numbers, bound).astype(np.float64)
    return np.where(np.isnan(numbers), np.nan, holds), "scale", {"categories": tuple(points)}


# ------------------------------------------------------------------------------------------------ levels


def _recode(data: pd.DataFrame, codebook: Codebook, score: Score, language: str) -> Made:
    banded = any(each.below is not None for each in score.levels)
    places = _band_places(data, codebook, score) if banded else _level_places(data, score)
    ordered = banded or codebook[str(score.recode)].kind == "ordered"
    names = pd.Index([each.name for each in score.levels], dtype="str")
    column = pd.Categorical.from_codes(places, dtype=pd.CategoricalDtype(names, ordered=ordered))
    categories = tuple(
        Category(code=str(place), level=each.name, label=words(each.label, language))
        for place, each in enumerate(score.levels, 1)
    )
    return column, "ordered" if ordered else "category", {"categories": categories}


def _band_places(data: pd.DataFrame, codebook: Codebook, score: Score) -> npt.NDArray[np.int64]:
    numbers = _number(data, codebook, str(score.recode))
    bounds = [each.below for each in score.levels if each.below is not None]
    places: npt.NDArray[np.int64] = np.searchsorted(bounds, numbers, side="right").astype(np.int64)
    places[np.isnan(numbers)] = -1
    return places


def _level_places(data: pd.DataFrame, score: Score) -> npt.NDArray[np.int64]:
    column = data[str(score.recode)]
    place = {level: place for place, each in enumerate(score.levels) for level in each.of}
    place |= dict.fromkeys(score.missing, -1)
    unknown = [str(each) for each in column.dropna().unique() if each not in place]
    if unknown:
        what = f"nothing says what becomes of {', '.join(f'`{each}`' for each in unknown)} of `{score.recode}`."
        raise StudyError(Problem(f"scores.{score.name}", what, "Put each into a level, or list it under `missing`."))
    return np.asarray(column.astype("object").map(place).fillna(-1), dtype=np.int64)


_MAKERS: Final = {"index": _index, "cut": _cut, "recode": _recode}


# ------------------------------------------------------------------------------------------------ reliability


@dataclass(frozen=True)
class Reliability:
    """How well the items of an index agree.

    Attributes
    ----------
    alpha : Cronbach's (1951).
    omega : McDonald's (1999) of one common factor; NaN with fewer than three items or where no such factor fits.
    rest : the correlation of each item with the sum of the others.
    n : respondents, or their tasks or profiles, that answered every item.
    """

    alpha: float
    omega: float
    rest: tuple[float, ...]
    n: int


def item_reliability(values: Floats | Sequence[Sequence[float]]) -> Reliability:
    """The reliability of an index from its items, (rows, items), reversed items turned round already.

    Alpha is k / (k - 1) · (1 - sum of the items' variances / variance of their sum). Omega is (sum of loadings)² over
    itself plus the sum of uniquenesses, with loadings of one factor by unweighted least squares on the covariances.
    Rows with a missing item are left out.
    """
    values = np.asarray(values, dtype=np.float64)
    whole = values[~np.isnan(values).any(axis=1)]
    n, k = whole.shape
    if k < 2 or n < 2:
        return Reliability(np.nan, np.nan, (np.nan,) * k, n)
    covariance = np.cov(whole, rowvar=False)
    total = covariance.sum()
    alpha = k / (k - 1) * (1 - np.trace(covariance) / total) if total > 0 else np.nan
    return Reliability(float(alpha), _omega(covariance), tuple(_rest(covariance)), n)


def _omega(covariance: Floats) -> float:
    from scipy.optimize import least_squares

    sd = np.sqrt(np.diag(covariance))
    if len(sd) < _FEWEST or not (sd > 0).all():
        return np.nan
    correlation = covariance / np.outer(sd, sd)
    above = np.triu_indices(len(sd), 1)
    value, vector = (each[..., -1] for each in np.linalg.eigh(correlation))
    start = vector * np.sqrt(value) * np.sign(vector.sum() or 1)

    def apart(loading: Floats) -> Floats:
        residual: Floats = (np.outer(loading, loading) - correlation)[above]
        return residual

    found = least_squares(apart, start, xtol=1e-14).x
    if (found**2 > 1).any():
        return np.nan
    common = (found * sd).sum() ** 2
    return float(common / (common + (sd**2 * (1 - found**2)).sum()))


def _rest(covariance: Floats) -> Iterator[float]:
    """The correlation of each item with the sum of the others."""
    for place in range(len(covariance)):
        others = np.delete(np.arange(len(covariance)), place)
        square = covariance[place, place] * covariance[np.ix_(others, others)].sum()
        yield float(covariance[place, others].sum() / np.sqrt(square)) if square > 0 else np.nan


def _turned(data: pd.DataFrame, codebook: Codebook, score: Score) -> Iterator[str]:
    """Items that go against the others among the responses to analyse."""
    kept = ~data["excluded"] if "excluded" in data else slice(None)
    values = item_values(data.loc[kept], codebook, score)
    for name, opposed in zip(score.items, _opposed(values), strict=True):
        if opposed:
            word = "is reversed" if name in score.reversed else "is not reversed"
            yield f"The item `{name}` of `{score.name}` {word} and goes against the other items."


def _opposed(values: Floats) -> npt.NDArray[np.bool_]:
    """Which items load on the first principal component against the sum of the loadings; of two, the second."""
    whole = values[~np.isnan(values).any(axis=1)]
    if len(whole) <= _FEWEST or not (whole.std(axis=0) > 0).all() or whole.shape[1] < 2:
        return np.zeros(values.shape[1], dtype=bool)
    first = np.linalg.eigh(np.corrcoef(whole, rowvar=False))[1][:, -1]
    total = first.sum()
    opposed: npt.NDArray[np.bool_] = first * (first[0] if abs(total) < _EVEN else total) < 0
    return opposed

"""The export against the design: levels, combinations, wordings, frequencies, times and versions."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from vignetta.cleaning.auditing.audit import Audited, Finding
from vignetta.cleaning.auditing.frequencies import FALSE_ALARMS, fit
from vignetta.cleaning.categories import words
from vignetta.cleaning.distinct import Codes, Flags, joined
from vignetta.cleaning.excluding.rules import Levels, as_levels, levels_of
from vignetta.cleaning.telling import cut
from vignetta.codebook import Variable
from vignetta.errors import listed

_LEVELS: Final = 6
"""Levels whose frequencies a message tells."""
_TOGETHER: Final = " × ".join


@dataclass(frozen=True, eq=False)
class Expected:
    """What a design says about the responses to it.

    Attributes
    ----------
    levels : the levels of each factor.
    combinations : one row per combination of levels that may stand together, with a column of levels per factor and
        `probability`; empty when nothing is known.
    is_drawn : whether the survey drew by these probabilities.
    wordings : for each factor and level, the words that respondents may have read.
    version_field : the variable that holds the hash of the design.
    versions : the hashes of the designs whose responses count; empty when any does.
    unaudited : why combinations and frequencies cannot be looked at; empty when they can.
    first_day, last_day : of fielding, as 2026-03-01; empty when not said.
    """

    levels: Mapping[str, Sequence[str]]
    combinations: pd.DataFrame = field(default_factory=pd.DataFrame)
    is_drawn: bool = False
    wordings: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    version_field: str = ""
    versions: Sequence[str] = ()
    unaudited: str = ""
    first_day: str = ""
    last_day: str = ""


def design_findings(audited: Audited, expected: Expected) -> Iterator[Finding]:
    """Where an export is not as its design says. What is wrong with excluded rows is not told."""
    factors = _factors(audited, expected)
    yield from _off_design(audited, expected, factors)
    yield from _combinations(audited, expected, factors)
    yield from _wordings(audited, expected, factors)
    yield from _versions(audited, expected)
    yield from _times(audited, expected)
    if expected.unaudited:
        yield Finding("warning", "combinations", audited.raw.shown, expected.unaudited, "Look at them otherwise.")
    if expected.is_drawn and len(expected.combinations):
        yield from _frequencies(audited, expected, factors)


Factors = Sequence[tuple[Variable, Levels]]
"""The factors of the design with the levels of each raw row; empty where none was assigned."""


def _factors(audited: Audited, expected: Expected) -> Factors:
    variables = audited.codebook.with_role("factor")
    there = [each for each in variables if each.name in expected.levels and each.full_name in audited.data]
    return [(each, levels_of(audited.data[each.full_name])) for each in there]


def _off_design(audited: Audited, expected: Expected, factors: Factors) -> Iterator[Finding]:
    for each, levels in factors:
        for level in levels.beyond(expected.levels[each.name]):
            marked = levels.alike(level) & ~audited.excluded
            what = f"`{level}` is no level of `{each.name}` in the design ({{rows}})."
            remedy = "Build the codebook again, or declare the level."
            yield from audited.told("error", "levels", each.full_name, marked, what, remedy)


def _combinations(audited: Audited, expected: Expected, factors: Factors) -> Iterator[Finding]:
    """Levels that the design forbids to stand together, in each task and profile."""
    names = [each for each in expected.levels if each in expected.combinations]
    if len(names) < 2:
        return
    allowed = set(expected.combinations[names].astype("str").itertuples(index=False, name=None))
    for place, columns in _places(factors, names).items():
        combination, distinct = _distinct([columns[each] for each in names])
        known = [all(cell in expected.levels[name] for name, cell in zip(names, row, strict=True)) for row in distinct]
        forbidden = [ok and row not in allowed for row, ok in zip(distinct, known, strict=True)]
        marked = np.array(forbidden, dtype=bool)[combination] & ~audited.excluded
        what = f"levels stand together that the design forbids{place} ({{rows}})."
        remedy = "Look how the survey drew them; exclude the rows only if nobody could read them."
        yield from audited.told("error", "combinations", "factors", marked, what, remedy)


def _distinct(levels: Sequence[Levels]) -> tuple[Codes, list[tuple[str, ...]]]:
    """For each row the place of its combination of levels among the distinct ones, and these."""
    place, first = joined([(each.codes, len(each.texts)) for each in levels])
    texts = ([each.texts[code] for code in each.codes[first]] for each in levels)
    return place, list(zip(*texts, strict=True))


def _places(factors: Factors, names: Sequence[str]) -> Mapping[str, Mapping[str, Levels]]:
    """The levels of all factors in each task and profile where all are known."""
    given = {(each.name, each.task, each.profile): levels for each, levels in factors}
    found: dict[str, dict[str, Levels]] = {}
    for task, profile in dict.fromkeys((task, profile) for _, task, profile in given):
        slots = ((task, profile), (task, 0), (0, 0))
        there = {name: [given[name, *each] for each in slots if (name, *each) in given] for name in names}
        if all(there.values()):
            place = f" in task {task}" if task else ""
            place += f", profile {profile}" if profile else ""
            found[place] = {name: each[0] for name, each in there.items()}
    return found


def _wordings(audited: Audited, expected: Expected, factors: Factors) -> Iterator[Finding]:
    """Words that are not those of the level whose code stands beside them."""
    wordings = {key: {_plain(each) for each in texts} for key, texts in expected.wordings.items()}
    given = {(each.name, each.task, each.profile): levels for each, levels in factors}
    for each in audited.codebook.with_role("wording"):
        levels, cells = given.get((each.about, each.task, each.profile)), audited.cells(each)
        if levels is None or cells is None:
            continue
        pairs, distinct = _distinct([levels, as_levels(cells)])
        for place, (level, text) in enumerate(distinct):
            known = wordings.get((each.about, level))
            if known and text and _plain(text) not in known:
                marked = (pairs == place) & ~audited.excluded
                shown = cut(text)
                what = f"`{level}` was shown as `{shown}` ({{rows}})."
                remedy = "These are not the words of the design: find out what respondents read."
                yield from audited.told("error", "wording", each.full_name, marked, what, remedy)


def _plain(text: str) -> str:
    """A text as it compares: without markup and white space; how it begins and ends depends on where it stands."""
    return words(text).strip(" .").casefold()


def _versions(audited: Audited, expected: Expected) -> Iterator[Finding]:
    """Responses to other versions of the design; where all are, also the excluded ones: it is another survey's export,
    whose columns may make the exclusions mark any row."""
    found = [each for each in audited.codebook.variables if each.name == expected.version_field]
    cells = audited.cells(found[0]) if found else None
    if cells is None or not expected.versions:
        return
    levels = as_levels(cells)
    looked_at = ~audited.excluded | ~levels.that(lambda each: each in expected.versions).any()
    for version in Levels(levels.codes[looked_at], levels.texts).beyond(expected.versions):
        marked = levels.alike(version) & looked_at
        what = f"the responses are to another version of the design, `{version}` ({{rows}})."
        remedy = (
            f"If nothing that matters changed, write `versions: [{version}]` in `data`; if it did, exclude them with "
            f'the condition `{expected.version_field} == "{version}"`, or go back to that design.'
        )
        yield from audited.told("error", "version", expected.version_field, marked, what, remedy)


def _times(audited: Audited, expected: Expected) -> Iterator[Finding]:
    if "started" not in audited.data or not (expected.first_day or expected.last_day):
        return
    started = audited.data["started"]
    early = _before(started, expected.first_day) if expected.first_day else np.zeros(len(started), dtype=bool)
    late = ~_before(started, expected.last_day, days=1) if expected.last_day else np.zeros(len(started), dtype=bool)
    late &= started.notna().to_numpy(dtype=bool)
    for marked, what, sign, day in (
        (early, "began before the first day of fielding", "<", expected.first_day),
        (late, "began after the last day of fielding", ">", expected.last_day + " 23:59:59"),
    ):
        remedy = f'Correct the days in `data`, or exclude them with the condition `started {sign} "{day}"`.'
        where = marked & ~audited.excluded
        yield from audited.told("error", "fielding", "started", where, f"responses {what} ({{rows}}).", remedy)


def _before(times: pd.Series, day: str, *, days: int = 0) -> Flags:
    return (times < pd.Timestamp(day) + pd.Timedelta(days=days)).to_numpy(dtype=bool)


# ------------------------------------------------------------------------------------------------ frequencies


def _frequencies(audited: Audited, expected: Expected, factors: Factors) -> Iterator[Finding]:
    """Factors, and whole vignettes, that were drawn more or less often than the design says."""
    tests = list(_tests(audited, expected, factors))
    for where, counts, probability in tests:
        found = fit(counts.to_numpy(dtype=np.int64), probability.to_numpy(dtype=np.float64))
        if found is not None and found.p_value < FALSE_ALARMS / len(tests):
            drawn = zip(counts.index, counts, probability, strict=True)
            shares = listed([f"{level} {n} ({n / counts.sum():.1%}, not {p:.1%})" for level, n, p in drawn], _LEVELS)
            alarms = f"the {len(tests)} tests alarm by chance in at most {FALSE_ALARMS:.1%} of surveys"
            chance = f"{found.test} test, p = {found.p_value:.1g}; {alarms}"
            what = f"`{where}` was not drawn as the design says: {shares} ({chance})."
            remedy = "Look how the survey draws it, and for whom no level is noted."
            yield Finding("warning", "frequencies", f"{audited.raw.shown} {where}", what, remedy)


def _tests(audited: Audited, expected: Expected, factors: Factors) -> Iterator[tuple[str, pd.Series, pd.Series]]:
    """What is tested: its name, the counts and the probabilities of its levels.

    Factors with cells that could not be read are told already; their counts would tell nothing.
    """
    regular = ~audited.previews
    factors = [(each, levels) for each, levels in factors if not audited.reading.unread(each)]
    for each, levels in factors:
        probability = expected.combinations.groupby(each.name, observed=False)["probability"].sum()
        probability.index = probability.index.astype("str")
        yield each.full_name, _counted(levels, regular, probability), probability
    names = [each for each in expected.levels if each in expected.combinations]
    whole = _places(factors, names).get("")
    if len(names) > 1 and whole is not None:
        place, distinct = _distinct([whole[each] for each in names])
        rows = expected.combinations[names].astype("str").itertuples(index=False, name=None)
        probability = pd.Series(expected.combinations["probability"].to_numpy(), index=[*map(_TOGETHER, rows)])
        yield "vignette", _counted(Levels(place, [*map(_TOGETHER, distinct)]), regular, probability), probability


def _counted(levels: Levels, regular: Flags, probability: pd.Series) -> pd.Series:
    """How many regular rows have each level that can be drawn."""
    n = np.bincount(levels.codes[regular], minlength=len(levels.texts)).tolist()
    found: Counter[str] = Counter()
    for level, each in zip(levels.texts, n, strict=True):
        found[level] += each
    return pd.Series([found[each] for each in probability.index], index=probability.index)

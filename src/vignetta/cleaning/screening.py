"""Exclusion rules become marks: one flag per rule and response. Nothing is dropped here."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from vignetta.codebook import Codebook, Variable
from vignetta.errors import Problem, StudyError, near_miss
from vignetta.exclusions import Exclusion, Rule

Marks = npt.NDArray[np.bool_]

ANALYSED: Final = "analysed"
_NOT_REGULAR: Final = ("preview", "test", "spam")
"""Words in the levels of the response's status; imported and offline responses are regular."""
_AGREEMENT: Final = ("agree", "agreed", "yes", "true", "consent", "i agree")


@dataclass(frozen=True, eq=False)
class Screened:
    """What the rules say of each response.

    Attributes
    ----------
    marks : (rows, rules) flags, in the plan's order; each column is called by its reason.
    notes : what a reader of the flow must know, as sentences.
    """

    marks: pd.DataFrame
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Screening:
    """The responses as the rules read them.

    Attributes
    ----------
    data : the typed variables, one row per raw row; the rules read those that are about the respondent.
    keys : for each variable that tells respondents apart, the text of its cells; empty where there is none.
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


def reasons(exclusions: Sequence[Exclusion]) -> list[str]:
    """The words for each exclusion; those that would read alike are numbered.

    >>> reasons([Exclusion(rule="incomplete"), Exclusion(rule="speeding", seconds=60), Exclusion(rule="incomplete")])
    ['Not finished', 'Faster than 60 seconds', 'Not finished (2)']
    """
    found = [ANALYSED]
    for each in exclusions:
        base = each.reason.strip() or _WORDS[each.rule](each)
        count = 2
        words = base
        while words in found:
            words = f"{base} ({count})"
            count += 1
        found.append(words)
    return found[1:]


_WORDS: Final[Mapping[Rule, Callable[[Exclusion], str]]] = {
    "preview": lambda each: "Preview, test or spam",
    "no_consent": lambda each: "No consent",
    "incomplete": lambda each: "Not finished",
    "duplicate": lambda each: f"Repeated response by {each.by}",
    "speeding": lambda each: (
        f"Faster than {each.seconds:g} seconds"
        if each.seconds
        else f"Faster than {100 * (each.share_of_median or 0):g}% of the median duration"
    ),
    "attention": lambda each: "Failed the attention check",
    "recall": lambda each: f"Failed the recall check of {each.factor}",
}


# ------------------------------------------------------------------------------------------------ what rules need


def needed(exclusions: Sequence[Exclusion], codebook: Codebook) -> frozenset[str]:
    """Names of the variables that the rules read.

    Raises `StudyError` for each that the codebook lacks, or that is about a task: rules judge whole rows of the export.
    """
    names: set[str] = set()
    problems: list[Problem] = []
    for number, each in enumerate(exclusions):
        read = list(_needs(each, codebook))
        found = list(dict.fromkeys(variable.name for variable in read))
        names.update(found)
        if not found or (each.rule == "recall" and len(found) < 2):
            problems.append(_not_possible(number, each, codebook))
        problems += _of_tasks(number, each, read)
    problems += _unsettled(exclusions, codebook)
    if problems:
        raise StudyError(problems)
    return frozenset(names)


def _needs(rule: Exclusion, codebook: Codebook) -> Iterator[Variable]:
    asked = {"preview": "status", "incomplete": "finished", "speeding": "duration", "duplicate": rule.by}.get(rule.rule)
    for each in codebook.variables:
        by_name = asked is not None and each.name == asked
        by_role = (rule.rule == "no_consent" and each.role == "consent") or (
            rule.rule == "attention" and each.role == "attention"
        )
        recall = rule.rule == "recall" and _belongs_to(each, rule.factor or "")
        if by_name or by_role or recall:
            yield each


def _of_tasks(number: int, rule: Exclusion, read: Sequence[Variable]) -> Iterator[Problem]:
    names = dict.fromkeys(f"`{each.name}`" for each in read if each.task)
    if names:
        what = f"the rule `{rule.rule}` would read {', '.join(names)}, which differs from task to task."
        remedy = "A rule leaves out respondents with all their tasks; let it read what is about the respondent."
        yield Problem(f"exclusions[{number}]", what, remedy)


def _belongs_to(variable: Variable, factor: str) -> bool:
    shown = variable.role == "factor" and variable.name == factor
    return shown or (variable.role == "recall" and variable.about == factor)


def _not_possible(number: int, rule: Exclusion, codebook: Codebook) -> Problem:
    where = f"exclusions[{number}]"
    what = f"the rule `{rule.rule}` finds nothing to read: {_LACKS[rule.rule].format(by=rule.by, factor=rule.factor)}."
    known = near_miss(rule.by, codebook.names) if rule.by else "Add it, or drop the rule."
    return Problem(where, what, known)


_LACKS: Final[Mapping[Rule, str]] = {
    "preview": "the codebook has no variable `status`",
    "no_consent": "no variable of the codebook has the role `consent`",
    "incomplete": "the codebook has no variable `finished`",
    "duplicate": "the codebook has no variable `{by}`",
    "speeding": "the codebook has no variable `duration`",
    "attention": "no variable of the codebook has the role `attention`",
    "recall": "the codebook lacks the factor `{factor}` or a recall check that is `about` it",
}


def _unsettled(exclusions: Sequence[Exclusion], codebook: Codebook) -> Iterator[Problem]:
    rules = {each.rule for each in exclusions}
    for each in codebook.variables:
        if each.name == "duration" and "speeding" in rules and each.kind != "number":
            yield Problem("codebook duration", f"a `{each.kind}` cannot be compared with a bound.", "Make it a number.")
        if each.role == "attention" and "attention" in rules and not each.about:
            what = "`about` does not say which answer is right."
            yield Problem(f"codebook {each.full_name}", what, "Write its level.")
        if each.role == "consent" and "no_consent" in rules and _agreement(each) is None:
            what = f"nothing says which of {', '.join(f'`{level}`' for level in each.levels)} is consent."
            yield Problem(f"codebook {each.full_name}", what, "Write the level into `about`.")


def _agreement(consent: Variable) -> str | None:
    """The level that means consent: what `about` says, the only one, or the only one in words of agreement."""
    levels = consent.levels or (["true", "false"] if consent.kind == "flag" else [])
    if consent.about:
        return consent.about
    if len(levels) == 1:
        return levels[0]
    found = [each for each in levels if each.casefold() in _AGREEMENT]
    return found[0] if len(found) == 1 else None


# ------------------------------------------------------------------------------------------------ the rules


def screen(screening: Screening, exclusions: Sequence[Exclusion]) -> Screened:
    """Mark, for each rule, the responses that meet it.

    preview: the status is a preview, a test or spam. no_consent: any answer but consent, or none. incomplete: not
    finished. duplicate: all but one response with the same value; the one kept is the first to begin among finished,
    regular ones with consent. speeding: faster than a number of seconds, or than a share of the median of finished
    regular responses. attention and recall: any answer but the right one, or none.
    """
    names = reasons(exclusions)
    marks = {name: _MARKS[each.rule](screening, each) for name, each in zip(names, exclusions, strict=True)}
    frame = pd.DataFrame(marks, index=screening.data.index, columns=pd.Index(names, dtype="str"), dtype=bool)
    notes = [
        f"The exclusion `{name}` uses what was measured after the vignette; it can bias comparisons of its levels."
        for name, each in zip(names, exclusions, strict=True)
        if each.after_treatment
    ]
    return Screened(frame, (*notes, *_untimed(screening, exclusions)))


def _untimed(screening: Screening, exclusions: Sequence[Exclusion]) -> Iterator[str]:
    if any(each.rule == "speeding" for each in exclusions):
        missing = int(screening.data["duration"].isna().sum())
        if missing:
            yield f"Without a duration, and so not marked as fast: {missing} of {len(screening.data)} raw rows."


def _levels(values: pd.Series) -> pd.Series:
    """Values as levels; missing is the empty text."""
    if isinstance(values.dtype, pd.CategoricalDtype) or pd.api.types.is_string_dtype(values.dtype):
        return values.astype("str").fillna("")
    codes, distinct = pd.factorize(values)
    texts = np.array([*(str(each).lower().removesuffix(".0") for each in distinct), ""], dtype=object)
    return pd.Series(texts[codes], index=values.index, dtype="str")


def _preview(screening: Screening, rule: Exclusion | None = None) -> Marks:
    if "status" not in screening.data:
        return np.zeros(len(screening.data), dtype=bool)
    pattern = "|".join(_NOT_REGULAR)
    return _levels(screening.data["status"]).str.contains(pattern, case=False).to_numpy(dtype=bool)


def _no_consent(screening: Screening, rule: Exclusion | None = None) -> Marks:
    marked = np.zeros(len(screening.data), dtype=bool)
    for each in screening.codebook.with_role("consent"):
        if each.name in screening.data and (agreed := _agreement(each)) is not None:
            marked |= (_levels(screening.data[each.name]) != agreed).to_numpy(dtype=bool)
    return marked


def _incomplete(screening: Screening, rule: Exclusion | None = None) -> Marks:
    if "finished" not in screening.data:
        return np.zeros(len(screening.data), dtype=bool)
    return ~_levels(screening.data["finished"]).isin(["true", "1"]).to_numpy(dtype=bool)


def _duplicate(screening: Screening, rule: Exclusion) -> Marks:
    keys = screening.keys[str(rule.by)].str.strip()
    order = pd.DataFrame({"key": keys, "late": ~_regular(screening), "row": np.arange(len(keys))})
    started = screening.one("started")
    times: Any = screening.data[started.name] if started is not None else pd.Series(pd.NaT, index=keys.index)
    order["started"] = times.to_numpy()
    ranked = order[keys != ""].sort_values(["late", "started", "row"], na_position="last", kind="stable")
    marked = np.zeros(len(keys), dtype=bool)
    marked[ranked.loc[ranked["key"].duplicated(), "row"].to_numpy()] = True
    return marked


def _regular(screening: Screening) -> Marks:
    """Finished responses with consent that are no previews."""
    return ~(_preview(screening) | _incomplete(screening) | _no_consent(screening))


def _speeding(screening: Screening, rule: Exclusion) -> Marks:
    duration = screening.data["duration"].to_numpy(dtype=np.float64)
    if rule.seconds is not None:
        return np.asarray(duration < rule.seconds)
    finished = duration[~(_preview(screening) | _incomplete(screening)) & ~np.isnan(duration)]
    if not len(finished):
        return np.zeros(len(duration), dtype=bool)
    return np.asarray(duration < float(rule.share_of_median or 0) * np.median(finished))


def _attention(screening: Screening, rule: Exclusion) -> Marks:
    marked = np.zeros(len(screening.data), dtype=bool)
    for each in screening.codebook.with_role("attention"):
        given, right = _levels(screening.data[each.name]), each.about
        if each.kind == "text":
            given, right = given.str.split().str.join(" ").str.casefold(), " ".join(right.split()).casefold()
        marked |= (given != right).to_numpy(dtype=bool)
    return marked


def _recall(screening: Screening, rule: Exclusion) -> Marks:
    shown = _levels(screening.data[str(rule.factor)])
    marked = np.zeros(len(shown), dtype=bool)
    for each in screening.codebook.with_role("recall"):
        if each.about == rule.factor:
            given = _levels(screening.data[each.name])
            marked |= ((given != shown) | (given == "")).to_numpy(dtype=bool)
    return marked


_MARKS: Final[Mapping[Rule, Callable[[Screening, Exclusion], Marks]]] = {
    "preview": _preview,
    "no_consent": _no_consent,
    "incomplete": _incomplete,
    "duplicate": _duplicate,
    "speeding": _speeding,
    "attention": _attention,
    "recall": _recall,
}

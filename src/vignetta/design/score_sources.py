"""What scores may be computed from, and what is wrong with their declaration, which may be broken in any way."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vignetta.declared import Finding
from vignetta.design.raw import UNSURE, entries, items, level_names, mapping
from vignetta.errors import near_miss
from vignetta.scores import cut_parts


@dataclass(frozen=True)
class _Source:
    """What a score may be computed from: its levels, if it has any, and whether it is a number, with known ends."""

    levels: tuple[str, ...] = ()
    number: bool = False
    bounded: bool = False


def score_findings(data: Mapping[str, Any]) -> Iterator[Finding]:
    """What contradicts the other sections of a study file; a score may use those declared before it."""
    known = dict(_sources(data))
    for name, score in entries(data, "scores"):
        for where, source in _used(score):
            what = _unfit(source, known[source], score) if source in known else ""
            if source not in known:
                yield ("scores", name, *where), f"unknown variable `{source}`.", near_miss(source, known)
            elif what:
                yield ("scores", name, *where), *what
        if "recode" in score and score["recode"] in known:
            yield from (
                (("scores", name, *where), what, remedy)
                for where, what, remedy in _level_findings(score, known[score["recode"]])
            )
        levels = tuple(str(each.get("name")) for _, each in items(score.get("levels")))
        known[name] = _Source(levels) if "recode" in score else _Source(number=True, bounded=True)


def _sources(data: Mapping[str, Any]) -> Iterator[tuple[str, _Source]]:
    for name, outcome in entries(data, "outcomes"):
        kind = outcome.get("kind", "rating")
        statements = [f"{name}_{item}" for item in mapping(outcome, "items")] if kind == "matrix" else [name]
        if kind != "text":
            yield from ((each, _Source(number=True, bounded=True)) for each in statements)
    for name, covariate in entries(data, "covariates"):
        kind = covariate.get("kind", "choice")
        options = tuple(str(each.get("name")) for _, each in items(covariate.get("options")))
        bounded = kind == "ordered" or {"minimum", "maximum"} <= covariate.keys()
        yield name, _Source(options, kind in ("number", "ordered"), bounded)
    for name, levels in level_names(data).items():
        yield name, _Source(tuple(levels))
        if "recall" in mapping(data, "factors", name):
            yield f"recall_{name}", _Source((*levels, UNSURE))


def _used(score: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    listed = score.get("items")
    for place, each in enumerate(listed if isinstance(listed, list) else ()):
        yield ("items", place), str(each)
    parts = cut_parts(score.get("cut"))
    if parts:
        yield ("cut",), parts[0]
    if isinstance(score.get("recode"), str):
        yield ("recode",), score["recode"]


def _unfit(name: str, source: _Source, score: Mapping[str, Any]) -> tuple[str, str] | str:
    """Why a source cannot be used, and what to do about it."""
    if "recode" not in score and not source.number:
        return f"`{name}` is not a number.", "Recode it, or name an outcome, a number or an ordered question."
    if "items" in score and not source.bounded:
        return f"`{name}` has no range.", "Give it `minimum` and `maximum`."
    return ""


def _level_findings(score: Mapping[str, Any], source: _Source) -> Iterator[Finding]:
    banded = any("below" in each for _, each in items(score.get("levels")))
    if banded != (not source.levels):
        held = "bands of numbers (`below`)" if not source.levels else "levels (`of`)"
        yield ("levels",), f"`{score['recode']}` is recoded by {held}.", "Write each level so."
        return
    gone = score.get("missing") if isinstance(score.get("missing"), list) else []
    listed = [(("missing", place), each) for place, each in enumerate(gone or ())]
    for place, each in items(score.get("levels")):
        of = each.get("of")
        listed += [(("levels", place), one) for one in (of if isinstance(of, list) else ())]
    for where, each in listed:
        if each not in source.levels:
            yield where, f"`{score['recode']}` has no level `{each}`.", near_miss(str(each), source.levels)
    absent = [each for each in source.levels if each not in [one for _, one in listed]]
    if absent:
        what = f"nothing says what becomes of {', '.join(f'`{each}`' for each in absent)}."
        yield ("levels",), what, "Put each into a level, or list it under `missing`."

"""Scores as outcomes of models, beside what was asked."""

from collections.abc import Mapping, Sequence
from typing import Any

from vignetta.declared import words
from vignetta.design.asked import Outcome, Point
from vignetta.design.declaration import Design
from vignetta.design.scales import Ends
from vignetta.scores import Score

Bounds = tuple[float, float]


def analysable(design: Design) -> dict[str, Outcome]:
    """What models may explain, by name: the measures, and the scores that are numbers."""
    found = dict(design.measures)
    for name, score in design.scores.items():
        if score.kind == "cut":
            found[name] = _cut_outcome(score)
        elif score.kind == "index":
            found[name] = _index_outcome(score, design, found)
    return found


def _cut_outcome(score: Score) -> Outcome:
    texts = (score.no or {"": "no"}, score.yes or {"": "yes"})
    points = tuple(Point(text=text, code=str(code)) for code, text in enumerate(texts))
    return _made(score, score.making, kind="rating", scale=points)


def _index_outcome(score: Score, design: Design, known: Mapping[str, Outcome]) -> Outcome:
    low, high = _range(score, [_bounds(each, design, known) for each in score.items])
    ends = _shared_ends([_ends(each, each in score.reversed, design.language, known) for each in score.items])
    made = Ends.model_construct(low={"": ends[0]}, high={"": ends[1]})
    return _made(score, score.making, kind="slider", minimum=low, maximum=high, step=high - low, ends=made)


def _made(score: Score, question: str, **given: Any) -> Outcome:
    return Outcome.model_construct(name=score.name, label=score.label, question={"": question}, **given)


def _range(score: Score, bounds: Sequence[Bounds]) -> Bounds:
    low, high = sum(each[0] for each in bounds), sum(each[1] for each in bounds)
    return (low, high) if score.combine == "sum" else (low / len(bounds), high / len(bounds))


def _bounds(name: str, design: Design, known: Mapping[str, Outcome]) -> Bounds:
    if name in known:
        values = known[name].values
        return min(values), max(values)
    covariate = design.covariates[name]
    if covariate.options:
        return 1.0, float(len(covariate.options))
    assert covariate.minimum is not None and covariate.maximum is not None
    return covariate.minimum, covariate.maximum


def _ends(name: str, turned: bool, language: str, known: Mapping[str, Outcome]) -> tuple[str, str]:
    """The words at the two ends of an item, turned round if it is."""
    texts = sorted(known[name].texts, key=lambda each: each[0]) if name in known else []
    ends = [words(text, language) for _, text in (texts[0], texts[-1])] if texts else ["", ""]
    return (ends[1], ends[0]) if turned else (ends[0], ends[1])


def _shared_ends(ends: Sequence[tuple[str, str]]) -> tuple[str, str]:
    return ends[0] if len(set(ends)) == 1 and all(ends[0]) else ("lowest", "highest")

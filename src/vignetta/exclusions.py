"""Which responses the plan leaves out: declared rules, applied in their order by cleaning."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import BeforeValidator, Field, WithJsonSchema

from vignetta.conditions import condition_faults, condition_names
from vignetta.declared import Declared, Finding, as_number

Rule = Literal[
    "preview",
    "no_consent",
    "incomplete",
    "duplicate",
    "speeding",
    "slowness",
    "attention",
    "recall",
    "straight_lining",
    "score",
    "location",
    "condition",
]
"""preview: previews, tests and spam by the response's status. no_consent: declined or never answered. incomplete: not
finished. duplicate: a later response with the same value `by`. speeding, slowness: a duration below or above a bound.
attention: failed more attention checks than `allowed`. recall: failed the recall check of `factor`. straight_lining:
gave all of `variables` one and the same answer. score: a number `below` or `above` a bound. location: a place that is
none of `kept`. condition: `when` holds."""
Measured = Literal["before", "after"]

ANALYSED: Final = "analysed"
"""The state of a response that no rule leaves out."""
BIAS: Final = "uses what was measured after the vignette; it can bias comparisons of its levels."
_ALWAYS_AFTER: Final[tuple[Rule, ...]] = ("recall", "incomplete", "speeding", "slowness")
_KEYS: Final[Mapping[str, tuple[Rule, ...]]] = {
    "by": ("duplicate",),
    "seconds": ("speeding", "slowness"),
    "share_of_median": ("speeding",),
    "multiple_of_median": ("slowness",),
    "factor": ("recall",),
    "allowed": ("attention",),
    "variables": ("straight_lining", "attention"),
    "variable": ("speeding", "slowness", "score", "location"),
    "below": ("score",),
    "above": ("score",),
    "kept": ("location",),
    "when": ("condition",),
}
"""The rules to which each key belongs."""
_NEEDED: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "duplicate": (("by",), "Add `by: response_id`, or the variable that tells respondents apart."),
    "recall": (("factor",), "Name the factor whose recall check counts."),
    "straight_lining": (("variables",), "List the variables that were answered alike."),
    "score": (("variable",), "Name the variable that holds the score."),
    "location": (("variable", "kept"), "Write `variable: country` and `kept: [US]`."),
    "condition": (("when",), "Write `when: age < 18`."),
}
_ONE_OF: Final[Mapping[str, tuple[str, str]]] = {
    "speeding": ("seconds", "share_of_median"),
    "slowness": ("seconds", "multiple_of_median"),
    "score": ("below", "above"),
}


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Names = Annotated[
    tuple[str, ...],
    BeforeValidator(_several),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
"""One name, or a list of names."""


class Exclusion(Declared):
    """One rule. A response that meets several is counted under the first."""

    rule: Rule = Field(description=", ".join(get_args(Rule)))
    reason: str = Field("", description="the words for the flow of respondents; made from the rule when left out")
    measured: Measured | None = Field(
        None,
        description="whether what the rule uses was measured before or after the vignette, where its kind misleads",
    )
    by: Names = Field((), description="duplicate: the variable, or variables together, that tell respondents apart")
    seconds: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="speeding: the shortest duration kept; slowness: the longest"
    )
    share_of_median: float | None = Field(
        None, gt=0, lt=1, description="speeding: the shortest duration kept, as a share of the median of finished ones"
    )
    multiple_of_median: float | None = Field(
        None, gt=1, allow_inf_nan=False, description="slowness: the longest duration kept, in medians of finished ones"
    )
    factor: str | None = Field(None, description="recall: the factor asked about")
    allowed: int = Field(0, ge=0, description="attention: how many failed checks are let pass")
    variables: Names = Field(
        (), description="straight_lining: what was answered alike; attention: the checks, else all"
    )
    variable: str | None = Field(
        None, description="score, location: the variable; speeding, slowness: the time, `duration` when left out"
    )
    below: float | None = Field(None, allow_inf_nan=False, description="score: the lowest score kept")
    above: float | None = Field(None, allow_inf_nan=False, description="score: the highest score kept")
    kept: Names = Field((), description="location: the places kept, as the variable has them")
    when: str | None = Field(None, description='condition: such as `age < 18` or `party == "other"`')

    @property
    def reads(self) -> tuple[str, ...]:
        """The variables that the rule names."""
        named = (*self.by, *self.variables, *condition_names(self.when or ""))
        return (*named, self.variable) if self.variable else named

    def looks_past_treatment(self, reads: Collection[str], measured_after: Collection[str]) -> bool:
        """Whether the rule uses something measured after the vignette was read, so that it can bias a comparison.

        `reads` names the variables that the rule uses, `measured_after` those that were measured after the vignette.
        """
        if self.measured is not None:
            return self.measured == "after"
        return self.rule in _ALWAYS_AFTER or bool(set(reads) & set(measured_after))

    @classmethod
    def inconsistencies(cls, data: Mapping[str, Any], context: Any) -> Iterator[Finding]:
        rule: Any = data.get("rule")
        if rule not in get_args(Rule):
            return
        for key in data:
            owners = _KEYS.get(key, (rule,))
            if rule not in owners:
                listed = " and ".join(f"`{each}`" for each in owners)
                yield (key,), f"`{key}` belongs to the rule {listed}, not to `{rule}`.", "Remove it."
        keys, remedy = _NEEDED.get(rule, ((), ""))
        for key in keys:
            if key not in data:
                yield (), f"`{key}` is missing.", remedy
        one, other = _ONE_OF.get(rule, ("", ""))
        if one and (one in data) == (other in data):
            yield (), f"{rule} needs one bound.", f"Give either `{one}` or `{other}`."
        yield from _value_findings(rule, data)


def _value_findings(rule: str, data: Mapping[str, Any]) -> Iterator[Finding]:
    for key in ("by", "variables", "kept"):
        if key in data and isinstance(data[key], list | tuple) and not data[key]:
            yield (key,), "the list is empty.", "Name at least one."
    for what, remedy in condition_faults(data["when"]) if isinstance(data.get("when"), str) else ():
        yield ("when",), what, remedy
    allowed = as_number(data.get("allowed"))
    listed = data.get("variables")
    if rule == "attention" and allowed and isinstance(listed, list | tuple) and allowed >= len(listed):
        yield ("allowed",), "nobody can fail more checks than there are.", "Let fewer pass, or remove the rule."


# ------------------------------------------------------------------------------------------------ in words


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


def _time(rule: Exclusion) -> str:
    """A bound on the time in words."""
    if rule.seconds:
        return f"{rule.seconds:g} seconds"
    if rule.share_of_median:
        return f"{100 * rule.share_of_median:g}% of the median duration"
    return f"{rule.multiple_of_median or 0:g} times the median duration"


_WORDS: Final[Mapping[Rule, Callable[[Exclusion], str]]] = {
    "preview": lambda each: "Preview, test or spam",
    "no_consent": lambda each: "No consent",
    "incomplete": lambda each: "Not finished",
    "duplicate": lambda each: f"Repeated response by {' and '.join(each.by)}",
    "speeding": lambda each: f"Faster than {_time(each)}",
    "slowness": lambda each: f"Slower than {_time(each)}",
    "attention": lambda each: (
        f"Failed more than {each.allowed} attention check{'s' * (each.allowed > 1)}"
        if each.allowed
        else "Failed the attention check"
    ),
    "recall": lambda each: f"Failed the recall check of {each.factor}",
    "straight_lining": lambda each: f"The same answer throughout {', '.join(each.variables)}",
    "score": lambda each: (
        f"{each.variable} below {each.below:g}" if each.below is not None else f"{each.variable} above {each.above:g}"
    ),
    "location": lambda each: f"{each.variable} is not {' or '.join(each.kept)}",
    "condition": lambda each: str(each.when),
}

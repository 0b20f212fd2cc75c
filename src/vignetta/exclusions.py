"""Which responses the plan leaves out: declared rules, applied in their order by cleaning."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args

from pydantic import Field

from vignetta.declared import Declared, Finding

Rule = Literal["preview", "no_consent", "incomplete", "duplicate", "speeding", "attention", "recall"]
"""preview: previews, tests and spam by the response's status. no_consent: declined or never answered. incomplete: not
finished. duplicate: a later response with the same value `by`. speeding: a duration below a bound. attention: failed
the attention check. recall: failed the recall check of `factor`."""


class Exclusion(Declared):
    """One rule. A response that meets several is counted under the first."""

    rule: Rule = Field(description=", ".join(get_args(Rule)))
    reason: str = Field("", description="the words for the flow of respondents; made from the rule when left out")
    by: str | None = Field(None, description="duplicate: the variable that tells respondents apart")
    seconds: float | None = Field(None, gt=0, allow_inf_nan=False, description="speeding: the shortest duration kept")
    share_of_median: float | None = Field(
        None, gt=0, lt=1, description="speeding: the shortest duration kept, as a share of the median of finished ones"
    )
    factor: str | None = Field(None, description="recall: the factor asked about")

    @property
    def after_treatment(self) -> bool:
        """Whether the rule uses something measured after the vignette was read, so that it can bias a comparison."""
        return self.rule in ("recall", "incomplete", "speeding")

    @classmethod
    def inconsistencies(cls, data: Mapping[str, Any], context: Any) -> Iterator[Finding]:
        rule = data.get("rule")
        for key, owner in (
            ("by", "duplicate"),
            ("seconds", "speeding"),
            ("share_of_median", "speeding"),
            ("factor", "recall"),
        ):
            if key in data and rule != owner and rule in get_args(Rule):
                yield (key,), f"`{key}` belongs to the rule `{owner}`, not to `{rule}`.", "Remove it."
        if rule == "duplicate" and "by" not in data:
            yield (), "`by` is missing.", "Add `by: response_id`, or the variable that tells respondents apart."
        if rule == "recall" and "factor" not in data:
            yield (), "`factor` is missing.", "Name the factor whose recall check counts."
        if rule == "speeding" and ("seconds" in data) == ("share_of_median" in data):
            yield (), "speeding needs one bound.", "Give either `seconds` or `share_of_median`."

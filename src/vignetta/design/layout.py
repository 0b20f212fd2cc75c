"""How vignettes are laid out for respondents: tasks and profiles, decks, samples, the order of attributes."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, get_args

from pydantic import Field

from vignetta.declared import Declared, Finding, Keyed, Location, Text, as_number
from vignetta.design.raw import entries, items
from vignetta.errors import near_miss

Varies = Literal["profile", "task", "respondent"]
"""profile: drawn anew for every profile. task: shared by the profiles of a task. respondent: drawn once, an arm."""
Presentation = Literal["text", "table"]
"""text: a vignette is read as prose. table: attributes are the rows of a table, profiles its columns."""
AttributeOrder = Literal["fixed", "shuffled", "grouped"]
"""fixed: as declared. shuffled: drawn once per respondent. grouped: shuffled within groups that stay together, and the
groups too."""
DeckSearch = Literal["efficient", "random"]
"""efficient: vignettes that tell most about the effects, split so that decks differ little. random: drawn."""

MOST_TASKS: Final = 60
MOST_PROFILES: Final = 4
_MANY: Final = ("tasks", "profiles")


class Sample(Keyed):
    """People who are invited apart from others, such as those of a country; the survey's link says `sample=NAME`."""

    label: Text = Field(description="the sample's name in tables and figures")
    size: int = Field(ge=1, description="the number of its respondents; those of all samples sum to `sample_size`")


class DeckSet(Declared):
    """For the mechanism decks: the fixed sets of vignettes of which each respondent gets one."""

    number: int = Field(ge=1, description="how many decks there are; each holds one vignette per task and profile")
    search: DeckSearch = Field("efficient", description="how the vignettes are chosen: efficient, random")
    interactions: tuple[str, ...] = Field(
        (), description="interactions that must be estimable, as `regime:treaty`, besides the main effects"
    )


# ----------------------------------------------------------------------------------- what contradicts something else


def layout_findings(data: Mapping[str, Any]) -> Iterator[Finding]:
    """What contradicts something else among tasks, profiles, decks, samples and the order of attributes."""
    yield from _profile_findings(data)
    yield from _differ_findings(data)
    yield from _deck_findings(data)
    yield from _sample_findings(data)
    yield from _order_findings(data)
    yield from _recall_findings(data)


def _count(data: Mapping[str, Any], key: str) -> int:
    number = as_number(data.get(key, 1))
    return int(number) if number and number >= 1 else 1


def _profile_findings(data: Mapping[str, Any]) -> Iterator[Finding]:
    profiles, labels = _count(data, "profiles"), data.get("profile_labels")
    listed = labels if isinstance(labels, list) else []
    if profiles > 1 and len(listed) != profiles:
        what = f"{profiles} profiles have {len(listed)} labels."
        yield ("profile_labels",) if "profile_labels" in data else ("profiles",), what, "Label each, as `[A, B]`."
    if profiles == 1 and "profile_labels" in data:
        yield ("profile_labels",), "a single profile has no label.", "Write `profiles: 2`, or remove the labels."
    for place, rule in items(data.get("restrictions")):
        if profiles == 1 and rule.keys() & {"differ", "forbid_pair"}:
            what = "the rule is about the profiles of a task, which has one."
            yield ("restrictions", place), what, "Write `profiles: 2`, or remove the rule."
    for name, outcome in entries(data, "outcomes"):
        if outcome.get("kind") == "choice" and profiles == 1:
            what = "there is nothing to choose between: a task has one profile."
            yield ("outcomes", name, "kind"), what, "Write `profiles: 2`, or ask for a rating."
    if _count(data, "tasks") * profiles == 1:
        for name, factor in entries(data, "factors"):
            if "varies" in factor:
                what = "a respondent reads a single vignette."
                yield ("factors", name, "varies"), what, "Remove the key, or declare several `tasks`."


def _differ_findings(data: Mapping[str, Any]) -> Iterator[Finding]:
    factors = dict(entries(data, "factors"))
    for place, rule in items(data.get("restrictions")):
        for name in rule["differ"] if isinstance(rule.get("differ"), list) else ():
            varies = factors[name].get("varies", "profile") if isinstance(name, str) and name in factors else "profile"
            if varies in ("task", "respondent"):
                what = f"the profiles of a task never differ in `{name}`, which varies by {varies}."
                yield ("restrictions", place, "differ"), what, "Remove it here, or let it vary by profile."


def _deck_findings(data: Mapping[str, Any]) -> Iterator[Finding]:
    wanted, decks = data.get("mechanism") == "decks", data.get("decks")
    if wanted and decks is None:
        yield ("mechanism",), "`decks` is missing.", "Add `decks:` with their `number`."
    if not wanted and decks is not None:
        yield ("decks",), "only the mechanism `decks` has decks.", "Write `mechanism: decks`."
    if not isinstance(decks, dict) or decks.get("search", "efficient") != "efficient":
        return
    if _count(data, "profiles") > 1:
        what = "efficient decks are made of single vignettes, and a task has several profiles."
        yield ("decks",), what, "Write `search: random`."
    shared = [name for name, each in entries(data, "factors") if each.get("varies", "profile") != "profile"]
    if shared and _count(data, "tasks") > 1:
        what = f"efficient decks vary every factor, and `{shared[0]}` is shared by the vignettes of a respondent."
        yield ("decks",), what, "Write `search: random`."
    for name, factor in entries(data, "factors"):
        if len({as_number(level.get("weight", 1)) for _, level in items(factor.get("levels"))}) > 1:
            what = "efficient decks show every level equally often, and the levels have weights."
            yield ("factors", name, "levels"), what, "Remove the weights, or write `search: random`."
    yield from _interaction_findings(decks.get("interactions"), [name for name, _ in entries(data, "factors")])


def _interaction_findings(listed: Any, factors: list[str]) -> Iterator[Finding]:
    for place, term in enumerate(listed if isinstance(listed, list) else ()):
        where: Location = ("decks", "interactions", place)
        names = [each.strip() for each in str(term).split(":")]
        if len(names) < 2 or len(set(names)) < len(names):
            yield where, f"`{term}` is no interaction.", "Write `factor:factor`."
        for name in (each for each in names if each not in factors):
            yield where, f"unknown factor `{name}`.", near_miss(name, factors)


def _sample_findings(data: Mapping[str, Any]) -> Iterator[Finding]:
    samples = entries(data, "samples")
    sizes, planned = [as_number(each.get("size")) for _, each in samples], as_number(data.get("sample_size"))
    if len(samples) == 1:
        yield ("samples",), "a single sample needs no name.", "Declare several, or remove the section."
    if samples and None not in sizes and planned is not None and sum(s or 0 for s in sizes) != planned:
        total = sum(s or 0 for s in sizes)
        yield ("samples",), f"the sizes sum to {total:g}, and `sample_size` is {planned:g}.", "Make them agree."


def _order_findings(data: Mapping[str, Any]) -> Iterator[Finding]:
    order, table = data.get("attribute_order", "fixed"), data.get("presentation", "text") == "table"
    if order != "fixed" and not table and order in get_args(AttributeOrder):
        what = "the order of sentences cannot be shuffled."
        yield ("attribute_order",), what, "Write `presentation: table`, or `attribute_order: fixed`."
    groups = data.get("attribute_groups")
    if order == "grouped" and not groups:
        yield ("attribute_order",), "`attribute_groups` is missing.", "List the factors of each group."
    if order != "grouped" and groups:
        yield ("attribute_groups",), "only a `grouped` order has groups.", "Write `attribute_order: grouped`."
    yield from _group_findings(groups, [name for name, _ in entries(data, "factors")])


def _group_findings(groups: Any, factors: list[str]) -> Iterator[Finding]:
    named: list[str] = []
    for place, group in enumerate(groups if isinstance(groups, list) else ()):
        for name in group if isinstance(group, list) else ():
            where: Location = ("attribute_groups", place)
            if isinstance(name, str) and name not in factors:
                yield where, f"unknown factor `{name}`.", near_miss(name, factors)
            elif name in named:
                yield where, f"`{name}` stands here a second time.", "Leave it in one group."
            named.append(str(name))


def _recall_findings(data: Mapping[str, Any]) -> Iterator[Finding]:
    several = " and ".join(key for key in _MANY if _count(data, key) > 1)
    for name, factor in entries(data, "factors"):
        if "recall" in factor and several and factor.get("varies", "profile") != "respondent":
            what = f"with several {several} nobody knows which vignette a recall check is about."
            yield ("factors", name, "recall"), what, "Remove it, or let the factor vary by respondent."

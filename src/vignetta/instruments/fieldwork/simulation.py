"""The stated model of made-up respondents: `design/simulation.yaml` as frozen models, checked against the design."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, NaiveDatetime, WithJsonSchema

from vignetta.declared import Declared, Finding, Keyed, Location, Named, Tree, as_number, parse, read_tree
from vignetta.design.declaration import Design, Factor
from vignetta.design.raw import mapping
from vignetta.errors import near_miss

Number = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
Opening = Annotated[NaiveDatetime, WithJsonSchema({"type": "string"})]

_SUM: Final = 1e-9
"""How far declared shares may be from 1: more than decimal fractions lose, less than anybody would write."""


class Distribution(Declared):
    """How a covariate is spread: shares of its options, or a normal number in whole units, cut to its range."""

    shares: dict[str, Share] = Field({}, description="for options: the share of each; together 1")
    mean: Number | None = Field(None, description="for a number: the mean before it is cut to the range")
    sd: Positive | None = Field(None, description="for a number: the standard deviation before it is cut to the range")


class Interaction(Declared):
    """A shift where several factors have the given levels at once, on top of their effects."""

    factors: tuple[str, ...] = Field(description="at least two factors")
    levels: tuple[str, ...] = Field(description="one level of each factor, in the same order")
    effect: Number = Field(description="the shift")


class Opinion(Keyed):
    """What respondents answer: a normal number, rounded to the nearest point of the scale and cut to its ends.

    Its mean is the sum of all that is declared here, in points of the scale.
    """

    baseline: Number = Field(description="the mean at the reference levels, without shifts, numbers at their mean")
    sd: Positive = Field(description="the standard deviation around the mean")
    effects: dict[str, dict[str, Number]] = Field({}, description="factor: level: shift from the reference level")
    interactions: tuple[Interaction, ...] = Field((), description="further shifts where levels meet")
    covariates: dict[str, dict[str, Number]] = Field({}, description="covariate: option: shift")
    slopes: dict[str, Number] = Field({}, description="number: shift per unit above its mean")


class Fieldwork(Declared):
    """What happens in the field, besides the respondents that the study plans for."""

    start: Opening = Field(description="when the survey opens, such as 2026-03-02 09:00:00")
    time_zone: str = Field("America/Denver", description="the time zone that the export names")
    per_hour: Positive = Field(60, description="how many respondents begin per hour, on average")
    seconds: Positive = Field(300, description="the median duration of those who do not hurry")
    at_least: Positive = Field(90, description="nobody who does not hurry is faster than this, in seconds")
    speeding_below: Positive = Field(50, description="speeders are faster than this, in seconds")
    previews: Count = Field(0, description="previews by the researchers, before the survey opens")
    declined: Count = Field(0, description="people who do not consent")
    partials: Count = Field(0, description="people who leave before the end")
    duplicates: Count = Field(0, description="respondents who take part a second time, from the same IP address")
    speeders: Count = Field(0, description="respondents who answer at random, quickly")
    inattentive: Count = Field(0, description="respondents who answer at random and fail the attention check")
    recall: Share = Field(1, description="how often a recall check is answered rightly")


class Simulation(Declared):
    """A stated model of synthetic respondents. All its numbers are invented; nothing made from it is data on people."""

    note: str = Field(min_length=1, description="in words: that everything is invented, and what it is for")
    seed: int = Field(ge=0, description="the number from which the simulated sample follows")
    covariates: dict[str, Distribution] = Field({}, description="how respondents differ")
    outcomes: Annotated[dict[str, Opinion], Named] = Field(description="what respondents answer")
    fieldwork: Fieldwork = Field(description="what happens in the field")

    @classmethod
    def inconsistencies(cls, data: Mapping[str, Any], context: Any) -> Iterator[Finding]:
        if isinstance(context, Design):
            yield from _distribution_findings(mapping(data, "covariates"), context)
            yield from _opinion_findings(mapping(data, "outcomes"), context)
            yield from _fieldwork_findings(mapping(data, "fieldwork"), context)


def simulation_of(tree: Tree, design: Design) -> Simulation:
    """The simulation that a tree declares, checked against the design. Raises `StudyError` with every problem."""
    return parse(tree, Simulation, context=design)


def read_simulation(path: Path, *, design: Design, shown: str = "") -> Simulation:
    """Read `simulation.yaml`. Raises `StudyError` with every problem of the file."""
    return simulation_of(read_tree(path, shown=shown), design)


def _unknown(
    where: Location, what: str, names: Mapping[str, Any] | Sequence[Any], known: Sequence[str]
) -> Iterator[Finding]:
    places = names if isinstance(names, Mapping) else dict(enumerate(names))
    for place, name in ((key, key) if isinstance(key, str) else (key, each) for key, each in places.items()):
        if isinstance(name, str) and name not in known:
            yield (*where, place), f"{what} `{name}`.", near_miss(name, known)


def _complete(section: str, given: Mapping[str, Any], known: Sequence[str], remedy: str) -> Iterator[Finding]:
    yield from _unknown((section,), f"unknown {section.removesuffix('s')}", given, known)
    for name in known:
        if name not in given:
            yield (section,), f"`{name}` is missing.", remedy.format(name=name)


def _distribution_findings(given: Mapping[str, Any], design: Design) -> Iterator[Finding]:
    remedy = "Add `{name}:` with `shares`, or with `mean` and `sd` for a number."
    yield from _complete("covariates", given, list(design.covariates), remedy)
    for name, covariate in design.covariates.items():
        where, each = ("covariates", name), mapping(given, name)
        if covariate.kind == "number":
            yield from _normal_findings(where, each)
        elif each:
            yield from _share_findings(where, each, [option.name for option in covariate.options])


def _normal_findings(where: Location, given: Mapping[str, Any]) -> Iterator[Finding]:
    if "shares" in given:
        yield (*where, "shares"), "a number has no shares.", "Give `mean` and `sd`."
    for key in ("mean", "sd"):
        if given and key not in given:
            yield where, f"`{key}` is missing.", "A number needs `mean` and `sd`."


def _share_findings(where: Location, given: Mapping[str, Any], options: list[str]) -> Iterator[Finding]:
    for key in ("mean", "sd"):
        if key in given:
            yield (*where, key), f"a question with options has no {key}.", "Give `shares`."
    shares = mapping(given, "shares")
    yield from _unknown((*where, "shares"), "unknown option", shares, options)
    absent = [each for each in options if each not in shares]
    if absent:
        yield (
            where,
            f"no share for {', '.join(f'`{each}`' for each in absent)}.",
            "Give every option a share; 0 is one.",
        )
    numbers = [as_number(each) for each in shares.values()]
    total = sum(each for each in numbers if each is not None)
    if shares and None not in numbers and not absent and abs(total - 1) > _SUM:
        yield (*where, "shares"), f"the shares sum to {total:g}.", "They must sum to 1."


def _opinion_findings(given: Mapping[str, Any], design: Design) -> Iterator[Finding]:
    yield from _complete("outcomes", given, list(design.measures), "Add `{name}:` with `baseline` and `sd`.")
    options = {name: [o.name for o in each.options] for name, each in design.covariates.items() if each.options}
    numbers = [name for name, each in design.covariates.items() if each.kind == "number"]
    for name in given:
        where, each = ("outcomes", name), mapping(given, name)
        effects, shifts = mapping(each, "effects"), mapping(each, "covariates")
        yield from _unknown((*where, "effects"), "unknown factor", effects, list(design.factors))
        for factor in design.factors.keys() & effects.keys():
            yield from _effect_findings((*where, "effects", factor), mapping(effects, factor), design.factors[factor])
        for place, interaction in enumerate(each.get("interactions") or ()):
            yield from _interaction_findings((*where, "interactions", place), interaction, design.factors)
        yield from _unknown((*where, "covariates"), "no question with options is called", shifts, list(options))
        for covariate in options.keys() & shifts.keys():
            below = (*where, "covariates", covariate)
            yield from _unknown(below, "unknown option", mapping(shifts, covariate), options[covariate])
        yield from _unknown((*where, "slopes"), "no number is called", mapping(each, "slopes"), numbers)


def _effect_findings(where: Location, given: Mapping[str, Any], factor: Factor) -> Iterator[Finding]:
    yield from _unknown(where, f"`{factor.name}` has no level", given, factor.level_names)
    if factor.reference.name in given:
        remedy = "Its mean is the baseline; remove it."
        yield (*where, factor.reference.name), "the reference level has no effect of its own.", remedy


def _interaction_findings(where: Location, given: Any, known: Mapping[str, Factor]) -> Iterator[Finding]:
    factors, levels = (given.get(key) if isinstance(given, dict) else None for key in ("factors", "levels"))
    if not isinstance(factors, list) or not isinstance(levels, list):
        return
    if len(factors) != len(levels) or len(factors) < 2 or len(set(map(str, factors))) < len(factors):
        yield where, "an interaction needs two or more different factors and one level of each.", "Correct the lists."
        return
    for place, (name, level) in enumerate(zip(factors, levels, strict=True)):
        factor = known.get(name) if isinstance(name, str) else None
        if isinstance(name, str) and factor is None:
            yield (*where, "factors", place), f"unknown factor `{name}`.", near_miss(name, list(known))
        elif factor and isinstance(level, str) and level not in factor.level_names:
            what = f"`{name}` has no level `{level}`."
            yield (*where, "levels", place), what, near_miss(level, factor.level_names)
        elif factor and level == factor.reference.name:
            what = f"`{level}` is the reference level of `{name}`."
            yield (*where, "levels", place), what, "Interactions are shifts from the reference levels."


def _fieldwork_findings(given: Mapping[str, Any], design: Design) -> Iterator[Finding]:
    for key, section in (("declined", design.consent), ("inattentive", design.attention or design.checks)):
        if not section and (as_number(given.get(key)) or 0) > 0:
            asked = {"declined": "consent", "inattentive": "attention"}[key]
            yield ("fieldwork", key), f"the study declares no `{asked}`.", "Remove this key."
    duplicates = as_number(given.get("duplicates"))
    if duplicates is not None and duplicates > design.sample_size:
        what = f"more people come again than take part ({design.sample_size})."
        yield ("fieldwork", "duplicates"), what, "Lower it."
    pace = [(key, as_number(given.get(key))) for key in ("speeding_below", "at_least", "seconds")]
    for (lower, low), (upper, high) in pairwise(pace):
        if low is not None and high is not None and low >= high:
            yield ("fieldwork", lower), f"{low:g} seconds is not below `{upper}` ({high:g}).", "Correct one of them."

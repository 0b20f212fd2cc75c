"""What a declared design asks for and no assignment can give."""

from collections import Counter
from collections.abc import Callable, Iterator
from math import gcd, lcm
from typing import Final

from vignetta.declared import Finding, Location
from vignetta.design.assigning.decking import decked
from vignetta.design.assigning.profiles import codes_of, pair_findings, rules_across, shared_factors
from vignetta.design.assigning.universe import shares, universe_of
from vignetta.design.declaration import Design
from vignetta.errors import StudyError

_PROPORTIONS: Final = "vignettes in their proportions"


def feasibility_findings(design: Design) -> Iterator[Finding]:
    """Rules about pairs that leave nothing, decks that cannot be made, exactness that the numbers do not allow."""
    if rules_across(design):
        yield from _tried(("restrictions",), lambda: [*pair_findings(design)])
    if design.decks is not None:
        yield from _tried(("decks",), lambda: _made(design))
    if design.exact:
        yield from ((("exact",), what, remedy) for what, remedy in _inexact(design))


def _made(design: Design) -> list[tuple[str, str]]:
    decked(design)
    return []


def _tried(where: Location, step: Callable[[], list[tuple[str, str]]]) -> Iterator[Finding]:
    try:
        yield from ((where, what, remedy) for what, remedy in step())
    except StudyError as error:
        yield from ((where, each.what, each.remedy) for each in error.problems)


def _inexact(design: Design) -> Iterator[tuple[str, str]]:
    """Why the vignettes cannot be exactly as frequent as declared: what, and what to do."""
    if design.mechanism == "simple":
        yield "independent draws are never exactly balanced.", "Write `mechanism: complete`, or remove `exact`."
        return
    if design.decks is not None:
        yield from _undivided("decks", design, design.decks.number)
        return
    if rules_across(design):
        what = "rules about pairs leave it to chance how often a single vignette is shown."
        yield what, "Remove `exact`, or these rules."
        return
    if design.mechanism == "blocked":
        yield from _unblocked(design, design.block_size or len(universe_of(design)))
    yield from _undivided(_PROPORTIONS, design, lcm(*_needed(design)))


def _needed(design: Design) -> list[int]:
    """For arms, task levels and vignettes: the fewest respondents who have each exactly as often as it is probable."""
    universe, weight, shared = universe_of(design), shares(design), shared_factors(design)
    kept = [name for name in shared if design.factors[name].varies == "respondent"]
    steps = ((kept, 1), (shared, design.tasks), ([*design.factors], design.responses))
    return [_fewest(codes_of(design, universe, names).tolist(), weight, units) for names, units in steps]


def _fewest(codes: list[int], weight: list[int], units: int) -> int:
    """How many respondents, with so many units each, can have every code exactly in proportion to its weight."""
    totals, whole = Counter[int](), sum(weight)
    for code, each in zip(codes, weight, strict=True):
        totals[code] += each
    return lcm(*(whole // gcd(whole, units * each) for each in set(totals.values())))


def _unblocked(design: Design, block: int) -> Iterator[tuple[str, str]]:
    """Blocks balance what is drawn first."""
    if design.strata:
        what = "the size of the strata is known only afterwards, and the last block of each may stay incomplete."
        yield what, "Remove `exact`, or the strata."
    yield from _undivided("blocks", design, block)
    first = next((each for each in _needed(design) if each > 1), 1)
    if block % first:
        yield _said(_PROPORTIONS, f"{block} respondents of a block", block, first)


def _undivided(what: str, design: Design, step: int) -> Iterator[tuple[str, str]]:
    """Samples are drawn each for itself, so that each of them needs a multiple."""
    each_size = [(f" of the sample `{each.name}`", each.size) for each in design.samples.values()]
    for whose, n in each_size or [("", design.sample_size)]:
        if n % step:
            yield _said(what, f"{n} respondents{whose}", n, step)


def _said(what: str, whose: str, n: int, step: int) -> tuple[str, str]:
    below = n - n % step
    listed = f"{below} or {below + step}" if below else f"{step}"
    said = f"{whose} are no multiple of {step}, as {what} need."
    return said, f"The nearest numbers that are: {listed}. Or remove `exact`."

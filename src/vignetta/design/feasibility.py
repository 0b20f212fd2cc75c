"""What a declared design asks for and no assignment can give."""

from collections.abc import Callable, Iterator
from math import gcd

from vignetta.declared import Finding, Location
from vignetta.design.decking import decked
from vignetta.design.declaration import Design
from vignetta.design.profiles import pair_findings, rules_across
from vignetta.design.universe import shares, universe_of
from vignetta.errors import StudyError


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
    if any(each.varies != "profile" for each in design.factors.values()) or rules_across(design):
        what = "balance is exact within what is drawn before, which the shared levels and rules about pairs decide."
        yield what, "Remove `exact`, or let every factor vary by profile."
        return
    needed = _needed(design)
    if design.mechanism == "blocked":
        yield from _unblocked(design, design.block_size or len(universe_of(design)), needed)
        return
    yield from _undivided("vignettes in their proportions", design, needed)


def _needed(design: Design) -> int:
    """The smallest number of respondents who can have every vignette exactly as often as it is probable."""
    step = sum(shares(design))
    return step // gcd(step, design.responses)


def _unblocked(design: Design, block: int, needed: int) -> Iterator[tuple[str, str]]:
    if design.strata:
        what = "the size of the strata is known only afterwards, and the last block of each may stay incomplete."
        yield what, "Remove `exact`, or the strata."
    yield from _undivided("blocks", design, block)
    if block % needed:
        yield _said("vignettes in their proportions", f"{block} respondents of a block", block, needed)


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

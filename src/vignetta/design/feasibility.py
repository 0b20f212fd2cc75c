"""What a declared design asks for and no assignment can give."""

from collections.abc import Callable, Iterator
from math import gcd

from vignetta.declared import Finding, Location
from vignetta.design.decking import decked
from vignetta.design.declaration import Design
from vignetta.design.profiles import pair_findings, rules_across
from vignetta.design.universe import shares
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
        yield from _undivided("decks", design.sample_size, design.decks.number, "respondents")
        return
    if any(each.varies != "profile" for each in design.factors.values()) or rules_across(design):
        what = "balance is exact within what is drawn before, which the shared levels and rules about pairs decide."
        yield what, "Remove `exact`, or let every factor vary by profile."
        return
    step = sum(shares(design))
    block = design.block_size or step
    needed = step // gcd(step, design.responses)
    if design.mechanism == "blocked":
        yield from _undivided("blocks", design.sample_size, block, "respondents")
        yield from _undivided("vignettes in their proportions", block, needed, "respondents of a block")
        return
    yield from _undivided("vignettes in their proportions", design.sample_size, needed, "respondents")


def _undivided(what: str, n: int, step: int, whom: str) -> Iterator[tuple[str, str]]:
    if n % step:
        below, above = n - n % step, n - n % step + step
        listed = f"{below} or {above}" if below else f"{above}"
        said = f"{n} {whom} are no multiple of {step}, as {what} need."
        yield said, f"The nearest numbers that are: {listed}. Or remove `exact`."

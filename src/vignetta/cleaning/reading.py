"""An export read as far as it can be: what could not be read is told together, and the rest goes on to be audited."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from vignetta.cleaning.formats.raw_exports import RawExport
from vignetta.cleaning.matching import Matching, match
from vignetta.cleaning.values import Typed
from vignetta.codebook import Codebook, Variable
from vignetta.errors import Problem, StudyError

Reader = Callable[[RawExport, Codebook, Matching], Typed]


@dataclass(frozen=True, eq=False)
class Reading:
    """What of an export could be read, and every problem with the rest."""

    matching: Matching
    typed: Typed
    problems: tuple[Problem, ...]

    def unread(self, variable: Variable) -> list[int]:
        """The raw rows, from 1, whose cell of a variable could not be read."""
        return [row for each in self.problems if _is_about(each, variable) for row in each.rows]


def read_whole(raw: RawExport, codebook: Codebook, read: Reader, *, needed: Collection[str]) -> Reading:
    """Match and type an export; cells and columns that cannot be read are left out and told.

    `read` types the matched variables of a codebook. Raises `StudyError` when nothing can be read.
    """
    matching, problems = _matched(raw, codebook, needed)
    try:
        return Reading(matching, read(raw, codebook, matching), problems)
    except StudyError as error:
        told = error.problems
    rest, legible = _legible(raw, codebook, matching, told)
    try:
        return Reading(matching, read(legible, rest, matching), (*problems, *told))
    except StudyError:
        raise StudyError((*problems, *told)) from None


def _legible(
    raw: RawExport, codebook: Codebook, matching: Matching, problems: Sequence[Problem]
) -> tuple[Codebook, RawExport]:
    """The variables and cells that can be read: columns that cannot be at all are left out, other cells emptied."""
    cells, rest = raw.cells.copy(), []
    for each in codebook.variables:
        told = [problem for problem in problems if _is_about(problem, each)]
        if all(problem.rows for problem in told):
            rest.append(each)
            rows = [row - 1 for problem in told for row in problem.rows]
            cells.iloc[rows, list(matching.positions.get(each.full_name, ()))] = ""
    return Codebook(variables=tuple(rest)), replace(raw, cells=cells)


def _matched(raw: RawExport, codebook: Codebook, needed: Collection[str]) -> tuple[Matching, tuple[Problem, ...]]:
    try:
        return match(raw, codebook, needed=needed), ()
    except StudyError as error:
        told = error.problems
    try:
        return match(raw, _undemanding(codebook)), told
    except StudyError:
        raise StudyError(told) from None


def _undemanding(codebook: Codebook) -> Codebook:
    """The codebook with no variable that must be there."""
    variables = [
        each.model_copy(update={"role": "other"}) if each.role in ("factor", "outcome") else each
        for each in codebook.variables
    ]
    return Codebook(variables=tuple(variables))


def _is_about(problem: Problem, variable: Variable) -> bool:
    return problem.where.endswith(f" {variable.full_name}")

"""An export read as far as it can be: what could not be read is told together, and the rest goes on to be audited."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from vignetta.cleaning.matching import Matching, match
from vignetta.cleaning.raw_exports import RawExport
from vignetta.cleaning.values import Typed
from vignetta.codebook import Codebook, Variable
from vignetta.errors import Problem, StudyError

Reader = Callable[[Codebook, Matching], Typed]


@dataclass(frozen=True, eq=False)
class Reading:
    """What of an export could be read, and every problem with the rest."""

    matching: Matching
    typed: Typed
    problems: tuple[Problem, ...]


def read_whole(raw: RawExport, codebook: Codebook, read: Reader, *, needed: Collection[str]) -> Reading:
    """Match and type an export; columns that are absent or cannot be read are left out and told.

    `read` types the matched variables of a codebook. Raises `StudyError` when nothing can be read.
    """
    matching, problems = _matched(raw, codebook, needed)
    try:
        return Reading(matching, read(codebook, matching), problems)
    except StudyError as error:
        told = error.problems
    rest = [each for each in codebook.variables if not _is_told(each, told)]
    try:
        return Reading(matching, read(Codebook(variables=tuple(rest)), matching), (*problems, *told))
    except StudyError:
        raise StudyError((*problems, *told)) from None


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


def _is_told(variable: Variable, problems: Sequence[Problem]) -> bool:
    return any(each.where.endswith(f" {variable.full_name}") for each in problems)

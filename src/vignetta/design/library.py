"""Factors of alliance experiments with draft texts, to copy into a study where they become the study's own."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from vignetta.declared import Declared, Finding, Named, Tree, parse, read_tree
from vignetta.design.declaration import Factor
from vignetta.errors import Problem, StudyError, near_miss

SOURCE = "design/library.yaml"


class Implausible(Declared):
    """A combination that a reader may find hard to believe."""

    level: str = Field(description="the level of this factor")
    factor: str = Field(description="the other factor")
    levels: tuple[str, ...] = Field(description="its levels")
    reason: str = Field(min_length=1, description="why")


class LibraryFactor(Factor):
    """A factor with the source of its distinction."""

    source: str = Field("", description="whose distinction it takes up; ours when left out")
    implausible: tuple[Implausible, ...] = Field((), description="combinations that are hard to believe")

    @classmethod
    def inconsistencies(cls, data: Mapping[str, Any], context: Any) -> Iterator[Finding]:
        yield from super().inconsistencies(data, context)
        names = [each["name"] for each in data.get("levels", ()) if isinstance(each, dict) and "name" in each]
        for place, each in enumerate(data.get("implausible", ())):
            if each.get("level") not in names:
                yield (
                    ("implausible", place),
                    f"there is no level `{each.get('level')}`.",
                    near_miss(each["level"], names),
                )


class Library(Declared):
    """All factors of the library, by name."""

    factors: Annotated[dict[str, LibraryFactor], Named]


@cache
def _tree() -> Tree:
    return read_tree(Path(str(files("vignetta") / SOURCE)), shown=SOURCE)


@cache
def library() -> Library:
    """The library. Each factor has draft texts, the source of its distinction, and implausible combinations."""
    return parse(_tree(), Library)


def add(name: str, study: Tree) -> tuple[str, list[str]]:
    """A study's file with a factor of the library at the end of its factors.

    Parameters
    ----------
    study
        The study's file as it is written; it may still have problems.

    Returns
    -------
    The new text of the file, everything else in it untouched, and what there is to do or to consider, as sentences.

    Raises
    ------
    StudyError
        For a name that the library lacks, or that the study has already.
    """
    known = library().factors
    if name not in known:
        raise StudyError(Problem("NAME", f"the library has no factor `{name}`.", near_miss(name, known)))
    if any(name in _section(study, each) for each in ("factors", "outcomes", "covariates")):
        raise StudyError(
            Problem(study.shown, f"`{name}` is a name of the study already.", "Rename the one there first.")
        )
    lines = study.path.read_text("utf-8-sig").splitlines()
    place = _end_of_factors(study, lines)
    text = "\n".join([*lines[:place], *_block(name), *lines[place:]]) + "\n"
    return text, [f"Write {{{name}}} in the template of the vignette, where its text goes.", *_doubts(name, study)]


def _end_of_factors(study: Tree, lines: list[str]) -> int:
    """The index of the line after the last of the factors; blank lines and comments below belong to what follows."""
    if ("factors",) not in study.lines:
        raise StudyError(
            Problem(study.shown, "there are no `factors:` to add to.", "`vignetta check` says what is wrong.")
        )
    start = study.lines["factors",]
    later = [line for where, line in study.lines.items() if len(where) == 1 and line > start]
    place = min(later) - 1 if later else len(lines)
    while not lines[place - 1].strip() or lines[place - 1].startswith("#"):
        place -= 1
    return place


def _block(name: str) -> list[str]:
    """The factor's own lines of the library, as they are written there, without what only the library says."""
    tree = _tree()
    written = tree.path.read_text("utf-8").splitlines()
    starts = [line for where, line in tree.lines.items() if len(where) == 2]
    start = tree.lines["factors", name]
    end = min((line for line in starts if line > start), default=len(written) + 1)
    kept = takewhile(lambda line: not line.startswith("    implausible:"), written[start - 1 : end - 1])
    return [line for line in kept if not line.startswith("    source:")]


def _section(study: Tree, name: str) -> Mapping[str, Any]:
    section = study.data.get(name) if isinstance(study.data, dict) else None
    return section if isinstance(section, dict) else {}


def _doubts(name: str, study: Tree) -> Iterator[str]:
    """Implausible combinations of the added factor and the study's, from either side."""
    present = {*_section(study, "factors"), name}
    for owner, factor in library().factors.items():
        for each in factor.implausible:
            if name in (owner, each.factor) and present >= {owner, each.factor}:
                beside = f"{each.factor} {' or '.join(f'`{level}`' for level in each.levels)}"
                yield f"Hard to believe: {owner} `{each.level}` with {beside}: {each.reason}."

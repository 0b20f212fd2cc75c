"""A study's first files out of a survey that was made elsewhere."""

from dataclasses import dataclass
from pathlib import Path

from vignetta.codebook import codebook_csv
from vignetta.errors import Problem, StudyError
from vignetta.instruments.adoption.importing import arms_of, draft, imported_codebook
from vignetta.instruments.hypertext import whole_characters
from vignetta.instruments.qsf import qsf_text, read_qsf
from vignetta.study.beginning import first_plan, first_simulation
from vignetta.study.files import replace_all
from vignetta.study.folder import CODEBOOK, DESIGN, PLAN, SIMULATION
from vignetta.study.scaffold import recipes


@dataclass(frozen=True)
class Adopted:
    """What was written, and what the survey was found to hold."""

    files: tuple[str, ...]
    variables: tuple[str, ...]
    factors: tuple[str, ...]
    arms: tuple[str, ...] = ()
    """Where there is no draft: randomizers over blocks, in words."""


def adopt(survey: Path, folder: Path | None = None, *, codebook: Path | None = None) -> Adopted:
    """Write the codebook of a survey's exports and, where it draws factors, a draft of the study that can be run.

    Parameters
    ----------
    folder
        The new study's folder: codebook, drafts, recipes and the survey itself go there.
    codebook
        Only the codebook is written, to this file.

    Raises
    ------
    StudyError
        When the survey cannot be read, or one of the files is there already: nothing is overwritten but `codebook`.
    """
    read = read_qsf(survey)
    made = imported_codebook(read)
    factors = tuple(dict.fromkeys(each.name for each in made.with_role("factor")))
    names = tuple(each.name for each in made.variables)
    if folder is None:
        target = codebook or survey.with_name(f"{survey.stem}_codebook.csv")
        if codebook is None:
            _refuse(target.parent, (target.name,))
        replace_all(target.parent, {target.name: codebook_csv(made).encode()})
        return Adopted((str(target),), names, factors)
    text = draft(read, source=whole_characters(survey.name))
    files = {CODEBOOK: codebook_csv(made).encode(), f"instruments/{survey.name}": qsf_text(read).encode()}
    if text:
        drafts = {DESIGN: text, PLAN: first_plan(text), SIMULATION: first_simulation(text)}
        files |= {name: each.encode() for name, each in drafts.items()} | recipes()
    _refuse(folder, (DESIGN, *files))
    replace_all(folder, files)
    return Adopted(tuple(files), names, factors, () if text else tuple(arms_of(read)))


def _refuse(folder: Path, names: tuple[str, ...]) -> None:
    taken = [name for name in dict.fromkeys(names) if (folder / name).exists()]
    if taken:
        remedy = "Choose an empty folder, or another name."
        raise StudyError(Problem(str(folder / name), "the file exists already.", remedy) for name in taken)

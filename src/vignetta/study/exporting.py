"""Clean responses in a file for another program: SPSS, Stata, CSV or Parquet, long or wide."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vignetta.cleaning.outputs.labelled import LabelledFormat, labelled_file
from vignetta.cleaning.outputs.wide import widen
from vignetta.errors import Problem, StudyError
from vignetta.study.files import as_bytes, replace_all

if TYPE_CHECKING:
    from vignetta.study.folder import Study

_LABELLED: Final[Mapping[str, LabelledFormat]] = {".sav": "sav", ".dta": "dta"}
ENDINGS: Final = (".csv", ".parquet", *_LABELLED)


def export(study: "Study", path: Path, *, wide: bool = False) -> tuple[int, int]:
    """Write the clean responses, also those left out of the analysis, to a file of the format that its ending says.

    Returns how many rows and columns it has. Raises `StudyError` for another ending, or when nothing is clean yet.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        what = f"no format is known that ends in `{path.suffix}`."
        raise StudyError(Problem(str(path), what, f"Known: {', '.join(ENDINGS)}."))
    responses, codebook = study.clean, study.clean_codebook
    if wide:
        responses, codebook = widen(responses, codebook)
    labelled = _LABELLED.get(ending)
    content = labelled_file(responses, codebook, format=labelled) if labelled else as_bytes(path.name, responses)
    replace_all(path.parent, {path.name: content})
    return responses.shape

"""Whether anything personal of the raw export stands in the files that people share."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from vignetta.cleaning.formats.exports import read_raw
from vignetta.cleaning.matching import match
from vignetta.cleaning.privacy.personal import leaks
from vignetta.codebook import Codebook
from vignetta.errors import Problem, StudyError
from vignetta.study.folder import Study

SHARED: Final = ("data/clean", "analysis")
_TEXTS: Final = (".csv", ".txt", ".html", ".json", ".md", ".xml", ".svg", ".yaml")


def leak_problems(study: Study) -> list[Problem]:
    """Each shared file in which a value of a personal column stands; none where the raw export is not at hand.

    All files under data/clean/ and analysis/ are read, those that are not text by the text that they hold.
    """
    try:
        path, codebook = study.data, study.codebook
        known = _personal(path, codebook, study)
    except StudyError:
        return []
    return [
        Problem(name, f"{n} values of the personal column `{column}` stand in it.", "Do not share it; clean again.")
        for name, column, n in leaks(_shared(study.root), known)
    ]


def _personal(path: Path, codebook: Codebook, study: Study) -> Mapping[str, list[str]]:
    raw = read_raw(path, study.data_format)
    columns = match(raw, codebook).columns
    found = columns[(columns["status"] == "personal") & (columns["position"] > 0)]
    return {
        str(name): raw.cells[position - 1].unique().tolist()
        for name, position in zip(found["column"], found["position"], strict=True)
    }


def _shared(root: Path) -> Mapping[str, str]:
    files = [each for folder in SHARED for each in sorted((root / folder).rglob("*")) if each.is_file()]
    return {each.relative_to(root).as_posix(): _text(each) for each in files}


def _text(path: Path) -> str:
    if path.suffix == ".parquet":
        import pandas as pd

        return str(pd.read_parquet(path).to_csv(index=False))
    return path.read_text("utf-8" if path.suffix in _TEXTS else "latin-1", errors="replace")

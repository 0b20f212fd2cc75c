"""The formats in which a study's instrument can be written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from vignetta.design.declaration import Design
from vignetta.frames import csv_text
from vignetta.instruments.formats.advanced_text import advanced_text
from vignetta.instruments.formats.loops import loop_table
from vignetta.instruments.formats.surveyjs import surveyjs
from vignetta.instruments.formats.written import Format, Written
from vignetta.instruments.writing.building import build

ENDINGS: Final[Mapping[Format, str]] = {
    "advanced-text": ".{language}.txt",
    "surveyjs": ".{language}.surveyjs.json",
    "loops": ".loops.csv",
}
_ALONE: Final = ("the questions and the flow: this is the table that a block loops over",)


def instrument_files(design: Design, form: Format) -> dict[str, Written]:
    """A study's instrument in a format: files by name; one for each language where the format has texts of one."""
    makers: Mapping[Format, Callable[[str], Written]] = {
        "advanced-text": lambda language: advanced_text(build(design, language=language)),
        "surveyjs": lambda language: surveyjs(design, language=language),
        "loops": lambda language: Written(csv_text(loop_table(design)), _ALONE),
    }
    apart = design.languages if "{language}" in ENDINGS[form] else (design.language,)
    endings = {each: ENDINGS[form].format(language=each) for each in apart}
    if len(apart) == 1:
        endings = {design.language: ENDINGS[form].replace(".{language}", "")}
    return {f"{design.name}{ending}": makers[form](language) for language, ending in endings.items()}

"""An instrument in another format, and what the format could not hold."""

from dataclasses import dataclass, field
from typing import Literal

Format = Literal["advanced-text", "surveyjs", "loops"]
"""advanced-text: the questions as Qualtrics' text format. surveyjs: JSON for SurveyJS. loops: a table for Qualtrics'
loop and merge."""


@dataclass(frozen=True)
class Written:
    """The content of a file, and, in words, what of the instrument is not in it."""

    content: str = field(repr=False)
    lost: tuple[str, ...] = ()

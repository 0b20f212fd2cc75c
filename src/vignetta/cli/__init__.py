"""The commands. Each works on the study in the current folder, or in `--study DIR`.

Exit codes: 0 done; 1 the study, or what it was asked, is wrong: all problems are listed; 2 the command was misspelt.
"""

import io
import os
import sys
from typing import Final

from vignetta.cli import declaring as declaring
from vignetta.cli import stages as stages
from vignetta.cli import surveys as surveys
from vignetta.cli.console import app, fail
from vignetta.errors import StudyError

__all__ = ["app", "main"]

MEMORY: Final = {"MIMALLOC_ALLOW_THP": "0"}
"""For Arrow: without huge pages, for which virtual machines take seconds of system time at a million rows."""


def main() -> None:
    """Run the command line; a `StudyError` becomes a list of problems and exit code 1.

    A character that the terminal cannot show is printed by its number.
    """
    os.environ.update({**MEMORY, **os.environ})
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except StudyError as error:
        fail(error.problems, as_json="--json" in sys.argv)

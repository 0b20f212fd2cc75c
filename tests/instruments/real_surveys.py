"""Real surveys, one line each: read, written back, linted, run by 200 respondents; or refused, and why.

    python -m tests.instruments.real_surveys ../shared/real/qsf

prints the table of `docs/instruments.md`.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from vignetta.errors import StudyError
from vignetta.instruments.qsf import qsf_text, read_qsf
from vignetta.instruments.review.linting import lint
from vignetta.instruments.running.rehearsing import rehearse

RESPONDENTS = 200


def lines(folder: Path) -> Iterator[str]:
    files = sorted(folder.glob("*.qsf"))
    yield "| survey | questions | written back | lint: errors, warnings, notes | runs | executed | stubbed |"
    yield "|---|---|---|---|---|---|---|"
    refused = []
    for each in files:
        try:
            yield _line(each)
        except StudyError as error:
            refused.append(f"| {each.stem} | {error.problems[0].what} |")
    yield ""
    yield "| refused | why |"
    yield "|---|---|"
    yield from refused


def _line(file: Path) -> str:
    survey = read_qsf(file)
    equal = "equal" if json.loads(qsf_text(survey)) == json.loads(file.read_bytes()) else "DIFFERENT"
    found = lint(file)
    told = ", ".join(str(len(found.of(each))) for each in ("error", "warning", "note"))
    made = rehearse(survey, RESPONDENTS)
    done = sum(each.done == "executed" for each in made.account)
    stubs = ", ".join(dict.fromkeys(each.what for each in made.account if each.done == "stubbed")) or "nothing"
    runs = f"{len(made.sessions)} of {RESPONDENTS}"
    return f"| {file.stem} | {len(survey.questions)} | {equal} | {told} | {runs} | {done} kinds | {stubs} |"


if __name__ == "__main__":
    for line in lines(Path(sys.argv[1])):
        print(line, flush=True)

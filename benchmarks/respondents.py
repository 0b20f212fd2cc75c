"""Respondents through whole surveys, and the verification of these, single-threaded.

Run with `make bench`. 100,000 respondents take every page, consenting and answering at random, and come out as the rows
of an export; beside stands the reading and writing of as many rows by the `csv` module alone.
"""

import csv
import io
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np

from vignetta.design.declaration import Design
from vignetta.instruments.fieldwork.exporting import export_csv
from vignetta.instruments.naming import AGREE, CONSENT
from vignetta.instruments.running.random_answers import random_answer
from vignetta.instruments.running.runtime import Runtime
from vignetta.instruments.running.sessions import Session
from vignetta.instruments.running.visits import Answer, Respondent, State, Visit
from vignetta.instruments.survey import Question, Survey
from vignetta.instruments.verification.verifying import verify
from vignetta.instruments.writing.building import build
from vignetta.study.folder import load
from vignetta.study.scaffold import init

RESPONDENTS = 100_000
STUDIES = ("alliance", "conjoint")
START = datetime(2026, 3, 2, 9)


def timed(work: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def answer(question: Question, state: State) -> Answer | None:
    return AGREE if question.tag == CONSENT else random_answer(question, state)


def visited(survey: Survey, n: int = RESPONDENTS) -> list[Visit]:
    runtime, generator, somebody = Runtime(survey), np.random.default_rng(1), Respondent(answer)
    return [runtime.run(somebody, generator) for _ in range(n)]


def exported(survey: Survey, visits: list[Visit]) -> str:
    sessions = [Session(each, START, (20.0,) * len(each.pages), "192.0.2.1") for each in visits]
    return export_csv(survey, sessions, np.random.default_rng(1))


def rewritten(export: str) -> None:
    rows, text = list(csv.reader(io.StringIO(export))), io.StringIO()
    csv.writer(text).writerows(rows)


def row(name: str, design: Design) -> str:
    survey, visits = build(design), list[Visit]()
    through = timed(lambda: visits.extend(visited(survey)))
    assert all(each.finished for each in visits)
    written = list[str]()
    export = timed(lambda: written.append(exported(survey, visits)))
    plain = timed(lambda: rewritten(written[0]))
    exact, sampled = (
        timed(lambda exactly=exactly: verify(survey, design, exactly=exactly)) for exactly in (True, False)
    )
    pages = sum(len(each.pages) for each in visits) / len(visits)
    return (
        f"| {name} | {pages:.0f} | {through:.1f} | {export:.1f} | {through + export:.1f} | {plain:.1f} "
        f"| {exact:.2f} | {sampled:.1f} |"
    )


def main() -> None:
    print(f"numpy {version('numpy')}; {RESPONDENTS:,} respondents\n")
    print(
        "| survey | pages each | answered | exported | both | csv alone | verified exactly | by Monte Carlo |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory() as made:
        for name in STUDIES:
            init(Path(made) / name, template=name)
            print(row(name, load(Path(made) / name).design))


if __name__ == "__main__":
    main()

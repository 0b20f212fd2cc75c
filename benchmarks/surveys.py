"""Reading, linting and comparing surveys, beside reading the same file as JSON alone.

Run with `make bench`. CPU seconds, the median of several runs after one that is not counted. The largest survey of
those that `VIGNETTA_REAL` names is measured where they are present, and the flagship's survey everywhere.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from timing import cpu

from vignetta.instruments.adoption.importing import draft
from vignetta.instruments.qsf import qsf_text, read_qsf
from vignetta.instruments.review.differing import diff
from vignetta.instruments.review.linting import lint
from vignetta.instruments.writing.building import build
from vignetta.study.folder import load


def surveys(folder: Path) -> Iterator[tuple[str, Path]]:
    flagship = folder / "flagship.qsf"
    flagship.write_text(qsf_text(build(load(__file__).design)))
    yield "the flagship", flagship
    real = Path(os.environ.get("VIGNETTA_REAL", "absent")) / "qsf"
    if real.is_dir():
        yield "the largest real survey", max(real.glob("*.qsf"), key=lambda each: each.stat().st_size)


def main() -> None:
    print("| survey | kB | read | lint | diff with itself | draft | json.loads alone |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, file in surveys(Path(folder)):
            steps = (
                lambda file=file: read_qsf(file),
                lambda file=file: lint(file),
                lambda file=file: diff(file, file),
                lambda file=file: draft(read_qsf(file)),
                lambda file=file: json.loads(file.read_text()),
            )
            seconds = " | ".join(f"{cpu(each):.4f}" for each in steps)
            print(f"| {name} | {file.stat().st_size // 1000} | {seconds} |")


if __name__ == "__main__":
    main()

"""Cleaning of large exports beside polars' and pandas' plain reading and writing of the same file.

Run with `make bench`, or with numbers of rows: `python benchmarks/cleaning.py 1502 100000`. The flagship's simulated
responses, over and over, each with its own id, address, place, times and a remark: 60 columns, all in the codebook.
Ours reads, matches, types, audits with the design, screens, redacts and writes Parquet; the others read the text and
write Parquet. CPU seconds of all threads in a process of its own, after a small export: without the import of libraries
and the reading of design, plan and codebook. Beside them the most memory that the process held.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

os.environ["POLARS_MAX_THREADS"] = "1"

import numpy as np
import pandas as pd

import vignetta as vg
from vignetta.cleaning.auditing.designed import Expected
from vignetta.cleaning.outputs.files import responses_parquet
from vignetta.cli import MEMORY
from vignetta.codebook import Codebook, Variable
from vignetta.exclusions import Exclusion
from vignetta.scores import Score
from vignetta.study.folder import load
from vignetta.study.scaffold import init
from vignetta.study.stages import run_stage

ROWS = (1_502, 100_000, 1_000_000)
WARM = 1_000
MAKE = "make"
RUNS = 3
COLUMNS = 60
WORDS = tuple("I would rather that our own country looked after its allies first and asked questions later".split())  # noqa: SIM905


def simulated(folder: Path) -> None:
    init(folder)
    for stage in ("build", "simulate"):
        run_stage(folder, stage)


def large(folder: Path, rows: int) -> None:
    """Write an export of so many rows, and its codebook."""
    study = load(folder / "alliance")
    whole = pd.read_csv(study.data, dtype=str, keep_default_na=False)
    header, data = whole.iloc[:2].copy(), whole.iloc[2:]
    data = data.iloc[np.arange(rows) % len(data)].reset_index(drop=True)
    rng = np.random.default_rng(1)
    data["ResponseId"] = [f"R_{each:015x}" for each in rng.permutation(rows) + 16**14]
    data["IPAddress"] = [".".join(map(str, each)) for each in rng.integers(1, 255, (rows, 4))]
    for name in ("LocationLatitude", "LocationLongitude"):
        data[name] = rng.uniform(-90, 90, rows).round(4).astype(str)
    start = pd.Timestamp("2026-03-01") + pd.to_timedelta(rng.integers(0, 14 * 86_400, rows), unit="s")
    took = rng.integers(61, 2_000, rows)
    end = start + pd.to_timedelta(took, unit="s")
    for name, each in {"StartDate": start, "EndDate": end, "RecordedDate": end}.items():
        data[name] = each.strftime("%Y-%m-%d %H:%M:%S")
    data["Duration (in seconds)"] = took.astype(str)
    more = []
    for number in range(COLUMNS - len(whole.columns)):
        name = f"more_{number + 1}"
        header[name] = [name, f'{{"ImportId":"{name}"}}']
        if number:
            data[name] = rng.normal(50, 10, rows).round(2).astype(str)
        else:
            data[name] = [" ".join(each) for each in rng.choice(WORDS, (rows, 8))]
        more.append(Variable(name=name, role="other", kind="number" if number else "text", import_id=name, column=name))
    pd.concat([header, data]).to_csv(folder / f"{rows}.csv", index=False)
    codebook = Codebook(variables=(*study.codebook.variables, *more))
    (folder / f"{rows}.codebook.csv").write_text(vg.codebook_csv(codebook), encoding="utf-8")


@dataclass(frozen=True)
class Job:
    """An export, what is known of it, and where its responses go."""

    path: Path
    codebook: Codebook
    exclusions: tuple[Exclusion, ...]
    expected: Expected
    scores: Mapping[str, Score]
    out: Path


def job(folder: Path, rows: int) -> Job:
    study, path = load(folder / "alliance"), folder / f"{rows}.csv"
    codebook = vg.read_codebook(path.with_suffix(".codebook.csv"))
    return Job(path, codebook, study.plan.exclusions, study.expected, study.design.scores, folder / "out.parquet")


def ours(job: Job) -> None:
    clean = vg.read_export(job.path, job.codebook, exclusions=job.exclusions, expected=job.expected, scores=job.scores)
    job.out.write_bytes(responses_parquet(clean.responses))


def plain_pandas(job: Job) -> None:
    pd.read_csv(job.path, skiprows=[1, 2]).to_parquet(job.out)


def plain_polars(job: Job) -> None:
    import polars as pl

    pl.read_csv(job.path, skip_rows_after_header=2, infer_schema_length=10_000).write_parquet(job.out)


def timed(who: str, folder: Path, rows: int) -> None:
    """Print the CPU seconds of one way, after it did a small export, and the most memory in MB."""
    work, small, large = WAYS[who], job(folder, WARM), job(folder, rows)
    work(small)
    start = time.process_time()
    work(large)
    print(time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def measured(folder: Path, rows: int) -> dict[str, tuple[float, float]]:
    """CPU seconds and MB of the fastest of some runs of each way, in turn, each in a process of its own."""
    runs: dict[str, list[tuple[float, float]]] = {who: [] for who in WAYS}
    for who in [*WAYS] * RUNS:
        seconds, held = of_its_own(who, folder, rows).split()
        runs[who].append((float(seconds), float(held)))
    return {who: min(each) for who, each in runs.items()}


def of_its_own(what: str, folder: Path, rows: int) -> str:
    """What a new process of this file prints, with memory set up as the command `vignetta` does."""
    command = [sys.executable, __file__, what, str(folder), str(rows)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=MEMORY | os.environ).stdout


WAYS: dict[str, Callable[[Job], None]] = {"ours": ours, "polars": plain_polars, "pandas": plain_pandas}


def main() -> None:
    sizes = [int(each) for each in sys.argv[1:]] or ROWS
    print(f"pandas {version('pandas')}, polars {version('polars')}; {COLUMNS} columns\n")
    print("| rows | MB | ours | MB held | polars | ratio | pandas | ratio |\n|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        simulated(folder / "alliance")
        of_its_own(MAKE, folder, WARM)
        for rows in sizes:
            of_its_own(MAKE, folder, rows)
            (mine, held), (polars, _), (pandas, _) = measured(folder, rows).values()
            size = (folder / f"{rows}.csv").stat().st_size / 1e6
            beside = f"{polars:.3f} | {mine / polars:.1f} | {pandas:.3f} | {mine / pandas:.1f}"
            print(f"| {rows:,} | {size:.1f} | {mine:.3f} | {held:,.0f} | {beside} |", flush=True)


if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1] in WAYS:
        timed(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
    elif sys.argv[1:2] == [MAKE]:
        large(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main()

"""Commands that run the stages of a study."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Annotated

import typer

from vignetta.cli.console import (
    HERE,
    JsonOption,
    StudyOption,
    app,
    count,
    err,
    escape,
    fail,
    out,
    print_json,
    root_of,
    show,
    working,
)
from vignetta.errors import StudyError, listed
from vignetta.instruments.formats.written import Format


def _run_one(stage: str, study: Path, as_json: bool) -> None:
    from vignetta.study.stages import read_manifest, run_stage, stages, status

    root = root_of(study)
    earlier = takewhile(lambda each: each != stage, stages(root))
    waiting = [each for each in earlier if status(root, each).state != "fresh"]
    with working(f"{stage} ...", quiet=as_json):
        run_stage(root, stage)
    written = read_manifest(root, stage)["written"]
    if stage in ("clean", "report"):
        _refuse_leaks(root, as_json)
    if as_json:
        print_json({"stage": stage, "written": written, "stale_before": waiting})
        return
    for name in written:
        out.print(f"wrote {escape(name)}")
    _print_summaries(root, stage)
    if waiting:
        out.print(f"[yellow]Not fresh before it: {', '.join(waiting)}. `vignetta run` brings all up to date.[/]")


def _refuse_leaks(root: Path, as_json: bool) -> None:
    from vignetta.study.folder import load
    from vignetta.study.leaking import leak_problems

    if problems := leak_problems(load(root)):
        fail(problems, as_json=as_json)


def _print_summaries(root: Path, stage: str) -> None:
    from vignetta.study.stages import read_manifest

    for name in read_manifest(root, stage)["written"]:
        if name.endswith(("summary.txt", "verification.txt")):
            out.print(escape((root / name).read_text("utf-8")), style="dim")


@app.command()
def draw(study: StudyOption = HERE, as_json: JsonOption = False) -> None:
    """Write all vignettes in words, a balanced assignment and its frequencies."""
    _run_one("draw", study, as_json)


@app.command()
def build(study: StudyOption = HERE, as_json: JsonOption = False) -> None:
    """Write the survey for Qualtrics (.qsf), its codebook, a preview and a questionnaire on paper."""
    _run_one("build", study, as_json)


@app.command()
def write(
    form: Annotated[Format, typer.Argument(metavar="FORMAT", help="advanced-text, surveyjs or loops.")],
    study: StudyOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Write the instrument in another format, and say what the format does not hold."""
    from vignetta.instruments.formats.writing import instrument_files
    from vignetta.study.files import replace_all
    from vignetta.study.folder import load

    loaded = load(study)
    made = {f"instruments/{name}": each for name, each in instrument_files(loaded.design, form).items()}
    replace_all(loaded.root, {name: each.content.encode() for name, each in made.items()})
    lost = list(dict.fromkeys(what for each in made.values() for what in each.lost))
    if as_json:
        print_json({"written": list(made), "lost": lost})
        return
    for name in made:
        out.print(f"wrote {escape(name)}")
    for what in lost:
        out.print(f"[yellow]not in it:[/] {escape(what)}.")


@app.command()
def simulate(
    survey: Annotated[
        Path | None, typer.Argument(metavar="FILE.qsf", help="Any survey; the study's own if left out.")
    ] = None,
    n: Annotated[int, typer.Option("--n", help="For FILE.qsf: how many respondents.")] = 200,
    seed: Annotated[int, typer.Option("--seed", help="For FILE.qsf: the same seed gives the same bytes.")] = 1,
    to: Annotated[Path | None, typer.Option("--to", metavar="FILE.csv", help="For FILE.qsf: the export.")] = None,
    labels: Annotated[bool, typer.Option("--labels", help="For FILE.qsf: words instead of codes.")] = False,
    study: StudyOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Let made-up respondents answer the built survey, or any other, and export them."""
    if survey is None:
        _run_one("simulate", study, as_json)
        return
    from vignetta.instruments.running.rehearsing import rehearse
    from vignetta.study.files import replace_all

    target = to or Path(f"{survey.stem}_simulated.csv")
    with working("simulate ...", quiet=as_json):
        made = rehearse(survey, n, seed=seed, values="labels" if labels else "codes")
    replace_all(target.parent, {target.name: made.export.encode()})
    lines = [vars(each) for each in made.account]
    if as_json:
        print_json({"file": str(target), "respondents": n, "account": lines})
        return
    show(lines, as_json=False)
    out.print(f"\nwrote {escape(str(target))}: {count(n, 'respondent')}, none of them real.")


@app.command()
def download(
    survey: Annotated[str, typer.Argument(metavar="SV_ID", help="The survey's id.")],
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="A new file; data/raw/SV_ID.csv when left out.")
    ] = None,
    labels: Annotated[bool, typer.Option("--labels", help="The words of answers, not their codes.")] = False,
    study: StudyOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Save the survey's responses from Qualtrics; QUALTRICS_API_KEY and QUALTRICS_BASE_URL must be set."""
    import os

    from vignetta.study.api import Account, Api
    from vignetta.study.downloading import download as fetch

    file = to or root_of(study) / f"data/raw/{survey}.csv"
    with working("download ...", quiet=as_json):
        fetch(survey, file, Api(Account.of(os.environ)), labels=labels)
    if as_json:
        print_json({"file": str(file), "bytes": file.stat().st_size})
        return
    out.print(f"wrote {escape(str(file))}: {file.stat().st_size:,} bytes")


@app.command()
def clean(study: StudyOption = HERE, as_json: JsonOption = False) -> None:
    """Turn the export into typed responses and the ledger of exclusions."""
    _run_one("clean", study, as_json)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where it goes: .sav, .dta, .csv or .parquet.")],
    study: StudyOption = HERE,
    wide: Annotated[bool, typer.Option("--wide", help="One row per respondent.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write the clean responses for another program: SPSS, Stata, CSV or Parquet."""
    from vignetta.study.exporting import export as write
    from vignetta.study.folder import load

    rows, columns = write(load(study), file, wide=wide)
    if as_json:
        print_json({"file": str(file), "rows": rows, "columns": columns})
        return
    out.print(f"wrote {escape(str(file))}: {count(rows, 'row')}, {count(columns, 'column')}")


@app.command()
def estimate(study: StudyOption = HERE, as_json: JsonOption = False) -> None:
    """Estimate what the plan declares."""
    _run_one("estimate", study, as_json)


@app.command()
def report(study: StudyOption = HERE, as_json: JsonOption = False) -> None:
    """Write the report with its figures."""
    _run_one("report", study, as_json)


@app.command()
def run(
    study: StudyOption = HERE,
    force: Annotated[bool, typer.Option("--force", help="Run every stage, also the fresh ones.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Run every stage that is not fresh, in order."""
    from vignetta.study.checking import check as look
    from vignetta.study.stages import run_stage, stages, status

    root = root_of(study)
    if problems := look(root, instrument=False).problems:
        fail(problems, as_json=as_json)
    done = []
    for stage in stages(root):
        before = status(root, stage)
        needed = force or before.state != "fresh"
        if needed:
            with _saying_what_stays(root, stage, as_json), working(f"{stage} ...", quiet=as_json):
                run_stage(root, stage)
        done.append({"stage": stage, "done": "run" if needed else "fresh already", "why": before.why})
        if not as_json:
            out.print(f"{stage:<9} {'done' if needed else 'fresh already'}")
        if needed and not as_json:
            _print_summaries(root, stage)
    _refuse_leaks(root, as_json)
    _after_run(root, done, as_json)


@contextmanager
def _saying_what_stays(root: Path, stage: str, as_json: bool) -> Iterator[None]:
    """Where a stage ends in problems, name the stages whose files are still those of an earlier run."""
    from vignetta.study.stages import read_manifest, stages

    try:
        yield
    except StudyError:
        order = stages(root)
        old = [each for each in order[order.index(stage) :] if read_manifest(root, each)]
        if old and not as_json:
            err.print(f"[yellow]The run ends at {stage}: the results of {listed(old)} are those of an earlier run.[/]")
        raise


def _after_run(root: Path, done: list[dict[str, str]], as_json: bool) -> None:
    page = root / "analysis/report.html"
    if as_json:
        print_json({"stages": done, "report": str(page) if page.exists() else ""})
    elif page.exists():
        out.print(f"\nThe report is in {escape(str(page))}")


@app.command()
def status(study: StudyOption = HERE, as_json: JsonOption = False) -> None:
    """Say which stages are fresh, and why the others are not."""
    from vignetta.study import stages as module

    root = root_of(study)
    show([vars(module.status(root, stage)) for stage in module.stages(root)], as_json=as_json)

"""Commands that work on a study."""

import json
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vignetta.cli.console import HERE, JsonOption, StudyOption, app, count, escape, fail, out, print_json, show, working
from vignetta.errors import Problem, StudyError
from vignetta.instruments.formats.written import Format
from vignetta.study.scaffold import Template

if TYPE_CHECKING:
    from vignetta.study.planning import Outlook


def _root(study: Path) -> Path:
    from vignetta.study.folder import load

    return load(study).root


# ------------------------------------------------------------------------------------------------ making and checking


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The new study's folder.")],
    study: Annotated[Template, typer.Option("--study", help="What to start from.")] = "alliance",
    as_json: JsonOption = False,
) -> None:
    """Make a new study that runs at once, to change into your own."""
    from vignetta.study.scaffold import init as make

    made = make(folder, template=study)
    if as_json:
        print_json({"folder": str(folder), "files": made})
        return
    out.print(f"Made {count(len(made), 'file')} in {folder}.")
    out.print("Change design/study.yaml and analysis/plan.yaml, then `vignetta check` and `vignetta run`.")


@app.command()
def check(study: StudyOption = HERE, as_json: JsonOption = False) -> None:
    """List everything that is wrong with the study's files, and how the built survey deviates from the design."""
    from vignetta.study.checking import check as look

    with working("check ...", quiet=as_json):
        found = look(_root(study))
    if found.problems:
        fail(found.problems, as_json=as_json)
    if as_json:
        remarks = [vars(each) for each in found.remarks]
        summary = {"problems": [], "summary": found.summary, "remarks": remarks}
        print_json(summary)
        return
    for line in found.summary:
        out.print(escape(line))
    for remark in found.remarks:
        out.print(f"[yellow]note[/] {escape(str(remark))}")
    out.print("[green]No problems.[/]")


@app.command()
def library(as_json: JsonOption = False) -> None:
    """List the factors with draft texts that `vignetta add` can copy into a study."""
    from vignetta.declared import words
    from vignetta.design.library import library as read

    factors = read().factors.items()
    rows = [
        {
            "name": name,
            "what": words(each.label),
            "levels": ", ".join(each.level_names),
            "source": each.source or "ours",
        }
        for name, each in factors
    ]
    show(rows, as_json=as_json)


@app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A factor of `vignetta library`.")],
    study: StudyOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Copy a factor of the library, with its draft texts, into the study."""
    from vignetta.design.library import add as extend
    from vignetta.study.files import replace_all
    from vignetta.study.folder import DESIGN, load

    loaded = load(study)
    text, todo = extend(name, loaded.tree(DESIGN))
    replace_all(loaded.root, {DESIGN: text.encode()})
    if as_json:
        print_json({"file": DESIGN, "todo": todo})
        return
    out.print(f"Added {escape(name)} to {DESIGN}.")
    for line in todo:
        out.print(escape(line))


# ---------------------------------------------------------------------------------------------------------- stages


def _run_one(stage: str, study: Path, as_json: bool) -> None:
    from vignetta.study.stages import read_manifest, run_stage, stages, status

    root = _root(study)
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

    root = _root(study)
    if problems := look(root, instrument=False).problems:
        fail(problems, as_json=as_json)
    done = []
    for stage in stages(root):
        before = status(root, stage)
        needed = force or before.state != "fresh"
        if needed:
            with working(f"{stage} ...", quiet=as_json):
                run_stage(root, stage)
        done.append({"stage": stage, "done": "run" if needed else "fresh already", "why": before.why})
        if not as_json:
            out.print(f"{stage:<9} {'done' if needed else 'fresh already'}")
        if needed and not as_json:
            _print_summaries(root, stage)
    _refuse_leaks(root, as_json)
    _after_run(root, done, as_json)


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

    root = _root(study)
    show([vars(module.status(root, stage)) for stage in module.stages(root)], as_json=as_json)


# ---------------------------------------------------------------------------------------------------------- precision


@app.command()
def power(
    study: StudyOption = HERE,
    n: Annotated[int | None, typer.Option("--n", help="Respondents analysed; the planned sample if left out.")] = None,
    sd: Annotated[float, typer.Option("--sd", help="The outcome's SD; 1 for effects in SD.")] = 1.0,
    power: Annotated[float, typer.Option("--power", help="The power of the smallest detectable effect.")] = 0.8,
    effect: Annotated[float | None, typer.Option("--effect", help="Also tell the power against this effect.")] = None,
    icc: Annotated[float, typer.Option("--icc", help="Correlation of one respondent's responses.")] = 0.0,
    responses: Annotated[
        int | None, typer.Option("--responses", help="Responses of each respondent; the design's if left out.")
    ] = None,
    shared: Annotated[
        list[str] | None,
        typer.Option("--shared", metavar="FACTOR", help="A factor with one level for all responses of a respondent."),
    ] = None,
    r2: Annotated[float, typer.Option("--r2", help="Share of the variance that covariates explain.")] = 0.0,
    over: Annotated[
        str, typer.Option("--over", metavar="N,N,N", help="Also the smallest effects for these numbers of respondents.")
    ] = "",
    figure: Annotated[
        Path | None,
        typer.Option("--figure", metavar="FILE", help="Draw them over the number of respondents: .svg, .png or .pdf."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Tell the standard errors and the smallest effects that the plan will find, before fielding."""
    from vignetta.report.power_words import null_sentences
    from vignetta.study.folder import load
    from vignetta.study.planning import outlook

    assumed = {"sd": sd, "power": power, "icc": icc, "responses": responses, "shared": shared or None, "r2": r2}
    with working("power ...", quiet=as_json):
        found = outlook(load(study), n=n, over=over, figure=figure, effect=effect, **assumed)
    if not as_json:
        _print_outlook(found, figure)
        return
    tables = {"precision": found.planned} | ({} if found.over is None else {"over": found.over})
    rows = {name: json.loads(each.to_json(orient="records", double_precision=15)) for name, each in tables.items()}
    written = {} if figure is None else {"figure": str(figure)}
    print_json({**rows, "null_results": null_sentences(found.planned), **written})


def _print_outlook(found: "Outlook", figure: Path | None) -> None:
    from vignetta.report.power_words import null_sentences, over_title, summary, summary_over

    show(summary(found.planned), as_json=False)
    for each in null_sentences(found.planned) or ["The plan compares nothing."]:
        out.print(f"\n{escape(each)}")
    if found.over is not None and len(found.over):
        out.print(f"\n{escape(over_title(found.over))}\n")
        show(summary_over(found.over), as_json=False)
    if figure is not None:
        out.print(f"\nwrote {escape(str(figure))}")


# ---------------------------------------------------------------------------------------------------------- the field


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

    file = to or _root(study) / f"data/raw/{survey}.csv"
    with working("download ...", quiet=as_json):
        fetch(survey, file, Api(Account.of(os.environ)), labels=labels)
    if as_json:
        print_json({"file": str(file), "bytes": file.stat().st_size})
        return
    out.print(f"wrote {escape(str(file))}: {file.stat().st_size:,} bytes")


# ------------------------------------------------------------------------------------------------------ registration


@app.command()
def register(
    study: StudyOption = HERE,
    amend: Annotated[bool, typer.Option("--amend", help="Replace an earlier registration; it stays on file.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Lock design, plan and exclusions; from then on every estimate says registered or exploratory."""
    from vignetta.study import registration
    from vignetta.study.checking import check as look
    from vignetta.study.folder import DESIGN, PLAN, load

    loaded = load(study)
    if problems := look(loaded.root).problems:
        fail(problems, as_json=as_json)
    data = loaded.data_present
    made = registration.register(loaded.root, loaded.tree(DESIGN).data, loaded.tree(PLAN).data, data=data, amend=amend)
    hashes = {name: registration.digest(each) for name, each in made.sections.items()}
    if as_json:
        print_json({"file": registration.FILE, "sha256": hashes, "data_present": data})
        return
    show([{"registered": name, "sha256": each} for name, each in hashes.items()], as_json=False)
    out.print(
        f"Written to {registration.FILE}. Deposit this file, or these hashes, with a registry to give them a date."
    )
    for name in data:
        out.print(f"[yellow]Noted in it: the data file {escape(name)} exists already.[/]")


@app.command()
def verify(study: StudyOption = HERE, as_json: JsonOption = False) -> None:
    """List what changed since registration. Exit code 1 if anything did."""
    from vignetta.study import registration
    from vignetta.study.folder import DESIGN, PLAN, load

    loaded = load(study)
    made = loaded.registration
    if not made:
        raise StudyError(Problem(registration.FILE, "nothing is registered yet.", "`vignetta register` does it."))
    changes = made.changes(loaded.tree(DESIGN).data, loaded.tree(PLAN).data)
    if as_json:
        print_json({"changes": [vars(each) for each in changes]})
    else:
        for each in changes:
            out.print(escape(str(each)))
        out.print(f"{count(len(changes), 'change')} since registration." if changes else "As registered.")
    raise SystemExit(1 if changes else 0)


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

"""Commands on what a study declares: make, check, plan for precision, register."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vignetta.cli.console import (
    HERE,
    JsonOption,
    StudyOption,
    app,
    count,
    escape,
    fail,
    out,
    print_json,
    root_of,
    show,
    working,
)
from vignetta.errors import Problem, StudyError
from vignetta.study.scaffold import Template

if TYPE_CHECKING:
    from vignetta.study.planning import Outlook


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
        found = look(root_of(study))
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

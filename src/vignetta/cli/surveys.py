"""Commands that work on any survey file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from vignetta.cli.console import HERE, JsonOption, StudyOption, app, count, escape, out, print_json
from vignetta.errors import Problem, StudyError

if TYPE_CHECKING:
    from vignetta.instruments.review.findings import Findings

_COLORS: Final = {"error": "red", "warning": "yellow", "note": "blue"}


@app.command()
def lint(
    survey: Annotated[Path, typer.Argument(metavar="FILE.qsf", help="A survey exported from Qualtrics.")],
    outcome: Annotated[
        list[str] | None,
        typer.Option("--outcome", metavar="TAG", help="The export tag of an outcome, which must follow the vignette."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List what would go wrong in the field and can be seen in the survey's file. Exit code 1 if there is an error."""
    from vignetta.instruments.review.linting import lint as look

    found = look(survey, outcomes=outcome or ())
    if as_json:
        print_json({"findings": [vars(each) for each in found]})
    else:
        _print_findings(found)
    raise SystemExit(1 if found.of("error") else 0)


def _print_findings(found: "Findings") -> None:
    from vignetta.instruments.review.findings import SEVERITIES

    for severity in SEVERITIES:
        listed = found.of(severity)
        if listed:
            out.print(f"[bold {_COLORS[severity]}]{count(len(listed), severity)}[/]")
        for each in listed:
            named = f" ({escape(each.name)})" if each.name else ""
            out.print(f"  [bold]{escape(each.where)}[/]{named}: {escape(each.what)} [dim]{escape(each.remedy)}[/]")
    if not len(found):
        out.print("[green]Nothing found.[/]")


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD.qsf", help="The earlier version of a survey.")],
    new: Annotated[Path, typer.Argument(metavar="NEW.qsf", help="The later version.")],
    as_json: JsonOption = False,
) -> None:
    """Tell in words what changed between two versions of a survey. Exit code 1 if anything did."""
    from vignetta.instruments.review.differing import diff as compare

    found = compare(old, new)
    if as_json:
        print_json({"changes": [vars(each) for each in found]})
    else:
        for each in found:
            out.print(escape(str(each)))
        out.print(f"{count(len(found), 'change')}." if len(found) else "[green]Nothing changed.[/]")
    raise SystemExit(1 if len(found) else 0)


@app.command()
def preview(
    survey: Annotated[
        Path | None, typer.Argument(metavar="FILE.qsf", help="Any survey; the study's own if left out.")
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE.html", help="Where the page goes."),
    ] = None,
    study: StudyOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Write a page that shows a survey as respondents see it; nothing is saved by it."""
    from vignetta.instruments.preview.page import preview_page
    from vignetta.instruments.qsf import read_qsf
    from vignetta.study.files import replace_all
    from vignetta.study.folder import PREVIEW, load

    if survey is None:
        loaded = load(study)
        page, place = preview_page(loaded.design), to or loaded.root / PREVIEW
    else:
        page, place = preview_page(read_qsf(survey)), to or survey.with_suffix(".html")
    replace_all(place.parent, {place.name: page.encode()})
    if as_json:
        print_json({"page": str(place)})
        return
    out.print(f"Wrote {escape(str(place))}. Open it in a browser.")


@app.command("import")
def import_(
    survey: Annotated[Path, typer.Argument(metavar="FILE.qsf", help="A survey exported from Qualtrics.")],
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="DIR", help="A new study: the codebook, a draft of study.yaml, a first plan."),
    ] = None,
    codebook: Annotated[
        Path | None, typer.Option("--codebook", metavar="FILE.csv", help="Where the codebook alone goes.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make the codebook of a survey built by hand in Qualtrics and, where it draws factors, a draft of the study."""
    from vignetta.study.adopting import adopt

    if to is not None and codebook is not None:
        raise StudyError(Problem("--codebook", "`--to` writes the codebook into its folder.", "Leave one of them out."))
    made = adopt(survey, to, codebook=codebook)
    if as_json:
        print_json({each: list(told) for each, told in vars(made).items()})
        return
    for name in made.files:
        out.print(f"wrote {escape(name)}")
    out.print(f"{count(len(made.variables), 'variable')}, {count(len(made.factors), 'factor')}.")
    if made.factors:
        out.print(f"Factors: {escape(', '.join(made.factors))}.")
    if to is not None and not made.factors:
        out.print("[yellow]No randomizer sets a field, so there is no draft of study.yaml.[/]")
        for told in made.arms:
            out.print(escape(told))
        if made.arms:
            out.print("To have a draft, set a field beside each block (in Qualtrics: a group with embedded data).")

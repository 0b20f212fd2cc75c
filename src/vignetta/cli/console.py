"""What every command prints with, and the options that they share."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape as without_markup
from rich.table import Table

from vignetta.errors import Problem

app = typer.Typer(
    help="Factorial vignette survey experiments, from one declared design to registered estimates.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

StudyOption = Annotated[Path, typer.Option("--study", metavar="DIR", help="The study's folder.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
HERE = Path()
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What tells a terminal to do something, or turns round what it shows; not tabs and new lines."""


def escape(text: str) -> str:
    """A text that is shown and does nothing: no markup, and control characters by their numbers.

    >>> escape("[red]x\\x1b[2J"), escape("a\\u202eb")
    ('\\\\[red]x\\\\x1b[2J', 'a\\\\u202eb')
    """
    return without_markup(_CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text))


def print_json(data: Any) -> None:
    """Print for machines."""
    print(json.dumps(data, ensure_ascii=False, indent=1))


def fail(problems: Sequence[Problem], *, as_json: bool) -> None:
    """List the problems and end with exit code 1."""
    if as_json:
        print_json({"problems": [vars(each) for each in problems]})
    else:
        for each in problems:
            err.print(f"[bold]{escape(each.where)}[/]: {escape(each.what)} {escape(each.remedy)}".rstrip())
        err.print(f"[red]{count(len(problems), 'problem')}.[/]")
    raise SystemExit(1)


def count(n: int, noun: str) -> str:
    """`1 problem`, `2 problems`."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def show(rows: Sequence[dict[str, Any]], *, as_json: bool) -> None:
    """Print rows as a table, or as JSON."""
    if as_json:
        print_json(list(rows))
        return
    table = Table(box=None, pad_edge=False)
    for name in rows[0] if rows else ():
        table.add_column(name)
    for row in rows:
        table.add_row(*(escape(str(each)) for each in row.values()))
    out.print(table)


@contextmanager
def working(words: str, *, quiet: bool) -> Iterator[None]:
    """A line that moves while something takes its time, on terminals."""
    if quiet or not err.is_terminal:
        yield
        return
    with err.status(words):
        yield


def root_of(study: Path) -> Path:
    """The folder of the study in a folder or above it. Raises `StudyError` when there is none."""
    from vignetta.study.folder import load

    return load(study).root

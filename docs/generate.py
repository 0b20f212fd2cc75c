"""Make what documentation repeats of the code: schemas, reference pages, and the README's figure.

Run with `make docs`; `tests/test_docs.py` fails when a page is not what the code says now.
"""

import sys
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import typer
from pydantic.fields import FieldInfo

from vignetta import cli
from vignetta.declared import Declared
from vignetta.design.declaration import Design
from vignetta.instruments.fieldwork.simulation import Simulation
from vignetta.plan import Plan
from vignetta.study.schemas import schemas

ROOT = Path(__file__).resolve().parents[1]
MADE = "<!-- made by `make docs` from the code -->\n\n"


def pages() -> Mapping[str, str]:
    """Each page's file, relative to the repository, and its text."""
    return {
        **schemas(),
        "docs/study.md": page("design/study.yaml", Design, "The declared study."),
        "docs/plan.md": page("analysis/plan.yaml", Plan, "The analysis plan."),
        "docs/simulation.md": page("design/simulation.yaml", Simulation, "The model of simulated respondents."),
        "docs/commands.md": commands(),
    }


def page(name: str, model: type[Declared], title: str) -> str:
    """The keys of a declared file, model by model."""
    parts = [f"# {name}\n\n{MADE}{title} Keys without a default are needed.\n"]
    for each in models(model):
        heading = "The file" if each is model else each.__name__
        parts.append(f"## {heading}\n\n{paragraph(each.__doc__)}\n\n| key | what | default |\n|---|---|---|")
        parts += [row(key, field) for key, field in each.model_fields.items() if not injected(each, key)]
        parts.append("")
    return "\n".join(parts)


def injected(model: type[Declared], key: str) -> bool:
    """Whether the key is the one under which the entry stands."""
    return key == "name" and "name" not in model.model_json_schema().get("properties", {})


def models(model: type[Declared]) -> list[type[Declared]]:
    """A model and those below it, each once, in the order of their first use."""
    found = [model]
    for each in found:
        below = [part for field in each.model_fields.values() for part in parts_of(field.annotation)]
        found += [part for part in below if part not in found]
    return list(dict.fromkeys(found))


def parts_of(annotation: Any) -> Iterator[type[Declared]]:
    if isinstance(annotation, type) and issubclass(annotation, Declared):
        yield annotation
    for each in get_args(annotation) if get_origin(annotation) is not Literal else ():
        yield from parts_of(each)


def row(key: str, field: FieldInfo) -> str:
    default = "" if field.is_required() else shown(field.get_default(call_default_factory=True))
    what = field.description or ""
    choices = [str(each) for each in literals(field.annotation)]
    if choices and not all(each in what for each in choices):
        what = f"{what}: {', '.join(choices)}".removeprefix(": ")
    return f"| `{key}` | {what} | {default} |"


def literals(annotation: Any) -> tuple[Any, ...]:
    origin = get_origin(annotation)
    if origin is Literal:
        return get_args(annotation)
    if origin in (types.UnionType, Annotated):
        return tuple(value for each in get_args(annotation) for value in literals(each))
    return ()


def shown(value: Any) -> str:
    if value is None or value in ("", (), {}) or isinstance(value, Declared):
        return "none"
    return f"`{', '.join(value) if isinstance(value, tuple) else str(value).lower() if value is False else value}`"


def paragraph(text: str | None) -> str:
    return " ".join((text or "").split())


def commands() -> str:
    """Every command with its options."""
    group = typer.main.get_command(cli.app)
    parts = [f"# Commands\n\n{MADE}{paragraph(cli.__doc__)}\n"]
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        parts.append(f"## vignetta {name}\n\n{paragraph(command.help)}\n")
        parts += [option(each) for each in command.params if each.name != "help"]
        parts.append("")
    return "\n".join(parts)


def option(parameter: Any) -> str:
    names = ", ".join(f"`{each}`" for each in parameter.opts) if parameter.param_type_name == "option" else ""
    metavar = f"`{parameter.metavar}`" if parameter.metavar else ""
    return f"- {' '.join(filter(None, (names, metavar)))}: {parameter.help}"


def main() -> None:
    for name, text in pages().items():
        (ROOT / name).write_text(text, "utf-8")
        sys.stdout.write(f"wrote {name}\n")


if __name__ == "__main__":
    main()

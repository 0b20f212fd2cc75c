"""New studies: the folders and files to start from."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final, Literal, get_args

from vignetta.errors import Problem, StudyError, near_miss
from vignetta.study.files import replace_all

Template = Literal["alliance", "in_hand"]
"""alliance: the flagship study, from texts to report. in_hand: a study around data that exist already."""
_PREFIX: Final = "vignetta/scaffold/"
_EMPTY: Final = ("data/raw/.gitkeep", "data/clean/.gitkeep")


def init(folder: Path, *, template: str = "alliance") -> list[str]:
    """Make a study's folders and files.

    Nothing that exists is touched: raises `StudyError` when a file of that name is already there.

    Returns
    -------
    The names of the files made, relative to `folder`.
    """
    if template not in get_args(Template):
        known = get_args(Template)
        raise StudyError(
            Problem("--study", f"there is no study `{template}` to start from.", near_miss(template, known))
        )
    contents = {name: source.read_bytes() for name, source in _sources(template).items()}
    taken = [name for name in contents if (folder / name).exists()]
    if taken:
        remedy = "Choose an empty folder."
        raise StudyError(Problem(str(folder / name), "the file exists already.", remedy) for name in taken)
    replace_all(folder, contents | dict.fromkeys(_EMPTY, b""))
    return sorted(contents)


def _sources(template: str) -> Mapping[str, Traversable]:
    packaged = files("vignetta") / "scaffold"
    parts = [dict(_below(packaged / part, "")) | _from_checkout(part) for part in ("any", template)]
    return parts[0] | parts[1]


def _below(folder: Traversable, prefix: str) -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for each in folder.iterdir() if folder.is_dir() else ():
        name = prefix + each.name.replace("dot.", ".", 1)
        if each.is_dir() and each.name != "__pycache__":
            found += _below(each, f"{name}/")
        elif each.is_file():
            found.append((name, each))
    return found


def _from_checkout(part: str) -> dict[str, Traversable]:
    """The files that a wheel would carry, where the package runs from its source instead of from a wheel."""
    root = Path(__file__).resolve().parents[3]
    settings = root / "pyproject.toml"
    if not settings.is_file() or not (root / "src/vignetta").is_dir():
        return {}
    included = tomllib.loads(settings.read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    start = f"{_PREFIX}{part}/"
    return {
        target.removeprefix(start): root / source for source, target in included.items() if target.startswith(start)
    }

"""New studies: the folders and files to start from."""

from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final, Literal, get_args

from vignetta.errors import Problem, StudyError, near_miss
from vignetta.study.files import replace_all

Template = Literal["alliance", "alliance-form", "alliance-reassurance", "war-support", "conjoint", "blank", "in-hand"]
"""alliance: uncooperative allies, the flagship. alliance-form: the legal form of promises. alliance-reassurance: when
reassurance is approved of. war-support: defending an ally under attack. conjoint: pairs of allies to choose from, five
tasks for each respondent. blank: two factors to start from. in-hand: a
study around data that exist already."""
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


def recipes() -> dict[str, bytes]:
    """What every study has besides the files in which it is declared: recipes, schemas, empty folders."""
    sources = _sources_of("any") | _sources_of("fielded")
    return {name: each.read_bytes() for name, each in sources.items()} | dict.fromkeys(_EMPTY, b"")


def _sources_of(part: str) -> dict[str, Traversable]:
    return dict(_below(files("vignetta") / "scaffold" / part, "")) | _from_checkout(part)


def _sources(template: str) -> Mapping[str, Traversable]:
    sources: dict[str, Traversable] = {}
    for part in ("any", "in-hand") if template == "in-hand" else ("any", "fielded", template):
        sources |= _sources_of(part)
    return sources


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
    import tomllib

    root = Path(__file__).resolve().parents[3]
    settings = root / "pyproject.toml"
    if not settings.is_file() or not (root / "src/vignetta").is_dir():
        return {}
    included = tomllib.loads(settings.read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    start = f"{_PREFIX}{part}/"
    return {
        target.removeprefix(start): root / source for source, target in included.items() if target.startswith(start)
    }

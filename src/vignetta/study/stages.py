"""Stages: pure steps from files to files, each leaving a manifest with the hash of all that it read and wrote."""

import json
import runpy
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, Self

import vignetta
from vignetta.errors import Problem, StudyError
from vignetta.study.files import as_bytes, replace_all, sha256

if TYPE_CHECKING:
    import pandas as pd

RECIPES: Final[Mapping[str, str]] = {
    "draw": "design/generate.py",
    "build": "instruments/build.py",
    "simulate": "instruments/simulate.py",
    "clean": "analysis/clean.py",
    "estimate": "analysis/estimate.py",
    "report": "analysis/report.py",
}
"""The stages in their order, each with its recipe. A study has the stages whose recipes are in its folder."""

MANIFESTS: Final = "manifests"
CLEAN: Final = "data/clean"
"""Where the account of an export goes that cannot be cleaned."""


@dataclass
class Stage:
    """One run of a stage. `read` is filled by the study while the recipe reads; `write` collects what it makes.

    The files appear, and the manifest with them, when the `with` block ends without an error; otherwise everything
    stays as it was, but for the account of what is wrong with an export.
    """

    root: Path
    name: str
    seed: int
    read: Mapping[str, str]
    contents: dict[str, bytes] = field(default_factory=dict, repr=False)

    def write(self, name: str, content: "str | bytes | pd.DataFrame") -> None:
        """Make a file, named relative to the study's folder."""
        self.contents[name] = as_bytes(name, content)

    def write_all(self, folder: str, contents: Mapping[str, Any]) -> None:
        """Make several files in one folder."""
        for name, content in contents.items():
            self.write(f"{folder}/{name}", content)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            accounts = error.accounts if isinstance(error, StudyError) else {}
            replace_all(self.root, {f"{CLEAN}/{name}": as_bytes(name, each) for name, each in accounts.items()})
            return
        before = read_manifest(self.root, self.name)
        replace_all(self.root, self.contents)
        for name in set(before.get("written", ())) - set(self.contents):
            (self.root / name).unlink(missing_ok=True)
        replace_all(self.root, {f"{MANIFESTS}/{self.name}.json": _json(self._manifest())})

    def _manifest(self) -> dict[str, Any]:
        return {
            "stage": self.name,
            "vignetta": vignetta.__version__,
            "seed": self.seed,
            "read": dict(sorted(self.read.items())),
            "written": {name: sha256(self.root / name) for name in sorted(self.contents)},
        }


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def read_manifest(root: Path, stage: str) -> dict[str, Any]:
    """What a stage left behind; empty when it never ran or the file is damaged."""
    try:
        manifest = json.loads((root / MANIFESTS / f"{stage}.json").read_text())
    except (OSError, ValueError):
        return {}
    return manifest if isinstance(manifest, dict) and {"read", "written", "vignetta"} <= manifest.keys() else {}


State = Literal["fresh", "stale", "never run"]


@dataclass(frozen=True)
class Status:
    """Whether a stage's files are what its inputs would give now, and if not, why."""

    stage: str
    recipe: str
    state: State
    why: str = ""


def stages(root: Path) -> list[str]:
    """The stages that a study has, in order."""
    return [name for name, recipe in RECIPES.items() if (root / recipe).is_file()]


def status(root: Path, stage: str) -> Status:
    """Compare a stage's manifest with the files as they are."""
    manifest = read_manifest(root, stage)
    if not manifest:
        return Status(stage, RECIPES[stage], "never run")
    changed = inputs_changed(root, stage)
    altered = [name for name, known in manifest["written"].items() if sha256(root / name) != known]
    why = [f"{name} {'changed' if (root / name).exists() else 'is gone'}" for name in changed]
    why += [f"{name} {'was edited' if (root / name).exists() else 'is gone'}" for name in altered]
    if manifest["vignetta"] != vignetta.__version__:
        why.append(f"made by vignetta {manifest['vignetta']}")
    return Status(stage, RECIPES[stage], "stale" if why else "fresh", "; ".join(why))


def inputs_changed(root: Path, stage: str) -> list[str]:
    """The files that a stage read and that are not what they were then; nothing when it never ran."""
    read: Mapping[str, str] = read_manifest(root, stage).get("read", {})
    return [name for name, known in read.items() if sha256(root / name) != known]


def run_stage(root: Path, stage: str) -> None:
    """Run a stage's recipe. Raises `StudyError` when the study has no such recipe, or what the recipe raises."""
    recipe = root / RECIPES[stage]
    if not recipe.is_file():
        what = f"this study has no stage `{stage}`."
        raise StudyError(Problem(RECIPES[stage], what, f"Its stages are {', '.join(stages(root)) or 'none'}."))
    runpy.run_path(str(recipe), run_name="__main__")

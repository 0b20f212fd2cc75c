"""Imports point down only."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

BELOW: dict[str, set[str]] = {}
BELOW["errors"] = BELOW["frames"] = BELOW["templating"] = set()
BELOW["declared"] = {"errors"}
BELOW["scores"] = {"errors", "declared"}
BELOW["design"] = {"errors", "frames", "declared", "scores"}
BELOW["conditions"] = set()
BELOW["exclusions"] = {"errors", "declared", "conditions"}
BELOW["codebook"] = {"errors", "frames", "declared"}
BELOW["plan"] = BELOW["design"] | {"design", "exclusions"}
BELOW["analysis"] = BELOW["plan"] | {"plan"}
BELOW["cleaning"] = {"errors", "frames", "declared", "codebook", "conditions", "exclusions", "scores"}
BELOW["instruments"] = {"errors", "frames", "declared", "design", "codebook", "templating", "scores"}
BELOW["power"] = BELOW["analysis"] | {"analysis"}
BELOW["report"] = BELOW["analysis"] | BELOW["cleaning"] | {"analysis", "cleaning", "power", "templating"}
BELOW["study"] = BELOW["report"] | BELOW["instruments"] | {"report", "instruments"}
BELOW["cli"] = BELOW["study"] | {"study"}
BELOW["__main__"] = {"cli"}
BELOW["__init__"] = set()


def imported(path: Path) -> Iterator[str]:
    """The part of the package after `vignetta.` in each import of a file, at whatever depth it stands."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = (
                [f"{node.module}.{each.name}" for each in node.names] if node.module == "vignetta" else [node.module]
            )
        elif isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        yield from (each.split(".")[1] for each in names if each.startswith("vignetta."))


def violations(source: Path) -> list[str]:
    found = []
    for path in sorted(source.rglob("*.py")):
        relative = path.relative_to(source)
        if relative.parts[0] == "scaffold":
            continue
        part = relative.parts[0].removesuffix(".py")
        allowed = BELOW[part] | {part}
        found += [f"{relative} imports {each}" for each in imported(path) if each not in allowed]
    return found


def test_imports_point_down(root: Path) -> None:
    assert violations(root / "src/vignetta") == []


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("cleaning/responses.py", "from vignetta.instruments.qsf import read_qsf"),
        ("cleaning/responses.py", "def f():\n    import vignetta.plan"),
        ("analysis/models/fitting.py", "from vignetta import cleaning"),
        ("design/assigning/vignettes.py", "from vignetta.codebook import Codebook"),
    ],
)
def test_a_planted_import_is_found(root: Path, tmp_path: Path, file: str, line: str) -> None:
    target = tmp_path / file
    target.parent.mkdir(parents=True)
    target.write_text((root / "src/vignetta" / file).read_text() + "\n" + line + "\n")
    assert len(violations(tmp_path)) == 1


def test_no_machine_path_and_no_registry(root: Path) -> None:
    words = [
        "/ro" + "ot/",
        "/wo" + "rk/",
        "py" + "pi.org",
        "python" + "hosted",
        "index-" + "url =",
        "--find-" + "links",
    ]
    tracked = [
        p
        for folder in ("src", "tests", "docs", "design", "analysis", "instruments", "benchmarks")
        for p in (root / folder).rglob("*")
    ]
    tracked += [each for each in root.iterdir() if each.is_file()]
    for path in tracked:
        if path.suffix in {".py", ".md", ".yaml", ".toml", ".txt", ".json", ".j2", ".cff", ""} and path.is_file():
            text = path.read_text(errors="ignore")
            assert not [each for each in words if each in text], path

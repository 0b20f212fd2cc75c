"""Pages and schemas are what the code says now, and the README's commands exist."""

import re
import runpy
from pathlib import Path

import pytest

from vignetta import cli


def test_made_pages_are_up_to_date(root: Path) -> None:
    made = runpy.run_path(str(root / "docs/generate.py"))["pages"]()
    stale = [name for name, text in made.items() if (root / name).read_text("utf-8") != text]
    assert not stale, f"`make docs` brings them up to date: {stale}"


def test_commands_in_the_documentation_exist(root: Path) -> None:
    known = {each.name or each.callback.__name__ for each in cli.app.registered_commands if each.callback}
    pages = [root / "README.md", *sorted((root / "docs").glob("*.md"))]
    code = re.compile(r"(?:^    |`)vignetta ([a-z]+)", re.MULTILINE)
    used = {name for page in pages for name in code.findall(page.read_text())}
    assert "run" in used
    assert used <= known


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/README.md", "docs/designs.md"])
def test_links_lead_somewhere(root: Path, page: str) -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", (root / page).read_text())
    assert links or page == "CONTRIBUTING.md"
    missing = [each for each in links if not ((root / page).parent / each).exists()]
    assert not missing

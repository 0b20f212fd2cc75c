"""Pages and schemas are what the code says now, and the README's commands exist."""

import re
import runpy
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from vignetta import cli
from vignetta.design.texts.wording import parse_template, template_findings


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


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/README.md", "docs/guide.md", "docs/designs.md"])
def test_links_lead_somewhere(root: Path, page: str) -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", (root / page).read_text())
    assert links or page == "CONTRIBUTING.md"
    missing = [each for each in links if not ((root / page).parent / each).exists()]
    assert not missing


def test_templates_in_the_documentation_show_what_is_said(root: Path) -> None:
    page = (root / "docs/template.md").read_text("utf-8")
    declared = YAML(typ="safe").load(re.search(r"```yaml\n(.*?)```", page, re.DOTALL)[1])  # type: ignore[index]
    texts = {name: {each["name"]: each.get("text", "") for each in levels} for name, levels in declared.items()}
    marks = set()
    for block in re.findall(r"^    (\S.*)\n((?: {8}.*→.*\n)+)", page, re.MULTILINE):
        template = parse_template(block[0])
        marks |= set(re.findall(r"\{(\w+)|\|(\w+)", block[0]))
        for line in block[1].splitlines():
            levels, said = line.split("→")
            chosen = dict(
                zip(template.names, [each.strip() for each in levels.split(",") if each.strip()], strict=True)
            )
            shown = {name: texts[name][level] for name, level in chosen.items()}
            assert template.render(chosen, shown) == said.strip()
        known = {name: list(levels) for name, levels in texts.items()}
        assert not list(template_findings(block[0], language="en", levels=known, factors=template.names))
    assert {each for pair in marks for each in pair} >= {"and", "or", "if", "else", "end", "a", "capital", "regime"}

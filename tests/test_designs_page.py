"""What `docs/designs.md` shows is read without a problem, and prints what it says."""

import doctest
import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from vignetta.declared import read_tree
from vignetta.design.assigning.assignment import draw
from vignetta.design.assigning.feasibility import feasibility_findings
from vignetta.design.declaration import Design, design_of

LEVELS = {
    "regime": ["democracy", "autocracy"],
    "treaty": ["none", "informal", "formal"],
    "capability": ["weak", "strong"],
}
PAGE = Path(__file__).resolve().parents[1] / "docs/designs.md"
SHOWN = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


def whole(folder: Path, shown: str) -> Design:
    """The piece of a study in a study; factors that it does not name are added only where it names none or all vary."""
    piece: dict[str, Any] = YAML(typ="safe").load(shown)
    said = piece.pop("factors", {})
    names = list(said) if "# name" in shown else list(LEVELS)
    factors = {
        name: {
            "label": name,
            "levels": [{"name": n, "label": n, "text": n, "reference": n == LEVELS[name][0]} for n in LEVELS[name]],
            **said.get(name, {}),
        }
        for name in names
    }
    rating = {"approval": {"label": "Approval", "question": "Approve?", "scale": ["No", "Yes"]}}
    study = {"name": "small", "title": "Small", "seed": 1, "sample_size": 120, "outcomes": rating, "factors": factors}
    study |= {"vignette": " ".join(f"{{{name}}}" for name in names), **piece}
    file = folder / "study.yaml"
    YAML(typ="safe").dump(study, file)
    tree = read_tree(file)
    design = design_of(tree)
    assert list(feasibility_findings(design)) == []
    return design


@pytest.mark.parametrize("shown", SHOWN)
def test_every_piece_of_a_study_is_sound_and_drawn(tmp_path: Path, shown: str) -> None:
    design = whole(tmp_path, shown)
    assert len(draw(design)) == design.sample_size * design.responses


def test_every_line_of_python_prints_what_it_says(tmp_path: Path) -> None:
    design = whole(tmp_path, next(each for each in SHOWN if "# name: differ" in each))
    text = PAGE.read_text("utf-8").replace("```\n", "\n")
    found = doctest.DocTestParser().get_doctest(text, {"design": design}, PAGE.name, str(PAGE), 0)
    assert len(found.examples) >= 7
    runner = doctest.DocTestRunner(verbose=False)
    said: list[str] = []
    assert runner.run(found, out=said.append).failed == 0, "".join(said)

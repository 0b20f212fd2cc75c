"""A study file out of a few lines, and what is told about it."""

from pathlib import Path

from vignetta.declared import read_tree
from vignetta.design.assigning.feasibility import feasibility_findings
from vignetta.design.declaration import design_of
from vignetta.errors import StudyError

FACTORS = """\
factors:
  regime:
    label: Regime
    levels:
      - {name: democracy, label: democracy, text: a democracy, reference: true}
      - {name: autocracy, label: autocracy, text: an autocracy}
  treaty:
    label: Treaty
    levels:
      - {name: none, label: none, text: no treaty, reference: true}
      - {name: informal, label: informal, text: an understanding}
      - {name: formal, label: formal, text: a treaty}
"""
REST = """\
vignette: "The ally is {regime} with {treaty}."
outcomes:
  approval: {label: Approval, question: Do you approve?, scale: [No, Yes]}
"""


def written(folder: Path, head: str, *, factors: str = FACTORS, rest: str = REST, n: int = 120) -> Path:
    """The file: 4 lines, those of `head` from line 5 on, factors, template and outcomes."""
    file = folder / "study.yaml"
    file.write_text(f"name: small\ntitle: Small\nseed: 1\nsample_size: {n}\n{head}{factors}{rest}")
    return file


def told(file: Path) -> list[str]:
    """Every problem of the file, as it is printed, in the order in which it is told."""
    try:
        tree = read_tree(file)
        return [str(tree.problem(each)) for each in feasibility_findings(design_of(tree))]
    except StudyError as error:
        return [str(each) for each in error.problems]

"""Designs out of a few lines, as if they stood in a file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vignetta.declared import Tree
from vignetta.design.declaration import Design, design_of

Weights = Mapping[str, Mapping[str, float]]


def small_design(
    factors: Weights,
    restrictions: Sequence[Mapping[str, Any]] = (),
    *,
    varies: Mapping[str, str] | None = None,
    **sections: Any,
) -> Design:
    """A design whose factors have these levels with these weights; the first level is the reference.

    `varies` says it of the factors that do not vary by profile; several profiles are labelled A, B, C, D.
    """
    each: dict[str, dict[str, Any]] = {
        name: {"label": name, "levels": _levels(name, levels)} for name, levels in factors.items()
    }
    for name, often in (varies or {}).items():
        each[name]["varies"] = often
    if int(sections.get("profiles", 1)) > 1:
        sections = {"profile_labels": list("ABCD")[: int(sections["profiles"])], **sections}
    data = {
        "name": "small",
        "title": "Small",
        "seed": "1",
        "sample_size": "100",
        "factors": each,
        "restrictions": [{"reason": "They do not occur together.", **each} for each in restrictions],
        "vignette": " ".join(f"{{{name}}}" for name in factors),
        "outcomes": {"y": {"label": "Y", "question": "Y?", "scale": ["No", "Yes"]}},
        **sections,
    }
    return design_of(Tree(Path("study.yaml"), "study.yaml", data, {(): 1}))


def _levels(factor: str, levels: Mapping[str, float]) -> list[dict[str, str]]:
    return [
        {
            "name": name,
            "label": name,
            "text": f"{factor} is {name}",
            "weight": repr(float(weight)),
            "reference": str(place == 0).lower(),
        }
        for place, (name, weight) in enumerate(levels.items())
    ]


def equal(*names: str) -> dict[str, float]:
    """Levels of equal weight."""
    return dict.fromkeys(names, 1.0)

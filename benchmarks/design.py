"""Restricted designs: exact probabilities, draws and redraws beside the plain numpy step that comes closest.

Run with `python benchmarks/design.py`. CPU seconds, the median of several runs in one process after a first that is
not counted. Ratios are to the plain step in the same run. A draw of a million is set beside three: `choice` with the
same probabilities, which is what one would write instead; `permutation`, which does the same work on vignettes that
are counted already; and `integers`, which knows neither weights nor restrictions nor balance.
"""

from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from platform import python_version
from typing import Any

import numpy as np
from timing import cpu

from vignetta.declared import Tree
from vignetta.design.assigning.assignment import draw, mechanism_of
from vignetta.design.assigning.mechanisms import Blocked, Complete, Simple
from vignetta.design.assigning.universe import universe_of
from vignetta.design.assigning.vignettes import vignettes
from vignetta.design.declaration import Design, design_of, read_design
from vignetta.design.restrictions import Restriction

RESPONDENTS = 1_000_000
SAMPLE = 1_502
TIMES = 10_000
TREATMENTS = 120
FLAGSHIP = Path(__file__).parents[1] / "design/study.yaml"
CONJOINTS = 100


def restricted(factors: int, levels: int, **sections: Any) -> Design:
    """A weighted design with a restriction between every two neighbouring factors."""
    names = [f"f{place}" for place in range(factors)]
    each = [
        {"name": f"l{place}", "label": "x", "text": "x", "weight": str(1 + place % 3), "reference": str(place == 0)}
        for place in range(levels)
    ]
    data = {
        "name": "restricted",
        "title": "Restricted",
        "seed": "1",
        "sample_size": str(SAMPLE),
        "factors": {name: {"label": name, "levels": each} for name in names},
        "restrictions": [{"forbid": {a: ["l1", "l2"], b: "l1"}, "reason": "measured"} for a, b in pairwise(names)],
        "vignette": " ".join(f"{{{name}}}" for name in names),
        "outcomes": {"y": {"label": "y", "question": "y", "scale": ["0", "1"]}},
        **sections,
    }
    return design_of(Tree(Path("study.yaml"), "study.yaml", data, {(): 1}))


def measurements() -> list[tuple[str, float, str, float]]:
    """What, CPU seconds, the plain step, its CPU seconds."""
    large, small = restricted(6, 10), restricted(4, 4)
    generator = np.random.default_rng(1)
    product = cpu(lambda: np.argwhere(np.ones((10,) * 6)))
    rows = [
        ("probabilities of 10^6 cells", cpu(lambda: universe_of(large)), "numpy.argwhere of them", product),
        ("and their texts in a frame", cpu(lambda: vignettes(large)), "numpy.argwhere of them", product),
    ]
    return [*rows, *million(small, generator), *redraws(generator)]


def million(design: Design, generator: np.random.Generator) -> list[tuple[str, float, str, float]]:
    """Assigning many respondents, beside draws of as many numbers."""
    universe = universe_of(design)
    vignettes_, p = len(universe), universe.probability
    tiled = np.arange(RESPONDENTS) % vignettes_
    plain = {
        "choice with the same probabilities": cpu(lambda: generator.choice(vignettes_, size=RESPONDENTS, p=p)),
        "permutation": cpu(lambda: generator.permutation(tiled)),
        "integers": cpu(lambda: generator.integers(vignettes_, size=RESPONDENTS)),
    }
    complete = Complete(p)
    ours = {
        f"complete: places for {RESPONDENTS:,}": cpu(lambda: complete.draw(RESPONDENTS, generator)),
        f"complete: frame for {RESPONDENTS:,}": cpu(lambda: draw(design, n=RESPONDENTS)),
    }
    return [(what, seconds, name, other) for what, seconds in ours.items() for name, other in plain.items()]


def redraws(generator: np.random.Generator) -> list[tuple[str, float, str, float]]:
    """Assigning the same respondents many times, beside shuffling as many rows."""
    p = np.random.default_rng(2).dirichlet(np.ones(TREATMENTS))
    sample = np.broadcast_to(np.arange(SAMPLE) % TREATMENTS, (TIMES, SAMPLE))
    repeated = cpu(lambda: generator.permuted(sample, axis=1), runs=3)
    mechanisms = {
        "the flagship": mechanism_of(read_design(FLAGSHIP)),
        "unequal, simple": Simple(p),
        "unequal, complete": Complete(p),
        "unequal, blocked": Blocked(p, TREATMENTS),
    }
    rows = []
    for name, each in mechanisms.items():
        seconds = cpu(lambda mechanism=each: mechanism.redraw(SAMPLE, TIMES, generator), runs=3)  # type: ignore[misc]
        rows.append((f"{name}: {TIMES:,} redraws of {SAMPLE:,}", seconds, "permuted", repeated))
    return rows + conjoint_measurements(generator)


def conjoint_measurements(generator: np.random.Generator) -> list[tuple[str, float, str, float]]:
    """A restricted conjoint of 5 tasks x 2 profiles; also with an arm of respondents, and profiles that differ."""
    layout = {"tasks": "5", "profiles": "2", "profile_labels": ["A", "B"]}
    p = universe_of(restricted(4, 4)).probability
    k = len(p)
    tiled = np.broadcast_to(np.arange(SAMPLE * 10) % k, (CONJOINTS, SAMPLE * 10))
    plain = {
        "simple": cpu(lambda: generator.choice(k, size=tiled.shape, p=p), runs=3),
        "complete": cpu(lambda: generator.permuted(tiled, axis=1), runs=3),
    }
    rows = []
    for mechanism, seconds in plain.items():
        design = restricted(4, 4, mechanism=mechanism, **layout)
        arm = design.factors["f0"].model_copy(update={"varies": "respondent"})
        differ = Restriction(differ=("f3",), reason="measured")
        kinds = {
            "conjoint": design,
            "with an arm": design.model_copy(update={"factors": {**design.factors, "f0": arm}}),
            "that differ": design.model_copy(update={"restrictions": (*design.restrictions, differ)}),
        }
        beside = {"simple": "choice", "complete": "permuted"}[mechanism]
        for kind, each in kinds.items():
            drawn = mechanism_of(each)
            taken = cpu(lambda drawn=drawn: drawn.redraw(SAMPLE, CONJOINTS, generator), runs=3)  # type: ignore[misc]
            rows.append((f"{mechanism}: {CONJOINTS} redraws of {SAMPLE:,} × 5 × 2, {kind}", taken, beside, seconds))
    return rows


def main() -> None:
    print(f"Python {python_version()}, numpy {version('numpy')}\n")
    print("| what | CPU seconds | beside | CPU seconds | ratio |\n|---|---|---|---|---|")
    for what, seconds, plain, other in measurements():
        print(f"| {what} | {seconds:.3f} | {plain} | {other:.3f} | {seconds / other:.2f} |")


if __name__ == "__main__":
    main()

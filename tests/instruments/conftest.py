"""The flagship's design with changes."""

import csv
import io
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from vignetta.declared import read_tree
from vignetta.design.declaration import Design, design_of
from vignetta.instruments.fieldwork.fielding import Simulated, simulate
from vignetta.instruments.fieldwork.simulation import Simulation, read_simulation
from vignetta.instruments.survey import Survey
from vignetta.instruments.writing.building import build

Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="session")
def altered(root: Path) -> Callable[..., Design]:
    """Makes a design out of what study.yaml holds, after a change to it and with other sections.

    `altered(change, title="Another", consent=None)`: a section that is None is left out.
    """
    tree = read_tree(root / "design/study.yaml")

    def make(change: Change = lambda content: None, **sections: Any) -> Design:
        content = {key: value for key, value in (tree.data | sections).items() if value is not None}
        content = deepcopy(content)
        change(content)
        return design_of(replace(tree, data=content))

    return make


@pytest.fixture(scope="session")
def survey(design: Design) -> Survey:
    """The flagship, built."""
    return build(design)


@pytest.fixture(scope="session")
def simulation(root: Path, design: Design) -> Simulation:
    """The flagship's model of made-up respondents."""
    return read_simulation(root / "design/simulation.yaml", design=design)


@pytest.fixture(scope="session")
def simulated(survey: Survey, design: Design, simulation: Simulation) -> Simulated:
    """A simulated sample of the flagship."""
    return simulate(survey, design, simulation)


@pytest.fixture(scope="session")
def rows(simulated: Simulated) -> list[dict[str, str]]:
    """The simulated export's rows, by the names of their columns."""
    names, _, _, *others = csv.reader(io.StringIO(simulated.export))
    return [dict(zip(names, each, strict=True)) for each in others]

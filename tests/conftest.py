"""Where the files from outside are, and a study to work on."""

import os
import shutil
from pathlib import Path

import pytest

from vignetta.design.declaration import Design, read_design
from vignetta.plan import Plan, read_plan

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = Path("/usr/bin/chromium")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests first, so that the workers end together."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def _outside(variable: str, default: str) -> Path:
    folder = Path(os.environ.get(variable, ROOT.parent / default))
    if not folder.is_dir():
        pytest.skip(f"{variable} is not set and {default} is not beside the checkout")
    return folder


@pytest.fixture(scope="session")
def real() -> Path:
    """Real exports, instruments and data sets; not part of the project."""
    return _outside("VIGNETTA_REAL", "shared/real")


@pytest.fixture(scope="session")
def oracle() -> Path:
    """Reference numbers from R; not part of the project."""
    return _outside("VIGNETTA_ORACLE", "shared/oracle")


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout, whose top-level folders are the flagship study."""
    return ROOT


@pytest.fixture(scope="session")
def design() -> Design:
    """The flagship's design."""
    return read_design(ROOT / "design/study.yaml", shown="design/study.yaml")


@pytest.fixture(scope="session")
def plan(design: Design) -> Plan:
    """The flagship's plan."""
    return read_plan(ROOT / "analysis/plan.yaml", design=design, shown="analysis/plan.yaml")


@pytest.fixture(scope="session")
def _ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from vignetta.study.scaffold import init
    from vignetta.study.stages import run_stage, stages

    folder = tmp_path_factory.mktemp("studies") / "alliance"
    init(folder)
    for stage in stages(folder):
        run_stage(folder, stage)
    return folder


@pytest.fixture
def ran(_ran: Path, tmp_path: Path) -> Path:
    """A copy of the flagship study with every stage run."""
    return Path(shutil.copytree(_ran, tmp_path / "study"))


@pytest.fixture
def chromium() -> Path:
    """The browser's program; the test is skipped where there is none."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed")
    return CHROMIUM

"""Reference numbers and the data that they were computed from."""

import json
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import rdata

from tests.analysis.reference import read_responses


@pytest.fixture(scope="session")
def numbers(oracle: Path) -> Callable[[str], Any]:
    """Reference numbers of one kind, as R wrote them."""
    return cache(lambda kind: json.loads((oracle / f"oracle_{kind}.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def responses(oracle: Path) -> dict[str, pd.DataFrame]:
    """The data sets n1502 (one vignette each) and n9012 (six each)."""
    return {name: read_responses(oracle / f"{name}.csv") for name in ("n1502", "n9012")}


@pytest.fixture(scope="session")
def r_frame(real: Path) -> Callable[[str], pd.DataFrame]:
    """A real data set from an R file, by its name."""
    return cache(lambda name: _read_rda(next((real / "datasets").glob(f"*__{name}.rda")))[name])


def _read_rda(file: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return rdata.read_rda(file)

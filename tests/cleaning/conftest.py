"""The small export's rows, and a place to write files."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cleaning.small_export import OTHERS, Row, rows


@pytest.fixture
def responses() -> list[Row]:
    """Three regular responses."""
    return rows({}, *OTHERS)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a text or bytes as a file and return its path."""

    def written(content: str | bytes, name: str = "export.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written

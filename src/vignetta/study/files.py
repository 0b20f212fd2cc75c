"""Files by their content: hashes, writing without leaving anything half written, names relative to a study."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from vignetta.errors import Problem, StudyError
from vignetta.frames import csv_text

if TYPE_CHECKING:
    import pandas as pd

PARTIAL = ".partial"


def sha256(path: Path) -> str:
    """The hash of a file's bytes; empty when there is no such file."""
    if not path.is_file():
        return ""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def as_bytes(name: str, content: "str | bytes | pd.DataFrame") -> bytes:
    """What a file of that name holds: texts in UTF-8, frames as CSV or Parquet by the name's ending."""
    if isinstance(content, bytes):
        return content
    if isinstance(content, str):
        return content.encode()
    if name.endswith(".parquet"):
        from vignetta.cleaning.outputs.files import responses_parquet

        return responses_parquet(content)
    return csv_text(content).encode()


def relative(path: Path, root: Path) -> str:
    """A file's name as a study writes it, with `/` on every system and `..` outside the study."""
    return Path(os.path.relpath(path, root)).as_posix()


def replace_all(root: Path, contents: Mapping[str, bytes]) -> None:
    """Write files under `root`: all beside their places first, then each renamed into it.

    When writing fails or is interrupted, the files that stood there before are untouched.
    """
    partial = [(root / (name + PARTIAL), root / name, data) for name, data in contents.items()]
    try:
        for beside, _, data in partial:
            beside.parent.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(data)
        for beside, place, _ in partial:
            beside.replace(place)
    except OSError as error:
        raise StudyError(Problem(str(error.filename), f"cannot be written: {error.strerror}.", "")) from None
    finally:
        for beside, _, _ in partial:
            beside.unlink(missing_ok=True)

"""Clean responses as files: Parquet, which keeps types and the order of levels, and CSV, which everybody can open."""

from pathlib import Path
from typing import Any, Final

import pandas as pd

from vignetta.errors import Problem, StudyError

_LEVELS: Final = "levels"


class _Shared(dict[str, Any]):
    """What pandas need not copy with each column that it takes of a frame with attributes."""

    def __deepcopy__(self, memo: Any) -> "_Shared":
        return self


def responses_parquet(responses: pd.DataFrame) -> bytes:
    """The responses as a Parquet file. Equal responses give equal bytes.

    The levels of each variable stand in the file's metadata too: Parquet itself forgets those of an empty column. Its
    statistics, which help to skip parts of files larger than any survey's, are left out.
    """
    noted = responses.copy(deep=False)
    dtypes = {str(name): dtype for name, dtype in responses.dtypes.items()}
    levels = {
        name: {"categories": dtype.categories.tolist(), "ordered": bool(dtype.ordered)}
        for name, dtype in dtypes.items()
        if isinstance(dtype, pd.CategoricalDtype)
    }
    noted.attrs = {_LEVELS: _Shared(levels)}
    content: bytes = noted.to_parquet(
        None, engine="pyarrow", index=False, compression="zstd", version="2.6", write_statistics=False
    )
    return content


def read_responses(path: str | Path) -> pd.DataFrame:
    """Clean responses from Parquet, with types and the order of levels. Raises `StudyError`."""
    try:
        responses = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        what = f"the clean responses cannot be read: {error}"
        raise StudyError(Problem(str(path), what, "Run `vignetta clean` again.")) from None
    noted, responses.attrs = responses.attrs.get(_LEVELS, {}), {}
    for name, each in noted.items():
        levels = pd.Index(each["categories"], dtype="str")
        responses[name] = responses[name].astype(pd.CategoricalDtype(levels, ordered=each["ordered"]))
    return responses

"""Distinct rows of some columns, asked again for fewer of them, against pandas' groups."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vignetta.analysis.models.samples import read_formula, read_sample


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32), n=st.integers(1, 60), order=st.permutations(["a", "b", "c"]), count=st.integers(1, 3)
)
def test_fewer_columns_are_read_from_the_distinct_rows_of_more(seed: int, n: int, order: list[str], count: int) -> None:
    rng = np.random.default_rng(seed)
    columns = {name: pd.Categorical.from_codes(rng.integers(0, k, n), categories=[f"{name}{i}" for i in range(k)])
               for name, k in zip("abc", (2, 3, 4), strict=True)}  # fmt: skip
    frame = pd.DataFrame({**columns, "y": rng.normal(size=n)})
    used = frame.assign(**{name: frame[name].cat.remove_unused_categories() for name in "abc"})
    if any(used[name].nunique() < 2 for name in "abc"):
        return
    sample = read_sample(used, read_formula("y ~ a + b + c"))
    names = order[:count]
    alone = read_sample(used, read_formula("y ~ a + b + c")).distinct(names)
    sample.distinct(["a", "b", "c"])
    found = sample.distinct(names)
    assert found is not None and alone is not None
    first, places = found.at, found.places
    assert places.tolist() == alone.places.tolist()
    rows = sample.data[names]
    assert rows.iloc[first].reset_index(drop=True).iloc[places].reset_index(drop=True).equals(rows)
    assert len(first) == len(rows.drop_duplicates())


def test_numbers_have_no_distinct_rows() -> None:
    frame = pd.DataFrame({"a": ["x", "y", "x", "y"], "z": [1.0, 2.0, 3.0, 4.0], "y": [0.0, 1.0, 2.0, 4.0]})
    sample = read_sample(frame, read_formula("y ~ a + z"))
    assert sample.distinct(["a", "z"]) is None
    found = sample.distinct(["a"]) or pytest.fail("a is a factor")
    assert (frame["a"][found.at].tolist(), found.places.tolist()) == (["x", "y"], [0, 1, 0, 1])
    assert sample.distinct([]) is None

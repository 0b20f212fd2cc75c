"""The model matrix against formulaic's."""

import formulaic
import numpy as np
import pandas as pd
import pytest

from vignetta.analysis.models.columns import evaluate, plain_columns, values_of


def rows(n: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    levels = {"a": ["x", "y", "z"], "b": ["u", "v"], "it's: odd": ["0", "1", "T.2"], "c": ["a", "a[T.x]", "z"]}
    levels["twice"] = ["x", "y", "T.x"]
    drawn = {name: pd.Categorical(rng.choice(each, n), categories=each) for name, each in levels.items()}
    return pd.DataFrame({**drawn, "n": rng.normal(size=n), "m": rng.normal(size=n)})


PLAIN = [
    "1",
    "`a` + b",
    "0 + a",
    "a * b + n",
    "a:b",
    "0 + a:b + n:a",
    "a * b * c",
    "a * `it's: odd` * n",
    "n:m + n:a:b",
    "b + a:n - 1",
]


@pytest.mark.parametrize("formula", PLAIN)
def test_plain_columns_are_those_of_formulaic(formula: str) -> None:
    data = rows()
    expected = formulaic.Formula(formula).get_model_matrix(data, context={})
    few = formulaic.Formula(formula).get_model_matrix(data.iloc[:2], context={})
    columns = plain_columns(few.model_spec, data)
    assert columns is not None
    np.testing.assert_array_equal(evaluate(columns, values_of(data)), np.asarray(expected, dtype=float))


@pytest.mark.parametrize(
    "formula",
    ["C(a)", "C(a, contr.sum)", "center(n)", "I(n**2)", "log(n + 9):a", "2:a", "poly(n, 2)", "C(n > 0)", "twice"],
)
def test_other_terms_are_left_to_formulaic(formula: str) -> None:
    data = rows()
    spec = formulaic.Formula(formula).get_model_matrix(data, context={}).model_spec
    assert plain_columns(spec, data) is None


def test_a_column_named_as_an_expression_is_not_taken_for_it() -> None:
    data = rows().assign(**{"log(n)": 1.0, "n": lambda d: d["n"] + 9})
    spec = formulaic.Formula("log(n)").get_model_matrix(data, context={}).model_spec
    assert plain_columns(spec, data) is None
    named = formulaic.Formula("`log(n)`").get_model_matrix(data, context={}).model_spec
    assert plain_columns(named, data) is not None

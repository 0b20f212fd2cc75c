"""Scores by hand, and reliability against closed forms."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cleaning import paired_export
from tests.cleaning.small_export import CODEBOOK, OTHERS, export_text, rows
from vignetta.cleaning.responses import CleanExport, read_export
from vignetta.cleaning.scoring import add_scores, item_reliability
from vignetta.codebook import Category, Codebook, Variable
from vignetta.errors import StudyError
from vignetta.scores import Score

NAN = float("nan")


def score(name: str, **given: Any) -> Score:
    return Score.model_validate({"name": name, "label": f"Label of {name}", **given})


def scale(name: str, points: int = 7) -> Variable:
    categories = tuple(Category(code=str(each), level=f"p{each}", value=each) for each in range(1, points + 1))
    return Variable(name=name, role="outcome", kind="scale", column=name, categories=categories)


ITEMS = Codebook(
    variables=(
        scale("a"),
        scale("b"),
        scale("c", points=5),
        Variable(name="age", role="covariate", kind="number", column="age", minimum=18, maximum=98),
        Variable(name="weight", role="covariate", kind="number", column="weight"),
        Variable(
            name="school",
            role="covariate",
            kind="ordered",
            column="school",
            categories=tuple(Category(code=each, level=each) for each in ("low", "middle", "high")),
        ),
        Variable(
            name="party",
            role="covariate",
            kind="category",
            column="party",
            categories=tuple(Category(code=each, level=each) for each in ("x", "y", "z")),
        ),
    )
)
DATA = pd.DataFrame(
    {
        "a": [7.0, 2.0, NAN, 4.0, NAN],
        "b": [1.0, 2.0, 6.0, 4.0, NAN],
        "c": [5.0, 1.0, 3.0, 2.0, NAN],
        "age": [18.0, 34.9, 35.0, 65.0, NAN],
        "weight": [1.0, 2.0, 3.0, 4.0, 5.0],
        "school": pd.Categorical(["low", "high", "middle", None, "low"], ["low", "middle", "high"], ordered=True),
        "party": pd.Categorical(["x", "y", "z", None, "x"], ["x", "y", "z"]),
    }
)


def scored(*scores: Score) -> Any:
    return add_scores(DATA, ITEMS, {each.name: each for each in scores})


@pytest.mark.parametrize(
    ("given", "expected", "ends"),
    [
        ({"items": ["a", "b"]}, [4, 2, NAN, 4, NAN], (1, 7)),
        ({"items": ["a", "b"], "reversed": ["b"]}, [7, 4, NAN, 4, NAN], (1, 7)),
        ({"items": ["a", "b"], "combine": "sum"}, [8, 4, NAN, 8, NAN], (2, 14)),
        ({"items": ["a", "b"], "minimum_answered": 1}, [4, 2, 6, 4, NAN], (1, 7)),
        ({"items": ["a", "b"], "minimum_answered": 1, "combine": "sum"}, [8, 4, 12, 8, NAN], (2, 14)),
        ({"items": ["c"], "reversed": ["c"]}, [1, 5, 3, 4, NAN], (1, 5)),
        ({"items": ["a", "c"]}, [6, 1.5, NAN, 3, NAN], (1, 6)),
        ({"items": ["school"], "reversed": ["school"]}, [3, 1, 2, NAN, 3], (1, 3)),
        ({"items": ["age"], "reversed": ["age"]}, [98, 81.1, 81, 51, NAN], (18, 98)),
    ],
)
def test_an_index_by_hand(given: Any, expected: list[float], ends: tuple[float, float]) -> None:
    found = scored(score("i", **given))
    np.testing.assert_allclose(found.responses["i"], expected)
    variable = found.codebook["i"]
    assert (variable.role, variable.kind, variable.label) == ("score", "number", "Label of i")
    assert (variable.minimum, variable.maximum) == ends


@pytest.mark.parametrize(
    ("cut", "expected"),
    [
        ("a >= 4", [1, 0, NAN, 1, NAN]),
        ("a > 4", [1, 0, NAN, 0, NAN]),
        ("a<=2", [0, 1, NAN, 0, NAN]),
        ("b < 2", [1, 0, 0, 0, NAN]),
        ("b == 4", [0, 0, 0, 1, NAN]),
        ("school >= 2", [0, 1, 1, NAN, 0]),
    ],
)
def test_a_cut_by_hand(cut: str, expected: list[float]) -> None:
    found = scored(score("k", cut=cut, yes="Yes, it is", no="No, it is not"))
    np.testing.assert_array_equal(found.responses["k"], expected)
    points = found.codebook["k"].categories
    assert [(each.value, each.label) for each in points] == [(0, "No, it is not"), (1, "Yes, it is")]
    assert found.codebook["k"].about == cut


def test_recodes_of_levels_and_of_numbers_by_hand() -> None:
    two = [{"name": "xy", "label": "X or Y", "of": ["x", "y"]}, {"name": "z", "label": "Z", "of": ["z"]}]
    one = [{"name": "x", "label": "X", "of": ["x"]}, {"name": "z", "label": "Z", "of": ["z"]}]
    bands = [
        {"name": "young", "label": "Under 35", "below": 35},
        {"name": "middle", "label": "35 to 64", "below": 65},
        {"name": "old", "label": "65 and older"},
    ]
    found = scored(
        score("camp", recode="party", levels=two),
        score("part", recode="party", levels=one, missing=["y"]),
        score("generation", recode="age", levels=bands),
    )
    data = found.responses
    assert data["camp"].astype(object).where(data["camp"].notna(), None).tolist() == ["xy", "xy", "z", None, "xy"]
    assert data["part"].astype(object).where(data["part"].notna(), None).tolist() == ["x", None, "z", None, "x"]
    assert data["generation"].cat.codes.tolist() == [0, 0, 1, 2, -1]
    assert data["generation"].cat.ordered and not data["camp"].cat.ordered
    assert [each.label for each in found.codebook["generation"].categories] == ["Under 35", "35 to 64", "65 and older"]


def test_a_score_may_use_one_before_it() -> None:
    found = scored(score("i", items=["a", "b"], minimum_answered=1), score("high", cut="i >= 4"))
    np.testing.assert_array_equal(found.responses["high"], [1, 0, 1, 1, NAN])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"items": ["weight"], "reversed": ["weight"]}, "between which numbers `weight` lies"),
        ({"items": ["party"]}, "`party` is not a number"),
        ({"cut": "party >= 1"}, "`party` is not a number"),
        ({"items": ["nothing"]}, "the responses have no `nothing`"),
        (
            {"recode": "party", "levels": [{"name": n, "label": n, "of": [n]} for n in ("x", "y")]},
            "nothing says what becomes of `z` of `party`",
        ),
    ],
)
def test_what_cannot_be_computed_is_told(given: Any, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        scored(score("s", **given))


def test_all_problems_come_at_once() -> None:
    with pytest.raises(StudyError) as caught:
        scored(score("s", items=["party"]), score("a", items=["b"]), score("t", items=["nothing"]))
    assert len(caught.value.problems) == 2
    with pytest.raises(StudyError) as caught:
        scored(score("s", items=["party"]), score("t", cut="party > 1"))
    assert len(caught.value.problems) == 2


def test_an_item_that_goes_against_the_others_is_told() -> None:
    rng = np.random.default_rng(1)
    common = rng.normal(size=200)
    data = pd.DataFrame({name: common + rng.normal(size=200) for name in "ab"} | {"c": -common + rng.normal(size=200)})
    items = Codebook(variables=ITEMS.variables[:3])
    told = add_scores(data, items, {"s": score("s", items=["a", "b", "c"])}).notes
    assert len(told) == 1 and "`c` of `s` is not reversed" in told[0]
    assert not add_scores(data, items, {"s": score("s", items=["a", "b", "c"], reversed=["c"])}).notes
    excluded = data.assign(excluded=np.arange(200) > 1)
    assert add_scores(excluded.assign(c=excluded["a"]), items, {"s": score("s", items=["a", "c"])}).notes == ()


def test_scores_of_an_export_stand_in_responses_and_codebook(write: Any) -> None:
    path = write(export_text(rows({}, *OTHERS)))
    favour = score("favour", cut="approval > 0", yes="in favour", no="not in favour")
    clean: CleanExport = read_export(path, CODEBOOK, scores={"favour": favour})
    assert clean.responses["favour"].tolist() == [1, 1, 0]
    assert list(clean.responses)[-1] == clean.codebook.names[-1] == "favour"
    without = read_export(path, CODEBOOK)
    pd.testing.assert_frame_equal(clean.responses.drop(columns="favour"), without.responses)


def test_scores_of_several_responses_are_computed_for_each(write: Any) -> None:
    path = write("\n".join([paired_export.HEADER, *paired_export.ROWS]) + "\n")
    bands = [{"name": "young", "label": "Young", "below": 40}, {"name": "old", "label": "Old"}]
    levels = [{"name": "known", "label": "K", "of": ["democracy", "autocracy"]}]
    levels.append({"name": "unknown", "label": "U", "of": ["None"]})
    scores = {
        "generation": score("generation", recode="age", levels=bands),
        "told": score("told", recode="regime", levels=levels),
    }
    clean = read_export(path, paired_export.PAIRED, format="table", scores=scores)
    assert clean.responses["generation"].astype(object).tolist()[:4] == ["young"] * 4
    assert clean.responses["told"].astype(object).tolist()[:4] == ["known", "known", "unknown", "known"]
    places = [(each.task, each.profile) for each in clean.codebook.variables if each.name == "told"]
    assert places == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert clean.codebook["generation"].task == 0


# ------------------------------------------------------------------------------------------------ reliability


def with_covariance(covariance: Any, n: int = 60, seed: int = 3) -> np.ndarray[Any, Any]:
    """Numbers whose sample covariance is exactly this."""
    raw = np.random.default_rng(seed).normal(size=(n, len(covariance)))
    raw -= raw.mean(axis=0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(np.cov(raw, rowvar=False))).T
    made: np.ndarray[Any, Any] = white @ np.linalg.cholesky(covariance).T
    return made


@given(st.integers(3, 8), st.floats(0.05, 0.95))
@settings(max_examples=25, deadline=None)
def test_parallel_items_have_the_reliability_of_spearman_and_brown(k: int, r: float) -> None:
    found = item_reliability(with_covariance(np.full((k, k), r) + (1 - r) * np.eye(k)))
    expected = k * r / (1 + (k - 1) * r)
    assert found.alpha == pytest.approx(expected, abs=1e-9)
    assert found.omega == pytest.approx(expected, abs=1e-6)
    assert found.rest == pytest.approx([(k - 1) * r / np.sqrt((k - 1) * (1 + (k - 2) * r))] * k, abs=1e-9)


def test_items_of_unequal_loadings_by_hand() -> None:
    """Loadings .9, .7, .5, .3: their sum squared is 5.76, the total variance 5.76 + 4 - 1.64."""
    loading = np.array([0.9, 0.7, 0.5, 0.3])
    covariance = np.outer(loading, loading) + np.diag(1 - loading**2)
    found = item_reliability(with_covariance(covariance))
    assert found.omega == pytest.approx(5.76 / 8.12, abs=1e-6)
    assert found.alpha == pytest.approx(4 / 3 * (1 - 4 / 8.12), abs=1e-9)
    scales = np.diag([1.0, 2.0, 0.5, 3.0])
    wide = item_reliability(with_covariance(scales @ covariance @ scales))
    common = (np.diag(scales) @ loading) ** 2
    assert wide.omega == pytest.approx(common / (common + (np.diag(scales) ** 2 * (1 - loading**2)).sum()), abs=1e-6)


def test_three_items_have_the_closed_form_of_one_factor() -> None:
    r12, r13, r23 = 0.5, 0.4, 0.3
    covariance = np.array([[1, r12, r13], [r12, 1, r23], [r13, r23, 1]])
    loading = np.sqrt([r12 * r13 / r23, r12 * r23 / r13, r13 * r23 / r12])
    expected = loading.sum() ** 2 / (loading.sum() ** 2 + (1 - loading**2).sum())
    assert item_reliability(with_covariance(covariance)).omega == pytest.approx(expected, abs=1e-6)


def test_what_has_no_reliability_has_none() -> None:
    two = item_reliability([[1, 2], [2, 1], [3, 5], [NAN, 1]])
    assert two.n == 3 and np.isnan(two.omega) and not np.isnan(two.alpha)
    assert np.isnan(item_reliability([[1.0], [2.0]]).alpha)
    assert np.isnan(item_reliability([[1.0, 2.0], [NAN, 2.0]]).alpha)
    assert np.isnan(item_reliability([[1.0, 1.0], [1.0, 1.0]]).alpha)
    heywood = np.array([[1, 0.8, 0.8], [0.8, 1, 0.4], [0.8, 0.4, 1]])
    assert np.isnan(item_reliability(with_covariance(heywood)).omega)

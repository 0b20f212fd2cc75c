"""Several tasks and profiles: the long responses are what a loop over the cells of the export makes of them."""

import csv
import io
import warnings
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import rdata
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cleaning.paired_export import HEADER, PAIRED, ROWS, SIDES, paired, variable
from vignetta.cleaning.outputs.files import read_responses, responses_parquet
from vignetta.cleaning.responses import CleanExport, read_export
from vignetta.codebook import Codebook, Kind, Variable
from vignetta.errors import StudyError
from vignetta.exclusions import Exclusion
from vignetta.frames import csv_text

Write = Callable[..., Path]


def cleaned(write: Write, *rows: str, codebook: Codebook = PAIRED, exclusions: Sequence[Exclusion] = ()) -> CleanExport:
    path = write("\n".join([HEADER, *rows]) + "\n")
    return read_export(path, codebook, exclusions=exclusions, format="table")


def plainly(column: pd.Series) -> list[Any]:
    """The values of a column, None where missing."""
    return [None if pd.isna(each) else each for each in column]


def test_the_long_responses(write: Write) -> None:
    clean = cleaned(write, *ROWS, exclusions=[Exclusion(rule="incomplete")])
    found = clean.responses
    expected = {
        "row": [1, 1, 1, 1, 2, 2, 2, 2],
        "id": ["x"] * 4 + ["y"] * 4,
        "task": [1, 1, 2, 2, 1, 1, 2, 2],
        "profile": [1, 2, 1, 2, 1, 2, 1, 2],
        "state": ["analysed"] * 4 + ["Not finished"] * 4,
        "excluded": [False] * 4 + [True] * 4,
        "age": [30.0] * 4 + [None] * 4,
        "regime": ["democracy", "autocracy", "None", "democracy", "autocracy", None, "democracy", "democracy"],
        "chosen": [0.0, 1.0, 1.0, 0.0, None, None, 0.0, 1.0],
        "note": ["one", "one", None, None, None, None, "NA", "NA"],
        "finished": [True] * 4 + [False] * 4,
    }
    assert list(found) == list(expected)
    assert {name: plainly(found[name]) for name in found} == expected
    types = {name: str(found[name].dtype) for name in ("row", "task", "profile", "excluded", "chosen", "finished")}
    assert types == {
        "row": "int64",
        "task": "int64",
        "profile": "int64",
        "excluded": "bool",
        "chosen": "float64",
        "finished": "bool",
    }
    assert found["regime"].cat.categories.tolist() == ["democracy", "autocracy", "None"]
    assert found.index.equals(pd.RangeIndex(8))
    assert len(clean.analysed) == 4


def test_the_accounts_are_of_raw_rows_and_of_columns(write: Write) -> None:
    clean = cleaned(write, *ROWS, exclusions=[Exclusion(rule="incomplete")])
    assert clean.ledger["response_id"].tolist() == ["x", "y"]
    assert clean.flow["n"].tolist() == [1, 1]
    assert clean.columns["variable"].tolist() == [
        "id",
        "age",
        "regime (task 1, profile 1)",
        "regime (task 1, profile 2)",
        "regime (task 2, profile 1)",
        "regime (task 2, profile 2)",
        "chosen (task 1)",
        "chosen (task 2)",
        "note (task 1)",
        "note (task 2)",
        "finished",
    ]
    assert set(clean.columns["status"]) == {"matched"}
    assert clean.codebook == PAIRED


def test_respondents_and_responses_are_told_apart(write: Write) -> None:
    clean = cleaned(write, *ROWS, exclusions=[Exclusion(rule="incomplete")])
    first = repr(clean).splitlines()[0]
    assert first == "CleanExport: 2 respondents, 1 analysed; 2 tasks × 2 profiles each: 8 responses, 4 analysed"


def test_gaps_are_counted_in_responses(write: Write) -> None:
    clean = cleaned(write, *ROWS)
    assert [each for each in clean.notes if "missing" in each] == [
        "The factor `regime` is missing in 1 of 8 responses to analyse.",
        "The outcome `chosen` is missing in 2 of 8 responses to analyse.",
    ]


def test_tasks_without_profiles(write: Write) -> None:
    kept = [each for each in paired() if each.name in ("id", "age")]
    scale = {"0": -2.0, "1": 2.0}
    kept += [variable("rating", f"rating_{t}", (t, 0), role="outcome", kind="scale", values=scale) for t in (1, 2, 3)]
    path = write("id,age,rating_1,rating_2,rating_3\nx,30,0,1,\n")
    clean = read_export(path, Codebook(variables=tuple(kept)), format="table")
    assert list(clean.responses) == ["row", "id", "task", "state", "excluded", "age", "rating"]
    assert clean.responses["task"].tolist() == [1, 2, 3]
    assert plainly(clean.responses["rating"]) == [-2.0, 2.0, None]
    assert "; 3 tasks each: 3 responses" in repr(clean)


def test_an_export_without_rows_keeps_types_and_levels(write: Write) -> None:
    empty, full = cleaned(write).responses, cleaned(write, *ROWS).responses
    assert len(empty) == 0
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()


def test_files_of_long_responses_read_back_equal(write: Write) -> None:
    long = cleaned(write, *ROWS).responses
    found = read_responses(write(responses_parquet(long), "responses.parquet"))
    pd.testing.assert_frame_equal(found, long, check_exact=True)
    rows = list(csv.DictReader(io.StringIO(csv_text(long), newline="")))
    assert [(each["task"], each["profile"], each["regime"]) for each in rows[2:5]] == [
        ("2", "1", "None"),
        ("2", "2", "democracy"),
        ("1", "1", "autocracy"),
    ]


# ------------------------------------------------------------------------------------------------ messages


def told(make: Callable[[], object]) -> list[str]:
    with pytest.raises(StudyError) as caught:
        make()
    return [str(each) for each in caught.value.problems]


def test_a_cell_is_told_with_its_task_and_profile(write: Write) -> None:
    found = told(lambda: cleaned(write, ROWS[0].replace("None,d", "Nine,d").replace("Ally A", "Ally C")))
    assert [each.split(" is not")[0] for each in found] == [
        "export.csv regime (task 2, profile 1): `Nine`",
        "export.csv chosen (task 2): `Ally C`",
    ]
    assert all("(data row 1)" in each for each in found)


def test_a_task_whose_column_is_absent_is_missing_there(write: Write) -> None:
    path = write(HEADER.replace("note_1", "other") + "\n" + ROWS[1] + "\n")
    clean = read_export(path, PAIRED, format="table")
    assert plainly(clean.responses["note"]) == [None, None, "NA", "NA"]
    absent = clean.columns[clean.columns["status"] == "absent"]
    assert absent["variable"].tolist() == ["note (task 1)"]
    assert [each.full_name for each in clean.codebook.variables if each.name == "note"] == ["note (task 2)"]


@pytest.mark.parametrize(("name", "long"), [("task", True), ("profile", True), ("state", True), ("rows", False)])
def test_names_of_columns_that_cleaning_adds_are_taken(write: Write, name: str, long: bool) -> None:
    codebook = Codebook(variables=(*paired(), variable(name, "age")))
    if long:
        assert f"`{name}` is a column that cleaning adds itself" in told(lambda: cleaned(write, codebook=codebook))[0]
    else:
        assert len(cleaned(write, codebook=codebook).responses) == 0


def test_a_single_response_may_have_a_variable_called_task(write: Write) -> None:
    single = Codebook(variables=(variable("id", "id", role="identifier"), variable("task", "task", kind="number")))
    clean = read_export(write("id,task\nx,7\n"), single, format="table")
    assert list(clean.responses) == ["row", "id", "state", "excluded", "task"]
    assert repr(clean).startswith("CleanExport: 1 responses, 1 analysed\n")


def test_a_chosen_profile_that_nothing_is_about_is_told(write: Write) -> None:
    sides = {"Ally A": 1.0, "Neither": 0.0, "Ally C": 3.0}
    more = variable("third", "third", (1, 0), kind="chosen", values=sides)
    (found,) = told(lambda: cleaned(write, codebook=Codebook(variables=(*paired(), more))))
    assert found.startswith("codebook third (task 1): no variable is about the profile of `Ally C` (3).")


def test_none_of_the_profiles_is_an_answer(write: Write) -> None:
    sides = SIDES | {"Neither": 0.0}
    kept = [each for each in paired() if each.name != "chosen"]
    chosen = [variable("chosen", f"choice_{t}", (t, 0), role="outcome", kind="chosen", values=sides) for t in (1, 2)]
    row = ROWS[0].replace("Ally B", "Neither")
    clean = cleaned(write, row, codebook=Codebook(variables=(*kept, *chosen)))
    assert plainly(clean.responses["chosen"]) == [0.0, 0.0, 1.0, 0.0]


def test_rules_read_what_is_about_the_respondent(write: Write) -> None:
    attention = Variable(name="attention", role="attention", kind="number", column="age", about="30")
    codebook = Codebook(variables=(*(each for each in paired() if each.name != "age"), attention))
    rules = [Exclusion(rule="attention"), Exclusion(rule="duplicate", by="id")]
    clean = cleaned(write, ROWS[0], ROWS[0], ROWS[1], codebook=codebook, exclusions=rules)
    words = ["analysed", "Repeated response by id", "Failed the attention check"]
    assert clean.ledger["state"].tolist() == words
    assert clean.responses["state"].tolist() == [each for each in words for _ in range(4)]


# ------------------------------------------------------------------------------------------------ any study

LEVELS = {"k1": "None", "k2": "NA", "k3": "high"}
POINTS = {"p1": -1.0, "p2": 0.0, "p3": 2.5}
POOLS: Mapping[Kind, Mapping[str, Any]] = {
    "text": {"": None, "x": "x", "NA": "NA", "0": "0"},
    "number": {"": None, "0": 0.0, "-2.5": -2.5, "7": 7.0},
    "category": {"": None, **LEVELS},
    "ordered": {"": None, **LEVELS},
    "scale": {"": None, **POINTS},
    "multiple": {"": None, "k1": "None", "k2,k3": "NA; high"},
    "flag": {"": None, "0": False, "1": True},
    "time": {"": None, "2026-01-31 09:30:00": pd.Timestamp("2026-01-31 09:30")},
}
"""For each kind the cells that an export may hold, and what they mean."""
TYPES: Mapping[Kind, Sequence[str]] = {
    **{key: ["str"] for key in ("text", "multiple")},
    **{key: ["float64"] for key in ("number", "scale", "chosen")},
    **{key: ["category"] for key in ("category", "ordered")},
    "flag": ["bool", "boolean"],
    "time": ["datetime64[us]"],
}


def categories(kind: Kind, profiles: Sequence[int]) -> Mapping[str, Any]:
    if kind == "chosen":
        return {"values": {f"side {each}": float(each) for each in [0, *profiles]}}
    if kind == "scale":
        return {"values": POINTS}
    return {"levels": LEVELS} if kind in ("category", "ordered", "multiple") else {}


@st.composite
def studies(draw: st.DrawFn) -> tuple[list[Variable], list[str], list[dict[str, str]]]:
    """A codebook with some tasks and profiles, the columns that its export has, and the export's rows."""
    tasks = draw(st.sets(st.integers(1, 5), min_size=1, max_size=3).map(sorted))
    profiles = draw(st.sets(st.integers(1, 4), max_size=3).map(sorted))
    per_profile = [list(product(tasks, profiles))] if profiles else []
    shapes = [[(0, 0)], [(task, 0) for task in tasks], *per_profile]
    made = [variable("t", f"t_{task}_0", (task, 0)) for task in tasks]
    made += [variable("p", f"p_{task}_{profile}", (task, profile)) for task, profile in product(tasks, profiles)]
    for number in range(draw(st.integers(1, 5))):
        name, shape = f"v{number}", draw(st.sampled_from(shapes))
        kinds = [*POOLS, "chosen"] if shape == shapes[1] and profiles else list(POOLS)
        kind: Kind = draw(st.sampled_from(kinds))
        cells = draw(st.lists(st.sampled_from(shape), min_size=1, unique=True))
        made += [variable(name, f"{name}_{t}_{p}", (t, p), kind=kind, **categories(kind, profiles)) for t, p in cells]
    made = draw(st.permutations(made))
    columns = [each.column for each in made]
    absent = draw(st.sets(st.sampled_from(columns), max_size=2))
    kinds_of = {each.column: list(meanings(each)) for each in made}
    row = st.fixed_dictionaries({each: st.sampled_from(kinds_of[each]) for each in columns})
    rows = draw(st.lists(row, max_size=4))
    return made, draw(st.permutations([each for each in columns if each not in absent])), rows


def meanings(about: Variable) -> Mapping[str, Any]:
    if about.kind == "chosen":
        return {"": None, **{each.code: each.value for each in about.categories}}
    return POOLS[about.kind]


def loop(variables: Sequence[Variable], columns: Sequence[str], rows: Sequence[dict[str, str]]) -> list[dict[str, Any]]:
    """The long responses, cell by cell."""
    long = []
    profiles = sorted({each.profile for each in variables} - {0}) or [None]
    for number, row in enumerate(rows, 1):
        for task in sorted({each.task for each in variables} - {0}):
            for profile in profiles:
                record: dict[str, Any] = {"row": number, "task": task}
                record |= {} if profile is None else {"profile": profile}
                for each in variables:
                    if each.column not in columns:
                        continue
                    record.setdefault(each.name, None)
                    if each.task not in (0, task) or each.profile not in (0, profile):
                        continue
                    value = meanings(each)[row[each.column]]
                    if each.kind == "chosen" and value is not None:
                        value = 1.0 if value == profile else 0.0
                    record[each.name] = value
                long.append(record)
    return long


@settings(max_examples=150, deadline=None)
@given(studies())
def test_long_is_what_a_loop_over_the_cells_makes(
    tmp_path_factory: pytest.TempPathFactory, study: tuple[list[Variable], list[str], list[dict[str, str]]]
) -> None:
    variables, columns, rows = study
    path = tmp_path_factory.mktemp("any") / "wide.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", *columns])
        writer.writerows([[f"r{place}", *(row[each] for each in columns)] for place, row in enumerate(rows)])
    identifier = variable("id", "id", role="identifier")
    clean = read_export(path, Codebook(variables=(identifier, *variables)), format="table")
    found, expected = clean.responses, loop(variables, columns, rows)
    profiles = len({each.profile for each in variables} - {0})
    assert len(found) == len(rows) * len({each.task for each in variables} - {0}) * max(profiles, 1)
    own = [each for each in found if each not in ("id", "state", "excluded")]
    assert [each for each in own if each.startswith(("v", "t", "p")) and each not in ("task", "profile")] == list(
        dict.fromkeys(each.name for each in variables if each.column in columns)
    )
    records = zip(*(plainly(found[name]) for name in own), strict=True)
    assert [dict(zip(own, each, strict=True)) for each in records] == expected
    assert found["id"].tolist() == [f"r{each['row'] - 1}" for each in expected]
    for each in (each for each in variables if each.name in found):
        assert str(found[each.name].dtype) in TYPES[each.kind]
        if each.kind in ("category", "ordered"):
            assert found[each.name].cat.categories.tolist() == list(LEVELS.values())
            assert found[each.name].cat.ordered == (each.kind == "ordered")


# ------------------------------------------------------------------------------------------------ real conjoints


def from_r(real: Path, name: str) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frames = rdata.read_rda(real / "datasets" / f"{name}.rda")
    (frame,) = frames.values()
    return frame.reset_index(drop=True)


@pytest.mark.real
def test_a_wide_conjoint_of_four_pairs(real: Path, tmp_path: Path) -> None:
    """Names as in `feature1b2`: feature 1 of task b, profile 2."""
    wide = from_r(real, "leeper__cregg__wide_conjoint")
    tasks = dict(enumerate("abcd", 1))
    cells = list(product(tasks, (1, 2)))
    made = [
        variable("respondent", "respondent", role="identifier"),
        variable("covariate1", "covariate1", kind="number"),
    ]
    for feature in (1, 2, 3):
        levels = sorted({each for n in wide if str(n).startswith(f"feature{feature}") for each in wide[n].dropna()})
        made += [
            variable(
                f"feature{feature}",
                f"feature{feature}{tasks[t]}{p}",
                (t, p),
                role="factor",
                kind="category",
                levels=dict(zip(levels, levels, strict=True)),
            )
            for t, p in cells
        ]
    sides = {"1": 1.0, "2": 2.0}
    made += [
        variable("choice", f"choice_{tasks[t]}", (t, 0), role="outcome", kind="chosen", values=sides) for t in tasks
    ]
    made += [variable("rating", f"rating_{tasks[t]}{p}", (t, p), role="outcome", kind="number") for t, p in cells]
    made += [variable("timing", f"timing_{tasks[t]}", (t, 0), kind="number") for t in tasks]
    wide.to_csv(tmp_path / "wide.csv", index=False)
    clean = read_export(tmp_path / "wide.csv", Codebook(variables=tuple(made)), format="table")
    found = clean.responses
    assert len(found) == 800
    assert (found.groupby("respondent").size() == 8).all()
    assert found["respondent"].nunique() == 100
    indexed = found.set_index(["row", "task", "profile"])
    for row, t, p in product(range(1, 101), tasks, (1, 2)):
        raw, letter, here = wide.loc[row - 1], tasks[t], indexed.loc[(row, t, p)]
        assert [here[f"feature{each}"] for each in (1, 2, 3)] == [
            raw[f"feature{each}{letter}{p}"] for each in (1, 2, 3)
        ]
        assert here["choice"] == float(raw[f"choice_{letter}"] == p)
        assert here["rating"] == raw[f"rating_{letter}{p}"]
        assert (here["timing"], here["covariate1"]) == (raw[f"timing_{letter}"], raw["covariate1"])
    assert found["choice"].sum() == 400


@pytest.mark.real
def test_a_wide_export_becomes_the_long_frame_that_projoint_makes(real: Path, tmp_path: Path) -> None:
    """`K-t-a` names the attribute in place a of task t, and `K-t-p-a` is its level for profile p."""
    wide = from_r(real, "yhoriuchi__projoint__exampleData1")
    expected = from_r(real, "yhoriuchi__projoint__exampleData1_labelled_tibble").sort_values(["id", "task", "profile"])
    tasks, profiles, places = range(1, 9), (1, 2), range(1, 8)
    sides = {"Community A": 1.0, "Community B": 2.0}
    made = [variable("id", "ResponseId", role="identifier")]
    made += [variable("selected", f"choice{t}", (t, 0), role="outcome", kind="chosen", values=sides) for t in tasks]
    made += [variable(f"attribute{a}", f"K-{t}-{a}", (t, 0)) for t, a in product(tasks, places)]
    made += [variable(f"level{a}", f"K-{t}-{p}-{a}", (t, p)) for t, p, a in product(tasks, profiles, places)]
    wide.to_csv(tmp_path / "wide.csv", index=False)
    clean = read_export(tmp_path / "wide.csv", Codebook(variables=tuple(made)), format="table")
    found = clean.responses.sort_values(["id", "task", "profile"])
    assert len(found) == len(expected) == 6400
    for name in ("id", "task", "profile", "selected"):
        assert plainly(found[name]) == plainly(expected[name])
    attributes = [each for each in expected if each in set(found["attribute1"])]
    assert len(attributes) == 7
    for attribute in attributes:
        levels = pd.Series(None, index=found.index, dtype=object)
        for place in places:
            levels = levels.mask(found[f"attribute{place}"] == attribute, found[f"level{place}"])
        assert plainly(levels) == plainly(expected[attribute])

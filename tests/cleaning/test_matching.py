"""Columns are matched by ImportId, then by name; what is not certain is never taken in silence."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cleaning.small_export import CODEBOOK, Row, export_text
from vignetta.cleaning.formats.exports import read_raw
from vignetta.cleaning.matching import Matching, match
from vignetta.cleaning.responses import read_export
from vignetta.codebook import Category, Codebook, Kind, Role, Variable
from vignetta.errors import StudyError
from vignetta.frames import EXPORT_COLUMNS

Write = Callable[..., Path]


def variable(
    name: str, column: str = "", import_id: str = "", *, role: Role = "other", kind: Kind = "text", codes: str = ""
) -> Variable:
    categories = tuple(Category(code=each, level=f"level {each}", label=f"Choice {each}") for each in codes)
    return Variable(name=name, role=role, kind=kind, column=column, import_id=import_id, categories=categories)


def matched(path: Path, *variables: Variable, needed: tuple[str, ...] = ()) -> Matching:
    return match(read_raw(path), Codebook(variables=variables), needed=needed)


def three(names: list[str], ids: list[str], *cells: list[str], texts: list[str] | None = None) -> str:
    lines = [names, texts or names, [f'"{{""ImportId"":""{each}""}}"' for each in ids], *cells]
    return "\n".join(",".join(each) for each in lines) + "\n"


def statuses(matching: Matching) -> dict[str, str]:
    columns = matching.columns
    return dict(zip(columns["column"], columns["status"], strict=True))


@pytest.mark.parametrize("headers", ["json", "repr", "ids", "texts", "one"])
def test_every_header_finds_every_variable(write: Write, responses: list[Row], headers: str) -> None:
    found = match(read_raw(write(export_text(responses, headers))), CODEBOOK)
    names = {each.name: each.column for each in CODEBOOK.variables}
    there = {name: list(responses[0])[at[0]] for name, at in found.positions.items()}
    assert there == names
    assert list(found.columns) == list(EXPORT_COLUMNS)
    assert found.columns["position"].tolist() == list(range(1, len(names) + 1))


def test_the_import_id_goes_before_the_name(write: Write) -> None:
    path = write(three(["Q1", "Q2"], ["QID2", "QID1"], ["a", "b"]))
    found = matched(path, variable("first", "Q1", "QID1"), variable("second", "Q2", "QID2"))
    assert found.positions == {"first": (1,), "second": (0,)}


def test_a_column_that_an_import_id_gave_away_is_not_taken_by_name(write: Write) -> None:
    path = write(three(["Q1"], ["QID2"], ["a"]))
    found = matched(path, variable("trashed", "Q1", "QID1"), variable("live", "Q1", "QID2"))
    assert found.positions == {"live": (0,)}
    assert found.columns.to_dict("records")[-1] == {
        "position": 0,
        "column": "Q1",
        "import_id": "QID1",
        "variable": "trashed",
        "status": "absent",
    }


def test_a_match_by_name_with_another_import_id_is_told(write: Write) -> None:
    found = matched(write(three(["Q1"], ["QID2"], ["a"])), variable("q", "Q1", "QID1"))
    assert found.positions == {"q": (0,)}
    assert "ImportId differs: `q`" in found.notes[0]


def test_names_that_were_exchanged_are_told(write: Write) -> None:
    both = variable("one", "Q1", "QID1"), variable("two", "Q2", "QID2")
    found = matched(write(three(["Q2", "Q1"], ["QID1", "QID2"], ["a", "b"])), *both)
    assert found.positions == {"one": (0,), "two": (1,)}
    assert "another variable's name: `one`, `two`" in found.notes[0]
    assert matched(write(three(["Q1", "new"], ["QID1", "QID2"], ["a", "b"])), *both).notes == ()


@pytest.mark.parametrize(
    ("there", "guess"), [("DEMOC", "Is it `DEMOC`? "), ("democ_1", "Is it `democ_1`? "), ("x", "")]
)
def test_a_name_like_that_of_an_absent_column_is_guessed(write: Write, there: str, guess: str) -> None:
    with pytest.raises(StudyError) as caught:
        matched(write(f"{there},other\n1,2\n"), variable("regime", "democ", role="factor"))
    assert caught.value.problems[-1].remedy.startswith(f"{guess}Export all fields")


def test_columns_of_one_name_that_differ_are_listed_and_told(write: Write) -> None:
    found = matched(write("Q1,Q1\na,b\n"), variable("q", "Q1"))
    assert found.positions == {}
    assert found.columns["status"].tolist() == ["listed", "listed", "absent"]
    assert "`q`" in found.notes[0]


def test_columns_of_one_name_that_are_equal_are_one(write: Write) -> None:
    found = matched(write("Q1,Q1\na,a\n"), variable("q", "Q1"))
    assert found.columns["status"].tolist() == ["matched", "listed"]


def test_two_variables_of_one_column_get_nothing(write: Write) -> None:
    found = matched(write("Q1\na\n"), variable("one", "Q1", "QID1"), variable("two", "Q1", "QID2"))
    assert found.positions == {}


@pytest.mark.parametrize(
    ("role", "needed", "wrong"),
    [
        ("factor", (), True),
        ("outcome", (), True),
        ("consent", (), False),
        ("consent", ("q",), True),
        ("other", (), False),
    ],
)
def test_an_absent_variable_is_an_error_when_it_is_needed(
    write: Write, role: Role, needed: tuple[str, ...], wrong: bool
) -> None:
    path, wanted = write("Q2\na\n"), variable("q", "Q1", "QID1", role=role)
    if not wrong:
        found = matched(path, wanted, variable("other", "Q2"))
        assert statuses(found) == {"Q2": "matched", "Q1": "absent"}
        assert found.notes == ()
        return
    with pytest.raises(StudyError, match="`q` has no column: none has the ImportId `QID1` or the name `Q1`"):
        matched(path, wanted, needed=needed)


def test_a_needed_variable_with_competing_columns_is_an_error(write: Write) -> None:
    with pytest.raises(StudyError, match="several columns could be it: 1, 2"):
        matched(write("Q1,Q1\na,b\n"), variable("q", "Q1", role="outcome"))


def test_personal_columns_are_told_whether_or_not_the_codebook_knows_them(write: Write) -> None:
    path = write("IPAddress,PROLIFIC_PID,panel,Q1\na,b,c,d\n")
    found = matched(path, variable("panel", "panel", role="personal"), variable("q", "Q1"))
    assert found.columns["status"].tolist() == ["personal", "personal", "personal", "matched"]


def test_legacy_names_are_known(write: Write) -> None:
    path = write("V1,V5,Q1\nResponseID,EmailAddress,What?\nR_1,x@y.z,2\n")
    found = match(read_raw(path), CODEBOOK.model_copy(update={"variables": CODEBOOK.variables[:17]}))
    assert found.positions == {"response_id": (0,), "email": (1,)}


@pytest.mark.parametrize(
    ("old", "name"), [("DO-BR-FL_3", "FL_3_DO"), ("DO-Q-Q5", "Q5_DO"), ("DO-BL-Start", "Start_DO")]
)
def test_viewing_orders_of_legacy_exports_are_known(write: Write, old: str, name: str) -> None:
    path = write(f"V1,{old}\nResponseID,Display Order: Block\nR_1,One|Two\n")
    assert matched(path, variable("order", name)).positions == {"order": (1,)}


# ------------------------------------------------------------------------------------------------ split columns

NEWS = variable("news", "Q1", "QID1", kind="multiple", codes="127")


def test_split_columns_belong_to_the_code_in_their_name(write: Write) -> None:
    found = matched(write("Q1_1,Q1_7,Q1_2\n1,,1\n"), NEWS)
    assert (found.positions, found.splits) == ({"news": (0, 1, 2)}, {"news": ("1", "7", "2")})


def test_split_columns_belong_to_the_category_that_their_text_names(write: Write) -> None:
    texts = ["What? - Choice 7", "What? - Choice 1", "What? - Selected Choice - Choice 2"]
    path = write(three(["Q1_1", "Q1_2", "Q1_3"], ["QID1_4", "QID1_5", "QID1_6"], ["1", "", "1"], texts=texts))
    assert matched(path, NEWS).splits == {"news": ("7", "1", "2")}


def test_split_columns_of_a_legacy_export_are_not_taken_by_number(write: Write) -> None:
    """A legacy export numbers choices by place: its Q1_2 may be the category with code 7."""
    named = "V1,Q1_1,Q1_2,Q1_3\nResponseID,What-Choice 1,What-Choice 7,What-Choice 2\nR_1,1,,\n"
    assert matched(write(named), NEWS).splits == {"news": ("1", "7", "2")}
    unnamed = named.replace("Choice", "Wahl")
    found = matched(write(unnamed), NEWS)
    assert found.positions == {}
    assert found.notes


def test_numbered_rows_of_a_legacy_export_must_show_the_codebooks_words(write: Write) -> None:
    path = write("V1,Q1_7\nResponseID,How warm?-Republicans\nR_1,50\n")
    row = variable("warmth", "Q1_7").model_copy(update={"question": "How warm?", "label": "Democrats"})
    assert matched(path, row).positions == {}
    assert matched(path, row.model_copy(update={"label": "Republicans"})).positions == {"warmth": (1,)}


# ------------------------------------------------------------------------------------------------ several tasks


def of_tasks(*columns: str, role: Role = "other") -> list[Variable]:
    """One variable of several tasks, each with its column."""
    return [
        Variable(name="regime", role=role, kind="text", column=column, task=task)
        for task, column in enumerate(columns, 1)
    ]


def test_every_task_has_its_own_column(write: Write) -> None:
    found = matched(write("b,a\n1,2\n"), *of_tasks("a", "b"))
    assert found.positions == {"regime (task 1)": (1,), "regime (task 2)": (0,)}
    assert found.columns["variable"].tolist() == ["regime (task 2)", "regime (task 1)"]


def test_an_absent_column_is_told_with_its_task(write: Write) -> None:
    with pytest.raises(StudyError) as caught:
        matched(write("a,b\n1,2\n"), *of_tasks("a", "b", "c", role="factor"))
    (found,) = caught.value.problems
    assert found.what == "the factor `regime (task 3)` has no column: none is called `c`."


def told(path: Path, *variables: Variable) -> list[str]:
    with pytest.raises(StudyError) as caught:
        matched(path, *variables)
    return [f"{each.what} {each.remedy}" for each in caught.value.problems]


def test_a_column_with_the_name_and_another_variables_import_id_is_told(write: Write) -> None:
    ids = [f'"{{""ImportId"":""{each}""}}"' for each in ("QID1", "QID2")]
    path = write(f"approval,trust\nHow?,Why?\n{','.join(ids)}\n1,2\n")
    found = told(path, variable("a", "other", "QID1"), variable("approval", "approval", "QID9", role="outcome"))
    assert found == [
        "the outcome `approval` has no column: none has the ImportId `QID9` or the name `approval`. "
        "The column `approval` has another ImportId, `QID1`: is it another survey's? "
        "Export all fields, or correct `import_id` and `column` in the codebook."
    ]


def test_a_column_of_data_in_hand_is_corrected_in_the_study(write: Write) -> None:
    found = told(write("id,v_acts\n1,2\n"), variable("id", "id"), variable("action", "v_act", role="factor"))
    assert found == [
        "the factor `action` has no column: none is called `v_act`. "
        "Is it `v_acts`? Export all fields, or correct `column`: for data in hand in study.yaml, else in the codebook."
    ]


def test_a_column_of_two_tasks_is_given_to_neither(write: Write) -> None:
    found = matched(write("a,b\n1,2\n"), *of_tasks("a", "a", "b"))
    assert found.positions == {"regime (task 3)": (1,)}
    assert found.columns["variable"].tolist() == ["", "regime (task 3)", "regime (task 1)", "regime (task 2)"]
    assert "`regime (task 1)`, `regime (task 2)`; they were left out" in found.notes[0]


# ------------------------------------------------------------------------------------------------ viewing orders

ARM = Variable(
    name="arm",
    role="factor",
    kind="category",
    import_id="FL_3_DO",
    column="FL_3_DO",
    categories=(
        Category(code="FL_4", level="told", label="Told of costs"),
        Category(code="FL_5", level="not", label="B"),
    ),
)


@pytest.mark.parametrize(
    "text",
    [
        "FL_3_DO\nFL_4\nFL_5\n",
        "FL_3_DO\nToldofcosts\nB\n",
        "FL_3_DO\nTold of costs\nFL_5\n",
        "FL_3_DO_FL_4,FL_3_DO_FL_5\n1,\n,1\n",
        "FL_3_DO_B,FL_3_DO_ToldofCosts\n,1\n1,\n",
        three(["a", "b"], ["FL_3_DO_FL_5", "FL_3_DO_FL_4"], ["", "1"], ["1", ""]),
    ],
)
def test_an_arm_is_read_from_every_form_of_a_viewing_order(write: Write, text: str) -> None:
    clean = read_export(write(text), Codebook(variables=(ARM,)))
    assert clean.responses["arm"].tolist() == ["told", "not"]


def test_two_arms_of_one_respondent_are_told(write: Write) -> None:
    with pytest.raises(StudyError, match="is not a category of `arm`"):
        read_export(write("FL_3_DO\nFL_4|FL_5\n"), Codebook(variables=(ARM,)))


def test_a_code_of_zero_is_not_taken_for_not_chosen(write: Write) -> None:
    zero = variable("news", "Q1", kind="multiple", codes="01")
    assert matched(write("Q1_0,Q1_1\n0,\n,1\n"), zero).positions == {}
    assert matched(write("Q1_0,Q1_1\n1,\n,1\n"), zero).positions == {"news": (0, 1)}


@pytest.mark.parametrize("name", ["Duration__in_seconds_", "DURATION__IN_SECONDS_", "Duration (in seconds)"])
def test_names_are_found_as_other_formats_spell_them(write: Write, name: str) -> None:
    tag = re.sub(r"\W", "_", name)
    found = matched(write(f"<a><b><{tag}>7</{tag}></b></a>"), CODEBOOK["duration"])
    assert found.positions == {"duration": (0,)}


def test_names_that_become_alike_are_not_guessed(write: Write) -> None:
    found = matched(write("<a><b><F_1>7</F_1></b></a>"), variable("one", "F-1"), variable("two", "F 1"))
    assert found.positions == {}
    assert "`one`, `two`; they were left out" in found.notes[0]


def test_another_surveys_export_is_told_as_such(write: Write) -> None:
    wanted = [variable(f"q{each}", f"Q{each}", role="outcome" if each == 1 else "other") for each in range(1, 6)]
    with pytest.raises(StudyError, match="has 1 of the 5 columns that the codebook names. It is another survey's"):
        matched(write("Q5,P1\na,b\n"), *wanted)
    with pytest.raises(StudyError, match="has 0 of the 4 columns"):
        matched(write("P5,P1\na,b\n"), *wanted[1:])

"""The codebook as a file: it reads back equal, and its problems are told with their rows."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from vignetta.codebook import RECORD, Category, Codebook, Variable, codebook_csv, codebook_of_csv, read_codebook
from vignetta.errors import StudyError

REGIME = Variable(
    name="regime",
    role="factor",
    kind="category",
    import_id="regime",
    column="regime",
    label="Regime",
    question='Words with "quotes", commas\nand a second line',
    categories=(Category(code="0", level="None", label="No, none"), Category(code="1", level="NA", value=0.1 + 0.2)),
)


def test_a_codebook_reads_back_equal() -> None:
    codebook = Codebook(variables=(*RECORD, REGIME))
    text = codebook_csv(codebook)
    assert codebook_of_csv(text, shown="codebook.csv") == codebook


def told(text: str) -> list[str]:
    with pytest.raises(StudyError) as caught:
        codebook_of_csv(text, shown="codebook.csv")
    return [str(each) for each in caught.value.problems]


def test_every_broken_row_is_told() -> None:
    lines = codebook_csv(Codebook(variables=(*RECORD[:2], REGIME))).split("\n")
    lines[1] = lines[1].replace("record", "recrod")
    lines[2] = lines[2].replace("time", "tiem")
    found = told("\n".join(lines))
    assert [each.split(":")[1].split()[0] for each in found] == ["2", "3"]
    assert "`recrod` is not known here" in found[0]


def test_two_variables_of_one_name_are_told() -> None:
    row = codebook_csv(Codebook(variables=(RECORD[0],))).split("\n")
    other = codebook_csv(Codebook(variables=(RECORD[1],))).split("\n")[1]
    assert "two variables are called `started`" in told("\n".join([*row[:2], other, row[1]]))[0]


def test_unknown_columns_are_told() -> None:
    assert "columns missing or unknown" in told("name,role\nx,factor\n")[0]


# ------------------------------------------------------------------------------------------------ several tasks


def regime(task: int, profile: int) -> Variable:
    return REGIME.model_copy(update={"task": task, "profile": profile, "column": f"r_{task}_{profile}"})


def choice(**changes: Any) -> Variable:
    sides = [{"code": "1", "level": "left", "value": 1}, {"code": "2", "level": "right", "value": 2}]
    said = {"name": "choice", "role": "outcome", "kind": "chosen", "column": "c", "task": 1, "categories": sides}
    return Variable.model_validate(said | changes)


def test_variables_of_several_tasks_read_back_equal() -> None:
    made = [regime(task, profile) for task, profile in ((1, 1), (1, 2), (2, 1), (2, 2))]
    codebook = Codebook(variables=(*RECORD, *made, choice()))
    text = codebook_csv(codebook)
    assert codebook_of_csv(text, shown="codebook.csv") == codebook
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [(each["task"], each["profile"]) for each in rows if each["name"] in ("started", "regime")] == [
        ("", ""),
        *(place for place in (("1", "1"), ("1", "2"), ("2", "1"), ("2", "2")) for _ in range(2)),
    ]
    assert codebook["regime"] == made[0]
    assert (codebook.tasks, codebook.profiles, codebook.names[-2:]) == ([1, 2], [1, 2], ["regime", "choice"])
    assert made[3].full_name == "regime (task 2, profile 2)"
    assert choice().full_name == "choice (task 1)"


def test_a_task_that_stands_in_no_row_of_a_category_is_that_of_the_variable() -> None:
    lines = codebook_csv(Codebook(variables=(regime(3, 0),))).split("\n")
    assert lines[-2].startswith("regime,")
    by_hand = "\n".join([*lines[:-2], lines[-2].replace(",3,", ",,"), ""])
    assert by_hand != "\n".join(lines)
    assert codebook_of_csv(by_hand, shown="codebook.csv").variables == (regime(3, 0),)


def test_neighbours_of_one_name_are_not_taken_for_one_variable() -> None:
    """The second has no category, so that its row could be read as one of the first."""
    lines = codebook_csv(Codebook(variables=(RECORD[0],))).split("\n")
    other = lines[1].replace("StartDate", "Q7")
    assert other != lines[1]
    assert "two variables are called `started`" in told("\n".join([*lines[:2], other, ""]))[0]


def refused(*variables: Variable) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        Codebook(variables=variables)
    return [each["ctx"]["what"] for each in caught.value.errors()]


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"role": "covariate"}, "role"),
        ({"kind": "ordered"}, "kind"),
        ({"categories": REGIME.categories[::-1]}, "levels"),
        ({"task": 0, "profile": 0}, "having a task, having a profile"),
        ({"profile": 0}, "having a profile"),
    ],
)
def test_variables_of_one_name_agree(changes: dict[str, Any], what: str) -> None:
    other = regime(2, 1).model_copy(update=changes)
    expected = [f"`{other.full_name}` and `regime (task 1, profile 1)` differ in {what}."]
    assert refused(regime(1, 1), RECORD[0], other) == expected
    codebook = codebook_csv(Codebook.model_construct(variables=(regime(1, 1), RECORD[0], other)))
    assert [each.split(": ")[1].split(". ")[0] + "." for each in told(codebook)] == expected


def test_one_level_has_one_number_in_all_tasks() -> None:
    sides = [{"code": "1", "level": "left", "value": 2}, {"code": "2", "level": "right", "value": 1}]
    other = choice(task=2, categories=sides)
    assert refused(choice(), other) == ["`choice (task 2)` and `choice (task 1)` differ in values."]


def test_one_name_task_and_profile_is_one_variable() -> None:
    assert refused(regime(1, 2), regime(1, 2)) == ["two variables are called `regime (task 1, profile 2)`."]
    spelled = Variable(name="regime (task 1)", role="other", kind="text", column="x")
    assert refused(regime(1, 0), spelled) == ["two variables are called `regime (task 1)`."]


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"task": 0}, "which profile was chosen is about a task as a whole."),
        ({"profile": 2}, "which profile was chosen is about a task as a whole."),
        ({"categories": [{"code": "1", "level": "left"}]}, "nothing says which profile is chosen by `left`."),
        ({"categories": []}, "a chosen variable needs categories."),
        ({"kind": "text", "task": 0, "profile": 1}, "a profile needs a task."),
        ({"task": -1}, "it should be greater than or equal to 0, not `-1`."),
    ],
)
def test_what_a_variable_of_a_task_needs(changes: dict[str, Any], what: str) -> None:
    with pytest.raises(ValidationError) as caught:
        choice(**changes)
    assert what in [each["ctx"]["what"] for each in caught.value.errors()]


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_file_of_a_spreadsheet_reads_back_equal(tmp_path: Path, separator: str, mark: bytes) -> None:
    codebook = Codebook(variables=(*RECORD, REGIME))
    rows = list(csv.reader(io.StringIO(codebook_csv(codebook))))
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator).writerows(rows)
    (tmp_path / "codebook.csv").write_bytes(mark + text.getvalue().encode())
    assert read_codebook(tmp_path / "codebook.csv") == codebook


def test_a_codebook_file_that_is_absent_or_not_in_utf_8_is_told(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="does not exist"):
        read_codebook(tmp_path / "codebook.csv")
    (tmp_path / "codebook.csv").write_bytes("name,größe\n".encode("cp1252"))
    with pytest.raises(StudyError, match="not in UTF-8"):
        read_codebook(tmp_path / "codebook.csv")

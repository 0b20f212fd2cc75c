"""CSV files of every encoding and separator read alike; broken ones are told by their lines."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vignetta.cleaning.formats.delimited import Delimited, read_delimited
from vignetta.errors import StudyError

TEXT = 'name,words\n1,"a, ""b""\nc"\n2,é “x”\n'
CELLS = [["name", "words"], ["1", 'a, "b"\nc'], ["2", "é “x”"]]


def read(data: bytes | str) -> Delimited:
    return read_delimited(data.encode() if isinstance(data, str) else data, shown="x.csv")


def told(data: bytes | str) -> list[str]:
    with pytest.raises(StudyError) as caught:
        read(data)
    return [str(each) for each in caught.value.problems]


@pytest.mark.parametrize(
    ("data", "note"),
    [
        (TEXT.encode(), ""),
        (b"\xef\xbb\xbf" + TEXT.encode(), ""),
        (TEXT.encode("cp1252"), "Windows-1252"),
        (TEXT.encode("utf-16"), "UTF-16"),
        (TEXT.replace(",", ";").replace("a;", "a,").encode(), "semicolons"),
        (TEXT.replace(",", "\t").replace("a\t", "a,").encode(), "tabs"),
        (TEXT.rstrip("\n").encode(), "may be cut off"),
        (TEXT.encode("utf-16-le"), "UTF-16"),
        (TEXT.encode("utf-16-be"), "UTF-16"),
        (b"\xef\xbb\xbf" + TEXT.encode("cp1252"), "Windows-1252"),
        ((TEXT + "\n\n").encode(), ""),
        (("\n\r\n" + TEXT).encode(), ""),
    ],
)
def test_every_encoding_and_separator_gives_the_same_cells(data: bytes, note: str) -> None:
    found = read(data)
    assert found.cells.to_numpy().tolist() == CELLS
    assert note in " ".join(found.notes)
    assert bool(found.notes) == bool(note)


def test_crlf_ends_rows_and_stays_inside_quotes() -> None:
    assert read(TEXT.replace("\n", "\r\n")).cells.to_numpy().tolist() == [
        CELLS[0],
        ["1", 'a, "b"\r\nc'],
        CELLS[2],
    ]


def test_a_row_may_be_longer_than_what_is_parsed_at_once() -> None:
    long = "x, " * (1 << 23)
    data = f'a,b\n1,2\n"{long}",3\n' + "4,5\n" * 3
    assert read(data).cells.to_numpy().tolist() == [["a", "b"], ["1", "2"], [long, "3"], *[["4", "5"]] * 3]


@pytest.mark.parametrize("before", [(1 << 18) - 12, (1 << 18) - 11, (1 << 18) - 10])
def test_marks_pair_up_wherever_a_file_is_cut_to_look_at_it(before: int) -> None:
    data = 'a,b\n"' + "x" * before + '","y"\n'
    assert read(data).cells.iloc[1].tolist() == ["x" * before, "y"]
    assert told(data.replace('"y"', '"y')) == [
        "x.csv:2: a quotation mark is never closed. Export the file again, or open it in a text editor at this line."
    ]


def test_the_first_and_the_last_sign_may_be_marks() -> None:
    assert read('"a",b\n1,"2"').cells.to_numpy().tolist() == [["a", "b"], ["1", "2"]]


def test_no_text_is_missing() -> None:
    cells = read('a,b\nNA,None\n"",null\n').cells
    assert cells.to_numpy().tolist() == [["a", "b"], ["NA", "None"], ["", "null"]]


def test_ragged_rows_are_told_by_line() -> None:
    found = told('a,b\n1,"x\ny"\n1\n1,2,3\n')
    assert [each.split(":")[1] for each in found] == ["4", "5"]
    assert "1 cells where the header has 2" in found[0]


def test_many_ragged_rows_are_counted() -> None:
    assert told("a,b\n" + "1\n" * 9)[-1] == "x.csv: 4 more rows are broken."


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        ('a,b\n1,2\n3,"4\n5,6\n', "3", "never closed"),
        ('a,b\n1,2\n3,"4\n5,"6\n', "3", "follows a closing"),
        ('a,b\n1,"x"y\n', "2", "follows a closing"),
        ('"a,b\n1,2\n', "1", "never closed"),
        ('a,b\n1,"' + "x,\n" * 60_000, "2", "never closed"),
    ],
)
def test_broken_quotation_is_told_by_line(data: str, line: str, words: str) -> None:
    found = told(data)
    assert found[-1].startswith(f"x.csv:{line}: ")
    assert words in found[-1]


def test_a_mark_inside_an_unquoted_cell_is_kept() -> None:
    assert read('a,b\n5" tall,2\n5" wide,2\n').cells[0].tolist() == ["a", '5" tall', '5" wide']


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\n\n", "empty"),
        (b"a,b\n1,\x002\n", "zero bytes"),
        (b"a,b\n1,2\n\x81\xff,2\n", "neither in UTF-8 nor"),
    ],
)
def test_what_is_no_text_file_is_told(data: bytes, words: str) -> None:
    assert words in told(data)[0]


cells = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=8)


@given(st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=6))
def test_what_the_csv_module_writes_is_read_back(table: list[tuple[str, str, str]]) -> None:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([("a", "b", "c"), *table])
    found = read(stream.getvalue())
    assert [tuple(each) for each in found.cells.to_numpy().tolist()] == [("a", "b", "c"), *table]


@pytest.mark.real
def test_real_exports_are_read_as_the_csv_module_reads_them(real: Path) -> None:
    for path in sorted((real / "exports").glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as lines:
            expected = [each for each in csv.reader(lines, strict=True) if each]
        assert read(path.read_bytes()).cells.to_numpy().tolist() == expected, path.name


@pytest.mark.parametrize("first", ["sep=,", "Survey of March", "a,b"])
def test_a_first_row_that_is_no_header_is_told_once(first: str) -> None:
    (problem,) = told(f"{first}\n" + "\n".join(f"x,y,{each}" for each in range(9)) + "\n")
    assert f"has {first.count(',') + 1} cells and all others have 3" in problem and "above the names" in problem

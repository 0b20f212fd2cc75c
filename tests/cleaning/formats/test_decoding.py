"""Text of every encoding becomes UTF-8; where two stand in one file, each line is read in its own."""

import pytest

from vignetta.cleaning.formats.decoding import as_utf8
from vignetta.errors import StudyError

TEXT = "name\nCafé – “x”\nplain\nnaïve\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_every_encoding_gives_one_text(encoding: str) -> None:
    assert as_utf8(TEXT.encode(encoding), "x")[0].decode() == TEXT


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_mixed_encodings_are_repaired_by_line(mark: bytes) -> None:
    lines = TEXT.split("\n")
    mixed = mark + "\n".join(lines[:2]).encode() + b"\n" + "\n".join(lines[2:]).encode("cp1252")
    content, notes = as_utf8(mixed, "x")
    assert content.decode() == TEXT
    assert notes == ("The file mixes encodings: lines 4 were read as Windows-1252, the rest as UTF-8.",)


@pytest.mark.parametrize("before", range((1 << 18) - 4, (1 << 18) + 1))
def test_letters_are_whole_wherever_a_large_file_is_cut_to_look_at_it(before: int) -> None:
    text = "a" * before + "€é\n"
    assert as_utf8(text.encode(), "x") == (text.encode(), ())
    assert "Windows-1252" in as_utf8(text.encode()[:-2], "x")[1][0]


def test_many_foreign_lines_are_counted() -> None:
    content = "é\n".encode() + "ü\n".encode("cp1252") * 9
    assert "lines 2, 3, 4, 5, 6 and 4 more were" in as_utf8(content, "x")[1][0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("é\n".encode() + b"a\n\x81\n", "x:3: the file is neither"),
        (b"\xff\xfea\x00b", "x:1: this is not UTF-16"),
        (b"a,b\n1,\x00\x002\n" + b"x" * 40, "holds zero bytes"),
    ],
)
def test_what_is_no_text_is_told_with_its_line(content: bytes, words: str) -> None:
    with pytest.raises(StudyError, match=words):
        as_utf8(content, "x")

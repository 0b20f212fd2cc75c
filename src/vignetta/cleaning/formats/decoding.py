"""Bytes of a text file as UTF-8, whatever its encoding; what had to be guessed is told."""

import codecs
from collections.abc import Iterator
from typing import Final

from vignetta.errors import Problem, StudyError, listed

Content = bytes | memoryview
"""What a file holds, in memory or mapped into it."""

_MARK: Final = b"\xef\xbb\xbf"
_PROBED: Final = 1 << 12
_SLICE: Final = 1 << 18


def as_utf8(data: Content, shown: str) -> tuple[Content, tuple[str, ...]]:
    """The text of a file in UTF-8 without a byte order mark, and notes about its encoding.

    A file that is neither UTF-8 nor UTF-16 is read as Windows-1252; where both encodings stand in one file, as after
    joining two, each line is read in its own. Raises `StudyError` with the line that is in none of them.
    """
    wide = _wide_encoding(bytes(data[:_PROBED]))
    if wide:
        text = _decoded(bytes(data), wide, shown).removeprefix("\ufeff")
        return text.encode(), ("The file is in UTF-16.",)
    content = data[len(_MARK) :] if data[: len(_MARK)] == _MARK else data
    if not _is_utf8(content):
        return _repaired(bytes(content), shown)
    if any(b"\x00" in each for each in pieces(content)):
        raise StudyError(Problem(shown, "the file holds zero bytes, so it is not a text file.", "Export it as CSV."))
    return content, ()


def pieces(content: Content) -> Iterator[bytes]:
    """The content piece by piece, so that a large file is never copied as a whole."""
    for start in range(0, len(content), _SLICE):
        yield bytes(content[start : start + _SLICE])


def _wide_encoding(head: bytes) -> str:
    """The variant of UTF-16 in which a text that begins with Latin letters is written; empty for other encodings."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    first, second = head[0::2].count(0), head[1::2].count(0)
    if first + second < len(head) / 4:
        return ""
    return "utf-16-be" if first > second else "utf-16-le"


def _repaired(content: bytes, shown: str) -> tuple[bytes, tuple[str, ...]]:
    lines = content.split(b"\n")
    foreign = [number for number, line in enumerate(lines, 1) if not _is_utf8(line)]
    mixed = any(not line.isascii() and _is_utf8(line) for line in lines)
    if not mixed:
        text = _decoded(content, "cp1252", shown)
        return text.encode(), ("The file is not in UTF-8; it was read as Windows-1252. Check letters with accents.",)
    for number in foreign:
        lines[number - 1] = _decoded(lines[number - 1], "cp1252", shown, number).encode()
    note = f"The file mixes encodings: lines {listed(foreign)} were read as Windows-1252, the rest as UTF-8."
    return b"\n".join(lines), (note,)


def _is_utf8(content: Content) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for each in pieces(content):
            if not each.isascii() or decoder.getstate()[0]:
                decoder.decode(each)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _decoded(data: bytes, encoding: str, shown: str, line: int = 1) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line += data.count(b"\n", 0, error.start)
        what = "the file is neither in UTF-8 nor in Windows-1252." if encoding == "cp1252" else "this is not UTF-16."
        raise StudyError(Problem(f"{shown}:{line}", what, "Save it as UTF-8.")) from None

"""The one export in a zip is read; what is no export, or would not end, is refused."""

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.cleaning.small_export import Row, export_text
from vignetta.cleaning.formats import archives
from vignetta.cleaning.formats.archives import unpacked
from vignetta.cleaning.formats.exports import read_raw
from vignetta.errors import StudyError

Write = Callable[..., Path]


def zipped(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def refused(data: bytes) -> str:
    with pytest.raises(StudyError) as caught:
        unpacked(data, "x.zip")
    return str(caught.value)


def test_the_export_in_a_zip_is_read(write: Write, responses: list[Row]) -> None:
    text = export_text(responses).encode()
    packed = zipped({"Survey.csv": text, "__MACOSX/._Survey.csv": b"x", "folder/": b""})
    raw, plain = read_raw(write(packed, "anything.csv")), read_raw(write(text, "plain.csv"))
    assert raw.shown == "anything.csv/Survey.csv"
    assert raw.cells.equals(plain.cells)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "holds 0 files"),
        ({"b.csv": b"1", "a.csv": b"1"}, "holds 2 files: a.csv, b.csv"),
        ({"inner.zip": zipped({"a.csv": b"1"})}, "a zip inside a zip"),
        ({"[Content_Types].xml": b"1", "xl/workbook.xml": b"1"}, "a spreadsheet"),
    ],
)
def test_what_holds_not_one_export_is_refused(files: Mapping[str, bytes], words: str) -> None:
    assert words in refused(zipped(files))


def test_a_zip_that_is_cut_off_or_damaged_is_told() -> None:
    whole = zipped({"a.csv": bytes(range(256)) * 50})
    assert "broken or cut off" in refused(whole[:-30])
    assert "broken or cut off" in refused(whole[:60] + b"\xff" * 20 + whole[80:])


def test_an_encrypted_zip_is_told() -> None:
    whole = bytearray(zipped({"a.csv": b"a,b\n"}))
    whole[6] |= 1
    whole[whole.index(b"PK\x01\x02") + 8] |= 1
    assert "encrypted" in refused(bytes(whole))


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_SMALL", 1 << 20)
    bomb = zipped({"a.csv": b"0" * (20 << 20)})
    assert len(bomb) < 1 << 16
    assert "which no export does" in refused(bomb)

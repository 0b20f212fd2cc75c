"""The one export in a zip file, as Qualtrics sends it; what would not fit into memory is never unpacked."""

import io
import zipfile
from typing import Final

from vignetta.errors import Problem, StudyError

MOST_BYTES: Final = 8 << 30
MOST_TIMES: Final = 250
"""How many times its packed size a large file may have: exports pack to a tenth, bombs to a thousandth."""
_SMALL: Final = 64 << 20
_CHUNK: Final = 1 << 20
_AGAIN: Final = "Export the responses again."


def is_zip(data: bytes) -> bool:
    return data[:4] in (b"PK\x03\x04", b"PK\x05\x06")


def unpacked(data: bytes, shown: str) -> tuple[bytes, str]:
    """The content of the one file in a zip, and its name in messages.

    Raises `StudyError` for a zip that is broken or encrypted, a spreadsheet, a zip that holds no file or several or
    another zip, and for one that unpacks to more than an export can be.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            member = _only(archive, shown)
            content = _content(archive, member, shown)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, zipfile.zlib.error) as error:  # type: ignore[attr-defined]
        what = f"the zip file is broken or cut off: {str(error).rstrip('.')}."
        raise StudyError(Problem(shown, what, _AGAIN)) from None
    if is_zip(content):
        raise StudyError(Problem(shown, f"`{member.filename}` is a zip inside a zip.", "Unpack it first."))
    return content, f"{shown}/{member.filename}"


def _only(archive: zipfile.ZipFile, shown: str) -> zipfile.ZipInfo:
    files = [each for each in archive.infolist() if not each.is_dir() and not _of_the_system(each.filename)]
    names = [each.filename for each in files]
    if "[Content_Types].xml" in names or "mimetype" in names:
        raise StudyError(Problem(shown, "this is a spreadsheet or a document, not an export.", "Save it as CSV."))
    if len(files) != 1:
        what = f"the zip holds {len(files)} files" + (f": {', '.join(sorted(names)[:5])}." if files else ".")
        raise StudyError(Problem(shown, what, "Put the one export to read into the zip, or unpack it."))
    if files[0].flag_bits & 1:
        raise StudyError(Problem(shown, f"`{names[0]}` is encrypted.", "Unpack it first."))
    return files[0]


def _of_the_system(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.rpartition("/")[2] in (".DS_Store", "Thumbs.db", "desktop.ini")


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo, shown: str) -> bytes:
    """The member's bytes, counted while they come: what a zip says of its sizes may be untrue."""
    most = min(MOST_BYTES, max(_SMALL, MOST_TIMES * member.compress_size))
    content = bytearray()
    with archive.open(member) as stream:
        while chunk := stream.read(_CHUNK):
            content += chunk
            if len(content) > most:
                what = f"`{member.filename}` unpacks to more than {most >> 20} MB, which no export does."
                raise StudyError(Problem(shown, what, "Do not open it unless you know who made it."))
    return bytes(content)

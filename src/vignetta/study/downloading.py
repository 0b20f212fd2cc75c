"""An export straight from Qualtrics: started, waited for and saved, going on where an earlier attempt stopped."""

import json
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final

from vignetta.errors import Problem, StudyError
from vignetta.study.api import ATTEMPTS, Api, GoneError
from vignetta.study.files import PARTIAL

FORMATS: Final[Mapping[str, str]] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".sav": "spss",
    ".json": "json",
    ".ndjson": "ndjson",
    ".xml": "xml",
    ".zip": "csv",
}
"""What is asked for, by the ending of the file; a zip stays as it comes and holds CSV."""
NOTES: Final = ".download.json"
"""Beside the file while it is on its way: which export was started, so that it need not be started again."""

_SURVEY: Final = re.compile(r"SV_[A-Za-z0-9]+")
_ID: Final = re.compile(r"[\w.-]+")
_FIRST: Final = 1.0
_SLOWEST: Final = 20.0
_CHUNK: Final = 1 << 16
_LARGEST: Final = 8 << 30
"""Bytes: no export of responses unpacks to more."""


def download(
    survey: str, to: Path, api: Api, *, labels: bool = False, tell: Callable[[float], object] = lambda percent: None
) -> Path:
    """Save all responses of a survey, as Qualtrics exports them, in a new file.

    Parameters
    ----------
    survey : its id, `SV_...`.
    to : the file; its ending says the format (`FORMATS`). Notes of the export that was started stand beside it until it
        is there; a second attempt goes on with that export.
    labels : the words of the answers, not their codes.
    tell : is told how much is done, in percent.

    Raises
    ------
    StudyError
        When the file exists already, the export fails, or what comes is no export.
    """
    _check(survey, to)
    asked = _asked(to, labels)
    notes = _read_notes(to, survey, asked)
    try:
        _finish(survey, to, api, asked, notes, tell)
    except GoneError:
        begun = _beside(to, NOTES).exists()
        _forget(to)
        if not notes:
            raise _gone(survey, begun) from None
        return download(survey, to, api, labels=labels, tell=tell)
    _forget(to)
    return to


def _gone(survey: str, begun: bool) -> StudyError:
    if begun:
        return StudyError(
            Problem("Qualtrics", "the export that was made is there no longer.", "Run the command again.")
        )
    what = f"there is no survey `{survey}` that this account may see."
    return StudyError(Problem("Qualtrics", what, "Check its id in the survey's address."))


def _check(survey: str, to: Path) -> None:
    problems = []
    if not _SURVEY.fullmatch(survey):
        problems.append(Problem("survey", f"`{survey}` is no id of a survey.", "It begins with `SV_`."))
    if to.suffix.lower() not in FORMATS:
        what = f"no format is known that ends in `{to.suffix}`."
        problems.append(Problem(str(to), what, f"Known: {', '.join(FORMATS)}."))
    if to.exists():
        problems.append(Problem(str(to), "the file exists already.", "Raw files are never replaced: name a new one."))
    if problems:
        raise StudyError(problems)


def _asked(to: Path, labels: bool) -> dict[str, Any]:
    form = FORMATS[to.suffix.lower()]
    asked: dict[str, Any] = {"format": form, "compress": True}
    if form in ("csv", "tsv"):
        asked |= {"useLabels": labels, "includeDisplayOrder": True, "timeZone": "UTC"}
    return asked


# ------------------------------------------------------------------------------------------------ what was begun


def _beside(to: Path, ending: str) -> Path:
    return to.with_name(to.name + ending)


def _read_notes(to: Path, survey: str, asked: Mapping[str, Any]) -> dict[str, str]:
    """Which export of the same survey and settings was begun before."""
    try:
        notes = json.loads(_beside(to, NOTES).read_text("utf-8"))
        same = notes["survey"] == survey and notes["asked"] == asked
        known = {key: str(notes[key]) for key in ("progress", "file") if _ID.fullmatch(str(notes.get(key, "")))}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        same, known = False, {}
    if not same:
        _beside(to, PARTIAL).unlink(missing_ok=True)
    return known if same else {}


def _note(to: Path, survey: str, asked: Mapping[str, Any], notes: Mapping[str, str]) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"survey": survey, "asked": asked, **notes}, indent=1)
    _beside(to, NOTES).write_text(text + "\n", "utf-8")


def _forget(to: Path) -> None:
    for ending in (NOTES, PARTIAL):
        _beside(to, ending).unlink(missing_ok=True)


# ------------------------------------------------------------------------------------------------ the three requests


def _finish(
    survey: str, to: Path, api: Api, asked: Mapping[str, Any], notes: dict[str, str], tell: Callable[[float], object]
) -> None:
    exports = f"surveys/{survey}/export-responses"
    if "progress" not in notes:
        begun = {"progress": _id(api.ask(exports, asked), "progressId")}
        _note(to, survey, asked, begun)
        notes = begun
    if "file" not in notes:
        made = _made(f"{exports}/{notes['progress']}", api, tell)
        if not made:
            _forget(to)
            raise StudyError(Problem("Qualtrics", "it could not make the export.", "Run the command again."))
        notes = {**notes, "file": made}
        _note(to, survey, asked, notes)
    partial = _beside(to, PARTIAL)
    _fetch(f"{exports}/{notes['file']}/file", partial, api)
    _keep(partial, to)


def _id(result: Mapping[str, Any], key: str) -> str:
    found = result.get(key)
    if not isinstance(found, str) or not _ID.fullmatch(found):
        raise StudyError(Problem("Qualtrics", f"its answer has no `{key}`.", "Try again later."))
    return found


def _made(path: str, api: Api, tell: Callable[[float], object]) -> str:
    """Wait until the export is made; its file's id, empty when it failed."""
    seconds = _FIRST
    while True:
        result = api.ask(path)
        status = result.get("status")
        tell(float(result.get("percentComplete") or 0))
        if status == "complete":
            return _id(result, "fileId")
        if status == "failed":
            return ""
        if status != "inProgress":
            what = f"the export is in the unknown state `{status}`."
            raise StudyError(Problem("Qualtrics", what, "Try again later."))
        api.pause(seconds, "the export is not ready yet")
        seconds = min(seconds * 1.5, _SLOWEST)


def _fetch(path: str, partial: Path, api: Api) -> None:
    """Save the file, going on behind the bytes that are there already where the server can."""
    for attempt in range(ATTEMPTS):
        have = partial.stat().st_size if partial.exists() else 0
        if have and zipfile.is_zipfile(partial):
            return
        headers = {"Range": f"bytes={have}-"} if have else {}
        try:
            with api.opened(path, headers=headers) as answer:
                length = answer.headers.get("Content-Length")
                got = 0
                with partial.open("ab" if answer.status == 206 else "wb") as stream:
                    while chunk := answer.read(_CHUNK):
                        stream.write(chunk)
                        got += len(chunk)
            if length is None or got == int(length):
                return
        except (OSError, HTTPException):
            pass
        api.pause(min(2.0**attempt, _SLOWEST), "the connection broke off during the download")
    raise StudyError(Problem("Qualtrics", "the download broke off again and again.", "Run the command again."))


def _keep(partial: Path, to: Path) -> None:
    """Unpack the one file of the zip that came, or keep the zip; nothing stands half written in its place."""
    unpacked = _beside(to, ".unpacked")
    try:
        with zipfile.ZipFile(partial) as packed:
            members = [each for each in packed.infolist() if not each.is_dir()]
            if len(members) != 1 or members[0].file_size > _LARGEST or packed.testzip() is not None:
                raise zipfile.BadZipFile
            if to.suffix.lower() == ".zip":
                partial.replace(to)
                return
            with packed.open(members[0]) as source, unpacked.open("wb") as target:
                while chunk := source.read(_CHUNK):
                    target.write(chunk)
        unpacked.replace(to)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError):
        _forget(to)
        what = "what came is not a zip with one whole export."
        raise StudyError(Problem("Qualtrics", what, "Run the command again.")) from None
    finally:
        unpacked.unlink(missing_ok=True)

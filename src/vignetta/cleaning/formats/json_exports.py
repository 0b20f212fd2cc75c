"""Exports in JSON and NDJSON: every response gives its values by ImportId, and the words of those that are codes."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from vignetta.cleaning.formats.decoding import as_utf8
from vignetta.cleaning.formats.raw_exports import RawExport, keyed_export
from vignetta.errors import SHOWN, Problem, StudyError

_AGAIN: Final = "Export the responses again."
_ID: Final = re.compile(r"R_\w+")


def read_json(data: bytes, *, shown: str) -> RawExport:
    """The responses of a JSON file (`{"responses": [...]}` or a list), or of a file with one JSON object per line.

    A response may be wrapped as the API sends a single one, `{"result": {...}, "meta": {...}}`; files of before 2017
    give each response under its id. Times in JSON are in UTC. Raises `StudyError` with each line that is no JSON or no
    response.
    """
    content, notes = as_utf8(data, shown)
    text = bytes(content).decode()
    responses = _lines(text, shown) if _is_by_lines(text) else _whole(text, shown)
    words: dict[str, dict[str, str]] = {}
    records = [_record(each, words) for each in responses]
    return keyed_export(records, shown=shown, notes=notes, words=words)


def _is_by_lines(text: str) -> bool:
    """Whether the first line is an object of its own and something follows it."""
    line, _, rest = text.lstrip().partition("\n")
    try:
        first = json.loads(line)
    except (ValueError, RecursionError):
        return False
    whole = isinstance(first, dict) and ("result" in first or "responses" in first or _is_by_ids(first))
    return isinstance(first, dict) and (not whole or bool(rest.strip()))


def _is_by_ids(content: Mapping[str, Any]) -> bool:
    """Whether an object holds responses by their ids, as before 2017."""
    return bool(content) and all(_ID.fullmatch(key) and isinstance(each, dict) for key, each in content.items())


def _unwrapped(content: Any) -> Any:
    """The single response that the API sent, or what is no such response as it is."""
    found = content.get("result") if isinstance(content, dict) else None
    return found if isinstance(found, dict) and isinstance(found.get("values"), dict) else content


def _whole(text: str, shown: str) -> list[Mapping[str, Any]]:
    content = _loaded(text, shown, 1)
    if isinstance(content, Problem):
        raise StudyError(content)
    found = _listed(content) if isinstance(content, dict) else content
    if not isinstance(found, list):
        raise StudyError(Problem(shown, "the file holds no list of `responses`.", _AGAIN))
    wrong = [place for place, each in enumerate(found, 1) if not isinstance(each, dict)]
    if wrong:
        raise StudyError(Problem(shown, f"response {wrong[0]} is no JSON object.", _AGAIN))
    return [_unwrapped(each) for each in found]


def _listed(content: Mapping[str, Any]) -> Any:
    """The responses in an object, in whichever of its forms."""
    if _is_by_ids(content):
        return [{"ResponseID": key, **each} for key, each in content.items()]
    one = _unwrapped(content)
    return content.get("responses") if one is content else [one]


def _lines(text: str, shown: str) -> list[Mapping[str, Any]]:
    numbered = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    found = [_loaded(line, shown, number) for number, line in numbered]
    problems = [each for each in found if isinstance(each, Problem)]
    problems += [
        Problem(f"{shown}:{number}", "the line is no JSON object.", _AGAIN)
        for (number, _), each in zip(numbered, found, strict=True)
        if not isinstance(each, Problem | dict)
    ]
    if problems:
        raise StudyError(problems[:SHOWN])
    return [_unwrapped(each) for each in found]


def _loaded(text: str, shown: str, line: int) -> Any:
    """What a text says, or the problem that it is no JSON, or says a thing twice."""
    try:
        return json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        return Problem(
            f"{shown}:{line + error.lineno - 1}", f"the file is broken or cut off here: {error.msg}.", _AGAIN
        )
    except KeyError as error:
        return Problem(f"{shown}:{line}", f"a response gives {error} twice.", _AGAIN)
    except (ValueError, RecursionError) as error:
        return Problem(f"{shown}:{line}", f"the file is not as an export is: {error}.", _AGAIN)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise KeyError(next(key for place, (key, _) in enumerate(pairs) if key in dict(pairs[:place])))
    return found


def _record(response: Mapping[str, Any], words: dict[str, dict[str, str]]) -> dict[str, str]:
    """The cells of a response; the words that it gives beside its codes are added to `words`."""
    values, labels = response.get("values"), response.get("labels")
    labels = labels if isinstance(labels, dict) else {}
    if not isinstance(values, dict):
        return {key: _cell(each) for key, each in response.items()}
    for key, each in labels.items():
        words.setdefault(key, {}).update(_pairs(values.get(key), each))
    cells = {key: _cell(values.get(key, labels.get(key))) for key in dict.fromkeys([*values, *labels])}
    return cells | ({"_recordId": _cell(response["responseId"])} if response.get("responseId") else {})


def _pairs(codes: Any, labels: Any) -> Iterator[tuple[str, str]]:
    several = isinstance(codes, list) and isinstance(labels, list) and len(codes) == len(labels)
    for code, label in zip(codes, labels, strict=True) if several else [(codes, labels)]:
        if isinstance(label, str) and code is not None:
            yield _cell(code), label


def _cell(value: Any) -> str:
    """A value as the text that a CSV file would hold: several are separated by commas."""
    if isinstance(value, list):
        return ",".join(_cell(each) for each in value)
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return "" if value is None else json.dumps(value)

"""A codebook drafted from an export whose survey nobody has: what its header and its labels say, to be completed."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from vignetta.cleaning.categories import words
from vignetta.cleaning.formats.exports import read_raw
from vignetta.cleaning.formats.raw_exports import ExportFormat, RawExport
from vignetta.cleaning.matching import is_personal, match
from vignetta.codebook import RECORD, Codebook, Kind, Role, Variable

_OPEN: Final = re.compile(r".*_(TEXT|FILE_NAME)")


def codebook_of_export(path: str | Path, *, format: ExportFormat = "qualtrics") -> Codebook:
    """A codebook with a variable for every column of an export.

    The columns that Qualtrics always exports are known. The others are read as text, or, where the file itself gives
    words beside codes (SPSS, JSON), as categories; answers in respondents' own words get the role `open`, what is known
    to identify somebody the role `personal`. Which are factors and outcomes, and what codes mean, the file does not
    say: write it into the codebook (`vignetta.codebook_csv`), or make the codebook from the survey (`vignetta import`).

    Raises
    ------
    StudyError
        When the file cannot be read.

    Examples
    --------
    >>> codebook = codebook_of_export("export.csv")  # doctest: +SKIP
    """
    raw = read_raw(path, format)
    record = _record(raw) if format == "qualtrics" else {}
    drafted: list[Variable] = []
    taken = {each.name for each in record.values()}
    for position, key in _distinct(raw):
        made = record.get(position) or _drafted(raw, position, _free(key, taken))
        taken.add(made.name)
        drafted.append(made)
    return Codebook(variables=tuple(drafted))


def _record(raw: RawExport) -> Mapping[int, Variable]:
    """Which columns hold what every Qualtrics export has."""
    names = {each.column for each in RECORD} | {"ResponseID", "responseid", "startdate"}
    ids = {each.import_id for each in RECORD}
    if names.isdisjoint(raw.names) and ids.isdisjoint(raw.import_ids):
        return {}
    found = match(raw, Codebook(variables=RECORD)).positions
    return {found[each.name][0]: each for each in RECORD if each.name in found}


def _distinct(raw: RawExport) -> Iterator[tuple[int, str]]:
    """The columns with a name of their own; of several of one name the first."""
    seen = set()
    for position, (name, import_id) in enumerate(zip(raw.names, raw.import_ids, strict=True)):
        key = import_id or name
        if key and key not in seen and position not in raw.beside:
            seen.add(key)
            yield position, name or import_id


def _free(name: str, taken: set[str]) -> str:
    """A name for the clean column that is not taken yet."""
    base = re.sub(r"\W+", "_", name).strip("_") or "column"
    base = f"q_{base}" if base[0].isdigit() else base
    found, number = base, 2
    while found in taken or found in ("row", "state", "excluded"):
        found, number = f"{base}_{number}", number + 1
    return found


def _drafted(raw: RawExport, position: int, name: str) -> Variable:
    import_id, column = raw.import_ids[position], raw.names[position]
    categories = list(_categories(raw.words.get(position, {})))
    kind: Kind = "category" if categories and raw.cells[position].str.strip().isin(_codes(categories)).all() else "text"
    role: Role = "personal" if is_personal(column, import_id) else "open" if _is_open(column, import_id) else "other"
    return Variable.model_validate(
        {
            "name": name,
            "role": role,
            "kind": kind,
            "import_id": import_id,
            "column": column,
            "question": words(raw.texts[position]),
            "categories": categories if kind == "category" else [],
        }
    )


def _codes(categories: list[dict[str, Any]]) -> list[str]:
    return ["", "-99", *(each["code"] for each in categories)]


def _categories(labels: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The categories of codes and words; words that stand there twice get their code."""
    seen: set[str] = set()
    for code, label in labels.items():
        text = words(label) or code
        level = text if text not in seen else f"{text} ({code})"
        seen.add(level)
        yield {"code": code, "level": level, "label": label}


def _is_open(column: str, import_id: str) -> bool:
    return bool(_OPEN.fullmatch(import_id or column))

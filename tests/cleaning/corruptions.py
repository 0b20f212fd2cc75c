"""Kinds of damage that exports suffer, each planted at a place that a seed draws."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from tests.cleaning.transcoding import Sample, Setting, transcoded

Table = list[list[str]]
Corrupt = Callable[[Sample, np.random.Generator], bytes]
HEADERS: Final = 3
FORMULAS: Final = ("=1+1", '=HYPERLINK("x";"y")', "#NAME?", "#REF!", "@SUM(A1)", "+cmd|' /C calc'!A0(", "#####")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun")


def table(sample: Sample, setting: Setting | None = None) -> Table:
    text = transcoded(sample, setting or Setting()).decode()
    return list(csv.reader(io.StringIO(text)))


def written(rows: Sequence[Sequence[str]], separator: str = ",") -> bytes:
    stream = io.StringIO()
    csv.writer(stream, delimiter=separator, lineterminator="\n").writerows(rows)
    return stream.getvalue().encode()


def place(rows: Table, *names: str) -> int:
    return next(rows[0].index(each) for each in names)


def any_row(rows: Table, generator: np.random.Generator) -> int:
    return int(generator.integers(HEADERS, len(rows)))


def any_column(rows: Table, generator: np.random.Generator, *, first: int = 17) -> int:
    """A column of the study, which stand after the 17 of every export."""
    return int(generator.integers(first, len(rows[0])))


def cut(content: bytes, generator: np.random.Generator) -> bytes:
    """The content up to a byte inside a row: a file that ends with a whole row cannot be told from a whole one."""
    while True:
        end = int(generator.integers(1, len(content) - 1))
        if content[end - 1 : end] not in b"\r\n":
            return content[:end]


def changed(sample: Sample, row: int, column: int, cell: str) -> bytes:
    rows = table(sample)
    rows[row][column] = cell
    return written(rows)


# ------------------------------------------------------------------------------------------------ kinds of damage


def cut_csv(sample: Sample, generator: np.random.Generator) -> bytes:
    return cut(transcoded(sample, Setting()), generator)


def cut_other(sample: Sample, generator: np.random.Generator) -> bytes:
    setting = [Setting(format="json"), Setting(format="xml"), Setting(format="sav"), Setting(zipped=True)]
    return cut(transcoded(sample, setting[generator.integers(len(setting))]).rstrip(b"\n}] "), generator)


def wrong_survey(sample: Sample, generator: np.random.Generator) -> bytes:
    rows = table(sample)
    shift = int(generator.integers(100, 900))
    rows[0][17:] = [f"other_{each}" for each in range(len(rows[0]) - 17)]
    rows[2][17:] = [f'{{"ImportId":"QID{shift + each}"}}' for each in range(len(rows[0]) - 17)]
    return written(rows)


def joined_same(sample: Sample, generator: np.random.Generator) -> bytes:
    rows = table(sample)
    after = any_row(rows, generator) + 1
    return written([*rows[:after], *rows[: HEADERS * int(generator.integers(0, 2)) or 1], *rows[after:]])


def joined_other(sample: Sample, generator: np.random.Generator) -> bytes:
    rows = table(sample)
    width = int(generator.integers(2, len(rows[0]) - 1))
    return written([*rows, *(each[:width] for each in rows)])


def column_absent(sample: Sample, generator: np.random.Generator) -> bytes:
    """An export of a version of the instrument that did not ask a question."""
    rows = table(sample)
    gone = any_column(rows, generator)
    return written([each[:gone] + each[gone + 1 :] for each in rows])


def recoded(sample: Sample, generator: np.random.Generator) -> bytes:
    """An export of a version whose answers had other codes."""
    rows = table(sample)
    column = place(rows, str(generator.choice(["party", "approval", "contributions", "gender", "recall_regime"])))
    for row in rows[HEADERS:]:
        row[column] = str(int(row[column]) + 1) if row[column] else ""
    return written(rows)


def recoded_labels(sample: Sample, generator: np.random.Generator) -> bytes:
    """The words of two codes exchanged, in a format that has both."""
    column = next(each for each, field in enumerate(sample.fields) if field.name == "approval")
    there = {(row[column], words[column]) for row, words in zip(sample.codes, sample.words, strict=True) if row[column]}
    (one, first), (other, second) = generator.permutation(sorted(there))[:2].tolist()
    swapped = {first: second, second: first}
    words = [[*row[:column], swapped.get(row[column], row[column]), *row[column + 1 :]] for row in sample.words]
    assert one != other
    changed_sample = Sample(sample.fields, sample.codes, words, sample.zone)
    return transcoded(changed_sample, Setting(format=str(generator.choice(["json", "sav", "ndjson"]))))  # type: ignore[arg-type]


def headers_deleted(sample: Sample, generator: np.random.Generator) -> bytes:
    rows = table(sample)
    gone = set(generator.choice(HEADERS, size=int(generator.integers(1, HEADERS + 1)), replace=False).tolist())
    return written([each for number, each in enumerate(rows) if number not in gone])


def spreadsheet_dates(sample: Sample, generator: np.random.Generator) -> bytes:
    rows = table(sample)
    day_first = bool(generator.integers(2))
    for row in rows[HEADERS:]:
        for column in (0, 1, 7):
            year, month, day, hour, minute, _ = map(int, re.findall(r"\d+", row[column]))
            first, second = (day, month) if day_first else (month, day)
            row[column] = f"{first}/{second}/{year % 100} {hour}:{minute:02}"
    return written(rows)


def shortened_numbers(sample: Sample, generator: np.random.Generator) -> bytes:
    rows = table(sample)
    column, digits = place(rows, "PANEL"), int(generator.integers(3, 7))
    for row in rows[HEADERS:]:
        row[column] = f"{int(row[column]):.{digits}E}".replace("E+0", "E+")
    return written(rows)


def zeros_lost(sample: Sample, generator: np.random.Generator) -> bytes:
    rows = table(sample)
    column = place(rows, "ZIP")
    for row in rows[HEADERS:]:
        row[column] = row[column].lstrip("0")
    return written(rows)


def semicolons(sample: Sample, generator: np.random.Generator) -> bytes:
    rows = table(sample)
    for row in rows[HEADERS:]:
        row[:] = [each.replace(".", ",") if re.fullmatch(r"\d+\.\d+", each) else each for each in row]
    return written(rows, ";")


def mixed_encodings(sample: Sample, generator: np.random.Generator) -> bytes:
    lines = transcoded(sample, Setting()).split(b"\n")
    accented = [number for number, each in enumerate(lines) if not each.isascii()]
    for number in generator.choice(accented, size=len(accented) // 2, replace=False):
        lines[number] = lines[number].decode().encode("cp1252")
    return b"\n".join(lines)


def garbled(sample: Sample, generator: np.random.Generator) -> bytes:
    """UTF-8 that was read as Windows-1252 and saved as UTF-8."""
    return transcoded(sample, Setting()).decode("utf-8").encode().decode("cp1252", "replace").encode()


def bomb(sample: Sample, generator: np.random.Generator) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Survey.csv", bytes([int(generator.integers(48, 58))]) * (4 << 20))
    return stream.getvalue()


def entities(sample: Sample, generator: np.random.Generator) -> bytes:
    depth = int(generator.integers(3, 30))
    steps = "".join(f'<!ENTITY e{each} "{"&e" + str(each - 1) + ";" if each else "x"}">' for each in range(depth))
    content = transcoded(sample, Setting(format="xml")).decode()
    start = content.index("<Responses>")
    return f"{content[:start]}<!DOCTYPE r [{steps}]>{content[start:]}".encode()


def formula(sample: Sample, generator: np.random.Generator) -> bytes:
    rows = table(sample)
    cell = generator.choice(
        ["=1+1", '=HYPERLINK("x";"y")', "#NAME?", "#REF!", "@SUM(A1)", "+cmd|' /C calc'!A0(", "#####"]
    )
    return changed(sample, any_row(rows, generator), place(rows, "COMMENT"), str(cell))


def made_a_date(sample: Sample, generator: np.random.Generator) -> bytes:
    rows = table(sample)
    column = any_column(rows, generator) if generator.integers(2) else place(rows, "COMMENT")
    return changed(sample, any_row(rows, generator), column, f"{generator.integers(1, 29)}-{generator.choice(_MONTHS)}")


def ragged(sample: Sample, generator: np.random.Generator) -> bytes:
    rows = table(sample)
    row, column = any_row(rows, generator), any_column(rows, generator, first=0)
    rows[row] = rows[row][:column] + ([""] * 2 if generator.integers(2) else []) + rows[row][column + 1 :]
    return written(rows)


def open_mark(sample: Sample, generator: np.random.Generator) -> bytes:
    rows = table(sample)
    row, column = any_row(rows, generator), any_column(rows, generator, first=0)
    rows[row][column] = "PLANTED"
    return written(rows).replace(b"PLANTED", b'"planted')


def zero_bytes(sample: Sample, generator: np.random.Generator) -> bytes:
    content = bytearray(transcoded(sample, Setting()))
    start = int(generator.integers(10, len(content) - 600))
    content[start : start + 512] = bytes(512)
    return bytes(content)


def shifted_names(sample: Sample, generator: np.random.Generator) -> bytes:
    """The names and ImportIds of the questions stand beside their columns."""
    rows = table(sample)
    by = int(generator.integers(1, 5))
    for number in range(HEADERS):
        rows[number][17:] = rows[number][17 + by :] + rows[number][17 : 17 + by]
    return written(rows)


def off_design(sample: Sample, generator: np.random.Generator) -> bytes:
    rows = table(sample)
    column = place(rows, str(generator.choice(["regime", "treaty", "capability", "action", "response"])))
    cell = str(generator.choice(["unknown", "nan", "None", "0", "Democracy?", "[object Object]"]))
    return changed(sample, any_row(rows, generator), column, cell)


def padded(sample: Sample, generator: np.random.Generator) -> bytes:
    """Blanks around codes and levels, and empty lines between rows: nothing is lost."""
    rows = table(sample)
    for row in rows[HEADERS:]:
        column = any_column(rows, generator)
        if rows[0][column] not in ("COMMENT", "PANEL", "ZIP"):
            row[column] = f"{row[column]} " if row[column] else ""
    return written(rows) + b"\n" * int(generator.integers(3))


CORRUPTIONS: Final[dict[str, Corrupt]] = {
    each.__name__: each
    for each in (
        cut_csv, cut_other, wrong_survey, joined_same, joined_other, column_absent, recoded, recoded_labels,
        headers_deleted, spreadsheet_dates, shortened_numbers, zeros_lost, semicolons, mixed_encodings, garbled, bomb,
        entities, formula, made_a_date, ragged, open_mark, zero_bytes, shifted_names, off_design, padded,
    )
}  # fmt: skip

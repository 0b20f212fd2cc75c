"""One export rewritten into the formats and settings in which Qualtrics exports the same responses."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

import pandas as pd
import pyreadstat

Format = Literal["csv", "sav", "xml", "json", "ndjson"]
Headers = Literal["json", "repr", "ids", "texts", "legacy", "one", "alike"]
Record = list[str]

TIMES: Final = ("startDate", "endDate", "recordedDate")
NUMBERS: Final = ("status", "progress", "duration", "finished")
CHOICE: Final = "choice"
SEPARATORS: Final = {"several": ",", "order": "|"}
LEGACY: Final = {"_recordId": "ResponseID", "externalDataReference": "ExternalDataReference"}
"""Columns that legacy exports call V1, V2 and so on; their second row has these names."""


@dataclass(frozen=True)
class Field:
    """A column: its name, question text and ImportId; for several choices the words of each code.

    `words` says that it holds the words of the codes in the column before it.
    """

    name: str
    text: str
    id: str
    kind: Literal["plain", "question", "several", "order", "choice", "time"] = "plain"
    choices: Mapping[str, str] = field(default_factory=dict)
    words: bool = False


@dataclass(frozen=True)
class Sample:
    """The same responses as codes and as words."""

    fields: Sequence[Field]
    codes: Sequence[Record]
    words: Sequence[Record]
    zone: str

    def without(self, place: int, fields: Sequence[Field], cells: Callable[[str, bool], Record]) -> "Sample":
        """The sample with other columns in the place of one; their cells follow from its code."""
        tables = [
            [
                [*row[:place], *cells(coded[place], worded), *row[place + 1 :]]
                for coded, row in zip(self.codes, table, strict=True)
            ]
            for worded, table in ((False, self.codes), (True, self.words))
        ]
        made = [*self.fields[:place], *fields, *self.fields[place + 1 :]]
        return replace(self, fields=made, codes=tables[0], words=tables[1])


@dataclass(frozen=True)
class Setting:
    """How an export is written."""

    format: Format = "csv"
    headers: Headers = "json"
    values: Literal["codes", "words"] = "codes"
    encoding: str = "utf-8"
    separator: str = ","
    ending: str = "\n"
    split: bool = False
    unanswered: bool = False
    zone: str = "America/Denver"
    zipped: bool = False
    beside: bool = False
    by: Literal["id", "name"] = "id"

    @property
    def says_zone(self) -> bool:
        return self.format in ("json", "ndjson") or (self.format == "csv" and self.headers in ("json", "ids", "alike"))


def sample_of(codes: str, words: str) -> Sample:
    """The sample in two exports with three header rows."""
    names, texts, ids, *coded = csv.reader(io.StringIO(codes))
    worded = list(csv.reader(io.StringIO(words)))[3:]
    pairs = [json.loads(each) for each in ids]
    zone = next(each["timeZone"] for each in pairs if "timeZone" in each)
    fields = [
        Field(name, text, each["ImportId"], "time" if each["ImportId"] in TIMES else _kind(each["ImportId"]))
        for name, text, each in zip(names, texts, pairs, strict=True)
    ]
    return Sample(fields, coded, worded, zone)


def _kind(number: str) -> Literal["question", "plain"]:
    return "question" if re.match(r"(\d+_)?QID", number) else "plain"


def transcoded(sample: Sample, setting: Setting) -> bytes:
    """The sample as a file of that setting."""
    changed = _zoned(sample, setting.zone if setting.format not in ("json", "ndjson") else "UTC")
    if setting.split or setting.format == "sav":
        legacy = setting.format == "csv" and setting.headers == "legacy"
        changed = _split(changed, "0" if setting.unanswered else "", legacy)
    if setting.unanswered:
        changed = _unanswered(changed)
    if setting.beside:
        changed = _with_words_beside(changed)
    content = _FORMATS[setting.format](changed, setting)
    return _zipped(content, f"Survey.{setting.format}") if setting.zipped else content


# ------------------------------------------------------------------------------------------------ settings


def _zoned(sample: Sample, zone: str) -> Sample:
    times = [place for place, each in enumerate(sample.fields) if each.kind == "time"]

    def moved(row: Record) -> Record:
        return [_moved(cell, sample.zone, zone) if place in times else cell for place, cell in enumerate(row)]

    return replace(sample, codes=[*map(moved, sample.codes)], words=[*map(moved, sample.words)], zone=zone)


def _moved(cell: str, zone: str, other: str) -> str:
    there = datetime.fromisoformat(cell).replace(tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo(other))
    return there.strftime("%Y-%m-%d %H:%M:%S")


def _split(sample: Sample, empty: str, legacy: bool) -> Sample:
    """Several choices as a column for each; what was not chosen is empty, or `empty` where the question was seen."""
    for place in range(len(sample.fields) - 1, -1, -1):
        column = sample.fields[place]
        if column.kind in SEPARATORS:
            numbered = legacy and column.kind == "several"
            made = [
                Field(
                    f"{column.name}_{n if numbered else code}", f"{column.text} - {word}", f"{column.id}_{code}", CHOICE
                )
                for n, (code, word) in enumerate(column.choices.items(), 1)
            ]
            sample = sample.without(place, made, _columns(column, empty, legacy))
    return sample


def _columns(column: Field, empty: str, legacy: bool) -> Callable[[str, bool], Record]:
    def cells(cell: str, worded: bool) -> Record:
        chosen = cell.split(SEPARATORS[column.kind])
        if column.kind == "order":
            return [str(chosen.index(each) + 1) if each in chosen else "" for each in column.choices]
        shown = {code: "1" if legacy else word if worded else code for code, word in column.choices.items()}
        return [shown[each] if each in chosen else empty for each in column.choices]

    return cells


def _with_words_beside(sample: Sample) -> Sample:
    """Codes, and after each column whose words differ from them a column of these, of the same name and ImportId."""
    fields: list[Field] = []
    columns: list[Record] = []
    coded, worded = (zip(*table, strict=True) for table in (sample.codes, sample.words))
    for each, codes, words in zip(sample.fields, coded, worded, strict=True):
        labels = [replace(each, words=True)] * (codes != words)
        fields += [each, *labels]
        columns += [list(codes), *[list(words)] * len(labels)]
    rows = [list(row) for row in zip(*columns, strict=True)]
    return replace(sample, fields=fields, codes=rows, words=rows)


def _unanswered(sample: Sample) -> Sample:
    asked = [place for place, each in enumerate(sample.fields) if each.kind in ("question", "several")]

    def told(row: Record) -> Record:
        return ["-99" if not cell and place in asked else cell for place, cell in enumerate(row)]

    return replace(sample, codes=[*map(told, sample.codes)], words=[*map(told, sample.words)])


def _zipped(content: bytes, name: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return stream.getvalue()


# ------------------------------------------------------------------------------------------------ formats


def _csv(sample: Sample, setting: Setting) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=setting.separator, lineterminator=setting.ending)
    writer.writerows(_header(sample, setting.headers))
    writer.writerows(sample.codes if setting.values == "codes" else sample.words)
    return stream.getvalue().encode(setting.encoding)


def _header(sample: Sample, headers: Headers) -> Iterator[Record]:
    names, texts = [each.name for each in sample.fields], [each.text for each in sample.fields]
    if headers == "legacy":
        old = [LEGACY.get(each.id, each.name) for each in sample.fields]
        orders = [each.kind == "order" for each in sample.fields]
        names = [f"DO-BR-{name.removesuffix('_DO')}" if of else name for name, of in zip(names, orders, strict=True)]
        renamed = [each.id in LEGACY or each.kind == "time" for each in sample.fields]
        yield [f"V{place}" if new else name for place, (new, name) in enumerate(zip(renamed, names, strict=True), 1)]
        yield [name if new else text for new, name, text in zip(renamed, old, texts, strict=True)]
        return
    yield ["Q1" if headers == "alike" and each.kind != "plain" else each.name for each in sample.fields]
    if headers in ("json", "repr", "texts", "alike"):
        yield texts
    if headers in ("json", "ids", "alike"):
        yield [json.dumps(_import_id(each, sample.zone)) for each in sample.fields]
    if headers == "repr":
        yield [f"{{'ImportId': '{_old(each.id)}'}}" for each in sample.fields]


def _import_id(column: Field, zone: str) -> dict[str, Any]:
    pairs: dict[str, Any] = {"ImportId": column.id}
    pairs |= {"timeZone": zone} if column.kind == "time" else {}
    return pairs | ({"isLabelsColumn": True} if column.words else {})


def _old(number: str) -> str:
    """The ImportId as exports of 2016 wrote it."""
    known = {"_recordId": "responseId", "externalDataReference": "panel-ExternalDataReference"}
    if number.startswith("recipient"):
        return f"panel-R{number[1:]}"
    if number.startswith("location"):
        return f"Location-L{number[1:]}"
    return known.get(number, re.sub(r"(QID\d+)_", r"\1-", number))


def _sav(sample: Sample, setting: Setting) -> bytes:
    columns, labels, texts = {}, {}, {}
    for place, each in enumerate(sample.fields):
        name = _spss_name(each.name)
        codes = [row[place] for row in sample.codes]
        pairs = {(code, row[place]) for code, row in zip(codes, sample.words, strict=True) if code not in ("", "-99")}
        texts[name] = each.text
        columns[name] = _spss_column(each, codes)
        if any(code != word for code, word in pairs):
            labels[name] = {float(code): word for code, word in pairs}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "there.sav"
        pyreadstat.write_sav(pd.DataFrame(columns), path, column_labels=texts, variable_value_labels=labels)
        return path.read_bytes()


def _spss_column(column: Field, codes: Record) -> Any:
    if column.kind == "time":
        return pd.to_datetime(pd.Series(codes))
    numbers = all(re.fullmatch(r"-?\d+(\.\d+)?", each) for each in codes if each)
    if numbers and (column.kind in ("question", "choice") or column.id in NUMBERS):
        return pd.Series([float(each) if each else None for each in codes], dtype=float)
    return codes


def _spss_name(name: str) -> str:
    return re.sub(r"^(?=\d)", "V", re.sub(r"\W", "_", name))


def _xml(sample: Sample, setting: Setting) -> bytes:
    tags = [re.sub(r"[^\w.-]", "_", each.id if setting.by == "id" else each.name) for each in sample.fields]
    tags = [re.sub(r"^(?=\d)", "_", each) for each in tags]
    lines = [f'<?xml version="1.0" encoding="{setting.encoding}"?>', "<Responses>"]
    for row in sample.codes if setting.values == "codes" else sample.words:
        cells = [f"<{tag}>{escape(cell)}</{tag}>" for tag, cell in zip(tags, row, strict=True)]
        lines.append(f"<Response>{''.join(cells)}</Response>")
    return (setting.ending.join([*lines, "</Responses>"])).encode(setting.encoding)


def _responses(sample: Sample) -> Iterator[dict[str, Any]]:
    for codes, words in zip(sample.codes, sample.words, strict=True):
        values, labels = {}, {}
        for each, code, word in zip(sample.fields, codes, words, strict=True):
            if code:
                values[each.id] = _json_value(each, code)
            if code != word:
                labels[each.id] = [each.choices[one] for one in code.split(",")] if each.kind == "several" else word
        yield {"responseId": values["_recordId"], "values": values, "labels": labels}


def _json_value(column: Field, cell: str) -> Any:
    if column.kind == "time":
        return cell.replace(" ", "T") + (".380Z" if column.id == "recordedDate" else "Z")
    if column.kind == "several" and cell != "-99":
        return cell.split(",")
    numeric = re.fullmatch(r"-?[1-9]\d{0,8}|0", cell) and not column.id.endswith("_TEXT")
    return int(cell) if numeric else cell


def _json(sample: Sample, setting: Setting) -> bytes:
    return json.dumps({"responses": list(_responses(sample))}, indent=1).encode(setting.encoding)


def _ndjson(sample: Sample, setting: Setting) -> bytes:
    return "".join(json.dumps(each) + setting.ending for each in _responses(sample)).encode(setting.encoding)


_FORMATS: Final[Mapping[Format, Callable[[Sample, Setting], bytes]]] = {
    "csv": _csv,
    "sav": _sav,
    "xml": _xml,
    "json": _json,
    "ndjson": _ndjson,
}

"""One small export, written with every kind of header rows, and the codebook that explains it."""

import csv
import io
import json
from collections.abc import Sequence

from vignetta.codebook import RECORD, Category, Codebook, Variable

STUDY = (
    Variable(
        name="consent",
        role="consent",
        kind="category",
        import_id="QID1",
        column="consent",
        categories=(
            Category(code="1", level="agree", label="I agree"),
            Category(code="2", level="decline", label="I do not agree"),
        ),
    ),
    Variable(
        name="attention",
        role="attention",
        kind="category",
        import_id="QID2",
        column="attention",
        about="radio",
        categories=(
            Category(code="4", level="television", label="Television"),
            Category(code="5", level="radio", label="Radio"),
            Category(code="6", level="none", label="None"),
        ),
    ),
    Variable(
        name="regime",
        role="factor",
        kind="category",
        import_id="regime",
        column="regime",
        categories=(
            Category(code="None", level="None", label="No regime named"),
            Category(code="democracy", level="democracy", label="Democracy"),
            Category(code="NA", level="NA", label="North Atlantic"),
        ),
    ),
    Variable(
        name="regime_text", role="wording", kind="text", import_id="regime_text", column="regime_text", about="regime"
    ),
    Variable(
        name="approval",
        role="outcome",
        kind="scale",
        import_id="QID4_1",
        column="approval_1",
        categories=tuple(
            Category(code=str(3 + place), level=word.lower(), label=f"<b>{word}</b>&nbsp;", value=place)
            for place, word in enumerate(("Oppose", "Neither", "Support"), start=-1)
        ),
    ),
    Variable(
        name="education",
        role="covariate",
        kind="ordered",
        import_id="QID5",
        column="education",
        categories=(
            Category(code="1", level="low", label="School"),
            Category(code="3", level="middle", label="College, some"),
            Category(code="2", level="high", label="Degree"),
        ),
    ),
    Variable(
        name="news",
        role="covariate",
        kind="multiple",
        import_id="QID6",
        column="news",
        categories=(
            Category(code="1", level="paper", label="Paper"),
            Category(code="2", level="radio", label="Radio, in a car"),
            Category(code="3", level="web", label="Web"),
        ),
    ),
    Variable(
        name="age",
        role="covariate",
        kind="number",
        import_id="QID7_TEXT",
        column="age",
        minimum=18,
        maximum=110,
    ),
    Variable(name="comment", role="other", kind="text", import_id="QID8_TEXT", column="comment"),
    Variable(
        name="recall_regime",
        role="recall",
        kind="category",
        import_id="QID9",
        column="recall",
        about="regime",
        categories=(
            Category(code="1", level="None", label="None was named"),
            Category(code="2", level="democracy", label="A democracy"),
            Category(code="3", level="NA", label="North Atlantic"),
            Category(code="9", level="unsure", label="I do not remember"),
        ),
    ),
    Variable(name="data_source", role="source", kind="text", import_id="data_source", column="data_source"),
)
CODEBOOK = Codebook(variables=(*RECORD, *STUDY))

REGULAR = {
    "StartDate": "2026-03-01 09:00:00",
    "EndDate": "2026-03-01 09:04:00",
    "Status": "0",
    "IPAddress": "192.0.2.1",
    "Progress": "100",
    "Duration (in seconds)": "240",
    "Finished": "1",
    "RecordedDate": "2026-03-01 09:04:01",
    "ResponseId": "R_1",
    "RecipientLastName": "Surname-secret",
    "RecipientFirstName": "Forename-secret",
    "RecipientEmail": "secret@example.org",
    "ExternalReference": "REF-secret",
    "LocationLatitude": "52.123456",
    "LocationLongitude": "4.654321",
    "DistributionChannel": "anonymous",
    "UserLanguage": "EN",
    "consent": "1",
    "attention": "5",
    "regime": "democracy",
    "regime_text": "a secret wording",
    "approval_1": "4",
    "education": "2",
    "news": "1,3",
    "age": "42",
    "comment": "Fine",
    "recall": "2",
    "data_source": "",
}
OTHERS = [
    {"ResponseId": "R_2", "IPAddress": "192.0.2.2", "regime": "None", "recall": "1", "news": "2", "comment": "NA"},
    {
        "ResponseId": "R_3",
        "IPAddress": "192.0.2.3",
        "regime": "NA",
        "recall": "3",
        "approval_1": "2",
        "education": "3",
        "news": "",
        "comment": 'Two lines,\nwith "marks" and é',
    },
]
TO_LABELS = {"Status": {"0": "IP Address"}, "Finished": {"0": "False", "1": "True"}}
for _each in STUDY:
    if _each.role not in ("factor", "source") and _each.kind != "multiple":
        TO_LABELS[_each.column] = {c.code: " ".join(c.label.split()) for c in _each.categories}
TO_LABELS["approval_1"] = {"2": "Oppose", "3": "Neither", "4": "Support"}
TO_LABELS["news"] = {"1,3": "Paper,Web", "2": "Radio, in a car"}

Row = dict[str, str]


def rows(*changes: Row) -> list[Row]:
    """Regular responses, each with an id of its own and some cells changed."""
    return [REGULAR | {"ResponseId": f"R_{place}"} | each for place, each in enumerate(changes, 1)]


def in_labels(data: Sequence[Row]) -> list[Row]:
    return [{name: TO_LABELS.get(name, {}).get(cell, cell) for name, cell in each.items()} for each in data]


def import_id(name: str) -> str:
    return next((each.import_id for each in CODEBOOK.variables if each.column == name), name)


def export_text(data: Sequence[Row], headers: str = "json", separator: str = ",", ending: str = "\n") -> str:
    """The export of some responses. `headers` is json, repr, ids, texts or one."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=separator, lineterminator=ending)
    names = list(data[0])
    writer.writerow(names)
    if headers in ("json", "repr", "texts"):
        writer.writerow([f"What is\n{name.rstrip('_1234567890')}?" for name in names])
    if headers in ("json", "ids"):
        writer.writerow([json.dumps({"ImportId": import_id(name), "timeZone": "UTC"}) for name in names])
    if headers == "repr":
        old = {"_recordId": "responseId", "locationLatitude": "Location-LocationLatitude", "QID4_1": "QID4-1"}
        old |= {"recipientEmail": "panel-RecipientEmail", "QID7_TEXT": "QID7-TEXT"}
        writer.writerow([f"{{'ImportId': '{old.get(import_id(name), import_id(name))}'}}" for name in names])
    writer.writerows([list(each.values()) for each in data])
    return stream.getvalue()

"""What each column of an export means: the contract between whoever makes an instrument and whoever cleans its data."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field, ValidationError

from vignetta.declared import Declared, Finding, as_number
from vignetta.errors import Problem, StudyError, near_miss

Role = Literal[
    "identifier",
    "record",
    "personal",
    "consent",
    "factor",
    "wording",
    "vignette",
    "outcome",
    "score",
    "recall",
    "attention",
    "covariate",
    "source",
    "open",
    "other",
]
"""record: what the survey platform notes of every response (status, times). personal: known to identify somebody, left
behind by cleaning. wording: the words shown for a factor's level. source: says that a response is simulated. score:
computed from other variables; `about` says how. open: words that respondents wrote themselves, which may hold personal
data; never analysed."""
Kind = Literal["category", "ordered", "scale", "chosen", "multiple", "number", "text", "time", "flag"]
"""category and ordered: one of the categories. scale: a number with labelled points. chosen: which profile of a task;
the categories' values are the profiles' numbers, 0 for none of them. multiple: several categories."""

CATEGORICAL: Final = ("category", "ordered", "scale", "chosen", "multiple", "flag")
_PLACE: Final = ("task", "profile")


class Category(Declared):
    """One of the answers that a column holds."""

    code: str = Field(description="what the export writes when values are exported as numbers or codes")
    level: str = Field(description="what the clean data write")
    label: str = Field("", description="the words shown, which the export writes when it is one of texts")
    value: float | None = Field(None, allow_inf_nan=False, description="for scale and chosen: the number")


class Variable(Declared):
    """One column of the clean data and where it comes from."""

    name: str = Field(min_length=1, description="the clean column")
    role: Role = Field(description="what it is in the study")
    kind: Kind = Field(description="how its values are read")
    import_id: str = Field("", description="the export's ImportId, which names a column for certain")
    column: str = Field("", description="the export's column name")
    label: str = Field("", description="the words for tables and figures")
    question: str = Field("", description="the words that the respondent read")
    about: str = Field(
        "",
        description="for recall and wording: the factor; for attention: the right level; for a score: how it is made",
    )
    task: int = Field(0, ge=0, description="the task that it is about, from 1; 0 when it is about the respondent")
    profile: int = Field(0, ge=0, description="the profile of the task, from 1; 0 when it is about no single one")
    minimum: float | None = Field(None, allow_inf_nan=False)
    maximum: float | None = Field(None, allow_inf_nan=False)
    categories: tuple[Category, ...] = ()

    @property
    def levels(self) -> list[str]:
        return [each.level for each in self.categories]

    @property
    def full_name(self) -> str:
        """The name with task and profile, which tells variables of one name apart: `regime (task 2, profile 1)`."""
        return _full_name(self.name, self.task, self.profile)

    @classmethod
    def inconsistencies(cls, data: Mapping[str, Any], context: Any) -> Iterator[Finding]:
        if data.get("kind") in ("category", "ordered", "scale", "chosen") and not data.get("categories"):
            yield (), f"a {data['kind']} variable needs categories.", "Add a row with `code` and `level` per answer."
        if data.get("role") != "score" and not data.get("import_id") and not data.get("column"):
            yield (), "neither `import_id` nor `column` says where it is.", "Give the export's column name."
        if _whole(data.get("profile")) and not _whole(data.get("task")):
            yield ("profile",), "a profile needs a task.", "Give the number of the `task` to which it belongs."
        if data.get("kind") == "chosen":
            yield from _choice_findings(data)


def _choice_findings(variable: Mapping[str, Any]) -> Iterator[Finding]:
    if not _whole(variable.get("task")) or _whole(variable.get("profile")):
        remedy = "Give its `task`, and leave `profile` empty."
        yield ("kind",), "which profile was chosen is about a task as a whole.", remedy
    without = [each.get("level") for each in map(_said, variable.get("categories") or ()) if each.get("value") is None]
    if without:
        what = f"nothing says which profile is chosen by {', '.join(f'`{each}`' for each in without)}."
        yield ("categories",), what, "Fill in `category_value` with the profile's number for every category."


class Codebook(Declared):
    """All variables of an instrument, in the order of the clean columns."""

    variables: tuple[Variable, ...]

    def __getitem__(self, name: str) -> Variable:
        """The variable of that name; of those of several tasks or profiles the first."""
        for each in self.variables:
            if each.name == name:
                return each
        raise KeyError(f"the codebook has no variable `{name}`. {near_miss(name, self.names)}")

    @property
    def names(self) -> list[str]:
        """The clean columns: every name once, in order."""
        return list(dict.fromkeys(each.name for each in self.variables))

    @property
    def tasks(self) -> list[int]:
        """The numbers of the tasks that variables are about; none when a respondent has a single response."""
        return sorted({each.task for each in self.variables} - {0})

    @property
    def profiles(self) -> list[int]:
        """The numbers of the profiles that variables are about; none when a task has no sides."""
        return sorted({each.profile for each in self.variables} - {0})

    def with_role(self, *roles: Role) -> list[Variable]:
        """The variables that play one of the roles, in order."""
        return [each for each in self.variables if each.role in roles]

    @classmethod
    def inconsistencies(cls, data: Mapping[str, Any], context: Any) -> Iterator[Finding]:
        variables = [_said(each) for each in data.get("variables") or ()]
        full = [_full_name(each.get("name"), *(_whole(each.get(key)) for key in _PLACE)) for each in variables]
        for name, n in Counter(full).items():
            if n > 1:
                remedy = "Rename one, or correct its `task` and `profile`."
                yield ("variables", full.index(name)), f"two variables are called `{name}`.", remedy
        first: dict[str, int] = {}
        for place, each in enumerate(variables):
            before = first.setdefault(str(each.get("name")), place)
            differing = _differing(variables[before], each)
            if differing:
                what = f"`{full[place]}` and `{full[before]}` differ in {', '.join(differing)}."
                yield ("variables", place), what, "Variables of one name are one clean column: make them agree."


def _full_name(name: object, task: int, profile: int) -> str:
    if not task:
        return str(name)
    return f"{name} (task {task}, profile {profile})" if profile else f"{name} (task {task})"


def _whole(written: Any) -> int:
    return int(as_number(written) or 0)


def _said(declared: Any) -> Mapping[str, Any]:
    """What a variable or category says of itself, whether it was checked already or not."""
    return dict(declared) if isinstance(declared, dict | Declared) else {}


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """In what two variables of one name differ that must be the same in both."""
    first, second = _in_common(one), _in_common(other)
    return [what for what in first if first[what] != second[what]]


def _in_common(variable: Mapping[str, Any]) -> Mapping[str, object]:
    categories = [_said(each) for each in variable.get("categories") or ()]
    numeric = variable.get("kind") in ("scale", "chosen")
    return {
        "role": variable.get("role"),
        "kind": variable.get("kind"),
        "levels": list(dict.fromkeys(each.get("level") for each in categories)),
        "values": {(each.get("level"), as_number(each.get("value"))) for each in categories} if numeric else set(),
        "having a task": bool(_whole(variable.get("task"))),
        "having a profile": bool(_whole(variable.get("profile"))),
    }


# ------------------------------------------------------------------------------------ what Qualtrics always exports

_STATUS = ("0=IP Address 1=Survey Preview 2=Survey Test 4=Imported 8=Spam 9=Survey Preview Spam 12=Imported Spam "
           "16=Offline 17=Offline Survey Preview 32=EX 40=EX Spam 48=EX Offline")  # fmt: skip


def _statuses() -> Iterator[Category]:
    for code, label in re.findall(r"(\d+)=([A-Za-z ]+?)(?= \d|$)", _STATUS):
        yield Category(code=code, level=label.lower().replace(" ", "_"), label=label)


def _record(name: str, kind: Kind, import_id: str, column: str, *categories: Category) -> Variable:
    return Variable(name=name, role="record", kind=kind, import_id=import_id, column=column, categories=categories)


def _personal(name: str, import_id: str, column: str) -> Variable:
    return Variable(name=name, role="personal", kind="text", import_id=import_id, column=column)


RECORD: Final[tuple[Variable, ...]] = (
    _record("started", "time", "startDate", "StartDate"),
    _record("ended", "time", "endDate", "EndDate"),
    _record("status", "category", "status", "Status", *_statuses()),
    _personal("ip_address", "ipAddress", "IPAddress"),
    _record("progress", "number", "progress", "Progress"),
    _record("duration", "number", "duration", "Duration (in seconds)"),
    _record(
        "finished",
        "flag",
        "finished",
        "Finished",
        Category(code="0", level="false", label="False"),
        Category(code="1", level="true", label="True"),
    ),
    _record("recorded", "time", "recordedDate", "RecordedDate"),
    Variable(name="response_id", role="identifier", kind="text", import_id="_recordId", column="ResponseId"),
    _personal("last_name", "recipientLastName", "RecipientLastName"),
    _personal("first_name", "recipientFirstName", "RecipientFirstName"),
    _personal("email", "recipientEmail", "RecipientEmail"),
    _personal("external_reference", "externalDataReference", "ExternalReference"),
    _personal("latitude", "locationLatitude", "LocationLatitude"),
    _personal("longitude", "locationLongitude", "LocationLongitude"),
    _record("channel", "text", "distributionChannel", "DistributionChannel"),
    _record("language", "text", "userLanguage", "UserLanguage"),
)
"""The columns with which every Qualtrics export begins, in their order."""


# ---------------------------------------------------------------------------------------------------- as a CSV file

_OF_VARIABLE = [each for each in Variable.model_fields if each != "categories"]
_OF_CATEGORY = list(Category.model_fields)
CODEBOOK_COLUMNS: Final[list[str]] = _OF_VARIABLE + [f"category_{each}" for each in _OF_CATEGORY]


def codebook_csv(codebook: Codebook) -> str:
    """The codebook as CSV: one row per category, or one per variable without categories.

    What a variable says of itself stands in its first row; the rows below it hold what tells it apart (name, task and
    profile) and further categories.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CODEBOOK_COLUMNS)
    for each in codebook.variables:
        writer.writerows(_rows(each))
    return text.getvalue()


def _rows(variable: Variable) -> Iterator[list[str]]:
    own = [_cell(getattr(variable, each)) for each in _OF_VARIABLE]
    blank = ["" for _ in _OF_CATEGORY]
    rows = [[_cell(getattr(each, key)) for key in _OF_CATEGORY] for each in variable.categories] or [blank]
    yield own + rows[0]
    again = [cell if key in ("name", *_PLACE) else "" for key, cell in zip(_OF_VARIABLE, own, strict=True)]
    for each in rows[1:]:
        yield again + each


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, int) and value == 0):
        return ""
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def read_codebook(path: str | Path, *, shown: str = "") -> Codebook:
    """Read a codebook from a CSV file in UTF-8, separated by commas or, as some spreadsheets save it, semicolons.

    `shown` is the file's name in messages. Raises `StudyError` with every problem and its row.
    """
    path = Path(path)
    shown = shown or path.name
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise StudyError(Problem(shown, "the file does not exist.", "`vignetta build` or `import` makes it.")) from None
    except UnicodeDecodeError:
        raise StudyError(Problem(shown, "the file is not in UTF-8.", "Save it as CSV UTF-8.")) from None
    return codebook_of_csv(text, shown=shown)


def codebook_of_csv(text: str, *, shown: str) -> Codebook:
    """The codebook that a CSV text holds, as `codebook_csv` writes it."""
    header = text.partition("\n")[0]
    separator = ";" if ";" in header and "," not in header else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), restval="", delimiter=separator)
    surplus = set(reader.fieldnames or ()) ^ set(CODEBOOK_COLUMNS)
    if surplus:
        what = f"columns missing or unknown: {', '.join(sorted(map(str, surplus)))}."
        raise StudyError(Problem(f"{shown}:1", what, f"The columns are {', '.join(CODEBOOK_COLUMNS)}."))
    variables: list[dict[str, Any]] = []
    lines: list[int] = []
    for row in reader:
        if not variables or not _continues(row, variables[-1]):
            variables.append({key: row[key] for key in _OF_VARIABLE if row[key] != ""} | {"categories": []})
            lines.append(reader.line_num)
        category = {key: row[f"category_{key}"] for key in _OF_CATEGORY if row[f"category_{key}"] != ""}
        variables[-1]["categories"] += [category] if category else []
    return _checked(variables, lines, shown)


def _continues(row: Mapping[str, str], variable: Mapping[str, Any]) -> bool:
    """Whether a row is about the variable above it: it has the name, and says nothing else of the variable."""
    same = row["name"] == variable.get("name")
    return same and all(row[key] in ("", variable.get(key, "")) for key in _OF_VARIABLE)


def _checked(variables: list[dict[str, Any]], lines: list[int], shown: str) -> Codebook:
    try:
        return Codebook.model_validate({"variables": variables})
    except ValidationError as error:
        found = error.errors()
    problems = []
    for each in found:
        place = each["loc"][1] if len(each["loc"]) > 1 else 0
        context = each.get("ctx", {})
        name = variables[int(place)].get("name", "")
        problems.append(
            Problem(f"{shown}:{lines[int(place)]} {name}", context.get("what", each["msg"]), context.get("remedy", ""))
        )
    raise StudyError(problems)

"""Files written by people: YAML 1.2 with positions, read into frozen models, all problems of a file at once.

Every scalar is the text that was written: `no`, `on`, `null`, `1.0` stay as they are, and a model turns a text into a
number only where it declares one.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Annotated, Any, Final, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from vignetta.errors import Problem, StudyError, near_miss

Location = tuple[str | int, ...]
Finding = tuple[Location, str, str]
"""Where below the model (keys and positions), what, remedy."""
NAME = r"^[A-Za-z][A-Za-z0-9_]*$"
DAY = r"^(\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]))?$"
LevelName = Annotated[str, Field(min_length=1, pattern=r"^[^\s;|](?:[^\n;|]*[^\s;|])?$")]
"""Levels and answers are listed with `; ` and `|` between them."""


# ------------------------------------------------------------------------------------------------------ the models


class Declared(BaseModel):
    """Base of everything declared: frozen, no unknown keys, and every problem is reported, not only the first."""

    model_config = ConfigDict(frozen=True, extra="ignore", json_schema_extra={"additionalProperties": False})

    @classmethod
    def inconsistencies(cls, data: Mapping[str, Any], context: Any) -> Iterator[Finding]:
        """Problems between the keys of `data`, which may be broken in other ways; `context` is the reader's."""
        yield from ()

    @model_validator(mode="wrap")
    @classmethod
    def _report_all(cls, data: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        found = [*cls._key_findings(data), *cls.inconsistencies(data, info.context)] if isinstance(data, dict) else []
        model = None
        try:
            model = handler(data)
        except ValidationError as error:
            found += [
                _finding(each) for each in error.errors() if each["type"] != "missing" and not _is_empty(data, each)
            ]
        if found or model is None:
            raise ValidationError.from_exception_data(cls.__name__, [_details(each) for each in dict.fromkeys(found)])
        return model

    @classmethod
    def _key_findings(cls, data: Mapping[str, Any]) -> Iterator[Finding]:
        for key in data.keys() - cls.model_fields.keys():
            yield (
                (key,),
                f"unknown key `{key}`.",
                _QUOTED if _is_cut(key, data[key]) else near_miss(key, cls.model_fields),
            )
        for key, spec in cls.model_fields.items():
            if key in data and data[key] is None:
                yield (key,), "nothing stands here.", "Write what belongs here, or remove the key."
            if key not in data and spec.is_required():
                yield (), f"`{key}` is missing.", f"Add `{key}:` ({spec.description})." if spec.description else ""


def _is_empty(data: Any, error: Any) -> bool:
    return isinstance(data, dict) and len(error["loc"]) == 1 and data.get(error["loc"][0], "") is None


def _is_cut(key: Any, value: Any) -> bool:
    """Whether a key is the rest of a text that a comma between braces has ended: `{text: Yes, of course}`."""
    return value is None and " " in str(key)


_QUOTED = "Between braces a comma ends a text: put a text with a comma between quotation marks."


def _details(finding: Finding) -> InitErrorDetails:
    where, what, remedy = finding
    return {
        "type": PydanticCustomError("finding", "{what}", {"what": what, "remedy": remedy}),
        "loc": where,
        "input": None,
    }


def _finding(error: Any) -> Finding:
    context = error.get("ctx", {})
    if error["type"] == "finding":
        return error["loc"], context["what"], context["remedy"]
    what, remedy = _WORDS.get(error["type"], ("", "")) if context.get("pattern") != DAY else _DAY
    written = error["input"] if isinstance(error["input"], str) else _kind(error["input"])
    if not what:
        return error["loc"], f"{error['msg'].replace('Input should', 'it should')}, not `{written}`.", ""
    return error["loc"], what.format(written=written, **context), remedy.format(written=written, **context)


def _kind(value: Any) -> str:
    return {dict: "a mapping", list: "a list", type(None): "empty"}.get(type(value), str(value))


_DAY = ("`{written}` is not a day.", "Write year, month and day as in 2026-03-01.")
_NUMBER = ("a number was expected, not `{written}`.", "Write it in digits.")
_WHOLE = ("a whole number was expected, not `{written}`.", "Write it in digits.")
_MAPPING = ("a mapping (`key: value` lines) was expected, not `{written}`.", "Indent the keys under it.")
_LIST = ("a list was expected, not `{written}`.", "Begin each item with `- `.")
_FLAG = ("`true` or `false` was expected, not `{written}`.", "")
_WORDS: Mapping[str, tuple[str, str]] = {
    "int_parsing": _WHOLE,
    "int_type": _WHOLE,
    "int_from_float": _WHOLE,
    "float_parsing": _NUMBER,
    "float_type": _NUMBER,
    "finite_number": _NUMBER,
    "bool_parsing": _FLAG,
    "bool_type": _FLAG,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "dict_type": _MAPPING,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "string_type": ("a text was expected, not `{written}`.", "Put it between quotation marks, or remove the key."),
    "too_short": ("there should be at least {min_length} here, not {actual_length}.", "Add what is missing."),
    "too_long": ("there should be at most {max_length} here, not {actual_length}.", "Remove what is too much."),
    "literal_error": ("`{written}` is not known here.", "Write one of {expected}."),
    "string_pattern_mismatch": (
        "`{written}` cannot be a name.",
        "Use letters, digits and underscores, beginning with a letter.",
    ),
}


def finding(what: str, remedy: str = "") -> PydanticCustomError:
    """An error for validators to raise: a sentence and what to do about it."""
    return PydanticCustomError("finding", "{what}", {"what": what, "remedy": remedy})


def _nameless(schema: dict[str, Any]) -> None:
    schema["additionalProperties"] = False
    del schema["properties"]["name"]
    schema["required"].remove("name")


class Keyed(Declared):
    """An entry of a mapping whose keys are names."""

    model_config = ConfigDict(json_schema_extra=_nameless)

    name: str = Field(pattern=NAME)


def _named(value: Any) -> Any:
    """Give each entry of a mapping its key as `name`."""
    if not isinstance(value, dict):
        return value
    return {key: {**each, "name": key} if isinstance(each, dict) else each for key, each in value.items()}


Named = BeforeValidator(_named)
"""Marks a mapping whose keys are the names of its entries: `dict[str, Factor]`."""


@dataclass(frozen=True)
class Languages:
    """What a reader tells the texts: the languages that each of them needs."""

    languages: tuple[str, ...]


def _texts(value: Any, info: ValidationInfo) -> Any:
    languages: tuple[str, ...] = getattr(info.context, "languages", ())
    if value is None or value == "":
        raise finding("the text is empty.", "Write the words that people read.")
    if isinstance(value, str):
        value = {"": value}
    if not isinstance(value, dict) or not all(isinstance(each, str | None) for each in value.values()):
        raise finding(f"a text was expected, not {_kind(value)}.", "Write a text, or one text per language: `en: ...`.")
    if rest := [each for each, text in value.items() if _is_cut(each, text)]:
        raise finding(f"`{rest[0]}` stands apart from its text.", _QUOTED)
    if not value or any(not (each or "").strip() for each in value.values()):
        raise finding("the text is empty.", "Write the words that people read.")
    absent = [each for each in languages if each not in value and (len(languages) > 1 or "" not in value)]
    surplus = [each for each in value if each and languages and each not in languages]
    if absent or surplus:
        listed = ", ".join(f"`{each}`" for each in absent or surplus)
        if value.keys() == {""}:
            raise finding(f"this is one text, but the study has {listed}.", _LANGUAGES)
        raise finding(f"{'there is no text in' if absent else 'unknown language'} {listed}.", _LANGUAGES)
    return {language: each.strip() for language, each in value.items()}


_LANGUAGES = "Write one text for each of the study's `languages`, as `en: ...`."


Text = Annotated[
    dict[str, str],
    BeforeValidator(_texts),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}]}),
]
"""Words shown to people: one text, or one per language. A text without a language has the key `""`."""


def words(text: Mapping[str, str], language: str = "") -> str:
    """The text in a language; without one, the only text or that of the first language."""
    return text.get(language) or text.get("") or next(iter(text.values()))


def as_number(value: Any) -> float | None:
    """The finite number that a text says, if it says one."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if isfinite(number) else None


# ------------------------------------------------------------------------------------------------------- the files


@dataclass(frozen=True)
class Tree:
    """A YAML file as mappings, lists and texts, and the line on which each of them stands."""

    path: Path
    shown: str
    data: Any
    lines: Mapping[Location, int] = field(repr=False)

    def problem(self, found: Finding) -> Problem:
        where, what, remedy = found
        known = where
        while known not in self.lines:
            known = known[:-1]
        if len(known) < len(where) and not what.startswith("`"):
            what = f"`{where[len(known)]}`: {what}"
        return Problem(f"{self.shown}:{self.lines[known]} {dotted(known)}".rstrip(), what, remedy)


def dotted(where: Location) -> str:
    """A location as people write it.

    >>> dotted(("factors", "capability", "levels", 1, "text"))
    'factors.capability.levels[1].text'
    """
    return "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in where).removeprefix(".")


def read_tree(path: Path, *, shown: str = "") -> Tree:
    """Read a YAML file into mappings, lists and texts with their lines.

    `shown` is the name of the file in messages. Raises `StudyError` with every syntax problem.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    shown = shown or path.name
    try:
        node = YAML(typ="safe", pure=True).compose(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        raise StudyError(Problem(shown, "the file does not exist.", "`vignetta init` makes one.")) from None
    except UnicodeDecodeError as error:
        remedy = "Save it as UTF-8."
        raise StudyError(Problem(shown, f"byte {error.start} is not UTF-8.", remedy)) from None
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        what, remedy = next(
            (told for seen, told in _UNREADABLE.items() if seen in error.problem), (error.problem, _LOOK)
        )
        raise StudyError(Problem(f"{shown}:{line}", f"not readable as YAML: {what}.", remedy)) from None
    except (YAMLError, RecursionError) as error:
        raise StudyError(Problem(shown, f"not readable as YAML: {str(error).splitlines()[0]}.")) from None
    if node is None:
        raise StudyError(Problem(shown, "the file is empty.", "`vignetta init` makes one to start from."))
    lines: dict[Location, int] = {}
    problems: list[Problem] = []
    data = _value(node, (), lines, _Trouble(shown, problems))
    if problems:
        raise StudyError(problems)
    return Tree(path, shown, data, lines)


_LOOK: Final = "Check indentation, quotation marks and colons on this line and the one before."
_UNREADABLE: Final = {
    "mapping values are not allowed here": (
        "a colon is not expected here",
        "Put a text with a colon between quotation marks; else check the indentation.",
    ),
    "expected <block end>": (
        "the line begins further left or right than the lines it belongs to",
        "Indent it as they are; if it is, look for a quotation mark too few or too many.",
    ),
    "cannot start any token": (
        "a text cannot begin so",
        "Put it between quotation marks; indent with spaces, not tabs.",
    ),
    "but got '<scalar>'": (
        "a text ends before the end of its line",
        "Quotation marks within a text need others around it: `'Choose \"Green\".'`.",
    ),
}
"""What the parser says about a file: the same for people, and what to do."""


@dataclass(frozen=True)
class _Trouble:
    shown: str
    problems: list[Problem]

    def add(self, node: Any, where: Location, what: str, remedy: str) -> None:
        line = node.start_mark.line + 1
        self.problems.append(Problem(f"{self.shown}:{line} {dotted(where)}".rstrip(), what, remedy))


_UNSEEN: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
"""What neither XML nor a survey's page may hold."""


def _value(node: Any, where: Location, lines: dict[Location, int], trouble: _Trouble) -> Any:
    lines.setdefault(where, node.start_mark.line + 1)
    if node.anchor is not None:
        trouble.add(node, where, "anchors and aliases are not used in study files.", "Write the text out.")
        return ""
    if node.id == "mapping":
        return _mapping(node, where, lines, trouble)
    if node.id == "sequence":
        return [_value(each, (*where, place), lines, trouble) for place, each in enumerate(node.value)]
    if found := _UNSEEN.search(node.value):
        what = f"the text holds a character that nobody sees (U+{ord(found[0]):04X})."
        trouble.add(node, where, what, "Take it out; often it came along with a copied text.")
    return None if node.value == "" and node.style is None else node.value


def _mapping(node: Any, where: Location, lines: dict[Location, int], trouble: _Trouble) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key, each in node.value:
        if key.id != "scalar" or not key.value:
            trouble.add(key, where, "a key must be a word.", "Write `key: value`.")
            continue
        below = (*where, key.value)
        if key.value in data:
            first = lines[below]
            trouble.add(key, below, f"`{key.value}` stands here a second time (first on line {first}).", "Rename one.")
            continue
        lines[below] = key.start_mark.line + 1
        data[key.value] = _value(each, below, lines, trouble)
    return data


Model = TypeVar("Model", bound=Declared)


def parse(tree: Tree, model: type[Model], *, context: Any = None) -> Model:
    """The declared model of a tree. Raises `StudyError` with every problem, in the order of the lines."""
    if not isinstance(tree.data, dict):
        raise StudyError(
            Problem(f"{tree.shown}:1", "the file holds no `key: value` lines.", "`vignetta init` makes one.")
        )
    try:
        return model.model_validate(tree.data, context=context)
    except ValidationError as error:
        problems = [tree.problem(_finding(each)) for each in error.errors()]
    raise StudyError(sorted(dict.fromkeys(problems), key=lambda each: int(each.where.split(":")[1].split()[0])))

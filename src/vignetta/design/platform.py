"""How a survey is run where it is fielded: who sends the respondents, and where they go in the end."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, get_args

from pydantic import Field

from vignetta.declared import NAME, Declared, Finding, Keyed, Text
from vignetta.errors import near_miss

Provider = Literal["prolific", "lucid", "cint", "mturk", "other"]
Timed = Literal["vignette", "all", "none"]
CODE: Final = "{code}"
"""Where the completion code goes in the words that give it."""
_ID_FIELDS: Final[Mapping[str, str]] = {
    "prolific": "PROLIFIC_PID",
    "lucid": "rid",
    "cint": "rid",
    "mturk": "workerId",
}
_ADDRESSES: Final = ("completed", "screened_out", "over_quota")
FIELD: Final = re.compile(r"\{([^{}]*)\}")
"""A field of the link in an address."""


class SurveyOptions(Declared):
    """How the survey looks, and what it notes besides the answers."""

    browser: bool = Field(False, description="true to note browser, operating system and screen")
    captcha: Text | None = Field(None, description="the words above a box that shows that somebody is human")
    captcha_score: bool = Field(False, description="true to note how human Google's reCAPTCHA thinks somebody is")
    timing: Timed = Field("vignette", description="whose pages are timed: vignette, all (the outcomes' too), none")
    back_button: bool = Field(False, description="true to let people go back")
    progress_bar: bool = Field(False, description="true to show how far people are")


class Quota(Keyed):
    """A number of finished responses with given answers, after which others with these answers are turned away."""

    answers: dict[str, str] = Field(min_length=1, description="covariate: the answer that counts; of several, all")
    limit: int = Field(ge=1, description="how many responses are taken")


class Panel(Declared):
    """Who sends the respondents, how their links identify them, and where they are sent back to.

    An address may hold `{FIELD}` where the value of a field of the link goes.
    """

    provider: Provider = Field(description="who sends the respondents")
    id_field: str | None = Field(
        None, description="the link's field that identifies a respondent; the provider's usual one when left out"
    )
    fields: tuple[str, ...] = Field((), description="further fields of the link, such as SESSION_ID")
    completed: str | None = Field(None, description="the address to which those go who finish")
    screened_out: str | None = Field(None, description="the address to which those go who decline")
    over_quota: str | None = Field(None, description="the address to which those go whose quota is full")
    code: Text | None = Field(
        None, description="the words that give a completion code at the end, with {code} where it goes"
    )

    @property
    def respondent(self) -> str:
        """The field that identifies a respondent."""
        return self.id_field or _ID_FIELDS[self.provider]

    @property
    def link(self) -> tuple[str, ...]:
        """All fields that arrive with the link."""
        return (self.respondent, *self.fields)

    @classmethod
    def inconsistencies(cls, data: Mapping[str, Any], context: Any) -> Iterator[Finding]:
        provider = str(data.get("provider"))
        if provider not in _ID_FIELDS and provider in get_args(Provider) and "id_field" not in data:
            yield (), "`id_field` is missing.", "Name the field of the link that identifies a respondent."
        yield from _link_findings(data)
        for key in _ADDRESSES:
            if isinstance(data.get(key), str):
                yield from _address_findings(key, data[key], [name for _, name in _fields(data)])
        yield from _code_findings(data.get("code"))


def _fields(data: Mapping[str, Any]) -> list[tuple[tuple[str | int, ...], str]]:
    """The names of the link's fields, each with where it stands."""
    listed = data.get("fields") if isinstance(data.get("fields"), list) else []
    own = data.get("id_field", _ID_FIELDS.get(str(data.get("provider"))))
    named = [(("id_field",), own), *((("fields", place), each) for place, each in enumerate(listed or ()))]
    return [(where, each) for where, each in named if isinstance(each, str)]


def _link_findings(data: Mapping[str, Any]) -> Iterator[Finding]:
    names = _fields(data)
    for place, (where, name) in enumerate(names):
        if not re.fullmatch(NAME, name):
            what = f"`{name}` cannot be the name of a field."
            yield where, what, "Use letters, digits and underscores, beginning with a letter."
        if name in [each for _, each in names[:place]]:
            yield where, f"`{name}` is a field of the link already.", "Remove it."


def _address_findings(key: str, address: str, known: list[str]) -> Iterator[Finding]:
    if not re.fullmatch(r"https?://[^\s/]+\S*", address):
        yield (key,), f"`{address}` is no address.", "Copy it from the panel; it begins with https://."
    for name in FIELD.findall(address):
        if name not in known:
            yield (key,), f"the link has no field `{name}`.", near_miss(name, known)


def _code_findings(code: Any) -> Iterator[Finding]:
    texts = code if isinstance(code, dict) else {"": code}
    for language, text in texts.items():
        if isinstance(text, str) and text.strip() and CODE not in text:
            where = ("code", language) if language else ("code",)
            yield where, "the words do not say where the completion code goes.", f"Write {CODE} in its place."

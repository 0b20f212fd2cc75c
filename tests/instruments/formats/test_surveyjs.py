"""The JSON for SurveyJS: its expressions, worked out by an evaluator of the tests, give the vignettes of the design."""

import html
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.instruments.writing.test_languages import CONTENT
from vignetta.declared import Languages
from vignetta.design.assigning.vignettes import vignettes
from vignetta.design.declaration import Design
from vignetta.errors import StudyError
from vignetta.instruments.formats.surveyjs import surveyjs
from vignetta.instruments.hypertext import plain_text

TYPES = {"html", "radiogroup", "dropdown", "checkbox", "ranking", "text", "comment", "matrix"}
"""Question types of SurveyJS's own documentation."""


def value(expression: str, given: dict[str, str]) -> str:
    """What an expression gives: nested `iif(condition, text, otherwise)`, conditions of `{name} = 'text'` and `and`."""
    if expression == "''":
        return ""
    found = re.match(
        r"iif\((?P<asked>(?:\{\w+\} = '[^']*'(?: and )?)+), '(?P<text>[^']*)', (?P<other>.*)\)$", expression
    )
    assert found, expression
    asked = re.findall(r"\{(\w+)\} = '([^']*)'", found["asked"])
    return found["text"] if all(given[name] == code for name, code in asked) else value(found["other"], given)


def shown(content: dict[str, Any], given: dict[str, str]) -> str:
    """The words of the vignette beside the levels that were set."""
    made = {each["name"]: value(each["expression"], given) for each in content["calculatedValues"]}
    elements = [each for page in content["pages"] for each in page["elements"]]
    text = next(each["html"] for each in elements if each["name"] == "vignette")
    return plain_text(re.sub(r"\{(\w+)\}", lambda name: made[name[1]], text))


def test_every_vignette_comes_out_of_the_expressions(design: Design) -> None:
    content = json.loads(surveyjs(design).content)
    for _, row in vignettes(design).iterrows():
        given = {name: design.factors[name].level(row[name]).export_code for name in design.factors}
        assert shown(content, given) == " ".join(row["text"].split())


def test_phrases_apostrophes_and_braces(altered: Callable[..., Design]) -> None:
    def change(content: dict[str, Any]) -> None:
        content["factors"]["treaty"]["levels"][0]["text"] = 'it\'s "so" {{x}} \\ <b>'

    template = (
        "{treaty|capital}, {{and}} {if regime is democracy and capability is weak}votes{else}{action}{end}, {response}."
    )
    study = altered(change, vignette=template)
    content = json.loads(surveyjs(study).content)
    for _, row in vignettes(study).iterrows():
        given = {name: str(row[name]) for name in study.factors}
        assert shown(content, given) == " ".join(row["text"].split())


def test_another_language_and_other_ways_to_ask() -> None:
    study = Design.model_validate(CONTENT, context=Languages(("en", "de")))
    content = json.loads(surveyjs(study, language="de").content)
    for _, row in vignettes(study, language="de").iterrows():
        given = {name: str(row[name]) for name in study.factors}
        assert shown(content, given) == " ".join(row["text"].split())
    elements = {each["name"]: each for page in content["pages"] for each in page["elements"]}
    assert {each["type"] for each in elements.values()} <= TYPES
    warm, views = elements["warm"], elements["views"]
    assert (warm["type"], warm["inputType"], warm["min"], warm["max"]) == ("text", "range", 0, 100)
    assert [each["text"] for each in views["columns"]] == ["DE no", "DE yes"]
    assert views["rows"] == [{"value": "1", "text": "DE It is x."}]


def test_structure_is_what_surveyjs_reads(design: Design) -> None:
    content = json.loads(surveyjs(design).content)
    elements = [each for page in content["pages"] for each in page["elements"]]
    names = [each["name"] for each in elements]
    assert len(names) == len(set(names)) and {each["type"] for each in elements} <= TYPES
    pages = [each["name"] for each in content["pages"]]
    assert len(pages) == len(set(pages))
    approval = next(each for each in elements if each["name"] == "approval")
    assert [each["value"] for each in approval["choices"]] == list("1234567") and approval["isRequired"]
    age = next(each for each in elements if each["name"] == "age")
    assert (age["inputType"], age["min"], age["max"]) == ("number", 18, 110)
    assert content["triggers"] == [{"type": "complete", "expression": "{consent} = '2'"}]
    assert html.unescape(content["completedHtmlOnCondition"][0]["html"]).startswith("Thank you.")
    assert "farewell" not in names and "timing_vignette" not in names
    assert any("timing_vignette" in each for each in surveyjs(design).lost)


def test_codes_that_it_would_confuse(altered: Callable[..., Design]) -> None:
    def change(content: dict[str, Any]) -> None:
        content["factors"]["treaty"]["levels"][0]["code"] = "FORMAL"

    with pytest.raises(StudyError, match="capitals"):
        surveyjs(altered(change))

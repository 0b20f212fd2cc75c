"""One survey in several languages: everybody reads their own, and the data are the same."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from vignetta.declared import read_tree
from vignetta.design.assigning.vignettes import render
from vignetta.design.declaration import Design, design_of
from vignetta.errors import StudyError
from vignetta.instruments.codebooks import codebook_of_design
from vignetta.instruments.hypertext import plain_text
from vignetta.instruments.integrity import integrity_problems
from vignetta.instruments.running.random_answers import random_answer
from vignetta.instruments.running.runtime import Runtime
from vignetta.instruments.running.visits import Respondent, Visit
from vignetta.instruments.survey import Survey
from vignetta.instruments.writing.building import build, design_hash
from vignetta.instruments.writing.translating import in_language, languages_of

Altered = Callable[..., Design]


def both(english: str) -> dict[str, str]:
    return {"en": english, "de": f"DE {english}"}


def level(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "label": both(f"label {name}"), "text": both(f"<{name}>"), **more}


def factor(name: str, **more: Any) -> dict[str, Any]:
    first, second = f"{name}1", f"{name}2"
    return {"label": both(name), "levels": [level(first, reference="true"), level(second)], **more}


CONTENT: dict[str, Any] = {
    "name": "tongues",
    "title": "Two languages",
    "languages": ["en", "de"],
    "seed": "1",
    "sample_size": "10",
    "consent": {key: both(key) for key in ("text", "agree", "decline", "farewell")},
    "factors": {
        "a": factor("a", recall={"question": both("Which a?"), "unsure": both("Unsure")}),
        "b": factor("b"),
        "c": factor("c"),
    },
    "vignette": {
        "en": "It is {a} with {b}{if b is b2} indeed{end}, {c}.",
        "de": "Es ist {c}{if a is a2} wohl{end} und {b}, {a}.",
    },
    "outcomes": {
        "good": {"label": both("Good"), "question": both("How good?"), "scale": [both("bad"), both("fine")]},
        "warm": {
            "label": both("Warm"),
            "kind": "slider",
            "question": both("How warm?"),
            "ends": {"low": both("cold"), "high": both("hot")},
        },
        "views": {
            "label": both("Views"),
            "kind": "matrix",
            "question": both("Agree?"),
            "scale": [{"text": both("no")}, {"text": both("yes")}],
            "items": {"x": {"label": both("X"), "text": both("It is x.")}},
        },
    },
}
CONTENT["outcomes"]["good"]["scale"] = [{"text": each} for each in CONTENT["outcomes"]["good"]["scale"]]


@pytest.fixture(scope="module")
def declared(root: Any) -> Callable[..., Design]:
    tree = read_tree(root / "design/study.yaml")

    def make(**sections: Any) -> Design:
        return design_of(replace(tree, data=CONTENT | sections))

    return make


def taken(survey: Survey, seed: int) -> Visit:
    agree = next(each.id for each in survey.questions.values() if each.tag == "consent")
    respondent = Respondent(lambda asked, state: "1" if asked.id == agree else random_answer(asked, state))
    return Runtime(survey).run(respondent, np.random.default_rng(seed))


def shown(survey: Survey, visit: Visit) -> Mapping[str, str]:
    return {survey.questions[number].tag: text for number, text in visit.shown.items()}


def test_the_questions_have_their_translations(declared: Callable[..., Design]) -> None:
    survey = build(declared())
    assert integrity_problems(survey) == []
    assert languages_of(survey) == ["en", "de"]
    assert survey.options["AvailableLanguages"] == {"EN": [], "DE": []}
    written = {each.tag: each.raw["Language"] for each in survey.questions.values()}
    assert written["consent"]["DE"]["Choices"] == {"1": {"Display": "DE agree"}, "2": {"Display": "DE decline"}}
    assert written["warm"]["DE"]["Labels"] == {"1": {"Display": "DE cold"}, "2": {"Display": "DE hot"}}
    assert written["views"]["DE"]["Choices"] == {"1": {"Display": "DE It is x."}}
    assert written["views"]["DE"]["Answers"] == {"1": {"Display": "DE no"}, "2": {"Display": "DE yes"}}
    assert written["timing_vignette"] == []


@pytest.mark.parametrize("seed", range(8))
def test_everybody_reads_the_vignette_in_their_own_language(declared: Callable[..., Design], seed: int) -> None:
    design = declared()
    survey = build(design)
    for language in ("en", "de"):
        own = in_language(survey, language)
        visit = taken(own, seed)
        levels = {name: visit.embedded[name] for name in design.factors}
        words = " ".join(render(design, levels, language=language).split())
        assert plain_text(shown(own, visit)["vignette"]) == words
        assert re.search("DE|Es ist", words) if language == "de" else words.startswith("It is")


def test_the_rows_of_a_table_are_shuffled_alike_in_both(declared: Callable[..., Design]) -> None:
    template = {"en": "Two countries.", "de": "Zwei Staaten."}
    labels: dict[str, Any] = {"profiles": "2", "profile_labels": [both("A"), both("B")]}
    labels["factors"] = {name: factor(name) for name in "abc"}
    design = declared(vignette=template, presentation="table", attribute_order="shuffled", **labels)
    survey = build(design)
    assert integrity_problems(survey) == []
    visit = taken(in_language(survey, "de"), 4)
    german, order = shown(survey, visit)["vignette_1"], visit.embedded["attribute_order"].strip(";").split(";")
    assert re.findall(r'scope="row">(DE \w)', german) == [f"DE {name}" for name in order]
    for name in order:
        assert f"DE &lt;{visit.embedded[f'{name}_1_1']}&gt;" in german
    english = [each for each in visit.embedded["table_rows_1"].split("<tr>") if each]
    assert [re.findall(r'scope="row">(\w)', each)[0] for each in english] == order


def test_the_codebook_has_the_same_variables_and_the_other_words(declared: Callable[..., Design]) -> None:
    design = declared()
    alone = build(design, language="de")
    both_of_them, one = codebook_of_design(design), codebook_of_design(design, alone)
    surplus = [each for each in both_of_them.names if each not in one.names]
    assert {both_of_them[each].role for each in surplus} == {"wording"}
    assert {"a_text_de", "b_text_de", "c_text_de"} <= set(surplus)
    kept = [each for each in both_of_them.variables if each.name in one.names]
    assert [each.name for each in kept] == one.names
    assert all(each.column in build(design).embedded_fields for each in kept if each.role in ("factor", "wording"))


def test_a_survey_in_one_of_them_has_no_translations(declared: Callable[..., Design]) -> None:
    design = declared()
    alone = build(design, language="de")
    assert (alone.language, languages_of(alone)) == ("de", ["de"])
    assert all(each.raw["Language"] == [] for each in alone.questions.values())
    assert not [each for each in alone.embedded_fields if each.endswith("_de")]
    start = alone.elements("FL")[0]["Payload"]["Flow"][0]["EmbeddedData"]
    assert design_hash(design) in [each.get("Value") for each in start]


def test_a_language_that_there_is_not(declared: Callable[..., Design]) -> None:
    with pytest.raises(StudyError, match="the survey has no language `ed`"):
        in_language(build(declared()), "ed")

"""The survey that is built asks what the design declares, and nothing else."""

import re
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from vignetta.design.assigning.vignettes import render
from vignetta.design.declaration import Design
from vignetta.errors import StudyError
from vignetta.instruments.hypertext import plain_text
from vignetta.instruments.integrity import integrity_problems
from vignetta.instruments.qsf import qsf_text
from vignetta.instruments.survey import (
    BlockNode,
    BranchNode,
    EmbeddedDataNode,
    EndNode,
    Question,
    RandomizerNode,
    Survey,
    walk,
)
from vignetta.instruments.writing.building import build, design_hash

Altered = Callable[..., Design]


@pytest.fixture(scope="module")
def survey(design: Design) -> Survey:
    return build(design)


def tagged(survey: Survey, tag: str) -> Question:
    return next(each for each in survey.questions.values() if each.tag == tag)


def randomizers(survey: Survey) -> list[RandomizerNode]:
    return [each for each in survey.flow if isinstance(each, RandomizerNode)]


def set_fields(node: Any) -> dict[str, str | None]:
    assert isinstance(node, EmbeddedDataNode)
    return {each.name: each.value for each in node.fields}


def vignette_shown(survey: Survey, fields: dict[str, str | None]) -> str:
    html = re.sub(r"\$\{e://Field/(\w+)\}", lambda each: str(fields[each[1]]), tagged(survey, "vignette").text)
    return plain_text(html)


# ------------------------------------------------------------------------------------------------- what is asked


def test_it_keeps_every_rule_and_the_safe_choices(survey: Survey) -> None:
    assert integrity_problems(survey) == []
    tags = [each.tag for each in survey.questions.values()]
    assert len(set(tags)) == len(tags)
    assert all(re.fullmatch("[A-Za-z][A-Za-z0-9_]*", each) for each in tags)
    flow = survey.elements("FL")[0]["Payload"]
    assert flow["Properties"]["Count"] == len(list(walk(survey.flow))) + 1
    assert int(survey.elements("QC")[0]["SecondaryAttribute"]) == len(survey.questions)
    assert [each.kind for each in survey.blocks.values()].count("Default") == 1
    assert len(survey.elements("PROJ")) == len(survey.elements("STAT")) == 1
    assert isinstance(survey.elements("BL")[0]["Payload"], list)


def test_everything_declared_is_asked(survey: Survey, design: Design) -> None:
    recalls = [f"recall_{each.name}" for each in design.factors.values() if each.recall]
    asked = ["consent", "farewell", *design.covariates, "attention", "vignette", "timing_vignette", *design.outcomes]
    assert [each.tag for each in survey.questions.values()] == asked + recalls


def test_choices_are_the_declared_words_in_their_order(survey: Survey, design: Design) -> None:
    for name, outcome in design.outcomes.items():
        choices = tagged(survey, name).choices
        assert [each.plain for each in choices] == [each.text[""] for each in outcome.scale]
        assert [each.code for each in choices] == [str(place) for place in range(1, len(choices) + 1)]
        assert "RecodeValues" not in tagged(survey, name).raw
    for name, factor in design.factors.items():
        labels = [each.label[""] for each in factor.levels] + [factor.recall.unsure[""] if factor.recall else ""]
        assert [each.plain for each in tagged(survey, f"recall_{name}").choices] == labels


def test_every_answer_is_required(survey: Survey) -> None:
    assert all(each.forced for each in survey.questions.values() if each.type in ("MC", "TE"))


def test_numbers_have_their_bounds(survey: Survey) -> None:
    bounds = tagged(survey, "age").validation["ValidNumber"]
    assert bounds == {"Min": "18", "Max": "110", "NumDecimals": "0"}


def test_declared_codes_are_what_the_export_writes(altered: Altered) -> None:
    scale = [{"text": "low", "code": "-2"}, "middle", {"text": "high", "code": "7"}]
    survey = build(altered(lambda content: content["outcomes"]["approval"].update(scale=scale)))
    assert [each.code for each in tagged(survey, "approval").choices] == ["-2", "2", "7"]


# ---------------------------------------------------------------------------------------------- who is shown what


def test_those_who_decline_are_thanked_and_leave(survey: Survey) -> None:
    consent, branch = survey.flow[1:3]
    assert isinstance(consent, BlockNode)
    assert isinstance(branch, BranchNode)
    number = survey.blocks[consent.block].questions[0]
    assert branch.logic["0"]["0"]["ChoiceLocator"] == f"q://{number}/SelectableChoice/2"
    farewell, end = branch.children
    assert isinstance(farewell, BlockNode)
    assert isinstance(end, EndNode)
    assert survey.questions[survey.blocks[farewell.block].questions[0]].tag == "farewell"


def test_levels_are_drawn_before_the_vignette_is_shown(survey: Survey, design: Design) -> None:
    kinds = [type(each).__name__ for each in survey.flow]
    draws = [place for place, each in enumerate(kinds) if each == "RandomizerNode"]
    page = next(each.id for each in survey.blocks.values() if each.name == "Vignette")
    shown = [each.block if isinstance(each, BlockNode) else "" for each in survey.flow].index(page)
    assert len(draws) == len(design.factors)
    assert max(draws) < shown


def test_the_time_is_taken_on_the_vignettes_page(survey: Survey) -> None:
    first, *others = next(each.pages for each in survey.blocks.values() if each.name == "Vignette")
    assert [survey.questions[each].tag for each in first] == ["vignette", "timing_vignette"]
    assert [[survey.questions[each].tag for each in page] for page in others] == [["approval", "contributions"]]


def test_each_factor_gets_one_of_its_levels(survey: Survey, design: Design) -> None:
    for node, (name, factor) in zip(randomizers(survey), design.factors.items(), strict=True):
        assert (node.subset, node.even) == (1, True)
        given = [set_fields(each) for each in node.children]
        assert [each[name] for each in given] == factor.level_names
        assert [each[f"{name}_text"] for each in given] == [(each.text or {})[""] for each in factor.levels]


def test_simple_draws_are_not_kept_even(altered: Altered) -> None:
    survey = build(altered(mechanism="simple"))
    assert not any(each.even for each in randomizers(survey))
    assert "EvenPresentation" not in qsf_text(survey)


def test_every_vignette_reads_as_declared(survey: Survey, design: Design) -> None:
    """The piped page of every combination of drawn levels is the declared wording."""
    drawn = [[set_fields(each) for each in node.children] for node in randomizers(survey)]
    seen = set()
    for nodes in product(*drawn):
        fields = {name: value for each in nodes for name, value in each.items()}
        levels = {name: str(fields[name]) for name in design.factors}
        shown = vignette_shown(survey, fields)
        assert shown == " ".join(render(design, levels).split())
        seen.add(shown)
    assert len(seen) == 120


def test_declared_codes_of_levels_are_what_the_field_holds(altered: Altered) -> None:
    def code(content: dict[str, Any]) -> None:
        content["factors"]["treaty"]["column"] = "T1"
        for place, level in enumerate(content["factors"]["treaty"]["levels"]):
            level["code"] = str(place)

    survey = build(altered(code))
    given = [set_fields(each) for each in randomizers(survey)[0].children]
    assert [each["T1"] for each in given] == ["0", "1"]
    assert "${e://Field/T1_text}" in tagged(survey, "vignette").text


def test_every_field_is_declared_before_anybody_can_leave(survey: Survey, design: Design) -> None:
    first = survey.flow[0]
    declared = set_fields(first)
    names = [each for name in design.factors for each in (name, f"{name}_text")]
    assert list(declared) == ["data_source", "design_hash", *names]
    assert {name for name, value in declared.items() if value is not None} == {"design_hash"}
    assert declared["design_hash"] == design_hash(design)


# ------------------------------------------------------------------------------------------------------- odd texts

ODD = """<script>alert("x")</script> & 'quotes' ${e://Field/other} ünï {brace}"""


def test_words_stay_words(altered: Altered) -> None:
    def spoil(content: dict[str, Any]) -> None:
        content["factors"]["action"]["levels"][0].update(text=ODD, label=ODD)
        content["vignette"] = f"A <b> & ${content['vignette']} {{{{x}}}} ${{{{y}}}}"

    design = altered(spoil)
    survey = build(design)
    given = set_fields(randomizers(survey)[3].children[0])
    assert "<script>" not in qsf_text(survey)
    assert "${e://Field/other}" not in str(given["action_text"])
    assert plain_text(str(given["action_text"])) == ODD
    assert tagged(survey, "recall_action").choices[0].plain == ODD
    fields = {key: value for node in randomizers(survey) for key, value in set_fields(node.children[0]).items()}
    levels = {name: factor.level_names[0] for name, factor in design.factors.items()}
    assert vignette_shown(survey, fields) == " ".join(render(design, levels).split())
    assert qsf_text(survey).isascii()


def test_long_questions_have_short_descriptions(altered: Altered) -> None:
    survey = build(altered(lambda content: content["outcomes"]["approval"].update(question="very " * 100 + "long")))
    assert integrity_problems(survey) == []
    assert tagged(survey, "approval").plain.endswith("long")


# --------------------------------------------------------------------------------------------- other designs


def test_without_consent_checks_and_covariates(altered: Altered) -> None:
    def drop(content: dict[str, Any]) -> None:
        for each in content["factors"].values():
            each.pop("recall")

    design = altered(drop, consent=None, attention=None, covariates=None)
    survey = build(design)
    assert integrity_problems(survey) == []
    assert [each.tag for each in survey.questions.values()] == ["vignette", "timing_vignette", *design.outcomes]


TEXTS = ("label", "question", "text", "agree", "decline", "farewell", "unsure", "vignette")


def in_two_languages(content: Any) -> Any:
    """Every text of a declared study in English and, marked, in German."""
    if isinstance(content, list):
        return [in_two_languages({"text": each} if isinstance(each, str) else each) for each in content]
    both = {key: {"en": each, "de": f"DE {each}"} for key, each in content.items() if key in TEXTS}
    below = {key: in_two_languages(each) for key, each in content.items() if isinstance(each, dict | list)}
    return content | below | both


def test_in_another_language(altered: Altered, survey: Survey) -> None:
    def translate(content: dict[str, Any]) -> None:
        content.update({**in_two_languages({**content, "languages": {}}), "languages": ["en", "de"]})

    both = altered(translate)
    german = build(both, language="de")
    assert (build(both).language, german.language) == ("en", "de")
    assert integrity_problems(german) == []
    for english, mother, other in zip(
        *(each.questions.values() for each in (survey, build(both), german)), strict=True
    ):
        assert mother.plain == english.plain
        assert other.plain.startswith("DE ") or other.type == "Timing"
        assert [each.plain for each in mother.choices] == [each.plain for each in english.choices]
        assert all(each.plain.startswith("DE ") for each in other.choices) or other.type == "Timing"


def test_data_in_hand_have_no_instrument(altered: Altered) -> None:
    with pytest.raises(StudyError, match="in hand"):
        build(altered(data={"file": "x.csv", "format": "table"}))


@pytest.mark.parametrize(
    ("column", "words"),
    [("vignette", "two columns"), ("treaty_text", "two columns"), ("contributions", "two columns"), ("Q 1", "nothing")],
)
def test_names_that_the_instrument_cannot_have(altered: Altered, column: str, words: str) -> None:
    with pytest.raises(StudyError, match=words) as caught:
        build(altered(lambda content: content["outcomes"]["approval"].update(column=column)))
    assert [each.where for each in caught.value.problems] == [column]


# --------------------------------------------------------------------------------------------------- the same again


def test_building_twice_gives_equal_bytes(design: Design, survey: Survey) -> None:
    assert qsf_text(build(design)) == qsf_text(survey)


def test_the_hash_tells_designs_apart(design: Design, altered: Altered) -> None:
    def reorder(content: dict[str, Any]) -> None:
        content["factors"] = dict(reversed(content["factors"].items()))

    others = [altered(title="Another"), altered(mechanism="simple"), altered(reorder)]
    assert re.fullmatch("[0-9a-f]{12}", design_hash(design))
    assert len({design_hash(each) for each in (design, *others)}) == 4


def test_naming_the_data_changes_no_instrument(altered: Altered, survey: Survey) -> None:
    assert qsf_text(build(altered(data={"file": "data/raw/export.csv"}))) == qsf_text(survey)


def test_ids_follow_from_the_name_alone(altered: Altered, survey: Survey) -> None:
    retitled = build(altered(title="Another"))
    assert (retitled.id, list(retitled.blocks)) == (survey.id, list(survey.blocks))
    assert build(altered(name="other")).id != survey.id
    assert all(re.fullmatch("BL_[0-9A-Za-z]{15}", each) for each in survey.blocks)
    assert re.fullmatch("SV_[0-9A-Za-z]{15}", survey.id)

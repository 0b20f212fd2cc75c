"""Study to survey and back: the same factors, the same codebook; and what real surveys are recognised to hold."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, get_args

import pytest

from tests.conftest import ROOT
from tests.instruments.small_survey import Document, node, small
from vignetta.codebook import Codebook
from vignetta.declared import read_tree, words
from vignetta.design.declaration import Design, design_of, read_design
from vignetta.instruments.adoption.importing import draft, imported_codebook
from vignetta.instruments.adoption.recognising import recognise
from vignetta.instruments.codebooks import codebook_of_design
from vignetta.instruments.qsf import qsf_text, read_qsf
from vignetta.instruments.survey import Survey
from vignetta.instruments.writing import elements
from vignetta.instruments.writing.building import build
from vignetta.study.scaffold import Template, init

READY = [each for each in get_args(Template) if each != "in-hand"]


@pytest.fixture
def ready(request: pytest.FixtureRequest, tmp_path: Path) -> Design:
    """The design of a study that `vignetta init` makes."""
    init(tmp_path / "study", template=request.param)
    return read_design(tmp_path / "study/design/study.yaml")


def back(design: Design, folder: Path) -> tuple[Survey, Design]:
    """A design's survey as a file, and the design that is read out of it again."""
    (folder / "survey.qsf").write_text(qsf_text(build(design)))
    survey = read_qsf(folder / "survey.qsf")
    (folder / "draft.yaml").write_text(draft(survey), "utf-8")
    return survey, read_design(folder / "draft.yaml")


@pytest.mark.parametrize("ready", READY, indirect=True)
def test_the_factors_come_back(ready: Design, tmp_path: Path) -> None:
    _, again = back(ready, tmp_path)
    assert list(again.factors) == list(ready.factors)
    for name, factor in ready.factors.items():
        found = again.factors[name]
        assert found.level_names == factor.level_names
        assert [each.words() for each in found.levels] == [each.words() for each in factor.levels]
        assert [each.weight for each in found.levels] == [each.weight for each in factor.levels]
        assert found.recall == factor.recall
        if factor.recall:
            assert [each.label for each in found.levels] == [each.label for each in factor.levels]
    assert again.restrictions == ready.restrictions


@pytest.mark.parametrize("ready", READY, indirect=True)
def test_tasks_texts_and_outcomes_come_back(ready: Design, tmp_path: Path) -> None:
    _, again = back(ready, tmp_path)
    for key in ("tasks", "profiles", "profile_labels", "presentation", "attribute_order", "mechanism", "consent"):
        assert getattr(again, key) == getattr(ready, key), key
    assert again.vignette and ready.vignette
    assert words(again.vignette).split() == words(ready.vignette).split()
    told = [(name, each.question, each.scale, each.kind) for name, each in ready.outcomes.items()]
    assert [(name, each.question, each.scale, each.kind) for name, each in again.outcomes.items()] == told
    asked = [(name, each.question) for name, each in ready.covariates.items()]
    assert [(name, each.question) for name, each in again.covariates.items()] == asked
    assert (again.attention is None) == (ready.attention is None)


@pytest.mark.parametrize("ready", READY, indirect=True)
def test_the_draft_makes_the_same_survey_of_factors(ready: Design, tmp_path: Path) -> None:
    """What is read out of the survey that the draft makes is what was read out of the first."""
    survey, again = back(ready, tmp_path)
    first, second = recognise(survey), recognise(build(again))
    assert [(each.name, each.levels, each.fields) for each in first.factors] == [
        (each.name, each.levels, each.fields) for each in second.factors
    ]


def held(codebook: Codebook) -> dict[str, Any]:
    """What a survey holds of each variable: not the short names of answers, nor labels made for tables."""
    return {
        each.import_id: {
            **{key: getattr(each, key) for key in ("name", "column", "role", "task", "profile", "minimum", "maximum")},
            "kind": each.kind.replace("ordered", "category"),
            "about": each.about if each.role in ("recall", "wording") else bool(each.about),
            "codes": [(category.code, category.value) for category in each.categories],
            "levels": each.levels if each.role in ("factor", "recall", "consent", "outcome") else [],
        }
        for each in codebook.variables
    }


@pytest.mark.parametrize("ready", READY, indirect=True)
def test_the_codebook_comes_back(ready: Design, tmp_path: Path) -> None:
    survey, _ = back(ready, tmp_path)
    assert held(imported_codebook(survey)) == held(codebook_of_design(ready))


# --------------------------------------------------------------------------------------- languages, names, tables


@pytest.fixture(scope="module")
def bilingual() -> Design:
    """Two tasks in English and German."""
    return read_design(ROOT / "tests/study/fielded/design/study.yaml")


def test_words_in_other_languages_are_no_factors(bilingual: Design, tmp_path: Path) -> None:
    survey, again = back(bilingual, tmp_path)
    assert {name: each.level_names for name, each in again.factors.items()} == {
        "regime": ["autocracy", "democracy"],
        "treaty": ["none", "signed"],
    }
    assert again.restrictions == ()
    assert "# Not read: the words in de; here are those in en." in draft(survey)


def test_words_in_a_third_language_are_no_factors_either(bilingual: Design, tmp_path: Path) -> None:
    """Fields in two other languages always go with each other, as codes go with their words."""

    def french(words: Any) -> Any:
        if isinstance(words, dict):
            return {"fr": f"{words['de']}."} | words if "de" in words else {k: french(v) for k, v in words.items()}
        return [french(each) for each in words] if isinstance(words, list) else words

    tree = read_tree(ROOT / "tests/study/fielded/design/study.yaml")
    design = design_of(replace(tree, data=french(tree.data) | {"languages": ["en", "de", "fr"]}))
    survey, again = back(design, tmp_path)
    assert list(again.factors) == ["regime", "treaty"]
    roles = {each.import_id: each.role for each in imported_codebook(survey).variables}
    names = [name for name in roles if name.endswith(("_de", "_fr"))]
    assert len(names) == 2 * 2 * (2 + 1)
    assert {roles[name] for name in names} == {"wording"}


def test_a_question_called_as_the_clean_data_call_something_else(bilingual: Design, tmp_path: Path) -> None:
    """Nobody can tell that `attention` is the check, as its question does not quote the right answer."""
    survey, again = back(bilingual, tmp_path)
    assert again.covariates["attention_question"].column == "attention"
    assert "attention_question" in [each.name for each in imported_codebook(survey).with_role("covariate")]


def test_every_kind_of_outcome_comes_back_for_all_tasks(bilingual: Design, tmp_path: Path) -> None:
    """Statements of a matrix are called by their words; that a scale is turned round the survey does not say."""
    survey, again = back(bilingual, tmp_path)
    assert {name: each.kind for name, each in again.outcomes.items()} == {
        "support": "rating",
        "warmth": "slider",
        "views": "matrix",
        "why": "text",
    }
    warmth, views = again.outcomes["warmth"], again.outcomes["views"]
    assert (warmth.minimum, warmth.maximum, warmth.step) == (0, 10, 0.5)
    assert warmth.ends and (words(warmth.ends.low), words(warmth.ends.high)) == ("Cold", "Warm")
    assert [words(each.text) for each in views.items.values()] == ["It is reliable.", "It costs us too much."]
    assert [words(each.text) for each in views.scale] == ["Disagree", "Neither", "Agree"]
    assert [each.code for each in views.scale] == ["-1", "0", "1"]
    variables = {each.import_id: each for each in imported_codebook(survey).variables}
    for own in codebook_of_design(bilingual).variables:
        if own.role in ("outcome", "open"):
            found = variables[own.import_id]
            told = [(each.role, each.kind, each.column, each.task, each.minimum, each.maximum) for each in (own, found)]
            assert told[0] == told[1]
    by_task = [(each.name, each.task) for each in variables.values() if each.column.startswith("views_")]
    assert by_task == [(f"views_{row}", task) for task in (1, 2) for row in ("it_is_reliable", "it_costs_us_too_much")]


def test_a_level_that_all_decks_give_in_one_place_is_still_the_factors(altered: Callable[..., Design]) -> None:
    survey = build(altered(pairs, mechanism="decks", decks={"number": 2, "search": "random"}, **PAIRED))
    document = json.loads(qsf_text(survey))
    for each in (piece for deck in node(document, "BlockRandomizer")["Flow"] for piece in deck["EmbeddedData"]):
        if each["Field"] == "regime_1_2":
            each["Value"] = "autocracy"
    regime = next(each for each in recognise(Survey(document)).factors if each.name == "regime")
    assert set(regime.fields) == {(task, profile) for task in (1, 2) for profile in (1, 2)}


def test_rules_between_profiles_are_told_to_be_left_out(altered: Callable[..., Design]) -> None:
    rule = {"restrictions": [{"differ": ["regime"], "reason": "x"}]}
    assert "rules about profiles beside each other: regime are" in draft(build(altered(pairs, **PAIRED, **rule)))
    assert "beside each other" not in draft(build(altered(pairs, **PAIRED)))


PAIRED: Final[dict[str, Any]] = {
    "tasks": 2,
    "profiles": 2,
    "profile_labels": ["Ally A", "Ally B"],
    "presentation": "table",
    "vignette": "Which?",
}


def pairs(content: dict[str, Any]) -> None:
    content["factors"] = {key: content["factors"][key] for key in ("regime", "treaty")}
    for each in content["factors"].values():
        each.pop("recall")


@pytest.mark.parametrize("order", ["fixed", "shuffled"])
def test_the_order_of_rows_comes_back_whatever_the_factors_are_called(order: str, tmp_path: Path) -> None:
    """`able` stands in the word `table`."""
    init(tmp_path / "study", template="conjoint")
    file = tmp_path / "study/design/study.yaml"
    text = file.read_text("utf-8").replace("attribute_order: shuffled", f"attribute_order: {order}")
    file.write_text(text.replace("\n  regime:", "\n  able:"), "utf-8")
    _, again = back(read_design(file), tmp_path)
    assert again.attribute_order == order


# ----------------------------------------------------------------------------------------------- weights and rules


def restricted(content: dict[str, Any]) -> None:
    levels = content["factors"]["response"]["levels"]
    for level, weight in zip(levels, (1, 2, 1, 3, 1), strict=True):
        level["weight"] = weight
    content["restrictions"] = [
        {"forbid": {"regime": "democracy", "capability": "weak"}, "reason": "x"},
        {"forbid": {"action": ["underspending", "rival_arms"], "response": "terminate"}, "reason": "x"},
    ]


def test_weights_and_rules_are_read_from_how_often_vignettes_are_drawn(
    altered: Callable[..., Design], tmp_path: Path
) -> None:
    _, again = back(altered(restricted), tmp_path)
    assert [each.weight for each in again.factors["response"].levels] == [1, 2, 1, 3, 1]
    assert {each.weight for each in again.factors["action"].levels} == {1}
    forbidden = {
        tuple(sorted((name, tuple(sorted(levels))) for name, levels in each.forbid.items()))
        for each in again.restrictions
    }
    assert forbidden == {
        (("capability", ("weak",)), ("regime", ("democracy",))),
        (("action", ("rival_arms", "underspending")), ("response", ("terminate",))),
    }


def test_a_recall_check_is_not_read_where_the_order_of_levels_is_unknown(
    altered: Callable[..., Design], tmp_path: Path
) -> None:
    """Without democracies that are weak, the first democracy drawn stands behind strong: its order tells nothing."""
    survey, again = back(altered(restricted), tmp_path)
    assert {name for name, each in again.factors.items() if each.recall} == {"treaty"}
    assert {each.about for each in imported_codebook(survey).with_role("recall")} == {"treaty"}


def test_a_rule_about_three_factors(altered: Callable[..., Design], tmp_path: Path) -> None:
    def three(content: dict[str, Any]) -> None:
        forbid = {"regime": "democracy", "capability": "weak", "treaty": "none"}
        content["factors"] = {key: content["factors"][key] for key in forbid}
        content["vignette"] = "{regime} {capability} {treaty}"
        content["restrictions"] = [{"forbid": forbid, "reason": "x"}]

    _, again = back(altered(three), tmp_path)
    assert [dict(each.forbid) for each in again.restrictions] == [
        {"regime": ("democracy",), "capability": ("weak",), "treaty": ("none",)}
    ]


def test_decks_are_told_by_their_number(altered: Callable[..., Design], tmp_path: Path) -> None:
    decks = {"number": 6, "search": "random"}
    sections = {"mechanism": "decks", "decks": decks, "tasks": 4}
    design = altered(lambda content: [each.pop("recall", None) for each in content["factors"].values()], **sections)
    _, again = back(design, tmp_path)
    assert (again.mechanism, again.tasks, again.decks and again.decks.number) == ("decks", 4, 6)
    assert {name: set(each.level_names) for name, each in again.factors.items()} == {
        name: set(each.level_names) for name, each in design.factors.items()
    }
    assert "in which order the levels of regime are listed" in draft(build(design))


def test_codes_that_are_no_names_stay_codes(altered: Callable[..., Design], tmp_path: Path) -> None:
    def coded(content: dict[str, Any]) -> None:
        content["factors"]["regime"]["levels"][0]["code"] = "0"
        content["factors"]["regime"]["levels"][1]["code"] = "1"

    _, again = back(altered(coded), tmp_path)
    assert again.factors["regime"].level_names == ["0", "1"]


# ------------------------------------------------------------------------------------------------ surveys by hand


def arms(document: Document) -> Any:
    return node(document, "BlockRandomizer")


def test_a_survey_by_hand() -> None:
    found = recognise(Survey(small()))
    (factor,) = found.factors
    assert (factor.name, factor.codes, found.mechanism) == ("regime", ["a democracy", "no democracy"], "complete")
    assert "The country is {regime}." in draft(Survey(small()))


def test_an_arm_that_is_drawn_twice_as_often() -> None:
    document = small()
    arms(document)["Flow"].append({**arms(document)["Flow"][0], "FlowID": "FL_15"})
    (factor,) = recognise(Survey(document)).factors
    assert [each.weight for each in factor.levels] == [2, 1]


def test_thousands_of_values_are_no_levels() -> None:
    """The number of a vignette, one of 3,000, beside a factor of 97 levels."""
    document = small()
    given = [{"number": f"v{n}", "part": f"p{n % 97}", "part_text": f"Part {n % 97}"} for n in range(3_000)]
    arms(document)["Flow"] = [elements.embedded_data(each) | {"FlowID": f"FL_{n}"} for n, each in enumerate(given, 100)]
    (factor,) = recognise(Survey(document)).factors
    assert (factor.name, factor.codes) == ("part", [f"p{n}" for n in range(97)])
    assert [each.weight for each in factor.levels] == [31] * (3_000 - 97 * 30) + [30] * (97 * 31 - 3_000)
    assert "Not read: the field number, which has more than 200 values." in draft(Survey(document))


def test_hundreds_of_fields_that_are_drawn_alone_are_factors_of_their_own() -> None:
    document = small()
    flow = document["SurveyElements"][1]["Payload"]["Flow"]
    for n in range(200, 400):
        values = [elements.embedded_data({f"field{n}x": each}) | {"FlowID": f"FL_{n}{each}"} for each in "123"]
        flow.insert(0, elements.randomizer(values, even=True) | {"FlowID": f"FL_{n}"})
    assert len(recognise(Survey(document)).factors) == 201


def test_braces_and_marks_of_the_template_are_words(tmp_path: Path) -> None:
    document = small()
    asked = next(each for each in document["SurveyElements"] if each["PrimaryAttribute"] == "QID2")["Payload"]
    asked["QuestionText"] = "<p>A {b} &lt;script&gt; ${e://Field/regime}</p><p>${e://Field/tone|x}</p>"
    (tmp_path / "study.yaml").write_text(draft(Survey(document)), "utf-8")
    design = read_design(tmp_path / "study.yaml")
    levels = {"regime": "a democracy"}
    assert design.template().render(levels, levels) == "A {b} <script> a democracy\n\n[tone|x]"


def test_an_outcome_called_like_another_column_keeps_its_own_name() -> None:
    document = small()
    for each in document["SurveyElements"]:
        if each["PrimaryAttribute"] == "QID3":
            each["Payload"]["DataExportTag"] = "regime"
    names = [each.name for each in imported_codebook(Survey(document)).variables]
    assert len(names) == len(set(names))
    assert {"regime", "regime_regime"} & set(names)


def test_consent_is_read_whichever_answer_the_branch_asks_about(tmp_path: Path) -> None:
    document = small()
    branch = node(document, "Branch")["BranchLogic"]["0"]["0"]
    for choice, operator in (("2", "Selected"), ("1", "NotSelected")):
        branch |= {"LeftOperand": f"q://QID1/SelectableChoice/{choice}", "Operator": operator}
        (tmp_path / "study.yaml").write_text(draft(Survey(document)), "utf-8")
        consent = read_design(tmp_path / "study.yaml").consent
        assert consent is not None
        assert (words(consent.agree), words(consent.decline)) == ("Yes", "No")


def test_a_branch_about_a_choice_that_does_not_exist_tells_of_no_consent() -> None:
    document = small()
    branch = node(document, "Branch")["BranchLogic"]["0"]["0"]
    branch |= {"LeftOperand": "q://QID1/SelectableChoice/9", "Operator": "Selected"}
    assert "consent:" not in draft(Survey(document)).partition("covariates:")[0]
    assert not imported_codebook(Survey(document)).with_role("consent")


def test_a_survey_without_random_fields_has_no_draft() -> None:
    document = small()
    document["SurveyElements"][1]["Payload"]["Flow"].remove(arms(document))
    assert draft(Survey(document)) == ""


def test_blocks_drawn_without_a_field_are_told_about() -> None:
    document = small()
    flow = document["SurveyElements"][1]["Payload"]["Flow"]
    shown = [flow.pop(6), flow.pop(6)]
    flow.insert(5, elements.randomizer(shown, even=True) | {"FlowID": "FL_15"})
    assert "FL_15 shows one of block topics, block end: its viewing order (FL_15_DO)" in draft(Survey(document))


@pytest.mark.real
def test_a_real_survey_whose_groups_set_a_field(real: Path, tmp_path: Path) -> None:
    """Three children, of which the second draws again: a third, a sixth, a sixth, a third."""
    survey = read_qsf(real / "qsf/janpfander__impressive_climate__Climatologist.qsf")
    (factor,) = recognise(survey).factors
    assert [(each.code, each.weight) for each in factor.levels] == [
        *(("impressive", 2), ("random", 1), ("control", 1), ("combination", 2))
    ]
    assert all(len(each.text.split()) > 20 for each in factor.levels)
    (tmp_path / "study.yaml").write_text(draft(survey), "utf-8")
    design = read_design(tmp_path / "study.yaml")
    assert [each.weight for each in design.factors["condition"].levels] == [2, 1, 1, 2]


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "factors"),
    [
        ("yhoriuchi__projoint__CHKKK_Mummolo_and_Nall_full_replication_W1_Lucid_-_August_2021", {"flipped"}),
        ("ScottClaessens__ai-moral-decisions__survey", {"order"}),
        ("psych251__porter_2016_1_rescue__survey", set()),
    ],
)
def test_what_other_real_surveys_are_recognised_to_draw(real: Path, name: str, factors: set[str]) -> None:
    codebook = imported_codebook(read_qsf(real / "qsf" / f"{name}.qsf"))
    assert {each.name for each in codebook.with_role("factor")} == factors

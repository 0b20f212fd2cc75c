"""A built survey is compared with its design: right ones are not blamed, and planted bugs are found and named."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from scipy.stats import binom

from tests.design.small_design import equal, small_design
from tests.instruments.writing.test_languages import CONTENT
from tests.instruments.writing.test_tasks import DESIGNS, FACTORS, FORBID, PROSE, SAMPLES, table
from vignetta.declared import Tree
from vignetta.design.declaration import Design, design_of
from vignetta.instruments.naming import slots
from vignetta.instruments.survey import Survey
from vignetta.instruments.verification.comparisons import FALSE_ALARMS, Named
from vignetta.instruments.verification.enumerating import Enumerated, Situation, TooManyError
from vignetta.instruments.verification.promised import Promised
from vignetta.instruments.verification.verifying import Verification, verify
from vignetta.instruments.writing.building import build
from vignetta.study.folder import load
from vignetta.study.scaffold import Template, init

Node = dict[str, Any]
Altered = Callable[..., Design]
FEW = 20_000
"""Respondents by Monte Carlo, where a right survey must not be blamed."""
TWO = {"options": [{"name": "l", "text": "L"}, {"name": "r", "text": "R"}], "question": "Which?"}
STRATA = {
    "covariates": {"party": {"label": "Party", **TWO}, "gender": {"label": "Gender", **TWO}},
    "strata": ["party", "gender"],
    "mechanism": "blocked",
}
TWO_DECKS: dict[str, Any] = {"tasks": "3", "mechanism": "decks", "decks": {"number": "4", "search": "random"}}
MANY = {name: equal(*(f"{name}{place}" for place in range(n))) for name, n in (("e", 7), ("j", 11), ("k", 10))}
MANY |= {"r": equal("r0", "r1", "r2"), "l": equal("l0", "l1", "l2", "l3"), "g": equal("g0", "g1")}

RIGHT: dict[str, Design] = {
    **DESIGNS,
    "decks": small_design(FACTORS, [FORBID], **TWO_DECKS),
    "pairs in decks": small_design(
        FACTORS, tasks="2", profiles="2", mechanism="decks", decks={"number": "9", "search": "random"}
    ),
    "strata": small_design(FACTORS, [FORBID], **STRATA),
    "strata of tasks": small_design(FACTORS, tasks="2", **STRATA),
    "prose": small_design(FACTORS, [FORBID], tasks="2", profiles="2", vignette=PROSE, samples=SAMPLES),
    "shuffled": table(),
    "grouped": table(attribute_order="grouped", attribute_groups=[["a", "d"], ["b", "c"]]),
    "languages": design_of(Tree(Path("study.yaml"), "study.yaml", CONTENT, {(): 1})),
    "in parts": small_design(MANY, [{"forbid": {"e": ["e0", "e1"], "j": ["j8", "j9", "j10"]}}], mechanism="simple"),
}


@pytest.mark.parametrize("name", list(RIGHT))
def test_a_right_survey_is_not_blamed(name: str) -> None:
    found = verify(build(RIGHT[name]), RIGHT[name])
    assert found.deviations == ()
    assert found.compared[0].startswith("Exactly, computed from the flow: ")
    assert not any("respondents" in each for each in found.compared)


@pytest.mark.parametrize("name", [each for each in RIGHT if each != "in parts"])
def test_nor_by_monte_carlo(name: str) -> None:
    found = verify(build(RIGHT[name]), RIGHT[name], respondents=FEW, seed=4, exactly=False)
    assert found.deviations == ()
    assert any(f"Monte Carlo, {FEW:,} respondents" in each for each in found.compared)


@pytest.mark.parametrize("template", [each for each in get_args(Template) if each != "in-hand"])
def test_every_ready_study_is_right(template: str, tmp_path: Path) -> None:
    init(tmp_path, template=template)
    design = load(tmp_path).design
    found = verify(build(design), design)
    assert (bool(found), found.deviations) == (True, ())
    levels = sum(len(each.levels) * len(slots(design, each.varies)) for each in design.factors.values())
    assert f"- Exactly, computed from the flow: {levels} levels, " in str(found)


def test_one_language_of_several() -> None:
    design = RIGHT["languages"]
    german = build(design, language="de")
    assert verify(german, design, language="de")
    assert not verify(german, design)


# ------------------------------------------------------------------------------------------- planted bugs: tools


def nodes(below: Node, kind: str) -> Iterator[Node]:
    for each in below.get("Flow", ()):
        if each["Type"] == kind:
            yield each
        yield from nodes(each, kind)


def spoiled(survey: Survey, change: Callable[[Node], object]) -> Survey:
    """A copy of the survey after a change to its flow."""
    document = deepcopy(dict(survey.document))
    change(next(each["Payload"] for each in document["SurveyElements"] if each["Element"] == "FL"))
    return Survey(document)


def setting(flow: Node, name: str, value: str | None = None) -> list[Node]:
    """The entries that give a field a value, or this one."""
    given = (each for node in nodes(flow, "EmbeddedData") for each in node["EmbeddedData"] if each["Field"] == name)
    return [each for each in given if "Value" in each and value in (None, each["Value"])]


def randomizer_of(flow: Node, name: str) -> Node:
    return next(each for each in nodes(flow, "BlockRandomizer") if setting(each, name))


def children_with(node: Node, **fields: str) -> list[Node]:
    held = [{each["Field"]: each.get("Value") for each in child["EmbeddedData"]} for child in node["Flow"]]
    return [child for child, own in zip(node["Flow"], held, strict=True) if own.items() >= fields.items()]


def told(found: Verification, where: str) -> str:
    """What is said about one place, all together."""
    said = [str(each) for each in found.deviations if each.where == where]
    assert said, found
    return "\n".join(said)


BOTH = pytest.mark.parametrize("exactly", [True, False], ids=["exactly", "monte carlo"])


# -------------------------------------------------------------------------------------------------- planted bugs


@BOTH
def test_a_level_that_is_never_shown(exactly: bool, design: Design, survey: Survey) -> None:
    def drop(flow: Node) -> None:
        node = randomizer_of(flow, "action")
        node["Flow"].remove(children_with(node, action=design.factors["action"].level_names[0])[0])

    found = verify(spoiled(survey, drop), design, respondents=FEW, exactly=exactly)
    level = design.factors["action"].level_names[0]
    n = len(design.factors["action"].levels)
    assert f"`{level}` is never drawn; its declared probability is {1 / n:.4g}" in told(found, "action")
    assert f"No element sets `action` to `{level}`." in told(found, "action")
    assert {each.where for each in found.deviations} == {"action"}


@BOTH
def test_a_forbidden_cell(exactly: bool) -> None:
    """a1 and b1 must not stand together: one vignette of a1 and b2 gets b1."""
    design = RIGHT["one"]

    def allow(flow: Node) -> None:
        (node,) = (each for each in nodes(flow, "BlockRandomizer"))
        for each in children_with(node, a="a1", b="b2", c="c1", d="d1"):
            for entry in each["EmbeddedData"]:
                entry["Value"] = {"b": "b1", "b_text": "b is b1"}.get(entry["Field"], entry.get("Value"))

    found = verify(spoiled(build(design), allow), design, respondents=FEW, exactly=exactly)
    assert "`a1` with `b1` is drawn with probability" in told(found, "a, b")
    assert "the design never has it" in told(found, "a, b")
    assert "in vignette" in told(found, "b")


@BOTH
def test_weights_that_are_ignored(exactly: bool) -> None:
    """a1 has weight 2 of 4, and its element stands twice; once it is removed, every level has a third."""
    design = RIGHT["weights"]

    def flatten(flow: Node) -> None:
        node = randomizer_of(flow, "a_2")
        node["Flow"].remove(children_with(node, a_2="a1")[0])

    found = verify(spoiled(build(design), flatten), design, respondents=FEW, exactly=exactly)
    said = told(found, "a_2")
    assert "declared is 0.5" in said
    if exactly:
        assert "`a1` is drawn with probability 0.3333; declared is 0.5." in said
        assert "`a3` is drawn with probability 0.3333; declared is 0.25." in said
    assert {each.where for each in found.deviations} == {"a_2"}


@BOTH
def test_a_task_that_overwrites_another(exactly: bool) -> None:
    design = RIGHT["weights"]

    def overwrite(flow: Node) -> None:
        node = randomizer_of(flow, "b_2")
        for each in [*setting(node, "b_2"), *setting(node, "b_2_text")]:
            each["Field"] = each["Description"] = each["Field"].replace("_2", "_1")

    wrong = spoiled(build(design), overwrite)
    found = verify(wrong, design, respondents=FEW, exactly=exactly)
    assert "100% of respondents get none of the levels" in told(found, "b_2")
    if exactly:
        assert "is overwritten by" in told(found, "b_1")
        assert "for 100% of respondents" in told(found, "b_1")


def test_a_branch_with_the_wrong_code() -> None:
    design = RIGHT["prose"]

    def confuse(flow: Node) -> None:
        branch = next(each for each in nodes(flow, "Branch") if setting(each, "phrase1_1_1"))
        tests = branch["BranchLogic"]["0"]
        tests["0"]["RightOperand"] = "a3" if tests["0"]["RightOperand"] != "a3" else "a1"

    found = verify(spoiled(build(design), confuse), design)
    assert "with `a_1_1` = `a1` it is nothing instead of “An a is a1”" in told(found, "phrase1_1_1")
    assert {each.where for each in found.deviations} == {"phrase1_1_1"}


@BOTH
def test_the_words_of_another_level(exactly: bool, design: Design, survey: Survey) -> None:
    first, second = design.factors["treaty"].levels[:2]

    def swap(flow: Node) -> None:
        for each in setting(flow, "treaty_text", first.text[""]):  # type: ignore[index]
            each["Value"] = second.text[""]  # type: ignore[index]

    found = verify(spoiled(survey, swap), design, respondents=FEW, exactly=exactly)
    (only,) = found.deviations
    assert only.where == "treaty_text"
    assert f"beside `treaty` = `{first.name}` stands “{second.words()}” instead of “{first.words()}”" in only.what


@BOTH
def test_a_randomizer_that_presents_two(exactly: bool, design: Design, survey: Survey) -> None:
    found = verify(
        spoiled(survey, lambda flow: randomizer_of(flow, "action").update(SubSet=2)),
        design, respondents=FEW, exactly=exactly,
    )  # fmt: skip
    assert any("shows 2 of its children, which all set `action`" in each.what for each in found.deviations)


def test_a_field_that_is_computed_is_compared_as_the_platform_computes_it() -> None:
    """An operation has no value before it is run, so that such a field goes by Monte Carlo."""

    def compute(flow: Node) -> None:
        (entry,) = setting(flow, "deck", "2")
        entry["Value"] = "$e{ 1 + 1 }"

    design = RIGHT["decks"]
    found = verify(spoiled(build(design), compute), design, respondents=FEW, seed=4)
    assert found.deviations == ()
    assert "Monte Carlo" in str(found.compared)


@BOTH
def test_a_deck_that_is_missing(exactly: bool) -> None:
    design = RIGHT["decks"]

    def drop(flow: Node) -> None:
        del randomizer_of(flow, "deck")["Flow"][1]

    found = verify(spoiled(build(design), drop), design, respondents=FEW, exactly=exactly)
    assert "deck 2 never occurs; declared is 0.25." in told(found, "deck")


def test_a_deck_with_another_vignette() -> None:
    design = RIGHT["decks"]

    def change(flow: Node) -> None:
        fields = {each["Field"]: each for each in randomizer_of(flow, "deck")["Flow"][2]["EmbeddedData"]}
        new = "d1" if fields["d_3"]["Value"] == "d2" else "d2"
        fields["d_3"]["Value"], fields["d_3_text"]["Value"] = new, f"d is {new}"

    found = verify(spoiled(build(design), change), design)
    assert "in deck 3 it is" in told(found, "d_3")


def test_a_phrase_that_is_not_set() -> None:
    design = RIGHT["prose"]

    def drop(flow: Node) -> None:
        for each in list(nodes(flow, "Branch")):
            if setting(each, "phrase3_2_1"):
                flow["Flow"].remove(each)

    found = verify(spoiled(build(design), drop), design)
    assert "it is nothing instead of “" in told(found, "phrase3_2_1")
    assert "further combinations deviate" in told(found, "phrase3_2_1") or len(found.deviations) <= 5
    assert {each.where for each in found.deviations} == {"phrase3_2_1"}


def test_in_one_stratum_alone() -> None:
    design = RIGHT["strata of tasks"]

    def drop(flow: Node) -> None:
        below = list(nodes(list(nodes(flow, "Branch"))[-1], "BlockRandomizer"))
        node = next(each for each in below if setting(each, "d_2"))
        node["Flow"].pop()

    found = verify(spoiled(build(design), drop), design)
    assert {each.where for each in found.deviations} == {"d_2 (`party` R, `gender` R)"}


def test_profiles_that_may_not_meet() -> None:
    """Side by side, b and c must not both be alike: one set of four that has them so is a forbidden pair."""
    design = RIGHT["differ"]
    survey = build(design)

    def copy(flow: Node) -> None:
        node = randomizer_of(flow, "b_1_1")
        fields = {each["Field"]: each for each in node["Flow"][0]["EmbeddedData"]}
        for name in ("b_1", "c_1"):
            for end in ("", "_text"):
                fields[f"{name}_2{end}"]["Value"] = fields[f"{name}_1{end}"]["Value"]

    assert not verify(spoiled(survey, copy), design)


def test_two_tasks_that_are_drawn_together() -> None:
    """Each task has the right levels and vignettes, and the second is the first again."""
    design = RIGHT["weights"]

    def tie(flow: Node) -> None:
        first, second = (randomizer_of(flow, each) for each in ("a_1", "a_2"))
        for one, other in zip(first["Flow"], second["Flow"], strict=True):
            one["EmbeddedData"] += other["EmbeddedData"]
        flow["Flow"].remove(second)

    found = verify(spoiled(build(design), tie), design)
    assert "`a1` with `a1` is drawn with probability 0.5; declared is 0.25" in told(found, "a_1, a_2")
    assert "`a1` with `a2` is never drawn; its declared probability is 0.125" in told(found, "a_1, a_2")
    assert {each.where for each in found.deviations} == {"a_1, a_2"}


def test_rows_of_a_table_that_show_another_task() -> None:
    design = RIGHT["shuffled"]

    def confuse(flow: Node) -> None:
        for each in setting(flow, "table_rows_2"):
            each["Value"] = each["Value"].replace("b_2_1_text", "b_1_1_text")

    found = verify(spoiled(build(design), confuse), design)
    assert "the row of b is not as declared" in told(found, "table_rows_2")
    assert {each.where for each in found.deviations} == {"table_rows_2"}


@BOTH
def test_an_order_that_is_not_shuffled(exactly: bool) -> None:
    design = RIGHT["shuffled"]

    def fix(flow: Node) -> None:
        node = next(each for each in nodes(flow, "BlockRandomizer") if each["SubSet"] == 4)
        node["Type"] = "Group"

    found = verify(spoiled(build(design), fix), design, respondents=FEW, exactly=exactly)
    assert "a before b has the probability 1; declared is 0.5." in told(found, "attribute_order")


def test_levels_that_are_drawn_after_they_are_read(design: Design, survey: Survey) -> None:
    def postpone(flow: Node) -> None:
        node = randomizer_of(flow, "treaty")
        flow["Flow"].remove(node)
        flow["Flow"].append(node)

    found = verify(spoiled(survey, postpone), design)
    assert "before it has a value, for 100% of respondents" in told(found, "treaty_text")


def test_a_page_that_shows_another_task() -> None:
    design = RIGHT["weights"]
    document = deepcopy(dict(build(design).document))
    (page,) = (each["Payload"] for each in document["SurveyElements"]
               if each["Element"] == "SQ" and each["Payload"]["DataExportTag"] == "vignette_3")  # fmt: skip
    page["QuestionText"] = page["QuestionText"].replace("c_3_text", "c_2_text")
    found = verify(Survey(document), design)
    assert "it does not show `c_3_text`, but `c_2_text`." in told(found, "vignette_3")


def test_even_presentation_that_is_off(design: Design, survey: Survey) -> None:
    found = verify(
        spoiled(survey, lambda flow: randomizer_of(flow, "treaty").pop("EvenPresentation")), design, respondents=FEW
    )
    (only,) = found.deviations
    assert "it presents its elements unevenly, and the design declares `mechanism: complete`" in only.what


def test_a_survey_of_another_design(design: Design, survey: Survey, altered: Altered) -> None:
    found = verify(survey, altered(title="Another"))
    assert [each.where for each in found.deviations] == ["design_hash"]


def test_a_survey_without_its_vignette(design: Design, survey: Survey) -> None:
    def drop(flow: Node) -> None:
        flow["Flow"] = [each for each in flow["Flow"] if each["Type"] not in ("Block", "Standard")]

    (only,) = verify(spoiled(survey, drop), design).deviations
    assert "no respondent comes to a page that shows a vignette" in only.what


# -------------------------------------------------------------------------------------------- exact, and by chance


def flow_of(*children: Node) -> Enumerated:
    """A survey that goes through these and then shows the field `x`."""
    shown = {"Type": "Standard", "ID": "BL_1", "FlowID": "FL_page"}
    question = {"QuestionID": "QID1", "QuestionType": "DB", "QuestionText": "${e://Field/x}", "DataExportTag": "q"}
    block = {"Type": "Standard", "ID": "BL_1", "BlockElements": [{"Type": "Question", "QuestionID": "QID1"}]}
    elements = [("FL", {"Flow": [*children, shown]}), ("BL", [block]), ("SQ", question)]
    document = {"SurveyEntry": {}, "SurveyElements": [{"Element": kind, "Payload": each} for kind, each in elements]}
    return Enumerated(Survey(document), frozenset({"x"}))


def gives(name: str, value: str) -> Node:
    return {"Type": "EmbeddedData", "FlowID": f"FL_{name}{value}", "EmbeddedData": [{"Field": name, "Value": value}]}


def one_of(number: str, *children: Node, subset: int = 1) -> Node:
    return {"Type": "BlockRandomizer", "FlowID": number, "SubSet": subset, "Flow": list(children)}


def test_shares_are_those_of_the_ways_through_the_flow() -> None:
    """x is 1 for half; otherwise y is drawn out of three, and x follows it."""
    group = {"Type": "Group", "FlowID": "FL_g", "Description": "", "Flow": [
        one_of("FL_2", gives("y", "a"), gives("y", "b"), gives("y", "b")), gives("x", "${e://Field/y}!")]}  # fmt: skip
    flow = flow_of(one_of("FL_1", gives("x", "1"), group))
    found = flow.found(["x", "y"], Situation({}, {}))
    assert found.table == pytest.approx({("1", None): 1 / 2, ("a!", "a"): 1 / 6, ("b!", "b"): 1 / 3})
    assert found.read == 1


def test_of_several_children_the_last_counts() -> None:
    flow = flow_of(one_of("FL_1", gives("x", "1"), gives("x", "2"), gives("x", "3"), subset=2))
    found = flow.found(["x"], Situation({}, {}), watched=["x"])
    assert found.table == pytest.approx({("1",): 1 / 3, ("2",): 1 / 3, ("3",): 1 / 3})
    assert sum(found.replaced.values()) == pytest.approx(1)


def test_too_many_ways_are_refused() -> None:
    many = [gives("x", f"${{e://Field/x}}{place}") for place in range(9)]
    with pytest.raises(TooManyError):
        flow_of(one_of("FL_1", *many, subset=9)).found(["x"], Situation({}, {}))


def test_what_is_too_much_to_compute_is_sampled() -> None:
    """Eight rows have 40,320 orders: their order is compared by Monte Carlo, all else exactly."""
    factors = {name: equal(f"{name}1", f"{name}2") for name in "abcdefgh"}
    design = small_design(factors, presentation="table", vignette="Compare.", attribute_order="shuffled")
    found = verify(build(design), design, respondents=2_000)
    assert found.deviations == ()
    assert found.compared[0] == "Exactly, computed from the flow: 16 levels, 112 pairs of levels, 256 vignettes"
    assert any("28 pairs of attributes: by Monte Carlo, 2,000 respondents" in each for each in found.compared)
    assert any(f"at {FALSE_ALARMS:g} / 28:" in each for each in found.compared)


def test_false_alarms_are_as_rare_as_is_said() -> None:
    """Counts of a right draw, tested at 1 in 20: blamed in no more than 1 in 20 of 4,000 tries."""
    generator, n = np.random.default_rng(8), 500
    shares = generator.binomial(n, 0.3, 4_000) / n
    blamed = [bool(list(Named("x", ("y",), (0.3,), (each,), n).problems(0.05))) for each in shares.tolist()]
    assert 0.03 < np.mean(blamed) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 4_000)


def test_a_test_finds_what_the_binomial_distribution_says() -> None:
    """40 of 100 where half is declared: two-sided 0.0569 by the binomial distribution."""
    assert 2 * binom.cdf(40, 100, 0.5) == pytest.approx(0.0569, abs=1e-4)
    even = Named("x", ("y",), (0.5,), (0.40,), 100)
    assert list(even.problems(0.056)) == []
    assert len(list(even.problems(0.058))) == 1


@pytest.mark.parametrize("name", ["restricted", "shared", "differ", "pair", "three", "decks", "pairs in decks"])
def test_what_is_promised_across_slots_is_a_distribution_with_the_margins_of_its_slots(name: str) -> None:
    design = RIGHT[name]
    promised, there = Promised(design), slots(design, "profile")[-1]
    for one, other in ((a, b) for a in design.factors.values() for b in design.factors.values()):
        here = slots(design, one.varies)[0]
        if one.varies == "profile" == other.varies:
            both = promised.across((one.name, here), (other.name, there))
            assert both.sum(axis=1) == pytest.approx(promised.joint([one.name], here))
            assert both.sum(axis=0) == pytest.approx(promised.joint([other.name], there))

"""Several tasks, profiles, decks and samples in the instrument: what is drawn, what is shown, what comes out."""

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.design.small_design import equal, small_design
from vignetta.cleaning.responses import read_export
from vignetta.design.assigning.assignment import mechanism_of
from vignetta.design.assigning.universe import universe_of
from vignetta.design.assigning.vignettes import render, vignettes
from vignetta.design.declaration import Design
from vignetta.instruments import naming
from vignetta.instruments.codebooks import codebook_of_design
from vignetta.instruments.fieldwork.fielding import simulate
from vignetta.instruments.fieldwork.preferences import choice_probabilities
from vignetta.instruments.fieldwork.simulation import Fieldwork, Opinion, Simulation
from vignetta.instruments.fieldwork.truth import true_means
from vignetta.instruments.hypertext import plain_text
from vignetta.instruments.integrity import integrity_problems
from vignetta.instruments.qsf import qsf_text
from vignetta.instruments.running.random_answers import random_answer
from vignetta.instruments.running.runtime import Runtime
from vignetta.instruments.running.visits import Respondent, Visit
from vignetta.instruments.survey import EmbeddedDataNode, RandomizerNode, Survey, walk
from vignetta.instruments.writing.building import build, fields_of
from vignetta.instruments.writing.drawing import Drawing

RESPONDENTS = 3000
Z = 5.0
"""Standard errors; a right share lies further away in less than one of a million tries, and the seeds are fixed."""
FACTORS: dict[str, dict[str, float]] = {
    "a": {"a1": 2, "a2": 1, "a3": 1},
    "b": equal("b1", "b2"),
    "c": {"c1": 1, "c2": 3},
    "d": equal("d1", "d2"),
}
FORBID: Mapping[str, Any] = {"forbid": {"a": "a1", "b": "b1"}}
DIFFER: Mapping[str, Any] = {"differ": ["b", "c"]}
PAIR: Mapping[str, Any] = {"forbid_pair": [{"a": "a2"}, {"a": "a3", "b": "b2"}]}

DESIGNS: dict[str, Design] = {
    "weights": small_design(FACTORS, tasks="3", mechanism="simple"),
    "restricted": small_design(FACTORS, [FORBID], tasks="2", profiles="2", mechanism="simple"),
    "shared": small_design(
        FACTORS, [FORBID], varies={"b": "respondent", "c": "task"}, tasks="2", profiles="2", mechanism="simple"
    ),
    "differ": small_design(FACTORS, [DIFFER], tasks="2", profiles="2", mechanism="simple"),
    "pair": small_design(FACTORS, [FORBID, PAIR], varies={"c": "task"}, tasks="1", profiles="2", mechanism="simple"),
    "three": small_design(FACTORS, [DIFFER], tasks="1", profiles="3", mechanism="simple"),
    "one": small_design(FACTORS, [FORBID]),
}


def run(survey: Survey, n: int, *, seed: int = 3, link: Mapping[str, str] | None = None) -> list[Visit]:
    runtime, generator = Runtime(survey), np.random.default_rng(seed)
    assert runtime.stubbed == ()
    return [runtime.run(Respondent(random_answer, link or {}), generator) for _ in range(n)]


def levels_at(design: Design, visit: Visit, slot: naming.Slot) -> dict[str, str]:
    """The levels of every factor at a slot, as the survey has set them."""
    at = {name: naming.factor_field(each, naming.slot_of(design, each, slot)) for name, each in design.factors.items()}
    return {name: visit.embedded[field] for name, field in at.items()}


def places(design: Design, visits: list[Visit], slot: naming.Slot) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The place in the universe of each respondent's vignette at a slot."""
    names = list(design.factors)
    row = {tuple(each): place for place, each in enumerate(vignettes(design)[names].astype(str).to_numpy().tolist())}
    found = [levels_at(design, each, slot) for each in visits]
    return np.array([row[tuple(each[name] for name in names)] for each in found])


def apart(counts: np.ndarray[Any, Any], expected: np.ndarray[Any, Any], n: int) -> float:
    """The largest distance of shares from probabilities, in standard errors; no count where nothing is expected."""
    assert not counts[expected == 0].any()
    share, p = counts[expected > 0] / n, expected[expected > 0]
    return float(np.abs((share - p) / np.sqrt(p * (1 - p) / n)).max())


@pytest.mark.parametrize("name", [each for each in DESIGNS if each != "one"])
def test_the_field_realises_the_exact_probabilities_of_vignettes_and_pairs(name: str) -> None:
    design = DESIGNS[name]
    survey, mechanism, size = build(design), mechanism_of(design), len(universe_of(design))
    assert integrity_problems(survey) == []
    visits = run(survey, RESPONDENTS)
    slots = naming.slots(design, "profile")
    drawn = {slot: places(design, visits, slot) for slot in slots}
    for slot in slots:
        assert apart(np.bincount(drawn[slot], minlength=size), mechanism.probabilities(), RESPONDENTS) < Z
    first = slots[0]
    for other in slots[1:]:
        asked = ((0, 0, 0), (0, other[0] - 1, max(other[1], 1) - 1))
        exact = mechanism.pair_probabilities(1, slots=asked).ravel()  # type: ignore[call-arg]
        together = np.bincount(drawn[first] * size + drawn[other], minlength=size * size)
        assert apart(together, exact, RESPONDENTS) < Z + 1


@pytest.mark.parametrize("name", list(DESIGNS))
def test_the_size_that_is_refused_is_the_size_that_is_built(name: str) -> None:
    drawing = Drawing(DESIGNS[name])
    survey = build(DESIGNS[name])
    children = sum(len(each.children) for each in walk(survey.flow) if isinstance(each, RandomizerNode))
    assert children == drawing.size()


def test_a_design_too_large_to_draw_whole_is_drawn_in_its_parts() -> None:
    """Education × Job and Country × Reason restrict each other, the rest is free: one randomizer for each part."""
    many = {name: equal(*(f"{name}{place}" for place in range(n))) for name, n in (("e", 7), ("j", 11), ("k", 10))}
    many |= {"r": equal("r0", "r1", "r2"), "l": equal("l0", "l1", "l2", "l3"), "g": equal("g0", "g1")}
    rules = [{"forbid": {"e": ["e0", "e1"], "j": ["j8", "j9", "j10"]}}, {"forbid": {"k": ["k1", "k2"], "r": "r2"}}]
    survey = build(small_design(many, rules, mechanism="simple"))
    sizes = [len(each.children) for each in walk(survey.flow) if isinstance(each, RandomizerNode)]
    assert sizes == [7 * 11 - 6, 10 * 3 - 2, 4, 2]
    assert "vignette" not in survey.embedded_fields


def test_decks_are_what_the_mechanism_says() -> None:
    design = small_design({"a": equal("a1", "a2"), "b": equal("b1", "b2", "b3")}, tasks="3", mechanism="decks",
                          decks={"number": "2"})  # fmt: skip
    visits, decks = run(build(design), 40), mechanism_of(design).decks  # type: ignore[union-attr]
    assert Counter(each.embedded["deck"] for each in visits) == {"1": 20, "2": 20}
    for task in (1, 2, 3):
        drawn = places(design, visits, (task, 0))
        assert [decks[int(each.embedded["deck"]) - 1, task - 1, 0] for each in visits] == drawn.tolist()


def test_strata_draw_every_task() -> None:
    party = {
        "label": "Party",
        "question": "Which?",
        "options": [{"name": "l", "text": "L"}, {"name": "r", "text": "R"}],
    }
    design = small_design({"a": equal("a1", "a2")}, tasks="2", mechanism="blocked", covariates={"party": party},
                          strata=["party"])  # fmt: skip
    survey = build(design)
    visits = run(survey, 200)
    number = next(each.id for each in survey.questions.values() if each.tag == "party")
    for answer in ("1", "2"):
        own = [each for each in visits if each.answers[number] == answer]
        for task in (1, 2):
            counts = Counter(each.embedded[f"a_{task}"] for each in own)
            assert abs(counts["a1"] - counts["a2"]) <= 1


# ------------------------------------------------------------------------------------------------- what is shown

PROSE = (
    "{a|a|capital} stands here.{if b is b1 and c is c2} It has {and b, c, d}.{else} Cost: $5 & {{no}} more.{end}\n\n"
    "{if sample is us}In the US, {d|small}.{else}Elsewhere.{end}"
)
SAMPLES = {"us": {"label": "US", "size": "60"}, "de": {"label": "Germany", "size": "40"}}


@pytest.mark.parametrize("profiles", ["1", "2"])
def test_every_vignette_reads_as_declared(profiles: str) -> None:
    """The page that is shown is the template as `render` reads it, phrases, lists, forms and samples included."""
    design = small_design(
        FACTORS, [FORBID], varies={"c": "task"} if profiles == "2" else {}, tasks="2", profiles=profiles,
        vignette=PROSE, samples=SAMPLES,
    )  # fmt: skip
    survey, seen = build(design), set()
    assert integrity_problems(survey) == []
    for sample in ("us", "de"):
        for visit in run(survey, 150, link={"sample": sample}):
            for task in (1, 2):
                number = next(each.id for each in survey.questions.values() if each.tag == f"vignette_{task}")
                sides = [(task, side) for side in (1, 2)] if profiles == "2" else [(task, 0)]
                texts = [render(design, levels_at(design, visit, slot), sample=sample) for slot in sides]
                heads = ["A", "B"] if profiles == "2" else [""]
                expected = " ".join(f"{head} {text}" for head, text in zip(heads, texts, strict=True))
                assert plain_text(visit.shown[number]) == " ".join(expected.split())
                seen.update(texts)
    assert seen == {text for sample in SAMPLES for text in vignettes(design, sample=sample)["text"]}


def table(**sections: Any) -> Design:
    given = {"presentation": "table", "vignette": "Compare.", "attribute_order": "shuffled", **sections}
    return small_design(FACTORS, tasks="2", profiles="2", **given)


def rows_shown(design: Design, survey: Survey, visit: Visit, task: int) -> list[list[str]]:
    number = next(each.id for each in survey.questions.values() if each.tag == f"vignette_{task}")
    rows = re.findall(r"<tr>(.*?)</tr>", visit.shown[number])
    return [[plain_text(each) for each in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]


def test_a_table_has_a_row_for_every_factor_in_an_order_that_the_respondent_keeps() -> None:
    design = table()
    survey, orders = build(design), Counter[tuple[str, ...]]()
    for visit in run(survey, 2400):
        kept = tuple(visit.embedded["attribute_order"].split(";")[:-1])
        orders[kept] += 1
        for task in (1, 2):
            head, *rows = rows_shown(design, survey, visit, task)
            assert head == ["", "A", "B"]
            levels = [levels_at(design, visit, (task, side)) for side in (1, 2)]
            assert rows == [[name, *(f"{name} is {each[name]}" for each in levels)] for name in kept]
    assert len(orders) == 24
    assert max(abs(n - 100) for n in orders.values()) < Z * np.sqrt(2400 / 24 * 23 / 24)


def test_groups_of_attributes_stay_together() -> None:
    orders = Counter(
        each.embedded["attribute_order"]
        for each in run(build(table(attribute_order="grouped", attribute_groups=[["a", "d"], ["b", "c"]])), 800)
    )
    assert len(orders) == 8
    assert all({*order.split(";")[:2]} in ({"a", "d"}, {"b", "c"}) for order in orders)


def test_a_group_of_one_attribute_is_drawn_by_no_randomizer_of_its_own() -> None:
    survey = build(table(attribute_order="grouped", attribute_groups=[["a"], ["b", "c"]]))
    randomizers = [each for each in walk(survey.flow) if isinstance(each, RandomizerNode)]
    assert all(len(each.children) > 1 for each in randomizers)
    orders = {each.embedded["attribute_order"] for each in run(survey, 300)}
    assert len(orders) == 6 * 2


def test_a_fixed_table_keeps_the_declared_order() -> None:
    design = table(attribute_order="fixed")
    survey = build(design)
    (visit,) = run(survey, 1)
    assert [row[0] for row in rows_shown(design, survey, visit, 1)] == ["", *FACTORS]
    assert "attribute_order" not in survey.embedded_fields


def test_ratings_name_their_profile_and_choices_offer_all() -> None:
    outcomes = {
        "y": {"label": "Y", "question": "How good is {profile}?", "scale": ["No", "Yes"]},
        "z": {"label": "Z", "question": "Is it big?", "scale": ["No", "Yes"]},
        "chosen": {"label": "Chosen", "kind": "choice", "question": "Which?"},
    }
    survey = build(table(outcomes=outcomes))
    asked = {each.tag: each for each in survey.questions.values()}
    assert [asked[f"y_2_{side}"].plain for side in (1, 2)] == ["How good is A?", "How good is B?"]
    assert [asked[f"z_1_{side}"].plain for side in (1, 2)] == ["A: Is it big?", "B: Is it big?"]
    assert [each.plain for each in asked["chosen_1"].choices] == ["A", "B"]


# ------------------------------------------------------------------------------------- export, clean data, and truth

CHOICE = {
    "y": {"label": "Y", "question": "Good?", "scale": ["0", "1", "2", "3"]},
    "chosen": {"label": "Chosen", "kind": "choice", "question": "Which?"},
}
OPINIONS = {
    "y": Opinion(name="y", baseline=2, sd=1, effects={"a": {"a2": 0.5}, "b": {"b2": -0.5}}),
    "chosen": Opinion(name="chosen", baseline=0, sd=0.8, effects={"a": {"a2": 1.0}, "c": {"c2": -0.6}}),
}


def simulation(**fieldwork: Any) -> Simulation:
    field = Fieldwork.model_validate({"start": "2026-03-02 09:00:00", **fieldwork})
    return Simulation(note="made up", seed=5, outcomes=OPINIONS, fieldwork=field)


@pytest.mark.parametrize("varies", [{}, {"b": "respondent", "c": "task"}], ids=["free", "shared"])
def test_clean_data_are_what_the_survey_set_and_heard(varies: Mapping[str, str], tmp_path: Path) -> None:
    samples = {"us": {"label": "US", "size": "30"}, "de": {"label": "DE", "size": "10"}}
    given = {"tasks": "3", "profiles": "2", "outcomes": CHOICE, "sample_size": "40", "samples": samples}
    design = small_design(FACTORS, [FORBID], varies=varies, **given)
    survey = build(design)
    exported = simulate(survey, design, simulation(partials=7)).export
    (tmp_path / "export.csv").write_text(exported, "utf-8")
    codebook = codebook_of_design(design, survey)
    clean = read_export(tmp_path / "export.csv", codebook)
    data = clean.responses
    assert (clean.columns["status"] != "listed").all()
    assert len(data) == 47 * 6
    lines = [dict(zip(exported.splitlines()[0].split(","), each.split(","), strict=False))
             for each in exported.splitlines()[3:]]  # fmt: skip
    finished = data[data["finished"]]
    assert finished.groupby("sample", observed=True)["row"].nunique().to_dict() == {"us": 30, "de": 10}
    for raw, (_, own) in zip(lines, data.groupby("row"), strict=True):
        assert [(t, p) for t in (1, 2, 3) for p in (1, 2)] == list(zip(own["task"], own["profile"], strict=True))
        for _, row in own.iterrows():
            slot = (row["task"], row["profile"])
            for name, factor in design.factors.items():
                field = naming.factor_field(factor, naming.slot_of(design, factor, slot))
                assert (row[name] if isinstance(row[name], str) else "") == raw[field]
            chosen, rated = raw[f"chosen_{slot[0]}"], raw[f"y_{slot[0]}_{slot[1]}"]
            assert (row["chosen"] == (1.0 if int(chosen) == slot[1] else 0.0)) if chosen else np.isnan(row["chosen"])
            assert (row["y"] == float(rated)) if rated else np.isnan(row["y"])


def test_fields_are_declared_before_they_are_set() -> None:
    for design in (*DESIGNS.values(), table()):
        survey = build(design)
        assert isinstance(survey.flow[0], EmbeddedDataNode)
        assert [each.name for each in survey.flow[0].fields] == fields_of(design) == list(survey.embedded_fields)


@pytest.mark.parametrize(
    ("rules", "varies", "profiles"),
    [([], {}, "2"), ([FORBID], {"b": "respondent", "c": "task"}, "2"), ([DIFFER], {}, "2"), ([], {"c": "task"}, "3")],
    ids=["free", "shared", "rules", "three"],
)
def test_how_often_a_profile_is_chosen(
    rules: list[Mapping[str, Any]], varies: Mapping[str, str], profiles: str
) -> None:
    """The exact probabilities beside a plain simulation: draw tasks, add noise, take the best."""
    design = small_design(
        FACTORS, rules, varies=varies, tasks="1", profiles=profiles, outcomes=CHOICE, mechanism="simple"
    )
    universe, generator = universe_of(design), np.random.default_rng(8)
    worth = universe.codes[:, 0] * 0.7 - universe.codes[:, 2] * 0.5
    drawn = mechanism_of(design).draw(400_000, generator)[:, 0]
    best = (worth[drawn] + 0.9 * generator.standard_normal(drawn.shape)).argmax(axis=1)
    won = best[:, None] == np.arange(int(profiles))
    shown = np.bincount(drawn.ravel(), minlength=len(universe))
    share = np.bincount(drawn.ravel(), won.ravel().astype(float), minlength=len(universe)) / shown
    exact = choice_probabilities(design, worth, 0.9)
    assert float(np.abs((share - exact) / np.sqrt(exact * (1 - exact) / shown)).max()) < Z
    assert float(exact @ mechanism_of(design).probabilities()) == pytest.approx(1 / int(profiles), abs=1e-12)


def test_the_truth_of_a_choice_is_its_probability() -> None:
    design = small_design(FACTORS, tasks="1", profiles="2", outcomes=CHOICE)
    truth = true_means(simulation(), design)
    chosen = truth[truth["outcome"] == "chosen"]
    assert float(chosen["mean"] @ chosen["probability"]) == pytest.approx(0.5, abs=1e-12)
    assert (chosen.groupby("a", observed=True)["mean"].mean()["a2"] > 0.6) and (truth["mean"] >= 0).all()


def test_building_twice_gives_equal_bytes() -> None:
    for name in ("shared", "differ"):
        assert qsf_text(build(DESIGNS[name])) == qsf_text(build(DESIGNS[name]))

"""Planted faults are found, each once, with its cause and its vignettes; sound texts are left alone."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vignetta.declared import Languages
from vignetta.design.assigning.vignettes import vignettes
from vignetta.design.declaration import Design
from vignetta.design.proofs.comparing import GRADES_APART, WORDS_APART, level_lengths
from vignetta.design.proofs.faults import faults
from vignetta.design.proofs.passages import Proofs, combinations_of_levels
from vignetta.design.proofs.proofing import Remark, proof
from vignetta.design.proofs.reading import Measure, measure
from vignetta.design.texts.articles import begins_with_vowel_sound

EXACT = 1e-9
"""Two orders of the same sums differ by rounding alone."""

Changes = Mapping[tuple[str, str], str]


def changed(design: Design, texts: Changes, template: str | None = None) -> Design:
    """The design with other words for some levels, and another template."""
    factors = {
        name: factor.model_copy(
            update={
                "levels": tuple(
                    each.model_copy(update={"text": {"": texts.get((name, each.name), (each.text or {"": ""})[""])}})
                    for each in factor.levels
                )
            }
        )
        for name, factor in design.factors.items()
    }
    vignette = design.vignette if template is None else {"": template}
    return design.model_copy(update={"factors": factors, "vignette": vignette})


def declared(**keys: Any) -> Design:
    outcomes = {"y": {"label": "Rating", "question": "How much?", "scale": ["little", "much"]}}
    given = {"name": "small", "title": "Small", "seed": "1", "sample_size": "10", "outcomes": outcomes, **keys}
    return Design.model_validate(given, context=Languages(()))


def factor(*texts: Any) -> dict[str, Any]:
    levels = [{"name": f"l{place}", "label": f"Level {place}", "text": each} for place, each in enumerate(texts)]
    return {"label": "Factor", "levels": [{**levels[0], "reference": "true"}, *levels[1:]]}


PLANTED: dict[str, tuple[tuple[str, str], str]] = {
    "placeholder": (("treaty", "formal"), "The two countries have signed a {kind} treaty to help defend each other"),
    "spacing": (("regime", "democracy"), "The ally is a democracy,  and its leaders are chosen in free elections"),
    "repeated word": (("capability", "strong"), "Its military is is strong compared with those of its neighbors"),
    "punctuation": (("action", "rival_arms"), "bought advanced weapons , from a rival of the United States"),
    "article": (("response", "reduce_support"), "reduced the support that it gives to an European ally"),
    "capital": (("capability", "weak"), "its military is weak compared with those of its neighbors"),
    "quotation marks": (("response", "economic"), "imposed “economic measures” on the ally, and tariffs on its goods"),
    "empty text": (("treaty", "none"), "\u200b"),
    "length": (("action", "refusing_troops"), "refused to send troops to a military operation " + "of the many " * 6),
    "alike": (("response", "terminate"), "took no step and left the alliance as it was"),
}
"""For each kind of remark a level's text with that fault."""


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_fault_is_found_with_its_level_and_vignettes(design: Design, kind: str) -> None:
    (name, level), text = PLANTED[kind]
    spoilt = changed(design, {(name, level): text})
    found = [each for each in proof(spoilt) if each.kind == kind]
    universe = vignettes(spoilt)
    having = tuple(universe.loc[universe[name] == level, "vignette"])
    place = design.factors[name].level_names.index(level)
    assert [each.where for each in found] == [f"factors.{name}.levels[{place}].text"]
    assert found[0].vignettes == having
    assert found[0].what and found[0].remedy


def test_all_planted_faults_together(design: Design) -> None:
    found = proof(changed(design, dict(PLANTED.values())))
    assert {each.kind for each in found} >= set(PLANTED)
    for kind, ((name, level), _) in PLANTED.items():
        place = design.factors[name].level_names.index(level)
        assert f"factors.{name}.levels[{place}].text" in [each.where for each in found if each.kind == kind]


def test_the_flagship_has_no_remark(design: Design) -> None:
    assert proof(design) == []


# --------------------------------------------------------------------------------------------------------- the cause


def one(remarks: list[Remark], kind: str) -> Remark:
    (found,) = [each for each in remarks if each.kind == kind]
    return found


def test_what_every_vignette_shows_is_the_template() -> None:
    texts = {"a": factor("Red grows here", "Blue grows there"), "b": factor("It rains", "It snows")}
    for template, kind in (
        ("{a}. It  is so. {b}.", "spacing"),
        ("{a}. {b}", "full stop"),
        ("{a}.. {b}.", "punctuation"),
        ("it is: {a}. {b}.", "capital"),
        ("{a}. {b}. TODO is this.", "placeholder"),
    ):
        found = one(proof(declared(factors=texts, vignette=template)), kind)
        assert (found.where, found.vignettes) == ("vignette", (1, 2, 3, 4))


def test_a_fault_between_two_levels_names_both_and_their_vignettes() -> None:
    texts = {"a": factor("red and", "blue with"), "b": factor("and green", "more green", "some yellow")}
    found = proof(declared(factors=texts, vignette="It is {a} {b}."))
    assert len(found) == 1
    assert found[0].kind == "repeated word"
    assert found[0].where == "factors.a.levels[0].text with factors.b.levels[0].text"
    assert found[0].vignettes == (1,)


def test_an_article_in_the_template_that_fits_some_levels() -> None:
    texts = {"a": factor("ally", "US partner", "hour", "European state"), "b": factor("It rains", "It snows")}
    found = proof(declared(factors=texts, vignette="This is an {a}. {b}."))
    assert [(each.where, each.vignettes) for each in found] == [
        ("factors.a.levels[1].text", (3, 4)),
        ("factors.a.levels[3].text", (7, 8)),
    ]
    assert {each.remedy for each in found} == {"Write `a`."}


def test_two_faults_of_one_level_are_one_remark() -> None:
    texts = {
        "a": factor("red  and a blue that is seldom seen so far in the  north", "green"),
        "b": factor("rain", "snow"),
    }
    found = one(proof(declared(factors=texts, vignette="It is {a} in {b}.")), "spacing")
    assert found.where == "factors.a.levels[0].text"
    assert found.what.count("“") == 2


def test_a_forbidden_pair_is_not_read() -> None:
    texts = {"a": factor("red and", "blue with"), "b": factor("and green", "more green")}
    rule = {"forbid": {"a": ["l0"], "b": ["l0"]}, "reason": "Not together."}
    free, bound = (
        declared(factors=texts, vignette="It is {a} {b}.", **more) for more in ({}, {"restrictions": [rule]})
    )
    assert [each.kind for each in proof(free)] == ["repeated word"]
    assert proof(bound) == []


@pytest.mark.parametrize("restricted", [False, True])
def test_the_combinations_are_the_vignettes_with_their_numbers(design: Design, restricted: bool) -> None:
    if restricted:
        texts = {"a": factor("p", "q", "r"), "b": factor("s", "t"), "c": factor("u", "v", "w")}
        rules = [
            {"forbid": {"a": ["l0", "l2"], "c": ["l1"]}, "reason": "No."},
            {"levels": {"b": ["l1"]}, "only_with": {"c": ["l0", "l1"]}, "reason": "No."},
        ]
        design = declared(factors=texts, vignette="It {a} {b} {c}.", restrictions=rules)
    universe = vignettes(design)
    names = list(design.factors)
    assert combinations_of_levels(design) == list(universe[names].itertuples(index=False, name=None))
    assert list(universe["vignette"]) == list(range(1, len(universe) + 1))


WORDS = st.sampled_from(
    ["red", "Red.", "is is", "a ally", "an hour", "blue  sky", "(so", "end.", "etc.", ", too", "it"]
)


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(WORDS, min_size=4, max_size=4), template=st.sampled_from(["{a} {b}.", "It {a}. {b}.", "{b},{a}"]))
def test_reading_by_sentences_finds_what_reading_whole_vignettes_finds(texts: list[str], template: str) -> None:
    study = declared(factors={"a": factor(*texts[:2]), "b": factor(*texts[2:])}, vignette=template)
    named = {(each.kind, number) for each in proof(study) for number in each.vignettes}
    kinds = {"placeholder", "spacing", "repeated word", "punctuation", "full stop", "article", "capital"}
    whole = {
        (fault.kind, number)
        for number, text in zip(vignettes(study)["vignette"], vignettes(study)["text"], strict=True)
        for fault in faults(text, "en")
    }
    assert {each for each in named if each[0] in kinds} == whole


# ----------------------------------------------------------------------------------------------- conditional phrases


def three() -> dict[str, Any]:
    return {"a": factor("red", "blue", "green"), "b": factor("rain", "snow"), "c": factor("now", "late")}


PHRASES: dict[str, tuple[str, str, str, tuple[int, ...]]] = {
    "an empty phrase leaves two spaces": (
        "It {b} {if a is l1}in {a} {c}{end} here.",
        "spacing",
        "vignette with factors.a.levels[0].text; vignette with factors.a.levels[2].text",
        (1, 2, 3, 4, 9, 10, 11, 12),
    ),
    "an empty phrase leaves two spaces between sentences": (
        "It is {a}. {if b is l1}So {b}.{end} It is {c}.",
        "spacing",
        "vignette with factors.b.levels[0].text",
        (1, 2, 5, 6, 9, 10),
    ),
    "an empty phrase leaves a space before a mark": (
        "It is {a} {if b is l1}in {b}{end}, {c}.",
        "punctuation",
        "vignette with factors.b.levels[0].text",
        (1, 2, 5, 6, 9, 10),
    ),
    "a list without texts leaves two spaces": (
        "It is {a} {if b is l1 and c is l0}so{end} it.",
        "spacing",
        "vignette with factors.b.levels[0].text; vignette with factors.c.levels[1].text",
        (1, 2, 4, 5, 6, 8, 9, 10, 12),
    ),
    "an article before a phrase": (
        "It was {c} a {if b is l1}awful{else}bad{end} {a}.",
        "article",
        "vignette with factors.b.levels[1].text",
        (3, 4, 7, 8, 11, 12),
    ),
    "an article before two phrases": (
        "It was a {if b is l1}{if c is l1}odd {end}{else}new {end}{a}.",
        "article",
        "vignette with factors.b.levels[1].text with factors.c.levels[1].text",
        (4, 8, 12),
    ),
    "a full stop that a phrase lacks": (
        "It is {a}.{if c is l1} It is {c}{end}\n\nThen {b}.",
        "full stop",
        "vignette with factors.c.levels[1].text",
        (2, 4, 6, 8, 10, 12),
    ),
    "a full stop that both ways lack": (
        "It is {a}. {if c is l1}It is {c}{else}It will be{end}\n\nThen {b}.",
        "full stop",
        "vignette",
        tuple(range(1, 13)),
    ),
    "a full stop that only a phrase has": (
        "It is {a}, {b}{if c is l1}.{end}",
        "full stop",
        "vignette with factors.c.levels[0].text",
        (1, 3, 5, 7, 9, 11),
    ),
    "a small letter behind a phrase": (
        "It is {a}. {if c is l1}Now {end}it is {b}.",
        "capital",
        "vignette with factors.c.levels[0].text",
        (1, 3, 5, 7, 9, 11),
    ),
    "a small letter in a phrase": (
        "It is {a}. {if c is l1}now it is {b}{else}It is not{end}.",
        "capital",
        "vignette with factors.c.levels[1].text",
        (2, 4, 6, 8, 10, 12),
    ),
    "a word of a phrase and a level's": (
        "It is {if c is l1}red {end}{a} {b}.",
        "repeated word",
        "vignette with factors.c.levels[1].text with factors.a.levels[0].text",
        (2, 4),
    ),
    "two spaces in a phrase": (
        "It is {a}. {if c is l1}It  is {b}{else}It is not{end}.",
        "spacing",
        "vignette with factors.c.levels[1].text",
        (2, 4, 6, 8, 10, 12),
    ),
    "two spaces behind a phrase": (
        "It is {a}. {if c is l1}It is {b}. {end}It  is.",
        "spacing",
        "vignette",
        tuple(range(1, 13)),
    ),
}
"""Templates with one fault: its kind, the causes, and all vignettes that show it."""


@pytest.mark.parametrize("name", PHRASES)
def test_a_fault_in_a_phrase_has_the_smallest_cause(name: str) -> None:
    template, kind, causes, numbers = PHRASES[name]
    study = declared(factors=three(), vignette=template)
    found = [each for each in proof(study) if each.kind == kind]
    assert sorted({each.where for each in found}) == causes.split("; ")
    assert tuple(sorted({number for each in found for number in each.vignettes})) == numbers
    shown = dict(zip(vignettes(study)["vignette"], vignettes(study)["text"], strict=True))
    assert set(numbers) == {
        number for number, text in shown.items() if kind in {each.kind for each in faults(text, "en")}
    }


def test_a_text_that_only_a_phrase_shows() -> None:
    texts = {"a": factor("red  sky", "blue"), "b": factor("rain", "snow")}
    found = one(
        proof(declared(factors=texts, vignette="It is {b}.{if b is l1} It is {a}.{else} {a|capital}.{end}")), "spacing"
    )
    assert (found.where, found.vignettes) == ("factors.a.levels[0].text", (1, 2))
    found = one(proof(declared(factors=texts, vignette="It is {b}.{if b is l1} It is {a}.{end}")), "spacing")
    assert (found.where, found.vignettes) == ("factors.b.levels[1].text with factors.a.levels[0].text", (2,))


def test_a_text_in_a_list_or_a_form_is_its_levels() -> None:
    texts = {"a": factor("red  sky", "blue"), "b": factor("groß rain", "snow  storm")}
    template = "It is {and a, b}. {a|capital} came{if b is l1} with {b|a}{end}."
    found = [(each.where, each.vignettes) for each in proof(declared(factors=texts, vignette=template))]
    assert found == [("factors.a.levels[0].text", (1, 2)), ("factors.b.levels[1].text", (2, 4))]


def test_the_ten_planted_faults_beside_phrases(design: Design) -> None:
    template = next(iter((design.vignette or {}).values()))
    template += "\n\n{if regime is democracy and treaty is formal}Both hold.{else}They do not.{end}"
    found = proof(changed(design, dict(PLANTED.values()), template))
    for kind, ((name, level), _) in PLANTED.items():
        place = design.factors[name].level_names.index(level)
        assert f"factors.{name}.levels[{place}].text" in [each.where for each in found if each.kind == kind]
    assert proof(changed(design, {}, template)) == []


TAILS = ["", " more", "More.", " So it is.", ", too", "an ", "a", " end"]


@settings(max_examples=200, deadline=None)
@given(
    texts=st.lists(WORDS, min_size=4, max_size=4),
    tails=st.lists(st.sampled_from(TAILS), min_size=4, max_size=4),
    template=st.sampled_from(
        [
            "It is {a}. {if b is l1}?0{else}?1{end} {b}.",
            "{if a is l0}?0{if b is l1}?1{end}{end} It is {a}. {b}?2",
            "It is so.{if a is l0}?0{end}\n\n{if b is l1}?1{else}?2{end}\n\nAnd {a} {b}",
            "It is so {if a is l0 and b is l1}?0{else}?1{end}. {and a, b}. {if a is not l0}?2{end}?3",
            "{a|capital} is {b|a}. {if a is l0}?0{end} {if b is l0}?1{end} It is.",
        ]
    ),
)
def test_reading_by_sentences_finds_what_reading_whole_vignettes_finds_beside_phrases(
    texts: list[str], tails: list[str], template: str
) -> None:
    for place, tail in enumerate(tails):
        template = template.replace(f"?{place}", tail or "So")
    study = declared(factors={"a": factor(*texts[:2]), "b": factor(*texts[2:])}, vignette=template)
    named = {(each.kind, number) for each in proof(study) for number in each.vignettes}
    kinds = {"placeholder", "spacing", "repeated word", "punctuation", "full stop", "article", "capital"}
    numbered = zip(vignettes(study)["vignette"], vignettes(study)["text"], strict=True)
    whole = {(fault.kind, number) for number, text in numbered for fault in faults(text, "en")}
    assert {each for each in named if each[0] in kinds} == whole


def test_levels_without_a_text_are_empty_only_where_they_are_shown() -> None:
    texts = {"a": factor("", "blue"), "b": factor("\u200b", "snow")}
    for level in texts["a"]["levels"]:
        if not level["text"]:
            del level["text"]
    study = declared(factors=texts, vignette="It has {and a, b}{if a is l1}, and is {a}{end}.")
    assert [each.where for each in proof(study) if each.kind == "empty text"] == ["factors.b.levels[0].text"]
    bare = study.model_copy(update={"vignette": {"": "It is {a} in {b}."}})
    assert [each.where for each in proof(bare) if each.kind == "empty text"] == [
        "factors.a.levels[0]",
        "factors.b.levels[0].text",
    ]


def without_texts(n: int) -> dict[str, Any]:
    levels = factor(*[""] * n)["levels"]
    return {"label": "Factor", "levels": [{key: each[key] for key in each if key != "text"} for each in levels]}


def test_the_words_of_a_phrase_are_those_of_its_level() -> None:
    texts = {"a": without_texts(2), "b": factor("rain", "snow")}
    study = declared(factors=texts, vignette="It is {b}.{if a is l1} It has a treaty.{end}")
    found = {(each.factor, each.level): each.words for each in level_lengths(Proofs(study, "en"))}
    assert found == {("a", "l0"): 0, ("a", "l1"): 4, ("b", "l0"): 1, ("b", "l1"): 1}
    unread = study.model_copy(
        update={"vignette": {"": "It is cold.{if b is l1} Deep snow.{end}{if a is l1} Now.{end}"}}
    )
    assert [each.words for each in level_lengths(Proofs(unread, "en")) if each.factor == "b"] == [0, 2]
    long = "It is {b}.{if a is l1} It has a treaty" + " of old" * 6 + ".{end}"
    remark = one(proof(declared(factors=texts, vignette=long)), "length")
    assert (remark.where, "16 words" in remark.what) == ("factors.a.levels[1]", True)


def test_levels_that_show_nothing_are_alike() -> None:
    texts = {"a": without_texts(3), "b": factor("rain", "snow")}
    found = one(proof(declared(factors=texts, vignette="It is {b}.{if a is l1} It is old.{end}")), "alike")
    assert found.what == "the levels `l0` and `l2` of `a` both show nothing."
    both = "It is {b}.{if a is l1} It is old.{end}{if a is l2 and b is l1} It is new.{end}"
    assert not [each for each in proof(declared(factors=texts, vignette=both)) if each.kind == "alike"]


def test_a_statement_of_a_phrase_and_its_denial() -> None:
    texts = {"a": without_texts(2), "b": factor("It is rich, and the ally is a democracy", "It is poor")}
    template = "{b}.{if a is l1} The ally is not a democracy.{end}"
    found = [each for each in proof(declared(factors=texts, vignette=template)) if each.kind == "contradiction"]
    assert [each.vignettes for each in found] == [(3,)]


def test_a_placeholder_that_one_language_shows_less_often() -> None:
    texts = [{"en": "red", "de": "rot"}, {"en": "blue", "de": "blau"}]
    template = {"en": "It is {a}{if b is l1} {a}{end}.", "de": "Es ist {if b is l1}{a}{else}{a}{end} da."}
    study = declared(languages=["en", "de"], factors={"a": factor(*texts), "b": factor(*texts)}, vignette=template)
    found = one(proof(study), "languages")
    assert (found.where, found.vignettes) == ("factors.b.levels[1].text.de", (2, 4))
    assert found.what == "`{a}` stands 1 times in `de` and 2 times in `en`."


# ------------------------------------------------------------------------------------------------- sound texts stay


@pytest.mark.parametrize(
    "text",
    [
        "The U.S., a US ally and an EU member met. An hour later, a European said so.",
        "He said that that had had no effect... Really?! It cost $1,502.50, i.e., little.",
        "Dr. Smith of the U.S. army came at 10:30. A NATO ally, an MP and a UN envoy did too.",
        "Read this:\n\n- first item\n- second item\n\nRegime: democracy\nMilitary: weak",
        "“It is so.” She left. (He stayed.) It was a one-time, historic, honest union; an unimportant one.",
        "Country A is rich. Country A attacked. It took an 8-year, an 11-day and an 18-month war, and a 100-day truce.",
    ],
)
def test_sound_english_has_no_fault(text: str) -> None:
    assert faults(text, "en") == []


def test_articles_are_looked_at_in_english_only() -> None:
    assert [each.kind for each in faults("It is a ally.", "en-GB")] == ["article"]
    assert faults("Er sah a ally.", "de") == []
    assert faults("Est-ce vrai ?", "fr") == []
    assert [each.kind for each in faults("Is it true ?", "en")] == ["punctuation"]


def test_a_capital_after_a_stop_within_a_level() -> None:
    texts = {"a": factor("It rained. then it stopped", "It snowed. Then it stopped"), "b": factor("Now", "Later")}
    found = one(proof(declared(factors=texts, vignette="{a}. {b} it ended.")), "capital")
    assert (found.where, found.vignettes) == ("factors.a.levels[0].text", (1, 2))


@pytest.mark.parametrize(("word", "vowel"), [("hour", True), ("US", False), ("European", False), ("NGO", None)])
def test_vowel_sounds(word: str, vowel: bool | None) -> None:
    assert begins_with_vowel_sound(word) is vowel


# --------------------------------------------------------------------------------------------------- length and grade


def test_the_grade_is_kincaids_formula() -> None:
    text = "The cat sat on the mat. The dog ran to the cat."
    assert measure(text) == Measure(words=12, sentences=2, syllables=12)
    assert measure(text).grade == pytest.approx(0.39 * 6 + 11.8 * 1 - 15.59, abs=EXACT)


def test_measures_of_sentences_add_up_to_those_of_vignettes(design: Design) -> None:
    found = Proofs(design, "en").measures
    assert found == [measure(each) for each in vignettes(design)["text"]]


def test_lengths_by_level_are_those_of_the_vignettes(design: Design) -> None:
    universe = vignettes(design)
    counted = universe["text"].map(lambda each: len(each.replace("\n", " ").split()))
    for each in level_lengths(Proofs(design, "en")):
        having = universe[each.factor] == each.level
        pooled = [sum((measure(t) for t in universe.loc[rows, "text"]), Measure()).grade for rows in (having, ~having)]
        assert each.vignette == pytest.approx(counted[having].mean(), abs=EXACT)
        assert each.grade == pytest.approx(pooled[0], abs=EXACT)
        assert each.grade_apart == pytest.approx(pooled[0] - pooled[1], abs=EXACT)


@pytest.mark.parametrize("more", [WORDS_APART, WORDS_APART + 1])
def test_length_is_remarked_above_the_threshold_only(more: int) -> None:
    texts = {"a": factor("so it was", "so it was" + " up down" * (more // 2) + " far" * (more % 2))}
    found = [each for each in proof(declared(factors=texts, vignette="It was said: {a}.")) if each.kind == "length"]
    assert [each.where for each in found] == (["factors.a.levels[1].text"] if more > WORDS_APART else [])


def test_a_level_in_hard_words_changes_the_grade() -> None:
    hard = "the administration unilaterally discontinued multinational consultations"
    texts = {"a": factor("the state at once cut off its talks", "the state then went on with talks", hard)}
    study = declared(factors=texts, vignette="Last year, {a}. " + "Then it was so and they went on. " * 6)
    found = one(proof(study), "reading grade")
    assert found.where == "factors.a.levels[2].text"
    apart = next(each.grade_apart for each in level_lengths(Proofs(study, "en")) if each.level == "l2")
    assert apart is not None and apart > GRADES_APART
    assert f"{apart:.1f} school years harder" in found.what


# ----------------------------------------------------------------------------------- alike, contradiction, languages


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("refused to send any troops", "refused to send any troops", "the same text"),
        ("refused to send the troops", "Refused to send troops", "the same words"),
        ("has a strong neighbor in the north", "has a strong neighbors in the north", "little more than"),
        ("its military is weak beside others", "its military is strong beside others", ""),
        ("it is a democratic state in the north", "it is an undemocratic state in the north", ""),
        ("it spent 10 percent of it on defense", "it spent 100 percent of it on defense", ""),
        ("it is a democracy in the north", "it is not a democracy in the north", ""),
    ],
)
def test_levels_that_are_alike(first: str, second: str, words: str) -> None:
    study = declared(factors={"a": factor(first, second)}, vignette="Last year, {a}.")
    found = [each for each in proof(study) if each.kind == "alike"]
    assert bool(found) == bool(words)
    assert all(words in each.what and each.vignettes == (2,) for each in found)


def test_a_statement_and_its_denial_in_two_factors() -> None:
    texts = {
        "a": factor("is not a democracy", "is a democracy"),
        "b": factor("It is rich, and the ally is a democracy", "It is poor"),
    }
    found = proof(declared(factors=texts, vignette="The ally {a}. {b}."))
    assert [(each.kind, each.vignettes) for each in found] == [("contradiction", (1,))]
    assert found[0].what.endswith("Do they contradict each other?")


def test_a_factor_that_states_and_denies_is_no_contradiction(design: Design) -> None:
    assert not [each for each in proof(design) if each.kind == "contradiction"]


def test_languages_out_of_step() -> None:
    texts = [
        {"en": "has long been a friend of the country", "de": "ist seit langem ein Freund des Landes"},
        {"en": "has never been a friend of the country", "de": "has never been a friend of the country"},
        {"en": "has now and then been a friend of the country", "de": "ist manchmal"},
    ]
    template = {"en": "The ally {a}.", "de": "Der Partner {a} und {a}."}
    found = proof(declared(languages=["en", "de"], factors={"a": factor(*texts)}, vignette=template))
    found = [each for each in found if each.kind == "languages"]
    assert [each.where for each in found] == [
        "vignette.de",
        "factors.a.levels[1].text.de",
        "factors.a.levels[2].text.de",
    ]
    assert "2 times in `de` and 1 times in `en`" in found[0].what
    assert "the same in" in found[1].what
    assert "shorter" in found[2].what


def test_each_language_is_read_and_one_can_be_asked_for() -> None:
    texts = [{"en": "red", "de": "rot  rot"}, {"en": "blue  sky", "de": "blau"}]
    template = {"en": "It is {a}.", "de": "Es ist {a}."}
    study = declared(languages=["en", "de"], factors={"a": factor(*texts)}, vignette=template)
    wheres = [each.where for each in proof(study) if each.kind == "spacing"]
    assert wheres == ["factors.a.levels[1].text.en", "factors.a.levels[0].text.de"]
    assert [each.where for each in proof(study, "de") if each.kind == "spacing"] == ["factors.a.levels[0].text.de"]


def test_a_design_too_large_to_read_says_so(design: Design) -> None:
    (found,) = proof(design, most=119)
    assert (found.kind, found.vignettes) == ("unread", ())
    assert "120 combinations" in found.what
    assert proof(design, most=120) == []


def test_every_pair_of_remarks_differs(design: Design) -> None:
    found = proof(changed(design, dict(PLANTED.values())))
    assert all(one != other for (i, one), (j, other) in product(enumerate(found), repeat=2) if i != j)

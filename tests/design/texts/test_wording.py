"""Templates: every construct with its words, every problem with its remedy, and the flagship's prose."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vignetta.declared import Languages
from vignetta.design.assigning.vignettes import render, vignettes
from vignetta.design.declaration import Design
from vignetta.design.texts.grammar import DEEPEST
from vignetta.design.texts.languages import LIST_WORDS
from vignetta.design.texts.wording import parse_template, shown_levels, template_findings
from vignetta.errors import StudyError

TEXTS = {
    "regime": {"autocracy": "autocracy", "democracy": "democracy"},
    "treaty": {"none": "", "formal": "a treaty", "not sure": "some pact"},
    "trade": {"none": "", "much": "trade"},
    "aid": {"none": "", "yes": "aid"},
    "ruler": {"a and b": "two rulers", "a or {b}": "either ruler", 'the "king"': "a king"},
}
LEVELS = {name: list(texts) for name, texts in TEXTS.items()}


def said(template: str, language: str = "en", **levels: str) -> str:
    """The words of a template beside some levels, the first of each other factor."""
    chosen = {name: levels.get(name, names[0]) for name, names in LEVELS.items()}
    texts = {name: TEXTS[name][level] for name, level in chosen.items()}
    return parse_template(template, language=language).render(chosen, texts)


# ------------------------------------------------------------------------------------------------------- constructs


@pytest.mark.parametrize(
    ("template", "levels", "words"),
    [
        ("It is {regime}.", {}, "It is autocracy."),
        ("It is { regime }.", {}, "It is autocracy."),
        ("{regime|capital} rules.", {}, "Autocracy rules."),
        ("It is {regime|a}.", {}, "It is an autocracy."),
        ("It is {regime|a}.", {"regime": "democracy"}, "It is a democracy."),
        ("{regime|a|capital} rules.", {}, "An autocracy rules."),
        ("{regime | capital | a} rules.", {}, "an Autocracy rules."),
        ("{regime|capital|small} rules.", {}, "autocracy rules."),
        ("{trade|a|capital}", {}, ""),
        ("{and treaty, trade, aid}", {"treaty": "formal", "trade": "much", "aid": "yes"}, "a treaty, trade, and aid"),
        ("{or treaty, trade, aid}", {"treaty": "formal", "trade": "much", "aid": "yes"}, "a treaty, trade, or aid"),
        ("{and treaty, trade, aid}", {"treaty": "formal", "aid": "yes"}, "a treaty and aid"),
        ("{and treaty, trade, aid}", {"trade": "much"}, "trade"),
        ("({and treaty, trade, aid})", {}, "()"),
        ("{and trade, aid|capital}.", {"aid": "yes"}, "Aid."),
        ("{and trade,\n  aid}", {"trade": "much", "aid": "yes"}, "trade and aid"),
        ("It fell{if treaty is formal} by law{end}.", {}, "It fell."),
        ("It fell{if treaty is formal} by law{end}.", {"treaty": "formal"}, "It fell by law."),
        ("{if treaty is none}No{else}Yes{end}", {}, "No"),
        ("{if treaty is none}No{else}Yes{end}", {"treaty": "formal"}, "Yes"),
        ("{if treaty is none or formal}A{end}", {"treaty": "formal"}, "A"),
        ("{if treaty is none or formal}A{end}", {"treaty": "not sure"}, ""),
        ("{if treaty is not none}A{end}", {"treaty": "formal"}, "A"),
        ("{if treaty is not none or formal}A{end}", {"treaty": "formal"}, ""),
        ("{if treaty is not none or formal}A{end}", {"treaty": "not sure"}, "A"),
        ('{if treaty is "not sure"}A{else}B{end}', {"treaty": "not sure"}, "A"),
        ('{if treaty is not "not sure"}A{else}B{end}', {"treaty": "not sure"}, "B"),
        ("{if treaty is formal and trade is much}A{else}B{end}", {"treaty": "formal"}, "B"),
        ("{if treaty is formal and trade is much}A{else}B{end}", {"treaty": "formal", "trade": "much"}, "A"),
        ("{if treaty is not none and trade is not none}A{end}", {"treaty": "formal", "trade": "much"}, "A"),
        ('{if ruler is "a and b"}A{else}B{end}', {}, "A"),
        ('{if ruler is "a or {b}" or "a and b"}A{else}B{end}', {"ruler": "a or {b}"}, "A"),
        ('{if ruler is "the ""king"""}A{else}B{end}', {"ruler": 'the "king"'}, "A"),
        ('{if ruler is the "king"}A{else}B{end}', {"ruler": 'the "king"'}, "A"),
        ("{ if treaty\nis\nformal }A{ else }B{ end }", {"treaty": "formal"}, "A"),
        ("{if treaty is formal}A{if trade is much}B{else}C{end}D{else}E{end}F", {"treaty": "formal"}, "ACDF"),
        ("{if treaty is formal}A{if trade is much}B{else}C{end}D{else}E{end}F", {}, "EF"),
        ("{if treaty is none}{else}{if treaty is formal}A{else}B{end}{end}", {"treaty": "not sure"}, "B"),
        (
            "{if treaty is not none}It has {treaty}. {end}{aid|capital}",
            {"treaty": "formal", "aid": "yes"},
            "It has a treaty. Aid",
        ),
        ("{{regime}} {{{regime}}} }}{{", {}, "{regime} {autocracy} }{"),
    ],
)
def test_a_construct_and_its_words(template: str, levels: Mapping[str, str], words: str) -> None:
    assert said(template, **levels) == words


@pytest.mark.parametrize(
    ("language", "joiner", "texts", "words"),
    [
        ("de", "and", ["Land", "See", "Luft"], "Land, See und Luft"),
        ("de-CH", "or", ["Land", "See"], "Land oder See"),
        ("fr", "and", ["la paix", "le pain", "la terre"], "la paix, le pain et la terre"),
        ("fr", "or", ["la paix", "", "la terre"], "la paix ou la terre"),
        ("es", "and", ["plata", "oro", "hierro"], "plata, oro y hierro"),
        ("es", "and", ["padres", "hijos"], "padres e hijos"),
        ("es", "or", ["plata", "oro"], "plata u oro"),
        ("es", "or", ["7", "8"], "7 u 8"),
        ("es", "or", ["1", "110"], "1 o 110"),
        ("nl", "or", ["land", "zee"], "land of zee"),
        ("pt_BR", "and", ["terra", "mar", "ar"], "terra, mar e ar"),
        ("it", "or", ["terra", "mare"], "terra o mare"),
        ("en-GB", "and", ["land", "sea", "air"], "land, sea, and air"),
    ],
)
def test_a_list_in_a_language(language: str, joiner: str, texts: list[str], words: str) -> None:
    names = [f"f{place}" for place in range(len(texts))]
    template = parse_template(f"{{{joiner} {', '.join(names)}}}", language=language)
    assert template.render(dict.fromkeys(names, ""), dict(zip(names, texts, strict=True))) == words


@pytest.mark.parametrize(
    ("language", "text", "capital", "small"),
    [
        ("en", "“big” ally", "“Big” ally", "“big” ally"),
        ("en", "3 ships", "3 ships", "3 ships"),
        ("es", "¿Está aquí?", "¿Está aquí?", "¿está aquí?"),
        ("de", "über alles", "Über alles", "über alles"),
        ("nl", "ijs", "IJs", "ijs"),
        ("tr", "irak", "İrak", "irak"),
        ("tr", "Irak", "Irak", "ırak"),
        ("en", "", "", ""),
        ("en", "…", "…", "…"),
    ],
)
def test_capital_and_small_letters(language: str, text: str, capital: str, small: str) -> None:
    for form, words in (("capital", capital), ("small", small)):
        assert parse_template(f"{{f|{form}}}", language=language).render({"f": ""}, {"f": text}) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("European state", "a European state"),
        ("hour", "an hour"),
        ("US ally", "a US ally"),
        ("8-year war", "an 8-year war"),
        ("“honest” ally", "an “honest” ally"),
        ("émigré", "an émigré"),
        ("historic ally", "a historic ally"),
        ("…", "a …"),
    ],
)
def test_the_article_goes_by_the_sound(text: str, words: str) -> None:
    assert parse_template("{f|a}").render({"f": ""}, {"f": text}) == words


def test_no_text_is_read_as_a_template() -> None:
    texts = {"a": "{b}", "b": "{if a is x}{{", "c": "{end} {and a, b}"}
    template = parse_template("{a} {b|capital} {and a, b, c}{if a is x}{c}{end}")
    assert template.render(dict.fromkeys(texts, "x"), texts) == (
        "{b} {If a is x}{{ {b}, {if a is x}{{, and {end} {and a, b}{end} {and a, b}"
    )


# ------------------------------------------------------------------------------------------------- what others rely on


def test_segments_say_what_they_depend_on() -> None:
    template = parse_template("So {a}{{ {b|a}{if c is x and a is y}{d}{{{else}z{end} {or e, a}.")
    assert [(each.factors, each.factor) for each in template.segments] == [
        ((), ""),
        (("a",), "a"),
        ((), ""),
        (("b",), ""),
        (("c", "a", "d"), ""),
        ((), ""),
        (("e", "a"), ""),
        ((), ""),
    ]
    assert template.names == ("a", "b", "c", "d", "e")
    assert template.shown == ("a", "b", "d")
    assert [each.render({}, {}) for each in template.segments if not each.factors] == ["So ", "{ ", " ", "."]
    assert template.words == "So { {z ."


def test_the_levels_that_need_a_text() -> None:
    levels = {"a": ["x", "y", "z"], "b": ["p", "q"]}
    text = "{if a is not x}{if b is p}{a}{else}{b}{end}{end}{if a is x and b is q}{else}{b}{end}"
    assert shown_levels(parse_template(text).pieces, levels) == {"a": {"y", "z"}, "b": {"p", "q"}}


def declared(**keys: object) -> Design:
    outcomes = {"rating": {"label": "Rating", "question": "How much?", "scale": ["No", "Yes"]}}
    given = {"name": "small", "title": "Small", "seed": "1", "sample_size": "10", "outcomes": outcomes, **keys}
    return Design.model_validate(given, context=Languages(()))


def factor(texts: Mapping[str, str]) -> dict[str, object]:
    levels = [{"name": name, "label": name, **({"text": text} if text else {})} for name, text in texts.items()]
    return {"label": "Factor", "levels": [{**levels[0], "reference": "true"}, *levels[1:]]}


TEMPLATE = (
    "{regime|a|capital}{if treaty is not none} has {treaty}{end}. {if treaty is formal and trade is much}Both.{else}"
    'Not.{end} It got {and trade, aid}. {if ruler is "a and b"}{ruler|capital} rule{else}{ruler} rules{end} {regime}.'
)


def test_all_vignettes_are_those_rendered_one_by_one() -> None:
    study = declared(factors={name: factor(texts) for name, texts in TEXTS.items()}, vignette=TEMPLATE)
    universe = vignettes(study)
    assert len(universe) == 2 * 3 * 2 * 2 * 3
    for row in universe.itertuples(index=False):
        levels = {name: str(getattr(row, name)) for name in TEXTS}
        assert row.text == render(study, levels) == said(TEMPLATE, **levels)
    assert universe["text"].iloc[0] == "An autocracy. Not. It got . Two rulers rule autocracy."


def test_each_language_has_a_template_of_its_own() -> None:
    texts = {
        "a": {"x": {"en": "peace", "de": "Friede", "fr": "paix"}, "y": {"en": "war", "de": "Krieg", "fr": "guerre"}},
        "b": {"x": {"en": "bread", "de": "Brot", "fr": "pain"}, "y": {"en": "work", "de": "Arbeit", "fr": "travail"}},
    }
    template = {
        "en": "They want {and a, b}{if a is y}, sadly{end}.",
        "de": "Sie wollen {and a, b}{if a is y}, leider{end}.",
        "fr": "Ils veulent {and a, b}{if a is y}, hélas{end}.",
    }
    study = declared(
        languages=["en", "de", "fr"],
        factors={name: factor(each) for name, each in texts.items()},  # type: ignore[arg-type]
        vignette=template,
    )
    found = {language: vignettes(study, language=language)["text"].iloc[-1] for language in template}
    assert found == {
        "en": "They want war and work, sadly.",
        "de": "Sie wollen Krieg und Arbeit, leider.",
        "fr": "Ils veulent guerre et travail, hélas.",
    }


def problems(**keys: object) -> list[str]:
    with pytest.raises(ValueError) as raised:
        declared(**keys)
    return [f"{each['loc']}: {each['msg']}" for each in raised.value.errors()]  # type: ignore[attr-defined]


def test_a_text_is_needed_only_where_a_placeholder_shows_it() -> None:
    texts = {"a": factor({"x": "", "y": "so"}), "b": factor({"p": "", "q": "there"})}
    for template in (
        "{and a, b}.",
        "{if a is y}It is {a}.{end}{if b is q} It is {b}.{end}",
        "{if a is x}No.{else}Yes.{end} {if b is q}Yes.{end}",
    ):
        assert declared(factors=texts, vignette=template).factors["a"].levels[0].text is None
    assert problems(factors=texts, vignette="{a}. {or a, b}.") == [
        "('factors', 'a', 'levels', 0): the text is missing."
    ]


def test_a_factor_cannot_be_named_as_a_word_of_the_language() -> None:
    texts = {name: factor({"x": "so", "y": "not so"}) for name in ("end", "b")}
    assert problems(factors=texts, vignette="{b}.") == [
        "('vignette',): the factor `end` does not appear.",
        "('factors', 'end'): `end` is a word of the template language.",
    ]


# --------------------------------------------------------------------------------------------------------- problems

KNOWN = {"treaty": ["none", "formal"], "trade": ["more or less", "not sure", "c and d", "much"]}
READ_CLAUSE = "Write `factor is level` or `factor is not level`, joined by `and`."
READ_LEVEL = "Put a level's name with ` and `, ` or ` or a brace between double quotation marks."
NEST = "For a third way write `{else}{if factor is level} ... {end}{end}`."
PROBLEMS = [
    ("{treaty} {trad}", "unknown placeholder `{trad}`. Did you mean `trade`?"),
    ("{treaty}", "the factor `trade` does not appear. Write `{trade}` where its text goes."),
    ("{treaty} {trade", "a brace without a partner near `{treaty} {trade`. Write `{{` for a literal brace."),
    ("{treaty} {trade}}", "a brace without a partner near `y} {trade}}`. Write `}}` for a literal brace."),
    (
        "{treaty} {trade} {its trade}",
        "`{its trade}` cannot be read. Write `{factor}`, `{factor|form}`, `{and factor, factor}`, "
        "`{if factor is level}`, or `{{` for a brace.",
    ),
    ("{treaty|captal} {trade}", "unknown form `captal` in `{treaty|captal}`. Did you mean `capital`?"),
    ("{treaty|} {trade}", "unknown form `` in `{treaty|}`. Known: `capital`, `small`, `a`."),
    ("{and treaty, trad}", "unknown factor `trad` in a list. Did you mean `trade`?"),
    ("{and treaty} {trade}", "`{and treaty}` lists only one factor. Write `{treaty}`, or add another."),
    ("{or} {treaty} {trade}", "`{or}` lists no factor. Write `{or factor, factor}`."),
    (
        "{and treaty,, trade}",
        "`{and treaty,, trade}` has a gap between two commas where a factor belongs. Write `{and factor, factor}`.",
    ),
    (
        "{and treaty trade}",
        "`{and treaty trade}` has `treaty trade` where a factor belongs. Write `{and factor, factor}`.",
    ),
    ("{and trade, treaty, trade}", "`{and trade, treaty, trade}` lists `trade` twice. Remove one of them."),
    ("{if trad is much}a{end}{treaty}", "unknown factor `trad` in `{if trad is much}`. Did you mean `trade`?"),
    (
        "{if treaty is frmal}a{end}{trade}",
        "`treaty` has no level `frmal` in `{if treaty is frmal}`. Did you mean `formal`?",
    ),
    (
        "{if trade is more or less}a{end}{treaty}",
        '`trade` has no level `less` in `{if trade is more or less}`. Write `"more or less"`, in quotation marks.',
    ),
    (
        "{if trade is not sure}a{end}{treaty}",
        '`trade` has no level `sure` in `{if trade is not sure}`. Write `"not sure"`, in quotation marks.',
    ),
    (
        "{if trade is c and d}a{end}{treaty}",
        f"`{{if trade is c and d}}` has a condition that cannot be read. {READ_CLAUSE} {READ_LEVEL}",
    ),
    (
        "{if treaty is formal or trade is much}a{end}",
        "`treaty` has no level `trade is much` in `{if treaty is formal or trade is much}`. `or` joins levels of one "
        "factor: write a second `{if ...}` behind `{else}`.",
    ),
    ("{if}a{end}{treaty}{trade}", f"`{{if}}` has no condition. {READ_CLAUSE}"),
    ("{if treaty}a{end}{trade}", f"`{{if treaty}}` has a condition that cannot be read. {READ_CLAUSE} {READ_LEVEL}"),
    (
        "{if treaty = x}a{end}{trade}",
        f"`{{if treaty = x}}` has a condition that cannot be read. {READ_CLAUSE} {READ_LEVEL}",
    ),
    ("{if treaty is}a{end}{trade}", f"`{{if treaty is}}` names no level where one belongs. {READ_CLAUSE} {READ_LEVEL}"),
    (
        "{if treaty is none or}a{end}{trade}",
        f"`{{if treaty is none or}}` names no level where one belongs. {READ_CLAUSE} {READ_LEVEL}",
    ),
    (
        '{if treaty is "none" x}a{end}{trade}',
        f'`{{if treaty is "none" x}}` has words behind a level in quotation marks. {READ_CLAUSE} {READ_LEVEL}',
    ),
    (
        '{if treaty is "none}a{end}{trade}',
        f'`{{if treaty is "none}}` has a quotation mark without a partner. {READ_LEVEL} Write `""` for one within it.',
    ),
    (
        "{if treaty is none or none}a{end}{trade}",
        "`none` stands twice in `{if treaty is none or none}`. Remove one of them.",
    ),
    ("{if treaty is none}a {trade}", "`{if treaty is none}` is never closed. Write `{end}` where its phrase ends."),
    (
        "{if treaty is none}{end}{trade}",
        "`{if treaty is none}` has no words before its `{end}`. Write the words that it shows, or remove both.",
    ),
    (
        "{treaty} {trade}{end}",
        "`{end}` has no `{if ...}` before it, near `y} {trade}{end}`. Write `{if factor is level}` where the phrase "
        "begins, or remove it.",
    ),
    (
        "{treaty} {else} {trade}",
        "`{else}` has no `{if ...}` before it, near `{treaty} {else} {tr`. Write `{if factor is level}` where the "
        "phrase begins, or remove it.",
    ),
    ("{if treaty is none}a{else}b{else}c{end}{trade}", f"`{{if treaty is none}}` has a second `{{else}}`. {NEST}"),
    (
        "{if treaty is none}a{else if treaty is formal}b{end}{trade}",
        f"`{{else if treaty is formal}}` has more than one word. {NEST}",
    ),
    (
        "{if treaty is none or formal}a{end}{trade}",
        "`treaty is none or formal` always holds in `{if treaty is none or formal}`. Name fewer levels, or remove the "
        "condition.",
    ),
    (
        "{if treaty is none}a{else}{if treaty is formal}b{end}{end}{trade}",
        "`treaty is formal` always holds in `{if treaty is formal}`. Name fewer levels, or remove the condition.",
    ),
    (
        "{if treaty is not none or formal}a{end}{trade}",
        "`treaty is not none or formal` never holds in `{if treaty is not none or formal}`. Name other levels, or "
        "remove the phrase.",
    ),
    (
        "{if treaty is none and treaty is formal}a{end}{trade}",
        "`treaty is formal` never holds in `{if treaty is none and treaty is formal}`. Name other levels, or remove "
        "the phrase.",
    ),
    (
        "{if treaty is none}{if trade is much}{if treaty is not none}a{end}{end}{end}",
        "`treaty is not none` never holds in `{if treaty is not none}`. Name other levels, or remove the phrase.",
    ),
]


@pytest.mark.parametrize(("template", "message"), PROBLEMS, ids=[each[0] for each in PROBLEMS])
def test_a_problem_and_its_remedy(template: str, message: str) -> None:
    assert [f"{what} {remedy}" for _, what, remedy in template_findings(template, language="en", levels=KNOWN)].count(
        message
    ) == 1


def test_a_sound_template_has_no_problem() -> None:
    for template in (
        "{treaty} {trade}",
        "{and treaty, trade}",
        "{if treaty is none}a{end}{if trade is much}b{end}",
        "{if treaty is none}{if trade is much}a{end}{else}{if trade is much}b{end}{end}",
        '{if trade is "c and d" or "not sure" or "more or less"}a{else}{treaty}{end}',
        "{if treaty is none and trade is much}a{else}{if treaty is none}b{end}{end}",
    ):
        assert list(template_findings(template, language="en", levels=KNOWN)) == []


def test_a_slip_is_told_once_and_not_for_what_it_hides() -> None:
    found = list(template_findings("{if treaty is none}a{end {trade|a}", language="en", levels=KNOWN))
    assert [what for _, what, _ in found] == [
        "a brace without a partner near ` is none}a{end {trad`.",
        "`{if treaty is none}` is never closed.",
    ]
    found = list(template_findings("{if treaty = none}a{end} {trade}", language="en", levels=KNOWN))
    assert [what for _, what, _ in found] == ["`{if treaty = none}` has a condition that cannot be read."]


def test_all_problems_come_at_once() -> None:
    with pytest.raises(StudyError) as raised:
        parse_template("{a|x} {and b} {end} {if c is}d{end} }", language="de")
    assert [each.where for each in raised.value.problems] == ["vignette"] * 5


@pytest.mark.parametrize(
    ("template", "language", "what"),
    [
        ("{treaty|a} {trade}", "de", "`{treaty|a}` writes an English article in the language `de`."),
        (
            "{and treaty, trade}",
            "ja",
            "`{and treaty, trade}`: the words for `and` and `or` in the language `ja` are not known.",
        ),
    ],
)
def test_what_a_language_lacks(template: str, language: str, what: str) -> None:
    ((_, said, remedy),) = template_findings(template, language=language, levels=KNOWN)
    assert (said, "{if ...}" in remedy) == (what, True)
    if "Known" in remedy:
        assert all(f"`{each}`" in remedy for each in LIST_WORDS)


def test_a_condition_may_ask_for_what_is_no_factor() -> None:
    levels, factors = {**KNOWN, "sample": ["us", "uk"]}, list(KNOWN)
    for template in ("{treaty} {trade}", "{treaty} {trade}{if sample is uk}, sir{end}"):
        assert list(template_findings(template, language="en", levels=levels, factors=factors)) == []
    found = [
        f"{what} {remedy}"
        for _, what, remedy in template_findings(
            "{treaty} {trade} {sample}{if sample is fr}a{end}", language="en", levels=levels, factors=factors
        )
    ]
    assert found == [
        "`sample` has no text to show. Ask for it in a condition: `{if sample is ...}`.",
        "`sample` has no level `fr` in `{if sample is fr}`. Known: `us`, `uk`.",
    ]


def test_phrases_in_one_another_have_an_end() -> None:
    def deep(n: int) -> str:
        return "{if a is x}b" * n + "{end}" * n

    assert parse_template(deep(DEEPEST)).render({"a": "x"}, {}) == "b" * DEEPEST
    for n in (DEEPEST + 1, 5_000):
        with pytest.raises(StudyError, match="more than 20 phrases deep") as raised:
            parse_template(deep(n))
        assert len(raised.value.problems) == 1


# ------------------------------------------------------------------------------------------------- whatever is written

PARTS = [
    "{",
    "}",
    '"',
    "{if ",
    "{if a is x}",
    "{else}",
    "{end}",
    "{and a, b}",
    "{a|a}",
    " is ",
    " not ",
    " or ",
    "\n",
    "é",
]


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.lists(st.sampled_from(PARTS)).map("".join)))
def test_nothing_but_a_study_error_is_raised(text: str) -> None:
    levels = {"a": ["x", "y"], "b": ["x", "y"]}
    found = list(template_findings(text, language="en", levels=levels))
    try:
        template = parse_template(text)
    except StudyError as error:
        assert {str(each).removeprefix("vignette: ") for each in error.problems} <= {f"{w} {r}" for _, w, r in found}
    else:
        assert isinstance(template.render(*2 * [dict.fromkeys(template.names, "x")]), str)


@pytest.mark.parametrize(
    "part",
    [
        '{if a is "',
        '{if a is """} ',
        "{if a is ",
        "{if a is x or ",
        "{",
        "{a|",
        '"',
        "{and a,",
        " ",
        "{if a is x} ",
        "}",
    ],
)
def test_a_very_long_template_is_read(part: str) -> None:
    """Reading that looked back would take many minutes for these."""
    for text in (part * 20_000, f"{{if a is {part * 20_000}"):
        assert list(template_findings(text, language="en", levels={"a": ["x", "y"]}))


# ------------------------------------------------------------------------------------- against a second implementation

NAMES = ["a", "b", "c"]
LEVEL_NAMES = ["x", "y z", "more or less", "not x", 'the "k"', "{b}", "é"]
LEVEL_TEXTS = ["", "owl", "Bee", "{a}", "{if a is x}", "two  words", "ünd", "“Ant”"]


@dataclass(frozen=True)
class Plain:
    text: str


@dataclass(frozen=True)
class Show:
    name: str
    forms: tuple[str, ...]


@dataclass(frozen=True)
class Listing:
    word: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Choice:
    questions: tuple[tuple[str, bool, tuple[str, ...]], ...]
    yes: tuple[object, ...]
    no: tuple[object, ...]


def written(node: object) -> str:
    if isinstance(node, Plain):
        return node.text.replace("{", "{{").replace("}", "}}")
    if isinstance(node, Show):
        return "{" + "|".join((node.name, *node.forms)) + "}"
    if isinstance(node, Listing):
        return "{" + f"{node.word} {', '.join(node.names)}" + "}"
    assert isinstance(node, Choice)
    questions = " and ".join(
        f"{name} is {'not ' if negated else ''}" + " or ".join('"' + each.replace('"', '""') + '"' for each in levels)
        for name, negated, levels in node.questions
    )
    yes, no = ("".join(map(written, each)) for each in (node.yes, node.no))
    return "{if " + questions + "}" + yes + ("{else}" + no if no else "") + "{end}"


def shown(node: object, levels: Mapping[str, str], texts: Mapping[str, str]) -> str:
    if isinstance(node, Plain):
        return node.text
    if isinstance(node, Show):
        text = texts[node.name]
        for form in node.forms:
            place = next((i for i, letter in enumerate(text) if letter.isalpha()), None)
            if place is not None:
                letter = text[place].upper() if form == "capital" else text[place].lower()
                text = text[:place] + letter + text[place + 1 :]
        return text
    if isinstance(node, Listing):
        there = [texts[name] for name in node.names if texts[name] != ""]
        if len(there) == 2:
            return there[0] + " " + node.word + " " + there[1]
        return ", ".join(there[:-1] + [node.word + " " + there[-1]]) if len(there) == 3 else "".join(there)
    assert isinstance(node, Choice)
    holds = True
    for name, negated, asked in node.questions:
        if (levels[name] in asked) == negated:
            holds = False
    return "".join(shown(each, levels, texts) for each in (node.yes if holds else node.no))


questions = st.tuples(
    st.sampled_from(NAMES), st.booleans(), st.lists(st.sampled_from(LEVEL_NAMES), min_size=1, max_size=3).map(tuple)
)
leaves = st.one_of(
    st.text('ab {}.\n|"', min_size=1, max_size=8).map(Plain),
    st.builds(Show, st.sampled_from(NAMES), st.lists(st.sampled_from(["capital", "small"]), max_size=2).map(tuple)),
    st.builds(
        Listing,
        st.sampled_from(["and", "or"]),
        st.permutations(NAMES).flatmap(lambda names: st.integers(2, 3).map(lambda n: tuple(names[:n]))),
    ),
)
nodes = st.recursive(
    leaves,
    lambda below: st.builds(
        Choice,
        st.lists(questions, min_size=1, max_size=2).map(tuple),
        st.lists(below, min_size=1, max_size=3).map(tuple),
        st.lists(below, max_size=2).map(tuple),
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(nodes, max_size=5),
    st.fixed_dictionaries({name: st.sampled_from(LEVEL_NAMES) for name in NAMES}),
    st.fixed_dictionaries({name: st.sampled_from(LEVEL_TEXTS) for name in NAMES}),
)
def test_rendering_is_that_of_a_naive_evaluator(
    tree: list[object], levels: Mapping[str, str], texts: Mapping[str, str]
) -> None:
    template = parse_template("".join(map(written, tree)))
    assert template.render(levels, texts) == "".join(shown(each, levels, texts) for each in tree)


# ------------------------------------------------------------------------------------------------------ the flagship


def test_every_vignette_of_the_flagship_is_clean_prose(design: Design) -> None:
    for text in vignettes(design)["text"]:
        assert not re.search(r"[{}$<>]|  |\.\.|,,| [.,;]|\b(\w+) \1\b", text), text
        for sentence in re.split(r"(?<=[.])\s+", text):
            assert sentence[0].isupper(), text
            assert sentence.endswith("."), text

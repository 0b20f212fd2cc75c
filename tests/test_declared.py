"""Broken study and plan files: each problem with its file, line, key and remedy, all of a file at once."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vignetta.declared import read_tree
from vignetta.design.declaration import read_design
from vignetta.errors import StudyError
from vignetta.plan import read_plan

STUDY = """\
name: small
title: A small study
seed: 1
sample_size: 100
factors:
  regime:
    label: Regime
    levels:
      - {name: autocracy, label: Autocracy, text: an autocracy, reference: true}
      - {name: democracy, label: Democracy, text: a democracy}
  treaty:
    label: Treaty
    levels:
      - {name: none, label: No treaty, text: has no treaty, reference: true}
      - {name: formal, label: Treaty, text: has a treaty}
vignette: The ally is {regime} and {treaty}.
outcomes:
  support:
    label: Support
    question: Do you support it?
    scale: [No, Perhaps, Yes]
"""

PLAN = """\
hypotheses:
  H1:
    statement: Democracies are supported more.
    direction: increase
models:
  support:
    formula: support ~ regime * treaty
estimands:
  - hypothesis: H1
    estimand: contrast
    model: support
    factor: regime
"""


def problems(read: Callable[[], object]) -> list[str]:
    with pytest.raises(StudyError) as caught:
        read()
    return [str(each) for each in caught.value.problems]


def study_problems(folder: Path, text: str) -> list[str]:
    path = folder / "study.yaml"
    path.write_text(text, "utf-8")
    return problems(lambda: read_design(path, shown="design/study.yaml"))


def plan_problems(folder: Path, text: str, *, study: str = STUDY) -> list[str]:
    (folder / "study.yaml").write_text(study)
    path = folder / "plan.yaml"
    path.write_text(text)
    design = read_design(folder / "study.yaml")
    return problems(lambda: read_plan(path, design=design, shown="analysis/plan.yaml"))


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)


def test_the_unbroken_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(STUDY)
    (tmp_path / "plan.yaml").write_text(PLAN)
    design = read_design(tmp_path / "study.yaml")
    plan = read_plan(tmp_path / "plan.yaml", design=design)
    assert design.factors["regime"].reference.name == "autocracy"
    assert plan.models["support"].outcome == "support"


BROKEN_STUDIES = [
    (
        "factors:\n",
        "data: {file: data/raw/export.csv, first_day: 5.3.2026}\nfactors:\n",
        "design/study.yaml:5 data.first_day: `5.3.2026` is not a day. Write year, month and day as in 2026-03-01.",
    ),
    (
        ", reference: true}\n      - {name: democracy",
        "}\n      - {name: democracy",
        "design/study.yaml:8 factors.regime.levels: no level is the reference. Add `reference: true` to the level to "
        "compare with.",
    ),
    (
        "text: a democracy}",
        "text: a democracy, reference: true}",
        "design/study.yaml:10 factors.regime.levels[1].reference: a second level is the reference. Keep "
        "`reference: true` on one.",
    ),
    (
        "{name: democracy",
        "{name: autocracy",
        "design/study.yaml:10 factors.regime.levels[1]: the name `autocracy` is used a second time. Give each its own.",
    ),
    (
        "text: a democracy}",
        'text: ""}',
        "design/study.yaml:10 factors.regime.levels[1].text: the text is empty. Write the words that people read.",
    ),
    (
        "text: a democracy}",
        "text: }",
        "design/study.yaml:10 factors.regime.levels[1].text: nothing stands here. Write what belongs here, or "
        "remove the key.",
    ),
    (
        ", text: a democracy}",
        "}",
        "design/study.yaml:10 factors.regime.levels[1]: the text is missing. Every level needs the words a respondent "
        "reads.",
    ),
    (
        "is {regime} and",
        "is {regmie} and",
        "design/study.yaml:16 vignette: unknown placeholder `{regmie}`. Did you mean `regime`?",
    ),
    (
        " and {treaty}",
        "",
        "design/study.yaml:16 vignette: the factor `treaty` does not appear. Write `{treaty}` where its text goes.",
    ),
    (
        "{treaty}.",
        "{treaty}}.",
        "design/study.yaml:16 vignette: a brace without a partner near `d {treaty}}.`. Write `}}` for a literal brace.",
    ),
    (
        "sample_size: 100",
        "sample_size: many",
        "design/study.yaml:4 sample_size: a whole number was expected, not `many`. Write it in digits.",
    ),
    (
        "sample_size: 100",
        "sample_size: 0",
        "design/study.yaml:4 sample_size: it should be greater than or equal to 1, not `0`.",
    ),
    (
        "    label: Regime\n",
        "    lable: Regime\n",
        "design/study.yaml:7 factors.regime.lable: unknown key `lable`. Did you mean `label`?",
    ),
    (
        "seed: 1\n",
        "",
        "design/study.yaml:1: `seed` is missing. Add `seed:` (the number from which every draw follows).",
    ),
    (
        "scale: [No, Perhaps, Yes]",
        "scale: [No]",
        "design/study.yaml:21 outcomes.support.scale: a scale needs at least two points, not 1. List every point in "
        "order.",
    ),
    (
        "scale: [No, Perhaps, Yes]",
        "scale: seven points",
        "design/study.yaml:21 outcomes.support.scale: a list was expected, not `seven points`. Begin each item with "
        "`- `.",
    ),
    (
        "scale: [No, Perhaps, Yes]",
        "scale: [{text: No, code: low}, Yes]",
        "design/study.yaml:21 outcomes.support.scale[0].code: the code `low` is not a number. Points are averaged: use "
        "numbers.",
    ),
    (
        "scale: [No, Perhaps, Yes]",
        "scale: [No, {text: Perhaps, code: 1}, Yes]",
        "design/study.yaml:21 outcomes.support.scale[1]: the code `1` is used a second time. Give each its own.",
    ),
    (
        "text: a democracy}",
        "text: a democracy, code: autocracy}",
        "design/study.yaml:10 factors.regime.levels[1]: the code `autocracy` is used a second time. Give each its own.",
    ),
    (
        "    label: Treaty\n    levels:\n      - {name: none",
        "    label: Treaty\n    recall: {question: Which?, unsure: Unsure}\n    levels:\n      - {name: unsure",
        "design/study.yaml:14 factors.treaty.levels: `unsure` is the answer to a recall check that does not remember. "
        "Give the level another name.",
    ),
    (
        "    label: Treaty\n    levels:",
        '    label: "Treaty\\u0001"\n    levels:',
        "design/study.yaml:12 factors.treaty.label: the text holds a character that nobody sees (U+0001). "
        "Take it out; often it came along with a copied text.",
    ),
    (
        "  treaty:\n",
        "  regime:\n",
        "design/study.yaml:11 factors.regime: `regime` stands here a second time (first on line 6). Rename one.",
    ),
    (
        "  support:\n",
        "  treaty:\n",
        "design/study.yaml:18 outcomes.treaty: `treaty` is already a name under factors. Rename one of them.",
    ),
    (
        "  support:\n",
        "  duration:\n",
        "design/study.yaml:18 outcomes.duration: `duration` is a name that the clean data use themselves. Choose "
        "another name.",
    ),
    (
        "seed: 1\n",
        "seed: 1\nmechanism: cluster\n",
        "design/study.yaml:4 mechanism: `cluster` is not known here. Write one of 'complete', 'simple', "
        "'blocked' or 'decks'.",
    ),
    (
        "text: a democracy}",
        "text: a democracy, weight: -1}",
        "design/study.yaml:10 factors.regime.levels[1].weight: it should be greater than 0, not `-1`.",
    ),
    (
        "text: a democracy}",
        "text: a democracy, weight: 0}",
        "design/study.yaml:10 factors.regime.levels[1].weight: it should be greater than 0, not `0`.",
    ),
    (
        "text: a democracy}",
        "text: a democracy, weight: often}",
        "design/study.yaml:10 factors.regime.levels[1].weight: a number was expected, not `often`. Write it in digits.",
    ),
    (
        "text: a democracy}",
        "text: a democracy, weight: 1e9}",
        "design/study.yaml:8 factors.regime.levels: the weights 1 and 1e+09 are more than a million times apart. Bring "
        "them closer together, or remove the level that is hardly ever drawn.",
    ),
    (
        "seed: 1\n",
        "seed: 1\nblock_size: 4\n",
        "design/study.yaml:4 block_size: only the mechanism `blocked` has block size. Write `mechanism: blocked`.",
    ),
    (
        "seed: 1\n",
        "seed: 1\nmechanism: blocked\nblock_size: 0\n",
        "design/study.yaml:5 block_size: it should be greater than or equal to 1, not `0`.",
    ),
    (
        "seed: 1\n",
        "seed: 1\nmechanism: blocked\nstrata: [party]\n",
        "design/study.yaml:5 strata[0]: unknown covariate `party`. None is declared.",
    ),
    (
        "seed: 1\n",
        "seed: 1\nmechanism: blocked\nstrata: [age]\ncovariates: {age: {label: A, question: Q, kind: number}}\n",
        "design/study.yaml:5 strata[0]: `age` is a number, which has no fixed answers. Name covariates with `options`.",
    ),
    (
        "seed: 1\n",
        "seed: 1\nrestrictions:\n  - {forbid: {regime: democracy, treaty: formal}}\n",
        "design/study.yaml:5 restrictions[0]: `reason` is missing. Add `reason:` (why, for readers of the design).",
    ),
    (
        "seed: 1\n",
        "seed: 1\nrestrictions:\n  - {forbid: {regime: democarcy, treaty: formal}, reason: r}\n",
        "design/study.yaml:5 restrictions[0].forbid.regime: `regime` has no level `democarcy`. Did you "
        "mean `democracy`?",
    ),
    (
        "seed: 1\n",
        "seed: 1\nrestrictions:\n  - {forbid: {regmie: democracy, treaty: formal}, reason: r}\n",
        "design/study.yaml:5 restrictions[0].forbid.regmie: unknown factor `regmie`. Did you mean `regime`?",
    ),
    (
        "seed: 1\n",
        "seed: 1\nrestrictions:\n  - {forbid: {regime: democracy}, reason: r}\n",
        "design/study.yaml:5 restrictions[0].forbid: levels of a single factor are forbidden. Name a "
        "second factor, or remove the levels from this one.",
    ),
    (
        "seed: 1\n",
        "seed: 1\nrestrictions:\n  - {levels: {regime: democracy}, reason: r}\n",
        "design/study.yaml:5 restrictions[0]: a restriction is `forbid`, `levels` with `only_with`, `differ` or "
        "`forbid_pair`. Write one of them.",
    ),
    (
        "seed: 1\n",
        "seed: 1\nrestrictions:\n  - {forbid: {regime: [], treaty: formal}, reason: r}\n",
        "design/study.yaml:5 restrictions[0].forbid.regime: no level is named. Write `factor: [level, level]`.",
    ),
    (
        "seed: 1\n",
        "seed: 1\nrestrictions:\n  - {levels: {regime: democracy}, only_with: {regime: autocracy}, reason: r}\n",
        "design/study.yaml:5 restrictions[0].only_with.regime: `regime` stands under `levels` too. Name "
        "another factor here.",
    ),
    (
        "seed: 1\n",
        "seed: 1\nrestrictions:\n  - {forbid: {regime: democracy, treaty: [none, formal]}, reason: r}\n",
        "design/study.yaml:4 restrictions: no vignette can have the level `democracy` of `regime`: "
        "`restrictions[0]` forbids them all. Remove or narrow it, or remove the level.",
    ),
    (
        "seed: 1\n",
        "seed: 1\nlanguages: [en, de]\n",
        "design/study.yaml:8 factors.regime.label: this is one text, but the study has `en`, `de`. Write one text for "
        "each of the study's `languages`, as `en: ...`.",
    ),
    (
        "    label: Treaty\n",
        "    label: &t Treaty\n",
        "design/study.yaml:12 factors.treaty.label: anchors and aliases are not used in study files. Write the text "
        "out.",
    ),
    (
        "label: No treaty, text",
        "label: No, of course, text",
        "design/study.yaml:14 factors.treaty.levels[0].of course: unknown key `of course`. Between braces a comma ends "
        "a text: put a text with a comma between quotation marks.",
    ),
    (
        "seed: 1\n",
        "seed: 1\nintroduction: {en: First, read it.}\n",
        "design/study.yaml:4 introduction: `read it.` stands apart from its text. Between braces a comma ends a text: "
        "put a text with a comma between quotation marks.",
    ),
    (
        "seed: 1\n",
        "seed: 1\nquotas:\n  few: {answers: {}, limit: 3}\n",
        "design/study.yaml:5 quotas.few.answers: there should be at least 1 here, not 0. Add what is missing.",
    ),
    (
        "seed: 1\n",
        "seed: 1\nintroduction: Note: read it.\n",
        "design/study.yaml:4: not readable as YAML: a colon is not expected here. Put a text with a colon between "
        "quotation marks; else check the indentation.",
    ),
    (
        "    label: Treaty\n",
        "     label: Treaty\n",
        "design/study.yaml:13: not readable as YAML: the line begins further left or right than the "
        "lines it belongs to. Indent it as they are; if it is, look for a quotation mark too few or too many.",
    ),
    (
        "seed: 1\n",
        "seed: 1\n\tnote: x\n",
        "design/study.yaml:4: not readable as YAML: a text cannot begin so. Put it between quotation marks; "
        "indent with spaces, not tabs.",
    ),
    (
        "seed: 1\n",
        'seed: 1\nnote: {en: "Choose "Green"."}\n',
        "design/study.yaml:4: not readable as YAML: a text ends before the end of its line. Quotation "
        "marks within a text need others around it: `'Choose \"Green\".'`.",
    ),
    (
        "seed: 1\n",
        "seed: [1\n",
        "design/study.yaml:4: not readable as YAML: expected ',' or ']', but got ':'. Check indentation, quotation "
        "marks and colons on this line and the one before.",
    ),
]


@pytest.mark.parametrize(("old", "new", "message"), BROKEN_STUDIES, ids=[each[2][:60] for each in BROKEN_STUDIES])
def test_a_broken_study_is_told(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert message in study_problems(tmp_path, changed(STUDY, old, new))


BROKEN_PLANS = [
    (
        "factor: regime",
        "factor: regime\n    levels: [democarcy]",
        "analysis/plan.yaml:13 estimands[0].levels[0]: `regime` has no level `democarcy`. Did you mean `democracy`?",
    ),
    (
        "factor: regime",
        "factor: regmie",
        "analysis/plan.yaml:12 estimands[0].factor: unknown factor `regmie`. Did you mean `regime`?",
    ),
    (
        "factor: regime",
        "factor: regime\n    versus: monarchy",
        "analysis/plan.yaml:13 estimands[0].versus: `regime` has no level `monarchy`. Known: `autocracy`, `democracy`.",
    ),
    (
        "hypothesis: H1",
        "hypothesis: H2",
        "analysis/plan.yaml:9 estimands[0].hypothesis: unknown hypothesis `H2`. Known: `H1`.",
    ),
    (
        "hypothesis: H1",
        "hypothesis: H2",
        "analysis/plan.yaml:2 hypotheses.H1: no estimand bears on this hypothesis. Add one, or remove the hypothesis.",
    ),
    (
        "support ~ regime * treaty",
        "suport ~ regime * treaty",
        "analysis/plan.yaml:7 models.support.formula: unknown outcome `suport`. Did you mean `support`?",
    ),
    (
        "support ~ regime * treaty",
        "support ~ regime * alliance",
        "analysis/plan.yaml:7 models.support.formula: unknown variable `alliance`. Known: `regime`, `treaty`.",
    ),
    (
        "support ~ regime * treaty",
        "support regime",
        "analysis/plan.yaml:7 models.support.formula: `support regime` is not a formula. Write "
        "`outcome ~ term + term`.",
    ),
    (
        "estimand: contrast",
        "estimand: conditional_effect",
        "analysis/plan.yaml:9 estimands[0]: `within` is missing: a conditional_effect needs the other factor. Add "
        "`within:` and a factor's name.",
    ),
    (
        "direction: increase",
        "direction: up",
        "analysis/plan.yaml:4 hypotheses.H1.direction: `up` is not known here. Write one of 'increase', 'decrease' or "
        "'different'.",
    ),
    (
        "formula: support ~ regime * treaty",
        "formula: support ~ regime * treaty\n    errors: CR1",
        "analysis/plan.yaml:6 models.support: the errors `CR1` need a `cluster`. Add `cluster:`, or use HC2.",
    ),
    (
        "formula: support ~ regime * treaty",
        "formula: support ~ regime * treaty\n    strata: region",
        "analysis/plan.yaml:8 models.support.strata: the errors `HC2` would ignore the strata. Write "
        "`errors: linearised`.",
    ),
    (
        "formula: support ~ regime * treaty",
        "formula: support ~ regime * treaty\n    adjust: [regime]",
        "analysis/plan.yaml:8 models.support.adjust[0]: unknown covariate `regime`. None is declared.",
    ),
    (
        "hypotheses:\n",
        "alpha: 1.5\nhypotheses:\n",
        "analysis/plan.yaml:1 alpha: it should be less than 1, not `1.5`.",
    ),
    (
        "hypotheses:\n",
        "exclusions:\n  - {rule: speeding}\nhypotheses:\n",
        "analysis/plan.yaml:2 exclusions[0]: speeding needs one bound. Give either `seconds` or `share_of_median`.",
    ),
    (
        "hypotheses:\n",
        "exclusions:\n  - {rule: attention}\nhypotheses:\n",
        "analysis/plan.yaml:2 exclusions[0]: the study declares no attention check. Add `attention:` to study.yaml, or "
        "remove the rule.",
    ),
    (
        "hypotheses:\n",
        "exclusions:\n  - {rule: recall, factor: regime}\nhypotheses:\n",
        "analysis/plan.yaml:2 exclusions[0].factor: the study has no recall check of `regime`. None is declared.",
    ),
]


@pytest.mark.parametrize(("old", "new", "message"), BROKEN_PLANS, ids=[each[2][:60] for each in BROKEN_PLANS])
def test_a_broken_plan_is_told(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert message in plan_problems(tmp_path, changed(PLAN, old, new))


def test_all_problems_of_a_file_are_told_at_once_and_in_order(tmp_path: Path) -> None:
    text = STUDY
    for old, new in [
        ("sample_size: 100", "sample_size: many"),
        ("text: an autocracy, reference: true", 'text: ""'),
        ("{name: formal", "{name: none"),
        ("{regime}", "{rgime}"),
        ("    question: Do you support it?\n", ""),
        ("[No, Perhaps, Yes]", "[No]"),
    ]:
        text = changed(text, old, new)
    found = study_problems(tmp_path, text)
    assert [each.split(":")[1].split()[0] for each in found] == ["4", "8", "9", "15", "16", "16", "18", "20"]


def test_a_point_may_be_its_words_in_each_language(tmp_path: Path) -> None:
    text = re.sub(r"((?:label|text|question): )([^,}\n]+)", r'\1{en: "\2", de: "\2"}', STUDY)
    text = changed(text, "seed: 1\n", "seed: 1\nlanguages: [en, de]\n")
    text = re.sub("vignette: (.*)", r'vignette: {en: "\1", de: "\1"}', text)
    path = tmp_path / "study.yaml"
    path.write_text(changed(text, "[No, Perhaps, Yes]", "[{en: No, de: Nein}, {en: Yes, de: Ja}]"))
    assert [dict(each.text) for each in read_design(path).outcomes["support"].scale] == [
        {"en": "No", "de": "Nein"},
        {"en": "Yes", "de": "Ja"},
    ]
    path.write_text(changed(text, "[No, Perhaps, Yes]", "[{en: No}, {en: Yes, de: Ja}]"))
    assert "scale[0]: `text`: there is no text in `de`." in problems(lambda: read_design(path))[0]


@pytest.mark.parametrize("name", ["no", "yes", "on", "off", "null", "None", "NA", "~", "1.0", "1e3", "0x10", "true"])
def test_a_level_keeps_the_name_that_was_written(tmp_path: Path, name: str) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(changed(STUDY, "{name: democracy", f"{{name: {name}"))
    assert read_design(path).factors["regime"].level_names == ["autocracy", name]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty."),
        (b"- a\n- b\n", "the file holds no `key: value` lines."),
        (b"name: caf\xe9\n", "byte 9 is not UTF-8."),
        (b"a: 1\n---\nb: 2\n", "not readable as YAML"),
        (b"? [a, b]\n: 1\n", "a key must be a word."),
        (b"a: " + b"[" * 5000, "not readable as YAML"),
    ],
)
def test_what_is_no_study_at_all_is_told(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "study.yaml"
    path.write_bytes(content)
    assert message in problems(lambda: read_design(path))[0]


YAML_VALUES = st.recursive(
    st.sampled_from(["", "1", "x", "true", "'{regime}'", "null"]),
    lambda below: st.one_of(
        st.lists(below, max_size=3).map(lambda each: "[" + ", ".join(each) + "]"),
        st.dictionaries(st.sampled_from(["name", "text", "levels", "en"]), below, max_size=3).map(
            lambda each: "{" + ", ".join(f"{key}: {value}" for key, value in each.items()) + "}"
        ),
    ),
    max_leaves=6,
)
KEYS = ["factors", "outcomes", "covariates", "attention", "consent", "vignette", "languages", "data", "seed", "name"]
KEYS += ["restrictions", "strata", "block_size", "mechanism"]
PLAN_KEYS = ["hypotheses", "models", "estimands", "exclusions", "alpha", "adjust"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(KEYS), YAML_VALUES, max_size=5))
def test_whatever_stands_in_a_study_ends_in_problems_never_in_a_traceback(
    tmp_path: Path, parts: dict[str, str]
) -> None:
    kept = [block for block in STUDY.split("\n") if block and block.split(":")[0] not in parts] if not parts else []
    text = "\n".join(kept + [f"{key}: {value}" for key, value in parts.items()]) + "\ntitle: t\n"
    assert study_problems(tmp_path, text)


NAMES = st.sampled_from(["regime", "treaty", "democracy", "autocracy", "none", "formal", "1", "[]", "[democracy]", ""])
RESTRICTION_PARTS = st.one_of(
    YAML_VALUES, NAMES, st.dictionaries(NAMES, st.one_of(NAMES, YAML_VALUES), max_size=3).map(lambda each: flow(each))
)
RESTRICTION_KEYS = st.sampled_from(["forbid", "levels", "only_with", "reason", "forbids"])


def flow(parts: dict[str, str]) -> str:
    return "{" + ", ".join(f"{key or 'x'}: {value}" for key, value in parts.items()) + "}"


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(RESTRICTION_KEYS, RESTRICTION_PARTS, max_size=4), max_size=3), NAMES)
def test_whatever_stands_in_restrictions_is_read_or_told(
    tmp_path: Path, restrictions: list[dict[str, str]], weight: str
) -> None:
    text = changed(STUDY, "text: a democracy", f"text: a democracy, weight: {weight}") + "restrictions:\n"
    path = tmp_path / "study.yaml"
    path.write_text(text + "".join(f"  - {flow(each)}\n" for each in restrictions))
    try:
        design = read_design(path)
    except StudyError as error:
        assert all(each.what for each in error.problems)
        return
    assert all(each.reason and (each.forbid or (each.levels and each.only_with)) for each in design.restrictions)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(PLAN_KEYS), YAML_VALUES, min_size=1, max_size=5))
def test_whatever_stands_in_a_plan_ends_in_problems_never_in_a_traceback(tmp_path: Path, parts: dict[str, str]) -> None:
    text = "\n".join(f"{key}: {value}" for key, value in parts.items()) + "\nunknown: 1\n"
    assert plan_problems(tmp_path, text)


def test_lines_point_at_the_key(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(STUDY)
    tree = read_tree(path)
    assert tree.lines["factors", "treaty", "levels", 1, "text"] == 15
    assert tree.lines["outcomes", "support", "scale", 2] == 21

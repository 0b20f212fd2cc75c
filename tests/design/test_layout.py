"""What contradicts something else in the layout is told with file, line and remedy."""

from pathlib import Path

import pytest

from tests.design.small_design import equal, small_design
from tests.design.written import FACTORS, REST, told, written
from vignetta.design.declaration import read_design
from vignetta.errors import StudyError

PAIR = "profiles: 2\nprofile_labels: [A, B]\n"
RECALL = "    label: Regime\n    recall: {question: Which?, unsure: Unsure}\n"
RULES = f"{PAIR}restrictions:\n"


def factors(what: str) -> str:
    return FACTORS.replace("    label: Regime\n", what)


def weighted(*weights: str) -> str:
    """The first levels with these weights, as they are written."""
    names = ("a democracy", "an autocracy")
    text = FACTORS
    for name, weight in zip(names, weights, strict=False):
        text = text.replace(f"text: {name}", f"text: {name}, weight: {weight}")
    return text


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("tasks: 0\n", ["5 tasks: it should be greater than or equal to 1, not `0`."]),
        ("tasks: 61\n", ["5 tasks: it should be less than or equal to 60, not `61`."]),
        ("tasks: two\n", ["5 tasks: a whole number was expected, not `two`. Write it in digits."]),
        ("profiles: 2\n", ["5 profiles: 2 profiles have 0 labels. Label each, as `[A, B]`."]),
        (
            "profiles: 2\nprofile_labels: [A]\n",
            ["6 profile_labels: 2 profiles have 1 labels. Label each, as `[A, B]`."],
        ),
        (
            "profile_labels: [A, B]\n",
            ["5 profile_labels: a single profile has no label. Write `profiles: 2`, or remove the labels."],
        ),
        (
            "restrictions:\n  - {differ: [regime], reason: r}\n",
            [
                "6 restrictions[0]: the rule is about the profiles of a task, which has one. Write `profiles: 2`, or "
                "remove the rule."
            ],
        ),
        ("mechanism: decks\n", ["5 mechanism: `decks` is missing. Add `decks:` with their `number`."]),
        ("decks: {number: 3}\n", ["5 decks: only the mechanism `decks` has decks. Write `mechanism: decks`."]),
        (
            f"mechanism: decks\n{PAIR}decks: {{number: 3}}\n",
            [
                "8 decks: efficient decks are made of single vignettes, and a task has several profiles. Write "
                "`search: random`."
            ],
        ),
        (
            "mechanism: decks\ntasks: 2\n"
            "decks: {number: 3, interactions: [regime, 'regime:regime', 'regime:traety']}\n",
            [
                "7 decks.interactions[0]: `regime` is no interaction. Write `factor:factor`.",
                "7 decks.interactions[1]: `regime:regime` is no interaction. Write `factor:factor`.",
                "7 decks.interactions[2]: unknown factor `traety`. Did you mean `treaty`?",
            ],
        ),
        (
            "mechanism: decks\ndecks: {number: 0, search: best}\n",
            [
                "6 decks.number: it should be greater than or equal to 1, not `0`.",
                "6 decks.search: `best` is not known here. Write one of 'efficient' or 'random'.",
            ],
        ),
        (
            "samples:\n  us: {label: US, size: 100}\n",
            [
                "5 samples: a single sample needs no name. Declare several, or remove the section.",
                "5 samples: the sizes sum to 100, and `sample_size` is 120. Make them agree.",
            ],
        ),
        (
            "samples:\n  us: {label: US, size: 100}\n  uk: {label: UK, size: 0}\n",
            [
                "5 samples: the sizes sum to 100, and `sample_size` is 120. Make them agree.",
                "7 samples.uk.size: it should be greater than or equal to 1, not `0`.",
            ],
        ),
        (
            "attribute_order: shuffled\n",
            [
                "5 attribute_order: the order of sentences cannot be shuffled. Write `presentation: table`, or "
                "`attribute_order: fixed`."
            ],
        ),
        (
            "attribute_order: any\npresentation: list\n",
            [
                "5 attribute_order: `any` is not known here. Write one of 'fixed', 'shuffled' or 'grouped'.",
                "6 presentation: `list` is not known here. Write one of 'text' or 'table'.",
            ],
        ),
        (
            "presentation: table\nattribute_order: grouped\n",
            ["6 attribute_order: `attribute_groups` is missing. List the factors of each group."],
        ),
        (
            "presentation: table\nattribute_groups: [[regime], [treaty]]\n",
            ["6 attribute_groups: only a `grouped` order has groups. Write `attribute_order: grouped`."],
        ),
        (
            "presentation: table\nattribute_order: grouped\nattribute_groups:\n- [regime, treety]\n- [regime]\n",
            [
                "8 attribute_groups[0]: unknown factor `treety`. Did you mean `treaty`?",
                "9 attribute_groups[1]: `regime` stands here a second time. Leave it in one group.",
            ],
        ),
        (
            f"{RULES}  - {{differ: [regme], reason: r}}\n  - {{differ: [], reason: r}}\n"
            "  - {forbid_pair: [{regime: demo}], reason: r}\n  - {forbid_pair: [{regime: []}, {}], reason: r}\n"
            "  - {forbid: {regime: democracy, treaty: none}, differ: [regime], reason: r}\n",
            [
                "8 restrictions[0].differ: unknown factor `regme`. Did you mean `regime`?",
                "9 restrictions[1].differ: no factor is named. Write `[factor, factor]`.",
                "10 restrictions[2].forbid_pair[0].regime: `regime` has no level `demo`. Did you mean `democracy`?",
                "10 restrictions[2].forbid_pair: a pair has two sets of levels, not 1. Write `[{factor: level}, "
                "{factor: level}]`.",
                "11 restrictions[3].forbid_pair[0].regime: no level is named. Write `factor: [level, level]`.",
                "11 restrictions[3].forbid_pair[1]: no factor is named. Write `factor: [level, level]`.",
                "12 restrictions[4]: a restriction is `forbid`, `levels` with `only_with`, `differ` or `forbid_pair`. "
                "Write one of them.",
            ],
        ),
        (
            f"{RULES}  - {{differ: regime, reason: r}}\n  - {{forbid_pair: {{regime: democracy}}, reason: r}}\n",
            [
                "8 restrictions[0].differ: a list was expected, not `regime`. Begin each item with `- `.",
                "9 restrictions[1].forbid_pair: a list was expected, not `a mapping`. Begin each item with `- `.",
            ],
        ),
    ],
)
def test_messages_about_the_file(tmp_path: Path, head: str, expected: list[str]) -> None:
    assert told(written(tmp_path, head)) == [f"study.yaml:{each}" for each in expected]


@pytest.mark.parametrize(
    ("head", "text", "expected"),
    [
        (
            "",
            factors("    label: Regime\n    varies: task\n"),
            "8 factors.regime.varies: a respondent reads a single vignette. Remove the key, or declare several "
            "`tasks`.",
        ),
        (
            "tasks: 2\n",
            factors("    label: Regime\n    varies: sometimes\n"),
            "9 factors.regime.varies: `sometimes` is not known here. Write one of 'profile', 'task' or 'respondent'.",
        ),
        (
            "mechanism: decks\ntasks: 2\ndecks: {number: 3}\n",
            factors("    label: Regime\n    varies: respondent\n"),
            "7 decks: efficient decks vary every factor, and `regime` is shared by the vignettes of a respondent. "
            "Write `search: random`.",
        ),
        (
            "mechanism: decks\ntasks: 2\ndecks: {number: 3}\n",
            weighted("2"),
            "11 factors.regime.levels: efficient decks show every level equally often, and the levels have weights. "
            "Remove the weights, or write `search: random`.",
        ),
        (
            f"tasks: 2\n{PAIR}",
            factors(RECALL),
            "11 factors.regime.recall: with several tasks and profiles nobody knows which vignette a recall check is "
            "about. Remove it, or let the factor vary by respondent.",
        ),
        (
            f"{RULES}  - {{differ: [treaty, regime], reason: r}}\n",
            factors("    label: Regime\n    varies: task\n"),
            "8 restrictions[0].differ: the profiles of a task never differ in `regime`, which varies by task. Remove "
            "it here, or let it vary by profile.",
        ),
    ],
)
def test_messages_about_factors(tmp_path: Path, head: str, text: str, expected: str) -> None:
    assert told(written(tmp_path, head, factors=text)) == [f"study.yaml:{expected}"]


def test_a_choice_needs_profiles(tmp_path: Path) -> None:
    choice = REST.replace("scale: [No, Yes]", "kind: choice")
    assert told(written(tmp_path, "", rest=choice)) == [
        "study.yaml:19 outcomes.approval.kind: there is nothing to choose between: a task has one profile. Write "
        "`profiles: 2`, or ask for a rating."
    ]
    assert told(written(tmp_path, PAIR, rest=choice)) == []


@pytest.mark.parametrize(
    ("head", "text"),
    [
        ("", FACTORS),
        (f"tasks: 5\n{PAIR}", FACTORS),
        ("tasks: 2\n", factors(f"{RECALL}    varies: respondent\n")),
        ("mechanism: decks\ntasks: 2\ndecks: {number: 3}\n", weighted("1", "1.0")),
        ("mechanism: decks\ntasks: 2\ndecks: {number: 3}\n", weighted("1.0")),
        ("mechanism: decks\ntasks: 2\ndecks: {number: 3, search: random}\n", weighted("1", "3")),
        ("mechanism: decks\ntasks: 6\ndecks: {number: 1, interactions: ['treaty : regime']}\n", FACTORS),
        ("presentation: table\nattribute_order: grouped\nattribute_groups: [[regime], [treaty]]\n", FACTORS),
        ("samples:\n  us: {label: US, size: 100}\n  uk: {label: UK, size: 20}\n", FACTORS),
        (f"{RULES}  - {{differ: [treaty, regime], reason: r}}\n", FACTORS),
        (f"{RULES}  - {{forbid_pair: [{{regime: democracy}}, {{treaty: [none, formal]}}], reason: r}}\n", FACTORS),
    ],
)
def test_what_is_sound_is_left_in_peace(tmp_path: Path, head: str, text: str) -> None:
    assert told(written(tmp_path, head, factors=text)) == []


def test_what_is_left_out_is_one_vignette_each(tmp_path: Path) -> None:
    design = read_design(written(tmp_path, ""))
    assert (design.tasks, design.profiles, design.responses) == (1, 1, 1)
    assert (design.presentation, design.attribute_order, design.decks, design.samples) == ("text", "fixed", None, {})
    assert {each.varies for each in design.factors.values()} == {"profile"}
    assert read_design(written(tmp_path, f"tasks: 5\n{PAIR}")).responses == 10


def test_words_above_a_table_are_about_all_profiles() -> None:
    """What differs between profiles has no single text there; what a task shares has."""
    study = {"tasks": "2", "profiles": "2", "presentation": "table", "vignette": "Compare. Both are {a}."}
    with pytest.raises(StudyError, match="`a` differs between the profiles, and these words stand once above"):
        small_design({"a": equal("x", "y"), "b": equal("p", "q")}, **study)
    shared = small_design({"a": equal("x", "y"), "b": equal("p", "q")}, varies={"a": "task"}, **study)
    assert shared.rows == ["b"]

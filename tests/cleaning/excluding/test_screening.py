"""Each rule marks the responses that it is about, and nothing is dropped."""

from collections.abc import Sequence
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest

from tests.cleaning.small_export import CODEBOOK
from vignetta import exclusions
from vignetta.cleaning.excluding import needs, rules, screening
from vignetta.cleaning.excluding.screening import Screened, Screening, needed, reasons, screen
from vignetta.codebook import Codebook, Variable
from vignetta.errors import StudyError
from vignetta.exclusions import Exclusion, Rule

REGULAR = {
    "started": pd.Timestamp("2026-03-01 09:00"),
    "status": "ip_address",
    "finished": True,
    "duration": 100.0,
    "consent": "agree",
    "attention": "radio",
    "regime": "democracy",
    "recall_regime": "democracy",
}


def screened(changes: Sequence[dict[str, Any]], *declared: Exclusion, keys: Sequence[str] = ()) -> Screened:
    data = pd.DataFrame([REGULAR | each for each in changes]).astype({"finished": "boolean"})
    for name in ("status", "consent", "attention", "regime", "recall_regime"):
        data[name] = pd.Categorical(data[name], categories=CODEBOOK[name].levels)
    by = {"ip_address": pd.Series(keys, dtype="str")}
    return screen(Screening(data, by, CODEBOOK), declared)


def marks(rule: Rule, changes: Sequence[dict[str, Any]], *, keys: Sequence[str] = (), **more: Any) -> list[bool]:
    found = screened(changes, Exclusion(rule=rule, **more), keys=keys).marks
    return [bool(each) for each in found.iloc[:, 0]]


def test_every_rule_has_its_marks_words_and_needs() -> None:
    for table in (rules.MARKS, exclusions._WORDS, needs._LACKS):
        assert set(table) == set(get_args(Rule))


@pytest.mark.parametrize("level", CODEBOOK["status"].levels)
def test_previews_tests_and_spam_are_not_regular(level: str) -> None:
    regular = {"ip_address", "imported", "offline", "ex", "ex_offline"}
    assert marks("preview", [{"status": level}]) == [level not in regular]


def test_consent_is_one_answer() -> None:
    assert marks("no_consent", [{}, {"consent": "decline"}, {"consent": None}]) == [False, True, True]


def test_incomplete_is_anything_but_finished() -> None:
    assert marks("incomplete", [{}, {"finished": False}]) == [False, True]
    assert marks("incomplete", [{}, {"finished": None}]) == [False, True]


def test_of_a_repeated_response_one_is_kept() -> None:
    changes = [
        {"finished": False},
        {"status": "survey_preview"},
        {"consent": "decline"},
        {"started": pd.Timestamp("2026-03-02")},
        {},
        {},
        {},
        {},
    ]
    keys = ["a", "a", "a", "a", "a", "", "", "b"]
    expected = [True, True, True, True, False, False, False, False]
    assert marks("duplicate", changes, keys=keys, by="ip_address") == expected


def test_of_responses_that_began_together_the_first_row_is_kept() -> None:
    assert marks("duplicate", [{}, {}, {}], keys=["a", "a ", "b"], by="ip_address") == [False, True, False]


def test_responses_that_nothing_tells_apart_are_not_repeated_and_told() -> None:
    """An anonymised export has empty cells where addresses stood."""
    found = screened([{}] * 5, Exclusion(rule="duplicate", by="ip_address"), keys=["", "", " ", "a", "a"])
    assert found.marks.iloc[:, 0].tolist() == [False, False, False, False, True]
    assert [each for each in found.notes if "Without" in each] == [
        "Without what it needs, and so not marked by the exclusion `Repeated response by ip_address`: 3 of 5 raw rows."
    ]


def test_order_of_rows_does_not_choose_the_response_that_is_kept() -> None:
    rng = np.random.default_rng(3)
    times = pd.Timestamp("2026-03-01") + pd.to_timedelta(rng.permutation(30), unit="min")
    changes = [{"started": each, "finished": bool(rng.integers(2))} for each in times]
    keys = [str(each) for each in rng.integers(0, 6, 30)]
    kept = [
        each
        for each, hit in zip(times, marks("duplicate", changes, keys=keys, by="ip_address"), strict=True)
        if not hit
    ]
    order = rng.permutation(30)
    again = marks("duplicate", [changes[each] for each in order], keys=[keys[each] for each in order], by="ip_address")
    assert sorted(kept) == sorted(times[each] for each, hit in zip(order, again, strict=True) if not hit)
    assert len(kept) == len(set(keys))


def test_speeding_by_seconds() -> None:
    assert marks("speeding", [{"duration": 59.0}, {"duration": 60.0}, {"duration": np.nan}], seconds=60) == [
        True,
        False,
        False,
    ]


def test_speeding_by_the_median_of_finished_regular_responses() -> None:
    others = [{"duration": 1.0, "finished": False}] * 5 + [{"duration": 1.0, "status": "survey_test"}] * 5
    changes = [{"duration": 100.0}, {"duration": 200.0}, {"duration": 99.0}, {"duration": 49.0}, *others]
    assert marks("speeding", changes, share_of_median=0.5)[:4] == [False, False, False, True]


def test_speeding_without_any_finished_response_marks_nothing() -> None:
    assert marks("speeding", [{"finished": False}], share_of_median=0.5) == [False]


def test_one_failed_check_is_not_several() -> None:
    rules = [Exclusion(rule="attention", allowed=each) for each in (1, 2)]
    assert reasons(rules) == ["Failed more than 1 attention check", "Failed more than 2 attention checks"]


def test_attention_is_the_right_answer() -> None:
    assert marks("attention", [{}, {"attention": "none"}, {"attention": None}]) == [False, True, True]


def test_recall_is_the_level_shown() -> None:
    changes = [{}, {"recall_regime": "unsure"}, {"regime": "None", "recall_regime": "None"}, {"recall_regime": None}]
    assert marks("recall", changes, factor="regime") == [False, True, False, True]
    assert marks("recall", [{"regime": None, "recall_regime": None}], factor="regime") == [True]


def test_a_written_attention_check_ignores_case_and_space() -> None:
    check = CODEBOOK["attention"].model_copy(update={"kind": "text", "categories": (), "about": "I pay attention"})
    codebook = Codebook(variables=(check,))
    data = pd.DataFrame({"attention": pd.Series(["i pay  attention ", "I pay", None], dtype="str")})
    found = screen(Screening(data, {}, codebook), [Exclusion(rule="attention")]).marks
    assert found.iloc[:, 0].tolist() == [False, True, True]


def test_reasons_are_kept_apart() -> None:
    rules = [
        Exclusion(rule="preview", reason="Out"),
        Exclusion(rule="incomplete", reason="Out"),
        Exclusion(rule="attention", reason="analysed"),
        Exclusion(rule="speeding", share_of_median=0.3),
        Exclusion(rule="duplicate", by="ip_address"),
    ]
    assert reasons(rules) == [
        "Out",
        "Out (2)",
        "analysed (2)",
        "Faster than 30% of the median duration",
        "Repeated response by ip_address",
    ]
    found = screened([{"status": "spam"}, {"finished": False}], *rules[:2]).marks
    assert found.to_numpy().tolist() == [[True, False], [False, True]]


def test_rules_that_can_bias_are_told() -> None:
    found = screened([{"duration": None}], Exclusion(rule="preview"), Exclusion(rule="speeding", seconds=5))
    assert len(found.notes) == 2
    assert "`Faster than 5 seconds` uses what was measured after the vignette" in found.notes[0]
    assert "not marked by the exclusion `Faster than 5 seconds`: 1 of 1 raw rows" in found.notes[1]


def test_what_the_rules_need() -> None:
    rules = [
        Exclusion(rule="preview"),
        Exclusion(rule="duplicate", by="email"),
        Exclusion(rule="recall", factor="regime"),
    ]
    assert needed(rules, CODEBOOK) == {"status", "email", "regime", "recall_regime"}


@pytest.mark.parametrize("rule", get_args(Rule))
def test_a_rule_without_its_variable_is_told(rule: Rule) -> None:
    more: dict[str, dict[str, Any]] = {
        "duplicate": {"by": "emial"},
        "speeding": {"seconds": 5},
        "slowness": {"seconds": 5},
        "recall": {"factor": "regime"},
        "straight_lining": {"variables": ["a", "b"]},
        "score": {"variable": "a", "below": 1},
        "location": {"variable": "a", "kept": "b"},
        "condition": {"when": "a == 1"},
    }
    codebook = Codebook(variables=(CODEBOOK["email"], CODEBOOK["regime"]))
    with pytest.raises(StudyError, match=rf"exclusions\[0\]: the rule `{rule}` finds nothing to read"):
        needed([Exclusion(rule=rule, **more.get(rule, {}))], codebook)


def changed(name: str, **update: Any) -> Codebook:
    return Codebook(variables=(CODEBOOK[name].model_copy(update=update),))


def test_an_answer_that_nothing_calls_right_is_told() -> None:
    with pytest.raises(StudyError, match="`about` does not say which answer is right"):
        needed([Exclusion(rule="attention")], changed("attention", about=""))
    odd = tuple(each.model_copy(update={"level": f"level {each.code}"}) for each in CODEBOOK["consent"].categories)
    with pytest.raises(StudyError, match="nothing says which of `level 1`, `level 2` is consent"):
        needed([Exclusion(rule="no_consent")], changed("consent", categories=odd))
    needed([Exclusion(rule="no_consent")], changed("consent", categories=odd, about="level 1"))
    with pytest.raises(StudyError, match="`duration` is a `text` and cannot be compared with a bound"):
        needed([Exclusion(rule="speeding", seconds=5)], changed("duration", kind="text"))


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        (Exclusion(rule="attention"), "attention"),
        (Exclusion(rule="recall", factor="regime"), "regime"),
        (Exclusion(rule="duplicate", by="recall_regime"), "recall_regime"),
        (Exclusion(rule="no_consent"), "consent"),
        (Exclusion(rule="speeding", seconds=9), "duration"),
    ],
)
def test_no_rule_reads_what_differs_from_task_to_task(rule: Exclusion, name: str) -> None:
    known = [each for each in CODEBOOK.variables if each.name != name]
    tasks = [CODEBOOK[name].model_copy(update={"task": task, "column": f"{name}{task}"}) for task in (1, 2)]
    with pytest.raises(StudyError) as caught:
        needed([rule], Codebook(variables=(*known, *tasks)))
    (found,) = caught.value.problems
    assert str(found).startswith(
        f"exclusions[0]: the rule `{rule.rule}` would read `{name}`, which differs from task to task."
    )


# ------------------------------------------------------------------------------------------------ further rules


def test_slowness_by_seconds_and_by_the_median() -> None:
    changes = [{"duration": each} for each in (100.0, 100.0, 300.0, 301.0, np.nan)]
    assert marks("slowness", changes, seconds=300) == [False, False, False, True, False]
    # The median of 100, 100, 300, 301 is 200.
    assert marks("slowness", changes, multiple_of_median=1.5) == [False, False, False, True, False]
    assert marks("speeding", changes, share_of_median=0.51) == [True, True, False, False, False]


def test_straight_lining_is_the_same_place_in_every_question() -> None:
    scale = CODEBOOK["approval"]
    other = scale.model_copy(update={"name": "support", "column": "s", "import_id": "QID44"})
    downwards = [each.model_copy(update={"value": -(each.value or 0)}) for each in other.categories]
    other = other.model_copy(update={"categories": tuple(downwards)})
    codebook = Codebook(variables=(scale, other))
    data = pd.DataFrame({"approval": [1.0, 1.0, -1.0, np.nan, 0.0], "support": [-1.0, 1.0, 1.0, np.nan, 0.0]})
    rule = Exclusion(rule="straight_lining", variables=("approval", "support"))
    found = screen(Screening(data, {}, codebook), [rule])
    assert found.marks.iloc[:, 0].tolist() == [True, False, True, False, True]
    assert "uses what was measured after the vignette" in found.notes[0]
    assert "not marked" in found.notes[1] and "1 of 5 raw rows" in found.notes[1]


def test_straight_lining_reads_all_tasks() -> None:
    tasks = [CODEBOOK["approval"].model_copy(update={"task": task, "column": f"a{task}"}) for task in (1, 2, 3)]
    data = pd.DataFrame({each.full_name: [1.0, value] for each, value in zip(tasks, (0.0, 0.0, 1.0), strict=True)})
    rule = Exclusion(rule="straight_lining", variables=("approval",))
    codebook = Codebook(variables=tuple(tasks))
    assert needed([rule], codebook) == {each.full_name for each in tasks}
    assert screen(Screening(data, {}, codebook), [rule]).marks.iloc[:, 0].tolist() == [True, False]


def test_straight_lining_needs_two_answers() -> None:
    with pytest.raises(StudyError, match="one answer alone is always alike"):
        needed([Exclusion(rule="straight_lining", variables="approval")], CODEBOOK)  # type: ignore[arg-type]


def test_scores_below_and_above() -> None:
    score = Variable(name="human", role="other", kind="number", column="human")
    codebook = Codebook(variables=(score,))
    screening = Screening(pd.DataFrame({"human": [0.2, 0.5, 0.9, np.nan]}), {}, codebook)
    below, above = (
        Exclusion(rule="score", variable="human", below=0.5),
        Exclusion(rule="score", variable="human", above=0.5),
    )
    found = screen(screening, [below, above])
    assert found.marks.to_numpy().T.tolist() == [[True, False, False, False], [False, False, True, False]]
    assert list(found.marks) == ["human below 0.5", "human above 0.5"]


def test_places_that_are_kept() -> None:
    place = Variable(name="country", role="personal", kind="text", column="country")
    keys = {"country": pd.Series(["US", " us", "NL", ""])}
    screening = Screening(pd.DataFrame(index=range(4)), keys, Codebook(variables=(place,)))
    rule = Exclusion(rule="location", variable="country", kept=("US", "CA"))
    assert screen(screening, [rule]).marks.iloc[:, 0].tolist() == [False, False, True, False]


def test_several_variables_together_tell_respondents_apart() -> None:
    keys = {"a": pd.Series(["1", "1", "1", "12", "1"]), "b": pd.Series(["23", "23", "4", "3", ""])}
    variables = [Variable(name=each, role="personal", kind="text", column=each) for each in keys]
    screening = Screening(pd.DataFrame(index=range(5)), keys, Codebook(variables=tuple(variables)))
    rule = Exclusion(rule="duplicate", by=("a", "b"))
    assert screen(screening, [rule]).marks.iloc[:, 0].tolist() == [False, True, False, False, False]


def test_some_failed_checks_can_be_let_pass() -> None:
    second = CODEBOOK["attention"].model_copy(update={"name": "second", "column": "s", "import_id": "QID99"})
    codebook = Codebook(variables=(CODEBOOK["attention"], second))
    data = pd.DataFrame({"attention": ["radio", "none", "none"], "second": ["radio", "radio", "none"]})
    screening = Screening(data, {}, codebook)
    rules = [
        Exclusion(rule="attention"),
        Exclusion(rule="attention", allowed=1),
        Exclusion(rule="attention", variables=("second",)),
    ]
    expected = [[False, True, True], [False, False, True], [False, False, True]]
    assert screen(screening, rules).marks.to_numpy().T.tolist() == expected


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("age < 18", [True, False, False, False]),
        ("18 <= age <= 40", [False, True, False, False]),
        ("40 < age", [False, False, True, False]),
        ("not age < 18", [False, True, True, False]),
        ("age != 17", [False, True, True, False]),
        ("missing(age)", [False, False, False, True]),
        ('education == "high"', [False, True, False, False]),
        ('education >= "middle"', [False, True, True, False]),
        ('education not in ("low", "high")', [False, False, True, False]),
        ('age < 18 or education == "middle"', [True, False, True, False]),
        ('age > 18 and education == "middle"', [False, False, True, False]),
        ("finished == true", [True, True, False, True]),
        ('started < "2026-03-02"', [True, False, False, False]),
        ('comment == "No"', [False, False, True, False]),
    ],
)
def test_conditions(when: str, expected: list[bool]) -> None:
    data = pd.DataFrame(
        {
            "age": [17.0, 18.0, 70.0, np.nan],
            "education": pd.Categorical(["low", "high", "middle", None], categories=CODEBOOK["education"].levels),
            "finished": [True, True, False, True],
            "started": pd.to_datetime(["2026-03-01 23:59", "2026-03-02 00:00", "2026-03-03 00:00", None]),
            "comment": pd.Series(["", "Yes", "No", None], dtype="str"),
        }
    )
    data["education"] = data["education"].cat.as_ordered()
    rule = Exclusion(rule="condition", when=when)
    needed([rule], CODEBOOK)
    assert screen(Screening(data, {}, CODEBOOK), [rule]).marks.iloc[:, 0].tolist() == expected


@pytest.mark.parametrize(
    ("when", "what"),
    [
        ('age < "18"', "`age` is a number and cannot be compared with the text `18`"),
        ('education == "hihg"', "`education` has no level `hihg`"),
        ("education == 1", "`education` is a `ordered` and is compared with texts"),
        ('regime < "NA"', "`regime` is a `category`, which has no order"),
        ('started < "March"', "`March` is not a time"),
        ('email == "a"', "`email` is personal and not read"),
        ("agee < 18", "the codebook has no variable `agee`. Did you mean `age`"),
    ],
)
def test_conditions_that_the_codebook_does_not_bear_out(when: str, what: str) -> None:
    with pytest.raises(StudyError, match=what.replace("(", r"\(")):
        needed([Exclusion(rule="condition", when=when)], CODEBOOK)


def test_whether_a_rule_looks_past_the_vignette() -> None:
    rules = {
        Exclusion(rule="condition", when="age < 18"): False,
        Exclusion(rule="condition", when="approval > 0"): True,
        Exclusion(rule="condition", when='recall_regime == "unsure"'): True,
        Exclusion(rule="attention"): False,
        Exclusion(rule="attention", measured="after"): True,
        Exclusion(rule="speeding", seconds=3): True,
        Exclusion(rule="speeding", seconds=3, measured="before"): False,
        Exclusion(rule="duplicate", by="ip_address"): False,  # type: ignore[arg-type]
    }
    assert screening.looks_past_treatment(list(rules), CODEBOOK) == list(rules.values())

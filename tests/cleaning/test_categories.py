"""A cell means the category whose code or words it holds; what could mean two is never guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vignetta.cleaning.categories import Lookup, Writing, decode, words, writing_of
from vignetta.codebook import Category, Kind, Variable


def variable(*answers: tuple[str, str, str], kind: Kind = "category") -> Variable:
    categories = tuple(Category(code=code, level=level, label=label) for code, level, label in answers)
    return Variable(name="q", role="other", kind=kind, column="Q1", categories=categories)


AGREE = variable(("1", "no", "I disagree"), ("2", "yes", "I agree"), ("-1", "refused", "Rather not say"))
COUNTS = variable(("1", "zero", "0"), ("2", "one", "1"), ("3", "two", "2"))
"""The words of one category are the code of another, as in a table of counts."""


def levels(cells: list[str], asked: Variable, writing: Writing | None = None) -> list[str | None]:
    found = decode(cells, Lookup(asked), writing).readings
    return ["; ".join(asked.levels[place] for place in each) if each else None for each in found]


@pytest.mark.parametrize(
    ("cell", "level"),
    [
        ("1", "no"),
        ("1.0", "no"),
        (" 2 ", "yes"),
        ("-1", "refused"),
        ("I agree", "yes"),
        ("I agree ", "yes"),
        ("<p>I&nbsp;agree</p>", "yes"),
        ("I AGREE", "yes"),
        ("refused", "refused"),
        ("3", None),
        ("agree", None),
        ("nan", None),
    ],
)
def test_cells_are_read_by_code_or_words(cell: str, level: str | None) -> None:
    assert levels([cell], AGREE) == [level]


def test_none_and_na_are_levels_like_any_other() -> None:
    asked = variable(("None", "None", "Nothing"), ("NA", "NA", "North Atlantic"), ("null", "null", ""))
    assert levels(["None", "NA", "null", "North Atlantic"], asked) == ["None", "NA", "null", "NA"]


def test_codes_that_differ_as_text_are_not_one_number() -> None:
    asked = variable(("01", "first", ""), ("1", "second", ""))
    assert levels(["01", "1"], asked) == ["first", "second"]
    assert levels(["1.0"], asked) == [None]


def test_words_of_two_levels_are_unknown() -> None:
    asked = variable(("1", "a", "Same"), ("2", "b", "Same"))
    found = decode(["1", "Same"], Lookup(asked), None)
    assert found.unknown == ("Same",)


def test_the_whole_column_tells_codes_from_words() -> None:
    assert levels(["1", "2", "3"], COUNTS) == ["zero", "one", "two"]
    assert levels(["0", "1", "2"], COUNTS) == ["zero", "one", "two"]


def test_an_ambiguous_column_is_read_as_the_export_is_written() -> None:
    assert levels(["1", "2"], COUNTS, "codes") == ["zero", "one"]
    assert levels(["1", "2"], COUNTS, "labels") == ["one", "two"]
    found = decode(["1", "2"], Lookup(COUNTS), None)
    assert found.ambiguous == ("1", "2")
    assert found.readings == (None, None)


def test_the_other_columns_tell_how_an_export_is_written() -> None:
    assert writing_of([(COUNTS, ["1", "2"]), (AGREE, ["I agree"])]) == "labels"
    assert writing_of([(COUNTS, ["1", "2"]), (AGREE, ["2"])]) == "codes"
    assert writing_of([(COUNTS, ["1", "2"])]) is None
    assert writing_of([(AGREE, ["I agree"]), (AGREE, ["2"])]) is None
    assert writing_of([(AGREE.model_copy(update={"role": "factor"}), ["2"])]) is None


def test_piped_words_stand_for_what_was_shown() -> None:
    asked = variable(("1", "ally", "The ally ${e://Field/name} (ours)"), ("2", "other", "Another"))
    assert levels(["The ally Ruritania (ours)", "Another"], asked) == ["ally", "other"]
    assert levels(["The foe Ruritania (ours)"], asked) == [None]


@pytest.mark.parametrize(
    ("cell", "level"),
    [
        ("1,3", "paper; web"),
        ("3,1", "paper; web"),
        ("1.0", "paper"),
        ("Paper,Radio, in a car,Web", "paper; radio; web"),
        ("Radio, in a car", "radio"),
        ("1,4", None),
        ("Paper,", None),
    ],
)
def test_several_answers_in_one_cell(cell: str, level: str | None) -> None:
    asked = variable(("1", "paper", "Paper"), ("2", "radio", "Radio, in a car"), ("3", "web", "Web"), kind="multiple")
    assert levels([cell], asked) == [level]


def test_several_answers_that_can_be_cut_in_two_ways_are_unknown() -> None:
    asked = variable(("1", "a", "A"), ("2", "b", "B"), ("3", "ab", "A,B"), kind="multiple")
    assert levels(["A,B"], asked) == [None]


def test_a_flag_without_categories_has_its_own() -> None:
    asked = Variable(name="q", role="other", kind="flag", column="Q1")
    assert decode(["0", "1"], Lookup(asked), None).readings == ((0,), (1,))
    assert decode(["TRUE", "False"], Lookup(asked), None).readings == ((1,), (0,))


names = st.lists(st.text("abcAB ,1-", min_size=1, max_size=5).map(str.strip), min_size=2, max_size=4, unique=True)


@given(names.filter(lambda each: all(each) and len({words(one).casefold() for one in each}) == len(each)))
def test_words_written_by_the_export_are_read_back(labels: list[str]) -> None:
    asked = variable(*((f"c{place}", f"level {place}", label) for place, label in enumerate(labels)))
    assert levels(labels, asked) == asked.levels
    assert levels([each.code for each in asked.categories], asked) == asked.levels

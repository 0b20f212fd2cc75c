"""A text that holds another has all its characters."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from vignetta.cleaning.privacy.characters import EVERY, NONE, characters_of

EVERY_CHARACTER = [chr(each) for each in range(0x110000) if not 0xD800 <= each < 0xE000]


def may_hold(text: str, value: str) -> bool:
    there, wanted = characters_of(pa.array([text]), beyond=EVERY), characters_of(pa.array([value]), beyond=NONE)
    return bool(wanted[0] & ~there[0] == 0)


@given(st.text(max_size=8), st.text(max_size=8), st.text(max_size=8))
def test_a_text_that_holds_a_value_in_any_case_has_its_characters(before: str, value: str, after: str) -> None:
    for text in (before + value + after, before + value.upper() + after, before + value.casefold() + after):
        assert may_hold(text, value) or value.casefold() not in text.casefold()


def test_what_is_folded_to_a_letter_or_digit_counts_as_it() -> None:
    """Such as the Kelvin sign, which stands for k, and the German ß, which stands for ss."""
    folded = [(text, letter) for text in EVERY_CHARACTER for letter in text.casefold() if letter.isascii()]
    assert ("\u212a", "k") in folded and ("ß", "s") in folded
    assert all(may_hold(text, letter) for text, letter in folded)


def test_letters_digits_and_marks_are_told_apart() -> None:
    assert may_hold("Ask jansen, 12.", "Jansen") and may_hold("", "") and may_hold("a", "\u00e9")
    assert not may_hold("Ask Jansen", "192.0.2.1")
    assert not may_hold("0123456789", "1.5")
    assert not may_hold("abc", "d")
    assert not may_hold("", "d")


def test_each_row_has_its_own_characters() -> None:
    texts = pa.chunked_array([["a", None, ""], ["b7"], []], pa.large_string())
    one, missing, empty, two = characters_of(texts, beyond=EVERY).tolist()
    assert missing == empty == 0 and one and two and not one & two
    assert characters_of(pa.array(["x", "a", "b7"]).slice(1), beyond=EVERY).tolist() == [one, two]
    assert characters_of(pa.array([], pa.large_string()), beyond=EVERY).tolist() == []

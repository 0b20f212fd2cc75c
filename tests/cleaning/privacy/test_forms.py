"""A text without the sign of a form never holds the form, and ordinary words have no sign."""

import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vignetta.cleaning.privacy.forms import FORMS, SIGNS, may_hold, redact_text

TEXTS = st.characters(exclude_categories=["Cs"])
AROUND = st.text(TEXTS, max_size=4)
PIECES = (
    *(
        "0",
        "12",
        "٣",
        "x",
        "A",
        "É",
        "_",
        " ",
        "\u00a0",
        "\n",
        "\v",
        "\x1f",
        "\u2003",
        ".",
        "-",
        ":",
        "::",
        "/",
        "°",
        "@",
    ),
    *(
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "+",
        "'",
        "’",
        "Box",
        "PO",
        "weg",
        "straße",
        "Street",
        "ST",
        "name",
        "is",
        "ıſ",
        "my",
    ),
    *("the", "first", "Dr", "MRſ", "prof", "Jo", "at", "dot", "http", "www", "://", "abcdef", "Li", "SW1A", "2AA"),
)


def test_every_form_has_a_sign() -> None:
    assert list(SIGNS) == list(FORMS)


@pytest.mark.parametrize("kind", list(FORMS))
def test_no_text_that_holds_a_form_lacks_its_sign(kind: str) -> None:
    @given(st.from_regex(FORMS[kind], alphabet=TEXTS), AROUND, AROUND)
    def holds(found: str, before: str, after: str) -> None:
        text = before + found + after
        assert may_hold(pa.array([text]), [kind])[0] or not FORMS[kind].search(text)

    holds()


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("phone number", "(202) -555-0143"),
        ("phone number", "(0202)--5.5.5.0.1.4.3"),
        ("phone number", "001) 2) 3) 4) 5) 6) 7) 8"),
        ("long number", "1-2 3-4 5-6 7-8 9"),
        ("name", "\nMRſ.\u2003Éva"),
        ("name", "(mſ Jo"),
        ("name", "my NAME ıſ\u00a0Jo"),
        ("name", "the name’ſ Jo"),
        ("street address", "p.o. BOX\x1f٣"),
        ("street address", "Wwegweg\v7"),
        ("street address", "A1\u00a01AA"),
        ("street address", "1a\u20031st 2nd St"),
        ("e-mail", "a(\u00a0\nAT )b{dot}c"),
        ("panel id", "abcdefabcdefabcdefabcdef"),
        ("IP address", "a::bcd"),
        ("IP address", "00-1B:44-11:3a-B7"),
        ("web address", "ex.ſk/x"),
        ("coordinates", "LAT:1.5;\nLNG = -1.5"),
        ("coordinates", "latıtude\u20031.5, longıtude (-123.5"),
        ("phone number", "cell phone\n: 1 2.3-4 5 6"),
        ("birth date", "Geboren am\u20031/1/1"),
        ("birth date", "date of birth: is 1.1.1"),
        ("street address", "Hauptstr.\u00a07"),
        ("street address", "7, CHEMIN de l'Église"),
        ("street address", "Calle Éa 7"),
        ("coordinates", "1°\n2’ N"),
    ],
)
def test_rare_spellings_have_their_sign(kind: str, text: str) -> None:
    assert FORMS[kind].search(text)
    assert may_hold(pa.array([text]), [kind]).all()


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_what_is_searched_for_signs_first_is_redacted_as_text_by_text(text: str) -> None:
    redacted, kinds = redact_text(text)
    assert may_hold(pa.array([text]))[0] or (redacted, kinds) == (text, ())
    for kind, form in FORMS.items():
        assert may_hold(pa.array([text]), [kind])[0] or not form.search(text)


def test_blanks_and_digits_of_signs_are_those_of_forms() -> None:
    """Every blank and digit that Python knows stands where forms allow any."""
    every = [chr(each) for each in range(0x110000) if not 0xD800 <= each < 0xE000]
    blanks, digits = ([each for each in every if re.fullmatch(kind, each)] for kind in (r"\s", r"\d"))
    streets = pa.array([f"Herengracht{blank}5" for blank in blanks] + [f"PO box {digit}" for digit in digits])
    assert may_hold(streets, ["street address"]).all()
    assert len(blanks) > 20 and len(digits) > 500


def test_ordinary_words_are_not_read_twice() -> None:
    words = ["I would rather that our own country looked after its allies first.", "NATO has 32 members (or 31).", ""]
    assert not may_hold(pa.array(words)).any()
    assert may_hold(pa.array([None, "jo@example.org"])).tolist() == [False, True]

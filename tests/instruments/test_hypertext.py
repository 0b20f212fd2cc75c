"""Texts survive the way into HTML and back."""

from hypothesis import given
from hypothesis import strategies as st

from vignetta.instruments.hypertext import escaped, paragraphs, piped_sources, plain_text

texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n <>&\"'$e{}"))


@given(texts)
def test_escaped_words_come_back(text: str) -> None:
    assert plain_text(escaped(text)) == " ".join(text.split())


@given(texts)
def test_paragraphs_come_back(text: str) -> None:
    assert plain_text(paragraphs(text)) == " ".join(text.split())


@given(texts)
def test_nothing_in_a_text_is_markup_or_piped(text: str) -> None:
    shown = escaped(text).replace("<br><br>", "")
    assert "<" not in shown
    assert ">" not in shown
    assert "${" not in shown
    assert "$e{" not in shown


def test_blocks_of_text_are_kept_apart() -> None:
    assert plain_text("<div>one</div><div>two</div>three<br/>four&nbsp;five") == "one two three four five"


def test_scripts_and_styles_are_not_words() -> None:
    assert plain_text("<style>p {color: red}</style>red<script>if (a < b) alert('x')</script>!") == "red!"


def test_an_unclosed_tag_loses_no_words() -> None:
    assert plain_text("a < b and <b>c") == "a < b and c"


def test_sources_of_piped_text_and_of_math_operations() -> None:
    text = "${e://Field/a} $e{ round( e://Field/b,1 ) + ${gr://SC_0/Score} } ${q://QID1/TotalSum} $ e{ e://Field/c }"
    assert piped_sources(text) == ["e://Field/a", "q://QID1/TotalSum", "e://Field/b", "gr://SC_0/Score"]
    assert piped_sources("$5 and ${") == []

"""Templates, and the flagship's prose in each of its combinations."""

import re

import pytest

from vignetta.design.declaration import Design
from vignetta.design.vignettes import vignettes
from vignetta.design.wording import fill, placeholders, stray_braces


def test_a_text_is_not_read_as_a_template() -> None:
    assert fill("{a} {b}", {"a": "{b}", "b": "x"}) == "{b} x"


def test_literal_braces_are_written_twice() -> None:
    assert fill("{{{a}}}", {"a": "x"}) == "{x}"
    assert stray_braces("{{a}} {b}") == []
    assert stray_braces("{a b}") == [0, 4]
    assert placeholders("{b} {a} {b} {{c}}") == ["b", "a"]


def test_a_placeholder_without_a_text_raises() -> None:
    with pytest.raises(KeyError):
        fill("{a}", {})


def test_every_vignette_of_the_flagship_is_clean_prose(design: Design) -> None:
    for text in vignettes(design)["text"]:
        assert not re.search(r"[{}$<>]|  |\.\.|,,| [.,;]|\b(\w+) \1\b", text), text
        for sentence in re.split(r"(?<=[.])\s+", text):
            assert sentence[0].isupper(), text
            assert sentence.endswith("."), text

"""Texts between people and survey pages: HTML into plain words, plain words into HTML."""

import html
import json
import re
from html.parser import HTMLParser
from typing import Any, Final

PIPE: Final = re.compile(r"\$\{([^{}]*)\}")
"""Piped text: `${source}`."""
MATH: Final = re.compile(r"\$e\{((?:[^{}]|\$\{[^{}]*\})*)\}")
"""A math operation: `$e{ e://Field/x + 1 }`."""
_ASKED: Final = re.compile(r"\w+://[^\s(),{}]+")
FIELD: Final = re.compile(r"e://Field/(.+?)(?:\?format=.*)?", re.IGNORECASE)
"""The source of piped text that is an embedded field, perhaps with a format for it."""
_UNREAD = ("script", "style", "head", "title")
_APART = frozenset(("p", "div", "br", "li", "ul", "ol", "table", "tr", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6"))


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.unread = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.unread += tag in _UNREAD
        self.parts.append(" " if tag in _APART else "")

    def handle_endtag(self, tag: str) -> None:
        self.unread = max(0, self.unread - (tag in _UNREAD))
        self.parts.append(" " if tag in _APART else "")

    def handle_data(self, data: str) -> None:
        self.parts.append("" if self.unread else data)


def plain_text(hypertext: str) -> str:
    """The words of a piece of HTML on one line: tags away, entities read, scripts and styles left out.

    >>> plain_text("<p>Allies &amp; rivals<br>(both)</p><script>x()</script>")
    'Allies & rivals (both)'
    """
    parser = _Words()
    parser.feed(hypertext)
    parser.close()
    return " ".join("".join(parser.parts).split())


def piped_sources(text: str) -> list[str]:
    """The sources of a text's piped text and of its math operations, in order.

    >>> piped_sources("${e://Field/x} and $e{ q://QID1/TotalSum * 2 }")
    ['e://Field/x', 'q://QID1/TotalSum']
    """
    if "$" not in text:
        return []
    asked = [each for found in MATH.findall(text) for each in _ASKED.findall(found)]
    return [*PIPE.findall(MATH.sub("", text)), *asked]


def is_piped(text: str) -> bool:
    """Whether a text holds anything that is filled in for each respondent."""
    return "${" in text or "$e{" in text


def whole_characters(value: Any) -> Any:
    """A value of JSON in which `\ufffd` stands for halves of characters, which no file of text can hold.

    Where texts are cut by their length, an emoji at the end may be cut in two.

    >>> whole_characters({"QuestionDescription": "Hello \\ud83d"})
    {'QuestionDescription': 'Hello \ufffd'}
    """
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return _repaired(value)
    return value


def _repaired(value: Any) -> Any:
    if isinstance(value, dict):
        return {_repaired(key): _repaired(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_repaired(each) for each in value]
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if isinstance(value, str) else value


def escaped(text: str) -> str:
    """Plain words as HTML that shows them and nothing else: no tag, nothing that Qualtrics would fill in.

    Words between empty lines become lines of their own. For the content of an element, not for an attribute.

    >>> escaped("<b> & ${e://Field/x}")
    '&lt;b&gt; &amp; &#36;{e://Field/x}'
    """
    return "<br><br>".join(map(_escaped, _stretches(text)))


def inline(text: str) -> str:
    """Plain words as HTML to stand between others: white space around them, which a field would lose, is kept.

    >>> inline(" but no treaty"), inline("One.\\n\\n")
    ('&#32;but no treaty', 'One.<br><br>')
    """
    words = text.strip()
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :] if words else ""
    return _space(before) + escaped(text) + _space(after)


def _space(white: str) -> str:
    return "<br><br>" if white.count("\n") > 1 else "&#32;" if white else ""


def paragraphs(text: str) -> str:
    """Plain words as HTML paragraphs, one for each stretch between empty lines.

    >>> paragraphs("One\\nline.\\n\\nAnother.")
    '<p>One line.</p><p>Another.</p>'
    """
    return "".join(f"<p>{_escaped(each)}</p>" for each in _stretches(text))


def _escaped(text: str) -> str:
    return re.sub(r"\$(?=e?\{)", "&#36;", html.escape(text, quote=False))


def _stretches(text: str) -> list[str]:
    stretches = (" ".join(each.split()) for each in re.split(r"\n[ \t]*\n", text))
    return [each for each in stretches if each]

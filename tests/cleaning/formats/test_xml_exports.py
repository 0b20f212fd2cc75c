"""XML exports become cells by name or ImportId; entities are refused, broken files told by their lines."""

from collections.abc import Callable
from pathlib import Path

import pytest

from vignetta.cleaning.formats.exports import read_raw
from vignetta.cleaning.formats.xml_exports import read_xml
from vignetta.errors import StudyError

Write = Callable[..., Path]

XML = """<?xml version="1.0" encoding="UTF-8"?>
<Responses>
  <Response>
    <_recordId>R_1</_recordId><QID4_1>2</QID4_1>
    <news>1</news><news>3</news>
    <QID5><value>2</value><value>4</value></QID5>
    <note>a &lt;b&gt; &amp;
 é</note>
  </Response>
  <Response><_recordId>R_2</_recordId><note/></Response>
</Responses>
"""
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaa"><!ENTITY c "&a;&a;">]><Responses><R><q>&c;</q></R></Responses>'
)
OUTSIDE = '<!DOCTYPE b SYSTEM "file:///etc/passwd"><Responses><R><q>1</q></R></Responses>'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_cells_are_read_in_every_encoding(write: Write, encoding: str) -> None:
    raw = read_raw(write(XML.encode(encoding), "export.data"))
    assert raw.names == ("_recordId", "QID4_1", "news", "QID5", "note")
    assert raw.import_ids == ("_recordId", "QID4_1", "", "QID5", "")
    assert raw.cells.to_numpy().tolist() == [
        ["R_1", "2", "1,3", "2,4", "a <b> &\n é"],
        ["R_2", "", "", "", ""],
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (XML[:-30], "x:10: the file is broken or cut off"),
        (XML.replace("</QID4_1>", "</QID4_2>"), "x:4: the file is broken"),
        (BOMB, "declares a document type"),
        (OUTSIDE, "declares a document type"),
        ("<Responses></Responses>", "holds no responses"),
        ("<Responses><R>2<q>1</q></R></Responses>", "text stands between"),
        ("<Responses><R><q>1<b>2</b></q></R></Responses>", "text stands between the elements of `q`"),
        ("<!DOCTYPE html><html></html>", "declares a document type"),
    ],
)
def test_broken_and_dangerous_files_are_refused(content: str, words: str) -> None:
    with pytest.raises(StudyError) as caught:
        read_xml(content.encode(), shown="x")
    assert words in str(caught.value)


def test_a_web_page_is_no_export(write: Write) -> None:
    with pytest.raises(StudyError, match="a web page"):
        read_raw(write("<!doctype HTML><html><body>Sign in</body></html>"))

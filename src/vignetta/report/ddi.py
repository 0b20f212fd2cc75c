"""The codebook as DDI Codebook 2.5, which data archives read.

Elements and their order are those of the schema of the Data Documentation Initiative, `ddi:codebook:2_5`.
"""

import re
from typing import Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from vignetta.report.describing import Answer, Documented, Entry

NAMESPACE: Final = "ddi:codebook:2_5"
_CATEGORICAL: Final = ("category", "ordered", "flag", "chosen", "multiple")
_NATURE: Final = {
    "category": "nominal",
    "ordered": "ordinal",
    "scale": "interval",
    "number": "ratio",
    "flag": "nominal",
}
_CONTROL: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML cannot hold."""
_STATISTICS: Final = {"mean": "mean", "min": "min", "max": "max", "sd": "stdev"}


def ddi_codebook(made: Documented) -> str:
    """The codebook as XML of DDI Codebook 2.5.

    The display probability of a level is a category statistic of the other type `displayProbability`; a variable's role
    and what it does in the plan are its notes.
    """
    root = Element("codeBook", {"xmlns": NAMESPACE, "version": "2.5", "xml:lang": made.design.language})
    _study(root, made)
    _file(root, made)
    data = SubElement(root, "dataDscr")
    for place, each in enumerate(made.entries, 1):
        _variable(data, each, made, place)
    ElementTree.indent(root, " ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _said(parent: Element, tag: str, text: str, **attributes: str) -> Element:
    made = SubElement(parent, tag, attributes)
    made.text = _CONTROL.sub("", text)
    return made


def _study(root: Element, made: Documented) -> None:
    study = SubElement(root, "stdyDscr")
    title = SubElement(SubElement(study, "citation"), "titlStmt")
    _said(title, "titl", made.design.title)
    _said(title, "IDNo", made.design.name)
    if made.design.note:
        _said(SubElement(study, "stdyInfo"), "abstract", made.design.note)
    if made.synthetic:
        _said(study, "notes", "The responses are simulated: no person answered.")


def _file(root: Element, made: Documented) -> None:
    described = SubElement(SubElement(root, "fileDscr", ID="F1"), "fileTxt")
    _said(described, "fileName", "responses.csv")
    size = SubElement(described, "dimensns")
    _said(size, "caseQnty", str(len(made.clean.responses)))
    _said(size, "varQnty", str(len(made.entries)))


def _variable(data: Element, entry: Entry, made: Documented, place: int) -> None:
    interval = "discrete" if entry.kind in _CATEGORICAL else "contin"
    nature = {"nature": _NATURE[entry.kind]} if entry.kind in _NATURE else {}
    variable = SubElement(
        data, "var", {"ID": f"V{place}", "name": entry.name, "files": "F1", "intrvl": interval, **nature}
    )
    _said(variable, "labl", entry.label or entry.name)
    if entry.question:
        _said(SubElement(variable, "qstn"), "qstnLit", entry.question)
    invalid = SubElement(variable, "invalrng")
    for cell in made.missing_cells:
        SubElement(invalid, "item", VALUE=cell)
    _said(variable, "universe", entry.base)
    _statistics(variable, entry)
    for each in entry.answers:
        _category(variable, each, entry)
    if entry.role == "score":
        _said(SubElement(variable, "derivation"), "drvdesc", entry.about)
    form = "numeric" if entry.kind in ("number", "scale", "chosen") else "character"
    SubElement(variable, "varFormat", type=form)
    _said(variable, "notes", entry.role, type="role")
    for said in entry.plan:
        _said(variable, "notes", said, type="plan")


def _statistics(variable: Element, entry: Entry) -> None:
    _said(variable, "sumStat", str(entry.n), type="vald")
    _said(variable, "sumStat", str(entry.missing), type="invd")
    for key, name in _STATISTICS.items():
        if key in entry.summary:
            _said(variable, "sumStat", repr(entry.summary[key]), type=name)


def _category(variable: Element, answer: Answer, entry: Entry) -> None:
    category = SubElement(variable, "catgry")
    scaled = entry.kind in ("scale", "chosen")
    _said(category, "catValu", f"{answer.number:g}" if scaled else answer.level)
    _said(category, "labl", answer.label or answer.level)
    if answer.text:
        _said(category, "txt", answer.text)
    _said(category, "catStat", str(answer.n), type="freq")
    if answer.probability is not None:
        _said(category, "catStat", repr(answer.probability), type="other", otherType="displayProbability")

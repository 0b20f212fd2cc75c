"""`questionnaire.docx`: everything that a respondent may be shown, on paper, for co-authors and ethics boards."""

from __future__ import annotations

import io
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from vignetta.declared import words
from vignetta.design.asked import AttentionCheck, Check, Covariate, Option, Outcome
from vignetta.design.assigning.vignettes import vignettes
from vignetta.design.declaration import Design, Factor
from vignetta.report.assigning import side_by_side
from vignetta.report.numbers import count
from vignetta.report.randomising import level_shares, randomising, restriction_words

if TYPE_CHECKING:
    from docx.document import Document

_MADE: Final = datetime(2000, 1, 1)
"""The date of every part of the file, so that making it twice gives equal bytes."""
_WIDTH: Final = 5_486_400
"""The width of the text on a page, in English Metric Units: six inches."""
_TOGETHER: Final = 12
"""Tables of fewer rows stay on one page."""
Rows = Sequence[Sequence[str]]


def questionnaire_docx(design: Design) -> bytes:
    """The questionnaire of a declared design as a Word document.

    It has the consent page, all questions with their choices and codes, all words of every factor's levels with their
    probabilities, an example in full, how vignettes are randomised, and the checks; every language has a part of its
    own.

    Returns
    -------
    The bytes of a .docx file; the same design gives the same bytes.
    """
    import docx

    document = docx.Document()
    _properties(document, design)
    document.add_paragraph(design.title, style="Title")
    document.add_paragraph("Questionnaire, as it will be shown to respondents", style="Subtitle")
    if design.note:
        document.add_paragraph(design.note)
    _table(document, ("", ""), list(_facts(design)), widths=(0.3, 0.7))
    for language in design.languages:
        _Part(document, design, language).write()
    _begin_on_their_side(document)
    stream = io.BytesIO()
    document.save(stream)
    return _dated(stream)


def _properties(document: Document, design: Design) -> None:
    own = document.core_properties
    own.title, own.author, own.comments, own.last_modified_by = design.title, "", "", ""
    own.created = own.modified = _MADE
    own.language, own.revision = design.language, 1


def _dated(stream: io.BytesIO) -> bytes:
    """The same archive with one date for all its parts."""
    made = io.BytesIO()
    with zipfile.ZipFile(stream) as before, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            part = zipfile.ZipInfo(name, _MADE.timetuple()[:6])
            part.compress_type = zipfile.ZIP_DEFLATED
            after.writestr(part, before.read(name))
    return made.getvalue()


def _facts(design: Design) -> Iterator[tuple[str, str]]:
    yield "Respondents planned", count(design.sample_size)
    yield (
        "Each respondent reads",
        f"{count(design.responses)} {'vignette' if design.profiles == 1 else 'profile'}"
        + (f"s in {count(design.tasks)} tasks" if design.profiles > 1 else "s" if design.responses > 1 else ""),
    )
    yield "Attributes that vary", ", ".join(words(each.label, design.language) for each in design.factors.values())
    yield "Outcomes", ", ".join(words(each.label, design.language) for each in design.outcomes.values())
    if len(design.languages) > 1:
        yield "Languages", ", ".join(design.languages)


def _table(document: Document, head: Sequence[str], rows: Rows, *, widths: Sequence[float]) -> None:
    """A table as wide as the page; `widths` are the columns' shares. Without words in `head` it has none."""
    made = document.add_table(rows=0, cols=len(widths), style="Table Grid")
    made.autofit = False
    for column, share in zip(made.columns, widths, strict=True):
        column.width = int(_WIDTH * share)
    for place, texts in enumerate([head, *rows] if any(head) else rows):
        row, is_head = made.add_row(), any(head) and place == 0
        _marked(row, "w:cantSplit", *(["w:tblHeader"] if is_head else []))
        for column, (cell, text) in enumerate(zip(row.cells, texts, strict=True)):
            cell.width = int(_WIDTH * widths[column])
            cell.paragraphs[0].add_run(_plain(text)).bold = bool(is_head or (not any(head) and column == 0))
            cell.paragraphs[0].paragraph_format.keep_with_next = place < min(len(rows), _TOGETHER)
    document.add_paragraph()


def _marked(row: Any, *marks: str) -> None:
    """A row that no page break cuts, or a head that is repeated on every page and read out as one."""
    from docx.oxml import OxmlElement

    for each in marks:
        row._tr.get_or_add_trPr().append(OxmlElement(each))


def _begin_on_their_side(document: Document) -> None:
    """Paragraphs whose first letter is read from the right begin on the right."""
    from docx.oxml import OxmlElement

    cells = (cell for table in document.tables for row in table.rows for cell in row.cells)
    for paragraph in (*document.paragraphs, *(each for cell in cells for each in cell.paragraphs)):
        if _is_from_the_right(paragraph.text):
            paragraph._p.get_or_add_pPr().append(OxmlElement("w:bidi"))
            for run in paragraph.runs:
                run.font.rtl = True


def _is_from_the_right(text: str) -> bool:
    kinds = (unicodedata.bidirectional(each) for each in text)
    return next((each in ("R", "AL") for each in kinds if each in ("L", "R", "AL")), False)


def _plain(text: str) -> str:
    """The text without the characters that no XML file can hold."""
    return "".join(each for each in text if each in "\t\n" or each >= " ")


class _Part:
    """The questionnaire in one language."""

    def __init__(self, document: Document, design: Design, language: str) -> None:
        self.document, self.design, self.language = document, design, language

    def write(self) -> None:
        if len(self.design.languages) > 1:
            self._heading(f"Language: {self.language}", 1)
        self._consent()
        self._before()
        self._page("Introduction", self.design.introduction)
        self._checks()
        self._vignettes()
        self._levels()
        self._randomisation()
        self._outcomes()
        self._recall()
        self._page("Debriefing", self.design.debriefing)
        self._page("Completion code", self.design.panel.code if self.design.panel else None)

    # -------------------------------------------------------------------------------------------- what a page shows

    def _consent(self) -> None:
        consent = self.design.consent
        if consent is None:
            return
        self._heading("Consent")
        self._words(words(consent.text, self.language))
        self._choices([(words(consent.agree, self.language), "1"), (words(consent.decline, self.language), "2")])
        self._note("Declining ends the survey. The respondent then reads:")
        self._words(words(consent.farewell, self.language))

    def _page(self, heading: str, text: dict[str, str] | None) -> None:
        if text is not None:
            self._heading(heading)
            self._words(words(text, self.language))

    def _before(self) -> None:
        check = self.design.attention
        if not self.design.covariates and check is None:
            return
        self._heading("Questions before the vignettes")
        for each in self.design.covariates.values():
            self._covariate(each)
        if check is not None:
            self._check("Attention check", check)

    def _checks(self) -> None:
        if self.design.checks:
            self._heading("Further checks")
        for each in self.design.checks.values():
            self._check(each.name, each)

    def _check(self, label: str, check: AttentionCheck | Check) -> None:
        self._asked(label, words(check.question, self.language))
        self._choices(self._options(check.options))
        right = next(each for each in check.options if each.name == check.correct)
        self._note(f"The right answer is: {words(right.text, self.language)}")

    def _covariate(self, covariate: Covariate) -> None:
        self._asked(words(covariate.label, self.language), words(covariate.question, self.language))
        if covariate.kind == "number":
            self._note(f"A number{_bounds(covariate)}.")
        else:
            self._choices(self._options(covariate.options))

    def _vignettes(self) -> None:
        if self.design.vignette is None:
            return
        self._heading("What respondents read")
        self._note("The text, with {the name of an attribute} where the words of its level go:")
        self._words(words(self.design.vignette, self.language))
        if self.design.rows:
            rows = (words(self.design.factors[each].label, self.language) for each in self.design.rows)
            self._note(f"Below it, a table with these rows: {', '.join(rows)}.")
        for label, text in self._examples():
            self._note(label)
            self._words(text)

    def _examples(self) -> Iterator[tuple[str, str]]:
        """One vignette in full; of profiles, as different ones as may stand beside each other."""
        texts = vignettes(self.design, language=self.language)["text"]
        for side, place in enumerate(side_by_side(self.design)):
            label = words(self.design.profile_labels[side], self.language) if self.design.profile_labels else ""
            yield f"Example{f', {label}' if label else ''}:", str(texts.iloc[place])

    def _levels(self) -> None:
        self._heading("All words that vary")
        shares = level_shares(self.design)
        for name, factor in self.design.factors.items():
            self._asked(words(factor.label, self.language), "")
            head = ("Level", "Words that respondents read", "Code", "Probability")
            _table(self.document, head, self._level_rows(factor, shares[name]), widths=(0.2, 0.36, 0.24, 0.2))

    def _level_rows(self, factor: Factor, shares: list[float] | None) -> Rows:
        told = [f"{100 * each:.1f}%" for each in shares] if shares else ["see restrictions"] * len(factor.levels)
        return [
            (words(each.label, self.language), each.words(self.language) or "(no words)", each.export_code, share)
            for each, share in zip(factor.levels, told, strict=True)
        ]

    def _randomisation(self) -> None:
        self._heading("How it is drawn")
        for sentence in randomising(self.design):
            self.document.add_paragraph(_plain(sentence))
        for each in self.design.restrictions:
            self.document.add_paragraph(_plain(restriction_words(self.design, each)), style="List Bullet")

    def _outcomes(self) -> None:
        self._heading("Questions about the vignettes")
        for each in self.design.outcomes.values():
            self._asked(words(each.label, self.language), words(each.question, self.language))
            self._answers(each)

    def _answers(self, outcome: Outcome) -> None:
        """How a question is answered: in words, by a handle, or by the points of a scale, of a matrix for each row."""
        if outcome.kind == "text":
            self._note("In words of their own.")
        elif outcome.ends is not None:
            low, high = (words(each, self.language) for each in (outcome.ends.low, outcome.ends.high))
            bounds = f"{outcome.minimum:g} (“{low}”) to {outcome.maximum:g} (“{high}”)"
            self._note(f"By moving a handle from {bounds}, in steps of {outcome.step:g}.")
        else:
            for each in outcome.items.values():
                self.document.add_paragraph(_plain(words(each.text, self.language)), style="List Bullet")
            self._choices(self._points(outcome))

    def _points(self, outcome: Outcome) -> list[tuple[str, str]]:
        if outcome.kind == "choice":
            labels = self.design.profile_labels
            return [(words(each, self.language), str(place)) for place, each in enumerate(labels, 1)]
        points = zip(outcome.scale, outcome.codes, strict=True)
        return [(words(each.text, self.language), code) for each, code in points]

    def _recall(self) -> None:
        asked = [each for each in self.design.factors.values() if each.recall]
        if not asked:
            return
        self._heading("Checks of what was read")
        for factor in asked:
            assert factor.recall is not None
            self._asked(words(factor.label, self.language), words(factor.recall.question, self.language))
            texts = [words(each.label, self.language) for each in factor.levels]
            texts.append(words(factor.recall.unsure, self.language))
            self._choices([(text, str(place)) for place, text in enumerate(texts, 1)])

    # ----------------------------------------------------------------------------------------------------- the parts

    def _heading(self, text: str, level: int = 2) -> None:
        self.document.add_heading(_plain(text), level if len(self.design.languages) > 1 else 1)

    def _asked(self, label: str, question: str) -> None:
        self.document.add_heading(_plain(label), 3 if len(self.design.languages) > 1 else 2)
        if question:
            paragraph = self.document.add_paragraph(_plain(question))
            paragraph.paragraph_format.keep_with_next = True

    def _words(self, text: str) -> None:
        for each in text.strip().split("\n\n"):
            self.document.add_paragraph(_plain(" ".join(each.split())), style="Quote")

    def _note(self, text: str) -> None:
        self.document.add_paragraph(_plain(text)).paragraph_format.keep_with_next = True

    def _options(self, options: Sequence[Option]) -> list[tuple[str, str]]:
        return [(words(each.text, self.language), each.code or str(place)) for place, each in enumerate(options, 1)]

    def _choices(self, choices: Rows) -> None:
        _table(self.document, ("Answer", "Code"), choices, widths=(0.85, 0.15))


def _bounds(covariate: Covariate) -> str:
    low, high = covariate.minimum, covariate.maximum
    if low is not None and high is not None:
        return f" from {low:g} to {high:g}"
    return f" of at least {low:g}" if low is not None else f" of at most {high:g}" if high is not None else ""

"""The codebook of clean responses for people (a page, Markdown) and for machines (CSV, JSON, DDI)."""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from vignetta.cleaning.responses import CleanExport
from vignetta.codebook import codebook_csv
from vignetta.design.declaration import Design
from vignetta.plan import Plan
from vignetta.report.ddi import ddi_codebook
from vignetta.report.describing import ACCOUNT, Answer, Documented, Entry
from vignetta.report.inputs import SIMULATED
from vignetta.report.numbers import NONE, count, number, plain
from vignetta.report.templating import template

CHAPTERS: Final[Mapping[str, tuple[str, ...]]] = {
    "Factors": ("factor",),
    "Outcomes": ("outcome", "open"),
    "Scores": ("score",),
    "Covariates": ("covariate",),
    "Consent and checks": ("consent", "attention", "recall"),
    "What the survey notes": ("identifier", "record", "vignette", "source", "other"),
    "The account of responses": (ACCOUNT,),
}
"""The chapters of the page, each with the roles of its variables."""
_ASKED: Final = {"factor": "Read by", "vignette": "Read by"} | dict.fromkeys(
    ("identifier", "record", "source", "other", "score", ACCOUNT), "Known of"
)
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]<>|#~])")


def codebook_files(clean: CleanExport, design: Design, plan: Plan) -> dict[str, str]:
    """The codebook of clean responses in every form, by the names of the files.

    No value that a respondent wrote, and no identifier, is in any of them.

    Parameters
    ----------
    clean : the responses, as `read_export` cleaned them.
    design, plan : as declared: the texts and probabilities of levels, and what each variable does in the plan.

    Returns
    -------
    `codebook.html` (a page that needs no other file), `codebook.md`, `codebook.csv`, `codebook.json` and `codebook.xml`
    (DDI Codebook 2.5). Equal responses give equal texts.

    Examples
    --------
    >>> files = codebook_files(clean, study.design, study.plan)  # doctest: +SKIP
    """
    made = Documented(design, plan, clean)
    return {
        "codebook.html": codebook_page(made),
        "codebook.md": codebook_markdown(made),
        "codebook.csv": codebook_csv(clean.codebook),
        "codebook.json": codebook_json(made),
        "codebook.xml": ddi_codebook(made),
    }


# ------------------------------------------------------------------------------------------------ for people


def codebook_page(made: Documented) -> str:
    """The codebook as a page that needs no other file and no network."""
    return template("codebook.html.j2").render(
        title=made.design.title,
        note=made.design.note,
        language=made.design.language,
        simulated=SIMULATED if made.synthetic else "",
        facts=_facts(made),
        chapters=list(_chapters(made.entries)),
        missing=_missing_words(made),
        columns=_columns,
        cells=_cells,
        meta=_meta,
        count=count,
    )


def codebook_markdown(made: Documented) -> str:
    """The codebook as Markdown."""
    return "\n".join(
        [*_head(made), *(line for title, entries in _chapters(made.entries) for line in _chapter(title, entries))]
    )


def _chapters(entries: Sequence[Entry]) -> Iterator[tuple[str, list[Entry]]]:
    for title, roles in CHAPTERS.items():
        found = [each for each in entries if each.role in roles]
        if found:
            yield title, found


def _facts(made: Documented) -> list[tuple[str, str]]:
    analysed = int((~made.clean.responses["excluded"]).sum())
    respondents = made.clean.analysed["row"].nunique()
    more = [(count(respondents), "respondents analysed")] if made.clean.tasks else []
    return [
        *more,
        (count(analysed), "responses analysed"),
        (count(len(made.clean.responses)), "responses in the file"),
        (count(len(made.entries)), "columns"),
    ]


def _missing_words(made: Documented) -> str:
    other = "−99 (seen and not answered)" if "-99" in made.missing_cells else "a code that the file declares missing"
    cells = f"an empty cell, or {other}"
    return f"Missing is what the export has as {cells}. In labelled files it is the system's missing value."


def _meta(entry: Entry) -> list[tuple[str, str]]:
    """What the page says of a variable besides its answers."""
    listed = [
        ("Question", entry.question),
        ("Made from", entry.about if entry.role == "score" else ""),
        ("About the factor", entry.about if entry.role == "recall" else ""),
        ("Right answer", entry.about if entry.role == "attention" else ""),
        (_ASKED.get(entry.role, "Asked of"), entry.base),
        ("In the plan", "; ".join(entry.plan) or "nothing"),
        ("Answers", f"{count(entry.n)} analysed, {count(entry.missing)} missing"),
        ("Numbers", _numbers(entry)),
        ("Reliability", _agreeing(entry)),
        ("In the export", _some(entry.columns)),
        ("In labelled files", entry.file_name if entry.file_name != entry.name else ""),
    ]
    return [(what, said) for what, said in listed if said]


def _some(columns: Sequence[str]) -> str:
    more = len(columns) - 1
    return columns[0] + (f" and {more} more, by task and profile" if more else "") if any(columns) else ""


def _numbers(entry: Entry) -> str:
    shown = entry.kind not in ("category", "ordered", "flag", "chosen")
    told = {"mean": "mean", "sd": "SD", "min": "from", "max": "to"} if shown else {}
    digits = {"mean": 2, "sd": 2}
    parts = (
        f"{word} {number(entry.summary[key], digits[key]) if key in digits else plain(entry.summary[key])}"
        for key, word in told.items()
        if key in entry.summary
    )
    return ", ".join(parts)


def _agreeing(entry: Entry) -> str:
    found = entry.reliability
    if found is None:
        return ""
    omega = "" if math.isnan(found.omega) else f", McDonald's omega {number(found.omega)}"
    rest = ", ".join(number(each) for each in found.rest)
    return (
        f"Cronbach's alpha {number(found.alpha)}{omega} ({count(found.n)} answered every item); "
        f"each item with the sum of the others: {rest}"
    )


def _columns(entry: Entry) -> list[str]:
    """The columns of its table of answers; those that would say nothing new are left out."""
    worded = any(each.label != each.level for each in entry.answers)
    texts = any(each.text for each in entry.answers)
    shown = any(each.probability is not None for each in entry.answers)
    words = ["Words"] * worded + ["Read in the vignette"] * texts
    return ["Level", *words, "Code", "Number", "n", "Share", *["Shown with"] * shown]


def _cells(entry: Entry, answer: Answer) -> list[str]:
    cells = {
        "Level": answer.level,
        "Words": answer.label,
        "Read in the vignette": answer.text,
        "Code": answer.code,
        "Number": "" if math.isnan(answer.number) else plain(answer.number),
        "n": count(answer.n),
        "Share": NONE if math.isnan(answer.share) else f"{100 * answer.share:.1f}%",
        "Shown with": "" if answer.probability is None else f"{100 * answer.probability:.4g}%",
    }
    return [cells[each] for each in _columns(entry)]


def _head(made: Documented) -> list[str]:
    facts = "; ".join(f"{value} {what}" for value, what in _facts(made))
    simulated = [f"**Simulated data:** {_marked(SIMULATED)}", ""] if made.synthetic else []
    note = [_marked(made.design.note), ""] if made.design.note else []
    return [
        f"# {_marked(made.design.title)}: codebook",
        "",
        *simulated,
        *note,
        f"{facts}.",
        "",
        _missing_words(made),
        "",
    ]


def _chapter(title: str, entries: Sequence[Entry]) -> Iterator[str]:
    yield from (f"## {title}", "")
    for each in entries:
        yield from (f"### `{each.name}` {_marked(each.label)}", "")
        yield from (f"- {what}: {_marked(said)}" for what, said in _meta(each))
        yield ""
        if each.answers:
            yield from _table(each)
            yield ""


def _table(entry: Entry) -> Iterator[str]:
    columns = _columns(entry)
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    for each in entry.answers:
        yield f"| {' | '.join(_marked(cell) for cell in _cells(entry, each))} |"


def _marked(text: str) -> str:
    """A text on one line in which no character is a mark of Markdown."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


# ------------------------------------------------------------------------------------------------ for machines


def codebook_json(made: Documented) -> str:
    """The codebook as JSON; what is unknown is null."""
    told = {
        "study": made.design.name,
        "title": made.design.title,
        "note": made.design.note,
        "language": made.design.language,
        "simulated": made.synthetic,
        "responses": len(made.clean.responses),
        "analysed": len(made.clean.analysed),
        "missing_cells": list(made.missing_cells),
        "variables": [_variable(each) for each in made.entries],
    }
    return json.dumps(told, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _variable(entry: Entry) -> dict[str, Any]:
    told = {key: each for key, each in vars(entry).items() if key != "answers"}
    answers = [{key: _or_null(each) for key, each in vars(answer).items()} for answer in entry.answers]
    listed: dict[str, Any] = {"plan": list(entry.plan), "columns": [each for each in entry.columns if each]}
    found = entry.reliability
    if found is not None:
        shown = {"alpha": _or_null(found.alpha), "omega": _or_null(found.omega), "n": found.n}
        listed["reliability"] = {**shown, "rest": [_or_null(each) for each in found.rest]}
    return {**told, **listed, "summary": dict(entry.summary), "answers": answers}


def _or_null(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value

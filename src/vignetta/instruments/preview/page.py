"""`preview.html`: one page that shows a survey as respondents see it, and saves nothing."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from markupsafe import Markup

from vignetta.design.declaration import Design
from vignetta.instruments.preview.compiling import Compiled, compiled
from vignetta.instruments.preview.draws import Names, names_of
from vignetta.instruments.survey import Survey
from vignetta.instruments.writing.building import build
from vignetta.instruments.writing.translating import languages_of
from vignetta.templating import template_in

TEMPLATES: Final = Path(__file__).parent / "templates"


def preview_page(survey: Survey | Design) -> str:
    """A survey, or the one of a declared design, page by page on a page of its own.

    The page goes through the survey's own flow in the browser: randomizers, branches and display logic by the answers
    given, piped text, loops. Any vignette can be chosen by its levels; all pages can be printed. It needs no other
    file and no network, saves nothing, and says what it does not execute. Texts are taken apart and only harmless
    markup is put together again; the page's security policy forbids every script but its own.

    Returns
    -------
    The page as HTML; the same survey gives the same bytes.

    Raises
    ------
    StudyError
        When the design has no instrument to build.
    """
    if isinstance(survey, Design):
        built = build(survey)
        editions = [compiled(built, each, names_of(survey, each)) for each in survey.languages]
        return _page(survey.title, survey.note, editions)
    no_names: Names = {}
    editions = [compiled(survey, each, no_names) for each in languages_of(survey)]
    return _page(survey.name, str(survey.entry.get("SurveyDescription") or ""), editions)


def _page(title: str, note: str, editions: list[Compiled]) -> str:
    script = (TEMPLATES / "preview.js").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    shown = {"title": title, "note": note, "language": editions[0]["language"], "script": Markup(script)}
    made = {"digest": digest, "editions": Markup(_json({"editions": editions})), "remarks": editions[0]["remarks"]}
    return template_in(TEMPLATES, "preview.html.j2").render(**shown, **made)


def _json(value: Mapping[str, Any]) -> str:
    """JSON that stands inside an element of HTML and cannot end it."""
    return json.dumps(value, separators=(",", ":")).replace("<", r"\u003c").replace(">", r"\u003e")

"""The templates of the report's pages."""

from pathlib import Path
from typing import Final

from jinja2 import Template

from vignetta.templating import template_in

TEMPLATES: Final = Path(__file__).parent / "templates"


def template(name: str) -> Template:
    """A template of the report, by the name of its file."""
    return template_in(TEMPLATES, name)

"""The report as one page that needs no other file and no network."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, get_args

from matplotlib.figure import Figure

from vignetta.report.context import context
from vignetta.report.figures import Format, figure, figure_bytes
from vignetta.report.flow_figure import NAME, flow_figure
from vignetta.report.flows import flow
from vignetta.report.inputs import ReportInput
from vignetta.report.labels import Labels
from vignetta.report.panels import Drawing, drawings
from vignetta.report.templating import template

PIXELS_PER_INCH: Final = 96


@dataclass(frozen=True)
class Report:
    """A report: the page, and the files of its figures by name."""

    page: str
    figures: Mapping[str, bytes]


@dataclass(frozen=True)
class Image:
    """A picture as a data address, with its width and height in CSS pixels."""

    address: str
    width: int
    height: int


@dataclass(frozen=True)
class Picture:
    """A drawing with its pictures for wide and narrow screens."""

    drawing: Drawing
    wide: Image
    narrow: Image


def report(given: ReportInput) -> Report:
    """Make the page and the figures' files.

    Raises
    ------
    StudyError
        For a name in the estimates that the design does not declare, or a flow whose numbers do not add up.
    """
    files: dict[str, bytes] = {}
    pictures = []
    for each in drawings(given.estimates, Labels(given.design), plan=given.plan, synthetic=given.synthetic):
        picture, made = draw(each)
        pictures.append(picture)
        files |= made
    drawn = flow_figure(flow(given), synthetic=given.synthetic)
    files |= {f"{NAME}.{form}": figure_bytes(drawn, form) for form in get_args(Format)}
    return Report(page(given, pictures=pictures), files)


def draw(drawing: Drawing) -> tuple[Picture, dict[str, bytes]]:
    """A drawing for the page, and its files by name: SVG, PNG and PDF."""
    wide, narrow = figure(drawing, width="wide"), figure(drawing, width="narrow")
    files = {f"{drawing.name}.{form}": figure_bytes(wide, form) for form in get_args(Format)}
    images = _image(wide, files[f"{drawing.name}.svg"]), _image(narrow, figure_bytes(narrow, "svg"))
    return Picture(drawing, *images), files


def _image(made: Figure, svg: bytes) -> Image:
    width, height = (round(inches * PIXELS_PER_INCH) for inches in made.get_size_inches())
    return Image(_address(svg), width, height)


def page(given: ReportInput, *, pictures: Sequence[Picture]) -> str:
    """The page as HTML, with its pictures inside."""
    return template("report.html.j2").render(context(given), pictures=pictures)


def _address(svg: bytes) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"

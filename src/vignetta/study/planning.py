"""What `vignetta power` tells of a study: its precision as planned, over the number of respondents, and as a figure."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from vignetta.analysis.options import raise_all
from vignetta.errors import Problem, StudyError
from vignetta.power import precision, precision_over, sizes_around
from vignetta.study.files import replace_all
from vignetta.study.folder import Study

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Outlook:
    """What a plan will find.

    Attributes
    ----------
    planned : the `precision` table of the planned number of respondents.
    over : that of several numbers of respondents; nothing when neither they nor a figure were asked for.
    """

    planned: "pd.DataFrame"
    over: "pd.DataFrame | None"


def outlook(
    study: Study,
    *,
    n: int | None = None,
    over: str = "",
    figure: Path | None = None,
    effect: float | None = None,
    **assumed: Any,
) -> Outlook:
    """The precision of a study's plan.

    Parameters
    ----------
    n : respondents who are analysed; the planned sample when left out.
    over : numbers of respondents, separated by commas; around `n` when left out and there is a figure.
    figure : a file to write, whose name ends in .svg, .png or .pdf.
    effect, assumed : as `precision` has them.

    Raises
    ------
    StudyError
        With every problem of the numbers, or of the figure's name.
    """
    asked, problems = _sizes(over)
    problems += _figure_problems(figure)
    design, plan = study.design, study.plan
    try:
        planned = precision(design, plan, n=n, effect=effect, **assumed)
    except StudyError as error:
        raise StudyError([*problems, *error.problems]) from None
    raise_all(problems)
    if not asked and figure is None:
        return Outlook(planned, None)
    sizes = asked or sizes_around(design, plan, n=n, responses=assumed.get("responses"))
    table = precision_over(design, plan, ns=sizes, effect=effect, **assumed)
    if figure is not None:
        _draw(study, figure, design.sample_size if n is None else n, sizes, assumed)
    return Outlook(planned, table)


def _draw(study: Study, figure: Path, planned: int, sizes: list[int], assumed: dict[str, Any]) -> None:
    from vignetta.report.figures import figure_bytes
    from vignetta.report.labels import Labels
    from vignetta.report.power_figure import drawn_sizes, power_figure

    table = precision_over(study.design, study.plan, ns=drawn_sizes(sizes, planned=planned), **assumed)
    made = power_figure(table, Labels(study.design), planned=planned)
    replace_all(figure.parent, {figure.name: figure_bytes(made, _ending(figure))})  # type: ignore[arg-type]


def _sizes(over: str) -> tuple[list[int], list[Problem]]:
    texts = [each.strip() for each in over.split(",")] if over else []
    wrong = [each for each in texts if not (each.isascii() and each.isdigit() and int(each) >= 2)]
    remedy = "Write whole numbers, at least 2, with commas between: 500,1000,2000."
    problems = [Problem("--over", f"`{each}` is not a number of respondents.", remedy) for each in wrong]
    return sorted({int(each) for each in texts if each not in wrong}), problems


def _ending(figure: Path) -> str:
    return figure.suffix.lower().removeprefix(".")


def _figure_problems(figure: Path | None) -> list[Problem]:
    from vignetta.report.figures import Format

    if figure is None or _ending(figure) in get_args(Format):
        return []
    endings = ", ".join(f".{each}" for each in get_args(Format))
    return [Problem("--figure", f"`{figure}` has no ending of a figure.", f"Endings: {endings}.")]

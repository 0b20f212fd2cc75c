"""Estimates as people read them: printed, drawn, and as tables for a paper."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, ParamSpec

import pandas as pd

from vignetta.errors import Problem, StudyError
from vignetta.frames import ESTIMATES
from vignetta.report.numbers import count, freedom, interval, number, p_value

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Asked = ParamSpec("Asked")
DIGITS: Final = 3
_WHERE: Final = ("hypothesis", "outcome", "estimand", "factor", "level", "versus", "within_factor", "within_level")
_ALONE: Final = ("outcome", "estimand", "factor", "versus", "within_factor")
"""Columns that stand above the table when all rows say the same."""
_HEADS: Final = {
    "within_factor": "within",
    "within_level": "at",
    "std_error": "std. error",
    "p_value": "p",
    "p_adjusted": "adjusted p",
}
_OVER: Final = {"equal": "grid with equal weights", "proportional": "grid with proportional weights"}
"""What the name of an average alone would not say."""


class Estimates(pd.DataFrame):
    """The estimates frame, `frames.ESTIMATES`, with a readable look, a plot and tables.

    It is a pandas frame in every other respect. A selection that lacks some of the columns looks like any frame.
    """

    @property
    def _constructor(self) -> type[Estimates]:
        return Estimates

    @property
    def _whole(self) -> bool:
        return set(ESTIMATES) <= set(self.columns)

    def table(self, digits: int = DIGITS) -> pd.DataFrame:
        """The estimates as texts: what they are of, estimate, standard error, interval, p; columns that differ only.

        Raises `StudyError` when a column of the estimates frame is missing.
        """
        self._check()
        told = {name: self[name].astype(str) for name in _WHERE if self._tells(name)}
        numbers = {
            "estimate": [number(each, digits) for each in self["estimate"]],
            "std_error": [number(each, digits) for each in self["std_error"]],
            "interval": [interval(*each, digits) for each in zip(self["conf_low"], self["conf_high"], strict=True)],
            "df": [freedom(each) if each == each else number(each) for each in self["df"]],
            "p_value": [p_value(each) for each in self["p_value"]],
        }
        if self["p_adjusted"].notna().any():
            numbers["p_adjusted"] = [p_value(each) for each in self["p_adjusted"]]
        table = pd.DataFrame({**told, **numbers}, index=self.index)
        references = self["is_reference"].to_numpy(dtype=bool)
        for name in ("std_error", "interval", "df", "p_value"):
            table[name] = table[name].mask(references, "reference" if name == "interval" else "")
        return table.rename(columns=_HEADS)

    @property
    def heading(self) -> str:
        """What all rows have in common."""
        self._check()
        shared = {name: str(self[name].iloc[0]) for name in _ALONE if self._common(name)}
        shared |= {"estimand": shared["estimand"].replace("_", " ")} if "estimand" in shared else {}
        return ", ".join(f"{_HEADS.get(name, name)} {each}" for name, each in shared.items())

    @property
    def notes(self) -> str:
        """Responses, clusters, errors, what was averaged over, and what a reader must know."""
        self._check()
        clusters = sorted({each for each in self["n_clusters"] if each == each})
        parts = [f"n = {' or '.join(count(each) for each in sorted(set(self['n'])))}"] if len(self) else []
        parts += [f"{' or '.join(map(count, clusters))} clusters"] if clusters else []
        parts += [f"errors {', '.join(dict.fromkeys(self['errors']))}"] if len(self) else []
        averaged = ", ".join(_OVER.get(each, each) for each in dict.fromkeys(self["average_over"]) if each)
        parts += [f"averaged over the {averaged}"] if averaged else []
        told = [each for each in dict.fromkeys(self["note"]) if each]
        return "; ".join(filter(None, [", ".join(parts), *told]))

    def __repr__(self) -> str:
        if not self._whole:
            return pd.DataFrame(self).__repr__()
        lines = [self.heading, self.table().to_string(index=False) if len(self) else "no estimates", self.notes]
        return "\n".join(each for each in lines if each)

    def _repr_html_(self) -> str:
        return self.to_html() if self._whole else str(pd.DataFrame(self)._repr_html_())  # type: ignore[operator]

    # ------------------------------------------------------------------------------------------------- as files

    def to_html(self, path: str | Path | None = None, *, digits: int = DIGITS) -> str:  # type: ignore[override]
        """A table in HTML; written to a file when a path is given."""
        body = self.table(digits).to_html(index=False, border=0, justify="left", classes="estimates")
        return _written(
            path, f"<p>{escape(self.heading, quote=False)}</p>\n{body}\n<p>{escape(self.notes, quote=False)}</p>\n"
        )

    def to_latex(self, path: str | Path | None = None, *, digits: int = DIGITS) -> str:  # type: ignore[override]
        """A table in LaTeX for the package booktabs; written to a file when a path is given."""
        table = self.table(digits)
        texts = {"left": "l", "right": "r"}
        numbers = ("estimate", "std. error", "interval", "df", "p", "adjusted p")
        columns = "".join(texts["right" if each in numbers else "left"] for each in table)
        rows = [table.columns.tolist(), *table.to_numpy().tolist()]
        head, *body = (" & ".join(map(_latex, each)) + r" \\" for each in rows)
        lines = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", head, r"\midrule", *body, r"\bottomrule"]
        notes = rf"\multicolumn{{{len(columns)}}}{{l}}{{{_latex(self.notes)}}} \\"
        return _written(path, "\n".join([*lines, notes, r"\end{tabular}"]) + "\n")

    def to_docx(self, path: str | Path, *, digits: int = DIGITS) -> None:
        """A table in a Word document of its own."""
        import docx

        table, document = self.table(digits), docx.Document()
        document.add_paragraph(self.heading)
        made = document.add_table(rows=1, cols=len(table.columns), style="Light List")
        rows = [made.rows[0], *(made.add_row() for _ in range(len(table)))]
        for row, texts in zip(rows, [table.columns.tolist(), *table.to_numpy().tolist()], strict=True):
            for cell, text in zip(row.cells, texts, strict=True):
                cell.text = str(text)
        document.add_paragraph(self.notes)
        beside = Path(path).with_name(Path(path).name + ".partial")
        document.save(str(beside))
        beside.replace(path)

    def plot(self, *, title: str = "") -> Figure:  # type: ignore[override]
        """Points with their intervals, one row each; effects around a line at zero. A matplotlib figure."""
        from vignetta.report.result_plot import forest

        self._check()
        return forest(self, title=title or self.heading, foot=self.notes)

    # ------------------------------------------------------------------------------------------------------ parts

    def _check(self) -> None:
        lacking = [each for each in ESTIMATES if each not in self.columns]
        if lacking:
            what = f"the frame lacks {', '.join(f'`{each}`' for each in lacking)}."
            raise StudyError(Problem("estimates", what, "Use the frame as it was made."))

    def _common(self, name: str) -> bool:
        return len(self) > 0 and self[name].nunique() == 1 and bool(self[name].iloc[0])

    def _tells(self, name: str) -> bool:
        """Whether a column says something that the heading does not."""
        filled = bool((self[name].astype(str) != "").any())
        return filled and not (name in _ALONE and self._common(name))


def shown(estimator: Callable[Asked, pd.DataFrame]) -> Callable[Asked, Estimates]:
    """The estimator, with its frame as `Estimates`."""

    @wraps(estimator)
    def estimated(*args: Asked.args, **options: Asked.kwargs) -> Estimates:
        return Estimates(estimator(*args, **options))

    return estimated


def _written(path: str | Path | None, text: str) -> str:
    if path is not None:
        beside = Path(path).with_name(Path(path).name + ".partial")
        beside.write_text(text, "utf-8")
        beside.replace(path)
    return text


_LATEX: Final = {
    **{each: rf"\{each}" for each in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "\\": r"\textbackslash{}",
    "−": "$-$",
    "–": "--",
    "<": "$<$",
    ">": "$>$",
    "×": r"$\times$",
    "∞": r"$\infty$",
}


def _latex(text: Any) -> str:
    return "".join(_LATEX.get(each, each) for each in str(text))

"""Estimates as points with intervals, without a study around them."""

from typing import Final

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from vignetta.report.figures import LIGHT, PLAIN, TONES, WITHIN, style

MARGINS: Final = ("margin", "conditional_margin", "marginal_mean")
_ROW: Final = 0.3
"""Inches for a row."""


def forest(estimates: pd.DataFrame, *, title: str, foot: str) -> Figure:
    """One row for each estimate, in their order; references are hollow.

    Raises nothing for estimates without an interval, which are drawn without one.
    """
    rows = estimates.reset_index(drop=True)
    with style():
        made = Figure(figsize=(7.0, 1.4 + _ROW * max(len(rows), 1)), facecolor="white", layout="constrained")
        ax = made.subplots()
        _draw(ax, rows)
        ax.set_title(title, loc="left", fontsize=11, color=TONES["ink"])
        ax.set_xlabel(foot, fontsize=9, color=TONES["soft"], loc="left")
    return made


def _draw(ax: "matplotlib.axes.Axes", rows: pd.DataFrame) -> None:
    place = np.arange(len(rows))[::-1]
    groups = list(dict.fromkeys(rows["within_level"]))
    for y, (_, row) in zip(place, rows.iterrows(), strict=True):
        colour, marker = WITHIN[groups.index(row["within_level"]) % len(WITHIN)] if len(groups) > 1 else (PLAIN, "o")
        ax.plot([row["conf_low"], row["conf_high"]], [y, y], color=colour, linewidth=1.6, solid_capstyle="butt")
        hollow = "white" if row["is_reference"] else colour
        ax.plot([row["estimate"]], [y], marker=marker, color=colour, markerfacecolor=hollow, markersize=5.5)
    ratios = rows["estimand"].str.contains("ratio")
    if ratios.any():
        ax.set_xscale("log")
        ax.xaxis.set_major_formatter("{x:g}")
        ax.xaxis.set_minor_formatter("{x:g}")
    if not rows["estimand"].isin(MARGINS).any():
        ax.axvline(1 if ratios.all() else 0, color=TONES["ink"], linewidth=0.9, zorder=0)
    ax.set_yticks(place, [_label(rows, each) for each in range(len(rows))])
    ax.set_ylim(-0.6, len(rows) - 0.4)
    ax.grid(axis="x", color=LIGHT, linewidth=0.8)
    ax.set_axisbelow(True)
    ax.tick_params(length=0)
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)


def _label(rows: pd.DataFrame, place: int) -> str:
    row = rows.iloc[place]
    before = f"{row['factor']}: " if rows["factor"].nunique() > 1 else ""
    against = f" vs {row['versus']}" if rows["versus"].nunique() > 1 else ""
    return f"{before}{row['level']}{against}" + (f", {row['within_level']}" if row["within_level"] else "")

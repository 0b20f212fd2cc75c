"""Tests and intervals of several estimates of one fit that hold at once, by the joint distribution of the estimates."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from vignetta.analysis.inference.maximum_t import critical_value, largest_t_tail
from vignetta.analysis.inference.multiplicity import JOINT, adjust
from vignetta.analysis.models.fits import Fit
from vignetta.analysis.tabulating import Label, stacked
from vignetta.errors import Problem, StudyError
from vignetta.plan import Adjustment

Floats = npt.NDArray[np.float64]
Row = tuple[Label, Floats]


def with_adjusted(
    fit: Fit, table: pd.DataFrame, rows: list[Row], method: Adjustment, *, is_logarithm: bool = False
) -> pd.DataFrame:
    """The table of some rows with `p_adjusted`, and for single_step with intervals that hold for all rows at once.

    Parameters
    ----------
    rows : what the table was made of.
    is_logarithm : the rows are logarithms of what stands in the table.
    """
    if method == "none":
        return table
    tested = (~table["is_reference"] & table["p_value"].notna()).to_numpy()
    p_adjusted = np.full(len(table), np.nan)
    if method not in JOINT:
        p_adjusted[tested] = adjust(table["p_value"].to_numpy()[tested], method)
        return table.assign(p_adjusted=p_adjusted)
    kept = [row for row, each in zip(rows, tested, strict=True) if each]
    statistic = table["statistic"].to_numpy()[tested]
    p_adjusted[tested] = adjust_jointly(fit, kept, statistic, method)
    made = table.assign(p_adjusted=p_adjusted)
    return made if method == "step_down" else _widened(fit, made, kept, tested, is_logarithm)


def adjust_jointly(fit: Fit, rows: list[Row], statistic: Floats, method: Adjustment) -> Floats:
    """Adjusted p-values of t tests of one fit, by the distribution of the largest of their statistics.

    single_step compares every statistic with the largest of all (Hothorn, Bretz and Westfall 2008); step_down the
    largest with all, the next with the others, and so on (Westfall and Young 1993), which rejects more. Where tests
    have degrees of freedom of their own, the smallest are used for all.

    Raises
    ------
    StudyError
        The fit is tested by resampling.
    """
    if fit.tests is not None:
        what = f"`{method}` is not defined for tests by resampling."
        raise StudyError(Problem("adjust", what, "Adjust by `holm`, or use the fit as it was before."))
    if not rows:
        return np.zeros(0)
    correlation, df, size = _correlation(fit, rows), _df(fit, rows), np.abs(statistic)
    if method == "single_step":
        return np.array([largest_t_tail(correlation, each, df) for each in size])
    order, adjusted, last = np.argsort(-size, kind="stable"), np.zeros(len(rows)), 0.0
    for place, test in enumerate(order):
        others = order[place:]
        last = max(last, largest_t_tail(correlation[np.ix_(others, others)], size[test], df))
        adjusted[test] = last
    return adjusted


def _widened(
    fit: Fit, table: pd.DataFrame, rows: list[Row], tested: npt.NDArray[np.bool_], is_logarithm: bool
) -> pd.DataFrame:
    if not rows:
        return table
    bound = critical_value(_correlation(fit, rows), fit.alpha, _df(fit, rows))
    estimate, std_error = table["estimate"].to_numpy(), table["std_error"].to_numpy()
    half = bound * (std_error / estimate if is_logarithm else std_error)
    low, high = (
        (estimate * np.exp(-half), estimate * np.exp(half)) if is_logarithm else (estimate - half, estimate + half)
    )
    said = f"intervals hold for all {len(rows)} comparisons at once"
    note = ["; ".join(filter(None, (each, said))) for each in table["note"]]
    ends = {
        "conf_low": np.where(tested, low, table["conf_low"]),
        "conf_high": np.where(tested, high, table["conf_high"]),
    }
    return table.assign(**ends, note=note)


def _correlation(fit: Fit, rows: list[Row]) -> Floats:
    gradients = stacked(fit, rows)[:, : len(fit.coef)]
    vcov = gradients @ fit.vcov @ gradients.T
    scale = np.sqrt(np.diag(vcov))
    correlation: Floats = np.clip((vcov + vcov.T) / 2 / np.outer(scale, scale), -1.0, 1.0)
    np.fill_diagonal(correlation, 1.0)
    return correlation


def _df(fit: Fit, rows: list[Row]) -> float:
    return float(np.nanmin(fit.degrees_of_freedom(stacked(fit, rows)[:, : len(fit.coef)])))

"""Every interval, statistic and p-value of the package is made here."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special, stats

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Inference:
    """What follows from estimates and their standard errors; all (m,).

    `statistic` and `p_value` are NaN where the standard error is zero.
    """

    statistic: Floats
    p_value: Floats
    conf_low: Floats
    conf_high: Floats


def infer(
    estimate: Floats, std_error: Floats, *, df: float | Floats, null: float = 0.0, alpha: float = 0.05
) -> Inference:
    """Two-sided tests of `null` and intervals that cover 1 - alpha.

    Parameters
    ----------
    estimate, std_error : (m,).
    df : degrees of freedom of the t distribution, one or (m,); infinite for the normal, NaN where there are none: then
        there is no test, and the interval of an estimate without error is the estimate.
    """
    statistic = (estimate - null) / np.where(std_error > 0, std_error, np.nan)
    half = np.where(std_error > 0, -special.stdtrit(df, alpha / 2), 1.0) * std_error
    p_value = np.asarray(2 * special.stdtr(df, -np.abs(statistic)), dtype=np.float64)
    return Inference(statistic, p_value, estimate - half, estimate + half)


def joint_p_value(statistic: float, df_num: int, df_den: float) -> float:
    """The p-value of an F statistic; with infinite `df_den`, of the chi-square `df_num` times it."""
    if np.isinf(df_den):
        return float(stats.chi2.sf(statistic * df_num, df_num))
    return float(stats.f.sf(statistic, df_num, df_den))

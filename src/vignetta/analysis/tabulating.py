"""From combinations of coefficients to rows of the estimates frame."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from vignetta.analysis.intervals import infer
from vignetta.analysis.models.fits import Fit
from vignetta.errors import Problem, StudyError
from vignetta.frames import ESTIMATES, frame

Floats = npt.NDArray[np.float64]
Label = dict[str, Any]


def tabulate(fit: Fit, rows: list[tuple[Label, Floats]], *, null: float = 0.0) -> pd.DataFrame:
    """The estimates frame of linear combinations of the coefficients.

    Parameters
    ----------
    rows : for each row of the frame what names it, and its weights on the coefficients (k,), or for a likelihood its
        effect (k + 1,). A row that is the reference has `is_reference`; one with NaN weights is not defined and has no
        estimate.
    null : the value that the tests are against.

    Returns
    -------
    The frame; the fit's notes stand in the column `note`.
    """
    combinations, parts = _split(fit, _stacked(rows, len(fit.coef)))
    estimate, std_error = fit.estimates(combinations), fit.std_errors(combinations)
    if fit.sampled is not None:
        std_error = fit.sampled.std_errors(combinations[:, : len(fit.coef)], parts, std_error)
    df = fit.degrees_of_freedom(combinations)
    found = fit.infer(combinations, std_error, df, null=null)
    computed = {"estimate": estimate, "std_error": std_error, "df": df, **vars(found)}
    return _frame(fit, rows, computed)


def tabulate_ratios(fit: Fit, rows: list[tuple[Label, Floats]]) -> pd.DataFrame:
    """The estimates frame of ratios, from effects that are their logarithms.

    Tests and intervals are those of the logarithm, the interval's ends exponentiated; the standard error is that of the
    ratio by the delta method, the ratio times that of the logarithm.

    Parameters
    ----------
    rows : for each ratio what names it, and the derivatives of its logarithm by the coefficients, then the logarithm
        (k + 1,).
    """
    effects = stacked(fit, rows)
    gradients, value = effects[:, :-1], effects[:, -1]
    std_error, df = fit.std_errors(gradients), fit.degrees_of_freedom(gradients)
    found = infer(value, std_error, df=df, alpha=fit.alpha)
    ratio = np.exp(value)
    ends = {"conf_low": np.exp(found.conf_low), "conf_high": np.exp(found.conf_high)}
    computed = {"estimate": ratio, "std_error": ratio * std_error, "df": df, **vars(found), **ends}
    return _frame(fit, rows, computed)


def stacked(fit: Fit, rows: list[tuple[Label, Floats]]) -> Floats:
    """The combinations or effects of some rows, as one array.

    Raises `StudyError` where covariates count as sampled: then errors are more than those of the coefficients.
    """
    if fit.sampled is not None:
        what = "it counts covariates as sampled, which tests of several contrasts and ratios do not."
        raise StudyError(Problem("fit", what, "Give the fit as `vg.fit` made it."))
    return _stacked(rows, len(fit.coef))


def _stacked(rows: list[tuple[Label, Floats]], k: int) -> Floats:
    return np.array([each for _, each in rows]).reshape(len(rows), -1 if rows else k)


def _split(fit: Fit, rows: Floats) -> tuple[Floats, Floats]:
    """Combinations or effects, and what each sampled unit adds to them."""
    width = rows.shape[1] - (0 if fit.sampled is None else len(fit.sampled.influence))
    return rows[:, :width], rows[:, width:]


def _variance(fit: Fit) -> Label:
    return {} if fit.sampled is None else {"errors": f"{fit.errors}, unconditional"}


def tabulate_joint_test(
    fit: Fit, label: Label, *, statistic: float, df_num: int, df_den: float, p_value: float
) -> pd.DataFrame:
    """The estimates frame of one F test: no estimate, `df` is the denominator's.

    `label` may say what is tested, in `level`; the coefficients when it does not.
    """
    row = {"level": f"{df_num} coefficients", "statistic": statistic, "df": df_den, "p_value": p_value}
    return frame([{**_common(fit), **row, **label}], ESTIMATES)


def _frame(fit: Fit, rows: list[tuple[Label, Floats]], computed: dict[str, Floats]) -> pd.DataFrame:
    common = {**_common(fit), **_variance(fit)}
    return frame(
        [
            {**common, **label, **{name: float(column[place]) for name, column in computed.items()}}
            for place, (label, _) in enumerate(rows)
        ],
        ESTIMATES,
    )


def _common(fit: Fit) -> Label:
    return {
        "outcome": fit.outcome,
        "n": fit.n,
        "n_clusters": fit.n_clusters,
        "model": fit.name,
        "errors": fit.errors,
        "note": "; ".join([*fit.notes, *_left_out(fit)]),
    }


def _left_out(fit: Fit) -> list[str]:
    if not fit.n_missing:
        return []
    return [f"{fit.n_missing:,} row{'s' if fit.n_missing > 1 else ''} with a missing value left out"]

"""From combinations of coefficients to rows of the estimates frame."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from vignetta.analysis.fits import Fit
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
    The frame; where the fit has notes they stand in its `attrs["notes"]`.
    """
    combinations = np.array([each for _, each in rows]).reshape(len(rows), -1 if rows else len(fit.coef))
    combinations, parts = _split(fit, combinations)
    estimate, std_error = fit.estimates(combinations), fit.std_errors(combinations)
    if fit.sampled is not None:
        std_error = fit.sampled.std_errors(combinations[:, : len(fit.coef)], parts, std_error)
    df = fit.degrees_of_freedom(combinations)
    found = fit.infer(combinations, std_error, df, null=null)
    computed = {"estimate": estimate, "std_error": std_error, "df": df, **vars(found)}
    return _noted(
        fit,
        [
            {
                **_common(fit),
                **_variance(fit),
                **label,
                **{name: float(column[place]) for name, column in computed.items()},
            }
            for place, (label, _) in enumerate(rows)
        ],
    )


def _split(fit: Fit, rows: Floats) -> tuple[Floats, Floats]:
    """Combinations or effects, and what each sampled unit adds to them."""
    width = rows.shape[1] - (0 if fit.sampled is None else len(fit.sampled.influence))
    return rows[:, :width], rows[:, width:]


def _variance(fit: Fit) -> Label:
    return {} if fit.sampled is None else {"errors": f"{fit.errors}, unconditional"}


def tabulate_joint_test(
    fit: Fit, label: Label, *, statistic: float, df_num: int, df_den: float, p_value: float
) -> pd.DataFrame:
    """The estimates frame of one F test: no estimate, `df` is the denominator's."""
    row = {"level": f"{df_num} coefficients", "statistic": statistic, "df": df_den, "p_value": p_value}
    return _noted(fit, [{**_common(fit), **label, **row}])


def _noted(fit: Fit, rows: list[Label]) -> pd.DataFrame:
    made = frame(rows, ESTIMATES)
    if fit.notes:
        made.attrs["notes"] = list(fit.notes)
    return made


def _common(fit: Fit) -> Label:
    return {
        "outcome": fit.outcome,
        "n": fit.n,
        "n_clusters": fit.n_clusters,
        "model": fit.name,
        "errors": fit.errors,
    }

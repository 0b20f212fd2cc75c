"""Shares of choices in cells, and what they are when answers that do not repeat are corrected for."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from vignetta.analysis.estimands.pairs import Paired
from vignetta.analysis.intervals import infer
from vignetta.analysis.models.fits import Fit
from vignetta.analysis.models.fitting import fit
from vignetta.analysis.options import Distribution, raise_all
from vignetta.errors import Problem, StudyError
from vignetta.frames import ESTIMATES, frame
from vignetta.plan import Errors

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Reliable = Literal["repeated"] | float | None
"""How choices are corrected: by a repeated task, by a known reliability, or not at all."""

CHANCE = 0.5
"""The reliability of coin tosses."""


@dataclass(frozen=True)
class Estimation:
    """How shares are estimated, corrected and tested."""

    reliability: Reliable
    errors: Errors
    distribution: Distribution
    alpha: float


@dataclass(frozen=True)
class Share:
    """A weighted sum of shares.

    Attributes
    ----------
    estimand : its name when it is not corrected.
    label : what else names its row.
    weights : on the cells.
    centre : what it is when choices are coin tosses, which the correction leaves where it is.
    minus : what is taken off the sum.
    """

    estimand: str
    label: dict[str, str]
    weights: dict[int, float]
    centre: float = 0.0
    minus: float = 0.0


@dataclass(frozen=True, eq=False)
class Shares:
    """Shares of cells, fitted together with the agreement in a repeated task.

    Attributes
    ----------
    fitted : one coefficient for each cell that occurs, and one for the agreement where it is estimated.
    columns : for each cell that occurs the place of its coefficient.
    cells, people : (n,) for each observation its cell and respondent.
    outcome : the name of the choice's column.
    irr : the intra-respondent reliability, NaN without correction.
    agreement : the place of its coefficient, None where it is known or not asked for.
    """

    fitted: Fit
    columns: dict[int, int]
    cells: Codes
    people: Codes
    outcome: str
    irr: float
    agreement: int | None


def shares(pairs: Paired, cells: Codes, chosen: Floats, people: Codes, how: Estimation) -> Shares:
    """Fit the shares of all cells, and the agreement in the repeated task, as one regression on their indicators.

    So their covariance is that of the respondents who gave them, and every error and number of degrees of freedom that
    a regression has is had by the corrected estimates too.
    """
    raise_all([*_reliability_problems(pairs, how.reliability), *_cell_problems(cells)])
    found = np.unique(cells).tolist()
    columns = {cell: place for place, cell in enumerate(found)}
    rows = [(np.searchsorted(found, cells), chosen, people)]
    estimated = how.reliability == "repeated"
    if estimated:
        rows.append((np.full(len(pairs.agreement), len(found)), pairs.agreement, pairs.agreeing))
    codes, outcomes, who = (np.concatenate(each) for each in zip(*rows, strict=True))
    fitted = _fit(codes, outcomes, who, how)
    irr = np.mean(pairs.agreement) if estimated else np.nan if how.reliability is None else how.reliability
    raise_all(_chance_problems(float(irr)))
    return Shares(fitted, columns, cells, people, pairs.outcome, float(irr), len(found) if estimated else None)


def reliability(
    pairs: Paired, *, errors: Errors = "CR2", distribution: Distribution = "t", alpha: float = 0.05
) -> pd.DataFrame:
    """How often respondents choose the same when they are asked again, and how often they err.

    IRR is the share of repeated tasks in which the choice was the same. If each of two answers is turned round with
    probability tau, independently of everything, IRR = tau^2 + (1 - tau)^2, so that tau = (1 - sqrt(2 IRR - 1)) / 2,
    and a share p of choices shows as m = p (1 - tau) + (1 - p) tau: the corrected share is (m - tau) / (1 - 2 tau).

    Parameters
    ----------
    pairs : from `paired`, with `repeated` or `repeat`.
    errors : clustered by respondent, or HC.

    Returns
    -------
    The estimates frame with two rows: `reliability` (IRR, tested against 0.5) and `swap_probability` (tau, with the
    error that follows from that of IRR).

    Raises
    ------
    StudyError
        Without a repeated task; when all answers repeat, or not more of them than by chance.

    Examples
    --------
    >>> from vignetta.analysis.estimands.pairs import paired
    >>> rows = {"response_id": [1, 1, 2, 2, 3, 3, 4, 4], "task": 1, "profile": [1, 2] * 4, "chosen": [1, 0] * 4}
    >>> data = pd.DataFrame({**rows, "again": [1, 0, 1, 0, 1, 0, 0, 1]})
    >>> reliability(paired(data, outcome="chosen", repeated="again"))["estimate"].round(3).tolist()
    [0.75, 0.146]
    """
    raise_all(_reliability_problems(pairs, "repeated"))
    if pairs.agreement.all():
        what = "every choice that was asked for twice came out the same."
        raise StudyError(Problem("reliability", what, "Nothing is to be corrected."))
    codes = np.zeros(len(pairs.agreement), dtype=np.int64)
    how = Estimation("repeated", errors, distribution, alpha)
    fitted = _fit(codes, pairs.agreement, pairs.agreeing, how)
    irr = float(fitted.coef[0])
    raise_all(_chance_problems(irr))
    common = {"outcome": pairs.outcome, "n": fitted.n, "n_clusters": float(len(np.unique(pairs.agreeing)))}
    r = np.sqrt(2 * irr - 1)
    rows = [
        _row(fitted, {**common, "estimand": "reliability"}, irr, np.ones(1), CHANCE),
        _row(fitted, {**common, "estimand": "swap_probability"}, (1 - r) / 2, np.array([-0.5 / r]), 0.0),
    ]
    return frame(rows, ESTIMATES)


def tabulate_shares(found: Shares, rows: list[Share]) -> pd.DataFrame:
    """The estimates frame of weighted sums of shares, each followed by what it is when it is corrected."""
    kinds = [False] if np.isnan(found.irr) else [False, True]
    return frame([_share_row(found, each, corrected) for each in rows for corrected in kinds], ESTIMATES)


def _share_row(found: Shares, share: Share, corrected: bool) -> dict[str, Any]:
    used = [cell for cell in share.weights if cell in found.columns]
    here = np.isin(found.cells, used)
    label: dict[str, Any] = {
        **share.label,
        "estimand": f"corrected_{share.estimand}" if corrected else share.estimand,
        "outcome": found.outcome,
        "average_over": "sample",
        "n": int(here.sum()),
        "n_clusters": float(len(np.unique(found.people[here]))),
        "is_reference": not any(share.weights.values()),
    }
    gradient = np.full(len(found.fitted.coef), np.nan)
    if len(used) == len(share.weights):
        gradient[:] = 0
        gradient[[found.columns[each] for each in used]] = list(share.weights.values())
    estimate = float(gradient @ found.fitted.coef) - share.minus
    if corrected:
        r = np.sqrt(2 * found.irr - 1)
        gradient = gradient / r
        if found.agreement is not None:
            gradient[found.agreement] -= (estimate - share.centre) / r**3
        estimate = share.centre + (estimate - share.centre) / r
    return _row(found.fitted, label, estimate, gradient, share.centre)


def _row(fitted: Fit, label: dict[str, Any], estimate: float, gradient: Floats, null: float) -> dict[str, Any]:
    """A row whose error is that of the linear combination `gradient` of the coefficients (the delta method)."""
    std_error, df = fitted.std_errors(gradient[None]), fitted.degrees_of_freedom(gradient[None])
    tested = infer(np.array([estimate]), std_error, df=df, null=null, alpha=fitted.alpha)
    numbers = {"std_error": std_error, "df": df, **vars(tested)}
    common = {"estimate": estimate, "model": fitted.name, "errors": fitted.errors}
    return {**label, **common, **{name: float(values[0]) for name, values in numbers.items()}}


def _fit(codes: Codes, chosen: Floats, who: Codes, how: Estimation) -> Fit:
    cells = pd.Categorical(codes)
    data = pd.DataFrame({"chosen": chosen, "cell": cells, "respondent": who})
    return fit(
        data,
        "chosen ~ 0 + cell" if len(cells.categories) > 1 else "chosen ~ 1",
        errors=how.errors,
        cluster="respondent" if how.errors.startswith(("CR", "linearised")) else None,
        distribution=how.distribution,
        alpha=how.alpha,
    )


def _cell_problems(cells: Codes) -> list[Problem]:
    if len(cells):
        return []
    return [Problem("data", "no task shows two of these levels side by side.", "Name other levels, or a factor.")]


def _reliability_problems(pairs: Paired, reliability: Reliable) -> list[Problem]:
    if isinstance(reliability, str) and reliability != "repeated":
        return [Problem("reliability", f"`{reliability}` is not an option.", 'Write "repeated", or a number.')]
    if reliability == "repeated" and not len(pairs.agreement):
        what, remedy = "no choice was asked for twice.", "Name the repeated task in `paired`, or give a number."
        return [Problem("reliability", what, remedy)]
    return []


def _chance_problems(irr: float) -> list[Problem]:
    if np.isnan(irr) or CHANCE < irr <= 1:
        return []
    what = f"{irr:g} is not above 0.5 and at most 1."
    remedy = "Answers that agree no more than coin tosses cannot be corrected."
    return [Problem("reliability", what, remedy)]
